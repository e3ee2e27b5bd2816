"""Whether two populations differ: the test of a difference between two estimates, or why there is none.

z = (y1 - y2) / sqrt(se1^2 + se2^2) on the scale on which both were read, the log scale for ratios (Altman and Bland, BMJ 2003;326:219).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from graph.synthesis.corpus import Corpus
from graph.synthesis.effect_sizes import p_of_z
from graph.synthesis.method import Z95
from graph.synthesis.overlap import shares
from graph.synthesis.reports import later
from schema.across import Difference
from schema.association import Association, EstimateSource
from schema.field import EvidenceField
from schema.observation import ComparisonKey, Observation, Scale
from schema.scales import back, forward


@dataclass(frozen=True, slots=True)
class Estimate:
    """A cell's headline per unit of the exposure, on the scale of `scale`, with the rows behind it."""

    comparison: ComparisonKey
    scale: Scale
    y: float
    se: float
    source: EstimateSource
    contrast: str | None
    rows: tuple[Observation, ...]


def selection_note(populations: Sequence[str], field: EvidenceField) -> str | None:
    """What a reader must know where people selected into a population stand beside people who were not."""
    if field.selection is None:
        return None
    inside = frozenset(field.populations.with_parts(field.selection.population))
    return field.selection.note if inside & set(populations) and set(populations) - inside else None


def estimate_of(cell: Association, observations: Mapping[str, Observation]) -> Estimate | None:
    """The headline of a cell; None where there is none with an interval. `observations`: the rows of the cell by finding, at least."""
    if cell.estimate is None or cell.ci is None or cell.estimate_source is None:
        return None
    if cell.estimate_source == "published":
        names: tuple[str, ...] = tuple(one.finding for one in cell.published if one.headline)
    else:
        names = cell.families[0].rows
    rows = tuple(observations[name] for name in names)
    first = rows[0]
    if first.comparison is None or first.scale is None:
        return None
    comparison = first.comparison
    step = 1.0 if cell.estimate_source == "published" else cell.families[0].step
    counted = cell.estimate_source != "published" and bool(cell.families[0].by_counts)
    if len(rows) == 1 and first.y is not None and first.se is not None and not counted:
        y, se = first.y, first.se
    else:
        low, high = forward(first.scale, cell.ci[0]) / step, forward(first.scale, cell.ci[1]) / step
        y, se = forward(first.scale, cell.estimate) / step, (high - low) / (2 * Z95)
    if cell.estimate_source != "published":
        # a row that counts but isn't pooled is compared with no other
        comparison = comparison.model_copy(update={"variable": cell.families[0].variable})
    return Estimate(comparison, first.scale, y, se, cell.estimate_source, cell.contrast, rows)


def difference(cells: tuple[Association, Association], observations: Mapping[str, Observation], corpus: Corpus) -> Difference:
    """The test of the difference between two cells of one factor, or why they can't be compared."""
    places = (cells[0].population.id, cells[1].population.id)
    first, second = (estimate_of(cell, observations) for cell in cells)
    why = _part_of(places, corpus) or _missing(places, (first, second))
    if why is None and first is not None and second is not None:
        why = _unlike(places, first, second) or _sharing(places, first, second, corpus)
        if why is None:
            return _tested(places, first, second)
    return Difference(populations=places, comparable=False, why=f"cannot compare: {why}")


def _tested(places: tuple[str, str], first: Estimate, second: Estimate) -> Difference:
    y, se = first.y - second.y, math.hypot(first.se, second.se)
    ratio = first.scale == "log-ratio"
    # a difference of Fisher's z has no printed scale; one of standardised differences is in SDs
    scale: Scale = "linear" if first.scale == "fisher-z" else first.scale
    measure = "correlation, as Fisher's z" if first.scale == "fisher-z" else first.comparison.measure
    return Difference(
        populations=places,
        comparable=True,
        measure=f"ratio of {measure}s" if ratio else f"difference of {measure}",
        estimate=back(scale, y),
        ci=(back(scale, y - Z95 * se), back(scale, y + Z95 * se)),
        z=y / se,
        p=p_of_z(y / se),
        contrasts=(first.contrast, second.contrast),
        sources=(first.source, second.source),
        note=_caveats(first, second),
    )


def _caveats(first: Estimate, second: Estimate) -> str | None:
    notes = []
    if {first.source, second.source} & {"single-study", "published"}:
        words = {"single-study": "a single study", "published": "a published meta-analysis"}
        notes.append(" against ".join(words.get(one.source, "a pooled estimate") for one in (first, second)))
    if first.contrast != second.contrast:
        notes.append(f"the contrasts are worded differently: {first.contrast or 'not told'}; {second.contrast or 'not told'}")
    if {row.study for row in first.rows} & {row.study for row in second.rows}:
        notes.append("two groups of one study, none of whose patients is in both")
    return "; ".join(notes) or None


def _part_of(places: tuple[str, str], corpus: Corpus) -> str | None:
    for inner, outer in (places, places[::-1]):
        if inner in corpus.populations.with_parts(outer):
            return f"{inner} is part of {outer}, so the two share patients"
    return None


def _missing(places: tuple[str, str], estimates: tuple[Estimate | None, Estimate | None]) -> str | None:
    without = [place for place, one in zip(places, estimates, strict=True) if one is None]
    return f"no estimate in {' and none in '.join(without)}" if without else None


def _unlike(places: tuple[str, str], first: Estimate, second: Estimate) -> str | None:
    for place, one in zip(places, (first, second), strict=True):
        if one.comparison.variable in {row.finding for row in one.rows}:
            return f"what is compared in {place} is not told well enough to say what is like it"
    if first.comparison == second.comparison:
        return None
    return f"estimates of unlike comparisons: {first.comparison.text} in {places[0]}, {second.comparison.text} in {places[1]}"


def _sharing(places: tuple[str, str], first: Estimate, second: Estimate, corpus: Corpus) -> str | None:
    apart = any(set(places) <= set(group) for group in corpus.field.apart)
    for one in first.rows:
        for other in second.rows:
            if apart and one.study == other.study and not one.published:
                continue
            if shares(one, other, corpus.patients) or _reviewed(one, other, corpus) or _reviewed(other, one, corpus):
                return f"{one.study} and {other.study} share patients, or may" if one.study != other.study else f"both are of {one.study}"
    return None


def _reviewed(row: Observation, review: Observation, corpus: Corpus) -> bool:
    """Whether a meta-analysis may have taken the row in: it conflicts with each other one, and with what is not later than its search."""
    return review.published and (row.published or not later(corpus.studies[row.study], corpus.studies[review.study]))
