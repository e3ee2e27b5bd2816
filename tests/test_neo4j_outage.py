"""A Neo4j server that can't be reached, refuses, dies, hangs and comes back: what a user, a client and a monitor are told."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from benchmarks import neo4j_server
from benchmarks.serving import server as serving
from graph.build import EvidenceGraph
from graph.opening import open_store, shipped
from graph.settings import Server, Settings
from graph.stores.neo4j import connection
from graph.stores.neo4j.loading import Neo4jWriter
from graph.stores.neo4j.store import Neo4jStore
from schema.errors import StoreDenied, StoreUnavailable, StoreUnsupported

COMMAND = ["-c", "from api.cli import main; main()"]


def environment(server: Server) -> dict[str, str]:
    given = {"RDWI_STORE": server.uri, "RDWI_NEO4J_USER": server.user, "RDWI_NEO4J_PASSWORD": server.password.get_secret_value()}
    if server.database is not None:
        given["RDWI_NEO4J_DATABASE"] = server.database
    return {**os.environ, **given, "PYTHONPATH": "."}


def rdwi(server: Server, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *COMMAND, *arguments]
    return subprocess.run(command, env=environment(server), capture_output=True, text=True, timeout=60, check=False)


def closed_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


# --- on start, and from `rdwi status` ---


def wrong(server: Server, what: str) -> tuple[Server, str]:
    match what:
        case "no server":
            return replace(server, uri=f"bolt://127.0.0.1:{closed_port()}"), "can't be reached now"
        case "no host":
            return replace(server, uri="bolt://nowhere.invalid:7687"), "can't be reached now"
        case "routing to no server":
            return replace(server, uri=f"neo4j://127.0.0.1:{closed_port()}"), "can't be reached now"
        case "wrong password":
            return replace(server, password=SecretStr("wrong")), "refuses user 'neo4j' with this password: see RDWI_NEO4J_USER"
        case "wrong user":
            return replace(server, user="nobody"), "refuses user 'nobody' with this password"
        case "wrong database":
            return replace(server, database="nothing"), "has no database 'nothing': see RDWI_NEO4J_DATABASE"
        case _:
            raise AssertionError(what)


WRONG = ["no server", "no host", "routing to no server", "wrong password", "wrong user", "wrong database"]


@pytest.mark.parametrize("what", WRONG)
@pytest.mark.parametrize("command", ["status", "serve", "load", "factors"])
def test_what_is_wrong_is_told_in_a_sentence(loaded: Server, what: str, command: str, pytestconfig: pytest.Config) -> None:
    if command != "status" and what not in {"no server", "wrong password"} and not pytestconfig.getoption("--all"):
        pytest.skip("by every command with --all")
    server, message = wrong(loaded, what)
    more = {"load": ["evidence/studies/menon-2012.yaml"], "serve": ["--port", "0"]}.get(command, [])
    done = rdwi(server, command, *more)
    assert done.returncode == 3
    *log, told = done.stderr.strip().splitlines()
    assert message in told
    assert told.startswith("rdwi: ")
    assert not log or command == "serve"
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    # the servers counts wrong passwords, and refuses even the right one for some seconds
    if "password" in what or "user" in what:
        awaited(loaded)


def awaited(server: Server) -> None:
    for _ in range(100):
        try:
            Neo4jStore(server, shipped()).close()
        except StoreDenied:
            time.sleep(0.2)
        else:
            return
    raise AssertionError("the right password is still refused")


def test_an_http_port_is_no_bolt_port(own_server: neo4j_server.Server) -> None:
    server = Server(f"bolt://127.0.0.1:{own_server.http_port}", own_server.user, SecretStr(own_server.password))
    done = rdwi(server, "status")
    assert done.returncode == 3
    assert "can't be reached now" in done.stderr


def test_a_server_without_a_password_set_is_not_asked() -> None:
    given = {**os.environ, "RDWI_STORE": "bolt://127.0.0.1:1", "PYTHONPATH": "."}
    given.pop("RDWI_NEO4J_PASSWORD", None)
    done = subprocess.run([sys.executable, *COMMAND, "status"], env=given, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 3
    assert "set RDWI_NEO4J_PASSWORD" in done.stderr


@pytest.mark.parametrize(
    ("store", "message"),
    [
        ("http://127.0.0.1:7474", "must be memory: or the URI of a Neo4j server"),
        ("neo4j://", "must be memory:"),
        ("bolt://me:secret@127.0.0.1:7687", "holds a user or password"),
        ("bolt://127.0.0.1:many", "is no address"),
        ("bolt://127.0.0.1:7687/mydb", "name the database in RDWI_NEO4J_DATABASE"),
    ],
)
def test_an_address_that_is_none_is_a_wrong_setting(store: str, message: str) -> None:
    done = subprocess.run(
        [sys.executable, *COMMAND, "status"],
        env={**os.environ, "RDWI_STORE": store, "RDWI_NEO4J_PASSWORD": "secret", "PYTHONPATH": "."},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert message in done.stderr
    assert "secret" not in done.stderr


def test_a_version_that_is_too_old_is_told(loaded: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "OLDEST", (9999, 1))
    with pytest.raises(StoreUnsupported, match=r"is Neo4j 5\.26\.\d+; this needs 9999\.1 LTS or newer"):
        Neo4jStore(loaded, shipped())


def test_a_user_who_may_only_read_the_server_is_told_so(loaded: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """READ sessions refuse writes: what questions run can't change anything."""
    opened = connection.Connection(loaded)
    with pytest.raises(Exception, match=r"(?i)writ"):
        opened.read("CREATE (:Rdwi {generation: 0, id: 'x'})")
    opened.close()


