"""The start page, and how numbers come about."""

from __future__ import annotations

from api.pages.frame import View
from graph.questions import Contested, Factors, Narrow, Outcomes, Prevalence, lookups
from graph.stores.port import Reader
from graph.wording import bedside, living
from graph.wording.sentences import expected_wrong

# what fits on one screen
ROWS, OUTCOMES = 12, 4


def start_view(reader: Reader, population: str | None = None) -> View:
    """What is known of the field's lesion at one look: the answers that everybody asks for, and the best supported factors."""
    field, terms = reader.field(), reader.terms()
    factors = Factors(population=population).answer(reader)
    node = factors.query["population"]
    lesion, place, first = terms[field.lesion], field.populations[node], field.start.outcomes
    outcomes = Outcomes(population=node, narrow=Narrow(kind="outcome")).answer(reader).items
    exposures = field.start.question.exposures if field.start.question else ()
    lines = [one for exposure in exposures for one in reader.edges(exposure=exposure, outcome=lesion.id, population=node) if one.studies]
    rows = bedside.folded([one for one in factors.items if one.studies], terms, "exposure")
    content = {
        "factors": factors,
        "rows": bedside.grouped(rows[:ROWS], "exposure", field.plurals, field.abbreviations),
        "more": len(rows) > ROWS,
        "prevalence": Prevalence(population=node).answer(reader).prevalence,
        "question": field.start.question,
        "lines": lines,
        "outcomes": sorted(outcomes, key=lambda one: first.index(one.outcome.id) if one.outcome.id in first else len(first))[:OUTCOMES],
        "contested": Contested(lesion=lesion.id, population=node).answer(reader).items,
        "counts": reader.counts(),
        "terms": terms,
        "lesion": lesion,
        "lead": field.start.lead or f"{field.lead}.",
        "node": node,
        "place": field.short(node),
    }
    own = field.start.title if node == field.population else None
    asked = {} if population is None else {"population": node}
    return View("start.html", own or f"{lesion.name} in {place.name}: what is known", content, "/", asked)


def review_view(reader: Reader) -> View:
    """How the review was made, as review.yaml says, with what is counted from the sheets."""
    content = {"review": reader.field().review, "counts": reader.counts(), "twice": living.read_twice(*lookups.read_twice(reader))}
    return View("review.html", "How this review was made", content, "/review")


def method_view(reader: Reader) -> View:
    """From the code's own tables: constants, rules of direction and certainty, ways of reading a row."""
    field = reader.field()
    wrong = expected_wrong(reader.edges(population=field.population), field.populations[field.population].name)
    content = {
        "schema": lookups.schema(reader),
        "counts": reader.counts(),
        "wrong": wrong,
        "twice": living.read_twice(*lookups.read_twice(reader)),
    }
    return View("method.html", "How the numbers come about", content, "/method")
