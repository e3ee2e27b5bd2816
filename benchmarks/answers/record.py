"""Writing down what this checkout answers, from outside: HTTP, command line, MCP, `open_graph()`. A file a kind, of lines {entry, text}."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import inspect
import io
import json
import lzma
import os
import shlex
import shutil
import sys
import zipfile
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import UTC, datetime
from enum import Enum
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal, NamedTuple, get_args, get_origin
from urllib.parse import quote, urlencode

import typer
from mcp import Client, StdioServerParameters
from starlette.testclient import TestClient

import evidence
from api.app import create_app
from api.cli import app, main
from benchmarks import neo4j_server
from benchmarks.answers.inputs import ASKED, HERE, NEEDED, fields, several, values, written
from graph.opening import Graph, open_graph

Entries = Iterator[tuple[str, str]]
_ROOT = HERE.parent.parent
_SHIPPED = Path(evidence.__file__).parent / "studies"
# of the moment, and not of what is answered
_PASSING = {"touched", "token", "holder", "host", "pid", "expires", "load"}


def text_of(content: bytes) -> str:
    """Bytes as text: of a ZIP what is in it, of what is no text a digest."""
    if content[:4] == b"PK\x03\x04":
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return "\n".join(f"== {name}\n{text_of(archive.read(name))}" for name in archive.namelist())
    with contextlib.suppress(UnicodeDecodeError):
        return content.decode()
    return f"{len(content)} bytes, SHA-256 begins {hashlib.sha256(content).hexdigest()[:40]}"


def _today() -> str:
    return datetime.now(UTC).date().isoformat()


def _files(folder: Path) -> Entries:
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        yield path.relative_to(folder).as_posix(), text_of(path.read_bytes())


# --- REST and pages ---


@contextlib.contextmanager
def _client() -> Iterator[TestClient]:
    with TestClient(create_app(open_graph().store), raise_server_exceptions=False, follow_redirects=False) as client:
        yield client


def _answered(client: TestClient, method: str, address: str, **about: Any) -> tuple[str, str]:
    response = client.request(method, address, **about)
    headers = "".join(f"{name}: {value}\n" for name, value in sorted(response.headers.items()) if name != "content-length")
    return f"{method} {address}", f"{response.status_code}\n{headers}\n{text_of(response.content)}"


def addresses(document: Mapping[str, Any]) -> Iterator[str]:
    """Every GET route of an OpenAPI document, in each format, with each parameter, and with what is wrong of each."""
    definitions = document.get("components", {}).get("schemas", {})
    for path, operations in document["paths"].items():
        if "get" not in operations:
            continue
        known = {one["name"]: one for one in operations["get"].get("parameters", ())}
        base = {name: NEEDED.get(name, "age") for name, one in known.items() if one["in"] == "query" and one.get("required")}
        route = path
        for name in (name for name, one in known.items() if one["in"] == "path"):
            before, _, after = route.partition(f"{{{name}}}")
            yield f"{before}nope{after}"
            route = before + quote(ASKED["named"].get(before.rstrip("/").rpartition("/")[2], "age")) + after

        def asked(*more: tuple[str, Any], route: str = route, base: Mapping[str, Any] = base) -> str:
            pairs = [*((name, value) for name, value in base.items() if name not in dict(more)), *more]
            return f"{route}?{urlencode([(name, written(value)) for name, value in pairs])}".rstrip("?")

        yield asked()
        yield asked(("nope", "1"))
        yield from (f"{route}?{urlencode({name: value for name, value in base.items() if name != left})}" for left in base)
        query = {name: one["schema"] for name, one in known.items() if one["in"] == "query"}
        for name, schema in query.items():
            given = values(name, schema, definitions)
            yield from (asked((name, value)) for value in given)
            yield from (asked((name, wrong)) for wrong in ("~", ""))
            yield asked(*((name, value) for value in (*given, *given)[:2]))
            if name == "format" and "limit" in query:
                yield from (asked((name, value), ("limit", 2), ("offset", 1)) for value in given)


def rest(folder: Path) -> Entries:
    del folder
    with _client() as client:
        yield _answered(client, "GET", "/openapi.json")
        document = client.get("/openapi.json").json()
        for address in dict.fromkeys(addresses(document)):
            yield _answered(client, "GET", address)
        for path in ("/v1/factors", "/v1/schema", "/healthz", "/v1/nope", "/openapi.json", "/v1/preview"):
            yield _answered(client, "HEAD", path)
            yield _answered(client, "DELETE", path)
        kept = client.get("/v1/factors").headers["etag"]
        told = _answered(client, "GET", "/v1/factors", headers={"If-None-Match": kept})
        yield f"{told[0]} If-None-Match", told[1]
        sheets = {path.name: path.read_bytes() for path in sorted(HERE.glob("*/*.yaml"))}
        # a sheet of terms that are known, and one that is there already
        sheets |= {"menon-2012.yaml": (_SHIPPED / "menon-2012.yaml").read_bytes(), "nothing": b"", "{}": b"{}", "[]": b"[]"}
        sheets |= {"no YAML": b"a: [", "not UTF-8": b"\xff\xfe\xfa", "too large": b"#" * (1 << 20) + b"##"}
        for name, content in sheets.items():
            entry, text = _answered(client, "POST", "/v1/preview", content=content)
            yield f"{entry} {name}", text


def page(folder: Path) -> Entries:
    with _client() as client:
        for address in ASKED["pages"]:
            yield _answered(client, "GET", address)
        for path in (HERE / "own" / "southern-2023.yaml", HERE / "wrong" / "wrong-2022.yaml", _SHIPPED / "menon-2012.yaml"):
            entry, text = _answered(client, "POST", "/preview", data={"sheet": path.read_text()})
            yield f"{entry} {path.name}", text
    run("site", folder / "site")
    yield from ((f"site {name}", text) for name, text in _files(folder / "site"))


# --- command line ---


def run(*arguments: object, stdin: str = "") -> str:
    """A command in this process: exit status, standard output and standard error."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2))
    kept = sys.argv, sys.stdin
    sys.argv, sys.stdin = ["rdwi", *map(str, arguments)], io.TextIOWrapper(io.BytesIO(stdin.encode()), encoding="utf-8")
    status: object = 0
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            main()
    except SystemExit as stopped:
        status = stopped.code or 0
    finally:
        sys.argv, sys.stdin = kept
    told = [one.buffer.getvalue().decode(errors="replace") for one in (out, err)]
    return f"exit status {status}\n{told[0]}" + (f"\n--- standard error\n{told[1]}" if told[1] else "")


