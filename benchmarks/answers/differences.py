"""What two records differ in: what is of the moment masked, laid out in lines, and the same difference told once."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import groupby
from typing import Any, NamedTuple

_MASKS = (
    (re.compile(r"(?im)^etag: .*$"), "etag: ETAG"),
    (re.compile(r"(?<![\w.])[0-9a-f]{64}(?!\w)"), "RELEASE"),
    (re.compile(r"(?<![\w.])(?=[0-9]*[a-f])[0-9a-f]{12}(?!\w)"), "RELEASE"),
    # which load it was, and the size of what holds the time of its making
    (re.compile(r"\b[0-9a-f]{32}\b"), "LOAD"),
    (re.compile(r"(?<=\.xlsx: )\d+ bytes"), "BYTES"),
    # of what a figure shows, the release among it
    (re.compile(r"\brf-[0-9a-f]{10}\b"), "rf-ID"),
    (re.compile(r"\?v=\w+"), "?v=ASSETS"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)?"), "TIME"),
)
_TOKEN = re.compile(r"\d+(?:\.\d+)?|\w+|\s+|.", re.DOTALL)
_HEAD = re.compile(r'\s*("[^"]*": |<[\w/]+|[\w-]+: )?')
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
GONE, COME, ORDER, SPACES = "(entry is gone)", "(entry is new)", "(only lines added, or another order)", "(other spaces or line ends)"
_LONGEST = 30_000  # lines: what is longer is compared as two bags of lines
_MOST = 250_000  # pairs of words that are compared, of two lines


def mask(text: str, about: Mapping[str, Any]) -> str:
    """A text without release, ETag, package version, and days of loading and making."""
    for pattern, name in _MASKS:
        text = pattern.sub(name, text)
    for day in map(date.fromisoformat, about["days"]):
        for written in (day.isoformat(), f"{day.day} {day:%B} {day.year}"):
            text = re.sub(rf"(?<!\d){written}", "DAY", text)
    return re.sub(rf"(?<![\d.]){re.escape(about['version'])}(?!\.?\d)", "VERSION", text)


def _inside(value: Any) -> Any:
    """JSON that stands as text in JSON is laid out, too."""
    if isinstance(value, dict):
        return {name: _inside(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_inside(one) for one in value]
    if isinstance(value, str) and value[:1] in {"{", "["}:
        try:
            return _inside(json.loads(value))
        except ValueError:
            return value
    return value


def lines(text: str) -> list[str]:
    """A text in lines that can be compared: JSON a value a line, HTML and XML a tag a line."""
    found: list[str] = []
    for line in text.splitlines():
        if line[:1] in {"{", "["}:
            try:
                found += json.dumps(_inside(json.loads(line)), indent=1, ensure_ascii=False).splitlines()
                continue
            except ValueError:
                pass
        found += re.sub(r"(?<=.)(?=<[\w/!])", "\n", line).splitlines() if "</" in line or "/>" in line else [line]
    return found


class Hunk(NamedTuple):
    """Lines that were there and are not, and lines that stand there now; and the two lines before them."""

    before: tuple[str, ...]
    old: tuple[str, ...]
    new: tuple[str, ...]

    @property
    def pair(self) -> bool:
        """Whether one line stands in the place of another."""
        return len(self.old) == len(self.new) == 1

    @property
    def shown(self) -> list[str]:
        return [*(f"-{one}" for one in self.old), *(f"+{one}" for one in self.new)]

    @property
    def shape(self) -> tuple[str, ...]:
        """What tells this difference from others: of two lines what differs within them; without figures."""
        if self.pair:
            return _changed(self.old[0], self.new[0])
        return tuple(_NUMBER.sub("#", one.strip()) for one in self.shown)


def _changed(old: str, new: str) -> tuple[str, ...]:
    """What differs between two lines that stand in one another's place, each thing once, with the key or tag before it."""
    a, b = _TOKEN.findall(old), _TOKEN.findall(new)
    first, last = _same(a, b)
    a, b = a[first : len(a) - last], b[first : len(b) - last]
    codes = (
        difflib.SequenceMatcher(None, a, b, autojunk=False).get_opcodes()
        if len(a) * len(b) < _MOST
        else [("replace", 0, len(a), 0, len(b))]
    )
    pieces = {f"-{''.join(a[i:j])}+{''.join(b[k:m])}" for kind, i, j, k, m in codes if kind != "equal"}
    head = _HEAD.match(old)
    return (head[0].strip() if head is not None else "", *sorted(_NUMBER.sub("#", one) for one in pieces))


