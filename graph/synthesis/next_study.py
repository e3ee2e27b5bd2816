"""What one more study would teach, and how large it must be.

The expected change is that of the probability that the factor goes with more of the outcome (p_direction, not folded to one side), if one
more reference cohort reported: averaged over what it would report under the model of the weight, given all reports until now. The
weight would hide what teaches most: a report that turns the sign moves the weight of one side to that of the other, and little in size.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from statistics import NormalDist
from threading import Lock
from typing import NamedTuple

import numpy as np
from cachetools import LRUCache, cached

from graph.synthesis.corpus import Corpus
from graph.synthesis.method import METHOD, Method
from graph.synthesis.overlap import overlap
from graph.synthesis.weight import ReportedZ, identity, posterior, reference_information
from schema.across import State
from schema.association import Association
from schema.observation import Observation
from schema.study import REVIEWS, Finding

# z values that a reference cohort may report: the model puts none beyond that counts, and none changes faster than a normal density
_Z = np.linspace(-40, 40, 161)


class Lesson(NamedTuple):
    """The probability of an increase now, and by how much one more reference cohort would move it on average; `mean`: where to."""

    p_increase: float
    change: float
    mean: float


@cached(LRUCache(10_000), key=identity, lock=Lock(), info=True)
def lesson(reports: tuple[ReportedZ, ...], method: Method = METHOD) -> Lesson:
    """What one more reference cohort would teach after these reports (sorted, so that equal evidence gives equal figures).

    A study that is planned to fill a gap is taken to be reported whatever it finds, so its nulls are not rarer in print.
    """
    from scipy.special import ndtr

    grid = posterior(reports, method)
    information = reference_information(method)
    increase = ndtr(grid.mu[None, :] / grid.tau[:, None])
    mass = grid.mass.sum(axis=0)
    now = float((mass * increase).sum())
    centre = grid.mu * math.sqrt(information)
    reported = np.zeros_like(_Z)
    moved = np.zeros_like(_Z)
    for row, tau in enumerate(grid.tau):
        spread = math.sqrt(1 + tau**2 * information)
        density = np.exp(-0.5 * ((_Z[:, None] - centre[None, :]) / spread) ** 2) / (spread * math.sqrt(2 * math.pi))
        reported += density @ mass[row]
        moved += density @ (mass[row] * increase[row])
    step = float(_Z[1] - _Z[0])
    return Lesson(now, float(np.abs(moved - now * reported).sum()) * step, float(moved.sum()) * step)


def state_of(cell: Association | None) -> State:
    """empty: no study says anything; fair: an estimate, two cohorts or more (a review's count too), certainty above very low; else weak."""
    if cell is None or not cell.studies:
        return "empty"
    several = max(cell.cohorts, cell.k or 0) >= 2
    return "fair" if several and cell.estimate is not None and cell.certainty not in {None, "very-low"} else "weak"


def shares_with(odds_ratio: float, prevalence: float, exposed: float) -> tuple[float, float]:
    """The shares with the outcome among the exposed and the unexposed, where both together have `prevalence`.

    The root between 0 and 1 of (1 - q)(OR - 1) x^2 + (q OR + 1 - q - pi (OR - 1)) x - pi = 0, x the unexposed's share.
    """
    a = (1 - exposed) * (odds_ratio - 1)
    b = exposed * odds_ratio + 1 - exposed - prevalence * (odds_ratio - 1)
    # in the form that holds for a near 0, too
    unexposed = 2 * prevalence / (b + math.sqrt(b**2 + 4 * a * prevalence))
    return odds_ratio * unexposed / (1 + (odds_ratio - 1) * unexposed), unexposed


def patients_for(first: float, second: float, share: float, power: float = METHOD.power, alpha: float = 0.05) -> float:
    """How many patients, a share of them in the first group, tell two proportions apart: two-sided, without continuity correction.

    Fleiss, Tytun and Ury, Biometrics 1980;36:343-6; of groups of one size it is what R's power.prop.test gives.
    """
    normal = NormalDist()
    pooled = share * first + (1 - share) * second
    under_null = normal.inv_cdf(1 - alpha / 2) * math.sqrt(pooled * (1 - pooled) / (share * (1 - share)))
    under_other = normal.inv_cdf(power) * math.sqrt(first * (1 - first) / share + second * (1 - second) / (1 - share))
    return ((under_null + under_other) / (first - second)) ** 2


def exposed_share(rows: Iterable[Observation], corpus: Corpus) -> float | None:
    """The share of patients who have a factor, over its printed groups, patients who may be the same counted once; None where none is.

    Not of cases and controls, who are chosen by the outcome, nor of reviews, nor of people compared with themselves.
    """
    printed = []
    for row in rows:
        sizes = None if row.turned or row.row.role == "within-person" or row.exposure != row.row.exposure else _sizes(row.row)
        if sizes is not None and corpus.studies[row.study].design not in {"case-control", *REVIEWS}:
            printed.append((sum(sizes), sizes[0], row.study))
    kept: list[tuple[int, int, str]] = []
    for one in sorted(printed, key=lambda one: (-one[0], one[2], one[1])):
        if not any(overlap(corpus.patients[one[2]], corpus.patients[other[2]]) for other in kept):
            kept.append(one)
    return sum(exposed for _, exposed, _ in kept) / sum(total for total, _, _ in kept) if kept else None


def _sizes(row: Finding) -> tuple[int, int] | None:
    """How many patients with and without the factor a row prints."""
    if row.counts is not None:
        return row.counts.exposed_total, row.counts.unexposed_total
    if row.groups is not None and row.groups_by == "exposure" and row.groups[0].n and row.groups[1].n:
        return row.groups[0].n, row.groups[1].n
    return None


def sample_size(odds_ratio: float, prevalence: float, exposed: float = METHOD.default_exposed_share) -> int:
    """The patients that detect an odds ratio with the method's power, at two-sided p < 0.05."""
    return math.ceil(patients_for(*shares_with(odds_ratio, prevalence, exposed), exposed))
