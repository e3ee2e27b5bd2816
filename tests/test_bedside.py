"""Words of the first screen: never surer than the certainty, and of a cause only what randomised comparisons say."""

from __future__ import annotations

from typing import Any

import pytest

from graph.opening import shipped
from graph.questions import Factors, Outcomes
from graph.stores.memory import MemoryReader
from graph.wording import bedside
from schema.association import LEVELS, Association


@pytest.fixture
def known(reader: MemoryReader) -> dict[str, Association]:
    return {one.exposure.id: one for one in Factors().answer(reader).items}


def of(one: Association, **more: Any) -> Association:
    return one.model_copy(update=more)


@pytest.mark.parametrize(
    ("certainty", "more", "fewer", "likely"),
    [
        ("high", "more", "fewer", "more likely"),
        ("moderate", "probably more", "probably fewer", "probably more likely"),
        ("low", "may be more", "may be fewer", "may be more likely"),
        ("very-low", "not known, points to more", "not known, points to fewer", "not known, points to more likely"),
        (None, "not known, points to more", "not known, points to fewer", "not known, points to more likely"),
    ],
)
def test_a_verdict_is_no_surer_than_its_certainty(
    known: dict[str, Association], reader: MemoryReader, certainty: Any, more: str, fewer: str, likely: str
) -> None:
    terms, one = reader.terms(), of(known["cerebral-microbleeds"], certainty=certainty)
    assert bedside.verdict(one, terms["r-dwi"]) == more
    assert bedside.verdict(of(one, direction="decreases"), terms["r-dwi"]) == fewer
    assert bedside.verdict(one, terms["death"] if "death" in terms else terms["mortality"]) == likely


@pytest.mark.parametrize(
    ("certainty", "told"),
    [
        ("high", "Cerebral microbleeds go with {} remote DWI lesions."),
        ("moderate", "Cerebral microbleeds probably go with {} remote DWI lesions."),
        ("low", "Cerebral microbleeds may go with {} remote DWI lesions."),
        ("very-low", _UNKNOWN := (
            "Whether cerebral microbleeds go with more or fewer remote DWI lesions is not known; what there is points to {} "
            "remote DWI lesions."
        )),
        (None, _UNKNOWN),
    ],
)  # fmt: skip
def test_a_sentence_is_no_surer_than_its_certainty(known: dict[str, Association], reader: MemoryReader, certainty: Any, told: str) -> None:
    lesion, one = reader.terms()["r-dwi"], of(known["cerebral-microbleeds"], certainty=certainty)
    assert bedside.sentence(one, lesion) == told.format("more")
    assert bedside.sentence(of(one, direction="decreases"), lesion) == told.format("fewer")
    nothing = of(one, direction="inconclusive", leans=None)
    assert bedside.sentence(nothing, lesion) == "Whether cerebral microbleeds go with more or fewer remote DWI lesions is not clear."
    assert "points to fewer" in bedside.sentence(of(nothing, leans="fewer", increases=0, decreases=1), lesion)
    assert bedside.sentence(of(one, direction="inconsistent"), lesion).startswith("Cohorts contradict each other on whether")
    little = bedside.sentence(of(nothing, little_difference=True), lesion)
    assert ("little or no difference in remote DWI lesions" in little) == (certainty not in {"very-low", None})


def test_a_sentence_names_both_sides_of_any_outcome(known: dict[str, Association], reader: MemoryReader) -> None:
    terms, one = reader.terms(), of(known["age"], direction="inconclusive", leans=None)
    assert bedside.sentence(one, terms["mortality"]) == "Whether age goes with a higher or lower risk of death is not clear."
    assert "a higher or lower chance of haemostatic efficacy" in bedside.sentence(one, terms["haemostatic-efficacy"])


