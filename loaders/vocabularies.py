"""Vocabularies of one's own: the terms of vocabulary.yaml files, and what is wrong with them."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from loaders import files
from loaders.complaints import Place, distinct, schema_problem, short, what
from loaders.documents import Document, Refused, decode, readable
from schema.problems import Problem
from schema.study import SLUG
from schema.vocabulary import Term, Vocabulary, clashes, drafted


class Read(NamedTuple):
    """The terms of some files, all that is wrong with them, and what stands in for the entries that are wrong: names that are known."""

    terms: list[Term]
    problems: list[Problem]
    stand_ins: list[Term]


@dataclass(frozen=True, slots=True)
class _Entry:
    """An entry of a file as a term; one that is wrong is what is left of it."""

    term: Term
    place: Place
    index: int
    sound: bool


def read(paths: Iterable[Path], vocabulary: Vocabulary, own: Sequence[Term] = ()) -> Read:
    """The terms of all vocabulary.yaml files, each a list, or a mapping with the list under `terms`."""
    entries: list[_Entry] = []
    problems: list[Problem] = []
    for path in paths:
        for place in _documents(path, problems):
            for i, written in enumerate(place.document.value):
                spoilt = any(one.path[:1] == (i,) for one in place.document.refused)
                entry = _entry(written, i, place, [] if spoilt else problems)
                if entry is not None:
                    entries.append(replace(entry, sound=entry.sound and not spoilt))
    terms = [entry.term for entry in entries]
    clashing: set[int] = set()
    for index, told in clashes(vocabulary.extended(kept(own, terms)), terms):
        entry = entries[index]
        clashing.add(index)
        problems.append(entry.place.problem((entry.index,), told, "terms that add to the vocabulary and don't clash", kind="clash"))
    good = [entry.term for i, entry in enumerate(entries) if entry.sound and i not in clashing]
    known = vocabulary.extended(good)
    wrong = [entry.term for i, entry in enumerate(entries) if not entry.sound or i in clashing]
    return Read(good, problems, [_stand_in(term, known) for term in wrong if term.id not in known])


def kept(own: Sequence[Term], terms: Sequence[Term]) -> list[Term]:
    """Those of a user's terms that are not given anew."""
    anew = {term.id for term in terms}
    return [term for term in own if term.id not in anew]


def _entry(written: Any, index: int, place: Place, problems: list[Problem]) -> _Entry | None:
    """An entry as a term; where that takes leaving out keys, told and not sound."""
    # YAML reads a bare no as false
    given = {**written, "rolls_up": "no"} if isinstance(written, dict) and written.get("rolls_up") is False else written
    try:
        return _Entry(Term.model_validate(given), place, index, sound=True)
    except ValidationError as error:
        problems += dict.fromkeys(_problem(one, index, place) for one in distinct(error.errors()))
        wrong = {one["loc"][0] for one in error.errors() if one["loc"]}
    if not isinstance(given, dict) or not any(isinstance(given.get(key), str) for key in ("id", "name")):
        return None
    name = given["name"] if isinstance(given.get("name"), str) else given["id"]
    slug = given["id"] if isinstance(given.get("id"), str) else None
    draft = drafted(name, slug=slug if slug is not None and SLUG.fullmatch(slug) else None)
    rest = {key: value for key, value in given.items() if key not in wrong and key in Term.model_fields}
    try:
        return _Entry(Term.model_validate({"id": draft.id, "name": draft.name, "kind": draft.kind, **rest}), place, index, sound=False)
    except ValidationError:
        return _Entry(draft, place, index, sound=False)


def _stand_in(term: Term, known: Vocabulary) -> Term:
    """The term as one that the rest of the vocabulary may stand beside."""
    gone = {key: None for key in ("broader", "rolls_up", "inverse_of", "counterpart") if getattr(term, key) not in known}
    return term.model_copy(update=gone)


def _documents(path: Path, problems: list[Problem]) -> Iterator[Place]:
    """The lists of terms in a file; of one that can't be read whole, the entries that can be."""
    source = files.read(path)
    if isinstance(source, Problem):
        problems.append(source)
        return
    found, problem = readable(source)
    if problem is not None:
        pieces = list(_pieces(source)) if not found else []
        if not any(piece.refused for piece in pieces):
            problems.append(replace(problem, expected="a list of terms") if problem.found == "an empty file" else problem)
        found += pieces
    for document in found:
        problems += [one.problem(str(path)) for one in document.refused]
        inner = document.part("terms") if isinstance(document.value, dict) and set(document.value) == {"terms"} else document
        if isinstance(inner.value, list):
            yield Place(str(path), inner, None)
        else:
            problems.append(Problem(str(path), what(inner.value), "a list of terms", line=inner.line(())))


def _pieces(source: files.Source) -> Iterator[Document]:
    """The entries of a file that can't be read as a whole, each by itself; of one that can't be read either, its id and name."""
    try:
        lines = decode(source.content).splitlines(keepends=True)
    except Refused:
        return
    item = next((found[0] for line in lines if (found := re.match(r" *- ", line))), None)
    starts = [i for i, line in enumerate(lines) if item is not None and line.startswith(item)]
    for start, end in pairwise([*starts, len(lines)]):
        text = "".join(line[len(item or "") - 2 :] for line in lines[start:end])
        read, problem = readable(files.Source(source.name, text.encode()))
        if problem is None:
            yield from (replace(one, lines={path: line + start for path, line in one.lines.items()}) for one in read)
        else:
            named = {key: found[1].strip("'\" ") for key in ("id", "name") if (found := re.search(rf"\b{key}:([^,}}\n]*)", text))}
            refused = Refused(problem.found, problem.expected, start + (problem.line or 1), problem.help)
            yield Document([named], {(): start + 1}, refused=[refused.at((0,), is_value=True)])


def _problem(error: ErrorDetails, index: int, place: Place) -> Problem:
    path = (index, *error["loc"])
    if error["type"] == "extra_forbidden":
        near = difflib.get_close_matches(str(path[-1]), Term.model_fields, n=1)
        hint = f"Did you mean {near[0]!r}?" if near else None
        return place.problem(path, f"the key {short(path[-1])}", f"one of {', '.join(Term.model_fields)}", hint, kind="unknown-key")
    if error["type"] == "missing":
        return place.problem(path, "nothing", "this key, which a term must have", kind="missing")
    return schema_problem({**error, "loc": path}, place)
