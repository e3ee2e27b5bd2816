"""An assistant asks by a real client over standard input and output, and can't mistake what it is told."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from mcp import Client, StdioServerParameters
from mcp.types import CallToolResult, ListResourcesResult, ListToolsResult

from api.assistant import answers, short, tools
from api.assistant.answers import DISCLAIMER, Reply, ShortEvidence
from api.assistant.server import server
from graph import questions
from graph.build import EvidenceGraph
from graph.opening import open_store, remove
from graph.settings import Settings
from graph.stores import snapshot
from graph.stores.memory import MemoryReader, MemoryStore
from schema.answer import Evidence
from schema.association import Association
from schema.errors import StoreUnavailable

ROOT = Path(questions.__file__).parents[2]
PROGRAM = [sys.executable, "-c", "from api.cli import main; main()"]
WHO = {"name": "a test", "version": "1"}
Call = tuple[str, dict[str, Any]]

EVIDENCE: dict[str, Call] = {
    "answered": ("evidence", {"exposure": "CMBs", "outcome": "RDWILs"}),
    "studied-inconclusive": ("evidence", {"exposure": "white matter hyperintensities", "outcome": "r-dwi", "population": "CAA"}),
    "not-studied": ("evidence", {"exposure": "CMBs", "outcome": "r-dwi", "population": "animal"}),
    "filtered-out": ("evidence", {"exposure": "CMBs", "outcome": "r-dwi", "filters": {"design": ["animal"]}}),
    "unknown-name": ("evidence", {"exposure": "microbleds", "outcome": "r-dwi"}),
}
CALLS: Sequence[Call] = (
    *EVIDENCE.values(),
    ("evidence", {"exposure": "CMBs", "outcome": "r-dwi", "form": "full"}),
    ("evidence", {"exposure": "CMBs", "outcome": "r-dwi", "population": "CAAA"}),
    ("evidence", {"exposure": "CMBs", "outcome": "r-dwi", "filters": {"exclude": ["menon-2013"]}}),
    ("evidence", {"exposure": "CMBs"}),
    ("evidence", {"exposure": "intensive-bp-lowering", "outcome": "functional-outcome-mrs"}),
    ("evidence", {"exposure": "cerebral-amyloid-angiopathy", "outcome": "r-dwi"}),
    ("factors", {"population": "caa"}),
    ("factors", {"populaton": "caa"}),
    ("factors", {"filters": {"desgn": ["rct"]}}),
    ("factors", {"limit": 3, "form": "full"}),
    ("outcomes", {}),
    ("outcomes", {"exposure": "CMBs", "min_cohorts": 1000}),
    ("contested", {}),
    ("compare", {}),
    ("compare", {"populations": ["ich"]}),
    ("paths", {"start": "CMBs", "end": "poor functional outcome"}),
    ("gaps", {"limit": 100}),
    ("prevalence", {}),
    ("prevalence", {"population": "animal"}),
    ("mechanisms", {}),
    ("studies", {"text": "menon"}),
    ("study", {"id": "menon-2012", "form": "full"}),
    ("terms", {"text": "microbleed"}),
    ("terms", {"text": "microblds"}),
)


def env(folder: Path) -> dict[str, str]:
    return {"RDWI_SNAPSHOT": str(folder), "PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"]}


class Session:
    """What one session of a client was told."""

    def __init__(self, folder: Path) -> None:
        self.results: list[CallToolResult] = []
        self.tools: ListToolsResult
        self.resources: ListResourcesResult
        self.read: dict[str, Any] = {}
        self.instructions: str | None = None
        asyncio.run(self._talk(folder))

    async def _talk(self, folder: Path) -> None:
        program = StdioServerParameters(command=PROGRAM[0], args=[*PROGRAM[1:], "mcp"], env=env(folder))
        async with Client(program, read_timeout_seconds=60) as client:
            self.instructions = client.instructions
            self.tools = await client.list_tools()
            self.resources = await client.list_resources()
            for resource in self.resources.resources:
                got = await client.read_resource(resource.uri)
                self.read[str(resource.uri)] = json.loads(got.contents[0].text)  # type: ignore[union-attr]
            self.results = [await client.call_tool(name, arguments) for name, arguments in CALLS]

    def of(self, call: Call) -> CallToolResult:
        return self.results[list(CALLS).index(call)]

    def told(self, name: str, **arguments: Any) -> dict[str, Any]:
        content = self.of((name, arguments)).structured_content
        assert content is not None
        return content


@pytest.fixture(scope="module")
def session(written: bytes, tmp_path_factory: pytest.TempPathFactory) -> Session:
    folder = tmp_path_factory.mktemp("assistant")
    (folder / snapshot.NAME).write_bytes(written)
    return Session(folder)


def test_each_question_is_a_tool_that_changes_nothing_and_says_how_to_read_it(session: Session) -> None:
    assert [tool.name for tool in session.tools.tools] == [
        *(question.called() for question in questions.QUESTIONS),
        "study",
        "releases",
        "diff",
    ]
    for tool in session.tools.tools:
        assert tool.annotations is not None
        assert (tool.annotations.read_only_hint, tool.annotations.destructive_hint) == (True, False)
        assert tool.output_schema is not None
        assert "status" in tool.output_schema["properties"]
        for words in (
            ()
            if tool.name in {"releases", "diff"}
            else ("not-studied", "studied-inconclusive", "unknown-name", "weight", "certainty", "not medical advice")
        ):
            assert words in (tool.description or ""), (tool.name, words)
        assert tool.input_schema["additionalProperties"] is False
    assert "not medical advice" in (session.instructions or "")


@pytest.mark.parametrize("status", sorted(EVIDENCE))
def test_what_is_not_the_same_has_not_the_same_status(session: Session, status: str) -> None:
    result = session.of(EVIDENCE[status])
    told = result.structured_content
    assert told is not None
    assert (result.is_error, told["status"], told["disclaimer"]) == (False, status, DISCLAIMER)
    studied = status in {"answered", "studied-inconclusive"}
    assert bool(told["items"]) is bool(told["sources"]) is studied
    assert bool(told["suggestions"]) is (status == "unknown-name")
    # those who read the text alone read the same
    assert json.loads(result.content[0].text)["status"] == status  # type: ignore[union-attr]


def test_each_status_is_told_in_words_of_its_own(session: Session, reader: MemoryReader) -> None:
    texts = {status: session.told(name, **arguments)["text"] for status, (name, arguments) in EVIDENCE.items()}
    assert len(set(texts.values())) == len(texts)
    assert "not evidence of no effect" in texts["studied-inconclusive"]
    assert "There is evidence in" in texts["not-studied"]
    rows = questions.Evidence(exposure="CMBs", outcome="r-dwi").answer(reader).rows
    assert len(rows) > 10
    assert f"Without the filters there are {len(rows)}." in texts["filtered-out"]


def test_nothing_but_answers_is_on_standard_output(folder: Path) -> None:
    asked = [
        {
            "jsonrpc": "2.0",
            "id": 1,
            "method": "initialize",
            "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": WHO},
        },
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        {"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {"name": "factors", "arguments": {"populaton": "x"}}},
        {"jsonrpc": "2.0", "id": 3, "method": "tools/call", "params": {"name": "study", "arguments": {"id": "menon-2012"}}},
    ]
    done = subprocess.Popen(
        [*PROGRAM, "mcp"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env(folder)
    )
    assert done.stdin is not None
    assert done.stdout is not None
    heard = []
    for message in asked:
        done.stdin.write(json.dumps(message) + "\n")
        done.stdin.flush()
        if "id" in message:
            heard.append(json.loads(done.stdout.readline()))
    rest, errors = done.communicate(timeout=30)
    assert ([one["id"] for one in heard], rest, done.returncode) == ([1, 2, 3], "", 0)
    assert "Traceback" not in errors


def test_the_configuration_of_the_docs_starts_the_server(folder: Path) -> None:
    page = (ROOT / "docs" / "mcp.md").read_text(encoding="utf-8")
    configured = [json.loads(block)["mcpServers"]["rdwi"] for block in re.findall(r"```json\n(.*?)```", page, re.DOTALL)]
    installed, cloned = configured
    assert (installed["command"], cloned["command"]) == ("rdwi", "/path/to/the/clone/run")
    assert cloned["args"] == ["rdwi", *installed["args"]]
    program = StdioServerParameters(
        command=str(Path(sys.executable).with_name(installed["command"])), args=installed["args"], env={**env(folder), **installed["env"]}
    )
    assert set(installed["env"]) <= {"RDWI_STORE"}

    async def ask() -> int:
        async with Client(program) as client:
            return len((await client.list_tools()).tools)

    assert asyncio.run(ask()) == len(questions.QUESTIONS) + 3


@pytest.mark.parametrize(
    ("call", "nearest"),
    [
        (("evidence", {"exposure": "microbleds", "outcome": "r-dwi"}), "cerebral-microbleeds"),
        (("evidence", {"exposure": "CMBs", "outcome": "r-dwi", "population": "CAAA"}), "caa"),
        (("evidence", {"exposure": "CMBs", "outcome": "r-dwi", "filters": {"exclude": ["menon-2013"]}}), "menon-2012"),
        (("terms", {"text": "microblds"}), "cerebral-microbleeds"),
    ],
)
def test_an_unknown_name_comes_with_the_nearest(session: Session, call: Call, nearest: str) -> None:
    told = session.told(call[0], **call[1])
    assert told["status"] == "unknown-name"
    assert nearest in told["suggestions"]
    assert told["items"] == []


@pytest.mark.parametrize(
    ("call", "word"),
    [
        (("factors", {"populaton": "caa"}), "populaton"),
        (("factors", {"filters": {"desgn": ["rct"]}}), "desgn"),
        (("evidence", {"exposure": "CMBs"}), "outcome"),
        (("compare", {"populations": ["ich"]}), "two populations"),
    ],
)
def test_a_wrong_call_is_an_error_and_no_answer(session: Session, call: Call, word: str) -> None:
    result = session.of(call)
    assert result.is_error
    assert result.structured_content is None
    assert word in result.content[0].text  # type: ignore[union-attr]


def test_short_figures_are_those_of_the_full_answer(session: Session, reader: MemoryReader) -> None:
    ours = questions.Evidence(exposure="cerebral-microbleeds", outcome="r-dwi").answer(reader)
    told = session.told("evidence", exposure="CMBs", outcome="r-dwi", form="full")
    assert Evidence.model_validate(told["full"][0]) == ours
    (item,) = told["items"]
    one = ours.association
    assert one is not None
    assert (item["estimate"], item["weight"], item["certainty"], item["said"]) == (one.estimate, one.weight, one.certainty, one.caption)
    assert (item["direction_basis"], item["leans"], item["replication"]) == ("estimate", None, one.replication)
    assert tuple(item["weight_range"]) == one.weight_range
    assert item["estimate_of"] == "2 of 9 cohorts"
    assert [row["study"] for row in item["rows"]] == [row.study.id for row in ours.rows]
    assert session.told("evidence", exposure="CMBs", outcome="RDWILs")["full"] is None
    lists = session.told("factors", limit=3, form="full")
    # no list says whether a next cohort would report it
    assert [("weight" in item, "replication" in item) for item in lists["items"]] == [(True, False)] * 3
    assert [Association.model_validate(one).exposure.id for one in lists["full"]] == [one["exposure"]["id"] for one in lists["items"]]


def test_every_answer_carries_its_sources(session: Session, reader: MemoryReader) -> None:
    for (name, arguments), result in zip(CALLS, session.results, strict=True):
        told = result.structured_content
        if result.is_error or told is None or name == "terms" or not told["items"]:
            continue
        listed = {source["id"] for source in told["sources"]}
        named = {study for item in told["items"] for one in item.get("cells", (item,)) for study in one["studies"]}
        assert named == listed, (name, arguments)
        assert listed <= set(reader.studies())
        assert told["release"] == reader.release()


def test_an_association_without_a_study_has_no_direction(session: Session) -> None:
    compared = session.told("compare")
    unstudied = [cell for item in compared["items"] for cell in item["cells"] if cell["standing"] == "not-studied"]
    assert unstudied
    for cell in unstudied:
        assert (cell["direction"], cell["weight"], cell["estimate"], cell["cohorts"]) == (None, None, None, 0)


def test_little_or_no_difference_is_a_finding_and_a_leaning_is_none(session: Session) -> None:
    told = session.told("evidence", exposure="intensive-bp-lowering", outcome="functional-outcome-mrs")
    (item,) = told["items"]
    assert (told["status"], item["standing"], item["little_difference"], item["direction"]) == ("answered", "studied", True, "inconclusive")
    assert item["said"].startswith("little or no difference")
    assert "not evidence of no effect" not in told["text"]
    leaning = session.told("evidence", exposure="cerebral-amyloid-angiopathy", outcome="r-dwi")
    assert (leaning["status"], leaning["items"][0]["leans"]) == ("studied-inconclusive", "more")
    assert "not evidence of no effect" in leaning["text"]


def test_the_standing_of_an_item_is_that_of_its_association(session: Session) -> None:
    for item in session.told("factors", population="caa")["items"]:
        open_ = item["direction"] == "inconclusive" and not item["little_difference"]
        assert item["standing"] == ("studied-inconclusive" if open_ else "studied")
    for item in session.told("gaps", limit=100)["items"]:
        assert (item["standing"] == "not-studied") is (item["state"] == "empty")
    assert session.told("gaps", limit=100)["status"] == "answered"
    assert session.told("prevalence", population="animal")["status"] == "not-studied"
    assert session.told("outcomes", exposure="CMBs", min_cohorts=1000)["status"] == "filtered-out"


def test_the_vocabulary_is_a_resource(session: Session, reader: MemoryReader) -> None:
    assert {term["id"] for term in session.read["rdwi://vocabulary"]} == set(reader.terms().terms)
    assert {"ich", "caa"} <= {one["id"] for one in session.read["rdwi://populations"]}
    assert session.read["rdwi://method"]["constants"]
    assert session.read["rdwi://release"]["release"] == reader.release()


def test_a_question_about_the_opposite_says_so(graph: Any) -> None:
    async def ask() -> Any:
        async with Client(server(MemoryStore(graph))) as client:
            return await client.call_tool("factors", {"lesion": "good functional outcome"})

    told = asyncio.run(ask()).structured_content
    assert told["query"]["turned_from"]
    assert "opposite" in told["text"]


def test_a_store_that_is_away_is_an_error(graph: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    store = MemoryStore(graph)

    def away(question: Callable[..., Any], release: str | None) -> Any:
        del question, release
        raise StoreUnavailable("The store can't be reached.")

    monkeypatch.setattr(store, "ask", away)

    async def ask() -> Any:
        async with Client(server(store)) as client:
            return await client.call_tool("factors", {})

    result = asyncio.run(ask())
    assert result.is_error
    assert "can't be reached" in result.content[0].text


def test_releases_and_what_changed_are_told(folder: Path) -> None:
    del folder
    settings = Settings()
    store = open_store(settings)
    remove(settings, ["kidwell-2017"])
    known = {tool.name: tool for tool in tools.tools()}
    kept = known["releases"].ask(store, {})
    assert [one.current for one in kept.items] == [True, False]
    before = kept.items[1].release[:8]
    told = known["diff"].ask(store, {"before": before})
    assert told.total == len(told.items) > 5
    assert "1 study removed" in told.text
    assert known["diff"].ask(store, {"before": "deadbeef"}).status == "unknown-name"
    asked = known["evidence"].ask(store, {"exposure": "CMBs", "outcome": "r-dwi", "release": before})
    assert asked.release == kept.items[1].release
    assert known["study"].ask(store, {"id": "kidwell-2017", "release": before}).status == "answered"
    assert known["study"].ask(store, {"id": "kidwell-2017"}).status == "unknown-name"
    store.close()


def test_the_models_are_closed() -> None:
    for model in (Reply, answers.ShortAssociation, answers.Source):
        assert model.model_config.get("extra") == "forbid"


# --- as much as an assistant can take, and no more ---

ASKED = {"exposure": "CMBs", "outcome": "r-dwi", "term": "r-dwi", "start": "CMBs", "end": "r-dwi"}


@pytest.mark.parametrize("tool", [one for one in tools.tools() if "form" in one.takes["properties"]], ids=lambda tool: tool.name)
def test_an_answer_is_no_longer_than_can_be_read_and_says_how_to_ask_for_the_rest(graph: Any, tool: tools.Tool) -> None:
    store = MemoryStore(graph)
    needed = {name: ASKED.get(name, "menon-2012") for name in tool.takes.get("required", ())}
    most = {"limit": 500} if "limit" in tool.takes["properties"] else {}
    told = tool.ask(store, {**needed, **most, "form": "full"})
    assert len(told.model_dump_json()) <= tools.LONGEST
    assert (told.more is None) is (told.shown == len(told.full or ()) and told.shown == min(told.total, 500))
    seen = list(told.items)
    while told.more is not None and "offset" in tool.takes["properties"]:
        (offset,) = map(int, re.findall(r"offset (\d+)", told.more))
        told = tool.ask(store, {**needed, **most, "form": "full", "offset": offset})
        seen += told.items
    if most:
        assert len(seen) == told.total


def test_one_item_that_is_too_long_is_cut_and_says_where_the_whole_is(graph: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    (evidence,) = [tool for tool in tools.tools() if tool.name == "evidence"]
    asked = {"exposure": "CMBs", "outcome": "r-dwi", "form": "full"}
    whole = evidence.ask(MemoryStore(graph), asked)
    assert whole.more is None
    monkeypatch.setattr(tools, "LONGEST", 11_000)
    short = evidence.ask(MemoryStore(graph), asked)
    assert (short.full, short.items) == (None, whole.items)
    assert "/v1/evidence?exposure=CMBs&outcome=r-dwi" in (short.more or "")
    monkeypatch.setattr(tools, "LONGEST", 5_000)
    cut = evidence.ask(MemoryStore(graph), asked)
    assert 0 < len(cut.items[0].rows) < len(whole.items[0].rows)
    assert {row.study for row in cut.items[0].rows} == {source.id for source in cut.sources}
    assert f"first {len(cut.items[0].rows)} rows" in (cut.more or "")


def test_null_is_as_if_left_out_and_one_string_stands_for_a_list(graph: Any) -> None:
    (factors,) = [tool for tool in tools.tools() if tool.name == "factors"]
    store = MemoryStore(graph)
    plain = factors.ask(store, {"filters": {"design": ["rct"], "exclude": ["menon-2012"]}})
    assert plain == factors.ask(
        store, {"lesion": None, "limit": None, "form": None, "filters": {"design": "rct", "exclude": "menon-2012", "min_n": None}}
    )
    assert factors.ask(store, {"filters": None}) == factors.ask(store, {})


def test_the_text_of_an_answer_is_compact(session: Session) -> None:
    for result in session.results:
        text = result.content[0].text  # type: ignore[union-attr]
        if not result.is_error:
            assert ": null" not in text
            assert ":null" not in text
            assert "\n" not in text
            assert len(text) <= len(json.dumps(result.structured_content, separators=(",", ":"), ensure_ascii=False))


def test_tools_are_listed_in_60_kb(session: Session) -> None:
    assert len(session.tools.model_dump_json(by_alias=True, exclude_none=True)) <= 60_000


def test_the_short_form_says_both_intervals_what_is_compared_and_who_is_behind_it(pools: EvidenceGraph) -> None:
    reader = MemoryReader(pools)

    def of(exposure: str, outcome: str) -> ShortEvidence:
        return short.evidence(questions.Evidence(exposure=exposure, outcome=outcome).answer(reader))

    age, recurrent, untold = of("age", "r-dwi"), of("lacunes", "recurrent-ich"), of("lobar-location", "r-dwi")
    assert age.intervals is not None
    assert age.intervals.startswith("the average of these cohorts OR 1.59 (1.33-1.90) per 10 years; allowing for settings that differ 1.60")
    assert age.comparison == "OR per 10 years, observational, adjusted"
    assert (recurrent.patients, recurrent.patients_unknown) == (800, 1)
    (comparison,) = recurrent.comparisons
    assert comparison.startswith("HR, binary, observational, adjusted or a model's (2 of 4 known to be adjusted); time of the outcome not")
    assert "800 patients; not printed in 1 of 4 cohorts" in comparison
    assert (untold.estimate, untold.comparison) == (None, None)
    assert untold.not_pooled == "3 odds ratios can't be pooled: what they compare is not told"
    assert untold.no_events is not None
    assert untold.no_events.startswith("2 studies of 80 patients (z-none, z-only)")


def test_the_short_form_says_of_how_many_studies_a_published_headline_is(reader: MemoryReader) -> None:
    told = short.evidence(questions.Evidence(exposure="r-dwi", outcome="poor-functional-outcome").answer(reader))
    assert told.estimate_of == "of a review of 18 studies"


def test_a_rate_is_told_with_the_cohorts_that_it_is_pooled_over(reader: MemoryReader) -> None:
    told = short.prevalence(questions.Prevalence().answer(reader).prevalence)
    assert told.said is not None
    assert re.fullmatch(r"[0-9.]+% \([0-9.-]+\), pooled over [0-9]+ cohorts of [0-9,]+ patients", told.said)
