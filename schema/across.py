"""What is served across populations and along chains: comparisons, chains of links, gaps.

Names and units are those of docs/api.md.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from schema.association import Association, CertaintyLevel, Direction, EstimateSource, Interval, StudyRef, TermRef
from schema.observation import Frozen

LinkKind = Literal["ASSOCIATED_WITH", "MAY_ACT_THROUGH", "MAY_LEAD_TO"]
State = Literal["empty", "weak", "fair"]


class Difference(Frozen):
    """The estimates of two cells against each other, or `why` they can't be compared.

    Where they can: `estimate` is the first over the second (`measure`: ratio of ORs) or, of measures that are no ratios, the first minus
    the second, with its 95% interval; z and the two-sided p are of the scale on which the two were read.
    """

    populations: tuple[str, str]
    comparable: bool
    why: str | None = None
    measure: str | None = None
    estimate: float | None = None
    ci: Interval | None = None
    z: float | None = None
    p: float | None = None
    contrasts: tuple[str | None, str | None] | None = None
    sources: tuple[EstimateSource, EstimateSource] | None = None
    note: str | None = None


class Comparison(Frozen):
    """One factor side by side: a cell for each population, in the order in which these were asked for, and a difference for each pair."""

    factor: TermRef
    outcome: TermRef
    cells: tuple[Association, ...]
    differences: tuple[Difference, ...]


class Link(Frozen):
    """One step of a chain: an association in a population, or what papers claim of a mechanism (which is of no population).

    `certainty` and `weight` are the association's, `support` the claims' (see Tally).
    """

    kind: LinkKind
    start: TermRef
    end: TermRef
    population: TermRef | None = None
    direction: Direction | None = None
    certainty: CertaintyLevel | None = None
    weight: float | None = None
    support: float | None = None
    caption: str
    papers: tuple[StudyRef, ...]


class Chain(Frozen):
    """A chain of links: `chain` in words, `weakest` its weakest link in words, `weakest_at` that link's place among `links`, from 0."""

    chain: str
    length: int
    weakest: str
    weakest_at: int
    terms: tuple[TermRef, ...]
    links: tuple[Link, ...]


class Gap(Frozen):
    """One cell of factor x population: what is known in it, and what one more reference cohort would teach.

    `p_increase`: the probability, 0..1, that the factor goes with more of the outcome. `expected_change`: by how much it would move, on
    average. `sample_size`: the patients that detect the stated odds ratio where a share `prevalence` of them has the outcome;
    `prevalence_source`: the population that this share is of, or "assumed"; and a share `exposed_share` the factor, with its own source.
    Null where the outcome is a measurement.
    """

    rank: int = Field(ge=1)
    factor: TermRef
    outcome: TermRef
    population: TermRef
    state: State
    cohorts: int
    patients: int | None
    direction: Direction | None = None
    measure: str | None = None
    estimate: float | None = None
    ci: Interval | None = None
    estimate_source: EstimateSource | None = None
    certainty: CertaintyLevel | None = None
    weight: float | None = None
    p_increase: float
    expected_change: float
    sample_size: int | None = None
    prevalence: float | None = None
    prevalence_source: str | None = None
    exposed_share: float | None = None
    exposed_source: str | None = None
    caption: str
    papers: tuple[StudyRef, ...] = ()
    known_in: tuple[str, ...]
