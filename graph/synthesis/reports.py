"""Each patient counts once: the row that is a study's report, and the reports that an association rests on. Design points 1, 3 and 4."""

from __future__ import annotations

import math
from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass

from graph.synthesis.effect_sizes import inverse_variance
from graph.synthesis.method import Z95
from graph.synthesis.overlap import Patients, independent, may_share, shares
from schema.observation import Observation, sign_of
from schema.study import Study
from schema.vocabulary import RollUp

# exposure and outcome terms whose rows an edge takes: term -> (rank, how)
Takes = Mapping[str, tuple[int, RollUp]]

_ADJUSTED_RANK = {True: 0, None: 1, False: 2}


@dataclass(frozen=True, slots=True)
class StudyReport:
    """What one study (or published meta-analysis) says of an association.

    `poolable` is False for rows that came by a roll-up by which they count but aren't pooled. `combined` names the rows of disjoint
    subgroups that were put together.
    """

    observation: Observation
    poolable: bool
    combined: tuple[Observation, ...] = ()

    @property
    def findings(self) -> tuple[str, ...]:
        return tuple(observation.finding for observation in self.combined) or (self.observation.finding,)


@dataclass(frozen=True, slots=True)
class StudyReports:
    """The reports on an association.

    `cohorts` are the independent cohorts, sorted by study; `independent` those and the published rows, as far as they don't overlap:
    what the weight and the direction rest on. `published` is every published row. `passed_over` says why an eligible row does not count.
    """

    cohorts: tuple[StudyReport, ...]
    independent: tuple[StudyReport, ...]
    published: tuple[Observation, ...]
    passed_over: Mapping[str, str]
    possible_overlaps: tuple[tuple[str, str], ...]
    cohorts_if_overlap: int
    studies: tuple[str, ...]


def study_reports(
    observations: Sequence[Observation], exposures: Takes, outcomes: Takes, studies: Mapping[str, Study], patients: Mapping[str, Patients]
) -> StudyReports:
    """The reports among `observations`, all of which belong to one edge."""
    passed_over: dict[str, str] = {}
    by_study: dict[str, list[Observation]] = {}
    published: list[Observation] = []
    for observation in observations:
        if observation.eligible:
            by_study.setdefault(observation.study, []).append(observation)
        elif observation.published:
            published.append(observation)
        elif observation.why is not None:
            passed_over[observation.finding] = observation.why
    reports = [_report_of(rows, exposures, outcomes, studies[study], passed_over) for study, rows in sorted(by_study.items())]
    conflicts = _conflicts([report.observation for report in reports], patients)
    worth = [_worth(report.observation) for report in reports]
    kept = independent(worth, conflicts)
    cohorts = tuple(reports[i] for i in kept)
    chosen = frozenset(kept)
    for i, report in enumerate(reports):
        if i not in chosen:
            rivals = ", ".join(reports[j].observation.study for j in sorted(conflicts[i]) if j in chosen)
            passed_over.update(
                dict.fromkeys(report.findings, f"shares patients with {rivals}, which {'vote' if ',' in rivals else 'votes'}")
            )
    possible, if_overlap = _possible(reports, worth, conflicts, kept, patients)
    return StudyReports(
        cohorts,
        _independent(reports, worth, conflicts, published, studies) if published else cohorts,
        tuple(published),
        passed_over,
        possible,
        if_overlap,
        tuple(sorted({*by_study, *(observation.study for observation in published)})),
    )


def _worth(observation: Observation) -> tuple[int, float]:
    return (int(observation.kind == "estimate"), observation.information)


def _conflicts(rows: Sequence[Observation], patients: Mapping[str, Patients]) -> list[set[int]]:
    """For each row those that are of some of its patients. Only rows that name something in common are compared."""
    found: list[set[int]] = [set() for _ in rows]
    for i, j in _pairs([_marks(row, patients[row.study]) for row in rows]):
        if shares(rows[i], rows[j], patients):
            found[i].add(j)
            found[j].add(i)
    return found


def _marks(row: Observation, whose: Patients) -> set[tuple[str, str]]:
    """What rows of the same patients have in common: a cohort, a study named, or (a pooled analysis of trials) the treatment."""
    marks = {("cohort", cohort) for cohort in whose.cohorts} | {("study", other) for other in whose.overlaps} | {("study", whose.study)}
    return marks | {("treatment", row.exposure)} if row.row.randomised else marks


def _pairs(marks: Sequence[Collection[Hashable]]) -> list[tuple[int, int]]:
    """The pairs (i > j) that have a mark in common, sorted."""
    holders: dict[Hashable, list[int]] = {}
    for i, own in enumerate(marks):
        for mark in own:
            holders.setdefault(mark, []).append(i)
    return sorted({(i, j) for members in holders.values() for i in members for j in members if i > j})


