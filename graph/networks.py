"""The graph in networkx."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from graph.build import EvidenceGraph
from graph.property_graph import Edge, elements
from schema.association import Association

if TYPE_CHECKING:
    import networkx as nx


def multigraph(graph: EvidenceGraph, population: str | None = None) -> nx.MultiDiGraph[str]:
    """All nodes and edges, with the attributes of schema/graphmodel.py and `label` or `type`.

    With a population: the rows of it and its parts, and its own derived edges; studies, terms and populations all stay.
    """
    import networkx as nx

    network: nx.MultiDiGraph[str] = nx.MultiDiGraph(release=graph.release)
    some_nodes, some_edges = elements(graph, population)
    for node in some_nodes:
        network.add_node(node.id, label=node.label, **node.properties)
    for edge in some_edges:
        network.add_edge(edge.start, edge.end, key=key_of(edge), type=edge.type, **edge.properties)
    return network


def key_of(edge: Edge) -> str:
    """What tells an edge from the others between its two nodes."""
    return f"{edge.type}:{edge.key}" if edge.key else edge.type


def simple(associations: list[Association]) -> nx.DiGraph[str]:
    """One population's derived edges as a DiGraph, ready for networkx's algorithms.

    `weight` is the association's, `sign` +1 or -1, `distance` -log(weight). Edges without a direction of one sign and self-loops are
    left out.
    """
    import networkx as nx

    network: nx.DiGraph[str] = nx.DiGraph()
    for one in associations:
        if one.direction not in {"increases", "decreases"} or one.weight is None or one.exposure.id == one.outcome.id:
            continue
        for term in (one.exposure, one.outcome):
            network.add_node(term.id, name=term.name, kind=term.kind, category=term.category or "")
        network.add_edge(
            one.exposure.id,
            one.outcome.id,
            weight=one.weight,
            sign=1 if one.direction == "increases" else -1,
            distance=-math.log(one.weight),
            direction=one.direction,
            p_direction=one.p_direction,
            certainty=one.certainty,
            cohorts=one.cohorts,
            caption=one.caption,
        )
    return network
