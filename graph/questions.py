"""The questions, over the store's port: command line, API and `open_graph()` all ask here, and every store gives the same answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Literal, TypeVar

from pydantic import BaseModel

from graph.build import group, with_counterpart
from graph.certainty import RULES
from graph.filters import Filters, finding_verdict, prevalence_verdict, sift
from graph.mechanisms import tally
from graph.method import METHOD
from graph.overlap import overlap
from graph.prevalence import prevalence as prevalence_of
from graph.prevalence import study_ref
from graph.reading import WAYS
from graph.rows import claim_row, rows_of
from graph.stores.port import Reader
from graph.synthesis import Corpus, Synthesis, population_ref, synthesise, term_ref
from schema.answer import (
    Answer,
    Counts,
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
from schema.association import LEVELS, Association, CertaintyLevel, Direction, FactorTally, Mechanism, MechanismEdge, TermRef
from schema.association import Prevalence as PrevalenceResult
from schema.association import Reading as Beside
from schema.errors import BadParameter, UnknownName
from schema.graphmodel import EDGES, NODES
from schema.names import normal
from schema.populations import DEFAULT, POPULATIONS, indirect, resolve_population, with_parts
from schema.reading import Reading
from schema.study import Design
from schema.vocabulary import Kind, Term

DEFAULT_LESION = "r-dwi"
LARGEST_PAGE = 500
SORTS = ("certainty", "cohorts", "weight", "estimate", "patients", "name")

_B = TypeVar("_B", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Narrow:
    """Which items of a list to show."""

    kind: Kind | None = None
    category: str | None = None
    direction: Direction | None = None
    certainty: CertaintyLevel | None = None
    contested: bool | None = None
    min_cohorts: int | None = None

    @property
    def active(self) -> dict[str, Any]:
        return {name: value for name in self.__slots__ if (value := getattr(self, name)) is not None}

    def keeps(self, one: Association, side: Literal["exposure", "outcome"]) -> bool:
        term: TermRef = getattr(one, side)
        return (
            (self.kind is None or term.kind == self.kind)
            and (self.category is None or term.category == self.category)
            and (self.direction is None or one.direction == self.direction)
            and (self.certainty is None or one.certainty == self.certainty)
            and (self.contested is None or (one.contested is not None) is self.contested)
            and (self.min_cohorts is None or one.cohorts >= self.min_cohorts)
        )


@dataclass(frozen=True, slots=True)
class Page:
    """Which part of a list to show, in which order. `limit` None: all of it."""

    limit: int | None = 50
    offset: int = 0
    sort: str | None = None


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
    outcome, turned = _term(reader, lesion, "lesion or outcome")
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
        about, turned = _term(reader, lesion, "lesion")
        query |= {"lesion": about.id, **turned}
    if outcome is not None:
        target, turned = _term(reader, outcome, "outcome")
        query |= {"outcome": target.id, **turned}
    node = resolve_population(population or DEFAULT).id
    items, unknown = _edges(reader, node, filters, outcome=target.id if target else None)
    wanted = [
        one
        for one in items
        if one.contested is not None and (about is None or about.id in {one.exposure.id, one.outcome.id})
    ]
    return _answer(reader, query, node, filters, Narrow(), page, wanted, unknown, len(items), "exposure")


def evidence(
    reader: Reader, exposure: str, outcome: str, population: str | None = None, *, filters: Filters = Filters()
) -> Evidence:
    """One association with every row on it, and how each was used."""
    terms = reader.terms()
    cause = terms.resolve(exposure, "exposure")
    effect, turned = _term(reader, outcome, "outcome")
    node = resolve_population(population or DEFAULT).id
    readings, unknown = _findings(reader, node, filters, exposures=terms.takes(cause.id), outcomes=terms.takes(effect.id))
    query = _query({"exposure": cause.id, "outcome": effect.id, **turned}, node, filters)
    key = (cause.id, effect.id, node)
    corpus = _corpus(reader)
    association = None
    rows: Sequence[Any] = ()
    why = None
    if readings and cause.id != effect.id:
        synthesis = synthesise(*key, readings, corpus)
        association = _with_indirect(reader, _contest(reader, key, synthesis, filters, corpus), filters)
        rows = rows_of(synthesis, readings, corpus)
    else:
        everything, _ = _findings(reader, node, Filters(), exposures=terms.takes(cause.id), outcomes=terms.takes(effect.id))
        elsewhere = reader.findings(exposures=terms.takes(cause.id), outcomes=terms.takes(effect.id))
        why = _why_empty(len(everything), filters, _places(elsewhere))
    note = _first_word(effect.id, node, [association] if association else [])
    return Evidence(
        query=query,
        release=reader.release(),
        unknown_dropped=unknown,
        note=note,
        association=association,
        rows=tuple(rows),
        published=association.published if association else (),
        why=why,
    )


def prevalence(
    reader: Reader, lesion: str = DEFAULT_LESION, population: str | None = None, *, filters: Filters = Filters()
) -> PrevalenceAnswer:
    """How common a lesion is: in the population asked for, and in each of its parts and (without one) of all others."""
    term = reader.terms().resolve(lesion, "lesion")
    node = resolve_population(population or DEFAULT).id
    takes = reader.terms().takes(term.id)
    rows = reader.prevalence(lesions=takes)
    kept, _ = sift(filters, rows, reader.studies(), prevalence_verdict, lambda row: row.study)
    corpus = _corpus(reader)

    def inside(where: str, some: Iterable[Any]) -> list[Any]:
        nodes = frozenset(with_parts(where))
        return [row for row in some if nodes & set(row.populations)]

    def result(where: str) -> PrevalenceResult:
        return prevalence_of(term.id, where, inside(where, kept), corpus)

    others = [other for other in sorted(POPULATIONS) if other != node and inside(other, kept)]
    if population is not None:
        others = [other for other in others if other in with_parts(node)]
    here = inside(node, rows)
    _, unknown = sift(filters, here, reader.studies(), prevalence_verdict, lambda row: row.study)
    own = result(node)
    empty = own.pooled is None and not own.rows and not own.published
    return PrevalenceAnswer(
        query=_query({"lesion": term.id}, node, filters),
        release=reader.release(),
        unknown_dropped=unknown,
        prevalence=own,
        populations=tuple(result(other) for other in others),
        why=_why_empty(len(here), filters, sorted({place for row in rows for place in row.populations})) if empty else None,
    )


def mechanisms(reader: Reader, lesion: str = DEFAULT_LESION, *, page: Page = Page()) -> Answer[Mechanism]:
    """Each mechanism with the claims that name the lesion in their chain, and the factors that may act through it."""
    terms = reader.terms()
    term, turned = _term(reader, lesion, "lesion or outcome")
    studies, patients = reader.studies(), reader.patients()
    claims = [claim for claim in reader.claims() if term.id in claim.row.links]
    items = []
    for mechanism in sorted({claim.row.mechanism for claim in claims}):
        own = [claim for claim in claims if claim.row.mechanism == mechanism]
        names = sorted({factor for claim in own for factor in claim.factors})
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
    shown = _cut(items, page)
    why = Why(status="not-studied", text=f"No paper of this release claims a mechanism for {term.name}.") if not items else None
    return Answer(
        query={"lesion": term.id, **turned},
        release=reader.release(),
        total=len(items),
        limit=page.limit,
        offset=page.offset,
        items=tuple(shown),
        why=why,
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
    """The studies, by what stands in their id, title, authors or journal."""
    words = normal(q).split() if q else []
    found = []
    for study in reader.studies().values():
        text = normal(" ".join(filter(None, (study.id, study.title, study.journal, study.first_author, *study.authors, *study.cohorts))))
        if (
            all(word in text for word in words)
            and (not design or study.design in design)
            and (year_from is None or (study.year is not None and study.year >= year_from))
            and (year_to is None or (study.year is not None and study.year <= year_to))
            and (country is None or normal(country) in {normal(one) for one in study.countries})
        ):
            found.append(
                StudyItem(
                    id=study.id, label=study.label, title=study.title, year=study.year, journal=study.journal, doi=study.doi,
                    pmid=study.pmid, design=study.design, read=study.read, n=study.n, countries=study.countries, cohorts=study.cohorts,
                    findings=len(study.findings), prevalence=len(study.prevalence), claims=len(study.mechanisms),
                )  # fmt: skip
            )
    query = {
        name: value
        for name, value in (("q", q), ("design", list(design)), ("year_from", year_from), ("year_to", year_to), ("country", country))
        if value
    }
    why = Why(status="filtered-out", text="No study matches.", without=len(reader.studies())) if not found else None
    return Answer(
        query=query,
        release=reader.release(),
        total=len(found),
        limit=page.limit,
        offset=page.offset,
        items=tuple(_cut(found, page)),
        why=why,
    )


def study(reader: Reader, study_id: str) -> StudyAnswer:
    """One study: its sheet, how each row was read, and whom it shares patients with."""
    everything = reader.studies()
    found = everything.get(study_id)
    if found is None:
        from schema.names import suggest

        raise UnknownName("study", study_id, suggest(study_id, {normal(one): one for one in everything}, 3))
    patients = reader.patients()
    readings = [reading for reading in reader.findings() if reading.study == study_id]
    return StudyAnswer(
        release=reader.release(),
        label=found.label,
        study=found,
        rows=tuple(rows_of(None, readings, _corpus(reader))),
        claims=tuple(claim_row(claim, everything) for claim in reader.claims() if claim.study == study_id),
        shares_patients_with=tuple(
            other for other in everything if other != study_id and overlap(patients[study_id], patients[other])
        ),
    )


def terms(reader: Reader, q: str | None = None, *, kind: Kind | None = None, page: Page = Page()) -> Answer[TermItem]:
    """The terms, all or those whose id, name or synonym matches; with how many findings each has."""
    vocabulary = reader.terms()
    matching = vocabulary.search(q) if q else sorted(vocabulary.terms.values(), key=lambda term: term.id)
    found = [term for term in matching if kind is None or term.kind == kind]
    counted = _finding_counts(reader)
    shown = [TermItem(**term.model_dump(), findings=counted.get(term.id, 0)) for term in _cut(found, page)]
    query = {name: value for name, value in (("q", q), ("kind", kind)) if value}
    why = None
    if not found:
        near = vocabulary.suggest(q) if q else ()
        hint = f" Nearest: {', '.join(near)}." if near else ""
        why = Why(status="filtered-out", text=f"No term matches.{hint}", without=len(vocabulary.terms))
    return Answer(
        query=query, release=reader.release(), total=len(found), limit=page.limit, offset=page.offset, items=tuple(shown), why=why
    )


def term(reader: Reader, name: str) -> TermAnswer:
    """One term, with the broader and the narrower ones."""
    vocabulary = reader.terms()
    found = vocabulary.resolve(name)
    broader, narrower = _around(vocabulary.terms, found)
    return TermAnswer(
        release=reader.release(), term=found, broader=broader, narrower=narrower, findings=_finding_counts(reader).get(found.id, 0)
    )


def neighbours(reader: Reader, name: str, population: str | None = None) -> Neighbours:
    """All edges of a term in a population."""
    vocabulary = reader.terms()
    found = vocabulary.resolve(name)
    node = resolve_population(population or DEFAULT).id
    broader, narrower = _around(vocabulary.terms, found)
    return Neighbours(
        release=reader.release(),
        query={"term": found.id, "population": node},
        term=term_ref(found),
        as_exposure=tuple(_ordered(reader.edges(exposure=found.id, population=node), None, "outcome")),
        as_outcome=tuple(_ordered(reader.edges(outcome=found.id, population=node), None, "exposure")),
        mechanisms=tuple(one for one in reader.mechanism_edges() if found.id in {one.start, one.end}),
        broader=broader,
        narrower=narrower,
    )


def release(reader: Reader, store: str) -> ReleaseAnswer:
    """What is loaded."""
    return ReleaseAnswer(
        release=reader.release(),
        store=store,
        counts=Counts(
            studies=len(reader.studies()),
            terms=len(reader.terms().terms),
            findings=len(reader.findings()),
            prevalence=len(reader.prevalence()),
            claims=len(reader.claims()),
            associations=len(reader.edges()),
            mechanism_edges=len(reader.mechanism_edges()),
            full_text=sum(one.read == "full-text" for one in reader.studies().values()),
        ),
        versions={"rdwi-graph": package_version(), "method": METHOD.served()["version"]},
    )


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
        roll_ups={parent: {child: how for child, how in children} for parent, children in sorted(vocabulary.roll_ups.items())},
        populations=tuple(
            {"id": one.id, "name": one.name, "synonyms": list(one.synonyms), "part_of": list(one.part_of)}
            for one in POPULATIONS.values()
        ),
        method={
            "constants": METHOD.served(),
            "certainty": [{"rule": rule, "step": step, "when": when} for rule, step, when in RULES],
            "observations": [{"way": way, "what": what, "source": source} for way, (what, source) in WAYS.items()],
        },
    )


# --- how associations are found, filtered, put in order ---


def _term(reader: Reader, name: str, what: str) -> tuple[Term, dict[str, str]]:
    """The term that a question is about; an inverse one is brought to the harmful side, and the query says so."""
    found = reader.terms().resolve(name, what)
    if found.inverse_of is None:
        return found, {}
    return reader.terms()[found.inverse_of], {"turned_from": found.id}


def _corpus(reader: Reader) -> Corpus:
    return Corpus(reader.terms(), reader.studies(), reader.patients())


def _query(about: Mapping[str, Any], population: str, filters: Filters) -> dict[str, Any]:
    resolved = {"population": population, "parts": [part for part in with_parts(population) if part != population]}
    return {**about, **resolved, **filters.model_dump(mode="json", exclude_defaults=True)}


def _findings(
    reader: Reader,
    population: str,
    filters: Filters,
    *,
    exposures: Iterable[str] | None = None,
    outcomes: Iterable[str] | None = None,
) -> tuple[list[Reading], int]:
    rows = reader.findings(
        exposures=None if exposures is None else frozenset(exposures),
        outcomes=None if outcomes is None else frozenset(outcomes),
        populations=with_parts(population),
    )
    for excluded in filters.exclude:
        if excluded not in reader.studies():
            from schema.names import suggest

            raise UnknownName("study", excluded, suggest(excluded, {normal(one): one for one in reader.studies()}, 3))
    if not filters.active:
        return rows, 0
    return sift(filters, rows, reader.studies(), finding_verdict, lambda row: row.study)


def _edges(
    reader: Reader, population: str, filters: Filters, *, exposure: str | None = None, outcome: str | None = None
) -> tuple[list[Association], int]:
    """The associations: the stored ones, or with a filter those that the rows which match it make. And how many rows can't be told."""
    if not filters.active:
        return reader.edges(exposure=exposure, outcome=outcome, population=population), 0
    vocabulary = reader.terms()
    # a counterpart is another exposure, so it must be at hand to tell whether it contradicts
    counterpart = vocabulary[exposure].counterpart if exposure else None
    wanted = None if exposure is None else {*vocabulary.takes(exposure), *(vocabulary.takes(counterpart) if counterpart else ())}
    readings, _ = _findings(
        reader, population, filters, exposures=wanted, outcomes=vocabulary.takes(outcome) if outcome is not None else None
    )
    unknown = _findings(
        reader,
        population,
        filters,
        exposures=vocabulary.takes(exposure) if exposure is not None else None,
        outcomes=vocabulary.takes(outcome) if outcome is not None else None,
    )[1]
    corpus = _corpus(reader)
    syntheses = {
        key: synthesise(*key, rows, corpus)
        for key, rows in group(readings, vocabulary).items()
        if key[2] == population and (outcome is None or key[1] == outcome) and (exposure is None or key[0] in {exposure, counterpart})
    }
    found = [with_counterpart(key, syntheses, corpus) for key in syntheses if exposure is None or key[0] == exposure]
    return found, unknown


