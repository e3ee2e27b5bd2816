"""What may be pooled with what, and what that gives: docs/method.md, sections 4 and 5. Made-up sheets, but for the cases that are named."""

from __future__ import annotations

import math
from typing import Any

import pytest

from graph import questions
from graph.build import EvidenceGraph, corpus_of, group, read_all
from graph.opening import shipped
from graph.stores.memory import MemoryReader
from graph.synthesis.associations import Synthesis, synthesise
from graph.synthesis.comparisons import in_comparison
from graph.synthesis.pooling import bayes, reml_hk
from graph.synthesis.rows import rows_of
from schema.association import Association, FamilyResult
from schema.field import EvidenceField, Spread
from schema.study import Study

Z = 1.959963984540054
AXES = {"condition": "ich", "arteriopathy": "any", "location": "any"}


def population(n: int | None = 200, name: str = "all", **more: Any) -> dict[str, Any]:
    return {"id": name, "label": name, "n": n, **AXES, **more}


def row(**more: Any) -> dict[str, Any]:
    """A row on an outcome that happens later."""
    return {"exposure": "hypertension", "outcome": "mortality", "population": "all", "measure": "p-only", "direction": "increases", **more}


def ratio(value: float, se: float = 0.3, **more: Any) -> dict[str, Any]:
    """A ratio with its interval, of yes against no where nothing else is said."""
    ci = [value * math.exp(-Z * se), value * math.exp(Z * se)]
    return row(**{"measure": "OR", "contrast_type": "binary", "value": value, "ci": ci, **more})


def difference(value: float, se: float = 1.0, **more: Any) -> dict[str, Any]:
    return row(**{"measure": "mean-difference", "contrast_type": "binary", "value": value, "ci": [value - Z * se, value + Z * se], **more})


def table(a: int, n1: int, c: int, n2: int) -> dict[str, int]:
    return {"exposed_cases": a, "exposed_total": n1, "unexposed_cases": c, "unexposed_total": n2}


def study(name: str, *rows: dict[str, Any], n: int | None = 200, **more: Any) -> Study:
    whole = {"id": name, "read": "abstract", "design": "prospective-cohort", "year": 2020, "n": n, "populations": [population(n)], **more}
    return Study.model_validate({**whole, "findings": list(rows)})


def of(*studies: Study, field: EvidenceField | None = None) -> Synthesis:
    """The one association that the first row of the first sheet is of."""
    # without constants for exposures, unless a test says them
    field = field or shipped()._copied().model_copy(update={"exposure_sds": {}})
    made = corpus_of(studies, field)
    first = studies[0].findings[0]
    outcome = field.vocabulary[first.outcome]
    key = (first.exposure, outcome.inverse_of or outcome.id, "ich")
    return synthesise(*key, group(read_all(made), field)[key], made)


def studies_of(one: FamilyResult) -> list[str]:
    return sorted({finding.split(":")[0] for finding in one.rows})


def pools(one: Synthesis) -> list[list[str]]:
    """Which studies stand together, comparison by comparison, the headline first."""
    return [studies_of(family) for family in one.association.families]


def headline(one: Synthesis) -> list[str]:
    assert one.comparisons.headline is not None
    return studies_of(one.comparisons.headline.result)


def together(first: dict[str, Any], second: dict[str, Any]) -> bool:
    """Whether two cohorts' rows are pooled."""
    return pools(of(study("a", first), study("b", second))) == [["a", "b"]]


# what may be pooled

TRIAL = {"randomised": True}
PER = {"exposure": "age", "contrast_type": "per-unit"}
YEARS = {"step": 10, "unit": "years"}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (ratio(2.0), ratio(1.5)),
        (ratio(2.0, adjusted=True), ratio(1.5)),
        (ratio(2.0, adjusted=False), ratio(1.5, adjusted=False)),
        # known to be crude: stated, by counts, by percentages
        (ratio(2.0, adjusted=False), row(measure="OR", contrast_type="binary", counts=table(20, 60, 10, 80))),
        (ratio(2.0, **TRIAL, adjusted=False), ratio(1.5, **TRIAL, adjusted=True)),
        (ratio(2.0, **PER, per=YEARS), ratio(1.05, **PER, per={"step": 1, "unit": "year"})),
        (ratio(2.0, **PER, per=YEARS), ratio(1.5, **PER, per={"step": 1, "unit": "decade"})),
        (ratio(2.0, cutoff=">= 5"), ratio(1.5, cutoff="5 or more")),
        (ratio(2.0, contrast_type="graded", cutoff=">= 5"), ratio(1.5, contrast_type="graded", cutoff="\u2265 5")),
        (ratio(2.0, outcome_cutoff="mRS 4-6"), ratio(1.5, outcome_cutoff="mRS >= 4")),
        (ratio(2.0, outcome_cutoff="mRS 4-6"), ratio(1.5, outcome_cutoff="mRS > 3")),
        (ratio(2.0, follow_up_months=3), ratio(1.5, follow_up_months=12)),
        (ratio(2.0, follow_up_months=[0, 12]), ratio(1.5, follow_up_months=6)),
        (ratio(2.0, follow_up_months=0.5), ratio(1.5, follow_up_months=1)),
        (ratio(2.0, follow_up_months=13), ratio(1.5, follow_up_months=60)),
        (ratio(2.0, versus="diabetes"), ratio(1.5, versus="diabetes")),
        (ratio(2.0, contrast_type=None, contrast="present vs absent"), ratio(1.5)),
        (ratio(2.0, contrast_type="unknown", contrast="yes vs no"), ratio(1.5)),
        (ratio(2.0, contrast_type=None, contrast="with vs without"), ratio(1.5)),
        (ratio(2.0, contrast_type=None, contrast="Present/absent"), ratio(1.5)),
        (ratio(2.0, contrast_type=None, contrast="patients with hypertension versus without"), ratio(1.5)),
        (ratio(2.0, contrast_type="shift"), ratio(1.5, contrast_type="shift")),
        # a good outcome's odds are the bad one's turned round, and its cut-off the other side
        (
            ratio(2.0, outcome="poor-functional-outcome", outcome_cutoff="mRS 3-6"),
            ratio(0.5, outcome="good-functional-outcome", outcome_cutoff="mRS 0-2", direction="decreases"),
        ),
    ],
)
def test_what_answers_one_question_is_pooled(first: dict[str, Any], second: dict[str, Any]) -> None:
    assert together(first, second)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        # measure
        (ratio(2.0), ratio(1.5, measure="HR")),
        (ratio(2.0), ratio(1.5, measure="RR")),
        # kind of contrast
        (ratio(2.0), ratio(1.5, contrast_type="shift")),
        (ratio(2.0), ratio(1.5, contrast_type="graded", cutoff=">= 5")),
        (ratio(2.0, exposure="age"), ratio(1.5, **PER, per=YEARS)),
        # unit
        (ratio(2.0, **PER, per=YEARS), ratio(1.5, **PER, per={"step": 1, "unit": "SD"})),
        # cut-offs, and unknown is a value of its own
        (ratio(2.0, cutoff=">= 5"), ratio(1.5, cutoff=">= 10")),
        (ratio(2.0, cutoff=">= 5"), ratio(1.5)),
        (ratio(2.0, outcome_cutoff="mRS 4-6"), ratio(1.5, outcome_cutoff="mRS 3-6")),
        (ratio(2.0, outcome_cutoff="mRS 4-6"), ratio(1.5)),
        # windows, by their end
        (ratio(2.0, follow_up_months=1), ratio(1.5, follow_up_months=3)),
        (ratio(2.0, follow_up_months=12), ratio(1.5, follow_up_months=12.5)),
        (ratio(2.0, follow_up_months=[0, 24]), ratio(1.5, follow_up_months=3)),
        (ratio(2.0, follow_up_months=[1, 12]), ratio(1.5, follow_up_months=1)),
        (ratio(2.0, follow_up_months=3), ratio(1.5)),
        # what it is compared with
        (ratio(2.0, versus="diabetes"), ratio(1.5)),
        (ratio(2.0, versus="diabetes"), ratio(1.5, versus="age")),
        # the three bodies
        (ratio(2.0, **TRIAL), ratio(1.5)),
        (ratio(2.0, **TRIAL), ratio(1.5, adjusted=False)),
        (ratio(2.0, **TRIAL, adjusted=False), ratio(1.5, adjusted=False)),
        (ratio(2.0, adjusted=True), ratio(1.5, adjusted=False)),
        (ratio(2.0), ratio(1.5, adjusted=False)),
        (ratio(2.0), row(measure="OR", contrast_type="binary", counts=table(20, 60, 10, 80))),
        # what is not told is like nothing else
        (ratio(2.0, contrast_type=None), ratio(1.5)),
        (ratio(2.0, contrast_type=None), ratio(1.5, contrast_type=None)),
        (ratio(2.0, contrast_type="unknown"), ratio(1.5, contrast_type="unknown")),
        (ratio(2.0, contrast_type="graded"), ratio(1.5, contrast_type="graded")),
        (ratio(2.0, **PER), ratio(1.5, **PER)),
        (ratio(2.0, contrast_type=None, contrast="highest vs lowest third"), ratio(1.5)),
        (ratio(2.0, contrast_type=None, contrast="hypertension"), ratio(1.5)),
    ],
)
def test_what_answers_two_questions_is_not(first: dict[str, Any], second: dict[str, Any]) -> None:
    assert not together(first, second)


