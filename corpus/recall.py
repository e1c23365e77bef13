"""Articles read before: a file that has not been touched since need not be read again.

Reading a hundred thousand Markdown files strictly takes half a minute, looking whether they have changed a
few seconds. The memory is only that: without it, or with a damaged one, the files are read.
"""

from __future__ import annotations

import json
import logging
import os
import sqlite3
import time
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import asdict
from datetime import date
from pathlib import Path

from corpus.article import Article, Source, Translation

_VERSION = "1"
"""Raised when reading changes: what was read before is then read again."""
_SETTLED_NS = 2_000_000_000
"""A file that was changed so shortly before it was read may change again within one tick of its clock."""
_log = logging.getLogger("tanya.corpus")


class Recall:
    """What files held when they were last read, in one small database; for one reading, then `close`.

    A file is the one it was where its size, inode and times of change are the same.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known: sqlite3.Connection | None = None
        self._stamps: dict[str, str] = {}
        self._fresh: list[tuple[str, str, str]] = []
        try:
            self._known = _open(path)
        except (sqlite3.Error, OSError) as error:
            self._forget(error)

    def get(self, name: str, files: Sequence[Path]) -> Article | None:
        """The article with the id `name` that was read from `files` (its own, and its translation's); None
        where they have changed since, or were never read."""
        try:
            path, stamp = str(files[0]), _stamp(files)
        except OSError:
            return None
        self._stamps[path] = stamp
        if self._known is None:
            return None
        try:
            found = self._known.execute(
                "SELECT record FROM article WHERE path = ? AND stamp = ?", (path, stamp)
            ).fetchone()
            article = None if found is None else _article(found[0])
        except (sqlite3.Error, ValueError, KeyError, TypeError) as error:
            self._forget(error)
            return None
        return article if article is not None and article.id == name else None

    def put(self, files: Sequence[Path], article: Article) -> None:
        """Remember `article`, which was read from `files` after `get` did not know it."""
        path = str(files[0])
        try:
            stamp = self._stamps.get(path)
            newest = max(file.stat().st_mtime_ns for file in files)
            settled = stamp == _stamp(files) and time.time_ns() - newest > _SETTLED_NS
        except OSError:
            return
        if stamp is not None and settled:
            self._fresh.append((path, stamp, json.dumps(asdict(article), default=str)))

    def close(self) -> None:
        """Write what is new, and drop what was not asked for: those files are no more."""
        if self._known is None:
            return
        with closing(self._known) as known:
            try:
                with known:
                    known.execute("CREATE TEMP TABLE seen (path TEXT PRIMARY KEY)")
                    seen = ((path,) for path in self._stamps)
                    known.executemany("INSERT OR IGNORE INTO seen VALUES (?)", seen)
                    known.execute("DELETE FROM article WHERE path NOT IN (SELECT path FROM seen)")
                    known.executemany("REPLACE INTO article VALUES (?, ?, ?)", self._fresh)
            except sqlite3.Error as error:
                self._forget(error)
        self._known = None

    def _forget(self, error: Exception) -> None:
        """Go on without: the next time begins anew."""
        _log.warning("%s cannot be used (%s). All articles are read.", self._path, error)
        if self._known is not None:
            self._known.close()
            self._known = None
        with suppress(OSError):
            self._path.unlink(missing_ok=True)


def _open(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(parents=True, exist_ok=True)
    known = sqlite3.connect(path, timeout=5)
    # What an editor has taken out must not stay in the file.
    known.execute("PRAGMA secure_delete = ON")
    with known:
        known.execute("CREATE TABLE IF NOT EXISTS reading (version TEXT)")
        if known.execute("SELECT version FROM reading").fetchone() != (_VERSION,):
            known.execute("DROP TABLE IF EXISTS article")
            known.execute("DELETE FROM reading")
            known.execute("INSERT INTO reading VALUES (?)", (_VERSION,))
        known.execute(
            "CREATE TABLE IF NOT EXISTS article "
            "(path TEXT PRIMARY KEY, stamp TEXT NOT NULL, record TEXT NOT NULL) WITHOUT ROWID"
        )
    return known


def _stamp(files: Sequence[Path]) -> str:
    parts = []
    for path in files:
        found = os.stat(path)  # noqa: PTH116 (a third faster, a hundred thousand times)
        parts.append(
            f"{path.name}:{found.st_size}:{found.st_ino}:{found.st_mtime_ns}:{found.st_ctime_ns}"
        )
    return " ".join(parts)


def _article(record: str) -> Article:
    found = json.loads(record)
    source, translation = found["source"], found["translation"]
    day = source["published"]
    return Article(
        id=found["id"],
        source=Source(
            source["title"],
            source["publisher"],
            source["url"],
            date.fromisoformat(day) if day else None,
        ),
        language=found["language"],
        text=found["text"],
        topics=tuple(found["topics"]),
        translation=Translation(**translation) if translation else None,
        verbatim=found["verbatim"],
    )
