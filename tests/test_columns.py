"""Columns are found by their usual names or a mapping; commands tell what was found."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest
import yaml
from typer.testing import CliRunner

from api.cli import app
from graph.opening import shipped
from loaders.sheets import Loaded, load
from schema.report import faults, vocabulary_lines

NAMES = "study,first_author,year,read,population,exposure,outcome,measure,value,ci,p,direction"
ROW = "a-2020,Adams,2020,abstract,ICH,age,R-DWI,OR,1.85,1.10-3.11,0.02,increases"


def table(folder: Path, *lines: str, name: str = "a.csv") -> Loaded:
    (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return load([folder], shipped())


def run(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, list(arguments))
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        return 1, str(done.exception)
    return done.exit_code, done.output


def test_columns_are_found_in_any_order_and_case(tmp_path: Path) -> None:
    names, cells = NAMES.upper().split(","), ROW.split(",")
    loaded = table(tmp_path, ",".join(reversed(names)), ",".join(reversed(cells)))
    assert loaded.problems == ()
    assert loaded.studies[0].findings[0].ci == (1.1, 3.11)


def test_american_names_are_british_ones(tmp_path: Path) -> None:
    loaded = table(tmp_path, f"{NAMES},Randomized,Number of centers", f"{ROW},no,4")
    assert loaded.problems == ()
    assert loaded.studies[0].centres == 4


def test_names_in_camel_case_are_their_words(tmp_path: Path) -> None:
    names = "studyId,riskFactor,outcomeVariable,oddsRatio,lowerCI,upperCI,pValue"
    loaded = table(tmp_path, names, "Novak 2001,age,R-DWI,1.85,1.10,3.11,0.02")
    (row,) = loaded.studies[0].findings
    assert (row.exposure, row.outcome, row.measure, row.value, row.ci, row.p) == ("age", "r-dwi", "OR", 1.85, (1.1, 3.11), 0.02)


def test_an_unknown_column_is_left_out_and_told_and_a_slip_is_an_error(tmp_path: Path) -> None:
    loaded = table(tmp_path, f"{NAMES},Funding", f"{ROW},none of it")
    assert [(problem.severity, problem.found) for problem in loaded.problems] == [("warning", "the column 'Funding'")]
    assert len(loaded.studies) == 1
    loaded = table(tmp_path, f"{NAMES},Reversd", f"{ROW},yes")
    assert loaded.studies == ()
    assert "Is it 'reversed'?" in str(loaded.problems[0].help)


def test_the_keys_that_tell_what_may_be_pooled_are_found_by_the_names_that_people_write(tmp_path: Path) -> None:
    names = "Cut-off,Outcome cutpoint,Follow-up (months),Compared with,Events,Disjoint,Pooled cohorts,k,Number of studies"
    loaded = table(tmp_path, f"{NAMES},{names}", f"{ROW},>= 65 years,mRS 3-6,3\u201312,hypertension,40,no,INTERACT2; ERICH,4,18")
    assert loaded.problems == ()
    (study,) = loaded.studies
    (row,) = study.findings
    assert (row.cutoff, row.outcome_cutoff, row.follow_up_months, row.versus) == (">= 65 years", "mRS 3-6", (3, 12), "hypertension")
    assert (row.events, row.k, study.k, study.pools, study.populations[0].disjoint) == (40, 4, 18, ("INTERACT2", "ERICH"), False)
    (problem,) = table(tmp_path, f"{NAMES},Follow-up (months)", f"{ROW},90 days").problems
    assert (problem.severity, problem.line, problem.column) == ("error", 2, 13)
    assert "write 3 for 90 days" in str(problem.help)


def test_n_of_N_in_a_table_of_findings_is_asked_about(tmp_path: Path) -> None:
    (problem,) = table(tmp_path, f"{NAMES},n/N", f"{ROW},12/78").problems
    assert (problem.severity, problem.line, problem.column) == ("error", 1, 13)
    assert "exposed n/N or unexposed n/N" in problem.expected


def test_a_needed_column_that_is_missing_is_told_once(tmp_path: Path) -> None:
    (tmp_path / "studies.csv").write_text("id,title\na-2020,A title\n")
    loaded = table(tmp_path, "study,exposure,outcome", *["a-2020,age,r-dwi"] * 3, name="findings.csv")
    assert sorted(problem.found for problem in loaded.errors) == ["no column 'direction'", "no column 'population'", "no column 'read'"]


def test_author_and_year_name_a_study_where_no_column_does(tmp_path: Path) -> None:
    loaded = table(tmp_path, NAMES.removeprefix("study,"), ROW.removeprefix("a-2020,"))
    assert [study.id for study in loaded.studies] == ["adams-2020"]


MAPPING = """
columns:
  Einflussfaktor: exposure
  Wer: null
