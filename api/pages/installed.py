"""The pages' routes, their files, and the headers that every answer has."""

from __future__ import annotations

from fastapi import FastAPI, Request
from starlette.datastructures import MutableHeaders
from starlette.responses import RedirectResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.colours import STYLE
from api.pages import history, previews, routes
from api.pages.frame import STATIC
from api.pages.requests import Elsewhere
from api.prefix import path_of
from api.report import REPORT


class Guarded:
    """ASGI middleware: no answer is read as another type than it says, and no link tells where a reader comes from; a page knows where
    to report what is wrong with it.
    """

    def __init__(self, app: ASGIApp, report_url: str | None = None) -> None:
        self._app, self._report_url = app, report_url

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # a mount makes its own path a part of the prefix
        path = path_of(scope) if scope["type"] == "http" else ""

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["X-Content-Type-Options"] = "nosniff"
                headers["Referrer-Policy"] = "no-referrer"
                if path.startswith("/static/"):
                    headers["Cache-Control"] = "public, max-age=31536000, immutable" if b"v=" in scope["query_string"] else "no-cache"
            await send(message)

        token = REPORT.set(self._report_url)
        try:
            await self._app(scope, receive, guarded if scope["type"] == "http" else send)
        finally:
            REPORT.reset(token)


async def _elsewhere(_: Request, found: Exception) -> Response:
    assert isinstance(found, Elsewhere)
    return RedirectResponse(found.address, 303)


def _style() -> Response:
    return Response(STYLE, media_type="text/css")


def install(app: FastAPI, report_url: str | None = None) -> None:
    """Routes, static files and headers; before the middleware of answers is added."""
    for one in (routes, previews, history):
        app.include_router(one.router)
    app.add_api_route("/static/figures.css", _style, include_in_schema=False)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    app.add_exception_handler(Elsewhere, _elsewhere)
    app.add_middleware(Guarded, report_url=report_url)