def test_a_question_that_takes_too_long_is_ended(loaded: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "_READ", 0.5)
    opened = connection.Connection(loaded)
    with pytest.raises(StoreUnavailable, match="took too long"):
        opened.read("UNWIND range(1, 100000) AS a UNWIND range(1, 100000) AS b RETURN count(*)")
    opened.close()


def test_status_says_what_is_loaded_and_where(loaded: Server, graph: EvidenceGraph) -> None:
    told = json.loads(rdwi(loaded, "status", "--format", "json").stdout)
    assert (told["store"], told["release"]) == ("neo4j", graph.release)
    assert told["versions"]["neo4j"].startswith("5.26.")
    assert told["counts"]["findings"] == len(graph.observations)


# --- while it serves ---

PATHS = [
    "/v1/factors?limit=3",
    "/v1/evidence?exposure=age&outcome=r-dwi",
    "/v1/prevalence",
    "/v1/factors?adjusted=true&limit=2",
    "/v1/studies?q=menon",
]


@dataclass
class Load:
    """Clients that ask without pause, and what they met."""

    port: int
    right: dict[str, bytes]
    met: Counter[int] = field(default_factory=Counter)
    wrong: list[Any] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)

    def ask(self, number: int) -> None:
        paths = list(self.right)
        count = number
        while not self.ended.is_set():
            path = paths[count % len(paths)]
            # other addresses than before, so that not all is answered from what is kept
            count += 1
            try:
                status, headers, body = get(self.port, path)
            except (OSError, HTTPException) as error:
                self.wrong.append(repr(error))
                continue
            self.met[status] += 1
            if status == 200 and body != self.right[path]:
                self.wrong.append((path, body[:200]))
            elif status == 503:
                told = json.loads(body)
                fine = headers["content-type"] == "application/problem+json" and int(headers["retry-after"]) > 0 and told["status"] == 503
                if not fine:
                    self.wrong.append((headers, body[:200]))
                time.sleep(0.05)
            elif status != 200:
                self.wrong.append((status, body[:200]))


def get(port: int, path: str) -> tuple[int, dict[str, str], bytes]:
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, {name.lower(): value for name, value in response.getheaders()}, response.read()
    finally:
        connection.close()


def until(port: int, path: str, status: int) -> None:
    deadline = time.monotonic() + 120
    while get(port, path)[0] != status:
        assert time.monotonic() < deadline, f"{path} is not {status}"
        time.sleep(0.1)


def connections(pid: int, port: int) -> int:
    """Connections of a process to a port."""
    count = 0
    inodes = set()
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):
            inodes.add(str(descriptor.readlink()))
    for line in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        count += int(fields[2].partition(":")[2], 16) == port and f"socket:[{fields[9]}]" in inodes
    return count


@pytest.fixture
def served(own_server: neo4j_server.Server, graph: EvidenceGraph) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """`rdwi serve` over a server that may be killed: the process and its port."""
    own_server.start()
    server = Server.of(own_server.uri, own_server.user, own_server.password)
    awaited(server)
    with Neo4jWriter(server, shipped()) as writer:
        held = writer.held()
        if held is None or held.release != graph.release:
            writer.write(graph)
    with serving([*COMMAND, "serve", "--port", "0"], environment(server)) as (process, port):
        yield process, port
    own_server.start()


def test_a_server_that_dies_under_load_and_comes_back(served: tuple[subprocess.Popen[str], int], own_server: neo4j_server.Server) -> None:
    process, port = served
    load = Load(port, {path: get(port, path)[2] for path in PATHS})
    threads = [threading.Thread(target=load.ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    time.sleep(1)
    before = connections(process.pid, own_server.bolt_port)
    for _ in range(2):
        own_server.kill()
        until(port, "/readyz", 503)
        assert get(port, "/healthz")[0] == 200
        own_server.start()
        until(port, "/readyz", 200)
        time.sleep(1)
    load.ended.set()
    for thread in threads:
        thread.join()
    assert load.wrong == []
    assert set(load.met) == {200, 503}
    # eight clients and who watches; connections that two outages had leaked would be twice as many again
    assert connections(process.pid, own_server.bolt_port) <= before + 5


def test_a_server_that_hangs_is_told_in_time_and_recovers(
    served: tuple[subprocess.Popen[str], int], own_server: neo4j_server.Server
) -> None:
    _, port = served
    right = get(port, PATHS[0])[2]
    own_server.pause()
    try:
        status, headers, body = get(port, PATHS[0])
        assert (status, headers["content-type"]) == (503, "application/problem+json")
        assert "retry-after" in headers
        assert "has not answered within" in json.loads(body)["detail"]
        assert get(port, "/healthz")[0] == 200
    finally:
        own_server.resume()
    until(port, "/readyz", 200)
    assert get(port, PATHS[0])[2] == right


def test_opening_a_graph_and_closing_it_leaves_no_connection(loaded: Server) -> None:
    port = int(loaded.uri.rpartition(":")[2])
    settings = Settings(store=loaded.uri, neo4j_user=loaded.user, neo4j_password=loaded.password)
    before = connections(os.getpid(), port)
    for _ in range(5):
        store = open_store(settings)
        store.ask(lambda reader: reader.edges(outcome="r-dwi"))
        store.close()
    assert connections(os.getpid(), port) == before
