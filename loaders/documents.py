"""YAML and JSON as plain values, with the line on which each stands. Nothing is made of a file but mappings, lists, texts and numbers.

YAML is read event by event, without recursion: anchors and aliases (the makings of a bomb), tags and too deep nesting are refused as they
are met.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import yaml

from loaders.files import STANDARD_INPUT, Source
from loaders.foreign import told
from schema.problems import Problem

DEEPEST = 20
MOST_KEYS = 2000
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# YAML 1.1 wants a point and a sign in it; papers print neither
_EXPONENT = re.compile(r"[-+]?\d+(?:\.\d*)?[eE][-+]?\d+")
# what no XML, terminal or UTF-8 file can hold: control characters, surrogates, non-characters
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
# but for tabs and what ends a line
_CONTROL = re.compile("[\x00-\x08\x0e-\x1b\x1f]")
# YAML 1.1's types of plain text, by its first letter
_TYPES: dict[str, list[tuple[str, re.Pattern[str]]]] = yaml.resolver.Resolver.yaml_implicit_resolvers

Path = tuple[str | int, ...]


class Where(NamedTuple):
    """A place: in its own file where a document is put together from several."""

    line: int | None = None
    column: int | None = None
    cell: str | None = None
    file: str | None = None

    def __str__(self) -> str:
        """Its words after the name of the file."""
        told = (self.cell, self.line and f"line {self.line}", self.column and f"cell {self.column}")
        return "".join(f", {one}" for one in told if one)


class Refused(Exception):
    """What can't be read; carries the problem. `path` is its place; where it is a value the rest of the document may be read."""

    def __init__(self, found: str, expected: str, line: int | None = None, help: str | None = None) -> None:
        super().__init__(found)
        self.found, self.expected, self.line, self.help = found, expected, line, help
        self.path: Path = ()
        self.is_value = False

    def at(self, path: Path, *, is_value: bool) -> Refused:
        self.path, self.is_value = path, is_value
        return self

    def inside(self) -> Refused:
        """The same in the item that it stands in."""
        return self.at(self.path[1:], is_value=self.is_value)

    def problem(self, file: str) -> Problem:
        return Problem(file, self.found, self.expected, line=self.line, help=self.help, kind="unreadable")


@dataclass(slots=True)
class Document:
    """One document of a file: its value and, for each path inside it, the line (from 1)."""

    value: Any
    lines: dict[Path, int] = field(default_factory=dict)
    # what was found wrong before it is validated, and whether that keeps it from being loaded
    problems: list[Problem] = field(default_factory=list)
    blocked: bool = False
    # places of what could not be read
    silent: set[Path] = field(default_factory=set)
    # what was refused while the rest was read
    refused: list[Refused] = field(default_factory=list)

    def line(self, path: Path) -> int | None:
        """The line of a path, or of the nearest thing round it."""
        for end in range(len(path), -1, -1):
            if path[:end] in self.lines:
                return self.lines[path[:end]]
        return None

    def where(self, path: Path) -> Where:
        """The place of a path, or of the nearest thing round it."""
        return Where(self.line(path))

    def told(self, path: Path) -> bool:
        """Whether what is wrong at a path has been told before it is validated."""
        return any(path[:end] in self.silent for end in range(1, len(path) + 1))

    def hint(self, path: Path) -> str | None:  # noqa: ARG002 (tables name a column)
        """Where a missing key would stand."""
        return None

    def typed(self, path: Path, value: str) -> str:  # noqa: ARG002 (tables make ids of names)
        """What was typed for a value."""
        return value

    def unread(self) -> frozenset[Path]:
        """The rows, by section and index, of which a part was told to be unreadable before they are validated."""
        return frozenset(path[:2] for path in self.silent if len(path) > 2)

    def part(self, key: str) -> Document:
        """The value of a key as a document of its own."""
        lines = {path[1:]: line for path, line in self.lines.items() if path[:1] == (key,)}
        return Document(self.value[key], lines, refused=[one.inside() for one in self.refused if one.path[:1] == (key,)])

    def items(self) -> list[Document]:
        """The items of a list, each as a document of its own."""
        inside: list[dict[Path, int]] = [{} for _ in self.value]
        for path, line in self.lines.items():
            if path:
                inside[int(path[0])][path[1:]] = line
        parts = [Document(value, lines) for value, lines in zip(self.value, inside, strict=True)]
        for one in self.refused:
            parts[int(one.path[0])].refused.append(one.inside())
        return parts

    def tell(self, file: str) -> None:
        """Make problems of what was refused."""
        self.problems += [one.problem(file) for one in self.refused]
        self.blocked = self.blocked or bool(self.refused)
        self.silent |= {one.path for one in self.refused if one.is_value}


