"""The bot behind a webhook: Telegram posts its updates to the API process.

Every worker process receives; what comes is stored in the inbox before Telegram is told that we have it,
and the one process that runs the bot answers it.
"""

from __future__ import annotations

import asyncio
import hmac
import json
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from telegram.error import BadRequest, InvalidToken, TelegramError

from bot.application import House, refusal
from bot.discretion import LOG, reason
from bot.inbox import Inbox
from bot.intake import UPDATES, concerns, letter, read
from bot.poll import Exit, Means, Patience, Watch, beside, refused, wait_after
from bot.talk import Answers, Limits, Notes
from index import metrics
from index.database import Database, DatabaseError
from index.person import hashed, secret_key
from index.settings import Settings

PATH = "/telegram"
"""Where Telegram posts, below the service's address."""
HEADER = "X-Telegram-Bot-Api-Secret-Token"
_CONNECTIONS = 40
_LOOK_SECONDS = 0.2
"""Between two looks into the inbox: other processes receive as well."""
_CHECK_SECONDS = 60.0

Background = Callable[[], AbstractAsyncContextManager[Watch]]


def webhook_refusal(settings: Settings) -> str | None:
    """Why no bot can run behind a webhook with these settings; None where one can."""
    if why := refusal(settings):
        return why
    address = urlsplit(settings.webhook_url)
    if address.scheme != "https" or not address.hostname or address.query or address.fragment:
        return (
            f"TANYA_WEBHOOK_URL is {settings.webhook_url!r}. Set it to the public https address of "
            "this service, such as https://tanya.example.org, or serve without --webhook."
        )
    secret = settings.webhook_secret
    if secret is not None and not _fit(secret.get_secret_value()):
        return (
            "TANYA_WEBHOOK_SECRET must be 16 to 256 letters, digits, underscores and hyphens, as "
            "Telegram wants it. Leave it unset, and one is made."
        )
    return None


def webhook_secret(settings: Settings) -> str:
    """What Telegram shows with each update: the operator's, or derived from the key in the data folder,
    so that all worker processes know the same."""
    if settings.webhook_secret is not None:
        return settings.webhook_secret.get_secret_value()
    return hashed(secret_key(settings), "telegram-webhook")


def webhook(
    answerer: Answers,
    settings: Settings,
    journal: Notes | None = None,
    limiter: Limits | None = None,
    patience: Patience | None = None,
) -> tuple[Background, list[BaseRoute]]:
    """What runs the bot, in one process only, and the routes of every process that serves.

    Raises ValueError where `webhook_refusal` has a reason.
    """
    if why := webhook_refusal(settings):
        raise ValueError(why)
    reception = _Reception(settings)
    means = Means(answerer, settings, journal, limiter)

    def background() -> AbstractAsyncContextManager[Watch]:
        waits = patience if patience is not None else Patience(look=_LOOK_SECONDS)
        return beside(means, waits, reception.listen)

    return background, [Route(PATH, reception.receive, methods=["POST"])]


class _Reception:
    """Receives in this process."""

    def __init__(self, settings: Settings) -> None:
        assert settings.telegram_token is not None
        token = settings.telegram_token.get_secret_value().strip()
        self._bot_id = int(token.partition(":")[0]) if token.partition(":")[0].isdecimal() else 0
        self._settings = settings
        self._secret = webhook_secret(settings).encode()
        self._inbox = Inbox(Database.of(settings, patient=True))
        self._house: House | None = None

    async def receive(self, request: Request) -> Response:
        """Store one update; 200 tells Telegram that we have it, everything else to come again."""
        given = request.headers.get(HEADER, "")
        # In constant time: how long a comparison takes must not tell how much of it is right.
        if not hmac.compare_digest(given.encode("utf-8", "replace"), self._secret):
            return Response(status_code=403)
        try:
            raw = json.loads(await request.body())
        except ValueError:
            return Response(status_code=400)
        update = read(raw)
        house = self._house
        name = house.application.bot.username if house is not None else None
        if update is None or not concerns(update, self._bot_id, name):
            return Response()  # once more would not help
        try:
            await asyncio.to_thread(self._inbox.store, [letter(update, raw)])
        except DatabaseError as error:
            LOG.error("A message cannot be stored; Telegram will send it again. %s", error)
            return Response(status_code=503, headers={"Retry-After": "10"})
        if house is not None:
            house.intake.arrived.set()
        return Response()

    async def listen(self, house: House, patience: Patience, watch: Watch) -> Exit:
        """Have Telegram post to us, and see to it that it goes on doing so."""
        bot = house.application.bot
        url = self._settings.webhook_url.rstrip("/") + PATH
        self._house = house
        failures, known, told = 0, False, 0.0
        try:
            while True:
                try:
                    if not known:
                        await bot.set_webhook(
                            url,
                            secret_token=self._secret.decode(),
                            allowed_updates=list(UPDATES),
                            max_connections=_CONNECTIONS,
                        )
                        LOG.info("Telegram posts to %s.", url)
                    info = await bot.get_webhook_info()
                except InvalidToken:
                    return refused()
                except BadRequest as error:
                    LOG.error(
                        "Telegram does not take %s as a webhook (%s). Correct TANYA_WEBHOOK_URL.",
                        url,
                        error.message,
                    )
                    return Exit.SETTING
                except TelegramError as error:
                    failures += 1
                    wait = wait_after(error, patience.after(failures))
                    LOG.warning(
                        "Telegram is out of reach (%s); next try in %.0f s.", reason(error), wait
                    )
                    await asyncio.sleep(wait)
                    continue
                failures, known = 0, info.url == url
                if not known:
                    LOG.warning("Another program has changed the webhook; it is set again.")
                    await asyncio.sleep(patience.first)
                    continue
                told = _complain(info.last_error_date, info.last_error_message, told)
                watch.last_poll = datetime.now(UTC)
                metrics.telegram_last_poll.set_to_current_time()
                await asyncio.sleep(_CHECK_SECONDS)
        finally:
            self._house = None


def _complain(at: datetime | None, message: str | None, told: float) -> float:
    """Log what Telegram says of our answers, once; returns until when it has been told."""
    moment = at.timestamp() if at is not None else 0.0
    if moment > told and moment > datetime.now(UTC).timestamp() - 2 * _CHECK_SECONDS:
        LOG.warning("Telegram could not deliver messages to the webhook: %s.", message)
    return max(told, moment)


def _fit(secret: str) -> bool:
    return 16 <= len(secret) <= 256 and all(
        c.isascii() and (c.isalnum() or c in "_-") for c in secret
    )
