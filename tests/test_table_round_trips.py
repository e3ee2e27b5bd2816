"""Round trips are laws: the corpus as a workbook, as a folder and (what it can hold) as a flat table is read back as it was."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from api.cli import sheets as tables_of_sheets
from evidence import STUDIES
from graph.build import EvidenceGraph
from graph.opening import shipped
from loaders.sheets import Loaded, load
from loaders.tables import writing
from loaders.tables.columns import COLUMNS, FLAT, FLAT_COLUMNS, READ_ONLY, ROW_SETS, by_key, known
from loaders.tables.headers import matched
from loaders.tables.mapping import NOTHING
from schema.bias import DOMAINS
from schema.errors import Unheld
from schema.names import normal
from schema.study import Population, Study, canonical
from schema.vocabulary import Term


def content(study: Study) -> str:
    return json.dumps(canonical(study))


def same(loaded: Loaded, expected: tuple[Study, ...]) -> None:
    assert loaded.errors == ()
    assert [study.id for study in loaded.studies] == [study.id for study in expected]
    assert [content(study) for study in loaded.studies] == [content(study) for study in expected]


@pytest.fixture(scope="module")
def exported(graph: EvidenceGraph, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exported")
    for name in ("corpus.xlsx", "flat.csv", "flat.tsv"):
        tables_of_sheets.write(graph, folder / name)
    return folder


def test_sheet_to_workbook_to_sheet_is_the_identity_for_all_studies(corpus: tuple[Study, ...], exported: Path) -> None:
    assert len(corpus) == len(list(STUDIES.glob("*.yaml")))
    same(load([exported / "corpus.xlsx"], shipped()), corpus)


@pytest.mark.parametrize("name", ["flat.csv", "flat.tsv"])
def test_sheet_to_flat_table_to_sheet_is_the_identity_for_what_it_can_hold(corpus: tuple[Study, ...], exported: Path, name: str) -> None:
    held = tuple(one for study in corpus if (one := writing.flattened(study)) is not None)
    assert sum(len(study.findings) for study in held) == sum(len(study.findings) for study in corpus)
    same(load([exported / name], shipped()), held)


def test_the_row_sets_as_files_of_a_folder_are_a_workbook(corpus: tuple[Study, ...], exported: Path, tmp_path: Path) -> None:
    """A workbook saved as CSV, sheet by sheet."""
    import csv

    book = openpyxl.load_workbook(exported / "corpus.xlsx")
    for sheet in book.worksheets:
        with (tmp_path / f"{sheet.title}.csv").open("w", newline="", encoding="utf-8") as file:
            csv.writer(file, delimiter=";").writerows([cell.value for cell in row] for row in sheet.iter_rows())
    loaded = load([tmp_path], shipped())
    assert loaded.errors == ()
    # text files have no formats, so 16.0 comes back as 16
    assert [json.loads(content(one)) for one in loaded.studies] == [json.loads(content(one)) for one in corpus]


def test_a_flat_table_says_what_it_leaves_out(graph: EvidenceGraph, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tables_of_sheets.write(graph, tmp_path / "a.csv")
    named = {study.id: {finding.population for finding in study.findings} for study in graph.studies}
    without = sum(not found for found in named.values())
    others = sum(len(study.populations) - len(named[study.id]) for study in graph.studies)
    assert min(without, others) > 0
    assert capsys.readouterr().err == (
        f"A flat table holds findings only. Not in it: {without} studies without findings, {len(graph.prevalence)} rows of prevalence, "
        f"{len(graph.claims)} mechanisms, {others} populations without findings.\n"
    )


def test_own_terms_are_told_to_be_missing(graph: EvidenceGraph, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    own = Term(id="urine-colour", name="urine colour", kind="risk-factor")
    tables_of_sheets.write(replace(graph, field=graph.field.extended([own])), tmp_path / "a.xlsx")
    assert "1 terms of your own" in capsys.readouterr().err


def altered(study: Study, **keys: Any) -> Study:
    return study.model_copy(update=keys)


@pytest.mark.parametrize(
    "notes", ["=1+1", "+49", "-x", "@home", "'quoted", "1,234", "a;b", 'say "x"', "two\nlines", "two  spaces", "0.5", "1\t=1+1"]
)
def test_texts_that_a_spreadsheet_would_run_or_change_are_held_as_they_are(corpus: tuple[Study, ...], tmp_path: Path, notes: str) -> None:
    study = altered(next(one for one in corpus if one.findings), notes=notes, authors=(notes.strip(), "b"))
    (tmp_path / "a.xlsx").write_bytes(writing.workbook([study]))
    same(load([tmp_path / "a.xlsx"], shipped()), (study,))
    book = openpyxl.load_workbook(tmp_path / "a.xlsx")
    assert {cell.data_type for row in book["studies"].iter_rows() for cell in row} <= {"s", "n"}
    flat = writing.flattened(study)
    assert flat is not None
    (tmp_path / "a.csv").write_text(writing.flat([study])[0], encoding="utf-8", newline="")
    same(load([tmp_path / "a.csv"], shipped()), (flat,))


@pytest.mark.parametrize("notes", ["NR", "-", "x" * 40_000, "a\rb"])
def test_what_a_cell_can_not_hold_is_an_error_and_not_another_value(corpus: tuple[Study, ...], notes: str) -> None:
    with pytest.raises(Unheld, match=corpus[0].id):
        writing.workbook([altered(corpus[0], notes=notes)])


@pytest.mark.parametrize("pct", [0.5, 1, 1.0, 16, 16.0, 0, 100, 33.3])
def test_a_percentage_keeps_its_size_and_its_decimals(corpus: tuple[Study, ...], tmp_path: Path, pct: float) -> None:
    study = altered(corpus[0], male_pct=pct)
    (tmp_path / "a.xlsx").write_bytes(writing.workbook([study]))
    same(load([tmp_path / "a.xlsx"], shipped()), (study,))


@pytest.mark.parametrize("months", [0, 3, 3.0, 12.5, (3, 24), (0.5, 3.0)])
def test_the_keys_that_tell_what_may_be_pooled_are_held(keyed: Study, tmp_path: Path, months: Any) -> None:
    study = altered(keyed, findings=(altered(keyed.findings[0], follow_up_months=months),))
    (tmp_path / "a.xlsx").write_bytes(writing.workbook([study]))
    same(load([tmp_path / "a.xlsx"], shipped()), (study,))
    flat = writing.flattened(study)
    assert flat is not None
    assert flat.pools == keyed.pools
    (tmp_path / "a.csv").write_text(writing.flat([study])[0], encoding="utf-8", newline="")
    same(load([tmp_path / "a.csv"], shipped()), (flat,))


# --- columns ---


def test_every_key_of_a_sheet_has_a_column() -> None:
    """A new key of the model needs a column, or tables would lose it."""

    def paths(model: Any, base: tuple[str, ...] = ()) -> set[tuple[str, ...]]:
        found = set()
        for name, field in model.model_fields.items():
            inner = [one for one in (field.annotation, *getattr(field.annotation, "__args__", ())) if hasattr(one, "model_fields")]
            found |= paths(inner[0], (*base, name)) if inner and name != "per" else {(*base, name)}
        return found

    wanted = {
        "studies": {path for path in paths(Study) if path[0] not in ROW_SETS} - {("risk_of_bias", "domains")}
        | {("risk_of_bias", "domains", domain) for domains in DOMAINS.values() for domain in domains},
        "populations": paths(Population),
    }
    from schema.study import Claim, Finding, Group, Prevalence

    wanted |= {"prevalence": paths(Prevalence), "mechanisms": paths(Claim)}
    wanted["findings"] = (paths(Finding) - {("groups",)}) | {("groups", *path) for path in paths(Group)}
    for table in ROW_SETS:
        columns = {tuple(str(step) for step in column.path if not isinstance(step, int)) for column in COLUMNS[table]}
        assert wanted[table] - columns == set(), table


def test_every_usual_name_of_the_issue_is_known_in_any_case() -> None:
    for name, key in {
        "Author": "first_author", "Study ID": "study", "OR (95% CI)": "value", "P value": "p", "Adjusted?": "adjusted",
         "RANDOMIZED": "randomised",
        "Cut-off": "cutoff", "Cutpoint": "cutoff", "Outcome definition cut-off": "outcome_cutoff", "Follow-up (months)": "follow_up_months",
        "Compared with": "versus", "Comparator": "contrast", "Events": "events", "k": "k", "Number of studies": "study_k",
        "aOR (95% CI)": "value", "number of centers": "centres", "Risk Factor": "exposure", "exposed n/N": "exposed_cases",
    }.items():  # fmt: skip
        match = matched(name, FLAT, NOTHING)
        assert match is not None, name
        assert match.column.flat_key == key, name
    assert known("prevalence")[normal("n/N")].column.key == "cases"
    assert known("prevalence")[normal("events")].column.key == "cases"
    assert known("findings")[normal("number of studies")].column.key == "k"


def test_keys_are_unique_and_names_lead_to_one_column_each() -> None:
    for table in ROW_SETS:
        assert len(by_key(table)) == len(COLUMNS[table])
        for column in COLUMNS[table]:
            assert [name for name in column.names if known(table)[normal(name)].column != column] == [], (table, column.key)
    assert len(by_key(FLAT)) == len(FLAT_COLUMNS)
    assert {(column.table, column.key) for table in ROW_SETS for column in COLUMNS[table]} >= READ_ONLY
