"""Reference files as references: RIS, PubMed's format (nbib), BibTeX, CSL-JSON.

The formats are told by what is in the file, whatever its ending. A file with a mistake gives no reference at all, but each mistake with its
line. Fields that a sheet has no key for are left alone.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from loaders import files
from loaders.documents import Refused, decode
from schema.problems import Problem
from schema.reference import ET_AL, Reference, as_author, doi_in, is_et_al, parted

if TYPE_CHECKING:
    from bibtexparser.middlewares import LatexDecodingMiddleware

# what makes a text another one in LaTeX
_LATEX = re.compile(r"[\\{}$~%`]|--|''")
_BRACED = re.compile(r"\{[^{}\\]*\}")
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
# as a line, or a part of one, that says nothing else: a note may well name the ids of other papers
_PMID = re.compile(
    r"(?:https?://(?:pubmed\.ncbi\.nlm\.nih\.gov|(?:www\.)?ncbi\.nlm\.nih\.gov/pubmed)/|PMID:?\s*)([0-9]{1,9})/?", re.IGNORECASE
)
_PMCID = re.compile(r"(?:https?://\S+/articles/|PMCID:?\s*)?(PMC[0-9]+)/?", re.IGNORECASE)


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
    except _Wrong as wrong:
        return [], [Problem(source.name, found, expected, line=line) for line, found, expected in wrong.problems]
    except Refused as refused:
        expected = refused.expected.replace("in YAML or JSON", "in RIS, PubMed's format, BibTeX or CSL-JSON")
        return [], [Problem(source.name, refused.found, expected, line=refused.line, help=refused.help)]
    if not records:
        return [], [Problem(source.name, "no reference", "a reference or more")]
    return records, []


class _Wrong(Exception):
    """Mistakes of a file: line, what was found, what was expected."""

    def __init__(self, problems: Sequence[tuple[int | None, str, str]]) -> None:
        super().__init__("; ".join(found for _, found, _ in problems))
        self.problems = problems


_Found = Iterator[tuple[int | None, Reference]]


def _made(fields: dict[str, Any], everything: Iterable[str] = ()) -> Reference:
    """A reference of texts; what is blank is left out. `everything`: texts that may be an id."""
    told = {name: _clean(str(fields[name])) for name in ("title", "journal", "id") if fields.get(name)}
    loose = [part.strip() for text in everything for part in re.split(r"[\n;]", text)]
    year = _YEAR.search(str(fields.get("year") or ""))
    own = re.fullmatch(r"(?:PMID:?\s*)?([0-9]{1,9})", str(fields.get("pmid") or "").strip(), re.IGNORECASE)
    pmid = own or next((found for text in loose if (found := _PMID.fullmatch(text))), None)
    pmcid = next((found for text in (str(fields.get("pmcid") or "").strip(), *loose) if (found := _PMCID.fullmatch(text))), None)
    doi = next((one for text in (fields.get("doi") or "", *loose) if (one := doi_in(str(text)))), None)
    authors = tuple(author for one in fields.get("authors") or () if (author := _clean(one)))
    named = [author for author in authors if not is_et_al(author)]
    # a lone family name is the first author's, and no list
    lone = len(authors) == 1 and parted(authors[0])[1] is None
    return Reference(
        id=told.get("id"),
        title=told["title"].rstrip(". ") or None if "title" in told else None,
        first_author=fields.get("first_author") if named else None,
        authors=() if lone else (*named, ET_AL) if named and len(named) < len(authors) else tuple(named),
        year=int(year[0]) if year else None,
        journal=told.get("journal"),
        doi=doi,
        pmid=pmid[1].lstrip("0") or None if pmid else None,
        pmcid=pmcid[1].upper() if pmcid else None,
    )


def _clean(text: str) -> str:
    return " ".join(_UNPRINTABLE.sub(" ", text).split())


# --- RIS ---


def _ris(text: str) -> _Found:
    for line, lines in _ris_records(text):
        import rispy

        (entry,) = rispy.loads("\n".join(lines))
        names = [name for key in ("authors", "first_authors") for name in entry.get(key, ()) if name]
        database = f"{entry.get('name_of_database', '')} {entry.get('database_provider', '')}".lower()
        journals = ("alternate_title2", "alternate_title1", "journal_name", "alternate_title3", "secondary_title")
        loose = [
            one
            for key in ("urls", "notes", "note", "type_of_work", "custom1", "custom2", "custom7", "research_notes", "accession_number")
            for one in _several(entry.get(key))
        ]
        yield (
            line,
            _made(
                {
                    "id": entry.get("id"),
                    "title": entry.get("title") or entry.get("primary_title"),
                    "authors": [_ris_author(name) for name in names],
                    "first_author": _ris_family(names[0]) if names else None,
                    "year": entry.get("year") or entry.get("publication_year") or entry.get("date"),
                    "journal": next((entry[key] for key in journals if entry.get(key)), None),
                    "doi": entry.get("doi"),
                    # other databases have numbers of their own
                    "pmid": entry.get("accession_number") if re.search("pubmed|medline|nlm", database) else None,
                },
                loose,
            ),
        )


def _several(value: Any) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else [str(value)] if value else []


def _ris_records(text: str) -> Iterator[tuple[int, list[str]]]:
    """The lines of each record from TY to ER; what stands between records is not theirs."""
    begun, lines = 0, list[str]()
    wrong: list[tuple[int | None, str, str]] = []
    for number, line in enumerate(re.split(r"\r\n|\r|\n", text), start=1):
        tag = line[:2] if line[2:5] == "  -" else ""
        if tag == "TY":
            if lines:
                wrong.append((begun, "a record without an end", "ER after its last line"))
            begun, lines = number, []
        if tag == "TY" or lines:
            lines.append(line)
        if tag == "ER" and lines:
            yield begun, lines
            lines = []
    if lines:
        wrong.append((begun, "a record without an end", "ER after its last line"))
    if wrong:
        raise _Wrong(wrong)


def _ris_family(name: str) -> str:
    return name.partition(",")[0].strip() if "," in name else parted(name)[0]


def _ris_author(name: str) -> str:
    if "," not in name:
        return name
    family, given, *more = (part.strip() for part in name.split(","))
    return as_author(family, given, more[0] if more else "")


# --- PubMed ---

_WANTED = frozenset({"PMID", "TI", "BTI", "DP", "TA", "JT", "AU", "FAU", "CN", "AID", "LID", "PMC"})


def _nbib(text: str) -> _Found:
    import nbib
    from nbib.exceptions import MalformedLine, UnknownTagFormat

    for line, lines in _blocks(text):
        wanted = list(_of_interest(lines))
        try:
            entry: dict[str, Any] = next(iter(nbib.read("\n".join([*wanted, ""]))), {})
        except (MalformedLine, UnknownTagFormat, ValueError) as error:
            raise _Wrong([(line, f"a record that can't be read ({_clean(str(error))})", "PubMed's format as it exports it")]) from error
        if "pubmed_id" not in entry and "title" not in entry:
            raise _Wrong([(line, "a record without PMID and title", "PubMed's format as it exports it")])
        people = entry.get("authors") or ()
        names = [one["author_abbreviated"] if "author_abbreviated" in one else _ris_author(one["author"]) for one in people]
        group = entry.get("corporate_author")
        yield (
            line,
            _made(
                {
                    "title": entry.get("title"),
                    "authors": names or ([group] if group else []),
                    "first_author": (people[0].get("last_name") or people[0]["author"]) if people else group,
                    "year": entry.get("publication_date"),
                    "journal": entry.get("journal_abbreviated") or entry.get("journal"),
                    "doi": entry.get("doi"),
                    "pmid": entry.get("pubmed_id"),
                    "pmcid": f"PMC{entry['pmcid']}" if "pmcid" in entry else None,
                }
            ),
        )


def _blocks(text: str) -> Iterator[tuple[int, list[tuple[int, str]]]]:
    block: list[tuple[int, str]] = []
    for number, line in enumerate([*re.split(r"\r\n|\n", text), ""], start=1):
        if line.strip():
            block.append((number, line))
        elif block:
            yield block[0][0], block
            block = []


def _of_interest(lines: Sequence[tuple[int, str]]) -> Iterator[str]:
    """The lines of the fields that a sheet has keys for: a date that can't be read elsewhere in a record is no reason to refuse it."""
    keeps = True
    for number, line in lines:
        match = re.fullmatch(r"([A-Z]{1,4}) {0,3}- ?(.*)", line)
        if match is not None and line[4:5] == "-":
            tag, content = match[1], match[2]
            keeps = tag in _WANTED and (tag not in {"AID", "LID"} or content.rstrip().endswith("[doi]"))
            if keeps:
                # where a paper stands in a journal and what its ids are is told alike
                yield f"{'AID' if tag == 'LID' else 'TI' if tag == 'BTI' else tag:<4}- {content.rstrip()}"
        elif line.startswith("      "):
            if keeps:
                yield line
        else:
            raise _Wrong([(number, f"{_clean(line)[:60]!r}", "a tag such as TI  - , or a line that goes on with six blanks")])


