"""Nodes and edges go by the closed table of schema/graphmodel.py."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from graph.build import EvidenceGraph, build
from graph.opening import shipped
from graph.property_graph import Edge, Node, edges, nodes
from schema.graphmodel import EDGES, LABELS, NODES
from schema.study import Study

NODE_TYPES = {one.label: one for one in NODES}
EDGE_TYPES = {one.type: one for one in EDGES}


@pytest.fixture(scope="module")
def all_nodes(graph: EvidenceGraph) -> list[Node]:
    return list(nodes(graph))


@pytest.fixture(scope="module")
def all_edges(graph: EvidenceGraph) -> list[Edge]:
    return list(edges(graph))


def fits(value: Any, type: str) -> bool:
    match type:
        case "string":
            return isinstance(value, str)
        case "integer":
            return isinstance(value, int) and not isinstance(value, bool)
        case "number":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "boolean":
            return isinstance(value, bool)
        case "list of strings":
            return isinstance(value, list) and bool(value) and all(isinstance(one, str) for one in value)
    raise AssertionError(f"{type} is no type")


def test_the_table_names_each_label_type_and_property_once() -> None:
    assert len(NODE_TYPES) == len(NODES)
    assert len(EDGE_TYPES) == len(EDGES)
    for kind in (*NODES, *EDGES):
        names = [one.name for one in kind.properties]
        assert len(set(names)) == len(names)
        assert kind.about
        assert all(one.about for one in kind.properties)


@pytest.mark.parametrize("label", NODE_TYPES)
def test_a_node_has_the_properties_of_its_label_in_their_types(all_nodes: list[Node], label: str) -> None:
    types = {one.name: one.type for one in NODE_TYPES[label].properties}
    found = [node for node in all_nodes if node.label == label]
    assert found
    for node in found:
        for name, value in node.properties.items():
            assert name in types, (node.id, name)
            assert fits(value, types[name]), (node.id, name, value)
        assert {"slug", "name"} <= set(node.properties)
        assert node.properties["name"]


@pytest.mark.parametrize("type", EDGE_TYPES)
def test_an_edge_has_the_properties_of_its_type_in_their_types(all_edges: list[Edge], type: str) -> None:
    types = {one.name: one.type for one in EDGE_TYPES[type].properties}
    found = [edge for edge in all_edges if edge.type == type]
    assert found
    for edge in found:
        for name, value in edge.properties.items():
            assert name in types, (edge, name)
            assert fits(value, types[name]), (edge, name, value)


def test_every_label_and_type_stands_in_the_table(all_nodes: list[Node], all_edges: list[Edge]) -> None:
    assert {node.label for node in all_nodes} == set(NODE_TYPES)
    assert {edge.type for edge in all_edges} == set(EDGE_TYPES)


def test_every_property_of_the_table_is_used(all_nodes: list[Node], all_edges: list[Edge], keyed: Study) -> None:
    more = build([keyed], shipped())
    used = {(node.label, name) for node in (*all_nodes, *nodes(more)) for name in node.properties}
    used |= {(edge.type, name) for edge in (*all_edges, *edges(more)) for name in edge.properties}
    terms = set(LABELS.values())
    documented = {(label, one.name) for label, kind in NODE_TYPES.items() for one in kind.properties if label not in terms}
    documented |= {(kind.type, one.name) for kind in EDGES for one in kind.properties}
    assert documented - used == set()
    of_terms = {one.name for one in NODE_TYPES["RiskFactor"].properties}
    assert of_terms - {name for label, name in used if label in terms} == set()


def test_what_tells_which_rows_may_be_pooled_stands_on_nodes_and_edges(keyed: Study) -> None:
    graph = build([keyed], shipped())
    (finding,) = (node.properties for node in nodes(graph) if node.label == "Finding")
    wanted = {
        "versus": "warfarin", "cutoff": ">= 5 mg", "outcome_cutoff": "mRS 4-6", "follow_up_from": 3, "follow_up_to": 24, "k": 2,
        "events": 120,
    }  # fmt: skip
    assert {name: finding[name] for name in wanted} == wanted
    (paper,) = (node.properties for node in nodes(graph) if node.label == "Study")
    assert paper["pools"] == ["INTERACT2", "atach-2-2016"]
    assert [edge.properties for edge in edges(graph) if edge.type == "IN_POPULATION"] == [{"disjoint": True}]


def test_a_single_time_of_follow_up_is_the_one_that_it_runs_to(keyed: Study) -> None:
    finding = keyed.findings[0].model_copy(update={"follow_up_months": 12})
    graph = build([keyed.model_copy(update={"findings": (finding,)})], shipped())
    (properties,) = (node.properties for node in nodes(graph) if node.label == "Finding")
    assert properties["follow_up_to"] == 12
    assert "follow_up_from" not in properties


def test_ids_of_nodes_are_unique(all_nodes: list[Node]) -> None:
    assert [one for one, times in Counter(node.id for node in all_nodes).items() if times > 1] == []


def test_edges_of_a_type_between_two_nodes_differ_in_their_key(all_edges: list[Edge]) -> None:
    counted = Counter((edge.type, edge.start, edge.end, edge.key) for edge in all_edges)
    assert [one for one, times in counted.items() if times > 1] == []


def test_the_ends_of_an_edge_exist_and_have_the_right_labels(all_nodes: list[Node], all_edges: list[Edge]) -> None:
    labels = {node.id: node.label for node in all_nodes}
    for edge in all_edges:
        assert labels[edge.start] in EDGE_TYPES[edge.type].start, edge
        assert labels[edge.end] in EDGE_TYPES[edge.type].end, edge


def test_a_property_that_is_not_known_is_absent(all_nodes: list[Node], all_edges: list[Edge]) -> None:
    for one in (*all_nodes, *all_edges):
        assert None not in one.properties.values()


def test_all_that_the_graph_holds_is_there(graph: EvidenceGraph, all_nodes: list[Node], all_edges: list[Edge]) -> None:
    labels = Counter(node.label for node in all_nodes)
    types = Counter(edge.type for edge in all_edges)
    assert labels["Study"] == len(graph.studies)
    assert labels["Finding"] == types["EXPOSURE"] == types["OUTCOME"] == len(graph.observations)
    assert labels["Prevalence"] == types["OF"] == len(graph.prevalence)
    assert labels["Claim"] == types["ASSERTS"] == types["ABOUT"] == len(graph.claims)
    assert labels["Population"] == len(shipped().populations)
    assert labels["Release"] == 1
    assert sum(labels[label] for label in LABELS.values()) == len(graph.terms)
    assert types["REPORTS"] == len(graph.observations) + len(graph.prevalence)
    assert types["ASSOCIATED_WITH"] == len(graph.associations)
    assert types["MAY_ACT_THROUGH"] + types["MAY_LEAD_TO"] == len(graph.mechanisms)
    assert types["BROADER"] == sum(term.broader is not None for term in graph.terms)


def test_every_finding_has_a_paper_an_exposure_an_outcome_and_a_population(all_nodes: list[Node], all_edges: list[Edge]) -> None:
    ends = Counter((edge.type, edge.start) for edge in all_edges)
    paper = Counter(edge.end for edge in all_edges if edge.type == "REPORTS")
    for node in all_nodes:
        if node.label == "Finding":
            assert ends["EXPOSURE", node.id] == ends["OUTCOME", node.id] == paper[node.id] == 1
            assert ends["IN_POPULATION", node.id] >= 1


def test_an_edge_never_stands_without_its_papers(all_nodes: list[Node], all_edges: list[Edge]) -> None:
    known = {node.properties["slug"] for node in all_nodes if node.label in {"Finding", "Claim"}}
    for edge in all_edges:
        if edge.type == "ASSOCIATED_WITH":
            assert set(edge.properties["findings"]) <= known
        if edge.type in {"MAY_ACT_THROUGH", "MAY_LEAD_TO"}:
            assert set(edge.properties["claims"]) <= known


def test_overlaps_are_what_the_sheets_say_each_pair_once(corpus: tuple[Study, ...], all_edges: list[Edge]) -> None:
    ids = {study.id for study in corpus}
    expected = set()
    for one in corpus:
        for other in corpus:
            if one.id < other.id:
                outside = {name for name in one.overlaps_with if name not in ids} & {
                    name for name in other.overlaps_with if name not in ids
                }
                if set(one.cohorts) & set(other.cohorts) or other.id in one.overlaps_with or one.id in other.overlaps_with or outside:
                    expected.add((f"study:{one.id}", f"study:{other.id}"))
    assert {(edge.start, edge.end) for edge in all_edges if edge.type == "OVERLAPS"} == expected
    assert expected


def test_derived_edges_carry_the_figures_of_their_association(graph: EvidenceGraph, all_edges: list[Edge]) -> None:
    found = {(edge.start, edge.end, edge.properties["population"]): edge for edge in all_edges if edge.type == "ASSOCIATED_WITH"}
    for one in graph.associations:
        properties = found[one.exposure.id, one.outcome.id, one.population.id].properties
        for name in (
            "direction", "direction_basis", "leans", "weight", "p_direction", "replication", "measure", "estimate", "excludes_no_effect",
            "little_difference", "k", "cohorts", "patients", "certainty", "caption",
        ):  # fmt: skip
            assert properties.get(name) == getattr(one, name), name
        for name, pair in (("ci", one.ci), ("weight", one.weight_range), ("size", one.size)):
            assert (properties.get(f"{name}_low"), properties.get(f"{name}_high")) == (pair or (None, None)), name
        assert ("contested" in properties) is (one.contested is not None)


def test_elements_come_in_the_same_order_each_time(graph: EvidenceGraph, all_nodes: list[Node], all_edges: list[Edge]) -> None:
    assert list(nodes(graph)) == all_nodes
    assert list(edges(graph)) == all_edges


def test_a_derived_edge_has_both_intervals_of_a_few_cohorts_and_says_who_prints_no_number(pools: EvidenceGraph) -> None:
    found = {
        (edge.start, edge.end): edge.properties
        for edge in edges(pools)
        if edge.type == "ASSOCIATED_WITH" and edge.properties["population"] == "ich"
    }
    recurrent, untold = found["lacunes", "recurrent-ich"], found["lobar-location", "r-dwi"]
    assert [round(recurrent[f"average_{name}"], 2) for name in ("estimate", "ci_low", "ci_high")] == [1.9, 1.44, 2.51]
    assert [round(recurrent[name], 2) for name in ("estimate", "ci_low", "ci_high")] == [1.92, 1.3, 2.86]
    assert (recurrent["prior_sensitive"], recurrent["patients"], recurrent["patients_unknown"]) == (False, 800, 1)
    assert {"estimate", "average_estimate", "prior_sensitive", "estimate_source"}.isdisjoint(untold)
