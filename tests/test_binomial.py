"""Shares from counts: the maximum as R's lme4 and metafor have it, the interval by its own definition, few cohorts by dense quadrature."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline
from scipy.special import stdtrit

from graph.synthesis.binomial import ahead, few, log_likelihood, logistic
from graph.synthesis.prevalence import exact

Vector = NDArray[np.float64]
Counts = tuple[tuple[int, ...], tuple[int, ...]]
REFERENCE: dict[str, Any] = json.loads((Path(__file__).parent / "reference" / "binomial.json").read_text())
SHARES: list[dict[str, Any]] = REFERENCE["shares"]
FITS = [(case, program) for case in SHARES for program in ("lme4", "metafor") if case[program] is not None]


def counts_of(case: dict[str, Any]) -> Counts:
    return tuple(case["xi"]), tuple(case["ni"])


def by_even_steps(y: float, n: float, mu: Vector, tau: float) -> Vector:
    """A cohort's log-likelihood at each mu, integrated by even steps: of the intercept, or where tau is wide of the log odds themselves."""
    if tau == 0:
        alone: Vector = y * mu - n * np.logaddexp(0, mu)
        return alone
    if y in {0, n} or tau < math.sqrt(1 / y + 1 / (n - y)):
        z = np.linspace(-9, 9, 361)
        eta, step = mu[:, None] + tau * z, z[1] - z[0]
    else:
        most, error = math.log(y / (n - y)), math.sqrt(1 / y + 1 / (n - y))
        eta = np.linspace(most - max(15 * error, 45 / y), most + max(15 * error, 45 / (n - y)), 601)[None, :]
        z, step = (eta - mu[:, None]) / tau, (eta[0, 1] - eta[0, 0]) / tau
    mass = y * eta - n * np.logaddexp(0, eta) - 0.5 * z * z
    top = mass.max(axis=1)
    value: Vector = top + np.log(np.exp(mass - top[:, None]).sum(axis=1) * step / math.sqrt(2 * math.pi))
    return value


def whole(counts: Counts, mu: Vector, tau: float) -> Vector:
    parts = [by_even_steps(y, n, mu, tau) for y, n in zip(*counts, strict=True)]
    total: Vector = np.sum(parts, axis=0)
    return total


def test_the_reference_keeps_its_cases() -> None:
    assert len(SHARES) >= 150
    assert len(FITS) >= 300
    assert {len(case["xi"]) for case in SHARES} >= {5, 8, 14, 25, 40}
    assert sum(0 in case["xi"] for case in SHARES) >= 60
    assert (min(min(case["ni"]) for case in SHARES), max(max(case["ni"]) for case in SHARES)) == (5, 10_000)


@pytest.mark.parametrize(("case", "program"), FITS, ids=[f"{case['label']} {program}" for case, program in FITS])
def test_the_maximum_equals_that_of_r(case: dict[str, Any], program: str) -> None:
    """Log odds and tau2 to 1e-4 (of a tau2 above 1, of itself) or, where R stopped before its maximum, a likelihood above that of R's."""
    ours, theirs = logistic(*counts_of(case)), case[program]
    if (ours.estimate, ours.tau2) != pytest.approx((theirs["estimate"], theirs["tau2"]), rel=0, abs=1e-4):
        far = abs(ours.tau2 / theirs["tau2"] - 1) if theirs["tau2"] > 1 else math.inf
        own = whole(counts_of(case), np.array([ours.estimate]), math.sqrt(ours.tau2))[0]
        other = whole(counts_of(case), np.array([theirs["estimate"]]), math.sqrt(theirs["tau2"]))[0]
        assert (abs(ours.estimate - theirs["estimate"]) <= 1e-4 and far <= 1e-4) or own > other + 1e-9


def test_r_is_equalled_and_hardly_ever_outdone() -> None:
    apart = 0
    for case, program in FITS:
        ours, theirs = logistic(*counts_of(case)), case[program]
        apart += (ours.estimate, ours.tau2) != pytest.approx((theirs["estimate"], theirs["tau2"]), rel=1e-4, abs=1e-4)
    assert apart <= len(FITS) // 100


