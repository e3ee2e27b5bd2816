"""A table of study, factor, outcome and an estimate is read; what it leaves unsaid is told once, and is not taken as reported."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from graph.build import build
from graph.opening import shipped
from graph.questions import Evidence
from graph.stores.memory import MemoryReader
from loaders.sheets import Loaded, load, load_text
from loaders.tables.assembly import Row
from loaders.tables.grid import Cell
from loaders.tables.workings import direction_of
from schema.study import Study

NAMES = "study,factor,outcome,OR (95% CI)"
ROWS = (
    "Novak 2001,CMBs,R-DWI,1.85 (1.10-3.11)",
    "Dvorak et al. 2002,CMBs,R-DWI,1.40 (0.90-2.18)",
    "Svoboda & Novy 2003,age,R-DWI,0.50 (0.30-0.80)",
)


def read(*lines: str) -> Loaded:
    return load_text("a.csv", "\n".join(lines).encode(), shipped())


def by_id(loaded: Loaded) -> dict[str, Study]:
    return {study.id: study for study in loaded.studies}


def test_study_factor_outcome_and_estimate_are_enough_and_the_rest_is_told_once() -> None:
    loaded = read(NAMES, *ROWS)
    (problem,) = loaded.problems
    assert (problem.severity, problem.line, problem.column) == ("warning", 1, 1)
    for key in ("read", "population", "condition", "arteriopathy", "location", "direction", "contrast_type", "year"):
        assert key in problem.found
    studies = by_id(loaded)
    assert {one: (study.label, study.year, study.read) for one, study in studies.items()} == {
        "novak-2001": ("Novak 2001", 2001, "not-stated"),
        "dvorak-2002": ("Dvorak 2002", 2002, "not-stated"),
        "svoboda-novy-2003": ("Svoboda 2003", 2003, "not-stated"),
    }
    (group,) = studies["novak-2001"].populations
    assert (group.id, group.condition, group.arteriopathy, group.location) == ("ich", "ich", "any", "any")
    assert [studies[one].findings[0].direction for one in studies] == ["no-association", "increases", "decreases"]


def test_a_ratio_beside_its_2x2_table_compares_present_with_absent() -> None:
    loaded = read("study,factor,outcome,OR,LL,UL,a,b,c,d", "Novak 2001,CMBs,R-DWI,4,1.2,13.3,10,20,5,40")
    assert "contrast_type" not in loaded.problems[0].found
    assert by_id(loaded)["novak-2001"].findings[0].contrast_type == "binary"
    loaded = read("study,factor,outcome,OR,LL,UL,a,b,c,d", "Novak 2001,CMBs,R-DWI,4,1.2,13.3,10,,5,")
    assert all(row.contrast_type is None for study in loaded.studies for row in study.findings)


def test_that_no_figure_of_prevalence_is_pooled_for_want_of_a_key_is_told() -> None:
    (problem,) = read("study,lesion,cases,total", "Novak 2001,R-DWI,12,80").problems
    assert "main: not known, so that no figure is pooled" in str(problem)
    (problem,) = read("study,lesion,cases,total,main", "Novak 2001,R-DWI,12,80,yes").problems
    assert "main" not in str(problem)


def test_an_author_under_study_and_a_year_beside_it_name_the_study_together() -> None:
    lines = ("Hubbard,1996,CMBs,R-DWI,1.85 (1.10-3.11)", "Hubbard,2000,CMBs,R-DWI,1.40 (0.90-2.18)")
    studies = by_id(read("Study,Year,Factor,Outcome,OR (95% CI)", *lines, "ERICH,2013,age,R-DWI,0.50 (0.30-0.80)"))
    assert {one: (study.label, study.year) for one, study in studies.items()} == {
        "hubbard-1996": ("Hubbard 1996", 1996),
        "hubbard-2000": ("Hubbard 2000", 2000),
        "erich-2013": ("erich-2013", 2013),
    }


def test_what_is_not_said_to_have_been_read_counts_neither_as_full_text_nor_as_an_abstract() -> None:
    reader = MemoryReader(build(read(NAMES, *ROWS).studies, shipped()))
    one = Evidence(exposure="CMBs", outcome="R-DWI").answer(reader).association
    assert (one.full_text, one.tables, one.not_stated, one.studies) == (0, 0, 2, 2)
    assert any(reason.text.startswith("what was read is not stated") for reason in one.reasons)


def test_columns_that_are_there_say_it_instead(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(f"{NAMES},read,direction,group\n{ROWS[0]},abstract,unclear,CAA\n")
    (tmp_path / "columns.yaml").write_text("constants: {contrast_type: binary}\n")
    loaded = load([tmp_path], shipped())
    assert loaded.problems == ()
    (study,) = loaded.studies
    assert (study.read, study.populations[0].condition, study.findings[0].direction) == ("abstract", "caa", "unclear")


@pytest.mark.parametrize(
    ("names", "cells", "group"),
    [
        ("condition,location", "ICH,lobar", ("ich-lobar", "lobar ICH", "ich", "any", "lobar")),
        ("condition", "CAA", ("caa", "cerebral amyloid angiopathy (CAA), with or without ICH", "caa", "caa", "any")),
        ("population label", "Patients of two sites", ("patients-of-two-sites", "Patients of two sites", "ich", "any", "any")),
        ("population", "with a scan", ("with-a-scan", "with a scan", "ich", "any", "any")),
        ("population,condition", "with a scan,stroke", ("with-a-scan", "with a scan", "stroke", "any", "any")),
        ("population n", "120", ("ich", "intracerebral haemorrhage (ICH)", "ich", "any", "any")),
    ],
)
def test_a_group_is_made_of_what_the_table_says_of_it(names: str, cells: str, group: tuple[str, ...]) -> None:
    loaded = read(f"{NAMES},{names}", f"{ROWS[0]},{cells}")
    assert loaded.errors == ()
    (made,) = loaded.studies[0].populations
    assert (made.id, made.label, made.condition, made.arteriopathy, made.location) == group


def test_a_column_that_is_blank_in_each_row_is_as_none() -> None:
    loaded = read(f"{NAMES},population,read,direction,condition", f"{ROWS[0]},,NR,,", f"{ROWS[1]},,,,")
    assert loaded.errors == ()
    assert [(study.read, study.populations[0].id, study.findings[0].direction) for study in loaded.studies] == [
        ("not-stated", "ich", "no-association"), ("not-stated", "ich", "increases"),
    ]  # fmt: skip


def test_a_blank_in_a_column_that_is_there_is_no_default() -> None:
    loaded = read(f"{NAMES},population,read", f"{ROWS[0]},ICH,abstract", f"{ROWS[1]},,")
    assert {problem.path for problem in loaded.errors} == {"findings[0].population", "read"}


def test_an_estimate_of_which_nothing_says_what_it_is_is_one_error_a_table(tmp_path: Path) -> None:
    lines = ("study,factor,outcome,estimate,lower,upper", "a 2001,CMBs,R-DWI,1.85,1.10,3.11", "b 2002,CMBs,R-DWI,1.40,0.90,2.18")
    (problem,) = read(*lines).errors
    assert (problem.line, problem.column, problem.path) == (1, 4, "measure")
    assert problem.found.startswith("2 estimates")
    assert "constants: {measure: OR}" in str(problem.help)
    (tmp_path / "a.csv").write_text("\n".join(lines))
    (tmp_path / "columns.yaml").write_text("constants: {measure: OR}\n")
    loaded = load([tmp_path], shipped())
    assert (loaded.errors, [study.findings[0].direction for study in loaded.studies]) == ((), ["increases", "no-association"])


@pytest.mark.parametrize(
    ("given", "direction"),
    [
        ({"measure": "OR", "value": 1.85, "ci": [1.1, 3.11]}, "increases"),
        ({"measure": "OR", "value": 0.54, "ci": [0.32, 0.91]}, "decreases"),
        ({"measure": "OR", "value": 1.4, "ci": [0.9, 2.18]}, "no-association"),
        ({"measure": "beta", "value": 0.4, "ci": [0.1, 0.7]}, "increases"),
        ({"measure": "mean-difference", "value": -0.4, "p": 0.02}, "decreases"),
        ({"measure": "HR", "ci": [1.2, 2.0]}, "increases"),
        ({"measure": "HR", "value": 1.2, "p": ">0.05"}, "no-association"),
        # the paper's p decides
        ({"measure": "OR", "value": 1.5, "ci": [1.0, 2.3], "p": 0.048}, "increases"),
        # a bound printed as 1.0 may be on either side
        ({"measure": "OR", "value": 1.5, "ci": [1.0, 2.3]}, "unclear"),
        ({"measure": "OR", "value": 1.5}, "unclear"),
        ({"p": 0.01}, "unclear"),
        ({"p": ">0.05"}, "no-association"),
        ({}, "unclear"),
        ({"measure": "beta", "value": 0.4, "ci": [0.1, 0.7], "outcome_scale": "lower-is-worse"}, "decreases"),
        ({"counts": (30, 100, 10, 100)}, "increases"),
        ({"counts": (10, 100, 30, 100), "reversed": True}, "increases"),
        ({"counts": (12, 100, 10, 100)}, "no-association"),
        ({"counts": (0, 100, 10, 100)}, "decreases"),
        ({"counts": (0, 100, 0, 100)}, "unclear"),
        # p before the interval before what the figures make
        ({"counts": (20, 100, 10, 100), "p": 0.03}, "increases"),
        ({"counts": (20, 100, 8, 100), "p": 0.2}, "no-association"),
        ({"measure": "OR", "value": 1.6, "se": 0.265, "p": 0.04}, "increases"),
        ({"measure": "OR", "value": 1.85, "se": 0.9, "ci": [1.1, 3.11]}, "increases"),
        ({"measure": "OR", "value": 1.85, "se": 0.9}, "no-association"),
    ],
)  # fmt: skip
def test_a_direction_that_is_not_reported_is_that_of_the_figures_where_they_tell(given: dict[str, object], direction: str) -> None:
    at = Cell("", 1, 1, "a.csv")
    row = Row(at)
    for key, value in given.items():
        if key == "ci":
            row.say("findings", ("ci",), value, at)
        elif key == "counts":
            assert isinstance(value, Sequence)
            names = ("exposed_cases", "exposed_total", "unexposed_cases", "unexposed_total")
            for name, figure in zip(names, value, strict=True):
                row.say("findings", ("counts", name), figure, at)
        else:
            row.say("findings", (key,), value, at)
    assert direction_of(row) == direction


@pytest.mark.parametrize(
    ("name", "author", "year"),
    [
        ("Novak 2001", "Novak", 2001), ("van Dijk et al., 2001a", "van Dijk", 2001), ("Novak and Dvorak (1999)", "Novak", 1999),
        ("ERICH 2013", None, 2013), ("INTERACT2 2013", None, 2013), ("novak-2001", None, 2001),
       ("a2001", None, None), ("trial 7", None, None),
    ],
)  # fmt: skip
def test_year_and_author_are_in_the_name_of_a_study(name: str, author: str | None, year: int | None) -> None:
    (study,) = read(NAMES, ROWS[0].replace("Novak 2001", f'"{name}"')).studies
    assert (study.first_author, study.year) == (author, year)


def test_blanks_round_a_text_are_no_part_of_it() -> None:
    loaded = read("Author,Year,Title,Factor,Outcome,OR (95% CI)", "Novak\u00a0 ,2001,\u00a0A title ,CMBs ,R-DWI\u00a0,1.85 (1.10-3.11)")
    (study,) = loaded.studies
    assert (study.label, study.title) == ("Novak 2001", "A title")
    assert Study.model_validate({"id": "a", "read": "abstract", "title": " A\u00a0", "doi": "10.1000/a "}).title == "A"
