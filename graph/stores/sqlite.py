"""The history of the embedded store: a file of SQLite beside the snapshot, whose transactions are there whole or not at all."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from graph.stores.history import History, Kept, row_of
from schema.errors import SnapshotUnwritable, StoreError, StoreUnavailable
from schema.releases import Moved

NAME = "releases.sqlite"
_PATIENCE = 30.0  # seconds
_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS entry (number INTEGER PRIMARY KEY, said TEXT NOT NULL, moved TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS content "
    "(study TEXT NOT NULL, since INTEGER NOT NULL, until INTEGER, hash TEXT NOT NULL, PRIMARY KEY (study, since))",
    "CREATE TABLE IF NOT EXISTS text (hash TEXT PRIMARY KEY, said TEXT NOT NULL) WITHOUT ROWID",
)
_DROP_TEXTS = """
DELETE FROM text WHERE hash NOT IN (
  SELECT hash FROM content
  UNION SELECT json_extract(said, '$.state') FROM entry
  UNION SELECT json_extract(said, '$.vocabulary') FROM entry
)
"""


class SqliteHistory(History):
    def __init__(self, folder: Path, patience: float = _PATIENCE) -> None:
        self._file, self._patience = folder / NAME, patience

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection | None]:
        """A connection to read by, also in a folder that can't be written; None where nothing is kept."""
        if not self._file.is_file():
            yield None
            return
        try:
            # what a load that was killed left half is rolled back by the first who may write, which by mode=ro nobody may
            with closing(sqlite3.connect(f"{self._file.absolute().as_uri()}?mode=rw", uri=True, timeout=self._patience)) as connection:
                yield connection if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'entry'").fetchone() else None
        except sqlite3.OperationalError as error:
            # locked, say, or without a right to it: what is there is whole
            raise StoreUnavailable(f"The history {self._file} can't be read ({error}).") from error
        except sqlite3.DatabaseError as error:
            raise StoreError(f"The history {self._file} can't be read ({error}). Move it away to begin a new one.") from error

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """A connection within one transaction."""
        try:
            with closing(sqlite3.connect(self._file, timeout=self._patience, isolation_level=None)) as connection:
                connection.execute("BEGIN IMMEDIATE")
                for statement in _SCHEMA:
                    connection.execute(statement)
                yield connection
                connection.execute("COMMIT")
        except sqlite3.OperationalError as error:
            raise SnapshotUnwritable(f"The history {self._file} can't be written ({error}). Nothing was changed.") from error
        except sqlite3.DatabaseError as error:
            raise StoreError(f"The history {self._file} can't be read ({error}). Move it away to begin a new one.") from error

    def entries(self) -> list[Kept]:
        with self._reading() as connection:
            rows = connection.execute("SELECT said FROM entry ORDER BY number").fetchall() if connection is not None else []
        return [Kept.model_validate_json(said) for (said,) in rows]

    def contents(self, number: int) -> dict[str, str]:
        with self._reading() as connection:
            if connection is None:
                return {}
            asked = "SELECT study, hash FROM content WHERE since <= :number AND (until IS NULL OR until > :number)"
            return dict(connection.execute(asked, {"number": number}).fetchall())

    def texts(self, hashes: Collection[str]) -> dict[str, str]:
        with self._reading() as connection:
            if connection is None:
                return {}
            asked = "SELECT hash, said FROM text WHERE hash IN (SELECT value FROM json_each(?))"
            return dict(connection.execute(asked, (json.dumps(sorted(hashes)),)).fetchall())

    def moved(self, number: int) -> list[Moved]:
        with self._reading() as connection:
            row = connection.execute("SELECT moved FROM entry WHERE number = ?", (number,)).fetchone() if connection is not None else None
        return [Moved.model_validate_json(json.dumps(one)) for one in json.loads(row[0])] if row is not None else []

    def _add(
        self, entry: Kept, brought: Mapping[str, str], texts: Mapping[str, Callable[[], str]], gone: Collection[str], moved: Sequence[Moved]
    ) -> None:
        said = json.dumps([one.model_dump(mode="json") for one in moved])
        with self._writing() as connection:
            there = {found for (found,) in connection.execute("SELECT hash FROM text")}
            connection.execute("INSERT INTO entry VALUES (?, ?, ?)", (entry.number, json.dumps(row_of(entry)), said))
            ended = [(entry.number, study) for study in (*brought, *gone)]
            connection.executemany("UPDATE content SET until = ? WHERE study = ? AND until IS NULL", ended)
            rows = [(study, entry.number, digest) for study, digest in brought.items()]
            connection.executemany("INSERT INTO content (study, since, hash) VALUES (?, ?, ?)", rows)
            connection.executemany("INSERT INTO text VALUES (?, ?)", [(one, made()) for one, made in texts.items() if one not in there])

    def _drop(self, oldest: int, newest: int) -> None:
        bounds = {"oldest": oldest, "newest": newest}
        if all(oldest <= entry.number <= newest for entry in self.entries()):
            return
        with self._writing() as connection:
            connection.execute("DELETE FROM entry WHERE number NOT BETWEEN :oldest AND :newest", bounds)
            connection.execute("DELETE FROM content WHERE until <= :oldest OR since > :newest", bounds)
            connection.execute("UPDATE content SET until = NULL WHERE until > :newest", bounds)
            connection.execute(_DROP_TEXTS)
