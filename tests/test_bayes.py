"""The Bayesian interval of two to four estimates against dense quadrature: errors 1e-5 to 5, priors 0.01 to 5, estimates far apart."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtr

from graph.synthesis.comparisons import pool
from graph.synthesis.pooling import bayes

SCALES = (0.01, 0.05, 0.2, 0.5, 1, 5)
ERRORS: tuple[tuple[float, ...], ...] = (
    (1e-5, 1e-5),
    (1e-5, 5),
    (0.003, 0.2),
    (0.3, 0.4),
    (5, 3),
    (1e-5, 2e-5, 1e-5),
    (1e-5, 0.3, 5),
    (0.15, 0.3, 0.9),
    (1e-4, 1e-4, 1e-4, 1e-5),
    (0.05, 0.06, 0.07, 0.05),
    (1e-5, 0.01, 0.5, 5),
)
# as log ratios: alike, an odds ratio of 1.5, one of a million, two of each
SPREADS = {
    "alike": (0.4, 0.4, 0.4, 0.4),
    "apart": (0.0, math.log(1.5), 0.1, -0.3),
    "far": (0.0, math.log(1e6), 0.2, 0.1),
    "two and two": (-math.log(1e6), math.log(1e6), -math.log(1e6), math.log(1e6)),
}


def below(y: Sequence[float], se: Sequence[float], scale: float, at: Sequence[float]) -> list[float]:
    """How much of the posterior lies below each point: by even steps of log tau, from the likelihood of what differs from the first."""
    steps = np.linspace(math.log(1e-12), math.log(200 * max(scale, 1)), 20_001)
    tau2 = np.exp(2 * steps)
    v = np.asarray(se)[None, :] ** 2 + tau2[:, None]
    apart = np.asarray(y)[1:] - y[0]
    k = len(apart)
    covariance = v[:, :1, None] + np.eye(k) * v[:, 1:, None]
    squares = (apart * np.linalg.solve(covariance, np.broadcast_to(apart, (len(v), k))[:, :, None])[:, :, 0]).sum(axis=1)
    density = -0.5 * (np.linalg.slogdet(covariance)[1] + squares + tau2 / scale**2) + steps
    mass = np.exp(density - density.max())
    mass /= mass.sum()
    total = (1 / v).sum(axis=1)
    mean = (np.asarray(y) / v).sum(axis=1) / total
    return [float((mass * ndtr((one - mean) * np.sqrt(total))).sum()) for one in at]


def check(y: Sequence[float], se: Sequence[float], scale: float) -> None:
    ours = bayes(y, se, scale)
    assert below(y, se, scale, (ours.ci[0], ours.estimate, ours.ci[1])) == pytest.approx([0.025, 0.5, 0.975], abs=2e-6)


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("se", ERRORS, ids=str)
@pytest.mark.parametrize("spread", SPREADS)
def test_the_interval_equals_a_dense_quadrature(se: tuple[float, ...], scale: float, spread: str) -> None:
    for order in (se, se[::-1]):
        check(SPREADS[spread][: len(se)], order, scale)


def test_the_interval_of_random_estimates_equals_a_dense_quadrature(pytestconfig: pytest.Config) -> None:
    exponents = st.floats(-5, math.log10(5))
    rows = st.lists(st.tuples(st.floats(-14, 14), exponents), min_size=2, max_size=4)

    @settings(max_examples=100 if pytestconfig.getoption("--all") else 10)
    @given(rows, st.floats(-2, math.log10(5)))
    def each(rows: list[tuple[float, float]], scale: float) -> None:
        check([y for y, _ in rows], [10**error for _, error in rows], 10**scale)

    each()


@pytest.mark.parametrize("scale", SCALES)
def test_in_other_units_the_answer_is_the_same_in_those_units(scale: float) -> None:
    y, se = (0.1, 0.7, 0.4), (0.2, 0.1, 0.3)
    own = pool(y, se, scale)[1]
    for unit in (1e-3, 0.1, 10, 365.25):
        other = pool([unit * one for one in y], [unit * one for one in se], unit * scale)[1]
        assert (other.estimate, *other.ci) == pytest.approx([unit * one for one in (own.estimate, *own.ci)], rel=1e-9)
