"""columns.yaml: what a team's own tables call their columns and words, where these are not among the usual names.

What is wrong in it is told at its line, once; the rest is used.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from loaders import files
from loaders.documents import Document, documents
from loaders.tables.cells import read
from loaders.tables.columns import FLAT, ROW_SETS, Column, Match, by_key
from loaders.tables.expectations import Asked
from loaders.tables.grid import Cell
from loaders.tables.numerals import Convention, Habit, Unread
from schema.field import EvidenceField
from schema.names import normal
from schema.problems import Problem
from schema.vocabulary import A_TERM, KINDS, Term, drafted, nearest

TABLES = (FLAT, *ROW_SETS)
# a constant that is what the sheet, or the text file, is called
SHEET = "{sheet}"


def _word(value: Any) -> Any:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value) if isinstance(value, int | float) else value


Word = Annotated[str, BeforeValidator(_word)]


class Keys(BaseModel):
    """The file's keys. `columns` and `ignore` name columns as the tables do; keys are those of `rdwi template`."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    columns: dict[str, str | None] = {}
    ignore: list[str] = []
    sheets: dict[str, Literal["studies", "populations", "prevalence", "findings", "mechanisms", "flat"] | None] = {}
    values: dict[str, dict[str, Word]] = {}
    constants: dict[str, Word] = {}
    decimal: Convention | None = None


@dataclass(frozen=True, slots=True)
class Mapped:
    """A mapping with its names in normal form; one that says nothing where there is no file.

    `left_out` are sheets and files. `faulty` are keys of constants, and `unread` words of a key, of which it is told that they can't be
    read: to tell of each row that it lacks them would be to tell it again.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    ignore: frozenset[str] = frozenset()
    sheets: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    decimal: Convention | None = None
    left_out: frozenset[str] = frozenset()
    faulty: frozenset[str] = frozenset()
    unread: Mapping[str, frozenset[str]] = field(default_factory=dict)
    wrong: bool = False
    file: str = files.COLUMNS
    # of each name of a sheet or file, as it is written, and of each constant
    lines: Mapping[tuple[str, str], int | None] = field(default_factory=dict)

    def constant(self, key: str, sheet: str) -> Cell:
        """What a constant says of the rows of a sheet, at the line that says it."""
        said = sheet if self.constants[key] == SHEET else self.constants[key]
        return Cell(said, self.lines.get(("constants", key)) or 1, 1, self.file)


NOTHING = Mapped()


def beside(path: Path, of: EvidenceField) -> tuple[Mapped | None, list[Problem]]:
    """The mapping for the tables of a folder, and what is wrong with it; None for one that is no mapping at all."""
    file = path / files.COLUMNS
    if not file.is_file():
        return NOTHING, []
    source = files.read(file)
    if isinstance(source, files.Source) and not source.content.strip():
        # it is being written: rdwi columns table.csv > columns.yaml
        return NOTHING, []
    parsed = source if isinstance(source, Problem) else documents(source)
    if isinstance(parsed, Problem):
        return (NOTHING, []) if parsed.found == "an empty file" else (None, [parsed])
    return _Reading(str(file), parsed[0], of).mapped()


class _Reading:
    """One columns.yaml, and what is wrong with it."""

    def __init__(self, file: str, document: Document, of: EvidenceField) -> None:
        self._file, self._document, self._of = file, document, of
        self._problems: list[Problem] = []
        self._faulty: set[str] = set()

    def mapped(self) -> tuple[Mapped | None, list[Problem]]:
        given = self._keys()
        if given is None:
            return None, self._problems
        columns, ignored = self._columns(given)
        habit = Habit(given.decimal)
        constants: dict[str, str] = {}
        for key, said in given.constants.items():
            meant = key if _column(key) is not None else self._unknown(key, ("constants", key))
            if meant == key and not (said == SHEET and key in KINDS):
                self._check(key, said, ("constants", key), habit)
            if meant is not None:
                constants.setdefault(meant, said)
        values, unread = self._values(given, habit)
        sheets: dict[str, str] = {}
        for name, table in given.sheets.items():
            if table is not None:
                sheets |= dict.fromkeys(_called(name), table)
        left_out = {one for name, table in given.sheets.items() if table is None for one in _called(name)}
        lines = {(section, name): self._document.line((section, name)) for section in ("sheets", "constants")
                 for name in getattr(given, section)}  # fmt: skip
        mapped = Mapped(
            columns, ignored, sheets, values, constants, given.decimal, frozenset(left_out), frozenset(self._faulty), unread,
            bool(self._problems), self._file, lines,
        )  # fmt: skip
        return mapped, self._problems

    def _tell(self, found: str, expected: str, path: tuple[str, ...], help: str | None = None, term: Term | None = None) -> None:
        line = self._document.line(path)
        self._problems.append(Problem(self._file, found, expected, ".".join(path) or None, line, help=help, term=term))

    def _keys(self) -> Keys | None:
        """The keys, without those whose values are of no use."""
        value = self._document.value
        if not isinstance(value, dict):
            self._tell(repr(value)[:80], f"a mapping of {', '.join(Keys.model_fields)}", ())
            return None
        value = {key: inner for key, inner in value.items() if inner is not None}
        while True:
            try:
                return Keys.model_validate(value)
            except ValidationError as error:
                for one in error.errors():
                    path = tuple(str(step) for step in one["loc"])
                    self._tell(*_complaint(one), path)
                    if path[0] == "constants" and len(path) > 1:
                        self._faulty.add(path[1])
                    value = _without(value, one["loc"])

    def _columns(self, given: Keys) -> tuple[dict[str, str], frozenset[str]]:
        """What the columns are; one with a wrong key is taken for the nearest, so that what else is wrong can be told."""
        columns: dict[str, str] = {}
        ignored = {normal(name) or name for name in given.ignore}
        for name, key in given.columns.items():
            meant = key if key is None or _column(key) is not None else self._unknown(key, ("columns", name))
            if meant is None:
                ignored.add(normal(name) or name)
            else:
                columns[normal(name) or name] = meant
        return columns, frozenset(ignored)

    def _unknown(self, key: str, path: tuple[str, ...]) -> str | None:
        near = difflib.get_close_matches(key, sorted({one for table in TABLES for one in by_key(table)}), n=1)
        hint = f"Did you mean {near[0]!r}?" if near else None
        self._tell(f"{key!r}", "the key of a column, as `rdwi template` has it", path, hint)
        self._faulty |= set(near)
        return near[0] if near else None

    def _values(self, given: Keys, habit: Habit) -> tuple[dict[str, dict[str, str]], dict[str, frozenset[str]]]:
        """What words mean, by the key of their column; and the words of which it can't be told."""
        values: dict[str, dict[str, str]] = {}
        unread: dict[str, frozenset[str]] = {}
        for key, words in given.values.items():
            if _column(key) is None:
                self._unknown(key, ("values", key))
                continue
            seen: dict[str, str] = {}
            wrong = set()
            for said, meant in words.items():
                first = seen.setdefault(normal(said) or said, said)
                if words[first] != meant:
                    self._tell(
                        f"{said!r}, which is read like {first!r} but means another",
                        "words that differ in more than signs and case",
                        ("values", key, said),
                    )
                    wrong.add(normal(said) or said)
                elif not self._check(key, meant, ("values", key, said), habit):
                    wrong.add(normal(said) or said)
            values[key] = {normal(said) or said: meant for said, meant in words.items()}
            unread[key] = frozenset(wrong)
        return values, unread

    def _check(self, key: str, said: str, path: tuple[str, ...], habit: Habit) -> bool:
        """Whether a column can have a value; told where it can't."""
        column = _column(key)
        assert column is not None
        asked = Asked(Match(column), habit, of=self._of)
        cell = Cell(said, 1, 1, self._file)
        try:
            names = [one for _, value in read(cell, asked) for one in (value if isinstance(value, list) else [value])]
        except Unread as error:
            self._tell(error.found or repr(said), error.expected, path, error.help)
            names = [None]
        for name in names if column.key in KINDS else ():
            if name is not None and self._of.vocabulary.find(name) is None:
                term = drafted(name, KINDS[column.key], taken=self._of.vocabulary.terms) if normal(name) else None
                self._tell(repr(name), A_TERM, path, nearest(name, self._of.vocabulary), term)
        is_wrong = bool(self._problems) and self._problems[-1].path == ".".join(path)
        if is_wrong and path[0] == "constants":
            self._faulty.add(key)
        return not is_wrong


