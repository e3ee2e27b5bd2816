"""`open_graph()`: the way in. The one module of graph that may import loaders.

from graph.opening import open_graph
g = open_graph()
g.factors(lesion="r-dwi", population="caa")
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import evidence as shipped_evidence
from graph import questions
from graph.build import EvidenceGraph, build, unknown_terms
from graph.edges import known_studies
from graph.filters import Filters
from graph.lists import Narrow, Page
from graph.method import VERSION
from graph.settings import Settings
from graph.stores import snapshot
from graph.stores.memory import MemoryStore
from graph.stores.port import Reader, Store
from loaders import sheets
from schema import vocabulary as vocabularies
from schema.answer import Answer, Evidence, PrevalenceAnswer, StudyAnswer, StudyItem, TermAnswer, TermItem
from schema.association import Association, Mechanism
from schema.errors import InputProblems, SnapshotUnwritable, StoreError, StoreUnavailable
from schema.problems import Problem
from schema.study import Study
from schema.vocabulary import Term, Vocabulary

if TYPE_CHECKING:
    import networkx as nx

_LOG = logging.getLogger("rdwi")
# told what is being done, how much of it is done, and of how much
Report = Callable[[str, int, int], None]
ALL = "*"  # among the removed: nothing of the shipped corpus is wanted


def shipped_digest() -> str:
    """SHA-256 of the corpus and the vocabulary that come with the package."""
    digest = hashlib.sha256()
    for path in (vocabularies.SHIPPED, *sorted(shipped_evidence.STUDIES.glob("*.yaml"))):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def shipped_studies(report: Report | None = None) -> tuple[Study, ...]:
    """The corpus that comes with the package."""
    loaded = sheets.load([shipped_evidence.STUDIES], vocabularies.shipped(), _progress(report, "reading sheets"))
    if loaded.errors:
        raise InputProblems(loaded.errors)
    return loaded.studies


def _progress(report: Report | None, what: str) -> Callable[[int, int], None] | None:
    return None if report is None else lambda done, total: report(what, done, total)


def open_store(settings: Settings, report: Report | None = None) -> Store:
    """The configured store: its snapshot where there is a current one; else the shipped corpus and the user's sheets, built anew."""
    folder = settings.folder
    file = folder / snapshot.NAME
    shipped = shipped_digest()
    kept = _current_snapshot(file, shipped)
    if kept is not None:
        return MemoryStore(kept, file, shipped)
    try:
        with _writing(folder):
            # another program may have written it meanwhile: what it loaded must not be lost
            kept = _current_snapshot(file, shipped)
            if kept is not None:
                return MemoryStore(kept, file, shipped)
            store = MemoryStore(_rebuilt(_snapshot(file), report), file, shipped)
            store.replace(store.reader().graph())
            return store
    except SnapshotUnwritable as error:
        _LOG.warning("%s The graph is built anew at each start.", error)
        return MemoryStore(_rebuilt(_snapshot(file), report))


def _snapshot(file: Path) -> snapshot.Snapshot | None:
    """What is kept there, of whatever version; None where nothing is."""
    try:
        return snapshot.read(file) if file.is_file() else None
    except OSError as error:
        raise StoreError(f"The snapshot {file} can't be read ({error.strerror}).") from error


def _current_snapshot(file: Path, shipped: str) -> snapshot.Snapshot | None:
    """What is kept there, if it was built by this method from the corpus of that digest."""
    kept = _snapshot(file)
    current = kept is not None and kept.header.method == VERSION and kept.header.shipped == shipped
    return kept if current else None


def _rebuilt(kept: snapshot.Snapshot | None, report: Report | None) -> EvidenceGraph:
    """The shipped corpus with what a user of an older snapshot had added and taken out."""
    removed = kept.header.removed if kept is not None else frozenset()
    user = {study.id: study for study in kept.studies if study.id in kept.header.user} if kept is not None else {}
    own_terms = _own_terms(kept)
    base = {} if ALL in removed else {study.id: study for study in shipped_studies(report) if study.id not in removed}
    graph = build({**base, **user}.values(), vocabularies.shipped().extended(own_terms), _progress(report, "building the graph"))
    return replace(graph, user=frozenset(user), removed=removed)


