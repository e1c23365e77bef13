"""Getting a message to Telegram: once, in time, and in plain text where the HTML is refused."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, TypeVar

import httpx
from telegram import CallbackQuery, LinkPreviewOptions, Message
from telegram.constants import ParseMode
from telegram.error import BadRequest, NetworkError, RetryAfter, TelegramError
from telegram.ext import AIORateLimiter, ExtBot

from bot.discretion import LOG
from bot.errand import current
from bot.render import Rendered

T = TypeVar("T")

_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)
_WAITS = (0.5, 2.0, 5.0, 15.0, 30.0)
"""Seconds before the second attempt and those after it: a short outage costs nobody an answer."""
_LONGEST_PAUSE = 120.0
"""Seconds that a message waits for Telegram's flood limits; a longer `retry_after` is a failure."""


class UnsureError(Exception):
    """The connection broke after a message was sent off: whether it arrived cannot be known."""


class Courtesy(AIORateLimiter):
    """Telegram's flood limits, honoured for what people wait for; a chat that is refused waits alone.

    AIORateLimiter keeps to 30 messages a second and 20 a minute in a group, but pauses every chat
    while one waits for its `retry_after`: one group could silence the bot. So does a refused typing
    action or menu; such calls are neither delayed nor repeated. Where several chats are refused at a
    time it is the bot that is too fast, and all of them wait.
    """

    _WAITED_FOR = frozenset({"sendMessage", "editMessageText", "editMessageReplyMarkup"})

    def __init__(self) -> None:
        super().__init__(max_retries=0)
        self._paused: dict[object, float] = {}  # until when (monotonic), by chat

    async def process_request(
        self,
        callback: Callable[..., Coroutine[Any, Any, Any]],
        args: Any,
        kwargs: dict[str, Any],
        endpoint: str,
        data: dict[str, Any],
        rate_limit_args: int | None,
    ) -> Any:
        """Call Telegram now or, for what people wait for, when the limits allow it."""
        if endpoint not in self._WAITED_FOR:
            return await callback(*args, **kwargs)
        chat, end = data.get("chat_id"), time.monotonic() + _LONGEST_PAUSE

        async def call(*args: Any, **kwargs: Any) -> Any:
            # Noted at the last moment: a kill while we wait for our turn has sent nothing.
            errand = current() if endpoint == "sendMessage" else None
            if errand is not None:
                await errand.sending()
            try:
                sent = await callback(*args, **kwargs)
            except TelegramError as error:
                if errand is not None and not _ambiguous(error):
                    await errand.unsent()
                raise
            if errand is not None:
                await errand.close()  # at once: until then a kill leaves it unsure
            return sent

        while True:
            if (pause := self._pause(chat)) > 0:
                await asyncio.sleep(pause)
            try:
                return await super().process_request(call, args, kwargs, endpoint, data, None)
            except RetryAfter as refused:
                until = time.monotonic() + _seconds(refused) + 0.1
                if until > end:
                    raise
                self._paused[chat] = max(until, self._paused.get(chat, 0.0))
                LOG.info("Telegram's flood limit: one chat waits %.0f s.", _seconds(refused))

    def _pause(self, chat: object) -> float:
        now = time.monotonic()
        self._paused = {name: until for name, until in self._paused.items() if until > now}
        if len(self._paused) > 1:
            return max(self._paused.values()) - now
        return self._paused.get(chat, now) - now


def _seconds(refused: RetryAfter) -> float:
    asked = refused._retry_after  # `retry_after` warns of a change of its type
    return asked.total_seconds()


async def deliver(
    to: Message, rendered: Rendered, quote: bool, unsure: Rendered | None = None
) -> Message | None:
    """Send `rendered` into the chat (and topic) of `to`; `quote` makes it a reply to `to`.

    Returns the message. Where the connection broke in the middle, it is not sent a second time:
    `unsure` is sent in its place, as a reply, and None returned. Raises TelegramError where Telegram
    cannot be reached or refuses the message for good, UnsureError where it broke without an `unsure`.
    """
    try:
        return await _send(to, rendered, quote)
    except UnsureError:
        if unsure is None:
            raise
    LOG.warning(
        "The connection to Telegram broke while an answer was sent. It is not sent again; "
        "the person is offered to see it."
    )
    if (errand := current()) is not None:
        await errand.reporting()
    await _send(to, unsure, quote=True)
    return None


