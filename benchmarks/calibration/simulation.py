"""Worlds of the corpus's shape whose truth is known: the weight and its variants against counts of reports, coverage and replication.

A world has the corpus's edges: as many cohorts each, of the same information, with an estimate or bare. Of each edge mu and tau are drawn
from the world's prior, of each cohort its effect and its z; what is not significant reaches print rho times as often. A bare report is the
word significant or not significant. Some cohorts are reported twice (another analysis of the same patients); `graph.overlap.independent`
must drop the second. What is scored is the cohort yet to come, in expectation over its known truth: a printed one of the corpus's sizes for
the forecasts, a reference cohort of which all is printed for replication.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from benchmarks.calibration.corpus import Protocol, sorted_zs
from benchmarks.calibration.scores import by_direction, counts, learn_added, shares
from benchmarks.calibration.variants import (
    FORMER_RHO,
    SERVED,
    Likelihoods,
    Variant,
    below,
    chances,
    learn,
    p_positive,
    posteriors,
    variants,
)
from graph.synthesis.method import METHOD, Z95
from graph.synthesis.overlap import independent
from graph.synthesis.weight import ReportedZ, reference_information

Array = NDArray[np.float64]
Draw = Callable[[np.random.Generator], float]

BY_EDGE = "reporting by edge"
TWICE = 0.15  # share of cohorts reported twice
DOUBLED, DROPPED = "doubles counted", "doubles dropped"
_ALIKE = 0.9  # correlation of the two z
FORECASTS = ("base-rates", "votes-direction", "votes-significance", "votes-significance-learned")


class Slot(NamedTuple):
    """A cohort as the corpus has it."""

    information: float
    estimate: bool


@dataclass(frozen=True)
class World:
    """Where the truth is drawn from. `drawer`: twice as many cohorts were studied as the corpus shows, and unprinted edges vanish."""

    name: str
    mu: Draw
    tau: Draw
    rho: Draw = lambda _: FORMER_RHO
    drawer: bool = False


def _half_normal(scale: float) -> Draw:
    return lambda rng: abs(rng.normal(0, scale))


def worlds() -> tuple[World, ...]:
    """The first is drawn from the prior of `one-rho`, `reporting by edge` from that of `rho-edge`, the others from none of the variants."""
    served_mu: Draw = lambda rng: rng.normal(0, METHOD.weight_mu_sd)  # noqa: E731
    served_tau = _half_normal(METHOD.weight_tau_scale)
    return (
        World("one rho", served_mu, served_tau),
        World("two bumps at 0.5", lambda rng: rng.choice((-1, 1)) * rng.normal(0.5, 0.1), served_tau),
        World("half without effect", lambda rng: rng.choice((0, 1)) * rng.normal(0, 0.5), served_tau),
        World("heavy tails", lambda rng: 0.35 * rng.standard_t(3), served_tau),
        World("small effects", lambda rng: rng.normal(0, 0.2), served_tau),
        World("heterogeneous", served_mu, _half_normal(0.4)),
        World("nulls rarely printed", served_mu, served_tau, lambda _: 0.1),
        World("all printed", served_mu, served_tau, lambda _: 1.0),
        World(BY_EDGE, served_mu, served_tau, lambda rng: rng.choice(METHOD.rhos)),
        World("file drawer", served_mu, served_tau, drawer=True),
    )


class Edge(NamedTuple):
    """An edge of a world: its truth, the reports of it, those reported and signed, and the same with doubles counted twice."""

    mu: float
    tau: float
    rho: float
    reports: tuple[ReportedZ, ...]
    doubled: tuple[ReportedZ, ...]
    significances: tuple[int, ...]
    signs: tuple[int, ...]


def slots_of(protocol: Protocol) -> list[list[Slot]]:
    """The cohorts of the corpus by edge; a report that tells neither an estimate nor significance is taken as a bare one."""
    return [
        [Slot(row.information, row.kind == "estimate") for row in rows if sorted_zs([row])] for rows in protocol.learning(None).values()
    ]


def _printed(z: float, rho: float, rng: np.random.Generator) -> bool:
    return abs(z) > Z95 or rng.random() < rho


def _report(z: float, slot: Slot) -> ReportedZ:
    if slot.estimate:
        return ReportedZ(z, z, slot.information)
    if abs(z) <= Z95:
        return ReportedZ(-Z95, Z95, slot.information)
    return ReportedZ(Z95, math.inf, slot.information) if z > 0 else ReportedZ(-math.inf, -Z95, slot.information)


def draw_edge(world: World, slots: Sequence[Slot], rng: np.random.Generator) -> Edge | None:
    """An edge with what reached print of it; None where nothing did."""
    mu, tau, rho = float(world.mu(rng)), float(world.tau(rng)), float(world.rho(rng))

    def study(slot: Slot) -> float:
        return float(rng.normal(rng.normal(mu, tau) * math.sqrt(slot.information), 1))

    shown: list[tuple[float, Slot]] = []
    for slot in slots:
        if world.drawer:
            shown += [(z, slot) for z in (study(slot), study(slot)) if _printed(z, rho, rng)]
            continue
        z = study(slot)
        while not _printed(z, rho, rng):
            z = study(slot)
        shown.append((z, slot))
    if not shown:
        return None
    rows = list(shown)
    conflicts: list[set[int]] = [set() for _ in shown]
    for i, (z, slot) in enumerate(shown):
        again = _ALIKE * z + math.sqrt(1 - _ALIKE**2) * rng.normal()
        if rng.random() < TWICE and _printed(again, rho, rng):
            conflicts[i].add(len(rows))
            conflicts.append({i})
            rows.append((again, slot))
    kept = [rows[i] for i in independent([(int(slot.estimate), round(1000 * slot.information)) for _, slot in rows], conflicts)]
    significances = tuple(0 if abs(z) <= Z95 else 1 if z > 0 else -1 for z, _ in kept)
    signs = tuple((1 if z > 0 else -1) if slot.estimate else one for (z, slot), one in zip(kept, significances, strict=True))
    return Edge(
        mu,
        tau,
        rho,
        tuple(sorted(_report(z, slot) for z, slot in kept)),
        tuple(sorted(_report(z, slot) for z, slot in rows)),
        significances,
        tuple(sign for sign in signs if sign),
    )


def truth(edge: Edge, information: float, rho: float) -> Array:
    """The probabilities that a next cohort, which is printed, reports decreases, null, increases."""
    spread = math.sqrt(1 + edge.tau**2 * information)
    centre = edge.mu * math.sqrt(information)
    down, up = float(ndtr((-Z95 - centre) / spread)), float(ndtr((centre - Z95) / spread))
    shown = np.array([down, rho * (1 - down - up), up])
    total: Array = shown / shown.sum()
    return total


@dataclass
class Tally:
    """What one method said of a world's edges."""

    log: list[float] = field(default_factory=list)
    brier: list[float] = field(default_factory=list)
    weight: list[float] = field(default_factory=list)
    replicates: list[float] = field(default_factory=list)
    p_direction: list[float] = field(default_factory=list)
    has_sign: list[float] = field(default_factory=list)
    covered: list[bool] = field(default_factory=list)

    def score(self, forecast: Array, true: Array) -> None:
        self.log.append(-float((true * np.log(np.maximum(forecast, 1e-12))).sum()))
        # the expected half Brier score
        self.brier.append(float(((forecast**2).sum() + 1 - 2 * (true * forecast).sum()) / 2))

    def say(self, edge: Edge, masses: Sequence[tuple[float, Array]]) -> None:
        positive = p_positive(masses)
        sign = 1 if positive >= 0.5 else -1
        reference = reference_information()
        self.weight.append(float(chances(masses, reference, printed=False)[1 + sign]))
        self.replicates.append(float(truth(edge, reference, 1.0)[1 + sign]))
        self.p_direction.append(max(positive, 1 - positive))
        self.has_sign.append(float(ndtr(sign * edge.mu / edge.tau)))
        self.covered.append(0.025 <= below(masses, edge.mu) <= 0.975)


