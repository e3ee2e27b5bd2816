"""Certainty by stated rules, after GRADE, never called GRADE.

Guyatt et al., J Clin Epidemiol 2011;64:383-94; for prognosis Iorio et al., BMJ 2015;350:h870.

`RULES` is the table that the code below applies, and that docs and the schema route show. Each step names its reason and its findings.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, Protocol

from graph.synthesis.method import METHOD, Method
from graph.synthesis.reports import StudyReport
from schema.association import LEVELS, CertaintyLevel, Direction, Reason
from schema.study import Study
from schema.vocabulary import Term

Track = Literal["prognosis", "treatment", "aetiology", "prevalence"]


class Step(Protocol):
    def __call__(self, domain: str, text: str, by: int, of: Sequence[str] = ()) -> None: ...


RULES: tuple[tuple[str, str, str], ...] = (
    ("start", "high", "prognosis (a lesion or {marker} and an outcome), prevalence, and treatment (randomised rows)"),
    ("start", "low", "aetiology: all else"),
    (
        "risk of bias",
        "-1 at most",
        "more than half of the reports unadjusted, or not known to be adjusted (observational), or of weaker design (retrospective, "
        "cross-sectional, case-control, case series), or with fewer than 70% of the eligible scanned; an unknown share is stated only",
    ),
    ("inconsistency", "-1", "cohorts report opposite signs, or a report that the others make improbable (contested)"),
    ("indirectness", "-1", "more than half of the reports measure a part of the exposure or outcome, not itself"),
    (
        "imprecision",
        "-1",
        "one cohort only, or fewer than 300 patients where all print their number, or an interval of the headline that includes no effect",
    ),
    ("imprecision", "-2", "a ratio whose interval includes both 0.75 and 1.33"),
    ("selective reporting", "-1", "more than half of the reports give no estimate: a p value, a sign or a word alone"),
    (
        "upgrade",
        "+1",
        "aetiology, three or more reports: all of one sign, at least three of them with an estimate or p; "
        "or a ratio of 2 or more (or of 0.5 or less) whose interval excludes 1",
    ),
    ("published disagrees", "cap very low", "our estimate and a published one exclude each other's point, or two published ones do"),
    ("read as abstracts", "cap low or moderate", "until a study was read in full: at most low (observational), moderate (randomised)"),
)

_WEAK = frozenset({"retrospective-cohort", "cross-sectional", "case-control", "case-series", "case-report"})


def track_of(exposure: Term, outcome: Term, *, randomised: bool) -> Track:
    if randomised:
        return "treatment"
    if exposure.kind in {"lesion", "csvd-marker"} and outcome.kind == "outcome":
        return "prognosis"
    return "aetiology"


def judge(
    track: Track,
    reports: Sequence[StudyReport],
    studies: Mapping[str, Study],
    *,
    direction: Direction,
    headline: tuple[float, float, float] | None,
    null_value: float,
    per_step: bool = False,
    published_only: bool,
    rolled_up: Sequence[str],
    surprising: Sequence[str],
    full_text: int,
    disagreeing: tuple[str, Sequence[str]] | None,
    patients: int | None,
    method: Method = METHOD,
) -> tuple[CertaintyLevel, tuple[Reason, ...]]:
    """The level and the reasons.

    `headline` is (estimate, low, high) on the printed scale, whose value of no effect is `null_value`; `rolled_up` and `surprising` are
    finding ids; `patients` is None where not every cohort prints its number; `disagreeing` says which estimates exclude each other's
    point, and their finding ids.
    """
    reasons: list[Reason] = []
    level = 1 if track == "aetiology" else 3
    reasons.append(Reason(domain="start", text=f"{track} starts {LEVELS[level]}"))
    findings = tuple(finding for report in reports for finding in report.findings)
    k = len(reports)

    def step(domain: str, text: str, by: int, of: Sequence[str] = ()) -> None:
        nonlocal level
        level += by
        reasons.append(Reason(domain=domain, text=text, step=by, findings=tuple(of)))

    _risk_of_bias(reports, studies, step, method)
    signs = {report.observation.reported_sign for report in reports} - {0}
    if direction == "inconsistent" or len(signs) > 1:
        step("inconsistency", "cohorts report opposite signs", -1, [f for v in reports if v.observation.reported_sign for f in v.findings])
    elif surprising:
        step("inconsistency", "one cohort's report is improbable given the others", -1, surprising)
    if 2 * len(rolled_up) > k > 0:
        step("indirectness", f"{_of(rolled_up, k)} {'measures' if k == 1 else 'measure'} a part of the exposure or outcome", -1, rolled_up)
    includes_null = headline is not None and headline[1] <= null_value <= headline[2]
    # how large an effect of a step is hangs on the step
    if includes_null and null_value == 1 and not per_step and headline is not None and headline[1] <= 0.75 and headline[2] >= 1 / 0.75:
        step("imprecision", "the interval includes a large effect either way", -2, findings)
    elif k == 1 and not published_only:
        step("imprecision", "one cohort only", -1, findings)
    elif includes_null:
        step("imprecision", "the interval includes no effect", -1, findings)
    elif patients is not None and patients < METHOD.small_patients and not published_only:
        step("imprecision", f"{patients} patients", -1, findings)
    bare = [report for report in reports if report.observation.bare]
    if 2 * len(bare) > k > 0:
        step(
            "selective reporting",
            f"{_of(bare, k)} {'gives' if k == 1 else 'give'} no estimate",
            -1,
            [finding for report in bare for finding in report.findings],
        )
    if track == "aetiology" and k >= METHOD.upgrade_cohorts:
        large = (
            headline is not None
            and not includes_null
            and null_value == 1
            and not per_step
            and (headline[0] >= METHOD.large_effect or headline[0] <= 1 / METHOD.large_effect)
        )
        figures = [report for report in reports if report.observation.kind == "estimate" or report.observation.row.p is not None]
        if all(report.observation.reported_sign for report in reports) and len(signs) == 1 and len(figures) >= METHOD.upgrade_cohorts:
            step("consistent", f"all {k} report the same sign, {len(figures)} of them with an estimate or p", 1, findings)
        elif large:
            step("large effect", "a ratio of 2 or more, or of 0.5 or less, whose interval excludes 1", 1, findings)
    level = min(max(level, 0), 3)
    if disagreeing is not None:
        level = 0
        which, of = disagreeing
        text = f"{which} exclude each other's point: very low at most"
        reasons.append(Reason(domain="published disagrees", text=text, findings=tuple(of)))
    cap = 3 if full_text else (2 if track == "treatment" else 1)
    if not full_text:
        reasons.append(Reason(domain="read as abstracts", text=f"no study was read in full: {LEVELS[cap]} at most", findings=()))
    return LEVELS[min(level, cap)], tuple(reasons)


def _risk_of_bias(reports: Sequence[StudyReport], studies: Mapping[str, Study], step: Step, method: Method) -> None:
    if not reports:
        return
    k = len(reports)
    crude = [report for report in reports if report.observation.row.adjusted is not True and not report.observation.row.randomised]
    weak = [report for report in reports if studies[report.observation.study].design in _WEAK]
    few, unknown = [], []
    for report in reports:
        if report.observation.published:
            continue
        share = scanned_share(studies[report.observation.study])
        if share is None:
            # where nobody is scanned nobody is left out
            unknown += [report] if method.mri_windows else []
        elif share < METHOD.scanned_share:
            few.append(report)
    causes: list[tuple[str, Sequence[StudyReport]]] = []
    if 2 * len(crude) > k:
        causes.append((f"{_of(crude, k)} not known to be adjusted", crude))
    if 2 * len(weak) > k:
        causes.append((f"{_of(weak, k)} of weaker design", weak))
    if few:
        text = f"in {_of(few, k)} fewer than {METHOD.scanned_share:.0%} of the eligible were scanned"
        if 2 * len(few) > k:
            causes.append((text, few))
        else:
            step("risk of bias", text, 0, [finding for report in few for finding in report.findings])
    if causes:
        involved = sorted({finding for _, group in causes for report in group for finding in report.findings})
        step("risk of bias", "; ".join(cause for cause, _ in causes), -1, involved)
    if unknown:
        step("risk of bias", f"share of the eligible that was scanned not known in {_of(unknown, k)}", 0)


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
