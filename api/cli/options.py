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
