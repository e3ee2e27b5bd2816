"""Sheets' bibliographies are filled in by DOI, PMID or title; what is not sure is told and left alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from api.cli import app
from loaders import files
from loaders.references import bibliography
from loaders.references import formats as references
from loaders.references.bibliography import Sheet, match
from loaders.references.formats import Record
from schema.bibliography import Bibliography, Matched
from schema.errors import InputProblems
from schema.reference import FIELDS, Reference, reference_of
from schema.study import Study

TITLE = "Predictors of highly prevalent brain ischemia in intracerebral hemorrhage"


def sheet(**fields: object) -> Sheet:
    return Sheet(files.Source("s.yaml", b""), Reference.model_validate({"id": "a", **fields}), "s.yaml:1")


def record(line: int = 1, **fields: object) -> Record:
    return Record(Reference.model_validate(fields), "r.ris", line, line)


def matched(ours: Sheet, *records: Record, replace: bool = False) -> Matched:
    (told,) = match([ours], records, replace=replace).studies
    return told


@pytest.mark.parametrize(
    ("ours", "by"),
    [
        ({"doi": "10.1002/ANA.1"}, "doi"),
        ({"pmid": "12"}, "pmid"),
        ({"title": "Predictors of highly-prevalent brain ischaemia in Intracerebral Haemorrhage."}, "title"),
    ],
)
def test_a_paper_is_found_by_doi_pmid_or_title(ours: dict[str, str], by: str) -> None:
    told = matched(
        sheet(**ours), record(doi="10.1002/ana.1", pmid="12", title=TITLE, year=2012, first_author="Menon", authors=("Menon RS",))
    )
    assert (told.status, told.by, told.references) == ("filled", by, ("r.ris:1",))
    assert set(told.filled) == {"doi", "pmid", "title", "year", "first_author", "authors"} - set(ours)


def test_what_differs_is_kept_unless_it_is_to_be_replaced() -> None:
    ours, theirs = (
        sheet(doi="10.1002/a", year=2012, journal="Ann Neurol"),
        record(doi="10.1002/a", year=2011, journal="Annals of Neurology"),
    )
    kept = matched(ours, theirs)
    assert [(one.field, one.sheet, one.file, one.replaced) for one in kept.differs] == [("year", 2012, 2011, False)]
    assert (kept.status, kept.changes) == ("agrees", {})
    assert matched(ours, theirs, replace=True).changes == {"year": 2011}


def test_a_cut_list_of_authors_is_whole_only_where_it_is_to_be_replaced() -> None:
    ours, theirs = sheet(doi="10.1002/a", authors=("Menon RS", "et al.")), record(doi="10.1002/a", authors=("Menon RS", "Wing JJ"))
    assert matched(ours, theirs).changes == {}
    assert matched(ours, theirs, replace=True).changes == {"authors": ("Menon RS", "Wing JJ")}


def test_authors_that_begin_with_another_name_are_not_filled_in() -> None:
    theirs = record(doi="10.1002/a", first_author="Wing", authors=("Wing JJ",))
    told = matched(sheet(doi="10.1002/a", first_author="Menon"), theirs)
    assert told.changes == {}
    assert {one.field for one in told.differs} == {"first_author", "authors"}


@pytest.mark.parametrize(
    "theirs",
    [
        {"doi": "10.1002/a", "pmid": "13"},
        {"doi": "10.1002/a", "title": "Something else entirely, of other people"},
    ],
)
@pytest.mark.parametrize("replace", [False, True])
def test_an_id_that_something_contradicts_fills_nothing_in(theirs: dict[str, str], replace: bool) -> None:
    told = matched(sheet(doi="10.1002/a", pmid="12", title=TITLE), record(**theirs, year=2012), replace=replace)
    assert (told.status, told.changes) == ("doubtful", {})
    assert told.why


@pytest.mark.parametrize("other", [{"doi": "10.1002/b"}, {"pmid": "13"}, {"year": 2009}, {"first_author": "Wing"}])
def test_a_title_is_not_enough_where_something_contradicts_it(other: dict[str, object]) -> None:
    told = matched(sheet(title=TITLE, doi="10.1002/a", pmid="12", year=2012, first_author="Menon"), record(title=TITLE, **other))
    assert (told.status, told.changes) == ("none", {})
    assert told.why is not None
    assert "r.ris:1" in told.why


def test_a_short_title_tells_no_paper() -> None:
    assert matched(sheet(title="Reply"), record(title="Reply", year=2012)).status == "none"


def test_records_of_one_paper_add_up() -> None:
    told = matched(sheet(doi="10.1002/a"), record(1, doi="10.1002/A", year=2012), record(2, doi="10.1002/a", pmid="12", year=2012))
    assert (told.filled, told.references) == ({"year": 2012, "pmid": "12"}, ("r.ris:1", "r.ris:2"))


def test_records_of_several_papers_fill_nothing_in() -> None:
    told = matched(sheet(doi="10.1002/a", pmid="12"), record(1, doi="10.1002/a", year=2012), record(2, pmid="12", doi="10.1002/b"))
    assert (told.status, told.changes, told.references) == ("several", {}, ("r.ris:1", "r.ris:2"))
    told = matched(sheet(title=TITLE), record(1, title=TITLE, year=2001), record(2, title=TITLE, year=2012))
    assert (told.status, told.changes) == ("several", {})


def test_two_sheets_of_one_title_are_not_told_apart_by_it() -> None:
    sheets = [sheet(title=TITLE), Sheet(files.Source("t.yaml", b""), Reference(id="b", title=TITLE), "t.yaml:1")]
    assert [one.status for one in match(sheets, [record(title=TITLE, year=2012)]).studies] == ["several", "several"]


def test_references_without_a_sheet_are_told() -> None:
    told = match([sheet(doi="10.1002/a")], [record(1, title="Other"), record(2, doi="10.1002/a")])
    assert [one.place for one in told.unused] == ["r.ris:1"]


def test_what_is_odd_of_a_paper_is_told_where_a_sheet_is_of_it() -> None:
    odd = Record(Reference(doi="10.1002/a", title=TITLE), "r.nbib", 3, 1, ("a retracted paper",))
    assert match([sheet(doi="10.1002/a")], [odd]).warnings == ("r.nbib:3: warning: a: a retracted paper.",)
    assert match([sheet(doi="10.1002/b")], [odd]).warnings == ()


def test_a_key_that_a_file_has_twice_is_told_once() -> None:
    twice = [record(1, id="k", doi="10.1002/a"), record(9, id="K"), record(17, id="k"), record(25, id="other")]
    elsewhere = Record(Reference(id="k"), "other.ris", 1, 1)
    (warning,) = match([], [*twice, elsewhere]).warnings
    assert warning == "r.ris:9: warning: the key 'k' 3 times (line 1, line 9, line 17); each is read as an entry of its own."


def test_a_sheet_of_a_retracted_paper_is_matched_by_the_title_that_it_had(tmp_path: Path) -> None:
    (tmp_path / "r.ris").write_text(f"TY  - JOUR\nTI  - RETRACTED: {TITLE}\nPY  - 2012\nER  -\n")
    records, _ = references.read([tmp_path / "r.ris"])
    told = match([sheet(title=TITLE)], records)
    assert told.studies[0].filled == {"year": 2012, "standing": {"kind": "retracted"}}
    assert told.warnings == (f"{tmp_path}/r.ris:1: warning: a: a retracted paper.",)


def test_the_corpus_against_itself_differs_nowhere(corpus: tuple[Study, ...]) -> None:
    records = [Record(reference_of(study), "r.ris", i, i) for i, study in enumerate(corpus, start=1)]
    told = match([Sheet(files.Source(study.id, b""), reference_of(study), study.id) for study in corpus], records)
    for one in told.studies:
        assert one.status == "agrees" or (one.status == "none" and one.why is None), one


def test_sheets_robbed_of_their_bibliography_get_it_back(corpus: tuple[Study, ...]) -> None:
    whole = [study for study in corpus if study.doi is not None]
    records = [Record(reference_of(study), "r.ris", i, i) for i, study in enumerate(whole, start=1)]
    told = match([Sheet(files.Source(one.id, b""), Reference(id=one.id, doi=one.doi), one.id) for one in whole], records)
    for study, one in zip(whole, told.studies, strict=True):
        assert {"doi": study.doi, **one.filled} == {name: value for name in FIELDS if (value := getattr(study, name))}


# --- the command ---

RIS = f"""\
TY  - JOUR
TI  - {TITLE}
AU  - Menon, Ravi S.
JA  - Ann Neurol
PY  - 2012
DO  - 10.1002/ana.22668
ER  -
TY  - JOUR
TI  - Of something else
ER  -
"""
SHEET = "# mine\nid: menon  # key\nread: abstract\ndoi: 10.1002/ana.22668\nyear: 2011\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "sheets").mkdir()
    (tmp_path / "sheets" / "menon.yaml").write_text(SHEET)
    (tmp_path / "sheets" / "other.yaml").write_text("id: other\nread: abstract\n")
    (tmp_path / "sheets" / "vocabulary.yaml").write_text("- {id: my-term, name: my term, kind: risk-factor}\n")
    (tmp_path / "refs.ris").write_text(RIS)
    return tmp_path


def rdwi(*words: object) -> str:
    outcome = CliRunner().invoke(app, ["bibliography", *map(str, words)], catch_exceptions=False)
    assert outcome.exit_code == 0, outcome.output
    return outcome.output


def test_the_command_only_tells_unless_it_is_to_write(folder: Path) -> None:
    told = rdwi(folder / "sheets", "--from", folder / "refs.ris")
    for words in ("menon: filled in (doi, ", "title Predictors", "menon: kept", "year 2011; the file says 2012", "other: no reference"):
        assert words in told
    assert "matches no sheet" in told
    assert "Of something else" in told
    assert "Nothing was written" in told
    assert (folder / "sheets" / "menon.yaml").read_text() == SHEET


def test_the_command_writes_into_the_sheets_where_it_is_told_to(folder: Path) -> None:
    rdwi(folder / "sheets", "--from", folder / "refs.ris", "--in-place", "--replace")
    written = (folder / "sheets" / "menon.yaml").read_text()
    assert written.startswith("# mine\nid: menon  # key\ntitle: ")
    assert yaml.safe_load(written)["year"] == 2012
    assert (folder / "sheets" / "other.yaml").read_text() == "id: other\nread: abstract\n"


def test_the_command_writes_copies_that_can_be_loaded(folder: Path) -> None:
    rdwi(folder / "sheets", "--from", folder / "refs.ris", "--output", folder / "new")
    assert (folder / "sheets" / "menon.yaml").read_text() == SHEET
    assert sorted(path.name for path in (folder / "new").iterdir()) == ["menon.yaml", "other.yaml", "vocabulary.yaml"]
    outcome = CliRunner().invoke(app, ["check", "--fresh", str(folder / "new" / "menon.yaml")])
    assert outcome.exit_code == 0, outcome.output


def test_the_command_tells_programs_as_json(folder: Path) -> None:
    told = Bibliography.model_validate(json.loads(rdwi(folder / "sheets", "--from", folder / "refs.ris", "--format", "json")))
    assert [one.status for one in told.studies] == ["filled", "none"]
    assert told.written == ()


def test_entries_of_one_key_fill_in_a_sheet_each_and_the_key_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("- {id: a, read: abstract, doi: 10.1000/abc1}\n- {id: b, read: abstract, doi: 10.1000/xyz1}\n")
    entry = "@article{{k2009, author={{{}}}, title={{A study of imaginary lesions}}, doi={{{}}}}}\n"
    names = (("Novak, Petra and Maly, Karel", "10.1000/abc1"), ("Svoboda, Jan and Novy, Eva", "10.1000/xyz1"))
    (tmp_path / "refs.bib").write_text("".join(entry.format(*one) for one in names))
    told = rdwi(tmp_path / "a.yaml", "--from", tmp_path / "refs.bib", "--in-place")
    assert f"{tmp_path}/refs.bib:2: warning: the key 'k2009' 2 times (line 1, line 2)" in told
    assert [one["authors"] for one in yaml.safe_load((tmp_path / "a.yaml").read_text())] == [["Novak P", "Maly K"], ["Svoboda J", "Novy E"]]


def test_load_fills_in_what_is_loaded_and_leaves_the_files_alone(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RDWI_SNAPSHOT", str(folder / "data"))
    (folder / "sheets" / "vocabulary.yaml").unlink()
    words = ["load", str(folder / "sheets"), "--fresh", "--bibliography", str(folder / "refs.ris")]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    assert "menon: filled in (doi, " in done.output
    (menon, _) = load_json("studies")["items"]
    assert (menon["title"], menon["year"], menon["label"]) == (TITLE, 2011, "Menon 2011")
    assert CliRunner().invoke(app, [*words, "--replace"]).exit_code == 0
    assert load_json("studies")["items"][0]["year"] == 2012
    assert (folder / "sheets" / "menon.yaml").read_text() == SHEET
    assert "name a reference file" in str(CliRunner().invoke(app, ["load", str(folder / "sheets"), "--replace"]).exception)
    (folder / "refs.ris").write_text("TY  - JOUR\n")
    assert isinstance(CliRunner().invoke(app, words).exception, InputProblems)


def load_json(*words: str) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(CliRunner().invoke(app, [*words, "--format", "json"]).output)
    return answer


def test_nothing_is_written_where_a_file_is_bad(folder: Path) -> None:
    (folder / "bad.ris").write_text("TY  - JOUR\nTI  - x\n")
    (folder / "sheets" / "twice.yaml").write_text("id: menon\nread: abstract\n")
    with pytest.raises(InputProblems) as refused:
        bibliography.fill([folder / "sheets"], [folder / "refs.ris", folder / "bad.ris"], in_place=True)
    assert any(problem.file.endswith("bad.ris") and problem.line == 1 for problem in refused.value.problems)
    assert any("more than once" in problem.found for problem in refused.value.problems)
    assert (folder / "sheets" / "menon.yaml").read_text() == SHEET


def test_a_folder_that_holds_something_is_not_written_into(folder: Path) -> None:
    outcome = CliRunner().invoke(app, ["bibliography", str(folder / "sheets"), "--from", str(folder / "refs.ris"), "--output", str(folder)])
    assert outcome.exit_code != 0
    assert "Name a new folder" in str(outcome.exception)


def test_a_table_is_told_to_be_filled_in_as_it_is_loaded(tmp_path: Path) -> None:
    (tmp_path / "findings.csv").write_text("Study ID,OR\na,1.5\n")
    (tmp_path / "refs.ris").write_text("TY  - JOUR\nTI  - Of something else\nER  -\n")
    outcome = CliRunner().invoke(app, ["bibliography", str(tmp_path / "findings.csv"), "--from", str(tmp_path / "refs.ris")])
    assert isinstance(outcome.exception, InputProblems)
    assert "load --bibliography" in str(outcome.exception.problems[0])
