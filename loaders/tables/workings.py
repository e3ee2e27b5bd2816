"""What a row of findings says by its figures: the total of two counts, the ratio of a logarithm, the direction of counts and means."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from loaders.tables import estimates
from loaders.tables.assembly import Row
from loaders.tables.columns import Path
from loaders.tables.grid import Cell
from schema.field import EvidenceField
from schema.observation import Z_SIGNIFICANT
from schema.pvalue import parse_p
from schema.scales import null_of
from schema.study import RATIOS, ReportedDirection, beyond, last_digit
from schema.units import per_unit
from schema.vocabulary import Vocabulary

_ARMS = ("exposed", "unexposed")
# how far off its middle a value may lie in its interval, as a part of its width
_OFF_MIDDLE = 0.15


def work_out(row: Row, of: EvidenceField) -> None:
    """Put what a row's figures say in the place of what they are made of, and note what can't be."""
    _factors(row, of.vocabulary)
    _logarithm(row)
    _counts(row)
    _groups(row, of.vocabulary)
    _unit(row, of.vocabulary)
    _direction(row)


def _get(row: Row, *path: str | int) -> Any:
    return row.get("findings", path)


def _taken(row: Row, *path: str | int) -> tuple[Any, Cell] | None:
    return row.values.pop(("findings", path), None)


def _default(row: Row, path: Path, value: Any, cell: Cell) -> None:
    if path not in {given for table, given in row.unread if table == "findings"}:
        row.values.setdefault(("findings", path), (value, cell))


def _wrong(row: Row, cell: Cell, found: str, expected: str, help: str, *silent: Path) -> None:
    # its figures are of each row
    row.problems.append(replace(cell.problem(found, expected, help), like=expected))
    row.unread += [("findings", path) for path in silent]


# --- names of factors ---


def _factors(row: Row, vocabulary: Vocabulary) -> None:
    """Take the terms age and CRP out of "Age, per 10 years" and "CRP (mg/L)", and what an estimate is per."""
    for key in ("exposure", "outcome"):
        given = row.values.get(("findings", (key,)))
        if given is None or not isinstance(given[0], str) or vocabulary.find(given[0]) is not None:
            continue
        text, cell = given
        name, apart = estimates.told(text)
        name, per, rest = name.partition(" per ")
        parts = [estimates.said(part) for part in (*apart, *([f"per {rest}"] if per else ()))]
        if not parts or None in parts or vocabulary.find(name) is None:
            continue
        row.values["findings", (key,)] = (name, cell)
        _default(row, (f"{key}_as_reported",), text, cell)
        for path, value in (one for part in parts for one in part or ()):
            # what a factor was measured in is no unit of an outcome
            if key == "outcome" or path != ("unit",):
                _default(row, path, value, cell)


# --- logarithms ---


def _logarithm(row: Row) -> None:
    given = _taken(row, "log")
    if given is None:
        return
    log, cell = given
    measure = _get(row, "measure")
    if measure is None and ("findings", ("measure",)) not in row.unread:
        _wrong(
            row,
            cell,
            f"{log} without its measure",
            "a measure, which says whether it is the logarithm of a ratio",
            "Add a column measure, or say it under constants in columns.yaml: measure: OR.",
            ("measure",),
            ("value",),
            ("direction",),
        )
        return
    if measure not in RATIOS:
        row.say("findings", ("value",), log, cell)
        return
    if abs(log) > 34:
        _wrong(row, cell, f"{log}", f"the natural logarithm of an {measure}", "Name the column for what it holds.", ("value",))
        return
    printed = _get(row, "value")
    ratio = _ratio(log)
    if printed is not None and abs(math.log(printed / ratio) if printed > 0 else 1) > last_digit(log) + last_digit(printed) / printed:
        _wrong(row, cell, f"{log}, the logarithm of {ratio}, beside {measure} {printed}", "the logarithm of that", "Correct one of them.")
        return
    _default(row, ("value",), ratio, cell)
    low, high = (_get(row, "ci", end) for end in (0, 1))
    if low is None or high is None:
        return
    at = row.values["findings", ("ci", 0)][1]
    is_log = abs(log - (low + high) / 2) <= _OFF_MIDDLE * (high - low)
    is_ratio = low > 0 and abs(log - math.log(low * high) / 2) <= _OFF_MIDDLE * math.log(high / low) if high > low > 0 else False
    if is_log is is_ratio:
        found = f"{low} to {high} beside the logarithm {log}"
        _wrong(row, at, found, f"the interval of {log}, or of {measure} {ratio}", "Correct it, or leave it out.", ("ci",))
        for end in (0, 1):
            _taken(row, "ci", end)
    elif is_log:
        for end in (0, 1):
            value, where = row.values["findings", ("ci", end)]
            row.values["findings", ("ci", end)] = (_ratio(value), where)


def _ratio(log: int | float) -> float:
    """The ratio of a logarithm, to two digits more than its decimals."""
    text = repr(log)
    decimals = len(text.split(".")[1]) if "." in text and "e" not in text else 0
    return float(f"{math.exp(log):.{min(max(decimals + 2, 4), 7)}g}")


# --- counts ---


def _counts(row: Row) -> None:
    made = []
    for arm in _ARMS:
        others = _taken(row, "counts", f"{arm}_noncases")
        cases, total = (row.values.get(("findings", ("counts", f"{arm}_{what}"))) for what in ("cases", "total"))
        if others is None:
            if cases is not None and total is not None and cases[0] > total[0]:
                # which is told as impossible
                row.unread.append(("findings", ("direction",)))
            continue
        count, cell = others
        if cases is None:
            if ("findings", ("counts", f"{arm}_cases")) not in row.unread:
                found = f"{count} without the outcome alone"
                _wrong(row, cell, found, "those with the outcome, too", "Give both counts, or neither.", ("counts",))
            continue
        made.append(cases[0] + count)
        if total is not None and total[0] != made[-1]:
            found = f"{cases[0]} with and {count} without the outcome beside a total of {total[0]}"
            _wrong(row, cell, found, "counts that make the total", _WHICH)
        _default(row, ("counts", f"{arm}_total"), made[-1], cases[1])
    whole = _taken(row, "counts", "total")
    if len(made) == 2:
        people = sum(made)
        for given in (whole, row.values.get(("populations", ("n",))), row.values.get(("studies", ("n",)))):
            if given is not None and (people != given[0] if given is whole else people > given[0]):
                found = f"counts that make {people} beside a total of {given[0]}"
                _wrong(row, given[1], found, "with and without the outcome, among exposed and unexposed, that make the total", _WHICH)
                break
    if all(_get(row, "counts", f"{arm}_cases") is None for arm in _ARMS) and _get(row, "groups", 0, "mean") is not None:
        for i, arm in enumerate(_ARMS):
            total = _taken(row, "counts", f"{arm}_total")
            if total is not None:
                _default(row, ("groups", i, "n"), *total)


_WHICH = "Correct it, or say in columns.yaml which column is exposed_cases, exposed_noncases or exposed_total, unexposed_cases ..."


def _table(row: Row) -> tuple[int, int, int, int] | None:
    """The cells of the 2x2 table: exposed with and without the outcome, unexposed with and without; None where one isn't given."""
    cells = []
    for arm in _ARMS:
        cases, total = (_get(row, "counts", f"{arm}_{what}") for what in ("cases", "total"))
        if cases is None or total is None or cases > total:
            return None
        cells += [cases, total - cases]
    return cells[0], cells[1], cells[2], cells[3]


