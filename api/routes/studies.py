"""Studies, and the cohorts that they draw on."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query
from fastapi.responses import Response
from pydantic import Field

from api.deps import Listed, Parameters, ReaderDep, as_json, respond
from graph.questions import questions
from schema.answer import Answer, CohortAnswer, CohortItem, StudyAnswer, StudyItem
from schema.study import Design

router = APIRouter(tags=["studies"])


class StudiesQuery(Listed):
    q: str | None = Field(None, description="words of id, title, authors, journal or cohorts")
    design: list[Design] = Field([], description="study designs to keep (repeat)")
    year_from: int | None = Field(None, ge=1900, le=2100, description="published in or after that year; undated ones are counted")
    year_to: int | None = Field(None, ge=1900, le=2100, description="published in or before that year; undated ones are counted")
    country: str | None = Field(None, description="one of the study's countries")


class CohortsQuery(Listed):
    q: str | None = Field(None, description="words of the cohort's name")


@router.get("/studies", response_model=Answer[StudyItem])
def studies(query: Annotated[StudiesQuery, Query()], reader: ReaderDep) -> Response:
    """The studies."""
    answer = questions.studies(
        reader, query.q, design=query.design, year_from=query.year_from, year_to=query.year_to, country=query.country, page=query.page()
    )
    return respond(reader, answer, query.format, answer.items, StudyItem)


@router.get("/studies/{id}", response_model=StudyAnswer)
def study(id: Annotated[str, Path(description="the study's id")], query: Annotated[Parameters, Query()], reader: ReaderDep) -> Response:
    """One study: its sheet, and how each of its rows was read."""
    del query
    return as_json(questions.study(reader, id))


@router.get("/cohorts", response_model=Answer[CohortItem])
def cohorts(query: Annotated[CohortsQuery, Query()], reader: ReaderDep) -> Response:
    """The named cohorts, with the studies that draw on them."""
    answer = questions.cohorts(reader, query.q, page=query.page())
    return respond(reader, answer, query.format, answer.items, CohortItem)


# a name may hold a slash
@router.get("/cohorts/{id:path}", response_model=CohortAnswer)
def cohort(id: Annotated[str, Path(description="the cohort's name")], query: Annotated[Parameters, Query()], reader: ReaderDep) -> Response:
    """One cohort, with the studies that draw on it."""
    del query
    return as_json(questions.cohort(reader, id))
