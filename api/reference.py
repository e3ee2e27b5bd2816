"""The documents' tables of parameters, from the declarations: `python -m api.reference` writes them, `--check` tells what is stale.

What several questions share is told once, under REST; a question's own table has what is its own, and names the rest.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import typer

from api.cli import app
from api.cli.questions import FILES
from api.deps import forms_told
from graph.opening import shipped, shipped_studies
from graph.questions import QUESTIONS, Parameter, Question
from graph.release import release_of
from schema import outputs

DOCS = Path(__file__).parent.parent / "docs"
# the heading under which a part's parameters are told, and what a question's table calls the part
PARTS = {"narrow": ("Narrowing a list", "narrowing"), "filters": ("Evidence filters", "filters"), "page": ("Paging", "paging")}
SHARED = "Shared parameters"
OPTIONS = "Shared options"


def link(heading: str, words: str = "", page: str = "") -> str:
    """To a heading, as GitHub makes its anchor."""
    return f"[{words or heading}]({page}#{re.sub(r'[^a-z0-9 _-]', '', heading.lower()).replace(' ', '-')})"


def address(question: type[Question]) -> str:
    return f"/v1{question.address or f'/{question.called()}'}"


def _told(one: Parameter) -> str:
    values = [value for value in one.values if not value.startswith("-")]
    told = one.help if all(value in one.help for value in values) else f"{one.help}: {', '.join(values)}"
    default = one.info.default
    if default in (None, (), False) or one.needed or one.part is not None:
        return f"{told} (needed)" if one.needed else told
    return f"{told} ({', '.join(default) if one.several else f'{default:g}'} where left out)"


def _part(one: Parameter) -> str | None:
    """The part under whose heading it is told."""
    return one.part if one.part in PARTS else None


def _rows(question: type[Question]) -> Iterator[tuple[str, str, str | None]]:
    """Name, text and part of all that a route takes."""
    yield from ((one.rest, _told(one), _part(one)) for one in question.parameters())
    yield "format", ", ".join(question.formats), None


def shared() -> dict[str, tuple[str, str | None]]:
    """Text and part of what is told once, by name: the parts' parameters, and what two questions or more tell in the same words."""
    rows = [row for question in QUESTIONS for row in _rows(question)]
    often = Counter((name, told) for name, told, part in rows if part is None)
    most: dict[str, str] = {}
    for (name, told), times in often.items():
        if times > max(1, often[name, most.get(name, "")]):
            most[name] = told
    found: dict[str, tuple[str, str | None]] = {name: (told, None) for name, told in most.items()}
    return found | {name: (told, part) for name, told, part in rows if part is not None}


def _code(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _table(rows: Iterable[tuple[str, str]], head: str) -> str:
    return "\n".join([f"| {head} | |", "|---|---|", *(f"| {name} | {told} |" for name, told in rows)]) + "\n"


def _parts(question: type[Question]) -> list[str]:
    has = {one.part for one in question.parameters()}
    return [part for part in PARTS if part in has]


def _rest_rows(question: type[Question]) -> Iterator[tuple[str, str]]:
    rows = [(name, told) for name, told, part in _rows(question) if part is None]
    once = shared()
    own = [(name, told) for name, told in rows if once.get(name, (None,))[0] != told]
    common = [f"`{name}`" for name, told in rows if (name, told) not in own]
    yield from ((f"`{name}`", told) for name, told in own)
    yield ", ".join([*common, *(link(*PARTS[part]) for part in _parts(question))]), link(SHARED, "shared")


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
        text = _section(text, f"### `{address(question)}`", _table(_rest_rows(question), "parameter"))
    for part, heading in ((None, f"### {SHARED}"), *((part, f"#### {heading}") for part, (heading, _) in PARTS.items())):
        rows = [(_code([name]), told) for name, (told, of) in shared().items() if of == part]
        text = _section(text, heading, _table(rows, "parameter"))
    return text


def _names(one: Any) -> list[str]:
    return [one.metavar] if one.param_type_name == "argument" else [*one.opts, *one.secondary_opts]


def _commands() -> dict[str, Any]:
    commands: dict[str, Any] = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    return commands


def _asked(question: type[Question]) -> tuple[str, str]:
    """A command that asks a question: what it takes, by the names of the command line."""
    declared = {one.name: _part(one) for one in question.parameters()}
    own = [name for one in _commands()[question.called()].params if declared.get(one.name, one) is None for name in _names(one)]
    return f"`rdwi {question.called()}`", ", ".join([*(f"`{name}`" for name in own), *(PARTS[part][1] for part in _parts(question))])


def _options() -> Iterator[tuple[str, str]]:
    """The options of each part; and those of questions that are the command line's alone."""
    for part, (heading, words) in PARTS.items():
        question = next(one for one in QUESTIONS if part in _parts(one))
        of = {one.name for one in question.parameters() if one.part == part}
        options = (one for one in _commands()[question.called()].params if one.name in of)
        yield link(heading, words, "api.md"), _code(name for one in options for name in _names(one))
    for name, _, kinds, told in FILES:
        yield f"`--{name}`", f"Of {', '.join(one.called() for one in QUESTIONS if kinds[''] in one.formats)}. {told}"
    yield "`--format`", f"Of a question. Table; {forms_told(QUESTIONS[0]).partition('. ')[0]}."


def command_line(text: str) -> str:
    asked = {question.called() for question in QUESTIONS}
    told = {
        name: [(_code(_names(one)), one.help) for one in command.params if "--help" not in _names(one)]
        for name, command in _commands().items()
        if name not in asked
    }
    often = [row for row, times in Counter(row for rows in told.values() for row in rows).items() if times > 1]
    text = _section(text, "## Questions", _table(map(_asked, QUESTIONS), "command"))
    text = _section(text, f"### {OPTIONS}", _table([*_options(), *often], ""))
    for name, rows in told.items():
        common = ", ".join(row[0] for row in rows if row in often)
        own = [row for row in rows if row not in often]
        if rows:
            text = _section(text, f"## `rdwi {name}`", _table([*own, *([(common, link(OPTIONS, "shared"))] if common else [])], ""))
    return text


def tools(text: str) -> str:
    rows = []
    for question in QUESTIONS:
        own = [f"`{one.assistant}`" for one in question.parameters() if _part(one) is None]
        parts = ["`filters`" if part == "filters" else PARTS[part][1] for part in _parts(question)]
        rows.append((f"`{question.called()}`", ", ".join([*own, *parts])))
    return _section(text, "## Tools", _table([*rows, ("`study`", "`id`")], "tool"))


def of_release(text: str) -> str:
    """CITATION.cff with the release of the corpus that is shipped."""
    field = shipped()
    release = release_of(shipped_studies(field), field)
    return re.sub(r"(?<=value: rdwi-release:)[0-9a-f]{64}", release, text)


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
    cff = DOCS.parent / "CITATION.cff"
    if of_release(cff.read_text(encoding="utf-8")) != cff.read_text(encoding="utf-8"):
        stale.append(cff.name)
        if "--check" not in sys.argv:
            outputs.save(cff, of_release(cff.read_text(encoding="utf-8")))
    if stale:
        print(f"{'stale' if '--check' in sys.argv else 'written'}: {', '.join(stale)}")
        sys.exit("--check" in sys.argv)


if __name__ == "__main__":
    main()
