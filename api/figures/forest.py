"""The forest plot, as metafor and the Cochrane Handbook draw it: estimates with their intervals, what they pool to, published reviews."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, NamedTuple

from api.figures.directions import subject
from api.figures.drawing import BODY, SMALL, WIDE, Canvas, diamond, head, square
from api.figures.measure import Axis, wrapped
from graph.wording import (
    AVERAGE,
    ELSEWHERE,
    abbreviations,
    average,
    compared,
    count,
    interval,
    measured,
    more,
    opened,
    per,
    review_of,
    row_figure,
    same_interval,
    short,
)
from graph.wording.sentences import WORKED_OUT, family, heterogeneity, limits
from schema.answer import Evidence
from schema.association import Association, FamilyResult, Interval, Row
from schema.study import RATIOS

_LEFT = 14.0
# worked out, not printed
_SIGN = "\u2020"
# they come last
_UNDATED = 9999
Mark = Literal["study", "single", "pooled", "common", "ahead", "published"]


class _Entry(NamedTuple):
    """A line of the plot. `worked_out`: its interval is not as printed, but follows from a p or from counts; `counts`: events of how many
    in those with the exposure, and without; `after`: a line below it.
    """

    mark: Mark
    label: str
    what: str
    text: str
    value: float
    ci: Interval | None
    share: float | None = None
    worked_out: bool = False
    bold: bool = False
    counts: tuple[str, str] = ("", "")
    after: str = ""
    year: int | None = None

    @property
    def figure(self) -> str:
        return f"{self.text} {_SIGN}" if self.worked_out else self.text

    @property
    def weight(self) -> str:
        return "" if self.share is None else f"{self.share:.1%}"


class _Part(NamedTuple):
    heading: str
    entries: list[_Entry]


class _Columns(NamedTuple):
    """Where the columns stand: right ends of those of counts (None: no row has any), the axis, and the estimates."""

    study: float
    counts: tuple[float, float] | None
    axis: tuple[float, float]
    figures: float


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
    if standalone:
        # a page has its own headings
        canvas.heading(_LEFT, title, width - 2 * _LEFT)
    canvas.y += 4
    draw_forest(canvas, answer)
    families = answer.association.families if answer.association else ()
    drawn = [*(one.measure for one in families), *(one.measure for one in answer.published)]
    canvas.paragraph(_LEFT, abbreviations(*drawn), width - 2 * _LEFT, "quiet", size=SMALL)
    return canvas.finish(title, told_forest(answer), standalone=standalone)


def told_forest(answer: Evidence) -> str:
    """The plot in words, for who can't see it."""
    parts = (part for _, parts in _panels(answer) for part in parts)
    return " ".join(f"{part.heading}: {'; '.join(_told(one) for one in part.entries)}." for part in parts)


def _told(one: _Entry) -> str:
    counts = f"{one.counts[0]} with, {one.counts[1]} without" if one.counts[0] else ""
    weight = f"{one.weight} of the weight" if one.weight else ""
    return ", ".join(filter(None, (one.label, counts, one.text, "worked out" if one.worked_out else "", weight, one.after)))


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
        told = "; ".join((family(comparison, answer.rows, answer.association), *_common(comparison, rows, answer.association)))
        heading = f"Pooled: {told}" if comparison.k > 1 else f"{who}, not pooled"
        panels.setdefault(axis, {}).setdefault(heading, []).extend(_entries(comparison, rows, answer.association))
    for one in answer.published:
        if one.estimate is None:
            continue
        year = rows[one.finding].study.year if one.finding in rows else None
        axis = None if one.measure in RATIOS else ", ".join(filter(None, (short(one.measure), one.unit)))
        review = review_of(one)
        what = [*(["the headline"] if one.headline else []), *([review] if review else [])]
        if sum(other.study == one.study for other in answer.published) > 1 and one.finding in rows:
            # of several rows of a review, which this is
            what += filter(None, (rows[one.finding].outcome_as_reported,))
        text = measured(one.measure, one.estimate, one.ci)
        entry = _Entry("published", one.label, "; ".join(what), text, one.estimate, one.ci, bold=one.headline, year=year)
        panels.setdefault(axis, {}).setdefault("Published meta-analyses", []).append(entry)
    ordered = sorted(panels.items(), key=lambda item: (item[0] is not None, item[0] or ""))
    return [(axis, [_Part(heading, _sorted(entries)) for heading, entries in parts.items()]) for axis, parts in ordered]


