"""The rules of certainty, one by one, on an association that nothing counts against; and what the corpus makes of them."""

from __future__ import annotations

from typing import Any

import pytest

from graph.build import EvidenceGraph
from graph.opening import shipped
from graph.synthesis.certainty import RULES, judge, scanned_share, track_of
from graph.synthesis.method import METHOD
from graph.synthesis.reports import StudyReport
from schema.association import LEVELS, Association, Reason
from schema.observation import ComparisonKey, Observation
from schema.study import Finding, Study

GOOD: dict[str, Any] = {"design": "prospective-cohort", "imaging": {"eligible": 100, "scanned": 90}, "read": "full-text"}


def study(name: str, **more: Any) -> Study:
    return Study.model_validate({"id": name, **GOOD, **more})


def report(name: str, *, sign: int = 1, kind: str = "estimate", published: bool = False, **row: Any) -> StudyReport:
    """A cohort's report: significant, adjusted, an estimate, unless said otherwise."""
    figures = {
        "exposure": "age",
        "outcome": "r-dwi",
        "population": "all",
        "measure": "OR",
        "direction": "increases",
        "adjusted": True,
        **row,
    }
    observation = Observation(
        finding=f"{name}:1", study=name, position=0, exposure="age", outcome="r-dwi", populations=("ich",), condition="ich", n=200,
        n_known=True, outcome_share=0.24, information=36.0, kind=kind, derivation="ratio-ci", significant=sign, z=2.5 * sign,
        comparison=ComparisonKey(measure="OR", contrast_type="binary"), eligible=not published, published=published,
        row=Finding.model_validate(figures),
    )  # fmt: skip
    return StudyReport(observation, poolable=True)


NAMES = ("a", "b", "c")


def judged(track: Any = "prognosis", reports: list[StudyReport] | None = None, studies: dict[str, Study] | None = None, **more: Any) -> Any:
    """The level and the reasons of three good cohorts that agree, where nothing else is said."""
    arguments: dict[str, Any] = {
        "direction": "increases", "headline": (1.5, 1.2, 1.9), "null_value": 1.0, "published_only": False, "rolled_up": [],
        "surprising": [], "full_text": 3, "disagreeing": None, "patients": 600, **more,
    }  # fmt: skip
    reports = [report(name) for name in NAMES] if reports is None else reports
    return judge(track, reports, {name: study(name) for name in NAMES} | (studies or {}), **arguments)


def steps(reasons: tuple[Reason, ...]) -> list[tuple[str, int]]:
    return [(reason.domain, reason.step) for reason in reasons if reason.step]


def test_each_domain_that_the_code_tells_of_is_a_rule_that_is_shown(graph: EvidenceGraph) -> None:
    shown = {domain for domain, _, _ in RULES} | {"consistent", "large effect"}  # the two kinds of upgrade
    domains = {reason.domain for one in graph.associations for reason in one.reasons}
    assert domains <= shown


@pytest.mark.parametrize(("track", "level"), [("prognosis", "high"), ("treatment", "high")])
def test_prognosis_and_treatment_start_high(track: str, level: str) -> None:
    assert judged(track) == (level, (Reason(domain="start", text=f"{track} starts high"),))


def test_aetiology_starts_low() -> None:
    found, reasons = judged("aetiology", [report("a"), report("b")])
    assert (found, steps(reasons)) == ("low", [])


@pytest.mark.parametrize(
    ("exposure", "outcome", "randomised", "track"),
    [
        ("r-dwi", "poor-functional-outcome", False, "prognosis"),
        ("cerebral-microbleeds", "mortality", False, "prognosis"),
        ("cerebral-microbleeds", "r-dwi", False, "aetiology"),
        ("age", "mortality", False, "aetiology"),
        ("intensive-bp-lowering", "r-dwi", True, "treatment"),
        ("intensive-bp-lowering", "r-dwi", False, "aetiology"),
    ],
)
def test_the_track_is_told_by_the_terms_and_by_randomisation(exposure: str, outcome: str, randomised: bool, track: str) -> None:
    assert track_of(shipped().vocabulary[exposure], shipped().vocabulary[outcome], randomised=randomised) == track


CRUDE = [report("a", adjusted=False), report("b", adjusted=None), report("c")]
WEAK = {"a": study("a", design="case-control"), "b": study("b", design="retrospective-cohort")}
FEW = {"a": study("a", imaging={"eligible": 100, "scanned": 60}), "b": study("b", imaging={"eligible": 100, "scanned": 69})}


