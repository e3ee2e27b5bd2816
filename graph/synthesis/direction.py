"""Which way an association runs, and what says so: docs/method.md, section 7."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from graph.synthesis.comparisons import Comparison
from graph.synthesis.reports import StudyReport, StudyReports, beside
from schema.association import Direction, DirectionBasis, FamilyResult, Interval, Leans
from schema.observation import Observation, sign_of
from schema.scales import null_of
from schema.study import Study

WORDS: dict[int, Direction] = {1: "increases", -1: "decreases", 0: "inconclusive"}
SIDES: dict[int, Leans | None] = {1: "more", -1: "fewer", 0: None}


# what decides, and when: docs and the schema route show it
RULES: tuple[tuple[str, str], ...] = (
    ("published", "where a published meta-analysis is the headline: whether its row is significant, as it says"),
    (
        "estimate",
        "where the headline is randomised, or holds at least half of the cohorts that report (in patients, of those that print their "
        "number; in cohorts where none does; a direction that can't be read is on neither side): whether the interval of the average "
        "excludes no effect. One row alone is significant as its paper's p says and, where rounding leaves that open, its word",
    ),
    (
        "reports",
        "else: increases or decreases where at least half of the cohorts are significant that way, two or more of them unless there is "
        "one, and none the other way; inconsistent where one is each way; else inconclusive",
    ),
)


class Verdict(NamedTuple):
    """What decides: `sign` is that of the direction, else of the side to which it leans, 0 where there is none.

    `reports` are those of the body of evidence that decides.
    """

    direction: Direction
    basis: DirectionBasis | None
    sign: int
    reports: tuple[StudyReport, ...]

    @property
    def leans(self) -> Leans | None:
        return SIDES[self.sign] if self.direction == "inconclusive" else None


def decide(reports: StudyReports, headline: Comparison | None, published: Observation | None, studies: Mapping[str, Study]) -> Verdict:
    """The headline's interval where it stands for the cohorts that report, else what they report.

    `published` is the row of a published meta-analysis where that is the headline.
    """
    if published is not None:
        return _of_estimate(published.significant, sign_of(published.y), "published", beside(published, reports, studies))
    if headline is not None:
        randomised = tuple(report for report in reports.independent if report.observation.row.randomised)
        if headline.key.randomised and all(report.poolable for report in headline.members):
            return _of_estimate(*excluded(headline), "estimate", randomised or headline.members)
        if _holds_half(headline, reports.cohorts):
            return _of_estimate(*excluded(headline), "estimate", reports.independent)
    return _of_reports(reports)


def _of_estimate(significant: int, point: int, basis: DirectionBasis, reports: tuple[StudyReport, ...]) -> Verdict:
    return Verdict(WORDS[significant], basis, significant or point, reports)


def excluded(headline: Comparison) -> tuple[int, int]:
    """The sign of a comparison's average where its interval excludes no effect, else 0; and the sign of its point.

    One row alone is significant as its paper says: rounding may make its interval say otherwise.
    """
    result = headline.result
    point, ci = average(result)
    null = null_of(result.measure)
    sign = sign_of(point - null)
    if len(headline.members) == 1:
        return headline.members[0].observation.significant, sign
    return (0 if ci[0] <= null <= ci[1] else sign), sign


def average(result: FamilyResult) -> tuple[float, Interval]:
    """The average of a comparison's cohorts with its interval: of two to four the common effect, of more the headline."""
    return (result.common.estimate, result.common.ci) if result.estimate_source == "pooled-bayes" else (result.estimate, result.ci)


def _holds_half(headline: Comparison, cohorts: Sequence[StudyReport]) -> bool:
    """Whether the cohorts of the headline are at least half of those that report: in patients, in cohorts where none prints its n."""
    known = [report for report in cohorts if report.observation.kind != "unclear"]
    # where none prints its number each has the same
    counted = [report for report in known if report.observation.n_known] or known
    inside = {report.cohort for report in headline.members}
    held = sum(report.observation.n for report in counted if report.cohort in inside)
    return 2 * held >= sum(report.observation.n for report in counted)


def _of_reports(reports: StudyReports) -> Verdict:
    """As at least half of the cohorts say, two of them unless there is one, and none significant the other way."""
    known = [report for report in reports.cohorts if report.observation.kind != "unclear"]
    if not reports.cohorts:
        return Verdict("inconclusive", None, 0, reports.independent)
    up, down = (sum(report.observation.significant == sign for report in known) for sign in (1, -1))
    if up and down:
        return Verdict("inconsistent", "reports", 0, reports.independent)
    most = max(up, down)
    sign = 1 if up else -1
    if 2 * most >= len(known) and most >= min(2, len(known)) > 0:
        return Verdict(WORDS[sign], "reports", sign, reports.independent)
    signs = [report.sign for report in known]
    return Verdict("inconclusive", "reports", sign_of(signs.count(1) - signs.count(-1)), reports.independent)
