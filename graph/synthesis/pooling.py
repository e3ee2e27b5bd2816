"""Random-effects pooling: design point 5.

REML with Hartung-Knapp equals R metafor's `rma(method="REML", test="adhoc")` with threshold 1e-12. All inputs are estimates `y` and
standard errors `se` on one scale, in one order; sums are over that order.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from graph.synthesis.method import METHOD, Z95

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


class Layout:
    """How a flat vector of estimates falls into parts, and parts into sets: `parts` and `sets` are the sizes of both, none of them 0.

    `part_of` and `set_of` tell of each estimate which part and which set it is of.
    """

    def __init__(self, parts: NDArray[np.intp], sets: NDArray[np.intp] | None = None) -> None:
        self.parts = parts
        # sets of one part each need no second sum
        self.sets = None if sets is None or len(sets) == len(parts) else sets
        self._part_starts = np.cumsum(parts) - parts
        self.part_of = np.repeat(np.arange(len(parts)), parts)
        if self.sets is None:
            self.count, self.means, self.sizes, self.set_of = len(parts), np.ones_like(parts), parts, self.part_of
        else:
            self._set_starts = np.cumsum(self.sets) - self.sets
            self.count, self.means, self.sizes = len(self.sets), self.sets, np.add.reduceat(parts, self._set_starts)
            self.set_of = np.repeat(np.arange(self.count), self.sizes)

    def over_parts(self, x: Vector) -> Vector:
        """The sum of each part."""
        return np.add.reduceat(x, self._part_starts)

    def over_sets(self, x: NDArray[Any]) -> NDArray[Any]:
        """The sum over the parts of each set."""
        return x if self.sets is None else np.add.reduceat(x, self._set_starts)

    def only(self, kept: NDArray[np.bool_]) -> tuple[NDArray[np.bool_], Layout]:
        """Which estimates are of the sets that are kept, and their layout."""
        if self.sets is None:
            return kept[self.set_of], Layout(self.parts[kept])
        return kept[self.set_of], Layout(self.parts[np.repeat(kept, self.sets)], self.sets[kept])


def reml_tau2(y: Vector, v: Vector, layout: Layout, *, threshold: float = 1e-12, iterations: int = 1_000) -> Vector:
    """Between-study variance of each set by restricted maximum likelihood, Fisher scoring (Viechtbauer, J Educ Behav Stat 2005;30:261-93).

    `y` and `v` are the estimates and sampling variances of all sets, one after another. Each part of a set has a mean of its own and all
    parts have one tau2. Where whole steps run in a circle, shorter ones are taken from the start, as metafor's stepadj does.
    """
    tau2 = np.full(layout.count, np.nan)
    for length in (1.0, 0.5, 0.25, 0.125, 0.0625):
        waiting = np.isnan(tau2)
        if not waiting.any():
            break
        own, rest = layout.only(waiting)
        tau2[waiting] = _scored(y[own], v[own], rest, length, threshold, iterations)
    for i in np.flatnonzero(np.isnan(tau2)):
        own, one = layout.only(np.arange(len(tau2)) == i)
        tau2[i] = _searched(y[own], v[own], one)
    # the scoring may end at a lower maximum than the one at zero; metafor's ll0check
    at_zero = _likelihood(y, v, layout, np.zeros(layout.count))
    return np.where(at_zero > _likelihood(y, v, layout, tau2), 0.0, tau2)


def _likelihood(y: Vector, v: Vector, layout: Layout, tau2: Vector) -> Vector:
    """The restricted log-likelihood of each set at its tau2, up to a constant."""
    w = 1 / (v + tau2[layout.set_of])
    total = layout.over_parts(w)
    apart = layout.over_parts(w * (y - (layout.over_parts(w * y) / total)[layout.part_of]) ** 2)
    return 0.5 * layout.over_sets(layout.over_parts(np.log(w)) - np.log(total) - apart)


def _searched(y: Vector, v: Vector, layout: Layout) -> float:
    """tau2 of one set by a bounded search of the restricted likelihood: for data on which no length of steps converges."""
    from scipy.optimize import minimize_scalar

    found = minimize_scalar(
        lambda tau2: -_likelihood(y, v, layout, np.array([tau2]))[0],
        bounds=(0.0, 10 * float(np.var(y, ddof=1) + v.max())),
        method="bounded",
        options={"xatol": 1e-12},
    )
    return float(found.x)


def _scored(y: Vector, v: Vector, layout: Layout, length: float, threshold: float, iterations: int) -> Vector:
    """tau2 of each set by Fisher scoring with steps of that length; NaN where it doesn't converge."""
    found = np.full(layout.count, np.nan)
    # Hedges' estimator is where metafor starts, too: the optimum found is the same one
    centred = y - (layout.over_parts(y) / layout.parts)[layout.part_of]
    spread = layout.over_sets(layout.over_parts(centred**2) - (layout.parts - 1) * layout.over_parts(v) / layout.parts)
    tau2 = np.maximum(0.0, spread / (layout.sizes - layout.means))
    waiting = np.arange(len(found))
    for _ in range(iterations):
        w = 1 / (v + tau2[layout.set_of])
        squared = w * w
        total, w2, w3 = layout.over_parts(w), layout.over_parts(squared), layout.over_parts(squared * w)
        residual = w * (y - (layout.over_parts(w * y) / total)[layout.part_of])
        trace_p = layout.over_sets(total - w2 / total)
        trace_pp = layout.over_sets(w2 - 2 * w3 / total + (w2 / total) ** 2)
        step = length * (layout.over_sets(layout.over_parts(residual * residual)) - trace_p) / trace_pp
        below = tau2 + step < 0
        if below.any():
            # halved until it ends at zero or above; a step that gets too small goes to zero
            times = np.ceil(np.log2(-step[below] / np.maximum(tau2[below], threshold**2)))
            halved = step[below] / 2**times
            step[below] = np.where(-halved < threshold, -tau2[below], halved)
        tau2 = np.maximum(0.0, tau2 + step)
        done = np.abs(step) <= threshold
        if done.any():
            found[waiting[done]] = tau2[done]
            if done.all():
                break
            own, layout = layout.only(~done)
            y, v, tau2, waiting = y[own], v[own], tau2[~done], waiting[~done]
    return found


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
    layout = Layout(np.bincount(group), np.array([len(names)]))
    tau2 = float(reml_tau2(values, v, layout)[0])
    w = 1 / (v + tau2)
    mean = float((w * values).sum() / w.sum())
    totals = layout.over_parts(w)
    q = float((totals * (layout.over_parts(w * values) / totals - mean) ** 2).sum())
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
    return reml_hk_many(np.asarray(y, dtype=float), np.asarray(se, dtype=float), [len(y)])[0]


