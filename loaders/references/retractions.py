"""Lists of papers that are retracted: Retraction Watch's CSV, or a text with a DOI or PMID a line."""

from __future__ import annotations

import csv
import itertools
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from schema.errors import InputProblems
from schema.identity import Identifier, doi_in, identifier, identifiers, pmid_in
from schema.problems import Problem
from schema.reference import Reference
from schema.study import Standing, StandingKind, Study

# a list may be of all papers that were ever retracted: it is read row by row
_DOI, _PMID, _NATURE = "OriginalPaperDOI", "OriginalPaperPubMedID", "RetractionNature"
_DATE, _NOTICE, _NOTICE_PMID = "RetractionDate", "RetractionDOI", "RetractionPubMedID"
_KINDS: dict[str, StandingKind | None] = {
    "retraction": "retracted",
    "expression of concern": "concern",
    "correction": "corrected",
    "reinstatement": None,
}
_GRAVITY: tuple[StandingKind | None, ...] = (None, "preprint", "corrected", "superseded", "concern", "retracted")
_DAY = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})\b.*|(\d{4})-(\d{2})-(\d{2})\b.*")


@dataclass(frozen=True, slots=True)
class Notice:
    """What a list says of a paper; `standing` is None where the paper was reinstated."""

    paper: tuple[Identifier, ...]
    standing: Standing | None
    date: str


def named(path: Path, studies: Mapping[str, Study]) -> dict[str, Standing | None]:
    """The studies that a list names, with what they stand for by it; InputProblems where it is no such list."""
    owners: dict[Identifier, list[str]] = {}
    for study in studies.values():
        for one in identifiers(study):
            owners.setdefault(one, []).append(study.id)
    found: dict[str, list[Notice]] = {}
    for notice in read(path):
        for study_id in dict.fromkeys(owner for one in notice.paper for owner in owners.get(one, ())):
            found.setdefault(study_id, []).append(notice)
    return {study_id: _last(notices, studies[study_id].standing) for study_id, notices in sorted(found.items())}


def _last(notices: Iterable[Notice], held: Standing | None) -> Standing | None:
    """Day by day the gravest stands, until a paper is reinstated; what the sheet says and no list can know stays."""
    standing: Standing | None = held
    for one in sorted(notices, key=lambda notice: notice.date):
        new = one.standing
        if new is None:
            standing = None if standing is not None and standing.kind in {"retracted", "concern"} else standing
        elif standing is None or _GRAVITY.index(new.kind) > _GRAVITY.index(standing.kind) or standing == Standing(kind=new.kind):
            standing = new
    return standing


def read(path: Path) -> Iterator[Notice]:
    """The notices of a list, in its order."""
    try:
        with path.expanduser().open(encoding="utf-8-sig", errors="replace", newline="") as lines:
            first = lines.readline()
            if _DOI in first or _PMID in first:
                yield from _rows(path, first, lines)
            else:
                yield from _listed(path, itertools.chain([first], lines))
    except OSError as error:
        raise InputProblems([Problem(str(path), f"a file that can't be read ({error.strerror})", "a file that can be read")]) from error


def _rows(path: Path, first: str, lines: Iterable[str]) -> Iterator[Notice]:
    rows = csv.DictReader(itertools.chain([first], lines))
    try:
        for row in rows:
            said = (row.get(_NATURE) or "retraction").strip().lower()
            if said not in _KINDS:
                expected = "Retraction, Expression of concern, Correction or Reinstatement"
                raise InputProblems([Problem(str(path), f"the nature {said[:60]!r}", expected, line=rows.line_num)])
            paper = identifiers(Reference(doi=row.get(_DOI), pmid=row.get(_PMID)))
            if paper:
                day = _day(row.get(_DATE) or "")
                yield Notice(paper, _standing(_KINDS[said], day, row), day or "")
    except csv.Error as error:
        raise InputProblems([Problem(str(path), f"a row that can't be read ({error})", "CSV", line=rows.line_num)]) from error


def _standing(kind: StandingKind | None, day: str | None, row: Mapping[str, str | None]) -> Standing | None:
    if kind is None:
        return None
    pmid = pmid_in(row.get(_NOTICE_PMID) or "")
    notice = doi_in(row.get(_NOTICE) or "") or (f"https://pubmed.ncbi.nlm.nih.gov/{pmid}/" if pmid else None)
    return Standing(kind=kind, date=day, notice=notice)


def _day(text: str) -> str | None:
    """A day as Retraction Watch writes it (month first), or as ISO 8601 does."""
    found = _DAY.fullmatch(text.strip())
    if found is None:
        return None
    month, day, year = (found[1], found[2], found[3]) if found[3] else (found[5], found[6], found[4])
    return f"{year}-{int(month):02}-{int(day):02}" if 1 <= int(month) <= 12 and 1 <= int(day) <= 31 else None


def _listed(path: Path, lines: Iterable[str]) -> Iterator[Notice]:
    for number, line in enumerate(lines, start=1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        one = identifier(text)
        if one is None:
            expected = "Retraction Watch's CSV, or a DOI or PMID a line"
            raise InputProblems([Problem(str(path), repr(text[:60]), expected, line=number)])
        yield Notice((one,), Standing(kind="retracted"), "")
