"""The buttons under a message: each changes it in its place, after a restart too, and may be tapped twice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.keyboard import View, read_rating, read_reason
from bot.message import Messages
from tests.desk import Desk, open_bot, open_journal, settings_for
from tests.telegram_server import TelegramServer

pytestmark = pytest.mark.anyio

ID = Messages.of("id", settings_for(None, Path()))
EN = Messages.of("en", settings_for(None, Path()))
GROUP = -100500


def labels(message: dict[str, Any]) -> list[str]:
    rows = message.get("reply_markup", {}).get("inline_keyboard", [])
    return [button["text"] for row in rows for button in row]


def titles(message: dict[str, Any]) -> list[str]:
    return [line for line in message["text"].splitlines() if ". Kunjungan ke" in line]


async def test_more_passages_and_the_other_language_change_the_message(
    server: TelegramServer, tmp_path: Path
) -> None:
    desk = Desk()
    async with open_bot(server, tmp_path, desk):
        server.say(7, "Apa saja yang banyak?")
        first = await server.next_message()
    assert len(titles(first)) == 3
    async with open_bot(server, tmp_path, desk):
        server.press(first, "➕ Kutipan lain")
        more = await server.next_edit()
        assert more["message_id"] == first["message_id"] and len(titles(more)) == 5
        assert "➕ Kutipan lain" not in labels(more), "there are no more"
        server.press(more, "🌐 In English")
        english = await server.next_edit()
        assert english["text"].startswith(EN.say("found")) and len(titles(english)) == 5
        assert labels(english)[-4:] == [
            "🌐 Bahasa Indonesia",
            "🕑 Only recent ones",
            "👍 Helpful",
            "👎 Not quite",
        ]
        server.press(english, "🌐 Bahasa Indonesia")
        back = await server.next_edit()
        assert (back["text"], labels(back)) == (more["text"], labels(more))
        server.press(english, "🌐 Bahasa Indonesia")  # an impatient second tap changes nothing
        await server.called("answerCallbackQuery", 4)
        server.say(7, "Halo")
        await server.next_message()
    assert len(server.calls("sendMessage")) == 2
    assert {question for question, _ in desk.asked} == {"Apa saja yang banyak?", "Halo"}
    assert desk.wanted[:5] == [3, 3, 6, 3, 6]


async def test_who_asks_for_more_than_there_is_is_told_so(
    server: TelegramServer, tmp_path: Path
) -> None:
    async with open_bot(server, tmp_path, k=5):
        server.say(7, "Apa saja yang banyak?")
        message = await server.next_message()
        server.press(message, "➕ Kutipan lain")
        [notice] = await server.called("answerCallbackQuery")
        assert notice["text"] == ID.notice("no_more")
        assert "➕ Kutipan lain" not in labels(await server.next_edit())


async def test_only_recent_news_where_old_and_new_stand_together(
    server: TelegramServer, tmp_path: Path
) -> None:
    desk = Desk()
    async with open_bot(server, tmp_path, desk):
        server.say(7, "Apa saja yang banyak?")
        message = await server.next_message()
        server.press(message, "🕑 Hanya yang terbaru")
        recent = await server.next_edit()
        assert f"🕑 {ID.say('only_recent', days=365)}" in recent["text"]
        assert "berita lama" not in recent["text"] and len(titles(recent)) == 2
        server.press(recent, "🕑 Semua tanggal")
        assert (await server.next_edit())["text"] == message["text"]
    assert [filters is not None for filters in desk.filters] == [False, True, False]
    async with open_bot(server, tmp_path, desk):
        server.say(7, "Kapan gedung dibuka?")
        assert "🕑 Hanya yang terbaru" not in labels(await server.next_message()), "all are new"


async def test_a_follow_up_is_looked_at_as_it_was_understood(
    server: TelegramServer, tmp_path: Path
) -> None:
    desk = Desk()
    async with open_bot(server, tmp_path, desk):
        server.say(7, "Kapan gedung dibuka?")
        await server.next_message()
        server.say(7, "lalu gedung mana?")
        server.press(await server.next_message(), "🌐 In English")
        shown = await server.next_edit()
        assert shown["text"].startswith("Question: Kapan gedung dibuka? lalu gedung mana?\n")
        server.press(shown, "🌐 Bahasa Indonesia")
        shown = await server.next_edit()
        assert shown["text"].startswith("Pertanyaan: Kapan gedung dibuka? lalu gedung mana?\n")
    assert desk.asked[2:] == [
        ("Kapan gedung dibuka? lalu gedung mana?", "en"),
        ("Kapan gedung dibuka? lalu gedung mana?", "id"),
    ]
    assert desk.previous[2:] == [None, None]


async def test_a_tapped_question_stands_on_top_and_is_looked_at_again(
    server: TelegramServer, tmp_path: Path
) -> None:
    desk = Desk()
    async with open_bot(server, tmp_path, desk):
        server.say(GROUP, "Gedung banyak apa?", user=12)
        asked = server.say(GROUP, "/ask", reply_to=server.say(GROUP, "Ini banyak apa?"), user=13)
        message = await server.next_message()
        assert message["reply_to_message"]["message_id"] == asked["message_id"]
        assert message["text"].startswith("Pertanyaan: Ini banyak apa?\n")
        server.press(message, "🌐 In English", user=14)
        assert (await server.next_edit())["text"].startswith("Question: Ini banyak apa?\n")


async def test_whose_question_is_gone_gets_a_sentence(
    server: TelegramServer, tmp_path: Path
) -> None:
    async with open_bot(server, tmp_path):
        asked = server.say(7, "Kapan gedung dibuka?")
        message = await server.next_message()
        del message["reply_to_message"]
        server.delete(asked)
        server.tap({**message}, "show:6:en", gone=True)
        server.tap(message, "show:0:en")
        server.tap(message, "show:6:xx")
        server.tap(message, "rate:yes:short")
        server.tap(message, "nonsense")
        notices = await server.called("answerCallbackQuery", 5)
    assert {notice["text"] for notice in notices} == {ID.notice("expired")}
    assert server.calls("editMessageText") == []


async def test_an_answer_is_rated_with_a_reason_and_rated_anew(
    server: TelegramServer, tmp_path: Path
) -> None:
    settings = settings_for(server, tmp_path)
    journal = open_journal(settings)
    assert journal is not None
    async with open_bot(server, tmp_path):
        server.say(7, "When was the building opened?")
        message = await server.next_message()
    async with open_bot(server, tmp_path):
        server.press(message, "👎 Not quite")
        asked_why = await server.next_edit()
        assert labels(asked_why)[-6:] == [
            "👍 Helpful", "✓ 👎 Not quite",
            "No answer in it", "Out of date", "Not correct", "Hard to read",
        ]  # fmt: skip
        [entry] = journal.entries()
        assert (entry.helpful, entry.reason, entry.door) == (False, None, "telegram")
        server.press(asked_why, "Out of date")
        assert "✓ Out of date" in labels(await server.next_edit())
        [entry] = journal.entries()
        assert (entry.helpful, entry.reason) == (False, "Out of date")
        server.press(asked_why, "Out of date")  # once more
        notices = await server.called("answerCallbackQuery", 3)
        server.press(asked_why, "🌐 Bahasa Indonesia")
        turned = await server.next_edit()
        assert labels(turned)[-6:-2] == [
            "👍 Membantu", "✓ 👎 Kurang", "Tidak menjawab", "✓ Sudah usang",
        ]  # fmt: skip
        server.press(turned, "👍 Membantu")
        assert labels(await server.next_edit())[-2:] == ["✓ 👍 Membantu", "👎 Kurang"]
    [entry] = journal.entries()
    assert (entry.helpful, entry.reason) == (True, None)
    assert [notice["text"] for notice in notices] == [
        EN.notice("why"), EN.notice("reason"), EN.notice("reason"),
    ]  # fmt: skip
    assert len(server.calls("sendMessage")) == 1


async def test_a_rating_of_what_was_deleted_is_told_so(
    server: TelegramServer, tmp_path: Path
) -> None:
    async with open_bot(server, tmp_path):
        server.say(7, "Kapan gedung dibuka?")
        message = await server.next_message()
        server.say(7, "/forget")
        await server.next_message()
        server.press(message, "👍 Membantu")
        [notice] = await server.called("answerCallbackQuery")
    assert notice["text"] == ID.notice("expired")


async def test_without_a_journal_there_is_nothing_to_rate(
    server: TelegramServer, tmp_path: Path
) -> None:
    async with open_bot(server, tmp_path, journal=False):
        server.say(7, "Kapan gedung dibuka?")
        message = await server.next_message()
        assert labels(message)[2:] == ["🌐 In English"]
        server.tap(message, f"rate:yes:{'a' * 32}")
        [notice] = await server.called("answerCallbackQuery")
        assert notice["text"] == ID.notice("expired")
        server.say(7, "/privacy")
        text = (await server.next_message())["text"]
        assert ID.say("privacy_no_journal") in text and "Nomor telepon, alamat" not in text


async def test_data_of_buttons_is_read_strictly() -> None:
    assert View.read(View(9, "id", True).data()) == View(9, "id", True)
    for data in ("show:10:id", "show:3:id:old", "show:3", "show:٣:id", ""):
        assert View.read(data) is None
    id = "0123456789abcdef" * 2
    assert read_rating(f"rate:no:{id}") == (False, id)
    assert read_reason(f"why:off:{id}") == ("off", id)
    assert read_rating(f"rate:no:{id[:-1]}g") is None
    assert read_reason(f"why:lazy:{id}") is None
    assert len(f"why:unclear:{id}".encode()) <= 64
