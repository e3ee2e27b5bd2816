"""The graph as rows of properties, and records made into the graph's objects again.

What a property can't hold whole (a sheet, an observation, an association) stands beside the flattened properties as JSON, in `record`.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from graph.build import EvidenceGraph
from graph.property_graph import Edge, edges, nodes
from graph.release import ReleaseHeader
from graph.stores.port import today
from schema.errors import StoreError
from schema.graphmodel import Property
from schema.observation import ClaimObservation, Observation, PrevalenceObservation
from schema.vocabulary import Term

# of nodes, relationships, their properties and records; a graph of another format is not read
FORMAT = 1

# what stands on nodes besides the properties of the graph model: for look-ups, and the whole of it
OWN: tuple[Property, ...] = (
    Property(name="generation", type="integer", about="which load wrote it"),
    Property(name="record", type="string", about="what the node or relationship was made from, whole, as JSON"),
    Property(name="exposure", type="string", about="of a finding: the term that it is read as"),
    Property(name="outcome", type="string", about="of a finding: the term that it is read as"),
    Property(name="lesion", type="string", about="of a prevalence"),
    Property(name="study", type="string", about="of a finding, prevalence or claim: the study's own id"),
    Property(name="populations", type="list of strings", about="of a finding or prevalence"),
    Property(name="position", type="integer", about="of a term: its place, by which roll-ups are ordered"),
)
POINTER: tuple[Property, ...] = (
    Property(name="name", type="string", about="what to call it"),
    Property(name="generation", type="integer", about="0: it belongs to no graph"),
    Property(name="current", type="integer", about="the generation that is read"),
    Property(name="last", type="integer", about="the newest generation that was begun"),
    Property(name="load", type="string", about="which load it was: generations of an imported or emptied database begin anew"),
    Property(name="release", type="string", about="the release that is read"),
    Property(name="loaded", type="string", about="the day (UTC) on which it was put in its place"),
    Property(name="format", type="integer", about="of nodes, relationships and records"),
    Property(name="method", type="string", about="version of the method that built the graph"),
    Property(name="field", type="string", about="id of the field that the release is of"),
    Property(name="field_digest", type="string", about="the state of field.yaml that the graph was built of"),
    Property(name="user", type="list of strings", about="studies that did not come with the field"),
    Property(name="removed", type="list of strings", about="studies of the field that were taken out"),
)

_M = TypeVar("_M", bound=BaseModel)
EdgeRow = tuple[str, str, dict[str, Any]]


def node_rows(graph: EvidenceGraph, generation: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each node's label and properties."""
    positions = {term.id: position for position, term in enumerate(graph.terms)}
    for node in nodes(graph):
        row = {**node.properties, **_record(node.record), "id": node.id, "generation": generation}
        match node.record:
            case Observation() as observation:
                row |= {"exposure": observation.exposure, "outcome": observation.outcome}
                row |= {"study": observation.study, "populations": list(observation.populations)}
            case PrevalenceObservation() as prevalence:
                row |= {"lesion": prevalence.row.lesion, "study": prevalence.study, "populations": list(prevalence.populations)}
            case ClaimObservation() as claim:
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


def pointer_row(graph: EvidenceGraph, generation: int) -> dict[str, Any]:
    """What the pointer says when this generation of the graph is read."""
    header = ReleaseHeader.of_graph(graph, today())
    return {
        "id": "pointer",
        "name": "current release",
        "generation": 0,
        "current": generation,
        "load": uuid.uuid4().hex,
        "format": FORMAT,
        **{name: value for name, value in header.stored().items() if value is not None},
    }


def edge_row(edge: Edge) -> EdgeRow:
    return edge.start, edge.end, {**edge.properties, **_record(edge.record)}


def _record(record: BaseModel | None) -> dict[str, str]:
    return {} if record is None else {"record": record.model_dump_json(exclude_defaults=True, by_alias=True)}


def records(model: type[_M], texts: Iterable[str]) -> list[_M]:
    """The objects of these records; StoreError where one can't be read."""
    try:
        return [model.model_validate_json(text) for text in texts]
    except ValidationError as error:
        raise StoreError(
            f"The graph in Neo4j is damaged: a record of {error.title} can't be read ({error.error_count()} mistakes). "
            "Load the sheets again with --fresh."
        ) from error
