"""Stores that an earlier version wrote (tests/data) are opened or refused in words, and no load onto them loses anything."""

from __future__ import annotations

import json
import lzma
from collections import defaultdict
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from neo4j import GraphDatabase

from graph.opening import check, load, open_graph, remove, shipped, shipped_studies
from graph.settings import Server, Settings
from graph.stores import snapshot
from schema.errors import StoreOutdated

DATA = Path(__file__).parent / "data"
INPUTS = Path(__file__).parent.parent / "benchmarks" / "answers"
OWN = {"northern-2024", "southern-2023"}
REMOVED = {"kang-2012", "wu-2015"}
FURTHER = "smith-2021"  # the study of flat.csv


def has_all_of_it(settings: Settings, studies: set[str]) -> None:
    """A user's sheets and terms are there and asked as ever, the removed studies aren't, and nothing else is gone or added."""
    with closing(open_graph(settings)) as graph:
        assert {one.id for one in graph.studies().items} == studies
        read = {one.id: one for one in check(settings, [INPUTS / "own"]).studies}
        assert {one: graph.study(one).study for one in OWN} == read
        terms = {one.id: one for one in (graph.term(name).term for name in ("night shifts", "walking alone", "thalamic-microbleeds-own"))}
        assert terms["night-work"].definition == "work between ten and six in the month before"
        assert terms["walking-alone"].inverse_of == "poor-functional-outcome"
        assert (terms["thalamic-microbleeds-own"].broader, terms["thalamic-microbleeds-own"].rolls_up) == ("cerebral-microbleeds", "weight")
        nights = graph.evidence("night-work", "r-dwi")
        assert (nights.association.direction, nights.association.cohorts) == ("increases", 2)
        assert {row.study.id for row in nights.rows} == OWN
        # printed of the opposite, and turned
        (turned,) = (row for row in graph.evidence("r-dwi", "poor-functional-outcome").rows if row.study.id == "southern-2023")
        assert turned.value == pytest.approx(2.5)
        # a user's own marker counts for the shipped one, and a removed study doesn't
        microbleeds = {row.study.id for row in graph.evidence("cerebral-microbleeds", "r-dwi").rows}
        assert "northern-2024" in microbleeds
        assert len(microbleeds) > 5
        assert not microbleeds & REMOVED
        assert "night-work" in {one.exposure.id for one in graph.factors(limit=500).items}
        assert "northern-2024" in {row.study.id for row in graph.prevalence().prevalence.rows}


def bears_further_loads(settings: Settings, studies: set[str]) -> None:
    """What is loaded is added and nothing lost; the same sheets once more change nothing; what is taken out stays out."""
    change = load(settings, [INPUTS / "flat.csv"])
    assert (change.added, change.replaced) == ((FURTHER,), ())
    has_all_of_it(settings, studies | {FURTHER})
    assert not load(settings, [INPUTS / "own"]).changed
    remove(settings, [FURTHER])
    has_all_of_it(settings, studies)


# --- the embedded store ---


@pytest.fixture
def kept(tmp_path: Path) -> Settings:
    (tmp_path / snapshot.NAME).write_bytes(lzma.decompress((DATA / "snapshot.rdwi.xz").read_bytes()))
    return Settings(store="memory:", snapshot=tmp_path)


def of_today() -> set[str]:
    """The corpus of this version, as the user wants it."""
    return {one.id for one in shipped_studies(shipped())} - REMOVED | OWN


def test_an_old_snapshot_is_opened_with_the_users_sheets_terms_and_removals(kept: Settings) -> None:
    has_all_of_it(kept, of_today())


def test_a_load_onto_an_old_snapshot_loses_nothing(kept: Settings) -> None:
    """Loaded onto before it was ever opened."""
    bears_further_loads(kept, of_today())


# --- Neo4j ---


def rows() -> list[list[Any]]:
    with lzma.open(DATA / "neo4j.jsonl.xz", "rt", encoding="utf-8") as file:
        return list(map(json.loads, file))


@pytest.fixture
def old_graph(empty: Server) -> tuple[Settings, set[str]]:
    """A database as that version left it, and the studies in it."""
    nodes: dict[str, list[dict[str, Any]]] = defaultdict(list)
    edges: dict[str, list[list[Any]]] = defaultdict(list)
    for kind, *row in rows():
        if isinstance(kind, list):
            nodes[":".join(kind)].append(row[0])
        else:
            edges[kind].append(row)
    with GraphDatabase.driver(empty.uri, auth=(empty.user, empty.password.get_secret_value())) as driver:
        driver.execute_query("CREATE CONSTRAINT rdwi_id IF NOT EXISTS FOR (n:Rdwi) REQUIRE (n.generation, n.id) IS UNIQUE")
        for labels, of_these in nodes.items():
            driver.execute_query(f"UNWIND $rows AS row CREATE (n:{labels}) SET n = row", rows=of_these)
        generation = nodes["Rdwi:RdwiPointer"][0]["current"]
        for kind, of_these in edges.items():
            driver.execute_query(
                "UNWIND $rows AS row MATCH (a:Rdwi {generation: $generation, id: row[0]}), (b:Rdwi {generation: $generation, id: row[1]})"
                f" CREATE (a)-[r:{kind}]->(b) SET r = row[2]",
                rows=of_these,
                generation=generation,
            )
        (there,) = driver.execute_query("MATCH (n:Rdwi) RETURN count(n) + sum(COUNT { (n)-->() }) AS all").records
        assert there["all"] == sum(map(len, (*nodes.values(), *edges.values())))
    settings = Settings(store=empty.uri, neo4j_user=empty.user, neo4j_password=empty.password)
    return settings, {node["slug"] for labels, ones in nodes.items() if "Study" in labels.split(":") for node in ones}


def test_an_old_graph_in_neo4j_is_opened_or_refused_with_the_command_that_mends_it(old_graph: tuple[Settings, set[str]]) -> None:
    settings, studies = old_graph
    try:
        open_graph(settings).close()
    except StoreOutdated as refused:
        assert "rdwi load" in str(refused)  # noqa: PT017
    else:
        has_all_of_it(settings, studies)


def test_a_load_onto_an_old_graph_in_neo4j_loses_nothing(old_graph: tuple[Settings, set[str]]) -> None:
    settings, studies = old_graph
    assert studies >= OWN
    assert not studies & REMOVED
    assert len(studies) == 174
    bears_further_loads(settings, studies)
