"""Errors as pages, for browsers; the API's problem details say the same to programs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl

from starlette.datastructures import Headers
from starlette.responses import JSONResponse, Response
from starlette.types import Scope

from api.pages.addresses import Addresses, query
from api.pages.frame import POLICY, assets, bare
from api.prefix import ROOT, path_of

# what speaks to programs alone, whatever they say that they accept
_PROGRAMS = frozenset({"v1", "docs", "openapi.json", "healthz", "readyz", "static"})


def told(scope: Scope, problem: JSONResponse) -> Response:
    """The problem as it is, or as a page where a browser asked for one."""
    wanted = "text/html" in Headers(scope=scope).get("accept", "")
    if not wanted or path_of(scope).lstrip("/").partition("/")[0] in _PROGRAMS:
        return problem
    content = json.loads(bytes(problem.body))
    field = scope["app"].state.store.field()
    html = bare(
        "failure.html",
        content["title"],
        field,
        problem=content,
        near=_near(scope, content),
        to=Addresses(assets(), ROOT.get()),
        here=path_of(scope),
    )
    kept = {name: value for name, value in problem.headers.items() if name == "retry-after"}
    return Response(
        html, problem.status_code, {**kept, "Content-Security-Policy": POLICY, "Vary": "Accept"}, media_type="text/html; charset=utf-8"
    )


def _near(scope: Scope, content: Mapping[str, Any]) -> Sequence[tuple[str, str]]:
    """Where the suggestions lead: the same address with the unknown name replaced, as (name, address)."""
    path, pairs = scope["path"], parse_qsl(scope["query_string"].decode("latin-1"))
    found = []
    for suggestion in content.get("suggestions", ()):
        place = [i for i, (_, value) in enumerate(pairs) if f"{value!r}" in content["detail"]]
        if place:
            asked = [(name, suggestion if i == place[0] else value) for i, (name, value) in enumerate(pairs)]
            found.append((suggestion, f"{path}?{'&'.join(query({name: value}) for name, value in asked)}"))
        else:
            head = path.rsplit("/", 1)[0]
            found.append((suggestion, f"{head}/{suggestion}" if head else path))
    return found
