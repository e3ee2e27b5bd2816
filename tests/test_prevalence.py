"""How common a lesion is: what adds up, what is only shown, who counts once, and by when it was looked for."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from graph import questions
from graph.build import corpus_of
from graph.opening import shipped, shipped_studies
from graph.stores.memory import MemoryReader
from graph.synthesis.corpus import Corpus
from graph.synthesis.method import METHOD
from graph.synthesis.overlap import overlap
from graph.synthesis.prevalence import count, exact, pool, prevalence, read_prevalence
from schema.association import Prevalence, PrevalenceRow
from schema.study import REVIEWS, Study
from schema.study import Prevalence as Printed


@cache
def corpus() -> Corpus:
    return corpus_of(shipped_studies(shipped()), shipped())


def of(population: str, everything: Corpus, lesion: str = "r-dwi") -> Prevalence:
    """The prevalence from all rows in the population and its parts."""
    lesions, nodes = shipped().vocabulary.takes(lesion), set(shipped().populations.with_parts(population))
    rows = [row for study in everything.studies.values() for row in read_prevalence(study, shipped())]
    return prevalence(lesion, population, [row for row in rows if row.row.lesion in lesions and nodes & set(row.populations)], everything)


@cache
def shipped_prevalence(population: str) -> Prevalence:
    return of(population, corpus())


def alone(study: str, population: str = "ich") -> list[PrevalenceRow]:
    """The rows of one sheet, read with no other study beside it."""
    return list(of(population, corpus_of([corpus().studies[study]], shipped())).rows)


def made(name: str, *rows: dict[str, Any], **more: Any) -> Study:
    """A made-up study of two arms of acute ICH, and of a part of it."""
    arms = [{"id": one, "label": one, "condition": "ich", "arteriopathy": "any", "location": "any"} for one in ("one", "two")]
    lobar = {"id": "lobar", "label": "lobar", "condition": "ich", "arteriopathy": "any", "location": "lobar"}
    printed = [{"population": "one", "lesion": "r-dwi", "main": True, **row} for row in rows]
    return Study.model_validate({"id": name, "read": "abstract", "populations": [*arms, lobar], "prevalence": printed, **more})


@pytest.mark.parametrize(
    ("study", "cases", "total"),
    [("buletko-2018", 10 + 18, 62 + 57), ("butcher-2025", 13 + 14, 42 + 37), ("pszczolkowski-2022", 20 + 28, 96 + 123)],
)
def test_two_arms_of_one_cohort_add_up(study: str, cases: int, total: int) -> None:
    assert [(row.cases, row.total, row.used, row.exact) for row in alone(study)] == [(cases, total, "pooled", True)]


@pytest.mark.parametrize(
    ("study", "whole", "parts"),
    [("auriel-2012", (62, 392), [(47, 293), (20, 117)]), ("gregoire-2011", (15, 114), [(9, 39), (6, 75)])],
)
def test_a_cohort_and_its_strata_are_not_added(study: str, whole: tuple[int, int], parts: list[tuple[int, int]]) -> None:
    rows = alone(study)
    assert [(row.cases, row.total) for row in rows if row.used == "pooled"] == [whole]
    assert [(row.cases, row.total) for row in rows if row.why == "a part of the same cohort"] == parts


def test_a_stratum_is_pooled_where_it_is_asked_for() -> None:
    assert [(row.cases, row.total, row.used) for row in alone("gregoire-2011", "ich-caa")] == [(9, 39, "pooled")]


def test_scans_other_than_a_cohorts_own_first_ones_are_only_shown() -> None:
    shown = [row for row in alone("auriel-2012") if row.why == "not marked as the whole cohort at its first scan"]
    assert [(row.cases, row.total, row.used) for row in shown] == [
        (39, 214, "shown"),
        (23, 178, "shown"),
        (8, 66, "shown"),
        (10, 66, "shown"),
    ]


def test_a_review_is_published_beside_and_never_pooled() -> None:
    found = shipped_prevalence("ich")
    posener = next(one for one in found.published if one.study.id == "posener-2023")
    assert (posener.pct, posener.ci, posener.k) == (23.5, (19.0, 28.6), 18)
    reviews = {one.study.id for one in found.published}
    assert {"boulanger-2019", "li-2024", "posener-2023", "xu-2026"} <= reviews
    assert not reviews & {row.study.id for row in found.rows}


def test_no_two_pooled_cohorts_share_patients_and_those_left_out_say_with_whom() -> None:
    found, patients = shipped_prevalence("ich"), corpus().patients
    pooled = [row.study.id for row in found.rows if row.used == "pooled"]
    assert len(pooled) == len(set(pooled)) > 20
    assert not [(a, b) for i, a in enumerate(pooled) for b in pooled[:i] if overlap(patients[a], patients[b])]
    why = {row.study.id: row.why for row in found.rows if row.why is not None and row.why.startswith("shares patients with")}
    # the pooled analysis of 1,752 before its parts of 600 and 466
    assert why["kidwell-2017"] == why["murthy-2021"] == "shares patients with murthy-2020"


def test_the_pooled_share_is_that_of_the_pooled_rows() -> None:
    found = shipped_prevalence("ich")
    rows = [row for row in found.rows if row.used == "pooled"]
    assert found.pooled is not None
    assert found.pooled == pool(rows)
    assert (found.pooled.cases, found.pooled.total) == (sum(row.cases for row in rows), sum(row.total for row in rows))
    assert (found.pooled.lowest, found.pooled.highest) == (min(row.pct for row in rows), max(row.pct for row in rows))
    assert 20 < found.pooled.pct < 27


# windows


def day(name: str, window: list[int] | None, **imaging: Any) -> Study:
    return made(name, {"cases": 5, "total": 40}, imaging={"mri_window_days": window, **imaging})


def test_a_cohort_is_in_each_window_that_its_last_scan_fits_and_in_none_where_its_day_is_unknown() -> None:
    studies = [
        day("a", [0, 2]),
        day("b", [0, 7]),
        day("c", [1, 14]),
        day("d", [0, 90]),
        day("e", [0, 400]),
        day("f", None, mri_median_day=3),
    ]
    windows = of("ich", corpus_of(studies, shipped())).windows
    assert [(one.until_day, one.cohorts) for one in windows] == [(2, 1), (14, 3), (30, 3), (90, 4), (None, 1)]
    assert [one.pooled.total if one.pooled else None for one in windows] == [40, 120, 120, 160, 40]


def test_windows_are_nested_in_the_corpus() -> None:
    windows = shipped_prevalence("ich").windows
    assert tuple(one.until_day for one in windows) == (*METHOD.mri_windows, None)
    counts = [one.cohorts for one in windows[:-1]]
    assert counts == sorted(counts)
    assert counts[-1] > 0
    assert all((one.pooled is None) == (one.cohorts == 0) for one in windows)


# counts


def test_the_percentage_of_wang_2021_is_a_whole_number_of_patients() -> None:
    (row,) = alone("wang-2021")
    assert (row.cases, row.total, row.exact, row.used) == (48, 171, True, "pooled")


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        ({"cases": 12, "total": 78, "pct": 99}, (12, 78, True)),
        ({"pct": 28.07, "total": 171}, (48, 171, True)),
        ({"pct": 16, "total": 293}, (47, 293, False)),  # 46 fits, too
        ({"pct": 18.9}, None),
        ({"total": 50}, None),
    ],
)
def test_cases_are_printed_worked_out_or_unknown(printed: dict[str, Any], expected: tuple[int, int, bool] | None) -> None:
    assert count(Printed.model_validate({"population": "all", "lesion": "r-dwi", **printed})) == expected


@pytest.mark.parametrize(
    ("cases", "total", "expected"),
    [(10, 100, (4.9004689, 17.6222598)), (0, 20, (0.0, 16.8433471)), (20, 20, (83.1566529, 100.0)), (5, 10, (18.7086028, 81.2913972))],
)
def test_the_interval_of_one_cohort_is_that_of_rs_binom_test(cases: int, total: int, expected: tuple[float, float]) -> None:
    assert exact(cases, total) == pytest.approx(expected, abs=1e-6)


# certainty


def found(*studies: Study) -> Prevalence:
    return of("ich", corpus_of(studies, shipped()))


SCANNED = {"imaging": {"eligible": 100, "scanned": 90}, "read": "full-text"}


def test_a_prevalence_starts_high() -> None:
    studies = [made(name, {"cases": 60, "total": 240}, **SCANNED) for name in ("a", "b", "c", "d", "e")]
    one = found(*studies)
    assert one.certainty == "high"
    assert [reason.step for reason in one.reasons] == [0]


def test_a_single_cohort_is_imprecise_and_an_abstract_caps() -> None:
    assert found(made("a", {"cases": 60, "total": 240}, **SCANNED)).certainty == "moderate"
    read = [made(name, {"cases": 60, "total": 240}, **SCANNED | {"read": "abstract"}) for name in ("a", "b", "c", "d", "e")]
    assert found(*read).certainty == "low"


@pytest.mark.parametrize(
    ("cases", "total", "cohorts", "imprecise"),
    [(0, 50, 2, True), (0, 15, 10, True), (2, 240, 5, True), (60, 240, 5, False), (5, 10, 2, True)],
)
def test_a_rate_is_imprecise_by_the_width_beside_it_as_well_as_in_points(cases: int, total: int, cohorts: int, imprecise: bool) -> None:
    one = found(*[made(f"s{i}", {"cases": cases, "total": total}, **SCANNED) for i in range(cohorts)])
    assert ("imprecision" in {reason.domain for reason in one.reasons if reason.step < 0}) is imprecise


def test_cohorts_that_differ_widely_are_inconsistent() -> None:
    studies = [
        made(name, {"cases": cases, "total": 240}, **SCANNED) for name, cases in zip("abcdef", (12, 40, 70, 100, 150, 200), strict=True)
    ]
    assert "inconsistency" in {reason.domain for reason in found(*studies).reasons if reason.step < 0}


def test_nothing_counted_is_no_prevalence_and_no_certainty() -> None:
    one = found(made("a", {"pct": 18.9}))
    assert (one.pooled, one.certainty, one.reasons, one.windows, one.rows) == (None, None, (), (), ())


def test_every_printed_prevalence_of_a_primary_study_is_shown(reader: MemoryReader) -> None:
    studies = reader.studies()
    counted = uncounted = 0
    for observation in reader.prevalence():
        if studies[observation.study].design in REVIEWS:
            continue
        for place in observation.populations:
            found = questions.Prevalence(lesion=observation.row.lesion, population=place).answer(reader).prevalence
            here = [one.study.id for one in found.rows] if count(observation.row) else [one.study.id for one in found.uncounted]
            assert observation.study in here, (observation.prevalence, place)
        counted += count(observation.row) is not None
        uncounted += count(observation.row) is None
    assert counted > 50
    assert uncounted > 10
