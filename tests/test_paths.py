"""Chains from one term to another: which there are, in which order, and their weakest link."""

from __future__ import annotations

from itertools import pairwise, product

import networkx as nx
import pytest

from graph import questions
from graph.questions.filters import Filters
from graph.questions.lists import Page
from graph.stores.memory import MemoryReader
from graph.synthesis.chains import chains, links_of, shortest, strength
from schema.across import Chain, Link
from schema.association import CertaintyLevel, TermRef
from schema.errors import BadParameter, UnknownName

ALL = Page(limit=None)


def link(start: str, end: str, certainty: CertaintyLevel | None = "low", weight: float = 0.5, *, support: float | None = None) -> Link:
    ends = {"start": TermRef(id=start, name=start, kind="x"), "end": TermRef(id=end, name=end, kind="x")}
    if support is not None:
        return Link(kind="MAY_LEAD_TO", **ends, support=support, caption="may", papers=())
    ich = TermRef(id="ich", name="ICH", kind="population")
    known = {"population": ich, "direction": "increases", "certainty": certainty, "weight": weight}
    return Link.model_validate({"kind": "ASSOCIATED_WITH", **ends, **known, "caption": f"{weight}", "papers": ()})


# --- named cases ---


def test_microbleeds_lead_to_a_poor_outcome_by_r_dwi_and_of_two_links_alike_the_first_is_named(reader: MemoryReader) -> None:
    found = questions.Paths(start="CMBs", end="poor functional outcome", page=ALL).answer(reader).items
    by_r_dwi = next(one for one in found if one.chain == "cerebral-microbleeds > r-dwi > poor-functional-outcome")
    assert [(one.certainty, one.weight) for one in by_r_dwi.links] == [("low", 0.999), ("low", 0.999)]
    assert by_r_dwi.weakest_at == 0
    assert by_r_dwi.weakest.startswith("cerebral-microbleeds > r-dwi: increases")
    assert all(one.papers for one in by_r_dwi.links)


def test_of_links_of_one_certainty_that_of_the_lowest_weight_is_the_weakest(reader: MemoryReader) -> None:
    found = questions.Paths(start="CMBs", end="poor functional outcome", page=ALL).answer(reader).items
    by_lacunes = next(one for one in found if one.chain == "cerebral-microbleeds > lacunes > r-dwi > poor-functional-outcome")
    first, second, third = by_lacunes.links
    assert (first.certainty, second.certainty, third.certainty) == ("very-low", "very-low", "low")
    assert (second.weight or 0) < (first.weight or 0) < (third.weight or 0)
    assert by_lacunes.weakest_at == 1
    assert by_lacunes.weakest.startswith("lacunes > r-dwi: increases")


def test_hypertension_comes_to_r_dwi_by_claims_alone_since_its_association_is_inconclusive(reader: MemoryReader) -> None:
    (direct,) = reader.edges(exposure="hypertension", outcome="r-dwi", population="ich")
    assert direct.direction == "inconclusive"
    found = questions.Paths(start="hypertension", end="r-dwi", page=ALL).answer(reader)
    assert found.items[0].chain == "hypertension > small-vessel-occlusion > r-dwi"
    assert [one.kind for one in found.items[0].links] == ["MAY_ACT_THROUGH", "MAY_LEAD_TO"]
    assert found.note is not None
    assert "nothing here is a causal proof" in found.note


def test_a_wider_population_adds_links_that_are_weaker_than_any_of_its_own(reader: MemoryReader) -> None:
    assert not questions.Paths(start="age", end="r-dwi", population="ich-both").answer(reader).items
    found = questions.Paths(start="age", end="r-dwi", population="ich-both", filters=Filters(indirect=True)).answer(reader).items
    assert {one.population.id for chain in found for one in chain.links if one.population} == {"ich"}


# --- laws, on the corpus ---


@pytest.mark.parametrize(
    ("start", "end"), [("age", "r-dwi"), ("cerebral-amyloid-angiopathy", "r-dwi"), ("CMBs", "poor-functional-outcome")]
)
@pytest.mark.parametrize("population", ["ich", "caa"])
def test_chains_hang_together_and_come_in_order(reader: MemoryReader, start: str, end: str, population: str) -> None:
    before: set[str] = set()
    for max_length in range(1, 6 + 1):
        found = questions.Paths(start=start, end=end, population=population, max_length=max_length, page=ALL).answer(reader).items
        names = {str((one.chain, [step.kind for step in one.links])) for one in found}
        assert len(names) == len(found)
        assert before <= names
        before = names
        for one in found:
            assert one.length == len(one.links) <= max_length
            assert len({term.id for term in one.terms}) == one.length + 1
            assert all(a.end == b.start for a, b in pairwise(one.links))
            weakest = min(strength(step, population) for step in one.links)
            assert strength(one.links[one.weakest_at], population) == weakest
            assert all(step.direction != "inconclusive" for step in one.links)
        keys = [(tuple(-x for x in min(strength(step, population) for step in one.links)), one.length) for one in found]
        assert keys == sorted(keys)


def test_a_chain_of_one_link_is_the_association_itself(reader: MemoryReader) -> None:
    for one in reader.edges(outcome="r-dwi", population="ich"):
        found = questions.Paths(start=one.exposure.id, end="r-dwi", max_length=1, page=ALL).answer(reader).items
        direct = [chain for chain in found if chain.links[0].kind == "ASSOCIATED_WITH"]
        assert [chain.links[0].caption for chain in direct] == ([one.caption] if one.direction != "inconclusive" else [])


