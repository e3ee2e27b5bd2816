"""`open_graph()`: the way in. The one module of graph that may import loaders.

from graph.opening import open_graph
g = open_graph()
g.factors(lesion="r-dwi", population="caa")
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import evidence as shipped_evidence
from graph.build import EvidenceGraph, build, lay_out, set_aside, unknown_terms, without_collections
from graph.preview import preview as previewed
from graph.python import Graph
from graph.questions.edges import known_studies
from graph.settings import Settings
from graph.stores import snapshot
from graph.stores.folder import FolderWriter, is_current, kept_in
from graph.stores.memory import MemoryStore
from graph.stores.port import Held, Reader, Report, Store, Writer
from loaders import sheets
from schema import vocabulary as vocabularies
from schema.answer import Preview
from schema.errors import InputProblems, SnapshotUnwritable
from schema.problems import Problem
from schema.study import Study
from schema.vocabulary import Term, Vocabulary

if TYPE_CHECKING:
    from graph.stores.neo4j.store import Neo4jStore

_LOG = logging.getLogger("rdwi")
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
    """The configured store, with a graph in it.

    The embedded one is its snapshot where there is a current one; else the shipped corpus and the user's sheets, built anew.
    Neo4j holds what was loaded into it: StoreEmpty where that is nothing.
    """
    if not settings.embedded:
        store = _neo4j(settings)
        try:
            store.reader()
        except BaseException:
            store.close()
            raise
        return store
    folder = settings.folder
    file = folder / snapshot.NAME
    shipped = shipped_digest()
    kept = _current_snapshot(folder, shipped)
    if kept is not None:
        return MemoryStore(kept, file, shipped)
    try:
        with FolderWriter(folder, shipped) as writer:
            # another program may have written it meanwhile: what it loaded must not be lost
            kept = _current_snapshot(folder, shipped)
            if kept is not None:
                return MemoryStore(kept, file, shipped)
            graph = _built(_with_shipped(writer.held(), report), report)
            writer.write(graph)
            return MemoryStore(graph, file, shipped)
    except SnapshotUnwritable as error:
        _LOG.warning("%s The graph is built anew at each start.", error)
        held = FolderWriter(folder, shipped).held()
        return MemoryStore(_built(_with_shipped(held, report), report))


def _current_snapshot(folder: Path, shipped: str) -> snapshot.Snapshot | None:
    kept = kept_in(folder)
    return kept if kept is not None and is_current(kept, shipped) else None


def _neo4j(settings: Settings) -> Neo4jStore:
    # the driver takes a second to import, so only those who use it wait for it
    from graph.stores.neo4j.store import Neo4jStore

    return Neo4jStore(settings.server)


def _with_shipped(held: Held | None, report: Report | None) -> Held:
    """The shipped corpus of today with what a user of the embedded store had added and taken out."""
    removed = held.removed if held is not None else frozenset()
    user = {study.id: study for study in held.studies if study.id in held.user} if held is not None else {}
    base = {} if ALL in removed else {study.id: study for study in shipped_studies(report) if study.id not in removed}
    studies = tuple({**base, **user}.values())
    return Held("", studies, held.terms if held is not None else (), frozenset(user), removed, current=False)


def _built(held: Held, report: Report | None) -> EvidenceGraph:
    vocabulary = vocabularies.shipped().extended(_own(held.terms))
    graph = build(held.studies, vocabulary, _progress(report, "building the graph"))
    return replace(graph, user=held.user, removed=held.removed)


def check(settings: Settings, paths: Iterable[str | Path], report: Report | None = None) -> sheets.Loaded:
    """Read sheets as a load would, and change nothing."""
    return sheets.load(paths, vocabularies.shipped(), _progress(report, "reading sheets"), own=_known_terms(settings))


def _known_terms(settings: Settings) -> list[Term]:
    if settings.embedded:
        kept = kept_in(settings.folder)
        return _own(kept.terms) if kept is not None else []
    with closing(_neo4j(settings)) as store:
        return _own(store.held_terms())


def preview(store: Store, paths: Iterable[str | Path], report: Report | None = None) -> Preview:
    """What loading these sheets into the store would change; InputProblems where anything is wrong. Nothing is changed."""
    own = _own(store.ask(lambda reader: reader.terms()).terms.values())
    loaded = sheets.load(paths, vocabularies.shipped(), _progress(report, "reading sheets"), own=own)
    if loaded.errors:
        raise InputProblems(loaded.problems)
    return store.ask(lambda reader: previewed(reader, loaded.studies, reader.terms().extended(loaded.terms), loaded.problems))


def preview_text(reader: Reader, name: str, content: bytes) -> Preview:
    """The same for the sheets of one text, in YAML or JSON."""
    loaded = sheets.load_text(name, content, reader.terms())
    if loaded.errors or not loaded.studies:
        raise InputProblems(loaded.problems)
    return previewed(reader, loaded.studies, reader.terms(), loaded.problems)


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


def _writer(settings: Settings, report: Report | None) -> Writer:
    if settings.embedded:
        return FolderWriter(settings.folder, shipped_digest())
    from graph.stores.neo4j.loading import Neo4jWriter

    return Neo4jWriter(settings.server, report=report)


def _held(settings: Settings, writer: Writer, report: Report | None) -> Held | None:
    """What a load adds to."""
    held = writer.held()
    return held if not settings.embedded or (held is not None and held.current) else _with_shipped(held, report)


def load(
    settings: Settings,
    paths: Iterable[str | Path],
    *,
    fresh: bool = False,
    keep_going: bool = False,
    complete: Callable[[Sequence[Study]], Sequence[Study]] | None = None,
    report: Report | None = None,
) -> Change:
    """Add or replace studies by id, build the new release and swap it in whole.

    InputProblems where anything is wrong, and then nothing is changed; with `keep_going` the clean studies are loaded. `complete` is given
    the studies as they are read, and gives them back as they are to be loaded.
    """
    with _writer(settings, report) as writer:
        old = None if fresh else _held(settings, writer, report)
        own = _own(old.terms) if old is not None else []
        loaded = sheets.load(paths, vocabularies.shipped(), _progress(report, "reading sheets"), own=own)
        if loaded.errors and not (keep_going and loaded.studies):
            raise InputProblems(loaded.problems)
        old_studies = {study.id: study for study in old.studies} if old is not None else {}
        new = {study.id: study for study in (loaded.studies if complete is None else complete(loaded.studies))}
        terms = [*(term for term in own if term.id not in {one.id for one in loaded.terms}), *loaded.terms]
        vocabulary = vocabularies.shipped().extended(terms)
        _still_known(old_studies.values(), vocabulary)
        release = _write(
            writer,
            old,
            {**old_studies, **new}.values(),
            vocabulary,
            # an unchanged sheet stays whose it was
            user=frozenset(one for one in new if new[one] != old_studies.get(one)) | (old.user if old is not None else frozenset()),
            removed=(old.removed - frozenset(new)) if old is not None else frozenset({ALL}),
            report=report,
        )
    return Change(
        release,
        tuple(sorted(set(new) - set(old_studies))),
        tuple(sorted(one for one in set(new) & set(old_studies) if new[one] != old_studies[one])),
        (),
        loaded.problems,
    )


def _write(
    writer: Writer,
    old: Held | None,
    studies: Iterable[Study],
    vocabulary: Vocabulary,
    *,
    user: frozenset[str],
    removed: frozenset[str],
    report: Report | None,
) -> str:
    """Build the graph of these studies while it is written, if it is another than the old one; the release."""
    with without_collections():
        graph = replace(lay_out(studies, vocabulary, _progress(report, "building the graph")), user=user, removed=removed)
    if old is None or not old.current or (old.release, old.user, old.removed) != (graph.release, user, removed):
        with set_aside():
            writer.write(graph)
    return graph.release


def _own(terms: Iterable[Term]) -> list[Term]:
    """The terms that a user has added."""
    return [term for term in terms if term.id not in vocabularies.shipped()]


def _still_known(studies: Iterable[Study], vocabulary: Vocabulary) -> None:
    for study in studies:
        missing = unknown_terms(study, vocabulary)
        if missing:
            raise InputProblems(
                [Problem("the store", f"{study.id} uses {', '.join(missing)}", "a vocabulary that still has these terms", study=study.id)]
            )


def remove(settings: Settings, study_ids: Iterable[str], report: Report | None = None) -> Change:
    """Take studies out, build the new release and swap it in whole; UnknownName where one is not there, and then nothing is changed."""
    with _writer(settings, report) as writer:
        old = _held(settings, writer, report)
        studies = {study.id: study for study in old.studies} if old is not None else {}
        gone = tuple(dict.fromkeys(study_ids))
        known_studies(gone, studies)
        assert old is not None
        release = _write(
            writer,
            old,
            [study for study_id, study in studies.items() if study_id not in gone],
            vocabularies.shipped().extended(_own(old.terms)),
            user=old.user - frozenset(gone),
            removed=old.removed | frozenset(gone),
            report=report,
        )
    return Change(release, (), (), gone, ())


def open_graph(settings: Settings | None = None) -> Graph:
    """The configured store's graph, or the shipped corpus."""
    return Graph(open_store(settings or Settings()))


__all__ = [
    "ALL", "Change", "Graph", "Report", "check", "load", "open_graph", "open_store", "preview", "preview_text", "remove", "shipped_digest",
    "shipped_studies",
]  # fmt: skip
