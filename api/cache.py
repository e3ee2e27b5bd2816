"""One release a request, ETags, and answers kept for the next who asks the same."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Coroutine, Mapping
from datetime import date
from threading import Lock
from typing import Any, NamedTuple, TypeVar
from urllib.parse import parse_qsl

from anyio import CancelScope
from cachetools import LRUCache
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import of, problem
from api.pages.failures import told
from api.pages.frame import assets
from api.prefix import path_of
from api.releases import ASKED, PATIENCE, Asked
from graph.questions.lookups import package_version
from graph.stores.port import TRIES, Reader, Store, moving
from schema.errors import OlderMethod, RdwiError, StoreUnavailable

SCHEMA = "/openapi.json"
LARGEST_BODY = 1024**2

_T = TypeVar("_T")
# the pages, by the first part of their address, and what else reads a release
_PAGES = frozenset({
    "", "changes", "cite", "cohorts", "compare", "contested", "evidence", "factors", "feed.atom", "gaps", "graph", "mechanisms", "method",
    "outcomes", "preview", "prevalence", "releases", "review", "search", "studies", "terms",
})  # fmt: skip
# of an answer that is still the answer: what a browser keeps of it is replaced by what is told again, the policy of a page too
_TOLD_AGAIN = frozenset({b"etag", b"cache-control", b"vary", b"content-security-policy"})
# what hangs on all that a store keeps, on whether it answers, or on how who asks calls this host
_OF_THE_STORE = frozenset({"/cite", "/readyz", "/v1/releases", "/v1/diff", "/releases", "/changes", "/feed.atom"})
_MOST_OVERDUE = 32
# answers that are made at a time, fewer than there are threads: a look at the store needs one, too
_MOST_ASKING = 32
_MOST_BODIES = 64
_PART = 64 * 1024
_MOST_ANSWERS, _MOST_BYTES = 512, 64 * 1024 * 1024


# day of loading, release, path and query
_Place = tuple[date | None, str, str, bytes]


class _Kept(NamedTuple):
    start: Message
    body: bytes

    def told(self, more: Mapping[str, str]) -> _Kept:
        """The same with these headers."""
        headers = MutableHeaders(raw=list(self.start["headers"]))
        headers.update(more)
        return self._replace(start={**self.start, "headers": headers.raw})


class Answers:
    """ASGI middleware for the API and the pages: hands on a reader of one release (scope["state"]["reader"]), and keeps whole answers by
    release and address. An address always means the same within a release, so a kept answer can't be stale.
    """

    def __init__(self, app: ASGIApp, store: Store, looked: float = 10.0, answered: float = 120.0) -> None:
        """`looked` and `answered`: how long a look at what is current, and an answer, may take, in seconds."""
        self._app, self._store, self._looked, self._answered = app, store, looked, answered
        self._last_look: asyncio.Future[Reader] | None = None
        self._next_look: asyncio.Future[Reader] | None = None
        self._overdue: set[asyncio.Future[Any]] = set()
        self._kept: LRUCache[_Place, _Kept] = LRUCache(_MOST_BYTES, getsizeof=lambda answer: len(answer.body))
        self._lock = Lock()
        self._previews, self._asking, self._bodies = asyncio.Semaphore(2), asyncio.Semaphore(_MOST_ASKING), 0
        # review.yaml is no part of a release
        self._version = f"{package_version()} {assets()} {store.field().review!r}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] == "OPTIONS" or not _reads(path_of(scope)):
            await self._app(scope, receive, send)
            return
        try:
            answer = await self._with_body(scope, receive)
        except _TooLarge:
            refused = problem(413, "too-large", f"The body is larger than {LARGEST_BODY // 1024**2} MiB.")
            await told(scope, refused)(scope, receive, send)
            return
        except RdwiError as error:
            await told(scope, of(error))(scope, receive, send)
            return
        except _Left:
            return
        await self._give(answer, scope, send)

    async def _with_body(self, scope: Scope, receive: Receive) -> _Kept:
        if scope["method"] != "POST":
            # what else comes with a body is not asked by it
            return await self._answer(scope, _again(b""), receive)
        if self._bodies >= _MOST_BODIES:
            raise StoreUnavailable("Many previews are under way. Try again in a moment.")
        self._bodies += 1
        try:
            return await self._answer(scope, _again(await _body(receive)), receive)
        finally:
            self._bodies -= 1

    async def _answer(self, scope: Scope, body: Receive, receive: Receive) -> _Kept:
        """An answer from one release: asked again of the newer one where the release moved meanwhile."""
        given = _given(scope)
        # figures of the asker's own, of which nothing is kept, here or on the way
        private = "add" in given
        # an address alone does not tell what a body asked, or what all that a store keeps is
        tagged = scope["method"] == "GET" and not private and path_of(scope) not in _OF_THE_STORE
        for _ in range(TRIES):
            current = reader = await self._in_time(self._look())
            asked = None
            if "release" in given:
                asked, reader = await self._in_time(run_in_threadpool(self._named, given["release"], current))
            # what has changed since is told beside what was
            key = (f"{reader.release()} {current.release()} {_packed(scope)}", scope["path"], scope["query_string"])
            # the same release may be loaded again on another day
            place = (reader.loaded(), *key)
            with self._lock:
                kept = self._kept.get(place) if tagged else None
            if kept is not None:
                return kept
            try:
                answer = await self._in_time(_while_there(self._ask(reader, asked, scope, body), receive), self._answered)
            except _Left:
                raise
            except Exception:
                if await self._in_time(run_in_threadpool(self._store.still, reader)):
                    raise
                continue
            if await self._in_time(run_in_threadpool(self._store.still, reader)):
                if private:
                    return answer.told({"Cache-Control": "no-store"})
                if tagged and answer.start["status"] == 200:
                    answer = answer.told({"ETag": self._etag(key), "Cache-Control": "no-cache"})
                    self._keep(place, answer)
                return answer
        raise moving()

    def _named(self, name: str, current: Reader) -> tuple[Asked | None, Reader]:
        """The reader of a release, and what is to be said of it. Of one that an older method read, its studies as they are read now."""
        kept = self._store.kept
        entry = kept.named(name)
        if entry.release == current.release():
            return None, current
        try:
            return Asked(entry, current), kept.at(entry, patience=PATIENCE)
        except OlderMethod as error:
            return Asked(entry, current, str(error)), kept.at(entry, patience=PATIENCE, anew=True)

    async def _look(self) -> Reader:
        """A reader of what is current at a moment after this call. Those who ask while a look is under way share the next one:
        it may ask a server, which would else be asked the same by every request at once.
        """
        if self._next_look is None or self._next_look.done():
            self._next_look = asyncio.ensure_future(self._look_after(self._last_look))
        return await asyncio.shield(self._next_look)

    async def _look_after(self, last: asyncio.Future[Reader] | None) -> Reader:
        if last is not None and not last.done():
            await asyncio.wait({last}, timeout=self._looked)
        self._last_look, self._next_look = self._next_look, None
        return await run_in_threadpool(self._store.reader)

    async def _in_time(self, work: Coroutine[Any, Any, _T], seconds: float | None = None) -> _T:
        """What the work gives. A store that hangs is told as away, and what waits for it ends by itself, unheard."""
        seconds = seconds or self._looked
        if len(self._overdue) >= _MOST_OVERDUE:
            work.close()
            raise StoreUnavailable("The store does not answer; many requests already wait for it. Try again in a moment.")
        task = asyncio.ensure_future(work)
        done, _ = await asyncio.wait({task}, timeout=seconds)
        if done:
            return task.result()
        self._overdue.add(task)
        task.add_done_callback(self._late)
        raise StoreUnavailable(f"The store has not answered within {seconds:g} seconds. Try again in a moment.")

    def _late(self, task: asyncio.Future[Any]) -> None:
        self._overdue.discard(task)
        _unheard(task)

    async def _ask(self, reader: Reader, asked: Asked | None, scope: Scope, receive: Receive) -> _Kept:
        """The answer of the app."""
        start: Message = {}
        body: list[bytes] = []

        async def listen(message: Message) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
            else:
                body.append(message.get("body", b""))

        if asked is not None and asked.gone is not None:
            # what is packed can't be put into the body of an error
            scope = {**scope, "headers": [one for one in scope["headers"] if one[0] != b"accept-encoding"]}
        token = ASKED.set(asked)
        try:
            # a preview may take a processor for some seconds: no more than two do, and the others wait without a thread
            async with self._previews if scope["method"] == "POST" else self._asking:
                await self._app({**scope, "state": {**scope.get("state", {}), "reader": reader}}, receive, listen)
        finally:
            ASKED.reset(token)
        answer = _Kept(start, b"".join(body))
        if asked is not None and asked.gone is not None and start["status"] == 200:
            return _gone(answer, asked.gone)
        return answer

    def _etag(self, key: tuple[str, str, bytes]) -> str:
        """Of release, package version, state of the pages' templates, the review's record, and address, which holds the format."""
        release, path, query = key
        digest = hashlib.sha256(b"\0".join((release.encode(), self._version.encode(), path.encode(), query)))
        return f'"{digest.hexdigest()[:32]}"'

    def _keep(self, key: _Place, answer: _Kept) -> None:
        if len(answer.body) > _MOST_BYTES // 4:
            return
        with self._lock:
            self._kept[key] = answer
            if len(self._kept) > _MOST_ANSWERS:
                self._kept.popitem()

    async def _give(self, answer: _Kept, scope: Scope, send: Send) -> None:
        headers = Headers(raw=answer.start["headers"])
        etag = headers.get("etag")
        # a list may stand on several lines
        asked = ",".join(Headers(scope=scope).getlist("if-none-match"))
        if etag is not None and asked and _matches(asked, etag):
            kept = [(name, value) for name, value in answer.start["headers"] if name in _TOLD_AGAIN]
            await send({"type": "http.response.start", "status": 304, "headers": kept})
            await send({"type": "http.response.body", "body": b""})
            return
        # a copy, for what is told to one who asks is not to be kept
        await send({**answer.start, "headers": list(answer.start["headers"])})
        # a part at a time, so that a slow reader holds no copy of all of it
        body = memoryview(answer.body)
        for at in range(0, len(body), _PART):
            await send({"type": "http.response.body", "body": bytes(body[at : at + _PART]), "more_body": True})
        await send({"type": "http.response.body", "body": b""})


def _given(scope: Scope) -> dict[str, str]:
    """The parameters of an address; of one that is given twice the first."""
    return dict(reversed(parse_qsl(scope["query_string"].decode("latin-1"))))


def _gone(answer: _Kept, why: str) -> _Kept:
    """The answer of the same studies, as the body of an error: 410, since what it was is not to be had any more."""
    answer = _Kept({**answer.start, "status": 410}, answer.body)
    if not Headers(raw=answer.start["headers"]).get("content-type", "").startswith("application/json"):
        return answer
    told = problem(410, "older-method", f"{why} What the same studies say now stands in `now`.")
    body = json.dumps({**json.loads(bytes(told.body)), "now": json.loads(answer.body)}, ensure_ascii=False).encode()
    return _Kept(answer.start, body).told({"content-type": "application/problem+json", "content-length": str(len(body))})


def _reads(path: str) -> bool:
    return path.startswith(("/v1/", "/readyz", SCHEMA)) or path.lstrip("/").partition("/")[0] in _PAGES


def _packed(scope: Scope) -> str:
    """How the answer is packed, as starlette tells it."""
    return "gzip" if "gzip" in Headers(scope=scope).get("accept-encoding", "") else ""


class _Left(Exception):
    """Who asked has gone."""


def _unheard(task: asyncio.Future[Any]) -> None:
    """What became of work that nobody waits for is taken, so that nobody warns that it was not."""
    if not task.cancelled():
        task.exception()


async def _while_there(work: Coroutine[Any, Any, _T], receive: Receive) -> _T:
    """What the work gives. It ends, at its next step, where who asked has gone before: a thread can't be ended, and counts until it has."""
    stop = CancelScope()

    async def whole() -> _T:
        # of a scope a thread is waited for, of a task not
        with stop:
            return await work
        raise _Left

    async def left() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass

    working, leaving = asyncio.ensure_future(whole()), asyncio.ensure_future(left())
    working.add_done_callback(_unheard)
    try:
        await asyncio.wait({working, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise _Left
        return working.result()
    finally:
        stop.cancel()
        leaving.cancel()


class _TooLarge(Exception):
    """The body of a request is larger than any route takes."""


def _again(body: bytes) -> Receive:
    """A body that is given to each who asks: an answer may have to be made twice."""

    async def again() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return again


async def _body(receive: Receive) -> bytes:
    """The body read whole."""
    body = b""
    more = True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > LARGEST_BODY:
            raise _TooLarge
    return body


def _matches(asked: str, etag: str) -> bool:
    """If-None-Match by weak comparison (RFC 9110, 13.1.2)."""
    return asked.strip() == "*" or etag in {one.strip().removeprefix("W/") for one in asked.split(",")}
