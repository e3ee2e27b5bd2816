"""How each kind of row is read: how its estimate is derived, what turns it, whether it counts. Rows of named sheets, else made up."""

from __future__ import annotations

import math
from functools import cache
from statistics import NormalDist
from typing import Any

import pytest

from graph.opening import shipped, shipped_studies
from graph.synthesis.effect_sizes import hedges_g, log_odds_ratio, log_risk_ratio, mean_sd_from_quartiles
from graph.synthesis.method import METHOD
from graph.synthesis.observations import DERIVATIONS, finding_ids, read_study, stepped
from graph.synthesis.weight import reported_z
from schema.observation import Observation
from schema.scales import CHINN
from schema.study import Counts, Finding, Study

Z = NormalDist().inv_cdf(0.975)


@cache
def sheets() -> dict[str, tuple[Observation, ...]]:
    """Every sheet of the corpus, read."""
    return {study.id: tuple(read_study(study, shipped())) for study in shipped_studies(shipped())}


def the(study: str, exposure: str, outcome: str, **row: Any) -> Observation:
    """The one row of a sheet with these terms and these printed figures."""
    found = [
        one
        for one in sheets()[study]
        if (one.row.exposure, one.row.outcome) == (exposure, outcome) and all(getattr(one.row, key) == value for key, value in row.items())
    ]
    assert len(found) == 1
    return found[0]


def made(*, n: int | None = 200, prevalence: list[dict[str, Any]] | None = None, **row: Any) -> Observation:
    """A made-up row, read."""
    figures = {"exposure": "hypertension", "outcome": "r-dwi", "population": "all", "measure": "p-only", "direction": "increases", **row}
    people = {"id": "all", "label": "all", "condition": "ich", "arteriopathy": "any", "location": "any", "n": n}
    whole = {"id": "made-up", "read": "abstract", "design": "prospective-cohort", "populations": [people], "findings": [figures]}
    return next(read_study(Study.model_validate({**whole, "prevalence": prevalence or []}), shipped()))


def table(a: int, n1: int, c: int, n2: int) -> Counts:
    return Counts(exposed_cases=a, exposed_total=n1, unexposed_cases=c, unexposed_total=n2)


TABLE = table(20, 60, 10, 80)
MEANS = [{"name": "with", "n": 30, "mean": 12.0, "sd": 4.0}, {"name": "without", "n": 70, "mean": 10.0, "sd": 5.0}]
EVEN = [{"name": "with", "n": 30, "median": 12.0, "iqr": [9.0, 15.0]}, {"name": "without", "n": 70, "median": 10.0, "iqr": [7.0, 13.0]}]
SKEWED = [EVEN[0], {"name": "without", "n": 70, "median": 8.0, "iqr": [7.0, 13.0]}]
OR = {"measure": "OR", "contrast_type": "binary", "value": 2.0}


# the derivations

EACH: dict[str, dict[str, Any]] = {
    "counts": {"measure": "OR", "contrast_type": "binary", "counts": TABLE, "adjusted": False},
    "percentages": {
        "measure": "proportion-difference", "groups_by": "exposure",
        "groups": [{"name": "exposed", "n": 57, "pct": 32}, {"name": "unexposed", "n": 62, "pct": 16}],
    },
    "ratio-ci": {**OR, "ci": [1.1, 3.6]},
    "ratio-se": {**OR, "se": 0.3},
    "ratio-p": {**OR, "p": 0.02},
    "groups-exposure": {"measure": "p-only", "groups": MEANS, "groups_by": "exposure"},
    "groups-difference": {"measure": "mean-difference", "groups": MEANS, "groups_by": "exposure"},
    "groups-outcome": {"measure": "mean-difference", "groups": MEANS, "groups_by": "outcome"},
    "medians-exposure": {"measure": "median-difference", "groups": EVEN, "groups_by": "exposure"},
    "medians-outcome": {"measure": "median-difference", "groups": EVEN, "groups_by": "outcome"},
    "correlation": {"measure": "correlation", "value": 0.3},
    "difference-ci": {"measure": "beta", "value": 0.3, "ci": [0.1, 0.5]},
    "difference-se": {"measure": "mean-difference", "value": 0.3, "se": 0.1},
    "difference-p": {"measure": "mean-difference", "value": 0.3, "p": 0.02},
    "p": {"p": 0.02},
    "word": {},
    "direction": {"p": 0.2},
    "null": {"direction": "no-association", "p": 0.2},
    "no-events": {"measure": "OR", "contrast_type": "binary", "counts": table(0, 20, 0, 20), "adjusted": False},
    "unclear-p": {"direction": "unclear", "p": 0.02},
    "unclear": {"direction": "unclear"},
}  # fmt: skip


