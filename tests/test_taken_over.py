"""A load costs what it touches, and what is taken over is what would have been built: byte by byte, whatever comes, changes or goes."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from graph import build as building
from graph.build import EvidenceGraph, build
from graph.opening import load, remove, shipped
from graph.settings import Settings
from graph.stores import snapshot
from schema.study import RiskOfBias, Standing, Study
from schema.vocabulary import Term


def written(graph: EvidenceGraph, path: Path) -> bytes:
    snapshot.write(graph, path, "")
    return path.read_bytes()


SAID: tuple[dict[str, Any], ...] = (
    {"standing": Standing(kind="retracted", date="2021-03-09")},
    {"standing": Standing(kind="concern")},
    {"standing": Standing(kind="preprint", by="kidwell-2017")},
    {"risk_of_bias": RiskOfBias.model_validate({"tool": "robins-i", "overall": "high", "domains": {"confounding": "high"}})},
    {"risk_of_bias": RiskOfBias.model_validate({"tool": "quips", "overall": "low", "domains": {"attrition": "low"}})},
    {"extracted_by": "AB", "checked_by": "CD", "disagreement": "the bound"},
)


def other(corpus: tuple[Study, ...], seed: int) -> list[Study]:
    """The corpus less some studies, with some rows gone, some studies of others' patients, and some that fell, were judged or checked."""
    rng = random.Random(seed)
    changed = []
    for study in rng.sample(corpus, len(corpus) - rng.choice([0, 1, 2, 30])):
        turn = rng.random()
        if turn < 0.02 and study.findings:
            changed.append(study.model_copy(update={"findings": study.findings[1:]}))
        elif turn < 0.04:
            changed.append(study.model_copy(update={"overlaps_with": (rng.choice(corpus).id,)}))
        elif turn < 0.05:
            changed.append(study.model_copy(update={"id": f"{study.id}-again", "doi": None, "pmid": None, "pmcid": None}))
        elif turn < 0.15:
            changed.append(study.model_copy(update=rng.choice(SAID)))
        else:
            changed.append(study)
    return changed


@pytest.mark.parametrize("seed", range(6))
def test_what_is_taken_over_is_what_would_be_built(
    corpus: tuple[Study, ...], tmp_path: Path, seed: int, pytestconfig: pytest.Config
) -> None:
    for turn in range(20 if pytestconfig.getoption("--all") else 1):
        before, after = other(corpus, 1000 * seed + turn), other(corpus, 1000 * seed + turn + 500)
        path = tmp_path / snapshot.NAME
        written(build(before, shipped()), path)
        kept = snapshot.read(path, shipped())
        made = kept.changed_to(after, kept.field)
        assert made is not None
        from_nothing = build(after, shipped())
        assert written(made, tmp_path / "taken") == written(from_nothing, tmp_path / "built")
        # gone through as objects, too
        assert replace(made, studies=tuple(made.studies), observations=tuple(made.observations), associations=tuple(made.associations)) == (
            from_nothing
        )


def test_a_load_makes_the_associations_that_it_touches_alone(
    folder: Path, corpus: tuple[Study, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[tuple[str, str, str]] = []
    synthesise = building.synthesise
    monkeypatch.setattr(building, "synthesise", lambda *key, **more: made.append(key[:3]) or synthesise(*key, **more))
    settings = Settings(snapshot=folder, store="memory:", field=None)
    remove(settings, ["kidwell-2017"])
    assert 0 < len(set(made)) < 60
    made.clear()
    load(settings, [shipped().folder / "studies" / "kidwell-2017.yaml"])
    assert 0 < len(set(made)) < 60


def test_of_another_vocabulary_all_is_built_anew(corpus: tuple[Study, ...], tmp_path: Path) -> None:
    path = tmp_path / snapshot.NAME
    written(build(corpus, shipped()), path)
    kept = snapshot.read(path, shipped())
    term = Term(id="another", name="Another", kind="risk-factor", category="other")
    assert kept.changed_to(corpus, kept.field.extended([term])) is None
    assert kept.changed_to(corpus, kept.field) is not None
