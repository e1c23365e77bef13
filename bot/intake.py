"""The way in: which updates are for us, in which order they wait, and who has to slow down."""

from __future__ import annotations

import asyncio
import json
import time
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

from telegram import CallbackQuery, Message, Update
from telegram.error import TelegramError

from bot.deliver import UnsureError, acknowledge
from bot.discretion import LOG, described
from bot.errand import Errand
from bot.inbox import Inbox, Letter
from bot.mention import asks_command, question_for
from bot.menu import COMMANDS
from bot.order import ChatOrder, is_crowd, place
from bot.talk import Limits, Talk
from index import metrics
from index.database import DatabaseError

UPDATES = ("message", "edited_message", "callback_query", "inline_query", "chosen_inline_result")
"""What Telegram is asked to hand over."""
GROUP_RATE = "18/minute"
"""Telegram takes 20 messages a minute into one group: more questions could not be answered."""
LIGHT_RATE = "60/minute;2000/day"
"""Of one person: what is no question of its own. One that is being typed comes in several pieces; people
tap more than they write."""
_TOLD_SECONDS = 60.0
_TOLD_MOST = 1000


def read(raw: Any, bot: Any = None) -> Update | None:
    """The update of its JSON, parsed or as text; None for what cannot be read, which is logged."""
    try:
        update = Update.de_json(json.loads(raw) if isinstance(raw, str) else raw, bot)
        if isinstance(update.update_id, int):
            return update
    except Exception as error:
        LOG.error("An update of Telegram cannot be read and is left out: %s.", described(error))
    return None


def concerns(update: Update, bot_id: int, username: str | None) -> bool:
    """Whether `update` is for us. In a group only what names us, asks us or answers us is.

    What is not is neither stored nor looked at. Without a `username` every mention counts.
    """
    message = update.effective_message
    if update.message is None and update.edited_message is None:
        return any((update.callback_query, update.inline_query, update.chosen_inline_result))
    assert message is not None
    if message.chat.type == message.chat.PRIVATE:
        return True
    if message.chat.type == message.chat.CHANNEL:
        return False
    if username is None:
        replied = message.reply_to_message
        ours = replied is not None and replied.from_user is not None
        return bool(message.entities) or (
            ours and replied.from_user.id == bot_id  # type: ignore[union-attr]
        )
    if asks_command(message, username, COMMANDS):
        return True
    return (
        not (message.text or "").startswith("/")
        and question_for(message, bot_id, username) is not None
    )


