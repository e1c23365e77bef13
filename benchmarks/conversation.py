"""A conversation on Telegram in both languages that touches every command and button, as a citizen sees it.

    python -m benchmarks.conversation [id|en]

The shipped corpus and the bundled models answer; the Bot API is the tests' fake, over HTTP.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from bot import polling
from bot.link import payload
from bot.message import Messages
from bot.poll import Patience
from corpus.article import SHIPPED, read_articles
from corpus.question import read_suggestions
from index.answer import Answerer
from index.database import Database
from index.encoder import MODEL, OnnxEncoder
from index.journal import Journal
from index.limiter import Limiter
from index.maxsim import StaticVectors
from index.reader import Reader
from index.settings import Settings
from index.store import Store
from tests.telegram_rules import Json
from tests.telegram_server import TOKEN, USERNAME, Fault, TelegramServer

SOON = Patience(poll=2.0, first=0.1, look=0.2)
WORDS = {
    "id": {
        "question": "Apakah Kantor Sekretariat ASEAN terbuka untuk umum?",
        "follow": "lalu siapa yang boleh masuk?",
        "typo": "Kapan KTT ke-43 diadakn?",
        "mended": "Kapan KTT ASEAN ke-43 diadakan?",
        "latest": "Apa hasil KTT ASEAN terbaru?",
        "unknown": "Berapa harga cabai di pasar hari ini?",
        "group": "di mana KTT ASEAN ke-46 diadakan?",
        "chat": "Nanti sore jadi kumpul?",
        "thanks": "makasih ya",
    },
    "en": {
        "question": "Is the ASEAN Secretariat open to the public?",
        "follow": "and who may enter?",
        "typo": "When was the 43rd sumit held?",
        "mended": "When was the 43rd ASEAN Summit held?",
        "latest": "What did the latest ASEAN summit agree on?",
        "unknown": "How much is chilli at the market today?",
        "group": "where was the 46th ASEAN Summit held?",
        "chat": "Are we meeting this afternoon?",
        "thanks": "thank you",
    },
}
CHAT, GROUP = 7, -100500


class Theatre:
    """The person's side of the screen."""

    def __init__(self, server: TelegramServer, language: str) -> None:
        self.server = server
        self.language = language
        self.messages = Messages.of(language, Settings(_env_file=None))

    async def say(self, text: str, chat: int = CHAT, **more: Any) -> Json:
        """Write, and show what comes back."""
        self._person(text, chat)
        self.server.say(chat, text, language=self.language, **more)
        return self._bot(await self.server.next_message(60))

    async def tap(self, message: Json, button: str) -> Json:
        """Tap a button that changes the message."""
        self._person(f"[taps {button}]", message["chat"]["id"])
        notices = len(self.server.calls("answerCallbackQuery"))
        self.server.press(message, button, self.language)
        changed = await self.server.next_edit(60)
        self._notice(notices)
        return self._bot(changed, "changes")

    async def ask_related(self, message: Json) -> Json:
        """Tap the first related question."""
        self._person("[taps A]", message["chat"]["id"])
        self.server.press(message, "A", self.language)
        return self._bot(await self.server.next_message(60))

    async def send(self, **content: Any) -> None:
        """Send something that is no text."""
        self._person(f"[sends {next(iter(content))}]", CHAT)
        self.server.say(CHAT, language=self.language, **content)
        self._bot(await self.server.next_message(60))

    async def type_inline(self, text: str) -> None:
        """Type after the bot's name in some chat."""
        self._person(f"[types in another chat] @{USERNAME} {text}", CHAT)
        count = len(self.server.calls("answerInlineQuery"))
        self.server.type(CHAT, text, self.language)
        call = (await self.server.called("answerInlineQuery", count + 1, 60))[-1]
        for result in call["results"]:
            print(f"    ▸ {result['title']}\n      {result.get('description', '')}")
        print(f"    [{call['button']['text']}]\n")

    def _person(self, text: str, chat: int) -> None:
        where = " (group)" if chat == GROUP else ""
        print(f"👤{where} {text}\n")

    def _notice(self, before: int) -> None:
        for call in self.server.calls("answerCallbackQuery")[before:]:
            if call.get("text"):
                print(f"   (over the chat: {call['text']})\n")

    def _bot(self, message: Json, does: str = "") -> Json:
        print("\n".join(f"    {line}".rstrip() for line in _shown(message).splitlines()))
        rows = message.get("reply_markup", {}).get("inline_keyboard", [])
        for row in rows:
            print("    " + " ".join(f"[{button['text']}]" for button in row))
        print()
        return message


def _buttons(message: Json) -> list[Json]:
    rows = message.get("reply_markup", {}).get("inline_keyboard", [])
    return [button for row in rows for button in row]


