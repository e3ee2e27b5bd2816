"""The factors of a lesion, populations side by side."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Annotated, ClassVar

from pydantic import Field

from graph.questions import several
from graph.questions.edges import beside, edges, not_studied
from graph.questions.envelope import Lesion, listed, term_of
from graph.questions.filters import Filters
from graph.questions.lists import Page
from graph.questions.question import Question
from graph.stores.port import Reader
from graph.synthesis.associations import population_ref, term_ref
from graph.synthesis.differences import difference, selection_note
from schema.across import Comparison
from schema.answer import Answer
from schema.association import Association
from schema.errors import BadParameter


class Compare(Question):
    """The factors of a lesion or outcome, populations side by side, and for each pair a test of the difference, or why there is none."""

    topic: ClassVar[str] = "across"

    lesion: Lesion = None
    populations: Annotated[several.Places, Field(json_schema_extra={"minItems": 2, "uniqueItems": True})] = ()
    filters: Filters = Filters()
    page: Page = Page()

    def answer(self, reader: Reader) -> Answer[Comparison]:
        term, turned = term_of(reader, self.lesion, "lesion or outcome")
        nodes = several.nodes_of(reader, self.populations) or reader.field().compared
        if len(nodes) < 2:
            raise BadParameter("population", "compare takes two populations or more, each named once.", sorted(reader.field().populations))
        cells: dict[str, dict[str, Association]] = {}
        unknown = 0
        for node in nodes:
            found, left_out = edges(reader, node, self.filters, outcome=term.id)
            unknown += left_out
            if self.filters.indirect:
                found = beside(reader, node, self.filters, found, exposure=None, outcome=term.id)
            for one in found:
                cells.setdefault(one.exposure.id, {})[node] = one
        corpus = reader.corpus()
        inside = frozenset(part for node in nodes for part in reader.field().populations.with_parts(node))
        observations = {
            row.finding: row for row in reader.findings(outcomes=frozenset(corpus.vocabulary.takes(term.id)), populations=inside)
        }
        wider = () if self.filters.indirect else None

        def row(factor: str) -> Comparison:
            exposure = term_ref(corpus.vocabulary[factor])
            known = cells[factor]
            whole = [
                known.get(node) or not_studied(exposure, term_ref(term), population_ref(corpus.populations[node]), wider) for node in nodes
            ]
            tests = tuple(difference(pair, observations, corpus) for pair in combinations(whole, 2))
            return Comparison(factor=exposure, outcome=term_ref(term), cells=tuple(whole), differences=tests)

        items = sorted((row(factor) for factor in sorted(cells)), key=_most_known_first)
        return listed(
            reader,
            {"lesion": term.id, **turned, **several.query_of(reader, nodes, self.filters)},
            items,
            self.page,
            None if items else several.nothing(reader, term.id, None, nodes, self.filters),
            unknown=unknown,
            note=" ".join(filter(None, (_untested(items), selection_note(nodes, reader.field())))) or None,
        )


def _most_known_first(one: Comparison) -> tuple[object, ...]:
    tested = sum(difference.comparable for difference in one.differences)
    estimated = sum(cell.estimate is not None for cell in one.cells)
    studied = sum(cell.studies > 0 for cell in one.cells)
    return (-tested, -estimated, -studied, -sum(cell.cohorts for cell in one.cells), one.factor.id)


def _untested(items: Sequence[Comparison]) -> str | None:
    if not items or any(one.comparable for item in items for one in item.differences):
        return None
    return "No difference can be tested: each pair says why it can't be compared. Unlike directions side by side are no test."
