"""The cohorts by name: whose patients the papers draw on, as the papers call them. A paper that names none draws on its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, ClassVar

from pydantic import Field

from graph.questions.envelope import listed
from graph.questions.lists import Page
from graph.questions.question import Question, Spelt
from graph.stores.port import Reader
from graph.synthesis.associations import study_ref
from graph.synthesis.overlap import cohort_names
from schema.answer import Answer, CohortAnswer, CohortItem, Why
from schema.errors import UnknownName
from schema.identity import exported
from schema.names import normal, suggest
from schema.study import Study


class Cohorts(Question):
    """The named cohorts, with the studies that draw on them; those on which most studies draw come first."""

    topic: ClassVar[str] = "studies"

    q: Annotated[str | None, Spelt(assistant="text", argument="TEXT")] = Field(default=None, description="words of the cohort's name")
    page: Page = Page()

    def answer(self, reader: Reader) -> Answer[CohortItem]:
        own = exported(self.q or "", "cohort")
        words, folded = normal(own).split(), reader.field().cohort(own)
        named = _named(reader)
        found = [
            _item(name, studies)
            for name, studies in named.items()
            if not self.q or reader.field().cohort(name) == folded or (words and all(word in normal(name) for word in words))
        ]
        found.sort(key=lambda one: (-len(one.studies), one.id))
        nothing = Why(status="filtered-out", text="No cohort matches.", filter="q" if self.q else None, without=len(named))
        return listed(reader, {"q": self.q} if self.q else {}, found, self.page, nothing)


def cohort(reader: Reader, name: str) -> CohortAnswer:
    """One cohort with the studies that draw on it, and the cohorts that these draw on besides."""
    named, field = _named(reader), reader.field()
    names = {field.cohort(one): one for one in named}
    own = exported(name, "cohort")
    meant = names.get(field.cohort(own))
    if meant is None:
        raise UnknownName("cohort", name, suggest(own, {normal(one): one for one in named}))
    others = sorted({names[field.cohort(other)] for study in named[meant] for other in study.cohorts} - {meant})
    return CohortAnswer(release=reader.release(), cohort=_item(meant, named[meant]), drawn_on_with=tuple(others))


def _named(reader: Reader) -> dict[str, list[Study]]:
    """The studies of each cohort, by its name: spellings of one name are one cohort."""
    studies, field = reader.studies().values(), reader.field()
    names = cohort_names(studies, field)
    found: dict[str, list[Study]] = {}
    for study in studies:
        for cohort in dict.fromkeys(map(field.cohort, study.cohorts)):
            found.setdefault(names[cohort], []).append(study)
    return dict(sorted(found.items()))


def _item(name: str, studies: Sequence[Study]) -> CohortItem:
    return CohortItem(
        id=name,
        studies=tuple(study_ref(study) for study in studies),
        patients=max((study.n for study in studies if study.n is not None), default=None),
        countries=tuple(sorted({country for study in studies for country in study.countries})),
        findings=sum(len(study.findings) for study in studies),
    )
