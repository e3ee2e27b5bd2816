"""Effect sizes and their standard errors, one formula a function, each with its paper.

Ratios are returned as natural logarithms. All are pinned to R metafor's `escalc` (tests/reference/metafor.R).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist
from typing import NamedTuple

from graph.synthesis.method import Z95
from schema.study import Counts

_NORMAL = NormalDist()


class Estimate(NamedTuple):
    """An estimate and its standard error, on one scale."""

    y: float
    se: float

    @property
    def z(self) -> float:
        return self.y / self.se


def z_of_p(p: float) -> float:
    """The |z| of a two-sided p, 0 < p <= 1; 0 for p = 1."""
    return abs(_NORMAL.inv_cdf(p / 2))


def p_of_z(z: float) -> float:
    """The two-sided p of z."""
    return math.erfc(abs(z) / math.sqrt(2))


def log_odds_ratio(counts: Counts) -> Estimate:
    """Log odds ratio of a 2x2 table (Woolf 1955), 1/2 added to each cell where one is empty (Haldane 1956, Anscombe 1956)."""
    cells = _cells(counts)
    if not all(cells):
        cells = [cell + 0.5 for cell in cells]
    a, b, c, d = cells
    return Estimate(math.log(a * d / (b * c)), math.sqrt(math.fsum(1 / cell for cell in cells)))


def log_risk_ratio(counts: Counts) -> Estimate:
    """Log risk ratio of a 2x2 table (Katz 1978), 1/2 added to each cell where one is empty."""
    cells = _cells(counts)
    if not all(cells):
        cells = [cell + 0.5 for cell in cells]
    a, b, c, d = cells
    return Estimate(math.log(a / (a + b)) - math.log(c / (c + d)), math.sqrt(max(0.0, 1 / a - 1 / (a + b) + 1 / c - 1 / (c + d))))


def _cells(counts: Counts) -> list[float]:
    return [
        counts.exposed_cases,
        counts.exposed_total - counts.exposed_cases,
        counts.unexposed_cases,
        counts.unexposed_total - counts.unexposed_cases,
    ]


def ratio_from_ci(value: float, ci: tuple[float, float]) -> Estimate | None:
    """Log ratio and its standard error from a 95% interval (Cochrane Handbook 6.3.2); None where a bound is 0 or the width is 0."""
    low, high = ci
    if low <= 0 or value <= 0 or high <= low:
        return None
    return Estimate(math.log(value), (math.log(high) - math.log(low)) / (2 * Z95))


def difference_from_ci(value: float, ci: tuple[float, float]) -> Estimate | None:
    """A difference, slope or mean and its standard error from a 95% interval; None where the width is 0."""
    low, high = ci
    return Estimate(value, (high - low) / (2 * Z95)) if high > low else None


def from_p(y: float, p: float) -> Estimate | None:
    """An estimate and its standard error from an exact two-sided p (Cochrane Handbook 6.3.1); None where p says nothing of the width."""
    z = z_of_p(p) if 0 < p < 1 else 0.0
    return Estimate(y, abs(y) / z) if z > 0 and y != 0 else None


def hedges_g(mean1: float, sd1: float, n1: int, mean2: float, sd2: float, n2: int) -> Estimate | None:
    """Standardised mean difference, corrected for small samples exactly (Hedges 1981), with the large-sample variance."""
    df = n1 + n2 - 2
    if n1 < 2 or n2 < 2:
        return None
    pooled = math.sqrt(((n1 - 1) * sd1**2 + (n2 - 1) * sd2**2) / df)
    if pooled == 0:
        return None
    correction = math.exp(math.lgamma(df / 2) - math.log(math.sqrt(df / 2)) - math.lgamma((df - 1) / 2))
    g = correction * (mean1 - mean2) / pooled
    return Estimate(g, math.sqrt(1 / n1 + 1 / n2 + g**2 / (2 * (n1 + n2))))


def mean_sd_from_quartiles(q1: float, median: float, q3: float, n: int) -> tuple[float, float]:
    """Mean and SD from median and quartiles (Wan et al., BMC Med Res Methodol 2014;14:135, scenario C3)."""
    width = 2 * _NORMAL.inv_cdf((0.75 * n - 0.125) / (n + 0.25))
    return (q1 + median + q3) / 3, (q3 - q1) / width


def skewed(q1: float, median: float, q3: float, limit: float) -> bool:
    """Whether the quartiles lie too unevenly round the median to be read as a mean and an SD."""
    return abs(q1 + q3 - 2 * median) > limit * (q3 - q1)


def fisher_z(r: float, n: int) -> Estimate | None:
    """A correlation as Fisher's z (Fisher 1921), n patients; None where n or r don't allow it."""
    return Estimate(math.atanh(r), 1 / math.sqrt(n - 3)) if n > 3 and abs(r) < 1 else None


def whole_number(pct: float, n: int) -> int | None:
    """The one count out of n that rounds to a printed percentage, or None where none or several do."""
    text = repr(pct)
    decimals = len(text.split(".")[1]) if "." in text and "e" not in text else 0
    half = 0.5 * 10**-decimals + 1e-9
    fitting = range(max(0, math.ceil(n * (pct - half) / 100)), min(n, math.floor(n * (pct + half) / 100)) + 1)
    return fitting[0] if len(fitting) == 1 else None


def inverse_variance(y: Sequence[float], se: Sequence[float]) -> Estimate:
    """Estimates of disjoint patients put together, and the standard error of that."""
    weights = [1 / one**2 for one in se]
    total = math.fsum(weights)
    return Estimate(math.fsum(weight * value for weight, value in zip(weights, y, strict=True)) / total, 1 / math.sqrt(total))
