"""The graph in networkx: what its algorithms are given."""

from __future__ import annotations

import io
import math
from pathlib import Path
from typing import Any

import networkx as nx
import pytest

from graph.build import EvidenceGraph
from graph.networks import multigraph
from graph.opening import Graph, shipped
from graph.property_graph import edges, nodes
from graph.stores.memory import MemoryStore
from schema.errors import UnknownName
from schema.graphmodel import EDGES, NODES


@pytest.fixture(scope="module")
def opened(graph: EvidenceGraph) -> Graph:
    return Graph(MemoryStore(graph))


@pytest.fixture(scope="module")
def whole(graph: EvidenceGraph) -> Any:
    return multigraph(graph)


@pytest.fixture(scope="module")
def plain(opened: Graph) -> Any:
    return opened.networkx(population="ich", simple=True)


def test_the_whole_graph_is_a_multidigraph_of_all_nodes_and_edges(opened: Graph, graph: EvidenceGraph, whole: Any) -> None:
    assert type(opened.networkx()) is nx.MultiDiGraph
    assert whole.graph["release"] == graph.release
    assert set(whole) == {node.id for node in nodes(graph)}
    assert whole.number_of_edges() == len(list(edges(graph)))


def test_nodes_have_their_label_and_edges_their_type_and_nothing_beyond_the_table(whole: Any) -> None:
    of_nodes = {one.label: {prop.name for prop in one.properties} | {"label"} for one in NODES}
    of_edges = {one.type: {prop.name for prop in one.properties} | {"type"} for one in EDGES}
    for _, properties in whole.nodes(data=True):
        assert set(properties) <= of_nodes[properties["label"]]
    for _, _, properties in whole.edges(data=True):
        assert set(properties) <= of_edges[properties["type"]]


def test_a_node_keeps_the_properties_of_the_elements(graph: EvidenceGraph, whole: Any) -> None:
    for node in nodes(graph):
        assert dict(whole.nodes[node.id]) == {"label": node.label, **node.properties}


def test_two_populations_make_two_edges_between_the_same_terms(graph: EvidenceGraph, whole: Any) -> None:
    found = whole.get_edge_data("cerebral-microbleeds", "r-dwi")
    populations = {one["population"] for one in found.values() if one["type"] == "ASSOCIATED_WITH"}
    expected = {one.population.id for one in graph.associations if (one.exposure.id, one.outcome.id) == ("cerebral-microbleeds", "r-dwi")}
    assert populations == expected
    assert len(populations) > 1


@pytest.mark.parametrize("name", ["caa", "CAA", "cerebral amyloid angiopathy"])
def test_a_population_narrows_the_rows_and_derived_edges(opened: Graph, graph: EvidenceGraph, whole: Any, name: str) -> None:
    network = opened.networkx(population=name)
    inside = set(shipped().populations.with_parts("caa"))
    expected = {f"finding:{one.finding}" for one in graph.observations if inside & set(one.populations)}
    expected |= {f"prevalence:{one.prevalence}" for one in graph.prevalence if inside & set(one.populations)}
    found = {node for node, label in network.nodes(data="label") if label in {"Finding", "Prevalence"}}
    assert found == expected
    derived = [edge for *_, edge in network.edges(data=True) if edge["type"] == "ASSOCIATED_WITH"]
    assert len(derived) == sum(one.population.id == "caa" for one in graph.associations) > 0
    others = {node for node, label in whole.nodes(data="label") if label not in {"Finding", "Prevalence"}}
    assert others <= set(network)


def test_an_unknown_population_is_refused(opened: Graph) -> None:
    with pytest.raises(UnknownName):
        opened.networkx(population="martians")
    with pytest.raises(UnknownName):
        opened.networkx(population="martians", simple=True)


def test_the_whole_graph_goes_through_node_link_and_back(whole: Any) -> None:
    again = nx.node_link_graph(nx.node_link_data(whole, edges="edges"), edges="edges")
    assert again.adj == whole.adj
    assert again.graph == whole.graph


# --- simple ---


