"""Who shares patients with whom, and the best set of rows of which no two do."""

from __future__ import annotations

import itertools
from typing import Any

import networkx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.opening import shipped
from graph.synthesis import overlap as overlaps
from graph.synthesis.method import METHOD
from graph.synthesis.overlap import Patients, holds, independent, may_share, overlap, patients_of, shares
from schema.observation import Observation
from schema.study import Finding, Study

Graph = tuple[list[tuple[int, float]], list[set[int]]]


@st.composite
def graphs(draw: st.DrawFn, most: int = 12) -> Graph:
    """Rows with what they are worth (small numbers, so that ties are many), and who conflicts with whom."""
    size = draw(st.integers(1, most))
    worth = [(draw(st.integers(0, 1)), draw(st.integers(0, 6))) for _ in range(size)]
    near: list[set[int]] = [set() for _ in range(size)]
    for i, j in itertools.combinations(range(size), 2):
        if draw(st.integers(0, 3)) == 0:
            near[i].add(j)
            near[j].add(i)
    return worth, near


def by_brute_force(worth: list[tuple[int, float]], near: list[set[int]]) -> list[int]:
    best: tuple[Any, ...] = ()
    for size in range(len(worth) + 1):
        for rows in itertools.combinations(range(len(worth)), size):
            if all(j not in near[i] for i, j in itertools.combinations(rows, 2)):
                value = (sum(worth[i][0] for i in rows), sum(worth[i][1] for i in rows), [i in rows for i in range(len(worth))], rows)
                best = max(best, value)
    return list(best[-1])


@settings(max_examples=150)
@given(graphs())
def test_the_chosen_set_is_the_best_of_all_independent_sets(graph: Graph) -> None:
    worth, near = graph
    assert independent(worth, near) == by_brute_force(worth, near)


@settings(max_examples=60)
@given(graphs(60))
def test_a_large_group_is_solved_greedily_and_still_without_conflict(graph: Graph) -> None:
    worth, near = graph
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(overlaps, "METHOD", type(METHOD)(exact_overlap_component=1))
        chosen = independent(worth, near)
    assert all(j not in near[i] for i, j in itertools.combinations(chosen, 2))
    # nothing more could be taken in
    assert all(near[i] & set(chosen) for i in range(len(worth)) if i not in chosen)


def test_a_ring_of_forty_is_solved_exactly_and_one_of_forty_one_is_still_independent() -> None:
    for size in (METHOD.exact_overlap_component, METHOD.exact_overlap_component + 1):
        near = [{(i - 1) % size, (i + 1) % size} for i in range(size)]
        chosen = independent([(1, 1.0)] * size, near)
        assert len(chosen) == size // 2
        assert all(not near[i] & set(chosen) for i in chosen)


def test_sharing_is_not_transitive() -> None:
    """A pooled analysis overlaps two trials that share nothing: the two trials count, or the pooled one where it alone has an estimate."""
    near = [{1}, {0, 2}, {1}]
    assert independent([(1, 10.0), (1, 25.0), (1, 10.0)], near) == [0, 2]
    assert independent([(0, 10.0), (1, 5.0), (0, 10.0)], near) == [1]


@pytest.mark.parametrize(
    ("worth", "expected"),
    [
        ([(1, 1.0), (0, 99.0)], [0]),  # an estimate before information
        ([(1, 1.0), (1, 2.0)], [1]),  # information
        ([(1, 2.0), (1, 2.0)], [0]),  # the first
    ],
)
def test_of_two_that_conflict_the_estimate_speaks_then_the_information_then_the_first(
    worth: list[tuple[int, float]], expected: list[int]
) -> None:
    assert independent(worth, [{1}, {0}]) == expected


def test_among_equals_the_first_are_taken_and_as_many_as_there_can_be() -> None:
    assert independent([(0, 4.0), (0, 2.0), (0, 2.0)], [{1, 2}, {0}, {0}]) == [0]
    assert independent([(0, 0.0)] * 4, [{1}, {0}, set(), set()]) == [0, 2, 3]


Tree = tuple[list[tuple[int, int]], list[set[int]]]


def tree_of(parents: list[int], worth: list[tuple[int, int]]) -> Tree:
    near: list[set[int]] = [set() for _ in worth]
    for child, parent in enumerate(parents, start=1):
        near[child].add(parent)
        near[parent].add(child)
    return worth, near


