"""The release: what a store holds, as one hash, and what a stored release says of itself."""

from __future__ import annotations

import hashlib
import json
import weakref
from collections.abc import Iterable
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, PlainSerializer

from graph.synthesis.method import VERSION
from schema.errors import StoreOfAnotherField
from schema.field import EvidenceField
from schema.study import Study, canonical
from schema.vocabulary import Vocabulary

if TYPE_CHECKING:
    from graph.build import EvidenceGraph

# of what field a store is that does not say so: it was written when there was one
FIRST_FIELD = "r-dwi"

Ids = Annotated[frozenset[str], BeforeValidator(lambda ids: frozenset(ids or ())), PlainSerializer(sorted)]


class ReleaseHeader(BaseModel):
    """What a stored release says of itself, in the snapshot's first line and on Neo4j's pointer alike.

    `field` and `field_digest` say of which field it is, in which state; `shipped` is the digest of the corpus that came with the field,
    where the store follows that; `loaded` the day (UTC), None where an older version kept none; `user` are the studies that did not come
    with the field, `removed` those of it that were taken out.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    release: str
    loaded: date | None = None
    method: str
    field: str = FIRST_FIELD
    field_digest: str | None = None
    shipped: str | None = None
    user: Ids = frozenset()
    removed: Ids = frozenset()

    @classmethod
    def of_graph(cls, graph: EvidenceGraph, loaded: date, shipped: str | None = None) -> ReleaseHeader:
        """Of a graph that is put into a store on that day."""
        return cls(
            release=graph.release,
            loaded=loaded,
            method=VERSION,
            field=graph.field.id,
            field_digest=graph.field.digest,
            shipped=shipped,
            user=graph.user,
            removed=graph.removed,
        )

    @property
    def current(self) -> bool:
        """Whether this version of the method built it."""
        return self.method == VERSION

    def stored(self) -> dict[str, Any]:
        return self.model_dump(mode="json")

    def refuse_unless(self, field: EvidenceField, where: str) -> None:
        """StoreOfAnotherField where the release is not of that field."""
        if self.field != field.id:
            raise StoreOfAnotherField(
                f"{where} holds the field {self.field!r}, and the field asked for is {field.id!r} (RDWI_FIELD). "
                "It was left as it is: name its field, or another store."
            )

    def of_state(self, field: EvidenceField) -> bool:
        """Whether it was built of the field as it is; one that does not say is taken to be."""
        return self.field_digest in {None, field.digest}


def canonical_json(value: Any) -> str:
    """The one text of a JSON value: sorted keys, no spaces, no NaN."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def sha256(value: Any) -> str:
    """SHA-256 of a value's canonical JSON."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()


def content_hash(study: Study) -> str:
    """SHA-256 of what a sheet says; worked out once for each object, since a preview asks for those of all studies."""
    known = _HASHES.get(id(study))
    if known is None or known[0]() is not study:
        known = _HASHES[id(study)] = weakref.ref(study, partial(_forget, id(study))), sha256(canonical(study))
    return known[1]


# by identity: two sheets are compared field by field, which takes as long as the hash
_HASHES: dict[int, tuple[weakref.ref[Study], str]] = {}


def _forget(key: int, gone: weakref.ref[Study]) -> None:
    if key in _HASHES and _HASHES[key][0] is gone:
        del _HASHES[key]


def vocabulary_hash(vocabulary: Vocabulary) -> str:
    """SHA-256 of the terms and of the order of their roll-ups."""
    roll_ups = {parent: [child for child, _ in children] for parent, children in vocabulary.roll_ups.items()}
    return sha256({"roll_ups": roll_ups, "terms": vocabulary.canonical()})


def release_of(studies: Iterable[Study], field: EvidenceField) -> str:
    """SHA-256 of the method's version, the field, its vocabulary and each study's content by id; never of computed figures."""
    contents = [[study.id, content_hash(study)] for study in sorted(studies, key=lambda one: one.id)]
    return sha256({"method": VERSION, "field": field.digest, "vocabulary": vocabulary_hash(field.vocabulary), "studies": contents})
