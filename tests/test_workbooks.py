"""Workbooks as other programs leave them are read, or told to be what they are; none takes long, and no message is a program's own."""

from __future__ import annotations

import gzip
import io
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from openpyxl.styles import Font

from graph.opening import shipped
from loaders import files
from loaders.sheets import Loaded, load, load_text
from loaders.tables import delimited, grid, parts, workbook

NAMES = ["Study ID", "Read", "Population", "Risk factor", "Outcome", "OR (95% CI)", "Direction"]
ROW = ["Novak 2001", "abstract", "ICH", "CMBs", "R-DWI", "1.85 (1.10-3.11)", "increases"]
SHEET = "xl/worksheets/sheet1.xml"
OFFICE = b"http://schemas.openxmlformats.org/officeDocument/2006/relationships"
DRAWING = (
    b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    b'<Relationship Id="rId1" Type="' + OFFICE + b'/drawing" Target="../drawings/drawing1.xml"/></Relationships>'
)


def book(change: Callable[[openpyxl.Workbook], None] = lambda made: None) -> bytes:
    made = openpyxl.Workbook()
    sheet = made.worksheets[0]
    sheet.title = "Data"
    sheet.append(NAMES)
    sheet.append(ROW)
    change(made)
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def edited(content: bytes, change: Callable[[str, bytes], bytes], **added: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, change(name, old.read(name)))
        for name, part in added.items():
            new.writestr(name, part)
    return out.getvalue()


def inside(content: bytes, rows: bytes = b"", after: bytes = b"") -> bytes:
    """The workbook with more in its sheet: rows, and what follows them."""
    end = b"</sheetData>"
    return edited(content, lambda name, part: part.replace(end, rows + end + after) if name == SHEET else part)


def read(content: bytes, name: str = "a.xlsx") -> Loaded:
    return load_text(name, content, shipped())


def is_read(content: bytes) -> None:
    loaded = read(content)
    assert loaded.problems == ()
    assert loaded.studies[0].findings[0].value == 1.85


def found(content: bytes, name: str = "a.xlsx") -> str:
    (problem,) = read(content, name).problems
    said = str(problem)
    assert not any(word in said for word in ("Error", "Exception", "Traceback", "object", "archive", "None"))
    return problem.found


def test_a_drawing_that_its_writer_left_out_is_no_damage() -> None:
    dangling = edited(book(), lambda _name, part: part, **{"xl/worksheets/_rels/sheet1.xml.rels": DRAWING})
    is_read(inside(dangling, after=b'<drawing r:id="rId1" xmlns:r="' + OFFICE + b'"/>'))
    is_read(dangling)


@pytest.mark.parametrize(
    "tail",
    [
        b'<hyperlinks><hyperlink ref="A2" r:id="rId9" xmlns:r="' + OFFICE + b'"/></hyperlinks>',
        b'<tableParts count="1"><tablePart r:id="rId9" xmlns:r="' + OFFICE + b'"/></tableParts>',
        b'<conditionalFormatting sqref="A1"><cfRule type="no such" priority="x"/></conditionalFormatting>',
    ],
)
def test_what_is_damaged_beside_the_cells_is_no_damage_of_the_table(tail: bytes) -> None:
    is_read(inside(book(), after=tail))


def test_parts_that_are_named_and_not_there_are_no_damage() -> None:
    kind = b"application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
    shared = b'<Override PartName="/xl/sharedStrings2.xml" ContentType="%b"/>' % kind
    is_read(edited(book(), lambda name, part: part.replace(b"<Override", shared + b"<Override", 1) if name.startswith("[Con") else part))
    is_read(edited(book(), lambda name, part: part.replace(b"Z<", b"<") if name == "docProps/core.xml" else part))


def test_a_chart_sheet_beside_a_table_is_left_alone_and_one_alone_is_told() -> None:
    is_read(book(lambda made: made.create_chartsheet("Forest plot") and None))

    def only_chart(made: openpyxl.Workbook) -> None:
        made.create_chartsheet("Forest plot")
        del made["Data"]

    assert found(book(only_chart)) == "a workbook of charts only"


def ole(stream: str) -> bytes:
    return b"\xd0\xcf\x11\xe0" + bytes(508) + stream.encode("utf-16-le")


