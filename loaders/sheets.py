"""Extraction sheets as studies, or a report of all that is wrong with them.

Impossible is an error; odd is a warning. All problems of all files are told at once.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from loaders import files, identity
from loaders.documents import Document, documents
from schema.effectcheck import contradiction, oddities
from schema.field import EvidenceField
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


def load(
    paths: Iterable[str | Path],
    field: EvidenceField,
    progress: Progress | None = None,
    *,
    own: Sequence[Term] = (),
    held: Iterable[Study] = (),
    replace_study: bool = False,
) -> Loaded:
    """Read sheets from files, folders, globs and standard input. Reading changes nothing.

    The field's terms are fixed; `own` are a user's from earlier loads, which a vocabulary.yaml may give anew. `held` are the studies that
    the sheets would add to; with `replace_study` another paper may take the place of one.
    """
    found = files.find(paths)
    problems = list(found.problems)
    terms, wrong = read_vocabularies(found.vocabularies, field.vocabulary, own)
    problems += wrong
    known = field.extended([*_kept(own, terms), *terms])
    sheets: list[_Sheet] = []
    tabular: list[files.Source] = []
    for done, path in enumerate(found.sheets, start=1):
        source = files.read(path)
        if isinstance(source, files.Source) and source.is_table:
            # the tables of a folder may belong together
            tabular.append(source)
        else:
            read, wrong = _parsed(source)
            sheets += read
            problems += wrong
        if progress is not None:
            progress(done, len(found.sheets))
    read, wrong = _tabular(tabular, known)
    sheets += read
    problems += wrong
    studies, wrong = _validated(sheets, known, held, replace_study=replace_study)
    return Loaded(studies, tuple(terms), (*problems, *wrong))


def load_text(name: str, content: bytes, field: EvidenceField, *, held: Iterable[Study] = ()) -> Loaded:
    """Read the sheets of one text, YAML or JSON, or of a table (by the ending of its name); `name` is what reports call it."""
    source = files.Source(name, content, files.looks_like_json(content))
    sheets, problems = _tabular([source], field, with_mapping=False) if source.is_table else _parsed(source)
    studies, wrong = _validated(sheets, field, held)
    return Loaded(studies, (), (*problems, *wrong))


def _validated(
    sheets: Sequence[_Sheet], known: EvidenceField, held: Iterable[Study], *, replace_study: bool = False
) -> tuple[tuple[Study, ...], list[Problem]]:
    studies, problems = [], []
    papers = [identity.printed(sheet.file, sheet.document) for sheet in sheets]
    doubts = identity.problems_of(papers, held, replace=replace_study)
    for i, sheet in enumerate(sheets):
        study, wrong = validate(sheet.document, known, sheet.file)
        doubtful = doubts.get(i, ())
        problems += [*doubtful, *wrong]
        if study is not None and not any(one.severity == "error" for one in doubtful):
            studies.append(study)
    return tuple(sorted(studies, key=lambda study: study.id)), problems


def _kept(own: Sequence[Term], terms: Sequence[Term]) -> list[Term]:
    """Those of a user's terms that are not given anew."""
    anew = {term.id for term in terms}
    return [term for term in own if term.id not in anew]


@dataclass(frozen=True, slots=True)
class _Sheet:
    file: str
    document: Document


def _parsed(source: files.Source | Problem) -> tuple[list[_Sheet], list[Problem]]:
    if isinstance(source, Problem):
        return [], [source]
    read = documents(source)
    if isinstance(read, Problem):
        return [], [read]
    sheets = []
    for document in read:
        if isinstance(document.value, list):
            sheets += [_Sheet(source.name, one) for one in document.items()]
        else:
            sheets.append(_Sheet(source.name, document))
    return sheets, []


def _tabular(sources: Sequence[files.Source], field: EvidenceField, *, with_mapping: bool = True) -> tuple[list[_Sheet], list[Problem]]:
    if not sources:
        return [], []
    # its columns take a moment to read, and most sheets are no tables
    from loaders.tables import books as tables

    found, problems = tables.documents_of(sources, field, with_mapping=with_mapping)
    return [_Sheet(file, document) for file, document in found], problems


