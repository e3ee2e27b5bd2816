"""What the graph makes of a row is told: clear contradictions are errors, what is left out or not pooled is said with its cost."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from evidence import STUDIES
from graph.opening import shipped, shipped_studies
from graph.synthesis import observations
from graph.synthesis.observations import read_study
from graph.synthesis.remarks import KINDS, WARNINGS, remarks
from schema.problems import Remark
from schema.study import Study
from schema.vocabulary import Term

ROW: dict[str, Any] = {
    "exposure": "cerebral-microbleeds", "outcome": "r-dwi", "population": "p", "measure": "OR", "direction": "increases",
    "contrast_type": "binary",
}  # fmt: skip
GROUP: dict[str, Any] = {"id": "p", "label": "ICH", "condition": "ich", "arteriopathy": "any", "location": "any"}
TABLE: dict[str, Any] = {"exposed_cases": 20, "exposed_total": 50, "unexposed_cases": 10, "unexposed_total": 50}  # OR 2.67


def of(
    n: int | None = None,
    design: str | None = None,
    prevalence: list[dict[str, Any]] | None = None,
    standing: Any = None,
    bias: Any = None,
    **keys: Any,
) -> list[Remark]:
    """The remarks on one row."""
    row = {key: value for key, value in {**ROW, **keys}.items() if value is not None}
    study = {"id": "a", "read": "tables", "populations": [{**GROUP, **({"n": n} if n else {})}], "findings": [row]}
    study |= {"standing": standing, "risk_of_bias": bias}
    return list(
        remarks(Study.model_validate({**study, "prevalence": prevalence or [], **({"design": design} if design else {})}), shipped())
    )


def kinds(given: list[Remark]) -> list[tuple[str, str]]:
    return sorted((one.kind, one.severity) for one in given)


def counts(a: int, n: int, c: int, m: int) -> dict[str, int]:
    return {"exposed_cases": a, "exposed_total": n, "unexposed_cases": c, "unexposed_total": m}


FIGURES: list[tuple[dict[str, Any], int]] = [
    ({"value": 2.0, "ci": [1.2, 3.4]}, 1),
    ({"value": 0.5, "ci": [0.3, 0.8]}, -1),
    ({"value": 1.5, "ci": [0.9, 2.4]}, 0),
    ({"value": 1.5, "ci": [1.0, 2.4]}, 0),
    ({"value": 1.05, "ci": [1.01, 1.1]}, 1),
    ({"value": 0.5, "ci": [0.3, 0.8], "p": 0.9}, -1),
    ({"value": 2.0, "p": 0.01}, 1),
    ({"value": 0.5, "p": "<0.001"}, -1),
    ({"value": 2.0, "p": 0.2}, 0),
    ({"value": 2.0, "p": "<0.1"}, 0),
    ({"value": 2.0, "p": ">0.05"}, 0),
    ({"value": 1.0, "p": 0.01}, 0),
    ({"value": 2.0}, 0),
    ({"ci": [1.2, 3.4], "p": 0.01}, 1),
    ({"measure": "p-only", "p": 0.01}, 0),
    ({"value": 2.0, "se": 0.3}, 1),
    ({"value": 0.5, "se": 0.3}, -1),
    ({"value": 2.0, "se": 0.4}, 0),
    ({"measure": "mean-difference", "value": -3.1, "se": 1.0}, -1),
    ({"value": 2.0, "ci": [0.8, 5.0], "p": 0.001}, 1),
    ({"measure": "mean-difference", "value": 3.1, "ci": [1.2, 5.0]}, 1),
    ({"measure": "mean-difference", "value": -3.1, "ci": [-5.0, -1.2]}, -1),
    ({"measure": "beta", "value": 0.5, "ci": [0.3, 0.8]}, 1),
    ({"measure": "correlation", "value": -0.4, "p": 0.001}, -1),
    ({"measure": "correlation", "value": 0.0, "p": 0.001}, 0),
]


@pytest.mark.parametrize("turned", [{}, {"reversed": True}], ids=["as-named", "reversed"])
@pytest.mark.parametrize("scale", [{}, {"outcome_scale": "lower-is-worse"}], ids=["plain", "lower-is-worse"])
@pytest.mark.parametrize("outcome", ["r-dwi", "good-functional-outcome"])
@pytest.mark.parametrize("direction", ["increases", "decreases", "no-association", "unclear"])
@pytest.mark.parametrize(("figures", "sign"), FIGURES)
def test_a_significant_value_contradicts_the_direction_of_the_other_sign_only(
    figures: dict[str, Any], sign: int, direction: str, outcome: str, scale: dict[str, Any], turned: dict[str, Any]
) -> None:
    """`reversed` turns value and direction together, so it changes nothing; `outcome_scale` turns the value alone."""
    contradicts = sign * (-1 if scale else 1) == {"increases": -1, "decreases": 1}.get(direction)
    found = [one for one in of(**figures, **scale, **turned, direction=direction, outcome=outcome) if one.severity == "error"]
    assert len(found) == contradicts
    for one in found:
        assert one.path == ("findings", 0, "direction")
        assert direction in one.found
        assert str(figures.get("value", "")) in one.found
        assert "reversed" in one.expected


PCT = [{"name": "with", "n": 100, "pct": 20}, {"name": "without", "n": 100, "pct": 60}]
MEANS = [{"name": "with", "n": 50, "mean": 60, "sd": 10}, {"name": "without", "n": 50, "mean": 70, "sd": 10}]
BARE = [{"name": "with", "pct": 20}, {"name": "without", "pct": 60}]
# keys, and how what they say stands to "increases": an error, a warning, or nothing
AGAINST: list[tuple[dict[str, Any], str | None]] = [
    ({"counts": counts(20, 100, 60, 100)}, "error"),
    ({"counts": counts(10, 100, 40, 100)}, "error"),
    ({"counts": counts(60, 100, 20, 100)}, None),
    ({"counts": counts(10, 100, 40, 100), "measure": "HR"}, "error"),
    ({"counts": counts(10, 100, 40, 100), "measure": "p-only"}, "error"),
    ({"counts": counts(10, 100, 40, 100), "adjusted": True}, None),
    ({"counts": counts(10, 100, 40, 100), "direction": "decreases"}, None),
    ({"counts": counts(10, 100, 40, 100), "direction": "no-association", "p": 0.4}, None),
    # z of 2.3: by its p, which is printed
    ({"counts": counts(20, 100, 34, 100)}, "warning"),
    ({"counts": counts(20, 100, 34, 100), "p": 0.02}, "error"),
    ({"counts": counts(20, 100, 60, 100), "p": 0.2}, "warning"),
    ({"counts": counts(20, 100, 24, 100)}, "warning"),
    ({"groups": PCT, "groups_by": "exposure"}, "error"),
    ({"groups": PCT, "groups_by": "outcome"}, "error"),
    ({"groups": PCT, "groups_by": "exposure", "outcome": "good-functional-outcome"}, "error"),
    ({"groups": MEANS, "groups_by": "outcome", "contrast_type": None}, "error"),
    ({"groups": MEANS, "groups_by": "exposure", "measure": "mean-difference"}, "error"),
    ({"groups": MEANS, "groups_by": "exposure", "measure": "mean-difference", "outcome_scale": "lower-is-worse"}, None),
    ({"groups": BARE, "groups_by": "exposure", "measure": "p-only", "p": "<0.001"}, "error"),
    ({"groups": BARE, "groups_by": "exposure", "measure": "p-only"}, "warning"),
    ({"counts": counts(10, 100, 40, 100), "reversed": True}, None),
    ({"counts": counts(10, 100, 40, 100), "reversed": True, "direction": "decreases"}, "error"),
    ({"value": 0.74, "ci": [0.4, 1.3]}, "warning"),
    ({"value": 0.74}, "warning"),
    ({"value": 1.4, "ci": [0.8, 2.4], "outcome_scale": "lower-is-worse"}, "warning"),
    ({"value": -0.4, "measure": "mean-difference"}, "warning"),
]


@pytest.mark.parametrize(("keys", "severity"), AGAINST)
def test_counts_percentages_and_groups_stand_against_a_direction_by_their_p_or_by_their_own_z(
    keys: dict[str, Any], severity: str | None
) -> None:
    assert [one.severity for one in of(**keys) if one.kind == "direction"] == ([severity] if severity else [])


def test_a_less_clear_contradiction_says_how_the_graph_reads_it() -> None:
    (told,) = [one for one in of(counts=counts(20, 100, 24, 100)) if one.kind == "direction"]
    assert told.found == "increases with 20 of 100 exposed and 24 of 100 unexposed"
    assert told.help == "The graph reads it as: decreases, not significant."


WIDE = {"value": 2.0, "ci": [1.1, 3.6], "n": 200}
# keys, the kind of the one warning, words of what is found, of its cost
ODD: list[tuple[dict[str, Any], str, str, str]] = [
    ({"value": 1.85, "ci": [1.1, 3.11], "se": 0.49}, "figures", "se 0.49 beside a ci that implies 0.27", "is read"),
    ({"value": 3.0, "ci": [2.0, 4.5], "p": 0.001}, "figures", "OR 3.0 [2.0, 4.5] and p = 0.001", "It will not be pooled"),
    ({"value": 2.0, "ci": [0.8, 5.0], "p": 0.001}, "figures", "p = 0.001", "It will not be pooled"),
    ({"value": 2.0, "ci": [1.5, 2.7], "p": 0.6}, "figures", "p = 0.6", "It will not be pooled"),
    ({"measure": "mean-difference", "value": 3.0, "ci": [2.0, 4.0], "p": 0.6, "outcome": "length-of-stay"}, "figures", "p = 0.6", "not be"),
    ({"counts": TABLE, "value": 1.5, "adjusted": False}, "figures", "counts that make OR 2.67", "The counts are pooled"),
    ({"counts": TABLE, "value": 1.5, "adjusted": False, "measure": "RR"}, "figures", "counts that make RR 2", "The counts are pooled"),
    ({"counts": TABLE, "value": 1.1, "ci": [0.5, 2.4], "adjusted": False}, "figures", "beside 20 of 50", "The counts are pooled"),
    ({"counts": TABLE, "reversed": True, "direction": "decreases"}, "ignored", "`reversed`", ""),
    ({**WIDE, "per": {"step": 10, "unit": "mmHg"}}, "ignored", "contrast_type binary", ""),
    ({"ci": [1.2, 3.4]}, "ignored", "an interval without its value", "not read"),
    ({"measure": "p-only", "value": 12, "p": 0.01}, "ignored", "a value (12)", "not read"),
    ({"value": 1.85, "ci": [1.10, 311]}, "off-middle", "whose middle is 18.5", "a digit or a point"),
    ({"value": 18.5, "ci": [1.10, 31.1]}, "off-middle", "whose middle is 5.85", "a digit or a point"),
    ({"value": 2.0, "ci": [1.6, 2.5], "n": 100}, "narrow", "in 100 patients", "weighs"),
    ({"value": 2.0, "ci": [1.3, 3.1], "direction": "no-association"}, "no-association", "OR 2.0", "significant: increases"),
    ({"measure": "p-only", "p": "<0.001", "direction": "no-association"}, "no-association", "p <0.001", "as the word says"),
    ({**WIDE, "direction": "unclear"}, "unclear", "unclear beside OR 2.0 [1.1, 3.6]", "by its figures: increases, significant"),
    ({**WIDE, "direction": "unclear", "reversed": True}, "unclear", "unclear", "increases, significant"),
    ({**WIDE, "contrast_type": None}, "not-pooled", "OR 2.0", "its contrast is not told"),
    ({**WIDE, "contrast_type": "unknown"}, "not-pooled", "OR 2.0", "its contrast is not told"),
    ({**WIDE, "contrast_type": "per-unit"}, "not-pooled", "OR 2.0", "per is not told"),
    ({**WIDE, "contrast_type": "graded"}, "not-pooled", "OR 2.0", "no cut-off"),
    ({"measure": "mean-difference", "value": 3, "ci": [1, 5]}, "not-pooled", "mean-difference 3", "the unit of its outcome"),
    ({"value": 2.0}, "no-estimate", "OR 2.0", "without an interval or p"),
    ({"value": 2.0, "p": "<0.05"}, "no-estimate", "OR 2.0", "without an interval or p"),
    ({"groups": BARE, "groups_by": "exposure", "direction": "decreases"}, "no-estimate", "20% in 'with'", "no estimate printed"),
    ({**WIDE, "role": "modifier"}, "not-counted", "the role modifier", "an interaction"),
    ({**WIDE, "role": "dropped"}, "not-counted", "the role dropped", "stepwise"),
    ({**WIDE, "design": "narrative-review"}, "not-counted", "OR 2.0", "other studies' patients"),
    ({"direction": "unclear"}, "not-counted", "nothing that counts", "its direction could not be read"),
    ({**WIDE, "standing": {"kind": "retracted"}}, "retracted", "a retracted paper", "in no figure"),
    ({**WIDE, "bias": {"tool": "rob2", "overall": "low", "domains": {"D1": "high"}}}, "risk-of-bias", "low", "It is taken"),
    ({"counts": counts(0, 20, 0, 20), "direction": "no-association"}, "not-counted", "0 of 20", "without an event"),
    ({**WIDE, "outcome": "cerebral-microbleeds"}, "one-term", "its exposure", "in no association"),
]  # fmt: skip


@pytest.mark.parametrize(("keys", "kind", "found", "cost"), ODD)
def test_what_is_odd_or_left_out_is_told_once_with_its_cost(keys: dict[str, Any], kind: str, found: str, cost: str) -> None:
    (told,) = of(**keys)
    assert (told.kind, told.severity) == (kind, "warning")
    assert found in told.found
    assert cost in (told.help or "")
    assert told.expected


@pytest.mark.parametrize(
    "keys",
    [
        {},
        WIDE,
        {"value": 2.0, "ci": [1.0, 4.0], "p": 0.049},
        {"value": 2.0, "ci": [1.01, 4.0], "p": 0.06},
        {**WIDE, "contrast_type": None, "contrast": "present vs absent"},
        {**WIDE, "contrast_type": "graded", "cutoff": ">= 5"},
        {**WIDE, "contrast_type": "per-unit", "per": {"step": 10, "unit": "mmHg"}, "exposure": "age"},
        {**WIDE, "reversed": True},
        {"value": 0.5, "ci": [0.28, 0.9], "outcome_scale": "lower-is-worse"},
        # one decimal of a small ratio moves its middle
        {"value": 0.1, "ci": [0.1, 0.5], "direction": "decreases"},
        {"counts": TABLE, "value": 2.67, "adjusted": False},
        {"counts": TABLE, "value": 2.7, "ci": [1.1, 6.5], "adjusted": True},
        {"value": 2.0, "ci": [1.6, 2.5], "n": 100, "pooled": True, "k": 9},
        {"value": 2.0, "ci": [1.6, 2.5], "n": 2000},
        {"value": 1.0, "ci": [0.6, 1.7], "direction": "no-association"},
        {**WIDE, "design": "meta-analysis"},
        {"p": 0.2, "direction": "no-association", "measure": "p-only"},
    ],
)
def test_what_the_graph_reads_as_it_is_printed_goes_without_a_word(keys: dict[str, Any]) -> None:
    assert of(**keys) == []


def test_all_that_is_odd_of_one_row_is_told() -> None:
    per = {"step": 1, "unit": "y"}
    odd = of(value=1.5, ci=[0.8, 4.8], p=0.001, reversed=True, groups=BARE, per=per, contrast_type="shift", groups_by="exposure")
    assert kinds(odd) == [("figures", "warning"), ("ignored", "warning"), ("ignored", "warning"), ("off-middle", "warning")]


PARTS = [
    ({"lesion": "r-dwi", "cases": 20, "total": 100}, {"lesion": "r-dwi-multiple", "cases": 30, "total": 100}, True),
    ({"lesion": "r-dwi", "cases": 20, "total": 100}, {"lesion": "r-dwi-multiple", "cases": 20, "total": 100}, False),
    ({"lesion": "r-dwi", "pct": 20}, {"lesion": "r-dwi-multiple", "cases": 205, "total": 1000}, False),
    ({"lesion": "r-dwi", "pct": 20}, {"lesion": "r-dwi-multiple", "cases": 206, "total": 1000}, True),
    ({"lesion": "r-dwi", "cases": 20, "total": 100, "timing": "early"}, {"lesion": "r-dwi-multiple", "cases": 30, "total": 100}, False),
]


@pytest.mark.parametrize(("whole", "part", "odd"), PARTS)
def test_a_part_is_no_more_common_than_its_whole_among_the_same_people(whole: dict[str, Any], part: dict[str, Any], odd: bool) -> None:
    rows = [{"population": "p", **one} for one in (whole, part)]
    told = [one for one in of(prevalence=rows) if one.kind == "part"]
    assert [one.path for one in told] == ([("prevalence", 1)] if odd else [])


def test_a_prevalence_without_a_count_and_a_chain_without_an_end_are_told() -> None:
    study = {
        "id": "a", "read": "tables", "populations": [GROUP], "prevalence": [{"population": "p", "lesion": "r-dwi", "pct": 20}],
        "mechanisms": [{"mechanism": "impaired-autoregulation", "stance": "supports", "basis": "imaging", "links": ["age"]}],
    }  # fmt: skip
    told = list(remarks(Study.model_validate(study), shipped()))
    assert [(one.kind, one.path) for one in told] == [("no-count", ("prevalence", 0)), ("no-target", ("mechanisms", 0, "links"))]


def test_every_warning_of_an_observation_has_its_words() -> None:
    """A warning that the graph learns to give is one that check tells."""
    text = Path(observations.__file__).read_text(encoding="utf-8")
    named = re.findall(r"warnings=\((?:\*seen\.warnings, )?([A-Z_]+),?\)|return \(([A-Z_]+),\)|\(([A-Z_]+),\)\)", text)
    assert {getattr(observations, next(filter(None, one))) for one in named} == set(WARNINGS)


def test_every_kind_is_met_and_told_in_the_docs() -> None:
    met = {one.kind for keys, *_ in [*AGAINST, *ODD] for one in of(**keys)}
    assert met | {"part", "no-count", "no-target"} == set(KINDS)
    docs = (Path(observations.__file__).parents[2] / "docs" / "sheets.md").read_text(encoding="utf-8")
    assert re.findall(
        r"^\| `([a-z-]+)` \| (.*?) \|", docs.partition("### What the graph makes of it")[2].partition("## ")[0], re.MULTILINE
    ) == [*KINDS.items()]


def test_what_check_says_is_what_the_graph_does() -> None:
    """Over the corpus: a row is called not pooled, or not counted, where and only where its observation is."""
    field = shipped()
    for study in shipped_studies(field):
        told: dict[int, set[str]] = {}
        for one in remarks(study, field):
            if one.path[0] == "findings":
                told.setdefault(int(one.path[1]), set()).add(one.kind)
        for seen in read_study(study, field):
            kinds_of = told.get(seen.position, set())
            if seen.published:
                assert not kinds_of & {"not-pooled", "no-estimate", "not-counted"}
                continue
            assert ("not-counted" in kinds_of) is (seen.why is not None)
            alone = seen.eligible and seen.comparison is not None and seen.comparison.variable == seen.finding
            assert ("not-pooled" in kinds_of) is alone
            if seen.warnings:
                assert kinds_of & {"figures", "unclear"}


def test_the_shipped_corpus_has_no_contradiction() -> None:
    assert STUDIES.is_dir()
    assert [one for study in shipped_studies(shipped()) for one in remarks(study, shipped()) if one.severity == "error"] == []


@pytest.mark.parametrize("value", [1e-15, 1, 1e15])
@pytest.mark.parametrize("ci", [[1e-15, 1e15], [0, 1e15]])
@pytest.mark.parametrize("p", [0, 1, 1e-300, "<0.001"])
@pytest.mark.parametrize("measure", ["OR", "HR", "beta", "correlation"])
def test_figures_at_the_edge_of_what_a_sheet_takes_are_judged_without_a_fault(value: float, ci: list[float], p: Any, measure: str) -> None:
    assert all(one.found and one.expected for one in of(value=value, ci=ci, p=p, measure=measure, n=1))


def test_a_term_of_a_folder_s_own_is_turned_as_any() -> None:
    field = shipped().extended([Term(id="alive", name="Alive", kind="outcome", inverse_of="mortality")])
    row = {**ROW, "outcome": "alive", "counts": counts(10, 100, 40, 100)}
    study = Study.model_validate({"id": "a", "read": "tables", "populations": [GROUP], "findings": [row]})
    assert kinds(list(remarks(study, field))) == [("direction", "error")]
    study = Study.model_validate({"id": "a", "read": "tables", "populations": [GROUP], "findings": [{**row, "direction": "decreases"}]})
    assert list(remarks(study, field)) == []
