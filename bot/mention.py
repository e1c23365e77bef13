"""Whom a message in a group is for, and the question in it."""

from __future__ import annotations

from telegram import Message, MessageEntity


def command_text(message: Message) -> str:
    """What stands after a command; if nothing does, the text of the message it replies to."""
    text = message.text or ""
    command = message.entities[0].length if message.entities else 0  # ASCII: units are characters
    return text[command:].strip() or _replied_text(message)


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
        return text or _replied_text(message)
    replied = message.reply_to_message
    if replied is not None and replied.from_user is not None and replied.from_user.id == bot_id:
        return text
    return None


def _replied_text(message: Message) -> str:
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
