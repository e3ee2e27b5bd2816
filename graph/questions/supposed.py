"""What an answer would be with studies of the asker's own or another prior: a reader of them beside what is stored. Nothing is kept."""

from __future__ import annotations

import re
from collections import ChainMap
from collections.abc import Collection, Mapping
from datetime import date
from typing import Any, NamedTuple, TypeVar, cast

from pydantic import ValidationError

from graph.build import EvidenceGraph
from graph.questions.edges import anew
from graph.questions.filters import Filters
from graph.stores.port import Reader
from graph.synthesis.comparisons import Comparison
from graph.synthesis.corpus import Corpus
from graph.synthesis.observations import noted_unit, read_study
from graph.synthesis.overlap import Patients, all_patients
from schema.answer import Counts
from schema.association import Association, MechanismEdge
from schema.errors import BadParameter
from schema.field import EvidenceField
from schema.observation import ClaimObservation, Observation, PrevalenceObservation
from schema.study import RATIOS, Measure, Study, printable

_T = TypeVar("_T")
OWN = "your-study-"
FORMS = "write the events as 12/40 vs 5/60 (with it, without it), or an estimate with its 95% interval as OR 1.8 (1.1 to 2.9), n 350"
_NUMBER = r"[-+]?\d+(?:\.\d+)?"
_LONGEST = 200  # letters
# of texts in which there is one space at most, so that nothing is tried over and over
_COUNTS = re.compile(r"(\d{1,9}) ?/ ?(\d{1,9}) ?(?:vs?\.?|versus|against|,|;| ) ?(\d{1,9}) ?/ ?(\d{1,9})", re.IGNORECASE)
_ESTIMATE = re.compile(
    rf"(?P<measure>[A-Za-z][A-Za-z -]*?) ?=? ?(?P<value>{_NUMBER}) ?[,;]? ?[(\[]? ?(?:95 ?% ?(?:CI)? ?[,:]?)? ?"
    rf"(?P<low>{_NUMBER}) ?(?:to|-|\u2013|,|;| ) ?(?P<high>{_NUMBER}) ?[)\]]?(?: ?[,;]? ?n ?=? ?(?P<n>[1-9]\d{{0,8}}))?",
    re.IGNORECASE,
)
_MEASURES: dict[str, Measure] = {
    "or": "OR", "aor": "OR", "odds ratio": "OR", "rr": "RR", "risk ratio": "RR", "relative risk": "RR", "hr": "HR", "ahr": "HR",
    "hazard ratio": "HR", "smd": "SMD", "md": "mean-difference", "mean difference": "mean-difference", "beta": "beta",
}  # fmt: skip


class Own(NamedTuple):
    """A study of the asker's own: its name, and a 2x2 table or an estimate with its interval."""

    name: str | None
    counts: tuple[int, int, int, int] | None = None
    measure: Measure | None = None
    value: float | None = None
    ci: tuple[float, float] | None = None
    n: int | None = None


def own(text: str) -> Own:
    """What is written of a study; ValueError, which says how to write it, where it can't be read or can't be."""
    if len(text) > _LONGEST:
        raise ValueError(FORMS)
    before, colon, after = (part.strip() for part in " ".join(text.split()).partition(":"))
    name, rest = (before, after) if colon else (None, before)
    if name == "":
        raise ValueError(FORMS)
    if table := _COUNTS.fullmatch(rest):
        a, n, c, m = map(int, table.groups())
        if not (a <= n and c <= m and n and m):
            raise ValueError(f"of each pair the events come first, and are no more than the patients: {FORMS}")
        return Own(name, counts=(a, n, c, m))
    found = _ESTIMATE.fullmatch(rest)
    measure = _MEASURES.get(found["measure"].strip().casefold()) if found else None
    if found is None or measure is None:
        raise ValueError(FORMS)
    value, low, high = (printable(_figure(found[part])) for part in ("value", "low", "high"))
    if not low < high or not low <= value <= high:
        raise ValueError("the estimate lies within its interval, whose lower end comes first")
    if measure in RATIOS and low <= 0:
        raise ValueError("a ratio and its interval are above 0")
    return Own(name, measure=measure, value=value, ci=(low, high), n=int(found["n"]) if found["n"] else None)


def _figure(text: str) -> float:
    return float(text) if "." in text else int(text)


def written(text: str) -> str:
    """The text, once it is known that it can be read."""
    own(text)
    return text.strip()


def _with(added: dict[str, _T], stored: Mapping[str, _T]) -> Mapping[str, _T]:
    """What is stored and what is added, which comes last; all of what is stored is never made for it."""
    return ChainMap(added, cast("dict[str, _T]", stored))


