"""What a flat table leaves unsaid, and how it is read then; told once a table.

A table of reviewers may have no more than study, factor, outcome and an estimate. The rest is kept as not known, or is what the row's own
figures and names show; what an estimate is has no default.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from loaders.tables.assembly import Row, TableDocument
from loaders.tables.columns import ROWS_OF, key_of
from loaders.tables.grid import Cell, Grid
from loaders.tables.headers import Header
from loaders.tables.texts import slug
from loaders.tables.workings import direction_of
from schema.field import ANY, EvidenceField
from schema.problems import Problem
from schema.study import RATIOS, Axis

# that each row needs, and no column of a flat table need say
KEYS = ("read", "population", "direction")
_NOT_STATED = "not-stated"
_CONTRAST = ("contrast_type", "contrast", "per")
_TABLE = ("exposed_cases", "exposed_total", "unexposed_cases", "unexposed_total")
_LONGEST = 200  # letters of a name
_DATED = re.compile(r"(?P<who>.*?[^\W\d].*?)[\s,;_(-]+\(?(?P<year>(?:19|20)\d\d)[a-z]?\)?")
# what stands after the first author
_OTHERS = re.compile(r"\s*(?:,|;|&|\band\b|\bet\s+al\b).*", re.IGNORECASE)


@dataclass(slots=True)
class Defaults:
    """The defaults of one table: which of its columns are not there, and what was filled in for them."""

    grid: Grid
    header: Header
    of: EvidenceField
    constants: Mapping[str, str]
    directions: Counter[str] = field(default_factory=Counter)
    groups: dict[str, None] = field(default_factory=dict)
    dated: int = 0
    # rows with a ratio of which nothing says what it compares
    compared: int = 0
    unmeasured: list[Cell] = field(default_factory=list)
    # keys whose columns are there, and blank in each row
    blank: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        keys = {at: key_of(match.column, self.header.table) for at, match in self.header.matches.items()}
        open_keys = {at: key for at, key in keys.items() if key in {*KEYS, *self.of.used_axes, "measure"}}
        for cells in self.grid.rows[self.header.index + 1 :]:
            for cell in cells if open_keys else ():
                if cell.column in open_keys and not cell.blank:
                    del open_keys[cell.column]
        self.blank = frozenset(open_keys.values())

    def lacks(self, key: str) -> bool:
        """Whether no column and no constant says it."""
        return self.header.table in ROWS_OF and (not self.header.has(key) or key in self.blank) and key not in self.constants

    def fill(self, row: Row, document: TableDocument) -> None:
        """Say for a row what its table says nothing of."""
        self._study(row, document)
        self._group(row)
        if ROWS_OF[self.header.table] != "findings":
            return
        estimate = row.values.get(("findings", ("value",))) or row.values.get(("findings", ("ci", 0)))
        if estimate is not None and self.lacks("measure") and ("findings", ("measure",)) not in row.values:
            # which way it points can't be told either
            self.unmeasured.append(estimate[1])
            document.silent |= {("findings", "measure"), ("findings", "direction")}
            return
        of_ratio = estimate is not None and row.get("findings", ("measure",)) in RATIOS
        if of_ratio and not any(("findings", (key,)) in row.values for key in _CONTRAST):
            if all(row.get("findings", ("counts", key)) is not None for key in _TABLE):
                # counts are of those with and without the exposure
                row.values["findings", ("contrast_type",)] = ("binary", row.first)
            else:
                self.compared += 1
        if ("findings", ("direction",)) not in row.values and ("findings", ("direction",)) not in row.unread:
            row.values["findings", ("direction",)] = (direction_of(row), row.first)
        if self.lacks("direction") and (direction := row.get("findings", ("direction",))) is not None:
            self.directions[direction] += 1

    def _study(self, row: Row, document: TableDocument) -> None:
        if self.lacks("read"):
            row.values["studies", ("read",)] = (_NOT_STATED, row.first)
        typed = row.names.get(("studies", ("id",)))
        dated = _DATED.fullmatch(typed.strip()) if typed is not None and len(typed) <= _LONGEST else None
        if dated is None or ("year",) in document.cells:
            return
        at = row.values["studies", ("id",)][1]
        if self.lacks("year"):
            row.values["studies", ("year",)] = (int(dated["year"]), at)
            self.dated += 1
        who = _OTHERS.sub("", dated["who"]).strip()
        # ERICH 2013 is a cohort's name, and novak-2001 an id
        if (
            who
            and not who.isupper()
            and not who.islower()
            and not re.search(r"\d", who)
            and self.lacks("first_author")
            and self.lacks("authors")
        ):
            row.values["studies", ("first_author",)] = (who, at)

    def _group(self, row: Row) -> None:
        """The group of people: as its label or its axes say, or the field's default population."""
        populations, at = self.of.populations, row.first
        said: dict[Axis, Any] = {axis: row.get("populations", (axis,)) for axis in self.of.used_axes}
        narrow = {axis: value for axis, value in said.items() if value not in {None, ANY}}
        label = row.get("populations", ("label",))
        if self.lacks("population") and ("populations", ("id",)) not in row.values:
            if label is not None:
                made = slug(label)
            elif narrow:
                made = "-".join(dict.fromkeys(narrow.values()))
                known = populations.find(made)
                words = (self.of.axes[axis].values.get(value) or value for axis, value in said.items() if axis in narrow)
                label = known.name if known is not None else ", ".join(words)
            else:
                made, label = populations.default, populations[populations.default].name
            row.values["populations", ("id",)] = (made, at)
            row.values["populations", ("label",)] = (label, at)
            row.names["populations", ("id",)] = made
            self.groups[label] = None

    def finish(self, documents: Iterable[TableDocument]) -> None:
        """Say of each group of people what no row says: it is not narrowed; without a column, it has the field's default condition."""
        populations = self.of.populations
        for document in documents:
            for i, group in enumerate(document.value.get("populations", ())):
                for axis in self.of.used_axes:
                    if axis in group or ("populations", i, axis) in document.silent or (axis == "condition" and not self.lacks(axis)):
                        continue
                    group[axis] = populations.described(populations.default)[axis] if axis == "condition" else ANY
                    self.groups[str(group.get("label", group["id"]))] = None

    def problems(self) -> list[Problem]:
        """What was filled in, and of what the table must say more."""
        told: list[Problem] = []
        if self.unmeasured:
            first = self.header.cells.get(self.unmeasured[0].column, self.header.first)
            many = len(self.unmeasured)
            told.append(
                first.problem(
                    f"{many} estimate{'s' if many > 1 else ''} without a word of what {'they are' if many > 1 else 'it is'}",
                    "odds ratios, risk ratios, hazard ratios, mean differences ...",
                    'Name the column by it ("OR (95% CI)"), or write into columns.yaml beside the table:  constants: {measure: OR}',
                    path="measure",
                )
            )
        said = list(self._said())
        if said:
            keys = ", ".join(key for keys, _ in said for key in keys)
            told.append(
                self.header.first.problem(
                    f"nothing said of {keys}",
                    "what the papers say",
                    f"Taken as {'; '.join(how for _, how in said)}. Where that is wrong, add a column, or a constant in columns.yaml.",
                    odd=True,
                )
            )
        return told

    def _said(self) -> Iterator[tuple[list[str], str]]:
        """What was filled in: the keys, and how."""
        if self.lacks("read"):
            yield ["read"], "read: not stated, which never counts as full text"
        if self.groups:
            lacking = [key for key in ("population", *self.of.used_axes) if self.lacks(key)]
            who = f"{', '.join(repr(one) for one in list(self.groups)[:3])}{' ...' if len(self.groups) > 3 else ''}"
            populations = self.of.populations
            if "condition" in lacking and list(self.groups) != [populations[populations.default].name]:
                who += f" with the condition {populations.described(populations.default)['condition']}"
            yield lacking or list(self.of.used_axes), f"population: {who}, no narrower than the table says"
        if self.directions:
            counted = ", ".join(f"{many} {word}" for word, many in sorted(self.directions.items()))
            yield ["direction"], f"direction: by each row's figures ({counted})"
        if ROWS_OF.get(self.header.table) == "prevalence" and self.lacks("main"):
            yield ["main"], "main: not known, so that no figure is pooled"
        if not (self.lacks("read") or self.groups or self.directions):
            return
        if self.compared and all(self.lacks(key) for key in _CONTRAST):
            yield ["contrast_type"], "contrast_type: not known, so that ratios are not pooled"
        if self.dated:
            yield ["year"], "year and first author: by the study's name"
