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
FLAT_PREVALENCE = "flat prevalence"
# what each row of a table is that stands alone, and has its study and group in itself
ROWS_OF: Mapping[str, RowSet] = {FLAT: "findings", FLAT_PREVALENCE: "prevalence"}
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
    # in which its figures are, which its name may say
    unit: str | None = None

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


def _read() -> dict[str, Any]:
    with (pathlib.Path(__file__).parent / "tables.yaml").open(encoding="utf-8") as file:
        return dict(yaml.load(file, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))  # noqa: S506 (both are safe loaders)


_DATA = _read()
COLUMNS: Mapping[RowSet, tuple[Column, ...]] = {table: tuple(_made(table, given) for given in _DATA[table]) for table in ROW_SETS}
# sets of names, each with the keys of findings that they are where all of them stand in one table
TOGETHER: tuple[Mapping[str, str], ...] = tuple({normal(name): key for name, key in names.items()} for names in _DATA["together"])
# what only reads what other columns hold, too: a writer leaves it out
READ_ONLY = frozenset(
    {("studies", "age"), ("prevalence", "ci_low"), ("prevalence", "ci_high")}
    | {("findings", key) for key in ("ci", "variance", "log_value", "exposed_noncases", "unexposed_noncases", "counts_total")}
)


@cache
def columns_of(table: str) -> tuple[Column, ...]:
    """The columns of a table: a row set, or one of those that stand alone."""
    rows = ROWS_OF.get(table)
    if rows is None:
        return COLUMNS[table]  # type: ignore[index]
    parts: tuple[RowSet, ...] = ("studies", "populations", rows)
    return tuple(column for part in parts for column in COLUMNS[part] if column.is_flat)


FLAT_COLUMNS = columns_of(FLAT)


@dataclass(frozen=True, slots=True)
class Match:
    """A column that a name was recognised as, and what the name says besides: "aOR (95% CI)" is an adjusted odds ratio."""

    column: Column
    implies: tuple[tuple[Path, Any], ...] = ()
    # whether the name says that a bracket is an SD
    with_sd: bool = False
    # whether a bare figure under this name may be a count or a percentage
    bare_is_unclear: bool = False
    # whether the name says that an interval stands in its cells
    with_ci: bool = False
    # whether the name says that a bracket is the standard error
    with_se: bool = False
    # whether the name says that 0.154 is 15.4%
    is_fraction: bool = False
    # which of the estimates of a row it belongs to, where there is more than one
    estimate: int | None = None

    def says(self, key: str) -> Any:
        """What the name says of another key; None where it says nothing."""
        return next((value for path, value in self.implies if path == (key,)), None)


_ENDS = {
    **dict.fromkeys(("lower", "low", "lo", "lwr"), "lower"),
    **dict.fromkeys(("upper", "upp", "high", "hi", "upr", "uppr"), "upper"),
}
_OF_INTERVAL = frozenset(
    {"ci", "cl", "cis", "95", "95%", "95%ci", "ci95", "95ci", "limit", "bound", "end", "confidence", "conf", "interval", "of", "the"}
)


def end(name: str) -> str:
    """A normal name that says no more than which end of an interval it is, in whatever order, as "lower" or "upper"; others as they are."""
    words = name.split()
    said = {_ENDS[word] for word in words if word in _ENDS}
    return said.pop() if len(said) == 1 and all(word in _ENDS or word in _OF_INTERVAL for word in words) else name


@cache
def known(table: str) -> Mapping[str, Match]:
    """From each normal name to the column of that table."""
    columns = columns_of(table)
    found: dict[str, Match] = {}
    for column in columns:
        found[normal(key_of(column, table))] = Match(column)
    # a table that stands alone is one of its rows first: its notes and sources are theirs, but a number of studies is the review's
    own = ROWS_OF.get(table, table)
    for column in sorted(columns, key=lambda one: one.table != own or one.key == "k"):
        for name in column.names:
            words = normal(name).split()
            is_fraction = bool({"proportion", "fraction"} & set(words)) and "%" not in words
            match = Match(column, with_sd="sd" in words, bare_is_unclear=name in column.unclear, is_fraction=is_fraction)
            found.setdefault(" ".join(words), match)
    for name, match in list(found.items()):
        if "95% ci" in name:
            for written in ("95%ci", "ci95%", "ci95", "95ci", "ci 95%"):
                found.setdefault(name.replace("95% ci", written), match)
    return found


def key_of(column: Column, table: str) -> str:
    """What the column is called in that table."""
    return column.flat_key if table in ROWS_OF else column.key


@cache
def by_key(table: str) -> Mapping[str, Column]:
    return {key_of(column, table): column for column in columns_of(table)}
