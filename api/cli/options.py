"""What commands share of their options."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

Form = Literal["table", "json"]
TableOrJson = Annotated[Form, typer.Option("--format", help="table or json.")]
Paths = Annotated[
    list[str],
    typer.Argument(help="Sheets (YAML, JSON), tables (xlsx, csv, tsv), folders, patterns, or - for standard input.", metavar="PATH..."),
]
Release = Annotated[
    str | None,
    typer.Option("--release", metavar="RELEASE", help="A kept release to ask, by 8 digits of it or more."),
]
By = Annotated[str | None, typer.Option("--by", metavar="NAME", help="Who does it, by name or initials: the release keeps it.")]
