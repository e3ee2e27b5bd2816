"""What the questions say in one way: the population and filters that were asked for, and why a list is empty."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from graph.filters import Filters
from graph.lists import Page
from schema.answer import Why
from schema.populations import DEFAULT, resolve_population, with_parts


def population_of(name: str | None) -> str:
    return resolve_population(DEFAULT if name is None else name).id


def query_of(about: Mapping[str, Any], population: str, filters: Filters) -> dict[str, Any]:
    resolved = {"population": population, "parts": [part for part in with_parts(population) if part != population]}
    return {**about, **resolved, **filters.model_dump(mode="json", exclude_defaults=True)}


def beyond(page: Page, total: int) -> Why | None:
    """Why a page beyond the end is empty."""
    if total and page.offset >= total:
        return Why(status="filtered-out", text=f"There are {total}; the page begins after the last.", filter="offset", without=total)
    return None


def why_empty(without: int, filters: Filters, elsewhere: Sequence[str], culprit: str | None = None) -> Why:
    if without and filters.active:
        name = culprit or ", ".join(filters.active)
        return Why(status="filtered-out", text=f"Nothing is left by {name}.", filter=name, without=without)
    there = f" There is evidence in: {', '.join(elsewhere)}." if elsewhere else ""
    return Why(status="not-studied", text=f"No study of this release says anything of it in this population.{there}")
