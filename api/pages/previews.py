"""Preview: paste or drop a sheet, and see its problems or what it would change. Nothing is stored."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.responses import HTMLResponse

from api.cache import LARGEST_BODY
from api.deps import Parameters, ReaderDep
from api.pages.frame import View, respond
from api.pages.requests import tidy
from graph.opening import preview_text
from graph.stores.port import Reader
from schema.errors import InputProblems
from schema.report import columns_lines, faults, vocabulary_lines

router = APIRouter(include_in_schema=False, dependencies=[Depends(tidy)])
_EMPTY = {"text": "", "name": None, "answer": None, "problems": (), "blocks": (), "largest": LARGEST_BODY, "nothing": False}


def _view(**content: Any) -> View:
    return View("preview.html", "Preview: what a sheet would change", {**_EMPTY, **content}, "/preview")


def empty_view(*, asked: bool = False) -> View:
    """The form; `asked`: it was sent with nothing in it."""
    return _view(nothing=asked)


def preview_view(reader: Reader, name: str, sheet: bytes, text: str) -> tuple[View, int]:
    """The view, and its HTTP status: 422 where the sheet has errors."""
    try:
        return _view(text=text, name=name, answer=preview_text(reader, name, sheet)), 200
    except InputProblems as error:
        blocks = [*filter(None, (vocabulary_lines(error.problems), columns_lines(error.problems)))]
        return _view(text=text, name=name, problems=faults(error.problems), blocks=blocks), 422


def _named(text: str) -> str:
    """What reports call a pasted text; its ending says that it is a table where its first line is one of cells, as of a spreadsheet."""
    first = text.lstrip().partition("\n")[0]
    if "\t" in first:
        return "the text.tsv"
    return "the text.csv" if first.count(",") > 2 and ":" not in first and first[:1] not in "{[" else "the text"


@router.get("/preview")
def preview(query: Annotated[Parameters, Query()], reader: ReaderDep) -> HTMLResponse:
    del query
    return respond(empty_view(), reader)


@router.post("/preview")
async def previewed(request: Request, reader: ReaderDep) -> HTMLResponse:
    """A file where one was chosen, else the text."""
    async with request.form(max_files=1, max_fields=2, max_part_size=LARGEST_BODY) as form:
        file, text = form.get("file"), form.get("text")
        sheet = await file.read() if isinstance(file, UploadFile) and file.filename else b""
        words = text if isinstance(text, str) else ""
        name = file.filename if isinstance(file, UploadFile) and file.filename else _named(words)
    if not sheet and not words.strip():
        return await run_in_threadpool(respond, empty_view(asked=True), reader)
    view, status = await run_in_threadpool(preview_view, reader, name, sheet or words.encode(), "" if sheet else words)
    return await run_in_threadpool(respond, view, reader, status)
