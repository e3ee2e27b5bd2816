"""Figures and findings in the words of the field: OR 1.85 (1.10-3.11), p = 0.008."""

from __future__ import annotations

import re
from collections.abc import Mapping

from api.tables import number
from schema.answer import Evidence
from schema.association import Association, Interval, Row

SHORT = {
    "mean-difference": "mean difference", "median-difference": "median difference", "proportion-difference": "difference",
    "correlation": "r", "p-only": "",
}  # fmt: skip
SOURCES = {"single-study": "single study", "pooled-bayes": "pooled", "pooled-reml-hk": "pooled", "published": "published meta-analysis"}
REPORTS = {"increases": "increases", "decreases": "decreases", "not-significant": "not significant", "unclear": "unclear"}


def span(ci: Interval) -> str:
    """1.10-3.11; where a sign would meet the hyphen, -0.36 to 0.20."""
    joined = " to " if min(ci) < 0 else "-"
    return f"{number(ci[0])}{joined}{number(ci[1])}"


def measured(measure: str | None, value: float, ci: Interval | None, per: str | None = None, *, level: bool = False) -> str:
    """OR 1.85 (1.10-3.11) per 10 mmHg; `level`: OR 1.85 (95% CI 1.10-3.11)."""
    name = SHORT.get(measure or "", measure or "")
    unit = f" {per}" if measure == "proportion-difference" and per else ""
    interval = f" ({'95% CI ' if level else ''}{span(ci)})" if ci else ""
    step = f" per {per}" if per and not unit else ""
    return f"{name} {number(value)}{unit}{interval}{step}".strip()


def p_value(p: float | str | None) -> str:
    """As in p = 0.008 or p < 0.001; nothing where none is printed."""
    if p is None:
        return ""
    return f"p {p[0]} {p[1:].strip()}" if isinstance(p, str) else f"p = {p:g}"


def row_figure(row: Row) -> str:
    """What a row prints: its estimate, else its p, else its word."""
    p = p_value(row.p)
    if row.value is not None and row.measure != "p-only":
        per = row.contrast.removeprefix("per ") if row.contrast and row.contrast.startswith("per ") and len(row.contrast) < 20 else None
        return ", ".join(filter(None, (measured(row.measure, row.value, row.ci, per), "" if row.ci else p)))
    return (
        f"{p}, no estimate"
        if p
        else {"unclear": "sign not clear", "not-significant": "not significant, no figures"}.get(
            row.reports, "significant, no figures" if row.kind == "significant" else "a direction, no figures"
        )
    )


def headline(one: Association, *, level: bool = False) -> str:
    """The headline with where it comes from: OR 2.59 (1.15-7.27), pooled from 2 cohorts."""
    if one.estimate is None or one.estimate_source is None:
        return "no estimate"
    per = one.families[0].unit if one.families and one.estimate_source != "published" else None
    source = SOURCES[one.estimate_source] + (f" from {one.k} cohorts" if one.estimate_source.startswith("pooled") else "")
    return f"{measured(one.measure, one.estimate, one.ci, per, level=level)}, {source}"


def tally(one: Association) -> str:
    """Cohorts by what they report: 9 cohorts (1234 patients): 8 increases, 1 not significant."""
    parts = {"increases": one.increases, "decreases": one.decreases, "not significant": one.not_significant, "unclear": one.unclear}
    told = ", ".join(f"{count} {word}" for word, count in parts.items() if count)
    return f"{one.cohorts} {'cohort' if one.cohorts == 1 else 'cohorts'} ({one.patients} patients){': ' if told else ''}{told}"


def read_as(one: Association) -> str:
    """In what form the studies were read."""
    if not one.full_text:
        return f"read as {'an abstract' if one.studies == 1 else 'abstracts'}"
    return f"{one.full_text} of {one.studies} studies read in full text"


def plain(slug: str) -> str:
    """An id as words."""
    return slug.replace("-", " ")


def names(answer: Evidence) -> Mapping[str, str]:
    """The labels of the studies and rows of an answer by their ids, which reasons name."""
    studies = {row.study.id: row.study.label for row in answer.rows}
    return {**{row.finding: f"another row of {row.study.label}" for row in answer.rows}, **studies}


def named(text: str, labels: Mapping[str, str]) -> str:
    """A reason with labels in place of ids."""
    if not labels:
        return text
    ids = "|".join(re.escape(one) for one in sorted(labels, key=lambda one: (-len(one), one)))
    return re.sub(rf"(?<![\w-])(?:{ids})(?![\w-])", lambda found: labels[found[0]], text)
