"""The weight against an independent dense quadrature and against simulation, and the laws that any weight must keep."""

from __future__ import annotations

import itertools
import math
import pickle
from collections.abc import Callable
from statistics import NormalDist
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtr

from graph.synthesis.method import METHOD, Method
from graph.synthesis.next_study import lesson
from graph.synthesis.weight import (
    ReportedZ,
    chances,
    identity,
    p_positive,
    posterior,
    posteriors_without,
    reference_information,
    reported_z,
    weigh,
)
from schema.observation import Observation
from schema.study import Finding

Z = NormalDist().inv_cdf(0.975)
INF = math.inf
SD, SCALE, RHOS = METHOD.weight_mu_sd, METHOD.weight_tau_scale, METHOD.rhos
INFORMATION = METHOD.reference_n * METHOD.reference_prevalence * (1 - METHOD.reference_prevalence)


def point(z: float, information: float, **more: bool) -> ReportedZ:
    return ReportedZ(z, z, information, **more)


def significant(information: float, sign: int = 1) -> ReportedZ:
    return ReportedZ(Z, INF, information) if sign > 0 else ReportedZ(-INF, -Z, information)


def null(information: float) -> ReportedZ:
    return ReportedZ(-Z, Z, information)


def within(low: float, high: float, centre: np.ndarray, spread: np.ndarray) -> Any:
    if low >= high:
        return 0.0
    a, b = (low - centre) / spread, (high - centre) / spread
    return np.where(a > 0, ndtr(-a) - ndtr(-b), ndtr(b) - ndtr(a))


def log_normal(x: Any) -> Any:
    return -0.5 * x**2


def dense(reports: list[ReportedZ]) -> tuple[float, float, float]:
    """P(decreases), P(increases) of a reference cohort and P(its effect > 0), by a dense grid in mu and the cube root of tau."""
    root = (np.arange(240) + 0.5) / 240
    tau = (5 * SCALE * root**3)[:, None]
    pieces = [np.linspace(-5 * SD, 5 * SD, 601)]
    for one in reports:
        # the edges of the report and of what is significant, near which the likelihood of a precise one is steep
        edges = {z for z in (one.low, one.high, -one.low, -one.high, Z, -Z) if math.isfinite(z)}
        pieces += [(z + np.sinh(np.linspace(-10, 10, 241)) / 500) / math.sqrt(one.information) for z in edges]
    nodes = np.unique(np.concatenate(pieces))
    nodes = nodes[np.abs(nodes) <= 5 * SD]
    trapezoids = np.gradient(nodes)
    trapezoids[[0, -1]] /= 2
    mu = nodes[None, :]
    log_mass = log_normal(mu / SD) + log_normal(tau / SCALE) + np.log(trapezoids)[None, :] + 2 * np.log(root)[:, None]
    log_mass = np.repeat(log_mass[None], len(RHOS), axis=0)
    rho = np.array(RHOS)[:, None, None]
    for one in reports:
        centre, spread = mu * math.sqrt(one.information), np.sqrt(1 + tau**2 * one.information)
        if one.on_mean:
            log_mass = log_mass + log_normal(one.low - centre)
            continue
        if one.low == one.high:
            log_density = log_normal((one.low - centre) / spread) - np.log(spread)
            if one.mirrored:
                log_density = np.logaddexp(log_density, log_normal((one.low + centre) / spread) - np.log(spread))
            log_density = log_density + (np.log(rho) if abs(one.low) <= Z else 0)
        else:
            beyond = within(one.low, min(one.high, -Z), centre, spread) + within(max(one.low, Z), one.high, centre, spread)
            log_density = np.log(np.maximum(beyond + rho * within(max(one.low, -Z), min(one.high, Z), centre, spread), 1e-300))
        printed = within(-INF, -Z, centre, spread) + within(Z, INF, centre, spread) + rho * within(-Z, Z, centre, spread)
        log_mass = log_mass + log_density - np.log(printed)
    mass = np.exp(log_mass - log_mass.max())
    mass = mass.sum(axis=0) / mass.sum()
    centre, spread = mu * math.sqrt(INFORMATION), np.sqrt(1 + tau**2 * INFORMATION)
    down, up = ndtr((-Z - centre) / spread), ndtr((centre - Z) / spread)
    return float((mass * down).sum()), float((mass * up).sum()), float((mass * ndtr(mu / tau)).sum())


