"""Figures and findings in the words of the field: OR 1.85 (1.10-3.11), p = 0.008."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from api.tables import number
from graph.opening import shipped
from schema.answer import Evidence
from schema.association import Association, Beside, Interval, Row

SHORT = {
    "mean-difference": "mean difference", "median-difference": "median difference", "proportion-difference": "difference",
    "correlation": "r", "p-only": "",
}  # fmt: skip
SOURCES = {"single-study": "single study", "pooled-bayes": "pooled", "pooled-reml-hk": "pooled", "published": "published meta-analysis"}
REPORTS = {"increases": "increases", "decreases": "decreases", "not-significant": "not significant", "unclear": "unclear"}
_LONG = {
    "OR": "odds ratio", "RR": "risk ratio", "HR": "hazard ratio", "SMD": "standardised mean difference", "correlation": "correlation",
    "beta": "regression coefficient",
}  # fmt: skip


# the id of a study or, after a colon, of one of its rows
_ID = re.compile(r"(?<![\w-])[a-z0-9]+(?:-[a-z0-9]+)*(?::[a-z0-9]+(?:-[a-z0-9]+)*)?(?![\w-])")
# names that keep their capital within a sentence
_PROPER = frozenset({"Black", "Hispanic", "Asian", "Glasgow", "Alzheimer", "Alzheimer's", "Doppler", "Rankin"})


def span(ci: Interval) -> str:
    """As in 1.10-3.11 or, where a sign would meet the hyphen, -0.36 to 0.20."""
    joined = " to " if min(ci) < 0 else "-"
    return f"{number(ci[0])}{joined}{number(ci[1])}"


def measured(measure: str | None, value: float, ci: Interval | None, per: str | None = None, *, level: bool = False) -> str:
    """OR 1.85 (1.10-3.11) per 10 mmHg; `level`: OR 1.85, 95% CI 1.10-3.11, per 10 mmHg."""
    name = SHORT.get(measure or "", measure or "")
    unit = f" {per}" if measure == "proportion-difference" and per else ""
    interval = (f", 95% CI {span(ci)}" if level else f" ({span(ci)})") if ci else ""
    step = f"{',' if level and ci else ''} per {per}" if per and not unit else ""
    return f"{name} {number(value)}{unit}{interval}{step}".strip()


def p_value(p: float | str | None) -> str:
    """As in p = 0.008 or p < 0.001; nothing where none is printed."""
    if p is None:
        return ""
    if isinstance(p, str):
        sign, figure = re.fullmatch(r"\s*([<>]=?|[\u2264\u2265])?\s*(.*)", p).groups()  # type: ignore[union-attr]
        signs = {"<=": "\u2264", ">=": "\u2265", None: "="}
        return f"p {signs.get(sign, sign)} {figure}"
    return f"p = {p:g}"


def row_figure(row: Row) -> str:
    """What a row prints: its estimate, else its p, else its word."""
    p = p_value(row.p)
    if row.value is not None and row.measure != "p-only":
        text = measured(row.measure, row.value, row.ci, _step_shown(row))
        return ", ".join(filter(None, (text, "" if row.ci else p, "worked out" if row.printed_value is None else "")))
    if row.reports == "unclear":
        return ", ".join(filter(None, (p, "sign not clear")))
    if p:
        return f"{p}, no estimate"
    words = {"significant": "significant", "null": "not significant", "direction": "a direction"}
    return f"{words.get(row.kind, REPORTS[row.reports])}, no figures"


def step_of(row: Row) -> str | None:
    """What a row's value is per: 10 mmHg."""
    return row.contrast.removeprefix("per ") if row.contrast and row.contrast.startswith("per ") and len(row.contrast) < 24 else None


def compared(row: Row, one: Association) -> list[str]:
    """Where a row measures a part of what was asked, or its opposite, or names what it compares: that, in words."""
    others = [
        (term, _opposite(term, asked)) for term, asked in ((row.exposure, one.exposure.id), (row.outcome, one.outcome.id)) if term != asked
    ]
    parts = [f"as {within(term_name(term))}{' (turned round)' if opposite else ''}" for term, opposite in others]
    if row.value is not None and row.contrast and _step_shown(row) is None:
        other_way = row.turned and not any(opposite for _, opposite in others)
        parts.append(f"printed the other way round: {row.contrast}" if other_way else row.contrast)
    return parts


