"""Across populations and along chains: compare, paths, gaps."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response
from pydantic import Field

from api.deps import EvidenceFilters, Listed, ReaderDep, Sifted, respond
from graph.questions import questions
from graph.questions.lists import LONGEST_CHAIN
from graph.synthesis.method import METHOD
from schema.across import Chain, Comparison, Gap, State
from schema.answer import Answer

router = APIRouter(tags=["across"])


class CompareQuery(Sifted, Listed):
    lesion: str = Field(questions.DEFAULT_LESION, description="the lesion or outcome, by id, name or synonym")
    population: list[str] = Field(
        [], description="id, name or synonym (repeat: two or more); ich-hypertensive, caa, ich-both where it is left out"
    )


class PathsQuery(EvidenceFilters, Listed):
    start: str = Field(alias="from", description="the term to start from, by id, name or synonym")
    end: str = Field(alias="to", description="the term to end at, by id, name or synonym")
    max_length: int = Field(4, ge=1, le=LONGEST_CHAIN, description="how many links a chain has at most")


class GapsQuery(Sifted, Listed):
    lesion: str | None = Field(
        None, description="the lesion or outcome, by id, name or synonym; r-dwi where outcome is left out, too; with outcome: the factor"
    )
    outcome: str | None = Field(None, description="the outcome, by id, name or synonym")
    population: list[str] = Field(
        [], description="the columns: id, name or synonym (repeat); ich, ich-hypertensive, ich-caa, ich-both, caa where it is left out"
    )
    state: list[State] = Field(["empty", "weak"], description="which cells (repeat): empty, weak, fair")
    odds_ratio: float = Field(
        METHOD.stated_odds_ratio, ge=0.01, le=100, description="the odds ratio that the sample size is to detect; not 1"
    )


@router.get("/compare", response_model=Answer[Comparison])
def compare(query: Annotated[CompareQuery, Query()], reader: ReaderDep) -> Response:
    """One row a factor, one cell a population, and a test of the difference of each pair, or why they can't be compared."""
    answer = questions.compare(reader, query.lesion, query.population, filters=query.filters(), page=query.page())
    return respond(reader, answer, query.format, answer.items, Comparison)


@router.get("/paths", response_model=Answer[Chain])
def paths(query: Annotated[PathsQuery, Query()], reader: ReaderDep) -> Response:
    """The chains from one term to another, the weakest link named: associations of a population, and claims of mechanisms."""
    answer = questions.paths(
        reader, query.start, query.end, query.population, max_length=query.max_length, filters=query.filters(), page=query.page()
    )
    return respond(reader, answer, query.format, answer.items, Chain)


@router.get("/gaps", response_model=Answer[Gap])
def gaps(query: Annotated[GapsQuery, Query()], reader: ReaderDep) -> Response:
    """The empty and weak cells of factor x population, those first from which one more study would teach most, with its sample size."""
    answer = questions.gaps(
        reader,
        query.lesion,
        query.outcome,
        query.population,
        state=query.state,
        odds_ratio=query.odds_ratio,
        filters=query.filters(),
        page=query.page(),
    )
    return respond(reader, answer, query.format, answer.items, Gap)
