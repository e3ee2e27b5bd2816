"""What Excel, text files and people do to tables is caught, cell by cell: each kind of damage has its test."""

from __future__ import annotations

import datetime
import io
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.styles import Font
from typer.testing import CliRunner

from api.cli import app
from graph.opening import shipped
from graph.synthesis.remarks import remarks
from loaders.sheets import Loaded, load, load_text
from loaders.tables import writing
from schema.problems import Problem

NAMES = ["Study ID", "Author", "Year", "Read", "Population", "Risk factor", "Outcome", "OR (95% CI)", "P value", "Adjusted?", "Direction"]
ROW: list[Any] = ["Smith 2024", "Smith", 2024, "abstract", "ICH", "CMBs", "R-DWI", "1.85 (1.10\u20133.11)", "0.02", "yes", "increases"]
EFFECT, P, STUDY = NAMES.index("OR (95% CI)"), NAMES.index("P value"), 0


def row(**changed: Any) -> list[Any]:
    keys = ["study", "author", "year", "read", "population", "exposure", "outcome", "value", "p", "adjusted", "direction"]
    return [changed.get(key, value) for key, value in zip(keys, ROW, strict=True)]


def book(folder: Path, rows: Sequence[Sequence[Any]], change: Callable[[Any], None] | None = None, names: Sequence[str] = NAMES) -> Loaded:
    """A workbook with one flat table, after a change to its sheet, loaded."""
    made = openpyxl.Workbook()
    sheet = made.active
    assert sheet is not None
    sheet.title = "extraction"
    for one in (names, *rows):
        sheet.append(list(one))
    if change is not None:
        change(sheet)
    made.save(folder / "a.xlsx")
    return load([folder / "a.xlsx"], shipped())


