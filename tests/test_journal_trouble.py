"""The journal when things go wrong: kills, full and read-only disks, many writers, and what lies on disk."""

from __future__ import annotations

import logging
import random
import re
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from index.database import Database, DatabaseError
from index.journal import Journal
from index.person import hashed
from index.settings import Settings
from tests.databases import Server
from tests.desk import answer

ROOT = Path(__file__).parent.parent
WRITER = """
import sys
from index.database import Database
from index.journal import Journal
from index.settings import Settings
from tests.desk import answer
_, data, url, name, most = sys.argv
database = Database.of(Settings(_env_file=None, data=data, database_url=url or None))
journal = Journal(database, 90)
for number in range(int(most)):
    assert journal.note(answer(f"{name} {number}"), "page", None, 0.1), number
    print(name, number, flush=True)
"""


def settings_in(folder: Path, url: str | None = None) -> Settings:
    return Settings(_env_file=None, data=folder, database_url=url)


def writer(settings: Settings, name: str, most: int, noted: Path) -> subprocess.Popen[bytes]:
    """A process that notes `most` questions and writes each that it has noted to `noted`."""
    url = settings.database_url
    arguments = [str(settings.data), url.get_secret_value() if url else "", name, str(most)]
    with noted.open("wb") as file:
        return subprocess.Popen([sys.executable, "-c", WRITER, *arguments], cwd=ROOT, stdout=file)


def kept(settings: Settings) -> list[str]:
    """The texts in a database opened anew."""
    database = Database.of(settings)
    found = [entry.question for entry in Journal(database, 90).entries(limit=100_000)]
    if database.path is not None:
        with database.read() as connection:
            assert connection.execute(text("PRAGMA integrity_check")).scalar() == "ok"
    database.close()
    return found


@pytest.mark.slow
def test_a_kill_loses_at_most_the_question_in_flight(
    database_settings: Settings, tmp_path: Path
) -> None:
    Database.of(database_settings).close()
    printed: list[str] = []
    for turn in range(2):
        files = [tmp_path / f"{turn}{name}" for name in "abc"]
        writers = [writer(database_settings, file.name, 100_000, file) for file in files]
        deadline = time.monotonic() + 60
        while min(file.stat().st_size for file in files) < 100 and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(random.Random(turn).uniform(0.1, 0.3))
        for process in writers:
            process.send_signal(signal.SIGKILL)
        for process in writers:
            process.wait(20)
        for file in files:
            # What a kill cuts off has no end of line.
            printed += [line.strip() for line in file.open() if line.endswith("\n")]
    found = kept(database_settings)
    assert len(printed) == len(set(printed)) > 60
    assert len(found) == len(set(found))
    assert set(printed) <= set(found), "what was noted is there"
    assert len(found) - len(printed) <= 6, "one in flight for each that was killed"


@pytest.mark.slow
def test_processes_write_at_once_without_disturbing_each_other(
    database_settings: Settings, tmp_path: Path
) -> None:
    Database.of(database_settings).close()
    files = [tmp_path / name for name in "abc"]
    writers = [writer(database_settings, file.name, 200, file) for file in files]
    database = Database.of(database_settings)
    journal = Journal(database, 90)
    with ThreadPoolExecutor(4) as pool:
        ids = list(
            pool.map(lambda n: journal.note(answer(f"t {n}"), "http", None, 0.1), range(200))
        )
        assert all(pool.map(lambda name: journal.rate(name or "", True), ids))
    assert all(entry.helpful for entry in journal.entries(door="http"))
    assert [process.wait(60) for process in writers] == [0, 0, 0]
    database.close()
    assert len(kept(database_settings)) == 4 * 200


def bytes_on_disk(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.glob("tanya.db*")))


def test_what_is_forgotten_or_too_old_leaves_no_bytes(tmp_path: Path) -> None:
    database = Database.of(settings_in(tmp_path))
    journal = Journal(database, 90)
    dice = random.Random(0)
    people = [hashed(b"key", f"telegram:{number}") for number in range(40)]
    now = datetime.now(UTC)
    for number in range(800):
        # Rows of all sizes, so that SQLite moves them from page to page.
        person, size = dice.randrange(40), dice.choice([5, 50, 300, 6000])
        asked = f"<p{person:02}q{number:04}>" + "ya" * dice.randrange(1, size)
        name = journal.note(
            answer(asked),
            "telegram",
            people[person],
            0.1,
            now - timedelta(days=dice.choice([0, 200])),
        )
        if name and number % 3 == 0:
            journal.rate(name, False, f"<p{person:02}r>")
    assert people[3].encode() in bytes_on_disk(tmp_path) and b"<p03" in bytes_on_disk(tmp_path)
    assert sum(journal.forget(person) for person in people[:5]) > 50
    left = bytes_on_disk(tmp_path)
    assert not [person for person in people[:5] if person.encode() in left]
    assert {int(number) for number in re.findall(rb"<p(\d\d)", left)} == set(range(5, 40))
    assert journal.expire() > 100
    left = bytes_on_disk(tmp_path)
    entries = journal.entries()
    assert {asked[:9] for asked in re.findall(rb"<p\d\dq\d{4}>", left)} == {
        entry.question[:9].encode() for entry in entries
    }
    assert not (tmp_path / "tanya.db-wal").stat().st_size
    database.close()


