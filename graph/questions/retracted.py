"""What an answer was while papers that have since been retracted counted."""

from __future__ import annotations

from collections.abc import Sequence

from graph.build import Key
from graph.build import corpus_of as corpus_of_studies
from graph.questions.edges import brief
from graph.stores.port import Reader
from graph.synthesis.associations import synthesise
from graph.synthesis.observations import read_study
from schema.association import Beside
from schema.observation import Observation


def with_retracted(reader: Reader, key: Key, observations: Sequence[Observation]) -> Beside | None:
    """The association with the rows of retracted papers among these; None where there are none."""
    studies, field = reader.studies(), reader.field()
    gone = sorted({row.study for row in observations if studies[row.study].retracted})
    if not gone:
        return None
    before = {**studies, **{one: studies[one].model_copy(update={"standing": None}) for one in gone}}
    asked = {row.finding for row in observations}
    again = [row for one in gone for row in read_study(before[one], field) if row.finding in asked]
    rest = [row for row in observations if row.study not in gone]
    return brief(synthesise(*key, [*rest, *again], corpus_of_studies(before.values(), field)).association)
