"""Commands that read what others say of the papers that are held: which are retracted, and how they were judged.

Neither stores anything: they tell what would change, give the lines for the sheets, and write these where they are told to.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from api.cli import running
from api.cli.options import Form, TableOrJson
from schema import outputs
from schema.bias import Tool
from schema.study import Part, Study

Write = Annotated[Path | None, typer.Option(metavar="FOLDER", help="Write the sheets there, to be loaded.")]
Read = Callable[[Mapping[str, Study]], Mapping[str, Part | None]]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(standing)
    app.command(name="risk-of-bias")(risk_of_bias)


def standing(
    list_of: Annotated[Path, typer.Argument(metavar="FILE", help="Retraction Watch's CSV, or a DOI or PMID a line.")],
    write: Write = None,
    format: TableOrJson = "table",
) -> None:
    """Which studies a list of retracted papers names, and what that would change. Nothing is stored."""
    from loaders.references import retractions

    _told("standing", lambda studies: retractions.named(list_of, studies), write, format)


def risk_of_bias(
    judgements: Annotated[Path, typer.Argument(metavar="FILE", help="robvis' CSV: Study, D1, D2, ..., Overall.")],
    tool: Annotated[Tool | None, typer.Option(help="By what it was judged.")] = None,
    write: Write = None,
    format: TableOrJson = "table",
) -> None:
    """What judgements of risk of bias would change of the studies that are held. Nothing is stored."""
    from loaders.references.judgements import read

    _told("risk_of_bias", lambda studies: read(judgements, tool, studies), write, format)


def _told(key: str, read: Read, write: Path | None, format: Form) -> None:
    """What the sheets would say under a key, and what that would change."""
    from graph import opening
    from graph.preview import preview
    from graph.stores.port import Reader
    from schema.answer import Preview

    def asked(reader: Reader) -> tuple[list[Study], Preview]:
        studies = reader.studies()
        sheets = [studies[one].model_copy(update={key: new}) for one, new in read(studies).items()]
        return sheets, preview(reader, sheets, reader.field())

    with running.reporting() as report, contextlib.closing(opening.open_store(running.settings(), report)) as store:
        sheets, answer = store.ask(asked)
    changed = {one.id for one in answer.studies if one.change == "replaced"}
    if write is not None:
        _write(write, [sheet for sheet in sheets if sheet.id in changed])
    said = {sheet.id: _content(getattr(sheet, key)) for sheet in sheets}
    if format == "json":
        print(json.dumps({"named": said, "changed": sorted(changed), **answer.model_dump(mode="json")}, ensure_ascii=False))
        return
    from api.cli.stores import print_changes
    from graph.wording import count

    for study, content in said.items():
        line = f"{key}: {json.dumps(content, ensure_ascii=False)}" if content is not None else f"{key}: none any more"
        print(f"{study}: {line if study in changed else 'as its sheet says already'}")
    print(f"{count(len(sheets), 'study', 'studies')} named; of {len(changed)} the sheet would say another thing.")
    print_changes(answer)
    if write is not None:
        print(f"{count(len(changed), 'sheet')} written to {write}: load them with  rdwi load {write}")


def _content(part: Part | None) -> dict[str, Any] | None:
    return part.model_dump(mode="json", exclude_defaults=True) if part is not None else None


def _write(folder: Path, sheets: list[Study]) -> None:
    from api.exports.sheets import as_yaml

    with outputs.folder(folder) as path:
        for sheet in sheets:
            outputs.save(path / f"{sheet.id}.yaml", as_yaml(sheet.model_dump(mode="json", exclude_defaults=True)))
