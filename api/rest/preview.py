"""What a sheet would change."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.openapi.models import Schema
from fastapi.responses import Response

from api.deps import Parameters, ReaderDep
from api.errors import ProblemDetails
from api.rest.lookups import as_json
from graph.opening import preview_text
from schema.answer import Preview
from schema.study import Study

router = APIRouter(tags=["preview"])


async def _body(request: Request) -> bytes:
    return await request.body()


def schema() -> dict[str, Any]:
    """What OpenAPI says of a body. Study's schema takes its time to make, so it is filled in where the document is served."""
    study = Study.model_json_schema()
    # what no sheet may lack: whether its other keys, and the names in it, are right takes more than a schema to tell
    sheet = {
        "type": "object",
        "properties": {key: study["properties"][key] for key in study["required"]},
        "required": study["required"],
        "description": "a sheet, as evidence/README.md says: the keys of Study, of which a null one is as if left out",
    }
    either = Schema.model_validate({"anyOf": [sheet, {"type": "array", "items": sheet, "minItems": 1}]})
    return either.model_dump(mode="json", by_alias=True, exclude_none=True)


@router.post(
    "/preview",
    response_model=Preview,
    responses={413: {"model": ProblemDetails, "description": "More than 1 MiB"}},
    openapi_extra={"requestBody": {"required": True, "content": {"application/json": {}, "application/yaml": {}}}},
)
def preview(query: Annotated[Parameters, Query()], reader: ReaderDep, body: Annotated[bytes, Depends(_body)]) -> Response:
    """What loading a sheet (JSON or YAML, 1 MiB at most) would change: the associations before and after. Nothing is stored."""
    del query
    return as_json(preview_text(reader, "the sheet", body), "preview")
