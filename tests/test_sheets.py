"""Sheets become studies, or one report of all that is wrong with them; never a traceback, never a half load."""

from __future__ import annotations

import copy
import io
import json
import os
import random
import subprocess
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evidence import STUDIES
from graph.opening import shipped
from graph.synthesis.remarks import remarks
from loaders import files, sheets
from loaders.documents import Document
from loaders.sheets import Loaded, load
from loaders.validation import validate
from schema.problems import Problem
from schema.report import vocabulary_lines
from schema.study import canonical

GROUP: dict[str, Any] = {"id": "all", "label": "acute ICH", "condition": "ich", "arteriopathy": "any", "location": "any", "n": 100}
ROW: dict[str, Any] = {"exposure": "age", "outcome": "r-dwi", "population": "all", "measure": "OR", "direction": "increases"}
BINARY = {**ROW, "contrast_type": "binary"}
COUNT: dict[str, Any] = {"population": "all", "lesion": "r-dwi"}
CLAIM: dict[str, Any] = {"mechanism": "impaired-autoregulation", "stance": "supports", "basis": "imaging", "links": ["age", "r-dwi"]}

TEXT = """\
id: a-2020
read: abstract
year: 2020
populations:
- id: all
  label: acute ICH
  condition: ich
  arteriopathy: any
  location: any
  n: 100
prevalence:
- population: all
  lesion: r-dwi
  cases: 20
  total: 100
findings:
- exposure: age
  outcome: r-dwi
  population: all
  measure: OR
  value: 1.5
  ci: [1.2, 2.0]
  p: 0.01
  direction: increases
- exposure: CMBs
  outcome: r-dwi
  population: all
  measure: OR
  value: 2.5
  ci: [1.4, 4.5]
  direction: increases
"""


def sheet(**keys: Any) -> dict[str, Any]:
    return {"id": "a-2020", "read": "abstract", "populations": [GROUP], **keys}


def one(content: str | bytes | dict[str, Any] | list[Any], folder: Path, name: str = "a.yaml") -> Loaded:
    """A file of this content, loaded."""
    file = folder / name
    if isinstance(content, dict | list):
        content = json.dumps(content)
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return load([file], shipped(), judge=remarks)


def told(loaded: Loaded, path: str | None, *words: str) -> Problem:
    """The first problem at this path that has all these words."""
    for problem in loaded.problems:
        if problem.path == path and all(word in str(problem) for word in words):
            return problem
    raise AssertionError(f"nothing at {path} of {words} in {[str(problem) for problem in loaded.problems]}")


@pytest.fixture(scope="module")
def corpus() -> Loaded:
    return load([STUDIES], shipped())


def test_every_sheet_of_the_corpus_loads_without_error(corpus: Loaded) -> None:
    assert corpus.errors == ()
    assert len(corpus.studies) == len(list(STUDIES.glob("*.yaml")))
    assert [study.id for study in corpus.studies] == sorted(path.stem for path in STUDIES.glob("*.yaml"))


def test_every_term_of_the_corpus_is_an_id_of_the_vocabulary(corpus: Loaded) -> None:
    for study in corpus.studies:
        used = {term for row in study.findings for term in (row.exposure, row.outcome)}
        used |= {row.lesion for row in study.prevalence} | {term for row in study.mechanisms for term in (row.mechanism, *row.links)}
        assert used <= set(shipped().vocabulary.terms)


def test_every_warning_of_the_corpus_stands_on_a_line_of_its_file(corpus: Loaded) -> None:
    for problem in corpus.problems:
        assert problem.severity == "warning"
        assert problem.path is not None
        assert problem.line is not None
        key = problem.path.rpartition(".")[2]
        line = Path(problem.file).read_text(encoding="utf-8").splitlines()[problem.line - 1]
        assert f"{key}:" in line or line.startswith("- ")


def plain(loaded: Loaded) -> list[dict[str, Any]]:
    return [canonical(study) for study in loaded.studies]


def test_the_corpus_in_one_file_as_documents_or_as_a_list_of_json_is_the_corpus(corpus: Loaded, tmp_path: Path) -> None:
    as_documents = one("---\n".join(path.read_text(encoding="utf-8") for path in sorted(STUDIES.glob("*.yaml"))), tmp_path)
    as_list = one(plain(corpus), tmp_path, "a.json")
    assert as_documents.studies == as_list.studies == corpus.studies
    assert as_documents.errors == as_list.errors == ()


