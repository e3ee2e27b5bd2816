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


def test_entries_of_one_key_are_read_alike() -> None:
    fields = "author={{\\'A}lvarez, Jos{\\'e} and Maly, Karel}, title={Lesions}, journal=isj, doi={{10.1000/abc}}, year=2009"
    records, problems = read('@string{isj={Imaginary} # " Stroke"}\n' + f"@article{{a, {fields}}}\n" * 3)
    assert problems == []
    assert [record.place for record in records] == ["refs:2", "refs:3", "refs:4"]
    for record in records:
        assert record.reference.model_dump(exclude_none=True) == {
            "id": "a",
            "title": "Lesions",
            "first_author": "Álvarez",
            "authors": ("Álvarez J", "Maly K"),
            "journal": "Imaginary Stroke",
            "doi": "10.1000/abc",
            "year": 2009,
        }


# --- names ---


@pytest.mark.parametrize(
    ("names", "authors"),
    [
        (r"{\'A}lvarez, Jos{\'e} and {Novak}, {P. Q.} and Maly, Karel", "Álvarez J, Novak PQ, Maly K"),
        (r"{World Health Organization} and {van} Dijk, S. E.", "World Health Organization, van Dijk SE"),
        (
            r"{ATACH-2 Investigators} and {Department of Health and Human Services}",
            "ATACH-2 Investigators, Department of Health and Human Services",
        ),
        (r"{van der Berg}, Anna-Bella and Ludwig van Beethoven", "van der Berg AB, van Beethoven L"),
        (r"World Health Organization and American Rights at Work", "World Health Organization, American Rights at Work"),
        (r"{Svoboda, Jan}", "Svoboda J"),
        (r"{Imaginary Institute, Prague} and {Merck, Inc.} and {Maly, K.}", "Imaginary Institute, Prague, Merck, Inc., Maly K"),
        (r"{Svoboda, Jan and Novak, Petra}", "Svoboda J, Novak P"),
        (r"Garc{\'\i}a M{\'a}rquez, Gabriel and {\v S}af{\'a}{\v r}, Ji{\v r}{\'\i}", "García Márquez G, Šafář J"),
        (r"Dupont, J.-P. and Wang, Xiao-Ming and {\relax Yu}. N. Petrov", "Dupont JP, Wang XM, Petrov YN"),
        (r"King, Jr., Martin L. and {Bell, II}, Edwin V. and Ann Smith Jr.", "King ML Jr, Bell EV II, Smith A Jr"),
        (r"Novak P. and Svoboda J.J.", "Novak P, Svoboda JJ"),
        (r"Novak PJ and Svoboda J", "Novak PJ, Svoboda J"),
        (r"Petra Novak and Jan Svoboda", "Novak P, Svoboda J"),
        (r"Novak, P.; Svoboda, J.", "Novak P, Svoboda J"),
        (r"Novak P, Svoboda J, Maly K", "Novak P, Svoboda J, Maly K"),
        (r"Novak, P.a and Svoboda, J.b", "Novak P, Svoboda J"),
        (r"Novak, P. et al.", "Novak P, et al."),
        (r"Novak, P. and others", "Novak P, et al."),
        (r"Novak, P. and and {Maly K.} and {Horak, O.} and", "Novak P, Maly K, Horak O"),
        (r"family=Grond, given=Jan, prefix=van der, useprefix=true and Novak, P.", "van der Grond J, Novak P"),
    ],
)
def test_names_in_bibtex_are_written_as_the_sheets_write_them(names: str, authors: str) -> None:
    assert ", ".join(only(f"@article{{k, author={{{names}}}, title={{A}}}}").authors) == authors


