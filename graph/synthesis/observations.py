"""Each printed row as an observation: docs/method.md, sections 1 and 2.

`DERIVATIONS` lists how an estimate or less is derived from a row, in the order in which they are tried.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections import Counter
from collections.abc import Iterator
from typing import Literal, NamedTuple

from graph.synthesis.effect_sizes import (
    Estimate,
    difference_from_ci,
    fisher_z,
    from_p,
    hedges_g,
    log_odds_ratio,
    log_risk_ratio,
    mean_sd_from_quartiles,
    ratio_from_ci,
    skewed,
    whole_number,
    z_of_p,
)
from graph.synthesis.method import METHOD, Z95, Method, method_of
from graph.wording import singular
from schema.cutoffs import normal_cutoff
from schema.field import EvidenceField
from schema.observation import NO_EVENTS, RETRACTED, Body, ComparisonKey, Observation, ObservationKind, Scale, sign_of
from schema.pvalue import P, parse_p
from schema.scales import CHINN
from schema.study import RATIOS, REVIEWS, Counts, Finding, Group, Population, Study, last_digit
from schema.units import per_unit
from schema.vocabulary import Vocabulary

# derivation: (what it is from, the paper of its formula)
DERIVATIONS: dict[str, tuple[str, str]] = {
    "counts": ("2x2 counts of an unadjusted row", "Woolf 1955; Haldane 1956 where a cell is empty"),
    "percentages": ("percentages of two groups, each of which fits one whole number", "Woolf 1955"),
    "ratio-ci": ("a ratio with its 95% interval", "Cochrane Handbook 6.3.2"),
    "ratio-se": ("a ratio with the standard error of its logarithm", "Cochrane Handbook 6.3.2"),
    "ratio-p": ("a ratio with an exact p", "Cochrane Handbook 6.3.1"),
    "groups-exposure": ("means and SDs of the exposed and the unexposed", "Hedges 1981; Chinn 2000"),
    "groups-difference": ("means and SDs of the exposed and the unexposed, where a mean difference is told", "Cochrane Handbook 6.5.1.1"),
    "groups-outcome": ("means and SDs of those with and without the outcome", "Hedges 1981; the log odds ratio per SD is d"),
    "medians-exposure": ("medians and quartiles of the exposed and the unexposed", "Wan 2014; Hedges 1981; Chinn 2000"),
    "medians-outcome": ("medians and quartiles of those with and without the outcome", "Wan 2014; Hedges 1981"),
    "correlation": ("a correlation with its n", "Fisher 1921"),
    "difference-ci": ("a difference or slope with its 95% interval", "Cochrane Handbook 6.3.2"),
    "difference-se": ("a difference or slope with its standard error", "Cochrane Handbook 6.3.2"),
    "difference-p": ("a difference or slope with an exact p", "Cochrane Handbook 6.3.1"),
    "p": ("a direction with p < 0.05", ""),
    "word": ("a direction reported as significant, without any figure", ""),
    "direction": ("a direction with p >= 0.05, or with a value but no interval or p", ""),
    "null": ("reported as not significant, without an estimate", ""),
    "no-events": ("a table without an event, or of events only: it says nothing of a ratio", "Cochrane Handbook 10.4.4.1"),
    "unclear-p": ("a p value whose direction can't be read", ""),
    "unclear": ("nothing that counts", ""),
}


# what an observation warns of
CI_AND_P = "ci and p disagree: counts, isn't pooled"
CI_BEFORE_COUNTS = "counts disagree with ci and p, which agree: ci used"
COUNTS_BEFORE_CI = "the printed ci disagrees with the counts: counts used"
SE_AND_P, SE_BEFORE_COUNTS, COUNTS_BEFORE_SE = (one.replace("ci", "se") for one in (CI_AND_P, CI_BEFORE_COUNTS, COUNTS_BEFORE_CI))
SIGNS_APART = "the printed difference and the groups disagree in direction: counts, isn't pooled"
UNLIKE_ITS_N = "the printed interval is not that of a correlation in so many patients: worked out from their number"
BY_FIGURES = "its direction is not told: read by its figures"


class _Signs(NamedTuple):
    """What turns each part of a row: -1 or +1."""

    value: int
    groups_exposure: int
    outcome: int
    direction: int


class _Figures(NamedTuple):
    kind: ObservationKind
    derivation: str
    estimate: Estimate | None = None
    z: float | tuple[float | None, float | None] | None = None
    scale: Scale | None = None
    measure: str | None = None
    contrast_type: str | None = None
    unit: str | None = None
    warnings: tuple[str, ...] = ()


def finding_ids(study: Study) -> list[str]:
    """An id for each finding: the study's, a hash of what identifies the row (never of its figures), and an ordinal among equals."""
    seen: Counter[str] = Counter()
    ids = []
    for row in study.findings:
        identity = [
            row.exposure, row.exposure_as_reported, row.contrast, row.outcome, row.outcome_as_reported, row.population, row.role,
            row.measure, row.adjusted,
        ]  # fmt: skip
        digest = hashlib.sha256(json.dumps(identity).encode()).hexdigest()[:10]
        seen[digest] += 1
        ids.append(f"{study.id}:{digest}" + (f"-{seen[digest]}" if seen[digest] > 1 else ""))
    return ids


