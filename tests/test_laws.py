"""The laws that hold for any corpus: tested on random selections of the shipped one and on small made-up ones."""

from __future__ import annotations

import hashlib
import itertools
import json
import math
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.build import EvidenceGraph, build, corpus_of, read_all
from graph.opening import shipped, shipped_studies
from graph.synthesis.associations import synthesise
from graph.synthesis.method import VERSION
from schema.association import Association
from schema.study import Finding, Study, canonical

CORPUS = shipped_studies(shipped())
IDS = [study.id for study in CORPUS]

_some = st.sets(st.sampled_from(IDS), min_size=1, max_size=25)
_laws = settings(max_examples=15)


def picked(ids: set[str]) -> list[Study]:
    return [study for study in CORPUS if study.id in ids]


def edges(graph: EvidenceGraph) -> dict[tuple[str, str, str], Association]:
    return {(one.exposure.id, one.outcome.id, one.population.id): one for one in graph.associations}


@_laws
@given(_some, st.randoms(use_true_random=False))
def test_the_order_of_studies_never_matters(ids: set[str], shuffled: random.Random) -> None:
    studies = picked(ids)
    other = list(studies)
    shuffled.shuffle(other)
    assert build(other, shipped()) == build(studies, shipped())


@_laws
@given(_some, st.randoms(use_true_random=False))
def test_the_order_of_rows_never_matters_to_an_association(ids: set[str], shuffled: random.Random) -> None:
    corpus = corpus_of(picked(ids), shipped())
    rows = [row for row in read_all(corpus) if row.outcome == "r-dwi" and row.exposure == "cerebral-microbleeds"]
    other = list(rows)
    shuffled.shuffle(other)
    key = ("cerebral-microbleeds", "r-dwi", "ich")
    assert synthesise(*key, other, corpus) == synthesise(*key, rows, corpus)


@_laws
@given(_some, st.sampled_from(IDS))
def test_removing_a_study_equals_never_having_loaded_it(ids: set[str], gone: str) -> None:
    loaded = [study for study in picked(ids | {gone}) if study.id != gone]
    assert build(loaded, shipped()) == build(picked(ids - {gone}), shipped())


def test_a_study_given_twice_counts_once() -> None:
    studies = [study for study in CORPUS if study.id in {"menon-2012", "kidwell-2017", "xu-2019"}]
    assert build([*studies, *studies], shipped()) == build(studies, shipped())


def test_the_release_is_of_the_content_and_not_of_the_order() -> None:
    whole, reversed_ = build(CORPUS[:20], shipped()), build(CORPUS[19::-1], shipped())
    assert whole.release == reversed_.release != build(CORPUS[:19], shipped()).release


# --- small made-up corpora ---

_OPPOSITE = {"increases": "decreases", "decreases": "increases", "no-association": "no-association", "unclear": "unclear"}


def sheet(name: str, row: dict[str, Any], **study: Any) -> Study:
    """A cohort of 200 with ICH and one finding on cerebral microbleeds and R-DWI."""
    finding = {"exposure": "cerebral-microbleeds", "outcome": "r-dwi", "population": "all", "measure": "p-only", **row}
    population = {"id": "all", "label": "ICH", "condition": "ich", "arteriopathy": "any", "location": "any", "n": 200}
    return Study.model_validate(
        {
            "id": name,
            "read": "abstract",
            "design": "prospective-cohort",
            "n": 200,
            "populations": [population],
            "findings": [finding],
            **study,
        }
    )


def only(studies: list[Study], exposure: str = "cerebral-microbleeds") -> Association:
    return edges(build(studies, shipped()))[exposure, "r-dwi", "ich"]


@st.composite
def rows(draw: st.DrawFn) -> dict[str, Any]:
    """A row as papers print them: a ratio with its interval or p, a bare p, a word."""
    direction = draw(st.sampled_from(["increases", "decreases"]))
    size = draw(st.floats(0.2, 1.5))
    error = draw(st.floats(0.1, 0.7))
    sign = 1 if direction == "increases" else -1
    kind = draw(st.sampled_from(["ci", "p", "bare", "word", "null"]))
    adjusted = draw(st.sampled_from([True, False, None]))
    row: dict[str, Any] = {"direction": direction} | ({} if adjusted is None else {"adjusted": adjusted})
    if kind == "ci":
        value = math.exp(sign * size)
        return row | {
            "measure": "OR",
            "contrast_type": "binary",
            "value": value,
            "ci": (value * math.exp(-1.96 * error), value * math.exp(1.96 * error)),
        }
    if kind == "p":
        return row | {"measure": "OR", "contrast_type": "binary", "value": math.exp(sign * size), "p": draw(st.floats(0.0001, 0.9))}
    if kind == "bare":
        return row | {"p": draw(st.sampled_from([0.001, 0.02, "<0.001", "<0.05", 0.2]))}
    return row if kind == "word" else row | {"direction": "no-association"}


def turned(row: dict[str, Any]) -> dict[str, Any]:
    """The same row with its contrast turned round."""
    other = {**row, "direction": _OPPOSITE[row["direction"]]}
    if "value" in row:
        other["value"] = 1 / row["value"]
    if "ci" in row:
        other["ci"] = (1 / row["ci"][1], 1 / row["ci"][0])
    return other


