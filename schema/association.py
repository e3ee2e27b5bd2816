"""What is served: an association with its figures, a row of evidence, a prevalence, a mechanism.

Names and units are those of docs/api.md.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from schema.bias import Level as RiskLevel
from schema.bias import Tool
from schema.observation import Body, ComparisonKey, Frozen, ObservationKind
from schema.study import Basis, Counts, Stance, StandingKind

Direction = Literal["increases", "decreases", "inconsistent", "inconclusive"]
DirectionBasis = Literal["estimate", "reports", "published"]
Leans = Literal["more", "fewer"]
Side = Literal["exposure", "outcome"]
CertaintyLevel = Literal["high", "moderate", "low", "very-low"]
EstimateSource = Literal["single-study", "pooled-bayes", "pooled-reml-hk", "pooled-logistic", "published"]
Used = Literal["pooled", "votes", "shown"]
Reports = Literal["increases", "decreases", "not-significant", "unclear"]
Interval = tuple[float, float]

LEVELS: tuple[CertaintyLevel, ...] = ("very-low", "low", "moderate", "high")


class TermRef(Frozen):
    """A term or population by id and name; `plural` and `proper` as the vocabulary has them."""

    id: str
    name: str
    kind: str
    category: str | None = None
    plural: bool = False
    proper: bool = False


class StudyRef(Frozen):
    id: str
    label: str
    year: int | None = None
    doi: str | None = None
    pmid: str | None = None
    standing: StandingKind | None = None


class Judged(Frozen):
    """A paper's risk of bias; `share`: its part of the pooled weight, 0..1."""

    study: StudyRef
    tool: Tool
    domains: dict[str, RiskLevel]
    overall: RiskLevel
    share: float | None = None


class CommonEffect(Frozen):
    estimate: float
    ci: Interval


class RemlHk(Frozen):
    """tau2 on the log scale of the family (log odds for standardised differences), i2 in percent."""

    estimate: float
    ci: Interval
    prediction_interval: Interval | None = None
    tau2: float
    i2: float
    q: float
    q_p: float
    p: float


class FamilyResult(Frozen):
    """One family of estimates that may be pooled, and what it gives. Ratios are ratios, not logarithms.

    `unit` is what the figures are per (or in), `step` how many of the unit's one form; `patients` is null where no cohort prints its
    number, `patients_unknown` the cohorts that don't, `known_adjusted` those whose estimate is known to be adjusted, and `stands_for` the
    cohorts that they stand for, where pooled analyses of patients are among them. `by_counts` are rows
    that are read by their counts here, so that unlike measures can be pooled. `tau_scale`: of tau's prior, on the scale of y.
    """

    measure: str
    contrast_type: str | None = None
    unit: str | None = None
    step: float = 1.0
    scale: str | None = None
    variable: str | None = None
    versus: str | None = None
    cutoff: str | None = None
    outcome_cutoff: str | None = None
    window: str | None = None
    randomised: bool
    body: Body = "other"
    k: int
    patients: int | None
    patients_unknown: int = 0
    known_adjusted: int = 0
    stands_for: int | None = None
    by_counts: tuple[str, ...] = ()
    estimate: float
    ci: Interval
    estimate_source: EstimateSource
    tau_scale: float | None = None
    common: CommonEffect
    reml_hk: RemlHk | None = None
    rows: tuple[str, ...]


class NoEvents(Frozen):
    """Studies whose tables have no event in either group, or events only, and their patients: they say nothing of a ratio."""

    studies: tuple[str, ...]
    patients: int


class PublishedEstimate(Frozen):
    """A published meta-analysis's pooled row: `k` is how many studies are behind it, where that is printed, `review_k` how many are in

    the whole review; `unit` is that of a difference, if noted.
    """

    finding: str
    study: str
    label: str
    measure: str
    unit: str | None = None
    estimate: float | None = None
    ci: Interval | None = None
    k: int | None = None
    review_k: int | None = None
    patients: int | None = None
    in_weight: bool
    headline: bool


class Reason(Frozen):
    """`step`: how many levels it moved the certainty (0: stated only)."""

    domain: str
    text: str
    step: int = 0
    findings: tuple[str, ...] = ()


class Camp(Frozen):
    """One side of a contradiction; `cohort_names` are the cohorts whose patients it is of; `patients_unknown` don't print their number."""

    report: str
    studies: tuple[str, ...]
    cohort_names: tuple[str, ...] = ()
    patients: int | None
    patients_unknown: int = 0
    findings: tuple[str, ...]
    features: dict[str, str]


class Contested(Frozen):
    """Why, with the sides; `counterpart` is the exposure that asks the same by another design, where that is the other side."""

    why: str
    camps: tuple[Camp, ...]
    differences: tuple[str, ...] = ()
    counterpart: str | None = None


