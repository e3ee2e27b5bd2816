"""Certainty by stated rules, after GRADE, never called GRADE. docs/method.md, section 8.

It is rated for a link in the direction that is given (GRADE's non-null target: Zeng et al., J Clin Epidemiol 2022;137:163-75); where there
is none, for little or no difference or for what is said. Guyatt et al., J Clin Epidemiol 2011;64:383-94; for prognosis Iorio et al., BMJ
2015;350:h870.

`RULES` is the table that the code below applies, and that docs and the schema route show. Each step names its reason and its findings.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from graph.synthesis.absolute_risks import EQUATIONS
from graph.synthesis.comparisons import Comparison, printed_ci
from graph.synthesis.direction import Verdict, average
from graph.synthesis.method import METHOD, Z95, Method
from graph.synthesis.observations import events_of, table_of
from graph.synthesis.reports import StudyReport, findings_of, prints_figure
from schema.association import LEVELS, CertaintyLevel, Interval, Reason
from schema.bias import NAMES, WORDS
from schema.bias import Level as RiskLevel
from schema.observation import Observation
from schema.scales import back, forward, null_of
from schema.study import RATIOS, RiskOfBias, Study
from schema.vocabulary import Term

Track = Literal["prognosis", "treatment", "aetiology", "prevalence"]

RULES: tuple[tuple[str, str, str], ...] = (
    ("start", "high", "prognosis (a lesion or {marker} and an outcome), prevalence, and treatment (randomised rows)"),
    ("start", "low", "aetiology: all else"),
    ("start", "high", "aetiology judged with ROBINS-I throughout"),
    (
        "risk of bias",
        "-1",
        "unless two of the cohorts that report the direction (or, of fewer, all) are adjusted and not of weaker design (cross-sectional, "
        "case-control, case series); randomised ones need no adjustment",
    ),
    (
        "risk of bias",
        "-1 to -3",
        "instead, where all papers that report the direction were judged: by the level that half reach or exceed: moderate or unclear -1, "
        "high -2; ROBINS-I: no information -2, critical -3; aetiology that starts low -1 at most",
    ),
    (
        "inconsistency",
        "-1",
        "cohorts are significant both ways; or intervals of the comparison don't overlap; or, from five estimates on, I2 over 50% and a "
        "prediction interval that includes no effect where the mean's doesn't; or as many cohorts without the direction as with it; or a "
        "published row of the same question that is significant the other way, or finds nothing and tells more",
    ),
    (
        "imprecision",
        "-1 or -2",
        "with a direction: none where the deciding interval excludes no effect, but for a ratio of 2 or more (0.5 or less), and where no "
        "interval decides: -1 below 300 events, -2 below 100 (there are no more events than patients; what isn't known is stated, and no "
        "step); one cohort at least -1 unless randomised",
    ),
    (
        "imprecision",
        "-1 or -2",
        "without a direction: -1; -2 where the interval includes both 0.75 and 1.33, or there is none and fewer than 100 events; none for "
        "little or no difference: an interval inside 0.75 to 1.33 and, where a baseline is printed, within 3 of 100 (of death: 1)",
    ),
    (
        "indirectness",
        "-1",
        "more than half of the reports of the direction measure a part of the exposure or outcome, not itself; or, of randomised ones, are "
        "of fewer than 70% of the eligible (scanned, or of those in the trial)",
    ),
    (
        "publication bias",
        "-1",
        "Egger's p below 0.1 (from ten estimates on); or, from five, a common effect outside the random-effects interval; or, once a study "
        "was read beyond its abstract, more than half of the reports of the direction without figures (until then that is stated)",
    ),
    (
        "large effect",
        "+1",
        "aetiology: a ratio of 2 or more (or of 0.5 or less), two cohorts or more, and no step for bias, inconsistency or imprecision",
    ),
    (
        "how studies were read",
        "cap",
        "the best-read of the reports of the direction: an abstract low at most (randomised: moderate), the abstract and tables moderate "
        "(randomised: high), the full text none",
    ),
    ("standing", "none", "an expression of concern about a paper is stated"),
    (
        "prevalence",
        "-1 each",
        "fewer than 70% scanned in a cohort (risk of bias); a prediction interval wider than 25 points (inconsistency); one cohort, an "
        "interval wider than 20 points, or one wider than the rate itself (imprecision)",
    ),
)

_WEAK = frozenset({"cross-sectional", "case-control", "case-series", "case-report"})

# level at most by how the best-read study was read: observational, randomised
_CAPS: dict[str | None, tuple[int, int]] = {"full-text": (3, 3), "tables": (2, 3), "abstract": (1, 2), None: (1, 2)}


def track_of(exposure: Term, outcome: Term, *, randomised: bool) -> Track:
    if randomised:
        return "treatment"
    if exposure.kind in {"lesion", "csvd-marker"} and outcome.kind == "outcome":
        return "prognosis"
    return "aetiology"


@dataclass(frozen=True)
class Rated:
    """What a certainty is judged from.

    `headline` is our comparison where that decides, `published` the row of a meta-analysis where that does; `rivals` are the other
    published rows of the same question; `parts` the findings that measure a part of the exposure or outcome; `egger_p` and `studies` as
    they are called.
    """

    track: Track
    verdict: Verdict
    headline: Comparison | None
    published: Observation | None
    rivals: Sequence[Observation]
    parts: frozenset[str]
    egger_p: float | None
    studies: Mapping[str, Study]
    death: bool = False
    # an outcome that is measured has no events: its patients are counted
    continuous: bool = False
    method: Method = METHOD

    @property
    def sign(self) -> int:
        """+1 or -1 of a direction, 0 where there is none."""
        return 0 if self.verdict.direction == "inconclusive" else self.verdict.sign

    def reports_it(self, report: StudyReport) -> bool:
        """Whether a report is of the direction: significant so where the reports decide, else by its sign."""
        if self.verdict.basis == "reports":
            return report.observation.significant == self.sign
        return (report.observation.significant or report.sign) == self.sign

    @cached_property
    def among(self) -> tuple[StudyReport, ...]:
        """The reports of the direction; all where there is none."""
        if not self.sign:
            return self.verdict.reports
        return tuple(report for report in self.verdict.reports if self.reports_it(report)) or self.verdict.reports

    @cached_property
    def biases(self) -> tuple[RiskOfBias | None, ...]:
        """How the paper of each report of the direction was judged."""
        return tuple(self.studies[report.observation.study].risk_of_bias for report in self.among)

    @cached_property
    def starts_high(self) -> bool:
        """Whether all were judged by the tool that takes confounding into account."""
        return bool(self.biases) and all(bias is not None and bias.tool == "robins-i" for bias in self.biases)

    @cached_property
    def deciding(self) -> tuple[str, float, Interval] | None:
        """Measure, point and interval of what decides the direction; None where the reports do."""
        if self.published is not None:
            row = self.published
            assert row.y is not None
            assert row.se is not None
            assert row.comparison is not None
            ci = printed_ci(row)
            assert ci is not None
            return row.comparison.measure, back(row.scale, row.y), ci
        if self.headline is None:
            return None
        return self.headline.result.measure, *average(self.headline.result)

    @property
    def ratio(self) -> bool:
        """Whether what decides is a ratio that hangs on no step: how large one of a step is, hangs on the step."""
        key = self.published.comparison if self.published is not None else self.headline.key if self.headline is not None else None
        return key is not None and key.measure in RATIOS and key.contrast_type != "per-unit"

    @property
    def large(self) -> bool:
        """Whether what decides is a ratio of 2 or more, or of 0.5 or less."""
        most = self.method.large_effect
        return self.deciding is not None and self.ratio and not 1 / most < self.deciding[1] < most


@dataclass(frozen=True, slots=True)
class Judgement:
    """The level with its reasons; `little`: what is rated is that there is little or no difference."""

    level: CertaintyLevel
    reasons: tuple[Reason, ...]
    little: bool = False


def judge(given: Rated) -> Judgement:
    """The certainty of an association, domain by domain; each of `RULES` is a function below."""
    start = 1 if given.track == "aetiology" and not given.starts_high else 3
    little = little_difference(given)
    how = ", judged with ROBINS-I" if given.track == "aetiology" and given.starts_high else ""
    reasons = [Reason(domain="start", text=f"{given.track} starts {LEVELS[start]}{how}")]
    reasons += _judged_bias(given) or _risk_of_bias(given)
    reasons += _inconsistency(given)
    reasons += _imprecision(given, little=little)
    stepped = any(reason.step for reason in reasons)
    reasons += _indirectness(given)
    reasons += _publication_bias(given)
    if not stepped:
        reasons += _large_effect(given)
    cap, read = cap_of((given.studies[report.observation.study] for report in given.among), randomised=given.track == "treatment")
    reasons += _concerns(given)
    if cap < 3:
        reasons.append(Reason(domain="how studies were read", text=f"{read}: {LEVELS[cap].replace('-', ' ')} at most"))
    level = min(max(start + sum(reason.step for reason in reasons), 0), cap)
    return Judgement(LEVELS[level], tuple(reasons), little)


def cap_of(studies: Iterable[Study], *, randomised: bool) -> tuple[int, str]:
    """The level that the best-read study allows, and in what form that was read."""
    read = {study.read for study in studies}
    best = next((form for form in ("full-text", "tables", "abstract") if form in read), None)
    beyond = {"tables": "abstract and tables", "abstract": "its abstract"}.get(best or "")
    return _CAPS[best][randomised], f"no study was read beyond {beyond}" if beyond is not None else "what was read is not stated"


# levels by the judgement of a paper; ROBINS-I judges confounding as well, for which an observational body starts low else
# (Schuenemann et al., J Clin Epidemiol 2019;111:105-14)
_STEPS: Mapping[bool, Mapping[RiskLevel, int]] = {
    False: {"low": 0, "moderate": -1, "unclear": -1, "high": -2, "critical": -2},
    True: {"low": 0, "moderate": -1, "unclear": -2, "high": -2, "critical": -3},
}


def _judged_bias(given: Rated) -> list[Reason]:
    """The step by what was judged, where all papers were; a low risk is stated."""
    judged = [(report, bias) for report, bias in zip(given.among, given.biases, strict=True) if bias is not None]
    if not judged or len(judged) < len(given.among):
        return []
    steps = sorted(_STEPS[bias.tool == "robins-i"][bias.judgement] for _, bias in judged)
    # of an even number the worse of the two in the middle
    step = steps[(len(steps) - 1) // 2]
    if given.track == "aetiology" and not given.starts_high:
        step = max(step, -1)
    told: dict[str, list[StudyReport]] = {}
    for report, bias in judged:
        told.setdefault(f"{WORDS[bias.tool][bias.judgement]} ({NAMES[bias.tool]})", []).append(report)
    text = "; ".join(f"{_of(some, len(judged))} {what}" for what, some in told.items())
    return [Reason(domain="risk of bias", text=text, step=step, findings=findings_of(report for report, _ in judged) if step else ())]


def _risk_of_bias(given: Rated) -> list[Reason]:
    reports = given.among
    if not reports:
        return []

    def good(report: StudyReport) -> bool:
        row = report.observation.row
        return row.randomised or (row.adjusted is True and given.studies[report.observation.study].design not in _WEAK)

    sound = [report for report in reports if good(report)]
    if len(sound) >= min(2, len(reports)):
        return []
    rest = [report for report in reports if not good(report)]
    crude = [report for report in rest if report.observation.row.adjusted is not True]
    weak = [report for report in rest if given.studies[report.observation.study].design in _WEAK]
    causes = [
        f"{_of(group, len(reports))} {what}" for group, what in ((crude, "not known to be adjusted"), (weak, "of weaker design")) if group
    ]
    return [Reason(domain="risk of bias", text="; ".join(causes), step=-1, findings=findings_of(rest))]


def _inconsistency(given: Rated) -> list[Reason]:
    """One step for the first cause that applies; the others are stated."""
    causes = [cause for cause in (_both_ways(given), _disjoint(given), _heterogeneous(given), _outvoted(given), _rival(given)) if cause]
    return [
        Reason(domain="inconsistency", text=text, step=0 if i else -1, findings=tuple(findings))
        for i, (text, findings) in enumerate(causes)
    ]


Cause = tuple[str, Sequence[str]]


def _both_ways(given: Rated) -> Cause | None:
    significant = [report for report in given.verdict.reports if report.observation.significant]
    if {report.observation.significant for report in significant} != {1, -1}:
        return None
    return "cohorts are significant both ways", findings_of(significant)


def _disjoint(given: Rated) -> Cause | None:
    """Whether two intervals of the headline's comparison have nothing in common."""
    if given.headline is None:
        return None
    ends = [
        (report, one.y - Z95 * one.se, one.y + Z95 * one.se)
        for report in given.headline.members
        if (one := report.observation).y is not None and one.se is not None
    ]
    lowest, highest = min(ends, key=lambda end: end[2]), max(ends, key=lambda end: end[1])
    if lowest[2] >= highest[1]:
        return None
    return "intervals of the estimates don't overlap", findings_of((lowest[0], highest[0]))


