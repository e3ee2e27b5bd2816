"""Absolute risks: where they are honest, and where they are refused."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from graph import questions
from graph.stores.memory import MemoryReader
from schema.errors import BadParameter
from schema.robustness import AbsoluteRisk


def risk(reader: MemoryReader, exposure: str, outcome: str = "r-dwi", baseline: float | None = None) -> AbsoluteRisk:
    found = questions.Evidence(exposure=exposure, outcome=outcome, baseline=baseline).answer(reader).absolute
    assert found is not None
    return found


def test_an_odds_ratio_is_a_risk_at_a_given_baseline(reader: MemoryReader) -> None:
    one = questions.Evidence(exposure="cerebral-microbleeds", outcome="r-dwi", baseline=16).answer(reader)
    assert one.association is not None
    assert one.association.estimate is not None
    odds = 16 / 84 * one.association.estimate
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


def test_else_the_prevalence_of_the_population_is_taken(reader: MemoryReader) -> None:
    found = risk(reader, "cerebral-microbleeds")
    pooled = questions.Prevalence(lesion="r-dwi", population="ich").answer(reader).prevalence.pooled
    assert pooled is not None
    assert (found.baseline, found.baseline_source) == (round(pooled.pct, 1), "ich")


@pytest.mark.parametrize(
    ("exposure", "outcome", "why"),
    [
        ("acute-bp-reduction", "r-dwi", "not of patients with against patients without"),
        ("admission-map", "r-dwi", "Only a direction is known"),
        ("haematoma-volume", "r-dwi", "difference on a scale"),
        ("r-dwi", "recurrent-ich", "hazard ratio"),
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


def test_where_the_baseline_is_of_all_patients_the_answer_says_that_it_is_not_the_risk_without(reader: MemoryReader) -> None:
    assert "with and without" in (risk(reader, "cerebral-microbleeds").caveat or "")
    given, unexposed = risk(reader, "cerebral-microbleeds", baseline=16), risk(reader, "intensive-bp-lowering")
    assert (given.caveat, unexposed.caveat) == (None, None)
    assert (given.estimate_source, unexposed.estimate_source) == tuple(
        questions.Evidence(exposure=factor, outcome="r-dwi").answer(reader).association.estimate_source  # type: ignore[union-attr]
        for factor in ("cerebral-microbleeds", "intensive-bp-lowering")
    )
