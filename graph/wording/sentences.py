"""What is known, in plain words, made from the figures by these rules and by nothing else.

1  Cohorts are counted by what they report; "link" and "goes with", never "cause". A null is "nothing clear", never "no effect".
   Where nothing is clear as a whole, each cohort is still told by its own report; only cohorts that found none have "no significant link".
2  One cohort is called one, and nobody's repetition is implied. What doesn't count (reviews, people compared with themselves) is no cohort.
3  An estimate comes with its interval, its source, and whether the interval includes no effect, what is compared in it where that is not
   present against absent, and, where several were pooled, whether they differ more than chance would let them.
   Where it was worked out and is not what the paper prints, both are told.
   Where its point lies on the other side of no effect than the cohorts' direction, that is said beside it.
   Of two to four cohorts both intervals are told, by name: the average of these cohorts, and allowing for settings that differ; and whether
   the verdict of the latter hangs on its prior.
4  Where nothing can be pooled, the sentence says so, and how many ratios don't tell what they compare. Studies without an event are named.
5  Rows that don't count, since others count for their patients, are told where they say otherwise.
6  The certainty is named with what lowered it, and how the papers were read.
"""

from __future__ import annotations

from collections.abc import Sequence

from graph.wording.captions import (
    all_read,
    leaning,
    level,
    no_events,
    ours,
    patients,
    pooled_alone,
    printed_step,
    randomised,
    source,
    unit,
    unpooled,
    verdict,
    with_unit,
)
from graph.wording.names import more, opened, plain, within
from graph.wording.numbers import (
    count,
    cutoff,
    estimate,
    figure,
    includes_no_effect,
    interval,
    measure,
    number,
    p_of_test,
    p_value,
    per,
    same_interval,
    standard_error,
    window,
)
from schema.answer import Answer, Evidence
from schema.association import LEVELS, Association, FamilyResult, Row, TermRef
from schema.robustness import Holding
from schema.scales import null_of
from schema.vocabulary import Term

# below this p of Q, estimates are told to differ (Cochrane Handbook 10.10.2)
_UNLIKE = 0.1
_WIDE = "; the interval includes no effect"
# what cohorts report, in a list
_REPORTED = {"increases": "more", "decreases": "less", "not-significant": "not significant", "unclear": "direction not printed"}
_LINEAR = frozenset({"beta", "mean-difference", "median-difference"})


def points_otherwise(one: Association) -> bool:
    """Whether the headline's point lies across no effect from the direction that the cohorts report."""
    if one.estimate is None or one.direction not in {"increases", "decreases"}:
        return False
    null = null_of(one.measure)
    return one.estimate < null if one.direction == "increases" else one.estimate > null


def notes(one: Association) -> str:
    """What stands beside an estimate wherever it is shown: its source, our own, whether it includes no effect or points the other way."""
    parts = [
        source(one),
        f"ours {ours(one)}" if ours(one) else "",
        "includes no effect" if one.excludes_no_effect is False else "",
        "this estimate points the other way" if points_otherwise(one) else "",
        # of a difference or slope nothing else says what it is of
        contrast(one) if one.measure in _LINEAR and not unit(one) else "",
    ]
    return "; ".join(part for part in parts if part)


def direction(one: Association, outcome: Term | TermRef | None = None) -> str:
    """What the cohorts report of an association, in a few words."""
    told = outcome or one.outcome
    if not one.studies:
        return "no cohort counts" if one.findings else "not studied here"
    words = {
        "increases": more(told),
        "decreases": more(told, less=True),
        "inconclusive": "little or no difference" if one.little_difference else "nothing clear",
        "inconsistent": "cohorts contradict each other",
    }
    return words[one.direction]


def basis(one: Association) -> str:
    """What the direction rests on."""
    if one.direction_basis == "published":
        return "a published meta-analysis"
    if one.direction_basis == "estimate":
        return "the randomised estimate" if randomised(one) else "the estimate" if one.k == 1 else "the average of the estimates"
    return "the cohorts taken together"


def side(one: Association, outcome: Term | TermRef) -> str:
    """The side of the weight: that of the direction, of the leaning, or the likelier one."""
    if one.direction == "increases" or one.leans == "more":
        return more(outcome)
    if one.direction == "decreases" or one.leans == "fewer":
        return more(outcome, less=True)
    return "the likelier of more and less"