def _called(*arguments: object, stdin: str = "") -> tuple[str, str]:
    return shlex.join(["rdwi", *map(str, arguments)]), run(*arguments, stdin=stdin)


def _choices(option: Any) -> tuple[Any, ...]:
    kind = option.type_descriptor.annotation
    while get_origin(kind) is list:
        (kind,) = get_args(kind)
    if get_origin(kind) is Literal:
        return get_args(kind)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return tuple(one.value for one in kind)
    return tuple(option.metavar.split("|")) if "|" in (option.metavar or "") else ()


def commands() -> Iterator[list[str]]:
    """Every question of the command line, in each format, with each option, and with what is wrong of each; and the help of all."""
    known: Mapping[str, Any] = vars(typer.main.get_command(app))["commands"]
    yield []
    yield ["--help"]
    yield ["nope"]
    for name, command in known.items():
        yield [name, "--help"]
        yield [name, "--nope"]
        arguments = [one for one in command.params if one.param_type_name == "argument"]
        options = {one.name: one for one in command.params if one.param_type_name == "option"}
        if "format" not in options or "csv" not in _choices(options["format"]):
            continue
        base = [name, *(NEEDED.get(one.name, "age") for one in arguments if one.required)]
        yield base
        if arguments:
            yield [name]
            yield [name, *("nope" for one in arguments if one.required or one.nargs == 1)]
            yield from ([name, str(values(one.name, {})[0])] for one in arguments if not one.required)
        for option, about in options.items():
            flag = about.opts[0]
            if about.is_flag:
                yield from ([*base, one] for one in (*about.opts, *about.secondary_opts))
            elif about.type_descriptor.annotation not in {Path, Path | None}:
                allowed = _choices(about)
                given = values(option, {"enum": allowed} if allowed else {})
                yield from ([*base, flag, str(value)] for value in (given if option == "format" else given[:2]))
                yield [*base, flag, "~"]
                yield [*base, flag, ""]


