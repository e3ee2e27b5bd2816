"""KGX says nothing that Biolink doesn't know, and nothing that the evidence doesn't say."""

from __future__ import annotations

import importlib
import re
from collections import Counter
from importlib import metadata
from pathlib import Path
from typing import Any, Union, get_args, get_origin

import pytest
import yaml

from api.exports import kgx, write
from graph.build import EvidenceGraph, build
from graph.opening import shipped
from graph.property_graph import edges, nodes
from schema.association import Association
from schema.study import Study
from schema.vocabulary import Term

ROOT = Path(__file__).parent.parent
SIGNED = {"biolink:positively_correlated_with": "increases", "biolink:negatively_correlated_with": "decreases"}


def table(path: Path) -> list[dict[str, str]]:
    header, *lines = path.read_text("utf-8").split("\n")
    assert lines.pop() == ""
    names = header.split("\t")
    rows = [line.split("\t") for line in lines]
    assert {len(row) for row in rows} <= {len(names)}
    return [dict(zip(names, row, strict=True)) for row in rows]


def pairs(folder: Path) -> dict[str, tuple[list[dict[str, str]], list[dict[str, str]]]]:
    """Nodes and edges of each pair of files, by its folder."""
    return {
        path.parent.relative_to(folder).as_posix(): (table(path.parent / "nodes.tsv"), table(path)) for path in folder.rglob("edges.tsv")
    }


def kept(rows: list[dict[str, str]]) -> int:
    """How many edges are left where each is known by subject, predicate and object, as in memory kgx knows it."""
    return len({(row["subject"], row["predicate"], row["object"]): row for row in rows})


def valid(row: dict[str, str]) -> Any:
    """The row as an object of its Biolink class, which refuses slots that the class has not; | parts the values of a list."""
    # its import takes seconds, for whoever runs other tests too
    biolink = importlib.import_module("biolink_model.datamodel.pydanticmodel_v2")
    model = getattr(biolink, row["category"].removeprefix("biolink:"))
    given: dict[str, Any] = {}
    for name, cell in row.items():
        if cell:
            kind = model.model_fields[name].annotation
            kinds = get_args(kind) if get_origin(kind) is Union else (kind,)
            given[name] = cell.split("|") if any(get_origin(one) is list for one in kinds) else cell
    return model(**given)