def test_lesions_on_the_same_scan_and_correlations_have_no_window() -> None:
    for figures in (ratio(2.0, outcome="r-dwi"), row(measure="correlation", value=0.3, outcome="cognitive-decline")):
        (one,) = of(study("a", figures)).association.families
        assert one.window is None
    (one,) = of(study("a", ratio(2.0))).association.families
    assert one.window == "time not known"


def test_a_field_says_where_its_windows_end() -> None:
    field = shipped().model_copy(update={"constants": shipped().constants.model_copy(update={"follow_up_windows": (3.0,)})})
    rows = [ratio(2.0, follow_up_months=months) for months in (1, 3, 12)]
    found = of(*[study(name, one) for name, one in zip("abc", rows, strict=True)], field=field)
    assert pools(found) == [["a", "b"], ["c"]]


def test_adjustment_that_is_not_told_is_named() -> None:
    cohorts = study("a", ratio(2.0, adjusted=True)), study("b", ratio(1.8)), study("c", ratio(1.6, adjusted=True))
    (one,) = of(*cohorts).association.families
    assert (one.body, one.k, one.known_adjusted) == ("other", 3, 2)


# counts make the measure


def counted(measure: str, **more: Any) -> dict[str, Any]:
    """A randomised ratio beside its counts, which say 2.667 (odds) and 2.0 (risks)."""
    figures = ratio(2.667 if measure == "OR" else 2.0, 0.4 if measure == "OR" else 0.3, measure=measure, **TRIAL)
    return {**figures, "counts": table(40, 100, 20, 100), **more}


def test_counts_make_the_measure_where_rows_of_a_comparison_print_unlike_ones() -> None:
    one = of(study("a", counted("OR", adjusted=True)), study("b", counted("RR", adjusted=True)))
    (both,) = one.association.families
    assert (both.measure, both.k, both.body) == ("OR", 2, "randomised")
    assert both.common.estimate == pytest.approx((40 / 60) / (20 / 80))
    assert len(both.by_counts) == 2


def test_what_is_read_by_counts_is_pooled_by_the_counts_own_figures() -> None:
    # the printed figures are of another size and error than the counts
    a = counted("OR", value=1.1, ci=[0.9, 1.3])
    b = counted("RR", value=3.0, ci=[2.9, 3.1], counts=table(30, 90, 15, 110))
    one = of(study("a", a), study("b", b))
    (both,) = one.association.families
    y = [math.log((40 / 60) / (20 / 80)), math.log((30 / 60) / (15 / 95))]
    se = [math.sqrt(1 / 40 + 1 / 60 + 1 / 20 + 1 / 80), math.sqrt(1 / 30 + 1 / 60 + 1 / 15 + 1 / 95)]
    w = [1 / one**2 for one in se]
    assert both.common.estimate == pytest.approx(math.exp(sum(i * j for i, j in zip(w, y, strict=True)) / sum(w)))
    assert math.log(both.common.ci[1] / both.common.ci[0]) == pytest.approx(2 * Z / math.sqrt(sum(w)))
    members = [member.observation for member in one.comparisons.all[0].members]
    assert [(member.derivation, member.scale, member.comparison == one.comparisons.all[0].key) for member in members] == [
        ("counts", "log-ratio", True)
    ] * 2
    assert [member.z for member in members] == pytest.approx([i / j for i, j in zip(y, se, strict=True)])
    # and so is each row as it is printed
    assert [in_comparison(one, both) for one in sorted(one.rows, key=lambda row: row.study)] == [
        pytest.approx(pair) for pair in zip(y, se, strict=True)
    ]


def test_counts_of_graded_contrasts_of_one_cut_off_are_brought_together_too() -> None:
    graded = {"contrast_type": "graded", "cutoff": ">= 5"}
    (both,) = of(study("a", counted("OR", **graded)), study("b", counted("RR", **graded))).association.families
    assert (both.measure, both.k, len(both.by_counts)) == ("OR", 2, 2)


def test_counts_follow_the_measure_that_more_rows_without_counts_print() -> None:
    def bare(measure: str) -> dict[str, Any]:
        return {key: value for key, value in counted(measure).items() if key != "counts"}

    one = of(study("a", counted("OR")), study("b", bare("RR")), study("c", bare("RR")), study("d", bare("OR")))
    assert [(family.measure, family.k) for family in one.association.families] == [("RR", 3), ("OR", 1)]
    even = of(study("a", counted("RR")), study("b", bare("RR")), study("c", bare("OR")))
    assert {(family.measure, family.k) for family in even.association.families} == {("RR", 2), ("OR", 1)}


def test_a_hazard_ratio_is_read_by_its_counts_beside_an_odds_ratio() -> None:
    (both,) = of(study("a", counted("OR")), study("b", counted("OR") | {"measure": "HR"})).association.families
    assert (both.measure, both.k, both.common.estimate) == ("OR", 2, pytest.approx((40 / 60) / (20 / 80)))


def test_counts_of_a_good_outcome_are_turned_to_the_bad_one() -> None:
    bad = counted("OR", outcome="poor-functional-outcome")
    good = counted("RR", outcome="good-functional-outcome", direction="decreases", counts=table(60, 100, 80, 100))
    (both,) = of(study("a", bad), study("b", good | {"value": 0.75, "ci": [0.6, 0.94]})).association.families
    assert (both.measure, both.k, both.common.estimate) == ("OR", 2, pytest.approx((40 / 60) / (20 / 80)))


