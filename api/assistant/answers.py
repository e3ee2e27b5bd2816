"""What an assistant is answered: a status, a sentence, short items, the whole items where they are asked for, and the papers.

`status` keeps apart what must not be mixed up: `answered` and `studied-inconclusive` rest on studies, `not-studied` and `filtered-out` on
none, and `unknown-name` is no answer but suggestions.
"""

from __future__ import annotations

from typing import Any, Generic, Literal, TypeVar

from pydantic import BaseModel, Field

from schema.association import CertaintyLevel, CommonEffect, Direction, DirectionBasis, EstimateSource, Interval, Leans
from schema.observation import Frozen
from schema.study import Read

Status = Literal["answered", "studied-inconclusive", "not-studied", "filtered-out", "unknown-name"]
Standing = Literal["studied", "studied-inconclusive", "not-studied"]
DISCLAIMER = "Evidence summary of published papers, not medical advice."

S = TypeVar("S", bound=BaseModel)


class Source(Frozen):
    """A paper; what its sheet doesn't show is null."""

    id: str
    label: str
    title: str | None = None
    year: int | None = None
    doi: str | None = None
    pmid: str | None = None
    read: Read = Field(description="abstract; tables: the abstract, and tables of the paper itself; full-text; or not-stated")


class Reply(Frozen, Generic[S]):
    status: Status = Field(
        description="answered: studies say something. studied-inconclusive: studies looked and show no clear direction; this is NOT "
        "evidence of no effect. not-studied: no study of this release looked; nothing is known, in neither direction. filtered-out: the "
        "filters left nothing; what there is without them is in `text`. unknown-name: a name was not understood, and nothing was asked; "
        "try `suggestions`."
    )
    text: str = Field(description="what the status means here, in a sentence or two")
    suggestions: tuple[str, ...] = Field(default=(), description="the nearest names, where one was not understood")
    query: dict[str, Any] = Field(default={}, description="the question as it was understood: ids, population with its parts, filters")
    release: str | None = Field(default=None, description="the release of the evidence that answers; quote it")
    total: int = Field(default=0, description="how many items there are")
    shown: int = Field(default=0, description="how many of them are here")
    more: str | None = Field(default=None, description="what was too long to stand here, and how to ask for it")
    unknown_dropped: int = Field(default=0, description="rows left out because it is not known whether they match the filters")
    note: str | None = Field(default=None, description="what a reader must know first")
    items: tuple[S, ...] = ()
    full: tuple[dict[str, Any], ...] | None = Field(default=None, description="where form is full: the items whole, as REST gives them")
    sources: tuple[Source, ...] = Field(default=(), description="the papers of the items, which name them by id; cite them")
    disclaimer: str = DISCLAIMER


class Term(Frozen):
    id: str
    name: str


class ShortAssociation(Frozen):
    """One exposure and one outcome in one population."""

    standing: Standing
    exposure: Term
    outcome: Term
    population: Term
    direction: Direction | None = Field(description="of the exposure on the outcome; null where it was not studied")
    said: str = Field(description="the association in a dozen words")
    measure: str | None = None
    estimate: float | None = None
    ci: Interval | None = Field(default=None, description="95%; of two to four pooled cohorts allowing for settings that differ")
    average: CommonEffect | None = Field(default=None, description="of two to four pooled cohorts their average, and its 95% interval")
    intervals: str | None = Field(default=None, description="of two to four pooled cohorts both, by name: quote both")
    contrast: str | None = None
    comparison: str | None = Field(default=None, description="what our estimate is of: body of evidence, cut-offs, time, versus what")
    estimate_source: EstimateSource | None = None
    estimate_of: str | None = Field(default=None, description="how many cohorts, or studies of a review, it is from; others may only count")
    not_pooled: str | None = Field(default=None, description="why there is no estimate though ratios are printed")
    interval_includes_no_effect: bool | None = Field(default=None, description="of two to four pooled cohorts that of their average")
    cohorts: int = Field(description="independent cohorts that say something; papers that share patients count once")
    cohorts_reporting: dict[str, int] = Field(description="cohorts by report: increases, decreases, not_significant, unclear")
    patients: int | None = Field(description="of the cohorts that print their number; null where none does")
    patients_unknown: int = Field(description="cohorts that don't print their number of patients")
    no_events: str | None = Field(default=None, description="studies without an event, or with events only, which say nothing of a ratio")
    direction_basis: DirectionBasis | None = Field(description="what the direction rests on")
    leans: Leans | None = Field(description="the side of an inconclusive one; no direction")
    weight: float | None = Field(description="the probability that the average effect has this direction; 0.5: nothing is known of it")
    weight_range: Interval | None = Field(description="the weight where more, and where fewer, factors have no effect")
    p_direction: float | None = Field(description="the probability that a next cohort's true effect has this direction")
    little_difference: bool = Field(description="what is rated is little or no difference")
    certainty: CertaintyLevel | None
    certainty_reasons: tuple[str, ...] = ()
    contested: str | None = Field(default=None, description="why the evidence contradicts itself; null where it doesn't")
    read_in_full: int = Field(description="studies read in full text; the others as abstracts, or with their tables")
    studies: tuple[str, ...] = Field(description="ids of the papers, among `sources`")


