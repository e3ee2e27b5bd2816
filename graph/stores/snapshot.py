"""The memory store's file: one line of header, then one line a record.

{"format": "rdwi-snapshot", "version": 1, "release": ..., "sha256": of all that follows, ...}
study <TAB> {...}
association <TAB> exposure <TAB> outcome <TAB> population <TAB> {...}
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path
from sys import intern
from typing import Any, NamedTuple, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import from_json

from graph.build import (
    Associations,
    EvidenceGraph,
    Key,
    Partly,
    Progress,
    Taken,
    corpus_of,
    moved_patients,
    renamed,
    touched,
    without_collections,
)  # fmt: skip
from graph.release import ReleaseHeader, release_of
from graph.stores.history import association_of
from graph.stores.made import Made
from graph.stores.port import today
from graph.synthesis.mechanisms import edges as mechanism_edges
from graph.synthesis.mechanisms import read_claims
from graph.synthesis.observations import read_study
from graph.synthesis.overlap import all_patients
from graph.synthesis.prevalence import read_prevalence
from schema import outputs
from schema.answer import Counts
from schema.association import Association, MechanismEdge
from schema.errors import SnapshotDamaged
from schema.field import EvidenceField
from schema.observation import ClaimObservation, Observation, PrevalenceObservation
from schema.study import Study, label_of, lettered, letters, told_apart
from schema.vocabulary import Entry, Term, Vocabulary

FORMAT, FORMAT_VERSION = "rdwi-snapshot", 1
NAME = "graph.rdwi"

_M = TypeVar("_M", bound=BaseModel)
# of what is made, so many are kept: some kilobytes each
KEPT = 2_000
# a text without an escape, or a list of such
_PLAIN = rb'("[^"\\]*"|\[(?:"[^"\\]*",?)*\])'
_CALLED = re.compile(
    rb'\{"id":"([^"\\]*)",(?:"title":"(?:[^"\\]|\\.)*+",)?"first_author":"([^"\\]*)",(?:"authors":\[[^\]]*\],)?(?:"year":(\d+))?'
)
# the keys with which a study goes on to its people, scans and rows
_MORE = tuple(f',"{key}":'.encode() for key in ("age", "male_pct", "imaging", "populations", "prevalence", "findings", "mechanisms"))
_Pair = tuple[Association | None, Association | None]
_REMEDY = "Load the sheets again with --fresh, or move the file away to start from the shipped corpus."


class _Records(Collection[_M]):
    """Records that are made each time they are gone through, and not kept: the lines take a third of their memory."""

    def __init__(self, lines: Collection[bytes], make: Callable[[bytes], _M]) -> None:
        self._lines, self._make = lines, make

    def __len__(self) -> int:
        return len(self._lines)

    def __iter__(self) -> Iterator[_M]:
        return map(self._make, self._lines)

    def __contains__(self, one: object) -> bool:
        return any(other == one for other in self)


class Place(NamedTuple):
    """Where a reading belongs, without what it says."""

    study: str
    exposure: str
    outcome: str
    populations: tuple[str, ...]


class Snapshot:
    """A snapshot that was opened: records are made into objects when they are asked for."""

    def __init__(self, header: ReleaseHeader, base: EvidenceField, lines: dict[str, list[bytes]], path: Path) -> None:
        self.header, self._base, self._lines, self._path = header, base, lines, path

    @property
    def release(self) -> str:
        return self.header.release

    def lines(self, kind: str) -> Sequence[bytes]:
        return self._lines.get(kind, ())

    def made(self, kind: str, model: type[_M], line: bytes) -> _M:
        """The record of a line; SnapshotDamaged where it can't be read."""
        try:
            return model.model_validate_json(line)
        except ValidationError as error:
            raise damaged(self._path, f"a record of {kind} can't be read ({error.error_count()} mistakes)") from error

    def _each(self, kind: str, model: type[_M]) -> Collection[_M]:
        return _Records(self.lines(kind), partial(self.made, kind, model))

    def _by_id(self, kind: str) -> dict[str, bytes]:
        return {name: line for (name,), line in zip(self._values(kind, "id"), self.lines(kind), strict=True)}

    def _values(self, kind: str, *names: str) -> Iterator[list[Any]]:
        """Of each record of a kind the texts, or lists of texts, that follow each other under these keys. All of it is parsed only where
        they are not found by their looks: it takes ten times as long.
        """
        pattern = re.compile(b".*?".join(b'"%s":%s' % (name.encode(), _PLAIN) for name in names))
        # each stands in many, and is there once
        known: dict[bytes, Any] = {}
        for line in self.lines(kind):
            found = pattern.search(line)
            if found is None:
                yield self._said(kind, line, names)
            else:
                yield [known.get(raw) or known.setdefault(raw, self._value(kind, raw)) for raw in found.groups()]

    def _value(self, kind: str, raw: bytes) -> Any:
        try:
            return _frozen(from_json(raw))
        except ValueError as error:
            raise damaged(self._path, f"a record of {kind} can't be read") from error

    def _said(self, kind: str, line: bytes, names: Sequence[str], more: Sequence[str] = ()) -> list[Any]:
        """The values of these keys, all of which it has, and of more, which may be missing."""
        try:
            said = from_json(line)
            whole = {**dict.fromkeys(more), **said.get("row", {}), **said}
            return [_frozen(whole[name]) for name in (*names, *more)]
        except (ValueError, LookupError, AttributeError, TypeError) as error:
            raise damaged(self._path, f"a record of {kind} can't be read") from error

    @cached_property
    def study_lines(self) -> Mapping[str, bytes]:
        """Each study's JSON by its id."""
        return self._by_id("study")

    def study(self, name: str) -> Study:
        return lettered(self.made("study", Study, self.study_lines[name]), self._letters.get(name, ""))

    def paper(self, name: str) -> Study:
        """A study as a paper: without its people, scans and rows, which are most of it."""
        return lettered(self.made("study", Study, _of_paper(self.study_lines[name])), self._letters.get(name, ""))

    @cached_property
    def _letters(self) -> Mapping[str, str]:
        """Which of the studies of one label each is."""
        labels = {}
        for line in self.lines("study"):
            # most are called by first author and year, which stand side by side
            if plain := _CALLED.match(line):
                name = plain[1].decode()
                labels[name] = label_of(name, plain[2].decode(), (), None, int(plain[3]) if plain[3] else None)
            else:
                by = ("first_author", "authors", "title", "year")
                name, who, authors, title, year = self._said("study", _of_paper(line), ("id",), by)
                labels[name] = label_of(name, who, authors or (), title, year)
        return letters(labels)

    @cached_property
    def studies(self) -> tuple[Study, ...]:
        return tuple(told_apart(self._each("study", Study)).values())

    @cached_property
    def field(self) -> EvidenceField:
        """The field with the terms that are kept here."""
        lines = self._by_id("term")
        terms = Made(lines, lambda one: self.made("term", Term, lines[one]), KEPT)
        return self._base.holding(Vocabulary.stored(terms, lambda: (_entry(from_json(line)) for line in lines.values())))

    @cached_property
    def terms(self) -> tuple[Term, ...]:
        return tuple(self._each("term", Term))

    @cached_property
    def places(self) -> list[Place]:
        """Where each reading belongs, in their order."""
        with without_collections():
            return [Place(*values) for values in self._values("reading", "study", "exposure", "outcome", "populations")]

    def finding_counts(self) -> Mapping[str, int]:
        """How many readings name each term, as their sheets do."""
        rows = (from_json(line)["row"] for line in self.lines("reading"))
        return Counter(name for row in rows for name in {row["exposure"], row["outcome"]})

    def observation(self, index: int) -> Observation:
        return self.made("reading", Observation, self.lines("reading")[index])

    def claimants(self) -> list[str]:
        """The study of each claim, in their order."""
        return [study for (study,) in self._values("claim", "study")]

    def claim_at(self, index: int) -> ClaimObservation:
        return self.made("claim", ClaimObservation, self.lines("claim")[index])

    def lesions(self) -> list[str]:
        """The lesion of each prevalence, in their order."""
        return [lesion for (lesion,) in self._values("prevalence", "lesion")]

    def prevalence_at(self, index: int) -> PrevalenceObservation:
        return self.made("prevalence", PrevalenceObservation, self.lines("prevalence")[index])

    @property
    def prevalence(self) -> tuple[PrevalenceObservation, ...]:
        return tuple(self._each("prevalence", PrevalenceObservation))

    @property
    def claims(self) -> tuple[ClaimObservation, ...]:
        return tuple(self._each("claim", ClaimObservation))

    @cached_property
    def mechanisms(self) -> tuple[MechanismEdge, ...]:
        return tuple(self._each("mechanism", MechanismEdge))

    @cached_property
    def association_lines(self) -> Mapping[Key, bytes]:
        """Each association's line by (exposure, outcome, population)."""
        found: dict[Key, bytes] = {}
        for line in self.lines("association"):
            exposure, outcome, population, _ = line.split(b"\t", 3)
            # each term stands in many
            found[intern(exposure.decode()), intern(outcome.decode()), intern(population.decode())] = line
        return found

    def association(self, key: Key) -> Association:
        return self.made("association", Association, _text_of(self.association_lines[key]))

    @cached_property
    def counts(self) -> Counts:
        kinds = {"terms": "term", "findings": "reading", "prevalence": "prevalence", "claims": "claim"}
        more = {"studies": "study", "associations": "association", "mechanism_edges": "mechanism"}
        read = sum(how == "full-text" for (how,) in self._values("study", "read"))
        return Counts(full_text=read, **{name: len(self.lines(kind)) for name, kind in (kinds | more).items()})

    def laid_out(self) -> EvidenceGraph:
        """The whole, with observations and associations that are made each time they are gone through."""
        return EvidenceGraph(
            self.header.release,
            self.studies,
            self.field,
            self._each("reading", Observation),
            self.prevalence,
            self.claims,
            _Records(self.lines("association"), lambda line: self.made("association", Association, _text_of(line))),
            self.mechanisms,
            self.header.user,
            self.header.removed,
        )

    def changed_to(self, studies: Iterable[Study], field: EvidenceField, progress: Progress | None = None) -> EvidenceGraph | None:
        """The graph of these studies, laid out, with what is the same in this one taken over as it is written; equal to one built from
        nothing. None where all must be read anew: by another method, or of another state of field or vocabulary.
        """
        if not self.header.current or not self.header.of_state(field) or self.terms != tuple(field.vocabulary.terms.values()):
            return None
        corpus, old = corpus_of(studies, field), {study.id: study for study in self.studies}
        new = corpus.studies
        same = {name for name, study in new.items() if (was := old.get(name)) is study or was == study}
        lines: dict[str, list[tuple[str, str, bytes]]] = {}
        for place, line in zip(self.places, self.lines("reading"), strict=True):
            lines.setdefault(place.study, []).append((place.exposure, place.outcome, line))
        coming = {name: list(read_study(new[name], field)) for name in sorted(new.keys() - same)}
        moved = moved_patients(all_patients(old, field), corpus.patients) | renamed(old, new)
        read = Observation.model_validate_json
        changing = [read(line) for name in sorted(old.keys() - same | moved & same) for _, _, line in lines.get(name, ())]
        keys = touched([*changing, *(row for rows in coming.values() for row in rows)], field)
        # and the rows of their counterparts, by which a contradiction is told
        wanted = keys | {(other, *key[1:]) for key in keys if (other := field.vocabulary[key[0]].counterpart) is not None}
        pairs = {
            (exposure, outcome)
            for one, effect in {key[:2] for key in wanted}
            for exposure in field.vocabulary.takes(one)
            for outcome in field.vocabulary.takes(effect)
        }
        kept = (read(line) for name in sorted(same) for exposure, outcome, line in lines.get(name, ()) if (exposure, outcome) in pairs)
        parts: list[Observation | bytes] = []
        for name in new:
            parts += coming[name] if name in coming else [line for _, _, line in lines.get(name, ())]
        texts = self.study_lines
        # the objects are at hand
        objects = {texts[name]: new[name] for name in same}
        claims = [claim for study in new.values() for claim in read_claims(study, field.vocabulary)]
        return EvidenceGraph(
            release=release_of(new.values(), field),
            studies=Taken([texts[name] if name in same else study for name, study in new.items()], objects.__getitem__),
            field=field,
            observations=Taken(parts, read),
            prevalence=tuple(row for study in new.values() for row in read_prevalence(study, field)),
            claims=tuple(claims),
            associations=Associations(
                [*kept, *(row for rows in coming.values() for row in rows)],
                corpus,
                progress,
                taken={key: _text_of(line) for key, line in self.association_lines.items() if key not in keys},
                touched=keys,
            ),
            mechanisms=tuple(mechanism_edges(claims, corpus.patients)),
        )

    def graph(self) -> EvidenceGraph:
        laid_out = self.laid_out()
        return replace(laid_out, observations=tuple(laid_out.observations), associations=tuple(laid_out.associations))