def _column(key: str) -> Column | None:
    return next((column for table in TABLES if (column := by_key(table).get(key)) is not None), None)


def _called(name: str) -> Iterator[str]:
    """How a sheet or file may be called that is named so: old.csv is the table old of that file."""
    yield normal(name) or name
    path = Path(name)
    if path.suffix.lower() in files.DELIMITED | files.TEXTS:
        yield normal(path.stem) or path.stem


def _complaint(error: Any) -> tuple[str, str]:
    """One of pydantic's complaints: what was found, and what was expected."""
    if error["type"] == "extra_forbidden":
        return f"the key {error['loc'][-1]!r}", f"one of {', '.join(Keys.model_fields)}"
    choices = f"{error.get('ctx', {}).get('expected', '')}{', or null to leave it out' if error['loc'][0] == 'sheets' else ''}"
    expected: dict[str, str] = {"string_type": "a text", "dict_type": "a mapping", "list_type": "a list", "literal_error": choices}
    message = str(error["msg"])
    return repr(error["input"])[:80], expected.get(str(error["type"]), message[0].lower() + message[1:])


def _without(value: Any, path: tuple[str | int, ...]) -> Any:
    """The same without what stands at a path, or without the nearest thing round it."""
    first, rest = path[0], path[1:]
    inner = value[first]
    if rest and ((isinstance(inner, dict) and rest[0] in inner) or (isinstance(inner, list) and isinstance(rest[0], int))):
        made = _without(inner, rest)
        return {**value, first: made} if isinstance(value, dict) else [made if i == first else one for i, one in enumerate(value)]
    if isinstance(value, dict):
        return {key: one for key, one in value.items() if key != first}
    # its place is kept, or the places after it would be others
    return [("" if i == first else one) for i, one in enumerate(value)]
