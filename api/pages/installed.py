"""The pages' routes and their files."""

from __future__ import annotations

from fastapi import FastAPI, Request
from starlette.responses import RedirectResponse, Response
from starlette.staticfiles import StaticFiles

from api.colours import STYLE
from api.pages import history, previews, routes
from api.pages.frame import STATIC
from api.pages.requests import Elsewhere


async def _elsewhere(_: Request, found: Exception) -> Response:
    assert isinstance(found, Elsewhere)
    return RedirectResponse(found.address, 303)


def _style() -> Response:
    return Response(STYLE, media_type="text/css")


def install(app: FastAPI) -> None:
    """Routes and static files."""
    for one in (routes, previews, history):
        app.include_router(one.router)
    app.add_api_route("/static/figures.css", _style, include_in_schema=False)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    app.add_exception_handler(Elsewhere, _elsewhere)
