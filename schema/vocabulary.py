"""The vocabulary: the terms that exposures, outcomes, lesions and mechanisms are named by.

Names resolve by id, name or synonym, case-insensitively, British or American, and by a cross-reference (MESH:D016657) that one term alone
has. A folder of sheets may bring further terms; they add to
the field's and a clash is an error.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from functools import cached_property, lru_cache
from typing import Annotated, Any, Literal, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from schema.errors import SeveralNamed, UnknownName
from schema.identity import exported
from schema.names import normal, suggest
from schema.study import SLUG, Many, Slug, Text

Kind = Literal["risk-factor", "csvd-marker", "lesion", "mechanism", "outcome"]
RollUp = Literal["estimates", "weight", "no"]

_LONGEST, _MOST_SUGGESTED = 100, 1000  # letters of a name that is like another, and names that are remembered
_CURIE = re.compile(r"[A-Za-z]+:\S*[0-9]\S*")

# most of the time of reading a release: each name is compared when its term is read, and again where terms are looked for
_normal = lru_cache(maxsize=10_000)(normal)


class Term(BaseModel):
    """One term.

    `rolls_up` says how the rows of a term go into the edges of `broader`: estimates (they vote and are pooled), weight (they vote only),
    no. `inverse_of` names the term whose opposite this is; its rows are turned and read as that term's. `counterpart` names the term that
    asks the same by another design (trials against observation): both are shown, and share no vote. `harm` is the bad side of an outcome.
    A term with a `unit` is a measured, continuous variable. The terms that roll up into an `umbrella` are ways of measuring it, not parts.
    `plural` says that the name is a plural ("Scars"), `proper` that its first word keeps its capital within a sentence ("Doppler
    signal"); one with a further capital or a figure in it does so by itself ("DNA test", "T2 signal").
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, defer_build=True)

    id: Slug
    name: Text
    plural: bool = False
    proper: bool = False
    kind: Kind
    category: Text | None = None
    synonyms: Many[Text] = ()
    broader: Slug | None = None
    rolls_up: RollUp | None = None
    inverse_of: Slug | None = None
    counterpart: Slug | None = None
    harm: Literal["higher", "lower"] | None = None
    unit: Text | None = None
    umbrella: bool = False
    definition: Text | None = None
    xrefs: Many[Annotated[str, Field(pattern=r"^[A-Za-z]+:\S+$")]] = ()

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.rolls_up is not None and self.broader is None:
            raise ValueError("rolls_up needs broader: the term into whose edges the rows go")
        if not all(_normal(name) for name in (self.name, *self.synonyms)):
            raise ValueError("a name or synonym needs a letter or digit")
        if self.id in {self.broader, self.inverse_of, self.counterpart}:
            raise ValueError("a term can't be broader than, the inverse of, or the counterpart of itself")
        if self.harm is not None and self.kind != "outcome":
            raise ValueError(f"harm is for outcomes; this is a {self.kind}")
        return self


class Entry(NamedTuple):
    """What of a term is looked at in all terms, to find one."""

    id: str
    name: str
    synonyms: Sequence[str] = ()
    xrefs: Sequence[str] = ()
    broader: str | None = None
    rolls_up: RollUp | None = None


