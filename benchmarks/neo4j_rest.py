"""REST over Neo4j under load: `python -m benchmarks.neo4j_rest [SECONDS]`, 32 clients that ask without pause, on the shipped corpus.

The reference is the bare driver: 32 threads that run the headline's Cypher and take its records, on the same server. An answer that is
no 200 ends the run with its status.
"""

from __future__ import annotations

import statistics
import sys
import threading
import time

from neo4j import READ_ACCESS, GraphDatabase

from benchmarks.neo4j_server import VERSIONS
from benchmarks.neo4j_server import Server as Neo4j
from benchmarks.serving import RDWI, latencies, server
from graph.build import build
from graph.opening import shipped, shipped_studies
from graph.settings import Server
from graph.stores.neo4j import cypher
from graph.stores.neo4j.loading import Neo4jWriter

CLIENTS = 32
PATHS = [
    "/v1/factors", "/v1/factors?population=caa", "/v1/evidence?exposure=cerebral-microbleeds&outcome=r-dwi", "/v1/prevalence",
    "/v1/factors?adjusted=true", "/v1/contested", "/v1/outcomes", "/v1/mechanisms", "/v1/studies?q=menon", "/v1/terms?q=microbleed",
]  # fmt: skip


def bare(neo4j: Neo4j, seconds: float) -> list[float]:
    taken: list[float] = []
    asked = {"generation": 1, "outcome": "r-dwi", "population": "ich"}
    with GraphDatabase.driver(neo4j.uri, auth=(neo4j.user, neo4j.password)) as driver:

        def ask() -> None:
            until = time.perf_counter() + seconds
            with driver.session(default_access_mode=READ_ACCESS) as session:
                while time.perf_counter() < until:
                    begin = time.perf_counter()
                    session.execute_read(lambda transaction: list(transaction.run(cypher.EDGES_TO, asked)))
                    taken.append(time.perf_counter() - begin)

        threads = [threading.Thread(target=ask) for _ in range(CLIENTS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    return taken


def show(name: str, taken: list[float], seconds: float) -> None:
    median, high = 1000 * statistics.median(taken), 1000 * statistics.quantiles(taken, n=100)[98]
    print(
        f"{name:<12} {len(taken) / seconds:>7.0f} a second  p50 {median:>7.1f} ms  p99 {high:>7.1f} ms  slowest {1000 * max(taken):.0f} ms"
    )


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 60.0
    with Neo4j(next(iter(VERSIONS)), quick=False) as neo4j:
        with Neo4jWriter(Server.of(neo4j.uri, neo4j.user, neo4j.password), shipped()) as writer:
            writer.write(build(shipped_studies(shipped()), shipped()))
        environment = {"RDWI_STORE": neo4j.uri, "RDWI_NEO4J_PASSWORD": neo4j.password}
        with server(RDWI, environment) as (_, port):
            latencies(port, PATHS, seconds=3, clients=CLIENTS)
            show("REST", latencies(port, PATHS, seconds=seconds, clients=CLIENTS), seconds)
        bare(neo4j, 3)
        show("bare driver", bare(neo4j, min(seconds, 20.0)), min(seconds, 20.0))


if __name__ == "__main__":
    main()
