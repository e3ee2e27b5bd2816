"""What the asker's own choices make of an association: studies left out, studies added, another prior."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graph.wording.names import opened
from schema.association import Association

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
