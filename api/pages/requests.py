"""What the pages' routes are given: the API's own parameters, tidied. A plain form sends its empty fields, too; they are taken out, so that

the address of a filtered view says the filters and nothing else.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlencode

from fastapi import Request
from pydantic import BaseModel

from api.deps import Limits
from graph.questions.filters import Filters
from graph.questions.lists import Page

# rows of a page where no limit is asked for
ROWS = 100


class Elsewhere(Exception):
    """The page is at another address."""

    def __init__(self, address: str) -> None:
        self.address = address


def tidy(request: Request) -> None:
    """Elsewhere where the address holds empty parameters, or asks for data."""
    given = parse_qsl(request.url.query, keep_blank_values=True)
    kept = [(name, value) for name, value in given if value.strip()]
    form = dict(kept).get("format", "html")
    if form != "html":
        raise Elsewhere(_address(f"/v1{request.url.path}", kept))
    kept = [(name, value) for name, value in kept if name != "format"]
    if kept != given:
        raise Elsewhere(_address(request.url.path, kept))


def _address(path: str, pairs: list[tuple[str, str]]) -> str:
    return f"{path}?{urlencode(pairs)}" if pairs else path


def asked(query: BaseModel) -> dict[str, Any]:
    """The parameters that an address needs to ask the same again."""
    return {
        name: value
        for name, value in query.model_dump(by_alias=True, exclude_defaults=True).items()
        if name != "format" and value not in (None, [], (), "", False)
    }


def sifting(given: dict[str, Any]) -> dict[str, Any]:
    """Of the parameters the evidence filters, which links from a list to its items keep."""
    return {name: value for name, value in given.items() if name in Filters.model_fields}


def page_of(query: Limits, rows: int | None, sort: str | None = None) -> Page:
    """The part of a list that was asked for: `rows` where no limit is; None: all of them."""
    return Page(query.limit or rows, query.offset, sort)
