"""`rdwi site`: the pages as a folder of files."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from schema.errors import BadParameter

if TYPE_CHECKING:
    from graph.opening import Graph
    from graph.stores.port import Report


def register(app: typer.Typer, opened: Callable[[], Graph], reporting: Callable[[], AbstractContextManager[Report]]) -> None:
    """Add the command to the application."""

    @app.command()
    def site(folder: Annotated[Path, typer.Argument(metavar="OUT", help="The folder to write, new or empty.")]) -> None:
        """Write the pages as a folder that opens from disk: no server, nothing to install."""
        from api.pages.site import write

        with closing(opened()) as graph, reporting() as report:
            try:
                number = graph.store.ask(lambda reader: write(reader, folder, report))
            except FileExistsError:
                raise BadParameter("OUT", f"{folder} is not empty. Name a new folder.") from None
            except OSError as error:
                raise BadParameter("OUT", f"{folder} can't be written: {error.strerror}.") from error
        print(f"{number} pages: open {folder / 'index.html'} in a browser.")
