"""What may run only once, however many processes serve: in one of them, and another takes over."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from api.app import Background

_SECONDS = 1.0
"""Between two looks whether the process that has the lock is gone."""
_log = logging.getLogger("tanya.serve")


@asynccontextmanager
async def alone(lock: Path, makes: Sequence[Background]) -> AsyncIterator[None]:
    """Run what each of `makes` makes, in one of all the processes that are in here with the same `lock`.

    The lock is the operating system's: it ends with its process, however that ends, and then another
    process takes it within a second.
    """
    stop = asyncio.Event()
    task = asyncio.create_task(_once(lock, makes, stop), name="alone")
    try:
        yield
    finally:
        stop.set()
        await task


async def _once(path: Path, makes: Sequence[Background], stop: asyncio.Event) -> None:
    # The file is never deleted: deleting it would let two processes hold "the" lock.
    lock = FileLock(path, thread_local=False)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        while not _taken(lock):
            if await _within(_SECONDS, stop):
                return
        try:
            async with AsyncExitStack() as stack:
                for make in makes:
                    await stack.enter_async_context(make())
                await stop.wait()
        finally:
            lock.release()
    except Exception:
        # Answers over HTTP do not depend on it.
        _log.exception("What runs beside the answers (the bot, collecting) has failed.")


def _taken(lock: FileLock) -> bool:
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return False
    return True


async def _within(seconds: float, event: asyncio.Event) -> bool:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return False
    return True
