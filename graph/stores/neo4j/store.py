"""Readers of the generation that is current, and the store that hands them out."""

from __future__ import annotations

from collections.abc import Callable, Collection, ItemsView, Iterable, Iterator, Mapping, ValuesView
from datetime import date
from functools import cached_property
from math import inf
from threading import Lock
from typing import Any, TypeVar, cast

from cachetools import LRUCache

from graph.build import EvidenceGraph
from graph.settings import Server
from graph.stores.kept import KeptReleases
from graph.stores.made import Made
from graph.stores.memory import MemoryReader
from graph.stores.neo4j import cypher
from graph.stores.neo4j.connection import Connection, Pointer
from graph.stores.neo4j.history import Neo4jHistory
from graph.stores.neo4j.loading import Neo4jWriter, held_by, readable
from graph.stores.neo4j.rows import records
from graph.stores.port import Held, Reader, Store
from graph.synthesis.method import VERSION
from graph.synthesis.overlap import Patients, patients_of
from schema.answer import Counts
from schema.association import Association, MechanismEdge
from schema.errors import StoreEmpty, StoreOutdated
from schema.field import EvidenceField
from schema.observation import ClaimObservation, Observation, PrevalenceObservation
from schema.study import Study, letter_in, lettered, told_apart
from schema.vocabulary import Term, Vocabulary

# associations and observations that a reader keeps: some kilobytes each
_KEPT = 20_000
_ROW = TypeVar("_ROW", Association, Observation)
_ID = TypeVar("_ID", bound=Study | Term)
_T = TypeVar("_T")


class _ById(Mapping[str, _ID]):
    """Terms or studies by id, each read when it is first asked for; all of them when they are gone through."""

    def __init__(self, some: Callable[[Collection[str]], Iterable[_ID]], every: Callable[[], Iterable[_ID]]) -> None:
        self._some, self._every = some, every
        self._known: dict[str, _ID | None] = {}

    @cached_property
    def _whole(self) -> dict[str, _ID]:
        return {one.id: one for one in self._every()}

    def fetch(self, names: Iterable[str]) -> None:
        """Read those of which it isn't known yet, at once."""
        new = set(names) - self._known.keys()
        if new and "_whole" not in vars(self):
            self._known |= {**dict.fromkeys(new), **{one.id: one for one in self._some(sorted(new))}}

    def __getitem__(self, name: str) -> _ID:
        self.fetch([name])
        found = self._whole.get(name) if "_whole" in vars(self) else self._known[name]
        if found is None:
            raise KeyError(name)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._whole)

    def __len__(self) -> int:
        return len(self._whole)

    def values(self) -> ValuesView[_ID]:
        return self._whole.values()

    def items(self) -> ItemsView[str, _ID]:
        return self._whole.items()


