"""What is not known, and what one more study would teach."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from pydantic import Field

from graph.build import group
from graph.questions import several
from graph.questions.edges import contest
from graph.questions.envelope import listed, term_of
from graph.questions.filters import Filters, finding_verdict, sift
from graph.questions.lists import Page
from graph.questions.prevalence import share_of
from graph.questions.question import DATA, FIGURE, PAPERS, Question, Several
from graph.stores.port import Reader
from graph.synthesis.associations import population_ref, synthesise, term_ref
from graph.synthesis.method import METHOD, method_of
from schema.across import Gap, State
from schema.answer import Answer, Why
from schema.association import Association
from schema.errors import BadParameter
from schema.observation import Observation
from schema.vocabulary import Term

Key = tuple[str, str, str]


class Gaps(Question):
    """The empty and weak cells of factor x population, those first from which one more study would teach most, with its sample size."""

    topic: ClassVar[str] = "across"
    formats: ClassVar[tuple[str, ...]] = (*DATA, *PAPERS, *FIGURE)

    lesion: str | None = Field(
        default=None,
        description="the lesion or outcome: id, name or synonym; the field's own where outcome is left out, too; with outcome: the factor",
    )
    outcome: str | None = Field(default=None, description="the outcome: id, name or synonym")
    populations: several.Places = ()
    state: Several[State] = Field(default=("empty", "weak"), description="which cells (repeat): empty, weak, fair")
    odds_ratio: float = Field(
        default=METHOD.stated_odds_ratio,
        ge=0.01,
        le=100,
        description="the odds ratio that the sample size is to detect; not 1",
        json_schema_extra={"not": {"const": 1}},
    )
    filters: Filters = Filters()
    page: Page = Page()

    def answer(self, reader: Reader) -> Answer[Gap]:
        if self.odds_ratio == 1:
            raise BadParameter("odds_ratio", "odds_ratio is 0.01 to 100, and not 1: no sample detects that there is no effect.")
        about, turned = term_of(reader, self.lesion, "lesion or outcome")
        term, factor = about, None
        query: dict[str, Any] = {"lesion": about.id, **turned} if self.lesion is not None or self.outcome is None else {}
        if self.outcome is not None:
            term, turned = term_of(reader, self.outcome, "outcome")
            query |= {"outcome": term.id, **turned}
            factor = about.id if self.lesion is not None and about.id != term.id else None
        nodes = several.nodes_of(reader, self.populations) or reader.field().columns
        if self.filters.indirect:
            nodes = tuple(dict.fromkeys([*nodes, *(wider for node in nodes for wider in reader.field().populations.indirect(node))]))
        rows, cells, unknown = _cells(reader, term.id, factor, nodes, self.filters)
        known: dict[str, dict[str, Association | None]] = {}
        for key in rows:
            known.setdefault(key[0], {})[key[2]] = cells.get(key)
        shares = {node: _prevalence(reader, term, node) for node in nodes}
        exposed = _Exposed(reader, known)
        items = [
            _gap(reader, term, name, node, rows, cells, known[name], shares[node], exposed.in_(name, node), self.odds_ratio)
            for name in sorted(known)
            for node in nodes
        ]
        items.sort(key=lambda one: (-one.expected_change, *_elsewhere(known[one.factor.id]), one.factor.id, nodes.index(one.population.id)))
        ranked = [one.model_copy(update={"rank": i}) for i, one in enumerate(items, start=1)]
        shown = [one for one in ranked if one.state in self.state]
        why = None
        if not shown:
            why = several.nothing(reader, term.id, factor, (), self.filters)
            if items:
                text = f"{len(items)} cells, and none of them is {' or '.join(self.state)}."
                why = Why(status="filtered-out", text=text, filter="state", without=len(items))
        return listed(
            reader,
            {**query, **several.query_of(reader, nodes, self.filters), "state": list(self.state), "odds_ratio": self.odds_ratio},
            shown,
            self.page,
            why,
            unknown=unknown,
            note=_note(shown, ranked),
        )


def _cells(
    reader: Reader, outcome: str, factor: str | None, nodes: Sequence[str], filters: Filters
) -> tuple[dict[Key, list[Observation]], dict[Key, Association], int]:
    """The rows of each cell in every population, the associations of the columns and all others, and how many rows a filter leaves open."""
    corpus = reader.corpus()
    vocabulary = corpus.vocabulary
    every = reader.findings(
        exposures=None if factor is None else frozenset(vocabulary.takes(factor)), outcomes=frozenset(vocabulary.takes(outcome))
    )
    kept, _ = sift(filters, every, corpus.studies, finding_verdict, lambda row: row.study)
    inside = frozenset(part for node in nodes for part in reader.field().populations.with_parts(node))
    here = [row for row in every if inside & set(row.populations)]
    unknown = sift(filters, here, corpus.studies, finding_verdict, lambda row: row.study)[1]
    rows = {key: found for key, found in group(kept, reader.field()).items() if key[1] == outcome and (factor is None or key[0] == factor)}
    if not filters.active:
        stored = reader.edges(exposure=factor, outcome=outcome)
        return rows, {one.key: one for one in stored}, unknown
    made = {key: contest(reader, key, synthesise(*key, found, corpus), filters, corpus)[0] for key, found in rows.items()}
    return rows, made, unknown


def _gap(
    reader: Reader,
    term: Term,
    factor: str,
    node: str,
    rows: Mapping[Key, list[Observation]],
    cells: Mapping[Key, Association],
    known: Mapping[str, Association | None],
    share: tuple[float, str] | None,
    exposed: tuple[float, str],
    odds_ratio: float,
) -> Gap:
    # numpy is loaded where figures are made
    from graph.synthesis.next_study import lesson, sample_size, state_of
    from graph.synthesis.weight import reported_zs

    corpus = reader.corpus()
    vocabulary = corpus.vocabulary
    key = (factor, term.id, node)
    cell = cells.get(key)
    reports = synthesise(*key, rows[key], corpus, short=True).verdict.reports if key in rows else ()
    learned = lesson(tuple(sorted(reported_zs(reports, corpus.method))), corpus.method)
    figures = {} if cell is None else {name: getattr(cell, name) for name in _FIGURES}
    return Gap(
        rank=1,
        factor=term_ref(vocabulary[factor]),
        outcome=term_ref(term),
        population=population_ref(corpus.populations[node]),
        state=state_of(cell),
        **{"cohorts": 0, "patients": None, "caption": "not studied here", **figures},
        p_increase=round(learned.p_increase, 6),
        expected_change=round(learned.change, 6),
        sample_size=None if share is None else sample_size(odds_ratio, share[0], exposed[0]),
        prevalence=None if share is None else round(share[0], 6),
        prevalence_source=None if share is None else share[1],
        exposed_share=None if share is None else round(exposed[0], 6),
        exposed_source=None if share is None else exposed[1],
        known_in=tuple(sorted(place for place, one in known.items() if one is not None and one.studies)),
    )


_FIGURES = (
    "cohorts", "patients", "direction", "measure", "estimate", "ci", "estimate_source", "certainty", "weight", "caption",
    "papers",
)  # fmt: skip


def _elsewhere(known: Mapping[str, Association | None]) -> tuple[float, int]:
    """Of cells of which a study would teach as much: first the factor with the highest weight anywhere, then with most cohorts anywhere."""
    found = [one for one in known.values() if one is not None]
    return -max((one.weight or 0.0 for one in found), default=0.0), -max((one.cohorts for one in found), default=0)


def _prevalence(reader: Reader, term: Term, node: str) -> tuple[float, str] | None:
    """The share with the outcome in the population, else in the field's own, else as the method assumes; None of a measurement."""
    if term.unit is not None:
        return None
    known = share_of(reader, term, node)
    if known is not None:
        return min(max(known.pct / 100, 0.005), 0.995), known.source
    method = method_of(reader.field().constants)
    return method.default_prevalence_lesion if term.kind == "lesion" else method.default_prevalence_other, "assumed"