def damaged(path: Path, what: str) -> SnapshotDamaged:
    return SnapshotDamaged(f"The snapshot {path} is damaged: {what}. {_REMEDY}")


def write(
    graph: EvidenceGraph,
    path: Path,
    shipped: str,
    old: Snapshot | None = None,
    keep: Callable[[Callable[[], list[_Pair]]], None] = lambda _: None,
) -> None:
    """Write a snapshot and put it in the place of the old one; a reader sees the old one or the new, never a part.

    `keep` is given the associations that are not those of `old`, before and after, when all is written, before it takes the place.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with outputs.binary(path) as file:
        header = _header(graph, shipped)
        digest = _digest(header)
        # the header's length is fixed by its digest's, so it is written first as a place and filled in last
        file.write(_line({**header, "sha256": "0" * 64}))
        before = {key: _text_of(line) for key, line in old.association_lines.items()} if old is not None else {}
        after: dict[Key, bytes] = {}
        for line in _body(graph):
            digest.update(line)
            file.write(line)
            if old is not None and line.startswith(b"association\t"):
                exposure, outcome, population, text = line.rstrip(b"\n").split(b"\t", 4)[1:]
                key = exposure.decode(), outcome.decode(), population.decode()
                # what stays is the same text, and is not read
                if before.get(key) == text:
                    del before[key]
                else:
                    after[key] = text
        keep(lambda: [(association_of(before.get(key)), association_of(after.get(key))) for key in sorted(before.keys() | after.keys())])
        file.seek(0)
        file.write(_line({**header, "sha256": digest.hexdigest()}))


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _of_paper(line: bytes) -> bytes:
    """What a study's JSON says of the paper."""
    # a quotation mark within a text stands escaped, so that what looks like a key is one
    end = min((at for key in _MORE if (at := line.find(key)) > 0), default=len(line) - 1)
    return line[:end] + b"}"