@pytest.mark.parametrize(
    ("y", "n"), [(0, 5), (0, 5000), (3, 7), (1, 4000), (2500, 10_000), (12, 12), (5000, 5000), (40, 100), (100_000, 250_000)]
)
@pytest.mark.parametrize("tau", [0.01, 0.3, 1, 4, 14])
def test_a_cohorts_likelihood_equals_another_integration(y: int, n: int, tau: float) -> None:
    error = math.sqrt(1 / (y + 0.5) + 1 / (n - y + 0.5))
    mu = math.log((y + 0.5) / (n - y + 0.5)) + (error + tau) * np.array([-4.0, -1.5, 0, 1.5, 4])
    z = np.linspace(-40, 40, 400_001)
    ours = [log_likelihood(np.array([float(y)]), np.array([float(n)]), mu[i : i + 1], tau)[0] for i in range(len(mu))]
    for own, one in zip(ours, mu, strict=True):
        mass = y * (one + tau * z) - n * np.logaddexp(0, one + tau * z) - 0.5 * z * z
        summed = mass.max() + math.log(np.exp(mass - mass.max()).sum() * (z[1] - z[0]) / math.sqrt(2 * math.pi))
        assert own == pytest.approx(summed, rel=1e-9, abs=1e-8)


SETS: dict[str, Counts] = {
    "rare, zeros": ((0, 2, 0, 1, 0, 5), (40, 90, 25, 300, 60, 210)),
    "none in ten": ((0,) * 10, (15,) * 10),
    "all in six": ((12, 30, 25, 9, 14, 41), (12, 30, 25, 9, 14, 41)),
    "alike": ((20, 41, 29, 60, 33), (100, 200, 150, 310, 160)),
    "wide": ((2, 80, 7, 12, 55, 0, 31), (100, 120, 90, 14, 70, 30, 45)),
    "one case": ((0, 0, 0, 0, 1), (40, 90, 25, 300, 60)),
    "two maxima": ((0, 9, 11, 0, 12, 10, 11), (12, 20, 24, 11, 26, 19, 22)),
    "all or none": ((0, 0, 387, 0, 348, 0), (3862, 3165, 387, 8, 348, 154)),
    "large": ((500, 1400, 820, 90, 2100), (10_000, 20_000, 17_000, 2400, 41_000)),
}


def profile(counts: Counts, mu: Vector) -> Vector:
    """The highest likelihood over tau at each mu: on a dense grid, and between its points by a spline."""
    taus = np.array([0.0, *np.geomspace(0.005, 25, 120)])
    grid = np.stack([whole(counts, mu, float(tau)) for tau in taus])
    best: Vector = CubicSpline(taus**0.25, grid)(np.linspace(0, taus[-1] ** 0.25, 4001)).max(axis=0)
    return best


@pytest.mark.parametrize("name", SETS)
def test_the_interval_holds_each_mean_whose_likelihood_is_close_enough_and_no_other(name: str) -> None:
    cases, totals = SETS[name]
    ours = logistic(cases, totals)
    low, high = (min(max(end, -30.0), 30.0) for end in ours.ci)
    best = min(max(ours.estimate, -30.0), 30.0)
    width = high - low
    inside, outside = np.linspace(low + 1e-4 * width, high - 1e-4 * width, 9), np.array([low - 0.02, high + 0.02, low - 0.4, high + 0.4])
    # nobody or everybody: the maximum is certainty, at infinity
    top = 0.0 if sum(cases) in {0, sum(totals)} else profile(SETS[name], np.array([best]))[0]
    limit = float(stdtrit(len(cases) - 1, 0.975)) ** 2
    assert (2 * (top - profile(SETS[name], inside)) <= limit + 1e-4).all()
    beyond = outside[np.abs(outside) < 29]
    assert len(beyond) >= 2
    assert (2 * (top - profile(SETS[name], beyond)) > limit).all()
    # nowhere is it higher than where the estimate is
    anywhere = np.linspace(max(best - 3, -30), min(best + 3, 30), 25)
    assert (profile(SETS[name], anywhere) <= top + 1e-7).all()
    ends = np.array([end for end in ours.ci if math.isfinite(end)])
    assert 2 * (top - profile(SETS[name], ends)) == pytest.approx(np.full(len(ends), limit), abs=1e-4)