@pytest.fixture(scope="module")
def folder(graph: EvidenceGraph, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("kgx") / "graph"
    write(graph, "kgx", path)
    return path


@pytest.fixture(scope="module")
def node_rows(folder: Path) -> list[dict[str, str]]:
    """The nodes of findings/, which are all of the graph."""
    return table(folder / "findings" / "nodes.tsv")


@pytest.fixture(scope="module")
def edge_rows(folder: Path) -> list[dict[str, str]]:
    """The edges of all pairs."""
    return [row for _, rows in pairs(folder).values() for row in rows]


@pytest.fixture(scope="module")
def slots() -> dict[str, Any]:
    files = metadata.distribution("biolink-model").files or []
    (path,) = (file for file in files if str(file).endswith("schema/biolink_model.yaml"))
    found: dict[str, Any] = yaml.load(Path(str(path.locate())).read_text("utf-8"), Loader=yaml.CSafeLoader)["slots"]
    return found


@pytest.fixture(scope="module")
def associations(graph: EvidenceGraph) -> dict[str, Association]:
    """By the id of their row."""
    return {f"rdwi:edge:{one.exposure.id}%3E{one.outcome.id}:ASSOCIATED_WITH:{one.population.id}": one for one in graph.associations}


def test_every_node_is_valid_by_its_biolink_class(node_rows: list[dict[str, str]], graph: EvidenceGraph) -> None:
    for row in node_rows:
        assert valid(row).id == row["id"]
    assert len(node_rows) == len(list(nodes(graph))) + 1


def test_every_edge_is_valid_by_its_biolink_class(edge_rows: list[dict[str, str]], graph: EvidenceGraph) -> None:
    for row in edge_rows:
        assert valid(row).subject == row["subject"]
    assert len(edge_rows) == len(list(edges(graph)))


def test_every_predicate_is_one_of_biolink(edge_rows: list[dict[str, str]], slots: dict[str, Any]) -> None:
    for predicate in {row["predicate"] for row in edge_rows}:
        name: str | None = predicate.removeprefix("biolink:").replace("_", " ")
        assert not slots[name].get("deprecated")
        while name != "related to":
            name = slots[name]["is_a"]


def test_ids_are_curies_that_are_there_once_and_every_edge_joins_two_nodes_of_its_pair(
    folder: Path, node_rows: list[dict[str, str]], edge_rows: list[dict[str, str]]
) -> None:
    curie = re.compile(r"[A-Za-z]+:[^\s|]+")
    everything = {row["id"]: row for row in node_rows}
    assert len({row["id"] for row in edge_rows}) == len(edge_rows)
    for some, joined in pairs(folder).values():
        ids = [row["id"] for row in some]
        assert len(set(ids)) == len(ids)
        assert all(curie.fullmatch(one) for one in ids)
        assert [everything[row["id"]] for row in some] == some
        known = set(ids)
        for row in joined:
            assert {row["subject"], row["object"]} <= known
            assert all(paper in known for paper in row["publications"].split("|") if paper)
            assert {row["population_context_qualifier"], row["qualifiers"]} - {""} <= known


def test_no_edge_is_lost_where_an_edge_is_known_by_subject_predicate_and_object(folder: Path, graph: EvidenceGraph) -> None:
    found = pairs(folder)
    assert sum(kept(rows) for _, rows in found.values()) == len(list(edges(graph)))
    # in one pair they would be
    together = [row for _, rows in found.values() for row in rows]
    assert kept(together) < len(together)


def test_each_population_that_has_associations_is_a_pair_and_all_else_is_another(folder: Path, graph: EvidenceGraph) -> None:
    many = Counter(f"populations/{one.population.id}" for one in graph.associations)
    found = {name: len(rows) for name, (_, rows) in pairs(folder).items()}
    assert found == {**many, "findings": len(list(edges(graph))) - many.total()}
    for name, (_, rows) in pairs(folder).items():
        assert {"ASSOCIATED_WITH" in row["id"] for row in rows} == {name != "findings"}


def test_of_a_named_population_the_pair_is_in_the_folder_itself(folder: Path, graph: EvidenceGraph, tmp_path: Path) -> None:
    write(graph, "kgx", tmp_path / "graph", "caa")
    found = pairs(tmp_path / "graph")
    assert found["."] == pairs(folder)["populations/caa"]
    assert found.keys() == {".", "findings"}
    assert all(kept(rows) == len(rows) for _, rows in found.values())


def test_a_population_without_an_association_has_a_pair_without_edges(graph: EvidenceGraph, tmp_path: Path) -> None:
    write(graph, "kgx", tmp_path / "graph", "ich-both")
    assert pairs(tmp_path / "graph")["."][1] == []


def test_a_row_of_a_term_and_itself_and_two_sheets_of_one_paper_lose_no_edge(corpus: tuple[Study, ...], tmp_path: Path) -> None:
    first = next(study for study in corpus if study.id == "menon-2012")
    own = first.findings[0].model_copy(update={"exposure": first.findings[0].outcome})
    first = first.model_copy(update={"findings": (own, *first.findings[1:])})
    write(build([first, first.model_copy(update={"id": "menon-2012-b"})], shipped()), "kgx", tmp_path / "graph")
    for _, rows in pairs(tmp_path / "graph").values():
        assert kept(rows) == len(rows)
    _, rows = pairs(tmp_path / "graph")["findings"]
    of = [row["original_predicate"] for row in rows if row["subject"].startswith("rdwi:finding:menon-2012:")]
    assert of.count("rdwi:EXPOSURE") == of.count("rdwi:OUTCOME") == len(first.findings)


def test_papers_are_named_by_pmid_else_doi(node_rows: list[dict[str, str]], graph: EvidenceGraph) -> None:
    articles = {
        row["xref"].split("|")[0].removeprefix("rdwi:study:"): row["id"] for row in node_rows if row["category"] == "biolink:Publication"
    }
    assert articles == {
        study.id: f"PMID:{study.pmid}" if study.pmid else f"doi:{study.doi}" if study.doi else f"rdwi:study:{study.id}"
        for study in graph.studies
    }


def test_an_association_has_a_sign_only_where_the_evidence_shows_it(
    edge_rows: list[dict[str, str]], associations: dict[str, Association], graph: EvidenceGraph
) -> None:
    reports = {
        observation.finding: observation.significant for observation in graph.observations if observation.eligible or observation.published
    }
    rows = {row["id"]: row for row in edge_rows if "ASSOCIATED_WITH" in row["id"]}
    assert rows.keys() == associations.keys()
    seen: dict[tuple[str, bool], int] = {}
    for name, one in associations.items():
        row = rows[name]
        signed = row["predicate"] in SIGNED
        seen[one.direction, signed] = seen.get((one.direction, signed), 0) + 1
        assert row["original_predicate"] == f"rdwi:{one.direction}"
        assert one.caption in row["description"]
        if not signed:
            assert (row["predicate"], row["knowledge_level"]) == ("biolink:related_to", "observation")
            assert one.direction in {"inconclusive", "inconsistent"} or not one.excludes_no_effect, name
            continue
        assert SIGNED[row["predicate"]] == one.direction
        sign = 1 if one.direction == "increases" else -1
        if one.ci is not None:
            none = 1 if one.measure in {"OR", "RR", "HR"} else 0
            low, high = one.average.ci if one.average else one.ci
            assert one.estimate is not None
            assert one.estimate > none if sign > 0 else one.estimate < none
            # one row alone is significant by what its paper says, which rounding may blur in its interval
            alone = next(([shown.finding] for shown in one.published if shown.headline), one.families[0].rows if one.k == 1 else [])
            assert (low > none if sign > 0 else high < none) or [reports[finding] for finding in alone] == [sign]
        else:
            assert sign in {reports.get(finding) for finding in one.findings}
    # each case is there, and what is not clear has no sign
    assert {("increases", True), ("decreases", True), ("inconclusive", False)} <= seen.keys()
    assert not {("inconclusive", True), ("inconsistent", True)} & seen.keys()


def test_an_association_carries_its_population_figures_and_papers(
    edge_rows: list[dict[str, str]], associations: dict[str, Association], graph: EvidenceGraph
) -> None:
    rows = {row["id"]: row for row in edge_rows}
    papers = {study.id: study for study in graph.studies}
    for name, one in associations.items():
        row = rows[name]
        assert f"rdwi:population:{one.population.id}" in {row["population_context_qualifier"], row["qualifiers"]}
        assert len(row["publications"].split("|")) == len({finding.split(":")[0] for finding in one.findings} & papers.keys())
        assert row["evidence_count"] == str(len(one.findings))
        if row["effect_type"]:
            assert float(row["effect_size"]) == one.estimate
        else:
            assert row["effect_size"] == ""
    assert rows["rdwi:edge:cerebral-microbleeds%3Er-dwi:ASSOCIATED_WITH:ich"]["effect_type"] == "odds_ratio"


def test_what_papers_only_claim_of_mechanisms_is_no_more_than_a_prediction(edge_rows: list[dict[str, str]]) -> None:
    claimed = [row for row in edge_rows if row["original_predicate"] in {"rdwi:MAY_LEAD_TO", "rdwi:MAY_ACT_THROUGH"}]
    assert claimed
    assert {(row["predicate"], row["knowledge_level"]) for row in claimed} == {("biolink:related_to", "prediction")}


def test_an_estimate_on_the_other_side_of_its_direction_makes_no_sign(graph: EvidenceGraph) -> None:
    one = next(one for one in graph.associations if kgx.correlated(one, {}) and one.measure == "OR" and one.direction == "increases")
    against = one.model_copy(update={"estimate": 0.5, "ci": (0.3, 0.8)})
    assert not kgx.correlated(against, {})
    assert not kgx.correlated(one.model_copy(update={"excludes_no_effect": False}), {})
    bare = one.model_copy(update={"estimate": None, "ci": None, "measure": None})
    assert not kgx.correlated(bare, {})
    assert kgx.correlated(bare, {one.findings[0]: 1})
    assert not kgx.correlated(bare, {one.findings[0]: -1})


def test_two_sheets_of_one_paper_have_one_node(corpus: tuple[Study, ...], tmp_path: Path) -> None:
    first = next(study for study in corpus if study.id == "menon-2012")
    write(build([first, first.model_copy(update={"id": "menon-2012-b"})], shipped()), "kgx", tmp_path / "graph")
    assert sum(row["category"] == "biolink:Publication" for row in table(tmp_path / "graph" / "findings" / "nodes.tsv")) == 1


def test_no_cell_breaks_a_row_or_a_list(corpus: tuple[Study, ...], tmp_path: Path) -> None:
    first = next(study for study in corpus if study.id == "menon-2012")
    odd = first.model_copy(update={"title": 'a\tb\nc\rd "e" | f', "authors": ("A | B", "C\tD"), "cohorts": ("a b|c", "ü")})
    write(build([odd], shipped()), "kgx", tmp_path / "graph")
    rows = {row["category"]: row for row in table(tmp_path / "graph" / "findings" / "nodes.tsv")}
    assert rows["biolink:Publication"]["name"] == 'a b c d "e" | f'
    assert rows["biolink:Publication"]["authors"] == "A / B|C D"
    cohorts = [row for row in table(tmp_path / "graph" / "findings" / "nodes.tsv") if row["category"] == "biolink:Cohort"]
    assert {row["id"] for row in cohorts} == {"rdwi:cohort:a%20b%7Cc", "rdwi:cohort:%C3%BC"}
    for row in rows.values():
        valid(row)


@pytest.mark.parametrize(
    ("term", "category"),
    [
        ("diabetes", "Disease"), ("r-dwi", "PhenotypicFeature"), ("cerebral-microbleeds", "PhenotypicFeature"), ("statin-use", "Treatment"),
        ("glucose", "ClinicalFinding"), ("mortality", "ClinicalFinding"), ("embolism", "PathologicalProcess"), ("age", "NamedThing"),
        ("time-to-randomisation", "NamedThing"),
    ],
)  # fmt: skip
def test_a_term_has_the_narrowest_class_that_surely_holds(term: str, category: str) -> None:
    assert kgx.category_of(shipped().vocabulary[term]) == category


def test_a_term_of_a_category_of_ones_own_is_a_named_thing() -> None:
    assert kgx.category_of(Term(id="moon-phase", name="Moon", kind="risk-factor", category="sky")) == "NamedThing"


def test_the_mapping_is_documented() -> None:
    written = (ROOT / "docs" / "exports.md").read_text("utf-8")
    for kind, (predicate, level, agent) in kgx.PREDICATES.items():
        assert re.search(rf"^\|[^|]*`{kind}`[^|]*\| `{predicate}` \| `{level}` \| `{agent}` \|$", written, re.MULTILINE), kind
    for category in (*kgx.CATEGORIES.values(), "Publication", "Disease", "PhenotypicFeature", "PathologicalProcess", "ClinicalFinding"):
        assert f"`{category}`" in written, category
