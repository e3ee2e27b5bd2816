"""Worlds of the corpus's shape whose truth is known: what the weight says of a sign, and how often it is right."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.calibration.corpus import Protocol
from benchmarks.calibration.learning import shares, typical
from benchmarks.calibration.scores import reliability
from graph.synthesis.method import METHOD, Z95, Method
from graph.synthesis.weight import ReportedZ, typical_z, weigh

Array = NDArray[np.float64]
Draw = Callable[[np.random.Generator], float]
BAR = 0.03


class Slot(NamedTuple):
    """A cohort as the corpus has it."""

    information: float
    figure: bool


@dataclass(frozen=True)
class World:
    """Where the truth is drawn from; `weaker`: a word says the weaker of what is significant."""

    name: str
    near_zero: float
    near_zero_sd: float
    tau_scale: float
    rho: Draw
    weaker: bool = False


def worlds(method: Method = METHOD) -> tuple[World, ...]:
    """The five that were written down before: see the package's docstring."""
    by_edge: Draw = lambda rng: float(rng.choice(method.rhos))  # noqa: E731
    own = World("own prior", method.weight_near_zero, method.weight_near_zero_sd, method.weight_tau_scale, by_edge)
    return (
        own,
        replace(own, name="half exactly zero", near_zero_sd=0.0),
        replace(own, name="three quarters near zero", near_zero=0.75, rho=lambda _: 0.1),
        replace(own, name="words are the weaker", weaker=True),
        replace(own, name="tau 0.4", tau_scale=0.4),
    )


class Edge(NamedTuple):
    """The average effect, and what was printed: z, information, whether as a figure."""

    mu: float
    printed: tuple[tuple[float, float, bool], ...]


def slots_of(protocol: Protocol) -> list[list[Slot]]:
    """The cohorts of the corpus by edge; who prints no exact figure says a word."""
    return [
        [Slot(report.observation.information, isinstance(report.observation.z, float)) for report in reports]
        for reports in protocol.learning(None).values()
    ]


def draw_edge(world: World, slots: Sequence[Slot], method: Method, rng: np.random.Generator) -> Edge:
    """An edge; of each cohort what is drawn until it reaches print."""
    near = rng.random() < world.near_zero
    sd = world.near_zero_sd if near else rng.choice(method.weight_sds, p=np.array(method.weight_shares) / sum(method.weight_shares))
    mu, tau, rho = float(rng.normal(0, sd)), abs(float(rng.normal(0, world.tau_scale))), world.rho(rng)
    printed = []
    for slot in slots:
        while True:
            z = float(rng.normal(rng.normal(mu, tau) * math.sqrt(slot.information), 1))
            if abs(z) > Z95 or rng.random() < rho:
                break
        figure = rng.random() > math.exp(Z95 - abs(z)) if world.weaker and abs(z) > Z95 else slot.figure
        printed.append((z, slot.information, figure))
    return Edge(mu, tuple(printed))


def seen(edge: Edge, method: Method) -> list[ReportedZ]:
    """What an edge's reports say: a figure its z, a word a typical one, a null a range."""
    return sorted(
        ReportedZ(z, z, information)
        if figure
        else ReportedZ(-Z95, Z95, information)
        if abs(z) <= Z95
        else ReportedZ(math.copysign(typical_z(Z95, method), z), math.copysign(typical_z(Z95, method), z), information)
        for z, information, figure in edge.printed
    )


def simulate(world: World, slots: Sequence[Sequence[Slot]], method: Method, times: int, seed: int = 1) -> tuple[Array, Array]:
    """What was said of each edge of so many worlds, and whether it was right; constants are learned in each world anew."""
    rng = np.random.default_rng(seed)
    said, right = list[float](), list[float]()
    for _ in range(times):
        edges = [edge for one in slots if (edge := draw_edge(world, one, method, rng)).printed]
        exact = [abs(z) for edge in edges for z, _, figure in edge.printed if figure]
        own = replace(METHOD, weight_tau_scale=method.weight_tau_scale, typical_z=typical(exact))
        taught = [seen(edge, own) for edge in edges if any(figure for _, _, figure in edge.printed)]
        own = replace(own, weight_shares=shares(taught, own))
        for edge in edges:
            weighed = weigh(seen(edge, own), own)
            said.append(weighed.of(weighed.likelier).weight)
            # an effect of exactly zero has either sign one time in two
            right.append(0.5 if edge.mu == 0 else float(math.copysign(1, edge.mu) == weighed.likelier))
    return np.array(said), np.array(right)


def simulation_tables(protocol: Protocol, times: int) -> None:
    """Prints, for each kind of world, what was said and how often it was right, over all edges and in bins."""
    slots, method = slots_of(protocol), protocol.corpus.method
    print(f"{times} worlds of each kind, {len(slots)} edges and {sum(map(len, slots))} cohorts each")
    for i, world in enumerate(worlds(method)):
        said, right = simulate(world, slots, method, times, seed=i + 1)
        apart = right.mean() - said.mean()
        bar = ("  within" if abs(apart) <= BAR else "  beyond") + f" {BAR}" if i < 2 else ""
        print(f"\n{world.name}: said {said.mean():.3f}, right {right.mean():.3f}, right - said {apart:+.3f}{bar}")
        print("  " + "  ".join(f"{mean:.2f} {share:.2f} ({number})" for mean, share, number in reliability(said, right)), flush=True)
