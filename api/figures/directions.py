"""The effect-direction plot: a row a finding, an arrow by what it reports. Most findings can't be pooled, but all say something.

After Thomson & Thomas, Res Synth Methods 2013;4:95-101, with size by patients and filling by adjustment.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import svg

from api.figures.drawing import BODY, SMALL, WIDE, Canvas, Filling, arrow, disc
from api.figures.measure import width_of, wrapped
from graph.wording import REPORTS, abbreviations, called, compared, labels, named, row_figure, tally
from schema.answer import Evidence
from schema.association import Association, Reports, Row

_ORDER: tuple[Reports, ...] = ("increases", "decreases", "not-significant", "unclear")
_ROLES: dict[Reports, str] = {"increases": "up", "decreases": "down", "not-significant": "null", "unclear": "null"}
_FILLINGS: dict[bool | None, Filling] = {True: "full", False: "open", None: "half"}
_LARGEST, _SMALLEST = 26.0, 10.0
_LEFT = 14.0


def effect_direction_plot(answer: Evidence, *, width: int = WIDE, standalone: bool = True) -> str:
    """What each finding of an association reports, as an SVG; those that don't count in grey, with why.

    `width` in pixels: below 600, the columns stand under each other. Not `standalone`: without its own style and ground (STYLE).
    """
    canvas = Canvas(width)
    canvas.y = 8
    title = f"What each study reports: {subject(answer)}"
    if standalone:
        # a page has its own headings
        canvas.heading(_LEFT, title, width - 2 * _LEFT)
    canvas.y += 4
    draw_directions(canvas, answer)
    canvas.y += 4
    canvas.paragraph(_LEFT, abbreviated(answer), width - 2 * _LEFT, "quiet", size=SMALL)
    return canvas.finish(title, told_directions(answer), standalone=standalone)


def subject(answer: Evidence) -> str:
    """The association in words: exposure, outcome, population."""
    one = answer.association
    if one is None:
        exposure, outcome, population = (called(answer.query[key], answer.names).name for key in ("exposure", "outcome", "population"))
        return f"{exposure} \u2192 {outcome}, in {population}"
    return f"{one.exposure.name} \u2192 {one.outcome.name}, in {one.population.name}"


def abbreviated(answer: Evidence) -> str:
    """What the abbreviations of the plot stand for."""
    unknown = ["NR: not reported"] if any(row.n is None for row in answer.rows) else []
    measures = abbreviations(*(row.measure for row in answer.rows if row.value is not None))
    tested = ["p: two-sided"] if any(row.p for row in answer.rows) else []
    return "; ".join(filter(None, (measures, "n: number of patients", *unknown, *tested)))


def told_directions(answer: Evidence) -> str:
    """The plot in words, for who can't see it."""
    if answer.association is None:
        return answer.why.text if answer.why else "Nothing is known."
    rows = [row for _, rows in _sections(answer) for row in rows]
    each = "; ".join(
        f"{row.study.label}: {REPORTS[row.reports]}, {row_figure(row)}{'' if row.used != 'shown' else ', not counted'}" for row in rows
    )
    return f"{tally(answer.association)}. {each}."


def _sections(answer: Evidence) -> list[tuple[str, list[Row]]]:
    """Randomised comparisons, observational ones, and meta-analyses apart; rows that count first, by report, the largest first."""
    pooled = {one.finding for one in answer.published}

    def place(row: Row) -> tuple[object, ...]:
        return (row.used == "shown", _ORDER.index(row.reports), row.n is None, -(row.n or 0), row.study.label, row.finding)

    parts = (
        ("Randomised comparisons", [row for row in answer.rows if row.randomised and row.finding not in pooled]),
        ("Observational studies", [row for row in answer.rows if not row.randomised and row.finding not in pooled]),
        (
            "Published meta-analyses (they pool other studies, and don't count as cohorts)",
            [row for row in answer.rows if row.finding in pooled],
        ),
    )
    return [(heading, sorted(rows, key=place)) for heading, rows in parts if rows]


def draw_directions(canvas: Canvas, answer: Evidence) -> None:
    """Sections, rows and legend under what the canvas holds."""
    inner = canvas.width - 2 * _LEFT
    if answer.association is None:
        canvas.paragraph(_LEFT, answer.why.text if answer.why else "Nothing is known.", inner)
        return
    papers = labels(answer)
    # the sizes are for comparing cohorts; a review's patients would leave all of them small
    largest = max((row.n for row in answer.rows if row.n is not None and row.used != "shown"), default=1)
    sections = _sections(answer)
    if not canvas.narrow:
        _columns(canvas)
    for heading, rows in sections:
        canvas.y += 8
        canvas.paragraph(_LEFT, heading, inner, bold=True)
        canvas.y += 5
        canvas.line(_LEFT, canvas.y, canvas.width - _LEFT, canvas.y)
        for i, row in enumerate(rows):
            if row.used == "shown" and (i == 0 or rows[i - 1].used != "shown") and not heading.startswith("Published"):
                canvas.y += 4
                canvas.paragraph(_LEFT, "Shown, not counted:", inner, "quiet", size=SMALL)
                canvas.y += 4
            _row(canvas, row, answer.association, papers, largest)
    canvas.y += 6
    _legend(canvas, answer.rows)


