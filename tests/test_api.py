"""The REST surface, as a client sees it."""

from __future__ import annotations

import csv
import io
import json
import re
from typing import Any, get_args

import networkx as nx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from api.app import create_app
from api.tables import delimited
from graph import questions
from graph.build import EvidenceGraph, build
from graph.opening import shipped
from graph.questions import lookups
from graph.questions.filters import Filters
from graph.questions.lists import Narrow, Page, SortedBy
from graph.stores.kept import KeptReleases
from graph.stores.memory import MemoryReader, MemoryStore
from graph.stores.port import Reader, Store
from schema.across import Chain, Comparison, Gap
from schema.answer import (
    Answer,
    Evidence,
    Neighbours,
    PrevalenceAnswer,
    ReleaseAnswer,
    SchemaAnswer,
    StudyItem,
    TermAnswer,
    TermItem,
)
from schema.association import Association, Mechanism
from schema.errors import SnapshotDamaged, StoreUnavailable
from schema.field import EvidenceField
from schema.study import Study

LISTS = ["/v1/factors", "/v1/outcomes", "/v1/contested", "/v1/mechanisms", "/v1/studies", "/v1/terms"]
ASSOCIATIONS = ["/v1/factors", "/v1/outcomes", "/v1/contested"]
PLAIN = [
    "/v1/evidence?exposure=cerebral-microbleeds&outcome=r-dwi",
    "/v1/prevalence",
    "/v1/studies/menon-2012",
    "/v1/terms/r-dwi",
    "/v1/terms/r-dwi/neighbours",
    "/v1/schema",
    "/v1/releases/current",
    "/v1/graph",
]
LEVELS = ["very-low", "low", "moderate", "high"]
PROBLEM = "application/problem+json"


def served(answer: Any) -> Any:
    return json.loads(answer.model_dump_json())


