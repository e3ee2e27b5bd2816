"""CSL-JSON: a list of items, alone or under `items`."""

from __future__ import annotations

import json
from typing import Any

from loaders.references.entries import Found, Mistakes, as_reference
from schema.reference import Reference, as_author


def references(text: str) -> Found:
    try:
        value = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        line = getattr(error, "lineno", None)
        raise Mistakes([(line, f"JSON that can't be read ({getattr(error, 'msg', 'nested too deep')})", "CSL-JSON")]) from error
    items = value.get("items", [value]) if isinstance(value, dict) else value
    if not isinstance(items, list):
        raise Mistakes([(None, "JSON that is no list of references", "CSL-JSON")])
    wrong = [
        (None, f"item {i}, which is no reference", "CSL-JSON: items with type, title, author ...")
        for i, item in enumerate(items, start=1)
        if not isinstance(item, dict) or not ({"title", "DOI", "PMID", "type"} & set(item))
    ]
    if wrong:
        raise Mistakes(wrong)
    for item in items:
        yield None, _reference(item)


def _reference(item: dict[str, Any]) -> Reference:
    people = [one for one in _listed(item.get("author")) if isinstance(one, dict)]
    families = [
        " ".join(str(one[key]) for key in ("dropping-particle", "non-dropping-particle", "family", "literal", "name") if one.get(key))
        for one in people
    ]
    issued = item.get("issued")
    if isinstance(issued, dict):
        parts = _listed(issued.get("date-parts"))
        issued = _listed(parts[0])[0] if parts and _listed(parts[0]) else issued.get("raw") or issued.get("literal")
    return as_reference(
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
