"""Numbers as the field writes them: OR 1.85 (1.10-3.11) per 10 mmHg, p < 0.001, 2 cohorts."""

from __future__ import annotations

import math
import re
from datetime import date
from typing import Protocol

from schema.association import Interval
from schema.scales import null_of
from schema.study import RATIOS

MEASURES = {
    "OR": "OR", "RR": "RR", "HR": "HR", "beta": "beta", "SMD": "SMD", "mean-difference": "mean difference",
    "median-difference": "median difference", "proportion-difference": "proportion difference", "correlation": "correlation",
    "p-only": "p value only",
}  # fmt: skip
# where there is less room
SHORT = {
    "mean-difference": "mean difference", "median-difference": "median difference", "proportion-difference": "difference",
    "correlation": "r", "p-only": "",
}  # fmt: skip
_LONG = {
    "OR": "odds ratio", "RR": "risk ratio", "HR": "hazard ratio", "SMD": "standardised mean difference", "correlation": "correlation",
    "beta": "regression coefficient",
}  # fmt: skip
_SIGNS = {">=": "\u2265", "<=": "\u2264"}
_WRITTEN = {"mrs": "mRS", "gcs": "GCS", "nihss": "NIHSS", "csvd": "CSVD", "ml": "mL", "mmhg": "mmHg", "sbp": "SBP"}
_SINGULAR = {
    "points": "point", "percentage points": "percentage point", "years": "year", "months": "month", "weeks": "week", "days": "day",
    "hours": "hour", "minutes": "minute", "lesions": "lesion", "microbleeds": "microbleed", "haemorrhages": "haemorrhage",
    "steps": "step",
}  # fmt: skip


class Estimated(Protocol):
    @property
    def measure(self) -> str | None: ...
    @property
    def estimate(self) -> float | None: ...
    @property
    def ci(self) -> Interval | None: ...


def number(value: float | None, digits: int = 2) -> str:
    """A figure as the field prints it: 1.85, 12.57, 1,240, 0.004."""
    if value is None:
        return ""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.{digits}f}" if abs(value) >= 0.1 or value == 0 else f"{value:.2g}"


def interval(ci: Interval | None, *, digits: int | None = None) -> str:
    """1.10-3.11 or, where a sign would meet the hyphen, -1.36 to -0.18; with `digits`, so many behind the point."""
    if ci is None:
        return ""
    return _span(*(number(end) if digits is None else f"{end:.{digits}f}" for end in ci))


def printed_interval(ci: Interval) -> str:
    """The same with the digits that a sheet has: 12-20.5."""
    return _span(*map(str, ci))


def _span(low: str, high: str) -> str:
    return f"{low}{' to ' if '-' in {low[0], high[0]} else '-'}{high}"


def figure(name: str | None, value: float, ci: Interval | None, *, spelt: bool = False) -> str:
    """OR 1.85 (1.10-3.11); `spelt`: OR 1.85 (95% CI 1.10-3.11). `name` as it is to stand."""
    within = f" ({'95% CI ' if spelt else ''}{interval(ci)})" if ci else ""
    return f"{name or ''} {number(value)}{within}".strip()


def estimate(one: Estimated, *, spelt: bool = False) -> str:
    """The same of whatever has an estimate; nothing where there is none."""
    return "" if one.estimate is None else figure(measure(one.measure), one.estimate, one.ci, spelt=spelt)


def measured(name: str | None, value: float, ci: Interval | None, unit: str | None = None, *, level: bool = False) -> str:
    """In short, with its step: OR 1.85 (1.10-3.11) per 10 mmHg; `level`: OR 1.85, 95% CI 1.10-3.11, per 10 mmHg."""
    told = per(name, unit)
    close, after = ("", f" {told}") if told.startswith("per ") else (told and f" {told}", "")
    between = f", 95% CI {interval(ci)}" if level and ci else f" ({interval(ci)})" if ci else ""
    return f"{short(name)} {number(value)}{close}{between}{',' if level and ci and after else ''}{after}".strip()


def measure(name: str | None) -> str:
    return MEASURES.get(name or "", name or "")


def short(name: str | None) -> str:
    """A measure where there is little room: r, difference."""
    return SHORT.get(name or "", name or "")


def spelt_out(name: str) -> str:
    """A measure in full: odds ratio."""
    return _LONG.get(name, MEASURES.get(name, name))


def cutoff(normal: str) -> str:
    """A cut-off as a paper writes it: mRS 3-6, \u2265 33%."""
    text = re.sub(r"\s*(>=|<=|>|<)\s*", lambda sign: f" {_SIGNS.get(sign[1], sign[1])} ", normal).strip()
    return re.sub(r"[a-z]+", lambda word: _WRITTEN.get(word[0], word[0]), text)