def _contest(
    reader: Reader, key: tuple[str, str, str], synthesis: Synthesis, filters: Filters, corpus: Corpus
) -> Association:
    """The association of a question about one edge, contested where its counterpart gives another answer."""
    counterpart = corpus.vocabulary[key[0]].counterpart
    syntheses = {key: synthesis}
    if counterpart is not None:
        other = (counterpart, key[1], key[2])
        terms_of = corpus.vocabulary.takes
        rows, _ = _findings(reader, key[2], filters, exposures=terms_of(counterpart), outcomes=terms_of(key[1]))
        if rows:
            syntheses[other] = synthesise(*other, rows, corpus)
    return with_counterpart(key, syntheses, corpus)


def _associations(
    reader: Reader,
    side: Literal["exposure", "outcome"],
    about: dict[str, Any],
    population: str | None,
    filters: Filters,
    narrow: Narrow,
    page: Page,
    *,
    exposure: str | None = None,
    outcome: str | None = None,
) -> Answer[Association]:
    node = resolve_population(population or DEFAULT).id
    found, unknown = _edges(reader, node, filters, exposure=exposure, outcome=outcome)
    if filters.indirect:
        found = _beside(reader, node, filters, found, exposure=exposure, outcome=outcome)
    items = [one for one in found if narrow.keeps(one, side)]
    answer = _answer(reader, about, node, filters, narrow, page, items, unknown, len(found), side)
    note = _first_word(exposure or outcome or "", node, found)
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
    side: Literal["exposure", "outcome"],
) -> Answer[Association]:
    ordered = _ordered(items, page.sort, side)
    why = None
    if not items:
        if before_narrowing:
            names = ", ".join(narrow.active) or "the question"
            why = Why(
                status="filtered-out",
                text=f"{before_narrowing} associations are known; none is left by {names}.",
                filter=names,
                without=before_narrowing,
            )
        else:
            why = _empty_edges(reader, about, population, filters)
    return Answer(
        query={**_query(about, population, filters), **narrow.active, **({"sort": page.sort} if page.sort else {})},
        release=reader.release(),
        total=len(items),
        limit=page.limit,
        offset=page.offset,
        unknown_dropped=unknown,
        items=tuple(_cut(ordered, page)),
        why=why,
    )


