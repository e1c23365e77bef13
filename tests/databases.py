"""The engines that the tests of the database run on: SQLite, and a PostgreSQL server of our own."""

from __future__ import annotations

import getpass
import os
import pwd
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

from tests.web import missing

_BINARIES = "/usr/lib/postgresql/*/bin"
_START_SECONDS = 30.0


class Server:
    """A running PostgreSQL server that is reached over a Unix socket in a folder of its own."""

    def __init__(self, folder: Path, user: str) -> None:
        self.folder = folder
        self._user = user
        self._names = count(1)

    def address(self, name: str) -> str:
        """The address of the database `name`."""
        return f"postgresql://{self._user}@/{name}?host={self.folder}"

    def create(self) -> str:
        """Create an empty database; its address."""
        name = f"t{next(self._names)}"
        self.execute(f"CREATE DATABASE {name}")
        return self.address(name)

    def execute(self, statement: str, database: str = "postgres") -> list[Any]:
        """The rows of one statement, outside of any transaction."""
        import psycopg

        with psycopg.connect(self.address(database), autocommit=True) as connection:
            found = connection.execute(statement.encode())
            return found.fetchall() if found.description else []


def _binaries() -> Path:
    found = sorted(
        (path for path in Path("/").glob(_BINARIES[1:]) if (path / "initdb").exists()),
        key=lambda path: int(re.sub(r"\D", "", path.parent.name) or 0),
    )
    if found:
        return found[-1]
    on_path = shutil.which("initdb")
    if on_path is None:
        missing("PostgreSQL (Debian's package postgresql)", "only SQLite is tested")
    return Path(on_path).parent


@contextmanager
def postgresql() -> Iterator[Server]:
    """A server with an empty cluster in a temporary folder, ended and removed afterwards."""
    binaries = _binaries()
    # It refuses to run as root, and cannot enter pytest's own folders as anybody else.
    other = "postgres" if os.geteuid() == 0 else None
    user = other or getpass.getuser()
    folder = Path(tempfile.mkdtemp(prefix="tanya-pg-", dir="/tmp"))
    options: dict[str, Any] = {"cwd": folder}
    if other is not None:
        account = pwd.getpwnam(other)
        os.chown(folder, account.pw_uid, account.pw_gid)
        options |= {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    server = None
    log = folder / "log"
    try:
        subprocess.run(
            [
                *(str(binaries / "initdb"), "--no-sync", "--auth=trust", "--encoding=UTF8"),
                *("--locale=C", f"--username={user}", f"--pgdata={folder / 'data'}"),
            ],
            check=True,
            capture_output=True,
            **options,
        )
        with log.open("wb") as written:
            server = subprocess.Popen(
                [
                    *(str(binaries / "postgres"), "-D", str(folder / "data"), "-k", str(folder)),
                    *("-c", "listen_addresses=", "-c", "fsync=off", "-c", "max_connections=200"),
                ],
                stdout=written,
                stderr=written,
                **options,
            )
        running = Server(folder, user)
        deadline = time.monotonic() + _START_SECONDS
        while True:
            try:
                running.execute("SELECT 1")
                break
            except Exception:
                if server.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(log.read_text("utf-8", "replace")) from None
                time.sleep(0.05)
        yield running
    finally:
        if server is not None and server.poll() is None:
            server.send_signal(signal.SIGQUIT)  # at once: nothing of it is kept
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait(10)
        shutil.rmtree(folder, ignore_errors=True)