def test_counts_follow_the_measure_of_the_row_that_has_none() -> None:
    bare = {key: value for key, value in counted("RR").items() if key != "counts"}
    one = of(study("a", counted("OR", adjusted=True)), study("b", bare | {"adjusted": True}))
    (both,) = one.association.families
    assert (both.measure, both.k, len(both.by_counts)) == ("RR", 2, 1)
    assert both.common.estimate == pytest.approx(2.0, abs=1e-3)


def test_known_crude_rows_are_brought_together_by_their_counts_too() -> None:
    crude = {"randomised": False, "adjusted": False}
    one = of(study("a", counted("OR", **crude)), study("b", counted("RR", **crude)))
    (both,) = one.association.families
    assert (both.measure, both.k, both.body) == ("OR", 2, "crude")


@pytest.mark.parametrize("more", [{"design": "individual-patient-pooled"}, {"pools": ["x", "y"]}, {"pools": ["x"], "k": 3}])
def test_counts_never_make_the_measure_of_a_pooled_analysis(more: dict[str, Any]) -> None:
    """One of two that print odds has a table: the pooled one keeps its risk ratio, though its counts would bring it to both."""
    crude = {"randomised": False, "adjusted": False}
    bare = {key: value for key, value in counted("OR", **crude).items() if key != "counts"}
    found = of(study("a", {**counted("RR", **crude), "p": 0.02}, **more), study("b", bare), study("c", bare))
    assert sorted(pools(found)) == [["a"], ["b", "c"]]
    assert all(family.by_counts == () for family in found.association.families)
    # of one cohort it is brought there
    (both,) = of(study("a", counted("RR", **crude)), study("b", bare), study("c", bare)).association.families
    assert (both.measure, both.k) == ("OR", 3)


def test_an_adjusted_ratio_of_one_trial_stays_its_own() -> None:
    figures = {**ratio(1.5, 0.2, measure="RR", **TRIAL, adjusted=True), "counts": table(40, 100, 20, 100)}
    one = of(study("a", figures)).association
    assert (one.measure, one.estimate, one.families[0].by_counts) == ("RR", 1.5, ())


def test_a_trial_that_prints_two_measures_keeps_both_as_printed() -> None:
    risk = {**ratio(1.5, 0.2, measure="RR", **TRIAL, adjusted=True), "counts": table(40, 100, 20, 100)}
    odds = {**ratio(2.2, 0.3, **TRIAL, adjusted=True), "counts": table(40, 100, 20, 100)}
    families = of(study("a", risk, odds)).association.families
    assert {one.measure: round(one.estimate, 6) for one in families} == {"RR": 1.5, "OR": 2.2}
    assert all(one.by_counts == () for one in families)


def test_crude_counts_never_stand_for_an_adjusted_ratio_of_no_trial() -> None:
    observed = {"randomised": False, "adjusted": True}
    found = of(study("a", counted("OR", **observed)), study("b", counted("RR", **observed)))
    assert {one.measure: (one.k, one.body, one.by_counts) for one in found.association.families} == {
        "OR": (1, "other", ()),
        "RR": (1, "other", ()),
    }


def test_counts_make_no_measure_where_rows_print_the_same_one() -> None:
    rows = [{**ratio(1.5, 0.2, **TRIAL, adjusted=True), "counts": table(40, 100, 20, 100)} for _ in "ab"]
    (one,) = of(study("a", rows[0]), study("b", rows[1])).association.families
    assert (one.k, one.by_counts) == (2, ())
    assert one.common.estimate == pytest.approx(1.5)


def test_interact2_and_atach_2_pool_by_their_counts(corpus: tuple[Study, ...]) -> None:
    """On one cut-off, which the sheet of the one prints and that of the other doesn't."""

    def on_its_own(name: str) -> Study:
        sheet = next(one for one in corpus if one.id == name)
        rows = [one.model_copy(update={"outcome_cutoff": "mRS 3-6"}) for one in sheet.findings if one.outcome == "poor-functional-outcome"]
        return sheet.model_copy(update={"findings": tuple(rows), "prevalence": ()})

    (both,) = of(on_its_own("interact2-primary"), on_its_own("qureshi-2016")).association.families
    assert (both.measure, both.k, len(both.by_counts), both.randomised) == ("OR", 2, 2, True)


def test_a_difference_of_shares_is_an_odds_ratio_by_its_counts() -> None:
    shares = [{"name": "with", "n": 57, "pct": 32}, {"name": "without", "n": 62, "pct": 16}]
    by_shares = row(measure="proportion-difference", groups=shares, groups_by="exposure")
    (both,) = of(study("a", by_shares), study("b", ratio(2.0, adjusted=False))).association.families
    assert (both.measure, both.body, both.k, both.tau_scale) == ("OR", "crude", 2, 0.5)


# betas, differences, standardised ones


def groups(difference_of: float = 2.0, sd: float = 4.0, n: int = 50) -> list[dict[str, Any]]:
    return [{"name": "with", "n": n, "mean": 10.0 + difference_of, "sd": sd}, {"name": "without", "n": n, "mean": 10.0, "sd": sd}]


STAY = {"outcome": "length-of-stay"}


def test_a_stated_mean_difference_beside_means_and_sds_is_answered_as_one() -> None:
    one = of(study("a", row(measure="mean-difference", groups=groups(), groups_by="exposure", **STAY))).association
    assert (one.measure, one.families[0].unit) == ("mean-difference", "days")
    assert one.estimate == pytest.approx(2.0)
    assert one.ci == pytest.approx([2 - Z * 0.8, 2 + Z * 0.8])


def test_means_and_sds_pool_with_a_printed_difference_of_the_same_unit() -> None:
    by_groups = row(measure="mean-difference", groups=groups(), groups_by="exposure", **STAY)
    assert together(by_groups, difference(1.5, adjusted=False, **STAY))
    assert not together(by_groups, difference(1.5, adjusted=True, **STAY))


def test_a_standardised_difference_is_for_what_states_no_mean_difference() -> None:
    one = of(study("a", row(groups=groups(), groups_by="exposure", outcome="quality-of-life"))).association
    assert one.measure == "SMD"
    both = of(*[study(name, row(measure="SMD", groups=groups(), groups_by="exposure", outcome="quality-of-life")) for name in "ab"])
    assert (both.association.measure, both.association.k) == ("SMD", 2)


@pytest.mark.parametrize(
    ("first", "second", "pooled"),
    [
        (difference(2.0, **STAY), difference(3.0, **STAY), True),
        # another unit than the outcome's own, as the sheet notes
        (difference(2.0, **STAY), difference(3.0, **STAY, notes="unit: h"), False),
        # an instrument that is not told is like no other
        (difference(2.0, outcome="cognitive-decline"), difference(3.0, outcome="cognitive-decline"), False),
        (difference(2.0, **STAY), difference(3.0, **STAY, measure="beta", contrast_type="binary"), False),
        (
            difference(2.0, **STAY, measure="beta", **PER, per={"step": 1, "unit": "years"}),
            difference(20.0, 10.0, **STAY, measure="beta", **PER, per={"step": 1, "unit": "decade"}),
            True,
        ),
        (
            difference(2.0, **STAY, measure="beta", **PER, per={"step": 1, "unit": "years"}),
            difference(2.0, **STAY, measure="beta", **PER, per={"step": 1, "unit": "SD"}),
            False,
        ),
    ],
)
def test_betas_and_mean_differences_pool_on_one_unit(first: dict[str, Any], second: dict[str, Any], pooled: bool) -> None:
    assert together(first, second) is pooled


