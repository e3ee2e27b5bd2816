"""RIS: a record goes from TY to ER."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from loaders.references.entries import Found, Mistakes, as_reference, author_of
from schema.reference import parted


def references(text: str) -> Found:
    for line, lines in _records(text):
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
            as_reference(
                {
                    "id": entry.get("id"),
                    "title": entry.get("title") or entry.get("primary_title"),
                    "authors": [author_of(name) for name in names],
                    "first_author": _family(names[0]) if names else None,
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


def _records(text: str) -> Iterator[tuple[int, list[str]]]:
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
        raise Mistakes(wrong)


def _family(name: str) -> str:
    return name.partition(",")[0].strip() if "," in name else parted(name)[0]