class Intake:
    """Takes updates in, stores them, and hands them over when there is a place."""

    def __init__(
        self, inbox: Inbox, order: ChatOrder, talk: Talk, limits: Limits | None = None
    ) -> None:
        self._inbox = inbox
        self._order = order
        self._talk = talk
        self._limits = limits
        self._told: OrderedDict[str, float] = OrderedDict()
        self.arrived = asyncio.Event()
        """Set when something may wait in the inbox."""

    async def receive(self, application: Any, raws: Sequence[dict[str, Any]]) -> None:
        """Store what is for us of `raws`, as Telegram sent them; from then on it is safe.

        Where it cannot be stored, it is answered all the same, at the risk that a restart just now
        loses it or answers it twice.
        """
        bot, letters, updates = application.bot, [], []
        for raw in raws:
            update = read(raw, bot)
            if update is None or not concerns(update, bot.id, bot.username):
                continue
            if update.inline_query is not None or update.chosen_inline_result is not None:
                await self._hand_over(application, update)  # after a restart it is too late
                continue
            updates.append(update)
            letters.append(letter(update, raw))
        if not letters:
            return
        try:
            await asyncio.to_thread(self._inbox.store, letters)
        except DatabaseError as error:
            LOG.error("Messages cannot be stored; they are answered from memory. %s", error)
            for update in updates:
                await self._hand_over(application, update)
        else:
            self.arrived.set()

    async def pump(self, application: Any, look_seconds: float) -> None:
        """For ever: hand over what waits in the inbox, as places become free.

        Looks by itself every `look_seconds`: other processes may store as well.
        """
        while True:
            self.arrived.clear()
            self._order.moved.clear()
            full = False
            try:
                for crowd in (False, True):
                    room = self._order.room(crowd)
                    taken = await asyncio.to_thread(self._inbox.take, crowd, room)
                    full |= len(taken) == room
                    for found in taken:
                        await self._open(application, found)
            except DatabaseError as error:
                LOG.error("Waiting messages cannot be read. %s", error)
            waits = [asyncio.create_task(self.arrived.wait())]
            if full:
                waits.append(asyncio.create_task(self._order.moved.wait()))
            await asyncio.wait(waits, timeout=look_seconds, return_when=asyncio.FIRST_COMPLETED)
            for wait in waits:
                wait.cancel()

    async def _open(self, application: Any, found: Letter) -> None:
        bot = application.bot
        update = read(found.body, bot)
        errand = Errand(self._inbox, found.update_id)
        if update is None or not concerns(update, bot.id, bot.username):
            return await errand.close()
        await self._hand_over(application, update, errand)

    async def _hand_over(
        self, application: Any, update: Update, errand: Errand | None = None
    ) -> None:
        metrics.telegram_updates.labels(_kind(update)).inc()
        wait = await self._wait(update)
        if wait > 0:
            metrics.refused.labels("telegram", "rate").inc()
            if self._tells(update, wait):
                application.create_task(self._slow_down(update, wait, errand))
            elif errand is not None:
                await errand.close()
            return
        if errand is not None:
            self._order.keep(update.update_id, errand)
        self._order.enter(update)
        await application.update_queue.put(update)

    # Floods

    async def _wait(self, update: Update) -> float:
        """Seconds for which nothing of this person, or in this group, is answered; 0.0: go on."""
        chat = place(update)
        if chat is not None and self._order.full(chat):
            return 10.0
        if self._limits is None:
            return 0.0
        hit, name = self._limits.hit, self._talk.memory.name
        user = update.effective_user
        wait = 0.0
        if user is not None and (update.inline_query or update.callback_query):
            return await asyncio.to_thread(hit, f"light:{name(user.id)}", LIGHT_RATE)
        if user is not None:
            wait = await asyncio.to_thread(hit, name(user.id))
        if wait == 0.0 and is_crowd(update) and chat is not None:
            wait = await asyncio.to_thread(hit, f"group:{name(chat)}", GROUP_RATE)
        return wait

    def _tells(self, update: Update, wait: float) -> bool:
        """Whether it is said that somebody has to wait: once, and then nothing until it lifts."""
        if update.callback_query is not None:
            return True  # a button would wait for ever
        if update.effective_message is None:
            return False
        who = f"{place(update)} {update.effective_user and update.effective_user.id}"
        if is_crowd(update):
            who = f"{place(update)}"
        now = time.monotonic()
        if self._told.get(who, 0.0) > now:
            return False
        self._told[who] = now + max(wait, _TOLD_SECONDS)
        self._told.move_to_end(who)
        if len(self._told) > _TOLD_MOST:
            self._told.popitem(last=False)
        return True

    async def _slow_down(self, update: Update, wait: float, errand: Errand | None) -> None:
        talk = self._talk
        messages = await talk.reader(update)
        try:
            if isinstance(update.callback_query, CallbackQuery):
                await acknowledge(update.callback_query, messages.notice("busy"), alert=True)
            elif isinstance(update.effective_message, Message):
                key = "slow_down_group" if is_crowd(update) else "slow_down"
                bot = update.effective_message.get_bot()
                await talk.say(
                    update, messages, key, wait=messages.duration(wait), bot=f"@{bot.username}"
                )
        except (TelegramError, UnsureError) as error:
            LOG.info("Somebody who asks too often could not be told (%s).", described(error))
        if errand is not None:
            await errand.close()


def letter(update: Update, raw: dict[str, Any]) -> Letter:
    """`update` as it is stored: with the JSON that Telegram sent, without people's names."""
    body = json.dumps(_nameless(raw), ensure_ascii=False, separators=(",", ":"))
    return Letter(update.update_id, body, is_crowd(update))


def _nameless(value: Any) -> Any:
    if isinstance(value, list):
        return [_nameless(item) for item in value]
    if not isinstance(value, dict):
        return value
    kept = {name: _nameless(item) for name, item in value.items()}
    if "first_name" in kept and not kept.get("is_bot"):
        kept["first_name"] = "-"  # which must be there
        kept = {k: v for k, v in kept.items() if k not in ("last_name", "username")}
    return kept


def _kind(update: Update) -> str:
    """What came: one of UPDATES."""
    return next(kind for kind in UPDATES if getattr(update, kind) is not None)
