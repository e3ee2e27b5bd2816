"""The living review over a store of each kind: papers fall, are judged and read twice, releases come, and an old address still answers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from neo4j import GraphDatabase
from starlette.testclient import TestClient
from typer.testing import CliRunner

from api.app import create_app
from api.cli import app
from api.exports.sheets import as_yaml
from graph.build import build
from graph.opening import load, open_store, remove, shipped
from graph.questions import Evidence, Factors, Page, Studies
from graph.questions.filters import Filters
from graph.questions.lookups import schema, study
from graph.settings import Server, Settings
from graph.stores.memory import MemoryReader
from graph.stores.port import Store
from schema.bias import Tool
from schema.study import RiskOfBias, Standing, Study, canonical
from tests.conftest import MEMORY, ON_LTS

# what is known of microbleeds, and some more
SOME = frozenset({"ye-2018", "gregoire-2011", "kidwell-2017", "menon-2012", "schneider-2017", "wu-2015", "xu-2018", "xu-2019", "yang-2022"})
MICROBLEEDS = Evidence(exposure="cerebral-microbleeds", outcome="r-dwi")
ASKED = {"exposure": "cerebral-microbleeds", "outcome": "r-dwi"}
ADDED = """\
id: own-2026
read: full-text
design: prospective-cohort
first_author: Own
year: 2026
populations: [{id: all, label: ICH, condition: ich, arteriopathy: any, location: any, n: 400}]
findings:
- {exposure: cerebral-microbleeds, outcome: r-dwi, population: all, adjusted: true, measure: OR, value: 1.1, ci: [0.8, 1.5],
   direction: no-association}
"""


@pytest.fixture(params=[MEMORY, ON_LTS])
def settings(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A store of each kind, which the command line goes by, too."""
    given = {"RDWI_SNAPSHOT": str(tmp_path / "data"), "RDWI_STORE": "memory:"}
    if request.param == ON_LTS:
        empty: Server = request.getfixturevalue("empty")
        given = {"RDWI_STORE": empty.uri, "RDWI_NEO4J_USER": empty.user, "RDWI_NEO4J_PASSWORD": empty.password.get_secret_value()}
    monkeypatch.delenv("RDWI_FIELD", raising=False)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    return Settings()


@pytest.fixture
def sheets(corpus: tuple[Study, ...], tmp_path: Path) -> Path:
    folder = tmp_path / "sheets"
    folder.mkdir()
    for one in corpus:
        if one.id in SOME:
            put(folder, one)
    return folder


def put(folder: Path, one: Study, **said: Any) -> Path:
    path = folder / f"{one.id}.yaml"
    path.write_text(as_yaml(canonical(one.model_copy(update=said))), encoding="utf-8")
    return path


def judged(tool: Tool = "robins-i") -> RiskOfBias:
    return RiskOfBias.model_validate({"tool": tool, "domains": {"confounding": "low"}, "overall": "low", "by": "AB"})


@pytest.fixture
def marked(corpus: tuple[Study, ...], settings: Settings, sheets: Path) -> Iterator[tuple[Store, MemoryReader]]:
    """A store into which sheets with all the new keys were loaded; beside it what these make without one."""
    by_id = {one.id: one for one in corpus}
    put(sheets, by_id["xu-2019"], standing=Standing(kind="retracted", date="2021-03-09", notice="10.1000/notice"))
    put(sheets, by_id["kidwell-2017"], standing=Standing(kind="concern"), risk_of_bias=judged(), extracted_by="AB", checked_by="CD")
    for name in SOME - {"xu-2019", "kidwell-2017", "wu-2015"}:
        put(sheets, by_id[name], risk_of_bias=judged())
    load(settings, [sheets], fresh=True)
    store = open_store(settings)
    yield store, MemoryReader(build(store.reader().studies().values(), shipped()))
    store.close()


def test_both_stores_answer_alike_of_papers_that_fell_and_were_judged(marked: tuple[Store, MemoryReader]) -> None:
    store, plain = marked
    reader = store.reader()
    questions: list[Any] = [
        MICROBLEEDS, Evidence(**ASKED, filters=Filters(risk_of_bias=("low",))), Studies(page=Page(limit=500)),
        *(Factors(page=Page(limit=500), filters=Filters(risk_of_bias=some)) for some in ((), ("low",), ("high", "critical"))),
    ]  # fmt: skip
    for question in questions:
        assert question.answer(reader) == question.answer(plain)
    assert [study(reader, name) for name in sorted(SOME)] == [study(plain, name) for name in sorted(SOME)]
    assert schema(reader).read_twice == schema(plain).read_twice > 0

    answer = MICROBLEEDS.answer(reader)
    assert answer.association is not None
    assert answer.with_retracted is not None
    assert answer.with_retracted.cohorts == answer.association.cohorts + 1
    assert {(row.used, row.study.standing) for row in answer.rows if row.study.id == "xu-2019"} == {("shown", "retracted")}
    assert answer.read_twice == sum(row.study.id == "kidwell-2017" for row in answer.rows) / len(answer.rows)
    # all who report the direction were judged by it
    assert answer.association.reasons[0].text.startswith("aetiology starts high")
    assert study(reader, "kidwell-2017").read_twice == 1
    assert study(reader, "wu-2015").read_twice == 0
    filtered = Evidence(**ASKED, filters=Filters(risk_of_bias=("low",))).answer(reader)
    assert filtered.unknown_dropped == sum(row.study.id in {"xu-2019", "wu-2015"} for row in answer.rows)


