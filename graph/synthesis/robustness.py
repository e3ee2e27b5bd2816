"""How an association holds up: each study left out, year by year, and what would flip it. Always the same synthesis, of fewer rows."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

from graph.synthesis.associations import Forecast, Synthesis, depend, study_ref, synthesise, without
from graph.synthesis.comparisons import pool
from graph.synthesis.corpus import Corpus
from graph.synthesis.method import METHOD, Method
from graph.synthesis.reports import StudyReport
from graph.wording import count
from schema.association import Association
from schema.observation import Observation
from schema.robustness import CumulativeStep, Flips, LeftOut, Standing
from schema.scales import back, forward


def standing(association: Association) -> Standing:
    """An association in short."""
    return Standing(
        direction=association.direction,
        direction_basis=association.direction_basis,
        leans=association.leans,
        weight=association.weight,
        p_direction=association.p_direction,
        measure=association.measure,
        contrast=association.contrast,
        estimate=association.estimate,
        ci=association.ci,
        estimate_source=association.estimate_source,
        k=association.k,
        excludes_no_effect=association.excludes_no_effect,
        cohorts=association.cohorts,
        certainty=association.certainty,
    )


def leave_one_out(synthesis: Synthesis, observations: Sequence[Observation], corpus: Corpus) -> tuple[LeftOut, ...]:
    """The association without each study that it rests on, the one whose absence changes most first.

    Most: a change of direction, then of whether the interval excludes no effect, then of the weight. What a study says of whose patients
    it shares stays known, as with the filter `exclude`; a study that was passed over for the one left out now counts.
    """
    whole = standing(synthesis.association)
    found = []
    hanging, weights = depend(synthesis), _weights_without(synthesis, corpus.method)
    unknown = Forecast(None, frozenset(), synthesis.surprising)
    for study in _studies_behind(synthesis):
        if study in hanging:
            rest = _again(synthesis, [row for row in observations if row.study != study], corpus)
        else:
            rest = without(synthesis, study, corpus, weights.get(study, unknown))
        left = _beside(rest, synthesis)
        found.append(
            LeftOut(
                **dict(left),
                study=study_ref(corpus.studies[study]),
                weight_change=None if left.weight is None or whole.weight is None else round(left.weight - whole.weight, 6),
                direction_changes=left.direction != whole.direction,
                # an exclusion is lost with the estimate, too; where there was none, none is lost
                exclusion_changes=whole.excludes_no_effect is not None and bool(left.excludes_no_effect) != whole.excludes_no_effect,
            )
        )
    return tuple(sorted(found, key=_by_change))


def _beside(part: Synthesis, whole: Synthesis) -> Standing:
    """A part in short, per the step that the whole is told per, so that the two can be compared."""
    stood, own, other = standing(part.association), part.comparisons.headline, whole.comparisons.headline
    if own is None or other is None or own.key != other.key or "published" in {stood.estimate_source, whole.association.estimate_source}:
        return stood
    scale, by = own.members[0].observation.scale, other.result.step / own.result.step
    if by == 1 or stood.estimate is None or stood.ci is None:
        return stood
    estimate, low, high = (back(scale, by * forward(scale, figure)) for figure in (stood.estimate, *stood.ci))
    return stood.model_copy(update={"estimate": estimate, "ci": (low, high), "contrast": whole.association.contrast})


def _studies_behind(synthesis: Synthesis) -> list[str]:
    reports = synthesis.reports
    headlines = {one.study for one in synthesis.association.published if one.headline}
    first = synthesis.comparisons.headline
    estimated = first.members if first is not None else ()
    return sorted({report.observation.study for report in (*reports.cohorts, *reports.independent, *estimated)} | headlines)


def _by_change(one: LeftOut) -> tuple[bool, bool, float, str]:
    # where nothing is left, all of the weight is gone
    size = math.inf if one.weight_change is None else abs(one.weight_change)
    return not one.direction_changes, not one.exclusion_changes, -size, one.study.id


def cumulative(synthesis: Synthesis, observations: Sequence[Observation], corpus: Corpus) -> tuple[CumulativeStep, ...]:
    """The association as it stood after each year of publication that adds a row to it; undated studies come last."""
    by_year: dict[int | None, list[Observation]] = {}
    for row in observations:
        by_year.setdefault(corpus.studies[row.study].year, []).append(row)
    years = sorted(by_year, key=lambda year: (year is None, year or 0))
    steps, so_far = [], list[Observation]()
    for year in years:
        so_far += by_year[year]
        stood = _beside(synthesis if year == years[-1] else _again(synthesis, so_far, corpus), synthesis)
        added = tuple(study_ref(corpus.studies[study]) for study in sorted({row.study for row in by_year[year]}))
        steps.append(CumulativeStep(**dict(stood), year=year, added=added))
    return tuple(steps)


def _again(synthesis: Synthesis, observations: Sequence[Observation], corpus: Corpus) -> Synthesis:
    edge, known = synthesis.edge, Forecast(None, frozenset(), synthesis.surprising)
    return synthesise(edge.exposure, edge.outcome, edge.population, observations, corpus, known, short=True)


def _weights_without(synthesis: Synthesis, method: Method) -> dict[str, Forecast]:
    """What the reports say without each study that has one of those that say anything."""
    from graph.synthesis.weight import reported_z, weights_without

    reports = synthesis.verdict.reports
    reported = ((reported_z(report.observation, method, report.trials), report.observation.study) for report in reports)
    given = sorted((z, study) for z, study in reported if z is not None)
    if len(given) < 2:
        return {}
    once = Counter(study for _, study in given)
    each = zip(given, weights_without([z for z, _ in given], method), strict=False)
    everything = {report.observation.study: set[str]() for report in reports}
    for report in reports:
        everything[report.observation.study].update(report.findings)
    whole = frozenset().union(*everything.values())
    return {study: Forecast(weighed, whole - everything[study], synthesis.surprising) for (_, study), weighed in each if once[study] == 1}


def flips(synthesis: Synthesis, left_out: Sequence[LeftOut], method: Method = METHOD) -> Flips:
    """What would flip an association: docs/method.md, section 11."""
    if not left_out:
        return Flips(text="No study counts: there is nothing to flip.")
    nulls, opposites = _null_cohorts(synthesis, method), _opposite_cohorts(synthesis, method)
    # a study without which nothing is left flips nothing
    left = [one for one in left_out if one.cohorts or one.weight is not None or one.estimate is not None]
    alone = tuple(one.study.id for one in left if one.direction_changes or one.exclusion_changes)
    sentences = []
    if not left:
        sentences.append("One study: leaving it out leaves nothing.")
    elif alone:
        for what, changed in (
            ("the direction", [one for one in left if one.direction_changes]),
            ("whether the interval excludes no effect", [one for one in left if one.exclusion_changes and one.estimate is not None]),
        ):
            if changed:
                sentences.append(f"Leaving out one study changes {what}: {' or '.join(one.study.label for one in changed)}.")
        without = [one.study.label for one in left if one.exclusion_changes and one.estimate is None]
        if without:
            sentences.append(f"Without {' or '.join(without)} no estimate is left.")
    else:
        sentences.append("Leaving out no single study flips it.")
    size = f"of {method.reference_n} patients"
    if nulls is not None:
        sentences.append(f"{count(nulls, 'further cohort')} {size} without any association would take no effect into the interval.")
    if opposites is not None:
        sentences.append(
            f"{count(opposites, 'further cohort')} {size}, significant the other way, would make the other direction the likelier."
        )
    return Flips(alone=alone, null_cohorts=nulls, opposite_cohorts=opposites, text=" ".join(sentences))


def _opposite_cohorts(synthesis: Synthesis, method: Method) -> int | None:
    from graph.synthesis.weight import cohorts_to_turn, reported_zs

    if synthesis.association.direction not in {"increases", "decreases"}:
        return None
    zs = reported_zs(synthesis.verdict.reports, method)
    return cohorts_to_turn(zs, synthesis.verdict.sign, method) if zs else None


def _null_cohorts(synthesis: Synthesis, method: Method) -> int | None:
    """How many reference cohorts without any association the interval that excludes no effect would not outlast.

    The error of such a cohort is what those of the comparison would have with as much information as the reference cohort (their median).
    """
    from statistics import median

    from graph.synthesis.pooling import common_effect
    from graph.synthesis.weight import reference_information

    association = synthesis.association
    if association.estimate_source == "published" or not association.excludes_no_effect:
        return None
    headline = synthesis.comparisons.headline
    assert headline is not None
    y, se, scaled = _figures(headline.members)
    error = median(scaled) / math.sqrt(reference_information(method))
    # of one estimate no prior was needed
    scale = headline.result.tau_scale / headline.result.step if headline.result.tau_scale is not None else method.bayes_tau_scale
    for added in range(1, method.flip_limit + 1):
        some = [*y, *[0.0] * added], [*se, *[error] * added]
        # what decides: of two to four cohorts their average
        low, high = (common_effect(*some) if len(some[0]) <= method.bayes_max_cohorts else pool(*some, scale)[1]).ci
        if low <= 0 <= high:
            return added
    return None


def _figures(reports: Sequence[StudyReport]) -> tuple[list[float], list[float], list[float]]:
    """Estimates, their errors, and the errors times the root of the information."""
    rows = [(report.observation.y, report.observation.se, report.observation.information) for report in reports]
    known = [(y, se, information) for y, se, information in rows if y is not None and se is not None]
    return [y for y, _, _ in known], [se for _, se, _ in known], [se * math.sqrt(information) for _, se, information in known]
