"""Loading into Neo4j: whole or not at all, one loader at a time, and nobody else's data touched."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from neo4j import GraphDatabase

from graph import questions
from graph.build import EvidenceGraph, build
from graph.opening import check, load, open_store, remove, shipped
from graph.settings import Server, Settings
from graph.stores.memory import MemoryReader
from graph.stores.neo4j import cypher, lease
from graph.stores.neo4j.connection import Connection
from graph.stores.neo4j.lease import Lease
from graph.stores.neo4j.loading import Neo4jWriter
from graph.stores.neo4j.rows import FORMAT, node_rows
from graph.stores.neo4j.store import Neo4jStore
from schema.errors import InputProblems, StoreBusy, StoreDenied, StoreEmpty, StoreError, StoreOutdated, StoreUnavailable, UnknownName
from schema.graphmodel import EDGES, NODES
from schema.study import Study

Cypher = Callable[..., list[dict[str, Any]]]
STUDIES = Path("evidence/studies")


@pytest.fixture(scope="module")
def run(scratch: Server) -> Iterator[Cypher]:
    """Cypher, as anybody may write it, past our store."""
    with GraphDatabase.driver(scratch.uri, auth=(scratch.user, scratch.password.get_secret_value())) as driver:
        yield lambda statement, **parameters: [one.data() for one in driver.execute_query(statement, parameters).records]


@pytest.fixture(scope="module")
def smaller(corpus: tuple[Study, ...]) -> EvidenceGraph:
    return build([study for study in corpus if study.id < "c"], shipped())


@pytest.fixture(scope="module")
def other(corpus: tuple[Study, ...]) -> EvidenceGraph:
    return build([study for study in corpus if "c" <= study.id < "g"], shipped())


def put(server: Server, graph: EvidenceGraph) -> None:
    with Neo4jWriter(server, shipped()) as writer:
        writer.write(graph)


@pytest.fixture
def settings(empty: Server) -> Settings:
    return Settings(store=empty.uri, neo4j_user=empty.user, neo4j_password=empty.password)


def held(server: Server) -> EvidenceGraph:
    store = Neo4jStore(server, shipped())
    try:
        return store.ask(lambda reader: reader.graph())
    finally:
        store.close()


# --- what is written ---


def test_every_node_carries_the_label_the_generation_a_unique_id_and_a_name(empty: Server, run: Cypher, smaller: EvidenceGraph) -> None:
    put(empty, smaller)
    (told,) = run(
        "MATCH (n) RETURN count(n) AS all, count(CASE WHEN n:Rdwi AND n.generation IS NOT NULL AND n.name <> '' THEN 1 END) AS ours,"
        " count(DISTINCT [n.generation, n.id]) AS ids"
    )
    assert told["all"] == told["ours"] == told["ids"] > 300


def test_labels_and_types_are_those_of_the_graph_model() -> None:
    assert set(cypher.LABELS) == set(cypher.CREATE_NODES) == {one.label for one in NODES}
    assert set(cypher.CREATE_EDGES) == {one.type for one in EDGES}


def test_properties_are_those_of_the_graph_model_and_the_stores_own(empty: Server, run: Cypher, smaller: EvidenceGraph) -> None:
    put(empty, smaller)
    own = {"id", "generation", "record", "exposure", "outcome", "study", "populations", "lesion", "position"}
    for one in NODES:
        label = one.label
        (told,) = run("MATCH (n:Rdwi) WHERE $label IN labels(n) UNWIND keys(n) AS key RETURN collect(DISTINCT key) AS keys", label=label)
        assert set(told["keys"]) <= {each.name for each in one.properties} | own, label
    for edge in EDGES:
        (told,) = run(
            "MATCH (:Rdwi)-[r]->() WHERE type(r) = $type UNWIND keys(r) AS key RETURN collect(DISTINCT key) AS keys", type=edge.type
        )
        assert set(told["keys"]) <= {each.name for each in edge.properties} | {"record"}, edge.type


def test_loading_makes_constraint_and_indexes_once(empty: Server, run: Cypher, smaller: EvidenceGraph) -> None:
    put(empty, smaller)
    before = run("SHOW INDEXES YIELD name, state, type WHERE name STARTS WITH 'rdwi' RETURN * ORDER BY name")
    put(empty, smaller)
    assert run("SHOW INDEXES YIELD name, state, type WHERE name STARTS WITH 'rdwi' RETURN * ORDER BY name") == before
    assert {one["name"] for one in before} == {"rdwi_id", "rdwi_exposure", "rdwi_outcome", "rdwi_study", "rdwi_lesion", "rdwi_terms"}
    assert {one["state"] for one in before} == {"ONLINE"}
    assert run("SHOW CONSTRAINTS YIELD name, type WHERE name STARTS WITH 'rdwi' RETURN *") == [{"name": "rdwi_id", "type": "UNIQUENESS"}]


@pytest.mark.parametrize(
    ("statement", "parameters", "index"),
    [
        (cypher.EDGES_TO, {"outcome": "r-dwi", "population": "ich"}, "rdwi_id"),
        (cypher.EDGES_FROM, {"exposure": "age", "outcome": None, "population": None}, "rdwi_id"),
        (cypher.FINDINGS_TO, {"outcomes": ["r-dwi"], "exposures": None, "populations": ["ich"]}, "rdwi_outcome"),
        (cypher.FINDINGS_FROM, {"exposures": ["age"], "populations": None}, "rdwi_exposure"),
        (cypher.FINDINGS_OF_STUDY, {"study": "arima-2012", "populations": None}, "rdwi_study"),
        (cypher.PREVALENCE_OF, {"lesions": ["r-dwi"], "populations": None}, "rdwi_lesion"),
        (cypher.POINTER, {}, "rdwi_id"),
        (cypher.DELETE, {"most": 1}, "rdwi_id"),
        (cypher.CREATE_EDGES["REPORTS"], {"rows": []}, "rdwi_id"),
    ],
)
def test_look_ups_go_by_an_index(loaded: Server, statement: Any, parameters: dict[str, Any], index: str) -> None:
    def operators(plan: dict[str, Any]) -> Iterator[tuple[str, str]]:
        yield plan["operatorType"], str(plan["args"].get("Details", ""))
        for child in plan.get("children", ()):
            yield from operators(child)

    with GraphDatabase.driver(loaded.uri, auth=(loaded.user, loaded.password.get_secret_value())) as driver:
        plan = driver.execute_query("EXPLAIN " + statement, {"generation": 1, **parameters}).summary.plan
        (found,) = driver.execute_query("SHOW INDEXES YIELD name, properties WHERE name = $name", name=index).records
    seeks = [details for operator, details in operators(plan) if "Seek" in operator]
    assert any(f":Rdwi({', '.join(found['properties'])})" in one for one in seeks), list(operators(plan))


def test_a_term_is_found_by_words_of_its_name_or_synonyms(loaded: Server) -> None:
    with GraphDatabase.driver(loaded.uri, auth=(loaded.user, loaded.password.get_secret_value())) as driver:
        for words, term in (("microbleeds", "cerebral-microbleeds"), ("RDWILs", "r-dwi")):
            found = driver.execute_query(
                "CALL db.index.fulltext.queryNodes('rdwi_terms', $words) YIELD node RETURN node.id AS id", words=words
            )
            assert term in {one["id"] for one in found.records}, words


# --- one generation for another ---


def test_a_load_puts_the_new_graph_in_the_place_of_the_old_and_nothing_is_left(
    empty: Server, run: Cypher, smaller: EvidenceGraph, other: EvidenceGraph
) -> None:
    put(empty, smaller)
    assert held(empty) == smaller
    put(empty, other)
    assert held(empty) == other
    (told,) = run("MATCH (n:Rdwi) WHERE n.generation > 0 RETURN collect(DISTINCT n.generation) AS generations, count(n) AS nodes")
    assert len(told["generations"]) == 1
    assert told["nodes"] == len(list(node_rows(other, 1)))


def test_a_generations_number_is_never_used_again(empty: Server, smaller: EvidenceGraph) -> None:
    numbers = []
    for _ in range(3):
        put(empty, smaller)
        store = Neo4jStore(empty, shipped())
        numbers.append(store.reader().generation)
        store.close()
    assert numbers == sorted(set(numbers))


def test_a_store_sees_what_it_put_in_place_itself(empty: Server, smaller: EvidenceGraph, other: EvidenceGraph) -> None:
    put(empty, smaller)
    store = Neo4jStore(empty, shipped())
    old = store.reader()
    assert store.still(old)
    store.replace(other)
    assert not store.still(old)
    assert store.reader().release() == other.release
    assert store.ask(lambda reader: reader.graph()) == other
    store.close()


def test_a_question_whose_release_went_away_is_asked_of_the_new_one(empty: Server, smaller: EvidenceGraph, other: EvidenceGraph) -> None:
    put(empty, smaller)
    store = Neo4jStore(empty, shipped())
    asked: list[str] = []

    def question(reader: Any) -> list[Any]:
        asked.append(reader.release())
        if len(asked) == 1:
            put(empty, other)
        return list(reader.studies())

    assert store.ask(question) == [study.id for study in other.studies]
    assert asked == [smaller.release, other.release]
    store.close()


def test_under_load_each_answer_is_of_one_release_whole(empty: Server, smaller: EvidenceGraph, other: EvidenceGraph) -> None:
    """Readers ask without pause while releases take turns; each answer must be one that one of the releases gives."""
    put(empty, smaller)

    def everything(reader: Any) -> tuple[str, object, object, object]:
        return (
            reader.release(),
            questions.Factors(lesion="recurrent-ich").answer(reader),
            questions.Prevalence().answer(reader),
            [one.finding for one in reader.findings()],
        )

    right = {graph.release: everything(MemoryReader(graph)) for graph in (smaller, other)}
    ended = threading.Event()
    seen: list[str] = []
    wrong: list[Any] = []

    def read() -> None:
        store = Neo4jStore(empty, shipped())
        while not ended.is_set():
            try:
                answer = store.ask(everything)
            except Exception as error:  # noqa: BLE001
                wrong.append(error)
                break
            seen.append(answer[0])
            if answer != right[answer[0]]:
                wrong.append(answer[0])
        store.close()

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for turn in range(8):
        put(empty, (other, smaller)[turn % 2])
    ended.set()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert set(seen) == set(right)


def test_a_load_that_fails_leaves_the_old_release_and_nothing_else(
    empty: Server, run: Cypher, smaller: EvidenceGraph, other: EvidenceGraph, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(empty, smaller)
    with monkeypatch.context() as patch:
        patch.setitem(cypher.CREATE_EDGES, "OVERLAPS", "UNWIND $rows AS row RETURN row")
        with pytest.raises(StoreError, match="Nothing was changed"):
            put(empty, other)
    assert held(empty) == smaller
    assert len(run("MATCH (n:Rdwi) WHERE n.generation > 0 RETURN DISTINCT n.generation")) == 1


def test_what_a_dead_loader_left_is_deleted_by_the_next(empty: Server, run: Cypher, smaller: EvidenceGraph) -> None:
    put(empty, smaller)
    run("UNWIND range(1, 20000) AS i CREATE (:Rdwi:Finding {generation: 77, id: 'finding:' + i})")
    assert held(empty) == smaller
    put(empty, smaller)
    assert run("MATCH (n:Rdwi {generation: 77}) RETURN count(n) AS left") == [{"left": 0}]


# --- others' data ---

FOREIGN = [
    "CREATE (:Study {id: 'study:menon-2012', name: 'mine', generation: 1})",
    "CREATE (:Study {id: 'study:menon-2012', name: 'mine', generation: 1})",
    "CREATE (:Lesion {id: 'r-dwi', name: 'mine'})<-[:ASSOCIATED_WITH {population: 'ich', record: 'x'}]-(:RiskFactor {id: 'age'})",
    "CREATE (:Finding {generation: 1, outcome: 'r-dwi', exposure: 'age', record: 'no record'})",
    "CREATE (:Release {name: 'of software'})-[:REPORTS]->(:Claim {record: '{'})",
    "CREATE (:Pointer {id: 'pointer', generation: 0, current: 99})",
]


def test_others_nodes_are_never_touched_and_never_in_the_way(
    empty: Server, run: Cypher, smaller: EvidenceGraph, other: EvidenceGraph
) -> None:
    run("CREATE CONSTRAINT theirs IF NOT EXISTS FOR (n:Claim) REQUIRE n.key IS UNIQUE")
    for statement in FOREIGN:
        run(statement)
    theirs = (
        "MATCH (n) WHERE NOT n:Rdwi OPTIONAL MATCH (n)-[r]-(m) WHERE NOT m:Rdwi"
        " RETURN elementId(n) AS id, labels(n) AS labels, properties(n) AS properties, properties(r) AS edge ORDER BY id"
    )
    before = run(theirs)
    put(empty, smaller)
    assert held(empty) == smaller
    put(empty, other)
    assert held(empty) == other
    store = Neo4jStore(empty, shipped())
    assert store.ask(questions.Factors().answer) == questions.Factors().answer(MemoryReader(other))
    store.close()
    assert run(theirs) == before
    run("DROP CONSTRAINT theirs")


def test_others_relationships_on_our_nodes_are_not_read(empty: Server, run: Cypher, smaller: EvidenceGraph) -> None:
    put(empty, smaller)
    run("MATCH (t:Rdwi:RdwiTerm {id: 'r-dwi'}) CREATE (t)-[:ASSOCIATED_WITH {population: 'ich'}]->(:Ticket)<-[:MAY_LEAD_TO]-(t)")
    run("MATCH (t:Rdwi:RdwiTerm {id: 'age'}) CREATE (t)<-[:OUTCOME]-(:Ticket), (t)<-[:ASSOCIATED_WITH {population: 'ich'}]-(:Ticket)")
    assert held(empty) == smaller
    store, expected = Neo4jStore(empty, shipped()), MemoryReader(smaller)
    reader = store.reader()
    assert reader.counts() == expected.counts()
    assert reader.finding_counts() == expected.finding_counts()
    assert reader.edges(exposure="r-dwi") == expected.edges(exposure="r-dwi")
    assert reader.edges(outcome="age") == expected.edges(outcome="age")
    store.close()
    put(empty, smaller)
    assert run("MATCH (n:Ticket) RETURN count(n) AS left") == [{"left": 3}]


def test_a_constraint_of_others_that_forbids_a_load_is_told(empty: Server, run: Cypher, smaller: EvidenceGraph) -> None:
    put(empty, smaller)
    run("CREATE CONSTRAINT theirs IF NOT EXISTS FOR (n:Study) REQUIRE n.id IS UNIQUE")
    try:
        with pytest.raises(StoreDenied, match="constraint of another application"):
            put(empty, smaller)
        assert held(empty) == smaller
    finally:
        run("DROP CONSTRAINT theirs")


def test_a_database_that_was_emptied_and_loaded_anew_is_another_release_though_its_generations_begin_anew(
    empty: Server, run: Cypher, smaller: EvidenceGraph, other: EvidenceGraph
) -> None:
    put(empty, smaller)
    store = Neo4jStore(empty, shipped())
    old = store.reader()
    old.studies()
    run("MATCH (n) DETACH DELETE n")
    put(empty, other)
    assert not store.still(old)
    assert store.ask(lambda reader: reader.graph()) == other
    store.close()


def test_a_graph_of_a_newer_version_is_left_alone(settings: Settings, run: Cypher, empty: Server) -> None:
    load(settings, [STUDIES / "menon-2012.yaml"])
    run("MATCH (p:Rdwi {generation: 0, id: 'pointer'}) SET p.method = '99'")
    for refused in (lambda: open_store(settings), lambda: load(settings, [STUDIES / "wu-2015.yaml"])):
        with pytest.raises(StoreOutdated, match="newer version"):
            refused()


# --- one loader at a time ---


def test_a_second_loader_is_told_who_loads(empty: Server, smaller: EvidenceGraph) -> None:
    with Neo4jWriter(empty, shipped()) as first:
        with pytest.raises(StoreBusy, match=rf"process {os.getpid()}\) is loading") as told, Neo4jWriter(empty, shipped()):
            pass
        assert "ends in" in str(told.value)
        first.write(smaller)
    put(empty, smaller)


def test_the_lease_is_renewed_while_its_holder_lives(empty: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "_LASTS_MS", 600)
    monkeypatch.setattr(lease, "BEAT", 0.1)
    with Neo4jWriter(empty, shipped()):
        time.sleep(1.2)
        with pytest.raises(StoreBusy), Neo4jWriter(empty, shipped()):
            pass


def test_a_lease_ends_by_itself_and_its_holder_can_not_swap_any_more(
    empty: Server, smaller: EvidenceGraph, other: EvidenceGraph, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease, "_LASTS_MS", 200)
    monkeypatch.setattr(lease, "BEAT", 3600.0)
    late = Neo4jWriter(empty, shipped())
    late.__enter__()
    time.sleep(0.4)
    put(empty, smaller)
    with Neo4jWriter(empty, shipped()), pytest.raises(StoreBusy, match="took over"):
        late.write(other)
    late.__exit__(None, None, None)
    assert held(empty) == smaller


def test_who_has_lost_the_lease_deletes_nothing_of_its_next_holder(
    empty: Server, smaller: EvidenceGraph, other: EvidenceGraph, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease, "_LASTS_MS", 200)
    monkeypatch.setattr(lease, "BEAT", 0.3)
    put(empty, smaller)
    late = Neo4jWriter(empty, shipped())
    late.__enter__()
    late._lease._ended.set()
    late._lease._heart.join()
    time.sleep(0.4)
    monkeypatch.setattr(lease, "_LASTS_MS", 30_000)
    with Neo4jWriter(empty, shipped()) as holder:
        # halfway through the holder's load the other one wakes up and wants to clean
        fill = holder._fill

        def disturbed(graph: EvidenceGraph, generation: int) -> tuple[int, int]:
            counted = fill(graph, generation)
            with pytest.raises(StoreBusy):
                late._clean()
            return counted

        monkeypatch.setattr(holder, "_fill", disturbed)
        holder.write(other)
    late.__exit__(None, None, None)
    assert held(empty) == other


def test_the_generation_that_is_read_is_never_deleted(empty: Server, smaller: EvidenceGraph) -> None:
    """Not even by its own loader, to which the server's word that the swap is done got lost."""
    with Neo4jWriter(empty, shipped()) as writer:
        writer.write(smaller)
        (pointer,) = writer._connection.read(cypher.POINTER)
        writer._delete(pointer["generation"], own=True)
    assert held(empty) == smaller


