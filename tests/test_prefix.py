"""Shown by a proxy under a path of its own: whatever leads on leads on under it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from graph.build import EvidenceGraph
from graph.stores.memory import MemoryStore
from tests.test_pages import HTML, TRIAL

ROOT = "/clinic/rdwi"
SHOWN = (
    "/", "/?population=caa", "/factors", "/outcomes", f"/evidence?{TRIAL}", "/compare", "/prevalence", "/contested", "/gaps", "/graph",
    "/mechanisms", "/studies", "/studies/menon-2012", "/cohorts", "/terms", "/terms/r-dwi", "/method", "/search?q=microbleed", "/preview",
    "/factors?population=nowhere", "/nothing",
)  # fmt: skip
_LED = re.compile(r'(?:href|src|action)="(?!https?:|#)([^"]+)"')


@pytest.fixture(scope="module")
def bare(graph: EvidenceGraph) -> Iterator[TestClient]:
    with TestClient(create_app(MemoryStore(graph)), follow_redirects=False) as client:
        yield client


@pytest.fixture(scope="module")
def rooted(graph: EvidenceGraph) -> Iterator[TestClient]:
    with TestClient(create_app(MemoryStore(graph), ROOT), follow_redirects=False) as client:
        yield client


@pytest.mark.parametrize("address", SHOWN)
def test_every_address_on_a_page_has_the_prefix(bare: TestClient, rooted: TestClient, address: str) -> None:
    told = bare.get(address, headers={**HTML, "X-Forwarded-Prefix": f"{ROOT}/"})
    assert "X-Forwarded-Prefix" in told.headers["vary"]
    led = _LED.findall(told.text)
    assert len(led) > 10
    assert [one for one in led if not one.startswith(f"{ROOT}/")] == []
    # said by an option, and whether the proxy takes the prefix off or not
    assert rooted.get(address, headers=HTML).text == told.text
    assert rooted.get(f"{ROOT}{address}", headers=HTML).text == told.text
    # and who comes without it is led on without it, from the same store of answers
    assert [one for one in _LED.findall(bare.get(address, headers=HTML).text) if one.startswith(ROOT)] == []


def test_a_redirect_keeps_the_prefix(bare: TestClient, rooted: TestClient) -> None:
    prefixed = {**HTML, "X-Forwarded-Prefix": ROOT}
    assert bare.get("/factors?format=csv", headers=prefixed).headers["location"] == f"{ROOT}/v1/factors?format=csv"
    assert rooted.get(f"{ROOT}/factors?q=&population=caa", headers=HTML).headers["location"].startswith(f"{ROOT}/factors?")
    assert rooted.get("/factors/", headers=HTML).headers["location"].endswith(f"{ROOT}/factors")


def test_documents_and_files_are_found_under_it(rooted: TestClient) -> None:
    docs = rooted.get(f"{ROOT}/docs").text
    assert f"'{ROOT}/openapi.json'" in docs
    assert rooted.get(f"{ROOT}/openapi.json").json()["servers"] == [{"url": ROOT}]
    for place in [*re.findall(rf'"({ROOT}/[^"]+\.(?:js|css|png))"', docs), f"{ROOT}/static/style.css", f"{ROOT}/v1/factors?limit=1"]:
        assert rooted.get(place).status_code == 200, place


@pytest.mark.parametrize("said", ["//elsewhere.org", "https://elsewhere.org", '/a"onclick=', "/a b", "rdwi", "/../..//x", "/\u00e9"])
def test_what_is_no_path_is_no_prefix(bare: TestClient, said: str) -> None:
    text = bare.get("/factors", headers={**HTML, "X-Forwarded-Prefix": said.encode()}).text
    assert text == bare.get("/factors", headers=HTML).text