def _empty_edges(reader: Reader, about: Mapping[str, Any], population: str, filters: Filters) -> Why:
    exposure, outcome = about.get("exposure"), about.get("outcome") or about.get("lesion")
    unfiltered = reader.edges(exposure=exposure, outcome=outcome, population=population)
    elsewhere = sorted({one.population.id for one in reader.edges(exposure=exposure, outcome=outcome)})
    culprit = None
    for name in filters.active:
        if unfiltered and _edges(reader, population, filters.without(name), exposure=exposure, outcome=outcome)[0]:
            culprit = name
            break
    return _why_empty(len(unfiltered), filters, elsewhere, culprit)


def _why_empty(without: int, filters: Filters, elsewhere: Sequence[str], culprit: str | None = None) -> Why:
    if without and filters.active:
        name = culprit or ", ".join(filters.active)
        return Why(status="filtered-out", text=f"Nothing is left by {name}.", filter=name, without=without)
    there = f" There is evidence in: {', '.join(elsewhere)}." if elsewhere else ""
    return Why(status="not-studied", text=f"No study of this release says anything of it in this population.{there}")


def _places(readings: Iterable[Reading]) -> list[str]:
    return sorted({population for reading in readings for population in reading.populations})


def _first_word(about: str, population: str, items: Sequence[Association]) -> str | None:
    """What a reader must know first: how little there is where nothing can be pooled."""
    del about
    if not items:
        return None
    studied = [one for one in items if one.studies]
    if any(one.estimate is not None for one in studied) or len(studied) < 1:
        return None
    rows = {finding for one in studied for finding in one.findings}
    papers = {finding.split(":")[0] for finding in rows}
    wider = indirect(population)
    hint = f" Indirect evidence from {', '.join(wider)}: ask with indirect=true." if wider else ""
    plural = "study" if len(papers) == 1 else "studies"
    return f"{len(rows)} finding{'s' if len(rows) != 1 else ''} from {len(papers)} {plural}, and no estimate to pool.{hint}"


