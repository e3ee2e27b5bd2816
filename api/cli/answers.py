"""Answers on a terminal: a table a question, with what must be said beside it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from textwrap import fill
from typing import TYPE_CHECKING, Any

from api import tables
from graph import questions
from graph.questions import Question
from graph.wording import becomes, called, count, estimate, no_events, patients_of_side, prevalence, printed_interval, read, review_of
from graph.wording.living import with_retracted
from schema.answer import Answer, Evidence, Neighbours, PrevalenceAnswer, StudyAnswer
from schema.association import Association, Reason, TermRef
from schema.robustness import AbsoluteRisk

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table


def write(text: str, encoding: str | None = None) -> None:
    """As it is, with its own ends of lines."""
    sys.stdout.reconfigure(newline="", encoding=encoding)  # type: ignore[union-attr]
    sys.stdout.write(text)


def show(question: Question, answer: Any) -> None:
    """The answer as tables."""
    if isinstance(answer, Answer) and not answer.items:
        print(answer.why.text if answer.why else "No items.")
        return
    _SHOWN[type(question)](question, answer)
    if isinstance(answer, Answer):
        if answer.total > len(answer.items):
            print(f"  {len(answer.items)} of {answer.total} shown; --limit and --offset show more")
        _notes(answer)
    if isinstance(question, questions.Contested):
        _sides(answer.items)


def shown(table: Table) -> None:
    _console().print(table)


def _console() -> Console:
    from rich.console import Console

    # a pipe has no width; 200 columns keep a row on a line or two
    return Console(width=None if sys.stdout.isatty() or "COLUMNS" in os.environ else 200, highlight=False)


def _place(answer: Any) -> str:
    """The population of an answer, by its name."""
    name: str = answer.names[answer.query["population"]].name
    return name


def _notes(answer: Any) -> None:
    if answer.note:
        _line(answer.note)
    if answer.unknown_dropped:
        print(f"  {answer.unknown_dropped} rows left out because it is not known whether they match")


def _reasons(reasons: Sequence[Reason]) -> None:
    for reason in reasons:
        print(f"  certainty, {reason.domain}: {reason.text}" + (f" ({reason.step:+d})" if reason.step else ""))


def _associations(items: Sequence[Association], side: str, title: str) -> None:
    """A table of associations; in a narrow terminal without their weights, and their papers under it."""
    wide = _console().width >= 130
    shown(tables.associations(items, side, title, wide=wide))
    if not wide:
        for one in items:
            _line(f"{one.exposure.name} > {one.outcome.name}: {tables.papers_of(one)}")


def _line(text: str) -> None:
    """A note of its own, within the terminal."""
    print(fill(text, _console().width, initial_indent="  ", subsequent_indent="  ", break_long_words=False, break_on_hyphens=False))


def _factors(_: Question, answer: Answer[Association]) -> None:
    _associations(answer.items, "exposure", f"Factors linked to {answer.items[0].outcome.name} in {_place(answer)}")


def _outcomes(_: Question, answer: Answer[Association]) -> None:
    _associations(answer.items, "outcome", f"{answer.items[0].exposure.name}: what it is linked to in {_place(answer)}")


def _contested(_: Question, answer: Answer[Association]) -> None:
    _associations(answer.items, "both", f"Contested in {_place(answer)}")


def _sides(items: Sequence[Association]) -> None:
    for one in items:
        assert one.contested is not None
        print(f"\n{one.exposure.name} > {one.outcome.name}: {one.contested.why}.")
        for side in one.contested.camps:
            patients = f"patients: {patients_of_side(side)}"
            named = f"cohorts {', '.join(side.cohort_names)}; " if side.cohort_names != side.studies else ""
            print(f"  {side.report}: {', '.join(side.studies)} ({named}{patients})")
        for difference in one.contested.differences:
            print(f"  they differ in {difference}")


def _evidence(_: Question, answer: Evidence) -> None:
    one = answer.association
    if one is None:
        pair = f"{answer.query['exposure']} > {answer.query['outcome']}"
        print(f"{pair} in {_place(answer)}: {answer.why.text if answer.why else 'nothing is known.'}")
        return
    _associations([one], "exposure", f"{one.exposure.name} > {one.outcome.name} in {_place(answer)}")
    _reasons(one.reasons)
    if (before := with_retracted(answer)) is not None:
        print(f"  {before}")
    if one.contested is not None:
        print(f"  contested: {one.contested.why}")
    labels = {row.study.id: row.study.label for row in answer.rows}
    for told in (no_events(one, labels), becomes(one, answer.leave_one_out)):
        if told:
            print(f"  {told}")
    if one.families:
        shown(tables.families(one, answer.rows, "Comparisons: only within one are estimates pooled"))
    for review in answer.published:
        figure = estimate(review) or "no figure"
        behind = ", ".join(filter(None, (review_of(review), count(review.patients, "patient") if review.patients else "")))
        print(f"  published: {review.label}: {figure}{f', {behind}' if behind else ''}{', the headline' if review.headline else ''}")
    shown(tables.rows(answer.rows, one.exposure.id, one.outcome.id, "Rows"))
    if len(answer.leave_one_out) > 1:
        shown(tables.left_out(answer.leave_one_out, "With one study left out"))
    if len(answer.cumulative) > 1:
        shown(tables.cumulative(answer.cumulative, "Year by year"))
    if any(len(parted.groups) > 1 for parted in answer.subgroups):
        shown(tables.subgroups(answer.subgroups, "Subgroups"))
    if answer.camps:
        shown(tables.sides(answer.camps, "Sides"))
    if answer.flips is not None:
        print(f"What would flip it: {answer.flips.text}")
    if answer.absolute is not None:
        _absolute(answer.absolute, answer.names)
    _notes(answer)


def _absolute(risk: AbsoluteRisk, names: Mapping[str, TermRef]) -> None:
    if risk.why is not None:
        print(f"No absolute risk: {risk.why}{' Give one with --baseline.' if risk.needs_baseline else ''}")
        return
    assert risk.ci is not None
    source = {"given": "as given", "unexposed": "those behind the headline"}.get(risk.baseline_source or "")
    named = source or f"by the prevalence in {called(risk.baseline_source or '', names).name}"
    print(
        f"For a hundred patients: {risk.baseline:g} without it ({named}), "
        f"{risk.exposed:g} with it (95% interval {risk.ci[0]:g} to {risk.ci[1]:g})."
    )
    if risk.caveat:
        print(f"  {risk.caveat}")


def _compare(_: Question, answer: Answer[Any]) -> None:
    shown(tables.comparisons(answer.items, f"Factors of {answer.items[0].outcome.name}, side by side"))


def _paths(_: Question, answer: Answer[Any]) -> None:
    shown(tables.chains(answer.items, f"Chains from {answer.query['from']} to {answer.query['to']} in {_place(answer)}"))


def _gaps(question: Any, answer: Answer[Any]) -> None:
    about = answer.query.get("outcome") or answer.query["lesion"]
    shown(tables.gaps(answer.items, f"What one more study would teach, of {about}", question.odds_ratio))


def _prevalence(_: Question, answer: PrevalenceAnswer) -> None:
    own = answer.prevalence
    if answer.why is not None:
        print(answer.why.text)
        return
    if own.pooled is not None:
        print(f"{own.lesion.name} in {own.population.name}: {prevalence(own.pooled)}.")
    shown(tables.prevalence([own, *answer.populations], f"How common: {own.lesion.name}"))
    _reasons(own.reasons)
    shown(tables.windows(own.windows, f"By time of MRI, {own.population.name}"))
    shown(tables.prevalence_rows(own.rows, "Studies"))
    for published in own.published:
        if published.pct is not None and published.ci is not None:
            text = f"{published.pct}% ({printed_interval(published.ci)})"
            more = "".join(f"; {one}" for one in (count(published.k, "study", "studies") if published.k else "", published.notes) if one)
            print(f"  published: {published.study.label}: {text}{more}")
    _notes(answer)


def _mechanisms(_: Question, answer: Answer[Any]) -> None:
    shown(tables.mechanisms(answer.items, f"Mechanisms that papers name for {answer.query['lesion']}"))


def _neighbours(_: Question, answer: Neighbours) -> None:
    place = _place(answer)
    for items, side, told in ((answer.as_exposure, "outcome", "is linked to"), (answer.as_outcome, "exposure", "is what is linked to it")):
        if items:
            _associations(items, side, f"{answer.term.name}: {told}, in {place}")
    for edge in answer.mechanisms:
        print(
            f"  {edge.start} > {edge.end}: {edge.supports} support it, {edge.proposes} propose it, {edge.argues_against} argue against it"
        )
    for name, terms in (("broader", [answer.broader] if answer.broader else []), ("narrower", answer.narrower)):
        if terms:
            print(f"  {name}: {', '.join(one.name for one in terms)}")
    if not (answer.as_exposure or answer.as_outcome or answer.mechanisms):
        print(f"{answer.term.name}: no study of this release says anything of it in {place}.")


def _plain(title: str, *columns: str) -> Callable[[Question, Answer[Any]], None]:
    return lambda _, answer: shown(tables.plain(answer.items, columns, title))


_SHOWN: dict[type[Question], Callable[[Any, Any], None]] = {
    questions.Factors: _factors,
    questions.Outcomes: _outcomes,
    questions.Evidence: _evidence,
    questions.Contested: _contested,
    questions.Compare: _compare,
    questions.Paths: _paths,
    questions.Gaps: _gaps,
    questions.Prevalence: _prevalence,
    questions.Mechanisms: _mechanisms,
    questions.Studies: _plain("Studies", "id", "year", "design", "n", "journal", "title"),
    questions.Cohorts: _plain("Cohorts", "id", "patients", "countries", "findings", "studies"),
    questions.Terms: _plain("Terms", "id", "name", "kind", "synonyms", "findings"),
    questions.Neighbours: _neighbours,
}


def study(answer: StudyAnswer) -> None:
    """One study, and how each of its rows was read."""
    sheet = answer.study
    print(f"{answer.label}: {sheet.title or 'title not shown'}")
    print(f"  {sheet.design or 'design not reported'}, n = {sheet.n or 'not reported'}, read as {read(sheet.read)}")
    for name in ("journal", "doi", "pmid"):
        if getattr(sheet, name):
            print(f"  {name}: {getattr(sheet, name)}")
    if answer.shares_patients_with:
        print(f"  shares patients with {', '.join(answer.shares_patients_with)}")
    columns = ("exposure", "outcome", "direction", "measure", "value", "p", "kind", "used", "why")
    shown(tables.plain(answer.rows, columns, "Findings"))
    if answer.claims:
        shown(tables.plain(answer.claims, ("stance", "basis", "links"), "Mechanisms"))
