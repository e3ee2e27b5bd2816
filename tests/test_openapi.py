"""Each operation of the OpenAPI document has an example that executes as it stands, and its page leads back to the pages."""

from __future__ import annotations

import re
from typing import Any

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from graph.build import EvidenceGraph, build
from graph.opening import shipped
from graph.stores.memory import MemoryStore


def _execute(client: TestClient, path: str, method: str, operation: dict[str, Any]) -> Any:
    """What "Try it out" and "Execute" send: the examples of the parameters, and of the body."""
    places: dict[str, dict[str, Any]] = {"path": {}, "query": {}}
    for one in operation.get("parameters", ()):
        assert "example" in one or not one["required"], (path, one["name"])
        if "example" in one:
            places[one["in"]][one["name"]] = one["example"]
    body = operation.get("requestBody", {"content": {}})["content"].get("application/json", {}).get("example")
    return client.request(method, path.format(**places["path"]), params=places["query"], **({"json": body} if body else {}))


def _operations(client: TestClient) -> list[tuple[str, str, dict[str, Any]]]:
    document = client.get("/openapi.json").json()
    return [(path, method, one) for path, operations in document["paths"].items() for method, one in operations.items()]


def test_every_example_executes_and_gives_the_answer_that_is_shown(client: TestClient) -> None:
    operations = _operations(client)
    assert len(operations) > 20
    for path, method, operation in operations:
        answer = _execute(client, path, method, operation)
        assert answer.status_code == 200, (path, answer.text)
        shown = operation["responses"]["200"]["content"]["application/json"].get("example")
        assert shown in (None, answer.json()), path


def test_a_field_whose_examples_are_not_stated_has_those_of_its_store(bcg: EvidenceGraph) -> None:
    field = bcg.field.model_copy(update={"examples": ()})
    with TestClient(create_app(MemoryStore(build(bcg.studies, field)))) as client:
        for path, method, operation in _operations(client):
            # no cohort is named in the trials of BCG
            if path != "/v1/cohorts/{id}":
                assert _execute(client, path, method, operation).status_code == 200, path


def test_an_empty_store_has_a_document_too() -> None:
    with TestClient(create_app(MemoryStore(build((), shipped())))) as client:
        assert client.get("/openapi.json").status_code == 200


@pytest.mark.parametrize("root", ["", "/rdwi"])
def test_its_page_leads_back_to_the_pages(graph: EvidenceGraph, root: str) -> None:
    with TestClient(create_app(MemoryStore(graph), root_path=root)) as client:
        html = client.get(f"{root}/docs").text
        assert re.findall(r'<a [^>]*href="([^"]*)">([^<]*)</a>', html) == [(f"{root}/", f"&larr; {graph.field.title}")]
        assert client.get(f"{root}/", headers={"Accept": "text/html"}).status_code == 200
