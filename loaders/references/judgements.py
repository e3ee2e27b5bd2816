"""Judgements of risk of bias as robvis keeps them: a CSV with the columns Study, D1 to D5, D6 or D7, Overall, and Weight, which is ours."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from loaders import files
from loaders.documents import Refused, decode
from schema.bias import DOMAINS, NAMES, Tool, domain_of, level_of
from schema.errors import InputProblems, SeveralNamed
from schema.identity import named
from schema.names import normal
from schema.problems import Problem
from schema.study import RiskOfBias, Study

_EXPECTED = "robvis' layout: Study, D1, D2, ..., Overall"
_AND_OTHERS = re.compile(r"\bet al\b|[^\w\s]|\band colleagues\b")


def read(path: Path, tool: Tool | None, studies: Mapping[str, Study]) -> dict[str, RiskOfBias]:
    """The judgements of a file by the id of the study; InputProblems with all that is wrong, a study that is not held among it.

    A study is named by its id, label ("Xu 2019", "Xu et al., 2019"), DOI or PMID. Without a tool, it is the one of so many domains.
    """
    source = files.read(path.expanduser())
    if isinstance(source, Problem):
        raise InputProblems([source])
    try:
        rows = csv.DictReader(io.StringIO(decode(source.content), newline=""))
        columns = {normal(name): name for name in rows.fieldnames or ()}
        problems: list[Problem] = []
        found = dict(_rows(rows, columns, _tool(source.name, columns, tool), studies, problems, source.name))
    except Refused as refused:
        raise InputProblems([Problem(source.name, refused.found, _EXPECTED, line=refused.line, help=refused.help)]) from None
    except csv.Error as error:
        raise InputProblems([Problem(source.name, f"a row that can't be read ({error})", _EXPECTED)]) from error
    if problems:
        raise InputProblems(problems)
    return found


def _tool(file: str, columns: Mapping[str, str], tool: Tool | None) -> Tool:
    places = sum(re.fullmatch(r"d\d", name) is not None for name in columns)
    by_number: dict[int, Tool] = {len(domains): one for one, domains in DOMAINS.items()}
    told = tool or by_number.get(places)
    if "study" not in columns or told is None:
        found = ", ".join(columns.values()) or "no columns"
        raise InputProblems([Problem(file, f"the columns {found[:100]}", _EXPECTED, line=1, help="Name the tool by --tool.")])
    return told


def _rows(
    rows: csv.DictReader[str],
    columns: Mapping[str, str],
    tool: Tool,
    studies: Mapping[str, Study],
    problems: list[Problem],
    file: str,
) -> Iterator[tuple[str, RiskOfBias]]:
    by_label: dict[str, list[str]] = {}
    for study in studies.values():
        by_label.setdefault(_plain(study.label), []).append(study.id)
    seen: set[str] = set()
    for row in rows:
        text = (row.get(columns["study"]) or "").strip()
        if not text:
            continue
        ids = named(text, studies) or by_label.get(_plain(text), ())
        if len(ids) != 1 or ids[0] in seen:
            what = f"{text!r}, which is no study here" if not ids else f"{text!r} a second time"
            what = str(SeveralNamed("study", text, ids)) if len(ids) > 1 else what
            problems.append(Problem(file, what, "a study by its id, label, DOI or PMID, once", line=rows.line_num))
            continue
        seen.add(ids[0])
        given: dict[str, Any] = {"tool": tool, "domains": {}}
        for name, column in columns.items():
            level, domain = (row.get(column) or "").strip(), domain_of(tool, name)
            if not level or (domain is None and name != "overall"):
                continue
            if level_of(level) is None:
                problems.append(Problem(file, f"{column} {level!r}", f"a judgement of {NAMES[tool]}", line=rows.line_num))
            elif domain is not None:
                given["domains"][domain] = level_of(level)
            else:
                given["overall"] = level_of(level)
        try:
            yield ids[0], RiskOfBias.model_validate(given)
        except ValidationError as error:
            problems.append(Problem(file, text, str(error.errors()[0]["msg"]).removeprefix("Value error, "), line=rows.line_num))


def _plain(label: str) -> str:
    """A label without "et al.", brackets and commas."""
    return " ".join(_AND_OTHERS.sub(" ", normal(label)).split())
