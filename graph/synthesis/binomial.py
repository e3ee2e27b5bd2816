"""How common something is, from counts: a logistic model with a random intercept, and intervals for few cohorts and for one.

All figures are log odds of a typical cohort (one whose intercept is the mean), shares where it is said. `cases` and `totals` are counts of
each cohort. The likelihood of a cohort is integrated over its intercept by adaptive quadrature (Pinheiro and Bates, J Comput Graph Stat
1995;4:12-35), as lme4's `glmer` with `nAGQ` and metafor's `rma.glmm` do, but by even steps of asinh, which hold for wide spreads, too.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]


# beyond these SDs of the intercept there is nothing
_REACH = 9.5


# beyond these log odds a share is 0% or 100% for any number of patients, and a spread is as wide as all shares
_FAR, _WIDE = 40.0, 25.0


class Shares(NamedTuple):
    """Log odds with a 95% interval, which may begin or end at infinity (0% or 100%), and tau2."""

    estimate: float
    ci: tuple[float, float]
    tau2: float


class _Terms(NamedTuple):
    """The log-likelihood at one mu and tau, and its first two derivatives."""

    value: float
    d_mu: float
    d_tau: float
    d_mu2: float
    d_tau2: float
    d_both: float


def _expit(x: Vector) -> Vector:
    found: Vector = 0.5 * (1 + np.tanh(0.5 * x))
    return found


def _modes(y: Vector, n: Vector, m: Vector, t: Vector) -> tuple[Vector, Vector]:
    """Where each cohort's intercept is likeliest (in SDs), and how sharply, by Newton's steps on a concave function."""
    own = (y + 0.5) / (n + 1)
    tells = t * t * n * own * (1 - own)
    # between the cohort's own share and the mean, then steps of log odds so short that they can't overshoot
    b = t * (np.log(own / (1 - own)) - m) * n * own * (1 - own) / (1 + tells)
    longest = 1 / np.maximum(t, 0.5)
    for _ in range(200):
        share = _expit(m + t * b)
        step = (t * (y - n * share) - b) / (t * t * n * share * (1 - share) + 1)
        b += np.clip(step, -longest, longest)
        if np.abs(step).max() < 1e-6:
            break
    share = _expit(m + t * b)
    return b, 1 / np.sqrt(1 + t * t * n * share * (1 - share))


def _nodes(tau: float) -> Vector:
    """Even nodes in -1 to 1: the more the larger tau is, since a share of 0% or 100% ends within 1 / tau."""
    count: Vector = np.linspace(-1, 1, 61 + 2 * round(15 * tau))
    return count


def _spread_out(u: Vector, b: Vector, spread: Vector) -> tuple[Vector, Vector]:
    """Intercepts round each mode, close there and reaching far, with the logarithms of their weights; cohorts come first."""
    far = np.arcsinh((_REACH + np.abs(b)) / spread)[..., None]
    z = b[..., None] + spread[..., None] * np.sinh(far * u)
    steps = np.log(spread[..., None] * far * np.cosh(far * u) * (u[1] - u[0]))
    return z, steps - 0.5 * z * z - 0.5 * math.log(2 * math.pi)


def log_likelihood(cases: Vector, totals: Vector, mu: Vector, tau: float) -> Vector:
    """The log-likelihood of all cohorts (without the binomial coefficients) at each mu, for one tau."""
    y, n, m = cases[None, :], totals[None, :], mu[:, None]
    b, spread = _modes(y, n, m, np.array(tau))
    z, log_weights = _spread_out(_nodes(tau), b, spread)
    eta = m[:, :, None] + tau * z
    log_mass = y[:, :, None] * eta - n[:, :, None] * np.logaddexp(0, eta) + log_weights
    top = log_mass.max(axis=2)
    value: Vector = (top + np.log(np.exp(log_mass - top[:, :, None]).sum(axis=2))).sum(axis=1)
    return value


def _terms(cases: Vector, totals: Vector, mu: float, tau: float) -> _Terms:
    """The same at one mu, with its derivatives."""
    y, n = cases[:, None], totals[:, None]
    b, spread = _modes(cases, totals, np.array(mu), np.array(tau))
    z, log_weights = _spread_out(_nodes(tau), b, spread)
    eta = mu + tau * z
    log_mass = y * eta - n * np.logaddexp(0, eta) + log_weights
    top = log_mass.max(axis=1)
    mass = np.exp(log_mass - top[:, None])
    total = mass.sum(axis=1)
    mass /= total[:, None]
    share = _expit(eta)
    score = y - n * share
    bend = score**2 - n * share * (1 - share)
    s, sz = (mass * score).sum(axis=1), (mass * score * z).sum(axis=1)
    return _Terms(
        float((top + np.log(total)).sum()),
        float(s.sum()),
        float(sz.sum()),
        float(((mass * bend).sum(axis=1) - s**2).sum()),
        float(((mass * bend * z**2).sum(axis=1) - sz**2).sum()),
        float(((mass * bend * z).sum(axis=1) - s * sz).sum()),
    )


_TAUS = (0.0, 0.3, 0.8, 1.6, 3.0, 6.0, 12.0)


class _Likelihood:
    """Of some cohorts: the maximum, and the profile of mu, that is the log-likelihood maximised over tau."""

    def __init__(self, cases: tuple[int, ...], totals: tuple[int, ...]) -> None:
        self._cases, self._totals = np.asarray(cases, dtype=float), np.asarray(totals, dtype=float)

    def rough(self, mu: Vector) -> tuple[Vector, Vector]:
        """The value and tau of the maximum over a grid of tau, at each mu."""
        values = np.stack([log_likelihood(self._cases, self._totals, mu, tau) for tau in _TAUS])
        return values.max(axis=0), np.array(_TAUS)[values.argmax(axis=0)]

    def maximum(self, mu: float, tau: float) -> tuple[float, float, float]:
        """The value, mu and tau of the maximum near a start: Newton's steps that never go down, for both at once."""
        here = self._at(mu, max(tau, 1e-3))
        tau = max(tau, 1e-3)
        for _ in range(60):
            determinant = here.d_mu2 * here.d_tau2 - here.d_both**2
            if here.d_mu2 < 0 < determinant:
                steps = (
                    (here.d_both * here.d_tau - here.d_tau2 * here.d_mu) / determinant,
                    (here.d_both * here.d_mu - here.d_mu2 * here.d_tau) / determinant,
                )
            else:
                steps = math.copysign(min(0.3, abs(here.d_mu)), here.d_mu), math.copysign(0.3 * tau, here.d_tau)
            length = min(1.0, 1 / max(abs(steps[0]), abs(steps[1]), 1e-12))
            while True:
                moved = mu + length * steps[0], min(max(tau + length * steps[1], 0.1 * tau), _WIDE)
                there = self._at(*moved)
                if there.value >= here.value or length < 1e-6:
                    break
                length /= 2
            done = there.value < here.value or max(abs(moved[0] - mu), abs(moved[1] - tau)) < 1e-8 or moved[1] < 1e-7
            if there.value >= here.value:
                (mu, tau), here = moved, there
            if done:
                break
        # without any spread the maximum is the share of all
        cases, totals = float(self._cases.sum()), float(self._totals.sum())
        alike = math.log(cases / (totals - cases))
        value = self._at(alike, 0.0).value
        return (value, alike, 0.0) if value >= here.value - 1e-10 else (here.value, mu, tau)

    def profile(self, mu: float) -> tuple[float, float]:
        """The maximum over tau at a mu, and the slope of the profile there."""
        start = float(self.rough(np.array([mu]))[1][0])
        none = self._at(mu, 0.0)
        tau = max(start, 0.05)
        here = self._at(mu, tau)
        for _ in range(40):
            step = -here.d_tau / here.d_tau2 if here.d_tau2 < 0 else math.copysign(0.5 * tau, here.d_tau)
            moved = min(max(tau + min(max(step, -2.0), 2.0), 0.1 * tau), _WIDE)
            there = self._at(mu, moved)
            while there.value < here.value and abs(moved - tau) > 1e-7:
                moved = (moved + tau) / 2
                there = self._at(mu, moved)
            gain = there.value - here.value
            if gain > 0:
                tau, here = moved, there
            # near its maximum a value is right to the square of how far off it is
            if gain < 1e-9 or moved < 1e-5:
                break
        best = none if none.value >= here.value else here
        return best.value, best.d_mu

    def _at(self, mu: float, tau: float) -> _Terms:
        return _terms(self._cases, self._totals, mu, tau)


