"""The addresses of a site of files, all relative, so that it opens from disk. What is no file has no address."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from typing import Any

from api.pages.addresses import Addresses
from schema.field import EvidenceField

START, PAGES, STATIC, DATA = "index.html", "pages", "static", "data"
_LONGEST = 120
Key = tuple[str, tuple[tuple[str, str], ...]]
# what a page of a list doesn't part a site by
_WITHOUT = frozenset({"limit", "offset", "sort"})


def key_of(field: EvidenceField, path: str, asked: Mapping[str, Any] = {}) -> Key:
    """What tells a page from others: its path, and its parameters but for those that are as if they were left out."""
    kept = {name: value for name, value in asked.items() if name not in _WITHOUT and value not in (None, "", False, [], ())}
    if path != "/evidence":
        meant = {"population": field.population, "lesion": field.lesion, "exposure": field.lesion, "term": field.lesion}
        kept = {name: value for name, value in kept.items() if meant.get(name) != value}
    else:
        # an association's page tells of indirect evidence by links
        kept.pop("indirect", None)
    return path, tuple(sorted((name, str(value)) for name, value in kept.items()))


def file_of(key: Key) -> str:
    """The name of a page's file without its ending: of lower-case letters, digits and hyphens, and short enough for any system."""
    path, asked = key
    told = "--".join([path.strip("/") or "start", *(value if name != "indirect" else "indirect" for name, value in asked)])
    name = re.sub(r"[^a-z0-9-]+", "-", told.lower()).strip("-")
    if name == told.replace("/", "-") and len(name) <= _LONGEST:
        return name
    return f"{name[:_LONGEST]}-{hashlib.sha256(told.encode()).hexdigest()[:8]}"


class Files(Addresses):
    """Addresses from one page of the site to others and to data. `pages` are all pages by their keys; `data` are the files of the page."""

    live = False

    def __init__(self, field: EvidenceField, pages: Mapping[Key, str], here: Key, data: Mapping[str, str]) -> None:
        super().__init__("")
        self._field = field
        self._pages, self._data = pages, data
        # the endings of the data that the page has linked to
        self.linked: set[str] = set()
        self._up = "" if pages[here] == START else "../"

    def page(self, path: str, /, **asked: Any) -> str | None:
        found = self._pages.get(key_of(self._field, path, asked))
        return None if found is None else self._up + found

    def data(self, path: str, /, **asked: Any) -> str | None:
        del path
        ending = asked.get("format", "json")
        found = self._data.get(ending)
        self.linked |= {ending} & set(self._data)
        return None if found is None else f"{self._up}{DATA}/{found}"

    def asset(self, name: str) -> str:
        return f"{self._up}{STATIC}/{name}"

    def around(self, population: str) -> Callable[[str], str]:
        return lambda term: self.page(f"/terms/{term}", population=population) or self.term(term) or ""
