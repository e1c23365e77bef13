"""The database: the same tables on both engines, made once, by whoever comes first."""

from __future__ import annotations

import stat
import subprocess
import sys
import tomllib
from datetime import date
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, select, text

from index.database import MIGRATIONS, Database, DatabaseError
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
        subprocess.Popen([sys.executable, "-c", program, *arguments], cwd=ROOT) for _ in range(3)
    ]
    assert [process.wait(60) for process in started] == [0] * 3
    database = Database.of(database_settings)
    with database.read() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).all() == [
            (NEWEST,)
        ]
        assert connection.execute(select(chat)).all() == []
    database.close()


def test_a_database_of_the_first_version_is_brought_up_to_date(database_settings: Settings) -> None:
    database = Database.of(database_settings)
    with database.begin() as connection:
        METADATA.drop_all(connection)
        connection.execute(text("DROP TABLE alembic_version"))
        upgrade(connection, "0001")
        connection.execute(
            text(
                "INSERT INTO question (id, at, day, door, language, question, outcome, confidence, "
                "articles, seconds, index_id) VALUES ('a', '2026-01-01 00:00:00', '2026-01-01', "
                "'page', 'id', 'Apa?', 'unknown', 0.1, '', 0.05, 'x')"
            )
        )
    database.close()
    later = Database.of(database_settings)
    with later.begin() as connection:
        assert connection.execute(text("SELECT question FROM question")).all() == [("Apa?",)]
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, METADATA) == []
    later.close()


def test_the_last_migration_is_the_one_that_is_looked_for() -> None:
    assert ScriptDirectory(str(MIGRATIONS)).get_current_head() == NEWEST


def upgrade(connection: Connection, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def test_the_file_is_its_owners_only_and_survives_two_openings(tmp_path: Path) -> None:
    settings = Settings(_env_file=None, data=tmp_path / "a%20b" / "var", database_url=None)
    for _ in range(2):
        database = Database.of(settings)
        with database.begin() as connection:
            assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
            assert connection.execute(text("PRAGMA secure_delete")).scalar() == 1
        for path in (tmp_path / "a%20b" / "var").iterdir():
            assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
        database.close()


def test_a_transaction_that_fails_leaves_nothing(database: Database) -> None:
    insert = chat.insert()
    row = {"hash": "a" * 64, "language": "id", "used": date(2026, 1, 1)}
    with pytest.raises(DatabaseError), database.begin() as connection:
        connection.execute(insert, row)
        connection.execute(insert, row)
    with pytest.raises(ZeroDivisionError), database.begin() as connection:
        connection.execute(insert, row)
        1 / 0  # noqa: B018
    with database.read() as connection:
        assert connection.execute(select(chat)).all() == []


def test_a_reader_sees_one_state_and_keeps_nobody_from_writing(database: Database) -> None:
    row = {"hash": "a" * 64, "language": "id", "used": date(2026, 1, 1)}
    with database.read() as reading:
        assert reading.execute(select(chat)).all() == []
        with database.begin() as writing:
            writing.execute(chat.insert(), row)
        if database.path is not None:
            assert reading.execute(select(chat)).all() == []
    with database.read() as reading:
        assert len(reading.execute(select(chat)).all()) == 1


def test_an_installed_package_brings_its_migrations() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    patterns = project["tool"]["setuptools"]["package-data"]["index"]
    packed = {path for pattern in patterns for path in (ROOT / "index").glob(pattern)}
    scripts = set(MIGRATIONS.rglob("*.py"))
    assert MIGRATIONS / "versions" / "v0001_tables.py" in scripts
    assert scripts <= packed
