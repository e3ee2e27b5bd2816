"""Two readers of one store, as a proxy that turns from one to the other has them: which of them answers, nobody can tell."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path

import pytest

from graph.settings import Server
from tests.conftest import LTS
from tests.test_serve import Served, rdwi

ADDRESSES = [
    "/v1/factors", "/v1/evidence?exposure=age&outcome=r-dwi", "/v1/factors?min_n=100", "/evidence?exposure=age&outcome=r-dwi",
    "/v1/prevalence?format=csv", "/v1/studies?limit=3&offset=3", "/openapi.json",
]  # fmt: skip
SHEET = "id: new-2026\nfirst_author: New\nyear: 2026\nread: abstract\n"


@pytest.fixture(params=["memory", f"neo4j {LTS}"])
def both(request: pytest.FixtureRequest, folder: Path) -> Iterator[tuple[tuple[Served, Served], dict[str, str]]]:
    more: dict[str, str] = {}
    if request.param != "memory":
        server: Server = request.getfixturevalue("empty")
        more = {"RDWI_STORE": server.uri, "RDWI_NEO4J_USER": server.user, "RDWI_NEO4J_PASSWORD": server.password.get_secret_value()}
        shutil.rmtree(folder)
        assert rdwi(folder, "load", str(Path(__file__).parent.parent / "evidence" / "studies"), **more).returncode == 0
    two = Served(folder, "--port", "0", **more), Served(folder, "--port", "0", **more)
    yield two, more
    for one in two:
        one.end()


def test_either_answers_the_same_before_a_load_and_after_it(
    both: tuple[tuple[Served, Served], dict[str, str]], folder: Path, tmp_path: Path
) -> None:
    (one, other), more = both
    # three turns an address, so that each is first in half of them
    turns = cycle((one, other))
    seen: list[str] = []
    for loaded in (False, True):
        if loaded:
            (tmp_path / "new-2026.yaml").write_text(SHEET, encoding="utf-8")
            assert rdwi(folder, "load", str(tmp_path / "new-2026.yaml"), **more).returncode == 0
        for address in ADDRESSES:
            status, headers, body = next(turns).ask(address)
            again = next(turns).ask(address)
            assert (status, again[0]) == (200, 200)
            assert (again[1]["etag"], again[2]) == (headers["etag"], body)
            # what one has given the other knows
            assert next(turns).ask(address, **{"If-None-Match": headers["etag"]})[0] == 304
        seen.append(one.json("/v1/factors")["release"])
        assert other.json("/v1/factors")["release"] == seen[-1]
    assert seen[0] != seen[1]
