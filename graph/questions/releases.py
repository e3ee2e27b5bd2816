"""Which releases a store keeps, and what changed from one to another."""

from __future__ import annotations

from collections.abc import Iterator

from graph.preview import by_key
from graph.release import content_hash, vocabulary_hash
from graph.stores.history import moved_of
from graph.stores.port import Reader, Store
from graph.synthesis.associations import population_ref, term_ref
from graph.synthesis.prevalence import pooled_prevalence
from schema.association import Interval, TermRef
from schema.releases import Diff, MovedPrevalence, ReleaseEntry, Releases


def releases(store: Store) -> Releases:
    """The releases that are kept, newest first, the current one among them."""
    entries = store.kept.entries()
    return Releases(total=len(entries), items=tuple(entries))


def diff(store: Store, before: str, after: str, *, patience: float | None = None) -> Diff:
    """What changed from one release to another; UnknownName, OlderMethod and ReleaseComing as `KeptReleases.at` has them."""
    entries = store.kept.named(before), store.kept.named(after)
    old, new = (store.kept.at(entry, patience=patience) for entry in entries)
    return between(old, new, *entries)


def between(old: Reader, new: Reader, before: ReleaseEntry, after: ReleaseEntry) -> Diff:
    """What changed from one reader's release to another's."""
    had, has = ({name: content_hash(study) for name, study in reader.studies().items()} for reader in (old, new))
    added, removed = sorted(has.keys() - had.keys()), sorted(had.keys() - has.keys())
    replaced = sorted(name for name in had.keys() & has.keys() if had[name] != has[name])
    sides = [{one.key: one for one in reader.edges()} for reader in (old, new)]
    pairs = [(sides[0].get(key), sides[1].get(key)) for key in sorted(sides[0].keys() | sides[1].keys())]
    items = moved_of(pairs, {*added, *removed, *replaced})
    return Diff(
        before=before,
        after=after,
        added=tuple(added),
        replaced=tuple(replaced),
        removed=tuple(removed),
        vocabulary_changed=vocabulary_hash(old.terms()) != vocabulary_hash(new.terms()),
        method_changed=before.method != after.method,
        total=len(items),
        items=tuple(items),
        prevalence=tuple(_prevalences(old, new)),
    )


def _prevalences(old: Reader, new: Reader) -> Iterator[MovedPrevalence]:
    pooled = [_pooled(reader) for reader in (old, new)]
    for key in sorted(pooled[0].keys() | pooled[1].keys()):
        was, now = pooled[0].get(key, _NONE), pooled[1].get(key, _NONE)
        if was[2:] != now[2:]:
            lesion, population = (now if now is not _NONE else was)[:2]
            assert lesion is not None
            assert population is not None
            yield MovedPrevalence(lesion=lesion, population=population, before=was[2], before_ci=was[3], after=now[2], after_ci=now[3])


_Pooled = tuple[TermRef | None, TermRef | None, float | None, Interval | None]
_NONE: _Pooled = (None, None, None, None)


def _pooled(reader: Reader) -> dict[tuple[str, str], _Pooled]:
    corpus = reader.corpus()
    found: dict[tuple[str, str], _Pooled] = {}
    for (lesion, place), rows in by_key(reader.prevalence(), corpus.field).items():
        pooled = pooled_prevalence(lesion, rows, corpus)
        if pooled is not None:
            refs = term_ref(corpus.vocabulary[lesion]), population_ref(corpus.populations[place])
            found[lesion, place] = (*refs, pooled.pct, pooled.ci)
    return found
