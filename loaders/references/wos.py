"""Web of Science's plain text: a record goes from PT to ER."""

from __future__ import annotations

import re

from loaders.references.entries import Entry, Found, Mistake
from loaders.references.tagged import Tagged, records

_TAGGED = re.compile(r"([A-Z][A-Z0-9])(?: (.*)|$)")
_PEOPLE = frozenset({"AU", "AF", "CA"})


def entries(text: str) -> Found:
    """The entries of a text in Web of Science's format of tagged lines."""
    for record in records(text, _tagged, lambda _, __: True, begins="PT", ends="ER"):
        try:
            yield record if isinstance(record, Mistake) else _entry(record)
        except Mistake as mistake:
            yield mistake


def _tagged(line: str) -> tuple[str, str] | None:
    tagged = _TAGGED.fullmatch(line.rstrip())
    return (tagged[1], tagged[2] or "") if tagged else None


def _entry(record: Tagged) -> Entry:
    # an author a line
    named = Tagged(field._replace(text=field.text.replace("\n", ";")) for field in record if field.tag in _PEOPLE)
    return Entry(
        line=record.line,
        title=record.first("TI"),
        people=(named.people("AF") or named.people("AU")) + named.people("CA"),
        year=record.first("PY", "EA"),
        journal=record.first("JI", "SO"),
        doi=record.first("DI"),
        pmid=record.first("PM"),
        kinds=tuple(kind for text in record.all("DT") for kind in text.split(";")),
    )
