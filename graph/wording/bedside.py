"""What is known at one look, in words after GRADE's guidance (Santesso et al., J Clin Epidemiol 2020;119:126-35): docs/pages.md.

1  The certainty gives the words: high "goes with more", moderate "probably", low "may"; very low or not judged: it is not known.
2  Nothing clear is never "no effect"; the side to which it leans is named.
3  Whether something is a cause only randomised comparisons say, and only as surely as they are certain; all else is "not known".
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Literal, NamedTuple

from graph.wording.captions import leaning, randomised
from graph.wording.names import category, more, opened, within
from graph.wording.numbers import count, figure, measure, step_of
from graph.wording.sentences import contrast
from schema.association import LEVELS, Association, CertaintyLevel, Side, TermRef
from schema.study import RATIOS
from schema.vocabulary import Term, Vocabulary

_GOES: dict[CertaintyLevel | None, str] = {"high": "{}", "moderate": "probably {}", "low": "may go"}
# two things that are set against each other; that one is there and the other not says the sentence itself
_COMPARED = re.compile(r"\b(?:vs\.?|versus|against)\b(?!\s*(?:absen|no\b|not\b|none))", re.IGNORECASE)
_FULL, _EMPTY = "\u25cf", "\u25cb"
_WORDS: dict[CertaintyLevel | None, str] = {"high": "{}", "moderate": "probably {}", "low": "may be {}"}
_CAUSED = {
    ("high", "increases"): "Yes", ("moderate", "increases"): "Probably", ("low", "increases"): "Perhaps",
    ("high", "decreases"): "No, it prevents them", ("moderate", "decreases"): "Probably not, rather fewer",
    ("low", "decreases"): "Perhaps not, rather fewer",
    ("high", "little"): "No", ("moderate", "little"): "Probably not", ("low", "little"): "Perhaps not",
}  # fmt: skip

# contrasts that are not printed, or are of a whole scale
_UNTOLD = frozenset({"shift", "unknown", "not printed"})


def dots(level: CertaintyLevel | None) -> str:
    """A certainty as four dots; nothing where nobody judged it."""
    if level is None:
        return ""
    reached = LEVELS.index(level) + 1
    return _FULL * reached + _EMPTY * (len(LEVELS) - reached)


def verdict(one: Association, outcome: Term) -> str:
    """What is known of an association, as surely as it is: may be more likely; not known, points to more."""
    if one.direction == "inconsistent":
        return "cohorts contradict each other"
    if one.direction == "inconclusive":
        side = leaning(one)
        leans = f", leans to {_side(outcome, less=side == 'fewer')}" if side else ""
        return "little or no difference" if one.little_difference else f"nothing clear{leans}"
    return _WORDS.get(one.certainty, "not known, points to {}").format(_side(outcome, less=one.direction == "decreases"))


def sentence(one: Association, outcome: Term) -> str:
    """The same as a sentence: microbleeds may go with more remote DWI lesions; whether they do is not known."""
    compared = contrast(one) if one.estimate is not None and _COMPARED.search(contrast(one)) else ""
    exposure = f"{within(one.exposure)}{f' ({compared})' if compared else ''}"
    up, down = more(outcome), more(outcome, less=True)
    goes = "go" if one.exposure.plural else "goes"
    surely = _GOES.get(one.certainty, "").format(goes)
    if one.direction == "inconsistent":
        return f"Cohorts contradict each other on whether {exposure} {goes} with {_either(up, down)}."
    if one.little_difference and surely:
        return f"{opened(exposure)} {surely} with little or no difference in {within(outcome)}."
    if one.direction == "inconclusive" or not surely:
        side = {"increases": up, "more": up, "decreases": down, "fewer": down}.get(leaning(one) or one.direction)
        known = "is not clear" if one.direction == "inconclusive" else "is not known"
        points = f"; what there is points to {side}" if side else ""
        return f"Whether {exposure} {goes} with {_either(up, down)} {known}{points}."
    return f"{opened(exposure)} {surely} with {down if one.direction == 'decreases' else up}."


def _either(up: str, down: str) -> str:
    """Both sides: more or fewer remote DWI lesions; a higher or lower risk of death."""
    more, less = up.split(), down.split()
    shared = next(i for i, (one, other) in enumerate(zip(reversed(more), reversed(less), strict=False)) if one != other)
    at = len(more) - shared
    return " ".join([*more[:at], "or", less[len(less) - shared - 1], *more[at:]])


def _side(outcome: Term, *, less: bool) -> str:
    if outcome.unit is not None:
        return "lower" if less else "higher"
    if outcome.kind == "outcome":
        return "less likely" if less else "more likely"
    return ("fewer" if outcome.plural else "less") if less else "more"


def caused(lines: Sequence[Association]) -> str:
    """Whether something is a cause, in a word or two, by the surest of its randomised comparisons."""
    trials = [one for one in lines if one.certainty and randomised(one)]
    if not trials:
        return "Not known"
    surest = max(trials, key=lambda one: LEVELS.index(one.certainty or "very-low"))
    return _CAUSED.get((surest.certainty or "", "little" if surest.little_difference else surest.direction), "Not known")


def cohorts(one: Association) -> str:
    """How many say so: 5 of 8 cohorts say more; 1 cohort says less."""
    most = max(one.increases, one.decreases)
    if not most:
        nothing = "direction not printed" if one.unclear == one.cohorts else "no direction" if one.unclear else "nothing significant"
        return f"{count(one.cohorts, 'cohort')}, {nothing}"
    some = f"{most} of " if one.cohorts > 1 else ""
    return f"{some}{count(one.cohorts, 'cohort')} say{'s' if most == 1 else ''} {'more' if one.increases == most else 'less'}"


def shown(one: Association) -> str:
    """The estimate of a row: of two to four pooled cohorts that of their average."""
    if one.estimate is None:
        return ""
    own = one.average
    return figure(measure(one.measure), own.estimate if own else one.estimate, own.ci if own else one.ci)


def behind(one: Association) -> str:
    """Where the estimate comes from: 2 pooled; 1 cohort; 1 trial; review."""
    if one.estimate_source in {"pooled-bayes", "pooled-reml-hk"}:
        return f"{one.k} pooled"
    if one.estimate_source == "single-study":
        many = one.families[0].stands_for if one.families else None
        what = "trial" if randomised(one) else "cohort"
        return f"1 analysis of {count(many, what)}" if many else f"1 {what}"
    return "review" if one.estimate_source else ""


def laid_beside(one: Association) -> Literal["groups", "per unit"] | None:
    """Which others a ratio may be laid beside: those that compare two groups, or those per unit of what is measured, whose size

    depends on the unit. None: no ratio, or what it compares is not printed.
    """
    if one.estimate is None or one.measure not in RATIOS or one.estimate <= 0:
        return None
    own = one.families[0].contrast_type if one.families and one.estimate_source != "published" else None
    if own == "per-unit" or step_of(one.contrast):
        return "per unit"
    return None if one.contrast is None or _UNTOLD & {own, one.contrast} else "groups"


def noted(one: Association) -> str:
    """The same for a list, and whether the interval includes no effect."""
    return "; ".join(filter(None, (behind(one), "includes no effect" if one.excludes_no_effect is False else "")))


class Folded(NamedTuple):
    """An association with those of the parts of its term, whose rows its own takes in."""

    whole: Association
    parts: tuple[Association, ...] = ()


def folded(items: Iterable[Association], terms: Vocabulary, side: Side) -> list[Folded]:
    """The associations in their order, each part of a term under its whole, which stands where the first of them stood."""
    listed = {getattr(one, side).id: one for one in items}
    groups: dict[str, list[Association]] = {}
    for name, one in listed.items():
        broader = next((other for other in terms.goes_to(name) if other != name and other in listed), name)
        groups.setdefault(broader, []).append(one)
    return [Folded(listed[whole], tuple(one for one in some if one is not listed[whole])) for whole, some in groups.items()]


def apart(items: Iterable[Association]) -> list[Folded]:
    """Each by itself, in the order that was asked for."""
    return [Folded(one) for one in items]


def grouped(rows: Iterable[Folded], side: Side, plurals: Mapping[str, str], abbreviations: Collection[str]) -> dict[str, list[Folded]]:
    """The rows by what their terms are: risk factors and outcomes by category, all else by kind; `plurals` are the names of kinds."""
    groups: dict[str, list[Folded]] = {}
    for row in rows:
        term: TermRef = getattr(row.whole, side)
        own = term.category if term.kind in {"risk-factor", "outcome"} else None
        groups.setdefault(opened(category(own, abbreviations) if own else plurals[term.kind]), []).append(row)
    return groups
