"""What is linked to a lesion or outcome."""

from __future__ import annotations

from graph.questions.associations import OneSided
from graph.questions.envelope import Lesion, term_of
from graph.stores.port import Reader
from schema.answer import Answer
from schema.association import Association


class Factors(OneSided):
    """The factors linked to a lesion or outcome in a population."""

    lesion: Lesion = None

    def answer(self, reader: Reader) -> Answer[Association]:
        outcome, turned = term_of(reader, self.lesion, "lesion or outcome")
        return self._found(reader, "exposure", {"lesion": outcome.id, **turned}, outcome=outcome.id)
