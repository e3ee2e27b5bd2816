"""The envelope of an answer."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar

from pydantic import BaseModel, Field

from schema.association import (
    Association,
    Beside,
    ClaimRow,
    Judged,
    Mechanism,
    MechanismEdge,
    PooledPrevalence,
    Prevalence,
    PublishedEstimate,
    Row,
    StudyRef,
    TermRef,
)
from schema.bias import Level as RiskLevel
from schema.observation import Frozen
from schema.review import Review
from schema.robustness import AbsoluteRisk, CampFigures, CumulativeStep, Flips, Holding, LeftOut, SmallStudyEffects, Subgroups
from schema.study import StandingKind, Study
from schema.vocabulary import Term

if TYPE_CHECKING:
    import pandas as pd

Item = TypeVar("Item", bound=BaseModel)


class Why(Frozen):
    """Why a list is empty: nothing was studied, or a filter emptied it. `without`: how many items there are without it."""

    status: Literal["not-studied", "filtered-out"]
    text: str
    filter: str | None = None
    without: int = 0


class Answer(Frozen, Generic[Item]):
    """A list of items, the question as it was understood, and the release that it comes from.

    `unknown_dropped`: rows that a filter dropped because it can't be told whether they match. `note`: what a reader must know first.
    `names`: the terms and populations that `query` gives by id, by that id.
    """

    query: dict[str, Any]
    names: dict[str, TermRef] = Field(default_factory=dict)
    release: str
    total: int
    limit: int | None
    offset: int
    unknown_dropped: int = 0
    note: str | None = None
    items: tuple[Item, ...]
    why: Why | None = None

    def to_pandas(self) -> pd.DataFrame:
        """The items as a table, one row an item; nested values as they are. Needs pandas, which is not installed with the package."""
        import pandas as pd

        return pd.DataFrame([flat(item) for item in self.items])


_INTERVALS = frozenset({"ci", "prediction_interval", "pct_range"})
# of a paper that an item is of
_PAPER = ("year", "doi", "pmid", "standing")


def columns(model: type[BaseModel]) -> list[str]:
    """The columns of a model's items as a table."""
    names: list[str] = []
    for name, field in model.model_fields.items():
        if field.annotation is TermRef:
            # beside the id stands the name alone
            names += [f"{name.removesuffix('_term')}_name"] if name.endswith("_term") else [name, f"{name}_name"]
        elif name in _INTERVALS:
            names += [f"{name}_low", f"{name}_high"]
        else:
            names.append(name)
        if field.annotation is StudyRef:
            names += [f"{name}_label", *_PAPER]
    return names


def flat(item: BaseModel) -> dict[str, Any]:
    """An item as one level of columns: terms by id and name, intervals as two, a paper also by its label, year and ids; else as it is."""
    row: dict[str, Any] = {}
    for name, value in item.model_dump(mode="json").items():
        if type(item).model_fields[name].annotation is TermRef:
            if not name.endswith("_term"):
                row[name] = value["id"]
            row[f"{name.removesuffix('_term')}_name"] = value["name"]
        elif name in _INTERVALS:
            row[f"{name}_low"], row[f"{name}_high"] = value or (None, None)
        else:
            row[name] = value
        if type(item).model_fields[name].annotation is StudyRef:
            row |= {f"{name}_label": value["label"], **{part: value[part] for part in _PAPER}}
    return row


class Evidence(Frozen):
    """All that is known of one association: the synthesis (null where nothing was studied), every row, published meta-analyses.

    And how it holds up: without each study, year by year, in subgroups; what would flip it; the camps where it is contested; what it means
    for a hundred patients. `names`: the terms and populations that `query` gives by id, by that id. `shared_patients`: the groups of
    studies that share patients. Where studies were left out or added, or another prior was asked for, `before` is the association without.
    `with_retracted` is what it was with papers that were retracted since, `judged` how its papers' risk of bias was judged, `read_twice`
    the share of its rows that a second person is said to have read.
    """

    query: dict[str, Any]
    names: dict[str, TermRef] = Field(default_factory=dict)
    release: str
    unknown_dropped: int = 0
    note: str | None = None
    association: Association | None
    before: Association | None = None
    rows: tuple[Row, ...]
    published: tuple[PublishedEstimate, ...]
    leave_one_out: tuple[LeftOut, ...] = ()
    cumulative: tuple[CumulativeStep, ...] = ()
    subgroups: tuple[Subgroups, ...] = ()
    small_study_effects: SmallStudyEffects | None = None
    flips: Flips | None = None
    camps: tuple[CampFigures, ...] = ()
    shared_patients: tuple[tuple[Holding, ...], ...] = ()
    absolute: AbsoluteRisk | None = None
    with_retracted: Beside | None = None
    judged: tuple[Judged, ...] = ()
    read_twice: float = 0.0
    why: Why | None = None


