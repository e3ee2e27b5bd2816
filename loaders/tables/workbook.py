"""Excel workbooks as grids, by openpyxl, and what Excel and people do to them: hidden rows, merged cells, formulas without a value."""

from __future__ import annotations

import io
import re
import warnings
from typing import Any, Literal

from loaders.files import Source
from loaders.tables import parts
from loaders.tables.grid import MOST_COLUMNS, Cell, Grid, too_many
from schema.problems import Problem

# sheets of the template that hold no rows
OWN = frozenset({"lists", "read me"})
# Excel's own most is 32,767; each letter is looked at some hundred times
LONGEST_CELL = 131_072
# 2.1 x 10 and its raised power
_TEN = re.compile(r"[x\u00d7*]\s*10\s*$", re.IGNORECASE)
_POWER = re.compile("[-+\u2212\u2013]?\\d{1,3}")
_RAISED = str.maketrans("0123456789-+\u2212\u2013", "\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079\u207b\u207a\u207b\u207b")


def grids(source: Source) -> list[Grid] | Problem:
    """The sheets of a workbook that hold anything, or why it can't be read."""
    broken = parts.unfit(source)
    if broken is not None:
        return broken
    try:
        content, crowd = parts.crowded(source.content)
        if crowd is not None:
            return too_many(source.name, crowd)
        try:
            book = _opened(content, rich_text=True)
        except Exception:  # noqa: BLE001 (openpyxl raises whatever a damaged part makes Python raise)
            # what is damaged may be a picture or a link, which no table needs
            content = parts.reduced(content)
            book = _opened(content, rich_text=True)
        return _grids(source.name, book, content)
    except Exception:  # noqa: BLE001 (as above)
        return Problem(
            source.name,
            "a workbook that can't be read: a part of it is damaged",
            "an Excel workbook (.xlsx)",
            help="Open it in Excel or LibreOffice and save it again as .xlsx.",
        )


def _grids(file: str, book: Any, content: bytes) -> list[Grid] | Problem:
    if not book.worksheets:
        return Problem(file, "a workbook of charts only", "a sheet with a table")
    struck = frozenset(i for i, font in enumerate(book._fonts) if font.strike)  # noqa: SLF001 (a cell's own font takes long to look up)
    values = None
    found = []
    for sheet in book.worksheets:
        if sheet.title.strip().casefold() in OWN:
            continue
        cells = list(sheet._cells.values())  # noqa: SLF001 (iter_rows would fill in every gap, up to the last formatted row)
        if any(cell.data_type == "f" for cell in cells):
            # the values that Excel kept beside its formulas stand in a reading of their own
            values = values or _opened(content, data_only=True)
            grid = _grid(file, sheet, cells, values[sheet.title], struck)
        else:
            grid = _grid(file, sheet, cells, None, struck)
        if isinstance(grid, Problem):
            return grid
        widest = max((len(row) for row in grid.rows), default=0)
        if widest > MOST_COLUMNS:
            return too_many(file, f"{widest:,} filled columns", sheet.title)
        found.append(grid)
    return [grid for grid in found if grid.rows]


def _opened(content: bytes, *, data_only: bool = False, rich_text: bool = False) -> Any:
    import openpyxl

    with warnings.catch_warnings():
        # of extensions that it leaves out: drop-downs, conditional formats
        warnings.simplefilter("ignore")
        return openpyxl.load_workbook(io.BytesIO(content), data_only=data_only, rich_text=rich_text)


def _flattened(value: Any) -> tuple[str, Literal["raised", "struck"] | None, bool]:
    """A text of several fonts as one, with raised figures as such; what sets a part of it apart; and whether a part has the cell's font."""
    parts, plain = [], False
    raised = struck = False
    for part in value:
        if isinstance(part, str):
            plain = True
            parts.append(part)
            continue
        if part.font.strike and part.text.strip():
            struck = True
        elif part.font.vertAlign in {"superscript", "subscript"} and part.text.strip():
            power = part.font.vertAlign == "superscript" and _TEN.search("".join(parts)) and _POWER.fullmatch(part.text.strip())
            raised = raised or not power
            parts.append(part.text.translate(_RAISED) if part.font.vertAlign == "superscript" else part.text)
            continue
        parts.append(part.text)
    return "".join(parts), "struck" if struck else "raised" if raised else None, plain


def _grid(file: str, sheet: Any, cells: list[Any], values: Any, struck: frozenset[int]) -> Grid | Problem:
    grid = Grid(sheet.title, file)
    title = sheet.title
    rows: dict[int, list[Cell]] = {}
    for cell in cells:
        value, kind = cell.value, cell.data_type
        apart, in_font = None, True
        if isinstance(value, list):
            value, apart, in_font = _flattened(value)
        if value is None or (isinstance(value, str) and not value.strip()):
            continue
        if isinstance(value, str) and len(value) > LONGEST_CELL:
            return Problem(file, f"a cell of more than {LONGEST_CELL:,} letters ({cell.coordinate} of {title!r})", "cells of some words")
        # what is text is read whatever its format; to look that up takes longer than the rest
        made = Cell(value, cell.row, cell.column, file, title, "General" if kind == "s" else cell.number_format)
        if kind == "f":
            kept = values.cell(cell.row, cell.column)
            value = kept.value
            if value is None and kept.data_type == "str":
                # its value is a text of no letters, as of =IF(A2="","",A2)
                continue
            if value is None:
                formula = str(getattr(cell.value, "text", cell.value))
                grid.problems.append(
                    made.problem(
                        f"a formula without its value ({formula[:60]})",
                        "a value",
                        "Open the workbook in Excel or LibreOffice and save it, or paste the value in its place.",
                    )
                )
                continue
            made = Cell(value, cell.row, cell.column, file, sheet.title, cell.number_format)
        elif not isinstance(value, str | int | float) and not hasattr(value, "isoformat") and not hasattr(value, "total_seconds"):
            made = Cell(str(value), cell.row, cell.column, file, sheet.title, cell.number_format)
        made.set_apart = "struck" if struck and in_font and cell._style.fontId in struck else apart  # noqa: SLF001
        rows.setdefault(cell.row, []).append(made)
    grid.rows = [sorted(rows[row], key=lambda cell: cell.column) for row in sorted(rows)]
    if sheet.sheet_state != "visible" and grid.rows:
        grid.problems.append(grid.rows[0][0].problem("a hidden sheet", "sheets that can be seen", "Show it, or delete it."))
    hidden = {row for row, shown in sheet.row_dimensions.items() if shown.hidden}
    for row in grid.rows:
        if row[0].row in hidden:
            grid.problems.append(
                row[0].problem(f"the hidden row {row[0].row}", "rows that can be seen", "Show it (clear the filter), or delete it.")
            )
    for merged in sheet.merged_cells.ranges:
        first = rows.get(merged.min_row, [])
        here = next((cell for cell in first if cell.column == merged.min_col), None)
        if here is not None:
            grid.merged.append((merged.max_row, here, str(merged)))
    columns = sheet.column_dimensions
    for letter in (letter for letter, shown in columns.items() if shown.hidden):
        low, high = columns[letter].min or 0, columns[letter].max or 0
        at = next((cell for row in grid.rows for cell in row if low <= cell.column <= high), None)
        if at is not None:
            grid.problems.append(
                at.problem(f"the hidden column {letter}", "columns that can be seen", "It is read all the same.", odd=True)
            )
    return grid
