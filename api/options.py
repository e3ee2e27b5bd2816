"""The options that questions share, by the names of the API, with hyphens; and what a command is given of them."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Annotated, Any, NamedTuple, get_args

import typer

from graph.questions.filters import Filters
from graph.questions.lists import Narrow, Page
from schema.association import CertaintyLevel, Direction
from schema.errors import BadParameter
from schema.study import Design
from schema.vocabulary import Kind


class Format(StrEnum):
    table = "table"
    json = "json"
    csv = "csv"
    tsv = "tsv"
    ris = "ris"
    bibtex = "bibtex"
    csl_json = "csl-json"


Population = Annotated[str | None, typer.Option(help="Population: id, name or synonym; its parts are included. ICH where it is left out.")]
Populations = Annotated[
    list[str] | None,
    typer.Option("--population", help="Population, side by side with others (repeat): id, name or synonym; its parts are included."),
]
DesignOption = Annotated[
    list[str] | None,
    typer.Option("--design", metavar="DESIGN", help=f"Keep studies of that design (repeat): {', '.join(get_args(Design))}."),
]
Adjusted = Annotated[bool | None, typer.Option("--adjusted/--not-adjusted", help="Keep rows known to be adjusted, or not.")]
Randomised = Annotated[
    bool | None, typer.Option("--randomised/--observational", help="Keep comparisons of randomised arms, or all others.")
]
MinN = Annotated[int | None, typer.Option(min=1, help="Keep rows of at least that many patients.")]
YearFrom = Annotated[int | None, typer.Option(min=1900, max=2100, help="Keep studies published in or after that year.")]
YearTo = Annotated[int | None, typer.Option(min=1900, max=2100, help="Keep studies published in or before that year.")]
MaxMriDay = Annotated[float | None, typer.Option(min=0, help="Keep studies whose last MRI was at or before that day after onset.")]
Exclude = Annotated[list[str] | None, typer.Option(help="Leave out that study (repeat).")]
Indirect = Annotated[bool, typer.Option("--indirect", help="Add the evidence of wider populations, beside the population's own.")]
KindOption = Annotated[Kind | None, typer.Option("--kind", help="Keep items of that kind.")]
Category = Annotated[str | None, typer.Option(help="Keep items of that category.")]
DirectionOption = Annotated[Direction | None, typer.Option("--direction", help="Keep associations of that direction.")]
CertaintyOption = Annotated[CertaintyLevel | None, typer.Option("--certainty", help="Keep associations of that certainty.")]
ContestedOption = Annotated[bool | None, typer.Option("--contested/--not-contested", help="Keep associations that are contested, or not.")]
MinCohorts = Annotated[int | None, typer.Option(min=0, help="Keep associations of at least that many independent cohorts.")]
Sort = Annotated[str | None, typer.Option(help="certainty, cohorts, weight, estimate, patients or name, ascending; - before it turns it.")]
Limit = Annotated[int | None, typer.Option(min=1, max=500, help="How many items; 50 where it is left out (csv and tsv: all).")]
Offset = Annotated[int, typer.Option(min=0, help="How many items to leave out first.")]
Form = Annotated[
    Format,
    typer.Option("--format", help="table, json (as the API gives it), csv, tsv, or the papers behind the answer: ris, bibtex, csl-json."),
]
Paths = Annotated[
    list[str],
    typer.Argument(help="Sheets (YAML, JSON), tables (xlsx, csv, tsv), folders, patterns, or - for standard input.", metavar="PATH..."),
]


def designs(given: Sequence[str] | None) -> tuple[Design, ...]:
    """The study designs that are named; BadParameter where one is none."""
    known: dict[str, Design] = {one: one for one in get_args(Design)}
    for one in given or ():
        if one not in known:
            raise BadParameter("design", f"{one!r} is no study design.", list(known))
    return tuple(known[one] for one in given or ())


class _Group(NamedTuple):
    """Options (name, type, default) that together make one argument of a command."""

    options: tuple[tuple[str, Any, Any], ...]
    make: Callable[[Mapping[str, Any], Format], Any]


def _filters(given: Mapping[str, Any], _: Format) -> Filters:
    return Filters(**{**given, "design": designs(given["design"]), "exclude": tuple(given["exclude"] or ())})


def _page(given: Mapping[str, Any], format: Format) -> Page:
    everything = format not in {Format.table, Format.json}
    limit = given["limit"]
    return Page(limit if limit is not None or everything else 50, given["offset"], given.get("sort"))


_PAGE = (("limit", Limit, None), ("offset", Offset, 0))
_GROUPS = {
    "filters": _Group(
        (
            ("design", DesignOption, None),
            ("adjusted", Adjusted, None),
            ("randomised", Randomised, None),
            ("min_n", MinN, None),
            ("year_from", YearFrom, None),
            ("year_to", YearTo, None),
            ("max_mri_day", MaxMriDay, None),
            ("exclude", Exclude, None),
            ("indirect", Indirect, False),
        ),
        _filters,
    ),
    "narrow": _Group(
        (
            ("kind", KindOption, None),
            ("category", Category, None),
            ("direction", DirectionOption, None),
            ("certainty", CertaintyOption, None),
            ("contested", ContestedOption, None),
            ("min_cohorts", MinCohorts, None),
        ),
        lambda given, _: Narrow(**given),
    ),
    "page": _Group(_PAGE, _page),
    "sorted_page": _Group((("sort", Sort, None), *_PAGE), _page),
}


def asks(command: Callable[..., None]) -> Callable[..., None]:
    """A command whose arguments `filters`, `narrow`, `page` and `sorted_page` are made from the options that they stand for."""
    own = inspect.signature(command, eval_str=True).parameters
    groups = {name: _GROUPS[name] for name in own if name in _GROUPS}

    @functools.wraps(command)
    def run(**given: Any) -> None:
        made = {
            name: group.make({option: given.pop(option) for option, *_ in group.options}, given.get("format", Format.table))
            for name, group in groups.items()
        }
        command(**given, **made)

    parameters = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=kind)
        for argument, parameter in own.items()
        for name, kind, default in (
            groups[argument].options if argument in groups else ((argument, parameter.annotation, parameter.default),)
        )
    ]
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    del run.__wrapped__
    return run