def test_all_chains_are_those_that_networkx_finds(reader: MemoryReader) -> None:
    links = links_of(reader.edges(population="ich"), reader.mechanism_edges(), reader.terms(), reader.studies())
    network = nx.MultiDiGraph()
    for one in links:
        network.add_edge(one.start.id, one.end.id)
    for start, end in product(("age", "hypertension", "cerebral-microbleeds"), ("r-dwi", "poor-functional-outcome")):
        for cutoff in (2, 4, 6):
            walks = list(nx.all_simple_paths(network, start, end, cutoff=cutoff))
            assert len(chains(links, "ich", start, end, cutoff).chains) == len(walks)


# --- laws, on small graphs ---


def test_certainty_comes_before_weight_and_claims_come_last() -> None:
    links = [
        link("a", "b", "moderate", 0.1), link("b", "z", "moderate", 0.2), link("a", "c", "low", 0.9), link("c", "z", "high", 0.9),
        link("a", "d", support=0.9), link("d", "z", "high", 0.9), link("a", "z", None, 0.9),
    ]  # fmt: skip
    found = chains(links, "ich", "a", "z", 3).chains
    assert [one.chain for one in found] == ["a > b > z", "a > c > z", "a > z", "a > d > z"]
    assert found[0].weakest == "a > b: 0.1"


def test_where_there_are_too_many_chains_the_weakest_are_left_out_and_it_is_said() -> None:
    links = [step for i in range(30) for step in (link("a", f"m{i:02}", "low", i / 100), link(f"m{i:02}", "z", "high", 0.9))]
    whole = chains(links, "ich", "a", "z", 2)
    assert len(whole.chains) == 30
    assert whole.bound is None
    few = chains(links, "ich", "a", "z", 2, most=7)
    assert few.chains == whole.chains[:7]
    assert few.bound is not None
    assert few.bound.weight == pytest.approx(0.23)


def test_equally_strong_chains_beyond_the_bound_are_cut() -> None:
    links = [step for i in range(30) for step in (link("a", f"m{i:02}"), link(f"m{i:02}", "z"))]
    few = chains(links, "ich", "a", "z", 2, most=7)
    assert len(few.chains) == 7
    assert few.bound is not None


def test_a_loop_is_no_chain() -> None:
    links = [link("a", "b"), link("b", "a"), link("b", "z"), link("z", "b")]
    assert [one.chain for one in chains(links, "ich", "a", "z", 6).chains] == ["a > b > z"]
    assert shortest(links, "a", "z") == 2
    assert shortest(links, "a", "nowhere") is None


# --- questions ---


def test_no_chain_says_why(reader: MemoryReader) -> None:
    why = questions.Paths(start="acute-bp-reduction", end="seizures").answer(reader).why
    assert why is not None
    assert why.status == "not-studied"
    longer = questions.Paths(start="hypertension", end="r-dwi", max_length=1).answer(reader).why
    assert longer is not None
    assert (longer.filter, longer.status) == ("max_length", "filtered-out")
    assert "The shortest has 2" in longer.text
    filtered = questions.Paths(start="CMBs", end="r-dwi", filters=Filters(year_to=1950)).answer(reader).why
    assert filtered is not None
    assert (filtered.status, filtered.filter) == ("filtered-out", "year_to")


def test_a_filter_on_studies_sifts_the_claims_too(reader: MemoryReader) -> None:
    found = questions.Paths(start="hypertension", end="r-dwi", page=ALL).answer(reader).items
    papers = {paper.id for paper in found[0].links[0].papers}
    without = questions.Paths(start="hypertension", end="r-dwi", filters=Filters(exclude=tuple(sorted(papers))), page=ALL).answer(reader)
    assert found[0].chain not in {one.chain for one in without.items}
    adjusted = questions.Paths(start="hypertension", end="r-dwi", filters=Filters(adjusted=True), page=ALL).answer(reader)
    assert all(step.kind == "ASSOCIATED_WITH" for one in adjusted.items for step in one.links)
    assert adjusted.unknown_dropped > 0


@pytest.mark.parametrize("length", [0, 7, -1])
def test_a_length_out_of_bounds_is_refused(reader: MemoryReader, length: int) -> None:
    with pytest.raises(BadParameter, match="max_length"):
        questions.Paths.of({"start": "age", "end": "r-dwi", "max_length": length}).answer(reader)


def test_wrong_ends_are_refused(reader: MemoryReader) -> None:
    with pytest.raises(BadParameter, match="both are age"):
        questions.Paths(start="age", end="Age").answer(reader)
    with pytest.raises(UnknownName):
        questions.Paths(start="age", end="no-such-thing").answer(reader)


def test_a_page_cuts_the_same_list(reader: MemoryReader) -> None:
    whole = questions.Paths(start="CMBs", end="poor-functional-outcome", page=ALL).answer(reader)
    part = questions.Paths(start="CMBs", end="poor-functional-outcome", page=Page(limit=2, offset=1)).answer(reader)
    assert part.items == whole.items[1:3]
    assert part.total == whole.total
    assert all(isinstance(one, Chain) for one in part.items)
