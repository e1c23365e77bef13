"""The python-telegram-bot application: our handlers, limits and time-outs put together."""

from __future__ import annotations

import re
from typing import Any, cast
from urllib.parse import urlsplit

from telegram.ext import Application, ApplicationBuilder, CallbackContext, ExtBot

from bot.chat import Chat
from bot.deliver import Courtesy
from bot.discretion import keep_secret
from bot.order import ChatOrder
from index.answer import Asks
from index.settings import Settings

Data = dict[Any, Any]
Bot = Application[
    ExtBot[int],
    CallbackContext[ExtBot[int], Data, Data, Data],
    Data,
    Data,
    Data,
    None,
]


def refusal(settings: Settings) -> str | None:
    """Why no bot can run with these settings, and what to do; None where one can."""
    token = settings.telegram_token and settings.telegram_token.get_secret_value().strip()
    if not token:
        return (
            "TANYA_TELEGRAM_TOKEN is not set. Ask @BotFather on Telegram for a bot, "
            "and put the token it gives you there."
        )
    if not re.fullmatch(r"[\w:-]+", token, re.ASCII):
        return (
            "TANYA_TELEGRAM_TOKEN holds characters that no token has. "
            "Copy it again from @BotFather; it looks like 123456789:AA…"
        )
    address = urlsplit(settings.telegram_api)
    if address.scheme not in ("http", "https") or not address.hostname:
        return (
            f"TANYA_TELEGRAM_API is {settings.telegram_api!r}, which is no web address. "
            "Write it like https://api.telegram.org, or leave it unset."
        )
    return None


def create_application(answerer: Asks, settings: Settings) -> Bot:
    """The bot that `settings` describe; its updates come through `update_queue`.

    Raises ValueError where `refusal` has a reason. The token is kept out of the logs from here on.
    """
    if why := refusal(settings):
        raise ValueError(why)
    assert settings.telegram_token is not None
    token = settings.telegram_token.get_secret_value().strip()
    keep_secret(token)
    api = settings.telegram_api.rstrip("/")
    application = (
        ApplicationBuilder()
        .token(token)
        .base_url(f"{api}/bot")
        .base_file_url(f"{api}/file/bot")
        .rate_limiter(Courtesy())
        .concurrent_updates(ChatOrder())
        .connect_timeout(10)
        .read_timeout(15)
        .pool_timeout(10)
        .get_updates_connect_timeout(10)
        .get_updates_read_timeout(10)
        .updater(None)  # bot.poll fetches: it knows when to give up, and says why in a sentence
        .job_queue(None)
        .build()
    )
    chat = Chat(answerer, settings)
    # The builder's types do not carry the rate limiter's on to the context.
    bot = cast(Bot, application)
    bot.add_handlers(chat.handlers())
    bot.add_error_handler(chat.on_error)
    return bot
