"""The weight against an independent dense quadrature and against simulation, and the laws that any weight must keep."""

from __future__ import annotations

import itertools
import math
import pickle
from collections.abc import Callable
from dataclasses import replace
from statistics import NormalDist
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import log_ndtr, ndtr, ndtri

from graph.opening import shipped
from graph.synthesis.method import METHOD, Method, method_of
from graph.synthesis.next_study import lesson
from graph.synthesis.weight import (
    ReportedZ,
    Weighed,
    chances,
    identity,
    posterior,
    posteriors_without,
    reported_z,
    weigh,
    weights_without,
)
from schema.observation import Observation
from schema.study import Finding

Z = NormalDist().inv_cdf(0.975)
INF = math.inf
SHIPPED = method_of(shipped().constants)
METHODS = {"equal shares": METHOD, "the shipped field's": SHIPPED}
INFORMATION = METHOD.reference_n * METHOD.reference_prevalence * (1 - METHOD.reference_prevalence)


def point(z: float, information: float, **more: Any) -> ReportedZ:
    return ReportedZ(z, z, information, **more)


def significant(information: float, sign: int = 1) -> ReportedZ:
    return ReportedZ(Z, INF, information) if sign > 0 else ReportedZ(-INF, -Z, information)


def null(information: float) -> ReportedZ:
    return ReportedZ(-Z, Z, information)


def log_within(low: float, high: float, centre: Any, spread: Any) -> Any:
    """The logarithm of the normal probability between two bounds, from the tail in which it is small."""
    if low >= high:
        return np.full(np.broadcast_shapes(centre.shape, spread.shape), -INF)
    a, b = (low - centre) / spread, (high - centre) / spread
    a, b = np.where(a > 0, -b, a), np.where(a > 0, -a, b)
    with np.errstate(divide="ignore"):
        return log_ndtr(b) + np.log1p(-np.exp(log_ndtr(a) - log_ndtr(b)))


def log_normal(x: Any) -> Any:
    return -0.5 * x**2


def dense(reports: list[ReportedZ], method: Method = METHOD) -> Weighed:
    """By the prior mass of each of many cells of mu, zero being the edge of two, and of 240 cells of tau that have less mass near zero."""
    root = np.linspace(0, 1, 241) ** 2
    tau = (method.weight_tau_scale * ndtri((1 + (root[1:] + root[:-1]) / 2) / 2))[:, None]
    log_mass = np.log(np.diff(root))[None, :, None]
    pieces = [np.linspace(-10, 10, 401), np.sinh(np.linspace(-9, 9, 601)) / 1000]
    for one in reports:
        # what is reported, and the edges of what is significant, near which the likelihood of a precise one is steep
        edges = {z for z in (one.low, one.high, -one.low, -one.high, Z, -Z) if math.isfinite(z)}
        pieces += [(z + np.sinh(np.linspace(-10, 10, 241)) / 500) / math.sqrt(one.information) for z in edges]
    cells = np.unique(np.concatenate(pieces))
    mu = ((cells[1:] + cells[:-1]) / 2)[None, :]
    rho = np.array(method.rhos)[:, None, None]
    for one in reports:
        centre, spread = mu * math.sqrt(one.information), np.sqrt(1 + tau**2 * one.information / one.trials)
        if one.on_mean:
            log_mass = log_mass + log_normal(one.low - centre)
            continue
        if one.low == one.high:
            said = log_normal((one.low - centre) / spread) - np.log(spread)
            if one.mirrored:
                said = np.logaddexp(said, log_normal((one.low + centre) / spread) - np.log(spread))
            said = said + (np.log(rho) if abs(one.low) <= Z else 0)
        else:
            beyond = [log_within(*ends, centre, spread) for ends in ((one.low, min(one.high, -Z)), (max(one.low, Z), one.high))]
            inner = np.log(rho) + log_within(max(one.low, -Z), min(one.high, Z), centre, spread)
            said = np.logaddexp(np.logaddexp(*beyond), inner)
        not_significant = ndtr((Z - centre) / spread) - ndtr((-Z - centre) / spread)
        log_mass = log_mass + said - np.log(1 - not_significant + rho * not_significant)
    log_mass = log_mass + np.zeros((len(method.rhos), len(tau), mu.size))
    likelihood = np.exp(log_mass - log_mass.max()).sum(axis=0)

    def prior(near: float) -> np.ndarray:
        shares = [near, *((1 - near) * np.array(method.weight_shares) / sum(method.weight_shares))]
        each = zip(shares, (method.weight_near_zero_sd, *method.weight_sds), strict=True)
        low, high = (np.where(mu[0] > 0, ends, -ends) for ends in (-cells[1:], -cells[:-1]))
        # by the tail, in which differences keep their digits
        return np.asarray(sum(share * np.abs(ndtr(high / sd) - ndtr(low / sd)) for share, sd in each if share))

    def positive(near: float) -> float:
        mass = likelihood.sum(axis=0) * prior(near)
        return float(mass[mu[0] > 0].sum() / mass.sum())

    mass = likelihood * prior(method.weight_near_zero)
    mass /= mass.sum()
    centre, spread = mu * math.sqrt(INFORMATION), np.sqrt(1 + tau**2 * INFORMATION)
    down, up = ndtr((-Z - centre) / spread), ndtr((centre - Z) / spread)
    fewer, more = method.weight_range_near_zero
    ahead = float((mass * ndtr(mu / tau)).sum())
    return Weighed(
        positive(method.weight_near_zero), (positive(fewer), positive(more)), ahead, float((mass * down).sum()), float((mass * up).sum())
    )


