"""What the graph makes of a sheet's rows where a reader of the sheet would expect another thing, and what that costs.

`check`, `load` and `preview` tell it. Each rule is asked of the module whose reading it is: docs/sheets.md has the list.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from graph.synthesis.effect_sizes import log_odds_ratio, ratio_from_ci
from graph.synthesis.mechanisms import read_claims
from graph.synthesis.method import Z95
from graph.synthesis.observations import (
    BY_FIGURES,
    CI_AND_P,
    CI_BEFORE_COUNTS,
    COUNTS_BEFORE_CI,
    COUNTS_BEFORE_SE,
    SE_AND_P,
    SE_BEFORE_COUNTS,
    SIGNS_APART,
    UNLIKE_ITS_N,
    read_study,
    table_of,
    why_alone,
    why_no_estimate,
)
from graph.synthesis.prevalence import count
from schema.bias import LEVELS, WORDS, overall
from schema.field import EvidenceField
from schema.observation import Observation, sign_of
from schema.problems import Path, Remark
from schema.pvalue import parse_p
from schema.scales import null_of
from schema.study import RATIOS, REVIEWS, Finding, Group, Prevalence, RiskOfBias, Study, beyond, last_digit
from schema.vocabulary import Vocabulary

# a table's own z beyond which its sign stands against a word, where no p is printed
CLEAR_Z = 2.5
# how far from the middle of its interval a ratio may lie beyond rounding, in standard errors
OFF_MIDDLE = 0.15
# the least n s^2 of a log ratio: four cells of n / 4, events in two halves, a shift over many grades; less by a tenth is too little
_LEAST = {"OR": 16.0, "shift": 12.0, "HR": 4.0}
_SLACK = 0.81

KINDS: dict[str, str] = {
    "direction": "figures against the direction; an error where they are clear",
    "figures": "figures of one row that disagree with each other",
    "unclear": "a direction that is not told beside an estimate",
    "no-association": "no association beside an estimate or p that is significant",
    "off-middle": "a ratio off the middle of its interval",
    "narrow": "an interval too narrow for so many patients",
    "not-pooled": "an estimate that nothing can be pooled with, for want of a key",
    "no-estimate": "figures that make no estimate",
    "not-counted": "a row that doesn't count",
    "retracted": "a retracted paper",
    "risk-of-bias": "an overall judgement better than its worst domain",
    "ignored": "a key that is not read beside others",
    "one-term": "an exposure that is its own outcome",
    "part": "a part more common than its whole",
    "no-count": "a prevalence without a count",
    "no-target": "a chain that reaches no lesion or outcome",
}

# of each warning of an observation: the kind of remark, what would be right, and what the graph does
WARNINGS: dict[str, tuple[str, str, str]] = {
    CI_AND_P: ("figures", "a p and an interval that agree", "It will not be pooled: it counts by its p or its word."),
    CI_BEFORE_COUNTS: ("figures", "counts that make the ratio", "The printed interval is pooled, and not the counts."),
    COUNTS_BEFORE_CI: ("figures", "counts that make the ratio", "The counts are pooled, and not the printed ratio."),
    SE_AND_P: ("figures", "a p and a standard error that agree", "It will not be pooled: it counts by its p or its word."),
    SE_BEFORE_COUNTS: ("figures", "counts that make the ratio", "The printed ratio and its error are pooled, and not the counts."),
    COUNTS_BEFORE_SE: ("figures", "counts that make the ratio", "The counts are pooled, and not the printed ratio."),
    SIGNS_APART: (
        "figures",
        "a difference in the direction that its groups have",
        "It will not be pooled: it counts by its p or its word.",
    ),
    UNLIKE_ITS_N: (
        "figures",
        "the interval of a correlation in so many patients",
        "It is pooled by its patients, and not by its interval.",
    ),
    BY_FIGURES: ("unclear", "increases, decreases or no-association", ""),
}
_BESIDE_COUNTS = frozenset({CI_BEFORE_COUNTS, COUNTS_BEFORE_CI, SE_BEFORE_COUNTS, COUNTS_BEFORE_SE, SIGNS_APART})
_WORDS = {1: "increases", -1: "decreases"}


def remarks(study: Study, field: EvidenceField) -> Iterator[Remark]:
    """All remarks on a study, in the order of its rows."""
    if study.retracted:
        yield Remark("retracted", ("standing",), "a retracted paper", "papers that stand", "Its rows are shown, and in no figure.")
        study = study.model_copy(update={"standing": None})
    yield from _overall(study.risk_of_bias)
    for observation in read_study(study, field):
        yield from _of_finding(observation, field.vocabulary)
    yield from _of_prevalence(study, field.vocabulary)
    for i, claim in enumerate(read_claims(study, field.vocabulary)):
        if claim.target is None:
            yield Remark(
                "no-target",
                ("mechanisms", i, "links"),
                "a chain that reaches no lesion or outcome",
                "links that end in one",
                "It is listed under its mechanism, and leads nowhere.",
            )


def _of_finding(observation: Observation, vocabulary: Vocabulary) -> Iterator[Remark]:
    row, whole = observation.row, ("findings", observation.position)
    key = next((key for key in ("value", "counts", "groups", "p") if getattr(row, key) is not None), None)
    # where its figures begin
    path: Path = (*whole, key) if key is not None else whole
    against = _against_direction(observation, (*whole, "direction"))
    if against is not None:
        yield against
    yield from _warned(observation, path, (*whole, "direction"))
    yield from _no_association(observation, (*whole, "direction"))
    yield from _off_middle(row, path)
    yield from _too_narrow(observation, path)
    yield from _ignored(observation, whole)
    yield from _not_pooled(observation, path, vocabulary)
    if observation.exposure == observation.outcome:
        cost = "It is in no association."
        yield Remark("one-term", (*whole, "outcome"), f"{row.outcome}, which is its exposure", "another term than the exposure", cost)


def _overall(bias: RiskOfBias | None) -> Iterator[Remark]:
    """No tool lets the whole be better than the worst of its parts."""
    if bias is None or bias.overall is None or not bias.domains:
        return
    worst = overall(bias.domains.values())
    if "unclear" not in {worst, bias.overall} and LEVELS.index(bias.overall) < LEVELS.index(worst):
        words = WORDS[bias.tool]
        expected = f"{words[worst]} or worse, as its worst domain is"
        yield Remark("risk-of-bias", ("risk_of_bias", "overall"), f"the overall judgement {words[bias.overall]}", expected, "It is taken.")


# --- direction ---


def _against_direction(observation: Observation, path: Path) -> Remark | None:
    """Figures whose sign is not that of the direction: an error where it is clear, else odd where the graph goes by the figures."""
    row = observation.row
    claimed = {"increases": 1, "decreases": -1}.get(row.direction, 0)
    # as the graph turns the word
    claimed *= (-1 if row.reversed else 1) * (-1 if observation.turned_from is not None else 1)
    if not claimed:
        return None
    odd: tuple[str, bool] | None = None
    for figures, sign, clear in _signs(observation):
        if sign == -claimed:
            if clear:
                odd = figures, True
                break
            odd = odd or (figures, False)
    if odd is None:
        return None
    figures, clear = odd
    return Remark(
        "direction",
        path,
        f"{row.direction} with {figures}",
        "a direction that the figures bear out; say `reversed` or `outcome_scale: lower-is-worse` where the print runs the other way",
        None if clear else f"The graph reads it as: {_read_as(observation)}.",
        severity="error" if clear else "warning",
    )


def _signs(observation: Observation) -> Iterator[tuple[str, int, bool]]:
    """What a row's figures say, turned as the graph turns them: the figures, their sign, and whether it is clear."""
    row = observation.row
    inverse = -1 if observation.turned_from is not None else 1
    scale = -1 if row.outcome_scale else 1
    p = parse_p(row.p).significant if row.p is not None else None
    null = null_of(row.measure)
    clear = 0
    if row.ci is not None:
        clear = beyond(row.ci, null)
    elif row.value is not None and row.se is not None:
        clear = sign_of(_on_scale(row.value, row)) if abs(_on_scale(row.value, row)) > Z95 * (row.se + last_digit(row.se) / 2) else 0
    sign = (row.value > null) - (row.value < null) if row.value is not None else clear
    if sign:
        yield printed(row), sign * (-1 if row.reversed else 1) * scale * inverse, bool(clear) or p is True
    table = table_of(observation) if row.adjusted is not True else None
    by_figures = observation.derivation in {"counts", "percentages"} or observation.derivation.startswith(("groups", "medians"))
    z = observation.z if by_figures and isinstance(observation.z, float) else None
    if z is None and table is not None and observation.kind != "estimate" and observation.derivation != "no-events":
        z = log_odds_ratio(table).z
    if z is not None:
        yield _compared(row), sign_of(z), p is True or (p is None and abs(z) > CLEAR_Z)
    elif row.groups is not None and row.role != "within-person" and row.adjusted is not True and observation.kind != "estimate":
        # groups that make no estimate: by which is higher, beside a p that is of them
        turn = inverse if row.groups_by == "outcome" or row.groups[0].pct is not None else scale * inverse
        yield _compared(row), _higher(*row.groups) * turn, p is True


