"""The map of what is known: factors down, populations across."""

from __future__ import annotations

from collections.abc import Callable

import svg

from api.figures.drawing import SMALL, WIDE, Canvas, Filling, disc, safe
from api.figures.measure import width_of, wrapped
from graph.wording import called, count, level
from schema.across import Gap
from schema.answer import Answer
from schema.association import LEVELS

Link = Callable[[str, str, str], str]
# a row is high enough for cells of 24 pixels, the least that is easy to hit
_LEFT, _ROW = 14.0, 28.0
_DOTS = 45.0


def gap_map(answer: Answer[Gap], link: Link | None = None, *, foot: str = "", width: int = WIDE, standalone: bool = True) -> str:
    """The cells of factor x population of an answer, as an SVG: factors in its order, those first from which a study would teach most.

    `link(factor, outcome, population)` gives a cell's address by ids; `foot` is a line to stand under all.
    A cell that the answer doesn't hold stays blank.
    """
    cells = {(one.factor.id, one.population.id): one for one in answer.items}
    factors = list({one.factor.id: one.factor for one in answer.items}.values())
    held = {one.population.id: one.population for one in answer.items}
    asked = [name for name in answer.query["population"] if name in held]
    columns = [*asked, *sorted(held.keys() - set(asked))]
    outcome = answer.items[0].outcome.name if answer.items else called(_outcome(answer), answer.names).name
    title = f"What is known of the factors of {outcome}, by population"
    canvas = Canvas(width)
    canvas.y = 8
    canvas.heading(_LEFT, title, width - 2 * _LEFT)
    if not answer.items:
        words = answer.why.text if answer.why else "No cell is in the answer."
        canvas.paragraph(_LEFT, words, width - 2 * _LEFT)
        return canvas.finish(title, words, standalone=standalone)
    first = _LEFT + (width - 2 * _LEFT) * (0.36 if canvas.narrow else 0.34)
    across = (width - _LEFT - first) / len(columns)
    _legend(canvas, {one.state for one in answer.items}, len(cells) < len(factors) * len(columns))
    headings = [
        [chr(ord("A") + i)] if canvas.narrow else wrapped(held[name].name, across - 6, SMALL, bold=True) for i, name in enumerate(columns)
    ]
    if canvas.narrow:
        for i, name in enumerate(columns):
            canvas.paragraph(_LEFT, f"{headings[i][0]}: {held[name].name}", width - 2 * _LEFT, size=SMALL)
    top = canvas.y + 10
    deepest = max(len(lines) for lines in headings)
    for i, lines in enumerate(headings):
        for n, line in enumerate(lines):
            canvas.text(
                first + across * (i + 0.5), top + 14 + (n + deepest - len(lines)) * 15, line, size=SMALL, bold=True, anchor="middle"
            )
    canvas.y = top + deepest * 15 + 6
    for factor in factors:
        lines = wrapped(factor.name, first - _LEFT - 8, SMALL)
        tall = max(_ROW, len(lines) * 15 + 8)
        for n, line in enumerate(lines):
            canvas.text(_LEFT, canvas.y + tall / 2 + 4 + (n - (len(lines) - 1) / 2) * 15, line, size=SMALL)
        for i, name in enumerate(columns):
            cell = cells.get((factor.id, name))
            if cell is not None:
                canvas.add(_cell(cell, first + across * i + 2, canvas.y + 2, across - 4, tall - 4, link))
        canvas.y += tall
    if foot:
        canvas.paragraph(_LEFT, foot, width - 2 * _LEFT, "quiet", size=SMALL)
    description = ". ".join(
        f"{factor.name}: "
        + ", ".join(f"{held[name].name} {_sign(cells[factor.id, name])}" for name in columns if (factor.id, name) in cells)
        for factor in factors
    )
    return canvas.finish(title, f"{description}.", standalone=standalone, role="group" if link else "img")


def _sign(cell: Gap) -> str:
    if cell.state == "empty":
        return "nothing known"
    return f"{cell.state}, {count(cell.cohorts, 'cohort')}, {level(cell.certainty)}"