def _sorted(entries: list[_Entry]) -> list[_Entry]:
    """What stands by itself by year; a pool as it is, its studies before it."""
    alone = all(one.mark in {"single", "published"} for one in entries)
    return sorted(entries, key=lambda one: one.year or _UNDATED) if alone else entries


def _entries(comparison: FamilyResult, rows: Mapping[str, Row], one: Association) -> Iterator[_Entry]:
    own = sorted((rows[finding] for finding in comparison.rows if finding in rows), key=_by_year)
    if comparison.k == 1:
        label = ", ".join(dict.fromkeys(row.study.label for row in own))
        told = dict.fromkeys(part for row in own for part in compared(row, one))
        what = "; ".join((*told, *limits(comparison), *(["crude"] if comparison.body == "crude" else [])))
        headline = one.families[0] == comparison and one.estimate_source not in {None, "published"}
        text = measured(comparison.measure, comparison.estimate, comparison.ci, comparison.unit)
        worked_out = len(own) != 1 or not same_interval(own[0].ci, comparison.ci)
        counts = _counts(own[0]) if len(own) == 1 else ("", "")
        yield _Entry(
            "single", label, what, text, comparison.estimate, comparison.ci, None, worked_out, headline, counts, year=own[0].study.year
        )
        return
    common = _common(comparison, rows, one)
    for row in own:
        if row.pooled_value is None or row.pooled_ci is None:
            continue
        worked_out = _worked_out(row, comparison)
        text = measured(comparison.measure, row.pooled_value, row.pooled_ci, comparison.unit) if worked_out else row_figure(row)
        what = "; ".join(part for part in _notes(row, comparison, one) if part not in common)
        # as printed, where that is what is pooled
        drawn = row.ci if row.ci is not None and same_interval(row.ci, row.pooled_ci) else row.pooled_ci
        yield _Entry("study", row.study.label, what, text, row.pooled_value, drawn, row.share, worked_out, counts=_counts(row))
    some, effect = count(comparison.k, "cohort"), comparison.common
    pooled = measured(comparison.measure, comparison.estimate, comparison.ci)
    differ = heterogeneity(comparison)
    if average(comparison) is not None:
        here = measured(comparison.measure, effect.estimate, effect.ci)
        yield _Entry("pooled", opened(AVERAGE), some, here, effect.estimate, effect.ci, bold=True, after=differ)
        yield _Entry("ahead", opened(ELSEWHERE), "95% credible interval", pooled, comparison.estimate, comparison.ci)
        return
    yield _Entry("pooled", "Pooled", some, pooled, comparison.estimate, comparison.ci, bold=True, after=differ)
    ahead = comparison.reml_hk.prediction_interval if comparison.reml_hk else None
    if ahead is not None and comparison.reml_hk is not None:
        yield _Entry("ahead", "Next cohort", "95% prediction interval", interval(ahead), comparison.reml_hk.estimate, ahead)
    yield _Entry("common", "Common effect", "", measured(comparison.measure, effect.estimate, effect.ci), effect.estimate, effect.ci)


def _by_year(row: Row) -> tuple[int, str]:
    return row.study.year or _UNDATED, row.study.label


def _worked_out(row: Row, comparison: FamilyResult) -> bool:
    return row.printed_ci is None or row.ci is None or row.finding in comparison.by_counts


