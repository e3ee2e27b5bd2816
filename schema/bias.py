"""Tools that judge a study's risk of bias: their domains, their words, and how one judgement follows from many.

QUIPS: Hayden et al., Ann Intern Med 2013;158:280-6. ROBINS-I: Sterne et al., BMJ 2016;355:i4919. RoB 2: Sterne et al., BMJ 2019;366:l4898.
Domains stand in the tool's order, which is D1, D2, ... in robvis (McGuinness and Higgins, Res Synth Methods 2021;12:55-61).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Literal, get_args

Tool = Literal["quips", "robins-i", "rob2"]
# of all tools alike, the best first: what one calls serious another calls high
Level = Literal["low", "moderate", "high", "critical", "unclear"]
LEVELS: tuple[Level, ...] = get_args(Level)

NAMES: Mapping[Tool, str] = {"quips": "QUIPS", "robins-i": "ROBINS-I", "rob2": "RoB 2"}
DOMAINS: Mapping[Tool, Mapping[str, str]] = {
    "quips": {
        "participation": "Study participation",
        "attrition": "Study attrition",
        "prognostic-factor": "Prognostic factor measurement",
        "outcome": "Outcome measurement",
        "confounding": "Study confounding",
        "analysis": "Statistical analysis and reporting",
    },
    "robins-i": {
        "confounding": "Confounding",
        "selection": "Selection of participants",
        "classification": "Classification of interventions",
        "deviations": "Deviations from intended interventions",
        "missing-data": "Missing data",
        "measurement": "Measurement of outcomes",
        "reporting": "Selection of the reported result",
    },
    "rob2": {
        "randomisation": "Randomisation process",
        "deviations": "Deviations from intended interventions",
        "missing-data": "Missing outcome data",
        "measurement": "Measurement of the outcome",
        "reporting": "Selection of the reported result",
    },
}
# what each tool calls a level
WORDS: Mapping[Tool, Mapping[Level, str]] = {
    "quips": {"low": "low", "moderate": "moderate", "high": "high", "unclear": "unclear"},
    "robins-i": {"low": "low", "moderate": "moderate", "high": "serious", "critical": "critical", "unclear": "no information"},
    "rob2": {"low": "low", "moderate": "some concerns", "high": "high", "unclear": "no information"},
}
_LEVEL: Mapping[str, Level] = {**{word: level for words in WORDS.values() for level, word in words.items()}, **{one: one for one in LEVELS}}
_TOOL: Mapping[str, Tool] = {**{tool: tool for tool in NAMES}, "robinsi": "robins-i", "rob-2": "rob2", "rob 2": "rob2", "rob2.0": "rob2"}


def tool_of(text: str) -> Tool | None:
    """The tool of that name, however it is written."""
    return _TOOL.get(text.strip().lower())


def level_of(text: str) -> Level | None:
    """The level of a word of any of the tools."""
    return _LEVEL.get(" ".join(text.strip().lower().replace("-", " ").replace("_", " ").removesuffix(" risk").split()))


def domain_of(tool: Tool, text: str) -> str | None:
    """The domain of that name, or of that place (D1)."""
    word = text.strip().lower().replace("_", "-").replace(" ", "-").replace("randomiz", "randomis")
    domains = [*DOMAINS[tool]]
    if word[:1] == "d" and word[1:].isdecimal():
        return domains[int(word[1:]) - 1] if 1 <= int(word[1:]) <= len(domains) else None
    return word if word in domains else None


def overall(levels: Collection[Level]) -> Level:
    """The worst of a tool's domains, which is no better than the whole; of what is not known nothing is said but that it is not low.

    RoB 2 and ROBINS-I rule so, where nobody judges several concerns to be more; QUIPS has no rule, and the worst is the careful one.
    """
    known = [LEVELS.index(one) for one in levels if one != "unclear"]
    worst = LEVELS[max(known, default=0)]
    return "unclear" if "unclear" in levels and worst in {"low", "moderate"} else worst
