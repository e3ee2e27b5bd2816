"""A paper is known by its DOI, PMID and PMCID however they are written: it stands under one id, and is found by any of its names."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from time import process_time
from typing import Any

import pytest
import yaml
from starlette.testclient import TestClient
from typer.testing import CliRunner

from api.app import create_app
from api.assistant.tools import tools
from api.cli import app
from graph import opening, questions
from graph.build import EvidenceGraph, build
from graph.opening import shipped
from graph.python import Graph
from graph.questions import Filters, lookups
from graph.settings import Settings
from graph.stores.memory import MemoryReader, MemoryStore
from graph.stores.port import Held
from loaders import identity, sheets
from loaders.sheets import load_text
from schema.errors import InputProblems, SeveralNamed, UnknownName
from schema.identity import Identifier, all_named, another, described, identifier, identifiers, named, one_named, work
from schema.reference import Reference
from schema.study import Study
from schema.vocabulary import Term, Vocabulary

DOI, PMID = "10.1002/ana.22668", "22367992"

# --- what a text is ---

DOIS = [
    DOI, "10.1002/ANA.22668", "https://doi.org/10.1002/ana.22668", "http://dx.doi.org/10.1002/ana.22668", "doi.org/10.1002/ana.22668",
    "https://www.doi.org/10.1002/ana.22668/", "https://DX.DOI.ORG/10.1002/ana.22668?via=x", "doi:10.1002/ana.22668",
    "DOI: 10.1002/ana.22668",
    "doi 10.1002/ana.22668", " 10.1002/ana.22668. ", "10.1002/ana.22668...", "doi: https://doi.org/10.1002/ana.22668.",
    "https://doi.org/10.1002%2Fana.22668", "info:doi/10.1002/ana.22668", "urn:doi:10.1002/ana.22668", "10.1002/ana.22668\u200b",
]  # fmt: skip
PMIDS = [
    PMID, "PMID:22367992", "pmid: 22367992", "PMID 22367992", "PubMed:22367992", "PubMed ID: 22367992", "022367992", "22367992.",
    "https://pubmed.ncbi.nlm.nih.gov/22367992/", "pubmed.ncbi.nlm.nih.gov/22367992", "https://pubmed.ncbi.nlm.nih.gov/22367992/?dopt=Abstract",
    "http://www.ncbi.nlm.nih.gov/pubmed/22367992", "https://www.ncbi.nlm.nih.gov/pubmed/?term=22367992",
    "https://europepmc.org/article/MED/22367992", "https://identifiers.org/pubmed:22367992",
]  # fmt: skip
PMCIDS = [
    "PMC5562962", "pmc5562962", "PMCID: PMC5562962", "PMCID:PMC5562962", "PMCID: 5562962", "PMC:PMC5562962", "PMC5562962.1",
    "https://www.ncbi.nlm.nih.gov/pmc/articles/PMC5562962/", "https://pmc.ncbi.nlm.nih.gov/articles/PMC5562962",
    "https://europepmc.org/article/PMC/PMC5562962", "https://www.ncbi.nlm.nih.gov/pmc/articles/PMC5562962/pdf/nihms.pdf",
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        *((text, ("doi", DOI)) for text in DOIS),
        *((text, ("pmid", PMID)) for text in PMIDS),
        *((text, ("pmcid", "pmc5562962")) for text in PMCIDS),
        ("10.1016/S0140-6736(13)60309-1", ("doi", "10.1016/s0140-6736(13)60309-1")),
        ("10.1002/(SICI)1097(1998)17:15<1661::AID-SIM968>3.0.CO;2-2", ("doi", "10.1002/(sici)1097(1998)17:15<1661::aid-sim968>3.0.co;2-2")),
    ],
)  # fmt: skip
def test_an_id_of_a_paper_is_read_however_it_is_written(text: str, meant: tuple[str, str]) -> None:
    assert identifier(text) == meant


@pytest.mark.parametrize(
    "text",
    ["", "menon-2012", "Menon 2012", "see 10.1002/ana.22668", "10.1002/", "10.1002/.", "10.1/x", "10.1002/ana 22668", "PMC", "PMID", "0",
     "-1", "12.5", "1234567890", "MESH:D016657", "study:menon-2012", "nlr-pmid31651093", "PMID:22367992 PMID:2", "https://example.org/22367992"],
)  # fmt: skip
def test_what_is_no_id_of_a_paper_is_not_taken_for_one(text: str) -> None:
    assert identifier(text) is None


@pytest.mark.parametrize(("key", "texts", "bare"), [("doi", DOIS[2:], DOI), ("pmid", PMIDS, PMID), ("pmcid", PMCIDS, "PMC5562962")])
def test_a_sheet_may_give_an_id_as_it_was_copied(key: str, texts: list[str], bare: str) -> None:
    for text in texts:
        assert getattr(Study.model_validate({"id": "a", "read": "abstract", key: text}), key).lower() == bare.lower()


# --- one paper, one id ---


def paper(study: str, **told: Any) -> dict[str, Any]:
    return {"id": study, "read": "abstract", **told}


TITLE = "Lesions that are far from the haemorrhage"
WHOLE = {"title": TITLE, "first_author": "Novak", "year": 2019, "doi": "10.1234/Aa.1", "pmid": "123", "pmcid": "PMC77"}


def text_of(*papers: dict[str, Any]) -> bytes:
    return json.dumps(papers, indent=1).encode()


def read(*papers: dict[str, Any], held: tuple[Study, ...] = ()) -> sheets.Loaded:
    return load_text("a.json", text_of(*papers), shipped(), held=held)


def studies(*papers: dict[str, Any]) -> tuple[Study, ...]:
    return tuple(map(Study.model_validate, papers))


SAME = [
    ({"doi": "https://doi.org/10.1234/aA.1."}, "DOI"),
    ({"pmid": "PMID: 0123"}, "PMID"),
    ({"pmcid": "https://pmc.ncbi.nlm.nih.gov/articles/PMC77/"}, "PMCID"),
    ({"doi": "10.9999/other", "pmid": "123"}, "PMID"),
]


@pytest.mark.parametrize(("told", "kind"), SAME)
def test_one_paper_under_two_ids_in_a_file_is_an_error_that_names_both_and_both_places(told: dict[str, str], kind: str) -> None:
    loaded = read(paper("novak-2019", **WHOLE), paper("mine", **told))
    (problem,) = loaded.errors
    lines = text_of(paper("novak-2019", **WHOLE), paper("mine", **told)).decode().splitlines()
    line = max(i for i, text in enumerate(lines, start=1) if f'"{kind.lower()}"' in text)
    assert (problem.file, problem.study, problem.path, problem.line) == ("a.json", "mine", kind.lower(), line)
    assert "'mine' with the " in str(problem)
    assert f"{kind} " in str(problem)
    assert "of 'novak-2019' (in a.json, line 3)" in str(problem)
    assert [study.id for study in loaded.studies] == ["novak-2019"]


@pytest.mark.parametrize(("told", "kind"), SAME)
def test_one_paper_under_two_ids_against_the_store_is_an_error(told: dict[str, str], kind: str) -> None:
    loaded = read(paper("mine", **told), held=studies(paper("novak-2019", **WHOLE)))
    (problem,) = loaded.errors
    assert (problem.study, problem.path) == ("mine", kind.lower())
    assert "of 'novak-2019' (in the store)" in problem.found
    assert problem.help is not None
    assert "Load it as novak-2019" in problem.help
    assert loaded.studies == ()


def test_all_that_two_papers_share_is_one_error_and_each_other_paper_is_named() -> None:
    loaded = read(paper("mine", **WHOLE), held=studies(paper("a", doi="10.1234/aa.1", pmid="123"), paper("b", pmcid="PMC77")))
    assert [problem.found for problem in loaded.errors] == [
        "'mine' with the DOI 10.1234/Aa.1 and PMID 123 of 'a' (in the store)",
        "'mine' with the PMCID PMC77 of 'b' (in the store)",
    ]


def test_a_paper_with_other_errors_is_told_to_be_a_second_one_in_the_same_round() -> None:
    loaded = read(paper("novak-2019", **WHOLE), {**paper("mine", doi="10.1234/AA.1"), "read": "guessed", "year": "2019"})
    assert sorted(problem.path or "" for problem in loaded.errors) == ["doi", "read", "year"]


def test_a_paper_under_the_id_that_the_store_has_replaces_it_without_a_word() -> None:
    held = studies(paper("novak-2019", **WHOLE))
    assert read(paper("novak-2019", **{**WHOLE, "doi": "doi:10.1234/AA.1", "journal": "Stroke"}), held=held).problems == ()


def test_an_id_may_move_from_one_study_to_another_in_one_load() -> None:
    held = studies(paper("a", doi="10.1234/wrong"), paper("b", doi="10.1234/right"))
    loaded = read(paper("b"), paper("c", doi="10.1234/right"), held=held)
    assert loaded.errors == ()


def test_an_id_a_second_time_is_told_once() -> None:
    (problem,) = read(paper("a", **WHOLE), paper("a", **WHOLE)).problems
    assert problem.found == "the id 'a' a second time (first in a.json, line 3)"


# --- the same title, year and first author ---

LIKE = {"title": TITLE.upper() + ".", "first_author": "Novak", "year": 2019}


@pytest.mark.parametrize(
    "told", [LIKE, {**LIKE, "doi": "10.1234/other"}, {**LIKE, "first_author": None, "authors": ["Novak PQ", "et al."]}]
)
def test_the_same_title_year_and_first_author_under_two_ids_is_a_warning(told: dict[str, Any]) -> None:
    for loaded in (
        read(paper("novak-2019", **WHOLE), paper("mine", **told)),
        read(paper("mine", **told), held=studies(paper("novak-2019", **WHOLE))),
    ):
        (problem,) = loaded.problems
        assert (problem.severity, problem.path, problem.study) == ("warning", "title", "mine")
        assert "the title, year and first author of 'novak-2019'" in problem.found
        assert "mine" in {study.id for study in loaded.studies}


@pytest.mark.parametrize(
    ("missing", "told"), [("year", "title and first author of"), ("first_author", "title and year of"), ("title", None)]
)
def test_a_year_or_first_author_that_one_of_two_papers_does_not_tell_is_like_any(missing: str, told: str | None) -> None:
    less = {key: value for key, value in LIKE.items() if key != missing}
    for one, other in (("less", "whole"), ("whole", "less")):
        papers = {"less": paper("mine", **less), "whole": paper("novak-2019", **LIKE)}
        found = [problem.found for problem in read(papers[one], papers[other]).problems]
        assert [str(told) in text for text in found] == ([True] if told else [])


@pytest.mark.parametrize(
    "told",
    [
        {**LIKE, "year": 2020},
        {**LIKE, "first_author": "Svoboda"},
        {**LIKE, "title": "Other lesions that are far from the haemorrhage"},
        {"title": "Reply", "year": 2019},
        {**LIKE, "overlaps_with": ["novak-2019"]},
        {},
    ],
)
def test_papers_that_are_two_are_no_warning(told: dict[str, Any]) -> None:
    assert read(paper("novak-2019", **WHOLE), paper("mine", **told)).problems == ()
    assert read(paper("a", title="Reply", year=2019), paper("b", title="Reply", year=2019)).problems == ()
    assert read(paper("a"), paper("b")).problems == ()


def test_a_paper_that_is_said_to_share_patients_with_a_later_one_is_no_warning() -> None:
    assert read(paper("mine", **LIKE), held=studies(paper("novak-2019", **WHOLE, overlaps_with=["mine"]))).problems == ()


def test_each_paper_of_the_corpus_stands_under_one_id(corpus: tuple[Study, ...]) -> None:
    names = [name for study in corpus for name in identifiers(study)]
    assert len(names) == len(set(names)) > 250
    works = [told for study in corpus if (told := work(study)) is not None]
    assert len(works) == len(set(works)) > 130


def test_ten_thousand_papers_are_compared_in_a_moment() -> None:
    told = {"title": TITLE, "year": 2000}
    held = studies(*(paper(f"s-{i}", **told, first_author=f"A{i}", doi=f"10.1234/s.{i}", pmid=f"1{i}") for i in range(5_000)))
    coming = [identity.Printed(one.model_copy(update={"id": f"n-{one.id}"}), "a.yaml") for one in held]
    began = process_time()
    assert len(identity.problems_of(coming, held)) == 5_000
    assert process_time() - began < 5


# --- another paper in a study's place ---


@pytest.mark.parametrize(
    ("told", "key"),
    [
        ({"doi": "10.1234/other"}, "doi"),
        ({"pmid": "124"}, "pmid"),
        ({"pmcid": "PMC78"}, "pmcid"),
        ({**WHOLE, "doi": "10.1234/other"}, "doi"),
        ({**WHOLE, "pmid": "9"}, "pmid"),
    ],
)
def test_another_paper_in_the_place_of_a_study_is_refused_with_both_and_what_to_do(told: dict[str, Any], key: str) -> None:
    held = studies(paper("novak-2019", **WHOLE))
    coming = paper("novak-2019", **told)
    (problem,) = read(coming, held=held).errors
    assert problem.path == key
    for words in (str(told[key]), str(WHOLE[key]), "'novak-2019'", "--replace-study", "another id", "Novak 2019"):
        assert words in str(problem), words
    papers = [identity.Printed(Reference(id="novak-2019", **told), "a.json")]
    assert identity.problems_of(papers, held, replace=True) == {}


@pytest.mark.parametrize(
    ("told", "warned"),
    [
        ({"title": "Another title"}, True),
        ({"title": "Another title", "doi": WHOLE["doi"]}, True),
        ({"title": TITLE.lower()}, False),
        ({"doi": WHOLE["doi"]}, False),
        # nothing says that it is the same paper
        ({"first_author": "Novak", "year": 2019}, True),
        ({}, True),
    ],
)
def test_another_title_or_nothing_that_says_it_is_the_same_paper_is_a_warning(told: dict[str, Any], warned: bool) -> None:
    loaded = read(paper("novak-2019", **told), held=studies(paper("novak-2019", **WHOLE)))
    assert [problem.severity for problem in loaded.problems] == ["warning"] * warned
    assert len(loaded.studies) == 1


def test_a_study_of_which_little_is_known_is_replaced_without_a_word_unless_year_and_author_are_others() -> None:
    old, new = {"first_author": "Novak", "year": 2019}, {"first_author": "Svoboda", "year": 2020}
    assert another(Reference(**old), Reference(**old)) is None
    assert another(Reference(), Reference(**new)) is None
    assert another(Reference(**old), Reference(**{**new, "year": 2019})) is None
    assert another(Reference(**old), Reference(**new)) == "perhaps"


def test_a_paper_in_words_says_what_is_known() -> None:
    assert described(Reference(**WHOLE)) == f"Novak 2019, {TITLE!r} (DOI 10.1234/Aa.1, PMID 123, PMCID PMC77)"
    assert described(Reference(doi="10.1234/a")) == "(DOI 10.1234/a)"
    assert described(Reference()) == "a paper of which nothing is told"


# --- across files and against the store, by check, preview and load ---


@pytest.fixture
def at(empty_folder: Path) -> Settings:
    """Settings of an empty store, and below its folder a place for sheets."""
    empty_folder.mkdir()
    return Settings()


def written(folder: Path, **files: dict[str, Any]) -> list[Path]:
    for name, sheet in files.items():
        (folder / f"{name}.yaml").write_text(yaml.safe_dump(sheet, sort_keys=False))
    return [folder / f"{name}.yaml" for name in files]


def test_one_paper_under_two_ids_in_two_files_is_an_error_and_nothing_is_loaded(at: Settings, tmp_path: Path) -> None:
    paths = written(tmp_path, a=paper("novak-2019", **WHOLE), b=paper("mine", **{**WHOLE, "doi": "https://doi.org/10.1234/AA.1"}))
    for read_by in (lambda: opening.load(at, paths, fresh=True), lambda: raised(opening.check(at, paths, fresh=True))):
        with pytest.raises(InputProblems) as refused:
            read_by()
        (problem,) = refused.value.problems
        assert (problem.file, problem.line) == (str(paths[1]), 6)
        assert f"'novak-2019' (in {paths[0]}, line 1)" in problem.found
    assert opening.load(at, paths, fresh=True, keep_going=True).added == ("novak-2019",)


def raised(loaded: sheets.Loaded) -> None:
    raise InputProblems(loaded.problems)


def test_a_flat_table_is_compared_with_sheets_by_its_cells(at: Settings, tmp_path: Path) -> None:
    (path,) = written(tmp_path, a=paper("novak-2019", **WHOLE))
    table = tmp_path / "b.csv"
    table.write_text(
        "Study ID,DOI,Read,Population,Risk factor,Outcome,OR,CI,Direction\n"
        "mine,https://doi.org/10.1234/AA.1,abstract,ICH,CMBs,R-DWI,2.0,1.1-3.6,increases\n"
    )
    (problem,) = opening.check(at, [path, table], fresh=True).errors
    assert (problem.file, problem.line, problem.column, problem.study) == (str(table), 2, 2, "mine")


@pytest.fixture
def stored(at: Settings, tmp_path: Path) -> Settings:
    opening.load(at, written(tmp_path, first=paper("novak-2019", **WHOLE)), fresh=True)
    return at


def test_check_preview_and_load_tell_the_same_of_a_paper_that_the_store_has(stored: Settings, tmp_path: Path) -> None:
    for name, sheet in {"copy": paper("mine", **WHOLE), "other": paper("novak-2019", doi="10.1234/other")}.items():
        paths = written(tmp_path, **{name: sheet})
        checked = opening.check(stored, paths).problems
        assert [problem.severity for problem in checked] == ["error"]
        with pytest.raises(InputProblems) as refused:
            opening.load(stored, paths)
        assert refused.value.problems == checked
        store = opening.open_store(stored)
        with pytest.raises(InputProblems) as refused:
            opening.preview(store, paths)
        assert refused.value.problems == checked
        with pytest.raises(InputProblems) as refused:
            store.ask(lambda reader, path=paths[0]: opening.preview_text(reader, str(path), path.read_bytes()))  # type: ignore[misc]
        assert refused.value.problems == checked
        # fresh: the store doesn't count
        assert opening.check(stored, paths, fresh=True).problems == ()


def test_what_is_replaced_or_left_out_with_the_store_does_not_count(stored: Settings, tmp_path: Path) -> None:
    copy = written(tmp_path, copy=paper("mine", **WHOLE))
    opening.remove(stored, ["novak-2019"])
    assert opening.load(stored, copy).added == ("mine",)
    assert opening.load(stored, written(tmp_path, b=paper("novak-2019", **WHOLE)), fresh=True).added == ("novak-2019",)


def test_another_paper_takes_the_place_of_a_study_where_that_is_asked_for(stored: Settings, tmp_path: Path) -> None:
    (path,) = written(tmp_path, other=paper("novak-2019", doi="10.1234/other"))
    refused = CliRunner().invoke(app, ["load", str(path)])
    assert isinstance(refused.exception, InputProblems)
    done = CliRunner().invoke(app, ["load", str(path), "--replace-study"])
    assert done.exit_code == 0, done.output
    assert "0 studies added, 1 replaced." in done.output
    assert opening.open_graph(stored).study("10.1234/other").study.title is None


def test_a_shipped_study_is_not_replaced_by_another_paper_from_a_table_of_one_row(folder: Path, tmp_path: Path) -> None:
    table = tmp_path / "wang.csv"
    table.write_text(
        "Author,Year,Title,DOI,Read,Population,Risk factor,Outcome,OR (95% CI),Direction\n"
        "Wang,2021,Something else,10.1234/other,abstract,ICH,CMBs,R-DWI,2.0 (1.1-3.6),increases\n"
    )
    told = json.loads(CliRunner().invoke(app, ["check", str(table), "--format", "json"]).stdout)
    assert [(one["line"], one["column"]) for one in told["problems"] if one["severity"] == "error"] == [(2, 4)]
    for command in ("preview", "load"):
        outcome = CliRunner().invoke(app, [command, str(table)])
        assert isinstance(outcome.exception, InputProblems), command
        (problem,) = (one for one in outcome.exception.problems if one.severity == "error")
        assert (problem.line, problem.column) == (2, 4)
        for words in ("10.1234/other", "10.22088/cjim.12.1.97", "'wang-2021'", "--replace-study"):
            assert words in str(problem)


def test_a_doi_that_a_reference_file_fills_in_is_compared_too(stored: Settings, tmp_path: Path) -> None:
    title = "Lesions far from the haemorrhage, as it was first called"
    (path,) = written(tmp_path, mine=paper("mine", title=title))
    (tmp_path / "refs.ris").write_text(f"TY  - JOUR\nTI  - {title}\nAU  - Novak, P.\nPY  - 2019\nDO  - 10.1234/aa.1\nER  - \n")
    words = ["load", str(path), "--bibliography", str(tmp_path / "refs.ris")]
    refused = CliRunner().invoke(app, words)
    assert isinstance(refused.exception, InputProblems)
    assert "'novak-2019' (in the store)" in str(refused.exception.problems[0])
    assert CliRunner().invoke(app, [*words, "--keep-going"]).exit_code == 1
    assert [one.id for one in opening.open_graph(stored).studies().items] == ["novak-2019"]


def test_a_title_that_a_reference_file_fills_in_settles_that_it_is_the_same_paper(at: Settings, tmp_path: Path) -> None:
    paths = written(tmp_path, a=paper("novak-2019", pmid="pmid:123"), b=paper("b", doi="https://doi.org/10.1234/B.2"))
    refs = tmp_path / "refs.nbib"
    refs.write_text(f"PMID- 123\nTI  - {TITLE}\n\nPMID- 7\nTI  - Of something else, quite\nLID - 10.1234/b.2 [doi]\n")
    words = ["load", *map(str, paths), "--bibliography", str(refs)]
    for wanted in ("2 studies added", "Nothing changed"):
        done = CliRunner().invoke(app, words)
        assert (done.exit_code, done.stderr) == (0, ""), done.output
        assert wanted in done.output
    assert "novak-2019' (" not in done.output
    warned = CliRunner().invoke(app, ["check", *map(str, paths)]).stderr
    assert warned == ""
    assert opening.open_graph(at).study("PMID:7").study.id == "b"


def test_a_posted_sheet_of_a_paper_that_is_there_is_told_so_by_rest_and_the_page(client: TestClient, corpus: tuple[Study, ...]) -> None:
    copy = (
        next(one for one in corpus if one.id == "menon-2012").model_copy(update={"id": "copy-menon"}).model_dump_json(exclude_defaults=True)
    )
    answer = client.post("/v1/preview", content=copy.encode())
    assert answer.status_code == 422
    page = client.post("/preview", data={"text": copy})
    assert page.status_code == 422
    for told in (answer.json()["problems"][0], page.text.replace("&#39;", "'")):
        assert "of 'menon-2012' (in the store)" in told


def test_a_paper_that_a_newer_corpus_brings_under_another_id_than_the_users_is_told(
    corpus: tuple[Study, ...], caplog: pytest.LogCaptureFixture
) -> None:
    menon = next(one for one in corpus if one.id == "menon-2012")
    mine, other = menon.model_copy(update={"id": "mine"}), Study(id="wang-2021", read="abstract", doi="10.1234/other")
    opening._joined(Held("", (menon, mine, other), (), frozenset({"mine", "wang-2021"}), frozenset(), current=False), shipped(), None)
    assert [told.partition(" of ")[0] for told in caplog.messages] == [
        "Found 'mine' with the DOI 10.1002/ana.22668 and PMID 22367992",
        "Found (DOI 10.1234/other) in the place",
    ]


# --- what a study is found by ---

MENON = [DOI, "https://doi.org/10.1002/ANA.22668", "doi:10.1002/ana.22668", PMID, "PMID:22367992", "https://pubmed.ncbi.nlm.nih.gov/22367992/",
         "study:menon-2012", "rdwi:study:menon-2012", "STUDY:menon-2012", "menon-2012"]  # fmt: skip


@pytest.fixture(scope="module")
def g(graph: EvidenceGraph) -> Graph:
    return Graph(MemoryStore(graph))


@pytest.mark.parametrize("name", MENON)
def test_a_study_is_looked_up_searched_and_cited_by_each_of_its_names(name: str, g: Graph, client: TestClient, folder: Path) -> None:
    assert g.study(name).study.id == "menon-2012"
    assert client.get(f"/v1/studies/{name}").json()["study"]["id"] == "menon-2012"
    assert [one["id"] for one in client.get("/v1/studies", params={"q": name}).json()["items"]] == ["menon-2012"]
    assert "Menon 2012" in client.get(f"/studies/{name}").text
    assert "Menon 2012" in client.get("/search", params={"q": name}).text
    cited = CliRunner().invoke(app, ["cite", name])
    assert cited.exit_code == 0
    assert "DO  - 10.1002/ana.22668" in cited.output
    assert json.loads(CliRunner().invoke(app, ["study", name, "--format", "json"]).output)["study"]["id"] == "menon-2012"


@pytest.mark.parametrize(
    "address", ["/v1/studies/", "/v1/studies/menon-2012/", "/studies/10.1002/ana.22668/", "/v1/cohorts/", "/cohorts/ERICH/"]
)
def test_an_address_that_ends_in_a_slash_is_put_right(address: str, client: TestClient) -> None:
    answer = client.get(address, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (307, f"http://testserver{address[:-1]}")


def test_a_pmcid_names_a_study_too(g: Graph, corpus: tuple[Study, ...]) -> None:
    study = next(one for one in corpus if one.pmcid)
    for name in (study.pmcid, f"PMCID: {study.pmcid}", f"https://pmc.ncbi.nlm.nih.gov/articles/{study.pmcid}/"):
        assert name is not None
        assert g.study(name).study.id == study.id
        assert [one.id for one in g.studies(name).items] == [study.id]


def test_every_paper_of_the_graph_is_found_by_the_id_that_kgx_gives_it(g: Graph, corpus: tuple[Study, ...]) -> None:
    from api.exports.kgx import _paper

    everything = {study.id: study for study in corpus}
    assert [one_named(_paper(study), everything) for study in corpus] == list(everything)


@pytest.mark.parametrize("name", MENON)
def test_a_study_is_left_out_by_each_of_its_names_and_the_query_says_its_id(name: str, g: Graph, client: TestClient) -> None:
    asked: list[Callable[[str], Any]] = [
        lambda study: g.factors(exclude=study), lambda study: g.evidence("CMBs", "R-DWI", exclude=[study]),
        lambda study: g.prevalence(exclude=study), lambda study: g.compare(exclude=study), lambda study: g.gaps(exclude=study),
        lambda study: g.contested(exclude=study), lambda study: g.paths("CMBs", "mortality", exclude=study),
    ]  # fmt: skip
    for ask in asked[: None if name == DOI else 2]:
        assert ask(name).query["exclude"] == ["menon-2012"]
    assert asked[0](name) == asked[0]("menon-2012") != g.factors()
    told = client.get("/v1/factors", params={"exclude": [name, "wu-2015", "menon-2012"]}).json()
    assert told["query"]["exclude"] == ["menon-2012", "wu-2015"]


def test_assistants_name_studies_and_terms_in_the_same_ways(g: Graph) -> None:
    by_name = {tool.name: tool for tool in tools()}
    assert by_name["study"].ask(g.store, {"id": f"PMID:{PMID}"}).items[0].id == "menon-2012"
    assert by_name["studies"].ask(g.store, {"text": DOI}).items[0].id == "menon-2012"
    assert by_name["factors"].ask(g.store, {"filters": {"exclude": [DOI]}}).query["exclude"] == ["menon-2012"]
    assert by_name["neighbours"].ask(g.store, {"term": "MESH:D016657"}).query["term"] == "cerebral-amyloid-angiopathy"
    unknown = by_name["study"].ask(g.store, {"id": "PMID:1"})
    assert (unknown.status, unknown.suggestions) == ("unknown-name", ())


def test_a_study_is_taken_out_by_its_doi(stored: Settings) -> None:
    assert opening.remove(stored, ["https://doi.org/10.1234/aa.1"]).removed == ("novak-2019",)


def test_a_bare_number_or_id_is_searched_as_a_word_too() -> None:
    papers = studies(paper("novak-2012"), paper("novak-2012-thesis"), paper("old-1975", pmid="2012"), paper("other", pmid="20120"))
    g = Graph(MemoryStore(build(papers, shipped())))
    for text, ids in {
        "2012": ["novak-2012", "novak-2012-thesis", "old-1975"],
        "novak-2012": ["novak-2012", "novak-2012-thesis"],
        "study:novak-2012": ["novak-2012"],
        "PMID:2012": ["old-1975"],
    }.items():
        assert [one.id for one in g.studies(text).items] == ids


@pytest.mark.parametrize("name", ["PMID:22367993", "22367993", "10.1002/ana.22669", "https://doi.org/10.9999/zz.1", "PMC1"])
def test_an_unknown_doi_or_pmid_is_a_404_and_no_neighbour_of_the_number_is_offered(name: str, client: TestClient) -> None:
    evidence = {"exposure": "CMBs", "outcome": "r-dwi"}
    for answer in (
        client.get(f"/v1/studies/{name}"),
        client.get("/v1/factors", params={"exclude": name}),
        client.get("/v1/evidence", params={**evidence, "exclude": name}),
    ):
        assert answer.status_code == 404
        assert answer.json()["detail"] == f"There is no study named {name!r}."
        assert "suggestions" not in answer.json()
    assert client.get("/v1/studies", params={"q": name}).json()["total"] == 0


@pytest.mark.parametrize("name", ["10.1002/ana.2266", "10.1002/ana.22668/full", "study:menon-2021", "menon-2021"])
def test_what_was_cut_off_or_mistyped_is_answered_with_the_nearest(name: str, client: TestClient) -> None:
    answer = client.get(f"/v1/studies/{name}")
    assert answer.status_code == 404
    assert "menon-2012" in answer.json()["suggestions"]


def test_of_several_studies_by_one_doi_all_are_left_out_and_one_is_asked_for() -> None:
    twice = studies(paper("a", doi=DOI), paper("b", doi=DOI.upper()), paper("c"))
    everything = {study.id: study for study in twice}
    assert all_named([DOI], everything) == named(DOI, everything) == ("a", "b")
    assert Filters(exclude=(DOI, "c")).naming(lambda: everything).exclude == ("a", "b", "c")
    with pytest.raises(SeveralNamed) as several:
        lookups.study(MemoryReader(build(twice, shipped())), DOI)
    assert several.value.suggestions == ("a", "b")
    assert str(several.value) == f"{DOI!r} names more than one study: a, b. Name one of them by its id."
    with TestClient(create_app(MemoryStore(build(twice, shipped())))) as client:
        answer = client.get(f"/v1/studies/{DOI}")
        assert (answer.status_code, answer.json()["suggestions"]) == (404, ["a", "b"])


def test_an_id_wins_over_a_pmid_of_the_same_digits() -> None:
    everything = {study.id: study for study in studies(paper("123"), paper("b", pmid="123"))}
    assert one_named("123", everything) == "123"
    assert one_named("PMID:123", everything) == "b"


# --- cohorts, populations, terms ---


@pytest.mark.parametrize("name", ["cohort:ERICH", "rdwi:cohort:ERICH", "erich", "Cohort:erich"])
def test_a_cohort_is_found_by_its_id_in_our_exports(name: str, client: TestClient) -> None:
    assert client.get(f"/v1/cohorts/{name}").json()["cohort"]["id"] == "ERICH"
    assert client.get("/v1/cohorts", params={"q": name}).json()["items"][0]["id"] == "ERICH"


def test_each_node_of_the_graph_that_can_be_looked_up_is_found_by_its_id_in_kgx_and_elsewhere(client: TestClient, g: Graph) -> None:
    from api.exports.kgx import _Names

    names = _Names({})
    routes = {"Cohort": "/v1/cohorts/", "Population": "/v1/factors?population="}
    nodes = [node for node in g.networkx().nodes(data="label") if node[1] in routes]
    assert len(nodes) > 50
    for node, label in nodes[::3]:
        for name in (node, names.of(node)):
            assert client.get(routes[label] + name.replace("%", "%25")).status_code == 200, name


def test_a_population_is_found_by_its_id_in_our_exports() -> None:
    populations = shipped().populations
    for name in ("population:ich-caa", "rdwi:population:ich-caa"):
        found = populations.find(name)
        assert found is not None
        assert found.id == "ich-caa"
    assert populations.find("study:ich-caa") is None


AMYLOID = "cerebral-amyloid-angiopathy"
CAA = [
    "MESH:D016657",
    "mesh:D016657",
    "MeSH:d016657",
    " MESH: D016657",
    f"rdwi:{AMYLOID}",
    f"term:{AMYLOID}",
]


@pytest.mark.parametrize("name", CAA)
def test_a_term_is_found_by_its_cross_reference_and_by_its_id_in_our_exports(name: str, client: TestClient, g: Graph) -> None:
    vocabulary = shipped().vocabulary
    assert vocabulary.resolve(name).id == AMYLOID
    assert [term.id for term in vocabulary.search(name)][:1] == [AMYLOID]
    assert client.get(f"/v1/terms/{name}").json()["term"]["id"] == AMYLOID
    assert client.get("/v1/outcomes", params={"exposure": name, "population": "caa"}).json()["query"]["exposure"] == AMYLOID
    assert g.neighbours(name).term.id == AMYLOID


def test_every_cross_reference_of_the_vocabulary_names_its_term() -> None:
    vocabulary = shipped().vocabulary
    assert [vocabulary.resolve(xref).id for term in vocabulary.terms.values() for xref in term.xrefs] == [
        term.id for term in vocabulary.terms.values() for _ in term.xrefs
    ]


def test_a_sheet_may_name_a_term_by_its_cross_reference() -> None:
    group = {"id": "all", "label": "ICH", "condition": "ich", "arteriopathy": "any", "location": "any"}
    row = {"exposure": "mesh:D016657", "outcome": "R-DWI", "population": "all", "measure": "p-only", "p": 0.2, "direction": "unclear"}
    loaded = read(paper("a", populations=[group], findings=[row]))
    assert [one.exposure for one in loaded.studies[0].findings] == [AMYLOID]


def test_a_cross_reference_that_two_terms_have_names_neither_and_both_are_told() -> None:
    one, two = (Term(id=name, name=name, kind="risk-factor", xrefs=("MESH:D1",)) for name in ("aaa", "bbb"))
    vocabulary = Vocabulary([one, two, Term(id="ccc", name="MESH D1", kind="lesion")])
    assert vocabulary.resolve("mesh d1").id == "ccc"
    vocabulary = Vocabulary([one, two])
    assert vocabulary.find("MESH:D1") is None
    assert vocabulary.suggest("mesh:d1") == ("aaa", "bbb")
    assert [term.id for term in vocabulary.search("MESH:D1")] == ["aaa", "bbb"]
    with pytest.raises(SeveralNamed, match="'MESH:D1' names more than one term: aaa, bbb"):
        vocabulary.resolve("MESH:D1")


@pytest.mark.parametrize("name", ["MESH:D016658", "HP:0000000", "XX:1"])
def test_an_unknown_cross_reference_has_no_neighbours(name: str, client: TestClient) -> None:
    with pytest.raises(UnknownName) as unknown:
        shipped().vocabulary.resolve(name)
    assert unknown.value.suggestions == ()
    assert client.get(f"/v1/terms/{name}").status_code == 404


def test_a_question_in_python_takes_any_name(reader: MemoryReader) -> None:
    asked = questions.Evidence(exposure="CMBs", outcome="rdwi:r-dwi", filters=Filters(exclude=(Identifier("pmid", PMID).value,)))
    assert asked.answer(reader).query == {"exposure": "cerebral-microbleeds", "outcome": "r-dwi", "exclude": ["menon-2012"]} | {
        name: value for name, value in asked.answer(reader).query.items() if name in {"population", "parts"}
    }
