"""Extraction sheets as studies, or a report of all that is wrong with them.

Impossible is an error; odd is a warning. All problems of all files are told at once.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from loaders import files
from loaders.documents import Document, documents
from schema.effectcheck import contradiction, oddities
from schema.problems import Problem
from schema.study import Claim, Finding, Population, Prevalence, Study, unknown_populations
from schema.vocabulary import Term, Vocabulary, clashes, lines_to_add

# told how many of how many files are read
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Loaded:
    """What was read: the clean studies sorted by id, the terms that the folder brings, and every problem."""

    studies: tuple[Study, ...]
    terms: tuple[Term, ...]
    problems: tuple[Problem, ...]

    @property
    def errors(self) -> tuple[Problem, ...]:
        return tuple(problem for problem in self.problems if problem.severity == "error")


def load(paths: Iterable[str | Path], vocabulary: Vocabulary, progress: Progress | None = None) -> Loaded:
    """Read sheets from files, folders, globs and standard input. Reading changes nothing."""
    found = files.find(paths)
    problems = list(found.problems)
    terms: list[Term] = []
    for path in found.vocabularies:
        own, wrong = read_vocabulary(path, vocabulary.extended(terms))
        terms += own
        problems += wrong
    known = vocabulary.extended(terms)
    sheets: list[_Sheet] = []
    for done, sheet_path in enumerate(found.sheets, start=1):
        read, wrong = _read(sheet_path)
        sheets += read
        problems += wrong
        if progress is not None:
            progress(done, len(found.sheets))
    studies = []
    for sheet in _unique(sheets, problems):
        study, wrong = validate(sheet.document, known, sheet.file)
        problems += wrong
        if study is not None:
            studies.append(study)
    return Loaded(tuple(sorted(studies, key=lambda study: study.id)), tuple(terms), tuple(problems))


@dataclass(frozen=True, slots=True)
class _Sheet:
    file: str
    document: Document


def _read(path: Path | str) -> tuple[list[_Sheet], list[Problem]]:
    source = files.read(path)
    if isinstance(source, Problem):
        return [], [source]
    read = documents(source)
    if isinstance(read, Problem):
        return [], [read]
    sheets = []
    for document in read:
        if isinstance(document.value, list):
            sheets += [_Sheet(source.name, document.part(i)) for i in range(len(document.value))]
        else:
            sheets.append(_Sheet(source.name, document))
    return sheets, []


def _unique(sheets: Sequence[_Sheet], problems: list[Problem]) -> Iterator[_Sheet]:
    """The sheets whose id no earlier one has."""
    first: dict[str, _Sheet] = {}
    for sheet in sheets:
        study_id = sheet.document.value.get("id") if isinstance(sheet.document.value, dict) else None
        if isinstance(study_id, str):
            if study_id in first:
                other = first[study_id]
                problems.append(
                    Problem(
                        sheet.file,
                        f"the id {study_id!r} a second time (first in {other.file}, line {other.document.line(('id',))})",
                        "each study once",
                        "id",
                        sheet.document.line(("id",)),
                        study_id,
                        help="Give one of them another id, or leave one out.",
                    )
                )
                continue
            first[study_id] = sheet
        yield sheet


def validate(document: Document, vocabulary: Vocabulary, file: str) -> tuple[Study | None, list[Problem]]:
    """One sheet as a study, its terms brought to their ids; None where it has errors."""
    value = document.value
    if not isinstance(value, dict):
        found = f"a {_kind_name(value)}"
        return None, [Problem(file, found, "a sheet: a mapping with id, read, populations, ...", line=document.line(()))]
    study_id = value.get("id") if isinstance(value.get("id"), str) else None
    place = _Place(file, document, study_id)
    known_terms, problems = _terms(value, vocabulary, place)
    study = None
    try:
        study = Study.model_validate(known_terms)
    except ValidationError as error:
        problems += [_schema_problem(one, place) for one in error.errors()]
    if study is None:
        return None, problems
    problems += _crossed(study, place)
    problems += _judged(study, place)
    return (None if any(one.severity == "error" for one in problems) else study), problems


@dataclass(frozen=True, slots=True)
class _Place:
    file: str
    document: Document
    study: str | None

    def problem(self, path: tuple[str | int, ...], found: str, expected: str, help: str | None = None, *, odd: bool = False) -> Problem:
        return Problem(self.file, found, expected, _text(path), self.document.line(path), self.study, "warning" if odd else "error", help)


def _text(path: tuple[str | int, ...]) -> str | None:
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else (f".{step}" if text else step)
    return text or None


# where slugs stand: section, key of the row
_SLUGS = {"findings": ("exposure", "outcome"), "prevalence": ("lesion",), "mechanisms": ("mechanism", "links")}


def _terms(value: dict[str, Any], vocabulary: Vocabulary, place: _Place) -> tuple[dict[str, Any], list[Problem]]:
    """The sheet with its slugs brought to the vocabulary's ids, and a problem for each that is no term."""
    problems: list[Problem] = []
    result = dict(value)

    def resolve(slug: Any, path: tuple[str | int, ...]) -> Any:
        if not isinstance(slug, str) or slug in vocabulary:
            return slug
        term = vocabulary.find(slug)
        if term is not None:
            return term.id
        near = vocabulary.suggest(slug)
        nearest = f"Nearest: {', '.join(near)}. " if near else ""
        add = lines_to_add(slug.strip().lower().replace(" ", "-")).replace("\n", "\n    ")
        problems.append(
            place.problem(
                path, f"{slug!r}", "a term of the vocabulary", f"{nearest}Or add it to a vocabulary.yaml beside the sheets:\n    {add}"
            )
        )
        return slug

    for section, keys in _SLUGS.items():
        rows = value.get(section)
        if not isinstance(rows, list):
            continue
        brought = []
        for i, printed in enumerate(rows):
            row = printed
            if isinstance(printed, dict):
                row = dict(printed)
                for key in keys:
                    given = row.get(key)
                    if isinstance(given, list):
                        row[key] = [resolve(slug, (section, i, key, j)) for j, slug in enumerate(given)]
                    elif key in row:
                        row[key] = resolve(given, (section, i, key))
            brought.append(row)
        result[section] = brought
    return result, problems


