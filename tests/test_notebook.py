"""The notebook runs from its first cell to its last, shows what it says, and holds its outputs, which GitHub renders.

RDWI_PICTURES=1 writes its outputs anew.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest

from graph.opening import open_graph
from graph.stores import snapshot

ROOT = Path(__file__).parent.parent
TOUR = ROOT / "notebooks" / "tour.ipynb"


def read() -> Any:
    return nbformat.read(TOUR, as_version=4)  # type: ignore[no-untyped-call]


# in a process of its own: the client leaves its sockets to the garbage collector, which warns of them
_EXECUTE = """
import sys
import nbformat
from nbclient import NotebookClient
notebook = nbformat.read(sys.argv[1], as_version=4)
notebook.cells.append(nbformat.v4.new_code_cell("import sys; print(sys.executable)"))
NotebookClient(notebook, kernel_name="python3", timeout=60).execute(cwd=sys.argv[2])
nbformat.write(notebook, sys.argv[2] + "/executed.ipynb")
"""


@pytest.fixture(scope="module")
def executed(written: bytes, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The notebook with its outputs, run by this Python on the shipped corpus; it has a last cell that tells which Python it was."""
    folder = tmp_path_factory.mktemp("notebook")
    (folder / snapshot.NAME).write_bytes(written)
    environment = {**os.environ, "RDWI_SNAPSHOT": str(folder), "PYTHONPATH": str(ROOT), "IPYTHONDIR": str(folder)}
    # a kernel that is registered for this machine's user is not ours
    environment |= {"JUPYTER_DATA_DIR": str(folder), "JUPYTER_PATH": "", "JUPYTER_PREFER_ENV_PATH": "1"}
    command = [sys.executable, "-c", _EXECUTE, str(TOUR), str(folder)]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return nbformat.read(folder / "executed.ipynb", as_version=4)  # type: ignore[no-untyped-call]


def shown(notebook: Any) -> str:
    """All that its cells print and show."""
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    return "\n".join(output.get("text") or output["data"].get("text/plain", "") for output in outputs)


def outputs(notebook: Any) -> list[Any]:
    return [(cell.execution_count, cell.outputs) for cell in notebook.cells if cell.cell_type == "code"]


def test_its_outputs_are_those_of_the_shipped_corpus(executed: Any) -> None:
    # without the last cell, which is the test's own
    ran = nbformat.from_dict({**executed, "cells": executed.cells[:-1]})  # type: ignore[no-untyped-call]
    for cell in ran.cells:
        cell.metadata = {}
    if os.environ.get("RDWI_PICTURES") == "1":
        ran.metadata = read().metadata
        nbformat.write(ran, TOUR)  # type: ignore[no-untyped-call]
    assert outputs(read()) == outputs(ran), "stale: RDWI_PICTURES=1 writes them"


def test_it_is_a_valid_notebook_that_names_no_ones_own_machine() -> None:
    nbformat.validate(read())  # type: ignore[no-untyped-call]
    assert set(json.loads(TOUR.read_text("utf-8"))["metadata"]) == {"kernelspec", "language_info"}


def test_every_cell_runs_and_warns_of_nothing(executed: Any) -> None:
    for cell in executed.cells:
        if cell.cell_type == "code":
            assert cell.outputs, cell.source
            assert {output.get("name", "stdout") for output in cell.outputs} == {"stdout"}, cell.outputs


def test_it_was_run_by_the_python_of_the_tests(executed: Any) -> None:
    assert executed.cells[-1].outputs[0]["text"].strip() == sys.executable


def test_it_shows_the_evidence_the_gap_map_and_a_chain(executed: Any, folder: Path) -> None:
    text = shown(executed)
    g = open_graph()
    assert g.release[:12] in text
    evidence = g.evidence("cerebral-microbleeds", "r-dwi")
    assert evidence.association is not None
    assert evidence.association.caption in text
    for row in evidence.rows:
        assert row.study.label in text
    forest, gaps = (
        output["data"]["image/svg+xml"]
        for cell in executed.cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if "image/svg+xml" in output.get("data", {})
    )
    pooled = [row.study.label for row in evidence.rows if row.used == "pooled"]
    assert len(pooled) > 1
    assert all(label in forest for label in pooled)
    assert all(one.factor.name.split()[0] in gaps for one in g.gaps(state=("empty", "weak", "fair")).items)
    assert "cerebral-microbleeds > r-dwi: increases" in text
    assert "r-dwi > poor-functional-outcome: increases" in text
    assert {"empty", str(g.gaps().items[0].sample_size)} <= set(text.split())
