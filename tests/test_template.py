"""The workbook to fill in: it offers and explains, its worked rows are never evidence, and what is typed is what a YAML sheet says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from graph import opening
from graph.opening import shipped
from graph.settings import Settings
from loaders.sheets import load
from loaders.tables import grid_rows, template
from loaders.tables.columns import COLUMNS, ROW_SETS
from schema.study import Study, canonical

NBSP, MINUS, EN = "\u00a0", "\u2212", "\u2013"


@pytest.fixture
def book(tmp_path: Path) -> Any:
    (tmp_path / "t.xlsx").write_bytes(template.empty(shipped()))
    return openpyxl.load_workbook(tmp_path / "t.xlsx")


def saved(book: Any, folder: Path) -> Path:
    book.save(folder / "t.xlsx")
    return folder / "t.xlsx"


def test_every_column_has_its_name_and_a_line_of_help(book: Any) -> None:
    for table in ROW_SETS:
        names, lines = ([cell.value for cell in row] for row in book[table].iter_rows(1, 2))
        assert names == [column.key for column in COLUMNS[table]]
        assert lines == [column.help_in(shipped()) for column in COLUMNS[table]]
        assert all(column.help.endswith(".") for column in COLUMNS[table])


def test_choices_terms_and_studies_are_offered_in_drop_downs(book: Any) -> None:
    offered = {
        (table, COLUMNS[table][cell.min_col - 1].key): rule.formula1
        for table in ROW_SETS
        for rule in book[table].data_validations.dataValidation
        for cell in rule.sqref.ranges
    }
    assert offered["findings", "direction"] == '"increases,decreases,no-association,unclear"'
    assert offered["findings", "adjusted"] == '"yes,no"'
    assert offered["prevalence", "study"].startswith("=studies!$A$3")
    wanted = {(table, column.key) for table in ROW_SETS for column in COLUMNS[table] if column.choices or column.kind == "bool"}
    assert wanted - offered.keys() == set()
    assert offered["findings", "versus"].startswith("=lists!")
    rule = offered["findings", "exposure"]
    assert rule.startswith("=lists!")
    letter = rule.split("$")[1]
    listed = [cell.value for cell in book["lists"][letter] if cell.value]
    assert listed[1:] == sorted(shipped().vocabulary.terms)
    assert book["lists"].sheet_state == "hidden"


def test_an_inline_list_is_short_enough_for_excel(book: Any) -> None:
    for table in ROW_SETS:
        assert all(len(rule.formula1) <= 257 for rule in book[table].data_validations.dataValidation)


def test_there_are_two_worked_rows_a_sheet_that_are_right(book: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert all(len(shipped().worked[table]) == 2 for table in ROW_SETS)
    monkeypatch.setattr(grid_rows, "EXAMPLE_IDS", frozenset())
    monkeypatch.setattr(grid_rows, "MARK", "")
    loaded = load([saved(book, tmp_path)], shipped())
    assert loaded.problems == ()
    assert [len(study.findings) for study in loaded.studies] == [2, 0]


def test_an_empty_template_is_nothing_to_load(book: Any, tmp_path: Path) -> None:
    loaded = load([saved(book, tmp_path)], shipped())
    assert loaded.studies == ()
    assert [problem.found for problem in loaded.problems] == ["nothing but the worked examples of the template"]


def test_the_worked_rows_are_left_out_beside_rows_of_ones_own(book: Any, tmp_path: Path) -> None:
    book["studies"].append(["smith-2024", "A title"] + [None] * 8 + ["abstract"])
    loaded = load([saved(book, tmp_path)], shipped())
    assert loaded.problems == ()
    assert [study.id for study in loaded.studies] == ["smith-2024"]


@pytest.mark.parametrize(
    ("table", "key", "value"),
    [("studies", "id", "smith-2024"), ("studies", "year", 2024), ("findings", "value", "2.5 (1.1-5.6)"), ("findings", "source", "Table 2"),
     ("findings", "study", "smith-2024"), ("prevalence", "cases", "20/78"), ("studies", "notes", None)],
)  # fmt: skip
def test_a_worked_row_that_was_typed_over_is_an_error_and_not_evidence(book: Any, tmp_path: Path, table: str, key: str, value: Any) -> None:
    book["studies"].append(["smith-2024", "A title"] + [None] * 8 + ["abstract"])
    column = [one.key for one in COLUMNS[table]].index(key) + 1
    book[table].cell(3, column).value = value
    loaded = load([saved(book, tmp_path)], shipped())
    assert loaded.studies == ()
    assert [(problem.cell, problem.found) for problem in loaded.errors] == [
        (f"{table}!A3", "a worked example of the template that was changed")
    ]


# --- as a reviewer would: sheets of the corpus, typed by hand ---

HAND: dict[str, dict[str, list[dict[str, Any]]]] = {
    "gregoire-2011": {
        "studies": [{"year": "2011", "n": "n = 161", "centres": 4, "mri_window_days": f"0{EN}90"}],
        "populations": [{"n": 114}, {"n": "39"}, {"n": 75.0}, {"n": "47"}, {"n": f"161{NBSP}"}],
        "prevalence": [
            {"cases": "15/114 (13.2%)", "main": "yes"}, {"cases": f"9{NBSP}/{NBSP}39 (23{NBSP}%)", "main": "Y"},
            {"cases": "6 of 75 (8%)", "main": "x"}, {"cases": "0/47", "pct": "0%", "main": "-"},
        ],
        "findings": [
            {"p": "p = .024", "exposed_cases": "9/39", "unexposed_cases": "6/75 (8.0%)", "adjusted": "crude"},
            {"value": "1\u00b714 [1\u00b702 to 1\u00b728]", "p": "0,024", "per": "per 1 points", "adjusted": "NR"},
            {"value": "3,85", "p": "P=0.029", "ci": "n.r."},
            {"p": "-", "value": "NR"},
            {"exposed_cases": "15", "exposed_total": 114, "unexposed_cases": f"0{NBSP}/{NBSP}47", "adjusted": "no"},
            {"p": EN},
        ],
    },
    "gioia-n117": {
        "studies": [{"n": 117, "mri_median_day": "2", "adc_confirmed": 1}],
        "populations": [{"n": "117"}],
        "prevalence": [{"cases": "17/117 (14.5%)", "main": "1"}],
        "findings": [
            {"p": "0.96", "adjusted": "N", "group_1_n": 17, "group_1_median": f"{MINUS}20.5 [{MINUS}55, {MINUS}10]", "group_2_n": "100",
             "group_2_median": f"{EN}27 [{EN}46 to {EN}13]"},
            {"p": 0.01, "adjusted": "0"}, {"p": "0\u00b703", "adjusted": "no"}, {"p": ".04", "adjusted": "unadjusted"}, {"p": "0.020",
             "adjusted": False},
            {"value": "0.52", "p": "p < .001", "per": "1 mL"},
            {"value": f"{MINUS}0.09", "p": "0.38", "per": "1 mmHg"},
        ],
    },
    "dumas-2012": {
        "studies": [{"n": 37, "year": 2012}],
        "populations": [{"n": 25}, {"n": 12}, {"n": 37}],
        "findings": [
            {"p": "p<.01", "adjusted": "Y", "group_1_n": 25, "group_1_mean": "0.65 \u00b1 0.28", "group_2_n": 12,
             "group_2_mean": "0.89\u00b10.14"},
            {"p": "<0.001", "adjusted": "x", "group_1_n": "25", "group_1_mean": "11,1 \u00b1 5,1", "group_2_n": "12",
             "group_2_mean": "6.4 +/- 1.8"},
            {"p": "P < 0\u00b7001", "adjusted": "yes", "group_1_n": 25, "group_1_mean": f"16.5{NBSP}\u00b1{NBSP}6.7", "group_2_n": 12,
             "group_2_mean": "11.6 (SD 3.1)"},
            {"value": 0.53, "p": "0.007", "per": "per 1 s"},
        ],
    },
    "auriel-2012": {
        "studies": [{"year": 2012, "n": "392", "age_mean": "72.8 \u00b1 11.7", "male_pct": "51.3%", "adc_confirmed": "\u2713"}],
        "populations": [{"n": one} for one in (392, 276, 116, 214, 178, 66)],
        "prevalence": [
            {"cases": "62/392 (15.8%)", "main": "yes"}, {"cases": "39/214", "pct": "18.2%"}, {"cases": "23/178", "pct": "12,9"},
            {"cases": "8/66 (12.1%)"}, {"cases": "10/66 (15\u00b72%)"}, {"total": 293, "cases": "16%", "main": "yes"},
            {"total": 117, "pct": "17", "main": "y"},
        ],
        "findings": [
            {"value": f"1.5 (0.86{EN}2.6)", "exposed_cases": "39/214 (18.2%)", "unexposed_cases": "23/178 (12.9%)", "adjusted": "no"},
            {"value": "0.77 [0.25, 2.4]", "exposed_cases": "8/66", "unexposed_cases": "10/66", "adjusted": "no"},
            {"p": "0.002", "adjusted": "no"},
            {"p": "0.77", "adjusted": "no", "group_1_n": 293, "group_1_pct": "16%", "group_2_n": 117, "group_2_pct": "17%"},
            {"value": "1,46 (0,86-2,5)", "p": "0.2", "adjusted": "no"},
            {"value": "1.94 (95% CI 0.76 to 4.98)", "p": "0.21", "adjusted": "no"},
        ],
    },
    "lusk-erich-abstract": {"findings": [{"p": typed, "adjusted": "no"} for typed in ("NS", "n.s.", "p = NS", "ns", "not significant",
     ">.05", "p < .001", "0.002", "0,049", ".036")]},
}  # fmt: skip
WORDS = {"text", "word", "slug", "list", "slugs", "links", "choice", "doi", "digits", "date", "period", "months"}


def typed(book: Any, studies: list[Study]) -> None:
    """Fill the template in: words as the sheets have them, all figures, yes and no as HAND has them."""
    from loaders.tables.writing import _at, _rows, _written

    for study in studies:
        at = dict.fromkeys(ROW_SETS, 0)
        for table, row in _rows(study):
            by_hand = HAND[study.id].get(table, [])
            hand = by_hand[at[table]] if at[table] < len(by_hand) else {}
            at[table] += 1
            cells: list[Any] = []
            for column in COLUMNS[table]:
                value = _at(row, column.path)
                if column.kind in WORDS and column.key not in hand:
                    cells.append(_written(column, value)[0] if value is not None else None)
                else:
                    cells.append(hand.get(column.key))
            if study.id == "lusk-erich-abstract" and table in {"studies", "populations"}:
                cells = [cell if cell is not None else _at(row, column.path) for cell, column in zip(cells, COLUMNS[table], strict=True)]
            book[table].append(cells)


def test_sheets_typed_into_the_template_by_hand_give_the_same_answers_as_from_yaml(
    book: Any, tmp_path: Path, corpus: tuple[Study, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    studies = [one for one in corpus if one.id in HAND]
    typed(book, studies)
    path = saved(book, tmp_path)
    loaded = load([path], shipped())
    assert [str(problem) for problem in loaded.errors] == []
    assert [json.dumps(canonical(one)) for one in loaded.studies] == [json.dumps(canonical(one)) for one in studies]

    answers = []
    folder = Path(opening.shipped_evidence.STUDIES)
    for name, paths in (("yaml", [folder / f"{study.id}.yaml" for study in studies]), ("xlsx", [path])):
        monkeypatch.setenv("RDWI_SNAPSHOT", str(tmp_path / name))
        release = opening.load(Settings(), paths, fresh=True).release
        graph = opening.open_graph(Settings())
        answers.append(
            (release, graph.factors("r-dwi").model_dump_json(), graph.evidence("early-mri", "r-dwi").model_dump_json(),
             graph.prevalence("r-dwi").model_dump_json(), graph.mechanisms("r-dwi").model_dump_json())
        )  # fmt: skip
    assert answers[0] == answers[1]
    assert '"items":[]' not in answers[0][1]
