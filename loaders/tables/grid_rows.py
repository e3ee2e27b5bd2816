"""The rows of one grid, read into the studies of its book."""

from __future__ import annotations

import contextlib
import difflib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from loaders.tables import headers
from loaders.tables.assembly import Assembly, Row, TableDocument, of_study, shown_in_words, take_population, take_row, take_study
from loaders.tables.cells import FIGURES, dates_in_texts, read
from loaders.tables.columns import ROWS_OF, Column, Match, Path, by_key, key_of
from loaders.tables.defaults import Defaults
from loaders.tables.expectations import Asked, as_text
from loaders.tables.grid import Cell, Grid
from loaders.tables.headers import Header, called
from loaders.tables.mapping import SHEET
from loaders.tables.numerals import Ambiguous, Convention, Habit, Unread, proves
from loaders.tables.template import EXAMPLE_IDS, MARK, is_example
from loaders.tables.texts import slug
from loaders.tables.workings import work_out
from schema.names import normal
from schema.report import WORD
from schema.study import SLUG


@dataclass
class GridRows:
    """The rows of one grid, and the assembly that takes them in."""

    assembly: Assembly
    grid: Grid
    header: Header
    defaults: Defaults
    asked: dict[int, Asked] = field(default_factory=dict)
    constants: dict[tuple[str, Path], tuple[Any, Cell]] = field(default_factory=dict)
    proven: frozenset[Convention] | None = None
    # the column of the study's name
    named_by: int | None = None
    # whether that may be a running number or a bare author, which name no study: a flat table of ours says "study"
    is_loose: bool = False
    # of each author and year the number that has it first
    numbers: dict[str, str] = field(default_factory=dict)

    def read(self) -> bool:
        """Whether there was any row but the template's examples."""
        header, table = self.header, self.header.table
        habit = Habit(self.assembly.mapped.decimal, self._proven)
        for column, match in header.matches.items():
            self.asked[column] = Asked(match, habit, self.assembly.mapped.values.get(key_of(match.column, table), {}), self.assembly.of)
            if match.column.path == (("id",) if match.column.table == "studies" else ("study",)):
                self.named_by = column
                self.is_loose = table in ROWS_OF and header.cells[column].text != "study"
        self._take_constants(Habit(habit.declared))
        self._one_outcome()
        rows = self.grid.rows[header.index + 1 :]
        last_merged = 0
        for last, cell, where in self.grid.merged:
            if last > header.first.row:
                last_merged = max(last_merged, last)
                self._wrong(cell, f"the merged cells {where}", "one value a cell", "Unmerge them, and write the value in each row.")
        any_row = False
        for i, cells in enumerate(rows):
            if self._skipped(cells, first=i == 0):
                continue
            any_row = True
            self._take(cells, in_merged=cells[0].row <= last_merged)
        return any_row

    def _wrong(self, cell: Cell, found: str, expected: str, help: str | None = None) -> None:
        self.assembly.problems.append(cell.problem(found, expected, help))

    def _proven(self) -> frozenset[Convention]:
        """How the decimals of this table's own cells are written; looked up when a cell needs it."""
        if self.proven is None:
            columns = {column for column, asked in self.asked.items() if asked.column.kind in FIGURES}
            self.proven = frozenset(
                shown
                for row in self.grid.rows[self.header.index + 1 :]
                for cell in row
                if cell.column in columns and isinstance(cell.value, str) and (shown := proves(cell.value)) is not None
            )
        return self.proven

    def _take_constants(self, habit: Habit) -> None:
        mapped = self.assembly.mapped
        for key in mapped.constants:
            column = by_key(self.header.table).get(key)
            if column is None or key in mapped.faulty:
                continue
            cell = mapped.constant(key, self.grid.name)
            values = mapped.values.get(key, {}) if mapped.constants[key] == SHEET else {}
            for path, value in read(cell, Asked(Match(column), habit, values, self.assembly.of)):
                self.constants[column.table, path] = (value, cell)

    def _one_outcome(self) -> None:
        """What a name says of the outcome ("OR for death") and a constant must be the same."""
        constant, find = self.constants.get(("findings", ("outcome",))), self.assembly.of.vocabulary.find
        for column, match in self.header.matches.items():
            told = match.says("outcome")
            if told and constant is not None and find(told) != find(constant[0]):
                name = self.header.cells[column]
                expected = f"the outcome {constant[0]!r}, as columns.yaml has it"
                self._wrong(name, f"the column {name.text!r}", expected, "Rename the column, or take the constant away.")

    def _skipped(self, cells: list[Cell], *, first: bool) -> bool:
        header = self.header
        if first and all(
            (match := header.matches.get(cell.column)) is not None and cell.text == match.column.help_in(self.assembly.of) for cell in cells
        ):
            return True
        named = header.cells.get(cells[0].column)
        if (
            named is not None
            and named.text == cells[0].text
            and all((name := header.cells.get(cell.column)) is not None and name.text == cell.text for cell in cells)
        ):
            self._wrong(cells[0], "the names of the columns again", "rows of values", "Delete the row.")
            return True
        if first and headers.is_second(cells, self.asked):
            self._wrong(
                cells[0],
                f"a second row of names (row {cells[0].row})",
                "one row that names the columns",
                "Join it with the row above, and delete it.",
            )
            return True
        if headers.is_other_table(cells, header, self.assembly.mapped):
            self._wrong(
                cells[0],
                f"a second row of names (row {cells[0].row})",
                "one table a sheet or file, with one row that names its columns",
                "Delete the row, or move the table that begins here into a sheet or file of its own.",
            )
            return True
        if any(cell.value == MARK or (cell.column == self.named_by and slug(cell.text) in EXAMPLE_IDS) for cell in cells):
            texts = {
                key_of(match.column, header.table): cell.text for cell in cells if (match := header.matches.get(cell.column)) is not None
            }
            self.assembly.examples += 1
            if not is_example(header.table, texts, self.assembly.of):
                self._wrong(
                    cells[0],
                    "a worked example of the template that was changed",
                    "your own rows, and the examples as they were or not at all",
                    f"Give it the id of your own study, and take {MARK!r} out of it; or delete the row.",
                )
            return True
        return False

    def _take(self, cells: list[Cell], *, in_merged: bool) -> None:
        row, estimates = self._row(cells)
        table = self.header.table
        section = ROWS_OF.get(table, table)
        study = self._study(row, in_merged=in_merged)
        rows = [row]
        if section == "findings":
            rows = self._findings(row, estimates)
            for one in rows:
                work_out(one, self.assembly.of)
        if study is None:
            # its other problems are told all the same
            self.assembly.problems += [problem for one in rows for problem in one.problems]
            return
        document = self.assembly.studies[study]
        for one in rows:
            if table in ROWS_OF:
                self.defaults.fill(one, document)
            if table in {"studies", *ROWS_OF} and one is rows[0]:
                take_study(one, document)
            if table in ROWS_OF:
                take_population(one, document)
            if section != "studies":
                # a table of populations is complete: a name that is not in it is a slip
                take_row(one, section, document, may_begin=not self.assembly.has_populations)
            document.problems += [of_study(problem, document.value.get("id")) for problem in one.problems]

    def _row(self, cells: list[Cell]) -> tuple[Row, list[Row]]:
        """What a row says but for several estimates side by side, and what it says of each of these."""
        whole = Row(cells[0])
        estimates: dict[int, Row] = {}
        late: list[tuple[Row, Cell, Asked, Ambiguous]] = []
        for cell in cells:
            asked = self.asked.get(cell.column)
            row = whole if asked is None or asked.match.estimate is None else estimates.setdefault(asked.match.estimate, Row(cell))
            if asked is None:
                if cell.column not in self.header.cells:
                    nameless = cell.problem(
                        f"{shown_in_words(cell.text)} in a column without a name",
                        "a name at the top of each column",
                        "A row with more cells than names often holds a delimiter that wants quotes round its cell."
                        if cell.sheet is None
                        else f"Name the column, or say in columns.yaml what {called(cell.column)!r} is, or null; or delete the cell.",
                    )
                    row.problems.append(replace(nameless, like="nameless"))
                continue
            column = asked.column
            if cell.blank and (not asked.values or (normal(cell.text) or cell.text) not in asked.values):
                if column.key == "direction" and cell.text.strip("-\u2010\u2011\u2012\u2013\u2014\u2212") == "":
                    self._unread(row, cell, column, Ambiguous(["decreases", "not reported"], "Write it in words."))
                continue
            if (normal(cell.text) or cell.text) in self.assembly.mapped.unread.get(key_of(column, self.header.table), ()):
                self._silent(row, column)
                continue
            try:
                for path, value in read(cell, asked):
                    row.say(column.table, path, value, cell)
                if column.kind == "slug":
                    row.names.setdefault((column.table, column.path), asked.values.get(normal(cell.text), as_text(cell)))
                for path, value in asked.match.implies:
                    # a p is of no measure
                    if path != ("measure",) or column.key != "p":
                        row.say(column.table, path, value, self.header.cells[cell.column])
            except Ambiguous as error:
                if error.options:
                    late.append((row, cell, asked, error))
                else:
                    self._unread(row, cell, column, error)
            except Unread as error:
                self._unread(row, cell, column, error)
            odd = dates_in_texts(cell, column)
            if odd is not None:
                row.problems.append(cell.problem(f"{cell.text!r}, a date", "text", odd, odd=True))
        for row, cell, asked, doubt in late:
            self._settle(row, cell, asked, doubt)
        for at, constant in self.constants.items():
            whole.values.setdefault(at, constant)
        for row in (whole, *estimates.values()):
            self._pairs(row)
        return whole, [row for _, row in sorted(estimates.items()) if row.values or row.unread]

    def _findings(self, row: Row, estimates: Sequence[Row]) -> list[Row]:
        """A row for each of its estimates, which share the rest; the row itself where it has one estimate or none."""
        made: list[Row] = []
        for one in estimates:
            # what a column says comes before a constant
            shared = {at: given for at, given in row.values.items() if at not in one.values or given is not self.constants.get(at)}
            finding = replace(row, values=shared, problems=[] if made else [*row.problems], unread=[*row.unread, *one.unread])
            for (table, path), (value, cell) in one.values.items():
                finding.say(table, path, value, cell)
            finding.problems += one.problems
            if finding.get("findings", ("adjusted",)) is False:
                # a crude estimate is adjusted for nothing
                finding.values.pop(("findings", ("covariates",)), None)
            made.append(finding)
        return made or [row]

    def _unread(self, row: Row, cell: Cell, column: Column, error: Unread) -> None:
        path = key_of(column, self.header.table)
        problem = cell.problem(error.found or shown_in_words(cell.text), error.expected, error.help, path=path)
        if column.kind in {"choice", "bool"}:
            problem = replace(problem, kind=WORD, like=cell.text)
        row.problems.append(problem)
        self._silent(row, column)

    def _silent(self, row: Row, column: Column) -> None:
        row.unread += [(column.table, column.path), *((column.table, more) for more in column.more.values())]

    def _settle(self, row: Row, cell: Cell, asked: Asked, error: Ambiguous) -> None:
        """0.154 of 12/78 is 15.4%: the row's own cases and total tell a fraction from a percentage; else its column does, or its name."""
        column = asked.column
        cases, total = row.get(column.table, ("cases",)), row.get(column.table, ("total",))
        near = [one for one in error.options if cases is not None and total and abs(100 * cases / total - one) < 0.06]
        if cases is None or not total:
            if cell.column in self.in_percent:
                near = [min(error.options)]
            elif asked.match.is_fraction:
                near = [max(error.options)]
        if len(near) == 1:
            row.say(column.table, column.path, near[0], cell)
        else:
            self._unread(row, cell, column, error)

    @cached_property
    def in_percent(self) -> frozenset[int]:
        """The columns of percentages in which a figure is above 1, so that none is a fraction."""
        columns = {column: asked for column, asked in self.asked.items() if asked.column.kind == "percent"}
        found = set()
        for row in self.grid.rows[self.header.index + 1 :]:
            for cell in row:
                if cell.column in columns and cell.column not in found and not cell.blank and "%" not in f"{cell.text}{cell.format}":
                    with contextlib.suppress(Unread):
                        found |= {cell.column for _, value in read(cell, columns[cell.column]) if value > 1}
        return frozenset(found)

    def _pairs(self, row: Row) -> None:
        """One end of an interval needs the other."""
        for (table, path), (value, cell) in list(row.values.items()):
            if (path and isinstance(path[-1], int) and path[0] != "groups") or (len(path) == 4 and path[0] == "groups"):
                self._pair(row, table, path, value, cell)

    def _pair(self, row: Row, table: str, path: Path, value: Any, cell: Cell) -> None:
        other = (*path[:-1], 1 - int(path[-1]))
        if (table, other) not in row.values:
            del row.values[table, path]
            if (table, other) not in row.unread and (table, path[:-1]) not in row.unread:
                row.problems.append(cell.problem(f"{shown_in_words(value)} alone", "both ends", "Give the other end, too, or neither."))

    def _study(self, row: Row, *, in_merged: bool) -> str | None:
        """The study that a row speaks of, by id; it is begun where the row may begin one."""
        table = self.header.table
        begins = table in {"studies", *ROWS_OF}
        owner, key = ("studies", ("id",)) if begins else (table, ("study",))
        study = row.get(owner, key)
        author, year = row.get("studies", ("first_author",)), row.get("studies", ("year",))
        number = study if self.is_loose and str(study).isdecimal() else None
        bare = row.names.get(("studies", ("id",)), "")
        if self.is_loose and study is not None and year is not None and not any(letter.isdigit() for letter in bare):
            # Hubbard of 1996 and Hubbard of 2000
            row.names["studies", ("id",)] = name = f"{bare.rstrip(' ,')} {year}"
            study = slug(name)
            row.values["studies", ("id",)] = (study, row.values["studies", ("id",)][1])
        is_made = number is not None or (study is None and not self.header.has("study" if table in ROWS_OF else "id"))
        if begins and is_made and author is not None and year is not None:
            at = row.values["studies", ("first_author",)][1]
            name = f"{author} {year}"
            if number is not None and self.numbers.setdefault(name, number) != number:
                name = f"{name} {number}"
            study = slug(name)
            if not SLUG.fullmatch(study):
                hint = "Write the author in Latin letters, or give the study a name in a column of its own."
                row.problems.append(at.problem(shown_in_words(author), "a name with Latin letters, to make the study's id of", hint))
                return None
            row.names["studies", ("id",)] = name
            row.values["studies", ("id",)] = (study, at)
        if study is None:
            if not in_merged and (owner, key) not in row.unread:
                row.problems.append(row.first.problem("a row without its study", "the study's name in each row", "Write it into each row."))
            return None
        cell = row.values[owner, key][1]
        name = row.names.get((owner, key), cell.text)
        known = self.assembly.studies
        clash = known[study].named(None, name, cell) if study in known else None
        if clash is not None:
            # which of the two the row speaks of can't be told
            row.problems.append(clash)
            return None
        if table == "studies" and study in known:
            row.problems.append(
                cell.problem(
                    f"the study {study!r} a second time (first in {known[study].cells[('id',)].place})",
                    "one row a study",
                    "Delete one of them.",
                )
            )
            return None
        if study not in known:
            if not begins:
                near = difflib.get_close_matches(study, known, n=1)
                row.problems.append(
                    cell.problem(
                        f"the study {study!r}",
                        "a study of the table studies",
                        f"Did you mean {near[0]!r}?" if near else "Add a row for it there.",
                    )
                )
                return None
            known[study] = TableDocument({"id": study}, is_flat=table in ROWS_OF, of=self.assembly.of)
            known[study].cells[()] = known[study].cells[("id",)] = cell
            known[study].named(None, name, cell)
        return str(study)