class Subset(Frozen):
    """The same association from a part of its rows."""

    direction: Direction
    cohorts: int
    measure: str | None = None
    estimate: float | None = None
    ci: Interval | None = None
    k: int | None = None


class PossibleOverlaps(Frozen):
    cohorts: int
    pairs: tuple[tuple[str, str], ...]


class Sensitivity(Frozen):
    crude: Subset | None = None
    adjusted: Subset | None = None
    randomised: Subset | None = None
    observational: Subset | None = None
    possible_overlaps: PossibleOverlaps | None = None


class Beside(Frozen):
    """A short form of an association, beside another one."""

    population: TermRef
    exposure: TermRef
    direction: Direction
    weight: float | None
    measure: str | None = None
    estimate: float | None = None
    ci: Interval | None = None
    cohorts: int
    studies: int
    full_text: int
    tables: int = 0
    not_stated: int = 0
    certainty: CertaintyLevel | None = None
    caption: str


class Association(Frozen):
    """An edge: a live synthesis of all rows on one exposure and one outcome in one population.

    `direction_basis` says what the direction rests on: the headline's interval, the cohorts' reports, a published meta-analysis; null where
    nothing was studied. `leans` is the side of an inconclusive one. weight: 0.5..0.999, the probability that the average effect has the
    edge's sign, that of `direction` or of the side to which it leans; `weight_range` the same where fewer and where more factors are taken
    to be without effect. p_direction: 0.5..1, the probability that a next cohort's true effect has this direction; replication: 0..1, the
    probability that a reference cohort would report it with p < 0.05. All are null where nothing was studied. `excludes_no_effect` is of
    the headline's own interval, of one row as its paper's p says; null where there is none.

    Of two to four cohorts `ci` allows for settings that differ, `average` is that of these cohorts, and `prior_sensitive` whether the
    verdict of `ci` hangs on the prior's scale. `size` is the range of the headline's own and published points. `little_difference`: what
    is rated is that there is little or no difference. `patients` is null where no cohort prints its number, `patients_unknown` the cohorts
    that don't.
    """

    exposure: TermRef
    outcome: TermRef
    population: TermRef
    direction: Direction
    direction_basis: DirectionBasis | None = None
    leans: Leans | None = None
    weight: float | None = Field(ge=0.5, le=1)
    weight_range: Interval | None = None
    p_direction: float | None = Field(ge=0.5, le=1)
    replication: float | None = Field(default=None, ge=0, le=1)
    measure: str | None = None
    estimate: float | None = None
    ci: Interval | None = None
    estimate_source: EstimateSource | None = None
    average: CommonEffect | None = None
    prior_sensitive: bool | None = None
    excludes_no_effect: bool | None = None
    size: Interval | None = None
    little_difference: bool = False
    prediction_interval: Interval | None = None
    p: float | None = None
    tau2: float | None = None
    i2: float | None = None
    q: float | None = None
    k: int | None = None
    contrast: str | None = None
    families: tuple[FamilyResult, ...] = ()
    published: tuple[PublishedEstimate, ...] = ()
    sensitivity: Sensitivity = Sensitivity()
    studies: int
    cohorts: int
    cohorts_if_overlap: int
    patients: int | None
    patients_unknown: int = 0
    no_events: NoEvents | None = None
    increases: int
    decreases: int
    not_significant: int
    unclear: int
    full_text: int
    tables: int = 0
    not_stated: int = 0
    certainty: CertaintyLevel | None
    reasons: tuple[Reason, ...] = ()
    contested: Contested | None = None
    caption: str
    papers: tuple[StudyRef, ...] = ()
    findings: tuple[str, ...]
    indirect: tuple[Beside, ...] | None = None

    @property
    def key(self) -> tuple[str, str, str]:
        """The ids of exposure, outcome and population."""
        return self.exposure.id, self.outcome.id, self.population.id