def test_the_order_of_files_never_matters(corpus: Loaded) -> None:
    paths = sorted(STUDIES.glob("*.yaml"))
    for seed in range(3):
        random.Random(seed).shuffle(paths)
        assert load(paths, shipped()) == corpus


def test_loading_twice_and_in_another_process_gives_the_same_report(tmp_path: Path) -> None:
    """Two seeds of hashing would show a set that leaks its order."""
    broken = sheet(
        findings=[{**ROW, "population": "al", "exposure": "microbleds", "contrst": 1}], populations=[GROUP, {**GROUP, "id": "ali"}]
    )
    (tmp_path / "a.yaml").write_text(
        json.dumps([broken, sheet(id="b", x=1), sheet(id="b"), sheet(id="c", findings=[{**ROW, "population": "q"}])])
    )
    program = (
        "import sys; from loaders.sheets import load; from graph.opening import shipped\n"
        "print(*load([sys.argv[1]], shipped()).problems, sep='\\n')"
    )
    root = Path(sheets.__file__).parents[1]
    reports = [
        subprocess.run(
            [sys.executable, "-c", program, str(tmp_path)],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(root)},
            capture_output=True,
            text=True,
            check=True,
            cwd=root,
        ).stdout
        for seed in ("1", "2")
    ]
    here = "\n".join(str(problem) for problem in load([tmp_path], shipped()).problems) + "\n"
    assert reports == [here, here]
    assert len(here.splitlines()) >= 4


@pytest.mark.parametrize(
    ("content", "name"),
    [
        ("---\nid: a\nread: abstract\n---\nid: b\nread: abstract\n", "x.yaml"),
        ("- id: b\n  read: abstract\n- id: a\n  read: abstract\n", "x.yml"),
        ("- id: b\n  read: abstract\n---\nid: a\nread: abstract\n", "x.yaml"),
        ('[{"id": "a", "read": "abstract"}, {"id": "b", "read": "abstract"}]', "x.json"),
        ("id: a\r\nread: abstract\r\n---\r\nid: b\r\nread: abstract\r\n".encode("utf-16"), "x.yaml"),
        ("\ufeffid: a\nread: abstract\n---\nid: b\nread: abstract\n", "x.yaml"),
    ],
)
def test_several_sheets_of_one_file_are_several_studies(content: str | bytes, name: str, tmp_path: Path) -> None:
    loaded = one(content, tmp_path, name)
    assert loaded.problems == ()
    assert [study.id for study in loaded.studies] == ["a", "b"]


