"""Every constant of the method, in one place; the schema route serves them. docs/method.md says why each is what it is."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from functools import lru_cache
from typing import Any

from schema.field import Constants
from schema.observation import Z_SIGNIFICANT as Z95

# Part of the release: raise it with every change that can move a number.
VERSION = "4"

__all__ = ["METHOD", "VERSION", "Z95", "Method", "method_of"]


@dataclass(frozen=True, slots=True)
class Method:
    """The constants. Lengths are on the log (odds) ratio scale, shares are 0..1. A field may set those of schema/field.py's `Constants`."""

    # standard error of what has none
    default_prevalence_lesion: float = 0.24
    default_prevalence_continuous: float = 0.5
    default_prevalence_other: float = 0.3
    default_exposed_share: float = 0.3
    default_n: int = 100
    # medians are read as means unless |q1 + q3 - 2 median| exceeds this share of q3 - q1
    skew_limit: float = 0.25
    # printed ci, p and counts disagree where their z values lie further apart than this, beyond rounding
    disagreement_z: float = 0.5
    # overlap
    exact_overlap_component: int = 40
    # a pooled analysis of so many of the patients of its parts is the whole of them
    whole_share: float = 0.9
    authors_in_common: int = 2
    # pooling
    bayes_tau_scale: float = 0.5
    bayes_max_cohorts: int = 4
    # scale of tau per SD of the exposure, for Fisher's z, in SDs of the outcome, and of a slope in se sqrt(N)
    tau_scale_per_sd: float = 0.23
    tau_scale_correlation: float = 0.2
    tau_scale_difference: float = 0.28
    tau_scale_slope: float = 0.13
    # weight: the prior of the average effect, half of it near zero, and what else is so wide in these shares
    weight_near_zero: float = 0.5
    weight_near_zero_sd: float = 0.01
    weight_sds: tuple[float, ...] = tuple(0.1 * 2 ** (j / 2) for j in range(9))
    weight_shares: tuple[float, ...] = (1 / 9,) * 9  # learned once by a field: benchmarks.calibration --learn
    weight_range_near_zero: tuple[float, float] = (0.2, 0.75)
    weight_tau_scale: float = 0.15
    # as which z a word, p < 0.05, p < 0.01 and p < 0.001 are read: the medians of what is printed beyond these bounds
    typical_z: tuple[float, float, float] = (2.6, 3.1, 3.8)
    # how often what is not significant reaches print, of what is: one of these, each as likely beforehand in each association
    rhos: tuple[float, ...] = (0.05, 0.2, 0.5, 1.0)
    reference_n: int = 145
    reference_prevalence: float = 0.24
    # certainty
    scanned_share: float = 0.7
    large_effect: float = 2.0
    # events below which a large ratio is imprecise, and very imprecise
    few_events: tuple[int, int] = (300, 100)
    # an interval inside these ratios, and absolute differences in 100 (of death) inside these, say that there is little or no difference
    little_difference: tuple[float, float] = (0.75, 4 / 3)
    little_absolute: float = 3.0
    little_absolute_death: float = 1.0
    disagreement_min_k: int = 5
    high_i2: float = 50.0
    egger_p: float = 0.1
    # of a prevalence, in percentage points: an interval so wide (or wider than the rate), and a prediction interval
    wide_prevalence: float = 20.0
    wide_prediction: float = 25.0
    # contested
    surprise: float = 0.10
    # Egger's test says nothing below so many estimates (Cochrane Handbook 13.3.5.4)
    egger_min_k: int = 10
    # what would flip an association: so many further cohorts are tried
    flip_limit: int = 20
    # gaps
    power: float = 0.8
    stated_odds_ratio: float = 2.0
    # an outcome that happens later is pooled with what was looked for until the same of these months, or beyond
    follow_up_windows: tuple[float, ...] = field(default=(1, 12))
    # prevalence, and subgroups by the last day of MRI
    mri_windows: tuple[int, ...] = field(default=(2, 14, 30, 90))

    def served(self) -> dict[str, Any]:
        return {"version": VERSION, **asdict(self)}


METHOD = Method()
_TAU_SCALES = (
    "bayes_tau_scale", "tau_scale_per_sd", "tau_scale_correlation", "tau_scale_difference", "tau_scale_slope", "weight_tau_scale",
)  # fmt: skip


@lru_cache(maxsize=16)
def method_of(constants: Constants, prior_scale: float = 1.0) -> Method:
    """The method with the constants of a field; `prior_scale`: how many times as wide the priors of tau are."""
    own = replace(METHOD, **{name: value for name, value in constants if value is not None})
    return replace(own, **{name: prior_scale * getattr(own, name) for name in _TAU_SCALES}) if prior_scale != 1 else own
