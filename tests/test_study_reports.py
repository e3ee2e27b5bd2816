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
from graph.synthesis.prevalence import prevalence, read_prevalence
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
    assert found.association.cohorts == 1


def test_disjoint_subgroups_that_make_up_the_study_are_one_estimate_of_it() -> None:
    found = edge("antiplatelet-use", "recurrent-stroke")
    (report,) = found.reports.cohorts
    assert found.association.estimate == pytest.approx(math.exp(report.observation.y or 0))
    assert found.association.families[0].patients == 247


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
        ([finding(p=0.001, adjusted=True), odds(1.2, 0.8, 1.8, adjusted=False)], 0),
        ([odds(1.2, 0.8, 1.8), finding(adjusted=True)], 1),
        ([odds(1.2, 0.8, 1.8, adjusted=False), finding()], 1),
        ([finding(), finding(p=0.03), odds(1.2, 0.8, 1.8)], 2),
        ([finding(), finding(p=0.03)], 1),
        ([finding(), finding(p="<0.05")], 1),
        # an exact p and a bound are as good as each other
        ([finding(p="<0.05"), finding(p=0.03)], 0),
        ([finding(p=0.03), finding(p="<0.05")], 0),
        # never by what a row found
        ([finding(direction="no-association"), finding(direction="increases")], 0),
        ([finding(direction="decreases"), finding(direction="increases")], 0),
        ([finding(direction="no-association", p=0.4), finding(p=0.001)], 0),
        ([odds(1.1, 0.8, 1.5), odds(3.0, 2.0, 4.5)], 0),
    ],
)
def test_adjustment_then_an_estimate_a_p_a_word_then_the_sheets_order_decide_which_row_is_reported(
    rows: list[dict[str, Any]], first: int
) -> None:
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


def test_the_patients_of_a_part_count_inside_the_whole_that_says_that_it_holds_them() -> None:
    reports = edge("age", "r-dwi").reports
    assert "murthy-2020" in chosen(reports)
    assert [why for row, why in reports.passed_over.items() if row.startswith("kidwell-2017")] == [
        "its patients count inside murthy-2020, which holds them"
    ]


def test_the_pool_of_6101_counts_and_its_trials_stand_inside_it() -> None:
    for outcome in ("poor-functional-outcome", "mortality"):
        assert list(chosen(edge("intensive-bp-lowering", outcome).reports)) == ["bp-ich-ipd-jnnp-table"]
    reports = edge("intensive-bp-lowering", "poor-functional-outcome").reports
    inside = [row.split(":")[0] for row, why in reports.passed_over.items() if "count inside bp-ich-ipd-jnnp-table" in why]
    assert {"interact2-primary", "qureshi-2016"} <= set(inside)
    assert corpus().patients["bp-ich-ipd-jnnp-table"].counts_as == 16


def test_of_the_same_841_patients_the_estimate_reports() -> None:
    reports = edge("haemostatic-therapy", "arterial-thromboembolic-events").reports
    assert list(chosen(reports)) == ["diringer-2010"]
    assert any(row.startswith("fast-2008") and "shares patients" in why for row, why in reports.passed_over.items())


def test_of_dose_arms_the_first_in_the_sheet_reports_and_the_others_are_shown() -> None:
    reports = edge("haemostatic-therapy", "haematoma-expansion").reports
    assert chosen(reports)["fast-2008"] == place("fast-2008", outcome="haematoma-expansion", p="<0.001")
    assert [report.observation.significant for report in reports.cohorts] == [-1]
    assert [row.split(":")[0] for row in reports.passed_over] == ["fast-2008"]


def test_li_2021_counts_before_the_part_of_it_that_is_oxvasc() -> None:
    assert list(chosen(edge("lobar-location", "recurrent-ich").reports)) == ["cromis2-stroke-risk-2020", "li-2021-vascular"]


