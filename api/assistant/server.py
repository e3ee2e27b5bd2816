"""The server: tools and resources by the Model Context Protocol, over standard input and output."""

from __future__ import annotations

import json
from typing import Any

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.tools import Tool
from mcp.server.mcpserver.utilities.func_metadata import ArgModelBase, FuncMetadata
from mcp.types import CallToolResult, TextContent, ToolAnnotations
from pydantic import ConfigDict

from api.assistant import tools
from api.assistant.tools import READING
from graph.questions import Terms, lookups
from graph.stores.port import Reader, Store
from schema.errors import RdwiError

INSTRUCTIONS = (
    "Names are ids, names or synonyms; `terms` and the resources rdwi://vocabulary and rdwi://populations tell which there are. " + READING
)


def server(store: Store) -> MCPServer[Any]:
    """The server over a store. Nothing is changed by any tool."""
    field = store.field()
    made: MCPServer[Any] = MCPServer(
        "rdwi",
        title=field.title,
        instructions=f"{field.lead}. {INSTRUCTIONS}",
        version=lookups.package_version(),
        tools=[_tool(store, one) for one in tools.tools()],
        log_level="WARNING",
    )
    _resources(made, store)
    return made


# letters of one argument
_LONGEST = 20_000


class _Given(ArgModelBase):
    """The arguments as they were sent: what is wrong with one is told by the question."""

    model_config = ConfigDict(extra="allow")

    def model_dump_one_level(self) -> dict[str, Any]:
        return {"given": self.__pydantic_extra__ or {}}


def _tool(store: Store, one: tools.Tool) -> Tool:
    def ask(given: dict[str, Any]) -> CallToolResult:
        long = next((name for name, value in given.items() if len(json.dumps(value)) > _LONGEST), None)
        if long is not None:
            raise ToolError(f"{long[:50]!r} is longer than {_LONGEST:,} letters.")
        try:
            reply = one.ask(store, given)
        except RdwiError as error:
            raise ToolError(str(error)) from error
        content = reply.model_dump(mode="json")
        text = json.dumps(_compact(content), ensure_ascii=False, separators=(",", ":"))
        return CallToolResult(content=[TextContent(type="text", text=text)], structured_content=content)

    return Tool(
        fn=ask,
        name=one.name,
        title=None,
        context_kwarg=None,
        description=one.description,
        parameters=one.takes,
        fn_metadata=FuncMetadata(arg_model=_Given, output_schema=one.gives),
        is_async=False,
        annotations=ToolAnnotations(read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False),
    )


def _compact(value: Any) -> Any:
    """Without what is null or empty: it is there for programs, and would be most of what a reader reads."""
    if isinstance(value, dict):
        return {name: inner for name, one in value.items() if (inner := _compact(one)) not in (None, [], {}, "")}
    return [_compact(one) for one in value] if isinstance(value, list) else value


def _resources(made: MCPServer[Any], store: Store) -> None:
    def vocabulary(reader: Reader) -> list[dict[str, Any]]:
        return [one.model_dump(mode="json") for one in Terms().answer(reader).items]

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
        return _json(store.ask(lookups.schema).method)

    @made.resource("rdwi://release", title="Release", description="What is loaded, and the versions.", mime_type="application/json")
    def release() -> str:
        return store.ask(lambda reader: lookups.release(reader, store)).model_dump_json()


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
