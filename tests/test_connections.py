"""Connections that are held open, and clients that send or take too slowly."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from api import server
from api.connections import Waiting
from tests.test_serve import PROGRAM, Served

PATIENCE = 1.0
LARGE = b"x" * (64 * 1024)


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Says ok; 64 MiB for /large; and for /slow after some seconds."""
    if scope["type"] != "http":
        return
    while (await receive()).get("more_body"):
        pass
    if scope["path"] == "/slow":
        await asyncio.sleep(3 * PATIENCE)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    for _ in range(1024 if scope["path"] == "/large" else 0):
        await send({"type": "http.response.body", "body": LARGE, "more_body": True})
    await send({"type": "http.response.body", "body": b"ok"})


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    waiting = Waiting(PATIENCE)
    listener = server._listen("127.0.0.1", 0, waiting)
    running = uvicorn.Server(server._config(application, waiting))
    thread = threading.Thread(target=running.run, args=([listener],))
    thread.start()
    yield listener.getsockname()[1]
    running.should_exit = True
    thread.join()
    assert waiting.open == 0


@contextlib.contextmanager
def opened(port: int, sent: bytes = b"", **options: int) -> Iterator[socket.socket]:
    with socket.socket() as connection:
        for name, value in options.items():
            connection.setsockopt(socket.SOL_SOCKET, getattr(socket, name), value)
        connection.settimeout(10 * PATIENCE)
        connection.connect(("127.0.0.1", port))
        connection.sendall(sent)
        yield connection


def rest(connection: socket.socket) -> bytes:
    """All that comes until the connection is ended, however it is."""
    taken = b""
    with contextlib.suppress(ConnectionResetError):
        while part := connection.recv(1 << 20):
            taken += part
    return taken


WHOLE = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"GET / HTTP/1.1\r\nHost",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc",
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
        # the second request of a connection
        b"GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTT",
    ],
)
def test_a_request_that_is_not_whole_in_time_is_given_up(port: int, sent: bytes) -> None:
    with opened(port, sent) as connection:
        begun = time.monotonic()
        taken = rest(connection)
        assert PATIENCE * 0.8 < time.monotonic() - begun < 4 * PATIENCE
    assert taken.count(b"200 OK") == sent.count(b"\r\n\r\nGET")


def test_one_that_sends_a_letter_now_and_then_is_given_up_too(port: int) -> None:
    with opened(port) as connection:
        begun = time.monotonic()
        with contextlib.suppress(OSError):
            for letter in b"GET / HTTP/1.1\r\nX: " + b"a" * 100:
                connection.sendall(bytes([letter]))
                time.sleep(PATIENCE / 5)
        assert time.monotonic() - begun < 4 * PATIENCE


def test_who_takes_nothing_of_an_answer_is_given_up(port: int) -> None:
    with opened(port, WHOLE.replace(b"/ ", b"/large "), SO_RCVBUF=4096) as connection:
        time.sleep(4 * PATIENCE)
        assert len(rest(connection)) < 32 * 1024**2


def test_who_takes_it_slowly_gets_all_of_it(port: int) -> None:
    with opened(port, WHOLE.replace(b"/ ", b"/large ")) as connection:
        taken = 0
        for step in range(10**6):
            part = connection.recv(1 << 20)
            taken += len(part)
            if not part:
                break
            if step < 8:
                time.sleep(PATIENCE / 4)
    assert taken > 64 * 1024**2


def test_an_answer_that_takes_its_time_is_waited_for(port: int) -> None:
    with opened(port, WHOLE.replace(b"/ ", b"/slow ")) as connection:
        assert rest(connection).endswith(b"2\r\nok\r\n0\r\n\r\n")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="ulimit is for POSIX")
@pytest.mark.parametrize(("files", "many"), [(256, 400), (4096, 1500)])
def test_idle_connections_stop_no_answer_and_fill_no_log(folder: Path, files: int, many: int) -> None:
    import resource

    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < many + 100:
        pytest.skip("needs more files")
    limited = ["/bin/sh", "-c", f'ulimit -n {files}; exec "$@"', "sh", *PROGRAM]
    served = Served(folder, "--port", "0", program=limited)
    to = "127.0.0.1", int(served.address.rpartition(":")[2])
    with contextlib.ExitStack() as stack:
        for _ in range(many):
            stack.enter_context(socket.create_connection(to))
        for path in ("/v1/factors", "/v1/studies/menon-2012", "/"):
            begun = time.monotonic()
            assert served.ask(path)[0] == 200
            assert time.monotonic() - begun < 20
        held = len(list(Path(f"/proc/{served.process.pid}/fd").iterdir()))
        assert held <= min(files - 100, many + 100)
        _, _, log = served.end()
    assert len(log) < 2000
    assert "Traceback" not in log


def test_what_a_client_sends_fills_no_log(folder: Path) -> None:
    served = Served(folder, "--port", "0")
    to = "127.0.0.1", int(served.address.rpartition(":")[2])
    upgrade = WHOLE.replace(b"close", b"Upgrade\r\nUpgrade: websocket")
    for sent in (b"\x16\x03\x01\0\0\r\n\r\n", b"GET / HTTP/1.1\r\n\x1b[2J: x\r\n\r\n", b"GET /" + b"a" * 70_000, upgrade):
        for _ in range(20):
            with socket.create_connection(to) as connection, contextlib.suppress(OSError):
                connection.sendall(sent)
                connection.settimeout(10)
                assert connection.recv(12) in {b"HTTP/1.1 400", b"HTTP/1.1 200", b"HTTP/1.1 414"}
    _, _, log = served.end()
    assert len(log) < 1000, log
