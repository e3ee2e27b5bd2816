"""Risk of bias: tools with their domains and words, what a certainty makes of them, plots as robvis draws them, and its files."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from starlette.testclient import TestClient
from typer.testing import CliRunner

from api.app import create_app
from api.cli import app
from api.colours import DARK, LIGHT, RISKS
from api.exports import csvfiles
from api.figures import NARROW, WIDE, risk_summary, traffic_lights
from graph.build import EvidenceGraph, build
from graph.opening import shipped
from graph.property_graph import nodes
from graph.questions import Evidence, Factors, Filters
from graph.release import content_hash
from graph.stores.memory import MemoryReader, MemoryStore
from graph.synthesis.remarks import remarks
from loaders.references.judgements import read
from schema.association import Association, Judged, StudyRef
from schema.bias import DOMAINS, LEVELS, NAMES, WORDS, Level, Tool, overall
from schema.errors import InputProblems
from schema.study import RiskOfBias, Study
from tests.test_comparisons import of, ratio, study

ASK = Evidence(exposure="cerebral-microbleeds", outcome="r-dwi")


def judged(tool: Tool, level: Level, **more: Any) -> dict[str, Any]:
    return {"tool": tool, "domains": dict.fromkeys(DOMAINS[tool], "low"), "overall": level, **more}


def sheet(value: Any) -> Study:
    return Study.model_validate({"id": "a", "read": "abstract", "risk_of_bias": value})


def with_bias(corpus: Sequence[Study], biases: dict[str, RiskOfBias]) -> list[Study]:
    return [one.model_copy(update={"risk_of_bias": biases[one.id]}) if one.id in biases else one for one in corpus]


@pytest.fixture(scope="module")
def marked(corpus: tuple[Study, ...]) -> EvidenceGraph:
    """The shipped corpus with four papers judged."""
    low, high = (RiskOfBias.model_validate(judged("robins-i", level)) for level in ("low", "high"))
    quips = RiskOfBias.model_validate({"tool": "quips", "domains": dict.fromkeys(DOMAINS["quips"], "moderate"), "by": "AB"})
    return build(with_bias(corpus, {"xu-2019": low, "kidwell-2017": high, "menon-2012": high, "gregoire-2011": quips}), shipped())


# --- the key ---


def test_a_sheet_without_the_key_keeps_its_hash(corpus: tuple[Study, ...]) -> None:
    assert "risk_of_bias" not in corpus[0].model_dump(exclude_defaults=True)
    (other,) = with_bias(corpus[:1], {corpus[0].id: RiskOfBias(tool="rob2", overall="low")})
    assert content_hash(other) != content_hash(corpus[0])


@pytest.mark.parametrize("tool", NAMES)
def test_domains_and_levels_are_read_by_the_tools_own_words(tool: Tool) -> None:
    """By name or place, in any order; the same sheet comes out."""
    words = [*WORDS[tool].values()]
    given = {name: words[i % len(words)].title() for i, name in enumerate(DOMAINS[tool])}
    by_place = {f"D{i}": word for i, word in enumerate(given.values(), start=1)}
    read = sheet({"tool": tool.upper(), "domains": dict(reversed(given.items()))}).risk_of_bias
    assert read is not None
    assert read == sheet({"tool": tool, "domains": by_place}).risk_of_bias
    assert [*read.domains] == [*DOMAINS[tool]]
    assert {WORDS[tool][level] for level in read.domains.values()} == set(words[: len(given)])
    assert sheet(read.model_dump(exclude_defaults=True)).risk_of_bias == read


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"tool": "rob3", "overall": "low"}, "'quips', 'robins-i' or 'rob2'"),
        ({"tool": "rob2", "domains": {"confounding": "low"}, "overall": "low"}, "RoB 2 has no domain 'confounding'"),
        ({"tool": "quips", "domains": {"D7": "low"}, "overall": "low"}, "QUIPS has no domain"),
        ({"tool": "rob2", "overall": "critical"}, "RoB 2 judges low, some concerns, high, no information"),
        ({"tool": "robins-i", "domains": {"confounding": "low"}}, "needs all of its domains: selection"),
        ({"tool": "rob2", "overall": "fine"}, "'low', 'moderate', 'high', 'critical' or 'unclear'"),
        ({"tool": "rob2"}, "needs all of its domains"),
    ],
)
def test_what_no_tool_says_is_refused(wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError) as refused:
        sheet(wrong)
    assert words in str(refused.value)


@pytest.mark.parametrize(
    ("levels", "whole"),
    [
        (["low", "low"], "low"), (["low", "moderate"], "moderate"), (["moderate", "high"], "high"), (["high", "critical"], "critical"),
        (["low", "unclear"], "unclear"), (["unclear", "moderate"], "unclear"), (["unclear", "high"], "high"), (["unclear"], "unclear"),
    ],
)  # fmt: skip
def test_the_whole_is_the_worst_of_its_parts(levels: list[Level], whole: Level) -> None:
    assert overall(levels) == overall(levels[::-1]) == whole


def test_a_whole_better_than_its_parts_is_taken_and_told() -> None:
    odd = sheet({"tool": "rob2", "domains": {**dict.fromkeys(DOMAINS["rob2"], "low"), "reporting": "high"}, "overall": "low"})
    (told,) = remarks(odd, shipped())
    assert (told.kind, told.expected) == ("risk-of-bias", "high or worse, as its worst domain is")
    assert list(remarks(sheet(judged("rob2", "high")), shipped())) == []


# --- certainty ---


def rated(*levels: Level | None, tool: Tool = "robins-i", exposure: str = "age") -> Association:
    """Adjusted cohorts of one result, the papers of which were judged so; nothing else counts against it."""
    row = ratio(1.5, 0.08, exposure=exposure, adjusted=True)
    biases = [{"risk_of_bias": judged(tool, level)} if level is not None else {} for level in levels]
    sheets = [study(f"s-{i}", row, n=2000, read="full-text", **bias) for i, bias in enumerate(biases)]
    return of(*sheets).association


def steps(one: Association) -> dict[str, int]:
    found: dict[str, int] = {}
    for reason in one.reasons:
        found[reason.domain] = found.get(reason.domain, 0) + reason.step
    return found


@pytest.mark.parametrize(
    ("tool", "levels", "start", "step"),
    [
        ("robins-i", ("low", "low", "low"), "high", 0),
        ("robins-i", ("low", "moderate", "moderate"), "high", -1),
        ("robins-i", ("low", "low", "critical"), "high", 0),
        ("robins-i", ("high", "high", "low"), "high", -2),
        ("robins-i", ("critical", "critical", "low"), "high", -3),
        ("robins-i", ("unclear", "unclear", "low"), "high", -2),
        # of two the worse
        ("robins-i", ("low", "moderate"), "high", -1),
        ("quips", ("low", "low", "high"), "low", 0),
        ("quips", ("moderate", "high", "high"), "low", -1),
    ],
)
def test_a_body_that_was_judged_starts_and_steps_by_it(tool: Tool, levels: tuple[Level, ...], start: str, step: int) -> None:
    one = rated(*levels, tool=tool)
    assert one.reasons[0].text.startswith(f"aetiology starts {start}")
    assert steps(one)["risk of bias"] == step
    (told,) = (reason for reason in one.reasons if reason.domain == "risk of bias")
    assert NAMES[tool] in told.text


def test_where_not_all_were_judged_the_rule_is_as_it_was() -> None:
    some, none = rated("high", "high", None), rated(None, None, None)
    assert (some.reasons[0].text, steps(some)) == (none.reasons[0].text, steps(none))
    assert "risk of bias" not in steps(none)


def test_the_shipped_corpus_was_not_judged(corpus: tuple[Study, ...]) -> None:
    assert all(one.risk_of_bias is None for one in corpus)


# --- filter, pages, exports ---


def test_a_filter_keeps_what_was_judged_so_and_counts_what_was_not(marked: EvidenceGraph) -> None:
    reader = MemoryReader(marked)
    kept = ASK.model_copy(update={"filters": Filters(risk_of_bias=("high", "moderate"))}).answer(reader)
    assert {row.study.id for row in kept.rows} == {"kidwell-2017", "menon-2012", "gregoire-2011"}
    everything = ASK.answer(reader)
    assert kept.unknown_dropped == sum(row.risk_of_bias is None for row in everything.rows)
    assert Factors(filters=Filters(risk_of_bias=("critical",))).answer(reader).total == 0


def test_pages_and_data_show_it(marked: EvidenceGraph, tmp_path: Path) -> None:
    client = TestClient(create_app(MemoryStore(marked)))
    page = client.get("/evidence", params={"exposure": "cerebral-microbleeds", "outcome": "r-dwi"}).text
    assert "1 moderate by QUIPS; 1 low, 2 serious by ROBINS-I" in page
    assert "Menon 2012 (ROBINS-I): overall serious; confounding low" in page
    assert 'name="risk_of_bias" value="high"' in page
    own = client.get("/studies/gregoire-2011").text
    assert "Overall moderate by QUIPS, worked out as the worst of its domains, judged by AB." in own
    assert "Risk of bias" not in client.get("/studies/wu-2015").text
    answer = client.get("/v1/evidence", params={"exposure": "cerebral-microbleeds", "outcome": "r-dwi"}).json()
    assert {one["study"]["id"]: (one["tool"], one["overall"]) for one in answer["judged"]} == {
        "gregoire-2011": ("quips", "moderate"), "kidwell-2017": ("robins-i", "high"), "menon-2012": ("robins-i", "high"),
        "xu-2019": ("robins-i", "low"),
    }  # fmt: skip
    items = client.get("/v1/studies", params={"q": "menon-2012"}).json()["items"]
    assert [one["risk_of_bias"] for one in items] == ["high"]
    (node,) = (one for one in nodes(marked) if one.id == "study:menon-2012")
    assert (node.properties["risk_of_bias"], node.properties["risk_of_bias_tool"]) == ("high", "robins-i")
    assert "confounding: low" in node.properties["risk_of_bias_domains"]
    csvfiles.write(marked, tmp_path, None)
    assert re.search(r"Menon 2012,.*,high,", (tmp_path / "findings.csv").read_text())


# --- plots ---


def paper(name: str, tool: Tool = "rob2", level: Level = "low", share: float | None = None, **domains: Level) -> Judged:
    levels: dict[str, Level] = {**dict.fromkeys(DOMAINS[tool], "low"), **domains}
    return Judged(study=StudyRef(id=name, label=name.title()), tool=tool, domains=levels, overall=level, share=share)


@pytest.mark.parametrize("width", [NARROW, WIDE])
@pytest.mark.parametrize("tool", NAMES)
def test_a_light_for_each_domain_of_each_paper_and_for_the_whole(tool: Tool, width: int) -> None:
    drawn = traffic_lights([paper("one", tool), paper("two", tool, "moderate")], width=width)
    assert drawn is not None
    met = 2  # levels in the key
    assert drawn.count("<circle") == 2 * (len(DOMAINS[tool]) + 1) + met
    assert drawn.count('class="rf-moderate"') == 2
    assert f"Two ({NAMES[tool]}): overall {WORDS[tool]['moderate']}" in drawn


def test_bars_are_weighted_by_what_is_pooled_and_alike_where_nothing_is() -> None:
    pooled = risk_summary([paper("one", share=0.75), paper("two", level="high", share=0.25, reporting="high"), paper("three")])
    assert pooled is not None
    assert "Overall: low 75%, high 25%" in pooled
    assert "Selection of the reported result: low 75%, high 25%" in pooled
    alike = risk_summary([paper("one"), paper("two", level="high")])
    assert alike is not None
    assert "Overall: low 50%, high 50%" in alike
    assert "each paper alike" in alike
    assert (traffic_lights([]), risk_summary([])) == (None, None)


def _contrast(one: str, other: str) -> float:
    def light(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        r, g, b = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * r + 0.7152 * g + 0.0722 * b

    high, low = sorted((light(one), light(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("colours", [LIGHT, DARK])
def test_the_signs_can_be_read_on_their_lights(colours: dict[str, str]) -> None:
    assert RISKS == LEVELS
    assert all(_contrast(colours[level], colours["ground"]) >= 4.5 for level in LEVELS)


# --- robvis' files ---

ROBINS = "Study,D1,D2,D3,D4,D5,D6,D7,Overall,Weight\n"


def held() -> dict[str, Study]:
    given = [("xu-2019", "Xu", 2019, "10.1000/a"), ("kidwell-2017", "Kidwell", 2017, None)]
    sheets = ({"id": name, "read": "abstract", "first_author": author, "year": year, "doi": doi} for name, author, year, doi in given)
    return {one["id"]: Study.model_validate(one) for one in sheets}  # type: ignore[misc]


@pytest.mark.parametrize("name", ["Xu 2019", "Xu et al., 2019", "xu-2019", "Xu et al. (2019)", "10.1000/A"])
def test_a_study_is_found_by_its_names(tmp_path: Path, name: str) -> None:
    (tmp_path / "a.csv").write_text(f'{ROBINS}"{name}",Low,Moderate,Low,Low,No information,Low,Serious,Serious,12.5\n')
    found = read(tmp_path / "a.csv", None, held())
    assert [*found] == ["xu-2019"]
    assert (found["xu-2019"].tool, found["xu-2019"].overall, found["xu-2019"].domains["missing-data"]) == ("robins-i", "high", "unclear")


@pytest.mark.parametrize(
    ("header", "levels", "tool"),
    [
        ("Study,D1,D2,D3,D4,D5,Overall,Weight", "Low,Some concerns,High,Low,Low,High,1", "rob2"),
        ("Study,D1,D2,D3,D4,D5,D6,Overall", "Low,Moderate,High,Low,Low,Low,High", "quips"),
        ("Study,D1,D2,D3,D4,D5,D6,D7,Overall", "Low,Moderate,Critical,Low,Low,Low,Low,Critical", "robins-i"),
    ],
)
def test_each_of_robvis_layouts_is_known_by_its_columns(tmp_path: Path, header: str, levels: str, tool: Tool) -> None:
    (tmp_path / "a.csv").write_text(f"{header}\nXu 2019,{levels}\n")
    assert read(tmp_path / "a.csv", None, held())["xu-2019"].tool == tool


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f"{ROBINS}Nobody 2001,Low,Low,Low,Low,Low,Low,Low,Low,1\n", "'Nobody 2001', which is no study here"),
        (f"{ROBINS}Xu 2019,Low,Low,Low,Low,Low,Low,Low,Low,1\nxu-2019,Low,Low,Low,Low,Low,Low,Low,Low,1\n", "a second time"),
        (f"{ROBINS}Xu 2019,Fine,Low,Low,Low,Low,Low,Low,Low,1\n", "D1 'Fine'"),
        ("Study,D1,D2,D3,D4,D5,Overall\nXu 2019,Critical,Low,Low,Low,Low,Low\n", "Xu 2019"),
        ("Paper,Value\na,1\n", "the columns Paper, Value"),
    ],
)
def test_what_can_not_be_read_is_told_with_its_line(tmp_path: Path, text: str, found: str) -> None:
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(InputProblems) as refused:
        read(tmp_path / "a.csv", None, held())
    assert found in refused.value.problems[0].found
    assert refused.value.problems[0].line is not None


def test_the_command_tells_what_would_change_and_writes_sheets(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "robins.csv").write_text(f"{ROBINS}Xu 2019,Low,Low,Low,Low,Low,Low,Low,Low,1\n")
    told = CliRunner().invoke(app, ["risk-of-bias", str(tmp_path / "robins.csv"), "--write", str(tmp_path / "sheets")])
    assert told.exit_code == 0, told.output
    assert 'xu-2019: risk_of_bias: {"tool": "robins-i"' in told.output
    assert CliRunner().invoke(app, ["load", str(tmp_path / "sheets")]).exit_code == 0
    answer = json.loads(CliRunner().invoke(app, ["risk-of-bias", str(tmp_path / "robins.csv"), "--format", "json"]).output)
    assert (answer["changed"], answer["total"]) == ([], 0)
