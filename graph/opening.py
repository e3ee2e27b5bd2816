"""`open_graph()`: the way in. The one module of graph that may import loaders.

from graph.opening import open_graph
g = open_graph()
g.factors(min_n=50, min_cohorts=2)
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import evidence as shipped_evidence
from graph.build import Associations, EvidenceGraph, build, lay_out, set_aside, unknown_terms, without_collections
from graph.preview import preview as previewed
from graph.python import Graph
from graph.settings import Settings
from graph.stores.backends import Backend, Corpus, backend_of
from graph.stores.port import Held, Reader, Report, Store, Writer
from graph.synthesis.remarks import remarks
from loaders import fields, identity, sheets
from schema.answer import Preview
from schema.errors import InputProblems
from schema.field import EvidenceField
from schema.identity import one_named
from schema.problems import Problem
from schema.report import in_order
from schema.study import Study

_LOG = logging.getLogger("rdwi")
ALL = "*"  # among the removed: nothing of the field's corpus is wanted


def field_of(settings: Settings) -> EvidenceField:
    """The field that the settings name, or the one that comes with the package; InputProblems with all that is wrong in its files."""
    folder = _folder(settings)
    return _field(folder, *(_state(folder / name) for name in (fields.NAME, fields.VOCABULARY, fields.REVIEW)))


def _folder(settings: Settings) -> Path:
    return shipped_evidence.FOLDER if settings.field is None else settings.field.expanduser()


def shipped() -> EvidenceField:
    """The field that comes with the package, whatever the environment says."""
    return field_of(Settings.model_construct(field=None))


@lru_cache(maxsize=4)
def _field(folder: Path, *_state: object) -> EvidenceField:
    return fields.opened(folder)


def _state(file: Path) -> tuple[int, int, int] | None:
    """What tells one state of a file from the next without reading it."""
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns, status.st_size


def shipped_digest(field: EvidenceField) -> str:
    """SHA-256 of all files of a field: field.yaml, its vocabulary and its corpus."""
    digest = hashlib.sha256()
    for path in (*(field.folder / name for name in (fields.NAME, fields.VOCABULARY)), *_studies(field)):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _studies(field: EvidenceField) -> list[Path]:
    return sorted((field.folder / fields.STUDIES).glob("*.yaml"))


def shipped_studies(field: EvidenceField, report: Report | None = None) -> tuple[Study, ...]:
    """The corpus that comes with a field; it may be empty."""
    files = _studies(field)
    if not files:
        return ()
    loaded = sheets.load([field.folder / fields.STUDIES], field, _progress(report, "reading sheets"))
    if loaded.errors:
        raise InputProblems(loaded.errors)
    return loaded.studies


def _progress(report: Report | None, what: str) -> Callable[[int, int], None] | None:
    return None if report is None else lambda done, total: report(what, done, total)


def open_store(settings: Settings, report: Report | None = None) -> Store:
    """The configured store, with a graph of the configured field in it.

    The embedded one is its snapshot where there is a current one; else the field's corpus and the user's sheets, built anew.
    Neo4j holds what was loaded into it: StoreEmpty where that is nothing. StoreOfAnotherField where either holds another field's graph.
    """
    return _backend(settings, field_of(settings), report).open()


def _backend(settings: Settings, field: EvidenceField, report: Report | None = None) -> Backend:
    # read when it is needed: a server has no use for the digest
    digest = shipped_digest(field) if settings.embedded else ""
    corpus = Corpus(digest, lambda held: _joined(held, field, report), lambda held: _built(held, field, report))
    return backend_of(settings, field, corpus)


def _joined(held: Held | None, field: EvidenceField, report: Report | None) -> Held:
    """The field's corpus of today with what a user of the embedded store had added and taken out."""
    removed = held.removed if held is not None else frozenset()
    user = {study.id: study for study in held.studies if study.id in held.user} if held is not None else {}
    base = {} if ALL in removed else {study.id: study for study in shipped_studies(field, report) if study.id not in removed}
    # a corpus may bring what a user had added before
    for problem in _wrong(identity.problems_of([identity.Printed(study, study.id) for study in user.values()], base.values())):
        _LOG.warning("Found %s. %s", problem.found, problem.help)
    studies = tuple({**base, **user}.values())
    return Held("", studies, held.terms if held is not None else (), frozenset(user), removed, current=False)