def test_in_a_prevalence_the_whole_counts_before_its_parts() -> None:
    made = corpus()
    rows = [
        row
        for study in made.studies.values()
        for row in read_prevalence(study, made.field)
        if row.row.lesion == "r-dwi" and "ich" in row.populations
    ]
    found = prevalence("r-dwi", "ich", rows, made)
    used = {row.study.id: row.total for row in found.rows if row.used == "pooled"}
    assert used["murthy-2020"] == 1752
    assert not used.keys() & {"kidwell-2017", "murthy-2021"}


@pytest.mark.parametrize(("n", "counted"), [(60, ["whole"]), (54, ["whole"]), (53, ["a", "b"])])
def test_in_a_made_up_prevalence_too(n: int, counted: list[str]) -> None:
    def sheet(name: str, total: int, **more: Any) -> Study:
        row = {"population": "all", "lesion": "r-dwi", "cases": total // 5, "total": total, "main": True}
        return study(name, n=total, populations=[ALL | {"n": total}], prevalence=[row], **more)

    made = corpus_of([sheet("a", 30, cohorts=["Cohort A"]), sheet("b", 30), sheet("whole", n, pools=["cohort-a", "b"])], shipped())
    rows = [row for one in made.studies.values() for row in read_prevalence(one, made.field)]
    assert [row.study.id for row in prevalence("r-dwi", "ich", rows, made).rows if row.used == "pooled"] == counted


def with_row(key: Key, name: str, **row: Any) -> Association:
    """A named association with one more main row in a sheet."""
    given = corpus().studies[name].model_dump(mode="json", exclude_defaults=True)
    given["findings"].append({"exposure": key[0], "outcome": key[1], "population": "all", "role": "main", **row})
    made = corpus_of([*(one for one in corpus().studies.values() if one.id != name), Study.model_validate(given)], shipped())
    return synthesise(*key, group(read_all(made), shipped())[key], made).association


@pytest.mark.parametrize(
    ("key", "name", "counts", "cohorts"),
    [
        (("r-dwi", "major-vascular-events", "ich"), "mgh-wmp101-abstract", (14, 41, 36, 173), 4),
        (("cerebral-microbleeds", "r-dwi", "ich"), "menon-2012", (31, 78, 17, 60), 9),
    ],
)
def test_a_crude_table_never_silences_the_adjusted_result_of_its_own_paper(
    key: Key, name: str, counts: tuple[int, int, int, int], cohorts: int
) -> None:
    table = dict(zip(("exposed_cases", "exposed_total", "unexposed_cases", "unexposed_total"), counts, strict=True))
    one = with_row(key, name, measure="OR", contrast_type="binary", counts=table, adjusted=False, direction="no-association")
    assert (one.increases, one.cohorts) == (cohorts, cohorts)
    # and is an estimate beside it
    assert any(row.startswith(name) for family in one.families for row in family.rows if family.body == "crude")


# between made-up studies


def whole_of(*names: str, n: int, row: dict[str, Any] | None = None, name: str = "whole", **more: Any) -> Study:
    given = odds(1.5, 1.1, 2.1) if row is None else row
    return study(name, given, pools=list(names), n=n, populations=[ALL | {"n": n}], **more)


def sized(name: str, n: int | None, *rows: dict[str, Any], **more: Any) -> Study:
    return study(name, *rows, n=n, populations=[ALL | {"n": n}], **more)


@pytest.mark.parametrize("name", ["0-whole", "z-whole"])
@pytest.mark.parametrize("by", ["id", "cohort"])
def test_a_whole_counts_before_its_parts(name: str, by: str) -> None:
    parts = [sized(one, 30, odds(2.0, 1.2, 3.3), cohorts=[f"{one} cohort"]) for one in ("part-a", "part-b")]
    named = ["part-a", "part-b"] if by == "id" else ["PART-A Cohort", "part b-cohort"]
    for n in (60, 5000):
        found = of_studies(*parts, whole_of(*named, n=n, name=name))
        assert list(chosen(found.reports)) == [name]
        whys = [why for row, why in found.reports.passed_over.items() if row.startswith("part")]
        assert whys == [f"its patients count inside {name}, which holds them"] * 2


def test_a_whole_counts_before_its_one_part_of_as_many_patients() -> None:
    assert list(chosen(of_studies(sized("a", 60, finding()), whole_of("a", n=60, row=finding())).reports)) == ["whole"]


def test_parts_that_tell_of_more_patients_count_before_the_whole() -> None:
    parts = [sized(one, 300, odds(2.0, 1.2, 3.3)) for one in ("a", "b")]
    assert list(chosen(of_studies(*parts, whole_of("a", "b", n=539)).reports)) == ["a", "b"]
    # a pooled analysis leaves out a few of the patients that it holds
    assert list(chosen(of_studies(*parts, whole_of("a", "b", n=540)).reports)) == ["whole"]


@pytest.mark.parametrize(("n", "first"), [(399, "figure"), (401, "word")])
@pytest.mark.parametrize("word", [{}, {"p": "<0.05"}, {"direction": "no-association"}, {"direction": "no-association", "p": ">0.05"}])
@pytest.mark.parametrize("figure", [{"p": 0.03}, {"measure": "OR", "value": 1.5}, odds(1.5, 1.1, 2.1)])
def test_a_word_or_a_bound_counts_a_quarter_of_its_patients(n: int, first: str, word: dict[str, Any], figure: dict[str, Any]) -> None:
    found = of_studies(sized("figure", 100, finding(**figure), cohorts=["X"]), sized("word", n, finding(**word), cohorts=["X"]))
    assert list(chosen(found.reports)) == [first]


def test_a_cohort_that_prints_a_figure_anywhere_counts_whole() -> None:
    """Its report is a word, adjusted, and its crude figure stands beside."""
    both = sized("a", 150, finding(adjusted=True), odds(1.5, 1.1, 2.1, adjusted=False), cohorts=["X"])
    found = of_studies(both, sized("b", 149, odds(1.5, 1.1, 2.1), cohorts=["X"]))
    assert chosen(found.reports) == {"a": 0}


def test_a_number_that_is_not_printed_counts_nothing() -> None:
    unknown, tiny = sized("a", None, odds(1.5, 1.1, 2.1), cohorts=["X"]), sized("b", 1, finding(), cohorts=["X"])
    found = of_studies(unknown, tiny)
    assert list(chosen(found.reports)) == ["b"]
    alone = of_studies(unknown).association
    assert (alone.cohorts, alone.patients, alone.patients_unknown) == (1, None, 1)


def test_among_equal_patients_the_estimate_reports_then_the_first() -> None:
    p, estimate = sized("a", 841, finding(p=0.04), cohorts=["FAST"]), sized("b", 841, odds(2.1, 1.1, 4.3), cohorts=["FAST"])
    assert list(chosen(of_studies(p, estimate).reports)) == ["b"]
    assert list(chosen(of_studies(sized("b", 841, finding(p=0.04), cohorts=["FAST"]), p).reports)) == ["a"]


def test_who_shares_with_others_and_has_exactly_as_many_patients_is_their_whole() -> None:
    parts = [sized(name, 200, odds(1.5, 0.8, 2.8)) for name in ("a", "b")]
    for n, expected in ((400, ["c"]), (399, ["a", "b"])):
        assert list(chosen(of_studies(*parts, sized("c", n, odds(1.5, 1.1, 2.1), overlaps_with=["a", "b"])).reports)) == expected


def test_where_no_number_is_printed_most_cohorts_count_estimates_first() -> None:
    def three(row: dict[str, Any], part: dict[str, Any], k: int) -> list[str]:
        parts = [sized(name, None, part) for name in ("a", "b")]
        return list(chosen(of_studies(*parts, study("whole", row, pools=["a", "b"], k=k, n=None, populations=[ALL | {"n": None}])).reports))

    assert three(finding(), finding(), 3) == ["whole"]
    assert three(finding(), odds(1.5, 1.1, 2.1), 3) == ["a", "b"]
    assert three(odds(1.5, 1.1, 2.1), odds(1.5, 1.1, 2.1), 3) == ["whole"]


def test_who_holds_a_cohort_shares_patients_with_all_who_share_with_it() -> None:
    inside, other = sized("a", 100, odds(2.0, 1.2, 3.3), cohorts=["X"]), sized("b", 90, odds(2.0, 1.2, 3.3), cohorts=["X"])
    assert list(chosen(of_studies(inside, other, whole_of("a", n=500)).reports)) == ["whole"]


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("INTERACT2", "INTERACT-2", True),
        ("INTERACT2", "Interact 2", True),
        ("INTERACT\u20112", "interact\u20132", True),
        ("ATACH-2", "ATACH II", True),
        ("Clear III", "CLEAR 3", True),
        ("INTERACT1", "INTERACT2", False),
        ("ATACH", "ATACH-2", False),
    ],
)
def test_cohort_names_are_folded(one: str, other: str, alike: bool) -> None:
    found = of_studies(sized("a", 100, odds(2.0, 1.2, 3.3), cohorts=[one]), sized("b", 90, odds(2.0, 1.2, 3.3), cohorts=[other]))
    assert list(chosen(found.reports)) == (["a"] if alike else ["a", "b"])


