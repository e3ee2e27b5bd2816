"""What a term is joined to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, ClassVar

from pydantic import BaseModel, Field

from graph.questions.envelope import Place, population_of
from graph.questions.lists import ordered
from graph.questions.lookups import around
from graph.questions.naming import names_of
from graph.questions.question import DATA, Question, Spelt
from graph.stores.port import Reader
from graph.synthesis.associations import term_ref
from schema import answer as answers
from schema.association import Association


class Neighbours(Question):
    """All edges of a term in a population: what it is linked to, what is linked to it, and by which mechanisms it may act."""

    topic: ClassVar[str] = "terms"
    formats: ClassVar[tuple[str, ...]] = DATA
    address: ClassVar[str | None] = "/terms/{id}/neighbours"

    term: Annotated[str, Spelt(rest="id", argument="TERM")] = Field(description="the term: id, name or synonym")
    population: Place = None

    def answer(self, reader: Reader) -> answers.Neighbours:
        vocabulary = reader.terms()
        found = vocabulary.resolve(self.term)
        node = population_of(reader, self.population)
        broader, narrower = around(vocabulary.terms, found)
        query = {"term": found.id, "population": node}
        mechanisms = tuple(one for one in reader.mechanism_edges() if found.id in {one.start, one.end})
        return answers.Neighbours(
            release=reader.release(),
            query=query,
            names=names_of(reader, query, (end for one in mechanisms for end in (one.start, one.end))),
            term=term_ref(found),
            as_exposure=tuple(ordered(reader.edges(exposure=found.id, population=node), None, "outcome")),
            as_outcome=tuple(ordered(reader.edges(outcome=found.id, population=node), None, "exposure")),
            mechanisms=mechanisms,
            broader=broader,
            narrower=narrower,
        )

    @classmethod
    def row(cls) -> type[BaseModel]:
        return Association

    @classmethod
    def rows(cls, answer: answers.Neighbours) -> Sequence[BaseModel]:
        return (*answer.as_exposure, *answer.as_outcome)