def _beside(
    reader: Reader,
    population: str,
    filters: Filters,
    found: list[Association],
    *,
    exposure: str | None,
    outcome: str | None,
) -> list[Association]:
    """The associations with those of the wider populations beside them; what is known only there comes with no figures of its own."""
    around: dict[tuple[str, str], list[Beside]] = {}
    refs: dict[tuple[str, str], tuple[TermRef, TermRef]] = {}
    for wider in indirect(population):
        for one in _edges(reader, wider, filters, exposure=exposure, outcome=outcome)[0]:
            key = (one.exposure.id, one.outcome.id)
            refs[key] = (one.exposure, one.outcome)
            around.setdefault(key, []).append(_short(one))
    joined = []
    for one in found:
        key = (one.exposure.id, one.outcome.id)
        refs.pop(key, None)
        joined.append(one.model_copy(update={"indirect": tuple(around.get(key, ()))}))
    joined += [_not_studied(*refs[key], population, tuple(around[key])) for key in sorted(refs)]
    return joined


def _with_indirect(reader: Reader, association: Association, filters: Filters) -> Association:
    if not filters.indirect:
        return association
    return _beside(
        reader,
        association.population.id,
        filters,
        [association],
        exposure=association.exposure.id,
        outcome=association.outcome.id,
    )[0]


