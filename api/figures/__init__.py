"""Figures as SVG that stands alone when saved: from answers of the questions to text, and nothing else.

Each has its own style for light, dark and print (STYLE; `standalone=False` leaves it to the page), names itself, runs no script and
fetches nothing. All text is escaped. The same answer gives the same bytes.
"""

from api.colours import POLICY, STYLE
from api.figures.directions import effect_direction_plot
from api.figures.drawing import NARROW, WIDE
from api.figures.evidence import evidence_plot
from api.figures.forest import forest_plot
from api.figures.gapmap import gap_map
from api.figures.intervals import interval
from api.figures.mechanisms import mechanism_diagram
from api.figures.neighbours import neighbourhood

__all__ = [
    "NARROW", "POLICY", "STYLE", "WIDE", "effect_direction_plot", "evidence_plot", "forest_plot", "gap_map", "interval",
    "mechanism_diagram", "neighbourhood",
]  # fmt: skip