def problem(response: Any, status: int) -> dict[str, Any]:
    """The problem details of a response, which are whole."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == PROBLEM
    body: dict[str, Any] = response.json()
    assert {"type", "title", "status", "detail"} <= set(body)
    assert body["status"] == status
    assert body["detail"]
    assert body["title"]
    assert "Traceback" not in response.text
    return body


def every(client: TestClient, url: str, **params: Any) -> list[dict[str, Any]]:
    """All items of a list, in one page."""
    body = client.get(url, params={**params, "limit": 500}).json()
    assert body["total"] == len(body["items"])
    items: list[dict[str, Any]] = body["items"]
    return items


# --- envelopes ---


@pytest.mark.parametrize("url", LISTS)
def test_a_list_comes_in_its_envelope(client: TestClient, graph: EvidenceGraph, url: str) -> None:
    body = client.get(url).json()
    assert {"query", "release", "total", "limit", "offset", "items"} <= set(body)
    assert isinstance(body["query"], dict)
    assert (body["release"], body["limit"], body["offset"]) == (graph.release, 50, 0)
    assert len(body["items"]) == min(50, body["total"]) > 0
    assert body["why"] is None


@pytest.mark.parametrize("url", PLAIN[:-1])
def test_other_answers_name_their_release(client: TestClient, graph: EvidenceGraph, url: str) -> None:
    response = client.get(url)
    assert response.headers["content-type"] == "application/json"
    assert response.json()["release"] == graph.release


ASSOCIATION_KEYS = set(
    "exposure outcome population direction weight p_direction measure estimate ci estimate_source prediction_interval p tau2 i2 q k "
    "contrast families sensitivity studies cohorts cohorts_if_overlap patients increases decreases not_significant unclear full_text "
    "certainty reasons contested caption findings direction_basis leans weight_range replication average prior_sensitive "
    "excludes_no_effect size little_difference patients_unknown".split()
)
ROW_KEYS = set(
    "finding study cohorts population design randomised adjusted measure contrast family value ci p counts source y se z kind used why "
    "share".split()
)


@pytest.mark.parametrize("url", ASSOCIATIONS)
def test_an_association_has_all_of_the_contracts_keys(client: TestClient, url: str) -> None:
    for item in every(client, url):
        assert set(item) >= ASSOCIATION_KEYS
        for side in ("exposure", "outcome", "population"):
            assert {"id", "name", "kind", "category"} <= set(item[side])
        if item["contested"] is not None:
            assert {"why", "camps", "differences", "counterpart"} <= set(item["contested"])
            assert all("cohort_names" in side for side in item["contested"]["camps"])


def test_a_family_has_all_of_the_contracts_keys(client: TestClient) -> None:
    families = [family for item in every(client, "/v1/factors") for family in item["families"]]
    assert families
    for family in families:
        assert set("measure contrast_type unit scale randomised k estimate ci estimate_source common reml_hk rows".split()) <= set(family)
        assert set(family["common"]) >= {"estimate", "ci"}
        assert (family["reml_hk"] is not None) is (family["k"] >= 2)
        if family["reml_hk"] is not None:
            assert set("estimate ci prediction_interval tau2 i2 q p".split()) <= set(family["reml_hk"])
            assert (family["reml_hk"]["prediction_interval"] is not None) is (family["k"] >= 3)


def test_evidence_holds_the_association_its_rows_and_what_is_published(client: TestClient) -> None:
    body = client.get("/v1/evidence", params={"exposure": "cerebral-microbleeds", "outcome": "r-dwi"}).json()
    assert {"association", "rows", "published", "leave_one_out", "cumulative", "subgroups", "camps"} <= set(body)
    assert {row["finding"] for row in body["rows"]} == set(body["association"]["findings"])
    for row in body["rows"]:
        assert set(row) >= ROW_KEYS
        assert set(row["study"]) >= {"id", "label", "year", "doi", "pmid"}
        assert row["kind"] in {"estimate", "significant", "direction", "null", "unclear"}
        assert row["used"] in {"pooled", "votes", "shown"}
        assert (row["share"] is not None) is (row["used"] == "pooled")
        assert row["used"] != "shown" or row["why"]
    assert sum(row["share"] for row in body["rows"] if row["share"] is not None) == pytest.approx(1)


# --- the answers are those of the questions ---

FIRST = Page(limit=50)
QUESTIONS: list[tuple[str, dict[str, Any], Any]] = [
    ("/v1/factors", {}, lambda reader: questions.Factors(page=FIRST).answer(reader)),
    ("/v1/factors", {"population": "caa"}, lambda reader: questions.Factors(population="caa", page=FIRST).answer(reader)),
    (
        "/v1/factors",
        {"lesion": "cortical-microinfarct", "population": "caa", "limit": 3, "offset": 2, "sort": "-patients"},
        lambda reader: questions.Factors(
            lesion="cortical-microinfarct", population="caa", page=Page(limit=3, offset=2), sort="-patients"
        ).answer(reader),
    ),
    (
        "/v1/factors",
        {"adjusted": "true", "year_from": 2012, "exclude": ["menon-2012", "wu-2015"], "kind": "csvd-marker"},
        lambda reader: questions.Factors(
            filters=Filters(adjusted=True, year_from=2012, exclude=("menon-2012", "wu-2015")), narrow=Narrow(kind="csvd-marker"), page=FIRST
        ).answer(reader),
    ),
    (
        "/v1/factors",
        {"design": ["prospective-cohort", "rct-post-hoc"], "min_n": 50, "population": "caa", "indirect": "true"},
        lambda reader: questions.Factors(
            population="caa", filters=Filters(design=("prospective-cohort", "rct-post-hoc"), min_n=50, indirect=True), page=FIRST
        ).answer(reader),
    ),
    ("/v1/outcomes", {}, lambda reader: questions.Outcomes(page=FIRST).answer(reader)),
    ("/v1/outcomes", {"exposure": "age"}, lambda reader: questions.Outcomes(exposure="age", page=FIRST).answer(reader)),
    ("/v1/contested", {}, lambda reader: questions.Contested(page=FIRST).answer(reader)),
    ("/v1/contested", {"lesion": "r-dwi"}, lambda reader: questions.Contested(lesion="r-dwi", page=FIRST).answer(reader)),
    (
        "/v1/evidence",
        {"exposure": "white-matter-hyperintensities", "outcome": "r-dwi", "max_mri_day": 14},
        lambda reader: questions.Evidence(
            exposure="white-matter-hyperintensities", outcome="r-dwi", filters=Filters(max_mri_day=14)
        ).answer(reader),
    ),
    ("/v1/prevalence", {}, lambda reader: questions.Prevalence().answer(reader)),
    ("/v1/prevalence", {"population": "ich-caa"}, lambda reader: questions.Prevalence(population="ich-caa").answer(reader)),
    ("/v1/mechanisms", {}, lambda reader: questions.Mechanisms(page=FIRST).answer(reader)),
    ("/v1/studies", {"q": "menon"}, lambda reader: questions.Studies(q="menon", page=FIRST).answer(reader)),
    ("/v1/studies/menon-2012", {}, lambda reader: lookups.study(reader, "menon-2012")),
    (
        "/v1/terms",
        {"q": "microbleeds", "kind": "csvd-marker"},
        lambda reader: questions.Terms(q="microbleeds", kind="csvd-marker", page=FIRST).answer(reader),
    ),
    ("/v1/terms/CMBs", {}, lambda reader: lookups.term(reader, "cerebral-microbleeds")),
    (
        "/v1/terms/r-dwi/neighbours",
        {"population": "caa"},
        lambda reader: questions.Neighbours(term="r-dwi", population="caa").answer(reader),
    ),
    ("/v1/schema", {}, lookups.schema),
    ("/v1/releases/current", {}, lambda reader: lookups.release(reader, MemoryStore(reader.graph()))),
]


@pytest.mark.parametrize(("url", "params", "question"), QUESTIONS, ids=[f"{url}-{index}" for index, (url, _, _) in enumerate(QUESTIONS)])
def test_a_route_gives_what_the_question_gives(client: TestClient, reader: Reader, url: str, params: Any, question: Any) -> None:
    assert client.get(url, params=params).json() == served(question(reader))


MODELS: dict[str, Any] = {
    "/v1/factors": Answer[Association],
    "/v1/outcomes": Answer[Association],
    "/v1/evidence": Evidence,
    "/v1/contested": Answer[Association],
    "/v1/compare": Answer[Comparison],
    "/v1/paths": Answer[Chain],
    "/v1/gaps": Answer[Gap],
    "/v1/prevalence": PrevalenceAnswer,
    "/v1/mechanisms": Answer[Mechanism],
    "/v1/studies": Answer[StudyItem],
    "/v1/terms": Answer[TermItem],
    "/v1/terms/{id}": TermAnswer,
    "/v1/terms/r-dwi/neighbours": Neighbours,
    "/v1/schema": SchemaAnswer,
    "/v1/releases/current": ReleaseAnswer,
}


@pytest.mark.parametrize("population", [{}, {"population": "ICH"}, {"population": "intracerebral hemorrhage"}])
@pytest.mark.parametrize("url", ["/v1/factors", "/v1/outcomes", "/v1/contested", "/v1/prevalence"])
def test_ich_is_meant_where_no_population_is_named(client: TestClient, url: str, population: dict[str, str]) -> None:
    body = client.get(url, params=population).json()
    assert body["query"]["population"] == "ich"
    # without a population, prevalence tells of all others, too
    left_out = {"populations"} if url == "/v1/prevalence" else set()
    without = client.get(url).json()
    assert {key: value for key, value in body.items() if key not in left_out} == {
        key: value for key, value in without.items() if key not in left_out
    }


def test_a_population_takes_in_its_parts(client: TestClient) -> None:
    assert client.get("/v1/factors").json()["query"]["parts"] == [
        "ich-both", "ich-caa", "ich-deep", "ich-hypertensive", "ich-lobar", "ich-non-caa",
    ]  # fmt: skip
    inside = {row["population"]["id"] for row in _rows_of_all_factors(client)}
    assert "ich-caa" in inside or "ich-hypertensive" in inside
    assert inside <= {"ich", "ich-both", "ich-caa", "ich-deep", "ich-hypertensive", "ich-lobar", "ich-non-caa"}


def _rows_of_all_factors(client: TestClient) -> list[dict[str, Any]]:
    found = []
    for item in every(client, "/v1/factors"):
        found += client.get("/v1/evidence", params={"exposure": item["exposure"]["id"], "outcome": "r-dwi"}).json()["rows"]
    return found


# --- names ---


@pytest.mark.parametrize(
    ("url", "parameter", "name", "key", "expected"),
    [
        ("/v1/factors", "lesion", "RDWI", "lesion", "r-dwi"),
        ("/v1/factors", "lesion", "remote dwi lesions", "lesion", "r-dwi"),
        ("/v1/factors", "lesion", "  Remote  DWI-Lesions ", "lesion", "r-dwi"),
        ("/v1/factors", "population", "CAA-related ICH", "population", "ich-caa"),
        ("/v1/factors", "population", "hypertensive intracerebral hemorrhage", "population", "ich-hypertensive"),
        ("/v1/factors", "population", "ischemic stroke", "population", "ischaemic-stroke"),
        ("/v1/outcomes", "exposure", "CMBs", "exposure", "cerebral-microbleeds"),
        ("/v1/outcomes", "exposure", "intraventricular hemorrhage", "exposure", "intraventricular-haemorrhage"),
        ("/v1/outcomes", "exposure", "hematoma volume", "exposure", "haematoma-volume"),
        ("/v1/prevalence", "lesion", "perihematomal dwi", "lesion", "perihaematomal-dwi"),
        ("/v1/mechanisms", "lesion", "rDWI", "lesion", "r-dwi"),
    ],
)
def test_names_resolve_by_synonym_and_in_american_spelling(
    client: TestClient, url: str, parameter: str, name: str, key: str, expected: str
) -> None:
    response = client.get(url, params={parameter: name})
    assert response.status_code == 200, response.text
    assert response.json()["query"][key] == expected


def test_every_population_is_found_by_its_names(client: TestClient) -> None:
    for node in shipped().populations.values():
        for name in (node.id, node.name, node.name.upper(), *node.synonyms):
            body = client.get("/v1/factors", params={"population": name, "limit": 1}).json()
            assert body["query"]["population"] == node.id, name


def test_an_inverse_outcome_is_brought_to_the_harmful_side(client: TestClient) -> None:
    turned = client.get("/v1/factors", params={"lesion": "good functional outcome"}).json()
    plain = client.get("/v1/factors", params={"lesion": "poor-functional-outcome"}).json()
    assert turned["query"]["lesion"] == "poor-functional-outcome"
    assert turned["query"]["turned_from"] == "good-functional-outcome"
    assert turned["items"] == plain["items"]


@pytest.mark.parametrize(
    ("url", "params", "suggestion"),
    [
        ("/v1/factors", {"lesion": "r-dwii"}, "r-dwi"),
        ("/v1/factors", {"population": "lobar"}, "ich-lobar"),
        ("/v1/outcomes", {"exposure": "hematoma volum"}, "haematoma-volume"),
        ("/v1/evidence", {"exposure": "cerebral-microbleed-s", "outcome": "rdwi lesion"}, None),
        ("/v1/evidence", {"exposure": "age", "outcome": "perihaematomal-dw"}, "perihaematomal-dwi"),
        ("/v1/contested", {"outcome": "poor functional outcom"}, "poor-functional-outcome"),
        ("/v1/prevalence", {"lesion": "r dwi countt"}, "r-dwi-count"),
        ("/v1/mechanisms", {"lesion": "r-dwi-volum"}, "r-dwi-volume"),
        ("/v1/studies/menon-2021", {}, "menon-2012"),
        ("/v1/terms/hypertensionn", {}, "hypertension"),
        ("/v1/terms/hypertensionn/neighbours", {}, "hypertension"),
        ("/v1/terms/r-dwi/neighbours", {"population": "hypertensive"}, "ich-hypertensive"),
        ("/v1/factors", {"exclude": "menon-2021"}, "menon-2012"),
    ],
)
def test_an_unknown_name_is_a_404_that_suggests_the_nearest(client: TestClient, url: str, params: Any, suggestion: str | None) -> None:
    body = problem(client.get(url, params=params), 404)
    assert body["suggestions"]
    assert suggestion is None or suggestion in body["suggestions"]


# --- wrong parameters ---


@pytest.mark.parametrize("url", [*LISTS, *PLAIN])
def test_an_unknown_parameter_is_a_422_that_names_it(client: TestClient, url: str) -> None:
    body = problem(client.get(url, params={"lesoin": "r-dwi", **_given(url)}), 422)
    assert "lesoin" in body["detail"]


def _given(url: str) -> dict[str, str]:
    return dict(part.split("=") for part in url.partition("?")[2].split("&") if part)


@pytest.mark.parametrize(("url", "name"), [(url, name) for url in LISTS for name in ("limit", "offset", "format")])
def test_an_unknown_parameter_is_told_what_is_allowed(client: TestClient, url: str, name: str) -> None:
    assert name in problem(client.get(url, params={"limits": 3}), 422)["allowed"]


def test_the_allowed_parameters_are_those_that_the_route_takes(client: TestClient) -> None:
    allowed = problem(client.get("/v1/factors", params={"nonsense": 1}), 422)["allowed"]
    assert set(allowed) == set(
        "lesion population kind category direction certainty contested min_cohorts limit offset sort format design adjusted randomised "
        "min_n year_from year_to max_mri_day risk_of_bias exclude indirect release".split()
    )


@pytest.mark.parametrize(
    ("url", "params", "allowed"),
    [
        ("/v1/factors", {"certainty": "great"}, {"high", "moderate", "low", "very-low"}),
        ("/v1/factors", {"direction": "up"}, {"increases", "decreases", "inconsistent", "inconclusive"}),
        ("/v1/factors", {"kind": "gene"}, {"risk-factor", "csvd-marker", "lesion", "mechanism", "outcome"}),
        ("/v1/factors", {"format": "xml"}, {"json", "csv", "tsv"}),
        (
            "/v1/factors",
            {"sort": "luck"},
            {
                *{one.removeprefix("-") for one in get_args(SortedBy) if one},
                *(f"-{name}" for name in {one.removeprefix("-") for one in get_args(SortedBy) if one}),
            },
        ),
        (
            "/v1/contested",
            {"sort": "--name"},
            {
                *{one.removeprefix("-") for one in get_args(SortedBy) if one},
                *(f"-{name}" for name in {one.removeprefix("-") for one in get_args(SortedBy) if one}),
            },
        ),
        ("/v1/graph", {"format": "csv?"}, {"node-link", "graphml", "kgx", "csv"}),
        ("/v1/terms", {"kind": "GENE"}, {"risk-factor", "csvd-marker", "lesion", "mechanism", "outcome"}),
    ],
)
def test_a_value_that_is_not_among_those_of_a_parameter_is_told_which_are(
    client: TestClient, url: str, params: dict[str, str], allowed: set[str]
) -> None:
    assert set(problem(client.get(url, params=params), 422)["allowed"]) >= allowed


@pytest.mark.parametrize("url", ["/v1/factors", "/v1/studies", "/v1/prevalence"])
def test_a_wrong_design_is_told_all_designs(client: TestClient, url: str) -> None:
    body = problem(client.get(url, params={"design": ["rct", "rtc"]}), 422)
    assert {"rct", "prospective-cohort", "animal"} <= set(body["allowed"])
    assert "rtc" in body["detail"]


@pytest.mark.parametrize(
    "params",
    [
        {"limit": 0}, {"limit": -1}, {"limit": 501}, {"limit": "ten"}, {"limit": ""}, {"limit": 1.5}, {"offset": -1}, {"offset": "x"},
        {"min_n": 0}, {"min_n": "many"}, {"year_from": 12}, {"year_to": 3000}, {"max_mri_day": -1}, {"max_mri_day": "nan"},
        {"adjusted": "perhaps"}, {"randomised": 2}, {"contested": "x"}, {"indirect": "x"}, {"min_cohorts": -1},
    ],
    ids=str,
)  # fmt: skip
def test_a_value_out_of_its_bounds_is_a_422_that_names_the_parameter(client: TestClient, params: dict[str, Any]) -> None:
    (name,) = params
    assert name in problem(client.get("/v1/factors", params=params), 422)["detail"]


def test_several_mistakes_are_all_told(client: TestClient) -> None:
    detail = problem(client.get("/v1/evidence", params={"exposure": "age", "certianty": "x", "format": "xml"}), 422)["detail"]
    assert all(word in detail for word in ("outcome", "certianty", "xml"))


# --- pages ---


@pytest.mark.parametrize("limit", [1, 7, 50, 500])
@pytest.mark.parametrize("url", LISTS)
def test_pages_cover_every_item_exactly_once(client: TestClient, url: str, limit: int) -> None:
    whole = every(client, url)
    if limit == 1:
        whole = whole[:30]
    total = client.get(url).json()["total"]
    paged: list[Any] = []
    while len(paged) < len(whole):
        body = client.get(url, params={"limit": limit, "offset": len(paged)}).json()
        assert body["total"] == total
        assert (body["limit"], body["offset"]) == (limit, len(paged))
        assert body["items"]
        paged += body["items"]
    assert paged == whole


@pytest.mark.parametrize("url", LISTS)
def test_a_page_beyond_the_end_is_empty_and_knows_the_total(client: TestClient, url: str) -> None:
    body = client.get(url, params={"offset": 100_000}).json()
    assert body["items"] == []
    assert body["total"] == len(every(client, url))


# --- order ---

VALUES: dict[str, Any] = {
    "certainty": lambda item, _: LEVELS.index(item["certainty"]) if item["certainty"] else None,
    "cohorts": lambda item, _: item["cohorts"],
    "weight": lambda item, _: item["weight"],
    "estimate": lambda item, _: item["estimate"],
    "patients": lambda item, _: item["patients"],
    "name": lambda item, side: item[side]["name"].casefold(),
}


@pytest.mark.parametrize("down", [False, True])
@pytest.mark.parametrize("sort", [one for one in get_args(SortedBy) if one.isalpha()])
@pytest.mark.parametrize(
    ("url", "params", "side"),
    [("/v1/factors", {}, "exposure"), ("/v1/outcomes", {"exposure": "r-dwi"}, "outcome"), ("/v1/contested", {}, "exposure")],
)
def test_a_sort_orders_the_known_puts_nulls_last_and_breaks_ties_by_id(
    client: TestClient, url: str, params: dict[str, str], side: str, sort: str, down: bool
) -> None:
    items = every(client, url, **params, sort=f"-{sort}" if down else sort)
    other = "outcome" if side == "exposure" else "exposure"
    keyed = [(VALUES[sort](item, side), (item[side]["id"], item[other]["id"])) for item in items]
    known = [one for one in keyed if one[0] is not None]
    unknown = [one for one in keyed if one[0] is None]
    assert keyed == [*known, *unknown]
    assert unknown == sorted(unknown, key=lambda one: one[1])
    in_order = sorted(known, key=lambda one: one[1])
    in_order.sort(key=lambda one: one[0], reverse=down)
    assert known == in_order
    plain = every(client, url, **params)
    assert sorted(map(str, items)) == sorted(map(str, plain))


def test_the_sorts_are_tried_on_lists_that_have_ties_and_nulls(client: TestClient) -> None:
    items = every(client, "/v1/factors")
    assert any(item["estimate"] is None for item in items)
    assert any(item["certainty"] is None for item in items)
    assert len({item["cohorts"] for item in items}) < len(items)


def test_unsorted_the_best_certainty_comes_first_then_most_cohorts_then_highest_weight(client: TestClient) -> None:
    items = every(client, "/v1/factors")
    keys = [
        (
            -(LEVELS.index(item["certainty"]) if item["certainty"] else -1),
            -item["cohorts"],
            -(item["weight"] if item["weight"] is not None else -1),
            item["exposure"]["id"],
        )
        for item in items
    ]
    assert keys == sorted(keys)


# --- narrowing ---


@pytest.mark.parametrize(
    ("params", "keeps"),
    [
        ({"kind": "csvd-marker"}, lambda one, side: one[side]["kind"] == "csvd-marker"),
        ({"kind": "lesion"}, lambda one, side: one[side]["kind"] == "lesion"),
        ({"category": "blood-pressure"}, lambda one, side: one[side]["category"] == "blood-pressure"),
        ({"direction": "increases"}, lambda one, _: one["direction"] == "increases"),
        ({"direction": "decreases"}, lambda one, _: one["direction"] == "decreases"),
        ({"direction": "inconclusive"}, lambda one, _: one["direction"] == "inconclusive"),
        ({"certainty": "very-low"}, lambda one, _: one["certainty"] == "very-low"),
        ({"certainty": "low"}, lambda one, _: one["certainty"] == "low"),
        ({"contested": "true"}, lambda one, _: one["contested"] is not None),
        ({"contested": "false"}, lambda one, _: one["contested"] is None),
        ({"min_cohorts": 2}, lambda one, _: one["cohorts"] >= 2),
        ({"min_cohorts": 2, "kind": "risk-factor"}, lambda one, side: one["cohorts"] >= 2 and one[side]["kind"] == "risk-factor"),
    ],
    ids=lambda one: "keeps" if callable(one) else str(one),
)
@pytest.mark.parametrize(("url", "side"), [("/v1/factors", "exposure"), ("/v1/outcomes", "outcome")])
def test_narrowing_keeps_the_items_that_match_and_no_others(client: TestClient, url: str, side: str, params: Any, keeps: Any) -> None:
    expected = [item for item in every(client, url) if keeps(item, side)]
    assert every(client, url, **params) == expected
    query = client.get(url, params=params).json()["query"]
    assert {name: str(value).lower() for name, value in query.items() if name in params} == {k: str(v) for k, v in params.items()}


# --- empty lists ---


def test_what_was_not_studied_says_so_and_where_there_is_evidence(client: TestClient) -> None:
    body = client.get("/v1/factors", params={"population": "csvd"}).json()
    assert (body["total"], body["items"]) == (0, [])
    assert body["why"]["status"] == "not-studied"
    assert "intracerebral haemorrhage (ICH)" in body["why"]["text"]
    assert "cerebral amyloid angiopathy (CAA)" in body["why"]["text"]


@pytest.mark.parametrize(
    ("params", "name"),
    [
        ({"design": "rct"}, "design"),
        ({"year_from": 2099}, "year_from"),
        ({"year_to": 1950}, "year_to"),
        ({"max_mri_day": 0}, "max_mri_day"),
        ({"min_n": 10**6}, "min_n"),
    ],
)
def test_what_a_filter_emptied_names_it_and_how_many_there_are_without(client: TestClient, params: dict[str, Any], name: str) -> None:
    body = client.get("/v1/factors", params=params).json()
    assert body["items"] == []
    assert body["why"]["status"] == "filtered-out"
    assert body["why"]["filter"] == name
    assert body["why"]["without"] == len(every(client, "/v1/factors"))


def test_among_several_filters_the_one_that_empties_is_named(client: TestClient) -> None:
    body = client.get("/v1/factors", params={"year_from": 2015, "design": "rct"}).json()
    assert body["why"]["filter"] == "design"


@pytest.mark.parametrize("params", [{"certainty": "high"}, {"category": "nothing-of-the-kind"}, {"min_cohorts": 99}], ids=str)
def test_what_narrowing_emptied_names_it_and_how_many_there_are_without(client: TestClient, params: dict[str, Any]) -> None:
    why = client.get("/v1/factors", params=params).json()["why"]
    assert (why["status"], why["filter"]) == ("filtered-out", next(iter(params)))
    assert why["without"] == len(every(client, "/v1/factors"))


def test_evidence_of_what_nobody_studied_is_empty_and_says_why(client: TestClient) -> None:
    body = client.get("/v1/evidence", params={"exposure": "r-dwi", "outcome": "age"}).json()
    assert body["association"] is None
    assert body["rows"] == []
    assert body["why"]["status"] == "not-studied"


def test_evidence_that_a_filter_emptied_says_which(client: TestClient) -> None:
    params = {"exposure": "cerebral-microbleeds", "outcome": "r-dwi", "year_to": 1950}
    body = client.get("/v1/evidence", params=params).json()
    assert body["association"] is None
    assert (body["why"]["status"], body["why"]["filter"]) == ("filtered-out", "year_to")
    assert body["why"]["without"] > 0


@pytest.mark.parametrize("url", ["/v1/studies", "/v1/terms"])
def test_a_search_that_finds_nothing_says_why(client: TestClient, url: str) -> None:
    body = client.get(url, params={"q": "zzzzqqq"}).json()
    assert body["items"] == []
    assert body["why"]["status"] == "filtered-out"
    assert body["why"]["without"] == len(every(client, url))


def test_mechanisms_of_what_none_is_claimed_for_says_so(client: TestClient) -> None:
    body = client.get("/v1/mechanisms", params={"lesion": "age"}).json()
    assert body["items"] == []
    assert body["why"]["status"] == "not-studied"


# --- csv and tsv ---


def table(text: str, delimiter: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))


FORMATS = [("csv", ",", "text/csv; charset=utf-8"), ("tsv", "\t", "text/tab-separated-values; charset=utf-8")]


@pytest.mark.parametrize(("form", "delimiter", "media"), FORMATS)
@pytest.mark.parametrize("url", LISTS)
def test_a_delimited_list_gives_all_rows(client: TestClient, url: str, form: str, delimiter: str, media: str) -> None:
    response = client.get(url, params={"format": form})
    assert response.headers["content-type"] == media
    rows = table(response.text, delimiter)
    assert len(rows) == client.get(url).json()["total"]
    assert all(None not in row and None not in row.values() for row in rows)


@pytest.mark.parametrize(("form", "delimiter", "_media"), FORMATS)
def test_a_delimited_list_gives_as_many_rows_as_limit_says(client: TestClient, form: str, delimiter: str, _media: str) -> None:
    rows = table(client.get("/v1/studies", params={"format": form, "limit": 3, "offset": 2}).text, delimiter)
    assert [row["id"] for row in rows] == [item["id"] for item in every(client, "/v1/studies")[2:5]]


@pytest.mark.parametrize(("form", "delimiter", "_media"), FORMATS)
@pytest.mark.parametrize("url", ["/v1/factors", "/v1/outcomes"])
def test_a_delimited_association_holds_what_the_json_holds(client: TestClient, url: str, form: str, delimiter: str, _media: str) -> None:
    rows = table(client.get(url, params={"format": form}).text, delimiter)
    for row, item in zip(rows, every(client, url), strict=True):
        for side in ("exposure", "outcome", "population"):
            assert (row[side], row[f"{side}_name"]) == (item[side]["id"], item[side]["name"])
        assert "ci" not in row
        low, high = item["ci"] or (None, None)
        for name, value in {**item, "ci_low": low, "ci_high": high}.items():
            if name in {"exposure", "outcome", "population", "ci", "prediction_interval"}:
                continue
            if isinstance(value, dict | list):
                assert json.loads(row[name]) == value, name
            elif isinstance(value, float):
                assert float(row[name]) == value, name
            else:
                assert row[name] == ("" if value is None else json.dumps(value) if isinstance(value, bool) else str(value)), name


@pytest.mark.parametrize(("form", "delimiter", "_media"), FORMATS)
def test_delimited_evidence_gives_the_rows(client: TestClient, form: str, delimiter: str, _media: str) -> None:
    params = {"exposure": "cerebral-microbleeds", "outcome": "r-dwi"}
    whole = client.get("/v1/evidence", params=params).json()["rows"]
    rows = table(client.get("/v1/evidence", params={**params, "format": form}).text, delimiter)
    assert [row["finding"] for row in rows] == [row["finding"] for row in whole]
    assert [json.loads(row["study"]) for row in rows] == [row["study"] for row in whole]
    assert [row["ci_low"] for row in rows] == ["" if row["ci"] is None else str(row["ci"][0]) for row in whole]
    assert {row["randomised"] for row in rows} <= {"true", "false"}


@pytest.mark.parametrize(("form", "delimiter", "_media"), FORMATS)
def test_delimited_prevalence_gives_the_studies_rows(client: TestClient, form: str, delimiter: str, _media: str) -> None:
    whole = client.get("/v1/prevalence").json()["prevalence"]["rows"]
    rows = table(client.get("/v1/prevalence", params={"format": form}).text, delimiter)
    assert [(int(row["cases"]), int(row["total"])) for row in rows] == [(row["cases"], row["total"]) for row in whole]


def item_titled(title: str) -> StudyItem:
    return StudyItem(id="x", label="x", title=title, read="abstract", findings=0, prevalence=0, claims=0)


@pytest.mark.parametrize("delimiter", [",", "\t"])
@pytest.mark.parametrize("title", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", '=HYPERLINK("http://x.y","z")', "=1,2", '="a"'])
def test_a_cell_that_a_spreadsheet_would_run_is_shown_as_text(title: str, delimiter: str) -> None:
    (row,) = table(delimited([item_titled(title)], StudyItem, delimiter), delimiter)
    assert row["title"] == f"'{title}"


@pytest.mark.parametrize("delimiter", [",", "\t"])
@pytest.mark.parametrize("title", ["a,b", 'a"b', "a\nb", "a\tb", "a\r\nb", "π ≤ 0.05", "'a", " a ", "a;b"])
def test_a_cell_with_signs_of_the_format_comes_back_as_it_was(title: str, delimiter: str) -> None:
    (row,) = table(delimited([item_titled(title)], StudyItem, delimiter), delimiter)
    assert row["title"] == title


def test_a_negative_figure_stays_a_figure(client: TestClient) -> None:
    negative = [
        row for item in every(client, "/v1/factors", direction="decreases") for row in _evidence(client, item) if (row["y"] or 0) < 0
    ]
    assert negative
    one = negative[0]
    params = {"exposure": one["exposure"], "outcome": one["outcome"], "format": "csv"}
    rows = {row["finding"]: row for row in table(client.get("/v1/evidence", params=params).text, ",")}
    assert float(rows[one["finding"]]["y"]) == one["y"]


def _evidence(client: TestClient, item: dict[str, Any]) -> list[dict[str, Any]]:
    params = {"exposure": item["exposure"]["id"], "outcome": item["outcome"]["id"]}
    rows: list[dict[str, Any]] = client.get("/v1/evidence", params=params).json()["rows"]
    return rows


def test_a_title_of_a_sheet_can_not_become_a_formula() -> None:
    study = Study.model_validate({"id": "evil-2024", "title": "=cmd|' /C calc'!A0", "read": "abstract"})
    with TestClient(create_app(MemoryStore(build([study], shipped())))) as opened:
        (row,) = table(opened.get("/v1/studies?format=csv").text, ",")
        assert row["title"].startswith("'=")
        assert opened.get("/v1/studies").json()["items"][0]["title"].startswith("=")


# --- the graph ---


def test_the_graph_in_node_link_form_reopens_in_networkx(client: TestClient, graph: EvidenceGraph) -> None:
    response = client.get("/v1/graph")
    assert response.headers["content-type"] == "application/json"
    network = nx.node_link_graph(response.json(), edges="edges")
    assert network.graph["release"] == graph.release
    assert sum(label == "Finding" for _, label in network.nodes(data="label")) == len(graph.observations)
    assert sum(kind == "ASSOCIATED_WITH" for *_, kind in network.edges(data="type")) == len(graph.associations)


def test_the_graph_in_graphml_reopens_in_networkx(client: TestClient) -> None:
    response = client.get("/v1/graph", params={"format": "graphml"})
    assert response.headers["content-type"] == "application/graphml+xml"
    network = nx.parse_graphml(response.text)
    other = nx.node_link_graph(client.get("/v1/graph").json(), edges="edges")
    assert set(network) == set(other)
    assert network.number_of_edges() == other.number_of_edges()


def test_the_graph_of_a_population_holds_only_its_derived_edges(client: TestClient) -> None:
    network = nx.node_link_graph(client.get("/v1/graph", params={"population": "CAA"}).json(), edges="edges")
    populations = {edge["population"] for *_, edge in network.edges(data=True) if edge["type"] == "ASSOCIATED_WITH"}
    assert populations == {"caa"}


# --- methods, unknown addresses, errors ---


@pytest.mark.parametrize("url", ["/nowhere", "/v1", "/v1/", "/v1/nowhere", "/v1/terms/a/b/c", "/v2/factors", "/v1/terms/a%2Fb"])
def test_an_unknown_address_is_a_problem_too(client: TestClient, url: str) -> None:
    problem(client.get(url), 404)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("url", ["/v1/factors", "/v1/terms/r-dwi", "/healthz", "/readyz"])
def test_a_wrong_method_is_a_problem_that_names_the_right_one(client: TestClient, url: str, method: str) -> None:
    response = client.request(method, url)
    problem(response, 405)
    assert response.headers["allow"] == "GET, HEAD, OPTIONS"


def test_an_error_inside_is_a_500_that_tells_nothing_of_it(graph: EvidenceGraph, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("the secret of line 17")

    with TestClient(create_app(MemoryStore(graph)), raise_server_exceptions=False) as opened:
        with monkeypatch.context() as patch:
            patch.setattr(questions.Factors, "answer", broken)
            response = opened.get("/v1/factors")
            problem(response, 500)
            assert "secret" not in response.text
            assert "etag" not in response.headers
        assert opened.get("/v1/factors").status_code == 200


class Away(Store):
    """A store that can't be reached, or that breaks when it is asked."""

    name = "away"

    def __init__(self, error: Exception) -> None:
        self.error = error

    def field(self) -> EvidenceField:
        return shipped()

    def reader(self) -> Reader:
        raise self.error

    @property
    def kept(self) -> KeptReleases:
        raise self.error

    def replace(self, graph: EvidenceGraph) -> None:
        raise self.error

    def still(self, reader: Reader) -> bool:
        raise self.error

    def close(self) -> None:
        """Nothing to close."""


