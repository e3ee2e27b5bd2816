"""How each row was read and used, for people to check."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from graph.synthesis.associations import Synthesis, population_ref, study_ref, term_ref
from graph.synthesis.comparisons import Comparison
from graph.synthesis.contested import grid_of, power
from graph.synthesis.corpus import Corpus
from graph.synthesis.method import Z95
from graph.synthesis.observations import stepped, why_alone, why_no_estimate
from graph.synthesis.reports import findings_of
from schema.association import ClaimRow, Interval, Judged, Reports, Row, Used
from schema.observation import ClaimObservation, Observation
from schema.scales import back
from schema.study import RATIOS, Finding, Study
from schema.vocabulary import Vocabulary

_BESIDE = "estimates beside the headline, with those of its own measure, contrast and design"
_REPORTS: Mapping[int, Reports] = {1: "increases", -1: "decreases", 0: "not-significant"}


def rows_of(synthesis: Synthesis | None, observations: Sequence[Observation], corpus: Corpus) -> list[Row]:
    """Every row, sorted by study and place; with a synthesis, how that used each and why not otherwise."""
    primary: Comparison | None = None
    passed_over: Mapping[str, str] = {}
    pool_weights: dict[str, float] = {}
    powers: dict[str, float] = {}
    counted: dict[str, str | None] = {}
    estimated: dict[str, str] = {}
    if synthesis is not None:
        passed_over = {**synthesis.comparisons.aside, **synthesis.reports.passed_over}
        primary = next((one for one in synthesis.comparisons.all if one.result.k > 1), None)
        pool_weights = _pool_weights(primary)
        beside = {row for one in synthesis.comparisons.all if one.result.k > 1 and one is not primary for row in one.result.rows}
        estimated = {
            row: "the headline's estimate; another row of its cohort reports the direction"
            if one is synthesis.comparisons.headline
            else _BESIDE
            for one in synthesis.comparisons.all
            for row in one.result.rows
        }
        deciding = set(findings_of(synthesis.verdict.reports))
        headline = synthesis.comparisons.headline
        trials = synthesis.verdict.basis == "estimate" and headline is not None and headline.key.randomised
        for report in synthesis.reports.cohorts:
            for finding in report.findings:
                why_not = synthesis.comparisons.aside.get(finding) or _why_not_pooled(
                    report.observation, report.poolable, pool_weights, finding, corpus.vocabulary
                )
                counted[finding] = _BESIDE if finding in beside else why_not
                if finding not in deciding:
                    counted[finding] = (
                        "counted as a cohort; trials decide the direction"
                        if trials
                        else "its patients count by a published meta-analysis in the weight; counted as a cohort"
                    )
        powers = _powers(synthesis, corpus)
    rows = []
    for observation in sorted(observations, key=lambda one: (one.study, one.position)):
        finding = observation.finding
        used: Used = "shown"
        why = passed_over.get(finding) or observation.why
        if finding in pool_weights:
            used, why = "pooled", None
        elif finding in counted:
            used, why = "votes", counted[finding]
        elif finding in estimated:
            why = "; ".join(filter(None, (passed_over.get(finding), estimated[finding])))
        elif synthesis is None and observation.eligible:
            used, why = "votes", None
        elif observation.published and synthesis is not None:
            why = _published(observation, synthesis)
        if finding in powers and powers[finding] < 0.5:
            small = f"study too small: power {powers[finding]:.0%}"
            why = f"{why}; {small}" if why else small
        rows.append(_row(observation, corpus, used, why, pool_weights.get(finding), powers.get(finding)))
    return rows


def _powers(synthesis: Synthesis, corpus: Corpus) -> dict[str, float]:
    """How likely each cohort that reports nothing significant was to report the direction."""
    if synthesis.association.direction not in {"increases", "decreases"}:
        return {}
    nulls = [
        report
        for report in synthesis.reports.cohorts
        if report.observation.kind in {"null", "estimate"} and not report.observation.significant
    ]
    if not nulls:
        return {}
    grid = grid_of(synthesis.verdict.reports, corpus.method)
    return {finding: round(power(report, grid, synthesis.verdict.sign), 4) for report in nulls for finding in report.findings}


def _published(observation: Observation, synthesis: Synthesis) -> str:
    shown = next(one for one in synthesis.association.published if one.finding == observation.finding)
    parts = ["published meta-analysis"]
    parts.append("the headline" if shown.headline else "beside the headline")
    parts.append("in the weight" if shown.in_weight else "not in the weight")
    return ", ".join(parts)


def _why_not_pooled(
    observation: Observation, poolable: bool, pool_weights: Mapping[str, float], finding: str, vocabulary: Vocabulary
) -> str | None:
    if finding in pool_weights:
        return None
    if observation.kind != "estimate" or observation.comparison is None:
        return why_no_estimate(observation)
    if not poolable:
        return "measures a part of the exposure or outcome: counts, isn't pooled"
    key = observation.comparison
    alone = why_alone(observation.row, observation.scale, key.measure, key.contrast_type, key.unit, vocabulary)
    return alone or "no other estimate of the same measure, contrast, cut-offs, time and adjustment"


def _pool_weights(primary: Comparison | None) -> dict[str, float]:
    """Each pooled row's part of the random-effects weight."""
    if primary is None or primary.result.reml_hk is None:
        return {}
    weights = {}
    tau2 = primary.result.reml_hk.tau2 / primary.result.step**2
    for report in primary.members:
        if report.observation.se is not None:
            for finding in report.findings:
                weights[finding] = 1 / (report.observation.se**2 + tau2) / len(report.findings)
    total = sum(weights.values())
    return {finding: weight / total for finding, weight in weights.items()}


