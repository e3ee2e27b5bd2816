"""What the questions on several populations have in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import Field

from graph.questions.envelope import evidence_in, population_of, spelt
from graph.questions.filters import Filters
from graph.questions.question import Several, Spelt
from graph.stores.port import Reader
from schema.answer import Why

Places = Annotated[
    Several[str],
    Spelt(rest="population", option="--population"),
    Field(description="the populations, side by side (repeat): ids, names or synonyms; the field's own where left out"),
]


def nodes_of(reader: Reader, populations: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(population_of(reader, one) for one in populations))


def query_of(reader: Reader, nodes: Sequence[str], filters: Filters) -> dict[str, Any]:
    parts = {node: [part for part in reader.field().populations.with_parts(node) if part != node] for node in nodes}
    return {
        "population": list(nodes),
        "parts": {node: inner for node, inner in parts.items() if inner},
        **filters.naming(reader.papers).model_dump(mode="json", exclude_defaults=True),
    }


def nothing(reader: Reader, outcome: str, factor: str | None, nodes: Sequence[str], filters: Filters) -> Why:
    """Why there is no cell: a filter left none, or nobody studied it in these populations (all, where none is named)."""
    known = reader.edges(exposure=factor, outcome=outcome)
    here = [one for one in known if not nodes or one.population.id in nodes]
    if here and filters.active:
        names = ", ".join(filters.active)
        left_out = len({one.exposure.id for one in here})
        return Why(status="filtered-out", text=f"Nothing is left by {spelt(names)}.", filter=names, without=left_out)
    places = sorted({one.population.id for one in known})
    where = " in these populations" if nodes else ""
    return Why(status="not-studied", text=f"No study of this release says anything of it{where}.{evidence_in(reader, places)}")