@pytest.mark.parametrize("derivation", DERIVATIONS)
def test_there_is_a_row_for_each_derivation_and_it_is_read_by_it(derivation: str) -> None:
    assert made(**EACH[derivation]).derivation == derivation


def test_every_row_of_the_corpus_has_one_of_the_derivations() -> None:
    assert {one.derivation for sheet in sheets().values() for one in sheet} <= set(DERIVATIONS)


def test_counts_are_an_odds_ratio_and_for_a_risk_ratio_a_risk_ratio() -> None:
    odds, risk = made(**EACH["counts"]), made(**{**EACH["counts"], "measure": "RR"})
    assert (odds.y, odds.se) == pytest.approx(log_odds_ratio(TABLE))
    assert (risk.y, risk.se) == pytest.approx(log_risk_ratio(TABLE))
    assert odds.comparison is not None
    assert risk.comparison is not None
    assert (odds.comparison.measure, risk.comparison.measure) == ("OR", "RR")
    assert (odds.n, odds.outcome_share) == (140, pytest.approx(30 / 140))


def test_kimberly_has_no_lesion_in_the_controls_and_still_an_estimate() -> None:
    seen = the("kimberly-2009", "cerebral-amyloid-angiopathy", "r-dwi")
    assert seen.derivation == "counts"
    assert seen.y == pytest.approx(math.log(12.5 * 55.5 / (0.5 * 66.5)))
    assert seen.significant == 1


def test_percentages_of_exposure_groups_are_counts() -> None:
    seen = the("buletko-2018", "intensive-bp-protocol", "r-dwi")
    assert seen.derivation == "percentages"
    assert (seen.y, seen.se) == pytest.approx(log_odds_ratio(table(18, 57, 10, 62)))
    assert seen.significant == 1  # by its printed p, 0.047, though z is just below


def test_percentages_of_outcome_groups_are_counts_of_the_exposed() -> None:
    groups = [{"name": "with", "n": 40, "pct": 50}, {"name": "without", "n": 100, "pct": 20}]
    seen = made(measure="proportion-difference", groups=groups, groups_by="outcome")
    assert seen.derivation == "percentages"
    assert (seen.y, seen.se) == pytest.approx(log_odds_ratio(table(20, 40, 20, 100)))
    assert seen.outcome_share == pytest.approx(40 / 140)


@pytest.mark.parametrize(("study", "exposure"), [("auriel-2012", "lobar-location"), ("wiegertjes-2022", "cerebral-amyloid-angiopathy")])
def test_percentages_that_fit_several_counts_or_have_no_n_are_no_counts(study: str, exposure: str) -> None:
    assert the(study, exposure, "r-dwi").kind != "estimate"


def test_a_standard_error_is_that_of_a_ratios_logarithm_and_of_a_difference_itself() -> None:
    ratio, difference = made(**EACH["ratio-se"]), made(**EACH["difference-se"])
    assert (ratio.y, ratio.se, ratio.scale) == (pytest.approx(math.log(2)), 0.3, "log-ratio")
    assert (difference.y, difference.se, difference.scale) == (0.3, 0.1, "linear")
    per_step = made(measure="OR", contrast_type="per-unit", value=2.0, se=0.3, per={"step": 10, "unit": "mmHg"})
    assert (per_step.y, per_step.se) == (pytest.approx(math.log(2) / 10), pytest.approx(0.03))
    turned = made(**EACH["ratio-se"], reversed=True)
    assert (turned.y, turned.se) == (pytest.approx(-math.log(2)), 0.3)