ignore: [Funding]
values:
  direction: {harm: increases}
constants:
  read: full-text
  population: lobar ICH
decimal: comma
"""


def test_a_mapping_says_what_columns_words_and_commas_are(tmp_path: Path) -> None:
    (tmp_path / "columns.yaml").write_text(MAPPING)
    loaded = table(
        tmp_path, "study;Einflussfaktor;Outcome;OR (95% CI);direction;Wer;Funding", "a;age;R-DWI;1,234 (1,100-1,400);harm;me;none"
    )
    assert loaded.problems == ()
    (study,) = loaded.studies
    assert (study.read, study.populations[0].location, study.findings[0].value, study.findings[0].direction) == (
        "full-text", "lobar", 1.234, "increases",
    )  # fmt: skip


def test_a_mapping_says_what_signs_and_marks_of_nothing_mean(tmp_path: Path) -> None:
    given = 'values: {direction: {"+": increases, "-": decreases}, adjusted: {not stated: no}}\n'
    rows = ("Novak 2001,CMBs,R-DWI,+,not stated", "Dvorak 2002,CMBs,R-DWI,-,yes", "Svoboda 2003,CMBs,R-DWI,increases,NR")
    loaded = mapped(tmp_path, given, "study,factor,outcome,direction,adjusted", *rows)
    assert loaded.errors == ()
    said = {study.id: (study.findings[0].direction, study.findings[0].adjusted) for study in loaded.studies}
    assert said == {"novak-2001": ("increases", False), "dvorak-2002": ("decreases", True), "svoboda-2003": ("increases", None)}


@pytest.mark.parametrize(
    ("mapping", "found", "line"),
    [("columns: {A: exposur}", "'exposur'", 1), ("\nkolumns: {}", "the key 'kolumns'", 2), ("decimal: dot", "'dot'", 1), ("- a", "['a']",
     1),
     ("constants:\n  reed: abstract", "'reed'", 2), ("a: [", "YAML that can't be read", 2)],
)  # fmt: skip
def test_what_is_wrong_with_a_mapping_is_told_with_its_line(tmp_path: Path, mapping: str, found: str, line: int) -> None:
    (tmp_path / "columns.yaml").write_text(mapping)
    problem = table(tmp_path, NAMES, ROW).errors[0]
    assert found in problem.found
    assert (Path(problem.file).name, problem.line) == ("columns.yaml", line)


def test_a_table_that_is_none_of_ours_says_what_is_wanted(tmp_path: Path) -> None:
    (problem,) = table(tmp_path, "name,price", "apple,2").problems
    assert "no table of ours" in problem.found
    assert "rdwi columns" in str(problem.help)


def test_the_row_sets_of_a_folder_belong_together_and_a_slip_in_a_study_is_told(tmp_path: Path) -> None:
    (tmp_path / "studies.csv").write_text("id,read\na-2020,abstract\n")
    (tmp_path / "populations.csv").write_text("study,id,label,condition,arteriopathy,location\na-2020,all,people,ich,any,any\n")
    loaded = table(tmp_path, "study,exposure,outcome,population,direction", "a-2020,age,r-dwi,People,unclear",
     "a-202,age,r-dwi,all,unclear",
                   "a-2020,age,r-dwi,ICH,unclear", name="findings.csv")  # fmt: skip
    assert [(problem.found, problem.help) for problem in loaded.problems] == [
        ("the study 'a-202'", "Did you mean 'a-2020'?"), ("'ich'", None),
    ]  # fmt: skip


def test_two_words_of_a_mapping_that_read_alike_must_mean_the_same(tmp_path: Path) -> None:
    (tmp_path / "columns.yaml").write_text("values:\n  population:\n    CMB+: with\n    CMB-: without\n")
    (tmp_path / "a.csv").write_text("Study ID,OR\na,1.5\n")
    problem = next(one for one in load([tmp_path], shipped()).problems if one.file.endswith("columns.yaml"))
    assert "means another" in problem.found
    assert problem.line == 4


def mapped(folder: Path, mapping: str, *lines: str) -> Loaded:
    (folder / "columns.yaml").write_text(mapping)
    return table(folder, *lines)


def test_an_unknown_term_of_a_constant_or_a_value_is_drafted_for_the_vocabulary_by_what_it_is(tmp_path: Path) -> None:
    given = "constants: {outcome: Relapse of gout}\nvalues: {exposure: {A: Thiazides}}\n"
    lines = ("study,factor,OR (95% CI)", "Novak 2001,A,1.85 (1.10-3.11)")
    loaded = mapped(tmp_path, given, *lines)
    (tmp_path / "vocabulary.yaml").write_text(vocabulary_lines(loaded.problems))
    kinds = {entry["name"]: entry["kind"] for entry in yaml.safe_load((tmp_path / "vocabulary.yaml").read_text())}
    assert kinds == {"Relapse of gout": "outcome", "Thiazides": "risk-factor"}
    (study,) = load([tmp_path], shipped()).studies
    assert (study.findings[0].exposure, study.findings[0].outcome) == ("thiazides", "relapse-of-gout")


CONSTANT = ("study,read,population,OR (95% CI),direction", *(f"a-{i},abstract,ICH,1.85 (1.10-3.11),increases" for i in range(3)))


@pytest.mark.parametrize(
    ("constants", "key", "line", "expected"),
    [
        ("exposure: marital status\n  outcome: R-DWI", "exposure", 2, "a term of the vocabulary"),
        ("exposure: CMBs\n  outcome: R-DWI\n  design: cohrt", "design", 4, "one of prospective-cohort"),
        ("exposure: CMBs\n  n: many\n  outcome: R-DWI", "n", 3, "a whole number"),
        ("exposure: CMBs\n  outcome: R-DWI\n  p: [1]", "p", 4, "a text"),
        ("exposure: CMBs\n  outcom: R-DWI", "outcom", 3, "the key of a column"),
    ],
)
def test_a_wrong_constant_is_told_once_at_its_line(tmp_path: Path, constants: str, key: str, line: int, expected: str) -> None:
    loaded = mapped(tmp_path, f"constants:\n  {constants}\n", *CONSTANT)
    (problem,) = loaded.problems
    assert (Path(problem.file).name, problem.path, problem.line) == ("columns.yaml", f"constants.{key}", line)
    assert problem.expected.startswith(expected)
    assert loaded.studies == ()


def test_a_word_whose_meaning_is_none_is_told_once_and_not_in_each_row(tmp_path: Path) -> None:
    lines = [NAMES, *(ROW.replace("increases", "harm").replace("a-2020", f"a-{i}") for i in range(3))]
    (problem,) = mapped(tmp_path, "values:\n  direction: {harm: worse, benefit: decreases}\n", *lines).problems
    assert (problem.path, problem.line, problem.found) == ("values.direction.harm", 2, "'worse'")


def test_the_good_rest_of_a_mapping_with_a_mistake_is_used(tmp_path: Path) -> None:
    mapping = "columns: {Faktor: exposure, Wer: nobdy}\nkolumns: {}\nconstants: {read: abstract, population: ICH}\n"
    loaded = mapped(tmp_path, mapping, "study,Faktor,Outcome,OR (95% CI),direction,Wer", "a,age,R-DWI,1.85 (1.10-3.11),increases,me")
    assert [(problem.line, problem.found) for problem in loaded.problems] == [(1, "'nobdy'"), (2, "the key 'kolumns'")]


def test_a_mapping_that_cant_be_read_is_the_one_thing_told(tmp_path: Path) -> None:
    (problem,) = mapped(tmp_path, "columns: {A: [", *CONSTANT).problems
    assert Path(problem.file).name == "columns.yaml"
    assert mapped(tmp_path, " \n", NAMES, ROW).problems == ()


def book_of(folder: Path, **sheets: list[list[str]]) -> Path:
    made = openpyxl.Workbook()
    made.remove(made.worksheets[0])
    for name, rows in sheets.items():
        sheet = made.create_sheet(name)
        for row in rows:
            sheet.append(row)
    made.save(folder / "book.xlsx")
    return folder / "book.xlsx"


def test_sheets_are_chosen_and_left_out_by_the_mapping(tmp_path: Path) -> None:
    other = [["study", "year", "score"], ["a-2020", "2020", "8"]]
    path = book_of(tmp_path, Data=[NAMES.split(","), ROW.split(",")], Quality=other)
    assert load([path], shipped()).studies == ()
    (tmp_path / "columns.yaml").write_text("sheets: {Data: flat}\n")
    loaded = load([path], shipped())
    assert [(problem.severity, problem.cell, problem.found) for problem in loaded.problems] == [
        ("warning", "Quality!A1", "the sheet 'Quality', which columns.yaml doesn't name")
    ]
    assert len(loaded.studies) == 1
    for mapping in ("sheets: {Data: flat, Quality: null}\n", "sheets: {Quality: null}\n"):
        (tmp_path / "columns.yaml").write_text(mapping)
        assert (load([path], shipped()).problems, len(load([path], shipped()).studies)) == ((), 1)


def test_files_of_a_folder_are_chosen_and_left_out_by_the_mapping(tmp_path: Path) -> None:
    (tmp_path / "old.csv").write_text("name,price\napple,2\n")
    for mapping, told in (
        ("{old.csv: null}", []),
        ("{a.csv: flat}", ["old.csv"]),
        ("{a: flat}", ["old.csv"]),
        ("{a.csv: flat, old: null}", []),
    ):
        loaded = mapped(tmp_path, f"sheets: {mapping}\n", NAMES, ROW)
        assert [Path(problem.file).name for problem in loaded.problems if problem.severity == "warning"] == told
        assert len(loaded.studies) == 1


def test_a_name_of_no_sheet_and_no_file_is_told_at_its_line(tmp_path: Path) -> None:
    (problem,) = mapped(tmp_path, "sheets:\n  Dta: null\n", NAMES, ROW).problems
    assert (problem.severity, problem.line) == ("warning", 2)
    assert "'Dta', which is no sheet and no file here" in problem.found
    (problem,) = mapped(tmp_path, "sheets:\n  a: flatt\n", NAMES, ROW).errors[:1]
    assert "or null to leave it out" in problem.expected


def test_columns_may_be_written_into_columns_yaml_and_checked(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("Study,Factor,Outcome,aOR (95% CI),Wer hat es gelesen\nNovak 2001,age,R-DWI,1.85 (1.10-3.11),me\n")
    # the shell makes it, empty, before the command begins
    (tmp_path / "columns.yaml").write_text("")
    status, told = run("columns", str(tmp_path / "a.csv"))
    assert status == 0
    (tmp_path / "columns.yaml").write_text(told)
    loaded = load([tmp_path], shipped())
    assert loaded.errors == ()
    (row,) = loaded.studies[0].findings
    assert (row.exposure, row.measure, row.adjusted) == ("age", "OR", True)


def test_a_single_known_name_is_part_of_the_mapping(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("Study,Foo,Bar\nNovak 2001,1,2\n")
    _, told = run("columns", str(tmp_path / "a.csv"))
    assert yaml.safe_load(told)["columns"] == {"Study": "study", "Foo": None, "Bar": None}
    assert all(f"#   {key}:  # " in told for key in ("exposure", "outcome", "value"))


def test_columns_prints_words_and_terms_that_are_not_known(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(
        "Study,Factor,Outcome,Estimate,Design\na,marital status,R-DWI,1.85,RCTs\nb,marital status,R-DWI,2,rct\nNote: of 2 sites,,,,\n"
    )
    status, told = run("columns", str(tmp_path))
    assert status == 0
    for line in ('#     "marital status":   # in 2 rows', '#     "RCTs": rct  # in 1 row; the nearest', "#   measure:  # What"):
        assert line in told
    assert "Note" not in told
    (tmp_path / "vocabulary.yaml").write_text("- {id: marital-status, name: marital status, kind: risk-factor}\n")
    assert "marital" not in run("columns", str(tmp_path / "a.csv"))[1]


def test_columns_says_which_sheets_are_tables(tmp_path: Path) -> None:
    path = book_of(tmp_path, Data=[NAMES.split(","), ROW.split(",")], Notes=[["written by me"]])
    status, told = run("columns", str(path))
    assert (status, yaml.safe_load(told)["sheets"]) == (0, {"Data": "flat", "Notes": None})
    (tmp_path / "columns.yaml").write_text(told)
    assert load([path], shipped()).problems == ()


def test_columns_prints_what_was_recognised_and_a_mapping_that_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("Study ID,Exposuer,Outcomes,aOR (95% CI),Wer hat es gelesen\na,age,R-DWI,1.85,me\n")
    status, told = run("columns", str(tmp_path / "a.csv"))
    assert status == 0
    assert "#   A   'Study ID': study" in told
    assert "#   D   'aOR (95% CI)': value, measure OR, adjusted True" in told
    assert '  "Wer hat es gelesen": null' in told
    assert "# nearest: exposure" in told
    assert yaml.safe_load(told)["columns"] == {"Exposuer": None, "Wer hat es gelesen": None}
    (tmp_path / "columns.yaml").write_text(told)
    assert [problem.file for problem in load([tmp_path], shipped()).problems if problem.file.endswith("columns.yaml")] == []


def test_columns_of_what_is_no_table_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("id: a")
    assert run("columns", str(tmp_path / "a.yaml"))[0] == 1
    assert run("columns", str(tmp_path / "nothing.xlsx"))[0] == 1


def test_template_writes_a_workbook_and_overwrites_none(tmp_path: Path) -> None:
    status, told = run("template", str(tmp_path / "a.xlsx"))
    assert status == 0
    assert "rdwi check" in told
    assert openpyxl.load_workbook(tmp_path / "a.xlsx").sheetnames[:5] == ["studies", "populations", "prevalence", "findings", "mechanisms"]
    assert "there already" in run("template", str(tmp_path / "a.xlsx"))[1]
    assert "ends in .xlsx" in run("template", str(tmp_path / "a.csv"))[1]
    assert "can't be written" in run("template", str(tmp_path / "none" / "a.xlsx"))[1]


def test_a_table_is_previewed_and_loaded_like_a_sheet(tmp_path: Path, folder: Path) -> None:
    table(tmp_path, NAMES, ROW)
    assert "added: a-2020" in run("preview", str(tmp_path / "a.csv"))[1]
    assert "1 studies added" in run("load", str(tmp_path / "a.csv"))[1]
    assert run("export", "sheets", "--output", str(tmp_path / "b.xlsx"))[0] == 0
    assert "a-2020" in {study.id for study in load([tmp_path / "b.xlsx"], shipped()).studies}
    assert "takes the whole graph" in run("export", "sheets", "--output", str(tmp_path / "c.xlsx"), "--population", "caa")[1]
    assert "not empty" in run("export", "sheets", "--output", str(tmp_path))[1]


def test_a_column_without_a_name_is_told_once_drafted_by_its_letter_and_read_as_what_columns_yaml_says(tmp_path: Path) -> None:
    rows = [[f"Adams 200{i}", f"10.1000/a{i}", "CMBs", "R-DWI", "1.85 (1.10-3.11)", "kept for us"] for i in range(1, 4)]
    path = book_of(tmp_path, all=[["study", None, "factor", "outcome", "OR (95% CI)", None], *rows])  # type: ignore[list-item]
    told = [fault.first for fault in faults(load([path], shipped()).errors)]
    assert [(one.cell, "column without a name" in one.found) for one in told] == [("all!B2", True), ("all!F2", True)]
    _, draft = run("columns", str(path))
    assert yaml.safe_load(draft)["columns"] == {"column B": None, "column F": None}
    (tmp_path / "columns.yaml").write_text(draft.replace('"column B": null', '"column B": doi'))
    loaded = load([path], shipped())
    assert loaded.errors == ()
    assert [study.doi for study in loaded.studies] == ["10.1000/a1", "10.1000/a2", "10.1000/a3"]


def test_a_factor_that_is_the_name_of_each_sheet_is_a_constant_of_its_own(tmp_path: Path) -> None:
    names = ["Study", "Year", "OR", "CI (lower)", "CI (upper)"]
    sheets = {"Silica": [names, ["Novak", "2001", "1.85", "1.10", "3.11"]], "Wood_dust": [names, ["Novak", "2001", "1.55", "1.10", "2.11"]]}
    path = book_of(tmp_path, **sheets)
    _, draft = run("columns", str(path))
    assert yaml.safe_load(draft)["sheets"] == {"Silica": "flat", "Wood_dust": "flat"}
    assert 'exposure:  # The factor: cerebral-microbleeds, or any of its names. "{sheet}"' in draft
    constants = 'constants: {exposure: "{sheet}", outcome: R-DWI}\nvalues: {exposure: {Wood_dust: smoking}}\n'
    (tmp_path / "columns.yaml").write_text(f"{draft}{constants}")
    problems = load([path], shipped()).problems
    assert [(one.found, one.line) for one in problems if one.severity == "error"] == [("'Silica'", len(draft.splitlines()) + 1)]
    (tmp_path / "vocabulary.yaml").write_text(vocabulary_lines(problems))
    (study,) = load([tmp_path], shipped()).studies
    assert [(row.exposure, row.value) for row in study.findings] == [("silica", 1.85), ("smoking", 1.55)]


def test_a_draft_of_cases_and_totals_asks_for_the_lesion_alone(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("study,pubyear,country,cases,total\nNovak 2001,2001,CZ,12,80\n")
    _, draft = run("columns", str(tmp_path / "a.csv"))
    assert "columns: {}" in draft
    assert [line.split(":")[0] for line in draft.splitlines() if line.startswith("#   ") and line[4] != " "][-1] == "#   lesion"
    (tmp_path / "columns.yaml").write_text(f"{draft}constants: {{lesion: R-DWI}}\n")
    (study,) = load([tmp_path], shipped()).studies
    assert (study.year, study.prevalence[0].cases, study.prevalence[0].total) == (2001, 12, 80)


def test_files_of_a_factor_each_are_one_table_whose_studies_have_rows_in_several(tmp_path: Path) -> None:
    for factor in ("smoking", "hypertension"):
        (tmp_path / f"{factor}.csv").write_text('"First author,\nyear",OR (95% CI)\n"Novak, 2001",1.85 (1.10-3.11)\n')
    (tmp_path / "columns.yaml").write_text('constants: {exposure: "{sheet}", outcome: R-DWI}\n')
    (study,) = load([tmp_path], shipped()).studies
    assert (study.label, [row.exposure for row in study.findings]) == ("Novak 2001", ["hypertension", "smoking"])


def test_two_columns_of_one_key_are_one_fault_and_the_draft_leaves_the_second_out(tmp_path: Path) -> None:
    rows = [f"Novak 20{i},CMBs,R-DWI,1.{i} (1.10-3.11),1.5,1.{i}" for i in range(10, 30)]
    (tmp_path / "a.csv").write_text("\n".join(["study,factor,outcome,OR (95% CI),OR_Fixed,OR", *rows]))
    (fault,) = faults(load([tmp_path], shipped()).errors)
    assert (fault.count, fault.first.column) == (20, 5)
    _, draft = run("columns", str(tmp_path / "a.csv"))
    assert "\"OR_Fixed\": null  # value is 'OR (95% CI)' already" in draft
    (tmp_path / "columns.yaml").write_text(draft)
    assert load([tmp_path], shipped()).errors == ()


def test_rows_of_a_study_that_differ_are_one_fault_a_column_and_case_makes_no_difference(tmp_path: Path) -> None:
    rows = [
        f"Novak 2001,{name},{n},CMBs,R-DWI,1.5 (1.10-3.11)"
        for name, n in [("Head and Neck", 40), ("head and neck", 41), ("HEAD AND NECK", 42)]
    ]
    loaded = table(tmp_path, "study,population label,N,factor,outcome,OR (95% CI)", *rows)
    assert [(fault.count, fault.first.path) for fault in faults(loaded.errors)] == [(2, "n")]
