"""The contract suite: every store gives the answers that the graph gives as it was built. Questions, filters, paging, names, errors."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from graph.build import EvidenceGraph
from graph.opening import shipped
from graph.stores.memory import MemoryReader, MemoryStore
from graph.stores.port import Reader, Store, today
from tests.conftest import MEMORY, ON_LTS, SYNTHETIC

# --- the port ---

TERMS = [None, "age", "cerebral-microbleeds", "r-dwi", "poor-functional-outcome", "nothing"]
PLACES = [None, "ich", "caa", "ich-caa", "nothing"]
SETS: list[frozenset[str] | None] = [None, frozenset(), frozenset({"r-dwi"}), frozenset({"age", "r-dwi", "nothing"})]
WHERE: list[frozenset[str] | None] = [None, frozenset(), frozenset({"ich"}), frozenset({"ich", "caa", "nothing"})]

READ: dict[str, Callable[[Reader], object]] = {
    "release": lambda reader: reader.release(),
    "field": lambda reader: reader.field(),
    "counts": lambda reader: reader.counts(),
    "terms": lambda reader: (list(reader.terms().terms.items()), reader.terms().canonical()),
    "edges": lambda reader: reader.edges(),
    "findings": lambda reader: reader.findings(),
    "finding_counts": lambda reader: dict(reader.finding_counts()),
    "prevalence": lambda reader: reader.prevalence(),
    "claims": lambda reader: reader.claims(),
    "mechanism_edges": lambda reader: reader.mechanism_edges(),
    "studies": lambda reader: list(reader.studies().items()),
    "patients": lambda reader: dict(reader.patients()),
    "graph": lambda reader: reader.graph(),
}


@pytest.fixture(scope="module")
def asked(store: Store) -> Reader:
    return store.reader()


@pytest.mark.parametrize("what", READ)
def test_a_store_gives_back_what_was_put_in(asked: Reader, reader: MemoryReader, what: str) -> None:
    assert READ[what](asked) == READ[what](reader)


def test_the_day_of_loading_is_known(asked: Reader) -> None:
    loaded = asked.loaded()
    # a run may go past midnight
    assert loaded is not None
    assert today() - timedelta(days=1) <= loaded <= today()


def test_edges_are_those_that_match_sorted(asked: Reader, reader: MemoryReader) -> None:
    for exposure, outcome, population in product(TERMS, TERMS, PLACES):
        found = asked.edges(exposure=exposure, outcome=outcome, population=population)
        assert found == reader.edges(exposure=exposure, outcome=outcome, population=population)


def test_findings_are_those_that_match_sorted(asked: Reader, reader: MemoryReader) -> None:
    for exposures, outcomes, populations in product(SETS, SETS, WHERE):
        found = asked.findings(exposures=exposures, outcomes=outcomes, populations=populations)
        assert found == reader.findings(exposures=exposures, outcomes=outcomes, populations=populations)


@pytest.mark.parametrize("study", ["menon-2012", "wu-2015", "nothing"])
def test_findings_of_a_study_are_those_of_its_sheet(asked: Reader, reader: MemoryReader, study: str) -> None:
    for outcomes in SETS:
        assert asked.findings(study=study, outcomes=outcomes) == reader.findings(study=study, outcomes=outcomes)


def test_prevalence_is_of_the_lesions_and_populations_asked_for(asked: Reader, reader: MemoryReader) -> None:
    for lesions, populations in product(SETS, WHERE):
        assert asked.prevalence(lesions=lesions, populations=populations) == reader.prevalence(lesions=lesions, populations=populations)


def test_what_a_reader_gives_can_be_changed_without_harm(asked: Reader, reader: MemoryReader) -> None:
    for read in (asked.edges, asked.findings, asked.claims, asked.mechanism_edges, asked.prevalence):
        read().clear()  # type: ignore[attr-defined]
    assert asked.edges() == reader.edges()
    assert asked.findings() == reader.findings()


def test_a_reader_of_what_nobody_replaced_is_still_whole(store: Store) -> None:
    assert store.still(store.reader())


def test_a_question_is_asked_of_one_release(store: Store, graph: EvidenceGraph) -> None:
    assert store.ask(lambda reader: (reader.release(), len(reader.studies()))) == (graph.release, len(graph.studies))


def test_an_error_of_a_question_is_its_own(store: Store) -> None:
    with pytest.raises(ZeroDivisionError):
        store.ask(lambda _: 1 / 0)


# --- REST ---

FILTERS = [
    "design=prospective-cohort", "design=retrospective-cohort&design=rct-post-hoc", "design=meta-analysis",
    "adjusted=true", "adjusted=false",
    "randomised=true", "randomised=false", "min_n=100", "min_n=100000", "year_from=2015", "year_to=2012", "year_from=2013&year_to=2018",
    "max_mri_day=7", "max_mri_day=0", "exclude=menon-2012", "exclude=menon-2012&exclude=wu-2015", "indirect=true",
    "adjusted=true&min_n=100&year_from=2012&max_mri_day=30", "indirect=true&adjusted=true",
]  # fmt: skip
NARROW = [
    "kind=csvd-marker", "kind=risk-factor&category=blood-pressure", "category=nothing", "direction=increases", "direction=inconclusive",
    "certainty=low", "contested=true", "contested=false", "min_cohorts=3", "min_cohorts=99",
]  # fmt: skip
PAGES = [
    "limit=3", "limit=3&offset=2", "limit=1&offset=100000", "limit=500", "sort=name", "sort=-name", "sort=weight", "sort=-estimate",
    "sort=patients", "sort=-cohorts", "sort=certainty&limit=5", "format=csv", "format=tsv", "format=csv&limit=2&offset=1",
]  # fmt: skip
WRONG = [
    "limit=0", "limit=501", "offset=-1", "sort=luck", "format=xml", "colour=red", "population=nowhere", "population=CAAA", "min_n=many",
    "exclude=nobody-1999", "exclude=menon-2021", "design=guess", "year_from=1", "max_mri_day=-1", "kind=x", "certainty=sure",
]  # fmt: skip
COMPARED = [
    "",
    "population=ich-lobar&population=ich-deep",
    "population=ich&population=comparison&limit=3",
    "population=caa",
    "population=ICH&population=CAA",
    "lesion=cortical-microinfarct&population=cognitive-impairment&population=comparison",
    "lesion=zzz",
    "lesion=survival&format=csv",
    "population=nowhere&population=caa",
    "population=animal&population=other",
    "population=ich&population=ich-caa&limit=2&offset=1",
]
CHAINS = [
    "from=CMBs&to=poor-functional-outcome",
    "from=hypertension&to=r-dwi&max_length=5",
    "from=age&to=r-dwi&population=ich-both&indirect=true",
    "from=age",
    "from=age&to=zzz",
    "from=age&to=age",
    "from=age&to=r-dwi&max_length=7",
    "from=CMBs&to=survival&format=tsv",
    "from=age&to=gcs",
    "from=CMBs&to=poor-functional-outcome&limit=2&offset=1",
]
GAPS = [
    "",
    "outcome=poor-functional-outcome",
    "lesion=r-dwi&outcome=poor-functional-outcome",
    "state=fair",
    "state=weak&state=fair&format=csv",
    "odds_ratio=1.5&population=ich-caa",
    "odds_ratio=1",
    "odds_ratio=0",
    "state=strong",
    "lesion=zzz",
    "population=animal",
    "limit=3&offset=2",
]
TERM_QUERIES = [
    "q=CMBs",
    "q=mesh:D016657",
    "q=rdwi:r-dwi",
    "q=microbleed",
    "q=haemorrhage&limit=5",
    "q=hemorrhage",
    "kind=mechanism",
    "q=zzzz",
    "q=mikrobleeds",
    "limit=2&offset=300",
]
STUDY_QUERIES = [
    "q=menon",
    "q=PMID:22367992",
    "q=22367992",
    "q=study:menon-2012",
    "q=https://doi.org/10.1002/ANA.22668",
    "q=PMID:1",
    "design=rct",
    "country=china",
    "year_from=2020",
    "q=zzz",
    "limit=4&offset=2",
    "format=csv",
]

URLS = [
    *(f"/v1/{route}?{query}" for route in ("factors", "outcomes", "contested") for query in FILTERS),
    *(f"/v1/factors?population={one}" for one in shipped().populations),
    *(f"/v1/outcomes?population={one}" for one in ("caa", "ich-caa", "stroke", "ICH with both")),
    *(f"/v1/factors?{query}" for query in (*NARROW, *PAGES, *WRONG)),
    *(f"/v1/outcomes?exposure=age&{query}" for query in (*NARROW[:4], *PAGES[:6], *WRONG[:6])),
    *(f"/v1/evidence?exposure=cerebral-microbleeds&outcome=r-dwi&{query}" for query in FILTERS),
    *(f"/v1/prevalence?{query}" for query in FILTERS),
    *(f"/v1/prevalence?population={one}" for one in ("caa", "ich-lobar", "general-population", "nowhere")),
    *(f"/v1/{route}{query}" for route in ("compare?", "paths?from=CMBs&to=r-dwi&", "gaps?") for query in (*FILTERS[::3], *WRONG[::4])),
    *(f"/v1/compare?{query}" for query in COMPARED),
    *(f"/v1/paths?{query}" for query in CHAINS),
    *(f"/v1/gaps?{query}" for query in GAPS),
    *(f"/v1/terms?{query}" for query in TERM_QUERIES),
    *(f"/v1/studies?{query}" for query in STUDY_QUERIES),
    *(f"/v1/terms/{one}" for one in ("r-dwi", "CMBs", "good-functional-outcome", "microbleds", "zzz")),
    *(f"/v1/terms/{one}/neighbours" for one in ("r-dwi", "age", "inflammation", "zzz")),
    *(f"/v1/studies/{one}" for one in ("menon-2012", "wu-2015", "auriel-2012", "menon-2013", "10.1002/ana.22668", "PMID:1")),
    *(f"/v1/{route}?exclude=10.1002/ana.22668&exclude=PMID:26159796" for route in ("factors", "prevalence", "gaps")),
    "/v1/outcomes?exposure=MESH:D016657&population=caa", "/v1/cohorts/cohort:ERICH", "/v1/factors?exclude=PMID:1",
    *(f"/v1/mechanisms?{query}" for query in ("", "lesion=recurrent-ich", "limit=2", "lesion=zzz", "format=csv")),
    "/v1/factors", "/v1/factors?lesion=RDWIL", "/v1/factors?lesion=microbleds", "/v1/factors?lesion=survival", "/v1/outcomes",
    "/v1/outcomes?exposure=CAA&population=caa", "/v1/contested", "/v1/contested?lesion=r-dwi", "/v1/contested?outcome=r-dwi&limit=1",
    "/v1/evidence?exposure=acute-bp-reduction&outcome=r-dwi", "/v1/evidence?exposure=intensive-bp-lowering&outcome=r-dwi&randomised=true",
    "/v1/evidence?exposure=r-dwi&outcome=good-functional-outcome", "/v1/evidence?exposure=age&outcome=age",
    "/v1/evidence?exposure=age", "/v1/evidence?exposure=zzz&outcome=r-dwi", "/v1/evidence?exposure=CMBs&outcome=r-dwi&format=csv",
    "/v1/evidence?exposure=CMBs&outcome=r-dwi&format=zip", "/v1/studies?format=ris", "/v1/factors?format=bibtex",
    "/v1/gaps?format=csl-json",
    "/v1/prevalence", "/v1/prevalence?lesion=age", "/v1/studies", "/v1/terms", "/v1/schema", "/v1/graph", "/v1/graph?format=graphml",
    "/v1/graph?population=caa", "/v1/graph?population=nowhere", "/v1/nothing", "/readyz", "/healthz",
]  # fmt: skip


@pytest.fixture(scope="module")
def over(store: Store) -> Iterator[TestClient]:
    """The API over the store, which stays open after it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store, "close", lambda: None)
        with TestClient(create_app(store), raise_server_exceptions=False) as opened:
            yield opened


