"""What pages say of contradictions, of gaps, and of groups side by side, in a clinician's words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from graph.wording.names import design, more, named, opened
from graph.wording.numbers import count, number, percent
from schema.across import Comparison, Gap
from schema.association import Association, Beside, Camp, Row, TermRef
from schema.vocabulary import Term

ABSTRACTS = "Papers were read as abstracts where nothing else is said."
COPY = (
    "This copy of the pages asks no server: filters, another order, changing one's mind on an answer, previews of sheets, and a search "
    "beyond the index are left out; rdwi serve has them."
)
MARKS = "\u25b2 a cohort with more, \u25bc fewer, \u25cb nothing significant, ? direction not printed."
_SAID = {
    "not significant": "nothing significant",
    "inconclusive": "nothing clear",
    "inconsistent": "both",
    "unclear": "direction not printed",
}
_WHOLE = ", as a whole"


def side_of(camp: Camp, outcome: Term | TermRef, labels: Mapping[str, str] = {}) -> str:
    """What a side of a contradiction is: more remote DWI lesions; nothing significant; the cohorts here: no effect not excluded."""
    who, _, said = camp.report.rpartition(": ")
    told = {"increases": more(outcome), "decreases": more(outcome, less=True), **_SAID}.get(said, said)
    who = {"ours": "the cohorts here"}.get(who, named(who.removesuffix(_WHOLE), labels))
    return opened(f"{who}: {told}" if who else told)


def is_line(camp: Camp) -> bool:
    """Whether a side is a whole line of evidence: trials against observation."""
    return f"{_WHOLE}: " in camp.report


def features(camps: Sequence[Camp], differences: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """In what the sides differ, with each side's own: Design: (cross-sectional, meta-analysis)."""
    differ = [one.partition(":")[0] for one in differences]
    return {opened(one): tuple(design(camp.features[one]) if one == "design" else camp.features[one] for camp in camps) for one in differ}


def exceptions(one: Association | Beside) -> str:
    """How papers were read where not all were read as abstracts alone."""
    if not (one.full_text or one.tables or one.not_stated):
        return ""
    parts = [(one.full_text, "in full"), (one.tables, "with tables"), (one.not_stated, "not stated how")]
    return f"read {', '.join(f'{what}: {many}' for many, what in parts if many)} of {count(one.studies, 'paper')}"


def tested(items: Iterable[Comparison]) -> bool:
    """Whether any difference between groups can be tested."""
    return any(test.comparable for item in items for test in item.differences)


def patients_needed(one: Gap, places: Mapping[str, str] = {}) -> str:
    """What the size of a next study rests on: 24.0% with the outcome (ICH), 30% with the factor (assumed)."""
    if one.prevalence is None or one.exposed_share is None:
        return ""
    told = [(one.prevalence, "outcome", one.prevalence_source), (one.exposed_share, "factor", one.exposed_source)]
    return ", ".join(f"{percent(100 * share)} with the {what} ({places.get(of or '', of)})" for share, what, of in told)


def moved(one: Gap) -> str:
    """By how much one more study would move what is known: from 0.50 by 0.21."""
    return f"from {number(one.p_increase)} by {number(one.expected_change)}"


def reported(row: Row) -> str:
    """What a row says, in its paper's own terms."""
    return {"increases": "more", "decreases": "less", "no-association": "nothing significant"}.get(row.direction, "direction not printed")
