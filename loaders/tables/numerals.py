"""Figures as people type them: decimal points, commas and middle dots, thousands, minus signs of every length, pairs, p values.

Each text is read under both conventions of writing numbers. Where these give different figures, and nothing in the file shows which is
meant, Ambiguous names the readings; nothing is guessed.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

Convention = Literal["point", "comma"]
Number = int | float
_T = TypeVar("_T")

_DASHES = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d"), "-")
_DOTS = dict.fromkeys(map(ord, "\u00b7\u2027\u2219\u22c5"), "\u00b7")
_INVISIBLE = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u2060\ufeff"))
_ONE_OF_EACH = _DASHES | _DOTS | _INVISIBLE
_SUPERSCRIPT = re.compile("[\u2070\u00b9\u00b2\u00b3\u2074-\u207b]+")
_LOWERED = str.maketrans("\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079\u207b\u207a", "0123456789-+")

_POWER = r"(?:[eE]([-+]?\d{1,3})|\s*[x\u00d7*]\s*10\s*((?:\^\s*[-+]?|[-+])\d{1,3}))?"
# what begins with 0 is no thousands
_FORMS: dict[Convention, re.Pattern[str]] = {
    "point": re.compile(rf"([-+]?)\s?([1-9]\d{{0,2}}(?:[,' \u2019]\d{{3}})+|\d*)(?:[.\u00b7](\d+))?{_POWER}"),
    "comma": re.compile(rf"([-+]?)\s?([1-9]\d{{0,2}}(?:[.' \u2019]\d{{3}})+|\d*)(?:[,\u00b7](\d+))?{_POWER}"),
}
_BETWEEN = re.compile(r"\s*(?:\bto\b|\bbis\b|-|~|;|,|\u2026|\.\.\.?)\s*", re.IGNORECASE)
_WORDS = re.compile(
    r"^(?:(?:(?P<level>\d+(?:[.,\u00b7]\d+)?)\s*%\s*)?(?P<ci>c\.?i\.?|cri)|(?P<iqr>iqr|quartiles))\s*[:=,]?\s*", re.IGNORECASE
)


class Unread(Exception):
    """A cell that can't be read; `expected` says what stands there."""

    def __init__(self, expected: str, help: str | None = None, found: str | None = None) -> None:
        super().__init__(expected)
        self.expected, self.help, self.found = expected, help, found


class Ambiguous(Unread):
    """A cell with more readings than one."""

    def __init__(
        self, readings: list[str], help: str = "Write it so that only one reading is left.", options: tuple[Any, ...] = ()
    ) -> None:
        super().__init__(f"one reading, not {len(readings)}: {' or '.join(readings)}", help)
        self.readings, self.options = readings, options


def plain(text: str) -> str:
    """The text with one sort of space, dash and middle dot, and nothing that can't be seen."""
    return " ".join(text.translate(_ONE_OF_EACH).split())


def number(text: str, convention: Convention) -> Number | None:
    """A figure under one convention; an integer where no decimals are printed."""
    match = _FORMS[convention].fullmatch(_SUPERSCRIPT.sub(lambda power: f"^{power[0].translate(_LOWERED)}", text.strip()))
    if match is None:
        return None
    sign, whole, part, *powers = match.groups()
    if not (whole or part) or len(text) > 40:
        return None
    whole = re.sub(r"\D", "", whole) or "0"
    if any(powers):
        power = (powers[0] or powers[1]).lstrip("^ ")
        figure = float(f"{sign}{whole}.{part or 0}e{power}")
        return figure if math.isfinite(figure) else None
    return int(f"{sign}{whole}") if part is None else float(f"{sign}{whole}.{part}")


def pair(text: str, convention: Convention) -> tuple[Number, Number] | None:
    """Two figures with something between them, where there is one way to part the text."""
    found = []
    for match in _BETWEEN.finditer(text):
        left, right = text[: match.start()], text[match.end() :]
        # a bare comma between digits ends thousands or begins decimals, unless both figures have their points
        if match[0] == "," and not ("." in left and "." in right):
            continue
        low, high = number(left, convention), number(right, convention)
        if low is not None and high is not None:
            if low < 0 and re.fullmatch(r"\s+-", match[0]):
                # as Stata and R print two negative figures
                raise Ambiguous([f"{low!r} to {-high!r}", f"{low!r} to {high!r}"], 'Put "to" between the two figures.')
            found.append((low, high))
    return found[0] if len(found) == 1 else None


_VALUE = re.compile(r"(?P<value>[^()\[\]{}]+?)\s*[(\[{](?P<inside>[^()\[\]{}]*)[)\]}]\s*(?P<rest>.*)", re.DOTALL)
_SEMICOLON_P = re.compile(r"[;,]\s*(?=p\s*[=<>\u2264\u2265])", re.IGNORECASE)


_P_SAID = re.compile(r"p(?:\b|[\d.]|val)|[<>=\u2264\u2265\u2a7d\u2a7e]|n\.?s\b|not\b|non", re.IGNORECASE)
Estimate = tuple[Number, tuple[Number, Number] | None, str | None]


