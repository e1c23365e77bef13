"""Links that open the bot with a question: on a poster, as a QR code, in a newsletter.

Telegram lets a link carry 64 characters of [A-Za-z0-9_-], too few for most questions. So the link
carries a hash: of a suggested question, which every installation knows, or of one that the operator
had kept in the database when the link was made.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64encode
from hashlib import blake2b
from pathlib import Path

from bot.memory import Memory
from corpus.article import LANGUAGES
from corpus.question import read_suggestions

_PAYLOAD = re.compile(r"q-[A-Za-z0-9_-]{16}")
_USERNAME = re.compile(r"\w{4,32}", re.ASCII)


def payload(question: str) -> str:
    """What a link to `question` carries: 18 of the 64 characters that Telegram allows."""
    digest = blake2b(" ".join(question.split()).encode(), digest_size=12).digest()
    return f"q-{urlsafe_b64encode(digest).decode()}"


def address(username: str, question: str) -> str:
    """The link that opens the bot `username` with `question`; ValueError for a name that none has."""
    name = username.strip().removeprefix("@")
    if not _USERNAME.fullmatch(name):
        raise ValueError(
            f"{username!r} is no name of a Telegram bot. It looks like TanyaAseanBot: letters, "
            "digits and underscores."
        )
    return f"https://t.me/{name}?start={payload(question)}"


class Links:
    """The questions behind links. Safe to call from threads; calls block briefly."""

    def __init__(self, memory: Memory, suggestions: Path | None = None) -> None:
        """`suggestions`: the file of suggested questions, if there is one."""
        self._memory = memory
        self._known: dict[str, str] = {}
        for item in read_suggestions(suggestions) if suggestions is not None else ():
            for language in LANGUAGES:
                self._known[payload(item.text[language])] = item.text[language]

    def question(self, given: str) -> str | None:
        """The question that the payload `given` stands for, or None."""
        if not _PAYLOAD.fullmatch(given):
            return None
        return self._known.get(given) or self._memory.linked(given)

    def keep(self, question: str) -> bool:
        """See to it that a link to `question` is understood; whether it had to be stored for that."""
        text = " ".join(question.split())
        if payload(text) in self._known:
            return False
        self._memory.link(payload(text), text)
        return True
