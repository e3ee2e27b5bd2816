"""Populations are a graph of parts; a sheet's group belongs to the most specific ones."""

from __future__ import annotations

import pytest

from graph.opening import shipped
from schema.errors import UnknownName
from schema.names import normal
from schema.study import Population


def group(condition: str = "ich", arteriopathy: str = "any", location: str = "any") -> Population:
    return Population.model_validate({"id": "p", "label": "P", "condition": condition, "arteriopathy": arteriopathy, "location": location})


@pytest.mark.parametrize(
    ("condition", "arteriopathy", "location", "nodes"),
    [
        ("ich", "any", "any", ("ich",)),
        ("ich", "other", "infratentorial", ("ich",)),
        ("ich", "caa", "any", ("ich-caa",)),
        ("ich", "caa", "lobar", ("ich-caa", "ich-lobar")),
        ("ich", "hypertensive", "deep", ("ich-deep", "ich-hypertensive")),
        ("ich", "mixed", "any", ("ich-both",)),
        ("ich", "non-caa", "any", ("ich-non-caa",)),
        ("caa", "caa", "lobar", ("caa",)),
        ("controls", "any", "any", ("controls",)),
    ],
)
def test_a_group_belongs_to_the_most_specific_populations(condition: str, arteriopathy: str, location: str, nodes: tuple[str, ...]) -> None:
    assert shipped().populations.nodes_of(group(condition, arteriopathy, location)) == nodes


@pytest.mark.parametrize("condition", shipped().values["condition"])
def test_every_group_that_a_sheet_can_name_has_populations(condition: str) -> None:
    for arteriopathy in shipped().values["arteriopathy"]:
        for location in shipped().values["location"]:
            nodes = shipped().populations.nodes_of(group(condition, arteriopathy, location))
            assert nodes
            assert set(nodes) <= set(shipped().populations)
            assert all(condition in shipped().populations.with_ancestors(node) for node in nodes)


def test_ich_takes_its_parts_and_caa_has_part_in_it() -> None:
    assert shipped().populations.with_parts("ich") == (
        "ich",
        "ich-both",
        "ich-caa",
        "ich-deep",
        "ich-hypertensive",
        "ich-lobar",
        "ich-non-caa",
    )
    assert shipped().populations.with_parts("caa") == ("caa", "ich-caa")
    assert shipped().populations.with_ancestors("ich-caa") == ("caa", "ich", "ich-caa")
    assert shipped().populations.indirect("caa") == ("ich",)
    assert shipped().populations.indirect("ich-lobar") == ("ich",)
    assert shipped().populations.indirect("stroke") == ()


@pytest.mark.parametrize("one", shipped().populations)
def test_parts_and_ancestors_are_two_sides_of_one_relation(one: str) -> None:
    for other in shipped().populations:
        assert (one in shipped().populations.with_ancestors(other)) is (other in shipped().populations.with_parts(one))
    assert not set(shipped().populations.indirect(one)) & set(shipped().populations.with_parts(one))


def test_every_part_names_a_population_and_the_default_is_one() -> None:
    assert all(parent in shipped().populations for node in shipped().populations.values() for parent in node.part_of)
    assert shipped().populations.default in shipped().populations


def test_no_name_stands_for_two_populations() -> None:
    owner: dict[str, str] = {}
    for node in shipped().populations.values():
        for name in (node.id, node.name, *node.synonyms):
            assert owner.setdefault(normal(name), node.id) == node.id


@pytest.mark.parametrize(
    ("name", "node"),
    [
        ("ICH", "ich"),
        ("Intracerebral Hemorrhage", "ich"),
        ("CAA-related ICH", "ich-caa"),
        ("lobar hemorrhage", "ich-lobar"),
        ("ischemic stroke", "ischaemic-stroke"),
        ("post mortem", "post-mortem"),
        ("memory clinic", "cognitive-impairment"),
    ],
)
def test_a_population_is_found_by_id_name_and_synonym(name: str, node: str) -> None:
    assert shipped().populations.resolve(name).id == node


@pytest.mark.parametrize(("name", "near"), [("ich-lobr", "ich-lobar"), ("qqqqqq", "ich")])
def test_an_unknown_population_is_told_with_the_nearest_or_all(name: str, near: str) -> None:
    with pytest.raises(UnknownName) as error:
        shipped().populations.resolve(name)
    assert near in error.value.suggestions
