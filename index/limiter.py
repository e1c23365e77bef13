"""How often one person may ask: one count for every door and every process.

The counts lie in a small SQLite file, so that worker processes share them without a server. They are
worth little: nothing is synced to disk, and where they cannot be read or written, people may ask.
"""

from __future__ import annotations

import functools
import hashlib
import logging
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from limits import RateLimitItem, parse_many
from limits.storage import MovingWindowSupport, Storage
from limits.strategies import MovingWindowRateLimiter

from index.settings import Settings

_SCHEMA = """
PRAGMA journal_mode = WAL;
CREATE TABLE IF NOT EXISTS hit (
    key BLOB NOT NULL,      -- a hash of person and limit
    until REAL NOT NULL     -- when it no longer counts, Unix time
) STRICT;
CREATE INDEX IF NOT EXISTS hit_key ON hit (key, until);
CREATE INDEX IF NOT EXISTS hit_until ON hit (until);
"""
_BUSY_SECONDS = 0.25
"""How long another process may write before we let somebody pass uncounted."""
_AHEAD_SECONDS = 1.0
"""Entries that last longer than a window from now, and this, are of a clock that has been put back since:
they do not count. This much, other writers may be ahead of us."""
_TIDY_EVERY = 100
_TIDY_MOST = 1000
_COMPLAIN_SECONDS = 60.0
_log = logging.getLogger("tanya.limiter")


class Limiter:
    """Counts what each person does, in moving windows. Safe to call from threads."""

    def __init__(self, path: Path, rate: str, clock: Callable[[], float] = time.time) -> None:
        """`rate` as in `hit`; ValueError where it cannot be read."""
        _items(rate)
        self.rate = rate
        self._clock = clock
        self._window = MovingWindowRateLimiter(_Counts(path, clock))
        self._complained = -_COMPLAIN_SECONDS

    @classmethod
    def of(cls, settings: Settings) -> Limiter:
        """The limiter that `settings` describe."""
        return cls(settings.data / "limits.sqlite3", settings.rate)

    def hit(self, person: str, rate: str | None = None) -> float:
        """0.0: `person` may go on, which is counted; else the seconds until that is so.

        `rate` is in the notation of the library `limits`, such as "30/minute;1000/day", by default
        that of the settings; "" sets no limit. Blocks for well under a millisecond, unless the disk is
        in trouble; what cannot be counted is allowed.
        """
        try:
            # The shortest window first: who is refused by it has not used up the longer ones.
            for item in self._items(rate):
                if not self._window.hit(item, person):
                    return max(self._left(item, person) for item in self._items(rate)) or 0.001
        except (sqlite3.Error, OSError) as error:
            self._complain(error)
        return 0.0

    def wait(self, person: str, rate: str | None = None) -> float:
        """What `hit` would say, without counting."""
        try:
            return max((self._left(item, person) for item in self._items(rate)), default=0.0)
        except (sqlite3.Error, OSError) as error:
            self._complain(error)
            return 0.0

    def _items(self, rate: str | None) -> tuple[RateLimitItem, ...]:
        return _items(self.rate if rate is None else rate)

    def _left(self, item: RateLimitItem, person: str) -> float:
        """Seconds until `item` has a place; 0.0: it has."""
        stats = self._window.get_window_stats(item, person)
        return 0.0 if stats.remaining > 0 else max(0.001, stats.reset_time - self._clock())

    def _complain(self, error: Exception) -> None:
        now = time.monotonic()
        if now - self._complained >= _COMPLAIN_SECONDS:
            self._complained = now
            _log.warning(
                "Limits are off: who asks how often cannot be counted in the data folder (%s). Free "
                "some space, or check the folder's permissions.",
                error,
            )


@functools.cache
def _items(rate: str) -> tuple[RateLimitItem, ...]:
    if not rate.strip():
        return ()
    try:
        return tuple(sorted(parse_many(rate), key=lambda item: item.get_expiry()))
    except ValueError as error:
        raise ValueError(f"rate {rate!r}: write it like 30/minute;1000/day") from error