def _notes(row: Row, comparison: FamilyResult, one: Association) -> list[str]:
    """What a pooled row is of, and how it was worked out."""
    how = f"worked out from {WORKED_OUT.get(row.way, 'the figures of its groups')}"
    by_counts = row.finding in comparison.by_counts
    return [*compared(row, one), *(["by its counts"] if by_counts else [how] if _worked_out(row, comparison) else [])]


def _common(comparison: FamilyResult, rows: Mapping[str, Row], one: Association) -> list[str]:
    """What is to be said of all rows of a comparison: once, above them."""
    each = [_notes(rows[finding], comparison, one) for finding in comparison.rows if finding in rows]
    return [part for part in each[0] if all(part in other for other in each)] if each else []


def _counts(row: Row) -> tuple[str, str]:
    """Events of how many with the exposure, and without; none of a row that is turned round, whose counts are of something else."""
    if row.counts is None or row.turned:
        return "", ""
    of = row.counts
    return f"{of.exposed_cases}/{of.exposed_total}", f"{of.unexposed_cases}/{of.unexposed_total}"


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
    assert answer.association is not None
    ends = more(answer.association.outcome, less=True), more(answer.association.outcome)
    for measure, parts in panels:
        _panel(canvas, measure, parts, ends)
    every = [one for _, parts in panels for part in parts for one in part.entries]
    marks = {one.mark for one in every}
    several = any(one.label == opened(AVERAGE) for one in every)
    meanings = {
        "study": "Filled square: a study, its area by its weight.",
        "single": "Hollow square: one cohort, or one pooled analysis.",
        "pooled": f"Filled diamond: pooled{'; of two to four cohorts their average' if several else ''}.",
        "common": "Hollow diamond: common effect.",
        "ahead": f"Bar: {ELSEWHERE if several else '95% prediction interval'}.",
        "published": "Grey diamond: published meta-analysis.",
    }
    notes = [words for mark, words in meanings.items() if mark in marks]
    if any(one.worked_out for one in every):
        notes.append(f"{_SIGN} and dashed: not as printed, but worked out from the p, the standard error or the counts.")
    if any(one.counts[0] for one in every):
        notes.append("With, without: those with the outcome of those with, and without, the exposure.")
    canvas.y += 6
    canvas.paragraph(_LEFT, " ".join(notes), canvas.width - 2 * _LEFT, "quiet", size=SMALL)


def _columns(canvas: Canvas, parts: Sequence[_Part]) -> _Columns:
    inner, right = canvas.width - 2 * _LEFT, canvas.width - _LEFT
    if canvas.narrow:
        return _Columns(inner, None, (_LEFT + 12, right - 12), _LEFT)
    counted = any(one.counts[0] for part in parts for one in part.entries)
    study = canvas.width * (0.215 if counted else 0.27)
    counts = (canvas.width * 0.33, canvas.width * 0.43) if counted else None
    return _Columns(study, counts, (canvas.width * (0.455 if counted else 0.32), canvas.width * 0.69), canvas.width * 0.715)


