"""The files for Neo4j Browser: every saved query returns what the API says, and the real Browser shows it in headless Chromium.

RDWI_PICTURES=1 writes the pictures of docs/browser.md, and questions.zip, anew.
"""

from __future__ import annotations

import base64
import json
import os
import re
import struct
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import combinations
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import neo4j
import numpy as np
import pytest
from playwright.sync_api import Locator, Page, Route, expect, sync_playwright

from graph import questions
from graph.questions import lookups
from graph.questions.filters import Filters
from graph.questions.lists import Narrow
from graph.questions.lists import Page as Part
from graph.settings import Server
from graph.stores.memory import MemoryReader
from graph.stores.neo4j import cypher
from graph.synthesis.method import VERSION
from schema.association import Association
from schema.graphmodel import EDGES, NODES
from schema.observation import Z_SIGNIFICANT
from tests.conftest import WITHOUT

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "docs" / "browser"
GRASS, QUESTIONS, ARCHIVE = FOLDER / "rdwi.grass", FOLDER / "questions.cypher", FOLDER / "questions.zip"
PICTURES = ("connect.png", "graph.png", "table.png")
ANEW = os.environ.get("RDWI_PICTURES") == "1"

# each by its name, which is its first line
SAVED = {text.splitlines()[0].removeprefix("// "): f"{text}\n" for text in re.split(r"(?<=;)\n+", QUESTIONS.read_text("utf-8")) if text}
TABLE, GRAPH = "01 Factors in ICH: table", "02 Factors in ICH: graph"
ALL = Part(limit=None)
Rows = list[dict[str, Any]]
CHECKS: dict[str, Callable[[Rows, MemoryReader], None]] = {}


# --- the saved queries ---


def check(name: str) -> Callable[[Callable[[Rows, MemoryReader], None]], Callable[[Rows, MemoryReader], None]]:
    def keep(function: Callable[[Rows, MemoryReader], None]) -> Callable[[Rows, MemoryReader], None]:
        CHECKS[name] = function
        return function

    return keep


def rounded(value: float | None, digits: int = 2) -> Any:
    return None if value is None else pytest.approx(value, abs=0.5000001 * 10**-digits)


def tabled(one: Association, term: str) -> dict[str, Any]:
    """An association as a row of the tables."""
    return {
        term: one.exposure.name if term == "factor" else one.outcome.name,
        "association": one.caption,
        "low": rounded(one.ci[0] if one.ci else None),
        "high": rounded(one.ci[1] if one.ci else None),
        "+": one.increases,
        "−": one.decreases,  # noqa: RUF001 - the sign that the command line prints
        "○": one.not_significant,
        "?": one.unclear,
        "weight": rounded(one.weight),
    }


def headline(reader: MemoryReader) -> list[Association]:
    """The associations of the graph."""
    found = questions.Factors(narrow=Narrow(min_cohorts=2), page=ALL).answer(reader).items
    return [one for one in found if one.direction in {"increases", "decreases"}]


@check(TABLE)
def _(rows: Rows, reader: MemoryReader) -> None:
    assert rows == [tabled(one, "factor") for one in questions.Factors(page=ALL).answer(reader).items]
    assert len(rows) > 50


@check(GRAPH)
def _(rows: Rows, reader: MemoryReader) -> None:
    expected = headline(reader)
    assert [row["factor"]["id"] for row in rows] == [one.exposure.id for one in expected]
    assert {row["lesion"]["id"] for row in rows} == {"r-dwi"}
    assert [(row["a"].type, row["a"]["caption"]) for row in rows] == [("ASSOCIATED_WITH", one.caption) for one in expected]
    assert 8 <= len(rows) < 25


@check("03 Factors in CAA")
def _(rows: Rows, reader: MemoryReader) -> None:
    assert rows == [
        {
            "factor": one.exposure.name,
            "association": one.caption,
            "weight": rounded(one.weight),
            "papers": [paper.label for paper in one.papers],
        }
        for one in questions.Factors(population="caa", page=ALL).answer(reader).items
    ]