def check(settings: Settings, paths: Iterable[str | Path], report: Report | None = None) -> sheets.Loaded:
    """Read sheets as a load would, and change nothing."""
    own = _own_terms(_snapshot(settings.folder / snapshot.NAME))
    return sheets.load(paths, vocabularies.shipped(), _progress(report, "reading sheets"), own=own)


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    """One writer at a time."""
    from filelock import FileLock, Timeout

    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / "writing.lock", timeout=30):
            yield
    except OSError as error:
        if isinstance(error, Timeout):
            raise StoreUnavailable(f"Another program has been writing to {folder} for 30 seconds. Try again when it is done.") from error
        raise SnapshotUnwritable(f"The snapshot folder {folder} can't be written ({error.strerror}).") from error


@dataclass(frozen=True, slots=True)
class Change:
    """What a load or removal did."""

    release: str
    added: tuple[str, ...]
    replaced: tuple[str, ...]
    removed: tuple[str, ...]
    problems: tuple[Problem, ...]

    @property
    def changed(self) -> bool:
        return bool(self.added or self.replaced or self.removed)


def load(
    settings: Settings,
    paths: Iterable[str | Path],
    *,
    fresh: bool = False,
    keep_going: bool = False,
    report: Report | None = None,
) -> Change:
    """Add or replace studies by id, build the new release and swap it in whole.

    InputProblems where anything is wrong, and then nothing is changed; with `keep_going` the clean studies are loaded.
    """
    folder = settings.folder
    with _writing(folder):
        old = None if fresh else _current(folder, report)
        own = _own_terms(old)
        loaded = sheets.load(paths, vocabularies.shipped(), _progress(report, "reading sheets"), own=own)
        if loaded.errors and not (keep_going and loaded.studies):
            raise InputProblems(loaded.problems)
        old_studies = {study.id: study for study in old.studies} if old is not None else {}
        new = {study.id: study for study in loaded.studies}
        terms = [*(term for term in own if term.id not in {one.id for one in loaded.terms}), *loaded.terms]
        vocabulary = vocabularies.shipped().extended(terms)
        _still_known(old_studies.values(), vocabulary)
        graph = replace(
            build({**old_studies, **new}.values(), vocabulary, _progress(report, "building the graph")),
            # an unchanged sheet stays whose it was
            user=frozenset(one for one in new if new[one] != old_studies.get(one)) | (old.user if old is not None else frozenset()),
            removed=(old.removed - frozenset(new)) if old is not None else frozenset({ALL}),
        )
        snapshot.write(graph, folder / snapshot.NAME, shipped_digest())
    return Change(
        graph.release,
        tuple(sorted(set(new) - set(old_studies))),
        tuple(sorted(one for one in set(new) & set(old_studies) if new[one] != old_studies[one])),
        (),
        loaded.problems,
    )


def _current(folder: Path, report: Report | None) -> EvidenceGraph:
    """What the store holds now; the caller has the lock."""
    file = folder / snapshot.NAME
    kept = _current_snapshot(file, shipped_digest())
    return kept.graph() if kept is not None else _rebuilt(_snapshot(file), report)


def _own_terms(kept: EvidenceGraph | snapshot.Snapshot | None) -> list[Term]:
    """The terms that a user has added."""
    return [term for term in kept.terms if term.id not in vocabularies.shipped()] if kept is not None else []


def _still_known(studies: Iterable[Study], vocabulary: Vocabulary) -> None:
    for study in studies:
        missing = unknown_terms(study, vocabulary)
        if missing:
            raise InputProblems(
                [Problem("the store", f"{study.id} uses {', '.join(missing)}", "a vocabulary that still has these terms", study=study.id)]
            )


