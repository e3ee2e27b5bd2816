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
from graph.synthesis.method import VERSION, Z95
from schema.association import Association, FamilyResult
from schema.study import Finding, Study, canonical
from schema.units import per_unit

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
    assert any((together.weight, together.direction) == (each.weight, each.direction) for each in alone)
    # one sheet may report and the other have the estimate
    assert together.estimate in [each.estimate for each in alone]
    assert all(family.k == 1 for family in together.families)


@_laws
@given(rows(), rows())
def test_sharing_patients_is_symmetric(first: dict[str, Any], second: dict[str, Any]) -> None:
    said_by_one = only([sheet("s-1", first, overlaps_with=["s-2"]), sheet("s-2", second)])
    said_by_other = only([sheet("s-1", first), sheet("s-2", second, overlaps_with=["s-1"])])
    assert said_by_one == said_by_other


# --- units, hulls, wholes ---

_UNITS = {
    "age": ((1, "years"), (10, "years"), (1, "decade"), (0.5, "decades"), (1, "10 years"), (5, "year")),
    "admission-sbp": ((1, "mmHg"), (10, "mmHg"), (1, "10 mmHg"), (20, "mm Hg")),
}
_EFFECTS = st.tuples(st.floats(-0.06, 0.06), st.floats(0.004, 0.03))


def per_step(y: float, se: float, exposure: str, step: float, unit: str) -> dict[str, Any]:
    """An odds ratio of `y` a year or mmHg, printed per another step."""
    many = per_unit(step, unit)[0]
    bounds = [math.exp(many * (y + z * se)) for z in (-Z95, 0, Z95)]
    printed = {"value": bounds[1], "ci": (bounds[0], bounds[2]), "per": {"step": step, "unit": unit}}
    return {"measure": "OR", "contrast_type": "per-unit", "exposure": exposure, "direction": "unclear", **printed}


@settings(max_examples=40)
@given(st.data(), st.sampled_from(sorted(_UNITS)), st.booleans())
def test_the_unit_of_an_exposure_never_changes_an_answer(data: st.DataObject, exposure: str, spread: bool) -> None:
    """However each paper writes it, all figures turned to one unit are the same, with a spread that is printed and without."""
    effects = data.draw(st.lists(_EFFECTS, min_size=1, max_size=8))
    units = _UNITS[exposure]
    written = [[data.draw(st.sampled_from(units)) for _ in effects] for _ in range(2)]
    more: dict[str, Any] = {"age": {"mean": 70, "sd": 12}} if spread else {}
    one, other = (
        only(
            [
                sheet(f"s-{i}", per_step(*effect, exposure, *unit), **more)
                for i, (effect, unit) in enumerate(zip(effects, as_, strict=True))
            ],
            exposure,
        )
        for as_ in written
    )
    assert other.direction == one.direction
    # certainty: see below
    assert (other.k, other.cohorts, other.prior_sensitive) == (one.k, one.cohorts, one.prior_sensitive)
    assert other.weight == pytest.approx(one.weight, abs=2e-6)
    assert other.i2 == pytest.approx(one.i2, abs=1e-4)
    (a,), (b,) = one.families, other.families
    assert a.estimate_source == b.estimate_source

    def turned_to_one(family: FamilyResult) -> list[float]:
        figures = [family.estimate, *family.ci, family.common.estimate, *family.common.ci]
        more = [family.reml_hk.estimate, *family.reml_hk.ci] if family.reml_hk is not None else []
        scales = [family.tau_scale / family.step] if family.tau_scale is not None else []
        tau = [math.sqrt(family.reml_hk.tau2) / family.step] if family.reml_hk is not None else []
        return [*(math.log(figure) / family.step for figure in (*figures, *more)), *scales, *tau]

    # tau near zero is where a likelihood is flat
    assert turned_to_one(b) == pytest.approx(turned_to_one(a), rel=1e-5, abs=2e-6)


