"""`python -m benchmarks.calibration`, `--learn`, or `--simulate [--worlds N]`: see the package's docstring."""

from __future__ import annotations

import argparse

from benchmarks.calibration.corpus import Protocol, corpus_tables
from benchmarks.calibration.learning import learned
from graph.build import build
from graph.opening import shipped, shipped_studies
from graph.release import release_of
from graph.wording.sentences import expected_wrong


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.calibration", description="How far the weight can be trusted.")
    one = parser.add_mutually_exclusive_group()
    one.add_argument("--learn", action="store_true", help="the constants of the field, for its field.yaml")
    one.add_argument("--simulate", action="store_true", help="worlds with known truth instead of the corpus")
    parser.add_argument("--worlds", type=int, default=20, help="worlds of each kind")
    given = parser.parse_args()
    field, studies = shipped(), shipped_studies(shipped())
    protocol = Protocol(studies, field)
    if given.learn:
        found = learned(list(protocol.learning(None).values()), protocol.exact(None))
        print(f"  # learned from release {release_of(studies, field)[:8]} by benchmarks.calibration --learn")
        print(f"  weight_shares: [{', '.join(f'{share:.4g}' for share in found.weight_shares)}]")
        print(f"  typical_z: [{', '.join(f'{z:.3g}' for z in found.typical_z)}]")
    elif given.simulate:
        from benchmarks.calibration.simulation import simulation_tables

        simulation_tables(protocol, given.worlds)
    else:
        corpus_tables(protocol)
        print(f"\n{expected_wrong(list(build(studies, field).associations), 'all populations')}")


if __name__ == "__main__":
    main()
