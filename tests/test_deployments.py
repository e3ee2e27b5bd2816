"""Every route as proxies, browsers and other pages ask it: HEAD, OPTIONS, gzip, conditions, origins, headers, limits, log."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import re
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from anyio import to_thread
from pydantic import ValidationError
from starlette.testclient import TestClient

from api import logs
from api.app import create_app
from api.cache import Answers
from api.guarded import LARGEST_HEAD, LONGEST_ADDRESS
from graph.build import EvidenceGraph
from graph.settings import Settings
from graph.stores.memory import MemoryStore
from graph.stores.port import Reader
from tests.test_pages import HTML, PAGES

ORIGIN = "https://ward.example.org"
FILES = (
    "/static/style.css", "/static/figures.css", "/static/search.js", "/static/icon.svg", "/static-offline-docs/swagger-ui.css",
    "/static-offline-docs/swagger-ui-bundle.js",
)  # fmt: skip


def addresses(client: TestClient) -> list[str]:
    """Every route, as it is asked by its example."""
    return addresses_of(client.get("/openapi.json").json())


def addresses_of(document: Any) -> list[str]:
    found = []
    for path, operations in document["paths"].items():
        if "get" not in operations:
            continue
        asked: dict[str, Any] = {}
        place = path
        for one in operations["get"].get("parameters", ()):
            if one["in"] == "path":
                place = path.replace(f"{{{one['name']}}}", quote(str(one["example"]), safe=""))
            elif "example" in one:
                asked[one["name"]] = one["example"]
        found.append(f"{place}?{urlencode(asked, doseq=True)}" if asked else place)
    return [*found, *PAGES, *FILES, "/releases", "/changes", "/feed.atom", "/docs", "/openapi.json", "/healthz", "/readyz"]


@pytest.fixture(scope="module")
def shared(graph: EvidenceGraph) -> Iterator[TestClient]:
    """Served for a page of another origin."""
    with TestClient(create_app(MemoryStore(graph), origins=[ORIGIN]), raise_server_exceptions=False) as opened:
        yield opened


def test_head_says_what_get_says_without_a_body_and_options_what_there_is(client: TestClient) -> None:
    for address in addresses(client):
        got, head = client.get(address), client.head(address)
        assert (got.status_code, head.status_code, head.content) == (200, 200, b""), address
        apart = {"x-request-id", "date"}
        assert {k: v for k, v in head.headers.items() if k not in apart} == {k: v for k, v in got.headers.items() if k not in apart}
        options = client.options(address)
        assert (options.status_code, options.content) == (204, b""), address
        assert options.headers["allow"] == ("GET, HEAD, POST, OPTIONS" if address == "/preview" else "GET, HEAD, OPTIONS")
    assert client.options("/v1/preview").headers["allow"] == "POST, OPTIONS"
    assert client.options("/nothing").status_code == 404
    assert client.head("/nothing").status_code == 404


def test_what_is_packed_is_what_is_not_packed(client: TestClient) -> None:
    for address in addresses(client):
        plain = client.get(address, headers={"Accept-Encoding": "identity"})
        packed = client.get(address, headers={"Accept-Encoding": "br, gzip"})
        assert packed.content == plain.content, address
        assert "content-encoding" not in plain.headers
        if packed.headers.get("content-encoding") == "gzip":
            assert "Accept-Encoding" in plain.headers["vary"]
            assert "Accept-Encoding" in packed.headers["vary"]
            if "content-length" in packed.headers:
                assert int(packed.headers["content-length"]) < len(plain.content)
        else:
            assert len(plain.content) < 1024 or plain.headers["content-type"] in {"application/zip", "image/png"}, address


def test_each_packing_has_a_tag_of_its_own(client: TestClient) -> None:
    tags = [client.get("/v1/factors", headers={"Accept-Encoding": one}).headers["etag"] for one in ("gzip", "identity")]
    assert len(set(tags)) == 2
    for tag, encoding in zip(tags, ("gzip", "identity"), strict=True):
        again = client.get("/v1/factors", headers={"Accept-Encoding": encoding, "If-None-Match": tag})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
        assert "Accept-Encoding" in again.headers["vary"]


def test_if_none_match_may_stand_on_several_lines(client: TestClient) -> None:
    tag = client.get("/v1/factors").headers["etag"]
    lines = [("If-None-Match", '"a", "b"'), ("If-None-Match", f"W/{tag}"), ("If-None-Match", '"c"')]
    assert client.get("/v1/factors", headers=lines).status_code == 304  # type: ignore[arg-type]
    assert client.get("/v1/factors", headers=lines[:1]).status_code == 200  # type: ignore[arg-type]


# --- other origins ---


def test_no_other_origin_may_read_unless_it_is_named(client: TestClient, shared: TestClient) -> None:
    for address in ("/v1/factors", "/docs", "/v1/factors?lesion=nothing", "/nothing"):
        asked = {"Origin": ORIGIN}
        assert "access-control-allow-origin" not in client.get(address, headers=asked).headers
        assert client.get(address).headers["cross-origin-resource-policy"] == "same-origin"
        told = shared.get(address, headers=asked).headers
        assert told["access-control-allow-origin"] == ORIGIN
        assert "etag" in told["access-control-expose-headers"].lower()
        assert "access-control-allow-credentials" not in told
        assert told["cross-origin-resource-policy"] == "cross-origin"
        assert "access-control-allow-origin" not in shared.get(address, headers={"Origin": f"{ORIGIN}.evil.org"}).headers
        assert "Origin" in shared.get(address).headers["vary"]
    for method, allowed in (("GET", True), ("HEAD", True), ("POST", False), ("DELETE", False)):
        asked = {"Origin": ORIGIN, "Access-Control-Request-Method": method}
        assert (shared.options("/v1/factors", headers=asked).status_code == 200) is allowed


@pytest.mark.parametrize(
    "wrong", ["ward.example.org", "https://a.org/", "https://a.org/x", "https://*.a.org", "null", "https://a.org https://b.org"]
)
def test_what_is_no_origin_is_refused_at_the_start(wrong: str) -> None:
    with pytest.raises(ValidationError, match="RDWI_CORS"):
        Settings(cors=wrong)


def test_origins_are_parted_by_commas() -> None:
    assert Settings(cors=f"{ORIGIN}, http://localhost:3000,http://[::1]:80").origins == [ORIGIN, "http://localhost:3000", "http://[::1]:80"]
    assert Settings(cors="*").origins == ["*"]
    assert Settings().origins == []


# --- headers, by OWASP's list of secure headers ---


OWASP = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-embedder-policy": "require-corp",
    "cross-origin-resource-policy": "same-origin",
    "x-permitted-cross-domain-policies": "none",
    "x-dns-prefetch-control": "off",
}


class Broken(MemoryStore):
    def reader(self) -> Reader:
        raise RuntimeError("\x1b[2J broken")


def test_every_answer_has_every_header(client: TestClient, graph: EvidenceGraph) -> None:
    wrong: list[tuple[str, str, dict[str, Any], int]] = [
        ("GET", "/nothing", {}, 404),
        ("DELETE", "/v1/factors", {}, 405),
        ("POST", "/v1/preview", {"content": b" " * (2 * 1024**2)}, 413),
        ("GET", f"/v1/factors?lesion={'a' * LONGEST_ADDRESS}", {}, 414),
        ("GET", f"/{'a' * LONGEST_ADDRESS}", {}, 414),
        ("GET", "/v1/factors?nothing=1", {}, 422),
        ("GET", "/v1/factors", {"headers": {f"X-{i}": "a" * 1024 for i in range(LARGEST_HEAD // 1024)}}, 431),
    ]
    with TestClient(create_app(Broken(graph)), raise_server_exceptions=False) as broken:
        answers = [broken.get("/v1/factors"), broken.get("/factors", headers=HTML)]
        assert [one.status_code for one in answers] == [500, 500]
        assert "broken" not in answers[0].text + answers[1].text
    for method, address, more, status in wrong:
        for accept in ({}, HTML):
            answers.append(client.request(method, address, **{**more, "headers": {**accept, **more.get("headers", {})}}))
            assert answers[-1].status_code == status, address[:60]
    answers += [client.get(address) for address in addresses(client)]
    for one in answers:
        assert {name: one.headers.get(name) for name in OWASP} == OWASP, one.url
        policy = one.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'"), one.url
        assert "frame-ancestors 'none'" in policy or one.headers["content-type"].startswith("image/svg"), one.url
        assert "geolocation=()" in one.headers["permissions-policy"]
        assert "server" not in one.headers
        assert "x-powered-by" not in one.headers
        assert re.fullmatch("[0-9a-f]{32}", one.headers["x-request-id"])


def test_no_script_of_docs_is_allowed_but_those_that_it_has(client: TestClient) -> None:
    policy = client.get("/docs").headers["content-security-policy"]
    scripts = re.search(r"script-src ([^;]*)", policy)
    assert scripts is not None
    assert "unsafe" not in scripts[1]
    assert scripts[1].count("'sha256-") == 2


# --- the number of a request ---


@pytest.mark.parametrize("given", ["a-1_b.2", "0af7651916cd43dd8448eb211c80319c", "Root=1-67891233-abcdef012345678912345678"])
def test_a_proxys_number_is_told_again(client: TestClient, given: str) -> None:
    assert client.get("/healthz", headers={"X-Request-ID": given}).headers["x-request-id"] == given


@pytest.mark.parametrize("given", ["", "a b", 'a"b', "a\tb", "\x1b[2J", "a" * 129, "é", "<b>", "a,b", "%0d%0a"])
def test_what_is_no_number_is_none(client: TestClient, given: str) -> None:
    told = client.get("/healthz", headers={"X-Request-ID": given.encode()}).headers["x-request-id"]
    assert re.fullmatch("[0-9a-f]{32}", told)


@pytest.mark.parametrize("form", ["json", "text"])
def test_a_line_of_the_log_has_the_number_and_is_one_line(form: Any, graph: EvidenceGraph, capsys: pytest.CaptureFixture[str]) -> None:
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    try:
        logs.configure(form)
        with TestClient(create_app(Broken(graph)), raise_server_exceptions=False) as broken:
            broken.get("/v1/terms/a%0Aerror%20root:%20all%20is%20lost%1B%5B2J%E2%80%A8", headers={"X-Request-ID": "one"})
    finally:
        root.handlers, root.level = handlers, level
    lines = [one for one in capsys.readouterr().err.splitlines() if "rdwi.api" in one]
    assert len(lines) == 1
    assert "\x1b" not in lines[0]
    assert "all is lost" in lines[0]
    if form == "json":
        told = json.loads(lines[0])
        assert (told["request_id"], told["level"], told["logger"]) == ("one", "error", "rdwi.api")
        assert "RuntimeError" in told["exception"]


def test_control_characters_of_a_message_are_written_out() -> None:
    record = logging.LogRecord("rdwi", logging.WARNING, "", 0, "a %s", ("\x1b]0;b\x07\r\n\x9b2J",), None)
    assert logs._Text("%(message)s").format(record) == "a \\x1b]0;b\\x07\\x0d\\x0a\\x9b2J"


# --- work that nobody waits for ---


def test_work_ends_when_its_client_has_gone(graph: EvidenceGraph) -> None:
    """What waits for its turn isn't begun, and what was begun does not go on to its next step."""
    begun: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        begun.append("first step")
        await asyncio.sleep(0.2)
        begun.append("second step")

    async def main() -> list[Any]:
        sent: list[Any] = []
        messages = [{"type": "http.request", "body": b"", "more_body": False}, {"type": "http.disconnect"}]

        async def receive() -> Any:
            return messages.pop(0)

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {"type": "http", "method": "GET", "path": "/v1/factors", "query_string": b"", "headers": [], "state": {}}
        await Answers(app, MemoryStore(graph))(scope, receive, send)
        await asyncio.sleep(0.4)
        return sent

    assert asyncio.run(main()) == []
    assert begun in ([], ["first step"])