class PreviewedStudy(Frozen):
    """A sheet that is previewed, and what loading it would do."""

    id: str
    label: str
    change: Literal["added", "replaced", "unchanged"]


class Changed(Frozen):
    """An association that loading would make another; null where there was, or would be, none."""

    exposure: TermRef
    outcome: TermRef
    population: TermRef
    before: Association | None
    after: Association | None


class ChangedPrevalence(Frozen):
    """A pooled prevalence that loading would make another; null where there was, or would be, none."""

    lesion: TermRef
    population: TermRef
    before: PooledPrevalence | None
    after: PooledPrevalence | None


class Preview(Frozen):
    """What loading sheets would change; `problems` are the oddities in them. Nothing is stored."""

    release: str
    next_release: str
    studies: tuple[PreviewedStudy, ...]
    problems: tuple[str, ...]
    total: int
    items: tuple[Changed, ...]
    prevalence: tuple[ChangedPrevalence, ...]


class PrevalenceAnswer(Frozen):
    query: dict[str, Any]
    release: str
    unknown_dropped: int = 0
    note: str | None = None
    prevalence: Prevalence
    populations: tuple[Prevalence, ...]
    why: Why | None = None


class StudyItem(Frozen):
    """A study in a list; `findings` and so on are counts."""

    id: str
    label: str
    title: str | None = None
    year: int | None = None
    journal: str | None = None
    doi: str | None = None
    pmid: str | None = None
    design: str | None = None
    read: str
    standing: StandingKind | None = None
    risk_of_bias: RiskLevel | None = None
    n: int | None = None
    countries: tuple[str, ...] = ()
    cohorts: tuple[str, ...] = ()
    findings: int
    prevalence: int
    claims: int


class StudyAnswer(Frozen):
    """One study: its sheet, how each of its rows was read and used, and the share of them that a second person is said to have read."""

    release: str
    label: str
    study: Study
    rows: tuple[Row, ...]
    claims: tuple[ClaimRow, ...]
    read_twice: float
    shares_patients_with: tuple[str, ...]


class CohortItem(Frozen):
    """A named cohort. `patients`: the n of the largest study that draws on it, since these hold the same people; `findings` is a count."""

    id: str
    studies: tuple[StudyRef, ...]
    patients: int | None = None
    countries: tuple[str, ...] = ()
    findings: int


class CohortAnswer(Frozen):
    """One cohort; `drawn_on_with`: the cohorts that its studies draw on besides."""

    release: str
    cohort: CohortItem
    drawn_on_with: tuple[str, ...]


class TermItem(Term):
    """A term, with how much the graph holds on it."""

    findings: int = 0


class TermAnswer(Frozen):
    release: str
    term: Term
    broader: TermRef | None = None
    narrower: tuple[TermRef, ...] = ()
    findings: int = 0


class Neighbours(Frozen):
    """What a term is joined to in a population. `names`: what the query and the mechanisms give by id, by that id."""

    release: str
    query: dict[str, Any]
    names: dict[str, TermRef] = Field(default_factory=dict)
    term: TermRef
    as_exposure: tuple[Association, ...]
    as_outcome: tuple[Association, ...]
    mechanisms: tuple[MechanismEdge, ...]
    broader: TermRef | None = None
    narrower: tuple[TermRef, ...] = ()


class Counts(Frozen):
    studies: int
    terms: int
    findings: int
    prevalence: int
    claims: int
    associations: int
    mechanism_edges: int
    full_text: int


class ReleaseAnswer(Frozen):
    """What is loaded; `loaded`: the day (UTC) on which the release was put into this store, if the store knows it."""

    release: str
    loaded: date | None
    store: str
    counts: Counts
    versions: dict[str, str]
    review: Review | None = None


class SchemaAnswer(Frozen):
    """Node and edge types with their properties and units, the vocabulary, the method with its rules, the share of rows read twice."""

    release: str
    nodes: tuple[dict[str, Any], ...]
    edges: tuple[dict[str, Any], ...]
    vocabulary: tuple[Term, ...]
    roll_ups: dict[str, dict[str, str]]
    populations: tuple[dict[str, Any], ...]
    method: dict[str, Any]
    read_twice: float


__all__ = [
    "Answer", "Changed", "CohortAnswer", "CohortItem", "Counts", "Evidence", "Mechanism", "Neighbours", "PrevalenceAnswer", "Preview",
    "PreviewedStudy", "ReleaseAnswer", "SchemaAnswer", "StudyAnswer", "StudyItem", "TermAnswer", "TermItem", "Why", "columns", "flat",
]  # fmt: skip
