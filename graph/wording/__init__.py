"""All words and numbers that a reader sees; command line, pages, figures, MCP, captions and exports take them from here.

    numbers    figures, intervals, units, counts, p values, no effect
    names      terms, populations, studies and designs by name
    captions   an association, or a row of it, in a few words
    sentences  what is known, in plain words
    debate     contradictions, gaps, groups side by side
    living     what has become of papers, how they were judged and read, how the review was made

Answers and their parts go in, text comes out: no store, no question, no figure is made here.
"""

from graph.wording.captions import (
    AVERAGE,
    ELSEWHERE,
    METHODS,
    REPORTS,
    SOURCES,
    all_read,
    average,
    becomes,
    caption,
    certainty,
    compared,
    conditions,
    elsewhere,
    headline,
    level,
    named_intervals,
    no_events,
    ours,
    patients,
    patients_of_side,
    prevalence,
    read_as,
    review_of,
    row_figure,
    source,
    tally,
    unit,
    unit_of,
    unpooled,
    verdict,
    with_unit,
)
from graph.wording.changes import HOW_TO_ADD, UNCHANGED
from graph.wording.names import DESIGNS, called, category, design, labels, more, named, opened, plain, read, verb, within
from graph.wording.numbers import (
    abbreviations,
    count,
    cutoff,
    day,
    estimate,
    figure,
    includes_no_effect,
    interval,
    measure,
    measured,
    number,
    of_how_many,
    p_of_test,
    p_value,
    per,
    percent,
    percents,
    printed_interval,
    probability,
    rounded_percent,
    same_interval,
    short,
    singular,
    spelt_out,
    standard_error,
    step_of,
    window,
)
from schema.scales import null_of

__all__ = [
    "AVERAGE", "DESIGNS", "ELSEWHERE", "HOW_TO_ADD", "METHODS", "REPORTS", "SOURCES", "UNCHANGED", "abbreviations", "all_read", "average",
    "becomes", "called", "caption", "category", "certainty", "compared", "conditions", "count", "cutoff", "day", "design", "elsewhere",
    "estimate", "figure", "headline", "includes_no_effect", "interval", "labels", "level", "measure", "measured", "more", "named",
    "named_intervals", "no_events", "null_of", "number", "of_how_many", "opened", "ours", "p_of_test", "p_value", "patients",
    "patients_of_side", "per", "percent", "percents", "plain", "prevalence", "printed_interval", "probability", "read", "read_as",
    "review_of", "rounded_percent", "row_figure", "same_interval", "short", "singular", "source", "spelt_out", "standard_error",
    "step_of", "tally", "unit", "unit_of", "unpooled", "verb", "verdict", "window", "with_unit", "within",
]  # fmt: skip
