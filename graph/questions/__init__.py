"""The questions, over the port of a store: each a class of its own module, from which every surface derives how it is asked.

What is looked up by its name alone (a study, a term, a cohort, the release, the schema) is no question: see `lookups`.
"""

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

__all__ = [
    "QUESTIONS", "Cohorts", "Compare", "Contested", "Evidence", "Factors", "Filters", "Gaps", "Mechanisms", "Narrow", "Neighbours",
    "Outcomes", "Page", "Parameter", "Part", "Paths", "Prevalence", "Question", "Studies", "Terms",
]  # fmt: skip
