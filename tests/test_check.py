"""One round tells all that is wrong, each distinct fault once, with lines that are ready to be pasted."""

from __future__ import annotations

import copy
import json
import random
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from api import cli
from graph.opening import shipped
from graph.synthesis.remarks import remarks
from loaders import sheets
from loaders.documents import Document
from loaders.sheets import Loaded
from loaders.validation import validate
from schema import report
from schema.problems import Problem

Rdwi = Callable[..., tuple[int, str, str]]


@pytest.fixture
def rdwi(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Rdwi:
    """Runs the program in this process: its status, and what it prints on both streams."""
    monkeypatch.setenv("RDWI_SNAPSHOT", str(tmp_path / "store"))

    def run(*words: Any) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["rdwi", *map(str, words)])
        status = 0
        try:
            cli.main()
        except SystemExit as end:
            status = int(end.code or 0)
        except typer.Exit as end:
            status = end.exit_code
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    return run


HEADER = "Study ID,Read,Population,Risk factor,Outcome,OR (95% CI),Direction,Contrast type"


def table(folder: Path, rows: list[str], header: str = HEADER, name: str = "t.csv") -> Path:
    (folder / name).write_text("\n".join([header, *rows, ""]), encoding="utf-8")
    return folder / name


def row(i: int, factor: str = "CMBs", outcome: str = "R-DWI", value: str = "1.85 (1.10-3.11)", direction: str = "increases") -> str:
    return f"Novak {i},full-text,ICH,{factor},{outcome},{value},{direction},binary"


def load(*paths: Path) -> Loaded:
    return sheets.load(paths, shipped(), judge=remarks)


# --- one round ---

GROUP = {"id": "all", "label": "acute ICH", "condition": "ich", "arteriopathy": "any", "location": "any", "n": 400}
FINDING = {
    "exposure": "cerebral-microbleeds", "outcome": "r-dwi", "population": "all", "measure": "OR", "value": 2.0, "ci": [1.2, 3.3],
    "p": 0.008, "contrast_type": "binary", "adjusted": True, "direction": "increases",
    "counts": {"exposed_cases": 20, "exposed_total": 100, "unexposed_cases": 11, "unexposed_total": 100},
}  # fmt: skip
_SHEET: dict[str, Any] = {
    "id": "a-2020", "read": "tables", "imaging": {"eligible": 400, "scanned": 300}, "populations": [GROUP, {**GROUP, "id": "lobar"}],
    "prevalence": [{"population": "all", "lesion": "r-dwi", "cases": 20, "total": 100, "pct": 20.0} for _ in range(3)],
    "findings": [FINDING for _ in range(6)],
    "mechanisms": [{"mechanism": "impaired-autoregulation", "stance": "supports", "basis": "imaging", "links": ["age", "r-dwi"]}],
}  # fmt: skip

SHEET: dict[str, Any] = json.loads(json.dumps(_SHEET))  # no row is another's

# a fault of each kind: the section, what it does to a row, where it is told
FAULTS: dict[str, tuple[str, Callable[[dict[str, Any]], Any], str]] = {
    "key": ("findings", lambda one: one.update(colour="red"), ".colour"),
    "misspelt": ("findings", lambda one: one.update(expsoure=one.pop("exposure")), ".expsoure"),
    "factor": ("findings", lambda one: one.update(exposure="marital status"), ".exposure"),
    "outcome": ("findings", lambda one: one.update(outcome="zebra"), ".outcome"),
    "group": ("findings", lambda one: one.update(population="lobra"), ".population"),
    "direction": ("findings", lambda one: one.update(direction="decreases"), ".direction"),
    "p": ("findings", lambda one: one.update(p=7), ".p"),
    "quoted": ("findings", lambda one: one.update(events="12"), ".events"),
    "outside": ("findings", lambda one: one.update(value=9.5), ""),
    "months": ("findings", lambda one: one.update(follow_up_months=[24, 3]), ""),
    "measure": ("findings", lambda one: one.pop("measure"), ".measure"),
    "counts": ("findings", lambda one: one.update(counts={**one["counts"], "exposed_cases": 900}), ".counts"),
    "step": ("findings", lambda one: one.update(per={"unit": "mmHg"}), ".per.step"),
    "lesion": ("prevalence", lambda one: one.update(lesion="zebra"), ".lesion"),
    "percent": ("prevalence", lambda one: one.update(pct=31.0), ".pct"),
    "more": ("prevalence", lambda one: one.update(total="many"), ".total"),
    "stance": ("mechanisms", lambda one: one.update(stance="doubts"), ".stance"),
    "link": ("mechanisms", lambda one: one.update(links=["age", "zebra"]), ".links[1]"),
    "twice": ("populations", lambda one: one.update(id="all"), ".id"),
    "place": ("populations", lambda one: one.update(location="left"), ".location"),
    "scanned": ("", lambda one: one.update(imaging={"eligible": 4, "scanned": 300, "notes": 5}), "imaging.notes"),
    "year": ("", lambda one: one.update(year="2020"), "year"),
    "itself": ("", lambda one: one.update(overlaps_with=["a-2020"]), "overlaps_with"),
}  # fmt: skip
# of these one at most in a row: they are about the same figures, or the same key
TOGETHER = [{"misspelt", "factor"}, {"percent", "more"}]


