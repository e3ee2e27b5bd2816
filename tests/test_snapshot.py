"""The snapshot file: whole or not at all, and damage is told."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import fields, replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graph.build import EvidenceGraph, build
from graph.opening import shipped
from graph.stores import snapshot
from graph.stores.memory import MemoryStore
from schema.errors import SnapshotDamaged, StoreError
from schema.study import Study


@pytest.fixture(scope="module")
def tiny(corpus: tuple[Study, ...]) -> EvidenceGraph:
    """A graph of few studies, one of them the user's, one removed."""
    some = build([study for study in corpus if study.id in {"menon-2012", "wu-2015", "garg-2012"}], shipped())
    return replace(some, user=frozenset({"wu-2015"}), removed=frozenset({"kang-2012"}))


@pytest.fixture
def path(tmp_path: Path, tiny: EvidenceGraph) -> Path:
    path = tmp_path / snapshot.NAME
    snapshot.write(tiny, path, "digest")
    return path


@pytest.mark.parametrize("field", [field.name for field in fields(EvidenceGraph)])
def test_every_field_of_a_graph_comes_back(graph: EvidenceGraph, written: bytes, tmp_path: Path, field: str) -> None:
    path = tmp_path / snapshot.NAME
    path.write_bytes(written)
    assert getattr(snapshot.read(path, shipped()).graph(), field) == getattr(graph, field)


def test_a_graph_comes_back_as_it_was(path: Path, tiny: EvidenceGraph) -> None:
    assert snapshot.read(path, shipped()).graph() == tiny


def test_figures_come_back_as_they_were_printed(path: Path, tiny: EvidenceGraph) -> None:
    """16 and 16.0 differ in how precisely they were printed."""
    again = snapshot.read(path, shipped()).studies
    assert [study.model_dump_json() for study in again] == [study.model_dump_json() for study in tiny.studies]


def test_the_header_says_whose_studies_these_are(path: Path, tiny: EvidenceGraph) -> None:
    header = snapshot.read(path, shipped()).header
    assert header.release == tiny.release
    assert header.shipped == "digest"
    assert header.user == {"wu-2015"}
    assert header.removed == {"kang-2012"}


def test_writing_the_same_graph_twice_on_a_day_gives_the_same_bytes(
    tiny: EvidenceGraph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshot, "today", lambda: date(2026, 2, 28))
    paths = [tmp_path / folder / snapshot.NAME for folder in ("once", "again")]
    for path in paths:
        snapshot.write(tiny, path, "digest")
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_the_day_on_which_a_release_was_loaded_is_kept(tiny: EvidenceGraph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshot, "today", lambda: date(2026, 2, 28))
    path = tmp_path / snapshot.NAME
    snapshot.write(tiny, path, "digest")
    assert MemoryStore(snapshot.read(path, shipped()), path).reader().loaded() == date(2026, 2, 28)


def test_a_snapshot_of_a_version_that_kept_no_day_has_none(tiny: EvidenceGraph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    header = snapshot._header
    monkeypatch.setattr(snapshot, "_header", lambda *about: {name: value for name, value in header(*about).items() if name != "loaded"})
    path = tmp_path / snapshot.NAME
    snapshot.write(tiny, path, "digest")
    assert snapshot.read(path, shipped()).header.loaded is None
    assert snapshot.read(path, shipped()).graph() == tiny


def test_a_graph_of_nothing_can_be_written(tmp_path: Path) -> None:
    empty = build([], shipped())
    path = tmp_path / "deep" / "er" / snapshot.NAME
    snapshot.write(empty, path, "")
    assert snapshot.read(path, shipped()).graph() == empty


def test_signs_of_the_format_in_a_sheet_do_no_harm(tmp_path: Path) -> None:
    title = 'tab\there, line\nhere, return\rhere, \u2028 \u0085 and \x0b, quote" and π'
    odd = build([Study.model_validate({"id": "odd-2024", "read": "abstract", "title": title})], shipped())
    path = tmp_path / snapshot.NAME
    snapshot.write(odd, path, "")
    assert snapshot.read(path, shipped()).graph().studies[0].title == title


# --- damage ---


def refused(path: Path, content: bytes) -> str:
    """What is said of a damaged snapshot, which names the file and what to do."""
    path.write_bytes(content)
    with pytest.raises(SnapshotDamaged) as caught:
        snapshot.read(path, shipped()).graph()
    message = str(caught.value)
    assert str(path) in message
    assert "--fresh" in message
    assert "move the file away" in message
    assert isinstance(caught.value, StoreError)
    return message


@pytest.mark.parametrize("part", [0.999, 0.75, 0.5, 0.25, 0.1])
def test_a_truncated_snapshot_is_damaged(path: Path, part: float) -> None:
    content = path.read_bytes()
    assert "damaged" in refused(path, content[: int(len(content) * part)])


@pytest.mark.parametrize("left", [1, 2, 10])
def test_a_snapshot_whose_last_bytes_are_missing_is_damaged(path: Path, left: int) -> None:
    refused(path, path.read_bytes()[:-left])


def test_a_snapshot_cut_within_its_header_is_none(path: Path) -> None:
    assert "no snapshot" in refused(path, path.read_bytes()[:40])


def test_a_snapshot_cut_right_after_its_header_is_damaged(path: Path) -> None:
    refused(path, path.read_bytes().partition(b"\n")[0] + b"\n")


def test_bytes_after_the_end_are_damage(path: Path) -> None:
    refused(path, path.read_bytes() + b"x\n")


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_one_flipped_bit_of_the_body_is_damage(path: Path, place: float, bit: int, intact: bytes) -> None:
    content = bytearray(intact)
    start = intact.index(b"\n") + 1
    content[start + int(place * (len(content) - start))] ^= 1 << bit
    refused(path, bytes(content))


@pytest.fixture
def intact(path: Path) -> bytes:
    return path.read_bytes()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n",
        b"\0" * 100,
        b"{}",
        b"[]\n",
        b"null\n",
        b'"rdwi-snapshot"\n',
        b"\x80\x81\n",
        b"PK\x03\x04",
        b"id: menon-2012\nread: abstract\n",
    ],
    ids=ascii,
)
def test_another_file_is_no_snapshot(path: Path, content: bytes) -> None:
    assert "no snapshot of an evidence graph" in refused(path, content)


