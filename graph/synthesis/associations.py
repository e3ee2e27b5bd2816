"""One association from its rows: the pure function that every edge and every filtered answer comes from."""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from graph.synthesis.certainty import judge, track_of
from graph.synthesis.contested import contested, surprising
from graph.synthesis.effect_sizes import p_of_z
from graph.synthesis.method import METHOD, Z95, Method, method_of
from graph.synthesis.observations import stepped
from graph.synthesis.overlap import Patients
from graph.synthesis.reports import StudyReport, StudyReports, Takes, study_reports
from graph.wording import caption, interval, null_of, per, singular
from schema.association import (
    Association,
    CommonEffect,
    Direction,
    EstimateSource,
    FamilyResult,
    Interval,
    PossibleOverlaps,
    PublishedEstimate,
    RemlHk,
    Sensitivity,
    StudyRef,
    Subset,
    TermRef,
)
from schema.field import EvidenceField
from schema.observation import ComparisonKey, Observation, Scale
from schema.populations import PopulationNode, Populations
from schema.scales import back
from schema.study import Study
from schema.vocabulary import Term, Vocabulary

if TYPE_CHECKING:
    from graph.synthesis.pooling import Pooled, RandomEffects
    from graph.synthesis.weight import Weight

_NOTED_UNIT = re.compile(r"(?:^|;)\s*unit: ([^;]+)")
_MEASURE_ORDER = {"OR": 0, "HR": 1, "RR": 2}


@dataclass(frozen=True, slots=True)
class Corpus:
    """What synthesis needs besides the rows. `patients` is derived from `studies`, whole."""

    field: EvidenceField
    studies: Mapping[str, Study]
    patients: Mapping[str, Patients]
    # of the field, at hand: they are asked for again and again
    vocabulary: Vocabulary = dataclasses.field(init=False)
    populations: Populations = dataclasses.field(init=False)
    method: Method = dataclasses.field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "vocabulary", self.field.vocabulary)
        object.__setattr__(self, "populations", self.field.populations)
        object.__setattr__(self, "method", method_of(self.field.constants))


@dataclass(frozen=True, slots=True)
class Synthesis:
    """An association with the reports behind it."""

    association: Association
    reports: StudyReports


def term_ref(term: Term) -> TermRef:
    return TermRef(id=term.id, name=term.name, kind=term.kind, category=term.category, plural=term.plural, proper=term.proper)


def population_ref(node: PopulationNode) -> TermRef:
    return TermRef(id=node.id, name=node.name, kind="population")


def study_ref(study: Study) -> StudyRef:
    return StudyRef(id=study.id, label=study.label, year=study.year, doi=study.doi, pmid=study.pmid)


