"""One sheet as a study, or all that is wrong with it, told in one pass.

Impossible is an error; odd is a warning. What can't be read is told and left out, so that the rest is read all the same.
"""

from __future__ import annotations

import copy
import difflib
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from loaders.documents import Document, Path
from schema.field import EvidenceField
from schema.names import normal
from schema.problems import Problem, Remark
from schema.study import RATIOS, Claim, Finding, Part, Population, Prevalence, Reading, Study
from schema.vocabulary import Kind, Term, Vocabulary, drafted

# what a graph makes of a study, and what that costs
Judge = Callable[[Study, EvidenceField], Iterable[Remark]]


def validate(
    document: Document, of: EvidenceField, file: str, judge: Judge | None = None, *, unsure: Iterable[str] = ()
) -> tuple[Study | None, list[Problem]]:
    """One sheet as a study, its terms brought to their ids; None where it has errors, or uses a term that is `unsure`."""
    if not isinstance(document.value, dict):
        return None, [Problem(file, what(document.value), "a sheet: a mapping with id, read, populations, ...", line=document.line(()))]
    value = without_nulls(document.value)
    place = Place(file, document, value.get("id") if isinstance(value.get("id"), str) else None)
    names = _Names(of.vocabulary, place)
    value = names.resolved(value)
    problems = [*document.problems, *names.problems, *_crossed(value, place)]
    doubtful, void = document.unread() | names.unknown, frozenset[Path]()
    try:
        study: Study | None = Study.model_validate(value, context=Reading(of.values))
    except ValidationError:
        repair = _Repair(value, of, place)
        study = repair.study()
        problems += repair.problems
        doubtful, void = doubtful | repair.doubtful, frozenset(repair.void)
    if study is not None:
        remarks = list(_sizes(study))
        if judge is not None:
            study, strangers = _with_populations(study, of)
            doubtful |= strangers
            remarks += judge(study, of.extended(list(names.drafts.values())) if names.drafts else of)
        problems += [place.said(one) for one in remarks if one.path[:2] not in (void if one.severity == "error" else doubtful)]
    wrong = document.blocked or any(one.severity == "error" for one in problems) or not names.used.isdisjoint(unsure)
    return (None if wrong else study), problems


def without_nulls(value: Any) -> Any:
    """The same without keys that are left blank: they say nothing."""
    if isinstance(value, dict):
        return {key: without_nulls(inner) for key, inner in value.items() if inner is not None}
    return [without_nulls(inner) for inner in value] if isinstance(value, list) else value


@dataclass(frozen=True, slots=True)
class Place:
    file: str
    document: Document
    study: str | None

    def problem(self, path: Path, found: str, expected: str, help: str | None = None, *, kind: str = "wrong", odd: bool = False) -> Problem:
        return self.said(Remark(kind, path, found, expected, help, "warning" if odd else "error"))

    def said(self, one: Remark) -> Problem:
        at, where = self.document.where(one.path), _text(one.path)
        return Problem(
            at.file or self.file, one.found, one.expected, where, at.line, self.study, one.severity, one.help, at.column, at.cell, one.kind,
            one.like,
        )  # fmt: skip


def _text(path: Path) -> str | None:
    text = ""
    for step in path:
        name = step if isinstance(step, int) or step.isidentifier() else short(step)
        text += f"[{name}]" if isinstance(name, int) else (f".{name}" if text else name)
    return text or None


# where slugs stand: section, key of the row and the kind of what an unknown one names
_SLUGS: dict[str, dict[str, Kind]] = {
    "findings": {"exposure": "risk-factor", "versus": "risk-factor", "outcome": "outcome"},
    "prevalence": {"lesion": "lesion"},
    "mechanisms": {"mechanism": "mechanism", "links": "risk-factor"},
}


