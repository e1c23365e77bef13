"""In which order updates are answered: several chats at once, one chat strictly in turn."""

from __future__ import annotations

import asyncio
from collections import Counter, OrderedDict
from collections.abc import AsyncIterator, Awaitable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from telegram import Update
from telegram.ext import BaseUpdateProcessor

from bot.errand import Errand, errand

_REMEMBERED = 1000


class ChatOrder(BaseUpdateProcessor):
    """Answers at most `workers` updates at a time, those of one chat in the order they came.

    An update waits for its chat's turn before it takes a worker: a chat that sends a hundred questions
    keeps one worker busy, not all of them. Groups have at most half of the workers, and half of the
    places to wait: however many of them there are, private chats go on. An update that Telegram delivers
    twice is answered once. Of what one person types inline only the latest is looked for.
    """

    def __init__(self, workers: int = 16, backlog: int = 256, chat_backlog: int = 60) -> None:
        """`backlog`: places to wait, of groups and of others each; `chat_backlog`: of one chat."""
        super().__init__(max_concurrent_updates=4 * backlog)
        self._workers = asyncio.Semaphore(workers)
        self._crowds = asyncio.Semaphore(max(1, workers // 2))
        self._backlog, self._chat_backlog = backlog, chat_backlog
        self._inside = {True: 0, False: 0}  # by whether of a group
        self._of_chat: Counter[int] = Counter()
        self._turns: dict[int, tuple[asyncio.Lock, int]] = {}
        self._seen: OrderedDict[int, None] = OrderedDict()
        self._typed: dict[int, int] = {}
        self._kept: dict[int, Errand] = {}
        self._closing = False
        self.moved = asyncio.Event()
        """Set whenever a place has become free."""

    def room(self, crowd: bool) -> int:
        """How many more updates of groups, or of others, there are places for."""
        return max(0, self._backlog - self._inside[crowd])

    def full(self, chat: int) -> bool:
        """Whether so many updates of `chat` wait that it must slow down."""
        return self._of_chat[chat] >= self._chat_backlog

    def keep(self, update_id: int, of: Errand) -> None:
        """`of` follows the update that will come with `update_id`."""
        self._kept[update_id] = of

    def enter(self, update: Update) -> None:
        """Give `update` a place; to be called before it is handed over."""
        self._count(update, 1)
        if update.inline_query is not None:
            self._typed[update.inline_query.from_user.id] = update.update_id

    def close(self) -> None:
        """Begin nothing more: what waits is answered after the next start."""
        self._closing = True

    async def do_process_update(self, update: object, coroutine: Awaitable[Any]) -> None:
        """Process `update` when it is its turn."""
        assert isinstance(update, Update)  # nothing else is handed over
        crowd, kept = is_crowd(update), self._kept.pop(update.update_id, None)
        try:
            if self._repeated(update):
                return
            async with self._turn(update), self._worker(crowd):
                if self._closing or not self._wanted(update):
                    return
                if kept is not None:
                    await kept.begin()
                with errand(kept):
                    await coroutine
                # What failed because we are going is answered after the next start.
                if kept is not None and not (self._closing and kept.failed):
                    await kept.close()
        finally:
            if isinstance(coroutine, Coroutine):
                coroutine.close()  # of no effect where it has run
            self._count(update, -1)
            self.moved.set()

    async def initialize(self) -> None:
        """Nothing to prepare."""

    async def shutdown(self) -> None:
        """Nothing to give back."""

    def _count(self, update: Update, change: int) -> None:
        self._inside[is_crowd(update)] += change
        if (name := place(update)) is not None:
            self._of_chat[name] += change
            if self._of_chat[name] <= 0:
                del self._of_chat[name]

    def _repeated(self, update: Update) -> bool:
        if update.update_id in self._seen:
            return True
        self._seen[update.update_id] = None
        if len(self._seen) > _REMEMBERED:
            self._seen.popitem(last=False)
        return False

    def _wanted(self, update: Update) -> bool:
        query = update.inline_query
        if query is None:
            return True
        latest = self._typed.get(query.from_user.id) == update.update_id
        if latest:
            del self._typed[query.from_user.id]
        return latest

    @asynccontextmanager
    async def _worker(self, crowd: bool) -> AsyncIterator[None]:
        if crowd:
            async with self._crowds, self._workers:
                yield
        else:
            async with self._workers:
                yield

    @asynccontextmanager
    async def _turn(self, update: Update) -> AsyncIterator[None]:
        name = place(update)
        if name is None:
            yield
            return
        lock, waiting = self._turns.get(name, (asyncio.Lock(), 0))
        self._turns[name] = (lock, waiting + 1)
        try:
            async with lock:
                yield
        finally:
            lock, waiting = self._turns[name]
            if waiting == 1:
                del self._turns[name]
            else:
                self._turns[name] = (lock, waiting - 1)


def place(update: Update) -> int | None:
    """Whose turn it is: the chat's; inline, where there is none, the person's."""
    if update.effective_chat is not None:
        return update.effective_chat.id
    return update.effective_user.id if update.effective_user is not None else None


def is_crowd(update: Update) -> bool:
    """Whether `update` is of a group."""
    chat = update.effective_chat
    return chat is not None and chat.type != chat.PRIVATE
