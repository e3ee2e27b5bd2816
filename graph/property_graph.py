"""The graph as plain nodes and edges, by the table of schema/graphmodel.py: what networkx, exports and other stores are made from."""

from __future__ import annotations

from collections.abc import Collection, Container, Iterator
from typing import Any, NamedTuple

from pydantic import BaseModel

from graph.build import EvidenceGraph
from graph.synthesis.method import VERSION
from graph.synthesis.overlap import cohort_names, overlap, patients_of
from graph.wording import unit_of
from schema.association import Association, MechanismEdge
from schema.field import EvidenceField
from schema.graphmodel import LABELS
from schema.observation import Observation, PrevalenceObservation
from schema.study import Study


class Node(NamedTuple):
    """`id` is unique in the graph: a term's own, of all others with its label before ("study:menon-2012"); `slug` is its own.

    `record` is what the node was made from, whole; a store keeps it beside the properties.
    """

    id: str
    label: str
    properties: dict[str, Any]
    record: BaseModel | None = None


class Edge(NamedTuple):
    """`key` is unique among the edges of one type between two nodes; `record` is what a derived edge was made from."""

    type: str
    start: str
    end: str
    key: str
    properties: dict[str, Any]
    record: BaseModel | None = None


def _known(**properties: Any) -> dict[str, Any]:
    """Null means absent."""
    return {name: value for name, value in properties.items() if value is not None and value != ()}


def elements(graph: EvidenceGraph, population: str | None = None) -> tuple[Iterator[Node], Iterator[Edge]]:
    """All nodes and all edges; or with a population the rows of it and its parts, and its own derived edges.

    Studies, terms and populations all stay.
    """
    if population is None:
        return nodes(graph), edges(graph)
    inside = frozenset(graph.field.populations.with_parts(population))
    outside = {f"finding:{one.finding}" for one in graph.observations if not inside & set(one.populations)}
    outside |= {f"prevalence:{one.prevalence}" for one in graph.prevalence if not inside & set(one.populations)}
    return (
        (node for node in nodes(graph) if node.id not in outside),
        (
            edge
            for edge in edges(graph)
            if edge.start not in outside and edge.end not in outside and edge.properties.get("population", population) == population
        ),
    )


def nodes(graph: EvidenceGraph) -> Iterator[Node]:
    """All nodes, sorted within each label."""
    yield Node(f"release:{graph.release}", "Release", {"slug": graph.release, "name": graph.release[:12], "method": VERSION})
    for population in sorted(graph.field.populations.values(), key=lambda one: one.id):
        yield Node(f"population:{population.id}", "Population", {"slug": population.id, "name": population.name})
    for term in sorted(graph.terms, key=lambda one: one.id):
        yield Node(
            term.id,
            LABELS[term.kind],
            _known(
                slug=term.id, name=term.name, kind=term.kind, category=term.category, synonyms=list(term.synonyms) or None, unit=term.unit,
                harm=term.harm, definition=term.definition, xrefs=list(term.xrefs) or None,
            ),
            term,
        )  # fmt: skip
    for study in graph.studies:
        yield Node(
            f"study:{study.id}",
            "Study",
            _known(
                slug=study.id, name=study.label, title=study.title, year=study.year, journal=study.journal, doi=study.doi, pmid=study.pmid,
                design=study.design, read=study.read, **_standing(study), **_bias(study), n=study.n, pools=list(study.pools) or None,
                extracted_by=study.extracted_by, checked_by=study.checked_by,
            ),
            study,
        )  # fmt: skip
    for cohort in sorted(cohort_names(graph.studies, graph.field).values()):
        yield Node(f"cohort:{cohort}", "Cohort", {"slug": cohort, "name": cohort})
    labels = {study.id: study.label for study in graph.studies}
    names = {term.id: term.name for term in graph.terms}
    for observation in graph.observations:
        name = f"{labels[observation.study]}: {names[observation.row.exposure]} > {names[observation.row.outcome]}"
        yield Node(f"finding:{observation.finding}", "Finding", _finding(observation, name), observation)
    for one in graph.prevalence:
        row = one.row
        yield Node(
            f"prevalence:{one.prevalence}",
            "Prevalence",
            _known(
                slug=one.prevalence, name=f"{labels[one.study]}: {names[row.lesion]}", cases=row.cases, total=row.total, pct=row.pct,
                main=row.main, timing=row.timing, source=row.source,
            ),
            one,
        )  # fmt: skip
    for claim in graph.claims:
        stance = claim.row.stance
        yield Node(
            f"claim:{claim.claim}",
            "Claim",
            _known(
                slug=claim.claim, name=f"{labels[claim.study]} {stance.replace('-', ' ')}", stance=stance, basis=claim.row.basis,
                links=list(claim.row.links), source=claim.row.source,
            ),
            claim,
        )  # fmt: skip


