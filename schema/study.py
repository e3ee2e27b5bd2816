"""An extracted study, as a review team hands it over. `evidence/README.md` says what each key means.

All models are frozen, refuse unknown keys, don't convert types (a number in quotes is not a number) and refuse NaN and infinity.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, Literal, Self, TypeVar, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationInfo,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticKnownError

from schema import bias
from schema.identity import doi_in, pmcid_in, pmid_in
from schema.pvalue import PValue, parse_p

Design = Literal[
    "prospective-cohort", "retrospective-cohort", "cross-sectional", "case-control", "rct", "rct-post-hoc",
    "individual-patient-pooled", "meta-analysis", "systematic-review", "narrative-review", "case-series", "case-report",
    "histopathology", "animal",
]  # fmt: skip
# what tells a group of people; the values of each are the field's (field.yaml)
Axis = Literal["condition", "arteriopathy", "location"]
AXES: tuple[Axis, ...] = get_args(Axis)
ContrastType = Literal["binary", "graded", "per-unit", "shift", "unknown"]
Read = Literal["abstract", "tables", "full-text", "not-stated"]
Role = Literal["main", "modifier", "within-person", "descriptive", "dropped"]
Measure = Literal[
    "OR", "RR", "HR", "beta", "SMD", "mean-difference", "median-difference", "proportion-difference", "correlation", "p-only"
]  # fmt: skip
ReportedDirection = Literal["increases", "decreases", "no-association", "unclear"]
StandingKind = Literal["retracted", "concern", "corrected", "superseded", "preprint"]
Stance = Literal["supports", "proposes", "argues-against"]
Basis = Literal["observational", "imaging", "histopathology", "animal", "opinion"]

REVIEWS: frozenset[Design] = frozenset({"meta-analysis", "systematic-review", "narrative-review"})
RATIOS: frozenset[Measure] = frozenset({"OR", "RR", "HR"})

SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


def _slug(text: str) -> str:
    if not SLUG.fullmatch(text) or len(text) > 100:
        raise ValueError("must be of lower-case letters and digits joined by single hyphens, at most 100 characters")
    return text


def _p(value: PValue) -> PValue:
    parse_p(value)
    return value


def printable(value: int | float) -> int | float:
    """The figure; ValueError where no paper prints one of its size."""
    if value and not 1e-15 <= abs(value) <= 1e15:
        raise ValueError("must be 0, or between 1e-15 and 1e15 in size: no paper prints another figure")
    return value


def _above_0(value: int | float) -> int | float:
    if value <= 0:
        raise ValueError("a figure above 0")
    return value


def _months(value: Any) -> Any:
    figures = value if isinstance(value, list | tuple) else (value,)
    if len(figures) != (2 if figures is value else 1) or not all(type(one) in {int, float} and 0 <= one < math.inf for one in figures):
        raise ValueError("must be a time in months, 0 or later, or the two between which it lies: 12, or [3, 24]")
    return value


def _bare(read: Callable[[str], str | None]) -> BeforeValidator:
    """An id of a paper without the address or name that is copied with it."""
    return BeforeValidator(lambda given: (read(given) or given) if isinstance(given, str) else given)


Text = Annotated[str, Field(min_length=1)]
Slug = Annotated[
    str,
    StringConstraints(strip_whitespace=False),
    AfterValidator(_slug),
    WithJsonSchema({"type": "string", "pattern": f"^{SLUG.pattern}$", "maxLength": 100}),
]
Date = Annotated[str, Field(pattern=r"^[0-9]{4}(-[0-9]{2}){0,2}$")]
Count = Annotated[int, Field(ge=0)]
Size = Annotated[int, Field(ge=1)]
# a union, so that 16 and 16.0 keep how precisely they were printed
Number = Annotated[int | float, AfterValidator(printable)]
# bounds of a union are told as JSON Schema says them by hand: pydantic writes them by its own names, which no reader of a schema knows
Percent = Annotated[int | float, Field(ge=0, le=100), WithJsonSchema({"type": "number", "minimum": 0, "maximum": 100})]
_MONTH = {"type": "number", "minimum": 0}
Pair = Annotated[tuple[Number, Number], Field(strict=False)]
Months = Annotated[
    int | float | Annotated[tuple[int | float, int | float], Field(strict=False)],
    BeforeValidator(_months),
    WithJsonSchema({"anyOf": [_MONTH, {"type": "array", "prefixItems": [_MONTH, _MONTH], "minItems": 2, "maxItems": 2}]}),
]
T = TypeVar("T")
Many = Annotated[tuple[T, ...], Field(strict=False)]


@dataclass(frozen=True, slots=True)
class Reading:
    """The context of a validation: the values of the field's axes. `lenient` leaves to `Part.impossible` what its keys say together."""

    axes: Mapping[Axis, Sequence[str]]
    lenient: bool = False


class Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False, defer_build=True, str_strip_whitespace=True)

    def impossible(self) -> Iterator[str]:
        """What of it can't be true together."""
        yield from ()

    @model_validator(mode="after")
    def _check(self, info: ValidationInfo) -> Self:
        if info.context is None or not info.context.lenient:
            wrong = "; ".join(self.impossible())
            if wrong:
                raise ValueError(wrong)
        return self


class Trail(Part):
    """Who read a row, who read it again, when, and where they differed; of a sheet, of all its rows that don't say otherwise."""

    extracted_by: Text | None = None
    checked_by: Text | None = None
    date: Date | None = None
    disagreement: Text | None = None


def _ordered(pair: tuple[float, float] | None, name: str) -> Iterator[str]:
    if pair is not None and pair[0] > pair[1]:
        yield f"{name} runs from {pair[0]} down to {pair[1]}; the lower figure comes first"


class Age(Part):
    """Age in years."""

    mean: Number | None = None
    sd: Number | None = None
    median: Number | None = None
    iqr: Pair | None = None

    def impossible(self) -> Iterator[str]:
        yield from _ordered(self.iqr, "iqr")


class Imaging(Part):
    """How the lesions were looked for; days after onset, tesla, millimetres, patients."""

    mri_window_days: Pair | None = None
    mri_median_day: Number | None = None
    field_strength_t: Many[Number] = ()
    min_distance_mm: Number | None = None
    adc_confirmed: bool | None = None
    eligible: Count | None = None
    scanned: Count | None = None
    notes: Text | None = None

    def impossible(self) -> Iterator[str]:
        yield from _ordered(self.mri_window_days, "mri_window_days")
        if self.eligible is not None and self.scanned is not None and self.scanned > self.eligible:
            yield f"scanned ({self.scanned}) is more than eligible ({self.eligible})"


def _on_axis(value: Any, info: ValidationInfo) -> Any:
    """Hold a value to those that the field has on this axis, where they are given as the context of the validation."""
    if info.context is None:
        return value
    allowed = info.context.axes.get(info.field_name)
    if allowed is None:
        if value is not None:
            raise PydanticKnownError("extra_forbidden")
        return None
    if value is None:
        raise PydanticKnownError("missing")
    if not isinstance(value, str) or value not in allowed:
        *most, last = (repr(one) for one in allowed)
        raise PydanticKnownError("literal_error", {"expected": f"{', '.join(most)} or {last}" if most else last})
    return value


OnAxis = Annotated[Slug | None, BeforeValidator(_on_axis), Field(validate_default=True)]


class Population(Part):
    """A group of people for which figures are given; `id` is local to the sheet. An axis that the field does not use is None.

    `disjoint`: it shares no patient with the sheet's other disjoint groups, and is a cohort of its own.
    """

    id: Slug
    label: Text
    condition: Annotated[Slug, BeforeValidator(_on_axis)]
    arteriopathy: OnAxis = None
    location: OnAxis = None
    n: Size | None = None
    disjoint: bool = False
    criteria: Text | None = None


