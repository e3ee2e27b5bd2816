"""Which releases are kept, and what changed between two."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import Field

from api.deps import Known
from api.releases import PATIENCE
from api.rest.lookups import as_json
from graph.questions import releases as kept
from schema.releases import Diff, Releases

router = APIRouter(tags=["releases"])


class Two(Known):
    before: str = Field(description="a release, by 8 digits of it or more", examples=["current"])
    after: str = Field("current", description="another; the current one where it is left out")


@router.get("/releases", response_model=Releases)
def releases(request: Request) -> Response:
    """The releases that are kept, newest first, and what each brought."""
    return as_json(kept.releases(request.app.state.store), "releases")


@router.get("/diff", response_model=Diff)
def diff(request: Request, query: Annotated[Two, Query()]) -> Response:
    """What changed from one release to another: studies, associations, pooled prevalences."""
    found = kept.diff(request.app.state.store, query.before, query.after, patience=PATIENCE)
    return as_json(found, "diff", found.before.release[:12], found.after.release[:12])
