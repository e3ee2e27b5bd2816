"""What the lists of associations have in common: which there are, what keeps some, why there are none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from graph.questions.edges import beside, edges
from graph.questions.envelope import Place, listed, population_of, query_of, spelt, why_empty
from graph.questions.filters import Filters
from graph.questions.lists import Narrow, Page, Sort, ordered
from graph.questions.question import DATA, FIGURE, PAPERS, Question
from graph.stores.port import Reader
from graph.wording import count
from schema.answer import Answer, Why
from schema.association import Association, Side


class Associations(Question):
    """A list of associations in one population."""

    topic: ClassVar[str] = "associations"

    population: Place = None
    sort: Sort = None
    filters: Filters = Filters()
    page: Page = Page()

    def _answer(
        self,
        reader: Reader,
        about: Mapping[str, Any],
        items: Sequence[Association],
        side: Side,
        *,
        narrow: Narrow = Narrow(),
        known: int,
        unknown: int,
        note: str | None = None,
    ) -> Answer[Association]:
        """`known`: how many there were before the list was narrowed."""
        node = population_of(reader, self.population)
        query = {**query_of(reader, about, node, self.filters), **narrow.active, **({"sort": self.sort} if self.sort else {})}
        why = None
        if not items:
            why = _narrowed(known, narrow) if known else _nothing(reader, about, node, self.filters)
        shown = ordered(items, self.sort, side)
        return listed(reader, query, shown, self.page, why, unknown=unknown, note=note if items else None)


class OneSided(Associations):
    """The associations of one term, on one of their sides."""

    formats: ClassVar[tuple[str, ...]] = (*DATA, *PAPERS, *FIGURE)

    narrow: Narrow = Narrow()

    def _found(self, reader: Reader, side: Side, about: Mapping[str, Any], **term: str) -> Answer[Association]:
        node = population_of(reader, self.population)
        found, unknown = edges(reader, node, self.filters, **term)
        if self.filters.indirect:
            found = beside(reader, node, self.filters, found, exposure=term.get("exposure"), outcome=term.get("outcome"))
        kept = [one for one in found if self.narrow.keeps(one, side)]
        note = first_word(reader, node, found)
        return self._answer(reader, about, kept, side, narrow=self.narrow, known=len(found), unknown=unknown, note=note)


def _narrowed(known: int, narrow: Narrow) -> Why:
    names = ", ".join(narrow.active) or "the question"
    text = f"{known} associations are known; none is left by {spelt(names)}."
    return Why(status="filtered-out", text=text, filter=names, without=known)


def _nothing(reader: Reader, about: Mapping[str, Any], population: str, filters: Filters) -> Why:
    exposure, outcome = about.get("exposure"), about.get("outcome") or about.get("lesion")
    unfiltered = reader.edges(exposure=exposure, outcome=outcome, population=population)
    elsewhere = sorted({one.population.id for one in reader.edges(exposure=exposure, outcome=outcome)})
    for name in filters.active:
        left = edges(reader, population, filters.without(name), exposure=exposure, outcome=outcome)[0] if unfiltered else []
        if left:
            return why_empty(reader, len(left), filters, elsewhere, name)
    return why_empty(reader, len(unfiltered), filters, elsewhere)


def first_word(reader: Reader, population: str, items: Sequence[Association]) -> str | None:
    """What a reader must know first: how little there is where nothing can be pooled."""
    studied = [one for one in items if one.studies]
    if not studied or any(one.estimate is not None for one in studied):
        return None
    rows = {finding for one in studied for finding in one.findings}
    papers = {finding.split(":")[0] for finding in rows}
    populations = reader.field().populations
    wider = [populations[one].name for one in populations.indirect(population)]
    hint = f" Indirect evidence from {' and '.join(wider)}: ask with indirect=true (--indirect)." if wider else ""
    return f"{count(len(rows), 'finding')} from {count(len(papers), 'study', 'studies')}, and no estimate to pool.{hint}"
