"""Studies, cohorts, terms, and the search over them."""

from __future__ import annotations

from itertools import product

from api.pages.frame import View
from api.pages.requests import paged, shown
from graph.questions import Cohorts, Neighbours, Page, Studies, Terms, lookups
from graph.questions.cohorts import cohort
from graph.stores.port import Reader
from graph.synthesis.rows import judged
from schema.association import Association
from schema.vocabulary import Vocabulary

_FOUND = Page(limit=50)
# of a search: how many questions are offered, how many words are looked at, and how many terms a word may mean
_QUESTIONS, _WORDS, _MEANT = 8, 12, 3
_JOINING = frozenset({"and", "&", "+", "/", "vs", "versus", "in", "on", "after", "for", "with", "to", "or"})


def studies_view(reader: Reader, question: Studies, rows: int | None = None) -> View:
    sort = question.sort or "name"
    answer = paged(question.model_copy(update={"sort": sort}), rows).answer(reader)
    content = {"answer": answer, "sort": sort, "shown": {**shown(answer), "sort": sort}}
    return View("studies.html", "Papers", content, "/studies", question.asked(), question)


def study_view(reader: Reader, name: str) -> View:
    answer = lookups.study(reader, name)
    studies = reader.papers()
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
    """Questions, terms, studies and cohorts that hold the words; all where there are none."""
    page = _FOUND if q else Page()
    terms = Terms(q=q, page=Page()).answer(reader)
    # what is named as it is asked for stands first, then what most is known of
    exact = reader.terms().find(q) if q else None
    items = sorted(terms.items, key=lambda one: (exact is None or one.id != exact.id, -one.findings)) if q else terms.items
    questions = _questions(reader, q)
    near = [reader.terms()[one] for one in reader.terms().suggest(q)] if q and not terms.items and not questions else []
    content = {
        "q": q or "",
        "questions": questions,
        "terms": terms.model_copy(update={"items": tuple(items[: page.limit])}),
        "near": near,
        "studies": Studies(q=q, sort="name", page=page).answer(reader),
        "cohorts": Cohorts(q=q, page=page).answer(reader),
    }
    title = f"Search: {q}" if q else "Index of questions, terms, papers and cohorts"
    return View("search.html", title, content, "/search", {"q": q} if q else {})


def _questions(reader: Reader, q: str | None) -> list[Association]:
    """The questions that the words may ask, of two terms or of one; those first of which most was found."""
    node = reader.field().population
    if not q:
        found = reader.edges(population=node)
    elif found := [one for pair in _pairs(reader.terms(), q) for one in reader.edges(exposure=pair[0], outcome=pair[1], population=node)]:
        pass
    else:
        either = _meant(reader.terms(), q)
        found = [
            one for name in either for one in reader.edges(exposure=name, population=node) + reader.edges(outcome=name, population=node)
        ]
    asked = {(one.exposure.id, one.outcome.id): one for one in found if one.studies}
    return sorted(asked.values(), key=lambda one: (-len(one.findings), one.exposure.id, one.outcome.id))[: _QUESTIONS if q else None]


def _pairs(terms: Vocabulary, q: str) -> set[tuple[str, str]]:
    """The pairs of terms that the words may name, whichever of the two is told first: microbleeds and R-DWI."""
    words = q.split()[:_WORDS]
    halves = [(words[:n], words[n:]) for n in range(1, len(words))]
    halves = [(first, second[1:]) for first, second in halves if second[0].lower() in _JOINING] or halves
    named = [(_meant(terms, " ".join(first)), _meant(terms, " ".join(second))) for first, second in halves if second]
    return {pair for left, right in named for one, other in product(left, right) for pair in ((one, other), (other, one))}


def _meant(terms: Vocabulary, words: str) -> list[str]:
    """The terms that some words may name: the one that is called so, else the first that hold them."""
    exact = terms.find(words)
    return [exact.id] if exact else [one.id for one in terms.search(words)[:_MEANT]]