def _short(one: Association) -> Beside:
    return Beside(
        population=one.population,
        exposure=one.exposure,
        direction=one.direction,
        weight=one.weight,
        measure=one.measure,
        estimate=one.estimate,
        ci=one.ci,
        cohorts=one.cohorts,
        certainty=one.certainty,
        caption=one.caption,
    )


def _not_studied(exposure: TermRef, outcome: TermRef, population: str, beside: tuple[Beside, ...]) -> Association:
    return Association(
        exposure=exposure,
        outcome=outcome,
        population=population_ref(population),
        direction="inconclusive",
        weight=None,
        p_direction=None,
        studies=0,
        cohorts=0,
        cohorts_if_overlap=0,
        patients=0,
        increases=0,
        decreases=0,
        not_significant=0,
        unclear=0,
        full_text=0,
        certainty=None,
        caption="not studied here; indirect evidence only",
        findings=(),
        indirect=beside,
    )


def _ordered(items: Sequence[Association], sort: str | None, side: Literal["exposure", "outcome"]) -> list[Association]:
    """In order: unset, best certainty, then most cohorts, then highest weight; nulls last, ties by id."""

    def identity(one: Association) -> tuple[str, str]:
        first, second = (one.exposure.id, one.outcome.id) if side == "exposure" else (one.outcome.id, one.exposure.id)
        return first, second

    by_id = sorted(items, key=identity)
    if sort is None:
        return sorted(by_id, key=lambda one: (-_level(one), -one.cohorts, -(one.weight if one.weight is not None else -1)))
    name, down = sort.removeprefix("-"), sort.startswith("-")
    if name not in SORTS:
        raise BadParameter("sort", f"{sort!r} is no order.", [*SORTS, *(f"-{one}" for one in SORTS)])
    value = _SORT_VALUES[name]
    known = [one for one in by_id if value(one, side) is not None]
    unknown = [one for one in by_id if value(one, side) is None]
    ordered = sorted(reversed(known) if down else known, key=lambda one: value(one, side))
    # turned whole, so that equals stay in the order of their ids
    return [*(reversed(ordered) if down else ordered), *unknown]