GROUPS = [
    ALL | {"id": "lobar", "label": "lobar", "n": 120, "location": "lobar"},
    ALL | {"id": "deep", "label": "deep", "n": 80, "location": "deep"},
]


def test_two_cohorts_of_one_paper_that_share_nobody_both_count() -> None:
    rows = odds(1.5, 1.1, 2.1, population="lobar"), odds(1.2, 0.5, 2.9, population="deep")
    apart = [group | {"disjoint": True} for group in GROUPS]
    found = of_studies(study("one", *rows, populations=apart, n=200))
    assert [(report.cohort, report.observation.n) for report in found.reports.cohorts] == [("one deep", 80), ("one lobar", 120)]
    assert (found.association.cohorts, found.association.patients, found.association.k) == (2, 200, 2)
    one = of_studies(study("one", *rows, populations=GROUPS, n=250))
    assert (one.association.cohorts, one.association.k) == (1, 1)


def test_disjoint_cohorts_of_one_paper_and_its_whole_count_once() -> None:
    rows = odds(1.5, 1.1, 2.1, population="lobar"), odds(1.2, 0.5, 2.9, population="deep"), odds(1.4, 1.1, 1.8)
    found = of_studies(study("one", *rows, populations=[ALL, *(group | {"disjoint": True} for group in GROUPS)]))
    assert [(report.cohort, report.observation.n) for report in found.reports.cohorts] == [("one", 200)]