def _row(observation: Observation, corpus: Corpus, used: Used, why: str | None, pool_weight: float | None, power: float | None) -> Row:
    row, study = observation.row, corpus.studies[observation.study]
    measure, value, ci = _turned(observation)
    return Row(
        finding=observation.finding,
        study=study_ref(study),
        cohorts=study.cohorts or (study.id,),
        population=population_ref(corpus.populations[observation.populations[0]]),
        population_label=study.population(row.population).label,
        exposure=row.exposure,
        exposure_term=term_ref(corpus.vocabulary[row.exposure]),
        outcome=row.outcome,
        outcome_term=term_ref(corpus.vocabulary[row.outcome]),
        opposite=observation.turned_from is not None,
        design=study.design,
        randomised=row.randomised,
        adjusted=row.adjusted,
        covariates=row.covariates,
        measure=measure,
        contrast=row.contrast,
        versus=row.versus,
        cutoff=row.cutoff,
        outcome_cutoff=row.outcome_cutoff,
        follow_up_months=row.follow_up_months,
        k=row.k,
        events=row.events,
        family=observation.comparison,
        value=value,
        ci=ci,
        printed_measure=row.measure,
        printed_value=row.value,
        printed_ci=_bounds(row),
        printed_se=row.se,
        turned=observation.turned,
        p=row.p,
        counts=row.counts,
        direction=row.direction,
        source=row.source,
        exposure_as_reported=row.exposure_as_reported,
        outcome_as_reported=row.outcome_as_reported,
        notes=row.notes,
        n=observation.n if observation.n_known else None,
        n_known=observation.n_known,
        risk_of_bias=study.risk_of_bias.judgement if study.risk_of_bias is not None else None,
        extracted_by=row.extracted_by or study.extracted_by,
        checked_by=row.checked_by or study.checked_by,
        extracted_on=row.date or study.date,
        disagreement=row.disagreement or study.disagreement,
        y=observation.y,
        se=observation.se,
        z=observation.z,
        kind=observation.kind,
        way=observation.derivation,
        reports="unclear" if observation.kind == "unclear" else _REPORTS[observation.reported_sign],
        used=used,
        why=why,
        share=pool_weight,
        power=power,
        warnings=observation.warnings,
    )


def _turned(observation: Observation) -> tuple[str, float | None, Interval | None]:
    """The row's measure, value and interval, turned to exposure and outcome, per its own step; as printed where nothing turns it."""
    row = observation.row
    if row.value is not None and not observation.turned:
        return row.measure, row.value, _bounds(row)
    if observation.y is None or observation.se is None:
        return (row.measure, *_turned_print(observation))
    step = stepped(row, observation.derivation)
    y, half = observation.y * step, Z95 * observation.se * step
    measure = observation.comparison.measure if observation.comparison is not None else row.measure
    return measure, back(observation.scale, y), (back(observation.scale, y - half), back(observation.scale, y + half))


def _turned_print(observation: Observation) -> tuple[float | None, Interval | None]:
    """What is printed, turned, where its error is not known; nothing where turning it is not exact (a risk or hazard ratio of the

    opposite outcome).
    """
    row, ci = observation.row, _bounds(observation.row)
    if row.value is None or (observation.turned_from is not None and row.measure in {"RR", "HR"}):
        return None, None
    if [row.reversed, row.outcome_scale is not None, observation.turned_from is not None].count(True) % 2 == 0:
        return row.value, ci
    if row.measure not in RATIOS:
        return -row.value, (-ci[1], -ci[0]) if ci else None
    return (1 / row.value, (1 / ci[1], 1 / ci[0]) if ci and ci[0] > 0 else None) if row.value > 0 else (None, None)


def _bounds(row: Finding) -> Interval | None:
    return (float(row.ci[0]), float(row.ci[1])) if row.ci else None


def shares_of(rows: Iterable[Row], studies: Mapping[str, Study]) -> Iterator[tuple[Study, float | None]]:
    """The papers of rows, in their order, each with its part of the pooled weight."""
    shares: dict[str, float | None] = {}
    for row in rows:
        before = shares.get(row.study.id)
        shares[row.study.id] = before if row.share is None else row.share + (before or 0)
    return ((studies[one], share) for one, share in shares.items())


def judged(papers: Iterable[tuple[Study, float | None]]) -> tuple[Judged, ...]:
    """The papers whose risk of bias was judged."""
    return tuple(
        Judged(study=study_ref(study), tool=bias.tool, domains=bias.domains, overall=bias.judgement, share=share)
        for study, share in papers
        if (bias := study.risk_of_bias) is not None
    )


def claim_row(claim: ClaimObservation, studies: Mapping[str, Study], terms: Vocabulary) -> ClaimRow:
    return ClaimRow(
        claim=claim.claim,
        study=study_ref(studies[claim.study]),
        stance=claim.row.stance,
        basis=claim.row.basis,
        links=claim.row.links,
        target=claim.target,
        target_term=term_ref(terms[claim.target]) if claim.target is not None else None,
        factors=claim.factors,
        source=claim.row.source,
        notes=claim.row.notes,
    )
