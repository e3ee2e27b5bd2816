"""Commands on the whole graph, and on one study: export, study."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from api.cli import running, sheets
from api.cli.options import Release
from schema import outputs
from schema.errors import BadParameter

if TYPE_CHECKING:
    from graph.build import EvidenceGraph
    from graph.stores.port import Reader


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.command()(study)
    app.command()(export)


def study(
    id: Annotated[str, typer.Argument(metavar="ID", help="The study: its id, DOI, PMID or PMCID.")],
    format: Annotated[
        Literal["table", "json", "csv", "tsv", "ris", "bibtex", "csl-json"],
        typer.Option("--format", help="table, json (as the API gives it), csv or tsv (its rows), or the paper: ris, bibtex, csl-json."),
    ] = "table",
    release: Release = None,
) -> None:
    """One study, and how each of its rows was read."""
    from api import tables
    from api.cli import answers
    from graph import citations
    from graph.questions import lookups
    from schema.association import Row

    if format in citations.MEDIA:
        answers.write(running.ask(lambda reader: citations.cited(reader, lookups.study(reader, id), format), release), "utf-8")
        return
    answer = running.ask(lambda reader: lookups.study(reader, id), release)
    if format == "json":
        print(answer.model_dump_json())
    elif format == "table":
        answers.study(answer)
    else:
        answers.write(tables.delimited(answer.rows, Row, "," if format == "csv" else "\t"))


def export(
    form: Annotated[
        Literal["node-link", "graphml", "kgx", "csv", "metafor", "sheets", "neo4j-admin"],
        typer.Argument(metavar="FORMAT", help="node-link, graphml, kgx, csv, metafor, sheets or neo4j-admin."),
    ],
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            help="The file to write (node-link, graphml), for others a folder, new or empty; for sheets also a .xlsx, .csv or .tsv file.",
        ),
    ],
    population: Annotated[
        str | None,
        typer.Option(help="Only the rows of that population and its parts, and its own derived edges (not sheets, not neo4j-admin)."),
    ] = None,
    release: Release = None,
) -> None:
    """Write the whole graph to a file, or a folder of files, for other programs."""
    from api.exports import FORMATS, write

    if population is not None and (form == "neo4j-admin" or not FORMATS[form].by_population):
        raise BadParameter("population", f"{form} takes the whole graph, and no --population.")
    if form == "sheets" and output.suffix.lower() in sheets.NOT_WRITTEN:
        raise BadParameter("output", f"{output} is no name of a table that is written.", sorted(sheets.ENDINGS))

    def asked(reader: Reader) -> tuple[EvidenceGraph, str | None]:
        return reader.laid_out(), reader.field().populations.resolve(population).id if population is not None else None

    graph, node = running.ask(asked, release)
    try:
        if form == "sheets" and output.suffix.lower() in sheets.ENDINGS:
            sheets.write(graph, output)
        elif form == "neo4j-admin":
            from graph.stores.neo4j import bulk

            bulk.write(graph, output)
        else:
            write(graph, form, output, node)
    except FileExistsError:
        running.stop(f"{output} is a file or not empty. Name a new folder.", 1)
    if outputs.is_stream(output):
        # what is said would stand in it
        return
    if output.is_file():
        print(f"{output}: {output.stat().st_size} bytes")
        return
    then = {
        "metafor": "; in it run  Rscript metafor.R",
        "neo4j-admin": "; in it run  neo4j-admin database import full neo4j @import.args  and, once it is started, schema.cypher",
    }
    print(f"{output}: {sum(one.is_file() for one in output.rglob('*'))} files{then.get(form, '')}")
