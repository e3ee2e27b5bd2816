"""The forest plot: estimates with their intervals, what they pool to, and what published meta-analyses say."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

from api.figures.directions import subject
from api.figures.drawing import BODY, SMALL, TITLE, WIDE, Canvas, diamond, head, square
from api.figures.measure import Axis, wrapped
from api.figures.words import SHORT, measured, p_value, span
from graph.method import Z95
from graph.synthesis import back
from schema.answer import Evidence
from schema.association import FamilyResult, Interval, Row
from schema.reading import Scale
from schema.study import RATIOS

_LEFT = 14.0
_SCALES: dict[str, Scale] = {"SMD": "smd", "correlation": "fisher-z"}
Mark = Literal["study", "single", "pooled", "common", "ahead", "published"]


class _Entry(NamedTuple):
    """A line of the plot. `worked_out`: its interval is not printed, but follows from a p or from counts."""

    mark: Mark
    label: str
    text: str
    value: float
    ci: Interval | None
    share: float | None = None
    worked_out: bool = False
    bold: bool = False


class _Part(NamedTuple):
    heading: str
    entries: list[_Entry]


def forest_plot(answer: Evidence, *, width: int = WIDE, standalone: bool = True) -> str | None:
    """The estimates of an association as an SVG; None where there is none to draw.

    `width` in pixels: below 600, words stand above their marks. Not `standalone`: without its own style and ground (STYLE).
    """
    panels = _panels(answer)
    if not panels:
        return None
    canvas = Canvas(width)
    canvas.y = 8
    title = f"Estimates: {subject(answer)}"
    canvas.paragraph(_LEFT, title, width - 2 * _LEFT, size=TITLE if width >= WIDE else BODY + 1, bold=True)
    canvas.y += 4
    draw_forest(canvas, answer)
    return canvas.finish(title, told_forest(answer), standalone=standalone)


def told_forest(answer: Evidence) -> str:
    """The plot in words, for who can't see it."""
    parts = (part for _, parts in _panels(answer) for part in parts)
    return " ".join(f"{part.heading}: {'; '.join(f'{one.label}, {one.text}' for one in part.entries)}." for part in parts)


def has_forest(answer: Evidence) -> bool:
    return bool(_panels(answer))


def _panels(answer: Evidence) -> list[tuple[str | None, list[_Part]]]:
    """The parts by axis (None: of ratios; else the measure), each with randomised comparisons first, published ones last."""
    if answer.association is None:
        return []
    rows = {row.finding: row for row in answer.rows}
    panels: dict[str | None, list[_Part]] = {}
    for family in sorted(answer.association.families, key=lambda one: not one.randomised):
        where = None if family.measure in RATIOS else " ".join(filter(None, (SHORT.get(family.measure, family.measure), family.unit)))
        parts = panels.setdefault(where, [])
        who = "Randomised" if family.randomised else "Observational"
        pools = f"{family.k} cohorts pooled" if family.k > 1 else "single study"
        per = f", per {family.unit}" if family.unit and family.measure in RATIOS else ""
        parts.append(_Part(f"{who}: {SHORT.get(family.measure, family.measure)}{per} ({pools})", list(_entries(family, rows, answer))))
    for one in answer.published:
        if one.estimate is None:
            continue
        where = None if one.measure in RATIOS else SHORT.get(one.measure, one.measure)
        parts = panels.setdefault(where, [])
        counted = f"{one.k} studies" if one.k else ""
        text = ", ".join(filter(None, (measured(one.measure, one.estimate, one.ci), counted)))
        entry = _Entry("published", one.label, text, one.estimate, one.ci, bold=one.headline)
        if parts and parts[-1].heading == "Published meta-analyses":
            parts[-1].entries.append(entry)
        else:
            parts.append(_Part("Published meta-analyses", [entry]))
    return sorted(panels.items(), key=lambda item: (item[0] is not None, item[0] or ""))