def cli(folder: Path) -> Entries:
    for name in ("own", "wrong"):
        shutil.copytree(HERE / name, folder / name)
    for name in ("flat.csv", "own.ris"):
        shutil.copy(HERE / name, folder)
    yield _called("status", "--format", "json")
    for arguments in commands():
        yield _called(*arguments)
    evidence = ("evidence", "cerebral-microbleeds", "r-dwi")
    yield _called(*evidence, "--plot", "plot.svg", "--bundle", "bundle.zip")
    paths = ("paths", "CMBs", "poor-functional-outcome")
    for question in (evidence, paths, ("factors", "--limit", "3"), ("menon-2012", "wu-2015"), ("nope",), ("factors", "--nope")):
        for form in ("ris", "bibtex", "csl-json"):
            yield _called("cite", *question, "--format", form)
    with _environment(RDWI_SNAPSHOT=str(folder / "own-store")):
        piped = (HERE / "own" / "southern-2023.yaml").read_text()
        for number, line in enumerate(ASKED["steps"], start=1):
            yield f"step {number}: rdwi {line}", run(*shlex.split(line), stdin=piped if line.endswith(" -") else "")
    for name in ("plot.svg", "own.svg", "bundle.zip", "empty.xlsx", "filled", "own-sheets"):
        path = folder / name
        told = _files(path) if path.is_dir() else iter([("", text_of(path.read_bytes()))])
        yield from ((f"written {name} {inner}".strip(), text) for inner, text in told)


@contextlib.contextmanager
def _environment(**settings: str) -> Iterator[None]:
    kept = dict(os.environ)
    os.environ.update(settings)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(kept)


# --- assistants ---


def _calls(tool: Any) -> Iterator[dict[str, Any]]:
    schema = tool.input_schema
    definitions = schema.get("$defs", {})
    known = schema.get("properties", {})
    base = {name: NEEDED.get(name, "age") for name in schema.get("required", ())}
    yield base
    yield {**base, "nope": 1}
    yield from ({name: value for name, value in base.items() if name != left} for left in base)
    yield from ({**base, name: "nope"} for name in base)
    for name, about in known.items():
        inner = fields(about, definitions)
        for field, of in inner.items():
            yield from ({**base, name: {field: [one] if several(of, definitions) else one}} for one in values(field, of, definitions)[:2])
        if not inner:
            yield from ({**base, name: [one] if several(about, definitions) else one} for one in values(name, about, definitions))
        yield {**base, name: {"nope": 1}}


async def _talk(folder: Path) -> list[tuple[str, str]]:
    environment = {"RDWI_SNAPSHOT": os.environ["RDWI_SNAPSHOT"], "PYTHONPATH": str(_ROOT), "PATH": os.environ["PATH"]}
    command = ["-c", "from api.cli import main; main()", "mcp"]
    program = StdioServerParameters(command=sys.executable, args=command, env=environment, cwd=folder)
    found: dict[str, str] = {}
    async with Client(program, read_timeout_seconds=120) as client:
        found["instructions"] = client.instructions or ""
        for tool in (await client.list_tools()).tools:
            found[f"tool {tool.name}"] = tool.model_dump_json()
            for arguments in _calls(tool):
                told = await client.call_tool(tool.name, arguments)
                found.setdefault(f"{tool.name} {json.dumps(arguments)}", told.model_dump_json())
        for resource in (await client.list_resources()).resources:
            found[f"resource {resource.uri}"] = (await client.read_resource(resource.uri)).model_dump_json()
    return list(found.items())


def mcp(folder: Path) -> Entries:
    yield from asyncio.run(_talk(folder))


# --- exports, Neo4j, Python ---


