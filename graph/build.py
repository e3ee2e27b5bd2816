"""From studies to the graph: pure, and the same for the same studies in any order."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product

from graph.counterpart import with_counterpart
from graph.mechanisms import edges as mechanism_edges
from graph.mechanisms import read_claims
from graph.overlap import patients_of
from graph.prevalence import read_prevalence
from graph.reading import read_study
from graph.release import release_of
from graph.synthesis import Corpus, Synthesis, synthesise
from schema.association import Association, MechanismEdge
from schema.populations import with_ancestors
from schema.reading import ClaimReading, PrevalenceReading, Reading
from schema.study import Study
from schema.vocabulary import Term, Vocabulary

# told how many of how many edges are done
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class EvidenceGraph:
    """All that a store holds, sorted by id, but for the terms, whose order is that of roll-ups.

    `user` are the studies that didn't come with the package, `removed` those of it that were taken out; neither is part of the release.
    """

    release: str
    studies: tuple[Study, ...]
    terms: tuple[Term, ...]
    readings: tuple[Reading, ...]
    prevalence: tuple[PrevalenceReading, ...]
    claims: tuple[ClaimReading, ...]
    associations: tuple[Association, ...]
    mechanisms: tuple[MechanismEdge, ...]
    user: frozenset[str] = frozenset()
    removed: frozenset[str] = frozenset()


def corpus_of(studies: Iterable[Study], vocabulary: Vocabulary) -> Corpus:
    by_id = {study.id: study for study in sorted(studies, key=lambda one: one.id)}
    return Corpus(vocabulary, by_id, {study_id: patients_of(study, by_id) for study_id, study in by_id.items()})


def read_all(corpus: Corpus) -> list[Reading]:
    """Every finding as it is read, sorted by study and place."""
    return [reading for study in corpus.studies.values() for reading in read_study(study, corpus.vocabulary)]


def build(studies: Iterable[Study], vocabulary: Vocabulary, progress: Progress | None = None) -> EvidenceGraph:
    """The whole graph of these studies. Every term that they name must be in the vocabulary."""
    with _without_collections():
        return _build(corpus_of(studies, vocabulary), progress)


@contextmanager
def _without_collections() -> Iterator[None]:
    """No search for cycles meanwhile: a build makes none, and the search would take longer with each object made."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _build(corpus: Corpus, progress: Progress | None) -> EvidenceGraph:
    vocabulary = corpus.vocabulary
    readings = read_all(corpus)
    claims = [claim for study in corpus.studies.values() for claim in read_claims(study, vocabulary)]
    return EvidenceGraph(
        release=release_of(corpus.studies.values(), vocabulary),
        studies=tuple(corpus.studies.values()),
        terms=tuple(vocabulary.terms.values()),
        readings=tuple(readings),
        prevalence=tuple(row for study in corpus.studies.values() for row in read_prevalence(study)),
        claims=tuple(claims),
        associations=tuple(associations(readings, corpus, progress)),
        mechanisms=tuple(mechanism_edges(claims, corpus.patients)),
    )


Key = tuple[str, str, str]


def keys_of(reading: Reading, vocabulary: Vocabulary) -> Iterable[Key]:
    """The edges that take a row: its terms and what they roll up into, its populations and what these are part of."""
    populations = sorted({above for node in reading.populations for above in with_ancestors(node)})
    return product(vocabulary.goes_to(reading.exposure), vocabulary.goes_to(reading.outcome), populations)


def group(readings: Iterable[Reading], vocabulary: Vocabulary) -> dict[Key, list[Reading]]:
    """The rows of each edge, by (exposure, outcome, population), sorted. An edge from a term to itself is none."""
    groups: dict[Key, list[Reading]] = {}
    for reading in readings:
        for key in keys_of(reading, vocabulary):
            if key[0] != key[1]:
                groups.setdefault(key, []).append(reading)
    return dict(sorted(groups.items()))


def associations(readings: Iterable[Reading], corpus: Corpus, progress: Progress | None = None) -> list[Association]:
    """One association an edge that any row of it says something of, sorted by (exposure, outcome, population)."""
    groups = group(readings, corpus.vocabulary)
    syntheses: dict[Key, Synthesis] = {}
    for done, (key, rows) in enumerate(groups.items(), start=1):
        syntheses[key] = synthesise(*key, rows, corpus)
        if progress is not None and (done % 100 == 0 or done == len(groups)):
            progress(done, len(groups))
    return [with_counterpart(key, syntheses, corpus) for key in syntheses]


def unknown_terms(study: Study, vocabulary: Vocabulary) -> Sequence[str]:
    """The slugs of a sheet that the vocabulary doesn't hold."""
    named = [
        *(slug for row in study.findings for slug in (row.exposure, row.outcome)),
        *(row.lesion for row in study.prevalence),
        *(slug for claim in study.mechanisms for slug in (claim.mechanism, *claim.links)),
    ]
    return sorted({slug for slug in named if slug not in vocabulary})
