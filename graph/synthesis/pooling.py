"""Random-effects pooling: design point 5.

REML with Hartung-Knapp equals R metafor's `rma(method="REML", test="adhoc")` with threshold 1e-12. All inputs are estimates `y` and
standard errors `se` on one scale, in one order; sums are over that order.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from graph.synthesis.method import METHOD, Z95

Vector = NDArray[np.float64]


class Pooled(NamedTuple):
    """A pooled estimate with its 95% interval."""

    estimate: float
    ci: tuple[float, float]
    p: float | None = None

    def turned(self, by: float) -> Pooled:
        """The same on a scale that is `by` times as long."""
        return self._replace(estimate=by * self.estimate, ci=(by * self.ci[0], by * self.ci[1]))


class RandomEffects(NamedTuple):
    """REML-HK: estimate, 95% interval, prediction interval (k >= 3), tau2, I2 (percent), Cochran's Q with its p, p of the estimate."""

    estimate: float
    se: float
    ci: tuple[float, float]
    prediction_interval: tuple[float, float] | None
    tau2: float
    i2: float
    q: float
    q_p: float
    p: float

    def turned(self, by: float) -> RandomEffects:
        """The same on a scale that is `by` times as long."""
        ahead = self.prediction_interval
        return self._replace(
            estimate=by * self.estimate,
            se=by * self.se,
            ci=(by * self.ci[0], by * self.ci[1]),
            prediction_interval=(by * ahead[0], by * ahead[1]) if ahead else None,
            tau2=by**2 * self.tau2,
        )


def common_effect(y: Sequence[float], se: Sequence[float]) -> Pooled:
    """The common-effect (fixed-effect) estimate with its normal interval."""
    weights = [1 / one**2 for one in se]
    total = math.fsum(weights)
    estimate = math.fsum(weight * value for weight, value in zip(weights, y, strict=True)) / total
    half = Z95 / math.sqrt(total)
    return Pooled(estimate, (estimate - half, estimate + half), math.erfc(abs(estimate) * math.sqrt(total) / math.sqrt(2)))


class Parts:
    """How a vector of estimates falls into parts of these `sizes`, none of them 0; `of` gives the part of each estimate."""

    def __init__(self, sizes: NDArray[np.intp]) -> None:
        self.sizes, self.of = sizes, np.repeat(np.arange(len(sizes)), sizes)
        self._starts = np.cumsum(sizes) - sizes

    def sums(self, x: Vector) -> Vector:
        """The sum of each part."""
        return np.add.reduceat(x, self._starts)


def _sum(x: Vector) -> np.float64:
    """In the order in which parts are summed."""
    total: np.float64 = np.add.reduceat(x, [0])[0]
    return total


def reml_tau2(y: Vector, v: Vector, parts: Parts, *, threshold: float = 1e-12, iterations: int = 1_000) -> float:
    """Between-study variance by restricted maximum likelihood, Fisher scoring (Viechtbauer, J Educ Behav Stat 2005;30:261-93).

    `y` and `v` are the estimates and sampling variances, part after part. Each part has a mean of its own and all parts have one tau2.
    Where whole steps run in a circle, shorter ones are taken from the start, as metafor's stepadj does.
    """
    scored = (_scored(y, v, parts, length, threshold, iterations) for length in (1.0, 0.5, 0.25, 0.125, 0.0625))
    tau2 = next((found for found in scored if found is not None), None)
    if tau2 is None:
        tau2 = _searched(y, v, parts)
    # the scoring may end at a lower maximum than the one at zero; metafor's ll0check
    return 0.0 if not tau2 or _likelihood(y, v, parts, 0.0) > _likelihood(y, v, parts, tau2) else tau2


def _likelihood(y: Vector, v: Vector, parts: Parts, tau2: float) -> float:
    """The restricted log-likelihood at a tau2, up to a constant."""
    w = 1 / (v + tau2)
    total = parts.sums(w)
    apart = parts.sums(w * (y - (parts.sums(w * y) / total)[parts.of]) ** 2)
    return float(0.5 * _sum(parts.sums(np.log(w)) - np.log(total) - apart))


