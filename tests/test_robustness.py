"""How an association holds up: the laws of leaving out, year by year and subgroups, and named cases of the corpus."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import pytest

from graph import questions
from graph.build import EvidenceGraph, build, corpus_of
from graph.opening import shipped
from graph.questions.filters import Filters
from graph.stores.memory import MemoryReader
from graph.stores.port import Reader
from graph.synthesis import rows
from graph.synthesis.associations import synthesise
from graph.synthesis.method import METHOD, Z95
from graph.synthesis.robustness import cumulative, leave_one_out, standing
from graph.synthesis.subgroups import FEATURES
from graph.synthesis.weight import ReportedZ, cohorts_to_turn, reference_information, weigh
from schema.answer import Evidence
from schema.association import Association
from schema.robustness import Standing
from schema.study import Study
from tests import test_comparisons as made

Key = tuple[str, str, str]
CMB: Key = ("cerebral-microbleeds", "r-dwi", "ich")
BP: Key = ("acute-bp-reduction", "r-dwi", "ich")
RECURRENT: Key = ("r-dwi", "recurrent-ich", "ich")
EARLY: Key = ("early-mri", "r-dwi", "ich")


def key_of(one: Association) -> Key:
    return one.exposure.id, one.outcome.id, one.population.id


def evidence(reader: Reader, exposure: str, outcome: str, population: str | None = None, filters: Filters = Filters()) -> Evidence:
    return questions.Evidence(exposure=exposure, outcome=outcome, population=population, filters=filters).answer(reader)


@pytest.fixture(scope="module")
def answers(reader: MemoryReader, graph: EvidenceGraph) -> dict[Key, Evidence]:
    """The evidence of every association of the corpus."""
    return {key_of(one): evidence(reader, *key_of(one)) for one in graph.associations}


def whole(answer: Evidence) -> Association:
    assert answer.association is not None
    return answer.association


def figures(one: Any) -> dict[str, Any]:
    """What a standing tells, of a step or of a study left out."""
    return {name: getattr(one, name) for name in Standing.model_fields}


# --- small made-up corpora ---


def sheet(name: str, log_or: float | None = None, *, year: int | None = 2020, **more: Any) -> Study:
    """A cohort of 200 with an odds ratio whose log has an error of 0.3, or with no figure at all."""
    people = [{"id": "all", "label": "ICH", "condition": "ich", "arteriopathy": "any", "location": "any", "n": 200}]
    row: dict[str, Any] = {"exposure": CMB[0], "outcome": CMB[1], "population": "all", "adjusted": True}
    if log_or is None:
        row |= {"measure": "p-only", "direction": "increases"}
    else:
        row |= {"measure": "OR", "contrast_type": "binary", "direction": "increases" if log_or > 0 else "decreases"}
        row |= {"value": math.exp(log_or), "ci": (math.exp(log_or - 0.588), math.exp(log_or + 0.588))}
    findings = [row | more.pop("row", {})]
    base = {"id": name, "read": "abstract", "design": "prospective-cohort", "year": year, "n": 200, "populations": people}
    return Study.model_validate({**base, "findings": findings, **more})


def of_studies(*studies: Study) -> Evidence:
    return evidence(MemoryReader(build(studies, shipped())), *CMB)


# --- small-study effects ---


def test_small_study_effects_are_tested_from_ten_estimates() -> None:
    sizes = [0.1 * i for i in range(1, 11)]

    def one(i: int, size: float) -> Study:
        low, high = math.exp(2 * size - 1.96 * size), math.exp(2 * size + 1.96 * size)
        return sheet(f"s{i}", 2 * size + 0.01 * (-1) ** i, row={"ci": (low, high)})

    few = of_studies(*(one(i, size) for i, size in enumerate(sizes[:9])))
    enough = of_studies(*(one(i, size) for i, size in enumerate(sizes)))
    assert few.small_study_effects is None
    assert enough.small_study_effects is not None
    assert enough.small_study_effects.k == 10
    assert enough.small_study_effects.t > 0
    assert enough.small_study_effects.p < 0.001


# --- each study left out ---


def test_leaving_out_a_study_equals_a_graph_without_its_findings(corpus: tuple[Study, ...], answers: dict[Key, Evidence]) -> None:
    for key in (CMB, BP, RECURRENT, EARLY):
        for one in answers[key].leave_one_out:
            others = [study.model_copy(update={"findings": ()}) if study.id == one.study.id else study for study in corpus]
            found = {key_of(edge): edge for edge in build(others, shipped()).associations}[key]
            assert figures(one) == standing(found).model_dump(), (key, one.study.id)


def test_leaving_out_a_study_equals_the_answer_that_excludes_it(reader: MemoryReader, answers: dict[Key, Evidence]) -> None:
    for key, answer in answers.items():
        for one in answer.leave_one_out:
            excluded = evidence(reader, *key, filters=Filters(exclude=(one.study.id,))).association
            if excluded is None:
                assert (one.direction, one.cohorts, one.weight, one.estimate) == ("inconclusive", 0, None, None)
            else:
                assert figures(one) == standing(excluded).model_dump(), (key, one.study.id)


def test_leaving_out_all_but_one_gives_the_single_study() -> None:
    for one in of_studies(sheet("a", 0.9), sheet("b", 0.4)).leave_one_out:
        assert (one.estimate_source, one.k, one.cohorts) == ("single-study", 1, 1)
        assert one.estimate == pytest.approx(math.exp({"a": 0.4, "b": 0.9}[one.study.id]))


def test_every_study_that_votes_or_is_the_headline_is_left_out_once(answers: dict[Key, Evidence]) -> None:
    for answer in answers.values():
        left_out = [one.study.id for one in answer.leave_one_out]
        assert len(left_out) == len(set(left_out))
        counted = {row.study.id for row in answer.rows if row.used in {"pooled", "votes"}}
        assert counted <= set(left_out)
        assert {one.study for one in answer.published if one.headline} <= set(left_out)


def test_what_changes_most_comes_first(answers: dict[Key, Evidence]) -> None:
    for answer in answers.values():
        order = [
            (not one.direction_changes, not one.exclusion_changes, -abs(math.inf if one.weight_change is None else one.weight_change))
            for one in answer.leave_one_out
        ]
        assert order == sorted(order)


def test_a_study_that_was_passed_over_speaks_for_the_one_left_out() -> None:
    small = sheet("b", 0.4, cohorts=["shared"], n=100)
    answer = of_studies(sheet("a", 0.9, cohorts=["shared"]), small)
    assert whole(answer).cohorts == 1
    (one,) = answer.leave_one_out
    assert (one.study.id, one.cohorts, one.estimate) == ("a", 1, pytest.approx(math.exp(0.4)))
    assert answer.flips is not None
    assert "leaves nothing" not in answer.flips.text


# --- year by year ---


def test_the_last_step_is_the_association(answers: dict[Key, Evidence]) -> None:
    for answer in answers.values():
        assert figures(answer.cumulative[-1]) == standing(whole(answer)).model_dump()


def test_every_study_is_added_once_in_the_order_of_years_the_undated_last(answers: dict[Key, Evidence]) -> None:
    for answer in answers.values():
        steps = answer.cumulative
        years = [math.inf if step.year is None else step.year for step in steps]
        assert years == sorted(set(years))
        assert all(study.year == step.year for step in steps for study in step.added)
        assert Counter(study.id for step in steps for study in step.added) == Counter({row.study.id for row in answer.rows})


def test_each_step_equals_the_answer_up_to_its_year(reader: MemoryReader, answers: dict[Key, Evidence]) -> None:
    for key in (CMB, BP, RECURRENT, ("white-matter-hyperintensities", "r-dwi", "ich")):
        for step in answers[key].cumulative:
            if step.year is not None:
                found = evidence(reader, *key, filters=Filters(year_to=step.year)).association
                assert found is not None
                assert figures(step) == standing(found).model_dump(), (key, step.year)


def test_nothing_read_gives_no_step(graph: EvidenceGraph) -> None:
    corpus = corpus_of(graph.studies, shipped())
    assert cumulative(synthesise(*CMB, [], corpus), [], corpus) == ()


# --- subgroups ---


def test_the_groups_of_a_feature_part_the_cohorts(answers: dict[Key, Evidence]) -> None:
    for answer in answers.values():
        one = whole(answer)
        assert [parted.by for parted in answer.subgroups] == (list(FEATURES) if one.cohorts else [])
        for parted in answer.subgroups:
            assert sum(group.cohorts for group in parted.groups) == one.cohorts
            studies = {study for group in parted.groups for study in group.studies}
            assert len(studies) <= one.cohorts
            assert (parted.test is None) is (parted.why is not None)
            assert [group.known for group in parted.groups] == sorted((group.known for group in parted.groups), reverse=True)


def test_a_group_of_all_cohorts_says_what_they_all_say(answers: dict[Key, Evidence]) -> None:
    for answer in answers.values():
        one = whole(answer)
        if answer.published:
            continue
        for parted in answer.subgroups:
            if len(parted.groups) == 1:
                (group,) = parted.groups
                found = (group.direction, group.weight, group.cohorts, group.measure, group.estimate, group.ci, group.contrast)
                assert found == (one.direction, one.weight, one.cohorts, one.measure, one.estimate, one.ci, one.contrast)


def subgroup_test(answer: Evidence, by: str) -> Any:
    parted = next(one for one in answer.subgroups if one.by == by)
    return parted.test or parted.why


def test_subgroups_are_tested_where_one_of_them_has_two_estimates() -> None:
    trial = {"design": "case-control"}
    answer = of_studies(sheet("a", 0.9), sheet("b", 0.7), sheet("c", -0.8, **trial), sheet("d", -0.5, **trial))
    tested = subgroup_test(answer, "design")
    # the errors are alike and the estimates lie close within each group: tau2 is 0
    error = (0.588 / Z95) ** 2
    assert tested.tau2 == pytest.approx(0, abs=1e-9)
    assert (tested.q_between, tested.df, tested.k) == (pytest.approx((0.8 + 0.65) ** 2 / error, rel=1e-6), 1, 4)
    assert tested.p < 1e-5
    assert subgroup_test(answer, "adjustment") == "one subgroup only"


@pytest.mark.parametrize(
    ("studies", "why"),
    [
        ((sheet("a"), sheet("b", design="case-control")), "no estimate of a cohort that says of which kind it is"),
        ((sheet("a", 0.9), sheet("b", design="case-control")), "one estimate only"),
        ((sheet("a", 0.9), sheet("b", 0.5, design="case-control")), "one estimate in each subgroup"),
        ((sheet("a", 0.9), sheet("b", 0.5), sheet("c", design="case-control")), "all estimates that may be pooled are of one subgroup"),
        ((sheet("a", 0.9, design=None), sheet("b", 0.5, design=None)), "no cohort says of which kind it is"),
        ((sheet("a", 0.9), sheet("b", 0.5, design=None)), "one subgroup only"),
    ],
)
def test_where_subgroups_can_not_be_tested_it_says_why(studies: tuple[Study, ...], why: str) -> None:
    assert str(subgroup_test(of_studies(*studies), "design")).startswith(why)


def test_windows_of_mri_leave_out_the_earlier_ones() -> None:
    days = (1, 2, 7, 14.5, 30, 91, None)
    studies = [sheet(f"s-{i}", 0.5, imaging={"mri_window_days": [0, day]} if day is not None else None) for i, day in enumerate(days)]
    groups = next(one.groups for one in of_studies(*studies).subgroups if one.by == "last MRI")
    assert [(group.group, group.cohorts) for group in groups] == [
        ("by day 2", 2), ("by day 14", 1), ("by day 30", 2), ("after day 90", 1), ("not known", 1),
    ]  # fmt: skip


# --- what would flip it ---


@pytest.mark.parametrize("sizes", [(0.9,), (0.9, 0.8, 1.0)], ids=["one cohort", "three"])
def test_so_many_further_null_cohorts_take_no_effect_into_the_interval_and_one_fewer_does_not(sizes: tuple[float, ...]) -> None:
    studies = [sheet("abc"[i], size) for i, size in enumerate(sizes)]
    flips = of_studies(*studies).flips
    assert flips is not None
    assert flips.null_cohorts is not None
    # a cohort of the reference's size: what two groups know of the log odds ratio per SD by their error, turned round
    share = METHOD.default_exposed_share
    error = 1 / math.sqrt(share * (1 - share) * reference_information())
    ci = (math.exp(-Z95 * error), math.exp(Z95 * error))
    nulls = [sheet(f"n-{i}", 0.1, row={"value": 1.0, "ci": ci, "direction": "no-association"}) for i in range(flips.null_cohorts)]
    assert standing(whole(of_studies(*studies, *nulls))).excludes_no_effect is False
    assert standing(whole(of_studies(*studies, *nulls[1:]))).excludes_no_effect is True


def test_so_many_cohorts_the_other_way_turn_the_sign_and_one_fewer_does_not() -> None:
    information = reference_information()
    for count in range(1, 6):
        reports = [ReportedZ(3.0, 3.0, 40.0)] * count
        turned = cohorts_to_turn(reports, 1)
        assert turned is not None
        # each as a word is read
        opposite = [ReportedZ(-METHOD.typical_z[0], -METHOD.typical_z[0], information)]
        assert weigh([*reports, *opposite * turned]).likelier == -1
        assert weigh([*reports, *opposite * (turned - 1)]).likelier == 1
        mirrored = [ReportedZ(-3.0, -3.0, 40.0)] * count
        assert cohorts_to_turn(mirrored, -1) == turned


def test_what_no_number_of_cohorts_turns_has_none() -> None:
    assert cohorts_to_turn([ReportedZ(60.0, 60.0, 30_000.0, on_mean=True)] * 3, 1) is None


def test_flips_of_the_corpus_say_what_they_mean(answers: dict[Key, Evidence]) -> None:
    for answer in answers.values():
        one, flips = whole(answer), answer.flips
        assert flips is not None
        assert (flips.opposite_cohorts is None) or one.direction in {"increases", "decreases"}
        assert (flips.null_cohorts is None) or standing(one).excludes_no_effect
        for study in answer.leave_one_out:
            if study.study.id in flips.alone:
                assert study.direction_changes or study.exclusion_changes
        if one.studies == one.cohorts == 1:
            assert flips.alone == ()
            assert flips.text.startswith("One study: leaving it out leaves nothing.")


# --- the sides of a contradiction ---


def test_camps_have_figures_of_their_own_where_the_association_is_contested(answers: dict[Key, Evidence]) -> None:
    for answer in answers.values():
        contested = whole(answer).contested
        assert [side.report for side in answer.camps] == [side.report for side in (contested.camps if contested else ())]
        for side in answer.camps:
            # a published meta-analysis may be a side: it is no cohort, and may not say of how many it is
            assert side.studies
            assert side.cohorts == len({*side.studies} - {row.study for row in whole(answer).published})
            assert side.cohorts == 0 or (side.estimate is None) is (side.k is None)


def test_a_small_null_gets_its_power_and_no_camp(answers: dict[Key, Evidence]) -> None:
    rows = [row for answer in answers.values() for row in answer.rows if row.power is not None and row.power < 0.5]
    assert rows
    assert all("study too small: power" in (row.why or "") for row in rows)


@pytest.mark.parametrize(("power", "small"), [(0.0, True), (0.4999, True), (0.5, False), (0.8, False)])
def test_a_null_is_of_a_small_study_where_its_chance_to_see_the_association_was_below_a_half(
    reader: MemoryReader, monkeypatch: pytest.MonkeyPatch, power: float, small: bool
) -> None:
    monkeypatch.setattr(rows, "power", lambda *_: power)
    nulls = [row for row in questions.Evidence(exposure=BP[0], outcome=BP[1]).answer(reader).rows if row.power is not None]
    assert nulls
    assert {row.power for row in nulls} == {power}
    assert {"study too small: power" in (row.why or "") for row in nulls} == {small}


# --- named cases, and filters ---


def test_no_single_study_carries_cerebral_microbleeds(answers: dict[Key, Evidence]) -> None:
    answer = answers[CMB]
    assert {one.direction for one in answer.leave_one_out} == {"increases"}
    assert answer.leave_one_out[0].study.id == "xu-2019"
    assert {one.weight for one in answer.leave_one_out if one.study.id == "kidwell-2017"} == {whole(answer).weight} == {0.999}
    assert answer.flips is not None
    assert (answer.flips.alone, answer.flips.null_cohorts) == ((), 3)
    assert answer.cumulative[0].year == 2011
    assert subgroup_test(answer, "design") == "all estimates that may be pooled are of one subgroup"


def test_the_only_estimate_of_falling_blood_pressure_is_one_study(answers: dict[Key, Evidence]) -> None:
    answer = answers[BP]
    assert answer.flips is not None
    assert answer.flips.alone == ("kidwell-2017",)
    assert answer.leave_one_out[0].estimate is None
    assert [side.cohorts for side in answer.camps] == [8, 1]
    assert answer.cumulative[-1].year is None


def test_recurrent_haemorrhage_rests_on_one_trial(answers: dict[Key, Evidence]) -> None:
    answer = answers[RECURRENT]
    assert answer.flips is not None
    assert (answer.flips.alone, answer.flips.null_cohorts) == (("wiegertjes-2021",), 2)
    without = next(one for one in answer.leave_one_out if one.study.id == "wiegertjes-2021")
    assert (without.direction, without.direction_changes, without.exclusion_changes) == ("inconclusive", True, True)
    assert str(subgroup_test(answer, "design")).startswith("one estimate in each subgroup")


def test_early_mri_has_nothing_to_lose(answers: dict[Key, Evidence]) -> None:
    flips = answers[EARLY].flips
    assert flips is not None
    assert (flips.alone, flips.null_cohorts, flips.opposite_cohorts) == ((), None, None)
    assert [step.year for step in answers[EARLY].cumulative] == [2012, None]


def test_filters_hold_for_every_part(reader: MemoryReader) -> None:
    answer = evidence(reader, *CMB, filters=Filters(adjusted=True))
    kept = {row.study.id for row in answer.rows}
    assert {one.study.id for one in answer.leave_one_out} <= kept
    assert {study.id for step in answer.cumulative for study in step.added} == kept
    assert [group.group for group in next(one for one in answer.subgroups if one.by == "adjustment").groups] == ["adjusted"]


def test_what_nobody_studied_has_no_part(reader: MemoryReader) -> None:
    answer = questions.Evidence(exposure="r-dwi", outcome="age").answer(reader)
    assert (answer.leave_one_out, answer.cumulative, answer.subgroups, answer.flips, answer.camps) == ((), (), (), None, ())


def test_the_spread_by_which_estimates_per_unit_are_pooled_is_that_of_the_studies_that_are_left() -> None:
    sheets = [
        made.study(name, made.aged(value), made.by_outcome(sd))
        for name, value, sd in zip("abcd", (1.03, 1.05, 1.06, 1.09), (8.0, 10, 14, 20), strict=True)
    ]
    whole = made.of(*sheets)
    corpus = corpus_of(sheets, shipped()._copied().model_copy(update={"exposure_sds": {}}))
    for one in leave_one_out(whole, whole.rows, corpus):
        built = made.of(*(sheet for sheet in sheets if sheet.id != one.study.id)).association
        assert (one.estimate, one.ci, one.certainty) == (built.estimate, built.ci, built.certainty), one.study.id
