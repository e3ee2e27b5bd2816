"""Factors, outcomes, evidence, contested."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response
from pydantic import Field

from api.deps import AssociationQuery, EvidenceFilters, Format, Listed, ReaderDep, respond
from graph import questions
from schema.answer import Answer, Evidence
from schema.association import Association, Row

router = APIRouter(tags=["associations"])


class FactorsQuery(AssociationQuery):
    lesion: str = Field(questions.DEFAULT_LESION, description="the lesion or outcome, by id, name or synonym")


class OutcomesQuery(AssociationQuery):
    exposure: str = Field(questions.DEFAULT_LESION, description="the exposure, by id, name or synonym")


class EvidenceQuery(EvidenceFilters, Format):
    exposure: str = Field(description="the exposure, by id, name or synonym")
    outcome: str = Field(description="the outcome, by id, name or synonym")


class ContestedQuery(EvidenceFilters, Listed):
    lesion: str | None = Field(None, description="keep associations with this lesion on either side")
    outcome: str | None = Field(None, description="keep associations with this outcome")
    sort: str | None = Field(None, description="as in /v1/factors")


@router.get("/factors", response_model=Answer[Association])
def factors(query: Annotated[FactorsQuery, Query()], reader: ReaderDep) -> Response:
    """The factors linked to a lesion (R-DWI where none is named) in a population (ICH where none is named)."""
    answer = questions.factors(
        reader, query.lesion, query.population, filters=query.filters(), narrow=query.narrow(), page=query.page(query.sort)
    )
    return respond(answer, query.format, answer.items, Association)


@router.get("/outcomes", response_model=Answer[Association])
def outcomes(query: Annotated[OutcomesQuery, Query()], reader: ReaderDep) -> Response:
    """What an exposure (R-DWI where none is named) is linked to."""
    answer = questions.outcomes(
        reader, query.exposure, query.population, filters=query.filters(), narrow=query.narrow(), page=query.page(query.sort)
    )
    return respond(answer, query.format, answer.items, Association)


@router.get("/evidence", response_model=Evidence)
def evidence(query: Annotated[EvidenceQuery, Query()], reader: ReaderDep) -> Response:
    """One association: the synthesis, every row and how it was used, published meta-analyses, and how it holds up. CSV gives the rows."""
    answer = questions.evidence(reader, query.exposure, query.outcome, query.population, filters=query.filters())
    return respond(answer, query.format, answer.rows, Row)


@router.get("/contested", response_model=Answer[Association])
def contested(query: Annotated[ContestedQuery, Query()], reader: ReaderDep) -> Response:
    """Where the evidence contradicts itself: the camps, and what differs between them."""
    answer = questions.contested(
        reader, query.lesion, query.outcome, query.population, filters=query.filters(), page=query.page(query.sort)
    )
    return respond(answer, query.format, answer.items, Association)
