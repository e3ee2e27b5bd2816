"""documents() makes plain values of YAML and JSON, or tells in one problem why it can't."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from loaders import documents as loaded
from loaders.documents import DEEPEST, Document, decode, documents
from loaders.files import Source
from schema.problems import Problem


def read(content: str | bytes, is_json: bool = False) -> list[Document] | Problem:
    return documents(Source("x.yaml", content if isinstance(content, bytes) else content.encode(), is_json))


def value(content: str | bytes, is_json: bool = False) -> Any:
    (document,) = accepted(content, is_json)
    return document.value


def accepted(content: str | bytes, is_json: bool = False) -> list[Document]:
    result = read(content, is_json)
    assert not isinstance(result, Problem), str(result)
    return result


def refused(content: str | bytes, is_json: bool = False) -> Problem:
    result = read(content, is_json)
    assert isinstance(result, Problem), result
    assert (result.file, result.severity) == ("x.yaml", "error")
    return result


BILLION_LAUGHS = "a: &a [lol, lol]\n" + "".join(f"{b}: &{b} [*{a}, *{a}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True))


@pytest.mark.parametrize(
    ("content", "words", "line"),
    [
        (b"", "empty", None),
        (b" \n\n  \n", "empty", None),
        (b"\xef\xbb\xbf", "empty", None),
        (b"# a remark\n# another\n", "empty", None),
        (b"---\n...\n---\n", "empty", None),
        (b"~", "empty", None),
        (b"\x89PNG\r\n\x1a\n\0\0\0", "binary", None),
        (b"id: a\0b\n", "binary", None),
        ("id: a".encode("utf-16-le"), "binary", None),
        (b"id: a\n" + b"#" * 5000 + b"\0", "control character", 2),
        ("id: a".encode("utf-32"), "control character", 1),
        (b"id: a\ntitle: a\x01b\n", "control character", 2),
        (b"id: a\ntitle: a\x1b[31mb\n", "control character", 2),
        ("id: a\ntitle: Ménière\n".encode("latin-1"), "not UTF-8", 2),
        (b"\xff\xfea", "not UTF-16", 1),
        (b"id: a\nid: b\n", "'id' a second time", 2),
        (b"id: a\nage: {mean: 1,\n mean: 2}\n", "'mean' a second time", 3),
        (b"rows:\n- a: 1\n- b: 1\n  b: 2\n", "'b' a second time", 4),
        (BILLION_LAUGHS.encode(), "anchor or alias", 1),
        (b"id: a\nb: *x\n", "anchor or alias", 2),
        (b"id: a\nb: &x c\n", "anchor or alias", 2),
        (b"&x {id: a}", "anchor or alias", 1),
        (b"&x [a]", "anchor or alias", 1),
        (b"!!python/object/apply:os.system ['touch /tmp/rdwi-owned']", "python/object/apply:os.system", 1),
        (b"id: a\nn: !!python/name:os.system\n", "python/name:os.system", 2),
        (b"id: a\nn: !!str 5\n", "tag", 2),
        (b"id: a\nn: !foo 5\n", "!foo", 2),
        (b"id: a\nn: ! 5\n", "tag", 2),
        (b"!!map {id: a}", "tag", 1),
        (b"id: a\nb: !!set {c}\n", "tag", 2),
        (b"1: a\n", "the key 1", 1),
        (b"id: a\nno: b\n", "the key False", 2),
        (b"id: a\n? \n: b\n", "the key None", 2),
        (b"? [a, b]\n: c\n", "as a key", 1),
        (b"? {a: b}\n: c\n", "as a key", 1),
        (b"id: a\nsource: 1:30\n", "1:30", 2),
        (b"id: a\nsource: 190:20:30.15\n", "190:20:30.15", 2),
        (b"id: a\nn: " + b"9" * 19 + b"\n", "digits", 2),
        (b"id: a\nvalue: 1.0e+400\n", "not a number", 2),
        (b"id: a\nage:\n\tmean: 3\n", "a tab", 3),
        (b"id: [a\n", "can't be read", 1),
        (b"id: 'a\n", "can't be read", 1),
        (b"id: a: b\n", "can't be read", 1),
        (b"id: a\n---\nid: {\n", "can't be read", 3),
        (b"%YAML 2.0\n---\nid: a\n", "can't be read", 1),
        (b"id: a\ntitle: \x7f\n", "doesn't allow", 2),
        (b'id: "\\ud800"\n', "can't be read", 1),
    ],
)
def test_broken_or_hostile_yaml_is_refused_with_its_line(content: bytes, words: str, line: int | None) -> None:
    problem = refused(content)
    assert words in problem.found
    if line is not None:
        assert problem.line is not None
        # an error of syntax is met on its line or at the beginning of the next
        assert problem.line - line in ({0, 1} if "can't be read" in words else {0})


@pytest.mark.parametrize(
    ("content", "words", "line"),
    [
        (b"", "empty", None),
        (b" \n\t\n", "empty", None),
        (b"null", "empty", None),
        (b"\0\0", "binary", None),
        (b'{"id": "a",\n"id": "b"}', "'id' a second time", None),
        (b'{"id": "a",\n"age": {"mean": 1, "mean": 2}}', "'mean' a second time", None),
        (b'{"n": NaN}', "NaN", None),
        (b'{"n": Infinity}', "Infinity", None),
        (b'{"n": -Infinity}', "-Infinity", None),
        (b'{"id": "a",\n"n": }', "can't be read", 2),
        (b'{"id": "a"}\n{"id": "b"}', "can't be read", 2),
        (b"{'id': 'a'}", "can't be read", 1),
        (b"id: a", "can't be read", 1),
        (b'{"id": "a\x0bb"}', "can't be read", 1),
        (b'{"id": "a",}', "can't be read", 1),
        (b'{"n": ' + b"9" * 5000 + b"}", "digits", None),
    ],
)
def test_broken_or_hostile_json_is_refused(content: bytes, words: str, line: int | None) -> None:
    problem = refused(content, is_json=True)
    assert words in problem.found
    assert line is None or problem.line == line


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? "], ids=["flow-list", "flow-mapping", "block-list", "block-key"])
def test_yaml_nested_100_000_deep_is_refused(opening: str) -> None:
    problem = refused(opening * 100_000)
    assert "nesting" in problem.found or "key" in problem.found
    assert problem.line == 1


def test_yaml_nested_deep_by_indentation_is_refused_at_the_first_level_too_many() -> None:
    assert refused("\n".join(f"{' ' * depth}a:" for depth in range(2000))).line == DEEPEST + 1


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
@pytest.mark.parametrize("depth", [DEEPEST + 2, 500, 100_000])
def test_json_nested_too_deep_is_refused(opening: str, closing: str, depth: int) -> None:
    assert "nesting" in refused(opening * depth + "1" + closing * depth, is_json=True).found


@pytest.mark.parametrize("is_json", [False, True])
def test_the_deepest_nesting_allowed_is_read(is_json: bool) -> None:
    inner = value("[" * DEEPEST + "]" * DEEPEST, is_json)
    for _ in range(DEEPEST - 1):
        (inner,) = inner
    assert inner == []
    assert "nesting" in refused("[" * (DEEPEST + 1) + "]" * (DEEPEST + 1), is_json).found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("no", False),
        ("Off", False),
        ("yes", True),
        ("on", True),
        ("true", True),
        ("'no'", "no"),
        ('"yes"', "yes"),
        ("y", "y"),
        ("~", None),
        ("null", None),
        ("", None),
        ("''", ""),
        ("'~'", "~"),
        ("12", 12),
        ("-3", -3),
        ("+4", 4),
        ("017", 17),
        ("0o17", "0o17"),
        ("1_000", 1000),
        ("1,000", "1,000"),
        ("16.0", 16.0),
        ("1.5e+3", 1500.0),
        (".5", 0.5),
        ("'12'", "12"),
        ("'1:30'", "1:30"),
        ("2010-08", "2010-08"),
        ("2010-08-01", "2010-08-01"),
        ("2010-08-01 10:30:00", "2010-08-01 10:30:00"),
        ("<0.001", "<0.001"),
        ("=", "="),
        ("a & b", "a & b"),
        ("|\n  two\n  lines\n", "two\nlines\n"),
    ],
)
def test_a_plain_yaml_scalar_is_read_as(text: str, expected: object) -> None:
    found = value(f"key: {text}\n")["key"]
    assert (found, type(found)) == (expected, type(expected))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("is_json", [False, True])
def test_utf_8_with_and_without_a_mark_and_utf_16_with_one_read_alike(encoding: str, is_json: bool) -> None:
    text = '{"title": "Häm… 脳"}'
    assert value(text.encode(encoding), is_json) == {"title": "Häm… 脳"}


def test_utf_16_big_endian_is_read_by_its_mark() -> None:
    assert decode(b"\xfe\xff" + "id: é".encode("utf-16-be")) == "id: é"


def test_what_to_do_about_a_wrong_encoding_is_told() -> None:
    assert "UTF-8" in (refused(b"\xe9").help or "")


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_line_endings_of_all_systems_are_read_and_counted_alike(ending: str) -> None:
    (document,) = accepted(f"id: a{ending}age:{ending}  mean: 3{ending}")
    assert document.value == {"id": "a", "age": {"mean": 3}}
    assert document.line(("age", "mean")) == 3


def test_tabs_between_json_tokens_are_read_and_do_not_cost_the_lines() -> None:
    (document,) = accepted('{\t"id":\t"a",\n\t"n":\t3}', is_json=True)
    assert document.value == {"id": "a", "n": 3}
    assert document.line(("n",)) == 2


def test_documents_of_one_file_are_read_each_with_its_own_lines_and_empty_ones_left_out() -> None:
    first, second = accepted("---\nid: a\n---\n# nothing\n---\nid: b\nn: 2\n...\n")
    assert (first.value, second.value) == ({"id": "a"}, {"id": "b", "n": 2})
    assert (first.line(("id",)), second.line(("n",))) == (2, 7)


def test_a_path_without_a_line_of_its_own_has_that_of_the_nearest_thing_around_it() -> None:
    (document,) = accepted("id: a\nage:\n  mean: 3\n")
    assert document.line(("age", "sd")) == 2
    assert document.line(("findings", 0, "p")) == 1
    assert Document(None).line(("id",)) is None


def test_a_part_of_a_list_keeps_its_lines() -> None:
    (document,) = accepted("- id: a\n- id: b\n  n: 2\n")
    part = document.part(1)
    assert part.value == {"id": "b", "n": 2}
    assert (part.line(()), part.line(("n",))) == (2, 3)


def test_json_that_yaml_does_not_take_is_read_all_the_same() -> None:
    """A surrogate pair is JSON's way to write what lies outside the basic plane."""
    assert value('{"title": "\\ud83e\\udde0"}', is_json=True) == {"title": "🧠"}


