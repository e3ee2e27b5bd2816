"""The voting cohorts parted by a feature or into camps, each part with its own small synthesis, and whether parts differ."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from graph.synthesis.associations import Corpus, Partial, Synthesis, partial
from graph.synthesis.method import METHOD, Method
from graph.synthesis.reports import Vote
from schema.association import Contested
from schema.robustness import CampFigures, Small, Subgroup, Subgroups, SubgroupTest
from schema.study import Study

Tell = Callable[[Vote, Study, Method], str | None]


def _window(_: Vote, study: Study, method: Method) -> str | None:
    """The window of the last day of MRI after onset; each leaves out the earlier ones, so that no cohort is in two."""
    if study.imaging is None or study.imaging.mri_window_days is None:
        return None
    last = study.imaging.mri_window_days[1]
    return next((f"by day {day}" for day in method.mri_windows if last <= day), f"after day {method.mri_windows[-1]}")


FEATURES: dict[str, Tell] = {
    "design": lambda _, study, __: study.design,
    "adjustment": lambda vote, *_: {True: "adjusted", False: "unadjusted", None: None}[vote.observation.row.adjusted],
    "randomisation": lambda vote, *_: "randomised" if vote.observation.row.randomised else "observational",
    "last MRI": _window,
}
UNKNOWN = "not known"


def subgroups(synthesis: Synthesis, corpus: Corpus) -> tuple[Subgroups, ...]:
    """The voting cohorts by each feature: every cohort is in one group of each."""
    votes, association = synthesis.votes.cohorts, synthesis.association
    if not votes:
        return ()
    primary = association.families[0].rows if association.families else ()
    found: dict[tuple[str, ...], Partial] = {}

    def small(members: Sequence[Vote]) -> Partial:
        # one set of cohorts is often a group of several features
        key = tuple(vote.observation.study for vote in members)
        if key not in found:
            found[key] = partial(members, corpus.method, primary)
        return found[key]

    told = []
    for feature, tell in FEATURES.items():
        if tell is _window and not corpus.method.mri_windows:
            continue
        kinds = [tell(vote, corpus.studies[vote.observation.study], corpus.method) for vote in votes]
        groups = []
        for kind in sorted(set(kinds), key=lambda one: _order(one, corpus.method)):
            members = [vote for vote, own in zip(votes, kinds, strict=True) if own == kind]
            part = small(members)
            groups.append(
                Subgroup(
                    group=UNKNOWN if kind is None else kind,
                    known=kind is not None,
                    studies=tuple(vote.observation.study for vote in members),
                    weight=part.weight,
                    **dict(_small(part, members)),
                )
            )
        test, why = _test(votes, kinds, primary)
        told.append(Subgroups(by=feature, groups=tuple(groups), test=test, why=why))
    return tuple(told)


def _order(kind: str | None, method: Method) -> tuple[bool, int, str]:
    """By name, the windows of MRI by their day, what isn't known last."""
    days = [f"by day {day}" for day in method.mri_windows]
    return kind is None, days.index(kind) if kind in days else len(days), kind or ""


def _small(part: Partial, members: Sequence[Vote]) -> Small:
    family = part.family
    return Small(
        direction=part.direction,
        cohorts=len(members),
        measure=family.measure if family else None,
        contrast=part.contrast,
        estimate=family.estimate if family else None,
        ci=family.ci if family else None,
        k=family.k if family else None,
    )


def _test(votes: Sequence[Vote], kinds: Sequence[str | None], primary: Sequence[str]) -> tuple[SubgroupTest | None, str | None]:
    """The test of the primary family's estimates, or why they can't be tested; a kind that isn't known is no subgroup."""
    from graph.synthesis.pooling import between

    named = {kind for kind in kinds if kind is not None}
    if len(named) < 2:
        return None, "one subgroup only" if named else "no cohort says of which kind it is"
    rows = [
        (vote.observation.y, vote.observation.se, kind)
        for vote, kind in zip(votes, kinds, strict=True)
        if kind is not None and set(vote.findings) <= set(primary)
    ]
    told = [(y, se, kind) for y, se, kind in rows if y is not None and se is not None]
    if not told:
        return None, "no estimate of a cohort that says of which kind it is"
    if len(told) == 1:
        return None, "one estimate only"
    groups = {kind for _, _, kind in told}
    if len(groups) == 1:
        return None, "all estimates that may be pooled are of one subgroup"
    if len(told) == len(groups):
        return None, "one estimate in each subgroup: a difference can't be told from the spread between studies"
    tested = between([y for y, _, _ in told], [se for _, se, _ in told], [kind for _, _, kind in told])
    return SubgroupTest(q_between=tested.q, df=tested.df, p=tested.p, tau2=tested.tau2, k=len(told)), None


def camps(contested: Contested | None, votes: Sequence[Vote], method: Method = METHOD) -> tuple[CampFigures, ...]:
    """The camps of a contradiction, each with what its cohorts say by themselves. `votes` are those of both sides."""
    if contested is None:
        return ()
    told = []
    for one in contested.camps:
        members = [vote for vote in votes if set(vote.findings) <= set(one.findings)]
        told.append(CampFigures(**dict(one), **dict(_small(partial(members, method), members))))
    return tuple(told)
