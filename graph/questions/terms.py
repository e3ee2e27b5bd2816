"""The terms of the vocabulary."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from graph.questions.envelope import listed
from graph.questions.lists import Page
from graph.questions.question import DATA, Question, Spelt
from graph.stores.port import Reader
from schema.answer import Answer, TermItem, Why
from schema.vocabulary import Kind


class Terms(Question):
    """The terms that questions understand. That one is here does not say that it was studied: see its number of findings."""

    topic: ClassVar[str] = "terms"
    formats: ClassVar[tuple[str, ...]] = DATA

    q: Annotated[str | None, Spelt(assistant="text", argument="TEXT")] = Field(
        default=None, description="part of an id, name or synonym, British or American"
    )
    kind: Kind | None = Field(default=None, description="keep terms of that kind")
    page: Page = Page()

    def answer(self, reader: Reader) -> Answer[TermItem]:
        vocabulary = reader.terms()
        matching = vocabulary.search(self.q) if self.q else sorted(vocabulary.terms.values(), key=lambda term: term.id)
        found = [term for term in matching if self.kind is None or term.kind == self.kind]
        counted = reader.finding_counts()
        query = {name: value for name, value in self.model_dump(mode="json", exclude={"page"}).items() if value}
        nothing = None
        if not found:
            near = vocabulary.suggest(self.q) if self.q else ()
            hint = f" Nearest: {', '.join(near)}." if near else ""
            nothing = Why(status="filtered-out", text=f"No term matches.{hint}", filter=", ".join(query), without=len(vocabulary.terms))
        items = [TermItem(**term.model_dump(), findings=counted.get(term.id, 0)) for term in found]
        return listed(reader, query, items, self.page, nothing)
