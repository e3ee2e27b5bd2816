"""How wide words are, how they break into lines, and axes: from figures to places."""

from __future__ import annotations

import itertools
import math
import unicodedata
from typing import NamedTuple

# thousandths of the size of the type, of Helvetica, which Arial and Liberation Sans share
_WIDTHS = {
    191: "'", 222: "ijl", 260: "|", 278: " !,./:;I[\\]ft", 333: "()-`r\u00b2", 334: "{}", 355: '"', 389: "*", 395: "\u03c4", 469: "^",
    500: "Jckvsxyz", 556: "#$0123456789?L_abdeghnopqu\u2013\u2020", 584: "+<=>~\u2212", 611: "FTZ", 667: "&ABEKPSVXY", 722: "CDHNRUw",
    778: "GOQ", 833: "Mm", 889: "%", 944: "W", 1000: "\u2192\u2026", 1015: "@",
}  # fmt: skip
_WIDTH = {letter: width for width, letters in _WIDTHS.items() for letter in letters}


def width_of(words: str, size: float, *, bold: bool = False) -> float:
    """The width of words in pixels; of letters that aren't in the table, a generous guess."""
    total = sum(_WIDTH.get(letter) or (1000 if unicodedata.east_asian_width(letter) in "WF" else 620) for letter in words)
    return total * size / 1000 * (1.08 if bold else 1)


def wrapped(words: str, width: float, size: float, *, bold: bool = False) -> list[str]:
    """Lines no wider than `width` pixels; a word that is wider by itself is broken."""
    lines: list[str] = []
    line = ""
    for word in words.split():
        longer = f"{line} {word}" if line else word
        if width_of(longer, size, bold=bold) <= width:
            line = longer
            continue
        if line:
            lines.append(line)
        line = word
        while width_of(line, size, bold=bold) > width and len(line) > 1:
            cut = next(n for n in range(len(line) - 1, 0, -1) if n == 1 or width_of(line[:n], size, bold=bold) <= width)
            lines.append(line[:cut])
            line = line[cut:]
    return [*lines, line] if line else lines


def shortened(words: str, width: float, size: float, *, bold: bool = False) -> str:
    """The words, or as many letters of them as fit, with an ellipsis."""
    if width_of(words, size, bold=bold) <= width:
        return words
    while words and width_of(f"{words}\u2026", size, bold=bold) > width:
        words = words[:-1]
    return f"{words.rstrip()}\u2026"


class Axis(NamedTuple):
    """From `low` to `high` on pixels `left` to `right`; `log`: of ratios."""

    low: float
    high: float
    left: float
    right: float
    log: bool

    def at(self, value: float) -> float:
        """The place of a figure, which may lie outside."""
        low, high = self._scaled(self.low), self._scaled(self.high)
        return self.left + (self._scaled(value) - low) / (high - low) * (self.right - self.left)

    def within(self, value: float) -> float:
        """The place of a figure, or of the end that it lies beyond."""
        return min(max(self.at(value), self.left), self.right)

    def _scaled(self, value: float) -> float:
        if not self.log:
            return value
        return math.log(value) if value > 0 else -math.inf

    @property
    def ticks(self) -> list[float]:
        """Round figures, few enough to be read: at most eight; of ratios halves and doubles, as far as these go."""
        if not self.log:
            step = _round_step((self.high - self.low) / 5)
            first = math.ceil(self.low / step - 1e-9)
            return [round(n * step, 12) for n in range(first, math.floor(self.high / step + 1e-9) + 1)]
        first, last = math.ceil(math.log2(self.low) - 0.01), math.floor(math.log2(self.high) + 0.01)
        halves = [[2.0**power for power in range(first, last + 1) if power % step == 0] for step in (1, 2)]
        powers = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
        tens = [
            [lead * 10.0**power for power in powers for lead in leads if self.low * 0.999 <= lead * 10.0**power <= self.high * 1.001]
            for leads in ((1, 2, 5), (1, 3), (1,))
        ]
        steps = [_round_step((self.high - self.low) / parts) for parts in (5, 3, 2)] if self.high < 4 * self.low else []
        near = [[round(n * step, 12) for n in range(math.ceil(self.low / step), math.floor(self.high / step) + 1)] for step in steps]
        some = [one for one in (*near, *halves, *tens) if len(one) <= 8]
        return next((one for one in some if len(one) > 1 and self._apart(one)), some[-1])

    def _apart(self, ticks: list[float]) -> bool:
        """Whether the figures at ticks don't meet."""
        wide = [width_of(f"{one:g}", 12) / 2 + 3 for one in ticks]
        return all(self.at(b) - self.at(a) >= wide[i] + wide[i + 1] for i, (a, b) in enumerate(itertools.pairwise(ticks)))


def _round_step(least: float) -> float:
    power = 10.0 ** math.floor(math.log10(least))
    return next(lead * power for lead in (1, 2, 5, 10) if lead * power >= least * 0.999)
