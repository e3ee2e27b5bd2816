"""The server: tools and resources by the Model Context Protocol, over standard input and output."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from typing import Any, cast

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.tools import Tool
from mcp.types import ToolAnnotations
from pydantic import BaseModel, ConfigDict, create_model

from api.assistant.tools import READING, Tools
from graph.questions import questions
from graph.questions.lists import Page
from graph.stores.port import Reader, Store
from schema.errors import RdwiError

INSTRUCTIONS = (
    "The published evidence on remote DWI lesions (R-DWI) after intracerebral haemorrhage (ICH), with its papers. Names are ids, names or "
    "synonyms; `terms` and the resources rdwi://vocabulary and rdwi://populations tell which there are. " + READING
)


def server(store: Store) -> MCPServer[Any]:
    """The server over a store. Nothing is changed by any tool."""
    made: MCPServer[Any] = MCPServer(
        "rdwi",
        title="R-DWI evidence graph",
        instructions=INSTRUCTIONS,
        version=questions.package_version(),
        tools=[_tool(one) for one in Tools(store).all()],
        log_level="WARNING",
    )
    _resources(made, store)
    return made


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


def _tool(question: Callable[..., Any]) -> Tool:
    @functools.wraps(question)
    def ask(**given: Any) -> Any:
        try:
            return question(**given)
        except RdwiError as error:
            raise ToolError(str(error)) from error

    tool = Tool.from_function(
        ask,
        description=f"{question.__doc__} {READING}",
        annotations=ToolAnnotations(read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False),
        structured_output=True,
    )
    # a name that is not known is refused: dropped, it would make another question of it
    given = tool.fn_metadata.arg_model
    bases: Any = (given, _Strict)
    tool.fn_metadata.arg_model = cast("Any", create_model(given.__name__, __base__=bases))
    tool.parameters = tool.fn_metadata.arg_model.model_json_schema(by_alias=True)
    return tool


def _resources(made: MCPServer[Any], store: Store) -> None:
    def vocabulary(reader: Reader) -> list[dict[str, Any]]:
        return [one.model_dump(mode="json") for one in questions.terms(reader, page=Page(None)).items]

    @made.resource(
        "rdwi://vocabulary",
        title="Vocabulary",
        description="Every term: id, name, kind, synonyms, what it rolls up into, and how many findings name it.",
        mime_type="application/json",
    )
    def terms() -> str:
        return _json(store.ask(vocabulary))

    @made.resource(
        "rdwi://populations",
        title="Populations",
        description="Every population: id, name, synonyms, and what it is part of.",
        mime_type="application/json",
    )
    def populations() -> str:
        known = store.ask(lambda reader: reader.field().populations)
        return _json(
            [{"id": one.id, "name": one.name, "synonyms": list(one.synonyms), "part_of": list(one.part_of)} for one in known.values()]
        )

    @made.resource(
        "rdwi://method",
        title="Method",
        description="How rows are read, pooled, weighed and judged: the method with its constants and rules.",
        mime_type="application/json",
    )
    def method() -> str:
        return _json(store.ask(questions.schema).method)

    @made.resource("rdwi://release", title="Release", description="What is loaded, and the versions.", mime_type="application/json")
    def release() -> str:
        return store.ask(lambda reader: questions.release(reader, store)).model_dump_json()


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
