"""Bibliographies of sheets filled in from reference files: by DOI, else PMID, else title.

What a sheet says is kept unless it is to be replaced; what is not sure is told and left alone.
"""

from __future__ import annotations

import difflib
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from loaders import files
from loaders.documents import documents
from loaders.references import formats as references
from loaders.references.edits import Unwritable, edited
from loaders.references.formats import Record
from schema import outputs
from schema.bibliography import Bibliography, Differs, Matched, MatchedBy, Unused
from schema.errors import InputProblems
from schema.identity import identifiers
from schema.names import normal
from schema.problems import Problem
from schema.reference import FIELDS, Reference, reference_of, same
from schema.study import Standing, Study, canonical

FILLED = (*FIELDS, "standing")
_FEWEST_WORDS = 4  # of a title that can tell one paper from all others
_ALIKE = 0.6  # of two titles that may be one paper's


@dataclass(frozen=True, slots=True)
class Sheet:
    """The bibliography of a sheet, as far as it has one."""

    source: files.Source
    reference: Reference
    place: str


def fill(
    paths: Iterable[str | Path],
    reference_files: Iterable[str | Path],
    *,
    replace: bool = False,
    in_place: bool = False,
    output: Path | None = None,
) -> Bibliography:
    """What the reference files fill in. Written are the sheets' own files (`in_place`), or copies of all of them (`output`), or nothing.

    InputProblems where a file can't be read, Unwritable where one can't be written; then nothing is, but for what Unwritable says.
    """
    found = files.find(paths)
    records, problems = references.read(reference_files)
    sheets, wrong = _sheets(found)
    problems = [*found.problems, *problems, *wrong]
    if problems:
        raise InputProblems(problems)
    told = match(sheets, records, replace=replace)
    written = _written(found, sheets, told.studies, in_place=in_place, output=output)
    return told.model_copy(update={"written": tuple(str(path) for path in written)})


def complete(
    studies: Sequence[Study], reference_files: Iterable[str | Path], *, replace: bool = False
) -> tuple[tuple[Study, ...], Bibliography]:
    """Studies with their bibliographies filled in, whatever they were read from; InputProblems where a reference file can't be read."""
    records, problems = references.read(reference_files)
    if problems:
        raise InputProblems(problems)
    told = match([Sheet(files.Source(study.id, b""), reference_of(study), study.id) for study in studies], records, replace=replace)
    filled = tuple(
        Study.model_validate({**canonical(study), **one.changes}) if one.changes else study
        for study, one in zip(studies, told.studies, strict=True)
    )
    return filled, told


def _sheets(found: files.Found) -> tuple[list[Sheet], list[Problem]]:
    sheets: list[Sheet] = []
    problems: list[Problem] = []
    for path in found.sheets:
        if path == files.STDIN:
            problems.append(Problem(files.STANDARD_INPUT, "text", "files and folders of sheets, which can be written again"))
            continue
        source = files.read(path)
        if isinstance(source, Problem):
            problems.append(source)
            continue
        if source.is_table:
            problems.append(
                Problem(source.name, "a table", "sheets in YAML or JSON; tables are filled in as they are loaded, by load --bibliography")
            )
            continue
        read = documents(source)
        if isinstance(read, Problem):
            problems.append(read)
            continue
        for document in read:
            for one in document.items() if isinstance(document.value, list) else [document]:
                line = one.line(("id",))
                place = source.name if line is None else f"{source.name}:{line}"
                value = one.value if isinstance(one.value, dict) else {}
                try:
                    given = {name: value[name] for name in FILLED if value.get(name) is not None}
                    sheets.append(Sheet(source, Reference(id=value.get("id"), **given), place))
                    wrong = value.get("id") is None
                except ValidationError:
                    wrong = True
                if wrong:
                    problems.append(
                        Problem(
                            source.name, "a sheet without an id, or with a wrong bibliography", "a sheet that passes rdwi check", line=line
                        )
                    )
    seen = Counter(sheet.reference.id for sheet in sheets)
    problems += [
        Problem(sheet.place, f"the id {sheet.reference.id!r} more than once", "each study once")
        for sheet in sheets
        if seen[sheet.reference.id] > 1
    ]
    return sheets, problems


# --- which paper a sheet is of ---


class _Index:
    def __init__(self, records: Sequence[Record]) -> None:
        self._by: dict[tuple[str, str], list[Record]] = {}
        for record in records:
            for key in _keys(record.reference):
                self._by.setdefault(key, []).append(record)

    def ids(self, ours: Reference) -> tuple[MatchedBy | None, list[Record]]:
        """The records that have the DOI, or the PMID; by which of them."""
        by: MatchedBy | None = None
        found: list[Record] = []
        for name in ("doi", "pmid"):
            for key in _keys(ours):
                if key[0] == name and key in self._by:
                    by = by or name
                    found += [record for record in self._by[key] if record not in found]
        return by, found

    def titled(self, ours: Reference) -> list[Record]:
        return [record for key in _keys(ours) if key[0] == "title" for record in self._by.get(key, ())]


def _keys(one: Reference) -> list[tuple[str, str]]:
    keys: list[tuple[str, str]] = [*identifiers(one)]
    title = normal(one.title or "")
    return [*keys, ("title", title)] if len(title.split()) >= _FEWEST_WORDS else keys


def match(sheets: Sequence[Sheet], records: Sequence[Record], *, replace: bool = False) -> Bibliography:
    """What the records fill in of the sheets, in the order of the sheets."""
    index = _Index(records)
    titles = Counter(key for sheet in sheets for key in _keys(sheet.reference) if key[0] == "title")
    told = [_matched(sheet, index, titles, replace) for sheet in sheets]
    used = {place for one in told for place in one.references}
    unused = [
        Unused(place=record.place, title=record.reference.title, doi=record.reference.doi, pmid=record.reference.pmid)
        for record in records
        if record.place not in used
    ]
    return Bibliography(studies=tuple(told), unused=tuple(unused), warnings=(*_doubled(records), *_odd(told, records)))


def _doubled(records: Sequence[Record]) -> Iterator[str]:
    """Keys that two entries of a file have."""
    having: dict[tuple[str, str], list[Record]] = {}
    for record in records:
        if record.reference.id:
            having.setdefault((record.file, record.reference.id.casefold()), []).append(record)
    for first, *others in having.values():
        if others:
            lines = ", ".join(f"item {one.number}" if one.line is None else f"line {one.line}" for one in (first, *others))
            told = f"the key {first.reference.id!r} {len(others) + 1} times ({lines}); each is read as an entry of its own."
            yield f"{others[0].place}: warning: {told}"


def _odd(told: Sequence[Matched], records: Sequence[Record]) -> Iterator[str]:
    """What is odd about the entries that sheets are matched with."""
    odd = {record.place: record.odd for record in records}
    return (f"{place}: warning: {one.study}: {what}." for one in told for place in one.references for what in odd[place])


def _matched(sheet: Sheet, index: _Index, titles: Counter[tuple[str, str]], replace: bool) -> Matched:
    ours = sheet.reference
    assert ours.id is not None
    by, found = index.ids(ours)
    against: list[str] = []
    if not found:
        by = "title"
        for record in index.titled(ours):
            contradiction = _contradiction(ours, record.reference)
            if contradiction is None:
                found.append(record)
            else:
                against.append(f"{record.place} has the title, but {contradiction}")

    def told(status: Any, why: str | None = None, **more: Any) -> Matched:
        places = tuple(record.place for record in found)
        return Matched(study=ours.id or "", sheet=sheet.place, status=status, by=by if found else None, references=places, why=why, **more)

    if not found:
        return told("none", "; ".join(against) or None)
    if by == "title" and any(titles[key] > 1 for key in _keys(ours)):
        return told("several", "another sheet has the same title, and neither a DOI nor a PMID tells them apart")
    for one, other in combinations(found, 2):
        contradiction = _contradiction(one.reference, other.reference)
        if contradiction is not None:
            return told("several", f"{one.place} and {other.place}: {contradiction}")
    theirs = _merged(record.reference for record in found)
    doubt = _contradiction(ours, theirs, years=False) if by != "title" else None
    if doubt is None and ours.title and theirs.title and _nearness(ours.title, theirs.title) < _ALIKE:
        doubt = f"the titles are unlike: {ours.title!r} and {theirs.title!r}"
    if doubt is not None:
        return told("doubtful", f"the {by} agrees, but {doubt}")
    filled, differs = _compared(ours, theirs, replace)
    changed = bool(filled) or any(one.replaced for one in differs)
    return told("filled" if changed else "agrees", filled=filled, differs=differs)


def _contradiction(one: Reference, other: Reference, *, years: bool = True) -> str | None:
    """Why two descriptions can't be one paper's, in words; `years`: a year's distance is left for print after online."""
    for name in ("doi", "pmid", "pmcid"):
        ours, theirs = getattr(one, name), getattr(other, name)
        if ours and theirs and not same(name, ours, theirs):
            return f"one {name} is {ours}, the other {theirs}"
    if years and one.year and other.year and abs(one.year - other.year) > 1:
        return f"one is of {one.year}, the other of {other.year}"
    if years and one.first_author and other.first_author and not same("first_author", one.first_author, other.first_author):
        return f"one is by {one.first_author}, the other by {other.first_author}"
    return None


def _nearness(one: str, other: str) -> float:
    return difflib.SequenceMatcher(None, normal(one), normal(other), autojunk=False).ratio()


def _merged(several: Iterable[Reference]) -> Reference:
    """One paper from descriptions that don't contradict each other: of each field the first that is told."""
    fields: dict[str, Any] = {}
    for one in several:
        for name in FILLED:
            if not fields.get(name):
                fields[name] = getattr(one, name)
    return Reference(**fields)


def _compared(ours: Reference, theirs: Reference, replace: bool) -> tuple[dict[str, Any], tuple[Differs, ...]]:
    filled: dict[str, Any] = {}
    differs = []
    for name in FILLED:
        mine, new = (_told(getattr(one, name)) for one in (ours, theirs))
        if not new or (mine and same(name, mine, new)):
            continue
        if mine:
            differs.append(Differs(field=name, sheet=mine, file=new, replaced=replace))
        elif name == "authors" and any(one.field == "first_author" and not one.replaced for one in differs):
            # a list that begins with another name than the sheet's first author would contradict it
            differs.append(Differs(field=name, sheet=None, file=new, replaced=False))
        else:
            filled[name] = new
    return filled, tuple(differs)


def _told(value: Any) -> Any:
    """A value as a sheet holds it."""
    return value.model_dump(mode="json", exclude_defaults=True) if isinstance(value, Standing) else value


# --- writing ---


def _written(found: files.Found, sheets: Sequence[Sheet], told: Sequence[Matched], *, in_place: bool, output: Path | None) -> list[Path]:
    """The files that were written: those that changed, or copies of all. All are made before the first is written."""
    changes = {one.study: one.changes for one in told if one.changes}
    sources = {sheet.source.name: sheet.source for sheet in sheets}
    contents: dict[str, bytes] = {}
    problems = []
    for name, source in sources.items():
        own = {str(sheet.reference.id) for sheet in sheets if sheet.source is source}
        try:
            new = {study: changes[study] for study in own & set(changes)}
            contents[name] = edited(source, new, ("id", *FILLED)) if new else source.content
        except Unwritable:
            problems.append(Problem(name, "a layout in which keys can't be set", "a mapping of keys, one a line"))
    if problems:
        raise InputProblems(problems)
    if output is not None:
        return _copied(found, contents, output)
    changed = {Path(name): content for name, content in contents.items() if in_place and content != sources[name].content}
    outputs.save_all(changed)
    return list(changed)


def _copied(found: files.Found, contents: dict[str, bytes], output: Path) -> list[Path]:
    """Copies of sheets, and of the vocabularies beside them, under a folder as they stood to each other."""
    everything = {**contents, **{str(path): path.read_bytes() for path in found.vocabularies}}
    top = Path(os.path.commonpath([Path(name).resolve().parent for name in everything]))
    places = {Path(name).resolve().relative_to(top): content for name, content in everything.items()}
    with outputs.folder(output) as folder:
        for place, content in places.items():
            (folder / place).parent.mkdir(parents=True, exist_ok=True)
            outputs.save(folder / place, content)
    return [output / place for place in places]