def cohorts(one: Association) -> str:
    """Cohorts by what they report: "5 more, 2 not significant, 1 unclear"."""
    counts = (one.increases, one.decreases, one.not_significant, one.unclear)
    return ", ".join(f"{n} {what}" for n, what in zip(counts, _REPORTED.values(), strict=True) if n)


def known(one: Association, outcome: Term | TermRef, rows: Sequence[Row] = ()) -> tuple[str, ...]:
    """The sentences of an association; `rows` are those of the answer, where there is one."""
    if not one.studies:
        return (_unstudied(one),)
    said = (_report(one, outcome), _fewer(one), _otherwise(one, rows), _figure(one, rows), _eventless(one, rows), _sure(one))
    return tuple(sentence for sentence in said if sentence)


def _unstudied(one: Association) -> str:
    pair = f"{within(one.exposure)} and {within(one.outcome)}"
    if one.findings:
        many = len(one.findings)
        shown = "1 row is shown, with why it doesn't count" if many == 1 else f"{many} rows are shown, each with why it doesn't count"
        return f"No cohort counts for {pair} in {one.population.name}: {shown}."
    return f"Not studied: no study of this release says anything of {pair} in {one.population.name}."


def _report(one: Association, outcome: Term | TermRef) -> str:
    factor, place = within(one.exposure), one.population.name
    n = one.cohorts
    several = len({row.study for row in one.published}) > 1
    reviews = "published meta-analyses" if several else "a published meta-analysis"
    bare = [estimate(row) for row in one.published if row.estimate is not None and row.ci is None]
    if n == 0 and one.direction == "inconclusive" and bare:
        say = "say" if several else "says"
        told = f"{factor} and {within(outcome)} in {place}: {_listed(bare)}, without an interval"
        return f"Only {reviews} {say} anything of {told}; {_none()}."
    if n == 0 and one.direction == "inconclusive":
        who = f"{reviews} {'report' if several else 'reports'}"
        told = f"{factor} and {within(outcome)} in {place}, and {'find' if several else 'finds'} nothing clear"
        return f"Only {who} on {told}: {_none()}."
    if n == 0:
        return f"Only a published meta-analysis links {factor} to {more(outcome, less=one.direction == 'decreases')} in {place}: {_none()}."
    if one.direction in {"increases", "decreases"}:
        less = one.direction == "decreases"
        same = one.decreases if less else one.increases
        if n == 1 and same:
            beside = f", beside {reviews}" if one.published else ""
            if pooled_alone(one):
                return f"One pooled analysis of {pooled_alone(one)}{beside} links {factor} to {more(outcome, less=less)} in {place}."
            return f"One study, not repeated{beside}: one cohort links {factor} to {more(outcome, less=less)} in {place}."
        rest = _rest(one, less=less)
        verb = "links" if same == 1 else "link"
        if not same:
            does = "a published meta-analysis" if one.direction_basis == "published" else "the average of their estimates"
            return f"No cohort by itself links {factor} to {more(outcome, less=less)} in {place}{rest}; {does} does."
        return f"{same} of {count(n, 'cohort')} {verb} {factor} to {more(outcome, less=less)} in {place}{rest}."
    if one.direction == "inconsistent":
        return (
            f"The cohorts contradict each other on {factor} and {within(outcome)} in {place}: "
            f"{one.increases} report {more(outcome)}, {one.decreases} {more(outcome, less=True)}{_rest(one, signs=False)}."
        )
    if one.little_difference:
        return f"Studied, and at most little difference found: {_unclear(one, outcome)}."
    side = leaning(one) if one.not_significant != n else None
    but = "and what there is leans" if (one.increases if side == "more" else one.decreases) else "though what there is leans"
    leans = f", {but} to {more(outcome, less=side == 'fewer')}" if side else ""
    return f"Studied, nothing clear: {_unclear(one, outcome)}{leans}. That is not proof of no link."


def _fewer(one: Association) -> str:
    """How many cohorts there are where those that may share patients do."""
    if one.cohorts_if_overlap == one.cohorts:
        return ""
    return f"If cohorts that may share patients do, they are {one.cohorts_if_overlap}, not {one.cohorts}."


