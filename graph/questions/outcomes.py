"""What an exposure is linked to."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from graph.questions.associations import OneSided
from graph.questions.envelope import exposure_of
from graph.questions.question import Spelt
from graph.stores.port import Reader
from schema.answer import Answer
from schema.association import Association


class Outcomes(OneSided):
    """What an exposure (a factor, marker or lesion) is linked to in a population."""

    exposure: Annotated[str | None, Spelt(argument="EXPOSURE")] = Field(
        default=None, description="the exposure: id, name or synonym; the field's own lesion where it is left out"
    )

    def answer(self, reader: Reader) -> Answer[Association]:
        term = exposure_of(reader, self.exposure)
        return self._found(reader, "outcome", {"exposure": term.id}, exposure=term.id)