def test_a_printed_interval_comes_before_a_standard_error_and_a_p_beside_it_may_disagree() -> None:
    assert made(**EACH["ratio-ci"], se=0.9).derivation == "ratio-ci"
    assert made(measure="OR", value=2.0, ci=[0, 3.6], se=0.3).derivation == "ratio-se"
    assert made(**EACH["ratio-se"], p=0.02).derivation == "ratio-se"
    for row in (EACH["ratio-se"], {"measure": "mean-difference", "value": 12.3, "se": 4.1}):
        told = made(**row, p=0.9)
        assert (told.y, told.warnings) == (None, ("se and p disagree: counts, isn't pooled",))
    # as rounded to one digit, 2.3 may stand for p = 0.03
    assert made(measure="OR", value=2.0, se=0.3, p=0.03).derivation == "ratio-se"
    counted = made(measure="OR", contrast_type="binary", value=9.0, se=0.1, counts=TABLE, adjusted=False)
    assert (counted.derivation, counted.warnings) == ("counts", ("the printed se disagrees with the counts: counts used",))
    assert made(measure="OR", value=9.0, se=0.1, counts=TABLE).derivation == "ratio-se"
    assert made(measure="mean-difference", value=2.5, se=1.0, groups=MEANS, adjusted=True).derivation == "difference-se"
    assert made(measure="correlation", value=0.3, se=0.05).derivation == "correlation"


def test_a_ratio_with_its_interval_is_its_logarithm() -> None:
    seen = the("demdas-iil-2024", "r-dwi-incident", "recurrent-stroke")
    assert (seen.derivation, seen.scale) == ("ratio-ci", "log-ratio")
    assert seen.y == pytest.approx(math.log(3.81))
    assert seen.se == pytest.approx((math.log(10.69) - math.log(1.35)) / (2 * Z))


def test_a_ratio_with_p_alone_has_the_z_of_that_p() -> None:
    seen = the("gregoire-2011", "strictly-lobar-microbleeds", "r-dwi")
    assert (seen.derivation, seen.y) == ("ratio-p", pytest.approx(math.log(3.85)))
    assert seen.z == pytest.approx(NormalDist().inv_cdf(1 - 0.029 / 2))


def test_exposure_groups_are_hedges_g_times_chinns_factor() -> None:
    seen, g = made(**EACH["groups-exposure"]), hedges_g(12, 4, 30, 10, 5, 70)
    assert g is not None
    assert (seen.derivation, seen.scale) == ("groups-exposure", "smd")
    assert (seen.y, seen.se) == pytest.approx((g.y * CHINN, g.se * CHINN))


def test_a_mean_difference_beside_means_and_sds_is_answered_as_one() -> None:
    seen = the("cai-glymphatic", "intracerebral-haemorrhage", "glymphatic-function", p=0.003)
    assert (seen.derivation, seen.scale, seen.y) == ("groups-difference", "linear", pytest.approx(1.34 - 1.46))
    assert seen.se == pytest.approx(math.sqrt(0.24**2 / 55 + 0.22**2 / 97))


def test_outcome_groups_are_the_log_odds_ratio_per_sd_without_chinns_factor() -> None:
    seen, g = made(**EACH["groups-outcome"]), hedges_g(12, 4, 30, 10, 5, 70)
    assert (seen.y, seen.se) == pytest.approx(g)
    assert seen.comparison is not None
    assert (seen.comparison.measure, seen.comparison.contrast_type, seen.comparison.unit) == ("OR", "per-unit", "SD")
    assert seen.outcome_share == pytest.approx(0.3)


def test_even_medians_are_read_by_wan() -> None:
    seen = made(**EACH["medians-outcome"])
    expected = hedges_g(*mean_sd_from_quartiles(9, 12, 15, 30), 30, *mean_sd_from_quartiles(7, 10, 13, 70), 70)
    assert (seen.y, seen.se) == pytest.approx(expected)


def test_skewed_medians_fall_back_on_the_printed_p() -> None:
    seen = the("wiegertjes-2022", "haematoma-volume", "r-dwi")
    assert (seen.kind, seen.derivation, seen.y) == ("significant", "p", None)
    assert seen.z == pytest.approx(NormalDist().inv_cdf(1 - 0.01 / 2))
    assert made(measure="median-difference", groups=SKEWED, groups_by="outcome", p="<0.01").kind == "significant"


def test_medians_without_quartiles_fall_back_on_the_printed_p() -> None:
    seen = the("kimberly-2009", "haemorrhage-count", "r-dwi")
    assert (seen.kind, seen.derivation) == ("significant", "p")
    assert seen.outcome_share == pytest.approx(12 / 78)  # the groups' own sizes


