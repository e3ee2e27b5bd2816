"""Which row of a table names its columns, which columns these are, and what kind of table it is."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import lru_cache

from loaders.tables import estimates, layouts
from loaders.tables.cells import read
from loaders.tables.columns import FLAT, FLAT_PREVALENCE, ROW_SETS, ROWS_OF, Match, by_key, end, key_of, known
from loaders.tables.expectations import Asked
from loaders.tables.grid import Cell, Grid, column_of, letters
from loaders.tables.mapping import NOTHING, Mapped
from loaders.tables.numerals import Unread
from schema import names as compared
from schema.field import EvidenceField
from schema.problems import Problem
from schema.study import RATIOS
from schema.units import per_unit

# names that say too little in a table of findings
_UNCLEAR = {
    "n n": ("exposed n/N", "unexposed n/N"), "n n %": ("exposed n/N", "unexposed n/N"), "events total": ("exposed n/N", "unexposed n/N"),
    "n %": ("exposed n/N", "unexposed n/N", "group_1_pct"), "mean sd": ("group_1_mean", "group_2_mean"),
    "median iqr": ("group_1_median", "group_2_median"),
}  # fmt: skip
_TEXTS = frozenset({"text", "word", "slug", "list", "slugs", "links", "doi"})
_SEARCHED = 10
# riskFactor
_HUMPS = re.compile(r"(?<=[a-z])(?=[A-Z])")
_CALLED = re.compile(r"column (?P<letters>[a-z]{1,3})")
# each cell of a table is asked whether it is a name, and most say the same as one above
_normal = lru_cache(maxsize=20_000)(compared.normal)
_LONGEST = 200  # letters of what may be a name, and is kept
_ESTIMATE = re.compile(
    r"(?:a|c|m|u|adj|ln|log|exp)*(?:or|hr|rr|irr|smd)s?(?:95%?|adj|se)?|(?:95%?)?[lu]?cis?(?:95%?)?|[lu]cl|p|p?values?|pvals?"
    r"|(?:un)?adj(?:usted)?|beta|\u03b2|odds|hazards?|ratios?|estimates?|coef(?:f|ficients?)?|lower|upper|low|high|lb|ub|se|std|md|wmd|rd"
    r"|\d+%|ci|confidence|differences?|(?:uni|multi)vari(?:ate|able)|crude|logs?|ln"
)


def normal(text: str) -> str:
    return (_normal if len(text) <= _LONGEST else compared.normal)(text)


@dataclass(frozen=True, slots=True)
class Header:
    """The names of a grid: the index of their row, what each column is, and the names that were not recognised.

    `joined`: whether groups of columns, named in the row above, are part of the names; `repeated`: the names of figures that stand there
    a second time, and are not those of two groups or two estimates, with the first.
    """

    table: str
    index: int
    joined: bool
    cells: Mapping[int, Cell]
    matches: Mapping[int, Match]
    unknown: tuple[Cell, ...]
    ignored: frozenset[int]
    repeated: tuple[tuple[Cell, Cell], ...] = ()

    @property
    def recognised(self) -> int:
        return len(self.matches) + 2 * len(self.repeated)

    @property
    def first(self) -> Cell:
        return next(iter(self.cells.values()))

    def has(self, key: str) -> bool:
        return any(key_of(match.column, self.table) == key or match.says(key) is not None for match in self.matches.values())


def matched(name: str, table: str, mapped: Mapped) -> Match | None:
    """The column that goes by a name: by the user's mapping first, then by the usual names."""
    wanted = normal(name) or name
    key = mapped.columns.get(wanted)
    if key is not None:
        column = by_key(table).get(key)
        if column is not None:
            return Match(column)
    # what is asked for is kept
    return _usual(name, table) if len(name) <= _LONGEST else None


@lru_cache(maxsize=20_000)
def _usual(name: str, table: str) -> Match | None:
    """The column that a name is without a mapping."""
    is_of_findings = ROWS_OF.get(table, table) == "findings"
    of_estimate = estimates.named(name) if is_of_findings else None
    both = Match(by_key(table)["adjusted"]) if is_of_findings and estimates.is_either(name) else None
    found = _known(normal(name) or name, table) or of_estimate or both or _without_unit(name, table)
    apart = _HUMPS.sub(" ", name)
    return found if found is not None or apart == name else _usual(apart, table)


def _known(wanted: str, table: str) -> Match | None:
    names = known(table)
    wanted = end(wanted)
    # as in the vocabulary, a last plural s is forgiven, but hrs are hours and no hazard ratios
    return names.get(wanted) or (names.get(wanted.removesuffix("s")) if len(wanted) > 4 else None) or names.get(f"{wanted}s")


