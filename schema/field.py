"""A field of evidence: what `field.yaml` says of it, and its vocabulary. All that is one field's and not the method's.

The five kinds of terms, the labels of nodes and all public names are the same in every field.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from functools import cache, cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import AliasChoices, ConfigDict, Field, PrivateAttr, field_validator

from schema.names import normal_cohort
from schema.populations import PopulationNode, Populations
from schema.review import Review
from schema.study import AXES, Axis, Count, Many, Number, Part, Population, Size, Slug, Text
from schema.vocabulary import Kind, Term, Vocabulary

# what an axis says that does not narrow
ANY = "any"
Proportion = Annotated[float | int, Field(gt=0, lt=1)]
RowSet = Literal["studies", "populations", "prevalence", "findings", "mechanisms"]
Scale = Annotated[float | int, Field(gt=0)]


class AxisValues(Part):
    """What tells groups of people apart along an axis: the values with their labels, and what else a table may say for them."""

    label: Text
    values: Annotated[dict[Slug, str], Field(min_length=1)]
    means: dict[Text, Slug] = Field(default_factory=dict)


class KindName(Part):
    """What terms of a kind are called: one, and several."""

    name: Text
    plural: Text


class Selection(Part):
    """Who was selected into a population, and what that does to a comparison with those who were not."""

    population: Slug
    note: Text


class Example(Part):
    """A question as a reader may ask it, with its parameters."""

    model_config = ConfigDict(extra="allow")

    question: Slug

    @property
    def parameters(self) -> dict[str, Any]:
        return dict(self.model_extra or {})


class StartQuestion(Part):
    """A question that everybody brings along, with the exposures by which it is answered."""

    text: Text
    exposures: Annotated[tuple[Slug, ...], Field(strict=False, min_length=1, max_length=3)]


class Start(Part):
    """What the start page says in a field's own words; where one is left out, it is said of the lesion and the population by name.

    `outcomes` stand first among those that the lesion is linked to.
    """

    title: Text | None = None
    lead: Text | None = None
    # the lesion's short name
    lesion: Text | None = None
    question: StartQuestion | None = None
    outcomes: Many[Slug] = ()


class Constants(Part):
    """The constants of the method that a field may set, by their names in graph/synthesis/method.py; None: the method's own."""

    reference_n: Size | None = None
    reference_prevalence: Proportion | None = None
    default_prevalence_lesion: Proportion | None = None
    default_prevalence_continuous: Proportion | None = None
    default_prevalence_other: Proportion | None = None
    default_exposed_share: Proportion | None = None
    mri_windows: Many[Count] | None = None
    follow_up_windows: Annotated[tuple[Annotated[Number, Field(gt=0)], ...], Field(strict=False, min_length=1)] | None = None
    weight_shares: Annotated[tuple[Annotated[Number, Field(ge=0, le=1)], ...], Field(strict=False, min_length=9, max_length=9)] | None = (
        None
    )
    typical_z: Annotated[tuple[Annotated[Number, Field(gt=0)], ...], Field(strict=False, min_length=3, max_length=3)] | None = None
    weight_tau_scale: Scale | None = None
    rhos: Annotated[tuple[Annotated[Number, Field(gt=0, le=1)], ...], Field(strict=False, min_length=1)] | None = None

    def __hash__(self) -> int:
        return hash(tuple(vars(self).values()))


class Spread(Part):
    """How far apart people are in an exposure: an SD, in its unit."""

    sd: Scale
    unit: Text


_KINDS = {
    "risk-factor": KindName(name="risk factor", plural="risk factors"),
    "csvd-marker": KindName(name="marker", plural="markers"),
    "lesion": KindName(name="lesion", plural="lesions"),
    "mechanism": KindName(name="mechanism", plural="mechanisms"),
    "outcome": KindName(name="outcome", plural="outcomes"),
}
KINDS: tuple[Kind, ...] = get_args(Kind)


