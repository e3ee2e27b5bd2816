"""The graph in networkx."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from graph.build import EvidenceGraph
from graph.elements import edges, nodes
from schema.association import Association
from schema.populations import with_parts

if TYPE_CHECKING:
    import networkx as nx


def multigraph(graph: EvidenceGraph, population: str | None = None) -> nx.MultiDiGraph[str]:
    """All nodes and edges, with the attributes of schema/graphmodel.py and `label` or `type`.

    With a population: the rows of it and its parts, and its own derived edges; studies, terms and populations all stay.
    """
    import networkx as nx

    inside = frozenset(with_parts(population)) if population is not None else None
    network: nx.MultiDiGraph[str] = nx.MultiDiGraph(release=graph.release)
    outside = set()
    if inside is not None:
        outside = {f"finding:{one.finding}" for one in graph.readings if not inside & set(one.populations)}
        outside |= {f"prevalence:{one.prevalence}" for one in graph.prevalence if not inside & set(one.populations)}
    for node in nodes(graph):
        if node.id not in outside:
            network.add_node(node.id, label=node.label, **node.properties)
    for edge in edges(graph):
        other = edge.type == "ASSOCIATED_WITH" and population is not None and edge.properties["population"] != population
        if edge.start in outside or edge.end in outside or other:
            continue
        key = f"{edge.type}:{edge.key}" if edge.key else edge.type
        network.add_edge(edge.start, edge.end, key=key, type=edge.type, **edge.properties)
    return network


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