def _heterogeneous(given: Rated) -> Cause | None:
    if given.headline is None or given.headline.result.k < given.method.disagreement_min_k:
        return None
    result = given.headline.result
    random, null = result.reml_hk, null_of(result.measure)
    if random is None or random.prediction_interval is None or random.i2 <= given.method.high_i2:
        return None
    inside = [low <= null <= high for low, high in (random.ci, random.prediction_interval)]
    if inside != [False, True]:
        return None
    return f"I\u00b2 {random.i2:.0f}%, and a next cohort may find no effect", result.rows


def _outvoted(given: Rated) -> Cause | None:
    if not given.sign:
        return None
    known = [report for report in given.verdict.reports if report.observation.kind != "unclear"]
    without = [report for report in known if not given.reports_it(report)]
    if 2 * len(without) < len(known) or not without:
        return None
    return f"{len(without)} of {len(known)} cohorts don't report the direction", findings_of(without)


def _rival(given: Rated) -> Cause | None:
    if not given.sign:
        return None
    for row in given.rivals:
        if row.significant == -given.sign:
            return "a published meta-analysis is significant the other way", (row.finding,)
        if not row.significant and row.kind in {"estimate", "null"} and _information(row) > _own_information(given, row):
            return "a published meta-analysis that tells more finds nothing clear", (row.finding,)
    return None


