"""A field is data: field.yaml and vocabulary.yaml of a folder. Its faults, two fields in one process, and stores of another field."""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import yaml

from api import cli
from graph.build import EvidenceGraph, build
from graph.opening import check, field_of, load, open_graph, open_store, preview, remove, shipped, shipped_studies
from graph.settings import Server, Settings
from graph.stores import snapshot
from graph.stores.memory import MemoryReader, MemoryStore
from graph.stores.port import Reader
from graph.synthesis.method import METHOD, method_of
from loaders import fields, sheets
from loaders.tables import template
from schema.errors import InputProblems, StoreOfAnotherField, StoreOutdated
from schema.problems import Problem
from tests.conftest import BCG

PAIR = ("bcg-vaccination", "tuberculosis")


@pytest.fixture
def folder_of_field(tmp_path: Path) -> Path:
    """A copy of the example, to be spoilt."""
    return Path(shutil.copytree(BCG, tmp_path / "field"))


def told(folder: Path) -> tuple[Problem, ...]:
    with pytest.raises(InputProblems) as error:
        fields.read(folder)
    return error.value.problems


# --- what is wrong with a field ---


@pytest.mark.parametrize(
    ("old", "new", "path", "found", "expected", "near"),
    [
        ("lesion: tuberculosis\n", "lesion: tuberculosys\n", "lesion", "'tuberculosys'", "a term of the vocabulary", "tuberculosis"),
        ("population: general-population\n", "population: general\n", "population", "'general'", "a population of this field", None),
        ("lead: Thirteen", "leed: Thirteen", "leed", "the key 'leed'", "one of id, title, lead,", "lead"),
        ("title: BCG evidence graph\n", "", "title", "nothing", "this key, which field.yaml must have", None),
        ("title: BCG evidence graph", "title: 7", "title", "7", "text", None),
        ("  location:\n", "  locatoin:\n", "axes.locatoin", "'locatoin'", "one of 'condition', 'arteriopathy' or 'location'", "location"),
        ("location: tropics}", "location: tropic}", "populations[1].where.location", "'tropic'", "one of any, tropics, temp", "tropics"),
        ("part_of: [general-population]\n    where: {condition: general-population, location: tropics}",
         "part_of: [general-populaton]\n    where: {condition: general-population, location: tropics}",
         "populations[1].part_of[0]", "'general-populaton'", "a population of this field", "general-population"),
        ("    synonyms: [everybody]\n", "    part_of: [tropics]\n", "populations[0].part_of", "part of itself", "upwards only", None),
        ("  - id: temperate\n", "  - id: tropics\n", "populations[2].id", "'tropics' a second time", "each id once", None),
        ("synonyms: [tropical]", "synonyms: [Everybody]", "populations[1].synonyms", "'Everybody'", "tell populations apart", None),
        ("compared: [tropics", "compared: [tropix", "compared[0]", "'tropix'", "a population of this field", "tropics"),
        ("columns: [general-population, tropics", "columns: [general-population, tropic", "columns[1]", "'tropic'", "", "tropics"),
        ("apart: [[tropics, temperate]]", "apart: [[tropics, temperature]]", "apart[0][1]", "'temperature'", "a population", "temperate"),
        ("reference_n: 4839", "reference_n: 0", "constants.reference_n", "0", "a number of 1 or more", None),
        ("reference_n: 4839", "refrence_n: 4839", "constants.refrence_n", "the key 'refrence_n'", "one of reference_n,", "reference_n"),
        ("{any: '', tropics", "{all: '', tropics", "axes", "location has no value any", "what is possible together", None),
        ("exposure: bcg-vaccination, outcome: tub", "exposure: bcg-vacination, outcome: tub", "examples[2].exposure", "'bcg-vacination'",
         "a term of the vocabulary", "bcg-vaccination"),
        ("{general-population: general population}", "{general-population: general population, cattle: cattle}",
         "axes.condition.values.cattle", "condition cattle, location any, which no population takes", "a population for each", None),
    ],
)  # fmt: skip
def test_a_fault_of_field_yaml_is_told_with_its_line_and_the_nearest_right_value(
    folder_of_field: Path, old: str, new: str, path: str, found: str, expected: str, near: str | None
) -> None:
    file = folder_of_field / "field.yaml"
    text = file.read_text(encoding="utf-8")
    assert old in text
    spoilt = text.replace(old, new, 1)
    file.write_text(spoilt, encoding="utf-8")
    problem = next(one for one in told(folder_of_field) if one.path == path)
    assert problem.file == str(file)
    assert found in problem.found
    assert expected in problem.expected
    assert problem.help == (f"Did you mean {near!r}?" if near else None)
    lines = zip(text.splitlines(), spoilt.splitlines(), strict=False)
    changed = next(number for number, (was, now) in enumerate(lines, start=1) if was != now)
    # of a key that is not there, the whole
    assert problem.line == {"nothing": 4, "location has no value any, for groups that it does not narrow": 12}.get(problem.found, changed)