async def _send(to: Message, rendered: Rendered, quote: bool) -> Message:
    async def send(html: bool) -> Message:
        return await to.reply_text(
            rendered.html if html else rendered.plain,
            parse_mode=ParseMode.HTML if html else None,
            reply_markup=rendered.keyboard if html else None,
            link_preview_options=_NO_PREVIEW,
            do_quote=quote,
            # Whoever deletes the question still gets the answer.
            allow_sending_without_reply=True if quote else None,
        )

    try:
        return await persist(lambda: send(html=True))
    except BadRequest as error:
        if "chat not found" in error.message.lower():
            raise
        # Mostly "can't parse entities", or a link that Telegram does not take as a button. The
        # plain text holds the links too. The reason may quote the text: it stays out of the log.
        LOG.error("Telegram refused a formatted message (BadRequest); it is sent as plain text.")
        return await persist(lambda: send(html=False))


async def replace(bot: ExtBot[int], chat: int, message: int, rendered: Rendered) -> None:
    """Make `message` of ours read `rendered`. Done twice, it is the same.

    Raises BadRequest where there is no such message, or it is too old to be edited.
    """

    async def edit(html: bool) -> None:
        await bot.edit_message_text(
            rendered.html if html else rendered.plain,
            chat,
            message,
            parse_mode=ParseMode.HTML if html else None,
            reply_markup=rendered.keyboard if html else None,
            link_preview_options=_NO_PREVIEW,
        )

    try:
        await persist(lambda: edit(html=True), again=True)
    except BadRequest as error:
        if unmodified(error):
            return
        if _gone(error):
            raise
        LOG.error("Telegram refused a formatted message (BadRequest); it is edited as plain text.")
        with suppress_unmodified():
            await persist(lambda: edit(html=False), again=True)


class suppress_unmodified(suppress):  # noqa: N801 - reads like contextlib.suppress
    """Telegram refuses an edit that changes nothing: it was made before."""

    def __init__(self) -> None:
        super().__init__(BadRequest)

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> bool:
        """Whether `error` is such a refusal."""
        return isinstance(error, BadRequest) and unmodified(error)


def unmodified(error: BadRequest) -> bool:
    """Whether an edit was refused because the message reads so already."""
    return "not modified" in error.message.lower()


def _gone(error: BadRequest) -> bool:
    said = error.message.lower()
    return "not found" in said or "can't be edited" in said


async def acknowledge(query: CallbackQuery, notice: str | None = None, alert: bool = False) -> None:
    """Stop the button's waiting sign, and show `notice`. What the button does comes regardless."""
    with suppress(NetworkError, RetryAfter):  # above all "query is too old", after an outage
        await query.answer(notice, show_alert=alert)


async def persist(send: Callable[[], Coroutine[Any, Any, T]], again: bool = False) -> T:
    """Call `send` until Telegram takes it, a few times at most; `again`: doing it twice does no harm.

    Else it is repeated only where it was surely not done: no connection, or a 5xx in reply. Where the
    connection broke, or the reply did not come in time, a person might get it twice: UnsureError.
    """
    for wait in (*_WAITS, None):
        try:
            return await send()
        except BadRequest:
            raise
        except NetworkError as error:  # time-outs too
            if not again and _ambiguous(error):
                raise UnsureError from error
            if wait is None:
                raise
        await asyncio.sleep(wait)
    raise AssertionError("the last attempt returns or raises")


def _ambiguous(error: TelegramError) -> bool:
    """Whether what was sent may have been done: neither a reply nor the lack of a connection tells."""
    cause = error.__cause__
    return isinstance(cause, httpx.HTTPError) and not isinstance(
        cause, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout
    )