def _otherwise(one: Association, rows: Sequence[Row]) -> str:
    """What rows say that don't count because their patients are counted by others, where it is not what the association says."""
    said = {"increases": "increases", "decreases": "decreases", "inconclusive": "not-significant"}.get(one.direction)
    reported = {name for name in ("increases", "decreases") if getattr(one, name)} | ({"not-significant"} if one.not_significant else set())
    again = [row.reports for row in rows if row.used == "shown" and row.why and row.why.startswith(_AGAIN)]
    differ = [report for report in again if report != said and (said != "not-significant" or report not in reported)]
    told = [f"{differ.count(report)} {words}" for report, words in _REPORTED.items() if report in differ and report != "unclear"]
    if said is None or not told:
        return ""
    return f"Other reports on patients who are counted already say otherwise: {_listed(told)}."


# how the reasons begin of rows whose patients are counted by another row
_AGAIN = (
    "the same population is counted by", "taken for a part of the patients of", "shares patients with", "its patients count inside",
    "estimates beside the headline",
)  # fmt: skip


def _unclear(one: Association, outcome: Term | TermRef) -> str:
    """What the cohorts of an association without a clear direction report: a significant or signless one is never called a null."""
    factor, n = within(one.exposure), one.cohorts
    pair = f"link of {factor} with {within(outcome)} in {one.population.name}"
    if one.not_significant == n and pooled_alone(one):
        return f"one pooled analysis of {pooled_alone(one)} reports no significant {pair}"
    if one.not_significant == n:
        return f"one cohort reports no significant {pair}" if n == 1 else f"none of {n} cohorts reports a significant {pair}"
    parts = [
        (one.increases, f"reported {more(outcome)}"),
        (one.decreases, f"reported {more(outcome, less=True)}"),
        (one.not_significant, "found nothing significant"),
        (one.unclear, "printed a p value without its direction"),
    ]
    told = [(f"{many} " if n > 1 else "") + what for many, what in parts if many]
    who = f"of {n} cohorts that looked for a" if n > 1 else "the one cohort that looked for a"
    reviewed = one.direction_basis == "published" and one.excludes_no_effect is False
    review = "; the published meta-analysis finds nothing clear" if reviewed else ""
    return f"{who} {pair}{',' if n > 1 else ''} {_listed(told)}{review}"


def _none() -> str:
    return "no cohort of this release reports on it itself"


def _rest(one: Association, *, less: bool = False, signs: bool = True) -> str:
    """The cohorts that don't report the sign of the association."""
    parts = []
    opposite = one.increases if less else one.decreases
    if signs and opposite and one.direction in {"increases", "decreases"}:
        parts.append(f"{opposite} {'reports' if opposite == 1 else 'report'} the opposite")
    if one.not_significant:
        parts.append(f"{one.not_significant} found nothing significant")
    if one.unclear:
        parts.append(f"{one.unclear} printed a p value without its direction")
    return f" ({'; '.join(parts)})" if parts else ""


def _eventless(one: Association, rows: Sequence[Row]) -> str:
    told = no_events(one, {row.study.id: row.study.label for row in rows})
    return f"{told}." if told else ""


def _figure(one: Association, rows: Sequence[Row]) -> str:
    if one.estimate is None and unpooled(one):
        return f"No estimate can be given: {unpooled(one)}."
    if one.estimate is None:
        who = "the paper prints" if one.studies == 1 else "the papers print"
        return f"No estimate can be given: {who} a p value, a direction or a word alone, or figures that can't be pooled."
    what = with_unit(one, spelt=True)
    wide = _WIDE if one.excludes_no_effect is False else ""
    family = one.families[0] if one.families and one.estimate_source not in {None, "published"} else None
    alone = {row.finding for row in one.published if row.headline} if family is None else set(family.rows if family.k == 1 else ())
    behind = [row for row in rows if row.finding in alone]
    # by what its paper prints an estimate counts, whatever rounding makes of its interval
    if len(behind) == 1 and bool(wide) != includes_no_effect(one.measure, one.ci):
        printed_as = f"by its paper, which prints {p_value(behind[0].p) or 'a word'}"
        wide = f"; not significant {printed_as}" if wide else f"; significant {printed_as}, though the interval includes no effect"
    if family is not None and family.k == 1 and contrast(one) and not family.unit and one.contrast != "present vs absent":
        what += f" ({contrast(one)})"
    if family is not None and family.contrast_type == "shift":
        wide += "; it is of a shift over all degrees of the outcome"
    # of two estimates the test says little
    if family is not None and family.reml_hk is not None and family.reml_hk.q_p < (_UNLIKE if family.k > 2 else _UNLIKE / 2):
        wide += f"; the estimates differ more than chance would let them (I\u00b2 {family.reml_hk.i2:.0f}%)"
    if points_otherwise(one):
        wide += "; this estimate points the other way"
    if one.estimate_source == "single-study":
        rest = ", with which no other cohort's figures can be pooled" if one.cohorts > 1 else ""
        trials = any(row.finding in family.rows and row.design == "individual-patient-pooled" for row in rows) if family else False
        return f"{'One pooled analysis' if trials else 'One study'}'s estimate{rest}: {what}{wide}."
    if one.estimate_source == "published":
        own = f"; our own, of the papers here, {ours(one)}" if ours(one) else ""
        told = source(one)
        return f"{told[0].upper()}{told[1:]}: {what}{wide}{own}."
    rest = f" of {one.cohorts}" if one.k is not None and one.k < one.cohorts else ""
    pooled = f"{count(one.k or 0, 'cohort')}{rest} can be pooled"
    if one.average is None:
        return f"{pooled}: {what}{wide}."
    null = "; the interval of the average includes no effect" if includes_no_effect(one.measure, one.average.ci) else ""
    return f"{pooled}: {what}{verdict(one)}{null}{wide.removeprefix(_WIDE)}."


