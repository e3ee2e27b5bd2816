"""The workbook to fill in: names of columns, a line of help for each, drop-downs, and worked rows that are never read as evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from loaders.tables.columns import COLUMNS, ROW_SETS, Column, Match
from loaders.tables.expectations import Asked
from loaders.tables.grid import letters
from schema.field import EvidenceField, RowSet

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

MARK = "WORKED EXAMPLE: delete this row"
EXAMPLE_IDS = frozenset({"example-1", "example-2"})
LAST_ROW = 2000
_LONGEST_LIST = 255  # of a drop-down that is written into its cell's rule


def is_example(table: str, texts: Mapping[str, str], field: EvidenceField) -> bool:
    """Whether a row is one of the worked rows, as it was."""
    return any(texts == example for name, rows in field.worked.items() if name == table for example in rows)


def empty(field: EvidenceField) -> bytes:
    """The workbook, as the bytes of a .xlsx file; the terms of the field are offered where a term is wanted."""
    import io

    import openpyxl

    book = openpyxl.Workbook()
    assert book.active is not None
    book.remove(book.active)
    for table in ROW_SETS:
        sheet = book.create_sheet(table)
        columns = _columns(table, field)
        dress(sheet, columns)
        for i, column in enumerate(columns, start=1):
            _help(sheet, i, column.help_in(field))
            for row, example in enumerate(field.worked.get(table, ()), start=3):
                _example(sheet, row, i, example.get(column.key))
        sheet.freeze_panes = "B3"
    _drop_downs(book, field)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _columns(table: RowSet, field: EvidenceField) -> list[Column]:
    """The columns of a table, but for those of axes that the field does not use, and of scans where it has none."""
    columns = [column for column in COLUMNS[table] if not column.axis or column.key in field.axes]
    return [column for column in columns if field.scans or column.path[0] != "imaging"]


def dress(sheet: Worksheet, columns: Sequence[Column]) -> None:
    """The row of names. What Excel would make a date of is typed into columns of text."""
    from openpyxl.styles import Font, PatternFill

    for i, column in enumerate(columns, start=1):
        cell = sheet.cell(1, i, column.key)
        cell.font = Font(bold=True)
        cell.fill = PatternFill("solid", fgColor="FFD9E8F5" if column.needed else "FFEDEDED")
        dimension = sheet.column_dimensions[letters(i)]
        dimension.width = min(40, max(12, len(column.key) + 3))
        if column.kind not in {"int", "number", "bool", "choice"}:
            dimension.number_format = "@"
    sheet.freeze_panes = "B2"


def _help(sheet: Worksheet, column: int, text: str) -> None:
    from openpyxl.styles import Alignment, Font

    cell = sheet.cell(2, column, text)
    cell.font = Font(italic=True, color="FF595959", size=9)
    cell.alignment = Alignment(wrap_text=True, vertical="top")
    sheet.row_dimensions[2].height = 62


def _example(sheet: Worksheet, row: int, column: int, text: str | None) -> None:
    from openpyxl.styles import Font, PatternFill

    cell = sheet.cell(row, column, text)
    cell.number_format = "@"
    cell.font = Font(color="FF7F7F7F")
    cell.fill = PatternFill("solid", fgColor="FFFFF8E1")


def _drop_downs(book: Any, field: EvidenceField) -> None:
    from openpyxl.worksheet.datavalidation import DataValidation

    lists = book.create_sheet("lists")
    lists.sheet_state = "hidden"
    for table in ROW_SETS:
        sheet = book[table]
        for i, column in enumerate(_columns(table, field), start=1):
            words = _offered(column, field)
            if column.key == "study":
                rule = f"=studies!$A$3:$A${LAST_ROW}"
            elif not words:
                continue
            elif len(",".join(words)) <= _LONGEST_LIST:
                rule = f'"{",".join(words)}"'
            else:
                rule = _listed(lists, f"{table}.{column.key}", words)
            # other spellings are read, too: the list offers and does not refuse
            offer = DataValidation(type="list", formula1=rule, allow_blank=True, showErrorMessage=False)
            offer.add(f"{letters(i)}3:{letters(i)}{LAST_ROW}")
            sheet.add_data_validation(offer)


def _offered(column: Column, field: EvidenceField) -> list[str]:
    if column.kind == "bool":
        return ["yes", "no"]
    if choices := Asked(Match(column), of=field).choices:
        return list(choices)
    kinds = {
        "exposure": None,
        "versus": None,
        "outcome": {"outcome", "lesion", "csvd-marker"},
        "lesion": {"lesion", "csvd-marker"},
        "mechanism": {"mechanism"},
    }
    if column.key not in kinds:
        return []
    wanted = kinds[column.key]
    return sorted(term.id for term in field.vocabulary.terms.values() if wanted is None or term.kind in wanted)


def _listed(lists: Any, name: str, words: Sequence[str]) -> str:
    index = lists.max_column + 1 if lists.cell(1, 1).value else 1
    for row, word in enumerate((name, *words), start=1):
        lists.cell(row, index, word)
    return f"=lists!${letters(index)}$2:${letters(index)}${len(words) + 1}"
