"""What may be pooled with what, and what that gives: docs/method.md, sections 4 and 5."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from graph.synthesis import spreads
from graph.synthesis.corpus import Corpus
from graph.synthesis.method import METHOD, Z95
from graph.synthesis.observations import by_counts, stepped
from graph.synthesis.overlap import Patients, independent
from graph.synthesis.reports import Cohort, Edge, StudyReport, StudyReports, conflicts_of, findings_of, set_aside, worths
from graph.wording import singular
from schema.association import CommonEffect, EstimateSource, FamilyResult, Interval, RemlHk
from schema.observation import ComparisonKey, Observation, Scale, is_untold
from schema.robustness import SmallStudyEffects
from schema.scales import back
from schema.study import RATIOS
from schema.units import per_unit

if TYPE_CHECKING:
    from graph.synthesis.pooling import Pooled, RandomEffects

_MEASURE_ORDER = {"OR": 0, "HR": 1, "RR": 2, "correlation": 4}


@dataclass(frozen=True, slots=True)
class Comparison:
    """Estimates that may be pooled, of cohorts that share nobody, with what they give."""

    key: ComparisonKey
    members: tuple[StudyReport, ...]
    result: FamilyResult


@dataclass(frozen=True, slots=True)
class Comparisons:
    """All comparisons of an association, that of the headline first; `aside` says why an estimate is in none.

    `headline` is None where nothing is estimated, or where all there is can't be told apart: ratios of contrasts that aren't told, of as
    many patients.
    `sharing` are the studies on which it hangs what others are pooled with: those that share patients, or print unlike measures.
    """

    all: tuple[Comparison, ...]
    headline: Comparison | None
    aside: Mapping[str, str]
    sharing: frozenset[str] = frozenset()


class _Entry(NamedTuple):
    cohort: int
    report: StudyReport


def comparisons_of(
    reports: StudyReports,
    observations: Sequence[Observation],
    edge: Edge,
    corpus: Corpus,
) -> Comparisons:
    """The comparisons of an association; `observations` are all its rows, some of which print how far apart people are."""
    aside: dict[str, str] = {}
    found: list[Comparison] = []
    sharing = set[str]()
    for key, entries in _grouped(reports.everybody, corpus.patients, sharing).items():
        kept = _independent(entries, reports, corpus.patients, aside, sharing)
        members = tuple(entries[i].report for i in kept)
        found += _pooled(key, members, observations, corpus, aside)
    return _ordered(found, reports, edge, corpus.patients, aside, frozenset(sharing))


def comparisons_without(
    comparisons: Comparisons,
    study: str,
    reports: StudyReports,
    observations: Sequence[Observation],
    edge: Edge,
    corpus: Corpus,
) -> Comparisons:
    """The comparisons without a study that is none of `sharing`; `reports` and `observations` are those that are left."""
    aside = dict(comparisons.aside)
    found: list[Comparison] = []
    for one in comparisons.all:
        members = tuple(report for report in one.members if report.observation.study != study)
        by_unit = one.key.contrast_type == "per-unit" or one.members[0].observation.scale == "linear"
        if len(members) == len(one.members) and not (by_unit and one.result.k > 1):
            found.append(one)
        elif members:
            found += _pooled(one.key, members, observations, corpus, aside)
    return _ordered(found, reports, edge, corpus.patients, aside, comparisons.sharing)


def _grouped(everybody: Sequence[Cohort], patients: Mapping[str, Patients], sharing: set[str]) -> dict[ComparisonKey, list[_Entry]]:
    """The estimates of each comparison, cohort by cohort. Where rows of one print unlike measures their counts make the measure."""
    entries = [(key, _Entry(i, report)) for i, cohort in enumerate(everybody) for key, report in cohort.estimates.items()]
    alike: dict[ComparisonKey, list[int]] = {}
    # of one cohort there is nothing to bring together
    for at, (key, entry) in enumerate(entries if len(everybody) > 1 else ()):
        crude = key.body != "other" and key.measure in RATIOS and key.contrast_type in {"binary", "graded"} and entry.report.poolable
        if crude and key.variable != entry.report.observation.finding:
            # by its counts a row of the opposite outcome is turned exactly
            alike.setdefault(key.model_copy(update={"measure": "", "scale": None}), []).append(at)
    for places in alike.values():
        if len({(entries[at][0].measure, entries[at][0].scale) for at in places}) > 1:
            sharing.update(entries[at][1].report.observation.study for at in places)
            for at, made in _of_counts([(at, *entries[at]) for at in places], patients).items():
                entries[at] = made
    groups: dict[ComparisonKey, list[_Entry]] = {}
    for key, entry in entries:
        group = groups.setdefault(key, [])
        # a cohort that prints two measures has one estimate by its counts
        if all(entry.cohort != other.cohort for other in group):
            group.append(entry)
    return groups


def _of_counts(
    entries: Sequence[tuple[int, ComparisonKey, _Entry]], patients: Mapping[str, Patients]
) -> dict[int, tuple[ComparisonKey, _Entry]]:
    """The same estimates by their counts, where that brings more cohorts together; never of a pooled analysis."""
    bare: Counter[str] = Counter()
    able: list[tuple[int, ComparisonKey, _Entry]] = []
    for at, key, entry in entries:
        report = entry.report
        single = not report.combined and patients[report.observation.study].counts_as == 1
        if single and not patients[report.observation.study].individual_patient_data and by_counts(report.observation, "OR") is not None:
            able.append((at, key, entry))
        elif key.scale is None:
            bare[key.measure] += 1
    measure = "RR" if bare["RR"] > bare["OR"] else "OR"
    cohorts: dict[tuple[str, str | None], set[int]] = {}
    for _, key, entry in entries:
        cohorts.setdefault((key.measure, key.scale), set()).add(entry.cohort)
    before = max(map(len, cohorts.values()))
    after = len({entry.cohort for _, _, entry in able} | cohorts.get((measure, None), set()))
    if after <= before:
        return {}
    made = {}
    for at, key, entry in able:
        own = key.model_copy(update={"measure": measure, "scale": None})
        report = replace(entry.report, observation=_read_by_counts(entry.report.observation, own), by_counts=True)
        made[at] = own, entry._replace(report=report)
    return made


def _read_by_counts(observation: Observation, key: ComparisonKey) -> Observation:
    """A row as its counts have it."""
    estimate = by_counts(observation, key.measure)
    assert estimate is not None
    figures = {"y": estimate.y, "se": estimate.se, "z": estimate.z, "scale": "log-ratio", "derivation": "counts", "comparison": key}
    return observation.model_copy(update=figures)


def _independent(
    entries: Sequence[_Entry], reports: StudyReports, patients: Mapping[str, Patients], aside: dict[str, str], sharing: set[str]
) -> list[int]:
    """The estimates of cohorts that share nobody, of the cohorts that report before others."""
    cohorts = [reports.everybody[entry.cohort] for entry in entries]
    by = [entry.report for entry in entries]
    conflicts = conflicts_of(cohorts, by, patients)
    sharing.update(report.observation.study for report, near in zip(by, conflicts, strict=True) if near)
    first = [cohort.report.cohort in reports.chosen for cohort in cohorts]
    worth = worths(cohorts, by, conflicts, patients, first)
    kept = independent(worth, conflicts)
    aside.update(set_aside(by, kept, conflicts, patients))
    return kept


def prior_scale(
    key: ComparisonKey,
    members: Sequence[StudyReport],
    observations: Sequence[Observation],
    corpus: Corpus,
) -> float | None:
    """The scale of the half-normal prior of tau, on the scale of y; None where it can't be told how far apart people are.

    0.5 for log ratios of yes and no (Rover et al., Res Synth Methods 2021;12:448-74); per unit what 0.5 is to an exposure at 30%: 0.23 of
    an SD, so that a unit can't matter; 0.2 for Fisher's z; for differences 0.28 of an SD of the outcome.
    """
    rows, method = [report.observation for report in members], corpus.method
    scale = rows[0].scale
    within = [row.study for row in rows]
    if scale == "fisher-z":
        return method.tau_scale_correlation
    if scale == "linear":
        sd = (
            spreads.typical(spreads.outcome_spreads(observations, key.unit, corpus.vocabulary), within)
            if key.contrast_type != "per-unit"
            else None
        )
        if sd is not None:
            return method.tau_scale_difference * sd
        slope = spreads.implied_slope(rows)
        return method.tau_scale_slope * slope if slope is not None else None
    if key.contrast_type != "per-unit":
        return method.bayes_tau_scale
    sd = _exposure_sd(key, rows, observations, corpus)
    return method.tau_scale_per_sd / sd if sd is not None else None


def _exposure_sd(
    key: ComparisonKey,
    rows: Sequence[Observation],
    observations: Sequence[Observation],
    corpus: Corpus,
) -> float | None:
    """The SD of the exposure in the unit of the estimates: printed, else the field's, else by how sure the estimates are."""
    if key.unit == "SD" or key.unit is None:
        return 1.0 if key.unit else None
    printed = spreads.typical(
        spreads.exposure_spreads(observations, corpus.studies, key.unit, corpus.vocabulary), [row.study for row in rows]
    )
    if printed is not None:
        return printed
    constant = corpus.field.exposure_sds.get(rows[0].exposure)
    if constant is not None:
        many, form = per_unit(constant.sd, constant.unit)
        if form == key.unit:
            return many
    return spreads.implied(rows)