def simulate(
    world: World, slots: Sequence[Sequence[Slot]], times: int, seed: int = 1, models: Sequence[Variant] | None = None
) -> dict[str, Tally]:
    """The tallies of all methods over so many worlds of one kind; constants are learned in each world from its own reports."""
    models = variants() if models is None else models
    rng = np.random.default_rng(seed)
    sizes = [slot.information for edge in slots for slot in edge]
    tallies = {name: Tally() for name in (*FORECASTS, *(model.name for model in models), DOUBLED, DROPPED)}
    rhos = sorted({rho for model in models for rho in model.rhos})
    for _ in range(times):
        edges = [edge for one in slots if (edge := draw_edge(world, one, rng)) is not None]
        table = np.array([counts(edge.significances) for edge in edges])
        rates, added = shares(table.sum(axis=0), (1, 1, 1)), learn_added(table, symmetric=True)
        seen = Likelihoods([edge.reports for edge in edges], rhos)
        doubled = [i for i, edge in enumerate(edges) if edge.doubled != edge.reports]
        twice = Likelihoods([edges[i].doubled for i in doubled], rhos)
        choices = [learn(model, seen.marginal(model)) for model in models]
        for i, edge in enumerate(edges):
            information = float(rng.choice(sizes))
            true = truth(edge, information, edge.rho)
            forecasts = (
                rates,
                by_direction(edge.signs.count(1), edge.signs.count(-1), 1 - float(rates[1])),
                shares(table[i], (1, 1, 1)),
                shares(table[i], added),
            )
            for name, made in zip(FORECASTS, forecasts, strict=True):
                tallies[name].score(made, true)
            for choice in choices:
                masses = posteriors(choice, seen, i)
                tallies[choice.variant.name].score(chances(masses, information, printed=True), true)
                tallies[choice.variant.name].say(edge, masses)
            if i in doubled:
                # the last model is the one that is served
                tallies[DOUBLED].say(edge, posteriors(choices[-1], twice, doubled.index(i)))
                tallies[DROPPED].say(edge, posteriors(choices[-1], seen, i))
    return tallies


