"""The record of a review: review.yaml, its page, its flow diagram."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from starlette.testclient import TestClient

from api.app import create_app
from api.exports import sheets
from api.figures import prisma_flow
from graph.build import EvidenceGraph, build
from graph.opening import field_of, shipped
from graph.settings import Settings
from graph.stores.memory import MemoryStore
from loaders import fields
from loaders.sheets import load
from schema.errors import InputProblems
from schema.field import EvidenceField
from schema.review import Review, Screening
from tests.conftest import BCG

RECORD = """\
question: Does BCG vaccine prevent tuberculosis?
protocol: PROSPERO CRD0
searches:
- {source: MEDLINE, day: 2024-05-01, hits: 700, query: bcg AND trial}
- {source: Embase, day: 2024-05-02, hits: 300}
screening:
  {removed: 200, screened: 800, excluded: 700, sought: 100, not_retrieved: 10, assessed: 90, exclusions: [{reason: no trial, reports: 77}]}
people: [{initials: AB, role: extraction, conflicts: none}]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    copied = tmp_path / "field"
    shutil.copytree(BCG, copied)
    (copied / "review.yaml").write_text(RECORD)
    return copied


def test_it_moves_no_digest_and_is_no_sheet(folder: Path) -> None:
    field = fields.read(folder)
    assert field.review is not None
    assert field.digest == fields.read(BCG).digest
    assert fields.opened(folder).review == field.review
    assert fields.read(BCG).review is None


@pytest.mark.parametrize(
    ("line", "where", "expected"),
    [
        ("hits: 700", "hits: many", "a whole number"),
        ("screened: 800", "screened: 900", "what is possible together"),
        ("protocol:", "protokoll:", "key"),
    ],
)
def test_a_mistake_is_told_with_file_and_line(folder: Path, line: str, where: str, expected: str) -> None:
    (folder / "review.yaml").write_text(RECORD.replace(line, where).replace("removed: 200", "identified: 1000, removed: 200"))
    with pytest.raises(InputProblems) as refused:
        fields.read(folder)
    (problem,) = refused.value.problems
    assert (problem.file, problem.line is not None) == (str(folder / "review.yaml"), True)
    assert expected in problem.expected


@pytest.mark.parametrize(
    "wrong",
    [
        {"identified": 10, "removed": 2, "screened": 9},
        {"screened": 8, "excluded": 3, "sought": 4},
        {"assessed": 2, "exclusions": [{"reason": "a", "reports": 3}]},
    ],
)
def test_steps_that_do_not_add_up_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Screening.model_validate(wrong)


def test_the_flow_says_each_number_and_what_was_not_counted(folder: Path) -> None:
    field = fields.read(folder)
    assert field.review is not None
    drawn = prisma_flow(field.review, 13)
    for words in ("Records identified: n = 1,000", "MEDLINE, 2024-05-01: n = 700", "no trial: n = 77", "Papers in this release: n = 13"):
        assert words in drawn
    assert "not recorded" not in drawn
    bare = prisma_flow(Review(question="Why?"), 13)
    assert "Records screened: not recorded" in bare
    assert "no search of a database is recorded" in bare


def test_the_page_says_what_is_true_of_the_shipped_corpus(client: TestClient, graph: EvidenceGraph) -> None:
    page = client.get("/review").text
    for words in (
        "No protocol was registered",
        "none is recorded",
        "nobody is recorded",
        f"n = {len(graph.studies):,}",
        "Records screened: not",
    ):
        assert words in page
    assert "registered" in client.get("/v1/releases/current").json()["review"]["found"]
    assert client.get("/method").text.count('href="/review"') == 1


def test_a_field_without_one_says_so_and_an_export_takes_it_along(folder: Path, bcg: EvidenceGraph, tmp_path: Path) -> None:
    assert "Nobody has written down" in TestClient(create_app(MemoryStore(bcg))).get("/review").text
    (tmp_path / "out").mkdir()
    sheets.write(build(bcg.studies, fields.read(folder)), tmp_path / "out", None)
    assert "question: Does BCG" in (tmp_path / "out" / "review.yaml").read_text()
    assert shipped().review is not None


def test_a_server_that_comes_with_another_record_gives_its_pages_anew(folder: Path, bcg: EvidenceGraph) -> None:
    def asked(field: EvidenceField, **sent: str) -> Any:
        return TestClient(create_app(MemoryStore(build(bcg.studies, field)))).get("/review", headers=sent)

    etag = {"If-None-Match": asked(fields.read(folder)).headers["ETag"]}
    assert asked(fields.read(folder), **etag).status_code == 304
    (folder / "review.yaml").write_text(RECORD.replace("PROSPERO CRD0", "OSF 1"))
    assert "OSF 1" in asked(field_of(Settings(field=folder)), **etag).text


# --- beside sheets ---


def test_beside_sheets_it_is_checked_and_said_not_to_be_loaded(folder: Path, bcg: EvidenceGraph) -> None:
    (problem,) = load([folder / "studies", folder / "review.yaml"], bcg.field).problems
    assert (problem.severity, problem.file) == ("warning", str(folder / "review.yaml"))
    assert "RDWI_FIELD" in (problem.help or "")
    # as the field has it there is nothing to say
    assert load([folder], fields.read(folder)).problems == ()
    (folder / "review.yaml").write_text(RECORD.replace("hits: 700", "hits: many"))
    (problem,) = load([folder / "studies", folder / "review.yaml"], bcg.field).problems
    assert (problem.severity, problem.line, problem.expected) == ("error", 4, "a whole number")
