"""Factors, outcomes, evidence, contested."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from fastapi.responses import Response
from pydantic import Field

from api import bundles
from api.deps import AssociationQuery, EvidenceFilters, Listed, ReaderDep, respond
from api.figures import POLICY, evidence_plot
from graph.questions import questions
from schema.answer import Answer, Evidence
from schema.association import Association, Row

router = APIRouter(tags=["associations"])


class FactorsQuery(AssociationQuery):
    lesion: str = Field(questions.DEFAULT_LESION, description="the lesion or outcome, by id, name or synonym")


class OutcomesQuery(AssociationQuery):
    exposure: str = Field(questions.DEFAULT_LESION, description="the exposure, by id, name or synonym")


_MEDIA: dict[int | str, dict[str, Any]] = {
    200: {"content": {"image/svg+xml": {"schema": {"type": "string"}}, "application/zip": {"schema": {"type": "string"}}}}
}
# an SVG that is opened by itself is a document: it may do nothing, and tells nobody where it was opened
_STRICT = {"Content-Security-Policy": POLICY, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}


class EvidenceQuery(EvidenceFilters):
    format: Literal["json", "csv", "tsv", "ris", "bibtex", "csl-json", "svg", "zip"] = Field(
        "json",
        description="json; csv or tsv: the rows; ris, bibtex, csl-json: the papers behind it; svg: the figure of it; zip: all of this",
    )
    exposure: str = Field(description="the exposure, by id, name or synonym")
    outcome: str = Field(description="the outcome, by id, name or synonym")
    baseline: float | None = Field(
        None, gt=0, lt=100, description="the risk without the exposure, in percent, at which absolute risks are told"
    )


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
    return respond(reader, answer, query.format, answer.items, Association)


@router.get("/outcomes", response_model=Answer[Association])
def outcomes(query: Annotated[OutcomesQuery, Query()], reader: ReaderDep) -> Response:
    """What an exposure (R-DWI where none is named) is linked to."""
    answer = questions.outcomes(
        reader, query.exposure, query.population, filters=query.filters(), narrow=query.narrow(), page=query.page(query.sort)
    )
    return respond(reader, answer, query.format, answer.items, Association)


@router.get("/evidence", response_model=Evidence, responses=_MEDIA)
def evidence(query: Annotated[EvidenceQuery, Query()], reader: ReaderDep) -> Response:
    """One association: the synthesis, every row and how it was used, published meta-analyses, how it holds up; as SVG, a figure of it."""
    answer = questions.evidence(reader, query.exposure, query.outcome, query.population, baseline=query.baseline, filters=query.filters())
    if query.format == "svg":
        return Response(evidence_plot(answer), media_type="image/svg+xml", headers=_STRICT)
    if query.format == "zip":
        headers = {"Content-Disposition": f'attachment; filename="{bundles.name(answer)}"'}
        return Response(bundles.packed(reader, answer), media_type="application/zip", headers=headers)
    return respond(reader, answer, query.format, answer.rows, Row)


@router.get("/contested", response_model=Answer[Association])
def contested(query: Annotated[ContestedQuery, Query()], reader: ReaderDep) -> Response:
    """Where the evidence contradicts itself: the camps, and what differs between them."""
    answer = questions.contested(
        reader, query.lesion, query.outcome, query.population, filters=query.filters(), page=query.page(query.sort)
    )
    return respond(reader, answer, query.format, answer.items, Association)