def ours(reports: list[ReportedZ]) -> tuple[float, float, float]:
    grid = posterior(sorted(reports))
    down, _, up = chances(grid, reference_information())
    return down, up, p_positive(grid)


USUAL = {
    "an exact z": [point(2.5, 20)],
    "a z that is not significant": [point(0.6, 35)],
    "a bound of p": [ReportedZ(3.29, INF, 25)],
    "the word significant": [significant(25)],
    "the word not significant": [null(30)],
    "a bare sign": [ReportedZ(-INF, 0.0, 15)],
    "an unread sign": [point(2.3, 20, mirrored=True)],
    "an unread sign that is not significant": [point(1.7, 150, mirrored=True)],
    "a published mean": [point(3.6, 36, on_mean=True)],
    "two that contradict": [point(3.5, 60), point(-3.5, 60)],
    "ten words": [significant(25)] * 10,
    "one of each": [
        point(2.5, 20), null(30), significant(25), ReportedZ(-INF, 0.0, 15), point(2.3, 20, mirrored=True), point(4, 100, on_mean=True),
    ],
}  # fmt: skip
PRECISE = {
    "precise z": [point(10, 1e4)],
    "very precise z": [point(10, 1e5)],
    "precise zs that agree": [point(10 + i / 5, 1e4) for i in range(5)],
    "precise zs that contradict": [point(10, 1e4), point(-10, 1e4)],
    "precise word": [significant(1e4)],
    "precise word downwards": [significant(1e4, -1)],
    "precise null": [null(1e4)],
    "precise nulls": [null(1e4)] * 5,
    "precise sign": [ReportedZ(0.0, INF, 1e4)],
    "precise unread sign": [point(4, 1e4, mirrored=True)],
    "precise published mean": [point(4, 5e3, on_mean=True)],
    "precise published mean beside a cohort": [point(4, 5e3, on_mean=True), point(1, 20)],
}


@pytest.mark.parametrize("reports", USUAL.values(), ids=USUAL)
def test_each_kind_of_report_weighs_what_a_dense_quadrature_says(reports: list[ReportedZ]) -> None:
    assert ours(reports) == pytest.approx(dense(reports), abs=2e-4)


@pytest.mark.parametrize("reports", PRECISE.values(), ids=PRECISE)
def test_precise_reports_weigh_what_a_dense_quadrature_says_to_a_thousandth(reports: list[ReportedZ]) -> None:
    assert ours(reports) == pytest.approx(dense(reports), abs=1e-3)


def test_random_sets_of_reports_weigh_what_a_dense_quadrature_says(some: Callable[[list[list[ReportedZ]]], list[list[ReportedZ]]]) -> None:
    draw = np.random.default_rng(11)
    kinds = (
        point,
        lambda z, information: significant(information, 1 if z > 0 else -1),
        lambda _, information: null(information),
        lambda z, information: ReportedZ(0.0, INF, information) if z > 0 else ReportedZ(-INF, 0.0, information),
        lambda z, information: point(abs(z), information, mirrored=True),
        lambda z, information: point(z, information, on_mean=True),
    )
    hundred = [
        [
            kinds[draw.integers(len(kinds))](float(draw.normal(0, 2.5)), float(np.exp(draw.normal(3.3, 1.2))))
            for _ in range(draw.integers(1, 7))
        ]
        for _ in range(100)
    ]
    for reports in some(hundred):
        assert ours(reports) == pytest.approx(dense(reports), abs=1e-3)


def test_without_reports_the_answer_is_the_prior() -> None:
    down, up, positive = ours([])
    assert positive == pytest.approx(0.5)
    assert down == pytest.approx(up)
    assert up == pytest.approx(dense([])[1], abs=2e-4)
    assert weigh([]).sign == 1


