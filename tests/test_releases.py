"""Releases stay: each load keeps what it brought, any of them answers again, and what changed between two is told. In both stores."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Event
from typing import Any
from xml.etree import ElementTree as Xml

import pytest
from starlette.testclient import TestClient
from typer.testing import CliRunner

from api.app import create_app
from api.cli import app
from graph.build import EvidenceGraph, build
from graph.opening import load, open_graph, open_store, remove, shipped
from graph.questions import Evidence
from graph.questions.releases import diff, releases
from graph.settings import Server, Settings
from graph.stores.port import Store
from graph.stores.sqlite import NAME, SqliteHistory
from schema.errors import OlderMethod, ReleaseComing, StoreError, StoreUnavailable, UnknownName
from tests.conftest import BCG, MEMORY, ON_LTS

EFFECT = Evidence(exposure="bcg-vaccination", outcome="tuberculosis")
STUDIES = BCG / "studies"
ROOT = Path(__file__).parents[1]


@pytest.fixture(params=[MEMORY, ON_LTS])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """A store of each kind, of the small field, with nothing in it yet."""
    if request.param == MEMORY:
        return Settings(field=BCG, snapshot=tmp_path / "data", store="memory:")
    empty: Server = request.getfixturevalue("empty")
    return Settings(field=BCG, store=empty.uri, neo4j_user=empty.user, neo4j_password=empty.password)


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    """The field, less one study, less another, and with the first again: four releases, of which the first and last differ by one study."""
    load(settings, [STUDIES], fresh=True)
    remove(settings, [named()[0]])
    remove(settings, [named()[1]], by="AB")
    load(settings, [STUDIES / f"{named()[0]}.yaml"])
    opened = open_store(settings)
    yield opened
    opened.close()


def named() -> list[str]:
    return sorted(one.stem for one in STUDIES.glob("*.yaml"))


def told(store: Store, release: str | None = None) -> Any:
    return store.ask(EFFECT.answer, release).association


# --- kept ---


def test_each_load_is_a_release_that_says_what_it_brought(store: Store) -> None:
    last, *_, first = entries = releases(store).items
    assert [one.number for one in entries] == [4, 3, 2, 1]
    assert [one.current for one in entries] == [True, False, False, False]
    assert [one.studies for one in entries] == [12, 11, 12, 13]
    assert [(one.added, one.removed) for one in entries[:-1]] == [((named()[0],), ()), ((), (named()[1],)), ((), (named()[0],))]
    assert [one.by for one in entries] == [None, "AB", None, None]
    assert first.moved is None
    assert all(one.moved for one in entries[:-1])
    assert last.release == store.reader().release()


def test_a_kept_release_answers_as_it_did(store: Store, bcg: EvidenceGraph) -> None:
    first = releases(store).items[-1]
    assert told(store, first.release[:8]) == next(one for one in bcg.associations if one.exposure.id == "bcg-vaccination")
    assert told(store, first.release).studies == 13
    assert told(store).studies == 12
    reader = store.kept.at(first.release)
    assert reader.graph() == build(bcg.studies, bcg.field)
    assert reader.loaded() == first.day
    assert store.still(reader)


def test_what_changed_is_told_study_by_study(store: Store) -> None:
    second, first = releases(store).items[-2:]
    found = diff(store, first.release[:8], second.release[:8])
    assert (found.added, found.replaced, found.removed) == ((), (), (named()[0],))
    (moved,) = (one for one in found.items if one.population.id == "general-population" and one.exposure.id == "bcg-vaccination")
    assert (moved.before, moved.after) != (None, None)
    assert moved.studies == (named()[0],)
    assert moved.before is not None
    assert moved.after is not None
    assert (moved.before.estimate, moved.after.estimate) == (told(store, first.release).estimate, told(store, second.release).estimate)
    # as it was kept when it was loaded
    assert store.kept.moved(second.number) == list(found.items)
    assert diff(store, second.release, second.release).total == 0
    there, back = diff(store, first.release, "current"), diff(store, "current", first.release)
    assert [(one.before, one.after) for one in there.items] == [(one.after, one.before) for one in back.items]


@pytest.mark.parametrize("name", ["deadbeef", "b", "", "ffffffffffffffff"])
def test_a_release_that_is_not_there_is_told_with_the_nearest(store: Store, name: str) -> None:
    with pytest.raises(UnknownName, match="no release named") as caught:
        store.kept.at(name)
    assert set(caught.value.suggestions) <= {one.release[:12] for one in releases(store).items}
    assert caught.value.suggestions


def test_loading_the_same_again_is_no_new_release(store: Store, settings: Settings) -> None:
    before = releases(store).items
    load(settings, [STUDIES / f"{named()[0]}.yaml"])
    assert releases(store).items == before


def test_a_release_that_comes_back_is_an_entry_of_its_own(store: Store, settings: Settings) -> None:
    was = releases(store).items[0].release
    remove(settings, [named()[2]])
    load(settings, [STUDIES / f"{named()[2]}.yaml"])
    entries = releases(store).items
    assert len(entries) == 6
    assert entries[0].release == entries[2].release == was
    assert store.kept.named(was[:8]).number == 6


def test_the_oldest_go_where_fewer_are_kept_and_the_others_stay_whole(store: Store, settings: Settings) -> None:
    kept = releases(store).items
    remove(settings.model_copy(update={"keep_releases": 2}), [named()[3]])
    entries = releases(store).items
    assert [one.number for one in entries] == [5, 4]
    assert told(store, kept[0].release).studies == 12
    with pytest.raises(UnknownName):
        store.kept.at(kept[-1].release)
    remove(settings.model_copy(update={"keep_releases": 1}), [named()[4]])
    assert [one.current for one in releases(store).items] == [True]
    assert told(store).studies == 10


def test_a_release_costs_what_changed(tmp_path: Path) -> None:
    settings = Settings(field=BCG, snapshot=tmp_path, store="memory:")
    load(settings, [STUDIES], fresh=True)
    with sqlite3.connect(next(tmp_path.rglob(NAME))) as history:
        before = history.execute("SELECT count(*), sum(length(said)) FROM text").fetchone()
        remove(settings, [named()[0]])
        load(settings, [STUDIES / f"{named()[0]}.yaml"])
        # the sheet is there already
        assert history.execute("SELECT count(*), sum(length(said)) FROM text").fetchone() == before
        assert history.execute("SELECT count(*) FROM content").fetchone() == (14,)
    history.close()


def test_a_sheet_that_changes_is_kept_in_both_forms(settings: Settings, tmp_path: Path) -> None:
    load(settings, [STUDIES], fresh=True)
    path = tmp_path / "changed.yaml"
    path.write_text((STUDIES / f"{named()[0]}.yaml").read_text(encoding="utf-8") + "\nnotes: looked at again\n", encoding="utf-8")
    load(settings, [path])
    store = open_store(settings)
    try:
        (after, before) = releases(store).items
        assert after.replaced == (named()[0],)
        assert after.moved == 0
        notes = [store.kept.at(one.release).studies()[named()[0]].notes for one in (before, after)]
        assert notes[0] != notes[1] == "looked at again"
    finally:
        store.close()


# --- an older method, and what is damaged ---


def aged(store: Store, settings: Settings) -> str:
    """Let the first release be of an older method; its digits."""
    first = releases(store).items[-1]
    said = {**json.loads(SqliteHistory(settings.folder_of("bcg")).entries()[0].model_dump_json()), "method": "3"}
    with sqlite3.connect(settings.folder_of("bcg") / NAME) as history:
        history.execute("UPDATE entry SET said = ? WHERE number = 1", (json.dumps(said),))
    history.close()
    return first.release[:12]


@pytest.mark.parametrize("settings", [MEMORY], indirect=True)
def test_of_an_older_method_it_says_what_the_same_studies_say_now(store: Store, settings: Settings) -> None:
    name = aged(store, settings)
    with pytest.raises(OlderMethod, match="read by method 3"):
        store.kept.at(name)
    assert store.kept.at(name, anew=True).edges()
    asked = {"exposure": "bcg-vaccination", "outcome": "tuberculosis", "release": name}
    with TestClient(create_app(store)) as client:
        answer = client.get("/v1/evidence", params=asked)
        assert answer.status_code == 410
        assert answer.headers["content-type"] == "application/problem+json"
        assert "read by method 3" in answer.json()["detail"]
        assert answer.json()["now"]["association"]["studies"] == 13
        # figures of one's own are kept by nobody, whatever the release
        assert client.get("/v1/evidence", params=asked | {"add": "12/40 vs 5/60"}).headers["Cache-Control"] == "no-store"
        page = client.get("/evidence", params=asked)
        assert page.status_code == 410
        assert "what the same studies say by today" in page.text
        assert client.get("/v1/diff", params={"before": name}).status_code == 410


@pytest.mark.parametrize("settings", [MEMORY], indirect=True)
def test_a_history_that_is_damaged_is_told_and_the_current_release_is_still_served(store: Store, settings: Settings) -> None:
    first = releases(store).items[-1].release
    with sqlite3.connect(settings.folder_of("bcg") / NAME) as history:
        history.execute("DELETE FROM text WHERE hash IN (SELECT hash FROM content WHERE study = ?)", (named()[2],))
    history.close()
    with pytest.raises(StoreError, match="Release 1 of the history is damaged"):
        store.kept.at(first)
    (settings.folder_of("bcg") / NAME).write_bytes(b"nothing of the kind" * 100)
    with pytest.raises(StoreError, match="Move it away"):
        releases(store)
    assert told(store).studies == 12


@pytest.mark.parametrize("settings", [MEMORY], indirect=True)
def test_a_snapshot_without_a_history_begins_one(store: Store, settings: Settings) -> None:
    (settings.folder_of("bcg") / NAME).unlink()
    (only,) = releases(store).items
    assert only.current
    remove(settings, [named()[3]])
    assert [one.studies for one in releases(store).items] == [11, 12]
    assert told(store, only.release).studies == 12


@pytest.mark.parametrize("settings", [MEMORY], indirect=True)
def test_who_waits_too_short_for_a_build_is_told_to_come_again(store: Store, settings: Settings) -> None:
    first = releases(store).items[-1].release
    with pytest.raises(ReleaseComing, match="is being built"):
        store.kept.at(first, patience=0)
    assert store.kept.at(first).release() == first


@pytest.mark.parametrize("settings", [MEMORY], indirect=True)
def test_who_asks_for_many_releases_at_once_keeps_no_thread_and_no_build_from_others(store: Store, settings: Settings) -> None:
    for one in named()[2:6]:
        remove(settings, [one])
    held, made = Event(), []
    build = store.kept._built

    def slow(history: Any, kept: Any) -> Any:
        made.append(kept.number)
        held.wait(30)
        return build(history, kept)

    store.kept._built = slow  # type: ignore[method-assign]
    with TestClient(create_app(store), raise_server_exceptions=False) as client, ThreadPoolExecutor(60) as threads:
        olds = [one.release for one in releases(store).items if not one.current]
        asked = [
            threads.submit(client.get, f"/v1/{one}")
            for release in olds * 6
            for one in (f"terms?release={release}", f"diff?before={release}")
        ]
        begun = time.monotonic()
        assert client.get("/v1/factors").status_code == 200
        assert time.monotonic() - begun < 4
        told = [one.result() for one in asked]
        held.set()
    assert {one.status_code for one in told} == {503}
    assert all("being built" in one.json()["detail"] for one in told)
    assert len(made) == 1


@pytest.mark.parametrize("settings", [MEMORY], indirect=True)
def test_a_history_that_is_locked_is_away_and_the_current_release_is_still_served(store: Store, settings: Settings) -> None:
    history = sqlite3.connect(settings.folder_of("bcg") / NAME, isolation_level=None)
    history.execute("BEGIN EXCLUSIVE")
    try:
        impatient = SqliteHistory(settings.folder_of("bcg"), patience=0.1)
        with TestClient(create_app(store)) as client:
            assert client.get("/v1/factors").status_code == 200
        with pytest.raises(StoreUnavailable, match="locked"):
            impatient.entries()
        with pytest.raises(StoreError, match=r"locked.*Nothing was changed"), impatient._writing():
            pass
    finally:
        history.close()
    assert len(releases(store).items) == 4


def test_a_reader_may_have_a_folder_that_it_cannot_write(tmp_path: Path) -> None:
    settings = Settings(field=BCG, snapshot=tmp_path / "data", store="memory:")
    load(settings, [STUDIES], fresh=True)
    remove(settings, [named()[0]])
    folder = settings.folder_of("bcg")
    for one in (*folder.iterdir(), folder):
        one.chmod(0o555 if one.is_dir() else 0o444)
    try:
        store = open_store(settings)
        assert told(store, releases(store).items[-1].release).studies == 13
        store.close()
    finally:
        folder.chmod(0o755)


# --- killed ---

MOMENTS = {
    MEMORY: {
        "before it is kept": "before(SqliteHistory, '_add')",
        "while sheets are kept": "before_call('graph.stores.sqlite.row_of')",
        "after it is kept": "after(SqliteHistory, '_add')",
        "before the swap": "before(pathlib.Path, 'replace')",
        "after the swap": "after(pathlib.Path, 'replace')",
        "before old ones are dropped": "before(SqliteHistory, '_drop')",
        "after old ones are dropped": "after(SqliteHistory, '_drop')",
    },
    ON_LTS: {
        "before it is kept": "before(Neo4jHistory, '_add')",
        "while sheets are kept": "after(Neo4jHistory, '_write')",
        "after it is kept": "after(Neo4jHistory, '_add')",
        "before the swap": "before(Neo4jWriter, '_swap')",
        "after the swap": "after(Neo4jWriter, '_swap')",
        "before old ones are dropped": "before(Neo4jHistory, '_drop')",
        "after old ones are dropped": "after(Neo4jHistory, '_drop')",
    },
}
_DYING = """
import os, pathlib, signal, sys
from graph.stores.sqlite import SqliteHistory
from graph.stores.neo4j.history import Neo4jHistory
from graph.stores.neo4j.loading import Neo4jWriter
import graph.stores.sqlite
def die(): os.kill(os.getpid(), signal.SIGKILL)
def before(owner, name):
    setattr(owner, name, lambda *_, **__: die())
