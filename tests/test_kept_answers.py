"""The associations of the shipped corpus, and all that is said of the first of them, are what they were when they were last looked at.

RDWI_ANSWERS=1 writes them anew: the difference is for a reader, who says in the changelog why it is right.
"""

from __future__ import annotations

import json
import lzma
import os
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from graph.build import build
from graph.opening import shipped, shipped_studies
from graph.questions import Evidence, Factors, Outcomes, Page
from graph.stores.memory import MemoryStore

KEPT = Path(__file__).parent / "data" / "answers.json.xz"


def rounded(value: Any) -> Any:
    """Figures to six digits: what lies beyond is the machine's."""
    if isinstance(value, float):
        return float(f"{value:.6g}")
    if isinstance(value, dict):
        return {key: rounded(one) for key, one in value.items()}
    return [rounded(one) for one in value] if isinstance(value, list) else value


def kept(answer: BaseModel) -> Any:
    return rounded(answer.model_dump(mode="json", exclude_defaults=True, exclude={"release"}))


@pytest.fixture(scope="module")
def answers() -> dict[str, Any]:
    field = shipped()
    graph = build(shipped_studies(field), field)
    reader = MemoryStore(graph).ask(lambda reader: reader)
    first = [*Factors(page=Page(limit=12)).answer(reader).items, *Outcomes(page=Page(limit=8)).answer(reader).items]
    return {
        **{f"{one.exposure.id} > {one.outcome.id} in {one.population.id}": kept(one) for one in graph.associations},
        **{
            f"evidence on {one.exposure.id} > {one.outcome.id}": kept(
                Evidence(exposure=one.exposure.id, outcome=one.outcome.id).answer(reader)
            )
            for one in first
        },
    }


@pytest.mark.skipif("RDWI_ANSWERS" not in os.environ, reason="RDWI_ANSWERS=1 writes the answers anew")
def test_the_answers_are_kept(answers: dict[str, Any]) -> None:
    KEPT.write_bytes(lzma.compress(json.dumps(answers, sort_keys=True).encode(), preset=9))


def test_no_answer_of_the_shipped_corpus_changes_unseen(answers: dict[str, Any]) -> None:
    kept = json.loads(lzma.decompress(KEPT.read_bytes()))
    assert sorted(answers) == sorted(kept)
    changed = {
        name: {key: (kept[name].get(key), one.get(key)) for key in {*kept[name], *one} if kept[name].get(key) != one.get(key)}
        for name, one in answers.items()
        if one != kept[name]
    }
    if changed:
        pytest.fail(f"{len(changed)} answers changed: {str(changed)[:2000]}", pytrace=False)