def _wrong(found: Mapping[int, Iterable[Problem]]) -> Iterator[Problem]:
    return (problem for problems in found.values() for problem in problems if problem.severity == "error")


def _built(held: Held, field: EvidenceField, report: Report | None) -> EvidenceGraph:
    graph = build(held.studies, field.extended(field.own(held.terms)), _progress(report, "building the graph"))
    return replace(graph, user=held.user, removed=held.removed)


def known(settings: Settings, vocabularies: Sequence[Path]) -> EvidenceField:
    """The field with the terms that a user has loaded, and those of vocabulary.yaml files."""
    field = field_of(settings)
    held = _backend(settings, field).seen()
    return sheets.extended(field, vocabularies, field.own(held.terms) if held is not None else [])


def check(settings: Settings, paths: Iterable[str | Path], report: Report | None = None, *, fresh: bool = False) -> sheets.Loaded:
    """Read sheets as a load would, and change nothing."""
    try:
        field = field_of(settings)
        old = None if fresh else _backend(settings, field, report).seen()
    except InputProblems as error:
        # what is right of a field is enough to read its sheets by
        rest, problems = fields.as_far_as_readable(_folder(settings))
        if rest is None:
            raise
        loaded = sheets.load(paths, rest, _progress(report, "reading sheets"), judge=remarks)
        return sheets.Loaded((), (), in_order((*(problems or error.problems), *loaded.problems)))
    own, held = (field.own(old.terms), old.studies) if old is not None else ([], ())
    return sheets.load(paths, field, _progress(report, "reading sheets"), own=own, held=held, judge=remarks)


def preview(store: Store, paths: Iterable[str | Path], report: Report | None = None) -> Preview:
    """What loading these sheets into the store would change; InputProblems where anything is wrong. Nothing is changed."""
    field, held = store.ask(lambda reader: (reader.field(), reader.studies()))
    reading = _progress(report, "reading sheets")
    loaded = sheets.load(paths, field.base, reading, own=field.own_terms, held=held.values(), judge=remarks)
    if loaded.errors:
        raise InputProblems(loaded.problems)
    return store.ask(lambda reader: previewed(reader, loaded.studies, reader.field().extended(loaded.terms), loaded.problems))


def preview_text(reader: Reader, name: str, content: bytes) -> Preview:
    """The same for the sheets of one text, in YAML or JSON."""
    loaded = sheets.load_text(name, content, reader.field(), remarks, held=reader.studies().values())
    if loaded.errors or not loaded.studies:
        raise InputProblems(loaded.problems)
    return previewed(reader, loaded.studies, reader.field(), loaded.problems)


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
    replace_study: bool = False,
    complete: Callable[[Sequence[Study]], Sequence[Study]] | None = None,
    by: str | None = None,
    report: Report | None = None,
) -> Change:
    """Add or replace studies by id, build the new release and swap it in whole.

    InputProblems where anything is wrong, and then nothing is changed; with `keep_going` the clean studies are loaded. With `replace_study`
    another paper may take the place of a study. `complete` is given the studies as they are read, and gives them back as they are to be
    loaded. `by`: who loads, which the release keeps.
    """
    field = field_of(settings)
    backend = _backend(settings, field, report)
    with backend.writer(report) as writer:
        old = None if fresh else backend.held(writer)
        own = field.own(old.terms) if old is not None else []
        old_studies = {study.id: study for study in old.studies} if old is not None else {}
        held, reading = old_studies.values(), _progress(report, "reading sheets")
        loaded = sheets.load(paths, field, reading, own=own, held=held, replace_study=replace_study, judge=remarks)
        if complete is not None and (keep_going or not loaded.errors):
            loaded = _completed(loaded, complete(loaded.studies), held, replace_study=replace_study)
        if loaded.errors and not (keep_going and loaded.studies):
            raise InputProblems(loaded.problems)
        new = {study.id: study for study in loaded.studies}
        terms = [*(term for term in own if term.id not in {one.id for one in loaded.terms}), *loaded.terms]
        whole = field.extended(terms)
        _still_known(old_studies.values(), whole)
        release = _write(
            writer,
            old,
            {**old_studies, **new}.values(),
            whole,
            # an unchanged sheet stays whose it was
            user=frozenset(one for one in new if new[one] != old_studies.get(one)) | (old.user if old is not None else frozenset()),
            removed=(old.removed - frozenset(new)) if old is not None else frozenset({ALL}),
            by=by,
            report=report,
            scheduler=settings.scheduler,
        )
    return Change(
        release,
        tuple(sorted(set(new) - set(old_studies))),
        tuple(sorted(one for one in set(new) & set(old_studies) if new[one] != old_studies[one])),
        (),
        loaded.problems,
    )