def after(owner, name):
    whole = getattr(owner, name)
    def dying(*given, **more):
        whole(*given, **more)
        die()
    setattr(owner, name, dying)
def before_call(path):
    module, name = path.rsplit(".", 1)
    setattr(sys.modules[module], name, lambda *_: die())
{moment}
from graph.opening import load
from graph.settings import Settings
load(Settings(), [{sheet!r}])
"""


@pytest.mark.parametrize(
    ("settings", "moment"), [(kind, moment) for kind, some in MOMENTS.items() for moment in some], indirect=["settings"]
)
def test_a_loader_that_is_killed_loses_no_release(settings: Settings, moment: str, tmp_path: Path, pytestconfig: pytest.Config) -> None:
    kind = MEMORY if settings.embedded else ON_LTS
    if kind == ON_LTS and not pytestconfig.getoption("--all") and moment not in {"after it is kept", "before the swap", "after the swap"}:
        pytest.skip("every moment in Neo4j: with --all")
    environment = {**os.environ, "RDWI_FIELD": str(BCG), "RDWI_STORE": settings.store, "RDWI_KEEP_RELEASES": "3", "PYTHONPATH": str(ROOT)}
    if settings.embedded:
        environment["RDWI_SNAPSHOT"] = str(settings.snapshot)
    else:
        assert settings.neo4j_password is not None
        environment |= {"RDWI_NEO4J_USER": settings.neo4j_user, "RDWI_NEO4J_PASSWORD": settings.neo4j_password.get_secret_value()}
    three = settings.model_copy(update={"keep_releases": 3})
    load(three, [STUDIES], fresh=True)
    remove(three, [named()[0]])
    remove(three, [named()[1]])
    store = open_store(settings)
    try:
        for turn in range(10 if pytestconfig.getoption("--all") else 1):
            before = releases(store).items
            path = tmp_path / f"{turn}.yaml"
            changed = (STUDIES / f"{named()[2]}.yaml").read_text(encoding="utf-8") + f"\nnotes: turn {turn}\n"
            path.write_text(changed, encoding="utf-8")
            script = _DYING.format(moment=MOMENTS[kind][moment], sheet=str(path))
            died = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=False)
            assert died.returncode == -signal.SIGKILL, died.stderr
            there = releases(store).items
            # the old ones, or these and the new one, of which the oldest may have gone
            assert there == before or [one.release for one in there[1:]] == [one.release for one in before][: len(there) - 1]
            for one in there:
                assert store.kept.at(one.release).release() == one.release
            path.write_text(changed + "countries: [Norway]\n", encoding="utf-8")
            load(three, [path])
            again = releases(store).items
            assert len(again) == 3
            assert again[0].replaced == (named()[2],)
            for one in again:
                assert store.kept.at(one.release).release() == one.release
    finally:
        store.close()


_TORN = """
import os, signal, sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
# so small that the file is written before it is committed
connection.execute("PRAGMA cache_size = 1")
connection.execute("BEGIN IMMEDIATE")
connection.execute("CREATE TABLE IF NOT EXISTS text (hash TEXT PRIMARY KEY, said TEXT NOT NULL) WITHOUT ROWID")
connection.execute("DELETE FROM text")
connection.executemany("INSERT INTO text VALUES (?, ?)", ((str(i), "x" * 500) for i in range(1000)))
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("settings", [MEMORY], indirect=True)
@pytest.mark.parametrize("first", [False, True])
def test_what_a_loader_that_was_killed_wrote_of_a_history_is_rolled_back_by_who_reads_it(settings: Settings, *, first: bool) -> None:
    load(settings, [STUDIES], fresh=True)
    remove(settings, [named()[0]])
    file = settings.snapshot / NAME
    if first:
        file.unlink()
    with closing(open_store(settings)) as store:
        before = releases(store)
        assert subprocess.run([sys.executable, "-c", _TORN, str(file)], check=False).returncode == -signal.SIGKILL
        assert file.with_name(f"{file.name}-journal").stat().st_size > 0
        assert releases(store) == before
        for one in before.items:
            assert store.kept.at(one.release).release() == one.release


