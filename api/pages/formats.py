"""Figures and words as the field writes them: OR 1.85 (95% CI 1.10-3.11), p < 0.001, 3 in 10."""

from __future__ import annotations

from datetime import date
from typing import Protocol

from api.figures.words import plain, plural, span, within
from api.tables import number
from schema.association import Association, Beside, EstimateSource, FamilyResult, Interval, PublishedEstimate, TermRef
from schema.study import Design, Population
from schema.vocabulary import Term

MEASURES = {
    "OR": "OR", "RR": "RR", "HR": "HR", "beta": "beta", "SMD": "SMD", "mean-difference": "mean difference",
    "median-difference": "median difference", "proportion-difference": "proportion difference", "correlation": "correlation",
    "p-only": "p value only",
}  # fmt: skip
SOURCES: dict[EstimateSource, str] = {
    "single-study": "single study",
    "pooled-bayes": "pooled, Bayesian",
    "pooled-reml-hk": "pooled, REML with Hartung-Knapp",
    "published": "published meta-analysis",
}


DESIGNS: dict[Design, str] = {
    "prospective-cohort": "prospective cohort",
    "retrospective-cohort": "retrospective cohort",
    "cross-sectional": "cross-sectional",
    "case-control": "case-control",
    "rct": "randomised trial",
    "rct-post-hoc": "report of a randomised trial (main or post hoc)",
    "individual-patient-pooled": "pooled individual patients",
    "meta-analysis": "meta-analysis",
    "systematic-review": "systematic review",
    "narrative-review": "narrative review",
    "case-series": "case series",
    "case-report": "case report",
    "histopathology": "histopathology",
    "animal": "animal experiment",
}
_CONDITIONS: dict[str, str] = {
    "ich": "ICH",
    "caa": "CAA, with or without ICH",
    "csvd": "cerebral small vessel disease",
    "comparison": "unlike groups taken together",
    "post-mortem": "post mortem",
}


class Estimated(Protocol):
    @property
    def measure(self) -> str | None: ...
    @property
    def estimate(self) -> float | None: ...
    @property
    def ci(self) -> Interval | None: ...


def day(of: date) -> str:
    """23 November 2026."""
    return f"{of.day} {of:%B %Y}"


def interval(ci: Interval | None) -> str:
    """1.10-3.11; with "to" where a bound is negative."""
    return span(ci) if ci is not None else ""


def measure(name: str | None) -> str:
    return MEASURES.get(name or "", name or "")


def estimate(one: Estimated, *, spelt: bool = False) -> str:
    """OR 1.85 (1.10-3.11); `spelt`: OR 1.85 (95% CI 1.10-3.11). Nothing where there is none."""
    if one.estimate is None:
        return ""
    within = f" ({'95% CI ' if spelt else ''}{interval(one.ci)})" if one.ci else ""
    return f"{measure(one.measure)} {number(one.estimate)}{within}"


def unit(one: Association) -> str:
    """Per 10 mmHg, where the headline is of a step of a measured exposure; mL, where it is a published difference whose unit is noted."""
    review = headline_review(one)
    if review is not None:
        return review.unit or ""
    return stepped(one.families[0]) if one.families else ""


def stepped(family: FamilyResult) -> str:
    """Per 10 mmHg; of a difference of shares the unit, which is no step; nothing where there is no unit."""
    if not family.unit:
        return ""
    return family.unit if family.measure == "proportion-difference" else f"per {family.unit}"


def ours(one: Association) -> str:
    """Our own estimate, where the headline is a published one."""
    if one.estimate_source != "published" or not one.families:
        return ""
    return estimate(one.families[0])


def headline_review(one: Association) -> PublishedEstimate | None:
    """The published meta-analysis whose row is the headline."""
    return next((row for row in one.published if row.headline), None)


def source(one: Association) -> str:
    """Single study; pooled from 2 cohorts; published meta-analysis, from a review of 18 studies (those behind the figure may be fewer)."""
    if one.estimate_source == "published":
        review = headline_review(one)
        return f"published meta-analysis{f', from a review of {review.k} studies' if review and review.k else ''}"
    if one.estimate_source in {"pooled-bayes", "pooled-reml-hk"}:
        return f"pooled from {count(one.k or 0, 'cohort')}"
    return SOURCES[one.estimate_source] if one.estimate_source else ""


def p_of_test(value: float) -> str:
    """The p of a test that was made here: p = 0.03, p < 0.001. What a paper prints stays as it is (p_value)."""
    return "p < 0.001" if value < 0.001 else f"p = {value:.2g}"


def percent(value: float) -> str:
    """23.6%"""
    return f"{value:.1f}%"


def percents(pair: Interval) -> str:
    """19.9-27.8%"""
    return f"{pair[0]:.1f}-{pair[1]:.1f}%"


def count(n: int, noun: str, plural: str | None = None) -> str:
    """1 cohort, 2 cohorts, 6,295 patients."""
    return f"{n:,} {noun if n == 1 else (plural or noun + 's')}"


def in_ten(share: float) -> str:
    """A probability as so many in 10."""
    tenths = round(share * 10)
    return {0: "fewer than 1 in 10", 10: "more than 9 in 10"}.get(tenths, f"{tenths} in 10")


def level(certainty: str | None) -> str:
    return certainty.replace("-", " ") if certainty else "not judged"


def more(outcome: Term | TermRef, *, less: bool = False) -> str:
    """What an increase (or decrease) of an outcome is, in words: more remote DWI lesions, a higher risk of death."""
    name = within(outcome.name)
    if isinstance(outcome, Term) and outcome.unit is not None:
        return f"{'lower' if less else 'higher'} {name}"
    if outcome.kind == "outcome":
        return f"a {'lower' if less else 'higher'} risk of {name}"
    return f"{'less' if less else 'more'} {name}" if not plural(name) else f"{'fewer' if less else 'more'} {name}"


def all_read(one: Association | Beside) -> str:
    """How the studies of an association were read."""
    if one.full_text == 0:
        return "read as abstract" if one.studies == 1 else "all read as abstracts"
    return f"{one.full_text} of {one.studies} read in full"


def design(name: str | None) -> str:
    """A design as the field writes it; of several, joined by semicolons, each."""
    known: dict[str, str] = dict(DESIGNS.items())
    return "; ".join(known.get(one, one) for one in (name or "not reported").split("; "))


def people(group: Population) -> str:
    """Whom a group holds: ICH, hypertensive arteriopathy, deep."""
    arteriopathy = {"any": "", "caa": "with CAA", "non-caa": "without CAA", "mixed": "hypertensive arteriopathy and CAA in one patient"}
    parts = [
        _CONDITIONS.get(group.condition, plain(group.condition)),
        arteriopathy.get(group.arteriopathy or "any", f"{group.arteriopathy} arteriopathy"),
        "" if group.location in {None, "any"} else group.location,
    ]
    return ", ".join(part for part in parts if part)


def kind(slug: str) -> str:
    """A kind or category of terms: CSVD marker, DWI lesion."""
    return " ".join(word.upper() if word in {"csvd", "dwi"} else word for word in slug.split("-"))


def opened(name: str) -> str:
    """A name as it begins a sentence or a cell."""
    return name[:1].upper() + name[1:]
