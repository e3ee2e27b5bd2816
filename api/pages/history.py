"""The pages on releases: which are kept, what changed between two, and a feed of it."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from urllib.parse import parse_qsl, quote, urlencode
from xml.etree import ElementTree as Xml

from fastapi import APIRouter, Depends, Query, Request
from pydantic import Field
from starlette.responses import HTMLResponse, Response

from api.deps import Parameters, ReaderDep
from api.forms import named
from api.pages.frame import View, respond
from api.pages.requests import tidy
from api.prefix import ROOT
from api.releases import PATIENCE
from graph import pagecitation
from graph.citations import ENDINGS, MEDIA
from graph.questions import releases
from graph.stores.port import Store, today
from graph.synthesis.method import VERSION
from graph.wording import changes as words

router = APIRouter(include_in_schema=False, dependencies=[Depends(tidy)])
_ATOM = "http://www.w3.org/2005/Atom"
# associations of an entry of the feed
_TOLD = 50


class Two(Parameters):
    before: str | None = Field(None, description="a release, by 8 digits of it or more; the one before the other where it is left out")
    after: str = Field("current", description="another")


@router.get("/releases")
def kept(request: Request, query: Annotated[Parameters, Query()], reader: ReaderDep) -> HTMLResponse:
    del query
    found = releases.releases(request.app.state.store)
    content = {"kept": found, "told": {"method": VERSION}, "words": words}
    return respond(View("releases.html", "Releases", content, "/releases"), reader)


@router.get("/changes")
def changes(request: Request, query: Annotated[Two, Query()], reader: ReaderDep) -> HTMLResponse:
    store: Store = request.app.state.store
    found = releases.diff(store, query.before or _last(store), query.after, patience=PATIENCE)
    labels = {one: study.label for side in (found.before, found.after) for one, study in store.kept.at(side).papers().items()}
    content = {"diff": found, "words": words, "labels": labels}
    asked = {"before": found.before.release[:12], "after": query.after}
    return respond(View("changes.html", "What changed", content, "/changes", asked), reader)


def _last(store: Store) -> str:
    """The release before the current one, or that where there is none."""
    entries = store.kept.entries()
    return entries[min(1, len(entries) - 1)].release


class Cited(Parameters):
    page: str = Field(max_length=2000, pattern=r"^/(?:[^\s\\/][^\s\\]*)?$", description="the page, as it stands behind the server's name")
    title: str = Field(max_length=300, description="what the page is called")
    format: str = Field("ris", description="ris, bibtex or csl-json")


@router.get("/cite")
def cite(request: Request, query: Annotated[Cited, Query()], reader: ReaderDep) -> Response:
    """A page as a reference, by the release that it is of: the address goes on giving it."""
    path, _, asked = query.page.partition("?")
    # of figures of one's own nothing is passed on
    pairs = [(name, value) for name, value in parse_qsl(asked) if name not in {"release", "add"}]
    # a brace or quotation mark would end a field of BibTeX
    address = f"{_home(request)}{quote(path, safe='/:@%')}?{urlencode([*pairs, ('release', reader.release()[:12])])}"
    page = pagecitation.Page(query.title, reader.field().title, reader.release(), reader.loaded(), today(), address)
    text = pagecitation.cited(page, query.format)
    headers = named("page", reader.release()[:12], ending=ENDINGS[query.format])
    return Response(text, headers=headers, media_type=MEDIA[query.format])


def _home(request: Request) -> str:
    return f"{str(request.base_url).rstrip('/').removesuffix(ROOT.get())}{ROOT.get()}"


@router.get("/feed.atom")
def feed(request: Request, query: Annotated[Parameters, Query()], reader: ReaderDep) -> Response:
    """An entry a release: what it brought, and which associations moved by that."""
    del query
    store: Store = request.app.state.store
    home = _home(request)
    root = Xml.Element("feed", xmlns=_ATOM)
    entries = store.kept.entries()
    _add(root, "id", f"{home}/feed.atom")
    _add(root, "title", f"{reader.field().title}: what changed")
    _add(root, "updated", _moment(entries[0].day))
    Xml.SubElement(root, "link", rel="self", href=f"{home}/feed.atom")
    Xml.SubElement(Xml.SubElement(root, "author"), "name").text = reader.field().title
    for one, before in zip(entries, [*entries[1:], None], strict=True):
        entry = Xml.SubElement(root, "entry")
        _add(entry, "id", f"urn:rdwi:release:{one.number}:{one.release}")
        _add(entry, "title", f"Release {one.release[:12]}: {words.brought(one)}")
        _add(entry, "updated", _moment(one.day))
        told = f"{home}/changes?before={before.release[:12]}&after={one.release[:12]}" if before is not None else f"{home}/releases"
        Xml.SubElement(entry, "link", href=told)
        moved = store.kept.moved(one.number)
        lines = [words.line(item) for item in moved[:_TOLD]]
        more = [f"and {len(moved) - _TOLD} more"] if len(moved) > _TOLD else []
        _add(entry, "content", "\n".join([words.brought(one), *lines, *more]), type="text")
    body = Xml.tostring(root, encoding="utf-8", xml_declaration=True)
    return Response(body, media_type="application/atom+xml; charset=utf-8")


def _add(parent: Xml.Element, name: str, text: str, **attributes: str) -> None:
    Xml.SubElement(parent, name, attributes).text = text


def _moment(day: date | None) -> str:
    return f"{day or date(1970, 1, 1)}T00:00:00Z"