def estimate(text: str, convention: Convention) -> Estimate | None:
    """A figure, its 95% interval where one stands beside it, and the text of its p."""
    return _beside(text, convention, ("ci",))


def median(text: str, convention: Convention) -> Estimate | None:
    """A figure, and its quartiles where they stand beside it."""
    return _beside(text, convention, ("iqr",))


def spread(text: str, convention: Convention) -> Estimate | None:
    """A figure with whatever stands beside it."""
    return _beside(text, convention, ("ci", "iqr"))


def _beside(text: str, convention: Convention, meant: tuple[str, ...]) -> Estimate | None:
    parts = _VALUE.fullmatch(text)
    if parts is None:
        # 1.85, 95% CI 1.10-3.11
        words = re.search(r"[,;]?\s*(?:(?<![\d.])\d+(?:\.\d+)?\s*%\s*)?\bC\.?I\.?\b\s*[:=]?\s*", text, re.IGNORECASE)
        value = number(text[: words.start()] if words is not None else text, convention)
        if value is None:
            return None
        if words is None:
            return value, None, None
        interval = pair(_without_words(text[words.start() :].lstrip(",; "), meant), convention)
        return None if interval is None else (value, interval, None)
    value = number(parts["value"], convention)
    inside, *told = _SEMICOLON_P.split(parts["inside"], maxsplit=1)
    rest = told[0] if told else parts["rest"].lstrip(",; ") or None
    interval = pair(_without_words(inside, meant), convention)
    if value is None or interval is None:
        return None
    if rest is not None and _P_SAID.match(rest) is None:
        raise Unread("an estimate, such as 1.85 (1.10 to 3.11)", f"Write p before {rest!r} if it is one, or take it away.")
    return value, interval, rest


def _without_words(inside: str, meant: tuple[str, ...]) -> str:
    """An interval without what it is called; Unread where that is another than is meant."""
    words = _WORDS.match(inside)
    if words is None:
        return inside.strip()
    level = words["level"]
    if level is not None and float(re.sub(r"\D", ".", level)) != 95:
        raise Unread(
            "a 95% interval",
            f"It can't be kept as a {level}% interval: work out the 95% interval, or leave it out and say so in the notes.",
        )
    if ("ci" if words["ci"] else "iqr") not in meant:
        raise Unread(*_OTHERS[meant[0]])
    return inside[words.end() :].strip()


_OTHERS = {
    "ci": ("a 95% interval, not quartiles", "Quartiles go with a median, in a column of its own."),
    "iqr": ("quartiles, not a 95% interval", "Leave the interval out, or give it in the notes."),
}


def both(text: str, read: Callable[[str, Convention], _T | None]) -> dict[Convention, _T]:
    """What a text is under each convention that it fits."""
    found: dict[Convention, _T] = {}
    for convention in _FORMS:
        one = read(text, convention)
        if one is not None:
            found[convention] = one
    return found


def proves(text: str) -> Convention | None:
    """The convention that alone fits a text with decimals in it: 1.85 (1.10-3.11) proves the point, 1,85 the comma."""
    try:
        found: dict[Convention, Any] = {**both(plain(text), spread)} or {**both(plain(text), pair)}
    except Unread:
        return None
    if len(found) != 1 or "\u00b7" in text:
        return None
    ((convention, read),) = found.items()
    return convention if any(isinstance(one, float) for one in _flat(read)) and ("." if convention == "point" else ",") in text else None


def _flat(value: Any) -> list[Any]:
    return [inner for one in value for inner in _flat(one)] if isinstance(value, tuple) else [value]


@dataclass(frozen=True, slots=True)
class Habit:
    """How a table writes its decimals: as its user declares, or as its own cells prove."""

    declared: Convention | None = None
    proven: Callable[[], frozenset[Convention]] = frozenset


def settled(text: str, read: Callable[[str, Convention], _T | None], habit: Habit) -> _T | None:
    """The one reading of a text, None where there is none; Ambiguous where there are two and the table doesn't settle which."""
    found = both(plain(text), read)
    if not found:
        return None
    first = next(iter(found.values()))
    if all(repr(one) == repr(first) for one in found.values()):
        return first
    if habit.declared is not None:
        return found[habit.declared]
    proven = habit.proven()
    if "," not in text and "comma" not in proven:
        # what looks like a decimal point is one, unless the table writes its decimals with commas
        return found["point"]
    if "," in text and proven == {"comma"}:
        return found["comma"]
    # a point elsewhere doesn't make 1,234 a thousand: another hand may have typed a decimal comma
    raise Ambiguous(
        [shown(found["point"]), shown(found["comma"])],
        "Write it without a mark for thousands, or say `decimal: comma` or `decimal: point` in columns.yaml.",
    )


def shown(value: Any) -> str:
    """A reading as an error names it."""
    if isinstance(value, tuple):
        told = [shown(one) for one in value if one is not None]
        return told[0] + (f" ({', '.join(told[1:])})" if told[1:] else "") if isinstance(value[-1], tuple | None) else " to ".join(told)
    return repr(value)
