"""Populations side by side: the test of a difference, and why there is none."""

from __future__ import annotations

import math
from itertools import combinations

import pytest

from graph import questions
from graph.opening import shipped
from graph.questions.filters import Filters
from graph.questions.lists import Page
from graph.stores.memory import MemoryReader
from graph.synthesis.differences import Estimate, difference, estimate_of, selection_note
from graph.synthesis.method import Z95
from schema.across import Comparison, Difference
from schema.answer import Answer
from schema.errors import BadParameter, UnknownName
from schema.observation import Observation

ALL = Page(limit=None)
OUTCOMES = ("r-dwi", "poor-functional-outcome", "cortical-microinfarct", "recurrent-ich", "mortality")


@pytest.fixture(scope="module")
def observations(reader: MemoryReader) -> dict[str, Observation]:
    return {row.finding: row for row in reader.findings()}


def asked(reader: MemoryReader, lesion: str, *populations: str) -> Answer[Comparison]:
    return questions.Compare(lesion=lesion, populations=populations, page=ALL).answer(reader)


def the(answer: Answer[Comparison], factor: str) -> Comparison:
    return next(one for one in answer.items if one.factor.id == factor)


# --- named cases ---


def test_the_three_groups_of_the_field_stand_side_by_side(reader: MemoryReader) -> None:
    answer = questions.Compare(page=ALL).answer(reader)
    assert answer.query["population"] == ["ich-hypertensive", "caa", "ich-both"]
    row = the(answer, "white-matter-hyperintensities")
    assert [cell.direction for cell in row.cells] == ["increases", "inconclusive", "inconclusive"]
    assert [cell.studies > 0 for cell in row.cells] == [True, True, False]
    assert row.cells[2].caption == "not studied here"
    assert [one.why for one in row.differences] == [
        "cannot compare: no estimate in ich-hypertensive and none in caa",
        "cannot compare: no estimate in ich-hypertensive and none in ich-both",
        "cannot compare: no estimate in caa and none in ich-both",
    ]
    assert answer.note is not None
    assert "No difference can be tested" in answer.note
    assert "Selection on having an ICH" in answer.note


def test_lobar_and_deep_ich_of_one_study_are_tested_by_altman_and_bland(reader: MemoryReader) -> None:
    (tested,) = the(asked(reader, "r-dwi", "ich-lobar", "ich-deep"), "early-mri").differences
    # auriel-2012: RR 1.46 (0.86-2.50) and 1.94 (0.76-4.98)
    y = math.log(1.46) - math.log(1.94)
    se = math.hypot(math.log(2.50 / 0.86), math.log(4.98 / 0.76)) / (2 * Z95)
    assert tested.comparable
    assert tested.measure == "ratio of RRs"
    assert tested.estimate == pytest.approx(1.46 / 1.94)
    assert tested.z == pytest.approx(y / se, rel=1e-6)
    assert tested.ci == pytest.approx((math.exp(y - Z95 * se), math.exp(y + Z95 * se)), rel=1e-6)
    assert tested.p == pytest.approx(0.606, abs=0.001)
    assert tested.note is not None
    assert "a single study against a single study" in tested.note
    assert "two groups of one study" in tested.note


def test_contrasts_worded_differently_are_named(reader: MemoryReader) -> None:
    row = the(asked(reader, "cortical-microinfarct", "cognitive-impairment", "comparison"), "cerebral-amyloid-angiopathy")
    assert row.differences[0].contrasts == ("probable CAA vs mixed microbleeds", "CAA vs controls")
    assert "worded differently" in str(row.differences[0].note)


def test_a_part_is_not_compared_with_its_whole(reader: MemoryReader) -> None:
    answer = asked(reader, "r-dwi", "ich", "ich-hypertensive")
    assert {one.why for item in answer.items for one in item.differences} == {
        "cannot compare: ich-hypertensive is part of ich, so the two share patients"
    }
    assert answer.note is not None
    assert "Selection" not in answer.note


def test_a_review_whose_contrast_is_not_told_is_like_nothing(reader: MemoryReader) -> None:
    row = the(asked(reader, "recurrent-ich", "ich", "intracranial-haemorrhage"), "anticoagulant-use")
    assert "is not told well enough" in str(row.differences[0].why)


def test_two_published_reviews_may_hold_the_same_studies(reader: MemoryReader, observations: dict[str, Observation]) -> None:
    corpus = reader.corpus()
    cells = {cell.population.id: cell for cell in the(asked(reader, "r-dwi", "ich", "comparison"), "cerebral-amyloid-angiopathy").cells}
    pair = (cells["ich"], cells["comparison"])
    (review,) = (one.finding for one in cells["ich"].published if one.headline)
    row = observations[cells["comparison"].families[0].rows[0]]
    assert "unlike comparisons" in str(difference(pair, observations, corpus).why)
    # were both of one comparison, the review might have taken in the row, which is not later
    alike = {**observations, review: observations[review].model_copy(update={"comparison": row.comparison})}
    assert "share patients" in str(difference(pair, alike, corpus).why)
    both = {**alike, row.finding: row.model_copy(update={"published": True})}
    assert "share patients" in str(difference(pair, both, corpus).why)


