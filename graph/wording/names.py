"""Names of terms, populations, studies and designs, alone and within a sentence."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Protocol

from schema.answer import Evidence
from schema.association import TermRef
from schema.study import Design
from schema.vocabulary import Term

DESIGNS: dict[Design, str] = {
    "prospective-cohort": "prospective cohort",
    "retrospective-cohort": "retrospective cohort",
    "cross-sectional": "cross-sectional",
    "case-control": "case-control",
    "rct": "randomised trial",
    "rct-post-hoc": "report of a randomised trial (main or post hoc)",
    "individual-patient-pooled": "pooled individual patients",
    "meta-analysis": "meta-analysis",
    "systematic-review": "systematic review",
    "narrative-review": "narrative review",
    "case-series": "case series",
    "case-report": "case report",
    "histopathology": "histopathology",
    "animal": "animal experiment",
}
# the id of a study or, after a colon, of one of its rows
_ID = re.compile(r"(?<![\w-])[a-z0-9]+(?:-[a-z0-9]+)*(?::[a-z0-9]+(?:-[a-z0-9]+)*)?(?![\w-])")


class Named(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def plural(self) -> bool: ...
    @property
    def proper(self) -> bool: ...


def plain(slug: str) -> str:
    """An id as words."""
    return slug.replace("-", " ")


def within(term: Named) -> str:
    """A name within a sentence: "Cerebral microbleeds" as "cerebral microbleeds", "CSVD score" and what is proper as it is."""
    first = term.name.split(" ", 1)[0].strip("(),")
    if term.proper or not first[:1].isupper() or any(sign.isupper() or sign.isdigit() for sign in first[1:]):
        return term.name
    return term.name[0].lower() + term.name[1:]


def opened(name: str) -> str:
    """A name as it begins a sentence or a cell."""
    return name[:1].upper() + name[1:]


def verb(term: Named) -> str:
    """Are or is, after a name."""
    return "are" if term.plural else "is"


def more(outcome: Term | TermRef, *, less: bool = False) -> str:
    """What an increase (or decrease) of an outcome is, in words: more remote DWI lesions, a higher risk of death."""
    name = within(outcome)
    if isinstance(outcome, Term) and outcome.unit is not None:
        worse = {"higher": not less, "lower": less}.get(outcome.harm or "")
        means = "" if worse is None else " (worse)" if worse else " (better)"
        return f"{'lower' if less else 'higher'}{means} {name}"
    if outcome.kind == "outcome":
        good = isinstance(outcome, Term) and outcome.harm == "lower"
        return f"a {'lower' if less else 'higher'} {'chance' if good else 'risk'} of {name}"
    return f"{('fewer' if outcome.plural else 'less') if less else 'more'} {name}"


def called(slug: str, names: Mapping[str, TermRef]) -> TermRef:
    """The term or population of that id; where an answer doesn't name it, its id as words."""
    return names.get(slug) or TermRef(id=slug, name=plain(slug), kind="")


def labels(answer: Evidence) -> Mapping[str, str]:
    """The labels of the studies and rows of an answer by their ids, which reasons name."""
    studies = {row.study.id: row.study.label for row in answer.rows}
    return {**{row.finding: f"another row of {row.study.label}" for row in answer.rows}, **studies}


def named(text: str, labels: Mapping[str, str]) -> str:
    """A reason with labels in place of ids."""
    return _ID.sub(lambda found: labels.get(found[0], found[0]), text)


def design(name: str | None) -> str:
    """A design as the field writes it; of several, joined by semicolons, each."""
    known: dict[str, str] = dict(DESIGNS.items())
    return "; ".join(known.get(one, one) for one in (name or "not reported").split("; "))


def read(form: str) -> str:
    """In what form a paper was read."""
    return {"tables": "abstract and tables", "not-stated": "not stated"}.get(form, form)


def category(slug: str, abbreviations: Collection[str]) -> str:
    """A category of terms: vascular history, DWI lesion."""
    return " ".join(word.upper() if word.upper() in abbreviations else word for word in slug.split("-"))
