"""Formats of tagged lines: RIS, PubMed's (nbib), Web of Science's plain text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from loaders.references.entries import Mistake
from loaders.references.persons import Person, people


class Field(NamedTuple):
    """A tag and its text, which keeps its ends of lines, and the line on which it begins."""

    tag: str
    text: str
    line: int


class Tagged(list[Field]):
    """A record: its fields in their order."""

    @property
    def line(self) -> int:
        return self[0].line

    def all(self, *tags: str) -> tuple[str, ...]:
        """The texts of some tags, in the order of the record."""
        return tuple(field.text for field in self if field.tag in tags and field.text.strip())

    def first(self, *tags: str) -> str:
        """The text of the first of some tags that has one."""
        return next((text for tag in tags for text in self.all(tag)), "")

    def once(self, *tags: str) -> None:
        """Mistake where one of the tags has two texts, as where the line between two records is lost."""
        told: dict[str, str] = {}
        for field in self:
            if field.tag in tags and told.setdefault(field.tag, field.text) != field.text:
                raise Mistake(field.line, f"a second {field.tag} in the record of line {self.line}, which can't be read", "one in a record")

    def people(self, *tags: str) -> tuple[Person, ...]:
        """The authors of some tags, in the order of the record; Mistake where one is no name."""
        found: list[Person] = []
        for field in self:
            if field.tag in tags:
                try:
                    found += people(field.text)
                except ValueError:
                    raise Mistake(field.line, f"the author {field.text.strip()[:80]!r}", "one name a line: Family, Given") from None
        return tuple(found)


def records(
    text: str,
    read: Callable[[str], tuple[str, str] | None],
    goes_on: Callable[[str, str], bool],
    *,
    begins: str,
    ends: str | None = None,
) -> Iterator[Tagged | Mistake]:
    """The records of a text, each from its first tag to its last; what stands between records is not theirs.

    `read` gives a line's tag and text; `goes_on`, whether a line without a tag goes on with the text of the tag before.
    """
    record = Tagged()

    def whole() -> Iterator[Tagged | Mistake]:
        if record:
            yield Mistake(record.line, "a record without an end", f"{ends} after its last line") if ends else record

    for number, line in enumerate(re.split(r"\r*\n" if "\n" in text else "\r", text), start=1):
        tag, content = read(line) or ("", line)
        if tag == begins:
            yield from whole()
            record = Tagged()
        if not line.strip() or (not record and tag != begins):
            continue
        if tag:
            record.append(Field(tag, content, number))
        elif goes_on(record[-1].tag, line):
            record[-1] = record[-1]._replace(text=f"{record[-1].text}\n{line}")
        else:
            yield Mistake(
                number, f"{line.strip()[:60]!r}, a line that can't be read", "a tag and its text, or a line that goes on with one"
            )
        if tag == ends:
            yield record
            record = Tagged()
    yield from whole()
