"""What the questions say in one way: the terms, population and filters that were asked for, and why a list is empty."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, Field

from graph.questions.filters import Filters
from graph.questions.lists import Page, cut
from graph.questions.naming import names_of
from graph.questions.question import Spelt
from graph.stores.port import Reader
from schema.answer import Answer, Why
from schema.vocabulary import Term

T = TypeVar("T", bound=BaseModel)

Lesion = Annotated[
    str | None,
    Spelt(argument="LESION"),
    Field(description="the lesion or outcome: id, name or synonym; the field's own where it is left out"),
]
Place = Annotated[
    str | None,
    Field(description="the population: id, name or synonym; its parts are included; the field's own where it is left out"),
]


def population_of(reader: Reader, name: str | None) -> str:
    return reader.field().populations.resolve(name).id


def term_of(reader: Reader, name: str | None, what: str) -> tuple[Term, dict[str, str]]:
    """The term that a question is about, the field's lesion where none is named.

    An inverse one is brought to the harmful side, and the query says so.
    """
    found = reader.terms().resolve(name if name is not None else reader.field().lesion, what)
    if found.inverse_of is None:
        return found, {}
    return reader.terms()[found.inverse_of], {"turned_from": found.id}


def exposure_of(reader: Reader, name: str | None) -> Term:
    """The exposure that a question is about, the field's lesion where none is named."""
    return reader.terms().resolve(name if name is not None else reader.field().lesion, "exposure")


def query_of(reader: Reader, about: Mapping[str, Any], population: str, filters: Filters) -> dict[str, Any]:
    parts = [part for part in reader.field().populations.with_parts(population) if part != population]
    resolved = {"population": population, "parts": parts}
    return {**about, **resolved, **filters.naming(reader.papers).model_dump(mode="json", exclude_defaults=True)}


def listed(
    reader: Reader, query: Mapping[str, Any], items: Sequence[T], page: Page, why: Why | None, *, unknown: int = 0, note: str | None = None
) -> Answer[T]:
    """The part of a list that was asked for. `why`: why there is nothing in it, where that is so."""
    return Answer(
        query=dict(query),
        names=names_of(reader, query),
        release=reader.release(),
        total=len(items),
        limit=page.limit,
        offset=page.offset,
        unknown_dropped=unknown,
        note=note,
        items=tuple(cut(items, page)),
        why=_beyond(page, len(items)) if items else why,
    )


def _beyond(page: Page, total: int) -> Why | None:
    """Why a page beyond the end is empty."""
    if page.offset >= total:
        return Why(status="filtered-out", text=f"There are {total}; the page begins after the last.", filter="offset", without=total)
    return None


# filters as readers say them; `filter` of the answer keeps the parameter's name
_SPELT = {
    "design": "the filter on study design",
    "adjusted": "the filter on adjustment",
    "randomised": "the filter on randomisation",
    "min_n": "the filter on the number of patients",
    "year_from": "the first year asked for",
    "year_to": "the last year asked for",
    "max_mri_day": "the filter on the day of the last scan",
    "risk_of_bias": "the filter on risk of bias",
    "exclude": "the studies left out",
    "kind": "the filter on the kind of term",
    "category": "the filter on category",
    "direction": "the filter on direction",
    "certainty": "the filter on certainty",
    "contested": "the filter on contested evidence",
    "min_cohorts": "the filter on the number of cohorts",
}


def spelt(names: str) -> str:
    """Filters, parted by commas, as a reader says them."""
    return " and ".join(_SPELT.get(name, name) for name in names.split(", "))


def evidence_in(reader: Reader, populations: Sequence[str]) -> str:
    """Where else there is evidence, the populations by their names: a sentence that follows another, or nothing."""
    return f" There is evidence in: {'; '.join(reader.field().populations[one].name for one in populations)}." if populations else ""


def why_empty(reader: Reader, without: int, filters: Filters, elsewhere: Sequence[str], culprit: str | None = None) -> Why:
    if without and filters.active:
        name = culprit or ", ".join(filters.active)
        return Why(status="filtered-out", text=f"Nothing is left by {spelt(name)}.", filter=name, without=without)
    there = evidence_in(reader, elsewhere)
    return Why(status="not-studied", text=f"No study of this release says anything of it in this population.{there}")
