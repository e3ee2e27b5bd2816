"""What is not known, what one more study would teach, and how large it must be."""

from __future__ import annotations

import json
import math
from itertools import pairwise
from pathlib import Path
from statistics import NormalDist
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from api.cli import app
from graph import questions
from graph.build import build, corpus_of
from graph.opening import shipped
from graph.python import Graph
from graph.questions.filters import Filters
from graph.questions.lists import Page
from graph.stores.memory import MemoryReader, MemoryStore
from graph.synthesis.method import METHOD
from graph.synthesis.next_study import exposed_share, lesson, patients_for, sample_size, shares_with, state_of
from graph.synthesis.weight import ReportedZ, posterior, reference_information, weigh
from schema.across import Gap, State
from schema.answer import Answer
from schema.errors import BadParameter
from schema.study import Study

ALL = Page(limit=None)
EVERY: tuple[State, ...] = get_args(State)
REFERENCE: dict[str, Any] = json.loads((Path(__file__).parent / "reference" / "power.json").read_text())


@pytest.fixture(scope="module")
def everything(reader: MemoryReader) -> Answer[Gap]:
    return questions.Gaps(state=EVERY, page=ALL).answer(reader)


# --- sample size ---


def test_the_reference_keeps_its_cases() -> None:
    assert (len(REFERENCE["equal"]), len(REFERENCE["unequal"])) == (32, 36)


@pytest.mark.parametrize("case", REFERENCE["equal"], ids=str)
def test_groups_of_one_size_need_what_power_prop_test_says(case: dict[str, float]) -> None:
    total = patients_for(case["p1"], case["p2"], 0.5, case["power"])
    assert total / 2 == pytest.approx(case["n"], rel=1e-6)


@pytest.mark.parametrize("case", REFERENCE["unequal"], ids=str)
def test_groups_of_unlike_size_need_what_hmisc_says(case: dict[str, float]) -> None:
    total = patients_for(case["p1"], case["p2"], case["fraction"])
    assert total == pytest.approx(case["n1"] + case["n2"], rel=1e-6)


def test_an_odds_ratio_of_two_in_a_quarter_takes_some_four_hundred_patients() -> None:
    assert sample_size(2.0, 0.24) == 397


@given(
    odds_ratio=st.floats(0.05, 20).filter(lambda one: abs(one - 1) > 1e-3),
    prevalence=st.floats(0.005, 0.995),
    exposed=st.floats(0.05, 0.95),
)
def test_the_two_shares_have_the_odds_ratio_and_together_the_prevalence(odds_ratio: float, prevalence: float, exposed: float) -> None:
    first, second = shares_with(odds_ratio, prevalence, exposed)
    assert 0 < second < 1
    assert exposed * first + (1 - exposed) * second == pytest.approx(prevalence, rel=1e-9)
    assert first * (1 - second) / (second * (1 - first)) == pytest.approx(odds_ratio, rel=1e-6)


@pytest.mark.parametrize("exposed", [0.05, 0.122, 0.3, 0.5, 0.9])
def test_the_sample_has_the_power_that_is_asked_for_whatever_share_is_exposed(exposed: float) -> None:
    # the power of the test of two proportions: Fleiss, Tytun and Ury, Biometrics 1980;36:343-6, their size solved for the power
    normal = NormalDist()
    first, second = shares_with(2.0, 0.24, exposed)
    spread = math.sqrt(0.24 * 0.76 / (exposed * (1 - exposed)))
    other = math.sqrt(first * (1 - first) / exposed + second * (1 - second) / (1 - exposed))

    def power(patients: int) -> float:
        return normal.cdf((abs(first - second) * math.sqrt(patients) - normal.inv_cdf(0.975) * spread) / other)

    size = sample_size(2.0, 0.24, exposed)
    assert power(size - 1) < 0.8 <= power(size)


def people(name: str, exposed: int, rest: int, **sheet: Any) -> Study:
    group = {"id": "p", "label": "P", "condition": "ich", "arteriopathy": "any", "location": "any"}
    counts = {"exposed_cases": 1, "exposed_total": exposed, "unexposed_cases": 1, "unexposed_total": rest}
    row = {
        "exposure": "atrial-fibrillation",
        "outcome": "mortality",
        "population": "p",
        "measure": "OR",
        "direction": "unclear",
        "counts": counts,
    }
    return Study.model_validate(
        {"id": name, "read": "abstract", "populations": [group], "findings": [{**row, **sheet.pop("row", {})}], **sheet}
    )


