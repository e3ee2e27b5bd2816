"""Risk of bias as robvis draws it: traffic lights, a row a paper and a column a domain; and a bar a domain, weighted by what is pooled.

McGuinness and Higgins, Res Synth Methods 2021;12:55-61. Each colour has its sign: nothing hangs on colour alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import svg

from api.figures.drawing import SMALL, WIDE, Canvas
from api.figures.measure import width_of
from graph.wording import opened
from schema.association import Judged
from schema.bias import DOMAINS, LEVELS, NAMES, WORDS, Level, Tool

_LEFT, _ROW, _LIGHT = 14.0, 26.0, 20.0
_SIGNS: dict[Level, str] = {"low": "+", "moderate": "\u2212", "high": "\u00d7", "critical": "!", "unclear": "?"}


def traffic_lights(judged: Sequence[Judged], *, width: int = WIDE, standalone: bool = True) -> str | None:
    """The judgement of each domain of each paper, tool by tool, as an SVG; None where no paper was judged."""
    if not judged:
        return None
    canvas = _begun("Risk of bias, by domain", width)
    for tool, papers in _by_tool(judged):
        domains = DOMAINS[tool]
        step = 30.0 if canvas.narrow else 44.0
        first = width - _LEFT - step * (len(domains) + 1) if canvas.narrow else _LEFT + 190
        canvas.paragraph(_LEFT, NAMES[tool], width - 2 * _LEFT, bold=True)
        canvas.y += 20
        for i, name in enumerate((*_codes(tool), "All" if canvas.narrow else "Overall")):
            canvas.text(first + step * (i + 0.5), canvas.y, name, size=SMALL, bold=True, anchor="middle")
        canvas.y += 6
        for one in papers:
            middle = canvas.y + _ROW / 2
            canvas.text(_LEFT, middle + 4, one.study.label, size=SMALL, within=first - _LEFT - 6)
            levels: list[Level | None] = [*(one.domains.get(name) for name in domains), one.overall]
            for i, level in enumerate(levels):
                if level is not None:
                    _light(canvas, first + step * (i + 0.5), middle, level)
            canvas.y += _ROW
        canvas.line(first + step * len(domains), canvas.y - _ROW * len(papers), first + step * len(domains), canvas.y, "grid")
        _key(canvas, tool, papers)
    said = (
        f"{one.study.label} ({NAMES[one.tool]}): {_said(one, 'overall', one.overall)}; "
        + ", ".join(_said(one, DOMAINS[one.tool][name], level) for name, level in one.domains.items())
        for one in judged
    )
    return canvas.finish("Risk of bias, by domain", f"{'. '.join(said)}.", standalone=standalone)


def risk_summary(judged: Sequence[Judged], *, width: int = WIDE, standalone: bool = True) -> str | None:
    """How much of the evidence is at which risk, a bar a domain and tool by tool, as an SVG; None where no paper was judged.

    A paper weighs what it has of the pooled weight; where none of a tool's papers has any, each weighs the same.
    """
    if not judged:
        return None
    canvas, said = _begun("Risk of bias, summed up", width), []
    for tool, papers in _by_tool(judged):
        weighted = any(one.share for one in papers)
        weights = [one.share or 0.0 if weighted else 1.0 for one in papers]
        what = f"{NAMES[tool]}, {'papers by their part of the pooled weight' if weighted else 'each paper alike'}"
        canvas.paragraph(_LEFT, what, width - 2 * _LEFT, bold=True)
        canvas.y += 8
        first = _LEFT + (70 if canvas.narrow else 280)
        across = width - _LEFT - first
        names = _codes(tool) if canvas.narrow else [*DOMAINS[tool].values()]
        bars: list[tuple[str, list[Level]]] = [
            *((named, [one.domains.get(name, "unclear") for one in papers]) for name, named in zip(DOMAINS[tool], names, strict=True)),
            ("Overall", [one.overall for one in papers]),
        ]
        for name, levels in bars:
            parts = _parts(levels, weights)
            canvas.text(_LEFT, canvas.y + 15, name, size=SMALL, bold=name == "Overall", within=first - _LEFT - 8)
            x = first
            for level, part in parts:
                wide = across * part
                canvas.add(svg.Rect(x=round(x, 1), y=round(canvas.y + 2, 1), width=round(wide, 1), height=18, class_=[f"rf-{level}"]))
                words = f"{part:.0%}"
                if wide > width_of(words, SMALL) + 6:
                    canvas.text(x + wide / 2, canvas.y + 15, words, "ground", size=SMALL, anchor="middle")
                x += wide
            said.append(f"{name}: {', '.join(f'{WORDS[tool][level]} {part:.0%}' for level, part in parts)}")
            canvas.y += 22
        for at in (0, 0.5, 1):
            anchor = "start" if at == 0 else "middle" if at == 0.5 else "end"
            canvas.text(first + across * at, canvas.y + 14, f"{at:.0%}", "quiet", size=SMALL, anchor=anchor, tick=True)  # type: ignore[arg-type]
        canvas.y += 18
        _key(canvas, tool, papers, domains=canvas.narrow)
    return canvas.finish("Risk of bias, summed up", f"{'. '.join(said)}.", standalone=standalone)


def _begun(title: str, width: int) -> Canvas:
    canvas = Canvas(width)
    canvas.y = 8
    canvas.heading(_LEFT, title, width - 2 * _LEFT)
    canvas.y += 4
    return canvas


def _by_tool(judged: Sequence[Judged]) -> Iterator[tuple[Tool, list[Judged]]]:
    for tool in NAMES:
        papers = [one for one in judged if one.tool == tool]
        if papers:
            yield tool, papers


def _codes(tool: Tool) -> list[str]:
    return [f"D{i}" for i in range(1, len(DOMAINS[tool]) + 1)]


def _said(one: Judged, domain: str, level: Level) -> str:
    return f"{domain.lower()} {WORDS[one.tool][level]}"


def _light(canvas: Canvas, x: float, y: float, level: Level) -> None:
    canvas.add(svg.Circle(cx=round(x, 1), cy=round(y, 1), r=_LIGHT / 2, class_=[f"rf-{level}"]))
    canvas.text(x, y + 5, _SIGNS[level], "ground", size=15, bold=True, anchor="middle")


def _parts(levels: Sequence[Level], weights: Sequence[float]) -> list[tuple[Level, float]]:
    total = sum(weights)
    sums: dict[Level, float] = {
        level: sum(weight for one, weight in zip(levels, weights, strict=True) if one == level) / total for level in LEVELS
    }
    return [(level, part) for level, part in sums.items() if part]


def _key(canvas: Canvas, tool: Tool, papers: Sequence[Judged], *, domains: bool = True) -> None:
    """What the columns and the signs stand for."""
    if domains:
        told = "; ".join(f"{code}: {name.lower()}" for code, name in zip(_codes(tool), DOMAINS[tool].values(), strict=True))
        canvas.paragraph(_LEFT, f"{told}.", canvas.width - 2 * _LEFT, "quiet", size=SMALL)
    met: set[Level] = {level for one in papers for level in (*one.domains.values(), one.overall)}
    canvas.y += 18
    x = _LEFT + _LIGHT / 2
    for level in LEVELS:
        if level not in met:
            continue
        words = opened(WORDS[tool][level])
        if x + width_of(words, SMALL) + 20 > canvas.width:
            x, canvas.y = _LEFT + _LIGHT / 2, canvas.y + _ROW
        _light(canvas, x, canvas.y, level)
        canvas.text(x + 15, canvas.y + 4, words, "quiet", size=SMALL)
        x += width_of(words, SMALL) + 48
    canvas.y += 16
