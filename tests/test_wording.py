"""What is known in plain words, and numbers, units and names as the field writes them: one rule for every surface."""

from __future__ import annotations

import io
import re
from collections import Counter
from html import unescape
from pathlib import Path
from typing import Any, get_args

import pytest
from rich.console import Console
from starlette.testclient import TestClient

from api import figures, tables
from api.app import create_app
from api.assistant import short
from graph import questions, wording
from graph.build import EvidenceGraph, build
from graph.opening import shipped
from graph.stores.memory import MemoryReader, MemoryStore
from graph.wording import measured, named, number, p_value, sentences, within
from schema.association import Association, Camp, FamilyResult, PooledPrevalence, TermRef
from schema.study import Design, Population, Study
from schema.vocabulary import Term

ICH = TermRef(id="ich", name="intracerebral haemorrhage (ICH)", kind="population")
RDWI = TermRef(id="r-dwi", name="Remote DWI lesions", kind="lesion", plural=True)


def association(**more: Any) -> Association:
    """An association of one significant cohort, changed as asked."""
    figures: dict[str, Any] = {
        "exposure": TermRef(id="lacunes", name="Lacunes", kind="csvd-marker", plural=True),
        "outcome": RDWI,
        "population": ICH,
        "direction": "increases",
        "weight": 0.6,
        "p_direction": 0.9,
        "studies": 1,
        "cohorts": 1,
        "cohorts_if_overlap": 1,
        "patients": 120,
        "increases": 1,
        "decreases": 0,
        "not_significant": 0,
        "unclear": 0,
        "full_text": 0,
        "certainty": "very-low",
        "caption": "",
        "findings": ("a:1",),
    }
    return Association(**{**figures, **more})


def told(**more: Any) -> str:
    one = association(**more)
    return " ".join(sentences.known(one, one.outcome))


def family(**more: Any) -> FamilyResult:
    figures: dict[str, Any] = {
        "measure": "OR",
        "randomised": False,
        "k": 1,
        "patients": 120,
        "estimate": 2.0,
        "ci": (1.1, 3.6),
        "estimate_source": "single-study",
        "common": {"estimate": 2.0, "ci": (1.1, 3.6)},
        "rows": ("a:1",),
    }
    return FamilyResult(**{**figures, **more})


def test_one_cohort_is_called_one_and_not_repeated() -> None:
    assert told().startswith(
        "One study, not repeated: one cohort links lacunes to more remote DWI lesions in intracerebral haemorrhage (ICH). No estimate"
    )


def test_several_cohorts_are_counted_with_those_that_say_otherwise() -> None:
    text = told(cohorts=9, increases=5, decreases=1, not_significant=2, unclear=1, studies=10)
    assert text.startswith(
        "5 of 9 cohorts link lacunes to more remote DWI lesions in intracerebral haemorrhage (ICH) (1 reports the opposite; "
        "2 found nothing significant; 1 printed a p value without its direction)."
    )
    assert "10 studies, all read as abstracts" in text


def test_a_decrease_is_less() -> None:
    assert "1 of 2 cohorts links lacunes to fewer remote DWI lesions" in told(
        direction="decreases", cohorts=2, increases=0, decreases=1, not_significant=1
    )


def test_nothing_clear_is_no_proof_of_no_link() -> None:
    text = told(direction="inconclusive", cohorts=2, increases=0, not_significant=2)
    assert text.startswith("Studied, nothing clear: none of 2 cohorts reports a significant link of lacunes with remote DWI lesions")
    assert "That is not proof of no link." in text
    assert told(direction="inconclusive", increases=0, not_significant=1).startswith(
        "Studied, nothing clear: one cohort reports no significant link"
    )


def test_cohorts_that_contradict_each_other_are_told_as_such() -> None:
    text = told(direction="inconsistent", cohorts=3, increases=1, decreases=2)
    assert text.startswith("The cohorts contradict each other on lacunes and remote DWI lesions")
    assert "1 report more remote DWI lesions, 2 fewer remote DWI lesions" in text


def test_what_only_reviews_say_was_not_studied() -> None:
    assert told(studies=0, cohorts=0, increases=0, certainty=None, weight=None, p_direction=None).startswith("No cohort counts for")
    assert told(studies=0, cohorts=0, increases=0, certainty=None, weight=None, p_direction=None, findings=()).startswith(
        "Not studied: no study of this release says anything"
    )


def test_only_a_published_estimate_is_told_as_published() -> None:
    text = told(cohorts=0, increases=0, estimate_source="published", measure="OR", estimate=1.53, ci=(1.28, 1.83), k=None)
    assert text.startswith("Only a published meta-analysis links lacunes to more remote DWI lesions")
    assert "Published meta-analysis: OR 1.53 (95% CI 1.28-1.83)." in text


def test_a_published_estimate_that_shows_nothing_is_no_link() -> None:
    text = told(direction="inconclusive", cohorts=0, increases=0, estimate_source="published", measure="OR", estimate=0.95, ci=(0.68, 1.33))
    assert text.startswith(
        "Only a published meta-analysis reports on lacunes and remote DWI lesions in intracerebral haemorrhage (ICH), and"
    )
    assert "and finds nothing clear: no cohort of this release" in text


def test_a_cohort_without_a_clear_whole_is_told_by_its_own_report() -> None:
    assert (
        "the one cohort that looked for a link of lacunes with remote DWI lesions in intracerebral haemorrhage (ICH) reported more "
        in told(direction="inconclusive")
    )
    assert "(ICH), 1 reported more remote DWI lesions and 1 found nothing significant." in told(
        direction="inconclusive", cohorts=2, not_significant=1
    )
    assert "(ICH) printed a p value without its direction." in told(direction="inconclusive", increases=0, unclear=1)


