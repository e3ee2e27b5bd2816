"""R lines that pool one association anew, and stop where R disagrees with what was served.

The settings are those of tests/reference/metafor.R: REML with the Hartung-Knapp interval that is never narrower than the unadjusted one
(test = "adhoc"), threshold 1e-12. Of two to four estimates the headline is Bayesian; the script sums the same posterior by its own rule.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence

from graph.method import METHOD
from schema.association import Association, FamilyResult
from schema.reading import Reading, Scale

_HEAD = """\
# {title}
# Release {release}. Needs R with the package metafor: Rscript pooled.R
# yi and vi: {scales}.
# Each fit is compared with what was served; the script stops where they differ by more than {tolerance} of the figure.

suppressPackageStartupMessages(library(metafor))

"""
_FUNCTIONS = """\
# Where whole steps run in a circle, shorter ones are taken.
reml_hk <- function(yi, vi) {
  for (stepadj in c(1, 0.5, 0.25, 0.125, 0.0625)) {
    control <- list(threshold = 1e-12, maxiter = 10000, stepadj = stepadj)
    fit <- tryCatch(
      suppressWarnings(rma(yi, vi, method = "REML", test = "adhoc", control = control)),
      error = function(e) if (grepl("did not converge", conditionMessage(e))) NULL else stop(e)
    )
    if (!is.null(fit)) return(fit)
  }
  stop("REML did not converge")
}

# Posterior median and central 95% interval of mu: mu flat, tau half-normal, summed over a grid by Simpson's rule.
bayes <- function(yi, vi, scale = TAU_SCALE, points = 4001) {
  tau <- seq(0, 6 * scale, length.out = points)
  simpson <- c(1, rep(c(4, 2), length.out = points - 2), 1)
  w <- sapply(tau, function(t) 1 / (vi + t^2))
  total <- colSums(w)
  mean <- colSums(w * yi) / total
  spread <- 1 / sqrt(total)
  density <- 0.5 * colSums(log(w)) - 0.5 * log(total) - 0.5 * colSums(w * outer(yi, mean, "-")^2) - 0.5 * (tau / scale)^2
  mass <- simpson * exp(density - max(density))
  mass <- mass / sum(mass)
  quantile <- function(share) {
    off <- function(m) sum(mass * pnorm((m - mean) / spread)) - share
    uniroot(off, range(mean - 9 * spread, mean + 9 * spread), tol = 1e-13)$root
  }
  c(quantile(0.5), quantile(0.025), quantile(0.975))
}

compare <- function(what, ours, r) {
  shown <- function(x) paste(format(x, digits = 7), collapse = " ")
  cat(sprintf("%-24s served %s   R %s\\n", what, shown(ours), shown(r)))
  if (any(abs(ours - r) / pmax(1, abs(ours)) > TOLERANCE)) stop(what, ": R gives other figures than were served")
}
"""
_TOLERANCE = "1e-6"
_SCALES: dict[Scale | None, tuple[str, str, str]] = {
    # what yi is, how R goes back to the printed scale
    "log-ratio": ("log", "exp(y)", "log ratios"),
    "smd": ("smd", "y * sqrt(3) / pi", "standardised differences on the log odds scale (times pi / sqrt(3))"),
    "fisher-z": ("z", "tanh(y)", "Fisher's z"),
    "linear": ("raw", "y", "in the measure's own unit"),
}


def lines(association: Association, readings: Mapping[str, Reading], release: str) -> str | None:
    """The script, of every family of two estimates and more; None where nothing is pooled. `readings`: by finding."""
    pooled = [family for family in association.families if family.k > 1]
    if not pooled:
        return None
    title = f"{association.exposure.name} > {association.outcome.name} in {association.population.name}"
    scales = "; ".join(dict.fromkeys(_SCALES[_scale(family, readings)][2] for family in pooled))
    parts = [
        _HEAD.format(title=_comment(title), release=release, scales=scales, tolerance=_TOLERANCE),
        _FUNCTIONS.replace("TAU_SCALE", repr(METHOD.bayes_tau_scale)).replace("TOLERANCE", _TOLERANCE),
    ]
    if association.estimate_source == "published":
        parts.append("\n# The headline of this answer is a published meta-analysis (answer.json), not one of these fits.\n")
    parts += [_fit(family, readings) for family in pooled]
    return "".join(parts)


def _scale(family: FamilyResult, readings: Mapping[str, Reading]) -> Scale | None:
    return readings[family.rows[0]].scale


def _votes(family: FamilyResult, readings: Mapping[str, Reading]) -> Iterator[tuple[str, float, float]]:
    """Study, y and its variance; disjoint subgroups of one study by inverse variance, as graph.votes puts them together."""
    by_study: dict[str, list[Reading]] = {}
    for finding in family.rows:
        by_study.setdefault(readings[finding].study, []).append(readings[finding])
    for study, rows in by_study.items():
        figures = [(row.y, row.se) for row in rows if row.y is not None and row.se is not None]
        if len(figures) == 1:
            yield study, figures[0][0], figures[0][1] ** 2
            continue
        weights = [1 / se**2 for _, se in figures]
        total = math.fsum(weights)
        yield study, math.fsum(weight * y for weight, (y, _) in zip(weights, figures, strict=True)) / total, 1 / total


def _fit(family: FamilyResult, readings: Mapping[str, Reading]) -> str:
    votes = list(_votes(family, readings))
    back = _SCALES[_scale(family, readings)][1]
    random = family.reml_hk
    assert random is not None
    kind = "randomised" if family.randomised else "observational"
    named = [family.measure, family.contrast_type, family.unit and f"per {family.unit}", family.variable, kind]
    ahead = random.prediction_interval
    shown = [
        f"\n# {_comment(', '.join(part for part in named if part))}: {family.k} estimates, {family.patients} patients\n",
        f"study <- c({', '.join(json.dumps(study) for study, _, _ in votes)})\n",
        f"yi <- c({_numbers([y for _, y, _ in votes])})\n",
        f"vi <- c({_numbers([v for _, _, v in votes])})\n",
        f"back <- function(y) {back}\n",
        "fit <- reml_hk(yi, vi)\n",
        "print(fit)\n",
        f'compare("REML, Hartung-Knapp", c({_numbers([random.estimate, *random.ci])}), back(c(fit$beta, fit$ci.lb, fit$ci.ub)))\n',
        f'compare("tau2, I2, Q, p of Q, p", c({_numbers([random.tau2, random.i2, random.q, random.q_p, random.p])}), '
        "c(fit$tau2, fit$I2, fit$QE, fit$QEp, fit$pval))\n",
    ]
    if ahead is not None:
        shown.append(f'compare("prediction interval", c({_numbers(ahead)}), back(c(predict(fit)$pi.lb, predict(fit)$pi.ub)))\n')
    common = [family.common.estimate, *family.common.ci]
    shown += [
        'common <- suppressWarnings(rma(yi, vi, method = "EE"))\n',
        f'compare("common effect", c({_numbers(common)}), back(c(common$beta, common$ci.lb, common$ci.ub)))\n',
    ]
    if family.estimate_source == "pooled-bayes":
        shown.append(f'compare("headline, Bayesian", c({_numbers([family.estimate, *family.ci])}), back(bayes(yi, vi)))\n')
    return "".join(shown)


def _numbers(values: Sequence[float]) -> str:
    return ", ".join(repr(float(value)) for value in values)


def _comment(text: str) -> str:
    return " ".join(text.split())