def _completed(loaded: sheets.Loaded, studies: Sequence[Study], held: Iterable[Study], *, replace_study: bool) -> sheets.Loaded:
    """What was read, with its bibliographies filled in: a DOI that is filled in may be another study's, or settle whose paper it is."""
    found = identity.problems_of([identity.Printed(study, study.id) for study in studies], held, replace=replace_study)
    before = [one for one in loaded.problems if one.severity == "error" or one.expected not in identity.EXPECTED]
    wrong = {i for i, problems in found.items() if any(one.severity == "error" for one in problems)}
    clean = tuple(study for i, study in enumerate(studies) if i not in wrong)
    return sheets.Loaded(clean, loaded.terms, (*before, *(one for problems in found.values() for one in problems)))


def _write(
    writer: Writer,
    old: Held | None,
    studies: Collection[Study],
    field: EvidenceField,
    *,
    user: frozenset[str],
    removed: frozenset[str],
    by: str | None,
    report: Report | None,
    scheduler: str | None,
) -> str:
    """Build the graph of these studies while it is written, if it is another than the old one; the release."""
    progress = _progress(report, "building the graph")
    with without_collections():
        graph = (old.changed_to(studies, field, progress) if old is not None else None) or lay_out(studies, field, progress)
        graph = replace(graph, user=user, removed=removed)
    if old is None or not old.current or (old.release, old.user, old.removed) != (graph.release, user, removed):
        if isinstance(graph.associations, Associations):
            graph.associations.spread(scheduler)
        with set_aside():
            writer.write(graph, by)
    return graph.release


def _still_known(studies: Iterable[Study], field: EvidenceField) -> None:
    for study in studies:
        missing = unknown_terms(study, field.vocabulary)
        if missing:
            raise InputProblems(
                [Problem("the store", f"{study.id} uses {', '.join(missing)}", "a vocabulary that still has these terms", study=study.id)]
            )


def remove(settings: Settings, study_ids: Iterable[str], report: Report | None = None, by: str | None = None) -> Change:
    """Take studies out, build the new release and swap it in whole; UnknownName where one is not there, and then nothing is changed."""
    field = field_of(settings)
    backend = _backend(settings, field, report)
    with backend.writer(report) as writer:
        old = backend.held(writer)
        studies = {study.id: study for study in old.studies} if old is not None else {}
        gone = tuple(dict.fromkeys(one_named(one, studies) for one in study_ids))
        assert old is not None
        release = _write(
            writer,
            old,
            [study for study_id, study in studies.items() if study_id not in gone],
            field.extended(field.own(old.terms)),
            user=old.user - frozenset(gone),
            removed=old.removed | frozenset(gone),
            by=by,
            report=report,
            scheduler=settings.scheduler,
        )
    return Change(release, (), (), gone, ())


def open_graph(settings: Settings | None = None, release: str | None = None) -> Graph:
    """The configured store's graph, or the corpus that comes with the field; `release`: one that was kept."""
    return Graph(open_store(settings or Settings()), release)


__all__ = [
    "ALL", "Change", "Graph", "Report", "check", "field_of", "load", "open_graph", "open_store", "preview", "preview_text", "remove",
    "shipped", "shipped_digest", "shipped_studies",
]  # fmt: skip
