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

from graph.method import METHOD, Z95

Vector = NDArray[np.float64]


class Pooled(NamedTuple):
    """A pooled estimate with its 95% interval."""

    estimate: float
    ci: tuple[float, float]
    p: float | None = None


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


def common_effect(y: Sequence[float], se: Sequence[float]) -> Pooled:
    """The common-effect (fixed-effect) estimate with its normal interval."""
    weights = [1 / one**2 for one in se]
    total = math.fsum(weights)
    estimate = math.fsum(weight * value for weight, value in zip(weights, y, strict=True)) / total
    half = Z95 / math.sqrt(total)
    return Pooled(estimate, (estimate - half, estimate + half), math.erfc(abs(estimate) * math.sqrt(total) / math.sqrt(2)))


Parts = Sequence[slice | NDArray[np.intp]]
_WHOLE: Parts = (slice(None),)


def reml_tau2(y: Vector, v: Vector, parts: Parts = _WHOLE, *, threshold: float = 1e-12, iterations: int = 1_000) -> float:
    """Between-study variance by restricted maximum likelihood, Fisher scoring (Viechtbauer, J Educ Behav Stat 2005;30:261-93).

    With `parts` each has a mean of its own and all have one tau2. Where whole steps run in a circle, shorter ones are taken from the
    start, as metafor's stepadj does.
    """
    for length in (1.0, 0.5, 0.25, 0.125, 0.0625):
        tau2 = _scored(y, v, parts, length, threshold, iterations)
        if tau2 is not None:
            return tau2
    return _searched(y, v, parts)


def _searched(y: Vector, v: Vector, parts: Parts) -> float:
    """tau2 by a bounded search of the restricted likelihood: for data on which no length of steps converges."""
    from scipy.optimize import minimize_scalar

    def loss(tau2: float) -> float:
        w = 1 / (v + tau2)
        found = -np.log(w).sum()
        for part in parts:
            own, total = w[part], w[part].sum()
            found += (own * (y[part] - (own * y[part]).sum() / total) ** 2).sum() + np.log(total)
        return float(0.5 * found)

    found = minimize_scalar(loss, bounds=(0.0, 10 * float(np.var(y, ddof=1) + v.max())), method="bounded", options={"xatol": 1e-12})
    return float(found.x) if found.fun < loss(0.0) else 0.0


def _scored(y: Vector, v: Vector, parts: Parts, length: float, threshold: float, iterations: int) -> float | None:
    """tau2 by Fisher scoring with steps of that length, or None where it doesn't converge."""
    # Hedges' estimator is where metafor starts, too: the optimum found is the same one
    spread = math.fsum(len(y[part]) * float(np.var(y[part]) - np.mean(v[part])) + float(np.mean(v[part])) for part in parts)
    tau2 = max(0.0, spread / (len(y) - len(parts)))
    for _ in range(iterations):
        w = 1 / (v + tau2)
        residual2 = trace_p = trace_pp = 0.0
        for part in parts:
            own = w[part]
            total = own.sum()
            residual = own * (y[part] - (own * y[part]).sum() / total)
            w2, w3 = (own**2).sum(), (own**3).sum()
            residual2 += (residual**2).sum()
            trace_p += total - w2 / total
            trace_pp += w2 - 2 * w3 / total + (w2 / total) ** 2
        step = length * float((residual2 - trace_p) / trace_pp)
        while tau2 + step < 0:
            step /= 2
            if abs(step) < threshold:
                step = -tau2
                break
        tau2 = max(0.0, tau2 + step)
        if abs(step) <= threshold:
            return tau2
    return None


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

    values, v = np.asarray(y, dtype=float), np.asarray(se, dtype=float) ** 2
    names = sorted(set(groups))
    parts = [np.flatnonzero([group == name for group in groups]) for name in names]
    tau2 = reml_tau2(values, v, parts)
    w = 1 / (v + tau2)
    mean = float((w * values).sum() / w.sum())
    q = math.fsum(float(w[part].sum() * ((w[part] * values[part]).sum() / w[part].sum() - mean) ** 2) for part in parts)
    return Between(q, len(parts) - 1, float(chdtrc(len(parts) - 1, q)), tau2)


