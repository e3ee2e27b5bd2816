"""What has become of a paper: retracted ones are shown and in no figure, others are marked; lists and bibliographies that say so."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from starlette.testclient import TestClient
from typer.testing import CliRunner

from api.app import create_app
from api.cli import app
from graph import citations
from graph.build import EvidenceGraph, build
from graph.opening import shipped
from graph.property_graph import nodes
from graph.questions import Evidence, Factors, Mechanisms, Page, Prevalence
from graph.release import content_hash, release_of
from graph.stores import snapshot
from graph.stores.memory import MemoryReader, MemoryStore
from loaders.references import formats, retractions
from schema.errors import InputProblems
from schema.identity import identifiers
from schema.observation import RETRACTED
from schema.reference import noted, reference_of, standing_in
from schema.study import Standing, Study

GONE = Standing(kind="retracted", date="2021-03-09", notice="10.1000/notice")
HEADER = (
    "Record ID,Title,Subject,Institution,Journal,Publisher,Country,Author,URLS,ArticleType,RetractionDate,RetractionDOI,"
    "RetractionPubMedID,OriginalPaperDate,OriginalPaperDOI,OriginalPaperPubMedID,RetractionNature,Reason,Paywalled,Notes,\n"
)


def retract(study: Study, standing: Standing = GONE) -> Study:
    return study.model_copy(update={"standing": standing})


def replaced(corpus: Sequence[Study], **standings: Standing) -> list[Study]:
    by_id = {name.replace("_", "-"): standing for name, standing in standings.items()}
    return [retract(one, by_id[one.id]) if one.id in by_id else one for one in corpus]


@pytest.fixture(scope="module")
def marked(corpus: tuple[Study, ...]) -> EvidenceGraph:
    """The shipped corpus with a paper that is retracted, and one about which there is concern."""
    return build(replaced(corpus, xu_2019=GONE, kidwell_2017=Standing(kind="concern")), shipped())


@pytest.fixture(scope="module")
def asked(marked: EvidenceGraph) -> MemoryReader:
    return MemoryReader(marked)


# --- the key ---


def test_a_sheet_without_the_key_keeps_its_hash(corpus: tuple[Study, ...]) -> None:
    study = corpus[0]
    assert "standing" not in study.model_dump(exclude_defaults=True)
    assert content_hash(retract(study)) != content_hash(study)
    assert release_of([retract(study)], shipped()) != release_of([study], shipped())


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "gone"},
        {"kind": "retracted", "date": "9 March"},
        {"kind": "retracted", "notice": "see Lancet"},
        {"kind": "retracted", "by": "a"},
    ],
)
def test_what_is_no_standing_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Standing.model_validate(wrong)


@pytest.mark.parametrize(
    "one",
    [
        GONE,
        Standing(kind="concern"),
        Standing(kind="preprint", by="b-2022", date="2021"),
        Standing(kind="corrected", notice="https://x.org/a"),
    ],
)
def test_a_note_of_a_reference_is_read_as_it_was_written(one: Standing) -> None:
    assert standing_in(noted(one)) == one
    assert standing_in(f"{noted(one)}!") != one


# --- shown, and not counted ---


def test_the_figures_are_those_without_the_paper(some: Callable[[tuple[Study, ...]], Sequence[Study]], corpus: tuple[Study, ...]) -> None:
    gone = {one.id for one in some(corpus)}
    with_marks = build([retract(one) if one.id in gone else one for one in corpus], shipped())
    without = build([one for one in corpus if one.id not in gone], shipped())
    left = {(one.exposure.id, one.outcome.id, one.population.id): one for one in without.associations}
    for one in with_marks.associations:
        own = left.pop((one.exposure.id, one.outcome.id, one.population.id), None)
        if own is None:
            assert (one.studies, one.cohorts, one.weight) == (0, 0, None)
            continue
        kept = tuple(finding for finding in one.findings if finding.partition(":")[0] not in gone)
        update: dict[str, Any] = {"findings": kept}
        if not one.studies:
            update |= {"papers": own.papers, "caption": own.caption}
        assert one.model_copy(update=update) == own
    assert left == {}
    assert [(one.start, one.end, one.supports, one.argues_against) for one in with_marks.mechanisms] == [
        (one.start, one.end, one.supports, one.argues_against) for one in without.mechanisms
    ]
    marked, bare = MemoryReader(with_marks), MemoryReader(without)
    for place in ("ich", "caa"):
        assert Prevalence(population=place).answer(marked).prevalence.pooled == Prevalence(population=place).answer(bare).prevalence.pooled


def test_an_answer_says_what_it_was_with_them(asked: MemoryReader, reader: MemoryReader) -> None:
    ask = Evidence(exposure="cerebral-microbleeds", outcome="r-dwi")
    now, was = ask.answer(asked), ask.answer(reader)
    assert was.with_retracted is None
    assert was.association is not None
    assert now.association is not None
    before = now.with_retracted
    assert before is not None
    for name in ("direction", "certainty", "estimate", "ci", "weight", "cohorts", "caption"):
        assert getattr(before, name) == getattr(was.association, name)
    assert now.association.cohorts == was.association.cohorts - 1
    rows = [row for row in now.rows if row.study.id == "xu-2019"]
    assert rows
    assert {(row.used, row.why, row.study.standing) for row in rows} == {("shown", RETRACTED, "retracted")}
    # left out, it changes nothing
    assert ask.model_copy(update={"filters": ask.filters.model_copy(update={"exclude": ("xu-2019",)})}).answer(asked).with_retracted is None


def test_an_association_of_retracted_papers_alone_says_so(asked: MemoryReader) -> None:
    found = Factors(page=Page(limit=500)).answer(asked).items
    (lacunes,) = (one for one in found if one.exposure.id == "lacunes")
    assert (lacunes.studies, lacunes.certainty, lacunes.caption) == (0, None, "no cohort: its paper is retracted")


def test_a_concern_is_marked_counted_and_stated(asked: MemoryReader, reader: MemoryReader) -> None:
    ask = Evidence(exposure="white-matter-hyperintensities", outcome="r-dwi")
    now = ask.answer(asked)
    assert now.association is not None
    assert any(row.study.standing == "concern" and row.used != "shown" for row in now.rows)
    assert [reason.step for reason in now.association.reasons if reason.domain == "standing"] == [0]
    was = ask.answer(reader).association
    assert was is not None
    assert now.association.certainty == was.certainty


def test_what_took_the_place_of_a_paper_is_of_its_patients(corpus: tuple[Study, ...]) -> None:
    one = build(replaced(corpus, kidwell_2017=Standing(kind="preprint", by="butcher-2025")), shipped())
    assert "butcher-2025" in MemoryReader(one).patients()["kidwell-2017"].overlaps


def test_claims_of_a_retracted_paper_are_shown_and_not_counted(corpus: tuple[Study, ...], reader: MemoryReader) -> None:
    study = next(claim.study for claim in reader.claims() if claim.row.stance == "supports" and "r-dwi" in claim.row.links)
    marked = MemoryReader(build([retract(one) if one.id == study else one for one in corpus], shipped()))
    now, was = (Mechanisms(page=Page(limit=500)).answer(one).items for one in (marked, reader))
    assert sum(len(one.claims) for one in now) == sum(len(one.claims) for one in was)
    assert sum(one.supports for one in now) < sum(one.supports for one in was)


# --- where it is shown ---


@pytest.fixture(scope="module")
def client(marked: EvidenceGraph) -> TestClient:
    return TestClient(create_app(MemoryStore(marked)))


@pytest.mark.parametrize(
    ("page", "words"),
    [
        ("/studies/xu-2019", "Retracted, 2021-03-09, notice 10.1000/notice: its rows are shown, and in no figure."),
        ("/studies/xu-2019", 'href="https://doi.org/10.1000/notice"'),
        ("/studies?q=xu-2019", '<span class="mark retracted">retracted</span>'),
        ("/evidence?exposure=cerebral-microbleeds&outcome=r-dwi", '<span class="mark retracted">retracted</span>'),
        ("/evidence?exposure=cerebral-microbleeds&outcome=r-dwi", "Without a retracted paper (Xu 2019), which is in no figure here."),
        ("/evidence?exposure=white-matter-hyperintensities&outcome=r-dwi", '<span class="mark concern">expression of concern</span>'),
    ],
)
def test_pages_show_it(client: TestClient, page: str, words: str) -> None:
    assert words in client.get(page).text


def test_data_show_it(client: TestClient, marked: EvidenceGraph) -> None:
    assert client.get("/v1/studies/xu-2019").json()["study"]["standing"]["kind"] == "retracted"
    items = client.get("/v1/studies", params={"q": "xu-2019"}).json()["items"]
    assert [one["standing"] for one in items if one["id"] == "xu-2019"] == ["retracted"]
    rows = client.get("/v1/evidence", params={"exposure": "lacunes", "outcome": "r-dwi", "format": "csv"}).text
    assert "standing" in rows.splitlines()[0]
    (node,) = (one for one in nodes(marked) if one.id == "study:xu-2019")
    assert {name: node.properties[name] for name in ("standing", "standing_date", "standing_notice")} == {
        "standing": "retracted", "standing_date": "2021-03-09", "standing_notice": "10.1000/notice",
    }  # fmt: skip


@pytest.mark.parametrize("form", citations.MEDIA)
def test_a_citation_says_it_and_is_read_back(marked: EvidenceGraph, tmp_path: Path, form: str) -> None:
    study = next(one for one in marked.studies if one.id == "xu-2019")
    (tmp_path / "a").write_text(citations.written([reference_of(study)], form))
    records, problems = formats.read([tmp_path / "a"])
    assert problems == []
    assert records[0].reference.standing == GONE


# --- bibliographies ---

TITLE = "Hydroxychloroquine with or without a macrolide"
UPDATE = {"type": "retraction", "DOI": "10.1000/x", "updated": {"date-time": "2020-06-05T00:00:00Z"}}
NBIB = f"""\
PMID- 32450107
TI  - {TITLE}
PT  - Retracted Publication
RIN - Lancet. 2020 Jun 13;395(10240):1820. doi: 10.1016/S0140-6736(20)31324-6. PMID:
      32511943
