"""The conversation: what people send us, and what we say to it."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections import deque
from contextlib import suppress
from typing import Any

from telegram import CallbackQuery, InlineKeyboardButton, InlineKeyboardMarkup, Message, Update
from telegram.constants import ChatAction, ParseMode
from telegram.error import BadRequest, Forbidden, NetworkError, RetryAfter, TelegramError
from telegram.ext import (
    BaseHandler,
    CallbackContext,
    CallbackQueryHandler,
    CommandHandler,
    ExtBot,
    MessageHandler,
    filters,
)

from bot.deliver import deliver, persist
from bot.discretion import LOG, described, reason
from bot.markup import plain
from bot.memory import LAST_SECONDS, LastQuestions, Memory
from bot.mention import command_text, question_for
from bot.message import Messages
from bot.render import RELATED, Rendered, related_question, render
from corpus.article import LANGUAGES
from index.answer import Answer, Asks
from index.generation import NoIndexError
from index.language import detect
from index.person import secret_key
from index.question import QuestionError
from index.settings import Settings

Context = CallbackContext[ExtBot[int], dict[Any, Any], dict[Any, Any], dict[Any, Any]]

_CHOICE = "language:"
_CHOICES = {
    "id": ("id", "indonesia", "indonesian", "bahasa"),
    "en": ("en", "english", "inggris"),
    "auto": ("auto", "automatic", "otomatis"),
}
# Telegram's language codes whose speakers read Indonesian more easily than English.
_READS_INDONESIAN = ("id", "in", "ms", "jv", "su", "min", "ban", "ace")
_TYPING_SECONDS = 1.5
_SAME_TAP_SECONDS = 5.0


class Chat:
    """The handlers of one bot."""

    def __init__(self, answerer: Asks, settings: Settings) -> None:
        self._answerer = answerer
        self._memory = Memory.of(settings)
        self._last = LastQuestions(secret_key(settings))
        self._longest = settings.max_question
        self._messages = {
            code: Messages(code, settings.name, settings.contact) for code in LANGUAGES
        }
        self._albums: deque[str] = deque(maxlen=100)
        self._taps: deque[tuple[float, str]] = deque(maxlen=100)

    def handlers(self) -> list[BaseHandler[Update, Context, None]]:
        """What we react to, first match wins. Edited messages are none of it."""
        new = filters.UpdateType.MESSAGE
        private = new & filters.ChatType.PRIVATE
        group = new & filters.ChatType.GROUPS
        return [
            CommandHandler("start", self.start, new),
            CommandHandler("help", self.help, new),
            CommandHandler("language", self.language, new),
            CommandHandler("ask", self.ask, new),
            CommandHandler("new", self.new, new),
            MessageHandler(private & filters.COMMAND, self.unknown_command),
            MessageHandler(private & filters.TEXT, self.private),
            MessageHandler(group & filters.TEXT & ~filters.COMMAND, self.group),
            MessageHandler(private & ~filters.StatusUpdate.ALL, self.wordless),
            CallbackQueryHandler(self.press_language, f"^{_CHOICE}"),
            CallbackQueryHandler(self.press_related, f"^{RELATED}"),
            CallbackQueryHandler(self.press_unknown),
        ]

    async def start(self, update: Update, context: Context) -> None:
        """/start: who we are and how to ask."""
        await self._say(update, await self._reader(update), "welcome")

    async def new(self, update: Update, context: Context) -> None:
        """/new: the next question follows up on none."""
        self._last.forget(*_person(update))
        await self._say(update, await self._reader(update), "new")

    async def help(self, update: Update, context: Context) -> None:
        """/help: how to ask."""
        messages = await self._reader(update)
        also = [messages.say("contact")] if messages.contact else []
        await self._say(update, messages, "help", *also, bot=context.bot.name)

    async def language(self, update: Update, context: Context) -> None:
        """/language shows the choice; /language id, en or auto makes it."""
        message = _message(update)
        wish = " ".join(context.args or []).lower()
        for choice, names in _CHOICES.items():
            if wish in names:
                messages = await self._choose(update, message.chat_id, choice)
                return await self._say(update, messages, _confirmation(choice))
        messages = await self._reader(update)
        buttons = [
            [InlineKeyboardButton(messages.say(f"language_button_{c}"), callback_data=_CHOICE + c)]
            for c in _CHOICES
        ]
        question = Rendered.of(messages.say("language_ask"), InlineKeyboardMarkup(buttons))
        await deliver(message, question, _quotes(message))

    async def ask(self, update: Update, context: Context) -> None:
        """/ask question, or /ask in reply to somebody's question."""
        if question := command_text(_message(update)):
            await self._answer(update, question)
        else:
            await self._say(update, await self._reader(update), "ask_how")

    async def private(self, update: Update, context: Context) -> None:
        """Any text in a private chat is a question."""
        await self._answer(update, _message(update).text or "")

    async def group(self, update: Update, context: Context) -> None:
        """In a group we answer who mentions us or replies to us, nobody else."""
        question = question_for(_message(update), context.bot.id, context.bot.username)
        if question:
            await self._answer(update, question)
        elif question is not None:
            messages = await self._reader(update)
            await self._say(update, messages, "greeted", bot=context.bot.name)

    async def wordless(self, update: Update, context: Context) -> None:
        """A voice message, a photo, a sticker: a kind sentence; one for a whole album."""
        message = _message(update)
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
        await self._say(update, await self._reader(update), key)

    async def unknown_command(self, update: Update, context: Context) -> None:
        """A command that we do not have."""
        await self._say(update, await self._reader(update), "unknown_command")

    async def press_language(self, update: Update, context: Context) -> None:
        """A button under /language."""
        query = _query(update)
        choice = (query.data or "").removeprefix(_CHOICE)
        if choice not in _CHOICES or query.message is None:
            return await self.press_unknown(update, context)
        messages = await self._choose(update, query.message.chat.id, choice)
        await _acknowledge(query)
        html = messages.say(_confirmation(choice))

        async def confirm() -> None:
            await query.edit_message_text(html, ParseMode.HTML)

        try:
            await persist(confirm)
        except BadRequest as error:
            # Tapped twice, the message reads so already; or it is too old to be edited.
            if "not modified" not in error.message.lower():
                await deliver(_message(update), Rendered.of(html), quote=False)

    async def press_related(self, update: Update, context: Context) -> None:
        """A button with a related question asks it."""
        query = _query(update)
        carrier = query.message if isinstance(query.message, Message) else None
        question = related_question((carrier and carrier.text) or "", query.data or "")
        if carrier is None or question is None:
            return await self.press_unknown(update, context)
        await _acknowledge(query)
        now, tap = time.monotonic(), f"{carrier.chat_id} {carrier.message_id} {query.data}"
        if any(tap == last and now - then < _SAME_TAP_SECONDS for then, last in self._taps):
            return  # an impatient second tap
        self._taps.append((now, tap))
        await self._answer(update, question, tapped=True)

    async def press_unknown(self, update: Update, context: Context) -> None:
        """A button that we cannot read, or whose message Telegram no longer gives us."""
        messages = await self._reader(update)
        await _acknowledge(_query(update), plain(messages.say("expired"), 200))

    async def on_error(self, update: object, context: Context) -> None:
        """A sentence in the log for whatever a handler could not cope with."""
        error = context.error
        if isinstance(error, Forbidden):
            LOG.info("A chat has blocked or removed the bot; its message stays unanswered.")
        elif isinstance(error, RetryAfter):
            LOG.warning("Telegram's flood limit did not lift in time; one message was not sent.")
        elif isinstance(error, NetworkError) and not isinstance(error, BadRequest):
            LOG.warning("Telegram could not be reached; one message was not sent.")
        elif isinstance(error, TelegramError):
            LOG.error("Telegram refused a message (%s).", type(error).__name__)
        elif error is not None:
            LOG.error("A message stays unanswered: %s.", described(error))
            if isinstance(update, Update) and update.effective_message is not None:
                with suppress(TelegramError):
                    await self._say(update, self._interface(update), "trouble")

    async def _answer(self, update: Update, question: str, tapped: bool = False) -> None:
        """One question, one message. Every failure of ours is one sentence to the person."""
        message = _message(update)
        chosen = await self._chosen(message.chat_id)
        person = _person(update)
        # A question that we offered stands for itself.
        previous = None if tapped else self._last.get(*person)
        answer, _ = await asyncio.gather(
            asyncio.to_thread(self._answerer.ask, question, None, chosen, previous=previous),
            self._type(message),
            return_exceptions=True,
        )
        if isinstance(answer, BaseException):
            code = chosen or detect(question)
            messages = self._messages[code] if code else await self._reader(update)
            apology = Rendered.of(_apology(answer, messages))
            return await deliver(message, apology, _quotes(message))
        if answer.outcome != "social":  # "thank you" does not end a conversation
            self._keep(person, answer)
        messages = self._messages.get(answer.language, self._messages["en"])
        rendered = render(answer, messages, asked=question if tapped else None)
        await deliver(message, rendered, quote=_quotes(message) and not tapped)

    def _keep(self, person: tuple[int, int], answer: Answer) -> None:
        # As it was understood: else a third question would follow up on half of one.
        understood = answer.read_as or answer.question
        question = understood if len(understood) <= self._longest else answer.question
        self._last.keep(*person, question)
        # Not only no longer used after that time: gone.
        asyncio.get_running_loop().call_later(LAST_SECONDS + 1, self._last.expire)

    async def _type(self, message: Message) -> None:
        """Show that we are at it. Only a courtesy: it may fail, and must not take long."""
        try:
            async with asyncio.timeout(_TYPING_SECONDS):
                await message.reply_chat_action(ChatAction.TYPING)
        except (TelegramError, TimeoutError):
            LOG.debug("Telegram did not take a typing action.")

    async def _say(
        self, update: Update, messages: Messages, key: str, *also: str, **values: object
    ) -> None:
        html = "\n\n".join([messages.say(key, **values), *also])
        message = _message(update)
        await deliver(message, Rendered.of(html), _quotes(message))

    async def _choose(self, update: Update, chat: int, choice: str) -> Messages:
        language = None if choice == "auto" else choice
        await asyncio.to_thread(self._memory.choose, chat, language)
        return self._messages[language] if language else self._interface(update)

    async def _chosen(self, chat: int) -> str | None:
        """The language the chat chose. An answer does not fail for want of it."""
        try:
            return await asyncio.to_thread(self._memory.language, chat)
        except sqlite3.Error as error:
            LOG.error("The chosen languages cannot be read (%s).", error)
            return None

    async def _reader(self, update: Update) -> Messages:
        """The language the chat chose, else the one of the person's Telegram."""
        chat = update.effective_chat
        chosen = await self._chosen(chat.id) if chat else None
        return self._messages[chosen] if chosen else self._interface(update)

    def _interface(self, update: Update) -> Messages:
        user = update.effective_user
        # Telegram does not always tell; we serve Indonesia first.
        code = (user and user.language_code) or "id"
        return self._messages["id" if code.split("-")[0] in _READS_INDONESIAN else "en"]


