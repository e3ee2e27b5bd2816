"""The questions across populations and along chains: compare, paths, gaps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import Any

from graph.build import group
from graph.questions.edges import beside, contest, corpus_of, edges, known_studies, not_studied, term_of
from graph.questions.envelope import beyond, evidence_in, population_of, query_of, spelt
from graph.questions.filters import Filters, claim_verdict, finding_verdict, sift
from graph.questions.lists import LONGEST_CHAIN, Page, cut
from graph.stores.port import Reader
from graph.synthesis.absolute_risks import Share
from graph.synthesis.associations import population_ref, synthesise, term_ref
from graph.synthesis.chains import chains, links_of, shortest
from graph.synthesis.differences import difference, selection_note
from graph.synthesis.mechanisms import edges as mechanism_edges
from graph.synthesis.method import METHOD, method_of
from graph.synthesis.prevalence import prevalence as prevalence_of
from graph.synthesis.reports import cast
from schema.across import Chain, Comparison, Gap, Link, State
from schema.answer import Answer, Why
from schema.association import Association, MechanismEdge
from schema.errors import BadParameter
from schema.reading import Reading
from schema.vocabulary import Term


def compare(
    reader: Reader, lesion: str = "r-dwi", populations: Sequence[str] = (), *, filters: Filters = Filters(), page: Page = Page()
) -> Answer[Comparison]:
    """The factors of a lesion or outcome, populations side by side, and for each pair a test of the difference, or why there is none."""
    term, turned = term_of(reader, lesion, "lesion or outcome")
    nodes = _nodes(reader, populations) or reader.field().compared
    if len(nodes) < 2:
        raise BadParameter("population", "compare takes two populations or more, each named once.", sorted(reader.field().populations))
    cells: dict[str, dict[str, Association]] = {}
    unknown = 0
    for node in nodes:
        found, left_out = edges(reader, node, filters, outcome=term.id)
        unknown += left_out
        if filters.indirect:
            found = beside(reader, node, filters, found, exposure=None, outcome=term.id)
        for one in found:
            cells.setdefault(one.exposure.id, {})[node] = one
    corpus = corpus_of(reader)
    inside = frozenset(part for node in nodes for part in reader.field().populations.with_parts(node))
    readings = {row.finding: row for row in reader.findings(outcomes=frozenset(corpus.vocabulary.takes(term.id)), populations=inside)}

    def row(factor: str) -> Comparison:
        exposure = term_ref(corpus.vocabulary[factor])
        known = cells[factor]
        whole = [
            known.get(node)
            or not_studied(exposure, term_ref(term), population_ref(corpus.populations[node]), () if filters.indirect else None)
            for node in nodes
        ]
        tests = tuple(difference(pair, readings, corpus) for pair in combinations(whole, 2))
        return Comparison(factor=exposure, outcome=term_ref(term), cells=tuple(whole), differences=tests)

    items = sorted((row(factor) for factor in sorted(cells)), key=_most_known_first)
    why = beyond(page, len(items)) or (None if items else _nothing(reader, term.id, None, nodes, filters))
    return Answer(
        query={"lesion": term.id, **turned, **_several(reader, nodes, filters)},
        release=reader.release(),
        total=len(items),
        limit=page.limit,
        offset=page.offset,
        unknown_dropped=unknown,
        note=" ".join(filter(None, (_untested(items), selection_note(nodes, reader.field())))) or None,
        items=tuple(cut(items, page)),
        why=why,
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


def paths(
    reader: Reader,
    start: str,
    end: str,
    population: str | None = None,
    *,
    max_length: int = 4,
    filters: Filters = Filters(),
    page: Page = Page(),
) -> Answer[Chain]:
    """The chains from a term to another: associations of a population, and claims of mechanisms; each shows its weakest link."""
    if not 1 <= max_length <= LONGEST_CHAIN:
        raise BadParameter("max_length", f"max_length is 1 to {LONGEST_CHAIN}.")
    first = reader.terms().resolve(start, "term")
    last, turned = term_of(reader, end, "term")
    if first.id == last.id:
        raise BadParameter("to", f"A chain leads from one term to another, and both are {first.id}.")
    node = population_of(reader, population)
    links, unknown = _links(reader, node, filters)
    found = chains(links, node, first.id, last.id, max_length)
    note = "A chain is as strong as its weakest link, and nothing here is a causal proof."
    if found.bound is not None:
        weakest = f"{found.bound.start.id} > {found.bound.end.id} ({found.bound.caption})"
        note += f" There are more than {len(found.chains)}: those with a link weaker than {weakest} are left out."
    why = beyond(page, len(found.chains))
    if not found.chains:
        why = _no_chain(reader, links, first, last, node, max_length, filters)
    return Answer(
        query={
            "from": first.id,
            "to": last.id,
            **turned,
            "max_length": max_length,
            **query_of(reader.field().populations, {}, node, filters),
        },
        release=reader.release(),
        total=len(found.chains),
        limit=page.limit,
        offset=page.offset,
        unknown_dropped=unknown,
        note=note if found.chains else None,
        items=tuple(cut(found.chains, page)),
        why=why,
    )


def _links(reader: Reader, node: str, filters: Filters) -> tuple[list[Link], int]:
    """The population's own associations, with `indirect` those of wider ones where it has none itself, and the claims."""
    own, unknown = edges(reader, node, filters)
    wider = [
        one for other in (reader.field().populations.indirect(node) if filters.indirect else ()) for one in edges(reader, other, filters)[0]
    ]
    claims: Iterable[MechanismEdge] = reader.mechanism_edges()
    if filters.active:
        kept, left_out = sift(filters, reader.claims(), reader.studies(), claim_verdict, lambda claim: claim.study)
        unknown += left_out
        claims = mechanism_edges(kept, reader.patients())
    return links_of([*own, *wider], claims, reader.terms(), reader.studies()), unknown


