"""Cells of figures: one, two, counts of a total, means with their spread, percentages, p values."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Literal

from loaders.tables.columns import Column
from loaders.tables.expectations import EXPECTED, Asked, Values, unread
from loaders.tables.grid import Cell
from loaders.tables.numerals import Ambiguous, Unread, both, estimate, median, number, pair, plain, settled, shown, spread

# more people than there are
_MOST = 10**10
_PER_CENT = re.compile(r"\s*(?:%|per\s?cent|percent)\s*$", re.IGNORECASE)


def _figure(cell: Cell) -> int | float | None:
    """A cell that Excel holds as a number, with the decimals that it shows where the figure is whole; None for text."""
    if isinstance(cell.value, bool) or not isinstance(cell.value, int | float):
        return None
    if isinstance(cell.value, int) and re.search(r"0\.0", cell.format):
        return float(cell.value)
    return cell.value


def _per_cent(cell: Cell) -> Literal["fraction", "printed"] | None:
    """Whether Excel shows a number with a sign: as a hundred times itself, or as it is, where the sign is no more than a letter."""
    if "%" not in cell.format:
        return None
    return "fraction" if "%" in re.sub(r'"[^"]*"|\[[^]]*\]|[\\_*].', "", cell.format) else "printed"


def _times_100(value: float) -> int | float:
    # through its decimal digits: 0.07 * 100 is not 7 in binary
    hundredfold = Decimal(repr(value)) * 100
    return int(hundredfold) if hundredfold == hundredfold.to_integral_value() else float(hundredfold)


def _one(cell: Cell, asked: Asked) -> int | float:
    figure = _figure(cell)
    if figure is not None:
        shown_as = _per_cent(cell)
        if shown_as is not None:
            percent = _times_100(figure) if shown_as == "fraction" else figure
            raise Ambiguous([f"{figure}", f"{percent}%"], "The cell is formatted as a percentage: type the figure as text.")
        return figure
    found = settled(cell.text, number, asked.habit)
    if found is None:
        raise unread(cell, asked.column)
    return found


def _number(cell: Cell, asked: Asked) -> Values:
    return [(asked.column.path, _one(cell, asked))]


def _whole(cell: Cell, asked: Asked) -> int:
    """A count. Only one reading of 1,234 is whole, so that it needs no further sign."""
    if isinstance(cell.value, int | float) and not isinstance(cell.value, bool):
        if cell.value == int(cell.value) <= _MOST and "%" not in cell.format:
            return int(cell.value)
        raise unread(cell, asked.column)
    return _whole_text(re.sub(r"(?i)^n\s*=\s*", "", cell.text), asked, cell)


def _whole_text(text: str, asked: Asked, cell: Cell) -> int:
    found = both(plain(text), number)
    # a column of counts with a gap is one of 78.0 when pandas saves it
    padded = re.fullmatch(r"\s*\d+[.,]0{1,2}\s*", text) is not None
    whole = {int(one) for one in found.values() if one == int(one) and (isinstance(one, int) or one == 0 or padded)}
    # 1.234 is 1234 only where decimals are known to be commas
    if (
        "." in text
        and "point" in found
        and isinstance(found["point"], float)
        and len(found) > 1
        and whole
        and asked.habit.declared != "comma"
    ):
        raise Ambiguous([shown(one) for one in found.values()], "Write it without a mark for thousands.")
    if len(whole) != 1 or max(whole) > _MOST:
        raise unread(cell, asked.column)
    return whole.pop()


def _int(cell: Cell, asked: Asked) -> Values:
    return [(asked.column.path, _whole(cell, asked))]


def _numbers(cell: Cell, asked: Asked) -> Values:
    figure = _figure(cell)
    if figure is not None:
        return [(asked.column.path, [figure])]
    found = []
    for item in re.split(r"[;\n/]|,(?=\s)|\band\b", cell.text):
        one = settled(re.sub(r"(?i)\s*t(?:esla)?\s*$", "", item), number, asked.habit)
        if one is None:
            raise unread(cell, asked.column)
        found.append(one)
    return [(asked.column.path, found)]


def _pair(cell: Cell, asked: Asked) -> Values:
    if _figure(cell) is not None:
        raise unread(cell, asked.column)
    words = _INTERVAL_WORDS.match(plain(cell.text))
    if words is not None and (asked.column.path[-1] == "iqr") is not (words[1].casefold() == "iqr"):
        raise unread(cell, asked.column, "A 95% interval and quartiles have columns of their own.")
    text = re.sub(r"^[(\[{]|[)\]}]$", "", _without_words(plain(cell.text)))
    found = settled(text, _two, asked.habit)
    if found is None:
        raise unread(cell, asked.column, "Write it as 1.10 to 3.11.")
    return [(asked.column.path, list(found))]


def _months(cell: Cell, asked: Asked) -> Values:
    """A time, or the two between which it lies; days and years are refused."""
    if _figure(cell) is not None:
        return _number(cell, asked)
    found = settled(_MONTHS.sub("", plain(cell.text)), _time, asked.habit)
    if found is None:
        raise unread(cell, asked.column, "The column is in months: write 3 for 90 days, 24 for 2 years.")
    return [(asked.column.path, list(found) if isinstance(found, tuple) else found)]


_MONTHS = re.compile(r"\s*(?:months?|mo)\.?$", re.IGNORECASE)


def _time(text: str, convention: Any) -> int | float | tuple[int | float, int | float] | None:
    one = number(text, convention)
    return pair(text, convention) if one is None else one


_INTERVAL_WORDS = re.compile(r"[(\[{]?\s*(?:95\s*%\s*)?(ci|iqr)\b", re.IGNORECASE)


def _without_words(text: str) -> str:
    return re.sub(r"(?i)^(?:95\s*%\s*)?(?:ci|iqr)\s*[:=]?\s*|\s*(?:days?|d)$", "", text)


def _two(text: str, convention: Any) -> tuple[int | float, int | float] | None:
    return pair(text.replace("%", ""), convention)


_P = re.compile(r"(?:p(?:[-\s]?values?)?\s*)?(?P<bound><=|>=|[<>=\u2264\u2265\u2a7d\u2a7e]?)\s*(?P<figure>.+)", re.IGNORECASE)
_NS = frozenset({"ns", "n.s.", "n.s", "not significant", "non-significant", "nonsignificant", "p ns", "p=ns", "p = ns"})


def _p(cell: Cell, asked: Asked) -> Values:
    figure = _figure(cell)
    if figure is not None:
        if figure == 0:
            raise _no_zero()
        return [(asked.column.path, _times_nothing(figure, cell))]
    return [(asked.column.path, p_value(cell.text, cell, asked))]


def _times_nothing(figure: int | float, cell: Cell) -> int | float:
    shown_as = _per_cent(cell)
    if shown_as is not None:
        other = _times_100(figure) if shown_as == "fraction" else float(Decimal(repr(figure)) / 100)
        raise Ambiguous([f"{figure}", f"{other}"], "The cell is formatted as a percentage: type the figure as text.")
    return figure


def _no_zero() -> Ambiguous:
    return Ambiguous(["<0.001", "<0.0005"], "No p is 0: write the bound that the paper means.")


def p_value(text: str, cell: Cell, asked: Asked) -> int | float | str:
    """A p as the sheet has it: a number, or a bound as text. NS is what is not below 0.05."""
    text = plain(text)
    if text.casefold() in _NS:
        return ">0.05"
    match = _P.fullmatch(text)
    figure = settled(match["figure"], number, asked.habit) if match is not None else None
    if match is None or figure is None:
        raise unread(cell, asked.column)
    bound = {"\u2264": "<=", "\u2a7d": "<=", "\u2265": ">=", "\u2a7e": ">=", "=": ""}.get(match["bound"], match["bound"])
    if not bound:
        if figure == 0:
            raise _no_zero()
        return figure
    # the digits as printed: <0.0010 is not <0.001
    written = plain(match["figure"]).replace(",", ".").replace("\u00b7", ".").lstrip("+")
    return f"{bound}{'0' if written.startswith('.') else ''}{written}" if re.fullmatch(r"[\d.]+", written) else f"{bound}{figure!r}"


# 12/78 (15.4%), 12 of 78, 12 (15.4%)
_SHARE = re.compile(
    r"(?P<cases>[\d.,' ]*\d)\s*(?:(?:/|\bof\b|\bout of\b)\s*(?P<total>[\d.,' ]*\d))?"
    r"\s*(?:[(\[]\s*(?P<pct>[\d.,\u00b7]+)\s*(?P<sign>%)?\s*[)\]])?",
    re.IGNORECASE,
)


def _percent(cell: Cell, asked: Asked) -> Values:
    figure = _figure(cell)
    shown_as = _per_cent(cell) if figure is not None else None
    if figure is not None and shown_as is not None:
        return [(asked.column.path, _times_100(figure) if shown_as == "fraction" else figure)]
    if figure is None:
        text = plain(cell.text)
        counted = _SHARE.fullmatch(text)
        if counted is not None and counted["sign"] and asked.column.table != "prevalence":
            # where there is no place for cases, their percentage is what is asked for
            text = f"{counted['pct']}%"
        marked = _PER_CENT.sub("", text)
        figure = settled(marked, number, asked.habit)
        if figure is None:
            raise unread(cell, asked.column)
        if marked != text:
            return [(asked.column.path, figure)]
    if 0 < figure <= 1:
        options = (figure, _times_100(figure))
        raise Ambiguous([f"{one}%" for one in options], f"Type {options[0]}% or {options[1]}%, with the sign.", options)
    if asked.match.bare_is_unclear and figure == int(figure) and (isinstance(figure, int) or (_whole_number(cell))):
        raise _bare(int(figure))
    return [(asked.column.path, figure)]


def _whole_number(cell: Cell) -> bool:
    """Whether Excel shows a number without decimals."""
    return not isinstance(cell.value, str) and "0.0" not in cell.format


def _bare(figure: int) -> Ambiguous:
    return Ambiguous([f"{figure} people", f"{figure}%"], "The name of the column doesn't say which: type the sign, or rename the column.")


def _share(cell: Cell, asked: Asked) -> Values:
    column = asked.column
    figure = _figure(cell)
    if figure is not None:
        if "%" in cell.format or figure != int(figure):
            raise Unread(EXPECTED["share"], "A percentage stands in a column of its own, or as 12/78 (15.4%).", f"{cell.value} (a number)")
        if asked.match.bare_is_unclear:
            raise _bare(int(figure))
        return [(column.path, _whole(cell, asked))]
    text = plain(cell.text)
    if _PER_CENT.search(text) and "pct" in column.more and not re.search(r"[/(\[]|\bof\b", text):
        share = settled(_PER_CENT.sub("", text), number, asked.habit)
        return [(column.more["pct"], share if share is not None else _missing(cell, column))]
    simple = re.fullmatch(r"(?i)(?:n\s*=\s*)?[\d.,' ]+", text)
    if simple:
        count = _whole(cell, asked)
        if asked.match.bare_is_unclear and "=" not in text:
            raise _bare(count)
        return [(column.path, count)]
    match = _SHARE.fullmatch(text)
    if match is None or (match["total"] is None and match["sign"] is None):
        raise unread(cell, column, "Write it as 12/78 (15.4%).")
    cases = _whole_text(match["cases"], asked, cell)
    values: Values = [(column.path, cases)]
    total = _whole_text(match["total"], asked, cell) if match["total"] is not None else None
    if total is not None:
        values.append((column.more["total"], total))
    if match["pct"] is not None:
        pct = settled(match["pct"], number, asked.habit)
        if pct is None:
            raise unread(cell, column, "Write it as 12/78 (15.4%).")
        exact = 100 * cases / total if total else None
        if exact is not None and abs(exact - pct) >= 1:
            raise Unread(f"cases and total that make the percentage ({cases}/{total} is {exact:.1f}%)", "Correct the one that is wrong.")
        if "pct" in column.more:
            values.append((column.more["pct"], pct))
    return values


def _missing(cell: Cell, column: Column) -> Any:
    raise unread(cell, column)


def _estimate(cell: Cell, asked: Asked) -> Values:
    column = asked.column
    if _figure(cell) is not None:
        return [(column.path, _one(cell, asked))]
    bracketed = _IN_BRACKETS.fullmatch(plain(cell.text)) if asked.match.with_se else None
    if bracketed is not None:
        figures = [settled(bracketed[name], number, asked.habit) for name in ("mean", "sd")]
        if None not in figures:
            return [(column.path, figures[0]), (("se",), figures[1])]
    found = settled(cell.text, estimate, asked.habit)
    if found is None and asked.match.with_ci and "ci" in column.more:
        # beside a column of the estimate itself
        interval = settled(re.sub(r"^[(\[{]|[)\]}]$", "", _without_words(plain(cell.text))), _two, asked.habit)
        if interval is not None:
            return [(column.more["ci"], list(interval))]
    if found is None:
        raise unread(cell, column, "Write it as 1.85 (1.10 to 3.11).")
    value, interval, rest = found
    values: Values = [(column.path, value)]
    if interval is not None:
        values.append((column.more["ci"], list(interval)))
    if rest is not None:
        values.append((column.more["p"], p_value(rest, cell, asked)))
    return values


_SPREAD = re.compile(r"(?P<mean>.+?)\s*(?:\u00b1|\+/-|\+-|\(\s*(?P<sign>SD|\u00b1)\s*[:=]?)\s*(?P<sd>[^()]+?)\s*\)?", re.IGNORECASE)
_IN_BRACKETS = re.compile(r"(?P<mean>[^()\[\]]+?)\s*[(\[]\s*(?P<sd>[^()\[\]]+?)\s*[)\]]")


def _mean(cell: Cell, asked: Asked) -> Values:
    column = asked.column
    if _figure(cell) is not None:
        return [(column.path, _one(cell, asked))]
    text = plain(cell.text)
    match = _SPREAD.fullmatch(text) or (_IN_BRACKETS.fullmatch(text) if asked.match.with_sd else None)
    if match is not None:
        figures = [settled(match[name], number, asked.habit) for name in ("mean", "sd")]
        if None in figures:
            raise unread(cell, column)
        return [(column.path, figures[0]), (column.more["sd"], figures[1])]
    bracketed = _IN_BRACKETS.fullmatch(text)
    if bracketed is not None and both(bracketed["mean"], number) and both(bracketed["sd"], number):
        mean, spread = bracketed["mean"], bracketed["sd"]
        raise Ambiguous(
            [f"mean {mean}, SD {spread}", f"mean {mean}, standard error {spread}", f"{mean} people, {spread}%"], "Write 62 \u00b1 11."
        )
    return [(column.path, _one(cell, asked))]


def _median(cell: Cell, asked: Asked) -> Values:
    column = asked.column
    if _figure(cell) is not None:
        return [(column.path, _one(cell, asked))]
    found = settled(cell.text, median, asked.habit)
    if found is None or found[2] is not None:
        raise unread(cell, column)
    return [(column.path, found[0]), *([(column.more["iqr"], list(found[1]))] if found[1] is not None else [])]


def _spread(cell: Cell, asked: Asked) -> Values:
    """A column that doesn't say what its figures are: only one with its \u00b1 can be read."""
    if _figure(cell) is None and _SPREAD.fullmatch(plain(cell.text)):
        return _mean(cell, asked)
    found = settled(cell.text, spread, asked.habit) if _figure(cell) is None else (_figure(cell), None, None)
    if found is None:
        raise unread(cell, asked.column)
    value, interval, _ = found
    readings = [f"mean {value}", f"median {value}"]
    if interval is not None:
        readings = [f"median {value} with quartiles", f"median or mean {value} with a range", f"mean {value} with a 95% interval"]
    raise Ambiguous(readings, "Name the column age_mean or age_median.")