def _text_of(line: bytes) -> bytes:
    """An association's JSON, without the key before it."""
    return line.split(b"\t", 3)[3]


def _entry(said: Mapping[str, Any]) -> Entry:
    return Entry(**{name: said[name] for name in Entry._fields if name in said})


def _header(graph: EvidenceGraph, shipped: str) -> dict[str, Any]:
    header = ReleaseHeader.of_graph(graph, today(), shipped)
    return {"format": FORMAT, "version": FORMAT_VERSION, **header.stored()}


def _line(header: dict[str, Any]) -> bytes:
    return json.dumps(header).encode() + b"\n"


def _digest(header: dict[str, Any]) -> hashlib._Hash:
    """A hash begun with the header, but for its own place in it."""
    return hashlib.sha256(json.dumps({name: value for name, value in header.items() if name != "sha256"}, sort_keys=True).encode())


def _body(graph: EvidenceGraph) -> Iterator[bytes]:
    sections: dict[str, Collection[BaseModel]] = {
        "study": graph.studies,
        "term": graph.terms,
        "reading": graph.observations,
        "prevalence": graph.prevalence,
        "claim": graph.claims,
        "mechanism": graph.mechanisms,
    }
    for kind, records in sections.items():
        head = f"{kind}\t".encode()
        for record in _parts(records):
            yield head + (record if isinstance(record, bytes) else _text(record)) + b"\n"
    for key, one in _keyed(graph.associations):
        text = one if isinstance(one, bytes) else one.model_dump_json(exclude_defaults=True).encode()
        yield b"\t".join((b"association", *(part.encode() for part in key), text)) + b"\n"


