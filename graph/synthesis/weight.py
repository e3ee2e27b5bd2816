"""The weight of an edge: the probability that the average effect has the edge's direction. docs/method.md, section 6.

It is 1 - the local false sign rate (Stephens, Biostatistics 2017;18:275-94). Model on y* = z / sqrt(information), about the log odds
ratio per SD of the exposure: theta_i ~ N(mu, tau^2 / m_i) for each report of m_i trials or cohorts, y*_i ~ N(theta_i, 1 / information_i),
tau ~ half-normal(weight_tau_scale). mu is near zero (a share `weight_near_zero`) or from a mixture of normals round zero. Not every result
reaches print: one that is not significant does so rho times as often as one that is (Hedges, Stat Sci 1992;7:246-55; a step weight
function). How often differs between associations: rho is one of `rhos`, each as likely beforehand, and the reports of an association say
which. The prior and the reporting are symmetric about zero: turning a contrast turns the sign and nothing else.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache, reduce
from hashlib import sha256
from itertools import chain
from threading import Lock
from typing import NamedTuple

import numpy as np
from cachetools import LRUCache, cached
from numpy.typing import NDArray

from graph.synthesis.method import METHOD, Z95, Method
from graph.synthesis.reports import StudyReport
from schema.observation import Observation
from schema.pvalue import parse_p

Vector = NDArray[np.float64]


class ReportedZ(NamedTuple):
    """One report as the model sees it: z between `low` and `high` (equal where it is known), of that information.

    `mirrored`: one of the two signs of z; `on_mean`: a published pooled row, which acts on the mean and not on one cohort's effect;
    `trials`: how many trials or cohorts it pools the patients of.
    """

    low: float
    high: float
    information: float
    mirrored: bool = False
    on_mean: bool = False
    trials: int = 1


class Weight(NamedTuple):
    """Of one sign: the probability that the average effect has it, the same with less and more near zero (low, high), the probability

    that a next cohort's true effect has it, and that a reference cohort reports it with p < 0.05.
    """

    sign: int
    weight: float
    range: tuple[float, float]
    p_direction: float
    replication: float


class Weighed(NamedTuple):
    """What the reports say of both signs: of an increase, and of a significant decrease and increase in a reference cohort."""

    positive: float
    positive_range: tuple[float, float]
    next_positive: float
    down: float
    up: float

    @property
    def likelier(self) -> int:
        """+1 or -1; a tie within rounding goes to +1."""
        return 1 if self.positive >= 0.5 - 1e-9 else -1

    def of(self, sign: int) -> Weight:
        """The weight of a sign (0: of the likelier), 0.5 to 0.999: 0.5 where the reports favour the other one."""
        sign = sign or self.likelier
        own, *others = (min(max(one if sign > 0 else 1 - one, 0.5), _SUREST) for one in (self.positive, *self.positive_range))
        ahead = max(self.next_positive if sign > 0 else 1 - self.next_positive, 0.5)
        return Weight(sign, own, (min(others), max(others)), ahead, self.up if sign > 0 else self.down)


_SUREST = 0.999


def reported_z(observation: Observation, method: Method = METHOD, trials: int = 1) -> ReportedZ | None:
    """An observation as the model sees it; None where it says nothing.

    A word, or a bound of p, is read as the z that is typical beyond it: of a bound alone a cohort of any size would be as sure as the
    largest effect that it can have.
    """
    if observation.published:
        if observation.y is None or observation.se is None:
            return None
        return ReportedZ(observation.y / observation.se, observation.y / observation.se, observation.information, on_mean=True)
    if observation.z is None:
        return None
    if isinstance(observation.z, tuple):
        low, high = observation.z
        if observation.kind == "unclear":
            assert high is not None
            bound = observation.row.p is not None and parse_p(observation.row.p).bound == "<"
            z = typical_z(high, method) if bound else high
            return ReportedZ(z, z, observation.information, mirrored=True, trials=trials)
        if observation.kind == "significant":
            z = typical_z(low, method) if low is not None else -typical_z(-(high or 0.0), method)
            return ReportedZ(z, z, observation.information, trials=trials)
        return ReportedZ(-math.inf if low is None else low, math.inf if high is None else high, observation.information, trials=trials)
    return ReportedZ(observation.z, observation.z, observation.information, trials=trials)


def typical_z(bound: float, method: Method = METHOD) -> float:
    """The |z| that is typical of what is printed beyond a bound."""
    beyond = [z for z, least in zip(method.typical_z, BOUNDS, strict=True) if bound >= least - 1e-6]
    return max(bound, beyond[-1]) if beyond else bound


# |z| at p 0.05, 0.01 and 0.001
BOUNDS = (Z95, 2.5758293035489004, 3.2905267314918945)


def reported_zs(reports: Iterable[StudyReport], method: Method = METHOD) -> list[ReportedZ]:
    """The reports that say something, as the model sees them."""
    return [z for report in reports if (z := reported_z(report.observation, method, report.trials)) is not None]


class Grid(NamedTuple):
    """The posterior over rho, tau and mu, the axes of `mass`, which sums to 1. `even`: whose even nodes they are, where they are.

    `likelihood` is that of each mu, tau and rho integrated out, up to a constant.
    """

    mu: Vector
    tau: Vector
    rho: Vector
    mass: NDArray[np.float64]
    likelihood: Vector
    even: Method | None


# Gauss-Legendre in the square root of tau, which puts more nodes near 0: weight is right to 0.001, p_direction to 0.002
_ROOTS, _ROOT_WEIGHTS = np.polynomial.legendre.leggauss(14)
_TAU_SHARES = ((_ROOTS + 1) / 2) ** 2
_TAU_WEIGHTS = _ROOT_WEIGHTS * (_ROOTS + 1) / 2
_TAU_REACH = 5.0  # prior SDs of tau that the grid covers
# nodes of mu: even in asinh(mu / _FINEST), so that they are close near zero, and up to _REACH
_REACH, _FINEST, _STEPS = 5.0, 0.02, 161
# from so many reports on the nodes of all serve those of all but one: anew for each they would take minutes
_MANY = 40
# errors per step below which trapezoids of a normal density are not exact any more (at 0.75 they are to 1e-7)
_STEEP = 0.75


def _mu_nodes(reports: Sequence[ReportedZ]) -> Vector:
    """Nodes for mu: close near zero and wider outwards, and finer where a precise report makes the likelihood steep."""
    steep = [
        (z / math.sqrt(report.information), 1 / math.sqrt(report.information))
        for report in reports
        for z in {report.low, report.high, -report.high if report.mirrored else report.high}
        if math.isfinite(z)
    ]
    step = _STEEP * 2 * math.asinh(_REACH / _FINEST) / (_STEPS - 1)
    steep = [(at, error) for at, error in steep if abs(at) < _REACH and error < step * math.hypot(at, _FINEST)]
    if not steep:
        return _even_nodes()
    # a quarter of the smallest error apart, however many reports lie there
    apart = min(error for _, error in steep) / 4
    fine = np.concatenate([np.arange(round((at - 8 * error) / apart), round((at + 8 * error) / apart) + 1) for at, error in steep])
    nodes: Vector = np.unique(np.concatenate([_even_nodes(), np.unique(fine).astype(float) * apart]))
    return nodes


@lru_cache(maxsize=1)
def _even_nodes() -> Vector:
    far = math.asinh(_REACH / _FINEST)
    nodes = _FINEST * np.sinh(np.linspace(-far, far, _STEPS))
    # exactly symmetric, and exactly zero in the middle
    nodes = (nodes - nodes[::-1]) / 2
    nodes.setflags(write=False)
    return nodes


def _trapezoids(nodes: Vector) -> Vector:
    gaps = np.diff(nodes)
    weights = np.zeros_like(nodes)
    weights[:-1] += gaps / 2
    weights[1:] += gaps / 2
    return weights


class Prior(NamedTuple):
    """The prior mass of mu at its nodes: near zero, and apart from that; each sums to 1."""

    near: Vector
    wide: Vector


def components(mu: Vector, method: Method) -> Vector:
    """The mass at each node of the part near zero and of each normal of the mixture (rows), each summing to 1."""
    sds = np.array([method.weight_near_zero_sd, *method.weight_sds])[:, None]
    mass = np.exp(-0.5 * (mu / sds) ** 2) * _trapezoids(mu)
    found: Vector = mass / mass.sum(axis=1, keepdims=True)
    return found


@lru_cache(maxsize=8)
def _even_prior(method: Method) -> Prior:
    return _prior_at(_even_nodes(), method)


def _prior_at(mu: Vector, method: Method) -> Prior:
    each, shares = components(mu, method), np.array(method.weight_shares)
    return Prior(each[0], (shares / shares.sum()) @ each[1:])


def _prior(mu: Vector, method: Method) -> Prior:
    return _even_prior(method) if len(mu) == _STEPS else _prior_at(mu, method)


def posterior(reports: Sequence[ReportedZ], method: Method = METHOD) -> Grid:
    """The posterior of mu, tau and rho given the reports, on a grid."""
    tau, mu = _nodes(reports, method)
    return _normal(reduce(np.add, [_log_likelihood(report, mu, tau, method) for report in reports], _nothing(tau, mu)), mu, tau, method)


def posteriors_without(reports: Sequence[ReportedZ], method: Method = METHOD) -> Iterator[Grid]:
    """For each report in turn, the posterior given all the others."""
    tau, mu = _nodes(reports, method)
    each = [_log_likelihood(report, mu, tau, method) for report in reports]
    # one by one: what acts on the mean is the same at each rho
    everything = reduce(np.add, each, _nothing(tau, mu))
    for one in each:
        yield _normal(everything - one, mu, tau, method)


def _nodes(reports: Sequence[ReportedZ], method: Method) -> tuple[Vector, Vector]:
    return _TAU_SHARES * _TAU_REACH * method.weight_tau_scale, _mu_nodes(reports)


def _nothing(tau: Vector, mu: Vector) -> Vector:
    return np.zeros((1, len(tau), len(mu)))


def _normal(log_likelihood: Vector, mu: Vector, tau: Vector, method: Method) -> Grid:
    likelihood = np.exp(log_likelihood - log_likelihood.max())
    likelihood *= (_TAU_WEIGHTS * np.exp(-0.5 * (tau / method.weight_tau_scale) ** 2))[:, None]
    if len(likelihood) != len(method.rhos):
        # without a report of a cohort no rho is likelier than another
        likelihood = np.broadcast_to(likelihood, (len(method.rhos), len(tau), len(mu)))
    near, wide = _prior(mu, method)
    mass = likelihood * (method.weight_near_zero * near + (1 - method.weight_near_zero) * wide)
    return Grid(mu, tau, np.array(method.rhos), mass / mass.sum(), likelihood.sum(axis=(0, 1)), method if len(mu) == _STEPS else None)


def _log_likelihood(report: ReportedZ, mu: Vector, tau: Vector, method: Method) -> Vector:
    """The log-likelihood of a report at each rho, tau and mu, given that it reached print, up to a constant."""
    if len(mu) == _STEPS:
        return _on_even_nodes(report, method)
    return _at_nodes(report, mu, tau, method)


@lru_cache(maxsize=1024)
def _on_even_nodes(report: ReportedZ, method: Method) -> Vector:
    """The same on the nodes that most associations share: an association less one study asks for it again."""
    tau, mu = _nodes((), method)
    found = _at_nodes(report, mu, tau, method)
    found.setflags(write=False)
    return found


def _at_nodes(report: ReportedZ, mu: Vector, tau: Vector, method: Method) -> Vector:
    from scipy.special import ndtr

    centre = mu[None, :] * math.sqrt(report.information)
    if report.on_mean:
        on_mean: Vector = -0.5 * (report.low - centre) ** 2 + np.zeros((1, len(tau), 1))
        return on_mean
    # z of m cohorts has mean mu sqrt(I) and variance 1 + tau^2 I / m
    spread = np.sqrt(1 + tau[:, None] ** 2 * report.information / report.trials)
    rho = np.array(method.rhos)[:, None, None]
    null = ndtr((Z95 - centre) / spread) - ndtr((-Z95 - centre) / spread)
    beyond, within = _likelihood(report, centre, spread)
    shown = 1 - (1 - rho) * null
    if beyond is None:
        assert within is not None
        reported = np.log(rho) + within
    else:
        reported = beyond if within is None else np.logaddexp(beyond, np.log(rho) + within)
    likelihood: Vector = reported - np.log(shown)
    return likelihood


def _likelihood(report: ReportedZ, centre: Vector, spread: Vector) -> tuple[Vector | None, Vector | None]:
    """The logarithm of how likely a report is, by what is significant and by what is not, before what reaches print.

    None where it can't be that. Never floored: what a precise report says of a far effect is as sure as it is.
    """
    if report.low == report.high:
        density: Vector = -0.5 * ((report.low - centre) / spread) ** 2 - np.log(spread)
        if report.mirrored:
            density = np.logaddexp(density, -0.5 * ((report.low + centre) / spread) ** 2 - np.log(spread))
        return (None, density) if abs(report.low) <= Z95 else (density, None)

    ranges = [(report.low, report.high), *([(-report.high, -report.low)] if report.mirrored else [])]
    beyond = [part for low, high in ranges for part in ((low, min(high, -Z95)), (max(low, Z95), high)) if part[0] < part[1]]
    within = [part for low, high in ranges if (part := (max(low, -Z95), min(high, Z95)))[0] < part[1]]

    def among(parts: list[tuple[float, float]]) -> Vector | None:
        logs = [_log_between((low - centre) / spread, (high - centre) / spread) for low, high in parts]
        return reduce(np.logaddexp, logs) if logs else None

    return among(beyond), among(within)


def _log_between(low: Vector, high: Vector) -> Vector:
    """The logarithm of the normal probability between two bounds, by the tail in which it keeps its digits."""
    from scipy.special import log_ndtr

    upper = low + high > 0
    near, far = np.where(upper, -low, high), np.where(upper, -high, low)
    most = log_ndtr(near)
    # between bounds that are one there is nothing
    with np.errstate(divide="ignore"):
        found: Vector = most + np.log(-np.expm1(np.minimum(log_ndtr(far) - most, 0)))
    return found


def chances(grid: Grid, information: float, *, printed: bool = False) -> tuple[float, float, float]:
    """The probabilities that a cohort of that information reports decreases, null, increases; `printed`: given that it reaches print."""
    if printed:
        each = _on_even_printed(information, grid.even) if grid.even is not None else _printed(grid.mu, grid.tau, grid.rho, information)
        # not by BLAS, whose threads cost more than they bring
        down, null, up = np.einsum("ij,j->i", each, grid.mass.ravel()).tolist()
        return down, null, up
    lower, upper = _on_even_tails(information, grid.even) if grid.even is not None else _tails(grid.mu, grid.tau, information)
    mass = grid.mass.sum(axis=0)
    down, up = float((mass * lower).sum()), float((mass * upper).sum())
    return down, 1 - down - up, up


@lru_cache(maxsize=512)
def _on_even_tails(information: float, method: Method) -> tuple[Vector, Vector]:
    tau, mu = _nodes((), method)
    found = _tails(mu, tau, information)
    for one in found:
        one.setflags(write=False)
    return found


def _tails(mu: Vector, tau: Vector, information: float) -> tuple[Vector, Vector]:
    """At each tau and mu the probabilities that a cohort finds a significant decrease, increase."""
    from scipy.special import ndtr

    centre = mu[None, :] * math.sqrt(information)
    spread = np.sqrt(1 + tau[:, None] ** 2 * information)
    return ndtr((-Z95 - centre) / spread), ndtr((centre - Z95) / spread)


@lru_cache(maxsize=512)
def _on_even_printed(information: float, method: Method) -> Vector:
    tau, mu = _nodes((), method)
    found = _printed(mu, tau, np.array(method.rhos), information)
    found.setflags(write=False)
    return found


def _printed(mu: Vector, tau: Vector, rho: Vector, information: float) -> Vector:
    """At each rho, tau and mu (in one row) the probabilities that a printed report is a decrease, null, an increase."""
    down, up = _tails(mu, tau, information)
    null = 1 - up - down
    shown = 1 - (1 - rho[:, None, None]) * null
    return np.stack([down / shown, rho[:, None, None] * null / shown, up / shown]).reshape(3, -1)


def p_positive(grid: Grid) -> float:
    """The probability that a next cohort's true effect is above zero."""
    from scipy.special import ndtr

    return float((grid.mass.sum(axis=0) * ndtr(grid.mu[None, :] / grid.tau[:, None])).sum())