"""


@pytest.mark.parametrize(
    ("text", "standing"),
    [
        (NBIB, Standing(kind="retracted", date="2020-06-13", notice="10.1016/S0140-6736(20)31324-6")),
        (f"PMID- 1\nTI  - {TITLE}\nPT  - Preprint\n", Standing(kind="preprint")),
        (f"PMID- 1\nTI  - {TITLE}\nECI - Lancet. 2020;1:2\n", Standing(kind="concern", date="2020")),
        (f"PMID- 1\nTI  - {TITLE}\nEIN - Lancet. 2020;1:2\nRIN - Lancet. 2021;1:2\n", Standing(kind="retracted", date="2021")),
        # a notice is no paper that is retracted
        (f"PMID- 1\nTI  - {TITLE}\nPT  - Retraction of Publication\n", None),
        (f"TY  - JOUR\nTI  - RETRACTED: {TITLE}\nER  -\n", Standing(kind="retracted")),
        (f"TY  - JOUR\nTI  - Retraction: {TITLE}\nER  -\n", None),
        (f"@article{{k, title={{RETRACTED ARTICLE: {TITLE}}}}}", Standing(kind="retracted")),
        (json.dumps([{"title": f"Retracted: {TITLE}"}]), Standing(kind="retracted")),
        (json.dumps([{"title": TITLE, "note": "PMID: 5\nStatus: retracted"}]), Standing(kind="retracted")),
        (
            json.dumps([{"title": TITLE, "updated-by": [UPDATE]}]),
            Standing(kind="retracted", date="2020-06-05", notice="10.1000/x"),
        ),
    ],
)  # fmt: skip
def test_a_bibliography_that_says_so_sets_it(tmp_path: Path, text: str, standing: Standing | None) -> None:
    (tmp_path / "refs").write_text(text)
    records, problems = formats.read([tmp_path / "refs"])
    assert problems == []
    assert records[0].reference.standing == standing
    assert records[0].reference.title == (TITLE if standing is not None else records[0].reference.title)


def test_loading_with_a_bibliography_sets_it_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RDWI_SNAPSHOT", str(tmp_path / "data"))
    (tmp_path / "mehra.yaml").write_text("id: mehra\nread: abstract\npmid: '32450107'\n")
    (tmp_path / "refs.nbib").write_text(NBIB)
    done = CliRunner().invoke(app, ["load", str(tmp_path / "mehra.yaml"), "--fresh", "--bibliography", str(tmp_path / "refs.nbib")])
    assert done.exit_code == 0, done.output
    assert "standing retracted, 2020-06-13, 10.1016/S0140-6736(20)31324-6" in done.output
    answer = json.loads(CliRunner().invoke(app, ["study", "mehra", "--format", "json"]).output)
    assert answer["study"]["standing"]["kind"] == "retracted"
    done = CliRunner().invoke(app, ["bibliography", str(tmp_path / "mehra.yaml"), "--from", str(tmp_path / "refs.nbib"), "--in-place"])
    assert "standing: {kind: retracted" in (tmp_path / "mehra.yaml").read_text()


# --- lists ---


def listed(tmp_path: Path, *rows: tuple[str, str, str, str, str]) -> Path:
    """Retraction Watch's CSV of rows of date, notice, DOI, PMID, nature."""
    lines = [
        f'1,"A, b",,,,,,,,,{date},{notice},0,1/1/2019 0:00,{doi},{pmid},{nature},+Error;,No,,\n' for date, notice, doi, pmid, nature in rows
    ]
    path = tmp_path / "rw.csv"
    path.write_text(HEADER + "".join(lines))
    return path


