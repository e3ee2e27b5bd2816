"""Text of bibliographies as plain text: without tags, entities and what can't be seen."""

from __future__ import annotations

import html
import re
import unicodedata

_UNPRINTABLE = re.compile("[\x00-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
# soft hyphens and what else has no width; hyphens that look like the plain one
_INVISIBLE = re.compile("[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060\ufeff]")
_HYPHENS = re.compile("[\u2010\u2011]")
# what stands for a hyphen in names and ids
DASHES = re.compile("[\u2012-\u2015\u2212\ufe63\uff0d]")

_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});")
_ATTRIBUTES = r"(?:\s+[\w:.-]+\s*=\s*(?:\"[^\"<>]*\"|'[^'<>]*'|[^\s\"'<>=]+))*"
TAG = re.compile(rf"</?([A-Za-z][\w:.-]*){_ATTRIBUTES}\s*/?>")
_INLINE = re.compile(
    r"[biu]|em|strong|sub|sup|inf|scp?|small|tt|span|font|a|italic|bold|math|m[ino]|mrow|msu[bp]|mtext|(?:jats|mml|m|ce|sb):[\w-]+",
    re.IGNORECASE,
)
_BLOCK = re.compile(r"p|br|div|title|li", re.IGNORECASE)


def plain(text: str) -> str:
    """Text on one line without tags, entities and what can't be seen, its accents composed."""
    text = TAG.sub(_untagged, unescaped(text))
    text = _HYPHENS.sub("-", _INVISIBLE.sub("", unicodedata.normalize("NFC", text)))
    return " ".join(_UNPRINTABLE.sub(" ", text).split())


def unescaped(text: str) -> str:
    """Text with its entities as the signs that they stand for, such as were escaped twice, too."""
    for _ in range(3):
        text = _ENTITY.sub(lambda entity: html.unescape(entity[0]), text)
    return text


def _untagged(tag: re.Match[str]) -> str:
    return "" if _INLINE.fullmatch(tag[1]) else " " if _BLOCK.fullmatch(tag[1]) else tag[0]
