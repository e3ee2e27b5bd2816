"""The layouts of tables that are usual in the trade are read, and one that could be two is refused."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import yaml
from typer.testing import CliRunner

from api.cli import app
from graph.build import build
from graph.opening import shipped
from graph.questions import Evidence
from graph.stores.memory import MemoryReader
from graph.synthesis.observations import read_study
from loaders.sheets import Loaded, load
from loaders.tables import headers
from loaders.tables.columns import FLAT
from loaders.tables.grid import Cell, Grid
from loaders.tables.mapping import NOTHING
from schema.study import Finding

BOTH = {"exposure": "CMBs", "outcome": "R-DWI"}
STAY = {"exposure": "CMBs", "outcome": "length of stay"}


def table(folder: Path, *lines: str, **constants: str) -> Loaded:
    (folder / "a.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "columns.yaml").write_text(yaml.safe_dump({"constants": {"read": "abstract", "population": "ICH", **constants}}))
    return without_defaults(load([folder], shipped()))


def without_defaults(loaded: Loaded) -> Loaded:
    """What was read, without the word of what was taken for granted."""
    return replace(loaded, problems=tuple(one for one in loaded.problems if not one.found.startswith("nothing said of")))


def rows(loaded: Loaded) -> list[Finding]:
    assert loaded.problems == ()
    return [row for study in loaded.studies for row in study.findings]


def said(name: str) -> dict[str, Any] | None:
    """The key of a column, and what its name says besides."""
    match = headers.matched(name, FLAT, NOTHING)
    return None if match is None else {"key": match.column.flat_key, **{str(path[0]): value for path, value in match.implies}}


# --- 2x2 tables ---


@pytest.mark.parametrize(
    ("names", "cells"),
    [
        ("a,b,c,d", "10,20,5,40"),
        ("A,B,C,D,Total", "10,20,5,40,75"),
        ("ai,bi,ci,di", "10,20,5,40"),
        ("ai,n1i,ci,n2i", "10,30,5,45"),
        ("ai,bi,ci,di,n1i,n2i", "10,20,5,40,30,45"),
        ("tpos,tneg,cpos,cneg", "10,20,5,40"),
        ("TP,FP,FN,TN", "10,20,5,40"),
        ("event.e,n.e,event.c,n.c", "10,30,5,45"),
        ("e1,n1,e2,n2", "10,30,5,45"),
        ("Events 1,Total 1,Events 2,Total 2", "10,30,5,45"),
        ("events_exp,total_exp,events_ctrl,total_ctrl", "10,30,5,45"),
        ("Experimental Events,Experimental Total,Control Events,Control Total", "10,30,5,45"),
        ("Control cases,Control N,Experimental cases,Experimental N", "5,45,10,30"),
        ("Exposed n/N (%),Control n/N (%)", "10/30 (33.3%),5/45"),
        ("Cases exposed,Cases unexposed,Controls exposed,Controls unexposed", "10,5,20,40"),
        ("case.with.exposure,case.without.exposure,control.with.exposure,control.without.exposure", "10,5,20,40"),
        ("exposed_cases,exposed_noncases,unexposed_cases,unexposed_noncases", "10,20,5,40"),
    ],
)
def test_every_usual_way_to_write_a_2x2_table_is_the_same_crude_odds_ratio(tmp_path: Path, names: str, cells: str) -> None:
    (row,) = rows(table(tmp_path, f"studlab,{names}", f"Adams 2001,{cells}", **BOTH))
    assert row.counts is not None
    assert row.counts.model_dump() == {"exposed_cases": 10, "exposed_total": 30, "unexposed_cases": 5, "unexposed_total": 45}
    assert (row.measure, row.value, row.adjusted, row.direction) == ("OR", None, False, "increases")


def test_groups_of_columns_that_are_named_above_are_part_of_the_names(tmp_path: Path) -> None:
    lines = [
        "Study or Subgroup,Experimental,,Control,,Odds Ratio",
        ",Events,Total,Events,Total,\"M-H, Random, 95% CI\"",
        "Adams 2001,10,30,5,45,\"4.00 [1.20, 13.29]\"",
    ]  # fmt: skip
    (row,) = rows(table(tmp_path, *lines, **BOTH, direction="increases"))
    assert row.counts is not None
    assert (row.counts.exposed_total, row.counts.unexposed_cases, row.value, row.ci) == (30, 5, 4.0, (1.2, 13.29))
    made = openpyxl.Workbook()
    sheet = made.active
    assert sheet is not None
    sheet.append(["Forest plot 1.1"])
    sheet.append(["Study", "Univariate analysis", None, "Multivariate analysis"])
    sheet.append([None, "OR (95% CI)", "p", "OR (95% CI)", "p"])
    sheet.append(["Adams 2001", "2.50 (1.40-4.46)", "0.002", "1.85 (1.10-3.11)", "0.02"])
    for cells in ("A2:A3", "B2:C2", "D2:E2"):
        sheet.merge_cells(cells)
    (tmp_path / "a.csv").unlink()
    made.save(tmp_path / "a.xlsx")
    crude, adjusted = rows(without_defaults(load([tmp_path], shipped())))
    assert (crude.value, crude.p, crude.adjusted) == (2.5, 0.002, False)
    assert (adjusted.value, adjusted.p, adjusted.adjusted) == (1.85, 0.02, True)


@pytest.mark.parametrize(
    ("names", "cells", "place", "found"),
    [
        ("a,b,c,d,total", "10,20,5,40,70", 6, "counts that make 75 beside a total of 70"),
        ("a,b,c,d,n", "10,20,5,40,60", 6, "counts that make 75 beside a total of 60"),
        ("ai,bi,ci,di,n1i,n2i", "10,20,5,40,31,45", 3, "10 with and 20 without the outcome beside a total of 31"),
        ("e1,n1,e2,n2", "40,30,5,45", 2, "exposed_cases (40) is more than exposed_total (30)"),
        ("a,b,c,d", "10,20,,40", 5, "40 without the outcome alone"),
        ("Events,Total,Events,Total", "10,30,5,45", 4, "the column 'Events' a second time (first in line 1, cell 2)"),
        ("OR,Experimental Events,Experimental Total", "1.85,10,30", 3, "the column 'Experimental Events'"),
    ],
)
def test_counts_that_could_be_another_layout_are_refused(tmp_path: Path, names: str, cells: str, place: int, found: str) -> None:
    loaded = table(tmp_path, f"study,{names}", f"Adams 2001,{cells}", **BOTH, direction="increases")
    assert loaded.studies == ()
    problem = loaded.errors[0]
    assert (problem.column, problem.found) == (place, found)
    # a fault is told once, and not what follows from it
    assert len(loaded.errors) == (2 if "the column" in found else 1)


def test_names_of_a_2x2_table_say_nothing_one_by_one(tmp_path: Path) -> None:
    loaded = table(tmp_path, "study,c,OR,ci,direction", "Adams 2001,5,1.85,1.10 to 3.11,increases", **BOTH)
    assert [problem.found for problem in loaded.problems] == ["the column 'c'"]
    assert loaded.studies[0].findings[0].ci == (1.1, 3.11)


def test_the_users_own_mapping_comes_before_a_layout(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("study,a,b,c,d\nAdams 2001,10,5,20,40\n")
    columns = {"b": "unexposed_cases", "c": "exposed_noncases"}
    (tmp_path / "columns.yaml").write_text(
        yaml.safe_dump({"columns": columns, "constants": {"read": "abstract", "population": "ICH", **BOTH}})
    )
    (row,) = rows(without_defaults(load([tmp_path], shipped())))
    assert row.counts is not None
    assert (row.counts.exposed_total, row.counts.unexposed_total) == (30, 45)


# --- means ---


@pytest.mark.parametrize(
    ("names", "cells"),
    [
        ("m1i,sd1i,n1i,m2i,sd2i,n2i", "25,9,50,20,9,50"),
        ("n.e,mean.e,sd.e,n.c,mean.c,sd.c", "50,25,9,50,20,9"),
        ("Experimental Mean,Experimental SD,Experimental Total,Control Mean,Control SD,Control Total", "25,9,50,20,9,50"),
        ("Intervention mean (SD),Intervention n,Control mean (SD),Control n", "25 (9),50,20 (9),50"),
        ("Mean 1 (days),SD 1,N 1,Mean 2 (days),SD 2,N 2", "25,9,50,20,9,50"),
        ("Experimental mean,Experimental SD,Experimental cases,Experimental N,Control mean,Control SD,Control cases,Control N",
         "25,9,,50,20,9,,50"),
    ],
)  # fmt: skip
def test_every_usual_way_to_write_two_means_is_their_difference_where_the_outcome_has_a_unit(
    tmp_path: Path, names: str, cells: str
) -> None:
    (row,) = rows(table(tmp_path, f"study,{names}", f"Adams 2001,{cells}", **STAY))
    assert row.groups is not None
    assert [(group.n, group.mean, group.sd) for group in row.groups] == [(50, 25, 9), (50, 20, 9)]
    assert (row.measure, row.groups_by, row.direction, row.counts) == ("mean-difference", "exposure", "increases", None)


@pytest.mark.parametrize("measure", ["MD", "mean difference", ""])
def test_means_in_one_unit_are_pooled_as_a_mean_difference(tmp_path: Path, measure: str) -> None:
    names = "study,measure,groups by,group_1_name,n group 1,mean group 1,sd group 1,group_2_name,n group 2,mean group 2,sd group 2"
    lines = [f"Novak {2001 + i},{measure},exposure,CMB,50,{mean},9,none,50,20,9" for i, mean in enumerate((25, 26, 24, 27, 25))]
    loaded = table(tmp_path, names, *lines, **STAY, direction="unclear")
    answer = Evidence(exposure="CMBs", outcome="length of stay").answer(MemoryReader(build(loaded.studies, shipped())))
    one = answer.association
    assert one is not None
    assert (one.measure, one.families[0].unit) == ("mean-difference", "days")
    assert one.estimate == pytest.approx(5.4, abs=0.005)


# --- standard errors and logarithms ---


@pytest.mark.parametrize(
    ("names", "cells", "constants"),
    [
        ("log OR,SE", "0.62,0.27", {}),
        ("lnOR,std. error", "0.62,0.27", {}),
        ("log odds ratio,SE(log OR)", "0.62,0.27", {}),
        ("logOR,selogOR", "0.62,0.27", {}),
        ("TE,seTE", "0.62,0.27", {"measure": "OR"}),
        ("yi,sei", "0.62,0.27", {"measure": "OR"}),
        ("yi,vi", "0.62,0.0729", {"measure": "OR"}),
        ("B,S.E.", "0.62,0.27", {"measure": "OR"}),
        ("log OR (SE)", "0.62 (0.27)", {}),
    ],
)
def test_a_logarithm_with_its_standard_error_is_the_ratio_with_it(
    tmp_path: Path, names: str, cells: str, constants: dict[str, str]
) -> None:
    (row,) = rows(table(tmp_path, f"study,{names}", f"Adams 2001,{cells}", **BOTH, **constants))
    assert (row.measure, row.value, row.se, row.ci, row.direction) == ("OR", 1.859, 0.27, None, "increases")
    (study,) = load([tmp_path], shipped()).studies
    (seen,) = read_study(study, shipped())
    assert (seen.y, seen.se) == (pytest.approx(math.log(1.859)), 0.27)


def test_what_is_no_ratio_is_no_logarithm(tmp_path: Path) -> None:
    (row,) = rows(table(tmp_path, "study,yi,vi", "Adams 2001,-5.4,1.21", **STAY, measure="MD"))
    assert (row.measure, row.value, row.se, row.direction) == ("mean-difference", -5.4, 1.1, "decreases")
    (problem,) = table(tmp_path, "study,TE,seTE", "Adams 2001,0.62,0.27", **BOTH).problems
    assert (problem.line, problem.column, problem.found) == (2, 2, "0.62 without its measure")
    assert "measure: OR" in str(problem.help)


@pytest.mark.parametrize(
    ("names", "cells"),
    [("TE,lower,upper", "0.62,0.0908,1.1492"), ("TE,lower,upper", "0.62,1.095,3.155"), ("log OR (95% CI)", "0.62 (0.0908 to 1.1492)")],
)
def test_an_interval_beside_a_logarithm_is_on_its_scale_or_on_the_ratios(tmp_path: Path, names: str, cells: str) -> None:
    (row,) = rows(table(tmp_path, f"study,{names},seTE", f"Adams 2001,{cells},0.27", **BOTH, measure="OR"))
    assert row.ci == pytest.approx((1.095, 3.155), abs=0.001)


def test_an_interval_of_neither_scale_and_a_ratio_of_another_logarithm_are_refused(tmp_path: Path) -> None:
    loaded = table(tmp_path, "study,log OR,LL,UL", "Adams 2001,0.62,2.9,8.1", **BOTH, direction="increases")
    assert [problem.found for problem in loaded.errors] == ["2.9 to 8.1 beside the logarithm 0.62"]
    loaded = table(tmp_path, "study,log OR,OR", "Adams 2001,0.62,2.86", **BOTH, direction="increases")
    assert [problem.found for problem in loaded.errors] == ["0.62, the logarithm of 1.859, beside OR 2.86"]
    (row,) = rows(table(tmp_path, "study,log OR,SE,OR", "Adams 2001,0.62,0.27,1.86", **BOTH))
    assert (row.value, row.se) == (1.86, 0.27)


@pytest.mark.parametrize("names", ["Low,High,SE", "LL,UL,se", "2.5%,97.5%,std.error", "CI low,CI high,standard error",
                                   "lower .95,upper .95,se", "95% LL,95% UL,SE", "ci.lb,ci.ub,sei", "l95,u95,SE", "lcl,ucl,SE",
                                   "conf.low,conf.high,std.error", "LCI,UCI,SE", "Lower limit CI,Upper limit CI,SE",
                                   "lower limit of the 95% CI,upper limit of the 95% CI,SE", "lowOR,uppOR,seLogOR",
                                   "OR_lower,OR_upper,SE", "CI lower bound,CI upper bound,SE"])  # fmt: skip
def test_the_ends_of_an_interval_and_a_standard_error_are_read_by_every_usual_name(tmp_path: Path, names: str) -> None:
    (row,) = rows(table(tmp_path, f"study,OR,{names},Direction", "Adams 2001,1.85,1.10,3.11,0.27,increases", **BOTH))
    assert (row.value, row.ci, row.se) == (1.85, (1.1, 3.11), 0.27)


@pytest.mark.parametrize("name", ["varlogOR", "Var(log OR)", "vi"])
def test_a_variance_is_read_by_every_usual_name(tmp_path: Path, name: str) -> None:
    (row,) = rows(table(tmp_path, f"study,logOR,{name}", "Adams 2001,0.62,0.0729", **BOTH, measure="OR"))
    assert row.se == pytest.approx(0.27)


def test_the_end_of_an_interval_is_no_part_of_another_name() -> None:
    assert [said(name) for name in ("Lower limb", "High risk", "low or high")] == [None, None, None]


@pytest.mark.parametrize("name", ["Effect estimate used (OR, HR, RR)", "effect.estimate", "Kind"])
def test_a_column_of_the_names_of_measures_says_what_the_estimates_are_whatever_it_is_called(tmp_path: Path, name: str) -> None:
    lines = ("Adams 2001,OR,1.85,1.10,3.11", "Baker 2002,hazard ratio,1.40,0.90,2.18")
    found = rows(table(tmp_path, f'study,"{name}",Estimate,Lower,Upper', *lines, **BOTH, contrast_type="binary"))
    assert [(row.measure, row.value) for row in found] == [("OR", 1.85), ("HR", 1.4)]


@pytest.mark.parametrize("name", ["univariate_multivariate", "Crude or adjusted", "Adjusted/unadjusted"])
def test_a_name_that_asks_if_an_estimate_is_adjusted_is_answered_by_its_cells(tmp_path: Path, name: str) -> None:
    lines = ("Adams 2001,Univariate,1.85 (1.10-3.11)", "Baker 2002,adjusted,1.40 (0.90-2.18)")
    assert [row.adjusted for row in rows(table(tmp_path, f"study,{name},OR", *lines, **BOTH, contrast_type="binary"))] == [False, True]


def test_a_standard_error_of_0_is_impossible(tmp_path: Path) -> None:
    (wrong,) = table(tmp_path, "study,log OR,SE", "Adams 2001,0.62,0", **BOTH).problems
    assert (wrong.severity, wrong.column, wrong.expected) == ("error", 3, "a figure above 0")
    (wrong,) = table(tmp_path, "study,yi,vi", "Adams 2001,0.62,0", **BOTH, measure="OR").problems
    assert (wrong.severity, wrong.column, wrong.expected) == ("error", 3, "a variance above 0")


def test_a_standard_error_beside_a_bare_ratio_is_read_as_its_logarithms_and_that_is_told(tmp_path: Path) -> None:
    loaded = table(tmp_path, "study,OR,SE", "Adams 2001,1.85,0.27", "Baker 2002,1.7,0.3", **BOTH)
    assert [(problem.severity, problem.line, problem.column) for problem in loaded.problems] == [("warning", 1, 3)]
    assert [study.findings[0].se for study in loaded.studies] == [0.27, 0.3]


# --- two estimates in a row ---


@pytest.mark.parametrize(
    ("names", "cells"),
    [
        ("cOR (95% CI),aOR (95% CI)", "2.50 (1.40-4.46),1.85 (1.10-3.11)"),
        ("OR (95% CI),aOR (95% CI)", "2.50 (1.40-4.46),1.85 (1.10-3.11)"),
        ("Univariate OR,Multivariate OR", "2.50 (1.40-4.46),1.85 (1.10-3.11)"),
        ("Adjusted odds ratio (95% CI),Unadjusted odds ratio (95% CI)", "1.85 (1.10-3.11),2.50 (1.40-4.46)"),
        ("crude_or,crude_low,crude_high,adj_or,adj_low,adj_high", "2.50,1.40,4.46,1.85,1.10,3.11"),
        ("OR,LL,UL,aOR,LL,UL", "2.50,1.40,4.46,1.85,1.10,3.11"),
        ("OR (crude),95% CI,OR (adjusted),95% CI", "2.50,1.40-4.46,1.85,1.10-3.11"),
        ("Measure,Univariate,Multivariate", "OR,2.50 (1.40-4.46),1.85 (1.10-3.11)"),
    ],
)
def test_a_crude_and_an_adjusted_estimate_side_by_side_are_two_findings(tmp_path: Path, names: str, cells: str) -> None:
    shared = {"direction": "increases", "covariates": "age; sex", "notes": "both"}
    crude, adjusted = sorted(
        rows(table(tmp_path, f"study,{names}", f"Adams 2001,{cells}", **BOTH, **shared)), key=lambda row: bool(row.adjusted)
    )
    assert (crude.measure, crude.value, crude.ci, crude.adjusted, crude.covariates) == ("OR", 2.5, (1.4, 4.46), False, ())
    assert (adjusted.value, adjusted.ci, adjusted.adjusted, adjusted.covariates) == (1.85, (1.1, 3.11), True, ("age", "sex"))
    assert crude.notes == adjusted.notes == "both"


def test_a_name_that_stands_there_twice_is_of_the_estimate_before_it_and_a_blank_estimate_is_none(tmp_path: Path) -> None:
    names = "study,Univariate HR (95% CI),p,Multivariate HR (95% CI),p"
    lines = [
        "Adams 2001,2.50 (1.40-4.46),0.002,1.85 (1.10-3.11),0.02",
        "Baker 2002,,,1.85 (1.10-3.11),0.02",
        "Clark 2003,2.50 (1.40-4.46),0.002,,",
        "Davis 2004,,,,NS",
    ]
    read = [(row.measure, row.value, row.p, row.adjusted) for row in rows(table(tmp_path, names, *lines, **BOTH, direction="increases"))]
    crude, adjusted = ("HR", 2.5, 0.002, False), ("HR", 1.85, 0.02, True)
    assert read == [crude, adjusted, adjusted, crude, ("p-only", None, ">0.05", True)]


def test_an_estimate_for_each_of_two_outcomes_is_two_findings(tmp_path: Path) -> None:
    names = "study,Factor,OR for death (95% CI),OR for dementia (95% CI)"
    first, second = rows(table(tmp_path, names, "Adams 2001,CMBs,2.50 (1.40-4.46),1.85 (1.10-3.11)", direction="increases"))
    assert [(row.outcome, row.value) for row in (first, second)] == [("mortality", 2.5), ("dementia", 1.85)]


def test_an_outcome_in_a_name_is_that_of_the_constant(tmp_path: Path) -> None:
    names, cells = "study,Factor,Odds ratio for death", "Adams 2001,CMBs,2.50 (1.40-4.46)"
    (row,) = rows(table(tmp_path, names, cells, outcome="mortality", direction="increases"))
    assert row.outcome == "mortality"
    (problem,) = table(tmp_path, names, cells, outcome="R-DWI", direction="increases").problems
    assert (problem.line, problem.column, problem.expected) == (1, 3, "the outcome 'R-DWI', as columns.yaml has it")
    (row,) = rows(table(tmp_path, f"{names},Outcome", f"{cells},dementia", direction="increases"))
    assert row.outcome == "dementia"


# --- names ---


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("RR (abnormal v normal)", {"key": "value", "measure": "RR", "contrast": "abnormal v normal"}),
        ("MD (95% CI)", {"key": "value", "measure": "mean-difference"}),
        ("cOR", {"key": "value", "measure": "OR", "adjusted": False}),
        ("aHR [95%CI]", {"key": "value", "measure": "HR", "adjusted": True}),
        ("Odds ratio for death", {"key": "value", "measure": "OR", "outcome": "death"}),
        ("OR per 10 mmHg", {"key": "value", "measure": "OR", "per": {"step": 10, "unit": "mmHg"}, "contrast_type": "per-unit"}),
        ("Mean difference, mL (95% CI)", {"key": "value", "measure": "mean-difference", "unit": "mL"}),
        ("crude_low", {"key": "ci_low", "adjusted": False}),
        ("p (adjusted)", {"key": "p", "adjusted": True}),
        ("95% CI of OR", {"key": "ci", "measure": "OR"}),
        ("\u03b2 (SE)", {"key": "value", "measure": "beta"}),
        ("Beta coefficient", {"key": "value", "measure": "beta"}),
        ("Minimum distance (mm)", {"key": "min_distance_mm"}),
        ("Age (years)", {"key": "age"}),
        ("Follow-up in months", {"key": "follow_up_months"}),
    ],
)
def test_a_name_says_what_its_column_holds(name: str, expected: dict[str, Any]) -> None:
    assert said(name) == expected


@pytest.mark.parametrize(
    "name",
    [
        "SE (OR)", "Multivariate analysis", "log", "OR (model 2)", "OR (99% CI)", "90% CI", "OR per 10 mmHg decrease", "OR (ref: male)",
        "age-adjusted OR", "IRR", "adjusted crude OR", "Warfarin or heparin", "Time to MRI (hours)", "log MD",
    ],
)  # fmt: skip
def test_a_name_of_which_a_part_is_not_understood_is_not_read(name: str) -> None:
    assert said(name) is None


def test_a_factor_with_its_unit_or_step_is_the_term_without_it(tmp_path: Path) -> None:
    lines = ['"Age, per 10 years"', "Age per 5-year increase", "CRP (mg/L)", "CMBs (present vs absent)", "Age"]
    found = rows(
        table(
            tmp_path,
            "study,factor,OR (95% CI)",
            *(f"Adams 2001,{one},1.2 (1.1-1.3)" for one in lines),
            outcome="R-DWI",
            direction="increases",
        )
    )
    assert [(row.exposure, row.per and row.per.step, row.contrast_type, row.contrast) for row in found] == [
        ("age", 10, "per-unit", None), ("age", 5, "per-unit", None), ("c-reactive-protein", None, None, None),
        ("cerebral-microbleeds", None, None, "present vs absent"), ("age", None, None, None),
    ]  # fmt: skip
    assert [row.exposure_as_reported for row in found] == ["Age, per 10 years", *lines[1:4], None]


def test_a_unit_that_is_not_the_outcomes_own_is_kept_in_the_notes(tmp_path: Path) -> None:
    (row,) = rows(table(tmp_path, "study,MD (weeks),notes", "Adams 2001,5.4 (3.2-7.6),read twice", **STAY, direction="increases"))
    assert row.notes == "read twice; unit: weeks"
    (row,) = rows(table(tmp_path, "study,MD (days)", "Adams 2001,5.4 (3.2-7.6)", **STAY, direction="increases"))
    assert row.notes is None


# --- percentages, prevalence ---


def test_a_figure_above_1_in_the_column_settles_that_none_is_a_fraction(tmp_path: Path) -> None:
    names, lines = "study,lesion,n,%", ["Adams 2001,R-DWI,100,0.6", "Baker 2002,R-DWI,100,12.4", "Clark 2003,R-DWI,100,33.0"]
    loaded = table(tmp_path, names, *lines)
    assert [study.prevalence[0].pct for study in loaded.studies] == [0.6, 12.4, 33.0]
    (problem,) = table(tmp_path, names, lines[0]).problems
    assert problem.expected == "one reading, not 2: 0.6% or 60%"
    loaded = table(tmp_path, names.replace("%", "proportion"), lines[0], "Baker 2002,R-DWI,100,0.124")
    assert [study.prevalence[0].pct for study in loaded.studies] == [60, 12.4]


@pytest.mark.parametrize(
    ("names", "cells", "n"),
    [
        ("Author,Year,n,cases,total,pct,Lesion", "Adams,2001,100,12,78,15.4,R-DWI", 100),
        ("Study,events,total", "Adams 2001,12,78", None),
        ("Study,n/N (%)", "Adams 2001,12/78 (15.4%)", None),
        ("Study,Outcome,cases,n", "Adams 2001,R-DWI,12,78", None),
        ("Study,cases,n,prevalence (%),LL,UL", "Adams 2001,12,78,15.4,8.2,25.3", None),
    ],
)
def test_a_table_of_prevalence_stands_alone(tmp_path: Path, names: str, cells: str, n: int | None) -> None:
    loaded = table(tmp_path, names, cells, lesion="R-DWI")
    assert loaded.problems == ()
    (study,) = loaded.studies
    (row,) = study.prevalence
    assert (study.id, study.n, study.findings) == ("adams-2001", n, ())
    assert (row.population, row.lesion, row.cases, row.total) == ("ich", "r-dwi", 12, 78)


@pytest.mark.parametrize("name", ["OR (95% CI)", "p", "Adjusted?", "Control Events"])
def test_a_table_that_compares_is_none_of_prevalence(tmp_path: Path, name: str) -> None:
    loaded = table(tmp_path, f"study,outcome,events,total,{name}", "Adams 2001,R-DWI,12,78,1")
    assert loaded.studies == ()
    assert "no table of ours" in loaded.problems[0].found


def test_a_bare_n_beside_a_total_without_cases_is_asked_about(tmp_path: Path) -> None:
    (problem,) = table(tmp_path, "study,n,total,%", "Adams 2001,12,78,15.4", lesion="R-DWI").problems
    assert (problem.severity, problem.column) == ("error", 2)


# --- studies ---


def test_a_running_number_names_no_study_where_author_and_year_do(tmp_path: Path) -> None:
    lines = ["1,Adams,2001,10,20,5,40", "2,Baker et al,2001,10,20,5,40", "3,Adams,2001,11,20,5,40"]
    loaded = table(tmp_path, "trial,author,year,tpos,tneg,cpos,cneg", *lines, **BOTH)
    assert [study.id for study in loaded.studies] == ["adams-2001", "adams-2001-3", "baker-2001"]


# --- the page ---

PAGE = (Path(__file__).parents[1] / "docs" / "tables.md").read_text(encoding="utf-8")
DOCUMENTED = [
    names
    for line in PAGE.partition("## Layouts")[2].partition("\n## ")[0].splitlines()
    if line.startswith("| `")
    for names in line.split(" | ")[0].removeprefix("| ").split("; ")
]


@pytest.mark.parametrize("names", DOCUMENTED)
def test_each_layout_that_the_page_lists_is_recognised(names: str) -> None:
    cells = [Cell(name, 1, i, "a.csv") for i, name in enumerate(["study", *re.findall("`([^`]+)`", names)], start=1)]
    header = headers.found(Grid("a", "a.csv", [cells]), FLAT, NOTHING)
    assert header is not None
    assert len(header.matches) == len(cells) > 2
    assert (header.unknown, header.repeated) == ((), ())
    estimates = {match.estimate for match in header.matches.values()} - {None}
    assert len(estimates) == (2 if any(word in names for word in ("cOR", "Univariate", "crude")) else 0)


# --- exports of other programs ---

REVMAN = """Study,Study year,Experimental cases,Experimental N,Control cases,Control N,Weight,Mean,CI start,CI end,Footnotes
Adams,2001,10,30,5,45,55.1,4.0,1.2,13.29,
Baker,2002,8,40,7,60,44.9,1.89,0.63,5.7,
"""
METAFOR = """trial,author,year,ai,bi,ci,di,alloc,yi,vi
1,Adams,2001,10,20,5,40,random,1.3863,0.3750
2,Baker,2002,8,32,7,53,random,0.6380,0.3180
"""
META = """studlab,event.e,n.e,event.c,n.c,TE,seTE,lower,upper,zval,pval,w.common,w.random
Adams 2001,10,30,5,45,1.3863,0.6124,0.1861,2.5865,2.26,0.0236,45.9,45.9
Baker 2002,8,40,7,60,0.6380,0.5639,-0.4672,1.7432,1.13,0.2579,54.1,54.1
"""


@pytest.mark.parametrize(("export", "value"), [(REVMAN, 4.0), (METAFOR, pytest.approx(4, abs=1e-3)), (META, pytest.approx(4, abs=1e-3))])
def test_an_export_loads_by_the_mapping_that_columns_prints_with_its_constants(
    tmp_path: Path, folder: Path, export: str, value: Any
) -> None:
    path = tmp_path / "export.csv"
    path.write_text(export)
    told = CliRunner().invoke(app, ["columns", str(path)])
    assert told.exit_code == 0
    mapping = yaml.safe_load(told.output)
    known = {"read": "abstract", "population": "ICH", "direction": "unclear", "measure": "OR", **BOTH}
    mapping["constants"] = {**(mapping.get("constants") or {}), **known}
    (tmp_path / "columns.yaml").write_text(yaml.safe_dump(mapping))
    done = CliRunner().invoke(app, ["load", str(path), "--fresh"])
    assert (done.exit_code, "2 studies added" in done.output) == (0, True)
    row = load([path], shipped()).studies[0].findings[0]
    assert row.counts is not None
    assert (row.value, row.counts.exposed_total, row.counts.unexposed_cases) == (value, 30, 5)