class Prevalence(Trail):
    """How common a lesion was. Invariant: cases <= total."""

    population: Slug
    lesion: Slug
    cases: Count | None = None
    total: Size | None = None
    pct: Percent | None = None
    pct_range: Pair | None = None
    ci: Pair | None = None
    k: Size | None = None
    timing: Text | None = None
    main: bool = False
    notes: Text | None = None
    source: Text | None = None

    def impossible(self) -> Iterator[str]:
        yield from _ordered(self.ci, "ci")
        yield from _ordered(self.pct_range, "pct_range")
        if self.cases is not None and self.total is not None and self.cases > self.total:
            yield f"cases ({self.cases}) is more than total ({self.total})"


class Per(Part):
    """The step of a per-unit estimate ("per 10 mmHg")."""

    step: Annotated[int | float, Field(gt=0), WithJsonSchema({"type": "number", "exclusiveMinimum": 0})]
    unit: Text


class Counts(Part):
    """A 2x2 table. Invariant: cases <= total in each row."""

    exposed_cases: Count
    exposed_total: Size
    unexposed_cases: Count
    unexposed_total: Size

    def impossible(self) -> Iterator[str]:
        for arm in ("exposed", "unexposed"):
            cases, total = getattr(self, f"{arm}_cases"), getattr(self, f"{arm}_total")
            if cases > total:
                yield f"{arm}_cases ({cases}) is more than {arm}_total ({total})"


class Group(Part):
    """One group's own figures; the index group stands first."""

    name: Text
    n: Size | None = None
    mean: Number | None = None
    sd: Annotated[int | float, Field(ge=0), WithJsonSchema({"type": "number", "minimum": 0})] | None = None
    median: Number | None = None
    iqr: Pair | None = None
    pct: Percent | None = None

    def impossible(self) -> Iterator[str]:
        yield from _ordered(self.iqr, "iqr")


class Finding(Trail):
    """One association of an exposure with an outcome, significant or not, as printed.

    `versus` is the term that the exposure is compared with head to head; `cutoff` and `outcome_cutoff` are as printed; `k` is the number
    of studies behind a pooled row; `se` is the standard error of the value, of a ratio that of its natural logarithm. Invariants: 1 ci and
    follow_up_months are ordered; 2 the value lies inside its ci, to the last printed digit; 3 a ratio and its ci are positive; 4 p is 0 to
    1 or a bound of it; 5 groups are two; 6 se is above 0.
    """

    exposure: Slug
    exposure_as_reported: Text | None = None
    contrast: str | None = None
    contrast_type: ContrastType | None = None
    versus: Slug | None = None
    cutoff: Text | None = None
    per: Per | None = None
    reversed: bool = False
    outcome: Slug
    outcome_as_reported: Text | None = None
    outcome_cutoff: Text | None = None
    follow_up_months: Months | None = None
    outcome_scale: Literal["lower-is-worse"] | None = None
    population: Slug
    role: Role = "main"
    randomised: bool = False
    pooled: bool = False
    k: Size | None = None
    events: Count | None = None
    measure: Measure
    value: Number | None = None
    ci: Pair | None = None
    se: Annotated[Number, AfterValidator(_above_0), WithJsonSchema({"type": "number", "exclusiveMinimum": 0})] | None = None
    p: Annotated[PValue, AfterValidator(_p)] | None = None
    p_interaction: Annotated[PValue, AfterValidator(_p)] | None = None
    adjusted: bool | None = None
    covariates: Many[Text] = ()
    counts: Counts | None = None
    groups: Annotated[tuple[Group, Group], Field(strict=False)] | None = None
    groups_by: Literal["exposure", "outcome"] | None = None
    direction: ReportedDirection
    notes: Text | None = None
    source: Text | None = None

    @property
    def told_contrast(self) -> ContrastType | None:
        """The kind of contrast: as the sheet says or, where it doesn't know, binary where the text is of yes and no."""
        if self.contrast_type not in {None, "unknown"} or self.per is not None or not _yes_no(self.contrast or ""):
            return self.contrast_type
        return "binary"

    def impossible(self) -> Iterator[str]:
        yield from _ordered(self.ci, "ci")
        if isinstance(self.follow_up_months, tuple):
            yield from _ordered(self.follow_up_months, "follow_up_months")
        if self.value is not None and self.ci is not None and self.ci[0] <= self.ci[1]:
            slack = [last_digit(figure) / 2 for figure in (self.value, *self.ci)]
            low, high = self.ci[0] - slack[0] - slack[1], self.ci[1] + slack[0] + slack[2]
            if not low <= self.value <= high:
                yield f"value {self.value} lies outside its ci {list(self.ci)}"
        if self.measure in RATIOS:
            if self.value is not None and self.value <= 0:
                yield f"a ratio ({self.measure}) is above 0, not {self.value}"
            if self.ci is not None and self.ci[0] < 0:
                yield f"the ci of a ratio ({self.measure}) can't reach below 0, as {list(self.ci)} does"