@check("04 Papers behind one link")
def _(rows: Rows, reader: MemoryReader) -> None:
    names = reader.terms()
    expected = questions.Evidence(exposure="cerebral-microbleeds", outcome="r-dwi").answer(reader).rows
    assert rows == [
        {
            "paper": one.study.label,
            "exposure": names[one.exposure].name,
            "direction": one.direction,
            "kind": one.kind,
            "measure": one.measure,
            "value": one.value,
            "low": one.ci[0] if one.ci else None,
            "high": one.ci[1] if one.ci else None,
            "p": None if one.p is None else str(one.p),
            "n": one.n if one.n_known else None,
            "adjusted": one.adjusted,
            "source": one.source,
            "doi": one.study.doi,
        }
        for one in expected
    ]
    assert sum(row["doi"] is not None for row in rows) > 8


@check("05 Outcomes after R-DWI")
def _(rows: Rows, reader: MemoryReader) -> None:
    assert rows == [tabled(one, "outcome") for one in questions.Outcomes(page=ALL).answer(reader).items]


@check("06 Contested evidence")
def _(rows: Rows, reader: MemoryReader) -> None:
    assert rows == [
        {"exposure": one.exposure.name, "outcome": one.outcome.name, "association": one.caption, "why": one.contested.why}
        for one in questions.Contested(page=ALL).answer(reader).items
        if one.contested
    ]


@check("07 Null findings")
def _(rows: Rows, reader: MemoryReader) -> None:
    expected = []
    for factor in sorted(questions.Factors(page=ALL).answer(reader).items, key=lambda one: one.exposure.id):
        for one in questions.Evidence(exposure=factor.exposure.id, outcome="r-dwi").answer(reader).rows:
            null = one.kind == "estimate" and one.y is not None and one.se is not None and abs(one.y / one.se) < Z_SIGNIFICANT
            if null or one.kind == "null":
                expected.append((factor.exposure.name, one.study.label, one.printed_measure, one.n if one.n_known else None, one.study.doi))
    assert [tuple(row[name] for name in ("factor", "paper", "measure", "n", "doi")) for row in rows] == expected
    assert len(rows) > 30
    for row in rows:
        # as printed: the interval of a ratio holds 1, that of a difference 0
        if row["low"] is not None:
            assert row["low"] <= (1 if row["measure"] in {"OR", "RR", "HR"} else 0) <= row["high"], row


@check("08 Shared patients")
def _(rows: Rows, reader: MemoryReader) -> None:
    studies = reader.studies()
    about = {
        one.id
        for one in studies.values()
        if any("r-dwi" in {row.exposure, row.outcome} for row in one.findings) or any(row.lesion == "r-dwi" for row in one.prevalence)
    }
    expected = []
    for one in sorted(about):
        for other in lookups.study(reader, one).shares_patients_with:
            if one < other and other in about:
                common = set(studies[one].cohorts) & set(studies[other].cohorts)
                expected.append((studies[one].label, studies[one].n, studies[other].label, studies[other].n, common))
    found = [
        (row["study"], row["patients"], row["shares patients with"], row["its patients"], set(row["cohorts in common"])) for row in rows
    ]
    assert found == expected
    assert any(common for *_, common in found)


@check("09 Mechanisms: table")
def _(rows: Rows, reader: MemoryReader) -> None:
    expected = questions.Mechanisms(page=ALL).answer(reader).items
    assert rows == [
        {
            "mechanism": one.mechanism.name,
            "supports": one.supports,
            "proposes": one.proposes,
            "argues against": one.argues_against,
            "support": rounded(one.support),
            "supported by": [claim.study.label for claim in one.claims if claim.stance == "supports"],
            "proposed by": [claim.study.label for claim in one.claims if claim.stance == "proposes"],
            "argued against by": [claim.study.label for claim in one.claims if claim.stance == "argues-against"],
            "factors": [factor.factor.name for factor in one.factors],
        }
        for one in expected
    ]


@check("10 Mechanisms: graph")
def _(rows: Rows, reader: MemoryReader) -> None:
    expected = [one for one in questions.Mechanisms(page=ALL).answer(reader).items if one.supports >= 2]
    pairs = [(factor.factor.id, one.mechanism.id) for one in expected for factor in one.factors]
    assert [(row["factor"]["id"], row["mechanism"]["id"]) for row in rows] == pairs
    captions = {(edge.kind, edge.start, edge.end): edge.caption for edge in questions.Neighbours(term="r-dwi").answer(reader).mechanisms}
    assert {row["m"]["caption"] for row in rows} == {captions["MAY_LEAD_TO", one.mechanism.id, "r-dwi"] for one in expected}
    for row in rows:
        start, end = row["factor"]["id"], row["mechanism"]["id"]
        (edge,) = (one for one in reader.mechanism_edges() if (one.kind, one.start, one.end) == ("MAY_ACT_THROUGH", start, end))
        assert row["f"]["caption"] == edge.caption


