"""Which row is a study's report, and which reports an association rests on. By named sheets, else made up."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import pytest

from graph.build import Associations, build, corpus_of, group, read_all
from graph.opening import shipped, shipped_studies
from graph.synthesis.associations import Synthesis, synthesise
from graph.synthesis.corpus import Corpus
from graph.synthesis.overlap import overlap
from graph.synthesis.reports import StudyReports
from schema.association import Association
from schema.observation import Observation
from schema.study import Study

Key = tuple[str, str, str]


@cache
def corpus() -> Corpus:
    return corpus_of(shipped_studies(shipped()), shipped())


@cache
def edges() -> dict[Key, list[Observation]]:
    return group(read_all(corpus()), shipped())


@cache
def edge(exposure: str, outcome: str, population: str = "ich") -> Synthesis:
    key = (exposure, outcome, population)
    return synthesise(*key, edges()[key], corpus())


def chosen(reports: StudyReports) -> dict[str, int]:
    """Each independent cohort's study, with the place of the row that is its report."""
    return {report.observation.study: report.observation.position for report in reports.cohorts}


def place(study: str, **row: Any) -> int:
    """The place of the one row of a sheet with these figures."""
    rows = corpus().studies[study].findings
    found = [i for i, one in enumerate(rows) if all(getattr(one, key) == value for key, value in row.items())]
    assert len(found) == 1
    return found[0]


# made-up studies

ALL = {"id": "all", "label": "all", "condition": "ich", "arteriopathy": "any", "location": "any", "n": 200}


def finding(**row: Any) -> dict[str, Any]:
    return {"exposure": "hypertension", "outcome": "r-dwi", "population": "all", "measure": "p-only", "direction": "increases", **row}


def odds(value: float, low: float, high: float, **row: Any) -> dict[str, Any]:
    return finding(measure="OR", contrast_type="binary", value=value, ci=[low, high], **row)


def study(name: str, *rows: dict[str, Any], **more: Any) -> Study:
    whole = {"id": name, "read": "abstract", "design": "prospective-cohort", "year": 2020, "n": 200, "populations": [ALL], **more}
    return Study.model_validate({**whole, "findings": list(rows)})


def of_studies(*studies: Study, exposure: str = "hypertension", outcome: str = "r-dwi") -> Synthesis:
    made = corpus_of(studies, shipped())
    key = (exposure, outcome, "ich")
    return synthesise(*key, group(read_all(made), shipped())[key], made)


# inside a study


def test_the_widest_population_is_reported() -> None:
    reports = edge("early-mri", "r-dwi").reports
    assert chosen(reports)["auriel-2012"] == place("auriel-2012", exposure="early-mri", population="all")
    parts = [why for row, why in reports.passed_over.items() if row.startswith("auriel-2012") and "part of the patients" in why]
    assert len(parts) == 2


def test_a_part_of_the_patients_is_reported_where_it_is_asked_for() -> None:
    reports = edge("early-mri", "r-dwi", "ich-lobar").reports
    assert chosen(reports) == {"auriel-2012": place("auriel-2012", exposure="early-mri", population="lobar")}


def test_disjoint_subgroups_are_combined_by_inverse_variance() -> None:
    found = edge("antiplatelet-use", "recurrent-stroke")
    (report,) = found.reports.cohorts
    y = [math.log(0.5), math.log(0.6)]
    weights = [(2 * 1.959963984540054 / math.log(high / low)) ** 2 for low, high in ((0.2, 1.3), (0.3, 1.5))]
    assert len(report.findings) == 2
    assert report.observation.n == 247
    assert report.observation.y == pytest.approx(sum(w * one for w, one in zip(weights, y, strict=True)) / sum(weights))
    assert report.observation.se == pytest.approx(1 / math.sqrt(sum(weights)))
    assert found.association.estimate == pytest.approx(math.exp(report.observation.y or 0))
    assert found.association.cohorts == 1


PARTS = [ALL | {"id": "lobar", "n": 120, "location": "lobar"}, ALL | {"id": "deep", "n": 80, "location": "deep"}]


def test_subgroups_that_do_not_make_up_the_study_are_not_combined_and_the_largest_is_reported() -> None:
    rows = odds(1.5, 0.8, 2.8, population="lobar"), odds(1.2, 0.5, 2.9, population="deep")
    (report,) = of_studies(study("one", *rows, populations=PARTS, n=250)).reports.cohorts
    assert (report.combined, report.observation.row.population) == ((), "lobar")
    (report,) = of_studies(study("one", *rows, populations=PARTS, n=200)).reports.cohorts
    assert len(report.combined) == 2