KNOWN: dict[str, tuple[Any, ...]] = {}


def seen(client: TestClient, url: str) -> tuple[Any, ...]:
    response = client.get(url)
    return response.status_code, response.headers.get("etag"), response.headers["content-type"], response.content


# of the two that differ from the LTS version in little, every third address; where the graph is large and an answer takes seconds, of all
# every tenth. In two tests: one whose stores and addresses are given in pairs has each store opened, and an application made, for each pair
SOME = [url for number, url in enumerate(URLS) if number % (10 if SYNTHETIC else 3) == 0]
OTHERS = [] if SYNTHETIC else [url for url in URLS if url not in SOME]


def same(over: TestClient, client: TestClient, url: str) -> None:
    if url not in KNOWN:
        KNOWN[url] = seen(client, url)
    assert seen(over, url) == KNOWN[url]


@pytest.mark.parametrize("url", SOME)
def test_an_answer_over_rest_is_the_same_to_the_byte(over: TestClient, client: TestClient, url: str) -> None:
    same(over, client, url)


@pytest.mark.parametrize("store", [MEMORY, ON_LTS], indirect=True, scope="module")
@pytest.mark.parametrize("url", OTHERS)
def test_every_answer_of_the_embedded_store_and_the_lts_version_is_the_same_to_the_byte(
    over: TestClient, client: TestClient, url: str
) -> None:
    same(over, client, url)


