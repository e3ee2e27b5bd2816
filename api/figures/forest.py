"""The forest plot: estimates with their intervals, what they pool to, and what published meta-analyses say."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, NamedTuple

from api.figures.directions import abbreviated, subject
from api.figures.drawing import BODY, SMALL, TITLE, WIDE, Canvas, diamond, head, square
from api.figures.measure import Axis, wrapped
from graph.wording import (
    AVERAGE,
    ELSEWHERE,
    average,
    compared,
    count,
    interval,
    measured,
    opened,
    per,
    review_of,
    row_figure,
    same_interval,
    short,
)
from graph.wording.sentences import family, limits
from schema.answer import Evidence
from schema.association import Association, FamilyResult, Interval, Row
from schema.study import RATIOS

_LEFT = 14.0
Mark = Literal["study", "single", "pooled", "common", "setting", "ahead", "published"]


class _Entry(NamedTuple):
    """A line of the plot. `worked_out`: its interval is not as printed, but follows from a p or from counts."""

    mark: Mark
    label: str
    what: str
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
    canvas.paragraph(_LEFT, abbreviated(answer), width - 2 * _LEFT, "quiet", size=SMALL)
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
    panels: dict[str | None, dict[str, list[_Entry]]] = {}
    for comparison in sorted(answer.association.families, key=lambda one: not one.randomised):
        name = short(comparison.measure)
        axis = None if comparison.measure in RATIOS else ", ".join(filter(None, (name, per(comparison.measure, comparison.unit))))
        who = "Randomised comparisons" if comparison.randomised else "Observational studies"
        heading = f"Pooled: {family(comparison, answer.rows, answer.association)}" if comparison.k > 1 else f"{who}, not pooled"
        panels.setdefault(axis, {}).setdefault(heading, []).extend(_entries(comparison, rows, answer.association))
    for one in answer.published:
        if one.estimate is None:
            continue
        axis = None if one.measure in RATIOS else ", ".join(filter(None, (short(one.measure), one.unit)))
        review = review_of(one)
        text = ", ".join(filter(None, (measured(one.measure, one.estimate, one.ci), review)))
        what = ["the headline"] if one.headline else []
        if sum(other.study == one.study for other in answer.published) > 1 and one.finding in rows:
            # of several rows of a review, which this is
            what += filter(None, (rows[one.finding].outcome_as_reported,))
        entry = _Entry("published", one.label, "; ".join(what), text, one.estimate, one.ci, bold=one.headline)
        panels.setdefault(axis, {}).setdefault("Published meta-analyses", []).append(entry)
    ordered = sorted(panels.items(), key=lambda item: (item[0] is not None, item[0] or ""))
    return [(axis, [_Part(heading, entries) for heading, entries in parts.items()]) for axis, parts in ordered]


def _entries(comparison: FamilyResult, rows: Mapping[str, Row], one: Association) -> Iterator[_Entry]:
    own = [rows[finding] for finding in comparison.rows if finding in rows]
    if comparison.k == 1:
        label = ", ".join(dict.fromkeys(row.study.label for row in own))
        told = dict.fromkeys(part for row in own for part in compared(row, one))
        what = "; ".join((*told, *limits(comparison), *(["crude"] if comparison.body == "crude" else [])))
        headline = one.families[0] == comparison and one.estimate_source not in {None, "published"}
        text = measured(comparison.measure, comparison.estimate, comparison.ci, comparison.unit)
        worked_out = len(own) != 1 or not same_interval(own[0].ci, comparison.ci)
        yield _Entry("single", label, what, text, comparison.estimate, comparison.ci, worked_out=worked_out, bold=headline)
        return
    for row in own:
        if row.pooled_value is None or row.pooled_ci is None:
            continue
        share = f", {row.share:.0%} of the weight" if row.share is not None else ""
        by_counts = row.finding in comparison.by_counts
        text = measured(comparison.measure, row.pooled_value, row.pooled_ci, comparison.unit) if by_counts else row_figure(row)
        what = "; ".join((*compared(row, one), *(["by its counts"] if by_counts else [])))
        # as printed, where that is what is pooled
        drawn = row.ci if row.ci is not None and same_interval(row.ci, row.pooled_ci) else row.pooled_ci
        worked_out = row.ci is None or by_counts
        yield _Entry("study", row.study.label, what, text + share, row.pooled_value, drawn, row.share, worked_out=worked_out)
    some, common = count(comparison.k, "cohort"), comparison.common
    pooled = measured(comparison.measure, comparison.estimate, comparison.ci)
    if average(comparison) is not None:
        here = measured(comparison.measure, common.estimate, common.ci)
        yield _Entry("pooled", opened(AVERAGE), some, here, common.estimate, common.ci, bold=True)
        yield _Entry("setting", opened(ELSEWHERE), "95% credible interval", pooled, comparison.estimate, comparison.ci)
        return
    yield _Entry("pooled", "Pooled", some, pooled, comparison.estimate, comparison.ci, bold=True)
    yield _Entry("common", "Common effect", "", measured(comparison.measure, common.estimate, common.ci), common.estimate, common.ci)
    ahead = comparison.reml_hk.prediction_interval if comparison.reml_hk else None
    if ahead is not None and comparison.reml_hk is not None:
        yield _Entry("ahead", "Next cohort", "95% prediction interval", interval(ahead), comparison.reml_hk.estimate, ahead)


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
    for measure, parts in panels:
        _panel(canvas, measure, parts)
    every = [one for _, parts in panels for part in parts for one in part.entries]
    marks = {one.mark for one in every}
    meanings = {
        "study": "Filled square: a study, its area by its share of the pooled weight.",
        "single": "Hollow square: one cohort, or one pooled analysis.",
        "pooled": f"Filled diamond: pooled{'; of two to four cohorts their average' if 'setting' in marks else ''}.",
        "common": "Hollow diamond: common effect.",
        "setting": f"Hollow diamond: {ELSEWHERE}.",
        "published": "Grey diamond: published meta-analysis.",
    }
    notes = [words for mark, words in meanings.items() if mark in marks]
    if any(one.worked_out for one in every):
        notes.append("Dashed: the interval is not as printed, but worked out from the p or the counts.")
    canvas.y += 6
    canvas.paragraph(_LEFT, " ".join(notes), canvas.width - 2 * _LEFT, "quiet", size=SMALL)


def _panel(canvas: Canvas, measure: str | None, parts: Sequence[_Part]) -> None:
    """One axis with its parts. The line of no effect and the ticks are drawn first, so that marks lie on them."""
    ends = (_LEFT + 12, canvas.width - _LEFT - 12) if canvas.narrow else (canvas.width * 0.29, canvas.width * 0.65)
    axis = _axis(parts, measure is None, *ends)
    null = axis.at(1.0 if measure is None else 0.0)
    over = Canvas(canvas.width)
    over.y = canvas.y + 4
    for part in parts:
        over.y += 6
        over.paragraph(_LEFT, part.heading, canvas.width - 2 * _LEFT, bold=True)
        over.y += 5
        top = over.y
        for entry in part.entries:
            y, under = _entry(over, entry, axis)
            if canvas.narrow:
                canvas.line(null, y - 9, null, y + 9)
            else:
                canvas.line(null, top, null, under)
            top = under
    bottom = over.y + 4
    for tick in axis.ticks:
        canvas.line(axis.at(tick), bottom, axis.at(tick), bottom + 5)
        canvas.text(axis.at(tick), bottom + 18, f"{tick:g}", "quiet", size=SMALL, anchor="middle", tick=True)
    canvas.line(axis.left, bottom, axis.right, bottom)
    canvas.add(*over.elements)
    canvas.y = bottom + 35
    canvas.text(axis.left, canvas.y, "\u2190 decreases", "quiet", size=SMALL)
    canvas.text(axis.right, canvas.y, "increases \u2192", "quiet", size=SMALL, anchor="end")
    # a measure and its unit are too long to stand between the two
    canvas.y += 17 if measure is not None else 0
    of = "ratio, log scale" if measure is None else measure
    canvas.text((axis.left + axis.right) / 2, canvas.y, of, "quiet", size=SMALL, anchor="middle", within=axis.right - axis.left)
    canvas.y += 4


def _entry(canvas: Canvas, one: _Entry, axis: Axis) -> tuple[float, float]:
    """Draw an entry: the height of its mark, and how far down it reaches."""
    top = canvas.y
    room = canvas.width - 2 * _LEFT if canvas.narrow else axis.left - _LEFT - 14
    left = [(line, BODY, one.bold, "ink") for line in wrapped(one.label, room, BODY, bold=one.bold)]
    left += [(line, SMALL, False, "quiet") for line in wrapped(one.what, room, SMALL)]
    room = canvas.width - 2 * _LEFT if canvas.narrow else canvas.width - axis.right - 14 - _LEFT
    right = [(line, BODY, one.bold, "ink") for line in wrapped(one.text, room, BODY, bold=one.bold)]
    columns = [(_LEFT, left + right)] if canvas.narrow else [(_LEFT, left), (axis.right + 14, right)]
    lowest = top
    for x, lines in columns:
        y = top
        for words, size, bold, role in lines:
            y += 17
            canvas.text(x, y, words, role, size=size, bold=bold)
        lowest = max(lowest, y)
    canvas.y = lowest + (26 if canvas.narrow else 9)
    y = canvas.y - 12 if canvas.narrow else top + 13
    _draw(canvas, one, axis, y)
    return y, canvas.y


def _draw(canvas: Canvas, one: _Entry, axis: Axis, y: float) -> None:
    role = "gone" if one.mark == "published" else "null"
    middle = axis.within(one.value)
    if one.ci is not None:
        low, high = axis.within(one.ci[0]), axis.within(one.ci[1])
        clipped = axis.at(one.ci[0]) < axis.left - 0.5, axis.at(one.ci[1]) > axis.right + 0.5
        if one.mark in {"pooled", "common", "setting", "published"}:
            hollow = one.mark in {"common", "setting"}
            canvas.add(diamond(low, middle, high, y, 14 if one.mark == "pooled" else 10, role, hollow=hollow))
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
