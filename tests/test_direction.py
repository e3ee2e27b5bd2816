"""Which way an association runs, and what decides it: docs/method.md, section 7. Made-up sheets, and the cases that are named."""

from __future__ import annotations

from typing import Any

import pytest

from graph.build import EvidenceGraph
from schema.association import Association
from schema.study import Study
from tests.test_comparisons import of, ratio, row, study

LATER: dict[str, Any] = {"adjusted": True, "follow_up_months": 12}


def said(*studies: Study) -> tuple[str, str | None, str | None]:
    """Direction, what it rests on, and the side to which it leans."""
    one = of(*studies).association
    return one.direction, one.direction_basis, one.leans


def cohorts(*rows: dict[str, Any], n: int | None = 200) -> list[Study]:
    return [study(f"s{i}", one, n=n) for i, one in enumerate(rows)]


WORD, NULL, FEWER = row(), row(direction="no-association"), row(direction="decreases")
SURE, UNSURE = ratio(2.0, 0.2, **LATER), ratio(1.5, 0.3, **LATER)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        # the estimate decides where it stands for at least half of the patients
        ([SURE], ("increases", "estimate", None)),
        ([SURE, NULL], ("increases", "estimate", None)),
        ([SURE, NULL, NULL], ("inconclusive", "reports", "more")),
        ([UNSURE], ("inconclusive", "estimate", "more")),
        ([ratio(0.6, 0.4, **LATER)], ("inconclusive", "estimate", "fewer")),
        ([UNSURE, WORD], ("inconclusive", "estimate", "more")),
        ([ratio(1.5, 0.23, **LATER)] * 10, ("increases", "estimate", None)),
        # significant both ways, and an average that excludes no effect
        ([ratio(3.0, 0.2, **LATER), ratio(0.5, 0.3, **LATER)], ("increases", "estimate", None)),
        # else the reports: at least half, two or more, none the other way
        ([WORD], ("increases", "reports", None)),
        ([FEWER], ("decreases", "reports", None)),
        ([WORD, NULL], ("inconclusive", "reports", "more")),
        ([WORD, WORD, NULL, NULL], ("increases", "reports", None)),
        ([WORD, WORD, NULL, NULL, NULL], ("inconclusive", "reports", "more")),
        ([WORD, *[NULL] * 9], ("inconclusive", "reports", "more")),
        ([WORD, WORD, FEWER], ("inconsistent", "reports", None)),
        ([WORD, FEWER, NULL], ("inconsistent", "reports", None)),
        ([NULL, NULL], ("inconclusive", "reports", None)),
        ([FEWER, NULL], ("inconclusive", "reports", "fewer")),
        ([FEWER, row(p=0.2), NULL, row(direction="decreases", p=0.3)], ("inconclusive", "reports", "fewer")),
        # a direction that can't be read is on neither side
        ([WORD, row(direction="unclear", p=0.01)], ("increases", "reports", None)),
    ],
)
def test_the_average_decides_where_it_stands_for_half_else_the_reports(rows: list[dict[str, Any]], expected: tuple[Any, ...]) -> None:
    assert said(*cohorts(*rows)) == expected


def test_half_is_of_patients_and_of_cohorts_where_none_prints_its_number() -> None:
    large, small = study("a", SURE, n=1000), [study("b", NULL, n=300), study("c", NULL, n=300)]
    assert said(large, *small)[:2] == ("increases", "estimate")
    assert said(study("a", SURE, n=500), *small)[:2] == ("inconclusive", "reports")
    assert said(study("a", SURE, n=None), study("b", NULL, n=None))[:2] == ("increases", "estimate")
    assert said(study("a", SURE, n=None), *[study(name, NULL, n=None) for name in "bc"])[:2] == ("inconclusive", "reports")


def test_an_unread_sign_is_in_neither_half() -> None:
    unread = study("z", row(direction="unclear", p=0.2), n=5000)
    assert said(study("a", SURE, n=300), study("b", NULL, n=200), unread)[:2] == ("increases", "estimate")


def test_what_nobody_reports_leans_to_no_side_and_what_contradicts_itself_weighs_by_the_likelier() -> None:
    assert said(study("a", row(role="descriptive"))) == ("inconclusive", None, None)
    one = of(*cohorts(FEWER, FEWER, WORD)).association
    assert (one.direction, one.leans) == ("inconsistent", None)
    assert one.weight is not None
    assert one.weight > 0.51


