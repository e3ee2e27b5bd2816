"""Which studies share patients, and the independent set that counts each patient once.

Sharing is not transitive: a pooled analysis of two trials overlaps both, and the trials don't overlap each other. So the reports
of an association that count are an independent set of the overlap graph, chosen by stated rules.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from graph.synthesis.method import METHOD
from schema.observation import Observation
from schema.study import Study


@dataclass(frozen=True, slots=True)
class Patients:
    """What a study says of whose patients it holds. `elsewhere` are the studies outside the corpus that it shares patients with."""

    study: str
    year: int | None
    cohorts: frozenset[str]
    overlaps: frozenset[str]
    elsewhere: frozenset[str]
    authors: frozenset[str]
    individual_patient_data: bool


def patients_of(study: Study, corpus: Collection[str]) -> Patients:
    return Patients(
        study.id,
        study.year,
        frozenset(study.cohorts),
        frozenset(study.overlaps_with),
        frozenset(one for one in study.overlaps_with if one not in corpus),
        study.named_authors,
        study.design == "individual-patient-pooled",
    )


def all_patients(studies: Mapping[str, Study]) -> dict[str, Patients]:
    """The same of each study of a corpus, by its id."""
    return {study_id: patients_of(study, studies) for study_id, study in studies.items()}


@lru_cache(maxsize=1 << 16)
def overlap(a: Patients, b: Patients) -> bool:
    """Whether two studies are known to share patients."""
    return bool(a.study in b.overlaps or b.study in a.overlaps or a.cohorts & b.cohorts or a.elsewhere & b.elsewhere or a.study == b.study)


def _trial_in_pooled(a: Observation, b: Observation, pa: Patients, pb: Patients) -> bool:
    """An individual-patient-pooled row of a randomised treatment takes in every trial of it."""
    return a.row.randomised and b.row.randomised and a.exposure == b.exposure and (pa.individual_patient_data or pb.individual_patient_data)


def shares(a: Observation, b: Observation, patients: Mapping[str, Patients]) -> bool:
    """Whether two rows are of the same patients."""
    pa, pb = patients[a.study], patients[b.study]
    return overlap(pa, pb) or _trial_in_pooled(a, b, pa, pb)


def may_share(a: Observation, b: Observation, patients: Mapping[str, Patients]) -> bool:
    """Whether two rows may be of the same patients: two named authors in common, and the same condition."""
    common = patients[a.study].authors & patients[b.study].authors
    return len(common) >= METHOD.authors_in_common and a.condition == b.condition


def independent(worth: Sequence[tuple[int, float]], conflicts: Sequence[Collection[int]]) -> list[int]:
    """The indexes of the best set of which no two conflict, sorted.

    Best: most rows with an estimate (`worth[i][0]`), then the largest sum of information (`worth[i][1]`), then most rows, then the first
    indexes. Exact for groups of up to `METHOD.exact_overlap_component` rows that hang together, greedy beyond.
    """
    chosen: list[int] = []
    for component in _apart(frozenset(range(len(worth))), dict(enumerate(conflicts))):
        members = sorted(component)
        if len(members) == 1:
            chosen += members
        elif len(members) <= METHOD.exact_overlap_component:
            chosen += _exact(members, worth, conflicts)
        else:
            chosen += _greedy(members, worth, conflicts)
    return sorted(chosen)


_Worth = tuple[int, float, int, tuple[int, ...]]


def _value(members: Sequence[int], worth: Sequence[tuple[int, float]]) -> _Worth:
    """What a set is worth; larger is better. Sums are exact, so that the order of rows can't matter."""
    return (
        sum(worth[i][0] for i in members),
        math.fsum(worth[i][1] for i in sorted(members)),
        len(members),
        tuple(-i for i in sorted(members)),
    )


def _exact(members: Sequence[int], worth: Sequence[tuple[int, float]], conflicts: Sequence[Collection[int]]) -> list[int]:
    """Branch on the row with most conflicts: in, or out; what falls apart is solved part by part."""
    near = {i: frozenset(conflicts[i]) for i in members}
    memo: dict[frozenset[int], tuple[int, ...]] = {}

    def best(candidates: frozenset[int]) -> tuple[int, ...]:
        if candidates not in memo:
            apart = _apart(candidates, near)
            if len(apart) > 1:
                memo[candidates] = tuple(sorted(i for part in apart for i in best(part)))
            elif len(candidates) <= 1:
                memo[candidates] = tuple(candidates)
            else:
                pivot = max(candidates, key=lambda i: (len(near[i] & candidates), -i))
                out = best(candidates - {pivot})
                taken = tuple(sorted((pivot, *best(candidates - near[pivot] - {pivot}))))
                memo[candidates] = max(out, taken, key=lambda chosen: _value(chosen, worth))
        return memo[candidates]

    return list(best(frozenset(members)))


def _apart(candidates: frozenset[int], near: Mapping[int, Collection[int]]) -> list[frozenset[int]]:
    """The parts of a set that don't conflict with each other."""
    left, parts = set(candidates), []
    while left:
        found, frontier = set[int](), [min(left)]
        while frontier:
            i = frontier.pop()
            if i not in found:
                found.add(i)
                frontier += left.intersection(near[i])
        left -= found
        parts.append(frozenset(found))
    return parts


def _greedy(members: Sequence[int], worth: Sequence[tuple[int, float]], conflicts: Sequence[Collection[int]]) -> list[int]:
    taken: list[int] = []
    blocked: set[int] = set()
    for i in sorted(members, key=lambda i: (-worth[i][0], len(conflicts[i]), -worth[i][1], i)):
        if i not in blocked:
            taken.append(i)
            blocked.update(conflicts[i])
    return taken