def _pooled(
    key: ComparisonKey,
    members: tuple[StudyReport, ...],
    observations: Sequence[Observation],
    corpus: Corpus,
    aside: dict[str, str],
) -> list[Comparison]:
    """The comparison or, where two to four estimates can't be pooled because their prior can't be told, one of each."""
    if len(members) == 1:
        return [Comparison(key, members, _result(key, members, None, corpus.patients))]
    scale = prior_scale(key, members, observations, corpus)
    if scale is None and len(members) <= corpus.method.bayes_max_cohorts:
        why = "the spread of what it is per can't be told: not pooled"
        aside.update(dict.fromkeys(findings_of(members), why))
        alone = [(key.model_copy(update={"variable": report.observation.finding}), (report,)) for report in members]
        return [Comparison(own, one, _result(own, one, None, corpus.patients)) for own, one in alone]
    return [Comparison(key, members, _result(key, members, scale, corpus.patients))]


def _result(key: ComparisonKey, reports: Sequence[StudyReport], scale: float | None, patients: Mapping[str, Patients]) -> FamilyResult:
    observations = [report.observation for report in reports]
    y = [observation.y for observation in observations if observation.y is not None]
    se = [observation.se for observation in observations if observation.se is not None]
    on = observations[0].scale
    from graph.synthesis.pooling import common_effect

    step = _common_step(reports)
    y, se = [step * one for one in y], [step * one for one in se]
    scale = scale * step if scale is not None else None
    common = common_effect(y, se)
    known = [observation.n for observation in observations if observation.n_known]
    cohorts = stands_for(reports, patients)
    source: EstimateSource = "single-study"
    random: RandomEffects | None = None
    if len(y) == 1:
        # one study is shown as it is printed
        estimate, ci = back(on, y[0]), _printed_or(observations[0], _back_ci(on, common.ci))
    else:
        source, pooled, random = pool(y, se, scale)
        estimate, ci = back(on, pooled.estimate), _back_ci(on, pooled.ci)
    unit = key.unit
    if unit is not None and key.contrast_type == "per-unit":
        pers = [row.per for row in (observation.row for observation in observations) if row.per is not None]
        steps = {(per.step, per.unit) for per in pers if per_unit(per.step, per.unit)[1] == unit}
        # as the papers print it, where they print one
        many, unit = steps.pop() if len(steps) == 1 else (step, unit)
        unit = f"{many:g} {unit}" if many != 1 else singular(unit) if len(y) == 1 else unit
    return FamilyResult(
        **{**dict(key), "unit": unit},
        step=step,
        k=len(y),
        patients=sum(known) if known else None,
        patients_unknown=len(y) - len(known),
        known_adjusted=sum(observation.row.adjusted is True for observation in observations),
        stands_for=cohorts if cohorts > len(y) else None,
        by_counts=tuple(report.observation.finding for report in reports if report.by_counts),
        estimate=estimate,
        ci=ci,
        estimate_source=source,
        tau_scale=scale if source == "pooled-bayes" else None,
        common=CommonEffect(estimate=back(on, common.estimate), ci=_back_ci(on, common.ci)),
        reml_hk=None
        if random is None
        else RemlHk(
            estimate=back(on, random.estimate),
            ci=_back_ci(on, random.ci),
            prediction_interval=_back_ci(on, random.prediction_interval) if random.prediction_interval else None,
            tau2=random.tau2,
            i2=random.i2,
            q=random.q,
            q_p=random.q_p,
            p=random.p,
        ),
        rows=findings_of(reports),
    )


