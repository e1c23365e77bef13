"""Commands, links, edited questions and inline mode, over HTTP, as people use them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.link import Links, payload
from bot.memory import Memory
from bot.message import Messages
from corpus.question import BANK, read_suggestions
from index.database import Database
from tests.desk import Desk, open_bot, open_journal, settings_for
from tests.telegram_server import USERNAME, TelegramServer

pytestmark = pytest.mark.anyio

ID = Messages.of("id", settings_for(None, Path()))
EN = Messages.of("en", settings_for(None, Path()))
GROUP = -100500


async def test_latest_and_sources_list_what_there_is(
    server: TelegramServer, tmp_path: Path
) -> None:
    desk = Desk()
    async with open_bot(server, tmp_path, desk):
        server.say(7, "/latest")
        message = await server.next_message()
        assert message["text"].splitlines() == [
            "Berita terbaru yang saya punya",
            "",
            "1. KTT yang <b>berani</b>",
            "Jakarta Post & co · 5 September 2023",
            "",
            "2. Gedung dibuka",
            "Kabar <Kota> · 1 September 2023",
            "",
            "Kumpulan berita ini terakhir diperbarui pada 1 Januari 2026.",
        ]
        links = [entity["url"] for entity in message["entities"] if "url" in entity]
        assert links == ["https://post.example.org/1?a=1&b=2"], "nobody is sent to javascript:"
        server.say(7, "/latest", language="en")
        assert "A <b>bold</b> summit" in (await server.next_message())["text"]
        server.say(GROUP, f"/sources@{USERNAME}", language="en")
        message = await server.next_message()
        assert message["text"].splitlines()[:5] == [
            "The news I read",
            "5 articles of 2 publishers.",
            "",
            "• Kabar <Kota> (4), newest of 1 September 2023",
            "• Jakarta Post & co (1)",
        ]
        desk.empty = True
        for command in ("/latest", "/sources"):
            server.say(7, command)
            assert (await server.next_message())["text"] == ID.say("no_index")
        server.say(7, "/start")
        assert "reply_markup" not in await server.next_message(), "no examples to offer"


async def test_privacy_says_what_is_kept(server: TelegramServer, tmp_path: Path) -> None:
    async with open_bot(server, tmp_path, retention_days=30):
        server.say(7, "/privacy", language="en")
        text = (await server.next_message())["text"]
    assert "for at most 30 days" in text and "/forget deletes all of it" in text
    assert text.endswith("Please contact humas@example.org.")


async def test_forget_deletes_everything_of_that_person(
    server: TelegramServer, tmp_path: Path
) -> None:
    settings = settings_for(server, tmp_path)
    journal = open_journal(settings)
    assert journal is not None
    desk = Desk()
    async with open_bot(server, tmp_path, desk):
        for chat, user, text in (
            (7, 7, "Kapan gedung satu?"),
            (GROUP, 7, "/ask gedung dua?"),
            (GROUP, 8, "/ask gedung tiga?"),
        ):
            server.say(chat, text, user=user)
            await server.next_message()
        server.say(7, "/language en")
        await server.next_message()
        server.say(7, "/forget")
        text = (await server.next_message())["text"]
        assert text == EN.say("forgotten", questions=2)
        assert [entry.question for entry in journal.entries()] == ["gedung tiga?"]
        server.say(7, "lalu gedung mana?")
        assert (await server.next_message())["text"].startswith(ID.say("found"))
        server.say(GROUP, "/ask lalu gedung mana?", user=7)
        await server.next_message()
        assert desk.previous[-2:] == [None, None], "in no chat"
        server.say(GROUP, "/forget", user=8, language="id")
        assert (await server.next_message())["text"] == ID.say("forgotten_group", questions=1)
    assert len(journal.entries()) == 2


async def test_a_link_on_a_poster_opens_a_question(server: TelegramServer, tmp_path: Path) -> None:
    suggested = read_suggestions(BANK)[0].text["en"]
    settings = settings_for(server, tmp_path)
    own = "Di mana gedung posko kesehatan?"
    assert Links(Memory.of(settings, Database.of(settings))).keep(own)
    desk = Desk()
    async with open_bot(server, tmp_path, desk):
        server.say(7, f"/start {payload(suggested)}")
        message = await server.next_message()
        assert message["text"].startswith(f"Question: {suggested}\n")
        server.say(7, f"/start {payload(own)}")
        message = await server.next_message()
        assert message["text"].startswith(f"Pertanyaan: {own}\n\n{ID.say('found')}")
        server.press(message, "🌐 In English")
        assert (await server.next_edit())["text"].startswith(f"Question: {own}\n")
        for nonsense in ("inline", "q-", payload("yang lain"), "<b>"):
            server.say(7, f"/start {nonsense}")
            assert (await server.next_message())["html"].startswith(ID.greeting())
    assert [question for question, _ in desk.asked] == [suggested, own, own]


async def test_the_operators_greeting_and_subject_are_used(
    server: TelegramServer, tmp_path: Path
) -> None:
    async with open_bot(
        server,
        tmp_path,
        name="Tanya G20",
        subject_id="KTT G20 & Bali",
        greeting_en="Welcome to <G20>!",
    ):
        server.say(7, "/start")
        text = (await server.next_message())["text"]
        assert "Tanya G20" in text and "KTT G20 & Bali" in text
        server.say(7, "/start", language="en")
        assert (await server.next_message())["text"].startswith("Welcome to <G20>!")
        profiles = await server.called("setMyDescription", 2)
    described = {c.get("language_code"): c["description"] for c in profiles}
    assert "KTT G20 & Bali" in described["id"]


async def test_an_edited_question_is_answered_anew_in_place(
    server: TelegramServer, tmp_path: Path
) -> None:
    desk = Desk()
    async with open_bot(server, tmp_path, desk):
        asked = server.say(7, "Kapan gdng dibuka?")
        unknown = await server.next_message()
        assert unknown["text"].startswith("Maaf, belum ada jawabannya.")
    async with open_bot(server, tmp_path, desk):
        server.edit(asked, "Kapan gedung dibuka?")
        answer = await server.next_edit()
        assert answer["message_id"] == unknown["message_id"]
        assert answer["text"].startswith(ID.say("found"))
        server.edit(asked, "?!")
        assert (await server.next_edit())["text"] == ID.say("not_text")
        server.edit(asked, "When was the building opened?")
        assert (await server.next_edit())["text"].startswith(EN.say("found"))
        server.delete(answer)
        server.edit(asked, "Kapan gedung lama dibuka?")
        assert (await server.next_message())["text"].startswith(ID.say("found"))
    assert len(server.calls("sendMessage")) == 2


async def test_an_edit_counts_where_it_is_for_us(server: TelegramServer, tmp_path: Path) -> None:
    desk = Desk()
    async with open_bot(server, tmp_path, desk):
        talk = server.say(GROUP, "Kapan gedung dibuka?", user=12)
        command = server.say(7, "/help")
        await server.next_message()
        server.edit(talk, "Kapan gedung itu dibuka?")
        server.edit(command, "/start")
        server.edit(server.say(7, sticker={**STICKER}), "apa")
        assert (await server.next_message())["text"] == ID.say("sticker")
        asked = await server.next_message()  # words where there were none are a question
        assert asked["reply_to_message"]["text"] == "apa"
        server.edit(talk, f"@{USERNAME} kapan gedung itu dibuka?")
        assert (await server.next_message())["text"].startswith(ID.say("found"))
        server.edit(talk, "/ask kapan gedung lama dibuka?")
        assert (await server.next_edit())["text"].startswith(ID.say("found"))
    assert [question for question, _ in desk.asked] == [
        "apa",
        "kapan gedung itu dibuka?",
        "kapan gedung lama dibuka?",
    ]


STICKER = {
    "file_id": "1", "file_unique_id": "1", "type": "regular", "width": 1, "height": 1,
    "is_animated": False, "is_video": False,
}  # fmt: skip


# Inline


def titles(call: dict[str, Any]) -> list[str]:
    return [result["title"] for result in call["results"]]


async def test_inline_offers_passages_in_any_chat(server: TelegramServer, tmp_path: Path) -> None:
    desk = Desk()
    async with open_bot(server, tmp_path, desk):
        server.type(7, "")
        server.type(7, "  ge")
        empty = await server.called("answerInlineQuery", 1)
        server.type(7, "Kapan gedung dibuka?")
        server.type(8, "When was the building opened?", "id")
        server.type(9, "Berapa harga cabai?")
        server.type(10, "halo")
        calls = await server.called("answerInlineQuery", len(empty) + 4)
    nothing = calls[: len(empty)]
    assert all(not call["results"] and call["is_personal"] for call in nothing)
    assert nothing[0]["button"] == {
        "text": "Ketik pertanyaan Anda",
        "start_parameter": "inline",
    }
    by_first = {titles(call)[0]: call for call in calls[len(empty) :] if call["results"]}
    indonesian = by_first["Semua kutipan (2)"]
    assert titles(indonesian)[1:] == [
        "Kunjungan ke <Sekretariat> 1",
        "Kunjungan ke <Sekretariat> 2",
    ]
    assert (indonesian["cache_time"], indonesian["is_personal"]) == (300, False)
    one = indonesian["results"][1]
    assert one["description"].startswith("Berita 1 · 29 Agustus 2023 — Kantor <b>&</b> gedung 1")
    sent = one["input_message_content"]
    assert sent["message_text"].startswith("<i>Pertanyaan: Kapan gedung dibuka?</i>\n\n")
    assert sent["link_preview_options"] == {"is_disabled": True}
    assert "Kunjungan ke &lt;Sekretariat&gt; 2" not in sent["message_text"]
    assert by_first["All passages (2)"]["button"]["text"] == "Ask Tanya ASEAN directly"
    assert titles(by_first["Belum ditemukan di berita"]) == ["Belum ditemukan di berita"]
    assert len(by_first) == 3, "who says hello is offered nothing to send"


async def test_only_the_latest_of_what_somebody_types_is_looked_for(
    server: TelegramServer, tmp_path: Path
) -> None:
    desk = Desk()
    async with open_bot(server, tmp_path, desk):
        server.type(7, "lambat sekali")
        while not desk.asked:
            await server.called("getUpdates", len(server.calls("getUpdates")) + 1)
        for text in ("gedung a", "gedung ab", "gedung abc"):
            server.type(7, text)
        server.say(8, "gedung lain")
        await server.next_message()
        desk.free.set()
        await server.called("answerInlineQuery", 2)
    assert [question for question, _ in desk.asked if question != "gedung lain"] == [
        "lambat sekali",
        "gedung abc",
    ]


async def test_what_is_sent_from_inline_is_noted_and_nothing_else(
    server: TelegramServer, tmp_path: Path
) -> None:
    journal = open_journal(settings_for(server, tmp_path))
    assert journal is not None
    async with open_bot(server, tmp_path):
        server.type(7, "Kapan gedung")
        server.type(7, "Kapan gedung dibuka?")
        await server.called("answerInlineQuery", 1)
        server.choose(7, "Kapan gedung dibuka?", "1")
        server.say(7, "Kapan gedung lama dibuka?")
        await server.next_message()
    doors = {entry.question: entry.door for entry in journal.entries()}
    assert doors.pop("Kapan gedung lama dibuka?") == "telegram"
    assert doors == {"Kapan gedung dibuka?": "inline"}