@pytest.mark.parametrize(
    ("studies", "share"),
    [
        ([people("a", 10, 90)], 0.1),
        ([people("a", 10, 90), people("b", 40, 60)], 0.25),
        # patients who may be the same once, by the larger table
        ([people("a", 10, 90, cohorts=["ERICH"]), people("b", 160, 240, cohorts=["ERICH"])], 0.4),
        # chosen by the outcome, of other papers, the same people twice, printed the other way round
        ([people("a", 10, 90, design="case-control")], None),
        ([people("a", 10, 90, design="meta-analysis")], None),
        ([people("a", 10, 90, row={"role": "within-person"})], None),
        ([people("a", 10, 90, row={"reversed": True})], None),
        (
            [
                people(
                    "a", 10, 90, row={"counts": None, "groups_by": "exposure", "groups": [{"name": "x", "n": 20}, {"name": "y", "n": 80}]}
                )
            ],
            0.2,
        ),
        (
            [people("a", 10, 90, row={"counts": None, "groups_by": "outcome", "groups": [{"name": "x", "n": 20}, {"name": "y", "n": 80}]})],
            None,
        ),
    ],
)
def test_the_share_with_a_factor_is_that_of_printed_groups(studies: list[Study], share: float | None) -> None:
    graph = build(studies, shipped())
    assert exposed_share(graph.observations, corpus_of(studies, shipped())) == (None if share is None else pytest.approx(share))


def test_a_size_rests_on_the_factors_own_share_where_papers_print_it(everything: Answer[Gap]) -> None:
    cells = {(one.factor.id, one.population.id): one for one in everything.items}
    own, assumed = cells["atrial-fibrillation", "ich-hypertensive"], cells["nihss", "ich-hypertensive"]
    assert (own.exposed_source, assumed.exposed_source, assumed.exposed_share) == ("ich", "assumed", METHOD.default_exposed_share)
    assert own.prevalence == assumed.prevalence
    for one in (own, assumed):
        assert one.sample_size == sample_size(2.0, one.prevalence or 0, one.exposed_share or 0)
    assert own.sample_size != assumed.sample_size


def test_a_smaller_effect_takes_more_patients() -> None:
    sizes = [sample_size(one, 0.24) for one in (1.2, 1.5, 2.0, 3.0, 5.0)]
    assert sizes == sorted(sizes, reverse=True)


# --- expected change ---

REPORTS = [
    (),
    (ReportedZ(2.5, 2.5, 26.0),),
    (ReportedZ(-1.0, -1.0, 40.0),),
    (ReportedZ(0.0, math.inf, 26.0),),
    (ReportedZ(-1.96, 1.96, 15.0), ReportedZ(2.2, 2.2, 60.0)),
    (ReportedZ(8.0, 8.0, 900.0),),
    (ReportedZ(2.0, 2.0, 30.0), ReportedZ(-2.0, -2.0, 30.0)),
]


@pytest.mark.parametrize("reports", REPORTS, ids=range(len(REPORTS)))
def test_on_average_the_next_report_moves_the_probability_nowhere(reports: tuple[ReportedZ, ...]) -> None:
    learned = lesson(reports)
    assert learned.mean == pytest.approx(learned.p_increase, abs=1e-6)
    assert 0 <= learned.change <= 0.5


@pytest.mark.parametrize("reports", REPORTS, ids=range(len(REPORTS)))
def test_turning_the_reports_turns_the_probability_and_not_the_change(reports: tuple[ReportedZ, ...]) -> None:
    turned = tuple(ReportedZ(-one.high, -one.low, one.information) for one in reports)
    assert lesson(turned).change == pytest.approx(lesson(reports).change, abs=1e-6)
    assert lesson(turned).p_increase == pytest.approx(1 - lesson(reports).p_increase, abs=1e-6)


def test_the_probability_is_that_of_the_weight() -> None:
    for reports in REPORTS:
        assert lesson(reports).p_increase == pytest.approx(weigh(reports).next_positive, abs=1e-9)


def test_the_change_is_that_of_a_fine_grid_of_what_could_be_reported() -> None:
    from scipy.special import ndtr

    information = reference_information()
    for reports in REPORTS:
        grid = posterior(reports)
        increase = ndtr(grid.mu[None, :] / grid.tau[:, None])
        spread = np.sqrt(1 + grid.tau[:, None] ** 2 * information)
        now = float((grid.mass * increase).sum())
        change = 0.0
        z = np.arange(-22, 22, 0.05)
        for one in z:
            mass = (
                grid.mass
                * np.exp(-0.5 * ((one - grid.mu[None, :] * math.sqrt(information)) / spread) ** 2)
                / (spread * math.sqrt(2 * math.pi))
            )
            change += abs(float((mass * increase).sum()) - now * float(mass.sum())) * 0.05
        assert lesson(reports).change == pytest.approx(change, abs=0.002)