def reference_information(method: Method = METHOD) -> float:
    return method.reference_n * method.reference_prevalence * (1 - method.reference_prevalence)


def weights_without(reports: Sequence[ReportedZ], method: Method = METHOD) -> list[Weighed]:
    """What is left without each report in turn, for two reports and more; none where the nodes hang on which of a few there are."""
    if len(_mu_nodes(reports)) != _STEPS and len(reports) < _MANY:
        return []
    return [_weighed(grid, method) for grid in posteriors_without(reports, method)]


def identity(reports: Sequence[ReportedZ], method: Method = METHOD) -> tuple[Method, bytes]:
    """Reports in any order as a key; of one length whatever their number, so that how many answers are kept bounds their memory."""
    return method, sha256(struct.pack(f"{len(ReportedZ._fields) * len(reports)}d", *chain.from_iterable(sorted(reports)))).digest()


@cached(LRUCache(10_000), key=lambda reports, sign, method=METHOD: (sign, *identity(reports, method)), lock=Lock())
def cohorts_to_turn(reports: Sequence[ReportedZ], sign: int, method: Method = METHOD) -> int | None:
    """The smallest number of further reference cohorts, significant the other way, that makes the other sign the likelier.

    None where `method.flip_limit` of them don't.
    """
    z = -sign * method.typical_z[0]
    opposite = ReportedZ(z, z, reference_information(method))
    tau, mu = _nodes([*sorted(reports), opposite], method)
    log_likelihood = reduce(np.add, [_log_likelihood(report, mu, tau, method) for report in sorted(reports)], _nothing(tau, mu))
    one = _log_likelihood(opposite, mu, tau, method)
    for count in range(1, method.flip_limit + 1):
        positive = _positive(_normal(log_likelihood + count * one, mu, tau, method).mass.sum(axis=(0, 1)), mu)
        if (positive if sign > 0 else 1 - positive) < 0.5 - 1e-9:
            return count
    return None


@cached(LRUCache(50_000), key=identity, lock=Lock(), info=True)
def weigh(reports: Sequence[ReportedZ], method: Method = METHOD) -> Weighed:
    """What these reports say of both signs."""
    return _weighed(posterior(sorted(reports), method), method)


def _positive(mass: Vector, mu: Vector) -> float:
    """The share of a mass at the nodes of mu that lies above zero."""
    return float(mass[mu > 0].sum() + 0.5 * mass[mu == 0].sum()) / float(mass.sum())


def _weighed(grid: Grid, method: Method) -> Weighed:
    down, _, up = chances(grid, reference_information(method))
    near, wide = (one * grid.likelihood for one in _prior(grid.mu, method))
    at = [_positive(share * near + (1 - share) * wide, grid.mu) for share in (method.weight_near_zero, *method.weight_range_near_zero)]
    return Weighed(at[0], (at[1], at[2]), p_positive(grid), down, up)
