"""CSV: a file a kind of node (nodes/Study.csv) and a kind of edge (edges/REPORTS.csv), with the columns of schema/graphmodel.py.

Null is nothing, a list is JSON. A file is there for each kind, with its header, even where there is none of it.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from api.tables import cell
from graph.build import EvidenceGraph
from graph.property_graph import elements
from schema import outputs
from schema.graphmodel import EDGES, NODES, Property


def write(graph: EvidenceGraph, path: Path, population: str | None) -> None:
    nodes, edges = elements(graph, population)
    with ExitStack() as stack:

        def table(folder: str, name: str, columns: Iterable[str], properties: Iterable[Property]) -> csv.DictWriter[str]:
            file = stack.enter_context(outputs.text(path / folder / f"{name}.csv"))
            writer = csv.DictWriter(file, [*columns, *(one.name for one in properties)], lineterminator="\r\n")
            writer.writeheader()
            return writer

        for folder in ("nodes", "edges"):
            (path / folder).mkdir()
        node_tables = {one.label: table("nodes", one.label, ["id"], one.properties) for one in NODES}
        edge_tables = {one.type: table("edges", one.type, ["start", "end"], one.properties) for one in EDGES}
        for node in nodes:
            node_tables[node.label].writerow(_row({"id": node.id, **node.properties}))
        for edge in edges:
            edge_tables[edge.type].writerow(_row({"start": edge.start, "end": edge.end, **edge.properties}))


def _row(properties: dict[str, Any]) -> dict[str, Any]:
    return {name: cell(value) for name, value in properties.items()}