# a year that stands by itself in an id, what comes before a title, how long the first words of one are, and which of them don't end it
_YEAR = re.compile(r"(?<![^-])(?:19|20)\d\d(?![^-])")
_NO_PART_OF_IT = re.compile(r"^\s*(?:\(title not shown\)|abstract\s+\w+:)\s*", re.IGNORECASE)
_HEAD = 26
_SMALL = frozenset({"a", "an", "and", "as", "at", "between", "by", "for", "from", "in", "of", "on", "or", "the", "to", "vs", "with"})
_LONGEST = 300  # letters of a contrast that is read
_SIDES = re.compile(r"([a-z][a-z\s-]*?)\s*(?:\bvs\.?|\bversus\b|\bagainst\b|/|:)\s*([a-z][a-z\s-]*)")
_YES = re.compile(r"\b(?:present|presence|yes|with|any|positive)\b")
_NO = re.compile(r"(?:.*\b)?(?:absent|absence|no|none|not|without|negative)\b(.*)")
_DEGREES = re.compile(r"\b(?:or|per|each|more|less|higher|lower|high|low|mild|moderate|severe|grade|quartile|tertile|quintile)\b")


def _yes_no(contrast: str) -> bool:
    """Whether a text compares yes with no: present vs absent, with vs without, yes/no, CAA vs no CAA; never degrees."""
    sides = _SIDES.fullmatch(" ".join(contrast.casefold().split())) if len(contrast) <= _LONGEST else None
    if sides is None or _DEGREES.search(contrast.casefold()):
        return False
    no = _NO.fullmatch(sides[2])
    return no is not None and (_YES.search(sides[1]) is not None or bool(set(no[1].split()) & set(sides[1].split())))


def last_digit(figure: float) -> float:
    """One unit in the last printed place of a figure: 0.01 for 1.85, 1 for 12."""
    text = repr(figure)
    if "e" in text or "." not in text:
        return 1.0 if "e" not in text else abs(figure)
    return float(10.0 ** -len(text.split(".")[1]))


def beyond(ci: tuple[float, float], null: float) -> int:
    """On which side of no effect an interval lies whole, whatever rounding made of its ends: 1, -1, or 0 where it may reach it.

    A bound printed as 1.1 is 1.05 at least.
    """
    return (ci[0] - last_digit(ci[0]) / 2 > null) - (ci[1] + last_digit(ci[1]) / 2 < null)


class Claim(Trail):
    """What a paper says of a mechanism; `links` is the chain of terms that it joins."""

    mechanism: Slug
    stance: Stance
    basis: Basis
    links: Annotated[tuple[Slug, ...], Field(strict=False, min_length=1)]
    source: Text | None = None
    notes: Text | None = None


class Standing(Part):
    """What has become of a paper since it was published: the day, and where it is announced; `by` names what took its place."""

    kind: StandingKind
    date: Date | None = None
    notice: Annotated[str, Field(pattern=r"^(10\.[0-9]{4,9}/\S+|https?://\S+)$")] | None = None
    by: Text | None = None

    def impossible(self) -> Iterator[str]:
        if self.by is not None and self.kind not in {"superseded", "preprint"}:
            yield f"by names what took the place of a superseded paper or a preprint, not of a {self.kind} one"