@pytest.mark.parametrize(
    ("name", "authors"),
    [
        ("Novak P.", "Novak P"),
        ("Novak, P.J.", "Novak PJ"),
        ("Novak P.-J.", "Novak PJ"),
        ("Novak, JMHA", "Novak JMHA"),
        ("Novak P.\u2013J.", "Novak PJ"),
        ("Novak P. J.", "Novak PJ"),
        ("van der Berg A.B.", "van der Berg AB"),
        ("Berg, Anna van der", "van der Berg A"),
        ("P. J. Novak", "Novak PJ"),
        ("Petrov Yu.N.", "Petrov YN"),
        ("Novak P.J. Jr.", "Novak PJ Jr"),
        ("Novak, Petra; Svoboda, Jan", "Novak P, Svoboda J"),
        ("Novak P., Svoboda J. and Maly K., et al.", "Novak P, Svoboda J, Maly K, et al."),
        ("Novak P.\nAU  - Imaginary & Co.", "Novak P, Imaginary & Co."),
        ("Wang, Xiao\u2010Ming", "Wang XM"),
        ("Nova\u0301k, P.\u00a0J.", "Novák PJ"),
        ("Nova&#x301;k P\u00b9*", "Novák P"),
        ("D&apos;Amore, C.", "D'Amore C"),
        ("Novak P.\nAU  - Canadian Stroke Group ICH", "Novak P, Canadian Stroke Group ICH"),
    ],
)
def test_names_in_ris_are_written_as_the_sheets_write_them(name: str, authors: str) -> None:
    assert ", ".join(only(f"TY  - JOUR\nTI  - a\nAU  - {name}\nER  - \n").authors) == authors


def test_a_name_in_csl_that_was_not_parted_is_parted() -> None:
    names = '[{"literal": "Novak P.J."}, {"family": "van der Berg A."}, {"family": "Maly", "given": "Karel Jr."}]'
    assert only(f'[{{"title": "a", "author": {names}}}]').authors == ("Novak PJ", "van der Berg A", "Maly K Jr")


def test_what_a_record_says_twice_is_said_once_but_for_two_authors_of_one_name() -> None:
    both = "AU  - Zhang Y.\nAU  - Zhang Y.\n"
    text = f"TY  - JOUR\nTI  - a\n{both}{both.replace('AU', 'A1')}DO  - 10.1000/a\nDO  - https://doi.org/10.1000/A\nER  - \n"
    assert only(text) == Reference(title="a", first_author="Zhang", authors=("Zhang Y", "Zhang Y"), doi="10.1000/a")


def test_a_person_s_name_that_is_read_as_a_group_s_is_told() -> None:
    (record,), _ = read("TY  - JOUR\nTI  - a\nAU  - Petra Novak\nAU  - ATACH-2 Investigators\nER  - \n")
    assert record.reference.authors == ("Petra Novak", "ATACH-2 Investigators")
    assert record.odd == ("the author 'Petra Novak', read as a group; a person is written Family, Given",)


# --- formats as programs write them ---

