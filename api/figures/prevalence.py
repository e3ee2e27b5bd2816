"""The forest of proportions: each study's own share with its exact interval, what they pool to, and what a next cohort may have."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal, NamedTuple

from api.figures.drawing import BODY, SMALL, WIDE, Canvas, diamond, square
from api.figures.measure import Axis, wrapped
from graph.wording import count, number, opened, percent, percents
from schema.answer import PrevalenceAnswer
from schema.association import Interval, Prevalence, PrevalenceRow

_LEFT, _ROW = 14.0, 24.0
_UNDATED = 9999


class _Line(NamedTuple):
    label: str
    counts: str
    text: str
    mark: Literal["study", "pooled", "ahead", "published", "beside"]
    pct: float
    ci: Interval | None
    weight: float = 0.0
    note: str = ""


class _Part(NamedTuple):
    heading: str
    lines: list[_Line]


def prevalence_plot(answer: PrevalenceAnswer, *, foot: str = "", width: int = WIDE, standalone: bool = True) -> str:
    """How common a lesion is, by study and pooled, as an SVG; then other populations, pooled. `foot` is a line to stand under all."""
    one = answer.prevalence
    title = f"How common: {one.lesion.name}, in {one.population.name}"
    canvas = Canvas(width)
    inner = width - 2 * _LEFT
    canvas.y = 8
    if standalone:
        # a page has its own heading
        canvas.heading(_LEFT, title, inner)
    parts = _parts(answer)
    if not parts:
        words = answer.why.text if answer.why else "No study counts it."
        canvas.paragraph(_LEFT, words, inner)
        return canvas.finish(title, words, standalone=standalone)
    _draw(canvas, parts, one.pooled.pct if one.pooled else None)
    for words in (_LEGEND, "CI: confidence interval", foot):
        canvas.paragraph(_LEFT, words, inner, "quiet", size=SMALL)
    told = " ".join(
        f"{part.heading}: {'; '.join(', '.join(filter(None, (line.label, line.counts, line.text, line.note))) for line in part.lines)}."
        for part in parts
    )
    return canvas.finish(title, told, standalone=standalone)


_LEGEND = (
    "Square: a cohort, its area by its patients, with the exact interval (grey: not pooled). Filled diamond: pooled, that of a typical "
    "cohort; hollow: another population, pooled. Bar: what a next cohort may have. Grey diamond: published meta-analysis."
)


def _parts(answer: PrevalenceAnswer) -> list[_Part]:
    one = answer.prevalence
    rows = sorted(one.rows, key=lambda row: (row.study.year or _UNDATED, row.study.label))
    largest = max((row.total for row in rows), default=1)
    own = [_of_row(row, largest) for row in rows if row.used == "pooled"]
    reviews = [
        _Line(row.study.label, count(row.k, "study", "studies") if row.k else "", percent(row.pct, row.ci), "published", row.pct, row.ci)
        for row in one.published
        if row.pct is not None
    ]
    others = [line for other in answer.populations if other.pooled for line in _pooled(other)[:1]]
    parts = [
        _Part("Counted", [*own, *_pooled(one)]),
        _Part("Shown, not pooled", [_of_row(row, largest) for row in rows if row.used != "pooled"]),
        _Part("Published meta-analyses", reviews),
        _Part("Other populations, pooled", [line._replace(label=line.note, note="", mark="beside") for line in others]),
    ]
    return [part for part in parts if part.lines]


def _of_row(row: PrevalenceRow, largest: int) -> _Line:
    mark: Literal["study", "beside"] = "study" if row.used == "pooled" else "beside"
    counts = f"{row.cases}/{row.total}" if row.exact else f"about {row.cases}/{row.total}"
    return _Line(row.study.label, counts, percent(row.pct, row.ci), mark, row.pct, row.ci, math.sqrt(row.total / largest))


def _pooled(one: Prevalence) -> list[_Line]:
    """The diamond and what a next cohort may have; `note` of the first is the population."""
    of = one.pooled
    if of is None:
        return []
    label = f"Pooled, {count(of.cohorts, 'cohort')}" if of.cohorts > 1 else "One cohort"
    told = [
        f"\u03c4\u00b2 {number(of.tau2)} (log odds)" if of.tau2 is not None else "",
        f"I\u00b2 {of.i2:.0f}%" if of.i2 is not None else "",
    ]
    place = opened(one.population.name)
    lines = [_Line(label, f"{of.cases}/{of.total}", percent(of.pct, of.ci), "pooled", of.pct, of.ci, note=place)]
    if of.prediction_interval:
        differ = f"Heterogeneity: {', '.join(filter(None, told))}" if any(told) else ""
        lines.append(_Line("Next cohort", "", percents(of.prediction_interval), "ahead", of.pct, of.prediction_interval, note=differ))
    return lines


def _draw(canvas: Canvas, parts: Sequence[_Part], pooled: float | None) -> None:
    width, right = canvas.width, canvas.width - _LEFT
    name, counts, figures = (width - 130, right, right) if canvas.narrow else (width * 0.3, width * 0.42, width * 0.79)
    most = max(end for part in parts for line in part.lines for end in (line.pct, *(line.ci or ())))
    axis = Axis(
        0, min(100.0, most * 1.03), _LEFT + 6 if canvas.narrow else width * 0.45, right - 6 if canvas.narrow else figures - 18, log=False
    )
    over = Canvas(width)
    over.y = canvas.y + 10
    if not canvas.narrow:
        over.text(_LEFT, over.y + 12, "Study", "quiet", size=SMALL)
        over.text(counts, over.y + 12, "With/all", "quiet", size=SMALL, anchor="end")
        over.text(figures, over.y + 12, "Percent (95% CI)", "quiet", size=SMALL)
        over.y += 20
    for part in parts:
        over.y += 6
        over.paragraph(_LEFT, part.heading, width - 2 * _LEFT, bold=True)
        over.y += 5
        first = over.y
        for line in part.lines:
            y = _line(over, line, axis, (name, counts, figures))
            if pooled is not None and line.mark == "pooled":
                canvas.line(axis.at(pooled), first, axis.at(pooled), y, "rule", dashed=True)
    bottom = over.y + 4
    canvas.scale(axis, bottom, "%")
    canvas.add(*over.elements)
    canvas.y = bottom + 26


def _line(canvas: Canvas, one: _Line, axis: Axis, at: tuple[float, float, float]) -> float:
    """Draw a line: the height of its mark."""
    name, counts, figures = at
    top, bold = canvas.y, one.mark == "pooled"
    role = "gone" if one.mark in {"published", "beside"} and one.weight else "ink"
    note = one.note if one.mark != "pooled" else ""
    lines = wrapped(one.label, name - _LEFT, BODY, bold=bold)
    for n, words in enumerate(lines):
        canvas.text(_LEFT, top + 17 + 16 * n, words, role, bold=bold)
    low = top + 16 * (len(lines) - 1)
    if canvas.narrow:
        canvas.text(counts, top + 17, one.text, role, bold=bold, anchor="end")
        low += 16
        canvas.text(_LEFT, low + 17, one.counts, "quiet", size=SMALL)
        y = low + 13 if not one.counts else low + 28
        low = y - 9
    else:
        canvas.text(counts, top + 17, one.counts, role, anchor="end")
        canvas.text(figures, top + 17, one.text, role, bold=bold)
        y = top + 13
    for words in wrapped(note, axis.left - _LEFT - 8 if not canvas.narrow else canvas.width - 2 * _LEFT, SMALL):
        low += 15
        canvas.text(_LEFT, low + 17, words, "quiet", size=SMALL)
    canvas.y = low + _ROW
    _mark(canvas, one, axis, y)
    return y


def _mark(canvas: Canvas, one: _Line, axis: Axis, y: float) -> None:
    role = "gone" if one.mark == "published" or (one.mark == "beside" and one.weight) else "null"
    middle = axis.at(one.pct)
    if one.mark in {"pooled", "published"} or (one.mark == "beside" and not one.weight):
        low, high = (axis.at(end) for end in one.ci or (one.pct, one.pct))
        canvas.add(diamond(low, middle, high, y, 14 if one.mark == "pooled" else 10, role, hollow=one.mark == "beside"))
        return
    if one.ci is not None:
        low, high = (axis.at(end) for end in one.ci)
        canvas.line(low, y, high, y, role, width=4 if one.mark == "ahead" else 1.6)
        for x in (low, high) if one.mark == "ahead" else ():
            canvas.line(x, y - 5, x, y + 5, role, width=1.6)
    if one.mark != "ahead":
        canvas.add(square(middle, y, 4 + 10 * one.weight, role))
