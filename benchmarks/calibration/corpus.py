"""The reports of the corpus that can be held out, and the forecasts of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from benchmarks.calibration.scores import by_direction, counts, learn_added, shares
from benchmarks.calibration.variants import Choice, Likelihoods, Variant, chances, learn, posteriors
from graph.build import Key, corpus_of, keys_of, read_all
from graph.synthesis.corpus import Corpus
from graph.synthesis.overlap import overlap
from graph.synthesis.overlap import shares as same_patients
from graph.synthesis.reports import study_reports
from graph.synthesis.weight import ReportedZ, reported_z
from schema.field import EvidenceField
from schema.observation import Observation, sign_of
from schema.study import Study

Array = NDArray[np.float64]
REFERENCES = ("base-rates", "votes-direction", "votes-significance", "votes-significance-learned", "votes-told")


@dataclass(frozen=True)
class HeldOut:
    """A report that was held out, and what the cohorts outside its component report of the same edge."""

    key: Key
    component: int
    observation: Observation
    others: tuple[Observation, ...]

    @property
    def significant(self) -> int:
        return self.observation.significant


def components(corpus: Corpus, observations: Sequence[Observation]) -> dict[str, int]:
    """The overlap component of each study: what shares patients, directly or through others, has one number."""
    member = {study: i for i, study in enumerate(corpus.patients)}

    def join(a: str, b: str) -> None:
        if member[a] != member[b]:
            old, new = sorted((member[a], member[b]), reverse=True)
            member.update({study: new for study, own in member.items() if own == old})

    for a, b in combinations(corpus.patients.values(), 2):
        if overlap(a, b):
            join(a.study, b.study)
    for one, other in combinations([row for row in observations if row.row.randomised], 2):
        if same_patients(one, other, corpus.patients):
            join(one.study, other.study)
    return member


def independent_rows(key: Key, rows: Sequence[Observation], corpus: Corpus) -> tuple[Observation, ...]:
    """The rows of the independent cohorts among these of an edge."""
    ordered = sorted(rows, key=lambda row: (row.study, row.position))
    reports = study_reports(ordered, corpus.vocabulary.takes(key[0]), corpus.vocabulary.takes(key[1]), corpus.studies, corpus.patients)
    return tuple(report.observation for report in reports.cohorts)


def _root_keys(row: Observation, field: EvidenceField) -> list[Key]:
    """The edges that take a row, in populations that are no part of another: ICH first, its own terms first."""
    keys = [key for key in keys_of(row, field) if key[0] != key[1] and not field.populations[key[2]].part_of]
    return sorted(keys, key=lambda key: ((key[0], key[1]) != (row.exposure, row.outcome), key[2] != "ich", key))


class Protocol:
    """The corpus as it is left out, component by component. Meta-analyses have no part in it."""

    def __init__(self, studies: Sequence[Study], field: EvidenceField) -> None:
        self.corpus = corpus_of(studies, field)
        self.observations = [row for row in read_all(self.corpus) if row.eligible and not row.published]
        self.component = components(self.corpus, self.observations)
        # each row in one edge, to learn constants from; and each edge's rows, to forecast
        self.own: dict[Key, list[Observation]] = {}
        self.all: dict[Key, list[Observation]] = {}
        for row in self.observations:
            keys = _root_keys(row, field)
            if keys:
                self.own.setdefault(keys[0], []).append(row)
            for key in keys:
                self.all.setdefault(key, []).append(row)
        self.held_out = self._held_out()

    def _held_out(self) -> list[HeldOut]:
        found: dict[str, HeldOut] = {}
        for row in self.observations:
            for key in _root_keys(row, self.corpus.field):
                component = self.component[row.study]
                others = self.without(key, self.all[key], component)
                together = [one for one in self.all[key] if self.component[one.study] == component]
                if row.finding not in found and others and row in independent_rows(key, together, self.corpus) and _scored(row):
                    found[row.finding] = HeldOut(key, component, row, others)
        return list(found.values())

    def without(self, key: Key, rows: Sequence[Observation], component: int) -> tuple[Observation, ...]:
        """The rows that count of an edge with a component left out, and of those whose report says something."""
        rest = [row for row in rows if self.component[row.study] != component]
        return tuple(row for row in independent_rows(key, rest, self.corpus) if reported_z(row) is not None) if rest else ()

    def learning(self, component: int | None) -> dict[Key, tuple[Observation, ...]]:
        """The rows that constants are learned from, each in one edge, with a component left out (None: none is)."""
        rest = {key: self.without(key, rows, -1 if component is None else component) for key, rows in sorted(self.own.items())}
        return {key: observations for key, observations in rest.items() if observations}


def _scored(row: Observation) -> bool:
    return row.kind in {"estimate", "significant", "null"}


def sorted_zs(observations: Sequence[Observation]) -> list[ReportedZ]:
    return sorted(z for row in observations if (z := reported_z(row)) is not None)


def significances(observations: Sequence[Observation]) -> list[int]:
    return [row.significant for row in observations if _scored(row)]


def signs(observations: Sequence[Observation]) -> list[int]:
    """The signs that are known, significant or not."""
    each = [sign_of(row.z) if row.kind == "estimate" else row.reported_sign for row in observations]
    return [sign for sign in each if sign]


def reference_forecasts(held: HeldOut, learned: Mapping[str, Array]) -> dict[str, Array]:
    seen = counts(significances(held.others))
    known = signs(held.others)
    return {
        "base-rates": learned["rates"],
        "votes-direction": by_direction(known.count(1), known.count(-1), 1 - float(learned["rates"][1])),
        "votes-significance": shares(seen, (1, 1, 1)),
        "votes-significance-learned": shares(seen, learned["symmetric"]),
        "votes-told": shares(seen, learned["told"]),
    }


def learn_references(edges: Sequence[Sequence[Observation]]) -> dict[str, Array]:
    table = np.array([counts(significances(edge)) for edge in edges])
    return {
        "rates": shares(table.sum(axis=0), (1, 1, 1)),
        "symmetric": learn_added(table, symmetric=True),
        "told": learn_added(table, symmetric=False),
    }


@dataclass(frozen=True)
class Forecasts:
    """The forecasts of the held-out reports by each method (rows: decreases, null, increases), and what was learned in the folds."""

    by: dict[str, Array]
    learned: dict[str, list[str]]


def forecast(protocol: Protocol, models: Sequence[Variant]) -> Forecasts:
    """Every held-out report by every model and reference; nothing of its component is seen."""
    rhos = sorted({rho for model in models for rho in model.rhos})
    whole = protocol.learning(None)
    keys = list(whole)
    base = Likelihoods([sorted_zs(whole[key]) for key in keys], rhos)
    marginals = {model.name: base.marginal(model) for model in models}
    by: dict[str, list[Array]] = {name: [] for name in (*REFERENCES, *marginals)}
    learned: dict[str, list[str]] = {model.name: [] for model in models}
    for component in sorted({held.component for held in protocol.held_out}):
        rest = protocol.learning(component)
        touched = [i for i, key in enumerate(keys) if rest.get(key) != whole[key]]
        again = [i for i in touched if keys[i] in rest]
        anew = Likelihoods([sorted_zs(rest[keys[i]]) for i in again], rhos)
        choices: list[Choice] = []
        for model in models:
            kept = np.delete(marginals[model.name], touched, axis=2)
            choices.append(learn(model, np.concatenate([kept, anew.marginal(model)], axis=2)))
            learned[model.name].append(choices[-1].label)
        references = learn_references(list(rest.values()))
        held = [one for one in protocol.held_out if one.component == component]
        others = Likelihoods([sorted_zs(one.others) for one in held], rhos)
        for i, one in enumerate(held):
            for name, made in reference_forecasts(one, references).items():
                by[name].append(made)
            for choice in choices:
                masses = posteriors(choice, others, i)
                by[choice.variant.name].append(chances(masses, one.observation.information, printed=True))
    order = np.argsort(np.argsort([one.component for one in protocol.held_out], kind="stable"), kind="stable")
    return Forecasts({name: np.array(rows)[order] for name, rows in by.items()}, learned)
