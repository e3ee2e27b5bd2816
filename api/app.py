"""The application: routes over a store."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from fastapi import Depends, FastAPI
from fastapi_offline import FastAPIOffline
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware

from api import errors, openapi
from api.cache import Answers
from api.deps import once
from api.errors import ProblemDetails
from api.guarded import REQUEST_ID, Guarded
from api.pages import installed
from api.prefix import Prefixed
from api.rest import health, lookups, preview, questions, releases, whole
from graph.questions.lookups import package_version
from graph.stores.port import Store


def create_app(store: Store, root_path: str = "", report_url: str | None = None, origins: Sequence[str] = ()) -> FastAPI:
    """The API over a store, shown by a proxy under `root_path`; the store is closed with it. `report_url`: RDWI_REPORT_URL. Pages of
    `origins` may ask it.
    """

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        store.close()

    field = store.field()
    app = FastAPIOffline(
        docs_url=None,
        redoc_url=None,
        static_url=openapi.FILES,
        title=field.title,
        version=package_version(),
        summary=field.lead,
        description="Evidence summary, not medical advice. Every answer names its release; an address means the same within a release.",
        lifespan=lifespan,
        dependencies=[Depends(once)],
        responses={
            422: {"model": ProblemDetails, "description": "An unknown parameter, or a wrong value; `allowed` names what is"},
            503: {"model": ProblemDetails, "description": "The store is away; Retry-After says when to try again"},
        },
    )
    app.state.store = store
    missing: dict[int | str, dict[str, Any]] = {
        404: {"model": ProblemDetails, "description": "Nothing by that name; `suggestions` names the nearest"}
    }
    gone: dict[int | str, dict[str, Any]] = {
        410: {"model": ProblemDetails, "description": "An older method read that release; `now` is what its studies say today"}
    }
    same: dict[int | str, dict[str, Any]] = {304: {"description": "What If-None-Match names is still the answer"}}
    for router in (questions.router, lookups.router, releases.router, whole.router):
        app.include_router(router, prefix="/v1", responses={**same, **missing, **gone})
    app.include_router(preview.router, prefix="/v1", responses=missing)
    app.include_router(health.router)
    installed.install(app)
    errors.install(app)
    # the last is the outermost; answers are kept as they are packed
    app.add_middleware(GZipMiddleware, minimum_size=1024, compresslevel=6)
    app.add_middleware(Answers, store=store)
    app.add_middleware(Prefixed, root=root_path)
    if origins:
        app.add_middleware(
            CORSMiddleware, allow_origins=origins, allow_methods=("GET", "HEAD"), expose_headers=("ETag", "Content-Disposition", REQUEST_ID)
        )
    app.add_middleware(Guarded, report_url=report_url, shared=bool(origins))
    openapi.install(app, store)
    return app