def percent(log_odds: float) -> float:
    return 50 * (1 + math.tanh(log_odds / 2))


def test_none_of_150_in_ten_cohorts_is_none_to_between_half_and_all_of_what_one_cohort_of_150_gives() -> None:
    ours = logistic((0,) * 10, (15,) * 10)
    assert ours.estimate == ours.ci[0] == -math.inf
    assert 1.2 < percent(ours.ci[1]) < 2.4
    assert exact(0, 150)[1] == pytest.approx(2.4, abs=0.05)
    assert ours.tau2 == 0
    assert ahead(ours, 10) == pytest.approx(ours.ci)


@pytest.mark.parametrize("case", REFERENCE["exact"])
def test_one_cohorts_interval_equals_binom_test(case: dict[str, Any]) -> None:
    assert exact(case["x"], case["n"]) == pytest.approx([100 * end for end in case["ci"]], rel=1e-9, abs=1e-12)


some_counts = st.lists(st.tuples(st.integers(0, 400), st.integers(1, 400)), min_size=5, max_size=8)


@settings(max_examples=25)
@given(some_counts)
def test_those_without_it_are_pooled_as_those_with_it(pairs: list[tuple[int, int]]) -> None:
    cases, totals = tuple(min(pair) for pair in pairs), tuple(pair[1] for pair in pairs)
    own, other = logistic(cases, totals), logistic(tuple(n - y for y, n in zip(cases, totals, strict=True)), totals)
    shares = [percent(one) for one in (own.estimate, *own.ci)]
    assert shares == pytest.approx([100 - percent(one) for one in (other.estimate, *other.ci[::-1])], abs=1e-3)
    assert own.ci[0] <= own.estimate <= own.ci[1]


def masses(counts: Counts, at: tuple[float, ...]) -> tuple[list[float], float]:
    """How much of the posterior of few cohorts lies below each of some mu, and the mean of tau, on a dense grid of both."""
    some, everybody = sum(counts[0]) + 0.5, sum(counts[1]) + 1
    centre, error = math.log(some / (everybody - some)), math.sqrt(1 / some + 1 / (everybody - some))
    x, v = np.linspace(-math.asinh(70 / error), math.asinh(70 / error), 321), np.linspace(0, math.asinh(12 / error), 161)
    mu, tau = centre + error * np.sinh(x), error * np.sinh(v)
    density = np.stack([whole(counts, mu, float(one)) - 0.5 * one**2 for one in tau], axis=1)
    density -= 0.5 * (np.logaddexp(0, mu) + np.logaddexp(0, -mu))[:, None]
    mass = np.exp(density - density.max()) * np.cosh(v) * np.cosh(x)[:, None]
    mass[:, 0] /= 2
    summed = CubicSpline(x, mass.sum(axis=1)).antiderivative()
    below = [float(summed(math.asinh((one - centre) / error)) / summed(x[-1])) for one in at]
    return below, float((mass * tau).sum() / mass.sum())


@pytest.mark.parametrize(
    ("cases", "totals"),
    [
        ((0, 0), (50, 50)),
        ((15, 15), (15, 15)),
        ((0, 1), (1, 1)),
        ((3, 40), (100, 900)),
        ((1, 2, 3, 4), (30, 40, 50, 2000)),
        ((500, 40_000, 3), (10_000, 100_000, 50)),
        ((10_000, 10_100, 9900, 10_000), (100_000,) * 4),
        ((0, 0, 0), (100_000,) * 3),
        ((0, 30_000), (20_000, 30_000)),
    ],
    ids=str,
)
def test_few_cohorts_equal_a_dense_quadrature(cases: tuple[int, ...], totals: tuple[int, ...]) -> None:
    ours = few(cases, totals)
    below, tau = masses((cases, totals), (ours.ci[0], ours.estimate, ours.ci[1]))
    assert below == pytest.approx([0.025, 0.5, 0.975], abs=1e-4)
    assert math.sqrt(ours.tau2) == pytest.approx(tau, rel=1e-4)
