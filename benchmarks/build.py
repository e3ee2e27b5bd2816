"""Time and memory of building the graph from synthetic studies: `python -m benchmarks.build [--dense] [--streamed] [N ...]`.

The reference is the time a finding of the smallest size: it may not grow. Each size is built in a process of its own. With `--streamed` it
is built as a load does, in as many processes as there are cores where it is large, and written to a snapshot as it is made.
Memory is that of all these processes, what they share counted once; the synthetic studies are in it.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path


def _one(findings: int, *, dense: bool, streamed: bool) -> None:
    from benchmarks.synthetic import synthetic
    from graph.build import Associations, build, lay_out, set_aside, without_collections
    from graph.stores import snapshot

    studies, vocabulary = synthetic(findings, dense=dense)
    have = sum(len(study.findings) for study in studies)
    # the libraries that synthesis needs are loaded once, whatever the size
    build(studies[:3], vocabulary)
    start = time.perf_counter()
    if streamed:
        with without_collections():
            graph = lay_out(studies, vocabulary)
        assert isinstance(graph.associations, Associations)
        graph.associations.spread()
        with tempfile.TemporaryDirectory() as folder, set_aside():
            snapshot.write(graph, Path(folder) / snapshot.NAME, "")
    else:
        graph = build(studies, vocabulary)
    print(json.dumps({"findings": have, "edges": len(graph.associations), "seconds": time.perf_counter() - start}))


def _mib(process: int) -> float:
    """What a process and those that it started hold."""
    held = 0.0
    with suppress(OSError):
        proc = Path(f"/proc/{process}")
        held = int((proc / "smaps_rollup").read_text().partition("\nPss:")[2].split()[0]) / 1024
        held += sum(_mib(int(child)) for task in (proc / "task").iterdir() for child in (task / "children").read_text().split())
    return held


def main() -> None:
    options = [argument for argument in sys.argv[1:] if argument in {"--dense", "--streamed"}]
    sizes = [int(argument) for argument in sys.argv[1:] if argument.isdigit()] or [1_000, 10_000, 100_000]
    if "--one" in sys.argv:
        _one(sizes[0], dense="--dense" in options, streamed="--streamed" in options)
        return
    print(f"{'findings':>9} {'edges':>9} {'seconds':>9} {'ms/finding':>11} {'vs smallest':>12} {'peak MiB':>9}")
    first = None
    for size in sizes:
        command = [sys.executable, "-m", "benchmarks.build", "--one", str(size), *options]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            memory = 0.0
            while process.poll() is None:
                memory = max(memory, _mib(process.pid))
                time.sleep(0.5)
            assert process.stdout is not None
            told = json.loads(process.stdout.read())
        each = 1000 * told["seconds"] / told["findings"]
        first = first or each
        print(
            f"{told['findings']:>9} {told['edges']:>9} {told['seconds']:>9.2f} {each:>11.3f} {each / first:>11.2f}x {memory:>9.0f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
