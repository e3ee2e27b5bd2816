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
    # of a binary exposure: n pi (1 - pi) is not believed where it is so many times what the ratio's own interval says
    rare_factor: float = 10.0
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
    # weight
    weight_mu_sd: float = 0.5
    weight_tau_scale: float = 0.15
    # how often what is not significant reaches print, of what is: one of these, each as likely beforehand in each association
    rhos: tuple[float, ...] = (0.05, 0.2, 0.5, 1.0)
    reference_n: int = 145
    reference_prevalence: float = 0.24
    # certainty
    scanned_share: float = 0.7
    large_effect: float = 2.0
    small_patients: int = 300
    upgrade_cohorts: int = 3
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


@lru_cache(maxsize=16)
def method_of(constants: Constants) -> Method:
    """The method with the constants of a field."""
    return replace(METHOD, **{name: value for name, value in constants if value is not None})
