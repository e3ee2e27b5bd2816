"""Loading whole: a new generation beside the old one, one small swap, then the old one deleted in batches.

A loader that dies leaves the old generation as it was; the next one deletes what it left.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from functools import partial
from types import TracebackType
from typing import Any, TypeVar

from neo4j import ManagedTransaction
from neo4j.api import BookmarkManager

from graph.build import EvidenceGraph
from graph.settings import Server
from graph.stores.history import Holds
from graph.stores.neo4j import cypher
from graph.stores.neo4j.connection import Connection, Pointer
from graph.stores.neo4j.history import Neo4jHistory, differing
from graph.stores.neo4j.lease import Lease
from graph.stores.neo4j.rows import FORMAT, edge_rows, node_rows, pointer_row
from graph.stores.port import Held, Report, Writer, today
from graph.synthesis.method import VERSION
from schema.errors import RdwiError, StoreBusy, StoreError, StoreOutdated, StoreUnavailable
from schema.field import EvidenceField
from schema.releases import KEPT
from schema.study import Study
from schema.vocabulary import Term

_LOG = logging.getLogger("rdwi.store")
# rows a transaction: their records are some kilobytes each
NODES, EDGES, DELETED = 2_000, 5_000, 5_000
# a load waits longer for a server than a question does
_PATIENCE = 60.0

_T = TypeVar("_T")


class Neo4jWriter(Writer):
    """Holds the lease. What it writes is seen by all who share its bookmarks, at once and on a cluster too. Of a graph of another
    field nothing is changed.
    """

    def __init__(
        self,
        server: Server,
        field: EvidenceField,
        bookmarks: BookmarkManager | None = None,
        report: Report | None = None,
        most: int = KEPT,
    ) -> None:
        """`most`: how many releases are kept."""
        self._most = most
        self._report = report or (lambda _what, _done, _total: None)
        self._server, self._field = server, field
        self._connection = Connection(server, bookmarks, patience=_PATIENCE)
        self._lease = Lease(self._connection)
        self._history = Neo4jHistory(self._connection, self._lease.check)

    def __enter__(self) -> Neo4jWriter:
        try:
            _ = self._connection.version
            for statement in cypher.SCHEMA:
                self._connection.define(statement)
            (unique,) = self._connection.read(cypher.UNIQUE)
            if not unique["found"]:
                raise StoreError("A constraint of another application is named rdwi_id, so ours can't be made. Rename that one.")
            self._lease.take()
        except BaseException:
            self._connection.close()
            raise
        try:
            pointer = self._connection.pointer()
            if pointer is not None:
                pointer.header.refuse_unless(self._field, f"Neo4j at {self._server.uri}")
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            # a server that is away is not waited for: then the lease runs out by itself
            with closing(Connection(self._server, self._connection.bookmarks)) as patient_no_more:
                self._lease.free(patient_no_more)
        finally:
            self._connection.close()

    def held(self) -> Held | None:
        return held_by(self._connection, self._field)

    def write(self, graph: EvidenceGraph, by: str | None = None) -> None:
        self._clean()
        generation = self._connection.write(self._begin)
        try:
            nodes, edges = self._fill(graph, generation)
            self._remember(graph, generation, by)
            self._swap(graph, generation, nodes, edges)
        except StoreUnavailable:
            # what is left the next load deletes; a server that is away is not waited for once more
            raise
        except BaseException:
            with suppress(RdwiError):
                self._delete(generation, own=True)
            raise
        try:
            self._history.prune(self._most)
            self._clean()
        except RdwiError as error:
            _LOG.warning("%s The new release is in its place; the next load deletes what is left of the old one.", error)

    def _remember(self, graph: EvidenceGraph, generation: int, by: str | None) -> None:
        """Keep the release that is about to be read, before it is."""
        pointer = self._connection.pointer()

        def current() -> Holds:
            assert pointer is not None
            held = held_by(self._connection, self._field)
            assert held is not None
            return Holds(pointer.header, {study.id: study for study in held.studies}, self._field.holding(held.terms))

        self._history.keep(
            Holds.of_graph(graph, today()),
            lambda: differing(self._connection, pointer.generation, generation) if pointer is not None else (),
            release=pointer.header.release if pointer is not None else None,
            current=current,
            by=by,
        )

    def _begin(self, transaction: ManagedTransaction) -> int:
        self._lease.check(transaction)
        return int(transaction.run(cypher.BEGIN).single(strict=True)["generation"])

    def _swap(self, graph: EvidenceGraph, generation: int, nodes: int, edges: int) -> None:
        def swap(transaction: ManagedTransaction) -> None:
            self._lease.check(transaction)
            there = transaction.run(cypher.COUNT_ALL, generation=generation).single(strict=True)
            if (there["nodes"], there["edges"]) != (nodes, edges):
                raise _changed(there["nodes"] + there["edges"], nodes + edges)
            transaction.run(cypher.SWAP, pointer=pointer_row(graph, generation)).single(strict=True)

        try:
            self._connection.write(swap)
        except StoreBusy:
            raise
        except StoreUnavailable:
            # what was lost may be but the word that it is done
            pointer = self._connection.pointer()
            if pointer is None or pointer.generation != generation:
                raise

    def _fill(self, graph: EvidenceGraph, generation: int) -> tuple[int, int]:
        """Write all; how many nodes and edges."""
        nodes = self._send("writing nodes", node_rows(graph, generation), NODES, _create)
        return nodes, self._send("writing edges", edge_rows(graph), EDGES, partial(_connect, generation=generation))

    def _send(
        self, what: str, rows: Iterable[tuple[str, _T]], most: int, create: Callable[[ManagedTransaction, str, list[_T]], int],
    ) -> int:  # fmt: skip
        done = 0
        for kind, batch in _ahead(batches(rows, most)):
            made = self._connection.write(partial(self._held_by_us, create, kind, batch))
            if made != len(batch):
                raise _changed(made, len(batch))
            done += made
            self._report(what, done, 0)
        return done

    def _held_by_us(
        self, create: Callable[[ManagedTransaction, str, list[_T]], int], kind: str, rows: list[_T], transaction: ManagedTransaction
    ) -> int:
        self._lease.check(transaction)
        return create(transaction, kind, rows)

    def _clean(self) -> None:
        """Delete every generation that isn't the current one."""
        pointer = self._connection.pointer()
        current = pointer.generation if pointer is not None else 0
        for record in self._connection.read(cypher.GENERATIONS, current=current):
            self._delete(record["generation"])

    def _delete(self, generation: int, *, own: bool = False) -> None:
        deleted = 0
        while count := self._connection.write(partial(self._delete_some, generation=generation, own=own)):
            deleted += count
            self._report("deleting what is old", deleted, 0)

    def _delete_some(self, transaction: ManagedTransaction, generation: int, *, own: bool) -> int:
        # who has lost the lease without knowing may not delete what its next holder writes, and nobody what is read
        if not own:
            self._lease.check(transaction)
        pointer = transaction.run(cypher.LOCK_POINTER).single()
        if pointer is not None and pointer["generation"] == generation:
            return 0
        return int(transaction.run(cypher.DELETE, generation=generation, most=DELETED).single(strict=True)["deleted"])


