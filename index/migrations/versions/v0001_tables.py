"""Questions and ratings, and what Telegram's chats need."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "question",
        sa.Column("number", _BIG, primary_key=True, autoincrement=True),
        sa.Column("id", sa.String(32), nullable=False, unique=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("door", sa.String(16), nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("question", sa.Text, nullable=False),
        sa.Column("read_as", sa.Text),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("confidence", sa.Float, nullable=False),
        sa.Column("articles", sa.Text, nullable=False),
        sa.Column("seconds", sa.Float, nullable=False),
        sa.Column("index_id", sa.Text, nullable=False),
        sa.Column("person", sa.String(64)),
    )
    op.create_index("question_at", "question", ["at"])
    op.create_index("question_outcome", "question", ["outcome", "at"])
    op.create_index("question_person", "question", ["person"])
    op.create_index("question_day", "question", ["day", "outcome", "door", "language", "seconds"])
    op.create_table(
        "rating",
        sa.Column(
            "question",
            _BIG,
            sa.ForeignKey("question.number", ondelete="CASCADE"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("helpful", sa.Boolean, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("rating_helpful", "rating", ["helpful"])
    op.create_table(
        "chat",
        sa.Column("hash", sa.String(64), primary_key=True),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("used", sa.Date, nullable=False),
    )
    op.create_index("chat_used", "chat", ["used"])
    op.create_table(
        "conversation",
        sa.Column("hash", sa.String(64), primary_key=True),
        sa.Column("question", sa.Text, nullable=False),
        sa.Column("asked", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("conversation_asked", "conversation", ["asked"])
    op.create_table(
        "telegram_update",
        sa.Column("update_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("received", sa.DateTime(timezone=True), nullable=False),
        sa.Column("body", sa.Text),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    )
    op.create_index("telegram_update_state", "telegram_update", ["state", "received"])


def downgrade() -> None:
    for table in ("telegram_update", "conversation", "chat", "rating", "question"):
        op.drop_table(table)
