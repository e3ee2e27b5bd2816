"""Which files a user means: files, folders, globs, and - for standard input."""

from __future__ import annotations

import glob
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from schema.problems import Problem

WORKBOOKS = frozenset({".xlsx", ".xlsm", ".xls"})
DELIMITED = frozenset({".csv", ".tsv"})
# what may be a table when it is named
TEXTS = frozenset({".txt", ".tab"})
ENDINGS = frozenset({".yaml", ".yml", ".json"}) | WORKBOOKS | DELIMITED
# data of other programs, which would be missed where a folder of sheets holds them; papers and pictures would not
OTHERS = {
    ".ods": "an OpenDocument spreadsheet", ".numbers": "a document of Numbers", ".xlsb": "a binary Excel workbook",
    ".sav": "a data file of SPSS", ".dta": "a data file of Stata", ".sas7bdat": "a data file of SAS", ".rds": "a data file of R",
    ".rdata": "a data file of R", ".rda": "a data file of R", ".parquet": "a Parquet file",
}  # fmt: skip
VOCABULARY = frozenset({"vocabulary.yaml", "vocabulary.yml"})
# what a folder of sheets is of; the vocabulary beside it is the field's, and adds nothing to it
FIELD = "field.yaml"
# how the review was made, beside it
REVIEW = "review.yaml"
# what the tables of a folder call their columns
COLUMNS = "columns.yaml"
# a sheet is some kilobytes; what is larger than this is something else
LARGEST = 16 * 1024 * 1024
STDIN, STANDARD_INPUT = "-", "standard input"


@dataclass(frozen=True, slots=True)
class Source:
    """One file's bytes, and what to call it in a report."""

    name: str
    content: bytes
    is_json: bool = False

    @property
    def is_table(self) -> bool:
        """A table: by its ending, as a workbook by its first bytes, or as a text by what parts the cells of its first line."""
        ending = Path(self.name).suffix.lower()
        if ending in WORKBOOKS | DELIMITED or self.content.startswith(b"PK\x03\x04"):
            return True
        first = self.content.split(b"\n", 1)[0]
        return ending in TEXTS and not first.startswith((b"{", b"[")) and any(first.count(one) > 1 for one in (b"\t", b",", b";"))

    @property
    def is_workbook(self) -> bool:
        """A table that is no text."""
        return Path(self.name).suffix.lower() not in DELIMITED | TEXTS or self.content.startswith(b"PK\x03\x04")


@dataclass(frozen=True, slots=True)
class Found:
    sheets: tuple[Path | str, ...]
    vocabularies: tuple[Path, ...]
    problems: tuple[Problem, ...]
    reviews: tuple[Path, ...] = ()


def find(paths: Iterable[str | Path]) -> Found:
    """The sheets, vocabularies and records of reviews that these paths stand for, sorted, each once."""
    # by what they are, so that one file under two names counts once
    sheets: dict[Path, Path] = {}
    vocabularies: dict[Path, Path] = {}
    reviews: dict[Path, Path] = {}
    problems: list[Problem] = []
    stdin = False
    for given in paths:
        text = str(given)
        if text == STDIN:
            stdin = True
            continue
        found, wrong = _expand(text)
        problems += wrong
        for file in found:
            # a folder's vocabulary goes with any of its sheets
            beside = [file.parent / name for name in sorted(VOCABULARY) if (file.parent / name).is_file()]
            for vocabulary in beside if not (file.parent / FIELD).is_file() else ():
                vocabularies.setdefault(vocabulary.resolve(), vocabulary)
            if file.name == REVIEW:
                reviews.setdefault(file.resolve(), file)
            # Excel keeps a note of who has a workbook open beside it
            if file.name not in VOCABULARY | {COLUMNS, FIELD, REVIEW} and not file.name.startswith("~$"):
                sheets.setdefault(file.resolve(), file)
    named = (*sorted(sheets.values()), *((STDIN,) if stdin else ()))
    return Found(named, tuple(sorted(vocabularies.values())), tuple(problems), tuple(sorted(reviews.values())))


def _expand(text: str) -> tuple[list[Path], list[Problem]]:
    try:
        return _matching(text)
    except (OSError, ValueError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or "no file can have that name"
        return [], [Problem(text, f"a path that can't be looked at ({reason})", "a file, a folder, a pattern, or - for standard input")]


def _matching(text: str) -> tuple[list[Path], list[Problem]]:
    if not text:
        return [], [Problem("(empty path)", "an empty path", "a file, a folder, a pattern, or - for standard input")]
    path = Path(text).expanduser()
    if path.is_file():
        return [path], []
    is_folder = path.is_dir()
    matches = [path] if is_folder else [Path(match) for match in sorted(glob.glob(str(path), recursive=True))]  # noqa: PTH207 (absolute patterns, too)
    inside = [file for match in matches for file in (sorted(match.rglob("*")) if match.is_dir() else [match]) if file.is_file()]
    files = [file for file in inside if file.suffix.lower() in ENDINGS]
    left_out = [_left_out(file) for file in inside if file.suffix.lower() in OTHERS and not file.name.startswith(("~$", "."))]
    if files:
        return files, left_out
    if is_folder:
        return [], [*left_out, Problem(text, "a folder without sheets", "files ending in .yaml, .yml, .json, .xlsx, .csv or .tsv")]
    expected = "a file, a folder, a pattern such as 'sheets/*.yaml', or - for standard input"
    return [], [*left_out, Problem(text, "no sheets" if left_out else "no file or folder by that name", expected)]


def _left_out(file: Path) -> Problem:
    found = f"{OTHERS[file.suffix.lower()]}, which is left out"
    return Problem(str(file), found, "tables as .xlsx, .csv or .tsv", severity="warning", help="Save it as one of these to have it read.")


def read(source: Path | str, stdin: Callable[[], bytes] = lambda: sys.stdin.buffer.read(LARGEST + 1)) -> Source | Problem:
    """A file's bytes, or why they can't be had."""
    if source == STDIN:
        content, name = stdin(), STANDARD_INPUT
        is_json = looks_like_json(content)
    else:
        path = Path(source)
        name, is_json = str(path), path.suffix.lower() == ".json"
        try:
            if path.stat().st_size > LARGEST:
                return too_large(name)
            content = path.read_bytes()
        except OSError as error:
            return Problem(name, f"a file that can't be read ({error.strerror})", "a file that can be read")
    if len(content) > LARGEST:
        return too_large(name)
    return Source(name, content, is_json)


def looks_like_json(content: bytes) -> bool:
    return content.lstrip()[:1] in {b"{", b"["}


def too_large(name: str) -> Problem:
    return Problem(
        name,
        f"more than {LARGEST // 1024**2} MiB",
        "an extraction sheet of some kilobytes",
        help="Split it into a file a study, or check that it is the right file.",
    )
