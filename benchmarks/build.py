"""Time and memory of building the graph from synthetic studies: `python -m benchmarks.build [--dense] [N ...]`.

The reference is the time a finding of the smallest size: it may not grow. Each size is built in a process of its own.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time


def _one(findings: int, *, dense: bool) -> None:
    from benchmarks.synthetic import synthetic
    from graph.build import build

    studies, vocabulary = synthetic(findings, dense=dense)
    have = sum(len(study.findings) for study in studies)
    # the libraries that synthesis needs are loaded once, whatever the size
    build(studies[:3], vocabulary)
    start = time.perf_counter()
    graph = build(studies, vocabulary)
    seconds = time.perf_counter() - start
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"findings": have, "edges": len(graph.associations), "seconds": seconds, "mib": memory}))


def main() -> None:
    dense = "--dense" in sys.argv
    sizes = [int(argument) for argument in sys.argv[1:] if argument.isdigit()] or [1_000, 10_000, 100_000]
    if "--one" in sys.argv:
        _one(sizes[0], dense=dense)
        return
    print(f"{'findings':>9} {'edges':>9} {'seconds':>9} {'ms/finding':>11} {'vs smallest':>12} {'peak MiB':>9}")
    first = None
    for size in sizes:
        command = [sys.executable, "-m", "benchmarks.build", "--one", str(size), *(["--dense"] if dense else [])]
        told = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        each = 1000 * told["seconds"] / told["findings"]
        first = first or each
        print(
            f"{told['findings']:>9} {told['edges']:>9} {told['seconds']:>9.2f} {each:>11.3f} {each / first:>11.2f}x {told['mib']:>9.0f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
