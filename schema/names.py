"""How names are compared: without regard to case, hyphens, accents, British or American spelling."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Mapping
from functools import cache

# American to British, on words already in lower case
_SPELLINGS = (
    (re.compile(r"hemorrh"), "haemorrh"),
    (re.compile(r"hematoma"), "haematoma"),
    (re.compile(r"hemato"), "haemato"),
    (re.compile(r"hemoglobin"), "haemoglobin"),
    (re.compile(r"hemosta"), "haemosta"),
    (re.compile(r"ischemi"), "ischaemi"),
    (re.compile(r"\banemi"), "anaemi"),
    (re.compile(r"glycemi"), "glycaemi"),
    (re.compile(r"(lipid|cholesterol)emi"), r"\1aemi"),
    (re.compile(r"analyz"), "analys"),
    (re.compile(r"\bedema"), "oedema"),
    (re.compile(r"etiolog"), "aetiolog"),
    (re.compile(r"iz(?=e|ation|ing)"), "is"),
    (re.compile(r"\baaetiolog"), "aetiolog"),
    (re.compile(r"tumor(?=s?\b)"), "tumour"),
    (re.compile(r"apnea"), "apnoea"),
    (re.compile(r"fiber(?=s?\b)"), "fibre"),
)
# most names have nothing American
_AMERICAN = re.compile("|".join(american.pattern for american, _ in _SPELLINGS))
_BETWEEN_WORDS = re.compile(r"[^\w<>=%]+|_")


def normal(name: str) -> str:
    """The form in which names are compared: "Cortical-superficial  siderosis" and its variants become one."""
    text = name.lower()
    if not text.isascii():
        text = unicodedata.normalize("NFKD", name).casefold()
        text = "".join(letter for letter in text if not unicodedata.combining(letter))
    text = " ".join(_BETWEEN_WORDS.sub(" ", text).split())
    if _AMERICAN.search(text):
        for american, british in _SPELLINGS:
            text = american.sub(british, text)
    return text


def normal_cohort(name: str) -> str:
    """The form in which cohorts' names are compared: without case, spaces and hyphens of any kind, so that "INTERACT-2" is INTERACT2."""
    return re.sub(r"[\s\-\u2010-\u2015\u2212]+", "", unicodedata.normalize("NFKC", name).casefold())


def suggest(name: str, names: Mapping[str, str], limit: int = 3) -> tuple[str, ...]:
    """The ids whose names are nearest to `name`; `names` leads from normal names to ids."""
    wanted = normal(name)
    if len(wanted) < 2:
        return ()
    alike = difflib.SequenceMatcher(autojunk=False)
    alike.set_seq2(wanted)

    @cache
    def nearness(text: str) -> float:
        alike.set_seq1(text)
        # the cheap bounds first
        return alike.ratio() if alike.real_quick_ratio() >= 0.6 and alike.quick_ratio() >= 0.6 else 0.0

    best: dict[str, float] = {}
    for known, identifier in names.items():
        # the whole name, or one word of it
        near = max(nearness(known), *(0.95 * nearness(word) for word in known.split()), 0.9 * known.startswith(wanted))
        if near >= 0.6:
            best[identifier] = max(near, best.get(identifier, 0.0))
    return tuple(sorted(best, key=lambda identifier: (-best[identifier], len(identifier), identifier))[:limit])