def synthesise(
    exposure: str, outcome: str, population: str, observations: Sequence[Observation], corpus: Corpus, *, short: bool = False
) -> Synthesis:
    """The association of an exposure with an outcome in a population, from all rows of its edge.

    `observations` holds every row on the two terms and on what rolls up into them, in that population and its parts, in any order.
    `short` leaves out what stands beside the figures: sensitivity, contradiction, caption.
    """
    rows = sorted(observations, key=lambda observation: (observation.study, observation.position))
    exposures, outcomes = corpus.vocabulary.takes(exposure), corpus.vocabulary.takes(outcome)
    reports = study_reports(rows, exposures, outcomes, corpus.studies, corpus.patients)
    cohorts = [report.observation for report in reports.cohorts]
    weighed = _weigh(reports.independent, corpus.method)
    comparisons = _comparisons(reports.cohorts)
    primary = comparisons[0] if comparisons else None
    published, headline_row = _published(reports, primary, corpus)
    direction = _direction(reports, weighed.sign if weighed else None, headline_row)
    basis = _basis(reports, headline_row)
    track = track_of(
        corpus.vocabulary[exposure],
        corpus.vocabulary[outcome],
        randomised=bool(basis) and all(report.observation.row.randomised for report in basis),
    )
    surprises = surprising(reports.cohorts, corpus.method) if len(reports.cohorts) > 1 else []
    headline = headline_row or primary
    figures = None
    if headline is not None and headline.estimate is not None and headline.ci is not None:
        figures = (headline.estimate, *headline.ci)
    studies = reports.studies
    full_text = sum(corpus.studies[study].read == "full-text" for study in studies)
    patients = sum(observation.n for observation in cohorts if observation.n_known)
    certainty, reasons = judge(
        track,
        basis,
        corpus.studies,
        direction=direction,
        headline=figures,
        null_value=null_of(headline.measure if headline is not None else None),
        published_only=headline_row is not None,
        rolled_up=[
            finding
            for report in basis
            for finding in report.findings[:1]
            if _part(report.observation.exposure, exposure, exposures, corpus)
            or _part(report.observation.outcome, outcome, outcomes, corpus)
        ],
        surprising=[finding for i in surprises for finding in reports.cohorts[i].findings],
        full_text=sum(corpus.studies[report.observation.study].read == "full-text" for report in basis),
        disagreeing=_disagreeing(primary, published, reports.published),
        patients=patients,
        method=corpus.method,
    )
    result = primary.reml_hk if primary is not None and headline_row is None else None
    estimate_source: EstimateSource | None = "published" if headline_row else (primary.estimate_source if primary else None)
    signs = [observation.reported_sign for observation in cohorts]
    unclear = sum(observation.kind == "unclear" for observation in cohorts)
    association = Association(
        exposure=term_ref(corpus.vocabulary[exposure]),
        outcome=term_ref(corpus.vocabulary[outcome]),
        population=population_ref(corpus.populations[population]),
        direction=direction,
        weight=round(weighed.weight, 6) if weighed else None,
        p_direction=round(weighed.p_direction, 6) if weighed else None,
        measure=headline.measure if headline else None,
        estimate=headline.estimate if headline else None,
        ci=headline.ci if headline else None,
        estimate_source=estimate_source,
        prediction_interval=result.prediction_interval if result else None,
        p=_p(headline_row, primary, reports),
        tau2=result.tau2 if result else None,
        i2=result.i2 if result else None,
        q=result.q if result else None,
        k=headline.k if headline else None,
        contrast=_contrast(headline_row, primary, reports),
        families=tuple(comparisons),
        published=published,
        sensitivity=Sensitivity() if short else _sensitivity(reports, corpus.method),
        studies=len(studies),
        cohorts=len(cohorts),
        cohorts_if_overlap=reports.cohorts_if_overlap,
        patients=patients,
        increases=signs.count(1),
        decreases=signs.count(-1),
        not_significant=signs.count(0) - unclear,
        unclear=unclear,
        full_text=full_text,
        certainty=certainty if basis else None,
        reasons=reasons if basis else (),
        contested=None if short else contested(reports.cohorts, surprises, corpus.studies, corpus.method),
        caption="",
        papers=tuple(study_ref(corpus.studies[study]) for study in studies or sorted({row.study for row in rows})),
        findings=tuple(row.finding for row in rows),
    )
    return Synthesis(association if short else association.model_copy(update={"caption": caption(association)}), reports)


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


def _back_ci(scale: Scale | None, ci: Interval) -> Interval:
    return back(scale, ci[0]), back(scale, ci[1])


def _comparisons(reports: Sequence[StudyReport]) -> list[FamilyResult]:
    """All comparisons of estimates, the primary first: most cohorts, randomised, most patients, OR before HR before RR, then by name."""
    groups: dict[ComparisonKey, list[StudyReport]] = {}
    for report in reports:
        comparison = report.observation.comparison
        if comparison is not None and report.observation.kind == "estimate":
            # a row that counts but isn't pooled is compared with no other
            key = comparison if report.poolable else comparison.model_copy(update={"variable": report.observation.finding})
            groups.setdefault(key, []).append(report)
    results = [_pooled(comparison, members) for comparison, members in groups.items()]
    return [
        result
        for _, result in sorted(
            zip(groups, results, strict=True),
            key=lambda pair: (
                -pair[1].k,
                not pair[1].randomised,
                -pair[1].patients,
                _MEASURE_ORDER.get(pair[1].measure, 9),
                pair[0].text,
            ),
        )
    ]


