"""What Telegram shows before anyone has written: the menus of commands and the profile."""

from __future__ import annotations

from telegram import (
    BotCommand,
    BotCommandScope,
    BotCommandScopeAllGroupChats,
    BotCommandScopeAllPrivateChats,
    BotCommandScopeDefault,
)
from telegram.error import TelegramError
from telegram.ext import ExtBot

from bot.discretion import LOG, reason
from bot.markup import shorten
from bot.message import Messages
from index.settings import Settings

COMMANDS = (
    "ask",
    "latest",
    "sources",
    "new",
    "language",
    "help",
    "privacy",
    "forget",
    "start",
)
_IN_GROUPS = ("ask", "latest", "sources", "new", "language", "help", "privacy", "forget")
_IN_PRIVATE = COMMANDS[1:]  # there every text is a question

SCOPES: tuple[tuple[BotCommandScope, tuple[str, ...]], ...] = (
    (BotCommandScopeDefault(), COMMANDS),
    (BotCommandScopeAllPrivateChats(), _IN_PRIVATE),
    (BotCommandScopeAllGroupChats(), _IN_GROUPS),
)
_DESCRIPTION, _SHORT_DESCRIPTION = 512, 120


async def introduce(bot: ExtBot[int], settings: Settings) -> None:
    """Set menus and profile, in Indonesian for whose Telegram is Indonesian, else in English.

    The bot works without them: a failure is only logged.
    """
    try:
        for language, code in (("en", None), ("id", "id")):
            texts = Messages.of(language, settings)
            for scope, names in SCOPES:
                commands = [BotCommand(name, texts.menu(name)) for name in names]
                await bot.set_my_commands(commands, scope, code)
            described = shorten(texts.menu("description"), _DESCRIPTION)
            await bot.set_my_description(described, code)
            short = shorten(texts.menu("short_description"), _SHORT_DESCRIPTION)
            await bot.set_my_short_description(short, code)
    except TelegramError as error:
        LOG.warning("Telegram did not take the bot's menu (%s).", reason(error))
