"""Terms are found by id, name or synonym; a folder's vocabulary.yaml adds terms and never changes or hides one."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
import yaml
from pydantic import ValidationError

from graph.opening import shipped
from loaders import vocabularies
from schema.errors import UnknownName
from schema.names import normal
from schema.problems import Problem
from schema.vocabulary import Term, Vocabulary, clashes, drafted, line_of


def term(id: str, **keys: object) -> Term:
    return Term.model_validate({"id": id, "name": id.replace("-", " "), "kind": "risk-factor", **keys})


SMALL = Vocabulary(
    [
        term("blood-pressure", synonyms=["BP"]),
        term("sbp", name="Systolic pressure", broader="blood-pressure", rolls_up="estimates", unit="mmHg"),
        term("map", name="Mean arterial pressure", broader="blood-pressure", rolls_up="weight"),
        term("dbp", name="Diastolic pressure", broader="blood-pressure", rolls_up="no"),
        term("haemorrhage", kind="outcome", harm="higher", synonyms=["bleed", "BP crisis"]),
        term("map-2", name="sbp"),
    ]
)


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("CMBs", "cerebral-microbleeds"),
        ("cmb", "cerebral-microbleeds"),
        ("cSS", "cortical-superficial-siderosis"),
        ("CSS", "cortical-superficial-siderosis"),
        ("hematoma expansion", "haematoma-expansion"),
        ("Haematoma-Expansion", "haematoma-expansion"),
        ("intracerebral hemorrhage", "intracerebral-haemorrhage"),
        ("intracerebral haemorrhages", "intracerebral-haemorrhage"),
        ("prior ischemic stroke", "prior-ischaemic-stroke"),
        ("obstructive sleep apnea", "obstructive-sleep-apnoea"),
        ("DWI lesions", "r-dwi"),
        ("leukoaraiosis", "white-matter-hyperintensities"),
        ("  Age  ", "age"),
    ],
)
def test_a_shipped_term_is_found_by_abbreviation_synonym_and_either_spelling(name: str, found: str) -> None:
    term_found = shipped().vocabulary.find(name)
    assert term_found is not None
    assert term_found.id == found
    assert shipped().vocabulary.resolve(name) == term_found


def test_every_shipped_term_is_found_by_each_of_its_names() -> None:
    vocabulary = shipped().vocabulary
    for one in vocabulary.terms.values():
        for name in (one.id, one.name, *one.synonyms, one.name.upper(), one.id.replace("-", " ")):
            assert vocabulary.find(name) == one, name


def test_the_shipped_terms_do_not_clash_with_each_other() -> None:
    assert clashes(Vocabulary([]), list(shipped().vocabulary.terms.values())) == []


def test_the_shipped_terms_that_point_to_others_point_to_terms() -> None:
    vocabulary = shipped().vocabulary
    for one in vocabulary.terms.values():
        for other in (one.broader, one.inverse_of, one.counterpart):
            assert other is None or (other in vocabulary and other != one.id)
        if one.inverse_of is not None:
            assert vocabulary[one.inverse_of].inverse_of is None
        if one.counterpart is not None:
            assert vocabulary[one.counterpart].counterpart == one.id


def test_ids_win_over_names_and_names_over_synonyms() -> None:
    assert SMALL.names[normal("sbp")] == "sbp"
    assert SMALL.resolve("BP").id == "blood-pressure"
    assert SMALL.find("sbp") == SMALL["sbp"]


def test_an_unknown_name_is_told_with_the_nearest_terms() -> None:
    with pytest.raises(UnknownName) as error:
        shipped().vocabulary.resolve("cerebral microbleds", "exposure")
    assert error.value.suggestions[0] == "cerebral-microbleeds"
    assert "exposure" in str(error.value)
    assert SMALL.find("nothing like it") is None


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("pressure", ["blood-pressure", "sbp", "dbp", "map"]),
        ("BP", ["blood-pressure", "haemorrhage", "dbp", "map-2", "sbp"]),
        ("systolic", ["sbp"]),
        ("hemorrhage", ["haemorrhage"]),
        ("arterial mean", ["map"]),
        ("zebra", []),
    ],
)
def test_a_search_finds_every_term_that_holds_all_words_the_exact_one_first(text: str, ids: list[str]) -> None:
    assert [one.id for one in SMALL.search(text)] == ids


def test_a_search_for_nothing_finds_all_terms() -> None:
    assert {one.id for one in SMALL.search("")} == set(SMALL.terms)


def test_the_rows_of_a_term_go_to_itself_and_to_the_parent_that_takes_them() -> None:
    assert SMALL.roll_ups == {"blood-pressure": (("sbp", "estimates"), ("map", "weight"))}
    assert SMALL.takes("blood-pressure") == {"blood-pressure": (0, "estimates"), "sbp": (1, "estimates"), "map": (2, "weight")}
    assert SMALL.takes("dbp") == {"dbp": (0, "estimates")}
    assert SMALL.goes_to("sbp") == ("sbp", "blood-pressure")
    assert SMALL.goes_to("dbp") == ("dbp",)
    assert SMALL.goes_to("blood-pressure") == ("blood-pressure",)


def test_what_a_term_goes_to_takes_it_and_nothing_else() -> None:
    vocabulary = shipped().vocabulary
    for one in vocabulary.terms:
        assert all(one in vocabulary.takes(parent) for parent in vocabulary.goes_to(one))
        assert all(one in vocabulary.goes_to(child) for child in vocabulary.takes(one))


def test_an_extended_vocabulary_is_a_new_one() -> None:
    larger = SMALL.extended([term("zebra")])
    assert "zebra" in larger
    assert "zebra" not in SMALL
    assert larger.find("Zebras") == larger["zebra"]


def test_the_canonical_form_does_not_depend_on_the_order_of_the_terms() -> None:
    terms = list(SMALL.terms.values())
    random.Random(1).shuffle(terms)
    assert Vocabulary(terms).canonical() == SMALL.canonical()
    assert [entry["id"] for entry in SMALL.canonical()] == sorted(SMALL.terms)
    assert [Term.model_validate(entry) for entry in SMALL.canonical()] == [SMALL[one] for one in sorted(SMALL.terms)]


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"rolls_up": "weight"}, "needs broader"),
        ({"broader": "a"}, "of itself"),
        ({"inverse_of": "a"}, "of itself"),
        ({"name": "---"}, "letter or digit"),
        ({"harm": "higher"}, "harm is for outcomes"),
        ({"kind": "thing"}, "risk-factor"),
        ({"xrefs": ["HP 1"]}, "pattern"),
        ({"broader": "Blood pressure"}, "lower-case"),
        ({"name": ""}, "at least 1"),
        ({"colour": "red"}, "Extra inputs"),
        ({"unit": 5}, "string"),
    ],
)
def test_a_term_that_says_what_no_term_can_say_is_refused(keys: dict[str, object], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        term("a", **keys)


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        ([term("zebra")], []),
        ([term("zebra", synonyms=["Zebra", "zebra"])], []),
        ([term("sbp", name="x")], [(0, "'sbp' is taken")]),
        ([term("zebra"), term("zebra", name="y")], [(1, "'zebra' is taken")]),
        ([term("zebra", synonyms=["bp"])], [(0, "'bp' belongs to 'blood-pressure'")]),
        ([term("zebra", name="Hemorrhage")], [(0, "'haemorrhage' belongs to 'haemorrhage'")]),
        ([term("zebra", synonyms=["horse"]), term("horse")], [(1, "'horse' belongs to 'zebra'")]),
        ([term("zebra", broader="horse")], [(0, "broader names 'horse'")]),
        ([term("zebra", inverse_of="horse")], [(0, "inverse_of names 'horse'")]),
        ([term("zebra", counterpart="horse")], [(0, "counterpart names 'horse'")]),
        ([term("zebra", broader="horse"), term("horse")], []),
        ([term("zebra", broader="sbp")], []),
        (
            [term("a", broader="b"), term("b", broader="c"), term("c", broader="a")],
            [(0, "circle: a > b > c > a"), (1, "circle: b > c > a > b"), (2, "circle: c > a > b > c")],
        ),
        ([term("sbp", name="x", synonyms=["BP"], broader="y")], [(0, "taken"), (0, "'bp' belongs"), (0, "broader names 'y'")]),
    ],
)
def test_what_forbids_adding_terms_is_told_for_each(terms: list[Term], expected: list[tuple[int, str]]) -> None:
    found = clashes(SMALL, terms)
    assert len(found) == len(expected)
    for (index, what), (wanted, words) in zip(found, expected, strict=True):
        assert index == wanted
        assert words in what


@pytest.mark.parametrize("slug", ["zebra", "new-marker-2", "a"])
def test_the_lines_that_would_add_a_term_do_add_it(slug: str, tmp_path: Path) -> None:
    (tmp_path / "vocabulary.yaml").write_text(line_of(drafted(slug, slug=slug)))
    terms, problems, _ = vocabularies.read([tmp_path / "vocabulary.yaml"], SMALL)
    assert problems == []
    assert [one.id for one in terms] == [slug]


def from_text(text: str, folder: Path, name: str = "vocabulary.yaml") -> tuple[list[str], list[Problem]]:
    file = folder / name
    file.write_text(text)
    terms, problems, _ = vocabularies.read([file], SMALL)
    assert all(problem.file == str(file) and problem.severity == "error" for problem in problems)
    return [one.id for one in terms], problems


ZEBRA = "- id: zebra\n  name: Zebra\n  kind: risk-factor\n"


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        (ZEBRA, ["zebra"]),
        ("terms:\n" + ZEBRA, ["zebra"]),
        ("- {id: b, name: B, kind: lesion, broader: a}\n- {id: a, name: A, kind: lesion}\n", ["b", "a"]),
        ('[{"id": "zebra", "name": "Zebra", "kind": "risk-factor"}]', ["zebra"]),
    ],
)
def test_a_vocabulary_is_a_list_of_terms_or_has_one_under_terms(text: str, ids: list[str], tmp_path: Path) -> None:
    assert from_text(text, tmp_path) == (ids, [])


@pytest.mark.parametrize("word", ["no", "No", "off", "false", "'no'"])
def test_rolls_up_no_may_stand_without_quotes(word: str, tmp_path: Path) -> None:
    (tmp_path / "vocabulary.yaml").write_text(f"{ZEBRA}  broader: sbp\n  rolls_up: {word}\n")
    terms, problems, _ = vocabularies.read([tmp_path / "vocabulary.yaml"], SMALL)
    assert problems == []
    assert terms[0].rolls_up == "no"


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("", None, "a list of terms"),
        ("# nothing\n", None, "a list of terms"),
        ("terms:\n", 1, "a list of terms"),
        ("zebra\n", 1, "a list of terms"),
        ("id: zebra\nname: Zebra\n", 1, "a list of terms"),
        ("terms: []\nmore: 1\n", 1, "a list of terms"),
        ("\n- zebra\n", 2, "a mapping"),
        ("- id: [\n", None, "can't be read"),
        (ZEBRA + "  id: horse\n", 4, "a second time"),
        (ZEBRA + "  colour: red\n", 4, "'colour'"),
        (ZEBRA + "  synonym: red\n", 4, "synonyms"),
        (ZEBRA + "  rolls_up: no\n", None, "broader"),
        (ZEBRA + "  broader: sbp\n  rolls_up: yes\n", 5, "estimates"),
        (ZEBRA + "  broader: nowhere\n", 1, "'nowhere'"),
        (ZEBRA + "  synonyms: [horse, BP]\n", 1, "'bp' belongs to 'blood-pressure'"),
        (ZEBRA + "  synonyms: horse\n", 4, "a list"),
        (ZEBRA + "- id: sbp\n  name: x\n  kind: lesion\n", 4, "'sbp' is taken"),
        (ZEBRA + ZEBRA, 4, "'zebra' is taken"),
        (ZEBRA + "  broader: zebra\n", 1, "of itself"),
        ("- id: ../zebra\n  name: Zebra\n  kind: lesion\n", 1, "lower-case"),
        ("- id: zebra\n  kind: lesion\n", 1, "name"),
        ("- id: zebra\n  name: Zebra\n  kind: risk\n", 3, "'risk-factor'"),
        ("- id: zebra\n  name: Zebra\n  kind: &x lesion\n", 3, "anchor"),
    ],
)
def test_an_entry_with_a_mistake_is_told_with_its_line_and_left_out(text: str, line: int | None, words: str, tmp_path: Path) -> None:
    ids, problems = from_text(text, tmp_path)
    # of two that clash the first is right
    assert ids == (["zebra"] if "is taken" in words else [])
    assert any(words in str(problem) and (line is None or problem.line == line) for problem in problems)


def test_all_mistakes_of_a_vocabulary_are_told(tmp_path: Path) -> None:
    _, problems = from_text("- id: A\n  name: ''\n- 5\n- {id: b, name: B, kind: lesion, x: 1}\n", tmp_path)
    assert {problem.line for problem in problems} == {1, 2, 3, 4}


def test_a_vocabulary_that_cannot_be_read_is_a_problem(tmp_path: Path) -> None:
    terms, (problem,), _ = vocabularies.read([tmp_path / "vocabulary.yaml"], SMALL)
    assert terms == []
    assert problem.file == str(tmp_path / "vocabulary.yaml")


def test_the_shipped_file_is_plain_yaml_that_gives_the_same_terms_to_the_loader() -> None:
    path = shipped().folder / "vocabulary.yaml"
    terms, problems, _ = vocabularies.read([path], Vocabulary([]))
    assert problems == []
    assert {one.id: one for one in terms} == shipped().vocabulary.terms
    assert len(terms) == len(yaml.safe_load(path.read_text(encoding="utf-8"))["terms"])
