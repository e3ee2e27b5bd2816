"""The papers behind an answer, as RIS, BibTeX and CSL-JSON: what their sheets say of them, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from pydantic import BaseModel

from graph.stores.port import Reader
from schema.answer import Answer, PrevalenceAnswer, StudyAnswer, StudyItem, TermItem
from schema.association import Association, PublishedEstimate, StudyRef
from schema.errors import BadParameter
from schema.reference import CUT, Reference, noted, parted, reference_of, without_et_al

MEDIA = {
    "ris": "application/x-research-info-systems; charset=utf-8",
    "bibtex": "application/x-bibtex; charset=utf-8",
    "csl-json": "application/vnd.citationstyles.csl+json",
}
ENDINGS = {"ris": "ris", "bibtex": "bib", "csl-json": "json"}
_FIRST_ONLY = "Only the first author is known."


def behind(answer: BaseModel) -> tuple[str, ...]:
    """The ids of the studies that an answer rests on, sorted: all that have a row in it, pooled, voting or only shown.

    Of a prevalence, those of the population that was asked for.
    """
    if isinstance(answer, PrevalenceAnswer):
        return behind(answer.prevalence)
    if isinstance(answer, StudyAnswer):
        return (answer.study.id,)
    return tuple(sorted(set(_studies(answer))))


def _studies(value: Any) -> Iterator[str]:
    if isinstance(value, StudyRef | StudyItem):
        yield value.id
    elif isinstance(value, Association):
        yield from (finding.partition(":")[0] for finding in value.findings)
    elif isinstance(value, PublishedEstimate):
        yield value.study
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            # what an answer would be with studies that it leaves out
            if name not in {"before", "with_retracted"}:
                yield from _studies(getattr(value, name))
    elif isinstance(value, tuple | list):
        for one in value:
            yield from _studies(one)


def cited(reader: Reader, answer: BaseModel, form: str) -> str:
    """The papers behind an answer of this reader's release; BadParameter where it has none to have."""
    if isinstance(answer, Answer) and any(isinstance(one, TermItem) for one in answer.items):
        raise BadParameter("format", "Terms have no papers.", ["table", "json", "csv", "tsv"])
    return of_studies(reader, behind(answer), form)


def of_studies(reader: Reader, ids: Iterable[str], form: str) -> str:
    everything = reader.papers()
    # of the asker's own there is no paper
    return written([reference_of(everything[study]) for study in ids if study in everything], form)


def written(references: Sequence[Reference], form: str) -> str:
    """References as text; nothing (of JSON, an empty list) where there are none."""
    if form == "ris":
        return _ris(references)
    if form == "bibtex":
        return _bibtex(references)
    if form == "csl-json":
        return json.dumps([_csl(one) for one in references], ensure_ascii=False, indent=2) + "\n"
    raise BadParameter("format", f"{form!r} is no form of citations.", list(MEDIA))


def _spaced(initials: str) -> str:
    return " ".join(f"{letter}." for letter in initials)


def _line(text: str | None) -> str | None:
    """Text on one line."""
    return " ".join(text.split()) if text else None


def _names(one: Reference) -> tuple[str, ...]:
    """The authors who are named, or the one that is known by the family name alone; each on one line, since RIS ends a field by it."""
    names = one.named or ((without_et_al(one.first_author),) if one.first_author else ())
    return tuple(" ".join(name.split()) for name in names)


def _notes(one: Reference) -> list[str]:
    """What has become of the paper, and what must be said of the authors; "et al." is no author."""
    authors = _FIRST_ONLY if one.first_only else CUT if one.cut else None
    return [note for note in (noted(one.standing) if one.standing is not None else None, authors) if note]


# --- RIS ---


