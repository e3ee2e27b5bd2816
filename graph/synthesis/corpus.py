"""What synthesis needs besides the rows."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

from graph.synthesis.method import Method, method_of
from graph.synthesis.overlap import Patients
from schema.field import EvidenceField
from schema.populations import Populations
from schema.study import Study
from schema.vocabulary import Vocabulary


@dataclass(frozen=True, slots=True)
class Corpus:
    """The field, the studies, and whose patients they hold: `patients` is derived from `studies`, whole.

    `prior_scale`: how many times as wide the priors of tau are as the method has them.
    """

    field: EvidenceField
    studies: Mapping[str, Study]
    patients: Mapping[str, Patients]
    prior_scale: float = 1.0
    # of the field, at hand: they are asked for again and again
    vocabulary: Vocabulary = dataclasses.field(init=False)
    populations: Populations = dataclasses.field(init=False)
    method: Method = dataclasses.field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "vocabulary", self.field.vocabulary)
        object.__setattr__(self, "populations", self.field.populations)
        object.__setattr__(self, "method", method_of(self.field.constants, self.prior_scale))
