"""What is asked: values of parameters by their names, so that a question that is added is taken along by itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).parent
ASKED: Mapping[str, Any] = yaml.safe_load((HERE / "asked.yaml").read_text(encoding="utf-8"))
VALUES: Mapping[str, list[Any]] = ASKED["values"]
NEEDED: Mapping[str, str] = ASKED["needed"]


def written(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _branches(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """A schema and what it may be instead, without references."""
    if "$ref" in schema:
        schema = definitions[schema["$ref"].rpartition("/")[2]]
    kinds = schema.get("type")
    # one of several types is each of them in turn
    yield from ({**schema, "type": kind} for kind in kinds) if isinstance(kinds, list) else [schema]
    for one in (*schema.get("anyOf", ()), *schema.get("allOf", ()), *schema.get("oneOf", ())):
        yield from _branches(one, definitions)
    if "items" in schema:
        yield from _branches(schema["items"], definitions)


def values(name: str, schema: Mapping[str, Any], definitions: Mapping[str, Any] = {}) -> Sequence[Any]:
    """What a parameter of that name is asked with."""
    if name in VALUES:
        return VALUES[name]
    branches = list(_branches(schema, definitions))
    for one in branches:
        if "enum" in one:
            return tuple(one["enum"])
        if one.get("type") == "boolean":
            return (True, False)
        if one.get("type") in {"integer", "number"}:
            return (max(3, one.get("minimum", 3)),)
    return ("age",)


def several(schema: Mapping[str, Any], definitions: Mapping[str, Any] = {}) -> bool:
    """Whether it takes a list."""
    return any(one.get("type") == "array" for one in _branches(schema, definitions))


def fields(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> Mapping[str, Any]:
    """The fields of a parameter that is an object."""
    return next((one["properties"] for one in _branches(schema, definitions) if "properties" in one), {})
