"""The associations that a question is about: the stored ones, or those that the rows which match its filters make."""

from __future__ import annotations

from collections.abc import Iterable

from graph.build import group
from graph.questions.filters import Filters, finding_verdict, sift
from graph.stores.port import Reader
from graph.synthesis.associations import Synthesis, population_ref, synthesise
from graph.synthesis.corpus import Corpus
from graph.synthesis.counterpart import with_counterpart
from schema.association import Association, Beside, TermRef
from schema.observation import Observation


def findings(
    reader: Reader,
    population: str,
    filters: Filters,
    *,
    exposures: Iterable[str] | None = None,
    outcomes: Iterable[str] | None = None,
) -> tuple[list[Observation], int]:
    rows = reader.findings(
        exposures=None if exposures is None else frozenset(exposures),
        outcomes=None if outcomes is None else frozenset(outcomes),
        populations=reader.field().populations.with_parts(population),
    )
    if not filters.active:
        return rows, 0
    return sift(filters.naming(reader.papers), rows, reader.studies(), finding_verdict, lambda row: row.study)


def edges(
    reader: Reader, population: str, filters: Filters, *, exposure: str | None = None, outcome: str | None = None
) -> tuple[list[Association], int]:
    """The associations: the stored ones, or with a filter those that the rows which match it make. And on how many rows it is not known."""
    if not filters.active:
        return reader.edges(exposure=exposure, outcome=outcome, population=population), 0
    return anew(reader, population, filters, exposure=exposure, outcome=outcome)


def anew(
    reader: Reader, population: str, filters: Filters, *, exposure: str | None = None, outcome: str | None = None
) -> tuple[list[Association], int]:
    """The associations that the rows which match make, and on how many rows it is not known."""
    vocabulary = reader.terms()
    exposures = vocabulary.takes(exposure) if exposure is not None else None
    outcomes = vocabulary.takes(outcome) if outcome is not None else None
    observations, unknown = findings(reader, population, filters, exposures=exposures, outcomes=outcomes)
    # a counterpart is another exposure, so it must be at hand to know whether it contradicts
    counterpart = vocabulary[exposure].counterpart if exposure else None
    if exposures is not None and counterpart is not None:
        others = set(vocabulary.takes(counterpart)) - set(exposures)
        observations = [*observations, *findings(reader, population, filters, exposures=others, outcomes=outcomes)[0]]
    corpus = reader.corpus()
    syntheses = {
        key: synthesise(*key, rows, corpus)
        for key, rows in group(observations, reader.field()).items()
        if key[2] == population and (outcome is None or key[1] == outcome) and (exposure is None or key[0] in {exposure, counterpart})
    }
    found = [with_counterpart(key, syntheses, corpus) for key in syntheses if exposure is None or key[0] == exposure]
    return found, unknown


def contest(
    reader: Reader, key: tuple[str, str, str], synthesis: Synthesis, filters: Filters, corpus: Corpus
) -> tuple[Association, tuple[Synthesis, ...]]:
    """The association of a question about one edge, contested where its counterpart gives another answer; and both syntheses."""
    counterpart = corpus.vocabulary[key[0]].counterpart
    syntheses = {key: synthesis}
    if counterpart is not None:
        other = (counterpart, key[1], key[2])
        terms_of = corpus.vocabulary.takes
        rows, _ = findings(reader, key[2], filters, exposures=terms_of(counterpart), outcomes=terms_of(key[1]))
        if rows:
            syntheses[other] = synthesise(*other, rows, corpus)
    return with_counterpart(key, syntheses, corpus), tuple(syntheses.values())


def beside(
    reader: Reader,
    population: str,
    filters: Filters,
    found: list[Association],
    *,
    exposure: str | None,
    outcome: str | None,
) -> list[Association]:
    """The associations with those of the wider populations beside them; what is known only there comes with no figures of its own."""
    around: dict[tuple[str, str], list[Beside]] = {}
    refs: dict[tuple[str, str], tuple[TermRef, TermRef]] = {}
    for wider in reader.field().populations.indirect(population):
        for one in edges(reader, wider, filters, exposure=exposure, outcome=outcome)[0]:
            key = (one.exposure.id, one.outcome.id)
            refs[key] = (one.exposure, one.outcome)
            around.setdefault(key, []).append(brief(one))
    joined = []
    for one in found:
        key = (one.exposure.id, one.outcome.id)
        refs.pop(key, None)
        joined.append(one.model_copy(update={"indirect": tuple(around.get(key, ()))}))
    joined += [not_studied(*refs[key], population_ref(reader.field().populations[population]), tuple(around[key])) for key in sorted(refs)]
    return joined


def with_indirect(reader: Reader, association: Association, filters: Filters) -> Association:
    if not filters.indirect:
        return association
    return beside(
        reader,
        association.population.id,
        filters,
        [association],
        exposure=association.exposure.id,
        outcome=association.outcome.id,
    )[0]


def brief(one: Association) -> Beside:
    """The short form of an association."""
    return Beside(
        population=one.population,
        exposure=one.exposure,
        direction=one.direction,
        weight=one.weight,
        measure=one.measure,
        estimate=one.estimate,
        ci=one.ci,
        cohorts=one.cohorts,
        studies=one.studies,
        full_text=one.full_text,
        tables=one.tables,
        not_stated=one.not_stated,
        certainty=one.certainty,
        caption=one.caption,
    )


def not_studied(exposure: TermRef, outcome: TermRef, population: TermRef, beside: tuple[Beside, ...] | None = None) -> Association:
    """An association of which nothing is known in the population itself."""
    return Association(
        exposure=exposure,
        outcome=outcome,
        population=population,
        direction="inconclusive",
        weight=None,
        p_direction=None,
        studies=0,
        cohorts=0,
        cohorts_if_overlap=0,
        patients=None,
        increases=0,
        decreases=0,
        not_significant=0,
        unclear=0,
        full_text=0,
        certainty=None,
        caption="not studied here; indirect evidence only" if beside else "not studied here",
        findings=(),
        indirect=beside,
    )
