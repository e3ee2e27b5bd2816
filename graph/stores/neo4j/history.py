"""The history in the database: nodes of generation 0, which no load deletes. Each change of it is one transaction, under the lease."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from neo4j import ManagedTransaction

from graph.stores.history import History, Kept, association_of, row_of
from graph.stores.neo4j import cypher
from graph.stores.neo4j.connection import Connection
from schema.association import Association
from schema.releases import Moved

_TEXTS = 500


class Neo4jHistory(History):
    """`check` is called within each transaction that writes: it refuses where another program may write meanwhile."""

    def __init__(self, connection: Connection, check: Callable[[ManagedTransaction], None]) -> None:
        self._connection, self._check = connection, check

    def entries(self) -> list[Kept]:
        return [Kept.model_validate_json(row["said"]) for row in self._connection.read(cypher.HISTORY)]

    def contents(self, number: int) -> dict[str, str]:
        return {row["study"]: row["hash"] for row in self._connection.read(cypher.CONTENTS, number=number)}

    def texts(self, hashes: Collection[str]) -> dict[str, str]:
        found = self._connection.read(cypher.TEXTS, ids=[f"text-{one}" for one in sorted(hashes)])
        return {row["hash"]: row["said"] for row in found}

    def moved(self, number: int) -> list[Moved]:
        return [Moved.model_validate_json(row["said"]) for row in self._connection.read(cypher.MOVED, id=_id(number))]

    def _add(
        self, entry: Kept, brought: Mapping[str, str], texts: Mapping[str, Callable[[], str]], gone: Collection[str], moved: Sequence[Moved]
    ) -> None:
        there = self.texts(texts)
        # a text that no entry names is nothing yet
        new = [one for one in texts if one not in there]
        for begin in range(0, len(new), _TEXTS):
            self._write(cypher.KEEP_TEXTS, rows=[{"hash": one, "said": texts[one]()} for one in new[begin : begin + _TEXTS]])
        said = row_of(entry)
        plain = {name: said[name] for name in ("number", "release", "day", "method", "studies", "state", "vocabulary", "moved")}
        lists = {name: said[name] for name in ("added", "replaced", "removed")}
        row = {
            "generation": 0,
            "id": _id(entry.number),
            "name": f"release {entry.release[:12]}",
            **plain,
            # a property that no node has is a warning to whoever asks for it
            "by": entry.by or "",
            **lists,
            "said": json.dumps(said),
        }
        contents = [
            {"generation": 0, "id": f"content-{entry.number}-{study}", "name": study, "study": study, "since": entry.number, "hash": digest}
            for study, digest in sorted(brought.items())
        ]

        def add(transaction: ManagedTransaction) -> None:
            self._check(transaction)
            transaction.run(cypher.KEEP_ENTRY, entry=row, last=_id(entry.number - 1)).consume()
            transaction.run(cypher.END_CONTENTS, studies=[*brought, *gone], number=entry.number).consume()
            transaction.run(cypher.KEEP_CONTENTS, id=_id(entry.number), rows=contents).consume()
            transaction.run(
                cypher.KEEP_MOVED, id=_id(entry.number), rows=[_moved_row(entry, i, one) for i, one in enumerate(moved)]
            ).consume()

        self._connection.write(add)

    def _write(self, statement: Any, **given: Any) -> None:
        def work(transaction: ManagedTransaction) -> None:
            self._check(transaction)
            transaction.run(statement, given).consume()

        self._connection.write(work)

    def _drop(self, oldest: int, newest: int) -> None:
        if all(oldest <= entry.number <= newest for entry in self.entries()):
            return

        def drop(transaction: ManagedTransaction) -> None:
            self._check(transaction)
            for statement in (cypher.DROP_RELEASES, cypher.DROP_CONTENTS, cypher.REOPEN_CONTENTS, cypher.DROP_TEXTS):
                transaction.run(statement, oldest=oldest, newest=newest).consume()

        self._connection.write(drop)


def differing(connection: Connection, old: int, new: int) -> list[tuple[Association | None, Association | None]]:
    """The associations that two generations do not have alike, before and after, by (exposure, outcome, population)."""
    pairs = [(row["before"], row["after"]) for row in connection.read(cypher.NEW_EDGES, old=old, new=new)]
    pairs += [(row["before"], None) for row in connection.read(cypher.GONE_EDGES, old=old, new=new)]
    return sorted(((association_of(before), association_of(after)) for before, after in pairs), key=_key)


def _key(pair: tuple[Association | None, Association | None]) -> tuple[str, str, str]:
    one = pair[1] or pair[0]
    assert one is not None
    return one.key


def _id(number: int) -> str:
    return f"release-{number}"


def _moved_row(entry: Kept, place: int, one: Moved) -> dict[str, Any]:
    before, after = (side.caption if side is not None else "nothing known" for side in (one.before, one.after))
    return {
        "generation": 0,
        "id": f"moved-{entry.number}-{place}",
        "name": f"{one.exposure.name} > {one.outcome.name} ({one.population.id})",
        "place": place,
        "before": before,
        "after": after,
        "turned": one.turned,
        "studies": list(one.studies),
        "said": one.model_dump_json(),
    }