def read_study(study: Study, field: EvidenceField) -> Iterator[Observation]:
    """All findings of a study as they are read, in the sheet's order."""
    for position, (finding_id, row) in enumerate(zip(finding_ids(study), study.findings, strict=True)):
        yield read(finding_id, position, row, study, field)


def read(finding_id: str, position: int, row: Finding, study: Study, field: EvidenceField) -> Observation:
    """One finding, turned to its exposure and outcome, with what it observed."""
    vocabulary, method = field.vocabulary, method_of(field.constants)
    population = study.population(row.population)
    outcome = vocabulary[row.outcome]
    harmful = vocabulary[outcome.inverse_of] if outcome.inverse_of else outcome
    inverse = -1 if outcome.inverse_of else 1
    turn = -1 if row.reversed else 1
    scale = -1 if row.outcome_scale else 1
    signs = _Signs(turn * scale * inverse, scale * inverse, inverse, turn * inverse)

    counts, percentages = _counts(row)
    if counts is not None and inverse < 0:
        counts = _other_outcome(counts)
    n, n_known = _patients(row, counts, population, study)
    continuous = harmful.unit is not None or (
        row.groups_by != "outcome"
        and counts is None
        and row.measure in {"beta", "mean-difference", "median-difference", "correlation", "SMD"}
    )
    share = _outcome_share(row, counts, study, harmful.kind == "lesion", continuous, method)
    seen = _observe(row, signs, counts, percentages, n if n_known else None)
    if row.direction == "unclear" and (seen.estimate is not None or sign_of(seen.z)):
        seen = seen._replace(warnings=(*seen.warnings, BY_FIGURES))
    published = (
        not study.retracted and row.role == "main" and (row.pooled or (study.design == "meta-analysis" and (row.ci or row.se) is not None))
    )
    comparison = _comparison_of(finding_id, row, seen, vocabulary, method, turned_from=outcome.id if inverse < 0 else None)
    why = _why_not(row, study, published, seen)
    return Observation(
        finding=finding_id,
        study=study.id,
        position=position,
        exposure=row.exposure,
        outcome=harmful.id,
        turned_from=outcome.id if inverse < 0 else None,
        populations=field.populations.nodes_of(population),
        condition=population.condition,
        n=n,
        n_known=n_known,
        outcome_share=share,
        information=_information(seen, n, share, published, method),
        kind=seen.kind,
        derivation=seen.derivation,
        significant=_significant(row, seen),
        y=seen.estimate.y if seen.estimate else None,
        se=seen.estimate.se if seen.estimate else None,
        z=seen.estimate.z if seen.estimate else seen.z,
        scale=seen.scale,
        comparison=comparison,
        eligible=why is None,
        published=published,
        why=why,
        warnings=seen.warnings,
        row=row,
    )


