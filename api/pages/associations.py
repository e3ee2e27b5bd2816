"""Factors, outcomes, contested, evidence."""

from __future__ import annotations

from collections import Counter
from typing import Any, NamedTuple

from api import rlines
from api.pages.frame import View
from api.pages.requests import paged, shown, sifting
from graph.questions import Contested, Evidence, Factors, Narrow, Outcomes, Page
from graph.questions.edges import edges
from graph.stores.port import Reader
from graph.wording import labels, verb, within
from graph.wording.changes import choices
from schema.answer import Answer
from schema.association import Association, Side


def factors_view(reader: Reader, question: Factors, rows: int | None = None) -> View:
    answer = paged(question, rows).answer(reader)
    term = reader.terms()[answer.query["lesion"]]
    title = f"Factors linked to {within(term)} in {reader.field().populations[answer.query['population']].name}"
    return _listed(reader, question, title, "exposure", answer, {"lesion": term})


def outcomes_view(reader: Reader, question: Outcomes, rows: int | None = None) -> View:
    answer = paged(question, rows).answer(reader)
    term = reader.terms()[answer.query["exposure"]]
    title = f"What {within(term)} {verb(term)} linked to in {reader.field().populations[answer.query['population']].name}"
    return _listed(reader, question, title, "outcome", answer, {"exposure": term})


def contested_view(reader: Reader, question: Contested, rows: int | None = None) -> View:
    answer = paged(question, rows).answer(reader)
    title = f"Where the evidence contradicts itself, in {reader.field().populations[answer.query['population']].name}"
    about = {"questions": _questions(reader, question, answer)}
    return _listed(reader, question, title, "both", answer, about, "contested.html")


class Disputed(NamedTuple):
    """A question on which the evidence contradicts itself; `lines`: where trials and observation do, both, in the order of its sides."""

    one: Association
    lines: tuple[Association, ...]


def _questions(reader: Reader, question: Contested, answer: Answer[Association]) -> list[Disputed]:
    node, found = answer.query["population"], []
    for one in answer.items:
        assert one.contested is not None
        other = one.contested.counterpart
        beside = edges(reader, node, question.filters, exposure=other, outcome=one.outcome.id)[0] if other else []
        found.append(Disputed(one, (one, *beside) if beside else ()))
    return found


def _counts(reader: Reader, question: Factors | Outcomes, side: str, answer: Answer[Association]) -> dict[str, Counter[str]]:
    """How many of the whole list each choice of what to show would keep."""
    some = answer.items
    if question.narrow.active or answer.total > len(some):
        some = question.model_copy(update={"narrow": Narrow(), "page": Page()}).answer(reader).items
    return {
        "kind": Counter(getattr(one, side).kind for one in some),
        "direction": Counter(one.direction for one in some),
        "certainty": Counter(one.certainty for one in some if one.certainty),
        "contested": Counter(str(one.contested is not None).lower() for one in some),
    }


def _listed(
    reader: Reader,
    question: Factors | Outcomes | Contested,
    title: str,
    side: Side | str,
    answer: Answer[Association],
    about: dict[str, Any],
    template: str = "associations.html",
) -> View:
    node, given = answer.query["population"], question.asked()
    content = {
        "answer": answer,
        "side": side,
        "node": node,
        "terms": reader.terms(),
        "shown": shown(answer),
        "keeps": sifting(given),
        # of a population that nobody pooled anything in, the first thing to know
        "first_word": (answer.note or "").partition(" Indirect evidence from")[0],
        "wider": [reader.field().populations[other] for other in reader.field().populations.indirect(node)],
        "counts": {} if isinstance(question, Contested) else _counts(reader, question, side, answer),
        "beside": list(dict.fromkeys(one.population.id for item in answer.items for one in item.indirect or ())),
        **about,
    }
    return View(template, title, content, f"/{question.called()}", given, question)


def evidence_view(reader: Reader, question: Evidence) -> View:
    answer = question.answer(reader)
    terms, studies = reader.terms(), reader.papers()
    exposure, outcome, node = terms[answer.query["exposure"]], terms[answer.query["outcome"]], answer.query["population"]
    other = None
    if exposure.counterpart is not None:
        # of the asker's own studies there are none on another exposure
        asks = {"exposure": exposure.counterpart, "add": (), "baseline": None}
        other = question.model_copy(update=asks).answer(reader)
    given = question.asked() | {"exposure": exposure.id, "outcome": outcome.id, "population": node}
    left_out = answer.query.get("exclude", [])
    chosen = choices(answer.query, {study: one.label for study, one in studies.items()})
    content = {
        "left_out": left_out,
        "candidates": sorted(
            {(row.study.label, row.study.id) for row in answer.rows if row.study.id in studies}
            | {(studies[one].label, one) for one in left_out}
        ),
        "choices": chosen,
        "script": rlines.of_answer(question.supposing(reader), answer) if chosen else None,
        "answer": answer,
        "exposure": exposure,
        "outcome": outcome,
        "node": node,
        "counterpart": other,
        "labels": labels(answer),
        "papers": sorted(
            {row.study.id: row.study for row in answer.rows if row.study.id in studies}.values(), key=lambda one: (one.label, one.id)
        ),
        "papers_titles": {row.study.id: studies[row.study.id].title for row in answer.rows if row.study.id in studies},
        "terms": terms,
        "keeps": sifting(given),
    }
    return View(
        "evidence.html",
        f"{exposure.name} and {outcome.name} in {reader.field().populations[node].name}",
        content,
        "/evidence",
        given,
        question,
    )
