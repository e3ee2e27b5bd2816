"""Where the graph of a field is kept, by the settings: a folder of this machine, or a Neo4j server."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from graph.build import EvidenceGraph
from graph.settings import Settings
from graph.stores import snapshot
from graph.stores.folder import FolderWriter, is_current, kept_in
from graph.stores.memory import MemoryStore
from graph.stores.port import Held, Report, Store, Writer
from schema.errors import SnapshotUnwritable
from schema.field import EvidenceField

_LOG = logging.getLogger("rdwi")


class Corpus(NamedTuple):
    """What comes with a field: the digest of its files; its studies with what a user of the embedded store had added and taken out; and the
    graph of them.
    """

    digest: str
    joined: Callable[[Held | None], Held]
    built: Callable[[Held], EvidenceGraph]


class Backend(ABC):
    """One place for one field's graph. StoreOfAnotherField where another's is there."""

    @abstractmethod
    def open(self) -> Store:
        """The store, with a graph in it."""

    @abstractmethod
    def writer(self, report: Report | None) -> Writer:
        """The right to write, to be entered."""

    @abstractmethod
    def held(self, writer: Writer) -> Held | None:
        """What a load adds to."""

    @abstractmethod
    def seen(self) -> Held | None:
        """The same, for who does not write."""


class Embedded(Backend):
    """A snapshot file; where it is not of today's corpus, that corpus and the user's sheets, built anew."""

    def __init__(self, folder: Path, field: EvidenceField, corpus: Corpus, most: int) -> None:
        self._folder, self._field, self._corpus, self._most = folder, field, corpus, most

    def open(self) -> Store:
        file, digest = self._folder / snapshot.NAME, self._corpus.digest
        kept = self._current()
        if kept is not None:
            return MemoryStore(kept, file, digest)
        try:
            with self.writer(None) as writer:
                # another program may have written it meanwhile: what it loaded must not be lost
                kept = self._current()
                if kept is not None:
                    return MemoryStore(kept, file, digest)
                graph = self._corpus.built(self._corpus.joined(writer.held()))
                writer.write(graph)
                return MemoryStore(graph, file, digest)
        except SnapshotUnwritable as error:
            _LOG.warning("%s The graph is built anew at each start.", error)
            return MemoryStore(self._corpus.built(self._corpus.joined(self.writer(None).held())))

    def _current(self) -> snapshot.Snapshot | None:
        kept = kept_in(self._folder, self._field)
        return kept if kept is not None and is_current(kept, self._corpus.digest) else None

    def writer(self, report: Report | None) -> Writer:
        del report
        return FolderWriter(self._folder, self._field, self._corpus.digest, self._most)

    def held(self, writer: Writer) -> Held | None:
        held = writer.held()
        return held if held is not None and held.current else self._corpus.joined(held)

    def seen(self) -> Held | None:
        return self.held(self.writer(None))


class Neo4j(Backend):
    """A server, which holds what was loaded into it. The driver takes a second to import, so only those who use it wait for it."""

    def __init__(self, settings: Settings, field: EvidenceField) -> None:
        self._server, self._field, self._most = settings.server, field, settings.keep_releases

    def open(self) -> Store:
        from graph.stores.neo4j.store import Neo4jStore

        store = Neo4jStore(self._server, self._field)
        try:
            store.reader()
        except BaseException:
            store.close()
            raise
        return store

    def writer(self, report: Report | None) -> Writer:
        from graph.stores.neo4j.loading import Neo4jWriter

        return Neo4jWriter(self._server, self._field, report=report, most=self._most)

    def held(self, writer: Writer) -> Held | None:
        return writer.held()

    def seen(self) -> Held | None:
        from graph.stores.neo4j.store import Neo4jStore

        with closing(Neo4jStore(self._server, self._field)) as store:
            return store.held()


def backend_of(settings: Settings, field: EvidenceField, corpus: Corpus) -> Backend:
    """The place that the settings name."""
    return Embedded(settings.folder_of(field.id), field, corpus, settings.keep_releases) if settings.embedded else Neo4j(settings, field)