def _other_outcome(counts: Counts) -> Counts:
    return Counts(
        exposed_cases=counts.exposed_total - counts.exposed_cases,
        exposed_total=counts.exposed_total,
        unexposed_cases=counts.unexposed_total - counts.unexposed_cases,
        unexposed_total=counts.unexposed_total,
    )


def table_of(observation: Observation) -> Counts | None:
    """A row's 2x2 table of exposure and outcome, printed or from percentages; None where it has none."""
    counts, _ = _counts(observation.row)
    return _other_outcome(counts) if counts is not None and observation.turned_from is not None else counts


def by_counts(observation: Observation, measure: str) -> Estimate | None:
    """What a row's 2x2 table gives in a measure (OR or RR), turned as the row is; None where it has none."""
    counts = table_of(observation)
    if counts is None:
        return None
    found = log_risk_ratio(counts) if measure == "RR" else log_odds_ratio(counts)
    return found if found.se > 0 else None


def _significant(row: Finding, seen: _Figures) -> Literal[-1, 0, 1]:
    """The sign of what the row reports as significant: by its printed p; else by z, where rounding leaves that open by its word."""
    if seen.kind == "significant":
        return sign_of(seen.z)
    if seen.kind != "estimate" or seen.estimate is None:
        return 0
    z = seen.estimate.z
    printed = parse_p(row.p).significant if row.p is not None else None
    if printed is None:
        printed = abs(z) > Z95
        if abs(abs(z) - Z95) <= min(_rounding(row), 0.5) and row.direction != "unclear":
            printed = row.direction != "no-association"
    elif any("disagree" in warning for warning in seen.warnings):
        printed = abs(z) > Z95
    return sign_of(z) if printed else 0


def _why_not(row: Finding, study: Study, published: bool, seen: _Figures) -> str | None:
    if study.retracted:
        return RETRACTED
    if published:
        return "published meta-analysis: stands beside the cohorts"
    if study.design in REVIEWS:
        return f"{study.design}: reports other studies' patients"
    if row.role != "main":
        return {
            "modifier": "an interaction or test of homogeneity, not an association",
            "within-person": "compares people with themselves",
            "descriptive": "describes; nothing was tested",
            "dropped": "did not stay in a stepwise model: says nothing of its own",
        }[row.role]
    if seen.derivation == "no-events":
        return NO_EVENTS
    if seen.derivation == "unclear":
        return "its direction could not be read and no p is printed"
    return None


def _patients(row: Finding, counts: Counts | None, population: Population, study: Study) -> tuple[int, bool]:
    """How many patients a row is of, and whether that is known."""
    if counts is not None:
        return counts.exposed_total + counts.unexposed_total, True
    if row.groups is not None and row.role != "within-person" and all(group.n for group in row.groups):
        return sum(group.n or 0 for group in row.groups), True
    size = study.size_of(population.id)
    return (size, True) if size is not None else (METHOD.default_n, False)


def _counts(row: Finding) -> tuple[Counts | None, bool]:
    """The 2x2 table of a row, printed or from percentages that fit one whole number each, and whether it is from percentages."""
    if row.role == "within-person":
        return None, False
    if row.counts is not None:
        return row.counts, False
    if row.groups is None:
        return None, False
    sizes, cases = [group.n for group in row.groups], []
    for group in row.groups:
        if group.n is None or group.pct is None:
            return None, False
        count = whole_number(group.pct, group.n)
        if count is None:
            return None, False
        cases.append(count)
    (n1, n2), (c1, c2) = (sizes[0] or 0, sizes[1] or 0), cases
    if row.groups_by == "outcome":
        if not (c1 + c2 and n1 + n2 - c1 - c2):
            return None, False
        return Counts(exposed_cases=c1, exposed_total=c1 + c2, unexposed_cases=n1 - c1, unexposed_total=n1 + n2 - c1 - c2), True
    return Counts(exposed_cases=c1, exposed_total=n1, unexposed_cases=c2, unexposed_total=n2), True


