"""The whole graph in other programs' formats: each is read back by what will read it."""

from __future__ import annotations

import csv
import gc
import io
import json
import math
import subprocess
import sys
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Callable
from itertools import chain
from pathlib import Path
from typing import Any

import networkx as nx
import pandas as pd
import pytest
from starlette.testclient import TestClient
from typer.testing import CliRunner

from api.cli import app
from api.exports import FORMATS, content, metafor, write
from api.exports.graphml import EDGE_ATTRIBUTES, NODE_ATTRIBUTES
from graph import opening
from graph.build import EvidenceGraph, build
from graph.networks import multigraph
from graph.opening import shipped
from graph.property_graph import edges, elements, nodes
from graph.settings import Settings
from graph.stores import snapshot
from graph.synthesis.comparisons import in_comparison
from loaders import sheets
from schema.association import Association
from schema.graphmodel import EDGES, NODES
from schema.observation import Observation
from schema.study import Study

ROOT = Path(__file__).parent.parent
ODD = 'Tab\there, "quotes", <tags> & ampersands, é, 脑, a pipe | and\rreturns\nand ends'


@pytest.fixture(scope="module")
def odd(corpus: tuple[Study, ...]) -> EvidenceGraph:
    """A few studies, one with a title of all that formats trip over."""
    few = [study for study in corpus if study.id in {"menon-2012", "kidwell-2017", "gioia-2015"}]
    return build([few[0].model_copy(update={"title": ODD}), *few[1:]], shipped())


@pytest.fixture
def exported(tmp_path: Path) -> Callable[..., Path]:
    def exported_as(graph: EvidenceGraph, form: Any, population: str | None = None) -> Path:
        path = tmp_path / f"{form}-{population}"
        write(graph, form, path, population)
        return path

    return exported_as


def rows_of(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text("utf-8"), newline="")))


def as_text(properties: dict[str, Any]) -> dict[str, Any]:
    """What GraphML makes of properties: lists, true and false are JSON."""
    return {name: json.dumps(value, ensure_ascii=False) if isinstance(value, list | bool) else value for name, value in properties.items()}


# --- one way to all formats ---


def test_a_snapshot_laid_out_is_the_graph_it_was_written_from(graph: EvidenceGraph, tmp_path: Path) -> None:
    path = tmp_path / snapshot.NAME
    snapshot.write(graph, path, "")
    laid_out = snapshot.read(path, shipped()).laid_out()
    for _ in range(2):
        for part in ("studies", "terms", "observations", "prevalence", "claims", "associations", "mechanisms"):
            assert tuple(getattr(laid_out, part)) == tuple(getattr(graph, part)), part
    assert len(laid_out.studies) == len(graph.studies)
    assert tuple(graph.observations)[-1] in laid_out.observations
    assert "anything else" not in laid_out.observations


def test_an_export_keeps_no_study_reading_or_association_that_it_is_done_with(graph: EvidenceGraph, tmp_path: Path) -> None:
    def alive() -> int:
        return sum(type(one) in {Study, Observation, Association} for one in gc.get_objects())

    path = tmp_path / snapshot.NAME
    snapshot.write(graph, path, "")
    # all that other tests keep would be gone through each time, for a second
    gc.freeze()
    try:
        laid_out = snapshot.read(path, shipped()).laid_out()
        before = alive()
        seen = [alive() - before for i, _ in enumerate(chain(*elements(laid_out, "ich"))) if i % 200 == 0]
    finally:
        gc.unfreeze()
    assert len(seen) > 10
    assert max(seen) < 10


@pytest.mark.parametrize("form", FORMATS)
def test_a_format_is_written_the_same_from_a_graph_and_from_its_snapshot(odd: EvidenceGraph, tmp_path: Path, form: Any) -> None:
    path = tmp_path / snapshot.NAME
    snapshot.write(odd, path, "")
    assert content(odd, form) == content(snapshot.read(path, shipped()).laid_out(), form)


