"""The folder for neo4j-admin. That the import of it answers as every store does is for the contract suite to show."""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from graph.build import EvidenceGraph
from graph.property_graph import edges, nodes
from graph.stores.neo4j import bulk
from schema.graphmodel import EDGES, NODES


@pytest.fixture(scope="module")
def folder(graph: EvidenceGraph, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("bulk") / "graph"
    bulk.write(graph, made)
    return made


def rows(path: Path) -> list[dict[str, str]]:
    # a record is longer than what is a mistake in other tables
    usual = csv.field_size_limit(sys.maxsize)
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))
    finally:
        csv.field_size_limit(usual)


def test_each_kind_of_node_has_a_file_with_each_of_them_once(folder: Path, graph: EvidenceGraph) -> None:
    expected = sorted((one.label, one.id) for one in nodes(graph))
    found = sorted((kind.label, row["id:ID"]) for kind in NODES for row in rows(folder / "nodes" / f"{kind.label}.csv"))
    assert found == expected
    (pointer,) = rows(folder / "nodes" / "RdwiPointer.csv")
    assert (pointer["release:string"], pointer["current:long"]) == (graph.release, "1")


def test_each_kind_of_edge_has_a_file_with_each_of_them_once(folder: Path, graph: EvidenceGraph) -> None:
    expected = sorted((one.type, one.start, one.end) for one in edges(graph))
    found = sorted(
        (kind.type, row[":START_ID"], row[":END_ID"]) for kind in EDGES for row in rows(folder / "relationships" / f"{kind.type}.csv")
    )
    assert found == expected


def test_records_come_back_whole(folder: Path, graph: EvidenceGraph) -> None:
    studies = {row["slug:string"]: json.loads(row["record:string"]) for row in rows(folder / "nodes" / "Study.csv")}
    assert studies == {study.id: study.model_dump(mode="json", exclude_defaults=True) for study in graph.studies}


def test_every_file_is_named_in_the_options_of_the_import(folder: Path) -> None:
    named = {line.rpartition("=")[2] for line in (folder / "import.args").read_text().splitlines() if ".csv" in line}
    assert named == {str(path.relative_to(folder)) for path in folder.rglob("*.csv")}


def test_a_kind_that_there_is_none_of_has_no_file(tmp_path: Path, graph: EvidenceGraph) -> None:
    from dataclasses import replace

    bulk.write(replace(graph, claims=(), mechanisms=()), tmp_path)
    assert not (tmp_path / "nodes" / "Claim.csv").exists()
    assert "Claim" not in (tmp_path / "import.args").read_text()


def test_a_folder_that_is_not_empty_is_left_alone(tmp_path: Path, graph: EvidenceGraph) -> None:
    (tmp_path / "mine").write_text("x")
    with pytest.raises(FileExistsError):
        bulk.write(graph, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


@pytest.mark.parametrize(
    ("value", "cell"), [(None, ""), (True, "true"), (False, "false"), (["a", "b"], "a\x1fb"), (0.1, "0.1"), (3, "3"), ("a,b", "a,b")]
)
def test_a_cell_is_as_the_import_reads_it(value: Any, cell: str) -> None:
    assert bulk._cell(value) == cell