def _level(one: Association) -> int:
    return LEVELS.index(one.certainty) if one.certainty is not None else -1


_SORT_VALUES: dict[str, Callable[[Association, str], Any]] = {
    "certainty": lambda one, _: _level(one) if one.certainty is not None else None,
    "cohorts": lambda one, _: one.cohorts,
    "weight": lambda one, _: one.weight,
    "estimate": lambda one, _: one.estimate,
    "patients": lambda one, _: one.patients,
    "name": lambda one, side: getattr(one, side).name.casefold(),
}


def _cut(items: Sequence[_B] | Sequence[Term], page: Page) -> list[Any]:
    if page.offset < 0 or (page.limit is not None and not 1 <= page.limit <= LARGEST_PAGE):
        raise BadParameter("limit", f"limit is 1 to {LARGEST_PAGE}, offset 0 or more.")
    end = None if page.limit is None else page.offset + page.limit
    return list(items[page.offset : end])


def _finding_counts(reader: Reader) -> dict[str, int]:
    counted: dict[str, int] = {}
    for reading in reader.findings():
        for name in {reading.row.exposure, reading.row.outcome}:
            counted[name] = counted.get(name, 0) + 1
    return counted


def _around(everything: Mapping[str, Term], found: Term) -> tuple[TermRef | None, tuple[TermRef, ...]]:
    broader = term_ref(everything[found.broader]) if found.broader else None
    return broader, tuple(term_ref(one) for _, one in sorted(everything.items()) if one.broader == found.id)


__all__ = [
    "Filters", "MechanismEdge", "Narrow", "Page", "contested", "evidence", "factors", "mechanisms", "neighbours", "outcomes",
    "prevalence", "release", "schema", "studies", "study", "study_ref", "term", "terms",
]  # fmt: skip
