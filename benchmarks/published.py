"""Published meta-analyses beside our own synthesis: `python -m benchmarks.published`.

Prevalence of R-DWI beside posener-2023's, and each association that a meta-analysis of the corpus pooled beside what the primary studies
of the corpus give, in the same population. The difference is explained by what stands in the sheets, and nothing is tuned to a target.
"""

from __future__ import annotations

import math
import shutil
import subprocess

from graph import questions
from graph.build import EvidenceGraph, build
from graph.opening import shipped, shipped_studies
from graph.stores.memory import MemoryReader
from schema.association import Association, FamilyResult, PrevalenceRow, PublishedEstimate

_RATIOS = frozenset({"OR", "RR", "HR"})


def _interval(estimate: float | None, ci: tuple[float, float] | None) -> str:
    if estimate is None:
        return "none"
    return f"{estimate:.2f}" + (f" ({ci[0]:.2f}-{ci[1]:.2f})" if ci else "")


def _same_measure(one: Association, published: PublishedEstimate) -> FamilyResult | None:
    """Our comparison of most cohorts in the measure that the review pooled."""
    families = [ours for ours in one.families if ours.measure == published.measure and ours.estimate is not None]
    return max(families, key=lambda ours: ours.k, default=None)


def _why(one: Association, published: PublishedEstimate, ours: FamilyResult | None) -> str:
    """What the difference comes of, by what can be read from the sheets."""
    reasons = []
    if one.cohorts == 0:
        return "no primary study of the corpus reports it"
    if ours is None:
        measures = sorted({ours.measure for ours in one.families if ours.estimate is not None})
        other = f"; ours are {', '.join(measures)}" if measures else ""
        cohorts = "1 cohort votes" if one.cohorts == 1 else f"{one.cohorts} cohorts vote"
        return f"{cohorts}, without a {published.measure} that can be pooled{other}"
    if published.k is not None and published.k != ours.k:
        reasons.append(f"it pools {published.k} studies, ours {ours.k}")
    elif published.k is None:
        reasons.append("its number of studies is not in the sheet")
    if ours.contrast_type not in {None, "binary"}:
        reasons.append(f"ours is {ours.contrast_type}{f' per {ours.unit}' if ours.unit else ''}")
    if published.ci and ours.ci and published.estimate is not None and ours.estimate is not None:
        apart = published.ci[1] < ours.ci[0] or ours.ci[1] < published.ci[0]
        reasons.append("the intervals do not overlap" if apart else "the intervals overlap")
        none = 1.0 if published.measure in _RATIOS else 0.0
        if (published.estimate - none) * (ours.estimate - none) < 0:
            reasons.append("the directions differ")
    return "; ".join(reasons) or "the same"


def associations(graph: EvidenceGraph) -> list[tuple[Association, PublishedEstimate, FamilyResult | None]]:
    """Each published pooled row of an edge once, in the narrowest population that has it."""
    found: dict[str, tuple[Association, PublishedEstimate, FamilyResult | None]] = {}
    for one in graph.associations:
        for published in one.published:
            kept = found.get(published.finding)
            if kept is None or len(one.findings) < len(kept[0].findings):
                found[published.finding] = (one, published, _same_measure(one, published))
    return sorted(found.values(), key=lambda item: (item[0].outcome.id, item[0].exposure.id, item[1].finding))


_GLMM = """
suppressPackageStartupMessages(library(metafor))
given <- read.csv(file("stdin"), header = FALSE)
fit <- suppressMessages(rma.glmm(measure = "PLO", xi = given[[1]], ni = given[[2]]))
told <- predict(fit, transf = transf.ilogit)
cat(sprintf("%.17g", 100 * c(told$pred, told$ci.lb, told$ci.ub)))
"""


def by_glmm(rows: list[PrevalenceRow]) -> list[float] | None:
    """Percent and its interval by a binomial-normal model (metafor's `rma.glmm`, which takes lme4); None where there is no R."""
    if shutil.which("Rscript") is None:
        return None
    given = "".join(f"{row.cases},{row.total}\n" for row in rows)
    told = subprocess.run(["Rscript", "-e", _GLMM], input=given, check=True, stdout=subprocess.PIPE, text=True).stdout
    return [float(one) for one in told.split()]


def main() -> None:
    graph = build(shipped_studies(shipped()), shipped())
    answer = questions.Prevalence().answer(MemoryReader(graph)).prevalence
    ours = answer.pooled
    assert ours is not None
    print("Prevalence of R-DWI after ICH, percent")
    print(f"  {'ours':<15} {ours.pct:.1f} ({ours.ci[0]:.1f}-{ours.ci[1]:.1f}), {ours.cohorts} cohorts")
    glmm = by_glmm([row for row in answer.rows if row.used == "pooled"])
    if glmm is None:
        print("  (no Rscript: the binomial-normal model is left out)")
    else:
        print(f"  {'ours, as GLMM':<15} {glmm[0]:.1f} ({glmm[1]:.1f}-{glmm[2]:.1f}), the same cohorts")
    for row in answer.published:
        if row.pct is not None and row.ci is not None:
            studies = f"{row.k} studies" if row.k else "number of studies not in the sheet"
            print(f"  {row.study.id:<15} {row.pct:.1f} ({row.ci[0]:.1f}-{row.ci[1]:.1f}), {studies}")
    pairs = associations(graph)
    both = [(a, b, c) for a, b, c in pairs if c is not None and b.estimate is not None]
    print(f"\n{len(pairs)} pooled rows of meta-analyses; {len(both)} have an estimate of ours in the same measure beside them\n")
    for one, published, result in pairs:
        print(f"{one.exposure.id} > {one.outcome.id} in {one.population.id}")
        print(f"  {published.study:<28} {published.measure} {_interval(published.estimate, published.ci)}")
        print(f"  {'ours':<28} {published.measure if result else ''} {_interval(result.estimate, result.ci) if result else 'none'}")
        print(f"  {_why(one, published, result)}")
    ratios = [(b.estimate, c.estimate) for _, b, c in both if b.measure in _RATIOS and b.estimate and c and c.estimate]
    inside = sum(bool(c and c.ci and b.estimate is not None and c.ci[0] <= b.estimate <= c.ci[1]) for _, b, c in both)
    same = sum((math.log(a) > 0) == (math.log(b) > 0) for a, b in ratios)
    print(f"\nOf {len(ratios)} ratios {same} point the same way; {inside} of {len(both)} published estimates lie inside our interval")


if __name__ == "__main__":
    main()