@_laws
@given(st.lists(rows(), min_size=1, max_size=4))
def test_turning_a_contrast_turns_the_sign_and_nothing_else(given_rows: list[dict[str, Any]]) -> None:
    one = only([sheet(f"s-{i}", row) for i, row in enumerate(given_rows)])
    other = only([sheet(f"s-{i}", turned(row)) for i, row in enumerate(given_rows)])
    assert other.certainty == one.certainty
    assert (other.increases, other.decreases) == (one.decreases, one.increases)
    assert (other.not_significant, other.unclear, other.k) == (one.not_significant, one.unclear, one.k)
    assert other.p_direction == pytest.approx(one.p_direction, abs=1e-6)
    if abs((one.p_direction or 0) - 0.5) > 1e-6:
        swap = {"increases": "decreases", "decreases": "increases"}
        assert other.direction == swap.get(one.direction, one.direction)
        assert other.weight == pytest.approx(one.weight, abs=1e-6)
    if one.estimate is not None:
        assert other.estimate == pytest.approx(1 / one.estimate, rel=1e-6)


@_laws
@given(st.lists(rows(), min_size=1, max_size=4))
def test_saying_reversed_equals_turning_the_row_by_hand(given_rows: list[dict[str, Any]]) -> None:
    by_hand = only([sheet(f"s-{i}", turned(row)) for i, row in enumerate(given_rows)])
    said = only([sheet(f"s-{i}", {**row, "reversed": True}) for i, row in enumerate(given_rows)])
    assert said.direction == by_hand.direction
    assert said.weight == pytest.approx(by_hand.weight, abs=1e-9)
    assert said.estimate == pytest.approx(by_hand.estimate) if by_hand.estimate else said.estimate is None


@_laws
@given(st.floats(1.02, 1.2), st.floats(0.01, 0.06), st.sampled_from([0.1, 2, 5, 10, 100]))
def test_the_unit_of_an_exposure_never_moves_the_weight(value: float, error: float, step: float) -> None:
    ci = (value * math.exp(-1.96 * error), value * math.exp(1.96 * error))
    per_one = {"measure": "OR", "contrast_type": "per-unit", "value": value, "ci": ci, "per": {"step": 1, "unit": "mmHg"}}
    per_step = per_one | {"value": value**step, "ci": (ci[0] ** step, ci[1] ** step), "per": {"step": step, "unit": "mmHg"}}
    if per_step["value"] > 1e100:
        return
    row = {"exposure": "admission-sbp", "direction": "increases"}
    one, other = (only([sheet("s", {**row, **figures})], "admission-sbp") for figures in (per_one, per_step))
    assert other.weight == pytest.approx(one.weight, abs=1e-6)
    assert other.p_direction == pytest.approx(one.p_direction, abs=1e-6)


@_laws
@given(rows(), rows(), st.sampled_from(["cohorts", "overlaps_with", "elsewhere"]))
def test_two_sheets_of_one_cohort_count_once(first: dict[str, Any], second: dict[str, Any], how: str) -> None:
    shared: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
        "cohorts": ({"cohorts": ["ERICH"]}, {"cohorts": ["ERICH"]}),
        "overlaps_with": ({}, {"overlaps_with": ["s-1"]}),
        "elsewhere": ({"overlaps_with": ["not-here"]}, {"overlaps_with": ["not-here"]}),
    }
    one, other = shared[how]
    together = only([sheet("s-1", first, **one), sheet("s-2", second, **other)])
    assert (together.cohorts, together.patients, together.studies) == (1, 200, 2)
    alone = [only([sheet("s-1", first, **one)]), only([sheet("s-2", second, **other)])]
    assert any((together.weight, together.direction, together.estimate) == (each.weight, each.direction, each.estimate) for each in alone)


@_laws
@given(rows(), rows())
def test_sharing_patients_is_symmetric(first: dict[str, Any], second: dict[str, Any]) -> None:
    said_by_one = only([sheet("s-1", first, overlaps_with=["s-2"]), sheet("s-2", second)])
    said_by_other = only([sheet("s-1", first), sheet("s-2", second, overlaps_with=["s-1"])])
    assert said_by_one == said_by_other


def test_an_unstudied_factor_has_no_direction() -> None:
    one = only([sheet("review", {"direction": "increases"}, design="narrative-review")])
    assert (one.direction, one.weight, one.cohorts, one.certainty) == ("inconclusive", None, 0, None)


def test_more_cohorts_that_agree_never_lower_the_weight() -> None:
    words = [sheet(f"s-{i}", {"direction": "increases"}) for i in range(6)]
    weights = [only(words[:k]).weight or 0 for k in range(1, 7)]
    assert all(later >= earlier for earlier, later in itertools.pairwise(weights))


def test_a_finding_keeps_its_id_when_its_figures_are_corrected() -> None:
    row = {"direction": "increases", "measure": "OR", "contrast_type": "binary", "value": 2.0, "ci": (1.1, 3.6)}
    first, corrected = sheet("s", row), sheet("s", {**row, "value": 2.1, "ci": (1.2, 3.7)})
    assert only([first]).findings == only([corrected]).findings


def test_rows_alike_but_for_their_figures_have_ids_of_their_own() -> None:
    study = sheet("s", {"direction": "increases"})
    twice = study.model_copy(update={"findings": (*study.findings, *study.findings)})
    assert len(set(only([twice]).findings)) == 2
    assert isinstance(study.findings[0], Finding)


def test_the_release_is_the_hash_of_the_canonical_json_of_its_content(corpus: tuple[Study, ...], graph: EvidenceGraph) -> None:
    def hashed(value: object) -> str:
        text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
        return hashlib.sha256(text.encode()).hexdigest()

    vocabulary = shipped().vocabulary
    roll_ups = {parent: [child for child, _ in children] for parent, children in vocabulary.roll_ups.items()}
    content = {
        "method": VERSION,
        "field": shipped().digest,
        "vocabulary": hashed({"terms": vocabulary.canonical(), "roll_ups": roll_ups}),
        "studies": [[study.id, hashed(canonical(study))] for study in corpus],
    }
    assert graph.release == hashed(content)
