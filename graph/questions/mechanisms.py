"""By which mechanisms a lesion is said to come about."""

from __future__ import annotations

from typing import ClassVar

from graph.questions.envelope import Lesion, listed, term_of
from graph.questions.lists import Page
from graph.questions.question import Question
from graph.stores.port import Reader
from graph.synthesis.associations import term_ref
from graph.synthesis.mechanisms import tally
from graph.synthesis.rows import claim_row
from schema.answer import Answer, Why
from schema.association import FactorTally, Mechanism


class Mechanisms(Question):
    """What papers claim of the mechanisms of a lesion (support, propose, argue against), and the factors that may act through each."""

    topic: ClassVar[str] = "lesions"

    lesion: Lesion = None
    page: Page = Page()

    def answer(self, reader: Reader) -> Answer[Mechanism]:
        terms = reader.terms()
        term, turned = term_of(reader, self.lesion, "lesion or outcome")
        studies, patients = reader.papers(), reader.patients()
        claims = [claim for claim in reader.claims() if term.id in claim.row.links]
        items = []
        for mechanism in sorted({claim.row.mechanism for claim in claims}):
            own = [claim for claim in claims if claim.row.mechanism == mechanism]
            # a factor of which papers only deny it is no factor that may act; its claims stay
            names = sorted({factor for claim in own if claim.counted and claim.row.stance != "argues-against" for factor in claim.factors})
            items.append(
                Mechanism(
                    **tally(own, patients).model_dump(),
                    mechanism=term_ref(terms[mechanism]),
                    claims=tuple(claim_row(claim, studies, terms) for claim in own),
                    factors=tuple(
                        FactorTally(
                            **tally([claim for claim in own if factor in claim.factors], patients).model_dump(),
                            factor=term_ref(terms[factor]),
                        )
                        for factor in names
                    ),
                )
            )
        items.sort(key=lambda one: (-(one.supports + one.argues_against), -one.support, -one.proposes, one.mechanism.id))
        nothing = Why(status="not-studied", text=f"No paper of this release claims a mechanism for {term.name}.")
        return listed(reader, {"lesion": term.id, **turned}, items, self.page, nothing)