@st.composite
def trees(draw: st.DrawFn, most: int = 200) -> Tree:
    """A tree of overlaps: each cohort but the first shares patients with one that stands before it; chains among them."""
    size = draw(st.integers(1, most))
    reach = draw(st.sampled_from([1, 3, size]))
    parents = [draw(st.integers(max(0, i - reach), i - 1)) for i in range(1, size)]
    return tree_of(parents, [(draw(st.integers(0, 900)), draw(st.integers(0, 2))) for _ in range(size)])


@settings(max_examples=60)
@given(trees(12))
def test_a_small_tree_is_solved_as_by_brute_force(tree: Tree) -> None:
    worth, near = tree
    assert independent(worth, near) == by_brute_force([(a, float(b)) for a, b in worth], near)


@settings(max_examples=25)
@given(trees())
def test_a_tree_of_two_hundred_is_solved_exactly(tree: Tree) -> None:
    """A tree has two sides, so the best set is what no smallest cut between them takes away."""
    worth, near = tree
    chosen = independent(worth, near)
    assert all(j not in near[i] for i, j in itertools.combinations(chosen, 2))
    sides = networkx.bipartite.color(networkx.Graph([(i, j) for i in range(len(near)) for j in near[i]])) if len(near) > 1 else {0: 0}
    cut = networkx.DiGraph()
    # patients first, then cohorts: one number, in which no sum of the second reaches the first
    whole = [1000 * a + b for a, b in worth]
    for i, side in sides.items():
        cut.add_edge(*(("s", i) if side else (i, "t")), capacity=whole[i])
        cut.add_edges_from((i, j) for j in near[i] if side)
    cut.add_nodes_from("st")
    lost = networkx.minimum_cut_value(cut, "s", "t")
    assert sum(whole[i] for i in chosen) == sum(whole) - lost


@pytest.mark.parametrize("size", [60, 101, 200])
def test_a_chain_is_solved_exactly_however_long(size: int) -> None:
    near = [{j for j in (i - 1, i + 1) if 0 <= j < size} for i in range(size)]
    assert independent([(1, 0)] * size, near) == list(range(0, size, 2))
    # the pool in the middle of a chain is worth more than both that it holds
    heavy = [(5 if i % 3 == 1 else 2, 0) for i in range(size)]
    assert [i for i in independent(heavy, near) if i % 3 == 1] == list(range(1, size, 3))


def who(study: str, **more: Any) -> Patients:
    sets = {key: frozenset(more.get(key, ())) for key in ("cohorts", "overlaps", "elsewhere", "authors")}
    holds = {"pools": frozenset(more.get("pools", ())), "counts_as": more.get("counts_as", 1)}
    return Patients(study, more.get("year"), individual_patient_data=more.get("pooled", False), **sets, **holds)


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        (who("a", cohorts=["ERICH"]), who("b", cohorts=["ATACH-2", "ERICH"]), True),
        (who("a", cohorts=["ERICH"]), who("b", cohorts=["ATACH-2"]), False),
        (who("a", overlaps=["b"]), who("b"), True),
        (who("a"), who("b", overlaps=["a"]), True),
        (who("a", overlaps=["x"], elsewhere=["x"]), who("b", overlaps=["x"], elsewhere=["x"]), True),
        # both overlap a study of the corpus, which doesn't make them overlap each other
        (who("a", overlaps=["c"]), who("b", overlaps=["c"]), False),
        (who("a"), who("a"), True),
        (who("a", pools=["b"]), who("b"), True),
        (who("a", pools=["ERICH"]), who("b", cohorts=["ERICH", "ATACH-2"]), True),
        pytest.param(who("a", pools=["ERICH"]), who("b", pools=["ERICH"]), True),
        (who("a", pools=["c"]), who("b"), False),
        (who("a", authors=["Doe J", "Roe R"]), who("b", authors=["Doe J", "Roe R"]), False),
    ],
)
def test_studies_overlap_by_a_cohort_by_either_ones_word_or_by_a_common_study_outside(a: Patients, b: Patients, expected: bool) -> None:
    assert overlap(a, b) is expected
    assert overlap(b, a) is expected


