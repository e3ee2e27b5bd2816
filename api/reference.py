"""The documents' tables of parameters, from the declarations: `python -m api.reference` writes them, `--check` tells what is stale."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import typer

from api.cli import app
from api.deps import forms_told
from graph.questions import QUESTIONS, Parameter, Question
from schema import outputs

DOCS = Path(__file__).parent.parent / "docs"
_SHARED = {
    "filters": "the [evidence filters](#evidence-filters)",
    "page": "the [part of a list](#part-of-a-list)",
}


def _parts(question: type[Question], named: Callable[[Parameter], str]) -> Iterator[tuple[str, str]]:
    """A row for each part that stands in a table of its own."""
    for part, told in _SHARED.items():
        names = [named(one) for one in question.parameters() if one.part == part]
        if names:
            yield ", ".join(names), told


def _value(one: Parameter) -> str:
    values = [value for value in one.values if not value.startswith("-")]
    told = one.help if all(value in one.help for value in values) else f"{one.help}: {', '.join(values)}"
    default = one.info.default
    if default in (None, (), False) or one.needed or one.part is not None:
        return f"{told} (needed)" if one.needed else told
    return f"{told} ({', '.join(default) if one.several else f'{default:g}'} where left out)"


def _table(rows: Iterator[tuple[str, str]] | list[tuple[str, str]], head: str) -> str:
    return "\n".join([f"| {head} | |", "|---|---|", *(f"| {name} | {told} |" for name, told in rows)]) + "\n"


def _rest(one: Parameter) -> str:
    return f"`{one.rest}`"


def _rest_rows(question: type[Question]) -> Iterator[tuple[str, str]]:
    yield from ((_rest(one), _value(one)) for one in question.parameters() if one.part not in _SHARED)
    yield "`format`", forms_told(question)
    yield from _parts(question, _rest)


def _option_rows(command: Any) -> Iterator[tuple[str, str]]:
    for one in command.params:
        names = [one.metavar] if one.param_type_name == "argument" else [*one.opts, *one.secondary_opts]
        if "--help" not in names:
            yield ", ".join(f"`{name}`" for name in names), one.help


def _section(text: str, heading: str, table: str) -> str:
    """The text with the first table under a heading replaced, or put behind its first paragraph where there is none."""
    found = re.search(rf"^{re.escape(heading)}\n.*?(?=^#|\Z)", text, re.MULTILINE | re.DOTALL)
    if found is None:
        raise SystemExit(f"The documents have no section {heading!r}.")
    section, count = re.subn(r"^\|.*\n\|---\|---\|\n(?:\|.*\n)*", lambda _: table, found[0], count=1, flags=re.MULTILINE)
    if not count:
        head, _, rest = found[0].partition("\n\n")
        paragraph, _, rest = rest.partition("\n\n")
        section = f"{head}\n\n{paragraph.rstrip()}\n\n{table}\n{rest}"
    return text[: found.start()] + section + text[found.end() :]


def rest(text: str) -> str:
    for question in QUESTIONS:
        text = _section(text, f"### `/v1{question.address or f'/{question.called()}'}`", _table(_rest_rows(question), "parameter"))
    for part, heading in (("filters", "### Evidence filters"), ("page", "### Part of a list")):
        rows = {_rest(one): _value(one) for question in QUESTIONS for one in question.parameters() if one.part == part}
        text = _section(text, heading, _table(list(rows.items()), "parameter"))
    return text


def command_line(text: str) -> str:
    for name, command in typer.main.get_command(app).commands.items():  # type: ignore[attr-defined]
        text = _section(text, f"## `rdwi {name}`", _table(_option_rows(command), ""))
    return text


def tools(text: str) -> str:
    rows = []
    for question in QUESTIONS:
        own = [f"`{one.assistant}`" for one in question.parameters() if one.part != "filters"]
        filters = ["`filters`"] if any(one.part == "filters" for one in question.parameters()) else []
        rows.append((f"`{question.called()}`", ", ".join([*own, *filters, "`form`"])))
    return _section(text, "## Tools", _table([*rows, ("`study`", "`id`, `form`")], "tool"))


TABLES: dict[str, Callable[[str], str]] = {"api.md": rest, "cli.md": command_line, "mcp.md": tools}


def main() -> None:
    stale = []
    for name, made in TABLES.items():
        path = DOCS / name
        text = path.read_text(encoding="utf-8")
        if made(text) != text:
            stale.append(name)
            if "--check" not in sys.argv:
                outputs.save(path, made(text))
    if stale:
        print(f"{'stale' if '--check' in sys.argv else 'written'}: {', '.join(stale)}")
        sys.exit("--check" in sys.argv)


if __name__ == "__main__":
    main()
