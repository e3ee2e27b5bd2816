"""Reference files as references: RIS, PubMed's format (nbib), BibTeX, CSL-JSON.

The formats are told by what is in the file, whatever its ending. A file with a mistake gives no reference at all, but each mistake with its
line. Fields that a sheet has no key for are left alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from loaders import files
from loaders.documents import Refused, decode
from loaders.references import bibtex, csl_json, pubmed, ris
from loaders.references.entries import Found, Mistakes
from schema.problems import Problem
from schema.reference import Reference

_FORMATS: tuple[tuple[re.Pattern[str], Callable[[str], Found]], ...] = (
    (re.compile(r"\A\s*[\[{]"), csl_json.references),
    (re.compile(r"^PMID ?- ", re.MULTILINE), pubmed.references),
    (re.compile(r"^TY  -", re.MULTILINE), ris.references),
    (re.compile(r"^\s*@\s*[A-Za-z]+\s*[{(]", re.MULTILINE), bibtex.references),
)


@dataclass(frozen=True, slots=True)
class Record:
    """A reference of a file: the line on which it begins, where that can be told, and its number in the file, from 1."""

    reference: Reference
    file: str
    line: int | None
    number: int

    @property
    def place(self) -> str:
        return f"{self.file}, item {self.number}" if self.line is None else f"{self.file}:{self.line}"


def read(paths: Iterable[str | Path]) -> tuple[list[Record], list[Problem]]:
    """The references of files, in their order, and what is wrong with the files."""
    records: list[Record] = []
    problems: list[Problem] = []
    for path in paths:
        source = files.read(Path(path).expanduser())
        found, wrong = ([], [source]) if isinstance(source, Problem) else parsed(source)
        records += found
        problems += wrong
    return records, problems


def parsed(source: files.Source) -> tuple[list[Record], list[Problem]]:
    """The references of one file; none where anything is wrong."""
    try:
        text = decode(source.content)
        reader = next((reader for looks, reader in _FORMATS if looks.search(text)), None)
        if reader is None:
            raise Refused("no reference", "RIS, PubMed (nbib), BibTeX or CSL-JSON", help="Export it again in one of these formats.")
        records = [Record(reference, source.name, line, number) for number, (line, reference) in enumerate(reader(text), start=1)]
    except Mistakes as mistakes:
        return [], [Problem(source.name, found, expected, line=line) for line, found, expected in mistakes.problems]
    except Refused as refused:
        expected = refused.expected.replace("in YAML or JSON", "in RIS, PubMed's format, BibTeX or CSL-JSON")
        return [], [Problem(source.name, refused.found, expected, line=refused.line, help=refused.help)]
    if not records:
        return [], [Problem(source.name, "no reference", "a reference or more")]
    return records, []
