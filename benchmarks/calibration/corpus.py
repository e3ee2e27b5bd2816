"""The reports of the corpus that can be held out, and the forecasts of their signs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from benchmarks.calibration.learning import learned
from benchmarks.calibration.scores import log_score, resampled
from graph.build import Key, corpus_of, keys_of, read_all
from graph.synthesis.corpus import Corpus
from graph.synthesis.method import METHOD, Z95, Method
from graph.synthesis.overlap import overlap
from graph.synthesis.overlap import shares as same_patients
from graph.synthesis.reports import Edge, StudyReport, study_reports
from graph.synthesis.weight import Grid, ReportedZ, posterior, reported_z, reported_zs, typical_z, weigh
from schema.field import EvidenceField
from schema.observation import Observation
from schema.study import Study

FORECASTS = ("base rate", "reports", "directions", "method 3", "method 4")
# the prior of method 3, which read a word as any z beyond 1.96
METHOD_3 = replace(METHOD, weight_near_zero=0.0, weight_sds=(0.5,), weight_shares=(1.0,))


@dataclass(frozen=True)
class HeldOut:
    """A report that was held out, and what the cohorts outside its component report of the same edge."""

    key: Key
    component: int
    report: StudyReport
    others: tuple[StudyReport, ...]


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
        # each row in the edge of its own terms and narrowest population, to learn constants from; and each edge's rows, to forecast
        self.own: dict[Key, list[Observation]] = {}
        self.all: dict[Key, list[Observation]] = {}
        for row in self.observations:
            if row.exposure != row.outcome:
                self.own.setdefault((row.exposure, row.outcome, row.populations[0]), []).append(row)
            for key in _root_keys(row, field):
                self.all.setdefault(key, []).append(row)
        self.held_out = self._held_out()

    def _held_out(self) -> list[HeldOut]:
        found: dict[str, HeldOut] = {}
        for row in self.observations:
            for key in _root_keys(row, self.corpus.field):
                component = self.component[row.study]
                others = self.without(key, self.all[key], component)
                together = [one for one in self.all[key] if self.component[one.study] == component]
                report = next((one for one in self.independent(key, together) if one.findings == (row.finding,)), None)
                if row.finding not in found and others and report is not None and report.sign:
                    found[row.finding] = HeldOut(key, component, report, others)
        return list(found.values())

    def independent(self, key: Key, rows: Sequence[Observation]) -> tuple[StudyReport, ...]:
        """The independent cohorts among these rows of an edge."""
        ordered, corpus = sorted(rows, key=lambda row: (row.study, row.position)), self.corpus
        edge = Edge(*key, corpus.vocabulary.takes(key[0]), corpus.vocabulary.takes(key[1]))
        return study_reports(ordered, edge, corpus.studies, corpus.patients).cohorts

    def without(self, key: Key, rows: Sequence[Observation], component: int) -> tuple[StudyReport, ...]:
        """The cohorts that count of an edge with a component left out, and of those whose report says something."""
        rest = [row for row in rows if self.component[row.study] != component]
        return tuple(one for one in self.independent(key, rest) if reported_z(one.observation) is not None) if rest else ()

    def learning(self, component: int | None) -> dict[Key, tuple[StudyReport, ...]]:
        """What constants are learned from, with a component left out (None: none is): edges that print an exact figure."""
        left = -1 if component is None else component
        rest = {key: self.without(key, rows, left) for key, rows in sorted(self.own.items())}
        return {key: reports for key, reports in rest.items() if any(_exact(one.observation) for one in reports)}

    def exact(self, component: int | None) -> list[float]:
        """The exact |z| that are printed outside a component."""
        return [abs(z) for row in self.observations if self.component[row.study] != component and (z := _exact(row)) is not None]


def _exact(row: Observation) -> float | None:
    return row.z if isinstance(row.z, float) and row.kind in {"estimate", "significant"} else None


def as_ranges(reports: Sequence[StudyReport]) -> list[ReportedZ]:
    """The reports as method 3 saw them: a word is any z beyond its bound."""
    found = []
    for report in reports:
        row = report.observation
        z = reported_z(row, METHOD, report.trials)
        if z is not None and row.kind == "significant" and isinstance(row.z, tuple):
            low, high = row.z
            z = z._replace(low=-math.inf if low is None else low, high=math.inf if high is None else high)
        if z is not None:
            found.append(z)
    return sorted(found)


def positive(grid: Grid, held: StudyReport) -> float:
    """The probability that a report of that information has a positive sign, given whether it is significant."""
    from scipy.special import ndtr

    information = held.observation.information
    centre = grid.mu[None, :] * math.sqrt(information)
    spread = np.sqrt(1 + grid.tau[:, None] ** 2 * information / held.trials)
    mass = grid.mass.sum(axis=0)
    # the probabilities of z below each of these
    below = [float((mass * ndtr((bound - centre) / spread)).sum()) for bound in (-Z95, 0.0, Z95)]
    if held.observation.significant:
        return (1 - below[2]) / (1 - below[2] + below[0])
    return (below[2] - below[1]) / (below[2] - below[0])


def _counted(signs: Sequence[int]) -> float:
    return (signs.count(1) + 1) / (len(signs) + 2)


def forecast(protocol: Protocol) -> Mapping[str, list[float]]:
    """The probability of a positive sign of each held-out report, by each forecast; nothing of its component is seen."""
    by: dict[str, dict[str, float]] = {name: {} for name in FORECASTS}
    for component in sorted({held.component for held in protocol.held_out}):
        rest = protocol.learning(component)
        method = learned(list(rest.values()), protocol.exact(component))
        signs = [report.sign for reports in rest.values() for report in reports if report.sign]
        for held in (one for one in protocol.held_out if one.component == component):
            name, others = held.report.findings[0], held.others
            by["base rate"][name] = _counted(signs)
            by["reports"][name] = _counted([sign for one in others if (sign := one.observation.significant)])
            by["directions"][name] = _counted([one.sign for one in others if one.sign])
            by["method 3"][name] = positive(posterior(as_ranges(others), METHOD_3), held.report)
            by["method 4"][name] = positive(posterior(sorted(reported_zs(others, method)), method), held.report)
    return {name: [made[held.report.findings[0]] for held in protocol.held_out] for name, made in by.items()}


def corpus_tables(protocol: Protocol) -> None:
    """Prints the log scores of all forecasts, and what words rest on."""
    made = forecast(protocol)
    signs = [held.report.sign for held in protocol.held_out]
    clusters = [held.component for held in protocol.held_out]
    print(f"{len(signs)} held-out signs ({signs.count(1)} positive) in {len(set(clusters))} overlap components\n")
    print(f"{'':14}{'log score (95%)':>28}{'method 4 less it (95%)':>28}")
    ours = log_score(made["method 4"], signs)
    for name in FORECASTS:
        own = log_score(made[name], signs)
        print(f"{name:14}{_interval(resampled(own, clusters)):>28}{_interval(resampled(ours - own, clusters), '+'):>28}")
    print("\nby whether the held-out report is significant")
    for which in (True, False):
        part = np.array([bool(held.report.observation.significant) == which for held in protocol.held_out])
        scores = "  ".join(f"{name} {log_score(made[name], signs)[part].mean():.3f}" for name in FORECASTS)
        print(f"{'significant' if which else 'not significant':16}({int(part.sum())}) {scores}")
    words_rest_on(protocol)


def words_rest_on(protocol: Protocol) -> None:
    """Prints the distribution of the exact |z| of significant reports, and the weight of the figure and of a word in its place."""
    method = protocol.corpus.method
    known = [(abs(z), row.information) for row in protocol.observations if (z := _exact(row)) is not None and abs(z) > Z95]
    zs = [z for z, _ in known]
    print(f"\n{len(known)} significant reports print an exact figure: |z| quartiles {np.quantile(zs, (0.25, 0.5, 0.75)).round(2).tolist()}")
    order = sorted(known, key=lambda one: one[1])
    for name, some in zip(("smallest", "middle", "largest"), np.array_split(np.array(order), 3), strict=True):
        print(f"  of the {name} third (information {some[0, 1]:.0f} to {some[-1, 1]:.0f}): median {np.median(some[:, 0]):.2f}")
    figure, word = words_and_figures(known, method)
    print(f"mean weight of the figure alone {figure:.3f}, of a word in its place {word:.3f}")


def words_and_figures(known: Sequence[tuple[float, float]], method: Method) -> tuple[float, float]:
    """The mean weight of exact significant z, each at its own information, and of a word in the place of each."""
    word = typical_z(Z95, method)
    of = [[weigh((ReportedZ(z, z, information),), method).positive for z in (exact, word)] for exact, information in known]
    figures, words = np.array(of).mean(axis=0).tolist()
    return figures, words


def _interval(one: tuple[float, float, float], sign: str = "") -> str:
    return f"{one[0]:{sign}.3f} ({one[1]:{sign}.3f}, {one[2]:{sign}.3f})"
