"""The start page, and how numbers come about."""

from __future__ import annotations

from collections.abc import Sequence

from api.pages.frame import View
from graph.questions import Cohorts, Contested, Factors, Gaps, Narrow, Outcomes, Page, Prevalence, lookups
from graph.stores.port import Reader
from graph.wording import within
from graph.wording.sentences import expected_wrong, repeated
from schema.across import Gap

FIRST, _MISSING = 8, 5


def start_view(reader: Reader) -> View:
    """What is known of the field's lesion at one look: the surest factors, the groups, what is contested, what is missing."""
    field = reader.field()
    lesion, place = reader.terms()[field.lesion], field.populations[field.population]
    factors = Factors().answer(reader)
    surest = [one for one in factors.items if repeated(one)]
    groups = [(Factors(population=group).answer(reader), Prevalence(population=group).answer(reader)) for group in field.compared]
    gaps = Gaps(state=("empty",)).answer(reader)
    content = {
        "counts": reader.counts(),
        "cohorts": Cohorts(page=Page(limit=1)).answer(reader).total,
        "factors": factors,
        "headline": surest[:FIRST],
        "repeated": len(surest),
        "prevalence": Prevalence().answer(reader).prevalence,
        "groups": groups,
        "counted": any(prevalence.prevalence.pooled for _, prevalence in groups),
        "contested": Contested(lesion=lesion.id).answer(reader),
        "outcomes": Outcomes(narrow=Narrow(kind="outcome", min_cohorts=2)).answer(reader),
        "gaps": gaps,
        "missing": _by_factor(gaps.items)[:_MISSING],
        "terms": reader.terms(),
        "lesion": lesion,
        "lead": field.start.lead or f"{field.lead}.",
        "place": field.short(place.id),
    }
    return View("start.html", field.start.title or f"What is known of {within(lesion)} in {place.name}", content, "/")


def _by_factor(gaps: Sequence[Gap]) -> list[list[Gap]]:
    """The gaps of each factor together, in the order of the first."""
    found: dict[str, list[Gap]] = {}
    for gap in gaps:
        found.setdefault(gap.factor.id, []).append(gap)
    return list(found.values())


def method_view(reader: Reader) -> View:
    """From the code's own tables: constants, rules of direction and certainty, ways of reading a row."""
    field = reader.field()
    wrong = expected_wrong(reader.edges(population=field.population), field.populations[field.population].name)
    content = {"schema": lookups.schema(reader), "counts": reader.counts(), "wrong": wrong}
    return View("method.html", "How the numbers come about", content, "/method")