@check("11 Prevalence by study")
def _(rows: Rows, reader: MemoryReader) -> None:
    expected = questions.Prevalence(lesion="r-dwi", population="ich").answer(reader).prevalence.rows
    names = ("study", "cases", "patients", "percent", "whole cohort", "doi")
    assert [tuple(row[name] for name in names) for row in rows] == [
        (one.study.label, one.cases, one.total, rounded(one.pct, 1), "not marked as the whole cohort" not in (one.why or ""), one.study.doi)
        for one in expected
    ]
    assert ["; ".join(row["when"]) or None for row in rows] == [one.timing for one in expected]
    assert [one.population.id in row["in whom"] for row, one in zip(rows, expected, strict=True)] == [True] * len(rows)


@check("12 Gaps: no second cohort")
def _(rows: Rows, reader: MemoryReader) -> None:
    found = questions.Factors(population="caa", filters=Filters(indirect=True), page=ALL).answer(reader).items
    assert rows == [
        {
            "factor": one.exposure.name,
            "cohorts": one.cohorts,
            "in the population": one.caption if one.studies else "not studied",
            "in the wider one": one.indirect[0].caption if one.indirect else "not studied",
        }
        for one in found
        if one.cohorts < 2
    ]
    assert {row["cohorts"] for row in rows} == {0, 1}


@check("13 Find a term")
def _(rows: Rows, reader: MemoryReader) -> None:
    expected = {one.id: one for one in questions.Terms(q="white matter", page=ALL).answer(reader).items}
    assert {row["id"] for row in rows} == set(expected)
    assert all((row["term"], row["kind"]) == (expected[row["id"]].name, expected[row["id"]].kind) for row in rows)
    assert all(tuple(row["synonyms"]) == expected[row["id"]].synonyms for row in rows)
    assert len(rows) > 3


@check("14 What is loaded")
def _(rows: Rows, reader: MemoryReader) -> None:
    counts = reader.counts()
    assert rows == [
        {
            "release": reader.release(),
            "method": str(VERSION),
            "studies": counts.studies,
            "read in full": counts.full_text,
            "terms": counts.terms,
            "findings": counts.findings,
            "prevalence": counts.prevalence,
            "claims": counts.claims,
            "associations": counts.associations,
            "edges of mechanisms": counts.mechanism_edges,
        }
    ]


@check("15 What changed")
def _(rows: Rows, reader: MemoryReader) -> None:
    now = {f"{one.exposure.name} > {one.outcome.name} ({one.population.id})": one.caption for one in reader.edges()}
    assert sum(row["studies"] == [WITHOUT] for row in rows) > 5
    assert {row["association"]: row["after"] for row in rows} == {row["association"]: now[row["association"]] for row in rows}
    assert [row["another direction"] for row in rows] == sorted((row["another direction"] for row in rows), reverse=True)


@check("16 Releases")
def _(rows: Rows, reader: MemoryReader) -> None:
    assert [row["added"] for row in rows] == [[WITHOUT], []]
    assert rows[0]["release"] == reader.release()[:12]
    assert rows[0]["studies"] == rows[1]["studies"] + 1 == len(reader.studies())


@check("17 Retracted or in doubt")
def _(rows: Rows, reader: MemoryReader) -> None:
    doubted = {one.label: one for one in reader.studies().values() if one.standing is not None}
    assert {row["paper"]: row["standing"] for row in rows} == {name: one.standing.kind for name, one in doubted.items() if one.standing}


@check("18 What rests on one paper")
def _(rows: Rows, reader: MemoryReader) -> None:
    found = questions.Factors(page=ALL).answer(reader).items
    alone = [one for one in found if one.studies == 1 and one.direction in {"increases", "decreases"}]
    assert {row["factor"]: row["association"] for row in rows} == {one.exposure.name: one.caption for one in alone}
    assert len(rows) > 10


