"""The application: routes over a store."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from copy import deepcopy
from typing import Any

from fastapi import Depends, FastAPI
from fastapi.responses import JSONResponse
from fastapi_offline import FastAPIOffline
from pydantic import BaseModel

from api import errors
from api.cache import SCHEMA, Answers
from api.deps import MEDIA, ReaderDep, once
from api.errors import ProblemDetails
from api.pages import installed
from api.routes import across, associations, graph, health, lesions, preview, studies, terms
from graph import citations
from graph.questions import questions
from graph.questions.lists import Page
from graph.questions.questions import package_version
from graph.stores.port import Reader, Store

_ONE = Page(1)
# the answers that OpenAPI shows as examples: real ones, of the store that is served
EXAMPLES: dict[str, Callable[[Reader, Store], BaseModel]] = {
    "/v1/factors": lambda reader, _: questions.factors(reader, population="caa", page=_ONE),
    "/v1/outcomes": lambda reader, _: questions.outcomes(reader, page=_ONE),
    "/v1/evidence": lambda reader, _: questions.evidence(reader, "cerebral-microbleeds", "r-dwi", "caa"),
    "/v1/contested": lambda reader, _: questions.contested(reader, "r-dwi", page=_ONE),
    "/v1/compare": lambda reader, _: questions.compare(reader, page=_ONE),
    "/v1/paths": lambda reader, _: questions.paths(reader, "cerebral-microbleeds", "poor-functional-outcome", page=_ONE),
    "/v1/gaps": lambda reader, _: questions.gaps(reader, page=_ONE),
    "/v1/prevalence": lambda reader, _: questions.prevalence(reader, population="ich-caa"),
    "/v1/mechanisms": lambda reader, _: questions.mechanisms(reader, page=_ONE),
    "/v1/studies": lambda reader, _: questions.studies(reader, page=_ONE),
    "/v1/terms": lambda reader, _: questions.terms(reader, "CMBs", page=_ONE),
    "/v1/terms/{id}": lambda reader, _: questions.term(reader, "r-dwi"),
    "/v1/releases/current": questions.release,
}


def create_app(store: Store) -> FastAPI:
    """The API over a store; the store is closed with it."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        store.close()

    app = FastAPIOffline(
        redoc_url=None,
        title="R-DWI evidence graph",
        version=package_version(),
        summary="The published evidence on remote DWI lesions after intracerebral haemorrhage, with its papers",
        description="Evidence summary, not medical advice. Every answer names its release; an address means the same within a release.",
        lifespan=lifespan,
        dependencies=[Depends(once)],
        responses={
            422: {"model": ProblemDetails, "description": "An unknown parameter, or a wrong value; `allowed` names what is"},
            503: {"model": ProblemDetails, "description": "The store is away; Retry-After says when to try again"},
        },
    )
    app.state.store = store
    for router in (
        associations.router, across.router, lesions.router, studies.router, terms.router, graph.router, preview.router,
    ):  # fmt: skip
        app.include_router(
            router,
            prefix="/v1",
            responses={404: {"model": ProblemDetails, "description": "Nothing by that name; `suggestions` names the nearest"}},
        )
    app.include_router(health.router)
    installed.install(app)
    errors.install(app)
    app.add_middleware(Answers, store=store)
    _serve_schema(app, store)
    return app


def _serve_schema(app: FastAPI, store: Store) -> None:
    """Serve the OpenAPI document with real answers in it: like any answer from one release, and never from the event loop."""
    app.router.routes[:] = [route for route in app.router.routes if getattr(route, "path", None) != SCHEMA]

    @app.get(SCHEMA, include_in_schema=False)
    def schema(reader: ReaderDep) -> JSONResponse:
        document = deepcopy(app.openapi())
        _with_media_types(document)
        for path, answer in EXAMPLES.items():
            content = document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]
            content["example"] = answer(reader, store).model_dump(mode="json")
        return JSONResponse({**document, "x-release": reader.release()})


def _with_media_types(document: dict[str, Any]) -> None:
    """Errors are problem details; lists come as CSV and TSV, too, and their papers for reference managers."""
    for operations in document["paths"].values():
        for operation in operations.values():
            for status, response in operation["responses"].items():
                content = response.get("content", {})
                if not status.startswith("2") and "application/json" in content:
                    content["application/problem+json"] = content.pop("application/json")
            formats = str(next((one["schema"] for one in operation.get("parameters", ()) if one["name"] == "format"), ""))
            # of the graph, csv is a ZIP
            for media in (media for name, media in {**MEDIA, **citations.MEDIA}.items() if f"'{name}'" in formats and "'tsv'" in formats):
                operation["responses"]["200"]["content"][media.partition(";")[0]] = {"schema": {"type": "string"}}
