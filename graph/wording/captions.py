"""An association, or a row of it, in a few words."""

from __future__ import annotations

from collections.abc import Sequence

from graph.wording.names import plain, within
from graph.wording.numbers import count, estimate, includes_no_effect, measure, measured, p_value, per, step_of
from schema.association import Association, Beside, CertaintyLevel, EstimateSource, FamilyResult, PublishedEstimate, Reports, Row, TermRef

SOURCES: dict[EstimateSource, str] = {
    "single-study": "single study", "pooled-bayes": "pooled", "pooled-reml-hk": "pooled", "pooled-logistic": "pooled",
    "published": "published meta-analysis",
}  # fmt: skip
METHODS: dict[EstimateSource, str] = {
    "single-study": "single study",
    "pooled-bayes": "pooled, Bayesian",
    "pooled-reml-hk": "pooled, REML with Hartung-Knapp",
    "pooled-logistic": "pooled, logistic with a random intercept",
    "published": "published meta-analysis",
}
REPORTS: dict[Reports, str] = {
    "increases": "increases", "decreases": "decreases", "not-significant": "not significant", "unclear": "unclear",
}  # fmt: skip


def unit_of(one: Association) -> str | None:
    """What the headline is per, where it is an estimate per unit of ours."""
    return one.families[0].unit if one.families and one.estimate_source not in {None, "published"} else None


def headline_review(one: Association) -> PublishedEstimate | None:
    """The published meta-analysis whose row is the headline."""
    return next((row for row in one.published if row.headline), None)


def unit(one: Association) -> str:
    """Per 10 mmHg, where the headline is of a step of a measured exposure; mL, where it is a published difference whose unit is noted."""
    review = headline_review(one)
    if review is not None:
        return review.unit or ""
    return per(one.families[0].measure, one.families[0].unit) if one.families and one.estimate_source else ""


def ours(one: Association) -> str:
    """Our own estimate, where the headline is a published one."""
    return estimate(one.families[0]) if one.estimate_source == "published" and one.families else ""


def with_unit(one: Association, *, spelt: bool = False) -> str:
    """The headline with what it is of: OR 1.85 (1.10-3.11) per 10 mmHg; `spelt` as of `estimate`."""
    return " ".join(filter(None, (estimate(one, spelt=spelt), unit(one))))


def source(one: Association, *, review: bool = True) -> str:
    """Single study; pooled from 2 cohorts; published meta-analysis, from a review of 18 studies (those behind the figure may be fewer)."""
    if one.estimate_source is None:
        return ""
    if one.estimate_source == "published":
        behind = headline_review(one) if review else None
        return SOURCES["published"] + (f", {review_of(behind)}" if behind and review_of(behind) else "")
    if one.estimate_source == "single-study":
        return SOURCES["single-study"]
    return f"pooled from {count(one.k or 0, 'cohort')}"


def review_of(row: PublishedEstimate) -> str:
    """How many studies are behind a published row: of 6 studies; else of a review of 18 studies."""
    if row.k:
        return f"of {count(row.k, 'study', 'studies')}"
    return f"of a review of {count(row.review_k, 'study', 'studies')}" if row.review_k else ""


def certainty(level: CertaintyLevel | None) -> str:
    """Very low; nothing where nobody judged it."""
    return level.replace("-", " ") if level else ""


def level(given: CertaintyLevel | None) -> str:
    return certainty(given) or "not judged"


def caption(one: Association) -> str:
    """The association in a dozen words: "increases, OR 1.9, 4 cohorts, low certainty"."""
    if not one.studies:
        return "no cohort: only reviews or descriptions say so"
    cohorts = count(one.cohorts, "cohort")
    parts: list[str] = [one.direction]
    if one.estimate is not None:
        source = {"published": " (published)", "single-study": " (single study)"}.get(one.estimate_source or "", "")
        step = per(one.measure, unit_of(one))
        pooled = one.estimate_source in {"pooled-bayes", "pooled-reml-hk"}
        some = f" from {one.k} of {cohorts}" if pooled and one.k != one.cohorts else ""
        parts.append(f"{measure(one.measure)} {one.estimate:.3g}{f' {step}' if step else ''}{source}{some}")
        if not some:
            parts.append(cohorts)
        if one.direction in {"increases", "decreases"} and includes_no_effect(one.measure, one.ci):
            parts.append("interval includes no effect")
    else:
        parts += ["no estimate", cohorts]
    if one.certainty is not None:
        parts.append(f"{certainty(one.certainty)} certainty")
    if one.contested is not None:
        parts.append("contested")
    return ", ".join(parts)


