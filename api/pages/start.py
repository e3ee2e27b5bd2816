"""The start page, and how numbers come about."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.responses import HTMLResponse

from api.deps import Parameters, ReaderDep
from api.pages import words
from api.pages.frame import View, respond
from api.pages.requests import tidy
from graph.questions import questions
from graph.questions.lists import Narrow, Page
from graph.stores.port import Reader
from schema.across import Gap

router = APIRouter(include_in_schema=False, dependencies=[Depends(tidy)])
_ALL = Page(None)
FIRST, _MISSING = 8, 5


def start_view(reader: Reader) -> View:
    """What is known of R-DWI after ICH at one look: the surest factors, the groups, what is contested, what is missing."""
    factors = questions.factors(reader, page=_ALL)
    repeated = [one for one in factors.items if words.repeated(one)]
    groups = [
        (questions.factors(reader, population=group, page=_ALL), questions.prevalence(reader, population=group))
        for group in reader.field().compared
    ]
    gaps = questions.gaps(reader, state=("empty",), page=_ALL)
    content = {
        "counts": reader.counts(),
        "cohorts": questions.cohorts(reader, page=Page(1)).total,
        "factors": factors,
        "headline": repeated[:FIRST],
        "repeated": len(repeated),
        "prevalence": questions.prevalence(reader).prevalence,
        "groups": groups,
        "caa": questions.factors(reader, population="caa", page=_ALL),
        "contested": questions.contested(reader, questions.DEFAULT_LESION, page=_ALL),
        "outcomes": questions.outcomes(reader, narrow=Narrow(kind="outcome", min_cohorts=2), page=_ALL),
        "gaps": gaps,
        "missing": _by_factor(gaps.items)[:_MISSING],
        "terms": reader.terms(),
    }
    return View("start.html", "What is known of remote DWI lesions after intracerebral haemorrhage", content, "/")


def _by_factor(gaps: Sequence[Gap]) -> list[list[Gap]]:
    """The gaps of each factor together, in the order of the first."""
    found: dict[str, list[Gap]] = {}
    for gap in gaps:
        found.setdefault(gap.factor.id, []).append(gap)
    return list(found.values())


def method_view(reader: Reader) -> View:
    """From the code's own tables: constants, rules of certainty, ways of reading a row."""
    return View("method.html", "How the numbers come about", {"schema": questions.schema(reader), "counts": reader.counts()}, "/method")


@router.get("/")
def start(query: Annotated[Parameters, Query()], reader: ReaderDep) -> HTMLResponse:
    del query
    return respond(start_view(reader), reader)


@router.get("/method")
def method(query: Annotated[Parameters, Query()], reader: ReaderDep) -> HTMLResponse:
    del query
    return respond(method_view(reader), reader)
