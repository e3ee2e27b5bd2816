"""Keys are written into a sheet's text, and all else of it stays as it stands."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loaders import files
from loaders.documents import documents
from loaders.references.edits import Unwritable, edited
from schema.reference import FIELDS

ROOT = Path(files.__file__).parent.parent
ORDER = ("id", *FIELDS)


def edit(text: str, changes: dict[str, dict[str, Any]], *, is_json: bool = False) -> str:
    return edited(files.Source("s", text.encode(), is_json), changes, ORDER).decode()


def test_new_keys_stand_in_their_order_and_comments_stay() -> None:
    text = "# a sheet\nid: a   # the key\n# on the title\ntitle: T\njournal: J  # abbreviated\nread: abstract\n"
    assert edit(text, {"a": {"year": 2012, "authors": ("Menon RS", "et al."), "pmid": "123"}}) == (
        "# a sheet\nid: a   # the key\n# on the title\ntitle: T\nauthors: [Menon RS, et al.]\nyear: 2012\njournal: J  # abbreviated\n"
        "pmid: '123'\nread: abstract\n"
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("title: old title that\n  goes on   # why\n", "title: New\n".replace("\n", "   # why\n")),
        ("title:   # not shown\n", "title: New   # not shown\n"),
        ("title: >\n  folded\n  text\n\n", "title: New\n\n"),
        ("'title': \"old\"\n", "'title': New\n"),
        ("title: null\n", "title: New\n"),
    ],
)
def test_a_value_is_replaced_and_its_comment_stays(old: str, new: str) -> None:
    assert edit(f"id: a\n{old}read: abstract\n", {"a": {"title": "New"}}) == f"id: a\n{new}read: abstract\n"


def test_a_list_in_lines_is_replaced_whole() -> None:
    text = "id: a\nauthors:\n- A B\n- C D\nread: abstract\n"
    assert edit(text, {"a": {"authors": ("Menon RS",)}}) == "id: a\nauthors: [Menon RS]\nread: abstract\n"


def test_several_sheets_of_a_file_are_told_apart() -> None:
    text = "id: a\nread: abstract\n---\n- id: b\n  read: abstract\n- {id: c, read: abstract}\n"
    changed = edit(text, {"a": {"year": 1}, "b": {"year": 2}, "c": {"year": 3}})
    assert changed == "id: a\nyear: 1\nread: abstract\n---\n- id: b\n  year: 2\n  read: abstract\n- {id: c, year: 3, read: abstract}\n"


def test_json_keeps_its_layout() -> None:
    text = '[\n\t{\n\t\t"id": "a",\n\t\t"title": "é",\n\t\t"read": "abstract"\n\t},\n\t{"id": "b", "read": "abstract"}\n]\n'
    changed = edit(text, {"a": {"year": 2012, "title": "É"}, "b": {"doi": "10.1234/x"}}, is_json=True)
    assert changed == (
        '[\n\t{\n\t\t"id": "a",\n\t\t"title": "É",\n\t\t"year": 2012,\n\t\t"read": "abstract"\n\t},\n'
        '\t{"id": "b", "doi": "10.1234/x", "read": "abstract"}\n]\n'
    )


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_encoding_and_line_ends_stay(encoding: str, newline: str) -> None:
    content = "id: a\ntitle: é\nread: abstract".replace("\n", newline).encode(encoding)
    changed = edited(files.Source("s", content), {"a": {"year": 2012}}, ORDER)
    assert changed == "id: a\ntitle: é\nyear: 2012\nread: abstract".replace("\n", newline).encode(encoding)


@given(st.text(st.characters(exclude_categories=("C",), exclude_characters="\ufffe\uffff"), min_size=1).filter(str.strip))
def test_what_is_written_is_what_is_read(title: str) -> None:
    try:
        changed = edited(files.Source("s", b"id: a\nread: abstract\n"), {"a": {"title": title}}, ORDER)
    except Unwritable:
        # a text that no plain YAML says is refused, not bent
        return
    (document,) = documents(files.Source("s", changed))
    assert document.value == {"id": "a", "title": title, "read": "abstract"}


def test_every_sheet_of_the_corpus_can_be_edited_line_by_line() -> None:
    new = {
        "title": "A: 'quoted' #1",
        "authors": ("Menon RS",),
        "year": 1999,
        "journal": "J",
        "doi": "10.1234/x",
        "pmid": "1",
        "pmcid": "PMC1",
    }
    for path in sorted((ROOT / "evidence" / "studies").glob("*.yaml")):
        source = files.Source(path.name, path.read_bytes())
        lines = edited(source, {path.stem: {**new, "first_author": "N"}}, ORDER).decode().splitlines()
        kept = [line for line in source.content.decode().splitlines() if line.split(":")[0] not in FIELDS]
        # titles over several lines leave with their lines
        assert [line for line in kept if not line.startswith("  ") and line not in lines] == []


def test_json_that_is_no_yaml_is_refused() -> None:
    with pytest.raises(Unwritable):
        edit('{"id": "a", "read": "abstract", "notes": "\\/\\ud83d\\ude00", "x":1}', {"a": {"year": 2012}}, is_json=True)


def test_a_text_that_would_not_be_read_back_is_refused() -> None:
    with pytest.raises(Unwritable):
        edit("? id\n: a\nread: abstract\n", {"a": {"year": 2012}})