def test_the_same_study_in_groups_that_may_hold_the_same_patients_is_not_compared(
    reader: MemoryReader, observations: dict[str, Observation]
) -> None:
    cells = the(asked(reader, "r-dwi", "ich-lobar", "ich-deep"), "early-mri").cells
    other = cells[1].model_copy(update={"population": cells[1].population.model_copy(update={"id": "ich-caa"})})
    assert difference((cells[0], other), observations, reader.corpus()).why == "cannot compare: both are of auriel-2012"


def test_unlike_families_are_told(reader: MemoryReader, observations: dict[str, Observation]) -> None:
    cells = the(asked(reader, "r-dwi", "ich-lobar", "ich-deep"), "early-mri").cells
    finding = cells[1].families[0].rows[0]
    row = observations[finding]
    assert row.comparison is not None
    turned = row.model_copy(update={"comparison": row.comparison.model_copy(update={"measure": "OR"})})
    found = difference((cells[0], cells[1]), {**observations, finding: turned}, reader.corpus())
    assert found.why is not None
    assert "unlike comparisons: RR" in found.why
    assert "OR" in found.why


# --- laws ---


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_turning_a_pair_turns_the_sign_and_nothing_else(reader: MemoryReader, observations: dict[str, Observation], outcome: str) -> None:
    corpus = reader.corpus()
    by_factor: dict[str, list[object]] = {}
    for one in reader.edges(outcome=outcome):
        by_factor.setdefault(one.exposure.id, []).append(one)
    tested = 0
    for cells in by_factor.values():
        for a, b in combinations(cells, 2):
            there: Difference = difference((a, b), observations, corpus)  # type: ignore[arg-type]
            back: Difference = difference((b, a), observations, corpus)  # type: ignore[arg-type]
            assert there.comparable is back.comparable
            assert (there.why is None) is there.comparable
            if there.comparable:
                tested += 1
                assert there.z is not None
                assert back.z == pytest.approx(-there.z)
                assert back.p == pytest.approx(there.p)
                assert there.ci is not None
                assert there.estimate is not None
                assert there.ci[0] <= there.estimate <= there.ci[1]
                # the interval excludes no difference where p < 0.05, and nowhere else
                ratio = str(there.measure).startswith("ratio")
                assert (there.ci[0] <= (1 if ratio else 0) <= there.ci[1]) is (there.p is not None and there.p >= 0.05)
    assert tested or outcome not in {"r-dwi", "cortical-microinfarct"}


def test_cells_are_the_associations_of_factors(reader: MemoryReader) -> None:
    for lesion in ("r-dwi", "cortical-microinfarct"):
        answer = asked(reader, lesion, "ich", "caa", "cognitive-impairment")
        for at, population in enumerate(("ich", "caa", "cognitive-impairment")):
            known = {one.exposure.id: one for one in questions.Factors(lesion=lesion, population=population, page=ALL).answer(reader).items}
            for item in answer.items:
                assert len(item.cells) == len(item.differences) == 3
                cell = item.cells[at]
                assert cell == known.get(item.factor.id, cell)
                assert (item.factor.id in known) is bool(cell.findings)


def test_each_headline_can_be_read_back(reader: MemoryReader, observations: dict[str, Observation]) -> None:
    sources = set()
    for one in reader.edges():
        estimate = estimate_of(one, observations)
        assert (estimate is None) is (one.ci is None)
        if isinstance(estimate, Estimate):
            assert estimate.se > 0
            sources.add(estimate.source)
    assert sources == {"single-study", "pooled-bayes", "published"}


def test_selection_is_told_where_ich_stands_beside_others_and_nowhere_else() -> None:
    inside = set(shipped().populations.with_parts("ich"))
    for a, b in combinations(sorted(shipped().populations), 2):
        assert (selection_note((a, b), shipped()) is not None) is ((a in inside) is not (b in inside))


def test_indirect_puts_wider_populations_beside_each_cell(reader: MemoryReader) -> None:
    answer = questions.Compare(populations=("ich-hypertensive", "ich-both"), filters=Filters(indirect=True), page=ALL).answer(reader)
    row = the(answer, "cerebral-microbleeds")
    assert [[one.population.id for one in cell.indirect or ()] for cell in row.cells] == [["ich"], ["ich"]]
    assert row.cells[1].caption == "not studied here; indirect evidence only"


def test_a_filter_that_empties_says_so(reader: MemoryReader) -> None:
    answer = questions.Compare(filters=Filters(year_to=1950)).answer(reader)
    assert answer.why is not None
    assert (answer.why.status, answer.why.filter) == ("filtered-out", "year_to")
    nowhere = questions.Compare(populations=("animal", "other")).answer(reader)
    assert nowhere.why is not None
    assert nowhere.why.status == "not-studied"
    assert "intracerebral haemorrhage (ICH)" in nowhere.why.text


def test_wrong_questions_are_refused(reader: MemoryReader) -> None:
    with pytest.raises(BadParameter, match="two populations"):
        questions.Compare(populations=("caa", "CAA")).answer(reader)
    with pytest.raises(UnknownName):
        questions.Compare(populations=("caa", "nowhere")).answer(reader)
