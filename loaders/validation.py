"""One sheet as a study, or all that is wrong with it, told in one pass.

Impossible is an error; odd is a warning. What can't be read is told and left out, so that the rest is read all the same.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from loaders.complaints import Place, short, what
from loaders.documents import Document, Path
from loaders.repair import Repair
from loaders.slugs import Names
from schema.field import EvidenceField
from schema.problems import Problem, Remark
from schema.study import Population, Reading, Study, canonical

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
    names = Names(of.vocabulary, place)
    value = names.resolved(value)
    problems = [*document.problems, *names.problems, *_crossed(value, place)]
    doubtful, void = document.unread() | names.unknown, frozenset[Path]()
    try:
        study: Study | None = Study.model_validate(value, context=Reading(of.values))
    except ValidationError:
        repair = Repair(value, of, place)
        study = repair.study()
        problems += repair.problems
        if study is not None:
            # a key that was misspelt holds names that nobody has looked up
            names.problems.clear()
            names.vocabulary = of.extended(list(names.drafts.values())).vocabulary
            study = Study.model_validate(names.resolved(canonical(study)), context=Reading(of.values, lenient=True))
            problems += names.problems
        doubtful, void = doubtful | names.unknown | repair.doubtful, frozenset(repair.void)
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
