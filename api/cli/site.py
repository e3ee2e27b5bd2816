"""`rdwi site`: the pages as a folder of files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from api.cli import running
from api.cli.options import Release
from schema.errors import BadParameter


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command()(site)


def site(
    folder: Annotated[Path, typer.Argument(metavar="OUT", help="The folder to write, new or empty.")], release: Release = None
) -> None:
    """Write the pages as a folder that opens from disk: no server, nothing to install."""
    from api.pages.site import write
    from api.report import REPORT

    REPORT.set(running.settings().report_url)

    with running.reporting() as report:
        try:
            number = running.ask(lambda reader: write(reader, folder, report), release)
        except FileExistsError:
            raise BadParameter("OUT", f"{folder} is not empty. Name a new folder.") from None
    print(f"{number} pages: open {folder / 'index.html'} in a browser.")
