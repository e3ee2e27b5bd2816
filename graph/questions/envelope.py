"""What the questions say in one way: the population and filters that were asked for, and why a list is empty."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from graph.questions.filters import Filters
from graph.questions.lists import Page
from graph.stores.port import Reader
from schema.answer import Why
from schema.populations import Populations


def population_of(reader: Reader, name: str | None) -> str:
    return reader.field().populations.resolve(name).id


def query_of(populations: Populations, about: Mapping[str, Any], population: str, filters: Filters) -> dict[str, Any]:
    resolved = {"population": population, "parts": [part for part in populations.with_parts(population) if part != population]}
    return {**about, **resolved, **filters.model_dump(mode="json", exclude_defaults=True)}


def beyond(page: Page, total: int) -> Why | None:
    """Why a page beyond the end is empty."""
    if total and page.offset >= total:
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
    "max_mri_day": "the filter on the day of the last MRI",
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


def evidence_in(known: Populations, populations: Sequence[str]) -> str:
    """Where else there is evidence, the populations by their names: a sentence that follows another, or nothing."""
    return f" There is evidence in: {'; '.join(known[one].name for one in populations)}." if populations else ""


def why_empty(populations: Populations, without: int, filters: Filters, elsewhere: Sequence[str], culprit: str | None = None) -> Why:
    if without and filters.active:
        name = culprit or ", ".join(filters.active)
        return Why(status="filtered-out", text=f"Nothing is left by {spelt(name)}.", filter=name, without=without)
    there = evidence_in(populations, elsewhere)
    return Why(status="not-studied", text=f"No study of this release says anything of it in this population.{there}")
