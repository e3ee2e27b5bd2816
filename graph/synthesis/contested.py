"""Where the evidence contradicts itself: design point 9. Two studies can't carry an explanation, so only what differs is stated."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from graph.synthesis.method import METHOD, Z95, Method
from graph.synthesis.reports import Vote
from schema.association import Camp, Contested
from schema.observation import Observation
from schema.study import Study

if TYPE_CHECKING:
    from graph.synthesis.weight import Grid

_NAMES = {1: "increases", -1: "decreases", 0: "not significant"}


def surprising(votes: Sequence[Vote], method: Method = METHOD) -> list[int]:
    """The votes whose report had a probability below `METHOD.surprise` given the others.

    The three reports are decreases, null and increases; a bare sign counts as either of null and its side, an unread sign as none.
    """
    # numpy is loaded where figures are made, not where stored ones are read
    from graph.synthesis.weight import chances, posteriors_without, report_of

    told = [(i, report) for i, vote in enumerate(votes) if (report := report_of(vote.observation)) is not None]
    if len(told) < 2:
        return []
    # in one order whatever that of the votes, so that sums don't differ
    told.sort(key=lambda pair: pair[1])
    found: list[int] = []
    for (i, report), grid in zip(told, posteriors_without([report for _, report in told], method), strict=True):
        if report.mirrored or report.on_mean:
            continue
        down, null, up = chances(grid, report.information, printed=True)
        observation = votes[i].observation
        if observation.kind == "direction":
            probability = null / 2 + (up if observation.reports > 0 else down)
        else:
            probability = {1: up, -1: down, 0: null}[observation.significant]
        if probability < METHOD.surprise and not _compatible(votes[i], [vote for j, vote in enumerate(votes) if j != i]):
            found.append(i)
    return sorted(found)


def _compatible(vote: Vote, others: Sequence[Vote]) -> bool:
    """Whether an estimate's 95% interval overlaps those of all others, which are estimates of the same measure.

    The expected report rests on the number of patients, which misleads where the exposure or the outcome is rare; intervals don't.
    """
    return all(_overlap(vote.observation, other.observation) for other in others)


def _overlap(a: Observation, b: Observation) -> bool:
    if a.y is None or a.se is None or b.y is None or b.se is None or a.family is None or b.family is None:
        return False
    same = (a.family.measure, a.family.contrast_type) == (b.family.measure, b.family.contrast_type)
    return same and abs(a.y - b.y) <= Z95 * (a.se + b.se)


def power(vote: Vote, grid: Grid, sign: int) -> float:
    """The probability that a cohort of that size reports the association's direction with p < 0.05, all results printed."""
    from graph.synthesis.weight import chances

    down, _, up = chances(grid, vote.observation.information)
    return up if sign > 0 else down


def grid_of(votes: Sequence[Vote], method: Method = METHOD) -> Grid:
    from graph.synthesis.weight import posterior, reports_of

    return posterior(sorted(reports_of(vote.observation for vote in votes)), method)


def contested(votes: Sequence[Vote], surprises: Sequence[int], studies: Mapping[str, Study], method: Method = METHOD) -> Contested | None:
    """The camps and how they differ, where cohorts are significant both ways or one report is improbable given the others."""
    sides = {vote.observation.significant for vote in votes}
    if {1, -1} <= sides:
        why = "cohorts are significant on both sides"
    elif surprises:
        named = ", ".join(studies[votes[i].observation.study].label for i in surprises)
        why = f"the report of {named} had a probability below {METHOD.surprise:.2f} given the others"
    else:
        return None
    camps = []
    for side in (1, 0, -1):
        members = [vote for vote in votes if _side(vote) == side]
        if members:
            camps.append(camp(_NAMES[side], members, studies, method))
    return Contested(why=why, camps=tuple(camps), differences=differences(camps))


def _side(vote: Vote) -> int:
    return vote.observation.reports


def camp(name: str, votes: Sequence[Vote], studies: Mapping[str, Study], method: Method = METHOD) -> Camp:
    """A side of a contradiction, with the features in which sides can differ."""
    told = {feature: tell for feature, tell in _FEATURES.items() if feature != _WINDOW or method.mri_windows}
    features = {feature: _spread(votes, studies, tell) for feature, tell in told.items()}
    return Camp(
        report=name,
        studies=tuple(vote.observation.study for vote in votes),
        patients=sum(vote.observation.n for vote in votes if vote.observation.n_known),
        findings=tuple(finding for vote in votes for finding in vote.findings),
        features=features,
    )


def _spread(votes: Sequence[Vote], studies: Mapping[str, Study], tell: Callable[[Vote, Study], str]) -> str:
    return "; ".join(sorted({tell(vote, studies[vote.observation.study]) for vote in votes}))


def _window(study: Study) -> str:
    if study.imaging is not None and study.imaging.mri_window_days is not None:
        return f"MRI days {study.imaging.mri_window_days[0]:g}-{study.imaging.mri_window_days[1]:g}"
    if study.imaging is not None and study.imaging.mri_median_day is not None:
        return f"MRI median day {study.imaging.mri_median_day:g}"
    return "not reported"


_WINDOW = "MRI window"
_FEATURES: dict[str, Callable[[Vote, Study], str]] = {
    "design": lambda _, study: study.design or "not reported",
    "randomised": lambda vote, _: "randomised" if vote.observation.row.randomised else "observational",
    "adjustment": lambda vote, _: {True: "adjusted", False: "crude", None: "not reported"}[vote.observation.row.adjusted],
    _WINDOW: lambda _, study: _window(study),
    "definition": lambda vote, _: vote.observation.row.outcome_as_reported or "not reported",
    "population": lambda vote, study: study.population(vote.observation.row.population).label,
    "n": lambda vote, _: str(vote.observation.n) if vote.observation.n_known else "not reported",
    "year": lambda _, study: str(study.year or "not reported"),
}


def differences(camps: Sequence[Camp]) -> tuple[str, ...]:
    """The features that no two camps share a value of; what isn't reported can't differ."""
    told = []
    for feature in camps[0].features if camps else ():
        values = [set(camp.features[feature].split("; ")) for camp in camps]
        known = all("not reported" not in one for one in values)
        apart = all(not values[i] & values[j] for i in range(len(values)) for j in range(i))
        if known and apart and len(camps) > 1:
            told.append(f"{feature}: " + " / ".join(camp.features[feature] for camp in camps))
    return tuple(told)