def _no_chain(reader: Reader, links: Sequence[Link], first: Term, last: Term, node: str, max_length: int, filters: Filters) -> Why:
    if filters.active:
        without = chains(_links(reader, node, Filters(indirect=filters.indirect))[0], node, first.id, last.id, max_length).chains
        if without:
            names = ", ".join(filters.active)
            return Why(status="filtered-out", text=f"No chain is left by {spelt(names)}.", filter=names, without=len(without))
    text = f"No chain of up to {max_length} links leads from {first.name} to {last.name} in {reader.field().populations[node].name}."
    length = shortest(links, first.id, last.id)
    if length is not None and length > max_length:
        return Why(status="filtered-out", text=f"{text} The shortest has {length}.", filter="max_length", without=1)
    return Why(status="not-studied", text=text)


def gaps(
    reader: Reader,
    lesion: str | None = None,
    outcome: str | None = None,
    populations: Sequence[str] = (),
    *,
    state: Sequence[State] = ("empty", "weak"),
    odds_ratio: float = METHOD.stated_odds_ratio,
    filters: Filters = Filters(),
    page: Page = Page(),
) -> Answer[Gap]:
    """The cells of factor x population, most worth another study first, with the sample size that would detect a stated odds ratio."""
    if not 0.01 <= odds_ratio <= 100 or odds_ratio == 1:
        raise BadParameter("odds_ratio", "odds_ratio is 0.01 to 100, and not 1: no sample detects that there is no effect.")
    about, turned = term_of(reader, lesion or reader.field().lesion, "lesion or outcome")
    term, factor = about, None
    query: dict[str, Any] = {"lesion": about.id, **turned} if lesion is not None or outcome is None else {}
    if outcome is not None:
        term, turned = term_of(reader, outcome, "outcome")
        query |= {"outcome": term.id, **turned}
        factor = about.id if lesion is not None and about.id != term.id else None
    nodes = _nodes(reader, populations) or reader.field().columns
    if filters.indirect:
        nodes = tuple(dict.fromkeys([*nodes, *(wider for node in nodes for wider in reader.field().populations.indirect(node))]))
    rows, cells, unknown = _cells(reader, term.id, factor, nodes, filters)
    known: dict[str, dict[str, Association | None]] = {}
    for key in rows:
        known.setdefault(key[0], {})[key[2]] = cells.get(key)
    shares = {node: _prevalence(reader, term, node) for node in nodes}
    items = [_gap(reader, term, name, node, rows, cells, known[name], shares[node], odds_ratio) for name in sorted(known) for node in nodes]
    items.sort(key=lambda one: (-one.expected_change, *_elsewhere(known[one.factor.id]), one.factor.id, nodes.index(one.population.id)))
    ranked = [one.model_copy(update={"rank": i}) for i, one in enumerate(items, start=1)]
    shown = [one for one in ranked if one.state in state]
    why = beyond(page, len(shown))
    if not shown:
        why = _nothing(reader, term.id, factor, (), filters)
        if items:
            text = f"{len(items)} cells, and none of them is {' or '.join(state)}."
            why = Why(status="filtered-out", text=text, filter="state", without=len(items))
    return Answer(
        query={**query, **_several(reader, nodes, filters), "state": list(state), "odds_ratio": odds_ratio},
        release=reader.release(),
        total=len(shown),
        limit=page.limit,
        offset=page.offset,
        unknown_dropped=unknown,
        note=_gaps_note(shown, ranked),
        items=tuple(cut(shown, page)),
        why=why,
    )


Key = tuple[str, str, str]