# --- over HTTP, on the command line, in Python ---


@pytest.fixture
def client(store: Store) -> Iterator[TestClient]:
    with TestClient(create_app(store), raise_server_exceptions=False) as opened:
        yield opened


def test_every_address_takes_a_release(client: TestClient, store: Store) -> None:
    first = releases(store).items[-1].release
    asked = {"exposure": "bcg-vaccination", "outcome": "tuberculosis"}
    for path, more in [
        ("/v1/evidence", asked),
        ("/v1/factors", {}),
        ("/v1/studies", {}),
        ("/v1/graph", {}),
        (f"/v1/studies/{named()[1]}", {}),
    ]:
        kept = client.get(path, params={**more, "release": first[:8]})
        assert kept.status_code == 200, path
        assert named()[1] in kept.text or path == "/v1/factors"
        assert kept.text != client.get(path, params=more).text, path
    assert client.get("/v1/evidence", params={**asked, "release": first[:8]}).json()["release"] == first
    unknown = client.get("/v1/factors", params={"release": "deadbeef"})
    assert unknown.status_code == 404
    assert unknown.json()["suggestions"]


def test_a_page_of_a_kept_release_says_so_and_keeps_to_it(client: TestClient, store: Store) -> None:
    first = releases(store).items[-1].release[:12]
    now = client.get("/evidence", params={"exposure": "bcg-vaccination", "outcome": "tuberculosis"})
    then = client.get("/evidence", params={"exposure": "bcg-vaccination", "outcome": "tuberculosis", "release": first})
    assert "This is how it stood in release" not in now.text
    assert f"This is how it stood in release {first}" in then.text
    assert told(store).caption in then.text
    assert f'<input type="hidden" name="release" value="{first}">' in then.text
    assert f'href="/factors?release={first}"' in then.text
    for path in ("/", "/factors", "/prevalence", "/studies", "/method", "/search?q=bcg", "/graph", "/gaps", "/contested", "/terms"):
        page = client.get(path + ("&" if "?" in path else "?") + f"release={first}")
        assert page.status_code == 200, path
        assert first in page.text, path


