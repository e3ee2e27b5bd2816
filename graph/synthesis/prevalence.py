"""How common a lesion is, from the counts of cohorts that share no patients: docs/method.md, section 10."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from graph import wording
from graph.synthesis.associations import population_ref, study_ref, term_ref
from graph.synthesis.certainty import cap_of, scanned_share
from graph.synthesis.corpus import Corpus
from graph.synthesis.effect_sizes import whole_number
from graph.synthesis.method import METHOD, Method
from graph.synthesis.overlap import Patients, as_wholes, independent, overlap
from schema.association import (
    LEVELS,
    CertaintyLevel,
    Interval,
    LogitRemlHk,
    PooledPrevalence,
    Prevalence,
    PrevalenceRow,
    PublishedPrevalence,
    Reason,
    UncountedPrevalence,
    Window,
)
from schema.field import ANY, EvidenceField
from schema.observation import RETRACTED, PrevalenceObservation
from schema.populations import Populations
from schema.study import REVIEWS, Study
from schema.study import Prevalence as Printed


def read_prevalence(study: Study, field: EvidenceField) -> Iterator[PrevalenceObservation]:
    """Each printed prevalence of a study, in the sheet's order."""
    for i, row in enumerate(study.prevalence):
        group = study.population(row.population)
        yield PrevalenceObservation(
            prevalence=f"{study.id}:prevalence-{i + 1}",
            study=study.id,
            populations=field.populations.nodes_of(group),
            stratum=(group.condition, group.arteriopathy or ANY, group.location or ANY),
            row=row,
        )


def prevalence(lesion: str, population: str, observations: Sequence[PrevalenceObservation], corpus: Corpus) -> Prevalence:
    """The prevalence of a lesion in a population, from all rows on it (and on what rolls up into it) there, in any order."""
    rows = _counted_rows(lesion, observations, corpus)
    published: list[PublishedPrevalence] = []
    uncounted: list[UncountedPrevalence] = []
    for study, given in _by_study(observations, corpus):
        if study.design in REVIEWS and not study.retracted:
            published += [_published(one.row, study) for one in given]
        else:
            uncounted += [_uncounted(one, study, corpus.populations) for one in given if count(one.row) is None]
    used = [row for row in rows if row.used == "pooled"]
    pooled = pool(used)
    certainty, reasons = _judge(used, pooled, corpus.studies, corpus.method)
    return Prevalence(
        lesion=term_ref(corpus.vocabulary[lesion]),
        population=population_ref(corpus.populations[population]),
        pooled=pooled,
        certainty=certainty,
        reasons=reasons,
        windows=_windows(used, corpus.method) if used else (),
        rows=tuple(rows),
        uncounted=tuple(uncounted),
        published=tuple(published),
    )


def pooled_prevalence(lesion: str, observations: Sequence[PrevalenceObservation], corpus: Corpus) -> PooledPrevalence | None:
    """What `prevalence` pools of these rows, alone."""
    return pool([row for row in _counted_rows(lesion, observations, corpus) if row.used == "pooled"])


def _by_study(observations: Sequence[PrevalenceObservation], corpus: Corpus) -> Iterator[tuple[Study, list[PrevalenceObservation]]]:
    """Each study's rows in the sheet's order, sorted by study."""
    by_study: dict[str, list[PrevalenceObservation]] = {}
    for observation in observations:
        by_study.setdefault(observation.study, []).append(observation)
    for study_id, given in sorted(by_study.items()):
        yield corpus.studies[study_id], sorted(given, key=lambda one: (len(one.prevalence), one.prevalence))


def _counted_rows(lesion: str, observations: Sequence[PrevalenceObservation], corpus: Corpus) -> list[PrevalenceRow]:
    """The rows with a count, of studies that are no reviews; `pooled` are those that count each patient once."""
    rows: list[PrevalenceRow] = []
    for study, given in _by_study(observations, corpus):
        if study.retracted:
            own = _rows_of(given, study, lesion, corpus.populations)
            rows += (row.model_copy(update={"used": "shown", "why": RETRACTED}) for row in own)
        elif study.design not in REVIEWS:
            rows += _rows_of(given, study, lesion, corpus.populations)
    return _independent(rows, corpus.patients)


def _uncounted(observation: PrevalenceObservation, study: Study, populations: Populations) -> UncountedPrevalence:
    row = observation.row
    return UncountedPrevalence(
        study=study_ref(study),
        population=population_ref(populations[observation.populations[0]]),
        population_label=study.population(row.population).label,
        lesion=row.lesion,
        total=row.total,
        pct=row.pct,
        pct_range=row.pct_range,
        timing=row.timing,
        source=row.source,
        notes=row.notes,
    )


def _published(row: Printed, study: Study) -> PublishedPrevalence:
    return PublishedPrevalence(
        study=study_ref(study),
        pct=row.pct,
        ci=row.ci,
        pct_range=row.pct_range,
        k=row.k,
        cases=row.cases,
        total=row.total,
        notes=row.notes,
    )


