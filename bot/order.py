"""In which order updates are answered: several chats at once, one chat strictly in turn."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from telegram import Update
from telegram.ext import BaseUpdateProcessor

_REMEMBERED = 1000


class ChatOrder(BaseUpdateProcessor):
    """Answers at most `workers` updates at a time, those of one chat in the order they came.

    An update waits for its chat's turn before it takes a worker: a chat that sends a hundred
    questions keeps one worker busy, not all of them. An update that Telegram delivers twice is
    answered once.
    """

    def __init__(self, workers: int = 16, backlog: int = 256) -> None:
        super().__init__(max_concurrent_updates=backlog)
        self._workers = asyncio.Semaphore(workers)
        self._turns: dict[int, tuple[asyncio.Lock, int]] = {}
        self._seen: OrderedDict[int, None] = OrderedDict()
        self._moved = asyncio.Event()

    async def room(self) -> None:
        """Wait until fewer updates than the backlog are waiting or being answered."""
        while self.current_concurrent_updates >= self.max_concurrent_updates:
            self._moved.clear()
            await self._moved.wait()

    async def do_process_update(self, update: object, coroutine: Awaitable[Any]) -> None:
        """Process `update` when it is its turn."""
        if self._repeated(update):
            if isinstance(coroutine, Coroutine):
                coroutine.close()
            return
        try:
            async with self._turn(update), self._workers:
                await coroutine
        finally:
            self._moved.set()

    async def initialize(self) -> None:
        """Nothing to prepare."""

    async def shutdown(self) -> None:
        """Nothing to give back."""

    def _repeated(self, update: object) -> bool:
        if not isinstance(update, Update):
            return False
        if update.update_id in self._seen:
            return True
        self._seen[update.update_id] = None
        if len(self._seen) > _REMEMBERED:
            self._seen.popitem(last=False)
        return False

    @asynccontextmanager
    async def _turn(self, update: object) -> AsyncIterator[None]:
        chat = update.effective_chat if isinstance(update, Update) else None
        if chat is None:
            yield
            return
        lock, waiting = self._turns.get(chat.id, (asyncio.Lock(), 0))
        self._turns[chat.id] = (lock, waiting + 1)
        try:
            async with lock:
                yield
        finally:
            lock, waiting = self._turns[chat.id]
            if waiting == 1:
                del self._turns[chat.id]
            else:
                self._turns[chat.id] = (lock, waiting - 1)