# --- groups ---


def _groups(row: Row, vocabulary: Vocabulary) -> None:
    if _get(row, "groups_by") == "outcome":
        return
    for i, name in enumerate(("exposed", "not exposed")):
        at = next((cell for (_, path), (_, cell) in row.values.items() if path[:2] == ("groups", i)), None)
        if at is not None:
            _default(row, ("groups", i, "name"), name, at)
    outcome = row.values.get(("findings", ("outcome",)))
    term = vocabulary.find(str(outcome[0])) if outcome is not None else None
    has_unit = (term is not None and term.unit is not None) or _get(row, "unit") is not None
    if has_unit and _means(row) is not None and not _has_estimate(row):
        _default(row, ("measure",), "mean-difference", row.values["findings", ("groups", 0, "mean")][1])


def _means(row: Row) -> list[tuple[float, float, int]] | None:
    """Mean, SD and n of both groups; None where one isn't given."""
    figures = [(_get(row, "groups", i, "mean"), _get(row, "groups", i, "sd"), _get(row, "groups", i, "n")) for i in (0, 1)]
    return None if any(one is None for group in figures for one in group) else figures


def _has_estimate(row: Row) -> bool:
    paths = {("value",), ("ci", 0), ("ci", 1)}
    return any(("findings", path) in row.values or ("findings", path) in row.unread for path in paths)


