"""Names are compared without regard to case, hyphens, accents, British or American spelling."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schema.errors import BadParameter, InputProblems, RdwiError, SnapshotDamaged, StoreError, StoreUnavailable, UnknownName
from schema.names import normal, suggest
from schema.problems import Problem


@pytest.mark.parametrize(
    ("american", "british"),
    [
        ("Intracerebral hemorrhage", "intracerebral haemorrhage"),
        ("hematoma volume", "haematoma volume"),
        ("hematologic", "haematologic"),
        ("hemoglobin", "haemoglobin"),
        ("hemostatic therapy", "haemostatic therapy"),
        ("ischemic stroke", "ischaemic stroke"),
        ("anemia", "anaemia"),
        ("hyperglycemia", "hyperglycaemia"),
        ("dyslipidemia", "dyslipidaemia"),
        ("perihematomal edema", "perihaematomal oedema"),
        ("etiology", "aetiology"),
        ("aetiology", "aetiology"),
        ("randomized", "randomised"),
        ("hospitalization", "hospitalisation"),
        ("tumor", "tumour"),
        ("sleep apnea", "sleep apnoea"),
        ("fiber", "fibre"),
        ("CAA-ICH", "caa ich"),
        ("caa_ich", "CAA ICH"),
        ("CAA\u2010ICH", "CAA ICH"),
        ("Cortical  superficial\tsiderosis", "cortical-superficial-siderosis"),
        ("Méni\u00e8re", "meniere"),
        ("A\ufb03nity", "affinity"),
        ("STRASSE", "straße"),
    ],
)
def test_two_spellings_of_one_name_are_one(american: str, british: str) -> None:
    assert normal(american) == normal(british)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("hemisphere", "haemisphere"),
        ("SBP <140", "SBP >140"),
        ("HbA1c 6%", "HbA1c 6"),
        ("lobar", "deep"),
        ("medication", "oedication"),
        ("APOE e2", "APOE e4"),
    ],
)
def test_names_that_differ_stay_apart(one: str, other: str) -> None:
    assert normal(one) != normal(other)


@settings(derandomize=True)
@given(st.lists(st.sampled_from(["hemorrhage", "Haematoma", "edema", "CMBs", "e4", "<140", "size", "fiber", "ischemia"]), min_size=1))
def test_case_and_what_joins_the_words_never_matter(words: list[str]) -> None:
    plain = normal(" ".join(words))
    assert normal("-".join(words).upper()) == normal("  ".join(words).lower()) == normal("_".join(words)) == plain
    assert normal(plain) == plain


NAMES = {"cerebral microbleeds": "cmb", "lobar microbleeds": "lobar-cmb", "age": "age", "admission sbp": "sbp", "admission bp": "bp"}


@pytest.mark.parametrize(
    ("name", "first"),
    [("cerebral microbleds", "cmb"), ("microbleeds", "cmb"), ("agee", "age"), ("admission-sbq", "sbp"), ("Admission", "bp")],
)
def test_the_nearest_name_is_among_those_suggested(name: str, first: str) -> None:
    assert first in suggest(name, NAMES)


@pytest.mark.parametrize("name", ["", "z", "qqqq", "!!"])
def test_nothing_is_suggested_for_what_is_near_to_nothing(name: str) -> None:
    assert suggest(name, NAMES) == ()


def test_no_more_names_are_suggested_than_asked_for_and_none_twice() -> None:
    names = {f"microbleeds {i}": f"m{i % 5}" for i in range(20)}
    found = suggest("microbleeds", names, 4)
    assert len(found) == len(set(found)) == 4


def test_every_error_is_one_of_the_tree_and_tells_its_hint() -> None:
    unknown = UnknownName("study", "mennon-2012", ("menon-2012",))
    bad = BadParameter("limit", "limit is not a number.", ("10", "20"))
    assert str(unknown) == "There is no study named 'mennon-2012'. Did you mean menon-2012?"
    assert str(UnknownName("study", "x")) == "There is no study named 'x'."
    assert str(bad) == "limit is not a number. Allowed: 10, 20."
    assert str(BadParameter("x", "x is not taken.")) == "x is not taken."
    for error in (unknown, bad, InputProblems([]), SnapshotDamaged(), StoreUnavailable()):
        assert isinstance(error, RdwiError)
    assert issubclass(SnapshotDamaged, StoreError)


@pytest.mark.parametrize(("errors", "words"), [(0, "0 problems"), (1, "1 problem;"), (2, "2 problems")])
def test_a_refusal_counts_its_errors_and_not_its_warnings(errors: int, words: str) -> None:
    warning = Problem("a.yaml", "x", "y", severity="warning")
    refusal = InputProblems([Problem("a.yaml", "x", "y")] * errors + [warning])
    assert words in str(refusal)
    assert len(refusal.problems) == errors + 1


@pytest.mark.parametrize(
    ("problem", "text"),
    [
        (Problem("a.yaml", "x", "y"), "a.yaml: error: found x; expected y."),
        (Problem("a.yaml", "x", "y", line=3), "a.yaml:3: error: found x; expected y."),
        (Problem("a.yaml", "x", "y", "n", 3, "s", "warning", "Do z."), "a.yaml:3: warning: n: found x; expected y. Do z."),
    ],
)
def test_a_problem_is_told_with_its_place(problem: Problem, text: str) -> None:
    assert str(problem) == text
