"""What releases cost: `python -m benchmarks.releases [RELEASES]`, in memory, 50 of the shipped corpus where no number is given.

Each changes one sheet. The reference of the history's size is a copy of the sheets of each release, that of an answer of a kept one the
same answer of the current one; last, a sheet that is loaded onto 10,000 synthetic findings, beside a build of all of them.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import yaml

from benchmarks.first_click import written
from evidence import STUDIES
from graph.opening import load, open_store
from graph.questions import Evidence
from graph.release import canonical_json
from graph.settings import Settings
from graph.stores import sqlite
from graph.stores.port import Reader
from schema.study import canonical

QUESTION = Evidence(exposure="cerebral-microbleeds", outcome="r-dwi")
LARGE = 10_000
SHEET = """
{id: new-2026, read: abstract, year: 2026, populations: [{id: all, label: ICH, condition: ich, arteriopathy: any, location: any, n: 90}],
findings: [{exposure: age, outcome: r-dwi, population: all, measure: OR, value: 2.0, ci: [1.1, 3.6], direction: increases}]}
"""


def changed(turn: int, folder: Path) -> Path:
    """A sheet of the corpus with another note."""
    path = folder / "kidwell-2017.yaml"
    sheet = yaml.safe_load((STUDIES / path.name).read_text(encoding="utf-8"))
    path.write_text(yaml.safe_dump({**sheet, "notes": f"turn {turn}"}), encoding="utf-8")
    return path


def answered(reader: Reader) -> float:
    begin = time.perf_counter()
    QUESTION.answer(reader)
    return time.perf_counter() - begin


def main() -> None:
    releases = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        settings = Settings(store="memory:", snapshot=data, keep_releases=releases)
        open_store(settings).close()
        for turn in range(releases - 1):
            load(settings, [changed(turn, Path(folder))])
        store = open_store(settings)
        sheets = sum(len(canonical_json(canonical(study)).encode()) for study in store.reader().studies().values())
        size, many = (data / sqlite.NAME).stat().st_size, len(store.kept.entries())
        print(f"{many} releases: {size / 1e6:.2f} MB; a copy of the sheets each: {many * sheets / 1e6:.1f} MB")
        oldest = store.kept.entries()[-1]
        begin = time.perf_counter()
        reader = store.kept.at(oldest)
        first = time.perf_counter() - begin + answered(reader)
        again, now = answered(store.kept.at(oldest)), [answered(store.reader()) for _ in range(2)][1]
        print(f"the oldest answers after {first:.2f} s, then within {1000 * again:.0f} ms; the current one {1000 * now:.0f} ms")
    with tempfile.TemporaryDirectory() as folder:
        begin = time.perf_counter()
        written(LARGE, Path(folder))
        whole = time.perf_counter() - begin
        path = Path(folder) / "new-2026.yaml"
        path.write_text(SHEET, encoding="utf-8")
        begin = time.perf_counter()
        load(Settings(store="memory:", snapshot=Path(folder)), [path])
        print(f"a sheet onto {LARGE} findings: {time.perf_counter() - begin:.1f} s; all of them from nothing: {whole:.1f} s")


if __name__ == "__main__":
    main()
