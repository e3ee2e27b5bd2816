"""ETags, conditional requests, and answers that are kept."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

import pytest
from starlette.testclient import TestClient

from api import cache
from api.app import create_app
from api.cache import Answers
from graph import questions
from graph.build import EvidenceGraph, build
from graph.opening import shipped
from graph.questions import lookups
from graph.stores import memory
from graph.stores.memory import MemoryReader, MemoryStore
from graph.stores.port import Reader
from schema.study import Study

# what is kept is kept as it is packed
PLAIN = {"Accept-Encoding": "identity"}
URLS = [
    "/v1/factors",
    "/v1/factors?format=csv",
    "/v1/evidence?exposure=cerebral-microbleeds&outcome=r-dwi",
    "/v1/prevalence",
    "/v1/studies/menon-2012",
    "/v1/terms?q=age",
    "/v1/graph",
    "/v1/schema",
    "/v1/releases/current",
]


@pytest.fixture(scope="module")
def smaller(corpus: tuple[Study, ...]) -> EvidenceGraph:
    """Another release."""
    return build([study for study in corpus if study.id < "m"], shipped())


@pytest.fixture
def store(graph: EvidenceGraph) -> MemoryStore:
    return MemoryStore(graph)


@pytest.fixture
def own(store: MemoryStore) -> Iterator[TestClient]:
    """A client whose application has kept nothing yet."""
    with TestClient(create_app(store), raise_server_exceptions=False) as opened:
        yield opened


def etag(client: TestClient, url: str) -> str:
    found: str = client.get(url).headers["etag"]
    return found


@pytest.mark.parametrize("url", URLS)
def test_an_answer_has_a_strong_etag_and_must_be_asked_for_again(client: TestClient, url: str) -> None:
    response = client.get(url)
    assert response.status_code == 200
    tag = response.headers["etag"]
    assert tag.startswith('"')
    assert tag.endswith('"')
    assert len(tag) > 10
    assert response.headers["cache-control"] == "no-cache"
    assert etag(client, url) == tag


@pytest.mark.parametrize(
    "asked",
    ["{}", "W/{}", '"other", {}', '{}, "other"', '"a","b",W/{}', "  {}  ", '"a" , {} , "b"', "*", " * "],
)
@pytest.mark.parametrize("url", ["/v1/factors", "/v1/factors?format=csv", "/v1/graph"])
def test_if_none_match_that_matches_gives_304_without_a_body(client: TestClient, url: str, asked: str) -> None:
    tag = etag(client, url)
    response = client.get(url, headers={"If-None-Match": asked.replace("{}", tag)})
    assert response.status_code == 304
    assert response.content == b""
    assert response.headers["etag"] == tag
    assert response.headers["cache-control"] == "no-cache"
    assert "content-type" not in response.headers


@pytest.mark.parametrize("asked", ['"other"', 'W/"other"', "", '"*"', "nonsense", '""', '"a", "b"'])
def test_if_none_match_that_does_not_match_gives_the_answer(client: TestClient, asked: str) -> None:
    response = client.get("/v1/factors", headers={"If-None-Match": asked})
    assert response.status_code == 200
    assert response.json()["items"]


def test_an_etag_of_another_address_does_not_match(client: TestClient) -> None:
    response = client.get("/v1/factors", headers={"If-None-Match": etag(client, "/v1/outcomes")})
    assert response.status_code == 200


def test_each_address_has_an_etag_of_its_own(client: TestClient) -> None:
    urls = [
        *URLS, "/v1/factors?population=caa", "/v1/factors?limit=10", "/v1/factors?limit=1", "/v1/factors?limit=10&offset=1",
        "/v1/factors?format=tsv", "/v1/factors?format=json", "/v1/terms/r-dwi", "/v1/terms/age",
    ]  # fmt: skip
    assert len({etag(client, url) for url in urls}) == len(urls)


def test_an_etag_changes_with_the_release_and_comes_back_with_it(
    own: TestClient, store: MemoryStore, graph: EvidenceGraph, smaller: EvidenceGraph
) -> None:
    first = etag(own, "/v1/factors")
    store.replace(smaller)
    second = own.get("/v1/factors", headers={"If-None-Match": first})
    assert second.status_code == 200
    assert second.json()["release"] == smaller.release != graph.release
    assert second.headers["etag"] != first
    store.replace(graph)
    assert etag(own, "/v1/factors") == first


def test_an_etag_changes_with_the_version_of_the_package(graph: EvidenceGraph, monkeypatch: pytest.MonkeyPatch) -> None:
    tags = set()
    for version in ("1.0.0", "1.0.1"):
        monkeypatch.setattr(cache, "package_version", lambda version=version: version)
        with TestClient(create_app(MemoryStore(graph))) as opened:
            tags.add(etag(opened, "/v1/terms/r-dwi"))
    assert len(tags) == 2


def test_two_servers_of_one_release_give_the_same_etag_and_body(client: TestClient, own: TestClient) -> None:
    for url in URLS:
        one, other = client.get(url), own.get(url)
        assert (one.headers["etag"], one.content) == (other.headers["etag"], other.content)


@pytest.mark.parametrize(
    ("url", "status"),
    [("/v1/factors?lesion=zzz", 404), ("/v1/factors?limit=0", 422), ("/v1/nowhere", 404), ("/healthz", 200), ("/readyz", 200)],
)
def test_what_is_no_answer_of_the_graph_has_no_etag(client: TestClient, url: str, status: int) -> None:
    response = client.get(url, headers={"If-None-Match": "*"})
    assert response.status_code == status
    assert "etag" not in response.headers


@pytest.mark.parametrize("url", URLS)
def test_head_gives_the_headers_of_get_and_no_body(client: TestClient, own: TestClient, url: str) -> None:
    head = own.head(url)
    assert head.status_code == 200
    assert head.content == b""
    got = client.get(url)
    for name in ("etag", "content-type", "content-length", "cache-control"):
        assert head.headers[name] == got.headers[name], name
    # and a HEAD that came first doesn't leave an empty answer behind
    assert own.get(url).content == got.content


def test_head_of_a_known_etag_gives_304(client: TestClient) -> None:
    assert client.head("/v1/factors", headers={"If-None-Match": etag(client, "/v1/factors")}).status_code == 304


def test_head_of_an_unknown_name_gives_404_without_a_body(client: TestClient) -> None:
    response = client.head("/v1/factors?lesion=zzz")
    assert (response.status_code, response.content) == (404, b"")


class Counted:
    """Counts how often a question is asked."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, question: type[questions.Question]) -> None:
        self.times = 0
        asked = question.answer

        def counting(*args: Any, **kwargs: Any) -> Any:
            self.times += 1
            return asked(*args, **kwargs)

        monkeypatch.setattr(question, "answer", counting)