def documents(source: Source) -> list[Document] | Problem:
    """The documents of a file, or the problem that keeps it from being read."""
    read, problem = readable(source)
    refused = next((one for document in read for one in document.refused), None)
    return refused.problem(source.name) if refused is not None else problem or read


def readable(source: Source) -> tuple[list[Document], Problem | None]:
    """The documents of a file as far as they can be read, with what was refused in each, and what keeps the rest from being read."""
    read: list[Document] = []
    foreign = told(source)
    if foreign is not None:
        return [], foreign
    try:
        # one by one, so that what stands before a mistake is kept
        read.extend(_either(decode(source.content), source))
        if not any(document.value not in (None, [], {}) or document.refused for document in read):
            raise Refused("an empty file", "an extraction sheet")
    except Refused as refused:
        return [document for document in read if document.value not in (None, [], {})], refused.problem(source.name)
    return [document for document in read if document.value is not None or document.refused], None


def _either(text: str, source: Source) -> Iterable[Document]:
    if not source.is_json:
        return _yaml(text)
    try:
        return _json(text)
    except Refused as refused:
        if source.name != STANDARD_INPUT:
            raise
        # what is typed or piped has no ending that tells; YAML may begin with a bracket, too
        try:
            return list(_yaml(text))
        except Refused:
            raise refused from None


def decode(content: bytes) -> str:
    """Text from UTF-8, or from UTF-16 or UTF-8 with a byte order mark; Refused where it is neither."""
    encoding = "utf-8-sig"
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    elif b"\0" in content[:4096]:
        raise Refused("a binary file", "text in YAML or JSON", help="If it is text, save it again with the encoding UTF-8.")
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise Refused(
            f"bytes that are not {encoding.removesuffix('-sig').upper()}",
            "a text file in UTF-8",
            line,
            "Save it again with the encoding UTF-8.",
        ) from error
    control = _CONTROL.search(text)
    if control is not None:
        raise Refused("a control character", "text in YAML or JSON", len(text[: control.end()].splitlines()))
    return text


def _yaml(text: str) -> Iterator[Document]:
    """Documents from YAML events, built on a stack."""
    document = Document(None)
    # each open container with its path, and for a mapping the key that waits for its value
    stack: list[tuple[Any, Path, list[Any]]] = []

    def place(value: Any, line: int) -> Path:
        """Put a value where it belongs; give back its path."""
        if not stack:
            document.value, document.lines[()] = value, line
            return ()
        container, path, pending = stack[-1]
        if isinstance(container, list):
            here: Path = (*path, len(container))
            container.append(value)
            document.lines[here] = line
        elif not pending:
            if not isinstance(value, str):
                raise Refused(f"the key {value!r}", "a text as key", line)
            if value in container:
                again = Refused(f"the key {value!r} a second time", "each key once", line)
                document.refused.append(again.at((*path, value), is_value=False))
                # its value goes nowhere
                pending.append(None)
                return path
            if len(container) >= MOST_KEYS:
                raise Refused(f"more than {MOST_KEYS:,} keys of one thing", "a sheet as the template has it", line)
            pending.append(value)
            document.lines[(*path, value)] = line
            return path
        else:
            # its line is its key's
            key = pending.pop()
            here = (*path, key or "")
            if key is not None:
                container[key] = value
        return here

    try:
        for event in yaml.parse(text, Loader=_LOADER):
            line = event.start_mark.line + 1 if event.start_mark else 1
            # an alias has one, too
            if isinstance(event, yaml.NodeEvent) and event.anchor:
                raise Refused("an anchor or alias (& or *)", "values written out", line, "Put text with & or * into quotes.")
            if isinstance(event, yaml.ScalarEvent):
                is_key = bool(stack) and isinstance(stack[-1][0], dict) and not stack[-1][2]
                try:
                    value = _scalar(event, line)
                except Refused as refused:
                    if is_key or not stack:
                        raise
                    document.refused.append(refused.at(place(None, line), is_value=True))
                else:
                    place(value, line)
            elif isinstance(event, yaml.CollectionStartEvent):
                if event.tag is not None:
                    raise Refused(f"the tag {event.tag}", "plain YAML without tags", line)
                if len(stack) >= DEEPEST:
                    raise Refused(f"more than {DEEPEST} levels of nesting", "a sheet as the template has it", line)
                container: Any = {} if isinstance(event, yaml.MappingStartEvent) else []
                if stack and isinstance(stack[-1][0], dict) and not stack[-1][2]:
                    raise Refused("a list or mapping as a key", "a text as key", line)
                path = place(container, line)
                stack.append((container, path, []))
            elif isinstance(event, yaml.CollectionEndEvent):
                stack.pop()
            elif isinstance(event, yaml.DocumentEndEvent):
                yield document
                document = Document(None)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        if mark is not None and text.splitlines()[mark.line : mark.line + 1] and "\t" in text.splitlines()[mark.line]:
            raise Refused("a tab", "spaces before a key or value", mark.line + 1) from error
        raise Refused(f"YAML that can't be read ({error.problem})", "YAML", mark.line + 1 if mark else None) from error
    except yaml.reader.ReaderError as error:
        where = text.count("\n", 0, error.position) + 1 if isinstance(error.position, int) else None
        raise Refused("a character that YAML doesn't allow", "text in YAML", where) from error
    except yaml.YAMLError as error:
        raise Refused("YAML that can't be read", "YAML") from error