def _places(canvas: Canvas) -> tuple[float, float, float, float]:
    """Where the study, n, the mark and the figures stand."""
    if canvas.narrow:
        return 46, canvas.width - _LEFT, 26, 46
    return _LEFT, canvas.width * 0.40, canvas.width * 0.45, canvas.width * 0.49


def _columns(canvas: Canvas) -> None:
    study, n, mark, figures = _places(canvas)
    canvas.y += 16
    canvas.text(study, canvas.y, "Study, patients", "quiet", size=SMALL)
    canvas.text(n, canvas.y, "n", "quiet", size=SMALL, anchor="end")
    canvas.text(mark, canvas.y, "Reports", "quiet", size=SMALL, anchor="middle")
    canvas.text(figures + 14, canvas.y, "Estimate (95% CI), or what is printed", "quiet", size=SMALL)


def _row(canvas: Canvas, row: Row, one: Association, labels: Mapping[str, str], largest: int) -> None:
    study, n, mark, figures = _places(canvas)
    shown = row.used == "shown"
    role = "quiet" if shown else "ink"
    top = canvas.y
    size = _SMALLEST + (_LARGEST - _SMALLEST) * math.sqrt(min(row.n / largest, 1)) if row.n is not None else _SMALLEST
    patients = "NR" if row.n is None else str(row.n)
    beside = figures if canvas.narrow else figures + 14
    room = n - study - (44 if not canvas.narrow else 60)
    left = [(row.study.label, role, BODY, not shown)]
    left += [(line, "quiet", SMALL, False) for line in wrapped(row.population_label, room, SMALL)]
    right = [(line, role, BODY, False) for line in wrapped(row_figure(row), canvas.width - _LEFT - beside, BODY)]
    right += [(line, "quiet", SMALL, False) for line in wrapped(_note(row, one, labels), canvas.width - _LEFT - beside, SMALL)]
    canvas.text(n, top + 18, f"n {patients}" if canvas.narrow else patients, role, anchor="end")
    bottoms = []
    start = top + 18
    for x, lines in ((study, left), (beside, right)):
        y = start
        for words, colour, points, bold in lines:
            canvas.text(x, y, words, colour, size=points, bold=bold)
            y += points * 1.35
        bottoms.append(y)
        if canvas.narrow:
            start = y + 2
    canvas.add(*_mark(row, mark, top + 16, size))
    canvas.y = max(*bottoms, top + 36) - 4
    canvas.line(_LEFT, canvas.y, canvas.width - _LEFT, canvas.y, "grid")


def _mark(row: Row, x: float, y: float, size: float) -> list[svg.Element]:
    role = "gone" if row.used == "shown" else _ROLES[row.reports]
    return mark(row.reports, x, y, size, role, _FILLINGS[row.adjusted])


def mark(reports: Reports, x: float, y: float, size: float, role: str, filling: Filling) -> list[svg.Element]:
    if reports == "unclear":
        asked = Canvas(0)
        asked.text(x, y + size * 0.4, "?", role, size=max(size * 1.1, 14), bold=True, anchor="middle")
        return asked.elements
    if reports == "not-significant":
        return disc(x, y, size * 0.7, role, filling)
    return arrow(x, y, size, role, filling, down=reports == "decreases")


def _note(row: Row, one: Association, labels: Mapping[str, str]) -> str:
    """How a row counts, where there is more to say than that it counts."""
    parts = compared(row, one)
    if row.share is not None:
        parts.append(f"pooled, {row.share:.0%} of the weight")
    elif row.why is not None and row.used == "shown":
        parts.append(named(row.why, labels))
    elif row.why is not None and row.kind == "estimate":
        why = row.why.removesuffix(": not pooled")
        parts.append(named(why if why.startswith("pooled beside") else f"not pooled: {why}", labels))
    elif row.power is not None and row.power < 0.5:
        parts.append(f"study too small: power {row.power:.0%}")
    return "; ".join((*parts, *row.warnings))


def _legend(canvas: Canvas, rows: Sequence[Row]) -> None:
    """Only signs that the plot shows, so that there is nothing to look for in vain."""
    seen = {row.reports for row in rows}
    items: list[tuple[Reports, str, Filling, str]] = [
        (reports, _ROLES[reports], "full", REPORTS[reports]) for reports in _ORDER if reports in seen
    ]
    fillings = {row.adjusted for row in rows if row.reports != "unclear"}
    for adjusted, words in ((True, "filled: adjusted"), (False, "hollow: not adjusted"), (None, "half: adjustment not known")):
        if adjusted in fillings:
            items.append(("increases", "null", _FILLINGS[adjusted], words))
    if any(row.used == "shown" for row in rows):
        items.append(("increases", "gone", "full", "grey: not counted"))
    x, y = _LEFT, canvas.y + 18
    for reports, role, filling, words in items:
        wide = 20 + width_of(words, SMALL) + 16
        if x + wide > canvas.width - _LEFT and x > _LEFT:
            x, y = _LEFT, y + 22
        canvas.add(*mark(reports, x + 8, y - 4, 15, role, filling))
        canvas.text(x + 20, y, words, "quiet", size=SMALL)
        x += wide
    canvas.y = y + 3
    words = "Size: number of patients. Order: by what is reported, the largest first."
    canvas.paragraph(_LEFT, words, canvas.width - 2 * _LEFT, "quiet", size=SMALL)
