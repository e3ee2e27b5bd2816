"""The populations of a field, as a directed acyclic graph of parts.

A sheet's group of people is told by the values of its axes: condition, arteriopathy, location. A question about a population takes it and
its parts; a population that is part of none and has none stands on its own and is never pooled with another.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any

from pydantic import Field

from schema.errors import UnknownName
from schema.identity import exported
from schema.names import normal, suggest
from schema.study import AXES, Axis, Many, Part, Population, Slug, Text


class PopulationNode(Part):
    """One population. A group belongs to it whose axes have the values of `where`; `implies` is what its name says besides, where a table
    gives a group no more than a name. `code`: its id is no word, so texts say its name instead.
    """

    id: Slug
    name: Text
    synonyms: Many[Text] = ()
    part_of: Many[Slug] = ()
    where: dict[Axis, Slug] = Field(default_factory=dict)
    implies: dict[Axis, Slug] = Field(default_factory=dict)
    code: bool = False


class Populations(Mapping[str, PopulationNode]):
    """All populations by id, in the order of the field; `default` is meant where a question names none, `axes` tell groups apart."""

    def __init__(self, nodes: Iterable[PopulationNode], default: str, axes: tuple[Axis, ...] = AXES) -> None:
        self._nodes = {node.id: node for node in nodes}
        self.default, self.axes = default, axes
        self._around: dict[str, tuple[str, ...]] = {}
        self._inside: dict[str, tuple[str, ...]] = {}

    def __getitem__(self, population: str) -> PopulationNode:
        return self._nodes[population]

    def __iter__(self) -> Iterator[str]:
        return iter(self._nodes)

    def __len__(self) -> int:
        return len(self._nodes)

    @cached_property
    def _names(self) -> dict[str, str]:
        return {normal(name): node.id for node in self._nodes.values() for name in (node.id, node.name, *node.synonyms)}

    def find(self, name: str) -> PopulationNode | None:
        """The population of that id, name or synonym, or id in our exports; or None."""
        found = self._names.get(normal(name)) or self._names.get(normal(exported(name, "population")))
        return self._nodes[found] if found is not None else None

    def resolve(self, name: str | None) -> PopulationNode:
        """The population of that id, name or synonym, the default for None; UnknownName with suggestions where there is none."""
        found = self._nodes[self.default] if name is None else self.find(name)
        if found is None:
            assert name is not None
            raise UnknownName("population", name, suggest(name, self._names, 3) or tuple(sorted(self._nodes)))
        return found

    def with_ancestors(self, population: str) -> tuple[str, ...]:
        """The population and all that it is part of, sorted."""
        if population not in self._around:
            found = {population}
            for parent in self._nodes[population].part_of:
                found.update(self.with_ancestors(parent))
            self._around[population] = tuple(sorted(found))
        return self._around[population]

    def with_parts(self, population: str) -> tuple[str, ...]:
        """The population and all its parts, sorted."""
        if population not in self._inside:
            self._inside[population] = tuple(sorted(node for node in self._nodes if population in self.with_ancestors(node)))
        return self._inside[population]

    def indirect(self, population: str) -> tuple[str, ...]:
        """The ancestors of the population and of its parts, but for the population and its parts themselves."""
        own = set(self.with_parts(population))
        around = {ancestor for part in own for ancestor in self.with_ancestors(part)}
        return tuple(sorted(around - own))

    def nodes_of(self, group: Population) -> tuple[str, ...]:
        """The populations that a sheet's group belongs to: the most specific ones, sorted. One may belong to two, as by place and cause."""
        matched = [node.id for node in self._nodes.values() if all(getattr(group, axis) == value for axis, value in node.where.items())]
        wider = {ancestor for node in matched for ancestor in self.with_ancestors(node) if ancestor != node}
        return tuple(sorted(node for node in matched if node not in wider))

    def described(self, name: str) -> dict[str, str]:
        """What a group of that name is, axis by axis; nothing where the name is no population's."""
        found = self.find(name)
        if found is None:
            return {}
        says: dict[Any, str] = {**found.where, **found.implies}
        return {axis: says.get(axis, "any") for axis in self.axes}
