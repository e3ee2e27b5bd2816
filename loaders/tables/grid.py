"""A table as it was typed: cells that know where they stand, whatever file they came from."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from typing import Literal

from schema.problems import Problem

Typed = str | int | float | bool | datetime.date | datetime.time | datetime.timedelta

NOTHING = frozenset(
    {
        "", "nr", "n.r.", "n.r", "n/r", "na", "n.a.", "n.a", "n/a", "#n/a", "-", "--", ".", "not reported", "not stated", "not available",
        "not given", "unreported",
    }
)  # fmt: skip
# of a table; a larger one is another thing, or formatted far beyond its rows
MOST_ROWS = 50_000
MOST_COLUMNS = 500
DASHES = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-"))


def letters(column: int) -> str:
    """The name of a column of a spreadsheet: A, B, ... Z, AA."""
    name = ""
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(65 + rest) + name
    return name


def column_of(name: str) -> int:
    """The number of a column of a spreadsheet by its name."""
    number = 0
    for letter in name:
        number = 26 * number + ord(letter) - 64
    return number


@dataclass(eq=False, slots=True)
class Cell:
    """A filled cell. `row` and `column` count from 1 (in a text file: the line, and the cell of that line); `format` is Excel's.

    Nothing changes one once it is made; that isn't enforced because a frozen one takes twice as long to make.
    """

    value: Typed
    row: int
    column: int
    file: str
    sheet: str | None = None
    format: str = "General"
    # how a part of it is set apart from the rest, which its text doesn't show
    set_apart: Literal["raised", "struck"] | None = None

    @property
    def text(self) -> str:
        """What is typed, as text without spaces round it."""
        value = self.value
        if isinstance(value, str):
            return value.strip()
        return ("TRUE" if self.value else "FALSE") if isinstance(self.value, bool) else str(self.value)

    @property
    def blank(self) -> bool:
        """Whether it says nothing: empty, or the mark of what is not reported."""
        return isinstance(self.value, str) and is_nothing(self.value)

    @property
    def place(self) -> str:
        """Its name inside its file: findings!B17, or in a text file line 17, cell 3."""
        return f"{self.sheet}!{letters(self.column)}{self.row}" if self.sheet is not None else f"line {self.row}, cell {self.column}"

    def problem(
        self, found: str, expected: str, help: str | None = None, *, path: str | None = None, study: str | None = None, odd: bool = False
    ) -> Problem:
        """What is wrong with it."""
        severity: Literal["error", "warning"] = "warning" if odd else "error"
        if self.sheet is not None:
            return Problem(self.file, found, expected, path, None, study, severity, help, cell=self.place)
        return Problem(self.file, found, expected, path, self.row, study, severity, help, column=self.column)


def is_nothing(text: str) -> bool:
    return len(text) < 20 and " ".join(text.split()).translate(DASHES).casefold() in NOTHING


def too_many(file: str, what: str, sheet: str | None = None, line: int | None = None) -> Problem:
    """More rows or columns than a table has."""
    return Problem(
        file,
        f"{f'the sheet {sheet!r} with ' if sheet is not None else ''}{what}",
        f"a table of at most {MOST_ROWS:,} rows and {MOST_COLUMNS:,} columns",
        line=line,
        help="Delete what is no part of the table, or split it into several files.",
    )


@dataclass(slots=True)
class Grid:
    """The filled rows of one sheet or text file, and what is wrong with it as a whole.

    `name` is the sheet's, or the file's without its ending.
    """

    name: str
    file: str
    rows: list[list[Cell]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    # merged cells: their last row, their first cell, their range
    merged: list[tuple[int, Cell, str]] = field(default_factory=list)
    # of a text file: what parts its cells, and how many stand in each row, empty ones included, by its line
    delimiter: str | None = None
    lengths: dict[int, int] = field(default_factory=dict)
