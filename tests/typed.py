"""What type checkers must refuse: each line is wrong as its comment says, and a comment that is not needed is an error itself.

mypy and pyright read this file with the code; it is never run.
"""

# pyright: reportUnnecessaryTypeIgnoreComment=true

from __future__ import annotations

from graph.python import Graph
from graph.questions import Evidence, Factors
from schema.answer import Answer
from schema.answer import Evidence as Known
from schema.association import Association


def refused(g: Graph) -> None:
    g.factors(leison="x")  # type: ignore[call-arg]
    g.factors(kind="gene")  # type: ignore[arg-type]
    g.evidence("age")  # type: ignore[call-arg]
    g.evidence("age", "r-dwi", limit=3)  # type: ignore[call-arg]
    g.terms(sort="name")  # type: ignore[call-arg]
    wrong: Known = g.ask(Factors())  # type: ignore[assignment]
    del wrong


def taken(g: Graph) -> tuple[Answer[Association], Known]:
    g.factors("r-dwi", "caa", design="rct", min_n=50, sort="-weight", limit=3)
    return g.ask(Factors(population="caa")), g.ask(Evidence(exposure="age", outcome="r-dwi"))
