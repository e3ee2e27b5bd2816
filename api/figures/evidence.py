"""Both plots of an association under one caption: what /v1/evidence?format=svg and rdwi evidence --plot give."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from api.figures.directions import abbreviated, draw_directions, subject, told_directions
from api.figures.drawing import BODY, SMALL, TITLE, WIDE, Canvas, foot
from api.figures.forest import draw_forest, has_forest, told_forest
from graph.wording import called, certainty, headline, labels, named, no_events, plain, read_as, tally, unpooled, verdict, within
from schema.answer import Evidence

_LEFT = 14.0


def evidence_plot(
    answer: Evidence, title: str | None = None, address: str | None = None, *, width: int = WIDE, standalone: bool = True
) -> str:
    """The effect-direction plot and, where there is an estimate, the forest plot, with what is known in words; an SVG.

    `title`: of the field, to stand before the release; `address`: of the answer.
    """
    canvas = Canvas(width)
    inner = width - 2 * _LEFT
    canvas.y = 8
    canvas.paragraph(_LEFT, subject(answer), inner, size=TITLE, bold=True)
    canvas.y += 2
    lines = caption(answer)
    for line in lines:
        canvas.paragraph(_LEFT, line, inner)
    canvas.y += 16
    canvas.paragraph(_LEFT, "What each study reports", inner, size=BODY + 1, bold=True)
    draw_directions(canvas, answer)
    description = [*lines, told_directions(answer)]
    if has_forest(answer):
        canvas.y += 22
        canvas.paragraph(_LEFT, "Estimates", inner, size=BODY + 1, bold=True)
        draw_forest(canvas, answer)
        description.append(told_forest(answer))
    canvas.paragraph(_LEFT, abbreviated(answer), inner, "quiet", size=SMALL)
    canvas.y += 8
    whence = foot(answer.release, title, address)
    canvas.paragraph(_LEFT, whence, inner, "quiet", size=SMALL)
    return canvas.finish(f"Evidence: {subject(answer)}", " ".join([*description, whence]), standalone=standalone)


def caption(answer: Evidence) -> list[str]:
    """Direction, estimate, certainty and cohorts in lines; which filters the answer keeps to; what stands beside it."""
    one = answer.association
    lines = []
    if one is not None:
        estimate = f"Estimate: {headline(one, level=True)}{verdict(one)}" if one.estimate is not None else "No estimate"
        estimate = f"No estimate: {unpooled(one)}" if unpooled(one) else estimate
        lines.append(f"Direction: {one.direction}. {estimate}.")
        sure = f"Certainty: {certainty(one.certainty)}. " if one.certainty else ""
        lines.append(f"{sure}{tally(one)}. {read_as(one)}.")
        if no_events(one):
            lines.append(f"{no_events(one, {row.study.id: row.study.label for row in answer.rows})}.")
        if one.contested:
            lines.append(f"Contested: {named(one.contested.why, labels(answer))}.")
        lines += [f"Beside it, {other.exposure.name} in {other.population.name}: {other.caption}." for other in one.indirect or ()]
    if "turned_from" in answer.query:
        lines.append(f"Asked of {within(called(answer.query['turned_from'], answer.names))}, and turned round.")
    kept = [_FILTERS[name](value) for name, value in answer.query.items() if name in _FILTERS]
    if kept:
        lines.append(f"Only: {'; '.join(kept)}.")
    if answer.unknown_dropped:
        lines.append(f"Rows left out because it is not known whether they match: {answer.unknown_dropped}.")
    if answer.note:
        lines.append(answer.note)
    return lines


_FILTERS: dict[str, Callable[[Any], str]] = {
    "design": lambda value: f"design {', '.join(plain(one) for one in value)}",
    "adjusted": lambda value: "adjusted" if value else "not adjusted",
    "randomised": lambda value: "randomised comparisons" if value else "no randomised comparisons",
    "min_n": lambda value: f"{value} patients or more",
    "year_from": lambda value: f"published in {value} or after",
    "year_to": lambda value: f"published in {value} or before",
    "max_mri_day": lambda value: f"last scan by day {value:g}",
    "risk_of_bias": lambda value: f"risk of bias {', '.join(value)}",
    "exclude": lambda value: f"without {', '.join(value)}",
}
