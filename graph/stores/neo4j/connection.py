"""The driver, its sessions, and its errors in our words."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any, LiteralString, NamedTuple, TypeVar

from neo4j import READ_ACCESS, WRITE_ACCESS, Driver, GraphDatabase, ManagedTransaction, Record, unit_of_work
from neo4j.api import BookmarkManager
from neo4j.exceptions import (
    AuthError,
    ConfigurationError,
    ConnectionPoolError,
    ConstraintError,
    DriverError,
    Forbidden,
    Neo4jError,
    ServiceUnavailable,
    SessionExpired,
    TransientError,
    UnsupportedServerProduct,
)
from pydantic import BaseModel, ValidationError

from graph.release import ReleaseHeader
from graph.settings import Server
from graph.stores.neo4j import cypher
from graph.stores.neo4j.rows import records
from schema.errors import RdwiError, StoreDenied, StoreError, StoreUnavailable, StoreUnsupported

OLDEST = (5, 26)
_CONNECT, _ACQUIRE, _LIVENESS, _RETRY, _READ, _READ_ALL, _WRITE = 5.0, 10.0, 30.0, 3.0, 30.0, 600.0, 600.0  # seconds
# the server logs in with these after the caller's own mistakes, not its own
_DENIED = "Neo.ClientError.Security."

# the driver warns of each try; where nobody has set logging up, what came of them in the end is told once, by the error
logging.getLogger("neo4j").addHandler(logging.NullHandler())

_T = TypeVar("_T")
_M = TypeVar("_M", bound=BaseModel)
Work = Callable[[ManagedTransaction], _T]


class Pointer(NamedTuple):
    """Which generation is read: the load that wrote it, the format of its records, and what the release says of itself."""

    generation: int
    load: str | None
    format: int
    header: ReleaseHeader


class Connection:
    """One driver, whose sessions all see what the others of it wrote, also on a cluster.

    Raises the errors of schema/errors.py: StoreUnavailable where trying again may help, StoreDenied, StoreUnsupported, StoreError.
    """

    def __init__(self, server: Server, bookmarks: BookmarkManager | None = None, *, patience: float = _RETRY) -> None:
        """`patience`: how long a transaction is tried again, in seconds."""
        self._server = server
        with self._telling():
            self._driver: Driver = GraphDatabase.driver(
                server.uri,
                auth=(server.user, server.password.get_secret_value()),
                connection_timeout=_CONNECT,
                connection_acquisition_timeout=_ACQUIRE,
                max_transaction_retry_time=patience,
                # a connection that has been idle may be dead without anybody's having said so
                liveness_check_timeout=_LIVENESS,
                notifications_min_severity="OFF",
                telemetry_disabled=True,
            )
        self.bookmarks = bookmarks or GraphDatabase.bookmark_manager()

    def close(self) -> None:
        self._driver.close()

    @cached_property
    def version(self) -> str:
        """The server's version; StoreUnsupported where it is too old."""
        # without a second try: who starts a program with a wrong address is told at once
        with self._telling():
            self._driver.verify_connectivity()
        (record,) = self.read(cypher.COMPONENTS)
        version = str(record["version"])
        numbers = re.findall(r"\d+", version)
        if tuple(int(one) for one in numbers[:2]) < OLDEST:
            oldest = ".".join(map(str, OLDEST))
            raise StoreUnsupported(f"{self._server.uri} is Neo4j {version}; this needs {oldest} LTS or newer.")
        return version

    def pointer(self) -> Pointer | None:
        """What is current; None where nothing has been loaded."""
        for found in self.read(cypher.POINTER):
            try:
                return Pointer(found["generation"], found["load"], found["format"], ReleaseHeader.model_validate(found["header"]))
            except ValidationError as error:
                raise StoreError("The pointer to the graph in Neo4j is damaged. Load the sheets again with --fresh.") from error
        return None

    def read(self, statement: LiteralString, **parameters: Any) -> list[Record]:
        """What a statement gives, in a transaction of its own that may not write."""
        return self._read(lambda transaction: list(transaction.run(statement, parameters)), _seconds(statement))

    def read_records(self, model: type[_M], statement: LiteralString, **parameters: Any) -> list[_M]:
        """The objects of the `record`s that a statement gives, made as they come in.

        Those of a whole graph may take long: what makes a hundred thousand objects is no query that runs away.
        """
        seconds = _seconds(statement)
        return self._read(lambda transaction: records(model, (one["record"] for one in transaction.run(statement, parameters))), seconds)

    def _read(self, work: Work[_T], seconds: float) -> _T:
        with (
            self._telling(),
            self._driver.session(
                database=self._server.database, default_access_mode=READ_ACCESS, bookmark_manager=self.bookmarks
            ) as session,
        ):
            return session.execute_read(unit_of_work(timeout=seconds)(work))

    def write(self, work: Work[_T]) -> _T:
        """What `work` gives, in a transaction that is tried again where that helps; so `work` must give the same when it is run again."""
        timed = unit_of_work(timeout=_WRITE)(work)
        with (
            self._telling(),
            self._driver.session(
                database=self._server.database, default_access_mode=WRITE_ACCESS, bookmark_manager=self.bookmarks
            ) as session,
        ):
            return session.execute_write(timed)

    def define(self, statement: LiteralString) -> None:
        """Run a statement of schema, which may not share a transaction with data."""
        self.write(lambda transaction: transaction.run(statement).consume())

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """The driver's errors, told as ours."""
        try:
            yield
        except (Neo4jError, DriverError, OSError, ValueError) as error:
            raise self._told(error) from error

    def _told(self, error: Exception) -> RdwiError:
        uri, server = self._server.uri, self._server
        match error:
            case UnsupportedServerProduct():
                return StoreUnsupported(f"{uri} is no Neo4j server that this can speak to: {error}")
            case Neo4jError(code="Neo.ClientError.Security.CredentialsExpired"):
                return StoreDenied(f"{uri} wants {server.user!r} to change the first password before anything else.")
            case AuthError():
                return StoreDenied(f"{uri} refuses user {server.user!r} with this password: see RDWI_NEO4J_USER and RDWI_NEO4J_PASSWORD.")
            case Forbidden():
                return StoreDenied(f"{uri} doesn't let {server.user!r} do this: {error.message}")
            case Neo4jError(code="Neo.ClientError.Database.DatabaseNotFound"):
                return StoreDenied(f"{uri} has no database {server.database!r}: see RDWI_NEO4J_DATABASE.")
            case Neo4jError(code=str(code)) if code.startswith("Neo.ClientError.Transaction.TransactionTimedOut"):
                return StoreUnavailable(f"{uri} took too long to answer; try again later.")
            case ServiceUnavailable() | SessionExpired() | ConnectionPoolError() | TransientError() | OSError():
                return StoreUnavailable(f"Neo4j at {uri} can't be reached now ({_reason(error)}).")
            case Neo4jError(code=str(code)) if code.startswith(_DENIED):
                return StoreDenied(f"{uri} refuses {server.user!r}: {error.message}")
            case ConstraintError():
                return StoreDenied(f"A constraint of another application in {uri} forbids what is to be written: {error.message}")
            case ConfigurationError() | ValueError():
                return StoreDenied(f"{uri} can't be connected to as it is written: {_reason(error)}. See RDWI_STORE.")
            case _:
                return StoreError(f"Neo4j at {uri} answered with an error: {_reason(error)}")


def _seconds(statement: LiteralString) -> float:
    return _READ_ALL if statement in cypher.WHOLE else _READ


def _reason(error: Exception) -> str:
    """The last line, which is where the driver says why."""
    return (str(error).strip().splitlines() or [type(error).__name__])[-1].rstrip(".")
