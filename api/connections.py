"""How many connections are held, and how long one may keep us waiting: what uvicorn leaves to a proxy, for where there is none.

uvicorn waits without end for the rest of a request, and for a client that takes nothing of its answer; and where no file is left for
another connection, asyncio tries again and logs it some thousand times a second.
"""

from __future__ import annotations

import asyncio
import socket
import sys
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

# seconds for a whole request from when it is waited for, and for some of an answer to be taken
PATIENCE = 30.0
# of a request's first line and headers
LARGEST_HEAD = 32 * 1024
# files that are kept for what else is opened: the database, snapshots, static files
_SPARE = 128
_MOST = 8192


class Waiting:
    """The connections that wait for a request, the one that waits longest first; and how many there are in all."""

    def __init__(self, patience: float = PATIENCE) -> None:
        self.patience = patience
        self.open = 0
        self._connections: dict[Connection, None] = {}

    def add(self, one: Connection) -> None:
        self._connections[one] = None

    def discard(self, one: Connection) -> None:
        self._connections.pop(one, None)

    def __contains__(self, one: Connection) -> bool:
        return one in self._connections

    def end_one(self) -> bool:
        """End the one that waits longest; False where none does."""
        for one in self._connections:
            self.discard(one)
            one.transport.abort()
            return True
        return False


class Connection(H11Protocol):
    def __init__(self, waiting: Waiting, **given: Any) -> None:
        super().__init__(**given)
        self._waiting = waiting
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._follow()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._follow()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._follow()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._from_now()

    def resume_writing(self) -> None:
        super().resume_writing()
        if self not in self._waiting:
            self._at_ease()

    def connection_lost(self, exc: Exception | None) -> None:
        self._at_ease()
        self._waiting.discard(self)
        self._waiting.open -= 1
        super().connection_lost(exc)

    def _follow(self) -> None:
        """Whether a request is whole and being answered, or waited for."""
        busy = self.cycle is not None and not self.cycle.response_complete and not self.cycle.more_body
        if busy:
            self._waiting.discard(self)
            if not self.flow.write_paused:
                self._at_ease()
        elif self not in self._waiting and not self.transport.is_closing():
            self._waiting.add(self)
            self._from_now()

    def _from_now(self) -> None:
        self._at_ease()
        self._timer = self.loop.call_later(self._waiting.patience, self.transport.abort)

    def _at_ease(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class Listener(socket.socket):
    """Takes connections as long as there are files for them, then one for one that waits longest."""

    waiting: Waiting
    _full = False
    _most = _MOST

    def limit(self, waiting: Waiting) -> None:
        self.waiting = waiting
        if sys.platform != "win32":
            import resource

            files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
            self._most = min(_MOST, max(files // 2, files - _SPARE))

    def accept(self) -> tuple[socket.socket, Any]:
        if self._full:
            # one at a time, so that what was ended gives back its file
            self._full = False
            raise BlockingIOError
        try:
            connection, address = super().accept()
        except BlockingIOError:
            raise
        except OSError:
            self._full = True
            if self.waiting.end_one():
                raise BlockingIOError from None
            raise
        if self.waiting.open >= self._most:
            self._full = True
            if not self.waiting.end_one():
                # all are being answered
                connection.close()
                raise BlockingIOError
        self.waiting.open += 1
        return connection, address
