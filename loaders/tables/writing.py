"""Studies as tables: a workbook with all row sets, or one flat table with a row a finding.

Reading gives back what was written: each cell is read as it is written, and what a cell can't hold is an error.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from loaders.tables.cells import read
from loaders.tables.columns import COLUMNS, FLAT_COLUMNS, READ_ONLY, ROW_SETS, Column, Match, Path
from loaders.tables.expectations import Asked
from loaders.tables.grid import Cell
from loaders.tables.numerals import Unread
from loaders.tables.template import dress
from schema.errors import Unheld
from schema.field import RowSet
from schema.study import Study

_LONGEST = 32_767  # letters of a cell in Excel
_RUN = ("=", "+", "-", "@", "\t", "\n")  # how a text begins that a spreadsheet runs as a formula
# a cell: what is typed, and its format
_Typed = tuple[str | int | float, str]


def workbook(studies: Iterable[Study]) -> bytes:
    """A workbook (.xlsx) of the studies, a sheet a row set; Unheld where a value can't stand in a cell."""
    import openpyxl

    book = openpyxl.Workbook()
    assert book.active is not None
    book.remove(book.active)
    sheets = {table: book.create_sheet(table) for table in ROW_SETS}
    columns = {table: [one for one in COLUMNS[table] if (table, one.key) not in READ_ONLY] for table in ROW_SETS}
    for table, sheet in sheets.items():
        dress(sheet, columns[table])
    at = dict.fromkeys(ROW_SETS, 1)
    for study in studies:
        for table, row in _rows(study):
            at[table] += 1
            for i, column in enumerate(columns[table], start=1):
                value = _at(row, column.path)
                if value is None:
                    continue
                typed, shown_as = _typed(column, value, study.id, sheet=table)
                cell = sheets[table].cell(at[table], i, typed)
                if isinstance(typed, str):
                    # or a text that begins with = would be a formula
                    cell.data_type = "s"
                cell.number_format = shown_as
    for sheet in sheets.values():
        sheet.auto_filter.ref = sheet.dimensions
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _rows(study: Study) -> Iterator[tuple[RowSet, dict[str, Any]]]:
    """The rows of a study in each row set, with the keys that say something."""
    dumped = study.model_dump(mode="json", exclude_defaults=True)
    yield "studies", dumped
    for table in ROW_SETS[1:]:
        for row in dumped.get(table, ()):
            yield table, {**row, "study": study.id}


def _at(row: Any, path: Path) -> Any:
    for step in path:
        if row is None or (isinstance(row, Mapping) and step not in row):
            return None
        row = row[step]
    return row


def flat(studies: Iterable[Study], delimiter: str = ",") -> tuple[str, dict[str, int]]:
    """A flat table as CSV or TSV, and how many of what it can't hold: studies without findings, prevalence, mechanisms, other groups."""
    out = io.StringIO()
    columns = [one for one in FLAT_COLUMNS if (one.table, one.key) not in READ_ONLY]
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\r\n")
    writer.writerow([column.flat_key for column in columns])
    left_out = {"studies without findings": 0, "rows of prevalence": 0, "mechanisms": 0, "populations without findings": 0}
    for study in studies:
        held = flattened(study)
        left_out["studies without findings"] += held is None
        left_out["rows of prevalence"] += len(study.prevalence)
        left_out["mechanisms"] += len(study.mechanisms)
        left_out["populations without findings"] += len(study.populations) - (len(held.populations) if held is not None else 0)
        if held is None:
            continue
        dumped = held.model_dump(mode="json", exclude_defaults=True)
        groups = {group["id"]: group for group in dumped["populations"]}
        for finding in dumped["findings"]:
            rows = {"studies": dumped, "populations": groups[finding["population"]], "findings": finding}
            writer.writerow([_text(column, _at(rows[column.table], column.path), study.id) for column in columns])
    return out.getvalue(), {what: count for what, count in left_out.items() if count}


def flattened(study: Study) -> Study | None:
    """What a flat table can hold of a study: its findings, and the groups that these name, in that order; None without findings."""
    if not study.findings:
        return None
    named = dict.fromkeys(finding.population for finding in study.findings)
    return study.model_copy(update={"prevalence": (), "mechanisms": (), "populations": tuple(study.population(one) for one in named)})


def _text(column: Column, value: Any, study: str) -> str:
    if value is None:
        return ""
    typed, _ = _typed(column, value, study, sheet=None)
    if isinstance(typed, str):
        return f"'{typed}" if typed.startswith(_RUN) else typed
    return repr(typed)


def _typed(column: Column, value: Any, study: str, *, sheet: str | None) -> _Typed:
    """What to type for a value; Unheld where reading it gives another."""
    typed, shown_as = _written(column, value)
    # a text file holds nothing but texts
    cell = Cell(repr(typed) if sheet is None and not isinstance(typed, str) else typed, 1, 1, "", sheet, shown_as)
    try:
        back = dict(read(cell, Asked(Match(column)))).get(column.path) if not cell.blank else None
    except Unread:
        back = None
    too_long = isinstance(typed, str) and (len(typed) > _LONGEST or "\r" in typed)
    if repr(back) != repr(value) or too_long:
        raise Unheld(study, column.table, column.key, str(value))
    return typed, shown_as


def _written(column: Column, value: Any) -> _Typed:
    kind = column.kind
    if isinstance(value, bool):
        return "yes" if value else "no", "General"
    if kind == "percent" and 0 < value <= 1:
        # 0.5 alone could be a fraction
        return f"{value!r}%", "@"
    if kind == "per":
        return f"{value['step']!r} {value['unit']}", "@"
    if kind == "pair" or (kind == "months" and isinstance(value, list)):
        return f"{value[0]!r} to {value[1]!r}", "@"
    if kind == "numbers":
        return "; ".join(repr(one) for one in value), "@"
    if kind == "links":
        return " > ".join(value), "@"
    if isinstance(value, list):
        return _joined(value), "@"
    if isinstance(value, float) and value.is_integer():
        # 16.0 keeps its decimal in a workbook by its format alone
        return value, "0.0"
    return value, "@" if isinstance(value, str) else "General"


def _joined(items: Sequence[str]) -> str:
    return "; ".join('"' + item.replace('"', '""') + '"' if set(item) & set(';"\n') else item for item in items)
