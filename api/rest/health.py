"""Whether the process lives, and whether the store answers."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel

from api.deps import ReaderDep
from graph.questions import Factors, Page

router = APIRouter(tags=["health"])


class Health(BaseModel):
    status: str
    release: str | None = None


@router.get("/healthz")
async def healthz() -> Health:
    """The process lives, whatever the store does."""
    return Health(status="ok")


@router.get("/readyz")
def readyz(reader: ReaderDep) -> Health:
    """The store answers a real question; 503 where it doesn't."""
    Factors(page=Page(limit=1)).answer(reader)
    return Health(status="ready", release=reader.release())
