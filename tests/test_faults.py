"""Faults that were made to happen: a full disk, a clock set back, servers beside a loader, files of other versions; backups."""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from benchmarks import neo4j_server
from graph.opening import load, open_store, remove
from graph.questions import Factors
from graph.questions.releases import releases
from graph.settings import Server, Settings
from graph.stores import snapshot
from graph.stores.sqlite import NAME
from schema.errors import OlderMethod, StoreUnavailable
from tests.conftest import BCG, emptied
from tests.test_serve import PROGRAM, ROOT, Served, environment

STUDIES = sorted((BCG / "studies").glob("*.yaml"))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """An embedded store of the small field with two releases in it."""
    made = Settings(field=BCG, snapshot=tmp_path / "data", store="memory:")
    load(made, [BCG / "studies"], fresh=True)
    remove(made, [STUDIES[0].stem])
    return made


def told(settings: Settings) -> tuple[Any, list[Any]]:
    """All that a store says: an answer, and its releases."""
    store = open_store(settings)
    try:
        return store.ask(Factors(lesion="tuberculosis").answer), [one.model_dump() for one in releases(store).items]
    finally:
        store.close()


# --- a full disk ---


_FILLED = """
set -e
mount -t tmpfs -o size=$2 tmpfs "$1"
cp -a "$3" "$1/data"
export RDWI_SNAPSHOT="$1/data"
shift 3
ask() { "$@" releases --format json; "$@" factors tuberculosis --format json; }
ask "$@" > /tmp/$$.before
for left in 0 4 16 40; do
    rm -f "$RDWI_SNAPSHOT/../ballast"
    free=$(df --output=avail -k "$RDWI_SNAPSHOT" | tail -1)
    head -c $(( (free - left) * 1024 )) /dev/zero > "$RDWI_SNAPSHOT/../ballast"
    if "$@" remove "$STUDY"; then echo "$left removed"; else echo "$left status $?"; fi
    ask "$@" | cmp - /tmp/$$.before && echo same
done
rm "$RDWI_SNAPSHOT/../ballast"
"$@" remove "$STUDY"
"$@" releases --format json
rm /tmp/$$.before
"""


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0 or not shutil.which("unshare"), reason="root on Linux alone mounts a disk")
def test_on_a_full_disk_nothing_is_changed_and_the_old_answers_stay(settings: Settings, tmp_path: Path) -> None:
    data = settings.folder_of("bcg")
    size = sum(one.stat().st_size for one in data.iterdir())
    place = tmp_path / "disk"
    place.mkdir()
    command = ["unshare", "--mount", "--propagation", "private", "--", "/bin/sh", "-c", _FILLED, "sh", str(place), str(2 * size + 400_000)]
    given = {**environment(data, RDWI_FIELD=str(BCG)), "STUDY": STUDIES[1].stem}
    done = subprocess.run([*command, str(data), *PROGRAM], env=given, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[:8] == [word for left in (0, 4, 16, 40) for word in (f"{left} status 3", "same")], (lines, done.stderr)
    assert "Traceback" not in done.stderr
    assert done.stderr.count("can't be written") == 4, done.stderr
    assert [one["studies"] for one in json.loads(lines[-1])["items"]] == [11, 12, 13]


# --- a clock set back ---


def test_a_release_of_an_earlier_hour_than_the_one_before_is_seen(settings: Settings) -> None:
    file = settings.folder_of("bcg") / snapshot.NAME
    store = open_store(settings)
    before = store.reader().release()
    remove(settings, [STUDIES[1].stem])
    os.utime(file, ns=(0, 0))
    now = store.reader().release()
    assert now != before
    assert [one.release for one in releases(store).items][:2] == [now, before]
    store.close()


# --- servers and a loader on one folder ---


def test_two_servers_beside_a_loader_give_whole_answers_of_one_release_each(folder: Path) -> None:
    def command(*words: str) -> None:
        done = subprocess.run([*PROGRAM, *words], env=environment(folder), capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr

    servers = [Served(folder, "--port", "0") for _ in range(2)]
    seen: list[tuple[str, bytes]] = []
    wrong: list[Any] = []
    ended = threading.Event()

    def ask(served: Served) -> None:
        while not ended.is_set():
            for path in ("/v1/factors", "/v1/studies?limit=500", "/v1/releases"):
                status, _, body = served.ask(path)
                if status != 200:
                    wrong.append((path, status, body[:200]))
                elif path != "/v1/releases":
                    seen.append((path + json.loads(body)["release"], body))

    threads = [threading.Thread(target=ask, args=(one,)) for one in servers]
    for one in threads:
        one.start()
    try:
        for study in ("menon-2012", "kidwell-2017"):
            command("remove", study)
        command("load", str(ROOT / "evidence" / "studies" / "menon-2012.yaml"))
    finally:
        ended.set()
        for one in threads:
            one.join()
    last = [one.json("/v1/releases") for one in servers]
    for one in servers:
        assert "Traceback" not in one.end()[2]
    assert wrong == []
    by_address: dict[str, set[bytes]] = {}
    for address, body in seen:
        by_address.setdefault(address, set()).add(body)
    assert all(len(bodies) == 1 for bodies in by_address.values())
    assert last[0] == last[1]
    assert last[0]["total"] == 4
    assert len({address.rpartition("s")[2] for address in by_address}) > 1


# --- files of other versions ---


def test_a_history_of_a_newer_version_is_a_clear_no_and_the_current_release_is_served(settings: Settings) -> None:
    file = settings.folder_of("bcg") / NAME
    answer, (current, old) = told(settings)
    with sqlite3.connect(file) as history:
        history.execute("""UPDATE entry SET said = json_set(said, '$.method', '99', '$.unheard', 'of') WHERE number = 1""")
    history.close()
    assert told(settings) == (answer, [current, {**old, "method": "99"}])
    store = open_store(settings)
    with pytest.raises(OlderMethod, match="read by method 99"):
        store.ask(Factors(lesion="tuberculosis").answer, old["release"])
    with sqlite3.connect(file) as history:
        history.execute("ALTER TABLE entry RENAME COLUMN said TO told")
    history.close()
    with pytest.raises(StoreUnavailable, match=r"history .* can't be read"):
        releases(store)
    assert store.ask(Factors(lesion="tuberculosis").answer) == answer
    with pytest.raises(StoreUnavailable, match="can't be read"):
        remove(settings, [STUDIES[1].stem])
    assert store.ask(Factors(lesion="tuberculosis").answer) == answer
    store.close()


# --- backup and restore, as docs/operating.md says ---


def commands(heading: str) -> list[str]:
    text = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
    block = re.search(rf"{re.escape(heading)}.*?```sh\n(.*?)```", text, re.DOTALL)
    assert block is not None
    return block[1].splitlines()


def test_a_copy_of_the_folder_brings_back_all_that_it_held(settings: Settings, tmp_path: Path) -> None:
    data = settings.folder_of("bcg")
    before = told(settings)
    copy, back = commands("A copy of the folder")
    given = {**os.environ, "RDWI_SNAPSHOT": str(data)}
    subprocess.run(["/bin/sh", "-c", copy], cwd=tmp_path, env=given, check=True)
    remove(settings, [STUDIES[1].stem])
    (data / snapshot.NAME).write_bytes(b"damaged")
    subprocess.run(["/bin/sh", "-c", back], cwd=tmp_path, env=given, check=True)
    assert told(settings) == before
    remove(settings, [STUDIES[1].stem])
    assert [one["studies"] for one in told(settings)[1]] == [11, 12, 13]


def test_a_dump_of_neo4j_brings_back_all_that_it_held(own_server: neo4j_server.Server, tmp_path: Path) -> None:
    own_server.start()
    emptied(Server.of(own_server.uri, own_server.user, own_server.password))
    settings = Settings(field=BCG, store=own_server.uri, neo4j_user=own_server.user, neo4j_password=own_server.password)  # type: ignore[arg-type]
    load(settings, [BCG / "studies"], fresh=True)
    remove(settings, [STUDIES[0].stem])
    before = told(settings)
    own_server.stop()
    own_server.admin("database", "dump", "neo4j", f"--to-path={tmp_path}")
    own_server.start()
    remove(settings, [STUDIES[1].stem])
    own_server.stop()
    own_server.admin("database", "load", "neo4j", f"--from-path={tmp_path}", "--overwrite-destination=true")
    own_server.start()
    assert told(settings) == before
    emptied(Server.of(own_server.uri, own_server.user, own_server.password))
