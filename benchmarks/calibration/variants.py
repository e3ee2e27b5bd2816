"""The variants of the weight's model, all on one fixed grid of mu and tau, so that constants can be learned in many folds and worlds.

The likelihood of a report is that of graph/synthesis/weight.py; only the prior and what reaches print differ. tests/test_calibration.py
compares the served variant with its `posterior`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from graph.synthesis.method import METHOD, Z95
from graph.synthesis.weight import ReportedZ, _log_likelihood

Array = NDArray[np.float64]

# as fine as the standard error of the corpus's most precise report (information 1965)
MU = np.linspace(-3, 3, 301)
_ROOTS, _ROOT_WEIGHTS = np.polynomial.legendre.leggauss(16)
_WIDEST_TAU = 1.2
TAU = ((_ROOTS + 1) / 2) ** 2 * _WIDEST_TAU
_TAU_WEIGHTS = _ROOT_WEIGHTS * (_ROOTS + 1) / 2

FORMER_RHO = 0.3
SERVED = "rho-edge"
RHOS = (0.05, 0.1, 0.2, 0.3, 0.5, 1.0)


@dataclass(frozen=True)
class Variant:
    """Priors (rows: one a setting, columns: nodes of the grid) and rhos to learn from; `mixed`: the rhos are integrated in each edge."""

    name: str
    labels: tuple[str, ...]
    priors: Array
    rhos: tuple[float, ...]
    mixed: bool = False


class Choice(NamedTuple):
    """The setting of a variant that was learned: a row of its priors, and the rhos that it integrates over."""

    variant: Variant
    prior: int
    rhos: tuple[float, ...]

    @property
    def label(self) -> str:
        return ", ".join(part for part in (self.variant.labels[self.prior], f"rho {'/'.join(f'{rho:g}' for rho in self.rhos)}") if part)


def normal(mean: float, sd: float) -> Array:
    density: Array = np.exp(-0.5 * ((MU - mean) / sd) ** 2) / sd
    return density


def student(scale: float, freedom: int = 4) -> Array:
    density: Array = (1 + (MU / scale) ** 2 / freedom) ** (-(freedom + 1) / 2)
    return density


def bumps(m: float, s: float, near_zero: float) -> Array:
    density: Array = (1 - near_zero) * (normal(m, s) + normal(-m, s)) / 2 + near_zero * normal(0, 0.05)
    return density


def prior(mu_density: Array, tau_scale: float = METHOD.weight_tau_scale) -> Array:
    """The prior mass of each node, flat; tau is half-normal."""
    mass = np.exp(-0.5 * (TAU / tau_scale) ** 2)[:, None] * _TAU_WEIGHTS[:, None] * mu_density[None, :]
    flat: Array = (mass / mass.sum()).ravel()
    return flat


def fixed(name: str, mu_sd: float = METHOD.weight_mu_sd, tau_scale: float = METHOD.weight_tau_scale, rho: float = FORMER_RHO) -> Variant:
    return Variant(name, ("",), prior(normal(0, mu_sd), tau_scale)[None, :], (rho,))


@lru_cache(maxsize=1)
def variants() -> tuple[Variant, ...]:
    """The five that were written down before any score was looked at: see the package's docstring."""
    two = [(m, s, zero) for m in (0.3, 0.4, 0.5, 0.6, 0.7) for s in (0.05, 0.1, 0.2, 0.3) for zero in (0.0, 0.1, 0.25, 0.5)]
    wide = [(scale, tau) for scale in (0.2, 0.35, 0.5, 0.7, 1.0) for tau in (0.05, 0.15, 0.3)]
    former = fixed("one-rho")
    return (
        former,
        replace(former, name="rho", rhos=RHOS),
        Variant(
            "two-bumps",
            tuple(f"m {m:g}, s {s:g}, near zero {zero:g}" for m, s, zero in two),
            np.array([prior(bumps(*one)) for one in two]),
            RHOS,
        ),
        Variant(
            "wide",
            tuple(f"scale {scale:g}, tau {tau:g}" for scale, tau in wide),
            np.array([prior(student(scale), tau) for scale, tau in wide]),
            RHOS,
        ),
        replace(former, name=SERVED, rhos=METHOD.rhos, mixed=True),
    )