def test_tables_without_an_event_or_of_events_only_are_not_pooled_and_report_nothing() -> None:
    def crude(a: int, c: int) -> dict[str, Any]:
        return row(measure="OR", contrast_type="binary", counts=table(a, 30, c, 20), adjusted=False, direction="no-association")

    whole = of(study("a", crude(10, 5)), study("b", crude(0, 0)), study("c", crude(30, 20)), study("d", crude(0, 3)))
    one = whole.association
    assert pools(whole) == [["a", "d"]]
    assert [report.observation.study for report in whole.reports.cohorts] == ["a", "d"]
    assert one.no_events is not None
    assert (one.no_events.studies, one.no_events.patients) == (("b", "c"), 100)


def test_a_difference_in_weeks_is_seven_times_as_many_days() -> None:
    one = of(study("a", difference(2.0, **STAY, notes="unit: weeks"))).association
    assert (one.families[0].unit, one.estimate) in {("days", 14.0), ("weeks", 2.0)}


def test_a_paper_with_two_tables_without_events_is_counted_once_by_the_larger() -> None:
    def silent(n1: int, n2: int) -> dict[str, Any]:
        return row(measure="OR", contrast_type="binary", counts=table(0, n1, 0, n2), adjusted=False, direction="no-association")

    one = of(study("a", ratio(2.0)), study("b", silent(20, 20), silent(30, 20))).association
    assert one.no_events is not None
    assert (one.no_events.studies, one.no_events.patients) == (("b",), 50)


def test_a_reviews_table_without_events_names_no_patients() -> None:
    silent = row(measure="OR", contrast_type="binary", counts=table(0, 30, 0, 20), adjusted=False, direction="no-association")
    one = of(study("a", ratio(2.0)), study("b", silent, design="systematic-review")).association
    assert one.no_events is None


def test_patients_of_tables_without_events_are_counted_once() -> None:
    silent = row(measure="OR", contrast_type="binary", counts=table(0, 30, 0, 20), adjusted=False, direction="no-association")
    cohorts = {"cohorts": ["ERICH"]}
    one = of(study("a", ratio(2.0)), study("b", silent, **cohorts), study("c", silent, **cohorts)).association
    assert one.no_events is not None
    assert one.no_events.patients == 50


# the headline


def order(*studies: Study) -> list[str]:
    """The first study of each comparison, in their order."""
    return [one[0] for one in pools(of(*studies))]


def test_randomised_comes_before_more_cohorts_which_come_before_more_patients() -> None:
    """Two trials of 8,000 before three crude cohorts of 150, and before ten adjusted ones."""
    trials = [study(f"t-{i}", ratio(1.1, **TRIAL), n=4000) for i in range(2)]
    crude = [study(f"c-{i}", ratio(2.0, adjusted=False), n=50) for i in range(3)]
    adjusted = [study(f"a-{i}", ratio(2.0, adjusted=True), n=5000) for i in range(10)]
    found = of(*trials, *crude)
    assert (headline(found), found.association.patients) == (["t-0", "t-1"], 8150)
    assert order(*trials, *crude, *adjusted) == ["t-0", "a-0", "c-0"]
    # one trial before all of them
    assert order(trials[0], *crude, *adjusted) == ["t-0", "a-0", "c-0"]


def test_known_to_be_crude_comes_after_all_else_however_many() -> None:
    crude = [study(f"a-{i}", ratio(2.0, adjusted=False), n=5000) for i in range(4)]
    assert order(*crude, study("z", ratio(1.5), n=20)) == ["z", "a-0"]


def test_a_trial_of_a_part_stands_beside() -> None:
    part = ratio(0.7, **TRIAL, exposure="map-reduction")
    own = ratio(1.4, exposure="acute-bp-reduction", adjusted=False)
    assert order(study("own", own), study("part", part)) == ["own", "part"]


def test_then_most_cohorts_and_a_pool_counts_as_its_k() -> None:
    hazard = [study(f"h-{i}", ratio(2.0, measure="HR"), n=100) for i in range(2)]
    assert order(study("a", ratio(2.0), n=9000), *hazard) == ["h-0", "a"]
    pooled = study("p", ratio(2.0), n=250, design="individual-patient-pooled", k=3)
    assert order(pooled, *hazard) == ["p", "h-0"]


def test_then_the_one_that_holds_most_cohorts_reports() -> None:
    """A cohort's estimate that is not its report counts for less: its report is the adjusted row."""
    both = [ratio(1.3, adjusted=None, measure="RR", follow_up_months=3), ratio(2.0, adjusted=True, measure="HR", follow_up_months=3)]
    assert order(study("a", *both, n=100)) == ["a", "a"]
    first = of(study("a", *both, n=100)).association
    assert [one.measure for one in first.families] == ["HR", "RR"]


def test_then_own_terms_before_what_rolls_up() -> None:
    own = study("z", ratio(2.0, **PER, per=YEARS) | {"exposure": "admission-bp", "per": {"step": 1, "unit": "mmHg"}}, n=100)
    part = study("a", ratio(2.0, **PER, per=YEARS) | {"exposure": "admission-sbp", "per": {"step": 1, "unit": "mmHg"}}, n=9000)
    assert order(own, part) == ["z", "a"]


def test_then_a_known_contrast_before_an_unknown_one() -> None:
    assert order(study("a", ratio(2.0, contrast_type=None), n=9000), study("z", ratio(2.0, measure="HR"), n=100)) == ["z", "a"]


def test_then_the_window_of_most_cohorts_then_the_longest() -> None:
    early = [study("a", ratio(2.0, follow_up_months=3), n=9000)]
    late = [study("z", ratio(2.0, follow_up_months=24), n=100)]
    assert order(*early, *late) == ["z", "a"]
    more = [study("b", ratio(2.0, measure="HR", follow_up_months=3), n=10)]
    assert order(*early, *late, *more) == ["a", "b", "z"]
    month = [study("y", ratio(2.0, follow_up_months=1), n=9000)]
    unknown = [study("0", ratio(2.0), n=9000)]
    year = [study("x", ratio(2.0, follow_up_months=12), n=100)]
    assert order(*unknown, *month, *year, *late) == ["z", "x", "y", "0"]


def test_then_most_patients_then_the_measure_then_the_first() -> None:
    on_scan = {"outcome": "r-dwi"}
    correlation = row(measure="correlation", value=0.3, **on_scan)
    assert order(study("a", ratio(2.0, **on_scan), n=100), study("z", correlation, n=101)) == ["z", "a"]
    rows = [
        correlation,
        difference(2.0, notes="unit: days", **on_scan),
        *(ratio(2.0, measure=one, **on_scan) for one in ("RR", "HR", "OR")),
    ]
    assert order(*[study(f"{i}", figures) for i, figures in enumerate(rows)]) == ["4", "3", "2", "1", "0"]
    assert order(*[study(name, ratio(2.0, cutoff=name)) for name in "cab"]) == ["a", "b", "c"]


