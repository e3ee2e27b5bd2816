"""One association from its rows: the pure function that every edge and every filtered answer comes from."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from graph.synthesis.certainty import judge, track_of
from graph.synthesis.comparisons import Comparison, Comparisons, comparisons_of, comparisons_without, printed_ci, prior_sensitive
from graph.synthesis.contested import contested, surprising
from graph.synthesis.corpus import Corpus
from graph.synthesis.effect_sizes import p_of_z
from graph.synthesis.method import Z95, Method
from graph.synthesis.observations import UNTOLD_TIME, noted_unit
from graph.synthesis.overlap import Patients, independent, overlap
from graph.synthesis.reports import StudyReport, StudyReports, Takes, study_reports
from graph.wording import caption, interval, null_of, per
from schema.association import (
    Association,
    Direction,
    EstimateSource,
    FamilyResult,
    Interval,
    NoEvents,
    PossibleOverlaps,
    PublishedEstimate,
    Sensitivity,
    StudyRef,
    Subset,
    TermRef,
)
from schema.observation import Observation
from schema.populations import PopulationNode
from schema.scales import back, forward
from schema.study import Study
from schema.vocabulary import Term, Vocabulary

if TYPE_CHECKING:
    from graph.synthesis.weight import Weight


@dataclass(frozen=True, slots=True)
class Edge:
    """What an association is of, and the terms whose rows it takes."""

    exposure: str
    outcome: str
    population: str
    exposures: Takes
    outcomes: Takes


@dataclass(frozen=True, slots=True)
class Forecast:
    """What is known of an association before it is synthesised: its weight, where that is, and the findings that are surprising."""

    weight: Weight | None
    surprising: frozenset[str]


@dataclass(frozen=True, slots=True)
class Synthesis:
    """An association with the reports and the comparisons behind it."""

    association: Association
    reports: StudyReports
    comparisons: Comparisons
    rows: tuple[Observation, ...]
    edge: Edge
    # the findings of the reports that are surprising given the others
    surprising: frozenset[str]


def term_ref(term: Term) -> TermRef:
    return TermRef(id=term.id, name=term.name, kind=term.kind, category=term.category, plural=term.plural, proper=term.proper)


def population_ref(node: PopulationNode) -> TermRef:
    return TermRef(id=node.id, name=node.name, kind="population")


def study_ref(study: Study) -> StudyRef:
    return StudyRef(id=study.id, label=study.label, year=study.year, doi=study.doi, pmid=study.pmid)


def synthesise(
    exposure: str,
    outcome: str,
    population: str,
    observations: Sequence[Observation],
    corpus: Corpus,
    forecast: Forecast | None = None,
    *,
    short: bool = False,
) -> Synthesis:
    """The association of an exposure with an outcome in a population, from all rows of its edge.

    `observations` holds every row on the two terms and on what rolls up into them, in that population and its parts, in any order.
    `short` leaves out what stands beside the figures: sensitivity, contradiction, caption, papers. `forecast` is what is known of it.
    """
    rows = sorted(observations, key=lambda observation: (observation.study, observation.position))
    edge = Edge(exposure, outcome, population, corpus.vocabulary.takes(exposure), corpus.vocabulary.takes(outcome))
    reports = study_reports(rows, edge.exposures, edge.outcomes, corpus.studies, corpus.patients)
    comparisons = comparisons_of(reports, rows, edge.exposures, edge.outcomes, corpus)
    return _concluded(edge, tuple(rows), reports, comparisons, corpus, forecast, short=short)


def without(synthesis: Synthesis, study: str, corpus: Corpus, forecast: Forecast) -> Synthesis:
    """The association without a study that shares patients with no other one here (`depend`), from what is at hand; short."""
    rows = tuple(row for row in synthesis.rows if row.study != study)
    reports = synthesis.reports.without(study)
    edge = synthesis.edge
    comparisons = comparisons_without(synthesis.comparisons, study, reports, rows, edge.exposures, edge.outcomes, corpus)
    return _concluded(edge, rows, reports, comparisons, corpus, forecast, short=True)


def depend(synthesis: Synthesis) -> frozenset[str]:
    """The studies without which others may count otherwise: those that share patients, or whose measures are unlike; with reviews all."""
    reports = synthesis.reports
    return frozenset(reports.studies) if reports.published else reports.sharing | synthesis.comparisons.sharing


def _concluded(
    edge: Edge,
    rows: tuple[Observation, ...],
    reports: StudyReports,
    comparisons: Comparisons,
    corpus: Corpus,
    forecast: Forecast | None,
    *,
    short: bool,
) -> Synthesis:
    exposure, outcome, exposures, outcomes = edge.exposure, edge.outcome, edge.exposures, edge.outcomes
    cohorts = [report.observation for report in reports.cohorts]
    weighed = forecast.weight if forecast is not None and forecast.weight is not None else _weigh(reports.independent, corpus.method)
    first = comparisons.headline
    primary = first.result if first is not None else None
    published, headline_row = _published(reports, first, exposures, outcomes, corpus)
    direction = _direction(reports, weighed.sign if weighed else None, headline_row)
    basis = _basis(reports, headline_row)
    track = track_of(
        corpus.vocabulary[exposure],
        corpus.vocabulary[outcome],
        randomised=bool(basis) and all(report.observation.row.randomised for report in basis),
    )
    if forecast is not None:
        surprises = [i for i, report in enumerate(reports.cohorts) if not forecast.surprising.isdisjoint(report.findings)]
    else:
        surprises = surprising(reports.cohorts, corpus.method) if len(reports.cohorts) > 1 else []
    surprised = [finding for i in surprises for finding in reports.cohorts[i].findings]
    headline = headline_row or primary
    figures = None
    if headline is not None and headline.estimate is not None and headline.ci is not None:
        figures = (headline.estimate, *headline.ci)
    studies = reports.studies
    full_text = sum(corpus.studies[study].read == "full-text" for study in studies)
    known = [observation.n for observation in cohorts if observation.n_known]
    certainty, reasons = judge(
        track,
        basis,
        corpus.studies,
        direction=direction,
        headline=figures,
        null_value=null_of(headline.measure if headline is not None else None),
        per_step=headline_row is None and first is not None and first.key.contrast_type == "per-unit",
        published_only=headline_row is not None,
        rolled_up=[
            finding
            for report in basis
            for finding in report.findings[:1]
            if _part(report.observation.exposure, exposure, exposures, corpus)
            or _part(report.observation.outcome, outcome, outcomes, corpus)
        ],
        surprising=surprised,
        full_text=sum(corpus.studies[report.observation.study].read == "full-text" for report in basis),
        disagreeing=_disagreeing(primary, published, reports.published),
        # a number that isn't printed is no small one
        patients=sum(known) if len(known) == len(cohorts) else None,
        method=corpus.method,
    )
    result = primary.reml_hk if primary is not None and headline_row is None else None
    estimate_source: EstimateSource | None = "published" if headline_row else (primary.estimate_source if primary else None)
    signs = [observation.reported_sign for observation in cohorts]
    unclear = sum(observation.kind == "unclear" for observation in cohorts)
    association = Association(
        exposure=term_ref(corpus.vocabulary[exposure]),
        outcome=term_ref(corpus.vocabulary[outcome]),
        population=population_ref(corpus.populations[edge.population]),
        direction=direction,
        weight=round(weighed.weight, 6) if weighed else None,
        p_direction=round(weighed.p_direction, 6) if weighed else None,
        measure=headline.measure if headline else None,
        estimate=headline.estimate if headline else None,
        ci=headline.ci if headline else None,
        estimate_source=estimate_source,
        average=primary.common if primary is not None and estimate_source == "pooled-bayes" else None,
        prior_sensitive=prior_sensitive(first) if first is not None and estimate_source == "pooled-bayes" and not short else None,
        prediction_interval=result.prediction_interval if result else None,
        p=_p(headline_row, first, reports),
        tau2=result.tau2 if result else None,
        i2=result.i2 if result else None,
        q=result.q if result else None,
        k=headline.k if headline else None,
        contrast=_contrast(headline_row, first, reports),
        families=tuple(one.result for one in comparisons.all),
        published=published,
        studies=len(studies),
        cohorts=len(cohorts),
        cohorts_if_overlap=reports.cohorts_if_overlap,
        patients=sum(known) if known else None,
        patients_unknown=len(cohorts) - len(known),
        no_events=_no_events(reports, corpus.patients),
        increases=signs.count(1),
        decreases=signs.count(-1),
        not_significant=signs.count(0) - unclear,
        unclear=unclear,
        full_text=full_text,
        certainty=certainty if basis else None,
        reasons=reasons if basis else (),
        contested=None if short else contested(reports.cohorts, surprises, corpus.studies, corpus.method),
        caption="",
        papers=() if short else tuple(study_ref(corpus.studies[study]) for study in studies or sorted({row.study for row in rows})),
        findings=() if short else tuple(row.finding for row in rows),
    )
    synthesis = Synthesis(association, reports, comparisons, rows, edge, frozenset(surprised))
    if short:
        return synthesis
    association = association.model_copy(update={"sensitivity": _sensitivity(synthesis, corpus)})
    return dataclasses.replace(synthesis, association=association.model_copy(update={"caption": caption(association)}))


def _no_events(reports: StudyReports, patients: Mapping[str, Patients]) -> NoEvents | None:
    """The studies whose tables have no event, or events only, and their patients, each counted once."""
    largest: dict[str, int] = {}
    for row in reports.eventless:
        largest[row.study] = max(row.n, largest.get(row.study, 0))
    names = sorted(largest)
    near = [{j for j, other in enumerate(names) if other != one and overlap(patients[one], patients[other])} for one in names]
    kept = independent([(largest[name],) for name in names], near)
    return NoEvents(studies=tuple(names), patients=sum(largest[names[i]] for i in kept)) if names else None


def _part(term: str, edge: str, takes: Takes, corpus: Corpus) -> bool:
    """Whether a term is a part of the edge's, and not one of the measures of an umbrella."""
    return takes[term][1] == "weight" and not corpus.vocabulary[edge].umbrella


