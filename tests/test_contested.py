"""Where the evidence contradicts itself, and where it only looks as if it did."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace
from typing import Any

import pytest

from graph import questions
from graph.build import EvidenceGraph, build
from graph.opening import shipped
from graph.stores.memory import MemoryReader
from graph.synthesis.contested import contested, differences, power, surprising
from graph.synthesis.contested import side as side_of
from graph.synthesis.method import METHOD
from graph.synthesis.reports import StudyReport
from graph.synthesis.weight import chances, posterior, reported_z
from schema.association import Association, Camp
from schema.observation import ComparisonKey, Observation
from schema.study import Finding, Study

Z = 1.959963984540054
OR = ComparisonKey(measure="OR", contrast_type="binary")


def report(
    name: str,
    z: Any,
    *,
    kind: str = "estimate",
    information: float = 30.0,
    se: float | None = None,
    comparison: ComparisonKey | None = None,
) -> StudyReport:
    """A report: by z alone, or with its estimate where `se` says how wide it is."""
    exact = z if isinstance(z, float) else 0.0
    significant = {"null": 0, "direction": 0, "unclear": 0}.get(kind, (abs(exact) > Z) * (1 if exact > 0 else -1))
    if kind == "significant":
        significant = 1 if z[1] is None else -1
    row = Finding(exposure="age", outcome="r-dwi", population="all", measure="OR", direction="increases", adjusted=True)
    observation = Observation(
        finding=f"{name}:1", study=name, position=0, exposure="age", outcome="r-dwi", populations=("ich",), condition="ich", n=150,
        n_known=True, outcome_share=0.3, information=information, kind=kind, derivation="ratio-ci", significant=significant, z=z,
        y=None if se is None else exact * se, se=se, scale="log-ratio", comparison=comparison, eligible=True, row=row,
    )  # fmt: skip
    return StudyReport(observation, poolable=comparison is not None)


UP, DOWN, NULL = (Z, None), (None, -Z), (-Z, Z)


def studies(*names: str, **more: Any) -> dict[str, Study]:
    people = [{"id": "all", "label": "acute ICH", "condition": "ich", "arteriopathy": "any", "location": "any"}]
    return {name: Study.model_validate({"id": name, "read": "abstract", "populations": people, **more}) for name in names}


def test_cohorts_that_are_significant_both_ways_contradict_each_other() -> None:
    reports = [report("a", UP, kind="significant"), report("b", DOWN, kind="significant"), report("c", NULL, kind="null")]
    found = contested(reports, [], None, studies("a", "b", "c"))
    assert found is not None
    assert found.why == "cohorts are significant on both sides"
    assert [(one.report, one.studies, one.patients) for one in found.camps] == [
        ("increases", ("a",), 150), ("not significant", ("c",), 150), ("decreases", ("b",), 150),
    ]  # fmt: skip


def test_cohorts_of_one_mind_are_not_contested() -> None:
    assert contested([report("a", UP, kind="significant"), report("b", NULL, kind="null")], [], None, studies("a", "b")) is None


def test_a_report_that_the_others_make_improbable_is_a_contradiction() -> None:
    reports = [report(name, 5.0, information=60.0) for name in ("a", "b", "c")] + [report("d", DOWN, kind="significant", information=60.0)]
    assert 3 in surprising(reports)
    found = contested([*reports[:3], report("d", NULL, kind="null", information=400.0)], [3], None, studies("a", "b", "c", "d"))
    assert found is not None
    assert studies("d")["d"].label in found.why
    assert f"below {METHOD.surprise:.2f}" in found.why


def test_a_small_null_is_no_contradiction_and_a_large_one_is() -> None:
    """What a cohort could have seen decides: the same words, from few patients or from many."""
    others = [report(name, 5.0, information=60.0) for name in ("a", "b", "c")]
    assert surprising([*others, report("d", NULL, kind="null", information=5.0)]) == []
    assert 3 in surprising([*others, report("d", NULL, kind="null", information=300.0)])


def test_a_bare_sign_has_half_of_the_chance_of_a_null() -> None:
    """It is of either side, so that a half of what is not significant is its own."""
    others = [report(name, 5.0, information=60.0) for name in ("a", "b", "c")]
    grid = posterior(sorted(z for one in others if (z := reported_z(one.observation)) is not None))
    between = 0
    for information in range(5, 400, 5):
        down, null, _ = chances(grid, information, printed=True)
        bare = report("d", (None, 0.0), kind="direction", information=float(information))
        assert (3 in surprising([*others, bare])) is (null / 2 + down < METHOD.surprise)
        between += null / 2 + down < METHOD.surprise <= null + down
    assert between


def test_intervals_that_overlap_are_no_contradiction() -> None:
    wide = [report(name, 5.0, information=60.0, se=0.3, comparison=OR) for name in ("a", "b", "c")]
    near = report("d", 0.9, information=300.0, se=0.6, comparison=OR)
    apart = report("d", -0.9, information=300.0, se=0.1, comparison=OR)
    other = report("d", 0.9, information=300.0, se=0.6, comparison=OR.model_copy(update={"measure": "HR"}))
    assert surprising([*wide, near]) == []
    assert 3 in surprising([*wide, apart])
    # of another measure: the intervals can't be compared
    assert 3 in surprising([*wide, other])


def test_one_report_surprises_nobody_and_an_unread_sign_never_does() -> None:
    assert surprising([report("a", UP, kind="significant")]) == []
    unread = report("d", (-2.4, 2.4), kind="unclear", information=500.0)
    assert 3 not in surprising([*[report(name, -5.0, information=60.0) for name in ("a", "b", "c")], unread])


def test_of_two_reports_one_may_surprise_and_an_unread_one_stops_no_look_at_the_rest() -> None:
    two = [report("a", 12.0, information=100.0), report("b", DOWN, kind="significant", information=300.0)]
    assert surprising(two) == [1]
    # among the others by its z
    unread = report("c", (-0.5, 0.5), kind="unclear", information=2.0)
    assert surprising([unread, *two]) == [2]


def test_a_side_has_every_feature_and_without_windows_of_mri_all_but_that() -> None:
    members, known = [report("a", UP, kind="significant"), report("b", DOWN, kind="significant")], studies("a", "b", year=2020)
    whole = side_of("more", members, known).features
    assert list(whole) == ["design", "randomised", "adjustment", "MRI window", "definition", "population", "n", "year"]
    assert (whole["MRI window"], whole["year"], whole["n"]) == ("not reported", "2020", "150")
    without = side_of("more", members, known, replace(METHOD, mri_windows=())).features
    assert list(without) == [name for name in whole if name != "MRI window"]
    imaged = studies("a", imaging={"mri_window_days": [1, 7]}) | studies("b", imaging={"mri_median_day": 3})
    assert side_of("more", members, imaged).features["MRI window"] == "MRI days 1-7; MRI median day 3"


def test_a_bare_sign_on_the_others_side_is_not_surprising_and_one_against_them_may_be() -> None:
    others = [report(name, 6.0, information=60.0) for name in ("a", "b", "c")]
    assert 3 not in surprising([*others, report("d", (0.0, None), kind="direction", information=60.0)])
    assert 3 in surprising([*others, report("d", (None, 0.0), kind="direction", information=300.0)])


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_the_order_of_votes_does_not_matter_to_what_surprises(order: tuple[int, ...]) -> None:
    reports = [*[report(name, 5.0, information=60.0) for name in ("a", "b", "c")], report("d", NULL, kind="null", information=300.0)]
    found = surprising([reports[i] for i in order])
    assert {reports[order[i]].observation.study for i in found} == {reports[i].observation.study for i in surprising(reports)}


def test_power_grows_with_the_cohort_and_is_told_for_the_associations_direction() -> None:
    zs = [z for name in ("a", "b") if (z := reported_z(report(name, 4.0).observation)) is not None]
    grid = posterior(zs)
    small, large = report("c", NULL, kind="null", information=5.0), report("d", NULL, kind="null", information=100.0)
    assert power(small, grid, 1) < power(large, grid, 1)
    assert power(large, grid, -1) < power(large, grid, 1)


def side(report: str, **features: str) -> Camp:
    every = ("design", "randomised", "adjustment", "MRI window", "definition", "population", "n", "year")
    return Camp(report=report, studies=(), patients=0, findings=(), features=dict.fromkeys(every, "same") | features)


def test_camps_differ_where_they_share_no_value_and_all_report_it() -> None:
    assert differences([side("increases", year="2012; 2015"), side("decreases", year="2020")]) == ("year: 2012; 2015 / 2020",)
    assert differences([side("increases", year="2012; 2015"), side("decreases", year="2015")]) == ()
    assert differences([side("increases", design="not reported"), side("decreases", design="rct")]) == ()
    # texts of papers differ by their words alone
    assert differences([side("increases", population="acute ICH"), side("decreases", population="primary ICH")]) == ()


# the corpus, and trials against observation


def edge(graph: EvidenceGraph, exposure: str, outcome: str) -> Association:
    return next(one for one in graph.associations if (one.exposure.id, one.outcome.id, one.population.id) == (exposure, outcome, "ich"))


def test_the_trials_and_the_observed_fall_of_blood_pressure_contradict_each_other(graph: EvidenceGraph) -> None:
    for exposure, counterpart in (("acute-bp-reduction", "intensive-bp-lowering"), ("intensive-bp-lowering", "acute-bp-reduction")):
        found = edge(graph, exposure, "r-dwi").contested
        assert found is not None
        own, other = (shipped().vocabulary[term].name for term in (exposure, counterpart))
        assert [one.report.partition(", as a whole:")[0] for one in found.camps] == [own, other]
        assert "contested" in edge(graph, exposure, "r-dwi").caption


def made(name: str, exposure: str, **row: Any) -> Study:
    people = [{"id": "all", "label": "acute ICH", "condition": "ich", "arteriopathy": "any", "location": "any", "n": 200}]
    figures = {"exposure": exposure, "outcome": "r-dwi", "population": "all", "measure": "p-only", "direction": "increases", **row}
    return Study.model_validate({"id": name, "read": "abstract", "n": 200, "populations": people, "findings": [figures]})


@pytest.mark.parametrize(("direction", "expected"), [("increases", False), ("decreases", True), ("no-association", True)])
def test_a_counterpart_contradicts_only_where_its_answer_is_another(direction: str, expected: bool) -> None:
    two = made("trial", "intensive-bp-lowering", randomised=True, direction=direction), made("cohort", "acute-bp-reduction")
    graph = build(two, shipped())
    assert [(edge(graph, one, "r-dwi").contested is not None) for one in ("intensive-bp-lowering", "acute-bp-reduction")] == [expected] * 2


def test_what_the_same_cohort_says_in_two_ways_is_no_contradiction_between_cohorts() -> None:
    trial = made("trial", "intensive-bp-lowering", randomised=True, direction="no-association").model_copy(
        update={"cohorts": ("INTERACT2",)}
    )
    other = made("other", "acute-bp-reduction").model_copy(update={"cohorts": ("interact-2",)})
    assert all(one.contested is None for one in build((trial, other), shipped()).associations)


def test_an_association_and_its_counterpart_are_one_entry_of_the_list() -> None:
    two = made("trial", "intensive-bp-lowering", randomised=True, direction="no-association"), made("cohort", "acute-bp-reduction")
    graph = build(two, shipped())
    items = questions.Contested().answer(MemoryReader(graph)).items
    assert [one.exposure.id for one in items] == ["acute-bp-reduction"]
    assert items[0].contested is not None
    assert items[0].contested.counterpart == "intensive-bp-lowering"
    assert [one.cohort_names for one in items[0].contested.camps] == [("cohort",), ("trial",)]


def test_a_contradiction_of_its_own_is_no_part_of_its_counterparts() -> None:
    """Trials that are significant both ways, and cohorts that say more."""

    def ratio(name: str, exposure: str, value: float, **row: Any) -> Study:
        ci = [value * math.exp(-Z * 0.2), value * math.exp(Z * 0.2)]
        return made(name, exposure, measure="OR", contrast_type="binary", value=value, ci=ci, **row)

    trials = [ratio(f"t-{10 * value:.0f}", "intensive-bp-lowering", value, randomised=True) for value in (2.0, 0.4)]
    cohorts = [ratio(f"c-{10 * value:.0f}", "acute-bp-reduction", value) for value in (2.0, 1.9)]
    items = questions.Contested().answer(MemoryReader(build([*trials, *cohorts], shipped()))).items
    assert [one.exposure.id for one in items if one.contested and one.contested.counterpart is None] == ["intensive-bp-lowering"]


REVIEW = {"design": "meta-analysis", "year": 2010}


@pytest.mark.parametrize(
    ("value", "se", "expected"), [(1.05, 0.2, True), (0.5, 0.2, True), (3.4, 0.2, False), (2.0, 0.4, False), (1.2, 0.8, False)]
)
def test_a_published_estimate_that_says_otherwise_is_a_contradiction(value: float, se: float, expected: bool) -> None:
    """Ours is 3.00 (2.03-4.44), of one cohort: the other verdict, and the point of one outside the interval of the other."""

    def figures(value: float, se: float) -> dict[str, Any]:
        ci = [value * math.exp(-Z * se), value * math.exp(Z * se)]
        return {"measure": "OR", "contrast_type": "binary", "value": value, "ci": ci}

    own = made("own", "hypertension", **figures(3.0, 0.2))
    review = made("review", "hypertension", pooled=True, **figures(value, se)).model_copy(update=REVIEW)
    found = edge(build((own, review), shipped()), "hypertension", "r-dwi").contested
    assert (found is not None) is expected
    if found is not None:
        assert [one.studies for one in found.camps] == [("own",), ("review",)]


@pytest.mark.parametrize(
    ("exposure", "outcome", "expected"),
    [
        ("cerebral-microbleeds", "poor-functional-outcome", True),
        ("cerebral-amyloid-angiopathy", "r-dwi", True),
        ("atrial-fibrillation", "r-dwi", False),
    ],
)
def test_the_corpus_contradicts_its_reviews_where_it_must(graph: EvidenceGraph, exposure: str, outcome: str, expected: bool) -> None:
    assert (edge(graph, exposure, outcome).contested is not None) is expected


def test_a_counterpart_shares_no_vote() -> None:
    graph = build((made("trial", "intensive-bp-lowering", randomised=True), made("cohort", "acute-bp-reduction")), shipped())
    assert {one.exposure.id: one.cohorts for one in graph.associations} == {"intensive-bp-lowering": 1, "acute-bp-reduction": 1}


def test_every_contested_association_has_two_camps_or_more(graph: EvidenceGraph) -> None:
    found = [one.contested for one in graph.associations if one.contested is not None]
    assert found
    assert all(len(one.camps) >= 2 for one in found)
    assert all(taken.studies for one in found for taken in one.camps)


def test_an_estimate_overlaps_with_nothing_that_is_none_or_of_no_comparison() -> None:
    near = report("d", 0.9, information=300.0, se=0.6, comparison=OR)
    assert 3 in surprising([*[report(name, 5.0, information=60.0, comparison=OR) for name in ("a", "b", "c")], near])
    assert 3 in surprising([*[report(name, 5.0, information=60.0, se=0.3) for name in ("a", "b", "c")], near])
    wide = [report(name, 5.0, information=60.0, se=0.3, comparison=OR) for name in ("a", "b", "c")]
    assert 3 in surprising([*wide, report("d", 0.9, information=300.0, comparison=OR)])
    assert 3 in surprising([*wide, report("d", 0.9, information=300.0, se=0.6)])


def test_an_unread_sign_is_passed_over_and_what_comes_after_it_is_not() -> None:
    others = [report(name, -5.0, information=60.0) for name in ("a", "b", "c")]
    assert surprising([*others, report("d", NULL, kind="unclear"), report("e", UP, kind="significant", information=60.0)]) == [4]