@pytest.mark.parametrize("form", [form for form in FORMATS if FORMATS[form].folder])
def test_a_folder_that_holds_something_is_left_alone(odd: EvidenceGraph, tmp_path: Path, form: Any) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(FileExistsError):
        write(odd, form, tmp_path)
    assert [one.name for one in tmp_path.iterdir()] == ["mine.txt"]


# --- node-link ---


def test_node_link_opens_by_one_call_in_each_networkx_whatever_key_of_the_edges_it_looks_for(
    graph: EvidenceGraph, exported: Callable[..., Path]
) -> None:
    data = json.loads(exported(graph, "node-link").read_bytes())
    both = data | {"links": data["edges"]}
    # before 3.6 it looks for links
    for key in ("edges", "links"):
        assert nx.node_link_graph(both, edges=key).number_of_edges() == len(list(edges(graph)))


@pytest.mark.parametrize("population", [None, "caa"])
def test_node_link_is_the_graph_that_networkx_gets(graph: EvidenceGraph, exported: Callable[..., Path], population: str | None) -> None:
    again = nx.node_link_graph(json.loads(exported(graph, "node-link", population).read_bytes()), edges="edges")
    expected = multigraph(graph, population)
    assert type(again) is type(expected)
    assert (again.graph, dict(again.nodes), again.adj) == (expected.graph, dict(expected.nodes), expected.adj)


# --- GraphML ---


@pytest.mark.parametrize("population", [None, "caa"])
def test_graphml_opens_in_networkx_with_the_same_keys_and_values(
    graph: EvidenceGraph, exported: Callable[..., Path], population: str | None
) -> None:
    again = nx.read_graphml(exported(graph, "graphml", population))
    expected = multigraph(graph, population)
    assert {node: as_text(properties) for node, properties in expected.nodes(data=True)} == dict(again.nodes)
    found = {(start, end, key): properties for start, end, key, properties in again.edges(keys=True, data=True)}
    assert found == {
        (start, end, key): {**as_text(properties), "key": key} for start, end, key, properties in expected.edges(keys=True, data=True)
    }
    assert again.graph["release"] == graph.release


def test_graphml_declares_every_attribute_once_with_the_type_of_its_values(graph: EvidenceGraph, exported: Callable[..., Path]) -> None:
    root = ET.parse(exported(graph, "graphml")).getroot()
    space = "{http://graphml.graphdrawing.org/xmlns}"
    declared = [(key.attrib["for"], key.attrib["attr.name"], key.attrib["attr.type"]) for key in root.findall(f"{space}key")]
    assert len({one[:2] for one in declared}) == len(declared)
    assert {kind for *_, kind in declared} == {"string", "long", "double"}
    assert {key.attrib["id"] for key in root.findall(f"{space}key")} >= {data.attrib["key"] for data in root.iter(f"{space}data")}
    assert not any(len(data) for data in root.iter(f"{space}data"))


def test_what_graphml_doesnt_say_of_an_attribute_no_reader_takes_for_false(graph: EvidenceGraph, exported: Callable[..., Path]) -> None:
    # in a column for all nodes an absent boolean is false (igraph), an absent text empty, an absent number NaN
    assert "boolean" not in {*NODE_ATTRIBUTES.values(), *EDGE_ATTRIBUTES.values()}
    nodes = nx.read_graphml(exported(graph, "graphml")).nodes
    told = {one.finding: nodes[f"finding:{one.finding}"].get("adjusted", "") for one in graph.observations}
    assert told == {one.finding: {True: "true", False: "false", None: ""}[one.row.adjusted] for one in graph.observations}
    assert set(told.values()) == {"true", "false", ""}


def test_an_attribute_has_one_type_whatever_node_or_edge_carries_it() -> None:
    for kinds, attributes in ((NODES, NODE_ATTRIBUTES), (EDGES, EDGE_ATTRIBUTES)):
        types: dict[str, set[str]] = {}
        for kind in kinds:
            for one in kind.properties:
                types.setdefault(one.name, set()).add("string" if one.type == "list of strings" else one.type)
        assert [name for name, found in types.items() if len(found) > 1] == []
        assert set(types) < set(attributes)