@pytest.mark.parametrize("settings", [ON_LTS], indirect=True)
def test_in_neo4j_a_study_says_it_of_itself(marked: tuple[Store, MemoryReader], settings: Settings) -> None:
    assert settings.neo4j_password is not None
    with GraphDatabase.driver(settings.store, auth=(settings.neo4j_user, settings.neo4j_password.get_secret_value())) as driver:
        found = driver.execute_query("MATCH (s:Study) RETURN s {.*} AS said").records
    said = {one["said"]["id"]: one["said"] for one in found}
    gone, doubted = said["study:xu-2019"], said["study:kidwell-2017"]
    assert (gone["standing"], gone["standing_date"], gone["standing_notice"]) == ("retracted", "2021-03-09", "10.1000/notice")
    assert (doubted["standing"], doubted["risk_of_bias"], doubted["risk_of_bias_tool"]) == ("concern", "low", "robins-i")


def test_the_command_says_what_a_list_would_change(settings: Settings, sheets: Path, tmp_path: Path) -> None:
    load(settings, [sheets], fresh=True)
    (tmp_path / "list.txt").write_text("10.1111/ene.13915\n10.1000/nobodys\n")
    run = CliRunner()
    told = run.invoke(app, ["standing", str(tmp_path / "list.txt"), "--write", str(tmp_path / "out")])
    assert told.exit_code == 0, told.output
    assert 'xu-2019: standing: {"kind": "retracted"}' in told.output
    assert "1 study named" in told.output
    assert "erebral microbleeds" in told.output
    load(settings, [tmp_path / "out"])
    answer = json.loads(run.invoke(app, ["standing", str(tmp_path / "list.txt"), "--format", "json"]).output)
    assert (answer["changed"], answer["total"]) == ([], 0)


def test_a_cited_address_outlives_what_comes_and_falls_after_it(settings: Settings, sheets: Path, corpus: tuple[Study, ...]) -> None:
    first = load(settings, [sheets], fresh=True).release
    store = open_store(settings)
    with TestClient(create_app(store)) as client:
        before = client.get("/v1/evidence", params=ASKED).json()
        remove(settings, ["kidwell-2017"])
        fallen = next(one for one in corpus if one.id == "xu-2019")
        load(settings, [put(sheets, fallen, standing=Standing(kind="retracted"))])
        own = sheets / "own-2026.yaml"
        own.write_text(ADDED)
        load(settings, [own])

        kept = client.get("/v1/releases").json()["items"]
        assert [(one["added"], one["replaced"], one["removed"]) for one in kept[:3]] == [
            (["own-2026"], [], []), ([], ["xu-2019"], []), ([], [], ["kidwell-2017"]),
        ]  # fmt: skip
        assert kept[3]["release"] == first
        now = client.get("/v1/evidence", params=ASKED).json()
        assert now["association"]["estimate"] != before["association"]["estimate"]
        # as it was, with what has changed since
        then = client.get("/v1/evidence", params={**ASKED, "release": first[:12]}).json()
        assert {**then, "note": None, "query": None} == {**before, "note": None, "query": None}
        page = client.get("/evidence", params={**ASKED, "release": first[:12]}).text
        assert f"{before['association']['estimate']:.2f}" in page
        assert f"This is how it stood in release {first[:12]}" in page
        assert f"Since then it has become: {now['association']['caption']}" in page.replace("&gt;", ">")

        moved = client.get("/v1/diff", params={"before": first}).json()
        told = CliRunner().invoke(app, ["diff", first[:12], "current", "--format", "json"])
        last = store.reader().studies().values()
    store.close()
    assert (moved["added"], moved["replaced"], moved["removed"]) == (["own-2026"], ["xu-2019"], ["kidwell-2017"])
    # each that moved, and no other
    old, new = (
        {(one.exposure.id, one.outcome.id, one.population.id): one for one in build(studies, shipped()).associations}
        for studies in ([one for one in corpus if one.id in SOME], last)
    )
    assert {(one["exposure"]["id"], one["outcome"]["id"], one["population"]["id"]) for one in moved["items"]} == {
        key for key in old.keys() | new.keys() if old.get(key) != new.get(key)
    }
    assert json.loads(told.output)["items"] == moved["items"]
