"""The tools: one a question, each asked of one release."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, Field

from api.assistant import answers, short
from api.assistant.answers import Source, Status, Told
from graph.citations import behind
from graph.questions import questions
from graph.questions.filters import Filters
from graph.questions.lists import LONGEST_CHAIN, Narrow, Page
from graph.stores.port import Reader, Store
from graph.synthesis.method import METHOD
from schema.across import Chain, Comparison, Gap, State
from schema.answer import Answer, Evidence, StudyAnswer, StudyItem, TermItem, Why
from schema.association import Association, CertaintyLevel, Direction, Mechanism, Prevalence
from schema.errors import UnknownName
from schema.study import Design
from schema.vocabulary import Kind

S = TypeVar("S", bound=BaseModel)
F = TypeVar("F", bound=BaseModel)

READING = (
    "How to read it: `status` comes first. not-studied means that nothing is known, studied-inconclusive that studies looked and report no "
    "clear sign (which is not evidence of no effect), unknown-name that a name was not understood and nothing was asked. weight (0 to 1) "
    "is the probability that a next cohort would report the direction with p < 0.05, neither an effect size nor the probability that the "
    "effect is real; certainty (high to very-low) is how far the evidence can be trusted, with its reasons. Associations are no proof of "
    "cause. Name the papers in `sources`. Evidence summary, not medical advice."
)
FormOf = Annotated[
    Literal["short", "full"], Field(description="short, or full: short and besides the whole items, with every figure and row")
]
Lesion = Annotated[str, Field(description="the lesion or outcome: id, name or synonym; r-dwi are remote DWI lesions")]
Place = Annotated[
    str | None, Field(description="population: id, name or synonym (see rdwi://populations); its parts are included; ICH where left out")
]
Places = Annotated[list[str], Field(description="populations: ids, names or synonyms")]
Sieve = Annotated[
    Filters,
    Field(
        description="evidence filters: design, adjusted, randomised, min_n, year_from, year_to, max_mri_day, exclude (study ids), indirect "
        "(true: adds wider populations beside). A filter keeps only rows that are known to match; unknown_dropped counts the others"
    ),
]
Limit = Annotated[int, Field(ge=1, le=100, description="how many items")]
Offset = Annotated[int, Field(ge=0, description="how many items to leave out first")]
_MEANT: dict[Status, str] = {
    "answered": "Studies of this release say something of it.",
    "studied-inconclusive": "It was studied, and no cohort reports a clear sign. That is not evidence of no effect.",
    "not-studied": "Not studied: nothing is known of it, in neither direction.",
    "filtered-out": "The filters left nothing; that says nothing of what there is without them.",
    "unknown-name": "A name was not understood; nothing was asked.",
}
# of counts
_COUNTED: dict[Status, str] = {
    "answered": "Cohorts of this release were counted.",
    "studied-inconclusive": "Counts are printed, and none of them can stand for the population: they are shown, not pooled.",
}


class Tools:
    """The questions to a store. Each answers with a status; BadParameter and StoreError are for the caller to tell as errors."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def all(self) -> tuple[Callable[..., Any], ...]:
        """Every tool; its docstring is what an assistant is told of it."""
        return (
            self.factors, self.outcomes, self.evidence, self.contested, self.compare, self.paths, self.gaps, self.prevalence,
            self.mechanisms, self.studies, self.study, self.terms,
        )  # fmt: skip

    def _told(
        self,
        model: type[Told[S, F]],
        ask: Callable[[Reader], tuple[Any, Sequence[F]]],
        shorten: Callable[[F], S],
        form: Literal["short", "full"],
        meant: Mapping[Status, str] = {},
        about: int | None = None,
    ) -> Told[S, F]:
        """What a question is answered: `ask` gives the answer, and the items of it that are told. `meant`: what a status means here;
        `about`: of how many items, the first, the status is.
        """

        def asked(reader: Reader) -> tuple[Any, Sequence[F], tuple[Source, ...]]:
            answer, items = ask(reader)
            return answer, items, _sources(reader, items)

        try:
            answer, items, sources = self._store.ask(asked)
        except UnknownName as error:
            told = {"status": "unknown-name", "text": f"{error} {_MEANT['unknown-name']}", "suggestions": error.suggestions}
            return model.model_validate(told)
        shown = tuple(shorten(one) for one in items)
        status = _status(getattr(answer, "why", None), shown[:about])
        query = getattr(answer, "query", {})
        return model(
            suggestions=(),
            status=status,
            text=_text(status, {**_MEANT, **meant}[status], query, getattr(answer, "why", None)),
            query=query,
            release=answer.release,
            total=getattr(answer, "total", len(items)),
            shown=len(items),
            unknown_dropped=getattr(answer, "unknown_dropped", 0),
            note=getattr(answer, "note", None),
            items=shown,
            full=tuple(items) if form == "full" else None,
            sources=sources,
        )

    def factors(
        self,
        lesion: Lesion = questions.DEFAULT_LESION,
        population: Place = None,
        kind: Kind | None = None,
        direction: Direction | None = None,
        certainty: CertaintyLevel | None = None,
        min_cohorts: int | None = None,
        filters: Sieve = Filters(),
        limit: Limit = 10,
        offset: Offset = 0,
        form: FormOf = "short",
    ) -> Told[answers.ShortAssociation, Association]:
        """Which factors are linked to a lesion or outcome in a population; best certainty first."""
        narrow, page = Narrow(kind, None, direction, certainty, None, min_cohorts), Page(limit, offset)
        return self._told(
            Told[answers.ShortAssociation, Association],
            lambda reader: _listed(questions.factors(reader, lesion, population, filters=filters, narrow=narrow, page=page)),
            short.association,
            form,
        )

    def outcomes(
        self,
        exposure: Annotated[str, Field(description="the exposure: id, name or synonym")] = questions.DEFAULT_LESION,
        population: Place = None,
        kind: Kind | None = None,
        direction: Direction | None = None,
        certainty: CertaintyLevel | None = None,
        min_cohorts: int | None = None,
        filters: Sieve = Filters(),
        limit: Limit = 10,
        offset: Offset = 0,
        form: FormOf = "short",
    ) -> Told[answers.ShortAssociation, Association]:
        """What an exposure (a factor, marker or lesion) is linked to in a population; best certainty first."""
        narrow, page = Narrow(kind, None, direction, certainty, None, min_cohorts), Page(limit, offset)
        return self._told(
            Told[answers.ShortAssociation, Association],
            lambda reader: _listed(questions.outcomes(reader, exposure, population, filters=filters, narrow=narrow, page=page)),
            short.association,
            form,
        )

    def evidence(
        self,
        exposure: Annotated[str, Field(description="the exposure: id, name or synonym")],
        outcome: Annotated[str, Field(description="the outcome: id, name or synonym")],
        population: Place = None,
        filters: Sieve = Filters(),
        form: FormOf = "short",
    ) -> Told[answers.ShortEvidence, Evidence]:
        """All that is known of one association: the synthesis, and every paper's row with how it was used (pooled, votes, only shown)."""

        def ask(reader: Reader) -> tuple[Evidence, Sequence[Evidence]]:
            answer = questions.evidence(reader, exposure, outcome, population, filters=filters)
            return answer, [answer] if answer.association is not None else []

        return self._told(Told[answers.ShortEvidence, Evidence], ask, short.evidence, form)

    def contested(
        self,
        lesion: Annotated[str | None, Field(description="keep associations with this lesion on either side")] = None,
        outcome: Annotated[str | None, Field(description="keep associations with this outcome")] = None,
        population: Place = None,
        filters: Sieve = Filters(),
        limit: Limit = 10,
        offset: Offset = 0,
        form: FormOf = "short",
    ) -> Told[answers.ShortAssociation, Association]:
        """Where the evidence contradicts itself; form full gives the camps and what differs between them."""
        page = Page(limit, offset)
        return self._told(
            Told[answers.ShortAssociation, Association],
            lambda reader: _listed(questions.contested(reader, lesion, outcome, population, filters=filters, page=page)),
            short.association,
            form,
        )

    def compare(
        self,
        lesion: Lesion = questions.DEFAULT_LESION,
        populations: Places = [],  # noqa: B006 (pydantic copies it)
        filters: Sieve = Filters(),
        limit: Limit = 10,
        offset: Offset = 0,
        form: FormOf = "short",
    ) -> Told[answers.ShortComparison, Comparison]:
        """The factors of a lesion, populations side by side (where none is named: hypertensive ICH, CAA, both), with tests."""
        page = Page(limit, offset)
        return self._told(
            Told[answers.ShortComparison, Comparison],
            lambda reader: _listed(questions.compare(reader, lesion, populations, filters=filters, page=page)),
            short.comparison,
            form,
        )

    def paths(
        self,
        start: Annotated[str, Field(description="the term to start from")],
        end: Annotated[str, Field(description="the term to end at")],
        population: Place = None,
        max_length: Annotated[int, Field(ge=1, le=LONGEST_CHAIN)] = 4,
        filters: Sieve = Filters(),
        limit: Limit = 5,
        offset: Offset = 0,
        form: FormOf = "short",
    ) -> Told[answers.ShortChain, Chain]:
        """The chains of associations and claimed mechanisms from one term to another. A chain is no causal proof."""
        page = Page(limit, offset)
        return self._told(
            Told[answers.ShortChain, Chain],
            lambda reader: _listed(questions.paths(reader, start, end, population, max_length=max_length, filters=filters, page=page)),
            short.chain,
            form,
            {"answered": "There are chains. Each is as strong as its weakest link, and none is a proof of cause."},
        )

    def gaps(
        self,
        lesion: Annotated[str | None, Field(description="the lesion or outcome; with outcome, the factor")] = None,
        outcome: str | None = None,
        populations: Places = [],  # noqa: B006 (pydantic copies it)
        state: Annotated[list[State], Field(description="which cells: empty, weak, fair")] = ["empty", "weak"],  # noqa: B006
        odds_ratio: Annotated[float, Field(ge=0.01, le=100)] = METHOD.stated_odds_ratio,
        filters: Sieve = Filters(),
        limit: Limit = 10,
        offset: Offset = 0,
        form: FormOf = "short",
    ) -> Told[answers.ShortGap, Gap]:
        """What is not known: the empty and weak cells of factor and population, and what one more study would teach, with its size."""
        page = Page(limit, offset)
        return self._told(
            Told[answers.ShortGap, Gap],
            lambda reader: _listed(
                questions.gaps(reader, lesion, outcome, populations, state=tuple(state), odds_ratio=odds_ratio, filters=filters, page=page)
            ),
            short.gap,
            form,
            {"answered": "These cells are where little or nothing is known; each has its standing."},
            0,
        )

    def prevalence(
        self, lesion: Lesion = questions.DEFAULT_LESION, population: Place = None, filters: Sieve = Filters(), form: FormOf = "short"
    ) -> Told[answers.ShortPrevalence, Prevalence]:
        """How common a lesion is in a population, pooled over independent cohorts, in percent; other populations after it."""

        def ask(reader: Reader) -> tuple[Any, Sequence[Prevalence]]:
            answer = questions.prevalence(reader, lesion, population, filters=filters)
            return answer, [answer.prevalence, *answer.populations]

        return self._told(Told[answers.ShortPrevalence, Prevalence], ask, short.prevalence, form, _COUNTED, 1)

    def mechanisms(
        self, lesion: Lesion = questions.DEFAULT_LESION, limit: Limit = 10, offset: Offset = 0, form: FormOf = "short"
    ) -> Told[answers.ShortMechanism, Mechanism]:
        """What papers claim of the mechanisms of a lesion: support, propose, argue against. Claims are no measurements."""
        page = Page(limit, offset)
        return self._told(
            Told[answers.ShortMechanism, Mechanism],
            lambda reader: _listed(questions.mechanisms(reader, lesion, page=page)),
            short.mechanism,
            form,
            {"answered": "Papers claim something of it. Claims are no measurements."},
        )

    def studies(
        self,
        text: Annotated[str | None, Field(description="words of id, title, authors, journal or cohorts")] = None,
        design: Annotated[list[Design], Field(description="study designs to keep")] = [],  # noqa: B006 (pydantic copies it)
        year_from: int | None = None,
        year_to: int | None = None,
        country: str | None = None,
        limit: Limit = 20,
        offset: Offset = 0,
        form: FormOf = "short",
    ) -> Told[answers.ShortStudy, StudyItem]:
        """The papers that the evidence is made of, by words, design, year or country."""
        page = Page(limit, offset)
        return self._told(
            Told[answers.ShortStudy, StudyItem],
            lambda reader: _listed(
                questions.studies(reader, text, design=design, year_from=year_from, year_to=year_to, country=country, page=page)
            ),
            short.listed_study,
            form,
            {"answered": "Papers of this release."},
        )

    def study(
        self, id: Annotated[str, Field(description="the study's id")], form: FormOf = "short"
    ) -> Told[answers.ShortStudy, StudyAnswer]:
        """One paper; form full gives its extraction sheet and how each of its rows was read."""

        def ask(reader: Reader) -> tuple[StudyAnswer, Sequence[StudyAnswer]]:
            answer = questions.study(reader, id)
            return answer, [answer]

        return self._told(Told[answers.ShortStudy, StudyAnswer], ask, short.study, form, {"answered": "A paper of this release."})

    def terms(
        self,
        text: Annotated[
            str | None, Field(description="part of an id, name or synonym, British or American; all terms where left out")
        ] = None,
        kind: Kind | None = None,
        limit: Limit = 20,
        offset: Offset = 0,
        form: FormOf = "short",
    ) -> Told[answers.ShortTerm, TermItem]:
        """The names that the other tools understand. That a term is here does not say that it was studied: see its number of findings."""
        page = Page(limit, offset)
        told = self._told(
            Told[answers.ShortTerm, TermItem],
            lambda reader: _listed(questions.terms(reader, text, kind=kind, page=page)),
            short.listed_term,
            form,
            {"answered": "Terms of the vocabulary. One without findings was never studied."},
        )
        if told.status == "filtered-out" and text and not told.total:
            wanted = text
            near = self._store.ask(lambda reader: reader.terms().suggest(wanted))
            nearest = f" Nearest: {', '.join(near)}." if near else ""
            text = f"No term matches {text!r}.{nearest}"
            return told.model_copy(update={"status": "unknown-name", "text": text, "suggestions": tuple(near)})
        return told