def remove(settings: Settings, study_ids: Iterable[str], report: Report | None = None) -> Change:
    """Take studies out, build the new release and swap it in whole; UnknownName where one is not there, and then nothing is changed."""
    folder = settings.folder
    with _writing(folder):
        old = _current(folder, report)
        studies = {study.id: study for study in old.studies}
        gone = tuple(dict.fromkeys(study_ids))
        known_studies(gone, studies)
        left = [study for study_id, study in studies.items() if study_id not in gone]
        vocabulary = vocabularies.shipped().extended(_own_terms(old))
        graph = replace(
            build(left, vocabulary, _progress(report, "building the graph")),
            user=old.user - frozenset(gone),
            removed=old.removed | frozenset(gone),
        )
        snapshot.write(graph, folder / snapshot.NAME, shipped_digest())
    return Change(graph.release, (), (), gone, ())


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
        return questions.factors(self.reader, lesion, population, filters=filters, narrow=narrow, page=page)

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
        return questions.outcomes(self.reader, exposure, population, filters=filters, narrow=narrow, page=page)

    def evidence(self, exposure: str, outcome: str, population: str | None = None, **filters: Any) -> Evidence:
        """One association with every row on it, and how each was used."""
        return questions.evidence(self.reader, exposure, outcome, population, filters=Filters(**filters))

    def prevalence(self, lesion: str = questions.DEFAULT_LESION, population: str | None = None, **filters: Any) -> PrevalenceAnswer:
        """How common a lesion is."""
        return questions.prevalence(self.reader, lesion, population, filters=Filters(**filters))

    def mechanisms(self, lesion: str = questions.DEFAULT_LESION) -> Answer[Mechanism]:
        """What papers claim of the mechanisms of a lesion."""
        return questions.mechanisms(self.reader, lesion, page=Page(None))

    def contested(
        self, lesion: str | None = None, outcome: str | None = None, population: str | None = None, **filters: Any
    ) -> Answer[Association]:
        """The associations on which the evidence contradicts itself."""
        return questions.contested(self.reader, lesion, outcome, population, filters=Filters(**filters), page=Page(None))

    def studies(self, q: str | None = None, **options: Any) -> Answer[StudyItem]:
        """The studies; options: design, year_from, year_to, country."""
        return questions.studies(self.reader, q, **options, page=Page(None))

    def study(self, study_id: str) -> StudyAnswer:
        """One study, with how each of its rows was read."""
        return questions.study(self.reader, study_id)

    def terms(self, q: str | None = None, **options: Any) -> Answer[TermItem]:
        """The terms; options: kind."""
        return questions.terms(self.reader, q, **options, page=Page(None))

    def term(self, name: str) -> TermAnswer:
        """One term by its id, name or synonym."""
        return questions.term(self.reader, name)

    def networkx(self, population: str | None = None, *, simple: bool = False) -> nx.MultiDiGraph[str] | nx.DiGraph[str]:
        """The graph in networkx: all of it, or (`simple`) one population's derived edges, ready for networkx's algorithms."""
        from graph import networks
        from schema.populations import DEFAULT, resolve_population

        node = resolve_population(population).id if population is not None else None
        if simple:
            return networks.simple(self.reader.edges(population=node or DEFAULT))
        return networks.multigraph(self.reader.graph(), node)

    def close(self) -> None:
        self.store.close()


_NARROW = frozenset(Narrow.__slots__)


def _options(options: dict[str, Any]) -> tuple[Filters, Narrow]:
    narrow = {name: value for name, value in options.items() if name in _NARROW}
    filters = {name: value for name, value in options.items() if name not in _NARROW}
    return Filters(**filters), Narrow(**narrow)


def open_graph(settings: Settings | None = None) -> Graph:
    """The configured store's graph, or the shipped corpus."""
    return Graph(open_store(settings or Settings()))