def test_a_file_of_another_format_is_no_snapshot(path: Path, intact: bytes) -> None:
    assert "no snapshot" in refused(path, intact.replace(b'"rdwi-snapshot"', b'"other-snapshot"', 1))


@pytest.mark.parametrize("version", [b"0", b"2", b"99", b"null", b'"1"'])
def test_a_snapshot_of_another_version_says_which_version_is_read(path: Path, intact: bytes, version: bytes) -> None:
    message = refused(path, intact.replace(b'"version": 1,', b'"version": ' + version + b",", 1))
    assert f"reads format {snapshot.FORMAT_VERSION}" in message


def with_body(intact: bytes, change: Any) -> bytes:
    """A snapshot with another body, whose checksum fits."""
    import hashlib

    first, _, body = intact.partition(b"\n")
    header = json.loads(first)
    body = change(body)
    header["sha256"] = hashlib.sha256(body).hexdigest()
    return json.dumps(header).encode() + b"\n" + body


@pytest.mark.parametrize("kind", ["study", "term", "reading", "prevalence", "claim", "association"])
def test_a_record_that_can_not_be_read_is_damage_even_if_the_checksum_fits(path: Path, intact: bytes, kind: str) -> None:
    def change(body: bytes) -> bytes:
        lines = body.splitlines(keepends=True)
        at = next(index for index, line in enumerate(lines) if line.startswith(f"{kind}\t".encode()))
        head, _, _ = lines[at].rpartition(b"\t")
        lines[at] = head + b'\t{"surprise": 1}\n'
        return b"".join(lines)

    refused(path, with_body(intact, change))


# --- replacing ---


def full(*_: object, **__: object) -> None:
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize("broken", ["replace", "fsync", "open"])
def test_a_write_that_fails_leaves_the_old_snapshot_and_nothing_else(
    path: Path, intact: bytes, graph: EvidenceGraph, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    with monkeypatch.context() as patch:
        if broken == "fsync":
            patch.setattr(os, "fsync", full)
        else:
            patch.setattr(Path, broken, full)
        with pytest.raises(OSError, match=f"^{path} can't be written: No space left on device.$"):
            snapshot.write(graph, path, "other")
    assert path.read_bytes() == intact
    assert [one.name for one in path.parent.iterdir()] == [path.name]


def test_a_write_that_is_interrupted_leaves_the_old_snapshot_and_nothing_else(
    path: Path, intact: bytes, graph: EvidenceGraph, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", interrupted)
        with pytest.raises(KeyboardInterrupt):
            snapshot.write(graph, path, "other")
    assert path.read_bytes() == intact
    assert [one.name for one in path.parent.iterdir()] == [path.name]


def test_what_a_killed_writer_left_behind_is_cleaned_up(path: Path, tiny: EvidenceGraph) -> None:
    # in a container each process has the number of the one before it
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        pass
    for number in (os.getpid(), gone.pid):
        (path.parent / f".{path.name}.writing-{number}-0123abcd-0").write_bytes(b"half a snapshot")
    kept = path.parent / "notes.txt"
    kept.write_text("the user's own")
    snapshot.write(tiny, path, "digest")
    assert sorted(one.name for one in path.parent.iterdir()) == sorted([path.name, "notes.txt"])


def test_a_reader_that_was_opened_before_does_not_notice_a_replacement(path: Path, tiny: EvidenceGraph, graph: EvidenceGraph) -> None:
    opened = snapshot.read(path, shipped())
    snapshot.write(graph, path, "")
    assert opened.graph() == tiny
    assert snapshot.read(path, shipped()).release == graph.release
