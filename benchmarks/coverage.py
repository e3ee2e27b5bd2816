"""How often the interval of a pooled share holds the typical cohort's: `python -m benchmarks.coverage [RUNS]`, 400 a cell by default.

Cohorts of the sizes of the shipped corpus, whose log odds are normal round those of the share. Beside ours (2 to 4 cohorts Bayesian, more
by the profile likelihood) stand the Wald interval of the same likelihood, which there is none of where nobody or everybody has it, and
REML-HK of logits. A cell is below the bar where ours holds it in fewer than 90 of 100.
"""

from __future__ import annotations

import itertools
import math
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from typing import NamedTuple

import numpy as np

from graph.opening import shipped, shipped_studies
from graph.synthesis.binomial import Likelihood, few, logistic
from graph.synthesis.method import METHOD, Z95
from graph.synthesis.pooling import reml_hk
from graph.synthesis.prevalence import logit

SHARES = (0.005, 0.02, 0.1, 0.25, 0.5)
COHORTS = (2, 3, 4, 5, 8, 15, 30)
TAUS = (0.0, 0.5, 1.0)
BAR = 90.0


class Cell(NamedTuple):
    """The true share and tau, how many cohorts, and in how many of 100 runs ours, Wald's and REML-HK's interval holds the share."""

    share: float
    tau: float
    cohorts: int
    ours: float
    wald: float
    reml_hk: float


def sizes() -> list[int]:
    """How many were scanned in each whole cohort of the corpus."""
    rows = [row for study in shipped_studies(shipped()) for row in study.prevalence]
    return sorted(row.total for row in rows if row.main and row.total is not None)


def cell(share: float, tau: float, cohorts: int, runs: int, totals: list[int]) -> Cell:
    chance = np.random.default_rng([round(1000 * share), round(10 * tau), cohorts])
    mean = math.log(share / (1 - share))
    held = np.zeros(3)
    for _ in range(runs):
        n = chance.choice(totals, cohorts)
        y = chance.binomial(n, 1 / (1 + np.exp(-chance.normal(mean, tau, cohorts))))
        held += [low <= mean <= high for low, high in _intervals(tuple(y.tolist()), tuple(n.tolist()))]
    return Cell(share, tau, cohorts, *(100 * held / runs).tolist())


def _intervals(y: tuple[int, ...], n: tuple[int, ...]) -> tuple[tuple[float, float], ...]:
    ours = few(y, n) if len(y) <= METHOD.bayes_max_cohorts else logistic(y, n)
    wald = math.nan, math.nan
    if 0 < sum(y) < sum(n):
        top = Likelihood(y, n).maximum()
        wald = top.mu - Z95 * top.se, top.mu + Z95 * top.se
    scaled = [logit(*one) for one in zip(y, n, strict=True)]
    return ours.ci, wald, reml_hk([one for one, _ in scaled], [one for _, one in scaled]).ci


def main() -> None:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 400
    totals = sizes()
    print(f"{runs} runs a cell; {len(totals)} sizes of cohorts, {totals[0]} to {totals[-1]}, median {totals[len(totals) // 2]}")
    print("share   tau  cohorts   ours  Wald  REML-HK")
    cells = list(itertools.product(SHARES, TAUS, COHORTS))
    below = 0
    # a process to each core, each with one thread
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    with ProcessPoolExecutor() as processes:
        for found in processes.map(cell, *zip(*cells, strict=True), itertools.repeat(runs), itertools.repeat(totals)):
            under = found.ours < BAR
            below += under
            print(
                f"{found.share:>6.1%} {found.tau:>4g} {found.cohorts:>8} {found.ours:>6.1f} {found.wald:>5.1f} {found.reml_hk:>8.1f}"
                + ("  below the bar" if under else ""),
                flush=True,
            )
    print(f"below {BAR:g}: {below} of {len(cells)} cells")


if __name__ == "__main__":
    main()
