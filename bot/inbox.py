"""The durable inbox: what Telegram has handed over, and how far each has got.

An update is stored before Telegram is told that we have it, and its text is deleted as soon as it is
answered. States: waiting → taken → answering → sending → done, or reporting, or failed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, select, update

from index.database import Database
from index.tables import telegram_update as table

MOST_ATTEMPTS = 3
"""A message that takes the process down so often is given up."""
KEPT_DAYS = 2
"""Telegram repeats an update for a day at most: as long we know that it was answered."""
_BATCH = 500
_ENDED = ("done", "failed")


@dataclass(frozen=True, slots=True)
class Letter:
    """An update that is stored. `body`: its JSON; `crowd`: whether it is of a group."""

    update_id: int
    body: str
    crowd: bool = False
    state: str = "waiting"
    attempts: int = 0


class Inbox:
    """In the database. Safe to call from threads and processes; calls block briefly.

    Each raises DatabaseError where the database fails.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def store(self, letters: Sequence[Letter]) -> set[int]:
        """Store `letters` in one step; returns which are new. Those that were there stay as they are."""
        moment = datetime.now(UTC)
        new: set[int] = set()
        with self._database.begin() as connection:
            for at in range(0, len(letters), _BATCH):
                rows = [
                    {
                        "update_id": letter.update_id,
                        "received": moment,
                        "body": letter.body,
                        "state": letter.state,
                        "crowd": letter.crowd,
                    }
                    for letter in letters[at : at + _BATCH]
                ]
                insert = self._database.insert(table).values(rows).on_conflict_do_nothing()
                new |= set(connection.scalars(insert.returning(table.c.update_id)))
        return new

    def take(self, crowd: bool, most: int) -> list[Letter]:
        """Up to `most` that wait, of groups or of others, in the order of their numbers; now "taken"."""
        if most < 1:
            return []
        first = (
            select(table.c.update_id)
            .where(table.c.state == "waiting", table.c.crowd == crowd)
            .order_by(table.c.update_id)
            .limit(most)
        )
        with self._database.read() as connection:
            ids = list(connection.scalars(first))
        if not ids:
            return []  # most looks find nothing, and need not keep others from writing
        taken = (
            update(table)
            .where(table.c.update_id.in_(ids), table.c.state == "waiting")
            .values(state="taken")
            .returning(table.c.update_id, table.c.body, table.c.crowd, table.c.attempts)
        )
        with self._database.begin() as connection:
            rows = connection.execute(taken).all()
        return sorted(
            (Letter(row[0], row[1] or "", row[2], "taken", row[3]) for row in rows),
            key=lambda letter: letter.update_id,
        )

    def begin(self, update_id: int) -> None:
        """Its answer is being looked for."""
        with self._database.begin() as connection:
            connection.execute(
                update(table)
                .where(table.c.update_id == update_id)
                .values(state="answering", attempts=table.c.attempts + 1)
            )

    def mark(self, update_id: int, state: str) -> None:
        """It is in `state`; with the last ones its text is deleted."""
        values = {"state": state, **({"body": None} if state in _ENDED else {})}
        with self._database.begin() as connection:
            connection.execute(update(table).where(table.c.update_id == update_id).values(**values))

    def recover(self) -> list[Letter]:
        """After a start: what was not finished waits again; returns what must not be answered again.

        That is, in the order of their numbers, what was being sent or reported, and what was tried
        too often. To be called by the one process that answers, before it takes anything.
        """
        again = update(table).values(state="waiting")
        open_ = table.c.state.in_(("taken", "answering"))
        with self._database.begin() as connection:
            connection.execute(again.where(open_, table.c.attempts < MOST_ATTEMPTS))
            rows = connection.execute(
                select(
                    table.c.update_id,
                    table.c.body,
                    table.c.crowd,
                    table.c.state,
                    table.c.attempts,
                )
                .where(table.c.state.not_in(("waiting", *_ENDED)))
                .order_by(table.c.update_id)
            ).all()
        return [Letter(row[0], row[1] or "", *row[2:]) for row in rows]

    def tidy(self, now: datetime | None = None) -> None:
        """Delete what was ended so long ago that Telegram cannot repeat it."""
        before = (now or datetime.now(UTC)) - timedelta(days=KEPT_DAYS)
        with self._database.begin() as connection:
            connection.execute(
                delete(table).where(table.c.state.in_(_ENDED), table.c.received < before)
            )
