"""Places of a document, and what pydantic complains of there in the words of a report."""

from __future__ import annotations

import difflib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic_core import ErrorDetails

from loaders.documents import Document, Path
from schema.problems import Problem, Remark
from schema.study import Claim, Finding, Population, Prevalence, Study

PARTS: dict[str, type] = {"findings": Finding, "prevalence": Prevalence, "populations": Population, "mechanisms": Claim}


@dataclass(frozen=True, slots=True)
class Place:
    file: str
    document: Document
    study: str | None

    def problem(self, path: Path, found: str, expected: str, help: str | None = None, *, kind: str = "wrong", odd: bool = False) -> Problem:
        return self.said(Remark(kind, path, found, expected, help, "warning" if odd else "error"))

    def said(self, one: Remark) -> Problem:
        at, where = self.document.where(one.path), _text(one.path)
        return Problem(
            at.file or self.file, one.found, one.expected, where, at.line, self.study, one.severity, one.help, at.column, at.cell, one.kind,
            one.like,
        )  # fmt: skip


def _text(path: Path) -> str | None:
    text = ""
    for step in path:
        name = step if isinstance(step, int) or step.isidentifier() else short(step)
        text += f"[{name}]" if isinstance(name, int) else (f".{name}" if text else name)
    return text or None


_PATTERNS: dict[str | int, str] = {
    "doi": "a DOI such as 10.1002/ana.22668",
    "pmid": "a PubMed id such as '22367992' (in quotes)",
    "pmcid": "a PubMed Central id such as PMC5562962",
    "search_until": "a date such as '2022-06' (in quotes)",
    "xrefs": "a CURIE such as MESH:D002543",
}
EXPECTED = {
    "number_type": "a number (without quotes)",
    "too_short": "more items",
    "too_long": "two items: the lower figure and the higher",
    "missing": "this key, which a sheet must have",
    "string_type": "text",
    "int_type": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "tuple_type": "a list",
    "model_type": "a mapping of keys",
    "model_attributes_type": "a mapping of keys",
    "finite_number": "a number",
    "string_too_short": "text that is not empty, or the key left out",
    "string_too_long": "text of at most {max_length} characters",
    "string_pattern_mismatch": "text of another form",
    "literal_error": "one of {expected}",
    "list_type": "a list",
    "dict_type": "a mapping of keys",
    "greater_than": "a number above {gt:g}",
    "greater_than_equal": "a number of {ge:g} or more",
    "less_than": "a number below {lt:g}",
    "less_than_equal": "a number of {le:g} or less",
}


_TYPES = frozenset({"int_type", "float_type", "string_type", "finite_number", "int_from_float"})


def schema_problem(error: ErrorDetails, place: Place) -> Problem:
    """One of pydantic's complaints in the words of the report."""
    path, kind, found = error["loc"], error["type"], short(error["input"])
    if kind != "extra_forbidden" and path and path[-1] in {"int", "float", "str"}:
        # pydantic tells of each type that a number may have
        path, kind = path[:-1], "number_type" if kind in _TYPES else kind
    if kind == "extra_forbidden":
        near = nearest_key(path)
        hint = f"Did you mean {near!r}?" if near else None
        return place.problem(path, f"the key {short(path[-1])}", "a key that evidence/README.md lists", hint, kind="unknown-key")
    if kind == "missing":
        return place.problem(path, "nothing", EXPECTED[kind], place.document.hint(path), kind=kind)
    if kind == "value_error" and isinstance(error["input"], dict):
        return place.problem(path, expected(error), "what is possible together", kind="impossible")
    if kind == "string_pattern_mismatch" and path[-1] in _PATTERNS:
        return place.problem(path, found, _PATTERNS[path[-1]])
    if error["input"] is None:
        return place.problem(path, "an empty key", f"{EXPECTED.get(kind, 'a value')}, or the key left out")
    if isinstance(error["input"], bool) and kind == "string_type":
        return place.problem(path, found, "text", "Without quotes, YAML reads yes and no as true and false.")
    return place.problem(path, found, expected({**error, "type": kind}))


def expected(error: ErrorDetails) -> str:
    """What pydantic wanted in the place of what it complains of."""
    context = error.get("ctx", {})
    if error["type"] == "value_error":
        return str(context.get("error", "another value"))
    return EXPECTED.get(error["type"], "another value").format_map(context)


_NOWHERE = object()


def containers(value: Any, path: Path) -> list[Any]:
    """What each step of a path is taken from, as far as it leads into a value."""
    found: list[Any] = []
    for step in path:
        following: Any = _NOWHERE
        if isinstance(value, list):
            following = value[step] if isinstance(step, int) and step < len(value) else _NOWHERE
        elif isinstance(value, dict):
            following = value.get(step, _NOWHERE)
        if following is _NOWHERE:
            break
        found.append(value)
        value = following
    return found


def distinct(errors: Sequence[ErrorDetails]) -> list[ErrorDetails]:
    """Complaints without keys that are missing because they are misspelt."""
    missing = {one["loc"] for one in errors if one["type"] == "missing"}
    for one in errors:
        if one["type"] == "extra_forbidden":
            *above, key = one["loc"]
            near = difflib.get_close_matches(str(key), [str(path[-1]) for path in missing if path[:-1] == (*above,)], n=1)
            missing -= {(*above, name) for name in near}
    return [one for one in errors if one["type"] != "missing" or one["loc"] in missing]


def nearest_key(path: Path) -> str | None:
    """The key of a sheet that one which it hasn't may have been meant for."""
    return next(iter(difflib.get_close_matches(str(path[-1]), _keys_at(path), n=1)), None)


def _keys_at(path: tuple[str | int, ...]) -> Sequence[str]:
    model: Any = Study
    for step in path[:-1]:
        if isinstance(step, str) and step in getattr(model, "model_fields", {}):
            model = PARTS.get(step) or model_in(model.model_fields[step].annotation) or model
    return list(getattr(model, "model_fields", {}))


def model_in(annotation: Any) -> Any:
    """The model of an annotation, alone or among others; None where there is none."""
    if hasattr(annotation, "model_fields"):
        return annotation
    for inner in getattr(annotation, "__args__", ()):
        found = model_in(inner)
        if found is not None:
            return found
    return None


def short(value: Any) -> str:
    if isinstance(value, dict | list) or value is None:
        return what(value)
    if isinstance(value, float) and not math.isfinite(value):
        return "not a number"
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


_WHATS = {dict: "a mapping", list: "a list", str: "text", bool: "true or false", int: "a number", float: "a number"}


def what(value: Any) -> str:
    return _WHATS.get(type(value), "an empty value")