def _standing(study: Study) -> dict[str, Any]:
    one = study.standing
    return {} if one is None else {"standing": one.kind, "standing_date": one.date, "standing_notice": one.notice, "standing_by": one.by}


def _bias(study: Study) -> dict[str, Any]:
    one = study.risk_of_bias
    if one is None:
        return {}
    domains = [f"{name}: {level}" for name, level in one.domains.items()]
    return {"risk_of_bias": one.judgement, "risk_of_bias_tool": one.tool, "risk_of_bias_domains": domains or None}


def _finding(observation: Observation, name: str) -> dict[str, Any]:
    row = observation.row
    return _known(
        slug=observation.finding,
        name=name,
        kind=observation.kind,
        way=observation.derivation,
        direction=row.direction,
        measure=row.measure,
        value=row.value,
        ci_low=row.ci[0] if row.ci else None,
        ci_high=row.ci[1] if row.ci else None,
        printed_se=row.se,
        p=None if row.p is None else str(row.p),
        versus=row.versus,
        cutoff=row.cutoff,
        outcome_cutoff=row.outcome_cutoff,
        follow_up_from=row.follow_up_months[0] if isinstance(row.follow_up_months, tuple) else None,
        follow_up_to=row.follow_up_months[1] if isinstance(row.follow_up_months, tuple) else row.follow_up_months,
        k=row.k,
        events=row.events,
        y=observation.y,
        se=observation.se,
        n=observation.n if observation.n_known else None,
        adjusted=row.adjusted,
        randomised=row.randomised,
        votes=observation.eligible,
        why=observation.why,
        source=row.source,
        extracted_by=row.extracted_by,
        checked_by=row.checked_by,
        extracted_on=row.date,
        disagreement=row.disagreement,
    )


def edges(graph: EvidenceGraph) -> Iterator[Edge]:
    """All edges, sorted within each type. Rows lead to the terms that they name; derived edges to those that they were read as."""
    disjoint = {(study.id, group.id) for study in graph.studies for group in study.populations if group.disjoint}
    for observation in graph.observations:
        finding = f"finding:{observation.finding}"
        yield Edge("REPORTS", f"study:{observation.study}", finding, "", {})
        yield Edge("EXPOSURE", finding, observation.row.exposure, "", {})
        yield Edge("OUTCOME", finding, observation.row.outcome, "", {})
        for population in observation.populations:
            yield Edge("IN_POPULATION", finding, f"population:{population}", "", _group(observation, disjoint))
    for one in graph.prevalence:
        prevalence = f"prevalence:{one.prevalence}"
        yield Edge("REPORTS", f"study:{one.study}", prevalence, "", {})
        yield Edge("OF", prevalence, one.row.lesion, "", {})
        for population in one.populations:
            yield Edge("IN_POPULATION", prevalence, f"population:{population}", "", _group(one, disjoint))
    for claim in graph.claims:
        yield Edge("ASSERTS", f"study:{claim.study}", f"claim:{claim.claim}", "", {})
        yield Edge("ABOUT", f"claim:{claim.claim}", claim.row.mechanism, "", {})
    names = cohort_names(graph.studies, graph.field)
    for study in graph.studies:
        for cohort in dict.fromkeys(map(graph.field.cohort, study.cohorts)):
            yield Edge("DRAWS_ON", f"study:{study.id}", f"cohort:{names[cohort]}", "", {})
    for first, second in _overlaps(graph.studies, graph.field):
        yield Edge("OVERLAPS", f"study:{first}", f"study:{second}", "", {})
    for part in sorted(graph.field.populations.values(), key=lambda node: node.id):
        for whole in part.part_of:
            yield Edge("PART_OF", f"population:{part.id}", f"population:{whole}", "", {})
    for term in sorted(graph.terms, key=lambda one: one.id):
        if term.broader is not None:
            yield Edge("BROADER", term.id, term.broader, "", _known(rolls_up=term.rolls_up))
    for association in graph.associations:
        yield associated(association)
    for mechanism in graph.mechanisms:
        yield mechanism_edge(mechanism)