@pytest.mark.parametrize("error", [StoreUnavailable("The store can't be reached."), SnapshotDamaged("The snapshot is damaged.")])
@pytest.mark.parametrize("url", ["/v1/factors", "/v1/studies/menon-2012", "/v1/graph", "/readyz", "/openapi.json"])
def test_a_store_that_is_away_is_a_503_that_says_when_to_ask_again(url: str, error: Exception) -> None:
    with TestClient(create_app(Away(error)), raise_server_exceptions=False) as opened:
        response = opened.get(url)
        assert problem(response, 503)["detail"] == str(error)
        assert int(response.headers["retry-after"]) > 0


def test_the_process_lives_while_the_store_is_away() -> None:
    with TestClient(create_app(Away(StoreUnavailable("away")))) as opened:
        assert opened.get("/healthz").json()["status"] == "ok"


class Tiring(MemoryReader):
    """A reader whose store goes away between two questions."""

    def edges(self, **_: Any) -> Any:
        raise StoreUnavailable("gone")


@pytest.mark.parametrize("url", ["/v1/factors", "/readyz", "/v1/terms/r-dwi/neighbours"])
def test_a_store_that_goes_away_within_a_question_is_a_503(graph: EvidenceGraph, url: str) -> None:
    class Store(MemoryStore):
        def reader(self) -> Reader:
            return Tiring(graph)

    with TestClient(create_app(Store(graph)), raise_server_exceptions=False) as opened:
        response = opened.get(url)
        problem(response, 503)
        assert response.headers["retry-after"]


