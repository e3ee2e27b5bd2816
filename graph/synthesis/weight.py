"""The weight of an edge: the probability that a reference cohort would report it, significantly, in its direction. Design point 6.

Model on y* = z / sqrt(n pi (1 - pi)), about the log odds ratio per SD of the exposure: theta_i ~ N(mu, tau^2) for each cohort,
y*_i ~ N(theta_i, 1 / information_i), mu ~ N(0, weight_mu_sd^2), tau ~ half-normal(weight_tau_scale). Not every result reaches print: one
that is not significant does so rho times as often as one that is (Hedges, Stat Sci 1992;7:246-55; a step weight function). How often
differs between associations: rho is one of `rhos`, each as likely beforehand, and the reports of an association say which. The prior and
the reporting are symmetric about zero: turning a contrast turns the sign and nothing else.
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
from schema.observation import Observation
from schema.pvalue import parse_p

Vector = NDArray[np.float64]


class ReportedZ(NamedTuple):
    """One report as the model sees it: z between `low` and `high` (equal where it is known), of that information.

    `mirrored`: one of the two signs of z; `on_mean`: a published pooled row, which acts on the mean and not on one cohort's effect.
    """

    low: float
    high: float
    information: float
    mirrored: bool = False
    on_mean: bool = False


class Weight(NamedTuple):
    """`sign` is +1 (increases) or -1, a tie to +1; `weight` and `p_direction` belong to it."""

    sign: int
    weight: float
    p_direction: float


def reported_z(observation: Observation) -> ReportedZ | None:
    """An observation as the model sees it; None where it says nothing."""
    if observation.published:
        if observation.y is None or observation.se is None:
            return None
        return ReportedZ(observation.y / observation.se, observation.y / observation.se, observation.information, on_mean=True)
    if observation.z is None:
        return None
    if isinstance(observation.z, tuple):
        low = -math.inf if observation.z[0] is None else observation.z[0]
        high = math.inf if observation.z[1] is None else observation.z[1]
        if observation.kind == "unclear":
            bound = observation.row.p is not None and parse_p(observation.row.p).bound == "<"
            return ReportedZ(high, math.inf if bound else high, observation.information, mirrored=True)
        return ReportedZ(low, high, observation.information)
    return ReportedZ(observation.z, observation.z, observation.information)


def reported_zs(observations: Iterable[Observation]) -> list[ReportedZ]:
    """The observations that say something, as the model sees them."""
    return [report for observation in observations if (report := reported_z(observation)) is not None]


class Grid(NamedTuple):
    """The posterior over rho, tau and mu, the axes of `mass`, which sums to 1. `even`: whose even nodes they are, where they are."""

    mu: Vector
    tau: Vector
    rho: Vector
    mass: NDArray[np.float64]
    even: Method | None


# Gauss-Legendre in the square root of tau, which puts more nodes near 0: weight is right to 0.001, p_direction to 0.002
_ROOTS, _ROOT_WEIGHTS = np.polynomial.legendre.leggauss(14)
_TAU_SHARES = ((_ROOTS + 1) / 2) ** 2
_TAU_WEIGHTS = _ROOT_WEIGHTS * (_ROOTS + 1) / 2
_REACH = 5.0  # prior SDs of mu and tau that the grid covers; with 4, reports that contradict each other lose 0.003
_STEPS = 161


def _mu_nodes(reports: Sequence[ReportedZ], reach: float) -> tuple[Vector, Vector]:
    """Nodes and trapezoid weights for mu: even, and finer where a precise report makes the likelihood steep."""
    even, even_weights = _even_nodes(reach)
    pieces = [even]
    step = even[1] - even[0]
    for report in reports:
        error = 1 / math.sqrt(report.information)
        if error < 2 * step:
            steep = {report.low, report.high, Z95, -Z95, -report.high if report.mirrored else report.high}
            around = error * np.linspace(-8, 8, 65)
            pieces += [z * error + around for z in steep if math.isfinite(z) and abs(z * error) < reach]
    if len(pieces) == 1:
        return even, even_weights
    nodes = np.unique(np.concatenate(pieces))
    return nodes, _trapezoids(nodes)


@lru_cache(maxsize=8)
def _even_nodes(reach: float) -> tuple[Vector, Vector]:
    nodes = np.linspace(-reach, reach, _STEPS)
    weights = _trapezoids(nodes)
    nodes.setflags(write=False)
    weights.setflags(write=False)
    return nodes, weights


def _trapezoids(nodes: Vector) -> Vector:
    gaps = np.diff(nodes)
    weights = np.zeros_like(nodes)
    weights[:-1] += gaps / 2
    weights[1:] += gaps / 2
    return weights


def posterior(reports: Sequence[ReportedZ], method: Method = METHOD) -> Grid:
    """The posterior of mu, tau and rho given the reports, on a grid."""
    tau, mu, mu_weights = _nodes(reports, method)
    log_density = _log_prior(mu, tau, method)
    for report in reports:
        log_density = log_density + _log_likelihood(report, mu, tau, method)
    return _normal(log_density, mu, tau, mu_weights, method)


def posteriors_without(reports: Sequence[ReportedZ], method: Method = METHOD) -> Iterator[Grid]:
    """For each report in turn, the posterior given all the others."""
    tau, mu, mu_weights = _nodes(reports, method)
    each = [_log_likelihood(report, mu, tau, method) for report in reports]
    # one by one: what acts on the mean is the same at each rho
    everything = reduce(np.add, each, _log_prior(mu, tau, method))
    for one in each:
        yield _normal(everything - one, mu, tau, mu_weights, method)


def _nodes(reports: Sequence[ReportedZ], method: Method) -> tuple[Vector, Vector, Vector]:
    tau = _TAU_SHARES * _REACH * method.weight_tau_scale
    mu, mu_weights = _mu_nodes(reports, _REACH * method.weight_mu_sd)
    return tau, mu, mu_weights


def _log_prior(mu: Vector, tau: Vector, method: Method) -> Vector:
    density: Vector = -0.5 * (mu[None, :] / method.weight_mu_sd) ** 2 - 0.5 * (tau[:, None] / method.weight_tau_scale) ** 2
    return density


def _normal(log_density: Vector, mu: Vector, tau: Vector, mu_weights: Vector, method: Method) -> Grid:
    mass = np.exp(log_density - log_density.max())
    mass *= _TAU_WEIGHTS[:, None] * mu_weights
    if len(mass) != len(method.rhos) or mass.ndim == 2:
        # without a report no rho is likelier than another
        mass = np.broadcast_to(mass, (len(method.rhos), len(tau), len(mu)))
    return Grid(mu, tau, np.array(method.rhos), mass / mass.sum(), method if len(mu) == _STEPS else None)


def _log_likelihood(report: ReportedZ, mu: Vector, tau: Vector, method: Method) -> Vector:
    """The log-likelihood of a report at each rho, tau and mu, given that it reached print, up to a constant."""
    if len(mu) == _STEPS:
        return _on_even_nodes(report, method)
    return _at_nodes(report, mu, tau, method)


@lru_cache(maxsize=1024)
def _on_even_nodes(report: ReportedZ, method: Method) -> Vector:
    """The same on the nodes that most associations share: an association less one study asks for it again."""
    tau, mu, _ = _nodes((), method)
    found = _at_nodes(report, mu, tau, method)
    found.setflags(write=False)
    return found


def _at_nodes(report: ReportedZ, mu: Vector, tau: Vector, method: Method) -> Vector:
    from scipy.special import ndtr

    centre = mu[None, :] * math.sqrt(report.information)
    if report.on_mean:
        on_mean: Vector = -0.5 * (report.low - centre) ** 2 + np.zeros((1, len(tau), 1))
        return on_mean
    # z of a cohort has mean mu sqrt(I) and variance 1 + tau^2 I
    spread = np.sqrt(1 + tau[:, None] ** 2 * report.information)
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
    tau, mu, _ = _nodes((), method)
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
    tau, mu, _ = _nodes((), method)
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


def weights_without(reports: Sequence[ReportedZ], method: Method = METHOD) -> list[Weight]:
    """The weight without each report in turn, for two reports and more; none where the nodes hang on which reports there are."""
    if len(_nodes(reports, method)[1]) != _STEPS:
        return []
    return [_weighed(grid, method) for grid in posteriors_without(reports, method)]


def cohorts_to_turn(reports: Sequence[ReportedZ], sign: int, method: Method = METHOD) -> int | None:
    """The smallest number of further reference cohorts, significant the other way, that makes the other sign the likelier.

    None where `method.flip_limit` of them don't.
    """
    information = reference_information(method)
    opposite = ReportedZ(-math.inf, -Z95, information) if sign > 0 else ReportedZ(Z95, math.inf, information)
    tau, mu, mu_weights = _nodes([*sorted(reports), opposite], method)
    log_density = _log_prior(mu, tau, method)
    for report in sorted(reports):
        log_density = log_density + _log_likelihood(report, mu, tau, method)
    one = _log_likelihood(opposite, mu, tau, method)
    for count in range(1, method.flip_limit + 1):
        positive = p_positive(_normal(log_density + count * one, mu, tau, mu_weights, method))
        if (positive if sign > 0 else 1 - positive) < 0.5 - 1e-9:
            return count
    return None


def identity(reports: Sequence[ReportedZ], method: Method = METHOD) -> tuple[Method, bytes]:
    """Reports in any order as a key; of one length whatever their number, so that how many answers are kept bounds their memory."""
    return method, sha256(struct.pack(f"{len(ReportedZ._fields) * len(reports)}d", *chain.from_iterable(sorted(reports)))).digest()


@cached(LRUCache(50_000), key=identity, lock=Lock(), info=True)
def weigh(reports: Sequence[ReportedZ], method: Method = METHOD) -> Weight:
    """The weight and the probability of direction of an association with these reports."""
    return _weighed(posterior(sorted(reports), method), method)


def _weighed(grid: Grid, method: Method) -> Weight:
    down, _, up = chances(grid, reference_information(method))
    positive = p_positive(grid)
    # a tie within rounding goes to increases
    sign = 1 if positive >= 0.5 - 1e-9 else -1
    return Weight(sign, up if sign > 0 else down, max(positive, 1 - positive))
