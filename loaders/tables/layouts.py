"""What the names of a table say together: the cells of a 2x2 table, two arms, a crude and an adjusted estimate side by side."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from loaders.tables.columns import FLAT_PREVALENCE, TOGETHER, Column, Match, by_key
from loaders.tables.estimates import ADJUSTED, PARTS, VALUES, told
from schema.names import normal
from schema.units import is_unit

_ARMS: dict[str, int] = {
    **dict.fromkeys(("experimental", "exp", "intervention", "treatment", "treated", "treat", "exposed", "exposure", "index"), 0),
    **dict.fromkeys(("e", "t", "1"), 0),
    **dict.fromkeys(("control", "controls", "ctrl", "ctl", "con", "comparator", "placebo", "unexposed", "nonexposed", "untreated"), 1),
    **dict.fromkeys(("c", "2"), 1),
}
_FIGURES: dict[str, str] = {
    **dict.fromkeys(("events", "event", "ev", "cases", "e", "n events", "number of events", "no of events"), "cases"),
    **dict.fromkeys(("n n", "n n %", "events total"), "cases"),
    **dict.fromkeys(("noncases", "non cases", "nonevents", "non events", "no event", "no events"), "noncases"),
    **dict.fromkeys(("total", "totals", "n", "sample size", "patients", "participants", "total n", "n total"), "total"),
    **dict.fromkeys(("mean", "m", "average"), "mean"),
    "mean sd": "mean_sd",
    **dict.fromkeys(("sd", "std dev", "standard deviation"), "sd"),
}
_GLUED = re.compile(r"(?P<figure>events?|ev|e|cases|n|total|mean|m|sd)(?P<arm>[12])i?")
# what both arms must have for their names to be theirs
_WHOLE = ({"cases"}, {"mean", "sd", "total"}, {"mean_sd", "total"})
_TOTALS = frozenset({"total", "grand total"})


def completed(names: Mapping[int, str], singles: Mapping[int, Match], table: str, fixed: frozenset[int]) -> dict[int, Match]:
    """What the columns are whose names say it together, with those that say it alone. `fixed` are those that the user named."""
    keys = by_key(table)
    if table == FLAT_PREVALENCE:
        return _of_prevalence(names, singles, keys)
    if "exposed_cases" not in keys:
        return dict(singles)
    said = _sets(names, keys) | _two_arms(names, keys)
    found = {**singles, **{column: match for column, match in said.items() if column not in fixed}}
    _pair_of_words(names, found, keys)
    if any(match.column.key == "exposed_noncases" for match in found.values()):
        found |= {column: Match(keys["counts_total"]) for column, name in names.items() if normal(name) in _TOTALS and column not in fixed}
    if any(match.column.key == "se" for match in found.values()):
        # "statistic" is a test's beside a standard error
        found = {column: match for column, match in found.items() if normal(names[column]) != "statistic" or column in fixed}
    if any(match.column.key == "outcome" for match in found.values()):
        # a column says it row by row
        found = {column: _without(match, "outcome") for column, match in found.items()}
    return _parted(found)


def is_figure(name: str) -> bool:
    """Whether a name is one of a figure that groups have."""
    return normal(name) in _FIGURES


def _without(match: Match, key: str) -> Match:
    return replace(match, implies=tuple(one for one in match.implies if one[0] != (key,)))


def _of_prevalence(names: Mapping[int, str], singles: Mapping[int, Match], keys: Mapping[str, Column]) -> dict[int, Match]:
    """A column "n" beside a total is the size of the study or, where there are no cases, what can't be told."""
    totals = [column for column, match in singles.items() if match.column.key == "total"]
    bare = [column for column in totals if normal(names[column]) == "n"]
    if not bare or len(bare) == len(totals):
        return dict(singles)
    found = {column: match for column, match in singles.items() if column not in bare}
    if any(match.column.key == "cases" for match in singles.values()):
        found |= {column: Match(keys["study_n"]) for column in bare}
    return found


def _sets(names: Mapping[int, str], keys: Mapping[str, Column]) -> dict[int, Match]:
    at: dict[str, int] = {}
    for column, name in names.items():
        at.setdefault(normal(name), column)
    return {at[name]: Match(keys[key]) for together in TOGETHER if together.keys() <= at.keys() for name, key in together.items()}


