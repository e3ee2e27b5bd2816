"""The flow diagram of PRISMA 2020 for new reviews: how many records there were at each step (Page et al., BMJ 2021;372:n71)."""

from __future__ import annotations

import svg

from api.figures.drawing import SMALL, WIDE, Canvas
from api.figures.measure import wrapped
from schema.review import Review

# a pixel further in than the text of other figures, which pages bring to their left edge: a box has a line there
_LEFT, _GAP, _LINE = 15.0, 22.0, 16.0
_TITLE = "How papers were found and chosen"


def prisma_flow(review: Review, included: int, *, width: int = WIDE, standalone: bool = True) -> str:
    """The steps down, with what left the way at each beside it; a number that was not counted is said to be not recorded."""
    canvas = Canvas(width)
    canvas.y = 8
    canvas.heading(_LEFT, _TITLE, width - 2 * _LEFT)
    canvas.y += 12
    wide = (width - 2 * _LEFT - _GAP) / 2
    steps = _steps(review, included)
    for i, (step, aside) in enumerate(steps):
        lines, beside = (_lines(texts, wide) for texts in (step, aside))
        high = max(len(lines), len(beside)) * _LINE + 14
        if i:
            canvas.line(_LEFT + wide / 2, canvas.y - _GAP, _LEFT + wide / 2, canvas.y)
        _box(canvas, _LEFT, high, wide, lines)
        if beside:
            canvas.line(_LEFT + wide, canvas.y + high / 2, _LEFT + wide + _GAP, canvas.y + high / 2)
            _box(canvas, _LEFT + wide + _GAP, high, wide, beside)
        canvas.y += high + _GAP
    canvas.y -= _GAP
    said = ". ".join("; ".join(one.rstrip(".") for one in (*step, *aside)) for step, aside in steps)
    return canvas.finish(_TITLE, f"{said}.", standalone=standalone)


def _steps(review: Review, included: int) -> list[tuple[list[str], list[str]]]:
    one = review.screening
    hits = [search.hits for search in review.searches]
    identified = one.identified if one.identified is not None else sum(hit or 0 for hit in hits) if hits and None not in hits else None
    sources = [f"{search.source}, {search.day}: {_n(search.hits)}" for search in review.searches]
    reasons = [f"{given.reason}: {_n(given.reports)}" for given in one.exclusions]
    first = [f"Records identified: {_n(identified)}", *(sources or ["no search of a database is recorded"])]
    return [
        (first, [f"Removed before screening: {_n(one.removed)}"]),
        ([f"Records screened: {_n(one.screened)}"], [f"Records excluded: {_n(one.excluded)}"]),
        ([f"Reports sought: {_n(one.sought)}"], [f"Reports not retrieved: {_n(one.not_retrieved)}"]),
        ([f"Reports assessed: {_n(one.assessed)}"], ["Reports excluded:", *reasons] if reasons else ["Reports excluded: not recorded"]),
        ([f"Papers in this release: {_n(included)}"], []),
    ]  # fmt: skip


def _n(count: int | None) -> str:
    return "not recorded" if count is None else f"n = {count:,}"


def _lines(texts: list[str], width: float) -> list[str]:
    return [line for text in texts for line in wrapped(text, width - 16, SMALL)]


def _box(canvas: Canvas, x: float, high: float, wide: float, lines: list[str]) -> None:
    canvas.add(svg.Rect(x=round(x, 1), y=round(canvas.y, 1), width=round(wide, 1), height=round(high, 1), class_=["rf-ground", "rf-edge"]))
    for i, line in enumerate(lines):
        canvas.text(x + 8, canvas.y + 18 + i * _LINE, line, size=SMALL)
