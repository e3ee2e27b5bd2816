"""A sheet's parts hold what they must: types as written, figures that are possible, ids that are safe."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from schema.answer import Answer, flat
from schema.association import FactorTally, PublishedPrevalence, StudyRef, TermRef
from schema.graphmodel import EDGES, LABELS, NODES
from schema.observation import ComparisonKey, Observation, sign_of
from schema.study import (
    Age,
    Claim,
    Counts,
    Finding,
    Group,
    Imaging,
    Part,
    Per,
    Population,
    Prevalence,
    Study,
    canonical,
    last_digit,
    told_apart,
)

ROW: dict[str, Any] = {"exposure": "age", "outcome": "r-dwi", "population": "p", "measure": "OR", "direction": "increases"}
GROUP: dict[str, Any] = {"id": "p", "label": "P", "condition": "ich", "arteriopathy": "any", "location": "any"}
SHEET: dict[str, Any] = {"id": "a-2020", "read": "abstract", "populations": [GROUP]}
COUNT: dict[str, Any] = {"population": "p", "lesion": "r-dwi"}
TABLE: dict[str, Any] = {"exposed_cases": 1, "exposed_total": 2, "unexposed_cases": 3, "unexposed_total": 4}
CLAIM: dict[str, Any] = {"mechanism": "m", "stance": "supports", "basis": "imaging", "links": ["a", "b"]}
PARTS: list[tuple[type[Part], dict[str, Any]]] = [
    (Study, SHEET), (Finding, ROW), (Population, GROUP), (Prevalence, COUNT), (Counts, TABLE), (Claim, CLAIM), (Age, {}), (Imaging, {}),
    (Group, {"name": "g"}), (Per, {"step": 10, "unit": "mmHg"}),
]  # fmt: skip


@pytest.mark.parametrize(("part", "given_value"), PARTS)
def test_a_part_takes_its_keys_refuses_others_and_cannot_be_changed(part: type[Part], given_value: dict[str, Any]) -> None:
    made = part.model_validate(given_value)
    with pytest.raises(ValidationError, match="Extra inputs"):
        part.model_validate({**given_value, "extra": 1})
    with pytest.raises(ValidationError, match="frozen"):
        made.notes = "x"  # type: ignore[attr-defined]
    for key in given_value:
        if part.model_fields[key].is_required():
            with pytest.raises(ValidationError, match="Field required"):
                part.model_validate({other: given_value[other] for other in given_value if other != key})


@pytest.mark.parametrize(
    ("part", "base", "key", "wrong"),
    [
        (Study, SHEET, "year", "2012"),
        (Study, SHEET, "year", 2012.0),
        (Study, SHEET, "year", True),
        (Study, SHEET, "year", 1800),
        (Study, SHEET, "n", 0),
        (Study, SHEET, "n", 12.5),
        (Study, SHEET, "title", 5),
        (Study, SHEET, "title", ""),
        (Study, SHEET, "title", False),
        (Study, SHEET, "title", ["a"]),
        (Study, SHEET, "authors", "Menon"),
        (Study, SHEET, "authors", {"a": 1}),
        (Study, SHEET, "authors", [False]),
        (Study, SHEET, "authors", [None]),
        (Study, SHEET, "doi", "doi:10.1161"),
        (Study, SHEET, "doi", "10.1161/a b"),
        (Study, SHEET, "pmid", 123),
        (Study, SHEET, "pmid", "PMID x12"),
        (Study, SHEET, "pmcid", "123"),
        (Study, SHEET, "search_until", "August 2010"),
        (Study, SHEET, "read", "fulltext"),
        (Study, SHEET, "design", "cohort"),
        (Study, SHEET, "recruited", ["2010"]),
        (Study, SHEET, "recruited", ["2010", "2011", "2012"]),
        (Study, SHEET, "recruited", [2010, 2011]),
        (Study, SHEET, "male_pct", 100.1),
        (Study, SHEET, "male_pct", -1),
        (Study, SHEET, "male_pct", "50"),
        (Study, SHEET, "age", [1]),
        (Study, SHEET, "findings", {"a": 1}),
        (Study, SHEET, "findings", ["a"]),
        (Age, {}, "mean", True),
        (Age, {}, "mean", math.nan),
        (Age, {}, "iqr", [70, 60]),
        (Imaging, {}, "mri_window_days", [7, 0]),
        (Imaging, {}, "adc_confirmed", "yes"),
        (Imaging, {}, "adc_confirmed", 1),
        (Imaging, {}, "field_strength_t", 3),
        (Imaging, {}, "field_strength_t", ["3"]),
        (Imaging, {"eligible": 5}, "scanned", 6),
        (Finding, ROW, "follow_up_months", "12"),
        (Finding, ROW, "follow_up_months", True),
        (Finding, ROW, "follow_up_months", math.inf),
        (Finding, ROW, "follow_up_months", math.nan),
        (Finding, ROW, "follow_up_months", [3, 12, 24]),
        (Finding, ROW, "follow_up_months", [-1, 12]),
        (Finding, ROW, "follow_up_months", [24, 3]),
        (Finding, ROW, "follow_up_months", {"from": 3}),
        (Finding, ROW, "events", -1),
        (Finding, ROW, "k", 0),
        (Prevalence, COUNT, "pct", math.inf),
        (Prevalence, COUNT, "ci", [30, 10]),
        (Prevalence, COUNT, "pct_range", [30, 10]),
        (Prevalence, {**COUNT, "total": 3}, "cases", 4),
        (Prevalence, COUNT, "cases", -1),
        (Prevalence, COUNT, "main", "true"),
        (Counts, TABLE, "exposed_cases", 3),
        (Counts, TABLE, "unexposed_cases", 5),
        (Counts, TABLE, "exposed_total", 0),
        (Group, {"name": "g"}, "iqr", [2, 1]),
        (Group, {"name": "g"}, "sd", -1),
        (Group, {"name": "g"}, "n", 0),
        (Per, {"unit": "mmHg", "step": 1}, "step", 0),
        (Finding, ROW, "value", "1.5"),
        (Finding, ROW, "value", True),
        (Finding, ROW, "value", math.nan),
        (Finding, ROW, "value", math.inf),
        (Finding, ROW, "value", 0),
        (Finding, ROW, "value", -1.2),
        (Finding, ROW, "ci", [2.0, 1.1]),
        (Finding, ROW, "ci", [1.1]),
        (Finding, ROW, "ci", [1.1, 1.2, 1.3]),
        (Finding, ROW, "ci", ["1.1", "1.2"]),
        (Finding, ROW, "ci", [1.1, math.nan]),
        (Finding, ROW, "ci", "1.1-2.0"),
        (Finding, ROW, "ci", [-0.1, 2.0]),
        (Finding, ROW, "p", 1.5),
        (Finding, ROW, "p", -0.1),
        (Finding, ROW, "p", math.nan),
        (Finding, ROW, "p", "0.03"),
        (Finding, ROW, "p", "NS"),
        (Finding, ROW, "p", True),
        (Finding, ROW, "p_interaction", "p=0.1"),
        (Finding, ROW, "groups", [{"name": "a"}]),
        (Finding, ROW, "groups", [{"name": "a"}] * 3),
        (Finding, ROW, "direction", "up"),
        (Finding, ROW, "measure", "aOR"),
        (Finding, ROW, "adjusted", "yes"),
        (Finding, ROW, "outcome_scale", "higher-is-worse"),
        (Claim, CLAIM, "links", []),
        (Claim, CLAIM, "links", ["A b"]),
    ],
)
def test_a_wrong_type_or_an_impossible_figure_is_refused_at_its_key(part: type[Part], base: dict[str, Any], key: str, wrong: Any) -> None:
    part.model_validate(base)
    with pytest.raises(ValidationError) as error:
        part.model_validate({**base, key: wrong})
    places = {one["loc"][0] for one in error.value.errors() if one["loc"]}
    assert places <= {key}


@pytest.mark.parametrize("slug", ["a", "menon-2012", "4", "a" * 100, "r-dwi", "2-b"])
def test_an_id_of_lower_case_letters_digits_and_single_hyphens_is_taken(slug: str) -> None:
    assert Study.model_validate({**SHEET, "id": slug}).id == slug


HOSTILE_IDS = [
    "", " ", "a b", "A", "a_b", "a.b", "a--b", "-a", "a-", "a\n", "../../etc/passwd", "..", ".", "a/b", "/etc/passwd",
    "C:\\a", "a\0b", "é", "脳",
    "\u0430", "a\u200b", "\u0661", "²", "a" * 101, "a" * 100_000, "%2e%2e", "~", "$(id)", "<b>", "\ud800",
]  # fmt: skip


@pytest.mark.parametrize("slug", HOSTILE_IDS, ids=range(len(HOSTILE_IDS)))
def test_an_id_that_is_a_path_too_long_or_not_plain_is_refused(slug: str) -> None:
    with pytest.raises(ValidationError):
        Study.model_validate({**SHEET, "id": slug})


@settings(derandomize=True)
@given(st.text(max_size=20))
def test_an_id_that_is_taken_is_safe_as_the_name_of_a_file(slug: str) -> None:
    try:
        Study.model_validate({**SHEET, "id": slug})
    except ValidationError:
        return
    assert slug.replace("-", "").isalnum()
    assert slug.isascii()
    assert slug == slug.lower()


@pytest.mark.parametrize(
    ("value", "ci", "possible"),
    [
        (1.5, [1.1, 2.0], True),
        (2.01, [1.11, 2.0], True),
        (1.09, [1.1, 2.02], True),
        (2.25, [1.11, 2.02], False),
        (0.95, [1.11, 2.02], False),
        (12, [13, 20], True),
        (12, [15, 20], False),
        (1.0e-5, [2.1e-5, 9.1e-5], True),
        (1.1, [1.1, 1.1], True),
    ],
)
def test_a_value_lies_inside_its_ci_to_the_last_printed_digit(value: float, ci: list[float], possible: bool) -> None:
    row = {**ROW, "value": value, "ci": ci}
    if possible:
        assert Finding.model_validate(row).ci == tuple(ci)
    else:
        with pytest.raises(ValidationError, match="outside its ci"):
            Finding.model_validate(row)


@pytest.mark.parametrize("measure", ["beta", "SMD", "mean-difference", "correlation"])
def test_a_difference_may_be_negative_and_a_ratio_may_not(measure: str) -> None:
    row = {**ROW, "value": -0.5, "ci": [-0.9, -0.1]}
    assert Finding.model_validate({**row, "measure": measure}).value == -0.5
    for ratio in ("OR", "RR", "HR"):
        with pytest.raises(ValidationError, match="above 0"):
            Finding.model_validate({**row, "measure": ratio})


@pytest.mark.parametrize(
    ("figure", "unit"), [(1.85, 0.01), (12, 1.0), (0.5, 0.1), (-0.125, 0.001), (16.0, 0.1), (1e-05, 1e-05), (2e16, 2e16), (-1e-07, 1e-07)]
)
def test_the_last_printed_digit_of_a_figure_is(figure: float, unit: float) -> None:
    assert last_digit(figure) == pytest.approx(unit)


def test_whole_numbers_and_decimals_stay_as_they_were_printed() -> None:
    row = Finding.model_validate({**ROW, "value": 16, "ci": [15.0, 17]})
    assert [type(figure) for figure in (row.value, *(row.ci or ()))] == [int, float, int]


@pytest.mark.parametrize(
    ("keys", "label"),
    [
        ({"first_author": "Menon", "year": 2012}, "Menon 2012"),
        ({"authors": ["van Etten ES", "Menon RS"], "year": 2012}, "van Etten 2012"),
        ({"authors": ["Group"]}, "Group 2020"),
        ({"id": "a-group", "authors": ["Group"]}, "Group (undated)"),
        ({"id": "pmid-19991231", "authors": ["Group"]}, "Group (undated)"),
        ({"title": "(title not shown) Course of DWI lesions", "year": 2012}, "\u201cCourse of DWI lesions\u201d 2012"),
        ({"title": "Abstract TP213: Scores to Differentiate the Aetiology"}, "\u201cScores to Differentiate\u2026\u201d 2020"),
        ({"id": "b", "title": "Incidence of Diffusion-Weighted Imaging Lesions"}, "\u201cIncidence of Diffusion\u2026\u201d (undated)"),
        ({"year": 2012}, "a-2020"),
        ({}, "a-2020"),
    ],
)
def test_a_study_is_called_by_author_or_title_and_year_or_else_by_its_id(keys: dict[str, Any], label: str) -> None:
    assert Study.model_validate({**SHEET, **keys}).label == label


def test_studies_of_one_author_and_year_are_told_apart_whatever_their_order() -> None:
    sheets = [Study.model_validate({**SHEET, "id": name, "first_author": "Li", "year": 2021}) for name in ("li-b", "li-a", "li-c")]
    alone = Study.model_validate({**SHEET, "id": "li-2022", "first_author": "Li", "year": 2022})
    for some in ([*sheets, alone], [alone, *reversed(sheets)]):
        apart = told_apart(some)
        assert [one.label for one in apart.values()] == ["Li 2022", "Li 2021a", "Li 2021b", "Li 2021c"]
        # a letter is of the company and no part of the sheet
        assert [apart[one.id] == one and canonical(apart[one.id]) == canonical(one) for one in some] == [True] * 4
        assert told_apart([apart["li-a"]])["li-a"].label == "Li 2021"
        assert [one.label for one in sheets] == ["Li 2021"] * 3


def test_et_al_is_no_author() -> None:
    study = Study.model_validate({**SHEET, "authors": ["Menon RS", "et al.", "Et al"]})
    assert study.named_authors == {"Menon RS"}


def test_a_population_is_found_by_its_id() -> None:
    assert Study.model_validate(SHEET).population("p").label == "P"


def test_keys_that_say_nothing_and_the_order_of_keys_do_not_change_the_canonical_form() -> None:
    full = {**SHEET, "notes": None, "cohorts": [], "findings": [{**ROW, "role": "main", "covariates": [], "value": 2, "ci": [1, 3]}]}
    turned = dict(reversed([*SHEET.items(), ("findings", [dict(reversed([*ROW.items(), ("value", 2), ("ci", [1, 3])]))])]))
    first, second = canonical(Study.model_validate(full)), canonical(Study.model_validate(turned))
    assert first == second
    assert list(first) == list(second) == sorted(first)
    assert set(first) == {"id", "read", "populations", "findings"}
    assert Study.model_validate(first) == Study.model_validate(full)


@pytest.mark.parametrize(
    ("z", "sign"), [(None, 0), (0.0, 0), (2.1, 1), (-0.1, -1), ((1.96, None), 1), ((None, -1.96), -1), ((-1.96, 1.96), 0)]
)
def test_the_sign_of_a_z_or_of_a_range_that_is_open_on_one_side(z: Any, sign: int) -> None:
    assert sign_of(z) == sign


@pytest.mark.parametrize(
    ("kind", "z", "significant", "reports", "bare"),
    [
        ("estimate", 2.5, 1, 1, False),
        ("estimate", 0.5, 0, 0, False),
        ("significant", (None, -1.96), -1, -1, True),
        ("direction", (0.0, None), 0, 1, True),
        ("null", (-1.96, 1.96), 0, 0, True),
    ],
)
def test_a_reading_reports_a_sign_where_it_is_significant_or_a_bare_direction(
    kind: Any, z: Any, significant: Any, reports: int, bare: bool
) -> None:
    row = Finding.model_validate(ROW)
    observation = Observation(
        finding="a#1",
        study="a",
        position=0,
        exposure="age",
        outcome="r-dwi",
        populations=("ich",),
        condition="ich",
        n=10,
        n_known=True,
        outcome_share=0.2,
        information=1.6,
        kind=kind,
        derivation="as printed",
        significant=significant,
        z=z,
        eligible=True,
        row=row,
    )
    assert (observation.reported_sign, observation.bare) == (reports, bare)


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        ({"measure": "OR"}, "OR | observational"),
        ({"measure": "OR", "contrast_type": "per-unit", "unit": "mmHg"}, "OR | per-unit | per mmHg | observational"),
        ({"measure": "beta", "variable": "nihss", "scale": "log", "randomised": True}, "beta | log | nihss | randomised"),
    ],
)
def test_a_family_is_told_in_a_line(keys: dict[str, Any], text: str) -> None:
    assert ComparisonKey(**keys).text == text


TALLY = FactorTally(
    supports=1, proposes=0, argues_against=0, support=2 / 3, studies=("a",), factor=TermRef(id="age", name="Age", kind="risk-factor")
)


def test_an_item_is_flattened_to_ids_and_the_ends_of_intervals() -> None:
    row = flat(TALLY)
    assert (row["factor"], row["factor_name"], row["supports"], row["studies"]) == ("age", "Age", 1, ["a"])
    given_ci = flat(PublishedPrevalence(study=StudyRef(id="a", label="A"), ci=(10.5, 20)))
    assert (given_ci["ci_low"], given_ci["ci_high"], given_ci["pct_range_low"], given_ci["study"]["id"]) == (10.5, 20, None, "a")
    assert "ci" not in given_ci


def test_an_answer_is_a_table_of_one_row_an_item() -> None:
    answer = Answer[FactorTally](query={}, release="r", total=2, limit=None, offset=0, items=(TALLY, TALLY))
    table = answer.to_pandas()
    assert list(table["factor"]) == ["age", "age"]
    assert len(table.columns) == len(flat(TALLY))


def test_the_graph_model_names_each_type_once_and_joins_only_its_own_nodes() -> None:
    labels = [node.label for node in NODES]
    assert len(labels) == len(set(labels))
    assert set(LABELS.values()) <= set(labels)
    assert len({edge.type for edge in EDGES}) == len(EDGES)
    for edge in EDGES:
        assert {*edge.start, *edge.end} <= set(labels)
    for kind in (*NODES, *EDGES):
        names = [one.name for one in kind.properties]
        assert len(names) == len(set(names))
