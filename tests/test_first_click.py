"""A question makes the records that it asks for, whatever else there is; those made last are kept."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from graph.build import EvidenceGraph
from graph.opening import shipped
from graph.questions import Evidence, Factors, Filters
from graph.settings import Server
from graph.stores import snapshot
from graph.stores.made import Made
from graph.stores.memory import MemoryReader


@pytest.fixture
def kept(written: bytes, tmp_path: Path) -> snapshot.Snapshot:
    path = tmp_path / snapshot.NAME
    path.write_bytes(written)
    return snapshot.read(path, shipped())


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How many records of each kind were made."""
    counted: Counter[str] = Counter()
    make = snapshot.Snapshot.made

    def counting(self: snapshot.Snapshot, kind: str, model: type[BaseModel], line: bytes) -> BaseModel:
        counted[kind] += 1
        return make(self, kind, model, line)

    monkeypatch.setattr(snapshot.Snapshot, "made", counting)
    return counted


def test_a_headline_makes_its_associations_and_its_terms(kept: snapshot.Snapshot, made: Counter[str]) -> None:
    reader = MemoryReader(kept)
    answer = Factors().answer(reader)
    assert made == {"association": answer.total, "term": 1}
    Factors().answer(reader)
    assert made["association"] == answer.total


def test_evidence_makes_its_rows_and_their_studies(kept: snapshot.Snapshot, made: Counter[str]) -> None:
    answer = Evidence(exposure="cerebral-microbleeds", outcome="r-dwi").answer(MemoryReader(kept))
    assert len(answer.rows) <= made["reading"] < 3 * len(answer.rows)
    assert made["study"] < len(kept.study_lines)
    assert "association" not in made
    assert "claim" not in made


def test_a_study_that_is_left_out_makes_no_other(kept: snapshot.Snapshot, made: Counter[str]) -> None:
    Factors(filters=Filters(exclude=("menon-2012",), min_n=5000)).answer(MemoryReader(kept))
    assert made["study"] < len(kept.study_lines)


def test_counts_make_nothing(kept: snapshot.Snapshot, made: Counter[str], graph: EvidenceGraph) -> None:
    assert MemoryReader(kept).counts() == MemoryReader(graph).counts()
    assert not made


def _escaped(line: bytes) -> bytes:
    return re.sub(rb'(?<=[:,\[]")([a-z])', lambda letter: b"\\u%04x" % ord(letter[1]), line)


def _turned(line: bytes) -> bytes:
    return json.dumps(dict(reversed(json.loads(line).items()))).encode()


@pytest.mark.parametrize("written_as", [_escaped, _turned, bytes])
def test_what_a_record_is_looked_for_by_is_found_however_it_is_written(
    kept: snapshot.Snapshot, graph: EvidenceGraph, written_as: Callable[[bytes], bytes]
) -> None:
    for kind in ("study", "reading", "prevalence", "claim"):
        kept._lines[kind] = [written_as(line) for line in kept.lines(kind)]
    assert kept.places == MemoryReader(graph)._places
    assert [*kept.study_lines] == [study.id for study in graph.studies]
    assert kept.lesions() == [one.row.lesion for one in graph.prevalence]
    assert kept.claimants() == [one.study for one in graph.claims]
    assert {name: kept.study(name).label for name in kept.study_lines} == {
        study.id: study.label for study in MemoryReader(graph).studies().values()
    }
    assert kept.counts == MemoryReader(graph).counts()


def test_a_paper_is_what_its_study_says_of_it(kept: snapshot.Snapshot, graph: EvidenceGraph) -> None:
    more = {"age", "male_pct", "imaging", "populations", "prevalence", "findings", "mechanisms", "limitations", "notes"}
    for study in graph.studies:
        assert MemoryReader(kept).papers()[study.id].model_dump(exclude=more) == study.model_dump(exclude=more)


def test_what_is_made_is_kept_until_others_take_its_place() -> None:
    asked: list[int] = []

    def make(key: int) -> int:
        asked.append(key)
        return -key

    some = Made(range(5), make, 2)
    assert [some[1], some[1], some[2], some[3], some[1]] == [-1, -1, -2, -3, -1]
    assert asked == [1, 2, 3, 1]
    assert (len(some), list(some), 4 in some, 5 in some, some.get(5)) == (5, [0, 1, 2, 3, 4], True, False, None)
    assert asked == [1, 2, 3, 1]


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The statements that Neo4j was asked for records by."""
    from graph.stores.neo4j.connection import Connection

    statements: list[str] = []
    read: Callable[..., Any] = Connection.read_records

    def noting(self: Connection, model: type[BaseModel], statement: str, **parameters: Any) -> list[Any]:
        statements.append(statement)
        return list(read(self, model, statement, **parameters))

    monkeypatch.setattr(Connection, "read_records", noting)
    return statements


def test_neo4j_is_asked_for_no_more_than_a_question_is_about(loaded: Server, sent: list[str]) -> None:
    from graph.stores.neo4j import cypher
    from graph.stores.neo4j.store import Neo4jStore

    store = Neo4jStore(loaded, shipped())
    try:
        store.ask(Factors().answer)
        assert not {cypher.STUDIES, cypher.TERMS}.intersection(sent)
        assert len(sent) <= 4
        store.ask(Factors(filters=Filters(min_n=50)).answer)
        assert cypher.STUDIES not in sent
    finally:
        store.close()
