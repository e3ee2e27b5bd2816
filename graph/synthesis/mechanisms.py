"""What papers claim of mechanisms, and the edges that follow. Names say "may": nothing here is a causal proof."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from graph.synthesis.overlap import Patients, independent, overlap
from schema.association import MechanismEdge, Tally
from schema.observation import ClaimObservation
from schema.study import Claim, Stance, Study
from schema.vocabulary import Vocabulary

_TARGETS = frozenset({"lesion", "outcome"})


class _Chain(NamedTuple):
    factors: tuple[str, ...]
    target: str | None


def chain(claim: Claim, vocabulary: Vocabulary) -> _Chain:
    """The factors and the target of a claim. A chain that begins with its target has no factor."""
    at = next((i for i, link in enumerate(claim.links) if vocabulary[link].kind in _TARGETS), len(claim.links))
    factors = tuple(dict.fromkeys(link for link in claim.links[:at] if link != claim.mechanism))
    return _Chain(factors, claim.links[at] if at < len(claim.links) else None)


def read_claims(study: Study, vocabulary: Vocabulary) -> Iterator[ClaimObservation]:
    for i, claim in enumerate(study.mechanisms):
        factors, target = chain(claim, vocabulary)
        yield ClaimObservation(
            claim=f"{study.id}:claim-{i + 1}",
            study=study.id,
            target=target,
            factors=factors,
            counted=not study.retracted,
            row=claim,
        )


def tally(claims: Sequence[ClaimObservation], patients: Mapping[str, Patients]) -> Tally:
    """Independent cohorts by stance. A study that takes a stance twice has one voice in it; a retracted one has none."""
    claims = [claim for claim in claims if claim.counted]
    counted: dict[Stance, int] = {stance: _independent(claims, stance, patients) for stance in ("supports", "proposes", "argues-against")}
    supports, against = counted["supports"], counted["argues-against"]
    return Tally(
        supports=supports,
        proposes=counted["proposes"],
        argues_against=against,
        support=round((supports + 1) / (supports + against + 2), 6),
        studies=tuple(sorted({claim.study for claim in claims})),
    )


def _independent(claims: Sequence[ClaimObservation], stance: Stance, patients: Mapping[str, Patients]) -> int:
    studies = sorted({claim.study for claim in claims if claim.row.stance == stance})
    near: list[set[int]] = [set() for _ in studies]
    for i in range(len(studies)):
        for j in range(i):
            if overlap(patients[studies[i]], patients[studies[j]]):
                near[i].add(j)
                near[j].add(i)
    return len(independent([(1,)] * len(studies), near))


def edges(claims: Sequence[ClaimObservation], patients: Mapping[str, Patients]) -> Iterator[MechanismEdge]:
    """(factor)-[:MAY_ACT_THROUGH]->(mechanism)-[:MAY_LEAD_TO]->(lesion or outcome), sorted."""
    through: dict[tuple[str, str], list[ClaimObservation]] = {}
    leads: dict[tuple[str, str], list[ClaimObservation]] = {}
    for claim in sorted((claim for claim in claims if claim.counted), key=lambda one: one.claim):
        for factor in claim.factors:
            through.setdefault((factor, claim.row.mechanism), []).append(claim)
        if claim.target is not None and claim.target != claim.row.mechanism:
            leads.setdefault((claim.row.mechanism, claim.target), []).append(claim)
    for (start, end), group in sorted(through.items()):
        yield _edge("MAY_ACT_THROUGH", start, end, group, patients)
    for (start, end), group in sorted(leads.items()):
        yield _edge("MAY_LEAD_TO", start, end, group, patients)


def _edge(kind: str, start: str, end: str, claims: Sequence[ClaimObservation], patients: Mapping[str, Patients]) -> MechanismEdge:
    counted = tally(claims, patients)
    return MechanismEdge.model_validate(
        {
            **counted.model_dump(),
            "kind": kind,
            "start": start,
            "end": end,
            "caption": f"may: {counted.supports} support, {counted.proposes} propose, {counted.argues_against} argue against",
            "claims": tuple(claim.claim for claim in claims),
        }
    )