def test_graphml_edges_have_no_id_that_another_one_has(graph: EvidenceGraph, exported: Callable[..., Path]) -> None:
    assert "<edge id=" not in exported(graph, "graphml").read_text("utf-8")


def test_a_chain_can_be_read_from_the_graphml(graph: EvidenceGraph, exported: Callable[..., Path]) -> None:
    network = nx.read_graphml(exported(graph, "graphml"))
    derived = nx.DiGraph()
    for start, end, edge in network.edges(data=True):
        if edge.get("population") == "ich" and edge["direction"] in {"increases", "decreases"} and "weight" in edge:
            derived.add_edge(start, end, distance=-math.log(edge["weight"]))
    # what is not clear leads nowhere
    assert not derived.has_edge("cerebral-amyloid-angiopathy", "r-dwi")
    chain = nx.shortest_path(derived, "cerebral-microbleeds", "poor-functional-outcome", weight="distance")
    assert chain == ["cerebral-microbleeds", "r-dwi", "poor-functional-outcome"]
    for link in nx.utils.pairwise(chain):
        findings = json.loads(network.edges[*link, "ASSOCIATED_WITH:ich"]["findings"])
        assert findings
        for finding in findings:
            # a finding leads back to its paper
            (study,) = (start for start, _, kind in network.in_edges(f"finding:{finding}", data="type") if kind == "REPORTS")
            assert network.nodes[study]["label"] == "Study"


@pytest.mark.parametrize("form", ["node-link", "graphml"])
def test_odd_characters_come_through(odd: EvidenceGraph, exported: Callable[..., Path], form: str) -> None:
    path = exported(odd, form)
    network: Any = nx.read_graphml(path) if form == "graphml" else nx.node_link_graph(json.loads(path.read_bytes()), edges="edges")
    assert network.nodes[f"study:{next(study.id for study in odd.studies if study.title == ODD)}"]["title"] == ODD


# --- CSV ---


def test_csv_has_a_file_a_kind_of_node_and_edge_with_a_row_each(graph: EvidenceGraph, exported: Callable[..., Path]) -> None:
    folder = exported(graph, "csv")
    assert {path.stem for path in (folder / "nodes").iterdir()} == {one.label for one in NODES}
    assert {path.stem for path in (folder / "edges").iterdir()} == {one.type for one in EDGES}
    for kind, some, first in (("nodes", nodes(graph), ("id",)), ("edges", edges(graph), ("start", "end"))):
        rows = {path.stem: rows_of(path) for path in (folder / kind).iterdir()}
        counted = dict.fromkeys(rows, 0)
        for element in some:
            name = getattr(element, "label", None) or element.type
            row = rows[name][counted[name]]
            counted[name] += 1
            assert [row.pop(column) for column in first] == [getattr(element, column) for column in first]
            for column, cell in row.items():
                value = element.properties.get(column)
                read = cell.removeprefix("'") if isinstance(value, str) else json.loads(cell) if cell else None
                assert read == value, (name, column)
        assert counted == {name: len(some) for name, some in rows.items()}


def test_csv_for_people_says_in_each_row_whose_it_is_and_what_it_is_of(graph: EvidenceGraph, exported: Callable[..., Path]) -> None:
    folder = exported(graph, "csv")
    papers = {one.id: [one.label, str(one.year or ""), one.doi or "", one.pmid or ""] for one in graph.studies}
    terms, places = graph.field.vocabulary, graph.field.populations
    found = rows_of(folder / "findings.csv")
    for row, one in zip(found, graph.observations, strict=True):
        assert [row[name] for name in ("study", "year", "doi", "pmid")] == papers[one.study]
        assert [row["exposure"], row["outcome"]] == [terms[one.row.exposure].name, terms[one.row.outcome].name]
        assert row["population"] == "; ".join(places[place].name for place in one.populations)
    properties = [one for kind in NODES for one in kind.properties if kind.label == "Finding"]
    assert [[row[one.name] for one in properties] for row in found] == [
        [row[one.name] for one in properties] for row in rows_of(folder / "nodes" / "Finding.csv")
    ]
    for row, counted in zip(rows_of(folder / "prevalence.csv"), graph.prevalence, strict=True):
        assert [row[name] for name in ("study", "year", "doi", "pmid")] == papers[counted.study]
        assert row["lesion"] == terms[counted.row.lesion].name
    for row, told in zip(rows_of(folder / "associations.csv"), graph.associations, strict=True):
        assert [row["exposure"], row["outcome"], row["population"]] == [told.exposure.name, told.outcome.name, told.population.name]
        assert row["papers"] == ", ".join(paper.label for paper in told.papers)


