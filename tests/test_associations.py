"""What one association says beside its figures: published rows, parts of its cohorts, what is compared. Made-up sheets."""

from __future__ import annotations

import math
from typing import Any

import pytest

from graph.build import corpus_of
from graph.opening import shipped
from graph.synthesis.associations import partial
from graph.synthesis.comparisons import prior_sensitive
from schema.study import Study
from tests.test_comparisons import Z, difference, of, ratio, row, study

LATER: dict[str, Any] = {"follow_up_months": 12}


def review(name: str, one: dict[str, Any], **more: Any) -> Study:
    return study(name, {"pooled": True, **one}, **{"n": None, "design": "meta-analysis", "year": 2010, **more})


def test_a_published_row_is_shown_with_its_figures_its_studies_and_its_patients() -> None:
    own = study("a", ratio(2.0, 0.2, **LATER))
    given = review("z", ratio(1.8, 0.3, k=4), n=900, k=12)
    (shown,) = of(own, given).association.published
    assert (shown.study, shown.measure, shown.k, shown.review_k, shown.patients, shown.unit) == ("z", "OR", 4, 12, 900, None)
    assert shown.estimate == pytest.approx(1.8)
    assert shown.ci == pytest.approx((1.8 * math.exp(-0.3 * Z), 1.8 * math.exp(0.3 * Z)))
    # its cohort is too late to be inside it
    assert (shown.headline, shown.in_weight) == (False, True)
    (untold,) = of(own, review("z", ratio(1.8, 0.3))).association.published
    assert (untold.patients, untold.k, untold.review_k) == (None, None, None)
    (noted,) = of(own, review("z", difference(2.0, notes="unit: mL"))).association.published
    assert (noted.measure, noted.unit) == ("mean-difference", "mL")
    assert noted.estimate == pytest.approx(2.0)
    # the interval is that of its error where the row is turned
    (turned,) = of(own, review("z", ratio(1.8, 0.3, reversed=True))).association.published
    assert turned.ci == pytest.approx((math.exp(-0.3 * Z) / 1.8, math.exp(0.3 * Z) / 1.8))


@pytest.mark.parametrize(
    ("second", "contested"),
    [
        (ratio(0.5, 0.1), True),
        (ratio(1.05, 0.1), True),
        (ratio(2.3, 0.1), False),
        # of another measure or contrast they answer another question, and of one review they are parts of one answer
        (ratio(0.5, 0.1, measure="RR"), False),
        (ratio(0.5, 0.1, contrast_type="graded"), False),
    ],
)
def test_two_reviews_contradict_each_other_where_they_pool_one_question(second: dict[str, Any], contested: bool) -> None:
    first = ratio(2.0, 0.1)
    assert (of(review("y", first), review("z", second)).association.contested is not None) is contested
    together = study("y", {"pooled": True, **first}, {"pooled": True, **second}, n=None, design="meta-analysis", year=2010)
    assert of(together).association.contested is None


@pytest.mark.parametrize("contrast_type", [None, "unknown"])
def test_a_review_of_a_yes_or_no_term_pools_yes_and_no(contrast_type: str | None) -> None:
    own = study("a", ratio(2.0, 0.3, **LATER))
    told = review("z", ratio(1.8, 0.1, contrast_type=contrast_type, contrast="as pooled"))
    assert of(own, told).association.estimate_source == "published"


@pytest.mark.parametrize(
    ("other", "counts"),
    [
        (ratio(0.5, 0.1), True),
        (ratio(0.5, 0.1, randomised=True), False),
        (ratio(1.0, 0.02), True),
        # less than the words tell, 42 of 200 patients each at 30% with the outcome
        (ratio(1.0, 0.5), False),
        (ratio(2.0, 0.1), False),
    ],
)
def test_beside_words_a_review_of_the_same_terms_is_a_rival(other: dict[str, Any], counts: bool) -> None:
    """It is the headline where it has an interval, unless another one is."""
    headline = review("y", ratio(2.0, 0.1), year=2012)
    words = [study(name, row(adjusted=True), year=2024) for name in "ab"]
    one = of(*words, headline, review("z", other)).association
    assert one.direction_basis == "published"
    assert any(reason.domain == "inconsistency" and one.published[-1].finding in reason.findings for reason in one.reasons) is counts


def alone_of(studies: list[Study]) -> object:
    return of(*studies).association.ci


