"""An opened graph, for Python: the questions with typed answers, and the whole in networkx."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from graph.questions import questions
from graph.questions.filters import Filters
from graph.questions.lists import Narrow, Page
from graph.stores.port import Reader, Store
from graph.synthesis.method import METHOD
from schema.across import Chain, Comparison, Gap, State
from schema.answer import Answer, Evidence, PrevalenceAnswer, StudyAnswer, StudyItem, TermAnswer, TermItem
from schema.association import Association, Mechanism

if TYPE_CHECKING:
    import networkx as nx
    from pydantic import BaseModel

_T = TypeVar("_T")


class Graph:
    """An opened graph: the questions, with typed answers that have `.to_pandas()`, and the whole in networkx."""

    def __init__(self, store: Store) -> None:
        self.store = store

    @property
    def reader(self) -> Reader:
        return self.store.reader()

    @property
    def release(self) -> str:
        return self.reader.release()

    def _ask(self, question: Callable[[Reader], _T]) -> _T:
        return self.store.ask(question)

    def factors(
        self,
        lesion: str = questions.DEFAULT_LESION,
        population: str | None = None,
        *,
        limit: int | None = None,
        offset: int = 0,
        sort: str | None = None,
        **options: Any,
    ) -> Answer[Association]:
        """The factors linked to a lesion or outcome. Options: the evidence filters and what narrows the list, by their names in the API."""
        filters, narrow = _options(options)
        page = Page(limit, offset, sort)
        return self._ask(lambda reader: questions.factors(reader, lesion, population, filters=filters, narrow=narrow, page=page))

    def outcomes(
        self,
        exposure: str = questions.DEFAULT_LESION,
        population: str | None = None,
        *,
        limit: int | None = None,
        offset: int = 0,
        sort: str | None = None,
        **options: Any,
    ) -> Answer[Association]:
        """What an exposure is linked to; options as for factors."""
        filters, narrow = _options(options)
        page = Page(limit, offset, sort)
        return self._ask(lambda reader: questions.outcomes(reader, exposure, population, filters=filters, narrow=narrow, page=page))

    def evidence(
        self, exposure: str, outcome: str, population: str | None = None, *, baseline: float | None = None, **filters: Any
    ) -> Evidence:
        """One association with every row on it, and how each was used; `baseline` (percent) is that of absolute risks."""
        return self._ask(
            lambda reader: questions.evidence(reader, exposure, outcome, population, baseline=baseline, filters=Filters(**filters))
        )

    def prevalence(self, lesion: str = questions.DEFAULT_LESION, population: str | None = None, **filters: Any) -> PrevalenceAnswer:
        """How common a lesion is."""
        return self._ask(lambda reader: questions.prevalence(reader, lesion, population, filters=Filters(**filters)))

    def mechanisms(self, lesion: str = questions.DEFAULT_LESION) -> Answer[Mechanism]:
        """What papers claim of the mechanisms of a lesion."""
        return self._ask(lambda reader: questions.mechanisms(reader, lesion, page=Page(None)))

    def contested(
        self, lesion: str | None = None, outcome: str | None = None, population: str | None = None, **filters: Any
    ) -> Answer[Association]:
        """The associations on which the evidence contradicts itself."""
        return self._ask(
            lambda reader: questions.contested(reader, lesion, outcome, population, filters=Filters(**filters), page=Page(None))
        )

    def compare(self, lesion: str = questions.DEFAULT_LESION, populations: Sequence[str] = (), **filters: Any) -> Answer[Comparison]:
        """The factors of a lesion, populations side by side (the field's three groups, where none is named)."""
        return self._ask(lambda reader: questions.compare(reader, lesion, populations, filters=Filters(**filters), page=Page(None)))

    def paths(self, start: str, end: str, population: str | None = None, *, max_length: int = 4, **filters: Any) -> Answer[Chain]:
        """The chains from one term to another, each with its weakest link."""
        return self._ask(
            lambda reader: questions.paths(
                reader, start, end, population, max_length=max_length, filters=Filters(**filters), page=Page(None)
            )
        )

    def gaps(
        self,
        lesion: str | None = None,
        outcome: str | None = None,
        populations: Sequence[str] = (),
        *,
        state: Sequence[State] = ("empty", "weak"),
        odds_ratio: float = METHOD.stated_odds_ratio,
        **filters: Any,
    ) -> Answer[Gap]:
        """The empty and weak cells of factor x population, those first from which one more study would teach most."""
        return self._ask(
            lambda reader: questions.gaps(
                reader,
                lesion,
                outcome,
                populations,
                state=state,
                odds_ratio=odds_ratio,
                filters=Filters(**filters),
                page=Page(None),
            )
        )

    def studies(self, q: str | None = None, **options: Any) -> Answer[StudyItem]:
        """The studies; options: design, year_from, year_to, country."""
        return self._ask(lambda reader: questions.studies(reader, q, **options, page=Page(None)))

    def study(self, study_id: str) -> StudyAnswer:
        """One study, with how each of its rows was read."""
        return self._ask(lambda reader: questions.study(reader, study_id))

    def terms(self, q: str | None = None, **options: Any) -> Answer[TermItem]:
        """The terms; options: kind."""
        return self._ask(lambda reader: questions.terms(reader, q, **options, page=Page(None)))

    def term(self, name: str) -> TermAnswer:
        """One term by its id, name or synonym."""
        return self._ask(lambda reader: questions.term(reader, name))

    def cite(self, answer: BaseModel, form: str = "ris") -> str:
        """The papers behind an answer of this graph, as ris, bibtex or csl-json."""
        from graph import citations

        return self._ask(lambda reader: citations.cited(reader, answer, form))

    def networkx(self, population: str | None = None, *, simple: bool = False) -> nx.MultiDiGraph[str] | nx.DiGraph[str]:
        """The graph in networkx: all of it, or (`simple`) one population's derived edges, ready for networkx's algorithms."""
        from graph import networks

        populations = self._ask(lambda reader: reader.field().populations)
        node = populations.resolve(population).id if population is not None else None
        if simple:
            return networks.simple(self._ask(lambda reader: reader.edges(population=node or populations.default)))
        return networks.multigraph(self._ask(lambda reader: reader.laid_out()), node)

    def close(self) -> None:
        self.store.close()


_NARROW = frozenset(Narrow.__slots__)


def _options(options: dict[str, Any]) -> tuple[Filters, Narrow]:
    narrow = {name: value for name, value in options.items() if name in _NARROW}
    filters = {name: value for name, value in options.items() if name not in _NARROW}
    return Filters(**filters), Narrow(**narrow)
