"""What routes are given: the reader of the request's release, and parameters, of which unknown ones are refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from copy import copy
from functools import cache
from typing import Annotated, Any, Literal, TypeVar, get_origin

from fastapi import Depends, Request
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict, Field, create_model
from pydantic.fields import FieldInfo
from starlette.convertors import Convertor, register_url_convertor

from graph.questions import Question
from graph.questions.lists import ITEMS
from graph.questions.question import RELEASE
from graph.stores.port import Reader
from schema.errors import BadParameter

Q = TypeVar("Q", bound=Question)
_FORMS = {
    "json": "json",
    "csv": "csv, tsv: its rows",
    "ris": "ris, bibtex, csl-json: the papers behind it",
    "svg": "svg: the figure of it; png: the same, where the extra png is installed",
    "zip": "zip: all of this",
}


def _reader(request: Request) -> Reader:
    reader: Reader = request.state.reader
    return reader


ReaderDep = Annotated[Reader, Depends(_reader)]


class Named(Convertor[str]):
    """A name within an address. A DOI holds a slash, and so may a cohort's name; what ends in one is an address that is put right."""

    regex = "[^/](?:.*[^/])?"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("named", Named())


class Known(BaseModel):
    """Parameters of which unknown ones are refused."""

    model_config = ConfigDict(extra="forbid")


class Parameters(Known):
    """Of what is no question: a question has its own."""

    # api/cache.py reads it, and hands on the reader of that release
    release: str | None = Field(None, description=RELEASE)


def forms_told(question: type[Question]) -> str:
    told = "; ".join(told for form, told in _FORMS.items() if form in question.formats)
    return f"{told}. All but json give all unless limit is set" if "page" in question.model_fields else told


@cache
def parameters_of(question: type[Question]) -> Any:
    """The model of a question's parameters as they stand behind the ? of its address, and of the form of the answer."""
    fields: dict[str, Any] = {}
    for one in question.parameters():
        if f"{{{one.rest}}}" not in (question.address or ""):
            info = copy(one.info)
            if one.rest != one.name:
                info.alias = info.validation_alias = info.serialization_alias = one.rest
            fields[one.name] = (info.annotation, info)
    fields["format"] = (Literal[question.formats], Field("json", description=forms_told(question)))
    return create_model(f"{question.__name__}Query", __base__=Known, **fields)


def question_of(question: type[Q], query: Any, path: Mapping[str, str] = {}, items: int | None = ITEMS) -> Q:
    """The question that an address asks. `items`: how many of a list, where neither a limit nor another form than JSON is asked for."""
    given = {name: getattr(query, name) for name in type(query).model_fields if name != "format"}
    if "limit" in given and given["limit"] is None and query.format == "json":
        given["limit"] = items
    return question.of({**given, **path})


def _fields(route: APIRoute) -> Iterator[tuple[str, FieldInfo]]:
    """The parameters of a route behind the ?."""
    for one in route.dependant.query_params:
        known = one.field_info.annotation
        fields = known.model_fields if isinstance(known, type) and issubclass(known, BaseModel) else {one.alias: one.field_info}
        yield from ((field.alias or name, field) for name, field in fields.items())


def names(route: Any) -> list[str]:
    return sorted(name for name, _ in _fields(route)) if isinstance(route, APIRoute) else []


def once(request: Request) -> None:
    """BadParameter where a parameter of one value is given twice: the last would be answered, and the others silently dropped.

    Empty values don't count: a plain form sends them.
    """
    many = {name for name, field in _fields(request.scope["route"]) if get_origin(field.annotation) in {list, tuple}}
    given = Counter(name for name, value in request.query_params.multi_items() if value.strip())
    for name, times in given.items():
        if times > 1 and name not in many:
            raise BadParameter(name, f"The parameter {name!r} takes one value, and was given {times}.")
