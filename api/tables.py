"""Answers as text: JSON, CSV and TSV for programs, a table for a terminal."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from graph import wording
from graph.synthesis.method import VERSION
from graph.wording import certainty, debate, number, p_of_test, percent, probability, sentences, within
from graph.wording.changes import of_studies
from graph.wording.living import mark
from schema.across import Chain, Comparison, Difference, Gap
from schema.answer import Changed, ChangedPrevalence, columns, flat
from schema.association import Association, Interval, Mechanism, PooledPrevalence, Prevalence, PrevalenceRow, Row
from schema.association import Window as PrevalenceWindow
from schema.releases import Moved, MovedPrevalence, ReleaseEntry
from schema.robustness import CampFigures, CumulativeStep, LeftOut, Small, Standing, Subgroups

if TYPE_CHECKING:
    from rich.table import Table


def delimited(items: Iterable[BaseModel], model: type[BaseModel], delimiter: str) -> str:
    """Items of a model as CSV or TSV, one row an item: intervals in two columns, other nested values as JSON, null as nothing."""
    out = io.StringIO()
    writer = csv.DictWriter(out, columns(model), delimiter=delimiter, lineterminator="\r\n")
    writer.writeheader()
    for item in items:
        writer.writerow({name: cell(value) for name, value in flat(item).items()})
    return out.getvalue()


def cell(value: Any) -> Any:
    if isinstance(value, dict | list | tuple):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, bool):
        return "true" if value else "false"
    # a cell that a spreadsheet would run as a formula is shown as text
    if isinstance(value, str) and value[:1] in {"=", "+", "-", "@", "\t", "\r", "\n"}:
        return f"'{value}"
    return value


def reports(one: Association) -> str:
    """Cohorts by what they report: "9: 8+ 0- 1o" and so on."""
    parts = [f"{one.increases}+", f"{one.decreases}\u2212", f"{one.not_significant}\u25cb"]
    if one.unclear:
        parts.append(f"{one.unclear}?")
    return f"{one.cohorts}: " + " ".join(parts)


_LEGEND = "Cohorts: + increases, \u2212 decreases, \u25cb not significant, ? unclear."
_WEIGHT = " Weight: probability that the average effect has this direction, or that of its leaning (0.5: nothing is known of it)."
# whether there are rows at all: of reviews, or untested ones
_UNSTUDIED = {True: "only said, not studied", False: "not studied here"}


def papers_of(one: Association) -> str:
    return ", ".join(paper.label for paper in one.papers)


def changed(items: Sequence[Changed | Moved], title: str) -> Table:
    """Associations before and after, by their captions."""
    table = _table(title)
    for heading in ("Exposure", "Outcome", "Population", "Before", "After"):
        table.add_column(heading)
    for one in items:
        sides = [side.caption if side is not None else "not studied" for side in (one.before, one.after)]
        if isinstance(one.before, Association) and isinstance(one.after, Association) and sides[0] == sides[1]:
            marks = one.before == one.after.model_copy(update={"papers": one.before.papers})
            sides[1] = f"{sides[1]} ({'another mark on a paper' if marks else 'other figures'})"
        table.add_row(one.exposure.name, one.outcome.name, one.population.id, *sides)
    return table


def changed_prevalence(items: Sequence[ChangedPrevalence], title: str) -> Table:
    """Pooled prevalences before and after a load."""
    table = _table(title)
    for heading in ("Lesion", "Population", "Before", "After"):
        table.add_column(heading)
    for one in items:
        sides = (wording.prevalence(side) if side else "not counted" for side in (one.before, one.after))
        table.add_row(one.lesion.name, one.population.id, *sides)
    return table


def moved_prevalence(items: Sequence[MovedPrevalence]) -> Table:
    """Pooled prevalences of two releases."""
    table = _table("How common, before and after")
    for heading in ("Lesion", "Population", "Before", "After"):
        table.add_column(heading)
    for one in items:
        sides = [percent(value, ci) if value is not None else "not counted" for value, ci in _sides_of(one)]
        table.add_row(one.lesion.name, one.population.id, *sides)
    return table


def _sides_of(one: MovedPrevalence) -> list[tuple[float | None, Interval | None]]:
    return [(one.before, one.before_ci), (one.after, one.after_ci)]


def releases(items: Sequence[ReleaseEntry]) -> Table:
    """Releases, and what each brought."""
    table = _table("Releases, newest first")
    for heading in ("Release", "Day", "Studies", "Brought", "Moved", "By"):
        table.add_column(heading)
    for one in items:
        brought = "; ".join(
            f"{len(names)} {how}: {', '.join(names[:3])}{' ...' if len(names) > 3 else ''}" for names, how in of_studies(one)
        )
        name = f"{one.release[:12]}{' (current)' if one.current else ''}{f', method {one.method}' if one.method != VERSION else ''}"
        table.add_row(name, str(one.day or ""), str(one.studies), brought, "" if one.moved is None else str(one.moved), one.by or "")
    return table


def associations(items: Sequence[Association], side: str, title: str, *, wide: bool = True) -> Table:
    """Associations for a terminal, with their weight and papers where it is wide enough."""
    table = _table(title)
    beside = any(one.indirect for one in items)
    table.add_column("Factor" if side == "exposure" else "Outcome", min_width=18)
    if side == "both":
        table.columns[0].header = "Exposure"
        table.add_column("Outcome")
    table.add_column("Direction")
    table.add_column("Certainty")
    table.add_column("Estimate (95% CI)")
    table.add_column("Cohorts", no_wrap=True)
    if wide:
        table.add_column("Weight", justify="right")
    if beside:
        table.add_column("Indirect")
    if wide:
        table.add_column("Papers")
    for one in items:
        cells = [one.exposure.name if side != "outcome" else one.outcome.name]
        if side == "both":
            cells.append(one.outcome.name)
        own = f"; ours {wording.ours(one)}" if wording.ours(one) else ""
        cells += [
            one.direction + (" (contested)" if one.contested else "") if one.studies else _UNSTUDIED[bool(one.findings)],
            certainty(one.certainty),
            f"{_headline(one)}{own}" if one.estimate is not None else wording.unpooled(one) or "none",
            reports(one),
        ]
        if wide:
            cells.append(probability(one.weight))
        if beside:
            cells.append("; ".join(f"{other.population.id}: {other.caption}" for other in one.indirect or ()))
        if wide:
            cells.append(papers_of(one))
        table.add_row(*(_escape(cell) for cell in cells))
    table.caption = _LEGEND + _WEIGHT * wide
    return table


def _headline(one: Association) -> str:
    """The headline with its source; of two to four cohorts the average of these, and allowing for settings that differ."""
    return f"{wording.with_unit(one)}{wording.verdict(one)}, {wording.source(one, review=False)}"


def families(one: Association, rows: Sequence[Row], title: str) -> Table:
    """The comparisons of an association for a terminal, the headline's first."""
    table = _table(title)
    for header in (
        "Comparison",
        "Cohorts",
        "Average of these cohorts (95% CI)",
        "Allowing for settings that differ (95% credible interval)",
    ):
        table.add_column(header, overflow="fold")
    for family in one.families:
        own = wording.average(family)
        shown = own or family
        how = "" if own else f", {wording.METHODS[family.estimate_source]}"
        cells = (
            sentences.family(family, rows, one),
            f"{family.k} ({wording.patients(family)})",
            f"{wording.figure('', shown.estimate, shown.ci)}{how}",
            wording.figure("", family.estimate, family.ci) if own else "",
        )
        table.add_row(*(_escape(cell) for cell in cells))
    return table