@lru_cache(maxsize=256)
def logistic(cases: tuple[int, ...], totals: tuple[int, ...]) -> Shares:
    """Five cohorts and more: a random intercept by maximum likelihood, and every mu whose profile is close enough to the maximum.

    Close enough: 2 (l_max - l(mu)) <= t(k - 1, 0.975)^2, so that where nobody has it the interval begins at 0%.
    """
    from scipy.special import stdtrit

    likelihood = _Likelihood(cases, totals)
    limit = float(stdtrit(len(cases) - 1, 0.975)) ** 2
    some, everybody = sum(cases), sum(totals)
    crude = math.log((some + 0.5) / (everybody - some + 0.5))
    if some in {0, everybody}:
        best, highest, tau = (-math.inf if not some else math.inf), 0.0, 0.0
    else:
        # the share of a typical cohort lies further out than that of all
        near = crude + np.linspace(-2, 2, 9)
        rough, taus = likelihood.rough(near)
        highest, best, tau = likelihood.maximum(float(near[rough.argmax()]), float(taus[rough.argmax()]))
    ends = []
    for sign in (-1, 1):
        beyond = [
            float(mu) for mu in crude + sign * np.concatenate([np.linspace(-4, 0, 9), np.geomspace(0.25, 30, 15)]) if (mu - best) * sign > 0
        ]
        inside = best if math.isfinite(best) else -sign * _FAR
        ends.append(sign * math.inf if best == sign * math.inf else _where(likelihood, highest - limit / 2, inside, beyond, sign))
    return Shares(best, (ends[0], ends[1]), tau**2)