def _sure(one: Association) -> str:
    lowered = [reason.domain for reason in one.reasons if reason.step < 0]
    because = f", lowered for {_listed(list(dict.fromkeys(lowered)))}" if lowered else ""
    read = all_read(one)
    return f"Certainty is {level(one.certainty)}{because}; {count(one.studies, 'study', 'studies')}, {read}."


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def family(one: FamilyResult, rows: Sequence[Row], of: Association) -> str:
    """What a comparison is of: OR per 10 mmHg, observational, crude; outcome mRS 3-6, until 12 months; as reduction of ..."""
    kind = "" if one.unit or not one.contrast_type else f", {_CONTRASTS.get(one.contrast_type, one.contrast_type)}"
    told = per(one.measure, one.unit)
    step = (f" {told}" if told.startswith("per ") else f" in {told}") if told else ""
    behind = {term.id: term for row in rows if row.finding in one.rows for term in (row.exposure_term, row.outcome_term)}
    others = sorted(within(term) for term_id, term in behind.items() if term_id not in {of.exposure.id, of.outcome.id})
    parts = [
        *limits(one),
        *([f"as {_listed(others)}"] if others else []),
        *(["by the counts of its rows, whose measures differ"] if one.by_counts else []),
    ]
    return "; ".join((f"{measure(one.measure)}{step}{kind}, {body(one)}", *parts))


def heterogeneity(one: FamilyResult) -> str:
    """How far the estimates of a comparison differ: Heterogeneity: tau2 0.19, I2 59%, Q 4.87 (p = 0.076); nothing of a single one."""
    of = one.reml_hk
    if of is None:
        return ""
    return f"Heterogeneity: \u03c4\u00b2 {number(of.tau2)}, I\u00b2 {of.i2:.0f}%, Q {number(of.q)} ({p_of_test(of.q_p)})"


def limits(one: FamilyResult) -> list[str]:
    """Cut-offs, until when the outcome was looked for, and what is compared with: exposure >= 5; outcome until 12 months; versus ..."""
    parts = [
        f"exposure {cutoff(one.cutoff)}" if one.cutoff else "",
        f"outcome {cutoff(one.outcome_cutoff)}" if one.outcome_cutoff else "",
        window(one.window),
        f"versus {plain(one.versus)}" if one.versus else "",
    ]
    return [part for part in parts if part]


def body(one: FamilyResult) -> str:
    """What stands between an estimate and the effect: randomised; crude; adjusted; else how many are known to be adjusted."""
    if one.body == "randomised":
        return "randomised"
    if one.body == "crude":
        return "observational, crude"
    if one.known_adjusted == one.k:
        return "observational, adjusted"
    if one.k == 1:
        return "observational, not known whether adjusted"
    return f"observational, adjusted or a model's ({one.known_adjusted} of {one.k} known to be adjusted)"


_CONTRASTS = {
    "unknown": "contrast not printed", "not printed": "contrast not printed", "shift": "shift over a scale",
    "per-unit": "per a unit that is not printed",
}  # fmt: skip


