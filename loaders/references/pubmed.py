"""PubMed's format (nbib): a record is a block of tagged lines."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from loaders.references.entries import Found, Mistakes, as_reference, author_of, clean

_WANTED = frozenset({"PMID", "TI", "BTI", "DP", "TA", "JT", "AU", "FAU", "CN", "AID", "LID", "PMC"})


def references(text: str) -> Found:
    import nbib
    from nbib.exceptions import MalformedLine, UnknownTagFormat

    for line, lines in _blocks(text):
        wanted = list(_of_interest(lines))
        try:
            entry: dict[str, Any] = next(iter(nbib.read("\n".join([*wanted, ""]))), {})
        except (MalformedLine, UnknownTagFormat, ValueError) as error:
            raise Mistakes([(line, f"a record that can't be read ({clean(str(error))})", "PubMed's format as it exports it")]) from error
        if "pubmed_id" not in entry and "title" not in entry:
            raise Mistakes([(line, "a record without PMID and title", "PubMed's format as it exports it")])
        people = entry.get("authors") or ()
        names = [one["author_abbreviated"] if "author_abbreviated" in one else author_of(one["author"]) for one in people]
        group = entry.get("corporate_author")
        yield (
            line,
            as_reference(
                {
                    "title": entry.get("title"),
                    "authors": names or ([group] if group else []),
                    "first_author": (people[0].get("last_name") or people[0]["author"]) if people else group,
                    "year": entry.get("publication_date"),
                    "journal": entry.get("journal_abbreviated") or entry.get("journal"),
                    "doi": entry.get("doi"),
                    "pmid": entry.get("pubmed_id"),
                    "pmcid": f"PMC{entry['pmcid']}" if "pmcid" in entry else None,
                }
            ),
        )


def _blocks(text: str) -> Iterator[tuple[int, list[tuple[int, str]]]]:
    block: list[tuple[int, str]] = []
    for number, line in enumerate([*re.split(r"\r\n|\n", text), ""], start=1):
        if line.strip():
            block.append((number, line))
        elif block:
            yield block[0][0], block
            block = []


def _of_interest(lines: Sequence[tuple[int, str]]) -> Iterator[str]:
    """The lines of the fields that a sheet has keys for: a date that can't be read elsewhere in a record is no reason to refuse it."""
    keeps = True
    for number, line in lines:
        match = re.fullmatch(r"([A-Z]{1,4}) {0,3}- ?(.*)", line)
        if match is not None and line[4:5] == "-":
            tag, content = match[1], match[2]
            keeps = tag in _WANTED and (tag not in {"AID", "LID"} or content.rstrip().endswith("[doi]"))
            if keeps:
                # where a paper stands in a journal and what its ids are is told alike
                yield f"{'AID' if tag == 'LID' else 'TI' if tag == 'BTI' else tag:<4}- {content.rstrip()}"
        elif line.startswith("      "):
            if keeps:
                yield line
        else:
            raise Mistakes([(number, f"{clean(line)[:60]!r}", "a tag such as TI  - , or a line that goes on with six blanks")])
