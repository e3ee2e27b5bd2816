"""PubMed's format (nbib, MEDLINE): a record goes from its PMID to the next."""

from __future__ import annotations

import re
from collections.abc import Iterator

from loaders.references.entries import Entry, Found, Mistake
from loaders.references.persons import Person, dotted, person, settled
from loaders.references.tagged import Tagged, records
from schema.study import StandingKind

_TAGGED = re.compile(r"([A-Z]{2,4})(?:(?<=[A-Z]{4})| {1,2})- ?(.*)")
_GLUED = re.compile(r"(?:PMID|FAU |LID |AID |PMC |(?:AU|TI|TA|JT|DP|PT|AB)  )- ")
_READ = frozenset({"PMID", "TI", "BTI", "TT", "DP", "TA", "JT", "AU", "FAU", "CN", "AID", "LID", "PMC", "PT"})

# tags of a paper that name the notice on it
_NOTICES: dict[str, StandingKind] = {"RIN": "retracted", "ECI": "concern", "EIN": "corrected", "CRI": "corrected"}


def entries(text: str) -> Found:
    """The entries of a text in PubMed's format."""
    for record in records(text, _tagged, lambda _, line: line.startswith("      "), begins="PMID"):
        try:
            yield record if isinstance(record, Mistake) else _entry(record)
        except Mistake as mistake:
            yield mistake


def _tagged(line: str) -> tuple[str, str] | None:
    tagged = _TAGGED.fullmatch(line)
    return (tagged[1], tagged[2]) if tagged else None


def _entry(record: Tagged) -> Entry:
    for field in record:
        if field.tag in _READ and _GLUED.search(field.text):
            raise Mistake(field.line, f"two lines in one: {field.text.strip()[-60:]!r}", "each tag at the start of a line")
        if field.tag == "PMC" and not re.fullmatch(r"PMC\d+", field.text.strip()):
            raise Mistake(field.line, f"the PMCID {field.text.strip()[:60]!r}, which can't be read", "PMC and digits")
    record.once("TI", "DP", "TA", "JT", "PMC")
    title, pmid = record.first("TI", "BTI", "TT"), record.first("PMID")
    if not pmid and not title:
        raise Mistake(record.line, "a record without PMID and title, which can't be read", "PubMed's format as it exports it")
    ids = [text.strip() for text in record.all("AID", "LID")]
    return Entry(
        line=record.line,
        title=title,
        people=tuple(_people(record)),
        year=record.first("DP"),
        journal=record.first("TA", "JT"),
        doi=next((text for text in ids if text.endswith("[doi]")), ""),
        pmid=pmid,
        pmcid=record.first("PMC"),
        kinds=(*record.all("PT"), *("retracted" for _ in record.all("RIN")), *("expression of concern" for _ in record.all("ECI"))),
        notices=tuple((kind, " ".join(text.split())) for tag, kind in _NOTICES.items() for text in record.all(tag)),
    )


def _people(record: Tagged) -> Iterator[Person]:
    """Its authors, each as PubMed abbreviates it, and its groups, in their order."""
    shorts = [field.tag for field in record].count("AU")
    family = ""
    for field in record:
        name = " ".join(field.text.split())
        if field.tag == "FAU":
            family = name.partition(",")[0].strip()
        if field.tag == "CN":
            yield Person(name)
        elif field.tag == "AU" and family and name.startswith(f"{family} "):
            initials, *more = name.removeprefix(family).split()
            yield settled(family, " ".join([dotted(initials), *more]))
        elif field.tag == "AU" or (field.tag == "FAU" and not shorts):
            try:
                yield person(name)
            except ValueError:
                raise Mistake(field.line, f"the author {name[:80]!r}", "a name as PubMed writes it: Family, Given") from None