def _entries(family: FamilyResult, rows: dict[str, Row], answer: Evidence) -> Iterator[_Entry]:
    own = [rows[finding] for finding in family.rows if finding in rows]
    headline = (
        answer.association is not None and answer.association.families[0] == family and answer.association.estimate_source != "published"
    )
    if family.k == 1:
        label = ", ".join(dict.fromkeys(row.study.label for row in own))
        printed = len(own) == 1 and own[0].ci is not None
        text = measured(family.measure, family.estimate, family.ci)
        yield _Entry("single", label, text, family.estimate, family.ci, worked_out=not printed, bold=headline)
        return
    for row in own:
        if row.y is None or row.se is None:
            continue
        scale: Scale = "log-ratio" if family.measure in RATIOS else _SCALES.get(family.measure, "linear")
        ends = (row.y - Z95 * row.se, row.y + Z95 * row.se)
        text = measured(row.measure, row.value, row.ci) if row.value is not None else ""
        if row.ci is None:
            text = ", ".join(filter(None, (text, p_value(row.p))))
        share = f", {row.share:.0%}" if row.share is not None else ""
        drawn = (back(scale, ends[0]), back(scale, ends[1]))
        # as printed, unless the family is per one unit and the paper per several
        if row.value is not None and row.ci is not None and not family.unit:
            drawn = row.ci
        yield _Entry("study", row.study.label, text + share, back(scale, row.y), drawn, row.share, worked_out=row.ci is None)
    how = "Pooled" if family.estimate_source == "pooled-reml-hk" else "Pooled (Bayesian)"
    yield _Entry("pooled", how, measured(family.measure, family.estimate, family.ci), family.estimate, family.ci, bold=True)
    common = family.common
    yield _Entry("common", "Common effect", measured(family.measure, common.estimate, common.ci), common.estimate, common.ci)
    ahead = family.reml_hk.prediction_interval if family.reml_hk else None
    if ahead is not None and family.reml_hk is not None:
        yield _Entry("ahead", "Next cohort (prediction interval)", span(ahead), family.reml_hk.estimate, ahead)


def _axis(parts: Sequence[_Part], ratio: bool, left: float, right: float) -> Axis:
    """From the estimates and what they pool to; intervals of single studies reach over its ends where they are very wide."""
    every = [one for part in parts for one in part.entries]
    points = [one.value for one in every if not ratio or one.value > 0]
    whole = [end for one in every if one.ci and one.mark not in {"study", "single"} for end in one.ci]
    if ratio:
        low, high = min(0.5, *points), max(2.0, *points)
        ends = [end for one in every if one.ci for end in one.ci]
        low = min([low, *(max(end, low / 4) for end in ends), *(max(end, low / 10) for end in whole)])
        high = max([high, *(min(end, high * 4) for end in ends), *(min(end, high * 10) for end in whole)])
        return Axis(low / 1.15, high * 1.15, left, right, log=True)
    ends = [end for one in every if one.ci for end in one.ci]
    low, high = min([0.0, *points, *ends]), max([0.0, *points, *ends])
    room = (high - low) * 0.06 or 1.0
    return Axis(low - room, high + room, left, right, log=False)


def draw_forest(canvas: Canvas, answer: Evidence) -> None:
    """Panels, one an axis, under what the canvas holds."""
    panels = _panels(answer)
    for where, parts in panels:
        _panel(canvas, where, parts)
    inner = canvas.width - 2 * _LEFT
    every = [one for _, parts in panels for part in parts for one in part.entries]
    notes = []
    marks = {one.mark for one in every}
    if "study" in marks:
        notes.append("Filled square: a study, its area by its share of the pooled weight.")
    if "single" in marks:
        notes.append("Hollow square: a single study, not pooled.")
    if "pooled" in marks:
        notes.append("Filled diamond: pooled; hollow: common effect.")
    if "published" in marks:
        notes.append("Grey diamond: published meta-analysis.")
    if any(one.worked_out for one in every):
        notes.append("Dashed: the interval is not printed; it follows from the printed p or counts.")
    canvas.y += 6
    canvas.paragraph(_LEFT, " ".join(notes), inner, "quiet", size=SMALL)