def test_the_unit_of_an_exposure_never_changes_the_certainty() -> None:
    effects = [(0.047, 0.016), (0.047, 0.016), (0.016, 0.016)]
    by_one, by_twenty = (
        only([sheet(f"s-{i}", per_step(*effect, "admission-sbp", step, "mmHg")) for i, effect in enumerate(effects)], "admission-sbp")
        for step in (1, 20)
    )
    assert by_twenty.certainty == by_one.certainty


_RATIOS = st.tuples(st.floats(-1.5, 1.5), st.floats(0.02, 0.9))


def a_ratio(y: float, se: float) -> dict[str, Any]:
    ci = (math.exp(y - Z95 * se), math.exp(y + Z95 * se))
    return {"measure": "OR", "contrast_type": "binary", "value": math.exp(y), "ci": ci, "direction": "unclear"}


def inside(low: float, figure: float, high: float) -> bool:
    return low * (1 - 1e-9) <= figure <= high * (1 + 1e-9)


@settings(max_examples=60)
@given(st.lists(_RATIOS, min_size=2, max_size=4))
def test_the_average_of_a_few_lies_within_the_hull_of_theirs_and_is_no_wider_than_the_narrowest(effects: list[tuple[float, float]]) -> None:
    one = only([sheet(f"s-{i}", a_ratio(*effect)) for i, effect in enumerate(effects)])
    printed = [a_ratio(*effect)["ci"] for effect in effects]
    assert one.average is not None
    low, high = one.average.ci
    assert low >= min(ci[0] for ci in printed) * (1 - 1e-9)
    assert high <= max(ci[1] for ci in printed) * (1 + 1e-9)
    assert math.log(high / low) <= min(math.log(ci[1] / ci[0]) for ci in printed) * (1 + 1e-9)
    points = [math.exp(y) for y, _ in effects]
    assert inside(min(points), one.average.estimate, max(points))
    # allowing for settings that differ is no narrower
    assert one.ci is not None
    assert math.log(one.ci[1] / one.ci[0]) >= math.log(high / low) * (1 - 1e-6)


@settings(max_examples=30)
@given(st.lists(_RATIOS, min_size=5, max_size=9))
def test_from_five_on_the_point_lies_within_the_hull_of_their_points(effects: list[tuple[float, float]]) -> None:
    one = only([sheet(f"s-{i}", a_ratio(*effect)) for i, effect in enumerate(effects)])
    points = [math.exp(y) for y, _ in effects]
    assert one.estimate is not None
    assert inside(min(points), one.estimate, max(points))
    assert one.average is None


def of_size(name: str, n: int | None, row: dict[str, Any], **study: Any) -> Study:
    group = {"id": "all", "label": "ICH", "condition": "ich", "arteriopathy": "any", "location": "any", "n": n}
    return sheet(name, row, n=n, populations=[group], **study)


def counted(studies: list[Study]) -> list[str]:
    """The studies whose reports count."""
    corpus = corpus_of(studies, shipped())
    key = ("cerebral-microbleeds", "r-dwi", "ich")
    found = synthesise(*key, [row for row in read_all(corpus) if row.outcome == "r-dwi"], corpus)
    return [report.observation.study for report in found.reports.cohorts]


_WORDS = st.sampled_from([{"direction": "increases"}, {"direction": "no-association"}, {"direction": "decreases", "p": "<0.05"}])
_FIGURES = st.one_of(_RATIOS.map(lambda effect: a_ratio(*effect)), st.floats(0.001, 0.9).map(lambda p: {"direction": "increases", "p": p}))