def paper(**more: Any) -> dict[str, Study]:
    return {"a": Study.model_validate({"id": "a", "read": "abstract", "doi": "10.1000/ABC", "pmid": "123", **more})}


@pytest.mark.parametrize(
    ("rows", "standing"),
    [
        ([("3/9/2021 0:00", "10.1000/notice", "10.1000/abc", "0", "Retraction")], GONE),
        ([("3/9/2021 0:00", "unavailable", "unavailable", "123", "Expression of concern")], Standing(kind="concern", date="2021-03-09")),
        (
            [("3/9/2021 0:00", "", "10.1000/abc", "", "Retraction"), ("3/9/2022 0:00", "", "10.1000/abc", "", "Correction")],
            Standing(kind="retracted", date="2021-03-09"),
        ),
        ([("3/9/2021 0:00", "", "10.1000/abc", "", "Retraction"), ("3/9/2022 0:00", "", "10.1000/abc", "", "Reinstatement")], None),
        (
            [("3/9/2022 0:00", "", "10.1000/abc", "", "Retraction"), ("3/9/2021 0:00", "", "10.1000/abc", "", "Reinstatement")],
            Standing(kind="retracted", date="2022-03-09"),
        ),
    ],
)  # fmt: skip
def test_the_last_of_a_lists_notices_stands(tmp_path: Path, rows: Any, standing: Standing | None) -> None:
    assert retractions.named(listed(tmp_path, *rows), paper()) == {"a": standing}


