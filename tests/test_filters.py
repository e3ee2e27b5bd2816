"""The evidence filters, against hand counts over the sheets and against graphs that hold only what matches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, get_args

import pytest
import yaml
from pydantic import ValidationError

import evidence
from graph import questions
from graph.build import EvidenceGraph, build
from graph.opening import shipped
from graph.questions.edges import edges
from graph.questions.filters import Filters, finding_verdict, prevalence_verdict
from graph.questions.lists import Page
from graph.stores.memory import MemoryReader
from schema.association import Association
from schema.errors import UnknownName
from schema.study import Design, Study

ALL = Page(limit=None)
Sheet = dict[str, Any]
Known = bool | None

# populations of the sheets that a question about ICH takes in
ICH = {"ich"}
# what the edges of r-dwi take in besides its own rows
R_DWI = {"r-dwi", "r-dwi-acute-phase"}


@pytest.fixture(scope="module")
def sheets() -> list[Sheet]:
    """The sheets as plain YAML."""
    return [yaml.load(path.read_bytes(), Loader=yaml.CSafeLoader) for path in sorted(evidence.STUDIES.glob("*.yaml"))]


def on_r_dwi(sheets: list[Sheet]) -> list[tuple[Sheet, dict[str, Any]]]:
    """The rows on R-DWI in people with ICH, each with its sheet."""
    found = []
    for sheet in sheets:
        conditions = {one["id"]: one["condition"] for one in sheet.get("populations", ())}
        for row in sheet.get("findings", ()):
            if row["outcome"] in R_DWI and row["exposure"] not in R_DWI and conditions[row["population"]] in ICH:
                found.append((sheet, row))
    return found


def size(sheet: Sheet, row: dict[str, Any]) -> int | None:
    if row.get("counts"):
        return int(row["counts"]["exposed_total"] + row["counts"]["unexposed_total"])
    groups = row.get("groups") or ()
    if groups and row.get("role") != "within-person" and all(group.get("n") for group in groups):
        return sum(int(group["n"]) for group in groups)
    population = next(one for one in sheet["populations"] if one["id"] == row["population"])
    found = population.get("n") or sheet.get("n")
    return None if found is None else int(found)


def last_mri(sheet: Sheet) -> float | None:
    window = (sheet.get("imaging") or {}).get("mri_window_days")
    return None if window is None else float(window[1])


def told(value: Any, holds: Callable[[Any], bool]) -> Known:
    return None if value is None else holds(value)


BY_HAND: list[tuple[dict[str, Any], Callable[[Sheet, dict[str, Any]], Known]]] = [
    ({"adjusted": True}, lambda _, row: told(row.get("adjusted"), lambda one: one is True)),
    ({"adjusted": False}, lambda _, row: told(row.get("adjusted"), lambda one: one is False)),
    ({"randomised": True}, lambda _, row: row.get("randomised", False) is True),
    ({"randomised": False}, lambda _, row: row.get("randomised", False) is False),
    ({"design": ("prospective-cohort",)}, lambda sheet, _: told(sheet.get("design"), lambda one: one == "prospective-cohort")),
    (
        {"design": ("meta-analysis", "rct-post-hoc")},
        lambda sheet, _: told(sheet.get("design"), lambda one: one in {"meta-analysis", "rct-post-hoc"}),
    ),
    ({"year_from": 2013}, lambda sheet, _: told(sheet.get("year"), lambda one: one >= 2013)),
    ({"year_to": 2012}, lambda sheet, _: told(sheet.get("year"), lambda one: one <= 2012)),
    ({"year_from": 2012, "year_to": 2012}, lambda sheet, _: told(sheet.get("year"), lambda one: one == 2012)),
    ({"min_n": 138}, lambda sheet, row: told(size(sheet, row), lambda one: one >= 138)),
    ({"min_n": 139}, lambda sheet, row: told(size(sheet, row), lambda one: one >= 139)),
    ({"min_n": 1}, lambda sheet, row: told(size(sheet, row), lambda _one: True)),
    ({"max_mri_day": 7}, lambda sheet, _: told(last_mri(sheet), lambda one: one <= 7)),
    ({"max_mri_day": 14}, lambda sheet, _: told(last_mri(sheet), lambda one: one <= 14)),
    ({"max_mri_day": 13.9}, lambda sheet, _: told(last_mri(sheet), lambda one: one <= 13.9)),
    ({"exclude": ("menon-2012",)}, lambda sheet, _: sheet["id"] != "menon-2012"),
    ({"exclude": ("menon-2012", "wu-2015")}, lambda sheet, _: sheet["id"] not in {"menon-2012", "wu-2015"}),
]
HAND_IDS = [",".join(f"{name}={value}" for name, value in given.items()) for given, _ in BY_HAND]


def verdict(known: list[Known]) -> str:
    if False in known:
        return "dropped"
    return "unknown" if None in known else "kept"


@pytest.mark.parametrize(("given", "by_hand"), BY_HAND, ids=HAND_IDS)
def test_a_filter_keeps_what_matches_and_counts_what_is_not_known(
    reader: MemoryReader, sheets: list[Sheet], given: dict[str, Any], by_hand: Any
) -> None:
    verdicts = [verdict([by_hand(sheet, row)]) for sheet, row in on_r_dwi(sheets)]
    answer = questions.Factors(filters=Filters(**given), page=ALL).answer(reader)
    findings = {finding for one in answer.items for finding in one.findings}
    assert len(findings) == verdicts.count("kept") > 0
    assert answer.unknown_dropped == verdicts.count("unknown")


def test_the_hand_counts_meet_unknown_rows_of_every_kind(sheets: list[Sheet]) -> None:
    rows = on_r_dwi(sheets)
    assert len(rows) > 90
    for name in ("year", "design"):
        assert any(sheet.get(name) is None for sheet in sheets), name
    assert any(row.get("adjusted") is None for _, row in rows)
    assert any(last_mri(sheet) is None for sheet, _ in rows)
    assert any(size(sheet, row) is None for sheet, row in rows)


@pytest.mark.parametrize("first", range(0, len(BY_HAND), 3))
@pytest.mark.parametrize("second", range(1, len(BY_HAND), 4))
def test_two_filters_keep_what_matches_both(reader: MemoryReader, sheets: list[Sheet], first: int, second: int) -> None:
    (one, by_one), (other, by_other) = BY_HAND[first], BY_HAND[second]
    if set(one) & set(other):
        other, by_other = {"adjusted": True}, BY_HAND[0][1]
    if set(one) & set(other):
        other, by_other = {"year_from": 2013}, BY_HAND[6][1]
    verdicts = [verdict([by_one(sheet, row), by_other(sheet, row)]) for sheet, row in on_r_dwi(sheets)]
    answer = questions.Factors(filters=Filters(**one, **other), page=ALL).answer(reader)
    assert len({finding for item in answer.items for finding in item.findings}) == verdicts.count("kept")
    assert answer.unknown_dropped == verdicts.count("unknown")


@pytest.mark.parametrize("design", get_args(Design))
def test_each_design_is_a_filter(reader: MemoryReader, sheets: list[Sheet], design: Any) -> None:
    kept = [sheet["id"] for sheet, _ in on_r_dwi(sheets) if sheet.get("design") == design]
    answer = questions.Factors(filters=Filters(design=(design,)), page=ALL).answer(reader)
    assert len({finding for one in answer.items for finding in one.findings}) == len(kept)


def test_without_a_filter_nothing_is_dropped(reader: MemoryReader, sheets: list[Sheet]) -> None:
    answer = questions.Factors(page=ALL).answer(reader)
    assert answer.unknown_dropped == 0
    assert len({finding for one in answer.items for finding in one.findings}) == len(on_r_dwi(sheets))


def test_evidence_counts_the_unknown_rows_of_its_own_edge(reader: MemoryReader, sheets: list[Sheet]) -> None:
    mixed = 0
    for exposure in sorted({row["exposure"] for _, row in on_r_dwi(sheets)}):
        known = [row.get("adjusted") for _, row in on_r_dwi(sheets) if row["exposure"] in reader.terms().takes(exposure)]
        answer = questions.Evidence(exposure=exposure, outcome="r-dwi", filters=Filters(adjusted=True)).answer(reader)
        assert len(answer.rows) == known.count(True)
        assert answer.unknown_dropped == known.count(None)
        mixed += None in known and True in known
    assert mixed


@pytest.mark.parametrize(
    ("given", "by_hand"),
    [
        ({"year_from": 2013}, lambda sheet, _: told(sheet.get("year"), lambda one: one >= 2013)),
        ({"design": ("prospective-cohort",)}, lambda sheet, _: told(sheet.get("design"), lambda one: one == "prospective-cohort")),
        ({"max_mri_day": 14}, lambda sheet, _: told(last_mri(sheet), lambda one: one <= 14)),
        ({"exclude": ("menon-2012",)}, lambda sheet, _: sheet["id"] != "menon-2012"),
    ],
    ids=lambda one: "keeps" if callable(one) else str(one),
)
def test_a_filtered_prevalence_is_that_of_the_studies_that_match(
    reader: MemoryReader, sheets: list[Sheet], given: dict[str, Any], by_hand: Any
) -> None:
    rows = []
    for sheet in sheets:
        conditions = {one["id"]: one["condition"] for one in sheet.get("populations", ())}
        for row in sheet.get("prevalence", ()):
            if row["lesion"] in R_DWI and conditions[row["population"]] in ICH:
                rows.append((sheet["id"], verdict([by_hand(sheet, row)])))
    answer = questions.Prevalence(filters=Filters(**given)).answer(reader)
    shown = {row.study.id for row in answer.prevalence.rows} | {one.study.id for one in answer.prevalence.published}
    assert answer.unknown_dropped == sum(told_ == "unknown" for _, told_ in rows)
    assert shown <= {study for study, told_ in rows if told_ == "kept"}
    assert shown


# --- a filtered answer equals what a store that holds only those findings would say ---

VALUES: list[dict[str, Any]] = [
    {"adjusted": True},
    {"adjusted": False},
    {"randomised": True},
    {"randomised": False},
    {"design": ("prospective-cohort", "cross-sectional")},
    {"min_n": 100},
    {"year_from": 2012},
    {"year_to": 2016},
    {"max_mri_day": 14},
    {"adjusted": True, "year_from": 2010, "min_n": 50},
    {"exclude": ("wu-2015", "menon-2012", "prabhakaran-2010")},
]


def reduced(corpus: tuple[Study, ...], reader: MemoryReader, filters: Filters) -> list[Study]:
    """The corpus without the findings and prevalences that a filter drops; the studies themselves stay known."""
    kept = {
        (observation.study, observation.position)
        for observation in reader.findings()
        if finding_verdict(filters, observation, reader.studies()[observation.study]) == "kept"
    }
    places = {id(observation.row): observation for observation in reader.prevalence()}
    prevalence = {key for key, one in places.items() if prevalence_verdict(filters, one, reader.studies()[one.study]) == "kept"}
    return [
        study.model_copy(
            update={
                "findings": tuple(row for position, row in enumerate(study.findings) if (study.id, position) in kept),
                "prevalence": tuple(row for row in study.prevalence if id(row) in prevalence),
            }
        )
        for study in corpus
    ]


def without_findings_only(corpus: tuple[Study, ...], some: list[Study]) -> list[Study]:
    """The reduced findings with all prevalences: the share of the outcome is a fact of the sheet, not a row on the association."""
    return [study.model_copy(update={"findings": less.findings}) for study, less in zip(corpus, some, strict=True)]


def different(one: Association, other: Association) -> dict[str, tuple[Any, Any]]:
    return {
        name: (getattr(one, name), getattr(other, name)) for name in Association.model_fields if getattr(one, name) != getattr(other, name)
    }


@pytest.mark.parametrize("given", VALUES, ids=str)
def test_a_filtered_answer_is_that_of_a_store_with_only_those_findings(
    corpus: tuple[Study, ...], reader: MemoryReader, given: dict[str, Any]
) -> None:
    filters = Filters(**given)
    only = build(without_findings_only(corpus, reduced(corpus, reader, filters)), reader.field())
    there = MemoryReader(only)
    compared = 0
    for population in shipped().populations:
        here, _ = edges(reader, population, filters)
        expected = there.edges(population=population)
        assert [(one.exposure.id, one.outcome.id) for one in here] == [(one.exposure.id, one.outcome.id) for one in expected]
        for one, other in zip(here, expected, strict=True):
            assert different(one, other) == {}, (one.exposure.id, one.outcome.id, population)
        compared += len(here)
    assert compared == len(only.associations) > 0


@pytest.mark.parametrize("given", VALUES[::3], ids=str)
def test_each_question_filtered_is_that_of_a_store_with_only_those_findings(
    corpus: tuple[Study, ...], reader: MemoryReader, given: dict[str, Any]
) -> None:
    filters = Filters(**given)
    there = MemoryReader(build(without_findings_only(corpus, reduced(corpus, reader, filters)), reader.field()))
    for lesion in ("r-dwi", "poor-functional-outcome", "cortical-microinfarct"):
        for population in ("ich", "caa"):
            here = questions.Factors(lesion=lesion, population=population, filters=filters, page=ALL).answer(reader)
            assert here.items == questions.Factors(lesion=lesion, population=population, page=ALL).answer(there).items
    for exposure in ("r-dwi", "intensive-bp-lowering", "acute-bp-reduction", "cerebral-microbleeds"):
        assert (
            questions.Outcomes(exposure=exposure, filters=filters, page=ALL).answer(reader).items
            == questions.Outcomes(exposure=exposure, page=ALL).answer(there).items
        )
    assert questions.Contested(filters=filters, page=ALL).answer(reader).items == questions.Contested(page=ALL).answer(there).items
    for exposure in ("cerebral-microbleeds", "admission-sbp", "age", "map-reduction", "intensive-bp-lowering"):
        one, other = (
            questions.Evidence(exposure=exposure, outcome="r-dwi", filters=filters).answer(reader),
            questions.Evidence(exposure=exposure, outcome="r-dwi").answer(there),
        )
        assert one.association == other.association
        assert one.rows == other.rows
        assert one.published == other.published


@pytest.mark.parametrize("given", [{"year_from": 2012}, {"max_mri_day": 14}, {"min_n": 100}, {"exclude": ("wu-2015",)}], ids=str)
def test_a_filtered_prevalence_is_that_of_a_store_with_only_those_rows(
    corpus: tuple[Study, ...], reader: MemoryReader, given: dict[str, Any]
) -> None:
    filters = Filters(**given)
    there = MemoryReader(build(reduced(corpus, reader, filters), reader.field()))
    for lesion in ("r-dwi", "cortical-microinfarct", "incidental-dwi"):
        here, expected = (
            questions.Prevalence(lesion=lesion, filters=filters).answer(reader),
            questions.Prevalence(lesion=lesion).answer(there),
        )
        assert here.prevalence == expected.prevalence
        assert here.populations == expected.populations


@pytest.mark.parametrize("study", ["menon-2012", "prabhakaran-2010", "kang-2012", "wu-2015", "garg-2012", "tsai-2014"])
def test_leaving_a_study_out_is_building_without_its_rows(corpus: tuple[Study, ...], reader: MemoryReader, study: str) -> None:
    assert any(one.id == study and one.findings for one in corpus)
    emptied = [one.model_copy(update={"findings": (), "mechanisms": ()}) if one.id == study else one for one in corpus]
    there = MemoryReader(build(emptied, reader.field()))
    filters = Filters(exclude=(study,))
    for population in ("ich", "caa"):
        here, unknown = edges(reader, population, filters)
        assert unknown == 0
        assert here == there.edges(population=population)


def test_nothing_of_a_study_that_is_left_out_is_shown(reader: MemoryReader) -> None:
    for study in sorted({observation.study for observation in reader.findings(outcomes=R_DWI, populations=["ich"])})[::4]:
        here, _ = edges(reader, "ich", Filters(exclude=(study,)), outcome="r-dwi")
        assert here
        for one in here:
            assert study not in {paper.id for paper in one.papers}
            assert not any(finding.startswith(f"{study}:") for finding in one.findings)


@pytest.mark.parametrize("ask", [one for one in questions.QUESTIONS if "filters" in one.model_fields], ids=lambda one: one.called())
def test_a_study_to_leave_out_must_be_known(reader: MemoryReader, ask: type[questions.Question]) -> None:
    names = {one.name: name for one, name in zip(ask.parameters(), ("age", "r-dwi"), strict=False) if one.needed}
    with pytest.raises(UnknownName, match="menon-2013") as caught:
        ask.of({**names, "exclude": "menon-2013"}).answer(reader)
    assert "menon-2012" in caught.value.suggestions


# --- what is asked ---


@pytest.mark.parametrize(
    "given",
    [
        {"min_n": 0},
        {"year_from": 1899},
        {"year_to": 2101},
        {"max_mri_day": -0.5},
        {"design": ("nonsense",)},
        {"colour": "red"},
        {"min_n": "x"},
    ],
    ids=str,
)
def test_a_filter_of_a_wrong_value_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Filters(**given)


def test_the_query_tells_the_filters_as_they_were_asked(reader: MemoryReader) -> None:
    query = questions.Factors(filters=Filters(adjusted=False, min_n=20, exclude=("wu-2015",), indirect=True)).answer(reader).query
    assert query == {
        "lesion": "r-dwi", "population": "ich",
        "parts": ["ich-both", "ich-caa", "ich-deep", "ich-hypertensive", "ich-lobar", "ich-non-caa"],
        "adjusted": False, "min_n": 20, "exclude": ["wu-2015"], "indirect": True,
    }  # fmt: skip


def test_active_filters_are_those_that_drop_rows() -> None:
    assert Filters().active == {}
    assert Filters(indirect=True).active == {}
    assert Filters(adjusted=False, design=("rct",)).active == {"adjusted": False, "design": ("rct",)}
    assert Filters(adjusted=False, min_n=3).without("adjusted") == Filters(min_n=3)


# --- indirect evidence ---


def test_indirect_evidence_stands_beside_and_changes_nothing_of_the_populations_own(reader: MemoryReader) -> None:
    own = {one.exposure.id: one for one in questions.Factors(population="caa", page=ALL).answer(reader).items}
    both = questions.Factors(population="caa", filters=Filters(indirect=True), page=ALL).answer(reader).items
    wide = {one.exposure.id: one for one in questions.Factors(population="ich", page=ALL).answer(reader).items}
    assert {one.exposure.id for one in both} == set(own) | set(wide)
    for one in both:
        assert one.indirect is not None
        if one.exposure.id in own:
            assert one.model_copy(update={"indirect": None}) == own[one.exposure.id]
        else:
            assert (one.studies, one.cohorts, one.weight, one.certainty, one.estimate) == (0, 0, None, None, None)
            assert one.indirect
        for beside in one.indirect:
            there = wide[one.exposure.id]
            assert beside.population.id == "ich"
            assert (beside.direction, beside.weight, beside.estimate, beside.ci, beside.cohorts, beside.certainty, beside.caption) == (
                there.direction, there.weight, there.estimate, there.ci, there.cohorts, there.certainty, there.caption,
            )  # fmt: skip


def test_indirect_evidence_is_filtered_too(reader: MemoryReader) -> None:
    filters = Filters(indirect=True, adjusted=True)
    wide = {one.exposure.id: one for one in questions.Factors(filters=Filters(adjusted=True), page=ALL).answer(reader).items}
    items = questions.Factors(population="caa", filters=filters, page=ALL).answer(reader).items
    beside = {one.exposure.id: one.indirect[0] for one in items if one.indirect}
    assert set(beside) == set(wide)
    assert all(beside[name].weight == wide[name].weight for name in wide)


def test_there_is_no_indirect_evidence_where_nothing_is_wider(reader: MemoryReader) -> None:
    plain = questions.Factors(population="comparison", page=ALL).answer(reader).items
    both = questions.Factors(population="comparison", filters=Filters(indirect=True), page=ALL).answer(reader).items
    assert plain
    assert [one.model_copy(update={"indirect": None}) for one in both] == list(plain)
    assert {one.indirect for one in both} == {()}


def test_evidence_shows_what_is_known_indirectly(reader: MemoryReader) -> None:
    plain = questions.Evidence(exposure="cerebral-microbleeds", outcome="r-dwi", population="caa").answer(reader).association
    both = (
        questions.Evidence(exposure="cerebral-microbleeds", outcome="r-dwi", population="caa", filters=Filters(indirect=True))
        .answer(reader)
        .association
    )
    assert plain is not None
    assert plain.indirect is None
    assert both is not None
    assert [beside.population.id for beside in both.indirect or ()] == ["ich"]


def test_filters_leave_the_store_as_it_was(reader: MemoryReader, graph: EvidenceGraph) -> None:
    before = questions.Factors(page=ALL).answer(reader)
    for given in VALUES:
        questions.Factors(filters=Filters(**given), page=ALL).answer(reader)
    assert questions.Factors(page=ALL).answer(reader) == before
    assert reader.graph() is graph