def test_a_disjoint_cohort_shares_with_another_paper_as_its_own_paper_does() -> None:
    rows = odds(1.5, 1.1, 2.1, population="lobar"), odds(1.2, 0.5, 2.9, population="deep")
    apart = study("one", *rows, populations=[group | {"disjoint": True} for group in GROUPS], cohorts=["X"])
    for n, expected in ((199, ["one", "one"]), (201, ["two"])):
        found = of_studies(apart, sized("two", n, odds(1.5, 1.1, 2.1), cohorts=["X"]))
        assert [report.observation.study for report in found.reports.cohorts] == expected


# a report and estimates: two questions


def test_the_report_and_the_estimate_of_a_cohort_may_be_two_rows() -> None:
    found = of_studies(study("one", finding(adjusted=True), odds(1.2, 0.8, 1.8, adjusted=False)))
    assert chosen(found.reports) == {"one": 0}
    assert found.association.increases == 1
    assert (found.association.estimate, found.association.families[0].body) == (1.2, "crude")


@pytest.mark.parametrize(("n", "estimated"), [(100, True), (99, False)])
def test_an_estimate_is_of_at_least_half_of_the_cohort(n: int, estimated: bool) -> None:
    part = ALL | {"id": "scanned", "label": "scanned", "n": n}
    found = of_studies(study("one", finding(), odds(1.2, 0.8, 1.8, population="scanned"), populations=[ALL, part]))
    assert chosen(found.reports) == {"one": 0}
    assert (found.association.estimate == 1.2) is estimated
    assert len(found.association.families) == estimated