def export(folder: Path) -> Entries:
    for form in ("node-link", "graphml", "kgx", "csv", "metafor", "sheets", "neo4j-admin"):
        for place in ((), ("--population", "caa")):
            out = folder / "exports" / ("-".join([form, *place[1:]]))
            out.parent.mkdir(exist_ok=True)
            yield _called("export", form, "--output", out.relative_to(folder), *place)
            told = _files(out) if out.is_dir() else iter([("", text_of(out.read_bytes()))] if out.exists() else ())
            yield from ((f"{out.name} {name}".strip(), text) for name, text in told)
    for ending in ("xlsx", "csv"):
        out = folder / "exports" / f"corpus.{ending}"
        yield _called("export", "sheets", "--output", out.relative_to(folder))
        yield out.name, text_of(out.read_bytes())


def neo4j(folder: Path) -> Entries:
    """What a load of the shipped sheets writes: a line a node by its labels, a line an edge by its type."""
    del folder
    with neo4j_server.Server(next(iter(neo4j_server.VERSIONS))) as server:
        with _environment(RDWI_STORE=server.uri, RDWI_NEO4J_USER=server.user, RDWI_NEO4J_PASSWORD=server.password):
            yield "load", run("load", _SHIPPED)
            yield "status", run("status").replace(server.uri, "ADDRESS")
        yield from dump(server)


def dump(server: neo4j_server.Server) -> Entries:
    """All that is in a database, sorted."""
    found: dict[str, list[str]] = {}
    for labels, properties in server.query("MATCH (n) RETURN labels(n), properties(n)"):
        kept = {name: value for name, value in properties.items() if name not in _PASSING}
        found.setdefault(f"nodes {':'.join(sorted(labels))}", []).append(json.dumps(kept, sort_keys=True, ensure_ascii=False))
    for kind, start, end, properties in server.query("MATCH (a)-[r]->(b) RETURN type(r), a.id, b.id, properties(r)"):
        line = json.dumps([start, end, properties], sort_keys=True, ensure_ascii=False)
        found.setdefault(f"edges {kind}", []).append(line)
    yield from ((name, "\n".join(sorted(lines))) for name, lines in sorted(found.items()))


def python(folder: Path) -> Entries:
    del folder
    for name, one in inspect.getmembers(Graph):
        if not name.startswith("_"):
            yield name, str(inspect.signature(one)) if callable(one) else type(one).__name__


KINDS: dict[str, Callable[[Path], Entries]] = {
    "python": python, "rest": rest, "page": page, "cli": cli, "mcp": mcp, "export": export, "neo4j": neo4j,
}  # fmt: skip


class Record(NamedTuple):
    """What was found when it was written down."""

    about: Mapping[str, Any]
    folder: Path

    def entries(self, kind: str) -> dict[str, str]:
        with lzma.open(self.folder / f"{kind}.jsonl.xz", "rt", encoding="utf-8") as file:
            return dict(map(json.loads, file))


def opened(folder: Path) -> Record:
    return Record(json.loads((folder / "about.json").read_text(encoding="utf-8")), folder)


def record(folder: Path, working: Path, kinds: Collection[str], tell: Callable[[str], None]) -> Record:
    """Write down these kinds. `working` is an empty folder, which is named in no entry."""
    folder.mkdir(parents=True, exist_ok=True)
    working = working.resolve()
    days = {_today()}
    numbers: dict[str, int] = {}
    kept = Path.cwd()
    folder = folder.resolve()
    with _environment(COLUMNS="120", TERM="dumb", RDWI_SNAPSHOT=str(working / "store"), RDWI_STORE="", RDWI_LOG_FORMAT=""):
        try:
            os.chdir(working)
            for kind in kinds:
                with lzma.open(folder / f"{kind}.jsonl.xz", "wt", encoding="utf-8", preset=1) as file:
                    names = set()
                    for entry, text in KINDS[kind](working):
                        if entry in names:
                            continue
                        names.add(entry)
                        for path, name in ((working, "WORKING"), (_ROOT, "ROOT")):
                            text = text.replace(str(path), name)  # noqa: PLW2901
                        file.write(json.dumps([entry, text], ensure_ascii=False) + "\n")
                numbers[kind] = len(names)
                tell(f"{kind}: {len(names)} entries")
        finally:
            os.chdir(kept)
    about = {"version": version("rdwi-graph"), "days": sorted(days | {_today()}), "entries": numbers}
    (folder / "about.json").write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")
    return opened(folder)
