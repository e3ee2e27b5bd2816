"""Reference files as references: RIS, PubMed's format (nbib), BibTeX, CSL-JSON, Web of Science's plain text.

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
from loaders.references import bibtex, csl_json, pubmed, ris, wos
from loaders.references.entries import Entry, Found, Mistake, reference
from schema.problems import Problem
from schema.reference import Reference

_FORMATS: tuple[tuple[re.Pattern[str], Callable[[str], Found]], ...] = (
    (re.compile(r"\A\s*[\[{]"), csl_json.entries),
    (re.compile(r"^PMID {0,2}- ?\d", re.MULTILINE), pubmed.entries),
    (re.compile(r"^\s*TY\s{0,4}-", re.MULTILINE | re.IGNORECASE), ris.entries),
    (re.compile(r"^\s*@\s*[A-Za-z]+\s*[{(]", re.MULTILINE), bibtex.entries),
    (re.compile(r"^PT [A-Z]\s*$", re.MULTILINE), wos.entries),
)
_EXPECTED = "RIS, PubMed (nbib), BibTeX, CSL-JSON or Web of Science's plain text"
_OTHERS = (
    (re.compile(r"\A\s*%[0A-Z] \S", re.MULTILINE), "EndNote's tagged format (.enw)", "In EndNote export with the style RefMan (RIS)."),
    (re.compile(r"\A\s*<"), "XML or HTML", "In EndNote export with the style RefMan (RIS); in PubMed save with the format PubMed."),
    (re.compile(r"\AScopus\s"), "Scopus's plain text", "In Scopus export as RIS or BibTeX."),
    (re.compile(r"\A[^\n]*(?:\t[^\n]*\t|,[^\n]*,[^\n]*,)"), "a table", "In Scopus and Web of Science export as RIS or BibTeX."),
)


@dataclass(frozen=True, slots=True)
class Record:
    """A reference of a file: the line on which it begins, where that can be told, and its number in the file, from 1.

    `odd`: what is odd about it, or about the paper, in words.
    """

    reference: Reference
    file: str
    line: int | None
    number: int
    odd: tuple[str, ...] = ()

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
    records: list[Record] = []
    problems: list[Problem] = []
    try:
        text = decode(source.content)
        for number, entry in enumerate(_reader(text)(text), start=1):
            try:
                if isinstance(entry, Mistake):
                    raise entry
                told, odd = reference(entry)
                records.append(Record(told, source.name, entry.line, number, odd))
            except Mistake as mistake:
                item = f"in item {number}, " if mistake.line is None and isinstance(entry, Entry) else ""
                problems.append(Problem(source.name, f"{item}{mistake.found}", mistake.expected, line=mistake.line))
    except Refused as refused:
        expected = refused.expected.replace("in YAML or JSON", f"in {_EXPECTED}")
        return [], [Problem(source.name, refused.found, expected, line=refused.line, help=refused.help)]
    if not records and not problems:
        problems.append(Problem(source.name, "no reference", "a reference or more"))
    return ([], problems) if problems else (records, [])


def _reader(text: str) -> Callable[[str], Found]:
    """The reader of the format whose first sign comes first."""
    found = [(match.start(), i) for i, (looks, _) in enumerate(_FORMATS) if (match := looks.search(text))]
    if found:
        return _FORMATS[min(found)[1]][1]
    for looks, name, advice in _OTHERS:
        if looks.search(text):
            raise Refused(name, _EXPECTED, help=advice)
    raise Refused("no reference", _EXPECTED, help="Export it again in one of these formats.")