def text(folder: Path, content: str | bytes, name: str = "a.csv") -> Loaded:
    (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
    return load([folder / name], shipped())


def joined(delimiter: str, *rows: Sequence[Any]) -> str:
    return "".join(delimiter.join(str(cell) for cell in one) + "\r\n" for one in (NAMES, *rows))


def only(loaded: Loaded) -> Problem:
    (problem,) = loaded.problems
    assert loaded.studies == ()
    return problem


def test_a_clean_flat_table_is_read(tmp_path: Path) -> None:
    loaded = book(tmp_path, [ROW, row(exposure="age", value=None, p="NS", direction="no association")])
    assert loaded.problems == ()
    (study,) = loaded.studies
    assert (study.id, study.first_author, study.year, study.read) == ("smith-2024", "Smith", 2024, "abstract")
    first, second = study.findings
    assert (first.exposure, first.outcome, first.measure, first.value, first.ci, first.p) == (
        "cerebral-microbleeds", "r-dwi", "OR", 1.85, (1.1, 3.11), 0.02,
    )  # fmt: skip
    assert (second.measure, second.p, second.direction) == ("p-only", ">0.05", "no-association")
    (group,) = study.populations
    assert (group.id, group.label, group.condition, group.arteriopathy, group.location) == ("ich", "ICH", "ich", "any", "any")


# --- Excel ---


@pytest.mark.parametrize(("column", "typed"), [(EFFECT, "3/12"), (EFFECT, "1-2"), (P, "3/12"), (STUDY, "1-2")])
def test_a_cell_that_excel_turned_into_a_date_is_named(tmp_path: Path, column: int, typed: str) -> None:
    def damage(sheet: Any) -> None:
        sheet.cell(2, column + 1).value = datetime.datetime(2024, 3, 12)  # noqa: DTZ001
        sheet.cell(2, column + 1).number_format = "d-mmm"

    loaded = book(tmp_path, [ROW], damage)
    assert loaded.studies == ()
    problem = loaded.problems[0]
    assert problem.cell == f"extraction!{'AHI'[(0, EFFECT, P).index(column)]}2"
    assert "2024-03-12; perhaps 3/12" in problem.found
    assert "formatted as text" in str(problem.help)


def test_numbers_stored_as_text_are_numbers(tmp_path: Path) -> None:
    loaded = book(tmp_path, [row(year="2024", p="0.02", value="1.85")])
    assert loaded.problems == ()
    assert (loaded.studies[0].year, loaded.studies[0].findings[0].value, loaded.studies[0].findings[0].p) == (2024, 1.85, 0.02)


def prevalence(folder: Path, cells: Sequence[Any], formats: Sequence[str] = ()) -> Loaded:
    made = openpyxl.Workbook()
    assert made.active is not None
    made.active.title = "studies"
    made.active.append(["Study ID", "Read"])
    made.active.append(["a", "abstract"])
    sheet = made.create_sheet("Prevalence")
    sheet.append(["Study", "Population", "Lesion", "n/N", "Total", "%"])
    sheet.append(["a", "ICH", "R-DWI", *cells])
    for column, shown in enumerate(formats, start=4):
        sheet.cell(2, column).number_format = shown
    made.save(folder / "a.xlsx")
    return load([folder / "a.xlsx"], shipped())


def test_a_percentage_that_excel_keeps_as_a_fraction_is_the_percentage_it_shows(tmp_path: Path) -> None:
    loaded = prevalence(tmp_path, [12, 78, 0.154], ["General", "General", "0.0%"])
    assert loaded.problems == ()
    assert loaded.studies[0].prevalence[0].pct == 15.4


def test_a_bare_fraction_is_settled_by_cases_and_total_or_not_at_all(tmp_path: Path) -> None:
    loaded = prevalence(tmp_path, [12, 78, 0.154])
    assert loaded.problems == ()
    assert loaded.studies[0].prevalence[0].pct == 15.4
    problem = only(prevalence(tmp_path, [None, None, 0.154]))
    assert problem.cell == "Prevalence!F2"
    assert problem.expected == "one reading, not 2: 0.154% or 15.4%"


def test_merged_cells_are_named_and_not_filled_in(tmp_path: Path) -> None:
    problem = only(book(tmp_path, [ROW, row(exposure="age")], lambda sheet: sheet.merge_cells("A2:A3")))
    assert (problem.cell, problem.found) == ("extraction!A2", "the merged cells A2:A3")


def test_a_title_merged_over_the_names_is_no_damage(tmp_path: Path) -> None:
    def title(sheet: Any) -> None:
        sheet.insert_rows(1)
        sheet["A1"] = "Extraction of the review, June"
        sheet.merge_cells("A1:K1")

    assert book(tmp_path, [ROW], title).problems == ()


def test_a_hidden_row_is_neither_read_nor_left_out_in_silence(tmp_path: Path) -> None:
    def hide(sheet: Any) -> None:
        sheet.row_dimensions[3].hidden = True

    problem = only(book(tmp_path, [ROW, row(exposure="age")], hide))
    assert (problem.cell, problem.found) == ("extraction!A3", "the hidden row 3")


def test_a_hidden_column_is_told_and_read(tmp_path: Path) -> None:
    def hide(sheet: Any) -> None:
        sheet.column_dimensions["I"].hidden = True

    loaded = book(tmp_path, [ROW], hide)
    assert [problem.severity for problem in loaded.problems] == ["warning"]
    assert loaded.studies[0].findings[0].p == 0.02


def test_a_hidden_sheet_of_rows_is_an_error(tmp_path: Path) -> None:
    def hide(sheet: Any) -> None:
        sheet.parent.create_sheet("other")
        sheet.sheet_state = "hidden"

    assert "hidden sheet" in only(book(tmp_path, [ROW], hide)).found


def test_a_formula_without_its_value_is_named(tmp_path: Path) -> None:
    problem = only(book(tmp_path, [row(p="=0.01*2")]))
    assert (problem.cell, problem.found) == ("extraction!I2", "a formula without its value (=0.01*2)")


def test_a_formula_with_its_value_is_its_value(tmp_path: Path) -> None:
    book(tmp_path, [row(p="=0.01*2")])
    kept = io.BytesIO()
    with zipfile.ZipFile(tmp_path / "a.xlsx") as old, zipfile.ZipFile(kept, "w") as new:
        for part in old.namelist():
            content = old.read(part)
            if part.startswith("xl/worksheets/sheet"):
                assert b"<v></v>" in content or b"<v />" in content or b"<v/>" in content
                for empty in (b"<v></v>", b"<v />", b"<v/>"):
                    content = content.replace(empty, b"<v>0.02</v>")
            new.writestr(part, content)
    (tmp_path / "b.xlsx").write_bytes(kept.getvalue())
    loaded = load([tmp_path / "b.xlsx"], shipped())
    assert loaded.problems == ()
    assert loaded.studies[0].findings[0].p == 0.02


def test_a_formula_whose_value_is_an_empty_text_is_an_empty_cell(tmp_path: Path) -> None:
    book(tmp_path, [row(p='=IF(1=1,"","x")')])
    kept = io.BytesIO()
    with zipfile.ZipFile(tmp_path / "a.xlsx") as old, zipfile.ZipFile(kept, "w") as new:
        for part in old.namelist():
            content = old.read(part)
            if part.startswith("xl/worksheets/sheet"):
                assert b'<c r="I2"><f>' in content
                content = content.replace(b'<c r="I2">', b'<c r="I2" t="str">')
            new.writestr(part, content)
    loaded = load_text("b.xlsx", kept.getvalue(), shipped())
    assert loaded.problems == ()
    assert loaded.studies[0].findings[0].p is None


def test_a_thousand_formatted_empty_rows_under_a_table_are_nothing(tmp_path: Path) -> None:
    def pad(sheet: Any) -> None:
        for number in range(3, 1003):
            sheet.cell(number, 1).number_format = "@"
            sheet.cell(number, 2, "   ")
        sheet.cell(1_048_576, 16_384).number_format = "@"

    loaded = book(tmp_path, [ROW], pad)
    assert loaded.problems == ()
    assert len(loaded.studies[0].findings) == 1


def test_a_row_of_groups_over_the_names_is_a_second_row_of_names(tmp_path: Path) -> None:
    def group(sheet: Any) -> None:
        sheet.insert_rows(1)
        sheet["A1"], sheet["H1"] = "Study", "Effect"

    problem = only(book(tmp_path, [ROW], group))
    assert problem.found == "two rows of names (rows 1 and 2)"


def test_a_row_of_units_under_the_names_is_a_second_row_of_names(tmp_path: Path) -> None:
    units = [None, None, "published", "as", None, None, None, "ratio", "two-sided", "yes/no", None]
    problem = only(book(tmp_path, [units, ROW]))
    assert (problem.cell, problem.found) == ("extraction!C2", "a second row of names (row 2)")


def test_hrs_are_hours_and_no_hazard_ratios(tmp_path: Path) -> None:
    for name in ("hrs", "HRs"):
        loaded = book(tmp_path, [[*row(value=None), 6]], names=[*NAMES, name])
        assert any(problem.cell == "extraction!L1" for problem in loaded.problems)
        assert all(finding.value is None for study in loaded.studies for finding in study.findings)


def test_a_number_of_excel_that_overflows_is_named(tmp_path: Path) -> None:
    book(tmp_path, [row(value=12345)])
    kept = io.BytesIO()
    with zipfile.ZipFile(tmp_path / "a.xlsx") as old, zipfile.ZipFile(kept, "w") as new:
        for part in old.namelist():
            new.writestr(part, old.read(part).replace(b"<v>12345</v>", b"<v>1E400</v>"))
    (problem,) = load_text("b.xlsx", kept.getvalue(), shipped()).errors
    assert (problem.cell, problem.found) == ("extraction!H2", "a number too large to be a figure of a study")


def test_the_names_again_in_the_middle_are_no_row(tmp_path: Path) -> None:
    assert only(book(tmp_path, [ROW, NAMES, row(exposure="age")])).found == "the names of the columns again"


def test_an_error_value_of_excel_is_no_figure(tmp_path: Path) -> None:
    assert only(book(tmp_path, [row(p="#REF!")])).cell == "extraction!I2"


def test_an_old_workbook_a_zip_and_a_broken_one_are_told_apart_in_a_sentence(tmp_path: Path) -> None:
    assert "old Excel" in only(text(tmp_path, b"\xd0\xcf\x11\xe0rest", "a.xls")).found
    assert "damaged" in only(text(tmp_path, b"PK\x03\x04rest", "a.xlsx")).found
    assert "no workbook" in only(text(tmp_path, b"study,exposure", "a.xlsx")).found
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as parts:
        parts.writestr("a.txt", "a")
    assert "packed file (.zip)" in only(text(tmp_path, packed.getvalue(), "a.xlsx")).found


def test_a_workbook_that_unpacks_to_gigabytes_is_refused(tmp_path: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as parts:
        parts.writestr("xl/worksheets/sheet1.xml", b" " * (200 * 1024 * 1024))
    assert "when unpacked" in only(text(tmp_path, packed.getvalue(), "a.xlsx")).found


# --- what Excel shows set apart ---


def in_parts(text: str, part: str, **font: Any) -> CellRichText:
    return CellRichText(text, TextBlock(InlineFont(**font), part))


@pytest.mark.parametrize(
    ("key", "text", "cell"),
    [("p", "0.03", "I2"), ("value", "1.85", "H2"), ("value", "1.85 (1.10-3.11)", "H2"), ("study", "Smith 2024", "A2")],
)
def test_the_raised_mark_of_a_footnote_is_no_digit(tmp_path: Path, key: str, text: str, cell: str) -> None:
    problem = only(book(tmp_path, [row(**{key: in_parts(text, "1", vertAlign="superscript")})]))
    assert problem.cell == f"extraction!{cell}"
    assert problem.found.startswith(f"'{text}\u00b9', with a raised")


def test_a_raised_power_of_ten_and_a_raised_unit_in_a_text_are_read(tmp_path: Path) -> None:
    p = in_parts("2.1 \u00d7 10", "\u22125", vertAlign="superscript")
    loaded = book(tmp_path, [[*row(p=p), in_parts("per cm", "2", vertAlign="superscript")]], names=[*NAMES, "Notes"])
    assert loaded.problems == ()
    assert (loaded.studies[0].findings[0].p, loaded.studies[0].findings[0].notes) == (2.1e-5, "per cm\u00b2")


def test_fonts_that_say_nothing_are_read(tmp_path: Path) -> None:
    assert book(tmp_path, [row(p=in_parts("0.0", "2", b=True))]).studies[0].findings[0].p == 0.02


def test_what_is_struck_through_is_no_value(tmp_path: Path) -> None:
    def strike(sheet: Any) -> None:
        sheet["I2"].font = Font(strike=True)

    assert only(book(tmp_path, [ROW], strike)).found == "'0.02', struck through"
    assert only(book(tmp_path, [row(p=0.02)], strike)).cell == "extraction!I2"
    assert only(book(tmp_path, [row(p=in_parts("0.02", "0.03", strike=True))])).found == "'0.020.03', struck through"


# --- text files ---


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_semicolons_and_tabs_part_cells_too(tmp_path: Path, delimiter: str) -> None:
    loaded = text(tmp_path, joined(delimiter, row(value="1,85 (1,10\u20133,11)", p="0,02")))
    assert loaded.problems == ()
    assert (loaded.studies[0].findings[0].ci, loaded.studies[0].findings[0].p) == ((1.1, 3.11), 0.02)


def test_the_line_that_excel_writes_for_the_delimiter_is_no_row(tmp_path: Path) -> None:
    assert text(tmp_path, "sep=;\r\n" + joined(";", ROW)).problems == ()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
def test_every_encoding_of_unicode_is_read(tmp_path: Path, encoding: str) -> None:
    mark = "\ufeff" if encoding == "utf-16-le" else ""
    loaded = text(tmp_path, (mark + joined("\t", row(author="Gr\u00e9goire"))).encode(encoding), "a.tsv")
    assert loaded.problems == ()
    assert loaded.studies[0].first_author == "Gr\u00e9goire"


def test_utf_16_without_a_mark_is_read_and_told(tmp_path: Path) -> None:
    loaded = text(tmp_path, joined("\t", row(author="Gr\u00e9goire")).encode("utf-16-le"))
    assert [problem.severity for problem in loaded.problems] == ["warning"]
    assert loaded.studies[0].first_author == "Gr\u00e9goire"


@pytest.mark.parametrize("author", ["Gr\u00e9goire", "M\u00fcller-Stra\u00dfe", "Garc\u00eda"])
def test_windows_1252_is_read_and_told_with_a_word_to_check(tmp_path: Path, author: str) -> None:
    loaded = text(tmp_path, joined(";", row(author=author)).encode("cp1252"))
    assert loaded.studies[0].first_author == author
    assert loaded.studies[0].findings[0].ci == (1.1, 3.11)
    (problem,) = loaded.problems
    assert problem.severity == "warning"
    assert "windows-1252" in problem.found
    assert author in problem.found or "3.11" in problem.found


def test_a_decimal_comma_without_quotes_in_a_file_of_commas_is_caught(tmp_path: Path) -> None:
    loaded = text(tmp_path, joined(",", row(value="1,85")))
    assert loaded.studies == ()
    assert any(problem.column == len(NAMES) + 1 and "quotes round" in str(problem.help) for problem in loaded.problems)


@pytest.mark.parametrize("delimiter", [",", ";"])
def test_an_empty_cell_too_many_is_told_for_a_decimal_comma_may_have_made_it(tmp_path: Path, delimiter: str) -> None:
    names = delimiter.join([*NAMES[:7], "P value", "OR", "Notes", "Adjusted?", "Direction"])
    cells = [*ROW[:7], "0.02", 2, 85, "yes", "increases", ""]
    problem = only(text(tmp_path, names + "\r\n" + delimiter.join(map(str, cells))))
    assert (problem.line, problem.column, problem.found) == (2, 13, "13 cells in the row, the last of them empty")


@pytest.mark.parametrize(("name", "figure", "words"), [("OR", "1", "Covariates"), ("Mean age", "62", "Notes")])
def test_bare_digits_in_a_column_of_words_may_be_decimals(tmp_path: Path, name: str, figure: str, words: str) -> None:
    def table(one: str, other: str) -> str:
        return "\n".join(
            ",".join(map(str, cells)) for cells in ([*NAMES[:7], "Direction", name, words], [*ROW[:7], "increases", one, other])
        )

    problem = only(text(tmp_path, table(figure, "35")))
    assert (problem.line, problem.column, problem.found) == (2, 9, f"'{figure}' and then '35'")
    for one, other in ((f"{figure}.0", "35"), (figure, "35 beds"), (f'"{figure},35"', "")):
        assert text(tmp_path, table(one, other)).problems == ()


def test_cells_that_excel_left_out_or_padded_in_names_and_rows_alike_are_nothing(tmp_path: Path) -> None:
    assert text(tmp_path, ",".join([*NAMES, "", ""]) + "\n" + ",".join(map(str, [*ROW, ""]))).problems == ()


def test_a_quote_that_is_not_closed_is_told_with_its_line(tmp_path: Path) -> None:
    problem = only(text(tmp_path, joined(",", row(value='"1.85'))))
    assert problem.line == 2


def test_places_of_text_files_are_line_and_cell_even_after_a_cell_of_two_lines(tmp_path: Path) -> None:
    loaded = text(tmp_path, joined(",", row(author='"Smith\nJones"'), row(author='"Smith\nJones"', p="maybe")))
    (problem,) = loaded.errors
    assert (problem.line, problem.column) == (4, P + 1)
    assert str(problem).startswith(f"{tmp_path / 'a.csv'}:4:{P + 1}: error: p: found 'maybe'; expected a p value")


def test_a_date_in_a_text_that_excel_saved_is_told(tmp_path: Path) -> None:
    names = [*NAMES, "Contrast"]
    content = "\r\n".join(",".join(str(cell) for cell in one) for one in (names, [*ROW, "02-Jan"]))
    (problem,) = text(tmp_path, content).problems
    assert (problem.severity, problem.column) == ("warning", len(names))


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    assert only(text(tmp_path, b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0")).severity == "error"
    assert only(text(tmp_path, b"")).found == "an empty table"


@settings(max_examples=60)
@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_bytes_are_studies_or_problems(content: bytes) -> None:
    for name in ("a.csv", "a.xlsx", "findings.tsv"):
        loaded = load_text(name, content, shipped())
        assert loaded.problems


# --- a row is a finding ---


def test_study_columns_that_differ_name_both_cells(tmp_path: Path) -> None:
    problem = only(book(tmp_path, [ROW, row(exposure="age", year=2023)]))
    assert problem.cell == "extraction!C3"
    assert problem.found == "'2023', and '2024' in extraction!C2"
    assert problem.study == "smith-2024"


def test_two_columns_of_one_kind_that_differ_name_both_cells(tmp_path: Path) -> None:
    problem = only(book(tmp_path, [[*ROW, "HR"]], names=[*NAMES, "Measure"]))
    assert problem.found == "'HR', and 'OR' in extraction!H1"


def test_one_end_of_an_interval_is_not_enough(tmp_path: Path) -> None:
    problem = only(book(tmp_path, [[*row(value=1.85), 1.1]], names=[*NAMES, "Lower"]))
    assert (problem.cell, problem.found) == ("extraction!L2", "'1.1' alone")


def test_an_ambiguous_comma_names_its_cell_and_both_readings(tmp_path: Path) -> None:
    problem = only(book(tmp_path, [row(value="1,234")]))
    assert (problem.cell, problem.expected) == ("extraction!H2", "one reading, not 2: 1234 or 1.234")
    assert "decimal: comma" in str(problem.help)


def test_the_decimals_of_other_cells_settle_a_comma(tmp_path: Path) -> None:
    loaded = book(tmp_path, [row(value="1,234"), row(exposure="age", value="1,85 (1,10-3,11)", p="0,02")])
    assert loaded.problems[0].severity == "error"  # 0.02 is written with a point
    loaded = book(tmp_path, [row(value="1,234", p="0,04"), row(exposure="age", value="1,85 (1,10-3,11)", p="0,02")])
    assert loaded.problems == ()
    assert loaded.studies[0].findings[0].value == 1.234


def test_a_row_without_its_study_is_told(tmp_path: Path) -> None:
    problem = next(one for one in book(tmp_path, [ROW, row(study=None, exposure="age")]).problems)
    assert (problem.cell, problem.found) == ("extraction!B3", "a row without its study")


def test_a_dash_as_a_direction_is_not_guessed(tmp_path: Path) -> None:
    assert only(book(tmp_path, [row(direction="-")])).expected == "one reading, not 2: decreases or not reported"


def test_all_problems_of_all_cells_and_files_are_told_at_once(tmp_path: Path) -> None:
    book(tmp_path, [row(value="1,234", exposure="phlogiston"), row(exposure="age", direction="upwards")])
    (tmp_path / "b.csv").write_text(
        joined(",", row(study="Jones 2020", p="2"), row(study="Jones 2020", exposure="age", adjusted="perhaps"))
    )
    (tmp_path / "c.yaml").write_text("id: c\n")
    loaded = load([tmp_path], shipped())
    assert loaded.studies == ()
    places = {(Path(problem.file).name, problem.cell or problem.line) for problem in loaded.errors}
    assert places == {
        ("a.xlsx", "extraction!H2"), ("a.xlsx", "extraction!F2"), ("a.xlsx", "extraction!K3"), ("b.csv", 2), ("b.csv", 3), ("c.yaml", 1),
    }  # fmt: skip


def test_what_sheets_forbid_tables_may_not_say_either(tmp_path: Path) -> None:
    """Validation is the same: an interval outside its value, a sign against the direction."""
    book(tmp_path, [row(value="3.85 (1.10-3.11)"), row(exposure="age", value="0.5 (0.3-0.8)")])
    problems = load([tmp_path], shipped(), judge=remarks).errors
    assert [(problem.cell, problem.path) for problem in problems] == [
        ("extraction!A2", "findings[0]"), ("extraction!K3", "findings[1].direction"),
    ]  # fmt: skip


def test_a_note_of_excel_on_who_has_a_file_open_is_no_table(tmp_path: Path) -> None:
    book(tmp_path, [ROW])
    (tmp_path / "~$a.xlsx").write_bytes(b"user")
    assert load([tmp_path], shipped()).problems == ()


# --- names that one id would merge ---


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("CMB+", "CMB-"), ("CMB+", "CMB"), ("CMB (+)", "CMB (\u2212)"), ("CMB- group", "CMB group"), ("age >=65", "age <65"),
        ("age \u226565", "age \u226465"),
        ("APOE e4+", "APOE e4-"), ("NIHSS 1.5", "NIHSS 1-5"), ("x " * 60 + "a", "x " * 60 + "b"),
    ],
)  # fmt: skip
def test_groups_that_differ_in_a_sign_are_not_one_group(tmp_path: Path, one: str, other: str) -> None:
    groups = {"Condition": "ich", "Arteriopathy": "any", "Location": "any"}
    rows = [[*row(population=name, exposure=factor), *groups.values()] for name, factor in ((one, "CMBs"), (other, "age"))]
    problem = only(book(tmp_path, rows, names=[*NAMES, *groups]))
    assert problem.cell == "extraction!E3"
    assert "in extraction!E2: two names with the id" in problem.found


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Menon 2012", "menon-2012"),
        ("Menon et al., 2012", "MENON (2012)"),
        ("Gro\u00df 2020", "Gross 2020"),
        ("\u00d8ster 2020", "Oster 2020"),
    ],
)
def test_spellings_of_one_study_are_one_study(tmp_path: Path, one: str, other: str) -> None:
    loaded = book(tmp_path, [row(study=one), row(study=other, exposure="age")])
    assert loaded.problems == ()
    assert len(loaded.studies[0].findings) == 2


