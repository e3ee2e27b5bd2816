"""From nothing to the first answer over HTTP, and resident memory then: `python -m benchmarks.startup [RUNS]`.

Cold: no snapshot, the shipped sheets are read and the graph is built. Warm: from the snapshot. The reference is a FastAPI application
with one static route on the same server.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.serving import RDWI, first_answer, resident_mib, server, serving

_QUESTION = "/v1/factors?population=caa"
_BARE = serving("from fastapi import FastAPI\napp = FastAPI()\napp.get('/')(lambda: {'answer': 1})\n")


def _measure(command: list[str], path: str, folder: str) -> tuple[float, float]:
    start = time.perf_counter()
    with server(command, {"RDWI_SNAPSHOT": folder}) as (process, port):
        first_answer(port, path)
        return time.perf_counter() - start, resident_mib(process.pid)


def main() -> None:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    bare = [_measure(_BARE, "/", "/nonexistent") for _ in range(runs)]
    cold = []
    for _ in range(runs):
        with tempfile.TemporaryDirectory() as folder:
            cold.append(_measure(RDWI, _QUESTION, folder))
    with tempfile.TemporaryDirectory() as folder:
        _measure(RDWI, _QUESTION, folder)
        assert any(Path(folder).iterdir())
        warm = [_measure(RDWI, _QUESTION, folder) for _ in range(runs)]
    print(f"{'':28} {'seconds (median)':>17} {'vs bare':>8} {'MiB resident':>13}")
    reference = statistics.median(seconds for seconds, _ in bare)
    for name, figures in (("bare FastAPI, static route", bare), ("cold: read, build, answer", cold), ("from the snapshot", warm)):
        seconds = statistics.median(one for one, _ in figures)
        print(f"{name:28} {seconds:>17.2f} {seconds / reference:>7.2f}x {max(mib for _, mib in figures):>13.0f}")


if __name__ == "__main__":
    main()
