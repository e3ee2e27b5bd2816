"""From studies to the graph: pure, and the same for the same studies in any order."""

from __future__ import annotations

import gc
import sys
from abc import abstractmethod
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib import import_module
from itertools import product
from multiprocessing import get_context
from typing import Any, NamedTuple, TypeVar

from graph.release import release_of
from graph.synthesis.associations import synthesise
from graph.synthesis.corpus import Corpus
from graph.synthesis.counterpart import with_counterpart
from graph.synthesis.mechanisms import edges as mechanism_edges
from graph.synthesis.mechanisms import read_claims
from graph.synthesis.observations import read_study
from graph.synthesis.overlap import Patients, all_patients
from graph.synthesis.prevalence import read_prevalence
from schema.association import Association, MechanismEdge
from schema.errors import BadParameter, StoreUnavailable
from schema.field import EvidenceField
from schema.observation import ClaimObservation, Observation, PrevalenceObservation
from schema.study import Study, told_apart
from schema.vocabulary import Term, Vocabulary

T = TypeVar("T")
# told how many of how many edges are done
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class EvidenceGraph:
    """All that a store holds, sorted by id, and the field that it is of, with all its terms in the order of roll-ups.

    `user` are the studies that didn't come with the package, `removed` those of it that were taken out; neither is part of the release.
    """

    release: str
    studies: Collection[Study]
    field: EvidenceField
    observations: Collection[Observation]
    prevalence: tuple[PrevalenceObservation, ...]
    claims: tuple[ClaimObservation, ...]
    associations: Collection[Association]
    mechanisms: tuple[MechanismEdge, ...]
    user: frozenset[str] = frozenset()
    removed: frozenset[str] = frozenset()

    @property
    def terms(self) -> tuple[Term, ...]:
        return tuple(self.field.vocabulary.terms.values())


def corpus_of(studies: Iterable[Study], field: EvidenceField) -> Corpus:
    by_id = told_apart(studies)
    return Corpus(field, by_id, all_patients(by_id, field))


def read_all(corpus: Corpus) -> list[Observation]:
    """Every finding as it is read, sorted by study and place."""
    return [observation for study in corpus.studies.values() for observation in read_study(study, corpus.field)]


def build(studies: Iterable[Study], field: EvidenceField, progress: Progress | None = None) -> EvidenceGraph:
    """The whole graph of these studies. Every term that they name must be in the field's vocabulary."""
    with without_collections():
        graph = lay_out(studies, field, progress)
        return replace(graph, associations=tuple(graph.associations))


@contextmanager
def without_collections() -> Iterator[None]:
    """No search for cycles meanwhile: a build makes none, and the search would take longer with each object made."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


@contextmanager
def set_aside() -> Iterator[None]:
    """Search for cycles among what is made from here on, and not among what is there already, which is much and stays."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def lay_out(studies: Iterable[Study], field: EvidenceField, progress: Progress | None = None) -> EvidenceGraph:
    """The graph with associations that are made one by one as they are gone through, for who writes them down and needs no second look.

    They are most of a graph's memory, and of the time to build it.
    """
    corpus = corpus_of(studies, field)
    observations = read_all(corpus)
    claims = [claim for study in corpus.studies.values() for claim in read_claims(study, field.vocabulary)]
    return EvidenceGraph(
        release=release_of(corpus.studies.values(), field),
        studies=tuple(corpus.studies.values()),
        field=field,
        observations=tuple(observations),
        prevalence=tuple(row for study in corpus.studies.values() for row in read_prevalence(study, field)),
        claims=tuple(claims),
        associations=Associations(observations, corpus, progress),
        mechanisms=tuple(mechanism_edges(claims, corpus.patients)),
    )


Key = tuple[str, str, str]
# of so many findings on, processes are worth their start
PAYS = 20_000
# associations that a process makes at once: some tenths of a second
_AT_ONCE = 100


