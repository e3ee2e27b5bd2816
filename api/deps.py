"""What routes are given: the reader of the request's release, and the parameters, of which unknown ones are refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Annotated, Literal, get_origin

from fastapi import Depends, Query, Request
from fastapi.responses import Response
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict, Field

from api.tables import delimited
from graph import citations
from graph.questions.filters import Filters
from graph.questions.lists import LARGEST_PAGE, Narrow, Page
from graph.stores.port import Reader
from schema.association import CertaintyLevel, Direction
from schema.errors import BadParameter
from schema.study import Design
from schema.vocabulary import Kind

MEDIA = {"csv": "text/csv; charset=utf-8", "tsv": "text/tab-separated-values; charset=utf-8"}


def _reader(request: Request) -> Reader:
    reader: Reader = request.state.reader
    return reader


ReaderDep = Annotated[Reader, Depends(_reader)]


def once(request: Request) -> None:
    """BadParameter where a parameter of one value is given twice: the last would be answered, and the others silently dropped.

    Empty values don't count: a plain form sends them.
    """
    many = set(_repeatable(request.scope["route"]))
    given = Counter(name for name, value in request.query_params.multi_items() if value.strip())
    for name, times in given.items():
        if times > 1 and name not in many:
            raise BadParameter(name, f"The parameter {name!r} takes one value, and was given {times}.")


def _repeatable(route: APIRoute) -> Iterator[str]:
    for one in route.dependant.query_params:
        known = one.field_info.annotation
        fields = known.model_fields if isinstance(known, type) and issubclass(known, BaseModel) else {one.alias: one.field_info}
        yield from (field.alias or name for name, field in fields.items() if get_origin(field.annotation) is list)


class Parameters(BaseModel):
    model_config = ConfigDict(extra="forbid")


class PlainFormat(Parameters):
    format: Literal["json", "csv", "tsv"] = Field("json", description="json, csv or tsv; csv and tsv give all rows unless limit is set")


class Format(Parameters):
    format: Literal["json", "csv", "tsv", "ris", "bibtex", "csl-json"] = Field(
        "json",
        description="json, csv, tsv; or the papers behind the answer: ris, bibtex, csl-json. All but json give all unless limit is set",
    )


class Limits(Parameters):
    limit: int | None = Field(None, ge=1, le=LARGEST_PAGE, description="how many items; 50 where it is left out")
    offset: int = Field(0, ge=0, description="how many items to leave out first")

    def page(self, sort: str | None = None) -> Page:
        limit = self.limit if self.limit is not None or getattr(self, "format", "json") != "json" else 50
        return Page(limit, self.offset, sort)


class Listed(Limits, Format):
    """Parameters of lists of what papers say."""


class Place(Parameters):
    population: str | None = Field(None, description="id, name or synonym; its parts are included; ICH where it is left out")


class Sifted(Parameters):
    """The evidence filters, whatever the populations."""

    design: list[Design] = Field([], description="study designs to keep (repeat)")
    adjusted: bool | None = Field(None, description="keep rows that are known to be adjusted, or not")
    randomised: bool | None = Field(None, description="keep comparisons of randomised arms, or all others")
    min_n: int | None = Field(None, ge=1, description="keep rows of at least that many patients")
    year_from: int | None = Field(None, ge=1900, le=2100, description="keep studies published in or after that year")
    year_to: int | None = Field(None, ge=1900, le=2100, description="keep studies published in or before that year")
    max_mri_day: float | None = Field(
        None, ge=0, allow_inf_nan=False, description="keep studies whose last MRI was at or before that day after onset"
    )
    exclude: list[str] = Field([], description="study ids to leave out (repeat)")
    indirect: bool = Field(default=False, description="add the evidence of wider populations, beside the population's own")

    def filters(self) -> Filters:
        return Filters.model_validate(self.model_dump(include=set(Filters.model_fields)))


class EvidenceFilters(Sifted, Place):
    """The evidence filters, in one population."""


class Narrowed(Parameters):
    kind: Kind | None = Field(None, description="keep items of that kind")
    category: str | None = Field(None, description="keep items of that category")
    direction: Direction | None = Field(None, description="keep associations of that direction")
    certainty: CertaintyLevel | None = Field(None, description="keep associations of that certainty")
    contested: bool | None = Field(None, description="keep associations that are contested, or not")
    min_cohorts: int | None = Field(None, ge=0, description="keep associations of at least that many independent cohorts")
    sort: str | None = Field(
        None,
        description="certainty, cohorts, weight, estimate, patients or name, ascending; - before it turns it. Unset: best certainty, "
        "then most cohorts, then highest weight",
    )

    def narrow(self) -> Narrow:
        return Narrow(self.kind, self.category, self.direction, self.certainty, self.contested, self.min_cohorts)


class AssociationQuery(Narrowed, EvidenceFilters, Listed):
    """Parameters of lists of associations."""


def respond(reader: Reader, answer: BaseModel, format: str, items: Iterable[BaseModel], model: type[BaseModel]) -> Response:
    """The answer as JSON, items of it (of that model) as CSV or TSV, or the papers behind it."""
    if format == "json":
        return as_json(answer)
    if format in citations.MEDIA:
        return Response(citations.cited(reader, answer, format), media_type=citations.MEDIA[format])
    return Response(delimited(items, model, "," if format == "csv" else "\t"), media_type=MEDIA[format])


def as_json(answer: BaseModel) -> Response:
    return Response(answer.model_dump_json(), media_type="application/json")


__all__ = [
    "MEDIA", "AssociationQuery", "EvidenceFilters", "Format", "Limits", "Listed", "Narrowed", "Parameters", "PlainFormat", "Query",
    "ReaderDep", "Sifted", "as_json", "once", "respond",
]  # fmt: skip
