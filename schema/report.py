"""Problems as a report: one entry a distinct fault with its places, and lines that are ready for vocabulary.yaml and columns.yaml."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from schema.names import normal
from schema.problems import Problem
from schema.vocabulary import Term, drafted, line_of

PLACES = 5
# the kind of what is wrong where a cell holds a word that its column has not
WORD = "word"
_INDEX = re.compile(r"\[\d+\]")
_DRAFT = "# vocabulary.yaml, beside the sheets: correct the kinds (risk-factor, csvd-marker, lesion, mechanism, outcome)"


@dataclass(frozen=True, slots=True)
class Fault:
    """A distinct fault: its first problem, and every place where it is met."""

    first: Problem
    count: int
    places: tuple[str, ...]

    def text(self, *, every: bool = False) -> str:
        """The first problem and, in a line of their own, how often it is met and where."""
        return f"{self.first}\n    {self.told(every=every)}" if self.count > 1 else str(self.first)

    def told(self, *, every: bool = False) -> str:
        """How often it is met, and where."""
        shown = self.places if every else self.places[:PLACES]
        more = f" and {len(self.places) - len(shown)} more" if len(self.places) > len(shown) else ""
        return f"{self.count} times: {'; '.join(shown)}{more}."

    def as_json(self, *, every: bool = False) -> dict[str, Any]:
        one = self.first
        return {
            "file": one.file, "line": one.line, "column": one.column, "cell": one.cell, "path": one.path, "study": one.study,
            "severity": one.severity, "kind": one.kind, "found": one.found, "expected": one.expected, "help": one.help,
            "count": self.count, "places": list(self.places if every else self.places[:PLACES]),
        }  # fmt: skip


def in_order(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """By file, sheet of a workbook, line or row, and column; what has no place of its own before what has."""
    given = list(problems)
    sheets: dict[tuple[str, str], int] = {}
    for one in given:
        if one.cell is not None:
            sheets.setdefault((one.file, one.cell.rpartition("!")[0]), len(sheets))

    def place(one: Problem) -> tuple[str, int, int, int, int]:
        if one.cell is None:
            return one.file, -1, one.line or 0, one.column or 0, 0
        sheet, _, name = one.cell.rpartition("!")
        letters = name.rstrip("0123456789")
        return one.file, sheets[one.file, sheet], int(name[len(letters) :] or 0), len(letters), ord(letters[:1] or "A")

    return tuple(sorted(given, key=place))


def faults(problems: Iterable[Problem]) -> list[Fault]:
    """The distinct faults, errors first, each group in the order of the problems."""
    like: dict[tuple[object, ...], list[Problem]] = {}
    for one in problems:
        column = _INDEX.sub("", one.path) if one.path else one.cell.rstrip("0123456789") if one.cell else one.column
        like.setdefault((one.file, one.severity, column, one.kind, one.found if one.like is None else one.like), []).append(one)
    found = [Fault(some[0], len(some), tuple(dict.fromkeys(map(_place, some)))) for some in like.values()]
    return sorted(found, key=lambda fault: fault.first.severity)


def _place(problem: Problem) -> str:
    """Where it is inside its file."""
    if problem.cell is not None:
        return problem.cell
    line = f"line {problem.line}" if problem.line is not None else ""
    return line if problem.column is not None or not problem.path else f"{line} {problem.path}".strip()


def entries(problems: Sequence[Problem], *, every: bool = False, drafted: bool = False) -> list[str]:
    """The whole report: each fault, and what would add the unknown names, where a file hasn't it already, and tell the unknown words."""
    told = [fault.text(every=every) for fault in faults(problems)]
    return [*told, *filter(None, ("" if drafted else vocabulary_lines(problems), columns_lines(problems)))]


def drafts(problems: Iterable[Problem]) -> list[Term]:
    """A term for each unknown name, each once; one that stands as a factor and as something else is that."""
    found: dict[str, Term] = {}
    ids: dict[str, str] = {}
    for term in (one.term for one in problems if one.term is not None):
        name = normal(term.name)
        same = ids.setdefault(term.id, name)
        if same == name and name in found:
            if found[name].kind == "risk-factor":
                found[name] = found[name].model_copy(update={"kind": term.kind})
        elif same == name or name not in found:
            # two names may make one id, as a name that another alphabet is mixed into
            found[name] = term if same == name else drafted(term.name, term.kind, taken=ids)
            ids[found[name].id] = name
    return list(found.values())


def vocabulary_lines(problems: Sequence[Problem]) -> str:
    """A vocabulary.yaml with the unknown names, each beside the terms that may have been meant; nothing where there are none."""
    terms = drafts(problems)
    near = {normal(one.term.name): f"  # {one.help}" for one in problems if one.term is not None and (one.help or "").startswith("Nearest")}
    return "\n".join([_DRAFT, *(line_of(term) + near.get(normal(term.name), "") for term in terms)]) if terms else ""


def columns_lines(problems: Iterable[Problem]) -> str:
    """What a columns.yaml would say of words that are no choices of their column; nothing where there are none."""
    columns: dict[str, dict[str, str]] = {}
    for one in problems:
        if one.kind == WORD and one.path is not None and one.like is not None:
            columns.setdefault(one.path, {}).setdefault(one.like, one.expected)
    lines = ["# columns.yaml, beside the table: what these words mean", "values:"]
    for key, words in columns.items():
        lines += [f"  {key}:", *(f"    {json.dumps(word, ensure_ascii=False)}: # {expected}" for word, expected in words.items())]
    return "\n".join(lines) if columns else ""