def rows(items: Sequence[Row], exposure: str, outcome: str, title: str) -> Table:
    """Rows of evidence for a terminal."""
    table = _table(title)
    for header in ("Study", "Population", "n", "Reported", "Estimate (95% CI)", "p", "Adjusted", "Read as", "Used"):
        table.add_column(header, overflow="fold")
    for row in items:
        value = "" if row.value is None else wording.figure(wording.measure(row.measure), row.value, row.ci)
        value = ", ".join(filter(None, (value, wording.standard_error(row.measure, row.printed_se, row.ci), wording.conditions(row))))
        used = row.used + (f", {row.share:.0%}" if row.share is not None else "") + (f": {row.why}" if row.why else "")
        used = "; ".join((used, *row.warnings))
        # a part, or an opposite that was turned, is named
        named = " > ".join(within(term) for term, asked in ((row.exposure_term, exposure), (row.outcome_term, outcome)) if term.id != asked)
        marked = f" ({mark(row.study.standing)})" if row.study.standing else ""
        cells = (
            f"{row.study.label}{marked}", row.population_label, "not printed" if row.n is None else f"{row.n:,}",
            f"{row.direction} ({named})" if named else row.direction, value,
            "" if row.p is None else str(row.p), {True: "yes", False: "no", None: "not stated"}[row.adjusted], row.kind, used,
        )  # fmt: skip
        table.add_row(*(_escape(cell) for cell in cells))
    return table


