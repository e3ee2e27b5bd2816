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
ENDINGS = frozenset({".yaml", ".yml", ".json"}) | WORKBOOKS | DELIMITED
VOCABULARY = frozenset({"vocabulary.yaml", "vocabulary.yml"})
# what a folder of sheets is of; the vocabulary beside it is the field's, and adds nothing to it
FIELD = "field.yaml"
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
        """A table: by its ending, or as a workbook by its first bytes."""
        return Path(self.name).suffix.lower() in WORKBOOKS | DELIMITED or self.content.startswith(b"PK\x03\x04")


@dataclass(frozen=True, slots=True)
class Found:
    sheets: tuple[Path | str, ...]
    vocabularies: tuple[Path, ...]
    problems: tuple[Problem, ...]


def find(paths: Iterable[str | Path]) -> Found:
    """The sheets and vocabularies that these paths stand for, sorted, each once."""
    # by what they are, so that one file under two names counts once
    sheets: dict[Path, Path] = {}
    vocabularies: dict[Path, Path] = {}
    problems: list[Problem] = []
    stdin = False
    for given in paths:
        text = str(given)
        if text == STDIN:
            stdin = True
            continue
        found, problem = _expand(text)
        if problem is not None:
            problems.append(problem)
        for file in found:
            # a folder's vocabulary goes with any of its sheets
            beside = [file.parent / name for name in sorted(VOCABULARY) if (file.parent / name).is_file()]
            for vocabulary in beside if not (file.parent / FIELD).is_file() else ():
                vocabularies.setdefault(vocabulary.resolve(), vocabulary)
            # Excel keeps a note of who has a workbook open beside it
            if file.name not in VOCABULARY | {COLUMNS, FIELD} and not file.name.startswith("~$"):
                sheets.setdefault(file.resolve(), file)
    return Found((*sorted(sheets.values()), *((STDIN,) if stdin else ())), tuple(sorted(vocabularies.values())), tuple(problems))


def _expand(text: str) -> tuple[list[Path], Problem | None]:
    try:
        return _matching(text)
    except (OSError, ValueError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        return [], Problem(text, f"a path that can't be looked at ({reason})", "a file, a folder, a pattern, or - for standard input")


def _matching(text: str) -> tuple[list[Path], Problem | None]:
    if not text:
        return [], Problem("(empty path)", "an empty path", "a file, a folder, a pattern, or - for standard input")
    path = Path(text).expanduser()
    if path.is_dir():
        files = sorted(file for file in path.rglob("*") if file.suffix.lower() in ENDINGS and file.is_file())
        if not files:
            return [], Problem(text, "a folder without sheets", "files ending in .yaml, .yml, .json, .xlsx, .csv or .tsv")
        return files, None
    if path.is_file():
        return [path], None
    matches = [Path(match) for match in sorted(glob.glob(str(path), recursive=True))]  # noqa: PTH207 (absolute patterns, too)
    files = [
        file
        for match in matches
        for file in (sorted(match.rglob("*")) if match.is_dir() else [match])
        if file.is_file() and file.suffix.lower() in ENDINGS
    ]
    if files:
        return files, None
    return [], Problem(
        text, "no file or folder by that name", "a file, a folder, a pattern such as 'sheets/*.yaml', or - for standard input"
    )


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