def test_sheets_come_from_files_folders_patterns_and_standard_input_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("f/a.yaml", "g/b.yml", "h/c.json"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text(json.dumps(sheet(id=Path(name).stem)))
    monkeypatch.setattr("sys.stdin", types.SimpleNamespace(buffer=io.BytesIO(b"id: d\nread: abstract")))
    steps: list[tuple[int, int]] = []
    loaded = load([tmp_path / "f" / "a.yaml", tmp_path / "g", f"{tmp_path}/h/*.json", "-"], shipped(), lambda *step: steps.append(step))
    assert loaded.problems == ()
    assert [study.id for study in loaded.studies] == ["a", "b", "c", "d"]
    assert steps == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_a_sheet_is_read_whole_with_each_line_in_its_place(tmp_path: Path) -> None:
    loaded = one(TEXT, tmp_path)
    assert loaded.errors == ()
    (study,) = loaded.studies
    assert [row.exposure for row in study.findings] == ["age", "cerebral-microbleeds"]
    assert study.findings[0].ci == (1.2, 2.0)


# what is changed in TEXT, the path of the mistake, its line, words of the report
EDITS: list[tuple[str, str, str, int, tuple[str, ...]]] = [
    ("id: a-2020\n", "id: ../../etc/passwd\n", "id", 1, ("lower-case",)),
    ("id: a-2020\n", "id: /etc/passwd\n", "id", 1, ("lower-case",)),
    ("id: a-2020\n", "id: 'a/b'\n", "id", 1, ("lower-case",)),
    ("id: a-2020\n", 'id: "a\\0b"\n', "id", 1, ("lower-case",)),
    ("id: a-2020\n", f"id: {'a' * 101}\n", "id", 1, ("100 characters",)),
    ("id: a-2020\n", "id: ménière\n", "id", 1, ("lower-case",)),
    ("id: a-2020\n", "id: 2020\n", "id", 1, ("2020", "text")),
    ("id: a-2020\n", "id: no\n", "id", 1, ("text",)),
    ("id: a-2020\n", "id: [a]\n", "id", 1, ("a list", "text")),
    ("read: abstract\n", "read: Abstract\n", "read", 2, ("'Abstract'", "'abstract', 'tables', 'full-text' or 'not-stated'")),
    ("read: abstract\n", "", "read", 1, ("nothing",)),
    ("year: 2020\n", "year: '2020'\n", "year", 3, ("'2020'", "a whole number")),
    ("year: 2020\n", "year: 2020.0\n", "year", 3, ("2020.0", "a whole number")),
    ("year: 2020\n", "year: yes\n", "year", 3, ("a whole number",)),
    ("year: 2020\n", "year: 2020-08\n", "year", 3, ("'2020-08'", "a whole number")),
    ("year: 2020\n", "year: 0o17\n", "year", 3, ("'0o17'", "a whole number")),
    ("year: 2020\n", "year: 2,020\n", "year", 3, ("'2,020'", "a whole number")),
    ("year: 2020\n", "year: .nan\n", "year", 3, ("number",)),
    ("year: 2020\n", "year: 2.0e+3\n", "year", 3, ("a whole number",)),
    ("year: 2020\n", "year: {y: 2020}\n", "year", 3, ("a mapping", "a whole number")),
    ("year: 2020\n", "notes: no\n", "notes", 3, ("text",)),
    ("year: 2020\n", "title: 12\n", "title", 3, ("12", "text")),
    ("year: 2020\n", "title: ''\n", "title", 3, ("not empty",)),
    ("year: 2020\n", "countries: [DE, NO]\n", "countries[1]", 3, ("text",)),
    ("year: 2020\n", "authors: Menon\n", "authors", 3, ("'Menon'", "a list")),
    ("year: 2020\n", "age: 70\n", "age", 3, ("70", "a mapping")),
    ("year: 2020\n", "age: [70]\n", "age", 3, ("a list", "a mapping")),
    ("year: 2020\n", "yaer: 2020\n", "yaer", 3, ("'yaer'", "Did you mean 'year'?")),
    ("year: 2020\n", "qqqqqq: 2020\n", "qqqqqq", 3, ("'qqqqqq'",)),
    ("year: 2020\n", "imaging: {scaned: 5}\n", "imaging.scaned", 3, ("Did you mean 'scanned'?",)),
    ("year: 2020\n", "age: {men: 70}\n", "age.men", 3, ("Did you mean 'mean'?",)),
    ("year: 2020\n", "imaging:\n  eligible: 5\n  scanned: 6\n", "imaging", 3, ("scanned (6)", "eligible (5)")),
    ("  condition: ich\n", "  condition: ICH\n", "populations[0].condition", 7, ("'ICH'", "'ich'")),
    ("  n: 100\n", "  n: 0\n", "populations[0].n", 10, ("0",)),
    ("  n: 100\n", "  size: 100\n", "populations[0].size", 10, ("'size'",)),
    ("  lesion: r-dwi\n", "  lesion: r-dwii\n", "prevalence[0].lesion", 13, ("'r-dwii'", "Nearest: r-dwi")),
    ("  cases: 20\n", "  cases: 120\n", "prevalence[0]", 12, ("cases (120)", "total (100)")),
    ("  cases: 20\n", "  cases: 20\n  pct: 23\n", "prevalence[0].pct", 15, ("23", "20.0")),
    ("  cases: 20\n", "  cases: 20\n  pct: 101\n", "prevalence[0].pct", 15, ("101", "100")),
    ("- population: all\n", "- population: al\n", "prevalence[0].population", 12, ("'al'", "Did you mean 'all'?")),
    ("- exposure: age\n", "- exposure: zebra stripes\n", "findings[0].exposure", 17, ("zebra stripes", "vocabulary.yaml")),
    ("- exposure: CMBs\n", "- exposure: microbleds\n", "findings[1].exposure", 25, ("'microbleds'", "microbleeds")),
    ("- exposure: CMBs\n", "- exposure: 5\n", "findings[1].exposure", 25, ("5", "text")),
    ("- exposure: CMBs\n", "- exposure: [age]\n", "findings[1].exposure", 25, ("text",)),
    ("- exposure: CMBs\n", "- exposed: age\n", "findings[1].exposed", 25, ("Did you mean 'exposure'?",)),
    ("  value: 1.5\n", "  value: '1.5'\n", "findings[0].value", 21, ("'1.5'", "number")),
    ("  value: 1.5\n", "  value: about 1.5\n", "findings[0].value", 21, ("'about 1.5'", "number")),
    ("  value: 1.5\n", "  value: true\n", "findings[0].value", 21, ("number",)),
    ("  value: 1.5\n", "  value: .inf\n", "findings[0].value", 21, ("number",)),
    ("  value: 1.5\n", "  value: 2.51\n", "findings[0]", 17, ("2.51", "[1.2, 2.0]")),
    ("  value: 1.5\n", "  value: -1.5\n", "findings[0]", 17, ("-1.5",)),
    ("  value: 1.5\n", "  vallue: 1.5\n", "findings[0].vallue", 21, ("Did you mean 'value'?",)),
    ("  ci: [1.2, 2.0]\n", "  ci: [2.0, 1.1]\n", "findings[0]", 17, ("from 2.0 down to 1.1",)),
    ("  ci: [1.2, 2.0]\n", "  ci: 1.1-2.0\n", "findings[0].ci", 22, ("'1.1-2.0'", "a list")),
    ("  ci: [1.2, 2.0]\n", "  ci: {low: 1.1, high: 2.0}\n", "findings[0].ci", 22, ("a mapping", "a list")),
    ("  ci: [1.2, 2.0]\n", "  ci:\n  - 1.1\n  - '2'\n", "findings[0].ci[1]", 24, ("'2'", "number")),
    ("  p: 0.01\n", "  p: 1.01\n", "findings[0].p", 23, ("0 and 1",)),
    ("  p: 0.01\n", "  p: -0.01\n", "findings[0].p", 23, ("0 and 1",)),
    ("  p: 0.01\n", "  p: n.s.\n", "findings[0].p", 23, ("<0.001",)),
    ("  p: 0.01\n", "  p: '0.01'\n", "findings[0].p", 23, ("<0.001",)),
    ("  p: 0.01\n", "  counts: {exposed_case: 1}\n", "findings[0].counts.exposed_case", 23, ("Did you mean 'exposed_cases'?",)),
    ("  p: 0.01\n", "  groups: [{name: a, nn: 1}, {name: b}]\n", "findings[0].groups[0].nn", 23, ("Did you mean",)),
    ("  p: 0.01\n", "  per: {step: 10, unit: y, uint: y}\n", "findings[0].per.uint", 23, ("Did you mean 'unit'?",)),
    ("  p: 0.01\n", "  reversed: false\n  outcome_scale: lower-is-worse\n", "findings[0].direction", 25, ("increases", "1.5")),
    ("  p: 0.01\n  direction: inc", "  reversed: true\n  direction: dec", "findings[0].direction", 24, ("decreases", "1.5")),
    ("  p: 0.01\n  direction: increases\n", "  direction: decreases\n", "findings[0].direction", 23, ("decreases", "1.5")),
    ("  p: 0.01\n", "  follow_up_months: 90 days\n", "findings[0].follow_up_months", 23, ("'90 days'", "months", "[3, 24]")),
    ("  p: 0.01\n", "  follow_up_months: [3]\n", "findings[0].follow_up_months", 23, ("a list", "months")),
    ("  p: 0.01\n", "  follow_up_months: -1\n", "findings[0].follow_up_months", 23, ("-1", "0 or later")),
    ("  p: 0.01\n", "  follow_up_months: [24, 3]\n", "findings[0]", 17, ("from 24 down to 3",)),
    ("  p: 0.01\n", "  versus: diabets\n", "findings[0].versus", 23, ("'diabets'", "Nearest: diabetes")),
    ("findings:\n", "overlaps_with: [b, a-2020]\nfindings:\n", "overlaps_with", 16, ("itself",)),
    ("findings:\n", "pools: [b, a-2020]\nfindings:\n", "pools", 16, ("itself",)),
    ("findings:\n", "mechanisms: [{}]\nfindings:\n", "mechanisms[0].links", 16, ("nothing",)),
    ("prevalence:\n", f"- {json.dumps({**GROUP, 'label': 'again'})}\nprevalence:\n", "populations[1].id", 11, ("'all'",)),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "path", "line", "words"), EDITS, ids=range(len(EDITS)))
