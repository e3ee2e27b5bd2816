"""`python -m benchmarks.calibration [--svg FILE]`, or `--simulate [--worlds N]`: see the package's docstring."""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmarks.calibration.corpus import Protocol
from benchmarks.calibration.report import corpus_tables, sensitivity, write_curve
from graph.opening import shipped, shipped_studies


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.calibration", description="The weight against reports held out.")
    parser.add_argument("--svg", type=Path, help="write the reliability curve here")
    parser.add_argument("--simulate", action="store_true", help="worlds with known truth instead of the corpus")
    parser.add_argument("--worlds", type=int, default=20, help="worlds of each kind")
    given = parser.parse_args()
    protocol = Protocol(shipped_studies(shipped()), shipped())
    if given.simulate:
        from benchmarks.calibration.simulation import simulation_tables

        simulation_tables(protocol, given.worlds)
        return
    curves = corpus_tables(protocol)
    sensitivity(protocol)
    if given.svg:
        write_curve(given.svg, curves)


if __name__ == "__main__":
    main()
