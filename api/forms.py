"""The forms that an answer comes in, but for a terminal's tables and pages: one table for REST, command line, bundles and `rdwi site`."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from pydantic import BaseModel

from api import asked
from api.colours import POLICY
from api.tables import delimited
from graph import citations
from graph.questions import Evidence, Gaps, Prevalence, Question
from graph.stores.port import Reader

Make = Callable[[Reader, Question, Any], str | bytes]
_TEXT = {"type": "string"}
_BINARY = {"type": "string", "format": "binary"}
# of the ids in a name: with what stands around them a name any system takes
_LONGEST = 120


@dataclass(frozen=True, slots=True)
class Form:
    """`media`: its type; `schema`: of its content, as OpenAPI says it; `headers`: what goes with it over HTTP; `ending`: of a file.

    `shown`: whether a browser shows what it can of it, or always saves it.
    """

    media: str
    ending: str
    make: Make
    schema: dict[str, Any] = field(default_factory=_TEXT.copy)
    headers: dict[str, str] = field(default_factory=dict)
    shown: bool = True

    def sent(self, question: Question, answer: Any) -> dict[str, str]:
        """The headers of an answer, which name it by what was asked and its release."""
        given = [answer.query.get(key, ()) for key in ("term", "lesion", "exposure", "from", "outcome", "to", "population")]
        ids = [name for one in given for name in ([one] if isinstance(one, str) else one)]
        # evidence by its two terms alone
        called = [question.called()] if question.called() != "evidence" else []
        return self.headers | named(*called, "-".join(ids)[:_LONGEST], answer.release[:12], ending=self.ending, shown=self.shown)


def named(*words: str, ending: str, shown: bool = True) -> dict[str, str]:
    """The header by which what is saved has a name: rdwi-WORD-WORD.ENDING, of lower-case letters, digits and hyphens."""
    name = "-".join(filter(None, (re.sub(r"[^a-z0-9]+", "-", word.lower()).strip("-") for word in ("rdwi", *words))))
    return {"Content-Disposition": f'{"inline" if shown else "attachment"}; filename="{name}.{ending}"'}


def _json(_: Reader, question: Question, answer: BaseModel) -> str:
    del question
    return answer.model_dump_json()


def _rows(delimiter: str, _: Reader, question: Question, answer: Any) -> str:
    return delimited(question.rows(answer), question.row(), delimiter)


def _papers(form: str, reader: Reader, question: Question, answer: BaseModel) -> str:
    del question
    return citations.cited(reader, answer, form)


def _figure(reader: Reader, question: Question, answer: Any) -> str:
    from api import figures

    field, address = reader.field(), asked.address(question)
    if isinstance(question, Evidence):
        return figures.evidence_plot(answer, field.title, address)
    under = figures.foot(answer.release, field.title, address)
    if isinstance(question, Prevalence):
        return figures.prevalence_plot(answer, foot=under)
    return figures.gap_map(answer, foot=under) if isinstance(question, Gaps) else _list(reader, answer, under)


def _list(reader: Reader, answer: Any, under: str) -> str:
    from api.figures import summary_forest

    return summary_forest(answer, reader.terms(), reader.field().plurals, reader.field().abbreviations, foot=under)


def _picture(reader: Reader, question: Question, answer: Any) -> bytes:
    from api.figures import png

    return png(_figure(reader, question, answer))


def _bundle(reader: Reader, question: Question, answer: Any) -> bytes:
    from api.bundles import packed

    assert isinstance(question, Evidence)
    return packed(reader, question, answer)


# an SVG that is opened by itself is a document: it may do nothing, and tells nobody where it was opened
_DRAWN = {"Content-Security-Policy": POLICY, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}

FORMS: dict[str, Form] = {
    "json": Form("application/json", "json", _json),
    "csv": Form("text/csv; charset=utf-8", "csv", partial(_rows, ",")),
    "tsv": Form("text/tab-separated-values; charset=utf-8", "tsv", partial(_rows, "\t")),
    "ris": Form(citations.MEDIA["ris"], "ris", partial(_papers, "ris")),
    "bibtex": Form(citations.MEDIA["bibtex"], "bib", partial(_papers, "bibtex")),
    "csl-json": Form(citations.MEDIA["csl-json"], "csl.json", partial(_papers, "csl-json"), {"type": "array", "items": {"type": "object"}}),
    "svg": Form("image/svg+xml", "svg", _figure, headers=_DRAWN),
    "png": Form("image/png", "png", _picture, _BINARY, {"X-Content-Type-Options": "nosniff"}),
    "zip": Form("application/zip", "zip", _bundle, _BINARY, shown=False),
}
