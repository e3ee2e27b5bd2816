"""The headline question ("factors linked to R-DWI after ICH") over Neo4j: `python -m benchmarks.neo4j_headline [N ...]`, N findings.

The reference is the bare driver: one managed read that runs the same Cypher and takes the records, with nothing made of them. Beside it
our store, asked by a new reader each time (`first`: terms and associations are read and made into objects) and by one that was asked
before (`again`), each with its looks at the current release.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from neo4j import READ_ACCESS, GraphDatabase

from benchmarks.neo4j_import import imported_by
from benchmarks.neo4j_server import VERSIONS
from benchmarks.neo4j_server import Server as Neo4j
from benchmarks.synthetic import synthetic
from graph import questions
from graph.build import build
from graph.opening import shipped
from graph.settings import Server
from graph.stores.neo4j import bulk, cypher
from graph.stores.neo4j.store import Neo4jStore


def timed(ask: Callable[[], object], times: int = 300) -> tuple[float, float]:
    """Milliseconds: the median and the 99th percentile."""
    for _ in range(30):
        ask()
    taken = []
    for _ in range(times):
        begin = time.perf_counter()
        ask()
        taken.append(1000 * (time.perf_counter() - begin))
    return statistics.median(taken), statistics.quantiles(taken, n=100)[98]


def measure(server: Neo4j) -> None:
    asked = {"generation": 1, "outcome": shipped().lesion, "population": "ich"}
    store = Neo4jStore(Server.of(server.uri, server.user, server.password), shipped())

    def first() -> object:
        store._reader = None
        return store.ask(questions.Factors().answer)

    def again() -> object:
        return store.ask(questions.Factors().answer)

    with (
        GraphDatabase.driver(server.uri, auth=(server.user, server.password)) as driver,
        driver.session(default_access_mode=READ_ACCESS) as session,
    ):
        bare = timed(lambda: session.execute_read(lambda transaction: list(transaction.run(cypher.EDGES_TO, asked))))
    for name, (median, high) in {"bare": bare, "first": timed(first, 100), "again": timed(again)}.items():
        print(f"  {name:<6} p50 {median:>7.2f} ms  p99 {high:>7.2f} ms   p50 {median / bare[0]:.2f}x", flush=True)
    store.close()


def main() -> None:
    for size in [int(argument) for argument in sys.argv[1:]] or [606, 10_000, 100_000]:
        graph = build(*synthetic(size))
        server = Neo4j(next(iter(VERSIONS)), heap="2g", quick=False)
        try:
            with tempfile.TemporaryDirectory() as temporary:
                bulk.write(graph, Path(temporary) / "graph")
                imported_by(server, Path(temporary) / "graph")
            print(f"{size} findings")
            measure(server)
        finally:
            server.close()


if __name__ == "__main__":
    main()
