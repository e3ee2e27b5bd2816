"""One association from its rows: the pure function that every edge and every filtered answer comes from."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from graph.synthesis.certainty import Judgement, Rated, judge, track_of
from graph.synthesis.comparisons import (
    Comparison,
    Comparisons,
    comparisons_of,
    comparisons_without,
    printed_ci,
    prior_sensitive,
    small_study_effects,
)
from graph.synthesis.contested import Disagreement, contested, surprising
from graph.synthesis.corpus import Corpus
from graph.synthesis.direction import Verdict, average, decide, excluded
from graph.synthesis.effect_sizes import p_of_z
from graph.synthesis.method import Z95, Method
from graph.synthesis.observations import UNTOLD_TIME, noted_unit
from graph.synthesis.overlap import Patients, independent, overlap
from graph.synthesis.reports import Edge, StudyReport, StudyReports, Takes, findings_of, study_reports
from graph.wording import caption, interval, per, short
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
    from graph.synthesis.weight import Weighed


@dataclass(frozen=True, slots=True)
class Forecast:
    """What is known of an association before it is synthesised: what the reports with these findings say, and which are surprising."""

    weighed: Weighed | None
    of: frozenset[str]
    surprising: frozenset[str]


@dataclass(frozen=True, slots=True)
class Synthesis:
    """An association with the reports and the comparisons behind it."""

    association: Association
    reports: StudyReports
    comparisons: Comparisons
    rows: tuple[Observation, ...]
    edge: Edge
    verdict: Verdict
    # the findings of the reports that are surprising given the others
    surprising: frozenset[str]


def term_ref(term: Term) -> TermRef:
    return TermRef(id=term.id, name=term.name, kind=term.kind, category=term.category, plural=term.plural, proper=term.proper)


def population_ref(node: PopulationNode) -> TermRef:
    return TermRef(id=node.id, name=node.name, kind="population")


def study_ref(study: Study) -> StudyRef:
    standing = study.standing.kind if study.standing is not None else None
    return StudyRef(id=study.id, label=study.label, year=study.year, doi=study.doi, pmid=study.pmid, standing=standing)


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
    reports = study_reports(rows, edge, corpus.studies, corpus.patients)
    comparisons = comparisons_of(reports, rows, edge, corpus)
    return _concluded(edge, tuple(rows), reports, comparisons, corpus, forecast, short=short)


def without(synthesis: Synthesis, study: str, corpus: Corpus, forecast: Forecast) -> Synthesis:
    """The association without a study that shares patients with no other one here (`depend`), from what is at hand; short."""
    rows = tuple(row for row in synthesis.rows if row.study != study)
    reports = synthesis.reports.without(study)
    edge = synthesis.edge
    comparisons = comparisons_without(synthesis.comparisons, study, reports, rows, edge, corpus)
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
    exposure, outcome = edge.exposure, edge.outcome
    cohorts = [report.observation for report in reports.cohorts]
    first = comparisons.headline
    primary = first.result if first is not None else None
    reviewed = _headline_of_reviews(reports, first, edge, corpus)
    verdict = decide(reports, first, reviewed, corpus.studies)
    known_of = forecast is not None and forecast.of == frozenset(findings_of(verdict.reports))
    weighed = forecast.weighed if forecast is not None and known_of else _weigh(verdict.reports, corpus.method)
    weight = weighed.of(verdict.sign) if weighed is not None else None
    if forecast is not None:
        surprises = [i for i, report in enumerate(reports.cohorts) if not forecast.surprising.isdisjoint(report.findings)]
    else:
        surprises = surprising(reports.cohorts, corpus.method) if len(reports.cohorts) > 1 else []
    surprised = findings_of(reports.cohorts[i] for i in surprises)
    published = tuple(_shown(row, reviewed, verdict, corpus) for row in reports.published)
    headline_row = next((one for one in published if one.headline), None)
    headline = headline_row or primary
    studies = reports.studies
    known = [observation.n for observation in cohorts if observation.n_known]
    judgement = _judged(edge, verdict, reports, first, reviewed, corpus) if verdict.reports else None
    result = primary.reml_hk if primary is not None and headline_row is None else None
    estimate_source: EstimateSource | None = "published" if headline_row else (primary.estimate_source if primary else None)
    signs = [observation.reported_sign for observation in cohorts]
    unclear = sum(observation.kind == "unclear" for observation in cohorts)
    association = Association(
        exposure=term_ref(corpus.vocabulary[exposure]),
        outcome=term_ref(corpus.vocabulary[outcome]),
        population=population_ref(corpus.populations[edge.population]),
        direction=verdict.direction,
        direction_basis=verdict.basis,
        leans=verdict.leans,
        weight=round(weight.weight, 6) if weight else None,
        weight_range=(round(weight.range[0], 6), round(weight.range[1], 6)) if weight else None,
        p_direction=round(weight.p_direction, 6) if weight else None,
        replication=round(weight.replication, 6) if weight else None,
        measure=headline.measure if headline else None,
        estimate=headline.estimate if headline else None,
        ci=headline.ci if headline else None,
        estimate_source=estimate_source,
        average=primary.common if primary is not None and estimate_source == "pooled-bayes" else None,
        prior_sensitive=prior_sensitive(first) if first is not None and estimate_source == "pooled-bayes" and not short else None,
        excludes_no_effect=_excludes(first, reviewed),
        size=None if short else _size(first, reviewed, reports, corpus),
        little_difference=judgement is not None and judgement.little,
        prediction_interval=result.prediction_interval if result else None,
        p=_p(reviewed, first),
        tau2=result.tau2 if result else None,
        i2=result.i2 if result else None,
        q=result.q if result else None,
        k=headline.k if headline else None,
        contrast=_contrast(reviewed, first),
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
        full_text=sum(corpus.studies[study].read == "full-text" for study in studies),
        tables=sum(corpus.studies[study].read == "tables" for study in studies),
        not_stated=sum(corpus.studies[study].read == "not-stated" for study in studies),
        certainty=judgement.level if judgement else None,
        reasons=judgement.reasons if judgement else (),
        contested=None
        if short
        else contested(reports.cohorts, surprises, _disagreement(first, reports.published, corpus), corpus.studies, corpus.method),
        caption="",
        papers=() if short else tuple(study_ref(corpus.studies[study]) for study in studies or sorted({row.study for row in rows})),
        findings=() if short else tuple(row.finding for row in rows),
    )
    synthesis = Synthesis(association, reports, comparisons, rows, edge, verdict, frozenset(surprised))
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


def _weigh(reports: Sequence[StudyReport], method: Method) -> Weighed | None:
    """The weight of these reports; None where none of them says anything."""
    # numpy is loaded where figures are made, not where stored ones are read
    from graph.synthesis.weight import reported_zs, weigh

    zs = reported_zs(reports, method)
    return weigh(zs, method) if zs else None


def _judged(
    edge: Edge, verdict: Verdict, reports: StudyReports, first: Comparison | None, reviewed: Observation | None, corpus: Corpus
) -> Judgement:
    exposure, outcome = corpus.vocabulary[edge.exposure], corpus.vocabulary[edge.outcome]
    small = small_study_effects(first) if reviewed is None else None
    return judge(
        Rated(
            track=track_of(
                exposure, outcome, randomised=bool(verdict.reports) and all(one.observation.row.randomised for one in verdict.reports)
            ),
            verdict=verdict,
            headline=first if verdict.basis == "estimate" else None,
            published=reviewed,
            rivals=[row for row in reports.published if row is not reviewed and _rivals(row, first, edge, corpus)],
            parts=frozenset(
                finding
                for report in verdict.reports
                for finding in report.findings
                if _part(report.observation.exposure, edge.exposure, edge.exposures, corpus)
                or _part(report.observation.outcome, edge.outcome, edge.outcomes, corpus)
            ),
            egger_p=small.p if small is not None else None,
            studies=corpus.studies,
            death=outcome.category == "death",
            continuous=outcome.unit is not None,
            method=corpus.method,
        )
    )


def _rivals(row: Observation, first: Comparison | None, edge: Edge, corpus: Corpus) -> bool:
    """Whether a published row answers the question of the edge, as far as that can be told."""
    if first is not None:
        return _same_question(row, first, corpus.vocabulary)
    return (row.exposure, row.outcome) == (edge.exposure, edge.outcome) and not row.row.randomised


def _excludes(first: Comparison | None, reviewed: Observation | None) -> bool | None:
    """Whether the headline's interval excludes no effect; of one row as its paper says."""
    if reviewed is not None:
        return bool(reviewed.significant)
    return bool(excluded(first)[0]) if first is not None else None


