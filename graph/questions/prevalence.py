"""How common a lesion is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from pydantic import BaseModel

from graph.questions.envelope import Lesion, Place, population_of, query_of, why_empty
from graph.questions.filters import Filters, prevalence_verdict, sift
from graph.questions.question import DATA, FIGURE, PAPERS, Question
from graph.stores.port import Reader
from graph.synthesis.absolute_risks import Share
from graph.synthesis.prevalence import pooled_prevalence, prevalence
from schema.answer import PrevalenceAnswer
from schema.association import Prevalence as Pooled
from schema.association import PrevalenceRow
from schema.vocabulary import Term


class Prevalence(Question):
    """How common a lesion is: pooled over independent cohorts, by time of the scan, by study; other populations after it.

    Where a population is named, its parts come after it (and with `indirect` wider ones); else all others.
    """

    topic: ClassVar[str] = "lesions"
    formats: ClassVar[tuple[str, ...]] = (*DATA, *PAPERS, *FIGURE)

    lesion: Lesion = None
    population: Place = None
    filters: Filters = Filters()

    def answer(self, reader: Reader) -> PrevalenceAnswer:
        term = reader.terms().resolve(self.lesion if self.lesion is not None else reader.field().lesion, "lesion")
        node, populations = population_of(reader, self.population), reader.field().populations
        rows = reader.prevalence(lesions=reader.terms().takes(term.id))
        kept, _ = sift(self.filters, rows, reader.studies(), prevalence_verdict, lambda row: row.study)
        corpus = reader.corpus()

        def inside(where: str, some: Iterable[Any]) -> list[Any]:
            nodes = frozenset(populations.with_parts(where))
            return [row for row in some if nodes & set(row.populations)]

        def result(where: str) -> Pooled:
            return prevalence(term.id, where, inside(where, kept), corpus)

        others = [other for other in sorted(populations) if other != node and inside(other, kept)]
        if self.population is not None:
            shown = {*populations.with_parts(node), *(populations.indirect(node) if self.filters.indirect else ())}
            others = [other for other in others if other in shown]
        here = inside(node, rows)
        _, unknown = sift(self.filters, here, reader.studies(), prevalence_verdict, lambda row: row.study)
        own = result(node)
        empty = own.pooled is None and not own.rows and not own.published and not own.uncounted
        elsewhere = sorted({place for row in rows for place in row.populations})
        return PrevalenceAnswer(
            query=query_of(reader, {"lesion": term.id}, node, self.filters),
            release=reader.release(),
            unknown_dropped=unknown,
            prevalence=own,
            populations=tuple(result(other) for other in others),
            why=why_empty(reader, len(here), self.filters, elsewhere) if empty else None,
        )

    @classmethod
    def row(cls) -> type[BaseModel]:
        return PrevalenceRow

    @classmethod
    def rows(cls, answer: PrevalenceAnswer) -> Sequence[BaseModel]:
        return answer.prevalence.rows


def share_of(reader: Reader, term: Term, node: str) -> Share | None:
    """The pooled prevalence of the outcome in the population, whatever the filters; in a part of the field's own else in that, or None."""
    corpus = reader.corpus()
    own = reader.field().population
    inside = node in reader.field().populations.with_parts(own)
    for place in dict.fromkeys((node, own) if inside else (node,)):
        rows = reader.prevalence(lesions=corpus.vocabulary.takes(term.id), populations=reader.field().populations.with_parts(place))
        pooled = pooled_prevalence(term.id, rows, corpus) if rows else None
        if pooled is not None:
            return Share(pooled.pct, place)
    return None
