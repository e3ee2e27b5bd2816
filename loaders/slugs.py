"""The names of terms in a sheet: brought to ids, or told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from loaders.complaints import Place, short
from loaders.documents import Path
from schema.names import normal
from schema.problems import Problem
from schema.vocabulary import A_TERM, KINDS, Kind, Term, Vocabulary, drafted, nearest

# the keys of each section whose values name terms
_SLUGS = {"findings": ("exposure", "versus", "outcome"), "prevalence": ("lesion",), "mechanisms": ("mechanism", "links")}


@dataclass(slots=True)
class Names:
    """The names of terms in a sheet: brought to ids, or told; for an unknown one a drafted term stands in."""

    vocabulary: Vocabulary
    place: Place
    problems: list[Problem] = field(default_factory=list)
    drafts: dict[str, Term] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    # the rows of unknown outcomes: what these are measured in is not known
    unknown: set[Path] = field(default_factory=set)

    def resolved(self, value: dict[str, Any]) -> dict[str, Any]:
        """The sheet with ids for names."""
        result = dict(value)
        for section, keys in _SLUGS.items():
            rows = value.get(section)
            if isinstance(rows, list):
                result[section] = [self._row(row, (section, i), keys) if isinstance(row, dict) else row for i, row in enumerate(rows)]
        return result

    def _row(self, row: dict[str, Any], path: Path, keys: Sequence[str]) -> dict[str, Any]:
        row = dict(row)
        for key in keys:
            given, kind = row.get(key), KINDS[key]
            if isinstance(given, list):
                row[key] = [self._id(slug, (*path, key, j), kind) for j, slug in enumerate(given)]
            elif key in row:
                row[key] = self._id(given, (*path, key), kind)
        return row

    def _id(self, slug: Any, path: Path, kind: Kind) -> Any:
        if not isinstance(slug, str):
            return slug
        known = self.vocabulary.find(slug)
        name = slug if known is not None else self.place.document.typed(path, slug)
        if name != slug:
            # an id that a table made of a name may have lost what tells it
            known = self.vocabulary.find(name)
        if known is not None:
            self.used.add(known.id)
            return known.id
        draft = self.drafts.setdefault(slug, drafted(name, kind, slug, self.vocabulary.terms))
        problem = self.place.problem(path, short(name), A_TERM, nearest(slug, self.vocabulary), kind="unknown-term")
        term = draft.model_copy(update={"kind": kind}) if normal(name) else None
        self.problems.append(replace(problem, like=normal(name) or slug, term=term))
        if kind == "outcome":
            self.unknown.add(path[:2])
        return draft.id