def test_no_name_and_no_number_lies_on_disk(tmp_path: Path) -> None:
    database = Database.of(settings_in(tmp_path))
    journal = Journal(database, 90)
    person = hashed(b"key", "telegram:628123456789")
    name = journal.note(answer("wa 0812-3456-7890 / budi@example.org ya"), "page", person, 0.1)
    assert name and journal.rate(name, False, "telepon saya 0812 3456 7890")
    left = bytes_on_disk(tmp_path)
    assert b"wa [phone] / [email] ya" in left and b"telepon saya [phone]" in left
    for part in (b"3456", b"7890", b"budi", b"628123456789"):
        assert part not in left
    assert (tmp_path / "tanya.db").stat().st_mode & 0o077 == 0, "its owner's only"
    database.close()


def test_forgetting_does_not_wait_for_a_reader_forever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("index.database._BUSY_SECONDS", 0.2)
    monkeypatch.setattr("index.journal._LOOK_SECONDS", 0.1)
    database = Database.of(settings_in(tmp_path))
    journal = Journal(database, 90)
    person = hashed(b"key", "telegram:1")
    journal.note(answer("rahasia"), "page", person, 0.1)
    with database.read() as connection:
        connection.execute(text("SELECT count(*) FROM question"))
        began = time.monotonic()
        assert journal.forget(person) == 1
        assert time.monotonic() - began < 5
        assert b"rahasia" in bytes_on_disk(tmp_path), "else this tests nothing"
    assert journal.entries() == []
    deadline = time.monotonic() + 10
    while b"rahasia" in bytes_on_disk(tmp_path) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert b"rahasia" not in bytes_on_disk(tmp_path), "the rest is done as soon as it can be"
    database.close()


FULL = """
import logging, resource, sys
from index.database import Database
from index.journal import Journal
from index.settings import Settings
from tests.desk import answer
logging.basicConfig(format="%(levelname)s %(message)s", level="INFO")
database = Database.of(Settings(_env_file=None, data=sys.argv[1]))
journal = Journal(database, 90)
assert journal.note(answer("before"), "page", None, 0.1)
resource.setrlimit(resource.RLIMIT_FSIZE, (1_500_000, resource.RLIM_INFINITY))
found = [journal.note(answer(f"{number} " + "rahasia " * 60), "page", None, 0.1) for number in range(900)]
print(found.index(None), sum(name is not None for name in found[found.index(None):]), len(journal.entries()))
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
assert journal.note(answer("after"), "page", None, 0.1)
"""


def test_a_full_disk_keeps_nobody_from_answering(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path)], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    before, after, entries = (int(word) for word in done.stdout.split())
    assert before > 10 and after < 5 and entries >= before
    errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
    assert len(errors) == 1 and "tanya.db" in errors[0] and "space" in errors[0]
    assert "Questions are kept again" in done.stderr
    assert "rahasia" not in done.stderr
    assert "after" in kept(settings_in(tmp_path))


READ_ONLY = """
import logging, os, sys
from index.database import Database, DatabaseError
from index.journal import Journal
from index.settings import Settings
from tests.desk import answer
if os.geteuid() == 0:
    os.setgroups([])
    os.setuid(65534)
logging.basicConfig(format="%(levelname)s %(message)s", level="INFO")
settings = Settings(_env_file=None, data=sys.argv[1])
try:
    Database.of(settings)
except DatabaseError as error:
    print(error)
journal = Journal(Database.of(settings, patient=True), 90)
print([journal.note(answer("rahasia"), "page", None, 0.1) for _ in range(3)])
"""


def test_the_whole_file_is_written_anew_once_a_day_and_when_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1_000_000.0
    monkeypatch.setattr("index.database.time.monotonic", lambda: now)
    database = Database.of(settings_in(tmp_path))
    ran: list[str] = []
    with database.read() as connection:
        raw = connection.connection.driver_connection
        assert raw is not None
        raw.set_trace_callback(lambda statement: ran.append(statement.split()[0]))

    def anew(whole: bool = False) -> bool:
        ran.clear()
        assert database.scrub(whole)
        return "VACUUM" in ran

    assert anew(), "the first time"
    assert not anew() and anew(whole=True) and not anew()
    now += 86_401
    assert anew() and not anew()
    database.close()