@contextmanager
def driver_of(server: Server) -> Iterator[neo4j.Driver]:
    with neo4j.GraphDatabase.driver(server.uri, auth=(server.user, server.password.get_secret_value())) as driver:
        yield driver


@pytest.fixture(scope="module")
def driver(loaded: Server) -> Iterator[neo4j.Driver]:
    with driver_of(loaded) as driver:
        yield driver


@pytest.fixture(scope="module")
def newest_driver(request: pytest.FixtureRequest) -> Iterator[neo4j.Driver]:
    # the contract suite is held on it without
    if not request.config.getoption("--all"):
        pytest.skip("on the newest version with --all")
    with driver_of(request.getfixturevalue("newest")) as driver:
        yield driver


def ask(driver: neo4j.Driver, text: str) -> Rows:
    answer = driver.execute_query(text)
    told = [one for one in answer.summary.gql_status_objects if not one.gql_status.startswith(("00", "02"))]
    # no paper of the corpus has one, so that the server doesn't know the property
    told = [one for one in told if "standing" not in one.status_description]
    assert told == [], "the server has something to say of the query"
    return [dict(record) for record in answer.records]


def test_every_saved_query_has_a_check() -> None:
    assert list(SAVED) == list(CHECKS)
    assert 10 <= len(SAVED) <= 18


@pytest.mark.parametrize("name", SAVED)
def test_a_saved_query_returns_what_the_api_says(name: str, driver: neo4j.Driver, reader: MemoryReader) -> None:
    CHECKS[name](ask(driver, SAVED[name]), reader)


@pytest.mark.parametrize("name", SAVED)
def test_a_saved_query_returns_the_same_on_the_newest_server(name: str, newest_driver: neo4j.Driver, reader: MemoryReader) -> None:
    # a database may be set to either version of the language
    for language in ("CYPHER 5", "CYPHER 25"):
        CHECKS[name](ask(newest_driver, f"{language}\n{SAVED[name]}"), reader)


def test_what_stands_in_a_query_can_be_changed(driver: neo4j.Driver, reader: MemoryReader) -> None:
    elsewhere = ask(driver, SAVED[TABLE].replace("'ich'", "'caa'"))
    assert elsewhere == [tabled(one, "factor") for one in questions.Factors(population="caa", page=ALL).answer(reader).items]
    other = ask(driver, SAVED[TABLE].replace("'r-dwi'", "'poor-functional-outcome'"))
    assert other == [tabled(one, "factor") for one in questions.Factors(lesion="poor-functional-outcome", page=ALL).answer(reader).items]
    (contested,) = (name for name in SAVED if name.startswith("06"))
    rows = ask(driver, SAVED[contested].replace("null AS term", "'r-dwi' AS term"))
    assert [row["exposure"] for row in rows] == [
        one.exposure.name for one in questions.Contested(lesion="r-dwi", page=ALL).answer(reader).items
    ]
    (words,) = (name for name in SAVED if name.startswith("13"))
    for text in ("microbleed", "Blood pressure", "cerebral amyloid"):
        found = {row["id"] for row in ask(driver, SAVED[words].replace("'white matter'", f"'{text}'"))}
        assert found == {one.id for one in questions.Terms(q=text, page=ALL).answer(reader).items}, text


def test_every_saved_query_has_a_comment_and_finds_the_generation_in_the_same_way() -> None:
    for name, text in SAVED.items():
        first, second, *rest = text.splitlines()
        # the Browser shows about so many letters of a favourite's name
        assert re.fullmatch(r"// \d\d \S.{1,24}", first), name
        assert second.startswith("// "), name
        assert sum(line == "MATCH (now:Rdwi:RdwiPointer {generation: 0, id: 'pointer'})" for line in rest) == 1, name
        assert "now.current" in text or "now.release" in text, name
        assert text.count(";") - first.count(";") - second.count(";") == 1, name