def _outcome(answer: Answer[Gap]) -> str:
    return str(answer.query.get("outcome") or answer.query.get("lesion", ""))


def _cell(cell: Gap, x: float, y: float, width: float, height: float, link: Link | None) -> svg.Element:
    canvas = Canvas(width)
    canvas.add(*_ground(cell.state, x, y, width, height))
    words = "\u2013" if cell.state == "empty" else str(cell.cohorts)
    # how many cohorts, and how certain: as many dots of four as there is room for
    reached = LEVELS.index(cell.certainty) + 1 if cell.certainty and width > 80 else 0
    wide = width_of(words, SMALL) + 6 + (_DOTS if reached else 0)
    middle = x + width / 2
    if cell.state == "weak":
        canvas.add(
            svg.Rect(
                x=round(middle - wide / 2, 1), y=round(y + 3, 1), width=round(wide, 1), height=round(height - 6, 1), class_=["rf-ground"]
            )
        )
    role, first = "ground" if cell.state == "fair" else "ink", middle - wide / 2 + 3
    canvas.text(first, y + height / 2 + 4, words, role, size=SMALL)
    for n in range(len(LEVELS) if reached else 0):
        at = first + width_of(words, SMALL) + 9 + 10 * n
        filling: Filling = "full" if n < reached else "open"
        canvas.add(*disc(at, y + height / 2, 7, "lit" if cell.state == "fair" else "null", filling))
    text = f"{cell.factor.name}, {cell.population.name}: {cell.caption}"
    if link is None:
        return svg.G(elements=[svg.Title(text=safe(text)), *canvas.elements])
    return svg.A(
        href=safe(link(cell.factor.id, cell.outcome.id, cell.population.id)),
        extra={"aria-label": safe(text)}, elements=[svg.Title(text=safe(text)), *canvas.elements],
    )  # fmt: skip


def _ground(state: str, x: float, y: float, width: float, height: float) -> list[svg.Element]:
    """Empty: an outline, dashed; weak: hatched; fair: filled."""
    box = {"x": round(x, 1), "y": round(y, 1), "width": round(width, 1), "height": round(height, 1)}
    if state == "fair":
        return [svg.Rect(**box, class_=["rf-null"])]  # type: ignore[arg-type]
    if state == "empty":
        return [svg.Rect(**box, class_=["rf-ground", "rf-edge"], stroke_dasharray=[3, 3])]  # type: ignore[arg-type]
    path: list[svg.PathData] = []
    step = 7.0
    reach = -height
    while reach < width:
        # a line at 45 degrees, cut at the cell's sides
        start, end = max(reach, 0.0), min(reach + height, width)
        path += [
            svg.MoveTo(round(x + start, 1), round(y + height - (start - reach), 1)),
            svg.LineTo(round(x + end, 1), round(y + height - (end - reach), 1)),
        ]
        reach += step
    return [svg.Rect(**box, class_=["rf-soft", "rf-edge"]), svg.Path(d=path, class_=["rf-rule"], stroke_width=1)]  # type: ignore[arg-type]


def _legend(canvas: Canvas, states: set[str], blank: bool) -> None:
    meanings = {
        "empty": "no study says anything",
        "weak": "one cohort, no estimate, or very low certainty",
        "fair": "an estimate, two cohorts or more, certainty above very low",
    }
    for state in ("empty", "weak", "fair"):
        if state not in states:
            continue
        y = canvas.y + 8
        canvas.add(*_ground(state, _LEFT, y, 26, 15))
        canvas.y = y - 3
        canvas.paragraph(_LEFT + 34, f"{state}: {meanings[state]}", canvas.width - 2 * _LEFT - 34, "quiet", size=SMALL)
        canvas.y = max(canvas.y, y + 15)
    words = "The number is that of cohorts, the dots are the certainty, of four. In order of what one more study would teach, most first."
    canvas.paragraph(_LEFT, words, canvas.width - 2 * _LEFT, "quiet", size=SMALL)
    if blank:
        canvas.paragraph(_LEFT, "Blank: not in this list.", canvas.width - 2 * _LEFT, "quiet", size=SMALL)