def _weigh(reports: Sequence[StudyReport], method: Method) -> Weight | None:
    """The weight of these reports; None where none of them says anything."""
    # numpy is loaded where figures are made, not where stored ones are read
    from graph.synthesis.weight import reported_zs, weigh

    zs = reported_zs(report.observation for report in reports)
    return weigh(zs, method) if zs else None


def _basis(reports: StudyReports, headline: PublishedEstimate | None) -> tuple[StudyReport, ...]:
    """The reports that the certainty is of: the independent set; else the published headline, which has no place in the weight."""
    if reports.independent or headline is None:
        return reports.independent
    return tuple(StudyReport(row, poolable=False) for row in reports.published if row.finding == headline.finding)


def _direction(reports: StudyReports, sign: int | None, headline: PublishedEstimate | None = None) -> Direction:
    """The likelier sign, where one of the independent set reports it; where that is empty, the sign of a published headline.

    A cohort whose patients are in a published meta-analysis of the set is not in it besides.
    """
    if sign is None:
        row = next((row for row in reports.published if headline is not None and row.finding == headline.finding), None)
        return _WORDS[row.significant] if row is not None else "inconclusive"
    significant = {report.observation.significant for report in reports.cohorts}
    if {1, -1} <= significant:
        return "inconsistent"
    reported = {report.observation.reported_sign for report in reports.independent}
    return _WORDS[sign] if sign in reported else "inconclusive"


