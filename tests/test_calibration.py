"""The protocol of the calibration on made-up data: what is left out, what is seen, what scores say; and a small simulation."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET
from typing import Any

import numpy as np
import pytest

from benchmarks.calibration.corpus import Protocol, forecast
from benchmarks.calibration.report import curve_svg
from benchmarks.calibration.scores import (
    brier,
    by_direction,
    counts,
    learn_added,
    log_score,
    reliability,
    resampled,
    shares,
)
from benchmarks.calibration.simulation import Slot, coverage, draw_edge, simulate, worlds
from benchmarks.calibration.variants import (
    MU,
    SERVED,
    TAU,
    Likelihoods,
    below,
    chances,
    learn,
    p_positive,
    posteriors,
    variants,
)
from graph.opening import shipped, shipped_studies
from graph.synthesis.method import Z95
from graph.synthesis.weight import ReportedZ, reference_information, weigh
from schema.study import Finding, Population, Study

INF = math.inf


def study(name: str, *rows: tuple[str, str, float | str | None], **more: Any) -> Study:
    """A study of 150 with ICH; rows are (exposure, direction, p)."""
    findings = tuple(
        Finding(exposure=exposure, outcome="r-dwi", population="all", measure="p-only", direction=direction, p=p)  # type: ignore[arg-type]
        for exposure, direction, p in rows
    )
    everyone = Population(id="all", label="all", condition="ich", arteriopathy="any", location="any", n=150)
    return Study(
        id=name, title=name, authors=(name.title(),), year=2020, design="prospective-cohort", read="abstract",
        n=150, populations=(everyone,), findings=findings, **more,
    )  # fmt: skip


STUDIES = (
    study("a", ("age", "increases", 0.01), ("hypertension", "increases", 0.02)),
    study("b", ("age", "increases", 0.03), overlaps_with=("a",)),
    study("c", ("age", "no-association", 0.5), cohorts=("x",)),
    study("d", ("age", "increases", 0.001), overlaps_with=("b",)),
    study("e", ("age", "decreases", 0.04), cohorts=("x",)),
    study("f", ("age", "unclear", 0.2)),
    study("g", ("hypertension", "increases", None)),
)


@pytest.fixture(scope="module")
def small() -> Protocol:
    return Protocol(STUDIES, shipped())


def test_folds_are_whole_overlap_components(small: Protocol) -> None:
    of = small.component
    assert of["a"] == of["b"] == of["d"]
    assert of["c"] == of["e"]
    assert len({of[name] for name in "acfg"}) == 4


def test_nothing_of_the_held_out_component_is_among_the_others(small: Protocol) -> None:
    assert small.held_out
    for held in small.held_out:
        assert held.component not in {small.component[row.study] for row in held.others}
        learned = small.learning(held.component)
        assert held.component not in {small.component[row.study] for rows in learned.values() for row in rows}


def test_what_the_held_out_component_reports_reaches_no_forecast_of_it() -> None:
    """Turning every report of a component, and its size, leaves the forecasts of it as they were."""
    turned = {"increases": "decreases", "decreases": "increases", "no-association": "increases"}
    others = tuple(
        one.model_copy(
            update={"findings": tuple(row.model_copy(update={"direction": turned[row.direction], "p": 0.02}) for row in one.findings)}
        )
        if one.id in {"c", "e"}
        else one
        for one in STUDIES
    )
    before, after = (Protocol(studies, shipped()) for studies in (STUDIES, others))
    component = before.component["c"]
    for model in variants():
        made = []
        for protocol in (before, after):
            by = forecast(protocol, [model]).by
            made.append(next(by[model.name][i] for i, held in enumerate(protocol.held_out) if held.component == component))
        assert made[0] == pytest.approx(made[1])


def test_an_unread_sign_is_no_report_to_forecast(small: Protocol) -> None:
    assert "f" not in {held.observation.study for held in small.held_out}
    assert {held.key[0] for held in small.held_out} == {"age", "hypertension"}


def test_each_row_of_the_corpus_is_scored_once_and_predicted_by_others_only() -> None:
    protocol = Protocol(shipped_studies(shipped()), shipped())
    findings = [held.observation.finding for held in protocol.held_out]
    assert len(findings) == len(set(findings)) > 80
    assert all(held.others for held in protocol.held_out)
    assert not any(row.published for rows in protocol.all.values() for row in rows)


def test_scores_of_known_forecasts() -> None:
    forecasts = np.array([[0.0, 0.0, 1.0], [0.2, 0.3, 0.5], [1 / 3, 1 / 3, 1 / 3]])
    assert brier(forecasts, [1, 0, -1]) == pytest.approx([0, (0.04 + 0.49 + 0.25) / 2, (4 / 9 + 2 / 9) / 2])
    assert log_score(forecasts, [1, 0, -1]) == pytest.approx([0, -math.log(0.3), math.log(3)])


def test_votes_are_symmetric_unless_they_are_told() -> None:
    seen = counts([1, 1, 0])
    assert shares(seen, (1, 1, 1)) == pytest.approx([1 / 6, 2 / 6, 3 / 6])
    assert by_direction(2, 0, 0.5) == pytest.approx([0.125, 0.5, 0.375])
    edges = np.array([[0, 1, 3], [0, 0, 2], [1, 1, 4], [0, 2, 0]], dtype=float)
    assert learn_added(edges, symmetric=True)[[0, 2]] == pytest.approx(learn_added(edges[:, ::-1], symmetric=True)[[2, 0]])
    told = learn_added(edges, symmetric=False)
    assert told[2] > told[0]


def test_whole_clusters_are_drawn_again() -> None:
    """One cluster has no spread; equal clusters spread as single values do not."""
    values = np.array([0.0, 1.0, 0.0, 1.0, 5.0])
    assert resampled(values, [1, 1, 1, 1, 1]) == pytest.approx((1.4, 1.4, 1.4))
    within = np.tile([0.0, 1.0], 50)
    paired = resampled(within, np.repeat(np.arange(50), 2).tolist())
    single = resampled(within, list(range(100)))
    assert paired == pytest.approx((0.5, 0.5, 0.5))
    assert single[2] - single[1] > 0.1


def test_reliability_counts_every_forecast_once() -> None:
    curve = reliability(np.linspace(0, 1, 23), np.linspace(0, 1, 23) > 0.5, 5)
    assert sum(number for _, _, number in curve) == 23
    assert [mean for mean, _, _ in curve] == sorted(mean for mean, _, _ in curve)
    drawn = ET.fromstring(curve_svg({"one": curve}, "title"))
    assert len(drawn.findall("{http://www.w3.org/2000/svg}circle")) == 5


REPORTS = {
    "nothing": [],
    "an estimate": [ReportedZ(1.2, 1.2, 30)],
    "a word": [ReportedZ(Z95, INF, 25)],
    "a null and an estimate": [ReportedZ(-Z95, Z95, 40), ReportedZ(2.8, 2.8, 20)],
    "a precise one": [ReportedZ(4, 4, 1900)],
    "both ways": [ReportedZ(3, 3, 60), ReportedZ(-INF, -Z95, 25)],
}


@pytest.mark.parametrize("given", REPORTS.values(), ids=REPORTS)
def test_the_served_variant_is_the_weight_that_is_served(given: list[ReportedZ]) -> None:
    served = variants()[-1]
    masses = posteriors(learn(served, np.zeros((1, 1, 1))), Likelihoods([given], served.rhos), 0)
    expected = weigh(given)
    assert chances(masses, reference_information(), printed=False)[1 + expected.sign] == pytest.approx(expected.weight, abs=1e-3)
    assert max(p_positive(masses), 1 - p_positive(masses)) == pytest.approx(expected.p_direction, abs=2e-3)


def test_every_prior_is_symmetric_and_whole() -> None:
    for variant in variants():
        for mass in variant.priors:
            assert mass.sum() == pytest.approx(1)
            table = mass.reshape(len(TAU), len(MU))
            assert table == pytest.approx(table[:, ::-1])
            assert below([(1.0, mass)], 0.0) == pytest.approx(0.5)


def test_a_rho_that_made_the_reports_is_learned_from_them() -> None:
    """Marginal likelihood tells nulls that are printed a tenth as often from those that are printed half as often."""
    learned = []
    for rho in (0.1, 0.5):
        rng = np.random.default_rng(4)
        world = worlds()[0]
        slots = [Slot(30, estimate) for estimate in (True, False)]
        drawn = [
            draw_edge(type(world)("one", world.mu, world.tau, lambda _, rho=rho: rho), slots, rng)  # type: ignore[misc]
            for _ in range(400)
        ]
        model = variants()[1]
        at = Likelihoods([edge.reports for edge in drawn if edge is not None], model.rhos)
        learned.append(learn(model, at.marginal(model)).rhos[0])
    assert learned[0] <= 0.2
    assert learned[1] >= 0.3


def test_in_a_small_simulated_world_intervals_cover_and_the_weight_beats_votes() -> None:
    slots = [[Slot(26, False)], [Slot(40, True)], [Slot(20, True), Slot(60, False)]] * 60
    tallies = simulate(worlds()[0], slots, 1, seed=3, models=[variants()[-1]])
    served = tallies[SERVED]
    assert 0.90 <= coverage(served) <= 0.99
    for votes in ("votes-direction", "votes-significance", "votes-significance-learned"):
        assert np.mean(served.log) < np.mean(tallies[votes].log)
    weight = np.array(served.weight)
    assert np.mean(served.replicates) == pytest.approx(weight.mean(), abs=0.05)


def test_the_same_patients_reported_twice_count_once() -> None:
    rng = np.random.default_rng(1)
    drawn = [draw_edge(worlds()[0], [Slot(30, True), Slot(40, False)], rng) for _ in range(100)]
    assert all(edge is not None and len(edge.reports) == 2 for edge in drawn)
    assert any(edge is not None and len(edge.doubled) > 2 for edge in drawn)
