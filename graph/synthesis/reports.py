"""Each patient counts once: what each cohort reports and estimates, and the cohorts that an association rests on.

docs/method.md, sections 1 and 3. Two questions are asked of each cohort, and two rows may answer them: its report of the direction, and
its estimates, at most one in each comparison.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from graph.synthesis.effect_sizes import inverse_variance
from graph.synthesis.method import Z95
from graph.synthesis.overlap import Patients, Worth, as_wholes, holds, independent, may_share, shares
from schema.observation import ComparisonKey, Observation, sign_of
from schema.study import Study
from schema.vocabulary import RollUp

# exposure and outcome terms whose rows an edge takes: term -> (rank, how)
Takes = Mapping[str, tuple[int, RollUp]]


@dataclass(frozen=True, slots=True)
class Edge:
    """What an association is of, and the terms whose rows it takes."""

    exposure: str
    outcome: str
    population: str
    exposures: Takes
    outcomes: Takes

    def rank(self, row: Observation) -> tuple[int, int]:
        """Own terms before what rolls up into them."""
        return self.exposures[row.exposure][0], self.outcomes[row.outcome][0]

    def poolable(self, row: Observation) -> bool:
        whole = self.exposures[row.exposure][1] == self.outcomes[row.outcome][1] == "estimates"
        return row.comparison is not None and whole


_ADJUSTED_RANK = {True: 0, None: 1, False: 2}


@dataclass(frozen=True, slots=True)
class StudyReport:
    """A row (or the rows of disjoint subgroups, `combined`) by which a cohort (or a published meta-analysis) counts.

    `poolable` is False for rows that came by a roll-up by which they count but aren't pooled. `cohort` is the study's id or, where a study
    has several cohorts that share nobody, that and the population's. `by_counts`: it is read by its counts where they make the measure.
    `trials`: how many cohorts a pooled analysis of patients stands for.
    """

    observation: Observation
    poolable: bool
    combined: tuple[Observation, ...] = ()
    cohort: str = ""
    by_counts: bool = False
    trials: int = 1

    @property
    def sign(self) -> int:
        """+1 or -1 as far as one is known: of what is significant, else of an estimate or a bare direction; else 0."""
        own = self.observation
        return own.reported_sign or (sign_of(own.y) if own.kind == "estimate" else 0)

    @property
    def findings(self) -> tuple[str, ...]:
        return tuple(observation.finding for observation in self.combined) if self.combined else (self.observation.finding,)


def findings_of(reports: Iterable[StudyReport]) -> tuple[str, ...]:
    """The findings behind some reports."""
    return tuple(finding for report in reports for finding in report.findings)


@dataclass(frozen=True, slots=True)
class Cohort:
    """What one cohort says of an association: its report, and its estimate in each comparison that it has one in.

    `figure`: whether it prints an estimate or an exact p, and not a word or a bound alone; `part`: whether it is one of several
    populations of a study that share nobody, and `parts` how many of these stand beside a whole.
    """

    report: StudyReport
    estimates: Mapping[ComparisonKey, StudyReport]
    figure: bool
    part: bool
    parts: int = 0

    @property
    def study(self) -> str:
        return self.report.observation.study


@dataclass(frozen=True, slots=True)
class StudyReports:
    """The reports on an association.

    `cohorts` are the reports of the independent cohorts, sorted by study; `independent` those and the published rows, as far as they don't
    overlap: what the weight and the direction rest on. `published` is every published row. `passed_over` says why an eligible row does
    not count. `everybody` are all cohorts, independent or not, `chosen` those of them that are; `eventless` the rows without an event, and
    `sharing` the studies that share patients with another one here.
    """

    cohorts: tuple[StudyReport, ...]
    independent: tuple[StudyReport, ...]
    published: tuple[Observation, ...]
    passed_over: Mapping[str, str]
    possible_overlaps: tuple[tuple[str, str], ...]
    cohorts_if_overlap: int
    studies: tuple[str, ...]
    everybody: tuple[Cohort, ...] = ()
    chosen: frozenset[str] = frozenset()
    eventless: tuple[Observation, ...] = ()
    sharing: frozenset[str] = frozenset()

    def without(self, study: str) -> StudyReports:
        """Those without a study that is not one of `sharing`; why a row does not count is not told anew."""
        return replace(
            self,
            cohorts=tuple(report for report in self.cohorts if report.observation.study != study),
            independent=tuple(report for report in self.independent if report.observation.study != study),
            studies=tuple(one for one in self.studies if one != study),
            everybody=tuple(cohort for cohort in self.everybody if cohort.study != study),
            eventless=tuple(row for row in self.eventless if row.study != study),
        )

    def of(self, members: Sequence[StudyReport]) -> StudyReports:
        """Those of some of the cohorts, by themselves."""
        names = frozenset(report.cohort for report in members)
        everybody = tuple(cohort for cohort in self.everybody if cohort.report.cohort in names)
        return StudyReports(tuple(members), tuple(members), (), {}, (), len(members), (), everybody, names)


def study_reports(
    observations: Sequence[Observation], edge: Edge, studies: Mapping[str, Study], patients: Mapping[str, Patients]
) -> StudyReports:
    """The reports among `observations`, all of which belong to the edge."""
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
    everybody = tuple(
        cohort for study_id, rows in sorted(by_study.items()) for cohort in _cohorts_of(rows, edge, studies[study_id], passed_over)
    )
    everybody = tuple(
        replace(cohort, report=replace(cohort.report, trials=patients[cohort.study].counts_as))
        if patients[cohort.study].counts_as > 1 and not cohort.part
        else cohort
        for cohort in everybody
    )
    reports = [cohort.report for cohort in everybody]
    conflicts = conflicts_of(everybody, reports, patients)
    worth = worths(everybody, reports, conflicts, patients)
    kept = independent(worth, conflicts)
    passed_over |= set_aside(reports, kept, conflicts, patients)
    possible, if_overlap = _possible(reports, worth, conflicts, kept, patients)
    cohorts = tuple(reports[i] for i in kept)
    return StudyReports(
        cohorts,
        _independent(cohorts, published, studies) if published else cohorts,
        tuple(published),
        passed_over,
        possible,
        if_overlap,
        tuple(sorted({*by_study, *(observation.study for observation in published)})),
        everybody,
        frozenset(reports[i].cohort for i in kept),
        tuple(observation for observation in observations if observation.eventless),
        frozenset(report.observation.study for report, near in zip(reports, conflicts, strict=True) if near),
    )


def set_aside(
    by: Sequence[StudyReport], kept: Collection[int], conflicts: Sequence[set[int]], patients: Mapping[str, Patients]
) -> dict[str, str]:
    """Why each finding of the reports that are not `kept` does not count."""
    chosen, aside = frozenset(kept), dict[str, str]()
    for i, report in enumerate(by):
        if i not in chosen:
            rivals = [by[j].observation.study for j in sorted(conflicts[i] & chosen)]
            aside |= dict.fromkeys(report.findings, _why_set_aside(report.observation.study, rivals, patients))
    return aside


def _why_set_aside(study: str, rivals: Sequence[str], patients: Mapping[str, Patients]) -> str:
    """Why a cohort's patients count by other cohorts."""
    rivals = list(dict.fromkeys(rivals))
    whole = [rival for rival in rivals if holds(patients[rival], patients[study])]
    if whole:
        return f"its patients count inside {', '.join(whole)}, which holds them"
    return f"shares patients with {', '.join(rivals)}, which {'count' if len(rivals) > 1 else 'counts'}"