def test_a_correlation_is_fishers_z_of_its_n() -> None:
    seen = the("okamoto-2012", "caa-severity", "cortical-microinfarct", measure="correlation")
    assert (seen.derivation, seen.scale, seen.y) == ("correlation", "fisher-z", pytest.approx(math.atanh(0.6736)))
    assert seen.se == pytest.approx(1 / math.sqrt(seen.n - 3))


# p values, words and signs


@pytest.mark.parametrize(
    ("row", "kind", "z"),
    [
        ({"p": 0.01}, "significant", NormalDist().inv_cdf(0.995)),
        ({"p": "<0.01"}, "significant", (NormalDist().inv_cdf(0.995), None)),
        ({"p": "<0.05"}, "significant", (Z, None)),
        ({}, "significant", (Z, None)),
        ({"p": 0.05}, "direction", Z),
        ({"p": ">0.05"}, "direction", (0.0, None)),
        ({"p": "<0.1"}, "direction", (0.0, None)),
        ({"measure": "OR", "value": 1.4}, "direction", (0.0, None)),
        ({"measure": "OR", "value": 1.4, "p": "<0.001"}, "significant", (NormalDist().inv_cdf(0.9995), None)),
        ({"direction": "decreases", "p": 0.01}, "significant", -NormalDist().inv_cdf(0.995)),
        ({"direction": "decreases", "p": "<0.01"}, "significant", (None, -NormalDist().inv_cdf(0.995))),
        ({"direction": "decreases"}, "significant", (None, -Z)),
        ({"direction": "decreases", "p": 0.4}, "direction", -NormalDist().inv_cdf(0.8)),
        ({"direction": "decreases", "p": 1}, "direction", (None, 0.0)),
        ({"direction": "no-association"}, "null", (-Z, Z)),
        ({"direction": "no-association", "p": 0.001}, "null", (-Z, Z)),
        ({"direction": "unclear", "p": 0.01}, "unclear", (-NormalDist().inv_cdf(0.995), NormalDist().inv_cdf(0.995))),
        ({"direction": "unclear"}, "unclear", None),
    ],
)
def test_a_row_without_an_estimate_is_read_by_its_p_its_word_and_its_sign(row: dict[str, Any], kind: str, z: Any) -> None:
    seen = made(**row)
    assert (seen.kind, seen.y, seen.se) == (kind, None, None)
    found, expected = (one if isinstance(one, tuple) else (one,) for one in (seen.z, z))
    assert [end is None for end in found] == [end is None for end in expected]
    assert [end for end in found if end is not None] == pytest.approx([end for end in expected if end is not None])


def test_an_unread_sign_votes_only_with_a_p() -> None:
    assert the("menon-2012", "haematoma-volume", "r-dwi").eligible
    silent = the("wang-2019", "leukocyte-count", "r-dwi")
    assert (silent.eligible, silent.why) == (False, "its direction could not be read and no p is printed")


# what turns a row


@pytest.mark.parametrize(
    ("study", "exposure", "value"), [("demdas-iil-2024", "r-dwi-incident", -0.31), ("sveikata-2024", "bp-variability", -0.3)]
)
def test_a_scale_on_which_lower_is_worse_turns_the_value_and_leaves_the_direction(study: str, exposure: str, value: float) -> None:
    seen = the(study, exposure, "cognitive-decline")
    assert (seen.row.value, seen.row.direction) == (value, "increases")
    assert (seen.y, seen.significant) == (-value, 1)


def test_a_reversed_ratio_is_turned_and_divided_by_its_step() -> None:
    seen = the("zwartbol-medea7t", "cerebral-blood-flow", "cortical-microinfarct")
    assert (seen.row.value, seen.row.direction) == (1.35, "increases")
    assert seen.y == pytest.approx(-math.log(1.35) / 100)
    assert seen.significant == -1


@pytest.mark.parametrize("exposure", ["gcs", "cerebral-perfusion-pressure"])
def test_a_reversed_word_is_turned(exposure: str) -> None:
    seen = the("reinhard-2010", exposure, "impaired-autoregulation")
    assert (seen.row.direction, seen.reported_sign) == ("increases", -1)
    assert seen.z == (None, pytest.approx(-Z))


