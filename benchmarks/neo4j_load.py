"""Loading into Neo4j: `python -m benchmarks.neo4j_load [N ...]`, for graphs of N findings.

The reference is a bare UNWIND by the driver of the same rows and relationships, made beforehand, into the same server with the same
constraint and indexes, emptied before.
A third line is what a user waits for: sheets in memory, the graph built while it is written, in a process of its own, and its memory.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

from neo4j import GraphDatabase

from benchmarks.neo4j_server import VERSIONS
from benchmarks.neo4j_server import Server as Neo4j
from benchmarks.synthetic import synthetic
from graph.build import EvidenceGraph, build, lay_out, set_aside, without_collections
from graph.opening import shipped
from graph.settings import Server
from graph.stores.neo4j import cypher
from graph.stores.neo4j.loading import EDGES, NODES, Neo4jWriter, batches
from graph.stores.neo4j.rows import edge_rows, node_rows

LTS = next(iter(VERSIONS))


def address(server: Neo4j) -> Server:
    return Server.of(server.uri, server.user, server.password)


def empty(server: Neo4j) -> None:
    while server.query("MATCH (n) WITH n LIMIT 20000 DETACH DELETE n RETURN count(*)") != [[0]]:
        pass


def ours(server: Neo4j, graph: EvidenceGraph) -> float:
    empty(server)
    begin = time.perf_counter()
    with Neo4jWriter(address(server), shipped()) as writer:
        writer.write(graph)
    return time.perf_counter() - begin


def bare(server: Neo4j, graph: EvidenceGraph) -> float:
    """The same batches, with nothing of ours around them."""
    empty(server)
    nodes = list(batches(node_rows(graph, 1), NODES))
    edges = list(batches(edge_rows(graph), EDGES))
    begin = time.perf_counter()
    with GraphDatabase.driver(server.uri, auth=(server.user, server.password)) as driver, driver.session() as session:
        for label, rows in nodes:
            session.run(cypher.CREATE_NODES[label], rows=rows).consume()
        for kind, pairs in edges:
            session.run(cypher.CREATE_EDGES[kind], rows=pairs, generation=1).consume()
    return time.perf_counter() - begin


def _whole(findings: int, uri: str, password: str) -> None:
    """Build and load, in a process whose memory is measured."""
    studies, vocabulary = synthetic(findings)
    begin = time.perf_counter()
    with without_collections():
        graph = lay_out(studies, vocabulary)
    with Neo4jWriter(Server.of(uri, "neo4j", password), shipped()) as writer, set_aside():
        writer.write(graph)
    seconds = time.perf_counter() - begin
    # not getrusage, which counts what the process that started this one had, too
    peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    print(json.dumps({"seconds": seconds, "mib": int(peak.split()[1]) / 1024}))


def _on_a_server_of_its_own(size: int) -> tuple[dict[str, float], float]:
    """Seconds and memory of the whole way, and MiB of the store that comes of it, its transaction log left out."""
    with Neo4j(LTS, heap="2g", quick=False) as server:
        command = [sys.executable, "-m", "benchmarks.neo4j_load", "--whole", str(size), server.uri, server.password]
        told = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        # what is in memory is written when it stops
        server.stop()
        files = (path for path in (server.home / "data" / "databases" / "neo4j").rglob("*") if path.is_file())
        return told, sum(path.stat().st_size for path in files) / 2**20


def main() -> None:
    if "--whole" in sys.argv:
        _whole(int(sys.argv[2]), sys.argv[3], sys.argv[4])
        return
    sizes = [int(argument) for argument in sys.argv[1:]] or [1_000, 10_000, 100_000]
    print(f"{'findings':>9} {'nodes':>8} {'edges':>8} {'ours s':>8} {'bare s':>8} {'ratio':>6}", end="")
    print(f"  {'build+load s':>12} {'peak MiB':>8} {'store MiB':>9}")
    for size in sizes:
        graph = build(*synthetic(size))
        with Neo4j(LTS, heap="2g", quick=False) as server:
            # without them the bare load would look for each node by reading all
            for statement in cypher.SCHEMA:
                server.query(statement)
            # the first loads compile the server's code
            bare(server, build(*synthetic(1_000)))
            reference = bare(server, graph)
            seconds = ours(server, graph)
        nodes, edges = sum(1 for _ in node_rows(graph, 1)), sum(1 for _ in edge_rows(graph))
        del graph
        told, store = _on_a_server_of_its_own(size)
        print(
            f"{size:>9} {nodes:>8} {edges:>8} {seconds:>8.1f} {reference:>8.1f} {seconds / reference:>5.2f}x  {told['seconds']:>12.1f}"
            f" {told['mib']:>8.0f} {store:>9.0f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
