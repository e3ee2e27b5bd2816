"""Commands on the store: serve, check, load, preview, remove, status."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli import citations, running
from api.cli.options import By, Paths, TableOrJson
from schema import outputs
from schema.errors import BadParameter, InputProblems, Unwritable
from schema.report import entries, faults, vocabulary_lines

if TYPE_CHECKING:
    from schema.answer import Preview
    from schema.problems import Problem


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    for command in (serve, check, load, preview, remove, status):
        app.command()(command)


def tell(problems: Sequence[Problem], *, every: bool = False, drafted: bool = False) -> None:
    """Print problems on standard error, each distinct fault once; `drafted`: the unknown names are in a file already."""
    for entry in entries(problems, every=every, drafted=drafted):
        print(entry, file=sys.stderr)


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one.")] = 8000,
    root_path: Annotated[str, typer.Option(help="Path under which a proxy shows it, such as /rdwi.")] = "",
    open: Annotated[bool, typer.Option("--open", help="Open the start page in a browser.")] = False,
) -> None:
    """Build or open the store, and serve the API and its pages."""
    from api.prefix import PATH
    from api.server import run

    if root_path and not PATH.fullmatch(root_path):
        raise BadParameter("root_path", f"{root_path!r} is no path: write it as /rdwi, of letters, digits and . _ ~ -")
    run(running.settings(), host, port, root_path=root_path, open_browser=open)


def check(
    paths: Paths,
    fresh: Annotated[bool, typer.Option("--fresh", help="As load --fresh does: these sheets alone, without the store.")] = False,
    format: TableOrJson = "table",
    every: Annotated[bool, typer.Option("--all", help="Show every place of a fault that is met often, not five.")] = False,
    draft_vocabulary: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the unknown names to that new file, as a vocabulary.yaml to correct.")
    ] = None,
) -> None:
    """Read sheets as a load would, and report every problem and what it costs. Nothing is changed."""
    from graph import opening

    if draft_vocabulary is not None and draft_vocabulary.exists():
        raise Unwritable(f"{draft_vocabulary} is there already. Name another file, or add to it the lines that the report ends with.")
    with running.reporting() as report:
        loaded = opening.check(running.settings(), paths, report, fresh=fresh)
    draft = vocabulary_lines(loaded.problems) if draft_vocabulary is not None else ""
    if draft_vocabulary is not None and draft:
        outputs.save(draft_vocabulary, f"{draft}\n")
    findings, errors = sum(len(study.findings) for study in loaded.studies), len(loaded.errors)
    if format == "json":
        told = [fault.as_json(every=every) for fault in faults(loaded.problems)]
        counts = {"studies": len(loaded.studies), "findings": findings, "errors": errors, "warnings": len(loaded.problems) - errors}
        print(json.dumps({**counts, "problems": told}, ensure_ascii=False))
        sys.exit(1 if errors else 0)
    tell(loaded.problems, every=every, drafted=bool(draft))
    if draft_vocabulary is not None:
        print(f"{draft_vocabulary}: {'correct its kinds' if draft else 'not written, as no name is unknown'}.", file=sys.stderr)
    if errors:
        running.stop(str(InputProblems(loaded.problems)), 1)
    print(f"{len(loaded.studies)} studies with {findings} findings, no errors, {len(loaded.problems)} warnings.")


def load(
    paths: Paths,
    fresh: Annotated[bool, typer.Option("--fresh", help="Start from nothing: only these sheets.")] = False,
    keep_going: Annotated[bool, typer.Option("--keep-going", help="Load the clean studies, and list what is wrong with the rest.")] = False,
    replace_study: Annotated[bool, typer.Option("--replace-study", help="Let another paper take the place of a study of that id.")] = False,
    bibliography: citations.ReferenceFiles = None,
    replace: citations.Replace = False,
    by: By = None,
) -> None:
    """Add or replace studies by id, build the new release, and swap it in whole. With errors, nothing is changed."""
    from graph import opening

    complete = citations.completing(bibliography, replace=replace)
    with running.reporting() as report:
        change = opening.load(
            running.settings(),
            paths,
            fresh=fresh,
            keep_going=keep_going,
            replace_study=replace_study,
            complete=complete,
            by=by,
            report=report,
        )
    tell(change.problems)
    told = f"{len(change.added)} studies added, {len(change.replaced)} replaced."
    print(f"{told if change.changed else 'Nothing changed.'} Release {change.release[:12]}.")
    if any(problem.severity == "error" for problem in change.problems):
        running.stop("Studies with errors were left out.", 1)


def preview(paths: Paths, format: TableOrJson = "table") -> None:
    """What loading sheets would change: associations and pooled prevalences, before and after. Nothing is stored."""
    from graph import opening

    with running.reporting() as report, contextlib.closing(opening.open_store(running.settings(), report)) as store:
        answer = opening.preview(store, paths, report)
    if format == "json":
        print(answer.model_dump_json())
        return
    for problem in answer.problems:
        print(problem, file=sys.stderr)
    for change in ("added", "replaced", "unchanged"):
        ids = [one.id for one in answer.studies if one.change == change]
        if ids:
            print(f"{change}: {', '.join(ids)}")
    print_changes(answer)


def print_changes(answer: Preview) -> None:
    """What would change, before and after."""
    print(f"{answer.total} associations and {len(answer.prevalence)} pooled prevalences would change. Nothing was stored.")
    if answer.items or answer.prevalence:
        from api import tables
        from api.cli import answers

        if answer.items:
            answers.shown(tables.changed(answer.items, "Before and after"))
        if answer.prevalence:
            answers.shown(tables.changed_prevalence(answer.prevalence, "How common, before and after"))


def remove(
    studies: Annotated[list[str], typer.Argument(metavar="STUDY...", help="Studies: ids, DOIs, PMIDs or PMCIDs.")], by: By = None
) -> None:
    """Take studies out, and build the new release."""
    from graph import opening

    with running.reporting() as report:
        change = opening.remove(running.settings(), studies, report, by)
    print(f"{len(change.removed)} studies removed. Release {change.release[:12]}.")


def status(format: TableOrJson = "table") -> None:
    """What the store holds."""
    from graph.questions import lookups

    graph = running.opened()
    answer = graph.store.ask(lambda reader: lookups.release(reader, graph.store))
    if format == "json":
        print(answer.model_dump_json())
        return
    print(f"store     {answer.store}\nrelease   {answer.release}")
    for name, value in {**answer.counts.model_dump(), **answer.versions}.items():
        print(f"{name.replace('_', ' '):<18}{value}")
