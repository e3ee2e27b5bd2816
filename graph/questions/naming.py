"""What the ids are called that an answer gives alone, so that who draws or prints it looks no name up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from graph.stores.port import Reader
from graph.synthesis.associations import population_ref, term_ref
from schema.association import TermRef

_TERMS = ("exposure", "outcome", "lesion", "term", "from", "to", "turned_from")


def names_of(reader: Reader, query: Mapping[str, Any], terms: Iterable[str] = ()) -> dict[str, TermRef]:
    """The terms and populations of a query, and further terms, by id."""
    vocabulary = reader.terms()
    populations = query.get("population", ())
    nodes = [reader.field().populations[one] for one in ([populations] if isinstance(populations, str) else populations)]
    found = {node.id: population_ref(node) for node in nodes}
    wanted = dict.fromkeys((*(query[name] for name in _TERMS if query.get(name)), *terms))
    return {**found, **{one: term_ref(vocabulary[one]) for one in wanted if one in vocabulary}}
