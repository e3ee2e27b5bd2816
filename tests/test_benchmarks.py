"""What the benchmarks measure is of the corpus's shape."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.synthetic import synthetic
from graph.build import build, unknown_terms


@pytest.mark.parametrize("dense", [False, True])
def test_synthetic_studies_are_as_many_and_as_asked_for(dense: bool) -> None:
    studies, field = synthetic(1300, dense=dense)
    assert 1300 <= sum(len(study.findings) for study in studies) < 1330
    assert len({study.id for study in studies}) == len(studies)
    assert not any(unknown_terms(study, field.vocabulary) for study in studies)
    assert synthetic(1300, dense=dense)[0] == studies


def test_breadth_gives_edges_of_their_own_and_depth_more_cohorts_an_edge() -> None:
    broad, deep = (build(*synthetic(1300, dense=dense)) for dense in (False, True))
    assert len(broad.associations) > 1.5 * len(deep.associations)
    assert max(one.cohorts for one in deep.associations) > max(one.cohorts for one in broad.associations)


def test_the_build_benchmark_prints_its_ratio_to_the_smallest_size() -> None:
    command = [sys.executable, "-m", "benchmarks.build", "100", "200"]
    told = subprocess.run(command, cwd=Path(__file__).parent.parent, capture_output=True, text=True, check=True).stdout
    assert "1.00x" in told
    assert len(told.splitlines()) == 3