def _searched(y: Vector, v: Vector, parts: Parts) -> float:
    """tau2 by a bounded search of the restricted likelihood: for data on which no length of steps converges."""
    from scipy.optimize import minimize_scalar

    found = minimize_scalar(
        lambda tau2: -_likelihood(y, v, parts, tau2),
        bounds=(0.0, 10 * float(np.var(y, ddof=1) + v.max())),
        method="bounded",
        options={"xatol": 1e-12},
    )
    return float(found.x)


def _scored(y: Vector, v: Vector, parts: Parts, length: float, threshold: float, iterations: int) -> float | None:
    """tau2 by Fisher scoring with steps of that length; None where it doesn't converge."""
    # Hedges' estimator is where metafor starts, too: the optimum found is the same one
    centred = y - (parts.sums(y) / parts.sizes)[parts.of]
    spread = _sum(parts.sums(centred**2) - (parts.sizes - 1) * parts.sums(v) / parts.sizes)
    tau2 = np.maximum(0.0, spread / (len(y) - len(parts.sizes)))
    score = _whole_score if len(parts.sizes) == 1 else _score
    found = float(tau2)
    for _ in range(iterations):
        squares, trace_p, trace_pp = score(y, v, parts, found)
        step = length * (squares - trace_p) / trace_pp
        if found + step < 0:
            # halved until it ends at zero or above; a step that gets too small goes to zero
            halved = step / 2 ** math.ceil(math.log2(-step / max(found, threshold**2)))
            step = -found if -halved < threshold else halved
        found = max(0.0, found + step)
        if abs(step) <= threshold:
            return found
    return None


def _score(y: Vector, v: Vector, parts: Parts, tau2: float) -> tuple[float, float, float]:
    """The weighted squares of what is left of each part's mean, and the traces of P and PP."""
    w = 1 / (v + tau2)
    squared = w * w
    total, w2, w3 = parts.sums(w), parts.sums(squared), parts.sums(squared * w)
    residual = w * (y - (parts.sums(w * y) / total)[parts.of])
    left = _sum(parts.sums(residual * residual))
    return float(left), float(_sum(total - w2 / total)), float(_sum(w2 - 2 * w3 / total + (w2 / total) ** 2))


def _whole_score(y: Vector, v: Vector, _parts: Parts, tau2: float) -> tuple[float, float, float]:
    """The same of one part, without its bookkeeping."""
    w = 1 / (v + tau2)
    squared = w * w
    total, w2, w3 = float(np.add.reduce(w)), float(np.add.reduce(squared)), float(squared.dot(w))
    residual = w * (y - float(w.dot(y)) / total)
    return float(residual.dot(residual)), total - w2 / total, w2 - 2 * w3 / total + (w2 / total) ** 2


class Between(NamedTuple):
    """A test for subgroup differences: Q-between, chi-squared with `df` degrees of freedom, and the one tau2 within all subgroups."""

    q: float
    df: int
    p: float
    tau2: float


def between(y: Sequence[float], se: Sequence[float], groups: Sequence[str]) -> Between:
    """Whether subgroups differ, for two or more of them with more estimates than subgroups.

    Mixed-effects model, one tau2 (REML) within all subgroups (Borenstein et al., Introduction to Meta-Analysis, 2009, ch. 19; Cochrane
    Handbook 10.11.3): QM of metafor's `rma(yi, vi, mods = ~ factor(g), test = "z")`.
    """
    from scipy.special import chdtrc

    names, group = np.unique(np.asarray(groups), return_inverse=True)
    order = np.argsort(group, kind="stable")
    values, v = np.asarray(y, dtype=float)[order], np.asarray(se, dtype=float)[order] ** 2
    parts = Parts(np.bincount(group))
    tau2 = reml_tau2(values, v, parts)
    w = 1 / (v + tau2)
    mean = float((w * values).sum() / w.sum())
    totals = parts.sums(w)
    q = float((totals * (parts.sums(w * values) / totals - mean) ** 2).sum())
    return Between(q, len(names) - 1, float(chdtrc(len(names) - 1, q)), tau2)


