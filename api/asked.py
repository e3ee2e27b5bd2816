"""A question as it can be asked again: its address, and its command."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from urllib.parse import quote, urlencode

from graph.questions import Question


def address(question: Question) -> str:
    """/v1/factors?population=caa"""
    asked = question.asked()
    path = question.address or f"/{question.called()}"
    for name in [name for name in asked if f"{{{name}}}" in path]:
        path = path.replace(f"{{{name}}}", quote(str(asked.pop(name)), safe=""))
    told = urlencode({name: str(value).lower() if isinstance(value, bool) else value for name, value in asked.items()}, doseq=True)
    return f"/v1{path}?{told}" if told else f"/v1{path}"


def command(question: Question) -> str:
    """Rdwi factors --population caa"""
    return shlex.join(["rdwi", question.called(), *_words(question)])


def _words(question: Question) -> Iterator[str]:
    asked = question.asked()
    for one in question.parameters():
        value = asked.get(one.rest)
        if value is None:
            continue
        if one.spelt.argument:
            yield str(value)
        elif isinstance(value, bool):
            yield one.option.split("/")[not value]
        else:
            for single in value if isinstance(value, list) else [value]:
                yield from (one.option, str(single))
