"""find() tells which files a user means, read() gives their bytes; what goes wrong is a Problem."""

from __future__ import annotations

import io
import os
import random
import types
from pathlib import Path

import pytest

from loaders import files
from loaders.files import STDIN, Source, find, read
from schema.problems import Problem


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("b.yaml", "a.yml", "c.json", "deep/d.YAML", "vocabulary.yaml", "deep/vocabulary.yml", "notes.txt", "README"):
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text("id: x\n")
    return tmp_path


def names(found: tuple[Path | str, ...], folder: Path) -> list[str]:
    return [str(path.relative_to(folder)) if isinstance(path, Path) else path for path in found]


def test_a_folder_stands_for_its_sheets_at_any_depth_and_vocabularies_are_set_apart(folder: Path) -> None:
    found = find([folder])
    assert names(found.sheets, folder) == ["a.yml", "b.yaml", "c.json", "deep/d.YAML"]
    assert names(found.vocabularies, folder) == ["deep/vocabulary.yml", "vocabulary.yaml"]
    assert found.problems == ()


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("*.yaml", ["b.yaml"]),
        ("[ab].y*", ["a.yml", "b.yaml"]),
        ("**/*.YAML", ["deep/d.YAML"]),
        ("*", ["a.yml", "b.yaml", "c.json", "deep/d.YAML"]),
        ("dee?", ["deep/d.YAML"]),
    ],
)
def test_a_pattern_stands_for_the_sheets_it_matches(folder: Path, pattern: str, expected: list[str]) -> None:
    found = find([f"{folder}/{pattern}"])
    assert names(found.sheets, folder) == expected
    assert found.problems == ()


def test_a_file_given_by_its_name_is_taken_whatever_its_ending(folder: Path) -> None:
    assert names(find([folder / "notes.txt"]).sheets, folder) == ["notes.txt"]


def test_a_file_whose_name_looks_like_a_pattern_is_found_by_its_name(tmp_path: Path) -> None:
    odd = tmp_path / "[a].yaml"
    odd.write_text("id: a\n")
    assert find([odd]).sheets == (odd,)


def test_a_file_is_found_once_and_in_order_however_often_and_in_whatever_order_it_is_named(folder: Path) -> None:
    paths: list[str | Path] = [folder, folder / "b.yaml", f"{folder}/*.json", "-", f"{folder}/./a.yml", "-", folder / "vocabulary.yaml"]
    expected = find(paths)
    assert len(expected.sheets) == len(set(expected.sheets)) == 5
    assert expected.sheets[-1] == STDIN
    assert len(expected.vocabularies) == 2
    for seed in range(10):
        random.Random(seed).shuffle(paths)
        assert find(paths) == expected


def test_a_tilde_is_the_home_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(folder))
    assert find(["~/b.yaml"]).sheets == (folder / "b.yaml",)


def test_no_paths_are_no_sheets_and_no_problem() -> None:
    assert find([]) == files.Found((), (), ())


@pytest.mark.parametrize("name", ["nowhere", "nowhere/*.yaml", "*.sheet", "a\0b", "notes.yaml/x"])
def test_what_is_not_there_is_a_problem_that_names_it(folder: Path, name: str) -> None:
    found = find([f"{folder}/{name}", folder / "b.yaml"])
    (problem,) = found.problems
    assert (problem.file, problem.found) == (f"{folder}/{name}", "no file or folder by that name")
    assert names(found.sheets, folder) == ["b.yaml"]


def test_every_path_that_is_not_there_is_told() -> None:
    assert [problem.file for problem in find(["/no/1", "/no/2", "/no/3"]).problems] == ["/no/1", "/no/2", "/no/3"]


def test_a_folder_without_sheets_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("a")
    (problem,) = find([tmp_path]).problems
    assert problem.file == str(tmp_path)
    assert "without sheets" in problem.found
    assert ".yaml" in problem.expected