def stands_for(reports: Sequence[StudyReport], patients: Mapping[str, Patients]) -> int:
    """How many cohorts these are, where a pooled analysis of patients is as many as it pools, in however many parts it stands here."""
    members = Counter(report.observation.study for report in reports)
    return sum(max(many, patients[study].counts_as) for study, many in members.items())


def _common_step(reports: Sequence[StudyReport]) -> float:
    """The step that most of the papers print, of as many the smallest."""
    steps = Counter(stepped(report.observation.row, report.observation.derivation) for report in reports)
    return min(steps, key=lambda step: (-steps[step], step))


def pool(y: Sequence[float], se: Sequence[float], scale: float | None) -> tuple[EstimateSource, Pooled | RandomEffects, RandomEffects]:
    """The headline of two and more estimates (Bayesian for few, REML-HK for more), and REML-HK.

    `scale`: that of tau's prior on the scale of y. All is pooled on the scale of log ratios of yes and no and turned back, so that the unit
    can't matter; where it isn't known (five and more) on that of the estimates' own errors.
    """
    from graph.synthesis.pooling import few, random_effects

    turn = METHOD.bayes_tau_scale / (scale if scale is not None else sorted(se)[len(se) // 2])
    on_y, on_se = tuple(turn * one for one in y), tuple(turn * one for one in se)
    random = random_effects(on_y, on_se).turned(1 / turn)
    if len(y) <= METHOD.bayes_max_cohorts:
        return "pooled-bayes", few(on_y, on_se).turned(1 / turn), random
    return "pooled-reml-hk", random, random


def in_comparison(observation: Observation, comparison: FamilyResult) -> tuple[float, float]:
    """An estimate and its standard error as they are pooled there: per the comparison's step, by counts where these make the measure."""
    y, se = observation.y, observation.se
    if observation.finding in comparison.by_counts:
        y, se = by_counts(observation, comparison.measure) or (y, se)
    assert y is not None
    assert se is not None
    return comparison.step * y, comparison.step * se


def prior_sensitive(comparison: Comparison) -> bool:
    """Whether half or twice the prior's scale would turn whether the credible interval excludes no effect."""
    scale = comparison.result.tau_scale
    if scale is None:
        return False
    from graph.synthesis.pooling import few

    turn = METHOD.bayes_tau_scale / scale * comparison.result.step
    y = tuple(turn * report.observation.y for report in comparison.members if report.observation.y is not None)
    se = tuple(turn * report.observation.se for report in comparison.members if report.observation.se is not None)
    verdicts = set()
    for factor in (0.5, 1.0, 2.0):
        low, high = few(y, se, METHOD.bayes_tau_scale * factor).ci
        verdicts.add(low <= 0 <= high)
    return len(verdicts) > 1


def _printed_or(observation: Observation, computed: Interval) -> Interval:
    """One row's interval as printed, where its estimate is the printed one and stands unturned; else as computed."""
    row = observation.row
    if (
        observation.derivation not in {"ratio-ci", "difference-ci"}
        or row.ci is None
        or row.value is None
        or row.reversed
        or row.outcome_scale
    ):
        return computed
    middle = math.sqrt(computed[0] * computed[1]) if observation.scale == "log-ratio" else (computed[0] + computed[1]) / 2
    return (float(row.ci[0]), float(row.ci[1])) if math.isclose(middle, row.value, rel_tol=1e-9) else computed


def printed_ci(observation: Observation) -> Interval | None:
    """The interval of one row, as printed where it can be."""
    if observation.y is None or observation.se is None:
        return None
    half = Z95 * observation.se
    return _printed_or(observation, _back_ci(observation.scale, (observation.y - half, observation.y + half)))


def _back_ci(scale: Scale | None, ci: Interval) -> Interval:
    return back(scale, ci[0]), back(scale, ci[1])


def _ordered(
    found: Collection[Comparison],
    reports: StudyReports,
    edge: Edge,
    patients: Mapping[str, Patients],
    aside: Mapping[str, str],
    sharing: frozenset[str],
) -> Comparisons:
    """The headline's comparison first: docs/method.md, section 4, says in which order and why."""
    reporting = set(findings_of(reports.cohorts))
    in_window: dict[tuple[str, str | None], set[str]] = {}
    for one in found:
        in_window.setdefault((one.key.body, one.key.window), set()).update(report.cohort for report in one.members)

    def cohorts(one: Comparison) -> int:
        return stands_for(one.members, patients)

    def body(one: Comparison) -> int:
        if one.key.randomised:
            # of a part of the exposure or outcome it stands beside
            return 0 if all(report.poolable for report in one.members) else 3
        return 2 if one.key.body == "crude" else 1

    def order(one: Comparison) -> tuple[object, ...]:
        first = one.members[0].observation
        return (
            body(one),
            -cohorts(one),
            -sum(not reporting.isdisjoint(report.findings) for report in one.members),
            sum(any(edge.rank(report.observation)) for report in one.members),
            is_untold(one.key.measure, one.key.contrast_type),
            -len(in_window[one.key.body, one.key.window]),
            -_until(one.key.window),
            -(one.result.patients or 0),
            _MEASURE_ORDER.get(one.key.measure, 3),
            first.study,
            first.position,
        )

    ordered = sorted(found, key=order)
    headline = ordered[0] if ordered else None
    if headline is not None and is_untold(headline.key.measure, headline.key.contrast_type):
        # of several that can't be told apart only the one of most patients is shown before the others
        others = [
            one
            for one in ordered[1:]
            if is_untold(one.key.measure, one.key.contrast_type) and body(one) == body(headline) and cohorts(one) == cohorts(headline)
        ]
        most = headline.result.patients or 0
        if any((one.result.patients or 0) >= most for one in others if one.members[0].cohort != headline.members[0].cohort):
            headline = next((one for one in ordered if not is_untold(one.key.measure, one.key.contrast_type)), None)
            ordered.sort(key=lambda one: one is not headline)
    return Comparisons(tuple(ordered), headline, aside, sharing)


def _until(window: str | None) -> float:
    """Until which month, for an order: the longest first, what isn't known last."""
    if window is None or not any(letter.isdigit() for letter in window):
        return -1.0
    months = float(window.split()[1])
    return months + 0.5 if window.startswith("beyond") else months


def small_study_effects(headline: Comparison | None) -> SmallStudyEffects | None:
    """Egger's test of the headline's comparison; None below ten estimates, where it says nothing (Cochrane Handbook 13.3.5.4)."""
    if headline is None or headline.result.k < METHOD.egger_min_k:
        return None
    from graph.synthesis.pooling import egger

    rows = [report.observation for report in headline.members]
    y, se = [row.y for row in rows if row.y is not None], [row.se for row in rows if row.se is not None]
    found = egger(y, se)
    return None if found is None else SmallStudyEffects(t=found.t, p=found.p, k=len(y))