def _pooled(comparison: ComparisonKey, reports: Sequence[StudyReport]) -> FamilyResult:
    observations = [report.observation for report in reports]
    y = [observation.y for observation in observations if observation.y is not None]
    se = [observation.se for observation in observations if observation.se is not None]
    scale = observations[0].scale
    from graph.synthesis.pooling import common_effect, random_effects

    common = common_effect(y, se)
    random = random_effects(tuple(y), tuple(se)) if len(y) > 1 else None
    source: EstimateSource
    unit = comparison.unit
    if random is None:
        # one study is shown as it is printed, per its own step
        step = _step(reports[0])
        unit = f"{step:g} {unit}" if unit and step != 1 else unit and (singular(unit) if comparison.contrast_type == "per-unit" else unit)
        common = common_effect([y[0] * step], [se[0] * step])
        source, estimate, ci = "single-study", back(scale, y[0] * step), _own_ci(reports[0].observation, _back_ci(scale, common.ci))
    else:
        source, pooled = pool(y, se, scale)
        estimate, ci = back(scale, pooled.estimate), _back_ci(scale, pooled.ci)
    return FamilyResult(
        **{**comparison.model_dump(), "unit": unit},
        k=len(y),
        patients=sum(observation.n for observation in observations if observation.n_known),
        estimate=estimate,
        ci=ci,
        estimate_source=source,
        common=CommonEffect(estimate=back(scale, common.estimate), ci=_back_ci(scale, common.ci)),
        reml_hk=None
        if random is None
        else RemlHk(
            estimate=back(scale, random.estimate),
            ci=_back_ci(scale, random.ci),
            prediction_interval=_back_ci(scale, random.prediction_interval) if random.prediction_interval else None,
            tau2=random.tau2,
            i2=random.i2,
            q=random.q,
            q_p=random.q_p,
            p=random.p,
        ),
        rows=tuple(finding for report in reports for finding in report.findings),
    )


def pool(y: Sequence[float], se: Sequence[float], scale: Scale | None) -> tuple[EstimateSource, Pooled | RandomEffects]:
    """The headline of two and more estimates: Bayesian for few, REML-HK for more."""
    from graph.synthesis.pooling import few, random_effects

    # the scale of tau is that of log ratios; other comparisons are brought to it only where y is on it
    if len(y) <= METHOD.bayes_max_cohorts and scale in {"log-ratio", "smd"}:
        return "pooled-bayes", few(tuple(y), tuple(se))
    return "pooled-reml-hk", random_effects(tuple(y), tuple(se))


def _step(report: StudyReport) -> float:
    """The step that the row's estimate was divided by."""
    return 1 if report.combined else stepped(report.observation.row, report.observation.derivation)


def _own_ci(observation: Observation, computed: Interval) -> Interval:
    """One row's interval as printed, where its estimate is the printed one and stands unturned; else as computed."""
    row = observation.row
    if (
        observation.derivation not in {"ratio-ci", "difference-ci"}
        or row.ci is None
        or row.value is None
        or row.reversed
        or row.outcome_scale
    ):
        return computed
    middle = math.sqrt(computed[0] * computed[1]) if observation.scale == "log-ratio" else (computed[0] + computed[1]) / 2
    return (float(row.ci[0]), float(row.ci[1])) if math.isclose(middle, row.value, rel_tol=1e-9) else computed


def _published(
    reports: StudyReports, primary: FamilyResult | None, corpus: Corpus
) -> tuple[tuple[PublishedEstimate, ...], PublishedEstimate | None]:
    """All published pooled rows, and the one that is the headline: the largest k above ours, then the latest, then the first."""
    independent = {report.observation.finding for report in reports.independent}
    with_interval = [row for row in reports.published if row.y is not None and row.se is not None]
    ours = primary.k if primary else 0

    def coverage(row: Observation) -> tuple[int, int]:
        study = corpus.studies[row.study]
        return study.k or 0, study.year or int((study.search_until or "0")[:4])

    best = max(with_interval, key=coverage, default=None)
    headline = best is not None and (coverage(best)[0] > ours or primary is None)
    shown = tuple(
        PublishedEstimate(
            finding=row.finding,
            study=row.study,
            label=corpus.studies[row.study].label,
            measure=row.comparison.measure if row.comparison else row.row.measure,
            unit=_noted_unit(row),
            estimate=back(row.scale, row.y) if row.y is not None else None,
            ci=_printed_ci(row),
            k=corpus.studies[row.study].k,
            patients=row.n if row.n_known else None,
            in_weight=row.finding in independent,
            headline=headline and best is not None and row.finding == best.finding,
        )
        for row in reports.published
    )
    return shown, next((one for one in shown if one.headline), None)


