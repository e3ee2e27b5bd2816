"""What loading sheets would change, without loading them: the associations and prevalences that they touch, before and after."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product
from typing import Literal

from graph.build import Key, corpus_of, keys_of, moved_patients, renamed, touched
from graph.release import release_of
from graph.stores.port import Reader
from graph.synthesis.associations import population_ref, synthesise, term_ref
from graph.synthesis.corpus import Corpus
from graph.synthesis.counterpart import with_counterpart
from graph.synthesis.observations import read_study
from graph.synthesis.prevalence import pooled_prevalence, read_prevalence
from schema.answer import Changed, ChangedPrevalence, Preview, PreviewedStudy
from schema.association import Association
from schema.field import EvidenceField
from schema.observation import Observation, PrevalenceObservation
from schema.problems import Problem
from schema.report import entries
from schema.study import Study


def preview(reader: Reader, sheets: Sequence[Study], field: EvidenceField, problems: Sequence[Problem] = ()) -> Preview:
    """The associations that would be another, sorted by (exposure, outcome, population); each side is null where there is none.

    `field` is the store's, with the terms that the sheets bring.
    """
    old = reader.studies()
    new = {sheet.id: sheet for sheet in sheets if sheet != old.get(sheet.id)}
    corpus = corpus_of({**old, **new}.values(), field)
    before = reader.findings()
    kept = [observation for observation in before if observation.study not in new]
    coming = [observation for study_id in sorted(new) for observation in read_study(new[study_id], field)]
    others = _of(kept, moved_patients(reader.patients(), corpus.patients) | renamed(old, corpus.studies))
    changing = touched((*_of(before, new), *coming, *others), field)
    groups: dict[Key, list[Observation]] = {}
    for observation in (*kept, *coming):
        for key in changing.intersection(keys_of(observation, field)):
            if key[0] != key[1]:
                groups.setdefault(key, []).append(observation)
    syntheses = {key: synthesise(*key, rows, corpus) for key, rows in groups.items()}
    items = []
    for key in sorted(changing):
        was = next(iter(reader.edges(exposure=key[0], outcome=key[1], population=key[2])), None)
        will = with_counterpart(key, syntheses, corpus) if key in syntheses else None
        if was != will:
            items.append(_changed(key, was, will, field))
    return Preview(
        release=reader.release(),
        next_release=release_of(corpus.studies.values(), field),
        studies=tuple(PreviewedStudy(id=sheet.id, label=corpus.studies[sheet.id].label, change=_change(sheet, old)) for sheet in sheets),
        problems=tuple(entries(problems)),
        total=len(items),
        items=tuple(items),
        prevalence=tuple(_prevalences(reader, new, corpus)),
    )


def _prevalences(reader: Reader, new: Mapping[str, Study], corpus: Corpus) -> Iterator[ChangedPrevalence]:
    """The pooled prevalences that would be another, by lesion and population."""
    before = reader.prevalence()
    after = [
        *(one for one in before if one.study not in new),
        *(one for study_id in sorted(new) for one in read_prevalence(new[study_id], corpus.field)),
    ]
    # by the new vocabulary, which has the old one's terms and those that the sheets bring
    old = Corpus(corpus.field, reader.studies(), reader.patients())
    # where patients are shared, a study may make room for another
    others = {*new, *moved_patients(old.patients, corpus.patients)}
    rows = [by_key(some, corpus.field) for some in (before, after)]
    changing = by_key((one for one in (*before, *after) if one.study in others), corpus.field)
    for lesion, place in sorted(changing):
        sides = [pooled_prevalence(lesion, some.get((lesion, place), ()), side) for some, side in zip(rows, (old, corpus), strict=True)]
        if sides[0] != sides[1]:
            yield ChangedPrevalence(
                lesion=term_ref(corpus.vocabulary[lesion]),
                population=population_ref(corpus.populations[place]),
                before=sides[0],
                after=sides[1],
            )


def by_key(rows: Iterable[PrevalenceObservation], field: EvidenceField) -> dict[tuple[str, str], list[PrevalenceObservation]]:
    """The rows of each lesion and population that they count for."""
    found: dict[tuple[str, str], list[PrevalenceObservation]] = {}
    for one in rows:
        places = {place for node in one.populations for place in field.populations.with_ancestors(node)}
        for key in product(field.vocabulary.goes_to(one.row.lesion), places):
            found.setdefault(key, []).append(one)
    return found


def _of(observations: Iterable[Observation], studies: Iterable[str]) -> list[Observation]:
    wanted = frozenset(studies)
    return [observation for observation in observations if observation.study in wanted]


def _change(sheet: Study, old: Mapping[str, Study]) -> Literal["added", "replaced", "unchanged"]:
    if sheet.id not in old:
        return "added"
    return "unchanged" if old[sheet.id] == sheet else "replaced"


def _changed(key: Key, was: Association | None, will: Association | None, field: EvidenceField) -> Changed:
    return Changed(
        exposure=term_ref(field.vocabulary[key[0]]),
        outcome=term_ref(field.vocabulary[key[1]]),
        population=population_ref(field.populations[key[2]]),
        before=was,
        after=will,
    )