def test_an_estimate_is_of_the_widest_population_that_has_one_there() -> None:
    parts = [ALL | {"id": name, "label": name, "n": n} for name, n in (("most", 180), ("half", 110))]
    rows = (
        odds(1.2, 0.8, 1.8, population="half"),
        odds(1.4, 0.9, 2.2, population="most"),
        odds(3.0, 1.5, 6.0, population="half") | {"measure": "HR"},
    )
    found = of_studies(study("one", finding(), *rows, populations=[ALL, *parts]))
    assert {family.measure: round(family.estimate, 6) for family in found.association.families} == {"OR": 1.4, "HR": 3.0}


def test_a_report_is_of_the_widest_population_whatever_else_it_lacks() -> None:
    part = ALL | {"id": "scanned", "label": "scanned", "n": 199}
    for wide in (finding(adjusted=False), finding(direction="no-association", adjusted=False)):
        assert chosen(
            of_studies(study("one", odds(2.0, 1.2, 3.3, population="scanned", adjusted=True), wide, populations=[ALL, part])).reports
        ) == {"one": 1}


def test_the_widest_population_comes_before_the_own_terms() -> None:
    part = ALL | {"id": "scanned", "label": "scanned", "n": 199}
    rows = odds(2.0, 1.2, 3.3, exposure="admission-bp", population="scanned"), finding(exposure="admission-sbp")
    assert chosen(of_studies(study("one", *rows, populations=[ALL, part]), exposure="admission-bp").reports) == {"one": 1}


def test_a_report_is_of_the_own_terms_before_what_rolls_up_whatever_else_it_lacks() -> None:
    rows = odds(1.5, 1.1, 2.1, exposure="admission-sbp", adjusted=True), finding(exposure="admission-bp", adjusted=False)
    assert chosen(of_studies(study("one", *rows), exposure="admission-bp").reports) == {"one": 1}


@pytest.mark.parametrize(
    "unread",
    [
        {"p": 0.01},
        {"p": 0.4},
        {"p": "<0.001"},
        {"p": ">0.05"},
    ],
)
def test_a_row_whose_sign_can_not_be_read_never_silences_one_whose_sign_can(unread: dict[str, Any]) -> None:
    part = ALL | {"id": "scanned", "label": "scanned", "n": 50}
    rows = finding(direction="unclear", adjusted=True, **unread), finding(population="scanned", adjusted=False)
    for given in (rows, rows[::-1]):
        found = of_studies(study("one", *given, populations=[ALL, part]))
        (report,) = found.reports.cohorts
        assert (report.observation.row.direction, found.association.increases, found.association.unclear) == ("increases", 1, 0)
    alone = of_studies(study("one", rows[0])).association
    # a p above 0.05 is not significant, whichever the sign
    assert (alone.cohorts, alone.unclear, alone.not_significant) == ((1, 0, 1) if unread == {"p": ">0.05"} else (1, 1, 0))


@pytest.mark.parametrize(
    "row",
    [
        odds(2.0, 1.2, 3.3, direction="unclear"),
        finding(measure="OR", contrast_type="binary", value=2.0, p=0.01, direction="unclear"),
        finding(measure="OR", contrast_type="binary", value=2.0, p="<0.05", direction="unclear"),
    ],
)
def test_a_sign_that_is_not_told_beside_a_ratio_is_read_by_the_ratio(row: dict[str, Any]) -> None:
    one = of_studies(study("one", row)).association
    assert (one.increases, one.unclear) == (1, 0)


def test_a_sign_that_was_read_by_a_ratio_is_told() -> None:
    (seen,) = of_studies(study("one", odds(2.0, 1.2, 3.3, direction="unclear"))).rows
    assert seen.warnings


def test_cohorts_that_may_share_patients_are_named_and_counted_once_in_the_stricter_count() -> None:
    authors = {"authors": ["Doe J", "Roe R"]}
    found = of_studies(study("one", finding(), **authors), study("two", finding(), **authors), study("three", finding()))
    assert (found.association.cohorts, found.association.cohorts_if_overlap) == (3, 2)
    assert found.reports.possible_overlaps == (("one", "two"),)


# published meta-analyses


