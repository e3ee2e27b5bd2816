"""Rows under the names of a table's columns that are none of its rows: notes under it, headings within it, totals.

A row that holds a figure is never taken for a note.
"""

from __future__ import annotations

import re

from loaders.tables.columns import ROWS_OF
from loaders.tables.grid import Cell, Grid
from loaders.tables.headers import Header
from schema.problems import Problem

# how a note begins: a word for it, or the mark of a footnote
_NOTE = re.compile(
    r"\W*(?:[a-z1-9][).]?\s+)?(?:notes?|n\.?b\.?|abbreviations?|sources?|legend|key|footnotes?|definitions?|references?|adapted from"
    r"|data (?:are|from)|values are|adjusted for|heterogeneity|tests? for|continued|end of table)\b"
    r"|[*\u2020\u2021\u00a7\u00b6\u2016#\u00b9\u00b2\u00b3\u2070-\u2079\u1d43-\u1d5b]",
    re.IGNORECASE,
)
# CI = confidence interval; a) after 90 days
_EXPLAINED = re.compile(r"\w[\w\s/-]{0,30}\s*[=:]\s*\w|\(?[A-Za-z1-9][).]\s")
_DATED = re.compile(r".*\b(?:19|20)\d\d[a-z]?\W*")
_TOTAL = re.compile(
    r"\W*(?:(?:grand\s+|sub[\s-]?)?totals?|overall|pooled|summary|combined|all\s+studies|(?:random|fixed|common)[\s-]+effects?)"
    r"(?:\s+(?:effects?|estimates?|model|results?|events?|or|rr|hr|studies))*\W*(?:[(\[:].*)?",
    re.IGNORECASE,
)
_FIGURES = re.compile(r"[\W\d]+")
# words of a name: Stein & Aronson
_LONG = 3


def taken_out(grid: Grid, header: Header) -> list[Problem]:
    """Take out of a grid what is no row of its table, and say what it is taken for."""
    above, rows = grid.rows[: header.index + 1], grid.rows[header.index + 1 :]
    last = max(
        (i for i, cells in enumerate(rows) if len(cells) > 1 and not _is_note(cells, header) and not _total(cells, header)), default=-1
    )
    told, kept, notes = [], [], []
    for i, cells in enumerate(rows):
        odd = _total(cells, header)
        # a table of nothing but texts has no row to stand under
        if odd is None and last >= 0:
            if _is_note(cells, header, is_under=i > last):
                notes.append(cells[0])
                continue
            odd = _alone(cells, header)
        if odd is None:
            kept.append(cells)
        else:
            told.append(odd)
    if notes:
        told.append(_note(notes))
    if told:
        grid.rows = [*above, *kept]
        left = {cells[0].row for cells in grid.rows}
        grid.merged = [merged for merged in grid.merged if merged[1].row in left]
    return told


def _is_note(cells: list[Cell], header: Header, *, is_under: bool = False) -> bool:
    """Whether a row is a note: by how it begins, or under the table as a text that is longer than a name."""
    first = cells[0]
    words = len(first.text.split())
    if first.column > list(header.cells)[min(2, len(header.cells) - 1)] or not all(isinstance(cell.value, str) for cell in cells):
        return False
    if _DATED.fullmatch(first.text) and words < _LONG:
        # the name of a study
        return False
    if len(cells) > 1:
        # in a text file, a comma within a note parts it
        return first.sheet is None and _NOTE.match(first.text) is not None and not any(_FIGURES.fullmatch(cell.text) for cell in cells)
    return _NOTE.match(first.text) is not None or (is_under and (words > _LONG or _EXPLAINED.match(first.text) is not None))


def _note(notes: list[Cell]) -> Problem:
    """All notes of a table, told at the first of them."""
    rows = ", ".join(str(cell.row) for cell in notes[:10]) + (" ..." if len(notes) > 10 else "")
    more = f" and {len(notes) - 1} more row{'s' if len(notes) > 2 else ''}" if len(notes) > 1 else ""
    return notes[0].problem(
        f"{_short(notes[0])}{more}: a note under the table?",
        "rows of values down to the last",
        f"Not read: row{'s' if more else ''} {rows}. Put what matters of it into the notes of its row, and delete it.",
        odd=True,
    )


def _total(cells: list[Cell], header: Header) -> Problem | None:
    """A row of totals, which is of no study."""
    for cell in cells[:2]:
        match = header.matches.get(cell.column)
        is_name = match is None or match.column.table == "studies" or match.column.key == "study"
        if is_name and isinstance(cell.value, str) and _TOTAL.fullmatch(cell.text):
            what_to_do = "It is not read, as its studies are. If a study is called so, write its year, too."
            return cell.problem(f"{_short(cell)}: a row of totals?", "a row a study", what_to_do, odd=True)
    return None


def _alone(cells: list[Cell], header: Header) -> Problem | None:
    """A row with one text alone, where each row needs more."""
    (cell, *others) = cells
    if others or not isinstance(cell.value, str) or header.table not in {*ROWS_OF, "findings", "prevalence", "mechanisms"}:
        return None
    what_to_do = "Fill in the rest of its row; or delete it, if it is a heading or a note."
    return cell.problem(f"nothing but {_short(cell)} in its row", "a row of values", what_to_do)


def _short(cell: Cell) -> str:
    text = cell.text if len(cell.text) < 60 else f"{cell.text[:57]}..."
    return repr(text)
