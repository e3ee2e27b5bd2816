"""Which papers the sheets of a load are of: each paper under one id, each id one paper, in these sheets and in the store."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any, Literal

from loaders.documents import Document
from schema.identity import KINDS, Identifier, Paper, another, described, identifiers, work
from schema.problems import Problem
from schema.reference import FIELDS, Reference
from schema.study import Study

EXPECTED = _ONE_ID, _ONE_PAPER = "each paper under one id", "the same paper under an id"
_IN_STORE = "in the store"
# a year or first author, told or not
_ANY = object()


@dataclass(frozen=True, slots=True)
class Printed:
    """A paper, as far as its sheet can be read, and where it stands."""

    paper: Paper
    file: str
    document: Document = field(default_factory=lambda: Document({}))

    def problem(self, key: str, found: str, expected: str, help: str, severity: Literal["error", "warning"] = "error") -> Problem:
        at = self.document.where((key,))
        return Problem(at.file or self.file, found, expected, key, at.line, self.paper.id, severity, help, at.column, at.cell)

    @property
    def place(self) -> str:
        at = self.document.where(("id",))
        return f"in {at.file or self.file}{at}"


def printed(file: str, document: Document) -> Printed:
    """The paper of a sheet; what is of a wrong type is left out, and told elsewhere."""
    value = document.value if isinstance(document.value, dict) else {}
    texts = {name: told for name in ("id", *FIELDS) if isinstance(told := value.get(name), str)}
    year, authors = value.get("year"), value.get("authors")
    return Printed(Reference(**{**texts, "year": year if type(year) is int else None, "authors": _texts(authors)}), file, document)


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(one for one in value if isinstance(one, str)) if isinstance(value, list) else ()


class _Known:
    """The papers that are known, by what only one paper should have."""

    def __init__(self) -> None:
        self.owners: dict[Identifier, tuple[Paper, str]] = {}
        self.works: dict[object, tuple[Paper, str]] = {}

    def add(self, paper: Paper, place: str) -> None:
        """One more paper; who was first to have a name keeps it."""
        for name in identifiers(paper):
            self.owners.setdefault(name, (paper, place))
        if told := work(paper):
            title, *named = told
            for key in product(*((one, _ANY) for one in named)):
                self.works.setdefault((title, *key), (paper, place))

    def like(self, paper: Paper) -> tuple[Paper, str] | None:
        """A paper of the same title, and of the same year and first author as far as both tell them."""
        if not (told := work(paper)):
            return None
        title, *named = told
        keys = product(*((one, None) if one else (_ANY,) for one in named))
        return next((self.works[title, *key] for key in keys if (title, *key) in self.works), None)


def problems_of(papers: Sequence[Printed], held: Iterable[Study] = (), *, replace: bool = False) -> dict[int, list[Problem]]:
    """What is wrong with these papers, by their places in the sequence; the first to have an id or a name is right, the store before all.

    `held`: the studies of the store. `replace`: another paper may take the place of one of them.
    """
    ids = {one.paper.id for one in papers}
    old: dict[str, Study] = {}
    known = _Known()
    for study in held:
        if study.id in ids:
            old[study.id] = study
        else:
            known.add(study, _IN_STORE)
    first: dict[str, Printed] = {}
    problems: dict[int, list[Problem]] = {}
    for i, one in enumerate(papers):
        study_id = one.paper.id
        if study_id is None:
            continue
        if study_id in first:
            found = f"the id {study_id!r} a second time (first {first[study_id].place})"
            problems[i] = [one.problem("id", found, "each study once", "Give one of them another id, or leave one out.")]
            continue
        first[study_id] = one
        wrong = _twice(one, known)
        if study_id in old:
            wrong += _replaced(one, old[study_id], replace=replace)
        if wrong:
            problems[i] = wrong
        known.add(one.paper, one.place)
    return problems


def _twice(one: Printed, known: _Known) -> list[Problem]:
    """The papers that are this one, or may be, under other ids."""
    shared: dict[str | None, list[Identifier]] = {}
    for name in identifiers(one.paper):
        if name in known.owners:
            shared.setdefault(known.owners[name][0].id, []).append(name)
    problems = []
    for other, names in shared.items():
        place = known.owners[names[0]][1]
        same = " and ".join(f"{KINDS[kind]} {getattr(one.paper, kind)}" for kind, _ in names)
        found = f"{one.paper.id!r} with the {same} of {other!r} ({place})"
        mend = f"Load it as {other}, in the place of that one" if place == _IN_STORE else "Leave one of them out"
        mend += f"; or correct the {KINDS[names[0].kind]}, if they are two papers."
        problems.append(one.problem(names[0].kind, found, _ONE_ID, mend))
    if like := known.like(one.paper):
        paper, place = like
        if paper.id not in shared and not _told_apart(one, paper):
            both = zip(("year", "first author"), (work(one.paper) or ())[1:], (work(paper) or ())[1:], strict=True)
            told = " and ".join(", ".join(["title", *(key for key, *given in both if all(given))]).rsplit(", ", 1))
            found = f"{one.paper.id!r} with the {told} of {paper.id!r} ({place})"
            mend = "If they are two papers on the same patients, name one of them under overlaps_with of the other."
            problems.append(one.problem("title", found, _ONE_ID, mend, "warning"))
    return problems


def _told_apart(one: Printed, other: Paper) -> bool:
    """Whether one says of the other that it shares its patients: who says so knows it for another paper."""
    value = one.document.value
    ours = _texts(value.get("overlaps_with")) if isinstance(value, dict) else ()
    return other.id in (*ours, *getattr(one.paper, "overlaps_with", ())) or one.paper.id in getattr(other, "overlaps_with", ())


def _replaced(one: Printed, old: Study, *, replace: bool) -> list[Problem]:
    """What is to be said of a paper that comes in the place of one that the store has."""
    how = another(old, one.paper)
    if how is None or (how == "surely" and replace):
        return []
    ours, theirs = (dict(identifiers(paper)) for paper in (old, one.paper))
    key = next((kind for kind in KINDS if kind in ours and kind in theirs and ours[kind] != theirs[kind]), "title")
    found = f"{described(one.paper)} in the place of {described(old)}, which the store has as {old.id!r}"
    if how == "surely":
        mend = f"Give it another id; or, to put it in the place of {old.id}, load it with --replace-study."
        return [one.problem(key, found, _ONE_PAPER, mend)]
    return [one.problem(key, found, _ONE_PAPER, f"If it is another paper than {old.id}, give it another id.", "warning")]