WRITTEN = {
    "Embase, RIS": """\ufeffTY  - JOUR
M3  - Article
Y1  - 2019
JO  - Imaginary Stroke J.
U2  - L2001
C5  - 31413195
DB  - Embase
DB  - Medline
DO  - 10.1000/abc
A1  - Novak P.J.
A1  - van der Berg A.
AD  - P.J. Novak, Department of Imagination
T1  - Lesions after imaginary bleeds
ER  -
""",
    "Scopus, RIS": """TY  - JOUR
TI  - Lesions after imaginary bleeds
T2  - Imaginary Stroke Journal
J2  - Imaginary Stroke J.
PY  - 2019
DO  - 10.1000/abc
AU  - Novak, P.J.
AU  - van der Berg, A.
N1  - Export Date: 1 December 2026
DB  - Scopus
C2  - 31413195
N1  - References: Maly, K., Another paper (2001) J. Else, 1, p. 2;
https://doi.org/10.1000/other;
PMID: 999;
Horak, O., Manual (2013), American Imaginary PubUR  - https://www.scopus.com/inward/record.uri
ER  -
""",
    "Scopus, BibTeX": """Scopus
EXPORT DATE: 01 December 2026

@ARTICLE{Novak2019123,
 author={Novak, P.J.a  and van der Berg, A.b },
 title={Lesions after imaginary bleeds},
 journal={Imaginary Stroke Journal},
 year={2019},
 doi={10.1000/abc},
 pubmed_id={31413195},
 abbrev_source_title={Imaginary Stroke J.},
 funding_text 1={None},
 source={Scopus},
}
""",
    "Web of Science, RIS": """TY  - JOUR
AU  - Novak, PJ
AU  - van der Berg, A
TI  - Lesions after imaginary bleeds
T2  - IMAGINARY STROKE JOURNAL
JI  - Imaginary Stroke J.
PY  - 2019
DO  - 10.1000/abc
AN  - WOS:000999999900001
WE  - Science Citation Index
PM  - 31413195
ER  -
""",
    "Web of Science, plain text": """FN Clarivate Analytics Web of Science
VR 1.0
PT J
AU Novak, PJ
   van der Berg, A
AF Novak, Petra J. (novak@example.org)
   van der Berg, Anna
TI Lesions after imaginary
   bleeds
SO IMAGINARY STROKE JOURNAL
JI Imaginary Stroke J.
PY 2019
DI 10.1000/abc
PM 31413195
ER

EF
""",
    "Web of Science, BibTeX": """@article{ WOS:000999999900001,
Author = {Novak, Petra J. and van der Berg, Anna},
Title = {{Lesions after imaginary bleeds}},
Journal = {{IMAGINARY STROKE J.}},
Year = {{2019}},
DOI = {{10.1000/abc}},
PMID = {{31413195}},
Unique-ID = {{WOS:000999999900001}},
}
""",
    "Zotero, RIS": """TY  - JOUR
TI  - Lesions after imaginary bleeds
AU  - Novak, Petra J.
AU  - van der Berg, Anna
T2  - Imaginary Stroke Journal
J2  - Imaginary Stroke J.
AB  - Methods
CT - of the head
DA  - 2019/03/01/
PY  - 2019
DO  - 10.1000/abc
N1  - PMID: 31413195
ER  -
""",
    "Zotero, BibTeX": """
@article{novak_lesions_2019,
	title = {Lesions after imaginary bleeds},
	doi = {10.1000/abc},
	abstract = {CT: p $<$ 0.05, 50\\% of 12},
	journal = {Imaginary Stroke J.},
	author = {Novak, Petra J. and van der Berg, Anna},
	month = mar,
	year = {2019},
	note = {PMID: 31413195},
	file = {Full Text:files/1/a.pdf:application/pdf},
}
""",
    "Zotero, CSL-JSON": """[{"id": "http://zotero.org/users/1/items/A", "type": "article-journal",
"title": "Lesions after <i>imaginary</i> bleeds",
"container-title": "Imaginary Stroke Journal", "journalAbbreviation": "Imaginary Stroke J.", "DOI": "10.1000/abc", "PMID": "31413195",
"author": [{"family": "Novak", "given": "Petra J."}, {"family": "Berg", "given": "Anna", "non-dropping-particle": "van der"}],
"issued": {"date-parts": [["2019", 3]]}}]""",
    "EndNote, RIS": """TY  - JOUR
AB  - Methods.
AD  - Department
AN  - 31413195
AU  - Novak, P. J.
AU  - van der Berg, A.
DO  - 10.1000/abc
DP  - NLM
J2  - Imaginary Stroke J.
KW  - Stroke
Haemorrhage
PY  - 2019
T2  - Imaginary Stroke Journal
TI  - Lesions after imaginary bleeds
ID  - 12
ER  -


""",
    "EndNote, BibTeX": """@article{RN12,
   author = {Novak, P. J. and van der Berg, A.},
   title = {Lesions after imaginary bleeds},
   journal = {Imaginary Stroke J.},
   DOI = {10.1000/abc},
   year = {2019},
   note = {PMID: 31413195},
   type = {Journal Article}
}
""",
    "Mendeley, BibTeX": """@article{Novak2019,
abstract = {{\\textless}3 months},
author = {Novak, Petra J. and van der Berg, Anna},
doi = {10.1000/abc},
file = {:C$\\backslash$:/Users/x/a.pdf:pdf},
journal = {Imaginary Stroke J.},
mendeley-groups = {ICH},
pmid = {31413195},
title = {{Lesions after imaginary bleeds}},
year = {2019}
}
""",
    "JabRef, BibTeX": """% Encoding: UTF-8

@Comment{jabref-entrytype: article: req[] opt[]}

@Article{Novak2019,
  author       = {Novak, Petra J. and van der Berg, Anna},
  title        = {Lesions after imaginary bleeds},
  journaltitle = {Imaginary Stroke Journal},
  shortjournal = {Imaginary Stroke J.},
  date         = {2019-03},
  doi          = {10.1000/abc},
  groups       = {ICH},
  pmid         = {31413195},
}

@Comment{jabref-meta: databaseType:biblatex;}

@Comment{jabref-meta: grouping:
0 AllEntriesGroup:;
1 StaticGroup:ICH\\;0\\;1\\;\\;\\;\\;;
}
""",
}


