"""What the questions answer, on the shipped corpus and on small ones."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any, get_args

import pytest

from graph import questions
from graph.build import EvidenceGraph, build
from graph.opening import shipped
from graph.questions import lookups
from graph.questions.envelope import spelt
from graph.questions.filters import Filters
from graph.questions.lists import LARGEST_PAGE, Narrow, Page
from graph.stores.memory import MemoryReader
from schema.answer import Answer
from schema.association import Association, Direction, Leans
from schema.errors import BadParameter, UnknownName
from schema.names import normal
from schema.scales import null_of
from schema.study import Study, told_apart

ALL = Page(limit=None)


@pytest.fixture(scope="module")
def factors(reader: MemoryReader) -> Answer[Association]:
    return questions.Factors(page=ALL).answer(reader)


# --- associations ---


def test_factors_are_the_edges_that_lead_to_the_lesion_in_the_population(reader: MemoryReader, graph: EvidenceGraph) -> None:
    for lesion in ("r-dwi", "poor-functional-outcome", "perihaematomal-dwi"):
        for population in ("ich", "caa", "ich-lobar"):
            expected = {one.exposure.id for one in graph.associations if (one.outcome.id, one.population.id) == (lesion, population)}
            answer = questions.Factors(lesion=lesion, population=population, page=ALL).answer(reader)
            assert {one.exposure.id for one in answer.items} == expected
            assert answer.total == len(expected)


def test_outcomes_are_the_edges_that_leave_the_exposure_in_the_population(reader: MemoryReader, graph: EvidenceGraph) -> None:
    for exposure in ("r-dwi", "age", "cerebral-microbleeds"):
        expected = {one.outcome.id for one in graph.associations if (one.exposure.id, one.population.id) == (exposure, "ich")}
        answer = questions.Outcomes(exposure=exposure, page=ALL).answer(reader)
        assert expected
        assert {one.outcome.id for one in answer.items} == expected


def contradiction(one: Association) -> tuple[frozenset[str], str]:
    """The exposures that contradict each other on an outcome: one, or with its counterpart two."""
    assert one.contested is not None
    return frozenset({one.exposure.id, one.contested.counterpart or one.exposure.id}), one.outcome.id


def test_contested_are_the_associations_that_say_so_and_one_with_its_counterpart_is_one_entry(
    reader: MemoryReader, graph: EvidenceGraph
) -> None:
    pairs = 0
    for population in shipped().populations:
        expected = Counter(contradiction(one) for one in graph.associations if one.contested and one.population.id == population)
        items = questions.Contested(population=population, page=ALL).answer(reader).items
        assert Counter(map(contradiction, items)) == dict.fromkeys(expected, 1)
        # either side says so
        assert all(many == len(exposures) for (exposures, _), many in expected.items())
        pairs += sum(len(exposures) == 2 for exposures, _ in expected)
    assert pairs


def test_contested_of_a_lesion_has_it_on_either_side(reader: MemoryReader) -> None:
    everything = questions.Contested(page=ALL).answer(reader).items
    about = questions.Contested(lesion="r-dwi", page=ALL).answer(reader).items
    assert about == tuple(one for one in everything if "r-dwi" in {one.exposure.id, one.outcome.id})
    assert 0 < len(about) < len(everything)


def test_contested_of_an_outcome_has_it_as_outcome(reader: MemoryReader) -> None:
    everything = questions.Contested(page=ALL).answer(reader).items
    outcome = everything[0].outcome.id
    assert questions.Contested(outcome=outcome, page=ALL).answer(reader).items == tuple(
        one for one in everything if one.outcome.id == outcome
    )


def test_each_camp_has_studies_and_they_are_those_of_the_association(reader: MemoryReader) -> None:
    for one in questions.Contested(page=ALL).answer(reader).items:
        assert one.contested is not None
        assert one.contested.why
        assert len(one.contested.camps) >= 2
        for side in one.contested.camps:
            assert side.studies
            assert side.findings


def test_an_association_counts_each_cohort_once_by_what_it_reports(graph: EvidenceGraph) -> None:
    for one in graph.associations:
        assert one.increases + one.decreases + one.not_significant + one.unclear == one.cohorts
        assert one.cohorts_if_overlap <= one.cohorts
        assert one.full_text <= one.studies


def test_an_association_stands_on_papers_of_the_graph(graph: EvidenceGraph) -> None:
    findings = {observation.finding: observation.study for observation in graph.observations}
    for one in graph.associations:
        assert one.findings
        assert len(set(one.findings)) == len(one.findings)
        papers = {findings[finding] for finding in one.findings}
        assert {paper.id for paper in one.papers} <= papers
        for reason in one.reasons:
            assert reason.domain
            assert reason.text
            assert set(reason.findings) <= set(one.findings)


def test_figures_of_an_association_lie_where_they_must(graph: EvidenceGraph) -> None:
    for one in graph.associations:
        assert one.direction in get_args(Direction)
        assert (one.weight is None) is (one.p_direction is None)
        assert (one.weight is None) is (one.weight_range is None) is (one.replication is None) is (one.direction_basis is None)
        assert one.p_direction is None or 0.5 <= one.p_direction <= 1
        assert one.replication is None or 0 <= one.replication <= 1
        if one.weight is not None and one.weight_range is not None:
            assert 0.5 <= one.weight_range[0] <= one.weight <= one.weight_range[1] <= 0.999
        assert one.leans is None or (one.leans in get_args(Leans) and one.direction == "inconclusive")
        assert (one.excludes_no_effect is None) is (one.ci is None)
        assert not one.little_difference or one.direction == "inconclusive"
        assert (one.estimate is None) is (one.estimate_source is None) is (one.measure is None)
        if one.estimate is not None and one.ci is not None:
            assert one.ci[0] <= one.estimate <= one.ci[1]
        if one.prediction_interval is not None and one.ci is not None:
            assert one.k is not None
            assert one.k >= 3
        assert one.estimate_source != "single-study" or one.k == 1
        assert len(one.caption.split()) <= 20


def test_a_direction_is_said_only_where_what_it_rests_on_says_it(graph: EvidenceGraph) -> None:
    seen = Counter(one.direction_basis for one in graph.associations if one.direction != "inconclusive")
    for one in graph.associations:
        named = "little or no difference" if one.little_difference else one.direction
        assert one.caption.startswith(named if one.cohorts or one.published else "no cohort")
        assert (one.direction_basis == "published") is any(row.headline for row in one.published)
        same, other = (one.increases, one.decreases) if one.direction == "increases" else (one.decreases, one.increases)
        if one.direction_basis == "reports" and one.direction in {"increases", "decreases"}:
            report = one.cohorts - one.unclear
            assert 2 * same >= report
            assert same >= 2 or report == 1
            assert not other
        elif one.direction in {"increases", "decreases"}:
            assert one.excludes_no_effect
            assert one.estimate is not None
            assert one.estimate > null_of(one.measure) if one.direction == "increases" else one.estimate < null_of(one.measure)
        elif one.direction_basis in {"estimate", "published"}:
            assert one.direction == "inconclusive"
            assert one.excludes_no_effect is False
            assert one.leans
    assert set(seen) == {"estimate", "reports", "published"}


def test_an_abstract_only_observational_association_is_low_at_most(graph: EvidenceGraph) -> None:
    randomised = {observation.finding for observation in graph.observations if observation.row.randomised}
    levels = Counter(one.certainty for one in graph.associations if one.full_text == 0 and not set(one.findings) & randomised)
    assert set(levels) <= {"low", "very-low", None}
    assert levels["low"]


def test_a_question_about_a_term_that_is_its_own_child_makes_no_loop(graph: EvidenceGraph) -> None:
    assert all(one.exposure.id != one.outcome.id for one in graph.associations)


def test_a_note_tells_how_little_there_is_where_nothing_can_be_pooled(reader: MemoryReader) -> None:
    answer = questions.Factors(population="caa", page=ALL).answer(reader)
    rows = {finding for one in answer.items for finding in one.findings}
    papers = {finding.split(":")[0] for finding in rows}
    assert answer.note is not None
    assert f"{len(rows)} findings from {len(papers)} studies" in answer.note
    assert "Indirect evidence from intracerebral haemorrhage (ICH)" in answer.note
    assert questions.Factors().answer(reader).note is None


@pytest.mark.parametrize("name", ["Age", "MICROBLEEDS", "cerebral microbleeds", "cerebral_microbleeds"])
def test_names_are_compared_without_regard_to_their_form(reader: MemoryReader, name: str) -> None:
    assert questions.Outcomes(exposure=name).answer(reader).query["exposure"] in {"age", "cerebral-microbleeds"}


@pytest.mark.parametrize("ask", [questions.Factors, questions.Prevalence, questions.Mechanisms])
def test_an_unknown_name_raises_with_what_was_asked(reader: MemoryReader, ask: Any) -> None:
    with pytest.raises(UnknownName, match="no-such-thing") as caught:
        ask(lesion="no-such-thing").answer(reader)
    assert caught.value.name == "no-such-thing"


def test_an_unknown_population_raises(reader: MemoryReader) -> None:
    with pytest.raises(UnknownName, match="population"):
        questions.Factors(population="martians").answer(reader)


@pytest.mark.parametrize("page", [{"limit": 0}, {"limit": -1}, {"limit": LARGEST_PAGE + 1}, {"limit": 5, "offset": -1}], ids=str)
def test_a_page_out_of_bounds_is_refused(reader: MemoryReader, page: Page) -> None:
    with pytest.raises(BadParameter):
        questions.Factors.of(page)


def test_a_page_without_limit_is_the_whole_list(factors: Answer[Association]) -> None:
    assert factors.limit is None
    assert len(factors.items) == factors.total


@pytest.mark.parametrize("sort", ["luck", "-", "--name", "Name", "name "])
def test_an_unknown_order_is_refused_with_all_orders(reader: MemoryReader, sort: str) -> None:
    with pytest.raises(BadParameter) as caught:
        questions.Factors.of({"limit": 5, "sort": sort}).answer(reader)
    assert {"certainty", "-certainty"} <= set(caught.value.allowed)


def test_an_unknown_order_is_refused_even_of_an_empty_list(reader: MemoryReader) -> None:
    with pytest.raises(BadParameter):
        questions.Factors.of({"population": "animal", "limit": 5, "sort": "luck"}).answer(reader)


def test_narrowing_leaves_the_figures_alone(reader: MemoryReader, factors: Answer[Association]) -> None:
    narrowed = questions.Factors(narrow=Narrow(min_cohorts=2), page=ALL).answer(reader)
    assert narrowed.items == tuple(one for one in factors.items if one.cohorts >= 2)
    assert narrowed.query["min_cohorts"] == 2


# --- evidence ---


def test_evidence_shows_every_row_of_the_edge_and_how_it_was_used(reader: MemoryReader, graph: EvidenceGraph) -> None:
    for one in graph.associations[::5]:
        answer = questions.Evidence(exposure=one.exposure.id, outcome=one.outcome.id, population=one.population.id).answer(reader)
        assert answer.association is not None
        assert {row.finding for row in answer.rows} == set(one.findings)
        assert [(row.study.id) for row in answer.rows] == sorted(row.study.id for row in answer.rows)
        shares = [row.share for row in answer.rows if row.share is not None]
        assert not shares or sum(shares) == pytest.approx(1)
        assert all(row.why for row in answer.rows if row.used == "shown")
        assert all((row.used == "pooled") is (row.share is not None) for row in answer.rows)
        assert answer.published == answer.association.published


def test_no_more_rows_vote_than_there_are_cohorts_with_all_their_parts(reader: MemoryReader) -> None:
    answer = questions.Evidence(exposure="cerebral-microbleeds", outcome="r-dwi").answer(reader)
    assert answer.association is not None
    counted = {row.study.id for row in answer.rows if row.used in {"pooled", "votes"}}
    assert len(counted) == answer.association.cohorts


def test_evidence_of_a_term_and_itself_is_none(reader: MemoryReader) -> None:
    answer = questions.Evidence(exposure="r-dwi", outcome="r-dwi").answer(reader)
    assert answer.association is None
    assert answer.why is not None


def test_evidence_says_where_else_there_is_some(reader: MemoryReader) -> None:
    answer = questions.Evidence(exposure="cerebral-microbleeds", outcome="r-dwi", population="ischaemic-stroke").answer(reader)
    assert answer.association is None
    assert answer.why is not None
    assert answer.why.status == "not-studied"
    assert "intracerebral haemorrhage (ICH)" in answer.why.text


def test_rows_of_an_inverse_outcome_stand_turned(reader: MemoryReader) -> None:
    rows = [
        observation
        for observation in reader.findings()
        if observation.turned_from is not None and observation.row.value and observation.y is not None
    ]
    assert rows
    for observation in rows:
        answer = questions.Evidence(
            exposure=observation.exposure, outcome=observation.outcome, population=observation.populations[0]
        ).answer(reader)
        row = next(row for row in answer.rows if row.finding == observation.finding)
        assert row.y == observation.y
        if observation.scale == "log-ratio":
            assert row.value is not None
            assert (row.value > 1) is (observation.y > 0)


# --- prevalence ---


def test_prevalence_is_of_the_population_and_tells_of_the_others(reader: MemoryReader) -> None:
    answer = questions.Prevalence().answer(reader)
    assert (answer.prevalence.lesion.id, answer.prevalence.population.id) == ("r-dwi", "ich")
    others = [one.population.id for one in answer.populations]
    assert "ich" not in others
    assert others == sorted(others)
    parts = [one.population.id for one in questions.Prevalence(population="ich").answer(reader).populations]
    assert parts
    assert set(parts) <= set(shipped().populations.with_parts("ich")) - {"ich"}
    assert set(parts) <= set(others)


def test_pooled_prevalence_is_in_percent_and_inside_its_interval(reader: MemoryReader) -> None:
    for lesion in ("r-dwi", "cortical-microinfarct", "perihaematomal-dwi"):
        for one in (
            questions.Prevalence(lesion=lesion).answer(reader).prevalence,
            *questions.Prevalence(lesion=lesion).answer(reader).populations,
        ):
            for row in one.rows:
                assert 0 <= row.ci[0] <= row.pct <= row.ci[1] <= 100
                assert row.cases <= row.total
            if one.pooled is not None:
                pooled = one.pooled
                assert pooled.ci[0] <= pooled.pct <= pooled.ci[1]
                assert pooled.lowest <= pooled.pct <= pooled.highest
                counted = [row for row in one.rows if row.used == "pooled"]
                assert (pooled.cases, pooled.total) == (sum(row.cases for row in counted), sum(row.total for row in counted))


def test_the_headline_prevalence_is_near_that_of_the_published_meta_analysis(reader: MemoryReader) -> None:
    pooled = questions.Prevalence().answer(reader).prevalence.pooled
    assert pooled is not None
    assert 20 < pooled.pct < 27
    assert pooled.cohorts > 15


def test_prevalence_of_what_nobody_counted_says_so(reader: MemoryReader) -> None:
    answer = questions.Prevalence(lesion="incidental-dwi").answer(reader)
    assert answer.prevalence.pooled is None
    assert answer.why is not None
    assert answer.why.status == "not-studied"
    assert shipped().populations["csvd"].name in answer.why.text


def test_prevalence_that_a_filter_emptied_says_so(reader: MemoryReader) -> None:
    why = questions.Prevalence(filters=Filters(year_to=1950)).answer(reader).why
    assert why is not None
    assert (why.status, why.filter) == ("filtered-out", "year_to")
    assert why.without > 0


# --- mechanisms ---


def test_mechanisms_are_those_of_the_claims_that_name_the_lesion(reader: MemoryReader, corpus: tuple[Study, ...]) -> None:
    claims = [claim for study in corpus for claim in study.mechanisms if "r-dwi" in claim.links]
    answer = questions.Mechanisms(page=ALL).answer(reader)
    assert {one.mechanism.id for one in answer.items} == {claim.mechanism for claim in claims}
    assert sum(len(one.claims) for one in answer.items) == len(claims) > 0
    assert answer.query == {"lesion": "r-dwi"}


def test_a_mechanisms_support_is_what_its_counts_make(reader: MemoryReader) -> None:
    for one in questions.Mechanisms(page=ALL).answer(reader).items:
        for tally in (one, *one.factors):
            expected = (tally.supports + 1) / (tally.supports + tally.argues_against + 2)
            assert tally.support == pytest.approx(expected, abs=1e-6)
        stances = Counter(claim.stance for claim in one.claims)
        assert one.supports <= stances["supports"]
        assert one.proposes <= stances["proposes"]
        assert one.argues_against <= stances["argues-against"]
        assert {claim.study.id for claim in one.claims} == set(one.studies)


def test_the_mechanism_with_most_evidence_comes_first(reader: MemoryReader) -> None:
    weights = [one.supports + one.argues_against for one in questions.Mechanisms(page=ALL).answer(reader).items]
    assert weights == sorted(weights, reverse=True)
    assert weights[0] > 1


# --- studies ---


def test_studies_without_a_question_are_all_sorted_by_id(reader: MemoryReader, corpus: tuple[Study, ...]) -> None:
    answer = questions.Studies(page=ALL).answer(reader)
    assert [one.id for one in answer.items] == sorted(study.id for study in corpus)
    for one, study in zip(answer.items, told_apart(corpus).values(), strict=True):
        assert (one.findings, one.prevalence, one.claims) == (len(study.findings), len(study.prevalence), len(study.mechanisms))
        assert one.label == study.label


@pytest.mark.parametrize(
    ("options", "matches"),
    [
        ({"design": ("rct",)}, lambda study: study.design == "rct"),
        ({"design": ("rct", "meta-analysis")}, lambda study: study.design in {"rct", "meta-analysis"}),
        ({"year_from": 2020}, lambda study: study.year is not None and study.year >= 2020),
        ({"year_to": 2010}, lambda study: study.year is not None and study.year <= 2010),
        ({"country": "china"}, lambda study: "china" in {normal(one) for one in study.countries}),
        (
            {"year_from": 2012, "year_to": 2014, "design": ("retrospective-cohort",)},
            lambda study: study.year in {2012, 2013, 2014} and study.design == "retrospective-cohort",
        ),
    ],
    ids=lambda one: "keeps" if callable(one) else str(one),
)
def test_studies_are_narrowed_by_what_their_sheets_say(
    reader: MemoryReader, corpus: tuple[Study, ...], options: dict[str, Any], matches: Any
) -> None:
    expected = sorted(study.id for study in corpus if matches(study))
    assert expected
    assert [one.id for one in questions.Studies(page=ALL, **options).answer(reader).items] == expected


@pytest.mark.parametrize(
    ("options", "unknown"),
    [
        ({"year_from": 2020}, lambda study: study.year is None),
        ({"design": ("rct",)}, lambda study: study.design is None),
        ({"country": "china"}, lambda study: not study.countries),
    ],
    ids=lambda one: "keeps" if callable(one) else str(one),
)
def test_studies_of_which_it_can_not_be_told_are_counted(
    reader: MemoryReader, corpus: tuple[Study, ...], options: dict[str, Any], unknown: Any
) -> None:
    expected = sum(map(unknown, corpus))
    assert expected
    assert questions.Studies(**options).answer(reader).unknown_dropped == expected


@pytest.mark.parametrize("q", ["menon", "MENON 2012", "Menon-2012", "ann neurol menon"])
def test_a_study_is_found_by_its_words_in_any_form(reader: MemoryReader, q: str) -> None:
    assert "menon-2012" in {one.id for one in questions.Studies(q=q, page=ALL).answer(reader).items}


def test_a_study_is_found_by_american_words_too(reader: MemoryReader) -> None:
    british = questions.Studies(q="intracerebral haemorrhage", page=ALL).answer(reader)
    american = questions.Studies(q="intracerebral hemorrhage", page=ALL).answer(reader)
    assert british.total > 10
    assert british.items == american.items


def test_a_study_comes_with_its_sheet_and_every_row(reader: MemoryReader, corpus: tuple[Study, ...]) -> None:
    for study in corpus[::10]:
        answer = lookups.study(reader, study.id)
        assert answer.study == study
        assert len(answer.rows) == len(study.findings)
        assert [row.source for row in answer.rows] == [row.source for row in study.findings]
        assert len(answer.claims) == len(study.mechanisms)


def test_sharing_patients_goes_both_ways(reader: MemoryReader, corpus: tuple[Study, ...]) -> None:
    shares = {study.id: set(lookups.study(reader, study.id).shares_patients_with) for study in corpus}
    assert any(shares.values())
    for one, others in shares.items():
        assert one not in others
        assert all(one in shares[other] for other in others)
    named = {(study.id, other) for study in corpus for other in study.overlaps_with if other in shares}
    assert named
    assert all(other in shares[study] for study, other in named)


def test_an_unknown_study_raises_with_the_nearest(reader: MemoryReader) -> None:
    with pytest.raises(UnknownName) as caught:
        lookups.study(reader, "menon-2013")
    assert "menon-2012" in caught.value.suggestions


# --- terms ---


def test_every_term_is_found_by_each_of_its_names(reader: MemoryReader, graph: EvidenceGraph) -> None:
    for term in graph.terms:
        for name in (term.id, term.name, *term.synonyms, term.name.upper()):
            assert reader.terms().resolve(name).id == term.id, name
    for term in graph.terms[::25]:
        assert lookups.term(reader, term.name).term.id == term.id


def test_searching_a_terms_name_puts_it_first(reader: MemoryReader, graph: EvidenceGraph) -> None:
    for term in graph.terms[::20]:
        for name in (term.id, term.name, *term.synonyms[:1]):
            assert questions.Terms(q=name, page=Page(limit=1)).answer(reader).items[0].id == term.id, name


def test_terms_tell_how_many_findings_name_them(reader: MemoryReader, corpus: tuple[Study, ...]) -> None:
    named = Counter(slug for study in corpus for row in study.findings for slug in {row.exposure, row.outcome})
    for one in questions.Terms(page=ALL).answer(reader).items:
        assert one.findings == named[one.id], one.id
    assert lookups.term(reader, "r-dwi").findings == named["r-dwi"] > 0


def test_terms_of_a_kind_are_all_of_it(reader: MemoryReader, graph: EvidenceGraph) -> None:
    for kind in {term.kind for term in graph.terms}:
        expected = sorted(term.id for term in graph.terms if term.kind == kind)
        assert [one.id for one in questions.Terms(kind=kind, page=ALL).answer(reader).items] == expected


def test_a_search_that_misses_names_the_nearest(reader: MemoryReader) -> None:
    why = questions.Terms(q="hypertensionn").answer(reader).why
    assert why is not None
    assert "hypertension" in why.text


def test_broader_and_narrower_are_each_others_converse(reader: MemoryReader, graph: EvidenceGraph) -> None:
    found = 0
    for term in graph.terms:
        answer = lookups.term(reader, term.id)
        for below in answer.narrower:
            broader = lookups.term(reader, below.id).broader
            assert broader is not None
            assert broader.id == term.id
            found += 1
    assert found == sum(term.broader is not None for term in graph.terms) > 10


def test_neighbours_are_the_factors_and_outcomes_of_a_term(reader: MemoryReader) -> None:
    for name, population in (("r-dwi", None), ("cerebral-microbleeds", "caa"), ("age", "ICH")):
        answer = questions.Neighbours(term=name, population=population).answer(reader)
        assert answer.as_outcome == questions.Factors(lesion=name, population=population, page=ALL).answer(reader).items
        assert answer.as_exposure == questions.Outcomes(exposure=name, population=population, page=ALL).answer(reader).items


def test_neighbours_of_a_term_have_its_mechanism_edges(reader: MemoryReader, graph: EvidenceGraph) -> None:
    edges = questions.Neighbours(term="r-dwi").answer(reader).mechanisms
    assert set(edges) == {one for one in graph.mechanisms if "r-dwi" in {one.start, one.end}}
    assert edges


# --- small corpora ---


def test_a_graph_of_nothing_answers_every_question() -> None:
    reader = MemoryReader(build([], shipped()))
    assert questions.Factors().answer(reader).why is not None
    assert questions.Outcomes().answer(reader).items == ()
    assert questions.Contested().answer(reader).items == ()
    assert questions.Evidence(exposure="age", outcome="r-dwi").answer(reader).association is None
    assert questions.Prevalence().answer(reader).prevalence.pooled is None
    assert questions.Mechanisms().answer(reader).items == ()
    assert questions.Studies().answer(reader).items == ()
    assert questions.Terms().answer(reader).total == len(shipped().vocabulary.terms)
    assert reader.counts().studies == 0
    assert lookups.schema(reader).nodes


def small(**finding: Any) -> MemoryReader:
    """One paper with one finding on age and R-DWI."""
    study = Study.model_validate(
        {
            "id": "smith-2024",
            "read": "abstract",
            "design": "prospective-cohort",
            "n": 120,
            "populations": [{"id": "all", "label": "ICH", "condition": "ich", "arteriopathy": "any", "location": "any", "n": 120}],
            "findings": [{"exposure": "age", "outcome": "r-dwi", "population": "all", "direction": "increases", **finding}],
        }
    )
    return MemoryReader(build([study], shipped()))


def test_one_odds_ratio_is_served_as_it_was_printed() -> None:
    (one,) = questions.Factors().answer(small(measure="OR", value=2.5, ci=[1.2, 5.2], adjusted=True)).items
    assert (one.measure, one.estimate, one.ci) == ("OR", pytest.approx(2.5), (pytest.approx(1.2), pytest.approx(5.2)))
    assert (one.estimate_source, one.k, one.cohorts, one.increases, one.direction) == ("single-study", 1, 1, 1, "increases")


def test_a_reversed_odds_ratio_is_served_turned() -> None:
    reader = small(measure="OR", value=0.4, ci=[0.2, 0.8], direction="decreases", reversed=True)
    (one,) = questions.Factors().answer(reader).items
    assert one.estimate == pytest.approx(2.5)
    assert one.ci == (pytest.approx(1.25), pytest.approx(5))
    assert one.direction == "increases"


def test_a_bare_direction_has_no_estimate() -> None:
    (one,) = questions.Factors().answer(small(measure="p-only", p=0.03)).items
    assert (one.estimate, one.ci, one.k) == (None, None, None)
    assert one.direction == "increases"
    assert one.weight is not None
    assert one.weight > 0


def test_a_null_is_not_said_to_be_no_effect() -> None:
    (one,) = questions.Factors().answer(small(measure="p-only", direction="no-association")).items
    assert (one.direction, one.not_significant) == ("inconclusive", 1)


def test_loading_the_studies_in_another_order_gives_the_same_answers(corpus: tuple[Study, ...], reader: MemoryReader) -> None:
    other = MemoryReader(build(tuple(reversed(corpus)), shipped()))
    assert other.release() == reader.release()
    assert questions.Factors(page=ALL).answer(other) == questions.Factors(page=ALL).answer(reader)


def test_why_a_list_is_empty_names_populations_and_filters_as_readers_say_them(reader: MemoryReader) -> None:
    elsewhere = questions.Evidence(exposure="cerebral-microbleeds", outcome="r-dwi", population="ich-deep").answer(reader).why
    assert elsewhere is not None
    assert "intracerebral haemorrhage (ICH)" in elsewhere.text
    assert "ich" not in re.findall(r"[\w-]+", elsewhere.text)
    left = (
        questions.Evidence(exposure="cerebral-microbleeds", outcome="r-dwi", filters=Filters(year_from=2090, adjusted=True))
        .answer(reader)
        .why
    )
    assert left is not None
    assert (left.text, left.filter) == ("Nothing is left by the filter on adjustment and the first year asked for.", "adjusted, year_from")


def test_every_filter_has_words() -> None:
    names = {*Filters.model_fields, *Narrow.model_fields} - {"indirect"}
    assert not [name for name in names if spelt(name) == name]
