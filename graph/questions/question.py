"""A question, declared once: what it is asked by, and what answers it. REST, command line, assistants, pages and documents derive from it.

A question is a frozen class of its own module. Its fields are its parameters; a field of a `Part` stands for the parameters of that part.
Its name on every surface is that of its class: Factors is /v1/factors, `rdwi factors`, the tool `factors`, `Graph.factors`.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, ClassVar, Literal, NamedTuple, Self, TypeVar, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel, BeforeValidator, Field, ValidationError
from pydantic.fields import FieldInfo

from graph.stores.port import Reader
from schema.errors import BadParameter
from schema.observation import Frozen

T = TypeVar("T")
# one value stands for a list of one
Several = Annotated[tuple[T, ...], BeforeValidator(lambda given: (given,) if isinstance(given, str) else given)]

DATA = ("json", "csv", "tsv")
PAPERS = ("ris", "bibtex", "csl-json")
FIGURE = ("svg", "png")


@dataclass(frozen=True, slots=True)
class Spelt:
    """How surfaces spell a parameter, where that is not its name: in addresses (`rest`), as a tool's parameter (`assistant`), on the
    command line as an option, a flag of two sides, or an `argument` that has a place and no name but in the help.
    """

    rest: str = ""
    assistant: str = ""
    option: str = ""
    argument: str = ""


# in the order in which they are shown, after what is a question's own
_PARTS = (None, "narrow", "filters", "page", "at")
RELEASE = "a kept release to ask, by 8 digits of it or more"


class Part(Frozen):
    """Parameters that several questions share."""


class At(Part):
    """Which release is asked; every question takes it, and the store, not the question, sees to it."""

    release: str | None = Field(default=None, description=RELEASE)


class Parameter(NamedTuple):
    """A parameter of a question. `kind` is the type of one value, `several` whether it takes many; `part`: the field that holds it."""

    name: str
    part: str | None
    kind: Any
    several: bool
    info: FieldInfo

    @property
    def spelt(self) -> Spelt:
        return next((one for one in self.info.metadata if isinstance(one, Spelt)), Spelt())

    @property
    def rest(self) -> str:
        return self.spelt.rest or self.name

    @property
    def assistant(self) -> str:
        return self.spelt.assistant or self.name

    @property
    def option(self) -> str:
        """On the command line: --min-n, or a flag of two sides."""
        return self.spelt.option or f"--{self.name.replace('_', '-')}"

    @property
    def needed(self) -> bool:
        return self.info.is_required()

    @property
    def help(self) -> str:
        assert self.info.description, self.name
        return self.info.description

    @property
    def values(self) -> tuple[str, ...]:
        """The words that it takes; none where it takes others."""
        return tuple(one for one in get_args(self.kind) if one) if get_origin(self.kind) is Literal else ()


class Question(Frozen, ABC):
    """A question to one release. `topic`: under which documents list it; `formats`: what REST and command line answer in."""

    topic: ClassVar[str]
    formats: ClassVar[tuple[str, ...]] = (*DATA, *PAPERS)
    # where it is asked under /v1, if not under its name
    address: ClassVar[str | None] = None

    at: At = At()

    @abstractmethod
    def answer(self, reader: Reader) -> BaseModel:
        """The answer of this release. UnknownName and BadParameter where a name or value can't be understood."""

    @classmethod
    def called(cls) -> str:
        return cls.__name__.lower()

    @classmethod
    def answers(cls) -> type[BaseModel]:
        """The type of its answer."""
        answer: type[BaseModel] = get_type_hints(cls.answer)["return"]
        return answer

    @classmethod
    def row(cls) -> type[BaseModel]:
        """The type of what `rows` gives."""
        row: type[BaseModel] = cls.answers().__pydantic_generic_metadata__["args"][0]
        return row

    @classmethod
    def rows(cls, answer: Any) -> Sequence[BaseModel]:
        """What the answer says as a table."""
        rows: Sequence[BaseModel] = answer.items
        return rows

    @classmethod
    @cache
    def parameters(cls) -> tuple[Parameter, ...]:
        """All that it takes, those of its parts one by one."""
        found: list[Parameter] = []
        for name, info in cls.model_fields.items():
            kind = info.annotation
            if isinstance(kind, type) and issubclass(kind, Part):
                found += [_parameter(inner, name, about) for inner, about in kind.model_fields.items()]
            else:
                found.append(_parameter(name, None, info))
        return tuple(sorted(found, key=lambda one: (not one.needed, not one.spelt.argument, _PARTS.index(one.part))))

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Self:
        """The question of parameters by their names, those of parts among them or within their part. None is as if left out.

        BadParameter where one is unknown, missing or has a wrong value: a sentence each, with what is allowed.
        """
        parts = {one.name: one.part for one in cls.parameters() if one.part is not None}
        nested: dict[str, Any] = {}
        for name, value in given.items():
            inner = _within(value) if name in parts.values() else value
            if name in parts:
                nested.setdefault(parts[name], {}).update({name: value} if value is not None else {})
            elif isinstance(inner, Mapping):
                nested.setdefault(name, {}).update({key: one for key, one in inner.items() if one is not None})
            elif value is not None:
                nested[name] = value
        try:
            return cls.model_validate(nested)
        except ValidationError as error:
            raise refused(error.errors(), [one.name for one in cls.parameters()], parts.values()) from None

    def asked(self) -> dict[str, Any]:
        """The parameters that were asked for, as an address names them, flat; what is as if left out is not among them."""
        given = self.model_dump(mode="json", exclude_defaults=True)
        flat = {one.name: (given.get(one.part, {}) if one.part else given).get(one.name) for one in self.parameters()}
        return {one.rest: flat[one.name] for one in self.parameters() if flat[one.name] not in (None, [], "", False)}


def _within(value: Any) -> Any:
    """A part that was sent as text, as some clients do."""
    if isinstance(value, str):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def _parameter(name: str, part: str | None, info: FieldInfo) -> Parameter:
    kind: Any = info.annotation
    if get_origin(kind) in {Union, UnionType}:
        (kind,) = (one for one in get_args(kind) if one is not NoneType)
    several = get_origin(kind) is tuple
    return Parameter(name, part, get_args(kind)[0] if several else kind, several, info)


def refused(errors: Sequence[Any], known: Sequence[str], parts: Any = ()) -> BadParameter:
    """Pydantic's findings as our own: every one in a sentence, with what is allowed."""
    details: list[str] = []
    allowed: list[str] = []
    first = ""
    for one in errors:
        name = ".".join(step for step in one["loc"] if isinstance(step, str) and step not in parts)
        first = first or name
        if one["type"] == "extra_forbidden":
            details.append(f"There is no parameter {name!r} here.")
            allowed += known
        elif one["type"] == "literal_error":
            details.append(f"{one['input']!r} is no value of {name!r}.")
            allowed += [value.strip(" '") for value in one["ctx"]["expected"].replace(" or ", ", ").split(",") if value.strip(" '")]
        elif one["type"] == "missing":
            details.append(f"The parameter {name!r} is needed.")
        else:
            told = one["msg"].removeprefix("Value error, ")
            details.append(f"{name}: {told[0].lower()}{told[1:]}, not {one['input']!r}.")
    return BadParameter(first, " ".join(dict.fromkeys(details)), tuple(dict.fromkeys(allowed)))
