"""One form of what an estimate is per, so that how a paper writes a unit can't matter: "per decade" is per 10 years."""

from __future__ import annotations

import re

# unit: (how many of the unit of its form, that)
_FORMS: dict[str, tuple[float, str]] = {
    **dict.fromkeys(("year", "years", "yr", "yrs", "y", "year of age", "years of age"), (1, "years")),
    **dict.fromkeys(("decade", "decades", "decade of age", "decades of age"), (10, "years")),
    **dict.fromkeys(("month", "months"), (1, "months")),
    **dict.fromkeys(("day", "days", "d"), (1, "days")),
    **dict.fromkeys(("week", "weeks"), (7, "days")),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), (1, "h")),
    **dict.fromkeys(("min", "mins", "minute", "minutes"), (1, "minutes")),
    **dict.fromkeys(("s", "sec", "second", "seconds"), (1, "s")),
    **dict.fromkeys(("mmhg", "mm hg"), (1, "mmHg")),
    **dict.fromkeys(("ml", "cc", "cm3", "cm^3", "cm\u00b3", "millilitre", "millilitres"), (1, "mL")),
    **dict.fromkeys(("l", "litre", "litres"), (1000, "mL")),
    **dict.fromkeys(("cm",), (10, "mm")),
    **dict.fromkeys(("g/l",), (1, "g/L")),
    **dict.fromkeys(("g/dl",), (10, "g/L")),
    **dict.fromkeys(("mg/l",), (1, "mg/L")),
    **dict.fromkeys(("mg/dl",), (10, "mg/L")),
    **dict.fromkeys(("%", "percent", "per cent"), (1, "%")),
    **dict.fromkeys(("sd", "sds", "standard deviation", "standard deviations"), (1, "SD")),
    **{f"{name}{s}": (1, f"{name}s") for name in ("point", "grade", "step", "lesion", "microbleed", "lacune") for s in ("", "s")},
}
_NUMBERED = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*[- ]?\s*(\D.*)")

_OTHERS = frozenset(
    {"kpa", "bpm", "u/l", "iu/l", "kg", "g", "mg", "\u00b5g", "mm3", "mm\u00b3", "mm", "kg/m2", "kg/m\u00b2", "\u00b0c", "t", "tesla"}
)
_QUOTIENT = re.compile(
    r"(?:m|k|\u00b5|\u03bc|n|p|u)?(?:g|mol|l|u|iu|cells?|eq)/(?:m|d|k|\u00b5|\u03bc)?(?:l|g|m[23\u00b2\u00b3]|min|h|day|kg)", re.IGNORECASE
)


def is_unit(text: str) -> bool:
    """Whether a text is a unit and nothing else: mg/L, years, mmHg."""
    one = " ".join(text.split()).casefold()
    return one in _OTHERS or (len(one) > 1 and one in _FORMS) or _QUOTIENT.fullmatch(one) is not None


def per_unit(step: float, unit: str) -> tuple[float, str]:
    """A step in the unit's one form: (1, "decade") is (10, "years"), (1, "10 mmHg") is (10, "mmHg"). A unit not known stays."""
    text = " ".join(unit.split())
    numbered = _NUMBERED.fullmatch(text)
    if numbered is not None and "^" not in numbered[1]:
        many, text = float(numbered[1]), numbered[2].strip()
        # "10^9/L" is a unit, and no step of one
        if text.startswith("^"):
            many, text = 1.0, " ".join(unit.split())
        step *= many
    many, form = _FORMS.get(text.casefold(), (1, text))
    return step * many, form
