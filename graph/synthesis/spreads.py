"""How far apart people are in an exposure or an outcome: what the prior of an effect per unit rests on (docs/method.md, section 5)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from statistics import median

from graph.synthesis.observations import noted_unit
from schema.observation import Observation
from schema.study import Study
from schema.units import per_unit
from schema.vocabulary import Vocabulary

# of a normal distribution
_QUARTILES = 1.35


def exposure_spreads(rows: Iterable[Observation], studies: Mapping[str, Study], unit: str, terms: Vocabulary) -> dict[str, float]:
    """The SD of the exposure in each study that prints one, in that unit: of the groups with and without the outcome, or of `age`."""
    found: dict[str, list[float]] = {}
    for row in rows:
        printed = list(_of_groups(row)) if row.row.groups_by == "outcome" else []
        own = noted_unit(row.row) or terms[row.exposure].unit
        if row.exposure == "age":
            printed, own = printed or list(of_age(studies[row.study])), "years"
        for spread in printed:
            many, form = per_unit(spread, own) if own is not None else (0.0, "")
            if form == unit and many > 0:
                found.setdefault(row.study, []).append(many)
    return {study: median(spreads) for study, spreads in found.items()}


def outcome_spreads(rows: Iterable[Observation], unit: str | None, terms: Vocabulary) -> dict[str, float]:
    """The SD of the outcome among the exposed and the unexposed in each study that prints them, in that unit; None: as it is printed."""
    found: dict[str, list[float]] = {}
    for row in rows:
        if row.row.groups_by == "outcome":
            continue
        own = noted_unit(row.row) or terms[row.outcome].unit
        many, form = per_unit(1, own) if own is not None else (1.0, None)
        if unit in {None, own}:
            many, form = 1.0, unit
        if form == unit:
            found.setdefault(row.study, []).extend(many * spread for spread in _of_groups(row))
    return {study: median(spreads) for study, spreads in found.items() if spreads}


def _of_groups(row: Observation) -> Iterator[float]:
    """The SD within the two groups."""
    spreads = [
        group.sd if group.sd is not None else (group.iqr[1] - group.iqr[0]) / _QUARTILES if group.iqr is not None else None
        for group in row.row.groups or ()
    ]
    known = [float(one) for one in spreads if one]
    if len(known) == 2:
        yield math.sqrt((known[0] ** 2 + known[1] ** 2) / 2)


def of_age(study: Study) -> Iterator[float]:
    """The SD of a study's age, in years."""
    if study.age is not None and study.age.sd:
        yield float(study.age.sd)
    elif study.age is not None and study.age.iqr is not None:
        yield (study.age.iqr[1] - study.age.iqr[0]) / _QUARTILES


def typical(spreads: Mapping[str, float], studies: Sequence[str]) -> float | None:
    """The median over those of the studies that print one, else over all that do."""
    own = [spreads[study] for study in studies if study in spreads]
    known = own or list(spreads.values())
    return median(known) if known else None


def implied(rows: Sequence[Observation]) -> float | None:
    """1 / (se sqrt(N pi (1 - pi))), the SD of an exposure by how sure an estimate per unit of it is; of rows with a printed N."""
    known = [
        1 / (row.se * math.sqrt(row.n * row.outcome_share * (1 - row.outcome_share))) for row in rows if row.n_known and row.se is not None
    ]
    return median(known) if known else None


def implied_slope(rows: Sequence[Observation]) -> float | None:
    """The standard error times sqrt(N), the SD of the outcome over that of the exposure; of rows with a printed N."""
    known = [row.se * math.sqrt(row.n) for row in rows if row.n_known and row.se is not None]
    return median(known) if known else None