def _step_shown(row: Row) -> str | None:
    """What the value that is shown is per: of a turned row, what it is printed per is no more."""
    return None if row.turned else step_of(row)


def _opposite(term: str, asked: str) -> bool:
    found = shipped().vocabulary.terms.get(term)
    return found is not None and found.inverse_of == asked


def headline(one: Association, *, level: bool = False) -> str:
    """The headline with where it comes from: OR 2.59 (1.15-7.27), pooled from 2 cohorts."""
    if one.estimate is None or one.estimate_source is None:
        return "no estimate"
    per = one.families[0].unit if one.families and one.estimate_source != "published" else None
    source = SOURCES[one.estimate_source] + (f" from {one.k} cohorts" if one.estimate_source.startswith("pooled") else "")
    return f"{measured(one.measure, one.estimate, one.ci, per, level=level)}, {source}"


def short_headline(one: Association | Beside, *, level: bool = False) -> str:
    """The same of an association in its short form, which doesn't say where the estimate comes from."""
    if isinstance(one, Association):
        return headline(one, level=level)
    return "no estimate" if one.estimate is None else measured(one.measure, one.estimate, one.ci, level=level)


def tally(one: Association) -> str:
    """Cohorts by what they report: 9 cohorts (1803 patients): increases 8, not significant 1."""
    parts = {"increases": one.increases, "decreases": one.decreases, "not significant": one.not_significant, "unclear": one.unclear}
    told = ", ".join(f"{word} {count}" for word, count in parts.items() if count)
    return f"{one.cohorts} {'cohort' if one.cohorts == 1 else 'cohorts'} ({one.patients} patients){': ' if told else ''}{told}"


def read_as(one: Association) -> str:
    """In what form the studies were read."""
    if not one.full_text:
        return f"Read as {'an abstract' if one.studies == 1 else 'abstracts'}; full text: {one.full_text}"
    return f"Read in full text: {one.full_text} of {one.studies} studies"


def plain(slug: str) -> str:
    """An id as words."""
    return slug.replace("-", " ")


def term_name(term: str) -> str:
    """The name of a term of the shipped vocabulary; of another, its id in words."""
    found = shipped().vocabulary.terms.get(term)
    return found.name if found else plain(term)


def population_name(population: str) -> str:
    found = shipped().populations.get(population)
    return found.name if found else plain(population)


def within(name: str) -> str:
    """A name within a sentence: "Cerebral microbleeds" as "cerebral microbleeds", "CSVD score" as it is."""
    first = name.split(" ", 1)[0].strip("(),")
    if first in _PROPER or not first[:1].isupper() or any(sign.isupper() or sign.isdigit() for sign in first[1:]):
        return name
    return name[0].lower() + name[1:]


def plural(name: str) -> bool:
    """Whether a name is a plural: "Remote DWI lesions", but not "Cortical superficial siderosis" or "Diabetes mellitus"."""
    head = name.partition(" (")[0]
    return head.endswith("s") and not head.endswith(("is", "us", "ss"))


def names(answer: Evidence) -> Mapping[str, str]:
    """The labels of the studies and rows of an answer by their ids, which reasons name."""
    studies = {row.study.id: row.study.label for row in answer.rows}
    return {**{row.finding: f"another row of {row.study.label}" for row in answer.rows}, **studies}


def named(text: str, labels: Mapping[str, str]) -> str:
    """A reason with labels in place of ids."""
    return _ID.sub(lambda found: labels.get(found[0], found[0]), text)


def abbreviations(measures: Iterable[str | None], *more: str) -> str:
    """What the abbreviations of a figure stand for, in a line."""
    told = [f"{SHORT.get(one, one)}: {_LONG[one]}" for one in sorted({one for one in measures if one in _LONG})]
    return "; ".join((*told, *(["CI: confidence interval"] if told else []), *more))
