"""Commands for tables: an empty workbook to fill in, what the columns of a file are recognised as, and the studies as tables."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from schema import outputs
from schema.errors import BadParameter, InputProblems, Unwritable

if TYPE_CHECKING:
    from graph.build import EvidenceGraph
    from loaders.tables.grid import Grid
    from loaders.tables.headers import Header

ENDINGS = frozenset({".xlsx", ".csv", ".tsv"})
# a folder by such a name would be taken for a table
NOT_WRITTEN = frozenset({".xls", ".xlsm", ".xlsb", ".xltx", ".ods", ".tab", ".txt", ".numbers"})


def register(app: typer.Typer) -> None:
    """Add the commands `template` and `columns`."""
    app.command()(template)
    app.command()(columns)


def template(
    output: Annotated[Path, typer.Argument(metavar="OUT.xlsx", help="The workbook to write; not one that is there already.")],
) -> None:
    """Write an empty workbook to fill in: drop-downs, a line of help a column, and worked rows that are never read as evidence."""
    from graph.opening import field_of
    from graph.settings import Settings
    from loaders.tables.template import empty

    if output.suffix.lower() != ".xlsx":
        raise BadParameter("output", f"{output} is no name of a workbook.", ["a name that ends in .xlsx"])
    if output.exists():
        raise Unwritable(f"{output} is there already. Name another file, so that nothing that was typed is lost.")
    with outputs.binary(output) as file:
        file.write(empty(field_of(Settings())))
    print(f"{output}: fill in its sheets from row 5 on, then  rdwi check {output}")


def columns(path: Annotated[Path, typer.Argument(metavar="FILE", help="A workbook (.xlsx), or a CSV or TSV file.")]) -> None:
    """What the columns of a table are recognised as, and a mapping to start from (save it as columns.yaml beside the table)."""
    import json

    from graph.opening import field_of
    from graph.settings import Settings
    from loaders import files
    from loaders.tables import books as tables
    from loaders.tables import headers
    from schema.problems import Problem

    source = files.read(path)
    if isinstance(source, Problem):
        raise InputProblems([source])
    if not source.is_table:
        raise InputProblems([Problem(source.name, "a file that is no table", "a workbook (.xlsx), or a CSV or TSV file")])
    books, problems = tables.books_of([source], field_of(Settings()))
    if problems:
        raise InputProblems(problems)
    (book,) = books
    print(f"# {path}: save this as columns.yaml beside it, and complete it")
    unknown: dict[str, str | None] = {}
    sheets: list[str] = []
    for grid, found, table in book.headers():
        header = found or headers.likeliest(grid, book.mapped)
        print(f"#\n# {grid.name}: {table or 'no table of ours yet'}" + (f", names in row {header.first.row}" if header is not None else ""))
        if table is None:
            sheets.append(grid.name)
        for line in _recognised(grid, header, unknown):
            print(f"#   {line}")
    print("columns:  # what they are (a key), or null to leave them out" if unknown else "columns: {}")
    for name, key in unknown.items():
        print(f"  {json.dumps(name, ensure_ascii=False)}: null" + (f"  # nearest: {key}" if key else ""))
    if sheets:
        print("# sheets:  # which are studies, populations, prevalence, findings, mechanisms or flat")
        for name in sheets:
            print(f"#   {json.dumps(name, ensure_ascii=False)}: flat")


def _recognised(grid: Grid, header: Header | None, unknown: dict[str, str | None]) -> list[str]:
    """A line a name; what is not recognised is noted with the nearest key."""
    from loaders.tables.columns import key_of, known
    from loaders.tables.grid import letters
    from loaders.tables.headers import nearest

    if header is None:
        names = [cell for cell in grid.rows[0] if isinstance(cell.value, str)]
        unknown.update({cell.text: None for cell in names})
        return [f"{letters(cell.column):3} {cell.text!r}: not recognised" for cell in names]
    lines = []
    for column, cell in header.cells.items():
        match = header.matches.get(column)
        if match is not None:
            implied = "".join(f", {path[0]} {value}" for path, value in match.implies)
            lines.append(f"{letters(column):3} {cell.text!r}: {key_of(match.column, header.table)}{implied}")
        elif column in header.ignored:
            lines.append(f"{letters(column):3} {cell.text!r}: left out by columns.yaml")
        else:
            near = nearest(cell.text, header.table)
            key = key_of(known(header.table)[near].column, header.table) if near is not None else None
            unknown[cell.text] = key
            lines.append(f"{letters(column):3} {cell.text!r}: not recognised" + (f"; nearest: {key}" if key else ""))
    return lines


def write(graph: EvidenceGraph, output: Path) -> None:
    """Write the studies as a workbook (.xlsx) or a flat table (.csv, .tsv); what these can't hold is told on standard error."""
    from loaders.tables import writing

    with outputs.binary(output) as file:
        if output.suffix.lower() == ".xlsx":
            file.write(writing.workbook(graph.studies))
        else:
            text, left_out = writing.flat(graph.studies, "," if output.suffix.lower() == ".csv" else "\t")
            # the mark tells Excel that it is UTF-8
            file.write(text.encode("utf-8-sig"))
            if left_out:
                told = ", ".join(f"{count} {what}" for what, count in left_out.items())
                print(f"A flat table holds findings only. Not in it: {told}.", file=sys.stderr)
    own = len(graph.field.own_terms)
    if own:
        print(f"{own} terms of your own vocabulary are not in it: a folder (--output FOLDER) holds them, too.", file=sys.stderr)
