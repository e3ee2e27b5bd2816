"""What is wrong with an input, and where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from schema.vocabulary import Term

Path = tuple[str | int, ...]
Severity = Literal["error", "warning"]


class Remark(NamedTuple):
    """What is said of a place of a study: what was found there, what was expected, what it costs, and of what `kind` it is.

    `like`: by which remarks of one kind and key are one fault, where `found` says more of each than that.
    """

    kind: str
    path: Path
    found: str
    expected: str
    help: str | None = None
    severity: Severity = "warning"
    like: str | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake (`error`) or oddity (`warning`) of an input.

    `path` leads to the place inside the sheet ("findings[3].ci"), `line` counts from 1, `column` is the cell of that line in a text
    file, `cell` the place in a workbook ("findings!B17"); each is None where it can't be told.
    `help` says what to do, or names the nearest term. `kind` is a word for what is wrong; `like` as for a remark, and the word itself
    where a cell holds one that is no choice. `term` is what would add an unknown name to the vocabulary.
    """

    file: str
    found: str
    expected: str
    path: str | None = None
    line: int | None = None
    study: str | None = None
    severity: Severity = "error"
    help: str | None = None
    column: int | None = None
    cell: str | None = None
    kind: str = "wrong"
    like: str | None = None
    term: Term | None = None

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line, self.column) if part is not None)
        if self.cell is not None:
            place += f": {self.cell}"
        inside = f" {self.path}:" if self.path else ""
        tail = f" {self.help}" if self.help else ""
        return f"{place}: {self.severity}:{inside} found {self.found}; expected {self.expected}.{tail}"
