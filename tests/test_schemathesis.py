"""The API answers as /openapi.json says: schemathesis' cases, valid and not, judged by all its checks, over the shipped corpus in process.

With --all over 10,000 cases, on Neo4j too: `./run test --all tests/test_schemathesis.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from schemathesis import openapi
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema
from starlette.testclient import TestClient

from api.app import create_app
from graph.opening import shipped
from graph.stores.neo4j.store import Neo4jStore
from tests.conftest import MEMORY, ON_LTS

FACTORS, LESIONS = ["age", "cerebral-microbleeds", "admission-bp"], ["r-dwi", "poor-functional-outcome", "recurrent-ich"]
# names that the corpus knows: of random ones nothing is known, and the forms of an answer would not be seen
KNOWN = {
    "exposure": FACTORS, "from": FACTORS, "outcome": LESIONS, "to": LESIONS, "lesion": LESIONS, "population": ["ich", "caa", "stroke"],
    "exclude": ["menon-2012", "kidwell-2017"], "add": ["12/40 vs 5/60", "OR 0.8 (0.5 to 1.2)"], "/v1/studies/{id}": ["menon-2012"],
    "/v1/terms/{id}": FACTORS, "/v1/terms/{id}/neighbours": LESIONS, "/v1/cohorts/{id}": ["ERICH"],
}  # fmt: skip
PHASES = ("examples", "coverage", "fuzzing", "stateful")


class Told(NamedTuple):
    """What was found, how many cases were tried, and which operations answered in which media types."""

    faults: list[str]
    cases: int
    answered: set[tuple[str, str]]


@pytest.fixture(scope="module")
def document(client: TestClient) -> Any:
    return client.get("/openapi.json").json()


@pytest.fixture(params=[MEMORY, ON_LTS])
def application(request: pytest.FixtureRequest, client: TestClient) -> Iterator[Any]:
    """The API over a store of each kind."""
    if request.param == MEMORY:
        yield client.app
        return
    if not request.config.getoption("--all"):
        pytest.skip("on Neo4j with --all")
    with TestClient(create_app(Neo4jStore(request.getfixturevalue("loaded"), shipped())), raise_server_exceptions=False) as opened:
        yield opened.app


def tried(app: Any, document: Any, random: int, phases: tuple[str, ...] = PHASES, mode: str = "all") -> Told:
    config: dict[str, Any] = {
        "continue-on-failure": True,
        # the same cases in each run
        "generation": {"mode": mode, "max-examples": random, "deterministic": True, "database": "none", "no-shrink": True},
        "phases": {phase: {"enabled": phase in phases} for phase in PHASES},
        # whether the names in a sheet are terms, its rows of populations of its own, and a text a 2x2 table, no schema tells: 422 says it
        "operations": [
            {"include-path": path, "checks": {"positive_data_acceptance": {"expected-statuses": ["200", "404", "422"]}}}
            for path in ("/v1/preview", "/v1/evidence")
        ],
    }
    # a parameter of one value that is given twice is refused, too
    config["phases"]["coverage"]["generate-duplicate-query-parameters"] = True
    schema = openapi.from_dict(document, config=SchemathesisConfig.from_dict(config))
    schema.app = app
    told = Told([], 0, set())
    for event in from_schema(schema).execute():
        if isinstance(event, events.ScenarioFinished):
            told = told._replace(cases=told.cases + len(event.recorder.cases))
            told.faults.extend(_faults(event))
            told.answered.update(_answered(event))
        elif isinstance(event, events.NonFatalError):
            told.faults.append(f"{event.label}: {event.value!r}")
        elif isinstance(event, events.FatalError):
            raise event.exception
    return told


def _faults(event: events.ScenarioFinished) -> Iterator[str]:
    for case, checks in event.recorder.checks.items():
        for check in checks:
            if check.failure_info is not None:
                asked = event.recorder.interactions[case].request
                yield f"{check.name}: {check.failure_info.failure.message}\n{asked.method} {asked.uri} {asked.body!r}"


def _answered(event: events.ScenarioFinished) -> Iterator[tuple[str, str]]:
    for case, one in event.recorder.interactions.items():
        if one.response is not None and one.response.status_code == 200:
            yield event.recorder.cases[case].value.operation.path, one.response.headers["content-type"][0].partition(";")[0]


def test_every_case_of_the_document_is_answered_as_it_says(application: Any, document: Any, pytestconfig: pytest.Config) -> None:
    more = pytestconfig.getoption("--all")
    told = tried(application, document, 300 if more else 3)
    assert not told.faults, "\n".join(told.faults)
    assert told.cases > (10_000 if more else 2000)


def test_every_form_of_every_answer_is_as_the_document_says(client: TestClient, document: Any, pytestconfig: pytest.Config) -> None:
    """Where names are known. A name that is not is refused, so that each is a value of an enumeration here."""
    for path, operations in document["paths"].items():
        for parameter in operations.get("get", {}).get("parameters", ()):
            names = KNOWN.get(path if parameter["in"] == "path" else parameter["name"])
            if names is not None:
                several = parameter["schema"] if parameter["schema"].get("type") == "array" else None
                parameter["schema"] = {"enum": names} if several is None else {**several, "items": {"enum": names}}
    more = pytestconfig.getoption("--all")
    told = tried(client.app, document, 400 if more else 3, ("coverage", "fuzzing"), "positive")
    assert not told.faults, "\n".join(told.faults)
    forms = {
        (path, media)
        for path, operations in document["paths"].items()
        for media in operations.get("get", {}).get("responses", {}).get("200", {}).get("content", ())
    }
    assert forms <= told.answered
