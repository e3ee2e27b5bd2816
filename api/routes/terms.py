"""Terms of the vocabulary."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query
from fastapi.responses import Response
from pydantic import Field

from api.deps import Limits, Parameters, PlainFormat, ReaderDep, as_json, respond
from graph.questions import questions
from schema.answer import Answer, Neighbours, TermAnswer, TermItem
from schema.vocabulary import Kind

TermName = Annotated[str, Path(description="id, name or synonym of the term")]

router = APIRouter(tags=["terms"])


class TermsQuery(Limits, PlainFormat):
    q: str | None = Field(None, description="part of an id, name or synonym, British or American")
    kind: Kind | None = Field(None, description="keep terms of that kind")


class NeighboursQuery(Parameters):
    population: str | None = Field(None, description="id, name or synonym; ICH where it is left out")


@router.get("/terms", response_model=Answer[TermItem])
def terms(query: Annotated[TermsQuery, Query()], reader: ReaderDep) -> Response:
    """The terms, all or those that match."""
    answer = questions.terms(reader, query.q, kind=query.kind, page=query.page())
    return respond(reader, answer, query.format, answer.items, TermItem)


@router.get("/terms/{id}", response_model=TermAnswer)
def term(id: TermName, query: Annotated[Parameters, Query()], reader: ReaderDep) -> Response:
    """One term, by id, name or synonym."""
    del query
    return as_json(questions.term(reader, id))


@router.get("/terms/{id}/neighbours", response_model=Neighbours)
def neighbours(id: TermName, query: Annotated[NeighboursQuery, Query()], reader: ReaderDep) -> Response:
    """All edges of a term in a population."""
    return as_json(questions.neighbours(reader, id, query.population))
