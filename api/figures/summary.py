"""The forest of a whole list: an association a row, on one axis for all that compare two groups; what is per unit stands apart."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import NamedTuple

import svg

from api.figures.drawing import BODY, SMALL, WIDE, Canvas, disc, safe, small
from api.figures.intervals import draw_interval
from api.figures.measure import Axis, wrapped
from graph import wording
from graph.wording import called, headline, level, more, unit
from graph.wording.bedside import Folded, cohorts, folded, grouped, laid_beside, shown, verdict
from schema.answer import Answer
from schema.association import LEVELS, Association, Interval, Side, TermRef
from schema.study import RATIOS
from schema.vocabulary import Vocabulary

Link = Callable[[Association], str | None]
_LEFT, _ROW = 14.0, 24.0
# of a row of a table
_WIDTH, _HEIGHT, _HEAD = 248, 20, 34


class Ends(NamedTuple):
    """Where the axes of a list end: that of what compares two groups, and that of what is per unit. None: the list has nothing of it."""

    groups: Interval | None
    units: Interval | None


class _Axes(NamedTuple):
    groups: Axis | None
    units: Axis | None

    def of(self, one: Association) -> Axis | None:
        return {"groups": self.groups, "per unit": self.units, None: None}[laid_beside(one)]

    @property
    def named(self) -> list[tuple[Axis, str]]:
        return [(axis, words) for axis, words in ((self.groups, "two groups"), (self.units, "per unit")) if axis is not None]


def ends(rows: Iterable[Folded]) -> Ends:
    """From the estimates of a list; intervals reach over them where they are very wide."""
    listed = [one for row in rows for one in (row.whole, *row.parts)]
    return Ends(
        _ends([one for one in listed if laid_beside(one) == "groups"], 0.5, 2.0, 4.0),
        _ends([one for one in listed if laid_beside(one) == "per unit"], 0.8, 1.25, 2.0),
    )


def _ends(some: Sequence[Association], low: float, high: float, reach: float) -> Interval | None:
    if not some:
        return None
    points = [min(max(one.estimate or 1.0, 1 / 32), 32) for one in some]
    low, high = min([low, *points]), max([high, *points])
    intervals = [one.ci for one in some if one.ci]
    return (
        min([low, *(max(ci[0], low / reach) for ci in intervals)]) / 1.1,
        max([high, *(min(ci[1], high * reach) for ci in intervals)]) * 1.1,
    )


def _axes(of: Ends, left: float, right: float) -> _Axes:
    """Two thirds for what compares groups; all of it for the one where there is one."""
    at = left + (right - left) * 0.64
    groups = Axis(*of.groups, left, at - 14 if of.units else right, log=True) if of.groups else None
    return _Axes(groups, Axis(*of.units, at + 14 if of.groups else left, right, log=True) if of.units else None)


def row_plot(one: Association, of: Ends, *, standalone: bool = True) -> str:
    """A row of the forest, for a cell of a table whose rows share the axes; where nothing is drawn, words say what there is."""
    canvas = Canvas(_WIDTH)
    axes = _axes(of, 10, _WIDTH - 10)
    for each, _ in axes.named:
        canvas.line(each.at(1), 0, each.at(1), _HEIGHT, "rule")
    axis, words = axes.of(one), _instead(one)
    if axis is not None and one.estimate is not None:
        draw_interval(canvas, one, one.estimate, axis, _HEIGHT / 2)
    return small(_WIDTH, _HEIGHT, words or headline(one, level=True), canvas.elements, standalone=standalone)


def row_axis(of: Ends, *, standalone: bool = True) -> str:
    """The axes of such a table, for its head."""
    canvas = Canvas(_WIDTH)
    for axis, words in _axes(of, 10, _WIDTH - 10).named:
        _scale(canvas, axis, _HEAD - 1, words, above=True)
    return small(_WIDTH, _HEAD, "Ratios on a log scale: of two groups, and per unit", canvas.elements, standalone=standalone)


def _scale(canvas: Canvas, axis: Axis, y: float, words: str, *, above: bool) -> None:
    """An axis with its ticks, which stand above or below its line."""
    canvas.line(axis.left, y, axis.right, y)
    for tick in axis.ticks:
        canvas.line(axis.at(tick), y, axis.at(tick), y - 4 if above else y + 4)
        canvas.text(axis.at(tick), y - 7 if above else y + 16, f"{tick:g}", "quiet", size=SMALL, anchor="middle", tick=True)
    canvas.text((axis.left + axis.right) / 2, y - 22 if above else y + 31, words, "quiet", size=SMALL, anchor="middle")


def _instead(one: Association) -> str:
    """What there is where nothing is drawn."""
    if not one.studies:
        return "no cohort counts"
    if one.estimate is None:
        return cohorts(one)
    return "" if laid_beside(one) else "contrast not printed" if one.measure in RATIOS else "no ratio"


def summary_forest(
    answer: Answer[Association],
    terms: Vocabulary,
    plurals: Mapping[str, str],
    abbreviations: Collection[str] = (),
    *,
    link: Link | None = None,
    foot: str = "",
    width: int = WIDE,
    standalone: bool = True,
) -> str:
    """A whole list of factors or outcomes as an SVG: by kind, parts under their whole, in the answer's order.

    `terms` say what is part of what, `plurals` are the names of kinds, `abbreviations` what is spelt in capitals, all as the field has
    them. `link` gives an association's address; `foot` is a line to stand under all, such as whence it comes.
    """
    side: Side = "exposure" if "lesion" in answer.query else "outcome"
    about = called(answer.query["lesion" if side == "exposure" else "exposure"], answer.names).name
    what = "Factors linked to" if side == "exposure" else "What is linked to"
    title = f"{what} {about}, in {called(answer.query['population'], answer.names).name}"
    canvas = Canvas(width)
    inner = width - 2 * _LEFT
    canvas.y = 8
    canvas.heading(_LEFT, title, inner)
    if not answer.items:
        words = answer.why.text if answer.why else "Nothing is in the answer."
        canvas.paragraph(_LEFT, words, inner)
        return canvas.finish(title, words, standalone=standalone)
    rows = grouped(folded(answer.items, terms, side), side, plurals, abbreviations)
    _draw(canvas, rows, side, ends(chain(*rows.values())), link)
    measures = wording.abbreviations(*(one.measure for one in answer.items))
    for words in (_LEGEND, measures, foot):
        canvas.paragraph(_LEFT, words, inner, "quiet", size=SMALL)
    told = " ".join(
        f"{group}: {'; '.join(_told(one, side, terms) for row in some for one in (row.whole, *row.parts))}." for group, some in rows.items()
    )
    return canvas.finish(title, told, standalone=standalone, role="group" if link else "img")


_LEGEND = (
    "Ratios, on a log scale. Square: one cohort. Diamond: pooled (grey: published meta-analysis); the thick line is the average of two to "
    "four cohorts, the thin one allows for settings that differ. Arrow head: it goes on. Dots: certainty, of four. Indented: a part of "
    "what stands above it."
)


def _term(one: Association, side: Side) -> TermRef:
    term: TermRef = getattr(one, side)
    return term


def _told(one: Association, side: Side, terms: Vocabulary) -> str:
    said = verdict(one, terms[one.outcome.id]) if one.studies else "no cohort counts"
    figure = headline(one) if one.estimate is not None else cohorts(one)
    return f"{_term(one, side).name}: {said}; {figure}; certainty {level(one.certainty)}"


def _lines(rows: Mapping[str, Sequence[Folded]]) -> Iterator[tuple[str, Association | None, bool]]:
    for group, some in rows.items():
        yield group, None, False
        for row in some:
            yield "", row.whole, False
            yield from (("", part, True) for part in row.parts)


def _draw(canvas: Canvas, rows: Mapping[str, Sequence[Folded]], side: Side, of: Ends, link: Link | None) -> None:
    width, right = canvas.width, canvas.width - _LEFT
    name, left, figures = (width - 110, _LEFT + 6, _LEFT) if canvas.narrow else (width * 0.26, width * 0.33, width * 0.7)
    axes = _axes(of, left, right - 6 if canvas.narrow else figures - 16)
    over = Canvas(width)
    over.y = canvas.y + 10
    if not canvas.narrow:
        for x, words in ((_LEFT, side.capitalize() if side == "outcome" else "Factor"), (figures, "Estimate (95% interval)")):
            over.text(x, over.y + 12, words, "quiet", size=SMALL)
        over.text(left - 12, over.y + 12, "Cohorts", "quiet", size=SMALL, anchor="end")
        over.text(right, over.y + 12, "Certainty", "quiet", size=SMALL, anchor="end")
        over.y += 20
    top = over.y
    for group, one, inner in _lines(rows):
        if one is None:
            over.y += 6
            over.paragraph(_LEFT, group, width - 2 * _LEFT, bold=True)
            over.y += 5
            continue
        _row(over, one, side, axes, (_LEFT + 14 * inner, name, left, figures), link)
    for axis, _ in axes.named:
        canvas.line(axis.at(1), top, axis.at(1), over.y)
    for axis, words in axes.named:
        _scale(over, axis, over.y + 4, words, above=False)
    first = next(one for _, one, _ in _lines(rows) if one is not None)
    canvas.add(*over.elements)
    canvas.y = over.y + 44
    if side == "exposure":
        words = f"Left of 1: {more(first.outcome, less=True)}. Right of 1: {more(first.outcome)}."
        canvas.paragraph(_LEFT, words, width - 2 * _LEFT, "quiet", size=SMALL)


def _row(canvas: Canvas, one: Association, side: Side, axes: _Axes, at: tuple[float, float, float, float], link: Link | None) -> None:
    x, name, left, figures = at
    right, top = canvas.width - _LEFT, canvas.y
    own = Canvas(canvas.width)
    address = link(one) if link else None
    lines = wrapped(_term(one, side).name, name - x + _LEFT, BODY)
    for n, line in enumerate(lines):
        own.text(x, top + 16 + n * 16, line, "link" if address else "ink")
    canvas.add(svg.A(href=safe(address), elements=own.elements) if address else svg.G(elements=own.elements))
    axis = axes.of(one)
    told = [shown(one), *([unit(one)] if unit(one) else [])] if one.estimate is not None else []
    words = " ".join([*told, *([f"({_instead(one)})"] if told and axis is None else [])]) or _instead(one)
    room = (right if canvas.narrow else right - 56) - figures
    texts = wrapped(words, room, BODY if told else SMALL)
    start = top + 16 * len(lines) if canvas.narrow else top
    for n, line in enumerate(texts):
        canvas.text(
            figures if not canvas.narrow else x, start + 16 + n * 16, line, "ink" if told else "quiet", size=BODY if told else SMALL
        )
    if not canvas.narrow:
        canvas.text(left - 12, top + 16, str(one.cohorts), "quiet", size=SMALL, anchor="end")
    reached = LEVELS.index(one.certainty) + 1 if one.certainty else 0
    for n in range(len(LEVELS) if one.certainty else 0):
        canvas.add(*disc(right - 42 + 12 * n, top + 12, 8, "null", "full" if n < reached else "open"))
    if canvas.narrow:
        canvas.y = start + 16 * len(texts) + 6
        if axis is None:
            return
        y = canvas.y + 8
        canvas.y += 20
    else:
        y = top + 12
        canvas.y = top + max(_ROW, 16 * max(len(lines), len(texts)) + 8)
    if axis is not None and one.estimate is not None:
        draw_interval(canvas, one, one.estimate, axis, y)