def test_a_mistake_is_told_with_its_place_and_nothing_is_loaded(
    old: str, new: str, path: str, line: int, words: tuple[str, ...], tmp_path: Path
) -> None:
    assert old in TEXT
    loaded = one(TEXT.replace(old, new, 1), tmp_path)
    problem = told(loaded, path, *words)
    assert (problem.file, problem.line, problem.severity) == (str(tmp_path / "a.yaml"), line, "error")
    assert loaded.studies == ()
    # a key that is misspelt is missing, too
    missing = {other.path for other in loaded.errors if other.found == "nothing"}
    assert {other.path for other in loaded.errors} - missing <= {path, "findings[1].exposed"}


@pytest.mark.parametrize(("old", "new", "path", "line", "words"), EDITS[:60:7])
def test_a_mistake_in_the_second_sheet_of_a_file_is_told_on_its_own_line(
    old: str, new: str, path: str, line: int, words: tuple[str, ...], tmp_path: Path
) -> None:
    first = TEXT.replace("a-2020", "b-2020")
    second = TEXT.replace(old, new, 1)
    as_documents = one(f"{first}---\n{second}", tmp_path)
    assert told(as_documents, path, *words).line == line + len(first.splitlines()) + 1
    as_list = one("".join(f"-\n{''.join(f'  {row}{chr(10)}' for row in text.splitlines())}" for text in (first, second)), tmp_path)
    assert told(as_list, path, *words).line == line + len(first.splitlines()) + 2
    assert [study.id for study in as_list.studies] == [study.id for study in as_documents.studies] == ["b-2020"]