def _outcome_share(row: Finding, counts: Counts | None, study: Study, lesion: bool, continuous: bool, method: Method) -> float:
    """pi, the share of patients with the outcome: the row's, the sheet's, or the default of its kind; kept inside 0.5% to 99.5%."""
    share: float | None = None
    if counts is not None:
        share = (counts.exposed_cases + counts.unexposed_cases) / (counts.exposed_total + counts.unexposed_total)
    elif row.groups_by == "outcome" and row.groups is not None and all(group.n for group in row.groups):
        first, second = (group.n or 0 for group in row.groups)
        share = first / (first + second)
    else:
        share = _printed_prevalence(row, study)
    if share is None:
        if lesion:
            share = method.default_prevalence_lesion
        else:
            share = method.default_prevalence_continuous if continuous else method.default_prevalence_other
    return min(max(share, 0.005), 0.995)


def events_of(observation: Observation, study: Study) -> float | None:
    """How many patients with the outcome a row is of: counted, printed, or by the printed share; None where that isn't printed."""
    row, table = observation.row, table_of(observation)
    if table is not None:
        return table.exposed_cases + table.unexposed_cases
    if row.events is not None:
        return row.events
    if row.groups_by == "outcome" and row.groups is not None and row.groups[0].n:
        return row.groups[0].n
    share = _printed_prevalence(row, study)
    return share * observation.n if share is not None and observation.n_known else None


def _printed_prevalence(row: Finding, study: Study) -> float | None:
    rows = [given for given in study.prevalence if given.lesion == row.outcome and given.population == row.population]
    for given in sorted(rows, key=lambda one: not one.main):
        if given.cases is not None and given.total:
            return given.cases / given.total
        if given.pct is not None:
            return given.pct / 100
    return None


def _information(seen: _Figures, n: int, share: float, published: bool, method: Method) -> float:
    """What a row's z is scaled by: y* = z / sqrt(information), about the log odds ratio per SD of the exposure.

    An estimate of two groups, or per SD, says by its own error how much it tells; else the patients do.
    """
    if seen.estimate is not None and seen.scale in {"log-ratio", "smd"}:
        if seen.unit == "SD":
            return 1 / seen.estimate.se**2
        if published or seen.contrast_type in {"binary", "graded"} or seen.scale == "smd":
            q = method.default_exposed_share
            return 1 / (seen.estimate.se**2 * q * (1 - q))
    return n * share if seen.measure == "HR" else n * share * (1 - share)


def _observe(row: Finding, signs: _Signs, counts: Counts | None, percentages: bool, n: int | None) -> _Figures:
    if counts is not None and _one_sided(counts):
        return _Figures("unclear", "no-events")
    printed = parse_p(row.p) if row.p is not None else None
    seen = _estimate(row, signs, counts, percentages, n, printed)
    if seen is not None and seen.estimate is not None:
        return seen
    warnings = seen.warnings if seen else ()
    return _bare(row, signs, printed)._replace(warnings=warnings)


def _one_sided(counts: Counts) -> bool:
    """Whether nobody has the outcome, or everybody."""
    return counts.exposed_cases + counts.unexposed_cases in {0, counts.exposed_total + counts.unexposed_total}


