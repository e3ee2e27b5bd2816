"""An association, or a row of it, in a few words."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from graph.wording.names import plain, within
from graph.wording.numbers import (
    count,
    estimate,
    figure,
    includes_no_effect,
    interval,
    measure,
    measured,
    number,
    p_value,
    per,
    percent,
    percents,
    spelt_out,
    standard_error,
    step_of,
)
from schema.association import (
    Association,
    Beside,
    Camp,
    CertaintyLevel,
    CommonEffect,
    EstimateSource,
    FamilyResult,
    Leans,
    PooledPrevalence,
    PublishedEstimate,
    Reports,
    Row,
    TermRef,
)
from schema.observation import is_untold
from schema.robustness import LeftOut, Standing
from schema.study import RATIOS

SOURCES: dict[EstimateSource, str] = {
    "single-study": "one cohort", "pooled-bayes": "pooled", "pooled-reml-hk": "pooled", "pooled-logistic": "pooled",
    "published": "published meta-analysis",
}  # fmt: skip
METHODS: dict[EstimateSource, str] = {
    "single-study": "one cohort",
    "pooled-bayes": "pooled, Bayesian",
    "pooled-reml-hk": "pooled, REML with Hartung-Knapp",
    "pooled-logistic": "pooled, logistic with a random intercept",
    "published": "published meta-analysis",
}
REPORTS: dict[Reports, str] = {
    "increases": "increases", "decreases": "decreases", "not-significant": "not significant", "unclear": "unclear",
}  # fmt: skip


AVERAGE, ELSEWHERE = "the average of these cohorts", "allowing for settings that differ"


def randomised(one: Association) -> bool:
    """Whether its headline is of randomised comparisons."""
    return bool(one.families) and one.families[0].randomised


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
    """Our own estimate, where the headline is a published one; of several that can't be told apart none."""
    if one.estimate_source != "published" or not one.families:
        return ""
    own = one.families[0]
    if sum(is_untold(family.measure, family.contrast_type) for family in one.families) > 1 and is_untold(own.measure, own.contrast_type):
        return ""
    # an interval of two to four cohorts is never shown without that of their average
    return named_intervals(own) or estimate(own)


def average(one: Association | FamilyResult) -> CommonEffect | None:
    """The average of two to four cohorts, whose interval does not allow for settings that differ."""
    if isinstance(one, Association):
        return one.average
    return one.common if one.estimate_source == "pooled-bayes" else None


def named_intervals(one: Association | FamilyResult) -> str:
    """Both of two to four cohorts: the average of these cohorts OR 1.50 (1.27-1.77); allowing for settings that differ 1.50 (0.90-2.40)."""
    own = average(one)
    return f"{AVERAGE} {figure(measure(one.measure), own.estimate, own.ci)}; {elsewhere(one)}" if own else ""


def elsewhere(one: Association | FamilyResult, *, spelt: bool = False) -> str:
    """Allowing for settings that differ 1.50 (0.90-2.40); `spelt`: 1.50 (95% credible interval 0.90-2.40)."""
    assert one.estimate is not None
    within = f"{'95% credible interval ' if spelt else ''}{interval(one.ci)}"
    return f"{ELSEWHERE} {number(one.estimate)} ({within})"


def verdict(one: Association) -> str:
    """What must be said of the interval that allows for settings that differ: whether it includes no effect, and hangs on the prior."""
    if one.average is None:
        return ""
    includes = ", which includes no effect" if includes_no_effect(one.measure, one.ci) else ""
    if one.prior_sensitive:
        what = "it does" if includes else "this interval includes no effect"
        return f"{includes}; whether {what} hangs on the prior (half or twice its scale)"
    return includes


def leaning(one: Association) -> Leans | None:
    """The side to which an inconclusive association leans, where that is worth telling: a probability of 55% or more, and no more cohorts
    that report the other side.
    """
    same, opposite = (one.increases, one.decreases) if one.leans == "more" else (one.decreases, one.increases)
    return one.leans if (one.weight is None or one.weight >= _TELLING) and opposite <= same else None


# of the weight, below which a side is not worth telling
_TELLING = 0.55