def test_parts_of_the_cohorts_have_their_own_direction_weight_and_comparison() -> None:
    crude = {**LATER, "adjusted": False}
    studies = [
        *[study(f"a{i}", ratio(2.0, 0.2, adjusted=True, **LATER)) for i in range(2)],
        *[study(f"c{i}", ratio(0.5, 0.2, **crude), n=100) for i in range(2)],
    ]
    one = of(*studies)
    adjusted, other = one.association.sensitivity.adjusted, one.association.sensitivity.crude
    assert adjusted is not None
    assert other is not None
    assert (adjusted.direction, adjusted.cohorts, adjusted.measure, adjusted.k) == ("increases", 2, "OR", 2)
    assert (other.direction, other.cohorts, other.k) == ("decreases", 2, 2)
    assert adjusted.estimate == pytest.approx(2.0)
    assert other.estimate == pytest.approx(0.5)
    assert adjusted.ci == alone_of(studies[:2])
    assert other.ci == alone_of(studies[2:])
    corpus = corpus_of(studies, shipped())
    members = [report for report in one.reports.cohorts if report.observation.row.adjusted]
    part = partial(members, one, corpus)
    alone = of(*studies[:2]).association
    assert (part.direction, part.weight, part.contrast) == (alone.direction, alone.weight, alone.contrast)
    assert part.comparison is not None
    # of the comparison with rows that are asked for
    crudes = [report for report in one.reports.cohorts if report.observation.row.adjusted is False]
    mixed = partial([members[0], *crudes], one, corpus, primary=[crudes[0].observation.finding])
    assert mixed.comparison is not None
    assert mixed.comparison.body == "crude"
    nothing = partial([], one, corpus)
    assert (nothing.weight, nothing.comparison, nothing.contrast) == (None, None, None)


@pytest.mark.parametrize(
    ("printed", "said"),
    [
        ({"contrast": "any vs none"}, "any vs none"),
        ({"contrast": "any vs none", "reversed": True}, "any vs none, turned round"),
        ({"contrast": "40% vs 20%", "outcome": "good-functional-outcome"}, "40% vs 20%, of good functional outcome"),
        ({"contrast": "any vs none", "outcome": "good-functional-outcome"}, "any vs none"),
        ({"contrast": "40% vs 20%"}, "40% vs 20%"),
        ({}, "binary"),
    ],
)
def test_what_one_row_compares_is_said_as_it_is_printed_and_turned(printed: dict[str, Any], said: str) -> None:
    assert of(study("a", ratio(2.0, 0.2, **printed))).association.contrast == said


@pytest.mark.parametrize(("values", "se", "sensitive"), [((3.0, 3.0), 0.1, False), ((2.0, 2.6), 0.25, True), ((1.1, 1.1), 0.2, False)])
def test_whether_the_interval_hangs_on_the_prior_is_by_half_and_twice_its_scale(
    values: tuple[float, float], se: float, sensitive: bool
) -> None:
    first = of(*[study(f"s{i}", ratio(value, se, **LATER)) for i, value in enumerate(values)]).comparisons.headline
    assert first is not None
    assert prior_sensitive(first) is sensitive


@pytest.mark.parametrize(
    ("reviews", "first"),
    [
        # the latest search, whatever the year of print
        ([("a", {"search_until": "2019-06", "year": 2024}), ("b", {"search_until": "2021-01", "year": 2021})], "b"),
        ([("a", {"search_until": "2021-02"}), ("b", {"search_until": "2021-01"})], "a"),
        # a year where the search is not printed
        ([("a", {"year": 2018}), ("b", {"year": 2020})], "b"),
        ([("a", {"year": 2020, "search_until": "2020-03"}), ("b", {"year": 2020})], "a"),
        # then the most studies, of the row before those of the review
        ([("a", {"k": 12}), ("b", {"k": 5})], "a"),
        ([("a", {"k": 5}), ("b", {"k": 12})], "b"),
    ],
)
def test_of_several_reviews_the_latest_search_is_shown_then_the_one_of_most_studies(
    reviews: list[tuple[str, dict[str, Any]]], first: str
) -> None:
    (shown,) = [row for row in of(*(review(name, ratio(1.5, 0.2), **more) for name, more in reviews)).association.published if row.headline]
    assert shown.study == first


def test_a_review_of_the_terms_themselves_is_shown_before_a_later_one_of_a_part() -> None:
    whole = review("a", ratio(1.5, 0.2, exposure="cerebral-microbleeds"), year=2010)
    part = review("b", ratio(1.5, 0.2, exposure="lobar-microbleeds"), year=2020)
    assert [row.study for row in of(whole, part).association.published if row.headline] == ["a"]
