"""The product on Telegram: shipped corpus, bundled model, real HTTP."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot import polling
from index.answer import Answerer
from tests.desk import SOON, settings_for
from tests.telegram_server import TelegramServer

pytestmark = pytest.mark.anyio

VISIT = "https://m.beritajakarta.id/read/127600/"


async def test_is_the_secretariat_open_to_the_public(
    server: TelegramServer, tmp_path: Path, answerer: Answerer
) -> None:
    async with polling(answerer, settings_for(server, tmp_path), patience=SOON):
        for question, date in (
            ("Apakah Kantor Sekretariat ASEAN terbuka untuk umum?", "29 Agustus 2023"),
            ("Is the ASEAN Secretariat open to the public?", "29 August 2023"),
        ):
            server.say(7, question)
            message = await server.next_message(30)  # the first question opens the index
            rows = message["reply_markup"]["inline_keyboard"]
            urls = [button["url"] for row in rows for button in row if "url" in button]
            assert any(url.startswith(VISIT) for url in urls)
            assert f"Beritajakarta.id · {date}" in message["text"]


async def test_a_related_question_can_be_tapped(
    server: TelegramServer, tmp_path: Path, answerer: Answerer
) -> None:
    async with polling(answerer, settings_for(server, tmp_path), patience=SOON):
        server.say(7, "How do I bake a cake?")
        message = await server.next_message(30)
        assert "bold" not in {entity["type"] for entity in message.get("entities", [])}
        server.press(message, "A")
        tapped = await server.next_message(30)
        asked = next(line for line in message["text"].splitlines() if line.startswith("A. "))
        assert tapped["text"].startswith(f"Question: {asked.removeprefix('A. ')}\n")
