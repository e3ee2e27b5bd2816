"""The associations whose headline, cohorts or pooled rows differ between two records, as a table in Markdown."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from benchmarks.answers.record import Record

Key = tuple[str, str, str]


class Line(NamedTuple):
    """An association in a table's cell, and what tells whether it is another."""

    headline: str
    cohorts: str
    pooled: frozenset[frozenset[str]]
    papers: frozenset[str]

    def __str__(self) -> str:
        pools = f"; pools {', '.join(sorted(str(len(rows)) for rows in self.pooled))}" if self.pooled else ""
        return f"{self.headline}; {self.cohorts} cohort{'' if self.cohorts == '1' else 's'}{pools}"


def _rows(text: str) -> Iterator[dict[str, str]]:
    return csv.DictReader(io.StringIO(text, newline=""))


def _short(figure: str) -> str:
    return f"{float(figure):.3g}" if figure else ""


def lines_of(record: Record) -> dict[Key, Line]:
    """Each association of a record that holds the exports."""
    entries = record.entries("export")
    families: dict[str, tuple[Key, bool]] = {}
    for row in _rows(entries["metafor families.csv"]):
        families[row["family"]] = ((row["exposure"], row["outcome"], row["population"]), int(row["k"]) > 1)
    behind: dict[str, set[str]] = {}
    for row in _rows(entries["metafor rows.csv"]):
        behind.setdefault(row["family"], set()).add(row["study"])
    pooled: dict[Key, set[frozenset[str]]] = {}
    for family, (key, several) in families.items():
        if several:
            pooled.setdefault(key, set()).add(frozenset(behind[family]))
    found = {}
    for row in _rows(entries["csv edges/ASSOCIATED_WITH.csv"]):
        key = (row["start"], row["end"], row["population"])
        interval = f" ({_short(row['ci_low'])} to {_short(row['ci_high'])})" if row["ci_low"] else ""
        headline = f"{row['measure']} {_short(row['estimate'])}{interval}, {row['estimate_source']}" if row["estimate"] else "no estimate"
        papers = frozenset(finding.partition(":")[0] for finding in row["findings"].strip("[]").replace('"', "").split(", "))
        found[key] = Line(headline, row["cohorts"], frozenset(pooled.get(key, ())), papers)
    return found


def table(old: Mapping[Key, Line], new: Mapping[Key, Line]) -> Iterator[str]:
    """Those in both that differ, with the papers that came or went; then how many came and went."""
    yield "| association | before | now | papers that came or went |"
    yield "|---|---|---|---|"
    for key in sorted(set(old) & set(new)):
        before, now = old[key], new[key]
        if before[:3] != now[:3]:
            came = ", ".join([*sorted(now.papers - before.papers), *(f"without {one}" for one in sorted(before.papers - now.papers))])
            yield f"| {key[0]} > {key[1]} [{key[2]}] | {before} | {now} | {came} |"
    yield ""
    yield f"{len(set(new) - set(old))} associations came, {len(set(old) - set(new))} went."
