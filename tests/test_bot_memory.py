"""What the bot remembers, and how little of it lies on disk."""

from __future__ import annotations

import sqlite3
import stat
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.inbox import MOST_ATTEMPTS, Inbox, Letter
from bot.intake import letter, read
from bot.link import Links, address, payload
from bot.memory import Memory
from corpus.question import BANK, read_suggestions
from index.database import Database
from index.person import hashed, secret_key
from index.settings import Settings
from tests.desk import settings_for

CHAT = 628123456789
START = datetime(2026, 1, 10, 12, tzinfo=UTC)


class Clock:
    """A clock that is put forward by hand."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


def everything_on_disk(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def memory(database: Database, clock: Clock) -> Memory:
    return Memory(database, b"key", 90, clock)


def test_a_chat_keeps_its_language(database: Database, database_settings: Settings) -> None:
    memory = Memory.of(database_settings, database)
    assert memory.language(CHAT) is None
    memory.choose(CHAT, "en")
    memory.choose(-CHAT, "id")
    again = Memory.of(database_settings, Database.of(database_settings))
    assert (again.language(CHAT), again.language(-CHAT)) == ("en", "id")
    again.choose(CHAT, "id")
    assert memory.language(CHAT) == "id"
    again.choose(CHAT, None)
    assert memory.language(CHAT) is None


def test_no_id_lies_on_disk(tmp_path: Path) -> None:
    settings = settings_for(None, tmp_path)
    memory = Memory.of(settings, Database.of(settings))
    memory.choose(CHAT, "en")
    memory.keep(CHAT, CHAT, "apa?")
    memory.answered(CHAT, 5, 6)
    found = everything_on_disk(tmp_path)
    assert memory.name(CHAT).encode() in found
    assert str(CHAT).encode() not in found
    for size in (6, 8):
        for order in ("little", "big"):
            assert CHAT.to_bytes(size, order) not in found


def test_other_keys_name_chats_otherwise(database: Database) -> None:
    Memory(database, b"one", 90).choose(CHAT, "en")
    assert Memory(database, b"two", 90).language(CHAT) is None
    assert Memory(database, b"one", 90).language(CHAT) == "en"


def test_the_operators_key_is_used_and_never_written(tmp_path: Path) -> None:
    settings = settings_for(None, tmp_path, secret="kunci-rahasia")
    Memory.of(settings, Database.of(settings)).choose(CHAT, "en")
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


def test_what_is_not_used_is_forgotten(memory: Memory, clock: Clock) -> None:
    memory.choose(1, "en")
    memory.choose(2, "en")
    clock.now += timedelta(days=60)
    assert memory.language(1) == "en"
    clock.now += timedelta(days=31)
    assert memory.language(2) is None, "it is hidden even before it is deleted"
    memory.tidy()
    assert memory.language(1) == "en"
    clock.now += timedelta(days=91)
    memory.tidy()
    assert memory.language(1) is None


def test_a_last_question_is_remembered_for_ten_minutes(memory: Memory, clock: Clock) -> None:
    memory.keep(1, 1, "satu")
    memory.keep(1, 2, "dua")
    assert (memory.last(1, 1), memory.last(1, 2), memory.last(2, 1)) == ("satu", "dua", None)
    clock.now += timedelta(minutes=5)
    memory.keep(1, 1, "tiga")
    clock.now += timedelta(minutes=5)
    assert (memory.last(1, 1), memory.last(1, 2)) == ("tiga", None)
    memory.drop(1, 1)
    assert memory.last(1, 1) is None


def test_what_is_forgotten_leaves_no_bytes(tmp_path: Path) -> None:
    settings, clock = settings_for(None, tmp_path), Clock()
    memory = Memory(Database.of(settings), b"key", 90, clock)
    memory.keep(1, 1, "pertanyaan-rahasia")
    memory.keep(2, 2, "pertanyaan-lain")
    memory.choose(1, "en")
    memory.answered(1, 5, 6)
    memory.forget(1, 1)
    assert (memory.last(1, 1), memory.language(1), memory.answer_to(1, 5)) == (None, None, None)
    assert b"pertanyaan-rahasia" not in everything_on_disk(tmp_path)
    assert memory.name(1).encode() not in everything_on_disk(tmp_path)
    assert memory.last(2, 2) == "pertanyaan-lain"
    clock.now += timedelta(minutes=11)
    memory.tidy()
    assert b"pertanyaan-lain" not in everything_on_disk(tmp_path)


def test_forgetting_somebody_leaves_others_and_the_groups_language(memory: Memory) -> None:
    memory.choose(-7, "en")
    for chat, person in ((-7, 1), (-8, 1), (1, 1), (-7, 2)):
        memory.keep(chat, person, "satu")
    memory.forget(-7, 1)
    assert memory.language(-7) == "en"
    assert [memory.last(chat, 1) for chat in (-7, -8, 1)] == [None] * 3
    assert memory.last(-7, 2) == "satu"


def test_what_is_stored_of_an_update_names_nobody() -> None:
    person = {"id": 7, "is_bot": False, "first_name": "Siti", "last_name": "N", "username": "siti"}
    bot = {"id": 5, "is_bot": True, "first_name": "Tanya", "username": "TanyaBot"}
    message = {
        "message_id": 1,
        "date": 0,
        "text": "Apa?",
        "from": person,
        "chat": {"id": 7, "type": "private", "first_name": "Siti", "username": "siti"},
    }
    raw = {"update_id": 3, "message": {**message, "reply_to_message": {**message, "from": bot}}}
    update = read(raw)
    assert update is not None
    stored = letter(update, raw)
    assert "iti" not in stored.body and "TanyaBot" in stored.body
    again = read(stored.body)
    assert again is not None and again.message is not None and again.message.text == "Apa?"


def test_it_is_known_for_two_days_which_answer_is_whose(memory: Memory, clock: Clock) -> None:
    memory.answered(1, 5, 6)
    memory.answered(1, 5, 8)
    memory.answered(2, 5, 7)
    assert (memory.answer_to(1, 5), memory.answer_to(2, 5), memory.answer_to(1, 6)) == (8, 7, None)
    clock.now += timedelta(days=3)
    memory.tidy()
    assert memory.answer_to(1, 5) is None


def test_threads_do_not_disturb_each_other(memory: Memory) -> None:
    def chat(number: int) -> str | None:
        memory.choose(number, "en" if number % 2 else "id")
        return memory.language(number)

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(chat, range(60))) == ["id", "en"] * 30


def test_the_languages_of_an_earlier_version_are_taken_over_once(
    memory: Memory, tmp_path: Path
) -> None:
    path = tmp_path / "bot.sqlite3"
    with closing(sqlite3.connect(path)) as old, old:
        old.execute("CREATE TABLE chat (chat TEXT PRIMARY KEY, language TEXT, used TEXT)")
        for chat, language in ((1, "en"), (2, "en")):
            name = hashed(b"key", f"telegram:{chat}")
            old.execute("INSERT INTO chat VALUES (?, ?, '2026-01-01')", (name, language))
    memory.choose(2, "id")
    assert memory.take_over(path) == 2
    assert (memory.language(1), memory.language(2)) == ("en", "id"), "what is newer stays"
    assert not path.exists() and memory.take_over(path) == 0


# Links


def test_a_link_carries_what_telegram_lets_it_carry() -> None:
    link = address("@TanyaAseanBot", "Apa  saja\nhasil KTT?")
    assert link == f"https://t.me/TanyaAseanBot?start={payload('Apa saja hasil KTT?')}"
    carried = link.partition("?start=")[2]
    assert len(carried) <= 64 and set(carried) <= set(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"
    )
    with pytest.raises(ValueError, match="no name of a Telegram bot"):
        address("t.me/x", "Apa?")


def test_every_suggested_question_has_a_link_of_its_own(memory: Memory) -> None:
    links = Links(memory, BANK)
    texts = [text for item in read_suggestions(BANK) for text in item.text.values()]
    assert [links.question(payload(text)) for text in texts] == texts
    assert not links.keep(texts[0]), "known everywhere: nothing to store"


def test_other_questions_are_kept_for_their_link(memory: Memory) -> None:
    question = "Di mana posko kesehatan KTT?"
    assert Links(memory).question(payload(question)) is None
    assert Links(memory).keep(question)
    assert Links(memory).question(payload(question)) == question
    for nonsense in ("", "inline", "q-", payload("lain"), "q-" + "ä" * 16, "'; DROP TABLE"):
        assert Links(memory).question(nonsense) is None


# The inbox


def test_the_inbox_hands_out_each_update_once_in_order(database: Database) -> None:
    inbox = Inbox(database)
    assert inbox.store([Letter(3, "c"), Letter(1, "a"), Letter(2, "b", crowd=True)]) == {1, 2, 3}
    assert inbox.store([Letter(1, "again"), Letter(4, "d")]) == {4}
    assert [letter.body for letter in inbox.take(False, 2)] == ["a", "c"]
    assert [letter.body for letter in inbox.take(True, 9)] == ["b"]
    assert [letter.body for letter in inbox.take(False, 9)] == ["d"]
    assert inbox.take(False, 9) == inbox.take(True, 9) == inbox.take(False, 0) == []


def test_many_processes_take_each_update_once(
    database: Database, database_settings: Settings
) -> None:
    Inbox(database).store([Letter(n, "x") for n in range(1, 301)])
    boxes = [Inbox(Database.of(database_settings)) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        taken = list(pool.map(lambda n: boxes[n % 4].take(False, 25), range(40)))
    assert sorted(letter.update_id for letters in taken for letter in letters) == list(
        range(1, 301)
    )


def test_after_a_restart_what_was_not_sent_waits_again(database: Database) -> None:
    inbox = Inbox(database)
    inbox.store([Letter(n, f"{n}") for n in range(1, 8)])
    inbox.take(False, 6)  # 7 still waits
    for update_id in (2, 3, 4, 5, 6):
        inbox.begin(update_id)
    inbox.mark(3, "sending")
    inbox.mark(4, "reporting")
    inbox.mark(5, "done")
    for _ in range(MOST_ATTEMPTS - 1):
        inbox.begin(6)
    left = inbox.recover()
    assert [(letter.update_id, letter.state) for letter in left] == [
        (3, "sending"), (4, "reporting"), (6, "answering"),
    ]  # fmt: skip
    assert [letter.update_id for letter in inbox.take(False, 9)] == [1, 2, 7]
    assert inbox.store([Letter(5, "again")]) == set(), "what is done is known for a while"


def test_what_is_answered_leaves_no_bytes(tmp_path: Path) -> None:
    database = Database.of(settings_for(None, tmp_path))
    inbox = Inbox(database)
    inbox.store([Letter(1, "pertanyaan-rahasia")])
    inbox.take(False, 1)
    inbox.mark(1, "done")
    database.scrub()
    assert b"pertanyaan-rahasia" not in everything_on_disk(tmp_path)
    inbox.tidy(datetime.now(UTC) + timedelta(days=3))
    assert inbox.store([Letter(1, "neu")]) == {1}
