"""Mechanisms as diagrams: the factors that may act through each, where it may lead, and the papers by their stance."""

from __future__ import annotations

import svg

from api.figures.drawing import BODY, SMALL, WIDE, Canvas, head
from api.figures.measure import wrapped
from graph.wording import called
from schema.answer import Answer
from schema.association import ClaimRow, FactorTally, Mechanism

_LEFT = 14.0
_STANCES = (
    ("supports", "Support", "up", "+"),
    ("proposes", "Propose", "null", "?"),
    ("argues-against", "Argue against", "down", "\u2212"),
)


def mechanism_diagram(mechanisms: Answer[Mechanism] | Mechanism, *, width: int = WIDE, standalone: bool = True) -> str:
    """One mechanism, or each of an answer, as an SVG: factor \u2192 mechanism \u2192 lesion, and under it the papers for and against."""
    canvas = Canvas(width)
    canvas.y = 8
    inner = width - 2 * _LEFT
    if isinstance(mechanisms, Mechanism):
        items: tuple[Mechanism, ...] = (mechanisms,)
        title = f"Mechanism: {mechanisms.mechanism.name}"
    else:
        items = mechanisms.items
        title = f"Mechanisms that papers name for {called(mechanisms.query['lesion'], mechanisms.names).name}"
    canvas.heading(_LEFT, title, inner)
    canvas.paragraph(
        _LEFT,
        "What papers say may happen; nothing here is proof of a cause. Counts are of independent cohorts; dashed: none supports it.",
        inner,
        "quiet",
        size=SMALL,
    )
    if not items:
        canvas.paragraph(_LEFT, mechanisms.why.text if isinstance(mechanisms, Answer) and mechanisms.why else "No mechanism.", inner)
    for one in items:
        canvas.y += 14
        _mechanism(canvas, one)
    return canvas.finish(title, " ".join(_told(one) for one in items) or "No mechanism.", standalone=standalone)


def _told(one: Mechanism) -> str:
    factors = ", ".join(factor.factor.name for factor in one.factors) or "none named"
    papers = "; ".join(f"{words.lower()}: {', '.join(_papers(one, stance)) or 'none'}" for stance, words, _, _ in _STANCES)
    return f"{one.mechanism.name}. Factors that may act through it: {factors}. Papers: {papers}."


def _papers(one: Mechanism, stance: str) -> list[str]:
    bases_of: dict[str, list[str]] = {}
    for claim in one.claims:
        if claim.stance == stance:
            bases_of.setdefault(claim.study.label, []).append(claim.basis)
    return [f"{label} ({', '.join(dict.fromkeys(bases))})" for label, bases in bases_of.items()]


def _targets(claims: tuple[ClaimRow, ...]) -> list[str]:
    return list(dict.fromkeys(claim.target_term.name for claim in claims if claim.target_term))