def _on_scale(figure: float, row: Finding) -> float:
    """A printed figure on the scale of its standard error: a ratio as its logarithm."""
    return math.log(figure) if row.measure in RATIOS else figure


def _higher(first: Group, second: Group) -> int:
    for key in ("pct", "mean", "median"):
        one, other = getattr(first, key), getattr(second, key)
        if one is not None and other is not None:
            return int(one > other) - int(one < other)
    return 0


def printed(row: Finding) -> str:
    """The estimate as it is printed: OR 3.0 [2.0, 4.5], or OR 3.0 (SE 0.2)."""
    width = list(row.ci) if row.ci is not None else f"(SE {row.se})" if row.se is not None else None
    return " ".join(str(part) for part in (row.measure, row.value, width) if part is not None)


def _compared(row: Finding) -> str:
    """The two groups as they are printed."""
    if row.counts is not None:
        counts = row.counts
        return (
            f"{counts.exposed_cases} of {counts.exposed_total} exposed and {counts.unexposed_cases} of {counts.unexposed_total} unexposed"
        )
    assert row.groups is not None
    return " and ".join(f"{_middle(group)} in {group.name!r}" for group in row.groups)


def _middle(group: Group) -> str:
    if group.pct is not None:
        return f"{group.pct}%"
    middle = group.mean if group.mean is not None else group.median
    return "no figure" if middle is None else f"{middle}"