def test_reversed_turns_neither_counts_nor_groups() -> None:
    for derivation in ("counts", "groups-exposure", "groups-outcome"):
        assert made(**EACH[derivation], reversed=True).y == made(**EACH[derivation]).y


def test_a_good_outcome_is_read_as_its_harmful_side_and_says_so() -> None:
    seen = the("garg-2020", "r-dwi", "functional-recovery")
    assert (seen.outcome, seen.turned_from) == ("poor-functional-outcome", "functional-recovery")
    assert (seen.row.direction, seen.significant) == ("decreases", 1)
    assert seen.z == pytest.approx(NormalDist().inv_cdf(1 - 0.005 / 2))


def test_a_ratio_for_survival_is_one_over_it_for_death() -> None:
    seen = the("patch-2016", "platelet-transfusion", "survival")
    assert (seen.outcome, seen.y) == ("mortality", pytest.approx(-math.log(0.62)))


@pytest.mark.parametrize(("measure", "formula"), [("OR", log_odds_ratio), ("RR", log_risk_ratio)])
def test_counts_of_a_good_outcome_become_counts_of_the_bad_one(measure: str, formula: Any) -> None:
    seen = made(outcome="good-functional-outcome", measure=measure, contrast_type="binary", counts=TABLE, adjusted=False)
    assert (seen.y, seen.se) == pytest.approx(formula(table(40, 60, 70, 80)))
    assert seen.outcome_share == pytest.approx(110 / 140)
    assert seen.comparison == made(outcome="poor-functional-outcome", **EACH["counts"] | {"measure": measure}).comparison


def test_one_over_a_risk_ratio_of_a_good_outcome_is_not_pooled_with_risk_ratios_of_the_bad_one() -> None:
    row = {"measure": "RR", "contrast_type": "binary", "value": 1.4, "ci": [1.1, 1.8]}
    good, bad = made(outcome="good-functional-outcome", **row), made(outcome="poor-functional-outcome", **row)
    assert (good.y, bad.y) == pytest.approx((-math.log(1.4), math.log(1.4)))
    assert good.comparison != bad.comparison
    odds = [made(outcome=outcome, **row | {"measure": "OR"}) for outcome in ("good-functional-outcome", "poor-functional-outcome")]
    assert odds[0].comparison == odds[1].comparison


def test_groups_by_a_good_outcome_are_turned_by_the_outcome_alone() -> None:
    good = made(outcome="good-functional-outcome", measure="mean-difference", groups=MEANS, groups_by="outcome")
    bad = made(outcome="poor-functional-outcome", measure="mean-difference", groups=MEANS, groups_by="outcome")
    assert (good.y, good.se) == (pytest.approx(-bad.y if bad.y else None), bad.se)


def test_two_turns_undo_each_other() -> None:
    row = {**OR, "ci": [1.1, 3.6]}
    assert made(outcome="good-functional-outcome", reversed=True, **row).y == pytest.approx(math.log(2))
    assert made(reversed=True, outcome_scale="lower-is-worse", **row).y == pytest.approx(math.log(2))


# steps and comparisons


@pytest.mark.parametrize(
    ("study", "exposure", "outcome", "ratio", "step"),
    [
        ("zwartbol-medea7t", "age", "cortical-microinfarct", 1.79, 10),
        ("cai-glymphatic", "glymphatic-function", "good-functional-outcome", 1 / 1.686, 0.1),
    ],
)
def test_a_per_unit_ratio_is_divided_by_its_step(study: str, exposure: str, outcome: str, ratio: float, step: float) -> None:
    seen = the(study, exposure, outcome)
    assert seen.y == pytest.approx(math.log(ratio) / step)
    assert seen.comparison is not None
    assert seen.comparison.contrast_type == "per-unit"


def test_a_step_changes_neither_z_nor_what_is_significant() -> None:
    row = {"measure": "OR", "contrast_type": "per-unit", "value": 1.2, "ci": [1.05, 1.37]}
    ten, one = (made(exposure="age", per={"step": step, "unit": "years"}, **row) for step in (10, 1))
    assert ten.z == pytest.approx(one.z)
    assert ten.comparison == one.comparison


