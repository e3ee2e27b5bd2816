"""For R: rows.csv (an estimate a row: yi, vi, study, cohort, family, moderators), families.csv (what we make of them) and metafor.R.

The script fits every family of two estimates and more anew, by the package metafor and a posterior of its own, writes refitted.csv and
says how far that is from families.csv.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from api.tables import cell
from graph.build import EvidenceGraph
from graph.synthesis.effect_sizes import inverse_variance
from graph.synthesis.observations import by_counts
from schema import outputs
from schema.association import Association, FamilyResult, Interval
from schema.bias import Level
from schema.observation import Observation, Scale
from schema.study import StandingKind, Study

SCRIPT = Path(__file__).with_name("metafor.R")
_KEY = ("family", "exposure", "outcome", "population")
ROWS = (
    *_KEY, "study", "label", "year", "cohort", "findings", "yi", "vi", "by_counts", "n", "adjusted", "randomised", "design", "mri_day",
    "read", "condition", "cutoff", "outcome_cutoff", "follow_up_months", "standing", "risk_of_bias",
)  # fmt: skip
FAMILIES = (
    *_KEY, "measure", "contrast_type", "unit", "step", "scale", "variable", "versus", "cutoff", "outcome_cutoff", "window", "randomised",
    "body", "known_adjusted", "transform", "k", "patients", "patients_unknown", "primary", "estimate_source", "tau_scale",
    "estimate", "ci_low", "ci_high", "common_estimate", "common_ci_low", "common_ci_high",
    "reml_estimate", "reml_ci_low", "reml_ci_high", "prediction_low", "prediction_high", "tau2", "i2", "q", "q_p", "p",
)  # fmt: skip


class Estimate(NamedTuple):
    """What is kept of an observation: of a large graph not all can be. `counted` is what its counts give, by measure."""

    finding: str
    population: str
    y: float
    se: float
    counted: Mapping[str, tuple[float, float]]
    n: int | None
    scale: Scale | None
    adjusted: bool | None
    condition: str
    cutoff: str | None
    outcome_cutoff: str | None
    follow_up_months: float | None

    def within(self, comparison: FamilyResult) -> Estimate:
        """As it is pooled there (graph.synthesis.comparisons.in_comparison)."""
        y, se = self.counted[comparison.measure] if self.finding in comparison.by_counts else (self.y, self.se)
        return self._replace(y=comparison.step * y, se=comparison.step * se)


class _Paper(NamedTuple):
    label: str
    year: int | None
    cohorts: tuple[str, ...]
    design: str | None
    mri_day: float | None
    read: str
    standing: StandingKind | None
    risk_of_bias: Level | None
    apart: frozenset[str]


def write(graph: EvidenceGraph, path: outputs.Place, population: str | None) -> None:
    """Write the folder: all associations, or a population's."""
    estimates = {one.finding: estimate_of(one) for one in graph.observations if one.y is not None and one.se is not None}
    papers = {study.id: _paper(study) for study in graph.studies}
    populations = {study: paper.apart for study, paper in papers.items()}
    with (
        outputs.text(path / "rows.csv") as rows_file,
        outputs.text(path / "families.csv") as families_file,
    ):
        rows: csv.DictWriter[str] = csv.DictWriter(rows_file, ROWS, lineterminator="\n")
        families: csv.DictWriter[str] = csv.DictWriter(families_file, FAMILIES, lineterminator="\n")
        rows.writeheader()
        families.writeheader()
        for one in graph.associations:
            if population is not None and one.population.id != population:
                continue
            for number, comparison in enumerate(one.families, start=1):
                key = _key(one, number)
                behind = list(by_cohort(comparison, estimates, populations))
                families.writerow(_cells(_comparison(one, comparison, number, behind[0][0].scale) | key))
                for findings in behind:
                    rows.writerow(_cells(_row(together(findings), findings, comparison, papers) | key))
    outputs.save(path / SCRIPT.name, SCRIPT.read_bytes())


def _cells(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: cell(value) for name, value in row.items()}


def _key(one: Association, number: int) -> dict[str, str]:
    exposure, outcome, population = one.key
    return {
        "family": f"{exposure} > {outcome} in {population}, {number}", "exposure": exposure, "outcome": outcome, "population": population,
    }  # fmt: skip


