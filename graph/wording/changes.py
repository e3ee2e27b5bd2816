"""What the asker's own choices make of an association: studies left out, studies added, another prior."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graph.wording.names import opened, within
from graph.wording.numbers import count, day
from schema.association import Association
from schema.releases import Diff, Moved, ReleaseEntry

UNCHANGED = "With all studies and the method's own priors"
HOW_TO_ADD = (
    "Events of patients with it and without, as 12/40 vs 5/60: a crude estimate, pooled with crude ones. Or an estimate with its 95% "
    "interval, as OR 1.8 (1.1 to 2.9), n 350: read as adjusted for what the headline's estimates are. It is worked out here and not kept."
)
_SCALES = {0.5: "half as wide", 2.0: "twice as wide"}


def choices(query: Mapping[str, Any], labels: Mapping[str, str]) -> str:
    """What was left out, added and set otherwise, as a query says it: "Without Menon 2012, with your study 12/40 vs 5/60"; or nothing."""
    told = []
    if query.get("exclude"):
        told.append(f"without {', '.join(labels.get(one, one) for one in query['exclude'])}")
    if query.get("add"):
        told.append(f"with {'your studies' if len(query['add']) > 1 else 'your study'} {'; '.join(query['add'])}")
    if query.get("prior_scale"):
        scale = query["prior_scale"]
        told.append(f"with priors of the spread between cohorts (tau) {_SCALES.get(scale) or f'{scale:g} times as wide'}")
    return opened(", ".join(told))


def changed(query: Mapping[str, Any], labels: Mapping[str, str], before: Association | None, now: Association | None) -> str | None:
    """What the choices make of the association, beside what it is without them; None where nothing was chosen."""
    chosen = choices(query, labels)
    if not chosen:
        return None
    was, become = (one.caption if one is not None else "nothing is known" for one in (before, now))
    return f"{chosen}: {become}. {UNCHANGED}: {was}."


def changes(one: Diff) -> str:
    """What changed from one release to another, in a sentence or two."""
    studies = [f"{count(len(names), 'study', 'studies')} {how}" for names, how in of_studies(one)]
    moved = f"{count(one.total, 'association')} moved" if one.total else "no association moved"
    turned = sum(item.turned for item in one.items)
    told = f"{moved}, {turned or 'none'} of them in direction" if one.total else moved
    if one.prevalence:
        told += f"; so did {count(len(one.prevalence), 'pooled prevalence')}"
    method = " The method is another." if one.method_changed else ""
    return f"{_between(one)}: {', '.join(studies) or 'no study added, replaced or removed'}; {told}.{method}"


def of_studies(one: Diff | ReleaseEntry) -> list[tuple[tuple[str, ...], str]]:
    """The studies that came, changed or went, each with a word for it; no word without a study."""
    return [(names, how) for names, how in ((one.added, "added"), (one.replaced, "replaced"), (one.removed, "removed")) if names]


def _between(one: Diff) -> str:
    return f"From release {released(one.before)} to {released(one.after)}"


def released(one: ReleaseEntry) -> str:
    """A release by its first digits, with its day: b00e9942a6c0 of 1 December 2026."""
    return f"{one.release[:12]}{f' of {day(one.day)}' if one.day else ''}"


def then_and_now(one: Moved) -> tuple[str, str]:
    """An association before and after, in a few words each."""
    before, after = (side.caption if side is not None else "nothing known" for side in (one.before, one.after))
    return before, f"{after} (other figures)" if before == after else after


def then(entry: ReleaseEntry, gone: str | None) -> list[str]:
    """What stands over a page of a release that is not the current one."""
    if gone is not None:
        return [f"{gone} Below is what the same studies say by today's method."]
    return [f"This is how it stood in release {released(entry)}."]


def since(before: Association | None, now: Association | None) -> str:
    """What has become of an association since."""
    if before == now:
        return "It has not changed since."
    told = now.caption if now is not None else "nothing is known"
    if before is not None and now is not None and before.caption == now.caption:
        return f"It still reads: {told}; other figures of it have changed."
    return f"Since then it has become: {told}."


def brought(one: ReleaseEntry) -> str:
    """What a release brought: 1 study added (xu-2019), 2 replaced."""
    told = [
        f"{count(len(names), 'study', 'studies')} {how} ({', '.join(names[:3])}{' and more' if len(names) > 3 else ''})"
        for names, how in of_studies(one)
    ]
    return "; ".join(told) or (f"{count(one.studies, 'study', 'studies')}" if one.moved is None else "no study of it changed")


def uncounted(*, first: bool) -> str:
    """Why it is not told which associations a release moved."""
    return "the first that is kept" if first else "the method is another: all was read anew"


def line(one: Moved) -> str:
    """An association that moved, in a line."""
    before, after = then_and_now(one)
    behind = f" (by {', '.join(one.studies)})" if one.studies else ""
    return f"{one.exposure.name} and {within(one.outcome)} in {one.population.name}: {before} -> {after}{behind}"
