"""P values as papers print them: a number, or a bound as text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

PValue = int | float | str

_BOUND = re.compile(r"(<=|>=|<|>|\u2264|\u2265)\s*(0?\.\d+|[01](?:\.\d+)?|\d(?:\.\d+)?e-\d+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class P:
    """A p value: `bound` is "=" for an exact one, "<" or ">" for a limit (closed limits are read as open ones)."""

    value: float
    bound: Literal["=", "<", ">"] = "="

    @property
    def significant(self) -> bool | None:
        """Below 0.05, not below it, or None where the bound leaves it open."""
        if self.bound == "=":
            return self.value < 0.05
        if self.bound == "<":
            return True if self.value <= 0.05 else None
        return False if self.value >= 0.05 else None


def parse_p(printed: PValue) -> P:
    """Read a p value; ValueError where it is not one."""
    if isinstance(printed, str):
        match = _BOUND.fullmatch(printed.strip())
        if match is None:
            raise ValueError('a p value is a number, or a bound such as "<0.001"')
        value = float(match[2])
        bound: Literal["=", "<", ">"] = "<" if match[1] in {"<", "<=", "\u2264"} else ">"
    else:
        value, bound = float(printed), "="
    if (bound, value) in {("<", 0), (">", 1)}:
        raise ValueError(f"no p is {printed}")
    if not 0 <= value <= 1:
        raise ValueError(f"p = {value:g} is not between 0 and 1")
    return P(value, bound)
