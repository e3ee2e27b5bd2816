"""The port: what a store does, in a reader's words. One contract suite runs over every backend."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping

from graph.build import EvidenceGraph
from graph.overlap import Patients
from schema.association import Association, MechanismEdge
from schema.reading import ClaimReading, PrevalenceReading, Reading
from schema.study import Study
from schema.vocabulary import Vocabulary


class Reader(ABC):
    """One release, to be read.

    Collections are given back sorted: associations by (exposure, outcome, population), rows by (study, place in the sheet).
    An argument that is None does not narrow.
    """

    @abstractmethod
    def release(self) -> str:
        """The release that is read."""

    @abstractmethod
    def terms(self) -> Vocabulary:
        """All terms, the shipped and the user's."""

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
    ) -> list[Reading]:
        """The findings on these terms in these population nodes, as they are read."""

    @abstractmethod
    def prevalence(self, *, lesions: Collection[str] | None = None, populations: Collection[str] | None = None) -> list[PrevalenceReading]:
        """The printed prevalences of these lesions in these population nodes."""

    @abstractmethod
    def claims(self) -> list[ClaimReading]:
        """What the papers claim of mechanisms."""

    @abstractmethod
    def mechanism_edges(self) -> list[MechanismEdge]:
        """The stored edges of mechanisms."""

    @abstractmethod
    def studies(self) -> Mapping[str, Study]:
        """All studies by id, sorted."""

    @abstractmethod
    def patients(self) -> Mapping[str, Patients]:
        """Whose patients each study holds, by study id."""

    @abstractmethod
    def graph(self) -> EvidenceGraph:
        """The whole graph."""


class Store(ABC):
    """Where a graph is kept."""

    name: str

    @abstractmethod
    def reader(self) -> Reader:
        """A reader of the newest release; what it gives is of that release, whatever is loaded meanwhile."""

    @abstractmethod
    def replace(self, graph: EvidenceGraph) -> None:
        """Put another graph in the place of this one, whole: readers see the old one or the new."""

    @abstractmethod
    def close(self) -> None:
        """Let go of what is held. If nothing is, this is a no-op."""
