"""Answers as CSV and TSV, as tables for a terminal, and as data frames."""

from __future__ import annotations

import csv
import io
import json
import sys
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from api import tables
from api.tables import delimited
from graph import questions, wording
from graph.build import EvidenceGraph, build
from graph.opening import Graph, shipped
from graph.questions.filters import Filters
from graph.questions.lists import Page
from graph.stores.memory import MemoryReader, MemoryStore
from graph.wording import interval, measure, number, with_unit
from schema.answer import StudyItem, flat
from schema.association import Association, Row
from schema.study import Study

ALL = Page(limit=None)


def read(text: str, delimiter: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))


def shown(table: Any, width: int = 200) -> str:
    console = Console(width=width, file=io.StringIO(), record=True, highlight=False)
    console.print(table)
    return console.export_text()


def study(**given: Any) -> StudyItem:
    return StudyItem(**{"id": "x", "label": "x", "read": "abstract", "findings": 0, "prevalence": 0, "claims": 0, **given})


def test_rows_say_against_what_by_which_cut_offs_and_after_how_long(keyed: Study) -> None:
    reader = MemoryReader(build([keyed], shipped()))
    answer = questions.Evidence(exposure="DOAC", outcome="poor functional outcome").answer(reader)
    (row,) = answer.rows
    assert (row.versus, row.cutoff, row.outcome_cutoff) == ("warfarin", ">= 5 mg", "mRS 4-6")
    assert (row.follow_up_months, row.k, row.events) == ((3, 24), 2, 120)
    said = "against warfarin, cut-off >= 5 mg, outcome mRS 4-6, follow-up 3 to 24 months"
    assert wording.conditions(row) == said
    assert wording.conditions(row.model_copy(update={"versus": None, "cutoff": None, "follow_up_months": 12.0})) == (
        "outcome mRS 4-6, follow-up 12 months"
    )
    text = shown(tables.rows(answer.rows, row.exposure, row.outcome, "Rows"), width=400)
    assert f"OR 0.80 (0.60-1.07), {said}" in text
    (line,) = read(delimited(answer.rows, Row, ","), ",")
    assert (line["cutoff"], line["follow_up_months"]) == (">= 5 mg", "[3.0, 24.0]")


# --- csv and tsv ---


def test_nothing_makes_a_header_and_no_row() -> None:
    assert read(delimited([], StudyItem, ","), ",") == []


@pytest.mark.parametrize(("delimiter", "end"), [(",", "\r\n"), ("\t", "\r\n")])
def test_lines_end_as_the_format_wants(delimiter: str, end: str) -> None:
    text = delimited([study(), study()], StudyItem, delimiter)
    assert text.endswith(end)
    assert len(text.split(end)) == 4


def test_a_null_is_an_empty_cell_and_a_truth_is_a_word(reader: MemoryReader) -> None:
    rows = questions.Evidence(exposure="cerebral-microbleeds", outcome="r-dwi").answer(reader).rows
    for cells, row in zip(read(delimited(rows, Row, ","), ","), rows, strict=True):
        assert cells["adjusted"] == {True: "true", False: "false", None: ""}[row.adjusted]
        assert (cells["share"] == "") is (row.share is None)


@pytest.mark.parametrize("delimiter", [",", "\t"])
def test_every_list_can_be_read_back(reader: MemoryReader, delimiter: str) -> None:
    lists: list[Any] = [
        questions.Factors(page=ALL).answer(reader).items,
        questions.Factors(population="caa", filters=Filters(indirect=True), page=ALL).answer(reader).items,
        questions.Contested(page=ALL).answer(reader).items,
        questions.Mechanisms(page=ALL).answer(reader).items,
        questions.Studies(page=ALL).answer(reader).items,
        questions.Terms(page=ALL).answer(reader).items,
        questions.Prevalence().answer(reader).prevalence.rows,
        questions.Evidence(exposure="admission-sbp", outcome="r-dwi").answer(reader).rows,
    ]
    for items in lists:
        rows = read(delimited(items, type(items[0]), delimiter), delimiter)
        assert len(rows) == len(items) > 0
        for cells, item in zip(rows, items, strict=True):
            assert list(cells) == list(flat(item))
            for name, value in flat(item).items():
                if isinstance(value, list | dict):
                    assert json.loads(cells[name]) == value
                elif isinstance(value, int | float) and not isinstance(value, bool):
                    assert float(cells[name]) == value


