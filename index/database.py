"""The database of the service's state: SQLite in the data folder, or PostgreSQL, the same tables in both."""

from __future__ import annotations

import logging
import math
import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, Table, create_engine, event, inspect, make_url, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects import sqlite as sqlite_dialect
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from index.settings import Settings
from index.tables import NEWEST

MIGRATIONS = Path(__file__).parent / "migrations"
FILE = "tanya.db"
"""The SQLite file in `settings.data`."""

_BUSY_SECONDS = 5.0
"""How long a transaction waits for others; each of ours takes milliseconds."""
_CONNECT_SECONDS = 3
_DAY_SECONDS = 86400.0
_LONG, _REST = 1.0, 10.0
"""A database that fails only after `_LONG` seconds is left alone for `_REST` seconds."""
_LOCK = 0x7461_6E79_61
"""The advisory lock of PostgreSQL under which tables are made."""

_log = logging.getLogger("tanya.database")
_migrating = threading.Lock()  # Alembic's context is one for the whole process


class DatabaseError(Exception):
    """A database that cannot be reached, read or written; the message says which, why and what to do."""


class Database:
    """One engine with its tables. Safe to use from threads; calls block briefly."""

    def __init__(self, url: URL, path: Path | None) -> None:
        """Of the SQLite file `path`, or of the PostgreSQL server at `url`. Touches neither yet."""
        self.path = path
        self._name = str(path) if path is not None else url.render_as_string(hide_password=True)
        self._opening = threading.Lock()
        self._scrubbing = threading.Lock()
        self._wishes = count(1)
        self._scrubbed = 0
        self._whole = -math.inf  # monotonic time of the last scrubbing of the whole file
        self._opened = False
        self._rest = (0.0, "")  # monotonic time until which it is left alone, and why
        self.engine = _sqlite(url) if path is not None else _postgresql(url)

    @classmethod
    def of(cls, settings: Settings, patient: bool = False) -> Database:
        """The database of `settings`, opened, with today's tables. DatabaseError where that fails.

        `patient`: what cannot be opened now is only logged, and tried again whenever it is used: a
        service goes on answering without its journal.
        """
        if settings.database_url is None:
            path = settings.data / FILE
            database = cls(URL.create("sqlite+pysqlite", database=str(path)), path)
        else:
            database = cls(_address(settings.database_url.get_secret_value()), None)
        try:
            database.open()
        except DatabaseError as error:
            if not patient:
                database.close()
                raise
            _log.error("%s", error)
        return database

    def open(self) -> None:
        """Make the tables, or bring them up to date, once; two processes may do so at the same time."""
        if self._opened:
            return
        with self._opening, self._told():
            if self._opened:
                return
            if self.path is not None:
                try:
                    _create(self.path)
                except OSError as error:
                    raise DatabaseError(self._sentence(error)) from None
                self._write_ahead()
            with self.engine.begin() as connection:
                if connection.dialect.name == "postgresql":
                    connection.execute(text("SELECT pg_advisory_xact_lock(:n)"), {"n": _LOCK})
                self._migrate(connection)
            self._opened = True

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """One short transaction that may write. DatabaseError where it fails; then nothing is written."""
        self.open()
        with self._told(), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One transaction that only reads: it sees one state, and keeps nobody from writing."""
        self.open()
        with self._told(), self.engine.connect() as connection:
            yield connection.execution_options(only_reads=True)

    def insert(self, table: Table) -> sqlite_dialect.Insert | postgresql.Insert:
        """An INSERT into `table` that knows `on_conflict_do_update` and `on_conflict_do_nothing`."""
        return sqlite_dialect.insert(table) if self.path is not None else postgresql.insert(table)

    def scrub(self, whole: bool = False) -> bool:
        """After a deletion: leave no bytes of it in SQLite's files. False: a reader was in the way.

        Deleted rows are overwritten with zeros (secure_delete); their versions in the write-ahead log go
        with the log. Rows that SQLite moved from page to page before have left copies in the gaps: these
        go where the `whole` file is written anew, which takes a second for 100,000 questions, and is done
        once a day in any case. PostgreSQL clears up in its own time.
        """
        if self.path is None:
            return True
        wanted = next(self._wishes)
        with self._scrubbing, self._told():
            whole = whole or time.monotonic() - self._whole > _DAY_SECONDS
            if whole and self._scrubbed >= wanted:
                return True  # by the one before, which began after our deletion
            serving = next(self._wishes)
            raw = self.engine.raw_connection()
            try:
                cursor = raw.cursor()
                if whole:
                    cursor.execute("VACUUM")
                busy, _, _ = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
                if whole and not busy:
                    self._scrubbed, self._whole = serving, time.monotonic()
                return not busy
            finally:
                raw.close()

    def close(self) -> None:
        """Give all connections back."""
        self.engine.dispose()

    def _write_ahead(self) -> None:
        """Readers and a writer do not wait for each other; a property of the file, kept from then on."""
        for attempt in range(50):
            raw = self.engine.raw_connection()
            try:
                (mode,) = raw.cursor().execute("PRAGMA journal_mode = WAL").fetchone()
                if mode != "wal":
                    _log.warning("%s: no write-ahead log (%s); writers wait", self._name, mode)
                return
            except sqlite3.OperationalError as error:
                # SQLite does not wait here where another process changes the mode right now.
                if "locked" not in str(error) or attempt == 49:
                    raise
                time.sleep(0.1)
            finally:
                raw.close()

    def _migrate(self, connection: Connection) -> None:
        found = None
        if inspect(connection).has_table("alembic_version"):
            found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
        if found == NEWEST:
            return
        # Late: most openings find nothing to do.
        from alembic import command
        from alembic.config import Config
        from alembic.util import CommandError

        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
        config.attributes["connection"] = connection
        with _migrating:
            try:
                command.upgrade(config, "head")
            except CommandError:
                raise DatabaseError(
                    f"{self._name} has tables of another version ({found}) than this program knows "
                    f"({NEWEST}). Install the version that wrote it, or a newer one."
                ) from None
        _log.info("%s: tables of version %s (were %s)", self._name, NEWEST, found or "none")

    @contextmanager
    def _told(self) -> Iterator[None]:
        """What engines raise becomes a DatabaseError, without values: they are what people wrote."""
        until, sentence = self._rest
        if time.monotonic() < until:
            raise DatabaseError(sentence)
        began = time.monotonic()
        try:
            yield
        except (SQLAlchemyError, sqlite3.Error) as error:  # the latter from raw connections
            sentence = self._sentence(error)
            if time.monotonic() - began > _LONG:
                # Nobody else should wait as long for the same.
                self._rest = (time.monotonic() + _REST, sentence)
            raise DatabaseError(sentence) from None

    def _sentence(self, error: BaseException) -> str:
        cause = getattr(error, "orig", None) or error
        # PostgreSQL's details quote rows; its primary message does not.
        primary = getattr(getattr(cause, "diag", None), "message_primary", None)
        reason = primary or (str(cause).strip().splitlines() or [type(cause).__name__])[0]
        if isinstance(error, SQLAlchemyError) and not hasattr(error, "orig"):
            reason = type(error).__name__  # SQLAlchemy's own: may quote values
        if self.path is None:
            return (
                f"The database {self._name} does not answer as it should ({reason}). Check that the "
                "server runs, that TANYA_DATABASE_URL is right, and that its user may write there."
            )
        if any(word in reason for word in ("malformed", "not a database", "corrupt")):
            return (
                f"{self._name} is damaged ({reason}). Put a copy of yours back, or move the file "
                "away: a new one is begun, without the questions of the old."
            )
        if "locked" in reason:
            return f"{self._name} is kept by another program ({reason}). Close it, and try again."
        return (
            f"{self._name} cannot be used ({reason}). Free some space, or check who may write to the "
            "file and its folder."
        )


def _address(address: str) -> URL:
    try:
        url = make_url(address)
    except ArgumentError:
        raise DatabaseError(
            "TANYA_DATABASE_URL is no address. Write postgresql://user:password@host/database"
        ) from None
    if url.get_backend_name() not in ("postgresql", "postgres"):
        raise DatabaseError(
            f"TANYA_DATABASE_URL begins with {url.drivername}:. Write postgresql://…, or leave it "
            "out for SQLite in the data folder."
        )
    return url.set(drivername="postgresql+psycopg")


def _create(path: Path) -> None:
    """What people ask is readable by the service's user only; SQLite's other files follow suit."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


