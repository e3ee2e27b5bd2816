"""The papers behind an answer come out as they are known, and are read again by the same libraries."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from starlette.testclient import TestClient
from typer.testing import CliRunner

from api.cli import app
from evidence import STUDIES
from graph import questions
from graph.citations import ENDINGS, MEDIA, behind, cited, written
from graph.questions import lookups
from graph.questions.filters import Filters
from graph.questions.lists import Page
from graph.stores.memory import MemoryReader
from loaders import files
from loaders.references import formats as references
from schema.errors import BadParameter
from schema.reference import Reference, reference_of
from schema.study import Study

FORMS = sorted(MEDIA)


def read(text: str) -> list[Reference]:
    records, problems = references.parsed(files.Source("x", text.encode()))
    assert problems == []
    return [record.reference for record in records]


@pytest.mark.parametrize("form", FORMS)
def test_every_study_comes_out_with_what_is_known_and_nothing_else(corpus: tuple[Study, ...], form: str) -> None:
    known = [reference_of(study) for study in corpus]
    # a first author that the sheet doesn't name apart is the first of its authors
    expected = [one.model_copy(update={"first_author": one.first_author or _first(one)}) for one in known]
    assert len(known) == len(list(STUDIES.glob("*.yaml")))
    assert read(written(known, form)) == expected


def _first(one: Reference) -> str | None:
    return one.named[0].rsplit(" ", 1)[0] if one.named else None


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "title",
    [
        "β-amyloid & 50% of $x < 3 > 2_a #1 {x} ~ ^ \\ “q” \u2013 — \u2019 µ ≥ Ø ł é",
        'Of "quotes", and an http://www.example.org/a_b',
        "\\textbf{bold} \\'e",
        "TY - JOUR ER -",
        "@article{x, y = {z}}",
        "脳出血",
    ],
)
def test_signs_of_every_kind_are_read_back(form: str, title: str) -> None:
    one = Reference(
        id="x-2020",
        title=title,
        first_author="Członkowska",
        authors=("Członkowska AM", "WHO & {Co}", "et al."),
        journal="A & B",
        year=2020,
        doi="10.1002/(SICI)1097_0258(19980815)17:15<1661::AID-SIM968>3.0.CO;2-2",
        pmid="1",
        pmcid="PMC2",
    )
    assert read(written([one], form)) == [one]


@pytest.mark.parametrize("form", FORMS)
def test_what_is_not_known_is_left_out(form: str) -> None:
    text = written([Reference(id="x", title="A title")], form)
    for word in ("author", "AU  -", "year", "PY  -", "issued", "DO  -", "DOI", "journal", "null", "None"):
        assert word not in text


def test_a_thesis_or_a_preprint_is_no_article() -> None:
    for journal, kind in (("Stroke", "JOUR"), ("MSc thesis, University of Alberta", "GEN"), ("medRxiv", "GEN"), (None, "GEN")):
        assert written([Reference(id="x", title="T", journal=journal)], "ris").startswith(f"TY  - {kind}\n")


@pytest.mark.parametrize("authors", [("Menon RS", "et al."), ("Menon RS et al.",), ("Menon RS, et al",), ("Menon RS", "and others")])
def test_a_cut_list_of_authors_says_so_without_an_author_named_et_al(authors: tuple[str, ...]) -> None:
    one = [Reference(id="x", title="T", authors=authors)]
    note = "The list of authors is cut short."
    assert re.findall("AU  - (.*)", written(one, "ris")) == ["Menon, R. S."]
    assert f"N1  - {note}\n" in written(one, "ris")
    assert "author = {Menon, R. S. and others}" in written(one, "bibtex")
    (item,) = json.loads(written(one, "csl-json"))
    assert (item["author"], item["note"]) == ([{"family": "Menon", "given": "R. S."}], note)
    # read again it is no whole list
    assert [read(written(one, form))[0].authors for form in FORMS] == [("Menon RS", "et al.")] * 3


@pytest.mark.parametrize("form", FORMS)
def test_et_al_is_no_author_in_any_form(corpus: tuple[Study, ...], form: str) -> None:
    some = [reference_of(study) for study in corpus]
    assert any(one.cut for one in some)
    assert not re.search(r"(?i)\bet\.? al\b", written(some, form))
    lone = Reference(id="x", title="T", first_author="Menon et al.")
    assert "Menon" in written([lone], form)
    assert "et al" not in written([lone], form)


def test_where_only_the_first_author_is_known_a_note_says_so(corpus: tuple[Study, ...]) -> None:
    butcher = [reference_of(study) for study in corpus if study.id == "butcher-2004"]
    for form in FORMS:
        assert "Only the first author is known." in written(butcher, form)


def test_nothing_is_an_empty_file() -> None:
    assert [written([], form) for form in ("ris", "bibtex", "csl-json")] == ["", "", "[]\n"]
    with pytest.raises(BadParameter):
        written([], "word")


# --- behind answers ---


def test_behind_an_association_stand_all_papers_with_a_row_on_it(reader: MemoryReader) -> None:
    answer = questions.Evidence(exposure="cerebral-microbleeds", outcome="r-dwi", filters=Filters(exclude=("menon-2012",))).answer(reader)
    assert behind(answer) == tuple(sorted({row.study.id for row in answer.rows}))
    assert "menon-2012" not in behind(answer)
    (one,) = [one for one in questions.Factors().answer(reader).items if one.exposure.id == "cerebral-microbleeds"]
    assert set(behind(answer)) < set(behind(one))


@pytest.mark.parametrize(
    "ask",
    [
        lambda reader: questions.Factors(population="caa").answer(reader),
        lambda reader: questions.Outcomes().answer(reader),
        lambda reader: questions.Contested().answer(reader),
        lambda reader: questions.Compare().answer(reader),
        lambda reader: questions.Paths(start="cerebral-microbleeds", end="poor-functional-outcome").answer(reader),
        lambda reader: questions.Gaps(state=("weak", "fair")).answer(reader),
        lambda reader: questions.Prevalence().answer(reader),
        lambda reader: questions.Mechanisms().answer(reader),
        lambda reader: questions.Studies().answer(reader),
        lambda reader: lookups.study(reader, "menon-2012"),
    ],
)
def test_every_answer_has_its_papers(reader: MemoryReader, ask: Any) -> None:
    answer = ask(reader)
    found = behind(answer)
    assert found
    assert set(found) <= set(reader.studies())
    assert len(read(cited(reader, answer, "ris"))) == len(found)


def test_a_prevalence_has_the_papers_of_the_population_that_was_asked_for(reader: MemoryReader) -> None:
    answer = questions.Prevalence(population="ich-caa").answer(reader)
    own = {row.study.id for row in answer.prevalence.rows} | {one.study.id for one in answer.prevalence.published}
    assert set(behind(answer)) == own


def test_terms_have_no_papers(reader: MemoryReader) -> None:
    with pytest.raises(BadParameter):
        cited(reader, questions.Terms(page=Page(limit=1)).answer(reader), "ris")


# --- REST ---


@pytest.mark.parametrize("form", FORMS)
def test_studies_come_in_all_forms(client: TestClient, form: str) -> None:
    answer = client.get("/v1/studies", params={"format": form})
    assert (answer.status_code, answer.headers["content-type"]) == (200, MEDIA[form])
    assert len(read(answer.text)) == len(list(STUDIES.glob("*.yaml")))
    assert len(read(client.get("/v1/studies", params={"format": form, "limit": 3}).text)) == 3
    again = client.get("/v1/studies", params={"format": form}, headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304


@pytest.mark.parametrize(
    "address",
    [
        "/v1/factors?population=caa", "/v1/outcomes", "/v1/evidence?exposure=CMBs&outcome=r-dwi", "/v1/contested", "/v1/compare",
        "/v1/paths?from=CMBs&to=poor-functional-outcome", "/v1/gaps", "/v1/prevalence", "/v1/mechanisms",
    ],
)  # fmt: skip
def test_every_question_gives_its_papers(client: TestClient, address: str) -> None:
    answer = client.get(address + ("&" if "?" in address else "?") + "format=ris")
    assert answer.status_code == 200
    assert read(answer.text)


def test_terms_refuse_to_be_cited(client: TestClient) -> None:
    answer = client.get("/v1/terms?format=ris")
    assert (answer.status_code, answer.json()["allowed"]) == (422, ["json", "csv", "tsv"])


def test_the_forms_are_documented(client: TestClient) -> None:
    content = client.get("/openapi.json").json()["paths"]["/v1/studies"]["get"]["responses"]["200"]["content"]
    assert {media.partition(";")[0] for media in MEDIA.values()} <= set(content)


# --- the command ---


def rdwi(*words: str) -> Any:
    return CliRunner().invoke(app, list(words))


@pytest.mark.usefixtures("folder")
def test_cite_takes_a_question_with_its_options() -> None:
    done = rdwi("cite", "evidence", "CMBs", "r-dwi", "--population", "caa", "--format", "bibtex")
    assert done.exit_code == 0
    assert done.output == rdwi("evidence", "CMBs", "r-dwi", "--population", "caa", "--format", "bibtex").output
    assert done.output.startswith("@")
    assert len(read(rdwi("cite", "factors").output)) > len(read(rdwi("cite", "factors", "--limit", "1").output)) > 0


@pytest.mark.usefixtures("folder")
def test_cite_takes_studies() -> None:
    assert [one.id for one in read(rdwi("cite", "menon-2012", "butcher-2004", "menon-2012").output)] == ["menon-2012", "butcher-2004"]
    assert "menon-2012" in str(rdwi("cite", "menon-2013").exception)
    assert "There is no option" in str(rdwi("cite", "menon-2012", "--population", "caa").exception)


@pytest.mark.usefixtures("folder")
def test_cite_says_why_there_is_no_paper() -> None:
    done = rdwi("cite", "evidence", "CMBs", "r-dwi", "--population", "animal")
    assert (done.exit_code, done.stdout) == (0, "")
    assert "No study of this release" in done.stderr


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("question", [["terms"], ["cite", "terms"]])
def test_terms_are_not_cited(question: list[str]) -> None:
    assert rdwi(*question, "--format", "ris").exit_code != 0


def test_endings_are_known_for_all_forms() -> None:
    assert set(ENDINGS) == set(MEDIA)