def _listed(answer: Answer[F]) -> tuple[Answer[F], Sequence[F]]:
    return answer, answer.items


def _status(why: Why | None, shown: Sequence[BaseModel]) -> Status:
    """The best of the items' standings; items without one are an answer by being there."""
    if why is not None:
        return why.status
    cells = [cell for one in shown for cell in (one.cells if isinstance(one, answers.ShortComparison) else (one,))]
    standings = {getattr(cell, "standing", "studied") for cell in cells}
    if "studied" in standings or not standings:
        return "answered"
    return "studied-inconclusive" if "studied-inconclusive" in standings else "not-studied"


def _text(status: Status, meant: str, query: dict[str, Any], why: Why | None) -> str:
    parts = [meant]
    if why is not None:
        parts.append(why.text)
        if status == "filtered-out" and why.filter != "offset":
            parts.append(f"Without the filters there are {why.without}.")
    if "turned_from" in query:
        turned = query.get("lesion") or query.get("outcome") or query.get("to")
        parts.append(f"You asked of {query['turned_from']}; the answer is of its opposite, {turned}, so read directions for that.")
    if query.get("population") == "ich":
        parts.append("The population is ICH with all its parts.")
    return " ".join(parts)


def _sources(reader: Reader, items: Sequence[BaseModel]) -> tuple[Source, ...]:
    everything = reader.studies()
    found = sorted({study for one in items for study in behind(one)})
    return tuple(
        Source(id=one.id, label=one.label, title=one.title, year=one.year, doi=one.doi, pmid=one.pmid, read=one.read)
        for one in (everything[study] for study in found)
    )
