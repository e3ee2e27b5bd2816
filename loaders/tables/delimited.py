"""CSV and TSV as grids: which encoding, which delimiter, and the line of each row."""

from __future__ import annotations

import codecs
import contextlib
import csv
import io
import re
import unicodedata
from collections.abc import Iterator
from itertools import pairwise
from pathlib import PurePath

from loaders.files import Source
from loaders.tables.cells import FIGURES
from loaders.tables.columns import FLAT, ROW_SETS, known
from loaders.tables.grid import MOST_COLUMNS, MOST_ROWS, Cell, Grid, too_many
from loaders.tables.headers import Header
from schema.names import normal
from schema.problems import Problem

DELIMITERS = (",", ";", "\t")
# the longest mark first: that of UTF-32 begins with that of UTF-16
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"), (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"),
)  # fmt: skip
_LOOKED_AT = 20


def grids(source: Source) -> list[Grid] | Problem:
    """The one grid of a text file, or why it can't be read."""
    decoded = decode(source)
    if isinstance(decoded, Problem):
        return decoded
    text, doubts = decoded
    grid = Grid(PurePath(source.name).stem, source.name, problems=doubts)
    delimiter, start = _delimiter(text)
    grid.delimiter = delimiter
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = 1
    try:
        for number, record in enumerate(lines):
            cells = [Cell(_as_typed(value), line, i, source.name) for i, value in enumerate(record, start=1) if value.strip()]
            if cells and number >= start:
                grid.rows.append(cells)
                grid.lengths[line] = len(record)
                # a table may end in lines of nothing but delimiters
                if len(cells) > MOST_COLUMNS or len(grid.rows) > MOST_ROWS:
                    much = f"{len(cells):,} filled columns" if len(cells) > MOST_COLUMNS else f"more than {MOST_ROWS:,} rows"
                    return too_many(source.name, much, line=line)
            line = lines.line_num + 1
    except csv.Error as error:
        return Problem(
            source.name,
            f"a cell of more than {csv.field_size_limit():,} letters"
            if "limit" in str(error)
            else "a double quote that is not closed, or not doubled",
            "cells in which each double quote is closed, and doubled inside",
            line=line,
            help="Save the table again from the program that made it.",
        )
    return [grid] if grid.rows else []


def shifted(grid: Grid, header: Header) -> list[Problem]:
    """The rows that a decimal comma without quotes has moved to the right, although each of their cells can be read."""
    told = []
    width = grid.lengths.get(header.first.row, 0)
    for row in grid.rows[header.index + 1 :]:
        length = grid.lengths[row[0].row]
        if length > width:
            # a filled cell beyond the names is told as what it is
            if row[-1].column <= width:
                at = Cell("", row[0].row, length, grid.file)
                told.append(
                    at.problem(
                        f"{length} cells in the row, the last of them empty",
                        f"the {width} cells that the names have",
                        "A cell with a delimiter inside, such as a decimal comma, wants quotes round it; or delete the last delimiter.",
                    )
                )
        elif grid.delimiter == ",":
            told += [_halved(left, right) for left, right in pairwise(row) if _is_halved(left, right, header)]
    return told


def _is_halved(left: Cell, right: Cell, header: Header) -> bool:
    """Whether 1,35 may stand in two cells: a whole number where decimals are usual, and nothing but digits where words are."""
    figure, words = header.matches.get(left.column), header.matches.get(right.column)
    return (
        right.column == left.column + 1
        and figure is not None
        and figure.column.kind in FIGURES
        and words is not None
        and words.column.kind in {"text", "list"}
        and re.fullmatch(r"[-+]?\d+", left.text) is not None
        and re.fullmatch(r"\d+", right.text) is not None
    )


def _halved(left: Cell, right: Cell) -> Problem:
    return left.problem(
        f"{left.text!r} and then {right.text!r}",
        f"one reading, not 2: {left.text} beside the text {right.text}, or the decimal comma {left.text},{right.text}",
        f"Put quotes round the figure if it is one; or write {left.text}.0, and the text with a word.",
    )


def _as_typed(value: str) -> str:
    """What was typed: without the quote that a writer puts before what a spreadsheet would run as a formula."""
    return value[1:] if value[:1] == "'" and value[1:2] in {"=", "+", "-", "@", "\t", "\n"} else value


def decode(source: Source) -> tuple[str, list[Problem]] | Problem:
    """Text by its byte order mark, as UTF-8, or else in the encoding that its letters speak for, which is told."""
    content = source.content
    encoding = next((name for mark, name in _MARKS if content.startswith(mark)), None)
    try:
        text = content.decode(encoding or "utf-8")
    except UnicodeDecodeError:
        if encoding is not None:
            return Problem(source.name, f"bytes that are not {encoding.upper()}", "text", help="Save it again as UTF-8.")
        text = ""
    if text and "\0" not in text:
        return text, []
    return _guessed(source)


def _guessed(source: Source) -> tuple[str, list[Problem]] | Problem:
    from charset_normalizer import from_bytes

    best = from_bytes(source.content).best()
    if best is None:
        return Problem(
            source.name, "a file that is no text in any known encoding", "a table as text", help="Save it again as CSV in UTF-8."
        )
    encoding = best.encoding
    if not encoding.startswith("utf") and all("LATIN" in unicodedata.name(letter, "") for letter in str(best) if letter.isalpha()):
        # too few letters to tell one western encoding from another: nearly all such files were saved by Excel on Windows
        with contextlib.suppress(UnicodeDecodeError):
            source.content.decode("cp1252")
            encoding = "cp1252"
    text = source.content.decode(encoding)
    if "\0" in text:
        return Problem(source.name, "a binary file", "a table as text", help="Save it again as CSV in UTF-8.")
    lines = text.splitlines()
    at, sample = next(((i, line) for i, line in enumerate(lines, start=1) if not line.isascii()), (None, ""))
    word = next((word for word in sample.replace(";", " ").replace(",", " ").split() if not word.isascii()), "")
    doubt = Problem(
        source.name,
        f"no UTF-8; read as {encoding.replace('cp125', 'windows-125')}" + (f", so that {word!r} stands here" if word else ""),
        "UTF-8, or a byte order mark",
        line=at,
        severity="warning",
        help="If letters are wrong, save it again as UTF-8.",
    )
    return text, [doubt]


def _delimiter(text: str) -> tuple[str, int]:
    """The delimiter under which most columns are recognised, then the one that gives the most even rows; and how many lines to skip."""
    first = text.split("\n", 1)[0].strip().strip('"')
    if first.lower().startswith("sep=") and len(first) == 5:
        # what Excel writes for itself
        return first[4], 1
    return max(DELIMITERS, key=lambda delimiter: _fit(text, delimiter)), 0


def _fit(text: str, delimiter: str) -> tuple[int, int, int]:
    rows = list(_first_rows(text, delimiter))
    names = frozenset().union(*(known(table) for table in (*ROW_SETS, FLAT)))
    recognised = max((sum(normal(value) in names for value in row) for row in rows[:10]), default=0)
    widths = [len(row) for row in rows if len(row) > 1]
    even = max((widths.count(width) for width in set(widths)), default=0)
    return recognised if recognised > 1 else 0, even, max(widths, default=0)


def _first_rows(text: str, delimiter: str) -> Iterator[list[str]]:
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        for _, row in zip(range(_LOOKED_AT), rows, strict=False):
            if any(value.strip() for value in row):
                yield row
    except csv.Error:
        return