def worths(
    cohorts: Sequence[Cohort],
    by: Sequence[StudyReport],
    conflicts: Sequence[set[int]],
    patients: Mapping[str, Patients],
    first: Sequence[bool] = (),
) -> list[Worth]:
    """What each cohort brings to an independent set, the most important first.

    Its patients (in quarters; a quarter of them where it says no more than a word or a bound, none where their number is not printed);
    of exactly as many the fewest that print a number, since that is a whole beside its parts; estimates; cohorts; whether it says that it
    holds others' patients; whether it is of the `first` set.
    """
    quarters = [
        (report.observation.n if report.observation.n_known else 0) * (4 if cohort.figure else 1)
        for cohort, report in zip(cohorts, by, strict=True)
    ]
    wholes = as_wholes(quarters, conflicts, [patients[cohort.study] for cohort in cohorts], [cohort.figure for cohort in cohorts])
    found: list[Worth] = []
    for i, (cohort, report, (size, counts_as, holds_others)) in enumerate(zip(cohorts, by, wholes, strict=True)):
        many = 1 if cohort.part else max(counts_as, cohort.parts)
        estimate = report.observation.kind == "estimate"
        found.append((size, -int(size > 0), many * estimate, many, int(holds_others or cohort.parts > 0), int(bool(first) and first[i])))
    return found