def reml_hk_many(y: Vector, se: Vector, sizes: Sequence[int]) -> list[RandomEffects]:
    """`reml_hk` of many sets at once: their estimates and standard errors one after another, `sizes` of 2 or more each."""
    from scipy.special import chdtrc, stdtr, stdtrit

    layout, v = Layout(np.asarray(sizes)), se**2
    k = layout.parts
    tau2 = reml_tau2(y, v, layout)
    w = 1 / (v + tau2[layout.set_of])
    total = layout.over_parts(w)
    estimate = layout.over_parts(w * y) / total
    scale = np.maximum(1.0, layout.over_parts(w * (y - estimate[layout.set_of]) ** 2) / (k - 1))
    error = np.sqrt(scale / total)
    t = stdtrit(k - 1, 0.975)
    fixed = 1 / v
    sums = layout.over_parts(fixed)
    q = layout.over_parts(fixed * (y - (layout.over_parts(fixed * y) / sums)[layout.set_of]) ** 2)
    typical = (k - 1) / (sums - layout.over_parts(fixed**2) / sums)
    spread = t * np.sqrt(tau2 + error**2)
    columns = (
        estimate, error, estimate - t * error, estimate + t * error, estimate - spread, estimate + spread,
        tau2, 100 * tau2 / (typical + tau2), q, chdtrc(k - 1, q), 2 * stdtr(k - 1, -np.abs(estimate) / error),
    )  # fmt: skip
    return [
        RandomEffects(one, se_, (low, high), (below, above) if size >= 3 else None, tau, i2, q_, q_p, p)
        for size, one, se_, low, high, below, above, tau, i2, q_, q_p, p in zip(
            sizes, *(column.tolist() for column in columns), strict=True
        )
    ]


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
