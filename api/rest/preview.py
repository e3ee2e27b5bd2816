"""What a sheet would change."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
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


_STUDY = Study.model_json_schema()
# what no sheet may lack: whether its other keys, and the names in it, are right takes more than a schema to tell
_SHEET = {
    "type": "object",
    "properties": {key: _STUDY["properties"][key] for key in _STUDY["required"]},
    "required": _STUDY["required"],
    "description": "a sheet, as evidence/README.md says: the keys of Study, of which a null one is as if left out",
}
_SHEETS = {"schema": {"anyOf": [_SHEET, {"type": "array", "items": _SHEET, "minItems": 1}]}}


@router.post(
    "/preview",
    response_model=Preview,
    responses={413: {"model": ProblemDetails, "description": "More than 1 MiB"}},
    openapi_extra={"requestBody": {"required": True, "content": {"application/json": _SHEETS, "application/yaml": _SHEETS}}},
)
def preview(query: Annotated[Parameters, Query()], reader: ReaderDep, body: Annotated[bytes, Depends(_body)]) -> Response:
    """What loading a sheet (JSON or YAML, 1 MiB at most) would change: the associations before and after. Nothing is stored."""
    del query
    return as_json(preview_text(reader, "the sheet", body))