def _mechanism(canvas: Canvas, one: Mechanism) -> None:
    inner = canvas.width - 2 * _LEFT
    canvas.line(_LEFT, canvas.y, canvas.width - _LEFT, canvas.y)
    canvas.y += 8
    if canvas.narrow:
        wide, gap = inner, 0.0
    else:
        wide, gap = inner * 0.28, inner * 0.08
    top = canvas.y
    xs = [_LEFT, _LEFT, _LEFT] if canvas.narrow else [_LEFT, _LEFT + wide + gap, _LEFT + 2 * (wide + gap)]
    boxes = [(factor.factor.name, _counted(factor)) for factor in one.factors] or [("No factor named", "")]
    ends: list[float] = []
    for words, counts in boxes:
        lines = [*wrapped(words, wide - 16, SMALL), *wrapped(counts, wide - 16, SMALL)]
        tall = len(lines) * 16 + 10
        _box(canvas, xs[0], canvas.y, wide, lines, quiet=len(wrapped(counts, wide - 16, SMALL)))
        ends.append(canvas.y + tall / 2)
        canvas.y += tall + 6
    bottom = canvas.y - 6
    name = wrapped(one.mechanism.name, wide - 16, BODY, bold=True)
    target = wrapped("; ".join(_targets(one.claims)) or "not named", wide - 16, BODY, bold=True)
    if canvas.narrow:
        for lines, supported in ((name, any(factor.supports for factor in one.factors)), (target, one.supports > 0)):
            canvas.add(_down(canvas.width / 2, canvas.y - 4, 18, dashed=not supported))
            canvas.y += 18
            _box(canvas, _LEFT, canvas.y, wide, lines, bold=True)
            canvas.y += len(lines) * 17.5 + 16
    else:
        tallest = max(len(name), len(target)) * 17.5 + 10
        middle = max((top + bottom) / 2, top + tallest / 2)
        for x, lines in ((xs[1], name), (xs[2], target)):
            _box(canvas, x, middle - (len(lines) * 17.5 + 10) / 2, wide, lines, bold=True)
        if one.factors:
            for factor, y in zip(one.factors, ends, strict=True):
                canvas.line(xs[0] + wide, y, xs[1] - 7, middle, width=1.2, dashed=not factor.supports)
            canvas.add(head(xs[1], middle, 8, "null", left=False))
        canvas.line(xs[1] + wide, middle, xs[2] - 7, middle, width=1.2, dashed=not one.supports)
        canvas.add(head(xs[2], middle, 8, "null", left=False))
        canvas.y = max(bottom, middle + tallest / 2)
    canvas.y += 6
    _stances(canvas, one)


def _counted(one: FactorTally) -> str:
    """The cohorts that say so of a factor: 3 support, 1 argues against."""
    words = (
        (one.supports, "supports", "support"),
        (one.proposes, "proposes", "propose"),
        (one.argues_against, "argues against", "argue against"),
    )
    return ", ".join(f"{count} {single if count == 1 else several}" for count, single, several in words if count)


def _stances(canvas: Canvas, one: Mechanism) -> None:
    inner = canvas.width - 2 * _LEFT
    counts = {"supports": one.supports, "proposes": one.proposes, "argues-against": one.argues_against}
    wide = inner if canvas.narrow else inner / 3
    top, lowest = canvas.y, canvas.y
    for i, (stance, words, role, sign) in enumerate(_STANCES):
        x = _LEFT if canvas.narrow else _LEFT + i * wide
        if not canvas.narrow:
            canvas.y = top
        canvas.y += BODY * 1.35
        canvas.text(x, canvas.y, sign, role, bold=True, size=BODY + 2)
        canvas.text(x + 16, canvas.y, f"{words}: {counts[stance]}", role, bold=True)
        for paper in _papers(one, stance):
            canvas.paragraph(x + 16, paper, wide - 24, size=SMALL)
        lowest = max(lowest, canvas.y)
    canvas.y = lowest


def _box(canvas: Canvas, x: float, y: float, width: float, lines: list[str], *, bold: bool = False, quiet: int = 0) -> None:
    """Lines in a box, the last `quiet` of them quieter."""
    size, step = (BODY, 17.5) if bold else (SMALL, 16.0)
    tall = len(lines) * step + 10
    canvas.add(
        svg.Rect(
            x=round(x, 1),
            y=round(y, 1),
            width=round(width, 1),
            height=round(tall, 1),
            rx=4,
            class_=["rf-soft", "rf-edge"],
            stroke_width=1.6 if bold else 1,
        )
    )
    for i, line in enumerate(lines):
        role = "quiet" if i >= len(lines) - quiet else "ink"
        canvas.text(x + width / 2, y + 5 + step * (i + 0.75), line, role, size=size, bold=bold, anchor="middle")


def _down(x: float, y: float, length: float, *, dashed: bool) -> svg.Element:
    path: list[svg.PathData] = [
        svg.MoveTo(x, y),
        svg.LineTo(x, y + length),
        svg.MoveTo(x - 4, y + length - 5),
        svg.LineTo(x, y + length),
        svg.LineTo(x + 4, y + length - 5),
    ]
    return svg.Path(d=path, class_=["rf-rule"], stroke_width=1.2, stroke_dasharray=[4, 3] if dashed else None)
