"""How common something is, from counts: a logistic model with a random intercept, and a posterior for few cohorts.

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
_FAR, _WIDE = 30.0, 25.0

# nodes for no spread, for the maximum (glmer's nAGQ) and where a posterior is integrated, too; that of gains that are none
_NODES, _FEWER = 61, 31
_TAU_NODES, _MU_NODES = 28, 97
_NEAR = 1e-11


class Shares(NamedTuple):
    """Log odds with a 95% interval, which may begin or end at infinity (0% or 100%), and tau2."""

    estimate: float
    ci: tuple[float, float]
    tau2: float


class Maximum(NamedTuple):
    """The highest log-likelihood, where it is, and the standard error of mu there."""

    value: float
    mu: float
    tau: float
    se: float


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


def _nodes(tau: float, count: int) -> Vector:
    """Even nodes in -1 to 1: the more the larger tau is, since a share of 0% or 100% ends within 1 / tau."""
    nodes: Vector = np.linspace(-1, 1, count + 2 * round(count * tau / 4))
    return nodes


def _spread_out(u: Vector, b: Vector, spread: Vector) -> tuple[Vector, Vector]:
    """Intercepts round each mode, close there and reaching far, with their weights under a standard normal; cohorts come first."""
    far = np.arcsinh((_REACH + np.abs(b)) / spread)[..., None]
    grown = np.exp(far * u)
    shrunk = 1 / grown
    half = 0.5 * spread[..., None]
    z = b[..., None] + half * (grown - shrunk)
    return z, half * (grown + shrunk) * (far * ((u[1] - u[0]) / math.sqrt(2 * math.pi)))


def _softplus(eta: Vector) -> tuple[Vector, Vector]:
    """log(1 + exp(eta)), and exp(-|eta|)."""
    small = np.exp(-np.abs(eta))
    return np.maximum(eta, 0) + np.log1p(small), small


def log_likelihood(cases: Vector, totals: Vector, mu: Vector, tau: float | Vector, u: Vector | None = None) -> Vector:
    """The log-likelihood of all cohorts (without the binomial coefficients) at each mu, for one tau or one of each."""
    y, n, m, t = cases[None, :], totals[None, :], mu[:, None], np.broadcast_to(tau, mu.shape)[:, None]
    b, spread = _modes(y, n, m, t)
    z, weights = _spread_out(_nodes(float(np.max(tau)), _NODES) if u is None else u, b, spread)
    eta = m[:, :, None] + t[:, :, None] * z
    log_mass = y[:, :, None] * eta - n[:, :, None] * _softplus(eta)[0] - 0.5 * z * z
    top = log_mass.max(axis=2)
    value: Vector = (top + np.log((np.exp(log_mass - top[:, :, None]) * weights).sum(axis=2))).sum(axis=1)
    return value


def _terms(cases: Vector, totals: Vector, mu: float, tau: float) -> _Terms:
    """The same at one mu, with its derivatives."""
    y, n = cases[:, None], totals[:, None]
    b, spread = _modes(cases, totals, np.array(mu), np.array(tau))
    z, weights = _spread_out(_nodes(tau, _NODES), b, spread)
    eta = mu + tau * z
    softplus, small = _softplus(eta)
    log_mass = y * eta - n * softplus - 0.5 * z * z
    top = log_mass.max(axis=1)
    mass = np.exp(log_mass - top[:, None]) * weights
    total = mass.sum(axis=1)
    mass /= total[:, None]
    share = np.where(eta < 0, small, 1) / (1 + small)
    score = y - n * share
    bend = score**2 - n * share * (1 - share)
    scored, bent = mass * score, mass * bend
    s, sz, bz = scored.sum(axis=1), (scored * z).sum(axis=1), bent * z
    return _Terms(
        float((top + np.log(total)).sum()),
        float(s.sum()),
        float(sz.sum()),
        float((bent.sum(axis=1) - s**2).sum()),
        float(((bz * z).sum(axis=1) - sz**2).sum()),
        float((bz.sum(axis=1) - s * sz).sum()),
    )


# where the maximum is looked for first, and by which nodes
_TAUS = np.array([0.05, 0.15, 0.3, 0.6, 1.0, 1.6, 2.5, 4.0, 7.0, 12.0])
_ROUGH = np.linspace(-1, 1, 25)


class Likelihood:
    """Of some cohorts: the maximum, and the profile of mu, that is the log-likelihood maximised over tau."""

    def __init__(self, cases: tuple[int, ...], totals: tuple[int, ...]) -> None:
        self._cases, self._totals = np.asarray(cases, dtype=float), np.asarray(totals, dtype=float)

    def rough(self, mu: Vector) -> tuple[float, float]:
        """Where the likelihood is highest on a grid of these mu and of tau."""
        pairs = np.repeat(mu, len(_TAUS)), np.tile(_TAUS, len(mu))
        at = int(log_likelihood(self._cases, self._totals, *pairs, _ROUGH).argmax())
        return float(pairs[0][at]), float(pairs[1][at])

    def none(self, mu: float) -> tuple[float, float, float]:
        """The likelihood without any spread, its slope in mu and how it bends."""
        cases, totals = float(self._cases.sum()), float(self._totals.sum())
        share = 0.5 * (1 + math.tanh(0.5 * mu))
        softplus = max(mu, 0.0) + math.log1p(math.exp(-abs(mu)))
        return cases * mu - totals * softplus, cases - totals * share, -totals * share * (1 - share)

    def maximum(self) -> Maximum:
        """The maximum, where somebody has it and somebody doesn't: from the best of a grid by Newton's steps that never go down.

        The likelihood is log-concave in mu (Prekopa, Acta Sci Math 1973;34:335-43), not in tau, which is doubled or halved where it is not.
        """
        cases, totals = float(self._cases.sum()), float(self._totals.sum())
        alike = math.log(cases / (totals - cases))
        # the share of a typical cohort lies further out than that of all
        mu, tau = self.rough(alike + np.linspace(-2, 2, 9))
        here = self._at(mu, tau)
        for _ in range(80):
            determinant = here.d_mu2 * here.d_tau2 - here.d_both**2
            if tau == _WIDE and here.d_tau > 0:
                steps = -here.d_mu / min(here.d_mu2, -1e-12), 0.0
            elif here.d_mu2 < 0 < determinant:
                steps = (
                    (here.d_both * here.d_tau - here.d_tau2 * here.d_mu) / determinant,
                    (here.d_both * here.d_mu - here.d_mu2 * here.d_tau) / determinant,
                )
            else:
                steps = -here.d_mu / min(here.d_mu2, -1e-12), math.copysign(tau if here.d_tau > 0 else tau / 2, here.d_tau)
            length = min(1.0, 1 / max(abs(steps[0]), abs(steps[1]) / (1 + tau), 1e-12))
            gain = (here.d_mu * steps[0] + here.d_tau * steps[1]) / 2
            while True:
                moved = mu + length * steps[0], min(max(tau + length * steps[1], 0.1 * tau), _WIDE)
                there = self._at(*moved)
                if there.value >= here.value or length < 1e-6 or gain < _NEAR:
                    break
                length /= 2
            if there.value > here.value:
                (mu, tau), here = moved, there
            elif gain >= _NEAR:
                break
            # a last step from so near is exact
            if gain < _NEAR:
                break
        # without any spread the maximum is the share of all
        value, _, bend = self.none(alike)
        if value >= here.value - 1e-13 * abs(here.value):
            return Maximum(value, alike, 0.0, 1 / math.sqrt(-bend))
        information = -(here.d_mu2 - here.d_both**2 / here.d_tau2) if here.d_tau2 < 0 else -here.d_mu2
        return Maximum(here.value, mu, tau, 1 / math.sqrt(information) if information > 0 else 1.0)

    def profile(self, mu: float, near: float | None = None) -> tuple[float, float, float]:
        """The maximum over tau at a mu, the slope of the profile there, and that tau, which is looked for from one `near` by."""
        tau = self.rough(np.array([mu]))[1] if near is None else near
        here = self._at(mu, tau)
        for _ in range(60):
            step = -here.d_tau / here.d_tau2 if here.d_tau2 < 0 else math.copysign(tau if here.d_tau > 0 else tau / 2, here.d_tau)
            gain = abs(step * here.d_tau) / 2
            moved = min(max(tau + min(max(step, -1 - tau), 1 + tau), 0.1 * tau), _WIDE)
            there = self._at(mu, moved)
            while there.value < here.value and abs(moved - tau) > 1e-7 and gain >= _NEAR:
                moved = (moved + tau) / 2
                there = self._at(mu, moved)
            rose = there.value > here.value
            if rose:
                tau, here = moved, there
            if gain < _NEAR or not rose:
                break
        value, slope, _ = self.none(mu)
        return (value, slope, tau) if value >= here.value else (here.value, here.d_mu, tau)

    def _at(self, mu: float, tau: float) -> _Terms:
        return _terms(self._cases, self._totals, mu, tau)


@lru_cache(maxsize=256)
def logistic(cases: tuple[int, ...], totals: tuple[int, ...]) -> Shares:
    """Five cohorts and more: a random intercept by maximum likelihood, and every mu whose profile is close enough to the maximum.

    Close enough: 2 (l_max - l(mu)) <= t(k - 1, 0.975)^2, so that where nobody has it the interval begins at 0%.
    """
    from scipy.special import stdtrit

    likelihood = Likelihood(cases, totals)
    reach = float(stdtrit(len(cases) - 1, 0.975))
    some, everybody = sum(cases), sum(totals)
    if some in {0, everybody}:
        # nobody at all has it, or everybody, to whatever is as likely as that
        sign = 1 if not some else -1
        crude = math.log((some + 0.5) / (everybody - some + 0.5))
        end = _where(likelihood, Maximum(0.0, -sign * math.inf, 0.0, 1 / reach), reach, crude, sign)
        return Shares(-sign * math.inf, (-math.inf, end) if sign > 0 else (end, math.inf), 0.0)
    top = likelihood.maximum()
    return Shares(top.mu, (_where(likelihood, top, reach, top.mu, -1), _where(likelihood, top, reach, top.mu, 1)), top.tau**2)


def _where(likelihood: Likelihood, top: Maximum, reach: float, start: float, sign: int) -> float:
    """Where the profile has fallen from its maximum by reach^2 / 2, going from a start to one side; infinity where it never does.

    By Newton's steps on the square root of the fall, which is nearly straight, kept between a point inside and one outside.
    """
    wanted = reach / math.sqrt(2)
    inside, outside = top.mu if math.isfinite(top.mu) else -sign * _FAR, math.inf
    at, tau = start + sign * min(reach * top.se, 4.0), None
    for _ in range(100):
        value, slope, tau = likelihood.profile(at, tau)
        fallen = math.sqrt(max(top.value - value, 0.0))
        if fallen <= wanted:
            inside = at
            if sign * at >= _FAR:
                break
        else:
            outside = at
        if abs(fallen - wanted) < 1e-8 or abs(outside - inside) < 1e-8:
            break
        moved = at + 2 * fallen * (fallen - wanted) / slope if slope * sign < 0 else math.nan
        if math.isinf(outside):
            # at least as far as it has come, and at most so many times that
            far = abs(at - start)
            far = 3 * far if math.isnan(moved) else min(max(sign * (moved - start), 1.01 * far), 3 * far)
            at = sign * min(sign * start + far, _FAR)
        else:
            at = moved if min(inside, outside) < moved < max(inside, outside) else (inside + outside) / 2
    return at if sign * at < _FAR else sign * math.inf


@lru_cache(maxsize=256)
def few(cases: tuple[int, ...], totals: tuple[int, ...]) -> Shares:
    """Two to four cohorts: the posterior median and central 95% interval of mu, with the same likelihood.

    The typical share has Jeffreys' prior, Beta(1/2, 1/2): with a uniform one the interval holds a share of 1 in 100 in fewer than 90 of 100
    (`benchmarks.coverage`) and is wider. tau ~ half-normal(1). tau2 is that of the posterior's mean.
    """
    from scipy.interpolate import CubicSpline

    y, n = np.asarray(cases, dtype=float), np.asarray(totals, dtype=float)
    # by how little and how much cohorts may differ: the errors of their shares, and where the prior meets shares far apart
    logits = np.log((y + 0.5) / (n - y + 0.5))
    apart = math.sqrt(float(((logits - logits.mean()) ** 2).sum()))
    alike = math.log((y.sum() + 0.5) / (n.sum() - y.sum() + 0.5))
    error = math.sqrt(1 / (y.sum() + 0.5) + 1 / (n.sum() - y.sum() + 0.5))
    top = 6 + 1.2 * math.sqrt(apart)

    def density(mu: Vector, at: Vector, u: Vector | None = None) -> Vector:
        """The log density at each mu (rows) and tau."""
        pairs = np.stack([log_likelihood(y, n, mu, float(one), _nodes(float(one), _FEWER) if u is None else u) for one in at], axis=1)
        prior = -0.5 * mu - np.logaddexp(0, -mu)
        found: Vector = pairs + prior[:, None] - 0.5 * at**2
        return found

    # where there is any mass to speak of, and how close it may lie; the prior falls by half a unit in each one
    coarse = np.concatenate([[alike], np.linspace(-2 * _FAR, 2 * _FAR, 161)])
    taus = np.array([0.0, 0.02, 0.1, 0.3, 0.7, 1.5, 3.0, 5.0])
    rough = density(coarse, taus, _ROUGH)
    rows, columns = rough.max(axis=1), rough.max(axis=0)
    inside = coarse[rows > rows.max() - 30]
    least = math.hypot(error, float(taus[columns > columns.max() - 15][0]) / 2)
    centre = alike if rows[0] > rows.max() - 3 else float(coarse[rows.argmax()])

    half = math.asinh(top / least) / 2
    at, weights = np.polynomial.legendre.leggauss(_TAU_NODES)
    tau = least * np.sinh(half * (at + 1))
    tau_weights = weights * np.cosh(half * (at + 1))
    low, high = (math.asinh((end - centre) / least) for end in (float(inside.min()) - 0.5, float(inside.max()) + 0.5))
    x = np.linspace(low, high, _MU_NODES)
    mu = centre + least * np.sinh(x)
    log_density = density(mu, tau)
    mass = np.exp(log_density - log_density.max()) * tau_weights
    by_mu = mass.sum(axis=1)
    stretched = np.cosh(x)
    spread = float(((mass * tau).sum(axis=1) * stretched).sum() / (by_mu * stretched).sum())
    smooth = CubicSpline(x, np.log(by_mu * stretched))
    fine = np.linspace(low, high, 4001)
    summed = CubicSpline(fine, np.exp(smooth(fine))).antiderivative()
    wanted = np.array([0.025, 0.5, 0.975]) * float(summed(high))
    quantiles: Vector = np.interp(wanted, summed(fine), fine)
    # between two points by a Newton's step
    quantiles = quantiles - (summed(quantiles) - wanted) / np.exp(smooth(quantiles))
    lower, median, upper = (centre + least * math.sinh(float(one)) for one in quantiles)
    return Shares(median, (lower, upper), spread**2)


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
