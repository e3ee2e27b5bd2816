"""What is served on releases: which were kept, and what changed between two of them."""

from __future__ import annotations

from datetime import date

from schema.association import CertaintyLevel, Direction, Interval, Leans, TermRef
from schema.observation import Frozen

# how many releases are kept where nobody says otherwise
KEPT = 50


class StandingThen(Frozen):
    """An association as a release has it, in short; ratios are ratios."""

    direction: Direction
    leans: Leans | None = None
    certainty: CertaintyLevel | None = None
    measure: str | None = None
    estimate: float | None = None
    ci: Interval | None = None
    cohorts: int = 0
    caption: str


class Moved(Frozen):
    """An association that is another, before and after; null where there is none. `studies`: those behind it that came, changed or went."""

    exposure: TermRef
    outcome: TermRef
    population: TermRef
    before: StandingThen | None
    after: StandingThen | None
    studies: tuple[str, ...] = ()

    @property
    def turned(self) -> bool:
        """Whether it has another direction."""
        return (self.before and self.before.direction) != (self.after and self.after.direction)


class MovedPrevalence(Frozen):
    """A pooled prevalence, in percent, that is another, before and after; null where there is none."""

    lesion: TermRef
    population: TermRef
    before: float | None
    before_ci: Interval | None
    after: float | None
    after_ci: Interval | None


class ReleaseEntry(Frozen):
    """A release that is kept: what it brought beside the one before, and how many associations moved by that.

    `moved` is null of the first one, and where the one before was read by another method.
    """

    number: int
    release: str
    day: date | None
    method: str
    current: bool
    studies: int
    added: tuple[str, ...] = ()
    replaced: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    by: str | None = None
    moved: int | None = None


class Releases(Frozen):
    """The releases that are kept, newest first."""

    total: int
    items: tuple[ReleaseEntry, ...]


class Diff(Frozen):
    """What changed from one release to another: studies, associations, pooled prevalences; and whether method and vocabulary did."""

    before: ReleaseEntry
    after: ReleaseEntry
    added: tuple[str, ...]
    replaced: tuple[str, ...]
    removed: tuple[str, ...]
    vocabulary_changed: bool
    method_changed: bool
    total: int
    items: tuple[Moved, ...]
    prevalence: tuple[MovedPrevalence, ...]
