"""A columns.yaml to start from: what each column of a table is recognised as, and what the table still lacks.

What is for people stands in comments; the rest is a mapping that can be loaded.
"""

from __future__ import annotations

import difflib
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from loaders.tables import headers
from loaders.tables.assembly import shown_in_words
from loaders.tables.books import Book
from loaders.tables.cells import read
from loaders.tables.columns import FLAT, FLAT_PREVALENCE, ROW_SETS, ROWS_OF, Match, by_key, key_of, known
from loaders.tables.defaults import KEYS
from loaders.tables.expectations import Asked
from loaders.tables.grid import Cell, Grid, letters
from loaders.tables.headers import Header
from loaders.tables.mapping import SHEET
from loaders.tables.numerals import Habit, Unread
from schema.field import EvidenceField
from schema.vocabulary import KINDS

# of which a row of findings has one at least
_FIGURES = frozenset(
    {"value", "log_value", "ci", "ci_low", "p", "direction", "exposed_cases", "group_1_mean", "group_1_median", "group_1_pct"}
)
_SHOWN = 30


@dataclass(slots=True)
class Draft:
    """What is found of the tables of one folder."""

    of: EvidenceField
    # whether there are several tables
    several: bool = False
    notes: list[str] = field(default_factory=list)
    # the columns to be filled in, each with its key, or with the nearest one in a comment
    columns: dict[str, str] = field(default_factory=dict)
    sheets: dict[str, str | None] = field(default_factory=dict)
    # whether one of these is to be decided on
    is_open: bool = False
    missing: dict[str, str] = field(default_factory=dict)
    # by key: words that are none of the column's, each with its rows and the nearest that is
    words: dict[str, Counter[str]] = field(default_factory=dict)
    nearest: dict[tuple[str, str], str | None] = field(default_factory=dict)

    def add(self, book: Book) -> None:
        """Take in the tables of a book."""
        tables = book.headers()
        for grid, found, table in tables:
            header = found or headers.likeliest(grid, book.mapped)
            named = f", names in row {header.first.row}" if header is not None else ""
            self.notes += ["", f"{grid.name}: {table or 'no table of ours yet'}{named}"]
            alone = table
            if table is None and header is not None and header.table in ROWS_OF and self._has_figures(header):
                alone = header.table
            self.several |= len(tables) > 1
            if len(tables) > 1:
                # prevalence without a sheet of studies stands alone
                self.sheets[grid.name] = "prevalence" if alone == FLAT_PREVALENCE else alone
                self.is_open |= table is None
            if header is None:
                self._unrecognised(grid, book)
            else:
                self.notes += [f"  {line}" for line in (*self._recognised(header), *self._nameless(grid, header))]
                self._words(grid, header, book)
            if alone is not None or len(tables) == 1:
                self._lacks(header, alone or FLAT, book)

    @staticmethod
    def _has_figures(header: Header) -> bool:
        return bool({"cases", "pct", *_FIGURES} & {match.column.key for match in header.matches.values()})

    def _unrecognised(self, grid: Grid, book: Book) -> None:
        """The names of a row in which not two are known."""
        for cell in grid.rows[0]:
            match = headers.matched(cell.text, FLAT, book.mapped) if isinstance(cell.value, str) else None
            is_plain = match is not None and match == Match(match.column)
            self.notes.append(f"  {letters(cell.column):3} {cell.text!r}: {key_of(match.column, FLAT) if match else 'not recognised'}")
            if match is None:
                self.columns[cell.text] = self._null(cell, FLAT)
            elif is_plain:
                self.columns[cell.text] = key_of(match.column, FLAT)

    def _recognised(self, header: Header) -> Iterator[str]:
        said: dict[tuple[str, int | None], str] = {}
        for column, cell in header.cells.items():
            match = header.matches.get(column)
            place = f"{letters(column):3} {cell.text!r}"
            if match is not None:
                implied = "".join(f", {path[0]} {value}" for path, value in match.implies)
                key = key_of(match.column, header.table)
                first = said.setdefault((key, match.estimate), cell.text)
                yield f"{place}: {key}{implied}"
                if first != cell.text:
                    self.columns[cell.text] = f"null  # {key} is {first!r} already"
            elif column in header.ignored:
                yield f"{place}: left out by columns.yaml"
            else:
                self.columns[cell.text] = self._null(cell, header.table)
                near = self.columns[cell.text].partition("# ")[2]
                yield f"{place}: not recognised" + (f"; {near}" if near else "")

    def _nameless(self, grid: Grid, header: Header) -> Iterator[str]:
        """The columns that hold something and have no name."""
        filled: dict[int, Cell] = {}
        for cells in grid.rows[header.index + 1 :]:
            for cell in cells if len(cells) > 1 else ():
                if cell.column not in header.cells:
                    filled.setdefault(cell.column, cell)
        for column, cell in sorted(filled.items()):
            self.columns[headers.called(column)] = "null"
            yield f"{letters(column):3} without a name, {shown_in_words(cell.text)} in row {cell.row}: not recognised"

    @staticmethod
    def _null(cell: Cell, table: str) -> str:
        near = headers.nearest(cell.text, table)
        return f"null  # nearest: {key_of(known(table)[near].column, table)}" if near is not None else "null"

    def _lacks(self, header: Header | None, table: str, book: Book) -> None:
        """The needed columns that are not there."""
        has = {key_of(match.column, table) for match in header.matches.values()} if header is not None else set()
        implied = {str(path[0]) for match in header.matches.values() for path, _ in match.implies} if header is not None else set()
        has |= set(book.mapped.constants) | set(self.columns.values()) | implied
        unneeded = {*(KEYS if table in ROWS_OF else ()), *({"study", "id"} if {"first_author", "year"} <= has else ())}
        for key, column in by_key(table).items():
            if column.needed and key not in has | unneeded:
                by_sheet = f" {json.dumps(SHEET)}: what its sheet is called." if self.several and column.key in KINDS else ""
                self.missing[key] = f"{column.help_in(self.of)}{by_sheet}"
        if table == FLAT:
            if not has & _FIGURES:
                self.missing["value"] = by_key(table)["value"].help_in(self.of)
            elif has & {"value", "log_value", "ci", "ci_low"} and "measure" not in has:
                self.missing["measure"] = "What the estimates are: OR, RR, HR, ..."

    def _words(self, grid: Grid, header: Header, book: Book) -> None:
        """What is no word of its column, and no term."""
        asked = {
            at: Asked(match, Habit(book.mapped.decimal), book.mapped.values.get(key_of(match.column, header.table), {}), self.of)
            for at, match in header.matches.items()
            if match.column.kind in {"choice", "bool"} or match.column.key in KINDS
        }
        helps = {at: match.column.help_in(self.of) for at, match in header.matches.items()}
        for cells in grid.rows[header.index + 1 :]:
            # a note under the table is none of its rows, nor is the template's line of help
            if len(cells) > 1 and not all(cell.text == helps.get(cell.column) for cell in cells):
                for cell in cells:
                    if cell.column in asked and not cell.blank:
                        self._word(cell, asked[cell.column], header.table)

    def _word(self, cell: Cell, asked: Asked, table: str) -> None:
        column = asked.column
        try:
            said = [one for _, value in read(cell, asked) for one in (value if isinstance(value, list) else [value])]
        except Unread:
            said = []
        vocabulary = self.of.vocabulary
        unknown = [str(one) for one in said if vocabulary.find(str(one)) is None] if column.key in KINDS else [] if said else [cell.text]
        for word in unknown:
            key = key_of(column, table)
            self.words.setdefault(key, Counter())[word] += 1
            if (key, word) not in self.nearest:
                near: Sequence[str] = vocabulary.suggest(word, 1)
                if column.key not in KINDS:
                    near = difflib.get_close_matches(word.lower(), ["yes", "no"] if column.kind == "bool" else asked.choices, n=1)
                self.nearest[key, word] = near[0] if near else None

    def text(self, title: str) -> str:
        """The file."""
        lines = [f"# {title}: save this as columns.yaml beside it, and complete it"]
        lines += [f"# {note}".rstrip() for note in self.notes]
        lines.append("columns:  # what they are (a key), or null to leave them out" if self.columns else "columns: {}")
        lines += [f"  {_quoted(name)}: {key}" for name, key in self.columns.items()]
        if self.is_open:
            lines.append(f"sheets:  # {', '.join(ROW_SETS)} or flat; null leaves one out")
            lines += [f"  {_quoted(name)}: {table or 'null'}" for name, table in self.sheets.items()]
        if self.missing:
            lines += ["# still missing: name a column above by its key, or say here what it is in all rows", "# constants:"]
            lines += [f"#   {key}:  # {what}" for key, what in self.missing.items()]
        if self.words:
            lines += ["# not known: say here what they mean, or add terms to a vocabulary.yaml beside the table", "# values:"]
            for key, words in self.words.items():
                lines.append(f"#   {key}:")
                lines += [self._word_line(key, word, many) for word, many in words.most_common(_SHOWN)]
                lines += [f"#     # and {len(words) - _SHOWN} more"] if len(words) > _SHOWN else []
        return "\n".join(lines) + "\n"

    def _word_line(self, key: str, word: str, many: int) -> str:
        near = self.nearest[key, word]
        return f"#     {_quoted(word)}: {near or ''}  # in {many} row{'s' if many > 1 else ''}{'; the nearest' if near else ''}"


def _quoted(name: str) -> str:
    return json.dumps(name, ensure_ascii=False)


def drafted(books: Sequence[Book], of: EvidenceField, title: str) -> str:
    """The columns.yaml for these tables, as far as they tell."""
    draft = Draft(of, len(books) > 1)
    for book in books:
        draft.add(book)
    return draft.text(title)