def unpooled(one: Association) -> str:
    """Why there is no headline where ratios are printed: 37 odds ratios can't be pooled: what they compare is not told."""
    many: dict[str, int] = {}
    if one.estimate is None and one.estimate_source is None:
        for family in one.families:
            if is_untold(family.measure, family.contrast_type):
                many[family.measure] = many.get(family.measure, 0) + family.k
    if not many:
        return ""
    told = " and ".join(count(n, spelt_out(name)) for name, n in many.items())
    compare = "it compares" if sum(many.values()) == 1 else "they compare"
    return f"{told} can't be pooled: what {compare} is not told"


def no_events(one: Association, labels: Mapping[str, str] | None = None) -> str:
    """Studies without an event, or with events only: 2 studies of 80 patients (A 2010, B 2012) had ...; `labels` by study."""
    if one.no_events is None:
        return ""
    studies = one.no_events.studies
    known = {paper.id: paper.label for paper in one.papers} | dict(labels or {})
    who = f"{count(len(studies), 'study', 'studies')} of {count(one.no_events.patients, 'patient')}"
    say = "it says" if len(studies) == 1 else "they say"
    named = ", ".join(known.get(study, study) for study in studies)
    return f"{who} ({named}) had no event in either group, or events only: {say} nothing of a ratio"


def becomes(one: Association, left_out: Sequence[LeftOut], most: int = 3) -> str:
    """The estimate without each study: OR 2.59 (1.15-7.27) becomes 5.26 (2.16-12.8) without Kidwell 2017; those that change it most."""
    if one.estimate is None:
        return ""
    other = sorted((left for left in left_out if left.estimate is not None and left.ci != one.ci), key=lambda left: -_moved(one, left))
    lost = [left.study.label for left in left_out if left.estimate is None]
    rest = f"; {len(other) - most} more change it less" if len(other) > most else ""
    whole = " ".join(filter(None, (estimate(one), unit(one))))
    whole = f"{ELSEWHERE}, {whole}," if one.average else whole
    told = [f"{whole} becomes {'; '.join(_without(one, left) for left in other[:most])}{rest}"] if other else []
    return "; ".join([*told, *([f"without {' or '.join(lost)} no estimate is left"] if lost else [])])


def _without(one: Association, left: LeftOut) -> str:
    assert left.estimate is not None
    name = measure(left.measure) if left.measure != one.measure else None
    step = step_of(left.contrast)
    other = f" {step}" if step and left.contrast != one.contrast else ""
    return f"{figure(name, left.estimate, left.ci)}{other} without {left.study.label}"


def _moved(one: Association, left: Standing) -> float:
    """How far the estimate moves, to sort by: on the log scale of ratios; one of another measure, or none, farthest."""
    if left.estimate is None or (left.measure, left.contrast) != (one.measure, one.contrast) or one.estimate is None:
        return math.inf
    return abs(math.log(left.estimate / one.estimate)) if one.measure in RATIOS else abs(left.estimate - one.estimate)


def prevalence(one: PooledPrevalence, *, level: bool = False) -> str:
    """23.6% (19.9-27.8), pooled over 27 cohorts of 5,000 patients: a pooled percentage is of no sum of patients."""
    rate = f"{percent(one.pct)} (95% CI {percents(one.ci)})" if level else percent(one.pct, one.ci)
    patients = count(one.total, "patient")
    return f"{rate}, {f'pooled over {one.cohorts} cohorts' if one.cohorts > 1 else 'in one cohort'} of {patients}"


def with_unit(one: Association, *, spelt: bool = False) -> str:
    """The headline with what it is of: OR 1.85 (1.10-3.11) per 10 mmHg; of two to four cohorts both intervals. `spelt` as of `estimate`."""
    if one.average is None:
        return " ".join(filter(None, (estimate(one, spelt=spelt), unit(one))))
    own = figure(measure(one.measure), one.average.estimate, one.average.ci, spelt=spelt)
    return f"{AVERAGE} {' '.join(filter(None, (own, unit(one))))}; {elsewhere(one, spelt=spelt)}"


