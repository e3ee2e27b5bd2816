"""KGX: nodes.tsv and edges.tsv with the categories, predicates and slots of the Biolink Model 4, as docs/exports.md has them in tables.

In memory kgx knows an edge by subject, predicate and object alone. So the associations of each population are a pair of files of
their own, and all else is the pair in findings/; in none are these three together there twice.

A predicate never says more than the evidence: an association is a correlation only where its interval excludes no effect or, where there
is no interval, where a cohort reports it as significant. All else is `biolink:related_to`, and `original_predicate` says what it is here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from itertools import chain
from typing import Any, NamedTuple
from urllib.parse import quote

from graph.build import EvidenceGraph
from graph.networks import key_of
from graph.property_graph import Edge, Node, elements
from graph.wording import printed_interval, read
from graph.wording.living import standing
from schema import outputs
from schema.association import Association, MechanismEdge
from schema.observation import Observation
from schema.reference import reference_of
from schema.scales import null_of
from schema.study import Study
from schema.vocabulary import Term

NODE_COLUMNS = ("id", "category", "name", "description", "synonym", "xref", "publication_type", "authors", "provided_by")
EDGE_COLUMNS = (
    "id", "subject", "predicate", "object", "category", "description", "original_predicate", "population_context_qualifier", "qualifiers",
    "publications", "effect_size", "effect_type", "p_value", "evidence_count", "knowledge_level", "agent_type", "primary_knowledge_source",
)  # fmt: skip
SOURCE = "infores:rdwi-graph"
_LIST = "|"
_PUBLICATION = "IAO:0000311"  # of the Information Artifact Ontology

# by label; terms and studies by their own rules
CATEGORIES = {
    "Cohort": "Cohort",
    "Population": "PopulationOfIndividualOrganisms",
    "Finding": "StudyResult",
    "Prevalence": "StudyResult",
    "Claim": "StudyResult",
    "Release": "DatasetVersion",
}
_TERMS = {
    "lesion": "PhenotypicFeature",
    "csvd-marker": "PhenotypicFeature",
    "mechanism": "PathologicalProcess",
    "outcome": "ClinicalFinding",
}
_CLINICAL = frozenset({"arteriopathy", "blood-pressure", "cardiac", "haemorrhage", "laboratory", "severity", "vascular-history"})
_TREATMENTS = frozenset({"medication", "treatment"})

RELATED = "related_to"
# of edges that are not derived: predicate, knowledge level, agent
PREDICATES = {
    "REPORTS": ("mentions", "knowledge_assertion", "manual_agent"),
    "ASSERTS": ("mentions", "knowledge_assertion", "manual_agent"),
    # another one than OUTCOME's: both may lead to the same term
    "EXPOSURE": ("mentions", "observation", "manual_agent"),
    "OUTCOME": (RELATED, "observation", "manual_agent"),
    "OF": (RELATED, "observation", "manual_agent"),
    "ABOUT": (RELATED, "observation", "manual_agent"),
    "IN_POPULATION": (RELATED, "observation", "manual_agent"),
    "DRAWS_ON": (RELATED, "knowledge_assertion", "manual_agent"),
    "OVERLAPS": (RELATED, "knowledge_assertion", "manual_agent"),
    "PART_OF": ("part_of", "knowledge_assertion", "manual_agent"),
    "BROADER": ("related_to_at_concept_level", "knowledge_assertion", "manual_agent"),
    "MAY_ACT_THROUGH": (RELATED, "prediction", "manual_agent"),
    "MAY_LEAD_TO": (RELATED, "prediction", "manual_agent"),
}
# edges between papers and what they share
_OF_PAPERS = frozenset({"DRAWS_ON", "OVERLAPS"})
_CORRELATED = {"increases": "positively_correlated_with", "decreases": "negatively_correlated_with"}
_EFFECTS = {
    "OR": "odds_ratio", "RR": "relative_risk", "HR": "hazard_ratio", "SMD": "standardized_mean_difference",
    "beta": "regression_coefficient", "correlation": "correlation_coefficient",
}  # fmt: skip


# Biolink wants the term of a publication type to be a node itself; the class OntologyClass is a mixin, which no node has alone
_TYPE = {"id": _PUBLICATION, "category": ["biolink:InformationContentEntity"], "name": "publication"}


def write(graph: EvidenceGraph, path: outputs.Place, population: str | None) -> None:
    """The pairs: findings/, and of a named population its own in the folder itself, else populations/ID of each that has associations."""
    nodes, edges = elements(graph, population)
    names = _Names({study.id: _paper(study) for study in graph.studies})
    significant = {one.finding: one.significant for one in graph.observations if one.significant and (one.eligible or one.published)}
    shared = set()
    with ExitStack() as stack:
        findings = _Pair(path / "findings", stack)
        pairs = {} if population is None else {population: _Pair(path, stack)}
        for edge in edges:
            row = _edge(edge, names, significant)
            if isinstance(edge.record, Association):
                place = edge.record.population.id
                if place not in pairs:
                    pairs[place] = _Pair(path / "populations" / place, stack)
                pairs[place].named |= {names.of(f"population:{place}"), row["subject"], row["object"], *row["publications"]}
                pairs[place].edges.row(row)
                continue
            if edge.type in _OF_PAPERS:
                # two sheets of one paper say it of one node
                if (row["subject"], row["object"]) in shared:
                    continue
                shared.add((row["subject"], row["object"]))
            findings.edges.row(row)
        for row in _once(chain([_TYPE], (_node(node, names) for node in nodes))):
            for pair in (findings, *(one for one in pairs.values() if row["id"] in one.named)):
                pair.nodes.row(row)


class _Table:
    def __init__(self, path: outputs.Place, columns: tuple[str, ...], stack: ExitStack) -> None:
        self._out = stack.enter_context(outputs.text(path))
        self._columns = columns
        self._out.write("\t".join(columns) + "\n")

    def row(self, row: Mapping[str, Any]) -> None:
        self._out.write("\t".join(_cell(row.get(column)) for column in self._columns) + "\n")


class _Pair:
    """The two files of a folder; `named` are the ids that its edges name."""

    def __init__(self, folder: outputs.Place, stack: ExitStack) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.nodes = _Table(folder / "nodes.tsv", NODE_COLUMNS, stack)
        self.edges = _Table(folder / "edges.tsv", EDGE_COLUMNS, stack)
        self.named = {_PUBLICATION}


def _once(rows: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Two sheets of one paper have one node."""
    seen = set()
    for row in rows:
        if row["id"] not in seen:
            seen.add(row["id"])
            yield row