def test_of_many_ratios_of_contrasts_that_are_not_told_none_is_the_headline() -> None:
    cohorts = [study(f"s-{i:02}", ratio(1.2 + i / 20, contrast_type=None)) for i in range(37)]
    one = of(*cohorts).association
    assert (one.measure, one.estimate, one.ci, one.k, one.estimate_source) == (None, None, None, None, None)
    assert (one.cohorts, len(one.families)) == (37, 37)
    # one alone is what there is, and a contrast that is told is shown before them
    assert of(cohorts[0]).association.estimate == 1.2
    assert of(*cohorts, study("z", ratio(2.0))).association.estimate == 2.0


@pytest.mark.parametrize(
    "contrast",
    [
        "3 or more vs none",
        "moderate to severe vs absent or mild",
        "per point, with no adjustment",
        "with each additional lesion, no upper limit",
        "highest vs lowest quartile, with no trend",
    ],
)
def test_a_text_that_says_less_or_more_than_yes_and_no_is_not_taken_for_it(contrast: str) -> None:
    assert not together(ratio(2.0, contrast_type=None, contrast=contrast), ratio(1.5))


def test_of_untold_ratios_a_step_that_is_told_is_no_yes_and_no() -> None:
    stepped = ratio(2.0, contrast_type=None, contrast="with vs without", per={"step": 1, "unit": "points"})
    assert not together(stepped, ratio(1.5))


def told(*studies: Study) -> list[str]:
    """What the answer says of each row besides its figures."""
    found = of(*studies)
    made = corpus_of(studies, shipped())
    return ["; ".join(filter(None, (one.why, *one.warnings))) for one in rows_of(found, found.rows, made)]


def test_a_ratio_whose_contrast_is_not_told_is_said_to_be_not_poolable_for_that() -> None:
    said = told(*[study(name, ratio(2.0, contrast_type=None)) for name in "ab"])
    assert all("pooled" in one and "contrast" in one for one in said)
    assert not any("no other estimate" in one for one in said)


# cohorts of a comparison


def test_a_cohort_has_one_estimate_in_a_comparison() -> None:
    rows = ratio(2.0, adjusted=True), ratio(1.2, adjusted=None), ratio(1.5, adjusted=True)
    found = of(study("a", *rows), study("b", ratio(3.0)))
    (one,) = found.association.families
    assert (one.k, studies_of(one)) == (2, ["a", "b"])
    assert one.common.estimate == pytest.approx(math.sqrt(2.0 * 3.0))


def test_of_two_estimates_of_a_comparison_the_adjusted_one_that_reports_is_taken() -> None:
    found = of(study("a", ratio(3.0), ratio(1.2, adjusted=True)))
    assert [report.observation.position for report in found.reports.cohorts] == [1]
    assert found.association.estimate == pytest.approx(1.2)


def test_who_is_independent_is_chosen_again_in_each_comparison() -> None:
    """The pool that counts has no hazard ratio: there its trials do."""
    pool = study("pool", ratio(1.1, follow_up_months=3), n=500, pools=["a", "b"])
    trials = [study(name, ratio(1.2, measure="HR", follow_up_months=3), n=100) for name in "ab"]
    found = of(pool, *trials)
    assert [report.observation.study for report in found.reports.cohorts] == ["pool"]
    assert pools(found) == [["a", "b"], ["pool"]] or pools(found) == [["pool"], ["a", "b"]]


def test_in_a_comparison_those_that_report_come_first_among_equals() -> None:
    """The first by name reports a word, so that of as many patients the other reports; both print a crude ratio."""
    word = study("a", row(adjusted=True), ratio(1.1, adjusted=False), cohorts=["one"])
    figure = study("b", ratio(1.2, adjusted=False), cohorts=["one"])
    found = of(word, figure)
    assert [report.observation.study for report in found.reports.cohorts] == ["b"]
    assert pools(found) == [["b"]]


# priors and intervals


def tau_scale(*rows: dict[str, Any], field: EvidenceField | None = None, n: int | None = 200, **more: Any) -> float | None:
    sheets = [study(f"s-{i}", one, n=n, **more) for i, one in enumerate(rows)]
    family = next(one for one in of(*sheets, field=field).association.families if one.k > 1)
    return family.tau_scale / family.step if family.tau_scale is not None else None


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"measure": "HR"},
        {"measure": "RR"},
        {"contrast_type": "shift"},
        {"contrast_type": "graded", "cutoff": ">= 5"},
        {"versus": "diabetes"},
        {"randomised": True},
        {"adjusted": False},
    ],
)
def test_the_prior_of_two_groups_is_one_half_whatever_the_ratio(more: dict[str, Any]) -> None:
    assert tau_scale(ratio(2.0, **more), ratio(1.5, **more)) == 0.5


AGED = {"exposure": "age", "contrast_type": "per-unit", "per": {"step": 1, "unit": "years"}}


def aged(value: float = 1.05, se: float = 0.01, **more: Any) -> dict[str, Any]:
    return ratio(value, se, **{**AGED, **more})


def by_outcome(sd: float | None = 12.0, iqr: list[float] | None = None, **more: Any) -> dict[str, Any]:
    """The ages of those with the outcome and those without."""
    figures = {"sd": sd, "mean": 70.0} if iqr is None else {"median": sum(iqr) / 2, "iqr": iqr}
    groups_ = [{"name": name, "n": 50, **figures} for name in ("with", "without")]
    return row(
        **{"exposure": "age", "groups": groups_, "groups_by": "outcome", "role": "descriptive", "measure": "mean-difference", **more}
    )


def test_per_unit_the_prior_is_by_the_printed_sd_of_the_groups() -> None:
    sheets = [study(f"s-{i}", aged(), by_outcome(sd), n=200) for i, sd in enumerate((8.0, 10.0, 15.0))]
    (one,) = of(*sheets).association.families
    assert one.tau_scale == pytest.approx(0.23 / 10)


def test_quartiles_are_as_good_as_an_sd() -> None:
    sheets = [study(f"s-{i}", aged(), by_outcome(iqr=[60.0, 73.5])) for i in range(2)]
    (one,) = of(*sheets).association.families
    assert one.tau_scale == pytest.approx(0.23 / (13.5 / 1.35))


@pytest.mark.parametrize(
    ("age", "sd"), [({"mean": 70, "sd": 11}, 11), ({"median": 70, "iqr": [60, 73.5]}, 10), ({"sd": 11, "iqr": [0, 99]}, 11)]
)
def test_the_age_of_a_sheet_is_a_printed_spread(age: dict[str, Any], sd: float) -> None:
    assert tau_scale(aged(), aged(), age=age) == pytest.approx(0.23 / sd)


def test_the_spread_is_of_the_exposure_and_not_of_the_ages_or_of_the_outcome() -> None:
    pressure = {"exposure": "admission-sbp", "per": {"step": 1, "unit": "mmHg"}}
    sheets = [study(name, aged(**pressure), by_outcome(20.0, exposure="admission-sbp"), age={"sd": 12}) for name in "ab"]
    assert of(*sheets).association.families[0].tau_scale == pytest.approx(0.23 / 20)
    # years of schooling are no years of age
    implied = 0.01 * math.sqrt(200 * 0.3 * 0.7)
    schooling = [aged(exposure="education")] * 2
    assert tau_scale(*schooling, age={"sd": 12}) == pytest.approx(0.23 * implied)
    # groups of the exposed and the unexposed tell how far apart outcomes are
    by_exposure = [study(name, aged(), by_outcome(4.0, groups_by="exposure")) for name in "ab"]
    assert of(*by_exposure).association.families[0].tau_scale == pytest.approx(0.23 * implied)
    stays = [study(name, difference(2.0, 0.5, **STAY), by_outcome(50.0, exposure="hypertension", **STAY)) for name in "ab"]
    assert of(*stays).association.families[0].tau_scale == pytest.approx(0.13 * 0.5 * math.sqrt(200))