def test_no_sentence_of_the_corpus_denies_or_makes_up_a_link(graph: EvidenceGraph) -> None:
    for one in graph.associations:
        if not one.studies:
            continue
        report = sentences.known(one, one.outcome)[0]
        if one.direction == "inconclusive":
            assert ("at most little difference" if one.little_difference else "nothing clear") in report
            assert ("not proof of no link" in report) is (not one.little_difference and one.cohorts > 0)
            assert " links " not in report
            denied = "no significant link" in report or "none of" in report
            assert denied is (one.cohorts > 0 and one.not_significant == one.cohorts), report
        for many, what in ((one.increases, "more"), (one.decreases, "fewer")):
            if one.direction == "inconclusive" and many and one.outcome.id == "r-dwi":
                assert f"reported {what}" in report


@pytest.mark.parametrize(
    ("figures", "expected"),
    [
        (
            {"cohorts": 1, "k": 1, "estimate_source": "single-study", "measure": "OR", "estimate": 2.0, "ci": (1.1, 3.6)},
            "One study's estimate: OR 2.00 (95% CI 1.10-3.60).",
        ),
        (
            {"cohorts": 8, "k": 1, "estimate_source": "single-study", "measure": "OR", "estimate": 1.1, "ci": (0.9, 1.3)}
            | {"excludes_no_effect": False},
            "One study's estimate, with which no other cohort's figures can be pooled: OR 1.10 (95% CI 0.90-1.30); "
            "the interval includes no effect.",
        ),
        (
            {"cohorts": 9, "k": 2, "estimate_source": "pooled-bayes", "measure": "OR", "estimate": 2.59, "ci": (1.15, 7.27)},
            "2 cohorts of 9 can be pooled: OR 2.59 (95% CI 1.15-7.27).",
        ),
        (
            {"cohorts": 2, "k": 1, "estimate_source": "single-study", "measure": "correlation", "estimate": -0.09, "ci": (-0.27, 0.093)}
            | {"excludes_no_effect": False},
            "One study's estimate, with which no other cohort's figures can be pooled: correlation -0.09 (95% CI -0.27 to 0.093); "
            "the interval includes no effect; this estimate points the other way.",
        ),
    ],
)
def test_an_estimate_comes_with_its_interval_and_where_it_is_from(figures: dict[str, Any], expected: str) -> None:
    assert expected in told(**figures)


def test_an_estimate_that_points_the_other_way_is_told_as_such_wherever_it_stands(graph: EvidenceGraph) -> None:
    found = 0
    for known in graph.associations:
        if known.estimate is None or known.direction not in {"increases", "decreases"}:
            continue
        turned = known.model_copy(update={"direction": "decreases" if known.direction == "increases" else "increases"})
        for one in (known, turned):
            above = one.estimate > (1 if one.measure in {"OR", "RR", "HR"} else 0)
            other = above is (one.direction == "decreases")
            found += other
            for text in (" ".join(sentences.known(one, one.outcome)), sentences.notes(one)):
                assert ("this estimate points the other way" in text) is other, text
    assert found


def test_the_unit_of_a_step_is_named() -> None:
    text = told(estimate_source="single-study", measure="OR", estimate=1.1, ci=(1.01, 1.2), k=1, families=(family(unit="10 mmHg"),))
    assert "OR 1.10 (95% CI 1.01-1.20) per 10 mmHg" in text


def test_certainty_is_named_with_what_lowered_it() -> None:
    reasons = [
        {"domain": "start", "text": "aetiology starts low"},
        {"domain": "risk of bias", "text": "crude", "step": -1},
        {"domain": "imprecision", "text": "one cohort only", "step": -1},
    ]
    assert "Certainty is very low, lowered for risk of bias and imprecision; 1 study, read as abstract." in told(reasons=reasons)
    raised = [
        {"domain": "inconsistency", "text": "significant both ways", "step": -1},
        {"domain": "large effect", "text": "OR 4", "step": 1},
    ]
    assert "Certainty is very low, lowered for inconsistency; 1 study" in told(reasons=raised)
    capped = [{"domain": "how studies were read", "text": "no study was read beyond its abstract: low at most"}]
    assert "Certainty is low; 1 study" in told(reasons=capped, certainty="low")
    assert "2 of 3 read in full" in told(studies=3, full_text=2)


def test_no_sentence_of_the_corpus_says_cause_or_no_effect_as_a_finding(graph: EvidenceGraph) -> None:
    terms = shipped().vocabulary
    for one in graph.associations:
        told = sentences.known(one, terms[one.outcome.id])
        text = " ".join(told).replace("includes no effect", "")
        # a name may say cause
        for name in (within(one.exposure), within(one.outcome)):
            text = text.replace(name, "")
        assert "cause" not in text, text
        assert "no effect" not in text, text
        assert "proves" not in text, text
        assert (
            (one.cohorts != 1)
            or not one.studies
            or "not repeated" in text
            or "one cohort" in text
            or "No cohort" in text
            or "One pooled" in text
            or "one pooled" in text
        ), text
        if one.estimate is not None and one.studies:
            assert wording.with_unit(one, spelt=True) in text
        if one.studies and one.excludes_no_effect is not None:
            setting = one.average is not None and wording.includes_no_effect(one.measure, one.ci) and not one.prior_sensitive
            assert ("includes no effect" in " ".join(told)) is (not one.excludes_no_effect or setting or bool(one.prior_sensitive)), told


def test_both_lines_of_blood_pressure_are_told(reader: MemoryReader) -> None:
    trial = questions.Evidence(exposure="intensive-bp-lowering", outcome="r-dwi").answer(reader).association
    seen = questions.Evidence(exposure="acute-bp-reduction", outcome="r-dwi").answer(reader).association
    assert trial is not None
    assert seen is not None
    lines = sentences.beside(trial, seen)
    assert lines == sentences.beside(seen, trial)
    assert "says nothing clear (1 cohort: 1 not significant)" in lines[0]
    assert "says more (8 cohorts: 5 more, 2 not significant, 1 direction not printed)" in lines[0]
    assert "settles little" in lines[1]
    assert "nobody was allotted" in lines[2]