def _size(first: Comparison | None, reviewed: Observation | None, reports: StudyReports, corpus: Corpus) -> Interval | None:
    """From the lowest to the highest of the points of the headline's estimates and of the published ones of its question."""
    rows = [report.observation for report in first.members] if first is not None else []
    scale, step = (rows[0].scale, first.result.step) if first is not None else (reviewed.scale if reviewed else None, 1.0)
    asked = [reviewed] if reviewed is not None else []
    if first is not None:
        asked += [row for row in reports.published if row is not reviewed and _same_question(row, first, corpus.vocabulary)]
    points = [back(scale, step * row.y) for row in (*rows, *asked) if row.y is not None and row.scale == scale]
    return (min(points), max(points)) if points else None


def _headline_of_reviews(reports: StudyReports, first: Comparison | None, edge: Edge, corpus: Corpus) -> Observation | None:
    """The published pooled row that is the headline.

    Where there is an estimate of ours: one of the same question, observational, on the same scale, whose interval holds more than twice the
    information of ours; else any with an interval, of the own terms first. Of several the latest search, then the most studies.
    """
    with_interval = [row for row in reports.published if row.y is not None and row.se is not None]
    if first is not None:
        with_interval = [row for row in with_interval if _same_question(row, first, corpus.vocabulary) and _tells_more(row, first)]

    def order(row: Observation) -> tuple[object, ...]:
        study = corpus.studies[row.study]
        searched = study.search_until or (str(study.year) if study.year else "")
        own = edge.exposures[row.exposure][0] == 0 and edge.outcomes[row.outcome][0] == 0
        # the text of a date is in its order; of one study the first row
        return own, searched, row.row.k or study.k or 0

    return max(with_interval, key=order, default=None)