_PARTS: dict[str, type] = {"findings": Finding, "prevalence": Prevalence, "populations": Population, "mechanisms": Claim}
_EXPECTED = {
    "missing": "this key, which a sheet must have",
    "string_type": "text",
    "int_type": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "tuple_type": "a list",
    "model_type": "a mapping of keys",
    "model_attributes_type": "a mapping of keys",
    "finite_number": "a number",
    "string_too_short": "text that is not empty, or the key left out",
}


def _schema_problem(error: ErrorDetails, place: _Place) -> Problem:
    """One of pydantic's complaints in the words of the report."""
    path = tuple(step for step in error["loc"] if not (isinstance(step, str) and step in {"int", "float", "str"}))
    kind, found = error["type"], _short(error["input"])
    if kind == "extra_forbidden":
        keys = _keys_at(path)
        near = difflib.get_close_matches(str(path[-1]), keys, n=1)
        return place.problem(path, f"the key {path[-1]!r}", "a key of the sheets' README", f"Did you mean {near[0]!r}?" if near else None)
    if kind == "missing":
        return place.problem(path, "nothing", _EXPECTED[kind])
    if kind == "literal_error":
        allowed = error.get("ctx", {}).get("expected", "")
        return place.problem(path, found, f"one of {allowed}")
    if kind == "value_error":
        return place.problem(path, str(error.get("ctx", {}).get("error", error["msg"])), "figures that are possible together")
    return place.problem(path, found, _EXPECTED.get(kind, error["msg"][0].lower() + error["msg"][1:]))


def _keys_at(path: tuple[str | int, ...]) -> Sequence[str]:
    model: Any = Study
    for step in path[:-1]:
        if isinstance(step, str) and step in getattr(model, "model_fields", {}):
            model = _PARTS.get(step) or _model_in(model.model_fields[step].annotation) or model
    return list(getattr(model, "model_fields", {}))


def _model_in(annotation: Any) -> Any:
    if hasattr(annotation, "model_fields"):
        return annotation
    for inner in getattr(annotation, "__args__", ()):
        found = _model_in(inner)
        if found is not None:
            return found
    return None


