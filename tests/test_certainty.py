"""The rules of certainty, one by one, on made-up sheets that nothing else counts against; their laws; and what the corpus makes of them."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.build import EvidenceGraph
from graph.opening import shipped
from graph.synthesis.certainty import RULES, scanned_share, track_of
from schema.association import LEVELS, Association
from schema.study import Study
from tests.test_comparisons import difference, of, population, ratio, row, study, table

FULL: dict[str, Any] = {"read": "full-text", "imaging": {"eligible": 100, "scanned": 90}}
LATER: dict[str, Any] = {"adjusted": True, "follow_up_months": 12}
AGREE = [ratio(1.5, 0.1, **LATER), ratio(1.6, 0.12, **LATER)]


def cohorts(*rows: dict[str, Any], **more: Any) -> list[Study]:
    return [study(f"s{i}", one, **{**FULL, **more}) for i, one in enumerate(rows)]


def prognosis(one: dict[str, Any]) -> dict[str, Any]:
    """The same of a marker, which starts high."""
    return {**one, "exposure": "cerebral-microbleeds"}


def steps(*studies: Study) -> list[tuple[str, int]]:
    return [(reason.domain, reason.step) for reason in of(*studies).association.reasons if reason.step]


def level(*studies: Study) -> str | None:
    return of(*studies).association.certainty


def test_each_domain_that_the_code_tells_of_is_a_rule_that_is_shown(graph: EvidenceGraph) -> None:
    assert {reason.domain for one in graph.associations for reason in one.reasons} <= {domain for domain, _, _ in RULES}


@pytest.mark.parametrize(
    ("exposure", "outcome", "randomised", "track"),
    [
        ("r-dwi", "poor-functional-outcome", False, "prognosis"),
        ("cerebral-microbleeds", "mortality", False, "prognosis"),
        ("cerebral-microbleeds", "r-dwi", False, "aetiology"),
        ("age", "mortality", False, "aetiology"),
        ("intensive-bp-lowering", "r-dwi", True, "treatment"),
        ("intensive-bp-lowering", "r-dwi", False, "aetiology"),
    ],
)
def test_the_track_is_told_by_the_terms_and_by_randomisation(exposure: str, outcome: str, randomised: bool, track: str) -> None:
    assert track_of(shipped().vocabulary[exposure], shipped().vocabulary[outcome], randomised=randomised) == track


def test_prognosis_and_trials_start_high_and_all_else_low() -> None:
    trials = [study(f"s{i}", {**one, "randomised": True}, **{**FULL, "design": "rct"}) for i, one in enumerate(AGREE)]
    assert level(*cohorts(*map(prognosis, AGREE))) == level(*trials) == "high"
    assert level(*cohorts(*AGREE)) == "low"


CRUDE = ratio(1.5, 0.1, follow_up_months=12)


@pytest.mark.parametrize(
    ("rows", "design", "expected"),
    [
        (AGREE, "prospective-cohort", []),
        (AGREE, "retrospective-cohort", []),
        (AGREE, "case-control", [("risk of bias", -1)]),
        (AGREE, "cross-sectional", [("risk of bias", -1)]),
        ([AGREE[0], CRUDE], "prospective-cohort", [("risk of bias", -1)]),
        # crude cohorts added to two good ones cost nothing
        ([*AGREE, CRUDE, CRUDE], "prospective-cohort", []),
    ],
)
def test_two_adjusted_cohorts_of_no_weak_design_or_of_fewer_all_take_no_step(rows: Any, design: str, expected: Any) -> None:
    assert steps(*cohorts(*map(prognosis, rows), design=design)) == expected


def test_randomised_rows_need_no_adjustment() -> None:
    trials = [study(f"s{i}", ratio(1.5, 0.1, randomised=True, follow_up_months=12), **{**FULL, "design": "rct"}) for i in range(2)]
    assert steps(*trials) == []


WORD, NULL = row(adjusted=True), row(direction="no-association", adjusted=True)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        # intervals that have nothing in common, on one side of no effect
        ([ratio(1.3, 0.05, **LATER), ratio(1.9, 0.05, **LATER)], [-1]),
        ([ratio(1.2, 0.05, **LATER), ratio(2.5, 0.05, **LATER), ratio(8.0, 0.05, **LATER)], [-1]),
        # significant both ways
        ([ratio(3.0, 0.2, **LATER), ratio(0.5, 0.3, **LATER)], [-1]),
        # I2 over 50% and a prediction interval that includes no effect, from five on
        ([ratio(value, 0.12, **LATER) for value in (1.1, 1.2, 1.6, 1.9, 2.0, 1.15)], [-1]),
        ([ratio(1.5, 0.12, **LATER)] * 6, []),
        # as many without as with
        ([WORD, WORD, NULL, NULL], [-1]),
        ([WORD, WORD, WORD, NULL], []),
    ],
)
def test_inconsistency_takes_one_step_for_each_of_its_causes(rows: Any, expected: list[int]) -> None:
    found = [by for domain, by in steps(*cohorts(*map(prognosis, rows), n=2000)) if domain == "inconsistency"]
    assert found == expected


@pytest.mark.parametrize(("value", "se", "expected"), [(0.4, 0.3, True), (1.05, 0.055, True), (1.05, 0.1, False), (1.5, 0.3, False)])
def test_a_published_row_against_the_direction_or_that_tells_more_and_finds_nothing_takes_the_step(
    value: float, se: float, expected: bool
) -> None:
    review = study("z", ratio(value, se, pooled=True, follow_up_months=12), n=None, design="meta-analysis", year=2010)
    one = of(*cohorts(*[ratio(1.5, 0.12, **LATER)] * 6), review).association
    assert (one.direction, one.direction_basis) == ("increases", "estimate")
    assert any(reason.domain == "inconsistency" and reason.findings == (one.published[0].finding,) for reason in one.reasons) is expected


@pytest.mark.parametrize(
    ("rows", "n", "expected"),
    [
        (AGREE, 200, 0),
        # large ratios by their events: 480, 240, 80
        ([ratio(2.5, 0.2, events=240, **LATER)] * 2, 2000, 0),
        ([ratio(2.5, 0.2, events=120, **LATER)] * 2, 2000, -1),
        ([ratio(0.4, 0.2, events=40, **LATER)] * 2, 2000, -2),
        # what isn't printed is no step, but there are no more events than patients
        ([ratio(2.5, 0.2, **LATER)] * 2, 2000, 0),
        ([ratio(2.5, 0.2, **LATER)] * 2, 40, -2),
        # no interval: by the events
        ([row(events=200, adjusted=True)] * 2, 2000, 0),
        ([row(events=100, adjusted=True)] * 2, 2000, -1),
        ([row(events=20, adjusted=True)] * 2, 2000, -2),
        ([WORD, WORD], 2000, 0),
        # one cohort
        ([ratio(1.5, 0.1, **LATER)], 2000, -1),
        ([ratio(2.5, 0.2, events=40, **LATER)], 2000, -2),
        # without a direction
        ([ratio(1.3, 0.2, **LATER)], 2000, -1),
        ([ratio(1.0, 0.3, **LATER)], 2000, -2),
        ([ratio(1.1, 0.2, **LATER)] * 2, 2000, -1),
        ([difference(0.5)], 2000, -1),
        ([NULL, NULL], 2000, -1),
        ([NULL, NULL], 40, -2),
        # little or no difference
        ([ratio(1.02, 0.05, **LATER)] * 2, 2000, 0),
    ],
)
def test_imprecision_is_by_the_deciding_interval_and_by_events(rows: Any, n: int, expected: int) -> None:
    found = [by for domain, by in steps(*cohorts(*map(prognosis, rows), n=n)) if domain == "imprecision"]
    assert found == ([expected] if expected else [])


def test_a_large_effect_of_one_step_of_a_measured_exposure_is_none() -> None:
    """A year or a decade: how large an effect of one step is hangs on the step."""
    for step, value, se in ((1, 1.1, 0.02), (10, 1.1**10, 0.2)):
        per = {"exposure": "age", "contrast_type": "per-unit", "per": {"step": step, "unit": "years"}, "events": 40}
        assert steps(*cohorts(ratio(value, se, **per, **LATER), ratio(value, se, **per, **LATER))) == []


@pytest.mark.parametrize(
    ("cases", "outcome", "little"),
    [((1500, 1530), "poor-functional-outcome", True), ((2500, 2550), "poor-functional-outcome", True), ((1500, 1530), "mortality", False)],
)
def test_little_difference_is_inside_both_bounds_of_the_ratio_and_within_three_of_100_of_death_one(
    cases: tuple[int, int], outcome: str, little: bool
) -> None:
    """Five trials of 5,000 patients each, at 1.02."""
    one = row(measure="RR", contrast_type="binary", randomised=True, outcome=outcome, counts=table(cases[1] // 1, 5000, cases[0], 5000))
    found = of(*[study(f"s{i}", one, n=10_000, **{**FULL, "design": "rct"}) for i in range(2)]).association
    assert found.little_difference is little
    assert found.certainty == ("high" if little else "moderate")
    assert ("little or no difference" in found.caption) is little


def test_indirectness_is_of_parts_and_of_trials_that_see_few() -> None:
    part = {"exposure": "lobar-microbleeds"}
    whole = ratio(1.5, 0.1, **LATER, exposure="cerebral-microbleeds")
    word = row(adjusted=True, p="<0.001", events=300)
    mixed = [study("a", {**word, "exposure": "cerebral-microbleeds"}, **FULL), *[study(name, {**word, **part}, **FULL) for name in "bc"]]
    assert ("indirectness", -1) in steps(*mixed)
    assert ("indirectness", -1) not in steps(mixed[0], study("d", whole, **FULL), mixed[1])
    trial = ratio(1.5, 0.1, randomised=True, follow_up_months=12)
    small = study(
        "a", {**trial, "population": "mri"}, n=500, read="full-text", design="rct", populations=[population(500), population(200, "mri")]
    )
    assert steps(small) == [("indirectness", -1)]
    few = study("a", trial, read="full-text", design="rct", imaging={"eligible": 100, "scanned": 60})
    assert steps(few) == [("indirectness", -1)]
    # of observation it is said
    seen = study("a", prognosis(AGREE[0]), read="full-text", imaging={"eligible": 100, "scanned": 60})
    assert steps(seen) == [("imprecision", -1)]
    assert any("fewer than 70%" in reason.text for reason in of(seen).association.reasons)


def test_publication_bias_is_of_small_studies_and_of_words_once_a_study_was_read_on() -> None:
    words = [row(adjusted=True, events=300)] * 2
    assert steps(*cohorts(*map(prognosis, words))) == [("publication bias", -1)]
    assert steps(*cohorts(*map(prognosis, words), read="tables")) == [("publication bias", -1)]
    abstracts = of(*cohorts(*map(prognosis, words), read="abstract")).association
    assert [reason.step for reason in abstracts.reasons if reason.domain == "publication bias"] == [0]
    # Egger from ten, and the common effect outside the random-effects interval from five
    small = [ratio(1.1 + 0.1 * i, 0.03 + 0.05 * i, **LATER) for i in range(10)]
    assert ("publication bias", -1) in steps(*cohorts(*map(prognosis, small)))
    one = [ratio(1.02, 0.01, **LATER), *[ratio(2.2, 0.12, **LATER)] * 6]
    assert ("publication bias", -1) in steps(*cohorts(*map(prognosis, one)))


@pytest.mark.parametrize(
    ("rows", "upgrade"),
    [
        ([ratio(2.5, 0.2, events=300, **LATER)] * 2, True),
        ([ratio(0.4, 0.2, events=300, **LATER)] * 2, True),
        ([ratio(1.9, 0.1, events=300, **LATER)] * 2, False),
        ([ratio(2.5, 0.2, events=300, **LATER)], False),
        ([ratio(2.5, 0.2, events=300, follow_up_months=12)] * 2, False),
        ([ratio(2.5, 0.2, events=30, **LATER)] * 2, False),
        # nothing for consistency
        ([ratio(1.5, 0.1, **LATER)] * 8, False),
    ],
)
def test_a_large_effect_without_a_step_lifts_aetiology(rows: Any, upgrade: bool) -> None:
    found = cohorts(*rows, n=5000)
    assert (("large effect", 1) in steps(*found)) is upgrade
    assert (level(*found) == "moderate") is upgrade


@pytest.mark.parametrize(
    ("read", "observed", "trial"), [("abstract", "low", "moderate"), ("tables", "moderate", "high"), ("full-text", "high", "high")]
)
def test_how_the_best_of_the_reports_of_the_direction_was_read_caps_the_level(read: str, observed: str, trial: str) -> None:
    assert level(*cohorts(*map(prognosis, AGREE), read=read)) == observed
    trials = [study(f"s{i}", {**one, "randomised": True}, **{**FULL, "read": read, "design": "rct"}) for i, one in enumerate(AGREE)]
    assert level(*trials) == trial
    # a study that doesn't report the direction lifts nothing
    words = [prognosis(row(adjusted=True, events=300))] * 2
    abstracts = cohorts(*words, read="abstract")
    assert level(*abstracts, study("z", prognosis(NULL), **{**FULL, "read": read})) == "low"


@pytest.mark.parametrize(
    ("imaging", "share"), [({"eligible": 80, "scanned": 60}, 0.75), ({"scanned": 60}, None), ({"eligible": 80}, None), (None, None)]
)
def test_the_share_scanned_is_known_where_both_figures_are(imaging: Any, share: float | None) -> None:
    assert scanned_share(study("a", imaging=imaging)) == share


# the laws: docs/method.md, section 8, says under which conditions

# each significant: 1.3 (1.03-1.64) is the least
_EFFECTS = st.tuples(st.floats(1.3, 1.95), st.floats(0.05, 0.12))


def _rank(association: Association) -> int:
    return LEVELS.index(association.certainty) if association.certainty else -1


@settings(max_examples=25)
@given(st.lists(_EFFECTS, min_size=1, max_size=3), st.booleans(), st.booleans(), st.sampled_from(["bare", "estimate"]), st.booleans())
def test_a_report_of_no_association_never_raises_the_certainty_of_a_direction(
    effects: list[tuple[float, float]], words: bool, adjusted: bool, how: str, marker: bool
) -> None:
    """A bare null, or an estimate at no effect; where what decides stays, and no two intervals become disjoint."""
    rows = [row(adjusted=True) if words else ratio(value, se, **LATER) for value, se in effects]
    other = (
        row(direction="no-association", adjusted=adjusted) if how == "bare" else ratio(1.0, 0.3, **{**LATER, "adjusted": adjusted or None})
    )
    both = [*rows, other]
    before, after = (of(*cohorts(*map(prognosis, some) if marker else some)).association for some in (rows, both))
    if before.direction != after.direction or before.direction_basis != after.direction_basis:
        return
    assert _rank(after) <= _rank(before)


@settings(max_examples=25)
@given(st.lists(_EFFECTS, min_size=1, max_size=3), _EFFECTS, st.booleans(), st.booleans())
def test_an_adjusted_significant_report_of_the_same_sign_never_lowers_it_nor_ends_a_direction(
    effects: list[tuple[float, float]], one: tuple[float, float], words: bool, marker: bool
) -> None:
    """With figures, and on the own terms; below five estimates, where no two intervals are disjoint before or after."""
    rows = [row(adjusted=True) if words else ratio(value, se, **LATER) for value, se in effects]
    both = [*rows, ratio(*one, **LATER)]
    before, after = (of(*cohorts(*map(prognosis, some) if marker else some)).association for some in (rows, both))
    assert after.direction == before.direction == "increases"
    apart = any("don't overlap" in reason.text for reason in after.reasons)
    if before.direction_basis == after.direction_basis and not apart:
        assert _rank(after) >= _rank(before)


# the corpus


def edge(graph: EvidenceGraph, exposure: str, outcome: str) -> Association:
    return next(a for a in graph.associations if (a.exposure.id, a.outcome.id, a.population.id) == (exposure, outcome, "ich"))


@pytest.mark.parametrize(
    ("exposure", "outcome", "expected"),
    [
        ("cerebral-microbleeds", "r-dwi", "low"),
        ("white-matter-hyperintensities", "r-dwi", "low"),
        ("total-csvd-score", "r-dwi", "low"),
        ("r-dwi", "major-vascular-events", "low"),
        ("r-dwi", "poor-functional-outcome", "low"),
        ("r-dwi", "recurrent-ich", "very-low"),
        ("renal-dysfunction", "r-dwi", "very-low"),
        ("mixed-microbleeds", "r-dwi", "very-low"),
        ("intensive-bp-lowering", "poor-functional-outcome", "moderate"),
        ("intensive-bp-lowering", "haematoma-expansion", "moderate"),
    ],
)
def test_the_named_associations_are_as_certain_as_a_panel_would_say(
    graph: EvidenceGraph, exposure: str, outcome: str, expected: str
) -> None:
    assert edge(graph, exposure, outcome).certainty == expected


def test_the_steps_of_every_association_lead_from_its_start_to_its_level(graph: EvidenceGraph) -> None:
    for one in graph.associations:
        if one.certainty is None:
            assert one.reasons == ()
            continue
        start = 1 if one.reasons[0].text.startswith("aetiology") else 3
        capped = next((reason.text for reason in one.reasons if reason.domain == "how studies were read"), "")
        cap = next((LEVELS.index(name) for name in ("low", "moderate") if f": {name} at most" in capped), 3)
        assert one.certainty == LEVELS[min(max(0, start + sum(reason.step for reason in one.reasons)), cap)]


def test_no_certainty_stands_without_its_reasons_and_each_downgrade_names_its_findings(graph: EvidenceGraph) -> None:
    downgrades = [reason for one in graph.associations for reason in one.reasons if reason.step < 0]
    assert downgrades
    assert all(reason.findings for reason in downgrades)


# what a change of a single sign or figure in the rules would do


@pytest.mark.parametrize(
    ("row_of", "n", "expected", "told"),
    [
        (ratio(2.5, 0.2, events=150, **LATER), 2000, [], None),
        (ratio(2.5, 0.2, events=50, **LATER), 2000, [-1], "100 events"),
        (ratio(2.5, 0.2, **LATER), 60, [-1], "at most 120 events"),
        (ratio(2.5, 0.2, **LATER), 2000, [], "events not printed in 2 of 2 reports"),
        (ratio(2.5, 0.2, **LATER), None, [], "events not printed in 2 of 2 reports"),
    ],
)
def test_events_are_told_and_what_is_not_known_is_no_step(row_of: Any, n: int | None, expected: list[int], told: str | None) -> None:
    reasons = [reason for reason in of(*cohorts(*[prognosis(row_of)] * 2, n=n)).association.reasons if reason.domain == "imprecision"]
    assert [reason.step for reason in reasons if reason.step] == expected
    assert [reason.text for reason in reasons] == ([told] if told else [])


def test_where_reports_decide_those_of_the_direction_are_the_significant_ones_and_else_those_of_its_sign() -> None:
    crude, adjusted = row(adjusted=False), [ratio(1.3, 0.3, **LATER, cutoff=name) for name in ("5 or more", "10 or more")]
    words = [study(f"w{i}", prognosis(crude), n=900, **FULL) for i in range(2)]
    two = [study(f"e{i}", prognosis(one), n=50, **FULL) for i, one in enumerate(adjusted)]
    # two adjusted estimates of the same sign that aren't significant make no sound report of it
    assert ("risk of bias", -1) in steps(*words, *two)
    # ten that none of them is significant by itself all report what their average does
    ten = of(*cohorts(*[prognosis(ratio(1.5, 0.23, **LATER))] * 10)).association
    assert (ten.direction, ten.certainty) == ("increases", "high")
    assert ten.reasons[0].domain == "start"


def test_a_review_that_prints_no_interval_is_a_rival_by_its_patients() -> None:
    """Two words of 200 patients, 30% with the outcome, tell as much as 400 patients."""
    words = [study(name, row(adjusted=True), year=2024) for name in "ab"]
    for n, counts in ((1000, True), (300, False)):
        review = study("z", row(pooled=True, direction="no-association"), n=n, design="meta-analysis", year=2010)
        assert (("inconsistency", -1) in steps(*words, review)) is counts


def test_a_large_effect_names_the_figure_and_the_reports_behind_it() -> None:
    one = of(*cohorts(*[ratio(2.5, 0.2, events=300, **LATER)] * 2, n=5000)).association
    (reason,) = [reason for reason in one.reasons if reason.domain == "large effect"]
    assert (reason.text, reason.findings) == ("OR of 2.5", one.findings)
    # a difference of 2.5 is no ratio, and a ratio that excludes nothing no effect
    assert ("large effect", 1) not in steps(*cohorts(*[difference(2.5, 0.2)] * 2, n=5000))
    assert ("large effect", 1) not in steps(*cohorts(*[ratio(2.1, 0.9, events=300, **LATER)] * 2, n=5000))


def inconsistent(*rows: dict[str, Any]) -> list[tuple[str, list[str]]]:
    """The causes of inconsistency, each with the studies whose rows it names."""
    reasons = of(*cohorts(*map(prognosis, rows), n=2000)).association.reasons
    return [(one.text, sorted(row.split(":")[0] for row in one.findings)) for one in reasons if one.domain == "inconsistency"]


APART = [ratio(math.exp(y), 0.2, **LATER) for y in (0.09, 0.81)]


def test_each_cause_of_inconsistency_is_told_with_the_rows_that_make_it() -> None:
    assert inconsistent(ratio(1.9, 0.05, **LATER), ratio(1.5, 0.3, **LATER), ratio(1.3, 0.05, **LATER)) == [
        ("intervals of the estimates don't overlap", ["s0", "s2"])
    ]
    both = inconsistent(ratio(3.0, 0.2, **LATER), ratio(0.5, 0.3, **LATER))
    assert both[0] == ("cohorts are significant both ways", ["s0", "s1"])
    # no two intervals are apart, I2 is above 50%, and what a next cohort may find includes no effect
    (cause,) = [one for one in inconsistent(*APART * 4) if one[0].startswith("I")]
    assert cause == ("I\u00b2 73%, and a next cohort may find no effect", [f"s{i}" for i in range(8)])
    five = [ratio(math.exp(y), 0.1, **LATER) for y in (0.3, 0.68, 0.3, 0.68, 0.3)]
    assert any("next cohort" in text for text, _ in inconsistent(*five))
    # never of four, nor where the average itself includes no effect, nor of differences by the null of ratios
    assert not any("next cohort" in text for text, _ in inconsistent(*APART * 2))
    wide = [ratio(math.exp(y), 0.2, **LATER) for y in (-0.36, 0.36)]
    assert not any("next cohort" in text for text, _ in inconsistent(*wide * 4))
    shifted = [ratio(math.exp(y), 0.2, **LATER) for y in (1.5, 2.22)]
    assert not any("next cohort" in text for text, _ in inconsistent(*shifted * 4))
    days = [difference(value, 0.4, outcome="length-of-stay", **LATER) for value in (0.1, 1.5)]
    assert any("next cohort" in text for text, _ in inconsistent(*days * 4))


def test_trials_that_see_few_of_their_patients_cost_a_step_where_they_are_more_than_half() -> None:
    def costs(*scanned: int) -> bool:
        trials = [
            study(f"s{i}", {**AGREE[0], "randomised": True}, read="full-text", design="rct", imaging={"eligible": 100, "scanned": many})
            for i, many in enumerate(scanned)
        ]
        return ("indirectness", -1) in steps(*trials)

    assert [costs(60, 60), costs(60, 90), costs(60, 60, 90), costs(70, 70)] == [True, False, True, False]


def test_a_published_rival_is_told_by_what_it_is() -> None:
    def told(value: float, se: float, *rows: dict[str, Any]) -> list[str]:
        review = study("z", ratio(value, se, pooled=True, follow_up_months=12), n=None, design="meta-analysis", year=2010)
        return [one.text for one in of(*cohorts(*rows), review).association.reasons if one.domain == "inconsistency"]

    six = [ratio(1.5, 0.12, **LATER)] * 6
    assert "a published meta-analysis is significant the other way" in told(0.4, 0.3, *six)
    assert told(1.05, 0.055, *six) == ["a published meta-analysis that tells more finds nothing clear"]
    # by the interval that decides, whose error is 0.064
    assert told(1.05, 0.062, *six) == ["a published meta-analysis that tells more finds nothing clear"]
    assert told(1.05, 0.07, *six) == []


def test_what_small_studies_do_is_told() -> None:
    small = [ratio(1.1 + 0.1 * i, 0.03 + 0.05 * i, **LATER) for i in range(10)]
    one = [ratio(1.02, 0.01, **LATER), *[ratio(2.2, 0.12, **LATER)] * 4]
    texts = [
        next(reason.text for reason in of(*cohorts(*map(prognosis, rows))).association.reasons if reason.domain == "publication bias")
        for rows in (small, one)
    ]
    assert texts == [
        "smaller studies find more (Egger's test)",
        "the common effect lies outside the random-effects interval: small studies find other effects than large ones",
    ]


def test_how_a_paper_was_read_is_told_in_words() -> None:
    reasons = of(*cohorts(*map(prognosis, AGREE), read="abstract")).association.reasons
    assert [one.text for one in reasons if one.domain == "how studies were read"] == ["no study was read beyond its abstract: low at most"]
    nothing = of(*cohorts(row(adjusted=True, events=20), read="abstract")).association
    assert nothing.certainty == "very-low"


def test_one_report_is_told_as_one() -> None:
    (reason,) = [reason for reason in of(*cohorts(CRUDE)).association.reasons if reason.domain == "risk of bias"]
    assert reason.text == "the one report not known to be adjusted"