def _estimate(row: Finding, signs: _Signs, counts: Counts | None, percentages: bool, n: int | None, p: P | None) -> _Figures | None:
    """The row's estimate by the first derivation that applies; without one, warnings alone where printed figures disagree."""
    ratio = row.measure in RATIOS
    printed, width = _printed(row)
    by_p = None
    if ratio and row.value is not None:
        by_p = from_p(math.log(row.value), p.value) if p is not None and p.bound == "=" else None

    crude = row.adjusted is False or (row.adjusted is None and (printed is None or not ratio))
    contrast_type = row.told_contrast
    if counts is not None and crude and row.measure != "HR" and contrast_type in {None, "binary", "graded"}:
        risk = row.measure == "RR"
        table = log_risk_ratio(counts) if risk else log_odds_ratio(counts)
        derivation = "percentages" if percentages else "counts"
        if table.se > 0:
            by_counts = _Figures("estimate", derivation, table, None, "log-ratio", "RR" if risk else "OR", contrast_type or "binary")
            # two that agree win; the printed ratio is turned like the table before they are compared
            turned = Estimate(printed.y * signs.value, printed.se) if printed is not None and ratio else None
            if turned is None or not _apart(turned, table, row):
                return by_counts
            if p is not None and not _p_disagrees(turned.z, p):
                return _ratio(row, turned, f"ratio-{width}", _before_counts(width))
            return by_counts._replace(warnings=_counts_before(width))

    if ratio and printed is not None:
        if p is not None and _p_disagrees(printed.z, p, _rounding(row)):
            return _Figures("null", "null", warnings=_beside_p(width))
        return _ratio(row, Estimate(printed.y * signs.value, printed.se), f"ratio-{width}", ())
    if by_p is not None:
        return _ratio(row, Estimate(by_p.y * signs.value, by_p.se), "ratio-p", ())

    # a model's difference comes before the groups, which it was adjusted for
    modelled = row.adjusted is True and row.value is not None and ((row.ci or row.se) is not None or (p is not None and p.bound == "="))
    if row.groups is not None and row.role != "within-person" and not modelled:
        by_groups = _from_groups(row, row.groups, signs)
        if by_groups is not None and by_groups.estimate is not None:
            if row.value is not None and row.value * signs.value * by_groups.estimate.y < 0:
                return _Figures("null", "null", warnings=(SIGNS_APART,))
            return by_groups

    if row.measure == "correlation" and row.value is not None and n is not None:
        r = fisher_z(row.value * signs.value, n)
        if r is not None:
            return _Figures("estimate", "correlation", r, None, "fisher-z", "correlation", warnings=_unlike_printed(row, r))
    if not ratio and row.measure != "p-only" and row.value is not None:
        if printed is not None:
            if p is not None and _p_disagrees(printed.z, p, _rounding(row)):
                return _Figures("null", "null", warnings=_beside_p(width))
            return _difference(row, Estimate(printed.y * signs.value, printed.se), f"difference-{width}")
        if row.ci is None and p is not None and p.bound == "=" and row.measure != "correlation":
            difference = from_p(row.value * signs.value, p.value)
            if difference is not None:
                return _difference(row, difference, "difference-p")
    return None


def _printed(row: Finding) -> tuple[Estimate | None, Literal["ci", "se"]]:
    """The printed value with the error that its interval has or, without one, that is printed; and which of the two it is."""
    ratio = row.measure in RATIOS
    if row.value is not None and row.ci is not None:
        by_ci = (ratio_from_ci if ratio else difference_from_ci)(row.value, row.ci)
        if by_ci is not None:
            return by_ci, "ci"
    # the error of a correlation is its patients'
    if row.value is not None and row.se is not None and row.measure not in {"p-only", "correlation"}:
        return _with_se(row.value, row.se, ratio=ratio), "se"
    return None, "ci"


def _before_counts(width: Literal["ci", "se"]) -> tuple[str]:
    if width == "se":
        return (SE_BEFORE_COUNTS,)
    return (CI_BEFORE_COUNTS,)


def _counts_before(width: Literal["ci", "se"]) -> tuple[str]:
    if width == "se":
        return (COUNTS_BEFORE_SE,)
    return (COUNTS_BEFORE_CI,)


def _beside_p(width: Literal["ci", "se"]) -> tuple[str]:
    if width == "se":
        return (SE_AND_P,)
    return (CI_AND_P,)


def _with_se(value: float, se: float, *, ratio: bool) -> Estimate | None:
    return Estimate(math.log(value) if ratio else value, se) if se > 0 and (value > 0 or not ratio) else None


