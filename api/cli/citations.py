"""Commands on the papers themselves: bibliographies in, citations out."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from api.cli.options import Paths
from graph.questions import QUESTIONS
from schema.errors import BadParameter, RdwiError

if TYPE_CHECKING:
    from graph.stores.port import Reader
    from schema.bibliography import Bibliography, Matched
    from schema.study import Study


_MOST_UNUSED = 20  # a library is larger than a review


ReferenceFiles = Annotated[
    list[Path] | None,
    typer.Option(
        "--bibliography", metavar="FILE", help="Fill in bibliographies from that reference file (repeat), as rdwi bibliography does."
    ),
]
Replace = Annotated[bool, typer.Option("--replace", help="Where sheet and reference file differ, take what the file says.")]


def completing(reference_files: Sequence[Path] | None, *, replace: bool) -> Callable[[Sequence[Study]], Sequence[Study]] | None:
    """What fills in the bibliographies of studies that are loaded, and tells so."""
    if not reference_files:
        if replace:
            raise BadParameter("replace", "--replace says what --bibliography does; name a reference file, too.")
        return None

    def complete(studies: Sequence[Study]) -> Sequence[Study]:
        from loaders.references import bibliography as bibliographies

        completed, told = bibliographies.complete(studies, reference_files, replace=replace)
        _print_told(told)
        return completed

    return complete


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.command()(bibliography)
    app.command(context_settings={"ignore_unknown_options": True, "allow_extra_args": True})(cite)


def cite(
    context: typer.Context,
    about: Annotated[
        list[str],
        typer.Argument(
            metavar="QUESTION|STUDY...",
            help="A question with its arguments and options, as the command has it; or studies: ids, DOIs, PMIDs or PMCIDs.",
        ),
    ],
    format: Annotated[Literal["ris", "bibtex", "csl-json"], typer.Option("--format", help="ris, bibtex or csl-json.")] = "ris",
) -> None:
    """The papers behind an answer, or some papers, for a reference manager."""
    if about[0] not in {"study", *(question.called() for question in QUESTIONS if "ris" in question.formats)}:
        options = [word for word in about if word.startswith("-")]
        if options:
            raise BadParameter("option", f"There is no option {options[0]} with studies.", ["--format"])
        cite_studies(about, format)
        return
    assert context.parent is not None
    command: Any = context.parent.command
    question = command.commands[about[0]]
    with question.make_context(about[0], [*about[1:], "--format", format], parent=context.parent) as inner:
        question.invoke(inner)


def cite_studies(names: Sequence[str], format: Literal["ris", "bibtex", "csl-json"]) -> None:
    from api.cli import answers
    from graph import citations
    from graph.opening import open_graph
    from schema.identity import all_named

    def text(reader: Reader) -> str:
        return citations.of_studies(reader, all_named(names, reader.studies()), format)

    with contextlib.closing(open_graph()) as graph:
        answers.write(graph.store.ask(text), "utf-8")


def bibliography(
    paths: Paths,
    references: Annotated[
        list[Path],
        typer.Option(
            "--from", metavar="FILE", help="Reference file (repeat): RIS, PubMed's nbib, BibTeX, CSL-JSON, Web of Science's text."
        ),
    ],
    replace: Replace = False,
    in_place: Annotated[bool, typer.Option("--in-place", help="Write into the sheets; comments and layout stay.")] = False,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write copies of the sheets there: a folder, new or empty.")] = None,
    format: Annotated[Literal["table", "json"], typer.Option("--format", help="table or json.")] = "table",
) -> None:
    """Fill in what sheets lack of title, authors, year, journal and ids, from reference files, by DOI, PMID or title.

    Without --in-place or --output it only tells what it would fill in.
    """
    from loaders.references import bibliography as bibliographies

    if in_place and output is not None:
        raise BadParameter("output", "--in-place and --output are two ways of writing; give one of them.")
    try:
        told = bibliographies.fill(paths, references, replace=replace, in_place=in_place, output=output)
    except FileExistsError:
        raise RdwiError(f"{output} is a file or not empty. Name a new folder.") from None
    if format == "json":
        print(told.model_dump_json())
        return
    _print_told(told)
    if in_place or output is not None:
        print(f"{len(told.written)} files written.")
    else:
        print("Nothing was written: --in-place writes into the sheets, --output FOLDER writes copies.")


def _print_told(told: Bibliography) -> None:
    for warning in told.warnings:
        print(warning)
    for one in told.studies:
        _print_matched(one)
    for reference in told.unused[:_MOST_UNUSED]:
        about = reference.title or reference.doi or reference.pmid or "untitled"
        print(f"matches no sheet: {reference.place}: {about}")
    if len(told.unused) > _MOST_UNUSED:
        print(f"matches no sheet: {len(told.unused) - _MOST_UNUSED} more references (rdwi bibliography --format json lists all)")
    counts = Counter(one.status for one in told.studies)
    summary = (
        f"{counts['filled']} filled in, {counts['agrees']} with nothing to fill in, {counts['doubtful']} doubtful, "
        f"{counts['several']} that match several papers, {counts['none']} that match none"
    )
    print(f"{len(told.studies)} sheets: {summary}; {len(told.unused)} references match no sheet.")


def _print_matched(one: Matched) -> None:
    where = f" ({one.by}, {'; '.join(one.references)})" if one.references else ""
    if one.filled:
        print(f"{one.study}: filled in{where}: {_shown(one.filled)}")
    for difference in one.differs:
        verb = "replaced" if difference.replaced else "kept"
        sheet = "nothing" if difference.sheet is None else _value(difference.sheet)
        print(f"{one.study}: {verb}{where}: {difference.field} {sheet}; the file says {_value(difference.file)}")
    if one.status in {"doubtful", "several"}:
        print(f"{one.study}: {'doubtful' if one.status == 'doubtful' else 'several papers'}, nothing filled in{where}: {one.why}")
    if one.status == "none":
        print(f"{one.study}: no reference{f': {one.why}' if one.why else ''}")


def _shown(values: dict[str, Any]) -> str:
    return "; ".join(f"{name} {_value(value)}" for name, value in values.items())


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(map(str, value.values()))
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(str(one) for one in value[:3]) + (f" and {len(value) - 3} more" if len(value) > 3 else "")
    return str(value)
