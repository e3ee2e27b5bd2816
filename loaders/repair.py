"""What can be judged of a sheet that has mistakes."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from itertools import combinations
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from loaders.complaints import PARTS, Place, containers, distinct, nearest_key, schema_problem
from loaders.documents import Path
from schema.field import EvidenceField
from schema.problems import Problem
from schema.study import Finding, Part, Reading, Study


class Repair:
    """A sheet without what can't be read in it: what is wrong with it is told, and the rest is a study that can be judged.

    `doubtful`: rows (section, index) of which only errors are told, as part of them is not there; `void`: rows of which nothing is left.
    """

    def __init__(self, value: dict[str, Any], of: EvidenceField, place: Place) -> None:
        self._value, self._of, self._place = value, of, place
        self.problems: list[Problem] = []
        self.doubtful: set[Path] = set()
        self.void: set[Path] = set()
        term = next(iter(of.vocabulary.terms), "x")
        # what stands for a key that is missing or can't be read while the rest of its row is judged
        self._stand_ins: dict[str, dict[str, Any]] = {
            "": {"id": "x", "read": "abstract"},
            "populations": {"id": "x", "label": "x", **{axis: values[0] for axis, values in of.values.items()}},
            "prevalence": {"population": "x", "lesion": term},
            "findings": {"exposure": term, "outcome": term, "population": "x", "measure": "p-only", "direction": "unclear"},
            "mechanisms": {"mechanism": term, "stance": "proposes", "basis": "opinion", "links": [term]},
        }

    def study(self) -> Study | None:
        """What is left of the sheet."""
        self._value = copy.deepcopy(self._value)
        mended: set[Path] = set()
        # what is wrong inside what is wrong is met in a later round
        for _ in range(10):
            try:
                study = Study.model_validate(self._value, context=Reading(self._of.values, lenient=True))
            except ValidationError as error:
                errors = distinct(error.errors())
                new = [one for one in errors if not _under(one["loc"], mended)]
                self.problems += dict.fromkeys(schema_problem(one, self._place) for one in new if not self._place.document.told(one["loc"]))
                mended |= {self._mend(one) for one in errors}
            else:
                return self._possible(study)
        return None

    def _mend(self, error: ErrorDetails) -> Path:
        """Take out what an error is about, or put a stand-in there; where."""
        above = containers(self._value, error["loc"])
        path: list[str | int] = [*error["loc"][: len(above)]]
        if error["type"] == "missing":
            if len(path) == len(error["loc"]):
                # another error of its row has put a stand-in there
                return tuple(path)
            above.append(above[-1][path[-1]] if path else self._value)
            path.append(error["loc"][len(path)])
        row = (path[0], path[1]) if len(path) > 1 and path[0] in PARTS else None
        near = nearest_key(error["loc"]) if error["type"] == "extra_forbidden" and len(path) == len(error["loc"]) else None
        if near is not None and near not in above[-1]:
            # what was meant is judged, too
            above[-1][near] = above[-1].pop(path.pop())
            path.append(near)
            self.doubtful.update([row] if row is not None else [])
            return tuple(path)
        while path:
            section = "" if len(path) == 1 else str(path[0]) if len(path) == 3 and row is not None else None
            stand_in = self._stand_ins[section].get(str(path[-1])) if section is not None else None
            container: Any = above[-1]
            if stand_in is not None:
                container[path[-1]] = stand_in
            elif len(path) == 2 and row is not None:
                container[path[-1]] = copy.deepcopy(self._stand_ins[str(row[0])])
                self.void.add(row)
            elif isinstance(container, dict) and path[-1] in container:
                del container[path[-1]]
            else:
                # an item of a list, or a key that is missing from what can't do without
                path.pop()
                above.pop()
                continue
            break
        if row is not None and error["type"] != "extra_forbidden":
            self.doubtful.add(row)
        return tuple(path)

    def _possible(self, study: Study) -> Study:
        """The study without figures that can't be true together, which are told."""
        changed: dict[str, Any] = {}
        for path, told in _impossible(study, ()):
            self.problems.append(self._place.problem(path, told, "what is possible together", kind="impossible"))
            if len(path) > 1 and path[0] in PARTS:
                self.doubtful.add(path[:2])
                if path[0] == "findings" and isinstance(path[1], int):
                    rows = changed.setdefault("findings", list(study.findings))
                    rows[path[1]] = _without(rows[path[1]], path[2:])
        return study.model_copy(update={section: tuple(rows) for section, rows in changed.items()})


def _under(path: Path, above: set[Path]) -> bool:
    return any(path[:end] in above for end in range(1, len(path) + 1))


def _impossible(part: Part, path: Path) -> Iterator[tuple[Path, str]]:
    """What can't be true together in a part, and in the parts of it."""
    yield from ((path, told) for told in part.impossible())
    for key in type(part).model_fields:
        inner = getattr(part, key)
        if isinstance(inner, Part):
            yield from _impossible(inner, (*path, key))
        elif isinstance(inner, tuple):
            for i, one in enumerate(inner):
                if isinstance(one, Part):
                    yield from _impossible(one, (*path, key, i))


def _without(row: Finding, inside: Path) -> Finding:
    """A row without the fewest of its figures that make it impossible."""
    if inside:
        return row.model_copy(update={str(inside[0]): None})
    for many in (1, 2, 3):
        for keys in combinations(("follow_up_months", "value", "ci"), many):
            possible = row.model_copy(update=dict.fromkeys(keys))
            if not any(possible.impossible()):
                return possible
    return row