# --- figures ---


def _warned(observation: Observation, path: Path, direction: Path) -> Iterator[Remark]:
    row = observation.row
    for warning in observation.warnings:
        kind, expected, cost = WARNINGS[warning]
        p = f" and p {_shown_p(row)}" if row.p is not None else ""
        counted = f" beside {_compared(row)}" if warning in _BESIDE_COUNTS else ""
        if kind == "unclear":
            figures = printed(row) if row.value is not None else _compared(row)
            read = _read_as(observation)
            cost = f"The graph reads it by its figures: {read}."
            yield Remark(kind, direction, f"unclear beside {figures}", expected, cost, like=read)
        else:
            yield Remark(kind, path, f"{printed(row)}{p}{counted}", expected, cost)
    if row.se is not None and row.ci is not None and (row.ci[0] > 0 or row.measure not in RATIOS):
        implied = (_on_scale(row.ci[1], row) - _on_scale(row.ci[0], row)) / (2 * Z95)
        # each may be rounded to two digits
        if not 0.9 < (row.se / implied if implied else 0) < 1.1 and abs(row.se - implied) > last_digit(row.se):
            of = " of the logarithm" if row.measure in RATIOS else ""
            found = f"se {row.se} beside a ci that implies {implied:.2g}{of}"
            yield Remark("figures", path, found, "se and ci that agree", "The interval is read.")
    counts = observation.derivation in {"counts", "percentages"} and row.value is not None and row.ci is None
    if counts and row.measure in RATIOS and row.value and observation.y is not None:
        turn = -1 if (observation.turned_from is not None) != row.reversed else 1
        if abs(observation.y - turn * math.log(row.value)) > 0.1 and observation.comparison is not None:
            yield Remark(
                "figures",
                path,
                f"{printed(row)} beside counts that make {observation.comparison.measure} {math.exp(turn * observation.y):.3g}",
                "counts that make the ratio",
                "The counts are pooled, and not the printed ratio.",
            )