@pytest.mark.parametrize("name", WRITTEN)
def test_what_programs_write_says_the_same_of_one_paper(name: str) -> None:
    one = only(WRITTEN[name])
    assert one.title == "Lesions after imaginary bleeds"
    assert (one.first_author, one.authors) == ("Novak", ("Novak PJ", "van der Berg A"))
    assert (one.year, one.doi, one.pmid) == (2019, "10.1000/abc", "31413195")
    assert one.journal is not None
    assert one.journal.casefold() == "imaginary stroke j."


def test_records_of_pubmed_without_a_blank_line_between_are_parted() -> None:
    text = "PMID- 1\nTI  - First.\nDP  - 2012\nPMID- 2\nTI  - Second\n      one.\nFAU - Petrov, Ivan I\nAU  - Petrov II\nCN  - A Group\n"
    (first, second), problems = read(text)
    assert problems == []
    assert (first.line, first.reference.title, first.reference.authors) == (1, "First", ())
    assert (second.line, second.reference.title, second.reference.authors) == (4, "Second one", ("Petrov II", "A Group"))


@pytest.mark.parametrize(
    ("text", "words", "advice"),
    [
        ("%0 Journal Article\n%A Novak, P.\n%T Lesions\n", ".enw", "RefMan"),
        ("<?xml version='1.0'?><xml><records/></xml>", "XML", "RefMan"),
        ("PT\tAU\tTI\nJ\tNovak\tLesions\n", "table", "RIS"),
        ('"Authors","Title","Year","DOI"\n"Novak, P.","Lesions","2019",""\n', "table", "RIS"),
        ("Scopus\nEXPORT DATE: 1 December 2026\n\nNovak P.\nLesions\n", "Scopus's plain text", "RIS"),
    ],
)
def test_a_format_that_is_not_read_is_named_with_the_one_to_choose(text: str, words: str, advice: str) -> None:
    records, (problem,) = read(text)
    assert records == []
    assert words in problem.found
    assert advice in (problem.help or "")


# --- RIS as it is written ---


