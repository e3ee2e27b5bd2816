"""What the formats share: the reference that the texts of an entry make, and the mistakes of a file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from schema.identity import doi_in, pmcid_in, pmid_in
from schema.reference import CUT, ET_AL, Reference, as_author, is_et_al, parted

_UNPRINTABLE = re.compile("[\x00-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")


class Mistakes(Exception):
    """Mistakes of a file: line, what was found, what was expected."""

    def __init__(self, problems: Sequence[tuple[int | None, str, str]]) -> None:
        super().__init__("; ".join(found for _, found, _ in problems))
        self.problems = problems


Found = Iterator[tuple[int | None, Reference]]


def as_reference(fields: dict[str, Any], everything: Iterable[str] = ()) -> Reference:
    """A reference of texts; what is blank is left out. `everything`: texts that may be an id."""
    told = {name: clean(str(fields[name])) for name in ("title", "journal", "id") if fields.get(name)}
    # an id is a line, or a part of one, that says nothing else: a note may well name the ids of other papers. A bare number is no id there
    loose = [part for text in everything for part in re.split(r"[\n;]", text) if re.search(r"[^\W\d]", part)]
    year = _YEAR.search(str(fields.get("year") or ""))
    doi, pmid, pmcid = (
        next((one for text in (str(fields.get(name) or ""), *loose) if (one := read(text))), None)
        for name, read in (("doi", doi_in), ("pmid", pmid_in), ("pmcid", pmcid_in))
    )
    authors = tuple(author for one in fields.get("authors") or () if (author := clean(one)))
    named = [author for author in authors if not is_et_al(author)]
    # a lone family name is the first author's, and no list
    cut = len(named) < len(authors) or CUT in loose
    lone = len(authors) == 1 and parted(authors[0])[1] is None and not cut
    return Reference(
        id=told.get("id"),
        title=told["title"].rstrip(". ") or None if "title" in told else None,
        first_author=fields.get("first_author") if named else None,
        authors=() if lone else (*named, ET_AL) if named and cut else tuple(named),
        year=int(year[0]) if year else None,
        journal=told.get("journal"),
        doi=doi,
        pmid=pmid,
        pmcid=pmcid,
    )


def clean(text: str) -> str:
    return " ".join(_UNPRINTABLE.sub(" ", text).split())


def author_of(name: str) -> str:
    """A name of the form "Family, Given, Suffix" as the sheets write it."""
    if "," not in name:
        return name
    family, given, *more = (part.strip() for part in name.split(","))
    return as_author(family, given, more[0] if more else "")
