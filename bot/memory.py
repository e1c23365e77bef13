"""What the bot remembers, under hashes of ids: a chat's language on disk, a last question in memory."""

from __future__ import annotations

import sqlite3
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from index.person import hashed, secret_key
from index.settings import Settings

_SCHEMA = """
CREATE TABLE IF NOT EXISTS chat (
    chat TEXT PRIMARY KEY,       -- HMAC-SHA256 of the chat's id
    language TEXT NOT NULL,      -- ISO 639-1
    used TEXT NOT NULL           -- the day it last mattered, UTC, ISO 8601
) STRICT, WITHOUT ROWID
"""


LAST_SECONDS = 600.0
"""How long a last question is remembered."""
_LAST_MOST = 1000


def today() -> date:
    """The current day in UTC."""
    return datetime.now(UTC).date()


class LastQuestions:
    """The last question of each person in each chat, so that the next may follow up on it.

    In this process only, for `seconds`, of the `most` who asked last. Belongs to one thread.
    """

    def __init__(
        self,
        key: bytes,
        most: int = _LAST_MOST,
        seconds: float = LAST_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._key = key
        self._most = most
        self._seconds = seconds
        self._clock = clock
        self._kept: OrderedDict[str, tuple[float, str]] = OrderedDict()  # the oldest first

    def get(self, chat: int, person: int) -> str | None:
        """The last question of `person` in `chat`, or None."""
        self.expire()
        _, question = self._kept.get(self._name(chat, person), (0.0, None))
        return question

    def keep(self, chat: int, person: int, question: str) -> None:
        """Remember `question` in the place of the one before."""
        self.forget(chat, person)
        self._kept[self._name(chat, person)] = (self._clock(), question)
        if len(self._kept) > self._most:
            self._kept.popitem(last=False)

    def forget(self, chat: int, person: int) -> None:
        """Remember nothing of `person` in `chat`."""
        self._kept.pop(self._name(chat, person), None)

    def expire(self) -> None:
        """Forget what is too old."""
        now = self._clock()
        while self._kept and now - next(iter(self._kept.values()))[0] >= self._seconds:
            self._kept.popitem(last=False)

    def _name(self, chat: int, person: int) -> str:
        return hashed(self._key, f"telegram:{chat}:{person}")


class Memory:
    """The languages that chats chose, in SQLite. Safe to call from threads; calls block briefly."""

    def __init__(self, path: Path, key: bytes, retention_days: int) -> None:
        self.path = path
        self._key = key
        self._retention = timedelta(days=retention_days)
        self._forgotten: date | None = None
        path.parent.mkdir(parents=True, exist_ok=True)
        with self._connect() as db:
            # WAL is a property of the file; readers are then never blocked by a writer.
            db.execute("PRAGMA journal_mode = WAL")
            db.execute(_SCHEMA)

    @classmethod
    def of(cls, settings: Settings) -> Memory:
        """The memory that `settings` describe."""
        return cls(settings.data / "bot.sqlite3", secret_key(settings), settings.retention_days)

    def language(self, chat: int, day: date | None = None) -> str | None:
        """The language that `chat` chose, or None. Being asked for keeps a row from ageing."""
        day = day or today()
        self._forget(day)
        with self._connect() as db:
            row = db.execute(
                "SELECT language, used FROM chat WHERE chat = ?", (self._hash(chat),)
            ).fetchone()
            if row is None:
                return None
            if row[1] < day.isoformat():
                db.execute(
                    "UPDATE chat SET used = ? WHERE chat = ?", (day.isoformat(), self._hash(chat))
                )
            return str(row[0])

    def choose(self, chat: int, language: str | None, day: date | None = None) -> None:
        """Remember the language of `chat`; None forgets it."""
        day = day or today()
        self._forget(day)
        with self._connect() as db:
            if language is None:
                db.execute("DELETE FROM chat WHERE chat = ?", (self._hash(chat),))
            else:
                db.execute(
                    "INSERT INTO chat VALUES (?, ?, ?) ON CONFLICT (chat) "
                    "DO UPDATE SET language = excluded.language, used = excluded.used",
                    (self._hash(chat), language, day.isoformat()),
                )

    def _forget(self, day: date) -> None:
        """Delete what was not used for the time of retention; at most once a day."""
        if self._forgotten == day:
            return
        with self._connect() as db:
            db.execute("DELETE FROM chat WHERE used < ?", ((day - self._retention).isoformat(),))
        self._forgotten = day

    def _hash(self, chat: int) -> str:
        return hashed(self._key, f"telegram:{chat}")

    @contextmanager
    def _connect(self) -> Iterator[sqlite3.Connection]:
        """A connection of its own for each call (0.2 ms): nothing is shared between threads."""
        db = sqlite3.connect(self.path, timeout=10, isolation_level=None)
        try:
            db.execute("PRAGMA secure_delete = ON")  # what is forgotten leaves no bytes behind
            db.execute("PRAGMA synchronous = NORMAL")
            yield db
        finally:
            db.close()
