"""Synthetic studies of the corpus's shape: the shipped sheets again and again, with other names, sizes and figures.

With `dense=False` each copy has terms of its own, as a literature that grows in breadth; with `dense=True` all copies speak of the
shipped terms, as one that grows in depth (hundreds of cohorts an edge).
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from functools import cache

from graph.opening import shipped, shipped_studies
from schema.field import EvidenceField
from schema.study import Finding, Study
from schema.vocabulary import Term


@cache
def _corpus() -> tuple[Study, ...]:
    return shipped_studies(shipped())


def synthetic(findings: int, *, dense: bool = False, seed: int = 1) -> tuple[list[Study], EvidenceField]:
    """Studies with at least that many findings, and the field with the terms that they need. The same arguments give the same studies."""
    shuffled = random.Random(seed)
    studies: list[Study] = []
    terms: list[Term] = []
    have = copy = 0
    while have < findings:
        suffix = f"-c{copy}"
        if not dense and copy:
            terms += [_renamed(term, suffix) for term in shipped().vocabulary.terms.values()]
        for study in _copy(suffix if copy else "", dense=dense, rng=shuffled):
            if have >= findings:
                break
            studies.append(study)
            have += len(study.findings)
        copy += 1
    return studies, shipped().extended(terms)


def _renamed(term: Term, suffix: str) -> Term:
    links = {key: f"{value}{suffix}" for key in ("broader", "inverse_of", "counterpart") if (value := getattr(term, key))}
    return term.model_copy(update={"id": f"{term.id}{suffix}", "name": f"{term.name}{suffix}", "synonyms": (), **links})


def _copy(suffix: str, *, dense: bool, rng: random.Random) -> Iterator[Study]:
    slug = "" if dense else suffix
    for study in _corpus():
        if not suffix:
            yield study
            continue
        yield study.model_copy(
            update={
                "id": f"{study.id}{suffix}",
                "authors": tuple(f"{author} {suffix}" for author in study.authors),
                "cohorts": tuple(f"{cohort}{suffix}" for cohort in study.cohorts),
                "overlaps_with": tuple(f"{other}{suffix}" for other in study.overlaps_with),
                "pools": tuple(f"{other}{suffix}" for other in study.pools),
                "findings": tuple(_other_figures(row, slug, rng) for row in study.findings),
                "prevalence": tuple(row.model_copy(update={"lesion": f"{row.lesion}{slug}"}) for row in study.prevalence),
                "mechanisms": tuple(
                    claim.model_copy(
                        update={"mechanism": f"{claim.mechanism}{slug}", "links": tuple(f"{link}{slug}" for link in claim.links)}
                    )
                    for claim in study.mechanisms
                ),
            }
        )


def _other_figures(row: Finding, slug: str, rng: random.Random) -> Finding:
    update: dict[str, object] = {"exposure": f"{row.exposure}{slug}", "outcome": f"{row.outcome}{slug}"}
    if row.versus is not None:
        update["versus"] = f"{row.versus}{slug}"
    if row.value is not None and row.ci is not None and row.measure in {"OR", "RR", "HR"}:
        factor = rng.uniform(0.9, 1.1)
        update["value"] = row.value * factor
        update["ci"] = (row.ci[0] * factor, row.ci[1] * factor)
    elif isinstance(row.p, float):
        update["p"] = min(1.0, row.p * rng.uniform(0.7, 1.4))
    return row.model_copy(update=update)
