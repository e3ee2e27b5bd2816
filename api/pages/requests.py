"""What the pages' routes are given: the API's own parameters, tidied. A plain form sends its empty fields, too; they are taken out, so that
the address of a filtered view says the filters and nothing else.
"""

from __future__ import annotations

from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlencode

from fastapi import Request

from api.prefix import path_of
from graph.questions import Filters, Page, Question
from schema.answer import Answer

Listed = TypeVar("Listed", bound=Question)

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
    # a citation of a page is no data behind it
    if form != "html" and path_of(request.scope) != "/cite":
        raise Elsewhere(_address(f"/v1{path_of(request.scope)}", kept))
    kept = [(name, value) for name, value in kept if name != "format" or path_of(request.scope) == "/cite"]
    if kept != given:
        raise Elsewhere(_address(path_of(request.scope), kept))


def _address(path: str, pairs: list[tuple[str, str]]) -> str:
    return f"{path}?{urlencode(pairs)}" if pairs else path


def sifting(given: dict[str, Any]) -> dict[str, Any]:
    """Of the parameters the evidence filters, which links from a list to its items keep."""
    return {name: value for name, value in given.items() if name in Filters.model_fields}


def paged(question: Listed, rows: int | None) -> Listed:
    """The question of the part of a list that was asked for: `rows` where no limit is; None: all of them."""
    page: Page = question.page  # type: ignore[attr-defined]
    return question.model_copy(update={"page": Page(limit=page.limit or rows, offset=page.offset)})


def shown(answer: Answer[Any]) -> dict[str, int | None]:
    """The part that is shown, as an address of data says it."""
    return {"limit": answer.limit, "offset": answer.offset}
