"""The scales on which estimates are pooled, and back from them to what is printed."""

from __future__ import annotations

import math

from schema.observation import Scale
from schema.study import RATIOS

# Chinn S, Stat Med 2000;19:3127-31: a standardised difference times pi / sqrt(3) is about a log odds ratio
CHINN = math.pi / math.sqrt(3)


def back(scale: Scale | None, y: float) -> float:
    """From the scale of `y` to the printed one."""
    if scale == "log-ratio":
        return math.exp(y)
    if scale == "smd":
        return y / CHINN
    return math.tanh(y) if scale == "fisher-z" else y


def forward(scale: Scale | None, value: float) -> float:
    """From the printed scale to that of `y`."""
    if scale == "log-ratio":
        return math.log(value)
    if scale == "smd":
        return value * CHINN
    return math.atanh(value) if scale == "fisher-z" else value


def null_of(measure: str | None) -> float:
    """No effect: 1 of a ratio, else 0."""
    return 1.0 if measure in RATIOS else 0.0


def scale_of(measure: str) -> Scale:
    """The scale of `y` of a comparison of that measure."""
    if measure in RATIOS:
        return "log-ratio"
    return "smd" if measure == "SMD" else "fisher-z" if measure == "correlation" else "linear"