@pytest.mark.parametrize(
    ("keys", "path", "words"),
    [
        ({"prevalence": [{**COUNT, "cases": 20, "total": 100, "pct": 20.7}]}, "prevalence[0].pct", ("20.7", "20.0")),
        ({"prevalence": [{**COUNT, "cases": 20, "total": 101}]}, "prevalence[0].total", ("101", "100")),
        ({"findings": [{**ROW, "value": 2.0, "ci": [0.8, 5.0], "p": 0.001}]}, "findings[0].value", ("p = 0.001", "not be pooled")),
        (
            {"populations": [{**GROUP, "disjoint": True}, {**GROUP, "id": "others"}]},
            "populations[0].disjoint",
            ("only disjoint group", "two"),
        ),
        ({"findings": [{**ROW, "events": 101}]}, "findings[0]", ("101 events", "100")),
        (
            {"findings": [{**ROW, "counts": {"exposed_cases": 1, "exposed_total": 60, "unexposed_cases": 1, "unexposed_total": 60}}]},
            "findings[0]",
            ("120", "100"),
        ),
    ],
)
def test_what_is_odd_is_a_warning_and_the_study_is_loaded(keys: dict[str, Any], path: str, words: tuple[str, ...], tmp_path: Path) -> None:
    loaded = one(sheet(**keys), tmp_path)
    assert told(loaded, path, *words).severity == "warning"
    assert loaded.errors == ()
    assert len(loaded.studies) == 1


@pytest.mark.parametrize(
    "keys",
    [
        {"prevalence": [{**COUNT, "cases": 20, "total": 100, "pct": 20.4}]},
        {"prevalence": [{**COUNT, "cases": 20, "total": 100, "pct": 31.0, "k": 5}]},
        {"prevalence": [{**COUNT, "total": 500, "k": 5}]},
        {"findings": [{**ROW, "events": 101, "pooled": True, "k": 3}]},
        {"populations": [{**GROUP, "disjoint": True}, {**GROUP, "id": "others", "disjoint": True}]},
        {"pools": ["not-loaded", "INTERACT2"], "overlaps_with": ["not-loaded"]},
        {"findings": [{**BINARY, "value": 0.2, "ci": [0.08, 0.5], "direction": "increases", "outcome_scale": "lower-is-worse"}]},
        {"findings": [{**BINARY, "value": 4.0, "ci": [1.6, 10.0], "direction": "increases", "reversed": True}]},
        {"overlaps_with": ["some-study-outside-the-corpus"]},
        {"search_until": "2010-08", "recruited": ["2010", "2012-01"]},
    ],
)
def test_what_is_possible_loads_without_a_word(keys: dict[str, Any], tmp_path: Path) -> None:
    assert one(sheet(**keys), tmp_path).problems == ()