def _shown(row: Observation, reviewed: Observation | None, verdict: Verdict, corpus: Corpus) -> PublishedEstimate:
    return PublishedEstimate(
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
        in_weight=any(report.observation.finding == row.finding for report in verdict.reports),
        headline=row is reviewed,
    )


def _same_question(row: Observation, primary: Comparison, terms: Vocabulary) -> bool:
    """Whether a published row answers what our estimates answer, in their measure."""
    own, key = row.comparison, primary.key
    if own is None or own.measure != key.measure or not _same_contrast(row, primary, terms):
        return False
    # a review says less of its cut-offs and times than a paper does
    cut = own.cutoff in {None, key.cutoff} and own.outcome_cutoff in {None, key.outcome_cutoff}
    return cut and own.window in {None, UNTOLD_TIME, key.window}


def _same_contrast(row: Observation, primary: Comparison, terms: Vocabulary) -> bool:
    """Whether a published row compares what our estimates compare, on their scale; "as pooled" of a yes/no term is of yes and no."""
    own, key = row.comparison, primary.key
    if own is None or key.randomised or row.row.randomised or row.scale != primary.members[0].observation.scale:
        return False
    yes_no = own.contrast_type in {None, "unknown"} and row.row.per is None and terms[row.exposure].unit is None
    contrast = "binary" if yes_no else own.contrast_type
    return (contrast, own.unit, own.versus) == (key.contrast_type, key.unit, key.versus)


def _tells_more(row: Observation, primary: Comparison) -> bool:
    """Whether its interval holds more than twice the information of ours (1 / se^2, by the width)."""
    assert row.se is not None
    low, high = (forward(row.scale, bound) for bound in primary.result.ci)
    ours = (high - low) / (2 * Z95) / primary.result.step
    return 1 / row.se**2 > 2 / ours**2


