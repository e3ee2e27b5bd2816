"""What the tests share: the shipped corpus, its graph built once, a reader, a client, and folders for stores."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from graph.build import EvidenceGraph, build
from graph.opening import shipped_digest, shipped_studies
from graph.stores import snapshot
from graph.stores.memory import MemoryReader, MemoryStore
from schema.study import Study
from schema.vocabulary import shipped


@pytest.fixture(scope="session")
def corpus() -> tuple[Study, ...]:
    """The studies that come with the package."""
    return shipped_studies()


@pytest.fixture(scope="session")
def graph(corpus: tuple[Study, ...]) -> EvidenceGraph:
    """The graph of the shipped corpus."""
    return build(corpus, shipped())


@pytest.fixture(scope="session")
def reader(graph: EvidenceGraph) -> MemoryReader:
    return MemoryReader(graph)


@pytest.fixture(scope="session")
def client(graph: EvidenceGraph) -> Iterator[TestClient]:
    """The API over the shipped corpus, in memory; an error inside it is answered, not raised."""
    with TestClient(create_app(MemoryStore(graph)), raise_server_exceptions=False) as opened:
        yield opened


@pytest.fixture(scope="session")
def written(graph: EvidenceGraph, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The snapshot of the shipped corpus."""
    path = tmp_path_factory.mktemp("written") / snapshot.NAME
    snapshot.write(graph, path, shipped_digest())
    return path.read_bytes()


@pytest.fixture
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """RDWI_SNAPSHOT: a folder that holds nothing yet."""
    folder = tmp_path / "data"
    monkeypatch.setenv("RDWI_SNAPSHOT", str(folder))
    monkeypatch.delenv("RDWI_STORE", raising=False)
    monkeypatch.delenv("RDWI_LOG_FORMAT", raising=False)
    return folder


@pytest.fixture
def folder(empty_folder: Path, written: bytes) -> Path:
    """RDWI_SNAPSHOT: a folder that holds the shipped corpus."""
    empty_folder.mkdir()
    (empty_folder / snapshot.NAME).write_bytes(written)
    return empty_folder