def test_dates_and_months_without_quotes_stay_the_text_that_they_are(tmp_path: Path) -> None:
    loaded = one("id: a\nread: abstract\nsearch_until: 2010-08\nrecruited: [2009-01-01, 2010-12-31]\n", tmp_path)
    assert loaded.problems == ()
    assert (loaded.studies[0].search_until, loaded.studies[0].recruited) == ("2010-08", ("2009-01-01", "2010-12-31"))


@pytest.mark.parametrize(
    ("given_name", "term"),
    [
        ("CMBs", "cerebral-microbleeds"),
        ("cSS", "cortical-superficial-siderosis"),
        ("Hematoma expansion", "haematoma-expansion"),
        ("haematoma_expansion", "haematoma-expansion"),
        ("AGE", "age"),
    ],
)
def test_a_synonym_is_brought_to_its_id_wherever_a_term_stands(given_name: str, term: str, tmp_path: Path) -> None:
    loaded = one(
        sheet(
            findings=[{**ROW, "exposure": given_name}, {**ROW, "outcome": given_name}],
            prevalence=[{**COUNT, "lesion": given_name}],
            mechanisms=[{**CLAIM, "links": [given_name, "R-DWI"]}, {**CLAIM, "mechanism": given_name}],
        ),
        tmp_path,
    )
    assert loaded.errors == ()
    (study,) = loaded.studies
    assert study.findings[0].exposure == study.findings[1].outcome == study.prevalence[0].lesion == study.mechanisms[1].mechanism == term
    assert study.mechanisms[0].links == (term, "r-dwi")


@pytest.mark.parametrize(
    ("keys", "path"),
    [
        ({"findings": [ROW, {**ROW, "outcome": "zebra"}]}, "findings[1].outcome"),
        ({"prevalence": [{**COUNT, "lesion": "zebra"}]}, "prevalence[0].lesion"),
        ({"mechanisms": [{**CLAIM, "mechanism": "zebra"}]}, "mechanisms[0].mechanism"),
        ({"mechanisms": [{**CLAIM, "links": ["age", "zebra"]}]}, "mechanisms[0].links[1]"),
    ],
)
def test_an_unknown_term_is_told_and_the_lines_told_would_add_it(keys: dict[str, Any], path: str, tmp_path: Path) -> None:
    content = sheet(**keys)
    told(one(content, tmp_path), path, "'zebra'")
    (tmp_path / "vocabulary.yaml").write_text(vocabulary_lines(one(content, tmp_path).problems))
    loaded = load([tmp_path], shipped())
    assert loaded.problems == ()
    assert [term.id for term in loaded.terms] == ["zebra"]
    assert len(loaded.studies) == 1


@pytest.mark.parametrize("where", ["vocabulary.yaml", "vocabulary.yml", "deep/vocabulary.yaml"])
def test_a_vocabulary_in_the_folder_serves_all_its_sheets(where: str, tmp_path: Path) -> None:
    (tmp_path / where).parent.mkdir(exist_ok=True)
    (tmp_path / where).write_text("- {id: zebra, name: Zebra, kind: risk-factor, synonyms: [striped horse], broader: age, rolls_up: no}\n")
    (tmp_path / "a.yaml").write_text(json.dumps(sheet(findings=[{**ROW, "exposure": "Striped horses"}])))
    loaded = load([tmp_path], shipped())
    assert loaded.problems == ()
    assert loaded.studies[0].findings[0].exposure == "zebra"