def test_the_reference_cohort_reports_as_often_as_simulated_ones_do() -> None:
    """Rejection: draw the mean, the cohorts' effects and their z; keep the draws that report what was reported and reached print."""
    draw = np.random.default_rng(7)
    size = 2_000_000
    mu, tau = draw.normal(0, SD, size), np.abs(draw.normal(0, SCALE, size))

    def cohort(information: float) -> np.ndarray:
        return draw.normal((mu + tau * draw.normal(size=size)) * math.sqrt(information), 1)

    first, second = cohort(25), cohort(15)
    # of the first we know that it is significant, of the second that it is not: how likely that was depends on what reaches print
    seen = (first > Z) & (np.abs(second) < Z)
    rho = draw.choice(RHOS, size)
    printed = {}
    for information in (25, 15):
        spread = np.sqrt(1 + tau**2 * information)
        inner = ndtr((Z - mu * math.sqrt(information)) / spread) - ndtr((-Z - mu * math.sqrt(information)) / spread)
        printed[information] = 1 - (1 - rho) * inner
    # the second reached print, not being significant, rho times as often
    weights = seen * rho / (printed[25] * printed[15])
    simulated = float((weights * (cohort(INFORMATION) > Z)).sum() / weights.sum())
    assert weigh([significant(25), null(15)]).weight == pytest.approx(simulated, abs=0.005)


reports = st.one_of(
    st.builds(point, st.floats(-6, 6), st.floats(2, 500)),
    st.builds(lambda z, information: point(z, information, mirrored=True), st.floats(0, 5), st.floats(2, 500)),
    st.builds(lambda z, information: point(z, information, on_mean=True), st.floats(-6, 6), st.floats(2, 500)),
    st.builds(significant, st.floats(2, 500), st.sampled_from([1, -1])),
    st.builds(null, st.floats(2, 500)),
    st.builds(lambda information: ReportedZ(0.0, INF, information), st.floats(2, 500)),
)


def mirror(one: ReportedZ) -> ReportedZ:
    return one if one.mirrored else one._replace(low=-one.high, high=-one.low)


@settings(max_examples=60)
@given(st.lists(reports, max_size=5))
def test_turning_every_report_turns_the_sign_and_nothing_else(given_reports: list[ReportedZ]) -> None:
    own, turned = weigh(given_reports), weigh([mirror(one) for one in given_reports])
    assert turned[1:] == pytest.approx(own[1:], abs=1e-9)
    if own.p_direction > 0.5 + 1e-6:
        assert turned.sign == -own.sign


def test_a_tie_goes_to_increases() -> None:
    assert {weigh(one).sign for one in ([null(30)], [point(2, 20, mirrored=True)], [point(3, 20), point(-3, 20)])} == {1}


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_the_order_of_reports_does_not_matter(order: tuple[int, ...]) -> None:
    four = [point(2.5, 20), null(30), significant(25, -1), point(4, 100, on_mean=True)]
    assert weigh([four[i] for i in order]) == weigh(four)


@settings(max_examples=60)
@given(st.lists(reports, max_size=4), st.floats(1, 1e5), st.booleans())
def test_the_three_chances_sum_to_1_and_none_is_negative(given_reports: list[ReportedZ], information: float, printed: bool) -> None:
    three = chances(posterior(sorted(given_reports)), information, printed=printed)
    assert sum(three) == pytest.approx(1)
    assert min(three) >= -1e-12


@settings(max_examples=60)
@given(st.lists(reports, max_size=5))
def test_weight_and_p_direction_stay_in_their_range(given_reports: list[ReportedZ]) -> None:
    found = weigh(given_reports)
    assert 0 <= found.weight <= 1
    assert 0.5 <= found.p_direction <= 1


def test_the_more_significant_reports_the_more_weight() -> None:
    weights = [weigh([significant(25)] * count) for count in range(7)]
    assert [one.weight for one in weights] == sorted({one.weight for one in weights})
    assert [one.p_direction for one in weights] == sorted({one.p_direction for one in weights})