def _judged(value: Any) -> Any:
    """A tool's own words as the levels that all tools share, its domains by their names and in its order."""
    if not isinstance(value, Mapping):
        return value
    tool = bias.tool_of(value["tool"]) if isinstance(value.get("tool"), str) else None
    told = {key: bias.level_of(one) or one if isinstance(one, str) else one for key, one in value.items() if key == "overall"}
    domains = value.get("domains")
    if tool is not None and isinstance(domains, Mapping):
        levels = {bias.domain_of(tool, str(name)) or str(name): one for name, one in domains.items()}
        order = [*bias.DOMAINS[tool], *levels]
        told["domains"] = {
            name: bias.level_of(levels[name]) or levels[name] if isinstance(levels[name], str) else levels[name]
            for name in dict.fromkeys(order)
            if name in levels
        }
    return {**value, **told, **({"tool": tool} if tool is not None else {})}


class RiskOfBias(Part):
    """How a paper was judged, by whom; `overall` is worked out from the domains where it is not given.

    Invariants: 1 domains are the tool's; 2 levels are the tool's; 3 all of its domains are judged, or `overall` is given.
    """

    tool: bias.Tool
    domains: dict[str, bias.Level] = Field(default_factory=dict)
    overall: bias.Level | None = None
    by: Text | None = None
    notes: Text | None = None

    @property
    def judgement(self) -> bias.Level:
        return self.overall or bias.overall(self.domains.values())

    def impossible(self) -> Iterator[str]:
        own, words = bias.DOMAINS[self.tool], bias.WORDS[self.tool]
        unknown = [name for name in self.domains if name not in own]
        if unknown:
            yield f"{bias.NAMES[self.tool]} has no domain {unknown[0]!r}: it has {', '.join(own)}"
        if any(level not in words for level in (*self.domains.values(), *([self.overall] if self.overall else []))):
            yield f"{bias.NAMES[self.tool]} judges {', '.join(words.values())}"
        if self.overall is None and (missing := [name for name in own if name not in self.domains]):
            yield f"without an overall judgement {bias.NAMES[self.tool]} needs all of its domains: {', '.join(missing)} not judged"


class Study(Trail):
    """One published paper. Invariants: population ids are unique; every row's population is one of them."""

    id: Slug
    title: Text | None = None
    first_author: Text | None = None
    authors: Many[Text] = ()
    year: Annotated[int, Field(ge=1900, le=2100)] | None = None
    journal: Text | None = None
    doi: Annotated[str, _bare(doi_in), Field(pattern=r"^10\.[0-9]{4,9}/\S+$")] | None = None
    pmid: Annotated[str, _bare(pmid_in), Field(pattern=r"^[0-9]{1,9}$")] | None = None
    pmcid: Annotated[str, _bare(pmcid_in), Field(pattern=r"^PMC[0-9]+$")] | None = None
    sources: Many[Text] = ()
    read: Read
    design: Design | None = None
    standing: Standing | None = None
    risk_of_bias: Annotated[RiskOfBias, BeforeValidator(_judged)] | None = None
    search_until: Date | None = None
    cohorts: Many[Annotated[str, Field(min_length=1, max_length=200)]] = ()
    overlaps_with: Many[Slug] = ()
    pools: Many[Annotated[str, Field(min_length=1, max_length=200)]] = ()
    countries: Many[Text] = ()
    centres: Size | None = None
    recruited: Annotated[tuple[Text, Text], Field(strict=False)] | None = None
    n: Size | None = None
    k: Size | None = None
    age: Age | None = None
    male_pct: Percent | None = None
    imaging: Imaging | None = None
    populations: Many[Population] = ()
    prevalence: Many[Prevalence] = ()
    findings: Many[Finding] = ()
    mechanisms: Many[Claim] = ()
    limitations: Many[Text] = ()
    notes: Text | None = None

    @property
    def label(self) -> str:
        """How the study is named: "Menon 2012"; where no author is shown, by the first words of its title, and by its id where that is
        not shown either. A year that the sheet lacks is that of its id.
        """
        return label_of(self.id, self.first_author, self.authors, self.title, self.year, self.letter)

    @cached_property
    def letter(self) -> str:
        """Which of several studies of one label it is (`told_apart`); no part of the sheet."""
        return ""

    @property
    def read_twice(self) -> tuple[int, int]:
        """How many of its rows somebody is said to have read a second time, and how many rows there are."""
        rows: tuple[Trail, ...] = (*self.prevalence, *self.findings, *self.mechanisms)
        return sum((row.checked_by or self.checked_by) is not None for row in rows), len(rows)

    @property
    def shares_with(self) -> tuple[str, ...]:
        """The sheets that it says it shares patients with; what took its place is of its patients."""
        return (*self.overlaps_with, *([self.standing.by] if self.standing is not None and self.standing.by is not None else []))

    @property
    def retracted(self) -> bool:
        return self.standing is not None and self.standing.kind == "retracted"

    @property
    def named_authors(self) -> frozenset[str]:
        return frozenset(author for author in self.authors if not author.lower().startswith("et al"))

    def size_of(self, population_id: str) -> int | None:
        """The patients of a population; the study's own number stands for the first that prints none, where no other is the whole."""
        without = next((one.id for one in self.populations if one.n is None), None)
        if population_id == without and not any(self.n is not None and (one.n or 0) >= self.n for one in self.populations):
            return self.n
        return self.population(population_id).n

    def population(self, population_id: str) -> Population:
        return next(population for population in self.populations if population.id == population_id)


