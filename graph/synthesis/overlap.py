"""Which studies share patients, and the independent set that counts each patient once: docs/method.md, section 3.

Sharing is not transitive: a pooled analysis of two trials overlaps both, and the trials don't overlap each other. So the cohorts of an
association that count are an independent set of the overlap graph, chosen by stated rules.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from graph.synthesis.method import METHOD
from schema.field import EvidenceField
from schema.observation import Observation
from schema.study import Study


@dataclass(frozen=True, slots=True)
class Patients:
    """What a study says of whose patients it holds, cohorts by their folded names.

    `pools` are the cohorts and studies whose patients it holds whole, and `counts_as` how many cohorts it stands for; `elsewhere` the
    studies outside the corpus that it shares patients with.
    """

    study: str
    year: int | None
    cohorts: frozenset[str]
    overlaps: frozenset[str]
    elsewhere: frozenset[str]
    authors: frozenset[str]
    individual_patient_data: bool
    pools: frozenset[str] = frozenset()
    counts_as: int = 1


def patients_of(study: Study, corpus: Mapping[str, Study] | Collection[str], field: EvidenceField) -> Patients:
    pooled = study.design == "individual-patient-pooled"
    # who holds a study holds the cohorts that it draws on
    held = [corpus[name] for name in study.pools if name in corpus] if isinstance(corpus, Mapping) else []
    return Patients(
        study.id,
        study.year,
        frozenset(map(field.cohort, study.cohorts)),
        frozenset(study.shares_with),
        frozenset(one for one in study.shares_with if one not in corpus),
        study.named_authors,
        pooled,
        frozenset((*study.pools, *map(field.cohort, study.pools), *(field.cohort(name) for one in held for name in one.cohorts))),
        max(1, study.k or 0, len(study.pools)) if pooled or study.pools else 1,
    )


def all_patients(studies: Mapping[str, Study], field: EvidenceField) -> dict[str, Patients]:
    """The same of each study of a corpus, by its id; for the others a retracted one is not there."""
    standing = {study_id: study for study_id, study in studies.items() if not study.retracted}
    return {study_id: patients_of(study, studies if study.retracted else standing, field) for study_id, study in studies.items()}


def cohort_names(studies: Iterable[Study], field: EvidenceField) -> dict[str, str]:
    """How each cohort is called, by its folded name: as most studies spell it, of as many the first spelling."""
    spelt: dict[str, dict[str, int]] = {}
    for study in studies:
        for name in study.cohorts:
            spellings = spelt.setdefault(field.cohort(name), {})
            spellings[name] = spellings.get(name, 0) + 1
    # a name that others stand for is what is said
    meant = {field.cohort(name): name for name in field.cohort_aliases.values()}
    return {folded: meant.get(folded) or min(names, key=lambda name: (-names[name], name)) for folded, names in sorted(spelt.items())}


@lru_cache(maxsize=1 << 16)
def overlap(a: Patients, b: Patients) -> bool:
    """Whether two studies are known to share patients."""
    named = a.study in b.overlaps or b.study in a.overlaps or a.study in b.pools or b.study in a.pools
    pooled = a.pools & (b.cohorts | b.pools) or b.pools & a.cohorts
    return bool(named or pooled or a.cohorts & b.cohorts or a.elsewhere & b.elsewhere or a.study == b.study)


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


def holds(whole: Patients, part: Patients) -> bool:
    """Whether a study says that it holds all patients of another, or draws on all that the other draws on, and on more."""
    return part.study in whole.pools or (bool(part.cohorts) and (part.cohorts <= whole.pools or part.cohorts < whole.cohorts))


Worth = tuple[int, ...]


def independent(worth: Sequence[Worth], conflicts: Sequence[Collection[int]]) -> list[int]:
    """The indexes of the best set of which no two conflict, sorted.

    Best: the largest sum of the first figure of `worth`, among these of the second, and so on; then the first indexes. Exact where those
    that hang together make a tree, or are up to `METHOD.exact_overlap_component`; greedy beyond.
    """
    size = len(worth)
    if not any(conflicts):
        return list(range(size))
    # the last figure of each is a place of its own in one number: larger is to have the first indexes
    values = [(*one, 1 << (size - 1 - i)) for i, one in enumerate(worth)]
    chosen: list[int] = []
    for component in _apart(frozenset(range(size)), dict(enumerate(conflicts))):
        members = sorted(component)
        if len(members) == 1:
            chosen += members
        elif sum(len(conflicts[i]) for i in members) == 2 * (len(members) - 1):
            chosen += _of_tree(members[0], values, conflicts)
        elif len(members) <= METHOD.exact_overlap_component:
            chosen += _exact(members, values, conflicts)
        else:
            chosen += _greedy(members, values, conflicts)
    return sorted(chosen)


def as_wholes(
    sizes: Sequence[int], conflicts: Sequence[Collection[int]], patients: Sequence[Patients], alike: Sequence[bool]
) -> list[tuple[int, int, bool]]:
    """Of each its size (that of its parts that report alike, where these are hardly more), how many cohorts it is, whether it has parts.

    A pooled analysis leaves out a few patients of what it holds: with `METHOD.whole_share` of them it is the whole.
    """
    found = []
    for i, near in enumerate(conflicts):
        pooled = bool(patients[i].pools) or patients[i].individual_patient_data
        held = [j for j in sorted(near) if alike[i] == alike[j] and holds(patients[i], patients[j])]
        if not held:
            found.append((sizes[i], patients[i].counts_as, pooled))
            continue
        inside = [{held.index(other) for other in conflicts[j] if other in held} for j in held]
        apart = independent([(sizes[j],) for j in held], inside)
        parts = sum(sizes[held[one]] for one in apart)
        size = max(sizes[i], parts) if sizes[i] >= METHOD.whole_share * parts else sizes[i]
        found.append((size, max(patients[i].counts_as, len(apart)), True))
    return found


def _plus(a: Worth, b: Worth) -> Worth:
    return tuple(x + y for x, y in zip(a, b, strict=True))


def _of_tree(root: int, values: Sequence[Worth], conflicts: Sequence[Collection[int]]) -> list[int]:
    """From the leaves up: the best of each branch with its own root and without."""
    order, parent = [root], {root: root}
    for i in order:
        for j in sorted(conflicts[i]):
            if j != parent[i]:
                parent[j] = i
                order.append(j)
    nothing: Worth = (0,) * len(values[root])
    taken: dict[int, Worth] = {i: values[i] for i in order}
    left: dict[int, Worth] = dict.fromkeys(order, nothing)
    for i in reversed(order[1:]):
        taken[parent[i]] = _plus(taken[parent[i]], left[i])
        left[parent[i]] = _plus(left[parent[i]], max(taken[i], left[i]))
    chosen = set[int]()
    for i in order:
        if parent[i] not in chosen and taken[i] > left[i]:
            chosen.add(i)
    return sorted(chosen)


def _exact(members: Sequence[int], values: Sequence[Worth], conflicts: Sequence[Collection[int]]) -> list[int]:
    """Branch on the row with most conflicts: in, or out; what falls apart is solved part by part."""
    near = {i: frozenset(conflicts[i]) for i in members}
    nothing = (0,) * len(values[members[0]])
    memo: dict[frozenset[int], tuple[Worth, tuple[int, ...]]] = {frozenset(): (nothing, ())}

    def best(candidates: frozenset[int]) -> tuple[Worth, tuple[int, ...]]:
        if candidates not in memo:
            apart = _apart(candidates, near)
            if len(apart) > 1:
                worth, chosen = nothing, list[int]()
                for part in apart:
                    more, of_it = best(part)
                    worth, chosen = _plus(worth, more), chosen + list(of_it)
                memo[candidates] = worth, tuple(chosen)
            else:
                pivot = max(candidates, key=lambda i: (len(near[i] & candidates), -i))
                rest, others = best(candidates - near[pivot] - {pivot})
                taken = _plus(values[pivot], rest), (pivot, *others)
                memo[candidates] = max(best(candidates - {pivot}), taken) if len(candidates) > 1 else taken
        return memo[candidates]

    return list(best(frozenset(members))[1])


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


def _greedy(members: Sequence[int], values: Sequence[Worth], conflicts: Sequence[Collection[int]]) -> list[int]:
    taken: list[int] = []
    blocked: set[int] = set()
    for i in sorted(members, key=lambda i: values[i], reverse=True):
        if i not in blocked:
            taken.append(i)
            blocked.update(conflicts[i])
    return taken
