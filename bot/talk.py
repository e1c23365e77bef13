"""What every handler needs: answers, texts in the reader's language, memory, journal."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from functools import partial
from typing import Any, Protocol, TypeVar

from telegram import Message, Update
from telegram.ext import CallbackContext, ExtBot

from bot.deliver import deliver
from bot.discretion import LOG, described
from bot.errand import current
from bot.keyboard import Rows, keyboard, rating_rows
from bot.link import Links
from bot.memory import Memory
from bot.message import Messages
from bot.render import Rendered
from corpus.article import LANGUAGES
from index import log, metrics
from index.answer import Answer, Asks
from index.catalogue import Catalogue
from index.database import DatabaseError
from index.filters import Filters
from index.generation import NoIndexError
from index.journal import Door
from index.language import detect
from index.question import QuestionError
from index.settings import Settings

T = TypeVar("T")
Context = CallbackContext[ExtBot[int], dict[Any, Any], dict[Any, Any], dict[Any, Any]]

# Telegram's language codes whose speakers read Indonesian more easily than English.
_READS_INDONESIAN = ("id", "in", "ms", "jv", "su", "min", "ban", "ace")


class Answers(Asks, Protocol):
    """What this door needs of `index.answer.Answerer`: safe to call from threads, may block."""

    def examples(self, language: str, count: int = 4) -> tuple[str, ...]:
        """Questions in `language` that can be answered; raises NoIndexError."""

    def catalogue(self) -> Catalogue:
        """Who published what there is, and the newest of it; raises NoIndexError."""


class Notes(Protocol):
    """What this door needs of `index.journal.Journal`: safe to call from threads, may block."""

    def note(self, answer: Answer, door: Door, person: str | None, seconds: float) -> str | None:
        """Write an answer down; the id it may be rated by, None where it could not be written."""

    def rate(self, id: str, helpful: bool, reason: str | None = None) -> bool:
        """Note what somebody thought of it; False: no such answer. Raises DatabaseError."""

    def forget(self, person: str) -> int:
        """Delete all that `person` asked; how many questions. Raises DatabaseError."""


class Limits(Protocol):
    """What this door needs of `index.limiter.Limiter`."""

    def hit(self, person: str, rate: str | None = None) -> float:
        """0.0: `person` may go on; else the seconds until that is so."""


class Talk:
    """One bot's answers, texts, memory and journal."""

    def __init__(
        self,
        answerer: Answers,
        settings: Settings,
        memory: Memory,
        links: Links,
        journal: Notes | None = None,
    ) -> None:
        self.answerer = answerer
        self.settings = settings
        self.memory = memory
        self.links = links
        self.journal = journal
        self.messages = {code: Messages.of(code, settings) for code in LANGUAGES}
        # Inference on more threads than there are cores makes every answer slower. They are threads of
        # their own: those that read and write the database must not wait for them.
        self._threads = ThreadPoolExecutor(settings.parallel, "answer")
        self._crowds = asyncio.Semaphore(max(1, settings.parallel // 2))

    def close(self) -> None:
        """Give the threads back."""
        self._threads.shutdown(wait=False)

    async def ask(
        self,
        question: str,
        language: str | None,
        k: int,
        previous: str | None = None,
        filters: Filters | None = None,
        crowd: bool = False,
    ) -> tuple[Answer, float]:
        """The answer, and the seconds it took; raises what the answerer raises.

        Of the answers that are looked for at the same moment, those for groups (`crowd`) are half at most.
        """
        began = time.perf_counter()
        ask = partial(self.answerer.ask, question, k, language, previous=previous, filters=filters)
        async with self._crowds if crowd else nullcontext():
            answer = await asyncio.get_running_loop().run_in_executor(self._threads, ask)
        return answer, time.perf_counter() - began

    async def note(self, answer: Answer, door: Door, person: int, seconds: float) -> str | None:
        """Count the answer and write it down; the journal's id, if it has one."""
        metrics.asked(door, answer, seconds)
        log.asked(door, answer, seconds, text=self.settings.log_questions)
        if self.journal is None:
            return None
        return await asyncio.to_thread(
            self.journal.note, answer, door, self.memory.name(person), seconds
        )

    def rating(self, answer: Answer, messages: Messages, id: str | None) -> Rows:
        """The buttons to rate `answer` by; none for small talk, or without a journal."""
        return rating_rows(messages, id) if id and answer.outcome != "social" else ()

    async def remembered(self, ask: Callable[[], T], otherwise: T) -> T:
        """What the memory says. An answer does not fail for want of it."""
        try:
            return await asyncio.to_thread(ask)
        except DatabaseError as error:
            LOG.error("The bot's memory cannot be used. %s", error)
            return otherwise

    async def chosen(self, chat: int) -> str | None:
        """The language that the chat chose."""
        return await self.remembered(lambda: self.memory.language(chat), None)

    async def reader(self, update: Update) -> Messages:
        """The language the chat chose, else the one of the person's Telegram."""
        chat = update.effective_chat
        chosen = await self.chosen(chat.id) if chat else None
        return self.messages[chosen] if chosen else self.interface(update)

    def interface(self, update: Update) -> Messages:
        """The language of the person's Telegram."""
        user = update.effective_user
        # Telegram does not always tell; we serve Indonesia first.
        code = (user and user.language_code) or "id"
        return self.messages["id" if code.split("-")[0] in _READS_INDONESIAN else "en"]

    async def examples(self, messages: Messages, count: int) -> tuple[str, ...]:
        """Questions to begin with; none while there is no index."""
        try:
            return await asyncio.to_thread(self.answerer.examples, messages.language, count)
        except NoIndexError:
            return ()

    async def example(self, messages: Messages) -> str:
        """One of them, or a text that stands for it."""
        found = await self.examples(messages, 1)
        return found[0] if found else messages.say("example")

    async def say(
        self,
        update: Update,
        messages: Messages,
        key: str,
        *also: str,
        rows: Rows = (),
        **values: object,
    ) -> None:
        """Send the text `key`, and `also` in paragraphs of their own."""
        await self.tell(update, "\n\n".join([messages.say(key, **values), *also]), rows)

    async def tell(self, update: Update, html: str, rows: Rows = ()) -> None:
        """Send `html`; in a group as a reply, so that people see what belongs to what."""
        message = message_of(update)
        quote = message.chat.type != message.chat.PRIVATE
        await deliver(message, Rendered.of(html, keyboard(rows)), quote)

    async def apology(self, update: Update, question: str, error: BaseException) -> str:
        """What is said where there is no answer, in the question's language."""
        code = await self.chosen(message_of(update).chat_id) or detect(question)
        messages = self.messages[code] if code else await self.reader(update)
        if isinstance(error, QuestionError):
            key = error.code if error.code in ("empty", "too_long") else "not_text"
            metrics.refused.labels("telegram", error.code).inc()
            return messages.say(key, limit=error.limit)
        if (errand := current()) is not None:
            errand.fail()
        if isinstance(error, NoIndexError):
            LOG.warning("A question stays unanswered: %s", error)
            metrics.refused.labels("telegram", "no_index").inc()
            return messages.say("no_index")
        LOG.error("A question stays unanswered: %s.", described(error))
        metrics.refused.labels("telegram", "internal").inc()
        return messages.say("trouble")


def message_of(update: Update) -> Message:
    """The message of an update that has one."""
    message = update.effective_message
    assert message is not None  # the filters of the handlers see to it
    return message


def person_of(update: Update) -> tuple[int, int]:
    """Chat and person: in a group everybody has a conversation of their own."""
    user = update.effective_user
    return message_of(update).chat_id, user.id if user else 0