def test_only_the_release_says_which_store_it_is(over: TestClient, client: TestClient, store: Store) -> None:
    told, known = (one.get("/v1/releases/current").json() for one in (over, client))
    assert told["store"] == store.name
    assert told["versions"].items() >= known["versions"].items()
    assert {**told, "store": "", "versions": ""} == {**known, "store": "", "versions": ""}


def test_what_was_asked_before_is_asked_again_of_the_store_alone(over: TestClient) -> None:
    first = over.get("/v1/factors?population=caa&limit=2")
    assert over.get("/v1/factors?population=caa&limit=2", headers={"If-None-Match": first.headers["etag"]}).status_code == 304


# --- Python and networkx ---


def test_networkx_has_the_same_nodes_and_edges(store: Store, graph: EvidenceGraph) -> None:
    from graph.python import Graph

    one, other = Graph(store), Graph(MemoryStore(graph))
    for population in (None, "caa"):
        found, known = one.networkx(population), other.networkx(population)
        assert dict(found.nodes(data=True)) == dict(known.nodes(data=True))
        assert list(found.edges(data=True, keys=True)) == list(known.edges(data=True, keys=True))
    assert list(one.networkx("ich", simple=True).edges(data=True)) == list(other.networkx("ich", simple=True).edges(data=True))


