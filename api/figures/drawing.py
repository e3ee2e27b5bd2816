"""What figures are drawn with: escaped text, marks, and the SVG that they make together."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from html import escape
from typing import Literal

import svg

from api.colours import STYLE
from api.figures.measure import Axis, shortened, wrapped

WIDE, NARROW = 800, 360
TITLE, BODY, SMALL = 17.0, 13.0, 12.0
FONT = "Arial, Helvetica, Liberation Sans, sans-serif"

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def safe(words: str) -> str:
    """Text for an element or an attribute; what XML doesn't hold becomes the replacement character."""
    return escape(_NOT_XML.sub("\ufffd", words), quote=True)


def foot(release: str, title: str | None = None, address: str | None = None) -> str:
    """Whence a figure comes, to stand under it: the field and its release, and the address of its data."""
    where = f" Its data: {address}." if address else ""
    return f"{f'{title}, release' if title else 'Release'} {release[:12]}.{where} Evidence summary, not medical advice."


class Canvas:
    """Elements on so many pixels; `y` is how far down they reach."""

    def __init__(self, width: float) -> None:
        self.width = width
        self.y = 0.0
        self.elements: list[svg.Element] = []

    @property
    def narrow(self) -> bool:
        return self.width < 600

    def add(self, *elements: svg.Element) -> None:
        self.elements += elements

    def text(
        self,
        x: float,
        y: float,
        words: str,
        role: str = "ink",
        *,
        size: float = BODY,
        bold: bool = False,
        anchor: Literal["start", "middle", "end"] = "start",
        within: float | None = None,
        tick: bool = False,
    ) -> None:
        """A line of text on the base line y; `within`: the pixels that it may take. `tick`: of an axis, and no figure of the answer."""
        if within is not None:
            words = shortened(words, within, size, bold=bold)
        self.add(
            svg.Text(
                x=_round(x),
                y=_round(y),
                class_=[f"rf-{role}", *(["rf-tick"] if tick else [])],
                font_size=_round(size),
                font_weight="bold" if bold else None,
                text_anchor=anchor if anchor != "start" else None,
                text=safe(words),
            )
        )

    def paragraph(self, x: float, words: str, width: float, role: str = "ink", *, size: float = BODY, bold: bool = False) -> None:
        """Lines under what there is, `width` pixels wide at most."""
        for line in wrapped(words, width, size, bold=bold):
            self.y += size * 1.35
            self.text(x, self.y, line, role, size=size, bold=bold)

    def heading(self, x: float, words: str, width: float) -> None:
        """What the figure is called."""
        self.paragraph(x, words, width, size=TITLE if self.width >= WIDE else BODY + 1, bold=True)

    def scale(self, axis: Axis, y: float, unit: str = "") -> None:
        """An axis at its height, with its ticks below."""
        for tick in axis.ticks:
            self.line(axis.at(tick), y, axis.at(tick), y + 5)
            self.text(axis.at(tick), y + 18, f"{tick:g}{unit}", "quiet", size=SMALL, anchor="middle", tick=True)
        self.line(axis.left, y, axis.right, y)

    def line(self, x1: float, y1: float, x2: float, y2: float, role: str = "rule", *, width: float = 1, dashed: bool = False) -> None:
        self.add(
            svg.Line(
                x1=_round(x1),
                y1=_round(y1),
                x2=_round(x2),
                y2=_round(y2),
                class_=[f"rf-{role}"],
                stroke_width=width,
                stroke_dasharray=[4, 3] if dashed else None,
            )
        )

    def finish(self, title: str, description: str, *, standalone: bool = True, role: str = "img") -> str:
        """The SVG. Not `standalone`: without its own style and ground, which the page gives (STYLE)."""
        height = _round(self.y + 14)
        title, description = safe(title), safe(description)
        # figures of one page differ in what they say or in their size
        named = hashlib.sha256(f"{title}\0{description}\0{self.width}\0{height}".encode()).hexdigest()
        names = f"rf-{named[:10]}-title", f"rf-{named[:10]}-desc"
        head: list[svg.Element] = [svg.Title(id=names[0], text=title), svg.Desc(id=names[1], text=description)]
        if standalone:
            head += [svg.Style(text=STYLE), svg.Rect(width=self.width, height=height, class_=["rf-ground"])]
        return str(
            svg.SVG(
                width=self.width,
                height=height,
                viewBox=svg.ViewBoxSpec(0, 0, self.width, height),
                class_=["rf"],
                extra={"font-family": FONT, "role": role, "aria-labelledby": " ".join(names)},
                elements=[*head, *self.elements],
            )
        )