def test_letters_that_are_no_letter_with_an_accent_stay_in_the_id(tmp_path: Path) -> None:
    names = ["Gro\u00df 2020", "\u00d8ster 2020", "\u0141ukasz 2020", "Br\u00e6kke 2020"]
    loaded = book(tmp_path, [row(study=name) for name in names])
    assert [study.id for study in loaded.studies] == ["braekke-2020", "gross-2020", "lukasz-2020", "oster-2020"]


def test_studies_whose_names_lose_their_letters_are_refused(tmp_path: Path) -> None:
    loaded = book(tmp_path, [row(study="\u738b 2020"), row(study="\u674e 2020", exposure="age")])
    assert loaded.studies == ()
    assert [(problem.cell, problem.expected) for problem in loaded.problems] == [
        ("extraction!A2", "a name with Latin letters or digits"), ("extraction!A3", "a name with Latin letters or digits"),
    ]  # fmt: skip
    without = NAMES[1:]
    loaded = book(tmp_path, [row(author="\u738b")[1:], row(author="\u674e", exposure="age")[1:]], names=without)
    assert loaded.studies == ()
    assert [problem.cell for problem in loaded.problems] == ["extraction!A2", "extraction!A3"]


def test_studies_that_share_what_is_left_of_their_names_are_refused(tmp_path: Path) -> None:
    problem = only(book(tmp_path, [row(study="\u738b A 2020"), row(study="\u674e A 2020", exposure="age")]))
    assert (problem.cell, "extraction!A2" in problem.found) == ("extraction!A3", True)


