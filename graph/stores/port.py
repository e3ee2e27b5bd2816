"""The port: what a store does, in a reader's words. One contract suite runs over every backend."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, TypeVar

from graph.build import EvidenceGraph, Progress
from graph.synthesis.corpus import Corpus
from graph.synthesis.overlap import Patients
from schema.answer import Counts
from schema.association import Association, MechanismEdge
from schema.errors import StoreUnavailable
from schema.field import EvidenceField
from schema.observation import ClaimObservation, Observation, PrevalenceObservation
from schema.study import Study
from schema.vocabulary import Term, Vocabulary

if TYPE_CHECKING:
    from graph.stores.kept import KeptReleases

# told what is being done, how much of it is done, and of how much
Report = Callable[[str, int, int], None]

_T = TypeVar("_T")
TRIES = 5


class Reader(ABC):
    """One release, to be read.

    Collections are given back sorted: associations by (exposure, outcome, population), rows by (study, place in the sheet).
    An argument that is None does not narrow.
    """

    @abstractmethod
    def release(self) -> str:
        """The release that is read."""

    @abstractmethod
    def loaded(self) -> date | None:
        """The day (UTC) on which it was put into this store; None where an older version of this package did, which kept no date."""

    @abstractmethod
    def counts(self) -> Counts:
        """How much there is of everything."""

    @abstractmethod
    def field(self) -> EvidenceField:
        """The field that the release is of, with all its terms: the field's own and the user's."""

    def terms(self) -> Vocabulary:
        """All terms, the field's and the user's."""
        return self.field().vocabulary

    @abstractmethod
    def edges(self, *, exposure: str | None = None, outcome: str | None = None, population: str | None = None) -> list[Association]:
        """The stored associations."""

    @abstractmethod
    def findings(
        self,
        *,
        exposures: Collection[str] | None = None,
        outcomes: Collection[str] | None = None,
        populations: Collection[str] | None = None,
        study: str | None = None,
    ) -> list[Observation]:
        """The findings on these terms in these population nodes, as they are read."""

    @abstractmethod
    def finding_counts(self) -> Mapping[str, int]:
        """How many findings name each term, as exposure or outcome; terms that none names are left out."""

    @abstractmethod
    def prevalence(
        self, *, lesions: Collection[str] | None = None, populations: Collection[str] | None = None
    ) -> list[PrevalenceObservation]:
        """The printed prevalences of these lesions in these population nodes."""

    @abstractmethod
    def claims(self, *, study: str | None = None) -> list[ClaimObservation]:
        """What the papers claim of mechanisms."""

    @abstractmethod
    def mechanism_edges(self) -> list[MechanismEdge]:
        """The stored edges of mechanisms."""

    @abstractmethod
    def studies(self) -> Mapping[str, Study]:
        """All studies by id, sorted."""

    def papers(self) -> Mapping[str, Study]:
        """The same, for who asks what papers they are; where that is quicker, without their people, scans and rows."""
        return self.studies()

    @abstractmethod
    def patients(self) -> Mapping[str, Patients]:
        """Whose patients each study holds, by study id."""

    def corpus(self) -> Corpus:
        """What synthesis needs besides the rows."""
        return Corpus(self.field(), self.studies(), self.patients())

    @abstractmethod
    def graph(self) -> EvidenceGraph:
        """The whole graph."""

    def laid_out(self) -> EvidenceGraph:
        """The same for who writes it down: it may make studies, observations and associations anew each time they are gone through."""
        return self.graph()


class Store(ABC):
    """Where a graph is kept."""

    name: str
    # of what the store is made of besides this package: name and version
    versions: Mapping[str, str] = {}

    @abstractmethod
    def field(self) -> EvidenceField:
        """The field whose graph it keeps, also while that can't be read."""

    @abstractmethod
    def reader(self) -> Reader:
        """A reader of the newest release; what it gives is of that release, as long as `still` says so."""

    @abstractmethod
    def still(self, reader: Reader) -> bool:
        """Whether all that this reader has given until now is whole: the release may since have made room for another."""

    @property
    @abstractmethod
    def kept(self) -> KeptReleases:
        """The releases that it keeps."""

    def ask(self, question: Callable[[Reader], _T], release: str | None = None) -> _T:
        """The answer from one release: asked again of the newer one where the release moved meanwhile; or from one that was kept."""
        if release is not None:
            return question(self.kept.at(release))
        for _ in range(TRIES):
            reader = self.reader()
            try:
                answer = question(reader)
            except Exception:
                if self.still(reader):
                    raise
                continue
            if self.still(reader):
                return answer
        raise moving()

    @abstractmethod
    def replace(self, graph: EvidenceGraph) -> None:
        """Put another graph in the place of this one, whole: readers see the old one or the new."""

    @abstractmethod
    def close(self) -> None:
        """Let go of what is held. If nothing is, this is a no-op."""


def today() -> date:
    """The day in UTC."""
    return datetime.now(UTC).date()


def moving() -> StoreUnavailable:
    return StoreUnavailable("The evidence is being replaced again and again; try again in a moment.")


def _anew(_studies: Iterable[Study], _field: EvidenceField, _progress: Progress | None) -> None:
    return None


@dataclass(frozen=True, slots=True)
class Held:
    """What a store holds, without what can be built anew. `current`: it was built by this method, of the field as it is now.

    `changed_to`: the graph of other studies, with what is the same taken over; None where all must be built anew.
    """

    release: str
    studies: tuple[Study, ...]
    terms: tuple[Term, ...]
    user: frozenset[str]
    removed: frozenset[str]
    current: bool
    changed_to: Callable[[Iterable[Study], EvidenceField, Progress | None], EvidenceGraph | None] = _anew


class Writer(AbstractContextManager["Writer"]):
    """The right to put another graph in a store's place, from `with` to its end; one program has it at a time.

    StoreUnavailable on entering where another has it, with who that is; StoreOfAnotherField where another field's graph is there.
    """

    @abstractmethod
    def held(self) -> Held | None:
        """What the store holds now; None where it holds nothing."""

    @abstractmethod
    def write(self, graph: EvidenceGraph, by: str | None = None) -> None:
        """Put the graph in the store's place, whole, and keep its release: until it stands complete, readers see the old one.

        `by`: who loads it, where that is said.
        """
