"""What the serving benchmarks share: servers in processes of their own, and a client that asks over plain sockets."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

# the command of a server as a user starts it
RDWI = ["-c", "from api.cli import main; main()", "serve", "--port", "0"]


def serving(app: str) -> list[str]:
    """The command of a server of what that code calls app."""
    listening = (
        "import socket, uvicorn\n"
        "listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)\n"
        "listener.bind(('127.0.0.1', 0))\n"
        "listener.listen(128)\n"
        "print('http://127.0.0.1:%d' % listener.getsockname()[1], flush=True)\n"
        "uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False)).run([listener])"
    )
    return ["-c", app + listening]


@contextlib.contextmanager
def server(command: Sequence[str], environment: dict[str, str]) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A server that prints its address when it listens; gives the process and the port."""
    process = subprocess.Popen(
        [sys.executable, *command], env={**os.environ, **environment}, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        match = re.search(r"http://127\.0\.0\.1:(\d+)", line)
        if match is None:
            raise RuntimeError(f"the server printed no address, but {line!r}")
        yield process, int(match[1])
    finally:
        process.terminate()
        process.wait(timeout=10)
        if process.stdout is not None:
            process.stdout.close()


def first_answer(port: int, path: str) -> bytes:
    """The body of one answer; waits until the server gives it."""
    for _ in range(1000):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)) as connection:
            connection.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
            answer = b""
            while part := connection.recv(1 << 16):
                answer += part
            if answer.startswith(b"HTTP/1.1 200"):
                return answer.partition(b"\r\n\r\n")[2]
        time.sleep(0.005)
    raise RuntimeError(f"no answer from {path}")


def resident_mib(pid: int) -> float:
    """Resident memory of a process."""
    text = Path(f"/proc/{pid}/status").read_text()
    match = re.search(r"VmRSS:\s+(\d+) kB", text)
    assert match is not None
    return int(match[1]) / 1024


async def _client(port: int, paths: Sequence[str], until: float, taken: list[float]) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    answered = 0
    while time.perf_counter() < until:
        begin = time.perf_counter()
        path = paths[answered % len(paths)]
        writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(head.split(b"\r\n", 1)[0].decode())
        match = re.search(rb"(?i)content-length: (\d+)", head)
        assert match is not None
        await reader.readexactly(int(match[1]))
        answered += 1
        taken.append(time.perf_counter() - begin)
    writer.close()
    return answered


def requests_per_second(port: int, path: str, *, seconds: float = 3.0, clients: int = 8) -> float:
    """Answers a second to clients that keep their connections and ask again at once."""

    return len(latencies(port, [path], seconds=seconds, clients=clients)) / seconds


def latencies(port: int, paths: Sequence[str], *, seconds: float, clients: int) -> list[float]:
    """Seconds that each answer took, of clients that keep their connections and ask again at once; RuntimeError at any that is no 200."""
    taken: list[float] = []

    async def run() -> None:
        until = time.perf_counter() + seconds
        # each begins elsewhere, so that no two ask the same at a time
        begins = (i * len(paths) // clients for i in range(clients))
        await asyncio.gather(*(_client(port, [*paths[begin:], *paths[:begin]], until, taken) for begin in begins))

    asyncio.run(run())
    return taken