class Neo4jReader(Reader):
    """One generation. It never changes while it is there, so what was read of it is kept; `Store.still` tells whether it is there."""

    def __init__(self, connection: Connection, pointer: Pointer, base: EvidenceField) -> None:
        self._connection = connection
        self.generation, self.load, self.header = pointer.generation, pointer.load, pointer.header
        self._kept: LRUCache[Any, list[Any]] = LRUCache(_KEPT, getsizeof=lambda rows: len(rows) + 1)
        self._lock = Lock()
        self._wholes: dict[str, object] = {}
        self._reading = Lock()
        self._studies = _ById(self._some_studies, self._all_studies)
        self._patients = Made(self._studies, lambda one: patients_of(self._studies[one], self._studies, self._field), inf)
        self._field = base.holding(Vocabulary.stored(_ById(self._some_terms, self._all_terms)))

    def _some_terms(self, names: Collection[str]) -> list[Term]:
        return self._connection.read_records(Term, cypher.NODES_OF, generation=self.generation, label="RdwiTerm", ids=[*names])

    def _some_studies(self, names: Collection[str]) -> list[Study]:
        ids = [f"study:{name}" for name in names]
        found = self._connection.read(cypher.NODES_OF, generation=self.generation, label="Study", ids=ids)
        studies = records(Study, (one["record"] for one in found))
        return [lettered(study, letter_in(one["name"], study.label)) for study, one in zip(studies, found, strict=True)]

    def _all_terms(self) -> list[Term]:
        return self._whole("terms", lambda: self._connection.read_records(Term, cypher.TERMS, generation=self.generation))

    def _all_studies(self) -> Iterable[Study]:
        def read() -> dict[str, Study]:
            return told_apart(self._connection.read_records(Study, cypher.STUDIES, generation=self.generation))

        return self._whole("studies", read).values()

    def _whole(self, what: str, read: Callable[[], _T]) -> _T:
        """What is kept as long as the reader: read by one thread, while others who want it wait."""
        if what not in self._wholes:
            with self._reading:
                if what not in self._wholes:
                    self._wholes[what] = read()
        return cast("_T", self._wholes[what])

    def _once(self, key: Any, read: Callable[[], list[_ROW]]) -> list[_ROW]:
        """Rows that were read before, or now; a list of the caller's own."""
        with self._lock:
            rows = self._kept.get(key)
        if rows is None:
            rows = read()
            if len(rows) < _KEPT:
                with self._lock:
                    self._kept[key] = rows
        return list(rows)

    def release(self) -> str:
        return self.header.release

    def loaded(self) -> date | None:
        return self.header.loaded

    def counts(self) -> Counts:
        return self._whole("counts", lambda: Counts(**self._connection.read(cypher.COUNTS, generation=self.generation)[0].data()))

    def field(self) -> EvidenceField:
        return self._field

    def edges(self, *, exposure: str | None = None, outcome: str | None = None, population: str | None = None) -> list[Association]:
        statement = cypher.EDGES_FROM if exposure is not None else cypher.EDGES_TO if outcome is not None else cypher.EDGES
        asked = {"exposure": exposure, "outcome": outcome, "population": population}

        def read() -> list[Association]:
            found = self._connection.read_records(Association, statement, generation=self.generation, **asked)
            return sorted(found, key=lambda one: one.key)

        return self._once(("edges", *asked.values()), read)

    def findings(
        self,
        *,
        exposures: Collection[str] | None = None,
        outcomes: Collection[str] | None = None,
        populations: Collection[str] | None = None,
        study: str | None = None,
    ) -> list[Observation]:
        sets = {"exposures": exposures, "outcomes": outcomes, "populations": populations}
        asked = {name: None if values is None else sorted(values) for name, values in sets.items()}
        if outcomes is not None:
            statement = cypher.FINDINGS_TO
        elif exposures is not None:
            statement = cypher.FINDINGS_FROM
        else:
            statement = cypher.FINDINGS if study is None else cypher.FINDINGS_OF_STUDY

        def read() -> list[Observation]:
            found = self._connection.read_records(Observation, statement, generation=self.generation, study=study, **asked)
            if statement != cypher.FINDINGS:
                # whoever asks for rows asks for their studies
                self._studies.fetch({row.study for row in found})
            return sorted((row for row in found if study is None or row.study == study), key=lambda row: (row.study, row.position))

        return self._once(("findings", study, *(None if one is None else tuple(one) for one in asked.values())), read)

    def finding_counts(self) -> Mapping[str, int]:
        def read() -> dict[str, int]:
            found = self._connection.read(cypher.FINDING_COUNTS, generation=self.generation)
            return {record["term"]: record["findings"] for record in found}

        return self._whole("finding counts", read)

    def prevalence(
        self, *, lesions: Collection[str] | None = None, populations: Collection[str] | None = None
    ) -> list[PrevalenceObservation]:
        found = self._connection.read_records(
            PrevalenceObservation,
            cypher.PREVALENCE if lesions is None else cypher.PREVALENCE_OF,
            generation=self.generation,
            lesions=None if lesions is None else sorted(lesions),
            populations=None if populations is None else sorted(populations),
        )
        return sorted(found, key=_place)

    def claims(self, *, study: str | None = None) -> list[ClaimObservation]:
        statement = cypher.CLAIMS if study is None else cypher.CLAIMS_OF_STUDY
        return sorted(self._connection.read_records(ClaimObservation, statement, generation=self.generation, study=study), key=_place)

    def mechanism_edges(self) -> list[MechanismEdge]:
        found = self._connection.read_records(MechanismEdge, cypher.MECHANISM_EDGES, generation=self.generation)
        return sorted(found, key=lambda one: (one.kind, one.start, one.end))

    def studies(self) -> Mapping[str, Study]:
        return self._studies

    def patients(self) -> Mapping[str, Patients]:
        return self._patients

    def graph(self) -> EvidenceGraph:
        return EvidenceGraph(
            self.header.release,
            tuple(self.studies().values()),
            # whole, so that it is read when nobody is connected any more
            self.field().holding(self._all_terms()),
            tuple(self.findings()),
            tuple(self.prevalence()),
            tuple(self.claims()),
            tuple(self.edges()),
            tuple(self.mechanism_edges()),
            self.header.user,
            self.header.removed,
        )