def _possible(
    reports: Sequence[StudyReport],
    worth: Sequence[tuple[int, float]],
    conflicts: Sequence[set[int]],
    kept: Sequence[int],
    patients: Mapping[str, Patients],
) -> tuple[tuple[tuple[str, str], ...], int]:
    """The pairs of cohorts that may share patients, and how many cohorts are left where they do."""
    stricter = [set(near) for near in conflicts]
    pairs = []
    chosen = frozenset(kept)
    for i, j in _pairs([patients[report.observation.study].authors for report in reports]):
        if j not in conflicts[i] and may_share(reports[i].observation, reports[j].observation, patients):
            stricter[i].add(j)
            stricter[j].add(i)
            if i in chosen and j in chosen:
                pairs.append((reports[j].observation.study, reports[i].observation.study))
    return tuple(sorted(pairs)), min(len(kept), len(independent(worth, stricter))) if pairs else len(kept)


def _independent(
    reports: Sequence[StudyReport],
    worth: Sequence[tuple[int, float]],
    conflicts: Sequence[set[int]],
    published: Sequence[Observation],
    studies: Mapping[str, Study],
) -> tuple[StudyReport, ...]:
    """The independent set among cohorts and published rows that have a ratio with an interval."""
    rows = sorted((row for row in published if row.scale == "log-ratio"), key=lambda row: (row.study, row.finding))
    everything = [*reports, *(StudyReport(row, poolable=False) for row in rows)]
    first = len(reports)
    near = [set(one) for one in conflicts] + [set() for _ in rows]
    for i, row in enumerate(rows, start=first):
        for j in range(i):
            if j >= first or not later(studies[reports[j].observation.study], studies[row.study]):
                near[i].add(j)
                near[j].add(i)
    kept = independent([*worth, *(_worth(row) for row in rows)], near)
    return tuple(everything[i] for i in kept)


def later(study: Study, review: Study) -> bool:
    """Whether a study is too late for a review to have taken it in; undated ones may be inside."""
    searched = int(review.search_until[:4]) if review.search_until else review.year
    return study.year is not None and searched is not None and study.year > searched


def _report_of(rows: Sequence[Observation], exposures: Takes, outcomes: Takes, study: Study, passed_over: dict[str, str]) -> StudyReport:
    """The report of a study: the widest population; then the edge's own terms; then estimate > p > bare; then adjusted."""
    order = {row.finding: i for i, row in enumerate(rows)}

    def preference(row: Observation) -> tuple[object, ...]:
        return (
            exposures[row.exposure][0],
            outcomes[row.outcome][0],
            # never by what a row found: an estimate before a p before a bare word
            0 if row.kind == "estimate" else 1 if row.row.p is not None else 2,
            _ADJUSTED_RANK[row.row.adjusted],
            order[row.finding],
        )

    size = {population.id: population.n for population in study.populations}
    by_population: dict[str, list[Observation]] = {}
    for row in rows:
        by_population.setdefault(row.row.population, []).append(row)
    best = {population: min(group, key=preference) for population, group in by_population.items()}
    widths = {population: size[population] or study.n or 0 for population in best}
    widest = max(widths.values())
    whole = study.n
    subgroups = [best[population] for population in sorted(best)]
    disjoint = (
        len(best) > 1
        and whole is not None
        and widest < whole
        and sum(widths.values()) == whole
        and all(row.comparison is not None and row.comparison == subgroups[0].comparison for row in subgroups)
    )
    if disjoint:
        report = _combine(subgroups, exposures, outcomes)
    else:
        wide = [row for population, row in best.items() if widths[population] == widest]
        chosen = min(wide, key=preference)
        report = StudyReport(chosen, _poolable(chosen, exposures, outcomes))
    for row in rows:
        if row.finding not in report.findings:
            narrower = widths[row.row.population] < widest
            passed_over[row.finding] = (
                f"taken for a part of the patients of {report.findings[0]}: same paper, fewer patients"
                if narrower
                else f"the same population is counted by {report.findings[0]}"
            )
    return report


def _poolable(row: Observation, exposures: Takes, outcomes: Takes) -> bool:
    return row.comparison is not None and exposures[row.exposure][1] == "estimates" and outcomes[row.outcome][1] == "estimates"


def _combine(rows: Sequence[Observation], exposures: Takes, outcomes: Takes) -> StudyReport:
    """Disjoint subgroups of one study, put together by inverse variance."""
    y, se = inverse_variance([row.y for row in rows if row.y is not None], [row.se for row in rows if row.se])
    first = rows[0]
    together = first.model_copy(
        update={
            "n": sum(row.n for row in rows),
            "y": y,
            "se": se,
            "z": y / se,
            "significant": sign_of(y) if abs(y / se) > Z95 else 0,
            "information": math.fsum(row.information for row in rows),
        }
    )
    return StudyReport(together, _poolable(first, exposures, outcomes), tuple(rows))