def _information(row: Observation) -> float:
    return 1 / row.se**2 if row.se else row.information


def _own_information(given: Rated, row: Observation) -> float:
    """What the deciding interval tells on the scale of a published row, or the reports of the direction where that can't be compared."""
    deciding = given.deciding
    if deciding is None or row.se is None:
        return sum(report.observation.information for report in given.among)
    low, high = (forward(row.scale, bound) for bound in deciding[2])
    return (2 * Z95 / (high - low)) ** 2 if high > low else float("inf")


def _imprecision(given: Rated, *, little: bool) -> list[Reason]:
    reports, deciding = given.among, given.deciding
    if not reports:
        return []
    alone = sum(report.trials for report in reports) == 1 and given.published is None and given.track != "treatment"
    step, texts = 0, list[str]()
    if given.sign:
        if deciding is None or given.large:
            step, texts = _by_events(given, reports)
    elif little:
        texts = ["the interval leaves room for little or no difference only"]
    else:
        low, high = given.method.little_difference
        wide = deciding is not None and given.ratio and deciding[2][0] <= low and deciding[2][1] >= high
        step, texts = (-2, ["the interval includes a large effect either way"]) if wide else (-1, ["no effect is not excluded"])
        by_events, few = _by_events(given, reports) if deciding is None else (0, [])
        if by_events == -2:
            step, texts = -2, [*texts, *few]
    if alone:
        step = min(step, -1)
        texts.append("one cohort only")
    return [Reason(domain="imprecision", text="; ".join(texts), step=step, findings=findings_of(reports) if step else ())] if texts else []


