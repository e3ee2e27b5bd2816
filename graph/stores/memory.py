"""The embedded store: the graph in memory, from a snapshot file or as built."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from functools import cached_property
from math import inf
from pathlib import Path
from typing import TypeVar

from graph.build import EvidenceGraph, Key
from graph.stores import snapshot
from graph.stores.folder import FolderWriter
from graph.stores.kept import KeptReleases
from graph.stores.made import Made
from graph.stores.port import Reader, Store, today
from graph.stores.snapshot import Place
from graph.stores.sqlite import SqliteHistory
from graph.synthesis.overlap import Patients, patients_of
from schema.answer import Counts
from schema.association import Association, MechanismEdge
from schema.errors import SnapshotDamaged, StoreOfAnotherField
from schema.field import EvidenceField
from schema.observation import ClaimObservation, Observation, PrevalenceObservation
from schema.releases import KEPT
from schema.study import Study, told_apart

_LOG = logging.getLogger("rdwi.store")
_T = TypeVar("_T")


class MemoryReader(Reader):
    """One release in memory: a built graph, or a snapshot whose records are made when they are asked for."""

    def __init__(self, source: EvidenceGraph | snapshot.Snapshot, loaded: date | None = None) -> None:
        self._source = source
        self._loaded = source.header.loaded if isinstance(source, snapshot.Snapshot) else loaded or today()

    @cached_property
    def _studies(self) -> Mapping[str, Study]:
        if isinstance(self._source, EvidenceGraph):
            return told_apart(self._source.studies)
        return Made(self._source.study_lines, self._source.study, snapshot.KEPT)

    @cached_property
    def _papers(self) -> Mapping[str, Study]:
        if isinstance(self._source, EvidenceGraph):
            return self._studies
        return Made(self._source.study_lines, self._source.paper, inf)

    @cached_property
    def _patients(self) -> Mapping[str, Patients]:
        return Made(self._papers, lambda one: patients_of(self._papers[one], self._papers, self._source.field), inf)

    @cached_property
    def _places(self) -> Sequence[Place]:
        """Where each observation belongs, in their order, which is that of study and place in the sheet."""
        if isinstance(self._source, snapshot.Snapshot):
            return self._source.places
        return [Place(one.study, one.exposure, one.outcome, one.populations) for one in self._source.observations]

    @cached_property
    def _observations(self) -> Mapping[int, Observation]:
        if isinstance(self._source, EvidenceGraph):
            return dict(enumerate(self._source.observations))
        return Made(range(len(self._places)), self._source.observation, 2 * snapshot.KEPT)

    @cached_property
    def _by_outcome(self) -> Mapping[str, list[int]]:
        return _index((place.outcome, index) for index, place in enumerate(self._places))

    @cached_property
    def _by_exposure(self) -> Mapping[str, list[int]]:
        return _index((place.exposure, index) for index, place in enumerate(self._places))

    @cached_property
    def _by_study(self) -> Mapping[str, list[int]]:
        return _index((place.study, index) for index, place in enumerate(self._places))

    @cached_property
    def _prevalence(self) -> Mapping[int, PrevalenceObservation]:
        if isinstance(self._source, EvidenceGraph):
            return dict(enumerate(self._source.prevalence))
        return Made(range(len(self._source.lines("prevalence"))), self._source.prevalence_at, snapshot.KEPT)

    @cached_property
    def _by_lesion(self) -> Mapping[str, list[int]]:
        if isinstance(self._source, EvidenceGraph):
            return _index((one.row.lesion, index) for index, one in self._prevalence.items())
        return _index((lesion, index) for index, lesion in enumerate(self._source.lesions()))

    @cached_property
    def _claims(self) -> Mapping[int, ClaimObservation]:
        if isinstance(self._source, EvidenceGraph):
            return dict(enumerate(self._source.claims))
        return Made(range(len(self._source.lines("claim"))), self._source.claim_at, snapshot.KEPT)

    @cached_property
    def _claims_by_study(self) -> Mapping[str, list[int]]:
        if isinstance(self._source, EvidenceGraph):
            return _index((one.study, index) for index, one in self._claims.items())
        return _index((study, index) for index, study in enumerate(self._source.claimants()))

    @cached_property
    def _edges(self) -> Mapping[Key, Association]:
        """The associations by (exposure, outcome, population)."""
        if isinstance(self._source, EvidenceGraph):
            return {one.key: one for one in self._source.associations}
        return Made(self._source.association_lines, self._source.association, snapshot.KEPT)

    @cached_property
    def _keys_by_exposure(self) -> Mapping[str, list[Key]]:
        return _index((key[0], key) for key in self._edges)

    @cached_property
    def _keys_by_outcome(self) -> Mapping[str, list[Key]]:
        return _index((key[1], key) for key in self._edges)

    def release(self) -> str:
        return self._source.release

    def loaded(self) -> date | None:
        return self._loaded

    def counts(self) -> Counts:
        if isinstance(self._source, snapshot.Snapshot):
            return self._source.counts
        return Counts(
            studies=len(self._source.studies),
            terms=len(self._source.terms),
            findings=len(self._source.observations),
            prevalence=len(self._source.prevalence),
            claims=len(self._source.claims),
            associations=len(self._source.associations),
            mechanism_edges=len(self._source.mechanisms),
            full_text=sum(study.read == "full-text" for study in self._source.studies),
        )

    def field(self) -> EvidenceField:
        return self._source.field

    def edges(self, *, exposure: str | None = None, outcome: str | None = None, population: str | None = None) -> list[Association]:
        keys: Iterable[Key] = self._edges
        if exposure is not None:
            keys = self._keys_by_exposure.get(exposure, ())
        elif outcome is not None:
            keys = self._keys_by_outcome.get(outcome, ())
        return [self._edges[key] for key in keys if (outcome is None or key[1] == outcome) and (population is None or key[2] == population)]

    def findings(
        self,
        *,
        exposures: Collection[str] | None = None,
        outcomes: Collection[str] | None = None,
        populations: Collection[str] | None = None,
        study: str | None = None,
    ) -> list[Observation]:
        indexes: Iterable[int]
        if study is not None:
            indexes = self._by_study.get(study, ())
        elif outcomes is not None:
            indexes = (index for outcome in set(outcomes) for index in self._by_outcome.get(outcome, ()))
        elif exposures is not None:
            indexes = (index for exposure in set(exposures) for index in self._by_exposure.get(exposure, ()))
        else:
            indexes = range(len(self._places))
        wanted = None if populations is None else frozenset(populations)

        def asked(place: Place) -> bool:
            return (
                (exposures is None or place.exposure in exposures)
                and (outcomes is None or place.outcome in outcomes)
                and (wanted is None or not wanted.isdisjoint(place.populations))
            )

        return [self._observations[index] for index in sorted(indexes) if asked(self._places[index])]

    @cached_property
    def _finding_counts(self) -> Mapping[str, int]:
        if isinstance(self._source, snapshot.Snapshot):
            return self._source.finding_counts()
        return Counter(name for observation in self._source.observations for name in {observation.row.exposure, observation.row.outcome})

    def finding_counts(self) -> Mapping[str, int]:
        return self._finding_counts

    def prevalence(
        self, *, lesions: Collection[str] | None = None, populations: Collection[str] | None = None
    ) -> list[PrevalenceObservation]:
        indexes = (
            range(len(self._prevalence)) if lesions is None else (index for one in set(lesions) for index in self._by_lesion.get(one, ()))
        )
        rows = [self._prevalence[index] for index in sorted(indexes)]
        return [row for row in rows if populations is None or not set(populations).isdisjoint(row.populations)]

    def claims(self, *, study: str | None = None) -> list[ClaimObservation]:
        return [self._claims[index] for index in (self._claims if study is None else self._claims_by_study.get(study, ()))]

    def mechanism_edges(self) -> list[MechanismEdge]:
        return list(self._source.mechanisms)

    def studies(self) -> Mapping[str, Study]:
        return self._studies

    def papers(self) -> Mapping[str, Study]:
        return self._papers

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


def _stamp(file: Path | None) -> tuple[int, int] | None:
    """What tells one snapshot from the next without reading it."""
    if file is None:
        return None
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns
