"""`python -m benchmarks.answers record FOLDER`, `python -m benchmarks.answers compare FOLDER`."""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
import time
from pathlib import Path

import yaml

from benchmarks import neo4j_server
from benchmarks.answers.associations import lines_of, table
from benchmarks.answers.differences import Differences, Rule, mask
from benchmarks.answers.record import KINDS, Record, opened, record


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.answers", description=__doc__)
    does = parser.add_subparsers(dest="does", required=True)
    for name in ("record", "compare"):
        one = does.add_parser(name)
        one.add_argument("folder", type=Path)
        one.add_argument("--only", action="append", choices=list(KINDS), metavar="KIND", help=f"{', '.join(KINDS)} (repeat)")
        one.add_argument("--without-neo4j", action="store_true")
    one.add_argument("--to", type=Path, metavar="FOLDER", help="another record; today's answers where it is left out")
    one.add_argument("--entry", default="", metavar="REGEX", help="only entries that match")
    one.add_argument(
        "--expect", type=Path, metavar="FILE", help="YAML: a list of rules {entry, lines, reason} of what is expected to differ"
    )
    one.add_argument("--associations", action="store_true", help="a table of the associations that differ, and nothing else")
    one.add_argument("--lines", type=int, default=12, help="how many lines of a difference are shown")
    return parser.parse_args()


def _now(given: argparse.Namespace, folder: Path) -> Record:
    kinds = given.only or list(KINDS)
    reason = neo4j_server.missing(next(iter(neo4j_server.VERSIONS))) if "neo4j" in kinds else None
    if "neo4j" in kinds and (given.without_neo4j or reason is not None):
        print(f"LEFT OUT: Neo4j's nodes and edges ({reason or '--without-neo4j'})", file=sys.stderr)
        kinds = [kind for kind in kinds if kind != "neo4j"]
    begin = time.perf_counter()

    def tell(line: str) -> None:
        print(f"{time.perf_counter() - begin:6.0f} s  {line}", file=sys.stderr)

    with tempfile.TemporaryDirectory(prefix="rdwi-answers-") as working:
        return record(folder, Path(working), kinds, tell)


def _compare(given: argparse.Namespace, old: Record, new: Record) -> int:
    if given.associations:
        print("\n".join(table(lines_of(old), lines_of(new))))
        return 0
    rules = yaml.safe_load(given.expect.read_text(encoding="utf-8")) if given.expect else []
    found = Differences(Rule(re.compile(one["entry"]), re.compile(one["lines"]), one["reason"]) for one in rules)
    wanted = re.compile(given.entry)
    kinds = [kind for kind in given.only or KINDS if kind in old.about["entries"] and kind in new.about["entries"]]
    if left := set(given.only or KINDS) - set(kinds):
        print(f"LEFT OUT, as not in both records: {', '.join(sorted(left))}")
    compared = 0
    for kind in kinds:
        sides = [
            {entry: mask(text, side.about) for entry, text in side.entries(kind).items() if wanted.search(f"{kind} {entry}")}
            for side in (old, new)
        ]
        compared += len(sides[0])
        found.add(kind, *sides)
    for line in found.told(given.lines):
        print(line)
    word = "they differ" if found else "nothing else differs" if rules else "nothing differs"
    print(f"{compared} entries compared ({', '.join(kinds)}): {word}")
    return 1 if found else 0


def main() -> int:
    given = _arguments()
    if given.does == "record":
        _now(given, given.folder)
        return 0
    if given.to is not None:
        return _compare(given, opened(given.folder), opened(given.to))
    with tempfile.TemporaryDirectory() as folder:
        return _compare(given, opened(given.folder), _now(given, Path(folder)))


if __name__ == "__main__":
    sys.exit(main())
