"""The graph as text, by networkx."""

from __future__ import annotations

import io
import json
from typing import Any

from graph import networks
from graph.stores.port import Reader
from schema.populations import resolve_population

FORMATS = {"node-link": "application/json", "graphml": "application/graphml+xml"}


def written(reader: Reader, format: str, population: str | None = None) -> bytes:
    """The whole graph, or a population's, in one of FORMATS."""
    import networkx as nx

    node = resolve_population(population).id if population is not None else None
    network = networks.multigraph(reader.graph(), node)
    if format == "node-link":
        return json.dumps(nx.node_link_data(network, edges="edges"), ensure_ascii=False).encode()
    for _, properties in network.nodes(data=True):
        _flatten(properties)
    for _, _, properties in network.edges(data=True):
        _flatten(properties)
    out = io.BytesIO()
    nx.write_graphml(network, out)
    return out.getvalue()


def _flatten(properties: dict[str, Any]) -> None:
    """GraphML knows no lists."""
    for name, value in properties.items():
        if isinstance(value, list):
            properties[name] = "; ".join(str(one) for one in value)