def test_words_that_the_user_gives_one_id_are_one_group(tmp_path: Path) -> None:
    (tmp_path / "columns.yaml").write_text("values: {population: {with ICH: ich, bleeding: ich}}\n")
    loaded = book(tmp_path, [row(population="with ICH"), row(population="bleeding", exposure="age")])
    assert [one.expected for one in loaded.problems if "name" in one.expected] == []


def test_a_row_set_names_its_group_by_id_or_label_with_its_sign(tmp_path: Path) -> None:
    def loaded(*groups: tuple[str, str], named: str) -> Loaded:
        made = openpyxl.Workbook()
        assert made.active is not None
        made.active.title = "studies"
        made.active.append(["Study ID", "Read"])
        made.active.append(["a", "abstract"])
        sheet = made.create_sheet("populations")
        sheet.append(["Study", "Group", "Label", "Condition", "Arteriopathy", "Location"])
        for identifier, label in groups:
            sheet.append(["a", identifier, label, "ich", "any", "any"])
        sheet = made.create_sheet("prevalence")
        sheet.append(["Study", "Group", "Lesion", "n/N"])
        sheet.append(["a", named, "R-DWI", "12/78"])
        made.save(tmp_path / "a.xlsx")
        return load([tmp_path / "a.xlsx"], shipped())

    by_label = loaded(("one", "CMB+"), ("two", "CMB-"), named="CMB-")
    assert by_label.problems == ()
    assert by_label.studies[0].prevalence[0].population == "two"
    assert only(loaded(("CMB+", "with"), named="CMB-")).cell == "prevalence!B2"
    assert loaded(("cmb", "CMB+"), named="CMB+").problems == ()


