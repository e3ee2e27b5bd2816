"""What is known in plain words, and figures as the field writes them."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from api.figures.words import plural, within
from api.pages import formats, words
from api.tables import number
from graph.build import EvidenceGraph, build
from graph.opening import shipped
from graph.questions import questions
from graph.stores.memory import MemoryReader
from schema.association import Association, FamilyResult, TermRef
from schema.study import Design, Population, Study
from schema.vocabulary import Term

ICH = TermRef(id="ich", name="intracerebral haemorrhage (ICH)", kind="population")
RDWI = TermRef(id="r-dwi", name="Remote DWI lesions", kind="lesion")


def association(**more: Any) -> Association:
    """An association of one significant cohort, changed as asked."""
    figures: dict[str, Any] = {
        "exposure": TermRef(id="lacunes", name="Lacunes", kind="csvd-marker"),
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
    return " ".join(words.known(one, one.outcome))


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
        "2 found nothing significant; 1 printed a p value without its sign)."
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
    assert told(studies=0, cohorts=0, increases=0, certainty=None, weight=None, p_direction=None).startswith("No cohort has a vote on")
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
    assert "(ICH) printed a p value without its sign." in told(direction="inconclusive", increases=0, unclear=1)


def test_no_sentence_of_the_corpus_denies_or_makes_up_a_link(graph: EvidenceGraph) -> None:
    for one in graph.associations:
        if not one.studies:
            continue
        report = words.known(one, one.outcome)[0]
        if one.direction == "inconclusive":
            assert "nothing clear" in report
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
            {"cohorts": 8, "k": 1, "estimate_source": "single-study", "measure": "OR", "estimate": 1.1, "ci": (0.9, 1.3)},
            "One study's estimate, with which no other cohort's figures can be pooled: OR 1.10 (95% CI 0.90-1.30); "
            "the interval includes no effect.",
        ),
        (
            {"cohorts": 9, "k": 2, "estimate_source": "pooled-bayes", "measure": "OR", "estimate": 2.59, "ci": (1.15, 7.27)},
            "2 cohorts of 9 can be pooled: OR 2.59 (95% CI 1.15-7.27).",
        ),
        (
            {"cohorts": 2, "k": 1, "estimate_source": "single-study", "measure": "correlation", "estimate": -0.09, "ci": (-0.27, 0.093)},
            "One study's estimate, with which no other cohort's figures can be pooled: correlation -0.09 (95% CI -0.27 to 0.093); "
            "the interval includes no effect; this estimate points the other way.",
        ),
    ],
)
def test_an_estimate_comes_with_its_interval_and_where_it_is_from(figures: dict[str, Any], expected: str) -> None:
    assert expected in told(**figures)


def test_an_estimate_that_points_the_other_way_is_told_as_such_wherever_it_stands(graph: EvidenceGraph) -> None:
    found = 0
    for one in graph.associations:
        if one.estimate is None or one.direction not in {"increases", "decreases"}:
            continue
        above = one.estimate > (1 if one.measure in {"OR", "RR", "HR"} else 0)
        other = above is (one.direction == "decreases")
        found += other
        for text in (" ".join(words.known(one, one.outcome)), words.notes(one)):
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
    capped = [{"domain": "published disagrees", "text": "two exclude each other's point: very low at most"}]
    assert "Certainty is very low, lowered for published estimates that disagree; 1 study" in told(reasons=capped)
    assert "2 of 3 read in full" in told(studies=3, full_text=2)


def test_no_sentence_of_the_corpus_says_cause_or_no_effect_as_a_finding(graph: EvidenceGraph) -> None:
    terms = shipped().vocabulary
    for one in graph.associations:
        sentences = words.known(one, terms[one.outcome.id])
        text = " ".join(sentences).replace("includes no effect", "")
        # a name may say cause
        for name in (one.exposure.name, one.outcome.name):
            text = text.replace(within(name), "")
        assert "cause" not in text, text
        assert "no effect" not in text, text
        assert "proves" not in text, text
        assert (one.cohorts != 1) or not one.studies or "not repeated" in text or "one cohort" in text or "No cohort" in text, text
        if one.estimate is not None and one.studies:
            assert formats.estimate(one, spelt=True) in text
        if words.includes_no_effect(one) and one.studies:
            assert "includes no effect" in " ".join(sentences)


def test_both_lines_of_blood_pressure_are_told(reader: MemoryReader) -> None:
    trial = questions.evidence(reader, "intensive-bp-lowering", "r-dwi").association
    seen = questions.evidence(reader, "acute-bp-reduction", "r-dwi").association
    assert trial is not None
    assert seen is not None
    lines = words.beside(trial, seen)
    assert lines == words.beside(seen, trial)
    assert "says nothing clear (1 cohort: 1 not significant)" in lines[0]
    assert "says more (8 cohorts: 5 more, 2 not significant, 1 sign not printed)" in lines[0]
    assert "settles little" in lines[1]
    assert "nobody was allotted" in lines[2]


def test_a_single_headline_says_what_was_printed_exactly_where_that_differs(reader: MemoryReader, graph: EvidenceGraph) -> None:
    told = 0
    for one in graph.associations:
        if one.estimate_source != "single-study" or one.population.id != "ich" or one.ci is None or one.families[0].unit:
            continue
        rows = [
            row for row in questions.evidence(reader, one.exposure.id, one.outcome.id, "ich").rows if row.finding in one.families[0].rows
        ]
        differs = any(
            row.printed_ci is None
            or row.turned
            or row.printed_measure != one.measure
            or any(abs(a - b) > 0.02 * abs(b) + 0.006 for a, b in zip(row.printed_ci, one.ci, strict=True))
            for row in rows
        )
        text = words.printed(one, rows)
        told += bool(text)
        assert bool(text) is differs, (one.exposure.id, one.outcome.id, text)
        for row in rows:
            assert not text or row.printed_ci is None or formats.interval(row.printed_ci) in text
    assert told


@pytest.mark.parametrize(
    ("share", "expected"),
    [(0.01, "fewer than 1 in 10"), (0.05, "fewer than 1 in 10"), (0.26, "3 in 10"), (0.8, "8 in 10"), (0.96, "more than 9 in 10")],
)
def test_a_probability_is_told_in_tenths(share: float, expected: str) -> None:
    assert formats.in_ten(share) == expected


def test_the_weight_in_words_is_that_of_its_bar(graph: EvidenceGraph) -> None:
    from api.figures.weights import told_weight

    for one in graph.associations:
        if one.weight is not None:
            assert f": {formats.in_ten(one.weight)}" in told_weight(one), one.weight


@pytest.mark.parametrize(
    ("value", "expected"), [(1.85, "1.85"), (12.566, "12.57"), (184.2, "184"), (0.004, "0.004"), (1234.5, "1,234"), (0, "0.00")]
)
def test_figures_are_printed_as_the_field_does(value: float, expected: str) -> None:
    assert number(value) == expected


@pytest.mark.parametrize(("p", "expected"), [(0.003, "p = 0.003"), (0.0004, "p < 0.001"), (0.04567, "p = 0.046")])
def test_the_p_of_a_test_made_here_is_rounded_as_the_field_does(p: float, expected: str) -> None:
    assert formats.p_of_test(p) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Cerebral microbleeds", "cerebral microbleeds"), ("CSVD score", "CSVD score"), ("Black race", "Black race"),
        ("Recurrent ICH", "recurrent ICH"), ("NIHSS at discharge", "NIHSS at discharge"), ("Glasgow Coma Scale", "Glasgow Coma Scale"),
    ],
)  # fmt: skip
def test_a_name_within_a_sentence_begins_small_where_it_is_a_word(name: str, expected: str) -> None:
    assert within(name) == expected


def test_an_increase_is_told_by_what_it_is_of() -> None:
    terms = shipped().vocabulary
    assert formats.more(terms["r-dwi"]) == "more remote DWI lesions"
    assert formats.more(terms["mortality"]) == "a higher risk of death"
    assert formats.more(terms["mortality"], less=True) == "a lower risk of death"
    assert formats.more(terms["quality-of-life"]) == "higher quality of life"
    assert formats.more(Term(id="x", name="Atrophy", kind="csvd-marker")) == "more atrophy"


def test_a_family_says_what_it_is_of(graph: EvidenceGraph) -> None:
    answer = questions.evidence(MemoryReader(graph), "cerebral-microbleeds", "r-dwi")
    one = answer.association
    assert one is not None
    told = [words.family(family, answer.rows, one, shipped().vocabulary.terms) for family in one.families]
    assert told == ["OR, binary, observational", "OR, binary, observational; as strictly lobar microbleeds"]


def test_a_family_per_step_says_its_step_and_no_type(graph: EvidenceGraph) -> None:
    answer = questions.evidence(MemoryReader(graph), "acute-bp-reduction", "r-dwi")
    one = answer.association
    assert one is not None
    assert words.family(one.families[0], answer.rows, one, shipped().vocabulary.terms) == (
        "OR per 10 mmHg, observational; as reduction of mean arterial pressure"
    )


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("rct", "randomised trial"),
        (None, "not reported"),
        ("case-control; rct; not reported", "case-control; randomised trial; not reported"),
    ],
)
def test_designs_are_told_as_the_field_writes_them(name: str | None, told: str) -> None:
    assert formats.design(name) == told


def test_every_design_has_its_words() -> None:
    assert set(formats.DESIGNS) == set(get_args(Design))


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
    assert formats.people(group) == told


@pytest.mark.parametrize(("slug", "told"), [("csvd-marker", "CSVD marker"), ("dwi-lesion", "DWI lesion"), ("vessel", "vessel")])
def test_kinds_are_told_in_words(slug: str, told: str) -> None:
    assert formats.kind(slug) == told


def test_a_published_difference_has_its_unit_wherever_its_sheet_notes_one(graph: EvidenceGraph) -> None:
    answer = questions.evidence(MemoryReader(graph), "haematoma-volume", "r-dwi")
    one = answer.association
    assert one is not None
    assert formats.unit(one) == "mL"
    assert "mean difference 2.78 (95% CI 0.97-4.60) mL" in " ".join(words.known(one, one.outcome))


def test_a_slope_says_what_it_is_of(graph: EvidenceGraph) -> None:
    answer = questions.evidence(MemoryReader(graph), "cortical-superficial-siderosis", "r-dwi-count")
    assert answer.association is not None
    assert words.notes(answer.association) == "single study; includes no effect; present vs absent"


def test_a_null_of_the_same_patients_is_not_hidden_by_the_row_that_counts(reader: MemoryReader) -> None:
    answer = questions.evidence(reader, "platelet-transfusion", "poor-functional-outcome")
    assert answer.association is not None
    told = " ".join(words.known(answer.association, answer.association.outcome, answer.rows))
    assert "Rows on patients who are counted by others say otherwise: 1 not significant." in told


def test_the_reasons_by_which_rows_are_known_to_be_of_counted_patients_are_those_of_the_votes(reader: MemoryReader) -> None:
    whys = {
        row.why for one in reader.edges() for row in questions.evidence(reader, one.exposure.id, one.outcome.id, one.population.id).rows
    }
    for beginning in words._AGAIN:
        assert any(why and why.startswith(beginning) for why in whys), beginning


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Remote DWI lesions", True),
        ("Cortical superficial siderosis", False),
        ("Diabetes mellitus", False),
        ("Incidental DWI lesions (without ICH)", True),
    ],
)
def test_names_that_end_in_s_are_not_all_plurals(name: str, expected: bool) -> None:
    assert plural(name) is expected


def test_a_contrast_of_an_unknown_kind_is_told_in_words(reader: MemoryReader) -> None:
    for one in reader.edges():
        told = " ".join(words.known(one, one.outcome))
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
    answer = questions.evidence(MemoryReader(build([*graph.studies, study], shipped())), "age", "r-dwi")
    (row,) = [one for one in answer.rows if one.study.id == "turned-2026"]
    assert (row.value, row.printed_value, row.turned) == (2.0, 0.5, True)