def packed(**members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as parts_of:
        for name, content in members.items():
            parts_of.writestr(name, content)
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "what"),
    [
        ("a.ods", packed(mimetype=b"application/vnd.oasis.opendocument.spreadsheet"), "OpenDocument spreadsheet (.ods)"),
        ("a.numbers", packed(**{"Index/Document.iwa": b""}), ".numbers"),
        ("a.docx", packed(**{"[Content_Types].xml": b"", "word/document.xml": b""}), "Word document (.docx)"),
        ("a.xlsb", packed(**{"[Content_Types].xml": b"", "xl/workbook.bin": b""}), "binary Excel workbook (.xlsb)"),
        ("a.zip", packed(**{"a.csv": b"a,b"}), "packed file (.zip)"),
        ("a.pdf", b"%PDF-1.7\n\xff", "a PDF"),
        ("a.sav", b"$FL2@(#) SPSS", "SPSS"),
        ("a.rds", gzip.compress(b"X\n", mtime=0), ".rds"),
        ("a.RData", b"RDX3\n", "R (.RData)"),
        ("a.dta", b"<stata_dta><header>", "Stata"),
        ("a.xls", ole("Workbook"), "old Excel workbook (.xls)"),
        ("a.xlsx", ole("EncryptedPackage"), "with a password"),
        ("a.doc", ole("WordDocument"), "old Word document"),
        ("a.xls", b"<html xmlns:x='x'><body><table><tr><td>a", "a web page"),
        ("a.xls", b'<?xml version="1.0"?>\n<?mso-application progid="Excel.Sheet"?><Workbook>', "XML of Excel 2003"),
        ("a.rtf", b"{\\rtf1 a}", "RTF"),
        ("a.xlsx", book()[:-200], "damaged"),
        ("a.xlsx", book()[:2000], "damaged"),
        ("a.xlsx", inside(book(), b"<row><c></row>"), "a part of it is damaged"),
        ("a.xlsx", b"", "a file that is no workbook"),
    ],
)  # fmt: skip
def test_a_file_of_another_program_is_called_what_it_is(name: str, content: bytes, what: str, tmp_path: Path) -> None:
    assert what in found(content, name)
    (tmp_path / name).write_bytes(content)
    (problem,) = load([tmp_path / name], shipped()).problems
    assert what in problem.found
    assert problem.help or problem.severity == "warning"


def test_data_of_other_programs_in_a_folder_are_told_and_papers_are_not(tmp_path: Path) -> None:
    for name in ("a.ods", "b.pdf", "c.docx", "~$d.ods"):
        (tmp_path / name).write_bytes(b"a")
    assert [problem.severity for problem in files.find([tmp_path]).problems] == ["warning", "error"]
    (tmp_path / "a.xlsx").write_bytes(book())
    loaded = load([tmp_path], shipped())
    assert [(Path(problem.file).name, problem.severity) for problem in loaded.problems] == [("a.ods", "warning")]
    assert len(loaded.studies) == 1


@pytest.mark.parametrize("delimiter", ["\t", ",", ";"])
def test_a_table_that_is_named_txt_is_a_table(delimiter: str) -> None:
    assert len(read("\n".join(delimiter.join(cells) for cells in (NAMES, ROW)).encode(), "a.txt").studies) == 1


# --- more than a table has ---


def styled(rows: range) -> bytes:
    return b"".join(b'<row r="%d"><c r="A%d" s="0"/><c r="XFD%d" s="0"/></row><row r="%d0"/>' % (i, i, i, i) for i in rows)


@pytest.mark.parametrize(
    "content",
    [
        book(lambda made: setattr(made["Data"].cell(1_048_576, 16_384), "font", Font(bold=True))),
        inside(book(), styled(range(3, 40_000))),
        inside(book(), after=b'<mergeCells count="1"><mergeCell ref="A3:XFD1048576"/></mergeCells>'),
        inside(book(), after=b'<hyperlinks><hyperlink ref="A3:XFD1048576" location="a"/></hyperlinks>'),
    ],
    ids=["one cell", "rows", "merged", "link"],
)
def test_a_workbook_that_is_formatted_to_its_last_cell_is_read_at_once(content: bytes) -> None:
    start = time.perf_counter()
    is_read(content)
    assert time.perf_counter() - start < 10


def test_merged_cells_under_the_names_are_told_when_the_workbook_is_reduced() -> None:
    content = inside(book(), styled(range(5, 40_000)), b'<mergeCells count="1"><mergeCell ref="A2:A3"/></mergeCells>')
    assert found(content) == "the merged cells A2:A3"


def test_a_text_file_that_ends_in_empty_lines_and_columns_is_read() -> None:
    lines = [",".join(cells) + "," * 2_000 for cells in (NAMES, ROW)]
    loaded = read("\n".join([*lines, *["," * 50] * 60_000, *[""] * 60_000]).encode(), "a.csv")
    assert (loaded.problems, len(loaded.studies)) == ((), 1)


def test_too_many_rows_columns_and_cells_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    wide = "\n".join(",".join([*cells, *["x"] * 20_000]) for cells in (NAMES, ROW)).encode()
    assert found(wide, "a.csv") == "20,007 filled columns"
    assert found("\n".join([",".join(NAMES), *["a,b"] * 1_000_000]).encode(), "a.csv") == "more than 50,000 rows"
    monkeypatch.setattr(workbook, "MOST_COLUMNS", 6)
    assert found(book()) == "the sheet 'Data' with 7 filled columns"
    monkeypatch.undo()
    for name in ("MOST_ROWS", "MOST_CELLS"):
        monkeypatch.setattr(parts, name, 1)
        assert found(book()).startswith("a sheet of 2 rows" if name == "MOST_ROWS" else "a sheet of 14 cells")
        monkeypatch.undo()
    assert (grid.MOST_ROWS, grid.MOST_COLUMNS, delimited.MOST_ROWS) == (50_000, 500, 50_000)


@pytest.mark.parametrize(
    ("text", "what"),
    [('"Novak,2,3\n', "a double quote that is not closed"), ('"' + "x,y\n" * 40_000, "a cell of more than 131,072 letters")],
)
def test_a_quote_that_is_not_closed_is_told_in_words(text: str, what: str) -> None:
    assert found(f"{','.join(NAMES)}\n{text}".encode(), "a.csv").startswith(what)
