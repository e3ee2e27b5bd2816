"""LaTeX, as bibliographies have it, as plain text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bibtexparser.middlewares import LatexDecodingMiddleware

# what makes a text another one in LaTeX
_LATEX = re.compile(r"[\\{}$~%`]|--|''")
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
_LOOKS = frozenset(
    (
        "relax",
        "protect",
        "it",
        "sc",
        "bf",
        "rm",
        "em",
        "tt",
        "sl",
        "sf",
        "bfseries",
        "itshape",
        "scshape",
        "upshape",
        "normalfont",
        "newline",
    )
)
_GREEK = re.compile(
    r"\\(?:up|text)(?=(?:alpha|beta|gamma|delta|epsilon|zeta|eta|theta|kappa|lambda|sigma|tau|phi|chi|psi|omega)(?![A-Za-z]))"
)
# a sum of money begins with a sign, too, and ends before a blank
_MATH = re.compile(r"(?<!\\)\$(?![\s$])((?:[^$\\]|\\.)*?)(?<![\s\\])\$(?!\d)", re.DOTALL)


class Unknown(ValueError):
    """A command that would be lost."""


def plain(texts: Sequence[str]) -> list[str]:
    """Texts in LaTeX as plain ones; Unknown where a command has no plain text."""
    from bibtexparser.library import Library
    from bibtexparser.model import Entry, Field

    # what is not LaTeX is taken as it stands
    told = list(texts)
    fields = [Field(str(i), _prepared(text)) for i, text in enumerate(told) if _LATEX.search(text)]
    library = _decoder().transform(Library([Entry("misc", "x", fields)])) if fields else Library()
    for field in library.entries[0].fields if library.entries else ():
        # the decoder gives the accent for the sign
        told[int(field.key)] = str(field.value).replace("\u02c6", "^")
    return told


def bare(text: str) -> str:
    r"""An id without the marks that LaTeX wants: "10.1000/a{\_}b"."""
    return re.sub(r"[{}\\]", "", _SIGN.sub(lambda sign: _SIGNS[sign[1]], text))


def _prepared(text: str) -> str:
    for command in set(_COMMAND.findall(text)):
        if not _known(command):
            raise Unknown(f"\\{command}")
    text = _GREEK.sub(r"\\", _SIGN.sub(lambda sign: _SIGNS[sign[1]], text))
    text = _MATH.sub(lambda math: "{" + re.sub(r"(?<!\\)[_^]", "", math[1]) + "}", text)
    # BibTeX has no comments in values
    return re.sub(r"(?<!\\)([%$])", r"\\\1", text)


@lru_cache(maxsize=256)
def _known(command: str) -> bool:
    if command in _SIGNS or command in _LOOKS or _GREEK.match(f"\\{command}"):
        return True
    from bibtexparser.library import Library
    from bibtexparser.model import Entry, Field

    # the decoder leaves out what it doesn't know
    told = _decoder().transform(Library([Entry("misc", "x", [Field("x", f"\\{command}{{o}}")])]))
    return str(told.entries[0].fields[0].value) not in {"", "o"}


@lru_cache(maxsize=1)
def _decoder() -> LatexDecodingMiddleware:
    """Made once: it takes as long as a hundred entries."""
    from bibtexparser.middlewares import LatexDecodingMiddleware

    return LatexDecodingMiddleware(keep_math_mode=False)