def spoilt(sheet: dict[str, Any], kind: str, choose: random.Random) -> tuple[tuple[str, int], str]:
    """Spoil a row of a sheet; the row, and the path that is to be told."""
    section, change, path = FAULTS[kind]
    if not section:
        change(sheet)
        return ("", 0), path
    i = 1 if section == "populations" else choose.randrange(len(sheet[section]))
    change(sheet[section][i])
    return (section, i), f"{section}[{i}]{path}"


def told_of(sheet: dict[str, Any]) -> list[Problem]:
    _, problems = validate(Document(sheet, {(): 1}), shipped(), "a.yaml", remarks)
    return [one for one in problems if one.severity == "error"]


def test_the_sheet_that_is_spoilt_is_right() -> None:
    assert told_of(SHEET) == []


@pytest.mark.parametrize("kind", FAULTS)
def test_a_fault_alone_is_told_once_at_its_place(kind: str) -> None:
    sheet = copy.deepcopy(SHEET)
    _, path = spoilt(sheet, kind, random.Random(1))
    paths = [one.path for one in told_of(sheet)]
    assert paths.count(path) == 1
    # what is told beside it is of the same thing
    assert set(paths) - {path} <= ({"imaging"} if kind == "scanned" else set())


@settings(derandomize=True, max_examples=40, deadline=None)
@given(kinds=st.lists(st.sampled_from(sorted(FAULTS)), min_size=2, max_size=8, unique=True), choose=st.randoms(use_true_random=False))
def test_faults_of_several_kinds_are_all_told_in_one_round(kinds: list[str], choose: random.Random) -> None:
    sheet = copy.deepcopy(SHEET)
    wanted: set[str] = set()
    hit: dict[tuple[str, int], set[str]] = {}
    for kind in kinds:
        before = copy.deepcopy(sheet)
        try:
            at, path = spoilt(sheet, kind, choose)
        except KeyError:
            # the key that it would change is gone
            sheet = before
            continue
        there = hit.setdefault(at, set())
        if any(there & some and kind in some for some in TOGETHER):
            sheet = before
            continue
        there.add(kind)
        wanted.add(path)
    assert wanted <= {one.path for one in told_of(sheet)}


def test_all_kinds_in_one_sheet_are_told_with_the_other_files(tmp_path: Path) -> None:
    sheet = copy.deepcopy(SHEET)
    wanted = set()
    for i, kind in enumerate(("key", "direction", "factor", "group")):
        FAULTS[kind][1](sheet["findings"][i])
        wanted.add(f"findings[{i}]{FAULTS[kind][2]}")
    for kind, at in (("twice", "populations[1].id"), ("percent", "prevalence[2].pct")):
        FAULTS[kind][1](sheet[at.split("[")[0]][int(at.split("[")[1][0])])
        wanted.add(at)
    (tmp_path / "a.yaml").write_text(yaml.safe_dump(sheet, sort_keys=False))
    table(tmp_path, [row(1, factor="zebra"), row(2, direction="up")])
    errors = load(tmp_path).errors
    assert {one.path for one in errors if one.file.endswith("a.yaml")} == wanted
    assert {(one.line, one.column) for one in errors if one.file.endswith("t.csv")} == {(2, 4), (3, 7)}