def test_what_a_list_does_not_name_it_says_nothing_of(tmp_path: Path) -> None:
    assert retractions.named(listed(tmp_path, ("", "", "10.1000/other", "0", "Retraction")), paper()) == {}
    (tmp_path / "ids.txt").write_text("# mine\nhttps://doi.org/10.1000/abc\n\nPMID: 7\n")
    assert retractions.named(tmp_path / "ids.txt", paper()) == {"a": Standing(kind="retracted")}
    # what the sheet knows better stays
    assert retractions.named(tmp_path / "ids.txt", paper(standing=GONE.model_dump())) == {"a": GONE}


@pytest.mark.parametrize(
    ("text", "found"), [("Lancet\n", "'Lancet'"), (HEADER + "1,A,,,,,,,,,,,,,10.1/x,,Gone,,,,\n", "the nature 'gone'")]
)
def test_what_is_no_list_is_refused(tmp_path: Path, text: str, found: str) -> None:
    (tmp_path / "list").write_text(text)
    with pytest.raises(InputProblems) as refused:
        retractions.named(tmp_path / "list", paper())
    assert found in refused.value.problems[0].found


def test_the_command_tells_what_would_change_and_writes_sheets(folder: Path, corpus: tuple[Study, ...], tmp_path: Path) -> None:
    study = next(one for one in corpus if one.id == "xu-2019")
    doi = next(one.value for one in identifiers(study) if one.kind == "doi")
    path = listed(tmp_path, ("3/9/2021 0:00", "10.1000/notice", doi, "0", "Retraction"))
    before = (folder / snapshot.NAME).read_bytes()
    told = CliRunner().invoke(app, ["standing", str(path), "--write", str(tmp_path / "sheets")])
    assert told.exit_code == 0, told.output
    assert "1 study named; of 1 the sheet would" in told.output
    assert "Cerebral microbleeds" in told.output
    assert (folder / snapshot.NAME).read_bytes() == before
    assert CliRunner().invoke(app, ["load", str(tmp_path / "sheets")]).exit_code == 0
    answer = json.loads(CliRunner().invoke(app, ["standing", str(path), "--format", "json"]).output)
    assert (answer["changed"], answer["total"]) == ([], 0)
    assert answer["named"] == {"xu-2019": {"date": "2021-03-09", "kind": "retracted", "notice": "10.1000/notice"}}