def test_a_single_headline_says_what_was_printed_exactly_where_that_differs(reader: MemoryReader, graph: EvidenceGraph) -> None:
    told = 0
    for one in graph.associations:
        if one.estimate_source != "single-study" or one.population.id != "ich" or one.ci is None or one.families[0].unit:
            continue
        rows = [
            row
            for row in questions.Evidence(exposure=one.exposure.id, outcome=one.outcome.id, population="ich").answer(reader).rows
            if row.finding in one.families[0].rows
        ]
        differs = any(
            row.printed_ci is None
            or row.turned
            or row.printed_measure != one.measure
            or any(abs(a - b) > 0.02 * abs(b) + 0.006 for a, b in zip(row.printed_ci, one.ci, strict=True))
            for row in rows
        )
        text = sentences.printed(one, rows)
        told += bool(text)
        assert bool(text) is differs, (one.exposure.id, one.outcome.id, text)
        for row in rows:
            assert not text or row.printed_ci is None or wording.interval(row.printed_ci) in text
    assert told


@pytest.mark.parametrize(
    ("value", "expected"),
    [(None, ""), (0.5, "0.50"), (0.967682, "0.97"), (0.0434, "0.04"), (0.9949, "0.99"), (0.995, "0.995"), (0.999, "0.999"), (1, "0.999")],
)
def test_a_probability_is_never_told_as_certain(value: float | None, expected: str) -> None:
    assert wording.probability(value) == expected


def test_a_table_tells_a_weight_near_to_1_as_such_and_what_a_weight_is() -> None:
    some = [association(weight=weight) for weight in (0.999, 0.996, 0.56)]
    text = console(tables.associations(some, "exposure", ""))
    assert [word for word in text.split() if word in {"0.999", "0.996", "0.56", "1.00"}] == ["0.999", "0.996", "0.56"]
    assert "Weight: probability that the average effect has this direction" in " ".join(text.split())


def test_what_a_direction_rests_on_and_the_side_of_its_weight_are_named() -> None:
    single = {"k": 1, "families": (family(),)}
    assert sentences.basis(association(direction_basis="reports")) == "the cohorts taken together"
    assert sentences.basis(association(direction_basis="published")) == "a published meta-analysis"
    assert sentences.basis(association(direction_basis="estimate", **single)) == "the estimate"
    assert sentences.basis(association(direction_basis="estimate", k=2, families=(family(k=2),))) == "the average of the estimates"
    assert (
        sentences.basis(association(direction_basis="estimate", k=2, families=(family(k=2, randomised=True),))) == "the randomised estimate"
    )
    sides = [("increases", None), ("decreases", None), ("inconclusive", "more"), ("inconclusive", "fewer"), ("inconclusive", None)]
    more, less = "more remote DWI lesions", "fewer remote DWI lesions"
    told = [sentences.side(association(direction=direction, leans=leans), RDWI) for direction, leans in sides]
    assert told == [more, less, more, less, "the likelier of more and less"]


def test_a_leaning_is_told_and_is_no_link() -> None:
    text = told(direction="inconclusive", direction_basis="reports", leans="fewer", cohorts=3, increases=0, decreases=1, not_significant=2)
    assert "and what there is leans to fewer remote DWI lesions. That is not proof of no link." in text
    assert " links " not in text
    assert "leans" not in told(direction="inconclusive", cohorts=3, increases=1, decreases=1, not_significant=1)


def test_little_or_no_difference_is_told_as_such_and_not_as_nothing_clear() -> None:
    figures: dict[str, Any] = {"k": 1, "estimate_source": "single-study", "measure": "OR", "estimate": 0.97, "ci": (0.88, 1.06)}
    one = association(direction="inconclusive", little_difference=True, increases=0, not_significant=1, excludes_no_effect=False, **figures)
    text = " ".join(sentences.known(one, RDWI))
    assert text.startswith("Studied, and at most little difference found: one cohort reports no significant link")
    assert "nothing clear" not in text
    assert sentences.direction(one) == "little or no difference"
    assert wording.caption(one).startswith("little or no difference, OR 0.97")


@pytest.mark.parametrize(
    ("exposure", "outcome", "figure", "told"),
    [
        (
            "admission-bp",
            "r-dwi-count",
            "OR 1.04 (95% CI 1.00-1.06) (higher (unit not printed))",
            "; significant by its paper, which prints p = 0.014, though the interval includes no effect.",
        ),
        ("pneumonia", "r-dwi-large", "OR 2.93 (95% CI 1.05-8.16) (yes vs no)", "; not significant by its paper, which prints p = 0.065."),
        (
            "subarachnoid-extension",
            "r-dwi",
            "OR 1.80 (95% CI 1.00-3.24)",
            "; significant by its paper, which prints a word, though the interval includes no effect.",
        ),
    ],
)
def test_one_row_whose_paper_says_otherwise_than_its_interval_says_so(
    reader: MemoryReader, exposure: str, outcome: str, figure: str, told: str
) -> None:
    answer = questions.Evidence(exposure=exposure, outcome=outcome).answer(reader)
    assert answer.association is not None
    assert f"{figure}{told}" in " ".join(sentences.known(answer.association, answer.association.outcome, answer.rows))


@pytest.mark.parametrize(
    ("value", "expected"), [(1.85, "1.85"), (12.566, "12.57"), (184.2, "184"), (0.004, "0.004"), (1234.5, "1,234"), (0, "0.00")]
)
def test_figures_are_printed_as_the_field_does(value: float, expected: str) -> None:
    assert number(value) == expected


def test_estimates_p_values_and_reasons_are_told_as_the_field_does() -> None:
    assert measured("OR", 1.851, (1.1, 3.112)) == "OR 1.85 (1.10-3.11)"
    assert measured("OR", 1.851, (1.1, 3.112), "10 mmHg", level=True) == "OR 1.85, 95% CI 1.10-3.11, per 10 mmHg"
    assert measured("correlation", -0.09, (-0.27, 0.09)) == "r -0.09 (-0.27 to 0.09)"
    assert measured("proportion-difference", 13.4, (4.6, 22.2), "percentage points") == "difference 13.40 percentage points (4.60-22.20)"
    assert [p_value(one) for one in (0.008, "<0.001", ">=0.111", "<= 0.05", None)] == [
        "p = 0.008",
        "p < 0.001",
        "p \u2265 0.111",
        "p \u2264 0.05",
        "",
    ]
    assert (
        named("shares patients with a-1, a-1-b and a-1:x", {"a-1": "A 1", "a-1-b": "B", "a-1:x": "a row"})
        == "shares patients with A 1, B and a row"
    )


