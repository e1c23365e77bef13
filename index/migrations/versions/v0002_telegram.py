"""Which answer on Telegram is whose, questions behind links, and groups told from private chats."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "telegram_update",
        sa.Column("crowd", sa.Boolean, nullable=False, server_default=sa.false()),
    )
    op.create_table(
        "telegram_answer",
        sa.Column("chat", sa.String(64), primary_key=True),
        sa.Column("question", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("answer", sa.BigInteger, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("telegram_answer_at", "telegram_answer", ["at"])
    op.create_table(
        "telegram_link",
        sa.Column("payload", sa.String(64), primary_key=True),
        sa.Column("question", sa.Text, nullable=False),
        sa.Column("made", sa.DateTime(timezone=True), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("telegram_link")
    op.drop_table("telegram_answer")
    op.drop_column("telegram_update", "crowd")
