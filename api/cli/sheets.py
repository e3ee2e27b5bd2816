"""Commands for tables: an empty workbook to fill in, what the columns of a file are recognised as, and the studies as tables."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli import running
from schema import outputs
from schema.errors import BadParameter, InputProblems, Unwritable

if TYPE_CHECKING:
    from graph.build import EvidenceGraph

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


def columns(
    path: Annotated[Path, typer.Argument(metavar="FILE", help="A workbook (.xlsx), a CSV or TSV file, or a folder of them.")],
) -> None:
    """What the columns of a table are recognised as, what is missing, and a mapping to start from:  rdwi columns FILE > columns.yaml"""
    from graph import opening
    from loaders import files
    from loaders.tables import books as tables
    from loaders.tables.drafts import drafted
    from schema.problems import Problem

    found = files.find([path])
    problems = list(found.problems)
    sources = []
    for sheet in found.sheets:
        source = files.read(sheet)
        if isinstance(source, Problem):
            problems.append(source)
        elif source.is_table or not path.is_dir():
            sources.append(source)
    field = opening.known(running.settings(), found.vocabularies)
    books, wrong = tables.books_of(sources, field)
    problems += wrong
    if books:
        print(drafted(books, field, str(path)), end="")
    if any(problem.severity == "error" for problem in problems):
        raise InputProblems(problems)
    for problem in problems:
        print(problem, file=sys.stderr)


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
