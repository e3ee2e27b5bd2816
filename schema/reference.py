"""A paper as a bibliography knows it, and when two descriptions of a paper agree.

Authors are written as in the sheets: "Menon RS", family name first, initials after it; "et al." last where the list is cut short.
"""

from __future__ import annotations

import re

from pydantic import ConfigDict

from schema.identity import KINDS, identifier
from schema.names import normal
from schema.observation import Frozen
from schema.study import Standing, StandingKind, Study

ET_AL = "et al."
# what is noted where a format of references has no such word
CUT = "The list of authors is cut short."
# what has become of a paper, in words
STANDINGS: dict[StandingKind, str] = {
    "retracted": "retracted",
    "concern": "expression of concern",
    "corrected": "corrected",
    "superseded": "superseded",
    "preprint": "preprint",
}
FIELDS = ("title", "first_author", "authors", "year", "journal", "doi", "pmid", "pmcid")
_SUFFIX = re.compile(r"(?:jr|sr|[2-9](?:nd|rd|th)|i{2,3}|iv)\.?", re.IGNORECASE)
_SMALL = frozenset({"the", "of", "and", "in", "for", "on"})
_AND_OTHERS = re.compile(r"(?<![\s,;])[\s,;]*+\b(?:et\.?\s*al\b\.?|and others)\s*$", re.IGNORECASE)
_NO_ARTICLE = re.compile(r"thesis|abstract|meeting|rxiv|preprint", re.IGNORECASE)


class Reference(Frozen):
    """A paper; what is not known is absent. `id` is the study's id, or the key that a file gives it."""

    model_config = ConfigDict(str_strip_whitespace=True)

    id: str | None = None
    title: str | None = None
    first_author: str | None = None
    authors: tuple[str, ...] = ()
    year: int | None = None
    journal: str | None = None
    doi: str | None = None
    pmid: str | None = None
    pmcid: str | None = None
    standing: Standing | None = None

    @property
    def named(self) -> tuple[str, ...]:
        """The authors who are named."""
        return tuple(name for author in self.authors if not is_et_al(author) and (name := without_et_al(author)))

    @property
    def cut(self) -> bool:
        """More authors are said to be than are named."""
        return self.named != self.authors

    @property
    def first_only(self) -> bool:
        """Nothing but the first author's family name is known."""
        return self.first_author is not None and not self.named

    @property
    def article(self) -> bool:
        """It is an article of a journal, as far as can be told; theses, meeting abstracts and preprints are not."""
        return self.journal is not None and not _NO_ARTICLE.search(self.journal)


def reference_of(study: Study) -> Reference:
    """What a sheet says of its paper, and nothing else."""
    return Reference(id=study.id, **{name: getattr(study, name) for name in (*FIELDS, "standing")})


def noted(standing: Standing) -> str:
    """What has become of a paper as a note of a reference: "Retracted, 2021-03-04, notice 10.1000/x"."""
    by = f"by {standing.by}" if standing.by is not None else None
    notice = f"notice {standing.notice}" if standing.notice is not None else None
    return ", ".join(filter(None, (STANDINGS[standing.kind].capitalize(), by, standing.date, notice)))


_NOTED = re.compile(
    rf"(?P<kind>{'|'.join(STANDINGS.values())})(?:, by (?P<by>[^\s,]+))?(?:, (?P<date>\d{{4}}(?:-\d\d){{0,2}}))?"
    r"(?:, notice (?P<notice>\S+))?",
    re.IGNORECASE,
)


def standing_in(note: str) -> Standing | None:
    """What `noted` says; None of any other text."""
    found = _NOTED.fullmatch(note.strip())
    if found is None:
        return None
    kind = next(kind for kind, word in STANDINGS.items() if word == found["kind"].lower())
    return Standing.model_validate({"kind": kind, **{name: found[name] for name in ("by", "date", "notice")}})


def is_et_al(author: str) -> bool:
    return normal(author) in {"et al", "others", "and others"}


def without_et_al(author: str) -> str:
    """A name without "et al." after it."""
    return _AND_OTHERS.sub("", author)


def is_suffix(word: str) -> bool:
    """Whether it stands behind a name: Jr, Sr, 3rd, III."""
    return _SUFFIX.fullmatch(word) is not None


def parted(author: str) -> tuple[str, str | None]:
    """Family name and initials ("van Dijk", "SE"); a name that has no such form, as a group's, whole."""
    family, _, last = author.rpartition(" ")
    if family and is_suffix(last) and " " in family:
        inner, initials = parted(family)
        return (f"{inner} {last}", initials) if initials else (author, None)
    if family and len(last) <= 4 and last.isalpha() and last.isupper():
        return family, last
    return author, None


def as_author(family: str, given: str = "", suffix: str = "") -> str:
    """An author as the sheets write one: family name, initials, suffix."""
    words = re.sub(r"[.\-]", " ", given).split()
    if len(words) == 1 and words[0].isupper() and len(words[0]) <= 3:
        initials = words[0]
    else:
        initials = "".join(word[0].upper() for word in words if word[0].isalpha())
    return " ".join(part for part in (family.strip(), initials, suffix.strip(" .")) if part)


def same(name: str, ours: object, theirs: object) -> bool:
    """Whether two values of a field say the same. A cut list of authors is not the same as a whole one."""
    if name == "authors":
        assert isinstance(ours, tuple)
        assert isinstance(theirs, tuple)
        return len(ours) == len(theirs) and all(map(_same_author, ours, theirs))
    if name == "journal":
        return same_journal(str(ours), str(theirs))
    if name in KINDS and ours != theirs:
        return (meant := identifier(str(ours))) is not None and meant == identifier(str(theirs))
    if name in {"title", "first_author"}:
        return normal(str(ours)) == normal(str(theirs))
    return ours == theirs


def _same_author(ours: str, theirs: str) -> bool:
    if is_et_al(ours) or is_et_al(theirs):
        return is_et_al(ours) and is_et_al(theirs)
    (family, initials), (other, others) = parted(ours), parted(theirs)
    return normal(family) == normal(other) and (initials or "")[:1] == (others or "")[:1]


def same_journal(ours: str, theirs: str) -> bool:
    """Whether two names of a journal may be one's: "Ann Neurol" and "Annals of Neurology"."""
    first, second = ([word for word in normal(name).split() if word not in _SMALL] for name in (ours, theirs))
    return len(first) == len(second) and all(map(_abbreviates, first, second))


def _abbreviates(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    rest = iter(long)
    return short[0] == long[0] and all(letter in rest for letter in short)
