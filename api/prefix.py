"""The path under which a proxy shows us, as /rdwi: `rdwi serve --root-path`, or what the proxy says in X-Forwarded-Prefix."""

from __future__ import annotations

import re
from contextvars import ContextVar
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# of the request that is answered; every address that is told begins with it
ROOT: ContextVar[str] = ContextVar("ROOT", default="")
# of words alone: nobody can be led to another host by it
PATH = re.compile(r"(?:/(?!\.{1,2}(?:/|$))[A-Za-z0-9._~-]+)+")


def path_of(scope: Scope) -> str:
    """The path of a request without the prefix."""
    path: str = scope["path"]
    return path.removeprefix(scope.get("root_path", ""))


class Prefixed:
    """ASGI middleware: a request has its prefix whether the proxy takes it off or not, and redirects lead to it again."""

    def __init__(self, app: ASGIApp, root: str = "") -> None:
        self._app, self._root = app, root

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        told = Headers(scope=scope).get("x-forwarded-prefix", "").rstrip("/")
        root = self._root or (told if PATH.fullmatch(told) else "")
        path: str = scope["path"]
        if root and not path.startswith(f"{root}/"):
            path = f"{root}/" if path == root else f"{root}{path}"

        async def prefixed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.add_vary_header("X-Forwarded-Prefix")
                parts = urlsplit(headers.get("location", ""))
                if parts.path and not parts.path.startswith(f"{root}/"):
                    headers["location"] = parts._replace(path=f"{root}{parts.path}").geturl()
            await send(message)

        token = ROOT.set(root)
        try:
            await self._app({**scope, "path": path, "root_path": root}, receive, prefixed)
        finally:
            ROOT.reset(token)
