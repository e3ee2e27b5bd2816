"""The names of columns of estimates: "aHR [95% CI]" is an adjusted hazard ratio, "crude_low" the lower end of a crude estimate."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from typing import Any

from loaders.tables.columns import COLUMNS, Column, Match, Path, end
from loaders.tables.numerals import number, plain
from schema.names import normal
from schema.study import RATIOS
from schema.units import is_unit

# the columns that belong to one estimate of a row
PARTS = frozenset({"value", "log_value", "ci", "ci_low", "ci_high", "se", "variance", "p"})
VALUES = frozenset({"value", "log_value"})
ADJUSTED = {
    **dict.fromkeys(("adjusted", "adj", "multivariable", "multivariate", "multivar", "multi", "mv"), True),
    **dict.fromkeys(("unadjusted", "unadj", "crude", "univariable", "univariate", "univar", "uni", "uv", "raw"), False),
}
_MEASURES = {
    "odds ratio": "OR", "or": "OR", "hazard ratio": "HR", "hr": "HR", "risk ratio": "RR", "relative risk": "RR", "rr": "RR",
    "standardised mean difference": "SMD", "smd": "SMD", "weighted mean difference": "mean-difference", "wmd": "mean-difference",
    "mean difference": "mean-difference", "md": "mean-difference", "beta coefficient": "beta", "beta": "beta", "\u03b2": "beta",
    "correlation coefficient": "correlation", "correlation": "correlation",
}  # fmt: skip
_LONG = "|".join(f"{name}s?" for name in _MEASURES if len(name) > 2)
# hrs are hours, and no hazard ratios
_MEASURE = re.compile(rf"\b(?P<name>{_LONG}|or|rr|hr|md|\u03b2)\b")
_LOG = frozenset({"log", "ln", "loge"})
# seLogOR, varlogOR, aHR, ORadj, lowHR, ORupper
_GLUED = re.compile(
    r"(?P<part>se|var|low(?:er)?|upp(?:er)?|high)?(?P<before>adj|unadj|crude|multi|uni|[acu])?(?P<log>log|ln)?(?P<measure>(?:or|rr)(?=s?)|hr)s?(?P<after>adj|adjusted|unadj|unadjusted|crude)?"
    r"(?P<end>low(?:er)?|upp(?:er)?|high)?"
)
_WORDS = {"var": "variance"}
_SHORT = {"a": True, "c": False, "u": False, **ADJUSTED}
# what the name of an estimate may say besides, and which changes nothing
_FILL = frozenset({"analysis", "model", "of", "the", "m", "h", "iv", "mantel", "haenszel", "random", "fixed", "effect", "effects", "value"})
_SET_APART = re.compile(r"[(\[{]([^()\[\]{}]*)[)\]}]|[,;:]([^()\[\]{},;:]*)")
_CI = re.compile(r"\b(?:95 ?%? ?ci|ci ?95 ?%?|95%? confidence interval)s?(?!\w)")
_VERSUS = re.compile(r"\b(?:vs?|versus|compared (?:with|to))\b", re.IGNORECASE)
_PER = re.compile(
    r"(?:per|for each|for every)\s+(?:each\s+)?(?P<step>\d+(?:\.\d+)?)?[\s-]*(?P<unit>\S.*?)"
    r"(?:[\s-]+(?:increase|increment|rise|higher|more))?",
    re.IGNORECASE,
)
_DOWN = re.compile(r"\b(?:decrease|decrement|reduction|lower|less|fall|drop)\b", re.IGNORECASE)
_TAIL = re.compile(
    rf"(?P<name>.*?\b(?:{_LONG}|[acu]?(?:or|rr|hr)|md)(?:\s+95\s*%?\s*CI)?)\s+"
    r"(?P<tail>(?:per|for each|for every)\s.+|(?:for|of)\s+(?P<outcome>.+)|.+\s(?:vs?\.?|versus)\s.+)",
    re.IGNORECASE,
)


def told(text: str) -> tuple[str, list[str]]:
    """A name without what stands in brackets or after a comma, and that: "Age, per 10 years" is Age, and per 10 years."""
    apart = [part.strip() for match in _SET_APART.finditer(text) for part in re.split("[,;]", match[1] or match[2] or "")]
    return " ".join(_SET_APART.sub(" ", text).split()), [part for part in apart if part]


def step(text: str) -> dict[str, Any] | None:
    """A step with its unit, of a text such as "per 10 mmHg"; None where it says none, or one down."""
    match = _PER.fullmatch(text)
    if match is None or _DOWN.search(match["unit"]):
        return None
    many = number(match["step"], "point") if match["step"] else 1
    return {"step": many, "unit": match["unit"]} if many else None


def said(text: str) -> list[tuple[Path, Any]] | None:
    """What a part of a name says: a step, what is compared with what, a unit; None where it says none of these."""
    per = step(text)
    if per is not None:
        return [(("per",), per), (("contrast_type",), "per-unit")]
    if _VERSUS.search(text):
        return [(("contrast",), text)]
    return [(("unit",), text)] if is_unit(text) else None


@cache
def _parts() -> dict[str, Column]:
    """The columns of an estimate by their names; "" is the estimate itself."""
    own = {normal(name): column for column in COLUMNS["findings"] if column.key in PARTS for name in (column.key, *column.names)}
    return {**own, "": own["value"]}


def named(text: str) -> Match | None:
    """The column of an estimate that goes by a name, and what the name says besides; None where any of it isn't understood."""
    if not 1 < len(text) < 100:
        return None
    name, apart = told(plain(text))
    says: list[tuple[Path, Any]] = []
    tail = _TAIL.fullmatch(name)
    if tail is not None:
        name = tail["name"]
        more = [(("outcome",), tail["outcome"])] if tail["outcome"] else said(tail["tail"])
        if more is None:
            return None
        says += more
    words = [name]
    with_se = len(apart) == 1 and normal(apart[0]) in {"se", "s e", "standard error"}
    for part in apart if not with_se else ():
        more = said(part)
        if more is None:
            words.append(part)
        else:
            says += more
    match = _of_words(_CI.sub("95% ci", normal(" ".join(words))).split(), says)
    if match is None or not with_se:
        return match
    # the error of an odds ratio is not that of its logarithm
    is_ratio = match.column.key == "value" and match.says("measure") in RATIOS
    return replace(match, with_se=True) if match.column.key in VALUES and not is_ratio else None


