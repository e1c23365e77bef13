"""What Telegram shows before anyone has written: the menu of commands and the profile."""

from __future__ import annotations

from telegram import BotCommand
from telegram.error import TelegramError

from bot.application import Bot
from bot.discretion import LOG, reason
from bot.message import Messages
from index.settings import Settings

COMMANDS = ("ask", "new", "language", "help", "start")


async def introduce(application: Bot, settings: Settings) -> None:
    """Set menu and profile, in Indonesian for whose Telegram is Indonesian, else in English.

    The bot works without them: a failure is only logged.
    """
    bot = application.bot
    try:
        for language, code in (("en", None), ("id", "id")):
            texts = Messages(language, settings.name, settings.contact)
            commands = [BotCommand(command, texts.menu(command)) for command in COMMANDS]
            await bot.set_my_commands(commands, language_code=code)
            await bot.set_my_description(texts.menu("description"), code)
            await bot.set_my_short_description(texts.menu("short_description"), code)
    except TelegramError as error:
        LOG.warning("Telegram did not take the bot's menu (%s).", reason(error))