def _without_unit(name: str, table: str) -> Match | None:
    """The column of "Minimum distance (mm)", where millimetres are what its figures are in."""
    base, apart = estimates.told(name)
    match = _known(normal(base), table) if len(apart) == 1 else None
    if match is None or match.column.unit is None or per_unit(1, apart[0]) != per_unit(1, match.column.unit):
        return None
    return match


def found(grid: Grid, table: str, mapped: Mapped) -> Header | None:
    """The first of the rows with most recognised names; None where no row has two."""
    best: Header | None = None
    for index, row in enumerate(grid.rows[:_SEARCHED]):
        cells = {cell.column: cell for cell in row if isinstance(cell.value, str)}
        cells |= _nameless(cells, mapped)
        header = _header(cells, table, grid.rows[index + 1 :], index, mapped, joined=False)
        repeated = len({normal(cell.text) for cell in cells.values()}) < len(cells)
        if above := _joined(grid, index, cells):
            grouped = _header(above, table, grid.rows[index + 1 :], index, mapped, joined=True)
            if grouped.recognised >= header.recognised + (not repeated):
                header = grouped
        kinds = {match.column.key for match in header.matches.values()}
        if len(kinds) + len(header.repeated) > 1 and (best is None or header.recognised > best.recognised):
            best = header
    return best


def called(column: int) -> str:
    """What columns.yaml calls a column that has no name."""
    return f"column {letters(column)}"


def _nameless(cells: Mapping[int, Cell], mapped: Mapped) -> dict[int, Cell]:
    """Names for the columns without one of which columns.yaml says what they are."""
    first = next(iter(cells.values()), None)
    told = [found for name in (*mapped.columns, *mapped.ignore) if (found := _CALLED.fullmatch(name)) is not None] if first else []
    columns = {column_of(one["letters"].upper()) for one in told} - cells.keys()
    return {at: Cell(called(at), first.row, at, first.file, first.sheet) for at in columns if first is not None}


def _header(cells: Mapping[int, Cell], table: str, under: Sequence[list[Cell]], index: int, mapped: Mapped, *, joined: bool) -> Header:
    ignored = frozenset(column for column, cell in cells.items() if (normal(cell.text) or cell.text) in mapped.ignore)
    names = {column: cell.text for column, cell in cells.items() if column not in ignored}
    singles = {column: match for column, name in names.items() if (match := matched(name, table, mapped)) is not None}
    told = frozenset(column for column, name in names.items() if (normal(name) or name) in mapped.columns)
    singles |= _measures(names.keys() - told, singles, table, under)
    matches = layouts.completed(names, singles, table, told)
    repeated = tuple(_repeated({column: cells[column] for column in names}, matches))
    # which of them is which can't be told
    doubtful = {cell.column for pair in repeated for cell in pair}
    matches = {column: match for column, match in matches.items() if column not in doubtful}
    unknown = tuple(cells[column] for column in names if column not in matches and column not in doubtful)
    return Header(table, index, joined, cells, matches, unknown, ignored, repeated)


def _measures(columns: Set[int], singles: Mapping[int, Match], table: str, under: Sequence[list[Cell]]) -> dict[int, Match]:
    """A column whose every cell is the name of a measure says what the estimates are, whatever it is called: "Effect estimate: OR"."""
    measure = by_key(table).get("measure")
    if measure is None or any(match.column is measure for match in singles.values()):
        return {}
    left = {at for at in columns if at not in singles or singles[at].column.key == "value"}
    seen: set[int] = set()
    words = {*map(normal, measure.choices), *measure.means} - {""}
    for row in under:
        if not left:
            break
        for cell in row:
            if cell.column in left and not cell.blank:
                seen.add(cell.column)
                if not isinstance(cell.value, str) or normal(cell.value) not in words:
                    left.discard(cell.column)
    return {at: Match(measure) for at in left & seen} if len(left & seen) == 1 else {}


def _repeated(cells: Mapping[int, Cell], matches: Mapping[int, Match]) -> Iterator[tuple[Cell, Cell]]:
    first: dict[tuple[str, int | None], Cell] = {}
    for column, cell in cells.items():
        match = matches.get(column)
        if layouts.is_figure(cell.text) if match is None else match.column.kind not in _TEXTS:
            other = first.setdefault((normal(cell.text), match.estimate if match is not None else None), cell)
            if other is not cell:
                yield other, cell


def _joined(grid: Grid, index: int, cells: Mapping[int, Cell]) -> dict[int, Cell]:
    """The names of a row with the groups of columns that the row right above it names: "Control" over "Events" is "Control Events"."""
    above = {cell.column: cell.text for cell in grid.rows[index - 1] if isinstance(cell.value, str)} if index else {}
    if len(above) < 1 or not cells:
        return {}
    first = next(iter(cells.values()))
    if grid.rows[index - 1][0].row != first.row - 1:
        return {}
    made, group = {}, ""
    for column in range(1, max(*above, *cells) + 1):
        group = above.get(column, group)
        cell = cells.get(column)
        text = f"{group} {cell.text}" if cell is not None else above.get(column)
        if cell is not None and estimates.named(text or "") is None and layouts.arm(text or "") is None:
            text = cell.text
        if text:
            made[column] = Cell(text, first.row, column, first.file, first.sheet)
    return made


