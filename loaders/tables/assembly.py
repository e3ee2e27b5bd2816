"""Rows put together to studies: each value with the cell that says it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from loaders.documents import Document, Where
from loaders.tables.columns import COLUMNS, ROW_SETS, ROWS_OF, Path
from loaders.tables.grid import Cell
from loaders.tables.mapping import Mapped
from loaders.tables.texts import slug, told
from schema.field import EvidenceField
from schema.populations import Populations
from schema.problems import Problem


@dataclass(slots=True)
class TableDocument(Document):
    """A study put together from rows; `cells` leads from each path to the cell that says it."""

    cells: dict[Path, Cell] = field(default_factory=dict)
    # of the study (None) and of its groups by their ids: the name that was typed first, and its cell
    names: dict[str | None, tuple[str, Cell]] = field(default_factory=dict)
    # rows by their section and what they say
    rows: dict[tuple[str, str], Cell] = field(default_factory=dict)
    is_flat: bool = False
    of: EvidenceField | None = None

    @property
    def populations(self) -> Populations:
        return self.of.populations if self.of is not None else Populations((), "")

    def where(self, path: Path) -> Where:
        for end in range(len(path), -1, -1):
            cell = self.cells.get(path[:end])
            if cell is not None:
                if cell.sheet is not None:
                    return Where(file=cell.file, cell=cell.place)
                return Where(file=cell.file, line=cell.row, column=cell.column)
        return Where()

    def told(self, path: Path) -> bool:
        """Whether a problem of that place was told when its cell was read."""
        return Document.told(self, path) or (*path[:1], *path[2:3]) in self.silent

    def typed(self, path: Path, value: str) -> str:
        cell = self.cells.get(path)
        return cell.text if cell is not None and slug(cell.text) == value else value

    def hint(self, path: Path) -> str | None:
        """The column that a missing key would be in."""
        section, rest = (path[0], path[2:]) if path[0] in ROW_SETS else ("studies", path)
        column = next((one for table in ROW_SETS if table == section for one in COLUMNS[table] if one.path == rest), None)
        told = column.help_in(self.of) if column is not None and self.of is not None else ""
        return f"Fill in the column {(column.flat_key if self.is_flat else column.key)!r}, or add it. ({told})" if column else None

    def named(self, group: str | None, name: str, cell: Cell) -> Problem | None:
        """Note by which name the study (None) or a group goes; a problem where another name has the same id."""
        first, where = self.names.setdefault(group, (name, cell))
        if told(first) == told(name):
            return None
        what = "study" if group is None else "group"
        both = f"{shown_in_words(name)}, and {shown_in_words(first)} in {where.place}"
        return of_study(
            cell.problem(
                f"{both}: two names with the id {group or self.value['id']}",
                f"one name for one {what}, and names that differ in letters or digits for two",
                f"Write the same name if it is one {what}, or else tell them apart in letters: CMB positive, CMB negative.",
            ),
            self.value["id"],
        )


@dataclass(slots=True)
class Assembly:
    """What the tables that belong together make: studies by their ids, and problems. `examples`: how many rows were the template's own."""

    file: str
    mapped: Mapped
    of: EvidenceField
    studies: dict[str, TableDocument] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    examples: int = 0
    has_populations: bool = False


@dataclass(slots=True)
class Row:
    """What one row says: for each table that it speaks of, the value of each path and the cell that gives it."""

    first: Cell
    values: dict[tuple[str, Path], tuple[Any, Cell]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    unread: list[tuple[str, Path]] = field(default_factory=list)
    # what was typed for an id
    names: dict[tuple[str, Path], str] = field(default_factory=dict)

    def of(self, table: str) -> dict[Path, tuple[Any, Cell]]:
        return {path: given for (one, path), given in self.values.items() if one == table}

    def get(self, table: str, path: Path) -> Any:
        given = self.values.get((table, path))
        return given[0] if given is not None else None

    def say(self, table: str, path: Path, value: Any, cell: Cell) -> None:
        """Take a value in; a second that differs is a problem that names both cells."""
        if isinstance(value, list) and len(value) == 2 and path[-1] in {"ci", "iqr", "pct_range", "mri_window_days"}:
            # each end on its own, as columns of their own may give them
            for end, one in enumerate(value):
                self.say(table, (*path, end), one, cell)
            return
        other = self.values.setdefault((table, path), (value, cell))
        if not _same(other[0], value):
            told = _differs(cell, value, *other, "one figure, or the same twice", "Correct one of them, or leave out one of the columns.")
            # two columns of one key differ in most rows
            self.problems.append(replace(told, like=f"differs from column {other[1].column}"))


def _differs(cell: Cell, value: Any, other: Any, where: Cell, expected: str, help: str, path: str | None = None) -> Problem:
    found = f"{shown_in_words(value)}, and {shown_in_words(other)} in {where.place}"
    return replace(cell.problem(found, expected, help, path=path), like="differs")


def _same(one: Any, other: Any) -> bool:
    """Whether two cells say the same: 16 and 16.0 do, and a text in other case or with another space at its end."""
    if isinstance(one, str) and isinstance(other, str):
        return one.casefold().split() == other.casefold().split()
    return bool(one == other)


def shown_in_words(value: Any) -> str:
    text = "; ".join(str(one) for one in value) if isinstance(value, list) else str(value)
    return repr(text if len(text) < 60 else f"{text[:57]}...")


def take_study(row: Row, document: TableDocument) -> None:
    for path, (value, cell) in row.of("studies").items():
        first = document.cells.get(path)
        if first is None:
            _put(document.value, path, value)
            _mark(document, (), path, cell)
        elif not _same(_got(document.value, path), value):
            where, what_to_do = ".".join(str(step) for step in path), "Correct one of them, or give the studies different names."
            other = _got(document.value, path)
            differs = _differs(cell, value, other, first, "the same in all rows of a study", what_to_do, where)
            document.problems.append(of_study(differs, document.value["id"]))
    document.silent |= {path for table, path in row.unread if table == "studies"}


def take_population(row: Row, document: TableDocument) -> None:
    given = row.of("populations")
    if ("id",) not in given:
        return
    identifier, cell = given["id",]
    clash = document.named(identifier, row.names.get(("populations", ("id",)), cell.text), cell)
    if clash is not None:
        document.problems.append(clash)
    groups = document.value.setdefault("populations", [])
    index = next((i for i, group in enumerate(groups) if group["id"] == identifier), None)
    if index is None:
        index = len(groups)
        groups.append({"id": identifier})
        document.cells["populations", index] = document.cells["populations", index, "id"] = cell
    for path, (value, at) in given.items():
        whole = ("populations", index, *path)
        first = document.cells.get(whole)
        if first is None:
            groups[index][str(path[0])] = value
            document.cells[whole] = at
        elif not _same(groups[index].get(str(path[0])), value):
            what_to_do = "Correct one of them, or give the groups different names."
            other = groups[index].get(str(path[0]))
            differs = _differs(at, value, other, first, "the same in all rows of a group of people", what_to_do)
            document.problems.append(of_study(differs, document.value["id"]))
    document.silent |= {("populations", index, *path) for table, path in row.unread if table == "populations"}
    _describe(groups[index], cell, document.populations)
    for rows in ROWS_OF.values():
        row.values[rows, ("population",)] = (identifier, cell)


def take_row(row: Row, section: str, document: TableDocument, *, may_begin: bool) -> None:
    rows = document.value.setdefault(section, [])
    index = len(rows)
    made: dict[str, Any] = {}
    rows.append(made)
    document.cells[section, index] = row.first
    for path, (value, cell) in row.of(section).items():
        if path == ("study",):
            continue
        _put(made, path, value)
        _mark(document, (section, index), path, cell)
    unread: set[Path] = {path for table, path in row.unread if table == section}
    document.silent |= {(section, index, *path) for path in unread}
    if section == "populations" and "id" in made:
        cell = document.cells[section, index, "id"]
        # that the id stands there twice is told of the whole study
        document.names.setdefault(made["id"], (row.names.get((section, ("id",)), cell.text), cell))
        _describe(made, document.cells[section, index, "id"], document.populations)
    if section == "findings" and "measure" not in made and not {"value", "ci"} & made.keys():
        # what has no estimate is p-only by what the word means
        if not {("value",), ("measure",), ("ci",), ("ci", 0), ("ci", 1)} & unread:
            made["measure"] = "p-only"
        else:
            document.silent.add((section, index, "measure"))
    if section in {"prevalence", "findings"} and "population" in made and ("populations", ("id",)) not in row.values:
        cell = document.cells[section, index, "population"]
        name = row.names.get((section, ("population",)), cell.text)
        made["population"] = _population(document, made["population"], name, cell, may_begin=may_begin)
    if section != "populations" and not row.problems:
        first = document.rows.setdefault((section, repr(made)), row.first)
        if first is not row.first:
            twice = row.first.problem(
                f"the same as in {first.place}", "each row once", "Delete one of them, if it is there twice.", odd=True
            )
            document.problems.append(of_study(twice, document.value.get("id")))


def of_study(problem: Problem, study: Any) -> Problem:
    return replace(problem, study=study)


def _mark(document: TableDocument, base: Path, path: Path, cell: Cell) -> None:
    """Note the cell of a path, and as the place of what it is part of."""
    document.cells[*base, *path] = cell
    for end in range(1, len(path)):
        document.cells.setdefault((*base, *path[:end]), cell)


def _got(value: Any, path: Path) -> Any:
    for step in path:
        value = value[step]
    return value


def _describe(group: dict[str, Any], cell: Cell, populations: Populations) -> None:
    """What a group's name says of it where the table doesn't: "Lobar ICH" is ICH, any arteriopathy, lobar."""
    group.setdefault("label", cell.text)
    if set(populations.axes) <= group.keys():
        return
    for key, value in (populations.described(cell.text) or populations.described(group["label"])).items():
        group.setdefault(key, value)


def _population(document: TableDocument, identifier: str, name: str, cell: Cell, *, may_begin: bool) -> str:
    """The id of the group that a row names by its id or label; a group whose name tells what it is may be begun."""
    groups = document.value.setdefault("populations", [])
    is_known = any(group.get("id") == identifier for group in groups)
    if not is_known or told(document.names[identifier][0]) != told(name):
        for group in groups:
            if "id" in group and told(str(group.get("label", ""))) == told(name):
                return str(group["id"])
    if is_known:
        clash = document.named(identifier, name, cell)
        if clash is not None:
            document.problems.append(clash)
        return identifier
    if may_begin and document.populations.find(cell.text) is not None:
        group = {"id": identifier}
        _describe(group, cell, document.populations)
        document.cells["populations", len(groups)] = cell
        document.named(identifier, name, cell)
        groups.append(group)
    return identifier


def _put(target: dict[str, Any], path: Path, value: Any) -> None:
    """Put a value into nested mappings and lists, which are made as needed."""
    here: Any = target
    for step, following in zip(path, (*path[1:], None), strict=True):
        if isinstance(here, list):
            assert isinstance(step, int)
            here += [None] * (step + 1 - len(here))
            if here[step] is None:
                here[step] = {} if isinstance(following, str) else []
        if following is None:
            here[step] = value
            return
        here = here.setdefault(step, [] if isinstance(following, int) else {}) if isinstance(here, dict) else here[step]
