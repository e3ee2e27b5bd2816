"""What is served on how an association holds up: with each study left out, year by year, in subgroups, by side; and what would flip it.

Names and units are those of docs/api.md.
"""

from __future__ import annotations

from schema.association import Camp, CertaintyLevel, Direction, DirectionBasis, EstimateSource, Interval, Leans, StudyRef
from schema.observation import Frozen


class Standing(Frozen):
    """An association in short, as some of its rows give it. Ratios are ratios; `excludes_no_effect` is null where there is no interval."""

    direction: Direction
    direction_basis: DirectionBasis | None = None
    leans: Leans | None = None
    weight: float | None = None
    p_direction: float | None = None
    measure: str | None = None
    contrast: str | None = None
    estimate: float | None = None
    ci: Interval | None = None
    estimate_source: EstimateSource | None = None
    k: int | None = None
    excludes_no_effect: bool | None = None
    cohorts: int
    certainty: CertaintyLevel | None = None


class LeftOut(Standing):
    """The association without one study. `weight_change` is the weight without it less the weight with it."""

    study: StudyRef
    weight_change: float | None = None
    direction_changes: bool
    exclusion_changes: bool


class CumulativeStep(Standing):
    """The association after a year of publication; `year` is null in the last step, which takes in the undated studies."""

    year: int | None
    added: tuple[StudyRef, ...]


class Small(Frozen):
    """What some of the voting cohorts say by themselves."""

    direction: Direction
    cohorts: int
    measure: str | None = None
    contrast: str | None = None
    estimate: float | None = None
    ci: Interval | None = None
    k: int | None = None


class Subgroup(Small):
    """The cohorts of one kind; `known` is False for those that don't say of which kind they are."""

    group: str
    known: bool
    studies: tuple[str, ...]
    weight: float | None = None


class SubgroupTest(Frozen):
    """Whether subgroups differ: Q-between, chi-squared with `df`, of `k` estimates with one tau2 within all subgroups."""

    q_between: float
    df: int
    p: float
    tau2: float
    k: int


class Subgroups(Frozen):
    """The voting cohorts parted by a feature, and the test of the difference, or why there is none."""

    by: str
    groups: tuple[Subgroup, ...]
    test: SubgroupTest | None = None
    why: str | None = None


class SmallStudyEffects(Frozen):
    """Egger's test of the primary family: whether smaller studies report other effects; `t` has k - 2 degrees of freedom."""

    t: float
    p: float
    k: int


class Flips(Frozen):
    """What would flip an association: one study's absence, or so many further reference cohorts."""

    alone: tuple[str, ...] = ()
    null_cohorts: int | None = None
    opposite_cohorts: int | None = None
    text: str


class RiskPair(Frozen):
    """The risks without and with an exposure, in percent, where `exposed_pct` percent have it."""

    exposed_pct: float
    baseline: float
    exposed: float


class AbsoluteRisk(Frozen):
    """Of 100 patients, how many have the outcome without the exposure (`baseline`) and with it (`exposed`, with its interval); else `why`.

    `baseline_source`: given, unexposed (those behind the headline), or the population whose prevalence the two risks make together where
    `exposed_pct` percent have the exposure; `beside` are the pairs at other shares. `needs_baseline`: another baseline would do.
    `estimate_source`: what the ratio is from, as that of the association. `caveat`: what must be said with the figures.
    """

    why: str | None = None
    needs_baseline: bool = False
    baseline: float | None = None
    baseline_source: str | None = None
    estimate_source: EstimateSource | None = None
    caveat: str | None = None
    exposed_pct: float | None = None
    exposed: float | None = None
    ci: Interval | None = None
    beside: tuple[RiskPair, ...] = ()


class Holding(Frozen):
    """A study that shares patients with others of an answer, and those among them whose patients it holds whole.

    `cohorts`: the named ones that it draws on. `counted`: whether a row of it counts; `why`: why none does.
    """

    study: StudyRef
    n: int | None
    cohorts: tuple[str, ...]
    counted: bool
    why: str | None
    inside: tuple[Holding, ...] = ()


class CampFigures(Camp, Small):
    """A camp with what its cohorts say by themselves."""
