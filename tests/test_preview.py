"""A preview tells what loading would give: no more, no less, and nothing is stored."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from starlette.testclient import TestClient
from typer.testing import CliRunner

from api.cli import app
from graph import questions
from graph.build import EvidenceGraph, build
from graph.opening import shipped
from graph.preview import preview
from graph.stores.memory import MemoryReader
from schema.errors import InputProblems
from schema.study import Study
from schema.vocabulary import Term


def edges(graph: EvidenceGraph) -> dict[tuple[str, str, str], Any]:
    return {(one.exposure.id, one.outcome.id, one.population.id): one for one in graph.associations}


def expected(before: EvidenceGraph, after: EvidenceGraph) -> dict[tuple[str, str, str], Any]:
    old, new = edges(before), edges(after)
    return {key: (old.get(key), new.get(key)) for key in sorted(old.keys() | new.keys()) if old.get(key) != new.get(key)}


def told(answer: Any) -> dict[tuple[str, str, str], Any]:
    return {(one.exposure.id, one.outcome.id, one.population.id): (one.before, one.after) for one in answer.items}


def test_what_is_previewed_is_what_a_load_of_a_study_would_give(
    some: Callable[[tuple[Study, ...]], Sequence[Study]], corpus: tuple[Study, ...], graph: EvidenceGraph
) -> None:
    for study in some(corpus):
        without = build([one for one in corpus if one.id != study.id], shipped())
        answer = preview(MemoryReader(without), [study], shipped())
        assert told(answer) == expected(without, graph), study.id
        assert (answer.release, answer.next_release) == (without.release, graph.release)
        assert [one.change for one in answer.studies] == ["added"]


@pytest.mark.parametrize("study_id", ["kidwell-2017", "auriel-2012", "gregoire-2011", "zwartbol-medea7t", "murthy-2021"])
def test_the_prevalences_that_would_change_are_those_of_a_load(corpus: tuple[Study, ...], graph: EvidenceGraph, study_id: str) -> None:
    without = build([one for one in corpus if one.id != study_id], shipped())
    old, new = MemoryReader(without), MemoryReader(graph)
    lesions = {row.row.lesion for row in new.prevalence()} | {"r-dwi"}

    def pooled(reader: MemoryReader, lesion: str, place: str) -> Any:
        return questions.Prevalence(lesion=lesion, population=place).answer(reader).prevalence.pooled

    pairs = {
        (lesion, place): (pooled(old, lesion, place), pooled(new, lesion, place)) for lesion in lesions for place in shipped().populations
    }
    answer = preview(old, [one for one in corpus if one.id == study_id], shipped())
    found = {(one.lesion.id, one.population.id): (one.before, one.after) for one in answer.prevalence}
    assert found == {key: sides for key, sides in sorted(pairs.items()) if sides[0] != sides[1]}


@pytest.mark.parametrize("study_id", ["menon-2012", "kidwell-2017", "butcher-2025"])
def test_a_sheet_that_replaces_another_is_previewed_against_it(corpus: tuple[Study, ...], graph: EvidenceGraph, study_id: str) -> None:
    old = next(one for one in corpus if one.id == study_id)
    new = old.model_copy(update={"findings": old.findings[1:], "cohorts": ()})
    answer = preview(MemoryReader(graph), [new], shipped())
    after = build([new if one.id == study_id else one for one in corpus], shipped())
    assert told(answer) == expected(graph, after)
    assert [one.change for one in answer.studies] == ["replaced"]


def test_a_sheet_that_is_there_already_changes_nothing(corpus: tuple[Study, ...], graph: EvidenceGraph) -> None:
    answer = preview(MemoryReader(graph), [corpus[0]], shipped())
    assert (answer.total, answer.items) == (0, ())
    assert [one.change for one in answer.studies] == ["unchanged"]
    assert answer.next_release == answer.release == graph.release


def test_several_sheets_are_previewed_together(corpus: tuple[Study, ...], graph: EvidenceGraph) -> None:
    some = [one for one in corpus if one.id in {"menon-2012", "wu-2015", "garg-2012"}]
    without = build([one for one in corpus if one not in some], shipped())
    answer = preview(MemoryReader(without), some, shipped())
    assert told(answer) == expected(without, graph)


# --- over REST and on the command line ---


def sheet(study: Study) -> str:
    return study.model_dump_json(exclude_defaults=True)


@pytest.fixture
def changed(corpus: tuple[Study, ...]) -> Study:
    old = next(one for one in corpus if one.id == "menon-2012")
    return old.model_copy(update={"id": "mine-2026", "title": None, "doi": None, "pmid": None, "cohorts": ("mine",), "overlaps_with": ()})


def test_a_posted_sheet_is_previewed_in_json_and_in_yaml(client: TestClient, graph: EvidenceGraph, changed: Study) -> None:
    expected_answer = preview(MemoryReader(graph), [changed], shipped()).model_dump(mode="json")
    assert expected_answer["items"]
    for text in (sheet(changed), yaml.safe_dump(json.loads(sheet(changed)))):
        response = client.post("/v1/preview", content=text.encode())
        assert response.status_code == 200
        told = response.json()
        assert {**told, "problems": []} == {**expected_answer, "problems": []}
    assert client.get("/v1/studies/mine-2026").status_code == 404


def test_a_sheet_with_errors_is_a_422_with_all_of_them(client: TestClient) -> None:
    response = client.post("/v1/preview", content=b'{"id": "Bad Id", "read": "guessed", "findings": [{"exposure": "zzz"}]}')
    assert (response.status_code, response.headers["content-type"]) == (422, "application/problem+json")
    assert len(response.json()["problems"]) >= 3


@pytest.mark.parametrize("body", [b"", b"   ", b"[]", b"\xff\xfe", b"- 1", b"{", b"a: &a [*a]"])
def test_what_is_no_sheet_is_a_422(client: TestClient, body: bytes) -> None:
    response = client.post("/v1/preview", content=body)
    assert response.status_code == 422, response.text
    assert response.headers["content-type"] == "application/problem+json"


def test_a_body_that_is_too_large_is_a_413(client: TestClient) -> None:
    response = client.post("/v1/preview", content=b"x" * (1024**2 + 1))
    assert (response.status_code, response.headers["content-type"]) == (413, "application/problem+json")
    assert client.post("/v1/preview", content=b" " * 1024**2).status_code == 422


def test_an_unknown_parameter_of_a_preview_is_refused(client: TestClient, changed: Study) -> None:
    assert client.post("/v1/preview?colour=red", content=sheet(changed).encode()).status_code == 422
    assert client.get("/v1/preview").status_code == 405


def test_a_preview_is_not_taken_for_that_of_another_sheet(client: TestClient, corpus: tuple[Study, ...]) -> None:
    answer = client.post("/v1/preview", content=corpus[0].model_dump_json(exclude_defaults=True), headers={"If-None-Match": "*"})
    assert (answer.status_code, answer.headers.get("etag")) == (200, None)


def test_the_command_previews_and_stores_nothing(folder: Path, tmp_path: Path, changed: Study) -> None:
    path = tmp_path / "mine.json"
    path.write_text(sheet(changed))
    before = (folder / "graph.rdwi").read_bytes()
    outcome = CliRunner().invoke(app, ["preview", str(path)])
    assert outcome.exit_code == 0, outcome.output
    assert "added: mine-2026" in outcome.output
    assert "pooled prevalences would change. Nothing was stored." in outcome.output
    told = json.loads(CliRunner().invoke(app, ["preview", str(path), "--format", "json"]).stdout)
    assert told["total"] == len(told["items"]) > 0
    assert (folder / "graph.rdwi").read_bytes() == before


def test_the_command_tells_what_is_wrong_with_a_sheet(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text("id: Bad Id\n")
    outcome = CliRunner().invoke(app, ["preview", str(path)])
    assert isinstance(outcome.exception, InputProblems)


def test_the_prevalence_of_a_lesion_that_comes_with_the_sheets_is_previewed(graph: EvidenceGraph) -> None:
    term = Term(id="my-lesion", name="My lesion", kind="lesion", definition="One of ours.")
    study = Study.model_validate({
        "id": "mine-2026", "read": "abstract", "design": "prospective-cohort", "year": 2026, "n": 50,
        "populations": [{"id": "all", "label": "ICH", "condition": "ich", "arteriopathy": "any", "location": "any", "n": 50}],
        "prevalence": [{"population": "all", "lesion": "my-lesion", "cases": 10, "total": 50, "main": True}],
    })  # fmt: skip
    answer = preview(MemoryReader(graph), [study], shipped().extended([term]))
    assert {one.lesion.id for one in answer.prevalence} == {"my-lesion"}
    assert all(one.before is None and one.after is not None and one.after.cases == 10 for one in answer.prevalence)