def _where(likelihood: _Likelihood, lowest: float, inside: float, beyond: list[float], sign: int) -> float:
    """Where the profile falls below `lowest`, going from `inside` by the points `beyond`; infinity where it doesn't.

    By Newton's steps on the root of the fall, kept between a point inside and one outside.
    """
    outside = math.inf
    for point in beyond:
        value, slope = likelihood.profile(point)
        if value < lowest:
            outside = point
            break
        inside = point
    if outside == math.inf:
        return sign * math.inf
    at = outside
    while abs(value - lowest) > 1e-8 and abs(outside - inside) > 1e-7:
        moved = at + (lowest - value) / slope if slope * sign < 0 else math.nan
        at = moved if min(inside, outside) < moved < max(inside, outside) else (inside + outside) / 2
        value, slope = likelihood.profile(at)
        if value >= lowest:
            inside = at
        else:
            outside = at
    return at


@lru_cache(maxsize=256)
def few(cases: tuple[int, ...], totals: tuple[int, ...]) -> Shares:
    """Two to four cohorts: the posterior median and central 95% interval of mu, with the same likelihood.

    mu ~ logistic(0, 1), so that each share is as likely beforehand; tau ~ half-normal(1). tau2 is that of the posterior's mean.
    """
    from scipy.interpolate import CubicSpline
    from scipy.optimize import brentq

    y, n = np.asarray(cases, dtype=float), np.asarray(totals, dtype=float)
    nodes, weights = np.polynomial.legendre.leggauss(24)
    tau, tau_weights = 3 * (nodes + 1), 3 * weights

    def density(mu: Vector, at: Vector) -> Vector:
        """The log density at each mu (rows) and tau."""
        pairs = np.stack([log_likelihood(y, n, mu, float(one)) for one in at], axis=1)
        prior = -mu - 2 * np.logaddexp(0, -mu)
        found: Vector = pairs + prior[:, None] - 0.5 * at**2
        return found

    # where there is any mass to speak of
    coarse = np.linspace(-_FAR, _FAR, 161)
    rows = density(coarse, np.array([0.05, 0.5, 1.0, 2.0, 4.0])).max(axis=1)
    inside = coarse[rows > rows.max() - 30]
    mu = np.linspace(float(inside[0]) - 0.5, float(inside[-1]) + 0.5, 129)
    log_density = density(mu, tau)
    mass = np.exp(log_density - log_density.max()) * tau_weights
    by_mu = mass.sum(axis=1)
    spread = float((mass * tau).sum() / by_mu.sum())
    smooth = CubicSpline(mu, np.log(by_mu))
    fine = np.linspace(mu[0], mu[-1], 4001)
    summed = CubicSpline(fine, np.exp(smooth(fine))).antiderivative()
    whole = float(summed(fine[-1]))

    def quantile(share: float) -> float:
        return float(brentq(lambda at: float(summed(at)) / whole - share, fine[0], fine[-1], xtol=1e-10))

    return Shares(quantile(0.5), (quantile(0.025), quantile(0.975)), spread**2)


def ahead(shares: Shares, k: int) -> tuple[float, float]:
    """Where the log odds of a next cohort lie, 95%: the interval of the mean and t(k - 1) tau, each way."""
    from scipy.special import stdtrit

    reach = float(stdtrit(k - 1, 0.975)) * math.sqrt(shares.tau2)
    low, high = shares.ci
    at = shares.estimate
    return (
        at - math.hypot(at - low, reach) if math.isfinite(low) else low,
        at + math.hypot(high - at, reach) if math.isfinite(high) and math.isfinite(at) else high,
    )


def exact(cases: int, total: int) -> tuple[float, float]:
    """The 95% interval of one cohort's share, in percent (Clopper and Pearson, Biometrika 1934;26:404-13)."""
    from scipy.special import betaincinv

    low = float(betaincinv(cases, total - cases + 1, 0.025)) if cases else 0.0
    high = float(betaincinv(cases + 1, total - cases, 0.975)) if cases < total else 1.0
    return 100 * low, 100 * high
