"""`rdwi serve` in a process of its own."""

from __future__ import annotations

import json
import os
import re
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from api import cli
from graph.build import EvidenceGraph
from graph.opening import shipped
from graph.stores import snapshot

ROOT = Path(cli.__file__).parent.parent.parent
# whatever who runs the tests does with signals
STARTED = "from signal import *; signal(SIGINT, {0}); signal(SIGTERM, {1}); from api.cli import main; main()"
PROGRAM = [sys.executable, "-c", STARTED.format("default_int_handler", "SIG_DFL")]
IGNORING = [sys.executable, "-c", STARTED.format("SIG_IGN", "SIG_IGN")]
LONGEST = 60


def environment(folder: Path, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("RDWI_")}
    return {**kept, "RDWI_SNAPSHOT": str(folder), "PYTHONPATH": str(ROOT), **more}


def rdwi(folder: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    there = environment(folder, **more)
    return subprocess.run([*PROGRAM, *arguments], env=there, capture_output=True, text=True, timeout=LONGEST, check=False)


class Served:
    """A server that runs, and how to ask it."""

    def __init__(self, folder: Path, *arguments: str, program: Sequence[str] = PROGRAM, **more: str) -> None:
        self.process = subprocess.Popen(
            [*program, "serve", *arguments],
            env=environment(folder, **more),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        with selectors.DefaultSelector() as waiting:
            waiting.register(self.process.stdout, selectors.EVENT_READ)
            assert waiting.select(LONGEST), "no address was printed"
        self.line = self.process.stdout.readline()
        found = re.search(r"http://(?:\[[^\]]+\]|[^\s:]+):\d+", self.line)
        assert found, (self.line, self.process.stderr.read() if self.process.stderr else "")
        self.address = found[0]

    def ask(self, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
        request = urllib.request.Request(self.address + path, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=LONGEST) as response:
                return response.status, {name.lower(): value for name, value in response.headers.items()}, response.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, {name.lower(): value for name, value in error.headers.items()}, error.read()

    def json(self, path: str) -> Any:
        status, _, body = self.ask(path)
        assert status == 200, body
        return json.loads(body)

    def end(self, how: signal.Signals = signal.SIGINT) -> tuple[int, str, str]:
        """Its exit status, the rest of its output, and its log."""
        if self.process.poll() is None:
            self.process.send_signal(how)
        try:
            out, err = self.process.communicate(timeout=LONGEST)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate()
            raise
        return self.process.returncode, out, err


@pytest.fixture
def serve(folder: Path) -> Iterator[Callable[..., Served]]:
    """Starts servers on the folder's store, and ends them."""
    running: list[Served] = []

    def start(*arguments: str, program: Sequence[str] = PROGRAM, **more: str) -> Served:
        running.append(Served(folder, "--port", "0", *arguments, program=program, **more))
        return running[-1]

    yield start
    for one in running:
        one.end()


SHEET = """
id: smith-2024
read: abstract
design: prospective-cohort
year: 2024
n: 90
populations: [{id: all, label: ICH, condition: ich, arteriopathy: any, location: any, n: 90}]
findings:
- {exposure: age, outcome: r-dwi, population: all, measure: OR, value: 2.0, ci: [1.1, 3.6], direction: increases}
"""


def test_the_address_that_is_printed_answers_and_a_load_is_seen_without_a_restart(
    serve: Callable[..., Served], folder: Path, tmp_path: Path, graph: EvidenceGraph
) -> None:
    served = serve()
    assert served.address.startswith("http://127.0.0.1:")
    assert served.json("/healthz")["status"] == "ok"
    assert served.json("/readyz")["release"] == graph.release
    before = served.json("/v1/factors")
    assert before["release"] == graph.release
    _, headers, _ = served.ask("/v1/factors")
    assert served.ask("/v1/factors", **{"If-None-Match": headers["etag"]})[0] == 304
    assert served.ask("/v1/studies/smith-2024")[0] == 404

    path = tmp_path / "smith.yaml"
    path.write_text(SHEET, encoding="utf-8")
    done = rdwi(folder, "load", str(path))
    assert done.returncode == 0, done.stderr

    status, headers, body = served.ask("/v1/factors", **{"If-None-Match": headers["etag"]})
    assert status == 200
    assert json.loads(body)["release"] == snapshot.read(folder / snapshot.NAME, shipped()).release != graph.release
    assert served.json("/v1/studies/smith-2024")["study"]["year"] == 2024
    assert served.json("/v1/releases/current")["counts"]["studies"] == len(graph.studies) + 1

    assert rdwi(folder, "remove", "smith-2024").returncode == 0
    assert served.json("/v1/factors") == before
    assert served.ask("/v1/studies/smith-2024")[0] == 404

    (folder / snapshot.NAME).write_bytes(b"damaged")
    assert served.json("/v1/factors?limit=3")["release"] == graph.release

    status, _, err = served.end()
    assert status == 130
    assert "Traceback" not in err
    assert "still served" in err


def test_an_interrupt_ends_it_cleanly_and_frees_the_port(serve: Callable[..., Served]) -> None:
    served = serve()
    port = int(served.address.rpartition(":")[2])
    served.json("/v1/terms/r-dwi")
    status, out, err = served.end(signal.SIGINT)
    assert (status, out) == (130, "")
    assert "Traceback" not in err
    with socket.socket() as again:
        again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        again.bind(("127.0.0.1", port))


def test_an_interrupt_ends_it_cleanly_while_the_first_pages_are_made(serve: Callable[..., Served]) -> None:
    served = serve()
    served.json("/healthz")
    # it begins a second after the start
    time.sleep(1.3)
    status, _, err = served.end(signal.SIGINT)
    assert status == 130
    assert "Traceback" not in err
    assert "Fatal" not in err


def test_a_termination_ends_it_cleanly(serve: Callable[..., Served]) -> None:
    served = serve()
    served.json("/healthz")
    status, _, err = served.end(signal.SIGTERM)
    assert status == -signal.SIGTERM
    assert "Traceback" not in err


ENDS = {signal.SIGINT: 130, signal.SIGTERM: -signal.SIGTERM, signal.SIGHUP: -signal.SIGHUP}


@pytest.mark.parametrize("how", ENDS, ids=str)
def test_a_signal_ends_it_though_who_started_it_ignores_them(serve: Callable[..., Served], how: signal.Signals) -> None:
    served = serve(program=IGNORING)
    served.json("/healthz")
    status, _, err = served.end(how)
    assert status == ENDS[how]
    assert "Traceback" not in err


def ended_while_it_opens_a_store(folder: Path, program: list[str], how: signal.Signals) -> tuple[int, str, str]:
    """Exit status, output and log of one that is told to end while it waits for a server that says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as mute:
        mute.settimeout(LONGEST)
        given = environment(folder, RDWI_STORE=f"bolt://127.0.0.1:{mute.getsockname()[1]}", RDWI_NEO4J_PASSWORD="none")
        command = [*program, "serve", "--port", "0"]
        opening = subprocess.Popen(command, env=given, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        try:
            connection, _ = mute.accept()
            with connection:
                inner = Path(f"/proc/{opening.pid}/task/{opening.pid}/children").read_text() if program == FIRST else ""
                os.kill(int(inner or opening.pid), how)
                out, err = opening.communicate(timeout=LONGEST)
        finally:
            opening.kill()
    return opening.returncode, out, err


@pytest.mark.parametrize("program", [PROGRAM, IGNORING], ids=["default", "ignored"])
@pytest.mark.parametrize("how", ENDS, ids=str)
def test_a_signal_ends_it_while_the_store_is_opened(empty_folder: Path, program: list[str], how: signal.Signals) -> None:
    status, out, err = ended_while_it_opens_a_store(empty_folder, program, how)
    assert (status, out) == (ENDS[how], "")
    assert "Traceback" not in err


FIRST = ["unshare", "--pid", "--fork", "--kill-child", *PROGRAM]


def may_be_first() -> bool:
    if sys.platform != "linux" or os.geteuid() != 0 or shutil.which("unshare") is None:
        return False
    return subprocess.run(["unshare", "--pid", "--fork", "true"], capture_output=True, check=False).returncode == 0


@pytest.mark.skipif(not may_be_first(), reason="root on Linux alone makes a first process, by unshare")
def test_a_termination_ends_a_containers_first_process_which_the_signal_spares(empty_folder: Path) -> None:
    status, out, err = ended_while_it_opens_a_store(empty_folder, FIRST, signal.SIGTERM)
    assert (status, out) == (0, "")
    assert "Traceback" not in err


def test_many_who_ask_at_once_are_all_answered(serve: Callable[..., Served], graph: EvidenceGraph) -> None:
    served = serve()
    paths = ["/v1/factors", "/v1/prevalence", "/v1/studies/menon-2012", "/v1/evidence?exposure=age&outcome=r-dwi", "/v1/nothing"] * 6
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(served.ask, paths))
    assert [status for status, *_ in answers] == [404 if path.endswith("nothing") else 200 for path in paths]
    assert {json.loads(body)["release"] for status, _, body in answers if status == 200} == {graph.release}


def test_it_says_nothing_of_its_server_and_logs_json_where_that_is_wanted(serve: Callable[..., Served], folder: Path) -> None:
    served = serve(RDWI_LOG_FORMAT="json")
    _, headers, _ = served.ask("/v1/terms/r-dwi")
    assert "server" not in headers
    (folder / snapshot.NAME).write_bytes(b"damaged")
    served.json("/v1/terms/age")
    _, _, err = served.end()
    lines = [json.loads(line) for line in err.splitlines()]
    assert any(line["level"] == "warning" and "still served" in line["message"] for line in lines)
    assert all({"time", "level", "logger", "message"} <= set(line) for line in lines)


def test_a_port_that_is_taken_is_told_in_a_sentence(folder: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = rdwi(folder, "serve", "--port", str(port))
    assert done.returncode != 0
    assert done.stdout == ""
    assert f"127.0.0.1:{port}" in done.stderr
    assert "--port" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_host_that_is_none_is_told_in_a_sentence(folder: Path) -> None:
    done = rdwi(folder, "serve", "--port", "0", "--host", "no-such-host.invalid")
    assert done.returncode != 0
    assert "no-such-host.invalid" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_damaged_snapshot_keeps_it_from_starting(empty_folder: Path) -> None:
    empty_folder.mkdir()
    (empty_folder / snapshot.NAME).write_bytes(b"damaged")
    done = rdwi(empty_folder, "serve", "--port", "0")
    assert (done.returncode, done.stdout) == (3, "")
    assert "--fresh" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="no IPv6 here")
def test_it_listens_on_ipv6_where_that_is_asked(serve: Callable[..., Served], graph: EvidenceGraph) -> None:
    served = serve("--host", "::1")
    assert served.address.startswith("http://[::1]:")
    assert served.json("/readyz")["release"] == graph.release


def test_the_shipped_corpus_is_served_where_nothing_is_kept(empty_folder: Path, graph: EvidenceGraph) -> None:
    served = Served(empty_folder, "--port", "0")
    try:
        assert served.json("/v1/releases/current")["release"] == graph.release
    finally:
        served.end()
    assert snapshot.read(empty_folder / snapshot.NAME, shipped()).release == graph.release