def _changed(found: int, expected: int) -> StoreError:
    return StoreError(f"Neo4j has {found} of {expected} nodes or relationships: another program changes this graph. Nothing was changed.")


def _create(transaction: ManagedTransaction, label: str, rows: list[Any]) -> int:
    return transaction.run(cypher.CREATE_NODES[label], rows=rows).consume().counters.nodes_created


def _connect(transaction: ManagedTransaction, type: str, rows: list[Any], generation: int) -> int:
    return transaction.run(cypher.CREATE_EDGES[type], rows=rows, generation=generation).consume().counters.relationships_created


def batches(pairs: Iterable[tuple[str, _T]], most: int) -> Iterator[tuple[str, list[_T]]]:
    """Rows of one kind together, at most so many."""
    waiting: dict[str, list[_T]] = {}
    for kind, row in pairs:
        rows = waiting.setdefault(kind, [])
        rows.append(row)
        if len(rows) >= most:
            yield kind, waiting.pop(kind)
    yield from waiting.items()


def _ahead(items: Iterator[_T]) -> Iterator[_T]:
    """The same items, the next one being made while the server works on this one."""
    with ThreadPoolExecutor(1, "rdwi-rows") as maker:
        coming = maker.submit(next, items, None)
        while (item := coming.result()) is not None:
            coming = maker.submit(next, items, None)
            yield item


def readable(pointer: Pointer) -> None:
    """StoreOutdated where the graph has another format, or was built by a newer version of the method."""
    found, method = pointer.format, pointer.header.method
    if found > FORMAT or _newer(method):
        raise StoreOutdated(
            f"The graph in Neo4j was made by a newer version of this package (format {found}, method {method}; "
            f"this one knows format {FORMAT}, method {VERSION}). Install that version."
        )
    if found != FORMAT:
        raise StoreOutdated(
            f"The graph in Neo4j has format {found}; this version reads format {FORMAT}. Load the sheets again with --fresh."
        )


def held_by(connection: Connection, field: EvidenceField) -> Held | None:
    """What a load adds to, by whatever version of the method; None where there is nothing."""
    pointer = connection.pointer()
    if pointer is None:
        return None
    readable(pointer)
    generation, header = pointer.generation, pointer.header
    studies = connection.read_records(Study, cypher.STUDIES, generation=generation)
    terms = connection.read_records(Term, cypher.TERMS, generation=generation)
    return Held(
        header.release,
        tuple(sorted(studies, key=lambda study: study.id)),
        tuple(terms),
        header.user,
        header.removed,
        header.current and header.of_state(field),
    )


def _newer(method: str) -> bool:
    return method.isdigit() and int(method) > int(VERSION)


__all__ = ["Neo4jWriter", "batches", "held_by", "readable"]
