"""A folder for `neo4j-admin database import`: the graph as the store holds it, as CSV files, where loading over Bolt would take too long.

nodes/Label.csv, relationships/TYPE.csv    a header of typed columns, then a row each
import.args                                the options of the import, which is run inside the folder
schema.cypher                              constraint and indexes, to be made once after the import
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from graph.build import EvidenceGraph
from graph.stores.neo4j.cypher import LABELS, SCHEMA
from graph.stores.neo4j.rows import OWN, POINTER, edge_rows, node_rows, pointer_row
from schema import outputs
from schema.graphmodel import EDGES, NODES, Property

# the lists hold ids and names, in which no such character stands
_ARRAY, _ARRAY_NAME = "\x1f", "U+001F"
_TYPES = {"string": "string", "integer": "long", "number": "double", "boolean": "boolean", "list of strings": "string[]"}
_GENERATION = 1


class _Table:
    """A CSV file, made at its first row: an empty one would have nothing to import."""

    def __init__(self, stack: ExitStack, path: Path, first: list[str], properties: Iterable[Property]) -> None:
        self._stack, self.path = stack, path
        self._types = {one.name: _TYPES[one.type] for one in properties}
        self._first = first
        self._rows: Any = None

    def write(self, first: list[str], properties: Mapping[str, Any]) -> None:
        if self._rows is None:
            self._rows = csv.writer(self._stack.enter_context(outputs.text(self.path)), lineterminator="\r\n")
            self._rows.writerow([*self._first, *(f"{name}:{kind}" for name, kind in self._types.items())])
        self._rows.writerow([*first, *(_cell(properties.get(name)) for name in self._types)])


def write(graph: EvidenceGraph, folder: Path) -> None:
    """Write the folder; FileExistsError where it is there and not empty."""
    with outputs.folder(folder) as whole:
        _write(graph, whole)


def _write(graph: EvidenceGraph, folder: Path) -> None:
    (folder / "nodes").mkdir()
    (folder / "relationships").mkdir()
    arguments = ["--overwrite-destination", "--multiline-fields=true", f"--array-delimiter={_ARRAY_NAME}"]
    with ExitStack() as stack:
        columns = ["id:ID"]
        nodes = {one.label: _Table(stack, folder / "nodes" / f"{one.label}.csv", columns, (*one.properties, *OWN)) for one in NODES}
        for label, row in node_rows(graph, _GENERATION):
            nodes[label].write([row["id"]], row)
        nodes["RdwiPointer"] = _Table(stack, folder / "nodes" / "RdwiPointer.csv", columns, POINTER)
        row = {**pointer_row(graph, _GENERATION), "last": _GENERATION}
        nodes["RdwiPointer"].write([row["id"]], row)

        columns = [":START_ID", ":END_ID"]
        record = [one for one in OWN if one.name == "record"]
        relationships = folder / "relationships"
        edges = {one.type: _Table(stack, relationships / f"{one.type}.csv", columns, (*one.properties, *record)) for one in EDGES}
        for kind, (start, end, properties) in edge_rows(graph):
            edges[kind].write([start, end], properties)
        labels = {**LABELS, "RdwiPointer": "RdwiPointer"}
        arguments += [f"--nodes=Rdwi:{labels[label]}=nodes/{table.path.name}" for label, table in nodes.items() if table.path.exists()]
        arguments += [f"--relationships={kind}=relationships/{table.path.name}" for kind, table in edges.items() if table.path.exists()]
    outputs.save(folder / "import.args", "".join(f"{one}\n" for one in arguments))
    outputs.save(folder / "schema.cypher", "".join(f"{statement};\n" for statement in SCHEMA))


def _cell(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case list():
            return _ARRAY.join(value)
        case _:
            return str(value)
