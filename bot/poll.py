"""Running the bot: connect, fetch what people write, stop in good order. Troubles are sentences."""

from __future__ import annotations

import asyncio
import signal
import warnings
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from typing import Any

from filelock import FileLock, Timeout
from telegram.error import Conflict, EndPointNotFound, InvalidToken, RetryAfter, TelegramError

from bot.application import Bot, House, refusal
from bot.discretion import LOG, described, keep_secret, reason
from bot.intake import UPDATES
from bot.menu import introduce
from bot.recovery import recover
from bot.talk import Answers, Limits, Notes
from index import metrics
from index.database import DatabaseError
from index.settings import Settings

_READ_SECONDS = 10.0
"""How much longer than asked for Telegram may take to answer a long poll."""
_TIDY_SECONDS = 60.0


# The library would rather parse them itself, but then one that it cannot read holds up all others.
warnings.filterwarnings("ignore", "Please use 'Bot.getUpdates'")


class Exit(IntEnum):
    """Exit codes of `run`."""

    STOPPED = 0
    FAILED = 1
    SETTING = 2
    OTHER_POLLER = 3


@dataclass(frozen=True, slots=True)
class Patience:
    """How long the bot waits, in seconds: for updates, between attempts, for the last answers;
    and between two looks into the inbox."""

    poll: float = 25.0
    first: float = 1.0
    longest: float = 60.0
    farewell: float = 20.0
    look: float = 5.0

    def after(self, failures: int) -> float:
        """The wait after so many failures in a row: doubled each time, up to the longest."""
        return min(self.longest, self.first * 2.0 ** min(failures - 1, 20))


@dataclass(slots=True)
class Watch:
    """What a running bot shows to those who look after it."""

    username: str | None = None
    last_poll: datetime | None = None
    exit: Exit | None = None


@dataclass(frozen=True, slots=True)
class Means:
    """What a bot is made of."""

    answerer: Answers
    settings: Settings
    journal: Notes | None = None
    limiter: Limits | None = None


Feed = Callable[[House, Patience, Watch], Coroutine[Any, Any, Exit]]
"""Lets updates in, for ever; an exit code where there is no sense in going on."""


def run(
    answerer: Answers,
    settings: Settings,
    patience: Patience = Patience(),
    *,
    journal: Notes | None = None,
    limiter: Limits | None = None,
) -> int:
    """Run the bot until SIGINT or SIGTERM, or until it cannot go on; returns the exit code.

    0: stopped by a signal; 1: failed; 2: a setting must be corrected; 3: another program polls.
    """
    try:
        return asyncio.run(_run(Means(answerer, settings, journal, limiter), patience))
    except KeyboardInterrupt:  # where signals cannot be handled in the loop (Windows)
        return Exit.STOPPED


def polling(
    answerer: Answers,
    settings: Settings,
    journal: Notes | None = None,
    limiter: Limits | None = None,
    patience: Patience = Patience(),
) -> AbstractAsyncContextManager[Watch]:
    """Run the bot inside somebody else's event loop, as long as the context is open.

    Whatever ends the bot early is logged and leaves the context open.
    """
    return beside(Means(answerer, settings, journal, limiter), patience, fetch)


@asynccontextmanager
async def beside(means: Means, patience: Patience, feed: Feed) -> AsyncIterator[Watch]:
    """The bot, fed by `feed`, as long as the context is open."""
    stop, watch = asyncio.Event(), Watch()
    task = asyncio.create_task(_converse(means, patience, stop, watch, feed), name="bot")
    try:
        yield watch
    finally:
        stop.set()
        await task


async def _run(means: Means, patience: Patience) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        # Not in a thread other than the main one, and not on Windows: there ^C still interrupts.
        with suppress(NotImplementedError, ValueError, RuntimeError):
            loop.add_signal_handler(number, stop.set)
    try:
        return await _converse(means, patience, stop, Watch(), fetch)
    except asyncio.CancelledError:
        return Exit.STOPPED


async def _converse(
    means: Means, patience: Patience, stop: asyncio.Event, watch: Watch, feed: Feed
) -> Exit:
    """The whole life of the bot; raises nothing."""
    settings = means.settings
    if why := refusal(settings):
        LOG.error(why)
        watch.exit = Exit.SETTING
        return watch.exit
    assert settings.telegram_token is not None
    keep_secret(settings.telegram_token.get_secret_value().strip())
    try:
        settings.data.mkdir(parents=True, exist_ok=True)
        with FileLock(settings.data / "bot.lock", timeout=0, thread_local=False):
            house = await asyncio.to_thread(
                House, means.answerer, settings, means.journal, means.limiter
            )
            life = _live(house, patience, watch, feed)
            try:
                watch.exit = await _until(stop, life) or Exit.STOPPED
            finally:
                await asyncio.to_thread(house.close)
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


async def _live(house: House, patience: Patience, watch: Watch, feed: Feed) -> Exit:
    application = house.application
    beside: list[asyncio.Task[Any]] = []
    try:
        if (refused := await _connect(application, house.settings, patience)) is not None:
            return refused
        watch.username = application.bot.username
        LOG.info("The bot @%s is listening.", watch.username)
        await application.start()
        introduction = asyncio.create_task(introduce(application.bot, house.settings))
        feeding = asyncio.create_task(feed(house, patience, watch))
        looking = asyncio.create_task(_look_after(house, patience))
        beside += [introduction, feeding, looking]
        await asyncio.wait((feeding, looking), return_when=asyncio.FIRST_COMPLETED)
        if looking.done():
            looking.result()  # it ends only by failing
        return await feeding
    finally:
        for task in beside:
            task.cancel()
        await asyncio.gather(*beside, return_exceptions=True)
        await _farewell(house, patience)


