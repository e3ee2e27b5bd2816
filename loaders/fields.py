"""A field from its folder: field.yaml and vocabulary.yaml, or a report of all that is wrong with them."""

from __future__ import annotations

import copy
import difflib
from collections.abc import Iterable, Iterator
from itertools import product
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from loaders import complaints, files, vocabularies
from loaders.complaints import containers, model_in, short
from loaders.documents import Document, documents
from loaders.validation import without_nulls
from schema.errors import InputProblems
from schema.field import EvidenceField
from schema.names import normal
from schema.problems import Problem
from schema.review import Review
from schema.vocabulary import Vocabulary

NAME, VOCABULARY, STUDIES, REVIEW = "field.yaml", "vocabulary.yaml", "studies", files.REVIEW


def read(folder: Path) -> EvidenceField:
    """The field of that folder; InputProblems with all that is wrong in both files."""
    return _sound(*as_far_as_readable(folder))


def opened(folder: Path) -> EvidenceField:
    """The same, its vocabulary read when it is first asked for: what a store holds of the field needs no second reading."""
    field, document, problems = _field(folder)
    if field is None or problems:
        return _sound(*_whole(folder, field, document, problems))
    return field.with_vocabulary(lambda: _sound(*_whole(folder, field, document, [])).vocabulary, folder)


def as_far_as_readable(folder: Path) -> tuple[EvidenceField | None, list[Problem]]:
    """What can be made of the field of that folder, and all that is wrong in both files."""
    return _whole(folder, *_field(folder))


def _sound(field: EvidenceField | None, problems: list[Problem]) -> EvidenceField:
    if problems or field is None:
        raise InputProblems(problems)
    return field


def _whole(
    folder: Path, field: EvidenceField | None, document: Document | None, problems: list[Problem]
) -> tuple[EvidenceField | None, list[Problem]]:
    """The field of what its field.yaml said, with its vocabulary."""
    terms, wrong, stand_ins = _terms(folder)
    problems = [*problems, *wrong]
    if field is None or document is None:
        return None, problems
    vocabulary = Vocabulary((*terms, *stand_ins))
    problems += _of_terms(field, vocabulary, _Place(str(folder / NAME), document))
    return field.with_vocabulary(lambda: vocabulary, folder), problems


class _Place:
    def __init__(self, file: str, document: Document) -> None:
        self._file, self._document = file, document

    def problem(self, path: tuple[str | int, ...], found: str, expected: str, near: Iterable[str] = ()) -> Problem:
        hint = next(iter(near), None)
        text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).lstrip(".")
        line = self._document.line(path)
        return Problem(self._file, found, expected, text or None, line, help=f"Did you mean {hint!r}?" if hint else None)


def _field(folder: Path) -> tuple[EvidenceField | None, Document | None, list[Problem]]:
    path = folder / NAME
    if not path.is_file():
        what = "a folder without it" if folder.is_dir() else "no such folder"
        return None, None, [Problem(str(path), what, "the folder of a field: field.yaml, vocabulary.yaml, studies/")]
    source = files.read(path)
    parsed = source if isinstance(source, Problem) else documents(source)
    if isinstance(parsed, Problem):
        return None, None, [parsed]
    document = parsed[0]
    place = _Place(str(path), document)
    if len(parsed) > 1 or not isinstance(document.value, dict):
        return None, None, [place.problem((), "no mapping of keys", "one mapping: id, title, lead, lesion, population, ...")]
    value = without_nulls(document.value)
    try:
        field = EvidenceField.model_validate(value)
    except ValidationError as error:
        wrong = list(dict.fromkeys(_wrong(one, place) for one in complaints.distinct(error.errors())))
        rest = _without(value, [one["loc"] for one in error.errors()])
        if rest is not None and all(one["type"] == "extra_forbidden" for one in error.errors()):
            wrong += _between(rest, place)
        return rest, document, wrong
    review, wrong = reviewed(folder / REVIEW)
    return field.with_review(review) if review is not None else field, document, [*_between(field, place), *wrong]


def reviewed(path: Path) -> tuple[Review | None, list[Problem]]:
    """The record of the review, where there is one, and all that is wrong with it."""
    if not path.is_file():
        return None, []
    source = files.read(path)
    parsed = source if isinstance(source, Problem) else documents(source)
    if isinstance(parsed, Problem):
        return None, [parsed]
    document = parsed[0]
    try:
        return Review.model_validate(without_nulls(document.value)), []
    except ValidationError as error:
        place = complaints.Place(str(path), document, None)
        return None, [complaints.schema_problem(one, place) for one in complaints.distinct(error.errors())]


def _without(value: dict[str, Any], wrong: Iterable[tuple[str | int, ...]]) -> EvidenceField | None:
    """The field without the keys that are wrong; None where it can't do without them."""
    rest = copy.deepcopy(value)
    for path in wrong:
        above = containers(rest, path)
        if len(above) == len(path) and isinstance(above[-1], dict):
            del above[-1][path[-1]]
    try:
        return EvidenceField.model_validate(rest)
    except ValidationError:
        return None