def _by_events(given: Rated, reports: Sequence[StudyReport]) -> tuple[int, list[str]]:
    """The step for few events. Where a number isn't printed there are no more of them than patients."""
    rows = [row for report in reports for row in report.combined or (report.observation,)]
    each = [events_of(row, given.studies[row.study]) for row in rows]
    unknown = [row for row, events in zip(rows, each, strict=True) if events is None]
    printed = sum(events for events in each if events is not None)
    most = printed + sum(row.n if row.n_known else math.inf for row in unknown)
    few, fewer = given.method.few_events
    if most < few:
        return (-2 if most < fewer else -1), [
            f"{most:.0f} patients" if given.continuous else f"{'at most ' if unknown else ''}{most:.0f} events"
        ]
    if printed < few:
        return 0, [f"{'number of patients' if given.continuous else 'events'} not printed in {_of(unknown, len(rows))}"]
    return 0, []


def little_difference(given: Rated) -> bool:
    """Whether what decides leaves room for little or no difference only, in the ratio and, where a baseline is printed, in 100 patients."""
    deciding = given.deciding
    if given.verdict.direction != "inconclusive" or deciding is None or not given.ratio:
        return False
    measure, _, ci = deciding
    low, high = given.method.little_difference
    if not (low < ci[0] and ci[1] < high):
        return False
    tables = [table for report in given.headline.members if (table := table_of(report.observation))] if given.headline else []
    total = sum(table.unexposed_total for table in tables)
    if not total:
        return True
    baseline = 100 * sum(table.unexposed_cases for table in tables) / total
    most = given.method.little_absolute_death if given.death else given.method.little_absolute
    risk: Callable[[float, float], float] = EQUATIONS[measure]
    return all(abs(risk(baseline, bound) - baseline) <= most for bound in ci)