def _scalar(event: Any, line: int) -> Any:
    if event.tag is not None:
        raise Refused(f"the tag {event.tag}", "plain YAML without tags", line)
    text: str = event.value
    # nothing but text begins with that letter
    if not event.implicit[0] or text[:1] not in _TYPES:
        return text
    tag = next((tag for tag, pattern in _TYPES[text[:1]] if pattern.match(text)), "").rpartition(":")[2]
    if tag == "null":
        return None
    if tag == "bool":
        return text.lower() in {"true", "yes", "on"}
    if tag in {"int", "float"} or _EXPONENT.fullmatch(text):
        return _number(text, line)
    return text


def _number(text: str, line: int | None) -> int | float | str:
    plain = text.replace("_", "")
    if ":" in plain:
        raise Refused(f"{text} without quotes, which YAML reads as a number to base 60", f'"{text}" in quotes', line)
    try:
        if plain.lstrip("+-").isdigit():
            if len(plain) > 18:
                raise Refused("a number of more than 18 digits", "a figure as printed", line)
            return int(plain)
        number = float(plain)
    except ValueError:
        return text
    if not math.isfinite(number):
        raise Refused(f"{text}, which is not a number", "a number, or the key left out", line)
    return number


def _json(text: str) -> list[Document]:
    again: list[Refused] = []

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        seen: dict[str, Any] = {}
        if len(items) > MOST_KEYS:
            raise Refused(f"more than {MOST_KEYS:,} keys of one thing", "a sheet as the template has it")
        for key, value in items:
            if key in seen:
                again.append(Refused(f"the key {key!r} a second time", "each key once"))
            seen.setdefault(key, value)
        return seen

    def whole(digits: str) -> int | float | str:
        return _number(digits, None)

    def constant(name: str) -> Any:
        place = re.search(rf"(?<![\w\"]){re.escape(name)}(?![\w\"])", text)
        line = text.count("\n", 0, place.start()) + 1 if place else None
        raise Refused(f"{name}, which is not a number", "a number, or the key left out", line)

    if not text.strip():
        raise Refused("an empty file", "an extraction sheet")
    try:
        value = json.loads(text, object_pairs_hook=pairs, parse_constant=constant, parse_int=whole)
    except json.JSONDecodeError as error:
        raise Refused(f"JSON that can't be read ({error.msg})", "JSON", error.lineno) from error
    except RecursionError as error:
        raise Refused(f"more than {DEEPEST} levels of nesting", "a sheet as the template has it") from error
    for one in _texts(value):
        unprintable = _UNPRINTABLE.search(one)
        if unprintable is not None:
            raise Refused(f"the character U+{ord(unprintable[0]):04X}", "text that can be printed")
    if _depth(value) > DEEPEST:
        raise Refused(f"more than {DEEPEST} levels of nesting", "a sheet as the template has it")
    try:
        # JSON is YAML but for tabs, which stand between tokens only: this gives the lines
        as_yaml = next(iter(_yaml(_as_yaml(text))))
    except Refused:
        as_yaml = Document(None)
    twice = [one for one in as_yaml.refused if not one.is_value]
    if again and not twice:
        raise again[0]
    return [Document(value, as_yaml.lines, refused=twice if again else [])]


def _as_yaml(text: str) -> str:
    """JSON as YAML reads it: without tabs, and without what only YAML takes for the end of a line."""
    return text.translate(dict.fromkeys(map(ord, "\t\x85\u2028\u2029"), " "))


def _texts(value: Any) -> Iterator[str]:
    """All texts and keys inside a value."""
    open_values = [value]
    while open_values:
        current = open_values.pop()
        if isinstance(current, str):
            yield current
        elif isinstance(current, dict):
            open_values += [*current, *current.values()]
        elif isinstance(current, list):
            open_values += current


def _depth(value: Any) -> int:
    deepest, open_values = 0, [(value, 1)]
    while open_values:
        current, level = open_values.pop()
        deepest = max(deepest, level)
        children = current.values() if isinstance(current, dict) else current if isinstance(current, list) else ()
        open_values += [(child, level + 1) for child in children]
    return deepest
