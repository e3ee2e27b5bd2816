"""What a report tells a clinician: found, expected, what to do; and input that once ended in a traceback or was half read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from graph.opening import shipped
from graph.synthesis.remarks import remarks
from loaders import sheets, vocabularies
from loaders.documents import documents
from loaders.files import Source, find
from schema.problems import Problem
from schema.vocabulary import drafted, line_of

SHEET: dict[str, Any] = {"id": "a", "read": "abstract"}


def problems(tmp_path: Path, sheet: Any, name: str = "a.json") -> list[Problem]:
    (tmp_path / name).write_text(sheet if isinstance(sheet, str) else json.dumps(sheet), encoding="utf-8")
    return list(sheets.load([tmp_path / name], shipped(), judge=remarks).problems)


def finding(**keys: Any) -> dict[str, Any]:
    group = {"id": "all", "label": "ICH", "condition": "ich", "arteriopathy": "any", "location": "any"}
    row = {"exposure": "age", "outcome": "r-dwi", "population": "all", "measure": "OR", "direction": "increases", **keys}
    return {**SHEET, "populations": [group], "findings": [row]}


@pytest.mark.parametrize("key", ["int", "float", "str"])
def test_an_unknown_key_named_like_a_type_is_an_unknown_key(tmp_path: Path, key: str) -> None:
    (problem,) = problems(tmp_path, {**SHEET, key: 1})
    assert problem.found == f"the key '{key}'"


def test_a_whole_number_of_hundreds_of_digits_is_refused(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, json.dumps(finding(p=1)).replace('"p": 1', f'"p": 1{"0" * 400}'))
    assert "digits" in problem.found


def test_counts_beyond_all_bounds_are_judged_without_an_error(tmp_path: Path) -> None:
    huge = 10**17
    counts = {"exposed_cases": 1, "exposed_total": huge, "unexposed_cases": huge, "unexposed_total": huge + 1}
    assert all(
        one.severity == "warning" for one in problems(tmp_path, finding(value=1e15, adjusted=False, counts=counts, direction="unclear"))
    )


@pytest.mark.parametrize("path", ["~nosuchuser/x", "x" * 300, "a\0b/*", ""])
def test_a_path_that_cannot_be_looked_at_is_a_problem(path: str) -> None:
    (problem,) = find([path]).problems
    assert problem.expected.startswith("a file, a folder")


def test_half_a_character_is_refused_before_it_can_be_printed(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, '{"id": "\\ud800", "read": "abstract"}')
    assert problem.found == "the character U+D800"
    assert str(problem).isascii()


def test_both_documents_of_a_vocabulary_are_read(tmp_path: Path) -> None:
    file = tmp_path / "vocabulary.yaml"
    file.write_text("- {id: zebra, name: Zebra, kind: lesion}\n---\n- {id: okapi, name: Okapi, kind: lesion}\n")
    terms, wrong, _ = vocabularies.read([file], shipped().vocabulary)
    assert ([term.id for term in terms], wrong) == (["zebra", "okapi"], [])


def test_a_vocabulary_may_name_a_term_of_another_one(tmp_path: Path) -> None:
    for folder, text in (
        ("a", "- {id: zebra, name: Zebra, kind: lesion, broader: okapi}\n"),
        ("b", "- {id: okapi, name: Okapi, kind: lesion}\n"),
    ):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "vocabulary.yaml").write_text(text)
    loaded = sheets.load([tmp_path], shipped())
    assert ({term.id for term in loaded.terms}, loaded.problems) == ({"zebra", "okapi"}, ())


def test_the_vocabulary_beside_a_single_sheet_is_used(tmp_path: Path) -> None:
    (tmp_path / "vocabulary.yaml").write_text("- {id: zebra, name: Zebra, kind: risk-factor}\n")
    assert problems(tmp_path, finding(exposure="zebra")) == []


def test_a_users_term_may_be_given_anew(tmp_path: Path) -> None:
    file = tmp_path / "vocabulary.yaml"
    file.write_text("- {id: zebra, name: Zebra, kind: lesion}\n")
    own, _, _ = vocabularies.read([file], shipped().vocabulary)
    file.write_text("- {id: zebra, name: Plains zebra, kind: lesion}\n")
    again, wrong, _ = vocabularies.read([file], shipped().vocabulary, own)
    assert ([term.name for term in again], wrong) == (["Plains zebra"], [])


def test_one_file_under_two_names_is_read_once(tmp_path: Path) -> None:
    problems(tmp_path, finding())
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "link.json").symlink_to(tmp_path / "a.json")
    loaded = sheets.load([tmp_path / "a.json", tmp_path / "d" / ".." / "a.json", tmp_path], shipped())
    assert (len(loaded.studies), loaded.problems) == (1, ())


@pytest.mark.parametrize("text", ["[]", "{}", "[ ]\n"])
def test_a_file_that_holds_nothing_is_a_problem(tmp_path: Path, text: str) -> None:
    assert [one.found for one in problems(tmp_path, text, "a.yaml")] == ["an empty file"]


@pytest.mark.parametrize(("text", "number"), [("p: 1e-5", 1e-5), ("p: 3E2", 300.0), ("p: 1.e-3", 0.001)])
def test_a_number_with_an_exponent_is_a_number_in_yaml_too(text: str, number: float) -> None:
    read = documents(Source("a.yaml", text.encode()))
    assert isinstance(read, list)
    assert read[0].value == {"p": number}


@pytest.mark.parametrize(
    ("text", "line"), [('{"id": "a",\n"n": 1,\n"n": 2}', 3), ('{"id": "a",\n"n": NaN}', 2), ('{"t": "\u2028",\n"id": 1,\n"id": 2}', 3)]
)
def test_mistakes_of_json_have_their_line(tmp_path: Path, text: str, line: int) -> None:
    assert line in {problem.line for problem in problems(tmp_path, text) if problem.kind == "unreadable"}


def test_flow_yaml_from_standard_input_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    read = documents(Source("standard input", b"{id: a}", is_json=True))
    assert isinstance(read, list)
    assert read[0].value == {"id": "a"}


@pytest.mark.parametrize(
    ("keys", "found", "expected"),
    [
        ({"id": "A b"}, "'A b'", "must be of lower-case letters"),
        ({"n": "3"}, "'3'", "a whole number"),
        ({"male_pct": "3"}, "'3'", "a number (without quotes)"),
        ({"doi": "none"}, "'none'", "a DOI such as"),
        ({"pmid": "\u0661\u0662"}, "'\u0661\u0662'", "a PubMed id such as"),
        ({"title": False}, "False", "text"),
        ({"recruited": ["2010", "2011", "2012"]}, "a list", "two items"),
        ({"cohorts": "ERICH"}, "'ERICH'", "a list"),
    ],
)
def test_one_mistake_is_told_once_with_what_was_found_and_expected(tmp_path: Path, keys: dict[str, Any], found: str, expected: str) -> None:
    (problem,) = problems(tmp_path, {**SHEET, **keys})
    assert problem.found == found
    assert problem.expected.startswith(expected)


@pytest.mark.parametrize("p", ["<0", ">1", "p<0.05", "n.s.", 1.2])
def test_what_is_no_p_value_is_told_with_what_is(tmp_path: Path, p: Any) -> None:
    (problem,) = problems(tmp_path, finding(p=p))
    assert problem.path == "findings[0].p"
    assert problem.found == repr(p)


def test_a_key_left_blank_is_a_key_left_out(tmp_path: Path) -> None:
    assert problems(tmp_path, "id: a\nread: abstract\ncohorts:\nage:\n  mean:\nn:\n", "a.yaml") == []


def test_a_contradiction_is_told_beside_other_mistakes(tmp_path: Path) -> None:
    sheet = finding(value=1.5, ci=[1.1, 2.0], direction="decreases")
    told = problems(tmp_path, {**sheet, "colour": "red"})
    assert {one.path for one in told if one.severity == "error"} == {"colour", "findings[0].direction"}


def test_a_sheet_given_twice_is_checked_both_times(tmp_path: Path) -> None:
    told = problems(tmp_path, [SHEET, {**SHEET, "colour": "red"}])
    assert [one.path for one in told] == ["id", "colour"]


@pytest.mark.parametrize("slug", ["Foo (bar) \u2265 5", "", "\x1b[31m", "x" * 500, "plain-slug"])
def test_the_lines_that_would_add_a_term_add_it(tmp_path: Path, slug: str) -> None:
    (tmp_path / "vocabulary.yaml").write_text(line_of(drafted(slug, slug=slug)))
    terms, wrong, _ = vocabularies.read([tmp_path / "vocabulary.yaml"], shipped().vocabulary)
    assert (len(terms), wrong) == (1, [])


def test_a_long_list_of_sheets_is_read_in_one_pass(tmp_path: Path) -> None:
    assert len(problems(tmp_path, "- {}\n" * 20_000, "a.yaml")) == 40_000


def test_mistakes_of_a_vocabulary_have_their_index_and_line(tmp_path: Path) -> None:
    file = tmp_path / "vocabulary.yaml"
    file.write_text("- {id: zebra, name: Zebra, kind: lesion}\n- {id: okapi, name: Okapi, kind: animal}\n")
    _, (problem,), _ = vocabularies.read([file], shipped().vocabulary)
    assert (problem.path, problem.line) == ("[1].kind", 2)


@pytest.mark.parametrize("value", [1e200, 1e-155, -1e16, 1e-16])
def test_a_figure_that_no_paper_prints_is_an_error(tmp_path: Path, value: float) -> None:
    """Of such figures sums overflow, and what can't be written as a number can't be read back."""
    assert any("no paper prints" in str(one) for one in problems(tmp_path, finding(measure="beta", value=value)))