# --- BibTeX ---


def _bibtex(text: str) -> _Found:
    from bibtexparser.entrypoint import parse_string
    from bibtexparser.model import DuplicateBlockKeyBlock, Entry

    logging.getLogger("bibtexparser").setLevel(logging.CRITICAL)
    library = parse_string(text)
    wrong = [
        (_line(block), f"an entry that can't be read ({_reason(block.error)})", "BibTeX: each entry and value closed, each field once")
        for block in library.failed_blocks
        if not isinstance(block, DuplicateBlockKeyBlock)
    ]
    if wrong:
        raise _Wrong(wrong)
    for block in library.blocks:
        entry = block.ignore_error_block if isinstance(block, DuplicateBlockKeyBlock) else block
        if isinstance(entry, Entry):
            yield _line(block), _bibtex_reference(entry)


def _reason(error: Any) -> str:
    return _clean(str(getattr(error, "abort_reason", None) or error))[:120].rstrip(". ")


def _line(block: Any) -> int | None:
    return None if block.start_line is None else block.start_line + 1


def _bibtex_reference(entry: Any) -> Reference:
    from bibtexparser.middlewares.names import InvalidNameError, parse_single_name_into_parts, split_multiple_persons_names

    raw = {field.key.lower(): str(field.value) for field in entry.fields}
    people = []
    for name in split_multiple_persons_names(raw.get("author", "")):
        if name.strip() == "others":
            people.append(("", ET_AL, "", ""))
            continue
        if re.fullmatch(r"\{.*\}", name.strip()):
            people.append(("", name, "", ""))
            continue
        try:
            parts = parse_single_name_into_parts(name)
        except InvalidNameError as error:
            raise _Wrong([(_line(entry), f"the author {_clean(name)[:80]!r} ({error.reason})", "names joined by 'and'")]) from error
        people.append((" ".join(parts.von), " ".join(parts.last), " ".join(parts.first), " ".join(parts.jr)))
    keys = ("title", "shortjournal", "journal", "journaltitle", "howpublished", "booktitle", "note", "annote")
    title, *told = _decoded([*(raw.get(key, "") for key in keys), *(part for person in people for part in person)])
    *journals, note, annote = told[: len(keys) - 1]
    parts_of = iter(told[len(keys) - 1 :])
    persons = list(zip(parts_of, parts_of, parts_of, parts_of, strict=True))
    families = [f"{von} {last}".strip() for von, last, _, _ in persons]
    return _made(
        {
            "id": entry.key,
            "title": title,
            "authors": [
                as_author(family, first, jr) if first else family for family, (_, _, first, jr) in zip(families, persons, strict=True)
            ],
            "first_author": families[0] if families else None,
            "year": raw.get("year") or raw.get("date"),
            "journal": next((one for one in journals if one), None),
            "doi": raw.get("doi", "").replace("\\", ""),
            "pmid": raw.get("pmid") or (raw.get("eprint") if raw.get("eprinttype", "").lower() == "pubmed" else None),
            "pmcid": raw.get("pmcid") or raw.get("pmc"),
        },
        [note, annote, raw.get("url", "")],
    )


