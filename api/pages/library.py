"""Studies, cohorts, terms, and the search over them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from pydantic import Field
from starlette.responses import HTMLResponse

from api.deps import Parameters, ReaderDep
from api.pages.frame import View, respond
from api.pages.requests import ROWS, asked, page_of, tidy
from api.routes.studies import CohortsQuery, StudiesQuery
from api.routes.terms import NeighboursQuery, TermsQuery
from graph.questions import questions
from graph.questions.lists import Page
from graph.stores.port import Reader

router = APIRouter(include_in_schema=False, dependencies=[Depends(tidy)])
Name = Annotated[str, Path()]
_FOUND = Page(50)


class SearchQuery(Parameters):
    q: str | None = Field(None, description="words of a term, synonym or study")


def studies_view(reader: Reader, query: StudiesQuery, rows: int | None = ROWS) -> View:
    answer = questions.studies(
        reader,
        query.q,
        design=query.design,
        year_from=query.year_from,
        year_to=query.year_to,
        country=query.country,
        page=page_of(query, rows),
    )
    return View(
        "studies.html", "Studies", {"answer": answer, "shown": {"limit": answer.limit, "offset": answer.offset}}, "/studies", asked(query)
    )


def study_view(reader: Reader, name: str) -> View:
    answer = questions.study(reader, name)
    studies = reader.studies()
    shares = [(other, studies[other].label) for other in answer.shares_patients_with]
    content = {"answer": answer, "study": answer.study, "shares": shares, "terms": reader.terms()}
    return View("study.html", answer.label, content, f"/studies/{name}")


def cohorts_view(reader: Reader, query: CohortsQuery, rows: int | None = ROWS) -> View:
    answer = questions.cohorts(reader, query.q, page=page_of(query, rows))
    content = {"answer": answer, "shown": {"limit": answer.limit, "offset": answer.offset}}
    return View("cohorts.html", "Cohorts, as the papers name them", content, "/cohorts", asked(query))


def cohort_view(reader: Reader, name: str) -> View:
    answer = questions.cohort(reader, name)
    return View("cohort.html", f"Cohort {answer.cohort.id}", {"answer": answer}, f"/cohorts/{name}")


def terms_view(reader: Reader, query: TermsQuery, rows: int | None = ROWS) -> View:
    answer = questions.terms(reader, query.q, kind=query.kind, page=page_of(query, rows))
    content = {"answer": answer, "shown": {"limit": answer.limit, "offset": answer.offset}}
    return View("terms.html", "Terms of the vocabulary", content, "/terms", asked(query))


def term_view(reader: Reader, name: str, query: NeighboursQuery) -> View:
    answer = questions.term(reader, name)
    around = questions.neighbours(reader, answer.term.id, query.population)
    content = {"answer": answer, "term": answer.term, "around": around, "node": around.query["population"], "terms": reader.terms()}
    return View("term.html", answer.term.name, content, f"/terms/{answer.term.id}", asked(query))


def search_view(reader: Reader, query: SearchQuery) -> View:
    """Terms and studies that hold the words; all of both where there are none."""
    page = _FOUND if query.q else Page(None)
    content = {
        "q": query.q or "",
        "terms": questions.terms(reader, query.q, page=page),
        "studies": questions.studies(reader, query.q, page=page),
        "cohorts": questions.cohorts(reader, query.q, page=page),
    }
    return View("search.html", f"Search: {query.q}" if query.q else "Index of terms, papers and cohorts", content, "/search", asked(query))


@router.get("/studies")
def studies(query: Annotated[StudiesQuery, Query()], reader: ReaderDep) -> HTMLResponse:
    return respond(studies_view(reader, query), reader)


@router.get("/studies/{name}")
def study(name: Name, query: Annotated[Parameters, Query()], reader: ReaderDep) -> HTMLResponse:
    del query
    return respond(study_view(reader, name), reader)


@router.get("/cohorts")
def cohorts(query: Annotated[CohortsQuery, Query()], reader: ReaderDep) -> HTMLResponse:
    return respond(cohorts_view(reader, query), reader)


@router.get("/cohorts/{name:path}")
def cohort(name: Name, query: Annotated[Parameters, Query()], reader: ReaderDep) -> HTMLResponse:
    del query
    return respond(cohort_view(reader, name), reader)


@router.get("/terms")
def terms(query: Annotated[TermsQuery, Query()], reader: ReaderDep) -> HTMLResponse:
    return respond(terms_view(reader, query), reader)


@router.get("/terms/{name}")
def term(name: Name, query: Annotated[NeighboursQuery, Query()], reader: ReaderDep) -> HTMLResponse:
    return respond(term_view(reader, name, query), reader)


@router.get("/search")
def search(query: Annotated[SearchQuery, Query()], reader: ReaderDep) -> HTMLResponse:
    return respond(search_view(reader, query), reader)