def _cells(
    reader: Reader, outcome: str, factor: str | None, nodes: Sequence[str], filters: Filters
) -> tuple[dict[Key, list[Reading]], dict[Key, Association], int]:
    """The rows of each cell in every population, the associations of the columns and of all others, and how many rows can't be told."""
    corpus = corpus_of(reader)
    vocabulary = corpus.vocabulary
    known_studies(filters.exclude, corpus.studies)
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
        return rows, {(one.exposure.id, one.outcome.id, one.population.id): one for one in stored}, unknown
    made = {key: contest(reader, key, synthesise(*key, found, corpus), filters, corpus)[0] for key, found in rows.items()}
    return rows, made, unknown


def _gap(
    reader: Reader,
    term: Term,
    factor: str,
    node: str,
    rows: Mapping[Key, list[Reading]],
    cells: Mapping[Key, Association],
    known: Mapping[str, Association | None],
    share: tuple[float, str] | None,
    odds_ratio: float,
) -> Gap:
    # numpy is loaded where figures are made
    from graph.synthesis.next_study import lesson, sample_size, state_of
    from graph.synthesis.weight import reports_of

    corpus = corpus_of(reader)
    vocabulary = corpus.vocabulary
    key = (factor, term.id, node)
    cell = cells.get(key)
    speaking = (
        cast(rows[key], vocabulary.takes(factor), vocabulary.takes(term.id), corpus.studies, corpus.patients).speaking
        if key in rows
        else ()
    )
    learned = lesson(tuple(sorted(reports_of(vote.reading for vote in speaking))), corpus.method)
    figures = {} if cell is None else {name: getattr(cell, name) for name in _FIGURES}
    return Gap(
        rank=1,
        factor=term_ref(vocabulary[factor]),
        outcome=term_ref(term),
        population=population_ref(corpus.populations[node]),
        state=state_of(cell),
        **{"cohorts": 0, "patients": 0, "caption": "not studied here", **figures},
        p_increase=round(learned.p_increase, 6),
        expected_change=round(learned.change, 6),
        sample_size=None if share is None else sample_size(odds_ratio, share[0]),
        prevalence=None if share is None else round(share[0], 6),
        prevalence_source=None if share is None else share[1],
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
    """The share with the outcome in the population, else in ICH, else as the method assumes; None of a measurement."""
    if term.unit is not None:
        return None
    known = share_of(reader, term, node)
    if known is not None:
        return min(max(known.pct / 100, 0.005), 0.995), known.source
    method = method_of(reader.field().constants)
    return method.default_prevalence_lesion if term.kind == "lesion" else method.default_prevalence_other, "assumed"


def share_of(reader: Reader, term: Term, node: str) -> Share | None:
    """The pooled prevalence of the outcome in the population, else in ICH, whatever the filters; None where no cohort counts it."""
    corpus = corpus_of(reader)
    for place in dict.fromkeys((node, reader.field().population)):
        rows = reader.prevalence(lesions=corpus.vocabulary.takes(term.id), populations=reader.field().populations.with_parts(place))
        pooled = prevalence_of(term.id, place, rows, corpus).pooled if rows else None
        if pooled is not None:
            return Share(pooled.pct, place)
    return None


def _gaps_note(shown: Sequence[Gap], ranked: Sequence[Gap]) -> str | None:
    if not shown:
        return None
    counted = {state: sum(one.state == state for one in ranked) for state in ("empty", "weak", "fair")}
    cells = ", ".join(f"{number} {state}" for state, number in counted.items())
    return (
        f"{len(ranked)} cells: {cells}. Of cells from which a study would teach as much, the factor with the highest weight anywhere comes "
        f"first. A sample size is of one comparison, with {METHOD.default_exposed_share:.0%} exposed."
    )


# --- what these questions share ---


def _nodes(reader: Reader, populations: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(population_of(reader, one) for one in populations))


def _several(reader: Reader, nodes: Sequence[str], filters: Filters) -> dict[str, Any]:
    parts = {node: [part for part in reader.field().populations.with_parts(node) if part != node] for node in nodes}
    return {
        "population": list(nodes),
        "parts": {node: inner for node, inner in parts.items() if inner},
        **filters.model_dump(mode="json", exclude_defaults=True),
    }


def _nothing(reader: Reader, outcome: str, factor: str | None, nodes: Sequence[str], filters: Filters) -> Why:
    """Why there is no cell: a filter left none, or nobody studied it in these populations (all, where none is named)."""
    known = reader.edges(exposure=factor, outcome=outcome)
    here = [one for one in known if not nodes or one.population.id in nodes]
    if here and filters.active:
        names = ", ".join(filters.active)
        return Why(
            status="filtered-out", text=f"Nothing is left by {spelt(names)}.", filter=names, without=len({one.exposure.id for one in here})
        )
    places = evidence_in(reader.field().populations, sorted({one.population.id for one in known}))
    return Why(
        status="not-studied",
        text=f"No study of this release says anything of it{' in these populations' if nodes else ''}.{places}",
    )


__all__ = ["compare", "gaps", "paths", "share_of"]
