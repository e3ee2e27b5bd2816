"""R lines that pool one association anew, and stop where R disagrees with what was served.

They fit with the functions of the export for R (api/exports/metafor.R).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from api.exports.metafor import SCRIPT, apart, by_cohort, estimate_of, together
from graph.stores.port import Reader
from graph.wording import patients
from graph.wording.sentences import family
from schema.answer import Evidence
from schema.association import Association, FamilyResult
from schema.observation import Observation, Scale
from schema.study import Study

_HEAD = """\
# {title}
# Release {release}. Needs R with the package metafor: Rscript pooled.R
# yi and vi: {scales}.
# Each fit is compared with what was served; the script stops where they differ by more than {tolerance} of the figure.

suppressPackageStartupMessages(library(metafor))

"""
_COMPARE = """\
compare <- function(what, ours, r) {
  shown <- function(x) paste(format(x, digits = 7), collapse = " ")
  cat(sprintf("%-24s served %s   R %s\\n", what, shown(ours), shown(r)))
  if (any(abs(ours - r) / pmax(1, abs(ours)) > TOLERANCE)) stop(what, ": R gives other figures than were served")
}
"""
_TOLERANCE = "1e-6"
_SCALES: dict[Scale | None, str] = {
    "log-ratio": "log ratios",
    "smd": "standardised differences on the log odds scale (times pi / sqrt(3))",
    "fisher-z": "Fisher's z",
    "linear": "in the measure's own unit",
}


def of_answer(reader: Reader, answer: Evidence) -> str | None:
    """The script of an answer, of the reader that it rests on; None where nothing is pooled."""
    if answer.association is None:
        return None
    terms, one = reader.terms(), answer.association
    rows = reader.findings(exposures=terms.takes(one.exposure.id), outcomes=terms.takes(one.outcome.id))
    return lines(one, {row.finding: row for row in rows}, reader.studies(), answer.release)


def lines(association: Association, observations: Mapping[str, Observation], studies: Mapping[str, Study], release: str) -> str | None:
    """The script, of every family of two estimates and more; None where nothing is pooled. `observations`: by finding."""
    pooled = [comparison for comparison in association.families if comparison.k > 1]
    if not pooled:
        return None
    title = f"{association.exposure.name} > {association.outcome.name} in {association.population.name}"
    scales = "; ".join(dict.fromkeys(_SCALES[_scale(comparison, observations)] for comparison in pooled))
    parts = [
        _HEAD.format(title=_comment(title), release=release, scales=scales, tolerance=_TOLERANCE),
        _functions(),
        _COMPARE.replace("TOLERANCE", _TOLERANCE),
    ]
    if association.estimate_source == "published":
        parts.append("\n# The headline of this answer is a published meta-analysis (answer.json), not one of these fits.\n")
    parts += [_fit(comparison, association, observations, studies) for comparison in pooled]
    return "".join(parts)


def _scale(comparison: FamilyResult, observations: Mapping[str, Observation]) -> Scale | None:
    return observations[comparison.rows[0]].scale


def _functions() -> str:
    """What the script of the export fits with: reml_hk, bayes, back."""
    text = SCRIPT.read_text(encoding="utf-8")
    return text[text.index("# Random effects by REML") : text.index("figures <-")]


def _fit(comparison: FamilyResult, one: Association, observations: Mapping[str, Observation], studies: Mapping[str, Study]) -> str:
    behind = [observations[finding] for finding in comparison.rows]
    estimates = {row.finding: estimate_of(row) for row in behind}
    cohorts = list(map(together, by_cohort(comparison, estimates, {row.study: apart(studies[row.study]) for row in behind})))
    random = comparison.reml_hk
    assert random is not None
    ahead = random.prediction_interval
    shown = [
        f"\n# {_comment(family(comparison, (), one))}: {comparison.k} estimates, {patients(comparison)}\n",
        f"study <- c({', '.join(json.dumps(observations[row.finding].study) for row in cohorts)})\n",
        f"yi <- c({_numbers([row.y for row in cohorts])})\n",
        f"vi <- c({_numbers([row.se**2 for row in cohorts])})\n",
        f'on <- function(...) back("{_scale(comparison, observations)}", c(...))\n',
        "fit <- reml_hk(yi, vi)\n",
        "print(fit)\n",
        f'compare("REML, Hartung-Knapp", c({_numbers([random.estimate, *random.ci])}), on(fit$beta, fit$ci.lb, fit$ci.ub))\n',
        f'compare("tau2, I2, Q, p of Q, p", c({_numbers([random.tau2, random.i2, random.q, random.q_p, random.p])}), '
        "c(fit$tau2, fit$I2, fit$QE, fit$QEp, fit$pval))\n",
    ]
    if ahead is not None:
        shown.append(f'compare("prediction interval", c({_numbers(ahead)}), on(predict(fit)$pi.lb, predict(fit)$pi.ub))\n')
    common = [comparison.common.estimate, *comparison.common.ci]
    shown += [
        'common <- suppressWarnings(rma(yi, vi, method = "EE"))\n',
        f'compare("common effect", c({_numbers(common)}), on(common$beta, common$ci.lb, common$ci.ub))\n',
    ]
    if comparison.tau_scale is not None:
        posterior = f"on(bayes(yi, vi, {_numbers([comparison.tau_scale])}))"
        shown.append(f'compare("headline, Bayesian", c({_numbers([comparison.estimate, *comparison.ci])}), {posterior})\n')
    return "".join(shown)


def _numbers(values: Sequence[float]) -> str:
    return ", ".join(repr(float(value)) for value in values)


def _comment(text: str) -> str:
    return " ".join(text.split())