# a generation beside the one that is read, as while a load runs; and what another application may hold under the same names
BESIDE = (
    """
    MATCH (p:RdwiPointer) MATCH (n:Rdwi {generation: p.current})
    CREATE (copy:$(labels(n))) SET copy = n {.*, generation: 1000000}
    """,
    """
    MATCH (p:RdwiPointer) MATCH (n:Rdwi {generation: p.current})-[r]->(m:Rdwi)
    MATCH (start:Rdwi {generation: 1000000, id: n.id}) MATCH (end:Rdwi {generation: 1000000, id: m.id})
    CREATE (start)-[copy:$(type(r))]->(end) SET copy = properties(r)
    """,
    """
    MATCH (p:RdwiPointer) MATCH (n:Rdwi {generation: p.current})-[r]->(m:Rdwi)
    CREATE (start:$([one IN labels(n) WHERE NOT one STARTS WITH 'Rdwi'])) SET start = properties(n)
    CREATE (end:$([one IN labels(m) WHERE NOT one STARTS WITH 'Rdwi'])) SET end = properties(m)
    CREATE (start)-[copy:$(type(r))]->(end) SET copy = properties(r)
    """,
)


def test_a_saved_query_sees_neither_another_generation_nor_anothers_data(driver: neo4j.Driver, reader: MemoryReader) -> None:
    with driver.session() as session, session.begin_transaction() as transaction:
        made = [transaction.run(statement).consume().counters for statement in BESIDE]
        assert made[0].nodes_created > 1000
        assert made[1].relationships_created == made[2].relationships_created > 3000
        for name, text in SAVED.items():
            CHECKS[name]([dict(record) for record in transaction.run(text)], reader)
        transaction.rollback()


# --- the archive, that the Browser imports as favourites: of a .cypher file it makes one alone ---


