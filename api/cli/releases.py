"""Commands on what was: releases, diff."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli import running
from api.cli.options import TableOrJson
from schema.errors import BadParameter

if TYPE_CHECKING:
    from schema.releases import Diff, Moved

# what of an association may not move
FAULTS: dict[str, Callable[[Moved], bool]] = {
    "direction": lambda one: one.turned,
    "certainty": lambda one: (one.before and one.before.certainty) != (one.after and one.after.certainty),
    "estimate": lambda one: (one.before and (one.before.estimate, one.before.ci)) != (one.after and (one.after.estimate, one.after.ci)),
    "any": lambda _: True,
}


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.command()(releases)
    app.command()(diff)


def releases(format: TableOrJson = "table") -> None:
    """The releases that the store keeps, newest first, and what each brought."""
    from graph.questions.releases import releases as kept

    with contextlib.closing(running.opened()) as graph:
        found = kept(graph.store)
    if format == "json":
        print(found.model_dump_json())
        return
    from api import tables
    from api.cli import answers

    answers.shown(tables.releases(found.items))


def diff(
    before: Annotated[str, typer.Argument(metavar="BEFORE", help="A release, by 8 digits of it or more.")],
    after: Annotated[str, typer.Argument(metavar="AFTER", help="Another; the current one where it is left out.")] = "current",
    fail_on: Annotated[
        list[str] | None,
        typer.Option(
            "--fail-on", metavar="direction|certainty|estimate|any", help="Exit with status 1 where that of an association moved (repeat)."
        ),
    ] = None,
    format: TableOrJson = "table",
) -> None:
    """What changed from one release to another: studies, associations, pooled prevalences."""
    from graph.questions.releases import diff as found

    wrong = next((one for one in fail_on or () if one not in FAULTS), None)
    if wrong is not None:
        raise BadParameter("fail_on", f"{wrong!r} is no value of 'fail_on'.", list(FAULTS))
    with contextlib.closing(running.opened()) as graph:
        answer = found(graph.store, before, after)
    if format == "json":
        print(answer.model_dump_json())
    else:
        _shown(answer)
    for fault in fail_on or ():
        failed = sum(map(FAULTS[fault], answer.items))
        if failed:
            running.stop(
                f"{failed} of {answer.total} associations that moved did so in {fault}."
                if fault != "any"
                else f"{failed} associations moved.",
                1,
            )


def _shown(answer: Diff) -> None:
    from api import tables
    from api.cli import answers
    from graph.wording.changes import changes, of_studies

    print(changes(answer))
    for names, how in of_studies(answer):
        print(f"  {how}: {', '.join(names)}")
    if answer.items:
        answers.shown(tables.changed(answer.items, "Before and after"))
    if answer.prevalence:
        answers.shown(tables.moved_prevalence(answer.prevalence))
