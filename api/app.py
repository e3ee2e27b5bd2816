"""The application: routes over a store."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from copy import deepcopy
from typing import Any

from fastapi import Depends, FastAPI
from fastapi.responses import JSONResponse
from fastapi_offline import FastAPIOffline
from pydantic import BaseModel

from api import errors
from api.cache import SCHEMA, Answers
from api.deps import ReaderDep, once
from api.errors import ProblemDetails
from api.pages import installed
from api.prefix import ROOT, Prefixed
from api.rest import health, lookups, preview, questions, releases, whole
from graph import questions as asked
from graph.questions import lookups as named
from graph.questions.lookups import package_version
from graph.stores.port import Reader, Store
from schema.field import EvidenceField
from schema.study import AXES


def examples(reader: Reader, store: Store) -> Iterator[tuple[str, BaseModel]]:
    """The answers that OpenAPI shows as examples, by their paths: real answers of this store to the field's examples."""
    known = {question.called() for question in asked.QUESTIONS}
    for one in reader.field().examples:
        if one.question in known:
            yield f"/v1/{one.question}", asked.named(one.question, one.parameters, limit=1).answer(reader)
        elif one.question == "term":
            yield "/v1/terms/{id}", named.term(reader, one.parameters["id"])
    yield "/v1/releases/current", named.release(reader, store)


def create_app(store: Store, root_path: str = "") -> FastAPI:
    """The API over a store, shown by a proxy under `root_path`; the store is closed with it."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        store.close()

    field = store.field()
    app = FastAPIOffline(
        redoc_url=None,
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
    app.add_middleware(Answers, store=store)
    app.add_middleware(Prefixed, root=root_path)
    _serve_schema(app, store)
    return app


def _serve_schema(app: FastAPI, store: Store) -> None:
    """Serve the OpenAPI document with real answers in it: like any answer from one release, and never from the event loop."""
    app.router.routes[:] = [route for route in app.router.routes if getattr(route, "path", None) != SCHEMA]

    @app.get(SCHEMA, include_in_schema=False)
    def schema(reader: ReaderDep) -> JSONResponse:
        document = deepcopy(app.openapi())
        _with_media_types(document)
        _with_axes(document, reader.field())
        for content in document["paths"]["/v1/preview"]["post"]["requestBody"]["content"].values():
            content["schema"] = preview.schema()
        for path, answer in examples(reader, store):
            content = document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]
            content["example"] = answer.model_dump(mode="json")
        servers = {"servers": [{"url": root}]} if (root := ROOT.get()) else {}
        return JSONResponse({**document, **servers, "x-release": reader.release()})


def _with_axes(document: dict[str, Any], field: EvidenceField) -> None:
    """What a group of people may be along each axis of the field."""
    told = document["components"]["schemas"]["Population"]["properties"]
    for axis in AXES:
        if axis in field.values:
            text = told[axis].get("anyOf", [told[axis]])[0]
            text["enum"] = list(field.values[axis])
        else:
            del told[axis]


def _with_media_types(document: dict[str, Any]) -> None:
    """Errors are problem details."""
    for operations in document["paths"].values():
        for operation in operations.values():
            for status, response in operation["responses"].items():
                content = response.get("content", {})
                if not status.startswith("2") and "application/json" in content:
                    content["application/problem+json"] = content.pop("application/json")