@pytest.mark.parametrize(("p", "expected"), [(0.003, "p = 0.003"), (0.0004, "p < 0.001"), (0.04567, "p = 0.046")])
def test_the_p_of_a_test_made_here_is_rounded_as_the_field_does(p: float, expected: str) -> None:
    assert wording.p_of_test(p) == expected


@pytest.mark.parametrize(
    ("name", "proper", "expected"),
    [
        ("Cerebral microbleeds", False, "cerebral microbleeds"), ("CSVD score", False, "CSVD score"), ("Black race", True, "Black race"),
        ("Recurrent ICH", False, "recurrent ICH"), ("T2 hyperintensity", False, "T2 hyperintensity"), ("Black race", False, "black race"),
    ],
)  # fmt: skip
def test_a_name_within_a_sentence_begins_small_where_it_is_a_word(name: str, proper: bool, expected: str) -> None:
    assert within(Term(id="x", name=name, kind="risk-factor", proper=proper)) == expected


@pytest.mark.parametrize(
    ("term", "expected"),
    [
        ("gcs", "Glasgow Coma Scale"), ("c-reactive-protein", "C-reactive protein"), ("d-dimer", "D-dimer"), ("nihss", "NIHSS"),
        ("hachinski-score", "Hachinski ischaemic score"), ("functional-outcome-mrs", "modified Rankin Scale (ordinal)"),
    ],
)  # fmt: skip
def test_the_shipped_names_keep_their_capitals_where_they_are_proper(term: str, expected: str) -> None:
    assert within(shipped().vocabulary[term]) == expected


def test_an_increase_is_told_by_what_it_is_of() -> None:
    terms = shipped().vocabulary
    assert wording.more(terms["r-dwi"]) == "more remote DWI lesions"
    assert wording.more(terms["mortality"]) == "a higher risk of death"
    assert wording.more(terms["mortality"], less=True) == "a lower risk of death"
    assert wording.more(terms["quality-of-life"]) == "higher (better) quality of life"
    assert wording.more(Term(id="x", name="Atrophy", kind="csvd-marker"), less=True) == "less atrophy"
    assert wording.more(Term(id="x", name="Nidi", kind="csvd-marker", plural=True), less=True) == "fewer nidi"


def test_a_family_says_what_it_is_of(graph: EvidenceGraph) -> None:
    answer = questions.Evidence(exposure="cerebral-microbleeds", outcome="r-dwi").answer(MemoryReader(graph))
    one = answer.association
    assert one is not None
    told = [sentences.family(family, answer.rows, one) for family in one.families]
    assert told == [
        "OR, binary, observational, adjusted",
        "OR, binary, observational, not known whether adjusted; as strictly lobar microbleeds",
        "OR, contrast not printed, observational, adjusted; as mixed microbleeds",
    ]


def test_a_family_per_step_says_its_step_and_no_type(graph: EvidenceGraph) -> None:
    answer = questions.Evidence(exposure="acute-bp-reduction", outcome="r-dwi").answer(MemoryReader(graph))
    one = answer.association
    assert one is not None
    assert sentences.family(one.families[0], answer.rows, one) == (
        "OR per 10 mmHg, observational, adjusted; as reduction of mean arterial pressure"
    )


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"body": "crude"}, "OR, observational, crude"),
        ({"body": "randomised", "randomised": True, "window": "to 12 months"}, "OR, randomised; outcome until 12 months"),
        ({"window": "beyond 12 months"}, "OR, observational, not known whether adjusted; outcome beyond 12 months"),
        ({"window": "time not known"}, "OR, observational, not known whether adjusted; time of the outcome not known"),
        ({"k": 3, "known_adjusted": 2}, "OR, observational, adjusted or a model's (2 of 3 known to be adjusted)"),
        ({"k": 3, "known_adjusted": 3}, "OR, observational, adjusted"),
        (
            {"body": "crude", "cutoff": ">=5", "outcome_cutoff": "mrs 3-6", "versus": "deep-location", "by_counts": ("a:1",)},
            "OR, observational, crude; exposure \u2265 5; outcome mRS 3-6; versus deep location; "
            "by the counts of its rows, whose measures differ",
        ),
    ],
)
def test_a_comparison_says_its_body_cut_offs_time_and_what_it_is_against(more: dict[str, Any], expected: str) -> None:
    assert sentences.family(family(**more), (), association()) == expected


AVERAGED: dict[str, Any] = {
    "measure": "OR", "estimate": 1.5, "ci": (0.9, 2.4), "estimate_source": "pooled-bayes", "k": 2, "cohorts": 3, "increases": 3,
    "average": {"estimate": 1.5, "ci": (1.27, 1.77)},
}  # fmt: skip


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"prior_sensitive": False}, ", which includes no effect."),
        ({"prior_sensitive": True}, ", which includes no effect; whether it does hangs on the prior (half or twice its scale)."),
        (
            {"prior_sensitive": True, "ci": (1.1, 2.1)},
            "; whether this interval includes no effect hangs on the prior (half or twice its scale).",
        ),
        ({"ci": (1.1, 2.1)}, "."),
        (
            {"average": {"estimate": 1.5, "ci": (0.95, 2.3)}},
            ", which includes no effect; the interval of the average includes no effect.",
        ),
    ],
)
def test_two_to_four_cohorts_have_two_intervals_by_name(more: dict[str, Any], expected: str) -> None:
    figures = {**AVERAGED, **more}
    own, setting = (wording.interval(ci) for ci in (figures["average"]["ci"], figures["ci"]))
    assert (
        f"2 cohorts of 3 can be pooled: the average of these cohorts OR 1.50 (95% CI {own}); allowing for settings that differ 1.50 "
        f"(95% credible interval {setting}){expected}"
    ) in told(**figures)