def coverage(tally: Tally) -> float:
    return float(np.mean(tally.covered))


def replication(tally: Tally, low: float = 0.75, high: float = 0.85) -> tuple[float, float, int]:
    """Among edges with a weight in that range: its mean, the share that a reference cohort replicates, and their number."""
    weight = np.array(tally.weight)
    within = (weight >= low) & (weight < high)
    if not within.any():
        return math.nan, math.nan, 0
    return float(weight[within].mean()), float(np.array(tally.replicates)[within].mean()), int(within.sum())


def simulation_tables(protocol: Protocol, times: int) -> None:
    """Prints, for each kind of world, log scores of references and variants, coverage, replication and the calibration of p_direction."""
    slots = slots_of(protocol)
    print(f"{times} worlds of each kind, {len(slots)} edges and {sum(map(len, slots))} cohorts each\n")
    models = [model.name for model in variants()]
    found = {}
    for kind, world in enumerate(worlds()):
        found[world.name] = simulate(world, slots, times, seed=kind + 1)
    print("log score of the next printed cohort (expected)")
    print(f"{'':22}" + "".join(f"{name:>14}" for name in ("base", "direction", "significance", "sig-learned", *models)))
    for name, tallies in found.items():
        print(f"{name:22}" + "".join(f"{np.mean(tallies[one].log):>14.3f}" for one in (*FORECASTS, *models)))
    columns: dict[str, Callable[[Tally], str]] = {
        "coverage of mu by the 95% interval": lambda tally: f"{coverage(tally):.3f}",
        "edges with weight 0.75-0.85: mean weight, share replicated": lambda tally: "{:.2f} {:.2f} ({})".format(*replication(tally)),
    }
    for what, tell in columns.items():
        print(f"\n{what}")
        print(f"{'':22}" + "".join(f"{name:>18}" for name in models))
        for name, tallies in found.items():
            print(f"{name:22}" + "".join(f"{tell(tallies[one]):>18}" for one in models))
    print("\np_direction: mean said, share of cohorts with that sign, in five ranges of what was said")
    for name, tallies in found.items():
        for model in ("one-rho", SERVED):
            tally = tallies[model]
            said = np.array(tally.p_direction)
            fifths = []
            for low, high in ((0.5, 0.6), (0.6, 0.7), (0.7, 0.8), (0.8, 0.9), (0.9, 1.01)):
                within = (said >= low) & (said < high)
                if within.any():
                    fifths.append(f"{said[within].mean():.2f} {np.array(tally.has_sign)[within].mean():.2f}")
            print(f"{name:22}{model:10}" + "  ".join(fifths))
    tallies = found[BY_EDGE]
    print("\noverlap: coverage among edges with a cohort reported twice", end=" ")
    print(f"{coverage(tallies[DROPPED]):.3f} with one dropped, {coverage(tallies[DOUBLED]):.3f} with both counted")
    print("\nwhere: log score of the votes minus that of the served weight, in fifths of its weight, reporting by edge")
    weight = np.array(tallies[SERVED].weight)
    for part in np.array_split(np.argsort(weight), 5):
        gains = (np.array(tallies[name].log)[part] - np.array(tallies[SERVED].log)[part] for name in FORECASTS[1:])
        line = "  ".join(f"{name} {gain.mean():+.3f}" for name, gain in zip(FORECASTS[1:], gains, strict=True))
        print(f"weight {weight[part].min():.2f}-{weight[part].max():.2f}: {line}")