def test_a_key_twice_and_what_is_no_number_hide_nothing_else(tmp_path: Path) -> None:
    first = "id: a\nread: abstract\nn: 1:30\nyear: 12345678901234567890\nread: tables\nyaer: 1\n"
    text = f"{first}---\nid: b\nread: abstract\nyaer: 2\n---\nid: [\n"
    (tmp_path / "a.yaml").write_text(text)
    assert [(one.line, one.kind) for one in load(tmp_path).errors] == [
        (3, "unreadable"), (4, "unreadable"), (5, "unreadable"), (6, "unknown-key"), (10, "unknown-key"), (13, "unreadable"),
    ]  # fmt: skip
    (tmp_path / "a.yaml").unlink()
    (tmp_path / "a.json").write_text('{"id": "a",\n"id": "b",\n"read": "abstract",\n"yaer": 1}')
    assert [one.line for one in load(tmp_path).errors] == [2, 4]


def test_a_row_that_is_none_hides_no_other(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(yaml.safe_dump({**SHEET, "findings": [None, {**FINDING, "direction": "decreases"}, 5]}))
    assert [one.path for one in load(tmp_path).errors] == ["findings[0]", "findings[1].direction", "findings[2]"]


def test_problems_stand_in_the_order_of_the_files(tmp_path: Path) -> None:
    (tmp_path / "b.yaml").write_text("id: b\nread: x\nyaer: 1\n")
    (tmp_path / "a.yaml").write_text("yaer: 1\nid: a\nread: x\n")
    table(tmp_path, [row(i, factor="zebra", direction="up") for i in range(1, 12)], name="c.csv")
    places = [(Path(one.file).name, one.line, one.column or 0) for one in load(tmp_path).problems]
    assert places == sorted(places)
    assert len(places) == 4 + 22


# --- what of vocabularies ---


def test_an_entry_that_is_wrong_is_told_once_and_its_names_are_known(tmp_path: Path) -> None:
    table(tmp_path, [row(i, factor=("marital status", "Zebra", "okapi", "gnu")[i % 4]) for i in range(40)])
    (tmp_path / "vocabulary.yaml").write_text(
        "- {id: marital-status, name: marital status, kind: risk-factor}\n"
        "- {id: length-of-stay, name: length of stay, kind: outcome}\n"
        "- {id: zebra, name: Zebra, kidn: risk-factor}\n"
        "- {id: okapi, name: Okapi, kind: animal}\n"
        "- {id: gnu, name: gnu, kind: risk-factor, synonyms: [age]}\n"
    )
    loaded = load(tmp_path)
    assert [(Path(one.file).name, one.line) for one in loaded.errors] == [("vocabulary.yaml", line) for line in (2, 3, 4, 5)]
    assert [term.id for term in loaded.terms] == ["marital-status"]
    # those that use what is wrong are not loaded by any means
    assert {study.findings[0].exposure for study in loaded.studies} == {"marital-status"}


def test_a_vocabulary_that_cannot_be_read_whole_is_told_where_and_the_rest_is_used(tmp_path: Path) -> None:
    table(tmp_path, [row(i, factor=("marital status", "Zebra", "okapi")[i % 3]) for i in range(12)])
    entries = ["- {id: marital-status, name: marital status, kind: risk-factor}", "- id: zebra\n  name: Zebra\n  kind: [risk-factor",
               "- {id: okapi, name: Okapi, kind: risk-factor}"]  # fmt: skip
    (tmp_path / "vocabulary.yaml").write_text("\n".join([*entries, ""]))
    loaded = load(tmp_path)
    (problem,) = loaded.errors
    assert Path(problem.file).name == "vocabulary.yaml"
    assert problem.line in {4, 5}
    assert [term.id for term in loaded.terms] == ["marital-status", "okapi"]


def test_a_fault_of_a_field_is_told_once_and_its_sheets_are_checked_all_the_same(
    tmp_path: Path, rdwi: Rdwi, monkeypatch: pytest.MonkeyPatch
) -> None:
    field = tmp_path / "field"
    shutil.copytree(Path(cli.__file__).parents[2] / "examples" / "bcg", field)
    monkeypatch.setenv("RDWI_FIELD", str(field))
    assert rdwi("check", field / "studies")[0] == 0
    for name, right, wrong in (
        ("vocabulary.yaml", "kind: risk-factor", "kidn: risk-factor"),
        ("field.yaml", "\nlead:", "\ncolour: red\nlead:"),
        ("studies/hart-1977.yaml", "read:", "raed:"),
    ):
        text = (field / name).read_text(encoding="utf-8")
        assert right in text
        (field / name).write_text(text.replace(right, wrong, 1), encoding="utf-8")
    status, out, err = rdwi("check", field / "studies", "--format", "json")
    told = json.loads(out)
    assert (status, err) == (1, "")
    assert [(Path(one["file"]).name, one["found"]) for one in told["problems"]] == [
        ("field.yaml", "the key 'colour'"), ("hart-1977.yaml", "the key 'raed'"), ("vocabulary.yaml", "the key 'kidn'"),
    ]  # fmt: skip


# --- the report ---

NAMES = ["marital status", "Salt intake (g/day)", "caf\u00e9 visits", "\u00d8rsted index", "\u03b2-carotene", "no", "2 cups a day", "null",
         "time: onset", "stress's level", "Wake-up stroke?", "gamma \"GT\""]  # fmt: skip


def many(folder: Path) -> Path:
    def quoted(name: str) -> str:
        return '"' + name.replace('"', '""') + '"'

    rows = [row(i, factor=quoted(NAMES[i % 12]), value=f"{1.5 + i / 1000:.3f} (1.10-{2.1 + i / 500:.2f})") for i in range(396)]
    rows += [row(396 + i, outcome=name) for i, name in enumerate(["days at home", "Days at  home", "days at home", "days at home"])]
    return table(folder, rows)


def test_a_table_of_400_rows_with_unknown_names_is_told_in_under_60_lines(tmp_path: Path, rdwi: Rdwi) -> None:
    status, out, err = rdwi("check", many(tmp_path))
    assert (status, out) == (1, "")
    assert len(err.splitlines()) < 60
    assert sum("expected a term of the vocabulary" in line for line in err.splitlines()) == 13
    assert "33 times: line 2; line 14; line 26; line 38; line 50 and 28 more." in err
    assert "- {id: marital-status, name: marital status, kind: risk-factor}" in err
    assert "- {id: days-at-home, name: days at home, kind: outcome}" in err
    everywhere = rdwi("check", many(tmp_path), "--all")[2]
    assert "more." not in everywhere
    assert "line 386" in everywhere


def test_the_vocabulary_that_is_drafted_loads_and_leaves_no_unknown_name(tmp_path: Path, rdwi: Rdwi) -> None:
    sheet = many(tmp_path)
    draft = tmp_path / "vocabulary.yaml"
    status, _, err = rdwi("check", sheet, "--draft-vocabulary", draft)
    assert status == 1
    assert f"{draft}: correct its kinds." in err
    assert "- {id: marital-status" not in err
    written = draft.read_text(encoding="utf-8")
    status, out, err = rdwi("check", sheet)
    assert status == 0, err
    assert "400 studies with 400 findings, no errors" in out
    # a file that is there is never written over
    status, _, err = rdwi("check", sheet, "--draft-vocabulary", draft)
    assert status == 1
    assert "is there already" in err
    assert draft.read_text(encoding="utf-8") == written
    status, _, err = rdwi("check", sheet, "--draft-vocabulary", tmp_path / "other.yaml")
    assert status == 0
    assert "not written" in err
    assert not (tmp_path / "other.yaml").exists()


def test_any_names_make_a_vocabulary_that_adds_them(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> None:
    letters = st.characters(codec="utf-8", exclude_categories=["Cs", "Cc", "Cn", "Co"])

    @settings(derandomize=True, max_examples=100 if pytestconfig.getoption("--all") else 25, deadline=None)
    @given(st.lists(st.text(letters, min_size=1, max_size=12), max_size=5))
    def each(names: list[str]) -> None:
        folder = tmp_path_factory.mktemp("names")
        sheet = {**SHEET, "findings": [{**FINDING, "exposure": name} for name in names]}
        (folder / "a.json").write_text(json.dumps(sheet))
        before = load(folder)
        (folder / "vocabulary.yaml").write_text(report.vocabulary_lines(before.problems) or "[]", encoding="utf-8")
        after = [one for one in load(folder).errors if one.found != "an empty file"]
        # a name without a letter or digit is no name
        assert {one.found for one in after} <= {one.found for one in before.errors if one.term is None}

    each()


def test_one_name_in_many_rows_is_one_entry_with_its_nearest_term(tmp_path: Path) -> None:
    loaded = load(table(tmp_path, [row(i, factor="microbleds") for i in range(1, 25)]))
    (fault,) = report.faults(loaded.problems)
    assert (fault.count, fault.first.line, fault.first.column, fault.first.kind) == (24, 2, 4, "unknown-term")
    assert "cerebral-microbleeds" in (fault.first.help or "")
    assert fault.told() == "24 times: line 2; line 3; line 4; line 5; line 6 and 19 more."


def test_errors_stand_before_warnings_and_what_costs_the_same_is_one_entry(tmp_path: Path) -> None:
    rows = [row(i).removesuffix("binary") for i in range(1, 30)] + [row(30, factor="zebra")]
    faults = report.faults(load(table(tmp_path, rows)).problems)
    assert [(one.first.severity, one.first.kind, one.count) for one in faults] == [
        ("error", "unknown-term", 1),
        ("warning", "not-pooled", 29),
    ]


def test_words_that_are_no_choices_make_lines_of_columns_yaml_that_load(tmp_path: Path, rdwi: Rdwi) -> None:
    path = table(tmp_path, [row(i, direction=("went up", "fell", "increases")[i % 3]) for i in range(9)])
    err = rdwi("check", path)[2]
    block = err[err.index("values:") : err.index("rdwi: ")]
    assert yaml.safe_load(block) == {"values": {"direction": {"went up": None, "fell": None}}}
    assert "increases, decreases, no-association, unclear" in block
    filled = block.replace('"went up":', '"went up": increases').replace('"fell":', '"fell": unclear')
    (tmp_path / "columns.yaml").write_text(filled)
    assert load(path).errors == ()


def test_a_report_for_programs_has_every_fault_and_the_same_status(tmp_path: Path, rdwi: Rdwi, monkeypatch: pytest.MonkeyPatch) -> None:
    path = table(tmp_path, [row(i, factor="zebra") for i in range(1, 8)] + [row(8).removesuffix("binary")])
    status, out, err = rdwi("check", path, "--format", "json")
    told = json.loads(out)
    assert (status, err) == (1, "")
    assert {key: told[key] for key in ("studies", "findings", "errors", "warnings")} == {
        "studies": 1, "findings": 1, "errors": 7, "warnings": 1,
    }  # fmt: skip
    first, second = told["problems"]
    assert first == {
        "file": str(path), "line": 2, "column": 4, "cell": None, "path": "findings[0].exposure", "study": "novak-1", "severity": "error",
        "kind": "unknown-term", "found": "'zebra'", "expected": "a term of the vocabulary", "help": first["help"], "count": 7,
        "places": ["line 2", "line 3", "line 4", "line 5", "line 6"],
    }  # fmt: skip
    assert (second["severity"], second["kind"], second["count"]) == ("warning", "not-pooled", 1)
    status, out, _ = rdwi("check", path, "--format", "json", "--all")
    assert len(json.loads(out)["problems"][0]["places"]) == 7
    path = table(tmp_path, [row(1)])
    status, out, err = rdwi("check", path, "--format", "json")
    assert (status, err) == (0, "")
    assert json.loads(out) == {"studies": 1, "findings": 1, "errors": 0, "warnings": 0, "problems": []}


def test_load_and_preview_say_what_check_says(tmp_path: Path, rdwi: Rdwi) -> None:
    path = table(tmp_path, [row(i).removesuffix("binary") for i in range(1, 4)])
    checked = rdwi("check", path)[2]
    assert "3 times: line 2; line 3; line 4." in checked
    assert rdwi("load", "--fresh", path)[2] == checked
    assert rdwi("preview", path)[2] == checked


def test_no_report_of_junk_speaks_of_pydantic_or_python(tmp_path: Path) -> None:
    """Every key of every part with a value of every wrong type."""
    junk: list[Any] = ["x" * 300, -1, 1.5, True, [], [1], {}, {"a": 1}, [[]], "", 101]
    seen: Counter[str] = Counter()
    for section, part in (("", SHEET), ("populations", GROUP), ("prevalence", SHEET["prevalence"][0]), ("findings", FINDING)):
        for key in [*part, "groups", "per", "covariates", "doi", "male_pct", "cohorts", "pct_range"]:
            for value in junk:
                sheet = copy.deepcopy(SHEET)
                (sheet if not section else sheet[section][0])[key] = value
                for one in told_of(sheet):
                    seen[one.expected] += 1
    words = ("input should", "validation", "instance", "dictionary", "valid ", "tuple", "python", "pydantic", "error")
    assert [expected for expected in seen if any(word in expected.lower() for word in words)] == []
    assert "another value" not in seen