@given(title=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"), min_size=1, max_size=30))
@pytest.mark.parametrize("delimiter", [",", "\t"])
def test_any_text_comes_back_but_for_the_mark_before_a_formula(delimiter: str, title: str) -> None:
    (cells,) = read(delimited([study(title=title)], StudyItem, delimiter), delimiter)
    assert cells["title"] in {title, f"'{title}"}
    assert not cells["title"].startswith(("=", "+", "-", "@", "\t"))


def test_an_interval_takes_two_columns(reader: MemoryReader) -> None:
    item = next(one for one in questions.Factors(page=ALL).answer(reader).items if one.ci is not None)
    row = flat(item)
    assert (row["ci_low"], row["ci_high"]) == item.ci
    assert "ci" not in row
    assert (row["exposure"], row["exposure_name"]) == (item.exposure.id, item.exposure.name)


def test_a_rows_paper_stands_whole_and_in_columns_of_its_own(reader: MemoryReader) -> None:
    evidence = questions.Evidence(exposure="admission-sbp", outcome="r-dwi").answer(reader)
    for items in (evidence.rows, questions.Prevalence().answer(reader).prevalence.rows):
        for cells, item in zip(read(delimited(items, type(items[0]), ","), ","), items, strict=True):
            paper = item.study  # type: ignore[attr-defined]
            assert json.loads(cells["study"])["id"] == paper.id
            assert [cells[name] for name in ("study_label", "year", "doi", "pmid")] == [
                paper.label, str(paper.year or ""), paper.doi or "", paper.pmid or "",
            ]  # fmt: skip


def test_a_number_of_patients_that_is_not_printed_is_none(reader: MemoryReader) -> None:
    rows = questions.Evidence(exposure="sbp-reduction", outcome="poor-functional-outcome").answer(reader).rows
    unknown = [row for row in rows if not row.n_known]
    assert unknown
    assert {row.n for row in unknown} == {None}
    assert all(row.n for row in rows if row.n_known)


# --- for a terminal ---


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""), (0, "0.00"), (1, "1.00"), (1.854, "1.85"), (0.1, "0.10"), (0.0443, "0.044"), (0.00001234, "1.2e-05"), (12.56, "12.56"),
        (99.994, "99.99"), (100.4, "100"), (12345.6, "12,346"), (-0.5, "-0.50"), (-0.0123, "-0.012"), (-250.2, "-250"),
    ],
)  # fmt: skip
def test_a_figure_is_printed_as_the_field_prints_it(value: float | None, text: str) -> None:
    assert number(value) == text


def test_an_estimate_names_its_measure_and_interval(reader: MemoryReader) -> None:
    for item in questions.Factors(page=ALL).answer(reader).items:
        text = with_unit(item)
        assert (text == "") is (item.estimate is None)
        if item.estimate is not None and item.ci is not None and item.average is not None:
            assert text.startswith("the average of these cohorts ")
            assert f"allowing for settings that differ {number(item.estimate)} ({interval(item.ci)})" in text
        elif item.estimate is not None and item.ci is not None:
            assert text.startswith(f"{measure(item.measure)} {number(item.estimate)} ({interval(item.ci)})")


def test_votes_add_up_to_the_cohorts(graph: EvidenceGraph) -> None:
    for one in graph.associations:
        cohorts, _, rest = tables.reports(one).partition(": ")
        counted = [int("".join(sign for sign in part if sign.isdigit())) for part in rest.split()]
        assert int(cohorts) == one.cohorts == sum(counted)


def test_a_table_of_factors_shows_each_of_them(reader: MemoryReader) -> None:
    items = questions.Factors(page=ALL).answer(reader).items
    text = " ".join(shown(tables.associations(items, "exposure", "Title"), 400).split())
    for one in items:
        assert " ".join(one.exposure.name.split()[:1]) in text
        assert one.direction in text
    assert "Title" in text


@pytest.mark.parametrize("side", ["exposure", "outcome", "both"])
@pytest.mark.parametrize("width", [60, 80, 200])
def test_a_table_fits_its_terminal(reader: MemoryReader, side: str, width: int) -> None:
    items = questions.Contested(page=ALL).answer(reader).items
    text = shown(tables.associations(items, side, "Title"), width)
    assert max(map(len, text.splitlines())) <= width


