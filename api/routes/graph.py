"""The whole graph, its schema, its release."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import Field

from api.deps import Parameters, ReaderDep, as_json
from api.graphs import FORMATS, written
from graph import questions
from schema.answer import ReleaseAnswer, SchemaAnswer

router = APIRouter(tags=["graph"])


class GraphQuery(Parameters):
    format: Literal["node-link", "graphml"] = Field("node-link", description="node-link (JSON of networkx) or graphml")
    population: str | None = Field(None, description="only the rows of that population and its parts, and its own derived edges")


@router.get("/graph", response_model=dict[str, Any])
def graph(query: Annotated[GraphQuery, Query()], reader: ReaderDep) -> Response:
    """The whole graph."""
    return Response(written(reader, query.format, query.population), media_type=FORMATS[query.format])


@router.get("/schema", response_model=SchemaAnswer)
def schema(query: Annotated[Parameters, Query()], reader: ReaderDep) -> Response:
    """Node and edge types, vocabulary, and the method with its constants and rules."""
    del query
    return as_json(questions.schema(reader))


@router.get("/releases/current", response_model=ReleaseAnswer)
def current(request: Request, query: Annotated[Parameters, Query()], reader: ReaderDep) -> Response:
    """What is loaded."""
    del query
    return as_json(questions.release(reader, request.app.state.store))