class SmallStudyEffects(NamedTuple):
    """Egger's test: `t` with k - 2 degrees of freedom, and its p."""

    t: float
    p: float


def egger(y: Sequence[float], se: Sequence[float]) -> SmallStudyEffects | None:
    """Whether smaller studies report other effects, for k >= 3; None where all standard errors are equal or the fit is perfect.

    Egger et al., BMJ 1997;315:629-34, as a regression of y on se weighted by 1 / se^2: metafor's `regtest(fit, model = "lm")`.
    """
    from scipy.special import stdtr

    values, x = np.asarray(y, dtype=float), np.asarray(se, dtype=float)
    k, w = len(values), 1 / x**2
    # about the weighted mean, so that nearly equal errors keep their digits
    centred = x - (w * x).sum() / w.sum()
    sxx = float((w * centred**2).sum())
    if k < 3 or sxx <= 1e-20 * float(w.sum()) * float((x**2).max()):
        return None
    shifted = values - (w * values).sum() / w.sum()
    slope = float((w * centred * shifted).sum()) / sxx
    left = float((w * (shifted - slope * centred) ** 2).sum())
    if left <= 1e-20 * float((w * shifted**2).sum()):
        return None
    t = slope / math.sqrt(left / (k - 2) / sxx)
    return SmallStudyEffects(t, float(2 * stdtr(k - 2, -abs(t))))


def reml_hk(y: Sequence[float], se: Sequence[float]) -> RandomEffects:
    """Random effects by REML with the Hartung-Knapp interval, never narrower than the unadjusted one (k >= 2).

    Hartung and Knapp, Stat Med 2001;20:3875-89; the floor: Rover, Knapp and Friede, BMC Med Res Methodol 2015;15:99; the prediction
    interval: Higgins, Thompson and Spiegelhalter, JRSS A 2009;172:137-59, with k - 1 degrees of freedom as metafor has it.
    """
    from scipy.special import chdtrc, stdtr, stdtrit

    values, k = np.asarray(y, dtype=float), len(y)
    v = np.asarray(se, dtype=float) ** 2
    tau2 = reml_tau2(values, v, Parts(np.array([k])))
    w = 1 / (v + tau2)
    total = _sum(w)
    estimate = _sum(w * values) / total
    error = np.sqrt(np.maximum(1.0, _sum(w * (values - estimate) ** 2) / (k - 1)) / total)
    t = stdtrit(k - 1, 0.975)
    half, wide = t * error, t * np.sqrt(tau2 + error * error)
    fixed = 1 / v
    sums = _sum(fixed)
    q = _sum(fixed * (values - _sum(fixed * values) / sums) ** 2)
    typical = (k - 1) / (sums - _sum(fixed**2) / sums)
    return RandomEffects(
        estimate=float(estimate),
        se=float(error),
        ci=(float(estimate - half), float(estimate + half)),
        prediction_interval=(float(estimate - wide), float(estimate + wide)) if k >= 3 else None,
        tau2=tau2,
        i2=float(100 * tau2 / (typical + tau2)),
        q=float(q),
        q_p=float(chdtrc(k - 1, q)),
        p=float(2 * stdtr(k - 1, -np.abs(estimate) / error)),
    )


@lru_cache(maxsize=256)
def random_effects(y: tuple[float, ...], se: tuple[float, ...]) -> RandomEffects:
    """`reml_hk`, kept: an association less one study mostly pools what the whole one does."""
    return reml_hk(y, se)


@lru_cache(maxsize=256)
def few(y: tuple[float, ...], se: tuple[float, ...], tau_scale: float = METHOD.bayes_tau_scale) -> Pooled:
    """`bayes`, kept."""
    return bayes(y, se, tau_scale)


_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(12)