def _shown(message: Json) -> str:
    """The text as it looks, with *bold* and the quoted question."""
    text, marks = message["text"].encode("utf-16-le"), []
    for entity in message.get("entities", []):
        if entity["type"] == "bold":
            marks += [(2 * entity["offset"], 1), (2 * (entity["offset"] + entity["length"]), 0)]
    for place, _ in sorted(marks, reverse=True):
        text = text[:place] + "*".encode("utf-16-le") + text[place:]
    quoted: str | None = message.get("reply_to_message", {}).get("text")
    shown: str = text.decode("utf-16-le")
    return f"┃ {quoted}\n{shown}" if quoted else shown


async def play(theatre: Theatre) -> None:
    """The whole play."""
    language, words, server = theatre.language, WORDS[theatre.language], theatre.server
    button = theatre.messages.button
    welcome = await theatre.say("/start")
    await theatre.ask_related(welcome)
    answer = await theatre.say(words["question"])
    more = await theatre.tap(answer, button("more"))
    other = "en" if language == "id" else "id"
    turned = await theatre.tap(more, button(f"in_{other}"))
    back = next(b["text"] for b in _buttons(turned) if b["text"].startswith("🌐"))
    shown = await theatre.tap(turned, back)
    rated = await theatre.tap(shown, button("unhelpful"))
    await theatre.tap(rated, button("why_old"))
    await theatre.say(words["follow"])
    asked = server.say(CHAT, words["typo"], language=language)
    theatre._person(words["typo"], CHAT)
    theatre._bot(await server.next_message(60))
    theatre._person(f"[edits it] {words['mended']}", CHAT)
    server.edit(asked, words["mended"])
    try:
        theatre._bot(await server.next_edit(10))
    except TimeoutError:
        print("    (the answer stays the same)\n")
    latest = await theatre.say(words["latest"])
    if any("🕑" in button["text"] for button in _buttons(latest)):
        recent = await theatre.tap(latest, button("recent"))
        latest = await theatre.tap(recent, button("any_time"))
    await theatre.tap(latest, button("helpful"))
    server.fail("sendMessage", Fault(reset=True))
    unsure = await theatre.say(words["unknown"])
    await theatre.tap(unsure, button("again"))
    await theatre.say(words["thanks"])
    await theatre.say(f"/start {payload(read_suggestions()[1].text[language])}")
    for command in ("/latest", "/sources", "/help", "/privacy", "/ask", "/weather", "/new"):
        await theatre.say(command)
    choice = await theatre.say("/language")
    await theatre.tap(choice, button("language_auto"))
    file = {"file_id": "1", "file_unique_id": "1"}
    await theatre.send(voice={**file, "duration": 3})
    await theatre.send(photo=[{**file, "width": 1, "height": 1}])
    await theatre.send(sticker={**file, "type": "regular", "width": 1, "height": 1,
                                "is_animated": False, "is_video": False})  # fmt: skip
    await theatre.send(location={"longitude": 106.8, "latitude": -6.2})
    await theatre.say("?!")
    theatre._person(words["chat"], GROUP)
    server.say(GROUP, words["chat"], language=language)
    print("    (nothing: it is not for the bot)\n")
    await theatre.say(f"@{USERNAME} {words['group']}", GROUP, user=12)
    await theatre.say(f"@{USERNAME}", GROUP, user=12)
    await theatre.type_inline(words["question"])
    await theatre.type_inline("")
    await theatre.say("/forget")
    for _ in range(70):
        server.say(CHAT, words["thanks"], language=language)
    theatre._person(f"{words['thanks']} (70 ×)", CHAT)
    while not (last := await server.next_message(60))["text"].count("🙏"):
        pass
    theatre._bot(last)


async def main(languages: list[str]) -> None:
    """Play it in each of `languages`."""
    os.environ["NO_PROXY"] = "127.0.0.1"
    logging.basicConfig(level=logging.WARNING, format="    (log: %(message)s)")
    with tempfile.TemporaryDirectory() as folder:
        data, encoder, static = Path(folder), OnnxEncoder(), StaticVectors(MODEL / "static")
        store = Store(data)
        store.rebuild(read_articles(SHIPPED), encoder, static)
        for language in languages:
            print(f"\n═══ {language} ═══\n")
            with TelegramServer() as server:
                settings = Settings(
                    _env_file=None,
                    data=data / language,
                    contact="humas@example.org",
                    rate="60/minute",  # nobody taps and types as fast as this play does
                    telegram_token=SecretStr(TOKEN),
                    telegram_api=server.url,
                )
                answerer = Answerer(settings, store, encoder, static, Reader())
                journal = Journal.of(settings, Database.of(settings))
                limiter = Limiter.of(settings)
                async with polling(answerer, settings, journal, limiter, SOON):
                    await play(Theatre(server, language))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:] or ["id", "en"]))