def _decoded(texts: Sequence[str]) -> list[str]:
    """Texts in LaTeX as plain ones."""
    from bibtexparser.library import Library
    from bibtexparser.model import Entry, Field

    bare = [text[1:-1] if _BRACED.fullmatch(text) else text for text in texts]
    fields = [Field(str(i), text) for i, text in enumerate(bare) if _LATEX.search(text)]
    library = _decoder().transform(Library([Entry("misc", "x", fields)])) if fields else Library()
    # what is not LaTeX is taken as it stands
    for field in library.entries[0].fields if library.entries else ():
        # the decoder gives the accent for the sign
        bare[int(field.key)] = str(field.value).replace("\u02c6", "^")
    return bare


@lru_cache(maxsize=1)
def _decoder() -> LatexDecodingMiddleware:
    """Made once: it takes as long as a hundred entries."""
    from bibtexparser.middlewares import LatexDecodingMiddleware

    return LatexDecodingMiddleware(keep_math_mode=False)


# --- CSL-JSON ---


def _csl(text: str) -> _Found:
    try:
        value = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        line = getattr(error, "lineno", None)
        raise _Wrong([(line, f"JSON that can't be read ({getattr(error, 'msg', 'nested too deep')})", "CSL-JSON")]) from error
    items = value.get("items", [value]) if isinstance(value, dict) else value
    if not isinstance(items, list):
        raise _Wrong([(None, "JSON that is no list of references", "CSL-JSON")])
    wrong = [
        (None, f"item {i}, which is no reference", "CSL-JSON: items with type, title, author ...")
        for i, item in enumerate(items, start=1)
        if not isinstance(item, dict) or not ({"title", "DOI", "PMID", "type"} & set(item))
    ]
    if wrong:
        raise _Wrong(wrong)
    for item in items:
        yield None, _csl_reference(item)