def likeliest(grid: Grid, mapped: Mapped) -> Header | None:
    """The names of a grid that says nothing of its kind, as the table of which it has most columns."""
    all_found = [header for table in (*ROWS_OF, *ROW_SETS) if (header := found(grid, table, mapped)) is not None]
    # one of prevalence has all but the lesion, which may be a constant
    all_found = [header for header in all_found if header.table != FLAT_PREVALENCE or not lacking(header, {"lesion": ""})]
    return max(all_found, key=lambda header: len(header.matches), default=None)


def kind(grid: Grid, mapped: Mapped, *, with_studies: bool) -> str | None:
    """A grid's row set by its name, or one of the tables that stand alone, which have no sheet of studies beside them. None where it is
    neither.
    """
    name = normal(grid.name)
    given = mapped.sheets.get(name) or next((table for table in ROW_SETS if normal(table) == name), None)
    alone = next((table for table, rows in ROWS_OF.items() if rows == given), None) if not with_studies else None
    if given is not None and alone is None:
        return given
    for table in ROWS_OF if alone is None else (alone,):
        header = found(grid, table, mapped)
        if header is not None and not lacking(header, {} if with_studies else mapped.constants):
            return table
    return alone or given


def lacking(header: Header, constants: Mapping[str, str]) -> list[str]:
    """What keeps a table from being one that stands alone: the columns that it has neither as a column nor as a constant."""
    needed = {FLAT: ("exposure", "outcome"), FLAT_PREVALENCE: ("lesion",)}.get(header.table, ())
    missing = [key for key in needed if not header.has(key) and key not in constants]
    if header.table == FLAT_PREVALENCE and not missing:
        # an outcome with its events is a lesion only where nothing is compared
        compared = any(
            matched(cell.text, "findings", NOTHING) is not None or _of_estimate(cell.text) or layouts.arm(cell.text) is not None
            for cell in header.unknown
        )
        return ["cases, total or pct"] if compared or not (header.has("cases") or header.has("pct")) else []
    return missing


def problems(grid: Grid, header: Header, mapped: Mapped, of: EvidenceField) -> list[Problem]:
    """What is wrong with the names: two rows of them, needed ones that are missing, unknown ones."""
    told = []
    for i, above in enumerate(grid.rows[: header.index - header.joined]):
        if len(named(above, header.table, mapped)) > 1 or _groups(above, grid, header, is_next=i == header.index - 1):
            told.append(
                above[0].problem(
                    f"two rows of names (rows {above[0].row} and {header.first.row})",
                    "one row that names the columns",
                    "Join them into one row, and delete the other; a second table belongs into a sheet or file of its own.",
                )
            )
    for column in by_key(header.table).values():
        key = key_of(column, header.table)
        if column.needed and not header.has(key) and key not in mapped.constants and not derived(key, header):
            if header.repeated and key == "direction":
                continue
            told.append(
                header.first.problem(
                    f"no column {key!r}",
                    f"a column {key!r}, which each row needs",
                    f"Add it, or say in columns.yaml which column it is or, under constants, what it is in all rows. "
                    f"({column.help_in(of)})",
                )
            )
    told += [
        cell.problem(
            f"the column {cell.text!r} a second time (first in {first.place})",
            "names that tell columns apart: Experimental Events and Control Events, crude OR and adjusted OR",
            "Rename both.",
        )
        for first, cell in header.repeated
    ]
    told += _errors_of_ratios(header)
    filled = {cell.column for row in grid.rows[header.index + 1 :] for cell in row}
    told += [_unknown(cell, header) for cell in header.unknown if cell.column in filled]
    return told


def named(row: list[Cell], table: str, mapped: Mapped) -> set[str]:
    """The columns that a row names."""
    return {match.column.key for cell in row if isinstance(cell.value, str) and (match := matched(cell.text, table, mapped)) is not None}


def _groups(above: list[Cell], grid: Grid, header: Header, *, is_next: bool) -> bool:
    """Whether what stands right above the names parts them into groups: a title stands alone, in the first column."""
    last = max((last for last, cell, _ in grid.merged if cell.row == above[0].row), default=above[0].row)
    if not is_next or max(last, above[0].row) != header.first.row - 1:
        return False
    return len(above) > 1 or (above[0].sheet is not None and above[0].column != header.first.column)