def test_the_more_null_reports_the_less_weight() -> None:
    weights = [weigh([significant(25), *[null(25)] * count]).weight for count in range(6)]
    assert weights == sorted(set(weights), reverse=True)


def test_the_larger_z_the_more_weight() -> None:
    weights = [weigh([point(z, 25)]).weight for z in (0, 0.5, 1, 1.5, 2, 2.5, 3, 4, 5)]
    assert weights == sorted(set(weights))


def test_the_fewer_nulls_reach_print_the_less_a_significant_report_weighs() -> None:
    weights = [weigh([significant(25)], Method(rhos=(rho,))).weight for rho in (0.1, 0.3, 0.6, 1.0)]
    assert weights == sorted(set(weights))


def test_leaving_one_out_equals_the_posterior_of_the_others() -> None:
    four = sorted([point(2.5, 20), null(30), significant(25, -1), point(1.4, 100)])
    for i, grid in enumerate(posteriors_without(four)):
        others = four[:i] + four[i + 1 :]
        assert chances(grid, INFORMATION) == pytest.approx(chances(posterior(others), INFORMATION), abs=1e-9)


def observation(**more: Any) -> Observation:
    figures: dict[str, Any] = {"kind": "estimate", "z": 2.0, "information": 20.0, "eligible": True, **more}
    row = Finding(exposure="age", outcome="r-dwi", population="all", measure="p-only", direction="increases")
    return Observation(
        finding="one:1", study="one", position=0, exposure="age", outcome="r-dwi", populations=("ich",), condition="ich", n=100,
        n_known=True, outcome_share=0.24, derivation="ratio-ci", row=row, **figures,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("figures", "expected"),
    [
        ({}, point(2.0, 20)),
        ({"kind": "significant", "z": (Z, None)}, ReportedZ(Z, INF, 20)),
        ({"kind": "significant", "z": (None, -Z)}, ReportedZ(-INF, -Z, 20)),
        ({"kind": "null", "z": (-Z, Z)}, ReportedZ(-Z, Z, 20)),
        ({"kind": "direction", "z": (0.0, None)}, ReportedZ(0.0, INF, 20)),
        ({"kind": "unclear", "z": (-2.4, 2.4)}, point(2.4, 20, mirrored=True)),
        ({"kind": "unclear", "z": None}, None),
        ({"published": True, "y": 0.6, "se": 0.3, "information": 50.0}, point(2.0, 50, on_mean=True)),
        ({"published": True, "z": None}, None),
    ],
)
def test_each_kind_of_reading_is_a_report_of_its_own(figures: dict[str, Any], expected: ReportedZ | None) -> None:
    assert reported_z(observation(**figures)) == expected


@pytest.mark.parametrize("asked", [weigh, lesson])
def test_what_is_asked_again_stays_and_what_is_not_goes(asked: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asked, "cache", type(asked.cache)(2))
    first, second, third = ((point(z, 25),) for z in (1.0, 2.0, 3.0))
    for reports in (first, second, first, third):
        asked(reports)
    worked_out = asked.cache_info().misses
    asked(first)
    assert asked.cache_info().misses == worked_out
    asked(second)
    assert asked.cache_info().misses == worked_out + 1


@pytest.mark.parametrize("asked", [weigh, lesson])
def test_what_is_kept_of_many_reports_takes_no_more_room_than_of_few(asked: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asked, "cache", type(asked.cache)(9))
    for count in (0, 1, 40):
        asked((point(1.0, 25),) * count)
    assert len({len(pickle.dumps(one)) for one in asked.cache}) == 1


def test_reports_are_kept_by_what_they_say_and_not_by_their_order() -> None:
    one, other = point(1.0, 25), point(1.0, 25, mirrored=True)
    assert identity([one, other]) == identity([other, one])
    keys = {identity(given) for given in ([], [one], [other], [one, one], [point(1.0, 25, on_mean=True)], [null(25)])}
    assert len(keys) == 6
    assert identity([one], Method(flip_limit=3)) != identity([one])
