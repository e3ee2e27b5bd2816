"""End to end: published data sets as sheets, read and pooled by the graph, equal R metafor on the same figures."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from graph import questions
from graph.build import EvidenceGraph, build
from graph.stores.memory import MemoryReader
from schema.association import Association, FamilyResult, PooledPrevalence
from schema.field import EvidenceField
from schema.scales import CHINN
from schema.study import Study
from schema.vocabulary import Term, Vocabulary

REFERENCE: dict[str, Any] = json.loads((Path(__file__).parent / "reference" / "sheets.json").read_text())
SETS: list[dict[str, Any]] = REFERENCE["sets"]
CASES = [(one, result) for one in SETS for result in one["results"]]
SHARES = [(one, result) for one, result in CASES if one["kind"] == "shares"]
POOLED = [(one, result) for one, result in CASES if one["kind"] != "shares"]
NAMES = {
    *("bcg", "hackshaw1998", "normand1999", "molloy2014", "egger2001", "lee2004", "nielweise2007", "pritz1997", "yusuf1985"),
    *("collins1985a", "linde2005", "debruin2009"),
}

FIELD = EvidenceField.model_validate(
    {
        "id": "reference",
        "title": "Published data sets",
        "lead": "Figures that others pooled, too",
        "lesion": "state",
        "population": "people",
        "axes": {"condition": {"label": "condition", "values": {"people": "people"}}},
        "populations": [{"id": "people", "name": "people", "where": {"condition": "people"}}],
        "compared": ["people"],
        "columns": ["people"],
    }
).with_vocabulary(
    lambda: Vocabulary(
        [
            Term(id="treatment", name="Treatment", kind="risk-factor"),
            Term(id="event", name="Event", kind="outcome"),
            Term(id="stay", name="Length of stay", kind="outcome", unit="days"),
            Term(id="state", name="State", kind="lesion"),
        ]
    )
)

# how metafor's columns are printed in a sheet: the outcome, and what a row says beside contrast and population
ROWS: dict[str, tuple[str, Callable[[dict[str, Any], str], dict[str, Any]]]] = {
    "counts": (
        "event",
        lambda row, measure: {
            "measure": measure,
            "adjusted": False,
            "randomised": True,
            "counts": {
                "exposed_cases": row["ai"],
                "exposed_total": row["n1i"],
                "unexposed_cases": row["ci"],
                "unexposed_total": row["n2i"],
            },
        },
    ),
    "ratios": ("event", lambda row, measure: {"measure": measure, "value": row["value"], "ci": [row["low"], row["high"]]}),
    "groups": (
        "stay",
        lambda row, measure: {
            "measure": "mean-difference" if measure == "MD" else measure,
            "randomised": True,
            "groups_by": "exposure",
            "groups": [
                {"name": name, "n": row[f"n{i}i"], "mean": row[f"m{i}i"], "sd": row[f"sd{i}i"]} for i, name in ((1, "one"), (2, "other"))
            ],
        },
    ),
    "correlations": ("stay", lambda row, _: {"measure": "correlation", "value": row["ri"]}),
}


def label(case: tuple[dict[str, Any], dict[str, Any]]) -> str:
    one, result = case
    return f"{one['name']} {one['measure']} {result['rows']}"


def sheets(one: dict[str, Any], rows: int) -> Iterator[Study]:
    """A study of each row, as a sheet has it."""
    for i in range(rows):
        row = {name: column[i] for name, column in one["figures"].items()}
        # a number of patients only where the data set has one
        group = {"id": "all", "label": "all", "condition": "people", **({"n": row["ni"]} if "ni" in row else {})}
        sheet: dict[str, Any] = {"id": f"study-{i + 1}", "read": "full-text", "populations": [group]}
        if one["kind"] == "shares":
            sheet["prevalence"] = [{"population": "all", "lesion": "state", "cases": row["xi"], "total": row["ni"], "main": True}]
        else:
            outcome, printed = ROWS[one["kind"]]
            kind = {} if one["kind"] == "correlations" else {"contrast": "with vs without", "contrast_type": "binary"}
            told = {"exposure": "treatment", "outcome": outcome, "population": "all", "direction": "unclear"}
            sheet["findings"] = [{**told, **kind, **printed(row, one["measure"])}]
        yield Study.model_validate(sheet)


@cache
def graph_of(at: int, rows: int) -> EvidenceGraph:
    return build(list(sheets(SETS[at], rows)), FIELD)


def association(one: dict[str, Any], result: dict[str, Any]) -> Association:
    (found,) = graph_of(SETS.index(one), result["rows"]).associations
    return found


def headline(one: dict[str, Any], result: dict[str, Any]) -> FamilyResult:
    (family,) = association(one, result).families
    return family


def scaled(measure: str, figures: tuple[float, ...]) -> list[float]:
    """Figures of metafor's scale as an answer prints them."""
    if measure in {"OR", "RR"}:
        return [math.exp(figure) for figure in figures]
    return [math.tanh(figure) for figure in figures] if measure == "ZCOR" else list(figures)