class Supposed(Reader):
    """A reader with more studies, and with a prior of tau that is so many times as wide."""

    def __init__(self, reader: Reader, studies: Collection[Study], prior_scale: float) -> None:
        self._reader, self._prior_scale = reader, prior_scale
        added = {study.id: study for study in studies}
        self._studies, self._papers = _with(added, reader.studies()), _with(added, reader.papers())
        self._patients = _with(all_patients(added, reader.field()), reader.patients())
        self._rows = [row for study in studies for row in read_study(study, reader.field())]

    def corpus(self) -> Corpus:
        return Corpus(self.field(), self._studies, self._patients, self._prior_scale)

    def studies(self) -> Mapping[str, Study]:
        return self._studies

    def papers(self) -> Mapping[str, Study]:
        return self._papers

    def patients(self) -> Mapping[str, Patients]:
        return self._patients

    def findings(
        self,
        *,
        exposures: Collection[str] | None = None,
        outcomes: Collection[str] | None = None,
        populations: Collection[str] | None = None,
        study: str | None = None,
    ) -> list[Observation]:
        stored = self._reader.findings(exposures=exposures, outcomes=outcomes, populations=populations, study=study)
        return stored + [
            row
            for row in self._rows
            if (exposures is None or row.exposure in exposures)
            and (outcomes is None or row.outcome in outcomes)
            and (populations is None or not set(populations).isdisjoint(row.populations))
            and study in {None, row.study}
        ]

    def edges(self, *, exposure: str | None = None, outcome: str | None = None, population: str | None = None) -> list[Association]:
        """Made anew: the stored ones know nothing of what is supposed."""
        places = [population] if population is not None else list(self.field().populations)
        return [one for place in places for one in anew(self, place, Filters(), exposure=exposure, outcome=outcome)[0]]

    def release(self) -> str:
        return self._reader.release()

    def loaded(self) -> date | None:
        return self._reader.loaded()

    def counts(self) -> Counts:
        return self._reader.counts()

    def field(self) -> EvidenceField:
        return self._reader.field()

    def finding_counts(self) -> Mapping[str, int]:
        return self._reader.finding_counts()

    def prevalence(
        self, *, lesions: Collection[str] | None = None, populations: Collection[str] | None = None
    ) -> list[PrevalenceObservation]:
        return self._reader.prevalence(lesions=lesions, populations=populations)

    def claims(self, *, study: str | None = None) -> list[ClaimObservation]:
        return self._reader.claims(study=study)

    def mechanism_edges(self) -> list[MechanismEdge]:
        return self._reader.mechanism_edges()

    def graph(self) -> EvidenceGraph:
        return self._reader.graph()


def study_of(
    text: str, number: int, exposure: str, outcome: str, field: EvidenceField, population: str, headline: Comparison | None
) -> Study:
    """A study of the asker's own as a sheet, of people of that population. `headline`: the estimates that it may stand among."""
    one, node = own(text), field.populations[population]
    axes = {axis: {**node.where, **node.implies}.get(axis, "any") for axis in field.populations.axes}
    finding = _finding(one, exposure, outcome, headline)
    sheet: dict[str, Any] = {
        "id": f"{OWN}{number}",
        "title": one.name or f"Your study {number}",
        "read": "not-stated",
        "populations": [{"id": "all", "label": node.name, "n": one.n, **axes}],
    }
    try:
        # nobody has put its figures in a word
        (row,) = read_study(Study.model_validate({**sheet, "findings": [finding | {"direction": "unclear"}]}), field)
        word = {1: "increases", 0: "no-association", -1: "decreases"}[row.significant]
        return Study.model_validate({**sheet, "findings": [finding | {"direction": word}]})
    except ValidationError as error:
        # without the figures, which are the asker's own
        raise BadParameter("add", f"A study of your own can't be: {error.errors(include_input=False)[0]['msg']}.") from None


def _finding(one: Own, exposure: str, outcome: str, headline: Comparison | None) -> dict[str, Any]:
    """The study's row: what the headline's estimates compare, where its measure is theirs; else present against absent."""
    row = headline.members[0].observation if headline is not None else None
    told: dict[str, Any] = {"contrast_type": "binary"}
    if headline is not None and row is not None and not row.turned:
        key = headline.key
        if one.measure == key.measure or (one.counts is not None and key.contrast_type == "binary"):
            told = row.row.model_dump(include={"per", "cutoff", "outcome_cutoff", "follow_up_months", "versus", "randomised", "adjusted"})
            told |= {"contrast_type": key.contrast_type, "notes": f"unit: {unit}" if (unit := noted_unit(row.row)) else None}
            exposure, outcome = row.exposure, row.outcome
    figures: dict[str, Any] = {"measure": one.measure, "value": one.value, "ci": one.ci}
    if one.counts is not None:
        arms = ("exposed_cases", "exposed_total", "unexposed_cases", "unexposed_total")
        ratio = "RR" if headline is not None and headline.key.measure == "RR" else "OR"
        figures = {"measure": ratio, "counts": dict(zip(arms, one.counts, strict=True)), "adjusted": False}
    return {**told, **figures, "exposure": exposure, "outcome": outcome, "population": "all"}
