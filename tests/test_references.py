"""Reference files are read as they are exported, and a bad one is told with its place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loaders import files
from loaders.references import formats as references
from loaders.references.formats import Record
from schema.identity import doi_in
from schema.problems import Problem
from schema.reference import Reference, as_author, parted, same, same_journal

RIS = """\
Provider: a library
TY  - JOUR
AU  - Menon, Ravi S.
AU  - van der Grond, J
A1  - de Vries, Hugo, Jr.
TI  - Predictors of highly prevalent brain ischemia in
 intracerebral hemorrhage.
T2  - Annals of Neurology
J2  - Ann Neurol
PY  - 2012/02//
DO  - https://doi.org/10.1002/ana.22668
AN  - 22367992
DB  - PubMed
C2  - PMC123
KW  - stroke
ER  -

"""
NBIB = """\
PMID- 22367992
OWN - NLM
DCOM- no date at all
IS  - 1531-8249 (Electronic)
DP  - 2012 Feb
TI  - Predictors of highly prevalent brain ischemia in
      intracerebral hemorrhage.
LID - 10.1002/ana.22668 [doi]
FAU - Menon, Ravi S
AU  - Menon RS
AD  - Department of Neurology.
FAU - van der Grond, J
AU  - van der Grond J
FAU - de Vries, Hugo Jr
AU  - de Vries H Jr
PMC - PMC123
MID - NIHMS1
TA  - Ann Neurol
JT  - Annals of neurology
"""
BIBTEX = r"""
% exported
@string{an = {Ann Neurol}}
@article{menon2012,
  author = {Menon, Ravi S. and van der Grond, J. and de Vries, Jr., Hugo},
  title = {{Predictors of highly prevalent brain ischemia in intracerebral hemorrhage}},
  journal = an, year = 2012, month = feb,
  doi = {10.1002/ana.22668}, note = {PMID: 22367992; PMCID: PMC123},
}
"""
CSL = """[{"id": "x", "type": "article-journal", "title": "Predictors of highly prevalent brain ischemia in intracerebral hemorrhage",
 "author": [{"family": "Menon", "given": "Ravi S."}, {"family": "Grond", "non-dropping-particle": "van der", "given": "J"},
 {"family": "de Vries", "given": "Hugo", "suffix": "Jr"}],
 "container-title": "Annals of Neurology", "container-title-short": "Ann Neurol", "issued": {"date-parts": [["2012", 2]]},
 "DOI": "10.1002/ana.22668", "note": "PMID: 22367992\\nPMCID: PMC123"}]"""


def read(text: str | bytes) -> tuple[list[Record], list[Problem]]:
    return references.parsed(files.Source("refs", text.encode() if isinstance(text, str) else text))


def only(text: str | bytes) -> Reference:
    (record,), problems = read(text)
    assert problems == []
    return record.reference


@pytest.mark.parametrize("text", [RIS, NBIB, BIBTEX, CSL], ids=["ris", "nbib", "bibtex", "csl-json"])
def test_the_four_formats_say_the_same_of_one_paper(text: str) -> None:
    assert only(text).model_copy(update={"id": None}) == Reference(
        title="Predictors of highly prevalent brain ischemia in intracerebral hemorrhage",
        first_author="Menon",
        authors=("Menon RS", "van der Grond J", "de Vries H Jr"),
        year=2012,
        journal="Ann Neurol",
        doi="10.1002/ana.22668",
        pmid="22367992",
        pmcid="PMC123",
    )


@pytest.mark.parametrize("text", [RIS, NBIB, BIBTEX, CSL], ids=["ris", "nbib", "bibtex", "csl-json"])
def test_line_ends_and_a_byte_order_mark_change_nothing(text: str) -> None:
    assert only(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode()) == only(text)
    assert only(text.encode("utf-16")) == only(text)


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("TY  - JOUR\nTI  - a\nER  - \nTY  - JOUR\nTI  - b\n", 4, "without an end"),
        ("PMID- 1\nTI  - x\n\nPMID- 2\nfoo bar\n", 5, "foo bar"),
        ("PMID- 1\nTI  - x\n\nPMC - 12\n", 4, "can't be read"),
        ("@article{a, title={x}}\n\n@article{b, title={y\n\n@article{c, title={z}}", 3, "can't be read"),
        ("@article{a, title={x}, title={y}}", 1, "Duplicate"),
        ('[\n {"title": "x"},\n {"title": }]', 3, "JSON"),
        ('[{"title": "x"}, {"colour": "red"}]', None, "item 2"),
        ("Some text\n", None, "no reference"),
        ("", None, "no reference"),
        ("[]", None, "no reference"),
    ],
)
def test_a_bad_file_gives_no_reference_but_the_place(text: str, line: int | None, words: str) -> None:
    records, (problem, *_) = read(text)
    assert records == []
    assert problem.line == line
    assert words in problem.found
    assert "Traceback" not in str(problem)


def test_bytes_that_are_no_text_are_told() -> None:
    records, (problem,) = read(b"TY  - JOUR\nTI  - caf\xe9\nER  - \n")
    assert (records, problem.line) == ([], 2)
    records, (problem,) = read(b"TY  - JOUR\nTI  - a\x00b\nER  - \n")
    assert "YAML" not in str(problem)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    records, (problem,) = references.read([tmp_path / "none.ris"])
    assert (records, "No such file" in str(problem)) == ([], True)


def test_a_number_of_another_database_is_no_pmid() -> None:
    assert only("TY  - JOUR\nTI  - a\nAN  - 104567890\nDB  - CINAHL\nER  - \n").pmid is None
    assert only("TY  - JOUR\nTI  - a\nAN  - 22367992\nDP  - Ovid MEDLINE\nER  - \n").pmid == "22367992"
    assert only("TY  - JOUR\nTI  - a\nUR  - https://pubmed.ncbi.nlm.nih.gov/22367992/\nER  - \n").pmid == "22367992"


@pytest.mark.parametrize(
    "note", ["Erratum in: Stroke 2013; 44:1. PMID: 999", "Cites PMC999 and 10.1002/other", "see https://pubmed.ncbi.nlm.nih.gov/9 too"]
)
def test_an_id_in_a_note_on_another_paper_is_not_taken(note: str) -> None:
    reference = only(f"TY  - JOUR\nTI  - a\nN1  - {note}\nER  -\n")
    assert (reference.pmid, reference.pmcid, reference.doi) == (None, None, None)


def test_an_author_without_a_comma_is_read_as_the_sheets_write_one() -> None:
    reference = only("TY  - JOUR\nTI  - a\nAU  - Menon RS\nAU  - Wing JJ\nER  -\n")
    assert (reference.first_author, reference.authors) == ("Menon", ("Menon RS", "Wing JJ"))


def test_latex_is_read_and_groups_stay_whole() -> None:
    reference = only(
        r"""@misc{a, title={The {$\beta$}-side \& 50\% of {\L}ód\'z}, author={Cz{\l}onkowska, Anna and {WHO \& Co} and others}}"""
    )
    assert reference.title == "The β-side & 50% of Łódź"
    assert reference.authors == ("Członkowska A", "WHO & Co", "et al.")


def test_a_name_that_is_none_is_told_with_its_line() -> None:
    records, (problem,) = read("@article{a, title={x}}\n@article{b, title={y}, author={A, B, C, D, E}}")
    assert (records, problem.line) == ([], 2)


def test_one_family_name_alone_is_no_list_of_authors() -> None:
    reference = only("TY  - JOUR\nTI  - a\nAU  - Butcher\nER  - \n")
    assert (reference.first_author, reference.authors) == ("Butcher", ())


def test_an_entry_twice_in_a_bibtex_file_is_two_references() -> None:
    records, problems = read("@article{a, title={x}}\n@article{a, title={y}}")
    assert ([record.reference.title for record in records], problems) == (["x", "y"], [])
    assert [record.place for record in records] == ["refs:1", "refs:2"]


@pytest.mark.parametrize(
    ("family", "given_name", "suffix", "author"),
    [
        ("Menon", "Ravi S.", "", "Menon RS"),
        ("Dijk", "S E", "", "Dijk SE"),
        ("Sartre", "Jean-Paul", "", "Sartre JP"),
        ("Smith", "J.-P.", "3rd", "Smith JP 3rd"),
        ("O'Neill", "RS", "", "O'Neill RS"),
        ("WHO", "", "", "WHO"),
    ],
)
def test_authors_are_written_as_the_sheets_write_them(family: str, given_name: str, suffix: str, author: str) -> None:
    assert as_author(family, given_name, suffix) == author


@pytest.mark.parametrize(
    ("author", "parts"),
    [
        ("van Dijk SE", ("van Dijk", "SE")),
        ("Smith JP 3rd", ("Smith 3rd", "JP")),
        ("Butcher", ("Butcher", None)),
        ("INTERACT Investigators", ("INTERACT Investigators", None)),
        ("et al.", ("et al.", None)),
    ],
)
def test_authors_are_parted(author: str, parts: tuple[str, str | None]) -> None:
    assert parted(author) == parts


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("Ann Neurol", "Annals of Neurology", True),
        ("J Neurol Neurosurg Psychiatry", "Journal of Neurology, Neurosurgery, and Psychiatry", True),
        ("J Stroke Cerebrovasc Dis", "Journal of stroke and cerebrovascular diseases", True),
        ("Stroke", "Stroke (conference abstract)", False),
        ("Neurology", "J Neurol", False),
        ("Lancet", "Lancet Neurol", False),
    ],
)
def test_a_journal_is_known_by_its_abbreviation(one: str, other: str, alike: bool) -> None:
    assert same_journal(one, other) is alike
    assert same_journal(other, one) is alike