def window(until: str | None) -> str:
    """Until when the outcome was looked for: outcome until 12 months; nothing of what is on the same scan."""
    if not until:
        return ""
    if until.startswith("to "):
        return f"outcome until {until.removeprefix('to ')}"
    return f"outcome {until}" if until.startswith("beyond ") else "time of the outcome not known"


def abbreviations(*told: str | None) -> str:
    """What the abbreviations of these measures stand for, in a line."""
    lines = [f"{short(one)}: {_LONG[one]}" for one in sorted({one for one in told if one in _LONG})]
    return "; ".join((*lines, *(["CI: confidence interval"] if lines else [])))


def singular(unit: str) -> str:
    """A unit of which there is one: year."""
    return _SINGULAR.get(unit, unit)


def per(measure: str | None, unit: str | None) -> str:
    """What an estimate is per: per 10 mmHg, per year; of a difference its unit, which is no step: mL, percentage points."""
    if not unit:
        return ""
    return unit if (measure or "").endswith("-difference") else f"per {singular(unit)}"


def step_of(contrast: str | None) -> str:
    """The step that a contrast names: per 10 mmHg; nothing where it names none."""
    return contrast if contrast and contrast.startswith("per ") else ""


def includes_no_effect(measure: str | None, ci: Interval | None) -> bool | None:
    """Whether an interval includes no effect; None where there is no interval."""
    return None if ci is None else ci[0] <= null_of(measure) <= ci[1]


def same_interval(printed: Interval | None, used: Interval) -> bool:
    """Whether an interval is the printed one, but for rounding."""
    return printed is not None and all(
        math.isclose(one, other, rel_tol=0.02, abs_tol=0.006) for one, other in zip(printed, used, strict=True)
    )


def p_value(p: float | str | None) -> str:
    """As a paper prints it: p = 0.008, p < 0.001; nothing where none is printed."""
    if p is None:
        return ""
    if isinstance(p, str):
        sign, told = re.fullmatch(r"\s*([<>]=?|[\u2264\u2265])?\s*(.*)", p).groups()  # type: ignore[union-attr]
        signs = {"<=": "\u2264", ">=": "\u2265", None: "="}
        return f"p {signs.get(sign, sign)} {told}"
    return f"p = {p:g}"


def standard_error(measure: str, se: float | None, ci: object = None) -> str:
    """As a paper prints it beside an estimate: SE 2.1, of a ratio SE of the log 0.27; nothing where an interval is printed, or no SE is."""
    return f"SE{' of the log' if measure in RATIOS else ''} {se:g}" if se is not None and ci is None else ""


def p_of_test(value: float) -> str:
    """The p of a test that was made here: p = 0.03, p < 0.001. What a paper prints stays as it is (p_value)."""
    return "p < 0.001" if value < 0.001 else f"p = {value:.2g}"


def _decimals(percentage: float) -> int:
    """One; of what is rare, or of nearly all, as many as show two figures of how far it is from 0, or from 100."""
    rest = min(abs(percentage), abs(100 - percentage))
    return 1 if rest == 0 or rest >= 1 else 1 - math.floor(math.log10(rest))


def rounded_percent(value: float) -> float:
    """23.6, or 0.042."""
    return round(value, _decimals(value))


def _percent(value: float) -> str:
    return f"{value:.{_decimals(value)}f}"


def percent(value: float, ci: Interval | None = None) -> str:
    """23.6%, or 0.042%; with its interval 23.6% (19.9-27.8)."""
    return f"{_percent(value)}%{f' ({_span(*map(_percent, ci))})' if ci else ''}"


def percents(pair: Interval) -> str:
    """19.9-27.8%"""
    return f"{_span(*map(_percent, pair))}%"


def of_how_many(*percents: float) -> int:
    """Of how many patients risks are told as whole people: a hundred or, of rarer ones, so many that the rarest is one at least."""
    least = min((one for one in percents if one > 0), default=1.0)
    return int(100 * 10 ** max(0, math.ceil(-math.log10(least))))


def probability(value: float | None) -> str:
    """As 0.97; near to 1 as 0.998, and never as 1."""
    if value is None:
        return ""
    return f"{value:.2f}" if value < 0.995 else f"{min(value, 0.999):.3f}"


def count(n: int, noun: str, plural: str | None = None) -> str:
    """1 cohort, 2 cohorts, 6,295 patients."""
    return f"{n:,} {noun if n == 1 else (plural or noun + 's')}"


def day(of: date) -> str:
    """23 November 2026."""
    return f"{of.day} {of:%B %Y}"
