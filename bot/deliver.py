"""Getting one message to Telegram: once, in time, and in plain text where the HTML is refused."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import httpx
from telegram import LinkPreviewOptions, Message
from telegram.constants import ParseMode
from telegram.error import BadRequest, NetworkError, TimedOut
from telegram.ext import AIORateLimiter

from bot.discretion import LOG
from bot.render import Rendered

_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)
_WAITS = (0.5, 2.0, 5.0)
"""Seconds before the second, third and fourth attempt."""


class Courtesy(AIORateLimiter):
    """Telegram's flood limits, honoured for what people wait for.

    A refused typing action or menu must not hold up answers: such calls are neither delayed nor
    repeated (AIORateLimiter pauses every call while one waits for its `retry_after`).
    """

    _WAITED_FOR = frozenset({"sendMessage", "editMessageText"})

    def __init__(self) -> None:
        super().__init__(max_retries=3)

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
        return await super().process_request(
            callback, args, kwargs, endpoint, data, rate_limit_args
        )


async def deliver(to: Message, rendered: Rendered, quote: bool) -> None:
    """Send `rendered` into the chat (and topic) of `to`; `quote` makes it a reply to `to`.

    Raises TelegramError where Telegram cannot be reached or refuses the message for good.
    """

    async def send(html: bool) -> None:
        await to.reply_text(
            rendered.html if html else rendered.plain,
            parse_mode=ParseMode.HTML if html else None,
            reply_markup=rendered.keyboard if html else None,
            link_preview_options=_NO_PREVIEW,
            do_quote=quote,
            # Whoever deletes the question still gets the answer.
            allow_sending_without_reply=True if quote else None,
        )

    try:
        await persist(lambda: send(html=True))
    except BadRequest as error:
        if "chat not found" in error.message.lower():
            raise
        # Mostly "can't parse entities", or a link that Telegram does not take as a button. The
        # plain text holds the links too. The reason may quote the text: it stays out of the log.
        LOG.error("Telegram refused a formatted message (BadRequest); it is sent as plain text.")
        await persist(lambda: send(html=False))


async def persist(send: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Call `send` until Telegram takes the message, a few times at most.

    It is repeated only where the message surely or almost surely did not arrive: no connection, a
    connection cut before the reply, a 5xx. After a time-out in waiting for the reply it may have
    arrived, and a person must not get it twice.
    """
    for wait in _WAITS:
        try:
            return await send()
        except BadRequest:
            raise
        except TimedOut as error:
            if not isinstance(error.__cause__, httpx.ConnectTimeout | httpx.PoolTimeout):
                raise
        except NetworkError:
            pass
        await asyncio.sleep(wait)
    return await send()
