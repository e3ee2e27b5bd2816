"""The documents say what there is, and their examples run."""

from __future__ import annotations

import io
import re
import shlex
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import redirect_stdout
from dataclasses import fields
from pathlib import Path

import pytest
import typer
from fastapi.routing import APIRoute
from neo4j import GraphDatabase
from starlette.testclient import TestClient
from typer.testing import CliRunner

from api import reference
from api.cli import app
from graph.build import EvidenceGraph
from graph.settings import Server, Settings
from graph.stores.neo4j.rows import OWN
from graph.synthesis import direction
from graph.synthesis.certainty import RULES
from graph.synthesis.method import Method
from graph.synthesis.observations import DERIVATIONS
from graph.wording import bedside
from schema.association import LEVELS, Association, Camp, Row
from schema.field import AxisValues, Constants, EvidenceField, Example, KindName, Selection, Start
from schema.graphmodel import EDGES, NODES
from schema.observation import Frozen
from schema.populations import PopulationNode
from schema.robustness import CampFigures, CumulativeStep, Flips, LeftOut, Subgroup, Subgroups, SubgroupTest
from schema.study import Part
from schema.vocabulary import Term
from tests.conftest import BCG

ROOT = Path(__file__).parent.parent
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
COMMAND = typer.main.get_command(app)


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def blocks(path: Path, language: str) -> Iterator[str]:
    yield from re.findall(rf"^```{language}\n(.*?)^```$", path.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


@pytest.fixture(autouse=True)
def _kept_apart(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path_factory.getbasetemp() / "docs-snapshot"
    monkeypatch.setenv("RDWI_SNAPSHOT", str(folder))
    monkeypatch.chdir(ROOT)


@pytest.mark.parametrize("name", reference.TABLES)
def test_the_tables_of_parameters_are_those_of_the_declarations(name: str) -> None:
    written = text(f"docs/{name}")
    assert reference.TABLES[name](written) == written, "stale: python -m api.reference writes them"


def section(written: str, heading: str) -> str:
    """What stands under a heading, down to the next one of its level or above."""
    level = heading.partition(" ")[0]
    after = f"\n{written}".partition(f"\n{heading}\n")[2]
    return re.split(rf"^#{{1,{len(level)}}} ", after, maxsplit=1, flags=re.MULTILINE)[0]


def named(written: str) -> set[str]:
    """What stands in the first cells of its tables, as code."""
    return {name for cell in re.findall(r"^\| (.*?) \| ", written, re.MULTILINE) for name in re.findall("`([^`]+)`", cell)}


def test_every_command_and_option_is_documented() -> None:
    written = text("docs/cli.md")
    asked = dict(re.findall(r"^\| `rdwi (\S+)` \| (.*) \|$", section(written, "## Questions"), re.MULTILINE))
    shared = section(written, f"### {reference.OPTIONS}")
    for name, command in COMMAND.commands.items():  # type: ignore[attr-defined]
        own = section(written, f"## `rdwi {name}`")
        assert asked.get(name) or own, name
        told = set(re.findall("`([^`]+)`", asked.get(name, ""))) | named(own)
        # a part that a command names is told under the shared options, by name and with a link to what each means
        for heading, words in reference.PARTS.values():
            if words in asked.get(name, "").split(", "):
                (row,) = (line for line in shared.splitlines() if line.startswith(f"| {reference.link(heading, words, 'api.md')} |"))
                told |= set(re.findall("`([^`]+)`", row))
        if name in asked or reference.link(reference.OPTIONS, "shared") in own:
            told |= named(shared)
        for parameter in command.params:
            names = [parameter.metavar] if parameter.param_type_name == "argument" else [*parameter.opts, *parameter.secondary_opts]
            assert not set(names) - told - {"--help"}, (name, names)


def test_no_command_is_documented_that_is_not_there() -> None:
    written = text("docs/cli.md")
    documented = [*re.findall(r"^## `rdwi (\S+)`", written, re.MULTILINE), *re.findall(r"^\| `rdwi (\S+)` \|", written, re.MULTILINE)]
    assert sorted(documented) == sorted(COMMAND.commands)  # type: ignore[attr-defined]


def test_every_route_and_parameter_is_documented(client: TestClient) -> None:
    written = text("docs/api.md")
    for path, operations in client.get("/openapi.json").json()["paths"].items():
        own = section(written, f"### `{path}`")
        assert own, path
        told = named(own)
        # a part that a route names is told where the link leads; what is called shared is told there
        for heading, words in reference.PARTS.values():
            if reference.link(heading, words) in own:
                told |= named(section(written, f"#### {heading}"))
        for row in own.splitlines():
            if row.endswith(f"| {reference.link(reference.SHARED, 'shared')} |"):
                assert named(row) <= named(section(written, f"### {reference.SHARED}")), path
        for parameter in next(iter(operations.values())).get("parameters", ()):
            assert parameter["name"] in told, (path, parameter["name"])


def test_no_route_is_documented_that_is_not_there(client: TestClient) -> None:
    routes = set(client.get("/openapi.json").json()["paths"])
    assert set(re.findall(r"^### `(\S+)`", text("docs/api.md"), re.MULTILINE)) == routes
    assert any(isinstance(route, APIRoute) for route in client.app.routes)  # type: ignore[attr-defined]


@pytest.mark.parametrize("model", [Association, Row])
def test_every_field_of_an_answer_is_documented(model: type[Association | Row]) -> None:
    written = text("docs/api.md")
    assert [name for name in model.model_fields if f"`{name}`" not in written] == []


@pytest.mark.parametrize("model", [LeftOut, CumulativeStep, Subgroups, Subgroup, SubgroupTest, Flips, CampFigures])
def test_every_figure_of_how_an_association_holds_up_is_documented(model: type[Frozen]) -> None:
    section = text("docs/api.md").partition("## How an association holds up")[2]
    known = {*re.findall(r"\w+", section), *Camp.model_fields}
    assert [name for name in model.model_fields if name not in known] == []


def test_every_setting_is_documented() -> None:
    written = text("docs/settings.md")
    assert [name for name in Settings.model_fields if f"`RDWI_{name.upper()}`" not in written] == []


@pytest.mark.parametrize("part", [EvidenceField, AxisValues, PopulationNode, KindName, Selection, Start, Constants, Example])
def test_every_key_of_a_field_is_documented(part: type[Part]) -> None:
    written = text("docs/own-field.md")
    keys = {"populations" if key == "nodes" else key for key in part.model_fields}
    assert [key for key in sorted(keys) if not re.search(rf"`{key}(?:: true)?`", written)] == []


def test_every_way_of_reading_a_row_is_documented() -> None:
    written = text("docs/method.md")
    assert [one for one in DERIVATIONS if f"| `{one}` |" not in written] == []
    assert set(re.findall(r"^\| `([a-z-]+)` \|", written, re.MULTILINE)) == set(DERIVATIONS)


def test_how_many_rows_go_each_way_is_documented(graph: EvidenceGraph) -> None:
    printed = re.findall(r"^\| `([a-z-]+)` \|.*\| (\d+) \| (\d+) \|$", text("docs/method.md"), re.MULTILINE)
    rows = Counter(observation.derivation for observation in graph.observations)
    eligible = Counter(observation.derivation for observation in graph.observations if observation.eligible)
    assert {one: (int(all_), int(some)) for one, all_, some in printed} == {one: (rows[one], eligible[one]) for one in DERIVATIONS}


def test_every_rule_of_certainty_is_documented() -> None:
    written = text("docs/method.md")
    assert [rule for rule, step, _ in RULES if f"| {rule} | {step} |" not in written] == []


def test_the_named_associations_are_documented_with_what_decides_and_their_steps(graph: EvidenceGraph) -> None:
    found = {(one.exposure.id, one.outcome.id, one.population.id): one for one in graph.associations}
    printed = re.findall(
        r"^\| `([a-z-]+)` > `([a-z-]+)`(?: in `([a-z-]+)`)? \| ([^|]*), (estimate|reports|published) \| ([a-z-]+) \| (.*) \|$",
        text("docs/method.md"),
        re.MULTILINE,
    )
    assert len(printed) >= 6
    for exposure, outcome, place, way, basis, level, steps in printed:
        one = found[exposure, outcome, place or "ich"]
        leans = f", leans to {one.leans}" if one.leans else ""
        assert (way, basis, level) == (f"{one.direction}{leans}", one.direction_basis, one.certainty), (exposure, outcome)
        told = "; ".join(f"{reason.domain} {reason.step:+d} ({reason.text})" for reason in one.reasons if reason.step)
        assert steps.partition("; ")[2] == told


def test_what_decides_a_direction_is_documented() -> None:
    written = text("docs/method.md")
    assert [basis for basis, rule in direction.RULES if f"| {basis} | {rule} |" not in written] == []


def test_the_constants_that_the_documents_name_are_those_of_the_code() -> None:
    written = text("docs/method.md")
    method = Method()
    for figure in (
        method.default_prevalence_lesion, method.skew_limit, *method.rhos, method.surprise, method.weight_tau_scale, method.reference_n,
        method.exact_overlap_component, method.weight_near_zero, method.disagreement_z, method.bayes_tau_scale,
    ):  # fmt: skip
        assert f"{figure:g}" in written, figure
    assert len(fields(Method)) > 15


def test_every_label_and_edge_type_is_documented() -> None:
    written = text("docs/graph.md")
    assert [one.label for one in NODES if f"`{one.label}`" not in written] == []
    assert [one.type for one in EDGES if f"`{one.type}`" not in written] == []


def test_every_property_that_neo4j_has_besides_is_documented() -> None:
    written = text("docs/graph.md").partition("## In Neo4j")[2]
    assert [one.name for one in OWN if f"`{one.name}`" not in written] == []


def test_the_cypher_of_the_documents_runs(loaded: Server) -> None:
    (statement,) = blocks(ROOT / "docs" / "graph.md", "cypher")
    with GraphDatabase.driver(loaded.uri, auth=(loaded.user, loaded.password.get_secret_value())) as driver:
        assert len(driver.execute_query(statement).records) == 6


def test_every_key_of_a_term_is_documented() -> None:
    assert [key for key in Term.model_fields if f"`{key}`" not in text("docs/sheets.md")] == []


def anchors(path: Path) -> set[str]:
    return {
        reference.link(heading).partition("#")[2].rstrip(")") for heading in re.findall(r"^#+ (.*)$", path.read_text("utf-8"), re.MULTILINE)
    }


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_leads_to_a_file_and_a_section_that_are_there(path: Path) -> None:
    for target, anchor in re.findall(r"\]\(([^)#]*)#?([^)]*)\)", path.read_text(encoding="utf-8")):
        if not target.startswith("http"):
            found = (path.parent / target) if target else path
            assert found.exists(), target
            assert not anchor or anchor in anchors(found), (target, anchor)


def test_the_documents_are_short_enough_to_be_read() -> None:
    assert sum(len(path.read_text(encoding="utf-8").split()) for path in DOCUMENTS) <= 20_000


def test_how_to_read_a_row_is_one_page_in_the_words_of_the_pages(graph: EvidenceGraph) -> None:
    written = text("docs/reading-a-row.md")
    assert len(written.split()) <= 400
    outcome = next(term for term in graph.terms if term.id == "r-dwi")
    some = next(one for one in graph.associations if one.outcome.id == "r-dwi" and one.direction == "increases")
    for level in LEVELS:
        assert f"{bedside.dots(level)} {level.replace('-', ' ')}" in written
        assert f'"{bedside.verdict(some.model_copy(update={"certainty": level}), outcome)}" ({level.replace("-", " ")})' in written
    for index in ("README.md", "docs/api.md", "docs/pages.md", "docs/method.md"):
        assert "reading-a-row.md" in text(index).partition("\n## ")[0], index


COMMANDS = [
    (path.name, line.strip())
    for path in DOCUMENTS
    for block in blocks(path, "sh")
    for line in block.splitlines()
    if re.match(r"(\./run )?rdwi ", line.strip())
]


@pytest.mark.parametrize(("document", "line"), COMMANDS, ids=[line for _, line in COMMANDS])
def test_every_command_of_the_documents_runs(document: str, line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    words = shlex.split(line.partition("#")[0].replace("./run ", ""))[1:]
    if document in {"sheets.md", "citations.md"}:
        # the reader's own sheets are not here: a copy of the corpus stands in
        (tmp_path / "sheets").symlink_to(ROOT / "evidence" / "studies")
        (tmp_path / "refs.ris").write_text("TY  - JOUR\nTI  - Of something else\nER  -\n")
        (tmp_path / "a.json").write_text('{"id": "a-sheet", "read": "abstract"}')
        monkeypatch.setenv("RDWI_SNAPSHOT", str(tmp_path / "snapshot"))
        monkeypatch.chdir(tmp_path)
    elif document == "own-field.md":
        shutil.copytree(BCG, tmp_path / "my-field")
        monkeypatch.setenv("RDWI_FIELD", "my-field")
        monkeypatch.setenv("RDWI_SNAPSHOT", str(tmp_path / "snapshot"))
        monkeypatch.chdir(tmp_path)
    elif document == "tables.md":
        example = next(blocks(ROOT / "docs" / "tables.md", "csv"))
        (tmp_path / "extraction.csv").write_text(example, encoding="utf-8")
        monkeypatch.setenv("RDWI_SNAPSHOT", str(tmp_path / "snapshot"))
        monkeypatch.chdir(tmp_path)
    elif words[0] in {"export", "load", "template"} or "--bundle" in words:
        monkeypatch.setenv("RDWI_SNAPSHOT", str(tmp_path / "snapshot"))
        words = [str(tmp_path / word) if word.endswith((".graphml", ".xlsx", ".zip", "-folder")) else word for word in words]
    outcome = CliRunner().invoke(app, words, input='{"id": "a-sheet", "read": "abstract"}')
    assert outcome.exit_code == 0, outcome.output
    assert outcome.output.strip()


def test_the_answer_in_the_readme_is_what_the_command_prints_on_80_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    (example,) = blocks(ROOT / "README.md", "console")
    assert max(map(len, example.splitlines())) <= 80
    command, _, shown = example.partition("\n")
    outcome = CliRunner().invoke(app, shlex.split(command.removeprefix("$ ./run rdwi ")))
    assert [line.rstrip() for line in outcome.output.rstrip().splitlines()] == shown.rstrip().splitlines()


def test_every_address_of_the_readme_answers(client: TestClient) -> None:
    addresses = re.findall(r"curl 'http://127\.0\.0\.1:8000(\S+)'", text("README.md"))
    assert len(addresses) >= 3
    assert [client.get(address).status_code for address in addresses] == [200] * len(addresses)


@pytest.mark.parametrize("path", [path for path in DOCUMENTS if any(blocks(path, "python"))], ids=lambda path: path.name)
def test_every_python_example_prints_what_is_written_under_it(path: Path) -> None:
    codes, outputs = list(blocks(path, "python")), list(blocks(path, "text"))
    assert len(codes) == len(outputs)
    for code, output in zip(codes, outputs, strict=True):
        printed = io.StringIO()
        with redirect_stdout(printed):
            exec(compile(code, path.name, "exec"), {})
        assert printed.getvalue() == output


def test_the_readme_begins_with_the_picture_and_an_answer() -> None:
    first = text("README.md").partition("\n## ")[0]
    assert -1 < first.index("(docs/pages/start.png)") < first.index("```console")


def test_the_readme_has_exactly_two_commands_to_set_up() -> None:
    lone = [block.strip() for block in blocks(ROOT / "README.md", "sh") if len(block.strip().splitlines()) == 1]
    assert lone == ["./run serve", "./run test"]


def test_continuous_integration_calls_the_readmes_test_command() -> None:
    assert text(".ci/run").rstrip().endswith("./run test")
