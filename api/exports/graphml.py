"""GraphML for networkx, Gephi and Cytoscape: every attribute declared with its type, each value a scalar (a list is JSON text).

What is true or false is text, for a reader with a column for all nodes (igraph) takes an absent boolean for false.

Edges have no id of their own: `key` tells those between two nodes apart, and networkx takes it as its key. Gephi and Cytoscape want an
id that no other edge has, and number the edges themselves where there is none.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from graph.build import EvidenceGraph
from graph.networks import key_of
from graph.property_graph import elements
from schema import outputs
from schema.graphmodel import EDGES, NODES, EdgeType, NodeType

_SCHEMA = "http://graphml.graphdrawing.org/xmlns"
_TYPES = {"string": "string", "integer": "long", "number": "double", "boolean": "string", "list of strings": "string"}


def attributes(kinds: Iterable[NodeType | EdgeType], first: Mapping[str, str]) -> dict[str, str]:
    """The GraphML type of each attribute of some kinds of nodes or edges, by name."""
    return {**first, **{one.name: _TYPES[one.type] for kind in kinds for one in kind.properties}}


NODE_ATTRIBUTES = attributes(NODES, {"label": "string"})
EDGE_ATTRIBUTES = attributes(EDGES, {"type": "string", "key": "string"})


def write(graph: EvidenceGraph, path: outputs.Place, population: str | None) -> None:
    nodes, edges = elements(graph, population)
    with outputs.text(path) as out:
        out.write(f'<?xml version="1.0" encoding="utf-8"?>\n<graphml xmlns="{_SCHEMA}">\n')
        for scope, declared in (("graph", {"release": "string"}), ("node", NODE_ATTRIBUTES), ("edge", EDGE_ATTRIBUTES)):
            for name, kind in declared.items():
                out.write(f'<key id="{scope}-{name}" for="{scope}" attr.name="{name}" attr.type="{kind}"/>\n')
        out.write(f'<graph edgedefault="directed">{_data("graph", {"release": graph.release})}\n')
        for node in nodes:
            out.write(f"<node id={quoteattr(node.id)}>{_data('node', {'label': node.label, **node.properties})}</node>\n")
        for edge in edges:
            data = _data("edge", {"type": edge.type, "key": key_of(edge), **edge.properties})
            out.write(f"<edge source={quoteattr(edge.start)} target={quoteattr(edge.end)}>{data}</edge>\n")
        out.write("</graph>\n</graphml>\n")


def _data(scope: str, properties: Mapping[str, Any]) -> str:
    # a reader of XML takes a bare carriage return for a line feed
    return "".join(f'<data key="{scope}-{name}">{escape(text(value), {chr(13): "&#13;"})}</data>' for name, value in properties.items())


def text(value: Any) -> str:
    """A property as text: true and false, figures as Python writes them, lists as JSON."""
    match value:
        case bool():
            return str(value).lower()
        case list():
            return json.dumps(value, ensure_ascii=False)
        case _:
            return str(value)