def test_no_surface_gives_the_interval_of_another_setting_without_that_of_the_average(pools: EvidenceGraph) -> None:
    for surface, text in surfaces(pools, "age", "r-dwi").items():
        if surface != "caption":
            assert ("1.33-1.90" in text, "1.25-2.07" in text, "allowing for settings that differ" in text.lower()) == (True,) * 3, surface


def test_what_another_setting_may_find_stands_where_the_headline_is_published(reader: MemoryReader) -> None:
    one = questions.Evidence(exposure="r-dwi", outcome="poor-functional-outcome").answer(reader).association
    assert one is not None
    assert wording.ours(one).startswith("the average of these cohorts OR 2.45 (1.78-3.36); allowing for settings that differ 2.96")


def test_ratios_that_do_not_say_what_they_compare_are_counted_and_none_is_the_headline(pools: EvidenceGraph) -> None:
    said = surfaces(pools, "lobar-location", "r-dwi")
    for surface, text in said.items():
        assert "3 odds ratios can't be pooled: what they compare is not told" in text, surface
    one = association(families=(family(contrast_type="unknown", k=2), family(measure="HR")), estimate=None)
    assert wording.unpooled(one) == "2 odds ratios and 1 hazard ratio can't be pooled: what they compare is not told"
    assert wording.unpooled(association(families=(family(contrast_type="binary"),))) == ""
    assert wording.unpooled(association(families=(family(),), **AVERAGED)) == ""


def test_studies_without_an_event_are_named_with_their_patients(pools: EvidenceGraph) -> None:
    said = surfaces(pools, "lobar-location", "r-dwi")
    for surface in ("page", "figure", "assistant"):
        told_of = "2 studies of 80 patients (z-none, z-only) had no event in either group, or events only: they say nothing of a ratio"
        assert told_of in said[surface], surface
    one = association(no_events={"studies": ("a-2010",), "patients": 40})
    assert wording.no_events(one, {"a-2010": "A 2010"}) == (
        "1 study of 40 patients (A 2010) had no event in either group, or events only: it says nothing of a ratio"
    )
    assert wording.no_events(association()) == ""


def test_patients_are_told_with_the_cohorts_that_do_not_print_them() -> None:
    assert wording.patients(association(patients=1803, patients_unknown=2, cohorts=4)) == "1,803 patients; not printed in 2 of 4 cohorts"
    assert wording.patients(association(patients=None, patients_unknown=1)) == "patients not printed"
    assert wording.patients(family(patients=800, patients_unknown=1, k=4)) == "800 patients; not printed in 1 of 4 cohorts"


def test_leaving_a_study_out_shows_figures_though_no_verdict_turns(pools: EvidenceGraph, reader: MemoryReader) -> None:
    answer = questions.Evidence(exposure="lacunes", outcome="r-dwi").answer(MemoryReader(pools))
    assert answer.association is not None
    assert not any(left.direction_changes or left.exclusion_changes for left in answer.leave_one_out)
    assert wording.becomes(answer.association, answer.leave_one_out) == (
        "OR 1.74 (1.17-2.59) becomes 1.55 (1.10-2.20) without s-4; 1.91 (1.25-2.91) without s-0; 1.85 (1.14-3.00) without s-5; "
        "3 more change it less"
    )
    for surface in ("page", "assistant"):
        assert "becomes 1.55 (1.10-2.20) without s-4" in surfaces(pools, "lacunes", "r-dwi")[surface]
    microbleeds = questions.Evidence(exposure="cerebral-microbleeds", outcome="r-dwi").answer(reader)
    assert microbleeds.association is not None
    assert "2.59 (1.15-7.27), becomes 5.26 (1.72-16.12) without Kidwell 2017" in wording.becomes(
        microbleeds.association, microbleeds.leave_one_out
    )
    single = questions.Evidence(exposure="acute-bp-reduction", outcome="r-dwi").answer(reader)
    assert single.association is not None
    assert wording.becomes(single.association, single.leave_one_out) == "without Kidwell 2017 no estimate is left"


@pytest.mark.parametrize(
    ("cohorts", "expected"),
    [(27, "23.6% (19.9-27.8), pooled over 27 cohorts of 5,000 patients"), (1, "23.6% (19.9-27.8), in one cohort of 5,000 patients")],
)
def test_a_pooled_rate_is_of_no_sum_of_patients(cohorts: int, expected: str) -> None:
    pooled = PooledPrevalence(
        pct=23.6, ci=(19.9, 27.8), estimate_source="pooled-reml-hk", cohorts=cohorts, cases=1180, total=5000, lowest=11, highest=49
    )
    assert wording.prevalence(pooled) == expected


@pytest.mark.parametrize(
    ("normal", "expected"),
    [("mrs 3-6", "mRS 3-6"), (">=6 ml", "\u2265 6 mL"), ("sbp< 140 mmhg", "SBP < 140 mmHg"), ("not csvd score 0-0", "not CSVD score 0-0")],
)
def test_a_cut_off_is_written_as_papers_write_it(normal: str, expected: str) -> None:
    assert wording.cutoff(normal) == expected


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("rct", "randomised trial"),
        (None, "not reported"),
        ("case-control; rct; not reported", "case-control; randomised trial; not reported"),
    ],
)
def test_designs_are_told_as_the_field_writes_them(name: str | None, told: str) -> None:
    assert wording.design(name) == told


def test_every_design_has_its_words() -> None:
    assert set(wording.DESIGNS) == set(get_args(Design))


@pytest.mark.parametrize(
    ("condition", "arteriopathy", "location", "told"),
    [
        ("ich", "any", "any", "ICH"),
        ("ich", "hypertensive", "deep", "ICH, hypertensive arteriopathy, deep"),
        ("ich", "non-caa", "any", "ICH, without CAA"),
        ("ischaemic-stroke", "any", "any", "ischaemic stroke"),
    ],
)
def test_groups_are_told_in_words(condition: Any, arteriopathy: Any, location: Any, told: str) -> None:
    group = Population(id="all", label="all", condition=condition, arteriopathy=arteriopathy, location=location)
    assert shipped().label(group) == told