class ShortRow(Frozen):
    """One finding as its paper prints it."""

    study: str
    population: str
    n: int | None
    reported: str = Field(description="the direction that the paper reports, of exposure on outcome as it names them")
    exposure: str
    outcome: str
    figure: str | None = Field(default=None, description="measure, value and 95% interval")
    p: float | str | None = None
    adjusted: bool | None = None
    used: str = Field(description="pooled, votes or shown (not counted)")
    why: str | None = None


class ShortEvidence(ShortAssociation):
    replication: float | None = Field(description="the probability that a next cohort reports it with p < 0.05")
    rows: tuple[ShortRow, ...]
    comparisons: tuple[str, ...] = Field(default=(), description="what may be pooled with what, and what that gives; the headline's first")
    left_out: str | None = Field(default=None, description="the estimate with one study left out, as figures")
    flips: str | None = Field(default=None, description="what would turn the association")


class ShortComparison(Frozen):
    factor: Term
    outcome: Term
    cells: tuple[ShortAssociation, ...]
    differences: tuple[str, ...] = Field(description="the tests of each pair, or why there is none; unlike cells side by side are no test")


class ShortPrevalence(Frozen):
    """How common a lesion is in a population, in percent."""

    standing: Standing
    lesion: Term
    population: Term
    said: str | None = Field(default=None, description="the pooled percentage and what it is pooled over: it is of no sum of patients")
    pct: float | None = Field(default=None, description="of a typical cohort")
    ci: Interval | None = None
    next_cohort: Interval | None = Field(default=None, description="95% prediction interval")
    cohorts: int
    cases: int | None = None
    total: int | None = None
    lowest: float | None = None
    highest: float | None = None
    certainty: CertaintyLevel | None = None
    studies: tuple[str, ...]


class ShortMechanism(Frozen):
    """What papers claim; claims are no measurements."""

    mechanism: Term
    supports: int = Field(description="independent cohorts whose papers support it")
    proposes: int = Field(description="papers that only propose it")
    argues_against: int
    factors: tuple[Term, ...]
    studies: tuple[str, ...]


class ShortChain(Frozen):
    chain: str
    weakest: str = Field(description="a chain is as strong as this link")
    links: tuple[str, ...]
    studies: tuple[str, ...]


class ShortGap(Frozen):
    standing: Standing
    factor: Term
    outcome: Term
    population: Term
    state: Literal["empty", "weak", "fair"]
    said: str
    known_in: tuple[str, ...]
    expected_change: float = Field(description="by how much one more cohort would move the probability of an increase, on average")
    sample_size: int | None = Field(default=None, description="patients that detect the odds ratio asked for")
    studies: tuple[str, ...]


class ShortCohort(Frozen):
    id: str
    patients: int | None = Field(description="n of the largest study that draws on it; these hold the same people")
    countries: tuple[str, ...]
    findings: int
    studies: tuple[str, ...]


class ShortStudy(Frozen):
    id: str
    design: str | None
    n: int | None
    findings: int
    prevalence: int
    claims: int
    studies: tuple[str, ...]


class ShortTerm(Frozen):
    id: str
    name: str
    kind: str
    synonyms: tuple[str, ...]
    definition: str | None
    findings: int = Field(description="how many findings name it; 0: in the vocabulary, never studied")