def test_more_evidence_on_one_side_leaves_less_to_learn() -> None:
    changes = [lesson((ReportedZ(2.5, 2.5, 26.0),) * n).change for n in (0, 1, 2, 4, 8)]
    assert changes == sorted(changes, reverse=True)


def test_cohorts_that_contradict_each_other_leave_more_to_learn_than_those_that_agree_for_sure() -> None:
    """Those that agree weakly leave the most: whether there is an effect at all is open, and not only which way it goes."""
    agree, contradict, weakly = (
        lesson(tuple(ReportedZ(z, z, 30.0) for z in pair)).change for pair in ((6.0, 6.0), (-6.0, 6.0), (2.0, 2.0))
    )
    assert weakly > contradict > agree


# --- cells ---


def test_microbleeds_in_ich_are_fairly_known_and_in_caa_weakly(everything: Answer[Gap]) -> None:
    cells = {one.population.id: one for one in everything.items if one.factor.id == "cerebral-microbleeds"}
    assert {name: cell.state for name, cell in cells.items()} == {
        "ich": "fair", "ich-hypertensive": "weak", "ich-caa": "empty", "ich-both": "empty", "caa": "weak",
    }  # fmt: skip
    assert cells["ich"].expected_change < cells["caa"].expected_change < cells["ich-both"].expected_change
    assert cells["ich-both"].known_in == ("caa", "ich", "ich-hypertensive", "ich-non-caa")
    assert cells["ich-both"].prevalence_source == "ich"
    assert cells["ich-caa"].prevalence_source == "ich-caa"


def test_every_factor_known_anywhere_has_a_cell_in_every_column(reader: MemoryReader, everything: Answer[Gap]) -> None:
    factors = {one.exposure.id for one in reader.edges(outcome="r-dwi")}
    columns = ["ich", "ich-hypertensive", "ich-caa", "ich-both", "caa"]
    assert everything.query["population"] == columns
    assert {(one.factor.id, one.population.id) for one in everything.items} == {(factor, place) for factor in factors for place in columns}
    assert everything.total == len(factors) * len(columns)


def test_cells_come_by_what_a_study_would_teach(everything: Answer[Gap]) -> None:
    changes = [one.expected_change for one in everything.items]
    assert changes == sorted(changes, reverse=True)
    assert [one.rank for one in everything.items] == list(range(1, len(changes) + 1))


def test_of_cells_that_would_teach_as_much_the_factor_best_known_anywhere_comes_first(reader: MemoryReader) -> None:
    columns = list(reader.field().columns)
    decided = set()
    for outcome in {one.outcome.id for one in reader.edges()}:
        weight: dict[str, float] = {}
        cohorts: dict[str, int] = {}
        for edge in reader.edges(outcome=outcome):
            factor = edge.exposure.id
            weight[factor] = max(weight.get(factor, 0.0), edge.weight or 0.0)
            cohorts[factor] = max(cohorts.get(factor, 0), edge.cohorts)
        order = [
            (-one.expected_change, -weight[one.factor.id], -cohorts[one.factor.id], one.factor.id, columns.index(one.population.id))
            for one in questions.Gaps(outcome=outcome, state=EVERY, page=ALL).answer(reader).items
        ]
        assert order == sorted(order)
        decided |= {next(i for i, (a, b) in enumerate(zip(*pair, strict=True)) if a != b) for pair in pairwise(order)}
    # by each of the five somewhere, so that none is there in vain
    assert decided == {0, 1, 2, 3, 4}


def test_cells_tell_what_the_edges_tell(reader: MemoryReader, everything: Answer[Gap]) -> None:
    edges = {(one.exposure.id, one.population.id): one for one in reader.edges(outcome="r-dwi")}
    for cell in everything.items:
        edge = edges.get((cell.factor.id, cell.population.id))
        assert cell.state == state_of(edge)
        if edge is None:
            assert (cell.state, cell.cohorts, cell.direction, cell.p_increase) == ("empty", 0, None, 0.5)
            continue
        assert (cell.cohorts, cell.estimate, cell.certainty, cell.caption) == (edge.cohorts, edge.estimate, edge.certainty, edge.caption)
        if edge.p_direction is not None:
            down = edge.direction == "decreases" or edge.leans == "fewer"
            up = edge.direction == "increases" or edge.leans == "more"
            ahead = max(cell.p_increase, 1 - cell.p_increase) if up == down else cell.p_increase if up else 1 - cell.p_increase
            assert edge.p_direction == pytest.approx(max(ahead, 0.5), abs=2e-6), (cell.factor.id, cell.population.id)