def test_the_reference_keeps_its_data_sets() -> None:
    assert {one["name"].split(",")[0] for one in SETS} == NAMES
    assert len(CASES) >= 70
    assert {result["k"] for _, result in CASES} >= {2, 3, 4, 9, 13, 16, 37}
    # tables without an event are among them, and tables with an empty cell
    assert sum(result["k"] < result["rows"] for _, result in CASES) >= 5


@pytest.mark.parametrize(("one", "result"), POOLED, ids=map(label, POOLED))
def test_five_and_more_sheets_pool_to_metafors_reml_and_fewer_to_its_common_effect(one: dict[str, Any], result: dict[str, Any]) -> None:
    found, family = association(one, result), headline(one, result)
    assert (found.k, family.k) == (result["k"], result["k"])
    assert found.ci is not None
    if result["k"] >= 5:
        theirs, average = result["random"], [found.estimate, *found.ci]
    else:
        assert found.average is not None
        theirs, average = result["common"], [found.average.estimate, *found.average.ci]
    assert average == pytest.approx(scaled(one["measure"], (theirs["estimate"], *theirs["ci"])), rel=1e-6, abs=1e-9)
    assert family.estimate_source == ("pooled-reml-hk" if result["k"] >= 5 else "pooled-bayes")


@pytest.mark.parametrize(("one", "result"), POOLED, ids=map(label, POOLED))
def test_what_stands_beside_equals_metafor_for_any_number_of_sheets(one: dict[str, Any], result: dict[str, Any]) -> None:
    family, random, common = headline(one, result), result["random"], result["common"]
    ours = family.reml_hk
    assert ours is not None
    measure = one["measure"]
    assert [ours.estimate, *ours.ci] == pytest.approx(scaled(measure, (random["estimate"], *random["ci"])), rel=1e-6, abs=1e-9)
    # tau2 of standardised differences is on the scale of log odds
    turn = CHINN**2 if measure == "SMD" else 1
    assert ours.tau2 == pytest.approx(turn * random["tau2"], rel=1e-6, abs=1e-8)
    assert (ours.i2, ours.q, ours.q_p) == pytest.approx((random["i2"], random["q"], random["q_p"]), rel=1e-6, abs=1e-8)
    assert [family.common.estimate, *family.common.ci] == pytest.approx(
        scaled(measure, (common["estimate"], *common["ci"])), rel=1e-6, abs=1e-9
    )


@pytest.mark.parametrize(("one", "result"), POOLED, ids=map(label, POOLED))
def test_tables_without_an_event_are_named_with_their_patients_and_left_out(one: dict[str, Any], result: dict[str, Any]) -> None:
    rows = [{name: column[i] for name, column in one["figures"].items()} for i in range(result["rows"])]
    empty = [row for row in rows if one["kind"] == "counts" and row["ai"] + row["ci"] in {0, row["n1i"] + row["n2i"]}]
    found = association(one, result).no_events
    assert len(empty) == result["rows"] - result["k"]
    assert (found.patients if found else 0) == sum(row["n1i"] + row["n2i"] for row in empty)


def pooled_share(one: dict[str, Any], result: dict[str, Any]) -> PooledPrevalence:
    reader = MemoryReader(graph_of(SETS.index(one), result["rows"]))
    pooled = questions.Prevalence().answer(reader).prevalence.pooled
    assert pooled is not None
    return pooled


def percents(figures: tuple[float, ...]) -> list[float]:
    return [100 / (1 + math.exp(-figure)) for figure in figures]


@pytest.mark.parametrize(("one", "result"), SHARES, ids=map(label, SHARES))
def test_shares_of_sheets_pool_to_metafors(one: dict[str, Any], result: dict[str, Any]) -> None:
    """The logistic model to 1e-4 in log odds, where there are five and more; logits by REML beside it to 1e-6."""
    ours, theirs = pooled_share(one, result), result["random"]
    assert ours.cohorts == result["k"]
    assert ours.reml_hk is not None
    assert [ours.reml_hk.pct, *ours.reml_hk.ci] == pytest.approx(percents((theirs["estimate"], *theirs["ci"])), rel=1e-6)
    assert (ours.reml_hk.tau2, ours.i2) == pytest.approx((theirs["tau2"], theirs["i2"]), rel=1e-6, abs=1e-8)
    if result["k"] >= 5:
        assert math.log(ours.pct / (100 - ours.pct)) == pytest.approx(result["shares"]["estimate"], abs=1e-4)
        assert ours.tau2 == pytest.approx(result["shares"]["tau2"], abs=1e-4)
    assert ours.estimate_source == ("pooled-logistic" if result["k"] >= 5 else "pooled-bayes")


def test_magnesium_in_infarction_is_of_low_certainty_at_most() -> None:
    """Small trials that find much, and a large one that finds nothing (Egger et al., BMJ 1997;315:629-34)."""
    whole = [(one, result) for one, result in POOLED if one["name"].startswith("egger2001")]
    found = association(*max(whole, key=lambda case: case[1]["rows"]))
    assert found.k == 16
    assert found.certainty in {"low", "very-low"}
    assert {"inconsistency", "publication bias"} <= {reason.domain for reason in found.reasons if reason.step}
