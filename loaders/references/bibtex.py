"""BibTeX: entries of fields, whose values are texts, numbers and macros joined by #, and are in LaTeX."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping
from typing import Any

from loaders.references import latex
from loaders.references.entries import Entry, Found, Mistake
from loaders.references.persons import AND_OTHERS, Person, is_group, people, settled, spaced, unparted
from loaders.references.plaintext import plain, unescaped
from schema.reference import ET_AL, is_et_al, is_suffix

_MARKS = re.compile(r"(?<!\\)[{}\"]")
_WORD = re.compile(r"[^\s\"#%'(),={}]+")
_REMARK = re.compile(r"(?m)^\s*%.*$")
_VALUE = "one text in braces or quotes, and a comma after it"
# a field that begins inside another's value, or between entries
_FIELD = re.compile(
    r"[,{}\"\n]\s*(?:author|title|journal|journaltitle|year|date|doi|pmid|pmcid|volume|number|pages|month|abstract|keywords|issn|url|publisher)"
    r"\s*=\s*[{\"]|\n\s*(?:year|pmid)\s*=\s*\d",
    re.IGNORECASE,
)
# as biber writes a name whose parts it names
_KEYED = re.compile(r"\b(family|given|prefix|suffix)\s*=\s*(?:\{([^{}]*)\}|([^,{}]*))")
# an "and" with nobody before or behind it
_LOST = re.compile(r"\A\s*and\s+|\s+and\s*\Z|(?<=\sand)(?:\s+and)+(?=\s)", re.IGNORECASE)
_TITLES = ("title", "shortjournal", "abbrev_source_title", "journal", "journaltitle", "booktitle", "howpublished", "note", "annote")
_IDS = ("doi", "pmid", "pubmed_id", "pmcid", "pmc", "year", "date", "eprint", "eprinttype", "url", "type", "document_type")
_READ = frozenset({"author", *_TITLES, *_IDS})


def entries(text: str) -> Found:
    """The entries of a text in BibTeX."""
    from bibtexparser.model import DuplicateBlockKeyBlock
    from bibtexparser.splitter import Splitter

    logging.getLogger("bibtexparser").setLevel(logging.CRITICAL)
    macros: dict[str, str] = {}
    for block in Splitter(text).split().blocks:
        try:
            yield from _read(block.ignore_error_block if isinstance(block, DuplicateBlockKeyBlock) else block, macros)
        except Mistake as mistake:
            yield mistake


def _read(block: Any, macros: dict[str, str]) -> Iterator[Entry]:
    from bibtexparser.model import DuplicateFieldKeyBlock, ImplicitComment, ParsingFailedBlock, String
    from bibtexparser.model import Entry as Block

    line = (block.start_line or 0) + 1
    if isinstance(block, DuplicateFieldKeyBlock):
        block = block.ignore_error_block
    if isinstance(block, String):
        try:
            macros[block.key.lower()] = _value(block.value, macros)
        except (KeyError, ValueError):
            raise Mistake(line, f"the macro {block.key!r}, whose value can't be read", _VALUE) from None
    elif isinstance(block, Block):
        yield _entry(block, line, _fields(block, macros))
    elif isinstance(block, ImplicitComment) and (field := _FIELD.search(f"\n{block.comment}")):
        raise Mistake(
            line + block.comment.count("\n", 0, field.end() - 1), "a field outside of an entry", "braces that close what they open"
        )
    # a comment may hold entries, which are then entries of the file
    elif isinstance(block, ParsingFailedBlock) and not str(block.raw).lower().startswith("@comment"):
        reason = plain(str(getattr(block.error, "abort_reason", None) or block.error))[:120].rstrip(". ")
        raise Mistake(line, f"an entry that can't be read ({reason})", "BibTeX: each entry and value closed")


def _fields(block: Any, macros: Mapping[str, str]) -> dict[str, str]:
    """The fields of an entry that are read, without what encloses them, by their names in lower case."""
    told: dict[str, str] = {}
    for field in block.fields:
        # what is behind % in a line is no part of a name, and a field behind it none
        name, source, line = _REMARK.sub("", field.key).strip().lower(), str(field.value), (field.start_line or 0) + 1
        if not name and "%" in field.key:
            continue
        # Scopus writes "funding_text 1"
        if not name or (name not in _READ and name.split()[-1] in _READ):
            raise Mistake(line, f"a field called {plain(field.key)[:60]!r}", "a name before =, and a comma after the value before it")
        try:
            value = _value(source, macros)
        except KeyError as unknown:
            if name in _READ:
                raise Mistake(
                    line, f"the macro {unknown.args[0]!r}, which is not defined", "@string before it, or a text in braces"
                ) from None
            continue
        except ValueError:
            if name in _READ or "=" in source:
                raise Mistake(line, f"the value of {name}, {plain(source)[:60]!r}", _VALUE) from None
            continue
        if inside := _FIELD.search(source):
            raise Mistake(line, f"a value of {name} that another field begins in: {plain(inside[0])!r}", "braces that close what they open")
        if name in _READ and latex.bare(plain(told.get(name, value))) != latex.bare(plain(value)):
            raise Mistake(line, f"Duplicate field {name} with another value", "each field once")
        told[name] = value
    return told


def _value(source: str, macros: Mapping[str, str]) -> str:
    """A value; KeyError where it has a macro that is not defined, ValueError where it is none."""
    parts, unknown, rest = list[str](), list[str](), source.strip()
    while rest:
        if rest[0] in {"{", '"'}:
            end = _closing(rest)
            parts.append(rest[1:end])
            end += 1
        elif word := _WORD.match(rest):
            known = word[0] if word[0].isdecimal() else macros.get(word[0].lower())
            (unknown if known is None else parts).append(known or word[0])
            end = word.end()
        else:
            raise ValueError(source)
        rest = rest[end:].lstrip()
        if rest and not re.match(r"#\s*\S", rest):
            raise ValueError(source)
        rest = rest[1:].lstrip()
    if unknown:
        raise KeyError(*unknown)
    return "".join(parts)


def _closing(text: str) -> int:
    """Where the brace or quote that a text begins with is closed; ValueError where it isn't."""
    quoted, depth = text[0] == '"', 0
    for mark in _MARKS.finditer(text, 1 if quoted else 0):
        depth += {"{": 1, "}": -1}.get(mark[0], 0)
        if depth == 0 and mark[0] == ('"' if quoted else "}"):
            return mark.start()
    raise ValueError(text)