def test_an_sd_in_another_unit_is_turned_and_one_in_an_unlike_unit_is_not_taken() -> None:
    volume = {"exposure": "haematoma-volume", "per": {"step": 1, "unit": "mL"}}
    given = by_outcome(0.02, exposure="haematoma-volume", notes="unit: L")
    found = of(*[study(name, aged(**volume), given) for name in "ab"]).association
    assert found.families[0].tau_scale == pytest.approx(0.23 / 20)
    unlike = by_outcome(3.0, exposure="haematoma-volume", notes="unit: mm")
    found = of(*[study(name, aged(**volume), unlike) for name in "ab"]).association
    assert found.families[0].tau_scale == pytest.approx(0.23 * 0.01 * math.sqrt(200 * 0.3 * 0.7))


def test_the_printed_groups_tell_before_the_age_of_the_sheet_and_both_groups_together() -> None:
    uneven = by_outcome(6.0)
    uneven["groups"][1]["sd"] = 8.0
    found = of(study("a", aged()), study("b", aged()), study("c", uneven, age={"sd": 12})).association
    assert (found.families[0].k, found.families[0].tau_scale) == (2, pytest.approx(0.23 / math.sqrt((36 + 64) / 2)))


def test_of_the_comparison_before_the_rest_of_the_association() -> None:
    inside, outside = study("a", aged(), by_outcome(10.0)), study("b", aged())
    crude = study("c", aged(adjusted=False), by_outcome(20.0))
    first = of(inside, outside, crude).association.families[0]
    assert (first.k, first.tau_scale) == (2, pytest.approx(0.23 / 10))
    silent = of(study("a", aged()), outside, crude).association.families[0]
    assert (silent.k, silent.tau_scale) == (2, pytest.approx(0.23 / 20))


def test_else_by_the_fields_own_constant_in_the_unit_of_the_estimates() -> None:
    field = shipped().model_copy(update={"exposure_sds": {"age": Spread(sd=1.25, unit="decades")}})
    assert tau_scale(aged(), aged(), field=field) == pytest.approx(0.23 / 12.5)
    assert tau_scale(aged(), aged(), field=field, age={"sd": 11}) == pytest.approx(0.23 / 11)


def test_else_by_how_sure_the_estimates_of_cohorts_with_a_printed_n_are() -> None:
    pi = 0.3
    sd = 1 / (0.01 * math.sqrt(200 * pi * (1 - pi)))
    assert tau_scale(aged(), aged(1.04)) == pytest.approx(0.23 / sd)
    cohorts = study("a", aged(se=0.01)), study("b", aged(se=0.0001), n=None)
    (one,) = of(*cohorts).association.families
    assert (one.k, one.tau_scale) == (2, pytest.approx(0.23 / sd))


def test_else_the_spread_can_not_be_told_and_the_estimates_stand_apart() -> None:
    cohorts = study("a", aged(), n=None), study("b", aged(1.04), n=None)
    found = of(*cohorts)
    assert pools(found) == [["a"], ["b"]]
    assert set(found.comparisons.aside.values()) == {"the spread of what it is per can't be told: not pooled"}
    assert len(found.comparisons.aside) == 2
    # four can't be told apart from their prior, five need none
    assert len(pools(of(*(study(name, aged(), n=None) for name in "abcd")))) == 4
    assert len(pools(of(*(study(name, aged(), n=None) for name in "abcde")))) == 1


def test_a_standard_deviation_is_its_own_spread() -> None:
    assert tau_scale(*[ratio(1.3, exposure="age", contrast_type="per-unit", per={"step": 1, "unit": "SD"})] * 2) == pytest.approx(0.23)


def test_correlations_are_told_by_fishers_z_and_differences_by_the_outcomes_sd() -> None:
    r = row(measure="correlation", value=0.3, outcome="r-dwi-volume")
    assert tau_scale(r, r) == 0.2
    d = row(measure="mean-difference", groups=groups(sd=4.0), groups_by="exposure", **STAY)
    assert tau_scale(d, d) == pytest.approx(0.28 * 4)
    bare = difference(2.0, 0.5, **STAY)
    assert tau_scale(bare, bare) == pytest.approx(0.13 * 0.5 * math.sqrt(200))


def test_a_slope_of_a_continuous_outcome_is_told_by_its_own_error() -> None:
    slope = difference(0.2, 0.05, **STAY, measure="beta", **AGED)
    assert tau_scale(slope, slope) == pytest.approx(0.13 * 0.05 * math.sqrt(200))


def test_a_number_that_is_not_printed_gives_a_difference_no_spread() -> None:
    known, unknown = study("a", difference(2.0, 0.5, **STAY)), study("b", difference(3.0, 0.1, **STAY), n=None)
    (one,) = of(known, unknown).association.families
    assert (one.k, one.tau_scale) == (2, pytest.approx(0.13 * 0.5 * math.sqrt(200)))
    assert pools(of(unknown, study("c", difference(2.0, 0.5, **STAY), n=None))) == [["b"], ["c"]]


def test_two_cohorts_of_a_year_stay_what_they_are() -> None:
    """1.05 (1.03-1.07) a year twice is no 1.05 (0.75-1.47)."""
    printed = row(measure="OR", **AGED, value=1.05, ci=[1.03, 1.07])
    one = of(*[study(name, printed, n=400, age={"mean": 70, "sd": 12}) for name in "ab"]).association
    assert one.ci is not None
    assert one.estimate == pytest.approx(1.05, abs=0.001)
    assert 1.0 < one.ci[0] < 1.03
    assert 1.07 < one.ci[1] < 1.10


def test_the_step_that_most_papers_print_is_kept() -> None:
    ten, one = aged(1.6, 0.1, per={"step": 10, "unit": "years"}), aged(1.05, 0.01)
    sheets = [study(name, figures) for name, figures in zip("abc", (ten, ten, one), strict=True)]
    (family,) = of(*sheets).association.families
    assert (family.step, family.unit) == (10, "10 years")
    assert 1.5 < family.common.estimate < 1.65
    (even,) = of(*sheets[1:]).association.families
    assert (even.step, even.unit) == (1, "years")


def alike(k: int, *, value: float = 2.0, se: float = 0.3) -> Association:
    return of(*[study(f"s-{i}", ratio(value * math.exp(0.1 * i), se)) for i in range(k)]).association


@pytest.mark.parametrize("k", [2, 3, 4])
def test_two_to_four_cohorts_have_two_intervals_with_names(k: int) -> None:
    one = alike(k)
    y = [math.log(2) + 0.1 * i for i in range(k)]
    posterior = bayes(y, [0.3] * k, 0.5)
    assert (one.estimate_source, one.families[0].tau_scale) == ("pooled-bayes", 0.5)
    assert one.ci == pytest.approx([math.exp(bound) for bound in posterior.ci], rel=1e-6)
    assert one.average is not None
    middle, half = sum(y) / k, Z * 0.3 / math.sqrt(k)
    assert one.average.estimate == pytest.approx(math.exp(middle))
    assert one.average.ci == pytest.approx([math.exp(middle - half), math.exp(middle + half)])
    assert one.ci[0] < one.average.ci[0] < one.average.ci[1] < one.ci[1]
    # Hartung and Knapp's stays in the data
    assert one.families[0].reml_hk is not None
    assert one.p is None
    assert one.prediction_interval is None or k > 2


