"""Pooling 10,000 associations of about 8 estimates: `python -m benchmarks.pooling [N]`.

As the product pools: one association at a time, by REML-HK and, where two to four estimate it, by the posterior too. The reference is R
metafor on the same numbers in the same run: `rma(yi, vi, method = "REML", test = "adhoc")`, threshold 1e-12, its start not counted; and so
ours. The figures of both are compared. The bar is ten times as fast.
"""

from __future__ import annotations

import json
import math
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from graph.synthesis.comparisons import pool
from graph.synthesis.method import METHOD

_R = """
suppressPackageStartupMessages({library(metafor); library(jsonlite)})
sets <- fromJSON(commandArgs(TRUE)[1], simplifyDataFrame = FALSE, simplifyMatrix = FALSE)
fit <- function(set) suppressWarnings(tryCatch(
  rma(set$y, set$v, method = "REML", test = "adhoc", control = list(threshold = 1e-12, maxiter = 1000)),
  error = function(e) if (grepl("did not converge", conditionMessage(e))) NULL else stop(e)))
invisible(fit(sets[[1]]))
begin <- proc.time()[["elapsed"]]
fits <- lapply(sets, fit)
seconds <- proc.time()[["elapsed"]] - begin
told <- lapply(fits, function(f) if (is.null(f)) NULL else c(f$beta, f$ci.lb, f$ci.ub, f$tau2))
cat(toJSON(list(seconds = seconds, fits = told), digits = NA, auto_unbox = TRUE, null = "null"))
"""


def sets(count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Estimates, standard errors and sizes of so many associations: k is 2 and a Poisson number of mean 6, tau 0 to 0.5."""
    chance = np.random.default_rng(8)
    sizes = 2 + chance.poisson(6, count)
    se = np.exp(chance.uniform(math.log(0.1), math.log(0.8), sizes.sum()))
    mean, tau = chance.normal(0, 0.5, count), chance.choice([0, 0.1, 0.3, 0.5], count)
    y = chance.normal(np.repeat(mean, sizes), np.sqrt(se**2 + np.repeat(tau, sizes) ** 2))
    return y, se, sizes


def by_metafor(y: np.ndarray, se: np.ndarray, sizes: np.ndarray) -> tuple[float, list[object]]:
    ends = np.cumsum(sizes)
    given = [{"y": y[end - k : end].tolist(), "v": (se[end - k : end] ** 2).tolist()} for k, end in zip(sizes, ends, strict=True)]
    with tempfile.TemporaryDirectory() as folder:
        data, script = Path(folder) / "sets.json", Path(folder) / "fit.R"
        data.write_text(json.dumps(given))
        script.write_text(_R)
        told = json.loads(subprocess.run(["Rscript", str(script), str(data)], check=True, capture_output=True, text=True).stdout)
    return told["seconds"], told["fits"]


def main() -> None:
    if shutil.which("Rscript") is None:
        sys.exit("Rscript with metafor and jsonlite is needed: apt-get install r-base-core r-cran-metafor r-cran-jsonlite")
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    y, se, sizes = sets(count)
    ends = np.cumsum(sizes)
    given = [(y[end - k : end].tolist(), se[end - k : end].tolist()) for k, end in zip(sizes, ends, strict=True)]
    # numpy's and scipy's own start, not counted either
    pool([0.1, 0.2, 0.4], [0.2, 0.3, 0.1], METHOD.bayes_tau_scale)
    begin = time.perf_counter()
    ours = [pool(*one, METHOD.bayes_tau_scale)[2] for one in given]
    own = time.perf_counter() - begin
    seconds, theirs = by_metafor(y, se, sizes)
    print(f"{count} associations, {sizes.mean():.1f} estimates each")
    print(f"  metafor         {seconds:>8.2f} s   1x")
    print(f"  ours            {own:>8.2f} s   {seconds / own:.0f} times as fast")
    both = [((one.estimate, *one.ci, one.tau2), fit) for one, fit in zip(ours, theirs, strict=True) if isinstance(fit, list)]
    apart = [max(abs(own - other) for own, other in zip(*pair, strict=True)) for pair in both]
    equal = sum(one <= 1e-6 for one in apart)
    print(f"  estimate, interval and tau2 equal to 1e-6: {equal}; otherwise: {len(apart) - equal}")
    print(f"  metafor gave up on: {count - len(both)}")


if __name__ == "__main__":
    main()