def test_what_is_not_clear_is_never_no_effect(known: dict[str, Association], reader: MemoryReader) -> None:
    lesion, one = reader.terms()["r-dwi"], known["intensive-bp-lowering"]
    assert bedside.verdict(of(one, leans=None), lesion) == "nothing clear"
    assert bedside.verdict(one, lesion) == "nothing clear, leans to fewer"
    assert bedside.verdict(of(one, little_difference=True), lesion) == "little or no difference"
    assert bedside.verdict(of(one, direction="inconsistent"), lesion) == "cohorts contradict each other"


@pytest.mark.parametrize(
    ("certainty", "direction", "little", "word"),
    [
        ("high", "increases", False, "Yes"),
        ("moderate", "increases", False, "Probably"),
        ("low", "increases", False, "Perhaps"),
        ("very-low", "increases", False, "Not known"),
        ("high", "decreases", False, "No, it prevents them"),
        ("moderate", "inconclusive", True, "Probably not"),
        ("high", "inconclusive", False, "Not known"),
        ("high", "inconsistent", False, "Not known"),
        (None, "increases", False, "Not known"),
    ],
)
def test_a_cause_is_told_by_randomised_comparisons_alone(
    known: dict[str, Association], certainty: Any, direction: Any, little: bool, word: str
) -> None:
    trial, seen = known["intensive-bp-lowering"], of(known["acute-bp-reduction"], certainty="high")
    assert bedside.caused([of(trial, certainty=certainty, direction=direction, little_difference=little), seen]) == word
    assert bedside.caused([seen]) == "Not known"
    assert bedside.caused([]) == "Not known"


def test_a_certainty_has_as_many_dots_as_it_has_levels() -> None:
    assert [bedside.dots(level) for level in LEVELS] == ["●○○○", "●●○○", "●●●○", "●●●●"]
    assert bedside.dots(None) == ""


def test_an_estimate_says_where_it_comes_from(known: dict[str, Association], reader: MemoryReader) -> None:
    outcomes = {one.outcome.id: one for one in Outcomes().answer(reader).items}
    told = {name: f"{bedside.shown(one)} {bedside.behind(one)}" for name, one in {**known, **outcomes}.items() if one.estimate is not None}
    assert told["cerebral-microbleeds"] == "OR 2.35 (1.48-3.73) 2 pooled"
    assert told["intensive-bp-lowering"] == "OR 0.74 (0.29-1.87) 1 trial"
    assert told["total-csvd-score"].endswith("1 cohort")
    assert told["poor-functional-outcome"].endswith("review")
    assert bedside.cohorts(known["acute-bp-reduction"]) == "5 of 8 cohorts say more"
    assert bedside.cohorts(known["intensive-bp-lowering"]) == "1 cohort, nothing significant"


def test_parts_stand_under_their_whole_and_nothing_is_lost(known: dict[str, Association]) -> None:
    terms = shipped().vocabulary
    rows = bedside.folded(known.values(), terms, "exposure")
    assert sorted(one.exposure.id for row in rows for one in (row.whole, *row.parts)) == sorted(known)
    for row in rows:
        assert all(terms[part.exposure.id].broader == row.whole.exposure.id for part in row.parts)
    # the first of a family gives its place
    order = [*known]
    places = [min(order.index(one.exposure.id) for one in (row.whole, *row.parts)) for row in rows]
    assert places == sorted(places)
    # a part whose whole isn't listed stands by itself
    alone = bedside.folded([known["map-reduction"]], terms, "exposure")
    assert [(row.whole.exposure.id, row.parts) for row in alone] == [("map-reduction", ())]


def test_factors_are_grouped_by_category_and_markers_by_their_kind(known: dict[str, Association]) -> None:
    field = shipped()
    rows = bedside.folded([known["cerebral-microbleeds"], known["admission-bp"], known["age"]], field.vocabulary, "exposure")
    groups = bedside.grouped(rows, "exposure", field.plurals, field.abbreviations)
    assert list(groups) == ["CSVD markers", "Blood pressure", "Demographics"]
