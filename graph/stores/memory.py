"""The embedded store: the graph in memory, from a snapshot file or as built."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from graph.build import EvidenceGraph
from graph.stores import snapshot
from graph.stores.folder import FolderWriter
from graph.stores.kept import KeptReleases
from graph.stores.port import Reader, Store, today
from graph.stores.sqlite import SqliteHistory
from graph.synthesis.overlap import Patients, all_patients
from schema.answer import Counts
from schema.association import Association, MechanismEdge
from schema.errors import SnapshotDamaged, StoreOfAnotherField
from schema.field import EvidenceField
from schema.observation import ClaimObservation, Observation, PrevalenceObservation
from schema.releases import KEPT
from schema.study import Study, told_apart

_LOG = logging.getLogger("rdwi.store")
_R = TypeVar("_R", Observation, PrevalenceObservation)
_T = TypeVar("_T")


_Key = tuple[str, str, str]


class MemoryReader(Reader):
    """One release in memory: a built graph, or a snapshot whose records are made when they are asked for."""

    def __init__(self, source: EvidenceGraph | snapshot.Snapshot, loaded: date | None = None) -> None:
        self._source = source
        self._loaded = source.header.loaded if isinstance(source, snapshot.Snapshot) else loaded or today()

    @cached_property
    def _studies(self) -> Mapping[str, Study]:
        return told_apart(self._source.studies)

    @cached_property
    def _patients(self) -> Mapping[str, Patients]:
        return all_patients(self._studies, self._source.field)

    @cached_property
    def _by_outcome(self) -> Mapping[str, list[Observation]]:
        return _index((observation.outcome, observation) for observation in self._source.observations)

    @cached_property
    def _by_exposure(self) -> Mapping[str, list[Observation]]:
        return _index((observation.exposure, observation) for observation in self._source.observations)

    @cached_property
    def _edges(self) -> dict[_Key, Association | None]:
        """The associations by (exposure, outcome, population); None until one is asked for."""
        if isinstance(self._source, EvidenceGraph):
            return {(one.exposure.id, one.outcome.id, one.population.id): one for one in self._source.associations}
        return dict.fromkeys(self._source.association_lines)

    @cached_property
    def _keys_by_exposure(self) -> Mapping[str, list[_Key]]:
        return _index((key[0], key) for key in self._edges)

    @cached_property
    def _keys_by_outcome(self) -> Mapping[str, list[_Key]]:
        return _index((key[1], key) for key in self._edges)

    def _edge(self, key: _Key) -> Association:
        found = self._edges[key]
        if found is None:
            assert isinstance(self._source, snapshot.Snapshot)
            found = self._edges[key] = self._source.association(key)
        return found

    def release(self) -> str:
        return self._source.release

    def loaded(self) -> date | None:
        return self._loaded

    def counts(self) -> Counts:
        return Counts(
            studies=len(self._studies),
            terms=len(self._source.terms),
            findings=len(self._source.observations),
            prevalence=len(self._source.prevalence),
            claims=len(self._source.claims),
            associations=len(self._edges),
            mechanism_edges=len(self._source.mechanisms),
            full_text=sum(study.read == "full-text" for study in self._studies.values()),
        )

    def field(self) -> EvidenceField:
        return self._source.field

    def edges(self, *, exposure: str | None = None, outcome: str | None = None, population: str | None = None) -> list[Association]:
        keys: Iterable[_Key] = self._edges
        if exposure is not None:
            keys = self._keys_by_exposure.get(exposure, ())
        elif outcome is not None:
            keys = self._keys_by_outcome.get(outcome, ())
        return [self._edge(key) for key in keys if (outcome is None or key[1] == outcome) and (population is None or key[2] == population)]

    def findings(
        self,
        *,
        exposures: Collection[str] | None = None,
        outcomes: Collection[str] | None = None,
        populations: Collection[str] | None = None,
        study: str | None = None,
    ) -> list[Observation]:
        rows: Iterable[Observation]
        if outcomes is not None:
            rows = (row for outcome in outcomes for row in self._by_outcome.get(outcome, ()))
        elif exposures is not None:
            rows = (row for exposure in exposures for row in self._by_exposure.get(exposure, ()))
        else:
            rows = self._source.observations
        return sorted(
            (
                row
                for row in _inside(rows, populations)
                if (exposures is None or row.exposure in exposures) and (study is None or row.study == study)
            ),
            key=lambda row: (row.study, row.position),
        )

    def finding_counts(self) -> Mapping[str, int]:
        return Counter(name for observation in self._source.observations for name in {observation.row.exposure, observation.row.outcome})

    def prevalence(
        self, *, lesions: Collection[str] | None = None, populations: Collection[str] | None = None
    ) -> list[PrevalenceObservation]:
        rows = _inside(self._source.prevalence, populations)
        return [row for row in rows if lesions is None or row.row.lesion in lesions]

    def claims(self) -> list[ClaimObservation]:
        return list(self._source.claims)

    def mechanism_edges(self) -> list[MechanismEdge]:
        return list(self._source.mechanisms)

    def studies(self) -> Mapping[str, Study]:
        return self._studies

    def patients(self) -> Mapping[str, Patients]:
        return self._patients

    def graph(self) -> EvidenceGraph:
        return self._source if isinstance(self._source, EvidenceGraph) else self._source.graph()

    def laid_out(self) -> EvidenceGraph:
        return self._source if isinstance(self._source, EvidenceGraph) else self._source.laid_out()


class MemoryStore(Store):
    """The embedded store. With a `file` it is what the snapshot there holds, and each reader sees the newest one."""

    name = "memory"

    def __init__(self, source: EvidenceGraph | snapshot.Snapshot, file: Path | None = None, shipped: str = "") -> None:
        self._reader = MemoryReader(source)
        self._file, self._shipped = file, shipped
        self._seen = _stamp(file)
        self._kept = KeptReleases(SqliteHistory(file.parent) if file is not None else None, self.reader, MemoryReader)

    @property
    def kept(self) -> KeptReleases:
        return self._kept

    def field(self) -> EvidenceField:
        return self._reader.field().base

    def reader(self) -> Reader:
        stamp = _stamp(self._file)
        if self._file is not None and stamp is not None and stamp != self._seen:
            try:
                newest = snapshot.read(self._file, self._reader.field())
                if newest.header.of_state(newest.field):
                    self._reader = MemoryReader(newest)
                else:
                    _LOG.warning("%s was built of another state of field.yaml. The release that was open is still served.", self._file)
            except (SnapshotDamaged, StoreOfAnotherField, OSError) as error:
                _LOG.warning("%s The release that was open is still served.", error)
            self._seen = stamp
        return self._reader

    def still(self, reader: Reader) -> bool:
        """What is in memory stays, whatever is written to the file."""
        del reader
        return True

    def replace(self, graph: EvidenceGraph) -> None:
        if self._file is not None:
            with FolderWriter(self._file.parent, graph.field, self._shipped, KEPT) as writer:
                writer.write(graph)
            self._seen = _stamp(self._file)
        self._reader = MemoryReader(graph)

    def close(self) -> None:
        self._kept.close()


def _index(pairs: Iterable[tuple[str, _T]]) -> dict[str, list[_T]]:
    found: dict[str, list[_T]] = {}
    for key, value in pairs:
        found.setdefault(key, []).append(value)
    return found


def _inside(rows: Iterable[_R], populations: Collection[str] | None) -> Iterable[_R]:
    if populations is None:
        return rows
    wanted = frozenset(populations)
    return (row for row in rows if wanted.intersection(row.populations))


def _stamp(file: Path | None) -> tuple[int, int] | None:
    """What tells one snapshot from the next without reading it."""
    if file is None:
        return None
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns
