"""The whole graph."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from fastapi.responses import Response
from pydantic import Field

from api.deps import Parameters, ReaderDep
from api.exports import FORMATS, content
from api.forms import named

router = APIRouter(tags=["graph"])


class GraphQuery(Parameters):
    format: Literal["node-link", "graphml", "kgx", "csv"] = Field(
        "node-link", description="node-link (JSON of networkx), graphml, or as a ZIP kgx (TSV) or csv"
    )
    population: str | None = Field(None, description="only the rows of that population and its parts, and its own derived edges")


_MEDIA: dict[str, Any] = {
    "application/graphml+xml": {"schema": {"type": "string"}},
    "application/zip": {"schema": {"type": "string", "format": "binary"}},
}


@router.get("/graph", response_model=dict[str, Any], responses={200: {"content": _MEDIA}})
def graph(query: Annotated[GraphQuery, Query()], reader: ReaderDep) -> Response:
    """The whole graph."""
    node = reader.field().populations.resolve(query.population).id if query.population is not None else None
    form = FORMATS[query.format]
    headers = named(query.format if form.folder else "graph", ending=form.ending, shown=not form.folder)
    return Response(content(reader.laid_out(), query.format, node), headers=headers, media_type=form.media)