def test_the_same_question_is_worked_out_once(own: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    counted = Counted(monkeypatch, questions.Factors)
    answers = [own.get("/v1/factors?limit=3").content for _ in range(3)]
    assert counted.times == 1
    assert len(set(answers)) == 1


def test_another_release_is_worked_out_anew(
    own: TestClient, store: MemoryStore, smaller: EvidenceGraph, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = Counted(monkeypatch, questions.Factors)
    first = own.get("/v1/factors").json()
    store.replace(smaller)
    second = own.get("/v1/factors").json()
    assert counted.times == 2
    assert first["release"] != second["release"]


def test_a_release_that_is_loaded_again_on_another_day_tells_that_day(
    own: TestClient, store: MemoryStore, graph: EvidenceGraph, monkeypatch: pytest.MonkeyPatch
) -> None:
    days = [date(2026, 3, 1), date(2026, 3, 2)]
    told = []
    for day in days:
        monkeypatch.setattr(memory, "today", lambda day=day: day)
        store.replace(graph)
        told.append(own.get("/v1/releases/current").json())
    assert [one["loaded"] for one in told] == [day.isoformat() for day in days]
    assert told[0]["release"] == told[1]["release"]


def test_an_error_is_not_kept(own: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    counted = Counted(monkeypatch, questions.Factors)
    for _ in range(2):
        assert own.get("/v1/factors?lesion=zzz").status_code == 404
    assert counted.times == 2


@pytest.mark.parametrize(("name", "value"), [("_MOST_ANSWERS", 2), ("_MOST_BYTES", 60_000)])
def test_no_more_is_kept_than_there_is_room_for(store: MemoryStore, monkeypatch: pytest.MonkeyPatch, name: str, value: int) -> None:
    monkeypatch.setattr(cache, name, value)
    counted = Counted(monkeypatch, questions.Factors)
    urls = [f"/v1/factors?limit=2&offset={offset}" for offset in range(12)]
    with TestClient(create_app(store), headers=PLAIN) as opened:
        answers = [opened.get(url).content for url in urls]
        assert sum(map(len, answers)) > 60_000
        assert opened.get(urls[-1]).content == answers[-1]
        assert counted.times == len(urls)
        assert opened.get(urls[0]).content == answers[0]
        assert counted.times == len(urls) + 1


@pytest.mark.parametrize("name", ["_MOST_ANSWERS", "_MOST_BYTES"])
def test_an_answer_that_is_asked_for_again_stays_and_one_that_is_not_goes(
    store: MemoryStore, client: TestClient, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    sizes = {url: len(client.get(url).content) for url in (f"/v1/factors?limit=1&offset={offset}" for offset in range(20))}
    # of one size, or so: one that takes a quarter of the room is not kept at all
    urls = sorted(sizes, key=lambda url: sizes[url])[:6]
    monkeypatch.setattr(cache, name, 5 if name == "_MOST_ANSWERS" else sum(sizes[url] for url in urls) - 1)
    counted = Counted(monkeypatch, questions.Factors)
    with TestClient(create_app(store), headers=PLAIN) as opened:
        for url in [*urls[:5], urls[0], urls[5], urls[0]]:
            opened.get(url)
        assert counted.times == 6
        opened.get(urls[1])
        assert counted.times == 7


def test_a_request_reads_one_release_even_if_another_is_loaded_meanwhile(graph: EvidenceGraph, smaller: EvidenceGraph) -> None:
    class Swapping(MemoryStore):
        """Each reader that is handed out is of another release than the one before."""

        def reader(self) -> Reader:
            found = super().reader()
            self.replace(smaller if found.release() == graph.release else graph)
            return found

    with TestClient(create_app(Swapping(graph))) as opened:
        for expected in (graph, smaller, graph, smaller):
            store = MemoryStore(expected)
            assert opened.get("/v1/releases/current").json() == lookups.release(store.reader(), store).model_dump(mode="json")


def test_many_who_ask_at_once_get_the_same_answers(own: TestClient, client: TestClient) -> None:
    urls = [f"/v1/factors?limit=5&offset={offset}" for offset in range(0, 40, 5)] * 4
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda url: own.get(url).content, urls))
    assert answers == [client.get(url).content for url in urls]


class Slow(MemoryStore):
    """Looking for what is current takes a while, and is counted."""

    looks = 0

    def reader(self) -> Reader:
        self.looks += 1
        found = super().reader()
        time.sleep(0.2)
        return found


def test_those_who_ask_at_once_share_a_look_at_what_is_current(graph: EvidenceGraph) -> None:
    store = Slow(graph)
    with TestClient(create_app(store)) as opened, ThreadPoolExecutor(16) as threads:
        opened.get("/v1/terms/r-dwi")
        store.looks = 0
        statuses = list(threads.map(lambda _: opened.get("/v1/terms/r-dwi").status_code, range(48)))
    assert set(statuses) == {200}
    assert store.looks < 24


def test_who_asks_after_a_load_sees_it_though_an_older_look_is_under_way(graph: EvidenceGraph, smaller: EvidenceGraph) -> None:
    store = Slow(graph)
    with TestClient(create_app(store)) as opened, ThreadPoolExecutor(8) as threads:
        for current in (smaller, graph, smaller):
            before = [threads.submit(opened.get, "/v1/releases/current") for _ in range(4)]
            time.sleep(0.05)
            store.replace(current)
            assert opened.get("/v1/releases/current").json()["release"] == current.release
            assert all(one.result().status_code == 200 for one in before)


def test_an_answer_of_a_release_that_went_away_is_asked_again(graph: EvidenceGraph, smaller: EvidenceGraph) -> None:
    class Moving(MemoryStore):
        """The release moves while the first answers are made."""

        moves = 2

        def still(self, reader: Reader) -> bool:
            self.moves -= 1
            return self.moves < 0

    store = Moving(graph)
    with TestClient(create_app(store)) as opened:
        assert opened.get("/v1/terms/r-dwi").status_code == 200
        store.moves = 99
        response = opened.get("/v1/terms/age")
    assert response.status_code == 503
    assert "replaced again and again" in response.json()["detail"]
    assert response.headers["retry-after"]


def test_an_error_of_a_release_that_went_away_is_asked_again(graph: EvidenceGraph) -> None:
    class Broken(MemoryReader):
        def edges(self, **_: Any) -> Any:
            raise KeyError("deleted")

    class Moving(MemoryStore):
        moved = False

        def reader(self) -> Reader:
            return super().reader() if self.moved else Broken(graph)

        def still(self, reader: Reader) -> bool:
            self.moved = True
            return not isinstance(reader, Broken)

    with TestClient(create_app(Moving(graph))) as opened:
        assert opened.get("/v1/factors").status_code == 200


@pytest.mark.parametrize("where", ["reader", "edges"])
def test_a_store_that_hangs_is_a_503_in_time_and_the_next_answer_is_right(graph: EvidenceGraph, where: str) -> None:
    free = threading.Event()

    class Hanging(MemoryReader):
        def edges(self, **given: Any) -> Any:
            free.wait(20)
            return super().edges(**given)

    class Store(MemoryStore):
        def reader(self) -> Reader:
            if where == "reader":
                free.wait(20)
                return super().reader()
            return Hanging(graph)

    inner = create_app(Store(graph))
    limited = next(one for one in inner.user_middleware if one.cls is Answers)
    limited.kwargs.update(looked=0.3, answered=0.3)
    with TestClient(inner) as opened:
        response = opened.get("/v1/factors?limit=1")
        assert response.status_code == 503
        assert "has not answered within 0.3 seconds" in response.json()["detail"]
        assert opened.get("/healthz").status_code == 200
        free.set()
        # what hung may still be ending, and a busy machine may take longer than this server waits
        statuses = (opened.get("/v1/factors?limit=1").status_code for _ in range(200))
        assert next(status for status in statuses if status != 503) == 200