def _panel(canvas: Canvas, measure: str | None, parts: Sequence[_Part], ends: tuple[str, str]) -> None:
    """One axis with its parts. The line of no effect and the ticks are drawn first, so that marks lie on them."""
    columns = _columns(canvas, parts)
    axis = _axis(parts, measure is None, *columns.axis)
    null = axis.at(1.0 if measure is None else 0.0)
    over = Canvas(canvas.width)
    over.y = canvas.y + 4
    if not canvas.narrow:
        _headings(over, columns, any(one.weight for part in parts for one in part.entries))
    for part in parts:
        over.y += 6
        over.paragraph(_LEFT, part.heading, canvas.width - 2 * _LEFT, bold=True)
        over.y += 5
        top = first = over.y
        for entry in part.entries:
            y, under = _entry(over, entry, axis, columns)
            if canvas.narrow:
                canvas.line(null, y - 9, null, y + 9)
            else:
                canvas.line(null, top, null, under)
                if entry.mark == "pooled":
                    canvas.line(axis.within(entry.value), first, axis.within(entry.value), y, "rule", dashed=True)
            top = under
    bottom = over.y + 4
    canvas.scale(axis, bottom)
    canvas.add(*over.elements)
    canvas.y = bottom + 18
    # each on its side of the middle, and under the columns beside the axis
    reach = 12 if canvas.narrow else 60
    half = (axis.right - axis.left) / 2 + reach - 24
    sides = [wrapped(words, half, SMALL) for words in ends]
    sides = [[f"\u2190 {sides[0][0]}", *sides[0][1:]], [*sides[1][:-1], f"{sides[1][-1]} \u2192"]]
    for left, lines in zip((True, False), sides, strict=True):
        for n, line in enumerate(lines):
            x = axis.left - reach if left else axis.right + reach
            canvas.text(x, canvas.y + 17 * (n + 1), line, "quiet", size=SMALL, anchor="start" if left else "end")
    canvas.y += 17 * (max(map(len, sides)) + 1)
    of = "ratio, log scale" if measure is None else measure
    canvas.text((axis.left + axis.right) / 2, canvas.y, of, "quiet", size=SMALL, anchor="middle", within=axis.right - axis.left)
    canvas.y += 4


def _headings(canvas: Canvas, columns: _Columns, weighed: bool) -> None:
    canvas.y += 14
    for x, words in ((_LEFT, "Study"), (columns.figures, "Estimate (95% CI)")):
        canvas.text(x, canvas.y, words, "quiet", size=SMALL)
    ends = [*zip(columns.counts or (), ("With", "Without"), strict=False), *([(canvas.width - _LEFT, "Weight")] if weighed else [])]
    for x, words in ends:
        canvas.text(x, canvas.y, words, "quiet", size=SMALL, anchor="end")
    canvas.y += 5
    canvas.line(_LEFT, canvas.y, canvas.width - _LEFT, canvas.y)


def _entry(canvas: Canvas, one: _Entry, axis: Axis, columns: _Columns) -> tuple[float, float]:
    """Draw an entry: the height of its mark, and how far down it reaches."""
    top = canvas.y
    left = [(line, BODY, one.bold, "ink") for line in wrapped(one.label, columns.study - (60 if canvas.narrow else 0), BODY, bold=one.bold)]
    left += [(line, SMALL, False, "quiet") for line in wrapped(one.what, columns.study, SMALL)]
    room = canvas.width - 2 * _LEFT if canvas.narrow else canvas.width - columns.figures - _LEFT - (48 if one.weight else 0)
    right = [(line, BODY, one.bold, "ink") for line in wrapped(one.figure, room, BODY, bold=one.bold)]
    if canvas.narrow and one.counts[0]:
        left.append((f"with {one.counts[0]}, without {one.counts[1]}", SMALL, False, "quiet"))
    after = [(line, SMALL, False, "quiet") for line in wrapped(one.after, room if canvas.narrow else axis.left - _LEFT - 8, SMALL)]
    stands = [(_LEFT, left + right + after)] if canvas.narrow else [(_LEFT, left + after), (columns.figures, right)]
    lowest = top
    for x, lines in stands:
        y = top
        for words, size, bold, role in lines:
            y += 17
            canvas.text(x, y, words, role, size=size, bold=bold)
        lowest = max(lowest, y)
    for x, words in zip(columns.counts or (), one.counts, strict=False):
        canvas.text(x, top + 17, words, anchor="end")
    if one.weight:
        canvas.text(canvas.width - _LEFT, top + 17, one.weight, anchor="end")
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
        if one.mark in {"pooled", "common", "published"}:
            canvas.add(diamond(low, middle, high, y, 14 if one.mark == "pooled" else 10, role, hollow=one.mark == "common"))
        else:
            canvas.line(low, y, high, y, role, width=4 if one.mark == "ahead" else 1.6, dashed=one.worked_out)
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
