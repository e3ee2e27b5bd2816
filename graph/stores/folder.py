"""The right to write the embedded store's folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from graph.build import EvidenceGraph
from graph.stores import snapshot
from graph.stores.history import Holds
from graph.stores.port import Held, Writer, today
from graph.stores.sqlite import SqliteHistory
from schema.association import Association
from schema.errors import SnapshotDamaged, SnapshotUnwritable, StoreError, StoreUnavailable
from schema.field import EvidenceField

if TYPE_CHECKING:
    from filelock import FileLock

_PATIENCE = 30  # seconds


def kept_in(folder: Path, field: EvidenceField) -> snapshot.Snapshot | None:
    """The snapshot of that folder, of whatever version; None where there is none. StoreOfAnotherField where it is another field's."""
    file = folder / snapshot.NAME
    try:
        return snapshot.read(file, field) if file.is_file() else None
    except OSError as error:
        raise StoreError(f"The snapshot {file} can't be read ({error.strerror}).") from error


def is_current(kept: snapshot.Snapshot, shipped: str) -> bool:
    """Whether it was built by this method from the corpus of that digest, which counts field.yaml in."""
    return kept.header.current and kept.header.shipped == shipped


def _holds(kept: snapshot.Snapshot | None) -> Holds:
    assert kept is not None
    return Holds(kept.header, {study.id: study for study in kept.studies}, kept.field)


class FolderWriter(Writer):
    """Holds the folder's lock file. `shipped` is the digest of the corpus that comes with the field, `most` how many releases are kept."""

    def __init__(self, folder: Path, field: EvidenceField, shipped: str, most: int) -> None:
        self._folder, self._field, self._shipped, self._most = folder, field, shipped, most
        self._lock: FileLock | None = None
        self._old: snapshot.Snapshot | None = None

    def __enter__(self) -> FolderWriter:
        from filelock import FileLock, Timeout

        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._lock = FileLock(self._folder / "writing.lock", timeout=_PATIENCE)
            self._lock.acquire()
        except Timeout as error:
            raise StoreUnavailable(
                f"Another program has been writing to {self._folder} for {_PATIENCE} seconds. Try again when it is done."
            ) from error
        except OSError as error:
            raise self._unwritable(error) from error
        try:
            snapshot.refuse_another(self._folder / snapshot.NAME, self._field)
        except BaseException:
            self._lock.release()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._lock is not None:
            self._lock.release()

    def held(self) -> Held | None:
        kept = kept_in(self._folder, self._field)
        if kept is None:
            return None
        self._old = kept
        header, current = kept.header, is_current(kept, self._shipped)
        return Held(kept.release, kept.studies, kept.terms, header.user, header.removed, current, kept.changed_to)

    def write(self, graph: EvidenceGraph, by: str | None = None) -> None:
        try:
            # under the lock it is still what it was
            old = self._old or kept_in(self._folder, self._field)
        except SnapshotDamaged:
            # what --fresh is for
            old = None
        history = SqliteHistory(self._folder)

        def keep(pairs: Callable[[], list[tuple[Association | None, Association | None]]]) -> None:
            release = old.release if old is not None else None
            history.keep(Holds.of_graph(graph, today()), pairs, release=release, current=lambda: _holds(old), by=by)

        try:
            snapshot.write(graph, self._folder / snapshot.NAME, self._shipped, old, keep)
            history.prune(self._most)
            self._old = None
        except OSError as error:
            raise self._unwritable(error) from error

    def _unwritable(self, error: OSError) -> SnapshotUnwritable:
        return SnapshotUnwritable(f"The snapshot folder {self._folder} can't be written ({error.strerror}).")