def _csl_reference(item: dict[str, Any]) -> Reference:
    people = [one for one in _listed(item.get("author")) if isinstance(one, dict)]
    families = [
        " ".join(str(one[key]) for key in ("dropping-particle", "non-dropping-particle", "family", "literal", "name") if one.get(key))
        for one in people
    ]
    issued = item.get("issued")
    if isinstance(issued, dict):
        parts = _listed(issued.get("date-parts"))
        issued = _listed(parts[0])[0] if parts and _listed(parts[0]) else issued.get("raw") or issued.get("literal")
    return _made(
        {
            "id": item.get("id"),
            "title": item.get("title"),
            "authors": [
                as_author(family, str(one.get("given") or ""), str(one.get("suffix") or "")) if one.get("given") else family
                for family, one in zip(families, people, strict=True)
            ],
            "first_author": families[0] if families else None,
            "year": issued,
            "journal": item.get("container-title-short") or item.get("journalAbbreviation") or item.get("container-title"),
            "doi": item.get("DOI"),
            "pmid": item.get("PMID"),
            "pmcid": item.get("PMCID"),
        },
        [str(item[key]) for key in ("note", "URL") if item.get(key)],
    )


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


_FORMATS: tuple[tuple[re.Pattern[str], Callable[[str], _Found]], ...] = (
    (re.compile(r"\A\s*[\[{]"), _csl),
    (re.compile(r"^PMID ?- ", re.MULTILINE), _nbib),
    (re.compile(r"^TY  -", re.MULTILINE), _ris),
    (re.compile(r"^\s*@\s*[A-Za-z]+\s*[{(]", re.MULTILINE), _bibtex),
)