def test_two_vocabularies_that_clash_are_told_and_add_up_where_they_do_not(tmp_path: Path) -> None:
    for name, term in (("a", "zebra"), ("b", "horse"), ("c", "zebra")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "vocabulary.yaml").write_text(f"- {{id: {term}, name: {term}, kind: lesion}}\n")
    loaded = load([tmp_path / "a", tmp_path / "b"], shipped())
    assert ([term.id for term in loaded.terms], loaded.errors) == (["zebra", "horse"], ())
    (problem,) = load([tmp_path], shipped()).errors
    assert problem.file == str(tmp_path / "c" / "vocabulary.yaml")
    assert "'zebra'" in problem.found


def test_a_vocabulary_with_a_mistake_is_told_with_the_sheets_mistakes(tmp_path: Path) -> None:
    (tmp_path / "vocabulary.yaml").write_text("- {id: age, name: zebra, kind: lesion}\n")
    (tmp_path / "a.yaml").write_text(json.dumps(sheet(yaer=1)))
    found = {Path(problem.file).name for problem in load([tmp_path], shipped()).errors}
    assert found == {"vocabulary.yaml", "a.yaml"}


def test_all_problems_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    """Good sheets are handed over beside the report; whether they are used is for the caller to say."""
    contents: dict[str, bytes] = {
        "good.yaml": json.dumps(sheet(id="good")).encode(),
        "empty.yaml": b"",
        "blank.yml": b" \n\t\n",
        "remark.yaml": b"# nothing\n",
        "binary.yaml": b"\x89PNG\0\0",
        "latin.yaml": "id: é".encode("latin-1"),
        "broken.json": b'{"id": ',
        "nan.json": b'{"id": "n", "n": NaN}',
        "twice.json": b'{"id": "n", "id": "m"}',
        "bomb.yaml": b"a: &a [x]\nb: [*a, *a]\n",
        "tag.yaml": b"!!python/object/apply:os.system [ls]",
        "deep.yaml": b"[" * 100_000,
        "text.yaml": b"just text",
        "number.json": b"5",
        "keys.yaml": b"id: keys\nread: abstract\nyaer: 1\n",
        "ids.yaml": b"id: good\nread: abstract\n",
    }
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    loaded = load([tmp_path, tmp_path / "gone.yaml"], shipped())
    assert {Path(problem.file).name for problem in loaded.errors} == {*contents, "gone.yaml"} - {"good.yaml"}
    assert all(problem.found and problem.expected for problem in loaded.errors)
    assert [study.id for study in loaded.studies] == ["good"]


@pytest.mark.parametrize("key", ["outcome", "outcom"])
@pytest.mark.parametrize("section", ["findings", "findincs"])
def test_an_unknown_name_behind_a_misspelt_key_is_told_and_a_known_one_is_read(section: str, key: str, tmp_path: Path) -> None:
    for name, told in (("zebra", "unknown-term"), ("recurrent ICH", None)):
        row = {**{one: value for one, value in ROW.items() if one != "outcome"}, key: name}
        kinds = {one.kind for one in load_with_remarks(sheet(**{section: [row]}), tmp_path)}
        assert ("unknown-term" in kinds) is (told is not None)


def test_a_row_that_lacks_a_key_and_a_part_of_another_is_told_of_both(tmp_path: Path) -> None:
    row = {one: value for one, value in ROW.items() if one != "direction"}
    problems = load_with_remarks(sheet(findings=[{**row, "counts": {"exposed_total": 90}}]), tmp_path)
    assert {"findings[0].direction", "findings[0].counts.exposed_cases"} <= {one.path for one in problems}


def load_with_remarks(given: dict[str, Any], folder: Path) -> tuple[Problem, ...]:
    (folder / "a.yaml").write_text(json.dumps(given))
    return load([folder / "a.yaml"], shipped(), judge=remarks).problems


def test_all_mistakes_of_one_sheet_are_told(tmp_path: Path) -> None:
    loaded = one(sheet(yaer=1, n="5", findings=[{**ROW, "exposure": "zebra", "p": 7}, {**ROW, "ci": [2, 1]}, 5]), tmp_path)
    assert {problem.path for problem in loaded.errors} == {
        "yaer",
        "n",
        "findings[0].exposure",
        "findings[0].p",
        "findings[1]",
        "findings[2]",
    }
    assert all(problem.study == "a-2020" for problem in loaded.errors)
    assert loaded.studies == ()