def source(one: Association, *, review: bool = True) -> str:
    """One cohort; pooled from 2 cohorts; published meta-analysis, from a review of 18 studies (those behind the figure may be fewer)."""
    if one.estimate_source is None:
        return ""
    if one.estimate_source == "published":
        behind = headline_review(one) if review else None
        return SOURCES["published"] + (f", {review_of(behind)}" if behind and review_of(behind) else "")
    if one.estimate_source == "single-study":
        pooled = one.families[0].stands_for if one.families else None
        return f"one pooled analysis of {count(pooled, 'trial' if randomised(one) else 'cohort')}" if pooled else SOURCES["single-study"]
    return f"pooled from {count(one.k or 0, 'cohort')}"


def pooled_alone(one: Association) -> str:
    """16 trials, where the only report is a pooled analysis of them; or nothing."""
    many = one.families[0].stands_for if one.cohorts == 1 and one.estimate_source == "single-study" and one.families else None
    return count(many, "trial" if randomised(one) else "cohort") if many else ""


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
        gone = sum(paper.standing == "retracted" for paper in one.papers)
        if gone and gone == len(one.papers):
            return f"no cohort: {'its paper is' if gone == 1 else 'its papers are'} retracted"
        return f"no cohort: only reviews{',' if gone else ' or'} descriptions{' or retracted papers' if gone else ''} say so"
    cohorts = count(one.cohorts, "cohort")
    parts: list[str] = ["little or no difference" if one.little_difference else one.direction]
    if one.estimate is not None:
        behind = {"published": " (published)", "single-study": f" ({source(one)})"}.get(one.estimate_source or "", "")
        step = per(one.measure, unit_of(one))
        pooled = one.estimate_source in {"pooled-bayes", "pooled-reml-hk"}
        some = f" from {one.k} of {cohorts}" if pooled and one.k != one.cohorts else ""
        parts.append(f"{measure(one.measure)} {one.estimate:.3g}{f' {step}' if step else ''}{behind}{some}")
        if not some:
            parts.append(cohorts)
        if one.direction in {"increases", "decreases"} and one.excludes_no_effect is False:
            parts.append("interval includes no effect")
        elif one.direction in {"increases", "decreases"} and one.average and includes_no_effect(one.measure, one.ci):
            parts.append("credible interval includes no effect")
    else:
        parts += [unpooled(one) or "no estimate", cohorts]
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
    if one.average is not None:
        here = measured(one.measure, one.average.estimate, one.average.ci, unit_of(one), level=level)
        return f"{here}, the average of {count(one.k or 0, 'cohort')}; {elsewhere(one, spelt=level)}"
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


def patients_of_side(one: Camp) -> str:
    """The same of a side of a contradiction: 1,803; not printed in 2 cohorts."""
    if not one.patients:
        return "not printed"
    return f"{one.patients:,}" + (f"; not printed in {count(one.patients_unknown, 'cohort')}" if one.patients_unknown else "")


def read_as(one: Association) -> str:
    """In what form the studies were read."""
    if one.not_stated == one.studies > 0:
        return "What was read is not stated"
    if not one.full_text:
        with_tables = f"; with tables: {one.tables}" if one.tables else ""
        with_tables += f"; not stated: {one.not_stated}" if one.not_stated else ""
        return f"Read as {'an abstract' if one.studies == 1 else 'abstracts'}{with_tables}; full text: {one.full_text}"
    return f"Read in full text: {one.full_text} of {count(one.studies, 'study', 'studies')}"


def all_read(one: Association | Beside) -> str:
    """How the studies of an association were read."""
    if one.full_text:
        return f"{one.full_text} of {one.studies} read in full"
    if one.not_stated == one.studies > 0:
        return "not stated what was read"
    if one.studies == 1:
        return "read as abstract with tables" if one.tables else "read as abstract"
    with_tables = f", {one.tables} with tables" if one.tables else ""
    return f"none read in full{with_tables}, {one.not_stated} not stated" if one.not_stated else f"all read as abstracts{with_tables}"


def row_figure(row: Row) -> str:
    """What a row prints: its estimate, else its p, else its word."""
    p = p_value(row.p)
    if row.value is not None and row.measure != "p-only":
        text = measured(row.measure, row.value, row.ci, row_step(row).removeprefix("per "))
        error = standard_error(row.measure, row.printed_se, row.ci) or ("" if row.ci else p)
        return ", ".join(filter(None, (text, error, "worked out" if row.printed_value is None else "")))
    if row.reports == "unclear":
        return ", ".join(filter(None, (p, "direction not clear")))
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
