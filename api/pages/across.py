"""Compare, prevalence, mechanisms, gaps, and the neighbourhood of a term."""

from __future__ import annotations

from typing import get_args

from api.pages.frame import View
from api.pages.requests import paged, shown, sifting
from graph.questions import Compare, Gaps, Mechanisms, Neighbours, Page, Prevalence
from graph.questions.lists import cut
from graph.stores.port import Reader
from graph.wording import opened, verb, within
from schema.across import Gap, State


def compare_view(reader: Reader, question: Compare, rows: int | None = None) -> View:
    answer = paged(question, rows).answer(reader)
    term = reader.terms()[answer.query["lesion"]]
    nodes = [reader.field().populations[node] for node in answer.query["population"]]
    given = question.asked()
    content = {"answer": answer, "lesion": term, "nodes": nodes, "shown": shown(answer), "keeps": sifting(given)}
    return View("compare.html", f"Factors of {within(term)}, group by group", content, "/compare", given, question)


def prevalence_view(reader: Reader, question: Prevalence) -> View:
    answer = question.answer(reader)
    given = question.asked()
    content = {
        "answer": answer,
        "lesion": reader.terms()[answer.query["lesion"]],
        "node": answer.query["population"],
        "keeps": sifting(given),
    }
    lesion = answer.prevalence.lesion
    title = f"How common {within(lesion)} {verb(lesion)} in {answer.prevalence.population.name}"
    return View("prevalence.html", title, content, "/prevalence", given, question)


def mechanisms_view(reader: Reader, question: Mechanisms, rows: int | None = None) -> View:
    answer = paged(question, rows).answer(reader)
    terms = reader.terms()
    term = terms[answer.query["lesion"]]
    content = {"answer": answer, "lesion": term, "terms": terms, "shown": shown(answer)}
    return View("mechanisms.html", f"Mechanisms that papers name for {within(term)}", content, "/mechanisms", question.asked(), question)


def gaps_view(reader: Reader, question: Gaps, rows: int | None = None) -> View:
    # asked once: the map shows every cell, the list those in the states that were asked for
    every = question.model_copy(update={"state": get_args(State), "page": Page()}).answer(reader)
    page = paged(question, rows).page
    kept = [one for one in every.items if one.state in question.state]
    listed = {"items": tuple(cut(kept, page)), "total": len(kept), "limit": page.limit, "offset": page.offset}
    terms = reader.terms()
    given = question.asked()
    field, about = reader.field(), terms[every.query.get("outcome") or every.query["lesion"]]
    kinds: dict[str, dict[str, dict[str, Gap]]] = {}
    for one in every.items:
        kind = opened(field.plurals[one.factor.kind])
        kinds.setdefault(kind, {}).setdefault(one.factor.id, {})[one.population.id] = one
    content = {
        "answer": every.model_copy(update=listed),
        "map": every,
        "places": every.query["population"],
        "kinds": {kind: list(rows.values()) for kind, rows in kinds.items()},
        "labels": {place.id: field.short(place.id) for place in field.populations.values()},
        "about": about,
        "shown": {"limit": page.limit, "offset": page.offset},
        "keeps": sifting(given),
    }
    return View("gaps.html", f"What is not known of the factors of {within(about)}", content, "/gaps", given, question)


def graph_view(reader: Reader, question: Neighbours) -> View:
    answer = question.answer(reader)
    node = answer.query["population"]
    content = {"answer": answer, "node": node, "terms": reader.terms()}
    # of its term the address tells by that name
    given = {"term" if name == "id" else name: value for name, value in question.asked().items()}
    return View("graph.html", f"Around {within(answer.term)} in {reader.field().populations[node].name}", content, "/graph", given)
