"""RIS: a record goes from TY to ER."""

from __future__ import annotations

import re
from collections.abc import Iterator

from loaders.references.entries import Entry, Found, Mistake
from loaders.references.tagged import Field, Tagged, records

_STRICT = re.compile(r"\s*([A-Z][A-Z0-9])  -(.*)")
# as it is written by hand and by programs that aren't strict: in lower case, with other blanks, with a name for a tag
_LOOSE = re.compile(r"\s*(DOI|PMID|PMCID|[A-Za-z][A-Za-z0-9])\s{0,4}[-\u2013](?:\s(.*)|$)")
# of the tags that programs write, those that another writing of them is known by
_KNOWN = re.compile(
    r"TY|ER|A[1-4BDNUV]|BT|C[1-8ANPY]|D[ABIOP]|E[DPT]|I[DS]|J[12AFIO]|KW|L[1-4ABK]|M[1-3]|N[12V]|OP|P[BMPY]|R[INP]|S[ENPT]|T[1-3AIT]|U[1-5RT]|V[LO]|Y[12]|DOI|PMID|PMCID"
)
_GLUED = re.compile(rf"({_KNOWN.pattern})  - ")
_TAGLIKE = re.compile(r"\s*[A-Z][A-Z0-9]{1,7} {0,3}- ")

_NUMBERS = (("pubmed|medline|nlm", "AN"), ("scopus", "C2"), ("embase", "C5"))
_LOOSE_IDS = ("UR", "L2", "L3", "LK", "N1", "M1", "M3", "C1", "C2", "C7", "RN", "AN")
_JOURNALS = ("J2", "JA", "J1", "JI", "JO", "JF", "T2", "BT")
# a line without a tag that isn't set in goes on with none of these, and one that looks like a tag with none of the others that are read
_SHORT = frozenset({"AU", "A1", "PY", "Y1", "DA", "DO", "DI", "DOI", "PM", "PMID", "PMCID"})
_READ = _SHORT | {"TY", "TI", "T1", "CT", *_JOURNALS}


def entries(text: str) -> Found:
    """The entries of a text in RIS."""
    for record in records(text, _tagged, _goes_on, begins="TY", ends="ER"):
        try:
            yield record if isinstance(record, Mistake) else _entry(record)
        except Mistake as mistake:
            yield mistake


def _tagged(line: str) -> tuple[str, str] | None:
    if strict := _STRICT.fullmatch(line):
        return strict[1], strict[2]
    loose = _LOOSE.fullmatch(line)
    return (loose[1].upper(), loose[2] or "") if loose and _KNOWN.fullmatch(loose[1].upper()) else None


def _goes_on(tag: str, line: str) -> bool:
    return tag not in _READ or (not _TAGLIKE.match(line) and (tag not in _SHORT or line[0].isspace()))


def _entry(record: Tagged) -> Entry:
    record = Tagged(part for field in record for part in _unglued(field))
    record.once("TI", "T1")
    # where databases tell PubMed's number; others have numbers of their own in the same places
    database = " ".join(record.all("DB", "DP")).lower()
    numbers = [number for told, tag in _NUMBERS if re.search(told, database) for number in record.all(tag) if number.strip().isdecimal()]
    named, again = record.people("AU"), record.people("A1")
    return Entry(
        line=record.line,
        key=record.first("ID"),
        title=record.first("TI", "T1", "CT"),
        people=named if named == again else record.people("AU", "A1"),
        year=record.first("PY", "Y1", "DA"),
        journal=record.first(*_JOURNALS),
        doi=record.first("DO", "DI", "DOI"),
        pmid=record.first("PM", "PMID") or next(iter(numbers), ""),
        pmcid=record.first("PMCID"),
        # Scopus lists the papers that one cites; a tag that nobody knows may be for anything
        loose=tuple(
            field.text
            for field in record
            if (field.tag in _LOOSE_IDS and not field.text.lstrip().startswith("References:")) or not _KNOWN.fullmatch(field.tag)
        ),
        kinds=record.all("M3"),
    )


def _unglued(field: Field) -> Iterator[Field]:
    """A field, and those that are in its line where the ends of lines before them are lost."""
    first, *more = _GLUED.split(field.text) if "  - " in field.text else [field.text]
    yield field._replace(text=first)
    for tag, text in zip(more[::2], more[1::2], strict=True):
        if tag in {"TY", "ER"}:
            raise Mistake(field.line, f"two records in one line: {field.text.strip()[-60:]!r}", "each tag at the start of a line")
        yield Field(tag, text, field.line)