@pytest.mark.parametrize("value", ["text", 5, 1.5, True, None, []])
def test_what_is_no_mapping_is_no_sheet(value: Any) -> None:
    study, (problem,) = validate(Document(value, {(): 4}), shipped(), "x.yaml")
    assert study is None
    assert (problem.file, problem.line, problem.severity) == ("x.yaml", 4, "error")
    assert "a sheet" in problem.expected


def test_an_id_twice_in_one_file_is_told_with_both_lines(tmp_path: Path) -> None:
    loaded = one("id: a\nread: abstract\n---\nread: abstract\nid: a\n", tmp_path)
    (problem,) = loaded.errors
    assert (problem.path, problem.line, problem.study) == ("id", 5, "a")
    assert f"{tmp_path / 'a.yaml'}, line 1" in problem.found


def test_an_id_twice_in_two_files_is_told_with_both_files(tmp_path: Path) -> None:
    for name in ("a.yaml", "b.json", "c.yml"):
        (tmp_path / name).write_text('{"read": "abstract",\n"id": "same"}')
    problems = load([tmp_path], shipped()).errors
    assert [(Path(problem.file).name, problem.line) for problem in problems] == [("b.json", 2), ("c.yml", 2)]
    assert all(str(tmp_path / "a.yaml") in problem.found for problem in problems)


def test_a_file_over_the_limit_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "LARGEST", 2 * 1024 * 1024)
    loaded = one(b"#" * (2 * 1024 * 1024 + 1), tmp_path)
    assert "2 MiB" in loaded.errors[0].found


def test_a_long_text_in_the_place_of_a_number_is_shortened_in_the_report(tmp_path: Path) -> None:
    problem = told(one(sheet(n="x" * 10_000), tmp_path), "n", "a whole number")
    assert len(str(problem)) < 400


def shuffled(value: Any, draw: Callable[[list[Any]], None]) -> Any:
    """The value with the keys of every mapping in another order."""
    if isinstance(value, dict):
        items = [(key, shuffled(inner, draw)) for key, inner in value.items()]
        draw(items)
        return dict(items)
    return [shuffled(inner, draw) for inner in value] if isinstance(value, list) else value


FULL = yaml.safe_load((STUDIES / "menon-2012.yaml").read_text(encoding="utf-8"))


@settings(derandomize=True, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.randoms(use_true_random=False), ending=st.sampled_from(["yaml", "json"]))
def test_the_order_of_keys_and_the_format_never_matter(order: random.Random, ending: str, tmp_path: Path) -> None:
    mixed = shuffled(FULL, order.shuffle)
    text = json.dumps(mixed) if ending == "json" else yaml.safe_dump(mixed, sort_keys=False, allow_unicode=True)
    loaded = one(text, tmp_path, f"mixed.{ending}")
    assert loaded.errors == ()
    assert plain(loaded) == plain(one(yaml.safe_dump(FULL), tmp_path, "plain.yaml"))


WORDS = st.sampled_from(["age", "all", "r-dwi", "<0.01", "increases", "OR", "CMBs"])
NUMBERS = st.one_of(st.integers(-(10**15), 10**15), st.floats(allow_nan=False, allow_infinity=False))
JUNK = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, st.text(max_size=5), WORDS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(["id", "ci", "p", "n", "x", "value"]), inner)),
    max_leaves=6,
)


@settings(derandomize=True, max_examples=150)
@given(st.data())
def test_junk_in_any_place_of_a_sheet_is_loaded_or_told_with_its_place(data: st.DataObject) -> None:
    value = copy.deepcopy(sheet(findings=[{**ROW, "value": 2, "ci": [1, 3], "p": 0.2}], prevalence=[dict(COUNT)], mechanisms=[dict(CLAIM)]))
    target: Any = value
    while True:
        key = data.draw(st.sampled_from(sorted(target) if isinstance(target, dict) else range(len(target))))
        if not isinstance(target[key], dict | list) or not target[key] or data.draw(st.booleans()):
            break
        target = target[key]
    target[key] = data.draw(JUNK)
    study, problems = validate(Document(value, {(): 1}), shipped(), "x.yaml", remarks)
    assert (study is None) == any(problem.severity == "error" for problem in problems)
    for problem in problems:
        assert (problem.file, problem.line) == ("x.yaml", 1)
        assert str(problem)
