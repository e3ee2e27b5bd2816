"""The constants of a field: the shares of the mixture by EM, and the typical z of a word."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from statistics import median

import numpy as np
from numpy.typing import NDArray

from graph.synthesis.method import METHOD, Method
from graph.synthesis.reports import StudyReport
from graph.synthesis.weight import BOUNDS, ReportedZ, components, posterior, reported_zs

Array = NDArray[np.float64]


def learned(edges: Sequence[Sequence[StudyReport]], exact: Sequence[float], method: Method = METHOD) -> Method:
    """The method with the constants that these edges teach; `exact`: the |z| that are printed exactly."""
    own = replace(method, typical_z=typical(exact, method))
    return replace(own, weight_shares=shares([reported_zs(edge, own) for edge in edges], own))


def typical(exact: Sequence[float], method: Method = METHOD) -> tuple[float, float, float]:
    """The medians of the |z| beyond each bound of p; where there are none, the method's own."""
    beyond = [[z for z in exact if z > bound] for bound in BOUNDS]
    found = [median(some) if some else own for some, own in zip(beyond, method.typical_z, strict=True)]
    return found[0], found[1], found[2]


def shares(edges: Sequence[Sequence[ReportedZ]], method: Method = METHOD) -> tuple[float, ...]:
    """The shares of the mixture of largest marginal likelihood, by EM from equal ones until none moves by more than 1e-6."""
    if not edges:
        return method.weight_shares
    each = np.array([marginal(reports, method) for reports in edges])
    near, wide = method.weight_near_zero * each[:, :1], (1 - method.weight_near_zero) * each[:, 1:]
    found = np.full(wide.shape[1], 1 / wide.shape[1])
    while True:
        parts = found * wide
        parts /= near + parts.sum(axis=1, keepdims=True)
        moved = parts.sum(axis=0) / parts.sum()
        if np.abs(moved - found).max() < 1e-6:
            return tuple(moved.tolist())
        found = moved


def marginal(reports: Sequence[ReportedZ], method: Method) -> Array:
    """The likelihood of an edge's reports under the part near zero and under each normal of the mixture, over the largest."""
    grid = posterior(sorted(reports), method)
    found: Array = components(grid.mu, method) @ grid.likelihood
    found /= found.max()
    return found