@pytest.mark.parametrize(
    "content", ["id: a\nrows: [{n: 1}, {n: no}]\n", "id: a\nid: b\n", "[" * 100_000, "a: &x b", "a: !b c", "a: ]", "\x7f"]
)
def test_yaml_is_read_and_refused_alike_where_libyaml_is_not_at_hand(content: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with_libyaml = read(content)
    monkeypatch.setattr(loaded, "_LOADER", yaml.SafeLoader)
    without = read(content)
    if isinstance(with_libyaml, Problem):
        assert isinstance(without, Problem)
        assert without.line == with_libyaml.line
    else:
        assert without == with_libyaml


ENCODINGS = st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "latin-1", "utf-32"])
YAMLISH = st.text(st.sampled_from("ab1 :,-?[]{}&*!|>'\"%@#~=<\\\n\r\t\0\x85\u2028é_.0x+e脳\ufeff"), max_size=60)


@settings(derandomize=True, max_examples=400)
@given(st.one_of(st.binary(max_size=200), st.builds(lambda t, e: t.encode(e, "replace"), YAMLISH, ENCODINGS)), st.booleans())
def test_any_bytes_are_documents_or_one_problem(content: bytes, is_json: bool) -> None:
    result = read(content, is_json)
    if isinstance(result, Problem):
        assert result.found
        assert result.expected
        assert result.line is None or 1 <= result.line <= content.count(b"\n") + len(content) + 2
    else:
        assert result
        assert all(document.value is not None for document in result)