_WORDS: dict[int, Direction] = {1: "increases", -1: "decreases", 0: "inconclusive"}


def _published(
    reports: StudyReports, primary: Comparison | None, exposures: Takes, outcomes: Takes, corpus: Corpus
) -> tuple[tuple[PublishedEstimate, ...], PublishedEstimate | None]:
    """All published pooled rows, and the one that is the headline.

    Where there is an estimate of ours: one of the same question, observational, on the same scale, whose interval holds more than twice the
    information of ours; else any with an interval, of the own terms first. Of several the latest search, then the most studies.
    """
    independent = {report.observation.finding for report in reports.independent}
    with_interval = [row for row in reports.published if row.y is not None and row.se is not None]
    if primary is not None:
        with_interval = [row for row in with_interval if _same_question(row, primary, corpus.vocabulary) and _tells_more(row, primary)]

    def order(row: Observation) -> tuple[object, ...]:
        study = corpus.studies[row.study]
        searched = study.search_until or (str(study.year) if study.year else "")
        own = exposures[row.exposure][0] == 0 and outcomes[row.outcome][0] == 0
        # the text of a date is in its order; of one study the first row
        return own, searched, row.row.k or study.k or 0

    best = max(with_interval, key=order, default=None)
    shown = tuple(
        PublishedEstimate(
            finding=row.finding,
            study=row.study,
            label=corpus.studies[row.study].label,
            measure=row.comparison.measure if row.comparison else row.row.measure,
            unit=noted_unit(row.row) if row.row.measure.endswith("difference") else None,
            estimate=back(row.scale, row.y) if row.y is not None else None,
            ci=printed_ci(row),
            k=row.row.k,
            review_k=corpus.studies[row.study].k,
            patients=row.n if row.n_known else None,
            in_weight=row.finding in independent,
            headline=best is not None and row.finding == best.finding,
        )
        for row in reports.published
    )
    return shown, next((one for one in shown if one.headline), None)


