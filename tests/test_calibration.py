"""The calibration on made-up data and the corpus: what is left out, forecast, learned and scored; and small worlds."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import permutations
from statistics import NormalDist
from typing import Any

import numpy as np
import pytest

from benchmarks.calibration.corpus import FORECASTS, METHOD_3, Protocol, as_ranges, forecast, positive, words_and_figures
from benchmarks.calibration.learning import learned, shares, typical
from benchmarks.calibration.scores import log_score, reliability, resampled
from benchmarks.calibration.simulation import Slot, World, draw_edge, seen, simulate, slots_of, worlds
from graph.opening import shipped, shipped_studies
from graph.synthesis.method import METHOD, Z95
from graph.synthesis.weight import ReportedZ, posterior, reported_zs, weigh
from schema.study import Finding, Population, Study


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
    study("c", ("age", "decreases", 0.04), cohorts=("x",)),
    study("d", ("age", "increases", 0.001), overlaps_with=("b",)),
    study("e", ("age", "no-association", 0.5), cohorts=("x",)),
    study("f", ("age", "unclear", 0.2)),
    study("g", ("hypertension", "increases", None)),
    study("h", ("hypertension", "increases", 0.3), ("age", "increases", "<0.001")),
)


@pytest.fixture(scope="module")
def small() -> Protocol:
    return Protocol(STUDIES, shipped())


@pytest.fixture(scope="module")
def corpus() -> Protocol:
    return Protocol(shipped_studies(shipped()), shipped())


# --- what is left out ---


def test_folds_are_whole_overlap_components(small: Protocol) -> None:
    of = small.component
    assert of["a"] == of["b"] == of["d"]
    assert of["c"] == of["e"]
    assert len({of[name] for name in "acfgh"}) == 5


def test_nothing_of_the_held_out_component_is_seen(small: Protocol) -> None:
    assert {small.component[name] for name in "acgh"} == {held.component for held in small.held_out}
    exact = {study.id: [NormalDist().inv_cdf(1 - row.p / 2) for row in study.findings if isinstance(row.p, float)] for study in STUDIES}
    for held in small.held_out:
        assert held.others
        assert held.component not in {small.component[one.observation.study] for one in held.others}
        taught = small.learning(held.component)
        assert held.component not in {small.component[one.observation.study] for reports in taught.values() for one in reports}
        # neither a null nor an unread sign, nor what isn't significant, is an exact figure of a significant report
        outside = [z for name in "abcd" if small.component[name] != held.component for z in exact[name]]
        assert sorted(small.exact(held.component)) == pytest.approx(sorted(outside))


def test_what_the_held_out_component_reports_reaches_no_forecast_of_it(small: Protocol) -> None:
    """Turning every report of a component, and what is significant by how much, leaves the forecasts of it as they were."""
    turned = {"increases": "decreases", "decreases": "increases", "no-association": "increases"}

    def turn(row: Finding) -> Finding:
        significant = isinstance(row.p, float) and row.p < 0.05
        return row.model_copy(update={"direction": turned[row.direction], "p": 0.015 if significant else row.p})

    def by_finding(protocol: Protocol) -> dict[str, list[float]]:
        made = forecast(protocol)
        return {held.report.findings[0]: [made[name][i] for name in FORECASTS] for i, held in enumerate(protocol.held_out)}

    before = by_finding(small)
    for names in ("abd", "ce", "g", "h"):
        others = [one.model_copy(update={"findings": tuple(map(turn, one.findings))}) if one.id in names else one for one in STUDIES]
        after = by_finding(Protocol(others, shipped()))
        own = [finding for finding in before if finding[0] in names]
        assert own
        assert [after[finding] for finding in own] == [pytest.approx(before[finding]) for finding in own]
        # and reaches those of others
        assert any(after[finding] != pytest.approx(before[finding]) for finding in before if finding not in own)


def test_an_unread_sign_and_a_null_are_no_reports_to_forecast(small: Protocol) -> None:
    assert not {"e", "f"} & {held.report.observation.study for held in small.held_out}
    assert {held.key[0] for held in small.held_out} == {"age", "hypertension"}


def test_each_row_of_the_corpus_is_scored_once_and_predicted_by_others_only(corpus: Protocol) -> None:
    findings = [held.report.findings for held in corpus.held_out]
    assert {len(one) for one in findings} == {1}
    assert len(findings) == len(set(findings)) > 80
    assert all(held.others and held.report.sign for held in corpus.held_out)
    assert not any(row.published for rows in corpus.all.values() for row in rows)


def test_an_edge_teaches_where_one_of_its_cohorts_prints_an_exact_figure(small: Protocol) -> None:
    assert {key[0] for key in small.learning(None)} == {"age", "hypertension"}
    # without a and its kin, hypertension has a word and a p that is not significant
    assert {key[0] for key in small.learning(small.component["a"])} == {"age"}


# --- forecasts ---


def test_votes_and_the_base_rate_are_counted_by_hand(small: Protocol) -> None:
    made = forecast(small)
    at = {(held.report.observation.study, held.key[0]): i for i, held in enumerate(small.held_out)}
    # of age, c's others are a and d, which share patients with b alone, and h; f's sign is not known
    assert (made["reports"][at["c", "age"]], made["directions"][at["c", "age"]]) == (4 / 5, 4 / 5)
    # of hypertension, g's others are a, and h, which is not significant
    assert (made["reports"][at["g", "hypertension"]], made["directions"][at["g", "hypertension"]]) == (2 / 3, 3 / 4)
    # without g: age up by three and down by one, hypertension up by two
    assert made["base rate"][at["g", "hypertension"]] == 6 / 8


def test_method_3_saw_a_word_as_any_significant_z(small: Protocol) -> None:
    (one,) = (held for held in small.held_out if held.report.observation.study == "a" and held.key[0] == "hypertension")
    word = next(report for report in one.others if report.observation.study == "g")
    (seen_so,) = as_ranges([word])
    assert [seen_so.low, seen_so.high] == pytest.approx([Z95, math.inf])
    # its mean is N(0, 0.5) beforehand
    grid = posterior([], METHOD_3)
    assert math.sqrt((grid.mass.sum(axis=(0, 1)) * grid.mu**2).sum()) == pytest.approx(0.5, rel=0.01)


@pytest.mark.parametrize("trials", [1, 4])
def test_the_probability_of_a_sign_is_how_often_simulated_reports_have_it(small: Protocol, trials: int) -> None:
    grid = posterior([ReportedZ(2.6, 2.6, 30.0)])
    draw = np.random.default_rng(5)
    mass = grid.mass.sum(axis=0)
    picks = draw.choice(mass.size, 400_000, p=mass.ravel())
    tau, mu = grid.tau[picks // len(grid.mu)], grid.mu[picks % len(grid.mu)]
    for held in small.held_out:
        information = held.report.observation.information
        z = draw.normal(draw.normal(mu, tau / math.sqrt(trials)) * math.sqrt(information), 1)
        alike = z[(np.abs(z) > Z95) == bool(held.report.observation.significant)]
        assert positive(grid, replace(held.report, trials=trials)) == pytest.approx((alike > 0).mean(), abs=0.006)


# --- what is learned ---

PAIR = replace(METHOD, weight_sds=(0.1, 0.8), weight_shares=(0.5, 0.5))
MEANS = ((0.3, 400.0), (-0.22, 600.0), (0.15, 900.0), (-1.4, 50.0), (0.05, 600.0))


def test_shares_are_those_of_largest_marginal_likelihood() -> None:
    """Of published means the marginal likelihood is a normal density: variances add."""
    found = shares([[ReportedZ(y * math.sqrt(i), y * math.sqrt(i), i, on_mean=True)] for y, i in MEANS], PAIR)
    near, narrow, wide = (
        np.array([NormalDist(0, math.hypot(sd, 1 / math.sqrt(i))).pdf(y) for y, i in MEANS])[:, None] for sd in (0.01, 0.1, 0.8)
    )
    first = np.linspace(0, 1, 20_001)
    best = first[np.log(0.5 * near + 0.5 * (first * narrow + (1 - first) * wide)).sum(axis=0).argmax()]
    assert 0.1 < best < 0.9
    assert found == pytest.approx((best, 1 - best), abs=1e-3)


def test_shares_sum_to_1_in_any_order_of_edges() -> None:
    edges = [[ReportedZ(z, z, 30.0), ReportedZ(-Z95, Z95, 20.0)] for z in (2.1, -3.4, 5.0)]
    first, *others = (shares(list(order), METHOD) for order in permutations(edges))
    assert sum(first) == pytest.approx(1)
    assert min(first) >= 0
    for other in others:
        assert other == pytest.approx(first, abs=1e-9)


def test_a_word_is_read_as_the_median_beyond_its_bound() -> None:
    assert typical([1.0, 2.0, 2.2, 2.7, 3.0, 3.5, 5.0]) == pytest.approx((2.85, 3.25, 4.25))
    assert typical([1.0, 2.0, 2.8]) == pytest.approx((2.4, 2.8, METHOD.typical_z[2]))


def test_the_shipped_field_has_the_constants_that_the_shipped_corpus_teaches(corpus: Protocol) -> None:
    own, found = corpus.corpus.method, learned(list(corpus.learning(None).values()), corpus.exact(None))
    assert own.weight_shares == pytest.approx(found.weight_shares, abs=0.002)
    assert own.typical_z == pytest.approx(found.typical_z, abs=0.02)


def test_a_word_is_on_average_no_surer_than_the_figures_in_the_corpus(corpus: Protocol) -> None:
    rows = [
        (abs(row.z), row.information) for row in corpus.observations if row.kind in {"estimate", "significant"} and isinstance(row.z, float)
    ]
    known = [(z, information) for z, information in rows if z > Z95]
    assert len(known) > 150
    figure, word = words_and_figures(known, corpus.corpus.method)
    assert 0.6 < word <= figure < 0.99


def test_no_sign_in_the_corpus_hangs_on_the_part_near_zero(corpus: Protocol) -> None:
    method = corpus.corpus.method
    for key, rows in corpus.all.items():
        reports = reported_zs(corpus.without(key, rows, -1), method)
        assert weigh(reports, method).likelier == weigh(reports, replace(method, weight_near_zero=0.0)).likelier, key


# --- scores ---


def test_log_scores_are_of_the_probability_of_the_sign_that_was_reported() -> None:
    assert log_score([0.8, 0.8, 0.5, 1.0], [1, -1, 1, 1]) == pytest.approx([-math.log(0.8), -math.log(0.2), math.log(2), 0])


def test_whole_clusters_are_drawn_again() -> None:
    """One cluster has no spread; two of unlike size give the mean of either or of both."""
    assert resampled(np.array([0.0, 1.0, 5.0]), [1, 1, 1]) == pytest.approx((2, 2, 2))
    assert resampled(np.array([0.0, 0.0, 1.0]), [7, 7, 3]) == pytest.approx((1 / 3, 0, 1))
    pairs = np.tile([0.0, 1.0], 50)
    assert resampled(pairs, np.repeat(np.arange(50), 2).tolist()) == pytest.approx((0.5, 0.5, 0.5))
    mean, low, high = resampled(pairs, list(range(100)))
    assert (mean, low, high) == pytest.approx((0.5, 0.5 - 1.96 * 0.05, 0.5 + 1.96 * 0.05), abs=0.02)


def test_bins_hold_what_was_said_and_the_share_that_was_right() -> None:
    said, right = np.array([0.5, 0.59, 0.6, 0.97, 0.999]), np.array([1.0, 0.0, 1.0, 1.0, 0.5])
    assert reliability(said, right) == [
        (pytest.approx(0.545), 0.5, 2), (0.6, 1.0, 1), (pytest.approx(0.9845), 0.75, 2),
    ]  # fmt: skip


# --- worlds ---


def test_what_is_not_significant_is_printed_rho_times_as_often() -> None:
    nothing = World("nothing", 1.0, 0.0, 0.0, lambda _: 0.1)
    rng = np.random.default_rng(2)
    edge = draw_edge(nothing, [Slot(30.0, figure=True)] * 4000, METHOD, rng)
    nulls = np.mean([abs(z) <= Z95 for z, _, _ in edge.printed])
    assert nulls == pytest.approx(0.095 / (0.05 + 0.095), abs=0.03)
    assert edge.mu == 0


def test_where_words_are_the_weaker_they_are() -> None:
    rng = np.random.default_rng(2)
    slots = [Slot(30.0, figure=True), Slot(30.0, figure=False)] * 1000
    edges = {one.name: draw_edge(replace(one, near_zero=0.0, tau_scale=2.0), slots, METHOD, rng) for one in worlds()}

    def strength(name: str, *, figure: bool) -> float:
        return float(np.median([abs(z) for z, _, shown in edges[name].printed if shown is figure and abs(z) > Z95]))

    assert strength("words are the weaker", figure=False) < strength("words are the weaker", figure=True) - 1
    assert strength("own prior", figure=False) == pytest.approx(strength("own prior", figure=True), rel=0.15)


def test_what_is_seen_of_an_edge_is_a_figure_a_typical_word_or_a_null() -> None:
    edge = draw_edge(worlds()[0], [], METHOD, np.random.default_rng(1))._replace(
        printed=((-2.3, 20.0, True), (0.4, 20.0, True), (-7.0, 30.0, False), (1.1, 40.0, False))
    )
    word = METHOD.typical_z[0]
    assert seen(edge, METHOD) == sorted(ReportedZ(*z) for z in ((-2.3, -2.3, 20), (0.4, 0.4, 20), (-word, -word, 30), (-Z95, Z95, 40)))


def test_in_small_worlds_of_its_own_prior_what_is_said_is_right(corpus: Protocol) -> None:
    said, right = simulate(worlds(corpus.corpus.method)[0], slots_of(corpus), corpus.corpus.method, 2, seed=3)
    assert len(said) == len(right) == 2 * len(corpus.learning(None))
    assert abs(right.mean() - said.mean()) < 0.06
    assert said.mean() > 0.6


def test_an_effect_of_exactly_zero_has_either_sign_one_time_in_two(corpus: Protocol) -> None:
    nothing = replace(worlds()[1], near_zero=1.0)
    _, right = simulate(nothing, slots_of(corpus)[:20], METHOD, 1)
    assert set(right) == {0.5}