def touched(rows: Iterable[Observation], field: EvidenceField) -> set[Key]:
    """The edges that take any of these rows, and those whose counterpart does: what may be another where the rows change."""
    found = {key for row in rows for key in keys_of(row, field)}
    counterparts: dict[str, list[str]] = {}
    for term in field.vocabulary.terms.values():
        if term.counterpart is not None:
            counterparts.setdefault(term.counterpart, []).append(term.id)
    return found | {(other, *key[1:]) for key in found for other in counterparts.get(key[0], ())}


def moved_patients(old: Mapping[str, Patients], new: Mapping[str, Patients]) -> set[str]:
    """The studies that share patients otherwise: whom one shares with may hang on another that comes or goes."""
    return {study for study, patients in new.items() if old.get(study) != patients}


def renamed(old: Mapping[str, Study], new: Mapping[str, Study]) -> set[str]:
    """The studies that are called otherwise: the letter after a year hangs on whoever else has that author and year."""
    return {name for name, study in new.items() if name in old and old[name].label != study.label}


def keys_of(observation: Observation, field: EvidenceField) -> Iterable[Key]:
    """The edges that take a row: its terms and what they roll up into, its populations and what these are part of."""
    populations = sorted({above for node in observation.populations for above in field.populations.with_ancestors(node)})
    return product(field.vocabulary.goes_to(observation.exposure), field.vocabulary.goes_to(observation.outcome), populations)


def group(observations: Iterable[Observation], field: EvidenceField) -> dict[Key, list[Observation]]:
    """The rows of each edge, by (exposure, outcome, population), sorted. An edge from a term to itself is none."""
    groups: dict[Key, list[Observation]] = {}
    for observation in observations:
        for key in keys_of(observation, field):
            if key[0] != key[1]:
                groups.setdefault(key, []).append(observation)
    return dict(sorted(groups.items()))


class Partly(Collection[T]):
    """Records of which some are taken over from where they were written, as text: `parts` gives either, `make` makes one of a text."""

    make: Callable[[bytes], T]

    @abstractmethod
    def parts(self) -> Iterator[T | bytes]:
        """The records, or their texts, in order."""

    def __iter__(self) -> Iterator[T]:
        return (self.make(one) if isinstance(one, bytes) else one for one in self.parts())

    def __contains__(self, one: object) -> bool:
        return any(other == one for other in self)


class Taken(Partly[T]):
    """Records, or their texts, in a list."""

    def __init__(self, parts: Sequence[T | bytes], make: Callable[[bytes], T]) -> None:
        self._parts, self.make = parts, make

    def __len__(self) -> int:
        return len(self._parts)

    def parts(self) -> Iterator[T | bytes]:
        return iter(self._parts)


class _Rows(NamedTuple):
    """The rows of each edge, and what is needed besides to make associations of them."""

    groups: Mapping[Key, Sequence[Observation]]
    corpus: Corpus

    def association(self, key: Key) -> Association:
        other = self.corpus.vocabulary[key[0]].counterpart
        keys = [key, *([(other, key[1], key[2])] if other else [])]
        syntheses = {one: synthesise(*one, self.groups[one], self.corpus) for one in keys if one in self.groups}
        return with_counterpart(key, syntheses, self.corpus)

    def texts(self, keys: Sequence[Key]) -> list[bytes]:
        return [self.association(key).model_dump_json(exclude_defaults=True).encode() for key in keys]


# what forked processes find at hand
_AT_HAND: dict[int, _Rows] = {}


def _texts_at_hand(number: int, keys: Sequence[Key]) -> list[bytes]:
    return _AT_HAND[number].texts(keys)