def validate(document: Document, field: EvidenceField, file: str) -> tuple[Study | None, list[Problem]]:
    """One sheet as a study, its terms brought to their ids; None where it has errors."""
    if not isinstance(document.value, dict):
        return None, [Problem(file, _what(document.value), "a sheet: a mapping with id, read, populations, ...", line=document.line(()))]
    value = without_nulls(document.value)
    study_id = value.get("id") if isinstance(value.get("id"), str) else None
    place = _Place(file, document, study_id)
    known_terms, problems = _terms(value, field.vocabulary, place)
    try:
        study = Study.model_validate(known_terms, context=field.values)
    except ValidationError as error:
        told = {problem.path for problem in problems}
        wrong = dict.fromkeys(_schema_problem(one, place) for one in error.errors() if not document.told(one["loc"]))
        problems += [problem for problem in wrong if problem.path not in told]
        return None, [*document.problems, *problems, *_judged_alone(known_terms, place)]
    problems = [*document.problems, *problems, *_crossed(study, place), *_judged(study, place)]
    return (None if document.blocked or any(one.severity == "error" for one in problems) else study), problems


def without_nulls(value: Any) -> Any:
    """The same without keys that are left blank: they say nothing."""
    if isinstance(value, dict):
        return {key: without_nulls(inner) for key, inner in value.items() if inner is not None}
    return [without_nulls(inner) for inner in value] if isinstance(value, list) else value


@dataclass(frozen=True, slots=True)
class _Place:
    file: str
    document: Document
    study: str | None

    def problem(self, path: tuple[str | int, ...], found: str, expected: str, help: str | None = None, *, odd: bool = False) -> Problem:
        at = self.document.where(path)
        severity: Literal["error", "warning"] = "warning" if odd else "error"
        return Problem(at.file or self.file, found, expected, _text(path), at.line, self.study, severity, help, at.column, at.cell)


def _text(path: tuple[str | int, ...]) -> str | None:
    text = ""
    for step in path:
        name = step if isinstance(step, int) or step.isidentifier() else short(step)
        text += f"[{name}]" if isinstance(name, int) else (f".{name}" if text else name)
    return text or None