def test_what_a_paper_doesnt_print_is_an_empty_cell(graph: EvidenceGraph, exported: Callable[..., Path]) -> None:
    rows = rows_of(exported(graph, "csv") / "findings.csv")
    observations = tuple(graph.observations)
    unknown = {"n": [not one.n_known for one in observations], "adjusted": [one.row.adjusted is None for one in observations]}
    for name, some in unknown.items():
        assert [row[name] == "" for row in rows] == some
        assert any(some)


def test_pandas_reads_the_csv_of_a_population(graph: EvidenceGraph, exported: Callable[..., Path]) -> None:
    table = pd.read_csv(exported(graph, "csv", "caa") / "edges" / "ASSOCIATED_WITH.csv")
    assert set(table["population"]) == {"caa"}
    expected = {(one.exposure.id, one.outcome.id): one.weight for one in graph.associations if one.population.id == "caa"}
    rows = table[["start", "end", "weight"]].itertuples(index=False)
    read = {(start, end): None if pd.isna(weight) else weight for start, end, weight in rows}
    assert read == expected


# --- sheets ---


def test_the_sheets_are_the_studies_when_they_are_loaded_again(graph: EvidenceGraph, exported: Callable[..., Path]) -> None:
    loaded = sheets.load([exported(graph, "sheets")], shipped())
    assert loaded.errors == ()
    assert loaded.studies == graph.studies
    assert loaded.terms == ()


def test_the_sheets_bring_the_users_own_terms(
    empty_folder: Path, exported: Callable[..., Path], tmp_path: Path, graph: EvidenceGraph
) -> None:
    own = tmp_path / "own"
    own.mkdir()
    (own / "vocabulary.yaml").write_text("- {id: moon-phase, name: Phase of the moon, kind: risk-factor, synonyms: [lunar phase, 'no']}\n")
    (own / "smith-2024.yaml").write_text(
        "{id: smith-2024, read: abstract, title: 'a: b\\n- c', populations: [{id: all, label: ICH, condition: ich,"
        " arteriopathy: any, location: any, n: 90}], findings: [{exposure: moon-phase, outcome: r-dwi, population: all, measure: OR,"
        " value: 2, ci: [1.1, 3.60],"
        " p: '<0.05', direction: increases}]}"
    )
    opening.load(Settings(), [own], fresh=True)
    first = opening.open_store(Settings()).reader()
    again = exported(first.laid_out(), "sheets")
    opening.load(Settings(), [again], fresh=True)
    assert opening.open_store(Settings()).reader().release() == first.release() != graph.release


# --- the command and the route ---


def test_over_rest_a_folder_is_a_zip_of_what_the_command_writes(client: TestClient, graph: EvidenceGraph, tmp_path: Path) -> None:
    for form in ("kgx", "csv"):
        answer = client.get("/v1/graph", params={"format": form, "population": "CAA"})
        assert answer.headers["content-type"] == "application/zip"
        assert answer.headers["content-disposition"] == f'attachment; filename="rdwi-{form}.zip"'
        write(graph, form, tmp_path / form, "caa")  # type: ignore[arg-type]
        with zipfile.ZipFile(io.BytesIO(answer.content)) as packed:
            files = {name: packed.read(name) for name in packed.namelist()}
        on_disk = tmp_path / form
        assert files == {path.relative_to(on_disk).as_posix(): path.read_bytes() for path in on_disk.rglob("*") if path.is_file()}
        assert client.get("/v1/graph", params={"format": form, "population": "caa"}).content == answer.content