def _apology(error: BaseException, messages: Messages) -> str:
    if isinstance(error, QuestionError):
        key = error.code if error.code in ("empty", "too_long") else "not_text"
        return messages.say(key, limit=error.limit)
    if isinstance(error, NoIndexError):
        LOG.warning("A question stays unanswered: %s", error)
        return messages.say("no_index")
    LOG.error("A question stays unanswered: %s.", described(error))
    return messages.say("trouble")


def _confirmation(choice: str) -> str:
    return "language_auto" if choice == "auto" else "language_saved"


def _message(update: Update) -> Message:
    message = update.effective_message
    assert message is not None  # the filters of the handlers see to it
    return message


def _person(update: Update) -> tuple[int, int]:
    """Chat and person: in a group everybody has a conversation of their own."""
    user = update.effective_user
    return _message(update).chat_id, user.id if user else 0


def _query(update: Update) -> CallbackQuery:
    assert update.callback_query is not None  # the handlers see to it
    return update.callback_query


async def _acknowledge(query: CallbackQuery, alert: str | None = None) -> None:
    """Stop the button's waiting sign, and show `alert`. What the button does comes regardless."""
    try:
        await query.answer(alert, show_alert=alert is not None)
    except TelegramError as error:  # above all "query is too old", after a time without network
        LOG.debug("Telegram did not take the acknowledgement of a tap (%s).", reason(error))


def _quotes(message: Message) -> bool:
    """In a group an answer quotes its question, so that people see what belongs to what."""
    return message.chat.type != message.chat.PRIVATE
