"""Releases that stay: each load keeps what it brought, by content, so that a release costs what changed and not a copy.

A release is an entry (`Kept`) and the texts that it is made of: sheets, vocabulary, field, each kept once under the SHA-256 of its
canonical JSON. A sheet is in all releases from the one that brought it to the one before that which took it out.
"""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict

from graph.build import EvidenceGraph, build
from graph.release import Ids, ReleaseHeader, canonical_json, content_hash
from schema.association import Association
from schema.errors import StoreError
from schema.field import EvidenceField
from schema.releases import Moved, StandingThen
from schema.study import Study, canonical
from schema.vocabulary import Term, Vocabulary


class Kept(BaseModel):
    """An entry of the history. `vocabulary` and `state` are the texts of its terms, in the order of roll-ups, and of its field.yaml."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    number: int
    release: str
    day: date | None
    method: str
    field: str
    state: str
    vocabulary: str
    studies: int
    user: Ids = frozenset()
    taken_out: Ids = frozenset()
    added: tuple[str, ...] = ()
    replaced: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    by: str | None = None
    moved: int | None = None


class Holds(NamedTuple):
    """What a release is made of: the content of each study by id, and the texts of field and vocabulary."""

    header: ReleaseHeader
    studies: Mapping[str, Study]
    field: EvidenceField

    @classmethod
    def of_graph(cls, graph: EvidenceGraph, day: date) -> Holds:
        return cls(ReleaseHeader.of_graph(graph, day), {study.id: study for study in graph.studies}, graph.field)


class History(ABC):
    """Where entries are kept. What one call of `_add` or `_drop` writes is there whole or not at all."""

    @abstractmethod
    def entries(self) -> list[Kept]:
        """All that are kept, oldest first."""

    @abstractmethod
    def contents(self, number: int) -> dict[str, str]:
        """The hash of each study of an entry, by id."""

    @abstractmethod
    def texts(self, hashes: Collection[str]) -> dict[str, str]:
        """The texts of these hashes that are there."""

    @abstractmethod
    def moved(self, number: int) -> list[Moved]:
        """The associations that an entry moved."""

    @abstractmethod
    def _add(
        self, entry: Kept, brought: Mapping[str, str], texts: Mapping[str, Callable[[], str]], gone: Collection[str], moved: Sequence[Moved]
    ) -> None:
        """Keep an entry: `brought` are the hashes of what is new or another, `gone` the studies that were in the one before and are not,
        `texts` what may have to be kept, made when it is.
        """

    @abstractmethod
    def _drop(self, oldest: int, newest: int) -> None:
        """Drop the entries outside these bounds, and what only they held."""

    def settled(self, release: str | None) -> list[Kept]:
        """The entries until the one that is current. A load that died before it was done may have left one after it, which is none."""
        entries = self.entries()
        last = next((i for i in reversed(range(len(entries))) if entries[i].release == release), len(entries) - 1)
        return entries[: last + 1]

    def keep(
        self,
        now: Holds,
        pairs: Callable[[], Iterable[tuple[Association | None, Association | None]]],
        *,
        release: str | None,
        current: Callable[[], Holds],
        by: str | None = None,
    ) -> None:
        """Keep a release that is about to take the place of the current one.

        `release` is the current one (None: there is none) and `current` what it holds; `pairs` gives the associations that differ.
        """
        entries = self.settled(release)
        if entries:
            self._drop(entries[0].number, entries[-1].number)
        if release is not None and (not entries or entries[-1].release != release):
            # put there by an older version of this package, which kept none
            self._keep(current(), entries[-1] if entries else None, None, None)
            entries = self.entries()
        if entries and entries[-1].release == now.header.release:
            return
        # what another method said of the same studies is not what this one would have said
        comparable = release is not None and entries[-1].method == now.header.method
        self._keep(now, entries[-1] if entries else None, pairs if comparable else None, by)

    def prune(self, most: int) -> None:
        """Keep the latest `most` alone, now that the last of them is the current one."""
        numbers = [entry.number for entry in self.entries()]
        if len(numbers) > most:
            self._drop(numbers[-most], numbers[-1])

    def _keep(
        self,
        now: Holds,
        last: Kept | None,
        pairs: Callable[[], Iterable[tuple[Association | None, Association | None]]] | None,
        by: str | None,
    ) -> None:
        old = self.contents(last.number) if last is not None else {}
        new = {name: content_hash(study) for name, study in now.studies.items()}
        brought = {name: digest for name, digest in new.items() if old.get(name) != digest}
        gone = sorted(set(old) - set(new))
        state, terms = state_text(now.field), terms_text(now.field.vocabulary)
        texts: dict[str, Callable[[], str]] = {sha_of(state): lambda: state, sha_of(terms): lambda: terms}
        for name, digest in brought.items():
            texts[digest] = _text_of(now.studies[name])
        moved = moved_of(pairs(), {*brought, *gone}) if pairs is not None else None
        entry = Kept(
            number=last.number + 1 if last is not None else 1,
            release=now.header.release,
            day=now.header.loaded,
            method=now.header.method,
            field=now.header.field,
            state=sha_of(state),
            vocabulary=sha_of(terms),
            studies=len(new),
            user=now.header.user,
            taken_out=now.header.removed,
            added=tuple(sorted(set(brought) - set(old))) if last is not None else (),
            replaced=tuple(sorted(set(brought) & set(old))),
            removed=tuple(gone),
            by=by,
            moved=len(moved) if moved is not None else None,
        )
        self._add(entry, brought, texts, gone, moved or ())

    def studies(self, number: int) -> list[Study]:
        """The sheets of an entry."""
        contents = self.contents(number)
        texts = self.texts(set(contents.values()))
        try:
            return [Study.model_validate_json(texts[digest]) for _, digest in sorted(contents.items())]
        except (KeyError, ValueError) as error:
            raise StoreError(f"Release {number} of the history is damaged: a sheet is missing or can't be read.") from error

    def field_of(self, entry: Kept, now: EvidenceField) -> EvidenceField:
        """The field as it was, with its terms; `now` is today's."""
        texts = self.texts({entry.state, entry.vocabulary})
        if len(texts) < len({entry.state, entry.vocabulary}):
            raise StoreError(f"Release {entry.number} of the history is damaged: its field or vocabulary is missing.")
        terms = Vocabulary(Term.model_validate_json(json.dumps(one)) for one in json.loads(texts[entry.vocabulary]))
        if sha_of(state_text(now)) == entry.state:
            return now.holding(terms.terms.values())
        then = EvidenceField.model_validate_json(texts[entry.state])
        return then.with_vocabulary(lambda: terms, now.folder)

    def build(self, entry: Kept, now: EvidenceField) -> EvidenceGraph:
        """The graph of an entry's studies, as this version of the method reads them."""
        return build(self.studies(entry.number), self.field_of(entry, now))


