"""Loads that are killed: `python -m benchmarks.neo4j_kills [N]` starts N loads, kills each (SIGKILL) at a random moment, and counts.

After each kill the graph in Neo4j must be one of the two that were loaded, whole to the last record; the next load must clean up.
Prints what was found where, and ends with 1 if anything was lost.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

from pydantic import SecretStr

import evidence
from benchmarks.neo4j_server import VERSIONS
from benchmarks.neo4j_server import Server as Neo4j
from graph.build import EvidenceGraph
from graph.opening import load, shipped
from graph.settings import Settings
from graph.stores.neo4j.store import Neo4jStore

_WAITING, _WRITING, _DELETING = "before it wrote", "while it wrote", "while it deleted the old one"


def _sheets(first: str, last: str) -> list[Path]:
    return [path for path in sorted(evidence.STUDIES.glob("*.yaml")) if first <= path.stem < last]


def _held(settings: Settings) -> EvidenceGraph:
    store = Neo4jStore(settings.server, shipped())
    try:
        graph = store.ask(lambda reader: reader.graph())
        return replace(graph, user=frozenset(), removed=frozenset())
    finally:
        store.close()


def _environment(settings: Settings) -> dict[str, str]:
    return {**os.environ, "RDWI_STORE": settings.store, "RDWI_NEO4J_PASSWORD": settings.server.password.get_secret_value()}


def main() -> None:
    kills = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    shuffled = random.Random(kills)
    found: Counter[str] = Counter()
    with Neo4j(next(iter(VERSIONS))) as server:
        settings = Settings(store=server.uri, neo4j_password=SecretStr(server.password), neo4j_user=server.user)
        sides = [_sheets("a", "h"), _sheets("h", "z")]
        whole: list[EvidenceGraph] = []
        seconds = 0.0
        command = [sys.executable, "-c", "from api.cli import main; main()", "load", "--fresh"]
        for sheets in reversed(sides):
            begin = time.perf_counter()
            subprocess.run([*command, *map(str, sheets)], env=_environment(settings), stdout=subprocess.DEVNULL, check=True)
            seconds = time.perf_counter() - begin
            whole.insert(0, _held(settings))
        killed = 0
        while killed < kills:
            now = whole.index(_held(settings))
            process = subprocess.Popen(
                [*command, *map(str, sides[1 - now])], env=_environment(settings), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
            # from the start of the program, over what it reads and writes, to its end
            time.sleep(shuffled.uniform(0.1 * seconds, 1.05 * seconds))
            if process.poll() is not None:
                # it had ended by itself
                continue
            process.kill()
            process.wait()
            killed += 1
            generations = len(server.query("MATCH (n:Rdwi) WHERE n.generation > 0 RETURN DISTINCT n.generation"))
            graph = _held(settings)
            if graph not in whole:
                found["LOST"] += 1
            elif graph == whole[now]:
                found[_WRITING if generations > 1 else _WAITING] += 1
            else:
                found[_DELETING if generations > 1 else "after the old one was deleted"] += 1
            print(f"\r{killed} of {kills}: {dict(found)}", end="", flush=True)
        load(settings, sides[0], fresh=True)
        left = server.query("MATCH (n:Rdwi) WHERE n.generation > 0 RETURN DISTINCT n.generation")
    print(f"\n{kills} loads killed; {found['LOST']} lost a release; generations left after the next load: {len(left)}")
    for what, count in found.most_common():
        print(f"  {count:>4} {what}")
    sys.exit(bool(found["LOST"]) or len(left) != 1)


if __name__ == "__main__":
    main()
