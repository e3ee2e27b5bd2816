"""What a ratio means for a hundred patients, where that can be said honestly; elsewhere why not.

A ratio becomes a risk only at a baseline (the risk without the exposure), which differs between places: the reader can give one. Odds
ratio: odds with = odds without x OR. Risk ratio: risk with = risk without x RR. Cochrane Handbook 15.4.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from schema.association import Association
from schema.observation import Observation
from schema.robustness import AbsoluteRisk
from schema.vocabulary import Term

_NO_RISK = {
    "HR": "The estimate is a hazard ratio, which makes no risk without a time.",
    "correlation": "The estimate is a correlation, which makes no risk.",
}

_NOT_WITH_AND_WITHOUT = {
    "graded": "it is of degrees of it",
    "per-unit": "it is per step",
    "shift": "it is of a shift over all degrees of the outcome",
}
# the share of the exposed is rarely printed, so that the risk without the exposure can't be worked out of that of all
_OF_ALL = (
    "The baseline is the prevalence in all patients, with and without the exposure: the risk without it is not known here. Read it as an "
    "example of what the estimate means if that were the risk without it, or give a baseline."
)


class Share(NamedTuple):
    """A percentage with where it is from."""

    pct: float
    source: str


def absolute(
    one: Association, outcome: Term, observations: Sequence[Observation], prevalence: Share | None, given: float | None
) -> AbsoluteRisk:
    """The risks in percent. `prevalence` is the outcome's in the population; `given` a baseline in percent, else one is taken from

    the unexposed patients behind the headline, else from the prevalence.
    """
    why = _refused(one, outcome, observations)
    if why is not None:
        return AbsoluteRisk(why=why)
    assert one.estimate is not None
    assert one.ci is not None
    baseline = Share(given, "given") if given is not None else _unexposed(one, observations) or prevalence
    if baseline is None:
        return AbsoluteRisk(
            why="The rows behind this estimate don't print the risk of those without the exposure, so a baseline must be given.",
            needs_baseline=True,
        )
    exposed, low, high = (_risk(one.measure == "OR", baseline.pct, ratio) for ratio in (one.estimate, *one.ci))
    if exposed > 100:
        return AbsoluteRisk(why="At this baseline the risk ratio would make more than 100 of 100: give a lower one.", needs_baseline=True)
    return AbsoluteRisk(
        baseline=round(baseline.pct, 1),
        baseline_source=baseline.source,
        estimate_source=one.estimate_source,
        caveat=None if baseline.source in {"given", "unexposed"} else _OF_ALL,
        exposed=round(exposed, 1),
        ci=(round(min(low, 100), 1), round(min(high, 100), 1)),
    )


def _refused(one: Association, outcome: Term, observations: Sequence[Observation]) -> str | None:
    if one.estimate is None or one.ci is None:
        return "Only a direction is known, and a direction makes no risk." if one.studies else "Nothing was studied."
    if outcome.unit is not None or outcome.kind not in {"lesion", "outcome", "csvd-marker"}:
        return "The outcome is a measurement, so that there are no patients with and without it."
    if one.measure not in {"OR", "RR"}:
        return _NO_RISK.get(one.measure or "", "The estimate is a difference on a scale, which makes no risk.")
    if (
        one.estimate_source == "published"
        and one.cohorts
        and one.direction in {"increases", "decreases"}
        and not getattr(one, one.direction)
    ):
        cohorts = "the one cohort here does not report" if one.cohorts == 1 else f"none of the {one.cohorts} cohorts here reports"
        return f"The estimate is a published meta-analysis's, and {cohorts} its direction: what it would mean for patients is not told."
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


def _unexposed(one: Association, observations: Sequence[Observation]) -> Share | None:
    """The risk of the unexposed behind the headline, where their counts are printed and were not turned."""
    counts = [
        observation.row.counts
        for observation in _headline(one, observations)
        if observation.row.counts is not None and not observation.turned
    ]
    total = sum(table.unexposed_total for table in counts)
    cases = sum(table.unexposed_cases for table in counts)
    return Share(100 * cases / total, "unexposed") if 0 < cases < total else None


def _risk(odds: bool, baseline: float, ratio: float) -> float:
    if not odds:
        return baseline * ratio
    without = baseline / (100 - baseline)
    return 100 * without * ratio / (1 + without * ratio)
