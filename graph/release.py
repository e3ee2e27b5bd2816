"""The release: what a store holds, as one hash."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any

from graph.synthesis.method import VERSION
from schema.study import Study, canonical
from schema.vocabulary import Vocabulary


def canonical_json(value: Any) -> str:
    """The one text of a JSON value: sorted keys, no spaces, no NaN."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def release_of(studies: Iterable[Study], vocabulary: Vocabulary) -> str:
    """SHA-256 of the studies (sorted by id), the vocabulary and the method's version; never of computed figures."""
    digest = hashlib.sha256()
    # the canonical JSON of the whole, piece by piece: of many studies it would be a text of hundreds of megabytes
    roll_ups = {parent: [child for child, _ in children] for parent, children in vocabulary.roll_ups.items()}
    digest.update(f'{{"method":{canonical_json(VERSION)},"roll_ups":{canonical_json(roll_ups)},"studies":['.encode())
    for position, study in enumerate(sorted(studies, key=lambda one: one.id)):
        digest.update(f"{',' if position else ''}{canonical_json(canonical(study))}".encode())
    digest.update(b'],"vocabulary":[')
    for position, term in enumerate(vocabulary.canonical()):
        digest.update(f"{',' if position else ''}{canonical_json(term)}".encode())
    digest.update(b"]}")
    return digest.hexdigest()
