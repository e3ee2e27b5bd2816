"""What forecasts of a sign are worth: log scores, bins, and the resampling of whole clusters."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def log_score(positive: Sequence[float], signs: Sequence[int]) -> Array:
    """-ln of the probability of the sign that was reported; smaller is better."""
    up = np.asarray(positive)
    score: Array = -np.log(np.maximum(np.where(np.asarray(signs) > 0, up, 1 - up), 1e-12))
    return score


def resampled(values: Array, clusters: Sequence[int], draws: int = 2000, seed: int = 1) -> tuple[float, float, float]:
    """The mean and its 95% percentile interval, whole clusters being drawn again and again (Davison and Hinkley 1997, 3.8)."""
    own, position = np.unique(np.asarray(clusters), return_inverse=True)
    sums, sizes = np.bincount(position, values), np.bincount(position)
    picks = np.random.default_rng(seed).integers(len(own), size=(draws, len(own)))
    means = sums[picks].sum(axis=1) / sizes[picks].sum(axis=1)
    low, high = np.quantile(means, (0.025, 0.975))
    return float(values.mean()), float(low), float(high)


# of what was said, from 0.5 to 1
BINS = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.001)


def reliability(said: Array, right: Array) -> list[tuple[float, float, int]]:
    """Mean of what was said, share that was right and number, in each of `BINS` that holds any."""
    parts = [(said >= low) & (said < high) for low, high in pairwise(BINS)]
    return [(float(said[part].mean()), float(right[part].mean()), int(part.sum())) for part in parts if part.any()]
