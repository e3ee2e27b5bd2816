"""All words and numbers that a reader sees; command line, pages, figures, MCP, captions and exports take them from here.

    numbers    figures, intervals, units, counts, p values, no effect
    names      terms, populations, studies and designs by name
    captions   an association, or a row of it, in a few words
    sentences  what is known, in plain words

Answers and their parts go in, text comes out: no store, no question, no figure is made here.
"""

from graph.wording.captions import (
    METHODS,
    REPORTS,
    SOURCES,
    all_read,
    caption,
    certainty,
    compared,
    conditions,
    headline,
    level,
    ours,
    patients,
    read_as,
    review_of,
    row_figure,
    source,
    tally,
    unit,
    unit_of,
    with_unit,
)
from graph.wording.names import DESIGNS, called, category, design, labels, more, named, opened, plain, read, verb, within
from graph.wording.numbers import (
    abbreviations,
    count,
    day,
    estimate,
    excludes_no_effect,
    figure,
    in_ten,
    includes_no_effect,
    interval,
    measure,
    measured,
    null_of,
    number,
    p_of_test,
    p_value,
    per,
    percent,
    percents,
    printed_interval,
    same_interval,
    short,
    singular,
    step_of,
)

__all__ = [
    "DESIGNS", "METHODS", "REPORTS", "SOURCES", "abbreviations", "all_read", "called", "caption", "category", "certainty", "compared",
    "conditions", "count", "day", "design", "estimate", "excludes_no_effect", "figure", "headline", "in_ten", "includes_no_effect",
    "interval", "labels", "level", "measure", "measured", "more", "named", "null_of", "number", "opened", "ours", "p_of_test", "p_value",
    "patients", "per", "percent", "percents", "plain", "printed_interval", "read", "read_as", "review_of", "row_figure", "same_interval",
    "short", "singular", "source", "step_of", "tally", "unit", "unit_of", "verb", "with_unit", "within",
]  # fmt: skip
