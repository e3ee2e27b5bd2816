"""One loader at a time: a lease, renewed while its holder lives, which another may take when it has run out.

What protects the graph is not the clock but the token: a generation is swapped in only by who holds the lease in that very transaction.
"""

from __future__ import annotations

import getpass
import logging
import os
import socket
import sys
import threading
import uuid
from contextlib import suppress
from pathlib import Path

from neo4j import ManagedTransaction

from graph.stores.neo4j import cypher
from graph.stores.neo4j.connection import Connection
from schema.errors import StoreBusy, StoreUnavailable

_LOG = logging.getLogger("rdwi.store")
LASTS, BEAT = 30.0, 5.0  # seconds


class Lease:
    """Taken and freed by its loader; StoreBusy, with the holder's name, where another has it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._token = uuid.uuid4().hex
        _OWN.add(self._token)
        self._ended = threading.Event()
        self._heart = threading.Thread(target=self._beat, name="rdwi-lease", daemon=True)

    def take(self) -> None:
        self._connection.write(self._take)
        self._heart.start()

    def free(self, connection: Connection) -> None:
        self._ended.set()
        # a beat that waits for a server changes nothing any more
        self._heart.join(timeout=1)
        with suppress(StoreUnavailable):
            connection.write(lambda transaction: transaction.run(cypher.FREE_LEASE, token=self._token).consume())

    def check(self, transaction: ManagedTransaction) -> None:
        """Hold the lease's node locked until the transaction ends; StoreBusy where the lease is another's."""
        transaction.run(cypher.LOCK_LEASE).consume()
        found = transaction.run(cypher.LEASE).single(strict=True)
        if found["token"] != self._token:
            raise StoreBusy(f"{found['holder'] or 'Another program'} took over while this program was not heard of; nothing was changed.")

    def _take(self, transaction: ManagedTransaction) -> None:
        transaction.run(cypher.LOCK_LEASE).consume()
        found = transaction.run(cypher.LEASE).single(strict=True)
        # a transaction that is tried again may find its own token
        held = found["token"] not in {None, self._token} and found["left"] > 0 and not _died(found["token"], found["host"], found["pid"])
        if held:
            raise StoreBusy(
                f"{found['holder']} is loading into this store. Try again when it is done; "
                f"should it have died, its lease ends in {max(1, round(found['left'] / 1000))} seconds."
            )
        holder = f"{_user()} on {socket.gethostname()} (process {os.getpid()})"
        transaction.run(
            cypher.HOLD_LEASE, token=self._token, holder=holder, host=_where(), pid=os.getpid(), milliseconds=_LASTS_MS
        ).consume()

    def _beat(self) -> None:
        while not self._ended.wait(BEAT):
            try:
                self._connection.write(
                    lambda transaction: transaction.run(cypher.RENEW_LEASE, token=self._token, milliseconds=_LASTS_MS).consume()
                )
            except Exception as error:  # noqa: BLE001 - a missed beat is no reason to end a load: the swap asks for the token
                _LOG.warning("The lease could not be renewed: %s", error)


_LASTS_MS = int(LASTS * 1000)
# the tokens that this very process has made
_OWN: set[str] = set()


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "someone"


def _where() -> str:
    """Where process numbers mean the same: the machine since it was started, and on Linux the namespace (containers have their own)."""
    parts = [socket.gethostname()]
    with suppress(OSError):
        parts.append(Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip())
        parts.append(str(Path("/proc/self/ns/pid").readlink()))
    return " ".join(parts)


def _died(token: str, host: str | None, pid: int | None) -> bool:
    """Whether the holder was a program of this machine that is gone: then there is nothing to wait for."""
    if host != _where() or pid is None or sys.platform == "win32":
        return False
    if pid == os.getpid():
        # a container that is started again has the host's name and the process number of the one that was killed
        return token not in _OWN
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
