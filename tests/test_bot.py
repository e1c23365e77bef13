"""The conversation on Telegram, over HTTP, as a citizen has it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.message import Messages
from tests.desk import Desk, open_bot, settings_for
from tests.outcomes import ALSO, NOTICE, PARTLY, SOCIAL
from tests.telegram_server import BOT_ID, USERNAME, TelegramServer

pytestmark = pytest.mark.anyio

ID = Messages.of("id", settings_for(None, Path()))
EN = Messages.of("en", settings_for(None, Path()))
GROUP = -100500
QUESTION = "Kapan gedung itu dibuka?"


def bold(message: dict[str, Any]) -> list[str]:
    """The words in bold (the texts here hold no character of two units before them)."""
    return [
        message["text"][entity["offset"] : entity["offset"] + entity["length"]]
        for entity in message["entities"]
        if entity["type"] == "bold"
    ]


def buttons(message: dict[str, Any]) -> list[tuple[str, str]]:
    rows = message.get("reply_markup", {}).get("inline_keyboard", [])
    return [(b["text"], b.get("url") or b["callback_data"]) for row in rows for b in row]


async def test_question_in_indonesian(server: TelegramServer, tmp_path: Path) -> None:
    async with open_bot(server, tmp_path):
        server.say(7, QUESTION)
        message = await server.next_message()
    assert message["text"].splitlines() == [
        "Ini yang saya temukan di pemberitaan:",
        "",
        "1. Kunjungan ke <Sekretariat> 1",
        "Berita 1 · 29 Agustus 2023",
        "Awal 1. Kantor <b>&</b> gedung 1 dibuka. Akhir 1.",
        "",
        "2. Kunjungan ke <Sekretariat> 2",
        "Berita 2 · tanggal tidak diketahui · terjemahan kami dari bahasa Inggris",
        "Awal 2. Kantor <b>&</b> gedung 2 dibuka. Akhir 2.",
        "",
        ID.say("note"),
    ]
    assert "Kantor <b>&</b> gedung 1 dibuka." in bold(message)
    *sources, other, yes, no = buttons(message)
    assert sources == [
        ("1. Berita 1", "https://berita1.example.org/a?b=1&c=2"),
        ("2. Berita 2", "https://berita2.example.org/a?b=1&c=2"),
    ]
    assert [label for label, _ in (other, yes, no)] == [
        "🌐 In English",
        "👍 Membantu",
        "👎 Kurang",
    ]
    [call] = server.calls("sendMessage")
    assert call["link_preview_options"] == {"is_disabled": True}
    assert message["reply_to_message"]["text"] == QUESTION
    assert [c["action"] for c in server.calls("sendChatAction")] == ["typing"]


async def test_question_in_english(server: TelegramServer, tmp_path: Path) -> None:
    async with open_bot(server, tmp_path):
        server.say(7, "When was the building opened?", language="id")
        message = await server.next_message()
    assert message["text"].startswith("Here is what I found in the news:")
    assert "Berita 1 · 29 August 2023" in message["text"]
    assert "Berita 2 · date unknown · our translation from Indonesian" in message["text"]


@pytest.mark.parametrize(("language", "messages"), [("id", ID), ("en-GB", EN), (None, ID)])
async def test_commands_speak_the_language_of_the_persons_telegram(
    server: TelegramServer, tmp_path: Path, language: str | None, messages: Messages
) -> None:
    async with open_bot(server, tmp_path):
        server.say(7, "/start", language=language)
        welcome = await server.next_message()
        assert welcome["html"].startswith(f"{messages.greeting()}\n\n{messages.say('welcome')}")
        assert [label for label, _ in buttons(welcome)] == ["A", "B"]
        server.say(7, "/help", language=language)
        text = (await server.next_message())["html"]
        assert text.startswith(messages.say("help", bot=f"@{USERNAME}"))
        assert text.endswith(messages.say("contact"))
        server.say(7, "/weather", language=language)
        assert (await server.next_message())["text"] == messages.say("unknown_command")


async def test_chosen_language_outlives_a_restart(server: TelegramServer, tmp_path: Path) -> None:
    async with open_bot(server, tmp_path):
        server.say(7, "/language")
        choice = await server.next_message()
        assert [text for text, _ in buttons(choice)] == [
            "Bahasa Indonesia",
            "English",
            "Ikuti bahasa pertanyaan",
        ]
        server.press(choice, "English")
        [edit] = await server.called("editMessageText")
        assert edit["text"] == EN.say("language_saved")
        assert "reply_markup" not in edit
        server.press(choice, "English")
        await server.called("answerCallbackQuery", 2)
    async with open_bot(server, tmp_path):
        server.say(7, QUESTION)
        assert (await server.next_message())["text"].startswith(EN.say("found"))
        server.say(8, QUESTION)
        assert (await server.next_message())["text"].startswith(ID.say("found"))
        server.say(7, "/language otomatis")
        assert (await server.next_message())["text"] == ID.say("language_auto")
        server.say(7, QUESTION)
        assert (await server.next_message())["text"].startswith(ID.say("found"))


async def test_in_a_group_only_what_is_meant_for_the_bot(
    server: TelegramServer, tmp_path: Path
) -> None:
    desk = Desk()
    async with open_bot(server, tmp_path, desk):
        server.say(GROUP, "Kita makan di mana?")
        server.say(GROUP, "@orang_lain gedung mana?")
        server.say(GROUP, f"/ask@{USERNAME}Lain gedung?")
        server.say(GROUP, f"@{USERNAME} gedung?", sender={**server.me, "id": 5})
        asked = server.say(GROUP, f"🇮🇩 @{USERNAME.lower()}, kapan gedung dibuka?")
        message = await server.next_message()
        assert message["reply_to_message"]["message_id"] == asked["message_id"]
        server.say(GROUP, "Kalau gedung lama?", reply_to=message)
        await server.next_message()
        server.say(GROUP, "Apa kabar?", reply_to=asked)
        mention = {"type": "text_mention", "offset": 0, "length": 5, "user": {**server.me}}
        server.say(GROUP, "Tanya gedung apa?", entities=[mention])
        await server.next_message()
        server.say(GROUP, "/ask gedung satu")
        await server.next_message()
        server.say(GROUP, f"/ask@{USERNAME} gedung dua")
        await server.next_message()
        doubt = server.say(GROUP, "Gedung siapa itu, ya?", user=12)
        server.say(GROUP, f"@{USERNAME}", reply_to=doubt, user=13)
        await server.next_message()
        server.say(GROUP, "/ask", reply_to=doubt, user=13)
        await server.next_message()
        server.say(GROUP, f"Halo @{USERNAME}")  # words are a question, whatever they are
        await server.next_message()
        server.say(GROUP, f"@{USERNAME}")
        greeting = await server.next_message()
        example = "Apa tugas Sekretariat ASEAN?"
        assert greeting["text"] == ID.say("greeted", bot=f"@{USERNAME}", example=example)
    assert [question for question, _ in desk.asked] == [
        "🇮🇩 , kapan gedung dibuka?",
        "Kalau gedung lama?",
        "gedung apa?",
        "gedung satu",
        "gedung dua",
        "Gedung siapa itu, ya?",
        "Gedung siapa itu, ya?",
        "Halo",
    ]
    assert len(server.calls("sendMessage")) == 9


async def test_answer_stays_in_its_topic(server: TelegramServer, tmp_path: Path) -> None:
    async with open_bot(server, tmp_path):
        server.say(GROUP, "/ask gedung", message_thread_id=42, is_topic_message=True)
        await server.next_message()
    assert server.calls("sendMessage")[0]["message_thread_id"] == 42


async def test_ask_without_a_question_explains(server: TelegramServer, tmp_path: Path) -> None:
    async with open_bot(server, tmp_path):
        server.say(7, "/ask")
        assert (await server.next_message())["text"] == ID.say(
            "ask_how", example="Apa tugas Sekretariat ASEAN?"
        )
        server.say(7, "/ask gedung")
        assert (await server.next_message())["text"].startswith(ID.say("found"))


async def test_repeated_updates_are_not_answered_twice(
    server: TelegramServer, tmp_path: Path
) -> None:
    async with open_bot(server, tmp_path):
        server.say(7, QUESTION)
        await server.next_message()
        server.redeliver()
        server.say(7, "Hal lain?")
        assert ID.say("related").splitlines()[0] in (await server.next_message())["text"]
        server.redeliver()
    async with open_bot(server, tmp_path):
        server.redeliver()  # after a restart neither
        server.say(7, QUESTION)
        await server.next_message()
    assert len(server.calls("sendMessage")) == 3


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("gedung " * 80, ID.say("too_long", limit=500)),
        ("is the building open " * 30, EN.say("too_long", limit=500)),
        ("\u200b\u2060", ID.say("empty")),
        ("?!", ID.say("not_text")),
    ],
    ids=["long-id", "long-en", "empty", "not-text"],
)
async def test_what_is_no_question_gets_a_sentence(
    server: TelegramServer, tmp_path: Path, question: str, sentence: str
) -> None:
    async with open_bot(server, tmp_path):
        server.say(7, question)
        assert (await server.next_message())["text"] == sentence


async def test_html_in_a_question_is_text(server: TelegramServer, tmp_path: Path) -> None:
    desk = Desk()
    async with open_bot(server, tmp_path, desk):
        server.say(7, "<b>gedung</b> & </blockquote><script>?")
        assert "1. Kunjungan ke <Sekretariat> 1" in (await server.next_message())["text"]
    assert desk.asked == [("<b>gedung</b> & </blockquote><script>?", None)]


async def test_unknown_offers_questions_whose_buttons_outlive_a_restart(
    server: TelegramServer, tmp_path: Path
) -> None:
    desk = Desk()
    async with open_bot(server, tmp_path, desk):
        server.say(7, "Berapa harga cabai?")
        message = await server.next_message()
    assert message["text"].splitlines() == [
        "Maaf, belum ada jawabannya.",
        "",
        "Mungkin ini yang ingin Anda tanyakan? Ketuk hurufnya:",
        "A. Apa tugas Sekretariat ASEAN?",
        "B. Di mana Gedung ASEAN berada?",
        "",
        "Perlu bantuan lebih lanjut? Silakan hubungi humas@example.org.",
    ]
    assert [text for text, _ in buttons(message)][:2] == ["A", "B"]
    async with open_bot(server, tmp_path, desk):
        server.press(message, "A")
        tapped = await server.next_message()
        assert tapped["text"].startswith("Pertanyaan: Apa tugas Sekretariat ASEAN?\n\n")
        server.press(message, "A")  # impatient
        server.press(message, "B", gone=True)
        calls = await server.called("answerCallbackQuery", 3)
    assert calls[2]["text"] == ID.notice("expired")
    assert [question for question, _ in desk.asked][1:] == ["Apa tugas Sekretariat ASEAN?"]


async def test_every_part_of_an_answer_is_shown(server: TelegramServer, tmp_path: Path) -> None:
    async with open_bot(server, tmp_path):
        server.say(7, "Kapan gedung itu dibuka?")
        await server.next_message()
        server.say(7, "Lalu gedung sebagian beda ramai?")
        message = await server.next_message()
    assert message["text"].splitlines()[:9] == [
        "Dibaca sebagai: Kapan gedung itu dibuka? Lalu gedung sebagian beda ramai?",
        "",
        f"🔎 {PARTLY['id']}",
        "",
        f"⚠️ {NOTICE['id']}",
        "",
        "1. Kunjungan ke <Sekretariat> 1",
        "Berita 1 · 29 Agustus 2023 (berita lama)",
        "Juga diberitakan oleh Kabar & Kota (30 Agustus 2023), "
        "Surat Pagi (tanggal tidak diketahui), Situs Lain (1 September 2023)",
    ]
    links = [entity["url"] for entity in message["entities"] if "url" in entity]
    assert [url for url in links if "berita" not in url] == [ALSO[0].url, ALSO[1].url]


async def test_a_question_follows_up_on_the_persons_own_last(
    server: TelegramServer, tmp_path: Path
) -> None:
    desk = Desk()
    async with open_bot(server, tmp_path, desk):

        async def say(text: str, chat: int = 7, user: int = 7) -> dict[str, Any]:
            server.say(chat, text, user=user)
            return await server.next_message()

        await say("Kapan gedung dibuka?")
        assert (await say("halo"))["text"].startswith(SOCIAL["id"])
        await say("lalu di mana?")
        offered = await say("lalu siapa?")
        server.press(offered, "A")
        await server.next_message()
        await say("lalu apa?")
        assert (await say("/new"))["text"] == ID.say("new")
        await say("lalu kapan?")
        await say("/ask kapan gedung?", GROUP, 12)
        await say("/ask lalu?", GROUP, 13)
        await say("/ask lalu?", GROUP, 12)
    first, second = "Kapan gedung dibuka?", "Kapan gedung dibuka? lalu di mana?"
    assert desk.previous == [
        None,
        first,  # social talk knows of it, and does not take its place
        first,
        second,
        None,  # a question of ours stands for itself
        "Apa tugas Sekretariat ASEAN?",
        None,
        None,
        None,
        "kapan gedung?",
    ]


@pytest.mark.parametrize(
    ("content", "key"),
    [
        ({"voice": {"file_id": "1", "file_unique_id": "1", "duration": 3}}, "voice"),
        ({"photo": [{"file_id": "1", "file_unique_id": "1", "width": 1, "height": 1}]}, "picture"),
        ({"location": {"longitude": 106.8, "latitude": -6.2}}, "other"),
        (
            {
                "sticker": {
                    "file_id": "1",
                    "file_unique_id": "1",
                    "type": "regular",
                    "width": 1,
                    "height": 1,
                    "is_animated": False,
                    "is_video": False,
                }
            },
            "sticker",
        ),
    ],
)
async def test_what_is_not_text_gets_a_kind_sentence(
    server: TelegramServer, tmp_path: Path, content: dict[str, Any], key: str
) -> None:
    async with open_bot(server, tmp_path):
        server.say(GROUP, **content)  # in a group it is not for us
        server.say(7, **content)
        message = await server.next_message()
    assert (message["chat"]["id"], message["text"]) == (7, ID.say(key))


async def test_an_album_gets_one_sentence(server: TelegramServer, tmp_path: Path) -> None:
    photo = [{"file_id": "1", "file_unique_id": "1", "width": 1, "height": 1}]
    async with open_bot(server, tmp_path):
        for _ in range(3):
            server.say(7, photo=photo, media_group_id="77")
        server.say(
            7, pinned_message={"message_id": 1, "date": 0, "chat": {"id": 7, "type": "private"}}
        )
        server.say(7, "gedung")
        assert (await server.next_message())["text"] == ID.say("picture")
        assert (await server.next_message())["text"].startswith(ID.say("found"))


async def test_a_slow_answer_holds_up_its_own_chat_only(
    server: TelegramServer, tmp_path: Path
) -> None:
    desk = Desk()
    async with open_bot(server, tmp_path, desk):
        server.say(7, "lambat sekali")
        for number in range(30):
            server.say(7, f"gedung {number}")
        server.say(8, "gedung lain")
        assert (await server.next_message())["chat"]["id"] == 8
        desk.free.set()
        for _ in range(31):
            assert (await server.next_message())["chat"]["id"] == 7
    asked = [question for question, _ in desk.asked if question != "gedung lain"]
    assert asked == ["lambat sekali", *(f"gedung {number}" for number in range(30))]


async def test_menus_and_profile_are_set_in_both_languages(
    server: TelegramServer, tmp_path: Path
) -> None:
    async with open_bot(server, tmp_path):
        await server.called("setMyShortDescription", 2)
    menus = {
        (c["scope"]["type"], c.get("language_code")): [
            command["command"] for command in c["commands"]
        ]
        for c in server.calls("setMyCommands")
    }
    everything = [
        "ask", "latest", "sources", "new", "language", "help", "privacy", "forget", "start",
    ]  # fmt: skip
    for language in (None, "id"):
        assert menus["default", language] == everything
        assert menus["all_private_chats", language] == everything[1:]
        assert menus["all_group_chats", language] == everything[:-1]
    said = {c.get("language_code"): c["commands"][0] for c in server.calls("setMyCommands")[::3]}
    assert said[None]["description"] == EN.menu("ask")
    assert said["id"]["description"] == ID.menu("ask")
    profiles = {c.get("language_code"): c["description"] for c in server.calls("setMyDescription")}
    assert profiles == {None: EN.menu("description"), "id": ID.menu("description")}
    assert server.me["id"] == BOT_ID