@pytest.mark.parametrize(
    "text",
    [
        "ty  - JOUR\nau  - Novak, P.\nti  - Lesions after\n bleeds\npy  - 2019\ndo  - 10.1000/abc\nja  - Stroke\ner  - \n",
        "TY - JOUR\nAU - Novak, P.\nTI - Lesions after\n bleeds\nVL - 3\nPY - 2019\nDO - 10.1000/abc\nJA - Stroke\nER -\n",
        "TY  -JOUR\nAU  -Novak, P.\nTI  -Lesions after\nbleeds\nPY  -2019\nDO  -10.1000/abc\nJA  -Stroke\nER  -\n",
        "TY  - JOUR\n\nAU  - Novak, P.\n\nTI  - Lesions after\n\nbleeds\nXX  - ?\n\nPY  - 2019\nDX  - 10.1000/abc\nJA  - Stroke\nER  - \n",
        "TY  - JOUR\nAU  - Novak, P.\nTI  - Lesions after bleeds\nPY  - 2019\nJA  - Stroke\nDOI - 10.1000/abc\nER  -\n",
        "TY  - JOUR\nAU  - Novak, P.\nTI  - Lesions after bleedsPY  - 2019\nJA  - StrokeDO  - 10.1000/abc\nER  -\n",
        "TY  - JOUR\nAU  - Novak, P.\nTI  - Lesions after bleeds\u00ad\nPY  - 2019//\nJA  - <i>Stroke</i>\nDO  - doi:10.1000/abc.\nER  -\n",
    ],
    ids=["lower case", "one blank", "no blank after", "blank lines", "a name for a tag", "glued", "signs that can't be seen"],
)
def test_ris_is_read_as_it_is_written(text: str) -> None:
    for one in (text, text.replace("\n", "\r\n"), "\ufeff" + text, text.replace("\n", "\r")):
        assert only(one) == Reference(
            title="Lesions after bleeds", first_author="Novak", authors=("Novak P",), year=2019, journal="Stroke", doi="10.1000/abc"
        )


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("TY  - JOUR\nTI  - a\nJA  - Stroke\nXYZ - 10.1000/abc\nER  -\n", 4, "XYZ - 10.1000/abc"),
        ("TY  - JOUR\nTI  - a\nJA  - Stroke\nDOI: 10.1000/abc\nER  -\n", 1, "Stroke DOI: 10.1000/abc"),
        ("TY  - JOUR\nTI  - a\nAU  - Novak, P.\nSvoboda, J.\nER  -\n", 4, "Svoboda, J."),
        ("TY  - JOUR\nTI  - a\nAU  - Novak, P, MD, PhD\nER  -\n", 3, "Novak, P, MD, PhD"),
        ("TY  - JOUR\nTI  - a\nPY  - 2001\nTI  - b\nER  -\n", 4, "a second TI"),
        ("TY  - JOUR\nTI  - aER  - TY  - JOUR\nTI  - b\nER  -\n", 2, "two records in one line"),
        ("PMID- 1\nTI  - A title. DP  - 2012\n", 2, "two lines in one"),
        ("@article{k,\n author={Novak, P.}\n title={Lesions},\n year={2009}\n}", 2, "the value of author"),
        ("@article{k,\n year=2009\n title={Lesions}\n}", 2, "the value of year"),
        ("@article{k,\n title={Lesions},\n pages=1--9\n doi={10.1000/abc}\n}", 3, "the value of pages"),
        ("@article{k,\n title={Lesions,\n year={2009}}\n}", 2, "that another field begins in"),
        ("@article{k,\n title={Lesions},\n abstract={Text,\n doi={10.1000/abc}}\n}", 3, "that another field begins in"),
        ("@article{k,\n title={Lesions}},\n year={2009}\n}", 3, "a field outside of an entry"),
        ('@article{k,\n title="Lesions,\n year=2009,\n journal="X"\n}', 1, "can't be read"),
        ("@article{k,\n year=2009,\n a title={Lesions}\n}", 3, "a field called 'a title'"),
        ("@article{k\n title={Lesions}\n}", 1, "Expected comma after entry key"),
        ("@article{k,\n title={Lesions},\n journal=isj\n}", 3, "the macro 'isj'"),
        ("@article{k,\n title={Of \\foo lesions}}", 1, "\\foo"),
        ("@article{k, title={a}, author={Novak, P. & Svoboda, J.}}", 1, "Novak, P. & Svoboda, J."),
        ('@article{k, title={a}, doi={10.1000/abc"}}', 1, "the DOI"),
        ("TY  - JOUR\nTI  - a\nDO  - 10.1000/{abc}\nER  -\n", 1, "the DOI '10.1000/{abc}'"),
        ("TY  - JOUR\nTI  - a}\nER  -\n", 1, "the title 'a}'"),
        ("TY  - JOUR\nTI  - a\nAU  - {Novak}, P.\nER  -\n", 1, "the author '{Novak}'"),
        ("TY  - JOUR\nTI  - a\nPY  - 2019}\nER  -\n", 1, "the year '2019}'"),
        ('[{"title": "a"}, {"title": "Of <foo>lesions</foo>"}]', None, "item 2, the title 'Of <foo>lesions</foo>'"),
        ('[{"title": {"a": 1}}]', None, "item 1, whose title is no text"),
        ('[{"title": "a", "author": ["Novak, P."]}]', None, "item 1, with an author 'Novak, P.'"),
        ('[{"title": "a", "creators": []}]', None, "Zotero's own JSON"),
    ],
)
def test_what_is_not_a_value_is_told_with_its_place_and_never_read_as_one(text: str, line: int | None, words: str) -> None:
    records, (problem, *_) = read(text)
    assert (records, problem.line) == ([], line)
    assert words in problem.found


