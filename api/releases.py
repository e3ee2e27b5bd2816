"""The kept release that a request asks, where it is not the current one."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass

from graph.stores.port import Reader
from schema.releases import ReleaseEntry

# seconds that the build of a kept release is waited for
PATIENCE = 5.0


@dataclass(frozen=True, slots=True)
class Asked:
    """`gone`: why it is not to be had any more, where an older method read it."""

    entry: ReleaseEntry
    current: Reader
    gone: str | None = None


# of the request that is answered; None: the current release
ASKED: ContextVar[Asked | None] = ContextVar("ASKED", default=None)
