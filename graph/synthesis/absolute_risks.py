"""What a ratio means for a hundred patients, where that can be said honestly; elsewhere why not.

A ratio becomes a risk only at a baseline (the risk without the exposure), which differs between places: the reader can give one. Odds
ratio: odds with = odds without x OR. Risk ratio: risk with = risk without x RR. Hazard ratio, over the same time: 1 - (1 - risk
without)^HR. Cochrane Handbook 15.4.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from graph.synthesis.method import METHOD, Method
from graph.synthesis.observations import table_of
from graph.wording import percent, rounded_percent
from schema.association import Association
from schema.observation import Observation
from schema.robustness import AbsoluteRisk, RiskPair
from schema.study import Counts, Study
from schema.vocabulary import Term

_NO_RISK = {"correlation": "The estimate is a correlation, which makes no risk."}

_NOT_WITH_AND_WITHOUT = {
    "graded": "it is of degrees of it",
    "per-unit": "it is per step",
    "shift": "it is of a shift over all degrees of the outcome",
}
# shares of the exposed at which the pair of risks stands beside
_BESIDE = (0.15, 0.5)


class Share(NamedTuple):
    """A percentage with where it is from."""

    pct: float
    source: str


def absolute(
    one: Association,
    outcome: Term,
    observations: Sequence[Observation],
    prevalence_of: Callable[[], Share | None],
    given: float | None,
    studies: Mapping[str, Study],
    method: Method = METHOD,
) -> AbsoluteRisk:
    """The risks in percent, without the exposure and with it.

    `given` is a baseline in percent. Else, of a randomised comparison, it is the risk of the control arms that are printed. Else the pair
    of risks is the one that makes the outcome's prevalence in the population together (`prevalence_of`, asked where it is needed), at the
    share exposed that the headline's rows print or, where they print none, 30%; the pairs at 15% and 50% stand beside. Else there is none.
    """
    why = _refused(one, outcome, observations)
    if why is not None:
        return AbsoluteRisk(why=why)
    # what the direction rests on: of two to four cohorts their average
    ratio, interval = (one.average.estimate, one.average.ci) if one.average is not None else (one.estimate, one.ci)
    assert ratio is not None
    assert interval is not None
    risk = EQUATIONS[one.measure or ""]
    randomised = one.estimate_source != "published" and one.families[0].randomised
    share, caveat = None, None
    beside: tuple[RiskPair, ...] = ()
    prevalence = prevalence_of() if given is None and not randomised else None
    if given is not None:
        baseline: Share | None = Share(given, "given")
    elif prevalence is not None:
        printed = _exposed(one, [row for row in observations if studies[row.study].design != "case-control"])
        share = printed if printed is not None else method.default_exposed_share
        without = _without(prevalence.pct, ratio, share, risk)
        baseline = Share(without, prevalence.source) if without is not None else None
        pairs = ((other, _without(prevalence.pct, ratio, other, risk)) for other in _BESIDE)
        beside = tuple(
            RiskPair(exposed_pct=100 * other, baseline=rounded_percent(low), exposed=rounded_percent(risk(low, ratio)))
            for other, low in pairs
            if low is not None
        )
        caveat = _together(prevalence.pct, share, beside, printed=printed is not None)
    else:
        # of patients who were not allotted the unexposed may have been chosen to be so many
        baseline = _unexposed(one, observations) if randomised else None
    if baseline is None:
        return AbsoluteRisk(
            why="The rows behind this estimate don't print the risk of those without the exposure, so a baseline must be given.",
            needs_baseline=True,
        )
    exposed, low, high = (risk(baseline.pct, one) for one in (ratio, *interval))
    if exposed > 100:
        return AbsoluteRisk(why="At this baseline the risk ratio would make more than 100 of 100: give a lower one.", needs_baseline=True)
    return AbsoluteRisk(
        baseline=rounded_percent(baseline.pct),
        baseline_source=baseline.source,
        estimate_source=one.estimate_source,
        caveat=caveat,
        exposed_pct=rounded_percent(100 * share) if share is not None else None,
        beside=beside,
        exposed=rounded_percent(exposed),
        ci=(rounded_percent(min(low, 100)), rounded_percent(min(high, 100))),
    )


def _together(prevalence: float, share: float, beside: Sequence[RiskPair], *, printed: bool) -> str:
    where = "as behind the estimate" if printed else "a share that the papers behind the estimate don't print"
    others = "; ".join(f"{one.baseline:g} and {one.exposed:g} at {one.exposed_pct:g}%" for one in beside)
    exposed = f"{rounded_percent(100 * share):g}% have it, {where}"
    of = f"The two risks are those that make the {percent(prevalence)} of all patients where {exposed}"
    return f"{of}; they would be {others}." if others else f"{of}."


def _without(prevalence: float, ratio: float, share: float, risk: Callable[[float, float], float]) -> float | None:
    """The risk without the exposure, in percent, at which the risks with and without make the prevalence together; by bisection.

    None where no pair does: a risk ratio would make more than everybody ill.
    """
    low, high = 0.0, 100.0
    for _ in range(200):
        middle = (low + high) / 2
        if share * risk(middle, ratio) + (1 - share) * middle < prevalence:
            low = middle
        else:
            high = middle
    return low if risk(low, ratio) <= 100 else None


def _refused(one: Association, outcome: Term, observations: Sequence[Observation]) -> str | None:
    if one.estimate is None or one.ci is None:
        return "Only a direction is known, and a direction makes no risk." if one.studies else "Nothing was studied."
    if outcome.unit is not None or outcome.kind not in {"lesion", "outcome", "csvd-marker"}:
        return "The outcome is a measurement, so that there are no patients with and without it."
    if one.measure not in EQUATIONS:
        return _NO_RISK.get(one.measure or "", "The estimate is a difference on a scale, which makes no risk.")
    if (
        one.estimate_source == "published"
        and one.cohorts
        and one.direction in {"increases", "decreases"}
        and not getattr(one, one.direction)
    ):
        cohorts = "the one cohort here does not report" if one.cohorts == 1 else f"none of the {one.cohorts} cohorts here reports"
        return f"The estimate is a published meta-analysis's, and {cohorts} its direction: what it would mean for patients is not told."
    if any(observation.row.versus for observation in _headline(one, observations)):
        return "The estimate is of one against another, and of nobody without either."
    types = {observation.comparison.contrast_type for observation in _headline(one, observations) if observation.comparison is not None}
    if types != {"binary"}:
        what = "; ".join(
            dict.fromkeys(_NOT_WITH_AND_WITHOUT.get(one or "unknown", "its contrast is not printed") for one in sorted(types, key=str))
        )
        return f"The estimate is not of patients with against patients without the exposure: {what}."
    return None


def _headline(one: Association, observations: Sequence[Observation]) -> list[Observation]:
    """The rows that the headline is made of."""
    published = {row.finding for row in one.published if row.headline}
    made_of = published if one.estimate_source == "published" else set(one.families[0].rows)
    return [observation for observation in observations if observation.finding in made_of]


def _tables(one: Association, observations: Sequence[Observation]) -> list[Counts]:
    """The 2x2 tables behind the headline, printed or from percentages."""
    return [table for observation in _headline(one, observations) if (table := table_of(observation)) is not None]


def _unexposed(one: Association, observations: Sequence[Observation]) -> Share | None:
    """The risk of the unexposed behind the headline, where it is printed."""
    tables = _tables(one, observations)
    total = sum(table.unexposed_total for table in tables)
    cases = sum(table.unexposed_cases for table in tables)
    return Share(100 * cases / total, "unexposed") if 0 < cases < total else None


def _exposed(one: Association, observations: Sequence[Observation]) -> float | None:
    """The share of patients with the exposure behind the headline, where it is printed; cases and controls are chosen by the outcome."""
    tables = _tables(one, observations)
    exposed = sum(table.exposed_total for table in tables)
    total = exposed + sum(table.unexposed_total for table in tables)
    return exposed / total if 0 < exposed < total else None


def _by_odds(baseline: float, ratio: float) -> float:
    odds = baseline * ratio
    return 100 * odds / (100 - baseline + odds)


EQUATIONS: dict[str, Callable[[float, float], float]] = {
    "OR": _by_odds,
    "RR": lambda baseline, ratio: baseline * ratio,
    "HR": lambda baseline, ratio: 100 * (1 - (1 - baseline / 100) ** ratio),
}