def test_the_archive_holds_the_saved_queries() -> None:
    named = {f"R-DWI/{re.sub(r'[^a-z0-9]+', '-', name.lower()).strip('-')}.cypher": text for name, text in SAVED.items()}
    if ANEW:
        with zipfile.ZipFile(ARCHIVE, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, text in named.items():
                archive.writestr(zipfile.ZipInfo(name), text, zipfile.ZIP_DEFLATED)
    with zipfile.ZipFile(ARCHIVE) as archive:
        assert {name: archive.read(name).decode() for name in archive.namelist()} == named


# --- the style sheet ---


def grass() -> dict[str, dict[str, str]]:
    """The rules, in their order, as the Browser reads them: it knows no comments."""
    rules = re.findall(r"(\S+) \{\n(.*?)\n\}\n", GRASS.read_text("utf-8"), re.DOTALL)
    return {selector: dict(re.findall(r'^  ([a-z-]+): "?(.*?)"?;$', body, re.MULTILINE)) for selector, body in rules}


def linear(colour: str) -> np.ndarray:
    share = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    """WCAG 2.2's contrast ratio."""
    dark, light = sorted(float(linear(colour) @ [0.2126, 0.7152, 0.0722]) for colour in (one, other))
    return (light + 0.05) / (dark + 0.05)


# Machado, Oliveira and Fernandes, IEEE Trans Vis Comput Graph 2009;15:1291-8, severity 1
SIGHT = {
    "normal": np.eye(3),
    "protanopia": np.array([[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]),
    "deuteranopia": np.array([[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]),
    "tritanopia": np.array([[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]),
}


def lab(rgb: np.ndarray) -> np.ndarray:
    """CIELAB under D65."""
    to_xyz = np.array([[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]])
    x, y, z = ((v if v > 0.008856 else 0) ** (1 / 3) or 7.787 * v + 16 / 116 for v in to_xyz @ rgb / [0.95047, 1, 1.08883])
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def test_the_style_sheet_styles_every_label_and_type() -> None:
    rules = grass()
    assert len(rules) == GRASS.read_text("utf-8").count("{\n")
    for one in NODES:
        rule = rules[f"node.{one.label}"]
        assert rule["caption"] == "{name}", one.label
        assert {"color", "border-color", "text-color-internal", "diameter", "font-size"} <= set(rule), one.label
    captions = {one.type: rules.get(f"relationship.{one.type}", rules["relationship"])["caption"] for one in EDGES}
    derived = {"ASSOCIATED_WITH", "MAY_ACT_THROUGH", "MAY_LEAD_TO"}
    assert captions == {name: "{caption}" if name in derived else "<type>" for name in captions}


def test_the_labels_that_nodes_have_besides_come_before_the_domain_labels() -> None:
    # of all rules that fit a node, the Browser lets the last one win; and it makes a rule, the last one, for a label that has none
    order = [selector.removeprefix("node.") for selector in grass()]
    own = {label for labels in cypher.LABELS.values() for label in ("Rdwi", *labels.split(":"))} | {"RdwiPointer", "RdwiLease"}
    domain = {one.label for one in NODES}
    assert own <= set(order)
    assert max(order.index(label) for label in own - domain) < min(order.index(label) for label in domain)


def test_captions_stand_out_from_their_nodes() -> None:
    for selector, rule in grass().items():
        if selector.startswith("node"):
            assert contrast(rule["color"], rule["text-color-internal"]) >= 4.5, selector
        else:
            assert contrast("#F9FCFF", rule["text-color-external"]) >= 4.5, selector


def test_the_colours_differ_for_the_colour_blind_too() -> None:
    colours = {one.label: linear(grass()[f"node.{one.label}"]["color"]) for one in NODES}
    for sight, matrix in SIGHT.items():
        seen = {label: lab(np.clip(matrix @ colour, 0, 1)) for label, colour in colours.items()}
        for one, other in combinations(seen, 2):
            assert np.linalg.norm(seen[one] - seen[other]) > 10, (sight, one, other)


# --- the document ---


def test_the_document_shows_every_picture_and_names_every_query() -> None:
    written = (ROOT / "docs" / "browser.md").read_text("utf-8")
    for picture in PICTURES:
        assert re.search(rf"!\[[^\]]{{10,}}\]\(browser/{re.escape(picture)}\)", written), picture
        data = (FOLDER / picture).read_bytes()
        assert data.startswith(b"\x89PNG\r\n\x1a\n"), picture
        assert len(data) < 250_000, picture
        assert struct.unpack(">II", data[16:24]) == (1400, 900), picture
    assert re.findall(r"^\| (\d\d [^|]+?) \|", written, re.MULTILINE) == list(SAVED)
    assert all(f"(browser/{path.name})" in written for path in (GRASS, QUESTIONS, ARCHIVE))


# --- the Browser itself ---


class Shown:
    """The Browser, opened; `ours` are the hosts that it may ask, `answered` those that answered it."""

    def __init__(self, page: Page, server: Server, ours: set[str | None]) -> None:
        self.page, self.server, self.ours = page, server, ours
        self.answered: set[str | None] = set()

    def drop(self, path: Path) -> None:
        """Drops a file on the window."""
        self.page.evaluate(
            """([name, text]) => {
                const dragged = new DataTransfer();
                dragged.items.add(new File([Uint8Array.from(atob(text), c => c.charCodeAt(0))], name));
                for (const type of ["dragenter", "dragover", "drop"])
                    document.querySelector("[data-testid=main]").dispatchEvent(
                        new DragEvent(type, {bubbles: true, cancelable: true, dataTransfer: dragged}));
            }""",
            [path.name, base64.b64encode(path.read_bytes()).decode()],
        )

    def run(self, text: str) -> Locator:
        """Runs what is typed into the editor, and returns the frame that answers."""
        self.page.locator(".monaco-editor").first.click()
        self.page.keyboard.press("Control+A")
        self.page.keyboard.insert_text(text)
        self.page.keyboard.press("Control+Enter")
        frame = self.page.get_by_test_id("frame").first
        expect(frame.get_by_test_id("frameCommand")).to_contain_text(text.splitlines()[0][:40])
        return frame

    @contextmanager
    def full_screen(self, frame: Locator) -> Iterator[None]:
        frame.get_by_title("Fullscreen", exact=True).click()
        try:
            yield
        finally:
            frame.get_by_title("Close fullscreen", exact=True).click()

    def settle(self) -> None:
        """Waits until nothing moves."""
        self.page.evaluate(
            """async () => {
                const places = () => JSON.stringify([...document.querySelectorAll("g.node")].map(node => node.getBoundingClientRect()));
                for (let last = null, now = places(); last !== now;) {
                    await new Promise(done => setTimeout(done, 150));
                    [last, now] = [now, places()];
                }
            }"""
        )

    def colours(self, picture: bytes) -> dict[str, int]:
        """How many pixels of a picture have each colour."""
        counted: dict[str, int] = self.page.evaluate(
            """async text => {
                const bytes = Uint8Array.from(atob(text), c => c.charCodeAt(0));
                const image = await createImageBitmap(new Blob([bytes], {type: "image/png"}));
                const context = new OffscreenCanvas(image.width, image.height).getContext("2d");
                context.drawImage(image, 0, 0);
                const pixels = new Uint32Array(context.getImageData(0, 0, image.width, image.height).data.buffer);
                const counted = {};
                for (const pixel of pixels) counted[pixel] = (counted[pixel] ?? 0) + 1;
                return Object.fromEntries(Object.entries(counted).map(([pixel, n]) =>
                    ["#" + [0, 8, 16].map(by => (pixel >> by & 255).toString(16).padStart(2, "0")).join("").toUpperCase(), n]));
            }""",
            base64.b64encode(picture).decode(),
        )
        return counted

    def picture(self, name: str) -> dict[str, int]:
        """Takes a picture, writes it where pictures are to be made anew, and returns its colours."""
        taken = self.page.screenshot(animations="disabled", caret="hide")
        if ANEW:
            (FOLDER / name).write_bytes(taken)
        return self.colours(taken)


@pytest.fixture(scope="module")
def shown(loaded: Server, browser: str) -> Iterator[Shown]:
    """The Browser of the server, in headless Chromium, before anyone has connected."""
    with driver_of(loaded) as driver:
        (record,) = driver.execute_query("SHOW SETTINGS 'server.http.advertised_address' YIELD value").records
    host = urlsplit(loaded.uri).hostname
    address = f"http://{host if record['value'].startswith(':') else ''}{record['value']}"
    ours = {host, urlsplit(address).hostname}

    def only_ours(route: Route) -> None:
        if urlsplit(route.request.url).hostname in ours:
            route.continue_()
        else:
            route.abort()

    # the machine may have more to do than this
    expect.set_options(timeout=30_000)
    with sync_playwright() as playwright:
        # what is refused here can't be reached by any other way either, such as a service worker's
        rules = ", ".join(["MAP * ~NOTFOUND", *(f"EXCLUDE {one}" for one in ours)])
        chromium = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox", f"--host-resolver-rules={rules}"])
        context = chromium.new_context(viewport={"width": 1400, "height": 900}, locale="en-GB")
        context.route("**/*", only_ours)
        page = context.new_page()
        shown = Shown(page, loaded, ours)
        page.on("response", lambda response: shown.answered.add(urlsplit(response.url).hostname))
        page.on("websocket", lambda socket: shown.answered.add(urlsplit(socket.url).hostname))
        page.goto(f"{address}/browser/")
        yield shown
        chromium.close()


@pytest.fixture(scope="module")
def connected(shown: Shown) -> Shown:
    """The Browser, connected, with the style sheet and the saved queries, as docs/browser.md tells a user to do."""
    page = shown.page
    page.get_by_test_id("username").fill(shown.server.user)
    page.get_by_test_id("password").fill(shown.server.password.get_secret_value())
    expect(page.get_by_test_id("connect")).to_be_enabled()
    # on a busy machine the button takes its colour a moment later
    for _ in range(20):
        colours = shown.picture("connect.png")
        if colours["#018BFF"] > 2000:
            break
        page.wait_for_timeout(500)
    assert colours["#018BFF"] > 2000, "the button"
    page.get_by_test_id("connect").click()
    expect(page.get_by_text("You are connected as user")).to_be_visible()
    shown.drop(GRASS)
    expect(page.get_by_test_id("frame").first.locator("pre")).to_contain_text("node.CSVDMarker")
    shown.drop(ARCHIVE)
    shown.run(":config autoComplete: false")
    return shown


def test_the_saved_queries_are_imported_as_favourites(connected: Shown) -> None:
    page = connected.page
    page.get_by_test_id("navigationFavorites").click()
    folder = page.get_by_test_id("savedScriptsFolder-R-DWI")
    folder.click()
    for name in SAVED:
        expect(page.get_by_test_id(f"scriptTitle-{name}")).to_be_visible()
    page.get_by_test_id("navigationFavorites").click()
    expect(folder).to_be_hidden()


def laid_out(shown: Shown, frame: Locator, centre: str) -> None:
    """Drags the nodes of a star to where every caption can be read, as a user may: in two columns beside the one in the centre."""
    page, nodes = shown.page, frame.locator("g.node")
    box = frame.locator("svg:has(g.layer)").bounding_box()
    assert box is not None
    names = [text.strip() for text in nodes.all_text_contents()]
    middle, rim = names.index(centre), [i for i, name in enumerate(names) if name != centre]
    half = (len(rim) + 1) // 2
    places = {middle: (0.5, 0.5)}
    for rank, i in enumerate(rim):
        side, row = (-1, 1)[rank >= half], rank % half / (half - 1)
        places[i] = (0.5 + side * (0.44 - 0.2 * (row - 0.5) ** 2), 0.07 + 0.86 * row)
    for i, (x, y) in places.items():
        node = nodes.nth(i).locator("circle.b-outline").bounding_box()
        assert node is not None
        page.mouse.move(node["x"] + node["width"] / 2, node["y"] + node["height"] / 2)
        page.mouse.down()
        # by a way round: a node that isn't moved is clicked, and opens its menu
        page.mouse.move(box["x"] + box["width"] * (x + 0.03), box["y"] + box["height"] * y)
        page.mouse.move(box["x"] + box["width"] * x, box["y"] + box["height"] * y)
        page.mouse.up()
    shown.settle()


def test_the_graph_shows_names_and_captions(connected: Shown, reader: MemoryReader) -> None:
    expected = headline(reader)
    frame = connected.run(SAVED[GRAPH])
    expect(frame.locator("g.node")).to_have_count(len(expected) + 1)
    expect(frame.locator("g.relationship")).to_have_count(len(expected))
    with connected.full_screen(frame):
        frame.get_by_label("Collapse the node properties display").click()
        frame.get_by_label("zoom-to-fit").click()
        connected.settle()
        laid_out(connected, frame, "Remote DWI lesions")
        frame.get_by_label("zoom-to-fit").click()
        connected.settle()
        colours = connected.picture("graph.png")

    rules = grass()
    styles = {one.exposure.name: rules["node.CSVDMarker" if one.exposure.kind == "csvd-marker" else "node.RiskFactor"] for one in expected}
    styles["Remote DWI lesions"] = rules["node.Lesion"]
    drawn = {}
    for node in frame.locator("g.node").all():
        circle = node.locator("circle.b-outline")
        drawn[(node.text_content() or "").strip()] = (circle.get_attribute("fill"), float(circle.get_attribute("r") or 0) * 2)
    assert drawn == {name: (style["color"], float(style["diameter"].removesuffix("px"))) for name, style in styles.items()}

    # where a font is wider than here, the Browser cuts a caption short
    texts = [text.removesuffix("…") for text in frame.locator("g.relationship text").all_text_contents()]
    captions = [one.caption for one in expected]
    assert len(texts) == len(captions)
    assert all(len(text) > 30 and any(caption.startswith(text) for caption in captions) for text in texts), texts

    for label, nodes in (("Lesion", 1), ("CSVDMarker", 4), ("RiskFactor", 8)):
        assert colours[rules[f"node.{label}"]["color"]] > nodes * 5000, label


def test_the_table_shows_what_the_api_says(connected: Shown, reader: MemoryReader) -> None:
    expected = [tabled(one, "factor") for one in questions.Factors(page=ALL).answer(reader).items]
    frame = connected.run(SAVED[TABLE])
    expect(frame.locator("tbody tr")).to_have_count(len(expected))
    assert frame.locator("thead th").all_text_contents()[1:] == list(expected[0])
    rows = frame.locator("tbody tr").evaluate_all(
        "rows => rows.map(row => [...row.querySelectorAll('td')].slice(1).map(cell => cell.innerText))"
    )
    assert [[json.loads(cell) for cell in row] for row in rows] == [list(row.values()) for row in expected]
    with connected.full_screen(frame):
        colours = connected.picture("table.png")
    assert len(colours) > 50
    assert sum(n for colour, n in colours.items() if contrast(colour, "#FFFFFF") > 4.5) > 5_000, "text"


def test_the_browser_needs_no_other_host(connected: Shown) -> None:
    assert connected.answered == connected.ours
