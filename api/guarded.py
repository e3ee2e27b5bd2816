"""What every request and answer goes through first: limits, a number in the log, HEAD, and the headers that a browser minds."""

from __future__ import annotations

import logging
import re
from uuid import uuid4

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import problem
from api.logs import REQUEST
from api.pages.failures import told
from api.prefix import path_of
from api.report import REPORT

_LOG = logging.getLogger("rdwi.api")
LONGEST_ADDRESS, LARGEST_HEAD = 8 * 1024, 16 * 1024
REQUEST_ID = "X-Request-ID"
# what a proxy may call a request: nothing that a log or a header would take for more than a name
_ID = re.compile(r"[A-Za-z0-9._:/+=@-]{1,128}")
# OWASP's list, but for Strict-Transport-Security, which is for who does TLS
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
    "X-Permitted-Cross-Domain-Policies": "none",
    "X-DNS-Prefetch-Control": "off",
}
# pages, figures and /docs have policies of their own
_NO_PAGE = "default-src 'none'; frame-ancestors 'none'"


class Guarded:
    """ASGI middleware, the outermost. `report_url`: where a page says that something is wrong with it; `shared`: whether pages of other
    origins may read what is here.
    """

    def __init__(self, app: ASGIApp, *, report_url: str | None = None, shared: bool = False) -> None:
        self._app, self._report_url = app, report_url
        self._headers = {**_HEADERS, "Cross-Origin-Resource-Policy": "cross-origin" if shared else "same-origin"}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get(REQUEST_ID, "")
        number = given if _ID.fullmatch(given) else uuid4().hex
        head = scope["method"] == "HEAD"
        path = path_of(scope)
        begun = False

        async def guarded(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers[name] = value
                headers.setdefault("Content-Security-Policy", _NO_PAGE)
                headers[REQUEST_ID] = number
                if path.startswith("/static/"):
                    headers["Cache-Control"] = "public, max-age=31536000, immutable" if b"v=" in scope["query_string"] else "no-cache"
            elif head:
                message = {**message, "body": b""}
            await send(message)

        token, reported = REQUEST.set(number), REPORT.set(self._report_url)
        try:
            refused = _refused(scope)
            if refused is not None:
                await problem(*refused)(scope, receive, guarded)
            else:
                await self._app({**scope, "method": "GET"} if head else scope, receive, guarded)
        except Exception as error:
            _LOG.exception("%s %r failed", scope["method"], path)
            # half an answer can't be taken back: the server breaks the connection off
            if begun:
                raise ConnectionAbortedError from error
            wrong = problem(500, "internal", "Something went wrong on our side; the log says what.")
            await told(scope, wrong)(scope, receive, guarded)
        finally:
            REQUEST.reset(token)
            REPORT.reset(reported)


def _refused(scope: Scope) -> tuple[int, str, str] | None:
    if scope["method"] == "POST" and Headers(scope=scope).get("sec-fetch-site") == "cross-site":
        # else any page that somebody opens could let an intranet's server work
        return 403, "cross-site", "Another site's page may not send this."
    if len(scope.get("raw_path") or scope["path"]) + len(scope["query_string"]) > LONGEST_ADDRESS:
        return 414, "address-too-long", f"The address is longer than {LONGEST_ADDRESS // 1024} KiB."
    if sum(len(name) + len(value) for name, value in scope["headers"]) > LARGEST_HEAD:
        return 431, "headers-too-large", f"The headers are larger than {LARGEST_HEAD // 1024} KiB."
    return None
