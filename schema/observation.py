"""A printed row as it was read: what it observed, whether it counts, and why not."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from schema.study import RATIOS, Claim, Finding, Prevalence

ObservationKind = Literal["estimate", "significant", "direction", "null", "unclear"]
Scale = Literal["log-ratio", "smd", "fisher-z", "linear"]
# what stands between an estimate and the effect: chance, all that the groups differ in, what a model did not take out
Body = Literal["randomised", "crude", "other"]

RETRACTED = "retracted: shown, and in no figure"
NO_EVENTS = "without an event in either group, or with events only: says nothing of a ratio, and its patients are named"
Z_SIGNIFICANT = 1.959963984540054  # two-sided p = 0.05


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


_NOTHING: set[str] = set()


class Numerous(Frozen):
    """There are as many as there are findings; which fields were set, which nobody asks, would be half of their memory."""

    def model_post_init(self, _: object) -> None:
        object.__setattr__(self, "__pydantic_fields_set__", _NOTHING)


def is_untold(measure: str, contrast_type: str | None) -> bool:
    """Whether of a ratio it isn't told what is compared: present with absent, or per what."""
    return measure in RATIOS and contrast_type in {None, "unknown"}


class ComparisonKey(Numerous):
    """What estimates that may be pooled with each other have in common; a part that is not known is like itself alone.

    `unit` is the unit of a per-unit estimate, or of a difference; `variable` names the measured variable or, where nothing else is like
    it, the finding; `versus` the term that the exposure is compared with. The cut-offs are in their one form (schema/cutoffs.py), and
    `window` is the time until which the outcome was looked for. `body` is "crude" where it is known that nothing was adjusted for.
    """

    measure: str
    contrast_type: str | None = None
    unit: str | None = None
    scale: str | None = None
    variable: str | None = None
    versus: str | None = None
    cutoff: str | None = None
    outcome_cutoff: str | None = None
    window: str | None = None
    randomised: bool = False
    body: Body = "other"

    @property
    def text(self) -> str:
        parts = [
            self.measure,
            self.contrast_type,
            self.unit and f"per {self.unit}",
            self.scale,
            self.variable,
            self.versus and f"versus {self.versus}",
            self.cutoff,
            self.outcome_cutoff,
            self.window,
        ]
        kind = "randomised" if self.randomised else "observational, crude" if self.body == "crude" else "observational"
        return " | ".join([*(part for part in parts if part), kind])


class Observation(Numerous):
    """One finding, turned to its exposure and outcome. Stores keep `derivation`, `comparison` and `eligible` under their first names.

    `position` counts the sheet's rows from 0. `y` and `se` are on the log scale for ratios, on the log odds scale for standardised
    differences (Chinn), Fisher's z for correlations, and in the measure's own unit otherwise; per one unit of the exposure. `z` is a
    number, or [low, high] where only a range is known (None: unbounded; for `unclear`, one of the two ends). `information` is
    n pi (1 - pi), for hazard ratios the events, for a published pooled row 1 / s^2. `significant` is the sign where the row reports a
    significant association, else 0. `eligible` says whether the row may count for its patients at all, `published` that it is a
    meta-analysis's row.
    """

    model_config = ConfigDict(populate_by_name=True)

    finding: str
    study: str
    position: int
    exposure: str
    outcome: str
    turned_from: str | None = None
    populations: tuple[str, ...]
    condition: str
    n: int
    n_known: bool
    outcome_share: float
    information: float
    kind: ObservationKind
    derivation: str = Field(validation_alias="way", serialization_alias="way")
    significant: Literal[-1, 0, 1] = 0
    y: float | None = None
    se: float | None = None
    z: float | tuple[float | None, float | None] | None = None
    scale: Scale | None = None
    comparison: ComparisonKey | None = Field(default=None, validation_alias="family", serialization_alias="family")
    eligible: bool = Field(validation_alias="votes", serialization_alias="votes")
    published: bool = False
    why: str | None = None
    warnings: tuple[str, ...] = ()
    row: Finding

    @property
    def bare(self) -> bool:
        """No estimate: a p value, a direction or a word."""
        return self.kind != "estimate"

    @property
    def eventless(self) -> bool:
        """Whether it is a cohort's table without an event, or of events only."""
        return self.derivation == "no-events" and self.row.role == "main" and self.why == NO_EVENTS

    @property
    def turned(self) -> bool:
        """Whether what is printed runs the other way round than exposure and outcome."""
        return self.row.reversed or self.row.outcome_scale is not None or self.turned_from is not None

    @property
    def reported_sign(self) -> int:
        """+1 or -1 where the row reports a sign: significant, or a bare direction; else 0."""
        return sign_of(self.z) if self.kind == "direction" else self.significant


def sign_of(z: float | tuple[float | None, float | None] | None) -> Literal[-1, 0, 1]:
    """The sign of a z, or of a range of it that is unbounded on one side."""
    if isinstance(z, tuple):
        return 1 if z[1] is None else (-1 if z[0] is None else 0)
    return 0 if not z else (1 if z > 0 else -1)


class ClaimObservation(Frozen):
    """A claim with its target (the first lesion or outcome of its chain) and its factors (what stands before, but the mechanism).

    `counted` is False of a retracted paper's.
    """

    claim: str
    study: str
    target: str | None
    factors: tuple[str, ...]
    counted: bool = True
    row: Claim


class PrevalenceObservation(Frozen):
    """A printed prevalence, with the nodes of its population; `stratum` is its condition, arteriopathy and location."""

    prevalence: str
    study: str
    populations: tuple[str, ...]
    stratum: tuple[str, str, str]
    row: Prevalence
