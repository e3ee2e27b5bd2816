"""Where the evidence contradicts itself."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from graph.questions.associations import Associations
from graph.questions.edges import edges, with_indirect
from graph.questions.envelope import population_of, term_of
from graph.stores.port import Reader
from schema.answer import Answer
from schema.association import Association


class Contested(Associations):
    """The associations on which the evidence contradicts itself, with the camps and what differs between them."""

    lesion: str | None = Field(default=None, description="keep associations with this lesion on either side")
    outcome: str | None = Field(default=None, description="keep associations with this outcome")

    def answer(self, reader: Reader) -> Answer[Association]:
        query: dict[str, Any] = {}
        about = target = None
        if self.lesion is not None:
            about, turned = term_of(reader, self.lesion, "lesion")
            query |= {"lesion": about.id, **turned}
        if self.outcome is not None:
            target, turned = term_of(reader, self.outcome, "outcome")
            query |= {"outcome": target.id, **turned}
        node = population_of(reader, self.population)
        if about is not None and target is None and not self.filters.active:
            # of all there are, those of one lesion are few
            sides = (*reader.edges(exposure=about.id, population=node), *reader.edges(outcome=about.id, population=node))
            found, unknown = sorted(sides, key=lambda one: (one.exposure.id, one.outcome.id)), 0
        else:
            found, unknown = edges(reader, node, self.filters, outcome=target.id if target else None)
        kept = [one for one in found if one.contested is not None and (about is None or about.id in {one.exposure.id, one.outcome.id})]
        # an association and its counterpart are one contradiction
        against = {(one.exposure.id, one.outcome.id): one.contested.counterpart for one in kept if one.contested is not None}
        kept = [
            one
            for one in kept
            if (other := against[one.exposure.id, one.outcome.id]) is None
            or other > one.exposure.id
            or against.get((other, one.outcome.id)) != one.exposure.id
        ]
        kept = [with_indirect(reader, one, self.filters) for one in kept]
        known = len(found if kept else edges(reader, node, self.filters, outcome=target.id if target else None)[0])
        return self._answer(reader, query, kept, "exposure", known=known, unknown=unknown)