def test_readiness_is_a_real_answer_of_the_release(client: TestClient, graph: EvidenceGraph) -> None:
    assert client.get("/healthz").json()["status"] == "ok"
    body = client.get("/readyz").json()
    assert (body["status"], body["release"]) == ("ready", graph.release)


# --- odd input ---

ODD = [
    "\0", "a\0b", "a" * 5000, "é" * 1000, "😀", "\u202e", "' OR 1=1 --", "r-dwi'; DROP TABLE studies;--", "}) DETACH DELETE n //",
    "../../etc/passwd", "<script>alert(1)</script>", "${jndi:ldap://x}", "%s%n", "{{7*7}}", "\r\nSet-Cookie: a=b", "null", "NaN", "-1",
    "*", "[", "(?:", "\\", " ", "",
]  # fmt: skip
ASKED = [
    ("/v1/factors", "lesion"),
    ("/v1/outcomes", "exposure"),
    ("/v1/contested", "outcome"),
    ("/v1/prevalence", "lesion"),
    ("/v1/mechanisms", "lesion"),
    ("/v1/factors", "exclude"),
]


@pytest.mark.parametrize("name", ODD, ids=[ascii(one[:20]) for one in ODD])
@pytest.mark.parametrize(("url", "parameter"), ASKED)
def test_an_odd_name_is_unknown_and_nothing_worse(client: TestClient, url: str, parameter: str, name: str) -> None:
    problem(client.get(url, params={parameter: name}), 404)


