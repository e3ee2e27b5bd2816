"""The graph as rows of properties, and records made into the graph's objects again.

What a property can't hold whole (a sheet, a reading, an association) stands beside the flattened properties as JSON, in `record`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from graph.build import EvidenceGraph
from graph.elements import Edge, edges, nodes
from schema.errors import StoreError
from schema.reading import ClaimReading, PrevalenceReading, Reading
from schema.vocabulary import Term

# of nodes, relationships, their properties and records; a graph of another format is not read
FORMAT = 1

_M = TypeVar("_M", bound=BaseModel)
EdgeRow = tuple[str, str, dict[str, Any]]


def node_rows(graph: EvidenceGraph, generation: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each node's label and properties."""
    positions = {term.id: position for position, term in enumerate(graph.terms)}
    for node in nodes(graph):
        row = {**node.properties, **_record(node.record), "id": node.id, "generation": generation}
        match node.record:
            case Reading() as reading:
                row |= {"exposure": reading.exposure, "outcome": reading.outcome}
                row |= {"study": reading.study, "populations": list(reading.populations)}
            case PrevalenceReading() as prevalence:
                row |= {"lesion": prevalence.row.lesion, "study": prevalence.study, "populations": list(prevalence.populations)}
            case ClaimReading() as claim:
                row["study"] = claim.study
            case Term() as term:
                # the order of terms is that of roll-ups
                row["position"] = positions[term.id]
            case _:
                pass
        yield node.label, row


def edge_rows(graph: EvidenceGraph) -> Iterator[tuple[str, EdgeRow]]:
    """Each relationship's type, start, end and properties."""
    for edge in edges(graph):
        yield edge.type, edge_row(edge)


def edge_row(edge: Edge) -> EdgeRow:
    return edge.start, edge.end, {**edge.properties, **_record(edge.record)}


def _record(record: BaseModel | None) -> dict[str, str]:
    return {} if record is None else {"record": record.model_dump_json(exclude_defaults=True)}


def records(model: type[_M], texts: Iterable[str]) -> list[_M]:
    """The objects of these records; StoreError where one can't be read."""
    try:
        return [model.model_validate_json(text) for text in texts]
    except ValidationError as error:
        raise StoreError(
            f"The graph in Neo4j is damaged: a {error.title} can't be read ({error.error_count()} mistakes). "
            "Load the sheets again with --fresh."
        ) from error
