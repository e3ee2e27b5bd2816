"""Figures as SVG, and PNG of it, that stands alone when saved: from answers of the questions to text, and nothing else.

Each has its own style for light, dark and print (STYLE; `standalone=False` leaves it to the page), names itself, runs no script and
fetches nothing. All text is escaped. The same answer gives the same bytes.
"""

from api.colours import POLICY, STYLE
from api.figures.bias import risk_summary, traffic_lights
from api.figures.directions import effect_direction_plot
from api.figures.drawing import NARROW, WIDE, foot
from api.figures.evidence import evidence_plot
from api.figures.forest import forest_plot
from api.figures.gapmap import gap_map
from api.figures.intervals import interval
from api.figures.mechanisms import mechanism_diagram
from api.figures.neighbours import neighbourhood
from api.figures.prevalence import prevalence_plot
from api.figures.prisma import prisma_flow
from api.figures.raster import available, png
from api.figures.summary import ends, row_axis, row_plot, summary_forest

__all__ = [
    "NARROW", "POLICY", "STYLE", "WIDE", "available", "effect_direction_plot", "ends", "evidence_plot", "foot", "forest_plot", "gap_map",
    "interval", "mechanism_diagram", "neighbourhood", "png", "prevalence_plot", "prisma_flow", "risk_summary",
    "row_axis", "row_plot", "summary_forest", "traffic_lights",
]  # fmt: skip
