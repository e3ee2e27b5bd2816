"""Absolute risks: where they are honest, and where they are refused."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from graph import questions
from graph.build import corpus_of, group, read_all
from graph.opening import shipped
from graph.stores.memory import MemoryReader
from graph.synthesis.absolute_risks import EQUATIONS, Share, _without, absolute
from graph.synthesis.associations import synthesise
from schema.errors import BadParameter
from schema.robustness import AbsoluteRisk
from schema.study import Study


def risk(reader: MemoryReader, exposure: str, outcome: str = "r-dwi", baseline: float | None = None) -> AbsoluteRisk:
    found = questions.Evidence(exposure=exposure, outcome=outcome, baseline=baseline).answer(reader).absolute
    assert found is not None
    return found


def test_an_odds_ratio_is_a_risk_at_a_given_baseline(reader: MemoryReader) -> None:
    one = questions.Evidence(exposure="cerebral-microbleeds", outcome="r-dwi", baseline=16).answer(reader)
    assert one.association is not None
    assert one.association.average is not None
    # what the direction rests on: the average of these cohorts
    odds = 16 / 84 * one.association.average.estimate
    assert one.absolute is not None
    assert one.absolute.exposed == pytest.approx(100 * odds / (1 + odds), abs=0.051)
    assert (one.absolute.baseline, one.absolute.baseline_source, one.absolute.why) == (16, "given", None)
    assert one.absolute.ci is not None
    assert one.absolute.ci[0] < one.absolute.exposed < one.absolute.ci[1]
    assert one.query["baseline"] == 16


def test_without_a_baseline_that_of_the_unexposed_behind_the_headline_is_taken(reader: MemoryReader) -> None:
    found = risk(reader, "intensive-bp-lowering")
    (counts,) = [
        row.counts
        for row in questions.Evidence(exposure="intensive-bp-lowering", outcome="r-dwi").answer(reader).rows
        if row.used != "shown" and row.counts
    ]
    assert found.baseline == pytest.approx(100 * counts.unexposed_cases / counts.unexposed_total, abs=0.051)
    assert found.baseline_source == "unexposed"


@pytest.mark.parametrize("share", [0.15, 0.3, 0.5])
def test_else_the_two_risks_make_the_prevalence_of_the_population_together(reader: MemoryReader, share: float) -> None:
    found = risk(reader, "cerebral-microbleeds")
    pooled = questions.Prevalence(lesion="r-dwi", population="ich").answer(reader).prevalence.pooled
    assert pooled is not None
    pairs = {100 * 0.3: (found.baseline, found.exposed)} | {one.exposed_pct: (one.baseline, one.exposed) for one in found.beside}
    assert (found.exposed_pct, found.baseline_source, len(pairs)) == (30, "ich", 3)
    without, exposed = pairs[100 * share]
    assert without is not None
    assert exposed is not None
    assert share * exposed + (1 - share) * without == pytest.approx(pooled.pct, abs=0.06)


def test_of_a_hundred_with_and_without_microbleeds_34_and_18_have_remote_lesions(reader: MemoryReader) -> None:
    found = risk(reader, "cerebral-microbleeds")
    assert (round(found.baseline or 0), round(found.exposed or 0)) == (18, 34)


@pytest.mark.parametrize(("measure", "exposed"), [("OR", 100 / 3), ("RR", 40.0), ("HR", 36.0)])
def test_each_ratio_has_its_own_equation(measure: str, exposed: float) -> None:
    assert EQUATIONS[measure](20, 2) == pytest.approx(exposed)


@pytest.mark.parametrize("measure", ["OR", "RR", "HR"])
@pytest.mark.parametrize("ratio", [0.3, 1.0, 2.59, 6.0])
@pytest.mark.parametrize("share", [0.05, 0.3, 0.9])
def test_the_risk_without_is_the_one_whose_mixture_is_the_prevalence(measure: str, ratio: float, share: float) -> None:
    risk_with = EQUATIONS[measure]
    without = _without(15, ratio, share, risk_with)
    assert without is not None
    assert share * risk_with(without, ratio) + (1 - share) * without == pytest.approx(15)


def test_where_no_risk_without_makes_the_prevalence_there_is_none() -> None:
    assert _without(90, 2, 0.5, EQUATIONS["RR"]) is None


def made_up(prevalence: Share | None, design: str = "prospective-cohort", **row: Any) -> AbsoluteRisk:
    """Of one cohort that prints its table: 20 of 60 with the exposure, 10 of 80 without."""
    people = {"id": "all", "label": "all", "condition": "ich", "arteriopathy": "any", "location": "any", "n": 140}
    table = {"exposed_cases": 20, "exposed_total": 60, "unexposed_cases": 10, "unexposed_total": 80}
    figures = {
        "population": "all",
        "measure": "OR",
        "contrast_type": "binary",
        "direction": "increases",
        "counts": table,
        "adjusted": False,
    }
    sheet = {"id": "s", "read": "abstract", "design": design, "n": 140, "populations": [people]}
    finding = {"exposure": "hypertension", "outcome": "r-dwi", **figures, **row}
    made = corpus_of([Study.model_validate({**sheet, "findings": [finding]})], shipped())
    key = ("hypertension", "r-dwi", "ich")
    found = synthesise(*key, group(read_all(made), shipped())[key], made)
    return absolute(found.association, shipped().vocabulary["r-dwi"], found.rows, lambda: prevalence, None, made.studies)


def test_the_share_exposed_is_the_one_that_the_headlines_rows_print() -> None:
    found = made_up(Share(15, "ich"))
    assert found.exposed_pct == pytest.approx(100 * 60 / 140, abs=0.051)
    assert found.baseline is not None
    assert found.exposed is not None
    assert 60 / 140 * found.exposed + 80 / 140 * found.baseline == pytest.approx(15, abs=0.06)
    unknown = made_up(Share(15, "ich"), value=3.5, ci=[1.5, 8.2], adjusted=True, counts=None)
    assert (unknown.exposed_pct, [one.exposed_pct for one in unknown.beside]) == (30, [15, 50])


def test_of_a_trial_the_control_arms_risk_is_the_baseline_whatever_the_prevalence() -> None:
    found = made_up(Share(40, "ich"), randomised=True)
    assert (found.baseline, found.baseline_source, found.exposed, found.beside) == (12.5, "unexposed", pytest.approx(33.3), ())


def test_a_rare_outcomes_risks_have_figures_and_are_not_nought() -> None:
    found = made_up(Share(0.04, "ich"))
    assert found.baseline is not None
    assert found.exposed is not None
    assert found.ci is not None
    assert 60 / 140 * found.exposed + 80 / 140 * found.baseline == pytest.approx(0.04, rel=0.03)
    assert found.ci[0] > 0
    assert "make the 0.040% of all patients" in (found.caveat or "")


def test_without_a_baseline_there_are_no_numbers() -> None:
    found = made_up(None, value=3.5, ci=[1.5, 8.2], adjusted=True, counts=None)
    assert (found.baseline, found.exposed, found.ci, found.needs_baseline) == (None, None, None, True)


@pytest.mark.parametrize(
    ("exposure", "outcome", "why"),
    [
        ("acute-bp-reduction", "r-dwi", "not of patients with against patients without"),
        ("admission-map", "r-dwi", "Only a direction is known"),
        ("haematoma-volume", "r-dwi", "per step"),
    ],
)
def test_what_makes_no_risk_is_refused(reader: MemoryReader, exposure: str, outcome: str, why: str) -> None:
    found = risk(reader, exposure, outcome, 20)
    assert found.why is not None
    assert why in found.why
    assert (found.baseline, found.exposed, found.ci, found.needs_baseline) == (None, None, None, False)


def test_every_association_with_a_direction_alone_is_refused(reader: MemoryReader) -> None:
    for one in reader.edges(outcome="r-dwi", population="ich"):
        if one.estimate is None:
            assert risk(reader, one.exposure.id, baseline=20).why is not None, one.exposure.id


def test_where_no_baseline_is_known_one_must_be_given(reader: MemoryReader) -> None:
    found = risk(reader, "r-dwi", "poor-functional-outcome")
    assert found.needs_baseline
    assert found.exposed is None
    assert risk(reader, "r-dwi", "poor-functional-outcome", 30).exposed is not None


@pytest.mark.parametrize("baseline", [0, 100, -3, float("nan")])
def test_a_baseline_is_a_percentage(client: TestClient, baseline: float) -> None:
    asked = {"exposure": "cerebral-microbleeds", "outcome": "r-dwi", "baseline": baseline}
    with pytest.raises(BadParameter):
        questions.Evidence.of(asked)
    assert client.get("/v1/evidence", params=asked).status_code == 422


def test_a_published_headline_whose_direction_no_cohort_here_reports_makes_no_risk(reader: MemoryReader) -> None:
    one = questions.Evidence(exposure="atrial-fibrillation", outcome="r-dwi").answer(reader)
    assert one.association is not None
    assert (one.association.estimate_source, one.association.direction, one.association.increases) == ("published", "increases", 0)
    assert one.association.cohorts
    found = risk(reader, "atrial-fibrillation", baseline=20)
    assert "published meta-analysis" in (found.why or "")
    assert (found.exposed, found.needs_baseline) == (None, False)


def test_the_answer_says_of_what_the_two_risks_are(reader: MemoryReader) -> None:
    assert "of all patients where 30% have it" in (risk(reader, "cerebral-microbleeds").caveat or "")
    given, unexposed = risk(reader, "cerebral-microbleeds", baseline=16), risk(reader, "intensive-bp-lowering")
    assert (given.caveat, unexposed.caveat) == (None, None)
    assert (given.estimate_source, unexposed.estimate_source) == tuple(
        questions.Evidence(exposure=factor, outcome="r-dwi").answer(reader).association.estimate_source  # type: ignore[union-attr]
        for factor in ("cerebral-microbleeds", "intensive-bp-lowering")
    )


def test_outside_the_fields_own_population_its_prevalence_is_no_baseline(reader: MemoryReader) -> None:
    found = questions.Evidence(exposure="intracerebral-haemorrhage", outcome="r-dwi", population="comparison").answer(reader).absolute
    assert found is not None
    assert (found.exposed, found.needs_baseline) == (None, True)


def test_the_share_that_printed_percentages_give_is_taken(reader: MemoryReader) -> None:
    found = risk(reader, "intensive-bp-protocol")
    assert found.exposed_pct == pytest.approx(100 * 57 / (57 + 62), abs=0.051)
    assert "a share that the papers" not in (found.caveat or "")


@pytest.mark.parametrize(("randomised", "baseline"), [(True, 12.5), (False, None)])
def test_only_the_control_arm_of_a_trial_is_a_baseline_without_a_prevalence(randomised: bool, baseline: float | None) -> None:
    assert made_up(None, randomised=randomised).baseline == baseline


def test_one_against_another_is_nobody_without_either() -> None:
    assert made_up(Share(20, "ich"), versus="diabetes").why is not None


def test_of_cases_and_controls_the_share_exposed_is_nobodys() -> None:
    assert made_up(Share(15, "ich"), "case-control").exposed_pct == 30