@dataclass(slots=True)
class _Names:
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
        for section, kinds in _SLUGS.items():
            rows = value.get(section)
            if isinstance(rows, list):
                result[section] = [self._row(row, (section, i), kinds) if isinstance(row, dict) else row for i, row in enumerate(rows)]
        return result

    def _row(self, row: dict[str, Any], path: Path, kinds: Mapping[str, Kind]) -> dict[str, Any]:
        row = dict(row)
        for key, kind in kinds.items():
            given = row.get(key)
            if isinstance(given, list):
                row[key] = [self._id(slug, (*path, key, j), kind) for j, slug in enumerate(given)]
            elif key in row:
                row[key] = self._id(given, (*path, key), kind)
        return row

    def _id(self, slug: Any, path: Path, kind: Kind) -> Any:
        if not isinstance(slug, str):
            return slug
        term = self.vocabulary.terms.get(slug) or self.vocabulary.find(slug)
        if term is None:
            name = self.place.document.typed(path, slug)
            term = self.vocabulary.find(name) if name != slug else None
        if term is not None:
            self.used.add(term.id)
            return term.id
        near = self.vocabulary.suggest(slug)
        draft = self.drafts.setdefault(slug, drafted(name, kind, slug, self.vocabulary.terms))
        nearest = f"Nearest: {', '.join(near)}." if near else "Add it to a vocabulary.yaml beside the sheets."
        problem = self.place.problem(path, short(name), "a term of the vocabulary", nearest, kind="unknown-term")
        term = draft.model_copy(update={"kind": kind}) if normal(name) else None
        self.problems.append(replace(problem, like=slug, term=term))
        if kind == "outcome":
            self.unknown.add(path[:2])
        return draft.id


_PARTS: dict[str, type] = {"findings": Finding, "prevalence": Prevalence, "populations": Population, "mechanisms": Claim}


class _Repair:
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
                new = [one for one in error.errors() if not _under(one["loc"], mended)]
                self.problems += dict.fromkeys(schema_problem(one, self._place) for one in new if not self._place.document.told(one["loc"]))
                mended |= {self._mend(one) for one in error.errors()}
            else:
                return self._possible(study)
        return None

    def _mend(self, error: ErrorDetails) -> Path:
        """Take out what an error is about, or put a stand-in there; where."""
        here: Any = self._value
        path: list[str | int] = []
        above: list[Any] = []
        for step in error["loc"]:
            if step not in (here if isinstance(here, dict) else range(len(here)) if isinstance(here, list) else ()):
                break
            above.append(here)
            path.append(step)
            here = here[step]
        if error["type"] == "missing":
            above.append(here)
            path.append(error["loc"][len(path)])
        row = (path[0], path[1]) if len(path) > 1 and path[0] in _PARTS else None
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
            if len(path) > 1 and path[0] in _PARTS:
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
    """A row without figures that nothing can be worked out of."""
    if inside:
        return row.model_copy(update={str(inside[0]): None})
    wrong: dict[str, Any] = {}
    if row.measure in RATIOS and row.value is not None and row.value <= 0:
        wrong["value"] = None
    if row.ci is not None and (row.ci[0] > row.ci[1] or (row.measure in RATIOS and row.ci[0] < 0)):
        wrong["ci"] = None
    return row.model_copy(update=wrong)


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
    "string_too_long": "text of at most {max_length} characters",
    "string_pattern_mismatch": "text of another form",
    "literal_error": "one of {expected}",
    "list_type": "a list",
    "dict_type": "a mapping of keys",
    "greater_than": "a number above {gt:g}",
    "greater_than_equal": "a number of {ge:g} or more",
    "less_than": "a number below {lt:g}",
    "less_than_equal": "a number of {le:g} or less",
}


_TYPES = frozenset({"int_type", "float_type", "string_type", "finite_number", "int_from_float"})


def schema_problem(error: ErrorDetails, place: Place) -> Problem:
    """One of pydantic's complaints in the words of the report."""
    path, kind, found = error["loc"], error["type"], short(error["input"])
    if kind != "extra_forbidden" and path and path[-1] in {"int", "float", "str"}:
        # pydantic tells of each type that a number may have
        path, kind = path[:-1], "number_type" if kind in _TYPES else kind
    if kind == "extra_forbidden":
        keys = _keys_at(path)
        near = difflib.get_close_matches(str(path[-1]), keys, n=1)
        hint = f"Did you mean {near[0]!r}?" if near else None
        return place.problem(path, f"the key {short(path[-1])}", "a key that evidence/README.md lists", hint, kind="unknown-key")
    if kind == "missing":
        return place.problem(path, "nothing", EXPECTED[kind], place.document.hint(path), kind=kind)
    if kind == "value_error" and isinstance(error["input"], dict):
        return place.problem(path, expected(error), "what is possible together", kind="impossible")
    if kind == "string_pattern_mismatch" and path[-1] in _PATTERNS:
        return place.problem(path, found, _PATTERNS[path[-1]])
    if error["input"] is None:
        return place.problem(path, "an empty key", f"{EXPECTED.get(kind, 'a value')}, or the key left out")
    if isinstance(error["input"], bool) and kind == "string_type":
        return place.problem(path, found, "text", "Without quotes, YAML reads yes and no as true and false.")
    return place.problem(path, found, expected({**error, "type": kind}))


