"""Cohorts by name."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from graph import questions
from graph.questions.cohorts import cohort
from graph.questions.lists import Page
from graph.stores.memory import MemoryReader
from schema.errors import UnknownName
from schema.study import Study

ALL = Page(limit=None)


def test_every_named_cohort_is_listed_with_its_studies(reader: MemoryReader, corpus: tuple[Study, ...]) -> None:
    answer = questions.Cohorts(page=ALL).answer(reader)
    assert {one.id for one in answer.items} == {name for study in corpus for name in study.cohorts}
    for one in answer.items:
        assert {study.id for study in one.studies} == {study.id for study in corpus if one.id in study.cohorts}
    counts = [len(one.studies) for one in answer.items]
    assert counts == sorted(counts, reverse=True)


def test_a_cohort_names_those_drawn_on_with_it(client: TestClient) -> None:
    found = client.get("/v1/cohorts/ATACH-2").json()
    assert found["cohort"]["id"] == "ATACH-2"
    assert len(found["cohort"]["studies"]) > 3
    assert "ATACH-2" not in found["drawn_on_with"]
    assert client.get("/v1/cohorts?q=atach").json()["items"][0]["id"] == "ATACH-2"


def test_an_unknown_cohort_suggests_the_nearest(reader: MemoryReader, client: TestClient) -> None:
    with pytest.raises(UnknownName) as error:
        cohort(reader, "ATACH-3")
    assert "ATACH-2" in error.value.suggestions
    assert client.get("/v1/cohorts/ATACH-3").status_code == 404
    assert client.get("/v1/cohorts?q=zzz").json()["why"]["status"] == "filtered-out"