@pytest.mark.parametrize(
    "row",
    [
        {**OR, "contrast_type": "unknown", "ci": [1.1, 3.6]},
        {**OR, "contrast_type": "graded", "ci": [1.1, 3.6]},
        {**OR, "contrast_type": "per-unit", "ci": [1.1, 3.6]},
        {**OR, "contrast_type": "per-unit", "per": {"step": 1, "unit": "points"}, "ci": [1.1, 3.6]},
        {**OR, "contrast_type": None, "ci": [1.1, 3.6]},
        {"measure": "beta", "value": 0.3, "ci": [0.1, 0.5]},
        {"measure": "mean-difference", "value": 0.3, "ci": [0.1, 0.5]},
    ],
)
def test_an_estimate_a_part_of_whose_contrast_is_not_known_is_pooled_with_no_other(row: dict[str, Any]) -> None:
    seen = made(**row)
    assert seen.eligible
    assert seen.comparison is not None
    assert seen.comparison.variable == seen.finding


def test_randomised_rows_are_pooled_with_each_other_alone() -> None:
    row = {**OR, "ci": [1.1, 3.6]}
    assert made(**row, randomised=True).comparison != made(**row).comparison


def test_variables_that_are_parts_of_one_exposure_are_not_pooled_with_each_other() -> None:
    row = {**OR, "contrast_type": "per-unit", "per": {"step": 10, "unit": "mmHg"}, "ci": [1.1, 3.6]}
    assert made(exposure="admission-sbp", **row).comparison != made(exposure="admission-map", **row).comparison


# figures that disagree


def test_the_counts_of_butcher_2025_beat_its_interval() -> None:
    seen = the("butcher-2025", "intensive-bp-lowering", "r-dwi")
    assert (seen.derivation, seen.row.ci) == ("counts", (0.12, 4.64))
    assert (seen.y, seen.se) == pytest.approx(log_odds_ratio(table(13, 42, 14, 37)))


def test_the_difference_and_the_means_of_butcher_2013_disagree_so_that_it_votes_and_is_not_pooled() -> None:
    seen = the("butcher-2013", "intensive-bp-lowering", "perihaematomal-cbf")
    assert (seen.kind, seen.eligible, seen.y, seen.comparison) == ("null", True, None, None)
    assert any("disagree" in warning for warning in seen.warnings)


def test_of_counts_interval_and_p_two_that_agree_win() -> None:
    # the table says OR 3.5, z 2.8
    row = {**OR, "value": 1.05, "ci": [0.6, 1.84], "counts": TABLE, "adjusted": False}
    with_p, without, for_the_table = made(**row, p=0.86), made(**row), made(**row, p=0.005)
    assert (with_p.derivation, without.derivation, for_the_table.derivation) == ("ratio-ci", "counts", "counts")
    assert all(one.warnings for one in (with_p, without, for_the_table))


def test_an_interval_and_a_p_that_disagree_vote_by_p_and_are_not_pooled() -> None:
    seen = made(**OR, ci=[1.2, 3.3], p=0.6)
    assert (seen.kind, seen.y, seen.comparison, seen.eligible) == ("direction", None, None, True)
    assert seen.warnings
    assert made(**OR, ci=[1.2, 3.3], p=0.008).warnings == ()


def test_what_rounding_explains_is_no_disagreement() -> None:
    # 1.35 with 1.00 to 1.83 is at the edge of significance, the word tells the side
    seen = the("zwartbol-medea7t", "cerebral-blood-flow", "cortical-microinfarct")
    assert seen.warnings == ()
    assert made(**{**OR, "value": 1.3}, ci=[1.0, 1.7], p=0.04).significant == 1
    assert made(**{**OR, "value": 1.3}, ci=[1.0, 1.7], direction="no-association").significant == 0
    assert made(**{**OR, "value": 1.3}, ci=[1.0, 1.7]).significant == 1


def test_an_adjusted_ratio_is_not_replaced_by_crude_counts() -> None:
    row = {**OR, "ci": [1.1, 3.6], "counts": TABLE}
    assert made(**row, adjusted=True).derivation == "ratio-ci"
    assert made(**row).derivation == "ratio-ci"
    assert made(**row, adjusted=False).derivation == "counts"


# which rows count


