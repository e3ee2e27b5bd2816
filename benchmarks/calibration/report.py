"""The tables that the command prints, and the reliability curve as an SVG."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.calibration.corpus import REFERENCES, Forecasts, Protocol, forecast
from benchmarks.calibration.scores import brier, log_score, reliability, resampled
from benchmarks.calibration.variants import SERVED, fixed, variants

Array = NDArray[np.float64]
Curve = list[tuple[float, float, int]]

CURVES = (SERVED, "votes-significance")


def corpus_tables(protocol: Protocol) -> dict[str, Curve]:
    """Prints scores, differences, reliability and sensitivity; returns the reliability curves."""
    models = variants()
    made = forecast(protocol, models)
    seen = [held.significant for held in protocol.held_out]
    clusters = [held.component for held in protocol.held_out]
    kinds = Counter(seen)
    print(f"{len(seen)} held-out reports ({kinds[1]} increases, {kinds[0]} null, {kinds[-1]} decreases)", end=" ")
    print(f"in {len(set(clusters))} overlap components\n")
    names = (*REFERENCES, *(model.name for model in models))
    brier_of = {name: brier(made.by[name], seen) for name in names}
    log_of = {name: log_score(made.by[name], seen) for name in names}
    print(f"{'':28}{'Brier (95%)':>24}{'log score (95%)':>24}")
    for name in names:
        print(f"{name:28}{_interval(resampled(brier_of[name], clusters)):>24}{_interval(resampled(log_of[name], clusters)):>24}")
    print("\ndifference of log scores (95%; below 0: the row is better)")
    print(f"{'':12}" + "".join(f"{name:>29}" for name in ("one-rho", *REFERENCES)))
    for model in models:
        differences = (_interval(resampled(log_of[model.name] - log_of[other], clusters), "+") for other in ("one-rho", *REFERENCES))
        print(f"{model.name:12}" + "".join(f"{one:>29}" for one in differences))
    _learned(made)
    curves = {name: agreement(made.by[name], seen) for name in names}
    print("\nreliability: mean forecast of the likelier sign, share that reported it, number")
    for name in names:
        print(f"{name:28}" + "  ".join(f"{mean:.2f} {share:.2f} ({number})" for mean, share, number in curves[name]))
    return curves


def _interval(one: tuple[float, float, float], sign: str = "") -> str:
    return f"{one[0]:{sign}.3f} ({one[1]:{sign}.3f}, {one[2]:{sign}.3f})"


def _learned(made: Forecasts) -> None:
    print("\nlearned in the folds")
    for name, labels in made.learned.items():
        print(f"{name:12}" + "; ".join(f"{label} ({times} folds)" for label, times in Counter(labels).most_common(3)))


def agreement(made: Array, seen: Sequence[int]) -> Curve:
    """How often what was forecast of the likelier sign was reported."""
    sign = np.where(made[:, 2] >= made[:, 0], 1, -1)
    return reliability(np.maximum(made[:, 0], made[:, 2]), np.array(seen) == sign)


def sensitivity(protocol: Protocol) -> None:
    """The served model with other constants, one or two at a time."""
    served = variants()[-1]
    models = [
        *(fixed(f"one rho {rho:g}", rho=rho) for rho in (0.1, 0.2, 0.3, 0.5, 0.7, 1.0)),
        *(
            replace(served, name=f"rhos {'/'.join(f'{rho:g}' for rho in rhos)}", rhos=rhos)
            for rhos in ((0.05, 0.2, 0.5, 1.0), (0.1, 0.3, 1.0), (0.02, 0.1, 0.5), (0.2, 0.3, 0.5))
        ),
        *(
            replace(fixed(f"mu {mu:g}, tau {tau:g}", mu, tau), rhos=served.rhos, mixed=True)
            for mu in (0.3, 0.5, 0.8)
            for tau in (0.05, 0.15, 0.3)
        ),
    ]
    made = forecast(protocol, models)
    seen = [held.significant for held in protocol.held_out]
    print("\nsensitivity of the served model (the constants not named as served)")
    print(f"{'':24}{'Brier':>8}{'log score':>11}")
    for model in models:
        print(f"{model.name:24}{brier(made.by[model.name], seen).mean():>8.3f}{log_score(made.by[model.name], seen).mean():>11.3f}")


_SIZE, _LEFT, _TOP = 320, 60, 20
_COLOURS = ("#1f5fa8", "#b5482a", "#3a7d44")


def curve_svg(curves: Mapping[str, Curve], title: str) -> str:
    """The reliability curves in a square of shares; the area of a point grows with its reports."""

    def place(x: float, y: float) -> tuple[float, float]:
        return _LEFT + x * _SIZE, _TOP + (1 - y) * _SIZE

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_LEFT + _SIZE + 30} {_TOP + _SIZE + 60 + 18 * len(curves)}" '
        'font-family="sans-serif" font-size="12" role="img">',
        f"<title>{title}</title>",
        f'<rect x="{_LEFT}" y="{_TOP}" width="{_SIZE}" height="{_SIZE}" fill="#fff" stroke="#888"/>',
        _line(*place(0, 0), *place(1, 1), 'stroke="#aaa" stroke-dasharray="4 3"'),
    ]
    for tick in (0, 0.25, 0.5, 0.75, 1):
        x, bottom = place(tick, 0)
        left, y = place(0, tick)
        parts.append(f'<text x="{x:.1f}" y="{bottom + 16:.1f}" text-anchor="middle">{tick:g}</text>')
        parts.append(f'<text x="{left - 8:.1f}" y="{y + 4:.1f}" text-anchor="end">{tick:g}</text>')
    middle = _TOP + _SIZE / 2
    parts.append(f'<text x="{_LEFT + _SIZE / 2}" y="{_TOP + _SIZE + 34}" text-anchor="middle">forecast</text>')
    parts.append(f'<text x="16" y="{middle}" text-anchor="middle" transform="rotate(-90 16 {middle})">share reported</text>')
    for i, (name, curve) in enumerate(curves.items()):
        colour = _COLOURS[i % len(_COLOURS)]
        points = [place(mean, share) for mean, share, _ in curve]
        parts.append(f'<polyline points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in points)}" fill="none" stroke="{colour}"/>')
        parts += [
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{1 + number**0.5 / 2:.1f}" fill="{colour}"/>'
            for (x, y), (_, _, number) in zip(points, curve, strict=True)
        ]
        parts.append(f'<text x="{_LEFT}" y="{_TOP + _SIZE + 54 + 18 * i}" fill="{colour}">{name}</text>')
    return "\n".join([*parts, "</svg>", ""])


def _line(x1: float, y1: float, x2: float, y2: float, style: str) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" {style}/>'


def write_curve(path: Path, curves: Mapping[str, Curve]) -> None:
    path.write_text(curve_svg({name: curves[name] for name in CURVES}, "Reliability of the held-out forecasts"), encoding="utf-8")