def _short(value: Any) -> str:
    if isinstance(value, dict | list):
        return f"a {_kind_name(value)}"
    if isinstance(value, float) and not math.isfinite(value):
        return "not a number"
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def _kind_name(value: Any) -> str:
    return {dict: "mapping", list: "list", str: "text", bool: "true/false", int: "number", float: "number"}.get(type(value), "nothing")


def _crossed(study: Study, place: _Place) -> list[Problem]:
    """Mistakes between the parts of a sheet."""
    problems = []
    seen: set[str] = set()
    for i, population in enumerate(study.populations):
        if population.id in seen:
            problems.append(place.problem(("populations", i, "id"), f"the population {population.id!r} a second time", "each id once"))
        seen.add(population.id)
    for section, i, population_id in unknown_populations(study):
        near = difflib.get_close_matches(population_id, seen, n=1)
        problems.append(
            place.problem(
                (section, i, "population"),
                f"{population_id!r}",
                f"a population of this sheet ({', '.join(sorted(seen)) or 'it has none'})",
                f"Did you mean {near[0]!r}?" if near else None,
            )
        )
    if study.id in study.overlaps_with:
        problems.append(place.problem(("overlaps_with",), "the study itself", "other studies"))
    return problems


def _judged(study: Study, place: _Place) -> list[Problem]:
    """Figures that contradict each other (error) or don't go together (warning)."""
    problems = []
    sizes = {population.id: population.n for population in study.populations}
    for i, row in enumerate(study.findings):
        wrong = contradiction(row)
        if wrong is not None:
            problems.append(place.problem(("findings", i, "direction"), *wrong))
        problems += [place.problem(("findings", i), *odd, odd=True) for odd in oddities(row, sizes.get(row.population))]
    for i, given in enumerate(study.prevalence):
        if given.cases is not None and given.total is not None and given.pct is not None and given.k is None:
            exact = 100 * given.cases / given.total
            if abs(exact - given.pct) >= 1:
                problems.append(place.problem(("prevalence", i, "pct"), f"{given.pct}", f"{exact:.1f}, as cases and total make it"))
            elif abs(exact - given.pct) > 0.5:
                problems.append(
                    place.problem(("prevalence", i, "pct"), f"{given.pct}", f"{exact:.1f}, as cases and total make it", odd=True)
                )
        size = sizes.get(given.population)
        if size is not None and given.total is not None and given.total > size and given.k is None:
            problems.append(place.problem(("prevalence", i, "total"), f"{given.total}", f"at most the population's n, {size}", odd=True))
    return problems


def read_vocabulary(path: Path, vocabulary: Vocabulary) -> tuple[list[Term], list[Problem]]:
    """The terms of a vocabulary.yaml: a list, or a mapping with the list under `terms`."""
    source = files.read(path)
    if isinstance(source, Problem):
        return [], [source]
    read = documents(source)
    if isinstance(read, Problem):
        return [], [replace(read, expected="a list of terms" if read.found == "an empty file" else read.expected)]
    document = read[0]
    if isinstance(document.value, dict) and set(document.value) == {"terms"}:
        document = document.part("terms")
    if not isinstance(document.value, list):
        return [], [Problem(source.name, f"a {_kind_name(document.value)}", "a list of terms", line=document.line(()))]
    terms, problems = [], []
    for i, written in enumerate(document.value):
        place = _Place(source.name, document.part(i), None)
        # YAML reads a bare no as false
        bare_no = isinstance(written, dict) and written.get("rolls_up") is False
        entry = {**written, "rolls_up": "no"} if bare_no else written
        try:
            terms.append(Term.model_validate(entry))
        except ValidationError as error:
            for one in error.errors():
                if one["type"] == "extra_forbidden":
                    problems.append(place.problem(one["loc"], f"the key {one['loc'][-1]!r}", f"one of {', '.join(Term.model_fields)}"))
                else:
                    problems.append(_schema_problem(one, place))
    if not problems:
        problems = [
            Problem(source.name, what, "terms that add to the vocabulary and don't clash", f"[{i}]", document.line((i,)))
            for i, what in clashes(vocabulary, terms)
        ]
    return ([] if problems else terms), problems
