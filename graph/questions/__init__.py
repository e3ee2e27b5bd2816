"""The questions, over the port of a store: each a class of its own module, from which every surface derives how it is asked.

What is looked up by its name alone (a study, a term, a cohort, the release, the schema) is no question: see `lookups`.
"""

from collections.abc import Mapping
from typing import Any

from graph.questions.cohorts import Cohorts
from graph.questions.compare import Compare
from graph.questions.contested import Contested
from graph.questions.evidence import Evidence
from graph.questions.factors import Factors
from graph.questions.filters import Filters
from graph.questions.gaps import Gaps
from graph.questions.lists import Narrow, Page
from graph.questions.mechanisms import Mechanisms
from graph.questions.neighbours import Neighbours
from graph.questions.outcomes import Outcomes
from graph.questions.paths import Paths
from graph.questions.prevalence import Prevalence
from graph.questions.question import Parameter, Part, Question
from graph.questions.studies import Studies
from graph.questions.terms import Terms

# in the order in which surfaces and documents list them
QUESTIONS: tuple[type[Question], ...] = (
    Factors, Outcomes, Evidence, Contested, Compare, Paths, Gaps, Prevalence, Mechanisms, Studies, Cohorts, Terms, Neighbours,
)  # fmt: skip


def named(name: str, given: Mapping[str, Any], limit: int | None = None) -> Question:
    """The question of that name, its parameters by the names that they have in addresses; `limit`: how many of a list."""
    question = next(one for one in QUESTIONS if one.called() == name)
    names = {one.rest: one.name for one in question.parameters()}
    return question.of({**{names.get(key, key): value for key, value in given.items()}, **({"limit": limit} if "limit" in names else {})})


__all__ = [
    "QUESTIONS", "Cohorts", "Compare", "Contested", "Evidence", "Factors", "Filters", "Gaps", "Mechanisms", "Narrow", "Neighbours",
    "Outcomes", "Page", "Parameter", "Part", "Paths", "Prevalence", "Question", "Studies", "Terms", "named",
]  # fmt: skip
