"""The populations of the graph, as a directed acyclic graph of parts.

A sheet's group of people is told by its condition, arteriopathy and location. A question about a population takes it and its parts;
all but the ICH and CAA families stand on their own and are never pooled with these or with each other.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from schema.errors import UnknownName
from schema.names import normal, suggest
from schema.study import Population


@dataclass(frozen=True, slots=True)
class PopulationNode:
    id: str
    name: str
    synonyms: tuple[str, ...] = ()
    part_of: tuple[str, ...] = ()


POPULATIONS: dict[str, PopulationNode] = {
    node.id: node
    for node in (
        PopulationNode("ich", "intracerebral haemorrhage (ICH)", ("ICH", "intracerebral haemorrhage", "intracerebral hemorrhage")),
        PopulationNode("caa", "cerebral amyloid angiopathy (CAA), with or without ICH", ("CAA", "cerebral amyloid angiopathy")),
        PopulationNode("ich-caa", "ICH with CAA", ("CAA-related ICH", "CAA-ICH", "ICH related to CAA"), ("ich", "caa")),
        PopulationNode(
            "ich-hypertensive",
            "hypertensive ICH",
            ("hypertensive arteriopathy ICH", "HTN-ICH", "hypertensive intracerebral haemorrhage", "hypertensive intracerebral hemorrhage"),
            ("ich",),
        ),
        PopulationNode("ich-both", "ICH with hypertensive arteriopathy and CAA", ("mixed ICH", "mixed arteriopathy ICH"), ("ich",)),
        PopulationNode("ich-non-caa", "ICH without CAA", ("non-CAA ICH", "non CAA ICH"), ("ich",)),
        PopulationNode("ich-lobar", "lobar ICH", ("lobar haemorrhage", "lobar hemorrhage"), ("ich",)),
        PopulationNode("ich-deep", "deep ICH", ("deep haemorrhage", "deep hemorrhage"), ("ich",)),
        PopulationNode(
            "csvd", "cerebral small vessel disease (CSVD)", ("CSVD", "SVD", "small vessel disease", "cerebral small vessel disease")
        ),
        PopulationNode("ischaemic-stroke", "ischaemic stroke", ("ischemic stroke",)),
        PopulationNode("stroke", "stroke of any type", ("any stroke",)),
        PopulationNode("cognitive-impairment", "cognitive impairment or memory clinic", ("memory clinic", "dementia", "MCI")),
        PopulationNode("general-population", "general population", ("community", "population-based")),
        PopulationNode("hospital-imaging", "hospital imaging", ()),
        PopulationNode(
            "intracranial-haemorrhage", "intracranial haemorrhage of any type", ("intracranial hemorrhage", "intracranial haemorrhage")
        ),
        PopulationNode("controls", "controls", ("control",)),
        PopulationNode("comparison", "unlike groups taken together, to be compared", ()),
        PopulationNode("post-mortem", "post-mortem brains", ("autopsy",)),
        PopulationNode("animal", "animals", ("animals",)),
        PopulationNode("other", "other", ()),
    )
}

DEFAULT = "ich"

_ICH_ARTERIOPATHY = {"caa": "ich-caa", "hypertensive": "ich-hypertensive", "mixed": "ich-both", "non-caa": "ich-non-caa"}
_ICH_LOCATION = {"lobar": "ich-lobar", "deep": "ich-deep"}


def nodes_of(population: Population) -> tuple[str, ...]:
    """The nodes that a sheet's group belongs to: the most specific ones, sorted. Lobar ICH with CAA belongs to two."""
    if population.condition != "ich":
        return (population.condition,)
    specific = {
        node for node in (_ICH_ARTERIOPATHY.get(population.arteriopathy), _ICH_LOCATION.get(population.location)) if node is not None
    }
    return tuple(sorted(specific)) or ("ich",)


@cache
def with_ancestors(population: str) -> tuple[str, ...]:
    """The population and all that it is part of, sorted."""
    found = {population}
    for parent in POPULATIONS[population].part_of:
        found.update(with_ancestors(parent))
    return tuple(sorted(found))


@cache
def with_parts(population: str) -> tuple[str, ...]:
    """The population and all its parts, sorted."""
    return tuple(sorted(node for node in POPULATIONS if population in with_ancestors(node)))


@cache
def indirect(population: str) -> tuple[str, ...]:
    """The ancestors of the population and of its parts, but for the population and its parts themselves (CAA: ICH)."""
    own = set(with_parts(population))
    around = {ancestor for part in own for ancestor in with_ancestors(part)}
    return tuple(sorted(around - own))


@cache
def _names() -> dict[str, str]:
    return {normal(name): node.id for node in POPULATIONS.values() for name in (node.id, node.name, *node.synonyms)}


def find_population(name: str) -> PopulationNode | None:
    """The population of that id, name or synonym, or None."""
    found = _names().get(normal(name))
    return POPULATIONS[found] if found is not None else None


def resolve_population(name: str) -> PopulationNode:
    """The population of that id, name or synonym; UnknownName with suggestions where there is none."""
    found = find_population(name)
    if found is None:
        raise UnknownName("population", name, suggest(name, _names(), 3) or tuple(sorted(POPULATIONS)))
    return found
