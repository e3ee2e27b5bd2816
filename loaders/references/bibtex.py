"""BibTeX: entries whose texts are in LaTeX."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from loaders.references.entries import Found, Mistakes, as_reference, clean
from schema.reference import ET_AL, Reference, as_author

if TYPE_CHECKING:
    from bibtexparser.middlewares import LatexDecodingMiddleware

# what makes a text another one in LaTeX
_LATEX = re.compile(r"[\\{}$~%`]|--|''")
_BRACED = re.compile(r"\{[^{}\\]*\}")


def references(text: str) -> Found:
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
        raise Mistakes(wrong)
    for block in library.blocks:
        entry = block.ignore_error_block if isinstance(block, DuplicateBlockKeyBlock) else block
        if isinstance(entry, Entry):
            yield _line(block), _reference(entry)


def _reason(error: Any) -> str:
    return clean(str(getattr(error, "abort_reason", None) or error))[:120].rstrip(". ")


def _line(block: Any) -> int | None:
    return None if block.start_line is None else block.start_line + 1


def _reference(entry: Any) -> Reference:
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
            raise Mistakes([(_line(entry), f"the author {clean(name)[:80]!r} ({error.reason})", "names joined by 'and'")]) from error
        people.append((" ".join(parts.von), " ".join(parts.last), " ".join(parts.first), " ".join(parts.jr)))
    keys = ("title", "shortjournal", "journal", "journaltitle", "howpublished", "booktitle", "note", "annote")
    title, *told = _decoded([*(raw.get(key, "") for key in keys), *(part for person in people for part in person)])
    *journals, note, annote = told[: len(keys) - 1]
    parts_of = iter(told[len(keys) - 1 :])
    persons = list(zip(parts_of, parts_of, parts_of, parts_of, strict=True))
    families = [f"{von} {last}".strip() for von, last, _, _ in persons]
    return as_reference(
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