def _parts(records: Collection[_M]) -> Iterator[_M | bytes]:
    """The records, or their texts where these are at hand."""
    return records.parts() if isinstance(records, Partly) else iter(records)


def _keyed(associations: Collection[Association]) -> Iterator[tuple[Key, Association | bytes]]:
    return associations.keyed() if isinstance(associations, Associations) else ((one.key, one) for one in associations)


def _text(record: BaseModel) -> bytes:
    return record.model_dump_json(exclude_defaults=True, by_alias=True).encode()


def refuse_another(path: Path, field: EvidenceField) -> None:
    """StoreOfAnotherField where the snapshot says that it is of another field; of one that can't be read nothing is known."""
    try:
        with path.open("rb") as file:
            header = _parse(file.readline(), path)
    except (OSError, SnapshotDamaged):
        return
    _known(header, path).refuse_unless(field, f"The snapshot {path}")


def read(path: Path, field: EvidenceField) -> Snapshot:
    """Open a snapshot of that field; SnapshotDamaged with a clear word where it is damaged or of another format."""
    lines: dict[bytes, list[bytes]] = {}
    # line by line, so that there is never a second copy of it all
    with path.open("rb") as file:
        header = _parse(file.readline(), path)
        digest = _digest(header)
        for line in file:
            digest.update(line)
            kind, _, text = line.rstrip(b"\r\n").partition(b"\t")
            lines.setdefault(kind, []).append(text)
    if digest.hexdigest() != header.get("sha256"):
        raise damaged(path, "its checksum doesn't fit")
    known = _known(header, path)
    known.refuse_unless(field, f"The snapshot {path}")
    return Snapshot(known, field, {kind.decode(): text for kind, text in lines.items()}, path)


def _known(header: dict[str, Any], path: Path) -> ReleaseHeader:
    try:
        return ReleaseHeader.model_validate(header)
    except ValidationError as error:
        raise damaged(path, f"its header can't be read ({error.error_count()} mistakes)") from error


def _parse(line: bytes, path: Path) -> dict[str, Any]:
    try:
        header = json.loads(line)
    except (ValueError, RecursionError):
        header = None
    if not isinstance(header, dict) or header.get("format") != FORMAT:
        raise SnapshotDamaged(f"{path} is no snapshot of an evidence graph. {_REMEDY}")
    if header.get("version") != FORMAT_VERSION:
        raise SnapshotDamaged(
            f"The snapshot {path} has format {header.get('version')}; this version reads format {FORMAT_VERSION}. {_REMEDY}"
        )
    return header