def test_each_mistake_of_a_file_is_told() -> None:
    _, problems = read("@article{a, title={x}, year={20{10}\n\n@article{b, title={y}}\n\n@article{c, title={z}, journal=foo}")
    assert [problem.line for problem in problems] == [1, 5]


# --- texts ---


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ('<span class=\\"nocase\\">Role</span> of <i>APOE</i> &amp; CO<sub>2</sub>', "Role of APOE & CO2"),
        ("<font color=red>Role</font> of <mml:math><mml:mi>x</mml:mi></mml:math>", "Role of x"),
        ("&lt;i&gt;APOE&lt;/i&gt; &amp;amp; more", "APOE & more"),
        ("p < 0.05 in <3 months: A = B, x > y, a<b and c>d", "p < 0.05 in <3 months: A = B, x > y, a<b and c>d"),
        ("#1 of [100] (n = 12), 50% & $5", "#1 of [100] (n = 12), 50% & $5"),
        ("Le\u0301sions\u00a0apre\u0300s\u00ad bleeds\u200b ", "Lésions après bleeds"),
    ],
)
def test_a_title_is_plain_text_and_keeps_what_is_its_own(title: str, shown: str) -> None:
    assert only(f'[{{"title": "{title}"}}]').title == shown
    assert only("TY  - JOUR\nTI  - {}\nER  -\n".format(title.replace("\\", ""))).title == shown


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        (r"50% of \$5, CO$_2$ and $p < 0.05$ {\&} $\beta$-blockers", "50% of $5, CO2 and p < 0.05 & β-blockers"),
        (r"{\textless}3 months, {\textless}i{\textgreater}APOE{\textless}/i{\textgreater} {\textepsilon}4", "<3 months, APOE ϵ4"),
        (r"\emph{Role} of {{APOE}} and \ce{CO2}", "Role of APOE and CO2"),
        ('{"Quoted" # and {#1}}', '"Quoted" # and #1'),
    ],
)
def test_a_title_in_latex_is_plain_text(title: str, shown: str) -> None:
    assert only(f"@article{{k, title={{{title}}}}}").title == shown


def test_values_of_bibtex_are_joined_and_its_macros_put_in() -> None:
    macros = '@string{isj = "Imaginary Stroke"}\n@STRING(long = ISJ # " Journal")\n'
    one = only(macros + '@article{k,title="Lesions " # "after",journal=long,year="20" # 09}')
    assert (one.title, one.journal, one.year) == ("Lesions after", "Imaginary Stroke Journal", 2009)


def test_a_remark_in_an_entry_is_no_part_of_a_field() -> None:
    one = only("@article{k,\n % from the site\n title={A},\n % year={2001},\n year={2002}, % as printed\n doi={10.1000/abc}\n}")
    assert (one.title, one.year, one.doi) == ("A", 2002, "10.1000/abc")


def test_what_is_said_twice_alike_or_isn_t_read_is_no_mistake() -> None:
    text = "@article{k, Title={A}, title={{A}}, keywords={x}, keywords={y}, month=foo, pages=1--9, author={}, year={}}"
    assert only(text) == Reference(id="k", title="A")


