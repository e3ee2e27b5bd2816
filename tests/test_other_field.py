"""Another field on every surface: a site, an API, a command line, an assistant's server about BCG and tuberculosis, and nothing else."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import openpyxl
import pytest
import typer
import yaml
from mcp import Client
from starlette.testclient import TestClient

from api import cli
from api.app import create_app
from api.assistant.server import server
from api.exports import FORMATS
from api.pages.routes import VIEWS
from benchmarks.answers.record import run, text_of
from graph import questions
from graph.build import EvidenceGraph
from graph.opening import shipped
from graph.stores.memory import MemoryStore
from graph.wording import DESIGNS
from schema.association import Association, Prevalence
from schema.study import AXES, Study
from tests.conftest import BCG

Words = tuple[str, ...]
EVIDENCE = BCG.parents[1] / "evidence"
COMMANDS = typer.main.get_group(cli.app).commands
PAIR = {"exposure": "bcg-vaccination", "outcome": "tuberculosis"}
MORE = ("", "nope=1", "population=tropics", "population=atlantis", "max_mri_day=7", "min_n=100000000", "indirect=true", "design=rct")
NEEDED = {**PAIR, "from": "bcg-vaccination", "to": "tuberculosis", "id": "tuberculosis", "term": "tuberculosis"}
_TOKEN = re.compile(r"[^\W_](?:[\w'\u2019-]*[^\W_])?")

# words of these that are names of the program's own, and closed: keys and values of a sheet and of an answer
PUBLIC = (Study, Association, Prevalence)
# and words of the shipped field that are everybody's
ENGLISH = {
    "no", "without", "both", "map", "time", "treatment", "comparison", "control", "function", "other", "death",
    "age in years", "present vs absent", "NS",
    # names of kinds, and of a parameter
    "risk factor", "risk factors", "mechanism", "lesions", "mri day", "Age",
}  # fmt: skip
# properties of SVG, which are no illness
DRAWN = re.compile(r"\bstroke(?=[:=;}\"])|\bstroke: ?(?=none)")


def _words(text: str) -> Words:
    return tuple(_TOKEN.findall(text))


def _plain(words: Words) -> Words:
    """How a phrase is looked for: of a short one, as ICH or MI, the case tells it from another word."""
    return words if len(words) == 1 and len(words[0]) <= 5 else tuple(one.casefold() for one in words)


def _found(words: Words, phrases: Iterable[Words]) -> Iterator[Words]:
    by_first: dict[str, list[Words]] = {}
    for phrase in phrases:
        by_first.setdefault(phrase[0].casefold(), []).append(phrase)
    for i, word in enumerate(words):
        yield from (one for one in by_first.get(word.casefold(), ()) if _plain(words[i : i + len(one)]) == one)


def _texts(value: Any, *, keys: bool = False) -> Iterator[str]:
    """All texts within a value, and keys that are names."""
    if isinstance(value, Mapping):
        yield from (key for key in value if keys)
        for key, inner in value.items():
            yield from _texts(inner, keys=key in {"values", "means", "menu", "abbreviations"})
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
    elif isinstance(value, str):
        yield value


def said(folder: Path) -> Iterator[str]:
    """What a field and its vocabulary say: names, labels, abbreviations, worked rows, examples and whole sentences; ids of its studies."""
    says = yaml.safe_load((folder / "field.yaml").read_text(encoding="utf-8"))
    # units are nobody's own words
    yield from _texts({key: value for key, value in says.items() if key != "exposure_sds"})
    for term in yaml.safe_load((folder / "vocabulary.yaml").read_text(encoding="utf-8"))["terms"]:
        yield from _texts([term.get(key) for key in ("id", "name", "synonyms", "category", "definition")])
    yield from (path.stem for path in (folder / "studies").glob("*.yaml"))


def public(schema: Any) -> Iterator[str]:
    """Keys and closed values of a JSON schema."""
    if isinstance(schema, Mapping):
        yield from schema.get("properties", ())
        yield from filter(None, map(str, schema.get("enum", ())))
        for inner in schema.values():
            yield from public(inner)
    elif isinstance(schema, list):
        for inner in schema:
            yield from public(inner)


@pytest.fixture(scope="module")
def phrases() -> frozenset[Words]:
    """What only the shipped field says."""
    theirs = {_plain(words) for text in said(EVIDENCE) if any(map(str.isalpha, text)) and (words := _words(text))}
    own = _words(" ".join(path.read_text(encoding="utf-8") for path in BCG.rglob("*.yaml")))
    ours = {*ENGLISH, *DESIGNS.values(), *(word for model in PUBLIC for word in public(model.model_json_schema()))}
    return frozenset(theirs - set(_found(own, theirs)) - {_plain(_words(word)) for word in ours})


def foreign(text: str, phrases: frozenset[Words]) -> list[str]:
    return sorted({" ".join(phrase) for phrase in _found(_words(DRAWN.sub("", text)), phrases)})


def test_the_words_are_those_that_a_reader_knows_the_shipped_field_by(phrases: frozenset[Words]) -> None:
    assert len(phrases) > 2000
    told = "R-DWI after ICH, CAA, MRI on day 2: intracerebral haemorrhage, lobar ICH, cerebral microbleeds; CSVD markers, the arteriopathy?"
    assert {"R-DWI", "ICH", "CAA", "MRI", "intracerebral haemorrhage", "lobar ich", "cerebral microbleeds"} <= set(foreign(told, phrases))
    assert foreign("menon-2012, the bleed; acute primary ICH", phrases) == ["ICH", "acute primary ich", "menon-2012"]


# --- the API and its pages ---


@pytest.fixture(scope="module")
def client(bcg: EvidenceGraph) -> Iterator[TestClient]:
    with TestClient(create_app(MemoryStore(bcg)), raise_server_exceptions=False) as opened:
        yield opened


def _asked(question: type[questions.Question]) -> dict[str, str]:
    return {one.rest: NEEDED[one.rest] for one in question.parameters() if one.needed}


def _addresses() -> Iterator[str]:
    yield from ("/", "/method", "/graph", "/graph?population=tropics", "/search", "/search?q=TB", "/search?q=smallpox", "/preview")
    yield from (
        "/static/search.js",
        "/static/style.css",
        "/static/icon.svg",
        "/docs",
        "/openapi.json",
        "/v1/schema",
        "/v1/releases/current",
    )
    for name in ("studies/hart-1977", "studies/nope", "terms/tuberculosis", "terms/nope", "cohorts/nope"):
        yield from (f"/{name}", f"/v1/{name}")
    yield from (f"/v1/graph?format={form}" for form, about in FORMATS.items() if about.media)
    for question in questions.QUESTIONS:
        asked = _asked(question)
        route = "/v1" + (question.address or f"/{question.called()}").replace("{id}", asked.pop("id", ""))
        query = "&".join(f"{name}={quote(value)}" for name, value in asked.items())
        yield from (f"{route}?{query}&format={form}" for form in question.formats)
        routes = [route, *([f"/{question.called()}"] if question in VIEWS else [])]
        yield from (f"{one}?{query}&{more}" for one in routes for more in MORE)
        if "lesion" in {one.rest for one in question.parameters()}:
            yield from (f"{one}?lesion={name}" for one in routes for name in ("tuberculosis", "bcg-vaccination", "nope"))


ADDRESSES = [*dict.fromkeys(_addresses())]


@pytest.mark.parametrize("address", ADDRESSES)
def test_no_page_and_no_answer_of_another_field_speaks_of_the_shipped_one(
    client: TestClient, phrases: frozenset[Words], address: str
) -> None:
    answer = client.get(address, headers={"Accept": "text/html"})
    assert answer.status_code in {200, 404, 422}
    headers = " ".join(answer.headers.values())
    assert foreign(f"{text_of(answer.content)} {headers}", phrases) == []


SHEETS = {
    "empty": "",
    "wrong": "id: a-2020\nread: abstract\npopulations: [{id: all, label: all, condition: ich}]\n",
    "unknown term": (BCG / "studies" / "hart-1977.yaml").read_text(encoding="utf-8").replace("bcg-vaccination", "bcg-vaccinaton"),
    "another": (BCG / "studies" / "hart-1977.yaml").read_text(encoding="utf-8").replace("hart-1977", "hart-1978"),
}


@pytest.mark.parametrize("name", SHEETS)
def test_a_preview_speaks_of_its_own_field_alone(client: TestClient, phrases: frozenset[Words], name: str) -> None:
    for answer in (client.post("/preview", data={"text": SHEETS[name]}), client.post("/v1/preview", content=SHEETS[name])):
        assert answer.status_code in {200, 422}
        # the sheet itself is shown again
        assert set(foreign(answer.text.replace("ich", ""), phrases)) == set()


def test_the_pages_and_the_document_are_called_by_their_field(client: TestClient) -> None:
    assert client.get("/openapi.json").json()["info"]["title"] == "BCG evidence graph"
    for path in ("/", "/factors", "/nope"):
        assert " - BCG evidence graph</title>" in client.get(path, headers={"Accept": "text/html"}).text
    assert "<title>BCG evidence graph - Swagger UI</title>" in client.get("/docs").text


def test_the_document_says_what_a_group_may_be_along_each_axis(client: TestClient, bcg: EvidenceGraph, graph: EvidenceGraph) -> None:
    for one, of in ((bcg, client), (graph, TestClient(create_app(MemoryStore(graph))))):
        told = of.get("/openapi.json").json()["components"]["schemas"]["Population"]["properties"]
        listed = {axis: told[axis].get("anyOf", [told[axis]])[0]["enum"] for axis in AXES if axis in told}
        assert listed == {axis: list(values) for axis, values in one.field.values.items()}


def test_the_evidence_of_the_trials_is_on_their_page(client: TestClient) -> None:
    html = client.get("/evidence", params=PAIR).text
    assert client.get("/v1/evidence", params=PAIR).json()["association"]["estimate"] == pytest.approx(0.3696, abs=5e-5)
    for figure in ("OR 0.37 (0.18-0.74)", "OR 0.60 (0.32-1.12)", "pooled from 7 cohorts"):
        assert figure in html


# --- the command line ---


@pytest.fixture
def _bcg(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RDWI_FIELD", str(BCG))
    monkeypatch.setenv("RDWI_SNAPSHOT", str(tmp_path / "store"))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)


def _lines() -> Iterator[tuple[str, ...]]:
    yield ("--help",)
    yield from ((name, "--help") for name in COMMANDS)
    yield from (
        ("status",),
        ("check", str(BCG / "studies")),
        ("study", "hart-1977"),
        ("study", "hart-1978"),
        ("factors", "--lesion", "nope"),
    )
    yield from (("cite", "factors"), ("preview", str(BCG / "studies" / "hart-1977.yaml")))
    for question in questions.QUESTIONS:
        name = question.called()
        told = [NEEDED[one.rest] for one in question.parameters() if one.spelt.argument and one.needed]
        named = [part for one in question.parameters() if one.needed and not one.spelt.argument for part in (one.option, NEEDED[one.rest])]
        for form in ("table", *(form for form in question.formats if form not in {"svg", "png", "zip"})):
            yield (name, *told, *named, "--format", form)
        yield (name, *told, *named, "--nope")
        yield (name, *told, *named, "--population", "atlantis") if "population" in COMMANDS[name].params else (name,)


@pytest.mark.parametrize("line", [*dict.fromkeys(_lines())], ids=" ".join)
@pytest.mark.usefixtures("_bcg")
def test_no_command_of_another_field_speaks_of_the_shipped_one(phrases: frozenset[Words], line: tuple[str, ...]) -> None:
    told = run(*line)
    assert "Traceback" not in told
    assert foreign(told, phrases) == []


FILES = [*FORMATS, "neo4j-admin", "sheets.xlsx", "sheets.csv", "plot.svg", "bundle.zip", "site", "empty.xlsx"]


def _cells(path: Path) -> str:
    book = openpyxl.load_workbook(path)
    lists = [one.formula1 for sheet in book for one in sheet.data_validations.dataValidation]
    return "\n".join(str(value) for sheet in book for row in sheet.iter_rows(values_only=True) for value in row if value) + "\n".join(lists)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.usefixtures("_bcg")
def test_no_file_of_another_field_speaks_of_the_shipped_one(phrases: frozenset[Words], tmp_path: Path, name: str) -> None:
    out = tmp_path / name
    commands = {
        "site": ("site", out), "empty.xlsx": ("template", out),
        "plot.svg": ("evidence", *PAIR.values(), "--plot", out), "bundle.zip": ("evidence", *PAIR.values(), "--bundle", out),
    }  # fmt: skip
    told = run(*commands.get(name, ("export", name.partition(".")[0], "--output", out)))
    assert told.startswith("exit status 0"), told
    written = [path for path in sorted(out.rglob("*")) if path.is_file()] if out.is_dir() else [out]
    assert written
    for path in written:
        text = _cells(path) if path.suffix == ".xlsx" else text_of(path.read_bytes())
        assert foreign(f"{path.relative_to(tmp_path)} {text}", phrases) == [], path


# --- assistants ---


def test_an_assistant_is_told_of_its_own_field_alone(bcg: EvidenceGraph, phrases: frozenset[Words]) -> None:
    async def talk() -> list[str]:
        async with Client(server(MemoryStore(bcg))) as one:
            told = [one.instructions or "", one.server_info.model_dump_json()]
            tools = (await one.list_tools()).tools
            told += [tool.model_dump_json() for tool in tools]
            for tool in tools:
                asked = {name: NEEDED.get(name, "tuberculosis") for name in tool.input_schema.get("required", ())}
                for form in ("short", "full"):
                    told.append((await one.call_tool(tool.name, {**asked, "form": form})).model_dump_json())
                told += [(await one.call_tool(tool.name, {**asked, "nope": 1})).model_dump_json()]
            for resource in (await one.list_resources()).resources:
                told += [resource.model_dump_json(), (await one.read_resource(resource.uri)).model_dump_json()]
            return told

    told = asyncio.run(talk())
    assert told[0].startswith("Thirteen trials of BCG vaccine against tuberculosis, with their figures. ")
    assert len(told) > 50
    assert {one[:80]: found for one in told if (found := foreign(one, phrases))} == {}


def test_the_default_population_is_called_by_its_field(bcg: EvidenceGraph) -> None:
    async def ask(graph: EvidenceGraph) -> str:
        async with Client(server(MemoryStore(graph))) as one:
            told = (await one.call_tool("factors", {})).structured_content
            assert told is not None
            return str(told["text"])

    assert asyncio.run(ask(bcg)).endswith(f"The population is {bcg.field.short(bcg.field.population)} with all its parts.")
    assert shipped().short("ich") == "ICH"