# --- another field, in the same process ---

BCG_URLS = [
    "/v1/factors?lesion=tuberculosis", "/v1/factors?lesion=TB&population=tropics", "/v1/factors?lesion=r-dwi",
    "/v1/factors?lesion=tuberculosis&randomised=true", "/v1/factors?lesion=tuberculosis&population=ich",
    "/v1/outcomes?exposure=bcg-vaccination", "/v1/outcomes?exposure=bcg-vaccination&population=tropics&indirect=true",
    "/v1/evidence?exposure=BCG&outcome=TB", "/v1/evidence?exposure=BCG&outcome=TB&population=temperate&year_from=1960",
    "/v1/compare?lesion=tuberculosis", "/v1/gaps?lesion=tuberculosis", "/v1/contested?outcome=tuberculosis", "/v1/terms",
    "/v1/prevalence?lesion=tuberculosis", "/v1/paths?from=BCG&to=TB", "/v1/studies", "/v1/terms/TB/neighbours", "/v1/schema", "/v1/graph",
    "/v1/graph?population=tropics", "/v1/mechanisms?lesion=tuberculosis",
]  # fmt: skip


@pytest.fixture(scope="module")
def bcg_over(bcg_store: Store) -> Iterator[TestClient]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bcg_store, "close", lambda: None)
        with TestClient(create_app(bcg_store), raise_server_exceptions=False) as opened:
            yield opened


@pytest.fixture(scope="module")
def bcg_client(bcg: EvidenceGraph) -> Iterator[TestClient]:
    with TestClient(create_app(MemoryStore(bcg)), raise_server_exceptions=False) as opened:
        yield opened


@pytest.mark.parametrize("what", READ)
def test_a_store_gives_back_another_field_as_it_was_put_in(bcg_store: Store, bcg: EvidenceGraph, what: str) -> None:
    assert READ[what](bcg_store.reader()) == READ[what](MemoryReader(bcg))


@pytest.mark.parametrize("url", BCG_URLS)
def test_an_answer_of_another_field_is_the_same_to_the_byte_whatever_is_asked_of_ours(
    bcg_over: TestClient, bcg_client: TestClient, client: TestClient, url: str
) -> None:
    first = seen(bcg_client, url)
    assert first[0] == (404 if url in {BCG_URLS[2], BCG_URLS[4]} else 200)
    ours = seen(client, url)
    assert ours != first
    assert seen(bcg_over, url) == first == seen(bcg_client, url)
    assert seen(client, url) == ours


def test_the_grid_does_not_shrink() -> None:
    assert len(URLS) == len(set(URLS)) >= 200
