"""Files that other programs keep for themselves: what they are by their first bytes, and how to save them so that they can be read."""

from __future__ import annotations

import io
import re
import zipfile

from loaders.files import Source
from schema.problems import Problem

_AS_XLSX = "Open it where it was made, and save it as .xlsx or as .csv in UTF-8."
_OLD_EXCEL = "an old Excel workbook (.xls)", _AS_XLSX
_FROM_R = "Write it from R as a table: write.csv(data, 'table.csv', row.names = FALSE)."
_FROM_STATISTICS = "Export it as .csv or .xlsx from the program that made it."
_NO_TABLE = "Type or copy its table into a workbook (.xlsx) or a .csv file: `rdwi template` writes an empty one."
_UNPACK = "Unpack it, and give the file inside."

# by a name of a part in a ZIP archive: the first that fits
_IN_ZIP: tuple[tuple[str, str, str], ...] = (
    (r"xl/workbook\.bin", "a binary Excel workbook (.xlsb)", _AS_XLSX),
    (r"word/.*", "a Word document (.docx)", _NO_TABLE),
    (r"ppt/.*", "a PowerPoint presentation (.pptx)", _NO_TABLE),
    (r"Index/.*\.iwa|index\.(?:apxl|xml|zip)", "a document of Numbers or Pages (.numbers)", "Export it from Numbers as .xlsx or .csv."),
)
_OPEN_DOCUMENTS = {
    "spreadsheet": ("an OpenDocument spreadsheet (.ods)", _AS_XLSX),
    "text": ("an OpenDocument text (.odt)", _NO_TABLE),
}
# by how the file begins
_BEGINS: tuple[tuple[bytes, str, str], ...] = (
    (b"%PDF", "a PDF", _NO_TABLE),
    (b"{\\rtf", "a document in RTF", _NO_TABLE),
    (b"$FL", "a data file of SPSS (.sav)", _FROM_STATISTICS),
    (b"<stata_dta>", "a data file of Stata (.dta)", _FROM_STATISTICS),
    (b"\0" * 12 + b"\xc2\xea\x81\x60", "a data file of SAS (.sas7bdat)", _FROM_STATISTICS),
    (b"PAR1", "a Parquet file", _FROM_STATISTICS),
    (b"ARROW1", "a Feather file", _FROM_STATISTICS),
    (b"SQLite format 3", "an SQLite database", _FROM_STATISTICS),
    (b"RDX", "a data file of R (.RData)", _FROM_R),
    (b"RDA", "a data file of R (.RData)", _FROM_R),
    (b"X\n\0\0\0", "a data file of R (.rds)", _FROM_R),
    (b"7z\xbc\xaf", "a packed file (.7z)", _UNPACK),
    (b"BZh", "a packed file (.bz2)", _UNPACK),
    (b"\xfd7zXZ", "a packed file (.xz), or a data file of R", _UNPACK),
    (b"Rar!", "a packed file (.rar)", _UNPACK),
)
_WEB_PAGE = re.compile(rb"\s*+(?:<!--(?>.*?-->)\s*+)*+<(?:!doctype\s+html|html|head|meta|table|body)\b", re.IGNORECASE | re.DOTALL)
_SPREADSHEET_ML = re.compile(rb"\s*<\?xml.{0,400}?(?:Excel\.Sheet|<(?:\w+:)?Workbook\b)", re.DOTALL)
# names of streams in an OLE file: the first that is there
_IN_OLE = (
    ("EncryptedPackage", ("an Excel workbook with a password", "Save it without a password.")),
    ("WordDocument", ("an old Word document (.doc)", _NO_TABLE)),
    ("PowerPoint Document", ("an old PowerPoint presentation (.ppt)", _NO_TABLE)),
    ("Workbook", _OLD_EXCEL),
    ("Book", _OLD_EXCEL),
)


def told(source: Source) -> Problem | None:
    """What a file of another program is, and how to save it; None for what may be a sheet or table."""
    known = _known(source.content)
    if known is None:
        return None
    what, how = known
    return Problem(source.name, what, "a sheet (.yaml, .json) or a table (.xlsx, .csv, .tsv)", help=how)


def _known(content: bytes) -> tuple[str, str] | None:
    if content.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _zipped(content)
    if content.startswith(b"\xd0\xcf\x11\xe0"):
        streams = (found for name, found in _IN_OLE if name.encode("utf-16-le") in content)
        return next(streams, ("an old Excel workbook (.xls), or one with a password", "Save it as .xlsx without a password."))
    if content.startswith(b"\x1f\x8b"):
        return "a packed file (.gz), or a data file of R (.rds, .RData)", f"Unpack it; or {_FROM_R[0].lower()}{_FROM_R[1:]}"
    if _WEB_PAGE.match(content[:4096]):
        return "a web page, whatever its ending", "Open it in Excel or LibreOffice, and save it as .xlsx."
    if _SPREADSHEET_ML.match(content[:4096]):
        return "a spreadsheet as XML of Excel 2003", _AS_XLSX
    return next(((what, how) for begin, what, how in _BEGINS if content.startswith(begin)), None)


def _zipped(content: bytes) -> tuple[str, str] | None:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as parts:
            names = parts.namelist()
            kind = ""
            if "mimetype" in names:
                with parts.open("mimetype") as file:
                    kind = file.read(200).decode("ascii", "replace")
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, RuntimeError, OSError, EOFError, ValueError, KeyError):
        return "a damaged workbook or packed file: its end is missing, or it was changed on its way", "Get it or save it again."
    if "xl/workbook.xml" in names:
        return None
    for name, known in _OPEN_DOCUMENTS.items():
        if kind.endswith(f"opendocument.{name}"):
            return known
    for pattern, what, how in _IN_ZIP:
        if any(re.fullmatch(pattern, name) for name in names):
            return what, how
    if any(name == "[Content_Types].xml" or name.startswith("xl/") for name in names):
        return None
    return "a packed file (.zip)", _UNPACK