class Row(Frozen):
    """A row of evidence, turned to its exposure and outcome; `share` is its part of the pooled weight, 0..1.

    `measure`, `value` and `ci` go together: as printed or, where the print runs the other way round or gives no estimate, turned or worked
    out; `printed_...` is what the paper prints; `pooled_...` what is pooled of it: per the step of its comparison, by its counts where
    these make the measure. `direction` is in the paper's own words and terms; `reports` is what the row says once
    turned, as cohorts are counted. `opposite`: the outcome is the opposite of the one that the row is read as.
    """

    finding: str
    study: StudyRef
    cohorts: tuple[str, ...]
    population: TermRef
    population_label: str
    exposure: str
    exposure_term: TermRef
    outcome: str
    outcome_term: TermRef
    opposite: bool = False
    design: str | None = None
    randomised: bool
    adjusted: bool | None = None
    covariates: tuple[str, ...] = ()
    measure: str
    contrast: str | None = None
    versus: str | None = None
    cutoff: str | None = None
    outcome_cutoff: str | None = None
    follow_up_months: float | Interval | None = None
    k: int | None = None
    events: int | None = None
    family: ComparisonKey | None = None
    value: float | None = None
    ci: Interval | None = None
    printed_measure: str
    printed_value: float | None = None
    printed_ci: Interval | None = None
    printed_se: float | None = None
    pooled_value: float | None = None
    pooled_ci: Interval | None = None
    turned: bool
    p: float | str | None = None
    counts: Counts | None = None
    direction: str
    source: str | None = None
    exposure_as_reported: str | None = None
    outcome_as_reported: str | None = None
    notes: str | None = None
    n: int | None = None
    n_known: bool
    risk_of_bias: RiskLevel | None = None
    extracted_by: str | None = None
    checked_by: str | None = None
    extracted_on: str | None = None
    disagreement: str | None = None
    y: float | None = None
    se: float | None = None
    z: float | tuple[float | None, float | None] | None = None
    kind: ObservationKind
    way: str
    reports: Reports
    used: Used
    why: str | None = None
    share: float | None = None
    power: float | None = None
    warnings: tuple[str, ...] = ()


class PrevalenceRow(Frozen):
    """One study's own count: cases of total, in percent with the exact interval (Clopper and Pearson)."""

    study: StudyRef
    population: TermRef
    lesion: str
    cases: int
    total: int
    exact: bool
    pct: float
    ci: Interval
    timing: str | None = None
    mri_day: float | None = None
    mri_median_day: float | None = None
    used: Used
    why: str | None = None
    source: str | None = None


class UncountedPrevalence(Frozen):
    """What a study prints of how common a lesion is without a count (of patients, or of cases): shown, and in no figure. In percent."""

    study: StudyRef
    population: TermRef
    population_label: str
    lesion: str
    total: int | None = None
    pct: float | None = None
    pct_range: Interval | None = None
    timing: str | None = None
    source: str | None = None
    notes: str | None = None


class LogitRemlHk(Frozen):
    """Percent, by REML with Hartung-Knapp on logits; tau2 on their scale."""

    pct: float
    ci: Interval
    prediction_interval: Interval | None = None
    tau2: float


class PooledPrevalence(Frozen):
    """Percent, of a typical cohort: a logistic random intercept; of two to four cohorts its posterior, of one the exact interval.

    tau2 is on the scale of log odds; i2 is that of `reml_hk`, the same by logits with a normal approximation.
    """

    pct: float
    ci: Interval
    estimate_source: EstimateSource
    prediction_interval: Interval | None = None
    tau2: float | None = None
    i2: float | None = None
    reml_hk: LogitRemlHk | None = None
    cohorts: int
    cases: int
    total: int
    lowest: float
    highest: float


class Window(Frozen):
    """The cohorts whose last scan was at or before that day after onset (None: day not known)."""

    until_day: int | None
    cohorts: int
    pooled: PooledPrevalence | None = None


class PublishedPrevalence(Frozen):
    study: StudyRef
    pct: float | None = None
    ci: Interval | None = None
    pct_range: Interval | None = None
    k: int | None = None
    cases: int | None = None
    total: int | None = None
    notes: str | None = None


class Prevalence(Frozen):
    """How common a lesion is in a population: pooled, by window of time, by study."""

    lesion: TermRef
    population: TermRef
    pooled: PooledPrevalence | None = None
    certainty: CertaintyLevel | None = None
    reasons: tuple[Reason, ...] = ()
    windows: tuple[Window, ...] = ()
    rows: tuple[PrevalenceRow, ...] = ()
    uncounted: tuple[UncountedPrevalence, ...] = ()
    published: tuple[PublishedPrevalence, ...] = ()


class ClaimRow(Frozen):
    claim: str
    study: StudyRef
    stance: Stance
    basis: Basis
    links: tuple[str, ...]
    target: str | None = None
    target_term: TermRef | None = None
    factors: tuple[str, ...] = ()
    source: str | None = None
    notes: str | None = None


class Tally(Frozen):
    """Independent cohorts by stance; support = (supports + 1) / (supports + argues_against + 2), proposals not counted."""

    supports: int
    proposes: int
    argues_against: int
    support: float
    studies: tuple[str, ...]


class FactorTally(Tally):
    factor: TermRef


class MechanismEdge(Tally):
    """(factor)-[:MAY_ACT_THROUGH]->(mechanism) or (mechanism)-[:MAY_LEAD_TO]->(lesion or outcome)."""

    kind: Literal["MAY_ACT_THROUGH", "MAY_LEAD_TO"]
    start: str
    end: str
    caption: str
    claims: tuple[str, ...]


class Mechanism(Tally):
    """A mechanism with what is claimed of it, and the factors that may act through it."""

    mechanism: TermRef
    claims: tuple[ClaimRow, ...]
    factors: tuple[FactorTally, ...]