def _per(cell: Cell, asked: Asked) -> Values:
    if _figure(cell) is not None:
        raise unread(cell, asked.column)
    text = re.sub(r"(?i)^per\s+", "", cell.text)
    match = re.fullmatch(r"(?P<step>[-\d.,\u00b7]+(?:e-?\d+)?)\s*(?P<unit>[^\d\s].*)", text, re.DOTALL)
    step = settled(match["step"], number, asked.habit) if match is not None else 1
    if step is None:
        raise unread(cell, asked.column)
    return [(asked.column.path, {"step": step, "unit": match["unit"] if match is not None else text})]


def _variance(cell: Cell, asked: Asked) -> Values:
    """The standard error whose square a cell holds, to as many digits as that has, and one more."""
    square = _one(cell, asked)
    if square <= 0:
        raise Unread("a variance above 0", "A study without one has no weight: leave the cell empty.")
    digits = len(repr(square).lstrip("0.").replace(".", "")) + 1
    return [(asked.column.path, float(f"{math.sqrt(square):.{min(max(digits, 4), 7)}g}"))]


READERS: dict[str, Callable[[Cell, Asked], Values]] = {
    "number": _number, "int": _int, "numbers": _numbers, "pair": _pair, "months": _months, "p": _p, "percent": _percent, "share": _share,
    "estimate": _estimate, "mean": _mean, "median": _median, "spread": _spread, "per": _per, "variance": _variance,
}  # fmt: skip