# --- rows of names ---


def test_one_table_above_another_is_told_whichever_has_more_names(tmp_path: Path) -> None:
    def above(sheet: Any) -> None:
        sheet.insert_rows(1, 4)
        for i, one in enumerate((NAMES[:-1], ROW[:-1]), start=1):
            for column, value in enumerate(one, start=1):
                sheet.cell(i, column).value = value

    assert only(book(tmp_path, [ROW], above)).found == "two rows of names (rows 1 and 5)"
    loaded = book(tmp_path, [ROW, [*NAMES[:7], *NAMES[8:], "Notes"], row(study="b", exposure="age")])
    assert loaded.studies == ()
    assert (loaded.problems[0].cell, loaded.problems[0].found) == ("extraction!A3", "a second row of names (row 3)")


def test_a_finding_of_what_is_a_name_of_columns_is_a_finding(tmp_path: Path) -> None:
    assert book(tmp_path, [ROW, row(exposure="age", adjusted="n", value="1.2", p=None)]).problems == ()


def test_one_group_of_columns_over_the_names_is_a_second_row_of_names(tmp_path: Path) -> None:
    def group(sheet: Any, cells: str | None) -> None:
        sheet.insert_rows(1)
        sheet["H1"] = "Univariable"
        if cells:
            sheet.merge_cells(cells)

    for cells in ("H1:I1", None):
        problem = only(book(tmp_path, [ROW], lambda sheet, cells=cells: group(sheet, cells)))  # type: ignore[misc]
        assert (problem.cell, problem.found) == ("extraction!H1", "two rows of names (rows 1 and 2)")