def _unit(row: Row, vocabulary: Vocabulary) -> None:
    """The unit of a difference, where it is not the outcome's own, as the notes say it."""
    given = _taken(row, "unit")
    term = vocabulary.find(str(_get(row, "outcome") or ""))
    own = term.unit if term is not None else None
    if given is None or _get(row, "measure") in {None, "p-only", *RATIOS} or (own and per_unit(1, own) == per_unit(1, given[0])):
        return
    notes = row.values.get(("findings", ("notes",)))
    row.values["findings", ("notes",)] = (f"unit: {given[0]}", given[1]) if notes is None else (f"{notes[0]}; unit: {given[0]}", notes[1])


# --- what is left to be said ---


def _direction(row: Row) -> None:
    """What counts, means or a standard error say of a direction that isn't told; counts alone are an odds ratio, and crude."""
    table = _table(row)
    if table is not None and not _has_estimate(row) and _get(row, "measure") is None:
        at = row.values["findings", ("counts", "exposed_cases")][1]
        _default(row, ("measure",), "OR", at)
        _default(row, ("adjusted",), False, at)
    if any(_get(row, key) for key in ("reversed", "outcome_scale")) or _get(row, "role") not in {None, "main"}:
        return
    if any(path[0] in {"se", "counts", "groups", "value"} for told, path in row.unread if told == "findings") or _get(row, "se") == 0:
        # what is wrong with them is told
        row.unread.append(("findings", ("direction",)))
    if table is not None or _z(row, table) is not None:
        _default(row, ("direction",), direction_of(row), row.first)


def direction_of(row: Row) -> ReportedDirection:
    """The direction that the figures of a row show: increases or decreases where they are significant, no-association where they are not;
    unclear where they don't say. Its p says it first, then its interval, then their own z.
    """
    significant = _significant(_get(row, "p"))
    null = null_of(_get(row, "measure"))
    value, low, high = _get(row, "value"), _get(row, "ci", 0), _get(row, "ci", 1)
    z = _z(row, _table(row))
    if significant is None and low is not None and high is not None:
        if beyond((low, high), null):
            significant = True
        elif low + last_digit(low) / 2 <= null <= high - last_digit(high) / 2:
            significant = False
    elif significant is None and z is not None:
        significant = abs(z) > Z_SIGNIFICANT
    middle = value if value is not None else low
    if middle is not None:
        sign = ((middle > null) - (middle < null)) * (-1 if _get(row, "outcome_scale") else 1)
    else:
        # counts are of the exposure as it is named
        sign = 0 if z is None else ((z > 0) - (z < 0)) * (-1 if _get(row, "reversed") else 1)
    if significant is False:
        return "no-association"
    if significant and sign:
        return "increases" if sign > 0 else "decreases"
    return "unclear"


def _significant(p: Any) -> bool | None:
    try:
        return None if p is None else parse_p(p).significant
    except ValueError:
        return None


def _z(row: Row, table: tuple[int, int, int, int] | None) -> float | None:
    value, se = _get(row, "value"), _get(row, "se")
    if value is not None or _has_estimate(row):
        is_ratio = _get(row, "measure") in RATIOS
        if value is None or not se or (is_ratio and value <= 0):
            return None
        return float((math.log(value) if is_ratio else value) / se)
    if table is not None:
        if not (any(table[::2]) and any(table[1::2])):
            return None
        # Haldane 1956
        a, b, c, d = (cell + 0.5 * (not all(table)) for cell in table)
        return math.log(a * d / (b * c)) / math.sqrt(1 / a + 1 / b + 1 / c + 1 / d)
    means = _means(row)
    if means is None:
        return None
    (mean1, sd1, n1), (mean2, sd2, n2) = means
    se = math.sqrt(sd1**2 / n1 + sd2**2 / n2) if n1 and n2 else 0
    return (mean1 - mean2) / se if se else None
