"""The release: what a store holds, as one hash."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any

from graph.method import VERSION
from schema.study import Study, canonical
from schema.vocabulary import Vocabulary


def canonical_json(value: Any) -> str:
    """The one text of a JSON value: sorted keys, no spaces, no NaN."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def release_of(studies: Iterable[Study], vocabulary: Vocabulary) -> str:
    """SHA-256 of the studies (sorted by id), the vocabulary and the method's version; never of computed figures."""
    content = {
        "method": VERSION,
        "vocabulary": vocabulary.canonical(),
        "roll_ups": {parent: [child for child, _ in children] for parent, children in vocabulary.roll_ups.items()},
        "studies": [canonical(study) for study in sorted(studies, key=lambda one: one.id)],
    }
    return hashlib.sha256(canonical_json(content).encode()).hexdigest()
