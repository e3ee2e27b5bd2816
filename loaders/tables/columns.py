"""The columns of tables: their keys, where each goes in a sheet, how its cells are read, and the names by which people call it."""

from __future__ import annotations

import pathlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, get_args

import yaml

from schema import study as sheet
from schema.field import EvidenceField, RowSet
from schema.names import normal

ROW_SETS: tuple[RowSet, ...] = get_args(RowSet)
FLAT = "flat"
Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `path` leads to its value inside a row; `more` to what else a cell may hold (an interval beside its value)."""

    table: RowSet
    key: str
    kind: str
    help: str
    path: Path
    names: tuple[str, ...] = ()
    # those of its names under which people write people and percentages alike
    unclear: tuple[str, ...] = ()
    flat: str | None = None
    more: Mapping[str, Path] = field(default_factory=dict)
    choices: tuple[str, ...] = ()
    # what a cell may say for a choice, or for yes and no
    means: Mapping[str, Any] = field(default_factory=dict)
    # whether its words are those of one of the field's axes
    axis: bool = False
    needed: bool = False
    # whether a flat table has it
    is_flat: bool = True

    @property
    def flat_key(self) -> str:
        return self.flat or self.key

    def help_in(self, of: EvidenceField) -> str:
        """What the column is for, in the field's words where it has some."""
        return of.help.get(self.table, {}).get(self.key, self.help)


_YES = {"yes": True, "y": True, "x": True, "1": True, "true": True, "\u2713": True, "\u2714": True}
_NO = {"no": False, "n": False, "0": False, "false": False, "\u2717": False}


def _made(table: RowSet, given: dict[str, Any]) -> Column:
    """A column of tables.yaml."""
    choices = given.get("choices", ())
    means = {**(_YES | _NO if given["kind"] == "bool" else {}), **given.get("means", {})}
    return Column(
        table,
        **{
            **given,
            "path": tuple(given.get("path", (given["key"],))),
            "names": tuple(given.get("names", ())),
            "unclear": tuple(given.get("unclear", ())),
            "more": {what: tuple(path) for what, path in given.get("more", {}).items()},
            "choices": get_args(getattr(sheet, choices)) if isinstance(choices, str) else tuple(choices),
            # symbols have no normal name
            "means": {normal(name) or name: meant for name, meant in means.items()},
        },
    )


def _read() -> dict[RowSet, tuple[Column, ...]]:
    with (pathlib.Path(__file__).parent / "tables.yaml").open(encoding="utf-8") as file:
        data = yaml.load(file, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 (both are safe loaders)
    return {table: tuple(_made(table, given) for given in data[table]) for table in ROW_SETS}


COLUMNS: Mapping[RowSet, tuple[Column, ...]] = _read()
# what only reads what other columns hold, too: a writer leaves it out
READ_ONLY = frozenset({("studies", "age"), ("findings", "ci")})
FLAT_COLUMNS: tuple[Column, ...] = tuple(
    column for table in ("studies", "populations", "findings") for column in COLUMNS[table] if column.is_flat
)


@dataclass(frozen=True, slots=True)
class Match:
    """A column that a name was recognised as, and what the name says besides: "aOR (95% CI)" is an adjusted odds ratio."""

    column: Column
    implies: tuple[tuple[Path, Any], ...] = ()
    # whether the name says that a bracket is an SD
    with_sd: bool = False
    # whether a bare figure under this name may be a count or a percentage
    bare_is_unclear: bool = False


def _measured() -> dict[str, tuple[tuple[Path, Any], ...]]:
    """The names of columns of estimates that tell their measure, and whether it is adjusted."""
    named: dict[str, tuple[tuple[Path, Any], ...]] = {}
    measures = {
        "or": "OR", "odds ratio": "OR", "hr": "HR", "hazard ratio": "HR", "rr": "RR", "risk ratio": "RR", "relative risk": "RR",
        "smd": "SMD", "mean difference": "mean-difference", "beta": "beta",
    }  # fmt: skip
    prefixes = {
        "": None, "adjusted ": True, "adj ": True, "unadj ": False, "a": True, "multivariable ": True, "multivariate ": True,
        "crude ": False, "unadjusted ": False, "univariable ": False, "univariate ": False,
    }  # fmt: skip
    for said, measure in measures.items():
        for prefix, adjusted in prefixes.items():
            if prefix == "a" and len(said) > 2:
                continue
            more = () if adjusted is None else ((("adjusted",), adjusted),)
            for end in ("", " 95% ci", " 95 ci", " ci", " 95% confidence interval"):
                named[normal(f"{prefix}{said}{end}")] = ((("measure",), measure), *more)
                if prefix == "adj " and len(said) < 4:
                    # ORadj, OR adj
                    for written in (f"{said}adj{end}", f"{said} adj{end}"):
                        named[normal(written)] = ((("measure",), measure), *more)
    return named


@cache
def known(table: str) -> Mapping[str, Match]:
    """From each normal name to the column of that table (a row set, or flat)."""
    columns = FLAT_COLUMNS if table == FLAT else COLUMNS[table]  # type: ignore[index]
    found: dict[str, Match] = {}
    for column in columns:
        found[normal(column.flat_key if table == FLAT else column.key)] = Match(column)
    # a flat table is a table of findings first: its notes and sources are theirs, but a number of studies is the review's
    for column in sorted(columns, key=lambda one: one.table != "findings" or one.key == "k"):
        for name in column.names:
            found.setdefault(normal(name), Match(column, with_sd="sd" in normal(name).split(), bare_is_unclear=name in column.unclear))
        if column.key == "value":
            for name, implied in _measured().items():
                found.setdefault(name, Match(column, implied))
    for name, match in list(found.items()):
        if "95% ci" in name:
            for written in ("95%ci", "ci95%", "ci95", "95ci", "ci 95%"):
                found.setdefault(name.replace("95% ci", written), match)
    return found


def key_of(column: Column, table: str) -> str:
    """What the column is called in that table."""
    return column.flat_key if table == FLAT else column.key


def by_key(table: str) -> Mapping[str, Column]:
    columns = FLAT_COLUMNS if table == FLAT else COLUMNS[table]  # type: ignore[index]
    return {key_of(column, table): column for column in columns}
