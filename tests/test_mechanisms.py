"""What papers claim of mechanisms: who is a factor, what is the target, and how voices are counted."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from api.figures.neighbours import neighbourhood
from graph import questions
from graph.build import EvidenceGraph
from graph.opening import shipped, shipped_studies
from graph.stores.memory import MemoryReader
from graph.synthesis.mechanisms import chain, edges, read_claims, tally
from graph.synthesis.overlap import Patients, patients_of
from schema.association import MechanismEdge
from schema.observation import ClaimObservation
from schema.study import Claim, Study


def claim(*links: str, mechanism: str = "hypoperfusion", stance: str = "supports") -> dict[str, Any]:
    return {"mechanism": mechanism, "stance": stance, "basis": "observational", "links": list(links)}


@pytest.mark.parametrize(
    ("links", "factors", "target"),
    [
        (("map-reduction", "r-dwi"), ("map-reduction",), "r-dwi"),
        (("map-reduction", "hypoperfusion", "r-dwi"), ("map-reduction",), "r-dwi"),
        (("hypertension", "lacunes", "r-dwi", "poor-functional-outcome"), ("hypertension", "lacunes"), "r-dwi"),
        (("map-reduction", "perihaematomal-cbf"), ("map-reduction",), "perihaematomal-cbf"),  # an outcome
        (("r-dwi", "cortical-microinfarct"), (), "r-dwi"),  # begins with its target
        (("hypoperfusion", "cortical-microinfarct"), (), "cortical-microinfarct"),
        (("hypertension", "hypoperfusion"), ("hypertension",), None),
        (("hypertension", "intracerebral-haemorrhage"), ("hypertension", "intracerebral-haemorrhage"), None),  # a risk factor
        (("hypertension", "hypertension", "r-dwi"), ("hypertension",), "r-dwi"),
        (("hypoperfusion",), (), None),
    ],
)
def test_factors_stand_before_the_first_lesion_or_outcome_and_that_is_the_target(
    links: tuple[str, ...], factors: tuple[str, ...], target: str | None
) -> None:
    assert chain(Claim.model_validate(claim(*links)), shipped().vocabulary) == (factors, target)


def test_claims_keep_the_sheets_order_and_have_ids() -> None:
    menon = next(study for study in shipped_studies(shipped()) if study.id == "menon-2012")
    assert [(one.claim, one.factors, one.target) for one in read_claims(menon, shipped().vocabulary)] == [
        ("menon-2012:claim-1", ("map-reduction",), "r-dwi"),
        ("menon-2012:claim-2", ("cerebral-microbleeds",), "r-dwi"),
    ]


def read(*studies: Study) -> tuple[list[ClaimObservation], dict[str, Patients]]:
    names = {study.id for study in studies}
    claims = [one for study in studies for one in read_claims(study, shipped().vocabulary)]
    return claims, {one.id: patients_of(one, names, shipped()) for one in studies}


def study(name: str, *claims: dict[str, Any], **more: Any) -> Study:
    return Study.model_validate({"id": name, "read": "abstract", "mechanisms": list(claims), **more})


FOR, MAYBE, AGAINST = (claim("map-reduction", "r-dwi", stance=stance) for stance in ("supports", "proposes", "argues-against"))


@pytest.mark.parametrize(
    ("studies", "counts", "support"),
    [
        ([study("a", FOR)], (1, 0, 0), 2 / 3),
        ([study("a", FOR), study("b", AGAINST)], (1, 0, 1), 1 / 2),
        ([study("a", FOR), study("b", FOR), study("c", AGAINST)], (2, 0, 1), 3 / 5),
        ([study("a", MAYBE), study("b", MAYBE)], (0, 2, 0), 1 / 2),  # proposals are not counted
        ([study("a", AGAINST)], (0, 0, 1), 1 / 3),
        ([study("a", FOR, FOR)], (1, 0, 0), 2 / 3),  # one voice a stance
        ([study("a", FOR, cohorts=["X"]), study("b", FOR, cohorts=["X"])], (1, 0, 0), 2 / 3),  # the same patients
        ([study("a", FOR, cohorts=["X"]), study("b", AGAINST, cohorts=["X"])], (1, 0, 1), 1 / 2),
        ([study("a", FOR, cohorts=["X"]), study("b", FOR, cohorts=["X", "Y"]), study("c", FOR, cohorts=["Y"])], (2, 0, 0), 3 / 4),
    ],
)
def test_support_counts_independent_cohorts_and_no_proposals(studies: list[Study], counts: tuple[int, int, int], support: float) -> None:
    found = tally(*read(*studies))
    assert (found.supports, found.proposes, found.argues_against) == counts
    assert found.support == pytest.approx(support, abs=1e-6)
    assert found.studies == tuple(one.id for one in studies)


def test_a_claim_makes_an_edge_for_each_factor_and_one_to_its_target() -> None:
    made = list(edges(*read(study("a", claim("hypertension", "lacunes", "hypoperfusion", "r-dwi", "mortality")))))
    assert [(one.kind, one.start, one.end) for one in made] == [
        ("MAY_ACT_THROUGH", "hypertension", "hypoperfusion"),
        ("MAY_ACT_THROUGH", "lacunes", "hypoperfusion"),
        ("MAY_LEAD_TO", "hypoperfusion", "r-dwi"),
    ]
    assert {one.claims for one in made} == {("a:claim-1",)}


def test_a_claim_without_target_leads_nowhere() -> None:
    assert [one.kind for one in edges(*read(study("a", claim("hypertension", "hypoperfusion"))))] == ["MAY_ACT_THROUGH"]


def test_an_edge_counts_only_the_claims_on_it() -> None:
    made = list(edges(*read(study("a", FOR), study("b", claim("sbp-reduction", "r-dwi", stance="argues-against")))))
    counted = {(one.start, one.end): (one.supports, one.argues_against) for one in made}
    assert counted == {
        ("map-reduction", "hypoperfusion"): (1, 0),
        ("sbp-reduction", "hypoperfusion"): (0, 1),
        ("hypoperfusion", "r-dwi"): (1, 1),
    }


# the corpus


@cache
def kinds() -> dict[str, str]:
    return {term.id: term.kind for term in shipped().vocabulary.terms.values()}


def test_every_edge_ends_in_or_starts_from_a_mechanism_and_says_may(graph: EvidenceGraph) -> None:
    assert graph.mechanisms
    for one in graph.mechanisms:
        mechanism, other = (one.end, one.start) if one.kind == "MAY_ACT_THROUGH" else (one.start, one.end)
        assert kinds()[mechanism] == "mechanism"
        assert kinds()[other] in ({"lesion", "outcome"} if one.kind == "MAY_LEAD_TO" else {"risk-factor", "csvd-marker", "mechanism"})
        assert one.caption.startswith("may: ")


def test_every_edge_has_its_claims_and_no_more_voices_than_studies(graph: EvidenceGraph) -> None:
    known = {one.claim for one in graph.claims}
    for one in graph.mechanisms:
        assert one.claims
        assert set(one.claims) <= known
        assert max(one.supports, one.proposes, one.argues_against) <= len(one.studies)
        assert one.support == pytest.approx((one.supports + 1) / (one.supports + one.argues_against + 2), abs=1e-6)


def edge(graph: EvidenceGraph, start: str, end: str) -> MechanismEdge:
    return next(one for one in graph.mechanisms if (one.start, one.end) == (start, end))


def test_lowering_blood_pressure_is_supported_and_argued_against_as_a_way_to_r_dwi(graph: EvidenceGraph) -> None:
    found = edge(graph, "acute-blood-pressure-lowering", "r-dwi")
    assert {"menon-2012", "kidwell-2017", "butcher-2025", "gioia-2017-thesis"} <= set(found.studies)
    assert found.supports > found.argues_against > 0
    assert 0.5 < found.support < 1


def test_a_factor_of_which_papers_only_argue_against_it_is_no_factor_that_may_act(reader: MemoryReader) -> None:
    denied = 0
    for one in questions.Mechanisms().answer(reader).items:
        assert all(factor.supports + factor.proposes for factor in one.factors), one.mechanism.id
        listed = {factor.factor.id for factor in one.factors}
        denied += sum(claim.stance == "argues-against" and not listed & set(claim.links) for claim in one.claims)
    assert denied, "no claim of the corpus denies a factor alone"


def test_the_neighbourhood_does_not_say_may_of_what_is_only_denied(reader: MemoryReader) -> None:
    one = next(one for one in reader.mechanism_edges() if not one.supports + one.proposes)
    drawn = " ".join(neighbourhood(questions.Neighbours(term=one.start).answer(reader)).split())
    assert "is argued not to" in drawn
