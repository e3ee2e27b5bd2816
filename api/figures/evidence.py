"""Both plots of an association under one caption: what /v1/evidence?format=svg and rdwi evidence --plot give."""

from __future__ import annotations

from api.figures.directions import abbreviated, draw_directions, subject, told_directions
from api.figures.drawing import BODY, SMALL, TITLE, WIDE, Canvas
from api.figures.forest import draw_forest, has_forest, told_forest
from api.figures.words import headline, named, names, read_as, tally
from schema.answer import Evidence

_LEFT = 14.0
_NAMED = {"exposure", "outcome", "population", "parts"}


def evidence_plot(answer: Evidence, *, width: int = WIDE, standalone: bool = True) -> str:
    """The effect-direction plot and, where there is an estimate, the forest plot, with what is known in words; an SVG."""
    canvas = Canvas(width)
    inner = width - 2 * _LEFT
    canvas.y = 8
    canvas.paragraph(_LEFT, subject(answer), inner, size=TITLE, bold=True)
    canvas.y += 2
    told = caption(answer)
    for line in told:
        canvas.paragraph(_LEFT, line, inner)
    canvas.y += 16
    canvas.paragraph(_LEFT, "What each study reports", inner, size=BODY + 1, bold=True)
    draw_directions(canvas, answer)
    description = [*told, told_directions(answer)]
    if has_forest(answer):
        canvas.y += 22
        canvas.paragraph(_LEFT, "Estimates", inner, size=BODY + 1, bold=True)
        draw_forest(canvas, answer)
        description.append(told_forest(answer))
    canvas.paragraph(_LEFT, abbreviated(answer), inner, "quiet", size=SMALL)
    canvas.y += 8
    foot = f"R-DWI evidence graph, release {answer.release[:12]}. Evidence summary, not medical advice."
    canvas.paragraph(_LEFT, foot, inner, "quiet", size=SMALL)
    return canvas.finish(f"Evidence: {subject(answer)}", " ".join([*description, foot]), standalone=standalone)


def caption(answer: Evidence) -> list[str]:
    """Direction, estimate, certainty and cohorts in lines; which filters the answer keeps to."""
    one = answer.association
    lines = []
    if one is not None:
        lines.append(f"Direction: {one.direction}. Estimate: {headline(one, level=True)}.")
        certainty = f"Certainty: {one.certainty.replace('-', ' ')}. " if one.certainty else ""
        lines.append(f"{certainty}{tally(one)}. {read_as(one)}.")
        if one.contested:
            lines.append(f"Contested: {named(one.contested.why, names(answer))}.")
    sifted = {name: value for name, value in answer.query.items() if name not in _NAMED}
    if sifted:
        lines.append("Only: " + "; ".join(f"{name.replace('_', ' ')} {_plain(value)}" for name, value in sifted.items()) + ".")
    if answer.unknown_dropped:
        lines.append(f"{answer.unknown_dropped} rows left out because it is not known whether they match.")
    if answer.note:
        lines.append(answer.note)
    return lines


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(str(one) for one in value) if isinstance(value, list | tuple) else str(value)