def state_text(field: EvidenceField) -> str:
    """What field.yaml says, as JSON that makes a field again."""
    said = field.model_dump(mode="json", exclude_defaults=True)
    return canonical_json({"populations" if key == "nodes" else key: value for key, value in said.items()})


def terms_text(vocabulary: Vocabulary) -> str:
    return canonical_json([term.model_dump(mode="json", exclude_defaults=True) for term in vocabulary.terms.values()])


def sha_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _text_of(study: Study) -> Callable[[], str]:
    return lambda: canonical_json(canonical(study))


def standing_then(one: Association | None) -> StandingThen | None:
    if one is None:
        return None
    return StandingThen(
        direction=one.direction, leans=one.leans, certainty=one.certainty, measure=one.measure, estimate=one.estimate, ci=one.ci,
        cohorts=one.cohorts, caption=one.caption,
    )  # fmt: skip


def moved_of(pairs: Iterable[tuple[Association | None, Association | None]], changed: Collection[str]) -> list[Moved]:
    """The associations that are another, in their order. `changed`: the studies that came, changed or went."""
    found = []
    for before, after in pairs:
        one = after or before
        if one is not None and before != after:
            behind = {finding.partition(":")[0] for side in (before, after) if side is not None for finding in side.findings}
            found.append(
                Moved(
                    exposure=one.exposure,
                    outcome=one.outcome,
                    population=one.population,
                    before=standing_then(before),
                    after=standing_then(after),
                    studies=tuple(sorted(behind.intersection(changed))),
                )
            )
    return found


def association_of(text: str | bytes | None) -> Association | None:
    """One side of what differs, of its record."""
    return Association.model_validate_json(text) if text is not None else None


def row_of(entry: Kept) -> dict[str, Any]:
    return entry.model_dump(mode="json")
