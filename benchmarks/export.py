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

from api.exports import FORMATS
from benchmarks.synthetic import synthetic
from graph.build import lay_out, set_aside
from graph.opening import shipped_digest
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
        snapshot.write(graph, folder / snapshot.NAME, shipped_digest())


def _run(command: list[str], folder: Path) -> tuple[float, float]:
    """Seconds and peak MiB of a command."""
    started = time.perf_counter()
    process = subprocess.Popen(command, env={**os.environ, "RDWI_SNAPSHOT": str(folder)}, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{' '.join(command)} failed")
    return time.perf_counter() - started, usage.ru_maxrss / 1024


def _measure(folder: Path, times: int) -> None:
    print(f"{'':<32} {'seconds':>8} {'peak MiB':>9} {'MiB written':>12}")
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
        seconds, memory = statistics.median(one[0] for one in told), max(one[1] for one in told)
        print(f"{name:<32} {seconds:>8.2f} {memory:>9.0f} {size:>12.1f}", flush=True)


def main() -> None:
    findings = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with TemporaryDirectory() as temporary:
        corpus, large = Path(temporary) / "corpus", Path(temporary) / "large"
        _run([*_RDWI, "status"], corpus)
        print("the corpus (median of 5)")
        _measure(corpus, 5)
        large.mkdir()
        _fill(large, findings)
        print(f"\n{findings} synthetic findings")
        _measure(large, 1)


if __name__ == "__main__":
    main()