def _same_question(row: Observation, primary: Comparison, terms: Vocabulary) -> bool:
    """Whether a published row answers what our estimates answer; "as pooled" of a yes/no term is of yes and no."""
    own, key = row.comparison, primary.key
    if own is None or key.randomised or row.row.randomised:
        return False
    yes_no = own.contrast_type in {None, "unknown"} and row.row.per is None and terms[row.exposure].unit is None
    contrast = "binary" if yes_no else own.contrast_type
    # a review says less of its cut-offs and times than a paper does
    cut = own.cutoff in {None, key.cutoff} and own.outcome_cutoff in {None, key.outcome_cutoff}
    told = cut and own.window in {None, UNTOLD_TIME, key.window}
    return (own.measure, contrast, own.unit, own.versus) == (key.measure, key.contrast_type, key.unit, key.versus) and told


def _tells_more(row: Observation, primary: Comparison) -> bool:
    """Whether its interval holds more than twice the information of ours (1 / se^2, by the width)."""
    if row.se is None or row.scale != primary.members[0].observation.scale:
        return False
    low, high = (forward(row.scale, bound) for bound in primary.result.ci)
    ours = (high - low) / (2 * Z95) / primary.result.step
    return 1 / row.se**2 > 2 / ours**2


def _disagreeing(
    primary: FamilyResult | None, published: Sequence[PublishedEstimate], rows: Sequence[Observation]
) -> tuple[str, tuple[str, ...]] | None:
    """What estimates exclude each other's point (ours and the headline, or two published ones of one kind), and their findings."""
    contrast = {row.finding: row.row.contrast_type for row in rows}
    for one in published:
        if one.headline and primary is not None and primary.measure == one.measure:
            alike = contrast[one.finding] in {None, primary.contrast_type}
            if alike and _exclude((one.estimate, one.ci), (primary.estimate, primary.ci)):
                return f"ours {_figures(primary)} and {one.label} {_figures(one)}", (*primary.rows, one.finding)
    for i, one in enumerate(published):
        for other in published[:i]:
            same = one.measure == other.measure and contrast[one.finding] == contrast[other.finding]
            if same and one.study != other.study and _exclude((one.estimate, one.ci), (other.estimate, other.ci)):
                return f"{other.label} {_figures(other)} and {one.label} {_figures(one)}", tuple(sorted((one.finding, other.finding)))
    return None


def _figures(one: FamilyResult | PublishedEstimate) -> str:
    return f"{one.estimate:.2f}{f' ({interval(one.ci, digits=2)})' if one.ci else ''}"


def _exclude(a: tuple[float | None, Interval | None], b: tuple[float | None, Interval | None]) -> bool:
    (x, ci_x), (y, ci_y) = a, b
    if x is None or y is None or ci_x is None or ci_y is None:
        return False
    return not ci_x[0] <= y <= ci_x[1] and not ci_y[0] <= x <= ci_y[1]


