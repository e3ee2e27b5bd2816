"""columns.yaml: what a team's own tables call their columns and words, where these are not among the usual names."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from loaders import files
from loaders.documents import documents
from loaders.tables.columns import FLAT, ROW_SETS, by_key
from loaders.tables.numerals import Convention
from schema.names import normal
from schema.problems import Problem

TABLES = (*ROW_SETS, FLAT)
Word = Annotated[str, BeforeValidator(lambda value: ("yes" if value else "no") if isinstance(value, bool) else str(value))]


class Keys(BaseModel):
    """The file's keys. `columns` and `ignore` name columns as the tables do; keys are those of `rdwi template`."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    columns: dict[str, str | None] = {}
    ignore: list[str] = []
    sheets: dict[str, Literal["studies", "populations", "prevalence", "findings", "mechanisms", "flat"]] = {}
    values: dict[str, dict[str, Word]] = {}
    constants: dict[str, Word] = {}
    decimal: Convention | None = None


@dataclass(frozen=True, slots=True)
class Mapped:
    """A mapping with its names in normal form; one that says nothing where there is no file."""

    columns: Mapping[str, str]
    ignore: frozenset[str]
    sheets: Mapping[str, str]
    values: Mapping[str, Mapping[str, str]]
    constants: Mapping[str, str]
    decimal: Convention | None


NOTHING = Mapped({}, frozenset(), {}, {}, {}, None)


def beside(path: Path) -> tuple[Mapped, list[Problem]]:
    """The mapping for the tables of a folder, and what is wrong with it."""
    file = path / files.COLUMNS
    if not file.is_file():
        return NOTHING, []
    source = files.read(file)
    read = source if isinstance(source, Problem) else documents(source)
    if isinstance(read, Problem):
        return NOTHING, [read]
    document = read[0]
    try:
        given = Keys.model_validate(document.value)
    except ValidationError as error:
        return NOTHING, [_problem(str(file), one, document) for one in error.errors()]
    keys = {key for table in TABLES for key in by_key(table)}
    wrong = []
    for section, named in (("columns", given.columns), ("values", given.values), ("constants", given.constants)):
        for name, value in named.items():
            key = value if section == "columns" else name
            if key is not None and key not in keys:
                near = difflib.get_close_matches(str(key), sorted(keys), n=1)
                wrong.append(
                    Problem(
                        str(file),
                        f"{key!r}",
                        "the key of a column, as `rdwi template` has it",
                        f"{section}.{name}",
                        document.line((section, name)),
                        help=f"Did you mean {near[0]!r}?" if near else None,
                    )
                )
    for key, words in given.values.items():
        seen: dict[str, str] = {}
        for said, meant in words.items():
            first = seen.setdefault(normal(said) or said, said)
            if words[first] != meant:
                wrong.append(
                    Problem(
                        str(file),
                        f"{said!r}, which is read like {first!r} but means another",
                        "words that differ in more than signs and case",
                        f"values.{key}.{said}",
                        document.line(("values", key, said)),
                    )
                )
    mapped = Mapped(
        {normal(name) or name: key for name, key in given.columns.items() if key is not None},
        frozenset(normal(name) or name for name in (*given.ignore, *(name for name, key in given.columns.items() if key is None))),
        {normal(name): table for name, table in given.sheets.items()},
        {key: {normal(said) or said: meant for said, meant in words.items()} for key, words in given.values.items()},
        given.constants,
        given.decimal,
    )
    return (NOTHING if wrong else mapped), wrong


def _problem(file: str, error: Any, document: Any) -> Problem:
    path = ".".join(str(step) for step in error["loc"])
    if error["type"] == "extra_forbidden":
        return Problem(
            file, f"the key {error['loc'][-1]!r}", f"one of {', '.join(Keys.model_fields)}", path, document.line(tuple(error["loc"]))
        )
    return Problem(
        file, repr(error["input"])[:80], error["msg"][0].lower() + error["msg"][1:], path or None, document.line(tuple(error["loc"]))
    )
