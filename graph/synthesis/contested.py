"""Where the evidence contradicts itself: docs/method.md, section 9.

Two studies can't carry an explanation, so only what differs is stated.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from graph.synthesis.method import METHOD, Z95, Method
from graph.synthesis.reports import StudyReport, findings_of
from schema.association import Camp, Contested
from schema.observation import Observation
from schema.study import Study

if TYPE_CHECKING:
    from graph.synthesis.weight import Grid

_NAMES = {1: "increases", -1: "decreases", 0: "not significant"}


def surprising(reports: Sequence[StudyReport], method: Method = METHOD) -> list[int]:
    """The reports that had a probability below `METHOD.surprise` given the others.

    The three reports are decreases, null and increases; a bare sign counts as either of null and its side, an unread sign as none.
    """
    # numpy is loaded where figures are made, not where stored ones are read
    from graph.synthesis.weight import chances, posteriors_without, reported_z

    each = ((i, reported_z(report.observation, method, report.trials)) for i, report in enumerate(reports))
    reported = [(i, z) for i, z in each if z is not None]
    if len(reported) < 2:
        return []
    # in one order whatever that of the reports, so that sums don't differ
    reported.sort(key=lambda pair: pair[1])
    found: list[int] = []
    for (i, z), grid in zip(reported, posteriors_without([z for _, z in reported], method), strict=True):
        if z.mirrored or z.on_mean:
            continue
        down, null, up = chances(grid, z.information, printed=True)
        observation = reports[i].observation
        if observation.kind == "direction":
            probability = null / 2 + (up if observation.reported_sign > 0 else down)
        else:
            probability = {1: up, -1: down, 0: null}[observation.significant]
        if probability < METHOD.surprise and not _compatible(reports[i], [report for j, report in enumerate(reports) if j != i]):
            found.append(i)
    return sorted(found)


def _compatible(report: StudyReport, others: Sequence[StudyReport]) -> bool:
    """Whether an estimate's 95% interval overlaps those of all others, which are estimates of the same measure.

    The expected report rests on the number of patients, which misleads where the exposure or the outcome is rare; intervals don't.
    """
    return all(_overlap(report.observation, other.observation) for other in others)


def _overlap(a: Observation, b: Observation) -> bool:
    if a.y is None or a.se is None or b.y is None or b.se is None or a.comparison is None or b.comparison is None:
        return False
    same = (a.comparison.measure, a.comparison.contrast_type) == (b.comparison.measure, b.comparison.contrast_type)
    return same and abs(a.y - b.y) <= Z95 * (a.se + b.se)


def power(report: StudyReport, grid: Grid, sign: int) -> float:
    """The probability that a cohort of that size reports the association's direction with p < 0.05, all results printed."""
    from graph.synthesis.weight import chances

    down, _, up = chances(grid, report.observation.information)
    return up if sign > 0 else down


def grid_of(reports: Sequence[StudyReport], method: Method = METHOD) -> Grid:
    from graph.synthesis.weight import posterior, reported_zs

    return posterior(sorted(reported_zs(reports, method)), method)


class Disagreement(NamedTuple):
    """Two estimates of one question that can't both be right, in words, and the reports behind either."""

    why: str
    sides: tuple[tuple[str, tuple[StudyReport, ...]], ...]


def contested(
    reports: Sequence[StudyReport],
    surprises: Sequence[int],
    disagreement: Disagreement | None,
    studies: Mapping[str, Study],
    method: Method = METHOD,
) -> Contested | None:
    """The sides and how they differ, where cohorts are significant both ways, one report is improbable given the others, or estimates of

    cohorts and of published meta-analyses say something else.
    """
    given = tuple(
        (_NAMES[sign], members)
        for sign in (1, 0, -1)
        if (members := tuple(report for report in reports if report.observation.reported_sign == sign))
    )
    if {1, -1} <= {report.observation.significant for report in reports}:
        why = "cohorts are significant on both sides"
    elif disagreement is not None:
        why, given = disagreement
    elif surprises:
        named = ", ".join(studies[reports[i].observation.study].label for i in surprises)
        why = f"the report of {named} had a probability below {METHOD.surprise:.2f} given the others"
    else:
        return None
    sides = [side(name, members, studies, method) for name, members in given]
    return Contested(why=why, camps=tuple(sides), differences=differences(sides))


def side(name: str, reports: Sequence[StudyReport], studies: Mapping[str, Study], method: Method = METHOD) -> Camp:
    """A side of a contradiction, with the features in which sides can differ."""
    features = {
        feature: _spread(reports, studies, value_of) for feature, value_of in _FEATURES.items() if feature != _WINDOW or method.mri_windows
    }
    named = dict.fromkeys(report.observation.study for report in reports)
    return Camp(
        report=name,
        studies=tuple(named),
        cohort_names=tuple(dict.fromkeys(cohort for study in named for cohort in studies[study].cohorts or (study,))),
        patients=sum(report.observation.n for report in reports if report.observation.n_known) or None,
        patients_unknown=sum(not report.observation.n_known for report in reports),
        findings=findings_of(reports),
        features=features,
    )


def _spread(reports: Sequence[StudyReport], studies: Mapping[str, Study], value_of: Callable[[StudyReport, Study], str]) -> str:
    return "; ".join(sorted({value_of(report, studies[report.observation.study]) for report in reports}))


def _window(study: Study) -> str:
    if study.imaging is not None and study.imaging.mri_window_days is not None:
        return f"MRI days {study.imaging.mri_window_days[0]:g}-{study.imaging.mri_window_days[1]:g}"
    if study.imaging is not None and study.imaging.mri_median_day is not None:
        return f"MRI median day {study.imaging.mri_median_day:g}"
    return "not reported"


_WINDOW = "MRI window"
_FEATURES: dict[str, Callable[[StudyReport, Study], str]] = {
    "design": lambda _, study: study.design or "not reported",
    "randomised": lambda report, _: "randomised" if report.observation.row.randomised else "observational",
    "adjustment": lambda report, _: {True: "adjusted", False: "crude", None: "not reported"}[report.observation.row.adjusted],
    _WINDOW: lambda _, study: _window(study),
    "definition": lambda report, _: report.observation.row.outcome_as_reported or "not reported",
    "population": lambda report, study: study.population(report.observation.row.population).label,
    "n": lambda report, _: str(report.observation.n) if report.observation.n_known else "not reported",
    "year": lambda _, study: str(study.year or "not reported"),
}


# features with values of a few kinds; texts of papers differ by their words alone
_COMPARED = ("design", "randomised", "adjustment", _WINDOW, "year")


def differences(sides: Sequence[Camp]) -> tuple[str, ...]:
    """The features that no two sides share a value of; what isn't reported can't differ."""
    found = []
    for feature in _COMPARED if len(sides) > 1 else ():
        values = [set(one.features.get(feature, "not reported").split("; ")) for one in sides]
        known = all("not reported" not in value for value in values)
        if known and all(not values[i] & values[j] for i in range(len(values)) for j in range(i)):
            found.append(f"{feature}: " + " / ".join(one.features[feature] for one in sides))
    return tuple(found)
