"""What the README and docs/scaling.md say of Neo4j, done as they say it."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.serving import RDWI, first_answer
from benchmarks.serving import server as serving
from graph.build import EvidenceGraph
from graph.opening import shipped
from graph.settings import Server

ROOT = Path(__file__).parents[1]
PROGRAM = f"{shlex.quote(sys.executable)} -c 'from api.cli import main; main()'"


def test_the_section_of_the_readme_loads_and_serves(empty: Server, graph: EvidenceGraph, monkeypatch: pytest.MonkeyPatch) -> None:
    section = (ROOT / "README.md").read_text(encoding="utf-8").partition("## In Neo4j")[2]
    (block,) = re.findall(r"^```sh\n(.*?)^```", section.partition("\n## ")[0], re.MULTILINE | re.DOTALL)
    *lines, last = block.strip().splitlines()
    assert lines[0].startswith("export RDWI_STORE=bolt://127.0.0.1:7687 RDWI_NEO4J_PASSWORD=")
    assert last == "./run serve"
    lines[0] = f"export RDWI_STORE={empty.uri} RDWI_NEO4J_PASSWORD={shlex.quote(empty.password.get_secret_value())}"
    script = "\n".join(["set -e", *(line.replace("./run rdwi", PROGRAM) for line in lines)])
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, cwd=ROOT, timeout=120, check=True)
    assert f"{len(graph.studies)} studies added" in done.stdout
    assert re.search(r"^store +neo4j$", done.stdout, re.MULTILINE)
    environment = {"RDWI_STORE": empty.uri, "RDWI_NEO4J_PASSWORD": empty.password.get_secret_value()}
    with serving(RDWI, environment) as (_, port):
        assert graph.release.encode() in first_answer(port, "/v1/factors?limit=1")


def test_a_routing_address_answers_as_well(loaded: Server, graph: EvidenceGraph) -> None:
    from dataclasses import replace

    from graph.stores.neo4j.store import Neo4jStore

    store = Neo4jStore(replace(loaded, uri=loaded.uri.replace("bolt://", "neo4j://")), shipped())
    assert store.ask(lambda reader: reader.release()) == graph.release
    store.close()
