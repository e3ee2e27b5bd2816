"""What the world calls a paper: its DOI, PMID and PMCID, however they are written, and the ids of our own exports.

A bare number is a PMID. DOIs are compared without case; a title, year and first author say that two papers may be one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Literal, NamedTuple, Protocol
from urllib.parse import unquote

from schema.errors import SeveralNamed, UnknownName
from schema.names import normal, suggest

Kind = Literal["doi", "pmid", "pmcid"]
KINDS: Mapping[Kind, str] = {"doi": "DOI", "pmid": "PMID", "pmcid": "PMCID"}

# what a copied text may hold unseen
_UNSEEN = re.compile("[\u200b-\u200d\u2060\ufeff]")
_WEB = r"(?:https?:)?(?://)?(?:www\.)?"
_DOI = re.compile(rf"(?P<before>{_WEB}(?:dx\.)?doi\.org/|info:doi/|urn:doi:|doi[:=]?\s*)*(?P<doi>10\.[0-9]{{4,9}}/\S+)", re.IGNORECASE)
_PMID = re.compile(
    rf"(?:{_WEB}(?:pubmed\.ncbi\.nlm\.nih\.gov/|pubmed\.gov/|ncbi\.nlm\.nih\.gov/(?:m/)?pubmed/(?:\?term=)?|identifiers\.org/pubmed[:/]"
    r"|europepmc\.org/(?:article|abstract)/med/)|(?:PMID|PubMed(?:\s*ID)?)\s*[:=]?\s*)?0*([1-9][0-9]{0,8})(?:/|/?[?#]\S*)?",
    re.IGNORECASE,
)
_PMCID = re.compile(
    rf"(?:(?:{_WEB}(?:pmc\.)?(?:ncbi\.nlm\.nih\.gov|europepmc\.org)/(?:\S+/)?|PMC(?:ID)?\s*[:=]?\s*)?PMC|PMCID\s*[:=]?\s*)"
    r"0*([1-9][0-9]*)(?:\.[0-9]+)?(?:[/?#]\S*)?",
    re.IGNORECASE,
)
_LONGEST = 1000  # letters
_FEWEST_WORDS = 4  # of a title that tells one paper from all others by itself


class Identifier(NamedTuple):
    """A name that one paper alone has, as names are compared."""

    kind: Kind
    value: str


class Paper(Protocol):
    """What tells a paper, of a study or a reference."""

    @property
    def id(self) -> str | None: ...
    @property
    def title(self) -> str | None: ...
    @property
    def first_author(self) -> str | None: ...
    @property
    def authors(self) -> tuple[str, ...]: ...
    @property
    def year(self) -> int | None: ...
    @property
    def doi(self) -> str | None: ...
    @property
    def pmid(self) -> str | None: ...
    @property
    def pmcid(self) -> str | None: ...


def _plain(text: str) -> str:
    if len(text) > _LONGEST:
        # no identifier is so long, with its address; and a part of it would be another
        return ""
    text = unquote(text) if "%" in text else text
    return (text if text.isascii() else _UNSEEN.sub("", text)).strip().rstrip(".,; ")


def doi_in(text: str) -> str | None:
    """The DOI of a text that is one, with or without an address or "doi:" before it."""
    found = _DOI.fullmatch(_plain(text))
    if found is None:
        return None
    # an address may lead to a place in the page, too
    own = re.split("[?#]", found["doi"])[0].rstrip("/") if "doi.org" in (found["before"] or "").lower() else found["doi"]
    return own if _DOI.fullmatch(own) else None


def pmid_in(text: str) -> str | None:
    """The PMID of a text that is one: a number, with or without an address or "PMID:" before it."""
    found = _PMID.fullmatch(_plain(text))
    return found[1] if found else None


def pmcid_in(text: str) -> str | None:
    """The PMCID of a text that is one: PMC and a number, with or without an address or "PMCID:" before it."""
    found = _PMCID.fullmatch(_plain(text))
    return f"PMC{found[1]}" if found else None


_READ: Mapping[Kind, Callable[[str], str | None]] = {"doi": doi_in, "pmid": pmid_in, "pmcid": pmcid_in}


def identifier(text: str) -> Identifier | None:
    """The DOI, PMID or PMCID of a text that is one."""
    return next((Identifier(kind, value.lower()) for kind, read in _READ.items() if (value := read(text)) is not None), None)


def identifiers(paper: Paper) -> tuple[Identifier, ...]:
    """The DOI, PMID and PMCID of a paper, as far as it has them."""
    return tuple(
        Identifier(kind, value.lower())
        for kind, read in _READ.items()
        if (text := getattr(paper, kind)) and (value := read(text)) is not None
    )


def work(paper: Paper) -> tuple[str, int | None, str | None] | None:
    """Title, year and first author, as they are compared; None where they are too little to tell a paper."""
    title, author = normal(paper.title or ""), _first_author(paper)
    told = paper.year is not None and author
    return (title, paper.year, author or None) if title and (told or len(title.split()) >= _FEWEST_WORDS) else None


def _first_author(paper: Paper) -> str:
    """The family name."""
    name = paper.first_author or next(iter(paper.authors), "")
    family, _, initials = name.rpartition(" ")
    return normal(family if family and len(initials) <= 4 and initials.isupper() else name)


def described(paper: Paper) -> str:
    """A paper in words: Wang 2021, 'Predicting new silent ...' (DOI 10.22088/cjim.12.1.97, PMID 33680405)."""
    who = " ".join(str(one) for one in (paper.first_author or next(iter(paper.authors), None), paper.year) if one)
    told = ", ".join(one for one in (who, paper.title and repr(paper.title)) if one)
    ids = ", ".join(f"{name} {given}" for kind, name in KINDS.items() if (given := getattr(paper, kind)))
    return " ".join(one for one in (told, ids and f"({ids})") if one) or "a paper of which nothing is told"


def another(old: Paper, new: Paper) -> Literal["surely", "perhaps"] | None:
    """Whether what goes by the id of a paper is another one: surely, by its DOI, PMID or PMCID; perhaps, by the title, or as nothing says
    that it is the same.
    """
    ours, theirs = (dict(identifiers(one)) for one in (old, new))
    both = ours.keys() & theirs.keys()
    if any(ours[kind] != theirs[kind] for kind in both):
        return "surely"
    if old.title and new.title:
        return None if normal(old.title) == normal(new.title) else "perhaps"
    if both:
        return None
    unlike = old.year and new.year and old.year != new.year and _first_author(old) != _first_author(new)
    return "perhaps" if ours or old.title or unlike else None


def exported(text: str, label: str) -> str:
    """The id of a node without what our exports write before it: study:menon-2012 and rdwi:study:menon-2012 are menon-2012."""
    bare = text.strip()
    if bare[:5].lower() == "rdwi:":
        bare = unquote(bare[5:])
    kind, colon, own = bare.partition(":")
    return own if colon and kind.lower() == label else bare


def named(text: str, studies: Mapping[str, Paper]) -> tuple[str, ...]:
    """The ids of the studies that have the name: an id, DOI, PMID or PMCID; none where no study has it."""
    own, wanted = exported(text, "study"), identifier(text)
    if own in studies or wanted is None:
        return (own,) if own in studies else ()
    # the cheap bound first
    near = (one for one, study in studies.items() if (told := getattr(study, wanted.kind)) and wanted.value in told.lower())
    return tuple(one for one in near if wanted in identifiers(studies[one]))


def all_named(texts: Iterable[str], studies: Mapping[str, Paper]) -> tuple[str, ...]:
    """The ids of all studies that have one of the names, in their order; UnknownName with the nearest where none has it."""
    found: dict[str, None] = {}
    for text in texts:
        ids = named(text, studies)
        if not ids:
            raise UnknownName("study", text, _nearest(text, studies))
        found.update(dict.fromkeys(ids))
    return tuple(found)


def one_named(text: str, studies: Mapping[str, Paper]) -> str:
    """The id of the study that has the name; SeveralNamed where several have."""
    first, *more = all_named([text], studies)
    if more:
        raise SeveralNamed("study", text, (first, *more))
    return first


def _nearest(text: str, studies: Mapping[str, Paper]) -> Sequence[str]:
    """Ids like a mistyped one. The neighbour of a number is another paper: a DOI is like one that was cut off, or has more after it."""
    wanted = identifier(text)
    if wanted is None:
        return suggest(exported(text, "study"), {normal(one): one for one in studies})
    if wanted.kind != "doi":
        return ()
    known = ((one, own.value) for one, study in studies.items() for own in identifiers(study) if own.kind == "doi")
    pairs = ((one, *sorted((doi, wanted.value), key=len)) for one, doi in known)
    return [one for one, short, long in pairs if long.startswith(short) and 4 * len(short) >= 3 * len(long)][:3]