@pytest.mark.parametrize("there", [True, False])
def test_a_folder_that_may_not_be_written_keeps_nobody_from_answering(there: bool) -> None:
    import tempfile

    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        folder = Path(name) / "data"
        folder.mkdir()
        if there:
            Database.of(settings_in(folder)).close()
            (folder / "tanya.db").chmod(0o444)
        folder.chmod(0o555)
        folder.parent.chmod(0o755)
        done = subprocess.run(
            [sys.executable, "-c", READ_ONLY, str(folder)], cwd=ROOT, capture_output=True, text=True
        )
        folder.chmod(0o755)
    assert done.returncode == 0, done.stderr
    first, second = done.stdout.splitlines()
    assert "tanya.db cannot be used" in first and "who may write" in first
    assert second == "[None, None, None]"
    assert done.stderr.count("not kept") == 1 and "rahasia" not in done.stderr


def test_a_damaged_file_is_told_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "tanya.db"
    path.write_bytes(b"no database at all" * 1000)
    with pytest.raises(DatabaseError, match=r"damaged.*move the file away"):
        Database.of(settings_in(tmp_path))
    assert path.read_bytes().startswith(b"no database")


def test_tables_of_a_newer_version_are_told(database: Database) -> None:
    with database.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    database._opened = False
    with pytest.raises(DatabaseError, match=r"9999.*newer"):
        database.open()


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("mysql://localhost/x", "begins with mysql:"),
        ("nonsense", "no address"),
        ("postgresql://budi:geheim@127.0.0.1:1/x", "does not answer"),
    ],
)
def test_addresses_that_lead_nowhere_are_told_without_the_password(
    tmp_path: Path, address: str, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(DatabaseError, match=said) as caught:
        Database.of(settings_in(tmp_path, address))
    assert "geheim" not in str(caught.value) and "geheim" not in caplog.text
    assert caught.value.__cause__ is None


def test_a_server_that_comes_later_is_found(
    tmp_path: Path, postgresql_server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    url = postgresql_server.address("later")
    journal = Journal(Database.of(settings_in(tmp_path, url), patient=True), 90)
    assert journal.note(answer("satu"), "page", None, 0.1) is None
    assert journal.note(answer("dua"), "page", None, 0.1) is None
    postgresql_server.execute("CREATE DATABASE later")
    assert journal.note(answer("tiga"), "page", None, 0.1)
    assert [entry.question for entry in journal.entries()] == ["tiga"]
    said = [record.levelname for record in caplog.records if record.name == "tanya.journal"]
    assert said == ["ERROR", "WARNING"] and "2 were not" in caplog.text
    journal.database.close()


def test_a_server_that_is_away_for_a_while_is_found_again(
    tmp_path: Path, postgresql_server: Server
) -> None:
    journal = Journal(Database.of(settings_in(tmp_path, postgresql_server.create())), 90)
    assert journal.note(answer("satu"), "page", None, 0.1)
    postgresql_server.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'tanya'"
    )
    assert journal.note(answer("dua"), "page", None, 0.1)
    assert len(journal.entries()) == 2
    journal.database.close()


def test_a_database_that_keeps_waiting_is_left_alone_for_a_while(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("index.database._LONG", 0.05)
    database = Database.of(settings_in(tmp_path))
    journal = Journal(database, 90)
    with pytest.raises(DatabaseError), database.begin() as connection:
        time.sleep(0.1)
        connection.execute(text("SELECT nothing"))
    began = time.monotonic()
    assert journal.note(answer("Apa?"), "page", None, 0.1) is None
    assert time.monotonic() - began < 0.05
    monkeypatch.setattr(database, "_rest", (time.monotonic() - 1, ""))
    assert journal.note(answer("Apa?"), "page", None, 0.1)
    database.close()


def test_old_questions_go_by_themselves(tmp_path: Path) -> None:
    database = Database.of(settings_in(tmp_path))
    first = Journal(database, 90)
    first._keeper = threading.current_thread()  # keeps none
    first.note(answer("alt"), "page", None, 0.1, datetime.now(UTC) - timedelta(days=91))
    assert len(first.entries()) == 1
    second = Journal(database, 90)
    second.note(answer("neu"), "page", None, 0.1)
    deadline = time.monotonic() + 10
    while len(second.entries()) > 1 and time.monotonic() < deadline:
        time.sleep(0.02)
    assert [entry.question for entry in second.entries()] == ["neu"]
    keeper = second._keeper
    assert keeper is not None and keeper.daemon
    del second
    keeper.join(10)
    assert not keeper.is_alive(), "the thread ends with its journal"
    database.close()


def test_errors_hold_no_question(database: Database) -> None:
    logging.getLogger("sqlalchemy").setLevel(logging.INFO)
    with pytest.raises(DatabaseError) as caught, database.begin() as connection:
        values = {"h": "x" * 64, "q": "pertanyaan rahasia"}
        for _ in range(2):
            connection.execute(
                text("INSERT INTO conversation VALUES (:h, :q, '2026-01-01 00:00:00')"), values
            )
    assert "rahasia" not in str(caught.value) and "xxx" not in str(caught.value)
    logging.getLogger("sqlalchemy").setLevel(logging.NOTSET)
