"""The forms that an answer comes in, but for a terminal's tables and pages: one table for REST, command line, bundles and `rdwi site`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from pydantic import BaseModel

from api.colours import POLICY
from api.tables import delimited
from graph import citations
from graph.questions import Question
from graph.stores.port import Reader

Make = Callable[[Reader, Question, Any], str | bytes]
_TEXT = {"type": "string"}


@dataclass(frozen=True, slots=True)
class Form:
    """`media`: its type; `schema`: of its content, as OpenAPI says it; `headers`: what goes with it over HTTP; `ending`: of a file."""

    media: str
    ending: str
    make: Make
    schema: dict[str, Any] = field(default_factory=_TEXT.copy)
    headers: Callable[[Any], dict[str, str]] = lambda _: {}


def _json(_: Reader, question: Question, answer: BaseModel) -> str:
    del question
    return answer.model_dump_json()


def _rows(delimiter: str, _: Reader, question: Question, answer: Any) -> str:
    return delimited(question.rows(answer), question.row(), delimiter)


def _papers(form: str, reader: Reader, question: Question, answer: BaseModel) -> str:
    del question
    return citations.cited(reader, answer, form)


def _figure(reader: Reader, question: Question, answer: Any) -> str:
    from api.figures import evidence_plot

    del question
    return evidence_plot(answer, reader.field().title)


def _bundle(reader: Reader, question: Question, answer: Any) -> bytes:
    from api.bundles import packed

    return packed(reader, question, answer)


def _drawn(_: Any) -> dict[str, str]:
    """An SVG that is opened by itself is a document: it may do nothing, and tells nobody where it was opened."""
    return {"Content-Security-Policy": POLICY, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}


def _named(answer: Any) -> dict[str, str]:
    from api.bundles import name

    return {"Content-Disposition": f'attachment; filename="{name(answer)}"'}


FORMS: dict[str, Form] = {
    "json": Form("application/json", "json", _json),
    "csv": Form("text/csv; charset=utf-8", "csv", partial(_rows, ",")),
    "tsv": Form("text/tab-separated-values; charset=utf-8", "tsv", partial(_rows, "\t")),
    "ris": Form(citations.MEDIA["ris"], "ris", partial(_papers, "ris")),
    "bibtex": Form(citations.MEDIA["bibtex"], "bib", partial(_papers, "bibtex")),
    "csl-json": Form(citations.MEDIA["csl-json"], "csl.json", partial(_papers, "csl-json"), {"type": "array", "items": {"type": "object"}}),
    "svg": Form("image/svg+xml", "svg", _figure, headers=_drawn),
    "zip": Form("application/zip", "zip", _bundle, {"type": "string", "format": "binary"}, _named),
}
