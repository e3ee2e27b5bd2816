"""The chains from one term to another."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated, ClassVar

from pydantic import Field

from graph.questions.edges import edges
from graph.questions.envelope import Place, listed, population_of, query_of, spelt, term_of
from graph.questions.filters import Filters, claim_verdict, sift
from graph.questions.lists import Page
from graph.questions.question import Question, Spelt
from graph.stores.port import Reader
from graph.synthesis.chains import chains, links_of, shortest
from graph.synthesis.mechanisms import edges as mechanism_edges
from schema.across import Chain, Link
from schema.answer import Answer, Why
from schema.association import MechanismEdge
from schema.errors import BadParameter
from schema.vocabulary import Term


class Paths(Question):
    """The chains from a term to another: associations of a population, and claims of mechanisms; each shows its weakest link.

    A chain is no causal proof.
    """

    topic: ClassVar[str] = "across"

    start: Annotated[str, Spelt(rest="from", argument="FROM")] = Field(description="the term to start from: id, name or synonym")
    end: Annotated[str, Spelt(rest="to", argument="TO")] = Field(description="the term to end at: id, name or synonym")
    population: Place = None
    max_length: int = Field(default=4, ge=1, le=6, description="how many links a chain has at most")
    filters: Filters = Filters()
    page: Page = Page()

    def answer(self, reader: Reader) -> Answer[Chain]:
        first = reader.terms().resolve(self.start, "term")
        last, turned = term_of(reader, self.end, "term")
        if first.id == last.id:
            raise BadParameter("to", f"A chain leads from one term to another, and both are {first.id}.")
        node = population_of(reader, self.population)
        links, unknown = self._links(reader, node, self.filters)
        found = chains(links, node, first.id, last.id, self.max_length)
        note = "A chain is as strong as its weakest link, and nothing here is a causal proof."
        if found.bound is not None:
            weakest = f"{found.bound.start.id} > {found.bound.end.id} ({found.bound.caption})"
            note += f" There are more than {len(found.chains)}: those with a link weaker than {weakest} are left out."
        return listed(
            reader,
            {"from": first.id, "to": last.id, **turned, "max_length": self.max_length, **query_of(reader, {}, node, self.filters)},
            found.chains,
            self.page,
            None if found.chains else self._none(reader, links, first, last, node),
            unknown=unknown,
            note=note if found.chains else None,
        )

    def _links(self, reader: Reader, node: str, filters: Filters) -> tuple[list[Link], int]:
        """The population's own associations, with `indirect` those of wider ones where it has none itself, and the claims."""
        own, unknown = edges(reader, node, filters)
        wider = [
            one
            for other in (reader.field().populations.indirect(node) if filters.indirect else ())
            for one in edges(reader, other, filters)[0]
        ]
        claims: Iterable[MechanismEdge] = reader.mechanism_edges()
        if filters.active:
            kept, left_out = sift(filters, reader.claims(), reader.studies(), claim_verdict, lambda claim: claim.study)
            unknown += left_out
            claims = mechanism_edges(kept, reader.patients())
        return links_of([*own, *wider], claims, reader.terms(), reader.papers()), unknown

    def _none(self, reader: Reader, links: Sequence[Link], first: Term, last: Term, node: str) -> Why:
        if self.filters.active:
            unfiltered = self._links(reader, node, Filters(indirect=self.filters.indirect))[0]
            without = chains(unfiltered, node, first.id, last.id, self.max_length).chains
            if without:
                names = ", ".join(self.filters.active)
                return Why(status="filtered-out", text=f"No chain is left by {spelt(names)}.", filter=names, without=len(without))
        text = (
            f"No chain of up to {self.max_length} links leads from {first.name} to {last.name} in {reader.field().populations[node].name}."
        )
        length = shortest(links, first.id, last.id)
        if length is not None and length > self.max_length:
            return Why(status="filtered-out", text=f"{text} The shortest has {length}.", filter="max_length", without=1)
        return Why(status="not-studied", text=text)
