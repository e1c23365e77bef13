"""The tables of the database. What changes here gets a migration in `migrations/versions`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    false,
)
from sqlalchemy.engine import Dialect

NEWEST = "0002"
"""The last migration: a database that is there is not looked at further."""

METADATA = MetaData()
_BIG = BigInteger().with_variant(Integer(), "sqlite")  # SQLite numbers rows in INTEGER only


class Moment(TypeDecorator[datetime]):
    """An aware datetime in, an aware one in UTC out; SQLite, which knows no zones, holds UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value}: which time zone? Use datetime.now(UTC)")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        moment: datetime = value
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


class Names(TypeDecorator[tuple[str, ...]]):
    """A few names in order, one a line."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: tuple[str, ...] | None, dialect: Dialect) -> Any:
        return None if value is None else "\n".join(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> tuple[str, ...] | None:
        return None if value is None else tuple(value.split("\n")) if value else ()


question = Table(
    "question",
    METADATA,
    Column("number", _BIG, primary_key=True, autoincrement=True),
    # What the asker may rate it by: random, so that nobody rates what others asked.
    Column("id", String(32), nullable=False, unique=True),
    Column("at", Moment, nullable=False),
    Column("day", Date, nullable=False),  # of `at`, where this machine stands
    Column("door", String(16), nullable=False),
    Column("language", String(8), nullable=False),
    Column("question", Text, nullable=False),
    Column("read_as", Text),
    Column("outcome", String(16), nullable=False),
    Column("confidence", Float, nullable=False),
    Column("articles", Names, nullable=False),
    Column("seconds", Float, nullable=False),
    Column("index_id", Text, nullable=False),
    Column("person", String(64)),  # keyed hash
)
Index("question_at", question.c.at)
Index("question_outcome", question.c.outcome, question.c.at)
Index("question_person", question.c.person)
# Holds all that the overview of days counts: the rows themselves are not read.
Index(
    "question_day",
    question.c.day,
    question.c.outcome,
    question.c.door,
    question.c.language,
    question.c.seconds,
)

rating = Table(
    "rating",
    METADATA,
    Column(
        "question",
        _BIG,
        ForeignKey("question.number", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("helpful", Boolean, nullable=False),
    Column("reason", Text),
    Column("at", Moment, nullable=False),
)
Index("rating_helpful", rating.c.helpful)

chat = Table(
    "chat",
    METADATA,
    Column("hash", String(64), primary_key=True),
    Column("language", String(8), nullable=False),
    Column("used", Date, nullable=False),  # the day it last mattered, UTC
)
Index("chat_used", chat.c.used)

conversation = Table(
    "conversation",
    METADATA,
    Column("hash", String(64), primary_key=True),  # of a person in a chat
    Column("question", Text, nullable=False),  # the last one, as it was understood
    Column("asked", Moment, nullable=False),
)
Index("conversation_asked", conversation.c.asked)

telegram_update = Table(
    "telegram_update",
    METADATA,
    Column("update_id", BigInteger, primary_key=True, autoincrement=False),
    Column("received", Moment, nullable=False),
    Column("body", Text),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("crowd", Boolean, nullable=False, server_default=false()),  # of a group
)
Index("telegram_update_state", telegram_update.c.state, telegram_update.c.received)

telegram_answer = Table(
    "telegram_answer",
    METADATA,
    Column("chat", String(64), primary_key=True),  # keyed hash
    Column("question", BigInteger, primary_key=True, autoincrement=False),  # message ids
    Column("answer", BigInteger, nullable=False),
    Column("at", Moment, nullable=False),
)
Index("telegram_answer_at", telegram_answer.c.at)

telegram_link = Table(
    "telegram_link",
    METADATA,
    Column("payload", String(64), primary_key=True),
    Column("question", Text, nullable=False),  # the operator's, for a poster
    Column("made", Moment, nullable=False),
)
