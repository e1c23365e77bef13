"""The python-telegram-bot application: our handlers, limits and time-outs put together."""

from __future__ import annotations

import asyncio
import re
from typing import Any, cast
from urllib.parse import urlsplit

import telegram
from telegram import Update
from telegram.error import InvalidToken, TelegramError
from telegram.ext import (
    Application,
    ApplicationBuilder,
    BaseHandler,
    CallbackContext,
    CallbackQueryHandler,
    ChosenInlineResultHandler,
    CommandHandler,
    ExtBot,
    InlineQueryHandler,
    MessageHandler,
    filters,
)

from bot.buttons import Buttons
from bot.chat import Chat
from bot.commands import CHOICE, Commands
from bot.deliver import Courtesy
from bot.discretion import keep_secret, reason
from bot.inbox import Inbox
from bot.inline import Inline
from bot.intake import Intake
from bot.keyboard import AGAIN, RATE, REASON, SHOW
from bot.link import Links
from bot.memory import OLD_FILE, Memory
from bot.order import ChatOrder
from bot.render import RELATED
from bot.talk import Answers, Context, Limits, Notes, Talk
from index.database import Database
from index.related import bank
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


class BotError(Exception):
    """Something that Telegram does not let us do; the message says what to do about it."""


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


def username(settings: Settings) -> str:
    """The bot's name, as Telegram gives it. BotError where it cannot be asked."""
    assert settings.telegram_token is not None  # `refusal` has seen to it
    token = settings.telegram_token.get_secret_value().strip()
    keep_secret(token)

    async def ask() -> str:
        async with telegram.Bot(token, base_url=f"{settings.telegram_api.rstrip('/')}/bot") as bot:
            return bot.username

    try:
        return asyncio.run(ask())
    except InvalidToken:
        raise BotError(
            "Telegram refuses the token in TANYA_TELEGRAM_TOKEN. Copy it again from @BotFather."
        ) from None
    except TelegramError as error:
        raise BotError(
            f"Telegram at {settings.telegram_api} cannot be asked for the bot's name "
            f"({reason(error)}). Give it with --bot."
        ) from None


class House:
    """Everything behind one bot, made of `settings`; `close` gives it back."""

    def __init__(
        self,
        answerer: Answers,
        settings: Settings,
        journal: Notes | None = None,
        limiter: Limits | None = None,
    ) -> None:
        """Raises ValueError where `refusal` has a reason."""
        self.settings = settings
        self.database = Database.of(settings, patient=True)
        self.memory = Memory.of(settings, self.database)
        self.inbox = Inbox(self.database)
        self.order = ChatOrder()
        links = Links(self.memory, bank(settings))
        self.talk = Talk(answerer, settings, self.memory, links, journal)
        self.intake = Intake(self.inbox, self.order, self.talk, limiter)
        self.application = _application(self.talk, settings, self.order)

    def take_over(self) -> None:
        """Take over what earlier versions kept. Raises DatabaseError."""
        self.memory.take_over(self.settings.data / OLD_FILE)

    def close(self) -> None:
        """Give the database and the threads back."""
        self.talk.close()
        self.database.close()


def create_application(
    answerer: Answers,
    settings: Settings,
    journal: Notes | None = None,
    limiter: Limits | None = None,
) -> Bot:
    """The bot that `settings` describe; its updates come through `update_queue`.

    Raises ValueError where `refusal` has a reason. The token is kept out of the logs from here on.
    """
    return House(answerer, settings, journal, limiter).application


def _application(talk: Talk, settings: Settings, order: ChatOrder) -> Bot:
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
        .concurrent_updates(order)
        .connect_timeout(10)
        .read_timeout(15)
        .pool_timeout(10)
        .updater(None)  # bot.poll fetches: it knows when to give up, and says why in a sentence
        .job_queue(None)
        .build()
    )
    # The builder's types do not carry the rate limiter's on to the context.
    bot = cast(Bot, application)
    chat = Chat(talk)
    bot.add_handlers(_handlers(talk, chat))
    bot.add_error_handler(chat.on_error)
    return bot


def _handlers(talk: Talk, chat: Chat) -> list[BaseHandler[Update, Context, None]]:
    """What we react to, first match wins."""
    commands = Commands(talk, chat)
    buttons = Buttons(talk, chat, commands)
    inline = Inline(talk)
    new = filters.UpdateType.MESSAGE
    private = new & filters.ChatType.PRIVATE
    group = new & filters.ChatType.GROUPS
    return [
        CommandHandler("ask", chat.ask, new),
        CommandHandler("start", commands.start, new),
        CommandHandler("help", commands.help, new),
        CommandHandler("new", commands.new, new),
        CommandHandler("latest", commands.latest, new),
        CommandHandler("sources", commands.sources, new),
        CommandHandler("language", commands.language, new),
        CommandHandler("privacy", commands.privacy, new),
        CommandHandler("forget", commands.forget, new),
        MessageHandler(private & filters.COMMAND, chat.unknown_command),
        MessageHandler(private & filters.TEXT, chat.private),
        MessageHandler(group & filters.TEXT & ~filters.COMMAND, chat.group),
        MessageHandler(filters.UpdateType.EDITED_MESSAGE & filters.TEXT, chat.edited),
        MessageHandler(private & ~filters.StatusUpdate.ALL, chat.wordless),
        CallbackQueryHandler(buttons.language, f"^{CHOICE}"),
        CallbackQueryHandler(buttons.related, f"^{RELATED}"),
        CallbackQueryHandler(buttons.show, f"^{SHOW}"),
        CallbackQueryHandler(buttons.rate, f"^{RATE}"),
        CallbackQueryHandler(buttons.reason, f"^{REASON}"),
        CallbackQueryHandler(buttons.again, f"^{AGAIN}$"),
        CallbackQueryHandler(buttons.unknown),
        InlineQueryHandler(inline.query),
        ChosenInlineResultHandler(inline.chosen),
    ]