def _cell(value: Any) -> str:
    """A list is joined by |, which no part of it may hold; a cell is one line without tabs."""
    if value is None:
        return ""
    if isinstance(value, list | tuple):
        return _LIST.join(_cell(one).replace(_LIST, "/") for one in value)
    return " ".join(str(value).split())


# --- names as CURIEs ---


def _paper(study: Study) -> str:
    if study.pmid is not None:
        return f"PMID:{study.pmid}"
    return f"doi:{study.doi}" if study.doi is not None else f"rdwi:study:{study.id}"


class _Names(NamedTuple):
    """CURIEs of nodes: papers by PMID, else DOI, all else by `rdwi:` and its id here."""

    papers: Mapping[str, str]

    def of(self, node: str) -> str:
        study = node.removeprefix("study:")
        return self.papers[study] if study != node else f"rdwi:{quote(node, safe=':')}"

    def of_findings(self, findings: tuple[str, ...]) -> list[str]:
        """The papers of findings or claims, whose ids begin with the study's."""
        return list(dict.fromkeys(self.papers[finding.partition(":")[0]] for finding in findings))


# --- rows ---


def category_of(term: Term) -> str:
    """The narrowest Biolink class that surely holds of a term."""
    prefixes = {xref.partition(":")[0] for xref in term.xrefs}
    if "MONDO" in prefixes:
        return "Disease"
    if "HP" in prefixes:
        return "PhenotypicFeature"
    if term.kind in _TERMS:
        return _TERMS[term.kind]
    if term.category in _CLINICAL:
        return "ClinicalFinding"
    return "Treatment" if term.category in _TREATMENTS and term.unit is None else "NamedThing"