def headline(one: Association | Beside, *, level: bool = False) -> str:
    """The headline with where it comes from: OR 2.59 (1.15-7.27), pooled from 2 cohorts; of a short form, which doesn't say so, without."""
    if one.estimate is None:
        return "no estimate"
    if isinstance(one, Beside) or one.estimate_source is None:
        return measured(one.measure, one.estimate, one.ci, level=level)
    return f"{measured(one.measure, one.estimate, one.ci, unit_of(one), level=level)}, {source(one, review=False)}"


def tally(one: Association) -> str:
    """Cohorts by what they report: 9 cohorts (1,803 patients): increases 8, not significant 1."""
    parts = {"increases": one.increases, "decreases": one.decreases, "not significant": one.not_significant, "unclear": one.unclear}
    told = ", ".join(f"{word} {many}" for word, many in parts.items() if many)
    return f"{count(one.cohorts, 'cohort')} ({patients(one)}){': ' if told else ''}{told}"


def patients(one: Association | FamilyResult) -> str:
    """How many patients: 1,803 patients; not printed in 2 of 4 cohorts."""
    cohorts = one.k if isinstance(one, FamilyResult) else one.cohorts
    if one.patients is None:
        return "patients not printed"
    missing = f"; not printed in {one.patients_unknown} of {count(cohorts, 'cohort')}" if one.patients_unknown else ""
    return f"{count(one.patients, 'patient')}{missing}"


def read_as(one: Association) -> str:
    """In what form the studies were read."""
    if not one.full_text:
        return f"Read as {'an abstract' if one.studies == 1 else 'abstracts'}; full text: {one.full_text}"
    return f"Read in full text: {one.full_text} of {count(one.studies, 'study', 'studies')}"


def all_read(one: Association | Beside) -> str:
    """How the studies of an association were read."""
    if one.full_text == 0:
        return "read as abstract" if one.studies == 1 else "all read as abstracts"
    return f"{one.full_text} of {one.studies} read in full"


def row_figure(row: Row) -> str:
    """What a row prints: its estimate, else its p, else its word."""
    p = p_value(row.p)
    if row.value is not None and row.measure != "p-only":
        text = measured(row.measure, row.value, row.ci, row_step(row).removeprefix("per "))
        return ", ".join(filter(None, (text, "" if row.ci else p, "worked out" if row.printed_value is None else "")))
    if row.reports == "unclear":
        return ", ".join(filter(None, (p, "sign not clear")))
    if p:
        return f"{p}, no estimate"
    words = {"significant": "significant", "null": "not significant", "direction": "a direction"}
    return f"{words.get(row.kind, REPORTS[row.reports])}, no figures"


def conditions(row: Row) -> str:
    """What a row says of its comparison besides the contrast: against what, by which cut-offs, after how long."""
    months = row.follow_up_months if isinstance(row.follow_up_months, tuple) else (row.follow_up_months,)
    told = (
        f"against {plain(row.versus)}" if row.versus else "",
        f"cut-off {row.cutoff}" if row.cutoff else "",
        f"outcome {row.outcome_cutoff}" if row.outcome_cutoff else "",
        f"follow-up {' to '.join(f'{one:g}' for one in months)} months" if None not in months else "",
    )
    return ", ".join(filter(None, told))


def printed_step(row: Row) -> str:
    """What a row's printed value is per, where that is short: per 10 mmHg."""
    return step_of(row.contrast) if len(row.contrast or "") < 24 else ""


def row_step(row: Row) -> str:
    """What the value that is shown is per: of a turned row, what it is printed per is no more."""
    return "" if row.turned else printed_step(row)


def compared(row: Row, one: Association) -> list[str]:
    """Where a row measures a part of what was asked, or its opposite, or names what it compares: that, in words."""
    pairs: Sequence[tuple[TermRef, TermRef, bool]] = (
        (row.exposure_term, one.exposure, False), (row.outcome_term, one.outcome, row.opposite),
    )  # fmt: skip
    others = [(term, opposite) for term, asked, opposite in pairs if term.id != asked.id]
    parts = [f"as {within(term)}{' (turned round)' if opposite else ''}" for term, opposite in others]
    if row.value is not None and row.contrast and not row_step(row):
        other_way = row.turned and not any(opposite for _, opposite in others)
        parts.append(f"printed the other way round: {row.contrast}" if other_way else row.contrast)
    return parts
