"""The bulk import: `python -m benchmarks.neo4j_import [N ...]` exports graphs of N findings, imports them, and asks the headline question.

The contract suite asks all questions of an imported graph; RDWI_TEST_FINDINGS=100000 makes it one of that size.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from benchmarks.neo4j_server import VERSIONS, Server
from benchmarks.synthetic import synthetic
from graph.build import build
from graph.opening import shipped
from graph.questions import Factors
from graph.settings import Server as Address
from graph.stores.memory import MemoryReader
from graph.stores.neo4j import bulk
from graph.stores.neo4j.store import Neo4jStore


def imported_by(server: Server, folder: Path) -> None:
    """Import an exported folder into a server that does not run, start it and make constraint and indexes."""
    options = (folder / "import.args").read_text(encoding="utf-8").splitlines()
    # neo4j-admin is run in the server's folder here, and by a user in the exported one
    absolute = [f"{option.rpartition('=')[0]}={folder / option.rpartition('=')[2]}" if ".csv" in option else option for option in options]
    server.admin("database", "import", "full", "neo4j", *absolute)
    server.start()
    for statement in (folder / "schema.cypher").read_text(encoding="utf-8").splitlines():
        server.query(statement.removesuffix(";"))


def main() -> None:
    print(f"{'findings':>9} {'export s':>9} {'CSV MiB':>8} {'import s':>9}  answers as in memory")
    for size in [int(argument) for argument in sys.argv[1:]] or [1_000, 10_000, 100_000]:
        graph = build(*synthetic(size))
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary) / "graph"
            begin = time.perf_counter()
            bulk.write(graph, folder)
            exported = time.perf_counter()
            with_csv = sum(path.stat().st_size for path in folder.rglob("*.csv")) / 2**20
            server = Server(next(iter(VERSIONS)), heap="2g")
            try:
                imported_by(server, folder)
                seconds = time.perf_counter() - exported
                store = Neo4jStore(Address.of(server.uri, server.user, server.password), shipped())
                same = store.ask(Factors().answer) == Factors().answer(MemoryReader(graph))
                store.close()
            finally:
                server.close()
        print(f"{size:>9} {exported - begin:>9.1f} {with_csv:>8.0f} {seconds:>9.1f}  {'yes' if same else 'NO'}", flush=True)


if __name__ == "__main__":
    main()