def test_all_faults_of_both_files_are_told_at_once(folder_of_field: Path) -> None:
    field, vocabulary = folder_of_field / "field.yaml", folder_of_field / "vocabulary.yaml"
    field.write_text(field.read_text().replace("compared: [tropics, temperate]", "compared: [tropix, temperat]"))
    vocabulary.write_text(vocabulary.read_text().replace("kind: outcome", "kind: outcom"))
    problems = told(folder_of_field)
    assert [(Path(one.file).name, one.found) for one in problems] == [
        ("field.yaml", "'tropix'"),
        ("field.yaml", "'temperat'"),
        ("vocabulary.yaml", "'outcom'"),
    ]
    assert all(one.line for one in problems)


@pytest.mark.parametrize("missing", ["field.yaml", "vocabulary.yaml"])
def test_a_folder_without_one_of_its_files_is_no_field(folder_of_field: Path, missing: str) -> None:
    (folder_of_field / missing).unlink()
    assert str(folder_of_field / missing) in {one.file for one in told(folder_of_field)}


def test_the_settings_name_the_field_and_nothing_else_is_read(folder_of_field: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RDWI_FIELD", str(folder_of_field))
    assert field_of(Settings()).title == "BCG evidence graph"
    monkeypatch.setenv("RDWI_FIELD", str(folder_of_field / "studies"))
    with pytest.raises(InputProblems) as error:
        field_of(Settings())
    assert "field.yaml" in error.value.problems[0].file


def test_a_field_that_is_changed_is_read_anew(folder_of_field: Path) -> None:
    settings = Settings(field=folder_of_field)
    before = field_of(settings)
    assert field_of(settings) is before
    file = folder_of_field / "field.yaml"
    file.write_text(file.read_text().replace("title: BCG", "title: The BCG"), encoding="utf-8")
    assert field_of(settings).title == "The BCG evidence graph"
    assert field_of(settings).digest != before.digest


def test_the_digest_is_of_what_field_yaml_says_and_not_of_how(folder_of_field: Path) -> None:
    before = fields.read(folder_of_field).digest
    file = folder_of_field / "field.yaml"
    file.write_text(yaml.safe_dump(yaml.safe_load(file.read_text(encoding="utf-8")), sort_keys=True), encoding="utf-8")
    assert fields.read(folder_of_field).digest == before


def test_the_shipped_field_is_read_without_a_word_and_sets_the_methods_own_constants_but_those_learned_from_it() -> None:
    field = fields.read(shipped().folder)
    assert (field.id, field.lesion, field.populations.default) == ("r-dwi", "r-dwi", "ich")
    shares, z = field.constants.weight_shares, field.constants.typical_z
    assert shares is not None
    assert z is not None
    assert method_of(field.constants) == replace(METHOD, weight_shares=shares, typical_z=z)
    assert (len(shares), sum(shares), min(shares) >= 0) == (9, pytest.approx(1), True)
    assert 1.96 < z[0] < z[1] < z[2]
    assert field == shipped()


# --- sheets of a field ---


def test_values_of_axes_are_held_to_the_field_of_the_sheet(bcg: EvidenceGraph, tmp_path: Path) -> None:
    sheet = yaml.safe_load((BCG / "studies" / "hart-1977.yaml").read_text(encoding="utf-8"))
    sheet["populations"][0] |= {"condition": "ich", "arteriopathy": "any"}
    (tmp_path / "a.yaml").write_text(yaml.safe_dump(sheet), encoding="utf-8")
    problems = sheets.load([tmp_path], bcg.field).problems
    assert [(one.path, one.found, one.expected) for one in problems] == [
        ("populations[0].arteriopathy", "the key 'arteriopathy'", "a key that evidence/README.md lists"),
        ("populations[0].condition", "'ich'", "one of 'general-population'"),
    ]


# --- two fields in one process ---


@pytest.fixture(scope="module")
def bcg_reader(bcg: EvidenceGraph) -> Reader:
    return MemoryReader(bcg)


def test_the_randomised_trials_are_the_headline_and_the_others_stand_beside(bcg: EvidenceGraph) -> None:
    (one,) = [one for one in bcg.associations if one.population.id == "general-population"]
    assert (one.exposure.id, one.outcome.id, one.measure, one.k) == (*PAIR, "OR", 7)
    figures = [(family.randomised, family.k, family.estimate, *(family.ci or ())) for family in one.families]
    assert figures == [
        (True, 7, pytest.approx(0.3696, abs=5e-5), pytest.approx(0.1849, abs=5e-5), pytest.approx(0.7387, abs=5e-5)),
        (False, 6, pytest.approx(0.5982, abs=5e-5), pytest.approx(0.3182, abs=5e-5), pytest.approx(1.1244, abs=5e-5)),
    ]


def test_a_row_beside_randomised_ones_says_that_trials_decide(bcg_reader: Reader) -> None:
    from graph import questions

    rows = questions.Evidence(exposure=PAIR[0], outcome=PAIR[1]).answer(bcg_reader).rows
    assert {row.used for row in rows if row.randomised} == {"pooled"}
    told = [row.why or "" for row in rows if not row.randomised]
    assert len(told) == 6
    assert all(one.startswith("counted as a cohort; trials decide the direction") for one in told)


def test_nothing_of_one_field_is_known_in_the_other(bcg_reader: Reader, reader: MemoryReader) -> None:
    fields_ = (bcg_reader.field(), reader.field())
    assert [len(one.vocabulary.terms) for one in fields_] == [2, len(shipped().vocabulary.terms)]
    for one, other in (fields_, fields_[::-1]):
        assert not set(one.vocabulary.terms) & set(other.vocabulary.terms)
        assert one.populations.find(other.population) is None or other.population == "general-population"
    assert reader.field().populations.find("tropics") is None
    assert bcg_reader.field().populations.find("lobar haemorrhage") is None


def test_a_fields_constants_are_those_of_its_answers_alone(bcg_reader: Reader, reader: MemoryReader, bcg: EvidenceGraph) -> None:
    from graph import questions

    assert "of 4839 patients" in questions.Evidence(exposure=PAIR[0], outcome=PAIR[1]).answer(bcg_reader).flips.text
    assert "of 145 patients" in questions.Evidence(exposure="cerebral-microbleeds", outcome="r-dwi").answer(reader).flips.text
    assert {group.by for group in questions.Evidence(exposure=PAIR[0], outcome=PAIR[1]).answer(bcg_reader).subgroups} == {
        "design",
        "adjustment",
        "randomisation",
    }
    as_ours = bcg.field.model_copy(update={"constants": shipped().constants}).with_vocabulary(lambda: bcg.field.vocabulary)
    (one,) = [one for one in build(bcg.studies, as_ours).associations if one.population.id == "general-population"]
    (other,) = [one for one in bcg.associations if one.population.id == "general-population"]
    assert one.weight != other.weight
    assert one.families == other.families


def test_the_release_tells_the_states_of_a_field_apart(folder_of_field: Path, bcg: EvidenceGraph) -> None:
    file = folder_of_field / "field.yaml"
    assert build(bcg.studies, fields.read(folder_of_field)).release == bcg.release
    file.write_text(file.read_text().replace("title: BCG", "title: The BCG"), encoding="utf-8")
    assert build(bcg.studies, fields.read(folder_of_field)).release != bcg.release


def test_the_graph_of_another_field_has_its_populations_alone(bcg_reader: Reader) -> None:
    from graph.python import Graph

    network = Graph(MemoryStore(bcg_reader.graph())).networkx()
    assert {data["slug"] for _, data in network.nodes(data=True) if data["label"] == "Population"} == {
        "general-population",
        "tropics",
        "temperate",
    }


def test_the_workbook_of_a_field_has_its_axes_its_words_and_its_worked_rows(bcg: EvidenceGraph, tmp_path: Path) -> None:
    (tmp_path / "a.xlsx").write_bytes(template.empty(bcg.field))
    book = openpyxl.load_workbook(tmp_path / "a.xlsx")
    header = [cell.value for cell in book["populations"][1]]
    assert "location" in header
    assert "arteriopathy" not in header
    offered = {one.formula1 for one in book["populations"].data_validations.dataValidation}
    assert '"any,tropics,temperate"' in offered
    (problem,) = sheets.load([tmp_path / "a.xlsx"], bcg.field).problems
    assert problem.found == "nothing but the worked examples of the template"


def test_a_table_is_read_in_the_words_of_its_field(bcg: EvidenceGraph, tmp_path: Path) -> None:
    head = "study,read,population,exposure,outcome,measure,value,ci_low,ci_high,direction"
    row = "Smith 1950,full-text,people in the tropics,BCG vaccine,TB,OR,0.6,0.4,0.9,decreases"
    (tmp_path / "a.csv").write_text(f"{head}\n{row}\n", encoding="utf-8")
    loaded = sheets.load([tmp_path / "a.csv"], bcg.field)
    assert loaded.problems == ()
    (group,) = loaded.studies[0].populations
    assert (group.condition, group.arteriopathy, group.location) == ("general-population", None, "tropics")
    assert bcg.field.populations.nodes_of(group) == ("tropics",)


# --- stores of another field ---


def test_the_default_folder_is_one_a_field(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("RDWI_SNAPSHOT", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    ours, theirs = Settings(), Settings(field=BCG)
    assert ours.folder_of("r-dwi") != theirs.folder_of("bcg")
    assert ours.folder_of("r-dwi").name == "rdwi-graph"


Act = Callable[[Settings], Any]
SHEET = BCG / "studies" / "hart-1977.yaml"
ACTS: dict[str, Act] = {
    "open": open_store,
    "graph": open_graph,
    "check": lambda settings: check(settings, [SHEET]),
    "load": lambda settings: load(settings, [SHEET]),
    "load --fresh": lambda settings: load(settings, [SHEET], fresh=True),
    "remove": lambda settings: remove(settings, ["menon-2012"]),
    "preview": lambda settings: preview(open_store(settings), [SHEET]),
}


@pytest.mark.parametrize("act", ACTS)
def test_a_snapshot_of_another_field_is_refused_and_left_as_it_is(folder: Path, act: str) -> None:
    before = (folder / snapshot.NAME).read_bytes()
    with pytest.raises(StoreOfAnotherField, match="holds the field 'r-dwi', and the field asked for is 'bcg'"):
        ACTS[act](Settings(field=BCG))
    assert (folder / snapshot.NAME).read_bytes() == before


@pytest.mark.parametrize(
    "arguments", [["factors"], ["load", SHEET], ["check", SHEET], ["remove", "menon-2012"], ["status"], ["preview", SHEET], ["serve"]]
)
def test_the_command_line_says_in_a_sentence_that_the_store_is_anothers_and_ends_with_3(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: list[object]
) -> None:
    monkeypatch.setenv("RDWI_FIELD", str(BCG))
    monkeypatch.setattr(sys, "argv", ["rdwi", *map(str, arguments)])
    with pytest.raises(SystemExit) as stopped:
        cli.main()
    assert stopped.value.code == 3
    assert "holds the field 'r-dwi', and the field asked for is 'bcg'" in capsys.readouterr().err


def test_the_command_line_answers_of_the_field_that_the_environment_names(
    empty_folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RDWI_FIELD", str(BCG))
    monkeypatch.setattr(sys, "argv", ["rdwi", "evidence", *PAIR])
    with suppress(SystemExit):
        cli.main()
    shown = capsys.readouterr().out
    assert "OR 0.37 (0.18-0.74), pooled from 7" in shown
    assert "in people of all latitudes" in shown


def test_a_field_of_ones_own_is_opened_loaded_and_opened_again(empty_folder: Path, folder_of_field: Path, bcg: EvidenceGraph) -> None:
    settings = Settings(field=folder_of_field)
    assert open_store(settings).reader().release() == bcg.release
    kept = snapshot.read(empty_folder / snapshot.NAME, bcg.field).header
    assert (kept.field, kept.field_digest) == ("bcg", bcg.field.digest)
    own = folder_of_field / "own"
    own.mkdir()
    (own / "vocabulary.yaml").write_text("- {id: leprosy, name: Leprosy, kind: outcome}\n", encoding="utf-8")
    (own / "a.yaml").write_text(SHEET.read_text().replace("hart-1977", "own-1990").replace("outcome: tub", "outcome: leprosy #"))
    assert load(settings, [own]).added == ("own-1990",)
    reader = open_store(settings).reader()
    assert [term.id for term in reader.field().own_terms] == ["leprosy"]
    assert len(reader.studies()) == 14


def test_another_state_of_the_field_builds_the_graph_anew_and_keeps_what_was_added(empty_folder: Path, folder_of_field: Path) -> None:
    settings = Settings(field=folder_of_field)
    before = open_store(settings).reader().release()
    remove(settings, ["hart-1977"])
    file = folder_of_field / "field.yaml"
    file.write_text(file.read_text().replace("4839", "500"), encoding="utf-8")
    reader = open_store(settings).reader()
    assert reader.release() != before
    assert "hart-1977" not in reader.studies()
    assert snapshot.read(empty_folder / snapshot.NAME, reader.field()).header.field_digest == field_of(settings).digest


def test_a_running_store_does_not_take_up_a_graph_of_another_state_of_its_field(
    empty_folder: Path, folder_of_field: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings = Settings(field=folder_of_field)
    store = open_store(settings)
    before = store.reader().release()
    file = folder_of_field / "field.yaml"
    file.write_text(file.read_text().replace("4839", "500"), encoding="utf-8")
    open_store(settings)
    assert store.reader().release() == before
    assert "another state of field.yaml" in caplog.text


def without_field(path: Path) -> None:
    """The snapshot as a version wrote it that knew one field."""
    first, rest = path.read_bytes().split(b"\n", 1)
    header = {name: value for name, value in json.loads(first).items() if not name.startswith("field") and name != "sha256"}
    header["shipped"] = "older"
    digest = hashlib.sha256(json.dumps(header, sort_keys=True).encode() + rest).hexdigest()
    path.write_bytes(json.dumps({**header, "sha256": digest}).encode() + b"\n" + rest)


def test_a_snapshot_that_names_no_field_is_the_shipped_ones_and_nothing_in_it_is_lost(folder: Path, tmp_path: Path) -> None:
    sheet = {"id": "smith-2024", "read": "abstract", "year": 2024}
    (tmp_path / "a.yaml").write_text(yaml.safe_dump(sheet), encoding="utf-8")
    load(Settings(), [tmp_path / "a.yaml"])
    remove(Settings(), ["menon-2012"])
    before = open_store(Settings()).reader().graph()
    without_field(folder / snapshot.NAME)
    with pytest.raises(StoreOfAnotherField):
        open_store(Settings(field=BCG))
    assert open_store(Settings()).reader().graph() == before
    kept = snapshot.read(folder / snapshot.NAME, shipped()).header
    assert (kept.field, kept.field_digest, kept.user, kept.removed) == ("r-dwi", shipped().digest, {"smith-2024"}, {"menon-2012"})


# --- Neo4j ---


@pytest.fixture(scope="module")
def few() -> EvidenceGraph:
    studies = [study for study in shipped_studies(shipped()) if study.id < "c"]
    return build(studies, shipped())


def at(server: Server, field: Path | None = None) -> Settings:
    return Settings(store=server.uri, neo4j_user=server.user, neo4j_password=server.password, field=field)


def test_a_graph_of_another_field_in_neo4j_is_refused_and_left_as_it_is(empty: Server, few: EvidenceGraph) -> None:
    from graph.stores.neo4j.loading import Neo4jWriter
    from graph.stores.neo4j.store import Neo4jStore

    with Neo4jWriter(empty, shipped()) as writer:
        writer.write(few)
    for act in ACTS.values():
        with pytest.raises(StoreOfAnotherField, match="holds the field 'r-dwi', and the field asked for is 'bcg'"):
            act(at(empty, BCG))
    with closing(Neo4jStore(empty, shipped())) as store:
        assert store.reader().graph() == few
    # nobody holds the lease that was refused
    assert remove(at(empty), [few.terms and next(iter(few.studies)).id]).removed


def test_a_pointer_that_names_no_field_is_the_shipped_ones(empty: Server, few: EvidenceGraph) -> None:
    from neo4j import GraphDatabase

    from graph.stores.neo4j.loading import Neo4jWriter

    with Neo4jWriter(empty, shipped()) as writer:
        writer.write(few)
    with GraphDatabase.driver(empty.uri, auth=(empty.user, empty.password.get_secret_value())) as driver:
        driver.execute_query("MATCH (p:RdwiPointer) REMOVE p.field, p.field_digest")
    with pytest.raises(StoreOfAnotherField):
        open_store(at(empty, BCG))
    with closing(open_store(at(empty))) as store:
        assert store.reader().graph() == few


def test_a_graph_in_neo4j_of_another_state_of_the_field_is_built_anew_by_a_load(empty: Server, folder_of_field: Path) -> None:
    settings = at(empty, folder_of_field)
    load(settings, [folder_of_field / "studies"], fresh=True)
    file = folder_of_field / "field.yaml"
    file.write_text(file.read_text().replace("4839", "500"), encoding="utf-8")
    with pytest.raises(StoreOutdated, match="another state of field"):
        open_store(settings)
    load(settings, [folder_of_field / "studies" / "hart-1977.yaml"])
    with closing(open_store(settings)) as store:
        assert len(store.reader().studies()) == 13
