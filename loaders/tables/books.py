"""Tables as the documents that sheets.py validates: a study each, whose places are cells.

grids (workbook, delimited) -> names of columns (headers) -> values of cells (cells) -> documents

A book is a workbook, the row sets of a folder (studies.csv, findings.csv, ...), or one flat table with a row a finding.
"""

from __future__ import annotations

import contextlib
import gc
import pathlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from loaders import foreign
from loaders.files import Source
from loaders.tables import delimited, headers, mapping, notes, selection, workbook
from loaders.tables.assembly import Assembly, TableDocument
from loaders.tables.columns import FLAT, ROW_SETS, ROWS_OF, Path, by_key, key_of
from loaders.tables.defaults import KEYS, Defaults
from loaders.tables.grid import Grid
from loaders.tables.grid_rows import GridRows
from loaders.tables.headers import Header
from schema.field import EvidenceField
from schema.names import normal
from schema.problems import Problem


def documents_of(
    sources: Sequence[Source], field: EvidenceField, *, with_mapping: bool = True
) -> tuple[list[tuple[str, TableDocument]], list[Problem]]:
    """The studies of all tables, each with the file that it is from, and what is wrong with the tables themselves.

    `with_mapping`: a columns.yaml beside a file says what its columns are.
    """
    found: list[tuple[str, TableDocument]] = []
    with _without_collections():
        books, problems = books_of(sources, field, with_mapping=with_mapping)
        for book in books:
            book.read()
            problems += book.problems
            found += [(book.file, document) for document in book.studies.values()]
    return found, problems


@contextlib.contextmanager
def _without_collections() -> Iterator[None]:
    """Hundreds of thousands of cells are made and none is garbage: looking for some takes a third of the time."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def books_of(sources: Iterable[Source], of: EvidenceField, *, with_mapping: bool = True) -> tuple[list[Book], list[Problem]]:
    """The books of these files, and the files that can't be read."""
    problems: list[Problem] = []
    folders: dict[pathlib.Path, list[Source]] = {}
    for source in sources:
        folders.setdefault(pathlib.Path(source.name).parent, []).append(source)
    books: list[Book] = []
    for folder, inside in folders.items():
        mapped, wrong = mapping.beside(folder, of) if with_mapping else (mapping.NOTHING, [])
        problems += wrong
        if mapped is None:
            # without it, its tables would be misread
            continue
        chosen, wrong = selection.of_files(inside, mapped)
        problems += wrong
        together = Book(str(folder), mapped, of)
        seen: list[Grid] = []
        for source in chosen:
            grids = _grids_of(source)
            if isinstance(grids, Problem):
                problems.append(grids)
                continue
            seen += grids
            grids, wrong = selection.of_sheets(source, grids, mapped)
            problems += wrong
            # a file a factor is one table in parts
            is_part = mapping.SHEET in mapped.constants.values() or normal(pathlib.Path(source.name).stem) in ROW_SETS
            if not source.is_workbook and is_part:
                together.grids += grids
            elif grids:
                books.append(Book(source.name, mapped, of, grids=grids))
        if together.grids:
            books.append(together)
        problems += selection.unmatched(folder, inside, seen, mapped) if mapped.lines else []
    return books, problems


def _grids_of(source: Source) -> list[Grid] | Problem:
    other = foreign.told(source)
    if other is not None:
        return other
    if not source.is_table:
        return Problem(source.name, "a file that is no table", "a workbook (.xlsx), or a CSV or TSV file")
    grids = workbook.grids(source) if source.is_workbook else delimited.grids(source)
    return grids or Problem(source.name, "an empty table", "a row of names, and rows under it")


@dataclass(slots=True)
class Book(Assembly):
    """Tables that belong together. `read` makes their studies and problems."""

    grids: list[Grid] = field(default_factory=list)

    def read(self) -> None:
        self.problems += [problem for grid in self.grids for problem in grid.problems]
        tables = [(grid, header, table) for grid, header, table in self.headers() if header is not None and table is not None]
        # studies before what speaks of them, populations before the rows that name them
        order = [*ROW_SETS, *ROWS_OF]
        self.has_populations = any(table == "populations" for _, _, table in tables)
        has_rows = False
        silent: set[Path] = set()
        for grid, header, table in sorted(tables, key=lambda one: order.index(one[2])):
            self.problems += notes.taken_out(grid, header)
            unsaid = Defaults(grid, header, self.of, self.mapped.constants)
            unneeded = {**self.mapped.constants, **(dict.fromkeys(KEYS, "") if table in ROWS_OF else {})}
            self.problems += headers.problems(grid, header, replace(self.mapped, constants=unneeded), self.of)
            if grid.delimiter is not None:
                self.problems += delimited.shifted(grid, header)
            for column in by_key(table).values():
                key = key_of(column, table)
                if key in self.mapped.faulty or (column.needed and not header.has(key) and not headers.derived(key, header)):
                    silent.add((column.path[0],) if column.table == "studies" else (column.table, column.path[0]))
                    if table in ROWS_OF and column.table == "populations":
                        silent.add((ROWS_OF[table], "population"))
            has_rows |= GridRows(self, grid, header, unsaid).read()
            if table in ROWS_OF:
                unsaid.finish(self.studies.values())
            self.problems += unsaid.problems()
        if not has_rows and not any(one.severity == "error" for one in self.problems):
            what = "nothing but the worked examples of the template" if self.examples else "no rows"
            self.problems.append(Problem(self.file, what, "rows of your own under the names of the columns"))
        blocked = self.mapped.wrong or any(one.severity == "error" for one in self.problems)
        for document in self.studies.values():
            document.silent |= silent
            document.blocked = blocked

    def headers(self) -> list[tuple[Grid, Header | None, str | None]]:
        """Each grid with its names and its table; a problem for each that is none."""
        named = {self.mapped.sheets.get(normal(grid.name), normal(grid.name)) for grid in self.grids}
        found = []
        for grid in self.grids:
            table = headers.kind(grid, self.mapped, with_studies="studies" in named)
            header = headers.found(grid, table, self.mapped) if table is not None else None
            found.append((grid, header, table))
            first = grid.rows[0][0]
            if table is not None and header is None:
                self.problems.append(
                    first.problem(
                        f"no row that names the columns of {table}",
                        "a row of names, such as study, exposure, outcome",
                        "`rdwi columns` tells which names are recognised and prints a mapping to start from.",
                    )
                )
            elif table is None:
                # a workbook may hold sheets of other things beside its tables
                hint = "Rename it, or say in columns.yaml what it is; `rdwi columns` prints a mapping to start from."
                flat = headers.found(grid, FLAT, self.mapped)
                if flat is not None and (lacking := headers.lacking(flat, {} if "studies" in named else self.mapped.constants)):
                    # it has some of our columns
                    needs = f"A table of findings needs the columns {' and '.join(lacking)}: add them, or give constants in columns.yaml."
                    hint = f"{needs} {hint}"
                self.problems.append(
                    first.problem(
                        f"{'the sheet ' if first.sheet is not None else ''}{grid.name!r}, which is no table of ours",
                        f"one of {', '.join(ROW_SETS)}, or a table with columns such as study, exposure, outcome",
                        hint,
                        odd=len(self.grids) > 1 and any(one in named for one in ROW_SETS),
                    )
                )
        return found
