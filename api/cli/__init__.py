"""The command line.

Exit status: 0 done; 1 the input has problems, nothing is by that name, or what was asked for can't be written; 2 wrong usage; 3 the store
can't be reached. Of a signal the command dies, as others do: a shell says 128 and its number.
"""

from __future__ import annotations

from typing import Any

import typer
from pydantic import ValidationError

from api.cli import assistant, citations, graphs, papers, process, questions, releases, sheets, site, stores
from api.cli.running import stop
from schema.errors import BadParameter, InputProblems, PortTaken, RdwiError, StoreError, StoreUnavailable

app = typer.Typer(
    name="rdwi",
    help="The published evidence of a field as a graph, with its papers. Evidence summary, not medical advice.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for _commands in (stores, releases, questions, graphs, assistant, citations, papers, sheets, site):
    _commands.register(app)


def main() -> None:
    """Run a command; tell errors in a sentence or two, and never as a traceback."""
    with process.ending():
        try:
            app()
        except InputProblems as error:
            stores.tell(error.problems)
            stop(str(error), 1)
        except (BadParameter, PortTaken) as error:
            stop(str(error), 2)
        except (StoreError, StoreUnavailable) as error:
            stop(str(error), 3)
        except RdwiError as error:
            stop(str(error), 1)
        except OSError as error:
            # a folder for temporary files that is full, say
            stop(": ".join(filter(None, (error.filename, error.strerror or str(error)))) + ".", 1)
        except ValidationError as error:
            stop(" ".join(_setting(one) for one in error.errors()), 2)


def _setting(error: Any) -> str:
    name = ".".join(str(step) for step in error["loc"])
    return f"The setting or option {name} is wrong: {error['msg'].removeprefix('Value error, ')}."