def estimate_of(one: Observation) -> Estimate:
    assert one.y is not None
    assert one.se is not None
    row, n = one.row, one.n if one.n_known else None
    counted = {measure: (found.y, found.se) for measure in ("OR", "RR") if row.counts and (found := by_counts(one, measure))}
    months = row.follow_up_months[1] if isinstance(row.follow_up_months, tuple) else row.follow_up_months
    return Estimate(
        one.finding,
        row.population,
        one.y,
        one.se,
        counted,
        n,
        one.scale,
        row.adjusted,
        one.condition,
        row.cutoff,
        row.outcome_cutoff,
        months,
    )


def apart(study: Study) -> frozenset[str]:
    """Its populations that share nobody: each is a cohort."""
    return frozenset(population.id for population in study.populations if population.disjoint)


def _paper(study: Study) -> _Paper:
    window = study.imaging.mri_window_days if study.imaging else None
    standing = study.standing.kind if study.standing is not None else None
    day = window[1] if window else None
    bias = study.risk_of_bias.judgement if study.risk_of_bias is not None else None
    return _Paper(study.label, study.year, study.cohorts, study.design, day, study.read, standing, bias, apart(study))


def _study(finding: str) -> str:
    return finding.partition(":")[0]


def by_cohort(
    comparison: FamilyResult, estimates: Mapping[str, Estimate], populations: Mapping[str, frozenset[str]]
) -> Iterator[list[Estimate]]:
    """The estimates of a family cohort by cohort, as they are pooled: several of one cohort are disjoint subgroups, put together.

    `populations`: of each study those that are cohorts by themselves.
    """
    found: dict[tuple[str, str], list[Estimate]] = {}
    for finding in comparison.rows:
        one, study = estimates[finding].within(comparison), _study(finding)
        found.setdefault((study, one.population if one.population in populations[study] else ""), []).append(one)
    yield from found.values()


def together(subgroups: Sequence[Estimate]) -> Estimate:
    """Disjoint subgroups by inverse variance, as graph.synthesis.reports puts them together."""
    if len(subgroups) == 1:
        return subgroups[0]
    y, se = inverse_variance([one.y for one in subgroups], [one.se for one in subgroups])
    known = [one.n for one in subgroups if one.n is not None]
    return subgroups[0]._replace(y=y, se=se, n=sum(known) if len(known) == len(subgroups) else None)


def _row(estimate: Estimate, findings: Sequence[Estimate], comparison: FamilyResult, papers: Mapping[str, _Paper]) -> dict[str, Any]:
    study = _study(estimate.finding)
    paper = papers[study]
    return {
        "study": study,
        "label": paper.label,
        "year": paper.year,
        # without a named one a study is its own cohort
        "cohort": f"{study} {estimate.population}" if estimate.population in paper.apart else "; ".join(paper.cohorts) or study,
        "findings": "; ".join(one.finding for one in findings),
        "yi": estimate.y,
        "vi": estimate.se**2,
        "by_counts": estimate.finding in comparison.by_counts,
        "n": estimate.n,
        "adjusted": estimate.adjusted,
        "randomised": comparison.randomised,
        "design": paper.design,
        "mri_day": paper.mri_day,
        "read": paper.read,
        "condition": estimate.condition,
        "cutoff": estimate.cutoff,
        "outcome_cutoff": estimate.outcome_cutoff,
        "follow_up_months": estimate.follow_up_months,
        "standing": paper.standing,
        "risk_of_bias": paper.risk_of_bias,
    }


def _comparison(one: Association, comparison: FamilyResult, number: int, transform: Scale | None) -> dict[str, Any]:
    random = comparison.reml_hk
    figures: dict[str, Any] = {
        **comparison.model_dump(include={*FAMILIES} - {"estimate"}),
        "transform": transform,
        "primary": number == 1 and one.estimate_source not in {None, "published"},
        "estimate": comparison.estimate,
        **_interval("ci", comparison.ci),
        "common_estimate": comparison.common.estimate,
        **_interval("common_ci", comparison.common.ci),
    }
    if random is not None:
        figures |= {
            "reml_estimate": random.estimate,
            **_interval("reml_ci", random.ci),
            **_interval("prediction", random.prediction_interval),
            **random.model_dump(include={"tau2", "i2", "q", "q_p", "p"}),
        }
    return figures


def _interval(name: str, ci: Interval | None) -> dict[str, float | None]:
    return {f"{name}_low": ci[0] if ci else None, f"{name}_high": ci[1] if ci else None}