# where slugs stand: section, key of the row
_SLUGS = {"findings": ("exposure", "versus", "outcome"), "prevalence": ("lesion",), "mechanisms": ("mechanism", "links")}


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
        add = lines_to_add(slug).replace("\n", "\n    ")
        problems.append(
            place.problem(
                path, short(slug), "a term of the vocabulary", f"{nearest}Or add it to a vocabulary.yaml beside the sheets:\n    {add}"
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
_PATTERNS: dict[str | int, str] = {
    "doi": "a DOI such as 10.1002/ana.22668",
    "pmid": "a PubMed id such as '22367992' (in quotes)",
    "pmcid": "a PubMed Central id such as PMC5562962",
    "search_until": "a date such as '2022-06' (in quotes)",
    "xrefs": "a CURIE such as MESH:D002543",
}
EXPECTED = {
    "number_type": "a number (without quotes)",
    "too_short": "more items",
    "too_long": "two items: the lower figure and the higher",
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
    path, kind, found = error["loc"], error["type"], short(error["input"])
    if kind != "extra_forbidden" and path and path[-1] in {"int", "float", "str"}:
        # pydantic tells of each type that a number may have
        path, kind = path[:-1], "number_type"
    if kind == "extra_forbidden":
        keys = _keys_at(path)
        near = difflib.get_close_matches(str(path[-1]), keys, n=1)
        hint = f"Did you mean {near[0]!r}?" if near else None
        return place.problem(path, f"the key {short(path[-1])}", "a key that evidence/README.md lists", hint)
    if kind == "missing":
        return place.problem(path, "nothing", EXPECTED[kind], place.document.hint(path))
    if kind == "literal_error":
        allowed = error.get("ctx", {}).get("expected", "")
        return place.problem(path, found, f"one of {allowed}")
    if kind == "value_error":
        told = str(error.get("ctx", {}).get("error", error["msg"]))
        if isinstance(error["input"], dict):
            return place.problem(path, told, "what is possible together")
        return place.problem(path, found, told)
    if kind == "string_pattern_mismatch" and path[-1] in _PATTERNS:
        return place.problem(path, found, _PATTERNS[path[-1]])
    if error["input"] is None:
        return place.problem(path, "an empty key", f"{EXPECTED.get(kind, 'a value')}, or the key left out")
    if isinstance(error["input"], bool) and kind == "string_type":
        return place.problem(path, found, "text", "Without quotes, YAML reads yes and no as true and false.")
    return place.problem(path, found, EXPECTED.get(kind, error["msg"][0].lower() + error["msg"][1:]))


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


def short(value: Any) -> str:
    if isinstance(value, dict | list) or value is None:
        return _what(value)
    if isinstance(value, float) and not math.isfinite(value):
        return "not a number"
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


_WHATS = {dict: "a mapping", list: "a list", str: "text", bool: "true or false", int: "a number", float: "a number"}


def _what(value: Any) -> str:
    return _WHATS.get(type(value), "an empty value")


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
    for key, named in (("overlaps_with", study.overlaps_with), ("pools", study.pools)):
        if study.id in named:
            problems.append(place.problem((key,), "the study itself", "other studies"))
    disjoint = [i for i, population in enumerate(study.populations) if population.disjoint]
    if len(disjoint) == 1:
        expected = "two disjoint groups or more: one is disjoint from another"
        problems.append(place.problem(("populations", disjoint[0], "disjoint"), "the sheet's only disjoint group", expected, odd=True))
    return problems


def _judged_alone(value: dict[str, Any], place: _Place) -> list[Problem]:
    """What can be told of the findings of a sheet that has other mistakes."""
    problems = []
    for i, row in enumerate(value["findings"] if isinstance(value.get("findings"), list) else ()):
        try:
            finding = Finding.model_validate(row)
        except ValidationError:
            continue
        wrong = contradiction(finding)
        if wrong is not None:
            problems.append(place.problem(("findings", i, "direction"), *wrong))
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


def read_vocabularies(paths: Sequence[Path], vocabulary: Vocabulary, own: Sequence[Term] = ()) -> tuple[list[Term], list[Problem]]:
    """The terms of all vocabulary.yaml files, each a list, or a mapping with the list under `terms`; none where anything is wrong."""
    terms: list[Term] = []
    places: list[tuple[_Place, int]] = []
    problems: list[Problem] = []
    for path in paths:
        for place in _vocabulary_documents(path, problems):
            for i, written in enumerate(place.document.value):
                # YAML reads a bare no as false
                bare_no = isinstance(written, dict) and written.get("rolls_up") is False
                try:
                    terms.append(Term.model_validate({**written, "rolls_up": "no"} if bare_no else written))
                    places.append((place, i))
                except ValidationError as error:
                    problems += dict.fromkeys(_term_problem(one, i, place) for one in error.errors())
    if problems:
        return [], problems
    for index, what in clashes(vocabulary.extended(_kept(own, terms)), terms):
        place, i = places[index]
        problems.append(place.problem((i,), what, "terms that add to the vocabulary and don't clash"))
    return ([] if problems else terms), problems


def _vocabulary_documents(path: Path, problems: list[Problem]) -> Iterator[_Place]:
    """The lists of terms in a file."""
    source = files.read(path)
    read = source if isinstance(source, Problem) else documents(source)
    if isinstance(read, Problem):
        problems.append(replace(read, expected="a list of terms") if read.found == "an empty file" else read)
        return
    for document in read:
        inner = document.part("terms") if isinstance(document.value, dict) and set(document.value) == {"terms"} else document
        if isinstance(inner.value, list):
            yield _Place(str(path), inner, None)
        else:
            problems.append(Problem(str(path), _what(inner.value), "a list of terms", line=inner.line(())))


def _term_problem(error: ErrorDetails, index: int, place: _Place) -> Problem:
    path = (index, *error["loc"])
    if error["type"] == "extra_forbidden":
        return place.problem(path, f"the key {short(path[-1])}", f"one of {', '.join(Term.model_fields)}")
    return _schema_problem({**error, "loc": path}, place)