@pytest.mark.parametrize(("reports", "studies"), [(CRUDE, {}), (None, WEAK), (None, FEW), (CRUDE, WEAK | FEW)])
def test_risk_of_bias_takes_one_step_at_most_where_more_than_half_are_at_risk(reports: Any, studies: Any) -> None:
    level, reasons = judged(reports=reports, studies=studies)
    assert (level, steps(reasons)) == ("moderate", [("risk of bias", -1)])
    assert {"a:1", "b:1"} <= set(reasons[1].findings)


@pytest.mark.parametrize(
    ("reports", "studies"),
    [([report("a", adjusted=False), report("b"), report("c")], {}), (None, {"a": WEAK["a"]})],
    ids=["crude", "weak design"],
)
def test_less_than_half_at_risk_takes_no_step(reports: Any, studies: Any) -> None:
    assert judged(reports=reports, studies=studies)[0] == "high"


def test_randomised_rows_need_no_adjustment() -> None:
    assert judged("treatment", [report(name, adjusted=False, randomised=True) for name in NAMES])[0] == "high"


def test_an_unknown_share_of_scanned_is_told_without_a_step() -> None:
    level, reasons = judged(studies={"a": study("a", imaging=None)})
    assert level == "high"
    assert [(reason.domain, reason.step) for reason in reasons[1:]] == [("risk of bias", 0)]
    assert "not known in 1 of 3" in reasons[1].text


@pytest.mark.parametrize(
    ("imaging", "share"), [({"eligible": 80, "scanned": 60}, 0.75), ({"scanned": 60}, None), ({"eligible": 80}, None), (None, None)]
)
def test_the_share_scanned_is_known_where_both_figures_are(imaging: Any, share: float | None) -> None:
    assert scanned_share(study("a", imaging=imaging)) == share


@pytest.mark.parametrize(
    ("reports", "more"),
    [
        ([report("a"), report("b"), report("c", sign=-1)], {}),
        ([report("a"), report("b"), report("c", sign=-1)], {"direction": "inconsistent"}),
        (None, {"surprising": ["c:1"]}),
    ],
    ids=["opposite signs", "inconsistent", "an improbable report"],
)
def test_inconsistency_takes_one_step(reports: Any, more: Any) -> None:
    level, reasons = judged(reports=reports, **more)
    assert (level, steps(reasons)) == ("moderate", [("inconsistency", -1)])


@pytest.mark.parametrize(("rolled_up", "level"), [(["a:1", "b:1"], "moderate"), (["a:1"], "high")])
def test_indirectness_takes_a_step_where_more_than_half_speak_by_a_part(rolled_up: list[str], level: str) -> None:
    found, reasons = judged(rolled_up=rolled_up)
    assert found == level
    assert steps(reasons) == ([("indirectness", -1)] if level == "moderate" else [])


@pytest.mark.parametrize(
    ("more", "by"),
    [
        ({"reports": [report("a")]}, -1),
        ({"patients": METHOD.small_patients - 1}, -1),
        ({"patients": METHOD.small_patients}, 0),
        ({"headline": (1.3, 0.9, 1.9)}, -1),
        ({"headline": (1.3, 1.0, 1.9)}, -1),
        ({"headline": (1.1, 0.7, 1.7)}, -2),
        ({"headline": (1.1, 0.7, 1.7), "reports": [report("a")]}, -2),
        ({"headline": (0.9, 0.76, 1.5)}, -1),
        ({"headline": (0.2, -0.3, 0.7), "null_value": 0.0}, -1),
        ({"headline": (0.5, 0.3, 0.7), "null_value": 0.0}, 0),
        ({"headline": None}, 0),
        ({"reports": [report("a", published=True)], "published_only": True, "patients": 0}, 0),
    ],
)
def test_imprecision_takes_a_step_and_two_for_an_interval_that_includes_large_effects_both_ways(more: dict[str, Any], by: int) -> None:
    level, reasons = judged(**more)
    assert steps(reasons) == ([("imprecision", by)] if by else [])
    assert level == LEVELS[3 + by]


@pytest.mark.parametrize(("bare", "level"), [(2, "moderate"), (1, "high")])
def test_selective_reporting_takes_a_step_where_more_than_half_give_no_estimate(bare: int, level: str) -> None:
    reports = [report(name, kind="significant" if i < bare else "estimate") for i, name in enumerate(NAMES)]
    found, reasons = judged(reports=reports)
    assert found == level
    assert steps(reasons) == ([("selective reporting", -1)] if level == "moderate" else [])


