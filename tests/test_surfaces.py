"""Every surface offers every question with every parameter, as the question declares it."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Any, get_type_hints, is_typeddict

import pytest
import typer
from starlette.testclient import TestClient

from api.assistant import tools
from api.cli import app
from api.deps import parameters_of
from api.figures import available
from api.pages.routes import LISTS, VIEWS
from graph.python import Graph
from graph.questions import QUESTIONS, Neighbours, Parameter, Paths, Question
from schema.errors import BadParameter

ROOT = Path(__file__).parent.parent
COMMANDS = typer.main.get_command(app).commands  # type: ignore[attr-defined]
TOOLS = {tool.name: tool for tool in tools.tools()}

# what a surface does not offer, and why
EXCEPTIONS: dict[tuple[str, str], str] = {
    ("python", "release"): "a Graph is of one release, which it is opened with: open_graph(release=...)",
    ("pages", "neighbours"): "the page /graph draws them, and asks by term and population",
    ("pages", "paths"): "a page shows a link with its papers (/mechanisms, /evidence); a chain of links is for those who compute",
}


def every() -> list[Any]:
    return [pytest.param(one, id=one.called()) for one in QUESTIONS]


def test_there_are_few_exceptions() -> None:
    assert len(EXCEPTIONS) <= 10
    assert all(len(reason.split()) > 4 for reason in EXCEPTIONS.values())


@pytest.mark.parametrize("question", every())
def test_rest_takes_every_parameter(client: TestClient, question: type[Question]) -> None:
    operation = client.get("/openapi.json").json()["paths"][f"/v1{question.address or f'/{question.called()}'}"]["get"]
    offered = {one["name"]: one for one in operation["parameters"]}
    assert set(offered) == {*(one.rest for one in question.parameters()), "format"}
    assert operation["tags"] == [question.topic]
    for one in question.parameters():
        assert offered[one.rest]["required"] is one.needed
        assert offered[one.rest]["description"] == one.help
    needed = [one["required"] for one in operation["parameters"]]
    assert needed == sorted(needed, reverse=True), "required parameters come first"


@pytest.mark.parametrize("question", every())
def test_over_rest_every_form_of_an_answer_has_a_name_with_its_ending(client: TestClient, question: type[Question]) -> None:
    given: dict[str, Any] = {"exposure": "age", "from": "age", "outcome": "r-dwi", "to": "mortality", "population": "caa", "id": "r-dwi"}
    asked = {one.rest: given[one.rest] for one in question.parameters() if one.rest in given}
    address = f"/v1{question.address or f'/{question.called()}'}".format(id=asked.pop("id", ""))
    endings = {"bibtex": "bib", "csl-json": "csl.json"}
    if question.called() == "compare":
        asked["population"] = ["ich", "caa"]
    for form in question.formats:
        if form == "png" and not available():
            continue
        answer = client.get(address, params={**asked, "format": form})
        assert answer.status_code == 200, answer.text
        shown, name = answer.headers["content-disposition"].split("; filename=")
        assert shown == ("attachment" if form == "zip" else "inline")
        assert re.fullmatch(rf'"rdwi-[a-z0-9-]+-[0-9a-f]{{12}}\.{endings.get(form, form)}"', name), name


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("studies/menon-2012", "rdwi-study-menon-2012.json"), ("cohorts/ERICH", "rdwi-cohort-erich.json"),
        ("terms/r-dwi", "rdwi-term-r-dwi.json"), ("schema", "rdwi-schema.json"), ("releases/current", "rdwi-release.json"),
        ("graph", "rdwi-graph.json"), ("graph?format=graphml", "rdwi-graph.graphml"), ("graph?format=csv", "rdwi-csv.zip"),
    ],
)  # fmt: skip
def test_what_is_no_question_has_a_name_with_its_ending_too(client: TestClient, address: str, name: str) -> None:
    assert client.get(f"/v1/{address}").headers["content-disposition"].endswith(f'; filename="{name}"')


@pytest.mark.parametrize("question", every())
def test_the_command_line_takes_every_parameter(question: type[Question]) -> None:
    offered = {one.name: one for one in COMMANDS[question.called()].params}
    for one in question.parameters():
        found = offered[one.name]
        assert found.required is one.needed
        assert (found.param_type_name == "argument") is bool(one.spelt.argument)
        if not one.spelt.argument:
            assert "/".join([*found.opts, *found.secondary_opts]) == one.option
        assert one.help[1:] in found.help


@pytest.mark.parametrize("question", every())
def test_an_assistant_takes_every_parameter(question: type[Question]) -> None:
    takes = TOOLS[question.called()].takes
    for one in question.parameters():
        where = takes["properties"]["filters"]["properties"] if one.part == "filters" else takes["properties"]
        assert (one.name if one.part == "filters" else one.assistant) in where
    assert takes.get("required", []) == [one.assistant for one in question.parameters() if one.needed]


@pytest.mark.parametrize("question", every())
def test_python_takes_every_parameter(question: type[Question]) -> None:
    method = getattr(Graph, question.called())
    offered: dict[str, Any] = {}
    hints = get_type_hints(method, include_extras=True)
    for name, one in inspect.signature(method).parameters.items():
        if one.kind is one.VAR_KEYWORD:
            (options,) = hints[name].__args__
            assert is_typeddict(options)
            offered |= get_type_hints(options)
        elif name != "self":
            offered[name] = hints[name]
    assert set(offered) == {one.name for one in question.parameters() if ("python", one.name) not in EXCEPTIONS}
    assert hints["return"] == question.answers()
    for one in question.parameters():
        if ("python", one.name) in EXCEPTIONS:
            continue
        missing = set(one.values) - set(re.findall(r"'([^']*)'", str(offered[one.name])))
        assert not missing, f"{one.name} takes {missing}, and its type does not say so"


@pytest.mark.parametrize("question", every())
def test_a_page_takes_every_parameter(question: type[Question]) -> None:
    if ("pages", question.called()) in EXCEPTIONS:
        assert question in {Neighbours, Paths}
        return
    assert question in VIEWS
    model = parameters_of(question)
    assert {one.name for one in question.parameters()} < set(model.model_fields)
    assert (question in LISTS) is ("page" in question.model_fields)


def test_every_surface_has_the_questions_and_no_others() -> None:
    names = {one.called() for one in QUESTIONS}
    assert names <= set(COMMANDS)
    assert {*names, "study", "releases", "diff"} == set(TOOLS)
    assert names <= set(dir(Graph))


def test_tools_are_listed_in_few_words() -> None:
    import json

    listed = [
        {"name": one.name, "description": one.description, "inputSchema": one.takes, "outputSchema": one.gives} for one in TOOLS.values()
    ]
    assert len(json.dumps(listed, separators=(",", ":"))) < 58_000  # 60 kB with what the protocol adds


# --- what is wrong is told by the question, in one sentence a fault ---

WRONG: list[tuple[dict[str, Any], str, tuple[str, ...]]] = [
    ({"min_n": 0}, "min_n: input should be greater than or equal to 1, not 0.", ()),
    ({"min_n": "many"}, "min_n: input should be a valid integer, unable to parse string as an integer, not 'many'.", ()),
    ({"kind": "gene"}, "'gene' is no value of 'kind'.", ("risk-factor", "csvd-marker", "lesion", "mechanism", "outcome")),
    ({"design": ["rct", "rtc"]}, "'rtc' is no value of 'design'.", ("rct",)),
    ({"lesoin": "r-dwi"}, "There is no parameter 'lesoin' here.", ("lesion",)),
    ({"limit": 501, "offset": -1}, "limit: input should be less than or equal to 500, not 501. offset:", ()),
]


@pytest.mark.parametrize(("given", "told", "allowed"), WRONG)
def test_a_wrong_value_is_told_in_a_sentence(given: dict[str, Any], told: str, allowed: tuple[str, ...]) -> None:
    from graph.questions import Factors

    with pytest.raises(BadParameter) as caught:
        Factors.of(given)
    assert caught.value.detail.startswith(told)
    assert set(allowed) <= set(caught.value.allowed)


def test_null_is_as_if_left_out_and_one_value_stands_for_a_list() -> None:
    from graph.questions import Factors, Filters

    asked = Factors.of({"lesion": None, "design": "rct", "limit": None, "filters": {"min_n": None, "exclude": "menon-2012"}})
    assert asked == Factors(filters=Filters(design=("rct",), exclude=("menon-2012",)))
    assert Factors.of({"filters": '{"design": ["rct"]}'}).filters.design == ("rct",)


@pytest.mark.parametrize("question", every())
def test_what_was_asked_can_be_asked_again(question: type[Question]) -> None:
    def value(one: Parameter) -> Any:
        single = one.values[0] if one.values else {int: 3, float: 2.5, bool: True}.get(one.kind, "1/2 vs 1/3")
        return (single,) if one.several else max(single, 1900) if one.name.startswith("year") else single

    whole = question.of({one.name: value(one) for one in question.parameters()})
    names = {one.rest: one.name for one in question.parameters()}
    assert question.of({names[name]: given for name, given in whole.asked().items()}) == whole