def test_the_simple_graph_is_one_populations_derived_edges(graph: EvidenceGraph, plain: Any) -> None:
    assert type(plain) is nx.DiGraph
    expected = {
        (one.exposure.id, one.outcome.id)
        for one in graph.associations
        if one.population.id == "ich" and one.direction in {"increases", "decreases"} and one.weight is not None
    }
    assert set(plain.edges) == expected
    assert expected


def test_the_simple_graph_is_of_ich_where_no_population_is_named(opened: Graph, plain: Any) -> None:
    assert nx.utils.graphs_equal(opened.networkx(simple=True), plain)


def test_the_simple_graph_has_no_self_loops_and_no_inconclusive_edges(plain: Any) -> None:
    assert nx.number_of_selfloops(plain) == 0
    assert {direction for *_, direction in plain.edges(data="direction")} == {"increases", "decreases"}


def test_there_are_inconclusive_edges_to_leave_out(graph: EvidenceGraph) -> None:
    assert any(one.direction == "inconclusive" and one.population.id == "ich" for one in graph.associations)


def test_weight_sign_and_distance_are_the_associations(graph: EvidenceGraph, plain: Any) -> None:
    associations = {(one.exposure.id, one.outcome.id): one for one in graph.associations if one.population.id == "ich"}
    for start, end, edge in plain.edges(data=True):
        one = associations[start, end]
        assert edge["weight"] == one.weight
        assert 0.5 <= edge["weight"] <= 0.999
        assert edge["sign"] == (1 if one.direction == "increases" else -1)
        assert edge["distance"] == pytest.approx(-math.log(edge["weight"]))
        assert edge["distance"] >= 0
        assert math.isfinite(edge["distance"])
        for name in ("p_direction", "certainty", "cohorts", "caption"):
            assert edge[name] == getattr(one, name)


def test_nodes_of_the_simple_graph_say_what_they_are(graph: EvidenceGraph, plain: Any) -> None:
    terms = {term.id: term for term in graph.terms}
    for node, properties in plain.nodes(data=True):
        assert (properties["name"], properties["kind"]) == (terms[node].name, terms[node].kind)


def test_shortest_paths_run_over_distance(plain: Any) -> None:
    lengths = nx.single_source_dijkstra_path_length(plain, "r-dwi", weight="distance")
    assert len(lengths) > 1
    target = max(lengths, key=lambda node: lengths[node])
    path = nx.shortest_path(plain, "r-dwi", target, weight="distance")
    product = math.prod(plain.edges[edge]["weight"] for edge in nx.utils.pairwise(path))
    assert math.exp(-lengths[target]) == pytest.approx(product)


def test_pagerank_runs_over_weight(plain: Any) -> None:
    ranks = nx.pagerank(plain, weight="weight")
    assert sum(ranks.values()) == pytest.approx(1)
    assert ranks["r-dwi"] > 1 / len(ranks)


def test_other_algorithms_take_it_too(plain: Any) -> None:
    assert nx.betweenness_centrality(plain, weight="distance")
    assert list(nx.weakly_connected_components(plain))
    assert dict(plain.in_degree(weight="weight"))["r-dwi"] > 0


def test_the_simple_graph_can_be_written_as_graphml(plain: Any) -> None:
    out = io.BytesIO()
    nx.write_graphml(plain, out)
    again = nx.parse_graphml(out.getvalue().decode())
    assert set(again.edges) == set(plain.edges)


def test_a_population_without_evidence_makes_an_empty_graph(opened: Graph) -> None:
    network = opened.networkx(population="hospital-imaging", simple=True)
    assert network.number_of_edges() == 0


def test_the_graph_from_a_snapshot_is_the_same(graph: EvidenceGraph, whole: Any, written: bytes, tmp_path: Path) -> None:
    from graph.stores import snapshot

    path = tmp_path / snapshot.NAME
    path.write_bytes(written)
    assert nx.utils.graphs_equal(Graph(MemoryStore(snapshot.read(path, shipped()))).networkx(), whole)
