"""The workbook to fill in: names of columns, a line of help for each, drop-downs, and worked rows that are never read as evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from loaders.tables.columns import COLUMNS, ROW_SETS, Column, RowSet
from loaders.tables.grid import letters

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

MARK = "WORKED EXAMPLE: delete this row"
EXAMPLE_IDS = frozenset({"example-1", "example-2"})
LAST_ROW = 2000
_LONGEST_LIST = 255  # of a drop-down that is written into its cell's rule

EXAMPLES: Mapping[RowSet, Sequence[Mapping[str, str]]] = {
    "studies": (
        {"id": "example-1", "title": "An invented cohort", "first_author": "Smith", "authors": "Smith A; Jones B", "year": "2021",
         "read": "full-text", "design": "prospective cohort", "countries": "Nowhere", "n": "78", "age_mean": "62 \u00b1 11",
          "male_pct": "54%",
         "mri_window_days": "0\u201314", "adc_confirmed": "yes", "notes": MARK},
        {"id": "example-2", "title": "An invented review", "first_author": "Lee", "year": "2023", "read": "abstract",
         "design": "meta-analysis", "k": "3", "notes": MARK},
    ),
    "populations": (
        {"study": "example-1", "id": "all", "label": "acute primary ICH", "condition": "ich", "arteriopathy": "any", "location": "any",
         "n": "78", "criteria": MARK},
        {"study": "example-2", "id": "all", "label": "ICH of any cause", "condition": "ich", "arteriopathy": "any", "location": "any",
         "criteria": MARK},
    ),
    "prevalence": (
        {"study": "example-1", "population": "all", "lesion": "R-DWI", "cases": "12/78 (15.4%)", "timing": "baseline MRI", "main": "yes",
         "source": MARK},
        {"study": "example-2", "population": "all", "lesion": "R-DWI", "pct": "20.1%", "ci": "15.0\u201326.4", "k": "3", "source": MARK},
    ),
    "findings": (
        {"study": "example-1", "exposure": "cerebral microbleeds", "exposure_as_reported": "1 or more microbleeds",
         "contrast": "present vs absent", "contrast_type": "binary", "outcome": "R-DWI", "population": "all", "measure": "OR",
         "value": "1.85 (1.10\u20133.11)", "p": "0.02", "adjusted": "yes", "covariates": "age; sex", "direction": "increases",
          "source": MARK},
        {"study": "example-1", "exposure": "age", "outcome": "R-DWI", "population": "all", "p": "NS", "adjusted": "no",
         "group_1_name": "with lesions", "group_1_n": "12", "group_1_mean": "64 \u00b1 10", "group_2_name": "without", "group_2_n": "66",
         "group_2_mean": "62 \u00b1 11", "groups_by": "outcome", "direction": "no-association", "source": MARK},
    ),
    "mechanisms": (
        {"study": "example-1", "mechanism": "impaired-autoregulation", "stance": "proposes", "basis": "opinion",
         "links": "acute-bp-reduction > impaired-autoregulation > r-dwi", "source": MARK},
        {"study": "example-2", "mechanism": "endothelial-dysfunction", "stance": "supports", "basis": "imaging",
         "links": "cerebral-microbleeds > r-dwi", "source": MARK},
    ),
}  # fmt: skip


def is_example(table: str, texts: Mapping[str, str]) -> bool:
    """Whether a row is one of the worked rows, as it was."""
    return any(texts == example for name, rows in EXAMPLES.items() if name == table for example in rows)


def empty(terms: Sequence[tuple[str, str]] = ()) -> bytes:
    """The workbook, as the bytes of a .xlsx file; `terms` (id, kind) are offered where a term is wanted."""
    import io

    import openpyxl

    book = openpyxl.Workbook()
    assert book.active is not None
    book.remove(book.active)
    for table in ROW_SETS:
        sheet = book.create_sheet(table)
        dress(sheet, COLUMNS[table])
        for i, column in enumerate(COLUMNS[table], start=1):
            _help(sheet, i, column.help)
            for row, example in enumerate(EXAMPLES[table], start=3):
                _example(sheet, row, i, example.get(column.key))
        sheet.freeze_panes = "B3"
    _drop_downs(book, terms)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


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


def _drop_downs(book: Any, terms: Sequence[tuple[str, str]]) -> None:
    from openpyxl.worksheet.datavalidation import DataValidation

    lists = book.create_sheet("lists")
    lists.sheet_state = "hidden"
    for table in ROW_SETS:
        sheet = book[table]
        for i, column in enumerate(COLUMNS[table], start=1):
            words = _offered(column, terms)
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


def _offered(column: Column, terms: Sequence[tuple[str, str]]) -> list[str]:
    if column.kind == "bool":
        return ["yes", "no"]
    if column.choices:
        return list(column.choices)
    kinds = {
        "exposure": None,
        "outcome": {"outcome", "lesion", "csvd-marker"},
        "lesion": {"lesion", "csvd-marker"},
        "mechanism": {"mechanism"},
    }
    if column.key not in kinds:
        return []
    wanted = kinds[column.key]
    return sorted(term for term, kind in terms if wanted is None or kind in wanted)


def _listed(lists: Any, name: str, words: Sequence[str]) -> str:
    index = lists.max_column + 1 if lists.cell(1, 1).value else 1
    for row, word in enumerate((name, *words), start=1):
        lists.cell(row, index, word)
    return f"=lists!${letters(index)}$2:${letters(index)}${len(words) + 1}"
