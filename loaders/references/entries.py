"""What the formats share: an entry's texts, how they are made plain, and the reference that they make."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from loaders.references.persons import MARKS, Person, is_group
from loaders.references.plaintext import DASHES, TAG, plain
from schema.identity import doi_in, pmcid_in, pmid_in
from schema.reference import CUT, ET_AL, Reference, as_author, is_et_al, standing_in
from schema.study import Standing, StandingKind

# what no such value has in it; in a title it may be meant
_NO_JOURNAL = re.compile(r"\b10\.[0-9]{4,9}/\S")
_NO_NAME = re.compile(r"[,{}\\=#<>@|_^]|https?:")
_NO_GROUP = re.compile(r"[\\=#<>@|]|https?:")
_NO_ID = re.compile(r"[{}\\\"#=]|</?[A-Za-z]")
_NO_DOI = re.compile(r"[{}\\\"]|</?[A-Za-z]")
_LATEX = re.compile(r"[{}]|\\[A-Za-z]")
_NOBODY = frozenset({"", "anonymous", "anon", "no authors listed"})

_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")

# of a clot, too, there is a retraction: what says it of a paper stands apart from the title
_WITHDRAWN = re.compile(
    r"\A\W*(?:retracted|withdrawn)(?: article)?\W*:\W*|\A\s*[(\[](?:retracted|withdrawn)(?: article)?[)\]]\s*"
    r"|\s*[(\[](?:retracted|withdrawn)(?: article\b[^)\]]*)?[)\]]\W*\Z",
    re.IGNORECASE,
)
_NOTICE = re.compile(
    r"\A\W*(retraction(?: notice| note)?|expression of concern|erratum|corrigendum|correction)(?: to| of| for)?\s*[:\"'\u201c\u2018]"
    r"|[(\[](retraction|correction|erratum) (?:of|to|for)\b[^)\]]*[)\]]\W*\Z",
    re.IGNORECASE,
)
_RETRACTED = "a retracted paper"
_STANDING = (
    (re.compile(r"\Aretraction(?: of publication| notice| note)?\Z", re.IGNORECASE), "a notice that retracts a paper"),
    (re.compile(r"retract|withdrawn", re.IGNORECASE), _RETRACTED),
    (re.compile(r"expression of concern", re.IGNORECASE), "a paper with an expression of concern, or the notice of it"),
    (re.compile(r"erratum|corrigendum|\Acorrection\Z", re.IGNORECASE), "a correction of a paper"),
)


class Mistake(Exception):
    """A mistake of a file: its line, what was found, what was expected."""

    def __init__(self, line: int | None, found: str, expected: str) -> None:
        super().__init__(found)
        self.line, self.found, self.expected = line, found, expected


@dataclass(frozen=True, slots=True)
class Entry:
    """The texts of an entry by what they say, as they stand but for what is its format's own.

    `loose` are texts that may be an id and may be anything else; `kinds` say what kind of publication it is, `notices` what became of it,
    each with the text that says where.
    """

    line: int | None
    key: str = ""
    title: str = ""
    people: tuple[Person, ...] = ()
    year: str = ""
    journal: str = ""
    doi: str = ""
    pmid: str = ""
    pmcid: str = ""
    loose: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    notices: tuple[tuple[StandingKind, str], ...] = ()


Found = Iterator[Entry | Mistake]


def reference(entry: Entry) -> tuple[Reference, tuple[str, ...]]:
    """The reference of an entry, and what is odd about it; what is blank is left out.

    Mistake where a value holds markup that is no part of it.
    """

    def clean(name: str, text: str, markup: re.Pattern[str] = TAG) -> str:
        shown = plain(text)
        if markup.search(shown) or TAG.search(shown) or shown.count("{") != shown.count("}"):
            raise Mistake(entry.line, f"the {name} {shown[:80]!r}, which holds markup", "plain text")
        return shown

    title = clean("title", entry.title)
    people = [
        Person(*(DASHES.sub("-", clean("author", MARKS.sub("", part), _NO_NAME if one.given else _NO_GROUP)) for part in one))
        for one in entry.people
    ]
    named = [one for one in people if not is_et_al(one.family) and one.family.strip("[]").lower() not in _NOBODY]
    # an id is a line, or a part of one, that says nothing else: a note may well name the ids of other papers. A bare number is no id there
    loose = [plain(part) for text in entry.loose for part in re.split(r"[\n;]", text) if re.search(r"[^\W\d]", part)]
    cut = CUT in loose or any(is_et_al(one.family) for one in people)
    authors = [as_author(*one) for one in named] + [ET_AL] * cut
    # a lone family name is the first author's, and no list
    lone = len(people) == 1 and not people[0].given and not cut
    told_year = clean("year", entry.year, _NO_ID)
    told_doi = DASHES.sub("-", clean("DOI", re.sub(r"\s*\[doi\]\s*$", "", entry.doi), _NO_DOI))
    told_pmid = clean("PMID", entry.pmid, _NO_ID)
    year = _YEAR.search(told_year)
    pmid, doi = pmid_in(told_pmid), doi_in(told_doi)
    odd = [
        f"the {name} {text[:60]!r}, which is none and is left out"
        for name, text, read in (("year", told_year, year), ("DOI", told_doi, doi), ("PMID", told_pmid, pmid))
        if text and not read
    ]
    told_pmcid = clean("PMCID", entry.pmcid, _NO_ID)
    journal = clean("journal", entry.journal, _NO_JOURNAL).rstrip(",; ")
    odd += [
        f"the {name} {text[:60]!r}, which looks like LaTeX"
        for name, text in (("title", title), ("journal", journal))
        if _LATEX.search(text)
    ]
    odd += [f"the author {one.family!r}, read as a group; a person is written Family, Given" for one in named if _like_a_person(one)]
    return Reference(
        id=plain(entry.key) or None,
        title=_WITHDRAWN.sub("", title).rstrip(". ") or None,
        first_author=named[0].family if named else None,
        authors=() if lone or not named else tuple(authors),
        year=int(year[0]) if year else None,
        journal=journal or None,
        doi=doi or next((one for text in loose if (one := doi_in(text))), None),
        pmid=pmid or next((one for text in loose if (one := pmid_in(text))), None),
        pmcid=next((one for text in (told_pmcid, *loose) if (one := pmcid_in(text))), None),
        standing=_became(title, entry, loose),
    ), (*_standing(title, entry.kinds), *odd)


# of several notices on a paper the gravest tells where it stands
_GRAVEST: tuple[StandingKind, ...] = ("retracted", "concern", "superseded", "corrected", "preprint")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAY = re.compile(rf"\b((?:19|20)\d\d)(?: ({'|'.join(_MONTHS)})[a-z]*(?: (\d{{1,2}}))?)?\b", re.IGNORECASE)
_ISO = re.compile(r"\b(?:19|20)\d\d-\d\d(?:-\d\d)?\b")
_STATUS = re.compile(r"status:\s*(retracted|preprint)", re.IGNORECASE)


def _became(title: str, entry: Entry, loose: Iterable[str]) -> Standing | None:
    """What has become of a paper, as its entry says; what only a notice of another paper would say does not count."""
    found = [Standing.model_validate({"kind": kind, **_announced(text)}) for kind, text in entry.notices]
    found += [one for text in loose if (one := standing_in(text))]
    told = [_STATUS.fullmatch(text.strip()) for text in loose]
    kinds = [*(one.strip() for one in entry.kinds), *(status[1] for status in told if status)]
    if _RETRACTED in _standing(title, tuple(kinds)):
        found.append(Standing(kind="retracted"))
    if any(one.lower() == "preprint" for one in kinds):
        found.append(Standing(kind="preprint"))
    return min(found, key=lambda one: _GRAVEST.index(one.kind), default=None)


def _announced(text: str) -> dict[str, str]:
    """The day and the DOI of a notice, as far as a text tells them: "Lancet. 2020 Jun 13;395:1820. doi: 10.1016/x. PMID: 3"."""
    doi = next((one for part in re.split(r"(?i)\s|doi:", text) if (one := doi_in(part))), None)
    day, plainly = _DAY.search(text), _ISO.search(text)
    parts = (
        [day[1], *([f"{_MONTHS.index(day[2].lower()) + 1:02}"] if day[2] else []), *([f"{int(day[3]):02}"] if day[3] else [])]
        if day
        else []
    )
    date = plainly[0] if plainly else "-".join(parts)
    return {name: value for name, value in (("date", date), ("notice", doi)) if value}


def _like_a_person(one: Person) -> bool:
    """It is read as a group's name, and may be a person's: "Petra Novak"."""
    words = one.family.split()
    named = 1 < len(words) < 4 and all(word.isalpha() and word.istitle() for word in words)
    return not one.given and (named or "," in one.family) and not is_group(one.family)


def _standing(title: str, kinds: tuple[str, ...]) -> tuple[str, ...]:
    """What a paper's title or its kinds of publication say against taking it as it stands."""
    notice = _NOTICE.search(title)
    says = [*kinds, *([notice[1] or notice[2]] if notice else []), *(["retracted"] if _WITHDRAWN.search(title) else [])]
    found = (next((words for pattern, words in _STANDING if pattern.search(one.strip())), None) for one in says)
    return tuple(dict.fromkeys(one for one in found if one))
