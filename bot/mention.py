"""Whom a message in a group is for, and the question in it."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from telegram import Message, MessageEntity

from bot.markup import ELLIPSIS, plain
from bot.message import Messages

LONGEST_LINE = 4096


def command_text(message: Message) -> str:
    """What stands after a command; if nothing does, the text of the message it replies to."""
    text = message.text or ""
    command = message.entities[0].length if message.entities else 0  # ASCII: units are characters
    return text[command:].strip() or replied_text(message)


def asks_command(message: Message, username: str, names: Collection[str] = ("ask",)) -> bool:
    """Whether `message` begins with one of the commands `names`, and it is for us."""
    entities = message.entities
    if not entities or entities[0].type != MessageEntity.BOT_COMMAND or entities[0].offset != 0:
        return False
    name, _, whose = (message.text or "")[1 : entities[0].length].lower().partition("@")
    return name in names and whose in ("", username.lower())


def question_for(message: Message, bot_id: int, username: str) -> str | None:
    """The question that a message in a group asks us; None where it is not for us.

    It is for us where it mentions us or replies to us. A mention in reply to somebody else's
    message, with no words of its own, asks that message. "" where there is no question in it.
    """
    sender = message.from_user
    if sender is not None and sender.is_bot and message.sender_chat is None:
        return None  # two bots would talk to each other for ever
    text, mentioned = _without_mention(message, bot_id, username)
    if mentioned:
        return text or replied_text(message)
    replied = message.reply_to_message
    if replied is not None and replied.from_user is not None and replied.from_user.id == bot_id:
        return text
    return None


def replied_text(message: Message) -> str:
    replied = message.reply_to_message
    if replied is None or (replied.from_user is not None and replied.from_user.is_bot):
        return ""
    return (replied.text or replied.caption or "").strip()


def _without_mention(message: Message, bot_id: int, username: str) -> tuple[str, bool]:
    """The text without the mentions of us, and whether there were any.

    Telegram gives the places of entities in UTF-16 units.
    """
    raw = (message.text or "").encode("utf-16-le")
    mentioned = False
    for entity in sorted(message.entities, key=lambda entity: entity.offset, reverse=True):
        start, end = 2 * entity.offset, 2 * (entity.offset + entity.length)
        if entity.type == MessageEntity.MENTION:
            name = raw[start:end].decode("utf-16-le", "replace")
            ours = name.lower() == f"@{username}".lower()
        else:
            ours = (
                entity.type == MessageEntity.TEXT_MENTION
                and entity.user is not None
                and entity.user.id == bot_id
            )
        if ours:
            mentioned = True
            raw = raw[:start] + " ".encode("utf-16-le") + raw[end:]
    text = " ".join(raw.decode("utf-16-le", "replace").split())
    return (text.strip(" ,:;") if mentioned else text), mentioned


def asked_in(
    message: Message, texts: Iterable[Messages], bot_id: int, username: str
) -> tuple[str, bool] | None:
    """The question that our own `message` answers, and whether it stands there; None where it is lost.

    Nothing is remembered for this. A question that is not in the chat (it was tapped, or understood with
    the one before) stands on top of its answer; else the answer is a reply to its question.
    """
    first = (message.text or "").partition("\n")[0]
    for messages in texts:
        for key in ("read_as", "asked"):
            before = plain(messages.say(key, question=""), LONGEST_LINE).rstrip()
            if first.startswith(f"{before} "):
                question = first.removeprefix(before).strip()
                return None if question.endswith(ELLIPSIS) else (question, True)
    replied = message.reply_to_message
    if replied is None or (replied.from_user is not None and replied.from_user.id == bot_id):
        return None
    question = own_text(replied, bot_id, username)
    return (question, False) if question else None


def own_text(message: Message, bot_id: int, username: str) -> str:
    """The words of `message` without a command in front and without mentions of us."""
    entities = message.entities
    if entities and entities[0].type == MessageEntity.BOT_COMMAND and entities[0].offset == 0:
        return (message.text or "")[entities[0].length :].strip()
    return _without_mention(message, bot_id, username)[0]
