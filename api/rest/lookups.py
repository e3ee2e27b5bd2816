"""What is looked up by its name: a study, a cohort, a term; and the schema and the release."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel

from api.deps import Parameters, ReaderDep
from api.forms import named
from graph.questions import lookups
from graph.questions.cohorts import cohort as cohort_named
from schema.answer import CohortAnswer, ReleaseAnswer, SchemaAnswer, StudyAnswer, TermAnswer

router = APIRouter()
NoQuery = Annotated[Parameters, Query()]


def as_json(answer: BaseModel, *words: str) -> Response:
    """`words`: what it is of, for the name of a file."""
    return Response(answer.model_dump_json(), headers=named(*words, ending="json"), media_type="application/json")


@router.get("/studies/{id:named}", response_model=StudyAnswer, tags=["studies"])
def study(id: Annotated[str, Path(description="the study's id, DOI, PMID or PMCID")], query: NoQuery, reader: ReaderDep) -> Response:
    """One study: its sheet, and how each of its rows was read."""
    del query
    return as_json(lookups.study(reader, id), "study", id)


@router.get("/cohorts/{id:named}", response_model=CohortAnswer, tags=["studies"])
def cohort(id: Annotated[str, Path(description="the cohort's name")], query: NoQuery, reader: ReaderDep) -> Response:
    """One cohort, with the studies that draw on it."""
    del query
    return as_json(cohort_named(reader, id), "cohort", id)


@router.get("/terms/{id}", response_model=TermAnswer, tags=["terms"])
def term(id: Annotated[str, Path(description="id, name or synonym of the term")], query: NoQuery, reader: ReaderDep) -> Response:
    """One term, by id, name or synonym."""
    del query
    return as_json(lookups.term(reader, id), "term", id)


@router.get("/schema", response_model=SchemaAnswer, tags=["graph"])
def schema(query: NoQuery, reader: ReaderDep) -> Response:
    """Node and edge types, vocabulary, and the method with its constants and rules."""
    del query
    return as_json(lookups.schema(reader), "schema")


@router.get("/releases/current", response_model=ReleaseAnswer, tags=["graph"])
def current(request: Request, query: NoQuery, reader: ReaderDep) -> Response:
    """What is loaded."""
    del query
    return as_json(lookups.release(reader, request.app.state.store), "release")