def test_subgroups_are_not_combined_where_a_wider_row_exists_or_their_measures_differ() -> None:
    rows = odds(1.5, 0.8, 2.8, population="lobar"), odds(1.2, 0.5, 2.9, population="deep")
    (report,) = of_studies(study("one", *rows, finding(direction="no-association"), populations=[ALL, *PARTS])).reports.cohorts
    assert (report.combined, report.observation.row.population) == ((), "all")
    (report,) = of_studies(study("one", rows[0], {**rows[1], "measure": "RR"}, populations=PARTS)).reports.cohorts
    assert (report.combined, report.observation.row.population) == ((), "lobar")


def test_under_a_roll_up_systolic_comes_before_mean_and_diastolic_pressure() -> None:
    reports = edge("admission-bp", "r-dwi").reports
    assert chosen(reports)["arsava-2013"] == place("arsava-2013", exposure="admission-sbp")
    others = [why for row, why in reports.passed_over.items() if row.startswith("arsava-2013")]
    assert len(others) == 3
    assert all("the same population is counted by" in why for why in others)


def test_the_parents_own_row_comes_before_any_childs() -> None:
    rows = odds(1.5, 1.1, 2.1, exposure="admission-sbp"), finding(exposure="admission-bp", direction="no-association")
    (report,) = of_studies(study("one", *rows), exposure="admission-bp").reports.cohorts
    assert report.observation.exposure == "admission-bp"


def test_rows_that_roll_up_by_weight_alone_count_and_are_not_pooled() -> None:
    reports = edge("acute-bp-reduction", "r-dwi").reports
    estimates = [report for report in reports.cohorts if report.observation.kind == "estimate"]
    assert [(report.observation.study, report.poolable) for report in estimates] == [("kidwell-2017", False)]
    # the same row pools on its own edge
    assert all(report.poolable for report in edge("map-reduction", "r-dwi").reports.cohorts if report.observation.study == "kidwell-2017")


def test_an_estimate_comes_before_a_p_value() -> None:
    reports = edge("r-dwi", "poor-functional-outcome").reports
    independent = next(report.observation for report in reports.cohorts if report.observation.study == "garg-2020")
    assert independent.kind == "estimate"
    assert [row for row in reports.passed_over if row.startswith("garg-2020")] == [
        observation.finding for observation in edges()["r-dwi", "poor-functional-outcome", "ich"]
        if observation.study == "garg-2020" and observation.kind != "estimate"
    ]  # fmt: skip


def test_an_adjusted_row_comes_before_a_crude_one() -> None:
    reports = edge("gcs", "r-dwi").reports
    assert chosen(reports)["arsava-2013"] == place("arsava-2013", exposure="gcs", adjusted=True)


@pytest.mark.parametrize(
    ("rows", "first"),
    [
        ([odds(1.1, 0.8, 1.5, adjusted=False), odds(1.2, 0.8, 1.8), odds(1.3, 0.8, 2.1, adjusted=True)], 2),
        ([odds(1.1, 0.8, 1.5, adjusted=False), odds(1.2, 0.8, 1.8)], 1),
        ([odds(1.1, 0.8, 1.5), odds(1.2, 0.8, 1.8)], 0),
        ([finding(p=0.001, adjusted=True), odds(1.2, 0.8, 1.8, adjusted=False)], 1),
    ],
)
def test_an_estimate_then_adjustment_then_the_sheets_order_decide_which_row_is_reported(rows: list[dict[str, Any]], first: int) -> None:
    assert chosen(of_studies(study("one", *rows)).reports) == {"one": first}


def test_of_two_equal_rows_the_first_in_the_sheet_is_reported() -> None:
    reports = edge("intracerebral-haemorrhage", "glymphatic-function", "comparison").reports
    assert chosen(reports)["cai-glymphatic"] == place("cai-glymphatic", p=0.003)


def test_a_row_that_may_not_count_is_passed_over_and_says_why() -> None:
    reports = edge("cerebral-microbleeds", "r-dwi").reports
    assert chosen(reports)["arsava-2013"] == place("arsava-2013", exposure="cerebral-microbleeds", role="main")
    assert any(row.startswith("arsava-2013") and "stepwise" in why for row, why in reports.passed_over.items())


# between studies


def test_murthy_2020_overlaps_trials_that_share_nothing_with_each_other() -> None:
    patients = corpus().patients
    assert overlap(patients["murthy-2020"], patients["kidwell-2017"])
    assert overlap(patients["murthy-2020"], patients["murthy-2021"])
    assert not overlap(patients["kidwell-2017"], patients["murthy-2021"])


