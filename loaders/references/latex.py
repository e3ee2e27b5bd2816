"""LaTeX, as bibliographies have it, as plain text."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bibtexparser.middlewares import LatexDecodingMiddleware

# what makes a text another one in LaTeX
_LATEX = re.compile(r"[\\$~%`]|--|''")
_COMMAND = re.compile(r"\\([A-Za-z]+)(?!\s*\{|[A-Za-z])")
# of the decoder's unknown ones: signs, and what says nothing but how a text looks
_SIGNS = {
    "textless": "<",
    "textgreater": ">",
    "copyright": "©",
    "degree": "°",
    "S": "§",
    "LaTeX": "LaTeX",
    "TeX": "TeX",
    "BibTeX": "BibTeX",
    "hyphen": "-",
    "Dash": "—",
}
_SIGN = re.compile(rf"\{{?\\({'|'.join(_SIGNS)})(?![A-Za-z])(?:\{{\}}|\s*\}}|[ ]?)")
_LOOKS = re.compile(r"relax|protect|it|sc|bf|rm|em|tt|sl|sf|(?:it|sc|up)shape|bfseries|normalfont|newline")
_GREEK = re.compile(
    r"\\(?:up|text)(?=(?:alpha|beta|gamma|delta|epsilon|zeta|eta|theta|kappa|lambda|sigma|tau|phi|chi|psi|omega)(?![A-Za-z]))"
)
# what a program escaped once too often, which LaTeX takes for the end of a line: "Nov{\\'a}k"
_DOUBLED = re.compile(r"\\\\(?=[\"'`^~=.]|[A-Za-z]+\s*\{)")
# a sum of money begins with a sign, too, and ends before a blank
_MATH = re.compile(r"(?<!\\)\$(?![\s$])((?:[^$\\]|\\.)*?)(?<![\s\\])\$(?!\d)", re.DOTALL)


class Unknown(ValueError):
    """A command that would be lost."""


@lru_cache(maxsize=4096)
def plain(text: str) -> str:
    """A text in LaTeX as a plain one; Unknown where a command has no plain text."""
    # what is not LaTeX is taken as it stands; for the sign ^ the decoder gives the accent
    return _decoded(_prepared(text)).replace("\u02c6", "^") if _LATEX.search(text) else re.sub("[{}]", "", text)


def bare(text: str) -> str:
    r"""An id without the marks that LaTeX wants: "10.1000/a{\_}b"."""
    return re.sub(r"\\(?:url|href|path)(?![A-Za-z])|[{}\\]", "", _SIGN.sub(lambda sign: _SIGNS[sign[1]], text))


def _prepared(text: str) -> str:
    if doubled := _DOUBLED.search(text):
        raise Unknown(doubled[0])
    for command in set(_COMMAND.findall(text)):
        if not _known(command):
            raise Unknown(f"\\{command}")
    text = _GREEK.sub(r"\\", _SIGN.sub(lambda sign: _SIGNS[sign[1]], text))
    text = _MATH.sub(lambda math: "{" + re.sub(r"(?<!\\)[_^]", "", math[1]) + "}", text)
    # BibTeX has no comments in values
    return re.sub(r"(?<!\\)([%$])", r"\\\1", text)


@lru_cache(maxsize=256)
def _known(command: str) -> bool:
    if command in _SIGNS or _LOOKS.fullmatch(command) or _GREEK.match(f"\\{command}"):
        return True
    # the decoder leaves out what it doesn't know
    return _decoded(f"\\{command}{{o}}") not in {"", "o"}


def _decoded(text: str) -> str:
    from bibtexparser.library import Library
    from bibtexparser.model import Entry, Field

    return str(_decoder().transform(Library([Entry("misc", "x", [Field("x", text)])])).entries[0].fields[0].value)


@lru_cache(maxsize=1)
def _decoder() -> LatexDecodingMiddleware:
    """Made once: it takes as long as a hundred entries."""
    from bibtexparser.middlewares import LatexDecodingMiddleware

    return LatexDecodingMiddleware(keep_math_mode=False)