def count(row: Printed) -> tuple[int, int, bool] | None:
    """Cases, total, and whether the cases are printed or the only whole number that fits; None where either is not known."""
    if row.total is None:
        return None
    if row.cases is not None:
        return row.cases, row.total, True
    if row.pct is None:
        return None
    only = whole_number(row.pct, row.total)
    return (only, row.total, True) if only is not None else (round(row.pct * row.total / 100), row.total, False)


def _rows_of(given: Sequence[PrevalenceObservation], study: Study, lesion: str, populations: Populations) -> list[PrevalenceRow]:
    """A study's rows: main rows of one lesion and stratum add up; the widest stratum may be pooled, the others are shown.

    Groups that share nobody are cohorts of their own; all of them may be pooled, where together they are more than the widest other.
    """
    apart = {group.id for group in study.populations if group.disjoint}
    parts: dict[tuple[str, str], list[_Counted]] = {}
    strata: dict[tuple[str, ...], list[_Counted]] = {}
    shown: list[PrevalenceRow] = []
    for observation in given:
        counted = count(observation.row)
        if counted is None:
            continue
        one = _Counted(observation, *counted)
        if observation.row.main and observation.row.population in apart:
            parts.setdefault((observation.row.population, observation.row.lesion), []).append(one)
        elif observation.row.main:
            members = strata.setdefault((observation.row.lesion, *observation.stratum), [])
            # the same people are not added to themselves
            if all(one.observation.row.population != other.observation.row.population for other in members):
                members.append(one)
            else:
                shown.append(_row([one], study, populations, "the same people are counted by another row"))
        else:
            shown.append(_row([one], study, populations, "not marked as the whole cohort at its first scan"))

    def widest(mains: Sequence[PrevalenceRow]) -> list[PrevalenceRow]:
        # of one width the lesion itself, before what rolls up into it
        return [max(mains, key=lambda row: (row.total, row.lesion == lesion))] if mains else []

    mains = [_row(members, study, populations, None) for members in strata.values()]
    of_parts = {key: _row(members, study, populations, None) for key, members in parts.items()}
    separate = [row for group in sorted(apart) for row in widest([row for (name, _), row in of_parts.items() if name == group])]
    used = max(widest(mains), separate, key=lambda rows: sum(row.total for row in rows))
    return [
        *(
            row if any(row is one for one in used) else row.model_copy(update={"used": "shown", "why": "a part of the same cohort"})
            for row in (*mains, *of_parts.values())
        ),
        *shown,
    ]


class _Counted(NamedTuple):
    observation: PrevalenceObservation
    cases: int
    total: int
    exact: bool


def _row(members: Sequence[_Counted], study: Study, populations: Populations, why: str | None) -> PrevalenceRow:
    printed = [member.observation.row for member in members]
    cases, total = sum(member.cases for member in members), sum(member.total for member in members)
    imaging = study.imaging
    window = imaging.mri_window_days if imaging else None
    return PrevalenceRow(
        study=study_ref(study),
        population=population_ref(populations[members[0].observation.populations[0]]),
        lesion=printed[0].lesion,
        cases=cases,
        total=total,
        exact=all(member.exact for member in members),
        pct=100 * cases / total,
        ci=exact(cases, total),
        timing="; ".join(dict.fromkeys(row.timing for row in printed if row.timing)) or None,
        mri_day=window[1] if window else None,
        mri_median_day=imaging.mri_median_day if imaging else None,
        used="shown" if why else "pooled",
        why=why,
        source="; ".join(dict.fromkeys(row.source for row in printed if row.source)) or None,
    )


def exact(cases: int, total: int) -> Interval:
    """The 95% interval of one cohort's share, in percent (Clopper and Pearson, Biometrika 1934;26:404-13)."""
    from scipy.special import betaincinv

    low = float(betaincinv(cases, total - cases + 1, 0.025)) if cases else 0.0
    high = float(betaincinv(cases + 1, total - cases, 0.975)) if cases < total else 1.0
    return 100 * low, 100 * high


def _independent(rows: Sequence[PrevalenceRow], patients: Mapping[str, Patients]) -> list[PrevalenceRow]:
    """Rows with each patient counted once: the others are shown, and say whom they share patients with."""
    candidates = [i for i, row in enumerate(rows) if row.used == "pooled"]
    near: list[set[int]] = [set() for _ in candidates]
    for i in range(len(candidates)):
        for j in range(i):
            one, other = rows[candidates[i]].study.id, rows[candidates[j]].study.id
            # what is used of one study are groups that share nobody
            if one != other and overlap(patients[one], patients[other]):
                near[i].add(j)
                near[j].add(i)
    whom = [patients[rows[i].study.id] for i in candidates]
    # of exactly as many patients the fewest rows: a whole beside its parts
    worth = [(size, -1, *rest) for size, *rest in as_wholes([rows[i].total for i in candidates], near, whom, [True] * len(candidates))]
    kept = set(independent(worth, near))
    result = list(rows)
    for i, index in enumerate(candidates):
        if i not in kept:
            rivals = ", ".join(rows[candidates[j]].study.id for j in sorted(near[i]) if j in kept)
            result[index] = rows[index].model_copy(update={"used": "shown", "why": f"shares patients with {rivals}"})
    return result