def arm(name: str) -> tuple[int, str] | None:
    """Which arm a name is of, and which of its figures: ("Control Events") is (1, "cases")."""
    base, apart = told(name)
    words = normal(base if apart and all(_is_unit(part) for part in apart) else name).split()
    if len(words) == 1 and (glued := _GLUED.fullmatch(words[0])) is not None:
        words = [glued["figure"], glued["arm"]]
    for i in (0, len(words) - 1):
        rest = " ".join(words[:i] + words[i + 1 :])
        if len(words) > 1 and words[i] in _ARMS and rest in _FIGURES:
            return _ARMS[words[i]], _FIGURES[rest]
    return None


def _is_unit(text: str) -> bool:
    return is_unit(text) and normal(text) not in _FIGURES


def _two_arms(names: Mapping[int, str], keys: Mapping[str, Column]) -> dict[int, Match]:
    """The figures of two arms, where both have the same."""
    found = {column: one for column, name in names.items() if (one := arm(name)) is not None}
    arms = [{figure for which, figure in found.values() if which == i} for i in (0, 1)]
    if len(found) != len(set(found.values())) or arms[0] != arms[1] or not any(whole <= arms[0] for whole in _WHOLE):
        return {}
    made = {}
    for column, (which, figure) in found.items():
        exposed, group = ("exposed", "unexposed")[which], f"group_{which + 1}"
        if figure in {"cases", "noncases"} or (figure == "total" and "cases" in arms[0]):
            made[column] = Match(keys[f"{exposed}_{figure}"])
        else:
            key = {"total": f"{group}_n", "mean": f"{group}_mean", "mean_sd": f"{group}_mean", "sd": f"{group}_sd"}[figure]
            units = [part for part in told(names[column])[1] if _is_unit(part)]
            implies = ((("groups_by",), "exposure"), *((("unit",), unit) for unit in units)) if figure.startswith("mean") else ()
            made[column] = Match(keys[key], implies, with_sd=figure == "mean_sd")
    return made


def _pair_of_words(names: Mapping[int, str], found: dict[int, Match], keys: Mapping[str, Column]) -> None:
    """Two columns "Univariate" and "Multivariate" hold estimates; one of them alone may be a yes or no."""
    bare = {column: ADJUSTED[word] for column, name in names.items() if (word := normal(name).removesuffix(" analysis")) in ADJUSTED}
    if set(bare.values()) == {True, False} and len(bare) == 2:
        found |= {column: Match(keys["value"], ((("adjusted",), adjusted),)) for column, adjusted in bare.items()}


@dataclass(slots=True)
class _Estimate:
    """One of the estimates of a row: what the names of its columns say of it."""

    adjusted: bool | None
    outcome: str | None = None
    measure: str | None = None

    def is_of(self, value: Match) -> bool:
        measures = {self.measure, value.says("measure")} - {None}
        return (self.adjusted, self.outcome) == (value.says("adjusted"), value.says("outcome")) and len(measures) < 2


def _parted(found: dict[int, Match]) -> dict[int, Match]:
    """The columns of each of several estimates: named like it or, where they say no more than "p", those that follow its value."""
    own = {column: match for column, match in sorted(found.items()) if match.column.table == "findings" and match.column.key in PARTS}
    estimates: list[_Estimate] = []
    of: dict[int, int] = {}
    for column, match in own.items():
        adjusted, measure = match.says("adjusted"), match.says("measure")
        is_value = match.column.key in VALUES
        if not is_value and adjusted is None:
            continue
        like = [i for i, one in enumerate(estimates) if (one.is_of(match) if is_value else one.adjusted == adjusted)]
        if not like:
            like = [len(estimates)]
            estimates.append(_Estimate(adjusted, match.says("outcome")))
        of[column] = like[-1]
        estimates[like[-1]].measure = estimates[like[-1]].measure or measure
    if len(estimates) < 2:
        return found
    before = next(iter(of.values()))
    for column, match in own.items():
        if column not in of:
            like = [i for i, one in enumerate(estimates) if match.says("measure") in {None, one.measure}]
            of[column] = before if before in like or not like else like[-1]
        before = of[column]
    some_adjusted = any(one.adjusted for one in estimates)
    for column, index in of.items():
        # "OR" beside "aOR" is the crude one
        adjusted = False if estimates[index].adjusted is None and some_adjusted else estimates[index].adjusted
        match = _without(found[column], "adjusted")
        more = () if adjusted is None else ((("adjusted",), adjusted),)
        found[column] = replace(match, implies=(*match.implies, *more), estimate=index)
    return found