@pytest.mark.parametrize(("slug", "told"), [("dwi-lesion", "DWI lesion"), ("vascular-history", "vascular history"), ("vessel", "vessel")])
def test_categories_are_told_in_words_with_the_abbreviations_of_the_field(slug: str, told: str, bcg: EvidenceGraph) -> None:
    assert wording.category(slug, shipped().abbreviations) == told
    assert wording.category(slug, bcg.field.abbreviations) == told.lower()


def test_a_published_difference_has_its_unit_wherever_its_sheet_notes_one(graph: EvidenceGraph) -> None:
    answer = questions.Evidence(exposure="haematoma-volume", outcome="r-dwi").answer(MemoryReader(graph))
    one = answer.association
    assert one is not None
    (review,) = one.published
    headline = review.model_copy(update={"headline": True})
    figures = {name: getattr(review, name) for name in ("measure", "estimate", "ci")}
    one = one.model_copy(update={**figures, "estimate_source": "published", "published": (headline,)})
    assert wording.unit(one) == "mL"
    assert "mean difference 2.78 (95% CI 0.97-4.60) mL" in " ".join(sentences.known(one, one.outcome))


def test_a_slope_says_what_it_is_of(graph: EvidenceGraph) -> None:
    answer = questions.Evidence(exposure="cortical-superficial-siderosis", outcome="r-dwi-count").answer(MemoryReader(graph))
    assert answer.association is not None
    assert sentences.notes(answer.association) == "one cohort; includes no effect; present vs absent"


def test_a_null_of_the_same_patients_is_not_hidden_by_the_row_that_counts(reader: MemoryReader) -> None:
    answer = questions.Evidence(exposure="platelet-transfusion", outcome="poor-functional-outcome").answer(reader)
    assert answer.association is not None
    told = " ".join(sentences.known(answer.association, answer.association.outcome, answer.rows))
    assert "Other reports on patients who are counted already say otherwise: 1 not significant." in told


def test_the_reasons_by_which_rows_are_known_to_be_of_counted_patients_are_those_of_the_votes(reader: MemoryReader) -> None:
    whys = {
        row.why
        for one in reader.edges()
        for row in questions.Evidence(exposure=one.exposure.id, outcome=one.outcome.id, population=one.population.id).answer(reader).rows
    }
    # of the corpus no narrower group says what its whole doesn't; tests/test_study_reports.py has one that does
    for beginning in set(sentences._AGAIN) - {"taken for a part of the patients of"}:
        assert any(why and why.startswith(beginning) for why in whys), beginning


@pytest.mark.parametrize(
    ("term", "expected"),
    [
        ("r-dwi", "are"), ("r-dwi-acute-phase", "are"), ("epvs-basal-ganglia", "are"), ("haemorrhage-count", "is"), ("r-dwi-volume", "is"),
        ("cortical-superficial-siderosis", "is"), ("diabetes", "is"), ("incidental-dwi", "are"),
    ],
)  # fmt: skip
def test_plurals_are_those_of_the_head_of_a_name(term: str, expected: str) -> None:
    assert wording.verb(shipped().vocabulary[term]) == expected


def test_a_contrast_of_an_unknown_kind_is_told_in_words(reader: MemoryReader) -> None:
    for one in reader.edges():
        told = " ".join(sentences.known(one, one.outcome))
        assert "(unknown)" not in told
        assert "per percentage points" not in told


def test_a_turned_row_without_an_error_is_turned_all_the_same(graph: EvidenceGraph) -> None:
    study = Study.model_validate({
        "id": "turned-2026", "read": "abstract", "design": "prospective-cohort", "n": 90,
        "populations": [{"id": "all", "label": "ICH", "condition": "ich", "arteriopathy": "any", "location": "any", "n": 90}],
        "findings": [{
            "exposure": "age", "outcome": "r-dwi", "population": "all", "measure": "OR", "value": 0.5, "reversed": True,
            "direction": "decreases",
        }],
    })  # fmt: skip
    answer = questions.Evidence(exposure="age", outcome="r-dwi").answer(MemoryReader(build([*graph.studies, study], shipped())))
    (row,) = [one for one in answer.rows if one.study.id == "turned-2026"]
    assert (row.value, row.printed_value, row.turned) == (2.0, 0.5, True)


# --- the same words on every surface, of a user's own vocabulary too ---

OWN = (
    Term(id="qx-7", name="Nidi of the Quox kind", kind="csvd-marker", plural=True),
    Term(id="bad-x", name="Quox failure", kind="outcome", harm="higher"),
    Term(id="good-x", name="Quox success", kind="outcome", inverse_of="bad-x", harm="lower"),
    Term(id="level-x", name="Quox level", kind="lesion", unit="mL"),
    Term(id="way-x", name="Quox leakage", kind="mechanism", proper=True),
)


@pytest.fixture(scope="module")
def own_graph() -> EvidenceGraph:
    """Two papers on a vocabulary of a user's own: a difference below zero, a difference of shares, and an opposite outcome."""
    everyone = [{"id": "all", "label": "ICH", "condition": "ich", "arteriopathy": "any", "location": "any", "n": 1200}]
    row = {"exposure": "qx-7", "population": "all"}
    studies = [
        {
            "id": "own-2026", "read": "abstract", "design": "prospective-cohort", "n": 1200, "populations": everyone,
            "findings": [
                {**row, "outcome": "level-x", "measure": "mean-difference", "value": -0.77, "ci": [-1.36, -0.18], "direction": "decreases"},
                {**row, "outcome": "good-x", "measure": "OR", "value": 0.5, "ci": [0.3, 0.8], "contrast": "present vs absent",
                 "direction": "decreases"},
            ],
            "mechanisms": [{"mechanism": "way-x", "stance": "supports", "basis": "imaging", "links": ["qx-7", "way-x", "level-x"]}],
        },
        {
            "id": "points-2026", "read": "abstract", "design": "prospective-cohort", "n": 1200, "populations": everyone,
            "findings": [{**row, "outcome": "mortality", "measure": "proportion-difference", "value": 13.4, "ci": [4.6, 22.2],
                          "direction": "increases"}],
        },
    ]  # fmt: skip
    return build([Study.model_validate(one) for one in studies], shipped().extended(OWN))


