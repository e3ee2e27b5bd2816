"""How a review was made, as review.yaml beside field.yaml says: what PRISMA 2020 asks of it (Page et al., BMJ 2021;372:n71)."""

from __future__ import annotations

from collections.abc import Iterator

from schema.study import Count, Date, Many, Part, Text


class Search(Part):
    """One search of one source."""

    source: Text
    day: Date
    hits: Count | None = None
    query: Text | None = None


class Exclusion(Part):
    """Reports that were read and left out, for one reason."""

    reason: Text
    reports: Count


class Screening(Part):
    """How many records there were at each step; what was not counted is absent. Invariants: no step has more than the one before it."""

    identified: Count | None = None
    removed: Count | None = None
    screened: Count | None = None
    excluded: Count | None = None
    sought: Count | None = None
    not_retrieved: Count | None = None
    assessed: Count | None = None
    exclusions: Many[Exclusion] = ()

    def impossible(self) -> Iterator[str]:
        for whole, part, rest in (
            ("identified", "removed", "screened"), ("screened", "excluded", "sought"), ("sought", "not_retrieved", "assessed"),
        ):  # fmt: skip
            known = [getattr(self, name) for name in (whole, part, rest)]
            if None not in known and known[0] != known[1] + known[2]:
                yield f"{whole} ({known[0]}) is not {part} ({known[1]}) and {rest} ({known[2]})"
        left_out = sum(one.reports for one in self.exclusions)
        if self.assessed is not None and left_out > self.assessed:
            yield f"{left_out} reports are excluded of {self.assessed} that were assessed"


class Person(Part):
    """Who took part, by initials; `conflicts`: what may bias them, "none" where they say so."""

    initials: Text
    role: Text | None = None
    conflicts: Text | None = None


class Review(Part):
    """The record of a review. `found` says in words how papers were found, where that is more, or other, than searches."""

    question: Text
    protocol: Text | None = None
    found: Text | None = None
    searches: Many[Search] = ()
    screening: Screening = Screening()
    read_twice: Text | None = None
    people: Many[Person] = ()
    notes: Text | None = None
