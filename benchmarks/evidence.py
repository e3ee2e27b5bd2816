"""One association with all its parts, and a preview: `python -m benchmarks.evidence`, on the corpus, in memory.

Evidence is asked for every association, before anything of it is kept; the reference is the plain synthesis of the same rows. Previews
leave each study out of the graph and ask what its sheet would change; the reference is building the whole graph anew.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

from graph.build import build, corpus_of
from graph.opening import shipped, shipped_studies
from graph.preview import preview
from graph.questions import Evidence
from graph.questions.edges import findings
from graph.questions.filters import Filters
from graph.stores.memory import MemoryReader
from graph.synthesis import pooling, weight
from graph.synthesis.associations import synthesise


def forget() -> None:
    """Nothing that another association left behind is of use to this one."""
    pooling.random_effects.cache_clear()
    pooling.few.cache_clear()
    weight._on_even_nodes.cache_clear()
    weight._on_even_tails.cache_clear()
    weight._on_even_printed.cache_clear()
    weight.weigh.cache_clear()


def milliseconds(ask: Callable[..., object], *given: Any) -> float:
    begin = time.perf_counter()
    ask(*given)
    return 1000 * (time.perf_counter() - begin)


def line(what: str, taken: list[float], reference: float) -> None:
    high = statistics.quantiles(taken, n=100)[98]
    median = statistics.median(taken)
    print(f"{what:<34} median {median:>8.2f} ms  p99 {high:>8.2f}  most {max(taken):>8.2f}   {median / reference:.1f}x")


def main() -> None:
    studies, field = shipped_studies(shipped()), shipped()
    graph = build(studies, field)
    reader = MemoryReader(graph)
    corpus = corpus_of(studies, field)
    keys = [one.key for one in graph.associations]
    rows = {}
    for key in keys:
        takes = {"exposures": field.vocabulary.takes(key[0]), "outcomes": field.vocabulary.takes(key[1])}
        rows[key] = findings(reader, key[2], Filters(), **takes)[0]

    plain, whole, again = [], [], []
    for key in keys:
        forget()
        plain.append(milliseconds(synthesise, *key, rows[key], corpus))
        forget()
        whole.append(milliseconds(Evidence(exposure=key[0], outcome=key[1], population=key[2]).answer, reader))
        again.append(milliseconds(Evidence(exposure=key[0], outcome=key[1], population=key[2]).answer, reader))
    reference = statistics.median(plain)
    print(f"{len(keys)} associations")
    line("synthesis alone (reference)", plain, reference)
    line("evidence, asked for the first time", whole, reference)
    line("evidence, asked again", again, reference)

    previews, builds = [], []
    for one in studies:
        without = MemoryReader(build([study for study in studies if study.id != one.id], field))
        forget()
        previews.append(milliseconds(preview, without, [one], field))
    for _ in range(3):
        forget()
        builds.append(milliseconds(build, studies, field))
    reference = statistics.median(builds)
    print(f"{len(studies)} previews")
    line("building the graph (reference)", builds, reference)
    line("preview", previews, reference)


if __name__ == "__main__":
    main()