def test_a_folder_named_like_a_sheet_is_a_folder(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").mkdir()
    (tmp_path / "x.yaml" / "a.yaml").write_text("id: a\n")
    assert find([tmp_path]).sheets == find([tmp_path / "x.yaml"]).sheets == (tmp_path / "x.yaml" / "a.yaml",)


def test_links_that_run_in_a_circle_end_and_name_each_sheet_once(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("id: a\n")
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "self.yaml").symlink_to(tmp_path / "self.yaml")
    assert find([tmp_path]).sheets == (tmp_path / "a.yaml",)


@pytest.mark.parametrize("target", ["self.yaml", "nowhere.yaml"])
def test_a_link_that_leads_nowhere_is_a_problem(tmp_path: Path, target: str) -> None:
    (tmp_path / "self.yaml").symlink_to(tmp_path / target)
    assert len(find([tmp_path / "self.yaml"]).problems) == 1


def test_a_pipe_in_a_folder_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    (tmp_path / "a.yaml").write_text("id: a\n")
    assert find([tmp_path]).sheets == (tmp_path / "a.yaml",)


def test_a_file_is_read_as_bytes_under_its_path(tmp_path: Path) -> None:
    for name, is_json in (("a.yaml", False), ("b.json", True), ("c.JSON", True)):
        (tmp_path / name).write_bytes(b"\xff\0")
        assert read(tmp_path / name) == Source(str(tmp_path / name), b"\xff\0", is_json)


@pytest.mark.parametrize(("content", "is_json"), [(b' \n{"id": "a"}', True), (b'[{"id": "a"}]', True), (b"id: a", False), (b"", False)])
def test_standard_input_is_json_where_it_begins_like_it(content: bytes, is_json: bool) -> None:
    assert read(STDIN, lambda: content) == Source("standard input", content, is_json)


def test_standard_input_is_read_to_the_limit_and_no_further(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.BytesIO(b"x" * 100)
    monkeypatch.setattr(files, "LARGEST", 10)
    monkeypatch.setattr("sys.stdin", types.SimpleNamespace(buffer=stream))
    result = read(STDIN)
    assert isinstance(result, Problem)
    assert result.file == "standard input"
    assert stream.tell() <= 11


@pytest.mark.parametrize(("size", "fits"), [(10, True), (11, False)])
def test_a_file_may_be_as_large_as_the_limit_and_no_larger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int, fits: bool) -> None:
    monkeypatch.setattr(files, "LARGEST", 10)
    (tmp_path / "a.yaml").write_bytes(b"x" * size)
    assert isinstance(read(tmp_path / "a.yaml"), Source) is fits


def test_a_file_of_100_mb_is_refused_without_reading_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    huge = tmp_path / "huge.yaml"
    with huge.open("wb") as file:
        file.truncate(100 * 1024 * 1024)
    monkeypatch.delattr(Path, "read_bytes")
    problem = read(huge)
    assert isinstance(problem, Problem)
    assert problem.file == str(huge)
    assert "16 MiB" in problem.found
    assert problem.help


def test_a_file_that_grew_after_its_size_was_asked_for_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.yaml").write_bytes(b"x")
    monkeypatch.setattr(files, "LARGEST", 10)
    monkeypatch.setattr(Path, "read_bytes", lambda path: b"x" * 11)
    assert isinstance(read(tmp_path / "a.yaml"), Problem)


@pytest.mark.parametrize(
    ("error", "words"),
    [(PermissionError(13, "Permission denied"), "Permission denied"), (OSError(5, "Input/output error"), "Input/output")],
)
def test_a_file_that_may_not_be_read_is_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: OSError, words: str) -> None:
    (tmp_path / "a.yaml").write_bytes(b"x")

    def refuse(path: Path) -> bytes:
        raise error

    monkeypatch.setattr(Path, "read_bytes", refuse)
    problem = read(tmp_path / "a.yaml")
    assert isinstance(problem, Problem)
    assert words in problem.found
    assert problem.file == str(tmp_path / "a.yaml")


@pytest.mark.parametrize("make", [Path.mkdir, lambda path: None], ids=["folder", "gone"])
def test_a_folder_or_nothing_in_the_place_of_a_file_is_a_problem(tmp_path: Path, make: object) -> None:
    assert callable(make)
    make(tmp_path / "x.yaml")
    assert isinstance(read(tmp_path / "x.yaml"), Problem)