def _shown_p(row: Finding) -> str:
    return str(row.p) if isinstance(row.p, str) else f"= {row.p}"


def _read_as(observation: Observation) -> str:
    """What the graph reads, in the direction of the sheet."""
    sign: int = sign_of(observation.y) if observation.y is not None else sign_of(observation.z)
    sign *= (-1 if observation.row.reversed else 1) * (-1 if observation.turned_from is not None else 1)
    return f"{_WORDS[sign]}{', significant' if observation.significant else ', not significant'}" if sign else "no difference"


def _no_association(observation: Observation, path: Path) -> Iterator[Remark]:
    row = observation.row
    if row.direction != "no-association":
        return
    if observation.significant:
        cost = f"The graph reads it as significant: {_read_as(observation).partition(',')[0]}."
    elif row.p is not None and parse_p(row.p).significant and observation.kind != "estimate":
        cost = "The graph reads it as not significant, as the word says."
    else:
        return
    figures = [printed(row)] if row.value is not None else [_compared(row)] if row.counts is not None else []
    found = ", ".join([*figures, *([f"p {_shown_p(row)}"] if row.p is not None else [])])
    yield Remark("no-association", path, f"no-association beside {found}", "the direction of what is significant", cost)


def _box(row: Finding) -> Iterator[tuple[float, float, float]]:
    """The printed value and interval, and their extremes by rounding."""
    assert row.value is not None
    assert row.ci is not None
    for turn in (0, 1, -1):
        value, low, high = (
            figure + side * last_digit(figure) / 2 for figure, side in zip((row.value, *row.ci), (turn, -turn, -turn), strict=True)
        )
        yield value, low, high


def _off_middle(row: Finding, path: Path) -> Iterator[Remark]:
    """A ratio off the middle of its interval: a digit or a point may be lost."""
    if row.measure not in RATIOS or row.value is None or row.ci is None:
        return
    estimate = ratio_from_ci(row.value, row.ci)
    corners = [(math.log(value), math.log(low), math.log(high)) for value, low, high in _box(row) if min(value, low, high) > 0]
    if estimate is None or len(corners) < 3:
        return
    off = [y - (low + high) / 2 for y, low, high in corners]
    if min(off) > OFF_MIDDLE * estimate.se or max(off) < -OFF_MIDDLE * estimate.se:
        middle = math.sqrt(row.ci[0] * row.ci[1])
        cost = "Is a digit or a point lost? The graph takes the value, and the width of the interval."
        yield Remark(
            "off-middle", path, f"{printed(row)}, whose middle is {middle:.3g}", "a ratio in the middle of its interval", cost, like=""
        )


def _too_narrow(observation: Observation, path: Path) -> Iterator[Remark]:
    """An interval that not even the best design could have in so many patients."""
    row = observation.row
    if row.measure not in RATIOS or row.value is None or row.ci is None or not observation.n_known or observation.published or row.pooled:
        return
    contrast = row.told_contrast
    least = _LEAST.get("shift" if contrast == "shift" and row.measure == "OR" else row.measure)
    if least is None or contrast not in {"binary", "graded", "shift"}:
        return
    widest = ratio_from_ci(row.value, (row.ci[0] - last_digit(row.ci[0]) / 2, row.ci[1] + last_digit(row.ci[1]) / 2))
    if widest is not None and widest.se**2 * observation.n < _SLACK * least:
        cost = "It weighs as much as the interval says."
        yield Remark("narrow", path, f"{printed(row)} in {observation.n} patients", "an interval as wide as so few make it", cost, like="")


# --- what is left out ---