def _indirectness(given: Rated) -> list[Reason]:
    reports = given.among
    partial = [report for report in reports if not given.parts.isdisjoint(report.findings)]
    reasons = []
    if 2 * len(partial) > len(reports):
        text = f"{_of(partial, len(reports))} {'measures' if len(reports) == 1 else 'measure'} a part of the exposure or outcome"
        reasons.append(Reason(domain="indirectness", text=text, step=-1, findings=findings_of(partial)))
    shares = [(report, _share_of(report, given)) for report in reports if not report.observation.published]
    few = [report for report, share in shares if share is not None and share < given.method.scanned_share]
    if few:
        step = -1 if given.track == "treatment" and 2 * len(few) > len(reports) and not reasons else 0
        text = f"in {_of(few, len(reports))} fewer than {given.method.scanned_share:.0%} of the eligible are seen"
        reasons.append(Reason(domain="indirectness", text=text, step=step, findings=findings_of(few)))
    unknown = [report for report, share in shares if share is None]
    # where nobody is scanned nobody is left out
    if unknown and given.method.mri_windows:
        text = f"share of the eligible that was scanned not known in {_of(unknown, len(reports))}"
        reasons.append(Reason(domain="indirectness", text=text))
    return reasons


def _publication_bias(given: Rated) -> list[Reason]:
    reports = given.among
    bare = [report for report in reports if not prints_figure(report.observation)]
    text, step, findings = "", -1, tuple[str, ...]()
    result = given.headline.result if given.headline is not None else None
    if given.egger_p is not None and given.egger_p < given.method.egger_p:
        text = "smaller studies find more (Egger's test)"
    elif result is not None and result.k >= given.method.disagreement_min_k and not result.ci[0] <= result.common.estimate <= result.ci[1]:
        text = "the common effect lies outside the random-effects interval: small studies find other effects than large ones"
    elif 2 * len(bare) > len(reports):
        read_on = any(given.studies[report.observation.study].read in {"tables", "full-text"} for report in reports)
        text, step, findings = (
            f"{_of(bare, len(reports))} {'gives' if len(reports) == 1 else 'give'} no figures",
            -int(read_on),
            findings_of(bare),
        )
    return [Reason(domain="publication bias", text=text, step=step, findings=findings)] if text else []


def _concerns(given: Rated) -> list[Reason]:
    """Stated only: an expression of concern is no judgement yet."""
    reports = [
        report
        for report in given.among
        if (standing := given.studies[report.observation.study].standing) is not None and standing.kind == "concern"
    ]
    text = f"{_of(reports, len(given.among))} with an expression of concern about the paper"
    return [Reason(domain="standing", text=text, findings=findings_of(reports))] if reports else []


def _large_effect(given: Rated) -> list[Reason]:
    deciding = given.deciding
    if given.track != "aetiology" or not given.sign or deciding is None or not given.large:
        return []
    if sum(report.trials for report in given.among) < 2:
        return []
    return [Reason(domain="large effect", text=f"{deciding[0]} of {deciding[1]:.3g}", step=1, findings=findings_of(given.among))]


def _share_of(report: StudyReport, given: Rated) -> float | None:
    """Of those who were to be scanned, or who were randomised, how many a report is of."""
    own = report.observation
    study = given.studies[own.study]
    share = scanned_share(study)
    if share is None and own.row.randomised and own.n_known and study.n:
        return own.n / study.n
    return share


def scanned_share(study: Study) -> float | None:
    """Scanned patients over eligible ones, where both are known."""
    imaging = study.imaging
    if imaging is None or imaging.scanned is None or not imaging.eligible:
        return None
    return imaging.scanned / imaging.eligible


def _of(some: Sequence[object], k: int) -> str:
    """How many of the reports, in words."""
    if k == 1:
        return "the one report"
    return f"{len(some)} of {k} reports"
