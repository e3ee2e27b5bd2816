"""Seconds and peak memory of `rdwi export` in each format: `python -m benchmarks.export [N]`, of the corpus and of N synthetic findings.

Whole commands are measured, each in a process of its own, from the embedded store's snapshot (which N findings are put into beforehand).
The references: `rdwi status`, which opens the same snapshot and writes nothing, and networkx, which makes a graph of the same snapshot and
writes it by `node_link_data`.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from api.exports import FORMATS
from benchmarks.synthetic import synthetic
from graph.build import lay_out, set_aside
from graph.opening import shipped, shipped_digest
from graph.stores import snapshot

_RDWI = [sys.executable, "-c", "from api.cli import main; main()"]
_NETWORKX = """
import json, sys
import networkx as nx
from graph.opening import open_graph
with open(sys.argv[1], "w") as file:
    json.dump(nx.node_link_data(open_graph().networkx(), edges="edges"), file)
"""


def _fill(folder: Path, findings: int) -> None:
    """A snapshot of synthetic studies, whose associations are made while they are written."""
    graph = lay_out(*synthetic(findings))
    with set_aside():
        snapshot.write(graph, folder / snapshot.NAME, shipped_digest(shipped()))


class _Told(NamedTuple):
    """Seconds by the clock and of the processors, and peak MiB."""

    seconds: float
    cpu: float
    memory: float


def _run(command: list[str], folder: Path) -> _Told:
    started = time.perf_counter()
    process = subprocess.Popen(command, env={**os.environ, "RDWI_SNAPSHOT": str(folder)}, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{' '.join(command)} failed")
    return _Told(time.perf_counter() - started, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def _measure(folder: Path, times: int) -> None:
    print(f"{'':<32} {'seconds':>8} {'CPU seconds':>12} {'peak MiB':>9} {'MiB written':>12}")
    commands = {
        "rdwi status": [*_RDWI, "status"],
        "networkx, node_link_data": [sys.executable, "-c", _NETWORKX],
        **{f"rdwi export {form}": [*_RDWI, "export", form, "--output"] for form in FORMATS},
    }
    for name, command in commands.items():
        told, size = [], 0.0
        for _ in range(times):
            with TemporaryDirectory() as temporary:
                output = Path(temporary) / "output"
                told.append(_run(command if name == "rdwi status" else [*command, str(output)], folder))
                size = sum(file.stat().st_size for file in (output, *output.rglob("*")) if file.is_file()) / 2**20
        seconds, cpu = (statistics.median(one[i] for one in told) for i in range(2))
        print(f"{name:<32} {seconds:>8.2f} {cpu:>12.2f} {max(one.memory for one in told):>9.0f} {size:>12.1f}", flush=True)


def main() -> None:
    if "--fill" in sys.argv:
        _fill(Path(sys.argv[2]), int(sys.argv[3]))
        return
    findings = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with TemporaryDirectory() as temporary:
        corpus, large = Path(temporary) / "corpus", Path(temporary) / "large"
        _run([*_RDWI, "status"], corpus)
        print("the corpus (median of 5)")
        _measure(corpus, 5)
        large.mkdir()
        # by another process: the peak of a command counts from that of the process which started it
        _run([sys.executable, "-m", "benchmarks.export", "--fill", str(large), str(findings)], large)
        print(f"\n{findings} synthetic findings")
        _measure(large, 1)


if __name__ == "__main__":
    main()
