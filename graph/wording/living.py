"""What has become of papers, how they were judged and read, and how the review was made, in words."""

from __future__ import annotations

from graph.wording.numbers import count
from schema.answer import Evidence
from schema.bias import NAMES, WORDS, Level
from schema.reference import STANDINGS, noted
from schema.review import Person
from schema.study import RiskOfBias, Standing, StandingKind, Study

# of all tools alike, for a form
RISKS: dict[Level, str] = {
    "low": "low",
    "moderate": "moderate, some concerns",
    "high": "high, serious",
    "critical": "critical",
    "unclear": "unclear, no information",
}

NO_REVIEW = "Nobody has written down how this review was made (review.yaml)."
NO_PROTOCOL = "none is recorded"
NOBODY = "nobody is recorded"


def person(one: Person) -> str:
    """Who took part: "AB (extraction; conflicts of interest: none)"."""
    conflicts = f"conflicts of interest: {one.conflicts}" if one.conflicts is not None else "conflicts of interest not recorded"
    return f"{one.initials} ({'; '.join(filter(None, (one.role, conflicts)))})"


def mark(kind: StandingKind) -> str:
    """What is marked beside a paper's name."""
    return STANDINGS[kind]


def marked(study: Study) -> str:
    """A paper by its label, with what has become of it."""
    return f"{study.label} ({mark(study.standing.kind)})" if study.standing is not None else study.label


def standing(one: Standing) -> str:
    """What has become of a paper: "Retracted, 2021-03-04, notice 10.1000/x: its rows are shown, and in no figure"."""
    return f"{noted(one)}: its rows are shown, and in no figure" if one.kind == "retracted" else noted(one)


def address(notice: str) -> str:
    """Where a notice is read."""
    return notice if "://" in notice else f"https://doi.org/{notice}"


def with_retracted(answer: Evidence) -> str | None:
    """What the answer was while papers counted that are retracted: said where there are any."""
    before = answer.with_retracted
    if before is None:
        return None
    labels = sorted({row.study.label for row in answer.rows if row.study.standing == "retracted"})
    was, one = ("a retracted paper", "it") if len(labels) == 1 else (f"{len(labels)} retracted papers", "them")
    return f"Without {was} ({', '.join(labels)}), which {'is' if one == 'it' else 'are'} in no figure here. With {one}: {before.caption}."


def read_twice(twice: int, rows: int) -> str:
    """How much was read twice, as far as the sheets say who did."""
    if not twice:
        return "No row says who read it a second time."
    return f"{twice} of {count(rows, 'row')} {'was' if twice == 1 else 'were'} read by a second person."


def trail(study: Study) -> str:
    """Who read a sheet, and how much of it was read twice."""
    named = [(study.extracted_by, "read by"), (study.checked_by, "checked by"), (study.date, "on")]
    told = ", ".join(f"{what} {who}" for who, what in named if who is not None)
    differed = f" They differed: {study.disagreement}" if study.disagreement is not None else ""
    return f"{f'{told[:1].upper()}{told[1:]}. ' if told else ''}{read_twice(*study.read_twice)}{differed}"


def rows_read_twice(answer: Evidence) -> str:
    """The same of the rows of an answer."""
    return read_twice(sum(row.checked_by is not None for row in answer.rows), len(answer.rows))


def judged(answer: Evidence) -> str:
    """Of how many papers the risk of bias was judged, and how."""
    papers, own = {row.study.id for row in answer.rows}, answer.judged
    told = []
    for tool, name in NAMES.items():
        levels = [one.overall for one in own if one.tool == tool]
        counts = ", ".join(f"{levels.count(level)} {word}" for level, word in WORDS[tool].items() if level in levels)
        if counts:
            told.append(f"{counts} by {name}")
    some = "all" if len(own) == len(papers) else f"{len(own)} of"
    unless = "; certainty goes by design and adjustment unless all papers that report the direction were judged"
    rest = "" if len(own) == len(papers) else unless
    return f"Judged in {some} {count(len(papers), 'paper')}: {'; '.join(told)}{rest}."


def judgement(one: RiskOfBias) -> str:
    """How a paper was judged, by whom, with the notes."""
    how = "" if one.overall is not None else ", worked out as the worst of its domains"
    by = f", judged by {one.by}" if one.by is not None else ""
    return f"Overall {WORDS[one.tool][one.judgement]} by {NAMES[one.tool]}{how}{by}.{f' {one.notes}' if one.notes else ''}"
