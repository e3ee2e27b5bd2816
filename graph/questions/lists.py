"""Which items of a list to show, and in which order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any, Literal, TypeVar

from pydantic import Field

from graph.questions.question import Part, Spelt
from schema.association import LEVELS, Association, CertaintyLevel, Direction, Side, TermRef
from schema.vocabulary import Kind

# items where no limit is asked for, of an answer for people, and the most that may be asked for
ITEMS, LARGEST_PAGE = 50, 500
SortedBy = Literal[
    "certainty", "cohorts", "weight", "estimate", "patients", "name",
    "-certainty", "-cohorts", "-weight", "-estimate", "-patients", "-name", "",
]  # fmt: skip
Sort = Annotated[
    SortedBy | None,
    Field(description="the order, ascending; - before it turns it. Where left out: best certainty, then most cohorts, then highest weight"),
]
_T = TypeVar("_T")


class Narrow(Part):
    """Which items of a list to show."""

    kind: Kind | None = Field(default=None, description="keep items of that kind")
    category: str | None = Field(default=None, description="keep items of that category")
    direction: Direction | None = Field(default=None, description="keep associations of that direction")
    certainty: CertaintyLevel | None = Field(default=None, description="keep associations of that certainty")
    contested: Annotated[bool | None, Spelt(option="--contested/--not-contested")] = Field(
        default=None, description="keep associations that are contested, or not"
    )
    min_cohorts: int | None = Field(default=None, ge=0, description="keep associations of at least that many independent cohorts")

    @property
    def active(self) -> dict[str, Any]:
        return self.model_dump(exclude_none=True)

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


class Page(Part):
    """Which part of a list to show. `limit` None: all of it."""

    limit: int | None = Field(default=None, ge=1, le=LARGEST_PAGE, description=f"how many items; {ITEMS} where it is left out")
    offset: int = Field(default=0, ge=0, description="how many items to leave out first")


def ordered(items: Sequence[Association], sort: SortedBy | None, side: Side) -> list[Association]:
    """In order: unset, best certainty, then most cohorts, then highest weight; nulls last, ties by id."""

    def identity(one: Association) -> tuple[str, str]:
        first, second = (one.exposure.id, one.outcome.id) if side == "exposure" else (one.outcome.id, one.exposure.id)
        return first, second

    by_id = sorted(items, key=identity)
    if not sort:
        return sorted(by_id, key=lambda one: (-_level(one), -one.cohorts, -(one.weight if one.weight is not None else -1)))
    value = _SORT_VALUES[sort.removeprefix("-")]
    return ordered_by(by_id, lambda one: value(one, side), down=sort.startswith("-"))


def ordered_by(items: Sequence[_T], value: Callable[[_T], Any], *, down: bool) -> list[_T]:
    """The items by a value; those that have none last, equals in the order that they come in."""
    known = [one for one in items if value(one) is not None]
    unknown = [one for one in items if value(one) is None]
    ordered = sorted(reversed(known) if down else known, key=value)
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
    end = None if page.limit is None else page.offset + page.limit
    return list(items[page.offset : end])
