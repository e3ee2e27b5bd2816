"""The questions, over the store's port: command line, API and `open_graph()` all ask here, and every store gives the same answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from graph.questions.across import compare, gaps, paths, share_of
from graph.questions.cohorts import cohort, cohorts
from graph.questions.edges import beside, contest, corpus_of, edges, findings, known_studies, term_of, with_indirect
from graph.questions.envelope import beyond, population_of, query_of, spelt, why_empty
from graph.questions.filters import Filters, prevalence_verdict, sift, study_verdict
from graph.questions.lists import Narrow, Page, Side, cut, ordered
from graph.stores.port import Reader, Store
from graph.synthesis.absolute_risks import absolute
from graph.synthesis.associations import synthesise, term_ref
from graph.synthesis.certainty import RULES
from graph.synthesis.mechanisms import tally
from graph.synthesis.method import METHOD, method_of
from graph.synthesis.observations import WAYS
from graph.synthesis.overlap import overlap
from graph.synthesis.prevalence import prevalence as prevalence_of
from graph.synthesis.robustness import cumulative, flips, leave_one_out, small_study_effects
from graph.synthesis.rows import claim_row, rows_of
from graph.synthesis.subgroups import camps, subgroups
from schema.answer import (
    Answer,
    Evidence,
    Neighbours,
    PrevalenceAnswer,
    ReleaseAnswer,
    SchemaAnswer,
    StudyAnswer,
    StudyItem,
    TermAnswer,
    TermItem,
    Why,
)
from schema.association import Association, FactorTally, Mechanism, MechanismEdge, TermRef
from schema.association import Prevalence as PrevalenceResult
from schema.errors import BadParameter
from schema.graphmodel import EDGES, NODES
from schema.names import normal
from schema.populations import Populations
from schema.reading import Reading
from schema.study import Design
from schema.vocabulary import Kind, Term

DEFAULT_LESION = "r-dwi"


def factors(
    reader: Reader,
    lesion: str = DEFAULT_LESION,
    population: str | None = None,
    *,
    filters: Filters = Filters(),
    narrow: Narrow = Narrow(),
    page: Page = Page(),
) -> Answer[Association]:
    """The factors linked to a lesion or outcome in a population."""
    outcome, turned = term_of(reader, lesion, "lesion or outcome")
    return _associations(reader, "exposure", {"lesion": outcome.id, **turned}, population, filters, narrow, page, outcome=outcome.id)


def outcomes(
    reader: Reader,
    exposure: str = DEFAULT_LESION,
    population: str | None = None,
    *,
    filters: Filters = Filters(),
    narrow: Narrow = Narrow(),
    page: Page = Page(),
) -> Answer[Association]:
    """What an exposure (R-DWI themselves, where none is named) is linked to in a population."""
    term = reader.terms().resolve(exposure, "exposure")
    return _associations(reader, "outcome", {"exposure": term.id}, population, filters, narrow, page, exposure=term.id)


def contested(
    reader: Reader,
    lesion: str | None = None,
    outcome: str | None = None,
    population: str | None = None,
    *,
    filters: Filters = Filters(),
    page: Page = Page(),
) -> Answer[Association]:
    """The associations on which the evidence contradicts itself, with the camps and what differs between them."""
    query: dict[str, Any] = {}
    about = target = None
    if lesion is not None:
        about, turned = term_of(reader, lesion, "lesion")
        query |= {"lesion": about.id, **turned}
    if outcome is not None:
        target, turned = term_of(reader, outcome, "outcome")
        query |= {"outcome": target.id, **turned}
    node = population_of(reader, population)
    items, unknown = edges(reader, node, filters, outcome=target.id if target else None)
    wanted = [one for one in items if one.contested is not None and (about is None or about.id in {one.exposure.id, one.outcome.id})]
    wanted = [with_indirect(reader, one, filters) for one in wanted]
    return _answer(reader, query, node, filters, Narrow(), page, wanted, unknown, len(items), "exposure")


def evidence(
    reader: Reader,
    exposure: str,
    outcome: str,
    population: str | None = None,
    *,
    baseline: float | None = None,
    filters: Filters = Filters(),
) -> Evidence:
    """One association with every row on it, how each was used, and how it holds up.

    `baseline`: the risk without the exposure, in percent above 0 and below 100, at which absolute risks are told.
    """
    if baseline is not None and not 0 < baseline < 100:
        raise BadParameter("baseline", "baseline is a percentage above 0 and below 100.")
    terms = reader.terms()
    cause = terms.resolve(exposure, "exposure")
    effect, turned = term_of(reader, outcome, "outcome")
    node = population_of(reader, population)
    readings, unknown = findings(reader, node, filters, exposures=terms.takes(cause.id), outcomes=terms.takes(effect.id))
    about = {"exposure": cause.id, "outcome": effect.id, **turned, **({"baseline": baseline} if baseline is not None else {})}
    query = query_of(reader.field().populations, about, node, filters)
    key = (cause.id, effect.id, node)
    corpus = corpus_of(reader)
    association = None
    rows: Sequence[Any] = ()
    holds: dict[str, Any] = {}
    why = None
    if readings and cause.id != effect.id:
        synthesis = synthesise(*key, readings, corpus)
        contested, sides = contest(reader, key, synthesis, filters, corpus)
        association = with_indirect(reader, contested, filters)
        rows = rows_of(synthesis, readings, corpus)
        left_out = leave_one_out(synthesis, readings, corpus)
        holds = {
            "leave_one_out": left_out,
            "cumulative": cumulative(synthesis, readings, corpus),
            "subgroups": subgroups(synthesis, corpus),
            "small_study_effects": small_study_effects(synthesis),
            "flips": flips(synthesis, left_out, corpus.method),
            "camps": camps(contested.contested, sides, corpus.method),
            "absolute": absolute(association, effect, readings, share_of(reader, effect, node), baseline),
        }
    else:
        everything, _ = findings(reader, node, Filters(), exposures=terms.takes(cause.id), outcomes=terms.takes(effect.id))
        elsewhere = reader.findings(exposures=terms.takes(cause.id), outcomes=terms.takes(effect.id))
        why = why_empty(reader.field().populations, len(everything), filters, _places(elsewhere))
    note = _first_word(reader.field().populations, node, [association] if association else [])
    return Evidence(
        query=query,
        release=reader.release(),
        unknown_dropped=unknown,
        note=note,
        association=association,
        rows=tuple(rows),
        published=association.published if association else (),
        **holds,
        why=why,
    )


def prevalence(
    reader: Reader, lesion: str = DEFAULT_LESION, population: str | None = None, *, filters: Filters = Filters()
) -> PrevalenceAnswer:
    """How common a lesion is: in the population asked for and its parts; in all others where none is named; `indirect` adds wider ones."""
    term = reader.terms().resolve(lesion, "lesion")
    node = population_of(reader, population)
    takes = reader.terms().takes(term.id)
    known_studies(filters.exclude, reader.studies())
    rows = reader.prevalence(lesions=takes)
    kept, _ = sift(filters, rows, reader.studies(), prevalence_verdict, lambda row: row.study)
    corpus = corpus_of(reader)

    def inside(where: str, some: Iterable[Any]) -> list[Any]:
        nodes = frozenset(reader.field().populations.with_parts(where))
        return [row for row in some if nodes & set(row.populations)]

    def result(where: str) -> PrevalenceResult:
        return prevalence_of(term.id, where, inside(where, kept), corpus)

    others = [other for other in sorted(reader.field().populations) if other != node and inside(other, kept)]
    if population is not None:
        shown = {*reader.field().populations.with_parts(node), *(reader.field().populations.indirect(node) if filters.indirect else ())}
        others = [other for other in others if other in shown]
    here = inside(node, rows)
    _, unknown = sift(filters, here, reader.studies(), prevalence_verdict, lambda row: row.study)
    own = result(node)
    empty = own.pooled is None and not own.rows and not own.published and not own.uncounted
    return PrevalenceAnswer(
        query=query_of(reader.field().populations, {"lesion": term.id}, node, filters),
        release=reader.release(),
        unknown_dropped=unknown,
        prevalence=own,
        populations=tuple(result(other) for other in others),
        why=why_empty(reader.field().populations, len(here), filters, sorted({place for row in rows for place in row.populations}))
        if empty
        else None,
    )


def mechanisms(reader: Reader, lesion: str = DEFAULT_LESION, *, page: Page = Page()) -> Answer[Mechanism]:
    """Each mechanism with the claims that name the lesion in their chain, and the factors that may act through it."""
    terms = reader.terms()
    term, turned = term_of(reader, lesion, "lesion or outcome")
    studies, patients = reader.studies(), reader.patients()
    claims = [claim for claim in reader.claims() if term.id in claim.row.links]
    items = []
    for mechanism in sorted({claim.row.mechanism for claim in claims}):
        own = [claim for claim in claims if claim.row.mechanism == mechanism]
        # a factor of which papers only deny it is no factor that may act; its claims stay
        names = sorted({factor for claim in own if claim.row.stance != "argues-against" for factor in claim.factors})
        items.append(
            Mechanism(
                **tally(own, patients).model_dump(),
                mechanism=term_ref(terms[mechanism]),
                claims=tuple(claim_row(claim, studies) for claim in own),
                factors=tuple(
                    FactorTally(
                        **tally([claim for claim in own if factor in claim.factors], patients).model_dump(), factor=term_ref(terms[factor])
                    )
                    for factor in names
                ),
            )
        )
    items.sort(key=lambda one: (-(one.supports + one.argues_against), -one.support, -one.proposes, one.mechanism.id))
    shown = cut(items, page)
    why = Why(status="not-studied", text=f"No paper of this release claims a mechanism for {term.name}.") if not items else None
    return Answer(
        query={"lesion": term.id, **turned},
        release=reader.release(),
        total=len(items),
        limit=page.limit,
        offset=page.offset,
        items=tuple(shown),
        why=why or beyond(page, len(items)),
    )


def studies(
    reader: Reader,
    q: str | None = None,
    *,
    design: Sequence[Design] = (),
    year_from: int | None = None,
    year_to: int | None = None,
    country: str | None = None,
    page: Page = Page(),
) -> Answer[StudyItem]:
    """The studies, by what stands in their id, title, authors, journal or cohorts.

    Those on which it can't be told whether they match are counted, not listed.
    """
    words = normal(q).split() if q else []
    filters = Filters(design=tuple(design), year_from=year_from, year_to=year_to)
    found = []
    unknown = 0
    for study in reader.studies().values():
        text = normal(" ".join(filter(None, (study.id, study.title, study.journal, study.first_author, *study.authors, *study.cohorts))))
        if (q and not words) or not all(word in text for word in words):
            continue
        told = study_verdict(filters, study, country)
        unknown += told == "unknown"
        if told == "kept":
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
                    n=study.n,
                    countries=study.countries,
                    cohorts=study.cohorts,
                    findings=len(study.findings),
                    prevalence=len(study.prevalence),
                    claims=len(study.mechanisms),
                )
            )
    query = {
        name: value
        for name, value in (("q", q), ("design", list(design)), ("year_from", year_from), ("year_to", year_to), ("country", country))
        if value
    }
    why = beyond(page, len(found))
    if not found:
        why = Why(status="filtered-out", text="No study matches.", filter=", ".join(query), without=len(reader.studies()))
    return Answer(
        query=query,
        release=reader.release(),
        total=len(found),
        limit=page.limit,
        offset=page.offset,
        unknown_dropped=unknown,
        items=tuple(cut(found, page)),
        why=why,
    )


def study(reader: Reader, study_id: str) -> StudyAnswer:
    """One study: its sheet, how each row was read, and whom it shares patients with."""
    everything = reader.studies()
    known_studies((study_id,), everything)
    found = everything[study_id]
    patients = reader.patients()
    readings = reader.findings(study=study_id)
    return StudyAnswer(
        release=reader.release(),
        label=found.label,
        study=found,
        rows=tuple(rows_of(None, readings, corpus_of(reader))),
        claims=tuple(claim_row(claim, everything) for claim in reader.claims() if claim.study == study_id),
        shares_patients_with=tuple(other for other in everything if other != study_id and overlap(patients[study_id], patients[other])),
    )


def terms(reader: Reader, q: str | None = None, *, kind: Kind | None = None, page: Page = Page()) -> Answer[TermItem]:
    """The terms, all or those whose id, name or synonym matches; with how many findings each has."""
    vocabulary = reader.terms()
    matching = vocabulary.search(q) if q else sorted(vocabulary.terms.values(), key=lambda term: term.id)
    found = [term for term in matching if kind is None or term.kind == kind]
    counted = reader.finding_counts()
    shown = [TermItem(**term.model_dump(), findings=counted.get(term.id, 0)) for term in cut(found, page)]
    query = {name: value for name, value in (("q", q), ("kind", kind)) if value}
    why = beyond(page, len(found))
    if not found:
        near = vocabulary.suggest(q) if q else ()
        hint = f" Nearest: {', '.join(near)}." if near else ""
        why = Why(status="filtered-out", text=f"No term matches.{hint}", filter=", ".join(query), without=len(vocabulary.terms))
    return Answer(
        query=query, release=reader.release(), total=len(found), limit=page.limit, offset=page.offset, items=tuple(shown), why=why
    )


def term(reader: Reader, name: str) -> TermAnswer:
    """One term, with the broader and the narrower ones."""
    vocabulary = reader.terms()
    found = vocabulary.resolve(name)
    broader, narrower = _around(vocabulary.terms, found)
    return TermAnswer(
        release=reader.release(), term=found, broader=broader, narrower=narrower, findings=reader.finding_counts().get(found.id, 0)
    )


def neighbours(reader: Reader, name: str, population: str | None = None) -> Neighbours:
    """All edges of a term in a population."""
    vocabulary = reader.terms()
    found = vocabulary.resolve(name)
    node = population_of(reader, population)
    broader, narrower = _around(vocabulary.terms, found)
    return Neighbours(
        release=reader.release(),
        query={"term": found.id, "population": node},
        term=term_ref(found),
        as_exposure=tuple(ordered(reader.edges(exposure=found.id, population=node), None, "outcome")),
        as_outcome=tuple(ordered(reader.edges(outcome=found.id, population=node), None, "exposure")),
        mechanisms=tuple(one for one in reader.mechanism_edges() if found.id in {one.start, one.end}),
        broader=broader,
        narrower=narrower,
    )


def release(reader: Reader, store: Store) -> ReleaseAnswer:
    """What is loaded."""
    versions = {"rdwi-graph": package_version(), "method": METHOD.served()["version"], **store.versions}
    return ReleaseAnswer(release=reader.release(), loaded=reader.loaded(), store=store.name, counts=reader.counts(), versions=versions)


def package_version() -> str:
    try:
        return version("rdwi-graph")
    except PackageNotFoundError:
        return "0+unknown"


def schema(reader: Reader) -> SchemaAnswer:
    """Node and edge types, vocabulary, and the method with its constants and rules."""
    vocabulary = reader.terms()
    return SchemaAnswer(
        release=reader.release(),
        nodes=tuple(one.model_dump() for one in NODES),
        edges=tuple(one.model_dump() for one in EDGES),
        vocabulary=tuple(one for _, one in sorted(vocabulary.terms.items())),
        roll_ups={parent: {**dict(children)} for parent, children in sorted(vocabulary.roll_ups.items())},
        populations=tuple(
            {"id": one.id, "name": one.name, "synonyms": list(one.synonyms), "part_of": list(one.part_of)}
            for one in reader.field().populations.values()
        ),
        method={
            "constants": method_of(reader.field().constants).served(),
            "certainty": [{"rule": rule, "step": step, "when": when} for rule, step, when in RULES],
            "observations": [{"way": way, "what": what, "source": source} for way, (what, source) in WAYS.items()],
        },
    )


# --- how associations are found, filtered, put in order ---


def _associations(
    reader: Reader,
    side: Side,
    about: dict[str, Any],
    population: str | None,
    filters: Filters,
    narrow: Narrow,
    page: Page,
    *,
    exposure: str | None = None,
    outcome: str | None = None,
) -> Answer[Association]:
    node = population_of(reader, population)
    found, unknown = edges(reader, node, filters, exposure=exposure, outcome=outcome)
    if filters.indirect:
        found = beside(reader, node, filters, found, exposure=exposure, outcome=outcome)
    items = [one for one in found if narrow.keeps(one, side)]
    answer = _answer(reader, about, node, filters, narrow, page, items, unknown, len(found), side)
    note = _first_word(reader.field().populations, node, found)
    if items or answer.why is None:
        return answer.model_copy(update={"note": note})
    return answer


def _answer(
    reader: Reader,
    about: dict[str, Any],
    population: str,
    filters: Filters,
    narrow: Narrow,
    page: Page,
    items: list[Association],
    unknown: int,
    before_narrowing: int,
    side: Side,
) -> Answer[Association]:
    why = beyond(page, len(items))
    if not items:
        if before_narrowing:
            names = ", ".join(narrow.active) or "the question"
            why = Why(
                status="filtered-out",
                text=f"{before_narrowing} associations are known; none is left by {spelt(names)}.",
                filter=names,
                without=before_narrowing,
            )
        else:
            why = _empty_edges(reader, about, population, filters)
    return Answer(
        query={
            **query_of(reader.field().populations, about, population, filters),
            **narrow.active,
            **({"sort": page.sort} if page.sort else {}),
        },
        release=reader.release(),
        total=len(items),
        limit=page.limit,
        offset=page.offset,
        unknown_dropped=unknown,
        items=tuple(cut(ordered(items, page.sort, side), page)),
        why=why,
    )


def _empty_edges(reader: Reader, about: Mapping[str, Any], population: str, filters: Filters) -> Why:
    exposure, outcome = about.get("exposure"), about.get("outcome") or about.get("lesion")
    unfiltered = reader.edges(exposure=exposure, outcome=outcome, population=population)
    elsewhere = sorted({one.population.id for one in reader.edges(exposure=exposure, outcome=outcome)})
    for name in filters.active:
        left = edges(reader, population, filters.without(name), exposure=exposure, outcome=outcome)[0] if unfiltered else []
        if left:
            return why_empty(reader.field().populations, len(left), filters, elsewhere, name)
    return why_empty(reader.field().populations, len(unfiltered), filters, elsewhere)


def _places(readings: Iterable[Reading]) -> list[str]:
    return sorted({population for reading in readings for population in reading.populations})


def _first_word(populations: Populations, population: str, items: Sequence[Association]) -> str | None:
    """What a reader must know first: how little there is where nothing can be pooled."""
    studied = [one for one in items if one.studies]
    if not studied or any(one.estimate is not None for one in studied):
        return None
    rows = {finding for one in studied for finding in one.findings}
    papers = {finding.split(":")[0] for finding in rows}
    wider = [populations[one].name for one in populations.indirect(population)]
    hint = f" Indirect evidence from {' and '.join(wider)}: ask with indirect=true (--indirect)." if wider else ""
    plural = "study" if len(papers) == 1 else "studies"
    return f"{len(rows)} finding{'s' if len(rows) != 1 else ''} from {len(papers)} {plural}, and no estimate to pool.{hint}"


def _around(everything: Mapping[str, Term], found: Term) -> tuple[TermRef | None, tuple[TermRef, ...]]:
    broader = term_ref(everything[found.broader]) if found.broader else None
    return broader, tuple(term_ref(one) for _, one in sorted(everything.items()) if one.broader == found.id)


__all__ = [
    "Filters", "MechanismEdge", "Narrow", "Page", "cohort", "cohorts", "compare", "contested", "evidence", "factors", "gaps",
    "mechanisms", "neighbours", "outcomes", "paths", "prevalence", "release", "schema", "studies", "study", "term", "terms",
]  # fmt: skip
