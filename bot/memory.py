"""What the bot remembers, under hashes of ids: languages, last questions, which answer is whose."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from sqlalchemy import delete, select, update

from bot.discretion import LOG
from index.database import Database
from index.person import HASH_LENGTH, hashed, secret_key
from index.settings import Settings
from index.tables import chat, conversation, telegram_answer, telegram_link

LAST_SECONDS = 600.0
"""How long a last question is remembered."""
EDIT_DAYS = 2
"""People can edit a message for 48 hours; as long we know which answer is to be edited with it."""
_HALF = HASH_LENGTH // 2
OLD_FILE = "bot.sqlite3"
"""Where languages were kept before there was one database."""


def now() -> datetime:
    """The current moment in UTC."""
    return datetime.now(UTC)


class Memory:
    """Of chats and people, in the database. Safe to call from threads; calls block briefly.

    Each raises DatabaseError where the database fails.
    """

    def __init__(
        self,
        database: Database,
        key: bytes,
        retention_days: int,
        clock: Callable[[], datetime] = now,
    ) -> None:
        self._database = database
        self._key = key
        self._retention = timedelta(days=retention_days)
        self._clock = clock

    @classmethod
    def of(cls, settings: Settings, database: Database) -> Memory:
        """The memory that `settings` describe, in `database`."""
        return cls(database, secret_key(settings), settings.retention_days)

    def name(self, id: int) -> str:
        """What stands for the person or chat `id`."""
        return hashed(self._key, f"telegram:{id}")

    # Languages

    def language(self, id: int) -> str | None:
        """The language that the chat `id` chose, or None. Being asked for keeps a row from ageing."""
        name, today = self.name(id), self._clock().date()
        found = select(chat.c.language, chat.c.used).where(chat.c.hash == name)
        with self._database.read() as connection:
            row = connection.execute(found).first()
        if row is None or row.used < today - self._retention:
            return None
        if row.used < today:
            with self._database.begin() as connection:
                connection.execute(update(chat).where(chat.c.hash == name).values(used=today))
        return str(row.language)

    def choose(self, id: int, language: str | None) -> None:
        """Remember the language of the chat `id`; None forgets it."""
        name, today = self.name(id), self._clock().date()
        with self._database.begin() as connection:
            if language is None:
                connection.execute(delete(chat).where(chat.c.hash == name))
                return
            values = {"language": language, "used": today}
            insert = self._database.insert(chat).values(hash=name, **values)
            connection.execute(insert.on_conflict_do_update(index_elements=["hash"], set_=values))

    # Conversations

    def last(self, id: int, person: int) -> str | None:
        """The last question of `person` in the chat `id`, so that the next may follow up on it."""
        since = self._clock() - timedelta(seconds=LAST_SECONDS)
        found = select(conversation.c.question).where(
            conversation.c.hash == self._pair(id, person), conversation.c.asked > since
        )
        with self._database.read() as connection:
            return connection.scalar(found)

    def keep(self, id: int, person: int, question: str) -> None:
        """Remember `question` in the place of the one before."""
        values = {"question": question, "asked": self._clock()}
        insert = self._database.insert(conversation).values(hash=self._pair(id, person), **values)
        with self._database.begin() as connection:
            connection.execute(insert.on_conflict_do_update(index_elements=["hash"], set_=values))

    def drop(self, id: int, person: int) -> None:
        """Forget the last question of `person` in the chat `id`."""
        with self._database.begin() as connection:
            connection.execute(
                delete(conversation).where(conversation.c.hash == self._pair(id, person))
            )

    # Which message of ours answers which of theirs

    def answered(self, id: int, question: int, answer: int) -> None:
        """Note that the message `answer` of ours answers the message `question`, in the chat `id`."""
        values = {"answer": answer, "at": self._clock()}
        insert = self._database.insert(telegram_answer).values(
            chat=self.name(id), question=question, **values
        )
        with self._database.begin() as connection:
            connection.execute(
                insert.on_conflict_do_update(index_elements=["chat", "question"], set_=values)
            )

    def answer_to(self, id: int, question: int) -> int | None:
        """The message of ours that answers the message `question`, or None."""
        found = select(telegram_answer.c.answer).where(
            telegram_answer.c.chat == self.name(id), telegram_answer.c.question == question
        )
        with self._database.read() as connection:
            return connection.scalar(found)

    # Links

    def link(self, payload: str, question: str) -> None:
        """Keep the question that a link carries as `payload`."""
        insert = self._database.insert(telegram_link).values(
            payload=payload, question=question, made=self._clock()
        )
        with self._database.begin() as connection:
            connection.execute(insert.on_conflict_do_nothing())

    def linked(self, payload: str) -> str | None:
        """The question that a link carries as `payload`, or None."""
        found = select(telegram_link.c.question).where(telegram_link.c.payload == payload)
        with self._database.read() as connection:
            return connection.scalar(found)

    # Forgetting

    def forget(self, id: int, person: int) -> None:
        """Forget `person` in every chat; a private chat `id`, which is theirs alone, too."""
        private = id == person
        theirs = conversation.c.hash.startswith(self.name(person)[:_HALF])
        with self._database.begin() as connection:
            connection.execute(delete(conversation).where(theirs))
            if private:
                name = self.name(id)
                connection.execute(delete(chat).where(chat.c.hash == name))
                connection.execute(delete(telegram_answer).where(telegram_answer.c.chat == name))
        self._database.scrub(whole=True)

    def tidy(self) -> None:
        """Delete what is too old. To be called every minute or so: nothing is only hidden for long."""
        moment = self._clock()
        with self._database.begin() as connection:
            gone = connection.execute(
                delete(conversation).where(
                    conversation.c.asked <= moment - timedelta(seconds=LAST_SECONDS)
                )
            ).rowcount
            connection.execute(
                delete(telegram_answer).where(
                    telegram_answer.c.at < moment - timedelta(days=EDIT_DAYS)
                )
            )
            connection.execute(delete(chat).where(chat.c.used < moment.date() - self._retention))
        if gone:
            self._database.scrub()

    def take_over(self, path: Path) -> int:
        """Take over the languages of the file that earlier versions wrote, once; how many they were.

        The file is deleted: the hashes of chats are the same.
        """
        if not path.exists():
            return 0
        try:
            with closing(sqlite3.connect(path, timeout=5)) as old:
                rows = old.execute("SELECT chat, language, used FROM chat").fetchall()
        except sqlite3.Error as error:
            LOG.error("The languages of %s cannot be read (%s).", path, error)
            return 0
        with self._database.begin() as connection:
            for name, language, used in rows:
                insert = self._database.insert(chat).values(
                    hash=name, language=language, used=date.fromisoformat(used)
                )
                connection.execute(insert.on_conflict_do_nothing())
        for name in (path.name, f"{path.name}-wal", f"{path.name}-shm"):
            path.with_name(name).unlink(missing_ok=True)
        LOG.info("%d chosen languages were taken over from %s.", len(rows), path)
        return len(rows)

    def _pair(self, id: int, person: int) -> str:
        """What stands for `person` in the chat `id`: begins like their name, so that all are found."""
        pair = hashed(self._key, f"telegram:{id}:{person}")
        return self.name(person)[:_HALF] + pair[_HALF:]