@pytest.fixture(scope="module")
def own(own_graph: EvidenceGraph) -> MemoryReader:
    return MemoryReader(own_graph)


def console(*shown: Any) -> str:
    to = Console(width=300, file=io.StringIO(), record=True, highlight=False)
    for one in shown:
        to.print(one)
    return to.export_text()


def surfaces(graph: EvidenceGraph, exposure: str, outcome: str) -> dict[str, str]:
    """All that the surfaces say of an association, by surface."""
    answer = questions.Evidence(exposure=exposure, outcome=outcome).answer(MemoryReader(graph))
    one = answer.association
    assert one is not None
    with TestClient(create_app(MemoryStore(graph))) as client:
        address = f"/evidence?exposure={exposure}&outcome={outcome}"
        page = unescape(re.sub(r"<[^>]*>", "", client.get(address, headers={"Accept": "text/html"}).text))
    return {
        "caption": one.caption,
        "page": " ".join(page.split()),
        "figure": unescape(" ".join(re.sub(r"<[^>]*>", " ", figures.evidence_plot(answer)).split())),
        "command line": console(
            tables.associations([one], "both", ""),
            tables.rows(answer.rows, exposure, outcome, ""),
            tables.left_out(answer.leave_one_out, ""),
        ),
        "assistant": short.evidence(answer).model_dump_json(),
    }


def test_an_interval_below_zero_is_told_with_to_on_every_surface(own_graph: EvidenceGraph) -> None:
    told = surfaces(own_graph, "qx-7", "level-x")
    for surface in ("page", "figure", "command line", "assistant"):
        assert "-0.77 (-1.36 to -0.18)" in told[surface] or "-0.77 (95% CI -1.36 to -0.18)" in told[surface], surface
    assert not any("1.36-" in text for text in told.values())


def test_a_difference_of_shares_has_percentage_points_and_no_step_on_every_surface(own_graph: EvidenceGraph) -> None:
    told = surfaces(own_graph, "qx-7", "mortality")
    for surface in ("caption", "page", "figure", "command line"):
        assert "percentage points" in told[surface], surface
    assert "proportion difference 13.4 percentage points (one cohort)" in told["caption"]
    assert not any("per percentage point" in text for text in told.values())


def test_a_users_own_terms_are_named_and_never_by_their_ids(own: MemoryReader) -> None:
    answers = [
        figures.evidence_plot(questions.Evidence(exposure="qx-7", outcome="bad-x").answer(own)),
        figures.evidence_plot(questions.Evidence(exposure="level-x", outcome="bad-x").answer(own)),
        figures.gap_map(questions.Gaps(lesion="level-x").answer(own)),
        figures.gap_map(questions.Gaps(lesion="level-x", state=()).answer(own)),
        figures.mechanism_diagram(questions.Mechanisms(lesion="level-x").answer(own)),
        figures.neighbourhood(questions.Neighbours(term="qx-7").answer(own)),
    ]
    for drawn in answers:
        told = re.sub(r"<[^>]*>", " ", drawn)
        assert "Quox" in told
        assert not re.search(r"\b(qx|bad|good|level|way)[- ](7|x)\b", told), told
    assert "Nidi of the Quox kind may act through Quox leakage" in answers[-1]


@pytest.mark.parametrize(
    ("known", "unknown", "expected"),
    [(1803, 0, "1,803"), (1803, 2, "1,803; not printed in 2 cohorts"), (90, 1, "90; not printed in 1 cohort"), (None, 3, "not printed")],
)
def test_a_side_of_a_contradiction_says_whose_patients_are_not_printed(known: int | None, unknown: int, expected: str) -> None:
    side = Camp(report="increases", studies=(), patients=known, patients_unknown=unknown, findings=(), features={})
    assert wording.patients_of_side(side) == expected


def test_a_row_says_on_the_command_line_what_its_paper_does_not(reader: MemoryReader) -> None:
    (row, *_) = questions.Evidence(exposure="age", outcome="r-dwi").answer(reader).rows
    told = console(tables.rows([row.model_copy(update={"n": None, "n_known": False, "adjusted": None})], "age", "r-dwi", ""))
    assert "not printed" in told
    assert "not stated" in told


def test_a_row_of_a_users_own_term_is_named_on_the_command_line(own: MemoryReader) -> None:
    rows = questions.Evidence(exposure="qx-7", outcome="bad-x").answer(own).rows
    turned = [row for row in rows if row.opposite]
    assert turned
    told = console(tables.rows(rows, "qx-7", "bad-x", ""))
    for row in turned:
        assert f"({within(row.outcome_term)})" in told
        assert row.outcome not in told


def test_the_unit_of_a_difference_stands_beside_its_measure_in_words(own_graph: EvidenceGraph) -> None:
    told = surfaces(own_graph, "qx-7", "mortality")
    assert "proportion difference in percentage points, observational" in told["page"]
    assert "difference, percentage points" in told["figure"]
    assert "\u2026" not in told["figure"]


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (0, "0.0%"), (0.0003, "0.00030%"), (0.0417, "0.042%"), (0.4, "0.40%"), (1, "1.0%"), (23.64, "23.6%"), (99.2, "99.20%"),
        (99.958, "99.958%"), (100, "100.0%"),
    ],
)  # fmt: skip
def test_what_is_rare_has_figures_and_is_not_nought(value: float, told: str) -> None:
    assert wording.percent(value) == told
    assert wording.percents((value, 100)) == f"{told[:-1]}-100.0%"
    assert wording.rounded_percent(value) == float(told[:-1])