@pytest.mark.parametrize(
    "name",
    ["log odds", "OR (SE)", "SE (model 2)", "Low (99% CI)", "High (model 2)", "Adj", "p-value (model 2)", "P for trend",
     "OR multivariate model 2", "95% CI (model 2)", "Std. coefficient", "5%", "95%", "Experimental Events", "n2", "Rate difference"],
)  # fmt: skip
def test_a_column_that_may_hold_an_estimate_is_not_left_out_in_a_warning(tmp_path: Path, name: str) -> None:
    problem = only(book(tmp_path, [[*row(value=None), "1.85"]], names=[*NAMES, name]))
    assert (problem.cell, problem.severity) == ("extraction!L1", "error")
    (tmp_path / "columns.yaml").write_text(f'ignore: ["{name}"]\n')
    assert book(tmp_path, [[*row(value=None), "1.85"]], names=[*NAMES, name]).problems == ()


def test_a_conjunction_is_no_odds_ratio(tmp_path: Path) -> None:
    assert [one.severity for one in book(tmp_path, [[*ROW, "a"]], names=[*NAMES, "Warfarin or heparin"]).problems] == ["warning"]


@pytest.mark.parametrize(
    ("name", "adjusted"),
    [
        ("OR (95%CI)", None),
        ("OR (CI95%)", None),
        ("Adj. OR (95% CI)", True),
        ("ORadj (95% CI)", True),
        ("Adj OR", True),
        ("aOR (95%CI)", True),
    ],
)
def test_usual_ways_to_write_a_ratio_and_its_interval_are_known(tmp_path: Path, name: str, adjusted: bool | None) -> None:
    loaded = book(tmp_path, [row(adjusted=None)], names=[name if one == "OR (95% CI)" else one for one in NAMES])
    assert loaded.problems == ()
    finding = loaded.studies[0].findings[0]
    assert (finding.measure, finding.value, finding.ci, finding.adjusted) == ("OR", 1.85, (1.1, 3.11), adjusted)


