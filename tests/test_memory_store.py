"""The memory store: what a reader gives, from a built graph as from a snapshot, and when it sees another release."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path

import pytest

from graph import questions
from graph.build import EvidenceGraph, build
from graph.opening import shipped
from graph.questions.lists import Page
from graph.stores import snapshot
from graph.stores.memory import MemoryReader, MemoryStore
from graph.stores.port import Reader
from schema.errors import SnapshotUnwritable
from schema.study import Study


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory, written: bytes) -> Path:
    path = tmp_path_factory.mktemp("store") / snapshot.NAME
    path.write_bytes(written)
    return path


@pytest.fixture
def from_file(file: Path) -> MemoryReader:
    """A reader that has made nothing yet of the snapshot's records."""
    return MemoryReader(snapshot.read(file, shipped()))


@pytest.fixture(scope="module")
def smaller(corpus: tuple[Study, ...]) -> EvidenceGraph:
    return build([study for study in corpus if study.id < "k"], shipped())


SINGLE: list[Callable[[Reader], object]] = [
    lambda reader: reader.release(),
    lambda reader: reader.terms().canonical(),
    lambda reader: reader.edges(),
    lambda reader: reader.findings(),
    lambda reader: reader.prevalence(),
    lambda reader: reader.claims(),
    lambda reader: reader.mechanism_edges(),
    lambda reader: list(reader.studies().items()),
    lambda reader: reader.patients(),
    lambda reader: reader.graph(),
]


@pytest.mark.parametrize("ask", SINGLE)
def test_a_snapshot_is_read_as_the_graph_that_was_written(
    reader: MemoryReader, from_file: MemoryReader, ask: Callable[[Reader], object]
) -> None:
    assert ask(from_file) == ask(reader)


EXPOSURES = [None, "age", "cerebral-microbleeds", "r-dwi", "nothing"]
OUTCOMES = [None, "r-dwi", "poor-functional-outcome", "nothing"]
POPULATIONS = [None, "ich", "caa", "nothing"]


@pytest.mark.parametrize("source", ["graph", "snapshot"])
def test_edges_are_those_that_match_sorted(reader: MemoryReader, from_file: MemoryReader, graph: EvidenceGraph, source: str) -> None:
    asked = reader if source == "graph" else from_file
    for exposure, outcome, population in product(EXPOSURES, OUTCOMES, POPULATIONS):
        expected = [
            one
            for one in graph.associations
            if (exposure is None or one.exposure.id == exposure)
            and (outcome is None or one.outcome.id == outcome)
            and (population is None or one.population.id == population)
        ]
        found = asked.edges(exposure=exposure, outcome=outcome, population=population)
        assert found == expected
        keys = [(one.exposure.id, one.outcome.id, one.population.id) for one in found]
        assert keys == sorted(keys)


@pytest.mark.parametrize("source", ["graph", "snapshot"])
def test_findings_are_those_that_match_sorted(reader: MemoryReader, from_file: MemoryReader, graph: EvidenceGraph, source: str) -> None:
    asked = reader if source == "graph" else from_file
    sets: list[frozenset[str] | None] = [None, frozenset(), frozenset({"age"}), frozenset({"age", "r-dwi", "nothing"})]
    outcomes: list[frozenset[str] | None] = [None, frozenset(), frozenset({"r-dwi"}), frozenset({"r-dwi", "poor-functional-outcome"})]
    populations: list[tuple[str, ...] | None] = [None, (), shipped().populations.with_parts("ich"), ("caa",), ("ich-lobar", "ich-deep")]
    for some, other, where in product(sets, outcomes, populations):
        expected = [
            one
            for one in graph.observations
            if (some is None or one.exposure in some)
            and (other is None or one.outcome in other)
            and (where is None or set(one.populations) & set(where))
        ]
        found = asked.findings(exposures=some, outcomes=other, populations=where)
        assert found == sorted(expected, key=lambda one: (one.study, one.position))
        assert len({one.finding for one in found}) == len(found)


def test_prevalence_is_what_matches(reader: MemoryReader, graph: EvidenceGraph) -> None:
    for lesions, where in product(
        [None, frozenset(), frozenset({"r-dwi"})], [None, (), shipped().populations.with_parts("caa"), ("csvd",)]
    ):
        expected = [
            one
            for one in graph.prevalence
            if (lesions is None or one.row.lesion in lesions) and (where is None or set(one.populations) & set(where))
        ]
        assert reader.prevalence(lesions=lesions, populations=where) == expected


def test_studies_are_sorted_by_id(reader: MemoryReader) -> None:
    assert list(reader.studies()) == sorted(reader.studies())


def test_what_a_reader_gives_can_be_changed_without_harm(reader: MemoryReader) -> None:
    edges, findings = reader.edges(), reader.findings()
    edges.clear()
    findings.clear()
    reader.claims().clear()
    reader.mechanism_edges().clear()
    assert reader.edges()
    assert reader.findings()
    assert reader.claims()
    assert reader.mechanism_edges()


def test_a_record_of_a_snapshot_is_made_once(from_file: MemoryReader) -> None:
    (first,) = from_file.edges(exposure="age", outcome="r-dwi", population="ich")
    (second,) = from_file.edges(exposure="age", outcome="r-dwi", population="ich")
    assert first is second