def _ris(references: Sequence[Reference]) -> str:
    entries = [
        {
            name: value
            for name, value in {
                "type_of_reference": "JOUR" if one.article else "GEN",
                "id": one.id,
                "authors": [_ris_author(name) for name in _names(one)],
                "title": _line(one.title),
                "secondary_title": _line(one.journal),
                "year": str(one.year) if one.year else None,
                "doi": one.doi,
                # an accession number of the database that is named
                "accession_number": one.pmid,
                "name_of_database": "PubMed" if one.pmid else None,
                "custom2": one.pmcid,
                "notes": _notes(one),
            }.items()
            if value
        }
        for one in references
    ]
    return ris_of(entries) if entries else ""


def ris_of(entries: list[dict[str, Any]]) -> str:
    """Entries, by rispy's names of fields, as RIS without numbers before them."""
    import rispy

    class Writer(rispy.RisWriter):  # type: ignore[misc]
        def set_header(self, count: int) -> str:
            del count
            return ""

    return str(rispy.dumps(entries, implementation=Writer))


def _ris_author(author: str) -> str:
    family, initials = parted(author)
    return f"{family}, {_spaced(initials)}" if initials else author


# --- BibTeX ---


def _bibtex(references: Sequence[Reference]) -> str:
    from bibtexparser.entrypoint import write_string
    from bibtexparser.library import Library
    from bibtexparser.model import Entry, Field
    from bibtexparser.writer import BibtexFormat

    entries = []
    for one in references:
        persons = [parted(name) for name in _names(one)]
        # a list that is cut short ends with "others"
        note = "; ".join(note for note in _notes(one) if note != CUT)
        texts = [_line(one.title) or "", _line(one.journal) or "", note, *(family for family, _ in persons)]
        title, journal, note, *families = encoded(texts)
        authors = [
            f"{family}, {_spaced(initials)}" if initials else f"{{{family}}}"
            for family, (_, initials) in zip(families, persons, strict=True)
        ]
        fields = {
            "author": " and ".join([*authors, *(["others"] if one.named and one.cut else [])]),
            # a second pair of braces keeps capitals as they are
            "title": f"{{{title}}}" if title else "",
            "journal" if one.article else "howpublished": journal,
            "year": str(one.year or ""),
            "doi": one.doi,
            "pmid": one.pmid,
            "pmcid": one.pmcid,
            "note": note,
        }
        found = [Field(name, value) for name, value in fields.items() if value]
        entries.append(Entry("article" if one.article else "misc", str(one.id), found))
    layout = BibtexFormat()  # type: ignore[no-untyped-call]
    layout.block_separator = "\n"
    return str(write_string(Library(list(entries)), bibtex_format=layout)) if entries else ""


def encoded(texts: Sequence[str]) -> list[str]:
    """Texts in LaTeX."""
    from bibtexparser.library import Library
    from bibtexparser.middlewares import LatexEncodingMiddleware
    from bibtexparser.model import Entry, Field

    # a straight quotation mark may stand as it is; the encoder would make two closing ones of it
    parts = [text.split('"') for text in texts]
    fields = [Field(f"{i}-{j}", one) for i, some in enumerate(parts) for j, one in enumerate(some)]
    library = LatexEncodingMiddleware(keep_math=False, enclose_urls=False).transform(Library([Entry("misc", "x", fields)]))
    encoded = (str(field.value) for field in library.entries[0].fields)
    return ['"'.join(next(encoded) for _ in some) for some in parts]


# --- CSL-JSON ---


def _csl(one: Reference) -> dict[str, Any]:
    fields = {
        "id": one.id,
        "type": "article-journal" if one.article else "document",
        "title": _line(one.title),
        "author": [_csl_author(name, family_only=one.first_only) for name in _names(one)],
        "container-title": _line(one.journal),
        "issued": {"date-parts": [[one.year]]} if one.year else None,
        "DOI": one.doi,
        "PMID": one.pmid,
        "PMCID": one.pmcid,
        "note": "\n".join(_notes(one)),
        "status": "retracted" if one.standing is not None and one.standing.kind == "retracted" else None,
    }
    return {name: value for name, value in fields.items() if value}


def _csl_author(author: str, *, family_only: bool) -> dict[str, str]:
    family, initials = parted(author)
    if initials:
        return {"family": family, "given": _spaced(initials)}
    return {"family" if family_only else "literal": author}