def test_of_murthy_2020_and_a_trial_in_it_the_one_that_knows_more_counts_and_the_other_says_so() -> None:
    reports = edge("age", "r-dwi").reports
    assert list(chosen(reports)) == ["murthy-2020"]
    assert [why for row, why in reports.passed_over.items() if row.startswith("kidwell-2017")] == [
        "shares patients with murthy-2020, which votes"
    ]


def test_two_disjoint_cohorts_with_estimates_count_before_the_pooled_one() -> None:
    trials = [study(name, odds(1.5, 0.8, 2.8), cohorts=[name]) for name in ("a-trial", "b-trial")]
    pooled = study("pooled", odds(1.5, 1.1, 2.1), cohorts=["a-trial", "b-trial"], n=400, populations=[ALL | {"n": 400}])
    assert list(chosen(of_studies(*trials, pooled).reports)) == ["a-trial", "b-trial"]
    bare = [study(name, finding(p=0.2), cohorts=[name]) for name in ("a-trial", "b-trial")]
    assert list(chosen(of_studies(*bare, pooled).reports)) == ["pooled"]


def test_a_pooled_analysis_of_a_randomised_treatment_and_its_trials_never_count_together() -> None:
    reports = edge("intensive-bp-lowering", "poor-functional-outcome").reports
    assert list(chosen(reports)) == ["interact2-primary", "qureshi-2016"]
    assert any(row.startswith("bp-ich-ipd-jnnp-table") and "shares patients" in why for row, why in reports.passed_over.items())
    assert list(chosen(edge("intensive-bp-lowering", "mortality").reports)) == ["bp-ich-ipd-jnnp-table"]


def test_cohorts_that_may_share_patients_are_named_and_counted_once_in_the_stricter_count() -> None:
    authors = {"authors": ["Doe J", "Roe R"]}
    found = of_studies(study("one", finding(), **authors), study("two", finding(), **authors), study("three", finding()))
    assert (found.association.cohorts, found.association.cohorts_if_overlap) == (3, 2)
    assert found.reports.possible_overlaps == (("one", "two"),)


# published meta-analyses


def test_a_published_estimate_that_covers_more_than_ours_is_the_headline_and_in_the_weight() -> None:
    found = edge("atrial-fibrillation", "r-dwi")
    one = found.association
    assert (one.estimate_source, one.estimate, one.ci, one.k) == ("published", 3.67, (1.8, 7.49), 18)
    assert (one.direction, one.cohorts) == ("increases", 1)
    assert [report.observation.study for report in found.reports.independent] == ["posener-2023"]


def test_a_headline_may_be_published_and_ours_stands_beside_it() -> None:
    one = edge("r-dwi", "poor-functional-outcome").association
    assert (one.estimate_source, one.estimate, one.ci, one.direction) == ("published", 1.95, (1.48, 2.57), "increases")
    ours = one.families[0]
    assert (ours.k, ours.measure) == (3, "OR")
    assert ours.estimate > 2.57
    # of four cohorts, three with an estimate know more than any one pooled row: they weigh, it doesn't
    assert (one.cohorts, [row.in_weight for row in one.published]) == (4, [False] * len(one.published))


def test_a_cohort_inside_a_published_estimate_is_not_weighed_besides() -> None:
    found = edge("lobar-location", "r-dwi")
    assert found.association.direction == "inconclusive"
    assert (found.association.increases, found.association.not_significant) == (1, 1)
    assert [report.observation.study for report in found.reports.independent] == ["li-2021"]


def test_two_reports_of_one_review_are_shown_and_count_once() -> None:
    shown = edge("diabetes", "r-dwi").association.published
    assert [one.study for one in shown] == ["li-2021", "zou-2021"]
    assert [one.in_weight for one in shown] == [True, False]
    assert [one.headline for one in shown] == [True, False]


def review(**more: Any) -> Study:
    row = odds(1.6, 1.2, 2.1, pooled=True)
    return study("review", row, design="meta-analysis", k=5, n=5000, populations=[ALL | {"n": 5000}], **more)


@pytest.mark.parametrize(
    ("year", "search", "both"),
    [(2021, "2019-06", True), (2019, "2019-06", False), (None, "2019-06", False), (2021, None, True), (2020, None, False)],
)
def test_a_cohort_is_weighed_beside_a_review_only_if_it_is_later_than_its_search(year: int | None, search: str | None, both: bool) -> None:
    reports = of_studies(study("cohort", finding(), year=year), review(year=2020, search_until=search)).reports
    assert [report.observation.study for report in reports.independent] == (["cohort", "review"] if both else ["review"])


