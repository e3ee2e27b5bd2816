"""Errors as RFC 9457 problem details. The one place where errors become HTTP status codes."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Match, Mount

from api.deps import names
from api.pages.failures import told
from graph.questions.question import refused
from schema.errors import BadParameter, InputProblems, NotDrawn, OlderMethod, RdwiError, StoreError, StoreUnavailable, UnknownName
from schema.report import entries

_RETRY_AFTER = "5"


class ProblemDetails(BaseModel):
    """An error: RFC 9457, with `suggestions` for an unknown name, `allowed` for an unknown parameter or value, and for a sheet its
    `problems`.
    """

    type: str
    title: str
    status: int
    detail: str
    suggestions: list[str] | None = None
    allowed: list[str] | None = None
    problems: list[str] | None = None


_TITLES = {
    400: "Bad request",
    404: "Not found",
    405: "Method not allowed",
    410: "Gone",
    413: "Too large",
    414: "Address too long",
    422: "Wrong parameter",
    431: "Headers too large",
    500: "Internal error",
    501: "Not drawn here",
    503: "Store unavailable",
}


def problem(status: int, kind: str, detail: str, *, headers: dict[str, str] | None = None, **more: list[str] | None) -> JSONResponse:
    content: dict[str, Any] = {
        "type": f"urn:rdwi:problem:{kind}",
        "title": _TITLES.get(status, "Error"),
        "status": status,
        "detail": detail,
        **{name: value for name, value in more.items() if value},
    }
    return JSONResponse(content, status, headers, media_type="application/problem+json")


def of(error: RdwiError) -> JSONResponse:
    """The response to one of our errors."""
    match error:
        case UnknownName():
            return problem(404, "unknown-name", str(error), suggestions=list(error.suggestions))
        case BadParameter():
            return problem(422, "wrong-parameter", error.detail, allowed=list(error.allowed))
        case InputProblems():
            return problem(422, "input-problems", str(error), problems=entries(error.problems))
        case OlderMethod():
            return problem(410, "older-method", str(error))
        case NotDrawn():
            return problem(501, "not-drawn", str(error))
        case StoreUnavailable():
            return problem(503, "store-unavailable", str(error), headers={"Retry-After": _RETRY_AFTER})
        case StoreError():
            return problem(503, "store-error", str(error), headers={"Retry-After": _RETRY_AFTER})
        case _:
            return problem(500, "internal", str(error))


async def _ours(request: Request, error: Exception) -> Response:
    assert isinstance(error, RdwiError)
    return told(request.scope, of(error))


async def _wrong_request(request: Request, error: Exception) -> Response:
    """Unknown parameters and wrong values, all of them, with what is allowed."""
    assert isinstance(error, RequestValidationError)
    found = [{**one, "loc": one["loc"][1:]} for one in error.errors()]
    return told(request.scope, of(refused(found, names(request.scope.get("route")))))


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    kind = {404: "unknown-route", 405: "wrong-method"}.get(error.status_code, "http")
    headers = dict(error.headers or {})
    if error.status_code == 405:
        headers["Allow"] = _taken(request)
        if request.method == "OPTIONS":
            return Response(status_code=204, headers=headers)
    detail = {
        404: "There is nothing at this address; /docs lists what there is.",
        405: f"This address does not take {request.method}; it takes {headers.get('Allow')}.",
    }.get(error.status_code, str(error.detail))
    return told(request.scope, problem(error.status_code, kind, detail, headers=headers))


def _taken(request: Request) -> str:
    """The methods that an address takes; HEAD wherever GET is, by the outermost middleware."""
    routes = [one for one in request.app.router.routes if not isinstance(one, Mount)]
    taken = [one for one in ("GET", "POST") if any(route.matches({**request.scope, "method": one})[0] is Match.FULL for route in routes)]
    # what is mounted holds files
    return ", ".join([*taken, "OPTIONS"] if taken else ["GET", "OPTIONS"]).replace("GET", "GET, HEAD")


def install(app: FastAPI) -> None:
    app.add_exception_handler(RdwiError, _ours)
    app.add_exception_handler(RequestValidationError, _wrong_request)
    app.add_exception_handler(HTTPException, _http)