def _tau_nodes(values: Vector, v: Vector, tau_scale: float) -> tuple[Vector, Vector]:
    """Nodes and weights for tau that follow the data: panels from below the smallest error to beyond prior and likelihood.

    The likelihood changes over lengths of the errors, and where estimates lie far apart it and the prior meet near
    (sum of squares x scale^2)^(1/4), with a spread of half the scale.
    """
    smallest = math.sqrt(float(v.min())) / 8
    meet = (float(((values - values.mean()) ** 2).sum()) * tau_scale**2) ** 0.25
    top = max(1.2 * meet + 8 * tau_scale, 2 * smallest)
    doubled = smallest * 2.0 ** np.arange(math.ceil(math.log2(top / smallest)))
    around = np.linspace(max(0.0, meet - 6 * tau_scale), min(top, meet + 6 * tau_scale), 13)
    edges = np.unique(np.concatenate([[0.0], doubled, around, _round_peak(values, v, tau_scale, top, meet), [top]]))
    half = np.diff(edges) / 2
    return (edges[:-1, None] + half[:, None] * (_NODES + 1)).ravel(), (half[:, None] * _WEIGHTS).ravel()


def _round_peak(values: Vector, v: Vector, tau_scale: float, top: float, meet: float) -> Vector:
    """Where estimates lie so far apart that prior and likelihood meet beyond the first panels: panels round where they do."""
    if meet <= 6 * tau_scale:
        return np.empty(0)
    tau = np.linspace(0.0, top, 1 + 4 * math.ceil(top / tau_scale))
    at = float(tau[_given_tau(values, v, tau, tau_scale)[2].argmax()])
    found: Vector = np.linspace(max(0.0, at - 6 * tau_scale), min(top, at + 6 * tau_scale), 13)
    return found


def _given_tau(values: Vector, v: Vector, tau: Vector, tau_scale: float) -> tuple[Vector, Vector, Vector]:
    """The mean and precision of mu given each tau, and the log density of tau."""
    w = 1 / (v[None, :] + tau[:, None] ** 2)
    total = w.sum(axis=1)
    means = (w * values).sum(axis=1) / total
    log_density = (
        0.5 * np.log(w).sum(axis=1)
        - 0.5 * np.log(total)
        - 0.5 * (w * (values[None, :] - means[:, None]) ** 2).sum(axis=1)
        - 0.5 * (tau / tau_scale) ** 2
    )
    return means, total, log_density


def bayes(y: Sequence[float], se: Sequence[float], tau_scale: float = METHOD.bayes_tau_scale) -> Pooled:
    """Posterior median and central 95% interval of the mean effect, for few cohorts.

    Normal-normal model, mu flat, tau ~ half-normal(tau_scale) (Rover, J Stat Softw 2020;93(6); the scale for log ratios: Rover et al.,
    Res Synth Methods 2021;12:448-74). mu given tau is normal, so only tau is integrated, by Gauss-Legendre quadrature.
    """
    from scipy.special import ndtr

    values, v = np.asarray(y, dtype=float), np.asarray(se, dtype=float) ** 2
    tau, weights = _tau_nodes(values, v, tau_scale)
    means, total, log_density = _given_tau(values, v, tau, tau_scale)
    mass = weights * np.exp(log_density - log_density.max())
    # most nodes are where nothing is
    kept = mass > 1e-18 * mass.max()
    mass, means, spread = mass[kept] / mass.sum(), means[kept], 1 / np.sqrt(total[kept])

    low, high = float((means - 9 * spread).min()), float((means + 9 * spread).max())
    narrow = mass / spread / math.sqrt(2 * math.pi)

    def quantile(share: float) -> float:
        """By Newton's steps, halving what brackets the root where one leaves it."""
        below, above = low, high
        found = (low + high) / 2
        for _ in range(200):
            z = (found - means) / spread
            excess = float((mass * ndtr(z)).sum()) - share
            if excess < 0:
                below = found
            else:
                above = found
            density = float((narrow * np.exp(-0.5 * z * z)).sum())
            stepped = found - excess / density if density > 0 else math.inf
            last, found = found, stepped if below < stepped < above else (below + above) / 2
            if abs(found - last) < 1e-12:
                break
        return found

    return Pooled(quantile(0.5), (quantile(0.025), quantile(0.975)))
