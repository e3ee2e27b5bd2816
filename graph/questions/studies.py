"""The papers that the evidence is made of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from graph.questions.envelope import listed
from graph.questions.filters import Filters, study_verdict
from graph.questions.lists import Page, ordered_by
from graph.questions.question import Question, Several, Spelt
from graph.stores.port import Reader
from schema.answer import Answer, StudyItem, Why
from schema.identity import named
from schema.names import normal
from schema.study import Design

StudiesBy = Literal["name", "year", "patients", "findings", "-name", "-year", "-patients", "-findings"]
_VALUES: dict[str, Callable[[StudyItem], Any]] = {
    "name": lambda one: one.label.strip("\u201c").casefold(),
    "year": lambda one: one.year,
    "patients": lambda one: one.n,
    "findings": lambda one: one.findings,
}


class Studies(Question):
    """The studies, by words, design, year or country. Those on which it can't be told whether they match are counted, not listed."""

    topic: ClassVar[str] = "studies"

    q: Annotated[str | None, Spelt(assistant="text", argument="TEXT")] = Field(
        default=None, description="words of id, title, authors, journal or cohorts; or a DOI, PMID or PMCID"
    )
    design: Several[Design] = Field(default=(), description="study designs to keep (repeat)")
    year_from: int | None = Field(default=None, ge=1900, le=2100, description="published in or after that year; undated ones are counted")
    year_to: int | None = Field(default=None, ge=1900, le=2100, description="published in or before that year; undated ones are counted")
    country: str | None = Field(default=None, description="one of the study's countries")
    sort: StudiesBy | None = Field(default=None, description="the order, - before it turns it; by id where left out")
    page: Page = Page()

    def answer(self, reader: Reader) -> Answer[StudyItem]:
        words = normal(self.q).split() if self.q else []
        papers = frozenset(named(self.q, reader.papers())) if self.q else frozenset()
        # a bare number may be a year as well as a PMID, and a name the beginning of another
        by_words = not papers or not {":", "/"} & set(self.q or "")
        filters = Filters(design=self.design, year_from=self.year_from, year_to=self.year_to)
        found = []
        unknown = 0
        for study in reader.papers().values():
            text = normal(
                " ".join(filter(None, (study.id, study.title, study.journal, study.first_author, *study.authors, *study.cohorts)))
            )
            if study.id not in papers and not (by_words and (words or not self.q) and all(word in text for word in words)):
                continue
            verdict = study_verdict(filters, study, self.country)
            unknown += verdict == "unknown"
            if verdict == "kept":
                rows = reader.studies()[study.id]
                found.append(
                    StudyItem(
                        id=study.id,
                        label=study.label,
                        title=study.title,
                        year=study.year,
                        journal=study.journal,
                        doi=study.doi,
                        pmid=study.pmid,
                        design=study.design,
                        read=study.read,
                        standing=study.standing.kind if study.standing is not None else None,
                        risk_of_bias=study.risk_of_bias.judgement if study.risk_of_bias is not None else None,
                        n=study.n,
                        countries=study.countries,
                        cohorts=study.cohorts,
                        findings=len(rows.findings),
                        prevalence=len(rows.prevalence),
                        claims=len(rows.mechanisms),
                    )
                )
        given = self.model_dump(mode="json", exclude={"page", "sort"}, exclude_defaults=True)
        query = {name: value for name, value in given.items() if value}
        nothing = Why(status="filtered-out", text="No study matches.", filter=", ".join(query), without=len(reader.papers()))
        if self.sort:
            query["sort"] = self.sort
            found = ordered_by(found, _VALUES[self.sort.removeprefix("-")], down=self.sort.startswith("-"))
        return listed(reader, query, found, self.page, nothing, unknown=unknown)
