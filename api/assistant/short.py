"""Items in short."""

from __future__ import annotations

from typing import Any

from api.assistant import answers
from api.assistant.answers import Standing, Term
from graph.citations import behind
from graph.wording import (
    METHODS,
    becomes,
    estimate,
    figure,
    measure,
    named_intervals,
    no_events,
    p_of_test,
    patients,
    review_of,
    unpooled,
    verdict,
    with_unit,
)
from graph.wording import prevalence as pooled_prevalence
from graph.wording.sentences import family
from schema.across import Chain, Comparison, Difference, Gap
from schema.answer import CohortItem, Evidence, StudyAnswer, StudyItem, TermItem
from schema.association import Association, FamilyResult, Mechanism, Prevalence, Row, TermRef


def term(one: TermRef) -> Term:
    return Term(id=one.id, name=one.name)


def standing(one: Association) -> Standing:
    """Rows of reviews and descriptions alone are no study; that there is little or no difference is a finding."""
    if not one.studies:
        return "not-studied"
    return "studied-inconclusive" if one.direction == "inconclusive" and not one.little_difference else "studied"


def _figures(one: Association) -> dict[str, Any]:
    known = standing(one)
    pooled = one.estimate_source in {"pooled-bayes", "pooled-reml-hk"}
    review = next((row for row in one.published if row.headline), None)
    return {
        "standing": known,
        "exposure": term(one.exposure),
        "outcome": term(one.outcome),
        "population": term(one.population),
        "direction": None if known == "not-studied" else one.direction,
        "said": one.caption,
        "measure": one.measure,
        "estimate": one.estimate,
        "ci": one.ci,
        "average": one.average,
        "intervals": with_unit(one) + verdict(one) if one.average else None,
        "contrast": one.contrast,
        "comparison": family(one.families[0], (), one) if one.families and one.estimate_source not in {None, "published"} else None,
        "estimate_source": one.estimate_source,
        "estimate_of": f"{one.k} of {one.cohorts} cohorts" if pooled else review_of(review) or None if review else None,
        "not_pooled": unpooled(one) or None,
        "interval_includes_no_effect": None if one.excludes_no_effect is None else not one.excludes_no_effect,
        "cohorts": one.cohorts,
        "cohorts_reporting": {name: getattr(one, name) for name in ("increases", "decreases", "not_significant", "unclear")},
        "patients": one.patients,
        "patients_unknown": one.patients_unknown,
        "no_events": no_events(one) or None,
        "direction_basis": one.direction_basis,
        "leans": one.leans,
        "weight": one.weight,
        "weight_range": one.weight_range,
        "p_direction": one.p_direction,
        "little_difference": one.little_difference,
        "certainty": one.certainty,
        "certainty_reasons": tuple(f"{reason.domain}: {reason.text}" for reason in one.reasons),
        "contested": one.contested.why if one.contested else None,
        "read_in_full": one.full_text,
        "studies": behind(one),
    }


def association(one: Association) -> answers.ShortAssociation:
    return answers.ShortAssociation(**_figures(one))


def evidence(answer: Evidence) -> answers.ShortEvidence:
    one = answer.association
    assert one is not None
    return answers.ShortEvidence(
        **_figures(one),
        replication=one.replication,
        rows=tuple(map(_row, answer.rows)),
        comparisons=tuple(f"{family(part, answer.rows, one)}: {_pooled(part)}" for part in one.families),
        left_out=becomes(one, answer.leave_one_out) or None,
        flips=answer.flips.text if answer.flips else None,
    )


def _pooled(one: FamilyResult) -> str:
    return f"{named_intervals(one) or figure('', one.estimate, one.ci)}, {METHODS[one.estimate_source]}, {patients(one)}"


def _row(one: Row) -> answers.ShortRow:
    return answers.ShortRow(
        study=one.study.id,
        population=one.population_label,
        n=one.n,
        reported=one.direction,
        exposure=one.exposure,
        outcome=one.outcome,
        figure=None if one.value is None else figure(measure(one.measure), one.value, one.ci),
        p=one.p,
        adjusted=one.adjusted,
        used=one.used,
        why=one.why,
    )


def comparison(one: Comparison) -> answers.ShortComparison:
    return answers.ShortComparison(
        factor=term(one.factor),
        outcome=term(one.outcome),
        cells=tuple(map(association, one.cells)),
        differences=tuple(map(_difference, one.differences)),
    )


def _difference(one: Difference) -> str:
    pair = " and ".join(one.populations)
    if one.p is None:
        return f"{pair}: {one.why}"
    note = f"; {one.note}" if one.note else ""
    return f"{pair}: {estimate(one)}, {p_of_test(one.p)}{note}"


def prevalence(one: Prevalence) -> answers.ShortPrevalence:
    pooled = one.pooled
    figures = {} if pooled is None else {name: getattr(pooled, name) for name in ("pct", "ci", "cases", "total", "lowest", "highest")}
    return answers.ShortPrevalence(
        standing="studied" if pooled is not None else "studied-inconclusive" if one.rows or one.published else "not-studied",
        lesion=term(one.lesion),
        population=term(one.population),
        said=pooled_prevalence(pooled) if pooled else None,
        **figures,
        next_cohort=pooled.prediction_interval if pooled else None,
        cohorts=pooled.cohorts if pooled else 0,
        certainty=one.certainty,
        studies=behind(one),
    )


def mechanism(one: Mechanism) -> answers.ShortMechanism:
    return answers.ShortMechanism(
        mechanism=term(one.mechanism),
        supports=one.supports,
        proposes=one.proposes,
        argues_against=one.argues_against,
        factors=tuple(term(tally.factor) for tally in one.factors),
        studies=behind(one),
    )


def chain(one: Chain) -> answers.ShortChain:
    return answers.ShortChain(
        chain=one.chain,
        weakest=one.weakest,
        links=tuple(f"{link.start.name} > {link.end.name}: {link.caption}" for link in one.links),
        studies=behind(one),
    )


def gap(one: Gap) -> answers.ShortGap:
    known: Standing = "not-studied" if one.state == "empty" else "studied-inconclusive" if one.direction == "inconclusive" else "studied"
    return answers.ShortGap(
        standing=known,
        factor=term(one.factor),
        outcome=term(one.outcome),
        population=term(one.population),
        state=one.state,
        said=one.caption,
        known_in=one.known_in,
        expected_change=one.expected_change,
        sample_size=one.sample_size,
        studies=behind(one),
    )


def cohort(one: CohortItem) -> answers.ShortCohort:
    return answers.ShortCohort(
        id=one.id, patients=one.patients, countries=one.countries, findings=one.findings, studies=tuple(study.id for study in one.studies)
    )


def listed_study(one: StudyItem) -> answers.ShortStudy:
    return answers.ShortStudy(
        id=one.id, design=one.design, n=one.n, findings=one.findings, prevalence=one.prevalence, claims=one.claims, studies=(one.id,)
    )


def study(one: StudyAnswer) -> answers.ShortStudy:
    sheet = one.study
    return answers.ShortStudy(
        id=sheet.id,
        design=sheet.design,
        n=sheet.n,
        findings=len(sheet.findings),
        prevalence=len(sheet.prevalence),
        claims=len(sheet.mechanisms),
        studies=(sheet.id,),
    )


def listed_term(one: TermItem) -> answers.ShortTerm:
    return answers.ShortTerm(
        id=one.id, name=one.name, kind=one.kind, synonyms=one.synonyms, definition=one.definition, findings=one.findings
    )