@pytest.mark.parametrize(
    ("seen", "why"),
    [
        (lambda: the("arsava-2013", "cerebral-microbleeds", "r-dwi", role="dropped"), "did not stay in a stepwise model"),
        (lambda: the("shoamanesh-2018", "intensive-bp-lowering", "poor-functional-outcome"), "an interaction"),
        (lambda: the("auriel-2012", "early-mri", "r-dwi", role="within-person"), "compares people with themselves"),
        (lambda: made(role="descriptive"), "nothing was tested"),
        (lambda: the("xu-2026", "total-csvd-score", "r-dwi"), "reports other studies' patients"),
        (lambda: the("posener-2023", "atrial-fibrillation", "r-dwi"), "published meta-analysis"),
        (lambda: made(pooled=True, **OR, ci=[1.1, 3.6]), "published meta-analysis"),
    ],
)
def test_rows_that_do_not_vote_say_why(seen: Any, why: str) -> None:
    observation = seen()
    assert not observation.eligible
    assert why in observation.why


def test_within_person_rows_are_never_read_as_independent_groups() -> None:
    for derivation in ("counts", "percentages", "groups-exposure"):
        assert made(**EACH[derivation], role="within-person").derivation != derivation


# how much a row knows


@pytest.mark.parametrize(
    ("row", "share"),
    [
        ({}, METHOD.default_prevalence_lesion),
        ({"outcome": "mortality"}, METHOD.default_prevalence_other),
        ({"outcome": "functional-outcome-mrs"}, METHOD.default_prevalence_continuous),
        ({"outcome": "cognitive-decline", "measure": "beta", "value": 0.3, "ci": [0.1, 0.5]}, METHOD.default_prevalence_continuous),
        ({"prevalence": [{"population": "all", "lesion": "r-dwi", "cases": 30, "total": 120}]}, 0.25),
        ({"prevalence": [{"population": "all", "lesion": "r-dwi", "pct": 31, "main": True}]}, 0.31),
        ({"prevalence": [{"population": "all", "lesion": "cortical-microinfarct", "cases": 30, "total": 120}]}, 0.24),
        ({"counts": table(0, 50, 0, 50), "adjusted": False}, 0.005),
    ],
)
def test_the_share_with_the_outcome_is_the_rows_the_sheets_or_the_default(row: dict[str, Any], share: float) -> None:
    seen = made(**row)
    assert seen.outcome_share == pytest.approx(share)
    assert seen.information == pytest.approx(seen.n * share * (1 - share))


def test_a_hazard_ratio_per_unit_knows_as_much_as_its_events() -> None:
    seen = made(
        outcome="recurrent-stroke", measure="HR", value=1.4, ci=[1.1, 1.78], contrast_type="per-unit", per={"step": 1, "unit": "mmHg"}
    )
    assert seen.information == pytest.approx(200 * METHOD.default_prevalence_other)


@pytest.mark.parametrize(
    ("row", "exposed"),
    [
        ({**OR, "ci": [1.1, 3.6], "contrast_type": "binary"}, 0.3 * 0.7),
        ({**OR, "ci": [1.1, 3.6], "contrast_type": "graded"}, 0.3 * 0.7),
        ({"measure": "HR", "value": 2.0, "ci": [1.1, 3.6], "contrast_type": "binary", "outcome": "recurrent-stroke"}, 0.3 * 0.7),
        ({**OR, "ci": [1.1, 3.6], "contrast_type": "per-unit", "per": {"step": 1, "unit": "SD"}}, 1.0),
        ({**OR, "ci": [1.1, 3.6], "contrast_type": "per-unit", "per": {"step": 1, "unit": "mmHg"}}, None),
    ],
)
def test_an_estimate_of_two_groups_or_per_sd_knows_by_its_own_error_and_not_by_its_patients(
    row: dict[str, Any], exposed: float | None
) -> None:
    seen, unknown = made(**row), made(**row, n=None)
    error = math.log(3.6 / 1.1) / (2 * Z)
    if exposed is None:
        assert (seen.information, unknown.information) == pytest.approx((200 * 0.24 * 0.76, METHOD.default_n * 0.24 * 0.76))
    else:
        assert [seen.information, unknown.information] == pytest.approx([1 / (error**2 * exposed)] * 2)


def test_a_published_row_knows_by_its_own_standard_error_and_never_by_its_patients() -> None:
    seen = the("posener-2023", "atrial-fibrillation", "r-dwi")
    assert seen.se == pytest.approx((math.log(7.49) - math.log(1.8)) / (2 * Z))
    share = METHOD.default_exposed_share
    assert seen.information == pytest.approx(1 / (seen.se**2 * share * (1 - share)))


