"""How far the answer to one update has got: what a restart must know in order not to answer it twice."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol

from bot.discretion import LOG
from index.database import DatabaseError


class Marks(Protocol):
    """What keeps the states of updates: `bot.inbox.Inbox`."""

    def begin(self, update_id: int) -> None:
        """Write down that an answer is being looked for; blocks."""

    def mark(self, update_id: int, state: str) -> None:
        """Write down that `update_id` is in `state`; blocks."""


class Errand:
    """One update on its way: answering, sending, reporting, and in the end done or failed.

    "sending" is written before the answer goes off: Telegram has no way to send a message at most once,
    so what a restart finds in that state may have arrived and is reported rather than answered again.
    """

    def __init__(self, marks: Marks, update_id: int) -> None:
        self._marks = marks
        self._update_id = update_id
        self._state = "answering"
        self.failed = False
        """Whether there will be no answer."""
        self._closed = False

    async def begin(self) -> None:
        """An answer is looked for now."""
        await self._write(self._marks.begin, self._update_id)

    async def sending(self) -> None:
        """An answer goes off now."""
        if self._state == "answering":
            self._state = "sending"
            await self._write(self._marks.mark, self._update_id, "sending")

    async def unsent(self) -> None:
        """It has surely not arrived: it may be sent again, after a restart too."""
        if self._state == "sending":
            self._state = "answering"
            await self._write(self._marks.mark, self._update_id, "answering")

    async def reporting(self) -> None:
        """Now the person is told that an answer may not have arrived."""
        self._state = "reporting"
        await self._write(self._marks.mark, self._update_id, "reporting")

    def fail(self) -> None:
        """There will be no answer; somebody was told why."""
        self.failed = True

    async def close(self) -> None:
        """Nothing more is to be sent: its text is deleted."""
        if not self._closed:
            self._closed = True
            end = "failed" if self.failed else "done"
            await self._write(self._marks.mark, self._update_id, end)

    async def _write(self, write: Callable[..., None], *values: object) -> None:
        try:
            await asyncio.to_thread(write, *values)
        except DatabaseError as error:
            # The answer does not fail for want of it; only a restart just now might answer again.
            LOG.error("How far an answer has got cannot be kept. %s", error)


_CURRENT: ContextVar[Errand | None] = ContextVar("errand", default=None)


def current() -> Errand | None:
    """The errand of the update that is being answered here, if it is kept."""
    return _CURRENT.get()


@contextmanager
def errand(of: Errand | None) -> Iterator[None]:
    """Within it `of` is the current errand."""
    token = _CURRENT.set(of)
    try:
        yield
    finally:
        _CURRENT.reset(token)