def is_other_table(row: list[Cell], header: Header, mapped: Mapped) -> bool:
    """Whether a row under the names is the names of another table: it names its own columns, or is names for the most part.

    A finding may well be of "age" and not adjusted ("n"), which are names, too.
    """
    if not all(isinstance(cell.value, str) for cell in row):
        return False
    own = {
        match.column.key
        for cell in row
        if (match := matched(cell.text, header.table, mapped)) is not None
        and (under := header.matches.get(cell.column)) is not None
        and under.column is match.column
    }
    names = named(row, header.table, mapped)
    return len(own) > 1 or (len(names) > 1 and 2 * len(names) > len(row))


def derived(key: str, header: Header) -> bool:
    """A study's id can be made of its author and year, a direction of counts, means or a standard error."""
    if key == "direction":
        keys = {match.column.key for match in header.matches.values()}
        return bool(keys & {"exposed_cases", "group_1_mean", "se", "variance"}) or any(match.with_se for match in header.matches.values())
    return header.table in {*ROWS_OF, "studies"} and key in {"study", "id"} and header.has("first_author") and header.has("year")


def _errors_of_ratios(header: Header) -> Iterator[Problem]:
    """A standard error beside a ratio without an interval, whose name doesn't say that it is the logarithm's."""
    keys = {match.column.key for match in header.matches.values()}
    ratio = next((match for match in header.matches.values() if match.column.key == "value" and match.says("measure") in RATIOS), None)
    if ratio is None or ratio.with_ci or keys & {"ci", "ci_low", "ci_high", "log_value"}:
        return
    for column, match in header.matches.items():
        if match.column.key == "se" and "log" not in normal(header.cells[column].text) and match.says("measure") is None:
            yield header.cells[column].problem(
                f"the column {header.cells[column].text!r} beside ratios without an interval",
                "standard errors of their logarithms, as which it is read",
                "Where they are those of the ratios themselves, leave the column out by columns.yaml.",
                odd=True,
            )


def _unknown(cell: Cell, header: Header) -> Problem:
    name = normal(cell.text)
    names = known(header.table)
    unclear = _UNCLEAR.get(name) if header.table in {FLAT, "findings"} else None
    if name == "n" and header.table == FLAT_PREVALENCE:
        unclear = ("cases", "total", "study_n")
    if unclear is not None:
        return cell.problem(f"the column {cell.text!r}", f"a name that says which it is: {' or '.join(unclear)}", "Rename it.")
    if header.table in {*ROWS_OF, "findings"} and layouts.arm(cell.text) is not None:
        return cell.problem(
            f"the column {cell.text!r}",
            "the same figures of both groups, once each: Experimental Events, Experimental Total, Control Events, Control Total",
            "Name them like that, or say in columns.yaml which column each is: exposed_cases, exposed_total, group_1_mean ...",
        )
    if header.table in {*ROWS_OF, "findings", "prevalence"} and _of_estimate(cell.text):
        return cell.problem(
            f"the column {cell.text!r}, which may hold estimates, intervals or p values",
            "a name that is known",
            "Rename it, or say in columns.yaml which column it is, or null to leave it out.",
        )
    near = nearest(cell.text, header.table)
    if near is not None and difflib.SequenceMatcher(None, name, near).ratio() >= 0.85:
        return cell.problem(
            f"the column {cell.text!r}",
            "a name that is known",
            f"Is it {key_of(names[near].column, header.table)!r}? Rename it, or say in columns.yaml what it is, or null.",
        )
    return cell.problem(
        f"the column {cell.text!r}", "a name that is known", "It is left out; `rdwi columns` prints a mapping to start from.", odd=True
    )


def _of_estimate(name: str) -> bool:
    """Whether a name speaks of an estimate: what is left out with it would make its row one without an estimate."""
    words = name.split()
    # "warfarin or heparin"
    kept = [word for i, word in enumerate(words) if word != "or" or i in {0, len(words) - 1}]
    return any(_ESTIMATE.fullmatch(word) for word in normal(" ".join(kept)).split())


def nearest(name: str, table: str) -> str | None:
    """The known name that is nearest to another, in its normal form."""
    near = difflib.get_close_matches(normal(name[:_LONGEST]), [one for one in known(table) if len(one) > 3], n=1, cutoff=0.7)
    return near[0] if near else None


def is_second(row: list[Cell], asked: Mapping[int, Asked]) -> bool:
    """Whether a row under the names is more names: two cells or more that should be figures or choices, and none that can be read."""
    judged = 0
    for cell in row:
        if not isinstance(cell.value, str):
            return False
        one = asked.get(cell.column)
        if one is None or one.column.kind in _TEXTS or cell.blank:
            continue
        try:
            read(cell, one)
        except Unread:
            judged += 1
        else:
            return False
    return judged > 1