@settings(max_examples=60)
@given(st.data(), st.booleans(), st.sampled_from(["0-whole", "z-whole"]), st.booleans())
def test_a_whole_counts_before_its_parts_that_report_alike(data: st.DataObject, figures: bool, name: str, by_cohort: bool) -> None:
    alike = _FIGURES if figures else _WORDS
    sizes = data.draw(st.lists(st.integers(1, 400), min_size=1, max_size=5))
    parts = [of_size(f"p-{i}", n, data.draw(alike), cohorts=[f"Cohort {i}"]) for i, n in enumerate(sizes)]
    names = [f"cohort-{i}" if by_cohort else f"p-{i}" for i in range(len(sizes))]
    # of one part, as large as the whole, see test_study_reports.py
    n = sum(sizes) + data.draw(st.integers(int(len(sizes) == 1), 50))
    others = [of_size(f"other-{i}", data.draw(st.integers(1, 400)), data.draw(alike)) for i in range(data.draw(st.integers(0, 2)))]
    whole = of_size(name, n, data.draw(alike), pools=names)
    assert counted([*parts, *others, whole]) == sorted([name, *(one.id for one in others)])


@settings(max_examples=40)
@given(st.data(), st.integers(1, 900), st.permutations(["a", "b", "c"]))
def test_among_equal_patients_the_estimate_reports(data: st.DataObject, n: int, names: list[str]) -> None:
    estimate = of_size(names[0], n, a_ratio(*data.draw(_RATIOS)), cohorts=["one"])
    exact = [of_size(name, n, {"direction": "increases", "p": data.draw(st.floats(0.001, 0.9))}, cohorts=["one"]) for name in names[1:]]
    assert counted([estimate, *exact]) == [names[0]]


@settings(max_examples=60)
@given(st.data())
def test_a_number_that_is_not_printed_adds_no_patients_and_no_spread(data: st.DataObject) -> None:
    """Cohorts of unknown size come and go: the patients of the set that is chosen stay as many, and so does the scale of the prior."""

    def cohort(name: str, n: int | None) -> Study:
        effect = per_step(*data.draw(_EFFECTS), "age", 1, "years")
        return of_size(name, n, effect, cohorts=sorted(data.draw(st.sets(st.sampled_from("xyz"), max_size=2))))

    known = [cohort(f"k-{i}", data.draw(st.integers(1, 300))) for i in range(data.draw(st.integers(2, 4)))]
    unknown = [cohort(f"u-{i}", None) for i in range(data.draw(st.integers(1, 3)))]
    one, other = only(known, "age"), only([*known, *unknown], "age")
    assert other.patients == one.patients
    assert other.patients_unknown == other.cohorts - sum(row.startswith("k-") for row in other.families[0].rows)
    members = [row.split(":")[0] for row in other.families[0].rows]
    if other.families[0].tau_scale is not None:
        printed = only([study for study in known if study.id in members], "age").families[0]
        if printed.tau_scale is not None:
            assert other.families[0].tau_scale == pytest.approx(printed.tau_scale)


_EVENTLESS = st.sampled_from([(0, 30, 0, 20), (30, 30, 20, 20), (0, 1, 0, 500)])


@settings(max_examples=40)
@given(st.lists(rows(), min_size=1, max_size=6), st.lists(_EVENTLESS, min_size=1, max_size=3), st.sampled_from([True, False, None]))
def test_a_table_without_events_changes_nothing_but_the_patients_that_are_named(
    given_rows: list[dict[str, Any]], tables: list[tuple[int, int, int, int]], adjusted: bool | None
) -> None:
    cohorts = [sheet(f"s-{i}", row) for i, row in enumerate(given_rows)]
    names = ("exposed_cases", "exposed_total", "unexposed_cases", "unexposed_total")
    silent = {"measure": "OR", "contrast_type": "binary", "direction": "no-association", "adjusted": adjusted}
    empty = [sheet(f"e-{i}", {**silent, "counts": dict(zip(names, table, strict=True))}) for i, table in enumerate(tables)]
    one, other = only(cohorts), only([*cohorts, *empty])
    assert other.no_events is not None
    assert other.no_events.studies == tuple(study.id for study in empty)
    assert other.no_events.patients == sum(table[1] + table[3] for table in tables)
    named = {"no_events", "findings"}
    assert other.model_dump(exclude=named) == one.model_dump(exclude=named)
    assert set(other.findings) - set(one.findings) == {finding for finding in other.findings if finding.startswith("e-")}


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