def test_from_five_on_one_interval_is_both() -> None:
    one = alike(5)
    y = [math.log(2) + 0.1 * i for i in range(5)]
    assert (one.estimate_source, one.average, one.prior_sensitive) == ("pooled-reml-hk", None, None)
    assert one.ci == pytest.approx([math.exp(bound) for bound in reml_hk(y, [0.3] * 5).ci])


def test_one_cohort_has_its_own_printed_interval() -> None:
    one = of(study("a", row(measure="OR", contrast_type="binary", value=1.53, ci=[1.01, 2.33]))).association
    assert (one.estimate, one.ci, one.estimate_source, one.average, one.k) == (1.53, (1.01, 2.33), "single-study", None, 1)


@pytest.mark.parametrize(("value", "sensitive"), [(1.2, False), (1.9, True), (8.0, False)])
def test_a_verdict_that_hangs_on_the_priors_scale_says_so(value: float, sensitive: bool) -> None:
    one = of(*[study(name, ratio(value, 0.2)) for name in "ab"]).association
    verdicts = set()
    for scale in (0.25, 0.5, 1.0):
        low, high = bayes([math.log(value)] * 2, [0.2] * 2, scale).ci
        verdicts.add(low <= 0 <= high)
    assert (one.prior_sensitive, len(verdicts) > 1) == (sensitive, sensitive)


def test_the_unit_of_an_exposure_does_not_make_a_verdict_sensitive() -> None:
    by_year = [aged(1.05, 0.02), aged(1.04, 0.02)]
    by_decade = [aged(1.05**10, 0.2, per=YEARS), aged(1.04**10, 0.2, per=YEARS)]
    found = [of(*[study(f"s-{i}", one, age={"sd": 12}) for i, one in enumerate(rows)]).association for rows in (by_year, by_decade)]
    assert found[0].prior_sensitive is found[1].prior_sensitive


# published rows


_OF_ROW = {"contrast_type", "measure", "randomised", "per", "exposure", "versus", "cutoff", "outcome_cutoff"}


def review(value: float, se: float, name: str = "review", *, k: int | None = None, **more: Any) -> Study:
    of_row = {key: more.pop(key) for key in _OF_ROW & more.keys()}
    figures = ratio(value, se, pooled=True, **of_row) | ({"k": k} if k else {})
    return study(name, figures, **{"design": "meta-analysis", "n": 5000, "k": 18, "search_until": "2021-06", **more})


TWO = [study("a", ratio(2.0, 0.3)), study("b", ratio(1.6, 0.3))]


def ours() -> float:
    """The standard error that our interval is as wide as."""
    ci = of(*TWO).association.ci
    assert ci is not None
    return math.log(ci[1] / ci[0]) / (2 * Z)


@pytest.mark.parametrize(("share", "published"), [(1.99, False), (2.01, True)])
def test_a_published_row_is_the_headline_where_it_holds_more_than_twice_our_information(share: float, published: bool) -> None:
    one = of(*TWO, review(1.4, ours() / math.sqrt(share))).association
    assert (one.estimate_source == "published") is published
    assert [row.headline for row in one.published] == [published]
    # ours stands beside
    assert (one.families[0].k, one.families[0].estimate_source) == (2, "pooled-bayes")
    assert one.average is None or not published


@pytest.mark.parametrize(("share", "published"), [(1.99, False), (2.01, True)])
def test_the_step_of_a_print_adds_no_information(share: float, published: bool) -> None:
    decades = [study(name, aged(1.6, 0.1, per=YEARS), age={"sd": 12}) for name in "ab"]
    ci = of(*decades).association.ci
    assert ci is not None
    error = math.log(ci[1] / ci[0]) / (2 * Z) / 10
    by_year = review(1.04, error / math.sqrt(share), exposure="age", contrast_type="per-unit", per={"step": 1, "unit": "years"})
    assert (of(*decades, by_year).association.estimate_source == "published") is published


def test_from_five_on_our_information_is_that_of_hartung_and_knapp() -> None:
    cohorts = [study(f"s-{i}", ratio(2 * math.exp(0.1 * i), 0.3)) for i in range(5)]
    ci = of(*cohorts).association.ci
    assert ci is not None
    error = math.log(ci[1] / ci[0]) / (2 * Z)
    for share, published in ((1.99, False), (2.01, True)):
        one = of(*cohorts, review(1.4, error / math.sqrt(share))).association
        assert (one.estimate_source == "published") is published


@pytest.mark.parametrize(
    ("more", "published"),
    [
        ({}, True),
        ({"contrast_type": None}, True),  # as pooled, of a yes/no term
        ({"measure": "HR"}, False),
        ({"contrast_type": "shift"}, False),
        ({"randomised": True}, False),
        ({"versus": "diabetes"}, False),
        ({"cutoff": ">= 5"}, False),
        ({"outcome_cutoff": "mRS 4-6"}, False),
    ],
)
def test_a_published_row_of_another_question_stands_beside(more: dict[str, Any], published: bool) -> None:
    one = of(*TWO, review(1.4, 0.01, **more)).association
    assert (one.estimate_source == "published") is published
    assert len(one.published) == 1


def test_as_pooled_of_a_term_with_a_unit_is_not_taken_for_yes_and_no() -> None:
    cohorts = [study(name, ratio(2.0, exposure="age")) for name in "ab"]
    assert of(*cohorts, review(1.4, 0.01, exposure="age", contrast_type=None)).association.estimate_source == "pooled-bayes"


def test_a_review_is_no_headline_beside_trials() -> None:
    trials = [study(name, ratio(2.0, **TRIAL)) for name in "ab"]
    assert of(*trials, review(1.4, 0.01)).association.estimate_source == "pooled-bayes"


def test_of_several_reviews_the_latest_search_is_the_headline() -> None:
    old, new = review(1.3, 0.01, "a-old", search_until="2019-12"), review(1.5, 0.05, "b-new", search_until="2021-02")
    for sheets in ((old, new), (new, old)):
        one = of(*TWO, *sheets).association
        assert (one.estimate, [row.study for row in one.published if row.headline]) == (1.5, ["b-new"])
    # without a date of the search that of the paper
    dated = review(1.7, 0.05, "0-dated", search_until=None, year=2023)
    assert of(*TWO, old, new, dated).association.estimate == 1.7


def test_the_k_of_a_published_headline_is_its_rows_else_it_is_of_a_review_of_so_many() -> None:
    known, unknown = (of(*TWO, review(1.4, 0.01, k=k)).association for k in (5, None))
    assert (known.k, known.published[0].k, known.published[0].review_k) == (5, 5, 18)
    assert (unknown.k, unknown.published[0].k, unknown.published[0].review_k) == (None, None, 18)


def test_where_nothing_of_ours_is_estimated_a_published_interval_is_the_headline() -> None:
    one = of(study("a", row()), review(1.4, 0.5)).association
    assert (one.estimate_source, one.estimate, one.families) == ("published", 1.4, ())


# named cases of the corpus


