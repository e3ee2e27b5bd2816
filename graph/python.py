"""An opened graph, for Python: the questions with typed answers, and the whole in networkx."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol, TypedDict, TypeVar, Unpack

from graph import questions
from graph.questions import lookups, releases
from graph.questions.cohorts import cohort
from graph.questions.lists import SortedBy
from graph.questions.question import At
from graph.questions.studies import StudiesBy
from graph.stores.port import Reader, Store
from schema.across import Chain, Comparison, Gap, State
from schema.answer import (
    Answer,
    CohortAnswer,
    CohortItem,
    Evidence,
    Neighbours,
    PrevalenceAnswer,
    StudyAnswer,
    StudyItem,
    TermAnswer,
    TermItem,
)
from schema.association import Association, CertaintyLevel, Direction, Mechanism
from schema.bias import Level
from schema.releases import Diff, Releases
from schema.study import Design
from schema.vocabulary import Kind

if TYPE_CHECKING:
    import networkx as nx
    from pydantic import BaseModel

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Asks(Protocol[T_co]):
    """A question."""

    @property
    def at(self) -> At: ...

    def answer(self, reader: Reader) -> T_co: ...


# What Question.of takes, for type checkers: tests/test_surfaces.py holds it against the questions' own parameters.
class Paging(TypedDict, total=False):
    limit: int | None
    offset: int


class Filtering(TypedDict, total=False):
    design: Design | Sequence[Design]
    adjusted: bool | None
    randomised: bool | None
    min_n: int | None
    year_from: int | None
    year_to: int | None
    max_mri_day: float | None
    risk_of_bias: Level | Sequence[Level]
    exclude: str | Sequence[str]
    indirect: bool


class FilteredList(Filtering, Paging, total=False):
    pass


class SortedList(FilteredList, total=False):
    sort: SortedBy | None


class AssociationList(SortedList, total=False):
    kind: Kind | None
    category: str | None
    direction: Direction | None
    certainty: CertaintyLevel | None
    contested: bool | None
    min_cohorts: int | None


class StudyList(Paging, total=False):
    design: Design | Sequence[Design]
    year_from: int | None
    year_to: int | None
    country: str | None
    sort: StudiesBy | None


class Graph:
    """An opened graph: the questions, with typed answers that have `.to_pandas()`, and the whole in networkx.

    Each method takes what its question takes (graph/questions), by the same names: g.factors(min_n=50, min_cohorts=2). Lists are whole
    unless `limit` is set. UnknownName and BadParameter where a name or value can't be understood.
    """

    def __init__(self, store: Store, release: str | None = None) -> None:
        """`release`: one that the store keeps, by 8 digits or more; the current one where it is left out."""
        self.store, self._release = store, release

    @property
    def reader(self) -> Reader:
        return self.store.reader() if self._release is None else self.store.kept.at(self._release)

    @property
    def release(self) -> str:
        return self.reader.release()

    def ask(self, question: Asks[T_co]) -> T_co:
        """The answer to a question: g.ask(Factors(narrow=Narrow(min_cohorts=2)))."""
        return self.store.ask(question.answer, question.at.release or self._release)

    def _asked(self, question: Callable[[Reader], T]) -> T:
        return self.store.ask(question, self._release)

    def releases(self) -> Releases:
        """The releases that the store keeps, newest first."""
        return releases.releases(self.store)

    def diff(self, before: str, after: str = "current") -> Diff:
        """What changed from one release to another, each by 8 digits or more."""
        return releases.diff(self.store, before, after)

    def factors(self, lesion: str | None = None, population: str | None = None, **options: Unpack[AssociationList]) -> Answer[Association]:
        """The factors linked to a lesion or outcome."""
        return self.ask(questions.Factors.of({"lesion": lesion, "population": population, **options}))

    def outcomes(
        self, exposure: str | None = None, population: str | None = None, **options: Unpack[AssociationList]
    ) -> Answer[Association]:
        """What an exposure is linked to."""
        return self.ask(questions.Outcomes.of({"exposure": exposure, "population": population, **options}))

    def evidence(
        self,
        exposure: str,
        outcome: str,
        population: str | None = None,
        *,
        baseline: float | None = None,
        add: str | Sequence[str] = (),
        prior_scale: float | None = None,
        **filters: Unpack[Filtering],
    ) -> Evidence:
        """One association with every row on it, and how each was used; `baseline` (percent) is that of absolute risks.

        What it would be: `add` studies of your own ("12/40 vs 5/60", "OR 1.8 (1.1 to 2.9)"), `prior_scale` times as wide a prior of tau.
        """
        given = {"exposure": exposure, "outcome": outcome, "population": population, "baseline": baseline}
        return self.ask(questions.Evidence.of({**given, "add": add, "prior_scale": prior_scale, **filters}))

    def contested(
        self, lesion: str | None = None, outcome: str | None = None, population: str | None = None, **options: Unpack[SortedList]
    ) -> Answer[Association]:
        """The associations on which the evidence contradicts itself."""
        return self.ask(questions.Contested.of({"lesion": lesion, "outcome": outcome, "population": population, **options}))

    def compare(self, lesion: str | None = None, populations: Sequence[str] = (), **options: Unpack[FilteredList]) -> Answer[Comparison]:
        """The factors of a lesion, populations side by side (the field's own groups, where none is named)."""
        return self.ask(questions.Compare.of({"lesion": lesion, "populations": populations, **options}))

    def paths(
        self, start: str, end: str, population: str | None = None, *, max_length: int = 4, **options: Unpack[FilteredList]
    ) -> Answer[Chain]:
        """The chains from one term to another, each with its weakest link."""
        given = {"start": start, "end": end, "population": population, "max_length": max_length}
        return self.ask(questions.Paths.of({**given, **options}))

    def gaps(
        self,
        lesion: str | None = None,
        outcome: str | None = None,
        populations: Sequence[str] = (),
        *,
        state: State | Sequence[State] | None = None,
        odds_ratio: float | None = None,
        **options: Unpack[FilteredList],
    ) -> Answer[Gap]:
        """The cells of factor x population, empty and weak ones unless `state` says which, most worth another study first."""
        given = {"lesion": lesion, "outcome": outcome, "populations": populations, "state": state, "odds_ratio": odds_ratio}
        return self.ask(questions.Gaps.of({**given, **options}))

    def prevalence(self, lesion: str | None = None, population: str | None = None, **filters: Unpack[Filtering]) -> PrevalenceAnswer:
        """How common a lesion is."""
        return self.ask(questions.Prevalence.of({"lesion": lesion, "population": population, **filters}))

    def mechanisms(self, lesion: str | None = None, **options: Unpack[Paging]) -> Answer[Mechanism]:
        """What papers claim of the mechanisms of a lesion."""
        return self.ask(questions.Mechanisms.of({"lesion": lesion, **options}))

    def studies(self, q: str | None = None, **options: Unpack[StudyList]) -> Answer[StudyItem]:
        """The studies."""
        return self.ask(questions.Studies.of({"q": q, **options}))

    def cohorts(self, q: str | None = None, **options: Unpack[Paging]) -> Answer[CohortItem]:
        """The named cohorts, with the studies that draw on them."""
        return self.ask(questions.Cohorts.of({"q": q, **options}))

    def terms(self, q: str | None = None, *, kind: Kind | None = None, **options: Unpack[Paging]) -> Answer[TermItem]:
        """The terms of the vocabulary."""
        return self.ask(questions.Terms.of({"q": q, "kind": kind, **options}))

    def neighbours(self, term: str, population: str | None = None) -> Neighbours:
        """All edges of a term in a population."""
        return self.ask(questions.Neighbours.of({"term": term, "population": population}))

    def study(self, study_id: str) -> StudyAnswer:
        """One study by its id, DOI, PMID or PMCID, with how each of its rows was read."""
        return self._asked(lambda reader: lookups.study(reader, study_id))

    def cohort(self, name: str) -> CohortAnswer:
        """One cohort, with the studies that draw on it."""
        return self._asked(lambda reader: cohort(reader, name))

    def term(self, name: str) -> TermAnswer:
        """One term by its id, name or synonym."""
        return self._asked(lambda reader: lookups.term(reader, name))

    def cite(self, answer: BaseModel, form: str = "ris") -> str:
        """The papers behind an answer of this graph, as ris, bibtex or csl-json."""
        from graph import citations

        return self._asked(lambda reader: citations.cited(reader, answer, form))

    def networkx(self, population: str | None = None, *, simple: bool = False) -> nx.MultiDiGraph[str] | nx.DiGraph[str]:
        """The graph in networkx: all of it, or (`simple`) one population's derived edges, ready for networkx's algorithms."""
        from graph import networks

        populations = self._asked(lambda reader: reader.field().populations)
        node = populations.resolve(population).id if population is not None else None
        if simple:
            return networks.simple(self._asked(lambda reader: reader.edges(population=node or populations.default)))
        return networks.multigraph(self._asked(lambda reader: reader.laid_out()), node)

    def close(self) -> None:
        self.store.close()