def flat(one: Weighed) -> list[float]:
    return [one.positive, *one.positive_range, one.next_positive, one.down, one.up]


USUAL = {
    "nothing": [],
    "an exact z": [point(2.5, 20)],
    "a z that is not significant": [point(0.6, 35)],
    "a z below zero": [point(-2.2, 60)],
    "a pool of sixteen trials": [point(2.2, 300, trials=16)],
    "a bound of p": [ReportedZ(3.29, INF, 25)],
    "any significant z": [significant(25)],
    "the word not significant": [null(30)],
    "a bare sign": [ReportedZ(-INF, 0.0, 15)],
    "an unread sign": [point(2.3, 20, mirrored=True)],
    "an unread sign that is not significant": [point(1.7, 150, mirrored=True)],
    "a published mean": [point(3.6, 36, on_mean=True)],
    "two that contradict": [point(3.5, 60), point(-3.5, 60)],
    "ten words": [point(2.6, 25)] * 10,
    "one of each": [
        point(2.5, 20), null(30), significant(25), ReportedZ(-INF, 0.0, 15), point(2.3, 20, mirrored=True), point(4, 100, on_mean=True),
    ],
}  # fmt: skip
PRECISE = {
    "precise z": [point(10, 1e4)],
    "very precise z": [point(10, 1e5)],
    "precise pool": [point(3, 1e4, trials=16)],
    "precise zs that agree": [point(10 + i / 5, 1e4) for i in range(5)],
    "precise zs that contradict": [point(10, 1e4), point(-10, 1e4)],
    "precise significant report": [significant(1e4)],
    "precise significant report downwards": [significant(1e4, -1)],
    "precise null": [null(1e4)],
    "precise nulls": [null(1e4)] * 5,
    "precise sign": [ReportedZ(0.0, INF, 1e4)],
    "precise unread sign": [point(4, 1e4, mirrored=True)],
    "precise published mean": [point(4, 5e3, on_mean=True)],
    "precise published mean beside a cohort": [point(4, 5e3, on_mean=True), point(1, 20)],
}


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
@pytest.mark.parametrize("kind", USUAL | PRECISE)
def test_each_kind_of_report_weighs_what_a_dense_quadrature_says(kind: str, method: Method) -> None:
    reports = (USUAL | PRECISE)[kind]
    assert flat(weigh(reports, method)) == pytest.approx(flat(dense(reports, method)), abs=5e-4 if kind in USUAL else 1.5e-3)