def conflicts_of(cohorts: Sequence[Cohort], by: Sequence[StudyReport], patients: Mapping[str, Patients]) -> list[set[int]]:
    """For each cohort those that hold some of its patients. Only those that name something in common are compared."""
    rows = [report.observation for report in by]
    found: list[set[int]] = [set() for _ in rows]
    for i, j in _pairs([_marks(row, patients[row.study]) for row in rows]):
        of_one_study = rows[i].study == rows[j].study
        if not (cohorts[i].part and cohorts[j].part) if of_one_study else shares(rows[i], rows[j], patients):
            found[i].add(j)
            found[j].add(i)
    return found


def _marks(row: Observation, whose: Patients) -> set[tuple[str, str]]:
    """What rows of the same patients have in common: a cohort, a study named, or (a pooled analysis of trials) the treatment."""
    marks = {("cohort", cohort) for cohort in whose.cohorts | whose.pools}
    marks |= {("study", other) for other in whose.overlaps | whose.pools} | {("study", whose.study)}
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
    worth: Sequence[Worth],
    conflicts: Sequence[set[int]],
    kept: Sequence[int],
    patients: Mapping[str, Patients],
) -> tuple[tuple[tuple[str, str], ...], int]:
    """The pairs of cohorts that may share patients, and how many cohorts are left where they do."""
    stricter = [set(near) for near in conflicts]
    pairs = []
    chosen = frozenset(kept)
    for i, j in _pairs([patients[report.observation.study].authors for report in reports]):
        one, other = reports[i].observation, reports[j].observation
        if j not in conflicts[i] and one.study != other.study and may_share(one, other, patients):
            stricter[i].add(j)
            stricter[j].add(i)
            if i in chosen and j in chosen:
                pairs.append((other.study, one.study))
    return tuple(sorted(pairs)), min(len(kept), len(independent(worth, stricter))) if pairs else len(kept)


def _independent(cohorts: Sequence[StudyReport], published: Sequence[Observation], studies: Mapping[str, Study]) -> tuple[StudyReport, ...]:
    """The independent set among the cohorts that count and published rows that have a ratio with an interval, by what they tell."""
    rows = sorted((row for row in published if row.scale == "log-ratio"), key=lambda row: (row.study, row.finding))
    everything = [*cohorts, *(StudyReport(row, poolable=False) for row in rows)]
    first = len(cohorts)
    near: list[set[int]] = [set() for _ in everything]
    for i, row in enumerate(rows, start=first):
        for j in range(i):
            if j >= first or not later(studies[cohorts[j].observation.study], studies[row.study]):
                near[i].add(j)
                near[j].add(i)
    # in thousandths of a patient, so that sums are exact
    worth = [(int(one.observation.kind == "estimate"), round(1000 * one.observation.information), 1) for one in everything]
    return tuple(everything[i] for i in independent(worth, near))


def beside(published: Observation, reports: StudyReports, studies: Mapping[str, Study]) -> tuple[StudyReport, ...]:
    """A published row, and the cohorts that are too late to be inside it."""
    review = studies[published.study]
    return (
        StudyReport(published, poolable=False),
        *(report for report in reports.cohorts if later(studies[report.observation.study], review)),
    )


def later(study: Study, review: Study) -> bool:
    """Whether a study is too late for a review to have taken it in; undated ones may be inside."""
    searched = int(review.search_until[:4]) if review.search_until else review.year
    return study.year is not None and searched is not None and study.year > searched


def _cohorts_of(rows: Sequence[Observation], edge: Edge, study: Study, passed_over: dict[str, str]) -> Iterator[Cohort]:
    """The cohorts of one study: the study itself, or those of its populations that share nobody."""
    apart = {population.id for population in study.populations if population.disjoint}
    parts: dict[str, list[Observation]] = {}
    for row in rows:
        parts.setdefault(row.row.population if row.row.population in apart else "", []).append(row)
    single = len(parts) == 1
    beside = len(parts) - 1 if "" in parts else 0
    for population, members in sorted(parts.items()):
        name = f"{study.id} {population}" if population and not single else study.id
        part = bool(population) and not single
        yield _cohort_of(members, edge, study, passed_over, name, part=part, parts=0 if part else beside)


