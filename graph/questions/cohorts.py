"""The cohorts by name: whose patients the papers draw on, as the papers call them. A paper that names none draws on its own."""

from __future__ import annotations

from collections.abc import Sequence

from graph.questions.envelope import beyond
from graph.questions.lists import Page, cut
from graph.stores.port import Reader
from graph.synthesis.associations import study_ref
from schema.answer import Answer, CohortAnswer, CohortItem, Why
from schema.errors import UnknownName
from schema.names import normal, suggest
from schema.study import Study


def cohorts(reader: Reader, q: str | None = None, *, page: Page = Page()) -> Answer[CohortItem]:
    """The named cohorts, all or those whose name holds the words; those on which most studies draw come first."""
    words = normal(q).split() if q else []
    named = _named(reader)
    found = [
        _item(name, studies) for name, studies in named.items() if not (q and not words) and all(word in normal(name) for word in words)
    ]
    found.sort(key=lambda one: (-len(one.studies), one.id))
    why = beyond(page, len(found))
    if not found:
        why = Why(status="filtered-out", text="No cohort matches.", filter="q" if q else None, without=len(named))
    return Answer(
        query={"q": q} if q else {},
        release=reader.release(),
        total=len(found),
        limit=page.limit,
        offset=page.offset,
        items=tuple(cut(found, page)),
        why=why,
    )


def cohort(reader: Reader, name: str) -> CohortAnswer:
    """One cohort with the studies that draw on it, and the cohorts that these draw on besides."""
    named = _named(reader)
    if name not in named:
        raise UnknownName("cohort", name, suggest(name, {normal(one): one for one in named}))
    others = sorted({other for study in named[name] for other in study.cohorts} - {name})
    return CohortAnswer(release=reader.release(), cohort=_item(name, named[name]), drawn_on_with=tuple(others))


def _named(reader: Reader) -> dict[str, list[Study]]:
    found: dict[str, list[Study]] = {}
    for study in reader.studies().values():
        for name in study.cohorts:
            found.setdefault(name, []).append(study)
    return dict(sorted(found.items()))


def _item(name: str, studies: Sequence[Study]) -> CohortItem:
    return CohortItem(
        id=name,
        studies=tuple(study_ref(study) for study in studies),
        patients=max((study.n for study in studies if study.n is not None), default=None),
        countries=tuple(sorted({country for study in studies for country in study.countries})),
        findings=sum(len(study.findings) for study in studies),
    )