class EvidenceField(Part):
    """One field. `loaders.fields.read` makes it, and says what is wrong with its files.

    `lesion` and `population` are meant where a question names none; `compared` are the groups that a comparison sets side by side,
    `columns` those of the map of gaps, `apart` the groups into which one study sorts its patients, so that nobody is in two of them,
    and `menu` those that each page offers first, by their short names.
    """

    id: Slug
    title: Text
    lead: Text
    lesion: Slug
    population: Slug
    axes: dict[Axis, AxisValues]
    # in field.yaml, populations
    nodes: Annotated[tuple[PopulationNode, ...], Field(strict=False, min_length=1, validation_alias=AliasChoices("populations"))]
    compared: Annotated[tuple[Slug, ...], Field(strict=False, min_length=1)]
    columns: Annotated[tuple[Slug, ...], Field(strict=False, min_length=1)]
    apart: Many[Annotated[tuple[Slug, ...], Field(strict=False, min_length=2)]] = ()
    selection: Selection | None = None
    menu: dict[Slug, Text] = Field(default_factory=dict)
    start: Start = Start()
    kinds: dict[Kind, KindName] = Field(default_factory=dict)
    abbreviations: dict[Text, Text] = Field(default_factory=dict)
    constants: Constants = Constants()
    # of exposures, for estimates per unit of them whose papers print none
    exposure_sds: dict[Slug, Spread] = Field(default_factory=dict)
    # of the workbook to fill in, by its sheets: worked rows, and what a column is for in words of the field
    worked: dict[RowSet, Many[dict[Text, Text]]] = Field(default_factory=dict)
    help: dict[RowSet, dict[Text, Text]] = Field(default_factory=dict)
    cohort_aliases: dict[Text, Text] = Field(default_factory=dict)
    examples: Many[Example] = ()

    _folder: Path | None = PrivateAttr(None)
    # not a function as default: pydantic would take it for a method
    _base: Callable[[], Vocabulary] | None = PrivateAttr(None)
    _review: Review | None = PrivateAttr(None)
    # the terms in place of the field's own
    _terms: Vocabulary | None = PrivateAttr(None)

    @field_validator("axes")
    @classmethod
    def _with_any(cls, axes: dict[Axis, AxisValues]) -> dict[Axis, AxisValues]:
        if "condition" not in axes:
            raise ValueError("condition is missing: each group of people has one")
        for axis, given in axes.items():
            if axis != "condition" and ANY not in given.values:
                raise ValueError(f"{axis} has no value {ANY}, for groups that it does not narrow")
        return axes

    def with_vocabulary(self, base: Callable[[], Vocabulary], folder: Path | None = None) -> Self:
        """The field with its own vocabulary, which is read when it is first asked for, and the folder that it came from."""
        return self._copied(_base=cache(base), _terms=None, _folder=folder)

    def with_review(self, review: Review) -> Self:
        """The field with the record of the review, which is no part of its digest: it moves no figure."""
        return self._copied(_review=review)

    @property
    def review(self) -> Review | None:
        """How the review was made, where review.yaml says it."""
        return self._review

    def _copied(self, **private: Any) -> Self:
        made = self.model_copy()
        for name, value in private.items():
            setattr(made, name, value)
        # a copy takes along what was worked out of the other
        for name in ("vocabulary", "populations", "digest"):
            vars(made).pop(name, None)
        return made

    def __eq__(self, other: object) -> bool:
        return isinstance(other, EvidenceField) and self.digest == other.digest and self.vocabulary == other.vocabulary

    def __hash__(self) -> int:
        return hash(self.digest)

    @property
    def folder(self) -> Path:
        """Where its field.yaml, vocabulary.yaml and studies are."""
        assert self._folder is not None
        return self._folder

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """All terms: the field's, and those that a user has added."""
        if self._terms is not None:
            return self._terms
        assert self._base is not None
        return self._base()

    @cached_property
    def populations(self) -> Populations:
        return Populations(self.nodes, self.population, self.used_axes)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of what field.yaml says, however it is written."""
        content = json.dumps(self.model_dump(mode="json", exclude_defaults=True), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(content.encode()).hexdigest()

    @property
    def scans(self) -> bool:
        """Whether its evidence is of scans, at days that matter."""
        return self.constants.mri_windows is None or bool(self.constants.mri_windows)

    @property
    def values(self) -> dict[Axis, tuple[str, ...]]:
        """The values of each axis in use."""
        return {axis: tuple(self.axes[axis].values) for axis in self.used_axes}

    @property
    def used_axes(self) -> tuple[Axis, ...]:
        return tuple(axis for axis in AXES if axis in self.axes)

    def kind_name(self, kind: Kind) -> KindName:
        return self.kinds.get(kind, _KINDS[kind])

    @property
    def named_kinds(self) -> list[tuple[Kind, str]]:
        return [(kind, self.kind_name(kind).name) for kind in KINDS]

    @property
    def plurals(self) -> dict[str, str]:
        """What several terms of each kind are called."""
        return {kind: self.kind_name(kind).plural for kind in KINDS}

    @property
    def offered(self) -> dict[str, str]:
        """The populations that each page offers first, with their short names: `menu`, or those that it compares and maps."""
        names = {one: self.populations[one].name for one in (self.population, *self.compared, *self.columns)}
        return self.menu or {one: f"{name[0].upper()}{name[1:]}" for one, name in names.items()}

    def short(self, population: str) -> str:
        """A population within a sentence."""
        return self.menu.get(population, self.populations[population].name)

    def cohort(self, name: str) -> str:
        """The form in which a cohort's name is compared: folded, and of the names that `cohort_aliases` has the one that is meant."""
        folded = normal_cohort(name)
        return self._cohort_aliases.get(folded, folded)

    @cached_property
    def _cohort_aliases(self) -> dict[str, str]:
        return {normal_cohort(alias): normal_cohort(name) for alias, name in self.cohort_aliases.items()}

    def label(self, group: Population) -> str:
        """Whom a group holds: ICH, hypertensive arteriopathy, deep."""
        labels = [self.axes[axis].values.get(getattr(group, axis), "") for axis in self.used_axes]
        return ", ".join(label for label in labels if label)

    @property
    def at_hand(self) -> Self:
        """The field with all its terms, to be sent to another process."""
        return self._copied(_base=None, _terms=Vocabulary(self.vocabulary.terms.values()))

    @property
    def base(self) -> Self:
        """The field without what a user has added."""
        return self._copied(_terms=None)

    def extended(self, terms: Sequence[Term]) -> Self:
        """The field with further terms; call `clashes` first."""
        return self.holding((*self.vocabulary.terms.values(), *terms))

    def holding(self, terms: Iterable[Term] | Vocabulary) -> Self:
        """The field with these terms in place of its own: those of a store, in their order."""
        return self._copied(_terms=terms if isinstance(terms, Vocabulary) else Vocabulary(terms))

    def own(self, terms: Iterable[Term]) -> list[Term]:
        """Those of the terms that a user has added."""
        base = self.base.vocabulary
        return [term for term in terms if term.id not in base]

    @property
    def own_terms(self) -> list[Term]:
        """The terms that a user has added."""
        return self.own(self.vocabulary.terms.values())