@pytest.mark.parametrize(
    ("name", "one", "other", "alike"),
    [
        ("title", "Brain ischemia: a study.", "Brain Ischaemia - a study", True),
        ("doi", "10.1002/ANA.1", "10.1002/ana.1", True),
        ("doi", "10.1002/ana.1", "10.1002/ana-1", False),
        ("authors", ("Menon RS", "Wing J"), ("Menon R", "Wing JJ"), True),
        ("authors", ("Menon RS", "et al."), ("Menon RS", "Wing JJ"), False),
        ("year", 2012, 2011, False),
    ],
)
def test_values_are_compared_by_what_they_say(name: str, one: Any, other: Any, alike: bool) -> None:
    assert same(name, one, other) is alike


@pytest.mark.parametrize(
    "text", ["10.1002/ana.22668", "doi:10.1002/ana.22668", "https://dx.doi.org/10.1002/ana.22668.", " DOI 10.1002/ana.22668"]
)
def test_a_doi_is_found_whatever_stands_before_it(text: str) -> None:
    assert doi_in(text) == "10.1002/ana.22668"
    assert doi_in("see the paper") is None


@given(st.binary(max_size=300))
def test_no_bytes_break_the_reader(content: bytes) -> None:
    records, problems = read(content)
    assert bool(records) != bool(problems)


@given(st.sampled_from(["ris", "nbib", "bib", "csl"]), st.data())
def test_no_torn_file_breaks_the_reader(form: str, data: st.DataObject) -> None:
    text = {"ris": RIS, "nbib": NBIB, "bib": BIBTEX, "csl": CSL}[form]
    start, end = sorted((data.draw(st.integers(0, len(text))), data.draw(st.integers(0, len(text)))))
    records, problems = read(text[:start] + data.draw(st.text(max_size=5)) + text[end:])
    assert bool(records) != bool(problems)