def expected(error: ErrorDetails) -> str:
    """What pydantic wanted in the place of what it complains of."""
    context = error.get("ctx", {})
    if error["type"] == "value_error":
        return str(context.get("error", "another value"))
    return EXPECTED.get(error["type"], "another value").format_map(context)


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
        return what(value)
    if isinstance(value, float) and not math.isfinite(value):
        return "not a number"
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


_WHATS = {dict: "a mapping", list: "a list", str: "text", bool: "true or false", int: "a number", float: "a number"}


def what(value: Any) -> str:
    return _WHATS.get(type(value), "an empty value")


def _listed(value: Mapping[str, Any], section: str) -> Iterator[tuple[int, dict[str, Any]]]:
    rows = value.get(section)
    return ((i, row) for i, row in enumerate(rows) if isinstance(row, dict)) if isinstance(rows, list) else iter(())


def _crossed(value: dict[str, Any], place: Place) -> Iterator[Problem]:
    """Mistakes between the parts of a sheet, whatever else is wrong with them."""
    seen: set[str] = set()
    for i, group in _listed(value, "populations"):
        name = group.get("id")
        if isinstance(name, str):
            if name in seen:
                yield place.problem(("populations", i, "id"), f"the population {name!r} a second time", "each id once", kind="twice")
            seen.add(name)
    for section in ("prevalence", "findings"):
        for i, row in _listed(value, section):
            name = row.get("population")
            if isinstance(name, str) and name not in seen:
                near = difflib.get_close_matches(name, seen, n=1)
                yield place.problem(
                    (section, i, "population"),
                    short(name),
                    f"a population of this sheet ({', '.join(sorted(seen)) or 'it has none'})",
                    f"Did you mean {near[0]!r}?" if near else None,
                    kind="unknown-population",
                )
    for key in ("overlaps_with", "pools"):
        named = value.get(key)
        if isinstance(named, list) and isinstance(value.get("id"), str) and value["id"] in named:
            yield place.problem((key,), "the study itself", "other studies", kind="itself")
    disjoint = [i for i, group in _listed(value, "populations") if group.get("disjoint") is True]
    if len(disjoint) == 1:
        expected = "two disjoint groups or more: one is disjoint from another"
        yield place.problem(("populations", disjoint[0], "disjoint"), "the sheet's only disjoint group", expected, kind="alone", odd=True)


def _with_populations(study: Study, of: EvidenceField) -> tuple[Study, set[Path]]:
    """The study with a group for each name of one that it doesn't define, and the rows of these."""
    known = {group.id for group in study.populations}
    rows = {(section, i): row.population for section in ("prevalence", "findings") for i, row in enumerate(getattr(study, section))}
    unknown = {path for path, name in rows.items() if name not in known}
    if not unknown:
        return study, set()
    axes = {axis: values[0] for axis, values in of.values.items()}
    groups = (Population.model_validate({"id": name, "label": name, **axes}) for name in sorted({rows[path] for path in unknown}))
    return study.model_copy(update={"populations": (*study.populations, *groups)}), set(unknown)


def _sizes(study: Study) -> Iterator[Remark]:
    """Percentages off their counts, and more people than there are."""
    sizes = {population.id: population.n for population in study.populations}
    for i, row in enumerate(study.findings):
        size = sizes.get(row.population)
        if size is None or row.pooled:
            continue
        people = f"at most the population's n, {size}"
        total = row.counts.exposed_total + row.counts.unexposed_total if row.counts is not None and row.role == "main" else 0
        if total > size:
            yield Remark("too-many", ("findings", i), f"counts of {total} patients", people)
        if row.events is not None and row.events > size:
            yield Remark("too-many", ("findings", i), f"{row.events} events", people)
    for i, given in enumerate(study.prevalence):
        if given.k is not None:
            continue
        if given.cases is not None and given.total is not None and given.pct is not None and given.cases <= given.total:
            exact = 100 * given.cases / given.total
            off = abs(exact - given.pct)
            if off > 0.5:
                expected = f"{exact:.1f}, as cases and total make it"
                yield Remark("percentage", ("prevalence", i, "pct"), f"{given.pct}", expected, severity="error" if off >= 1 else "warning")
        size = sizes.get(given.population)
        if size is not None and given.total is not None and given.total > size:
            yield Remark("too-many", ("prevalence", i, "total"), f"{given.total}", f"at most the population's n, {size}")
