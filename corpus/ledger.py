"""What was collected when: so that nothing is fetched, or written, twice.

A cache in SQLite: whoever deletes it loses no article, only fetches everything once more.
"""

from __future__ import annotations

import logging
import sqlite3
import time
from dataclasses import astuple, dataclass, fields
from pathlib import Path

_SCHEMA = """
CREATE TABLE IF NOT EXISTS page (
    url TEXT PRIMARY KEY,     -- canonical form of the address that was asked for
    visited REAL NOT NULL,    -- Unix time
    outcome TEXT NOT NULL,
    etag TEXT, modified TEXT, -- what the server called this state of the page
    changed TEXT,             -- what its feed or sitemap called it
    article TEXT,             -- id of the article it became
    digest TEXT               -- of the file as we wrote it
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS source (
    url TEXT PRIMARY KEY,
    visited REAL NOT NULL,
    etag TEXT, modified TEXT,
    failed INTEGER NOT NULL   -- pages of it that could not be read at the last visit, -1: it itself
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS about (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS page_article ON page (article);
PRAGMA user_version = 1;
"""
_log = logging.getLogger("tanya.collect")


@dataclass(frozen=True, slots=True)
class Visit:
    """The last visit of a page. `article`: id of what it became; `digest`: of that file as written."""

    url: str
    visited: float
    outcome: str
    etag: str | None = None
    modified: str | None = None
    changed: str | None = None
    article: str | None = None
    digest: str | None = None


@dataclass(frozen=True, slots=True)
class SourceVisit:
    """The last visit of a feed or sitemap. `failed`: pages of it that could not be read; -1: not even it."""

    url: str
    visited: float
    etag: str | None = None
    modified: str | None = None
    failed: int = 0


class Ledger:
    """The visits in one file. Not safe to use from several threads at once; see Collector."""

    def __init__(self, path: Path, dry_run: bool = False, folder: Path | None = None) -> None:
        """Opens or creates `path`; one that is damaged is set aside. With `dry_run` nothing is written
        to the disk: what is there is read into memory. `folder`: where the articles lie; what is known
        of another folder does not hold for it, and is forgotten."""
        self._db = _memory(path) if dry_run else _open(path)
        self._db.executescript(_SCHEMA)
        if folder is not None:
            self._keep_to(str(folder.resolve()))

    def close(self) -> None:
        """Give the file back."""
        self._db.close()

    def visit(self, url: str) -> Visit | None:
        """The last visit of the page `url` (canonical); None where there was none."""
        row = self._db.execute("SELECT * FROM page WHERE url = ?", (url,)).fetchone()
        return Visit(*row) if row else None

    def wrote(self, article: str, digest: str) -> bool:
        """Whether the file of `article` with `digest` is one that we wrote, and not a person."""
        query = "SELECT 1 FROM page WHERE article = ? AND digest = ?"
        return self._db.execute(query, (article, digest)).fetchone() is not None

    def note(self, visit: Visit) -> None:
        """Remember `visit`; on the disk when it returns."""
        marks = ",".join("?" * len(fields(visit)))
        with self._db:
            self._db.execute(f"INSERT OR REPLACE INTO page VALUES ({marks})", astuple(visit))  # noqa: S608

    def source(self, url: str) -> SourceVisit | None:
        """The last visit of the feed or sitemap `url`."""
        row = self._db.execute("SELECT * FROM source WHERE url = ?", (url,)).fetchone()
        return SourceVisit(*row) if row else None

    def note_source(self, visit: SourceVisit) -> None:
        """Remember `visit`."""
        marks = ",".join("?" * len(fields(visit)))
        with self._db:
            self._db.execute(f"INSERT OR REPLACE INTO source VALUES ({marks})", astuple(visit))  # noqa: S608

    def _keep_to(self, folder: str) -> None:
        row = self._db.execute("SELECT value FROM about WHERE name = 'folder'").fetchone()
        if row == (folder,):
            return
        with self._db:
            if row is not None:
                self._db.execute("DELETE FROM page")
                self._db.execute("DELETE FROM source")
            self._db.execute("INSERT OR REPLACE INTO about VALUES ('folder', ?)", (folder,))


def _open(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(parents=True, exist_ok=True)
    for last in (False, True):
        # Used by the threads of one collector, one after the other.
        db = sqlite3.connect(path, timeout=10, check_same_thread=False)
        try:
            db.execute("PRAGMA journal_mode = WAL")
            if db.execute("PRAGMA quick_check").fetchone() == ("ok",):
                return db
            raise sqlite3.DatabaseError("damaged")
        except sqlite3.OperationalError:
            db.close()
            raise
        except sqlite3.DatabaseError as error:
            db.close()
            if last:
                raise
            aside = path.with_name(f"{path.name}.broken-{time.time():.0f}")
            path.rename(aside)
            for extra in ("-wal", "-shm"):
                path.with_name(path.name + extra).unlink(missing_ok=True)
            _log.warning(
                "%s is damaged (%s). It is now %s; a new one is begun, and everything is fetched once more.",
                path,
                error,
                aside.name,
            )
    raise AssertionError("unreachable")


def _memory(path: Path) -> sqlite3.Connection:
    memory = sqlite3.connect(":memory:", check_same_thread=False)
    if path.exists():
        disk = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        try:
            disk.backup(memory)
        except sqlite3.DatabaseError as error:
            _log.warning("%s cannot be read (%s).", path, error)
            memory = sqlite3.connect(":memory:", check_same_thread=False)
        finally:
            disk.close()
    return memory