def _same(a: Sequence[str], b: Sequence[str]) -> tuple[int, int]:
    """How many are the same at the beginning, and how many of the rest at the end."""
    shorter = min(len(a), len(b))
    first = next((i for i in range(shorter) if a[i] != b[i]), shorter)
    most = shorter - first
    return first, next((i for i in range(most) if a[-1 - i] != b[-1 - i]), most)


def hunks(old: Sequence[str], new: Sequence[str]) -> Iterator[Hunk]:
    """What differs, piece by piece."""
    first, last = _same(old, new)
    a, b = old[first : len(old) - last], new[first : len(new) - last]
    if max(len(a), len(b)) > _LONGEST:
        gone, come = set(a) - set(b), set(b) - set(a)
        yield Hunk((), tuple(one for one in a if one in gone) or (ORDER,), tuple(one for one in b if one in come))
        return
    for kind, begin, end, start, stop in difflib.SequenceMatcher(None, a, b).get_opcodes():
        if kind == "equal":
            continue
        before = tuple(old[max(0, first + begin - 2) : first + begin])
        if end - begin == stop - start:
            # line by line, so that neighbours that changed for unlike reasons are told apart
            yield from (Hunk(before, (x,), (y,)) for x, y in zip(a[begin:end], b[start:stop], strict=True) if x != y)
        else:
            yield Hunk(before, tuple(a[begin:end]), tuple(b[start:stop]))


class Rule(NamedTuple):
    """A difference that is expected: in entries of that name, of which each line matches."""

    entry: re.Pattern[str]
    lines: re.Pattern[str]
    reason: str

    def fits(self, entry: str, hunk: Hunk) -> bool:
        return self.entry.search(entry) is not None and all(self.lines.search(one) for one in hunk.shown)


class Differences:
    """What was found, the same once."""

    def __init__(self, rules: Iterable[Rule] = ()) -> None:
        self._rules = tuple(rules)
        self.expected: dict[str, set[str]] = {}
        self._groups: dict[tuple[str, tuple[str, ...]], tuple[Hunk, dict[str, None]]] = {}

    def add(self, kind: str, old: Mapping[str, str], new: Mapping[str, str]) -> None:
        """The entries of a kind, masked."""
        for entry in dict.fromkeys((*old, *new)):
            if entry not in new:
                self._note(kind, entry, Hunk((), (GONE,), ()))
            elif entry not in old:
                self._note(kind, entry, Hunk((), (), (COME,)))
            elif old[entry] != new[entry]:
                before, after = lines(old[entry]), lines(new[entry])
                if before == after:
                    self._note(kind, entry, Hunk((), (SPACES,), ()))
                for hunk in hunks(before, after):
                    self._note(kind, entry, hunk)

    def _note(self, kind: str, entry: str, hunk: Hunk) -> None:
        for rule in self._rules:
            if rule.fits(f"{kind} {entry}", hunk):
                self.expected.setdefault(rule.reason, set()).add(f"{kind} {entry}")
                return
        _, entries = self._groups.setdefault((kind, hunk.shape), (hunk, {}))
        entries[entry] = None

    def __bool__(self) -> bool:
        return bool(self._groups)

    def told(self, most: int) -> Iterator[str]:
        """Lines to print: by kind, what is found in most entries first, at most so many lines of each."""
        yield from (f"expected, {reason}: {len(entries)} entries" for reason, entries in self.expected.items())
        ordered = sorted(self._groups.items(), key=lambda group: (group[0][0], -len(group[1][1])))
        for kind, groups in groupby(ordered, key=lambda group: group[0][0]):
            found = [group for _, group in groups]
            yield f"\n{kind}: {len({entry for _, entries in found for entry in entries})} entries differ, in {len(found)} ways"
            for hunk, entries in found:
                first, *others = entries
                more = f" and {len(others)} more ({', '.join(others[:2])} ...)" if others else ""
                yield f"@@ {first}{more}"
                yield from (f" {_cut(one, 160)}" for one in hunk.before)
                if hunk.pair:
                    yield from _around(hunk.old[0], hunk.new[0])
                else:
                    yield from (_cut(one, 200) for one in hunk.shown[:most])
                    if len(hunk.shown) > most:
                        yield f"... {len(hunk.shown) - most} lines more"


def _cut(line: str, most: int) -> str:
    return line if len(line) <= most else f"{line[:most]}..."


def _around(old: str, new: str) -> Iterator[str]:
    """Two lines, long ones from a little before where they differ."""
    begin, _ = _same(old, new)
    begin = max(0, begin - 80) if max(len(old), len(new)) > 200 else 0
    yield from (f"{sign}{'...' if begin else ''}{_cut(one[begin:], 200)}" for sign, one in (("-", old), ("+", new)))