def likelihood(reports: Sequence[ReportedZ], rho: float) -> tuple[Array, float]:
    """The likelihood of these reports at each node, flat, over its largest value; and the logarithm of that."""
    total = np.zeros((len(TAU), len(MU)))
    for report in reports:
        total += _log_likelihood(report, MU, TAU, replace(METHOD, rhos=(rho,)))[0]
    top = float(total.max())
    return np.exp(total - top).ravel(), top


class Likelihoods:
    """The likelihoods of edges at each node, by rho, made once for all variants."""

    def __init__(self, edges: Sequence[Sequence[ReportedZ]], rhos: Sequence[float]) -> None:
        self.rhos = tuple(rhos)
        size = len(TAU) * len(MU)
        self.at = {rho: np.empty((len(edges), size)) for rho in rhos}
        self.top = {rho: np.empty(len(edges)) for rho in rhos}
        for rho in rhos:
            for i, reports in enumerate(edges):
                self.at[rho][i], self.top[rho][i] = likelihood(reports, rho)

    def marginal(self, variant: Variant) -> Array:
        """The log marginal likelihood of each edge: (rhos or 1, priors, edges)."""
        logs = np.array([np.log(variant.priors @ self.at[rho].T) + self.top[rho] for rho in variant.rhos])
        if variant.mixed:
            mean: Array = np.logaddexp.reduce(logs, axis=0, keepdims=True) - math.log(len(variant.rhos))
            return mean
        return logs


def learn(variant: Variant, marginal: Array) -> Choice:
    """The setting of largest marginal likelihood, summed over edges."""
    total = marginal.sum(axis=2)
    rho, best = np.unravel_index(int(total.argmax()), total.shape)
    return Choice(variant, int(best), variant.rhos if variant.mixed else (variant.rhos[rho],))


def posteriors(choice: Choice, at: Likelihoods, edge: int) -> list[tuple[float, Array]]:
    """For each rho that is integrated over, the mass of each node; all masses sum to 1."""
    top = max(at.top[rho][edge] for rho in choice.rhos)
    masses = [choice.variant.priors[choice.prior] * at.at[rho][edge] * math.exp(at.top[rho][edge] - top) for rho in choice.rhos]
    total = sum(float(mass.sum()) for mass in masses)
    return [(rho, mass / total) for rho, mass in zip(choice.rhos, masses, strict=True)]


@lru_cache(maxsize=4096)
def _tails(information: float) -> tuple[Array, Array]:
    """The probabilities that a cohort of that information is significant downwards and upwards, at each node."""
    centre = MU[None, :] * math.sqrt(information)
    spread = np.sqrt(1 + TAU[:, None] ** 2 * information)
    return ndtr((-Z95 - centre) / spread).ravel(), ndtr((centre - Z95) / spread).ravel()


def chances(masses: Sequence[tuple[float, Array]], information: float, *, printed: bool) -> Array:
    """The probabilities of decreases, null, increases; `printed`: of a report that reached print, else of any cohort."""
    down, up = _tails(information)
    total = np.zeros(3)
    for rho, mass in masses:
        shown = 1 - (1 - rho) * (1 - up - down) if printed else 1.0
        total[0] += float((mass * down / shown).sum())
        total[2] += float((mass * up / shown).sum())
    total[1] = 1 - total[0] - total[2]
    return total


_SIGN = ndtr(MU[None, :] / TAU[:, None]).ravel()


def p_positive(masses: Sequence[tuple[float, Array]]) -> float:
    """The probability that a next cohort's true effect is above zero."""
    return sum(float((mass * _SIGN).sum()) for _, mass in masses)


def below(masses: Sequence[tuple[float, Array]], mu: float) -> float:
    """The posterior probability that the mean is below that."""
    density: Array = np.sum([mass.reshape(len(TAU), len(MU)).sum(axis=0) for _, mass in masses], axis=0)
    # half of a node's mass lies on either side of it
    return float(np.interp(mu, MU, np.cumsum(density) - density / 2))