MARKUP = "[bold]x[/bold] [/] [link=http://x.y]z[/link]"


def test_markup_in_a_sheet_is_shown_not_followed() -> None:
    assert MARKUP in shown(tables.plain([study(title=MARKUP)], ("id", "title"), MARKUP))
    assert shown(tables.plain([study(title=MARKUP)], ("id", "title"), MARKUP)).count(MARKUP) == 2


def test_indirect_evidence_has_a_column_of_its_own(reader: MemoryReader) -> None:
    plain = questions.Factors(population="caa", page=ALL).answer(reader).items
    both = questions.Factors(population="caa", filters=Filters(indirect=True), page=ALL).answer(reader).items
    assert "Indirect" not in shown(tables.associations(plain, "exposure", ""))
    text = shown(tables.associations(both, "exposure", ""))
    assert "Indirect" in text
    assert "not studied here" in text


def test_other_tables_show_what_they_are_of(reader: MemoryReader) -> None:
    prevalence = questions.Prevalence().answer(reader)
    assert prevalence.prevalence.pooled is not None
    text = shown(tables.prevalence([prevalence.prevalence], "t"))
    assert f"{prevalence.prevalence.pooled.pct:.1f}%" in text
    text = shown(tables.prevalence_rows(prevalence.prevalence.rows, "t"))
    assert all(f"{row.cases}/{row.total}" in text for row in prevalence.prevalence.rows)
    text = shown(tables.windows(prevalence.prevalence.windows, "t"))
    assert "by day 14" in text
    mechanisms = questions.Mechanisms(page=ALL).answer(reader).items
    assert mechanisms[0].mechanism.name.split()[0] in shown(tables.mechanisms(mechanisms, "t"))
    rows = questions.Evidence(exposure="cerebral-microbleeds", outcome="r-dwi").answer(reader).rows
    text = shown(tables.rows(rows, "cerebral-microbleeds", "r-dwi", "t"), 300)
    assert all(row.study.label.split()[0] in text for row in rows)


# --- pandas ---


@pytest.fixture(scope="module")
def opened(graph: EvidenceGraph) -> Graph:
    return Graph(MemoryStore(graph))


def test_an_answer_becomes_a_data_frame_with_a_row_an_item(opened: Graph) -> None:
    answer = opened.factors()
    frame = answer.to_pandas()
    assert isinstance(frame, pd.DataFrame)
    assert list(frame["exposure"]) == [one.exposure.id for one in answer.items]
    assert {"ci_low", "ci_high", "weight", "certainty", "families"} <= set(frame.columns)


def test_figures_in_a_data_frame_are_numbers(opened: Graph) -> None:
    frame = opened.factors().to_pandas()
    for name in ("weight", "estimate", "ci_low", "ci_high", "cohorts", "patients"):
        assert pd.api.types.is_numeric_dtype(frame[name]), name
    known = [one for one in opened.factors().items if one.estimate is not None]
    assert frame["estimate"].notna().sum() == len(known)
    assert frame["estimate"].sum() == pytest.approx(sum(one.estimate or 0 for one in known))


def test_nested_values_in_a_data_frame_are_left_as_they_are(opened: Graph) -> None:
    frame = opened.factors().to_pandas()
    assert all(isinstance(value, list) for value in frame["findings"])


@pytest.mark.parametrize("name", ["outcomes", "contested", "mechanisms", "studies", "terms"])
def test_every_list_becomes_a_data_frame(opened: Graph, name: str) -> None:
    answer = getattr(opened, name)()
    assert len(answer.to_pandas()) == answer.total > 0


def test_an_empty_answer_becomes_an_empty_data_frame(opened: Graph) -> None:
    assert opened.factors(population="animal").to_pandas().empty


def test_without_pandas_the_error_names_it(opened: Graph, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match="pandas"):
        opened.factors().to_pandas()


def test_an_association_is_flat_but_for_what_is_nested(reader: MemoryReader) -> None:
    for item in questions.Factors(page=ALL).answer(reader).items:
        assert isinstance(item, Association)
        row = flat(item)
        assert len(row) == len(Association.model_fields) + 3 + 2