def _figure(one: Standing | Small) -> str:
    """OR 1.85 (1.10-3.11) per 10 mmHg; nothing where there is no estimate."""
    return " ".join(filter(None, (wording.estimate(one), wording.step_of(one.contrast)))) if one.estimate is not None else ""


def _stands(one: Standing) -> tuple[str, ...]:
    return one.direction, _figure(one), str(one.cohorts), probability(one.weight), certainty(one.certainty)


_STANDS = ("Direction", "Estimate (95% CI)", "Cohorts", "Weight", "Certainty")


def left_out(items: Sequence[LeftOut], title: str) -> Table:
    """The association without each study for a terminal."""
    table = _table(title)
    for header in ("Without", *_STANDS, "Changes"):
        table.add_column(header, overflow="fold")
    for one in items:
        exclusion = "no estimate left" if one.estimate is None else "whether no effect is excluded"
        changes = (("direction", one.direction_changes), (exclusion, one.exclusion_changes))
        cells = (one.study.label, *_stands(one), ", ".join(name for name, changed in changes if changed))
        table.add_row(*(_escape(cell) for cell in cells))
    return table


def cumulative(items: Sequence[CumulativeStep], title: str) -> Table:
    """The association year by year for a terminal."""
    table = _table(title)
    for header in ("Until", *_STANDS, "Added"):
        table.add_column(header, overflow="fold")
    for one in items:
        until = "undated" if one.year is None else str(one.year)
        table.add_row(*(_escape(cell) for cell in (until, *_stands(one), ", ".join(study.label for study in one.added))))
    return table


def subgroups(items: Sequence[Subgroups], title: str) -> Table:
    """The cohorts by feature for a terminal, where they are of more than one kind; and whether the kinds differ."""
    table = _table(title)
    for header in ("By", "Subgroup", "Direction", "Estimate (95% CI)", "Cohorts", "Weight", "Test of the difference"):
        table.add_column(header, overflow="fold")
    for one in items:
        if len(one.groups) < 2:
            continue
        test = one.test
        tested = f"Q {number(test.q_between)}, df {test.df}, {p_of_test(test.p)} ({test.k} estimates)" if test else f"none: {one.why}"
        for i, group in enumerate(one.groups):
            head, tail = (one.by, tested) if i == 0 else ("", "")
            cells = (head, group.group, group.direction, _figure(group), str(group.cohorts), probability(group.weight), tail)
            table.add_row(*(_escape(cell) for cell in cells))
    return table


def sides(items: Sequence[CampFigures], title: str) -> Table:
    """The sides of a contradiction for a terminal."""
    table = _table(title)
    for header in ("Camp", "Cohorts", "Patients", "Direction", "Estimate (95% CI)", "Studies"):
        table.add_column(header, overflow="fold")
    for one in items:
        cells = (one.report, str(one.cohorts), wording.patients_of_side(one), one.direction, _figure(one), ", ".join(one.studies))
        table.add_row(*(_escape(cell) for cell in cells))
    return table


def pooled(one: PooledPrevalence | None) -> str:
    return "" if one is None else percent(one.pct, one.ci)


def prevalence(items: Sequence[Prevalence], title: str) -> Table:
    """Prevalence by population for a terminal."""
    table = _table(title)
    for header in ("Population", "Pooled (95% CI)", "Next cohort (95%)", "Cohorts", "Patients", "Range", "Certainty"):
        table.add_column(header, overflow="fold")
    for one in items:
        found = one.pooled
        if found is None:
            continue
        ahead = found.prediction_interval
        table.add_row(
            _escape(one.population.name),
            pooled(found),
            wording.percents(ahead) if ahead else "",
            str(found.cohorts),
            # a pooled percentage is of no sum of patients
            f"{found.total:,}, {found.cases:,} with it",
            wording.percents((found.lowest, found.highest)) if found.cohorts > 1 else "",
            certainty(one.certainty),
        )
    return table


def windows(items: Sequence[PrevalenceWindow], title: str) -> Table:
    table = _table(title)
    for header in ("Last MRI", "Cohorts", "Pooled (95% CI)"):
        table.add_column(header, overflow="fold")
    for one in items:
        table.add_row("day not known" if one.until_day is None else f"by day {one.until_day}", str(one.cohorts), pooled(one.pooled))
    return table


