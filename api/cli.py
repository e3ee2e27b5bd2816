"""The command line.

Exit status: 0 done; 1 the input has problems or nothing is by that name; 2 wrong usage; 3 the store can't be reached.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, NoReturn, TypeVar, get_args

import typer
from pydantic import BaseModel, ValidationError

from api import cli_assistant, cli_citations, cli_site, cli_tables
from api.options import DesignOption, Form, Format, KindOption, Paths, Population, Populations, YearFrom, YearTo, asks, designs
from graph.questions.filters import Filters
from graph.questions.lists import LONGEST_CHAIN, Narrow, Page
from graph.synthesis.method import METHOD
from schema.across import Chain, Comparison, Gap, State
from schema.answer import StudyItem, TermItem
from schema.association import Association, Mechanism, PrevalenceRow, Row
from schema.errors import BadParameter, InputProblems, PortTaken, RdwiError, StoreError, StoreUnavailable

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from graph.opening import Graph, Report
    from graph.settings import Settings
    from graph.stores.port import Reader
    from schema.answer import Answer
    from schema.problems import Problem

_T = TypeVar("_T")

app = typer.Typer(
    name="rdwi",
    help="The published evidence on remote DWI lesions (R-DWI) after intracerebral haemorrhage. Evidence summary, not medical advice.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


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
    bibliography: cli_citations.ReferenceFiles = None,
    replace: cli_citations.Replace = False,
) -> None:
    """Add or replace studies by id, build the new release, and swap it in whole. With errors, nothing is changed."""
    from graph import opening

    complete = cli_citations.completing(bibliography, replace=replace)
    with _report() as report:
        change = opening.load(_settings(), paths, fresh=fresh, keep_going=keep_going, complete=complete, report=report)
    _tell(change.problems)
    told = f"{len(change.added)} studies added, {len(change.replaced)} replaced."
    print(f"{told if change.changed else 'Nothing changed.'} Release {change.release[:12]}.")
    if any(problem.severity == "error" for problem in change.problems):
        _stop("Studies with errors were left out.", 1)


@app.command()
def preview(paths: Paths, format: Annotated[Literal["table", "json"], typer.Option("--format", help="table or json.")] = "table") -> None:
    """What loading sheets would change: associations and pooled prevalences, before and after. Nothing is stored."""
    from graph import opening

    with _report() as report, contextlib.closing(opening.open_store(_settings(), report)) as store:
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
    print(f"{answer.total} associations and {len(answer.prevalence)} pooled prevalences would change. Nothing was stored.")
    if answer.items or answer.prevalence:
        from api import tables

        if answer.items:
            _print(tables.changed(answer.items, "Before and after"))
        if answer.prevalence:
            _print(tables.changed_prevalence(answer.prevalence, "How common, before and after"))


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
    from graph.questions import questions

    graph = _open()
    answer = graph.store.ask(lambda reader: questions.release(reader, graph.store))
    if format == "json":
        print(answer.model_dump_json())
        return
    print(f"store     {answer.store}\nrelease   {answer.release}")
    for name, value in {**answer.counts.model_dump(), **answer.versions}.items():
        print(f"{name.replace('_', ' '):<18}{value}")


# --- questions ---


@app.command()
@asks
def factors(
    lesion: Annotated[str, typer.Argument(help="The lesion or outcome.")] = "r-dwi",
    population: Population = None,
    filters: Filters = Filters(),
    narrow: Narrow = Narrow(),
    sorted_page: Page = Page(),
    format: Form = Format.table,
) -> None:
    """The factors linked to a lesion (R-DWI where none is named)."""
    from graph.questions import questions

    answer = _ask(lambda reader: questions.factors(reader, lesion, population, filters=filters, narrow=narrow, page=sorted_page), format)
    title = f"Factors linked to {_named(answer, 'outcome', 'lesion')} in {_place(answer)}"
    _show(answer, Association, format, lambda: _associations(answer.items, "exposure", title))


@app.command()
@asks
def outcomes(
    exposure: Annotated[str, typer.Argument(help="The exposure.")] = "r-dwi",
    population: Population = None,
    filters: Filters = Filters(),
    narrow: Narrow = Narrow(),
    sorted_page: Page = Page(),
    format: Form = Format.table,
) -> None:
    """What an exposure (R-DWI where none is named) is linked to."""
    from graph.questions import questions

    answer = _ask(lambda reader: questions.outcomes(reader, exposure, population, filters=filters, narrow=narrow, page=sorted_page), format)
    title = f"{_named(answer, 'exposure', 'exposure')}: what it is linked to in {_place(answer)}"
    _show(answer, Association, format, lambda: _associations(answer.items, "outcome", title))


@app.command()
@asks
def contested(
    lesion: Annotated[str | None, typer.Option(help="Keep associations with this lesion on either side.")] = None,
    outcome: Annotated[str | None, typer.Option(help="Keep associations with this outcome.")] = None,
    population: Population = None,
    filters: Filters = Filters(),
    sorted_page: Page = Page(),
    format: Form = Format.table,
) -> None:
    """Where the evidence contradicts itself: the camps, and what differs between them."""
    from graph.questions import questions

    answer = _ask(lambda reader: questions.contested(reader, lesion, outcome, population, filters=filters, page=sorted_page), format)
    _show(answer, Association, format, lambda: _associations(answer.items, "both", f"Contested in {_place(answer)}"))
    if format is Format.table:
        for one in answer.items:
            assert one.contested is not None
            print(f"\n{one.exposure.name} > {one.outcome.name}: {one.contested.why}.")
            for camp in one.contested.camps:
                print(f"  {camp.report}: {', '.join(camp.studies)} ({camp.patients} patients)")
            for difference in one.contested.differences:
                print(f"  they differ in {difference}")


@app.command()
@asks
def evidence(
    exposure: Annotated[str, typer.Argument(help="The exposure.")],
    outcome: Annotated[str, typer.Argument(help="The outcome.")],
    population: Population = None,
    filters: Filters = Filters(),
    bundle: Annotated[
        Path | None,
        typer.Option(
            metavar="OUT.zip", help="Also write the whole answer into that ZIP: figure, CSV, R lines, filters, release, citations."
        ),
    ] = None,
    format: Form = Format.table,
    plot: Annotated[Path | None, typer.Option("--plot", metavar="OUT.svg", help="Also write its figure to that file, as SVG.")] = None,
) -> None:
    """One association: the synthesis, every row and how it was used, and how it holds up."""
    from api import tables
    from graph.questions import questions

    if bundle is not None:
        from api.bundles import packed

        content = _ask(lambda reader: packed(reader, questions.evidence(reader, exposure, outcome, population, filters=filters)))
        cli_citations.save(bundle, content)
    answer = _ask(lambda reader: questions.evidence(reader, exposure, outcome, population, filters=filters), format)
    if plot is not None:
        from api.figures import evidence_plot

        try:
            plot.write_text(evidence_plot(answer), encoding="utf-8", newline="\n")
        except OSError as error:
            _stop(f"{plot} can't be written: {error.strerror}.", 1)
    if format is Format.json:
        print(answer.model_dump_json())
        return
    if format is not Format.table:
        _write(tables.delimited(answer.rows, Row, "," if format is Format.csv else "\t"))
        return
    title = f"{answer.query['exposure']} > {answer.query['outcome']} in {_place(answer)}"
    if answer.association is not None:
        title = f"{answer.association.exposure.name} > {answer.association.outcome.name} in {_place(answer)}"
    if answer.association is None:
        print(f"{title}: {answer.why.text if answer.why else 'nothing is known.'}")
        return
    one = answer.association
    _associations([one], "exposure", title)
    for reason in one.reasons:
        print(f"  certainty, {reason.domain}: {reason.text}" + (f" ({reason.step:+d})" if reason.step else ""))
    if one.contested is not None:
        print(f"  contested: {one.contested.why}")
    _print(tables.rows(answer.rows, one.exposure.id, one.outcome.id, "Rows"))
    if len(answer.leave_one_out) > 1:
        _print(tables.left_out(answer.leave_one_out, "With one study left out"))
    if len(answer.cumulative) > 1:
        _print(tables.cumulative(answer.cumulative, "Year by year"))
    if any(len(parted.groups) > 1 for parted in answer.subgroups):
        _print(tables.subgroups(answer.subgroups, "Subgroups"))
    if answer.camps:
        _print(tables.camps(answer.camps, "Camps"))
    if answer.flips is not None:
        print(f"What would flip it: {answer.flips.text}")
    _notes(answer.note, answer.unknown_dropped)


@app.command()
@asks
def compare(
    lesion: Annotated[str, typer.Argument(help="The lesion or outcome.")] = "r-dwi",
    population: Populations = None,
    filters: Filters = Filters(),
    page: Page = Page(),
    format: Form = Format.table,
) -> None:
    """The factors of a lesion, populations side by side, and whether they differ."""
    from api import tables
    from graph.questions import questions

    answer = _ask(lambda reader: questions.compare(reader, lesion, population or (), filters=filters, page=page), format)
    title = f"Factors of {answer.items[0].outcome.name if answer.items else answer.query['lesion']}, side by side"
    _show(answer, Comparison, format, lambda: _print(tables.comparisons(answer.items, title)))


@app.command()
@asks
def paths(
    start: Annotated[str, typer.Argument(metavar="FROM", help="The term to start from.")],
    end: Annotated[str, typer.Argument(metavar="TO", help="The term to end at.")],
    population: Population = None,
    max_length: Annotated[int, typer.Option(min=1, max=LONGEST_CHAIN, help="How many links a chain has at most.")] = 4,
    filters: Filters = Filters(),
    page: Page = Page(),
    format: Form = Format.table,
) -> None:
    """The chains from one term to another, the weakest link named."""
    from api import tables
    from graph.questions import questions

    answer = _ask(lambda reader: questions.paths(reader, start, end, population, max_length=max_length, filters=filters, page=page), format)
    title = f"Chains from {answer.query['from']} to {answer.query['to']} in {_place(answer)}"
    _show(answer, Chain, format, lambda: _print(tables.chains(answer.items, title)))


@app.command()
@asks
def gaps(
    lesion: Annotated[str | None, typer.Option(help="The lesion or outcome; with --outcome, the factor.")] = None,
    outcome: Annotated[str | None, typer.Option(help="The outcome.")] = None,
    population: Populations = None,
    state: Annotated[list[str] | None, typer.Option(help="Which cells (repeat): empty, weak, fair. Empty and weak where left out.")] = None,
    odds_ratio: Annotated[
        float, typer.Option(min=0.01, max=100, help="The odds ratio that the sample size is to detect; not 1.")
    ] = METHOD.stated_odds_ratio,
    filters: Filters = Filters(),
    page: Page = Page(),
    format: Form = Format.table,
) -> None:
    """What is not known: the empty and weak cells of factor and population, and what one more study would teach."""
    from api import tables
    from graph.questions import questions

    states = _states(state)
    answer = _ask(
        lambda reader: questions.gaps(
            reader, lesion, outcome, population or (), state=states, odds_ratio=odds_ratio, filters=filters, page=page
        ),
        format,
    )
    title = f"What one more study would teach, of {answer.query.get('outcome') or answer.query['lesion']}"
    _show(answer, Gap, format, lambda: _print(tables.gaps(answer.items, title, odds_ratio)))


def _states(given: Sequence[str] | None) -> tuple[State, ...]:
    known: dict[str, State] = {one: one for one in get_args(State)}
    for one in given or ():
        if one not in known:
            raise BadParameter("state", f"{one!r} is no state of a cell.", list(known))
    return tuple(known[one] for one in given or ("empty", "weak"))


@app.command()
@asks
def prevalence(
    lesion: Annotated[str, typer.Argument(help="The lesion.")] = "r-dwi",
    population: Population = None,
    filters: Filters = Filters(),
    format: Form = Format.table,
) -> None:
    """How common a lesion is: pooled, by window of time, by study."""
    from api import tables
    from graph.questions import questions

    answer = _ask(lambda reader: questions.prevalence(reader, lesion, population, filters=filters), format)
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
    for reason in own.reasons:
        print(f"  certainty, {reason.domain}: {reason.text}" + (f" ({reason.step:+d})" if reason.step else ""))
    _print(tables.windows(own.windows, f"By time of MRI, {own.population.name}"))
    _print(tables.prevalence_rows(own.rows, "Studies"))
    for published in own.published:
        if published.pct is not None and published.ci is not None:
            text = f"{published.pct}% ({published.ci[0]}-{published.ci[1]})"
            more = "".join(f"; {one}" for one in (f"{published.k} studies" if published.k else "", published.notes) if one)
            print(f"  published: {published.study.label}: {text}{more}")
    _notes(answer.note, answer.unknown_dropped)


@app.command()
@asks
def mechanisms(
    lesion: Annotated[str, typer.Argument(help="The lesion or outcome.")] = "r-dwi",
    page: Page = Page(),
    format: Form = Format.table,
) -> None:
    """What papers claim of the mechanisms of a lesion."""
    from api import tables
    from graph.questions import questions

    answer = _ask(lambda reader: questions.mechanisms(reader, lesion, page=page), format)
    _show(
        answer,
        Mechanism,
        format,
        lambda: _print(tables.mechanisms(answer.items, f"Mechanisms that papers name for {answer.query['lesion']}")),
    )


@app.command()
@asks
def studies(
    text: Annotated[str | None, typer.Argument(help="Words of id, title, authors, journal or cohorts.")] = None,
    design: DesignOption = None,
    year_from: YearFrom = None,
    year_to: YearTo = None,
    country: Annotated[str | None, typer.Option(help="One of the study's countries.")] = None,
    page: Page = Page(),
    format: Form = Format.table,
) -> None:
    """The studies."""
    from api import tables
    from graph.questions import questions

    answer = _ask(
        lambda reader: questions.studies(
            reader, text, design=designs(design), year_from=year_from, year_to=year_to, country=country, page=page
        ),
        format,
    )
    _show(
        answer, StudyItem, format, lambda: _print(tables.plain(answer.items, ("id", "year", "design", "n", "journal", "title"), "Studies"))
    )


@app.command()
def study(
    id: Annotated[str, typer.Argument(metavar="ID", help="The study's id.")],
    format: Form = Format.table,
) -> None:
    """One study, and how each of its rows was read."""
    from api import tables
    from graph.questions import questions

    answer = _ask(lambda reader: questions.study(reader, id), format)
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
@asks
def terms(
    text: Annotated[str | None, typer.Argument(help="Part of an id, name or synonym, British or American.")] = None,
    kind: KindOption = None,
    page: Page = Page(),
    format: Form = Format.table,
) -> None:
    """The terms of the vocabulary."""
    from api import tables
    from graph.questions import questions

    answer = _ask(lambda reader: questions.terms(reader, text, kind=kind, page=page), format)
    _show(answer, TermItem, format, lambda: _print(tables.plain(answer.items, ("id", "name", "kind", "synonyms", "findings"), "Terms")))


@app.command()
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
) -> None:
    """Write the whole graph to a file, or a folder of files, for other programs."""
    from api.exports import FORMATS, write

    if population is not None and (form == "neo4j-admin" or not FORMATS[form].by_population):
        raise BadParameter("population", f"{form} takes the whole graph, and no --population.")
    if form == "sheets" and output.suffix.lower() in cli_tables.NOT_WRITTEN:
        raise BadParameter("output", f"{output} is no name of a table that is written.", sorted(cli_tables.ENDINGS))
    graph = _ask(lambda reader: reader.laid_out())
    node = graph.field.populations.resolve(population).id if population is not None else None
    try:
        if form == "sheets" and output.suffix.lower() in cli_tables.ENDINGS:
            cli_tables.write(graph, output)
        elif form == "neo4j-admin":
            from graph.stores.neo4j import bulk

            bulk.write(graph, output)
        else:
            write(graph, form, output, node)
    except FileExistsError:
        _stop(f"{output} is a file or not empty. Name a new folder.", 1)
    except OSError as error:
        _stop(f"{output} can't be written: {error.strerror}.", 1)
    if output.is_file():
        print(f"{output}: {output.stat().st_size} bytes")
        return
    then = {
        "metafor": "; in it run  Rscript metafor.R",
        "neo4j-admin": "; in it run  neo4j-admin database import full neo4j @import.args  and, once it is started, schema.cypher",
    }
    print(f"{output}: {sum(one.is_file() for one in output.rglob('*'))} files{then.get(form, '')}")


cli_assistant.register(app)
cli_citations.register(app)
cli_tables.register(app)


# --- what commands share ---


def _settings() -> Settings:
    from graph.settings import Settings

    return Settings()


def _open() -> Graph:
    from graph.opening import Graph, open_store

    with _report() as report:
        return Graph(open_store(_settings(), report))


def _ask(question: Callable[[Reader], _T], format: Format = Format.table) -> _T:
    """The answer; where its papers are asked for, they are written, and the command is done."""
    with contextlib.closing(_open()) as graph:
        if format not in cli_citations.CITED:
            return graph.store.ask(question)
        cli_citations.cite_answer(graph.store, question, format)
        raise typer.Exit


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
                tasks[what] = progress.add_task(what, total=total or None)
            progress.update(tasks[what], completed=done, total=total or None)

        yield show


def _show(answer: Answer[Any], model: type[BaseModel], format: Format, table: Callable[[], None]) -> None:
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
    table()
    if answer.total > len(answer.items):
        print(f"  {len(answer.items)} of {answer.total} shown; --limit and --offset show more")
    _notes(answer.note, answer.unknown_dropped)


def _place(answer: Any) -> str:
    """The population of an answer, by its name."""
    from graph.opening import field_of
    from graph.settings import Settings

    return field_of(Settings()).populations[answer.query["population"]].name


def _named(answer: Answer[Association], side: Literal["exposure", "outcome"], asked: str) -> str:
    """What was asked about, by its name."""
    return getattr(answer.items[0], side).name if answer.items else str(answer.query[asked])


def _notes(note: str | None, unknown: int) -> None:
    if note:
        print(f"  {note}")
    if unknown:
        print(f"  {unknown} rows left out because it is not known whether they match")


def _console() -> Console:
    from rich.console import Console

    # a pipe has no width; 200 columns keep a row on a line or two
    return Console(width=None if sys.stdout.isatty() or "COLUMNS" in os.environ else 200, highlight=False)


def _print(table: Table) -> None:
    _console().print(table)


def _associations(items: Sequence[Association], side: str, title: str) -> None:
    """A table of associations; in a narrow terminal their papers under it."""
    from api import tables

    wide = _console().width >= 130
    _print(tables.associations(items, side, title, papers=wide))
    if not wide:
        for one in items:
            print(f"  {one.exposure.name} > {one.outcome.name}: {tables.papers_of(one)}")


def _write(text: str) -> None:
    sys.stdout.reconfigure(newline="")  # type: ignore[union-attr]
    sys.stdout.write(text)


cli_site.register(app, _open, _report)
