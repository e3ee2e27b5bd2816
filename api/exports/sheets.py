"""The extraction sheets: studies/ID.yaml as `rdwi load` reads them, with the terms that didn't come with the package in vocabulary.yaml."""

from __future__ import annotations

from typing import Any

import yaml

from graph.build import EvidenceGraph
from schema import outputs


def write(graph: EvidenceGraph, path: outputs.Place, population: str | None) -> None:
    """Write the folder; `population` must be None: a study is whole or not there."""
    del population
    (path / "studies").mkdir()
    for study in graph.studies:
        outputs.save(path / "studies" / f"{study.id}.yaml", as_yaml(study.model_dump(mode="json", exclude_defaults=True)))
    if graph.field.review is not None:
        outputs.save(path / "review.yaml", as_yaml(graph.field.review.model_dump(mode="json", exclude_defaults=True)))
    own = [term.model_dump(mode="json", exclude_defaults=True) for term in graph.field.own_terms]
    if own:
        # beside the sheets, where it goes with any of them
        outputs.save(path / "studies" / "vocabulary.yaml", as_yaml(own))


def as_yaml(content: Any) -> str:
    """A sheet, or a list, as text in YAML."""
    text: str = yaml.dump(content, Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True, width=120)
    return text
