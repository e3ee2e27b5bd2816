"""The pages' routes: one a question, by the views; and those of what is no question."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query
from pydantic import Field
from starlette.responses import HTMLResponse

from api.deps import Parameters, ReaderDep, parameters_of, question_of
from api.pages import across, associations, library, start
from api.pages.frame import View, respond
from api.pages.requests import tidy
from graph.questions import (
    Cohorts,
    Compare,
    Contested,
    Evidence,
    Factors,
    Gaps,
    Mechanisms,
    Neighbours,
    Outcomes,
    Prevalence,
    Question,
    Studies,
    Terms,
)

router = APIRouter(include_in_schema=False, dependencies=[Depends(tidy)])
Name = Annotated[str, Path()]
NoQuery = Annotated[Parameters, Query()]

# rows of a page where no limit is asked for
ROWS, GAPS = 100, 25
LISTS: dict[type[Question], Callable[..., View]] = {
    Factors: associations.factors_view,
    Outcomes: associations.outcomes_view,
    Contested: associations.contested_view,
    Compare: across.compare_view,
    Gaps: across.gaps_view,
    Mechanisms: across.mechanisms_view,
    Studies: library.studies_view,
    Cohorts: library.cohorts_view,
    Terms: library.terms_view,
}
VIEWS: dict[type[Question], Callable[..., View]] = {
    Evidence: associations.evidence_view,
    Prevalence: across.prevalence_view,
    **{question: partial(view, rows=GAPS if question is Gaps else ROWS) for question, view in LISTS.items()},
}


def _route(question: type[Question], view: Callable[..., View]) -> None:
    def ask(query: Any, reader: ReaderDep) -> HTMLResponse:
        return respond(view(reader, question_of(question, query, items=None)), reader)

    ask.__annotations__ = {"query": Annotated[parameters_of(question), Query()], "reader": ReaderDep, "return": HTMLResponse}
    router.get(f"/{question.called()}")(ask)


for _question, _view in VIEWS.items():
    _route(_question, _view)


class Place(Parameters):
    population: str | None = Field(None, description="id, name or synonym of the population")


class Around(Place):
    term: str | None = Field(None, description="the term in the middle, by id, name or synonym")


class Search(Parameters):
    q: str | None = Field(None, description="words of a term, synonym or study")


@router.get("/")
def first(query: Annotated[Place, Query()], reader: ReaderDep) -> HTMLResponse:
    return respond(start.start_view(reader, query.population), reader)


@router.get("/method")
def method(query: NoQuery, reader: ReaderDep) -> HTMLResponse:
    del query
    return respond(start.method_view(reader), reader)


@router.get("/review")
def review(query: NoQuery, reader: ReaderDep) -> HTMLResponse:
    del query
    return respond(start.review_view(reader), reader)


@router.get("/graph")
def graph(query: Annotated[Around, Query()], reader: ReaderDep) -> HTMLResponse:
    term = query.term if query.term is not None else reader.field().lesion
    return respond(across.graph_view(reader, Neighbours(term=term, population=query.population)), reader)


@router.get("/studies/{name:named}")
def study(name: Name, query: NoQuery, reader: ReaderDep) -> HTMLResponse:
    del query
    return respond(library.study_view(reader, name), reader)


@router.get("/cohorts/{name:named}")
def cohort(name: Name, query: NoQuery, reader: ReaderDep) -> HTMLResponse:
    del query
    return respond(library.cohort_view(reader, name), reader)


@router.get("/terms/{name}")
def term(name: Name, query: Annotated[Place, Query()], reader: ReaderDep) -> HTMLResponse:
    return respond(library.term_view(reader, name, query.population), reader)


@router.get("/search")
def search(query: Annotated[Search, Query()], reader: ReaderDep) -> HTMLResponse:
    return respond(library.search_view(reader, query.q), reader)
