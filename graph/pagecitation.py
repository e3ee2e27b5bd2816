"""A page of answers as a reference: what it is, of which release, of which day."""

from __future__ import annotations

import json
from datetime import date
from typing import NamedTuple

from graph.citations import encoded, ris_of
from schema.errors import BadParameter

FORMS = ("ris", "bibtex", "csl-json")


class Page(NamedTuple):
    """`day`: on which the release was loaded; `seen`: on which the page was made; `address` names the release."""

    title: str
    site: str
    release: str
    day: date | None
    seen: date
    address: str

    @property
    def text(self) -> str:
        """As a line: Title. Site, release b00e9942a6c0, 2026-12-01. Address (seen on 2026-12-02)."""
        day = f", {self.day}" if self.day else ""
        return f"{self.title}. {self.site}, release {self.release[:12]}{day}. {self.address} (seen on {self.seen})."


def cited(page: Page, form: str) -> str:
    """The page as RIS, BibTeX or CSL-JSON; BadParameter for another form."""
    page = page._replace(title=" ".join(page.title.split()))
    made = {"ris": _ris, "bibtex": _bibtex, "csl-json": _csl}.get(form)
    if made is None:
        raise BadParameter("format", f"{form!r} is no form of citations.", list(FORMS))
    return made(page)


def _ris(page: Page) -> str:
    entry = {
        "type_of_reference": "ELEC",
        "authors": [page.site],
        "title": page.title,
        "secondary_title": page.site,
        "edition": f"release {page.release[:12]}",
        "year": str((page.day or page.seen).year),
        "date": str(page.day or page.seen),
        "access_date": str(page.seen),
        "urls": [page.address],
    }
    return ris_of([entry])


def _bibtex(page: Page) -> str:
    from bibtexparser.entrypoint import write_string
    from bibtexparser.library import Library
    from bibtexparser.model import Entry, Field

    title, site = encoded([page.title, page.site])
    fields = {
        "author": f"{{{site}}}",
        "title": f"{{{title}}}",
        "year": str((page.day or page.seen).year),
        "version": f"release {page.release[:12]}",
        "url": page.address,
        "urldate": str(page.seen),
    }
    return str(write_string(Library([Entry("misc", f"rdwi-{page.release[:12]}", [Field(*one) for one in fields.items()])])))


def _csl(page: Page) -> str:
    entry = {
        "id": f"rdwi-{page.release[:12]}",
        "type": "webpage",
        "title": page.title,
        "author": [{"literal": page.site}],
        "container-title": page.site,
        "version": f"release {page.release[:12]}",
        "issued": {"date-parts": [_parts(page.day or page.seen)]},
        "accessed": {"date-parts": [_parts(page.seen)]},
        "URL": page.address,
    }
    return json.dumps([entry], ensure_ascii=False, indent=2) + "\n"


def _parts(day: date) -> list[int]:
    return [day.year, day.month, day.day]
