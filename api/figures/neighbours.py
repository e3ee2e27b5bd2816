"""The neighbourhood of a term: what it is joined to, as a graph in layers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Literal, NamedTuple

import svg

from api.figures.drawing import BODY, SMALL, WIDE, Canvas, safe
from api.figures.measure import width_of, wrapped
from graph.wording import called, certainty, count, within
from schema.answer import Neighbours
from schema.association import LEVELS, Association, MechanismEdge, TermRef

Link = Callable[[str], str]
Side = Literal["left", "right"]
_LEFT = 14.0
_ORDER = ("increases", "decreases", "inconsistent", "inconclusive")
_SIGNS = {"increases": ("up", "+"), "decreases": ("down", "\u2212"), "inconsistent": ("null", "\u00b1"), "inconclusive": ("gone", "\u25cb")}


class _Joined(NamedTuple):
    """A neighbour. `lines`: its name and what is known, as they are broken."""

    term: str
    name: list[str]
    lines: list[str]
    role: str
    sign: str
    level: int
    label: str

    @property
    def tall(self) -> float:
        return len(self.name) * 16.5 + len(self.lines) * 15 + 8


def neighbourhood(
    answer: Neighbours,
    link: Link | None = None,
    evidence: Callable[[str, str], str] | None = None,
    *,
    most: int | None = 20,
    width: int = WIDE,
    standalone: bool = True,
) -> str:
    """A term between its factors (left) and what it is linked to (right), then its mechanisms, as an SVG.

    `link(term)` gives a term's address by its id, `evidence(exposure, outcome)` an association's, on its sign. `most` on each side are
    drawn, in the answer's order: the most certain. Lines are as wide as the certainty of their association.
    """
    title = f"Around {within(answer.term)}, in {called(answer.query['population'], answer.names).name}"
    canvas = Canvas(width)
    inner = width - 2 * _LEFT
    canvas.y = 8
    canvas.heading(_LEFT, title, inner)
    _legend(canvas, answer)
    for side, some in (("factors", answer.as_outcome), ("outcomes", answer.as_exposure)):
        if most is not None and len(some) > most:
            canvas.paragraph(
                _LEFT,
                f"The {most} most certain of {len(some)} {side} are drawn: by sign, in each the most certain first.",
                inner,
                "quiet",
                size=SMALL,
            )
    wide = inner * (1 if canvas.narrow else 0.33)
    sides: dict[Side, list[_Joined]] = {
        "left": [_joined(one, one.exposure, wide) for one in _sorted(answer.as_outcome[:most])],
        "right": [_joined(one, one.outcome, wide) for one in _sorted(answer.as_exposure[:most])],
    }
    if sides["left"] or sides["right"]:
        (_stacked if canvas.narrow else _layers)(canvas, answer.term, sides, wide, link, evidence)
    elif not answer.mechanisms:
        canvas.paragraph(_LEFT, "No study of this population joins it to anything.", inner)
    _mechanisms(canvas, answer, link)
    sentences = [f"{heading}: {'; '.join(one.label for one in sides[side])}." for side, heading in _HEADINGS.items() if sides[side]]
    sentences += [f"{_said(one, answer)}." for one in answer.mechanisms]
    role = "group" if link or evidence else "img"
    return canvas.finish(title, " ".join(sentences) or "It is joined to nothing here.", standalone=standalone, role=role)


_HEADINGS: dict[Side, str] = {"left": "Factors linked to it", "right": "What it is linked to"}


def _sorted(some: Sequence[Association]) -> list[Association]:
    """By sign, within each as the answer has them: the most certain first."""
    return sorted(some, key=lambda one: _ORDER.index(one.direction))


def _joined(one: Association, other: TermRef, wide: float) -> _Joined:
    role, sign = _SIGNS[one.direction]
    cohorts = count(one.cohorts, "cohort") if one.cohorts else "no cohort of its own"
    sure = f", {certainty(one.certainty)} certainty" if one.certainty else ""
    summary = f"{one.direction}, {cohorts}{sure}"
    return _Joined(
        other.id,
        wrapped(other.name, wide - 24, BODY),
        wrapped(summary, wide - 24, SMALL),
        role,
        sign,
        LEVELS.index(one.certainty) + 1 if one.certainty else 0,
        f"{other.name}: {summary}",
    )


def _layers(
    canvas: Canvas,
    term: TermRef,
    sides: dict[Side, list[_Joined]],
    wide: float,
    link: Link | None,
    evidence: Callable[[str, str], str] | None,
) -> None:
    top = canvas.y + 12
    if sides["left"]:
        canvas.text(_LEFT, top + 8, _HEADINGS["left"], bold=True)
    if sides["right"]:
        canvas.text(canvas.width - _LEFT, top + 8, _HEADINGS["right"], bold=True, anchor="end")
    top += 18
    tall = {side: sum(one.tall for one in some) for side, some in sides.items()}
    deepest = max(*tall.values(), 60.0)
    centre = top + deepest / 2
    name = wrapped(term.name, 120, BODY, bold=True)
    half = max(width_of(line, BODY, bold=True) for line in name) / 2 + 10
    middle = canvas.width / 2
    ends: list[svg.Element] = []
    for side, some in sides.items():
        y = top + (deepest - tall[side]) / 2
        left = side == "left"
        x = _LEFT if left else canvas.width - _LEFT - wide
        for one in some:
            at = y + one.tall / 2
            edge = x + wide + 8 if left else x - 8
            target = middle - half if left else middle + half
            _curve(canvas, edge, at, target, centre, one)
            ends.append(_label(one, x, y, wide, side, term.id, link, evidence))
            y += one.tall
        canvas.y = max(canvas.y, y)
    canvas.add(*ends)
    box = len(name) * 17.5 + 16
    canvas.add(
        svg.Rect(
            x=round(middle - half, 1),
            y=round(centre - box / 2, 1),
            width=round(2 * half, 1),
            height=round(box, 1),
            rx=5,
            class_=["rf-soft", "rf-edge"],
            stroke_width=2,
        )
    )
    for i, line in enumerate(name):
        canvas.text(middle, centre - box / 2 + 8 + 17.5 * (i + 0.75), line, bold=True, anchor="middle")
    canvas.y = max(canvas.y, centre + box / 2)


def _curve(canvas: Canvas, x1: float, y1: float, x2: float, y2: float, one: _Joined) -> None:
    bend = (x2 - x1) * 0.55
    path = [svg.MoveTo(round(x1, 1), round(y1, 1)), svg.CubicBezier(*(round(v, 1) for v in (x1 + bend, y1, x2 - bend, y2, x2, y2)))]
    dashes: dict[str, list[Decimal | float | int] | None] = {"up": None, "down": [7, 4], "null": [7, 3, 2, 3], "gone": [2, 4]}
    canvas.add(
        svg.Path(
            d=path,
            class_=[f"rf-{one.role}"],
            fill="none",
            style=None,
            stroke_width=round(0.8 * (one.level + 1), 1),
            stroke_dasharray=dashes[one.role],
            extra={"fill-opacity": "0"},
        )
    )


def _label(
    one: _Joined, x: float, y: float, wide: float, side: Side, centre: str, link: Link | None, evidence: Callable[[str, str], str] | None
) -> svg.Element:
    words, sign = Canvas(wide), Canvas(wide)
    left = side == "left"
    at = y + 14
    for i, line in enumerate(one.name):
        words.text(x if left else x + wide, at + i * 16.5, line, "link" if link else "ink", anchor="start" if left else "end")
    start = at + len(one.name) * 16.5 - 1
    for i, line in enumerate(one.lines):
        words.text(x if left else x + wide, start + i * 15, line, "quiet", size=SMALL, anchor="start" if left else "end")
    sign.text(x + wide - 6 if left else x + 6, y + one.tall / 2 + 5, one.sign, one.role, size=BODY + 4, bold=True, anchor="middle")
    name: svg.Element = svg.G(elements=[*words.elements])
    if link is not None:
        name = svg.A(href=safe(link(one.term)), elements=list(words.elements))
    mark: svg.Element = svg.G(elements=list(sign.elements))
    if evidence is not None:
        pair = (one.term, centre) if left else (centre, one.term)
        mark = svg.A(href=safe(evidence(*pair)), extra={"aria-label": safe(f"evidence: {one.label}")}, elements=list(sign.elements))
    return svg.G(elements=[name, mark])


def _stacked(
    canvas: Canvas,
    term: TermRef,
    sides: dict[Side, list[_Joined]],
    wide: float,
    link: Link | None,
    evidence: Callable[[str, str], str] | None,
) -> None:
    for side, some in sides.items():
        if not some:
            continue
        canvas.y += 10
        canvas.paragraph(_LEFT, f"{_HEADINGS[side]} ({term.name})", wide, bold=True)
        for one in some:
            canvas.add(_label(one, _LEFT, canvas.y + 4, wide, "left", term.id, link, evidence))
            canvas.y += one.tall + 4


def _mechanisms(canvas: Canvas, answer: Neighbours, link: Link | None) -> None:
    if not answer.mechanisms:
        return
    canvas.y += 16
    canvas.paragraph(_LEFT, "Mechanisms that papers name", canvas.width - 2 * _LEFT, bold=True)
    for one in answer.mechanisms:
        lines = Canvas(canvas.width)
        lines.y = canvas.y
        other = one.start if one.end == answer.term.id else one.end
        lines.paragraph(_LEFT, _said(one, answer), canvas.width - 2 * _LEFT, "link" if link else "ink", size=SMALL)
        canvas.add(svg.A(href=safe(link(other)), elements=list(lines.elements)) if link else svg.G(elements=list(lines.elements)))
        canvas.y = lines.y + 8


def _said(one: MechanismEdge, answer: Neighbours) -> str:
    verbs = {"MAY_ACT_THROUGH": ("may act through", "act through"), "MAY_LEAD_TO": ("may lead to", "lead to")}
    may, denied = verbs[one.kind]
    verb = may if one.supports + one.proposes else f"is argued not to {denied}"
    return f"{called(one.start, answer.names).name} {verb} {within(called(one.end, answer.names))}: {one.caption.removeprefix('may: ')}"


def _legend(canvas: Canvas, answer: Neighbours) -> None:
    seen = {one.direction for one in (*answer.as_exposure, *answer.as_outcome)}
    words = [f"{_SIGNS[direction][1]} {direction}" for direction in _ORDER if direction in seen]
    if words:
        canvas.paragraph(_LEFT, f"{', '.join(words)}. The wider a line, the more certain.", canvas.width - 2 * _LEFT, "quiet", size=SMALL)
