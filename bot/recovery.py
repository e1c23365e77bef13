"""After a restart: what must not be answered again is reported, to its person and in the log."""

from __future__ import annotations

import asyncio
from typing import Any

from telegram import Message, Update

from bot.chat import unsure_message
from bot.deliver import deliver
from bot.discretion import LOG, described
from bot.errand import Errand
from bot.inbox import Inbox, Letter
from bot.intake import read
from bot.keyboard import keyboard
from bot.mention import asks_command, question_for
from bot.render import Rendered, related_question
from bot.talk import Talk


async def recover(application: Any, inbox: Inbox, talk: Talk) -> None:
    """Let wait again what had not been sent, and report the rest.

    What was being sent may have arrived or not: its person is offered to see the answer, once. What took
    the process down several times is given up, with a sentence. DatabaseError where the inbox fails.
    """
    for letter in await asyncio.to_thread(inbox.recover):
        application.create_task(_settle(application, inbox, talk, letter))


async def _settle(application: Any, inbox: Inbox, talk: Talk, letter: Letter) -> None:
    errand = Errand(inbox, letter.update_id)
    errand.fail()
    if letter.state == "reporting":
        LOG.warning("An answer may not have arrived, and its person may not know of it.")
    else:
        await errand.reporting()
        try:
            await _report(application, talk, letter)
        except Exception as error:  # a message that failed before must not keep us from starting
            LOG.warning("A person could not be told of a lost answer: %s.", described(error))
    await errand.close()


async def _report(application: Any, talk: Talk, letter: Letter) -> None:
    bot = application.bot
    update = read(letter.body, bot)
    message = update.effective_message if update is not None else None
    if update is None or not isinstance(message, Message):
        return
    messages = await talk.reader(update)
    if letter.state != "sending":
        LOG.error("A message was tried %d times in vain and is given up.", letter.attempts)
        await deliver(message, Rendered.of(messages.say("unanswered"), keyboard(())), quote=True)
        return
    tapped = _tapped(update, message)
    if tapped is None and not _asks(update, message, bot.id, bot.username):
        return
    LOG.warning(
        "The program ended while an answer was sent. It is not sent again; the person is offered "
        "to see it."
    )
    await deliver(message, unsure_message(messages, tapped), quote=True)


def _tapped(update: Update, message: Message) -> str | None:
    query = update.callback_query
    return related_question(message.text or "", query.data or "") if query is not None else None


def _asks(update: Update, message: Message, bot_id: int, username: str) -> bool:
    if update.callback_query is not None or not message.text:
        return False
    if message.text.startswith("/"):
        return asks_command(message, username)
    private = message.chat.type == message.chat.PRIVATE
    return private or bool(question_for(message, bot_id, username))
