"""Running the bot: connect, fetch what people write, stop in good order. Troubles are sentences."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from typing import Any

from filelock import FileLock, Timeout
from telegram.error import Conflict, InvalidToken, RetryAfter, TelegramError

from bot.application import Bot, create_application, refusal
from bot.discretion import LOG, described, keep_secret, reason
from bot.menu import introduce
from bot.order import ChatOrder
from index.answer import Asks
from index.settings import Settings

# Edited messages are not among them: they were answered already.
_UPDATES = ["message", "callback_query"]


class Exit(IntEnum):
    """Exit codes of `run`."""

    STOPPED = 0
    FAILED = 1
    SETTING = 2
    OTHER_POLLER = 3


@dataclass(frozen=True, slots=True)
class Patience:
    """How long the bot waits, in seconds: for updates, between attempts, for the last answers."""

    poll: float = 25.0
    first: float = 1.0
    longest: float = 60.0
    farewell: float = 20.0

    def after(self, failures: int) -> float:
        """The wait after so many failures in a row: doubled each time, up to the longest."""
        return min(self.longest, self.first * 2.0 ** min(failures - 1, 20))


@dataclass(slots=True)
class Watch:
    """What a running bot shows to those who look after it."""

    username: str | None = None
    last_poll: datetime | None = None
    exit: Exit | None = None


def run(answerer: Asks, settings: Settings, patience: Patience = Patience()) -> int:
    """Run the bot until SIGINT or SIGTERM, or until it cannot go on; returns the exit code.

    0: stopped by a signal; 1: failed; 2: a setting must be corrected; 3: another program polls.
    """
    try:
        return asyncio.run(_run(answerer, settings, patience))
    except KeyboardInterrupt:  # where signals cannot be handled in the loop (Windows)
        return Exit.STOPPED


@asynccontextmanager
async def polling(
    answerer: Asks, settings: Settings, patience: Patience = Patience()
) -> AsyncIterator[Watch]:
    """Run the bot inside somebody else's event loop, as long as the context is open.

    Whatever ends the bot early is logged and leaves the context open.
    """
    stop, watch = asyncio.Event(), Watch()
    task = asyncio.create_task(_converse(answerer, settings, patience, stop, watch), name="bot")
    try:
        yield watch
    finally:
        stop.set()
        await task


async def _run(answerer: Asks, settings: Settings, patience: Patience) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        # Not in a thread other than the main one, and not on Windows: there ^C still interrupts.
        with suppress(NotImplementedError, ValueError, RuntimeError):
            loop.add_signal_handler(number, stop.set)
    try:
        return await _converse(answerer, settings, patience, stop, Watch())
    except asyncio.CancelledError:
        return Exit.STOPPED


async def _converse(
    answerer: Asks, settings: Settings, patience: Patience, stop: asyncio.Event, watch: Watch
) -> Exit:
    """The whole life of the bot; raises nothing."""
    if why := refusal(settings):
        LOG.error(why)
        watch.exit = Exit.SETTING
        return watch.exit
    assert settings.telegram_token is not None
    keep_secret(settings.telegram_token.get_secret_value().strip())
    try:
        settings.data.mkdir(parents=True, exist_ok=True)
        with FileLock(settings.data / "bot.lock", timeout=0, thread_local=False):
            application = create_application(answerer, settings)
            life = _live(application, settings, patience, watch)
            watch.exit = await _until(stop, life) or Exit.STOPPED
    except Timeout:
        LOG.error(
            "Another bot is already running with the data folder %s. Stop it first (tanya bot, or "
            "tanya serve with a token), or give this one its own TANYA_DATA and its own token.",
            settings.data,
        )
        watch.exit = Exit.OTHER_POLLER
    except OSError as error:
        LOG.error("The bot cannot use its data folder %s: %s.", settings.data, error.strerror)
        watch.exit = Exit.SETTING
    except Exception as error:
        LOG.error("The bot has failed: %s. Start it again.", described(error))
        watch.exit = Exit.FAILED
    if watch.exit is Exit.STOPPED:
        LOG.info("The bot has stopped.")
    return watch.exit


async def _until(stop: asyncio.Event, life: Coroutine[Any, Any, Exit]) -> Exit | None:
    """The result of `life`; None where `stop` came first, and then `life` is ended in order."""
    living, stopping = asyncio.create_task(life), asyncio.create_task(stop.wait())
    try:
        await asyncio.wait((living, stopping), return_when=asyncio.FIRST_COMPLETED)
        if living.done():
            return living.result()
        living.cancel()
        with suppress(asyncio.CancelledError):
            await living
        return None
    finally:
        stopping.cancel()
        living.cancel()


async def _live(application: Bot, settings: Settings, patience: Patience, watch: Watch) -> Exit:
    offset = _Offset()
    menu: asyncio.Task[None] | None = None
    try:
        if (refused := await _connect(application, settings, patience)) is not None:
            return refused
        watch.username = application.bot.username
        LOG.info("The bot @%s is listening.", watch.username)
        await application.start()
        menu = asyncio.create_task(introduce(application, settings))
        return await _poll(application, offset, settings, patience, watch)
    finally:
        if menu is not None:
            menu.cancel()
        await _farewell(application, offset, patience)


@dataclass(slots=True)
class _Offset:
    """The next update to fetch; fetching it tells Telegram that we have those before it."""

    next: int = 0
    ours: bool = True


async def _connect(application: Bot, settings: Settings, patience: Patience) -> Exit | None:
    """Reach Telegram, however long it takes; an exit code where it refuses us."""
    failures = 0
    while True:
        try:
            await application.initialize()
            # While a webhook is set, Telegram hands out no updates.
            await application.bot.delete_webhook()
            return None
        except InvalidToken:
            return _refused()
        except TelegramError as error:
            failures += 1
            wait = _wait(error, patience.after(failures))
            LOG.warning(
                "Cannot reach Telegram at %s (%s); trying again in %.0f s.",
                settings.telegram_api,
                reason(error),
                wait,
            )
            await asyncio.sleep(wait)


async def _poll(
    application: Bot, offset: _Offset, settings: Settings, patience: Patience, watch: Watch
) -> Exit:
    """Fetch updates for ever; an exit code where there is no sense in going on."""
    order = application.update_processor
    failures = conflicts = 0
    while True:
        if isinstance(order, ChatOrder):
            await order.room()  # Telegram keeps what we do not fetch yet
        try:
            updates = await application.bot.get_updates(
                offset=offset.next,
                timeout=timedelta(seconds=patience.poll),
                allowed_updates=_UPDATES,
            )
        except InvalidToken:
            return _refused()
        except Conflict:
            # Once, it is an instance that is just stopping; and of two that go on fetching, the
            # older one meets its second conflict first, so that one of them stays.
            conflicts += 1
            if conflicts > 1:
                offset.ours = False
                LOG.error(
                    "Another program fetches the messages of @%s, and only one can. "
                    "Stop the other one, or give this one a token of its own.",
                    watch.username,
                )
                return Exit.OTHER_POLLER
            LOG.warning("Another program fetches the messages of @%s. Once more.", watch.username)
            await asyncio.sleep(patience.first)
        except Exception as error:  # also what python-telegram-bot cannot read in an update
            failures += 1
            wait = _wait(error, patience.after(failures))
            LOG.warning("Telegram is out of reach (%s); next try in %.0f s.", reason(error), wait)
            await asyncio.sleep(wait)
        else:
            if failures:
                LOG.info("Telegram answers again.")
            failures = conflicts = 0
            watch.last_poll = datetime.now(UTC)
            for update in updates:
                offset.next = update.update_id + 1
                await application.update_queue.put(update)


async def _farewell(application: Bot, offset: _Offset, patience: Patience) -> None:
    """Finish the answers under way, and tell Telegram which messages we have."""
    if application.running:
        if offset.next and offset.ours:
            with suppress(TelegramError, TimeoutError):
                async with asyncio.timeout(3):
                    await application.bot.get_updates(offset=offset.next, timeout=0, limit=1)
        try:
            async with asyncio.timeout(patience.farewell):
                await application.stop()
        except TimeoutError:
            LOG.warning("Some answers were not sent within %.0f s.", patience.farewell)
    await application.shutdown()
    await application.bot.shutdown()  # where it never got as far as being initialised


def _refused() -> Exit:
    LOG.error(
        "Telegram refuses the token in TANYA_TELEGRAM_TOKEN. "
        "Copy it again from @BotFather, or ask it for a new one."
    )
    return Exit.SETTING


def _wait(error: Exception, otherwise: float) -> float:
    if isinstance(error, RetryAfter):
        asked = error.retry_after
        return float(asked.total_seconds() if isinstance(asked, timedelta) else asked)
    return otherwise
