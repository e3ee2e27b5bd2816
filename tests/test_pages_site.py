"""`rdwi site`: the pages as files, whole or not at all; and no link of theirs, or of the served pages, is broken."""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from html import unescape
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from playwright.sync_api import Browser
from starlette.testclient import TestClient
from typer.testing import CliRunner

from api.app import create_app
from api.cli import app
from api.pages import site
from api.pages.files import file_of, key_of
from graph.build import EvidenceGraph, build
from graph.opening import shipped
from graph.stores.memory import MemoryReader, MemoryStore
from schema.study import Study
from tests.test_pages_browser import STANDARD, Window, chromium, violations

# papers that make every kind of page
FEW = frozenset({"butcher-2025", "caa-dwi-evolution-2017", "kimberly-2009", "menon-2012", "posener-2023"})
__all__ = ["chromium"]


@pytest.fixture(scope="module")
def few(corpus: tuple[Study, ...]) -> EvidenceGraph:
    return build([study for study in corpus if study.id in FEW], shipped())


@pytest.fixture(scope="module")
def folder(few: EvidenceGraph, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site") / "out"
    number = site.write(MemoryReader(few), folder)
    assert number == len(list(folder.rglob("*.html")))
    return folder


LINK = re.compile(r'\s(?:href|src)="([^"]+)"')


def test_every_link_of_the_files_leads_to_a_file(folder: Path) -> None:
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    linked: Counter[str] = Counter()
    for path in folder.rglob("*.html"):
        html = path.read_text(encoding="utf-8")
        for link in LINK.findall(html):
            target = unquote(unescape(link))
            assert not target.startswith("/"), (path.name, target)
            if target.startswith(("#", "https://doi.org/", "https://pubmed.ncbi.nlm.nih.gov/")):
                continue
            assert "?" not in target, target
            found = os.path.normpath(path.parent.relative_to(folder) / target.partition("#")[0])
            assert found in there, (path.name, target)
            linked[found] += 1
    # nothing is written that no page leads to
    assert {name for name in there if name.endswith(".html")} - set(linked) == set()
    assert {name for name in there if name.startswith("data/")} - set(linked) == set()


def test_the_files_need_no_server(folder: Path) -> None:
    for path in folder.rglob("*.html"):
        html = path.read_text(encoding="utf-8")
        assert "<form" not in html
        assert "/v1/" not in html
        assert '<meta http-equiv="Content-Security-Policy"' in html
        assert "Evidence summary, not medical advice." in html
        # what would need a server is left out, and each page says so
        assert "This copy of the pages asks no server" in html
    names = [path.name for path in folder.rglob("*")]
    assert all(re.fullmatch(r"[a-z0-9][a-z0-9.-]*", name) and len(name) < 150 for name in names)


def test_the_files_hold_what_the_api_answers(folder: Path, few: EvidenceGraph) -> None:
    with TestClient(create_app(MemoryStore(few))) as client:
        for name, address in (
            ("factors--caa", "/v1/factors?population=caa"),
            ("evidence--map-reduction--r-dwi--ich", "/v1/evidence?exposure=map-reduction&outcome=r-dwi"),
            ("prevalence", "/v1/prevalence"),
            ("compare", "/v1/compare"),
        ):
            written = json.loads((folder / "data" / f"{name}.json").read_text(encoding="utf-8"))
            told = client.get(address).json()
            assert {key: value for key, value in written.items() if key != "limit"} == {
                key: value for key, value in told.items() if key != "limit"
            }
            csv = client.get(f"{address}{'&' if '?' in address else '?'}format=csv").content
            assert (folder / "data" / f"{name}.csv").read_bytes() == csv
    html = (folder / "pages" / "factors--caa.html").read_text(encoding="utf-8")
    assert "and no estimate to pool" in html
    assert 'href="../pages/factors--indirect--caa.html"' in html


def test_the_names_of_files_are_told_apart() -> None:
    assert file_of(key_of(shipped(), "/factors", {"population": "ich"})) == "factors"
    assert file_of(key_of(shipped(), "/", {})) == "start"
    one, other = (file_of(key_of(shipped(), f"/cohorts/{name}", {})) for name in ("ICH-ADAPT", "ICH%2FADAPT"))
    assert one != other
    long = [
        file_of(key_of(shipped(), "/evidence", {"exposure": "a" * 100, "outcome": "b" * 100, "population": place}))
        for place in ("ich", "caa")
    ]
    assert long[0] != long[1]
    assert max(map(len, long)) < 140


def test_a_folder_that_is_not_empty_is_left_as_it_is(tmp_path: Path, few: EvidenceGraph) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(FileExistsError):
        site.write(MemoryReader(few), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_site_that_can_not_be_finished_leaves_nothing(tmp_path: Path, few: EvidenceGraph, monkeypatch: pytest.MonkeyPatch) -> None:
    written = 0

    def full(*_: object) -> str:
        nonlocal written
        written += 1
        if written > 20:
            raise OSError(28, "No space left on device")
        return "x"

    monkeypatch.setattr(site.frame, "text", full)
    with pytest.raises(OSError, match="No space left"):
        site.write(MemoryReader(few), tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_the_command_tells_where_to_look_or_what_is_wrong(tmp_path: Path, few: EvidenceGraph, monkeypatch: pytest.MonkeyPatch) -> None:
    from graph import opening
    from schema.errors import BadParameter

    monkeypatch.setattr(opening, "open_store", lambda *_: MemoryStore(few))
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    refused = CliRunner().invoke(app, ["site", str(tmp_path / "full")])
    assert isinstance(refused.exception, BadParameter)
    assert "is not empty" in str(refused.exception)
    done = CliRunner().invoke(app, ["site", str(tmp_path / "new" / "site")])
    assert done.exit_code == 0, done.output
    assert f"open {tmp_path / 'new' / 'site' / 'index.html'}" in done.output
    assert (tmp_path / "new" / "site" / "index.html").is_file()
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["site"]


def test_the_site_opens_from_disk(folder: Path, chromium: Browser) -> None:
    with chromium.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB") as context:
        window = Window(context)
        page = window.open((folder / "index.html").as_uri())
        # the style sheets and the script are taken
        assert page.evaluate("getComputedStyle(document.querySelector('.skip')).position") == "absolute"
        page.locator("header summary", has_text="Answers").click()
        page.get_by_role("link", name="Factors", exact=True).click()
        page.get_by_role("link", name="CAA", exact=True).click()
        page.get_by_role("link", name="Show indirect evidence").click()
        page.locator("table.associations tbody th a").first.click()
        assert page.locator("figure .wide svg text.rf-ink").first.evaluate("one => getComputedStyle(one).fill") != "rgb(0, 0, 0)"
        page.get_by_role("link", name="Index of terms and papers").click()
        before = page.locator("#index li:visible").count()
        page.get_by_label("Show only").fill("microbleed")
        assert 0 < page.locator("#index li:visible").count() < before
        page.get_by_role("link", name="Cerebral microbleeds", exact=True).click()
        assert page.locator("h1").inner_text().startswith("Cerebral microbleeds")
        assert window.errors == []
        assert window.hosts <= {"", None}
        # axe-core asks for the style sheets itself, which the policy forbids
        assert violations(page, {"type": "tag", "values": STANDARD}) == []


def test_no_link_of_the_served_pages_is_broken(few: EvidenceGraph, pytestconfig: pytest.Config) -> None:
    """All pages that can be reached without changing order, part or filter; one in eight of evidence, without --all."""
    every = 1 if pytestconfig.getoption("--all") else 8
    with TestClient(create_app(MemoryStore(few)), raise_server_exceptions=False) as client:
        seen, coming = {"/"}, ["/"]
        anchors = data = 0
        while coming:
            address = coming.pop()
            response = client.get(address, headers={"Accept": "text/html"})
            assert response.status_code == 200, address
            if "html" not in response.headers["content-type"]:
                data += 1
                continue
            ids = set(re.findall(r'\sid="([^"]+)"', response.text))
            for link in re.findall(r'\shref="([^"]+)"', response.text):
                target = unescape(link)
                if target.startswith("#"):
                    anchors += 1
                    assert target[1:] in ids, (address, target)
                path, parts = target.partition("#")[0], parse_qs(urlsplit(target).query)
                # one order, one part of a list and one other population are as good as all
                given = {"sort", "offset", "indirect"} & set(parts)
                of_one_kind = (given and "?" in address) or "limit" in parts or path.startswith("/docs")
                elsewhere = parts.get("population", ["ich"])[-1] not in {"ich", "caa"}
                # nor has one page of evidence other links than its neighbours
                elsewhere |= path.startswith("/evidence") and sum(path.encode()) % every > 0
                if path.startswith("/") and not of_one_kind and not elsewhere and path not in seen:
                    seen.add(path)
                    coming.append(path)
    assert len(seen) > 200
    assert anchors > 200
    assert data > 50
