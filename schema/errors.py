"""Every error that a user can meet, as one tree.

    RdwiError
    +-- InputProblems       sheets or a vocabulary with mistakes; holds the whole report
    +-- UnknownName         no study, term or population by that name; holds suggestions
    |   +-- SeveralNamed        several have that name; the suggestions are these
    +-- BadParameter        a parameter or value that a question does not take; holds what is allowed
    +-- Unheld              a value can't stand in a cell of a table
    +-- Unwritable          a file or folder that is asked for can't be written; an OSError, too
    +-- OlderMethod         a kept release was read by an older version of the method
    +-- NotDrawn            a picture can't be drawn here: a package or a typeface is missing
    +-- PortTaken           the address to serve on can't be listened on
    +-- StoreError          the store answers, but not with a graph that can be served
    |   +-- SnapshotDamaged     the snapshot file is damaged or of another format
    |   +-- SnapshotUnwritable  the folder of the snapshot can't be written
    |   +-- StoreDenied         the store refuses this user, password or database
    |   +-- StoreUnsupported    the server is of a version that is not supported
    |   +-- StoreEmpty          nothing has been loaded yet
    |   +-- StoreOutdated       the graph there was made for another version of this package
    |   +-- StoreOfAnotherField the graph there is of another field than the one that is asked for
    +-- StoreUnavailable    the store cannot be reached now
        +-- StoreBusy           another program is loading
        +-- ReleaseComing       a kept release is being built

HTTP status codes are given in api/errors.py, exit codes in api/cli.py, nowhere else.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from schema.problems import Problem


class RdwiError(Exception):
    """Base of all errors that are told to a user in one or two sentences."""


class InputProblems(RdwiError):
    """The input was refused; `problems` says where, what was found and what was expected."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        errors = sum(problem.severity == "error" for problem in self.problems)
        super().__init__(f"The input has {errors} problem{'s' if errors != 1 else ''}; nothing was changed.")


def briefly(name: str) -> str:
    """A name as it is told again: its first 200 letters."""
    return name if len(name) <= 200 else f"{name[:200]}..."


class UnknownName(RdwiError):
    """Nothing is known by `name`; `suggestions` are the nearest ids."""

    def __init__(self, what: str, name: str, suggestions: Sequence[str] = ()) -> None:
        self.what, self.name, self.suggestions = what, name, tuple(suggestions)
        hint = f" Did you mean {', '.join(self.suggestions)}?" if suggestions else ""
        super().__init__(f"There is no {what} named {briefly(name)!r}.{hint}")


class SeveralNamed(UnknownName):
    """Several are known by `name`; `suggestions` are all of them."""

    def __init__(self, what: str, name: str, suggestions: Sequence[str]) -> None:
        super().__init__(what, name, suggestions)
        self.args = (f"{name!r} names more than one {what}: {', '.join(self.suggestions)}. Name one of them by its id.",)


class BadParameter(RdwiError):
    """`name` is not a parameter of this question, or `detail` says what is wrong with its value."""

    def __init__(self, name: str, detail: str, allowed: Sequence[str] = ()) -> None:
        self.name, self.detail, self.allowed = name, detail, tuple(allowed)
        hint = f" Allowed: {', '.join(self.allowed)}." if allowed else ""
        super().__init__(f"{detail}{hint}")


class OlderMethod(RdwiError):
    """A kept release was read by an older version of the method, by which nothing is read any more."""


class NotDrawn(RdwiError):
    """A figure can't be drawn in that form on this system; the message says what to install."""


class PortTaken(RdwiError):
    """The address can't be listened on."""


class StoreError(RdwiError):
    """The store was reached, but what it holds can't be served."""


class SnapshotDamaged(StoreError):
    """The snapshot file is damaged, or written by a version with another format."""


class SnapshotUnwritable(StoreError):
    """The folder of the snapshot can't be made or written."""


class StoreDenied(StoreError):
    """The store refuses the user, the password, the database or what the user may do there."""


class StoreUnsupported(StoreError):
    """The server's version, or its kind, is not supported."""


class StoreEmpty(StoreError):
    """The store holds no graph yet."""


class StoreOutdated(StoreError):
    """The store's graph has another format, or was built by another version of the method."""


class StoreOfAnotherField(StoreError):
    """The store holds a graph of another field; it is neither served nor changed."""


class StoreUnavailable(RdwiError):
    """The store can't be reached now; trying again later may help."""


class StoreBusy(StoreUnavailable):
    """Another program holds the right to load; the message says who."""


class ReleaseComing(StoreUnavailable):
    """A kept release is being built of its sheets; trying again in a moment helps."""


class Unwritable(RdwiError, OSError):
    """A file or folder can't be written, with what the system says of it; or, of a message alone, may not be."""

    def __str__(self) -> str:
        return super().__str__() if self.filename is None else f"{self.filename} can't be written: {self.strerror}."


class Unheld(RdwiError):
    """A value that a cell of a table can't hold."""

    def __init__(self, study: str, table: str, key: str, value: str) -> None:
        shown = value if len(value) <= 60 else f"{value[:57]}..."
        super().__init__(f"A table can't hold {key} of {study} in {table}: {shown!r}. Export to a folder of YAML sheets instead.")