def test_a_table_without_its_outcome_names_it_and_a_constant_gives_it(tmp_path: Path) -> None:
    content = "Author,Year,Risk factor,OR,P value\r\nSmith,2024,CMBs,1.85,0.02\r\n"
    problem = only(text(tmp_path, content))
    assert "needs the columns outcome:" in str(problem.help)
    (tmp_path / "columns.yaml").write_text("constants: {outcome: r-dwi, read: abstract, population: ICH, direction: increases}\n")
    loaded = text(tmp_path, content)
    assert loaded.problems == ()
    assert loaded.studies[0].findings[0].outcome == "r-dwi"


def test_a_cell_that_a_row_lacks_is_told_with_its_column(tmp_path: Path) -> None:
    problems = book(tmp_path, [[*row(population="my people"), None], [*ROW, "CAA"]], names=[*NAMES, "Condition"]).problems
    assert any("the column 'condition'" in str(problem.help) for problem in problems)


# --- rows that are none ---


NOTES = (
    "* adjusted for age and sex", "Note. CI = confidence interval; HR = hazard ratio.", "Abbreviations:", "CI: confidence interval",
    "\u2020 p < 0.05", "a Adjusted for age, sex", "Source: Novak et al. 2012", "Numbers are of those who were followed up",
    "\u00b9 First scan only",
)  # fmt: skip


