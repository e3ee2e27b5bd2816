"""Cells of words: texts, lists, names, choices, dates."""

from __future__ import annotations

import csv
import datetime
import difflib
import io
import re
import unicodedata
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from loaders.tables.expectations import DAMAGE, EXPECTED, Asked, Values, as_text, unread
from loaders.tables.grid import DASHES, Cell
from loaders.tables.numerals import Ambiguous, Unread, plain
from schema.field import EvidenceField
from schema.identity import doi_in, pmid_in
from schema.names import normal
from schema.study import SLUG

_MONTHS = {name: i for i, name in enumerate(["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], start=1)}
_ET_AL = re.compile(r"(?i)\bet\s+al\b\.?")
# letters that are no letter with an accent
_LATIN = str.maketrans(
    {
        "\u00df": "ss", "\u1e9e": "SS", "\u00f8": "o", "\u00d8": "O", "\u0142": "l", "\u0141": "L", "\u00e6": "ae", "\u00c6": "AE",
        "\u0153": "oe", "\u0152": "OE", "\u0111": "d", "\u0110": "D", "\u00f0": "d", "\u00d0": "D", "\u00fe": "th", "\u00de": "Th",
        "\u0131": "i", "\u0127": "h", "\u0126": "H",
    }
)  # fmt: skip
# words, decimal points, hyphens that join nothing (CMB-) and all signs but those that only part words
_TOLD = re.compile(
    r"[^\W_]+|(?<=\d)\.(?=\d)|(?<!\w)(?<!\s)-|-(?!\w)(?!\s)|(?<=\w)-(?=\s)|(?<=\s)-(?=\w)|[^\w\s.,;:'\"\u2018\u2019\u201c\u201d()\[\]{}/\\&-]"
)


def _text(cell: Cell, asked: Asked) -> Values:
    return [(asked.column.path, cell.value if isinstance(cell.value, str) else as_text(cell))]


def _word(cell: Cell, asked: Asked) -> Values:
    return [(asked.column.path, as_text(cell))]


def _digits(cell: Cell, asked: Asked) -> Values:
    pmid = pmid_in(as_text(cell))
    if not as_text(cell).strip("0"):
        # what programs write that must write a number
        return []
    if pmid is None:
        lost = "e+" in as_text(cell).lower()
        raise unread(cell, asked.column, "A number in exponents has lost its last digits: type it again." if lost else None)
    return [(asked.column.path, pmid)]


def _doi(cell: Cell, asked: Asked) -> Values:
    return [(asked.column.path, doi_in(cell.text) or cell.text)]


@lru_cache(maxsize=10_000)
def slug(text: str) -> str:
    """A name as the id it stands for: "Menon et al. 2012" is menon-2012. One without a Latin letter stays as it is, which is no id."""
    name = _ET_AL.sub(" ", text)
    made = "-".join(re.findall(r"[a-z0-9]+", _unaccented(name).lower()))[:100].strip("-")
    lost = not re.search(r"[a-z]", made) and any(letter.isalpha() for letter in name)
    return text if lost or not made else made


@lru_cache(maxsize=10_000)
def told(text: str) -> tuple[str, ...]:
    """What a name says, which its id may not: that of "CMB+" and "CMB-" is cmb. Names that differ in no more than case, accents,
    British or American spelling and punctuation say the same.
    """
    name = _unaccented(_ET_AL.sub(" ", text).replace("\u2260", "!=")).translate(DASHES).strip()
    return tuple(normal(word) or word for word in _TOLD.findall(name))


def _unaccented(text: str) -> str:
    return "".join(letter for letter in unicodedata.normalize("NFKD", text.translate(_LATIN)) if not unicodedata.combining(letter))


def _id(text: str) -> str:
    made = slug(text)
    if not SLUG.fullmatch(made):
        raise Unread("a name with Latin letters or digits", "Write it in Latin letters: Ivanov 2020.")
    return made


def _slug(cell: Cell, asked: Asked) -> Values:
    return [(asked.column.path, _id(as_text(cell)))]


def items(text: str) -> list[str]:
    """The items of a cell: separated by semicolons or lines; one with a semicolon of its own stands in double quotes."""
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=";", skipinitialspace=True)
    try:
        return [item.strip() for row in rows for item in row if item.strip()]
    except csv.Error as error:
        raise Unread("items, separated by semicolons", "Close each double quote, and double it inside.") from error


def _list(cell: Cell, asked: Asked) -> Values:
    return [(asked.column.path, items(as_text(cell)))]


def _slugs(cell: Cell, asked: Asked) -> Values:
    return [(asked.column.path, [_id(item) for item in items(as_text(cell))])]


def _links(cell: Cell, asked: Asked) -> Values:
    parts = re.split(r"\s*(?:;|\n|>|\u2192|->|=>|\u21d2)+\s*", cell.text)
    return [(asked.column.path, [part for part in parts if part])]


# --- choices ---


def _bool(cell: Cell, asked: Asked) -> Values:
    if isinstance(cell.value, bool):
        return [(asked.column.path, cell.value)]
    said = _said(cell, asked.column.means)
    if said is _UNSAID:
        raise Unread(f"yes or no, not {cell.text!r}" if len(cell.text) < 40 else EXPECTED["bool"])
    return [] if said is None else [(asked.column.path, said)]


_UNSAID = object()


def _said(cell: Cell, means: Mapping[str, Any]) -> Any:
    """What a word means; symbols have no normal name and are looked up as they stand."""
    text = as_text(cell)
    return means.get(normal(text) or text, means.get(text, _UNSAID))


def _choice(cell: Cell, asked: Asked) -> Values:
    column = asked.column
    choices = asked.choices
    if cell.value in choices or (column.axis and asked.of is None):
        return [(column.path, cell.value)]
    wanted = normal(as_text(cell))
    for choice in choices:
        if wanted and normal(choice) == wanted:
            return [(column.path, choice)]
    said = _said(cell, asked.means)
    if said is not _UNSAID:
        more: Values = []
        if column.key == "measure" and wanted in {"aor", "ahr", "arr", "adjusted or"}:
            more = [(("adjusted",), True)]
        if column.key == "measure" and wanted == "crude or":
            more = [(("adjusted",), False)]
        return [(column.path, said), *more]
    if column.key == "condition" and asked.of is not None:
        condition = _condition(cell.text, asked.of)
        if condition is not None:
            return [(column.path, condition)]
    if column.key == "direction" and plain(cell.text) == "+":
        raise Ambiguous(["increases", "a finding that was significant"], "Write increases or decreases.")
    near = difflib.get_close_matches(wanted, [normal(choice) for choice in choices], n=1)
    hint = next((choice for choice in choices if near and normal(choice) == near[0]), None)
    raise Unread(f"one of {', '.join(choices)}", f"Did you mean {hint!r}?" if hint else None)


def _condition(name: str, field: EvidenceField) -> str | None:
    """The condition that a name of a population stands for, where it says nothing of arteriopathy or location."""
    node = field.populations.find(name)
    return node.where.get("condition") if node is not None and not node.part_of else None


# --- dates ---


def _iso(cell: Cell) -> str:
    """A date as the cell shows it; Unread where it shows no year."""
    value = cell.value
    if isinstance(value, datetime.date):
        shows = re.sub(r'"[^"]*"|\[[^]]*\]|\\.', "", cell.format).lower()
        if "y" not in shows and shows != "general":
            raise Unread(EXPECTED["date"], DAMAGE, f"a date without a year ({value:%d %B} is shown)")
        return f"{value:%Y-%m-%d}" if "d" in shows or shows == "general" else f"{value:%Y-%m}"
    if isinstance(value, int | float) and not isinstance(value, bool):
        if value == int(value) and 1900 <= value <= 2100:
            return str(int(value))
        raise Unread(EXPECTED["date"])
    text = plain(cell.text)
    named = re.fullmatch(r"(?i)(?:(\d{1,2})\s+)?([a-z]{3})[a-z]*\.?,?\s+(\d{4})", text)
    if named is not None and named[2].lower() in _MONTHS:
        day = f"-{int(named[1]):02}" if named[1] else ""
        return f"{named[3]}-{_MONTHS[named[2].lower()]:02}{day}"
    month = re.fullmatch(r"(\d{1,2})/(\d{4})", text)
    if month is not None and 1 <= int(month[1]) <= 12:
        return f"{month[2]}-{int(month[1]):02}"
    slashed = re.fullmatch(r"(\d{1,2})[/.](\d{1,2})[/.](\d{4})", text)
    if slashed is not None:
        first, second, year = (int(part) for part in slashed.groups())
        readings = [f"{year}-{m:02}-{d:02}" for d, m in {(first, second), (second, first)} if 1 <= m <= 12 and 1 <= d <= 31]
        if len(readings) > 1:
            raise Ambiguous(sorted(readings), "Write it as 2022-06-05.")
        if readings:
            return readings[0]
    return cell.text


def _date(cell: Cell, asked: Asked) -> Values:
    return [(asked.column.path, _iso(cell))]


def _period(cell: Cell, asked: Asked) -> Values:
    column = asked.column
    if isinstance(cell.value, str):
        text = plain(cell.text)
        match = re.fullmatch(r"(?i)(?:from\s+)?(.*\d{4}(?:-\d{2}){0,2})\s*(?:-| to | until )\s*(.*\d{4}(?:-\d{2}){0,2})", text)
        if match is not None:
            ends = [_iso(Cell(part.strip(), cell.row, cell.column, cell.file, cell.sheet)) for part in match.groups()]
            return [(column.path, ends[0]), (column.more["until"], ends[1])]
    return _date(cell, asked)


READERS: dict[str, Callable[[Cell, Asked], Values]] = {
    "text": _text, "word": _word, "digits": _digits, "doi": _doi, "slug": _slug, "list": _list, "slugs": _slugs, "links": _links,
    "bool": _bool, "choice": _choice, "date": _date, "period": _period,
}  # fmt: skip
