"""One form of a cut-off, so that how a paper writes it can't matter: "mRS 4-6", "mRS > 3" and "mRS >= 4" are one."""

from __future__ import annotations

import re
import unicodedata

# whole-number scales, by what may stand for their names: (name, lowest, highest)
_SCALES = (
    (re.compile(r"\b(?:m-?rs|modified rankin(?: scale)?(?: score)?|rankin(?: scale)?)\b"), "mrs", 0, 6),
    (re.compile(r"\b(?:gcs|glasgow coma (?:scale|score))\b"), "gcs", 3, 15),
    (re.compile(r"\b(?:nihss)\b"), "nihss", 0, 42),
    (re.compile(r"\b(?:total csvd score|total svd score|csvd score|svd score)\b"), "csvd score", 0, 4),
)
_WORDS = (
    (re.compile(r"(?:\u2265|=>|>\s*=|\bat least\b|\bor (?:more|higher|greater|above)\b)"), ">="),
    (re.compile(r"(?:\u2264|=<|<\s*=|\bat most\b|\bor (?:less|lower|fewer|below)\b)"), "<="),
    (re.compile(r"\b(?:more than|greater than|above|over)\b"), ">"),
    (re.compile(r"\b(?:less than|fewer than|below|under)\b"), "<"),
)
_NUMBER = r"-?[0-9]+(?:\.[0-9]+)?"
_RANGE = re.compile(rf"({_NUMBER})\s*(?:-|to|\bthrough\b)\s*({_NUMBER})")
_BOUND = re.compile(rf"(>=|<=|>|<)\s*({_NUMBER})")
_AFTER = re.compile(rf"({_NUMBER}(?:\s*[a-z%/\u00b5]+)?)\s*(>=|<=)(?!\s*{_NUMBER})")
_LONGEST = 300  # letters of a text that is a cut-off
_DIGITS = {word: str(i) for i, word in enumerate(("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"), start=1)}


def normal_cutoff(printed: str, *, opposite: bool = False) -> str:
    """The form in which cut-offs are compared; with `opposite` that of those on the other side, where the scale is known."""
    text = unicodedata.normalize("NFKC", printed).casefold()
    if len(text) > _LONGEST:
        text = " ".join(text.split())
        return f"not {text}" if opposite else text
    text = re.sub("[\u2010-\u2015\u2212]", "-", text)
    text = re.sub(r"[a-z]+", lambda word: _DIGITS.get(word[0], word[0]), text)
    for pattern, sign in _WORDS:
        text = pattern.sub(sign, text)
    # "5 or more" has its sign behind
    text = " ".join(_AFTER.sub(r"\2\1", text).split())
    for pattern, name, lowest, highest in _SCALES:
        if pattern.search(text):
            inside = _whole(pattern.sub(" ", text), lowest, highest)
            if inside is not None and opposite:
                inside = _other_side(*inside, lowest, highest)
            if inside is not None:
                return f"{name} {inside[0]:g}-{inside[1]:g}"
    return f"not {_plain(text)}" if opposite else _plain(text)


def _other_side(low: float, high: float, lowest: int, highest: int) -> tuple[float, float] | None:
    if low <= lowest and high < highest:
        return high + 1, highest
    return (lowest, low - 1) if high >= highest and low > lowest else None


def _whole(text: str, lowest: int, highest: int) -> tuple[float, float] | None:
    """What of a scale of whole numbers is meant, from and to; None where the text says more or less than one range."""
    text = re.sub(r"\b(?:score|scores|of|grade|points?)\b|[():]|(?<![<>])=", " ", text)
    # what it is compared with is the rest of the scale
    text = re.split(r"\b(?:vs\.?|versus|v|against)\b", text)[0].strip(" .,;:")
    among = _RANGE.fullmatch(text)
    if among is not None:
        low, high = float(among[1]), float(among[2])
    elif (bound := _BOUND.fullmatch(text)) is not None:
        sign, figure = bound[1], float(bound[2])
        low, high = float(lowest), float(highest)
        if sign.startswith(">"):
            low = figure + (sign == ">" and figure.is_integer())
        else:
            high = figure - (sign == "<" and figure.is_integer())
    elif re.fullmatch(_NUMBER, text):
        low = high = float(text)
    else:
        return None
    return max(low, lowest), min(high, highest)


def _plain(text: str) -> str:
    text = re.sub(r"\s*(>=|<=|>|<|%)\s*", r"\1", text)
    text = re.sub(rf"({_NUMBER})\s*(?:-|to)\s*(?={_NUMBER})", r"\1-", text)
    # 140.0 is 140
    return re.sub(r"(\.[0-9]*?)0+(?![0-9])", lambda found: found[1].rstrip("."), text).strip(" .,;")