def is_either(text: str) -> bool:
    """Whether a name asks if an estimate is adjusted: "crude or adjusted", "univariate_multivariate"."""
    words = [word for word in normal(text).split() if word not in {"and", "vs", "versus"}]
    # a last "or" is an odds ratio
    words = [word for i, word in enumerate(words) if word != "or" or i == len(words) - 1]
    return all(word in ADJUSTED for word in words) and {ADJUSTED[word] for word in words} == {True, False}


def _of_words(given: list[str], says: list[tuple[Path, Any]]) -> Match | None:
    words: list[str] = []
    adjusted: set[bool] = set()
    is_log = False
    for word in given:
        glued = _GLUED.fullmatch(word)
        if glued is not None and word != "hrs":
            adjusted |= {_SHORT[part] for part in (glued["before"], glued["after"]) if part}
            is_log |= glued["log"] is not None
            words += [_WORDS.get(part, part) for part in (glued["part"], glued["measure"], glued["end"]) if part]
        elif word in ADJUSTED:
            adjusted.add(ADJUSTED[word])
        elif word in _LOG:
            is_log = True
        else:
            words.append(_WORDS.get(word, word))
    phrase = " ".join(words)
    found = _MEASURE.search(phrase)
    measure = None
    rest = phrase
    if found is not None:
        measure = _MEASURES.get(found["name"]) or _MEASURES[found["name"].removesuffix("s")]
        rest = " ".join(f"{phrase[: found.start()]} {phrase[found.end() :]}".split())
    rest = end(rest)
    column = _parts().get(rest) or _parts().get(" ".join(word for word in rest.split() if word not in _FILL))
    is_ratio = measure in RATIOS
    if column is None or len(adjusted) > 1 or (is_log and measure and not is_ratio):
        return None
    if measure is None and not (rest in _parts() and rest and (adjusted or is_log)):
        return None
    if any(path == ("unit",) for path, _ in says) and (is_ratio or measure is None):
        return None
    if column.key in {"se", "variance"} and is_ratio and not is_log:
        return None
    # "OR (95% CI)" is the ratio with its interval, "95% CI of OR" the interval alone
    with_ci = column.key == "ci" and found is not None and found.end() < phrase.rfind("c")
    if column.key == "value" or with_ci:
        column = _parts()["log value" if is_log else "value"]
    if measure is not None:
        says.append((("measure",), measure))
    if adjusted:
        says.append((("adjusted",), adjusted.pop()))
    return Match(column, tuple(says), with_ci=with_ci)
