"""Effect sizes: the values of R metafor's escalc, the definitions, and the edges at which a formula has no value."""

from __future__ import annotations

import json
import math
from pathlib import Path
from statistics import NormalDist
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special

from graph.synthesis.effect_sizes import (
    Estimate,
    difference_from_ci,
    fisher_z,
    from_p,
    hedges_g,
    log_odds_ratio,
    log_risk_ratio,
    mean_sd_from_quartiles,
    p_of_z,
    ratio_from_ci,
    skewed,
    whole_number,
    z_of_p,
)
from schema.scales import CHINN
from schema.study import Counts

ESCALC: dict[str, list[dict[str, Any]]] = json.loads((Path(__file__).parent / "reference" / "metafor.json").read_text())["escalc"]
NORMAL = NormalDist()


def table(case: dict[str, Any]) -> Counts:
    # an empty arm is in the reference, and no sheet may have one
    return Counts.model_construct(
        exposed_cases=case["ai"],
        exposed_total=case["ai"] + case["bi"],
        unexposed_cases=case["ci"],
        unexposed_total=case["ci"] + case["di"],
    )


def agrees(estimate: Estimate | None, case: dict[str, Any]) -> bool:
    return estimate is not None and (estimate.y, estimate.se**2) == pytest.approx((case["yi"], case["vi"]), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize(("section", "atleast"), [("or_counts", 70), ("rr_counts", 70), ("smd", 70), ("zcor", 30)])
def test_the_reference_keeps_its_cases(section: str, atleast: int) -> None:
    assert len(ESCALC[section]) >= atleast


def test_log_odds_ratios_equal_those_of_metafor_zero_cells_included() -> None:
    assert [case for case in ESCALC["or_counts"] if not agrees(log_odds_ratio(table(case)), case)] == []


def test_log_risk_ratios_equal_those_of_metafor_zero_cells_included() -> None:
    assert [case for case in ESCALC["rr_counts"] if not agrees(log_risk_ratio(table(case)), case)] == []


def test_hedges_g_equals_that_of_metafor() -> None:
    figures = ("m1", "sd1", "n1", "m2", "sd2", "n2")
    assert [case for case in ESCALC["smd"] if not agrees(hedges_g(*(case[key] for key in figures)), case)] == []


def test_fishers_z_equals_that_of_metafor() -> None:
    assert [case for case in ESCALC["zcor"] if not agrees(fisher_z(case["ri"], case["ni"]), case)] == []


counts = st.builds(
    lambda a, b, c, d: Counts(exposed_cases=a, exposed_total=a + b, unexposed_cases=c, unexposed_total=c + d),
    *[st.integers(1, 500)] * 4,
)


def swapped(one: Counts) -> Counts:
    return Counts(
        exposed_cases=one.unexposed_cases,
        exposed_total=one.unexposed_total,
        unexposed_cases=one.exposed_cases,
        unexposed_total=one.exposed_total,
    )


@given(counts)
def test_swapping_the_arms_turns_the_sign_and_nothing_else(one: Counts) -> None:
    for formula in (log_odds_ratio, log_risk_ratio):
        there, back = formula(one), formula(swapped(one))
        assert (there.y, there.se) == pytest.approx((-back.y, back.se), rel=1e-9, abs=1e-12)


@given(counts)
def test_an_odds_ratio_lies_further_from_1_than_the_risk_ratio(one: Counts) -> None:
    odds, risk = log_odds_ratio(one).y, log_risk_ratio(one).y
    assert abs(odds) >= abs(risk) - 1e-12


@pytest.mark.parametrize("cells", [(0, 20, 5, 20), (20, 20, 5, 20), (5, 20, 0, 20), (5, 20, 20, 20), (0, 20, 0, 30), (20, 20, 30, 30)])
def test_empty_cells_give_finite_estimates(cells: tuple[int, int, int, int]) -> None:
    keys = ("exposed_cases", "exposed_total", "unexposed_cases", "unexposed_total")
    one = Counts(**dict(zip(keys, cells, strict=True)))
    for formula in (log_odds_ratio, log_risk_ratio):
        estimate = formula(one)
        assert math.isfinite(estimate.y)
        assert estimate.se > 0


@given(st.floats(1e-12, 1))
def test_z_and_p_are_each_others_inverse(p: float) -> None:
    assert p_of_z(z_of_p(p)) == pytest.approx(p, rel=1e-6)
    assert p_of_z(-z_of_p(p)) == p_of_z(z_of_p(p))


def test_the_z_of_p_1_is_0_and_that_of_p_005_the_usual_one() -> None:
    assert (z_of_p(1), z_of_p(0.05)) == pytest.approx((0, 1.959963984540054))


@pytest.mark.parametrize(("y", "se"), [(0.7, 0.2), (-1.3, 0.5), (0.0, 1.0)])
def test_a_ratio_is_found_again_from_its_interval(y: float, se: float) -> None:
    bounds = (math.exp(y - NORMAL.inv_cdf(0.975) * se), math.exp(y + NORMAL.inv_cdf(0.975) * se))
    found = ratio_from_ci(math.exp(y), bounds)
    assert found is not None
    assert (found.y, found.se) == pytest.approx((y, se))


@pytest.mark.parametrize(("value", "ci"), [(1.5, (0.0, 3.0)), (1.5, (1.5, 1.5)), (0.0, (0.5, 2.0))])
def test_a_ratio_whose_bound_or_width_is_0_has_no_standard_error(value: float, ci: tuple[float, float]) -> None:
    assert ratio_from_ci(value, ci) is None


def test_a_difference_is_found_again_from_its_interval_and_not_from_one_without_width() -> None:
    half = NORMAL.inv_cdf(0.975) * 0.4
    found = difference_from_ci(-2.0, (-2.0 - half, -2.0 + half))
    assert found is not None
    assert (found.y, found.se, found.z) == pytest.approx((-2.0, 0.4, -5.0))
    assert difference_from_ci(1.0, (1.0, 1.0)) is None


def test_an_estimate_from_p_has_the_z_of_that_p_and_its_own_sign() -> None:
    found = from_p(-0.8, 0.01)
    assert found is not None
    assert found.y == -0.8
    assert found.se > 0
    assert p_of_z(found.z) == pytest.approx(0.01)


@pytest.mark.parametrize(("y", "p"), [(0.5, 1.0), (0.5, 0.0), (0.0, 0.3)])
def test_a_p_of_1_or_0_or_a_value_of_0_says_nothing_of_the_width(y: float, p: float) -> None:
    assert from_p(y, p) is None


@pytest.mark.parametrize("figures", [(1.0, 0.0, 10, 2.0, 0.0, 10), (1.0, 1.0, 1, 2.0, 1.0, 10), (1.0, 1.0, 10, 2.0, 1.0, 1)])
def test_groups_of_one_or_without_spread_have_no_standardised_difference(figures: tuple[float, float, int, float, float, int]) -> None:
    assert hedges_g(*figures) is None


@given(st.floats(-50, 50), st.floats(0.5, 20), st.floats(0.1, 100), st.floats(-100, 100))
def test_a_standardised_difference_has_no_unit(gap: float, sd: float, scale: float, shift: float) -> None:
    own = hedges_g(gap, sd, 20, 0.0, sd, 30)
    other = hedges_g(gap * scale + shift, sd * scale, 20, shift, sd * scale, 30)
    assert own is not None
    assert other is not None
    assert tuple(other) == pytest.approx(tuple(own), rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("n", [5, 11, 25, 50, 133, 400])
@pytest.mark.parametrize("quartiles", [(7.0, 10.0, 14.0), (1.0, 3.0, 9.0), (48.1, 52.4, 55.6)])
def test_quartiles_are_read_as_wan_defines(n: int, quartiles: tuple[float, float, float]) -> None:
    q1, median, q3 = quartiles
    mean, sd = mean_sd_from_quartiles(q1, median, q3, n)
    eta = 2 * NORMAL.inv_cdf((0.75 * n - 0.125) / (n + 0.25))
    assert (mean, sd) == pytest.approx(((q1 + median + q3) / 3, (q3 - q1) / eta), rel=1e-12)


# Wan et al., BMC Med Res Methodol 2014;14:135, table 2: the expected width between the quartiles of 4Q + 1 normal values, for Q = 1 to 10
WAN_TABLE_2 = (0.990, 1.144, 1.206, 1.239, 1.260, 1.274, 1.284, 1.292, 1.298, 1.303)


@pytest.mark.parametrize(("q", "width"), list(enumerate(WAN_TABLE_2, start=1)))
def test_quartiles_are_as_wide_as_wans_table_says(q: int, width: float) -> None:
    n, upper = 4 * q + 1, 3 * q + 1
    z = np.linspace(-9, 9, 20_001)
    below = special.ndtr(z)
    density = np.exp(special.gammaln(n + 1) - special.gammaln(upper) - special.gammaln(n - upper + 1)) * below ** (upper - 1)
    density *= (1 - below) ** (n - upper) * np.exp(-0.5 * z**2) / math.sqrt(2 * math.pi)
    assert 2 * np.trapezoid(z * density, z) == pytest.approx(width, abs=0.00051)
    # Wan's formula is within half a percent of it
    assert mean_sd_from_quartiles(0.0, width / 2, width, n)[1] == pytest.approx(1, rel=0.005)


def test_normal_quartiles_give_back_their_mean_and_sd_in_large_groups() -> None:
    quarter = NORMAL.inv_cdf(0.75)
    assert mean_sd_from_quartiles(10 - 3 * quarter, 10, 10 + 3 * quarter, 10**6) == pytest.approx((10, 3), rel=1e-5)


@pytest.mark.parametrize(
    ("quartiles", "expected"),
    [((8, 37, 47), True), ((6, 12, 24), True), ((0, 5, 10), False), ((0, 6.25, 10), False), ((0, 6.26, 10), True), ((0, 3.74, 10), True)],
)
def test_quartiles_are_skewed_beyond_a_quarter_of_their_width(quartiles: tuple[float, float, float], expected: bool) -> None:
    assert skewed(*quartiles, 0.25) is expected


@pytest.mark.parametrize(("r", "n"), [(1.0, 20), (-1.0, 20), (0.5, 3)])
def test_a_perfect_correlation_or_one_of_three_patients_has_no_fisher_z(r: float, n: int) -> None:
    assert fisher_z(r, n) is None


def test_chinns_factor_is_the_sd_of_the_logistic_distribution() -> None:
    assert pytest.approx(math.sqrt(math.pi**2 / 3)) == CHINN


@pytest.mark.parametrize(
    ("pct", "n", "expected"),
    [
        (32, 57, 18),
        (16, 62, 10),
        (16, 293, None),  # 46 and 47 both round to 16
        (20.8, 96, 20),
        (50, 2, 1),
        (33, 2, None),  # none does
        (0, 30, 0),
        (100, 30, 30),
        (0, 1000, None),
        (12.5, 8, 1),
        (13, 8, 1),
        (12, 8, 1),  # a half may be rounded either way
    ],
)
def test_a_percentage_is_a_count_only_where_one_whole_number_fits(pct: float, n: int, expected: int | None) -> None:
    assert whole_number(pct, n) == expected


@given(st.integers(1, 99), st.data())
def test_a_rounded_percentage_of_a_small_group_gives_its_count_back(n: int, data: st.DataObject) -> None:
    cases = data.draw(st.integers(0, n))
    assert whole_number(round(100 * cases / n, 1), n) == cases


@pytest.mark.parametrize(("delta", "share"), [(0.0, 0.5), (0.3, 0.24), (0.6, 0.1), (-0.5, 0.4)])
def test_the_difference_between_outcome_groups_is_the_log_odds_ratio_per_sd(delta: float, share: float) -> None:
    """By simulation: a logistic regression on the raw data, and the standardised difference of the two groups, in 60,000 patients."""
    random = np.random.default_rng(7)
    n, sd = 60_000, 12.0
    cases = random.random(n) < share
    exposure = 140 + sd * (random.standard_normal(n) + delta * cases)
    groups = [exposure[cases], exposure[~cases]]
    found = hedges_g(*(f(group) for group in groups for f in (np.mean, lambda one: np.std(one, ddof=1), len)))
    assert found is not None

    design = np.column_stack([np.ones(n), (exposure - 140) / sd])
    slope = np.zeros(2)
    for _ in range(25):
        chance = 1 / (1 + np.exp(-design @ slope))
        information = design.T @ (design * (chance * (1 - chance))[:, None])
        slope += np.linalg.solve(information, design.T @ (cases - chance))
    error = math.sqrt(np.linalg.inv(information)[1, 1])
    assert found.y == pytest.approx(slope[1], abs=3.5 * error)
    assert found.se == pytest.approx(error, rel=0.05)