def shown(graph: EvidenceGraph, exposure: str, outcome: str = "r-dwi", of: str = "ich") -> Association:
    return next(one for one in graph.associations if (one.exposure.id, one.outcome.id, one.population.id) == (exposure, outcome, of))


@pytest.mark.parametrize(
    ("exposure", "outcome", "figures", "source", "k"),
    [
        ("intensive-bp-lowering", "poor-functional-outcome", (0.95, 0.84, 1.08), "single-study", 1),
        ("intensive-bp-lowering", "haematoma-expansion", (0.75, 0.6, 0.92), "single-study", 1),
        ("lacunes", "r-dwi", (2.69, 1.2, 6.06), "single-study", 1),
        ("r-dwi", "poor-functional-outcome", (1.95, 1.48, 2.57), "published", None),
        ("cerebral-microbleeds", "poor-functional-outcome", (0.83, 0.4, 1.71), "single-study", 1),
        ("cerebral-amyloid-angiopathy", "r-dwi", (1.25, 0.73, 2.15), "published", 5),
        ("diabetes", "r-dwi", (1.15, 0.83, 1.6), "published", None),
        ("atrial-fibrillation", "r-dwi", (3.67, 1.8, 7.49), "published", None),
        ("intensive-bp-lowering", "r-dwi", (0.74, 0.29, 1.87), "single-study", 1),
    ],
)
def test_the_headline_of_a_named_case(
    graph: EvidenceGraph, exposure: str, outcome: str, figures: tuple[float, float, float], source: str, k: int | None
) -> None:
    one = shown(graph, exposure, outcome)
    assert one.estimate is not None
    assert one.ci is not None
    assert (round(one.estimate, 2), *(round(bound, 2) for bound in one.ci)) == figures
    assert (one.estimate_source, one.k) == (source, k)


def test_microbleeds_and_poor_outcome_stay_ours_beside_the_reviews(graph: EvidenceGraph) -> None:
    (beside,) = shown(graph, "cerebral-microbleeds", "poor-functional-outcome").published
    assert (beside.estimate, beside.headline) == (2.6, False)


def test_the_first_month_after_haemorrhage_stands_apart_from_the_years(graph: EvidenceGraph) -> None:
    found = shown(graph, "intracerebral-haemorrhage", "major-vascular-events", "comparison").families
    assert {(one.window, one.k, round(one.estimate, 2)) for one in found} == {("to 1 month", 1, 6.7), ("beyond 12 months", 1, 2.3)}


def test_early_mri_pools_nothing(graph: EvidenceGraph) -> None:
    assert all(one.k == 1 for one in shown(graph, "early-mri").families)


def test_mixed_lacunes_stand_beside_lacunes(graph: EvidenceGraph) -> None:
    assert [round(one.estimate, 2) for one in shown(graph, "lacunes").families] == [2.69, 3.6]


def test_no_comparison_of_the_corpus_takes_a_cohort_twice_or_mixes_bodies(graph: EvidenceGraph) -> None:
    rows = {one.finding: one for one in graph.observations}
    for association in graph.associations:
        for family in association.families:
            assert family.k <= len(family.rows)
            assert len({rows[finding].row.randomised for finding in family.rows}) == 1
            crude = {rows[finding].row.adjusted is False for finding in family.rows}
            assert crude == {False} if family.body == "other" else True


def test_microbleeds_without_kidwell_2017_are_shown_with_their_figure(reader: MemoryReader) -> None:
    answer = questions.Evidence(exposure="cerebral-microbleeds", outcome="r-dwi").answer(reader)
    assert answer.association is not None
    assert round(answer.association.estimate or 0, 2) == 2.59
    without = {one.study.id: one for one in answer.leave_one_out}["kidwell-2017"]
    assert (round(without.estimate or 0, 2), without.direction_changes) == (5.26, False)


def test_of_lobar_haemorrhage_and_recurrence_the_whole_is_pooled_with_the_other_cohort(graph: EvidenceGraph) -> None:
    """CROMIS-2 and the cohort that holds OXVASC: their average, and allowing for settings that differ."""
    one = shown(graph, "lobar-location", "recurrent-ich")
    assert (one.k, one.families[0].body, studies_of(one.families[0])) == (2, "other", ["cromis2-stroke-risk-2020", "li-2021-vascular"])
    assert one.average is not None
    assert one.ci is not None
    assert one.ci[0] < one.average.ci[0] < one.average.ci[1] < one.ci[1]


# what a second reading found


def test_a_published_row_of_another_time_is_not_the_headline() -> None:
    ours = [study(name, ratio(2.3, 0.4, follow_up_months=60)) for name in "ab"]
    review = {"design": "meta-analysis", "n": 5000, "k": 18, "year": 2023}
    one = of(*ours, study("rev", ratio(6.7, 0.1, pooled=True, follow_up_months=1), **review)).association
    assert (one.estimate_source, one.k) == ("pooled-bayes", 2)
    # a review says less of its times than a paper does
    assert of(*ours, study("rev", ratio(6.7, 0.1, pooled=True), **review)).association.estimate_source == "published"


def test_randomised_or_not_the_unit_never_matters_to_the_spread() -> None:
    per = {"exposure": "acute-bp-reduction", "contrast_type": "per-unit", "randomised": True, "outcome": "mortality"}
    ten, one = (
        of(*[study(name, ratio(value, 0.1, **per, per={"step": step, "unit": "kPa"})) for name, value in (("a", 0.9), ("b", 0.8))])
        for step in (10, 1)
    )
    assert ten.association.ci == pytest.approx(one.association.ci)


def test_the_sd_of_an_outcome_is_turned_to_the_unit_of_the_differences() -> None:
    to = {"outcome": "haematoma-volume"}
    groups = [{"name": "with", "n": 40, "mean": 20.0, "sd": 10.0}, {"name": "without", "n": 40, "mean": 18.0, "sd": 10.0}]
    litres = [{**group, "mean": group["mean"] / 1000, "sd": group["sd"] / 1000} for group in groups]
    two = [study("a", difference(5.0, 2.0, **to)), study("b", difference(6.0, 2.0, **to))]
    silent = {"groups_by": "exposure", "role": "descriptive", **to}
    by_ml, by_litres = (
        of(*two, study("c", row(groups=given, **silent, **more))).association.families[0].tau_scale
        for given, more in ((groups, {}), (litres, {"notes": "unit: L"}))
    )
    assert by_ml == by_litres == pytest.approx(2.8)


def test_ratios_that_cannot_be_told_apart_do_not_hide_one_that_is_told() -> None:
    untold = [study(name, ratio(value, contrast_type=None)) for name, value in (("u1", 2.0), ("u2", 3.0))]
    crude = row(measure="OR", contrast_type="binary", counts=table(20, 60, 10, 80), adjusted=False)
    found = of(*untold, *[study(name, crude) for name in "abc"])
    assert (found.association.k, found.association.estimate) == (3, found.association.families[0].estimate)


def test_a_pooled_analysis_in_two_parts_counts_as_many_as_it_pools() -> None:
    parts = [population(500, name, disjoint=True) for name in ("one", "two")]
    rows = [ratio(2.0, 0.2, population=name) for name in ("one", "two")]
    pool = study("pool", *rows, n=1000, k=16, design="individual-patient-pooled", populations=parts)
    one = of(pool, study("z", ratio(2.0))).association
    assert (one.families[0].k, one.families[0].stands_for) == (3, 17)
