"""The small plot of an estimate with its interval, for a cell of a table."""

from __future__ import annotations

import svg

from api.figures.drawing import Canvas, diamond, head, small, square
from api.figures.measure import Axis
from graph.wording import headline
from schema.association import Association, Beside
from schema.study import RATIOS

WIDTH, HEIGHT = 140, 20


def interval(association: Association | Beside, *, low: float = 0.1, high: float = 10.0, standalone: bool = True) -> str:
    """An estimate of a ratio with its 95% interval on a log axis that many rows share; what lies beyond its ends has an arrow head.

    A single study is a hollow square, what is pooled a filled diamond (of two to four cohorts at their average, whose interval is the thick
    part of the line), a published meta-analysis a grey one. What is no ratio has no
    place on the axis: words say so.
    """
    canvas = Canvas(WIDTH)
    axis = Axis(low, high, 8, WIDTH - 8, log=True)
    one = association
    label = told_interval(one)
    if one.estimate is None or one.measure not in RATIOS or one.estimate <= 0:
        canvas.text(WIDTH / 2, HEIGHT / 2 + 4, "no estimate" if one.estimate is None else "not a ratio", "quiet", size=12, anchor="middle")
        return small(WIDTH, HEIGHT, label, canvas.elements, standalone=standalone)
    y = HEIGHT / 2
    canvas.line(axis.left, y, axis.right, y, "grid")
    canvas.line(axis.at(1), 1, axis.at(1), HEIGHT - 1, "rule")
    draw_interval(canvas, one, one.estimate, axis, y)
    return small(WIDTH, HEIGHT, label, canvas.elements, standalone=standalone)


def draw_interval(canvas: Canvas, one: Association | Beside, point: float, axis: Axis, y: float) -> None:
    """An estimate on an axis; of two to four cohorts at their average, whose interval is the thick part of the line."""
    source = one.estimate_source if isinstance(one, Association) else None
    own = one.average if isinstance(one, Association) else None
    role = "gone" if source == "published" else "null"
    marks: list[svg.Element] = []
    if own is not None:
        point = own.estimate
        canvas.line(axis.within(own.ci[0]), y, axis.within(own.ci[1]), y, role, width=5)
    middle = axis.within(point)
    if one.ci is not None:
        canvas.line(axis.within(one.ci[0]), y, axis.within(one.ci[1]), y, role, width=1.8)
        if one.ci[0] < axis.low:
            marks.append(head(axis.left - 6, y, 6, role, left=True))
        if one.ci[1] > axis.high:
            marks.append(head(axis.right + 6, y, 6, role, left=False))
    if not axis.low <= point <= axis.high:
        marks.append(head(axis.left - 6 if point < axis.low else axis.right + 6, y, 8, role, left=point < axis.low))
    elif source is None or source == "single-study":
        marks.append(square(middle, y, 8, role, hollow=True))
    else:
        marks.append(diamond(middle - 6, middle, middle + 6, y, 12, role))
    canvas.add(*marks)


def told_interval(one: Association | Beside) -> str:
    """The plot in words: OR 1.85 (95% CI 1.10-3.11), single study."""
    return headline(one, level=True)