class Neo4jStore(Store):
    """A graph in a Neo4j server. Connecting says what is wrong with the server, its version or the graph in it."""

    name = "neo4j"

    def __init__(self, server: Server, field: EvidenceField) -> None:
        self._server, self._field = server, field
        self._connection = Connection(server)
        self._reader: Neo4jReader | None = None
        self._kept_releases = KeptReleases(Neo4jHistory(self._connection, lambda _: None), self.reader, MemoryReader)
        try:
            self.versions = {"neo4j": self._connection.version}
        except BaseException:
            self._connection.close()
            raise

    @property
    def kept(self) -> KeptReleases:
        return self._kept_releases

    def field(self) -> EvidenceField:
        return self._field

    def reader(self) -> Neo4jReader:
        pointer = self._connection.pointer()
        if pointer is None:
            raise StoreEmpty(f"Nothing has been loaded into {self._server.uri} yet. Load sheets with: rdwi load PATH...")
        readable(pointer)
        pointer.header.refuse_unless(self._field, f"Neo4j at {self._server.uri}")
        if not pointer.header.current:
            raise StoreOutdated(
                f"The graph in Neo4j was built by method {pointer.header.method}; this version's is {VERSION}. "
                "Build it anew: rdwi load with any sheet."
            )
        if not pointer.header.of_state(self._field):
            raise StoreOutdated("The graph in Neo4j was built of another state of field.yaml. Build it anew: rdwi load with any sheet.")
        known = self._reader
        if known is None or not _names(pointer, known):
            known = self._reader = Neo4jReader(self._connection, pointer, self._field)
        return known

    def still(self, reader: Reader) -> bool:
        if not isinstance(reader, Neo4jReader):
            # a kept release, which is in memory
            return True
        pointer = self._connection.pointer()
        return pointer is not None and _names(pointer, reader)

    def held(self) -> Held | None:
        """What the server holds, by whatever version of the method; None where it holds nothing."""
        pointer = self._connection.pointer()
        if pointer is not None:
            pointer.header.refuse_unless(self._field, f"Neo4j at {self._server.uri}")
        return held_by(self._connection, self._field)

    def replace(self, graph: EvidenceGraph) -> None:
        with Neo4jWriter(self._server, self._field, self._connection.bookmarks) as writer:
            writer.write(graph)

    def close(self) -> None:
        self._kept_releases.close()
        self._connection.close()


def _names(pointer: Pointer, reader: Neo4jReader) -> bool:
    """Whether the pointer names what the reader reads. The number alone does not tell: a database may have been emptied or imported."""
    return (pointer.generation, pointer.load, pointer.header.release) == (reader.generation, reader.load, reader.release())


def _place(row: PrevalenceObservation | ClaimObservation) -> tuple[str, int]:
    """Study, and place in its sheet: the number at the end of the id."""
    own = row.prevalence if isinstance(row, PrevalenceObservation) else row.claim
    return row.study, int(own.rpartition("-")[2])