def reml_hk(y: Sequence[float], se: Sequence[float]) -> RandomEffects:
    """Random effects by REML with the Hartung-Knapp interval, never narrower than the unadjusted one (k >= 2).

    Hartung and Knapp, Stat Med 2001;20:3875-89; the floor: Rover, Knapp and Friede, BMC Med Res Methodol 2015;15:99; the prediction
    interval: Higgins, Thompson and Spiegelhalter, JRSS A 2009;172:137-59, with k - 1 degrees of freedom as metafor has it.
    """
    from scipy.special import chdtrc, stdtr, stdtrit

    values, v = np.asarray(y, dtype=float), np.asarray(se, dtype=float) ** 2
    k = len(values)
    tau2 = reml_tau2(values, v)
    w = 1 / (v + tau2)
    estimate = float((w * values).sum() / w.sum())
    scale = max(1.0, float((w * (values - estimate) ** 2).sum()) / (k - 1))
    error = math.sqrt(scale / float(w.sum()))
    t = float(stdtrit(k - 1, 0.975))
    fixed = 1 / v
    mean = float((fixed * values).sum() / fixed.sum())
    q = float((fixed * (values - mean) ** 2).sum())
    typical = (k - 1) / float(fixed.sum() - (fixed**2).sum() / fixed.sum())
    spread = t * math.sqrt(tau2 + error**2)
    return RandomEffects(
        estimate=estimate,
        se=error,
        ci=(estimate - t * error, estimate + t * error),
        prediction_interval=(estimate - spread, estimate + spread) if k >= 3 else None,
        tau2=tau2,
        i2=100 * tau2 / (typical + tau2),
        q=q,
        q_p=float(chdtrc(k - 1, q)),
        p=float(2 * stdtr(k - 1, -abs(estimate) / error)),
    )


@lru_cache(maxsize=256)
def random_effects(y: tuple[float, ...], se: tuple[float, ...]) -> RandomEffects:
    """`reml_hk`, kept: an association less one study mostly pools what the whole one does."""
    return reml_hk(y, se)


@lru_cache(maxsize=256)
def few(y: tuple[float, ...], se: tuple[float, ...]) -> Pooled:
    """`bayes`, kept."""
    return bayes(y, se)


_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(96)


def bayes(y: Sequence[float], se: Sequence[float], tau_scale: float = METHOD.bayes_tau_scale) -> Pooled:
    """Posterior median and central 95% interval of the mean effect, for few cohorts.

    Normal-normal model, mu flat, tau ~ half-normal(tau_scale) (Rover, J Stat Softw 2020;93(6); the scale for log ratios: Rover et al.,
    Res Synth Methods 2021;12:448-74). mu given tau is normal, so only tau is integrated, by Gauss-Legendre quadrature.
    """
    from scipy.special import ndtr

    values, v = np.asarray(y, dtype=float), np.asarray(se, dtype=float) ** 2
    top = 6 * tau_scale
    tau = (_NODES + 1) / 2 * top
    w = 1 / (v[None, :] + tau[:, None] ** 2)
    total = w.sum(axis=1)
    means = (w * values).sum(axis=1) / total
    log_density = (
        0.5 * np.log(w).sum(axis=1)
        - 0.5 * np.log(total)
        - 0.5 * (w * (values[None, :] - means[:, None]) ** 2).sum(axis=1)
        - 0.5 * (tau / tau_scale) ** 2
    )
    mass = _WEIGHTS * np.exp(log_density - log_density.max())
    mass /= mass.sum()
    spread = 1 / np.sqrt(total)

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