def logit(cases: int, total: int) -> tuple[float, float]:
    """Log odds of a share and its standard error, 1/2 added to cases and to the others where either is 0 (metafor's PLO)."""
    a, b = float(cases), float(total - cases)
    if not a or not b:
        a, b = a + 0.5, b + 0.5
    return math.log(a / b), math.sqrt(1 / a + 1 / b)


def pool(rows: Sequence[PrevalenceRow]) -> PooledPrevalence | None:
    """Pooled share in percent, of a typical cohort: of one its own; of two to four Bayesian; of more a logistic random intercept.

    The prediction interval (five and more) adds tau2 to the interval of the mean, on the scale of log odds; REML with Hartung-Knapp, on
    logits with a normal approximation, stands beside.
    """
    if not rows:
        return None
    cases, total = sum(row.cases for row in rows), sum(row.total for row in rows)
    shares = [row.pct for row in rows]
    counted = {"cohorts": len(rows), "cases": cases, "total": total, "lowest": min(shares), "highest": max(shares)}
    if len(rows) == 1:
        return PooledPrevalence(pct=rows[0].pct, ci=rows[0].ci, estimate_source="single-study", **counted)
    from graph.synthesis import binomial
    from graph.synthesis.pooling import reml_hk

    few = len(rows) <= METHOD.bayes_max_cohorts
    counts = tuple(row.cases for row in rows), tuple(row.total for row in rows)
    pooled = binomial.few(*counts) if few else binomial.logistic(*counts)
    scaled = [logit(row.cases, row.total) for row in rows]
    random = reml_hk([one for one, _ in scaled], [one for _, one in scaled])
    return PooledPrevalence(
        pct=_percent(pooled.estimate),
        ci=_percents(pooled.ci),
        estimate_source="pooled-bayes" if few else "pooled-logistic",
        prediction_interval=None if few else _percents(binomial.ahead(pooled, len(rows))),
        tau2=pooled.tau2,
        i2=random.i2,
        reml_hk=LogitRemlHk(
            pct=_percent(random.estimate),
            ci=_percents(random.ci),
            prediction_interval=_percents(random.prediction_interval) if random.prediction_interval else None,
            tau2=random.tau2,
        ),
        **counted,
    )


def _percent(log_odds: float) -> float:
    return 50 * (1 + math.tanh(log_odds / 2))


def _percents(ci: tuple[float, float]) -> Interval:
    return _percent(ci[0]), _percent(ci[1])


def _windows(rows: Sequence[PrevalenceRow], method: Method) -> tuple[Window, ...]:
    """The cohorts whose last MRI was at or before each day, and those whose day is unknown; none where the field has no windows."""
    if not method.mri_windows:
        return ()
    windows = []
    for day in method.mri_windows:
        members = [row for row in rows if row.mri_day is not None and row.mri_day <= day]
        windows.append(Window(until_day=day, cohorts=len(members), pooled=pool(members)))
    unknown = [row for row in rows if row.mri_day is None]
    windows.append(Window(until_day=None, cohorts=len(unknown), pooled=pool(unknown)))
    return tuple(windows)


def _judge(
    rows: Sequence[PrevalenceRow], pooled: PooledPrevalence | None, studies: Mapping[str, Study], method: Method
) -> tuple[CertaintyLevel | None, tuple[Reason, ...]]:
    """Certainty of a prevalence: the track starts high, and goes by what the rows say of themselves."""
    if pooled is None:
        return None, ()
    level = 3
    reasons = [Reason(domain="start", text="prevalence starts high")]
    shares = {row.study.id: scanned_share(studies[row.study.id]) for row in rows}
    few = [study for study, share in shares.items() if share is not None and share < METHOD.scanned_share]
    unknown = sum(share is None for share in shares.values())
    if few:
        level -= 1
        text = f"fewer than {METHOD.scanned_share:.0%} of the eligible were scanned in {', '.join(few)}"
        reasons.append(Reason(domain="risk of bias", text=text, step=-1))
    if unknown and method.mri_windows:
        text = f"share of the eligible that was scanned not known in {unknown} of {wording.count(len(rows), 'cohort')}"
        reasons.append(Reason(domain="risk of bias", text=text))
    interval = pooled.prediction_interval
    if interval is not None and interval[1] - interval[0] > METHOD.wide_prediction:
        level -= 1
        text = f"a next cohort may have {wording.percents(interval)}"
        reasons.append(Reason(domain="inconsistency", text=text, step=-1))
    width = pooled.ci[1] - pooled.ci[0]
    if len(rows) == 1 or width > METHOD.wide_prevalence or width > pooled.pct:
        level -= 1
        text = f"{wording.percent(pooled.pct, pooled.ci)} from {pooled.cases} cases in {wording.count(len(rows), 'cohort')}"
        reasons.append(Reason(domain="imprecision", text=text, step=-1))
    cap, read = cap_of((studies[row.study.id] for row in rows), randomised=False)
    if cap < 3:
        text = f"{read}: {LEVELS[cap]} at most"
        reasons.append(Reason(domain="how studies were read", text=text))
    return LEVELS[max(0, min(level, cap))], tuple(reasons)