def observation(study: str, exposure: str = "intensive-bp-lowering", *, randomised: bool = False, condition: str = "ich") -> Observation:
    row = Finding(exposure=exposure, outcome="r-dwi", population="all", measure="p-only", direction="increases", randomised=randomised)
    return Observation(
        finding=f"{study}:1", study=study, position=0, exposure=exposure, outcome="r-dwi", populations=("ich",), condition=condition,
        n=100, n_known=True, outcome_share=0.24, information=18.0, kind="significant", derivation="word", eligible=True, row=row,
    )  # fmt: skip


POOLED = {"a": who("a", pooled=True), "b": who("b"), "c": who("c", cohorts=["X"]), "d": who("d", cohorts=["X"])}


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        (observation("a", randomised=True), observation("b", randomised=True), True),
        (observation("b", randomised=True), observation("a", randomised=True), True),
        (observation("a", randomised=True), observation("b"), False),
        (observation("a"), observation("b"), False),
        (observation("a", randomised=True), observation("b", "platelet-transfusion", randomised=True), False),
        (observation("b", randomised=True), observation("c", randomised=True), False),
        (observation("c"), observation("d"), True),
    ],
)
def test_a_pooled_randomised_row_overlaps_every_trial_of_its_treatment(a: Observation, b: Observation, expected: bool) -> None:
    assert shares(a, b, POOLED) is expected


@pytest.mark.parametrize(
    ("authors", "condition", "expected"),
    [
        (["Doe J", "Roe R"], "ich", True),
        (["Doe J", "Roe R", "Poe E"], "ich", True),
        (["Doe J"], "ich", False),
        (["Doe J", "Roe R"], "caa", False),
    ],
)
def test_two_common_authors_and_the_same_condition_may_mean_the_same_patients(authors: list[str], condition: str, expected: bool) -> None:
    patients = {"a": who("a", authors=["Doe J", "Roe R", "Poe E"]), "b": who("b", authors=authors)}
    assert may_share(observation("a"), observation("b", condition=condition), patients) is expected


def test_patients_are_told_by_the_sheet_and_an_et_al_is_no_author() -> None:
    study = Study(
        id="one", read="abstract", year=2020, design="individual-patient-pooled", cohorts=["ERICH"], overlaps_with=["in-corpus", "outside"],
        authors=["Doe J", "et al."],
    )  # fmt: skip
    expected = who(
        "one", year=2020, cohorts=["erich"], overlaps=["in-corpus", "outside"], elsewhere=["outside"], authors=["Doe J"], pooled=True
    )
    assert patients_of(study, {"one", "in-corpus"}, shipped()) == expected


@pytest.mark.parametrize(
    ("more", "counts_as"),
    [
        ({}, 1),
        ({"pools": ["a", "b"]}, 2),
        ({"pools": ["a", "b"], "k": 16}, 16),
        ({"pools": ["a", "b"], "k": 2}, 2),
        ({"design": "individual-patient-pooled", "k": 7}, 7),
        ({"design": "individual-patient-pooled"}, 1),
        # of anything else k is no number of cohorts
        ({"k": 7}, 1),
    ],
)
def test_a_pool_counts_as_its_k_else_as_many_as_it_names(more: dict[str, Any], counts_as: int) -> None:
    assert patients_of(Study(id="one", read="abstract", **more), {"one"}, shipped()).counts_as == counts_as


@pytest.mark.parametrize(
    ("whole", "part", "expected"),
    [
        (who("w", pools=["a"]), who("a"), True),
        (who("w", pools=["X", "Y"]), who("a", cohorts=["X"]), True),
        (who("w", pools=["X"]), who("a", cohorts=["X", "Y"]), False),
        (who("w", pools=["X"]), who("a"), False),
        (who("w", cohorts=["X"]), who("a", cohorts=["X"]), False),
        (who("a"), who("w", pools=["a"]), False),
    ],
)
def test_a_whole_says_whom_it_holds(whole: Patients, part: Patients, expected: bool) -> None:
    assert holds(whole, part) is expected


def test_beyond_what_can_be_solved_exactly_the_largest_are_taken_first() -> None:
    """Of so many that all share patients with each other the one of most."""
    size = METHOD.exact_overlap_component + 2
    everybody = [set(range(size)) - {i} for i in range(size)]
    sizes = [(i if i != 6 else 2 * size,) for i in range(size)]
    assert independent(sizes, everybody) == [6]
