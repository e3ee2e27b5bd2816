"""Studies, cohorts, terms, and the search over them."""

from __future__ import annotations

from api.pages.frame import View
from api.pages.requests import paged, shown
from graph.questions import Cohorts, Neighbours, Page, Studies, Terms, lookups
from graph.questions.cohorts import cohort
from graph.stores.port import Reader
from graph.synthesis.rows import judged

_FOUND = Page(limit=50)


def studies_view(reader: Reader, question: Studies, rows: int | None = None) -> View:
    answer = paged(question, rows).answer(reader)
    return View("studies.html", "Studies", {"answer": answer, "shown": shown(answer)}, "/studies", question.asked(), question)


def study_view(reader: Reader, name: str) -> View:
    answer = lookups.study(reader, name)
    studies = reader.studies()
    shares = [(other, studies[other].label) for other in answer.shares_patients_with]
    content = {
        "answer": answer,
        "study": answer.study,
        "shares": shares,
        "terms": reader.terms(),
        "judged": list(judged([(answer.study, None)])),
    }
    return View("study.html", answer.label, content, f"/studies/{answer.study.id}")


def cohorts_view(reader: Reader, question: Cohorts, rows: int | None = None) -> View:
    answer = paged(question, rows).answer(reader)
    content = {"answer": answer, "shown": shown(answer)}
    return View("cohorts.html", "Cohorts, as the papers name them", content, "/cohorts", question.asked(), question)


def cohort_view(reader: Reader, name: str) -> View:
    answer = cohort(reader, name)
    return View("cohort.html", f"Cohort {answer.cohort.id}", {"answer": answer}, f"/cohorts/{answer.cohort.id}")


def terms_view(reader: Reader, question: Terms, rows: int | None = None) -> View:
    answer = paged(question, rows).answer(reader)
    content = {"answer": answer, "shown": shown(answer)}
    return View("terms.html", "Terms of the vocabulary", content, "/terms", question.asked(), question)


def term_view(reader: Reader, name: str, population: str | None = None) -> View:
    answer = lookups.term(reader, name)
    around = Neighbours(term=answer.term.id, population=population).answer(reader)
    content = {"answer": answer, "term": answer.term, "around": around, "node": around.query["population"], "terms": reader.terms()}
    return View("term.html", answer.term.name, content, f"/terms/{answer.term.id}", {"population": population} if population else {})


def search_view(reader: Reader, q: str | None = None) -> View:
    """Terms, studies and cohorts that hold the words; all where there are none."""
    page = _FOUND if q else Page()
    content = {
        "q": q or "",
        "terms": Terms(q=q, page=page).answer(reader),
        "studies": Studies(q=q, page=page).answer(reader),
        "cohorts": Cohorts(q=q, page=page).answer(reader),
    }
    return View("search.html", f"Search: {q}" if q else "Index of terms, papers and cohorts", content, "/search", {"q": q} if q else {})
