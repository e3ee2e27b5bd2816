"""All cores, or the workers of a scheduler of Dask, make the associations that one process makes, to the byte and in order."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.synthetic import synthetic
from graph import build as building
from graph.build import Associations, EvidenceGraph, lay_out
from graph.opening import load
from graph.settings import Settings
from graph.stores import snapshot
from schema.errors import BadParameter, StoreUnavailable


@pytest.fixture(scope="module")
def laid_out() -> EvidenceGraph:
    return lay_out(*synthetic(700))


@pytest.fixture(scope="module")
def body(laid_out: EvidenceGraph, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return written(laid_out, tmp_path_factory.mktemp("one"))


def written(graph: EvidenceGraph, folder: Path) -> bytes:
    snapshot.write(graph, folder / snapshot.NAME, "")
    return (folder / snapshot.NAME).read_bytes()


@pytest.fixture(autouse=True)
def _few_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(building, "PAYS", 100)
    monkeypatch.setattr(building, "_AT_ONCE", 7)


def spread(graph: EvidenceGraph, scheduler: str | None = None) -> EvidenceGraph:
    """The same graph, whose associations are made elsewhere."""
    again = lay_out(graph.studies, graph.field)
    assert isinstance(again.associations, Associations)
    again.associations.spread(scheduler)
    return again


@pytest.fixture
def pids(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Where each process that makes associations leaves its number."""
    made = building._Rows.texts

    def noting(rows: building._Rows, keys: list[building.Key]) -> list[bytes]:
        (tmp_path / f"{os.getpid()}.pid").touch()
        return made(rows, keys)

    monkeypatch.setattr(building._Rows, "texts", noting)
    return tmp_path


@pytest.mark.skipif(sys.platform != "linux" or len(os.sched_getaffinity(0)) < 2, reason="needs Linux and two cores")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_all_cores_make_what_one_process_makes(laid_out: EvidenceGraph, body: bytes, tmp_path: Path, pids: Path) -> None:
    assert written(spread(laid_out), tmp_path) == body
    assert {one.stem for one in pids.glob("*.pid")} - {str(os.getpid())}


def test_few_findings_are_read_by_one_process(
    laid_out: EvidenceGraph, body: bytes, tmp_path: Path, pids: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(building, "PAYS", 20_000)
    assert written(spread(laid_out), tmp_path) == body
    assert not [*pids.glob("*.pid")]


@pytest.fixture(scope="module")
def scheduler() -> Iterator[str]:
    """A scheduler of Dask with two workers, each a process of this machine."""
    if importlib.util.find_spec("distributed") is None:
        reason = "the extra dask is not installed: nothing was built by a scheduler of Dask"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    from distributed import LocalCluster

    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        yield cluster.scheduler_address


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning", "ignore:Sending large graph")
def test_the_workers_of_dask_make_what_one_process_makes(laid_out: EvidenceGraph, body: bytes, tmp_path: Path, scheduler: str) -> None:
    assert written(spread(laid_out, scheduler), tmp_path) == body
    from distributed import Client

    with Client(scheduler) as client:
        ran = client.run(lambda dask_worker: dask_worker.state.executed_count)
    assert len(ran) == 2
    assert all(ran.values())


def test_a_load_is_spread_by_the_setting(tmp_path: Path, scheduler: str) -> None:
    sheets = Path(__file__).parent.parent / "evidence" / "studies"
    told = [
        Settings.model_construct(snapshot=tmp_path / name, scheduler=address) for name, address in (("here", None), ("there", scheduler))
    ]
    releases = [load(one, [sheets], fresh=True).release for one in told]
    assert releases[0] == releases[1]
    bodies = [(one.snapshot / snapshot.NAME).read_bytes() for one in told if one.snapshot is not None]
    assert bodies[0] == bodies[1]


def test_a_scheduler_that_is_not_there_is_told_and_nothing_is_changed(laid_out: EvidenceGraph, tmp_path: Path) -> None:
    dask = pytest.importorskip("dask", reason="the extra dask is not installed")
    with (
        dask.config.set({"distributed.comm.timeouts.connect": "1s"}),
        pytest.raises(StoreUnavailable, match=r"tcp://127.0.0.1:1 \(RDWI_SCHEDULER\)"),
    ):
        written(spread(laid_out, "tcp://127.0.0.1:1"), tmp_path)
    assert not [*tmp_path.iterdir()]


def test_without_the_extra_a_scheduler_is_refused_with_what_to_install(
    laid_out: EvidenceGraph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(BadParameter, match=r"pip install 'rdwi-graph\[dask\]'"):
        written(spread(laid_out, "tcp://127.0.0.1:8786"), tmp_path)