def _p(headline: PublishedEstimate | None, primary: Comparison | None, reports: StudyReports) -> float | None:
    """The p of the headline: of the pooled estimate by REML-HK, or of the one row behind it."""
    if headline is not None:
        row = next((row for row in reports.published if row.finding == headline.finding), None)
    elif primary is None:
        return None
    elif primary.result.reml_hk is not None:
        # a Bayesian interval has no p; that of REML-HK stands with its own interval in the comparison
        return primary.result.reml_hk.p if primary.result.estimate_source == "pooled-reml-hk" else None
    else:
        row = primary.members[0].observation
    return p_of_z(row.y / row.se) if row is not None and row.y is not None and row.se is not None else None


def _contrast(headline: PublishedEstimate | None, primary: Comparison | None, reports: StudyReports) -> str | None:
    """What is compared in the headline, as printed: of one row its own text, of several the kind of contrast."""
    if headline is not None:
        rows = [row for row in reports.published if row.finding == headline.finding]
    else:
        rows = [row for report in primary.members for row in report.combined or (report.observation,)] if primary is not None else []
    texts = {_compared(row) for row in rows if row.row.contrast}
    if len(texts) == 1:
        return texts.pop()
    if primary is None or headline is not None:
        return None
    step = per(primary.result.measure, primary.result.unit)
    return step if step.startswith("per ") else primary.key.contrast_type


def _compared(observation: Observation) -> str:
    """What a row compares, as printed; a print that runs the other way round compares the other way round, too."""
    contrast = observation.row.contrast or ""
    if observation.row.reversed or observation.row.outcome_scale:
        return f"{contrast}, turned round"
    # percentages are of the outcome as printed
    return (
        f"{contrast}, of {observation.row.outcome.replace('-', ' ')}"
        if observation.turned_from is not None and "%" in contrast
        else contrast
    )


def _sensitivity(synthesis: Synthesis, corpus: Corpus) -> Sensitivity:
    """The same from parts of the independent cohorts, where there is a part and not all are in it."""
    reports = synthesis.reports
    cohorts = reports.cohorts
    possible = PossibleOverlaps(cohorts=reports.cohorts_if_overlap, pairs=reports.possible_overlaps) if reports.possible_overlaps else None
    if len(cohorts) < 2:
        return Sensitivity(possible_overlaps=possible)

    def part(members: list[StudyReport]) -> Subset | None:
        return _subset(members, synthesis, corpus) if 0 < len(members) < len(cohorts) else None

    return Sensitivity(
        crude=part([report for report in cohorts if report.observation.row.adjusted is False]),
        adjusted=part([report for report in cohorts if report.observation.row.adjusted is True]),
        randomised=part([report for report in cohorts if report.observation.row.randomised]),
        observational=part([report for report in cohorts if not report.observation.row.randomised]),
        possible_overlaps=possible,
    )


def _subset(members: Sequence[StudyReport], synthesis: Synthesis, corpus: Corpus) -> Subset:
    part = partial(members, synthesis, corpus)
    first = part.comparison
    return Subset(
        direction=part.direction,
        cohorts=len(members),
        measure=first.measure if first else None,
        estimate=first.estimate if first else None,
        ci=first.ci if first else None,
        k=first.k if first else None,
    )


class Partial(NamedTuple):
    """What some of an association's reports say, by themselves."""

    direction: Direction
    weight: float | None
    comparison: FamilyResult | None
    contrast: str | None


def partial(members: Sequence[StudyReport], synthesis: Synthesis, corpus: Corpus, primary: Collection[str] = ()) -> Partial:
    """The small synthesis of some cohorts; of their comparisons the one with rows of `primary`, where they have a part in it."""
    weighed = _weigh(members, corpus.method)
    reports = synthesis.reports.of(members)
    comparisons = comparisons_of(reports, synthesis.rows, synthesis.edge.exposures, synthesis.edge.outcomes, corpus)
    comparison = next((one for one in comparisons.all if not set(one.result.rows).isdisjoint(primary)), comparisons.headline)
    direction = _direction(reports, weighed.sign if weighed else None)
    return Partial(
        direction,
        round(weighed.weight, 6) if weighed else None,
        comparison.result if comparison is not None else None,
        _contrast(None, comparison, reports),
    )
