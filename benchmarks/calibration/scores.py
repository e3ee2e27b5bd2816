"""Scores of three-way forecasts, the references by counts of reports and base rates, and the resampling of whole clusters."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

Array = NDArray[np.float64]
# positions in a forecast: decreases, null, increases
SIGNS = (-1, 0, 1)


def brier(forecast: Array, reported: Sequence[int]) -> Array:
    """Half the sum of the squared differences, for each report."""
    seen = np.array([[one == other for other in SIGNS] for one in reported], dtype=float)
    half: Array = ((forecast - seen) ** 2).sum(axis=1) / 2
    return half


def log_score(forecast: Array, reported: Sequence[int]) -> Array:
    """-ln of the probability of what was reported; smaller is better."""
    score: Array = -np.log(np.maximum(forecast[np.arange(len(reported)), np.array(reported) + 1], 1e-12))
    return score


def counts(reported: Sequence[int]) -> Array:
    return np.array([sum(one == other for one in reported) for other in SIGNS], dtype=float)


def shares(seen: Array, added: Array | Sequence[float]) -> Array:
    """The shares of the three reports, so many of each added."""
    total: Array = (seen + added) / (seen.sum() + np.sum(added))
    return total


_ADDED = (0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0)


@lru_cache(maxsize=2)
def _candidates(symmetric: bool) -> Array:
    if symmetric:
        return np.array([(side, null, side) for side, null in product(_ADDED, repeat=2)])
    return np.array(list(product(_ADDED, repeat=3)))


def learn_added(edges: Array, *, symmetric: bool) -> Array:
    """What to add to the reports of an edge: the Dirichlet-multinomial of largest likelihood over the edges' counts (rows)."""
    different, times = np.unique(edges, axis=0, return_counts=True)
    candidates = _candidates(symmetric)
    each = gammaln(candidates[:, None, :] + different[None, :, :]).sum(axis=2) - gammaln(candidates).sum(axis=1)[:, None]
    whole = candidates.sum(axis=1)[:, None]
    each += gammaln(whole) - gammaln(whole + different.sum(axis=1)[None, :])
    best: Array = candidates[int((each @ times).argmax())]
    return best


def by_direction(positive: int, negative: int, significant_share: float) -> Array:
    """The forecast of who counts signs, significant or not."""
    up = (positive + 1) / (positive + negative + 2)
    return np.array([significant_share * (1 - up), 1 - significant_share, significant_share * up])


def resampled(values: Array, clusters: Sequence[int], draws: int = 2000, seed: int = 1) -> tuple[float, float, float]:
    """The mean and its 95% percentile interval, whole clusters being drawn again and again (Davison and Hinkley 1997, 3.8)."""
    own, position = np.unique(np.asarray(clusters), return_inverse=True)
    sums, sizes = np.bincount(position, values), np.bincount(position)
    picks = np.random.default_rng(seed).integers(len(own), size=(draws, len(own)))
    means = sums[picks].sum(axis=1) / sizes[picks].sum(axis=1)
    low, high = np.quantile(means, (0.025, 0.975))
    return float(values.mean()), float(low), float(high)


def reliability(probability: Array, happened: Array, bins: int = 5) -> list[tuple[float, float, int]]:
    """Mean forecast, observed share and number, in bins of about as many forecasts each; equal forecasts are in one bin."""
    edges = np.unique(np.quantile(probability, np.arange(1, bins) / bins))
    place = np.searchsorted(edges, probability, side="left")
    parts = [place == one for one in np.unique(place)]
    return [(float(probability[part].mean()), float(happened[part].mean()), int(part.sum())) for part in parts]