@pytest.mark.parametrize("name", [one for one in ODD if one.strip()], ids=[ascii(one[:20]) for one in ODD if one.strip()])
def test_an_odd_population_is_unknown_and_nothing_worse(client: TestClient, name: str) -> None:
    problem(client.get("/v1/factors", params={"population": name}), 404)


@pytest.mark.parametrize("name", ["%00", "a%00b", "%F0%9F%98%80", "%27%20OR%201=1", "%FF%FE", "x" * 5000, "%0d%0aSet-Cookie:a=b", "*"])
@pytest.mark.parametrize("url", ["/v1/studies/{}", "/v1/terms/{}", "/v1/terms/{}/neighbours"])
def test_an_odd_name_in_the_address_is_unknown_and_nothing_worse(client: TestClient, url: str, name: str) -> None:
    response = client.get(url.format(name))
    problem(response, 404)
    assert "set-cookie" not in response.headers


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.text(max_size=40))
def test_any_text_is_a_name_or_unknown(client: TestClient, name: str) -> None:
    name = name.encode("utf-8", "replace").decode()
    for url, parameter in (("/v1/factors", "lesion"), ("/v1/terms", "q"), ("/v1/studies", "q")):
        assert client.get(url, params={parameter: name}).status_code in {200, 404}


@pytest.mark.parametrize("query", ["%ff=1", "lesion=%ff", "=", "&&&", "lesion", "lesion=r-dwi&lesion=caa-x", "limit=1;offset=2", "%00=1"])
def test_an_odd_query_string_never_breaks_the_server(client: TestClient, query: str) -> None:
    response = client.get(f"/v1/factors?{query}")
    assert response.status_code in {200, 404, 422}
    assert response.status_code == 200 or response.headers["content-type"] == PROBLEM


