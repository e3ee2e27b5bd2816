"""Node-link JSON, as networkx reads it (docs/exports.md says by which call): a node or edge a line."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, TextIO

from graph.build import EvidenceGraph
from graph.networks import key_of
from graph.property_graph import elements
from schema import outputs


def write(graph: EvidenceGraph, path: outputs.Place, population: str | None) -> None:
    nodes, edges = elements(graph, population)
    with outputs.text(path) as out:
        out.write(f'{{"directed": true, "multigraph": true, "graph": {_text({"release": graph.release})}, "nodes": [')
        _lines(out, ({"label": node.label, **node.properties, "id": node.id} for node in nodes))
        out.write('], "edges": [')
        _lines(
            out, ({"type": edge.type, **edge.properties, "source": edge.start, "target": edge.end, "key": key_of(edge)} for edge in edges)
        )
        out.write("]}\n")


def _lines(out: TextIO, items: Iterable[dict[str, Any]]) -> None:
    separator = "\n"
    for item in items:
        out.write(separator + _text(item))
        separator = ",\n"
    out.write("\n")


def _text(item: dict[str, Any]) -> str:
    return json.dumps(item, ensure_ascii=False, allow_nan=False)
