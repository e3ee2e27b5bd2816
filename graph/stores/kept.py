"""The releases that a store keeps, to be read: built of their sheets in this process, a few at a time."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import date
from threading import BoundedSemaphore, Lock

from cachetools import LRUCache

from graph.build import EvidenceGraph
from graph.stores.history import History, Kept
from graph.stores.port import Reader
from graph.synthesis.method import VERSION
from schema.errors import OlderMethod, ReleaseComing, StoreError, UnknownName
from schema.names import suggest
from schema.releases import Moved, ReleaseEntry

# digits of a release that name it, releases that are held built, and threads that may wait for a build
SHORTEST, HELD, WAITING = 8, 3, 4


class KeptReleases:
    """`current` gives the reader of what is current, `make` one of a graph and its day."""

    def __init__(
        self, history: History | None, current: Callable[[], Reader], make: Callable[[EvidenceGraph, date | None], Reader]
    ) -> None:
        self._history, self._current, self._make = history, current, make
        self._held: LRUCache[str, Future[Reader]] = LRUCache(HELD)
        self._lock = Lock()
        self._waiting = BoundedSemaphore(WAITING)
        self._builder: ThreadPoolExecutor | None = None

    def entries(self) -> list[ReleaseEntry]:
        """All, newest first: the current one, and those that were kept."""
        reader = self._current()
        kept = self._history.settled(reader.release()) if self._history is not None else []
        entries = [_entry(one) for one in reversed(kept)]
        if entries and entries[0].release == reader.release():
            return [entries[0].model_copy(update={"current": True}), *entries[1:]]
        number = entries[0].number + 1 if entries else 1
        now = ReleaseEntry(
            number=number, release=reader.release(), day=reader.loaded(), method=VERSION, current=True, studies=len(reader.studies())
        )
        return [now, *entries]

    def moved(self, number: int) -> list[Moved]:
        """The associations that an entry moved, beside the one before."""
        return self._history.moved(number) if self._history is not None else []

    def named(self, name: str) -> ReleaseEntry:
        """The newest entry whose release begins with these digits, 8 or more; UnknownName with the nearest where none does."""
        entries, asked = self.entries(), name.strip().lower()
        if asked == "current":
            return entries[0]
        found = [entry for entry in entries if entry.release.startswith(asked)] if len(asked) >= SHORTEST else []
        if not found or len({entry.release for entry in found}) > 1:
            known = {entry.release[: max(len(asked), 12)]: entry.release[:12] for entry in entries}
            near = suggest(asked, known, 3) or tuple(dict.fromkeys(entry.release[:12] for entry in entries[:3]))
            raise UnknownName("release", name, near)
        return found[0]

    def at(self, name: str | ReleaseEntry, *, patience: float | None = None, anew: bool = False) -> Reader:
        """A reader of that release. ReleaseComing where it is not built within `patience` seconds, and then it is still being built.

        OlderMethod where another version of the method read it; with `anew` the same studies are read by this one.
        """
        entry = self.named(name) if isinstance(name, str) else name
        # another may be current by now
        if entry.current and (reader := self._current()).release() == entry.release:
            return reader
        if entry.method != VERSION and not anew:
            raise OlderMethod(
                f"Release {entry.release[:12]} was read by method {entry.method}, which this version no longer is: it reads by method "
                f"{VERSION}."
            )
        assert self._history is not None
        with self._lock:
            future = self._held.get(entry.release)
            if future is None or (future.done() and future.exception() is not None):
                # one at a time: who asks for many must not make all others wait for their builds
                if patience is not None and any(not one.done() for one in self._held.values()):
                    raise _coming(entry)
                self._builder = self._builder or ThreadPoolExecutor(1, "rdwi-release")
                future = self._held[entry.release] = self._builder.submit(self._built, self._history, entry)
        if patience is None or future.done():
            return future.result()
        # who waits holds a thread, of which answers need theirs
        if not self._waiting.acquire(blocking=False):
            raise _coming(entry)
        try:
            return future.result(patience)
        except TimeoutError:
            raise _coming(entry) from None
        finally:
            self._waiting.release()

    def _built(self, history: History, entry: ReleaseEntry) -> Reader:
        kept = next((one for one in history.entries() if one.number == entry.number), None)
        if kept is None:
            raise StoreError(f"Release {entry.release[:12]} is kept no more: a load has since made room for newer ones.")
        graph = history.build(kept, self._current().field().base)
        if kept.method == VERSION and graph.release != kept.release:
            raise StoreError(f"Release {kept.release[:12]} of the history is damaged: its sheets make release {graph.release[:12]}.")
        return self._make(graph, kept.day)

    def close(self) -> None:
        if self._builder is not None:
            self._builder.shutdown(wait=False, cancel_futures=True)


def _coming(entry: ReleaseEntry) -> ReleaseComing:
    return ReleaseComing(f"Release {entry.release[:12]} is being built of its {entry.studies} sheets. Try again in a moment.")


def _entry(one: Kept) -> ReleaseEntry:
    return ReleaseEntry(current=False, **one.model_dump(include=set(ReleaseEntry.model_fields) - {"current"}))
