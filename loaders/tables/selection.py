"""Which files of a folder and which sheets of a workbook are read, where columns.yaml says so.

One that it names with null is left out. Where it names some files of a folder, or some sheets of a workbook, as tables, the others are left
out and told, but for those that go by the name of a row set.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path, PurePath

from loaders.files import DELIMITED, WORKBOOKS, Source
from loaders.tables.columns import ROW_SETS
from loaders.tables.grid import Grid
from loaders.tables.mapping import Mapped
from schema.names import normal
from schema.problems import Problem


def of_files(sources: Sequence[Source], mapped: Mapped) -> tuple[list[Source], list[Problem]]:
    """The files of a folder that are read, and a warning for each that is left out because others are named."""
    kept = [source for source in sources if not _names(source) & mapped.left_out]
    named = [source for source in kept if _names(source) & mapped.sheets.keys()]
    if not named:
        return kept, []
    # a name of no file may be that of a sheet
    of_sheets = mapped.sheets.keys() - {name for source in named for name in _names(source)}
    chosen, told = [], []
    for source in kept:
        if source in named or (source.is_workbook and of_sheets) or _names(source) & set(ROW_SETS):
            chosen.append(source)
        else:
            found, expected, what_to_do = _not_named("file", PurePath(source.name).name, [PurePath(one.name).name for one in named])
            told.append(Problem(source.name, found, expected, severity="warning", help=what_to_do))
    return chosen, told


def of_sheets(source: Source, grids: Sequence[Grid], mapped: Mapped) -> tuple[list[Grid], list[Problem]]:
    """The sheets of a workbook that are read, likewise."""
    if not source.is_workbook:
        return list(grids), []
    kept = [grid for grid in grids if normal(grid.name) not in mapped.left_out]
    named = [grid.name for grid in kept if normal(grid.name) in mapped.sheets]
    if not named:
        return kept, []
    chosen, told = [], []
    for grid in kept:
        if grid.name in named or normal(grid.name) in ROW_SETS:
            chosen.append(grid)
        else:
            told.append(grid.rows[0][0].problem(*_not_named("sheet", grid.name, named), odd=True))
    return chosen, told


def unmatched(folder: Path, sources: Sequence[Source], grids: Iterable[Grid], mapped: Mapped) -> list[Problem]:
    """A warning for each name that is none of a sheet or file, where all tables of the folder are read."""
    if not {file.name for file in folder.glob("*") if file.suffix.lower() in WORKBOOKS | DELIMITED} <= {
        Path(one.name).name for one in sources
    }:
        return []
    names = {name for source in sources for name in _names(source)} | {normal(grid.name) for grid in grids}
    return [
        Problem(
            mapped.file,
            f"{name!r}, which is no sheet and no file here",
            "the name of a sheet of a workbook, or of a file with its ending",
            f"sheets.{name}",
            line,
            severity="warning",
        )
        for (section, name), line in mapped.lines.items()
        if section == "sheets" and normal(name) not in names
    ]


def _not_named(what: str, name: str, named: Sequence[str]) -> tuple[str, str, str]:
    found = f"the {what} {name!r}, which columns.yaml doesn't name"
    return found, f"the {what}s that it names: {', '.join(named)}", "It is left out; name it there, with null where it is no table."


def _names(source: Source) -> set[str]:
    """How columns.yaml may call a file."""
    path = PurePath(source.name)
    return {normal(path.name)} if source.is_workbook else {normal(path.name), normal(path.stem)}