class _Exposed:
    """How many patients of a population have a factor, by what papers on any outcome print, whatever the filters."""

    def __init__(self, reader: Reader, factors: Iterable[str]) -> None:
        self._corpus = reader.corpus()
        self._rows: dict[str, list[Observation]] = {}
        for row in reader.findings(exposures=frozenset(factors)):
            if row.row.counts is not None or row.row.groups is not None:
                self._rows.setdefault(row.exposure, []).append(row)

    def in_(self, factor: str, node: str) -> tuple[float, str]:
        """The share with the population that it is of: this one, else the field's own where this is a part of it; else as assumed."""
        from graph.synthesis.next_study import exposed_share

        places, own = self._corpus.populations, self._corpus.field.population
        rows = self._rows.get(factor)
        for place in dict.fromkeys((node, own) if node in places.with_parts(own) else (node,)) if rows else ():
            inside = frozenset(places.with_parts(place))
            share = exposed_share((row for row in rows or () if inside & set(row.populations)), self._corpus)
            if share is not None:
                return share, place
        return self._corpus.method.default_exposed_share, "assumed"


def _note(shown: Sequence[Gap], ranked: Sequence[Gap]) -> str | None:
    if not shown:
        return None
    counted = {state: sum(one.state == state for one in ranked) for state in ("empty", "weak", "fair")}
    cells = ", ".join(f"{number} {state}" for state, number in counted.items())
    return (
        f"{len(ranked)} cells: {cells}. Of cells from which a study would teach as much, the factor with the highest weight anywhere comes "
        "first. A sample size is of one comparison, at the share of patients who have the factor in the papers, or "
        f"{METHOD.default_exposed_share:.0%} where none prints it."
    )