def test_a_published_estimate_that_covers_more_than_ours_is_the_headline_and_in_the_weight() -> None:
    found = edge("atrial-fibrillation", "r-dwi")
    one = found.association
    assert (one.estimate_source, one.estimate, one.ci, one.k) == ("published", 3.67, (1.8, 7.49), None)
    assert [row.review_k for row in one.published] == [18]
    assert (one.direction, one.cohorts) == ("increases", 1)
    assert [report.observation.study for report in found.reports.independent] == ["posener-2023"]


def test_a_headline_may_be_published_and_ours_stands_beside_it() -> None:
    one = edge("r-dwi", "poor-functional-outcome").association
    assert (one.estimate_source, one.estimate, one.ci, one.direction) == ("published", 1.95, (1.48, 2.57), "increases")
    ours = one.families[0]
    assert (ours.k, ours.measure) == (4, "OR")
    assert ours.estimate > 2.57


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


def beside_a_null_cohort(row: dict[str, Any]) -> Synthesis:
    return of_studies(study("cohort", finding(direction="no-association")), study("review", row, design="meta-analysis", k=5))


def test_a_pooled_row_without_interval_is_shown_and_neither_decides_nor_is_weighed() -> None:
    row = odds(1.6, 1.2, 2.1, pooled=True)
    del row["ci"]
    found = beside_a_null_cohort(row)
    assert [report.observation.study for report in found.reports.independent] == ["cohort"]
    assert [(one.in_weight, one.headline) for one in found.association.published] == [(False, False)]
    assert (found.association.direction, found.association.direction_basis, found.association.weight) == ("inconclusive", "reports", 0.5)


def test_a_pooled_difference_is_weighed_where_it_is_the_headline_and_decides() -> None:
    found = beside_a_null_cohort(finding(measure="mean-difference", value=2.0, ci=[1.0, 3.0], pooled=True))
    assert [report.observation.study for report in found.reports.independent] == ["cohort"]
    assert [(one.in_weight, one.headline) for one in found.association.published] == [(True, True)]
    assert (found.association.direction, found.association.direction_basis) == ("increases", "published")
    wide = beside_a_null_cohort(finding(measure="mean-difference", value=2.0, ci=[-1.0, 5.0], pooled=True)).association
    assert (wide.direction, wide.direction_basis, wide.leans) == ("inconclusive", "published", "more")
    assert 0.5 < (wide.weight or 0) < (found.association.weight or 0)


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
        for cohort in reports.everybody:
            shown |= {finding for report in cohort.estimates.values() for finding in report.findings} - counted - set(reports.passed_over)
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


@pytest.mark.parametrize("turned", [False, True])
def test_a_group_whose_number_is_not_printed_is_not_as_wide_as_the_whole(turned: bool) -> None:
    group = ALL | {"id": "lobar", "label": "lobar", "location": "lobar", "n": None}
    rows = [odds(3.0, 1.7, 5.4, population="lobar", adjusted=True), odds(1.0, 0.8, 1.2, adjusted=True, direction="no-association")]
    found = of_studies(study("one", *(rows[::-1] if turned else rows), populations=[ALL | {"n": 200}, group])).association
    assert (found.estimate, found.patients, found.increases) == (1.0, 200, 0)


def test_the_studys_number_is_that_of_its_people_where_no_group_is_all_of_them() -> None:
    groups = [ALL | {"n": None}, ALL | {"id": "lobar", "label": "lobar", "location": "lobar", "n": 60}]
    assert of_studies(study("one", odds(2.0, 1.2, 3.3), populations=groups)).association.patients == 200


@pytest.mark.parametrize("row", [odds(1.5, 1.1, 2.1), finding()])
def test_who_draws_on_two_cohorts_is_the_whole_of_who_draws_on_one(row: dict[str, Any]) -> None:
    parts = [sized(name, n, row, cohorts=[name.upper()]) for name, n in (("p", 60), ("q", 40))]
    assert list(chosen(of_studies(*parts, sized("w", 100, row, cohorts=["P", "Q"])).reports)) == ["w"]