# --- what documents the API ---


@pytest.fixture(scope="module")
def openapi(client: TestClient) -> dict[str, Any]:
    document: dict[str, Any] = client.get("/openapi.json").json()
    return document


def test_every_route_of_the_contract_is_there(openapi: dict[str, Any]) -> None:
    assert set(openapi["paths"]) >= {
        "/v1/factors", "/v1/outcomes", "/v1/evidence", "/v1/contested", "/v1/prevalence", "/v1/mechanisms", "/v1/studies",
        "/v1/studies/{id}", "/v1/terms", "/v1/terms/{id}", "/v1/terms/{id}/neighbours", "/v1/graph", "/v1/schema", "/v1/releases/current",
        "/healthz", "/readyz",
    }  # fmt: skip


def test_every_route_says_what_it_answers(openapi: dict[str, Any]) -> None:
    for path, operations in openapi["paths"].items():
        for method, operation in operations.items():
            assert operation.get("summary"), (path, method)
            assert operation.get("description"), (path, method)


def test_every_query_parameter_says_what_it_does(openapi: dict[str, Any]) -> None:
    parameters = [
        (path, one)
        for path, operations in openapi["paths"].items()
        for operation in operations.values()
        for one in operation.get("parameters", [])
        if one["in"] == "query"
    ]
    assert len(parameters) > 50
    assert [(path, one["name"]) for path, one in parameters if not one.get("description")] == []


