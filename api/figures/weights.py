"""The weight as ten steps: of ten next cohorts, how many would report the association."""

from __future__ import annotations

import svg

from api.figures.drawing import small
from graph.wording import in_ten
from schema.association import Association, Beside

WIDTH, HEIGHT = 104, 16
# half a step of the bar; and a direction that one report in ten would still turn
MOVED, SURE = 0.05, 0.9


def weight_bar(association: Association | Beside, unmoved: float, *, standalone: bool = True) -> str:
    """The weight of an association as a bar of ten steps; grey and hatched where the data hardly moved it, empty where nothing counts.

    `unmoved` is the weight that the prior alone gives.
    """
    weight = association.weight
    steps = 0 if weight is None else round(weight * 10)
    grey = hardly_moved(association, unmoved)
    elements: list[svg.Element] = []
    for i in range(10):
        role = ["rf-gone" if grey else "rf-null"] if i < steps else ["rf-rule"]
        elements.append(svg.Rect(x=2.5 + i * 10, y=2.5, width=8, height=11, class_=role, stroke_width=1))
        if grey and i < steps:
            elements.append(svg.Line(x1=2.5 + i * 10, y1=13.5, x2=10.5 + i * 10, y2=2.5, class_=["rf-grid"], stroke_width=2))
    return small(WIDTH, HEIGHT, told_weight(association, unmoved), elements, standalone=standalone)


def hardly_moved(association: Association | Beside, unmoved: float) -> bool:
    """Whether the weight is what it would be without any data: within half a step of what the prior alone gives, and the direction
    (p_direction) less than 0.9 sure.
    """
    if association.weight is None:
        return False
    sure = association.p_direction if isinstance(association, Association) else None
    return abs(association.weight - unmoved) < MOVED and (sure is None or sure < SURE)


def told_weight(association: Association | Beside, unmoved: float) -> str:
    """The weight in words: a next cohort would report it: 8 in 10."""
    if association.weight is None:
        return "no weight: no cohort counts"
    what = "it" if association.direction in {"increases", "decreases"} else "the likelier direction"
    hardly = f"; the data hardly moved this from {in_ten(unmoved)}" if hardly_moved(association, unmoved) else ""
    return f"a next cohort would report {what}: {in_ten(association.weight)}{hardly}"
