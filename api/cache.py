"""One release a request, ETags, and answers kept for the next who asks the same."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from threading import Lock
from typing import NamedTuple

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import of
from graph.questions import package_version
from graph.stores.port import Store
from schema.errors import RdwiError

_MOST_ANSWERS, _MOST_BYTES = 512, 64 * 1024 * 1024


class _Kept(NamedTuple):
    start: Message
    body: bytes


class Answers:
    """ASGI middleware for GET under /v1: hands on a reader of one release (scope["state"]["reader"]), and keeps whole answers by
    release and address. An address always means the same within a release, so a kept answer can't be stale.
    """

    def __init__(self, app: ASGIApp, store: Store) -> None:
        self._app, self._store = app, store
        self._kept: OrderedDict[tuple[str, str, bytes], _Kept] = OrderedDict()
        self._bytes = 0
        self._lock = Lock()
        self._version = package_version()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(("/v1/", "/readyz")):
            await self._app(scope, receive, send)
            return
        try:
            # looking for a newer release may ask the disk or a server
            reader = await run_in_threadpool(self._store.reader)
            release = reader.release()
        except RdwiError as error:
            await of(error)(scope, receive, send)
            return
        scope.setdefault("state", {})["reader"] = reader
        if scope["method"] not in {"GET", "HEAD"} or scope["path"] == "/readyz":
            await self._app(scope, receive, send)
            return
        key = (release, scope["path"], scope["query_string"])
        kept = self._kept.get(key)
        if kept is None:
            kept = await self._ask(key, scope, receive)
        await self._give(kept, scope, send)

    async def _ask(self, key: tuple[str, str, bytes], scope: Scope, receive: Receive) -> _Kept:
        """The answer of the app, kept if it is one."""
        start: Message = {}
        body: list[bytes] = []

        async def listen(message: Message) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
            else:
                body.append(message.get("body", b""))

        await self._app({**scope, "method": "GET"}, receive, listen)
        answer = _Kept(start, b"".join(body))
        if start["status"] == 200:
            headers = MutableHeaders(raw=list(start["headers"]))
            headers["ETag"] = self._etag(key)
            headers["Cache-Control"] = "no-cache"
            answer = _Kept({**start, "headers": headers.raw}, answer.body)
            self._keep(key, answer)
        return answer

    def _etag(self, key: tuple[str, str, bytes]) -> str:
        """Of release, package version and address, which holds the format."""
        release, path, query = key
        digest = hashlib.sha256(b"\0".join((release.encode(), self._version.encode(), path.encode(), query)))
        return f'"{digest.hexdigest()[:32]}"'

    def _keep(self, key: tuple[str, str, bytes], answer: _Kept) -> None:
        if len(answer.body) > _MOST_BYTES // 4:
            return
        with self._lock:
            if key not in self._kept:
                self._kept[key] = answer
                self._bytes += len(answer.body)
            while len(self._kept) > _MOST_ANSWERS or self._bytes > _MOST_BYTES:
                _, oldest = self._kept.popitem(last=False)
                self._bytes -= len(oldest.body)

    async def _give(self, answer: _Kept, scope: Scope, send: Send) -> None:
        headers = Headers(raw=answer.start["headers"])
        etag = headers.get("etag")
        asked = Headers(scope=scope).get("if-none-match", "")
        if etag is not None and asked and _matches(asked, etag):
            kept = [(name, value) for name, value in answer.start["headers"] if name in {b"etag", b"cache-control"}]
            await send({"type": "http.response.start", "status": 304, "headers": kept})
            await send({"type": "http.response.body", "body": b""})
            return
        await send(answer.start)
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else answer.body})


def _matches(asked: str, etag: str) -> bool:
    """If-None-Match by weak comparison (RFC 9110, 13.1.2)."""
    return asked.strip() == "*" or etag in {one.strip().removeprefix("W/") for one in asked.split(",")}