def _group(one: Observation | PrevalenceObservation, disjoint: Container[tuple[str, str]]) -> dict[str, Any]:
    return {"disjoint": True} if (one.study, one.row.population) in disjoint else {}


def _overlaps(studies: Collection[Study], field: EvidenceField) -> list[tuple[str, str]]:
    """Pairs that share patients, found by what they name in common, not by comparing all with all."""
    ids = {study.id: study for study in studies}
    groups: dict[tuple[str, str], set[str]] = {}
    for study in studies:
        for cohort in map(field.cohort, (*study.cohorts, *study.pools)):
            groups.setdefault(("cohort", cohort), set()).add(study.id)
        for other in (*study.shares_with, *study.pools):
            groups.setdefault(("study", other), set()).update({study.id, other} & set(ids))
    pairs = {tuple(sorted((a, b))) for members in groups.values() for a in members for b in members if a != b}
    near = {study_id for pair in pairs for study_id in pair}
    patients = {study.id: patients_of(study, ids, field) for study in studies if study.id in near}
    return sorted((a, b) for a, b in pairs if overlap(patients[a], patients[b]))


def associated(one: Association) -> Edge:
    """A derived edge, flattened."""
    properties = _known(
        caption=one.caption,
        population=one.population.id,
        direction=one.direction,
        direction_basis=one.direction_basis,
        leans=one.leans,
        weight=one.weight,
        weight_low=one.weight_range[0] if one.weight_range else None,
        weight_high=one.weight_range[1] if one.weight_range else None,
        p_direction=one.p_direction,
        replication=one.replication,
        measure=one.measure,
        estimate=one.estimate,
        unit=unit_of(one),
        ci_low=one.ci[0] if one.ci else None,
        ci_high=one.ci[1] if one.ci else None,
        estimate_source=one.estimate_source,
        average_estimate=one.average.estimate if one.average else None,
        average_ci_low=one.average.ci[0] if one.average else None,
        average_ci_high=one.average.ci[1] if one.average else None,
        prior_sensitive=one.prior_sensitive,
        excludes_no_effect=one.excludes_no_effect,
        size_low=one.size[0] if one.size else None,
        size_high=one.size[1] if one.size else None,
        little_difference=one.little_difference,
        k=one.k,
        studies=one.studies,
        cohorts=one.cohorts,
        cohorts_if_overlap=one.cohorts_if_overlap,
        patients=one.patients,
        patients_unknown=one.patients_unknown,
        increases=one.increases,
        decreases=one.decreases,
        not_significant=one.not_significant,
        unclear=one.unclear,
        full_text=one.full_text,
        tables=one.tables,
        certainty=one.certainty,
        contested=one.contested.why if one.contested else None,
        contested_with=one.contested.counterpart if one.contested else None,
        findings=list(one.findings),
    )
    return Edge("ASSOCIATED_WITH", one.exposure.id, one.outcome.id, one.population.id, properties, one)


def mechanism_edge(one: MechanismEdge) -> Edge:
    properties = _known(
        caption=one.caption,
        supports=one.supports,
        proposes=one.proposes,
        argues_against=one.argues_against,
        support=one.support,
        claims=list(one.claims),
    )
    return Edge(one.kind, one.start, one.end, "", properties, one)