def contrast(one: Association) -> str:
    """What is compared in the headline, as printed or, where that is not printed, of what kind it is; nothing where it is yes or no."""
    return "" if one.contrast in {None, "binary"} else _CONTRASTS.get(one.contrast or "", one.contrast or "")


def expected_wrong(some: Sequence[Association], place: str) -> str:
    """How many of the directions of a list are expected to be wrong: the sum of 1 - weight, as a range."""
    told = [one for one in some if one.direction in {"increases", "decreases"} and one.weight is not None and one.weight_range]
    if not told:
        return ""
    fewer, own, more = (sum(1 - one for one in each) for each in zip(*map(_weights, told), strict=True))
    return (
        f"Of the {count(len(told), 'direction')} in {place} about {own:.0f} are expected to be wrong by their weights: {fewer:.0f} where "
        f"fewer of the links that are looked at have next to no effect, {more:.0f} where more have."
    )


def _weights(one: Association) -> tuple[float, float, float]:
    low, high = one.weight_range or (0.5, 0.5)
    return high, one.weight or 0.5, low


def repeated(one: Association) -> bool:
    """Whether two or more independent cohorts report its sign."""
    return one.direction in {"increases", "decreases"} and max(one.increases, one.decreases) >= 2


def summary(answer: Answer[Association], *, side: str) -> str:
    """A list of associations in two sentences: how many were studied, repeated, and how sure the surest are."""
    items = [one for one in answer.items if one.studies]
    if not items:
        return ""
    noun = "factor" if side == "exposure" else "outcome"
    same = sum(repeated(one) for one in items)
    single = sum(one.cohorts <= 1 for one in items)
    pooled = sum(any(family.k > 1 for family in one.families) for one in items)
    ranks = [LEVELS.index(one.certainty) for one in items if one.certainty]
    best = LEVELS[max(ranks)] if ranks else None
    highest = sum(one.certainty == best for one in items)
    sure = f" No certainty is above {level(best)} ({highest} of {len(items)})." if best else ""
    parts = [
        (same, "reported in the same direction by two or more independent cohorts"),
        (len(items) - same - single, "by two or more without one direction"),
        (single, "by one cohort or none"),
    ]
    told = ", ".join(f"{many} {what}" for many, what in parts if many or what == parts[0][1])
    return f"{count(len(items), noun)} studied: {told}. Estimates can be pooled for {pooled}.{sure}"


def printed(one: Association, rows: Sequence[Row]) -> str:
    """How a single study's headline was worked out, and what its paper prints, where the two differ; `rows` are those of the answer."""
    if one.estimate_source != "single-study" or not one.families or one.estimate is None or one.ci is None:
        return ""
    family = one.families[0]
    behind = [row for row in rows if row.finding in family.rows]
    if not behind or (len(behind) == 1 and _as_printed(behind[0], family)):
        return ""
    ways = list(dict.fromkeys(WORKED_OUT.get(row.way, "the figures of its groups") for row in behind))
    told = _listed([_printed(row) for row in behind])
    if len(behind) > 1:
        return f"put together from {len(behind)} rows of the paper, which print {told}"
    worked_out = f"worked out from {ways[0]}"
    if behind[0].turned:
        worked_out = "turned round" if behind[0].printed_ci is not None else f"turned round and {worked_out}"
    return f"{worked_out}; printed: {told}"


WORKED_OUT = {
    "counts": "the counts", "percentages": "the percentages",
    "ratio-se": "the estimate and its standard error", "difference-se": "the estimate and its standard error",
    "ratio-p": "the estimate and its p", "difference-p": "the estimate and its p",
    "ratio-ci": "the printed interval", "difference-ci": "the printed interval",
    "correlation": "the correlation and its number of patients",
}  # fmt: skip


def _as_printed(row: Row, family: FamilyResult) -> bool:
    if row.turned or row.printed_ci is None:
        return False
    # of a step of another size, the same estimate looks different
    return row.printed_measure == family.measure and (bool(family.unit) or same_interval(row.printed_ci, family.ci))


