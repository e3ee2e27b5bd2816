"""CSV: for programs a file a kind of node (nodes/Study.csv) and of edge (edges/REPORTS.csv), with the columns of schema/graphmodel.py.

For people findings.csv, prevalence.csv and associations.csv, in which a row stands by itself: with its papers, and terms by name.

Null is nothing, a list is JSON. A file is there for each kind, with its header, even where there is none of it.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from contextlib import ExitStack
from typing import Any

from pydantic import BaseModel

from api.tables import cell, papers_of
from graph.build import EvidenceGraph
from graph.property_graph import elements
from graph.synthesis.associations import study_ref
from schema import outputs
from schema.association import Association
from schema.graphmodel import EDGES, NODES, EdgeType, NodeType
from schema.observation import Observation, PrevalenceObservation
from schema.study import Study

_PAPER = ("study", "year", "doi", "pmid", "standing", "risk_of_bias")
# by kind the file for people, and its first columns
_FOR_PEOPLE = {
    "Finding": ("findings", (*_PAPER, "population", "exposure", "outcome")),
    "Prevalence": ("prevalence", (*_PAPER, "population", "lesion")),
    "ASSOCIATED_WITH": ("associations", ("exposure", "outcome", "population", "caption", "papers")),
}


def write(graph: EvidenceGraph, path: outputs.Place, population: str | None) -> None:
    nodes, edges = elements(graph, population)
    words = _Words(graph)
    with ExitStack() as stack:

        def table(name: str, first: Iterable[str], kind: NodeType | EdgeType) -> csv.DictWriter[str]:
            file = stack.enter_context(outputs.text(path / f"{name}.csv"))
            columns = dict.fromkeys((*first, *(one.name for one in kind.properties)))
            writer = csv.DictWriter(file, list(columns), lineterminator="\r\n")
            writer.writeheader()
            return writer

        for folder in ("nodes", "edges"):
            (path / folder).mkdir()
        tables = {one.label: table(f"nodes/{one.label}", ["id"], one) for one in NODES}
        tables |= {one.type: table(f"edges/{one.type}", ["start", "end"], one) for one in EDGES}
        kinds: dict[str, NodeType | EdgeType] = {**{one.label: one for one in NODES}, **{one.type: one for one in EDGES}}
        people = {kind: table(name, first, kinds[kind]) for kind, (name, first) in _FOR_PEOPLE.items()}
        for node in nodes:
            tables[node.label].writerow(_row({"id": node.id, **node.properties}))
            if node.label in people:
                people[node.label].writerow(_row({**node.properties, **words.of(node.record)}))
        for edge in edges:
            tables[edge.type].writerow(_row({"start": edge.start, "end": edge.end, **edge.properties}))
            if edge.type in people:
                people[edge.type].writerow(_row({**edge.properties, **words.of(edge.record)}))


class _Words:
    """What a row is of, as people call it."""

    def __init__(self, graph: EvidenceGraph) -> None:
        self._studies = {one.id: _paper(one) for one in graph.studies}
        self._terms = {one.id: one.name for one in graph.terms}
        self._populations = {one.id: one.name for one in graph.field.populations.values()}

    def of(self, record: BaseModel | None) -> dict[str, Any]:
        match record:
            case Association() as one:
                words = (one.exposure.name, one.outcome.name, one.population.name, papers_of(one))
                return dict(zip(("exposure", "outcome", "population", "papers"), words, strict=True))
            case Observation() as one:
                return {**self._place(one), "exposure": self._terms[one.row.exposure], "outcome": self._terms[one.row.outcome]}
            case PrevalenceObservation() as one:
                return {**self._place(one), "lesion": self._terms[one.row.lesion]}
        return {}

    def _place(self, one: Observation | PrevalenceObservation) -> dict[str, Any]:
        return {**self._studies[one.study], "population": "; ".join(map(self._populations.__getitem__, one.populations))}


def _paper(study: Study) -> dict[str, Any]:
    bias = study.risk_of_bias
    own = {"study": study.label, "risk_of_bias": bias.judgement if bias is not None else None}
    return study_ref(study).model_dump(exclude={"id", "label"}) | own


def _row(properties: dict[str, Any]) -> dict[str, Any]:
    return {name: cell(value) for name, value in properties.items()}