def _cohort_of(
    rows: Sequence[Observation], edge: Edge, study: Study, passed_over: dict[str, str], name: str, *, part: bool, parts: int
) -> Cohort:
    """One cohort. Of the widest population; own terms; adjusted; an estimate before a p before a word; the first: never by a finding."""
    size = {population.id: study.size_of(population.id) or 0 for population in study.populations}
    order = {row.finding: i for i, row in enumerate(rows)}

    def preference(row: Observation) -> tuple[object, ...]:
        return (
            # a row whose direction can't be read never silences one whose sign can
            row.bare and row.row.direction == "unclear" and not row.reported_sign,
            -size[row.row.population],
            edge.rank(row),
            _ADJUSTED_RANK[row.row.adjusted],
            0 if row.kind == "estimate" else 1 if row.row.p is not None else 2,
            order[row.finding],
        )

    report = _answer(rows, preference, edge, study, size, name)
    estimates = _estimates(rows, edge, study, size, order, name)
    used = {finding for one in (report, *estimates.values()) for finding in one.findings}
    for row in rows:
        if row.finding in used:
            continue
        narrower = size[row.row.population] < size[report.observation.row.population]
        passed_over[row.finding] = (
            f"taken for a part of the patients of {report.findings[0]}: same paper, fewer patients"
            if narrower
            else f"the same population is counted by {report.findings[0]}"
        )
    return Cohort(report, estimates, any(map(prints_figure, rows)), part, parts)


def prints_figure(row: Observation) -> bool:
    """Whether a row prints more than a word or a bound."""
    return row.kind == "estimate" or row.row.value is not None or isinstance(row.row.p, int | float)


def _answer(
    rows: Sequence[Observation],
    preference: Callable[[Observation], tuple[object, ...]],
    edge: Edge,
    study: Study,
    size: Mapping[str, int],
    name: str,
) -> StudyReport:
    """The best of the rows or, where the best ones of disjoint subgroups make up the study and are estimates of one kind, all of these."""
    by_population: dict[str, list[Observation]] = {}
    for row in rows:
        by_population.setdefault(row.row.population, []).append(row)
    best = {population: min(members, key=preference) for population, members in sorted(by_population.items())}
    subgroups = list(best.values())
    widths = [size[population] for population in best]
    if (
        len(best) > 1
        and study.n is not None
        and max(widths) < study.n == sum(widths)
        and all(row.comparison is not None and row.comparison == subgroups[0].comparison for row in subgroups)
    ):
        return StudyReport(_together(subgroups), edge.poolable(subgroups[0]), tuple(subgroups), name)
    chosen = min(subgroups, key=preference)
    return StudyReport(chosen, edge.poolable(chosen), cohort=name)


def _estimates(
    rows: Sequence[Observation], edge: Edge, study: Study, size: Mapping[str, int], order: Mapping[str, int], name: str
) -> dict[ComparisonKey, StudyReport]:
    """A cohort's estimate in each comparison: of the widest population that has one there, at least half of the cohort.

    Of estimates that nothing else is known to be like, and of parts that count without being pooled, the cohort has one of a kind.
    """
    whole = max(size[row.row.population] for row in rows)
    kinds: dict[ComparisonKey, list[Observation]] = {}
    for row in rows:
        if row.comparison is not None and row.kind == "estimate":
            kinds.setdefault(_kind(row), []).append(row)

    def preference(row: Observation) -> tuple[object, ...]:
        return -size[row.row.population], not edge.poolable(row), edge.rank(row), _ADJUSTED_RANK[row.row.adjusted], order[row.finding]

    found = {}
    for members in kinds.values():
        report = _answer(members, preference, edge, study, size, name)
        if not report.combined and 2 * size[report.observation.row.population] < whole:
            continue
        key = report.observation.comparison
        assert key is not None
        # what counts but isn't pooled is compared with no other
        found[key if report.poolable else key.model_copy(update={"variable": report.observation.finding})] = report
    return found


def _kind(row: Observation) -> ComparisonKey:
    assert row.comparison is not None
    return row.comparison.model_copy(update={"variable": None}) if row.comparison.variable == row.finding else row.comparison


def _together(rows: Sequence[Observation]) -> Observation:
    """Disjoint subgroups of one study, put together by inverse variance."""
    y, se = inverse_variance([row.y for row in rows if row.y is not None], [row.se for row in rows if row.se])
    return rows[0].model_copy(
        update={
            "n": sum(row.n for row in rows),
            "n_known": all(row.n_known for row in rows),
            "y": y,
            "se": se,
            "z": y / se,
            "significant": sign_of(y) if abs(y / se) > Z95 else 0,
            "information": sum(row.information for row in rows),
        }
    )
