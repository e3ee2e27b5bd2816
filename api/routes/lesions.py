"""Prevalence and mechanisms."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response
from pydantic import Field

from api.deps import EvidenceFilters, Format, Listed, ReaderDep, respond
from graph.questions import questions
from schema.answer import Answer, PrevalenceAnswer
from schema.association import Mechanism, PrevalenceRow

router = APIRouter(tags=["lesions"])


class PrevalenceQuery(EvidenceFilters, Format):
    lesion: str = Field(questions.DEFAULT_LESION, description="the lesion, by id, name or synonym")


class MechanismsQuery(Listed):
    lesion: str = Field(questions.DEFAULT_LESION, description="the lesion or outcome, by id, name or synonym")


@router.get("/prevalence", response_model=PrevalenceAnswer)
def prevalence(query: Annotated[PrevalenceQuery, Query()], reader: ReaderDep) -> Response:
    """How common a lesion is: pooled, by window of time, by study; and in other populations. CSV gives the studies' rows."""
    answer = questions.prevalence(reader, query.lesion, query.population, filters=query.filters())
    return respond(reader, answer, query.format, answer.prevalence.rows, PrevalenceRow)


@router.get("/mechanisms", response_model=Answer[Mechanism])
def mechanisms(query: Annotated[MechanismsQuery, Query()], reader: ReaderDep) -> Response:
    """Each mechanism with its supporting, proposing and opposing claims, and the factors that may act through it."""
    answer = questions.mechanisms(reader, query.lesion, page=query.page())
    return respond(reader, answer, query.format, answer.items, Mechanism)
