"""An association beside its counterpart: the same question asked by another design (trials against observation)."""

from __future__ import annotations

from collections.abc import Mapping

from graph.synthesis.associations import Synthesis
from graph.synthesis.contested import differences, side
from graph.synthesis.corpus import Corpus
from graph.wording import caption
from schema.association import Association, Contested

Key = tuple[str, str, str]


def with_counterpart(key: Key, syntheses: Mapping[Key, Synthesis], corpus: Corpus) -> Association:
    """The association, contested where its counterpart gives another answer."""
    own = syntheses[key]
    counterpart = corpus.vocabulary[key[0]].counterpart
    other = syntheses.get((counterpart, key[1], key[2])) if counterpart else None
    if other is None or own.association.contested is not None:
        return own.association
    contested = against_counterpart(own, other, corpus)
    if contested is None:
        return own.association
    association = own.association.model_copy(update={"contested": contested})
    return association.model_copy(update={"caption": caption(association)})


def against_counterpart(own: Synthesis, other: Synthesis, corpus: Corpus) -> Contested | None:
    """Trials against observation: an association whose counterpart gives another direction. Both lines are shown, each by itself.

    What the same cohorts say in two ways is no contradiction between them.
    """
    a, b = own.association, other.association
    if not own.reports.cohorts or not other.reports.cohorts or a.direction == b.direction:
        return None
    sides = [
        side(
            f"{one.association.exposure.name}, as a whole: {one.association.direction}", one.reports.cohorts, corpus.studies, corpus.method
        )
        for one in (own, other)
    ]
    ours, theirs = ({corpus.field.cohort(cohort) for cohort in one.cohort_names} for one in sides)
    if ours == theirs:
        return None
    said = {"increases": "increases", "decreases": "decreases", "inconclusive": "nothing clear", "inconsistent": "both"}
    why = f"{a.exposure.name} says {said[a.direction]}, its counterpart {b.exposure.name} says {said[b.direction]}"
    return Contested(why=why, camps=tuple(sides), differences=differences(sides), counterpart=b.exposure.id)
