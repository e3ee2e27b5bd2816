"""Which items of a list to show, and in which order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from schema.association import LEVELS, Association, CertaintyLevel, Direction, TermRef
from schema.errors import BadParameter
from schema.vocabulary import Kind

LARGEST_PAGE = 500
LONGEST_CHAIN = 6
SORTS = ("certainty", "cohorts", "weight", "estimate", "patients", "name")
Side = Literal["exposure", "outcome"]
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Narrow:
    """Which items of a list to show."""

    kind: Kind | None = None
    category: str | None = None
    direction: Direction | None = None
    certainty: CertaintyLevel | None = None
    contested: bool | None = None
    min_cohorts: int | None = None

    @property
    def active(self) -> dict[str, Any]:
        return {name: value for name in self.__slots__ if (value := getattr(self, name)) is not None}

    def keeps(self, one: Association, side: Side) -> bool:
        term: TermRef = getattr(one, side)
        return (
            (self.kind is None or term.kind == self.kind)
            and (self.category is None or term.category == self.category)
            and (self.direction is None or one.direction == self.direction)
            and (self.certainty is None or one.certainty == self.certainty)
            and (self.contested is None or (one.contested is not None) is self.contested)
            and (self.min_cohorts is None or one.cohorts >= self.min_cohorts)
        )


@dataclass(frozen=True, slots=True)
class Page:
    """Which part of a list to show, in which order. `limit` None: all of it."""

    limit: int | None = 50
    offset: int = 0
    sort: str | None = None


def ordered(items: Sequence[Association], sort: str | None, side: Side) -> list[Association]:
    """In order: unset, best certainty, then most cohorts, then highest weight; nulls last, ties by id."""

    def identity(one: Association) -> tuple[str, str]:
        first, second = (one.exposure.id, one.outcome.id) if side == "exposure" else (one.outcome.id, one.exposure.id)
        return first, second

    by_id = sorted(items, key=identity)
    if sort is None:
        return sorted(by_id, key=lambda one: (-_level(one), -one.cohorts, -(one.weight if one.weight is not None else -1)))
    name, down = sort.removeprefix("-"), sort.startswith("-")
    if name not in SORTS:
        raise BadParameter("sort", f"{sort!r} is no order.", [*SORTS, *(f"-{one}" for one in SORTS)])
    value = _SORT_VALUES[name]
    known = [one for one in by_id if value(one, side) is not None]
    unknown = [one for one in by_id if value(one, side) is None]
    ordered = sorted(reversed(known) if down else known, key=lambda one: value(one, side))
    # turned whole, so that equals stay in the order of their ids
    return [*(reversed(ordered) if down else ordered), *unknown]


def _level(one: Association) -> int:
    return LEVELS.index(one.certainty) if one.certainty is not None else -1


_SORT_VALUES: dict[str, Callable[[Association, str], Any]] = {
    "certainty": lambda one, _: _level(one) if one.certainty is not None else None,
    "cohorts": lambda one, _: one.cohorts,
    "weight": lambda one, _: one.weight,
    "estimate": lambda one, _: one.estimate,
    "patients": lambda one, _: one.patients,
    "name": lambda one, side: getattr(one, side).name.casefold(),
}


def cut(items: Sequence[_T], page: Page) -> list[_T]:
    """The part of a list that a page shows."""
    if page.offset < 0 or (page.limit is not None and not 1 <= page.limit <= LARGEST_PAGE):
        raise BadParameter("limit", f"limit is 1 to {LARGEST_PAGE}, offset 0 or more.")
    end = None if page.limit is None else page.offset + page.limit
    return list(items[page.offset : end])
