"""The parts of a workbook before they are read: whether they are too many, and the workbook with no more of them than a table needs.

A workbook may be formatted to its last row, and name pictures that its writer left out; neither is part of a table.
"""

from __future__ import annotations

import io
import posixpath
import re
import zipfile

from loaders.files import Source
from loaders.tables.grid import MOST_ROWS, column_of
from schema.problems import Problem

# a workbook unpacks to some ten times its size; what unpacks to more than this is a bomb
LARGEST_UNPACKED = 192 * 1024 * 1024
MOST_CELLS = 1_000_000
# merged cells and links of more are gone through one by one for too long; and so many cells without a value
_MANY = 20_000
_SHEET = re.compile(r"xl/worksheets/[^/]+\.xml")
_EMPTY_CELL = re.compile(rb"<(?:\w+:)?c(?: [^<>]*)?(?:/>|></(?:\w+:)?c>)")
_EMPTY_ROW = re.compile(rb"<(?:\w+:)?row(?: [^<>]*)?(?:/>|>\s*</(?:\w+:)?row>)")
_ROW, _CELL = re.compile(rb"<(?:\w+:)?row[ >]"), re.compile(rb"<(?:\w+:)?c[ >]")
_AREA = re.compile(
    rb'<(?:\w+:)?(mergeCell|hyperlink)\b(?>[^<>]*?\bref="([A-Z]{1,3})(\d+):([A-Z]{1,3})(\d+)")[^<>]*+>(?:(?<!/>)\s*+</(?:\w+:)?\1>)?'
)
_ROOT = re.compile(rb"^.*?<(\w+:)?worksheet\b[^>]*>", re.DOTALL)
_COLUMNS = re.compile(rb"<(?:\w+:)?cols>.*?</(?:\w+:)?cols>", re.DOTALL)
_MERGED = re.compile(rb"<(?:\w+:)?mergeCells\b.*?</(?:\w+:)?mergeCells>", re.DOTALL)
_NAMES = re.compile(rb"<(?:\w+:)?definedNames>.*?</(?:\w+:)?definedNames>", re.DOTALL)
_OVERRIDE = re.compile(rb'<(?:\w+:)?Override\b[^>]*?PartName="/([^"]*)"[^>]*?/>')
_RELATION = re.compile(rb"<(?:\w+:)?Relationship\b[^>]*?/>")
_NEEDED = re.compile(rb'/relationships/(?:worksheet|chartsheet|dialogsheet|xlMacrosheet|styles|sharedStrings|theme|officeDocument)"')
_LEFT_OUT = re.compile(r"xl/(?:worksheets|chartsheets|dialogsheets)/_rels/.*|xl/chartsheets/.*|xl/dialogsheets/.*|docProps/.*")


def unfit(source: Source) -> Problem | None:
    """Why a workbook is none, or too large to be read."""
    try:
        with zipfile.ZipFile(io.BytesIO(source.content)) as parts:
            size = sum(part.file_size for part in parts.infolist())
    except zipfile.BadZipFile:
        return Problem(
            source.name, "a file that is no workbook", "an Excel workbook (.xlsx)", help="Save it again as .xlsx, or as .csv if it is text."
        )
    if size > LARGEST_UNPACKED:
        return Problem(
            source.name,
            f"a workbook of {size // 1024**2} MiB when unpacked",
            f"at most {LARGEST_UNPACKED // 1024**2} MiB",
            help="Delete the empty, formatted rows under the table.",
        )
    return None


def crowded(content: bytes) -> tuple[bytes, str | None]:
    """The content, reduced where it is formatted far beyond its table; and what is too much of it even so."""
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        sheets = [name for name in parts.namelist() if _SHEET.fullmatch(name)]
        wide = [name for name in sheets if _is_wide(parts.read(name))]
    if not wide:
        return content, None
    content = reduced(content)
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        for name in wide:
            sheet = parts.read(name)
            for what, found, most in (("rows", _ROW, MOST_ROWS), ("cells", _CELL, MOST_CELLS)):
                many = sum(1 for _ in found.finditer(sheet))
                if many > most:
                    return content, f"a sheet of {many:,} {what}"
    return content, None


def _is_wide(sheet: bytes) -> bool:
    return (
        sheet.count(b"<row") > MOST_ROWS
        or sheet.count(b"/>") > _MANY
        or sheet.count(b"</c>") > MOST_CELLS
        or any(_area(found) > _MANY for found in _AREA.finditer(sheet))
    )


def _area(found: re.Match[bytes]) -> int:
    _, left, top, right, bottom = found.groups()
    return (column_of(right.decode()) - column_of(left.decode()) + 1) * (int(bottom) - int(top) + 1)


def reduced(content: bytes) -> bytes:
    """The workbook with its sheets' cells, widths and merged cells, its texts and its formats, and nothing else."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as parts, zipfile.ZipFile(out, "w") as kept:
        names = [name for name in parts.namelist() if not _LEFT_OUT.fullmatch(name)]
        for name in dict.fromkeys(names):
            part = parts.read(name)
            if _SHEET.fullmatch(name):
                part = _cells(part)
            elif name == "xl/workbook.xml":
                part = _NAMES.sub(b"", part)
            elif name == "[Content_Types].xml":
                part = _OVERRIDE.sub(lambda one: one[0] if one[1].decode("utf-8", "replace") in names else b"", part)
            elif posixpath.basename(posixpath.dirname(name)) == "_rels":
                part = _RELATION.sub(lambda one: one[0] if _NEEDED.search(one[0]) else b"", part)
            kept.writestr(name, part)
    return out.getvalue()


def _cells(sheet: bytes) -> bytes:
    start = re.search(rb"<(?:\w+:)?sheetData\b", sheet)
    end = sheet.rfind(b"sheetData>")
    root = _ROOT.match(sheet)
    if start is None or end < 0 or root is None:
        return sheet
    end += len(b"sheetData>")
    rows = _EMPTY_ROW.sub(b"", _EMPTY_CELL.sub(b"", sheet[start.start() : end]))
    around = [found[0] if (found := pattern.search(part)) else b"" for pattern, part in
              ((_COLUMNS, sheet[: start.start()]), (_MERGED, sheet[end:]))]  # fmt: skip
    merged = _AREA.sub(lambda one: b"" if _area(one) > _MANY else one[0], around[1])
    return root[0] + around[0] + rows + merged + b"</" + (root[1] or b"") + b"worksheet>"
