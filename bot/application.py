"""The python-telegram-bot application: our handlers, limits and time-outs put together."""

from __future__ import annotations

from typing import Any, cast

from telegram.ext import Application, ApplicationBuilder, CallbackContext, ExtBot

from bot.chat import Asks, Chat
from bot.deliver import Courtesy
from bot.discretion import keep_secret
from bot.order import ChatOrder
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


def create_application(answerer: Asks, settings: Settings) -> Bot:
    """The bot that `settings` describe; its updates come through `update_queue`.

    Raises ValueError where no token is set. The token is kept out of the logs from here on.
    """
    token = settings.telegram_token.get_secret_value().strip() if settings.telegram_token else ""
    if not token:
        raise ValueError("TANYA_TELEGRAM_TOKEN is not set")
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
