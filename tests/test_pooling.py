"""Pooling: REML-HK and the common effect as R metafor has them, the Bayesian interval by brute force, shares on the logit scale."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.synthesis import pooling
from graph.synthesis.pooling import bayes, between, common_effect, egger, reml_hk
from graph.synthesis.prevalence import exact, logit, pool
from schema.association import PrevalenceRow, StudyRef, TermRef

REFERENCE: dict[str, Any] = json.loads((Path(__file__).parent / "reference" / "metafor.json").read_text())
POOLING: list[dict[str, Any]] = REFERENCE["pooling"]
SHARES: list[dict[str, Any]] = REFERENCE["prevalence"]
# two groups of the cases above, and cases of their own of two to six groups, some with one estimate
TWO_GROUPS: list[dict[str, Any]] = [{**case, **case["between"]} for case in POOLING if "between" in case]
EGGER: list[dict[str, Any]] = [case for case in POOLING if "egger" in case]
SUBGROUPS: list[dict[str, Any]] = REFERENCE["subgroups"]


def label(case: dict[str, Any]) -> str:
    return str(case["label"])


def se_of(case: dict[str, Any]) -> list[float]:
    return [math.sqrt(v) for v in case["vi"]]


def test_the_reference_keeps_its_cases() -> None:
    assert len(POOLING) >= 300
    assert len(SHARES) >= 40
    assert len(TWO_GROUPS) >= 150
    assert len(EGGER) >= 300
    assert len(SUBGROUPS) >= 40
    assert {len(set(case["subgroup"])) for case in SUBGROUPS} == {2, 3, 4, 6}
    assert {len(case["yi"]) for case in POOLING} >= {2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 60}


@pytest.mark.parametrize("case", POOLING, ids=label)
def test_reml_with_hartung_knapp_equals_metafor(case: dict[str, Any]) -> None:
    ours, theirs = reml_hk(case["yi"], se_of(case)), case["reml_hk"]
    found = [ours.estimate, ours.se, *ours.ci, ours.i2, ours.q, ours.q_p, ours.p]
    expected = [theirs["estimate"], theirs["se"], *theirs["ci"], theirs["i2"], theirs["q"], theirs["qp"], theirs["p"]]
    assert found == pytest.approx(expected, rel=1e-6, abs=1e-8)
    assert ours.tau2 == pytest.approx(theirs["tau2"], rel=1e-6, abs=1e-9)
    if len(case["yi"]) > 2:
        assert ours.prediction_interval == pytest.approx(tuple(theirs["pi"]), rel=1e-6, abs=1e-8)
    else:
        assert ours.prediction_interval is None


@pytest.mark.parametrize("case", POOLING, ids=label)
def test_the_common_effect_equals_metafor(case: dict[str, Any]) -> None:
    ours = common_effect(case["yi"], se_of(case))
    assert [ours.estimate, *ours.ci] == pytest.approx([case["common"]["estimate"], *case["common"]["ci"]], rel=1e-6, abs=1e-8)


@pytest.mark.parametrize("case", [*TWO_GROUPS, *SUBGROUPS], ids=label)
def test_q_between_equals_metafor(case: dict[str, Any]) -> None:
    ours = between(case["yi"], se_of(case), [str(group) for group in case["subgroup"]])
    assert (ours.q, ours.p) == pytest.approx((case["q_between"], case["p"]), rel=1e-6, abs=1e-9)
    assert ours.df == len(set(case["subgroup"])) - 1
    assert ours.tau2 == pytest.approx(case.get("tau2", ours.tau2), rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("case", REFERENCE["lower_maxima"])
def test_a_maximum_lower_than_that_at_zero_is_not_taken(case: dict[str, Any]) -> None:
    ours = reml_hk(case["yi"], se_of(case))
    assert ours.tau2 == case["tau2"] == 0
    assert (ours.estimate, *ours.ci) == pytest.approx((case["estimate"], *case["ci"]), rel=1e-6)


def test_the_names_and_the_order_of_subgroups_do_not_matter_to_q_between() -> None:
    case = SUBGROUPS[-1]
    own = between(case["yi"], se_of(case), [str(group) for group in case["subgroup"]])
    turned = between(case["yi"][::-1], se_of(case)[::-1], [f"g{9 - group}" for group in case["subgroup"][::-1]])
    assert turned == pytest.approx(own, rel=1e-9)


@pytest.mark.parametrize("case", EGGER, ids=label)
def test_eggers_test_equals_metafor(case: dict[str, Any]) -> None:
    ours, theirs = egger(case["yi"], se_of(case)), case["egger"]
    assert ours is not None
    assert (ours.t, ours.p) == pytest.approx((theirs["t"], theirs["p"]), rel=1e-6, abs=1e-9)


def test_eggers_test_has_no_value_where_errors_are_equal_or_the_fit_is_perfect() -> None:
    assert egger([0.1, 0.4, 0.9], [0.3, 0.3, 0.3]) is None
    assert egger([0.1, 0.2, 0.3], [0.1, 0.2, 0.3]) is None
    assert egger([0.1, 0.4], [0.1, 0.3]) is None


@pytest.mark.parametrize("case", SUBGROUPS, ids=label)
def test_a_subgroup_that_lies_elsewhere_as_a_whole_leaves_the_variance_within_subgroups(case: dict[str, Any]) -> None:
    groups = [str(group) for group in case["subgroup"]]
    moved = [y + 3 * (group == groups[0]) for y, group in zip(case["yi"], groups, strict=True)]
    own, other = between(case["yi"], se_of(case), groups), between(moved, se_of(case), groups)
    assert other.tau2 == pytest.approx(own.tau2, rel=1e-6, abs=1e-9)
    assert other.q != pytest.approx(own.q)


def restricted(tau2: float, y: np.ndarray, v: np.ndarray) -> float:
    w = 1 / (v + tau2)
    mean = (w * y).sum() / w.sum()
    return float(0.5 * (np.log(w).sum() - np.log(w.sum()) - (w * (y - mean) ** 2).sum()))


@pytest.mark.parametrize("case", [*POOLING, *REFERENCE["not_converged"]], ids=label)
def test_tau2_is_the_highest_restricted_likelihood(case: dict[str, Any]) -> None:
    y, v = np.array(case["yi"]), np.array(case["vi"])
    anywhere = [0.0, *np.geomspace(1e-9, 10 * (np.var(y, ddof=1) + v.max()), 400)]
    assert restricted(reml_hk(case["yi"], se_of(case)).tau2, y, v) >= max(restricted(tau2, y, v) for tau2 in anywhere) - 1e-7


def test_where_no_steps_converge_the_likelihood_is_searched(monkeypatch: pytest.MonkeyPatch) -> None:
    case = POOLING[5]
    parted = next(case for case in SUBGROUPS if case["tau2"] > 0.1)
    groups = [str(group) for group in parted["subgroup"]]
    by_steps = reml_hk(case["yi"], se_of(case)).tau2
    monkeypatch.setattr(pooling, "_scored", lambda *_: None)
    assert reml_hk(case["yi"], se_of(case)).tau2 == pytest.approx(by_steps, abs=1e-5)
    assert between(parted["yi"], se_of(parted), groups).tau2 == pytest.approx(parted["tau2"], abs=1e-5)


effects = st.lists(st.tuples(st.floats(-3, 3), st.floats(0.05, 1.5)), min_size=2, max_size=6)


@given(effects, st.floats(-2, 2))
def test_reml_follows_a_shift_and_a_turn(rows: list[tuple[float, float]], shift: float) -> None:
    y, se = [one for one, _ in rows], [one for _, one in rows]
    own = reml_hk(y, se)
    moved, turned = reml_hk([one + shift for one in y], se), reml_hk([-one for one in y], se)
    assert (moved.estimate, moved.se, moved.tau2) == pytest.approx((own.estimate + shift, own.se, own.tau2), rel=1e-5, abs=1e-6)
    assert (turned.estimate, turned.se, turned.tau2) == pytest.approx((-own.estimate, own.se, own.tau2), rel=1e-5, abs=1e-6)


@given(effects)
def test_the_hartung_knapp_interval_is_never_narrower_than_the_normal_one(rows: list[tuple[float, float]]) -> None:
    random = reml_hk([y for y, _ in rows], [se for _, se in rows])
    unadjusted = 1 / math.sqrt(sum(1 / (se**2 + random.tau2) for _, se in rows))
    assert random.se >= unadjusted * (1 - 1e-9)


def by_brute_force(y: list[float], se: list[float], scale: float) -> list[float]:
    """The quantiles 2.5%, 50%, 97.5% of mu from a dense grid of mu and tau."""
    centre, reach = float(np.mean(y)), 12 * max(*se, float(np.ptp(y)), scale)
    # denser where the effects lie, and reaching far into the tails
    mu = centre + reach * np.sinh(np.linspace(-6, 6, 4001)) / np.sinh(6)
    tau = (np.arange(800) + 0.5) / 800 * 6 * scale
    density = np.broadcast_to(-0.5 * (tau[:, None] / scale) ** 2, (len(tau), len(mu))).copy()
    for one, error in zip(y, se, strict=True):
        spread = error**2 + tau[:, None] ** 2
        density += -0.5 * np.log(spread) - 0.5 * (one - mu[None, :]) ** 2 / spread
    marginal = np.exp(density - density.max()).sum(axis=0)
    pieces = (marginal[1:] + marginal[:-1]) / 2 * np.diff(mu)
    cumulated = np.concatenate([[0], np.cumsum(pieces)]) / pieces.sum()
    return [float(np.interp(share, cumulated, mu)) for share in (0.025, 0.5, 0.975)]


@pytest.mark.parametrize(
    ("y", "se"),
    [
        ([0.2, 0.9], [0.3, 0.4]),
        ([-1.5, 1.5], [0.2, 0.25]),
        ([0.4, 0.4], [0.8, 0.1]),
        ([1.57, 1.79, 1.37], [0.54, 0.74, 0.37]),
        ([-0.3, 0.1, 2.2], [0.15, 0.3, 0.9]),
        ([0.0, 0.05, -0.05, 0.02], [0.05, 0.06, 0.07, 0.05]),
        ([0.7, 1.1, -0.4, 0.2], [0.6, 0.5, 0.4, 1.2]),
    ],
)
@pytest.mark.parametrize("scale", [0.25, 0.5])
def test_the_bayesian_interval_equals_a_dense_quadrature(y: list[float], se: list[float], scale: float) -> None:
    ours = bayes(y, se, scale)
    low, median, high = by_brute_force(y, se, scale)
    assert (ours.ci[0], ours.estimate, ours.ci[1]) == pytest.approx((low, median, high), abs=5e-4)


def test_the_bayesian_interval_of_the_eight_schools_is_the_published_one() -> None:
    # Rubin, J Educ Stat 1981;6:377-401, as bayesmeta's introduction has it: about 8 points, 95% interval from -2 to 18, with tau ~
    # half-Cauchy(25) and mu ~ N(0, 50), which differ little from ours here
    effects, errors = [28.39, 7.94, -2.75, 6.82, -0.64, 0.63, 18.01, 12.16], [14.9, 10.2, 16.3, 11.0, 9.4, 11.4, 10.4, 17.6]
    ours = bayes(effects, errors, 25)
    assert [round(one) for one in (ours.estimate, *ours.ci)] == [8, -2, 18]


@given(st.lists(st.tuples(st.floats(-3, 3), st.floats(0.05, 1.5)), min_size=2, max_size=4), st.floats(-2, 2))
def test_the_bayesian_interval_follows_a_shift_and_a_turn(rows: list[tuple[float, float]], shift: float) -> None:
    y, se = [one for one, _ in rows], [one for _, one in rows]
    own = bayes(y, se)
    moved, turned = bayes([one + shift for one in y], se), bayes([-one for one in y], se)
    assert (moved.estimate, *moved.ci) == pytest.approx((own.estimate + shift, own.ci[0] + shift, own.ci[1] + shift), abs=1e-8)
    assert (turned.estimate, *turned.ci) == pytest.approx((-own.estimate, -own.ci[1], -own.ci[0]), abs=1e-8)


def test_the_bayesian_interval_is_wider_than_the_common_effect_and_narrower_than_hartung_knapp_for_two() -> None:
    y, se = [0.4, 0.9], [0.3, 0.35]
    widths = [ci[1] - ci[0] for ci in (common_effect(y, se).ci, bayes(y, se).ci, reml_hk(y, se).ci)]
    assert widths == sorted(widths)
    assert widths[0] < widths[1] < widths[2]


@pytest.mark.parametrize("case", SHARES, ids=label)
def test_logits_pool_as_metafor_pools_plo(case: dict[str, Any]) -> None:
    scaled = [logit(cases, total) for cases, total in zip(case["xi"], case["ni"], strict=True)]
    ours, theirs = reml_hk([y for y, _ in scaled], [se for _, se in scaled]), case["logit"]
    found = [ours.estimate, ours.se, *ours.ci, ours.tau2, ours.i2]
    assert found == pytest.approx([theirs["estimate"], theirs["se"], *theirs["ci"], case["tau2"], case["i2"]], rel=1e-6, abs=1e-8)


def row(cases: int, total: int) -> PrevalenceRow:
    return PrevalenceRow(
        study=StudyRef(id="one", label="One 2020"),
        population=TermRef(id="ich", name="ICH", kind="population"),
        lesion="r-dwi",
        cases=cases,
        total=total,
        exact=True,
        pct=100 * cases / total,
        ci=exact(cases, total),
        used="pooled",
    )


@pytest.mark.parametrize("case", [case for case in SHARES if len(case["xi"]) > 4], ids=label)
def test_beside_a_pooled_share_stand_its_logits_as_metafor_pools_them_in_percent(case: dict[str, Any]) -> None:
    pooled = pool([row(cases, total) for cases, total in zip(case["xi"], case["ni"], strict=True)])
    assert pooled is not None
    beside = pooled.reml_hk
    assert beside is not None
    assert beside.prediction_interval is not None
    theirs = case["proportion"]
    expected = [100 * figure for figure in (theirs["estimate"], *theirs["ci"], *theirs["pi"])]
    assert [beside.pct, *beside.ci, *beside.prediction_interval] == pytest.approx(expected, rel=1e-6, abs=1e-8)
    assert (pooled.cases, pooled.total, pooled.cohorts) == (sum(case["xi"]), sum(case["ni"]), len(case["xi"]))


def test_nothing_pools_to_nothing_and_one_cohort_to_itself() -> None:
    assert pool([]) is None
    alone = pool([row(12, 78)])
    assert alone is not None
    assert (alone.pct, alone.ci, alone.cohorts) == (100 * 12 / 78, exact(12, 78), 1)