def _ratio(row: Finding, estimate: Estimate, derivation: str, warnings: tuple[str, ...]) -> _Figures:
    step = stepped(row, derivation)
    scaled = Estimate(estimate.y / step, estimate.se / step)
    return _Figures("estimate", derivation, scaled, None, "log-ratio", row.measure, row.told_contrast, _unit(row), warnings)


def _unit(row: Finding) -> str | None:
    return per_unit(row.per.step, row.per.unit)[1] if row.per is not None else None


def stepped(row: Finding, derivation: str) -> float:
    """The step that an estimate of that derivation was divided by, so that it is per one unit (of the unit's one form)."""
    if row.per is None:
        return 1
    ratio = derivation.startswith("ratio") and row.contrast_type == "per-unit"
    return per_unit(row.per.step, row.per.unit)[0] if ratio or derivation.startswith("difference") else 1


def _unlike_printed(row: Finding, r: Estimate) -> tuple[str, ...]:
    """Of a correlation whose printed interval is less than half or more than twice as wide as that of its patients: that it is."""
    if row.ci is None or max(map(abs, row.ci)) >= 1:
        return ()
    printed = (math.atanh(row.ci[1]) - math.atanh(row.ci[0])) / (2 * Z95)
    if r.se / 2 <= printed <= 2 * r.se:
        return ()
    return (UNLIKE_ITS_N,)


def _difference(row: Finding, estimate: Estimate, derivation: str) -> _Figures:
    step = stepped(row, derivation)
    scaled = Estimate(estimate.y / step, estimate.se / step)
    return _Figures("estimate", derivation, scaled, None, "linear", row.measure, row.told_contrast, _unit(row))


def _from_groups(row: Finding, groups: tuple[Group, Group], signs: _Signs) -> _Figures | None:
    """An estimate from two groups' means, or from their medians where these are not skewed."""
    spread = "groups"
    figures: list[tuple[float, float, int]] = []
    for group in groups:
        if group.n is None:
            return None
        if group.mean is not None and group.sd is not None:
            figures.append((group.mean, group.sd, group.n))
        elif group.median is not None and group.iqr is not None:
            q1, q3 = group.iqr
            if skewed(q1, group.median, q3, METHOD.skew_limit):
                return None
            figures.append((*mean_sd_from_quartiles(q1, group.median, q3, group.n), group.n))
            spread = "medians"
        else:
            return None
    sign = signs.groups_exposure
    if row.measure == "mean-difference" and row.groups_by != "outcome" and spread == "groups":
        (mean1, sd1, n1), (mean2, sd2, n2) = figures
        se = math.sqrt(sd1**2 / n1 + sd2**2 / n2)
        if se == 0:
            return None
        return _Figures("estimate", "groups-difference", Estimate((mean1 - mean2) * sign, se), None, "linear", row.measure, "binary")
    g = hedges_g(*figures[0], *figures[1])
    if g is None:
        return None
    if row.groups_by == "outcome":
        d = Estimate(g.y * signs.outcome, g.se)
        return _Figures("estimate", f"{spread}-outcome", d, None, "log-ratio", "OR", "per-unit", "SD")
    return _Figures("estimate", f"{spread}-exposure", Estimate(g.y * CHINN * sign, g.se * CHINN), None, "smd", "SMD")


def _bare(row: Finding, signs: _Signs, p: P | None) -> _Figures:
    """What a row without an estimate says: a p, a sign, a word. A direction that isn't told is that of a printed ratio or difference."""
    if row.direction == "no-association":
        return _Figures("null", "null", z=(-Z95, Z95))
    sign = signs.direction if row.direction == "increases" else -signs.direction
    side = 0.0 if row.value is None else math.log(row.value) if row.measure in RATIOS else row.value
    if row.direction == "unclear" and side:
        sign = signs.value if side > 0 else -signs.value
    elif row.direction == "unclear":
        if p is None or p.value in {0, 1}:
            return _Figures("unclear", "unclear")
        z = z_of_p(p.value)
        if p.bound == ">":
            return _Figures("null", "null", z=(-z, z))
        return _Figures("unclear", "unclear-p", z=(-z, z))
    figures = row.value is not None or row.groups is not None or row.counts is not None
    if p is None and not figures:
        return _Figures("significant", "word", z=_beyond(Z95, sign))
    if p is not None and p.significant:
        z = z_of_p(p.value) if p.value > 0 else Z95
        return _Figures("significant", "p", z=sign * z if p.bound == "=" and p.value > 0 else _beyond(z, sign))
    exact = p is not None and p.bound == "=" and 0 < p.value < 1
    return _Figures("direction", "direction", z=sign * z_of_p(p.value) if p is not None and exact else _beyond(0.0, sign))


