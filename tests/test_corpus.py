"""The shipped corpus and what a clinician knows of it."""

from __future__ import annotations

import filecmp
from collections import Counter
from pathlib import Path

import pytest

import evidence
from graph import questions
from graph.opening import shipped, shipped_studies
from graph.stores.port import Reader
from loaders import sheets
from schema.answer import Evidence
from schema.vocabulary import Vocabulary, clashes


def evidence_of(reader: Reader, exposure: str, outcome: str) -> Evidence:
    return questions.Evidence(exposure=exposure, outcome=outcome).answer(reader)


def test_every_sheet_loads_without_an_error() -> None:
    loaded = sheets.load([evidence.STUDIES], shipped())
    assert [str(problem) for problem in loaded.errors] == []
    assert len(loaded.studies) == len(list(evidence.STUDIES.glob("*.yaml")))


def test_the_documents_count_what_there_is() -> None:
    studies = shipped_studies(shipped())
    readme = (evidence.FOLDER.parent / "README.md").read_text(encoding="utf-8")
    assert f"{len(studies)} extracted papers, {sum(len(one.findings) for one in studies)} findings" in readme
    read = Counter(one.read for one in studies)
    assert read["full-text"] == 0
    assert (
        f"All {len(studies)} papers were read as abstracts or pages about them, {read['tables']} with tables of their own, none" in readme
    )
    assert f"\n{len(studies)} sheets, " in (evidence.FOLDER / "README.md").read_text(encoding="utf-8")
    assert f"{len(studies)} papers are shipped" in (evidence.FOLDER.parent / "CHANGELOG.md").read_text(encoding="utf-8")


def test_each_sheet_is_named_by_its_id() -> None:
    assert {path.stem for path in evidence.STUDIES.glob("*.yaml")} == {study.id for study in shipped_studies(shipped())}


def test_the_vocabulary_has_no_clash_in_itself() -> None:
    assert clashes(Vocabulary(()), list(shipped().vocabulary.terms.values())) == []


@pytest.mark.parametrize(
    ("typed", "term"),
    [
        ("hemorrhage", "intracerebral-haemorrhage"),
        ("intracerebral hemorrhage", "intracerebral-haemorrhage"),
        ("CMBs", "cerebral-microbleeds"),
        ("cSS", "cortical-superficial-siderosis"),
        ("EPVS", "enlarged-perivascular-spaces"),
        ("WMH", "white-matter-hyperintensities"),
        ("AF", "atrial-fibrillation"),
        ("RDWILs", "r-dwi"),
        ("R-DWI", "r-dwi"),
        ("DWI lesions", "r-dwi"),
        ("CAA", "cerebral-amyloid-angiopathy"),
        ("hematoma volume", "haematoma-volume"),
        ("ischemic stroke", "ischaemic-stroke"),
        ("Leukoaraiosis", "white-matter-hyperintensities"),
        ("death", "mortality"),
        ("IVH", "intraventricular-haemorrhage"),
        ("BMI", "body-mass-index"),
        ("INR", "inr"),
    ],
)
def test_what_a_clinician_types_is_found(typed: str, term: str) -> None:
    found = shipped().vocabulary.search(typed)
    assert found
    assert found[0].id == term or shipped().vocabulary.resolve(typed).id == term


def test_caa_has_seven_findings_from_two_studies_and_says_so(reader: Reader) -> None:
    answer = questions.Factors(population="CAA").answer(reader)
    findings = {finding for one in answer.items for finding in one.findings}
    assert len(findings) == 7
    assert {finding.split(":")[0] for finding in findings} == {"kimberly-2009", "caa-dwi-evolution-2017"}
    assert all(one.estimate is None for one in answer.items)
    assert answer.note is not None
    assert answer.note.startswith("7 findings from 2 studies, and no estimate to pool")
    assert "indirect=true" in answer.note


