"""What filling in bibliographies from reference files did, or would do."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from schema.observation import Frozen

MatchedBy = Literal["doi", "pmid", "title"]


class Differs(Frozen):
    """A field on which sheet and file differ; `replaced`: the sheet now says what the file says."""

    field: str
    sheet: Any
    file: Any
    replaced: bool


class Matched(Frozen):
    """One sheet: the references that it was matched with, what was filled in, what differs.

    `status`: filled, agrees (nothing to fill in), doubtful (an id agrees and something else contradicts it: nothing is filled in), several
    (more than one paper matches: nothing is filled in), none (nothing matches).
    """

    study: str
    sheet: str
    status: Literal["filled", "agrees", "doubtful", "several", "none"]
    by: MatchedBy | None = None
    references: tuple[str, ...] = ()
    filled: dict[str, Any] = Field(default_factory=dict)
    differs: tuple[Differs, ...] = ()
    why: str | None = None

    @property
    def changes(self) -> dict[str, Any]:
        return {**self.filled, **{one.field: one.file for one in self.differs if one.replaced}}


class Unused(Frozen):
    """A reference that matches no sheet."""

    place: str
    title: str | None = None
    doi: str | None = None
    pmid: str | None = None


class Bibliography(Frozen):
    """`written`: the files that were written; none where nothing was asked to be. `warnings`: what is odd in the files that were read."""

    studies: tuple[Matched, ...]
    unused: tuple[Unused, ...]
    written: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
