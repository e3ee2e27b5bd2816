"""Figures as PNG, by resvg (the extra `png`), where the system has a typeface for them: without one their text would vanish."""

from __future__ import annotations

import importlib
import re
from functools import cache
from types import ModuleType

from api.colours import LIGHT_STYLE, STYLE
from schema.errors import NotDrawn

# twice as many pixels as a figure has, as screens and print have it
_ZOOM = 2.0
_FONT = re.compile(r'(<svg\b[^>]*?) font-family="[^"]*"', re.DOTALL)
# those of the widths that figures count with; then one that is wider, condensed and smaller
_FACES = {
    **{f'font-family="{name}"': 1.0 for name in ("Arial", "Helvetica", "Liberation Sans", "Arimo", "Nimbus Sans")},
    'font-family="DejaVu Sans" font-stretch="condensed"': 0.92,
}
_SIZE = re.compile(r'font-size="([\d.]+)"')
_PROBE = '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="20"><text x="2" y="16" font-size="16" {}>M</text></svg>'


def png(figure: str) -> bytes:
    """A figure in its light colours as a PNG. NotDrawn where the extra is not installed, or no typeface is found."""
    draw = _resvg()
    face = typeface()
    if face is None:
        raise NotDrawn(
            "No PNG can be drawn: the system has none of the typefaces that figures are set in, and their text would be missing. "
            "Install Arial or Liberation Sans (on Debian and Ubuntu: apt-get install fonts-liberation), or take the SVG."
        )
    # of style sheets resvg knows no media: the dark colours would be drawn
    light = figure.replace(STYLE, LIGHT_STYLE)
    set_in = _FONT.sub(rf"\1 {face}", light, count=1)
    sized = _SIZE.sub(lambda size: f'font-size="{float(size[1]) * _FACES[face]:g}"', set_in)
    return bytes(draw.svg_to_bytes(svg_string=sized, zoom=_ZOOM))


def available() -> bool:
    """Whether a PNG can be drawn here."""
    try:
        return typeface() is not None
    except NotDrawn:
        return False


def typeface() -> str | None:
    """The typeface that the system has, as attributes of a figure; None where it has none of ours."""
    return _found(_resvg())


@cache
def _found(draw: ModuleType) -> str | None:
    # in place of a face that is missing there is nothing, or one of other widths
    missing = draw.svg_to_bytes(svg_string=_PROBE.format('font-family="none of these"'))
    return next((face for face in _FACES if draw.svg_to_bytes(svg_string=_PROBE.format(face)) != missing), None)


def _resvg() -> ModuleType:
    try:
        return importlib.import_module("resvg_py")
    except ImportError:
        raise NotDrawn("No PNG can be drawn: it needs the extra png (pip install 'rdwi-graph[png]'). The SVG needs nothing.") from None
