"""`rdwi serve`."""

from __future__ import annotations

import logging
import signal
import socket
import sys
import threading
import webbrowser
from contextlib import suppress
from functools import partial
from types import FrameType
from typing import TYPE_CHECKING

from graph.settings import Settings
from schema.errors import PortTaken

if TYPE_CHECKING:
    import uvicorn
    from fastapi import FastAPI
    from starlette.types import ASGIApp

    from api.connections import Waiting
    from graph.stores.port import Store

_LOG = logging.getLogger("rdwi.server")
# seconds that an end waits for the page that is being made
_LAST_PAGE = 10


def run(settings: Settings, host: str, port: int, *, root_path: str = "", open_browser: bool = False) -> None:
    """Serve until interrupted, also where who started it ignores signals. Prints the address when it is listening."""
    # a shell hands ignored interrupts to what it starts in the background, and uvicorn gives back what it found
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, _terminated)
    if sys.platform != "win32" and signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        signal.signal(signal.SIGHUP, _terminated)
    import uvicorn

    from api.app import create_app
    from api.connections import Waiting
    from api.logs import configure
    from graph.opening import open_store

    configure(settings.log_format)
    waiting = Waiting()
    listener = _listen(host, port, waiting)
    try:
        store = open_store(settings)
        app = create_app(store, root_path, settings.report_url, settings.origins)
    except BaseException:
        listener.close()
        raise
    # later, so that the first answer need not share the processor with it
    warming = threading.Timer(1, _warm, [app, store])
    warming.daemon = True
    warming.start()
    address = f"http://{f'[{host}]' if ':' in host else host}:{listener.getsockname()[1]}"
    # pages are served, wherever this goes
    with suppress(OSError):
        print(f"{store.field().title}: {address}  (API: {address}/docs; Ctrl-C ends it)", flush=True)
    if open_browser:
        threading.Timer(0.5, webbrowser.open, [address]).start()
    try:
        uvicorn.Server(_config(app, waiting)).run([listener])
    finally:
        # a thread inside a library's native code when the interpreter ends would abort the process
        warming.cancel()
        warming.join(_LAST_PAGE)


def _terminated(number: int, _: FrameType | None) -> None:
    """Ends by the signal itself; a container's first process, which the signal spares, by status 0."""
    signal.signal(number, signal.SIG_DFL)
    signal.raise_signal(number)
    sys.exit(0)


def _warm(app: FastAPI, store: Store) -> None:
    from api.pages.warm import warm

    # refusals of parameters name those that there are, by the document of the API
    for work in (partial(warm, store), app.openapi):
        try:
            work()
        except Exception:  # noqa: BLE001 - who asks for the page is told; nobody asked yet
            _LOG.debug("not made before anyone asked", exc_info=True)


def _config(app: ASGIApp, waiting: Waiting) -> uvicorn.Config:
    import uvicorn

    from api.connections import LARGEST_HEAD, Connection

    return uvicorn.Config(
        app,
        # uvloop has no use for our listener
        loop="asyncio",
        http=partial(Connection, waiting),  # type: ignore[arg-type]
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        h11_max_incomplete_event_size=LARGEST_HEAD,
        timeout_graceful_shutdown=_LAST_PAGE,
    )


def _listen(host: str, port: int, waiting: Waiting) -> socket.socket:
    from api.connections import Listener

    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        # named as TCP, so that asyncio turns Nagle's algorithm off
        listener = Listener(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.limit(waiting)
        if sys.platform != "win32":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
    except OSError as error:
        raise PortTaken(f"{host}:{port} can't be listened on ({error.strerror}). Choose another with --port.") from error
    listener.listen(2048)
    return listener