def small(width: float, height: float, label: str, elements: Sequence[svg.Element], *, standalone: bool) -> str:
    """A figure in a line of text, of which a page may hold many of the same name: no ids."""
    head: list[svg.Element] = [svg.Title(text=safe(label))]
    if standalone:
        head += [svg.Style(text=STYLE), svg.Rect(width=width, height=height, class_=["rf-ground"])]
    return str(
        svg.SVG(
            width=width,
            height=height,
            viewBox=svg.ViewBoxSpec(0, 0, width, height),
            class_=["rf"],
            extra={"font-family": FONT, "role": "img", "aria-label": safe(label)},
            elements=[*head, *elements],
        )
    )


# --- marks, each around its middle ---

Filling = Literal["full", "open", "half"]


def arrow(x: float, y: float, size: float, role: str, filling: Filling, *, down: bool) -> list[svg.Element]:
    """A block arrow, `size` high."""
    head, stem, neck = size * 0.42, size * 0.19, size * 0.02
    half = [(0.0, -size / 2), (-head, neck), (-stem, neck), (-stem, size / 2), (0.0, size / 2)]
    whole = [*half, *((-dx, dy) for dx, dy in reversed(half[1:-1]))]
    turn = -1 if down else 1

    def shape(points: list[tuple[float, float]], *more: str) -> svg.Element:
        return _polygon([(x + dx, y + dy * turn) for dx, dy in points], role, *more)

    return _filled(filling, lambda *more: shape(whole, *more), lambda: shape(half))


def disc(x: float, y: float, size: float, role: str, filling: Filling) -> list[svg.Element]:
    radius = _round(size / 2)

    def half() -> svg.Element:
        path: list[svg.PathData] = [
            svg.MoveTo(_round(x), _round(y - radius)),
            svg.Arc(radius, radius, 0, False, False, _round(x), _round(y + radius)),
            svg.ClosePath(),
        ]
        return svg.Path(d=path, class_=[f"rf-{role}"], stroke_width=1.6)

    return _filled(
        filling,
        lambda *more: svg.Circle(cx=_round(x), cy=_round(y), r=radius, class_=[f"rf-{role}", *more], stroke_width=1.6),
        half,
    )


def square(x: float, y: float, size: float, role: str, *, hollow: bool = False) -> svg.Element:
    return svg.Rect(
        x=_round(x - size / 2),
        y=_round(y - size / 2),
        width=_round(size),
        height=_round(size),
        class_=[f"rf-{role}", *(["rf-open"] if hollow else [])],
        stroke_width=1.6,
    )


def diamond(left: float, middle: float, right: float, y: float, height: float, role: str, *, hollow: bool = False) -> svg.Element:
    points = [(left, y), (middle, y - height / 2), (right, y), (middle, y + height / 2)]
    return _polygon(points, role, *(["rf-open"] if hollow else []))


def head(x: float, y: float, size: float, role: str, *, left: bool) -> svg.Element:
    """The head of an arrow whose point is at x: the rest lies beyond."""
    back = x + size if left else x - size
    return _polygon([(x, y), (back, y - size * 0.7), (back, y + size * 0.7)], role)


def _polygon(points: Sequence[tuple[float, float]], role: str, *more: str) -> svg.Element:
    places = [svg.Point(_round(x), _round(y)) for x, y in points]
    return svg.Polygon(points=places, class_=[f"rf-{role}", *more], stroke_width=1.6)


def _filled(filling: Filling, whole: Callable[..., svg.Element], half: Callable[[], svg.Element]) -> list[svg.Element]:
    if filling == "full":
        return [whole()]
    return [whole("rf-open"), half()] if filling == "half" else [whole("rf-open")]


def _round(value: float) -> float:
    short = round(value, 1)
    return int(short) if short == int(short) else short
