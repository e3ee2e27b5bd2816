"""The command line.

Exit status: 0 done; 1 the input has problems or nothing is by that name; 2 wrong usage; 3 the store can't be reached.
"""

from __future__ import annotations

import contextlib
import io
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, NoReturn, get_args

import typer
from pydantic import BaseModel, ValidationError

from schema.answer import StudyItem, TermItem
from schema.association import Association, CertaintyLevel, Direction, Mechanism, PrevalenceRow, Row
from schema.errors import BadParameter, InputProblems, PortTaken, RdwiError, StoreError, StoreUnavailable
from schema.study import Design
from schema.vocabulary import Kind

if TYPE_CHECKING:
    from rich.table import Table

    from graph.filters import Filters
    from graph.lists import Narrow, Page
    from graph.opening import Graph, Report
    from graph.settings import Settings
    from schema.answer import Answer
    from schema.problems import Problem

app = typer.Typer(
    name="rdwi",
    help="The published evidence on remote DWI lesions (R-DWI) after intracerebral haemorrhage. Evidence summary, not medical advice.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


class Format(StrEnum):
    table = "table"
    json = "json"
    csv = "csv"
    tsv = "tsv"


# what the questions share; the names are those of the API, with hyphens
Population = Annotated[str | None, typer.Option(help="Population: id, name or synonym; its parts are included. ICH where it is left out.")]
DesignOption = Annotated[
    list[str] | None,
    typer.Option("--design", metavar="DESIGN", help=f"Keep studies of that design (repeat): {', '.join(get_args(Design))}."),
]
Adjusted = Annotated[bool | None, typer.Option("--adjusted/--not-adjusted", help="Keep rows known to be adjusted, or not.")]
Randomised = Annotated[
    bool | None, typer.Option("--randomised/--observational", help="Keep comparisons of randomised arms, or all others.")
]
MinN = Annotated[int | None, typer.Option(min=1, help="Keep rows of at least that many patients.")]
YearFrom = Annotated[int | None, typer.Option(min=1900, max=2100, help="Keep studies published in or after that year.")]
YearTo = Annotated[int | None, typer.Option(min=1900, max=2100, help="Keep studies published in or before that year.")]
MaxMriDay = Annotated[float | None, typer.Option(min=0, help="Keep studies whose last MRI was at or before that day after onset.")]
Exclude = Annotated[list[str] | None, typer.Option(help="Leave out that study (repeat).")]
Indirect = Annotated[bool, typer.Option("--indirect", help="Add the evidence of wider populations, beside the population's own.")]
KindOption = Annotated[Kind | None, typer.Option("--kind", help="Keep items of that kind.")]
Category = Annotated[str | None, typer.Option(help="Keep items of that category.")]
DirectionOption = Annotated[Direction | None, typer.Option("--direction", help="Keep associations of that direction.")]
CertaintyOption = Annotated[CertaintyLevel | None, typer.Option("--certainty", help="Keep associations of that certainty.")]
ContestedOption = Annotated[bool | None, typer.Option("--contested/--not-contested", help="Keep associations that are contested, or not.")]
MinCohorts = Annotated[int | None, typer.Option(min=0, help="Keep associations of at least that many independent cohorts.")]
Sort = Annotated[str | None, typer.Option(help="certainty, cohorts, weight, estimate, patients or name, ascending; - before it turns it.")]
Limit = Annotated[int | None, typer.Option(min=1, max=500, help="How many items; 50 where it is left out (csv and tsv: all).")]
Offset = Annotated[int, typer.Option(min=0, help="How many items to leave out first.")]
Form = Annotated[Format, typer.Option("--format", help="table, json (as the API gives it), csv or tsv.")]
Paths = Annotated[list[str], typer.Argument(help="Sheets (YAML, JSON), folders, patterns, or - for standard input.", metavar="PATH...")]


def main() -> None:
    """Run a command; tell errors in a sentence or two, and never as a traceback."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        # what a terminal's encoding doesn't hold is shown as ?
        sys.stdout.reconfigure(errors="replace")
    try:
        app()
    except InputProblems as error:
        _tell(error.problems)
        _stop(str(error), 1)
    except (BadParameter, PortTaken) as error:
        _stop(str(error), 2)
    except (StoreError, StoreUnavailable) as error:
        _stop(str(error), 3)
    except RdwiError as error:
        _stop(str(error), 1)
    except ValidationError as error:
        _stop(" ".join(_setting(one) for one in error.errors()), 2)


def _setting(error: Any) -> str:
    name = ".".join(str(step) for step in error["loc"])
    return f"The setting or option {name} is wrong: {error['msg'].removeprefix('Value error, ')}."


def _stop(message: str, status: int) -> NoReturn:
    print(f"rdwi: {message}", file=sys.stderr)
    sys.exit(status)


def _tell(problems: Iterable[Problem]) -> None:
    for problem in problems:
        print(problem, file=sys.stderr)


# --- running the store ---


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one.")] = 8000,
    open: Annotated[bool, typer.Option("--open", help="Open the start page in a browser.")] = False,
) -> None:
    """Build or open the store, and serve the API and its pages."""
    from api.server import run

    run(_settings(), host, port, open_browser=open)


@app.command()
def check(paths: Paths) -> None:
    """Read sheets and report every problem. Nothing is changed."""
    from graph import opening

    with _report() as report:
        loaded = opening.check(_settings(), paths, report)
    if loaded.errors:
        raise InputProblems(loaded.problems)
    _tell(loaded.problems)
    findings = sum(len(study.findings) for study in loaded.studies)
    print(f"{len(loaded.studies)} studies with {findings} findings, no errors, {len(loaded.problems)} warnings.")


@app.command()
def load(
    paths: Paths,
    fresh: Annotated[bool, typer.Option("--fresh", help="Start from nothing: only these sheets.")] = False,
    keep_going: Annotated[bool, typer.Option("--keep-going", help="Load the clean studies, and list what is wrong with the rest.")] = False,
) -> None:
    """Add or replace studies by id, build the new release, and swap it in whole. With errors, nothing is changed."""
    from graph import opening

    with _report() as report:
        change = opening.load(_settings(), paths, fresh=fresh, keep_going=keep_going, report=report)
    _tell(change.problems)
    print(f"{len(change.added)} studies added, {len(change.replaced)} replaced. Release {change.release[:12]}.")
    if any(problem.severity == "error" for problem in change.problems):
        _stop("Studies with errors were left out.", 1)


@app.command()
def remove(studies: Annotated[list[str], typer.Argument(metavar="STUDY...", help="Study ids.")]) -> None:
    """Take studies out, and build the new release."""
    from graph import opening

    with _report() as report:
        change = opening.remove(_settings(), studies, report)
    print(f"{len(change.removed)} studies removed. Release {change.release[:12]}.")


@app.command()
def status(format: Annotated[Literal["table", "json"], typer.Option("--format", help="table or json.")] = "table") -> None:
    """What the store holds."""
    from graph import questions

    graph = _open()
    answer = questions.release(graph.reader, graph.store.name)
    if format == "json":
        print(answer.model_dump_json())
        return
    print(f"store     {answer.store}\nrelease   {answer.release}")
    for name, value in {**answer.counts.model_dump(), **answer.versions}.items():
        print(f"{name.replace('_', ' '):<18}{value}")


# --- questions ---


@app.command()
def factors(
    lesion: Annotated[str, typer.Argument(help="The lesion or outcome.")] = "r-dwi",
    population: Population = None,
    design: DesignOption = None,
    adjusted: Adjusted = None,
    randomised: Randomised = None,
    min_n: MinN = None,
    year_from: YearFrom = None,
    year_to: YearTo = None,
    max_mri_day: MaxMriDay = None,
    exclude: Exclude = None,
    indirect: Indirect = False,
    kind: KindOption = None,
    category: Category = None,
    direction: DirectionOption = None,
    certainty: CertaintyOption = None,
    contested: ContestedOption = None,
    min_cohorts: MinCohorts = None,
    sort: Sort = None,
    limit: Limit = None,
    offset: Offset = 0,
    format: Form = Format.table,
) -> None:
    """The factors linked to a lesion (R-DWI where none is named)."""
    from api import tables
    from graph import questions

    filters = _filters(design, adjusted, randomised, min_n, year_from, year_to, max_mri_day, exclude, indirect)
    narrow = _narrow(kind, category, direction, certainty, contested, min_cohorts)
    answer = questions.factors(_reader(), lesion, population, filters=filters, narrow=narrow, page=_page(limit, offset, format, sort))
    title = f"Factors linked to {answer.query['lesion']} in {answer.query['population']}"
    _show(answer, Association, format, lambda: tables.associations(answer.items, "exposure", title))


@app.command()
def outcomes(
    exposure: Annotated[str, typer.Argument(help="The exposure.")] = "r-dwi",
    population: Population = None,
    design: DesignOption = None,
    adjusted: Adjusted = None,
    randomised: Randomised = None,
    min_n: MinN = None,
    year_from: YearFrom = None,
    year_to: YearTo = None,
    max_mri_day: MaxMriDay = None,
    exclude: Exclude = None,
    indirect: Indirect = False,
    kind: KindOption = None,
    category: Category = None,
    direction: DirectionOption = None,
    certainty: CertaintyOption = None,
    contested: ContestedOption = None,
    min_cohorts: MinCohorts = None,
    sort: Sort = None,
    limit: Limit = None,
    offset: Offset = 0,
    format: Form = Format.table,
) -> None:
    """What an exposure (R-DWI where none is named) is linked to."""
    from api import tables
    from graph import questions

    filters = _filters(design, adjusted, randomised, min_n, year_from, year_to, max_mri_day, exclude, indirect)
    narrow = _narrow(kind, category, direction, certainty, contested, min_cohorts)
    answer = questions.outcomes(_reader(), exposure, population, filters=filters, narrow=narrow, page=_page(limit, offset, format, sort))
    title = f"What {answer.query['exposure']} is linked to in {answer.query['population']}"
    _show(answer, Association, format, lambda: tables.associations(answer.items, "outcome", title))


@app.command()
def contested(
    lesion: Annotated[str | None, typer.Option(help="Keep associations with this lesion on either side.")] = None,
    outcome: Annotated[str | None, typer.Option(help="Keep associations with this outcome.")] = None,
    population: Population = None,
    design: DesignOption = None,
    adjusted: Adjusted = None,
    randomised: Randomised = None,
    min_n: MinN = None,
    year_from: YearFrom = None,
    year_to: YearTo = None,
    max_mri_day: MaxMriDay = None,
    exclude: Exclude = None,
    indirect: Indirect = False,
    sort: Sort = None,
    limit: Limit = None,
    offset: Offset = 0,
    format: Form = Format.table,
) -> None:
    """Where the evidence contradicts itself: the camps, and what differs between them."""
    from api import tables
    from graph import questions

    filters = _filters(design, adjusted, randomised, min_n, year_from, year_to, max_mri_day, exclude, indirect)
    answer = questions.contested(_reader(), lesion, outcome, population, filters=filters, page=_page(limit, offset, format, sort))
    _show(answer, Association, format, lambda: tables.associations(answer.items, "both", f"Contested in {answer.query['population']}"))
    if format is Format.table:
        for one in answer.items:
            assert one.contested is not None
            print(f"\n{one.exposure.name} > {one.outcome.name}: {one.contested.why}.")
            for camp in one.contested.camps:
                print(f"  {camp.report}: {', '.join(camp.studies)} ({camp.patients} patients)")
            for difference in one.contested.differences:
                print(f"  they differ in {difference}")


@app.command()
def evidence(
    exposure: Annotated[str, typer.Argument(help="The exposure.")],
    outcome: Annotated[str, typer.Argument(help="The outcome.")],
    population: Population = None,
    design: DesignOption = None,
    adjusted: Adjusted = None,
    randomised: Randomised = None,
    min_n: MinN = None,
    year_from: YearFrom = None,
    year_to: YearTo = None,
    max_mri_day: MaxMriDay = None,
    exclude: Exclude = None,
    indirect: Indirect = False,
    format: Form = Format.table,
) -> None:
    """One association: the synthesis, every row, and how it was used."""
    from api import tables
    from graph import questions

    filters = _filters(design, adjusted, randomised, min_n, year_from, year_to, max_mri_day, exclude, indirect)
    answer = questions.evidence(_reader(), exposure, outcome, population, filters=filters)
    if format is Format.json:
        print(answer.model_dump_json())
        return
    if format is not Format.table:
        _write(tables.delimited(answer.rows, Row, "," if format is Format.csv else "\t"))
        return
    title = f"{answer.query['exposure']} > {answer.query['outcome']} in {answer.query['population']}"
    if answer.association is None:
        print(f"{title}: {answer.why.text if answer.why else 'nothing is known.'}")
        return
    one = answer.association
    _print(tables.associations([one], "exposure", title))
    for reason in one.reasons:
        print(f"  certainty, {reason.domain}: {reason.text}" + (f" ({reason.step:+d})" if reason.step else ""))
    if one.contested is not None:
        print(f"  contested: {one.contested.why}")
    _print(tables.rows(answer.rows, "Rows"))
    _notes(answer.note, answer.unknown_dropped)


@app.command()
def prevalence(
    lesion: Annotated[str, typer.Argument(help="The lesion.")] = "r-dwi",
    population: Population = None,
    design: DesignOption = None,
    adjusted: Adjusted = None,
    randomised: Randomised = None,
    min_n: MinN = None,
    year_from: YearFrom = None,
    year_to: YearTo = None,
    max_mri_day: MaxMriDay = None,
    exclude: Exclude = None,
    indirect: Indirect = False,
    format: Form = Format.table,
) -> None:
    """How common a lesion is: pooled, by window of time, by study."""
    from api import tables
    from graph import questions

    filters = _filters(design, adjusted, randomised, min_n, year_from, year_to, max_mri_day, exclude, indirect)
    answer = questions.prevalence(_reader(), lesion, population, filters=filters)
    if format is Format.json:
        print(answer.model_dump_json())
        return
    own = answer.prevalence
    if format is not Format.table:
        _write(tables.delimited(own.rows, PrevalenceRow, "," if format is Format.csv else "\t"))
        return
    if answer.why is not None:
        print(answer.why.text)
        return
    _print(tables.prevalence([own, *answer.populations], f"How common: {own.lesion.name}"))
    _print(tables.windows(own.windows, f"By time of MRI, {own.population.name}"))
    _print(tables.prevalence_rows(own.rows, "Studies"))
    for published in own.published:
        if published.pct is not None and published.ci is not None:
            text = f"{published.pct}% ({published.ci[0]}-{published.ci[1]})"
            print(f"  published: {published.study.label}: {text}" + (f", {published.k} studies" if published.k else ""))
    _notes(answer.note, answer.unknown_dropped)


@app.command()
def mechanisms(
    lesion: Annotated[str, typer.Argument(help="The lesion or outcome.")] = "r-dwi",
    limit: Limit = None,
    offset: Offset = 0,
    format: Form = Format.table,
) -> None:
    """What papers claim of the mechanisms of a lesion."""
    from api import tables
    from graph import questions

    answer = questions.mechanisms(_reader(), lesion, page=_page(limit, offset, format, None))
    _show(answer, Mechanism, format, lambda: tables.mechanisms(answer.items, f"Mechanisms that papers name for {answer.query['lesion']}"))


@app.command()
def studies(
    text: Annotated[str | None, typer.Argument(help="Words of id, title, authors, journal or cohorts.")] = None,
    design: DesignOption = None,
    year_from: YearFrom = None,
    year_to: YearTo = None,
    country: Annotated[str | None, typer.Option(help="One of the study's countries.")] = None,
    limit: Limit = None,
    offset: Offset = 0,
    format: Form = Format.table,
) -> None:
    """The studies."""
    from api import tables
    from graph import questions

    answer = questions.studies(
        _reader(),
        text,
        design=_designs(design),
        year_from=year_from,
        year_to=year_to,
        country=country,
        page=_page(limit, offset, format, None),
    )
    _show(answer, StudyItem, format, lambda: tables.plain(answer.items, ("id", "year", "design", "n", "journal", "title"), "Studies"))


@app.command()
def study(
    id: Annotated[str, typer.Argument(metavar="ID", help="The study's id.")],
    format: Form = Format.table,
) -> None:
    """One study, and how each of its rows was read."""
    from api import tables
    from graph import questions

    answer = questions.study(_reader(), id)
    if format is Format.json:
        print(answer.model_dump_json())
        return
    if format is not Format.table:
        _write(tables.delimited(answer.rows, Row, "," if format is Format.csv else "\t"))
        return
    sheet = answer.study
    print(f"{answer.label}: {sheet.title or 'title not shown'}")
    print(f"  {sheet.design or 'design not reported'}, n = {sheet.n or 'not reported'}, read as {sheet.read}")
    for name in ("journal", "doi", "pmid"):
        if getattr(sheet, name):
            print(f"  {name}: {getattr(sheet, name)}")
    if answer.shares_patients_with:
        print(f"  shares patients with {', '.join(answer.shares_patients_with)}")
    columns = ("exposure", "outcome", "direction", "measure", "value", "p", "kind", "used", "why")
    _print(tables.plain(answer.rows, columns, "Findings"))
    if answer.claims:
        _print(tables.plain(answer.claims, ("stance", "basis", "links"), "Mechanisms"))


@app.command()
def terms(
    text: Annotated[str | None, typer.Argument(help="Part of an id, name or synonym, British or American.")] = None,
    kind: KindOption = None,
    limit: Limit = None,
    offset: Offset = 0,
    format: Form = Format.table,
) -> None:
    """The terms of the vocabulary."""
    from api import tables
    from graph import questions

    answer = questions.terms(_reader(), text, kind=kind, page=_page(limit, offset, format, None))
    _show(answer, TermItem, format, lambda: tables.plain(answer.items, ("id", "name", "kind", "synonyms", "findings"), "Terms"))


@app.command()
def export(
    form: Annotated[Literal["node-link", "graphml"], typer.Argument(metavar="FORMAT", help="node-link or graphml.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The file to write.")],
    population: Population = None,
) -> None:
    """Write the whole graph to a file."""
    from api.graphs import written

    content = written(_reader(), form, population)
    try:
        output.write_bytes(content)
    except OSError as error:
        _stop(f"{output} can't be written: {error.strerror}.", 1)
    print(f"{output}: {len(content)} bytes")


# --- what commands share ---


def _settings() -> Settings:
    from graph.settings import Settings

    return Settings()


def _open() -> Graph:
    from graph.opening import Graph, open_store

    with _report() as report:
        return Graph(open_store(_settings(), report))


def _reader() -> Any:
    return _open().reader


@contextlib.contextmanager
def _report() -> Iterator[Report]:
    """A progress bar on standard error, where that is a terminal."""
    if not sys.stderr.isatty():
        yield lambda _what, _done, _total: None
        return
    from rich.console import Console
    from rich.progress import Progress, TaskID

    with Progress(console=Console(stderr=True), transient=True) as progress:
        tasks: dict[str, TaskID] = {}

        def show(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = progress.add_task(what, total=total)
            progress.update(tasks[what], completed=done, total=total)

        yield show


def _designs(given: Sequence[str] | None) -> tuple[Design, ...]:
    known: dict[str, Design] = {one: one for one in get_args(Design)}
    for one in given or ():
        if one not in known:
            raise BadParameter("design", f"{one!r} is no study design.", list(known))
    return tuple(known[one] for one in given or ())


def _filters(
    design: Sequence[str] | None,
    adjusted: bool | None,
    randomised: bool | None,
    min_n: int | None,
    year_from: int | None,
    year_to: int | None,
    max_mri_day: float | None,
    exclude: Sequence[str] | None,
    indirect: bool,
) -> Filters:
    from graph.filters import Filters

    return Filters(
        design=_designs(design),
        adjusted=adjusted,
        randomised=randomised,
        min_n=min_n,
        year_from=year_from,
        year_to=year_to,
        max_mri_day=max_mri_day,
        exclude=tuple(exclude or ()),
        indirect=indirect,
    )


def _narrow(
    kind: Any,
    category: str | None,
    direction: Direction | None,
    certainty: CertaintyLevel | None,
    contested: bool | None,
    min_cohorts: int | None,
) -> Narrow:
    from graph.lists import Narrow

    return Narrow(
        kind,
        category,
        direction,
        certainty,
        contested,
        min_cohorts,
    )


def _page(limit: int | None, offset: int, format: Format, sort: str | None) -> Page:
    from graph.lists import Page

    everything = format in {Format.csv, Format.tsv}
    return Page(limit if limit is not None or everything else 50, offset, sort)


def _show(answer: Answer[Any], model: type[BaseModel], format: Format, table: Callable[[], Table]) -> None:
    from api import tables

    if format is Format.json:
        print(answer.model_dump_json())
        return
    if format is not Format.table:
        _write(tables.delimited(answer.items, model, "," if format is Format.csv else "\t"))
        return
    if not answer.items:
        print(answer.why.text if answer.why else "No items.")
        return
    _print(table())
    if answer.total > len(answer.items):
        print(f"  {len(answer.items)} of {answer.total} shown; --limit and --offset show more")
    _notes(answer.note, answer.unknown_dropped)


def _notes(note: str | None, unknown: int) -> None:
    if note:
        print(f"  {note}")
    if unknown:
        print(f"  {unknown} rows left out because it is not known whether they match")


def _print(table: Table) -> None:
    from rich.console import Console

    # a pipe has no width; 200 columns keep a row on a line or two
    console = Console(width=None if sys.stdout.isatty() else 200, highlight=False)
    console.print(table)


def _write(text: str) -> None:
    sys.stdout.reconfigure(newline="")  # type: ignore[union-attr]
    sys.stdout.write(text)