class Vocabulary:
    """All terms, by id. Immutable; `extended` gives a larger one."""

    def __init__(self, terms: Iterable[Term]) -> None:
        self.terms: Mapping[str, Term] = {term.id: term for term in terms}
        self._entries: Callable[[], Iterable[Entry | Term]] = self.terms.values
        self._suggested: dict[tuple[str, int], tuple[str, ...]] = {}

    @classmethod
    def stored(cls, terms: Mapping[str, Term], entries: Callable[[], Iterable[Entry]] | None = None) -> Self:
        """Of terms that are made when they are asked for. `entries`: of all of them, where that is quicker than to make the terms."""
        made = cls(())
        made.terms, made._entries = terms, entries or terms.values
        return made

    def __eq__(self, other: object) -> bool:
        """The order of terms counts: it is that of roll-ups."""
        return isinstance(other, Vocabulary) and [*self.terms.items()] == [*other.terms.items()]

    def __hash__(self) -> int:
        return hash(tuple(self.terms))

    def __contains__(self, term_id: object) -> bool:
        return term_id in self.terms

    def __getitem__(self, term_id: str) -> Term:
        return self.terms[term_id]

    @cached_property
    def names(self) -> Mapping[str, str]:
        """From each normal name to its term's id. Ids win over names, names over synonyms."""
        names: dict[str, str] = {}
        for pick in (lambda t: (t.id,), lambda t: (t.name,), lambda t: t.synonyms):
            for term in self._entries():
                for name in pick(term):
                    names.setdefault(_normal(name), term.id)
        return names

    @cached_property
    def xrefs(self) -> Mapping[str, tuple[str, ...]]:
        """From each cross-reference, in lower case, to the ids of the terms that have it: what is one thing elsewhere may be two here."""
        found: dict[str, list[str]] = {}
        for term in self._entries():
            for xref in dict.fromkeys(one.lower() for one in term.xrefs):
                found.setdefault(xref, []).append(term.id)
        return {xref: tuple(ids) for xref, ids in found.items()}

    def find(self, name: str) -> Term | None:
        """The term of that id, name, synonym or cross-reference, or id in our exports; or None. A last plural s is forgiven."""
        known = self.terms.get(name)
        if known is not None:
            return known
        wanted = normal(name)
        for form in (wanted, wanted.removesuffix("s"), f"{wanted}s"):
            if form in self.names:
                return self.terms[self.names[form]]
        if ":" not in name:
            return None
        ids = self._referred(name)
        return self.terms[ids[0]] if len(ids) == 1 else self.terms.get(exported(name, "term"))

    def _referred(self, name: str) -> tuple[str, ...]:
        return self.xrefs.get("".join(name.lower().split()), ())

    def resolve(self, name: str, what: str = "term") -> Term:
        """The term that `find` gives; UnknownName with the nearest where there is none, SeveralNamed where a cross-reference is shared."""
        term = self.find(name)
        if term is None and self._referred(name):
            raise SeveralNamed(what, name, self._referred(name))
        if term is None:
            raise UnknownName(what, name, self.suggest(name))
        return term

    def suggest(self, name: str, limit: int = 3) -> tuple[str, ...]:
        """The ids of the nearest terms; of a cross-reference, those that have it: what is like a number is something else."""
        if len(name) > _LONGEST:
            return ()
        # a table may hold one unknown name in hundreds of rows; what many ask for is not kept for ever
        found = self._suggested.get((name, limit))
        if found is None:
            referred = _CURIE.fullmatch(name.strip()) is not None
            found = self._referred(name) if referred else suggest(exported(name, "term"), self.names, limit)
            if len(self._suggested) >= _MOST_SUGGESTED:
                self._suggested.clear()
            self._suggested[name, limit] = found
        return found

    def search(self, text: str) -> list[Term]:
        """Terms whose id, name or synonym holds every word of `text`: exact ones first, then by where the match begins, then by id.

        A cross-reference is held by no name, but by the terms that have it.
        """
        wanted = normal(text)
        words = wanted.split()
        if text.strip() and not words:
            return []
        found: list[tuple[int, int, str]] = []
        for term in self._entries():
            ranks = [_match(wanted, words, _normal(name)) for name in (term.id, term.name, *term.synonyms)]
            hits = [rank for rank in ranks if rank is not None]
            if hits:
                found.append((*min(hits), term.id))
        exact = self.find(text)
        first = [exact.id] if exact is not None else self._referred(text)
        return [self.terms[term_id] for term_id in dict.fromkeys((*first, *(term_id for *_, term_id in sorted(found))))]

    @cached_property
    def roll_ups(self) -> Mapping[str, tuple[tuple[str, RollUp], ...]]:
        """For each parent: the terms whose rows its edges take, in the order in which one row a cohort is chosen."""
        below: dict[str, list[tuple[str, RollUp]]] = {}
        for term in self._entries():
            if term.broader is not None and term.rolls_up in {"estimates", "weight"}:
                below.setdefault(term.broader, []).append((term.id, term.rolls_up))
        return {parent: tuple(children) for parent, children in below.items()}

    def takes(self, term_id: str) -> dict[str, tuple[int, RollUp]]:
        """The terms whose rows the edges of `term_id` take, each with its rank (0 its own) and how."""
        taken: dict[str, tuple[int, RollUp]] = {term_id: (0, "estimates")}
        for rank, (child, how) in enumerate(self.roll_ups.get(term_id, ()), start=1):
            taken[child] = (rank, how)
        return taken

    def goes_to(self, term_id: str) -> tuple[str, ...]:
        """The terms whose edges take the rows of `term_id`: itself and, where it rolls up, its parent."""
        term = self.terms[term_id]
        if term.broader is not None and term.rolls_up in {"estimates", "weight"}:
            return (term_id, term.broader)
        return (term_id,)

    def extended(self, terms: Sequence[Term]) -> Vocabulary:
        """A vocabulary with further terms; call `clashes` first."""
        return Vocabulary((*self.terms.values(), *terms))

    def canonical(self) -> list[dict[str, Any]]:
        """The content that is hashed into the release, sorted by id."""
        return [term.model_dump(mode="json", exclude_defaults=True) for _, term in sorted(self.terms.items())]