@pytest.mark.parametrize(
    ("more", "upgrade"),
    [
        ({}, [("consistent", 1)]),
        ({"reports": [report("a"), report("b"), report("c", sign=0)], "headline": (2.0, 1.4, 2.9)}, [("large effect", 1)]),
        ({"reports": [report("a"), report("b"), report("c", sign=0)], "headline": (0.4, 0.2, 0.8)}, [("large effect", 1)]),
        ({"reports": [report("a"), report("b"), report("c", sign=0)], "headline": (1.9, 1.4, 2.6)}, []),
        ({"reports": [report("a"), report("b"), report("c", sign=0)], "headline": (2.5, 2.1, 2.9), "null_value": 0.0}, []),
        ({"reports": [report("a"), report("b")], "headline": (3.0, 2.0, 4.5)}, []),
        ({"headline": (3.0, 2.0, 4.5)}, [("consistent", 1)]),
    ],
)
def test_three_cohorts_that_agree_or_a_large_effect_upgrade_aetiology_by_one_step(more: dict[str, Any], upgrade: list[Any]) -> None:
    level, reasons = judged("aetiology", **more)
    assert steps(reasons) == upgrade
    assert level == ("moderate" if upgrade else "low")


def test_only_aetiology_is_upgraded() -> None:
    weaker = {"headline": (2.5, 1.6, 3.9), "rolled_up": ["a:1", "b:1"]}
    assert judged("prognosis", **weaker)[0] == "moderate"


def test_estimates_that_exclude_each_other_cap_at_very_low_and_the_cap_is_no_step() -> None:
    level, reasons = judged(disagreeing=("ours 2.00 and theirs 1.00", ["a:1", "x:1"]))
    assert (level, steps(reasons)) == ("very-low", [])
    assert (reasons[-1].domain, reasons[-1].findings) == ("published disagrees", ("a:1", "x:1"))


@pytest.mark.parametrize(("track", "cap"), [("prognosis", "low"), ("treatment", "moderate")])
def test_until_a_study_is_read_in_full_the_level_is_capped_and_the_cap_is_no_step(track: str, cap: str) -> None:
    level, reasons = judged(track, full_text=0)
    assert (level, steps(reasons), reasons[-1].domain) == (cap, [], "read as abstracts")


def test_a_cap_lifts_nothing() -> None:
    worst = [report(name, kind="significant", adjusted=False) for name in NAMES]
    assert judged("aetiology", worst, full_text=0, direction="inconsistent")[0] == "very-low"


def test_the_level_stays_between_very_low_and_high() -> None:
    assert judged("prognosis", CRUDE, WEAK, headline=(1.1, 0.5, 2.4), rolled_up=["a:1", "b:1"], surprising=["c:1"])[0] == "very-low"


# the corpus


def one(graph: EvidenceGraph, exposure: str, outcome: str) -> Association:
    return next(a for a in graph.associations if (a.exposure.id, a.outcome.id, a.population.id) == (exposure, outcome, "ich"))


def test_the_steps_of_every_association_lead_from_its_start_to_its_level(graph: EvidenceGraph) -> None:
    for found in graph.associations:
        if found.certainty is None:
            assert found.reasons == ()
            continue
        start = 1 if found.reasons[0].text.startswith("aetiology") else 3
        level = max(0, min(3, start + sum(reason.step for reason in found.reasons)))
        domains = {reason.domain for reason in found.reasons}
        if "published disagrees" in domains:
            level = 0
        if "read as abstracts" in domains:
            level = min(level, 2 if found.reasons[0].text.startswith("treatment") else 1)
        assert found.certainty == LEVELS[level]


def test_no_certainty_stands_without_its_reasons_and_each_downgrade_names_its_findings(graph: EvidenceGraph) -> None:
    downgrades = [reason for found in graph.associations for reason in found.reasons if reason.step < 0]
    assert downgrades
    assert all(reason.findings for reason in downgrades)


def test_an_estimate_whose_interval_holds_the_published_point_is_not_capped(graph: EvidenceGraph) -> None:
    found = one(graph, "r-dwi", "poor-functional-outcome")
    assert found.families[0].ci[0] < 1.95 < found.families[0].ci[1]
    assert "published disagrees" not in {reason.domain for reason in found.reasons}
