"""What the ids are called that an answer gives alone, so that who draws or prints it looks no name up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from graph.stores.port import Reader
from graph.synthesis.associations import population_ref, term_ref
from schema.association import TermRef

_TERMS = ("exposure", "outcome", "lesion", "term", "from", "to", "turned_from")


def names_of(reader: Reader, query: Mapping[str, Any], more: Iterable[str] = ()) -> dict[str, TermRef]:
    """The terms and populations of a query, and others, by id."""
    terms, populations = reader.terms(), reader.field().populations
    asked = query.get("population", ())
    places = [asked] if isinstance(asked, str) else asked
    wanted = dict.fromkeys((*places, *(query[name] for name in _TERMS if query.get(name)), *more))
    found = {one: population_ref(populations[one]) for one in wanted if one in populations}
    return {**found, **{one: term_ref(terms[one]) for one in wanted if one in terms}}