# 1e5 is a number in our YAML, as in JSON, and a text in YAML 1.1
EXPONENT = re.compile(r"[-+]?\d+(\.\d*)?[eE][-+]?\d+")
PRINTABLE = st.characters(codec="utf-8", exclude_categories=["Cc"], exclude_characters="\u2028\u2029\ufeff\ufffe\uffff")
NAMES = st.text(PRINTABLE, min_size=1, max_size=8).filter(lambda text: not EXPONENT.fullmatch(text))
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**16), 10**16),
    st.floats(allow_nan=False, allow_infinity=False),
    NAMES,
    st.sampled_from(["no", "yes", "1:30", "2010-08-01", "~", "", "0o17", "<0.001", "&a", "*a", "!b", "- c", "d: e", "1_0"]),
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(NAMES, inner, max_size=4)), max_leaves=12
)
MAPPINGS = st.dictionaries(NAMES, VALUES, min_size=1, max_size=5)


class Plain(yaml.SafeDumper):
    """Writes no anchors: two equal lists are two lists."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


@settings(derandomize=True, max_examples=200)
@given(MAPPINGS, st.booleans(), st.sampled_from([None, 1]))
def test_json_and_yaml_of_one_value_read_alike(given_value: dict[str, Any], plain_letters: bool, indent: int | None) -> None:
    as_json = json.dumps(given_value, ensure_ascii=not plain_letters, indent=indent)
    as_yaml = yaml.dump(given_value, Dumper=Plain, allow_unicode=plain_letters, sort_keys=False)
    assert value(as_json, is_json=True) == given_value
    assert value(as_yaml) == given_value


SHAPES = st.recursive(
    st.none(),
    lambda inner: st.one_of(st.lists(inner, min_size=1, max_size=4), st.dictionaries(st.sampled_from("abcde"), inner, min_size=1)),
)


def numbered(shape: Any, path: tuple[str | int, ...], leaves: dict[tuple[str | int, ...], int]) -> Any:
    if isinstance(shape, dict):
        return {key: numbered(inner, (*path, key), leaves) for key, inner in shape.items()}
    if isinstance(shape, list):
        return [numbered(inner, (*path, i), leaves) for i, inner in enumerate(shape)]
    leaves[path] = 100_000 + len(leaves)
    return leaves[path]


@settings(derandomize=True, max_examples=100)
@given(st.lists(st.dictionaries(st.sampled_from("abcde"), SHAPES, min_size=1), min_size=1, max_size=3), st.booleans())
def test_lines_point_at_the_right_line(shapes: list[Any], as_json: bool) -> None:
    """Each leaf is a number of its own, which must stand on the line that is told for it."""
    leaves: list[dict[tuple[str | int, ...], int]] = []
    values = []
    for shape in shapes:
        leaves.append({})
        values.append(numbered(shape, (), leaves[-1]))
    if as_json:
        text = json.dumps(values[0], indent=1)
        leaves = leaves[:1]
    else:
        text = "# a remark\n" + yaml.dump_all(values, Dumper=Plain, explicit_start=True, default_flow_style=False)
    found = accepted(text, is_json=as_json)
    lines = text.splitlines()
    for document, expected in zip(found, leaves, strict=True):
        for path, number in expected.items():
            line = document.line(path)
            assert line is not None
            assert str(number) in lines[line - 1]
