"""The command line, as a user meets it."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import filelock
import networkx as nx
import pytest
import typer
import yaml
from starlette.testclient import TestClient
from typer.testing import CliRunner

from api import cli
from graph import opening
from graph.build import EvidenceGraph
from graph.stores import snapshot
from schema.errors import StoreUnavailable

ROOT = Path(cli.__file__).parent.parent.parent
STUDIES = ROOT / "evidence" / "studies"
PROGRAM = [sys.executable, "-c", "from api.cli import main; main()"]


class Done(NamedTuple):
    status: int
    out: str
    err: str


Rdwi = Callable[..., Done]


@pytest.fixture
def rdwi(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Rdwi:
    """Runs the program in this process: its exit status, standard output and standard error."""

    def run(*arguments: object, stdin: str | bytes | None = None) -> Done:
        monkeypatch.setattr(sys, "argv", ["rdwi", *map(str, arguments)])
        monkeypatch.setenv("COLUMNS", "200")
        if stdin is not None:
            content = stdin if isinstance(stdin, bytes) else stdin.encode()
            monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content), encoding="utf-8"))
        capsys.readouterr()
        status: Any = 0
        try:
            cli.main()
        except SystemExit as stopped:
            status = stopped.code or 0
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err + captured.out
        return Done(status, captured.out, captured.err)

    return run


def refused(done: Done, status: int, *words: str) -> str:
    """What was said of an error: on standard error, in a sentence or two, with the right status."""
    assert done.status == status, done
    assert done.out == ""
    assert done.err.strip()
    for word in words:
        assert word in done.err, done.err
    return done.err


def sheet(study: str = "smith-2024", **finding: Any) -> dict[str, Any]:
    row = {
        "exposure": "age",
        "outcome": "r-dwi",
        "population": "all",
        "measure": "OR",
        "value": 2.0,
        "ci": [1.1, 3.6],
        "direction": "increases",
    }
    return {
        "id": study,
        "title": "Age and lesions",
        "read": "abstract",
        "design": "prospective-cohort",
        "year": 2024,
        "n": 90,
        "populations": [{"id": "all", "label": "ICH", "condition": "ich", "arteriopathy": "any", "location": "any", "n": 90}],
        "findings": [{**row, **finding}],
    }


@pytest.fixture
def sheets(tmp_path: Path) -> Callable[..., Path]:
    """Writes sheets into a folder and gives its path."""

    def write(*some: dict[str, Any], into: str = "sheets", vocabulary: list[dict[str, Any]] | None = None) -> Path:
        folder = tmp_path / into
        folder.mkdir(exist_ok=True)
        for one in some:
            (folder / f"{one['id']}.yaml").write_text(yaml.safe_dump(one, sort_keys=False), encoding="utf-8")
        if vocabulary is not None:
            (folder / "vocabulary.yaml").write_text(yaml.safe_dump(vocabulary), encoding="utf-8")
        return folder

    return write


@pytest.fixture
def few(rdwi: Rdwi, sheets: Callable[..., Path], empty_folder: Path) -> Path:
    """A store that holds two small studies and nothing else."""
    done = rdwi("load", "--fresh", sheets(sheet("first-2023"), sheet("second-2023", value=1.5, ci=[0.9, 2.5]), into="first"))
    assert done.status == 0, done
    return empty_folder


# --- the questions ---

QUESTIONS: dict[str, tuple[list[str], str, dict[str, Any]]] = {
    "factors": (["factors"], "/v1/factors", {}),
    "factors of": (["factors", "poor-functional-outcome"], "/v1/factors", {"lesion": "poor-functional-outcome"}),
    "factors in": (["factors", "--population", "CAA", "--indirect"], "/v1/factors", {"population": "CAA", "indirect": "true"}),
    "factors narrowed": (
        ["factors", "--kind", "csvd-marker", "--min-cohorts", "2", "--sort", "-weight", "--limit", "3", "--offset", "1"],
        "/v1/factors",
        {"kind": "csvd-marker", "min_cohorts": 2, "sort": "-weight", "limit": 3, "offset": 1},
    ),
    "factors filtered": (
        ["factors", "--adjusted", "--design", "prospective-cohort", "--design", "rct-post-hoc", "--year-from", "2010", "--min-n", "50"],
        "/v1/factors",
        {"adjusted": "true", "design": ["prospective-cohort", "rct-post-hoc"], "year_from": 2010, "min_n": 50},
    ),
    "factors further filtered": (
        ["factors", "--not-adjusted", "--observational", "--exclude", "wu-2015", "--exclude", "menon-2012", "--max-mri-day", "14"],
        "/v1/factors",
        {"adjusted": "false", "randomised": "false", "exclude": ["wu-2015", "menon-2012"], "max_mri_day": 14},
    ),
    "factors not contested": (
        ["factors", "--not-contested", "--certainty", "low", "--direction", "increases"],
        "/v1/factors",
        {"contested": "false", "certainty": "low", "direction": "increases"},
    ),
    "outcomes": (["outcomes"], "/v1/outcomes", {}),
    "outcomes of": (
        ["outcomes", "intensive-bp-lowering", "--randomised", "--year-to", "2020"],
        "/v1/outcomes",
        {"exposure": "intensive-bp-lowering", "randomised": "true", "year_to": 2020},
    ),
    "contested": (["contested"], "/v1/contested", {}),
    "contested lesion": (["contested", "--lesion", "r-dwi"], "/v1/contested", {"lesion": "r-dwi"}),
    "mechanisms": (["mechanisms"], "/v1/mechanisms", {}),
    "studies": (["studies", "menon", "--year-to", "2015"], "/v1/studies", {"q": "menon", "year_to": 2015}),
    "terms": (["terms"], "/v1/terms", {}),
    "terms of": (["terms", "blood pressure", "--kind", "risk-factor"], "/v1/terms", {"q": "blood pressure", "kind": "risk-factor"}),
}
ASKED = pytest.mark.parametrize(("arguments", "url", "params"), QUESTIONS.values(), ids=QUESTIONS)


@ASKED
def test_json_is_what_the_api_gives(folder: Path, rdwi: Rdwi, client: TestClient, arguments: list[str], url: str, params: Any) -> None:
    done = rdwi(*arguments, "--format", "json")
    assert (done.status, done.err) == (0, "")
    assert json.loads(done.out) == client.get(url, params=params).json()


@pytest.mark.parametrize("form", ["csv", "tsv"])
@ASKED
def test_csv_and_tsv_are_what_the_api_gives(
    folder: Path, rdwi: Rdwi, client: TestClient, arguments: list[str], url: str, params: Any, form: str
) -> None:
    done = rdwi(*arguments, "--format", form)
    assert (done.status, done.err) == (0, "")
    expected = client.get(url, params={**params, "format": form}).text
    rows = [list(csv.DictReader(io.StringIO(text, newline=""), delimiter="," if form == "csv" else "\t")) for text in (done.out, expected)]
    assert rows[0] == rows[1]
    assert rows[0]


@ASKED
def test_a_table_shows_the_items(folder: Path, rdwi: Rdwi, client: TestClient, arguments: list[str], url: str, params: Any) -> None:
    done = rdwi(*arguments)
    assert (done.status, done.err) == (0, "")
    items = client.get(url, params=params).json()["items"]
    first = items[0]
    names = [first[key]["name"] for key in ("exposure", "outcome", "mechanism") if key in first] or [first["id"]]
    assert any(name.split()[0] in done.out for name in names)
    assert "\x1b[" not in done.out


WHOLE: dict[str, tuple[list[str], str, dict[str, Any]]] = {
    "evidence": (
        ["evidence", "CMBs", "RDWI", "--adjusted"],
        "/v1/evidence",
        {"exposure": "CMBs", "outcome": "RDWI", "adjusted": "true"},
    ),
    "evidence of nothing": (["evidence", "r-dwi", "age"], "/v1/evidence", {"exposure": "r-dwi", "outcome": "age"}),
    "evidence beside": (
        ["evidence", "cerebral-microbleeds", "r-dwi", "--population", "caa", "--indirect"],
        "/v1/evidence",
        {"exposure": "cerebral-microbleeds", "outcome": "r-dwi", "population": "caa", "indirect": "true"},
    ),
    "prevalence": (["prevalence"], "/v1/prevalence", {}),
    "prevalence of": (
        ["prevalence", "cortical-microinfarct", "--population", "caa", "--exclude", "wu-2015"],
        "/v1/prevalence",
        {"lesion": "cortical-microinfarct", "population": "caa", "exclude": "wu-2015"},
    ),
    "study": (["study", "menon-2012"], "/v1/studies/menon-2012", {}),
    "status": (["status"], "/v1/releases/current", {}),
}


@pytest.mark.parametrize(("arguments", "url", "params"), WHOLE.values(), ids=WHOLE)
def test_other_answers_as_json_are_what_the_api_gives(
    folder: Path, rdwi: Rdwi, client: TestClient, arguments: list[str], url: str, params: Any
) -> None:
    done = rdwi(*arguments, "--format", "json")
    assert (done.status, done.err) == (0, "")
    assert json.loads(done.out) == client.get(url, params=params).json()


@pytest.mark.parametrize("form", ["table", "csv", "tsv"])
@pytest.mark.parametrize("arguments", [arguments for arguments, *_ in WHOLE.values()], ids=WHOLE)
def test_other_answers_come_in_every_form(folder: Path, rdwi: Rdwi, arguments: list[str], form: str) -> None:
    if arguments == ["status"] and form != "table":
        refused(rdwi(*arguments, "--format", form), 2, "table", "json")
        return
    done = rdwi(*arguments, "--format", form)
    assert (done.status, done.err) == (0, "")
    assert done.out.strip()


def test_a_table_of_evidence_tells_each_row_and_why(folder: Path, rdwi: Rdwi, client: TestClient) -> None:
    out = rdwi("evidence", "cerebral-microbleeds", "r-dwi").out
    rows = client.get("/v1/evidence", params={"exposure": "cerebral-microbleeds", "outcome": "r-dwi"}).json()["rows"]
    for row in rows:
        assert row["study"]["label"].split()[0] in out
    assert "certainty" in out


def test_a_table_of_evidence_tells_how_it_holds_up(folder: Path, rdwi: Rdwi) -> None:
    out = rdwi("evidence", "acute-bp-reduction", "r-dwi").out
    for part in ("With one study left out", "Year by year", "Subgroups", "Sides", "What would flip it: "):
        assert part in out
    alone = rdwi("evidence", "admission-dbp", "r-dwi").out
    assert "One study: leaving it out leaves nothing." in alone
    assert "With one study left out" not in alone


def test_a_table_of_evidence_tells_absolute_risks(folder: Path, rdwi: Rdwi) -> None:
    told = rdwi("evidence", "cerebral-microbleeds", "r-dwi", "--baseline", "20").out
    assert "For a hundred patients: 20 without it (as given), 37 with it (95% interval 27 to 48.3)." in told
    assert "the prevalence in intracerebral haemorrhage (ICH)" in rdwi("evidence", "cerebral-microbleeds", "r-dwi").out
    assert "No absolute risk: " in rdwi("evidence", "age", "r-dwi").out


def test_evidence_names_both_intervals_the_comparisons_and_what_leaving_a_study_out_does(rdwi: Rdwi) -> None:
    said = " ".join(rdwi("evidence", "r-dwi", "recurrent-ich").out.split())
    assert "the average of these cohorts HR" in said
    assert "allowing for settings that differ" in said
    assert "hangs on the prior (half or twice its scale)" in said
    assert "becomes" in said
    assert "HR, binary, observational, adjusted" in said
    assert "published: Posener 2023: OR 1.95 (1.48-2.57), of a review of 18 studies" in " ".join(
        rdwi("evidence", "r-dwi", "poor-functional-outcome").out.split()
    )


def test_a_pooled_prevalence_is_of_no_sum_of_patients(rdwi: Rdwi) -> None:
    said = rdwi("prevalence").out
    assert re.search(r"% \([0-9.-]+\), pooled over [0-9]+ cohorts of [0-9,]+ patients\.", said)
    assert not re.search(r"\([0-9]+/[0-9]+\)", said)


def test_a_table_that_is_cut_says_so(folder: Path, rdwi: Rdwi, client: TestClient) -> None:
    out = rdwi("factors", "--limit", "2").out
    total = client.get("/v1/factors").json()["total"]
    assert f"2 of {total} shown" in out


def test_a_table_tells_how_many_rows_can_not_be_told(folder: Path, rdwi: Rdwi, client: TestClient) -> None:
    unknown = client.get("/v1/factors", params={"adjusted": "true"}).json()["unknown_dropped"]
    assert f"{unknown} rows left out" in rdwi("factors", "--adjusted").out


def test_an_empty_answer_says_why_and_is_no_error(folder: Path, rdwi: Rdwi) -> None:
    done = rdwi("factors", "--population", "csvd")
    assert done.status == 0
    assert "There is evidence in" in done.out
    assert rdwi("factors", "--design", "rct").out.strip() == "Nothing is left by the filter on study design."


def test_status_names_store_release_counts_and_versions(folder: Path, rdwi: Rdwi, graph: EvidenceGraph) -> None:
    body = json.loads(rdwi("status", "--format", "json").out)
    assert set(body) >= {"store", "release", "counts", "versions"}
    assert (body["store"], body["release"]) == ("memory", graph.release)
    out = rdwi("status").out
    assert graph.release in out
    assert str(len(graph.studies)) in out


def test_asking_changes_nothing(folder: Path, rdwi: Rdwi) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    for arguments, *_ in [*QUESTIONS.values(), *WHOLE.values()]:
        assert rdwi(*arguments).status == 0
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


# --- wrong usage and unknown names ---


@pytest.mark.parametrize(
    ("arguments", "suggestion"),
    [
        (["factors", "r-dwii"], "r-dwi"),
        (["factors", "--population", "lobar"], "ich-lobar"),
        (["factors", "--exclude", "menon-2013"], "menon-2012"),
        (["outcomes", "hematoma volum"], "haematoma-volume"),
        (["evidence", "age", "r dwi countt"], "r-dwi-count"),
        (["prevalence", "r dwi countt"], "r-dwi-count"),
        (["mechanisms", "r dwi countt"], "r-dwi-count"),
        (["contested", "--lesion", "r dwi countt"], "r-dwi-count"),
        (["study", "menon-2013"], "menon-2012"),
        (["export", "node-link", "--output", "/nowhere/x", "--population", "lobar"], "ich-lobar"),
    ],
    ids=lambda one: " ".join(one) if isinstance(one, list) else one,
)
def test_an_unknown_name_is_status_1_and_suggests_the_nearest(folder: Path, rdwi: Rdwi, arguments: list[str], suggestion: str) -> None:
    refused(rdwi(*arguments), 1, "Did you mean", suggestion)


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"], ["factors", "--nonsense"], ["factors", "--limit", "0"], ["factors", "--limit", "501"], ["factors", "--limit", "x"],
        ["factors", "--offset", "-1"], ["factors", "--format", "xml"], ["factors", "--certainty", "great"],
        ["factors", "--year-from", "12"],
        ["factors", "--min-n", "0"], ["factors", "a", "b"], ["evidence", "age"], ["evidence"], ["study"], ["load"], ["check"], ["remove"],
        ["export", "node-link"], ["export", "xml", "--output", "x"], ["serve", "--port", "-1"], ["serve", "--port", "70000"],
        ["factors", "--kind", "gene"], ["factors", "--direction", "up"], ["status", "--format", "xml"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_wrong_usage_is_status_2(folder: Path, rdwi: Rdwi, arguments: list[str]) -> None:
    refused(rdwi(*arguments), 2)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["factors", "--design", "rtc"], ["rtc", "prospective-cohort"]),
        (["factors", "--sort", "luck"], ["luck", "-certainty"]),
        (["factors", "--certainty", "great"], ["great", "very-low"]),
        (["terms", "--kind", "gene"], ["gene", "csvd-marker"]),
    ],
    ids=str,
)
def test_a_wrong_value_is_status_2_and_told_what_is_allowed(folder: Path, rdwi: Rdwi, arguments: list[str], words: list[str]) -> None:
    refused(rdwi(*arguments), 2, *words)


@pytest.mark.parametrize("value", ["mongodb://x", "memory:/tmp"])
@pytest.mark.parametrize(
    "arguments", [["factors"], ["status"], ["serve", "--port", "0"], ["load", "x.yaml"], ["check", "x.yaml"], ["remove", "x"]]
)
def test_a_wrong_store_is_status_2(folder: Path, rdwi: Rdwi, monkeypatch: pytest.MonkeyPatch, arguments: list[str], value: str) -> None:
    monkeypatch.setenv("RDWI_STORE", value)
    message = refused(rdwi(*arguments), 2, "RDWI_STORE", "memory:")
    assert len(message.splitlines()) == 1


def test_a_wrong_log_format_is_status_2(folder: Path, rdwi: Rdwi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RDWI_LOG_FORMAT", "xml")
    refused(rdwi("status"), 2, "log_format")


def test_help_names_every_command() -> None:
    done = CliRunner().invoke(cli.app, ["--help"])
    assert done.exit_code == 0
    for name in (
        "serve", "check", "load", "remove", "status", "factors", "outcomes", "evidence", "prevalence", "mechanisms", "contested", "study",
        "terms", "export",
    ):  # fmt: skip
        assert f"  {name} " in done.output


@pytest.mark.parametrize("command", sorted(typer.main.get_group(cli.app).commands))
def test_every_command_argument_and_option_is_explained(command: str) -> None:
    explained = typer.main.get_group(cli.app).commands[command]
    assert explained.help
    assert [one.name for one in explained.params if not getattr(one, "help", None)] == []
    assert CliRunner().invoke(cli.app, [command, "--help"]).exit_code == 0


def test_without_a_command_help_is_shown(rdwi: Rdwi) -> None:
    done = rdwi()
    assert "Usage" in done.out + done.err


# --- damaged and missing stores ---


@pytest.mark.parametrize("content", [b"", b"nonsense", b'{"format": "rdwi-snapshot", "version": 99}\n'], ids=["empty", "nonsense", "newer"])
@pytest.mark.parametrize(
    "arguments", [["factors"], ["status"], ["terms"], ["remove", "x"], ["export", "node-link", "-o", "x"]], ids=" ".join
)
def test_a_damaged_snapshot_is_status_3_and_told_what_to_do(empty_folder: Path, rdwi: Rdwi, arguments: list[str], content: bytes) -> None:
    empty_folder.mkdir()
    (empty_folder / snapshot.NAME).write_bytes(content)
    message = refused(rdwi(*arguments), 3, str(empty_folder), "--fresh")
    assert len(message.splitlines()) == 1
    assert (empty_folder / snapshot.NAME).read_bytes() == content


def test_loading_into_a_damaged_store_is_status_3_and_fresh_heals_it(empty_folder: Path, rdwi: Rdwi, sheets: Callable[..., Path]) -> None:
    empty_folder.mkdir()
    (empty_folder / snapshot.NAME).write_bytes(b"damaged")
    folder = sheets(sheet())
    refused(rdwi("load", folder), 3, "--fresh")
    assert rdwi("load", "--fresh", folder).status == 0
    assert rdwi("study", "smith-2024").status == 0


def test_a_store_that_can_not_be_reached_is_status_3(folder: Path, rdwi: Rdwi, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object, **__: object) -> None:
        raise StoreUnavailable("The store at bolt://nowhere can't be reached.")

    monkeypatch.setattr(opening, "open_store", away)
    refused(rdwi("factors"), 3, "bolt://nowhere")


def test_a_store_that_another_program_writes_to_is_status_3(
    few: Path, rdwi: Rdwi, sheets: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    patient = filelock.FileLock
    monkeypatch.setattr(filelock, "FileLock", lambda path, timeout: patient(path, timeout=0.01))
    with patient(few / "writing.lock"):
        refused(rdwi("load", sheets(sheet())), 3, "Another program")


# --- sheets ---


def test_a_clean_sheet_is_checked_and_nothing_is_changed(few: Path, rdwi: Rdwi, sheets: Callable[..., Path]) -> None:
    before = (few / snapshot.NAME).read_bytes()
    done = rdwi("check", sheets(sheet(value=4.0, ci=[1.6, 10.0], contrast_type="binary")))
    assert (done.status, done.err) == (0, "")
    assert "1 studies with 1 findings, no errors" in done.out
    assert (few / snapshot.NAME).read_bytes() == before


def test_the_shipped_corpus_is_clean(folder: Path, rdwi: Rdwi, graph: EvidenceGraph) -> None:
    done = rdwi("check", STUDIES)
    assert done.status == 0
    assert f"{len(graph.studies)} studies with {len(graph.observations)} findings" in done.out


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "term": ({"exposure": "hypertensionn"}, "hypertension"),
    "value": ({"value": 9.0}, "9.0"),
    "ci": ({"ci": [3.6, 1.1]}, "3.6"),
    "population": ({"population": "nobody"}, "nobody"),
    "p": ({"p": 1.5}, "1.5"),
    "key": ({"valeu": 2}, "valeu"),
}


@pytest.mark.parametrize("command", ["check", "load"])
@pytest.mark.parametrize(("finding", "word"), BAD.values(), ids=BAD)
def test_a_mistake_is_status_1_with_file_line_and_what_was_found(
    few: Path, rdwi: Rdwi, sheets: Callable[..., Path], command: str, finding: dict[str, Any], word: str
) -> None:
    before = (few / snapshot.NAME).read_bytes()
    folder = sheets(sheet("bad-2024", **finding))
    refused(rdwi(command, folder), 1, str(folder / "bad-2024.yaml") + ":", "error:", "found", "expected", word, "1 problem")
    assert (few / snapshot.NAME).read_bytes() == before


def test_all_mistakes_of_all_files_are_told_at_once(few: Path, rdwi: Rdwi, sheets: Callable[..., Path]) -> None:
    folder = sheets(sheet("a-2024", p=2), sheet("b-2024", exposure="nothing-known"), sheet("good-2024"))
    refused(rdwi("load", folder), 1, "a-2024.yaml", "b-2024.yaml", "nothing was changed")
    assert rdwi("study", "good-2024").status == 1


@pytest.mark.parametrize("path", ["nowhere.yaml", "nowhere/", "no*.yaml", ""])
@pytest.mark.parametrize("command", ["check", "load"])
def test_a_path_that_leads_nowhere_is_status_1(few: Path, rdwi: Rdwi, command: str, path: str) -> None:
    refused(rdwi(command, path), 1)


def test_a_load_adds_replaces_and_keeps(few: Path, rdwi: Rdwi, sheets: Callable[..., Path]) -> None:
    assert "1 studies added, 0 replaced" in rdwi("load", sheets(sheet())).out
    assert "0 studies added, 1 replaced" in rdwi("load", sheets(sheet(value=3.0))).out
    assert {one["id"] for one in json.loads(rdwi("studies", "--format", "json").out)["items"]} == {
        "first-2023",
        "second-2023",
        "smith-2024",
    }
    (finding,) = json.loads(rdwi("study", "smith-2024", "--format", "json").out)["study"]["findings"]
    assert finding["value"] == 3.0


def test_loading_twice_changes_nothing(few: Path, rdwi: Rdwi, sheets: Callable[..., Path]) -> None:
    folder = sheets(sheet())
    rdwi("load", folder)
    before = rdwi("status", "--format", "json").out, rdwi("factors", "--format", "json").out
    done = rdwi("load", folder)
    assert "Nothing changed." in done.out
    assert (rdwi("status", "--format", "json").out, rdwi("factors", "--format", "json").out) == before


def test_a_load_names_the_release_that_status_names(few: Path, rdwi: Rdwi, sheets: Callable[..., Path]) -> None:
    release = json.loads(rdwi("status", "--format", "json").out)["release"]
    out = rdwi("load", sheets(sheet())).out
    after = json.loads(rdwi("status", "--format", "json").out)["release"]
    assert after != release
    assert after[:12] in out


def test_fresh_starts_from_nothing(few: Path, rdwi: Rdwi, sheets: Callable[..., Path]) -> None:
    assert "1 studies added" in rdwi("load", "--fresh", sheets(sheet())).out
    assert json.loads(rdwi("status", "--format", "json").out)["counts"]["studies"] == 1


def test_keep_going_loads_the_clean_studies_lists_the_rest_and_is_status_1(few: Path, rdwi: Rdwi, sheets: Callable[..., Path]) -> None:
    done = rdwi("load", "--keep-going", sheets(sheet("good-2024"), sheet("bad-2024", p=2)))
    assert done.status == 1
    assert "1 studies added" in done.out
    assert "bad-2024.yaml" in done.err
    assert rdwi("study", "good-2024").status == 0
    assert rdwi("study", "bad-2024").status == 1


@pytest.mark.parametrize("form", ["yaml", "json"])
def test_a_sheet_may_come_from_standard_input(few: Path, rdwi: Rdwi, form: str) -> None:
    text = yaml.safe_dump(sheet()) if form == "yaml" else json.dumps(sheet())
    assert "1 studies with 1 findings" in rdwi("check", "-", stdin=text).out
    assert "1 studies added" in rdwi("load", "-", stdin=text).out
    assert rdwi("study", "smith-2024").status == 0


@pytest.mark.parametrize("text", ["", "nonsense", "[1, 2]", "{", "\0", "id: x"], ids=ascii)
def test_nonsense_from_standard_input_is_status_1(few: Path, rdwi: Rdwi, text: str) -> None:
    refused(rdwi("load", "-", stdin=text), 1, "standard input")


def test_a_study_may_be_removed_and_loaded_again(few: Path, rdwi: Rdwi, sheets: Callable[..., Path]) -> None:
    release = json.loads(rdwi("status", "--format", "json").out)["release"]
    assert "1 studies removed" in rdwi("remove", "first-2023").out
    refused(rdwi("study", "first-2023"), 1)
    refused(rdwi("remove", "first-2023"), 1)
    rdwi("load", sheets(sheet("first-2023"), into="again"))
    assert json.loads(rdwi("status", "--format", "json").out)["release"] == release


def test_removing_an_unknown_study_removes_none(few: Path, rdwi: Rdwi) -> None:
    refused(rdwi("remove", "first-2023", "first-2024"), 1, "first-2023")
    assert rdwi("study", "first-2023").status == 0


def test_terms_of_ones_own_stay_when_their_sheets_are_removed(few: Path, rdwi: Rdwi, sheets: Callable[..., Path]) -> None:
    own = [{"id": "moon-phase", "name": "Phase of the moon", "kind": "risk-factor", "synonyms": ["lunar phase"]}]
    later = sheets(sheet("later-2024", exposure="moon-phase"), into="later")
    refused(rdwi("check", later), 1, "moon-phase", "vocabulary.yaml")
    assert rdwi("load", sheets(sheet(exposure="lunar phase"), vocabulary=own)).status == 0
    assert "moon-phase" in rdwi("factors", "--format", "csv").out
    assert rdwi("remove", "smith-2024").status == 0
    assert "moon-phase" in rdwi("terms", "lunar phase").out
    assert rdwi("load", later).status == 0
    assert "Phase of the moon" in rdwi("factors").out


def test_a_user_can_load_a_study_beside_the_shipped_corpus(
    folder: Path, rdwi: Rdwi, sheets: Callable[..., Path], graph: EvidenceGraph
) -> None:
    before = json.loads(rdwi("evidence", "age", "r-dwi", "--format", "json").out)
    assert rdwi("load", sheets(sheet())).status == 0
    after = json.loads(rdwi("evidence", "age", "r-dwi", "--format", "json").out)
    assert after["association"]["cohorts"] == before["association"]["cohorts"] + 1
    assert after["association"]["increases"] == before["association"]["increases"] + 1
    assert json.loads(rdwi("status", "--format", "json").out)["counts"]["studies"] == len(graph.studies) + 1


# --- export ---


def test_export_as_node_link_reopens_in_networkx(
    folder: Path, rdwi: Rdwi, tmp_path: Path, graph: EvidenceGraph, client: TestClient
) -> None:
    output = tmp_path / "graph.json"
    done = rdwi("export", "node-link", "--output", output)
    assert done.status == 0
    assert str(output) in done.out
    network = nx.node_link_graph(json.loads(output.read_bytes()), edges="edges")
    assert network.graph["release"] == graph.release
    assert output.read_bytes() == client.get("/v1/graph").content


def test_export_as_graphml_reopens_in_networkx(folder: Path, rdwi: Rdwi, tmp_path: Path, graph: EvidenceGraph) -> None:
    output = tmp_path / "graph.graphml"
    assert rdwi("export", "graphml", "-o", output, "--population", "CAA").status == 0
    network = nx.read_graphml(output)
    assert network.graph["release"] == graph.release
    found = [edge for *_, edge in network.edges(data=True) if edge["type"] == "ASSOCIATED_WITH"]
    assert len(found) == sum(one.population.id == "caa" for one in graph.associations)


def test_an_export_that_can_not_be_written_is_status_1(few: Path, rdwi: Rdwi, tmp_path: Path) -> None:
    refused(rdwi("export", "node-link", "--output", tmp_path / "nowhere" / "x.json"), 1, "can't be written")
    refused(rdwi("export", "node-link", "--output", tmp_path), 1, "can't be written")


# --- as a program ---


def environment(folder: Path) -> dict[str, str]:
    return {**os.environ, "RDWI_SNAPSHOT": str(folder), "PYTHONPATH": str(ROOT)}


def test_the_program_answers_in_a_process_of_its_own(folder: Path, client: TestClient) -> None:
    done = subprocess.run([*PROGRAM, "factors", "--format", "json"], env=environment(folder), capture_output=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert json.loads(done.stdout) == client.get("/v1/factors").json()


def test_the_program_ends_with_its_status_and_without_a_traceback(folder: Path) -> None:
    done = subprocess.run(
        [*PROGRAM, "study", "nobody-1900"], env=environment(folder), capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("rdwi: There is no study named 'nobody-1900'.")
    assert len(done.stderr.splitlines()) == 1


def test_a_reader_that_has_seen_enough_is_no_error_worth_a_word(folder: Path) -> None:
    with subprocess.Popen(
        [*PROGRAM, "factors", "--format", "json"], env=environment(folder), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.read(10)
        process.stdout.close()
        told = process.stderr.read()
        process.wait(60)
    assert told == b""


def test_the_help_waits_for_no_package_that_only_answers_need() -> None:
    code = "import sys, api.cli; print(sorted({'numpy', 'scipy', 'neo4j', 'fastapi', 'networkx'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