def _beyond(z: float, sign: int) -> tuple[float | None, float | None]:
    return (z, None) if sign > 0 else (None, -z if z else 0.0)


def _rounding(row: Finding) -> float:
    """How far rounding of value and ci, or of value and se, can have moved z."""
    if row.value is None or (row.ci is None and row.se is None):
        return 0.0
    ratio = row.measure in RATIOS
    half = last_digit(row.value) / 2
    extremes: list[Estimate | None] = []
    for value in (row.value - half, row.value + half):
        if row.ci is not None:
            low, high = (last_digit(end) / 2 for end in row.ci)
            ends = (row.ci[0] - low, row.ci[1] + high), (row.ci[0] + low, row.ci[1] - high)
            extremes += [(ratio_from_ci if ratio else difference_from_ci)(value, ci) for ci in ends]
        elif row.se is not None:
            last = last_digit(row.se) / 2
            extremes += [_with_se(value, se, ratio=ratio) for se in (row.se - last, row.se + last)]
    zs = [one.z for one in extremes if one is not None]
    return (max(zs) - min(zs)) / 2 if len(zs) == len(extremes) else math.inf


def _apart(printed: Estimate, table: Estimate, row: Finding) -> bool:
    """Whether a printed ratio and its counts can't both be right: z apart beyond rounding, or intervals of unlike width."""
    return abs(printed.z - table.z) > METHOD.disagreement_z + _rounding(row) or not 2 / 3 < printed.se / table.se < 3 / 2


def _p_disagrees(z: float, p: P, allowance: float = 0.0) -> bool:
    """Whether an estimate's z and a printed p can't both be right, beyond rounding."""
    slack = METHOD.disagreement_z + allowance
    if not 0 < p.value < 1:
        return False
    limit = z_of_p(p.value)
    if p.bound == "<":
        return abs(z) + slack < limit
    if p.bound == ">":
        return abs(z) - slack > limit
    return abs(abs(z) - limit) > slack


def _comparison_of(
    finding_id: str, row: Finding, seen: _Figures, vocabulary: Vocabulary, method: Method, turned_from: str | None
) -> ComparisonKey | None:
    """What an estimate may be pooled with; where a part is not known that says what is measured, nothing else."""
    if seen.estimate is None or seen.measure is None:
        return None
    unit = None
    if seen.scale == "log-ratio":
        unit = seen.unit if seen.contrast_type == "per-unit" else None
    elif seen.scale == "linear":
        measured_in = outcome_unit(row, vocabulary)
        unit = measured_in if seen.measure != "beta" else seen.unit if seen.contrast_type == "per-unit" else None
        unit = "percentage points" if seen.measure == "proportion-difference" else unit
    alone = why_alone(row, seen.scale, seen.measure, seen.contrast_type, unit, vocabulary) is not None
    variables = [term for term in (row.exposure, row.outcome) if vocabulary[term].unit and vocabulary[term].broader]
    if seen.scale == "linear" and seen.measure == "beta" and not alone:
        variables.append(f"in {outcome_unit(row, vocabulary)}")
    # turning an outcome round is exact for odds ratios and for differences, not for risk or hazard ratios
    inexact = turned_from is not None and seen.measure in {"RR", "HR"} and seen.derivation not in {"counts", "percentages"}
    return ComparisonKey(
        measure=seen.measure,
        contrast_type=seen.contrast_type,
        unit=unit,
        scale=f"turned from {turned_from}" if inexact else None,
        variable=finding_id if alone else (" and ".join(variables) or None),
        versus=row.versus,
        cutoff=normal_cutoff(row.cutoff) if row.cutoff else None,
        outcome_cutoff=normal_cutoff(row.outcome_cutoff, opposite=turned_from is not None) if row.outcome_cutoff else None,
        window=window_of(row, vocabulary, method),
        randomised=row.randomised,
        body=_body(row, seen),
    )


