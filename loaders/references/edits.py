"""Keys written into a sheet's text, and all else of it left as it stands: comments, order, quotes, ends of lines."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from loaders.documents import decode, documents
from loaders.files import Source

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_LINES = re.compile("\r\n|[\n\r\x85\u2028\u2029]")


class Unwritable(Exception):
    """A sheet whose text is laid out so that it can't be changed in place."""


@dataclass(frozen=True, slots=True)
class _Edit:
    start: int
    end: int
    text: str


def edited(source: Source, changes: Mapping[str, Mapping[str, Any]], order: Sequence[str]) -> bytes:
    """The file with keys set, by study id; a new key stands after the nearest one that comes before it in `order`, else after the id.

    Unwritable where what is read from the new text is not what was read, plus the changes.
    """
    text = decode(source.content)
    newline = match[0] if (match := _LINES.search(text)) else "\n"
    layout = _Layout(text, newline, source.is_json)
    try:
        edits = [edit for mapping in _sheets(layout.text) for edit in layout.edits(mapping, changes, order)]
    except yaml.YAMLError as error:
        # a JSON text that is no YAML
        raise Unwritable(source.name) from error
    for edit in sorted(edits, key=lambda one: (one.start, one.end), reverse=True):
        text = text[: edit.start] + edit.text + text[edit.end :]
    content = _encoded(text, source.content)
    if _values(Source(source.name, content, source.is_json)) != _expected(_values(source), changes):
        raise Unwritable(source.name)
    return content


def _encoded(text: str, before: bytes) -> bytes:
    for mark, encoding in ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"), (b"\xef\xbb\xbf", "utf-8")):
        if before.startswith(mark):
            return mark + text.encode(encoding)
    return text.encode()


def _values(source: Source) -> list[Any] | None:
    read = documents(source)
    return [document.value for document in read] if isinstance(read, list) else None


def _expected(values: list[Any] | None, changes: Mapping[str, Mapping[str, Any]]) -> list[Any]:
    def changed(value: Any) -> Any:
        if isinstance(value, list):
            return [changed(one) for one in value]
        new = changes.get(str(value.get("id")), {}) if isinstance(value, dict) else {}
        return {**value, **{key: list(one) if isinstance(one, tuple) else one for key, one in new.items()}} if new else value

    return [changed(value) for value in values or ()]


def _sheets(text: str) -> list[yaml.MappingNode]:
    """The mappings of a file that may be sheets: its documents, or the items of its lists."""
    return [
        one
        for node in yaml.compose_all(text, Loader=_LOADER)
        for one in (node.value if isinstance(node, yaml.SequenceNode) else [node])
        if isinstance(one, yaml.MappingNode)
    ]


class _Layout:
    def __init__(self, text: str, newline: str, is_json: bool) -> None:
        self.newline, self.is_json, self._original = newline, is_json, text
        # JSON is YAML but for tabs between tokens; every sign stands where it stood
        self.text = text.replace("\t", " ") if is_json else text
        self._starts = [0, *(match.end() for match in _LINES.finditer(text))]

    def _at(self, mark: Any) -> int:
        return int(self._starts[mark.line] + mark.column)

    def edits(self, mapping: yaml.MappingNode, changes: Mapping[str, Mapping[str, Any]], order: Sequence[str]) -> list[_Edit]:
        pairs = {key.value: (key, value) for key, value in mapping.value if isinstance(key, yaml.ScalarNode)}
        wanted = changes.get(pairs["id"][1].value, {}) if "id" in pairs else {}
        edits, added = [], dict[str, list[str]]()
        for name in sorted(wanted, key=list(order).index):
            if name in pairs:
                key, value = pairs[name]
                edits.append(_Edit(self._at(key.end_mark), self._value_end(key, value), f": {self._shown(wanted[name])}"))
            else:
                before = [one for one in order[: list(order).index(name)] if one in pairs]
                added.setdefault(before[-1] if before else "id", []).append(name)
        for after, names in added.items():
            key, value = pairs[after]
            end = self._value_end(key, value)
            flow = bool(mapping.flow_style)
            for name in names:
                shown = f'"{name}": {self._shown(wanted[name])}' if self.is_json else f"{name}: {self._shown(wanted[name])}"
                edits.append(_Edit(*self._place(end, flow), f"{self._before(key, flow)}{shown}"))
        return self._joined(edits)

    def _joined(self, edits: list[_Edit]) -> list[_Edit]:
        """Those at one place as one, in their order."""
        joined: list[_Edit] = []
        for edit in edits:
            if joined and (joined[-1].start, joined[-1].end) == (edit.start, edit.end):
                joined[-1] = _Edit(edit.start, edit.end, joined[-1].text + edit.text)
            else:
                joined.append(edit)
        return joined

    def _place(self, end: int, flow: bool) -> tuple[int, int]:
        """Right after the value in a flow mapping; in a block one at the end of its line, after a comment."""
        if flow:
            return end, end
        match = _LINES.search(self.text, end)
        place = match.start() if match else len(self.text)
        return place, place

    def _before(self, key: Any, flow: bool) -> str:
        start = self._starts[key.start_mark.line]
        indent = self._original[start : self._at(key.start_mark)]
        if not flow:
            # an item of a list begins with its dash
            return self.newline + " " * len(indent)
        return "," + (self.newline + indent if not indent.strip() else " ")

    def _value_end(self, key: Any, value: yaml.Node) -> int:
        if isinstance(value, yaml.ScalarNode) and value.value == "" and value.style is None:
            # nothing stands after the colon
            return self.text.index(":", self._at(key.end_mark)) + 1
        return self._end(value)

    def _end(self, node: yaml.Node) -> int:
        """Where a value ends: a block of others ends with the last of them."""
        if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
            last = node.value[-1]
            return self._end(last[1] if isinstance(last, tuple) else last)
        end = self._at(node.end_mark)
        # a block of text ends where the next thing begins
        while end > self._at(node.start_mark) and self.text[end - 1] in "\r\n\x85\u2028\u2029":
            end -= 1
        return end

    def _shown(self, value: Any) -> str:
        if self.is_json:
            return json.dumps(value, ensure_ascii=False)
        plain = list(value) if isinstance(value, tuple) else value
        listed = yaml.safe_dump([plain], default_flow_style=True, allow_unicode=True, width=10**9, sort_keys=False)
        return listed.strip()[1:-1]