def test_no_more_than_two_previews_work_also_where_who_asked_has_gone(graph: EvidenceGraph, caplog: pytest.LogCaptureFixture) -> None:
    """A thread can't be ended: it counts until it has ended by itself."""
    working = most = begun = 0

    def work() -> None:
        nonlocal working, most, begun
        working += 1
        begun += 1
        most = max(most, working)
        time.sleep(0.1)
        working -= 1

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await to_thread.run_sync(work)
        # a next step, which is not taken
        await asyncio.sleep(0)

    async def asked(answers: Answers) -> None:
        messages = [{"type": "http.request", "body": b"{}", "more_body": False}]

        async def receive() -> Any:
            await asyncio.sleep(0 if messages else 0.02)
            return messages.pop(0) if messages else {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            raise AssertionError(message)

        scope = {"type": "http", "method": "POST", "path": "/v1/preview", "query_string": b"", "headers": [], "state": {}}
        await answers(scope, receive, send)

    async def main() -> None:
        answers = Answers(app, MemoryStore(graph))
        for _ in range(3):
            await asyncio.gather(*(asked(answers) for _ in range(4)))
        await asyncio.sleep(0.4)

    asyncio.run(main())
    gc.collect()
    # or whoever hangs up fills the log
    assert caplog.records == []
    assert most == 2
    # what waited for its turn when its client went was not begun
    assert 2 <= begun < 12


def test_a_page_that_is_still_the_answer_keeps_its_own_policy(client: TestClient) -> None:
    """A browser takes the headers of a 304 in place of those that it kept: by another policy it would block the page's own style sheet."""
    first = client.get("/factors")
    again = client.get("/factors", headers={"If-None-Match": first.headers["etag"]})
    assert again.status_code == 304
    assert again.headers["content-security-policy"] == first.headers["content-security-policy"]