def _disagreement(first: Comparison | None, published: Sequence[Observation], corpus: Corpus) -> Disagreement | None:
    """Our estimate and a published one, or two published ones of one kind, that can't both be right.

    One excludes no effect, and the other runs the other way or finds nothing and excludes what the one found; or each excludes the other.
    """
    given = [
        _Estimate(
            corpus.studies[row.study].label,
            (StudyReport(row, poolable=False),),
            row.y,
            row.se,
            row.significant,
            (back(row.scale, row.y), ci),
            row.row.measure,
        )
        for row in published
        if row.y is not None and row.se is not None and (ci := printed_ci(row)) is not None
    ]
    for i, one in enumerate(given):
        row = one.reports[0].observation
        pairs = [other for other in given[:i] if _alike(other.reports[0].observation, row)]
        if first is not None and _same_contrast(row, first, corpus.vocabulary):
            point, ci = average(first.result)
            y, low, high = (forward(row.scale, figure) / first.result.step for figure in (point, *ci))
            pairs.insert(
                0, _Estimate("ours", first.members, y, (high - low) / (2 * Z95), excluded(first)[0], (point, ci), first.result.measure)
            )
        for other in pairs:
            apart = abs(one.y - other.y)
            # a null says otherwise where it excludes what the other found; a wide one doesn't
            null = max((side.se for side in (one, other) if not side.significant), default=0.0)
            if apart > Z95 * (max(one.se, other.se) if one.significant == other.significant else null):
                why = f"{other.name} {other.figures} and {one.name} {one.figures} disagree"
                return Disagreement(why, tuple((f"{side.name}: {_SAYS[side.significant]}", side.reports) for side in (other, one)))
    return None


_SAYS = {1: "increases", -1: "decreases", 0: "no effect not excluded"}


class _Estimate(NamedTuple):
    """An estimate with its name and the reports behind it, on the scale of y; `shown` are point and interval as they are shown."""

    name: str
    reports: tuple[StudyReport, ...]
    y: float
    se: float
    significant: int
    shown: tuple[float, Interval]
    measure: str

    @property
    def figures(self) -> str:
        point, ci = self.shown
        return f"{short(self.measure)} {point:.2f} ({interval(ci, digits=2)})"


def _alike(a: Observation, b: Observation) -> bool:
    """Whether two published rows of different reviews are estimates of one kind."""
    return a.study != b.study and a.row.measure == b.row.measure and a.row.contrast_type == b.row.contrast_type


def _p(reviewed: Observation | None, primary: Comparison | None) -> float | None:
    """The p of the headline: of the pooled estimate by REML-HK, or of the one row behind it."""
    if reviewed is not None:
        row = reviewed
    elif primary is None:
        return None
    elif primary.result.reml_hk is not None:
        # a Bayesian interval has no p; that of REML-HK stands with its own interval in the comparison
        return primary.result.reml_hk.p if primary.result.estimate_source == "pooled-reml-hk" else None
    else:
        row = primary.members[0].observation
    return p_of_z(row.y / row.se) if row.y is not None and row.se is not None else None


def _contrast(reviewed: Observation | None, primary: Comparison | None) -> str | None:
    """What is compared in the headline, as printed: of one row its own text, of several the kind of contrast."""
    if reviewed is not None:
        rows = [reviewed]
    else:
        rows = [row for report in primary.members for row in report.combined or (report.observation,)] if primary is not None else []
    texts = {_compared(row) for row in rows if row.row.contrast}
    if len(texts) == 1:
        return texts.pop()
    if primary is None or reviewed is not None:
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
    reports = synthesis.reports.of(members)
    comparisons = comparisons_of(reports, synthesis.rows, synthesis.edge, corpus)
    comparison = next((one for one in comparisons.all if not set(one.result.rows).isdisjoint(primary)), comparisons.headline)
    verdict = decide(reports, comparisons.headline, None, corpus.studies)
    weighed = _weigh(verdict.reports, corpus.method)
    return Partial(
        verdict.direction,
        round(weighed.of(verdict.sign).weight, 6) if weighed else None,
        comparison.result if comparison is not None else None,
        _contrast(None, comparison),
    )
