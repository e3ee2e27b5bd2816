"""Names of authors, parted: "Novak, Petra", "Novak P.J.", "P. J. Novak", lists of them."""

from __future__ import annotations

import re
from typing import NamedTuple

from loaders.references.plaintext import DASHES, plain, unescaped
from schema.reference import ET_AL, is_et_al, is_suffix

_DOTTED = re.compile(r"(?:[^\W\d_]{1,2}\.-?)+[^\W\d_]?")
_BARE = re.compile(r"[^\W\d_](?:-?[^\W\d_]){0,3}")
_PARTICLE = re.compile(r"a[fv]|d['\u2019]|da|das|de[lnr]?|della|di|dos?|du|el|l[ae]|te[nr]|v[ao]n")
_GROUP = re.compile(
    r"\b(?:groups?|investigators?|study|studies|trials?|trialists?|collaborat\w+|consortium|committee|society|association|organi[sz]ation"
    r"|council|network|institut\w+|university|teams?|registry|task force|project|initiative|cent(?:re|er)s?|federation|foundation"
    r"|programme?|department|ministry|inc|ltd|llc|gmbh|corporation|company)\b|\bco\.|\b(?-i:of|for|the|at|on|in)\b",
    re.IGNORECASE,
)
# behind an author: marks of footnotes, addresses
MARKS = re.compile("<sup>[^<]*</sup>|[*\u2020\u2021\u00a7\u00b6\u00b9\u00b2\u00b3\u2070-\u2079]+|\\s*\\([^()]*@[^()]*\\)")
AND_OTHERS = re.compile(r"(?:,|\band\b|&)?\s*\bet\.? al\b\.?\s*$", re.IGNORECASE)


class Person(NamedTuple):
    """An author; a group, or a person of whom one name alone is known, is a family without a given name."""

    family: str
    given: str = ""
    suffix: str = ""


def people(text: str) -> list[Person]:
    """The authors of a text: one, or several parted by semicolons or, where each is as "Novak P.", by commas.

    ValueError where it is no name.
    """
    found = []
    for one in filter(None, (part.strip(" ,") for part in DASHES.sub("-", plain(MARKS.sub("", unescaped(text)))).split(";"))):
        if is_et_al(one):
            found.append(Person(ET_AL))
            continue
        names = AND_OTHERS.sub("", one)
        parts = [part.strip() for part in re.split(r",| & | and ", names)]
        several = len(parts) > 1 and all(spaced(part).given for part in parts)
        found += [person(part) for part in (parts if several else [names])]
        found += [Person(ET_AL)] if names != one else []
    return found


def person(name: str) -> Person:
    """A name as "Family, Given, Suffix", "Family, Suffix, Given" or without a comma; ValueError where it has more parts."""
    family, *rest = (part.strip() for part in name.split(","))
    suffixes = [part for part in rest if is_suffix(part)]
    given = [part for part in rest if part and not is_suffix(part)]
    if len(given) > 1 or len(suffixes) > 1:
        raise ValueError(name)
    if not given:
        whole = spaced(family)
        return whole._replace(suffix=suffixes[0]) if suffixes else whole
    return settled(family, given[0], suffixes[0] if suffixes else "")


def settled(family: str, given: str, suffix: str = "") -> Person:
    """A person with what stands in the wrong part put right: a suffix in a name ("Hugo Jr"), particles behind it ("Petra van der")."""
    # Scopus once hung the letters of addresses to initials: "P.a"
    families, givens = family.split(), re.sub(r"(?<=\.)[a-z]\b(?!\.)", "", given).split()
    for words in (families, givens):
        if not suffix and len(words) > 1 and is_suffix(words[-1]):
            suffix = words.pop()
            words[-1] = words[-1].rstrip(",")
    while len(givens) > 1 and _PARTICLE.fullmatch(givens[-1]):
        families.insert(0, givens.pop())
    if len(givens) == 1 and _initials(givens[0]) and not family.isupper():
        givens = [dotted(givens[0])]
    return Person(" ".join(families), " ".join(givens), suffix)


def is_group(name: str) -> bool:
    """Whether a word of it says that it is a group's name, or an institution's."""
    return _GROUP.search(name) is not None


def unparted(name: str) -> Person:
    """A name that its format keeps whole: a group's, but where it is written as a person's; ValueError where it is none."""
    written_so = name.count(",") == 1 or re.search(r"\b[^\W\d_]\.$", name)
    return person(name) if written_so and not is_group(name) else Person(name)


def spaced(name: str) -> Person:
    """A name without a comma: with its initials behind ("Novak P.J.", "van der Berg AB") or before ("P. J. Novak"), else whole."""
    words = name.split()
    if is_group(name):
        return Person(name)
    suffix = words.pop() if len(words) > 2 and is_suffix(words[-1]) else ""
    end = len(words)
    while end > 1 and _initials(words[end - 1]):
        end -= 1
    if end < len(words):
        return Person(" ".join(words[:end]), " ".join(map(dotted, words[end:])), suffix)
    start = 0
    while start < len(words) - 1 and _DOTTED.fullmatch(words[start]) and words[start][0].isupper():
        start += 1
    return Person(" ".join(words[start:]), " ".join(words[:start]), suffix) if start else Person(name)


def _initials(word: str) -> bool:
    return word[0].isupper() and not is_suffix(word) and bool(_DOTTED.fullmatch(word) or (word.isupper() and _BARE.fullmatch(word)))


def dotted(word: str) -> str:
    """Initials each with its point, as four of them would else be taken for a name in capitals."""
    return word if "." in word else ".".join(word.replace("-", "")) + "."