def _wrong(error: ErrorDetails, place: _Place) -> Problem:
    """One of pydantic's complaints; a wrong key or value with the nearest right one."""
    path, kind, found = tuple(one for one in error["loc"] if one != "[key]"), error["type"], short(error["input"])
    if kind == "extra_forbidden":
        keys = _keys(path[:-1])
        return place.problem(path, f"the key {short(path[-1])}", f"one of {', '.join(keys)}", _near(str(path[-1]), keys))
    if kind == "missing":
        return place.problem(path, "nothing", "this key, which field.yaml must have")
    expected = complaints.expected(error)
    if kind == "value_error" and isinstance(error["input"], dict):
        return place.problem(path, expected, "what is possible together")
    near = _near(str(error["input"]), expected.split("'")[1::2]) if kind == "literal_error" else ()
    return place.problem(path, found, expected, near)


def _keys(path: tuple[str | int, ...]) -> list[str]:
    """The keys of the mapping at a path."""
    model: Any = EvidenceField
    for step in path:
        fields = getattr(model, "model_fields", {})
        name = "nodes" if step == "populations" else step
        if name in fields:
            model = model_in(fields[name].annotation) or model
    return ["populations" if name == "nodes" else name for name in model.model_fields]


def _near(name: str, known: Iterable[str]) -> list[str]:
    return difflib.get_close_matches(name, [*known], n=1)


def _between(field: EvidenceField, place: _Place) -> Iterator[Problem]:
    """Mistakes between the parts of a field."""
    ids = [node.id for node in field.nodes]

    def known(population: str, *path: str | int) -> Iterator[Problem]:
        if population not in ids:
            yield place.problem(path, repr(population), "a population of this field", _near(population, ids))

    yield from known(field.population, "population")
    owner: dict[str, str] = {}
    for i, node in enumerate(field.nodes):
        if node.id in ids[:i]:
            yield place.problem(("populations", i, "id"), f"the population {node.id!r} a second time", "each id once")
            continue
        named = [("id", node.id), ("name", node.name), *(("synonyms", one) for one in node.synonyms)]
        for key, name in named:
            if (first := owner.setdefault(normal(name), node.id)) != node.id:
                yield place.problem(
                    ("populations", i, key), f"the name {name!r}, which is {first}'s, too", "names that tell populations apart"
                )
        for j, whole in enumerate(node.part_of):
            yield from known(whole, "populations", i, "part_of", j)
        for key in ("where", "implies"):
            for axis, value in getattr(node, key).items():
                values = field.axes[axis].values if axis in field.axes else {}
                if value not in values:
                    expected = f"one of {', '.join(values)}" if values else f"one of the axes in use: {', '.join(field.used_axes)}"
                    yield place.problem(("populations", i, key, axis), repr(value), expected, _near(value, values))
    yield from _circles(field, place)
    for axis, given in field.axes.items():
        for said, value in given.means.items():
            if value not in given.values:
                yield place.problem(
                    ("axes", axis, "means", said), repr(value), f"one of {', '.join(given.values)}", _near(value, given.values)
                )
    for key in ("compared", "columns"):
        for i, population in enumerate(getattr(field, key)):
            yield from known(population, key, i)
    for i, group in enumerate(field.apart):
        for j, population in enumerate(group):
            yield from known(population, "apart", i, j)
    if field.selection is not None:
        yield from known(field.selection.population, "selection", "population")
    for population in field.menu:
        yield from known(population, "menu", population)
    for i, example in enumerate(field.examples):
        if isinstance(population := example.parameters.get("population"), str):
            yield from known(population, "examples", i, "population")
    yield from _homeless(field, place)


def _circles(field: EvidenceField, place: _Place) -> Iterator[Problem]:
    parents = {node.id: node.part_of for node in field.nodes}
    for i, node in enumerate(field.nodes):
        seen: set[str] = set()
        above = [*node.part_of]
        while above:
            one = above.pop()
            if one not in seen:
                seen.add(one)
                above += parents.get(one, ())
        if node.id in seen:
            yield place.problem(("populations", i, "part_of"), f"{node.id}, which would be part of itself", "parts that lead upwards only")


def _homeless(field: EvidenceField, place: _Place) -> Iterator[Problem]:
    """Values of axes by which a group would belong to no population."""
    axes = field.used_axes
    for values in product(*(field.axes[axis].values for axis in axes)):
        group = dict(zip(axes, values, strict=True))
        if not any(node.where.items() <= group.items() for node in field.nodes):
            told = ", ".join(f"{axis} {value}" for axis, value in group.items())
            yield place.problem(
                ("axes", "condition", "values", group["condition"]), f"{told}, which no population takes", "a population for each"
            )
            return


def _terms(folder: Path) -> vocabularies.Read:
    path = folder / VOCABULARY
    if not path.is_file():
        return vocabularies.Read([], [Problem(str(path), "no such file", "the terms of the field")], [])
    return vocabularies.read([path], Vocabulary(()))


def _of_terms(field: EvidenceField, vocabulary: Vocabulary, place: _Place) -> list[Problem]:
    """Names of terms that are none."""
    problems = []

    def known(name: Any, *path: str | int) -> None:
        if isinstance(name, str) and vocabulary.find(name) is None:
            problems.append(place.problem(path, repr(name), "a term of the vocabulary", vocabulary.suggest(name)))

    known(field.lesion, "lesion")
    for i, exposure in enumerate(field.start.question.exposures if field.start.question else ()):
        known(exposure, "start", "question", "exposures", i)
    for i, outcome in enumerate(field.start.outcomes):
        known(outcome, "start", "outcomes", i)
    for i, example in enumerate(field.examples):
        for key in ("lesion", "exposure", "outcome", "from", "to"):
            known(example.parameters.get(key), "examples", i, key)
    return problems