@pytest.mark.parametrize(
    ("exposure", "outcome", "direction", "source", "estimate"),
    [
        ("atrial-fibrillation", "r-dwi", "increases", "published", 3.67),
        ("lobar-location", "r-dwi", "inconclusive", "published", 1.01),
        ("r-dwi", "poor-functional-outcome", "increases", "published", 1.95),
        ("intensive-bp-lowering", "r-dwi", "inconclusive", "single-study", 0.736),
        ("acute-bp-reduction", "r-dwi", "increases", "single-study", 1.10),
        ("cerebral-microbleeds", "r-dwi", "increases", "pooled-bayes", 2.59),
        ("cortical-superficial-siderosis", "r-dwi", "increases", "single-study", 3.72),
        ("age", "r-dwi", "decreases", "single-study", 0.98),
    ],
)
def test_the_headline_is_what_a_reader_of_the_papers_would_say(
    reader: Reader, exposure: str, outcome: str, direction: str, source: str, estimate: float
) -> None:
    one = evidence_of(reader, exposure, outcome).association
    assert one is not None
    assert (one.direction, one.estimate_source) == (direction, source)
    assert one.estimate == pytest.approx(estimate, abs=0.005)


def test_trials_and_observation_of_blood_pressure_lowering_are_shown_apart(reader: Reader) -> None:
    trial = evidence_of(reader, "intensive-bp-lowering", "r-dwi").association
    observed = evidence_of(reader, "acute-bp-reduction", "r-dwi").association
    assert trial is not None
    assert observed is not None
    assert {paper.id for paper in trial.papers} & {"menon-2012", "prabhakaran-2010"} == set()
    assert "early-target-attainment" not in {row.exposure for row in evidence_of(reader, "acute-bp-reduction", "r-dwi").rows}
    assert trial.contested is not None
    assert observed.contested is not None
    assert {camp.report.rpartition(": ")[2] for camp in trial.contested.camps} == {"increases", "inconclusive"}


def test_the_prevalence_stands_beside_the_published_one(reader: Reader) -> None:
    one = questions.Prevalence().answer(reader).prevalence
    assert one.pooled is not None
    published = next(row for row in one.published if row.study.id == "posener-2023")
    assert published.pct == 23.5
    assert published.ci is not None
    assert published.ci[0] <= one.pooled.pct <= published.ci[1]


def test_the_readme_of_the_sheets_comes_with_them() -> None:
    folder = Path(evidence.__file__).parent
    assert "extraction sheets" in (folder / "README.md").read_text(encoding="utf-8")
    assert not filecmp.cmp(folder / "README.md", folder.parent / "README.md", shallow=False)


def test_what_rolls_up_into_an_umbrella_measures_it(reader: Reader) -> None:
    """A fall of mean or systolic pressure is a blood pressure reduction; strictly lobar microbleeds are a part of microbleeds."""
    reduction = evidence_of(reader, "acute-bp-reduction", "r-dwi").association
    spaces = evidence_of(reader, "enlarged-perivascular-spaces", "r-dwi").association
    assert reduction is not None
    assert spaces is not None
    assert ("indirectness", -1) not in {(reason.domain, reason.step) for reason in reduction.reasons}
    assert ("indirectness", -1) in {(reason.domain, reason.step) for reason in spaces.reasons}


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        ("ischaemic-stroke", "inconclusive, HR 1.71, 2 cohorts, low certainty"),
        ("recurrent-ich", "increases, HR 2.93, 2 cohorts, "),
        ("poor-functional-outcome", "increases, OR 1.95 (published), 6 cohorts, low certainty"),
    ],
)
def test_a_caption_says_what_a_hurried_reader_must_know(reader: Reader, outcome: str, said: str) -> None:
    one = evidence_of(reader, "r-dwi", outcome).association
    assert one is not None
    assert one.caption.startswith(said)


def test_only_what_is_not_significant_can_be_too_small(reader: Reader) -> None:
    rows = evidence_of(reader, "acute-bp-reduction", "r-dwi").rows
    small = {row.study.id for row in rows if row.why and "too small" in row.why}
    assert small == {"butcher-2025", "gioia-2017-thesis"}
