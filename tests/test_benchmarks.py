"""What the benchmarks measure is of the corpus's shape."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.published import by_glmm
from benchmarks.synthetic import synthetic
from graph import questions
from graph.build import build, unknown_terms
from graph.stores.memory import MemoryReader


@pytest.mark.parametrize("dense", [False, True])
def test_synthetic_studies_are_as_many_and_as_asked_for(dense: bool) -> None:
    studies, vocabulary = synthetic(1300, dense=dense)
    assert 1300 <= sum(len(study.findings) for study in studies) < 1330
    assert len({study.id for study in studies}) == len(studies)
    assert not any(unknown_terms(study, vocabulary) for study in studies)
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


def test_r_pools_shares_by_a_binomial_normal_model_to_what_the_document_says(rscript: str, reader: MemoryReader) -> None:
    found = by_glmm([row for row in questions.prevalence(reader).prevalence.rows if row.used == "pooled"])
    assert found is not None
    pct, low, high = found
    method = (Path(__file__).parent.parent / "docs" / "method.md").read_text(encoding="utf-8")
    assert f"(`rma.glmm` of metafor) | {pct:.1f} ({low:.1f}-{high:.1f}) |" in method
