"""The OpenAPI document, whose every operation has an example that executes as it stands, and the page on which to try it."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator
from copy import deepcopy
from hashlib import sha256
from html import escape
from typing import Any

from fastapi import FastAPI, Request
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse, JSONResponse
from pydantic import BaseModel

from api.cache import SCHEMA
from api.deps import ReaderDep
from api.prefix import ROOT
from api.rest import preview
from graph import questions as asked
from graph.questions import lookups
from graph.questions.cohorts import Cohorts, cohort
from graph.questions.lists import Page
from graph.stores.port import Reader, Store
from schema.field import EvidenceField
from schema.study import AXES, Study, canonical

FILES = "/static-offline-docs"
# Swagger UI makes styles of its own and draws with data:
_POLICY = (
    "default-src 'none'; script-src 'self' {scripts}; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)
# Swagger UI has a dark style, for which it asks a class of the page and not the reader's system
_DARK = """<meta name="color-scheme" content="light dark"><script>
const dark = matchMedia("(prefers-color-scheme: dark)");
const follow = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
follow();
dark.addEventListener("change", follow);
</script>"""


def examples(reader: Reader, store: Store) -> Iterator[tuple[str, dict[str, Any], BaseModel | None]]:
    """Of each path what is asked, by the parameters' names, and the answer to it where one is shown: the field's own examples, else
    what the store holds. No example where it holds nothing of the kind.
    """
    field = reader.field()
    given = {one.question: one.parameters for one in field.examples}
    pairs = [(one.exposure.id, one.outcome.id) for one in reader.edges(outcome=field.lesion, population=field.population)]
    exposure, outcome = pairs[0] if pairs else (field.lesion, field.lesion)
    needed = {"exposure": exposure, "outcome": outcome, "from": exposure, "to": outcome, "id": field.lesion}
    for question in asked.QUESTIONS:
        parameters = {one.rest for one in question.parameters() if one.needed}
        query = given.get(question.called()) or {name: needed[name] for name in parameters}
        if "page" in question.model_fields:
            query = {**query, "limit": 1}
        answered = asked.named(question.called(), query, limit=1).answer(reader) if question.address is None else None
        yield f"/v1{question.address or f'/{question.called()}'}", query, answered
    term = given.get("term", {"id": field.lesion})
    yield "/v1/terms/{id}", term, lookups.term(reader, term["id"])
    yield "/v1/releases/current", {}, lookups.release(reader, store)
    yield "/v1/diff", {"before": "current"}, None
    if (study := _study(reader)) is not None:
        yield "/v1/studies/{id}", {"id": study.id}, None
    for first in Cohorts(page=Page(limit=1)).answer(reader).items:
        yield "/v1/cohorts/{id}", {"id": first.id}, cohort(reader, first.id)


def _study(reader: Reader) -> Study | None:
    """The study of the field's examples, else the first one; None in an empty store."""
    ids = (one.parameters["id"] for one in reader.field().examples if one.question == "study")
    studies = reader.studies()
    return next((studies[one] for one in (*ids, *studies) if one in studies), None)


def install(app: FastAPI, store: Store) -> None:
    """Serve the document with real answers in it, like any answer from one release and never from the event loop; and the page."""
    app.router.routes[:] = [route for route in app.router.routes if getattr(route, "path", None) != SCHEMA]

    @app.get(SCHEMA, include_in_schema=False)
    def schema(reader: ReaderDep) -> JSONResponse:
        document = deepcopy(app.openapi())
        _with_media_types(document)
        _with_axes(document, reader.field())
        for path, query, answer in examples(reader, store):
            operation = document["paths"][path]["get"]
            for parameter in operation.get("parameters", ()):
                if parameter["name"] in query:
                    parameter["example"] = query[parameter["name"]]
            if answer is not None:
                operation["responses"]["200"]["content"]["application/json"]["example"] = answer.model_dump(mode="json")
        study = _study(reader)
        for content in document["paths"]["/v1/preview"]["post"]["requestBody"]["content"].values():
            content["schema"] = preview.schema()
            if study is not None:
                content["example"] = canonical(study)
        servers = {"servers": [{"url": root}]} if (root := ROOT.get()) else {}
        return JSONResponse({**document, **servers, "x-release": reader.release()})

    @app.get("/docs", include_in_schema=False)
    def page(request: Request) -> HTMLResponse:
        root = request.scope.get("root_path", "")
        shown = get_swagger_ui_html(
            openapi_url=f"{root}{SCHEMA}",
            title=f"{escape(app.title)} - Swagger UI",
            swagger_js_url=f"{root}{FILES}/swagger-ui-bundle.js",
            swagger_css_url=f"{root}{FILES}/swagger-ui.css",
            swagger_favicon_url=f"{root}/static/icon.svg",
            swagger_ui_parameters={"tryItOutEnabled": True},
        )
        back = f'<nav class="swagger-ui"><p class="wrapper"><a class="link" href="{root}/">&larr; {escape(app.title)}</a></p></nav>'
        html = bytes(shown.body).decode().replace("<html>", '<html lang="en">').replace("<head>", f"<head>{_DARK}")
        html = html.replace("<body>", f"<body>{back}")
        scripts = " ".join(f"'sha256-{b64encode(sha256(one.encode()).digest()).decode()}'" for one in _SCRIPT.findall(html))
        return HTMLResponse(html, headers={"Content-Security-Policy": _POLICY.format(scripts=scripts)})


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