def test_only_empty_and_weak_cells_are_shown_unless_asked_for(reader: MemoryReader, everything: Answer[Gap]) -> None:
    shown = questions.Gaps(page=ALL).answer(reader)
    assert shown.items == tuple(one for one in everything.items if one.state != "fair")
    fair = questions.Gaps(state=("fair",), page=ALL).answer(reader)
    assert {*shown.items, *fair.items} == set(everything.items)
    assert shown.note == everything.note


def test_an_outcome_with_a_lesion_is_the_lesions_own_row(reader: MemoryReader) -> None:
    answer = questions.Gaps(lesion="r-dwi", outcome="survival", state=EVERY, page=ALL).answer(reader)
    assert answer.query["turned_from"] == "survival"
    assert {one.factor.id for one in answer.items} == {"r-dwi"}


def test_a_measured_outcome_has_no_sample_size(reader: MemoryReader) -> None:
    measured = [term.id for term in reader.terms().terms.values() if term.unit and reader.edges(outcome=term.id)]
    assert measured
    for one in measured:
        assert all(cell.sample_size is None for cell in questions.Gaps(outcome=one, page=ALL).answer(reader).items)


def test_a_filtered_cell_is_that_of_a_filtered_question(reader: MemoryReader) -> None:
    filters = Filters(adjusted=True)
    found = questions.Gaps(state=EVERY, filters=filters, page=ALL).answer(reader)
    known = {one.exposure.id: one for one in questions.Factors(filters=filters, page=ALL).answer(reader).items}
    for cell in found.items:
        if cell.population.id == "ich" and cell.factor.id in known:
            one = known[cell.factor.id]
            assert (cell.caption, cell.cohorts, cell.certainty) == (one.caption, one.cohorts, one.certainty)
    assert found.unknown_dropped > 0


def test_indirect_adds_the_wider_populations_as_columns(reader: MemoryReader) -> None:
    answer = questions.Gaps(populations=("ich-caa",), filters=Filters(indirect=True)).answer(reader)
    assert answer.query["population"] == ["ich-caa", "caa", "ich"]


def test_nothing_says_why(reader: MemoryReader) -> None:
    filtered = questions.Gaps(filters=Filters(year_to=1950)).answer(reader).why
    assert filtered is not None
    assert (filtered.status, filtered.filter) == ("filtered-out", "year_to")
    unknown = questions.Gaps(lesion="incidental-dwi", outcome="mortality").answer(reader).why
    assert unknown is not None
    assert unknown.status == "not-studied"
    none = questions.Gaps(populations=("animal",), state=("fair",)).answer(reader).why
    assert none is not None
    assert none.filter == "state"


@pytest.mark.parametrize("odds_ratio", [1.0, 0.0, -2.0, 1000.0, math.nan])
def test_an_odds_ratio_that_no_sample_detects_is_refused(reader: MemoryReader, odds_ratio: float) -> None:
    with pytest.raises(BadParameter, match="odds_ratio"):
        questions.Gaps.of({"odds_ratio": odds_ratio}).answer(reader)


def test_python_asks_the_same_questions(reader: MemoryReader) -> None:
    graph = Graph(MemoryStore(reader.graph()))
    assert graph.compare("r-dwi", ["ich-lobar", "ich-deep"]) == questions.Compare(
        lesion="r-dwi", populations=["ich-lobar", "ich-deep"], page=ALL
    ).answer(reader)
    assert graph.paths("CMBs", "r-dwi", "caa", max_length=3) == questions.Paths(
        start="CMBs", end="r-dwi", population="caa", max_length=3, page=ALL
    ).answer(reader)
    known = questions.Gaps(state=("fair",), odds_ratio=3.0, filters=Filters(adjusted=True), page=ALL).answer(reader)
    assert graph.gaps(state=("fair",), odds_ratio=3.0, adjusted=True) == known


def test_a_state_that_is_none_is_refused_with_those_that_are() -> None:
    outcome = CliRunner().invoke(app, ["gaps", "--state", "strong"])
    assert isinstance(outcome.exception, BadParameter)
    assert outcome.exception.allowed == EVERY