def test_every_route_of_the_graph_names_its_errors(openapi: dict[str, Any]) -> None:
    for path, operations in openapi["paths"].items():
        if path.startswith("/v1/"):
            assert {"404", "422", "503"} <= set(next(iter(operations.values()))["responses"]), path


EXAMPLE_URLS = {
    "/v1/compare": "/v1/compare?limit=1",
    "/v1/paths": "/v1/paths?from=cerebral-microbleeds&to=poor-functional-outcome&limit=1",
    "/v1/gaps": "/v1/gaps?limit=1",
    "/v1/factors": "/v1/factors?population=caa&limit=1",
    "/v1/outcomes": "/v1/outcomes?limit=1",
    "/v1/evidence": "/v1/evidence?exposure=cerebral-microbleeds&outcome=r-dwi&population=caa",
    "/v1/contested": "/v1/contested?lesion=r-dwi&limit=1",
    "/v1/prevalence": "/v1/prevalence?population=ich-caa",
    "/v1/mechanisms": "/v1/mechanisms?limit=1",
    "/v1/studies": "/v1/studies?limit=1",
    "/v1/terms": "/v1/terms?q=CMBs&limit=1",
    "/v1/terms/{id}": "/v1/terms/r-dwi",
    "/v1/releases/current": "/v1/releases/current",
}


