"""What users met at several surfaces at once, each a fault once."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import networkx as nx
import pytest
from starlette.testclient import TestClient

from api import cli, server
from api.tables import delimited
from graph import opening, questions
from graph.build import EvidenceGraph, build
from graph.opening import open_store, shipped
from graph.questions.edges import edges
from graph.questions.filters import Filters
from graph.settings import Settings
from graph.stores import snapshot
from graph.stores.memory import MemoryReader
from schema.answer import StudyItem
from schema.errors import InputProblems, SnapshotDamaged, UnknownName
from schema.study import Study

ROOT = Path(cli.__file__).parent.parent.parent
PROGRAM = [sys.executable, "-c", "from api.cli import main; main()"]

SHEET = """
id: smith-2024
read: abstract
populations: [{id: all, label: ICH, condition: ich, arteriopathy: any, location: any, n: 90}]
findings:
- {exposure: age, outcome: r-dwi, population: all, measure: OR, value: 2.0, ci: [1.1, 3.6], direction: increases}
"""


def program(folder: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "RDWI_SNAPSHOT": str(folder), "PYTHONPATH": str(ROOT), **more}
    # as the program writes: cp1252 is no UTF-8
    encoding = more.get("PYTHONIOENCODING")
    return subprocess.run([*PROGRAM, *arguments], env=env, capture_output=True, text=True, encoding=encoding, timeout=60, check=False)


# 1 roll-up order


def test_evidence_is_the_stored_association(reader: MemoryReader, graph: EvidenceGraph) -> None:
    different = []
    for one in graph.associations:
        found = (
            questions.Evidence(exposure=one.exposure.id, outcome=one.outcome.id, population=one.population.id).answer(reader).association
        )
        if found != one:
            different.append((one.exposure.id, one.outcome.id, one.population.id))
    assert different == []


def test_a_filter_that_drops_nothing_changes_nothing(reader: MemoryReader, graph: EvidenceGraph) -> None:
    found, _ = edges(reader, "ich", Filters(year_to=2100, exclude=()), outcome="r-dwi")
    undated = {study.id for study in graph.studies if study.year is None}
    stored = {one.exposure.id: one for one in reader.edges(outcome="r-dwi", population="ich")}
    for one in found:
        if not any(finding.split(":")[0] in undated for finding in stored[one.exposure.id].findings):
            assert one == stored[one.exposure.id], one.exposure.id


def test_systolic_pressure_speaks_before_mean_and_diastolic(reader: MemoryReader) -> None:
    assert [name for name, _ in reader.terms().roll_ups["admission-bp"]] == [
        name for name, _ in shipped().vocabulary.roll_ups["admission-bp"]
    ]


def test_a_graph_built_with_the_terms_it_holds_is_the_same(corpus: tuple[Study, ...], graph: EvidenceGraph, reader: MemoryReader) -> None:
    assert build(corpus, reader.field()).associations == graph.associations


# 2 lost update


def test_opening_does_not_undo_what_another_program_loads_meanwhile(
    empty_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "s.yaml"
    path.write_text(SHEET)
    rebuilt = opening._built
    others: list[subprocess.Popen[bytes]] = []

    def slow(*given: Any) -> EvidenceGraph:
        env = {**os.environ, "RDWI_SNAPSHOT": str(empty_folder), "PYTHONPATH": str(ROOT)}
        others.append(subprocess.Popen([*PROGRAM, "load", str(path)], env=env, stdout=subprocess.DEVNULL))
        return rebuilt(*given)

    with monkeypatch.context() as patch:
        patch.setattr(opening, "_built", slow)
        store = open_store(Settings())
    assert [other.wait(60) for other in others] == [0]
    assert "smith-2024" in store.reader().studies()
    assert "smith-2024" in {study.id for study in snapshot.read(empty_folder / snapshot.NAME, shipped()).studies}


# 3 tracebacks


@pytest.mark.parametrize("arguments", [["load", "{sheet}"], ["remove", "menon-2012"], ["factors"], ["status"], ["check", "{sheet}"]])
def test_a_folder_that_can_not_be_made_is_told_in_a_sentence(tmp_path: Path, arguments: list[str]) -> None:
    sheet = tmp_path / "s.yaml"
    sheet.write_text(SHEET)
    (tmp_path / "file").write_text("x")
    done = program(tmp_path / "file", *(one.format(sheet=sheet) for one in arguments))
    assert "Traceback" not in done.stderr
    assert done.returncode == (3 if arguments[0] in {"load", "remove"} else 0)


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
@pytest.mark.parametrize("arguments", [["factors"], ["contested"], ["terms"], ["evidence", "age", "r-dwi"]], ids=" ".join)
def test_an_output_that_knows_few_signs_is_no_error(folder: Path, arguments: list[str], encoding: str) -> None:
    done = program(folder, *arguments, PYTHONIOENCODING=encoding)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_snapshot_that_may_not_be_read_is_told_in_a_sentence(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refused(self: Path, *_: Any) -> bytes:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(sys, "argv", ["rdwi", "status"])
    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", refused)
        patch.setattr(opening, "shipped_digest", lambda field: "x")
        with pytest.raises(SystemExit) as stopped:
            cli.main()
    assert stopped.value.code == 3


# 4 the header of a snapshot


@pytest.fixture
def path(tmp_path: Path, corpus: tuple[Study, ...]) -> Path:
    path = tmp_path / snapshot.NAME
    snapshot.write(build(corpus[:3], shipped()), path, "digest")
    return path


@pytest.mark.parametrize("key", ["release", "method", "shipped", "user", "removed"])
def test_a_header_without_a_key_is_damage(path: Path, key: str) -> None:
    first, _, body = path.read_bytes().partition(b"\n")
    header = {name: value for name, value in json.loads(first).items() if name != key}
    path.write_bytes(json.dumps(header).encode() + b"\n" + body)
    with pytest.raises(SnapshotDamaged):
        snapshot.read(path, shipped())


@pytest.mark.parametrize(("key", "value"), [("release", "f" * 64), ("removed", ["menon-2012"]), ("user", ["x"]), ("shipped", "other")])
def test_a_header_that_was_changed_is_damage(path: Path, key: str, value: Any) -> None:
    first, _, body = path.read_bytes().partition(b"\n")
    path.write_bytes(json.dumps({**json.loads(first), key: value}).encode() + b"\n" + body)
    with pytest.raises(SnapshotDamaged):
        snapshot.read(path, shipped()).graph()


# 5 filters and whys


def test_why_counts_what_there_is_without_the_filter_that_emptied_it(client: TestClient) -> None:
    why = client.get("/v1/factors", params={"design": "rct", "year_from": 2015}).json()["why"]
    assert why["filter"] == "design"
    assert why["without"] == client.get("/v1/factors", params={"year_from": 2015}).json()["total"]


def test_prevalence_refuses_an_unknown_study_to_leave_out(reader: MemoryReader) -> None:
    with pytest.raises(UnknownName):
        questions.Prevalence(filters=Filters(exclude=("menon-2013",))).answer(reader)


def test_an_infinite_day_is_refused(client: TestClient) -> None:
    assert client.get("/v1/factors", params={"max_mri_day": "inf"}).status_code == 422


@pytest.mark.parametrize("url", ["/v1/terms/v1/neighbours", "/v1/terms/t/neighbours"])
def test_allowed_does_not_depend_on_the_name_in_the_address(client: TestClient, url: str) -> None:
    assert client.get(url, params={"x": 1}).json()["allowed"] == ["format", "population", "release"]


# 6 csv


@pytest.mark.parametrize("delimiter", [",", "\t"])
@pytest.mark.parametrize("title", ["a\rb", "\r=1+1", "a\r\nb"])
def test_a_return_in_a_cell_stays_in_it(delimiter: str, title: str) -> None:
    item = StudyItem(id="x", label="x", title=title, read="abstract", findings=0, prevalence=0, claims=0)
    (row,) = csv.DictReader(io.StringIO(delimited([item], StudyItem, delimiter), newline=""), delimiter=delimiter)
    assert row["title"].lstrip("'") == title


@pytest.mark.parametrize("title", ["\r=1", "\n=1"])
def test_a_formula_after_a_line_end_is_shown_as_text(title: str) -> None:
    item = StudyItem(id="x", label="x", title=title, read="abstract", findings=0, prevalence=0, claims=0)
    (row,) = csv.DictReader(io.StringIO(delimited([item], StudyItem, ","), newline=""))
    assert row["title"].startswith("'")


@pytest.mark.parametrize("form", ["csv", "tsv"])
def test_an_empty_list_still_has_its_header(client: TestClient, form: str) -> None:
    text = client.get("/v1/factors", params={"population": "animal", "format": form}).text
    assert text.startswith("exposure")


# 7 openapi


def test_every_parameter_in_an_address_is_described(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    bare = [
        (path, one["name"])
        for path, operations in document["paths"].items()
        for operation in operations.values()
        for one in operation.get("parameters", [])
        if not one.get("description")
    ]
    assert bare == []


def test_errors_are_documented_in_their_media_type(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    for path, operations in document["paths"].items():
        for status, response in next(iter(operations.values()))["responses"].items():
            if status not in {"200", "304"}:
                assert list(response["content"]) == ["application/problem+json"], (path, status)


def test_csv_is_documented(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    content = document["paths"]["/v1/factors"]["get"]["responses"]["200"]["content"]
    assert {"application/json", "text/csv", "text/tab-separated-values"} <= set(content)


@pytest.mark.parametrize("url", ["/healthz", "/readyz"])
def test_a_probe_may_ask_by_head(client: TestClient, url: str) -> None:
    assert client.head(url).status_code == 200


# 8 graph files


def test_node_link_keeps_every_property(client: TestClient, graph: EvidenceGraph) -> None:
    network = nx.node_link_graph(client.get("/v1/graph").json(), edges="edges")
    assert network.nodes["study:menon-2012"]["slug"] == "menon-2012"
    assert network.nodes["study:menon-2012"]["year"] == 2012


def test_a_control_character_that_would_break_graphml_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sheet = tmp_path / "s.json"
    sheet.write_text(json.dumps({"id": "odd-2024", "read": "abstract", "title": "a\x01b"}))
    monkeypatch.setenv("RDWI_SNAPSHOT", str(tmp_path / "data"))
    with pytest.raises(InputProblems) as refused:
        opening.load(Settings(), [sheet], fresh=True)
    assert [problem.found for problem in refused.value.problems] == ["the character U+0001"]


# 9 small


def test_a_listener_is_closed_where_the_store_can_not_be_opened(empty_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    empty_folder.mkdir()
    (empty_folder / snapshot.NAME).write_bytes(b"damaged")
    from api import logs

    monkeypatch.setattr(logs, "configure", lambda form: None)
    opened = []
    listen = server._listen
    monkeypatch.setattr(server, "_listen", lambda *given: opened.append(listen(*given)) or opened[0])
    with pytest.raises(SnapshotDamaged):
        server.run(Settings(), "127.0.0.1", 0)
    assert all(one.fileno() == -1 for one in opened)


def test_an_empty_snapshot_setting_means_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RDWI_SNAPSHOT", "")
    assert Settings().folder_of("r-dwi") != Path()


def test_loading_a_shipped_study_as_it_is_does_not_make_it_the_users(folder: Path) -> None:
    from graph.opening import load

    load(Settings(), [ROOT / "evidence" / "studies" / "menon-2012.yaml"])
    assert snapshot.read(folder / snapshot.NAME, shipped()).header.user == frozenset()


@pytest.mark.parametrize("q", ["???", "\0", "--"])
@pytest.mark.parametrize("url", ["/v1/terms", "/v1/studies"])
def test_a_search_for_no_word_finds_nothing(client: TestClient, url: str, q: str) -> None:
    assert client.get(url, params={"q": q}).json()["total"] == 0


def test_a_name_with_a_letter_missing_suggests_the_term_it_is_nearest_to(client: TestClient) -> None:
    assert "cerebral-microbleeds" in client.get("/v1/terms/microbleds").json()["suggestions"]