def _match(wanted: str, words: list[str], name: str) -> tuple[int, int] | None:
    if name == wanted:
        return (0, 0)
    if all(word in name for word in words):
        return (1 if name.startswith(wanted) else 2, name.find(words[0]) if words else 0)
    return None


def clashes(vocabulary: Vocabulary, terms: Sequence[Term]) -> list[tuple[int, str]]:
    """What forbids adding `terms`: each as (index of the term, what is wrong)."""
    problems: list[tuple[int, str]] = []
    names = dict(vocabulary.names)
    ids = set(vocabulary.terms) | {term.id for term in terms}
    seen: set[str] = set()
    for index, term in enumerate(terms):
        if term.id in vocabulary or term.id in seen:
            problems.append((index, f"the id {term.id!r} is taken"))
        seen.add(term.id)
        for name in dict.fromkeys(_normal(name) for name in (term.id, term.name, *term.synonyms)):
            owner = names.setdefault(name, term.id)
            if owner != term.id:
                problems.append((index, f"the name {name!r} belongs to {owner!r}"))
        for key in ("broader", "inverse_of", "counterpart"):
            target = getattr(term, key)
            if target is not None and target not in ids:
                problems.append((index, f"{key} names {target!r}, which is no term"))
    everything = {**vocabulary.terms, **{term.id: term for term in terms}}
    for index, term in enumerate(terms):
        chain = [term.id]
        while (parent := everything[chain[-1]].broader) is not None and parent in everything and parent not in chain:
            chain.append(parent)
        if parent is not None and parent in chain:
            problems.append((index, f"broader runs in a circle: {' > '.join([*chain, parent])}"))
    return problems


A_TERM = "a term of the vocabulary"
# the keys of a sheet's rows that name terms, each with the kind of what an unknown one names
KINDS: Mapping[str, Kind] = {
    "exposure": "risk-factor", "versus": "risk-factor", "outcome": "outcome", "lesion": "lesion", "mechanism": "mechanism",
    "links": "risk-factor",
}  # fmt: skip


def nearest(name: str, vocabulary: Vocabulary) -> str:
    """What to do about an unknown name."""
    near = vocabulary.suggest(name)
    return f"Nearest: {', '.join(near)}." if near else "Add it to a vocabulary.yaml beside the sheets."


def drafted(name: str, kind: Kind = "risk-factor", slug: str | None = None, taken: Container[str] = ()) -> Term:
    """A term for an unknown name; its id is the name's `slug` where that is one, else made of the name and none of `taken`."""
    made = slug if slug is not None and SLUG.fullmatch(slug) and len(slug) <= 100 else _id_of(name)
    ids = (made, *(f"{made}-{i}" for i in range(2, 100)))
    return Term(id=next(one for one in ids if one not in taken), name=name if _normal(name) else "a new term", kind=kind)


def _id_of(name: str) -> str:
    return re.sub("[^a-z0-9]+", "-", _normal(name)).strip("-")[:90].strip("-") or "a-new-term"


_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[ -][A-Za-z0-9]+)*")
# what YAML takes for true, false or nothing
_NO_TEXT = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})


def line_of(term: Term) -> str:
    """The line of a vocabulary.yaml that adds a drafted term."""
    return f"- {{id: {_quoted(term.id)}, name: {_quoted(term.name)}, kind: {term.kind}}}"


def _quoted(text: str) -> str:
    if _PLAIN.fullmatch(text) and text.lower() not in _NO_TEXT:
        return text
    shown = json.dumps(text, ensure_ascii=False)
    return "".join(one if one.isprintable() else f"\\U{ord(one):08x}" for one in shown)
