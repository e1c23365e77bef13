"""The database: the same tables on both engines, made once, by whoever comes first."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import select, text

from index.database import Database
from index.settings import Settings
from index.tables import METADATA, NEWEST, chat

ROOT = Path(__file__).parent.parent


def test_the_migrations_make_the_tables_of_the_code(database: Database) -> None:
    with database.begin() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, METADATA) == []


def test_processes_that_start_at_once_make_the_tables_once(database_settings: Settings) -> None:
    url = database_settings.database_url
    program = (
        "import sys; from index.database import Database; from index.settings import Settings\n"
        "Database.of(Settings(_env_file=None, data=sys.argv[1], database_url=sys.argv[2] or None))"
    )
    arguments = [str(database_settings.data), url.get_secret_value() if url else ""]
    started = [
        subprocess.Popen([sys.executable, "-c", program, *arguments], cwd=ROOT) for _ in range(4)
    ]
    assert [process.wait(60) for process in started] == [0] * 4
    database = Database.of(database_settings)
    with database.read() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).all() == [
            (NEWEST,)
        ]
        assert connection.execute(select(chat)).all() == []
    database.close()