def test_a_swap_whose_confirmation_is_lost_is_done_all_the_same(
    empty: Server, smaller: EvidenceGraph, other: EvidenceGraph, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(empty, smaller)
    with Neo4jWriter(empty, shipped()) as writer:
        write = writer._connection.write

        def losing(work: Any) -> Any:
            result = write(work)
            if getattr(work, "__name__", "") == "swap":
                raise StoreUnavailable("the connection broke")
            return result

        monkeypatch.setattr(writer._connection, "write", losing)
        writer.write(other)
    assert held(empty) == other


def test_nodes_that_went_missing_before_the_swap_are_noticed(
    empty: Server, run: Cypher, smaller: EvidenceGraph, other: EvidenceGraph, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(empty, smaller)
    with Neo4jWriter(empty, shipped()) as writer:
        fill = writer._fill

        def disturbed(graph: EvidenceGraph, generation: int) -> tuple[int, int]:
            counted = fill(graph, generation)
            run("MATCH (n:Rdwi:Claim {generation: $generation}) WITH n LIMIT 1 DETACH DELETE n", generation=generation)
            return counted

        monkeypatch.setattr(writer, "_fill", disturbed)
        with pytest.raises(StoreError, match="another program changes this graph"):
            writer.write(other)
    assert held(empty) == smaller


def test_a_graph_that_an_older_version_loaded_without_a_day_is_read(empty: Server, run: Cypher, smaller: EvidenceGraph) -> None:
    put(empty, smaller)
    run("MATCH (p:RdwiPointer) REMOVE p.loaded")
    store = Neo4jStore(empty, shipped())
    try:
        assert store.reader().loaded() is None
        assert store.reader().release() == smaller.release
    finally:
        store.close()


def test_a_container_that_is_started_again_is_not_taken_for_the_one_that_was_killed(empty: Server, run: Cypher) -> None:
    with Neo4jWriter(empty, shipped()):
        run("MATCH (l:Rdwi {generation: 0, id: 'lease'}) SET l.token = 'of the one before'")
        second = Lease(Connection(empty))
        second.take()
        second.free(second._connection)
        second._connection.close()


@pytest.mark.parametrize("host", ["elsewhere", None])
def test_a_dead_holder_of_this_machine_is_not_waited_for(empty: Server, run: Cypher, host: str | None) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    with Neo4jWriter(empty, shipped()):
        run("MATCH (l:Rdwi {generation: 0, id: 'lease'}) SET l.pid = $pid, l.host = coalesce($host, l.host)", pid=dead.pid, host=host)
        second = Lease(Connection(empty))
        if host is None:
            second.take()
            second.free(second._connection)
        else:
            with pytest.raises(StoreBusy):
                second.take()
        second._connection.close()


# --- commands over it ---


def test_an_empty_database_says_what_to_do(settings: Settings) -> None:
    with pytest.raises(StoreEmpty, match="rdwi load"):
        open_store(settings)


def test_load_adds_replaces_and_changes_nothing_the_second_time(settings: Settings, run: Cypher, empty: Server) -> None:
    first = load(settings, [STUDIES / "menon-2012.yaml", STUDIES / "wu-2015.yaml"])
    assert first.added == ("menon-2012", "wu-2015")
    second = load(settings, [STUDIES / "menon-2012.yaml", STUDIES / "kang-2012.yaml"])
    assert (second.added, second.replaced) == (("kang-2012",), ())
    assert [study.id for study in held(empty).studies] == ["kang-2012", "menon-2012", "wu-2015"]
    before = run("MATCH (p:Rdwi {generation: 0, id: 'pointer'}) RETURN p.current, p.last")
    again = load(settings, [STUDIES / "menon-2012.yaml"])
    assert not again.changed
    assert again.release == second.release
    assert run("MATCH (p:Rdwi {generation: 0, id: 'pointer'}) RETURN p.current, p.last") == before
    fresh = load(settings, [STUDIES / "garg-2012.yaml"], fresh=True)
    assert [study.id for study in held(empty).studies] == ["garg-2012"]
    assert fresh.release != second.release


def test_a_sheet_with_errors_changes_nothing(settings: Settings, tmp_path: Path, empty: Server) -> None:
    load(settings, [STUDIES / "menon-2012.yaml"])
    bad = tmp_path / "bad.yaml"
    bad.write_text("id: bad\n")
    with pytest.raises(InputProblems):
        load(settings, [STUDIES / "wu-2015.yaml", bad])
    assert [study.id for study in held(empty).studies] == ["menon-2012"]


def test_a_paper_that_the_server_has_under_another_id_is_told_by_check_and_load_alike(settings: Settings, tmp_path: Path) -> None:
    load(settings, [STUDIES / "menon-2012.yaml"])
    copy = tmp_path / "copy.yaml"
    copy.write_text((STUDIES / "menon-2012.yaml").read_text().replace("id: menon-2012", "id: copy", 1))
    told = check(settings, [copy]).errors
    assert ["'menon-2012' (in the store)" in problem.found for problem in told] == [True]
    with pytest.raises(InputProblems) as refused:
        load(settings, [copy])
    assert [one for one in refused.value.problems if one.severity == "error"] == list(told)
    assert remove(settings, ["https://doi.org/10.1002/ana.22668"]).removed == ("menon-2012",)
    assert load(settings, [copy]).added == ("copy",)


def test_a_users_terms_are_kept_for_the_next_load(settings: Settings, tmp_path: Path, empty: Server) -> None:
    (tmp_path / "vocabulary.yaml").write_text("- {id: moon-phase, name: Moon phase, kind: risk-factor}\n")
    sheet = (STUDIES / "menon-2012.yaml").read_text().replace("id: menon-2012", "id: mine-2020", 1)
    (tmp_path / "mine.yaml").write_text(sheet)
    load(settings, [tmp_path])
    load(settings, [STUDIES / "wu-2015.yaml"])
    assert "moon-phase" in {term.id for term in held(empty).terms}
    assert held(empty).user == {"mine-2020", "wu-2015"}


def test_remove_takes_studies_out(settings: Settings, empty: Server) -> None:
    with pytest.raises(UnknownName):
        remove(settings, ["menon-2012"])
    load(settings, [STUDIES / "menon-2012.yaml", STUDIES / "wu-2015.yaml"])
    with pytest.raises(UnknownName):
        remove(settings, ["menon-2012", "menon-2013"])
    remove(settings, ["menon-2012"])
    assert [study.id for study in held(empty).studies] == ["wu-2015"]


def test_a_graph_of_another_format_is_refused_until_loaded_afresh(settings: Settings, run: Cypher, empty: Server) -> None:
    load(settings, [STUDIES / "menon-2012.yaml"])
    run("MATCH (p:Rdwi {generation: 0, id: 'pointer'}) SET p.format = 0")
    with pytest.raises(StoreOutdated, match=f"format 0; this version reads format {FORMAT}.*--fresh"):
        open_store(settings)
    with pytest.raises(StoreOutdated):
        load(settings, [STUDIES / "wu-2015.yaml"])
    load(settings, [STUDIES / "wu-2015.yaml"], fresh=True)
    assert [study.id for study in held(empty).studies] == ["wu-2015"]


def test_a_graph_of_an_older_method_is_built_anew_by_the_next_load(settings: Settings, run: Cypher, empty: Server) -> None:
    load(settings, [STUDIES / "menon-2012.yaml"])
    run("MATCH (p:Rdwi {generation: 0, id: 'pointer'}) SET p.method = '0'")
    with pytest.raises(StoreOutdated, match="method 0"):
        open_store(settings)
    load(settings, [STUDIES / "menon-2012.yaml"])
    open_store(settings).close()
    assert [study.id for study in held(empty).studies] == ["menon-2012"]


def test_a_damaged_record_is_told(settings: Settings, run: Cypher, empty: Server) -> None:
    load(settings, [STUDIES / "menon-2012.yaml"])
    run("MATCH (s:Rdwi:Study) SET s.record = '{}'")
    store = open_store(settings)
    with pytest.raises(StoreError, match=r"damaged.*--fresh"):
        store.ask(lambda reader: list(reader.studies().values()))
    store.close()


def test_progress_is_told(settings: Settings) -> None:
    told: dict[str, int] = {}
    load(settings, [STUDIES], report=lambda what, done, _: told.update({what: done}))
    assert set(told) >= {"reading sheets", "building the graph", "writing nodes", "writing edges"}
    assert told["writing nodes"] > 1000


# --- killed ---


def test_a_loader_that_is_killed_leaves_the_old_release_and_the_next_one_cleans_up(
    settings: Settings, empty: Server, run: Cypher, smaller: EvidenceGraph
) -> None:
    """`python -m benchmarks.kills` does it a hundred times at random moments; here it is a few, spread over a load."""
    put(empty, smaller)
    environment = {
        **os.environ, "RDWI_STORE": settings.store, "RDWI_NEO4J_USER": empty.user,
        "RDWI_NEO4J_PASSWORD": empty.password.get_secret_value(), "PYTHONPATH": ".",
    }  # fmt: skip
    command = [sys.executable, "-c", "from api.cli import main; main()", "load", str(STUDIES), "--fresh"]
    for moment in (1.5, 2.5, 3.5):
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(moment)
        process.send_signal(signal.SIGKILL)
        process.wait()
        release = held(empty).release
        assert len(held(empty).studies) in {len(smaller.studies), len(list(STUDIES.glob("*.yaml")))}, release
    put(empty, smaller)
    assert held(empty) == smaller
    assert len(run("MATCH (n:Rdwi) WHERE n.generation > 0 RETURN DISTINCT n.generation")) == 1
