"""The command that serves assistants."""

from __future__ import annotations

import contextlib

import typer


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command(name="mcp")(serve_assistants)


def serve_assistants() -> None:
    """Serve assistants by the Model Context Protocol (MCP), over standard input and output. The program that asks starts it."""
    from graph.opening import open_graph

    with contextlib.closing(open_graph()) as graph:
        from api.assistant.server import server

        try:
            server(graph.store).run("stdio")
        except* BrokenPipeError:
            # the program that asked is gone
            pass