@pytest.mark.parametrize("doi", [r"10.1000/a{\_}b", r"{10.1000/a\_b}", r"\url{https://doi.org/10.1000/a_b}", "10.1000/a_b [doi]"])
def test_a_doi_in_latex_is_a_doi(doi: str) -> None:
    assert only(f"@article{{k, title={{A}}, doi={{{doi}}}}}").doi == "10.1000/a_b"


@pytest.mark.parametrize("name", [r"Nov{\\'a}k, Petra", r"M{\\`u}ller, Petra", r"\\emph{Novak}, Petra"])
def test_latex_that_is_escaped_twice_is_an_error_and_no_name(name: str) -> None:
    records, (problem,) = read(f"@article{{k, author={{{name}}}, title={{A}}}}")
    assert (records, problem.found.startswith("the LaTeX command")) == ([], True)


def test_a_title_that_looks_like_latex_in_another_format_is_told() -> None:
    (record,), _ = read("TY  - JOUR\nTI  - Of {APOE}\nER  - \n")
    assert record.odd == ("the title 'Of {APOE}', which looks like LaTeX",)


def test_an_id_that_is_none_is_left_out_and_told() -> None:
    (record,), _ = read("TY  - JOUR\nTI  - a\nPY  - in press\nDO  - n/a\nER  - \n")
    assert (record.reference.year, record.reference.doi) == (None, None)
    assert record.odd == ("the year 'in press', which is none and is left out", "the DOI 'n/a', which is none and is left out")


@pytest.mark.parametrize(
    ("text", "title", "odd"),
    [
        ("PMID- 1\nTI  - Lesions.\nPT  - Journal Article\nPT  - Retracted Publication\n", "Lesions", ("a retracted paper",)),
        ("PMID- 1\nTI  - RETRACTED: Lesions.\nRIN - Stroke. 2019\n", "Lesions", ("a retracted paper",)),
        ("PMID- 1\nTI  - Retraction: Lesions.\nPT  - Retraction Notice\n", "Retraction: Lesions", ("a notice that retracts a paper",)),
        ("PMID- 1\nTI  - Lesions.\nPT  - Published Erratum\n", "Lesions", ("a correction of a paper",)),
        (
            "PMID- 1\nTI  - Clot retraction, withdrawn drugs and correction of lesions.\n",
            "Clot retraction, withdrawn drugs and correction of lesions",
            (),
        ),
        ("TY  - JOUR\nTI  - RETRACTED ARTICLE: Lesions\nER  -\n", "Lesions", ("a retracted paper",)),
        (
            "TY  - JOUR\nTI  - Corrigendum to \u201cLesions\u201d\nER  -\n",
            "Corrigendum to \u201cLesions\u201d",
            ("a correction of a paper",),
        ),
        (
            "PT J\nTI Lesions (Retracted article. See vol. 4, pg. 1, 2020)\nDT Article; Retracted Publication\nER\n",
            "Lesions",
            ("a retracted paper",),
        ),
        ("@article{k, title={Lesions}, document_type={Retracted}}", "Lesions", ("a retracted paper",)),
    ],
)
def test_what_stands_against_a_paper_is_told(text: str, title: str, odd: tuple[str, ...]) -> None:
    (record,), problems = read(text)
    assert (problems, record.reference.title, record.odd) == ([], title, odd)


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


@given(st.sampled_from(["ris", "nbib", "bib", "csl", *WRITTEN]), st.data())
def test_no_torn_file_breaks_the_reader(form: str, data: st.DataObject) -> None:
    text = {"ris": RIS, "nbib": NBIB, "bib": BIBTEX, "csl": CSL, **WRITTEN}[form]
    start, end = sorted((data.draw(st.integers(0, len(text))), data.draw(st.integers(0, len(text)))))
    records, problems = read(text[:start] + data.draw(st.text(max_size=5)) + text[end:])
    assert bool(records) != bool(problems)