class Associations(Partly[Association]):
    """One association an edge that any row of it says something of, sorted by (exposure, outcome, population); made anew each time, but for
    those `taken` over; then `observations` are the rows of the others, and of their counterparts, which are made for them alone.
    """

    def __init__(
        self,
        observations: Collection[Observation],
        corpus: Corpus,
        progress: Progress | None = None,
        *,
        taken: Mapping[Key, bytes] = {},
        touched: Collection[Key] | None = None,
        make: Callable[[bytes], Association] = Association.model_validate_json,
    ) -> None:
        self._rows, self._progress = _Rows(group(observations, corpus.field), corpus), progress
        self._taken, self.make = taken, make
        groups = self._rows.groups
        own = groups if touched is None else [key for key in groups if key in touched]
        self._keys = sorted({*own, *taken}) if taken else list(own)
        self._many, self._spread, self._scheduler = len(observations) > PAYS, False, ""

    def __len__(self) -> int:
        return len(self._keys)

    def spread(self, scheduler: str | None = None) -> None:
        """Where there are many rows, make them in as many processes as there are cores, or where the scheduler of Dask at that address has
        workers. For a program that does nothing else meanwhile: processes are forked.
        """
        self._spread, self._scheduler = True, scheduler or ""

    def parts(self) -> Iterator[Association | bytes]:
        return (one for _, one in self.keyed())

    def keyed(self) -> Iterator[tuple[Key, Association | bytes]]:
        """The same, each with its key, which a text tells only to who reads it."""
        made = self._made([key for key in self._keys if key not in self._taken])
        for done, key in enumerate(self._keys, start=1):
            kept = self._taken.get(key)
            yield key, next(made) if kept is None else kept
            if self._progress is not None and (done % 100 == 0 or done == len(self)):
                self._progress(done, len(self))

    def _made(self, keys: Sequence[Key]) -> Iterator[Association | bytes]:
        # elsewhere than on Linux a process that is forked may not be sound
        if not (self._spread and self._many and (self._scheduler or sys.platform == "linux")):
            return map(self._rows.association, keys)
        return self._by_dask(keys) if self._scheduler else self._by_cores(keys)

    def _by_cores(self, keys: Sequence[Key]) -> Iterator[bytes]:
        from joblib import Parallel

        _AT_HAND[id(self)] = self._rows
        try:
            # forked, they share what is in memory, and nothing of it is sent
            yield from _in_rounds(Parallel(-1, backend=get_context("fork")), _texts_at_hand, id(self), keys)
        finally:
            del _AT_HAND[id(self)]

    def _by_dask(self, keys: Sequence[Key]) -> Iterator[bytes]:
        from joblib import Parallel, parallel_config

        try:
            distributed = import_module("distributed")
        except ImportError:
            raise BadParameter("RDWI_SCHEDULER", "RDWI_SCHEDULER needs the extra dask (pip install 'rdwi-graph[dask]').") from None
        try:
            client = distributed.Client(self._scheduler)
        except OSError as error:
            raise StoreUnavailable(f"No scheduler of Dask answers at {self._scheduler} (RDWI_SCHEDULER). Nothing was changed.") from error
        corpus = self._rows.corpus
        rows = self._rows._replace(corpus=replace(corpus, field=corpus.field.at_hand))
        with client:
            # sent once to each worker
            with parallel_config("dask", client=client, scatter=[rows]):
                parallel = Parallel()
            yield from _in_rounds(parallel, _Rows.texts, rows, keys)


def _in_rounds(parallel: Any, texts: Callable[[T, Sequence[Key]], list[bytes]], rows: T, keys: Sequence[Key]) -> Iterator[bytes]:
    """What is made of the keys, in their order; so much at once as may wait to be written."""
    from joblib import delayed

    for start in range(0, len(keys), 100 * _AT_ONCE):
        waiting = keys[start : start + 100 * _AT_ONCE]
        # of processes that live on, each would come to hold a copy of all that it looks at
        for some in parallel(delayed(texts)(rows, waiting[at : at + _AT_ONCE]) for at in range(0, len(waiting), _AT_ONCE)):
            yield from some


def unknown_terms(study: Study, vocabulary: Vocabulary) -> Sequence[str]:
    """The slugs of a sheet that the vocabulary doesn't hold."""
    named = [
        *(slug for row in study.findings for slug in (row.exposure, row.versus, row.outcome) if slug is not None),
        *(row.lesion for row in study.prevalence),
        *(slug for claim in study.mechanisms for slug in (claim.mechanism, *claim.links)),
    ]
    return sorted({slug for slug in named if slug not in vocabulary})
