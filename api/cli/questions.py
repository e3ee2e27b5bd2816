"""A command a question."""

from __future__ import annotations

import sys
from inspect import Parameter as Argument
from inspect import Signature
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from api.cli import running
from graph.questions import QUESTIONS, Parameter, Question
from graph.questions.lists import ITEMS
from schema import outputs
from schema.errors import BadParameter

if TYPE_CHECKING:
    from graph.stores.port import Reader

# what may be written into a file of its own besides: option, name of the file in the help, its forms by endings, what it is
FILES: tuple[tuple[str, str, dict[str, str], str], ...] = (
    ("bundle", "OUT.zip", {"": "zip"}, "Also write the whole answer into that ZIP: figure, CSV, R lines, filters, release, citations."),
    (
        "plot",
        "OUT.svg|OUT.png",
        {"": "svg", ".png": "png"},
        "Also write its figure to that file, as SVG or PNG (the extra png) by its ending.",
    ),
)


def register(app: typer.Typer) -> None:
    for question in QUESTIONS:
        app.command(question.called())(_command(question))


def _command(question: type[Question]) -> Any:
    files = [(name, metavar, kinds, told) for name, metavar, kinds, told in FILES if kinds[""] in question.formats]
    forms = [form for form in question.formats if not any(form in kinds.values() for _, _, kinds, _ in files)]

    def run(**given: Any) -> None:
        form = str(given.pop("format"))
        written = {kinds.get(path.suffix.lower(), kinds[""]): path for name, _, kinds, _ in files if (path := given.pop(name)) is not None}
        if form not in ("table", *forms):
            raise BadParameter("format", f"{form!r} is no value of 'format'.", ["table", *forms])
        # a figure is of the whole list
        if form in {"table", "json"} and not written and "limit" in given and given["limit"] is None:
            given["limit"] = ITEMS
        _answered(question.of(given), form, written)

    options = {one.name: _option(one) for one in question.parameters()}
    options |= {name: (Path | None, typer.Option(None, f"--{name}", metavar=metavar, help=told)) for name, metavar, _, told in files}
    told = f"json: as the API gives it{'; ris, bibtex, csl-json: the papers behind it' if 'ris' in forms else ''}."
    options["format"] = (str, typer.Option("table", "--format", metavar="|".join(["table", *forms]), help=told))
    run.__doc__ = question.__doc__
    run.__annotations__ = {name: kind for name, (kind, _) in options.items()}
    run.__signature__ = Signature(  # type: ignore[attr-defined]
        [Argument(name, Argument.KEYWORD_ONLY, annotation=kind, default=default) for name, (kind, default) in options.items()]
    )
    return run


def _option(one: Parameter) -> tuple[Any, Any]:
    """Type and option (or argument) of a parameter. All but flags are texts: what is wrong with one is told by the question."""
    told = f"{one.help[0].upper()}{one.help[1:]}"
    values = [value for value in one.values if not value.startswith("-")]
    few = "|".join(values) if len(values) < 8 else ""
    if not few and not all(value in told for value in values):
        told += f": {', '.join(values)}"
    default = one.info.default
    if default not in (None, (), False) and not one.needed and one.part is None:
        told += f" [{', '.join(default) if one.several else default} where it is left out]"
    told += "."
    if one.spelt.argument:
        if one.needed:
            return str, typer.Argument(..., metavar=one.spelt.argument, help=told)
        return str | None, typer.Argument(None, metavar=one.spelt.argument, help=told)
    if one.kind is bool:
        return bool | None if default is None else bool, typer.Option(default, one.option, help=told)
    metavar = few or {int: "INTEGER", float: "NUMBER"}.get(one.kind, one.option.strip("-").replace("-", " ").upper())
    return (list[str] if one.several else str) | None, typer.Option(None, one.option, metavar=metavar, help=told)


def _answered(question: Question, form: str, files: dict[str, Path]) -> None:
    """Ask, and write what was asked for: files whole, and the answer in its form on standard output."""
    from api.cli import answers
    from api.forms import FORMS
    from graph import citations

    def asked(reader: Reader) -> tuple[Any, dict[str, str | bytes]]:
        answer = question.answer(reader)
        return answer, {kind: FORMS[kind].make(reader, question, answer) for kind in {form, *files} - {"table"}}

    answer, made = running.ask(asked, question.at.release)
    for kind, path in files.items():
        outputs.save(path, made[kind])
    if form == "table":
        answers.show(question, answer)
    elif form == "json":
        print(made[form])
    else:
        answers.write(str(made[form]), "utf-8" if form in citations.MEDIA else None)
        if form in citations.MEDIA and not citations.behind(answer):
            why = getattr(answer, "why", None)
            print(f"rdwi: no papers: {why.text if why else 'no study says anything of it.'}", file=sys.stderr)