@pytest.mark.parametrize("note", NOTES)
def test_a_note_under_a_table_is_told_and_not_read(tmp_path: Path, note: str) -> None:
    loaded = book(tmp_path, [ROW, [], [note]])
    assert [(problem.severity, problem.cell) for problem in loaded.problems] == [("warning", "extraction!A4")]
    assert loaded.problems[0].found.endswith("a note under the table?")
    assert len(loaded.studies) == 1
    # commas without quotes part a note in a text file
    loaded = text(tmp_path, f"{joined(',', ROW)}\r\n{note}\r\n{NOTES[1]}, adjusted for age, sex, b\r\n")
    assert [(problem.severity, problem.line) for problem in loaded.problems] == [("warning", 4)]
    assert loaded.problems[0].found.endswith(" and 1 more row: a note under the table?")
    assert "rows 4, 5" in str(loaded.problems[0].help)
    assert len(loaded.studies[0].findings) == 1


def test_a_note_may_be_merged_over_the_columns(tmp_path: Path) -> None:
    loaded = book(tmp_path, [ROW, [], [NOTES[0]]], lambda sheet: sheet.merge_cells("A4:K4"))
    assert [problem.severity for problem in loaded.problems] == ["warning"]


@pytest.mark.parametrize("name", ["Smith 2025", "Ferguson & Simes", "INTERACT2", "Key 2010"])
def test_a_row_of_which_only_the_study_is_filled_in_is_never_taken_for_a_note(tmp_path: Path, name: str) -> None:
    for rows in ([ROW, [name]], [ROW, [name], row(exposure="age")]):
        problem = only(book(tmp_path, rows))
        assert (problem.cell, problem.found) == ("extraction!A3", f"nothing but {name!r} in its row")


@pytest.mark.parametrize(
    "name", ["Total", "Overall", "Pooled", "Subtotal (95% CI)", "Random-effects model", "Pooled estimate: I2 = 20%", "TOTAL"]
)
def test_a_row_of_totals_is_told_and_no_study(tmp_path: Path, name: str) -> None:
    loaded = book(tmp_path, [ROW, row(study=name, author=None, year=None), row(study="Total 2020", exposure="age")])
    assert [(problem.severity, problem.cell, problem.found) for problem in loaded.problems] == [
        ("warning", "extraction!A3", f"{name!r}: a row of totals?")
    ]
    assert [study.id for study in loaded.studies] == ["smith-2024", "total-2020"]


def test_the_same_row_twice_is_told(tmp_path: Path) -> None:
    loaded = book(tmp_path, [ROW, row(exposure="age"), ROW])
    (problem,) = loaded.problems
    assert (problem.cell, problem.severity, problem.found) == ("extraction!A4", "warning", "the same as in extraction!A2")
    assert len(loaded.studies[0].findings) == 3


def test_a_text_that_begins_with_a_tab_is_written_as_text() -> None:
    studies = load_text("a.csv", joined(";", ROW).encode(), shipped()).studies
    made, _ = writing.flat([study.model_copy(update={"notes": "\t=1+1"}) for study in studies])
    assert "'\t=1+1" in made


def test_a_folder_is_not_given_the_name_of_a_workbook(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["export", "sheets", "--output", str(tmp_path / "x.xls")])
    assert "is no name of a table" in f"{done.exception}{done.output}"
    assert not (tmp_path / "x.xls").exists()