def label_of(id: str, first_author: str | None, authors: Sequence[str], title: str | None, year: int | None, letter: str = "") -> str:
    """`Study.label` by what it hangs on."""
    who = first_author or (authors[0].rsplit(" ", 1)[0] if authors else _first_words(title))
    if who is None:
        return id
    shown = year or next(iter(_YEAR.findall(id)), None)
    return f"{who} {shown}{letter}" if shown else f"{who} ({', '.join(filter(None, ('undated', letter)))})"


def _first_words(of: str | None) -> str | None:
    title = " ".join(_NO_PART_OF_IT.sub("", of or "").split()).rstrip(".")
    if len(title) <= _HEAD:
        return f"\u201c{title}\u201d" if title else None
    words = re.split(r"(?=[\s-])", title[: _HEAD + 1])[:-1]
    while len(words) > 1 and words[-1].strip().lower() in _SMALL:
        words.pop()
    return f"\u201c{''.join(words).rstrip('.,:;') or title[:_HEAD]}\u2026\u201d"


def letters(labels: Mapping[str, str]) -> dict[str, str]:
    """Of the ids of those that are called alike, which is which."""
    alike: dict[str, list[str]] = {}
    for name, label in sorted(labels.items()):
        alike.setdefault(label, []).append(name)
    several = (names for names in alike.values() if len(names) > 1)
    return {name: chr(ord("a") + n) if n < 26 else f"-{n + 1}" for names in several for n, name in enumerate(names)}


def told_apart(studies: Iterable[Study]) -> dict[str, Study]:
    """The studies by id, in its order; those of one author and year get letters: Li 2021a, Li 2021b."""
    found = {study.id: study for study in sorted(studies, key=lambda one: one.id)}
    for study in found.values():
        if study.letter:
            found[study.id] = lettered(study.model_copy(), "")
    for name, letter in letters({study.id: study.label for study in found.values()}).items():
        # a copy, since a study may be in several graphs
        found[name] = lettered(found[name].model_copy(), letter)
    return found


def letter_in(label: str, plain: str) -> str:
    """The letter that a label has and the same without a letter has not: a of Li 2021a, and of Li (undated, a)."""
    return label.removesuffix(")").removeprefix(plain.removesuffix(")")).removeprefix(", ")


def lettered(study: Study, letter: str) -> Study:
    """A study that nobody else has yet, with its letter."""
    vars(study).pop("letter", None)
    if letter:
        vars(study)["letter"] = letter
    return study


def canonical(part: Part) -> dict[str, Any]:
    """A sheet's content in the one form that is hashed and stored: keys that say nothing are left out."""
    dumped = part.model_dump(mode="json", exclude_defaults=True)
    return dict(sorted(dumped.items()))