@pytest.mark.parametrize("path", sorted(EXAMPLE_URLS))
def test_an_example_is_a_real_answer_and_fits_its_model(client: TestClient, openapi: dict[str, Any], path: str) -> None:
    example = openapi["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["example"]
    assert example == client.get(EXAMPLE_URLS[path]).json()
    assert served(MODELS[path].model_validate_json(json.dumps(example))) == example


@pytest.mark.parametrize("path", [path for path in MODELS if "{" not in path])
def test_an_answer_fits_its_model(client: TestClient, path: str) -> None:
    needed = {"/v1/evidence": {"exposure": "age", "outcome": "r-dwi"}, "/v1/paths": {"from": "age", "to": "r-dwi"}}
    params = needed.get(path, {})
    response = client.get(path, params=params)
    assert served(MODELS[path].model_validate_json(response.content)) == response.json()


def test_examples_follow_the_release(graph: EvidenceGraph, corpus: tuple[Study, ...]) -> None:
    store = MemoryStore(graph)
    with TestClient(create_app(store)) as opened:
        before = opened.get("/openapi.json").json()["paths"]["/v1/releases/current"]["get"]["responses"]["200"]["content"]
        other = build(corpus[:5], shipped())
        store.replace(other)
        after = opened.get("/openapi.json").json()["paths"]["/v1/releases/current"]["get"]["responses"]["200"]["content"]
    assert before["application/json"]["example"]["release"] == graph.release
    assert after["application/json"]["example"]["release"] == other.release


def test_the_documentation_page_asks_no_other_host(client: TestClient) -> None:
    html = client.get("/docs").text
    assert not re.search(r"(?i)(?:https?:)?//(?!\s)[a-z0-9.-]+\.[a-z]{2,}", html)
    assets = re.findall(r'(?:src|href)="([^"]+)"', html)
    assert assets
    for asset in assets:
        assert asset.startswith("/")
        assert client.get(asset).status_code == 200, asset


def test_the_schema_route_tells_all_types_terms_and_constants(client: TestClient, graph: EvidenceGraph) -> None:
    body = client.get("/v1/schema").json()
    assert {one["label"] for one in body["nodes"]} >= {"Study", "Finding", "Population", "Lesion"}
    assert {one["type"] for one in body["edges"]} >= {"REPORTS", "ASSOCIATED_WITH", "MAY_ACT_THROUGH"}
    assert [one["id"] for one in body["vocabulary"]] == sorted(term.id for term in graph.terms)
    assert {one["id"] for one in body["populations"]} == set(shipped().populations)
    assert body["method"]["constants"]["version"]


def test_the_release_route_counts_what_is_loaded(client: TestClient, graph: EvidenceGraph) -> None:
    body = client.get("/v1/releases/current").json()
    assert body["store"] == "memory"
    assert body["counts"]["studies"] == len(graph.studies)
    assert body["counts"]["findings"] == sum(len(study.findings) for study in graph.studies)
    assert body["counts"]["prevalence"] == sum(len(study.prevalence) for study in graph.studies)
    assert body["counts"]["claims"] == sum(len(study.mechanisms) for study in graph.studies)
    assert body["counts"]["associations"] == len(graph.associations)
    assert body["counts"]["full_text"] == sum(study.read == "full-text" for study in graph.studies)
    assert "rdwi-graph" in body["versions"]


@pytest.mark.parametrize("path", ["/v1/factors", "/factors"])
def test_a_parameter_of_one_value_given_twice_is_refused_not_answered_by_the_last(client: TestClient, path: str) -> None:
    told = client.get(f"{path}?population=ich&population=caa")
    assert told.status_code == 422
    assert "population" in told.text
    assert "takes one value" in told.text
    assert client.get(f"{path}?design=rct&design=cross-sectional").status_code == 200
    assert client.get("/v1/compare?population=caa&population=ich").status_code == 200
    assert client.get("/factors?population=&population=caa").status_code == 200
