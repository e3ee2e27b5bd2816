"""Whether a row's figures can be true together: what a report calls impossible, and what it calls odd."""

from __future__ import annotations

import math
from collections.abc import Iterator

from schema.observation import Z_SIGNIFICANT
from schema.pvalue import parse_p
from schema.study import RATIOS, Finding, last_digit

# found, expected
Remark = tuple[str, str]


def _significant_sign(row: Finding) -> int:
    """The sign of a printed value that is clearly significant by its interval or p, on the printed scale; else 0."""
    if row.value is None:
        return 0
    null = 1.0 if row.measure in RATIOS else 0.0
    if row.ci is not None:
        # a bound printed as 1.1 is 1.05 at least
        if row.ci[0] - last_digit(row.ci[0]) / 2 > null:
            return 1
        return -1 if row.ci[1] + last_digit(row.ci[1]) / 2 < null else 0
    side = (row.value > null) - (row.value < null)
    if row.se is not None:
        return side if abs(_on_scale(row.value, row)) > Z_SIGNIFICANT * (row.se + last_digit(row.se) / 2) else 0
    return side if row.p is not None and parse_p(row.p).significant else 0


def _on_scale(figure: float, row: Finding) -> float:
    """A printed figure on the scale of its standard error: a ratio as its logarithm."""
    return math.log(figure) if row.measure in RATIOS else figure


def contradiction(row: Finding) -> Remark | None:
    """A significant value whose sign contradicts the direction. `reversed` turns both, so it can't make or mend one."""
    return _beside_the_direction(row, _significant_sign(row))


def _beside_the_direction(row: Finding, sign: int) -> Remark | None:
    """The sign, on the printed scale, beside a direction that it contradicts."""
    sign *= -1 if row.outcome_scale else 1
    claimed = {"increases": 1, "decreases": -1}.get(row.direction, 0)
    if sign and claimed and sign != claimed:
        printed = f"{row.measure} {row.value}" + (f" {list(row.ci)}" if row.ci else f" (SE {row.se})" if row.se else "")
        return (
            f"{row.direction} with {printed}",
            "a direction that the value's sign bears out; say `reversed` or `outcome_scale: lower-is-worse` where the print runs the "
            "other way",
        )
    return None


def oddities(row: Finding, population_n: int | None) -> Iterator[Remark]:
    """What doesn't go together: value and direction, p and ci, counts and value, sizes above the population's."""
    if row.value is not None and not _significant_sign(row):
        null = 1.0 if row.measure in RATIOS else 0.0
        remark = _beside_the_direction(row, (row.value > null) - (row.value < null))
        if remark is not None:
            yield remark
    if row.role == "main" and row.measure in RATIOS and row.value is not None and row.ci is not None and row.ci[0] > 0:
        se = (math.log(row.ci[1]) - math.log(row.ci[0])) / (2 * Z_SIGNIFICANT)
        if row.p is not None and se > 0:
            p = parse_p(row.p)
            z = abs(math.log(row.value)) / se
            implied = math.erfc(z / math.sqrt(2))
            if p.bound == "=" and p.significant is not (implied < 0.05) and abs(math.log(max(implied, 1e-12) / max(p.value, 1e-12))) > 1:
                yield f"p = {p.value:g} beside a ci that implies p = {implied:.2g}", "p and ci that agree"
    if row.se is not None and row.ci is not None and (row.ci[0] > 0 or row.measure not in RATIOS):
        implied = (_on_scale(row.ci[1], row) - _on_scale(row.ci[0], row)) / (2 * Z_SIGNIFICANT)
        # each may be rounded to two digits
        if not 0.9 < (row.se / implied if implied else 0) < 1.1 and abs(row.se - implied) > last_digit(row.se):
            of = " of the logarithm" if row.measure in RATIOS else ""
            yield f"se {row.se} beside a ci that implies {implied:.2g}{of}", "se and ci that agree: the ci is used"
    if row.counts is not None:
        total = row.counts.exposed_total + row.counts.unexposed_total
        if population_n is not None and total > population_n and row.role == "main" and not row.pooled:
            yield f"counts of {total} patients", f"at most the population's n, {population_n}"
        if row.measure == "OR" and row.value is not None and row.adjusted is False and row.role == "main":
            a, b = row.counts.exposed_cases, row.counts.exposed_total - row.counts.exposed_cases
            c, d = row.counts.unexposed_cases, row.counts.unexposed_total - row.counts.unexposed_cases
            if a and b and c and d:
                implied = a * d / (b * c)
                if abs(math.log(implied) - math.log(row.value)) > 0.1:
                    yield f"OR {row.value} beside counts that make {implied:.3g}", "a crude ratio that its counts bear out"
    if row.events is not None and population_n is not None and row.events > population_n and not row.pooled:
        yield f"{row.events} events", f"at most the population's n, {population_n}"
    if row.reversed and (row.counts is not None or row.groups is not None):
        yield (
            "`reversed` on a row with counts or groups",
            "value, ci and direction only: counts and groups are read for the exposure as named",
        )
    if row.per is not None and row.contrast_type not in {None, "per-unit"}:
        yield f"`per` with contrast_type {row.contrast_type}", "contrast_type per-unit"
