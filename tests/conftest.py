"""What the tests share: the shipped corpus, its graph built once, a reader, a client, folders for stores, Neo4j servers, a browser, R.

--quick leaves out what needs one of the last three, or the image of docker-compose.yml, for which packages are installed, known by the
fixtures through which alone a test gets them (DOORS). --all takes the long forms: every study, every random set.

RDWI_TEST_FINDINGS=N takes the shipped corpus with synthetic studies after it, N findings in all: for the contract suite alone.
RDWI_TEST_NEO4J_URI (with RDWI_TEST_NEO4J_USER and RDWI_TEST_NEO4J_PASSWORD) names a server for the tests, and all that is in it is deleted;
else they start their own. The run prints which versions it ran on; under CI=true it fails where there was none.
"""

from __future__ import annotations

import gc
import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from neo4j import GraphDatabase
from starlette.testclient import TestClient

from api.app import create_app
from benchmarks import neo4j_server
from benchmarks.neo4j_import import imported_by
from benchmarks.synthetic import synthetic
from graph.build import EvidenceGraph, build
from graph.opening import field_of, shipped, shipped_digest, shipped_studies
from graph.settings import Server, Settings
from graph.stores import snapshot
from graph.stores.memory import MemoryReader, MemoryStore
from graph.stores.neo4j import bulk
from graph.stores.port import Store
from loaders.sheets import load_text
from schema.study import Study

# what is started here is sent signals: by nohup, or in the background of a shell, some of them are ignored
for _signal, _usual in ((signal.SIGINT, signal.default_int_handler), (getattr(signal, "SIGHUP", signal.SIGINT), signal.SIG_DFL)):
    if signal.getsignal(_signal) is signal.SIG_IGN:
        signal.signal(_signal, _usual)

# no example fails because the machine has more to do than this
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")
# the width of a terminal is nobody's here, not even of the one that the tests were started from
os.environ.pop("COLUMNS", None)

LTS, NEWEST = neo4j_server.VERSIONS
GIVEN = os.environ.get("RDWI_TEST_NEO4J_URI")
SYNTHETIC = os.environ.get("RDWI_TEST_FINDINGS")
CI = os.environ.get("CI", "").lower() in {"1", "true"}
DOORS = frozenset({"servers", "browser", "rscript", "image"})
# first, or else one of the two that run at a time would end with one of these while the other has nothing left to do
LONGEST = ("neo4j_outage", "neo4j_loading", "browser", "schemathesis", "pages_browser", "docs", "compose", "contract", "serve", "writing")
ran: set[str] = set()
left_out: dict[str, str] = {}

_T = TypeVar("_T")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--quick", action="store_true", help="only what needs no Neo4j server, no browser and no R")
    parser.addoption("--all", action="store_true", help="every case where ten of many are taken else")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--quick"):
        slow = [one for one in items if _needs(one)]
        items[:] = [one for one in items if not _needs(one)]
        config.hook.pytest_deselected(items=slow)
    order = {f"test_{name}.py": place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda one: order.get(one.path.name, len(order)))


def pytest_collection_finish() -> None:
    """Eight thousand tests stay to the end: no search for cycles need go through them again and again."""
    gc.collect()
    gc.freeze()


def _needs(item: pytest.Item) -> bool:
    """Whether a test goes through a door, or takes a store that does."""
    given = item.callspec.params if isinstance(item, pytest.Function) and hasattr(item, "callspec") else {}
    return not DOORS.isdisjoint(getattr(item, "fixturenames", ())) or any(
        one in STORES[1:] for one in given.values() if isinstance(one, str)
    )


def _enter(config: pytest.Config) -> None:
    if config.getoption("--quick"):
        pytest.fail("a test that --quick did not leave out needs a server, a browser or R")