def _ignored(observation: Observation, path: Path) -> Iterator[Remark]:
    row = observation.row
    if row.reversed and (row.counts is not None or row.groups is not None):
        yield Remark(
            "ignored",
            path,
            "`reversed` on a row with counts or groups",
            "value, ci and direction only: counts and groups are read for the exposure as named",
        )
    if row.per is not None and row.contrast_type not in {None, "per-unit"}:
        yield Remark("ignored", path, f"`per` with contrast_type {row.contrast_type}", "contrast_type per-unit")
    if row.ci is not None and row.value is None:
        yield Remark("ignored", path, "an interval without its value", "the value, too", "The interval is not read.", like="ci")
    if row.measure == "p-only" and row.value is not None:
        yield Remark("ignored", path, f"a value ({row.value}) with measure p-only", "its measure", "The value is not read.", like="value")


def _not_pooled(observation: Observation, path: Path, vocabulary: Vocabulary) -> Iterator[Remark]:
    """Rows that print figures and don't count, or aren't pooled, by the graph's own reasons."""
    row, key = observation.row, observation.comparison
    if observation.published:
        return
    figures = printed(row) if row.value is not None else _compared(row) if row.counts is not None or row.groups is not None else ""
    if observation.why is not None:
        what = f"the role {row.role}" if row.role != "main" else figures or "nothing that counts"
        like = what if row.role != "main" else observation.why
        yield Remark("not-counted", path, what, "a row that counts", f"It is shown, and not counted: {observation.why}.", like=like)
        return
    if key is None:
        if figures and not observation.warnings and row.measure != "p-only":
            why = why_no_estimate(observation)
            yield Remark("no-estimate", path, figures, "figures that make an estimate", f"It isn't pooled: {why}.", like=why)
        return
    alone = why_alone(row, observation.scale, key.measure, key.contrast_type, key.unit, vocabulary)
    if alone is not None:
        yield Remark(
            "not-pooled", path, figures or row.measure, _WANTED[alone], f"Beside other cohorts it is shown alone: {alone}.", like=alone
        )


_CONTRAST = "contrast_type (binary, or per-unit with its `per`), or a contrast such as present vs absent"
_PER = "`per` with its step and a unit"
_WANTED = {
    "its contrast is not told: not pooled": _CONTRAST,
    "what it is per is not told in a unit: not pooled": _PER,
    "its degrees are told by no cut-off: not pooled": "the cutoff of the higher degree",
    "the unit of its outcome is not told: not pooled": "its unit in the notes, as in `unit: mL`",
    "a difference of percentages: not pooled": "counts of both groups",
}


def _of_prevalence(study: Study, vocabulary: Vocabulary) -> Iterator[Remark]:
    for i, row in enumerate(study.prevalence):
        if study.design not in REVIEWS and row.k is None and count(row) is None:
            figures = f"{row.pct}%" if row.pct is not None else "no count"
            yield Remark("no-count", ("prevalence", i), figures, "cases and total", "It is shown, and not pooled.", like="")
        least = _percents(row)
        for whole in study.prevalence if least is not None else ():
            most = _percents(whole)
            if most is not None and least is not None and most[1] < least[0] and _is_whole(whole, row, vocabulary):
                found = f"{row.lesion} in {least[0]:.3g}% beside {whole.lesion} in {most[1]:.3g}%"
                yield Remark("part", ("prevalence", i), found, "a part no more common than its whole")
                break


def _percents(row: Prevalence) -> tuple[float, float] | None:
    """Between which percentages a printed prevalence lies."""
    if row.cases is not None and row.total is not None:
        return 100 * row.cases / row.total, 100 * row.cases / row.total
    return (row.pct - last_digit(row.pct) / 2, row.pct + last_digit(row.pct) / 2) if row.pct is not None else None


def _is_whole(whole: Prevalence, part: Prevalence, vocabulary: Vocabulary) -> bool:
    """Whether a row is of the same people, at the same time, and of what the other's lesion is a part of."""
    if whole.population != part.population or whole.timing != part.timing or whole.lesion == part.lesion:
        return False
    above, seen = vocabulary[part.lesion].broader, {part.lesion}
    while above is not None and above in vocabulary and above not in seen:
        if above == whole.lesion:
            return True
        seen.add(above)
        above = vocabulary[above].broader
    return False
