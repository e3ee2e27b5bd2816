"""Factors, outcomes, contested, evidence."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from starlette.responses import HTMLResponse

from api.deps import ReaderDep
from api.figures.words import names, plural, within
from api.pages.frame import View, respond
from api.pages.requests import ROWS, asked, page_of, sifting, tidy
from api.routes.associations import ContestedQuery, EvidenceQuery, FactorsQuery, OutcomesQuery
from graph.questions import questions
from graph.questions.lists import Side
from graph.stores.port import Reader
from schema.answer import Answer
from schema.association import Association

router = APIRouter(include_in_schema=False, dependencies=[Depends(tidy)])


def factors_view(reader: Reader, query: FactorsQuery, rows: int | None = ROWS) -> View:
    answer = questions.factors(
        reader, query.lesion, query.population, filters=query.filters(), narrow=query.narrow(), page=page_of(query, rows, query.sort)
    )
    term = reader.terms()[answer.query["lesion"]]
    title = f"Factors linked to {within(term.name)} in {reader.field().populations[answer.query['population']].name}"
    return _listed(reader, "/factors", title, "exposure", answer, asked(query), {"lesion": term})


def outcomes_view(reader: Reader, query: OutcomesQuery, rows: int | None = ROWS) -> View:
    answer = questions.outcomes(
        reader, query.exposure, query.population, filters=query.filters(), narrow=query.narrow(), page=page_of(query, rows, query.sort)
    )
    term = reader.terms()[answer.query["exposure"]]
    title = f"What {within(term.name)} are linked to in {reader.field().populations[answer.query['population']].name}"
    if not plural(term.name):
        title = title.replace(" are linked", " is linked", 1)
    return _listed(reader, "/outcomes", title, "outcome", answer, asked(query), {"exposure": term})


def contested_view(reader: Reader, query: ContestedQuery, rows: int | None = ROWS) -> View:
    answer = questions.contested(
        reader, query.lesion, query.outcome, query.population, filters=query.filters(), page=page_of(query, rows, query.sort)
    )
    title = f"Where the evidence contradicts itself, in {reader.field().populations[answer.query['population']].name}"
    return _listed(reader, "/contested", title, "both", answer, asked(query), {}, "contested.html")


def _listed(
    reader: Reader,
    path: str,
    title: str,
    side: Side | str,
    answer: Answer[Association],
    given: dict[str, Any],
    about: dict[str, Any],
    template: str = "associations.html",
) -> View:
    node = answer.query["population"]
    content = {
        "answer": answer,
        "side": side,
        "node": node,
        "terms": reader.terms(),
        "shown": {"limit": answer.limit, "offset": answer.offset},
        "keeps": sifting(given),
        # of a population that nobody pooled anything in, the first thing to know
        "first_word": (answer.note or "").partition(" Indirect evidence from")[0],
        "wider": [reader.field().populations[other] for other in reader.field().populations.indirect(node)],
        "beside": list(dict.fromkeys(one.population.id for item in answer.items for one in item.indirect or ())),
        **about,
    }
    return View(template, title, content, path, given)


def evidence_view(reader: Reader, query: EvidenceQuery) -> View:
    filters = query.filters()
    answer = questions.evidence(reader, query.exposure, query.outcome, query.population, baseline=query.baseline, filters=filters)
    terms, studies = reader.terms(), reader.studies()
    exposure, outcome, node = terms[answer.query["exposure"]], terms[answer.query["outcome"]], answer.query["population"]
    other = None
    if exposure.counterpart is not None:
        other = questions.evidence(reader, exposure.counterpart, outcome.id, node, filters=filters)
    given = asked(query) | {"exposure": exposure.id, "outcome": outcome.id, "population": node}
    content = {
        "answer": answer,
        "exposure": exposure,
        "outcome": outcome,
        "node": node,
        "counterpart": other,
        "labels": names(answer),
        "papers": sorted({row.study.id: row.study for row in answer.rows}.values(), key=lambda one: (one.label, one.id)),
        "papers_titles": {row.study.id: studies[row.study.id].title for row in answer.rows},
        "terms": terms,
        "keeps": sifting(given),
    }
    return View(
        "evidence.html", f"{exposure.name} and {outcome.name} in {reader.field().populations[node].name}", content, "/evidence", given
    )


@router.get("/factors")
def factors(query: Annotated[FactorsQuery, Query()], reader: ReaderDep) -> HTMLResponse:
    return respond(factors_view(reader, query), reader)


@router.get("/outcomes")
def outcomes(query: Annotated[OutcomesQuery, Query()], reader: ReaderDep) -> HTMLResponse:
    return respond(outcomes_view(reader, query), reader)


@router.get("/contested")
def contested(query: Annotated[ContestedQuery, Query()], reader: ReaderDep) -> HTMLResponse:
    return respond(contested_view(reader, query), reader)


@router.get("/evidence")
def evidence(query: Annotated[EvidenceQuery, Query()], reader: ReaderDep) -> HTMLResponse:
    return respond(evidence_view(reader, query), reader)


__all__ = ["contested_view", "evidence_view", "factors_view", "outcomes_view", "router"]
