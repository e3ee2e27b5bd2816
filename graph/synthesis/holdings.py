"""Which studies of an answer hold the same patients, and which stands inside which."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from graph.synthesis.overlap import Patients, holds, overlap
from schema.association import Row, StudyRef
from schema.robustness import Holding
from schema.study import Study


def holdings(rows: Sequence[Row], studies: Mapping[str, Study], patients: Mapping[str, Patients]) -> tuple[tuple[Holding, ...], ...]:
    """The groups of studies that share patients, each with those it holds inside it; who shares with nobody is left out."""
    import networkx as nx

    refs = {row.study.id: row.study for row in rows}
    shared = nx.Graph((one, other) for one in refs for other in refs if one < other and overlap(patients[one], patients[other]))
    return tuple(_nested(sorted(group), rows, refs, studies, patients) for group in sorted(nx.connected_components(shared), key=min))


def _nested(
    group: Sequence[str], rows: Sequence[Row], refs: Mapping[str, StudyRef], studies: Mapping[str, Study], patients: Mapping[str, Patients]
) -> tuple[Holding, ...]:
    held = {one: [other for other in group if other != one and holds(patients[one], patients[other])] for one in group}
    # the one around it is the smallest that holds it; two that hold each other are one and the same, and the first stands for both
    around: dict[str, str | None] = {}
    for one in group:
        holders = [other for other in group if one in held[other] and (other < one or other not in held[one])]
        around[one] = min(holders, key=lambda other: len(held[other]), default=None)

    def made(one: str) -> Holding:
        own = [row for row in rows if row.study.id == one]
        counted = any(row.used != "shown" for row in own)
        return Holding(
            study=refs[one],
            n=studies[one].n or max((row.n for row in own if row.n is not None), default=None),
            cohorts=studies[one].cohorts,
            counted=counted,
            why=next((row.why for row in own if row.why and not counted), None),
            inside=tuple(made(other) for other in group if around[other] == one),
        )

    return tuple(made(one) for one in group if around[one] is None)