def _panel(canvas: Canvas, where: str | None, parts: Sequence[_Part]) -> None:
    if canvas.narrow:
        left, right = _LEFT + 12, canvas.width - _LEFT - 12
    else:
        left, right = canvas.width * 0.29, canvas.width * 0.66
    axis = _axis(parts, where is None, left, right)
    null = 1.0 if where is None else 0.0
    lines = Canvas(canvas.width)
    lines.y = top = canvas.y + 6
    for part in parts:
        lines.y += 6
        lines.paragraph(_LEFT, part.heading, canvas.width - 2 * _LEFT, bold=True)
        lines.y += 5
        for entry in part.entries:
            _entry(lines, entry, axis)
    bottom = lines.y + 4
    for tick in axis.ticks:
        canvas.line(axis.at(tick), bottom, axis.at(tick), bottom + 5)
        canvas.text(axis.at(tick), bottom + 18, f"{tick:g}", "quiet", size=SMALL, anchor="middle", tick=True)
    canvas.line(axis.left, bottom, axis.right, bottom)
    canvas.line(axis.at(null), top + 26, axis.at(null), bottom, dashed=False)
    canvas.add(*lines.elements)
    canvas.y = bottom + 18
    of = "ratio, log scale" if where is None else where
    canvas.y += 16
    canvas.text(axis.left, canvas.y, "\u2190 decreases", "quiet", size=SMALL)
    canvas.text(axis.right, canvas.y, "increases \u2192", "quiet", size=SMALL, anchor="end")
    canvas.text((axis.left + axis.right) / 2, canvas.y, of, "quiet", size=SMALL, anchor="middle")
    canvas.y += 4


def _entry(canvas: Canvas, one: _Entry, axis: Axis) -> None:
    top = canvas.y
    if canvas.narrow:
        canvas.text(_LEFT, top + 16, one.label, bold=one.bold, within=canvas.width - 2 * _LEFT)
        canvas.text(_LEFT, top + 33, one.text, size=SMALL, bold=one.bold, within=canvas.width - 2 * _LEFT)
        canvas.y = top + 56
    else:
        room = canvas.width - axis.right - 12 - _LEFT
        labels, texts = wrapped(one.label, axis.left - _LEFT - 10, BODY, bold=one.bold), wrapped(one.text, room, BODY, bold=one.bold)
        for x, lines in ((_LEFT, labels), (axis.right + 12, texts)):
            for i, line in enumerate(lines):
                canvas.text(x, top + 18 + i * 17, line, bold=one.bold)
        canvas.y = top + 10 + 17 * max(len(labels), len(texts), 1)
    y = canvas.y - 10 if canvas.narrow else top + 14
    _draw(canvas, one, axis, y)


def _draw(canvas: Canvas, one: _Entry, axis: Axis, y: float) -> None:
    role = "gone" if one.mark == "published" else "null"
    middle = axis.within(one.value)
    if one.ci is not None:
        low, high = axis.within(one.ci[0]), axis.within(one.ci[1])
        clipped = axis.at(one.ci[0]) < axis.left - 0.5, axis.at(one.ci[1]) > axis.right + 0.5
        if one.mark in {"pooled", "common", "published"}:
            canvas.add(diamond(low, middle, high, y, 14 if one.mark == "pooled" else 10, role, hollow=one.mark == "common"))
        else:
            canvas.line(low, y, high, y, role, width=1.6, dashed=one.worked_out)
        for off, left in zip(clipped, (True, False), strict=True):
            if off:
                canvas.add(head(axis.left if left else axis.right, y, 8, role, left=left))
        if one.mark == "ahead":
            for x, off in ((low, clipped[0]), (high, clipped[1])):
                if not off:
                    canvas.line(x, y - 5, x, y + 5, role, width=1.6)
    if one.mark in {"study", "single"}:
        size = 5 + 12 * math.sqrt(one.share) if one.share is not None else 9
        canvas.add(square(middle, y, size, role, hollow=one.mark == "single"))
    elif one.mark == "published" and one.ci is None:
        canvas.add(square(middle, y, 7, role))
