"""A page is cited with its release and day, and whoever finds something wrong can say so with the row and its place."""

from __future__ import annotations

import json
import re
from html import unescape
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import rispy
from pydantic import ValidationError
from starlette.testclient import TestClient

from api.app import create_app
from api.reference import of_release
from api.report import filled
from graph.build import EvidenceGraph
from graph.settings import Settings
from graph.stores.memory import MemoryStore
from graph.stores.port import today

PAGE = "/evidence?exposure=cerebral-microbleeds&outcome=r-dwi&adjusted=true"


def links(html: str) -> dict[str, str]:
    return {name: unescape(href) for href, name in re.findall(r'<a href="([^"]*/cite\?[^"]*)"[^>]*>([A-Za-z-]+)', html)}


def test_a_page_is_cited_in_three_forms_by_an_address_that_stays(client: TestClient, graph: EvidenceGraph) -> None:
    found = links(client.get(PAGE).text)
    assert set(found) == {"RIS", "BibTeX", "CSL-JSON"}
    (ris,) = rispy.loads(client.get(found["RIS"]).text)
    (csl,) = json.loads(client.get(found["CSL-JSON"]).text)
    bibtex = client.get(found["BibTeX"]).text
    assert ris["title"] == csl["title"] == "Cerebral microbleeds and Remote DWI lesions in intracerebral haemorrhage (ICH)"
    for address in (*ris["urls"], csl["URL"]):
        asked = parse_qs(urlsplit(address).query)
        assert asked == {
            "exposure": ["cerebral-microbleeds"], "outcome": ["r-dwi"], "population": ["ich"], "adjusted": ["true"],
            "release": [graph.release[:12]],
        }  # fmt: skip
        assert client.get(address).status_code == 200
    assert graph.release[:12] in bibtex
    assert csl["accessed"] == {"date-parts": [[today().year, today().month, today().day]]}


def test_of_figures_of_ones_own_a_citation_says_nothing(client: TestClient) -> None:
    found = links(client.get(f"{PAGE}&add=Ours:+12/40+vs+5/60").text)
    assert "12" not in found["RIS"].partition("title=")[0].replace("%2", "")
    assert "12/40" not in client.get("/cite", params={"page": "/evidence?add=12/40+vs+5/60", "title": "x", "format": "ris"}).text


@pytest.mark.parametrize("page", ["https://elsewhere.example/", "//elsewhere.example", "/\\elsewhere", "no path", "", "/a\nTY  - JOUR"])
def test_only_a_page_of_this_server_is_cited(client: TestClient, page: str) -> None:
    assert client.get("/cite", params={"page": page, "title": "x"}).status_code == 422


def test_a_title_makes_no_field_of_its_own(client: TestClient) -> None:
    answer = client.get("/cite", params={"page": "/", "title": "x\nER  - \nTY  - JOUR\nTI  - y", "format": "ris"})
    assert len(rispy.loads(answer.text)) == 1


def test_the_citation_file_carries_the_release_that_is_shipped() -> None:
    text = (Path(__file__).parents[1] / "CITATION.cff").read_text(encoding="utf-8")
    assert of_release(text) == text, "stale: python -m api.reference writes it"


@pytest.mark.parametrize(
    ("template", "address"),
    [
        ("https://host/new?title={row}&body={page}", "https://host/new?title=a%3A1&body=%2Fevidence%3Fx%3D1"),
        ("https://host/new", "https://host/new?page=%2Fevidence%3Fx%3D1&row=a%3A1"),
        ("https://host/new?labels=data", "https://host/new?labels=data&page=%2Fevidence%3Fx%3D1&row=a%3A1"),
        ("mailto:a@host?subject={row}", "mailto:a@host?subject=a%3A1"),
    ],
)
def test_an_address_to_report_to_is_filled_in(template: str, address: str) -> None:
    assert filled(template, {"page": "/evidence?x=1", "row": "a:1"}) == address


def test_each_page_and_row_leads_to_where_faults_are_told(graph: EvidenceGraph, client: TestClient) -> None:
    assert "Tell us" not in client.get(PAGE).text
    with TestClient(create_app(MemoryStore(graph), report_url="https://host.example/new?body={page}+{row}+{place}+{release}")) as told:
        html = told.get(PAGE).text
        rows = told.get(f"/v1{PAGE}").json()["rows"]
        assert html.count("https://host.example/new?body=") == 1 + len(rows)
        assert all(row["finding"].replace(":", "%3A") in html for row in rows)
        assert "Tell us that something is wrong" in told.get("/").text


@pytest.mark.parametrize("value", ["javascript:alert(1)", "host/new", "ftp://host", "https://", "data:text/html,x"])
def test_what_is_no_address_to_report_to_is_refused(value: str) -> None:
    with pytest.raises(ValidationError, match="RDWI_REPORT_URL"):
        Settings(report_url=value)