def test_many_threads_may_read_a_fresh_snapshot(from_file: MemoryReader, reader: MemoryReader) -> None:
    asked = ["r-dwi", "poor-functional-outcome", "cortical-microinfarct", "perihaematomal-dwi"] * 6
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda lesion: questions.Factors(lesion=lesion, page=Page(limit=None)).answer(from_file), asked))
    assert found == [questions.Factors(lesion=lesion, page=Page(limit=None)).answer(reader) for lesion in asked]


# --- replacing ---


def test_a_store_without_a_file_gives_what_it_was_given_last(graph: EvidenceGraph, smaller: EvidenceGraph) -> None:
    store = MemoryStore(graph)
    assert store.reader().release() == graph.release
    store.replace(smaller)
    assert store.reader().release() == smaller.release
    assert store.reader().graph() == smaller
    store.close()


def test_a_reader_keeps_its_release_whatever_is_loaded_meanwhile(graph: EvidenceGraph, smaller: EvidenceGraph) -> None:
    store = MemoryStore(graph)
    taken = store.reader()
    store.replace(smaller)
    assert taken.release() == graph.release
    assert taken.edges() == list(graph.associations)
    assert store.reader().edges() == list(smaller.associations)


def test_a_reader_of_a_file_keeps_its_release_when_the_file_is_replaced(
    tmp_path: Path, graph: EvidenceGraph, smaller: EvidenceGraph
) -> None:
    path = tmp_path / snapshot.NAME
    snapshot.write(graph, path, "")
    store = MemoryStore(snapshot.read(path, shipped()), path)
    taken = store.reader()
    snapshot.write(smaller, path, "")
    assert store.reader().release() == smaller.release
    # nothing of it had been read yet
    assert taken.release() == graph.release
    assert taken.edges() == list(graph.associations)
    assert list(taken.studies().values()) == list(graph.studies)


def test_replacing_writes_the_file(tmp_path: Path, graph: EvidenceGraph, smaller: EvidenceGraph) -> None:
    path = tmp_path / snapshot.NAME
    store = MemoryStore(graph, path, "digest")
    store.replace(smaller)
    kept = snapshot.read(path, shipped())
    assert kept.graph() == smaller
    assert kept.header.shipped == "digest"
    assert store.reader().release() == smaller.release


def test_a_store_sees_what_another_program_wrote(tmp_path: Path, graph: EvidenceGraph, smaller: EvidenceGraph) -> None:
    path = tmp_path / snapshot.NAME
    snapshot.write(graph, path, "")
    one, other = MemoryStore(snapshot.read(path, shipped()), path), MemoryStore(snapshot.read(path, shipped()), path)
    other.replace(smaller)
    assert one.reader().release() == smaller.release
    one.replace(graph)
    assert other.reader().release() == graph.release


def test_a_store_that_nothing_was_written_to_hands_out_the_same_reader(tmp_path: Path, graph: EvidenceGraph) -> None:
    path = tmp_path / snapshot.NAME
    snapshot.write(graph, path, "")
    store = MemoryStore(snapshot.read(path, shipped()), path)
    assert store.reader() is store.reader()


@pytest.mark.parametrize("content", [b"", b"nonsense", b'{"format": "rdwi-snapshot", "version": 99}\n'], ids=["empty", "nonsense", "newer"])
def test_a_damaged_new_snapshot_leaves_the_old_release_served_and_is_told_once(
    tmp_path: Path, smaller: EvidenceGraph, caplog: pytest.LogCaptureFixture, content: bytes
) -> None:
    path = tmp_path / snapshot.NAME
    snapshot.write(smaller, path, "")
    store = MemoryStore(snapshot.read(path, shipped()), path)
    beside = tmp_path / "other"
    beside.write_bytes(content)
    beside.replace(path)
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            assert store.reader().release() == smaller.release
    assert len(caplog.records) == 1
    assert "still served" in caplog.text


def test_after_a_damaged_snapshot_a_good_one_is_seen(tmp_path: Path, graph: EvidenceGraph, smaller: EvidenceGraph) -> None:
    path = tmp_path / snapshot.NAME
    snapshot.write(smaller, path, "")
    store = MemoryStore(snapshot.read(path, shipped()), path)
    path.write_bytes(b"damaged")
    assert store.reader().release() == smaller.release
    snapshot.write(graph, path, "")
    assert store.reader().release() == graph.release


def test_a_snapshot_that_is_taken_away_leaves_the_release_served(tmp_path: Path, smaller: EvidenceGraph) -> None:
    path = tmp_path / snapshot.NAME
    snapshot.write(smaller, path, "")
    store = MemoryStore(snapshot.read(path, shipped()), path)
    path.unlink()
    assert store.reader().release() == smaller.release
    assert store.reader().edges() == list(smaller.associations)


def test_a_failed_write_leaves_store_and_file_as_they_were(
    tmp_path: Path, graph: EvidenceGraph, smaller: EvidenceGraph, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / snapshot.NAME
    snapshot.write(smaller, path, "")
    store = MemoryStore(snapshot.read(path, shipped()), path)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", full)
        with pytest.raises(SnapshotUnwritable, match="No space"):
            store.replace(graph)
    assert store.reader().release() == smaller.release
    assert snapshot.read(path, shipped()).release == smaller.release