@pytest.mark.parametrize(
    ("percents", "many"), [((18, 36), 100), ((0.6, 1.2), 1000), ((0.04, 3), 10_000), ((1,), 100), ((0, 5), 100), ((0,), 100)]
)
def test_a_rare_risk_is_of_so_many_patients_that_it_is_one_of_them_at_least(percents: tuple[float, ...], many: int) -> None:
    assert wording.of_how_many(*percents) == many


def test_a_users_own_opposite_is_turned_round_and_not_printed_the_other_way(own: MemoryReader) -> None:
    answer = questions.Evidence(exposure="qx-7", outcome="bad-x").answer(own)
    (row,) = [one for one in answer.rows if one.outcome == "good-x"]
    assert (row.opposite, row.turned, row.outcome_term.name, row.reports) == (True, True, "Quox success", "increases")
    assert answer.association is not None
    assert wording.compared(row, answer.association) == ["as quox success (turned round)", "present vs absent"]
    asked = questions.Evidence(exposure="qx-7", outcome="good-x").answer(own)
    assert "Asked of quox success, and turned round." in figures.evidence_plot(asked)


def test_a_users_own_plural_takes_a_plural_verb(own_graph: EvidenceGraph) -> None:
    with TestClient(create_app(MemoryStore(own_graph))) as client:
        html = client.get("/outcomes?exposure=qx-7", headers={"Accept": "text/html"}).text
        assert "What nidi of the Quox kind are linked to in" in html
        html = client.get("/outcomes?exposure=level-x", headers={"Accept": "text/html"}).text
        assert "What quox level is linked to in" in html


def test_rows_carry_their_terms(own: MemoryReader, reader: MemoryReader) -> None:
    for one in (own, reader):
        terms = one.terms()
        for edge in one.edges()[:60]:
            for row in (
                questions.Evidence(exposure=edge.exposure.id, outcome=edge.outcome.id, population=edge.population.id).answer(one).rows
            ):
                assert (row.exposure_term.id, row.outcome_term.id) == (row.exposure, row.outcome)
                assert (row.exposure_term.name, row.outcome_term.name) == (terms[row.exposure].name, terms[row.outcome].name)
                assert row.opposite is (terms[row.outcome].inverse_of is not None)


@pytest.mark.parametrize("measure", ["OR", "RR", "HR", "mean-difference", "SMD", "beta", "correlation", "proportion-difference"])
def test_no_effect_is_one_of_a_ratio_and_else_nothing(measure: str) -> None:
    ratio = measure in {"OR", "RR", "HR"}
    assert wording.includes_no_effect(measure, (0.5, 2.0)) is ratio
    assert wording.includes_no_effect(measure, (-0.5, 0.5)) is not ratio
    assert wording.includes_no_effect(measure, None) is None


def test_the_assistant_says_whether_an_interval_includes_no_effect_whatever_the_direction(reader: MemoryReader) -> None:
    told = Counter()
    for one in reader.edges():
        null = 1 if one.measure in {"OR", "RR", "HR"} else 0
        ci = one.average.ci if one.average else one.ci
        expected = None if ci is None else ci[0] <= null <= ci[1]
        known = short.association(one).interval_includes_no_effect
        # of one row its paper says it, whatever rounding makes of its interval
        assert known is expected or one.k == 1 or one.estimate_source == "published", one.caption
        assert known is (None if one.excludes_no_effect is None else not one.excludes_no_effect), one.caption
        told[one.direction, known] += 1
        told["by its paper"] += known is not expected
    assert told["inconclusive", True]
    assert 0 < told["by its paper"] < told["inconclusive", True] / 4


@pytest.mark.parametrize(
    ("measure", "unit", "expected"),
    [
        ("OR", "10 mmHg", "per 10 mmHg"), ("OR", "years", "per year"), ("OR", "5 years", "per 5 years"), ("beta", "points", "per point"),
        ("proportion-difference", "percentage points", "percentage points"), ("OR", None, ""),
    ],
)  # fmt: skip
def test_a_step_has_its_unit_in_the_singular(measure: str, unit: str | None, expected: str) -> None:
    assert wording.per(measure, unit) == expected


@pytest.mark.parametrize(
    ("ci", "expected"),
    [((1.1, 3.112), "1.10-3.11"), ((-1.36, -0.18), "-1.36 to -0.18"), ((-0.001, 0.09), "-0.001 to 0.09"), ((0, 1240), "0.00-1,240")],
)
def test_an_interval_is_joined_by_to_where_a_bound_is_negative(ci: tuple[float, float], expected: str) -> None:
    assert wording.interval(ci) == expected


HAND = {
    "an interval": re.compile(r"ci\[0\][^\n]{0,20}?(?:\}+-\{|'-')"),
    "a step": re.compile(r"\bper \{"),
    "a count": re.compile(r"cohort' if|'s' if |else 's'"),
    "the ratios": re.compile(r"[\"']OR[\"'], [\"']RR[\"'], [\"']HR[\"']"),
}


@pytest.mark.parametrize(
    ("what", "line"),
    [
        ("an interval", 'f" ({number(one.ci[0])}-{number(one.ci[1])})"'), ("an interval", "'95% CI ' ~ row.ci[0] ~ '-' ~ row.ci[1]"),
        ("a step", 'f" per {family.unit}"'), ("a count", """f"{n} cohort{'' if n == 1 else 's'}\""""),
        ("the ratios", '{"OR", "RR", "HR"}'),
    ],
)  # fmt: skip
def test_what_is_written_by_hand_is_recognised(what: str, line: str) -> None:
    assert HAND[what].search(line)


def test_nothing_but_the_words_room_writes_intervals_steps_and_counts() -> None:
    root = Path(wording.__file__).parents[2]
    files = [path for room in ("api", "graph") for path in (root / room).rglob("*") if path.suffix in {".py", ".html"}]
    assert len(files) > 100
    found = [
        f"{path.relative_to(root)}: {what} by hand: {line.strip()[:90]}"
        for path in files
        if path.parent != Path(wording.__file__).parent
        for line in path.read_text(encoding="utf-8").splitlines()
        for what, pattern in HAND.items()
        if pattern.search(line)
    ]
    assert found == []