def _node(node: Node, names: _Names) -> dict[str, Any]:
    row: dict[str, Any] = {"id": names.of(node.id), "name": node.properties["name"], "provided_by": [SOURCE]}
    more: dict[str, Any]
    match node.record:
        case Term() as term:
            more = {"category": category_of(term), "description": term.definition, "synonym": term.synonyms, "xref": term.xrefs}
        case Study() as study:
            more = {
                "category": "Publication",
                "name": study.title or study.label,
                "description": "; ".join(
                    (
                        study.label,
                        study.design or "design not reported",
                        f"read as {read(study.read)}",
                        *([standing(study.standing)] if study.standing is not None else []),
                        *([f"risk of bias {study.risk_of_bias.judgement}"] if study.risk_of_bias is not None else []),
                    )
                ),
                "publication_type": [_PUBLICATION],
                "authors": reference_of(study).named,
                "xref": [f"rdwi:study:{study.id}", *([f"doi:{study.doi}"] if study.doi else [])],
            }
        case Observation() as observation:
            more = {"category": CATEGORIES[node.label], "description": _finding(observation)}
        case _:
            more = {"category": CATEGORIES[node.label]}
    row |= more
    row["category"] = [f"biolink:{row['category']}"]
    return row


def _finding(observation: Observation) -> str:
    row = observation.row
    figures = f"{row.measure} {row.value}" if row.value is not None else row.measure
    interval = f" ({printed_interval(row.ci)})" if row.ci else ""
    return f"{row.direction}; {figures}{interval}" + (f"; p {row.p}" if row.p is not None else "")


def _edge(edge: Edge, names: _Names, significant: Mapping[str, int]) -> dict[str, Any]:
    row: dict[str, Any] = {
        "id": f"rdwi:edge:{quote(f'{edge.start}>{edge.end}', safe=':')}:{key_of(edge)}",
        "subject": names.of(edge.start),
        "object": names.of(edge.end),
        "category": ["biolink:Association"],
        "primary_knowledge_source": SOURCE,
        "original_predicate": f"rdwi:{edge.type}",
    }
    match edge.record:
        case Association() as one:
            row |= _association(one, names, significant)
        case record:
            predicate, row["knowledge_level"], row["agent_type"] = PREDICATES[edge.type]
            row["predicate"] = f"biolink:{predicate}"
            if isinstance(record, MechanismEdge):
                row |= {
                    "description": record.caption,
                    "publications": names.of_findings(record.claims),
                    "evidence_count": len(record.claims),
                }
    return row


def _association(one: Association, names: _Names, significant: Mapping[str, int]) -> dict[str, Any]:
    population = f"rdwi:population:{one.population.id}"
    effect = _EFFECTS.get(one.measure or "")
    shown = f"{one.caption}; in {one.population.name}" + (
        f"; probability of that direction {one.weight:.3f}" if one.weight is not None else ""
    )
    row: dict[str, Any] = {
        "description": shown,
        "original_predicate": f"rdwi:{one.direction}",
        "publications": names.of_findings(one.findings),
        "effect_size": one.estimate if effect else None,
        "effect_type": effect if one.estimate is not None else None,
        "p_value": one.p,
        "evidence_count": len(one.findings),
        "agent_type": "data_analysis_pipeline",
    }
    if not correlated(one, significant):
        return {**row, "predicate": f"biolink:{RELATED}", "qualifiers": [population], "knowledge_level": "observation"}
    return {
        **row,
        "predicate": f"biolink:{_CORRELATED[one.direction]}",
        "category": ["biolink:NamedThingAssociatedWithLikelihoodOfNamedThingAssociation"],
        "population_context_qualifier": population,
        "knowledge_level": "statistical_association",
    }


def correlated(one: Association, significant: Mapping[str, int]) -> bool:
    """Whether an association has a direction that its interval shows or, without one, a cohort's significant report."""
    if one.direction not in _CORRELATED:
        return False
    if one.estimate is not None and one.ci is not None:
        above = one.estimate > null_of(one.measure)
        return bool(one.excludes_no_effect) and above == (one.direction == "increases")
    sign = 1 if one.direction == "increases" else -1
    return any(significant.get(finding) == sign for finding in one.findings)
