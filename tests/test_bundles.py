"""One answer as a ZIP: whole, the same bytes for the same answer, and R reaches the same numbers."""

from __future__ import annotations

import csv
import io
import json
import shlex
import subprocess
import zipfile
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from typer.testing import CliRunner

from api import bundles, rlines
from api.cli import app
from api.figures import evidence_plot
from graph import questions
from graph.build import EvidenceGraph
from graph.citations import behind
from graph.questions.filters import Filters
from graph.stores.memory import MemoryReader
from loaders import files
from loaders.references import formats as references
from schema.answer import Evidence

PARTS = {"README.txt", "answer.json", "question.json", "figure.svg", "rows.csv", "papers.ris", "papers.bib", "papers.json"}


def opened(content: bytes) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name).decode() for name in archive.namelist()}


DESIGNS = ("prospective-cohort", "retrospective-cohort", "cross-sectional")
ASKED = questions.Evidence(
    exposure="CMBs", outcome="r-dwi", filters=Filters(design=DESIGNS, year_from=2010, exclude=("menon-2012",), adjusted=None)
)
PLAIN = questions.Evidence(exposure="cerebral-microbleeds", outcome="r-dwi")


@pytest.fixture(scope="module")
def answer(reader: MemoryReader) -> Evidence:
    return ASKED.answer(reader)


def test_a_bundle_holds_the_answer_its_rows_and_its_papers(reader: MemoryReader, answer: Evidence) -> None:
    parts = opened(bundles.packed(reader, ASKED, answer))
    assert set(parts) >= PARTS
    assert Evidence.model_validate_json(parts["answer.json"]) == answer
    rows = list(csv.DictReader(io.StringIO(parts["rows.csv"], newline="")))
    assert [row["finding"] for row in rows] == [row.finding for row in answer.rows]
    assert parts["figure.svg"] == evidence_plot(answer, reader.field().title)
    for name in ("papers.ris", "papers.bib", "papers.json"):
        records, problems = references.parsed(files.Source(name, parts[name].encode()))
        assert problems == []
        assert [record.reference.id for record in records] == list(behind(answer))


def test_the_question_asked_again_gives_the_answer_again(reader: MemoryReader, answer: Evidence, client: TestClient, folder: Path) -> None:
    del folder
    question = json.loads(opened(bundles.packed(reader, ASKED, answer))["question.json"])
    assert question["release"] == answer.release
    assert Evidence.model_validate(client.get(question["address"]).json()) == answer
    _, *words = shlex.split(question["command"])
    assert Evidence.model_validate_json(CliRunner().invoke(app, [*words, "--format", "json"]).output) == answer


def test_the_readme_names_every_file_and_the_release(reader: MemoryReader, answer: Evidence) -> None:
    parts = opened(bundles.packed(reader, ASKED, answer))
    for name in set(parts) - {"README.txt"}:
        assert name in parts["README.txt"]
    for words in (answer.release, "not medical advice", "rdwi-graph", "method"):
        assert words in parts["README.txt"]
    assert answer.association is not None
    assert answer.association.caption in parts["README.txt"]


def test_the_same_answer_gives_the_same_bytes(reader: MemoryReader, answer: Evidence) -> None:
    assert bundles.packed(reader, ASKED, answer) == bundles.packed(reader, ASKED, answer)


def test_a_bundle_of_what_was_not_studied_says_so(reader: MemoryReader) -> None:
    asked = PLAIN.model_copy(update={"population": "animal"})
    parts = opened(bundles.packed(reader, asked, asked.answer(reader)))
    assert "No study of this release says anything of it" in parts["README.txt"]
    assert "There are no R lines" in parts["README.txt"]
    assert "pooled.R" not in parts
    assert parts["papers.json"] == "[]\n"


def test_the_zip_over_rest(client: TestClient) -> None:
    address = "/v1/evidence?exposure=CMBs&outcome=r-dwi&format=zip"
    got = client.get(address)
    assert (got.status_code, got.headers["content-type"]) == (200, "application/zip")
    assert 'filename="rdwi-cerebral-microbleeds-r-dwi-ich-' in got.headers["content-disposition"]
    assert "pooled.R" in opened(got.content)
    assert client.get(address, headers={"If-None-Match": got.headers["etag"]}).status_code == 304
    assert client.get("/v1/factors?format=zip").status_code == 422


@pytest.mark.usefixtures("folder")
def test_the_zip_by_the_command(tmp_path: Path, client: TestClient) -> None:
    done = CliRunner().invoke(app, ["evidence", "CMBs", "r-dwi", "--bundle", str(tmp_path / "out.zip")])
    assert done.exit_code == 0, done.output
    assert done.output == CliRunner().invoke(app, ["evidence", "CMBs", "r-dwi"]).output
    assert (tmp_path / "out.zip").read_bytes() == client.get("/v1/evidence?exposure=CMBs&outcome=r-dwi&format=zip").content
    done = CliRunner().invoke(app, ["evidence", "CMBs", "r-dwi", "--bundle", str(tmp_path / "none" / "out.zip")])
    assert "can't be written" in str(done.exception)


# --- R ---


def test_r_pools_every_association_to_the_same_numbers(rscript: str, graph: EvidenceGraph, pools: EvidenceGraph, tmp_path: Path) -> None:
    # an association is often the same in a population and in its parts
    scripts = {}
    for whole in (graph, pools):
        observations, studies = {one.finding: one for one in whole.observations}, {study.id: study for study in whole.studies}
        scripts |= {
            tuple(one.families): text for one in whole.associations if (text := rlines.lines(one, observations, studies, "x")) is not None
        }
    assert len(scripts) >= 10
    calls = []
    for i, text in enumerate(scripts.values()):
        (tmp_path / f"{i}.R").write_text(text, encoding="utf-8")
        calls.append(f'invisible(capture.output(source("{i}.R", local = new.env(), encoding = "UTF-8")))')
    (tmp_path / "all.R").write_text("\n".join([*calls, f'cat("{len(scripts)} scripts ran")']))
    done = subprocess.run([rscript, "all.R"], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout == f"{len(scripts)} scripts ran"


def test_r_stops_where_a_served_number_is_another(rscript: str, reader: MemoryReader, answer: Evidence, tmp_path: Path) -> None:
    del answer
    parts = opened(bundles.packed(reader, PLAIN, PLAIN.answer(reader)))
    (family, *_) = [one for one in PLAIN.answer(reader).association.families if one.k > 1]  # type: ignore[union-attr]
    assert family.reml_hk is not None
    for name, text in (
        ("right.R", parts["pooled.R"]),
        ("wrong.R", parts["pooled.R"].replace(repr(family.estimate), repr(family.estimate * 1.001))),
    ):
        (tmp_path / name).write_text(text, encoding="utf-8")
    right = subprocess.run([rscript, "right.R"], cwd=tmp_path, capture_output=True, text=True, check=False)
    wrong = subprocess.run([rscript, "wrong.R"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (right.returncode, "headline, Bayesian" in right.stdout) == (0, True), right.stderr
    assert (wrong.returncode != 0, "R gives other figures than were served" in wrong.stderr) == (True, True)
