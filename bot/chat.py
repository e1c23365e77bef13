"""The conversation: what people ask us, and what becomes of it."""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress

from telegram import InlineKeyboardButton, Message, Update
from telegram.constants import ChatAction
from telegram.error import BadRequest, Forbidden, NetworkError, RetryAfter, TelegramError

from bot.deliver import UnsureError, deliver, replace
from bot.discretion import LOG, described
from bot.errand import current
from bot.keyboard import AGAIN, MOST, View, keyboard
from bot.mention import asks_command, command_text, own_text, question_for
from bot.message import Messages
from bot.render import Rendered, render
from bot.talk import Context, Talk, message_of, person_of
from index.answer import Answer

_TYPING_SECONDS = 1.5


class Chat:
    """The handlers of what people write."""

    def __init__(self, talk: Talk) -> None:
        self._talk = talk
        self._albums: deque[str] = deque(maxlen=100)

    async def ask(self, update: Update, context: Context) -> None:
        """/ask question, or /ask in reply to somebody's question."""
        message = message_of(update)
        if question := command_text(message):
            own = own_text(message, context.bot.id, context.bot.username)
            return await self.answer(update, question, on_top=not own)
        messages = await self._talk.reader(update)
        await self._talk.say(
            update, messages, "ask_how", example=await self._talk.example(messages)
        )

    async def private(self, update: Update, context: Context) -> None:
        """Any text in a private chat is a question."""
        await self.answer(update, message_of(update).text or "")

    async def group(self, update: Update, context: Context) -> None:
        """In a group we answer who mentions us or replies to us, nobody else."""
        message = message_of(update)
        question = question_for(message, context.bot.id, context.bot.username)
        if question:
            own = own_text(message, context.bot.id, context.bot.username)
            return await self.answer(update, question, on_top=not own)
        if question is not None:
            messages = await self._talk.reader(update)
            example = await self._talk.example(messages)
            await self._talk.say(update, messages, "greeted", bot=context.bot.name, example=example)

    async def edited(self, update: Update, context: Context) -> None:
        """A question that was changed: our answer changes with it, in its place."""
        message, bot = message_of(update), context.bot
        private = message.chat.type == message.chat.PRIVATE
        if (message.text or "").startswith("/"):
            question = command_text(message) if asks_command(message, bot.username) else None
        elif private:
            question = message.text
        else:
            question = question_for(message, bot.id, bot.username)
        if not question:
            return
        memory = self._talk.memory
        ours = await self._talk.remembered(
            lambda: memory.answer_to(message.chat_id, message.message_id), None
        )
        await self.answer(update, question, instead_of=ours, edited=True)

    async def wordless(self, update: Update, context: Context) -> None:
        """A voice message, a photo, a sticker: a kind sentence; one for a whole album."""
        message = message_of(update)
        if album := message.media_group_id:
            if album in self._albums:
                return
            self._albums.append(album)
        if message.voice or message.audio or message.video_note:
            key = "voice"
        elif message.photo or message.video or message.animation:
            key = "picture"
        else:
            key = "sticker" if message.sticker else "other"
        await self._talk.say(update, await self._talk.reader(update), key)

    async def unknown_command(self, update: Update, context: Context) -> None:
        """A command that we do not have."""
        await self._talk.say(update, await self._talk.reader(update), "unknown_command")

    async def answer(
        self,
        update: Update,
        question: str,
        *,
        on_top: bool = False,
        offered: bool = False,
        edited: bool = False,
        instead_of: int | None = None,
    ) -> None:
        """One question, one message. Every failure of ours is one sentence to the person.

        `on_top`: the question is not among the person's words, and is shown above the answer;
        `offered`: it was ours (a button, a link), and stands for itself; `edited`: so does one that was
        changed, whose question before is not known any more. `instead_of`: our message to change.
        """
        talk, message = self._talk, message_of(update)
        chat, person = person_of(update)
        chosen = await talk.chosen(chat)
        previous = None
        if not offered and not edited:
            previous = await talk.remembered(lambda: talk.memory.last(chat, person), None)
        view_k = min(MOST, talk.settings.k)
        typing = asyncio.create_task(self._type(message, instead_of))
        try:
            answer, seconds = await talk.ask(
                question, chosen, view_k, previous, crowd=_quotes(message)
            )
        except Exception as error:
            apology = Rendered.of(await talk.apology(update, question, error))
            await typing
            await self._show(message, apology, None, instead_of, quote=_quotes(message))
            return
        await typing
        if answer.outcome != "social":  # "thank you" does not end a conversation
            await self._keep(chat, person, answer)
        id = await talk.note(answer, "telegram", person, seconds)
        messages = talk.messages.get(answer.language, talk.messages["en"])
        rendered = render(
            answer,
            messages,
            asked=question if on_top or offered else None,
            view=View(view_k, messages.language),
            below=talk.rating(answer, messages, id),
        )
        unsure = unsure_message(messages, question if on_top or offered else None)
        # "You are welcome" needs no quote, and nobody looks at it in another way.
        quote = not offered and (answer.outcome != "social" or _quotes(message))
        sent = await self._show(message, rendered, unsure, instead_of, quote)
        if sent is not None and not offered:
            memory = talk.memory
            await talk.remembered(
                lambda: memory.answered(chat, message.message_id, sent.message_id), None
            )

    async def _show(
        self,
        message: Message,
        rendered: Rendered,
        unsure: Rendered | None,
        instead_of: int | None,
        quote: bool,
    ) -> Message | None:
        """Change our message `instead_of`, else send one; returns one that was sent."""
        if instead_of is not None:
            # Where it is gone (we were told to delete it), another takes its place.
            with suppress(BadRequest):
                await replace(message.get_bot(), message.chat_id, instead_of, rendered)  # type: ignore[arg-type]
                return None
        return await deliver(message, rendered, quote, unsure)

    async def _keep(self, chat: int, person: int, answer: Answer) -> None:
        # As it was understood: else a third question would follow up on half of one.
        understood = answer.read_as or answer.question
        longest = self._talk.settings.max_question
        question = understood if len(understood) <= longest else answer.question
        memory = self._talk.memory
        await self._talk.remembered(lambda: memory.keep(chat, person, question), None)

    async def _type(self, message: Message, instead_of: int | None) -> None:
        """Show that we are at it. Only a courtesy: it may fail, and must not take long."""
        if instead_of is not None:
            return
        try:
            async with asyncio.timeout(_TYPING_SECONDS):
                await message.reply_chat_action(ChatAction.TYPING)
        except (TelegramError, TimeoutError):
            LOG.debug("Telegram did not take a typing action.")

    async def on_error(self, update: object, context: Context) -> None:
        """A sentence in the log for whatever a handler could not cope with."""
        error = context.error
        if (errand := current()) is not None:
            errand.fail()
        if isinstance(error, Forbidden):
            LOG.info("A chat has blocked or removed the bot; its message stays unanswered.")
        elif isinstance(error, UnsureError):
            LOG.warning(
                "The connection to Telegram broke while a message was sent; it may not have arrived."
            )
        elif isinstance(error, RetryAfter):
            LOG.warning("Telegram's flood limit did not lift in time; one message was not sent.")
        elif isinstance(error, NetworkError) and not isinstance(error, BadRequest):
            LOG.warning("Telegram could not be reached; one message was not sent.")
        elif isinstance(error, TelegramError):
            LOG.error("Telegram refused a message (%s).", type(error).__name__)
        elif error is not None:
            LOG.error("A message stays unanswered: %s.", described(error))
            if isinstance(update, Update) and isinstance(update.effective_message, Message):
                with suppress(TelegramError, UnsureError):
                    await self._talk.say(update, self._talk.interface(update), "trouble")


def unsure_message(messages: Messages, asked: str | None) -> Rendered:
    """What a person reads whose answer may not have arrived: a button shows it here.

    It is sent as a reply, so that the question can be read back; `asked`: one that is not in the chat.
    """
    html = messages.say("unsure")
    if asked is not None:
        html = f"<i>{messages.say('asked', question=asked)}</i>\n\n{html}"
    button = InlineKeyboardButton(messages.button("again"), callback_data=AGAIN)
    return Rendered.of(html, keyboard([[button]]))


def _quotes(message: Message) -> bool:
    """In a group a sentence quotes what it is about, so that people see what belongs to what."""
    return message.chat.type != message.chat.PRIVATE
