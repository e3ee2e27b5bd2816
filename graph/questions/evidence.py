"""All that is known of one association."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, BaseModel, Field

from graph.questions.associations import first_word
from graph.questions.edges import contest, edges, findings, with_indirect
from graph.questions.envelope import Place, exposure_of, population_of, query_of, term_of, why_empty
from graph.questions.filters import Filters
from graph.questions.naming import names_of
from graph.questions.prevalence import share_of
from graph.questions.question import DATA, FIGURE, PAPERS, Question, Several, Spelt
from graph.questions.retracted import with_retracted
from graph.questions.supposed import FORMS, Supposed, study_of, written
from graph.stores.port import Reader
from graph.synthesis.absolute_risks import absolute
from graph.synthesis.associations import synthesise
from graph.synthesis.comparisons import in_comparison, small_study_effects
from graph.synthesis.holdings import holdings
from graph.synthesis.method import Z95
from graph.synthesis.robustness import cumulative, flips, leave_one_out
from graph.synthesis.rows import judged, rows_of, shares_of
from graph.synthesis.subgroups import sides, subgroups
from graph.wording.changes import changed
from schema import answer as answers
from schema.association import Association, CommonEffect, Row
from schema.observation import Observation
from schema.scales import back, scale_of


class Evidence(Question):
    """One association: the synthesis, every row and how it was used, published meta-analyses, and how it holds up."""

    topic: ClassVar[str] = "associations"
    # a figure of it; and all of this in one file
    formats: ClassVar[tuple[str, ...]] = (*DATA, *PAPERS, *FIGURE, "zip")

    exposure: Annotated[str, Spelt(argument="EXPOSURE")] = Field(description="the exposure: id, name or synonym")
    outcome: Annotated[str, Spelt(argument="OUTCOME")] = Field(description="the outcome: id, name or synonym")
    population: Place = None
    baseline: float | None = Field(
        default=None, gt=0, lt=100, description="the risk without the exposure, in percent, at which absolute risks are told"
    )
    add: Annotated[Several[Annotated[str, AfterValidator(written)]], Field(max_length=20)] = Field(
        default=(),
        description=f"a study of your own to add (repeat), of which nothing is kept: {FORMS}. A name may stand before: Ours: 12/40 vs 5/60",
    )
    prior_scale: float | None = Field(
        default=None, ge=0.1, le=10, description="how many times as wide to make the priors of tau, the spread between cohorts: 0.5 or 2"
    )
    filters: Filters = Filters()

    def answer(self, reader: Reader) -> answers.Evidence:
        terms = reader.terms()
        cause = exposure_of(reader, self.exposure)
        effect, turned = term_of(reader, self.outcome, "outcome")
        node = population_of(reader, self.population)
        before = self._before(reader, cause.id, effect.id, node)
        reader = self.supposing(reader)
        observations, unknown = findings(reader, node, self.filters, exposures=terms.takes(cause.id), outcomes=terms.takes(effect.id))
        baseline = {"baseline": self.baseline} if self.baseline is not None else {}
        key = (cause.id, effect.id, node)
        corpus = reader.corpus()
        association = None
        rows: Sequence[Any] = ()
        holds: dict[str, Any] = {}
        why = None
        if observations and cause.id != effect.id:
            synthesis = synthesise(*key, observations, corpus)
            contested, behind = contest(reader, key, synthesis, self.filters, corpus)
            association = with_indirect(reader, contested, self.filters)
            holds["with_retracted"] = with_retracted(reader, key, observations)
            rows = _pooled(rows_of(synthesis, observations, corpus), observations, association)
            left_out = leave_one_out(synthesis, observations, corpus)
            holds |= {
                "read_twice": sum(row.checked_by is not None for row in rows) / len(rows),
                "judged": judged(shares_of(rows, corpus.studies)),
                "leave_one_out": left_out,
                "cumulative": cumulative(synthesis, observations, corpus),
                "subgroups": subgroups(synthesis, corpus),
                "small_study_effects": small_study_effects(synthesis.comparisons.headline),
                "flips": flips(synthesis, left_out, corpus.method),
                "camps": sides(contested.contested, behind, corpus),
                "shared_patients": holdings(rows, corpus.studies, corpus.patients),
                "absolute": absolute(
                    association, effect, observations, lambda: share_of(reader, effect, node), self.baseline, corpus.studies
                ),
            }
        else:
            everything, _ = findings(reader, node, Filters(), exposures=terms.takes(cause.id), outcomes=terms.takes(effect.id))
            elsewhere = reader.findings(exposures=terms.takes(cause.id), outcomes=terms.takes(effect.id))
            why = why_empty(reader, len(everything), self.filters, _places(elsewhere))
        risk = holds.get("absolute")
        supposed = self.model_dump(mode="json", include={"add", "prior_scale"}, exclude_defaults=True)
        query = query_of(reader, {"exposure": cause.id, "outcome": effect.id, **turned, **baseline, **supposed}, node, self.filters)
        told = changed(query, {one: reader.papers()[one].label for one in query.get("exclude", ())}, before, association)
        return answers.Evidence(
            query=query,
            names=names_of(reader, query, [risk.baseline_source] if risk is not None and risk.baseline_source else ()),
            release=reader.release(),
            unknown_dropped=unknown,
            note=" ".join(filter(None, (told, first_word(reader, node, [association] if association else [])))) or None,
            association=association,
            before=before,
            rows=tuple(rows),
            published=association.published if association else (),
            **holds,
            why=why,
        )

    def _before(self, reader: Reader, exposure: str, outcome: str, population: str) -> Association | None:
        """The association as it is with all studies, none of the asker's own, and the method's priors."""
        if not (self.filters.exclude or self.add or self.prior_scale):
            return None
        found, _ = edges(reader, population, self.filters.without("exclude"), exposure=exposure, outcome=outcome)
        return next(iter(found), None)

    def supposing(self, reader: Reader) -> Reader:
        """A reader with the asker's own studies among the stored ones, and priors of that width; itself where neither is asked for."""
        if not self.add and self.prior_scale is None:
            return reader
        terms, node = reader.terms(), population_of(reader, self.population)
        cause, effect = exposure_of(reader, self.exposure).id, term_of(reader, self.outcome, "outcome")[0].id
        rows, _ = findings(reader, node, Filters(), exposures=terms.takes(cause), outcomes=terms.takes(effect))
        headline = synthesise(cause, effect, node, rows, reader.corpus(), short=True).comparisons.headline if rows and self.add else None
        studies = [study_of(one, number, cause, effect, reader.field(), node, headline) for number, one in enumerate(self.add, 1)]
        return Supposed(reader, studies, self.prior_scale or 1.0)

    @classmethod
    def row(cls) -> type[BaseModel]:
        return Row

    @classmethod
    def rows(cls, answer: answers.Evidence) -> Sequence[BaseModel]:
        return answer.rows


def _pooled(rows: Sequence[Row], observations: Iterable[Observation], association: Association) -> list[Row]:
    """The rows with what is pooled of each."""
    behind = {one.finding: one for one in observations}
    figures: dict[str, CommonEffect] = {}
    for comparison in association.families:
        for finding in comparison.rows if comparison.k > 1 else ():
            y, se = in_comparison(behind[finding], comparison)
            low, point, high = (back(scale_of(comparison.measure), end) for end in (y - Z95 * se, y, y + Z95 * se))
            figures[finding] = CommonEffect(estimate=point, ci=(low, high))
    return [
        row.model_copy(update={"pooled_value": figures[row.finding].estimate, "pooled_ci": figures[row.finding].ci})
        if row.finding in figures
        else row
        for row in rows
    ]


def _places(observations: Iterable[Observation]) -> list[str]:
    return sorted({population for observation in observations for population in observation.populations})