def test_random_sets_of_reports_weigh_what_a_dense_quadrature_says(some: Callable[[list[list[ReportedZ]]], list[list[ReportedZ]]]) -> None:
    draw = np.random.default_rng(11)
    kinds = (
        lambda z, information: point(z, information, trials=int(draw.integers(1, 9))),
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
        assert flat(weigh(reports, SHIPPED)) == pytest.approx(flat(dense(reports, SHIPPED)), abs=1e-3)


def test_signs_and_the_reference_cohorts_reports_are_as_often_right_as_in_simulated_ones() -> None:
    """Draw the mean, the cohorts' effects and their z; keep the draws that report what was reported, each as often as it reached print."""
    draw = np.random.default_rng(7)
    size = 2_000_000
    sds = draw.choice(METHOD.weight_sds, size)
    mu = draw.normal(0, np.where(draw.random(size) < METHOD.weight_near_zero, METHOD.weight_near_zero_sd, sds))
    tau, rho = np.abs(draw.normal(0, METHOD.weight_tau_scale, size)), draw.choice(METHOD.rhos, size)

    def effect(trials: int = 1) -> Any:
        return mu + tau / math.sqrt(trials) * draw.normal(size=size)

    def printed(information: float, trials: int = 1) -> Any:
        spread = np.sqrt(1 + tau**2 * information / trials)
        inner = ndtr((Z - mu * math.sqrt(information)) / spread) - ndtr((-Z - mu * math.sqrt(information)) / spread)
        return 1 - (1 - rho) * inner

    # of the first we know that it is significant, of the second, a pool of three trials, that it is not
    seen = (draw.normal(effect() * 5, 1) > Z) & (np.abs(draw.normal(effect(3) * math.sqrt(15), 1)) < Z)
    weights = seen * rho / (printed(25) * printed(15, 3))
    found = weigh([significant(25), null(15)._replace(trials=3)])
    reference = draw.normal(effect() * math.sqrt(INFORMATION), 1)
    simulated = [float((weights * what).sum() / weights.sum()) for what in (mu > 0, effect() > 0, reference < -Z, reference > Z)]
    assert [found.positive, found.next_positive, found.down, found.up] == pytest.approx(simulated, abs=0.006)


def of_cohorts(informations: st.SearchStrategy[float]) -> st.SearchStrategy[ReportedZ]:
    return st.one_of(
        st.builds(point, st.floats(-6, 6), informations),
        st.builds(lambda z, information: point(z, information, mirrored=True), st.floats(0, 5), informations),
        st.builds(significant, informations, st.sampled_from([1, -1])),
        st.builds(null, informations),
        st.builds(lambda information: ReportedZ(0.0, INF, information), informations),
    )


informations = st.floats(2, 500)
reports = st.one_of(
    of_cohorts(informations),
    st.builds(lambda z, information, trials: point(z, information, trials=trials), st.floats(-6, 6), informations, st.integers(2, 20)),
    st.builds(lambda z, information: point(z, information, on_mean=True), st.floats(-6, 6), informations),
)
methods = st.sampled_from([*METHODS.values()])


def mirror(one: ReportedZ) -> ReportedZ:
    return one if one.mirrored else one._replace(low=-one.high, high=-one.low)


def upwards(one: ReportedZ) -> ReportedZ:
    return mirror(one) if one.low < 0 and one.low != -one.high else one


@settings(max_examples=60)
@given(st.lists(reports, max_size=5), methods)
def test_turning_every_report_turns_the_sign_and_nothing_else(given_reports: list[ReportedZ], method: Method) -> None:
    own, turned = weigh(given_reports, method), weigh([mirror(one) for one in given_reports], method)
    for sign in (1, -1):
        a, b = own.of(sign), turned.of(-sign)
        assert (b.sign, b.weight, *b.range, *b[3:]) == pytest.approx((-sign, a.weight, *a.range, *a[3:]), abs=1e-9)
    if abs(own.positive - 0.5) > 1e-6:
        assert turned.likelier == -own.likelier


@settings(max_examples=60)
@given(st.lists(reports, max_size=5), methods)
def test_a_weight_stays_in_its_range_and_the_other_sign_has_a_half(given_reports: list[ReportedZ], method: Method) -> None:
    found = weigh(given_reports, method)
    own, other = found.of(found.likelier), found.of(-found.likelier)
    assert 0.5 <= own.range[0] <= own.weight + 1e-9 <= own.range[1] + 2e-9 <= 0.999 + 3e-9
    assert 0.5 <= own.p_direction <= 1
    assert 0 <= own.replication <= 1
    assert (own.sign, other.sign) == (found.likelier, -found.likelier)
    assert other.weight == pytest.approx(0.5, abs=1e-8)


def test_a_sure_sign_weighs_0999_and_the_other_one_a_half() -> None:
    found = weigh([point(5, 25)] * 20)
    assert [(found.of(sign).weight, found.of(sign).range) for sign in (1, -1)] == [(0.999, (0.999, 0.999)), (0.5, (0.5, 0.5))]
    assert found.of(-1).p_direction == 0.5


def test_what_is_nearer_a_tie_where_more_is_near_zero_has_the_range_the_right_way_round() -> None:
    fewer, more = METHOD.weight_range_near_zero
    at = [weigh([point(3, 25)], replace(METHOD, weight_near_zero=share)).positive for share in (more, METHOD.weight_near_zero, fewer)]
    found = weigh([point(3, 25)]).of(1)
    assert at == sorted(set(at))
    assert (found.range[0], found.weight, found.range[1]) == pytest.approx(at, abs=1e-9)


@settings(max_examples=100)
@given(st.lists(of_cohorts(st.floats(2, 100)).map(upwards), min_size=1, max_size=5), st.floats(1, 20), methods)
def test_a_null_at_least_as_informative_as_the_largest_report_never_raises_a_weight(
    given_reports: list[ReportedZ], times: float, method: Method
) -> None:
    """Of cohorts that all lean one way, none with an error below 0.1 per SD. Beyond that a null may say foremost that cohorts differ

    little, which makes any of them tell more of the mean: with an error of 0.022, z = 2.6 goes from 0.63 to 0.65.
    """
    more = null(times * max(one.information for one in given_reports))
    assert weigh([*given_reports, more], method).positive <= weigh(given_reports, method).positive + 1e-9


@settings(max_examples=60)
@given(st.lists(reports.map(upwards), max_size=5), methods)
def test_without_the_part_near_zero_reports_that_lean_one_way_weigh_no_less(given_reports: list[ReportedZ], method: Method) -> None:
    own, wide = (weigh(given_reports, one).positive for one in (method, replace(method, weight_near_zero=0.0)))
    assert wide >= own - 1e-9
    assert own >= 0.5 - 1e-9


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_without_the_part_near_zero_the_sign_stays_but_near_a_tie(method: Method) -> None:
    draw = np.random.default_rng(3)
    for _ in range(300):
        some = [point(float(draw.normal(0, 2.5)), float(np.exp(draw.uniform(1, 6)))) for _ in range(draw.integers(1, 6))]
        own, wide = (weigh(some, one) for one in (method, replace(method, weight_near_zero=0.0)))
        assert own.likelier == wide.likelier or abs(own.positive - 0.5) < 0.05


@settings(max_examples=60)
@given(st.floats(0, 6), st.floats(2, 1e4), st.integers(2, 30), methods)
def test_a_pool_of_trials_is_at_least_as_sure_as_one_trial(z: float, information: float, trials: int, method: Method) -> None:
    pool, one = (weigh([point(z, information, trials=number)], method) for number in (trials, 1))
    assert pool.positive >= one.positive - 1e-9


def test_without_reports_both_signs_are_as_likely() -> None:
    found = weigh([])
    assert (found.positive, *found.positive_range, found.next_positive, found.down) == pytest.approx((0.5, 0.5, 0.5, 0.5, found.up))
    assert [found.of(sign).weight for sign in (1, -1)] == pytest.approx([0.5, 0.5])


def test_a_tie_goes_to_increases() -> None:
    assert {weigh(one).likelier for one in ([null(30)], [point(2, 20, mirrored=True)], [point(3, 20), point(-3, 20)])} == {1}


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


def test_the_more_significant_reports_the_more_weight() -> None:
    found = [weigh([significant(25)] * count) for count in range(7)]
    for figures in ([one.positive for one in found], [one.next_positive for one in found], [one.up for one in found]):
        assert figures == sorted(set(figures))


def test_the_more_null_reports_the_less_weight() -> None:
    weights = [weigh([significant(25), *[null(25)] * count]).positive for count in range(6)]
    assert weights == sorted(set(weights), reverse=True)


def test_the_larger_z_the_more_weight() -> None:
    weights = [weigh([point(z, 25)]).positive for z in (0, 0.5, 1, 1.5, 2, 2.5, 3, 4, 5)]
    assert weights == sorted(set(weights))


def test_the_fewer_nulls_reach_print_the_less_a_significant_report_weighs() -> None:
    weights = [weigh([significant(25)], Method(rhos=(rho,))).positive for rho in (0.1, 0.3, 0.6, 1.0)]
    assert weights == sorted(set(weights))


def test_leaving_one_out_equals_the_posterior_of_the_others() -> None:
    four = sorted([point(2.5, 20), null(30), significant(25, -1), point(1.4, 100)])
    for i, grid in enumerate(posteriors_without(four)):
        others = four[:i] + four[i + 1 :]
        assert chances(grid, INFORMATION) == pytest.approx(chances(posterior(others), INFORMATION), abs=1e-9)
    for i, left in enumerate(weights_without(four)):
        assert flat(left) == pytest.approx(flat(weigh(four[:i] + four[i + 1 :])), abs=1e-9)
    assert (len(weights_without(four)), weights_without([*four, point(4, 1e6)])) == (4, [])


def observation(p: Any = None, **more: Any) -> Observation:
    figures: dict[str, Any] = {"kind": "estimate", "z": 2.0, "information": 20.0, "eligible": True, **more}
    row = Finding(exposure="age", outcome="r-dwi", population="all", measure="p-only", direction="increases", p=p)
    return Observation(
        finding="one:1", study="one", position=0, exposure="age", outcome="r-dwi", populations=("ich",), condition="ich", n=100,
        n_known=True, outcome_share=0.24, derivation="ratio-ci", row=row, **figures,
    )  # fmt: skip


AT = {p: NormalDist().inv_cdf(1 - p / 2) for p in (0.1, 0.01, 0.002, 0.001, 1e-6)}


@pytest.mark.parametrize(
    ("figures", "expected"),
    [
        ({}, point(2.0, 20)),
        # a word, a bound, and a bound beyond what is typical of the next one
        ({"kind": "significant", "z": (Z, None)}, point(2.5, 20)),
        ({"kind": "significant", "z": (None, -Z)}, point(-2.5, 20)),
        ({"kind": "significant", "z": (AT[0.01], None)}, point(3.0, 20)),
        ({"kind": "significant", "z": (None, -AT[0.002])}, point(-AT[0.002], 20)),
        ({"kind": "significant", "z": (None, -AT[0.001])}, point(-4.0, 20)),
        ({"kind": "significant", "z": (AT[1e-6], None)}, point(AT[1e-6], 20)),
        ({"kind": "significant", "z": -2.2}, point(-2.2, 20)),
        ({"kind": "null", "z": (-Z, Z)}, null(20)),
        ({"kind": "null", "z": (-AT[0.1], AT[0.1])}, ReportedZ(-AT[0.1], AT[0.1], 20)),
        ({"kind": "direction", "z": (0.0, None)}, ReportedZ(0.0, INF, 20)),
        ({"kind": "direction", "z": (None, 0.0)}, ReportedZ(-INF, 0.0, 20)),
        ({"kind": "direction", "z": -0.7}, point(-0.7, 20)),
        ({"kind": "unclear", "z": (-2.4, 2.4), "p": 0.016}, point(2.4, 20, mirrored=True)),
        ({"kind": "unclear", "z": (-AT[0.01], AT[0.01]), "p": "<0.01"}, point(3.0, 20, mirrored=True)),
        ({"kind": "unclear", "z": None}, None),
        ({"published": True, "y": 0.6, "se": 0.3, "information": 50.0}, point(2.0, 50, on_mean=True)),
        ({"published": True, "z": None}, None),
    ],
)
def test_each_kind_of_reading_is_a_report_of_its_own(figures: dict[str, Any], expected: ReportedZ | None) -> None:
    method = Method(typical_z=(2.5, 3.0, 4.0))
    assert reported_z(observation(**figures), method) == expected
    pooled = expected if expected is None or expected.on_mean else expected._replace(trials=3)
    assert reported_z(observation(**figures), method, 3) == pooled


@pytest.mark.parametrize("bound", range(3))
def test_no_size_makes_a_word_or_a_bound_stronger_than_the_typical_figure(bound: int) -> None:
    low = (Z, AT[0.01], AT[0.001])[bound]
    for information in (5.0, 50.0, 500.0, 5e4):
        word = reported_z(observation(kind="significant", z=(low, None), information=information), SHIPPED)
        assert word is not None
        assert weigh([word], SHIPPED).positive <= weigh([point(SHIPPED.typical_z[bound], information)], SHIPPED).positive + 1e-9


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