async def _look_after(house: House, patience: Patience) -> None:
    """Hand over what waits in the inbox, what earlier lives left there first; keep things tidy."""
    with suppress(DatabaseError):
        await asyncio.to_thread(house.take_over)
    while True:
        try:
            await recover(house.application, house.inbox, house.talk)
            break
        except DatabaseError as error:
            LOG.error("Unfinished messages cannot be read. %s", error)
            await asyncio.sleep(patience.longest)
    async with asyncio.TaskGroup() as group:
        group.create_task(house.intake.pump(house.application, patience.look))
        group.create_task(_tidy(house))


async def _tidy(house: House) -> None:
    while True:
        try:
            await asyncio.to_thread(house.memory.tidy)
            await asyncio.to_thread(house.inbox.tidy)
        except DatabaseError as error:
            LOG.error("What is too old cannot be deleted yet. %s", error)
        await asyncio.sleep(_TIDY_SECONDS)


async def _connect(application: Bot, settings: Settings, patience: Patience) -> Exit | None:
    """Reach Telegram, however long it takes; an exit code where it refuses us."""
    failures = 0
    while True:
        try:
            await application.initialize()
            return None
        except InvalidToken:
            return refused()
        except TelegramError as error:
            failures += 1
            wait = wait_after(error, patience.after(failures))
            LOG.warning(
                "Cannot reach Telegram at %s (%s); trying again in %.0f s.",
                settings.telegram_api,
                reason(error),
                wait,
            )
            await asyncio.sleep(wait)


async def fetch(house: House, patience: Patience, watch: Watch) -> Exit:
    """Fetch updates for ever; an exit code where there is no sense in going on."""
    bot = house.application.bot
    failures = conflicts = offset = 0
    webhook = True
    while True:
        try:
            if webhook:
                # While a webhook is set, Telegram hands out no updates.
                webhook = not await bot.delete_webhook()
            # As JSON: one update that cannot be read must not hold up the others.
            updates: list[dict[str, Any]] = await bot.do_api_request(
                "getUpdates",
                {
                    "offset": offset,
                    "timeout": int(patience.poll),
                    "allowed_updates": list(UPDATES),
                },
                read_timeout=patience.poll + _READ_SECONDS,
            )
        except asyncio.CancelledError:
            await _confirm(house, offset)
            raise
        except (InvalidToken, EndPointNotFound):  # the same, of a call by its name
            return refused()
        except Conflict:
            # Once, it is an instance that is just stopping; and of two that go on fetching, the
            # older one meets its second conflict first, so that one of them stays.
            conflicts += 1
            if conflicts > 1:
                LOG.error(
                    "Another program fetches the messages of @%s, and only one can. "
                    "Stop the other one, or give this one a token of its own.",
                    watch.username,
                )
                return Exit.OTHER_POLLER
            LOG.warning("Another program fetches the messages of @%s. Once more.", watch.username)
            await asyncio.sleep(patience.first)
        except Exception as error:  # also a reply that is no JSON
            failures += 1
            wait = wait_after(error, patience.after(failures))
            LOG.warning("Telegram is out of reach (%s); next try in %.0f s.", reason(error), wait)
            await asyncio.sleep(wait)
        else:
            if failures:
                LOG.info("Telegram answers again.")
            failures = conflicts = 0
            watch.last_poll = datetime.now(UTC)
            metrics.telegram_last_poll.set_to_current_time()
            await house.intake.receive(house.application, updates)
            # The next call tells Telegram that we have them: they are stored now.
            known = [raw["update_id"] for raw in updates if isinstance(raw.get("update_id"), int)]
            offset = max([offset, *(update_id + 1 for update_id in known)])


async def _confirm(house: House, offset: int) -> None:
    """Tell Telegram once more which messages we have: it need not repeat them after a restart."""
    if offset:
        with suppress(TelegramError, TimeoutError):
            async with asyncio.timeout(3):
                await house.application.bot.get_updates(offset=offset, timeout=0, limit=1)


async def _farewell(house: House, patience: Patience) -> None:
    """Finish the answers under way; what waits is answered after the next start."""
    application = house.application
    house.order.close()
    if application.running:
        try:
            async with asyncio.timeout(patience.farewell):
                await application.stop()
        except TimeoutError:
            LOG.warning("Some answers were not sent within %.0f s.", patience.farewell)
    await application.shutdown()
    await application.bot.shutdown()  # where it never got as far as being initialised
    with suppress(DatabaseError):
        await asyncio.to_thread(house.database.scrub)


def refused() -> Exit:
    """Log that the token is refused; the exit code."""
    LOG.error(
        "Telegram refuses the token in TANYA_TELEGRAM_TOKEN. "
        "Copy it again from @BotFather, or ask it for a new one."
    )
    return Exit.SETTING


def wait_after(error: Exception, otherwise: float) -> float:
    """Seconds to wait: what Telegram asks for, else `otherwise`."""
    if isinstance(error, RetryAfter):
        asked = error.retry_after
        return float(asked.total_seconds() if isinstance(asked, timedelta) else asked)
    return otherwise
