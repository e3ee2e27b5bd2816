"""What a cell is asked for, and how it is refused."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from loaders.tables.columns import Column, Match, Path
from loaders.tables.grid import Cell
from loaders.tables.numerals import Habit, Unread
from schema.field import EvidenceField
from schema.names import normal

Values = list[tuple[Path, Any]]

# as Excel shows a date in a text file: 3-Dec, Dec-03, 03-Dec-24, 2024-12-03, 3/12/2024
EXCEL_DATE = re.compile(
    r"\d{1,2}[-. ](?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*(?:[-. ]\d{2,4})?"
    r"|(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*[-. ]\d{2}"
    r"|\d{4}-\d{2}-\d{2}(?:[ T]00:00(?::00)?)?|\d{1,2}[/.]\d{1,2}[/.]\d{4}",
    re.IGNORECASE,
)
DAMAGE = "Excel makes dates of 3/12 and 1-2: type it again into a cell that is formatted as text."
EXPECTED = {
    "text": "text", "word": "a word", "digits": "a number of digits, such as 22367992", "doi": "a DOI", "slug": "a name", "list": "text",
    "slugs": "names", "links": "terms", "number": "a figure", "variance": "a variance",
    "int": "a whole number", "numbers": "figures, separated by semicolons",
    "pair": "two figures, such as 1.10 to 3.11", "months": "months, such as 12 or 3 to 24", "p": "a p value, such as 0.03, <0.001 or NS",
    "percent": "a percentage, such as 15.4 or 15.4%",
    "share": "a count, or cases and total such as 12/78 (15.4%)", "estimate": "an estimate, such as 1.85 or 1.85 (1.10 to 3.11)",
    "mean": "a mean, such as 62 or 62 \u00b1 11", "median": "a median, such as 4.2 or 4.2 [1.8, 9.9]",
    "spread": "mean \u00b1 SD, such as 62 \u00b1 11",
    "per": "a step with its unit, such as 10 mmHg", "bool": "yes or no", "choice": "one of the column's words",
    "date": "a date such as 2022-06",
    "period": "a date such as 2022-06, or a period such as 2009-03 to 2011-05",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asked:
    """What a cell is read for: its column, how its table writes decimals, what its user says that its words mean, and in what field."""

    match: Match
    habit: Habit = field(default_factory=Habit)
    values: Mapping[str, str] = field(default_factory=dict)
    of: EvidenceField | None = None

    @property
    def column(self) -> Column:
        return self.match.column

    @property
    def choices(self) -> tuple[str, ...]:
        """The words of the column."""
        axis = self.of.axes.get(self.column.key) if self.of is not None and self.column.axis else None  # type: ignore[call-overload]
        return tuple(axis.values) if axis is not None else self.column.choices

    @property
    def means(self) -> Mapping[str, Any]:
        """What else a cell may say for them, by its normal name."""
        axis = self.of.axes.get(self.column.key) if self.of is not None and self.column.axis else None  # type: ignore[call-overload]
        return {normal(said): value for said, value in axis.means.items()} if axis is not None else self.column.means


def unread(cell: Cell, column: Column, help: str | None = None) -> Unread:
    if cell.sheet is None and EXCEL_DATE.fullmatch(cell.text):
        return Unread(EXPECTED[column.kind], DAMAGE, f"{cell.text!r}, a date")
    return Unread(EXPECTED[column.kind], help)


def as_text(cell: Cell) -> str:
    if isinstance(cell.value, float) and cell.value.is_integer():
        return str(int(cell.value))
    return cell.text