def _absent(reason: str) -> NoReturn:
    """Leaves a test out; in CI fails it."""
    if CI:
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def some(pytestconfig: pytest.Config) -> Callable[[Sequence[_T]], Sequence[_T]]:
    """Ten of many cases, evenly spread; all of them with --all."""
    return lambda cases: cases if pytestconfig.getoption("--all") else [cases[i * len(cases) // 10] for i in range(10)]


@pytest.fixture(scope="session")
def corpus() -> tuple[Study, ...]:
    """The studies that come with the package."""
    return shipped_studies(shipped())


@pytest.fixture(scope="session")
def graph(corpus: tuple[Study, ...]) -> EvidenceGraph:
    """The graph of the shipped corpus."""
    if SYNTHETIC:
        return build(*synthetic(int(SYNTHETIC)))
    return build(corpus, shipped())


@pytest.fixture(scope="session")
def keyed() -> Study:
    """The sheet of docs/sheets.md, with each key that says what may be pooled."""
    text = (Path(__file__).parents[1] / "docs" / "sheets.md").read_text(encoding="utf-8")
    loaded = load_text("keyed.yaml", text.partition("## What may be pooled")[2].split("```yaml\n")[1].split("```")[0].encode(), shipped())
    assert loaded.problems == ()
    return loaded.studies[0]


BCG = Path(__file__).parents[1] / "examples" / "bcg"


@pytest.fixture(scope="session")
def bcg() -> EvidenceGraph:
    """The graph of another field: the thirteen trials of BCG vaccine."""
    field = field_of(Settings(field=BCG))
    return build(shipped_studies(field), field)


@pytest.fixture(scope="session")
def reader(graph: EvidenceGraph) -> MemoryReader:
    return MemoryReader(graph)


@pytest.fixture(scope="session")
def client(graph: EvidenceGraph) -> Iterator[TestClient]:
    """The API over the shipped corpus, in memory; an error inside it is answered, not raised."""
    with TestClient(create_app(MemoryStore(graph)), raise_server_exceptions=False) as opened:
        yield opened


@pytest.fixture(scope="session")
def written(graph: EvidenceGraph, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The snapshot of the shipped corpus."""
    path = tmp_path_factory.mktemp("written") / snapshot.NAME
    snapshot.write(graph, path, shipped_digest(shipped()))
    return path.read_bytes()


@pytest.fixture
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """RDWI_SNAPSHOT: a folder that holds nothing yet."""
    folder = tmp_path / "data"
    monkeypatch.setenv("RDWI_SNAPSHOT", str(folder))
    monkeypatch.delenv("RDWI_STORE", raising=False)
    monkeypatch.delenv("RDWI_LOG_FORMAT", raising=False)
    return folder


@pytest.fixture
def folder(empty_folder: Path, written: bytes) -> Path:
    """RDWI_SNAPSHOT: a folder that holds the shipped corpus."""
    empty_folder.mkdir()
    (empty_folder / snapshot.NAME).write_bytes(written)
    return empty_folder


# --- Neo4j ---


def as_settings(server: neo4j_server.Server) -> Server:
    return Server.of(server.uri, server.user, server.password)


@pytest.fixture(scope="session")
def servers(pytestconfig: pytest.Config) -> Callable[[str], None]:
    """The door to Neo4j: a version that can't be had is left out, the LTS one not in CI."""
    _enter(pytestconfig)

    def want(version: str) -> None:
        reason = neo4j_server.missing(version)
        if reason is not None:
            left_out[version] = reason
            if version == LTS:
                _absent(reason)
            pytest.skip(reason)

    return want


@pytest.fixture(scope="session")
def start(servers: Callable[[str], None]) -> Iterator[Callable[..., neo4j_server.Server]]:
    """Starts a server of a version; it runs until the session ends."""
    with ExitStack() as stack:

        def start(version: str = LTS, first: Callable[[neo4j_server.Server], None] | None = None) -> neo4j_server.Server:
            servers(version)
            server = neo4j_server.Server(version, heap="2g" if SYNTHETIC else "1g")
            stack.callback(server.close)
            if first is not None:
                first(server)
            server.start()
            ran.add(f"{version} (Java {neo4j_server.java(version).version})")
            return server

        yield start


def given() -> Server | None:
    """The server that the environment names."""
    if GIVEN is None:
        return None
    ran.add(GIVEN)
    password = os.environ.get("RDWI_TEST_NEO4J_PASSWORD", "")
    return Server.of(GIVEN, os.environ.get("RDWI_TEST_NEO4J_USER", "neo4j"), password)


@pytest.fixture(scope="session")
def corpus_server(start: Callable[..., neo4j_server.Server]) -> Server:
    return given() or as_settings(start(LTS))


@pytest.fixture(scope="module")
def loaded(corpus_server: Server, graph: EvidenceGraph) -> Server:
    """A server of the LTS version that holds the shipped corpus; for reading."""
    return _filled(corpus_server, graph)


@pytest.fixture(scope="session")
def newest(start: Callable[..., neo4j_server.Server], graph: EvidenceGraph) -> Server:
    """The same of the newest version."""
    return _filled(as_settings(start(NEWEST)), graph)


# the study that the first of two releases lacks
WITHOUT = "kidwell-2017"


def _filled(server: Server, graph: EvidenceGraph) -> Server:
    from graph.stores.neo4j.loading import Neo4jWriter

    with Neo4jWriter(server, shipped()) as writer:
        held = writer.held()
        if held is None or held.release != graph.release:
            # two releases, so that there is what changed
            writer.write(build([study for study in graph.studies if study.id != WITHOUT], graph.field))
            writer.write(graph)
    return server


@pytest.fixture(scope="session")
def scratch(start: Callable[..., neo4j_server.Server]) -> Server:
    """A server whose content belongs to the test that runs."""
    return given() or as_settings(start(LTS))


@pytest.fixture
def empty(scratch: Server) -> Server:
    """A server with nothing in it."""
    emptied(scratch)
    return scratch


def emptied(server: Server) -> None:
    with GraphDatabase.driver(server.uri, auth=(server.user, server.password.get_secret_value())) as driver:
        driver.execute_query("MATCH (n) DETACH DELETE n")


@pytest.fixture(scope="session")
def own_server(start: Callable[..., neo4j_server.Server]) -> neo4j_server.Server:
    """A server to be killed, halted and started again."""
    return start(LTS)


@pytest.fixture(scope="session")
def imported(start: Callable[..., neo4j_server.Server], graph: EvidenceGraph, tmp_path_factory: pytest.TempPathFactory) -> Server:
    """A server of the LTS version that holds the shipped corpus by way of `neo4j-admin database import`."""
    folder = tmp_path_factory.mktemp("import") / "graph"
    bulk.write(graph, folder)
    return as_settings(start(LTS, lambda server: imported_by(server, folder)))


MEMORY, ON_LTS, ON_NEWEST, IMPORTED = STORES = ("memory", f"neo4j {LTS}", f"neo4j {NEWEST}", "neo4j-admin import")


@pytest.fixture(scope="module", params=STORES)
def store(request: pytest.FixtureRequest, written: bytes, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """Each kind of store, with the shipped corpus in it."""
    if request.param == MEMORY:
        path = tmp_path_factory.mktemp("store") / snapshot.NAME
        path.write_bytes(written)
        yield MemoryStore(snapshot.read(path, shipped()), path)
        return
    from graph.stores.neo4j.store import Neo4jStore

    kept = {ON_LTS: "loaded", ON_NEWEST: "newest", IMPORTED: "imported"}
    opened = Neo4jStore(request.getfixturevalue(kept[request.param]), shipped())
    yield opened
    opened.close()


@pytest.fixture(scope="module", params=[MEMORY, ON_LTS])
def bcg_store(request: pytest.FixtureRequest, bcg: EvidenceGraph, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A store of each kind with the other field in it."""
    if request.param == MEMORY:
        path = tmp_path_factory.mktemp("bcg") / snapshot.NAME
        snapshot.write(bcg, path, "")
        yield MemoryStore(snapshot.read(path, bcg.field), path)
        return
    from graph.stores.neo4j.loading import Neo4jWriter
    from graph.stores.neo4j.store import Neo4jStore

    server = request.getfixturevalue("scratch")
    emptied(server)
    with Neo4jWriter(server, bcg.field) as writer:
        writer.write(bcg)
    opened = Neo4jStore(server, bcg.field)
    yield opened
    opened.close()


# --- a browser, and R ---


@pytest.fixture(scope="session")
def browser(pytestconfig: pytest.Config) -> str:
    """The door to a browser: Chromium's program."""
    _enter(pytestconfig)
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None:
        _absent("There is no Chromium on PATH (apt-get install chromium)")
    return found


@pytest.fixture(scope="session")
def rscript(pytestconfig: pytest.Config) -> str:
    """The door to R: its program, with metafor and what metafor's binomial-normal model takes."""
    _enter(pytestconfig)
    found = shutil.which("Rscript")
    if found is None or subprocess.run([found, "-e", "library(metafor); library(lme4)"], capture_output=True, check=False).returncode:
        _absent("There is no R with metafor and lme4 (apt-get install r-base-core r-cran-metafor r-cran-lme4)")
    return found


# each worker tells the one that sums up what it ran on


def pytest_sessionfinish(session: pytest.Session) -> None:
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput |= {"ran": sorted(ran), "left_out": left_out}


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    told = getattr(node, "workeroutput", {})
    ran.update(told.get("ran", ()))
    left_out.update(told.get("left_out", {}))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    terminalreporter.section("Neo4j")
    terminalreporter.write_line(f"ran on: {', '.join(sorted(ran)) or 'no server'}")
    for version, reason in sorted(left_out.items()):
        terminalreporter.write_line(f"LEFT OUT {version}: {reason}")


def _sheet(name: str, *findings: dict[str, Any], groups: Sequence[dict[str, Any]] = (), n: int | None = 400) -> Study:
    everyone = {"label": "ICH", "condition": "ich", "arteriopathy": "any", "location": "any"}
    populations = [{**everyone, "id": one.get("id", "all"), "n": n, **one} for one in groups or ({},)]
    rows = [{"population": populations[0]["id"], "direction": "increases", **one} for one in findings]
    sheet = {"id": name, "year": 2026, "read": "abstract", "design": "prospective-cohort", "n": n, "populations": populations}
    return Study.model_validate(sheet | {"findings": rows})


def _counts(a: int, b: int, c: int, d: int) -> dict[str, Any]:
    return {"counts": {"exposed_cases": a, "exposed_total": b, "unexposed_cases": c, "unexposed_total": d}, "contrast_type": "binary"}


@pytest.fixture(scope="session")
def pools() -> EvidenceGraph:
    """Made-up papers, a comparison of each kind.

    lacunes > mortality: three trials, of which two print unlike measures and all their counts, within 12 months; lacunes > recurrent-ich:
    three cohorts, one of them two groups that share nobody and one of subgroups that make it up, of two known to be adjusted, one without
    its n; age > r-dwi: per year and per 10 years; lacunes > r-dwi: six per SD, the spread of whose unit can't matter;
    lobar-location > r-dwi: three ratios that don't say what they compare, and two papers without an event.
    """
    year, ten = {"per": {"step": 1, "unit": "years"}}, {"per": {"step": 10, "unit": "years"}}
    per = {"measure": "OR", "contrast_type": "per-unit"}
    ratio = {"exposure": "lacunes", "outcome": "recurrent-ich", "contrast_type": "binary", "measure": "HR", "contrast": "present vs absent"}
    trial = {
        "exposure": "lacunes", "outcome": "mortality", "randomised": True, "follow_up_months": 6, "outcome_cutoff": "death",
        "versus": "cerebral-microbleeds",
    }  # fmt: skip
    age = {"exposure": "age", "outcome": "r-dwi", "adjusted": True, **per}
    untold = {"exposure": "lobar-location", "outcome": "r-dwi", "measure": "OR", "adjusted": True}
    none = {"exposure": "lobar-location", "outcome": "r-dwi", "measure": "OR", "direction": "no-association"}
    apart = [{"id": "north", "n": 220, "disjoint": True}, {"id": "south", "n": 180, "disjoint": True}]
    halves = [{"id": "deep", "n": 150}, {"id": "lobar", "n": 250}]
    studies = [
        _sheet("t-one", {**trial, "measure": "OR", "value": 1.62, "ci": [1.01, 2.6], **_counts(60, 200, 42, 200)}),
        _sheet("t-two", {**trial, "measure": "RR", "value": 1.3, "ci": [0.93, 1.82], **_counts(52, 200, 40, 200)}),
        _sheet("t-three", {**trial, "measure": "OR", "value": 1.4, "ci": [0.8, 2.45], **_counts(35, 200, 26, 200)}),
        _sheet(
            "c-apart", {**ratio, "value": 1.5, "ci": [0.9, 2.5], "adjusted": True},
            {**ratio, "population": "south", "value": 2.1, "ci": [1.1, 4.01], "adjusted": True}, groups=apart,
        ),
        _sheet(
            "c-halves", {**ratio, "value": 1.2, "ci": [0.6, 2.4]}, {**ratio, "population": "lobar", "value": 3.0, "ci": [1.6, 5.63]},
            groups=halves,
        ),
        _sheet("c-unknown", {**ratio, "value": 2.4, "ci": [1.2, 4.8]}, n=None),
        _sheet("a-year", {**age, **year, "value": 1.05, "ci": [1.02, 1.08]}),
        _sheet("a-ten", {**age, **ten, "value": 1.4, "ci": [1.05, 1.87]}),
        _sheet("a-more", {**age, **ten, "value": 1.9, "ci": [1.3, 2.78]}),
        *(
            _sheet(
                f"s-{i}",
                {"exposure": "lacunes", "outcome": "r-dwi", "measure": "OR", "contrast_type": "binary", "value": value,
                 "ci": [value / 1.6, value * 1.6], "adjusted": True},
            )
            for i, value in enumerate((1.1, 1.5, 2.2, 1.9, 3.1, 1.3))
        ),
        *(_sheet(f"u-{i}", {**untold, "value": value, "ci": [1.1, 3.0]}) for i, value in enumerate((1.6, 1.8, 2.0))),
        _sheet("z-none", {**none, **_counts(0, 20, 0, 20)}, n=40),
        _sheet("z-only", {**none, **_counts(20, 20, 20, 20)}, n=40),
    ]  # fmt: skip
    return build(studies, shipped())
