"""The store of a command: opened by the settings, with what is done told on a terminal."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NoReturn, TypeVar

if TYPE_CHECKING:
    from graph.opening import Report
    from graph.python import Graph
    from graph.settings import Settings
    from graph.stores.port import Reader

T = TypeVar("T")


def settings() -> Settings:
    from graph.settings import Settings

    return Settings()


def opened() -> Graph:
    from graph.opening import Graph, open_store

    with reporting() as report:
        return Graph(open_store(settings(), report))


def ask(question: Callable[[Reader], T], release: str | None = None) -> T:
    with contextlib.closing(opened()) as graph:
        return graph.store.ask(question, release)


@contextlib.contextmanager
def reporting() -> Iterator[Report]:
    """A progress bar on standard error, where that is a terminal."""
    if not sys.stderr.isatty():
        yield lambda _what, _done, _total: None
        return
    from rich.console import Console
    from rich.progress import Progress, TaskID

    with Progress(console=Console(stderr=True), transient=True) as progress:
        tasks: dict[str, TaskID] = {}

        def show(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = progress.add_task(what, total=total or None)
            progress.update(tasks[what], completed=done, total=total or None)

        yield show


def stop(message: str, status: int) -> NoReturn:
    print(f"rdwi: {message}", file=sys.stderr)
    sys.exit(status)