_NO_UNITS = frozenset({None, "points", "steps", "index"})


def why_alone(
    row: Finding, scale: Scale | None, measure: str, contrast_type: str | None, unit: str | None, vocabulary: Vocabulary
) -> str | None:
    """Why no other estimate can be known to be of the same; None where one can."""
    if scale == "log-ratio" and contrast_type == "per-unit":
        return "what it is per is not told in a unit: not pooled" if unit in _NO_UNITS else None
    if scale == "log-ratio" and contrast_type == "graded":
        # of degrees that are not told nothing else is known to be
        return None if row.cutoff else "its degrees are told by no cut-off: not pooled"
    if scale == "log-ratio":
        return None if contrast_type in {"binary", "shift"} else "its contrast is not told: not pooled"
    if scale != "linear":
        return None
    if measure == "proportion-difference":
        return "a difference of percentages: not pooled"
    if outcome_unit(row, vocabulary) is None:
        return "the unit of its outcome is not told: not pooled"
    if contrast_type in {None, "unknown", "graded"}:
        return "its contrast is not told: not pooled"
    if unit in _NO_UNITS and (unit is not None or measure != "beta" or contrast_type == "per-unit"):
        return "what it is per is not told in a unit: not pooled"
    return None


def why_no_estimate(observation: Observation) -> str:
    """Why a row has no estimate that could be pooled."""
    if any(warning in {CI_AND_P, SE_AND_P, SIGNS_APART} for warning in observation.warnings):
        return "its figures disagree with each other: counts by its p or its word"
    if observation.row.value is not None:
        return "printed without an interval or p that gives its error: counts by its p or its word"
    return "no estimate printed: counts by its p or its word"


def _body(row: Finding, seen: _Figures) -> Body:
    if row.randomised:
        return "randomised"
    by_groups = seen.derivation in {"counts", "percentages"} or seen.derivation.startswith(("groups", "medians"))
    return "crude" if row.adjusted is False or by_groups else "other"


_NOTED_UNIT = re.compile(r"(?:^|;)\s*unit: ([^;]+)")


def outcome_unit(row: Finding, vocabulary: Vocabulary) -> str | None:
    """The unit of a difference: the outcome's or, where the sheet notes one ("unit: mL"), that."""
    unit = noted_unit(row) or vocabulary[row.outcome].unit
    many, form = per_unit(1, unit) if unit is not None else (1, None)
    # the figures are in the unit as it is written
    return form if many == 1 and row.groups_by != "outcome" else unit


def noted_unit(row: Finding) -> str | None:
    """The unit that a sheet notes: "unit: mL"."""
    noted = _NOTED_UNIT.search(row.notes or "")
    return noted[1].strip() if noted else None


UNTOLD_TIME = "time not known"


def window_of(row: Finding, vocabulary: Vocabulary, method: Method) -> str | None:
    """Until when an outcome was looked for: one of the field's windows; None of what is on the same scan, or a correlation."""
    if row.measure == "correlation" or (row.follow_up_months is None and vocabulary[row.outcome].kind != "outcome"):
        return None
    if row.follow_up_months is None:
        return UNTOLD_TIME
    until = row.follow_up_months[1] if isinstance(row.follow_up_months, tuple) else row.follow_up_months
    within = next((months for months in method.follow_up_windows if until <= months), None)
    return f"beyond {months_of(method.follow_up_windows[-1])}" if within is None else f"to {months_of(within)}"


def months_of(months: float) -> str:
    return f"{months:g} {singular('months') if months == 1 else 'months'}"