def prevalence_rows(items: Sequence[PrevalenceRow], title: str) -> Table:
    table = _table(title)
    for header in ("Study", "Cases", "Percent (95% CI)", "When", "Used"):
        table.add_column(header, overflow="fold")
    for one in items:
        used = one.used + (f": {one.why}" if one.why else "")
        cells = (one.study.label, f"{one.cases}/{one.total}", percent(one.pct, one.ci), one.timing or "", used)
        table.add_row(*(_escape(cell) for cell in cells))
    return table


def mechanisms(items: Sequence[Mechanism], title: str) -> Table:
    table = _table(title)
    for header in ("Mechanism", "Support", "Propose", "Argue against", "Factors that may act through it", "Papers"):
        table.add_column(header, overflow="fold")
    for one in items:
        papers = ", ".join(dict.fromkeys(claim.study.label for claim in one.claims))
        factors = ", ".join(factor.factor.name for factor in one.factors)
        cells = (one.mechanism.name, str(one.supports), str(one.proposes), str(one.argues_against), factors, papers)
        table.add_row(*(_escape(cell) for cell in cells))
    return table


def comparisons(items: Sequence[Comparison], title: str) -> Table:
    """Factors in rows, populations in columns; below each row its tests, or why there is none."""
    table = _table(title)
    table.add_column("Factor", min_width=18)
    for cell in items[0].cells:
        table.add_column(cell.population.id, overflow="fold")
    table.add_column("Difference", overflow="fold")
    for one in items:
        tests = [_difference(test) for test in one.differences]
        cells = [one.factor.name, *(_beside(cell) for cell in one.cells), "\n".join(dict.fromkeys(tests))]
        table.add_row(*(_escape(cell) for cell in cells), end_section=True)
    return table


def _beside(cell: Association) -> str:
    if not cell.studies:
        return cell.caption
    told = _headline(cell) if cell.estimate_source else wording.unpooled(cell) or "no estimate"
    sure = f", {certainty(cell.certainty)} certainty" if cell.certainty else ""
    return f"{cell.direction}: {told}; cohorts {reports(cell)}{sure}"


def _difference(one: Difference) -> str:
    first, second = one.populations
    if one.ci is None or one.p is None:
        return f"{first} / {second}: {one.why}"
    note = f"; {one.note}" if one.note else ""
    return f"{first} / {second}: {wording.estimate(one)}, {p_of_test(one.p)}{note}"


def chains(items: Sequence[Chain], title: str) -> Table:
    table = _table(title)
    table.add_column("Chain", overflow="fold")
    table.add_column("Weakest link", overflow="fold")
    table.add_column("Links, with their papers", overflow="fold")
    for one in items:
        links = []
        for link in one.links:
            papers = ", ".join(paper.label for paper in link.papers[:3]) + (
                f" and {len(link.papers) - 3} more" if len(link.papers) > 3 else ""
            )
            where = f" in {link.population.id}" if link.population else ""
            links.append(f"{link.start.id} > {link.end.id}{where}: {link.caption} ({papers})")
        table.add_row(_escape(one.chain), _escape(one.weakest), _escape("\n".join(links)), end_section=True)
    return table


def gaps(items: Sequence[Gap], title: str, odds_ratio: float) -> Table:
    table = _table(title)
    table.add_column("", justify="right")
    for header in ("Factor", "Population", "Known", "Known in", "Expected change", f"Patients for OR {odds_ratio:g}"):
        table.add_column(header, overflow="fold")
    for one in items:
        known = f"{one.state}: {one.caption}" if one.state != "empty" else one.caption
        size = "" if one.sample_size is None else f"{one.sample_size}: {debate.patients_needed(one)}"
        cells = (
            str(one.rank), one.factor.name, one.population.id, known, ", ".join(one.known_in), number(one.expected_change), size,
        )  # fmt: skip
        table.add_row(*(_escape(cell) for cell in cells))
    return table


def plain(items: Sequence[BaseModel], columns: Sequence[str], title: str) -> Table:
    """Some columns of flat items."""
    table = _table(title)
    for column in columns:
        table.add_column(column.replace("_", " ").capitalize())
    for item in items:
        row = flat(item)
        table.add_row(*(_escape(_words(row.get(column))) for column in columns))
    return table


def _words(value: Any) -> str:
    """A value of a flat item in words: of papers their labels."""
    if isinstance(value, list):
        return ", ".join(str(one["label"]) if isinstance(one, dict) else str(one) for one in value)
    return "" if value is None else str(value)


def _table(title: str) -> Table:
    from rich import box
    from rich.table import Table

    return Table(title=_escape(title), title_justify="left", caption_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)


def _escape(text: str) -> str:
    from rich.markup import escape

    return escape(text)
