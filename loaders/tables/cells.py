"""What a cell says, by the kind of its column: its values and where in the row they go, or Unread with what was expected."""

from __future__ import annotations

import datetime

from loaders.tables import amounts, texts
from loaders.tables.columns import Column
from loaders.tables.expectations import DAMAGE, EXCEL_DATE, EXPECTED, Asked, Values
from loaders.tables.grid import Cell
from loaders.tables.numerals import Unread
from schema.names import normal

_READERS = {**texts.READERS, **amounts.READERS}
_ERRORS = frozenset({"#div/0!", "#ref!", "#value!", "#name?", "#num!", "#null!", "#n/a", "#getting_data", "#spill!", "#calc!"})
# ids of records have some ten digits, and Excel keeps no more than fifteen; what is larger is damage, as 1E400 is
_LARGEST = 1e15
# no figure or name is so long, and to look for one in it would take long
_LONGEST = 1000
# where a raised part is a unit or an ordinal, and no digit of a figure or letter of a name
_PROSE = frozenset({"text", "list"})
# whose cells show how a table writes its decimals
FIGURES = frozenset({"number", "numbers", "pair", "months", "p", "percent", "estimate", "mean", "median", "spread", "variance"})


def read(cell: Cell, asked: Asked) -> Values:
    """The values of a cell that says something; Unread or Ambiguous where it can't be read."""
    column = asked.column
    _only_plain(cell, column)
    if isinstance(cell.value, int | float) and not abs(cell.value) < _LARGEST:
        raise Unread(EXPECTED[column.kind], "Type the figure again.", "a number too large to be a figure of a study")
    if column.kind not in _PROSE and len(cell.text) > _LONGEST:
        raise Unread(EXPECTED[column.kind], f"Write it in {_LONGEST:,} letters or fewer.", f"a text of {len(cell.text):,} letters")
    given = asked.values.get(normal(cell.text) or cell.text) if asked.values else None
    if given is not None:
        cell = Cell(given, cell.row, cell.column, cell.file, cell.sheet)
    value = cell.value
    if isinstance(value, str):
        if value[:1] == "#" and value.strip().casefold() in _ERRORS:
            raise Unread(EXPECTED[column.kind], "Mend the formula, or leave the cell empty where nothing is reported.")
    elif isinstance(value, datetime.date | datetime.time | datetime.timedelta) and column.kind not in {"date", "period"}:
        raise _date_for(cell, column)
    return _READERS[column.kind](cell, asked)


def _only_plain(cell: Cell, column: Column) -> None:
    """Unread for what Excel shows set apart: flattened, a footnote's mark would be a digit of the figure, and a deletion a value."""
    if cell.set_apart == "struck":
        raise Unread(EXPECTED[column.kind], "Delete what is struck through, or take the line away.", f"{cell.text!r}, struck through")
    if cell.set_apart == "raised" and column.kind not in _PROSE:
        raise Unread(
            EXPECTED[column.kind],
            "Take away the mark of a footnote, or write it into the notes.",
            f"{cell.text!r}, with a raised or lowered part",
        )


def _date_for(cell: Cell, column: Column) -> Unread:
    value = cell.value
    if not isinstance(value, datetime.date):
        return Unread(EXPECTED[column.kind], DAMAGE, f"a time ({value})")
    typed = [f"{value.month}/{value.day}", f"{value.day}/{value.month}", f"{value.month}-{value.day}", f"{value.day}-{value.month}"]
    if value.day == 1:
        typed.append(f"{value.month}/{value.year % 100}")
    readings = ", ".join(dict.fromkeys(typed))
    return Unread(EXPECTED[column.kind], DAMAGE, f"a date ({value:%Y-%m-%d}; perhaps {readings} was typed)")


def dates_in_texts(cell: Cell, column: Column) -> str | None:
    """What a text that is nothing but a date in Excel's way may have been: a contrast of "1-2", saved as "02-Jan"."""
    if column.kind == "text" and cell.sheet is None and EXCEL_DATE.fullmatch(cell.text):
        return DAMAGE
    return None