def _printed(row: Row) -> str:
    if row.printed_value is None:
        return p_value(row.p) or "no estimate"
    step = f" {printed_step(row)}" if printed_step(row) else ""
    of = f" ({row.contrast})" if row.turned and row.contrast and not step else ""
    given = f"{figure(measure(row.printed_measure), row.printed_value, row.printed_ci)}{step}{of}"
    if row.printed_ci is not None:
        return given
    if row.printed_se is not None:
        return f"{given}, {standard_error(row.printed_measure, row.printed_se)}"
    return f"{given} without an interval{f', {p_value(row.p)}' if row.p is not None else ''}"


def in_both(own: Sequence[Row], other: Sequence[Row]) -> str:
    """The studies that are cohorts of both lines of evidence, with what each line takes of them."""
    lines: list[dict[str, list[str]]] = [{}, {}]
    labels = {}
    for line, rows in zip(lines, (own, other), strict=True):
        for row in rows:
            if row.used != "shown":
                labels[row.study.id] = row.study.label
                line.setdefault(row.study.id, []).append(within(row.exposure_term))
    both = [study for study in lines[0] if study in lines[1]]
    return " ".join(
        f"{labels[study]} is in both lines, by {_listed(list(dict.fromkeys(lines[0][study])))} in the one and by "
        f"{_listed(list(dict.fromkeys(lines[1][study])))} in the other."
        for study in sorted(both, key=lambda one: labels[one])
    )


def by_report(studies: Sequence[str], rows: Sequence[Row]) -> list[tuple[str, list[str]]]:
    """The studies of a line of evidence by what their cohorts report, where they don't all report one thing."""
    reports = {row.study.id: row.reports for row in reversed(rows) if row.used != "shown"}
    groups = {words: [one for one in studies if reports.get(one) == report] for report, words in _REPORTED.items()}
    told = [(f"{len(found)} {words}", found) for words, found in groups.items() if found]
    rest = [one for one in studies if one not in reports]
    return [*told, *([("", rest)] if rest else [])] if len(told) > 1 else [("", list(studies))]


def beside(own: Association, other: Association, rows: Sequence[Row] = ()) -> tuple[str, ...]:
    """An association and its counterpart (trials against observation): what each says, and what keeps them from settling it."""
    trial, seen = (own, other) if _randomised(own) else (other, own)
    says = [f"{within(line.exposure)} {_says(line, rows)}" for line in (trial, seen)]
    lines = [f"Two lines of evidence, never pooled: {'; '.join(says)}."]
    if trial.ci is not None and includes_no_effect(trial.measure, trial.ci):
        lines.append(
            f"The randomised line settles little: its interval, {measure(trial.measure)} {interval(trial.ci)}, reaches from "
            f"{number(trial.ci[0])} through no effect to {number(trial.ci[1])} ({patients(trial)})."
        )
    if not _randomised(seen):
        lines.append(
            "In the observational line nobody was allotted to the exposure: those in whom it was larger may differ in "
            "other ways, which adjustment takes out only in part."
        )
    return tuple(lines)


def _randomised(one: Association) -> bool:
    return any(family.randomised for family in one.families)


def _says(one: Association, rows: Sequence[Row] = ()) -> str:
    if not one.studies:
        return "was not studied"
    how = f"; {printed(one, rows)}" if printed(one, rows) else ""
    given = f" ({with_unit(one, spelt=True)}{verdict(one)}, {notes(one)}{how})" if one.estimate is not None else ""
    many = f"{count(one.cohorts, 'cohort')}: {cohorts(one)}" if one.cohorts else "no cohort of its own"
    return f"says {_SAYS[one.direction]} ({many}){given}"


_SAYS = {"increases": "more", "decreases": "less", "inconclusive": "nothing clear", "inconsistent": "both"}


def shared(answer: Evidence) -> str:
    """How many studies of an answer share patients with others of it."""
    many = sum(map(_held, answer.shared_patients))
    of = count(len({row.study.id for row in answer.rows}), "study", "studies")
    return f"{many} of {of} have patients in common with another, in {count(len(answer.shared_patients), 'group')}; everybody counts once."


def _held(group: Sequence[Holding]) -> int:
    return sum(1 + _held(one.inside) for one in group)


def holding(one: Holding) -> str:
    """A study among those that share its patients: how many, of which cohorts, and whether it counts."""
    drawn = f"draws on {', '.join(one.cohorts)}" if one.cohorts else ""
    counts = "counts" if one.counted else f"does not count{f': {one.why}' if one.why else ''}"
    return opened("; ".join(filter(None, (count(one.n, "patient") if one.n else "", drawn, counts)))) + "."
