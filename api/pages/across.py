"""Compare, prevalence, mechanisms, gaps, and the neighbourhood of a term."""

from __future__ import annotations

from typing import Annotated, get_args

from fastapi import APIRouter, Depends, Query
from pydantic import Field
from starlette.responses import HTMLResponse

from api.deps import ReaderDep
from api.figures.words import plural, within
from api.pages.frame import View, respond
from api.pages.requests import ROWS, asked, page_of, sifting, tidy
from api.routes.across import CompareQuery, GapsQuery
from api.routes.lesions import MechanismsQuery, PrevalenceQuery
from api.routes.terms import NeighboursQuery
from graph.questions import questions
from graph.questions.lists import Page, cut
from graph.stores.port import Reader
from schema.across import State

router = APIRouter(include_in_schema=False, dependencies=[Depends(tidy)])


class GraphPageQuery(NeighboursQuery):
    term: str = Field(questions.DEFAULT_LESION, description="the term in the middle, by id, name or synonym")


def compare_view(reader: Reader, query: CompareQuery, rows: int | None = ROWS) -> View:
    answer = questions.compare(reader, query.lesion, query.population, filters=query.filters(), page=page_of(query, rows))
    term = reader.terms()[answer.query["lesion"]]
    nodes = [reader.field().populations[node] for node in answer.query["population"]]
    given = asked(query)
    content = {"answer": answer, "lesion": term, "nodes": nodes, "shown": _shown(answer.limit, answer.offset), "keeps": sifting(given)}
    return View("compare.html", f"Factors of {within(term.name)}, group by group", content, "/compare", given)


def prevalence_view(reader: Reader, query: PrevalenceQuery) -> View:
    answer = questions.prevalence(reader, query.lesion, query.population, filters=query.filters())
    given = asked(query)
    content = {
        "answer": answer,
        "lesion": reader.terms()[answer.query["lesion"]],
        "node": answer.query["population"],
        "keeps": sifting(given),
    }
    name = within(answer.prevalence.lesion.name)
    title = f"How common {name} {'are' if plural(name) else 'is'} in {answer.prevalence.population.name}"
    return View("prevalence.html", title, content, "/prevalence", given)


def mechanisms_view(reader: Reader, query: MechanismsQuery, rows: int | None = ROWS) -> View:
    answer = questions.mechanisms(reader, query.lesion, page=page_of(query, rows))
    terms = reader.terms()
    term = terms[answer.query["lesion"]]
    content = {"answer": answer, "lesion": term, "terms": terms, "shown": _shown(answer.limit, answer.offset)}
    return View("mechanisms.html", f"Mechanisms that papers name for {within(term.name)}", content, "/mechanisms", asked(query))


def gaps_view(reader: Reader, query: GapsQuery, rows: int | None = 25) -> View:
    # asked once: the map shows every cell, the list those in the states that were asked for
    every = questions.gaps(
        reader, query.lesion, query.outcome, query.population, state=get_args(State), odds_ratio=query.odds_ratio,
        filters=query.filters(), page=Page(None),
    )  # fmt: skip
    page = page_of(query, rows)
    kept = [one for one in every.items if one.state in query.state]
    listed = {"items": tuple(cut(kept, page)), "total": len(kept), "limit": page.limit, "offset": page.offset}
    terms = reader.terms()
    given = asked(query)
    about = terms[every.query.get("outcome") or every.query["lesion"]]
    content = {
        "answer": every.model_copy(update=listed),
        "map": every,
        "about": about,
        "shown": _shown(page.limit, page.offset),
        "keeps": sifting(given),
    }
    return View("gaps.html", f"What is not known of the factors of {within(about.name)}", content, "/gaps", given)


def graph_view(reader: Reader, query: GraphPageQuery) -> View:
    answer = questions.neighbours(reader, query.term, query.population)
    node = answer.query["population"]
    content = {"answer": answer, "node": node, "terms": reader.terms()}
    return View(
        "graph.html", f"Around {within(answer.term.name)} in {reader.field().populations[node].name}", content, "/graph", asked(query)
    )


def _shown(limit: int | None, offset: int) -> dict[str, int | None]:
    return {"limit": limit, "offset": offset}


@router.get("/compare")
def compare(query: Annotated[CompareQuery, Query()], reader: ReaderDep) -> HTMLResponse:
    return respond(compare_view(reader, query), reader)


@router.get("/prevalence")
def prevalence(query: Annotated[PrevalenceQuery, Query()], reader: ReaderDep) -> HTMLResponse:
    return respond(prevalence_view(reader, query), reader)


@router.get("/mechanisms")
def mechanisms(query: Annotated[MechanismsQuery, Query()], reader: ReaderDep) -> HTMLResponse:
    return respond(mechanisms_view(reader, query), reader)


@router.get("/gaps")
def gaps(query: Annotated[GapsQuery, Query()], reader: ReaderDep) -> HTMLResponse:
    return respond(gaps_view(reader, query), reader)


@router.get("/graph")
def graph(query: Annotated[GraphPageQuery, Query()], reader: ReaderDep) -> HTMLResponse:
    return respond(graph_view(reader, query), reader)
