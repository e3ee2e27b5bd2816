"""A route a question."""

from __future__ import annotations

from inspect import Parameter as Argument
from inspect import Signature
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from fastapi.responses import Response

from api.deps import ReaderDep, parameters_of, question_of
from api.forms import FORMS
from graph.questions import QUESTIONS, Question
from graph.stores.port import Reader

router = APIRouter()
_NO_PICTURE = {
    "description": "No PNG can be drawn here; `detail` says what to install",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemDetails"}}},
}


def _route(question: type[Question]) -> None:
    def ask(query: Any, reader: Reader, **path: str) -> Response:
        asked = question_of(question, query, path)
        answer = asked.answer(reader)
        form = FORMS[query.format]
        return Response(form.make(reader, asked, answer), media_type=form.media, headers=form.sent(asked, answer))

    places = {one.name: one for one in question.parameters() if f"{{{one.rest}}}" in (question.address or "")}
    arguments: dict[str, Any] = {name: Annotated[str, Path(alias=one.rest, description=one.help)] for name, one in places.items()}
    arguments |= {"query": Annotated[parameters_of(question), Query()], "reader": ReaderDep}
    ask.__name__, ask.__doc__ = question.called(), question.__doc__
    ask.__signature__ = Signature(  # type: ignore[attr-defined]
        [Argument(name, Argument.KEYWORD_ONLY, annotation=kind) for name, kind in arguments.items()], return_annotation=Response
    )
    content = {FORMS[one].media.partition(";")[0]: {"schema": FORMS[one].schema} for one in question.formats if one != "json"}
    router.get(
        question.address or f"/{question.called()}",
        response_model=question.answers(),
        responses={200: {"content": content}, **({501: _NO_PICTURE} if "png" in question.formats else {})},
        tags=[question.topic],
    )(ask)


for _one in QUESTIONS:
    _route(_one)
