"""The commands other than /ask."""

from __future__ import annotations

import asyncio

from telegram import InlineKeyboardButton, Update

from bot.chat import Chat
from bot.deliver import deliver
from bot.discretion import LOG
from bot.keyboard import keyboard
from bot.markup import escaped, link, one_line
from bot.message import Messages
from bot.render import Rendered, questions
from bot.talk import Context, Talk, message_of, person_of
from index.catalogue import Catalogue
from index.database import DatabaseError
from index.generation import NoIndexError

CHOICE = "language:"
"""Begins the data of a button that chooses a language."""
CHOICES = {
    "id": ("id", "indonesia", "indonesian", "bahasa"),
    "en": ("en", "english", "inggris"),
    "auto": ("auto", "automatic", "otomatis"),
}
_EXAMPLES = 3
_LATEST, _SOURCES = 7, 25
_TITLE, _PUBLISHER = 120, 60


class Commands:
    """The handlers of commands."""

    def __init__(self, talk: Talk, chat: Chat) -> None:
        self._talk = talk
        self._chat = chat

    async def start(self, update: Update, context: Context) -> None:
        """/start: who we are and how to ask; from a link with a question, its answer."""
        payload = (context.args or [""])[0]
        links = self._talk.links
        question = await self._talk.remembered(lambda: links.question(payload), None)
        if question is not None:
            return await self._chat.answer(update, question, offered=True)
        messages = await self._talk.reader(update)
        offered = await self._talk.examples(messages, _EXAMPLES)
        lines, rows = questions(messages.say("related_social"), offered)
        parts = [messages.greeting(), messages.say("welcome"), lines]
        await self._talk.tell(update, "\n\n".join(part for part in parts if part), rows)

    async def help(self, update: Update, context: Context) -> None:
        """/help: how to ask."""
        messages = await self._talk.reader(update)
        await self._talk.say(update, messages, "help", *_contact(messages), bot=context.bot.name)

    async def new(self, update: Update, context: Context) -> None:
        """/new: the next question follows up on none."""
        chat, person = person_of(update)
        await asyncio.to_thread(self._talk.memory.drop, chat, person)
        await self._talk.say(update, await self._talk.reader(update), "new")

    async def latest(self, update: Update, context: Context) -> None:
        """/latest: the newest articles."""
        messages = await self._talk.reader(update)
        if (found := await self._catalogue()) is None:
            return await self._talk.say(update, messages, "no_index")
        lines = []
        for number, headline in enumerate(found.newest[:_LATEST], start=1):
            title = link(headline.url, one_line(headline.title(messages.language), _TITLE))
            publisher = escaped(one_line(headline.publisher, _PUBLISHER))
            lines.append(
                f"{number}. <b>{title}</b>\n{publisher} · {messages.day(headline.published)}"
            )
        if not lines:
            return await self._talk.say(update, messages, "latest_none")
        await self._talk.say(update, messages, "latest", *lines, _collected(found, messages))

    async def sources(self, update: Update, context: Context) -> None:
        """/sources: whose articles there are, how many, and how new."""
        messages = await self._talk.reader(update)
        if (found := await self._catalogue()) is None:
            return await self._talk.say(update, messages, "no_index")
        lines = [
            messages.say(
                "source" if publisher.newest is not None else "source_undated",
                publisher=one_line(publisher.name, _PUBLISHER),
                articles=publisher.articles,
                day=messages.day(publisher.newest),
            )
            for publisher in found.publishers[:_SOURCES]
        ]
        if (more := len(found.publishers) - _SOURCES) > 0:
            lines.append(messages.say("sources_more", n=more))
        await self._talk.say(
            update,
            messages,
            "sources",
            "\n".join(lines),
            _collected(found, messages),
            articles=sum(publisher.articles for publisher in found.publishers),
            publishers=len(found.publishers),
        )

    async def privacy(self, update: Update, context: Context) -> None:
        """/privacy: what is kept, how long, and how to have it deleted."""
        messages = await self._talk.reader(update)
        days = self._talk.settings.retention_days
        kept = "privacy_no_journal" if self._talk.journal is None else "privacy_journal"
        keys = ("name", kept.removeprefix("privacy_"), "last", "language", "inbox", "group")
        lines = [messages.say(f"privacy_{key}", days=days) for key in keys]
        also = ["\n".join(lines), messages.say("privacy_forget"), *_contact(messages)]
        await self._talk.say(update, messages, "privacy", *also)

    async def forget(self, update: Update, context: Context) -> None:
        """/forget: everything of that person is deleted, and this is confirmed."""
        chat, person = person_of(update)
        memory, journal = self._talk.memory, self._talk.journal
        messages = await self._talk.reader(update)

        def forget() -> int:
            memory.forget(chat, person)
            return 0 if journal is None else journal.forget(memory.name(person))

        try:
            gone = await asyncio.to_thread(forget)
        except DatabaseError as error:
            LOG.error("Somebody's data could not be deleted. %s", error)
            return await self._talk.say(update, messages, "forgotten_not", *_contact(messages))
        key = "forgotten" if chat == person else "forgotten_group"
        await self._talk.say(update, messages, key, questions=gone)

    async def language(self, update: Update, context: Context) -> None:
        """/language shows the choice; /language id, en or auto makes it."""
        message = message_of(update)
        wish = " ".join(context.args or []).lower()
        for choice, names in CHOICES.items():
            if wish in names:
                messages = await self.choose(update, message.chat_id, choice)
                return await self._talk.say(update, messages, confirmation(choice))
        messages = await self._talk.reader(update)
        rows = [
            [InlineKeyboardButton(messages.button(f"language_{c}"), callback_data=CHOICE + c)]
            for c in CHOICES
        ]
        question = Rendered.of(messages.say("language_ask"), keyboard(rows))
        await deliver(message, question, quote=message.chat.type != message.chat.PRIVATE)

    async def choose(self, update: Update, chat: int, choice: str) -> Messages:
        """Remember the choice of a language; the messages in it. DatabaseError where that fails."""
        language = None if choice == "auto" else choice
        await asyncio.to_thread(self._talk.memory.choose, chat, language)
        return self._talk.messages[language] if language else self._talk.interface(update)

    async def _catalogue(self) -> Catalogue | None:
        try:
            return await asyncio.to_thread(self._talk.answerer.catalogue)
        except NoIndexError as error:
            LOG.warning("There is nothing to list: %s", error)
            return None


def confirmation(choice: str) -> str:
    """The text that confirms the choice of a language."""
    return "language_auto" if choice == "auto" else "language_saved"


def _contact(messages: Messages) -> list[str]:
    return [messages.say("contact")] if messages.contact else []


def _collected(found: Catalogue, messages: Messages) -> str:
    day = messages.day(found.index.built_at.astimezone().date())
    return f"<i>{messages.say('collected', day=day)}</i>"