class _Counts(Storage, MovingWindowSupport):
    """A storage of the library `limits`: one row a hit. All processes may use one file."""

    STORAGE_SCHEME = None

    def __init__(self, path: Path, clock: Callable[[], float]) -> None:
        super().__init__()
        self._path = path
        self._clock = clock
        self._lock = threading.Lock()
        self._db: sqlite3.Connection | None = None
        self._hits = 0

    @property
    def base_exceptions(self) -> type[Exception]:
        return sqlite3.Error

    def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        # One statement: two processes cannot both take the last place.
        name = _name(key)
        places = "SELECT count(*) FROM hit WHERE key = ?1 AND until > ?2 AND until <= ?3"
        with self._lock:
            db, now = self._open(), self._clock()
            taken = db.execute(
                f"INSERT INTO hit SELECT ?1, ?5 WHERE ({places}) + ?4 <= ?6",
                (name, now, now + expiry + _AHEAD_SECONDS, amount, now + expiry, limit),
            ).rowcount
            for _ in range(amount - 1 if taken else 0):
                db.execute("INSERT INTO hit VALUES (?, ?)", (name, now + expiry))
            self._hits += 1
            if self._hits % _TIDY_EVERY == 0:
                db.execute(
                    "DELETE FROM hit WHERE rowid IN (SELECT rowid FROM hit WHERE until <= ? LIMIT ?)",
                    (now, _TIDY_MOST),
                )
        return taken > 0

    def get_moving_window(self, key: str, limit: int, expiry: int) -> tuple[float, int]:
        now = self._clock()
        oldest, count = self._one(
            "SELECT min(until), count(*) FROM hit WHERE key = ? AND until > ? AND until <= ?",
            (_name(key), now, now + expiry + _AHEAD_SECONDS),
        )
        return (now if oldest is None else float(oldest) - expiry), int(count)

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        self.acquire_entry(key, 2**62, expiry, amount)
        return self.get(key)

    def get(self, key: str) -> int:
        sql = "SELECT count(*) FROM hit WHERE key = ? AND until > ?"
        return int(self._one(sql, (_name(key), self._clock()))[0])

    def get_expiry(self, key: str) -> float:
        (latest,) = self._one("SELECT max(until) FROM hit WHERE key = ?", (_name(key),))
        return self._clock() if latest is None else float(latest)

    def check(self) -> bool:
        try:
            return bool(self._one("SELECT 1", ())[0])
        except sqlite3.Error:
            return False

    def reset(self) -> int | None:
        with self._lock:
            return self._open().execute("DELETE FROM hit").rowcount

    def clear(self, key: str) -> None:
        with self._lock:
            self._open().execute("DELETE FROM hit WHERE key = ?", (_name(key),))

    def _one(self, sql: str, values: tuple[object, ...]) -> tuple[Any, ...]:
        with self._lock:
            row: tuple[Any, ...] = self._open().execute(sql, values).fetchone()
            return row

    def _open(self) -> sqlite3.Connection:
        if self._db is not None:
            return self._db
        try:
            self._db = self._connect()
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):  # busy, full, not allowed: not damaged
                raise
            _log.warning("%s is damaged and begun anew: %s", self._path.name, error)
            for suffix in ("", "-wal", "-shm"):
                self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)
            self._db = self._connect()
        return self._db

    def _connect(self) -> sqlite3.Connection:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.touch(0o600)
        db = sqlite3.connect(
            self._path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        try:
            db.executescript(_SCHEMA)
            db.execute("PRAGMA synchronous = OFF")
        except sqlite3.Error:
            db.close()
            raise
        return db


def _name(key: str) -> bytes:
    return hashlib.blake2b(key.encode(), digest_size=16).digest()