def test_the_openapi_document_names_the_media_types_of_the_graph(client: TestClient) -> None:
    documented = client.get("/openapi.json").json()["paths"]["/v1/graph"]["get"]["responses"]["200"]["content"]
    assert set(documented) == {"application/json", "application/graphml+xml", "application/zip"}


@pytest.mark.parametrize("form", FORMATS)
def test_the_command_writes_each_format(folder: Path, tmp_path: Path, form: str) -> None:
    output = tmp_path / "out"
    done = CliRunner().invoke(app, ["export", form, "--output", str(output)])
    assert done.exit_code == 0, done.output
    assert str(output) in done.output
    assert output.is_dir() == FORMATS[form].folder  # type: ignore[index]
    assert ("Rscript metafor.R" in done.output) == (form == "metafor")


@pytest.mark.parametrize("form", ["sheets", "neo4j-admin"])
def test_what_is_whole_or_nothing_takes_no_population(folder: Path, tmp_path: Path, form: str) -> None:
    done = CliRunner().invoke(app, ["export", form, "--output", str(tmp_path / "out"), "--population", "caa"])
    assert done.exit_code != 0
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("form", ["csv", "neo4j-admin"])
def test_a_file_in_the_place_of_the_folder_is_told(
    folder: Path, tmp_path: Path, form: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from api import cli

    (tmp_path / "out").write_text("mine")
    monkeypatch.setattr(sys, "argv", ["rdwi", "export", form, "--output", str(tmp_path / "out")])
    with pytest.raises(SystemExit) as stopped:
        cli.main()
    assert stopped.value.code == 1
    assert "Name a new folder" in capsys.readouterr().err
    assert (tmp_path / "out").read_text() == "mine"


# --- what tells which rows may be pooled ---


def test_each_format_has_the_keys_that_tell_what_may_be_pooled(keyed: Study, exported: Callable[..., Path]) -> None:
    finding = keyed.findings[0].model_copy(update={"pooled": False, "k": None})
    graph = build([keyed.model_copy(update={"design": "prospective-cohort", "findings": (finding,)})], shipped())
    folder = exported(graph, "csv")
    (row,) = rows_of(folder / "nodes" / "Finding.csv")
    assert (row["versus"], row["cutoff"], row["follow_up_from"], row["follow_up_to"], row["k"]) == ("warfarin", ">= 5 mg", "3", "24", "")
    (row,) = rows_of(folder / "nodes" / "Study.csv")
    assert (row["read"], json.loads(row["pools"])) == ("tables", ["INTERACT2", "atach-2-2016"])
    assert {row["disjoint"] for row in rows_of(folder / "edges" / "IN_POPULATION.csv")} == {"true"}
    for form in ("graphml", "node-link"):
        assert "mRS 4-6" in exported(graph, form).read_text("utf-8"), form
    assert "read as abstract and tables" in (exported(graph, "kgx") / "findings" / "nodes.tsv").read_text("utf-8")
    rows = rows_of(exported(graph, "metafor") / "rows.csv")
    assert {(row["cutoff"], row["outcome_cutoff"], row["follow_up_months"]) for row in rows} == {(">= 5 mg", "mRS 4-6", "24")}
    assert sheets.load([exported(graph, "sheets")], shipped()).studies == tuple(graph.studies)


# --- R ---


@pytest.mark.parametrize("made_up", [False, True])
def test_an_estimate_for_r_is_the_one_that_was_pooled(
    graph: EvidenceGraph, pools: EvidenceGraph, exported: Callable[..., Path], made_up: bool
) -> None:
    graph = pools if made_up else graph
    folder = exported(graph, "metafor")
    rows, families = rows_of(folder / "rows.csv"), rows_of(folder / "families.csv")
    expected = [family for one in graph.associations for family in one.families]
    assert [int(family["k"]) for family in families] == [family.k for family in expected]
    assert [float(family["estimate"]) for family in families] == [family.estimate for family in expected]
    counted = pd.Series([row["family"] for row in rows]).value_counts()
    assert {family["family"]: int(family["k"]) for family in families} == counted.to_dict()
    observations = {observation.finding: observation for observation in graph.observations}
    alone = [row for row in rows if ";" not in row["findings"]]
    assert len(alone) > (15 if made_up else 100)
    comparisons = dict(zip([family["family"] for family in families], expected, strict=True))
    for row in alone:
        observation = observations[row["findings"]]
        y, se = in_comparison(observation, comparisons[row["family"]])
        assert (float(row["yi"]), float(row["vi"])) == (y, se**2)
        assert row["by_counts"] == ("true" if row["findings"] in comparisons[row["family"]].by_counts else "false")
        assert row["study"] == observation.study
        assert row["adjusted"] == {True: "true", False: "false", None: ""}[observation.row.adjusted]


def test_a_family_for_r_says_what_it_is_of(pools: EvidenceGraph, exported: Callable[..., Path]) -> None:
    folder = exported(pools, "metafor")
    families = {row["family"]: row for row in rows_of(folder / "families.csv")}
    trials = families["lacunes > mortality in ich, 1"]
    told = ("body", "versus", "outcome_cutoff", "window", "tau_scale", "step")
    assert [trials[name] for name in told] == ["randomised", "cerebral-microbleeds", "death", "to 12 months", "0.5", "1.0"]
    cohorts = families["lacunes > recurrent-ich in ich, 1"]
    assert [cohorts[name] for name in ("body", "k", "known_adjusted", "patients", "patients_unknown")] == ["other", "4", "2", "800", "1"]
    per = families["age > r-dwi in ich, 1"]
    assert (per["unit"], per["step"]) == ("10 years", "10.0")
    # what can't be pooled has no headline
    assert families["lobar-location > r-dwi in ich, 1"]["primary"] == "false"
    named = [
        (row["cohort"], len(row["findings"].split("; "))) for row in rows_of(folder / "rows.csv") if row["family"] == cohorts["family"]
    ]
    assert named == [("c-apart north", 1), ("c-apart south", 1), ("c-halves", 2), ("c-unknown", 1)]


def test_only_a_populations_estimates_go_to_r(graph: EvidenceGraph, exported: Callable[..., Path]) -> None:
    table = pd.read_csv(exported(graph, "metafor", "caa") / "rows.csv")
    assert set(table["population"]) == {"caa"}


@pytest.mark.parametrize("made_up", [False, True])
def test_r_metafor_gives_our_numbers_for_every_family_of_two_estimates_and_more(
    rscript: str, graph: EvidenceGraph, pools: EvidenceGraph, exported: Callable[..., Path], made_up: bool
) -> None:
    graph = pools if made_up else graph
    folder = exported(graph, "metafor")
    ran = subprocess.run([rscript, metafor.SCRIPT.name], cwd=folder, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    refitted = {row.pop("family"): row for row in rows_of(folder / "refitted.csv")}
    compared = 0
    for one in graph.associations:
        for number, family in enumerate(one.families, start=1):
            name = f"{one.exposure.id} > {one.outcome.id} in {one.population.id}, {number}"
            if family.k < 2:
                assert name not in refitted
                continue
            random = family.reml_hk
            assert random is not None
            low, high = random.prediction_interval or (None, None)
            ours: dict[str, float | None] = {
                "k": family.k, "estimate": family.estimate, "ci_low": family.ci[0], "ci_high": family.ci[1],
                "common_estimate": family.common.estimate, "common_ci_low": family.common.ci[0], "common_ci_high": family.common.ci[1],
                "reml_estimate": random.estimate, "reml_ci_low": random.ci[0], "reml_ci_high": random.ci[1],
                "prediction_low": low, "prediction_high": high,
                "tau2": random.tau2, "i2": random.i2, "q": random.q, "q_p": random.q_p, "p": random.p,
            }  # fmt: skip
            theirs = refitted.pop(name)
            assert set(theirs) == set(ours)
            for figure, value in ours.items():
                if value is None:
                    assert theirs[figure] == "NA"
                else:
                    assert float(theirs[figure]) == pytest.approx(value, rel=1e-6, abs=1e-6), (name, figure)
            compared += 1
    assert refitted == {}
    assert compared >= 4
    assert f"{compared} families" in ran.stdout
