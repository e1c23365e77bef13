"""The buttons under our messages. Each finds what it needs in its own message, and may be tapped twice."""

from __future__ import annotations

import asyncio
import dataclasses
import time
from collections import deque
from datetime import UTC, datetime, timedelta

from telegram import CallbackQuery, Message, Update
from telegram.error import BadRequest

from bot.chat import Chat
from bot.commands import CHOICE, CHOICES, Commands, confirmation
from bot.deliver import acknowledge, deliver, persist, replace, suppress_unmodified
from bot.discretion import LOG
from bot.keyboard import (
    MOST,
    Rows,
    View,
    keyboard,
    rating_rows,
    read_rating,
    read_ratings,
    read_reason,
    spoken,
    without_rating,
)
from bot.mention import asked_in
from bot.message import Messages
from bot.render import Rendered, related_question, render
from bot.talk import Context, Talk, message_of
from index import metrics
from index.answer import Answer
from index.database import DatabaseError
from index.filters import Filters

_SAME_TAP_SECONDS = 5.0


class Buttons:
    """The handlers of taps."""

    def __init__(self, talk: Talk, chat: Chat, commands: Commands) -> None:
        self._talk = talk
        self._chat = chat
        self._commands = commands
        self._taps: deque[tuple[float, str]] = deque(maxlen=100)

    async def language(self, update: Update, context: Context) -> None:
        """A button under /language."""
        query = _query(update)
        choice = (query.data or "").removeprefix(CHOICE)
        if choice not in CHOICES or query.message is None:
            return await self.unknown(update, context)
        chat, message = query.message.chat.id, query.message.message_id
        try:
            messages = await self._commands.choose(update, chat, choice)
        except DatabaseError as error:
            return await self._trouble(update, error)
        await acknowledge(query)
        said = Rendered.of(messages.say(confirmation(choice)))
        try:
            await replace(context.bot, chat, message, said)
        except BadRequest:  # too old to be edited
            await deliver(message_of(update), said, quote=False)

    async def related(self, update: Update, context: Context) -> None:
        """A button with a related question asks it."""
        query, carrier = _query(update), _carrier(update)
        question = related_question((carrier and carrier.text) or "", query.data or "")
        if carrier is None or question is None:
            return await self.unknown(update, context)
        await acknowledge(query)
        now, tap = time.monotonic(), f"{carrier.chat_id} {carrier.message_id} {query.data}"
        if any(tap == last and now - then < _SAME_TAP_SECONDS for then, last in self._taps):
            return  # an impatient second tap
        self._taps.append((now, tap))
        await self._chat.answer(update, question, offered=True)

    async def show(self, update: Update, context: Context) -> None:
        """More passages, the other language, recent news only: the message changes."""
        view = View.read(_query(update).data or "")
        if view is None:
            return await self.unknown(update, context)
        await self._look(update, context, view)

    async def again(self, update: Update, context: Context) -> None:
        """The answer that may not have arrived, in the place of the sentence that says so."""
        carrier = _carrier(update)
        chosen = await self._talk.chosen(carrier.chat_id) if carrier is not None else None
        await self._look(update, context, View(min(MOST, self._talk.settings.k), chosen or ""))

    async def _look(self, update: Update, context: Context, view: View) -> None:
        talk, query, carrier = self._talk, _query(update), _carrier(update)
        asked = carrier and asked_in(
            carrier, talk.messages.values(), context.bot.id, context.bot.username
        )
        if carrier is None or not asked:
            return await self.unknown(update, context)
        question, on_top = asked
        days = talk.settings.horizon_days
        since = (datetime.now(UTC).astimezone() - timedelta(days=days)).date()
        filters = Filters(since=since) if view.recent else None
        try:
            answer = await self._answer(question, view, filters)
        except Exception as error:
            await talk.apology(update, question, error)  # for the log
            return await acknowledge(query, (await talk.reader(update)).notice("trouble"), True)
        messages = talk.messages.get(answer.language, talk.messages["en"])
        if view.recent and not answer.passages:
            return await acknowledge(query, messages.notice("no_recent"))
        await acknowledge(query, _nothing_more(messages, carrier, view, len(answer.passages)))
        ratings = read_ratings(_rows(carrier))
        await self._edit(
            context,
            carrier,
            render(
                answer,
                messages,
                asked=question if on_top else None,
                view=View(view.k, messages.language, view.recent),
                below=rating_rows(messages, *ratings) if ratings else (),
                days=days,
            ),
        )

    async def _answer(self, question: str, view: View, filters: Filters | None) -> Answer:
        """The answer in this view. Further passages come after those of the first view, best first: a
        weak one must not push itself to the top by its date."""
        language, usual = view.language or None, min(MOST, self._talk.settings.k)
        answer, _ = await self._talk.ask(question, language, min(view.k, usual), filters=filters)
        if view.k <= usual or len(answer.passages) < usual:
            return answer
        wider, _ = await self._talk.ask(question, language, view.k, filters=filters)
        known = {passage.id for passage in answer.passages}
        more = [passage for passage in wider.passages if passage.id not in known]
        more = sorted(more, key=lambda passage: -passage.score)[: view.k - len(known)]
        return dataclasses.replace(answer, passages=(*answer.passages, *more))

    async def rate(self, update: Update, context: Context) -> None:
        """Thumbs up or down; after thumbs down, reasons to choose from."""
        found = read_rating(_query(update).data or "")
        if found is None:
            return await self.unknown(update, context)
        await self._rate(update, context, found[1], found[0])

    async def reason(self, update: Update, context: Context) -> None:
        """Why the answer did not help."""
        found = read_reason(_query(update).data or "")
        if found is None:
            return await self.unknown(update, context)
        await self._rate(update, context, found[1], False, found[0])

    async def _rate(
        self,
        update: Update,
        context: Context,
        id: str,
        helpful: bool,
        reason: str | None = None,
    ) -> None:
        talk, query, carrier = self._talk, _query(update), _carrier(update)
        journal = talk.journal
        if carrier is None or journal is None:
            return await self.unknown(update, context)
        messages = talk.messages[spoken(_rows(carrier)) or (await talk.reader(update)).language]
        said = messages.button(f"why_{reason}") if reason else None
        try:
            known = await asyncio.to_thread(journal.rate, id, helpful, said)
        except DatabaseError as error:
            return await self._trouble(update, error)
        if not known:
            return await self.unknown(update, context)
        metrics.ratings.labels(str(helpful).lower()).inc()
        key = "rated" if helpful else "why" if reason is None else "reason"
        await acknowledge(query, messages.notice(key))
        rows = [
            *without_rating(_rows(carrier)),
            *rating_rows(messages, id, helpful, reason),
        ]

        async def mark() -> None:
            await context.bot.edit_message_reply_markup(
                carrier.chat_id, carrier.message_id, reply_markup=keyboard(rows)
            )

        with suppress_unmodified():
            await persist(mark, again=True)

    async def unknown(self, update: Update, context: Context) -> None:
        """A button that we cannot read, or whose message Telegram no longer gives us."""
        messages = await self._talk.reader(update)
        await acknowledge(_query(update), messages.notice("expired"), alert=True)

    async def _trouble(self, update: Update, error: DatabaseError) -> None:
        LOG.error("A tap had no effect. %s", error)
        messages = self._talk.interface(update)
        await acknowledge(_query(update), messages.notice("trouble"), alert=True)

    async def _edit(self, context: Context, carrier: Message, rendered: Rendered) -> None:
        try:
            await replace(context.bot, carrier.chat_id, carrier.message_id, rendered)
        except BadRequest:  # deleted meanwhile, or too old to be edited
            LOG.info("A message that was to be changed is gone.")


def _nothing_more(messages: Messages, carrier: Message, view: View, shown: int) -> str | None:
    """The notice for who asked for more and gets no more."""
    offered = [View.read(str(b.callback_data)) for row in _rows(carrier) for b in row]
    others = [other for other in offered if other is not None and other != view]
    before = max((other.k for other in others), default=view.k)
    return messages.notice("no_more") if before < view.k and shown <= before else None


def _rows(carrier: Message) -> Rows:
    return carrier.reply_markup.inline_keyboard if carrier.reply_markup is not None else ()


def _carrier(update: Update) -> Message | None:
    """Our message with the button; None where Telegram does not give it to us any more."""
    message = _query(update).message
    return message if isinstance(message, Message) else None


def _query(update: Update) -> CallbackQuery:
    assert update.callback_query is not None  # the handlers see to it
    return update.callback_query
