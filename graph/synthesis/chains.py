"""Chains from one term to another over associations and claims of mechanisms: each as strong as its weakest link, and no causal proof."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple

from graph.synthesis.associations import study_ref, term_ref
from schema.across import Chain, Link
from schema.association import LEVELS, Association, MechanismEdge
from schema.study import Study
from schema.vocabulary import Vocabulary

# chains that are looked at; beyond, the weakest are left out, and the answer says so
MOST_CHAINS = 2_000

Strength = tuple[int, float]
_CLAIM, _WIDER, _UNRATED = 0, 1, 2


class Found(NamedTuple):
    """Chains in order. `bound`: all weaker than this link were left out, being too many; None where none was."""

    chains: list[Chain]
    bound: Link | None = None


def links_of(
    associations: Iterable[Association], claims: Iterable[MechanismEdge], vocabulary: Vocabulary, studies: Mapping[str, Study]
) -> list[Link]:
    """The links of a direction, and those of claims. Of two populations' associations of one pair the one that comes first stands."""
    links = []
    seen = set()
    for one in associations:
        pair = (one.exposure.id, one.outcome.id)
        if one.direction == "inconclusive" or pair in seen or pair[0] == pair[1]:
            continue
        seen.add(pair)
        links.append(
            Link(
                kind="ASSOCIATED_WITH",
                start=one.exposure,
                end=one.outcome,
                population=one.population,
                direction=one.direction,
                certainty=one.certainty,
                weight=one.weight,
                caption=one.caption,
                papers=one.papers,
            )
        )
    links += [
        Link(
            kind=one.kind,
            start=term_ref(vocabulary[one.start]),
            end=term_ref(vocabulary[one.end]),
            support=one.support,
            caption=one.caption,
            papers=tuple(study_ref(studies[study]) for study in one.studies),
        )
        for one in claims
    ]
    return links


def strength(link: Link, population: str) -> Strength:
    """What orders links: certainty, then weight; below all of the population's own those of a wider one, below these the claims.

    A claim says how an effect may come about and measures none; its `support` orders it among claims.
    """
    if link.kind != "ASSOCIATED_WITH":
        return _CLAIM, link.support or 0.0
    weight = link.weight if link.weight is not None else -1.0
    if link.population is not None and link.population.id != population:
        return _WIDER, weight
    return (_UNRATED + 1 + LEVELS.index(link.certainty) if link.certainty is not None else _UNRATED), weight


def chains(links: Sequence[Link], population: str, start: str, end: str, max_length: int, most: int = MOST_CHAINS) -> Found:
    """All chains of at most `max_length` links in which no term comes twice: strongest weakest link first, then shortest, then by ids.

    Where there are more than `most`, the weakest links are left out, one strength after the other, until there are not.
    """
    strengths = [strength(link, population) for link in links]
    useful = _useful(links, start, end, max_length)
    levels = sorted({strengths[i] for i in useful}, reverse=True)

    def found(level: int) -> list[list[int]]:
        kept = [i for i in useful if strengths[i] >= levels[level]]
        return list(islice(_walks(links, kept, start, end, max_length), most + 1))

    if not levels:
        return Found([])
    walks, bound = found(len(levels) - 1), None
    if len(walks) > most:
        # chains only become more with each weaker level that is let in
        low, high = 0, len(levels) - 1
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if len(found(middle)) <= most else (low, middle)
        walks = found(low)[:most]
        bound = next(links[i] for i in useful if strengths[i] == levels[low])

    def order(walk: list[int]) -> tuple[object, ...]:
        weakest = min(strengths[i] for i in walk)
        return (-weakest[0], -weakest[1], len(walk), [links[i].end.id for i in walk], [links[i].kind for i in walk])

    return Found([_chain([links[i] for i in walk], [strengths[i] for i in walk]) for walk in sorted(walks, key=order)], bound)


def shortest(links: Sequence[Link], start: str, end: str) -> int | None:
    """The length of the shortest chain; None where none leads there."""
    import networkx as nx

    network = _network(links, range(len(links)))
    if start not in network or end not in network or not nx.has_path(network, start, end):
        return None
    return int(nx.shortest_path_length(network, start, end))


def _network(links: Sequence[Link], kept: Iterable[int]) -> Any:
    import networkx as nx

    network = nx.MultiDiGraph()
    for i in kept:
        network.add_edge(links[i].start.id, links[i].end.id, key=i)
    return network


def _useful(links: Sequence[Link], start: str, end: str, max_length: int) -> list[int]:
    """The links that a chain of that length can hold, by how far they are from both ends."""
    import networkx as nx

    network = _network(links, range(len(links)))
    if start not in network or end not in network:
        return []
    ahead = nx.single_source_shortest_path_length(network, start, cutoff=max_length)
    behind = nx.single_source_shortest_path_length(network.reverse(copy=False), end, cutoff=max_length)
    far = max_length + 1
    return [i for i, link in enumerate(links) if ahead.get(link.start.id, far) + 1 + behind.get(link.end.id, far) <= max_length]


def _walks(links: Sequence[Link], kept: Sequence[int], start: str, end: str, max_length: int) -> Iterable[list[int]]:
    import networkx as nx

    network = _network(links, kept)
    if start not in network or end not in network:
        return
    walks: Any = nx.all_simple_edge_paths(network, start, end, cutoff=max_length)
    for walk in walks:
        yield [key for _, _, key in walk]


def _chain(links: Sequence[Link], strengths: Sequence[Strength]) -> Chain:
    at = strengths.index(min(strengths))
    weakest = links[at]
    terms = (links[0].start, *(link.end for link in links))
    return Chain(
        chain=" > ".join(term.id for term in terms),
        length=len(links),
        weakest=f"{weakest.start.id} > {weakest.end.id}: {weakest.caption}",
        weakest_at=at,
        terms=terms,
        links=tuple(links),
    )