def test_a_pooled_row_without_interval_or_a_pooled_difference_is_shown_and_not_weighed() -> None:
    row = odds(1.6, 1.2, 2.1, pooled=True)
    del row["ci"]
    for other in (row, finding(measure="mean-difference", value=2.0, ci=[1.0, 3.0], pooled=True)):
        found = of_studies(study("cohort", finding(direction="no-association")), study("review", other, design="meta-analysis", k=5))
        assert [report.observation.study for report in found.reports.independent] == ["cohort"]
        assert [one.in_weight for one in found.association.published] == [False]


def test_coverage_is_the_reviews_k_and_ours_stays_the_headline_where_it_is_not_larger() -> None:
    cohorts = [study(name, odds(1.5, 0.8, 2.8)) for name in ("one", "two")]
    small, large = (review(year=2024).model_copy(update={"k": k}) for k in (2, 3))
    assert of_studies(*cohorts, small).association.estimate_source == "pooled-bayes"
    assert of_studies(*cohorts, large).association.estimate_source == "published"


# all of it


def test_no_two_cohorts_of_any_association_share_patients() -> None:
    patients = corpus().patients
    for key in edges():
        names = list(chosen(edge(*key).reports))
        assert len(names) == len(set(names))
        assert not [(a, b) for i, a in enumerate(names) for b in names[:i] if overlap(patients[a], patients[b])]


def test_every_row_of_an_association_counts_is_passed_over_or_is_published() -> None:
    for key, rows in edges().items():
        reports = edge(*key).reports
        counted = {finding for report in reports.cohorts for finding in report.findings}
        shown = {observation.finding for observation in reports.published}
        assert counted | set(reports.passed_over) | shown == {observation.finding for observation in rows}
        assert not counted & (set(reports.passed_over) | shown)


def test_one_association_is_made_an_edge_in_order() -> None:
    made = Associations(read_all(corpus()), corpus())
    assert [(one.exposure.id, one.outcome.id, one.population.id) for one in made] == sorted(edges())


# --- what was once wrong ---


def _two_parts(lobar: dict[str, Any], deep: dict[str, Any]) -> Association:
    groups = [
        {"id": place, "label": place, "condition": "ich", "arteriopathy": "any", "location": place, "n": n}
        for place, n in (("lobar", 120), ("deep", 80))
    ]
    rows = [
        {
            "exposure": "age",
            "outcome": "r-dwi",
            "population": place,
            "measure": "OR",
            "contrast_type": "binary",
            "direction": "unclear",
            **row,
        }
        for place, row in (("lobar", lobar), ("deep", deep))
    ]
    study = Study.model_validate(
        {"id": "s", "read": "abstract", "design": "prospective-cohort", "n": 200, "populations": groups, "findings": rows}
    )
    return next(one for one in build([study], shipped()).associations if one.population.id == "ich")


@pytest.mark.parametrize(
    ("lobar", "deep", "direction"),
    [
        ({"value": 1.5, "ci": (0.95, 2.37)}, {"value": 1.6, "ci": (0.95, 2.7)}, "increases"),
        ({"value": 0.7, "ci": (0.4, 1.2)}, {"value": 2.5, "ci": (1.3, 4.8)}, "inconclusive"),
    ],
)
def test_subgroups_put_together_are_significant_by_what_they_are_together(
    lobar: dict[str, Any], deep: dict[str, Any], direction: str
) -> None:
    assert _two_parts(lobar, deep).direction == direction


def test_the_choice_inside_a_study_never_goes_by_what_a_row_found() -> None:
    """An adjusted null comes before a crude significant row, and a row with a p before a bare word."""
    base = {"exposure": "age", "outcome": "r-dwi", "population": "all", "measure": "p-only"}
    group = {"id": "all", "label": "ICH", "condition": "ich", "arteriopathy": "any", "location": "any", "n": 200}
    rows = [
        {**base, "direction": "increases"},
        {**base, "direction": "increases", "p": 0.04, "adjusted": False},
        {**base, "direction": "no-association", "p": 0.3, "adjusted": True},
    ]
    study = Study.model_validate({"id": "s", "read": "abstract", "n": 200, "populations": [group], "findings": rows})
    (one,) = (one for one in build([study], shipped()).associations if one.population.id == "ich")
    assert (one.direction, one.not_significant) == ("inconclusive", 1)
