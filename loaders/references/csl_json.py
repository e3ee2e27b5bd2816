"""CSL-JSON: a list of items, alone or under `items`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from loaders.references.entries import Entry, Found, Mistake
from loaders.references.persons import Person, settled, unparted
from schema.study import StandingKind

_ITEM = "CSL-JSON: items with type, title and author"


def entries(text: str) -> Found:
    """The entries of a text in CSL-JSON."""
    try:
        value = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        line = getattr(error, "lineno", None)
        yield Mistake(line, f"JSON that can't be read ({getattr(error, 'msg', 'nested too deep')})", "CSL-JSON")
        return
    if isinstance(value, dict):
        # as Crossref answers
        value = value["message"] if isinstance(value.get("message"), dict) else value
        value = value.get("items", [value])
    if not isinstance(value, list):
        yield Mistake(None, "JSON that is no list of references", "CSL-JSON")
        return
    for i, item in enumerate(value, start=1):
        try:
            if not isinstance(item, dict) or not ({"title", "DOI", "PMID", "type"} & set(item)):
                raise Mistake(None, f"item {i}, which is no reference", _ITEM)
            if "creators" in item:
                raise Mistake(None, f"item {i}, which is in Zotero's own JSON", "CSL-JSON: in Zotero export with the format CSL JSON")
            yield _entry(item, i)
        except Mistake as mistake:
            yield mistake


def _entry(item: dict[str, Any], number: int) -> Entry:
    def text(*keys: str) -> str:
        """The text of the first key that has one; a list of texts, as Crossref has it, is its first."""
        for key in keys:
            value = item.get(key)
            value = value[0] if isinstance(value, list) and value else value
            if isinstance(value, dict | list) and value:
                raise Mistake(None, f"item {number}, whose {key} is no text", _ITEM)
            if value or value == 0:
                return str(value)
        return ""

    issued = item.get("issued")
    if isinstance(issued, dict):
        parts = issued.get("date-parts")
        while isinstance(parts, list):
            parts = parts[0] if parts else None
        issued = parts or issued.get("raw") or issued.get("literal")
    return Entry(
        line=None,
        key=text("id"),
        title=text("title"),
        people=tuple(_person(one, number) for one in item.get("author") or ()),
        year=str(issued or ""),
        journal=text("container-title-short", "journalAbbreviation", "short-container-title", "container-title"),
        doi=text("DOI"),
        pmid=text("PMID"),
        pmcid=text("PMCID"),
        loose=(text("note"), text("URL")),
        kinds=(text("genre"), text("subtype"), text("status")),
        notices=tuple(_notices(item)),
    )


# as Crossref tells what updates a work
_UPDATES: dict[str, StandingKind] = {
    **dict.fromkeys(("retraction", "withdrawal", "removal"), "retracted"),
    "expression_of_concern": "concern",
    **dict.fromkeys(("correction", "corrigendum", "erratum"), "corrected"),
}


def _notices(item: dict[str, Any]) -> Iterator[tuple[StandingKind, str]]:
    updates = item.get("updated-by")
    for one in updates if isinstance(updates, list) else ():
        if isinstance(one, dict) and (kind := _UPDATES.get(str(one.get("type")))):
            when = one.get("updated")
            day = str(when.get("date-time") or "")[:10] if isinstance(when, dict) else ""
            yield kind, f"{day} {one.get('DOI') or ''}"


def _person(one: Any, number: int) -> Person:
    """An author: a person in parts, or a name that stays whole."""
    known = ("dropping-particle", "non-dropping-particle", "family", "literal", "name", "given", "suffix")
    if not isinstance(one, dict) or not all(isinstance(one.get(key) or "", str) for key in known):
        raise Mistake(None, f"item {number}, with an author {str(one)[:60]!r}", "authors with family and given, or literal")
    family = " ".join(one[key] for key in known[:5] if one.get(key))
    given = one.get("given") or ""
    if family and given:
        return settled(family, given, one.get("suffix") or "")
    try:
        return unparted(family or given)
    except ValueError:
        raise Mistake(None, f"item {number}, with an author {family[:60]!r}", "authors with family and given, or literal") from None
