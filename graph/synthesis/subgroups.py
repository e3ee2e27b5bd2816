"""The independent cohorts by a feature or by the side they take, each part with its own small synthesis, and whether parts differ."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from graph.synthesis.associations import Partial, Synthesis, partial
from graph.synthesis.corpus import Corpus
from graph.synthesis.direction import WORDS
from graph.synthesis.method import Method
from graph.synthesis.reports import StudyReport
from schema.association import Contested
from schema.observation import Observation
from schema.robustness import CampFigures, Small, Subgroup, Subgroups, SubgroupTest
from schema.study import Study

ValueOf = Callable[[StudyReport, Study, Method], str | None]


def _window(_: StudyReport, study: Study, method: Method) -> str | None:
    """The window of the last day of MRI after onset; each leaves out the earlier ones, so that no cohort is in two."""
    if study.imaging is None or study.imaging.mri_window_days is None:
        return None
    last = study.imaging.mri_window_days[1]
    return next((f"by day {day}" for day in method.mri_windows if last <= day), f"after day {method.mri_windows[-1]}")


FEATURES: dict[str, ValueOf] = {
    "design": lambda _, study, __: study.design,
    "adjustment": lambda report, *_: {True: "adjusted", False: "unadjusted", None: None}[report.observation.row.adjusted],
    "randomisation": lambda report, *_: "randomised" if report.observation.row.randomised else "observational",
    "last MRI": _window,
}
UNKNOWN = "not known"


def subgroups(synthesis: Synthesis, corpus: Corpus) -> tuple[Subgroups, ...]:
    """The independent cohorts by each feature: every cohort is in one group of each."""
    reports = synthesis.reports.cohorts
    if not reports:
        return ()
    headline = synthesis.comparisons.headline
    primary = headline.result.rows if headline is not None else ()
    kept: dict[tuple[str, ...], Partial] = {}

    def small(members: Sequence[StudyReport]) -> Partial:
        # one set of cohorts is often a group of several features
        key = tuple(report.cohort for report in members)
        if key not in kept:
            kept[key] = partial(members, synthesis, corpus, primary)
        return kept[key]

    found = []
    for feature, value_of in FEATURES.items():
        if value_of is _window and not corpus.method.mri_windows:
            continue
        kinds = [value_of(report, corpus.studies[report.observation.study], corpus.method) for report in reports]
        groups = []
        for kind in sorted(set(kinds), key=lambda one: _order(one, corpus.method)):
            members = [report for report, own in zip(reports, kinds, strict=True) if own == kind]
            part = small(members)
            groups.append(
                Subgroup(
                    group=UNKNOWN if kind is None else kind,
                    known=kind is not None,
                    studies=tuple(dict.fromkeys(report.observation.study for report in members)),
                    weight=part.weight,
                    **dict(_small(part, members)),
                )
            )
        test, why = _test(
            headline.members if headline is not None else (), {report.cohort: kind for report, kind in zip(reports, kinds, strict=True)}
        )
        found.append(Subgroups(by=feature, groups=tuple(groups), test=test, why=why))
    return tuple(found)


def _order(kind: str | None, method: Method) -> tuple[bool, int, str]:
    """By name, the windows of MRI by their day, what isn't known last."""
    days = [f"by day {day}" for day in method.mri_windows]
    return kind is None, days.index(kind) if kind in days else len(days), kind or ""


def _small(part: Partial, members: Sequence[StudyReport]) -> Small:
    comparison = part.comparison
    return Small(
        direction=part.direction,
        cohorts=len(members),
        measure=comparison.measure if comparison else None,
        contrast=part.contrast,
        estimate=comparison.estimate if comparison else None,
        ci=comparison.ci if comparison else None,
        k=comparison.k if comparison else None,
    )


def _test(estimated: Sequence[StudyReport], kind_of: Mapping[str, str | None]) -> tuple[SubgroupTest | None, str | None]:
    """The test of the primary comparison's estimates, or why they can't be tested; a kind that isn't known is no subgroup."""
    from graph.synthesis.pooling import between

    named = {kind for kind in kind_of.values() if kind is not None}
    if len(named) < 2:
        return None, "one subgroup only" if named else "no cohort says of which kind it is"
    rows = [(report.observation.y, report.observation.se, kind_of.get(report.cohort)) for report in estimated]
    estimates = [(y, se, kind) for y, se, kind in rows if y is not None and se is not None and kind is not None]
    if not estimates:
        return None, "no estimate of a cohort that says of which kind it is"
    if len(estimates) == 1:
        return None, "one estimate only"
    groups = {kind for _, _, kind in estimates}
    if len(groups) == 1:
        return None, "all estimates that may be pooled are of one subgroup"
    if len(estimates) == len(groups):
        return None, "one estimate in each subgroup: a difference can't be told from the spread between studies"
    tested = between([y for y, _, _ in estimates], [se for _, se, _ in estimates], [kind for _, _, kind in estimates])
    return SubgroupTest(q_between=tested.q, df=tested.df, p=tested.p, tau2=tested.tau2, k=len(estimates)), None


def sides(contested: Contested | None, syntheses: Sequence[Synthesis], corpus: Corpus) -> tuple[CampFigures, ...]:
    """The sides of a contradiction, each with what its cohorts say by themselves. `syntheses` are those of both sides."""
    if contested is None:
        return ()
    found = []
    for one in contested.camps:
        of_each = [[report for report in side.reports.cohorts if report.observation.study in one.studies] for side in syntheses]
        behind, members = max(zip(syntheses, of_each, strict=True), key=lambda pair: len(pair[1]))
        review = next((row for row in behind.reports.published if row.finding in one.findings), None)
        said = _small(partial(members, behind, corpus), members) if review is None else _reviewed(review, behind)
        found.append(CampFigures(**dict(one), **dict(said)))
    return tuple(found)


def _reviewed(row: Observation, synthesis: Synthesis) -> Small:
    """What a published row says."""
    shown = next(one for one in synthesis.association.published if one.finding == row.finding)
    direction = WORDS[row.significant]
    return Small(direction=direction, cohorts=0, measure=shown.measure, estimate=shown.estimate, ci=shown.ci, k=shown.k)
