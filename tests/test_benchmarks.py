"""What the benchmarks measure is of the corpus's shape."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from benchmarks.answers.differences import Differences, Rule, mask
from benchmarks.answers.record import addresses, commands, opened, record, text_of
from benchmarks.published import by_glmm
from benchmarks.synthetic import synthetic
from graph import questions
from graph.build import build, unknown_terms
from graph.stores.memory import MemoryReader


@pytest.mark.parametrize("dense", [False, True])
def test_synthetic_studies_are_as_many_and_as_asked_for(dense: bool) -> None:
    studies, field = synthetic(1300, dense=dense)
    assert 1300 <= sum(len(study.findings) for study in studies) < 1330
    assert len({study.id for study in studies}) == len(studies)
    assert not any(unknown_terms(study, field.vocabulary) for study in studies)
    assert synthetic(1300, dense=dense)[0] == studies


def test_breadth_gives_edges_of_their_own_and_depth_more_cohorts_an_edge() -> None:
    broad, deep = (build(*synthetic(1300, dense=dense)) for dense in (False, True))
    assert len(broad.associations) > 1.5 * len(deep.associations)
    assert max(one.cohorts for one in deep.associations) > max(one.cohorts for one in broad.associations)


def test_the_build_benchmark_prints_its_ratio_to_the_smallest_size() -> None:
    command = [sys.executable, "-m", "benchmarks.build", "100", "200"]
    told = subprocess.run(command, cwd=Path(__file__).parent.parent, capture_output=True, text=True, check=True).stdout
    assert "1.00x" in told
    assert len(told.splitlines()) == 3


# --- answers, before and after ---

ABOUT = {"version": "0.1.0", "days": ["2026-02-08"]}


def differences(old: dict[str, str], new: dict[str, str], *rules: Rule, most: int = 12) -> list[str]:
    found = Differences(rules)
    found.add("rest", old, new)
    return [line.strip("\n") for line in found.told(most)]


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        (f"Release {'ab12' * 16}, short {'ab12' * 3}.", "Release RELEASE, short RELEASE."),
        ('200\netag: "x"\nvary: y', "200\netag: ETAG\nvary: y"),
        ("rdwi-graph 0.1.0. Not 10.1.0 or 0.1.0.1", "rdwi-graph VERSION. Not 10.1.0 or 0.1.0.1"),
        ("loaded on 8 February 2026, 2026-02-08, not 18 February 2026", "loaded on DAY, DAY, not 18 February 2026"),
        ("menon-2012:8cd2a61918 0.123456789012 2.5", "menon-2012:8cd2a61918 0.123456789012 2.5"),
    ],
)
def test_what_is_of_the_moment_is_masked_and_nothing_else(text: str, masked: str) -> None:
    assert mask(text, ABOUT) == masked


def test_the_same_difference_is_told_once_whatever_the_figures() -> None:
    old = {str(i): json.dumps({"id": i, "ci": f"(1.{i}-2.{i})", "same": True}) for i in range(50)}
    new = {name: re.sub(r"(\d)-(\d)", r"\1 to \2", text) for name, text in old.items()}
    told = differences(old, new)
    assert told[:2] == ["rest: 50 entries differ, in 1 ways", "@@ 0 and 49 more (1, 2 ...)"]
    assert told[-2:] == ['- "ci": "(1.0-2.0)",', '+ "ci": "(1.0 to 2.0)",']


def test_unlike_differences_are_told_apart_and_the_most_frequent_first() -> None:
    old = {"a": '{"x": 1, "y": "b"}', "b": '{"x": 1, "y": "b"}', "gone": "", "same": "s"}
    new = {"a": '{"x": null, "y": "b"}', "b": '{"x": null, "y": "c"}', "new": "", "same": "s"}
    told = differences(old, new)
    assert told[0] == "rest: 4 entries differ, in 4 ways"
    assert [line for line in told if line.startswith("@@")] == ["@@ a and 1 more (b ...)", "@@ b", "@@ gone", "@@ new"]
    assert not differences(old, old)


def test_of_a_long_difference_so_many_lines_are_shown() -> None:
    told = differences({"a": "x"}, {"a": "\n".join(f"line {i}" for i in range(9))}, most=3)
    assert told[-1] == "... 7 lines more"
    assert len(told) == 6


@pytest.mark.parametrize("size", [3, 40_000])
def test_other_spaces_or_another_order_are_differences(size: int) -> None:
    lines = [f"line {i}" for i in range(size)]
    assert differences({"a": "\n".join(lines)}, {"a": "\n".join(lines[::-1])})
    assert "other spaces" in differences({"a": "\n".join(lines)}, {"a": "\r\n".join(lines)})[-1]


def test_what_is_expected_is_taken_out_by_its_rule_and_counted() -> None:
    rule = Rule(re.compile("^rest a"), re.compile("^.x|^.z"), "x is another")
    old, new = {"a1": "x1\ny", "a2": "x1\ny1", "b": "x1"}, {"a1": "z\ny", "a2": "z\ny2", "b": "z"}
    assert differences(old, new, rule)[:3] == ["expected, x is another: 2 entries", "rest: 2 entries differ, in 2 ways", "@@ a2"]


def test_every_route_parameter_and_format_is_asked(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    asked = set(addresses(document))
    for path, operations in document["paths"].items():
        of_path = re.compile(re.escape(path).replace(r"\{id\}", "[^/?]+") + r"(\?|$)")
        ours = [one for one in asked if of_path.match(one)]
        assert ours or "get" not in operations, path
        for one in operations.get("get", {}).get("parameters", ()):
            for value in one["schema"].get("enum", ("",)) if one["in"] == "query" else ():
                assert any(re.search(rf"[?&]{one['name']}={value}", address) for address in ours), (path, one["name"], value)


def test_every_command_is_asked_for_help_and_every_question_in_every_format() -> None:
    asked = [" ".join(one) for one in commands()]
    assert {"factors --help", "serve --help", "factors --format bibtex", "gaps --state fair", "evidence cerebral-microbleeds r-dwi"} <= set(
        asked
    )
    assert not any(one.startswith(("serve --port", "mcp --format")) for one in asked)


def test_a_record_comes_back_as_it_was_written(tmp_path: Path) -> None:
    written = record(tmp_path / "record", tmp_path, ["python"], lambda _: None)
    assert written.entries("python")["factors"].startswith("(self")
    assert opened(tmp_path / "record") == written
    assert text_of(b"\xff\xfe") == text_of(b"\xff\xfe") != text_of(b"\xff\xfd")


def test_r_pools_shares_by_a_binomial_normal_model_to_what_the_document_says(rscript: str, reader: MemoryReader) -> None:
    found = by_glmm([row for row in questions.Prevalence().answer(reader).prevalence.rows if row.used == "pooled"])
    assert found is not None
    pct, low, high = found
    method = (Path(__file__).parent.parent / "docs" / "method.md").read_text(encoding="utf-8")
    assert f"(`rma.glmm` of metafor) | {pct:.1f} ({low:.1f}-{high:.1f}) |" in method