def _unbraced(text: str) -> str:
    """A text without braces that are round all of it."""
    text = text.strip()
    while text.startswith("{") and _closing(text) == len(text) - 1:
        text = text[1:-1].strip()
    return text


def _entry(block: Any, line: int, told: Mapping[str, str]) -> Entry:
    try:
        title, *journals, note, annote = (latex.plain(_unbraced(told.get(name, ""))) for name in _TITLES)
        named = tuple(_people(unescaped(told.get("author", ""))))
    except latex.Unknown as unknown:
        raise Mistake(line, f"the LaTeX command {unknown}", "plain text in its place") from None
    except ValueError as error:
        raise Mistake(line, f"the author {plain(str(getattr(error, 'name', error)))[:80]!r}", "names joined by 'and'") from None
    ids = {name: latex.bare(told.get(name, "")) for name in _IDS}
    return Entry(
        line=line,
        key=block.key,
        title=title,
        people=named,
        year=ids["year"] or ids["date"],
        journal=next((one for one in journals if one and "://" not in one), ""),
        doi=ids["doi"],
        pmid=ids["pmid"] or ids["pubmed_id"] or (ids["eprint"] if ids["eprinttype"].lower() == "pubmed" else ""),
        pmcid=ids["pmcid"] or ids["pmc"],
        loose=(note, annote, ids["url"]),
        kinds=(ids["type"], ids["document_type"]),
    )


# --- names ---


def _people(text: str) -> Iterator[Person]:
    """The authors of a list joined by "and"; ValueError where one is no name."""
    from bibtexparser.middlewares.names import split_multiple_persons_names

    text = _LOST.sub("", text).strip()
    whole = _unbraced(text)
    inner = split_multiple_persons_names(whole)
    # braces may be round the whole list, or round one group
    names = inner if whole == text or (len(inner) > 1 and all("," in name for name in inner)) else [text]
    names = [one.strip() for name in names for one in _parted(name, ";") if one.strip()]
    # "Novak PJ" is read so where all are: else it is a first and a last name
    abbreviated = all(_behind(name) for name in names if len(_parted(name, ",")) == 1)
    for name in names:
        cut = AND_OTHERS.search(name)
        yield from _persons(name[: cut.start()] if cut else name, abbreviated=abbreviated)
        if cut:
            yield Person(ET_AL)


def _parted(text: str, sign: str) -> list[str]:
    """A text at a sign outside of braces."""
    parts, depth, start = [], 0, 0
    for mark in re.finditer(rf"(?<!\\)[{{}}{sign}]", text):
        depth += {"{": 1, "}": -1}.get(mark[0], 0)
        if depth == 0 and mark[0] == sign:
            parts.append(text[start : mark.start()])
            start = mark.end()
    return [*parts, text[start:]]


def _shown(text: str) -> str:
    return plain(latex.plain(text))


def _behind(name: str) -> Person | None:
    """A name whose initials stand behind it."""
    shown = _shown(name)
    one = spaced(shown)
    return one if one.given and shown.startswith(one.family) else None


def _persons(name: str, *, abbreviated: bool) -> Iterator[Person]:
    from bibtexparser.middlewares.names import parse_single_name_into_parts

    shown, parts = _shown(name), _parted(name, ",")
    behind = _behind(name) if len(parts) == 1 else None
    if _unbraced(name) != name:
        yield unparted(shown)
    elif is_et_al(shown) or (len(parts) == 1 and is_group(shown)):
        yield Person(shown)
    elif told := {key: _shown(braced or text) for key, braced, text in _KEYED.findall(name)}:
        yield settled(f"{told.get('prefix', '')} {told.get('family', '')}", told.get("given", ""), told.get("suffix", ""))
    elif behind and (abbreviated or "." in shown.split()[-1]):
        yield behind
    elif len(parts) > 1 and all(spaced(part).given for part in shown.split(",")):
        yield from people(shown)
    else:
        words, suffix = name.split(), ""
        if len(parts) == 1 and len(words) > 2 and is_suffix(words[-1]):
            name, suffix = " ".join(words[:-1]), words[-1]
        named = parse_single_name_into_parts(name)
        von, last, first, jr = (_shown(" ".join(part)) for part in (named.von, named.last, named.first, named.jr))
        if jr and not is_suffix(jr):
            first, jr = jr, first
            if not is_suffix(jr):
                raise ValueError(name)
        if is_suffix(first) and not jr:
            yield spaced(f"{von} {last}")._replace(suffix=first)
        else:
            yield settled(f"{von} {last}", first, jr or suffix)
