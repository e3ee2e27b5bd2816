"""The evidence filters. A filter keeps only rows that are known to match; rows on which it can't be told are counted, not kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Any, Literal, TypeVar

from pydantic import Field

from graph.questions.question import Part, Several, Spelt
from schema.bias import Level
from schema.identity import all_named
from schema.names import normal
from schema.observation import ClaimObservation, Observation, PrevalenceObservation
from schema.study import Design, Study

Known = bool | None
T = TypeVar("T")


class Filters(Part):
    """What to keep. `indirect` adds the evidence of the wider populations, in columns of its own."""

    design: Several[Design] = Field(default=(), description="study designs to keep (repeat)")
    adjusted: Annotated[bool | None, Spelt(option="--adjusted/--not-adjusted")] = Field(
        default=None, description="rows known to be adjusted, or not"
    )
    randomised: Annotated[bool | None, Spelt(option="--randomised/--observational")] = Field(
        default=None, description="randomised arms, or all others"
    )
    min_n: int | None = Field(default=None, ge=1, description="rows of so many patients or more")
    year_from: int | None = Field(default=None, ge=1900, le=2100, description="published in or after that year")
    year_to: int | None = Field(default=None, ge=1900, le=2100, description="published in or before that year")
    max_mri_day: float | None = Field(default=None, ge=0, allow_inf_nan=False, description="last scan by that day after onset")
    risk_of_bias: Several[Level] = Field(default=(), description="risks of bias (repeat)")
    exclude: Several[str] = Field(default=(), description="studies to leave out (repeat): ids, DOIs or PMIDs")
    indirect: bool = Field(default=False, description="add wider populations, beside the population's own")

    @property
    def active(self) -> dict[str, Any]:
        """The filters that drop rows, as they were asked for."""
        return {key: value for key, value in self.model_dump(exclude_defaults=True).items() if key != "indirect"}

    def naming(self, papers: Callable[[], Mapping[str, Study]]) -> Filters:
        """The same with the ids of the studies that are left out, whatever name they were given by; UnknownName where one is not there."""
        return self.model_copy(update={"exclude": all_named(self.exclude, papers())}) if self.exclude else self

    def without(self, name: str) -> Filters:
        """The same but for one filter."""
        return Filters(**{key: value for key, value in self.model_dump(exclude_defaults=True).items() if key != name})


Verdict = Literal["kept", "dropped", "unknown"]


def _study_checks(filters: Filters, study: Study) -> Iterable[Known]:
    if filters.exclude:
        yield study.id not in filters.exclude
    if filters.risk_of_bias:
        yield None if study.risk_of_bias is None else study.risk_of_bias.judgement in filters.risk_of_bias
    if filters.design:
        yield None if study.design is None else study.design in filters.design
    if filters.year_from is not None:
        yield None if study.year is None else study.year >= filters.year_from
    if filters.year_to is not None:
        yield None if study.year is None else study.year <= filters.year_to
    if filters.max_mri_day is not None:
        window = study.imaging.mri_window_days if study.imaging else None
        yield None if window is None else window[1] <= filters.max_mri_day


def finding_verdict(filters: Filters, observation: Observation, study: Study) -> Verdict:
    """Whether a finding matches; `randomised` is a mark that a row has or hasn't, so it is always known."""
    checks = list(_study_checks(filters, study))
    if filters.adjusted is not None:
        checks.append(None if observation.row.adjusted is None else observation.row.adjusted is filters.adjusted)
    if filters.randomised is not None:
        checks.append(observation.row.randomised is filters.randomised)
    if filters.min_n is not None:
        checks.append(observation.n >= filters.min_n if observation.n_known else None)
    return _verdict(checks)


def prevalence_verdict(filters: Filters, observation: PrevalenceObservation, study: Study) -> Verdict:
    """Whether a prevalence matches; whether it is adjusted, or of randomised arms, no prevalence tells."""
    checks = list(_study_checks(filters, study))
    if filters.adjusted is not None or filters.randomised is not None:
        checks.append(None)
    if filters.min_n is not None:
        size = observation.row.total or study.population(observation.row.population).n or study.n
        checks.append(None if size is None else size >= filters.min_n)
    return _verdict(checks)


def claim_verdict(filters: Filters, claim: ClaimObservation, study: Study) -> Verdict:
    """Whether a claim's study matches; whether it is adjusted, or of randomised arms, no claim tells."""
    del claim
    checks = list(_study_checks(filters, study))
    if filters.adjusted is not None or filters.randomised is not None:
        checks.append(None)
    if filters.min_n is not None:
        checks.append(None if study.n is None else study.n >= filters.min_n)
    return _verdict(checks)


def study_verdict(filters: Filters, study: Study, country: str | None = None) -> Verdict:
    """Whether a study matches, by its design, year and countries."""
    checks = list(_study_checks(filters, study))
    if country is not None:
        checks.append(normal(country) in {normal(one) for one in study.countries} if study.countries else None)
    return _verdict(checks)


def _verdict(checks: Iterable[Known]) -> Verdict:
    verdicts = list(checks)
    if False in verdicts:
        return "dropped"
    return "unknown" if None in verdicts else "kept"


def sift(
    filters: Filters,
    rows: Iterable[T],
    studies: Mapping[str, Study],
    verdict: Callable[[Filters, T, Study], Verdict],
    study_of: Callable[[T], str],
) -> tuple[list[T], int]:
    """The rows that match, and how many can't be told. UnknownName where a study is to be left out that is not there."""
    kept, unknown = [], 0
    named = filters.naming(lambda: studies)
    for row in rows:
        found = verdict(named, row, studies[study_of(row)])
        if found == "kept":
            kept.append(row)
        unknown += found == "unknown"
    return kept, unknown