def test_the_pages_and_the_feed_tell_what_changed(client: TestClient, store: Store) -> None:
    entries = releases(store).items
    page = client.get("/releases").text
    assert all(one.release[:12] in page for one in entries)
    assert "1 study removed" in page
    changes = client.get("/changes", params={"before": entries[-1].release[:8]}).text
    assert "BCG vaccination" in changes
    assert told(store).caption in changes
    feed = Xml.fromstring(client.get("/feed.atom").content)
    atom = "{http://www.w3.org/2005/Atom}"
    assert len(feed.findall(f"{atom}entry")) == len(entries)
    assert len({one.findtext(f"{atom}id") for one in feed.iter(f"{atom}entry")}) == len(entries)
    assert "BCG vaccination" in feed.findall(f"{atom}entry")[0].findtext(f"{atom}content", "")
    answer = client.get("/v1/releases").json()
    assert [one["release"] for one in answer["items"]] == [one.release for one in entries]


@pytest.mark.parametrize("settings", [MEMORY], indirect=True)
def test_commands_tell_it_too(store: Store, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RDWI_FIELD", str(BCG))
    monkeypatch.setenv("RDWI_SNAPSHOT", str(settings.snapshot))
    entries, runner = releases(store).items, CliRunner()

    def run(*words: str, status: int = 0) -> str:
        found = runner.invoke(app, words)
        if not isinstance(found.exception, SystemExit | None):
            raise found.exception
        assert found.exit_code == status, found.output
        return found.output

    assert all(one.release[:12] in run("releases") for one in entries)
    first, last = entries[-1].release[:8], entries[0].release[:8]
    assert json.loads(run("diff", first, last, "--format", "json"))["removed"] == [named()[1]]
    assert "1 study removed" in run("diff", first)
    run("diff", first, "--fail-on", "any", status=1)
    run("diff", first, "--fail-on", "direction")
    run("diff", last, last, "--fail-on", "any")
    assert (
        json.loads(run("evidence", "bcg-vaccination", "tuberculosis", "--release", first, "--format", "json"))["association"]["studies"]
        == 13
    )


def test_python_asks_a_release(store: Store, settings: Settings) -> None:
    first = releases(store).items[-1].release[:8]
    then = open_graph(settings, first)
    try:
        assert then.release.startswith(first)
        answer = then.evidence("bcg-vaccination", "tuberculosis")
        assert answer.association is not None
        assert answer.association.studies == 13
        assert len(then.studies().items) == 13
        assert then.diff(first).removed == (named()[1],)
        assert then.releases().total == 4
    finally:
        then.close()


def test_the_shipped_corpus_without_its_newest_paper_and_back(empty_folder: Path) -> None:
    settings = Settings(field=None, snapshot=empty_folder, store="memory:")
    store = open_store(settings)
    asked = Evidence(exposure="cerebral-microbleeds", outcome="r-dwi")
    before = store.ask(asked.answer).association
    remove(settings, ["kidwell-2017"])
    entries = releases(store).items
    assert [one.studies for one in entries] == [len(shipped_ids()) - 1, len(shipped_ids())]
    assert store.ask(asked.answer, entries[-1].release[:8]).association == before
    assert store.ask(asked.answer).association != before
    store.close()


def shipped_ids() -> list[str]:
    return [one.stem for one in (shipped().folder / "studies").glob("*.yaml")]