def _sqlite(url: URL) -> Engine:
    engine = create_engine(
        url,
        hide_parameters=True,
        pool_size=5,
        max_overflow=20,
        pool_timeout=_BUSY_SECONDS,
        connect_args={"timeout": _BUSY_SECONDS, "check_same_thread": False},
    )

    @event.listens_for(engine, "connect")
    def _connected(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # we begin, below: the driver would begin too late
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA secure_delete = ON")

    @event.listens_for(engine, "begin")
    def _begun(connection: Connection) -> None:
        # A transaction that turns into a writing one midway is refused where another wrote
        # meanwhile, without waiting: so all but the reading ones ask for the lock at once.
        only_reads = connection.get_execution_options().get("only_reads")
        connection.exec_driver_sql("BEGIN" if only_reads else "BEGIN IMMEDIATE")

    return engine


def _postgresql(url: URL) -> Engine:
    try:
        return create_engine(
            url,
            hide_parameters=True,
            pool_size=5,
            max_overflow=20,
            pool_timeout=_BUSY_SECONDS,
            pool_pre_ping=True,
            connect_args={
                "connect_timeout": _CONNECT_SECONDS,
                "application_name": "tanya",
                "options": f"-c lock_timeout={_BUSY_SECONDS:.0f}s",
            },
        )
    except ImportError:
        raise DatabaseError(
            "TANYA_DATABASE_URL needs a driver of PostgreSQL. Run: pip install 'tanya-asean[postgres]'"
        ) from None