def test_patients_are_the_rows_the_populations_or_a_flagged_default() -> None:
    assert (made(**EACH["counts"]).n, made().n, made(n=None).n) == (140, 200, METHOD.default_n)
    assert [made().n_known, made(n=None).n_known] == [True, False]


# ids


def test_an_id_keeps_when_a_figure_is_corrected_and_tells_equal_rows_apart() -> None:
    row = Finding(exposure="age", outcome="r-dwi", population="all", measure="OR", direction="increases", value=1.2)
    fixed, other = row.model_copy(update={"value": 1.3}), row.model_copy(update={"exposure": "gcs"})
    first, again, apart = finding_ids(Study(id="one", read="abstract", findings=[row, fixed, other]))
    assert again == f"{first}-2"
    assert not apart.startswith(first)
    assert finding_ids(Study(id="one", read="abstract", findings=[fixed]))[0] == first


# --- what was once wrong ---


@pytest.mark.parametrize(
    ("keys", "significant"),
    [
        ({"measure": "beta", "value": 0.9, "ci": (-0.2, 2.0), "p": 0.11}, 0),
        ({"measure": "beta", "value": 1.2, "ci": (-0.1, 2.5), "p": 0.07}, 0),
        ({"measure": "beta", "value": 1.2, "ci": (0.1, 2.3), "p": 0.03}, 1),
        ({"measure": "OR", "value": 2.4, "ci": (0.99, 5.8), "p": 0.047}, 1),
    ],
)
def test_an_estimate_is_significant_by_its_printed_p(keys: dict[str, Any], significant: int) -> None:
    assert made(**keys, direction="increases").significant == significant


@pytest.mark.parametrize(
    ("keys", "step"),
    [
        ({"measure": "OR", "contrast_type": "per-unit", "value": 1.5, "ci": (1.1, 2.1)}, 10),
        ({"measure": "OR", "contrast_type": "binary", "value": 1.5, "ci": (1.1, 2.1)}, 1),
        ({"measure": "mean-difference", "value": 1.5, "ci": (1.1, 1.9)}, 10),
    ],
)
def test_an_estimate_is_divided_by_its_step_where_it_is_per_unit_only(keys: dict[str, Any], step: float) -> None:
    one = made(**keys, per={"step": 10, "unit": "mmHg"}, direction="increases")
    plain = made(**keys, direction="increases")
    assert one.y == pytest.approx((plain.y or 0) / step)
    assert stepped(one.row, one.derivation) == step


def test_a_pooled_interaction_is_no_published_estimate() -> None:
    one = made(measure="OR", value=2.0, ci=(1.1, 3.6), pooled=True, role="modifier", direction="increases")
    assert (one.published, one.eligible) == (False, False)


@pytest.mark.parametrize(("p", "kind", "mirrored"), [(0.2, "unclear", True), (">0.05", "null", False), ("<0.001", "unclear", True)])
def test_a_p_without_a_sign_says_how_far_from_zero(p: Any, kind: str, mirrored: bool) -> None:
    one = made(measure="p-only", p=p, direction="unclear")
    report = reported_z(one)
    assert report is not None
    assert (one.kind, report.mirrored) == (kind, mirrored)
    # a bound as what is typical beyond it
    assert report.high == pytest.approx({0.2: NormalDist().inv_cdf(0.9), ">0.05": Z, "<0.001": METHOD.typical_z[2]}[p])
    assert report.low == (report.high if mirrored else -report.high)


def test_counts_are_used_with_a_warning_where_the_printed_interval_is_twice_as_wide() -> None:
    one = next(row for row in sheets()["butcher-2025"] if row.derivation == "counts")
    assert one.warnings == ("the printed ci disagrees with the counts: counts used",)


def test_patients_are_not_believed_where_the_interval_says_that_the_exposure_is_rare() -> None:
    """Medicare: 1.8 million people, 5924 with ICH; the ratio's interval tells how much they say of it."""
    one = next(row for row in sheets()["murthy-2020-medicare"] if row.outcome == "major-vascular-events")
    assert one.se is not None
    assert one.information == pytest.approx(1 / (one.se**2 * 0.3 * 0.7))
    assert one.information < 1000 < one.n