def test_a_randomised_estimate_decides_whatever_it_stands_for() -> None:
    trial = study("a", ratio(0.7, 0.1, randomised=True, follow_up_months=12), n=100, design="rct")
    others = [study(name, WORD, n=5000) for name in "bc"]
    one = of(trial, *others).association
    assert (one.direction, one.direction_basis) == ("decreases", "estimate")
    # and the weight is of the trials alone, of those that print no estimate, too
    assert one.weight == of(trial).association.weight
    word = study("d", row(direction="decreases", randomised=True), n=100, design="rct")
    assert (of(trial, word, *others).association.weight or 0) > (one.weight or 1)


@pytest.mark.parametrize(
    ("p", "direction", "expected"),
    [
        (0.048, "increases", "increases"),
        (0.065, "increases", "inconclusive"),
        (None, "increases", "increases"),
        (None, "no-association", "inconclusive"),
    ],
)
def test_one_row_is_significant_as_its_paper_says_and_no_effect_is_excluded_by_the_same_rule(p: Any, direction: str, expected: str) -> None:
    # an interval that rounding lets touch no effect
    figures = {"measure": "OR", "contrast_type": "binary", "value": 1.92, "ci": [1.0, 3.7], "p": p, "direction": direction, **LATER}
    one = of(study("a", row(**figures))).association
    assert one.direction == expected
    assert one.excludes_no_effect is (expected == "increases")


def test_a_published_row_decides_where_it_is_the_headline() -> None:
    review = study("z", ratio(1.3, 0.12, pooled=True), n=None, design="meta-analysis", year=2022)
    one = of(study("a", NULL), review).association
    assert (one.direction, one.direction_basis, one.estimate_source) == ("increases", "published", "published")
    assert one.published[0].in_weight
    # a cohort that is too late to be in the review is told beside it
    late = of(study("a", NULL, year=2024), review).association
    assert late.weight is not None
    assert one.weight is not None
    assert late.weight < one.weight


# the corpus: the cases that reading a list must not get wrong


def edge(graph: EvidenceGraph, exposure: str, outcome: str) -> Association:
    return next(one for one in graph.associations if (one.exposure.id, one.outcome.id, one.population.id) == (exposure, outcome, "ich"))


@pytest.mark.parametrize(
    ("exposure", "outcome", "direction", "basis", "leans"),
    [
        ("r-dwi", "ischaemic-stroke", "inconclusive", "estimate", "more"),
        ("diabetes", "r-dwi", "inconclusive", "published", "more"),
        ("sbp-reduction", "perihaematomal-dwi", "inconclusive", "estimate", "fewer"),
        ("acute-bp-reduction", "perihaematomal-dwi", "inconclusive", "estimate", "fewer"),
        ("lobar-location", "r-dwi", "inconclusive", "published", "more"),
        ("atrial-fibrillation", "r-dwi", "increases", "published", None),
        ("cerebral-amyloid-angiopathy", "r-dwi", "inconclusive", "published", "more"),
        ("r-dwi", "major-vascular-events", "increases", "reports", None),
        ("cerebral-microbleeds", "poor-functional-outcome", "inconclusive", "estimate", "fewer"),
        ("pneumonia", "r-dwi-large", "inconclusive", "estimate", "more"),
        ("r-dwi", "poor-functional-outcome", "increases", "published", None),
        ("intensive-bp-lowering", "poor-functional-outcome", "inconclusive", "estimate", "fewer"),
    ],
)
def test_the_named_associations_run_as_they_must(
    graph: EvidenceGraph, exposure: str, outcome: str, direction: str, basis: str, leans: str | None
) -> None:
    one = edge(graph, exposure, outcome)
    assert (one.direction, one.direction_basis, one.leans) == (direction, basis, leans)


@pytest.mark.parametrize(("exposure", "many"), [("r-dwi", 4), ("cerebral-microbleeds", 9)])
def test_a_crude_table_silences_no_adjusted_report(graph: EvidenceGraph, exposure: str, many: int) -> None:
    one = edge(graph, exposure, "major-vascular-events" if exposure == "r-dwi" else "r-dwi")
    assert (one.increases, one.cohorts) == (many, many)


def test_a_direction_has_the_sign_of_what_decides_it_and_leaning_is_of_the_inconclusive_alone(graph: EvidenceGraph) -> None:
    for one in graph.associations:
        assert one.leans is None or one.direction == "inconclusive"
        assert (one.direction_basis is None) == (one.weight is None or not one.reasons), one.caption
        if one.direction_basis in {"estimate", "published"} and one.direction != "inconclusive":
            assert one.excludes_no_effect is True
        if one.direction_basis in {"estimate", "published"} and one.direction == "inconclusive":
            assert one.excludes_no_effect is False