def _noted_unit(observation: Observation) -> str | None:
    """The unit of a difference, which a sheet has no key for but its notes: "unit: mL"."""
    if not observation.row.measure.endswith("difference"):
        return None
    found = _NOTED_UNIT.search(observation.row.notes or "")
    return found[1].strip() if found else None


def _printed_ci(observation: Observation) -> Interval | None:
    if observation.y is None or observation.se is None:
        return None
    half = Z95 * observation.se
    return _own_ci(observation, _back_ci(observation.scale, (observation.y - half, observation.y + half)))


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


def _p(headline: PublishedEstimate | None, primary: FamilyResult | None, reports: StudyReports) -> float | None:
    """The p of the headline: of the pooled estimate by REML-HK, or of the one row behind it."""
    if headline is None and primary is not None and primary.reml_hk is not None:
        # a Bayesian interval has no p; that of REML-HK stands with its own interval in the comparison
        return primary.reml_hk.p if primary.estimate_source == "pooled-reml-hk" else None
    finding = headline.finding if headline else (primary.rows[0] if primary else None)
    for observation in (*(report.observation for report in reports.cohorts), *reports.published):
        if observation.finding == finding and observation.y is not None and observation.se is not None:
            return p_of_z(observation.y / observation.se)
    return None


def _contrast(headline: PublishedEstimate | None, primary: FamilyResult | None, reports: StudyReports) -> str | None:
    """What is compared in the headline, as printed: of one row its own text, of several the kind of contrast."""
    if headline is None and primary is None:
        return None
    findings = (headline.finding,) if headline else primary.rows if primary else ()
    texts = {
        _compared(observation)
        for observation in (*(report.observation for report in reports.cohorts), *reports.published)
        if observation.finding in findings and observation.row.contrast
    }
    if len(texts) == 1:
        return texts.pop()
    if primary is None:
        return None
    step = per(primary.measure, primary.unit)
    return step if step.startswith("per ") else primary.contrast_type


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


def _sensitivity(reports: StudyReports, method: Method) -> Sensitivity:
    """The same from parts of the independent cohorts, where there is a part and not all are in it."""
    cohorts = reports.cohorts
    possible = PossibleOverlaps(cohorts=reports.cohorts_if_overlap, pairs=reports.possible_overlaps) if reports.possible_overlaps else None
    if len(cohorts) < 2:
        return Sensitivity(possible_overlaps=possible)

    def part(members: list[StudyReport]) -> Subset | None:
        return _subset(members, method) if 0 < len(members) < len(cohorts) else None

    return Sensitivity(
        crude=part([report for report in cohorts if report.observation.row.adjusted is False]),
        adjusted=part([report for report in cohorts if report.observation.row.adjusted is True]),
        randomised=part([report for report in cohorts if report.observation.row.randomised]),
        observational=part([report for report in cohorts if not report.observation.row.randomised]),
        possible_overlaps=possible,
    )


def _subset(members: Sequence[StudyReport], method: Method) -> Subset:
    part = partial(members, method)
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


def partial(members: Sequence[StudyReport], method: Method, primary: Collection[str] = ()) -> Partial:
    """The small synthesis of some reports; of their comparisons the one with rows of `primary`, where they have a part in it."""
    weighed = _weigh(members, method)
    comparisons = _comparisons(members)
    comparison = next((one for one in comparisons if not set(one.rows).isdisjoint(primary)), comparisons[0] if comparisons else None)
    reports = StudyReports(tuple(members), tuple(members), (), {}, (), len(members), ())
    direction = _direction(reports, weighed.sign if weighed else None)
    return Partial(direction, round(weighed.weight, 6) if weighed else None, comparison, _contrast(None, comparison, reports))
