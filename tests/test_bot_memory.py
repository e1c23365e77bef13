"""What the bot remembers, and how little of it lies on disk."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path

from bot.memory import LastQuestions, Memory
from index.person import secret_key
from tests.desk import settings_for

CHAT = 628123456789
DAY = date(2026, 1, 10)


def everything_on_disk(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_a_chat_keeps_its_language(tmp_path: Path) -> None:
    settings = settings_for(None, tmp_path)
    memory = Memory.of(settings)
    assert memory.language(CHAT) is None
    memory.choose(CHAT, "en")
    memory.choose(-CHAT, "id")
    again = Memory.of(settings)
    assert (again.language(CHAT), again.language(-CHAT)) == ("en", "id")
    again.choose(CHAT, "id")
    assert memory.language(CHAT) == "id"
    again.choose(CHAT, None)
    assert memory.language(CHAT) is None


def test_no_chat_id_lies_on_disk(tmp_path: Path) -> None:
    memory = Memory.of(settings_for(None, tmp_path))
    memory.choose(CHAT, "en")
    memory.language(CHAT)
    found = everything_on_disk(tmp_path)
    assert b"en" in found
    assert str(CHAT).encode() not in found
    for size in (6, 8):
        for order in ("little", "big"):
            assert CHAT.to_bytes(size, order) not in found


def test_other_keys_name_chats_otherwise(tmp_path: Path) -> None:
    path = tmp_path / "bot.sqlite3"
    Memory(path, b"one", 90).choose(CHAT, "en")
    assert Memory(path, b"two", 90).language(CHAT) is None
    assert Memory(path, b"one", 90).language(CHAT) == "en"


def test_the_operators_key_is_used_and_never_written(tmp_path: Path) -> None:
    settings = settings_for(None, tmp_path, secret="kunci-rahasia")
    Memory.of(settings).choose(CHAT, "en")
    assert secret_key(settings) == b"kunci-rahasia"
    assert not (tmp_path / "secret").exists()
    assert b"kunci-rahasia" not in everything_on_disk(tmp_path)


def test_the_random_key_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    settings = settings_for(None, tmp_path / "new")
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: secret_key(settings), range(16)))
    assert len(keys) == 1 and len(keys.pop()) == 64
    assert stat.S_IMODE((tmp_path / "new" / "secret").stat().st_mode) == 0o600
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["secret"]


def test_what_is_not_used_is_forgotten(tmp_path: Path) -> None:
    path = tmp_path / "bot.sqlite3"
    memory = Memory(path, b"key", retention_days=90)
    memory.choose(1, "en", DAY)
    memory.choose(2, "en", DAY)
    used = DAY + timedelta(days=60)
    assert memory.language(1, used) == "en"
    later = DAY + timedelta(days=91)
    assert memory.language(2, later) is None
    assert memory.language(1, later) == "en"
    assert Memory(path, b"key", 90).language(1, later + timedelta(days=91)) is None


def test_forgotten_rows_leave_no_bytes(tmp_path: Path) -> None:
    memory = Memory(tmp_path / "bot.sqlite3", b"key", 90)
    memory.choose(CHAT, "en")
    name = memory._hash(CHAT).encode()
    assert name in everything_on_disk(tmp_path)
    memory.choose(CHAT, None)
    assert name not in everything_on_disk(tmp_path)


def test_threads_do_not_disturb_each_other(tmp_path: Path) -> None:
    memory = Memory(tmp_path / "bot.sqlite3", b"key", 90)

    def chat(number: int) -> str | None:
        memory.choose(number, "en" if number % 2 else "id")
        return memory.language(number)

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(chat, range(100))) == ["id", "en"] * 50


def test_a_last_question_is_remembered_for_a_while_by_few() -> None:
    now = 0.0
    last = LastQuestions(b"key", most=2, seconds=10, clock=lambda: now)
    last.keep(1, 1, "satu")
    last.keep(1, 2, "dua")
    assert (last.get(1, 1), last.get(1, 2), last.get(2, 1)) == ("satu", "dua", None)
    now = 5.0
    last.keep(1, 1, "tiga")
    last.keep(3, 1, "empat")
    assert last.get(1, 2) is None, "of more people than it has room for, the oldest goes"
    now = 14.9
    assert last.get(1, 1) == "tiga"
    now = 15.0
    last.expire()
    assert not last._kept, "what is too old is gone, not only hidden"
    last.keep(1, 1, "lima")
    last.forget(1, 1)
    assert last.get(1, 1) is None


def test_a_last_question_is_kept_under_no_id() -> None:
    last = LastQuestions(b"key")
    last.keep(CHAT, CHAT + 1, "apa?")
    assert str(CHAT) not in repr(last._kept) and str(CHAT + 1) not in repr(last._kept)
    assert last._kept.keys() != LastQuestions(b"other")._kept.keys()
