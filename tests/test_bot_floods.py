"""Who asks too often, and groups that write all at once: everybody else is still answered."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest
from telegram.error import RetryAfter

from bot.deliver import Courtesy
from bot.intake import GROUP_RATE, LIGHT_RATE
from bot.message import Messages
from index.limiter import Limiter
from tests.desk import Desk, open_bot, settings_for
from tests.telegram_server import USERNAME, Fault, TelegramServer

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.filterwarnings("ignore:.*retry_after.*:DeprecationWarning"),
]

ID = Messages.of("id", settings_for(None, Path()))
EN = Messages.of("en", settings_for(None, Path()))
GROUP = -100500


def limiter(tmp_path: Path, rate: str) -> Limiter:
    return Limiter(tmp_path / "limits.sqlite3", rate)


async def test_who_asks_too_often_is_told_once_and_then_nothing(
    server: TelegramServer, tmp_path: Path
) -> None:
    desk = Desk()
    async with open_bot(server, tmp_path, desk, limiter(tmp_path, "3/hour")):
        for number in range(9):
            server.say(7, f"gedung {number}?")
        answers = [await server.next_message() for _ in range(4)]
        server.say(8, "Kapan gedung dibuka?")
        assert (await server.next_message())["chat"]["id"] == 8
        server.type(7, "Kapan gedung dibuka?")
        await server.called("answerInlineQuery")
    slow_down = [m["text"] for m in answers if not m["text"].startswith(ID.say("found"))]
    assert slow_down == [ID.say("slow_down", wait="sekitar 60 menit")]
    assert len(server.calls("sendMessage")) == 5
    assert [question for question, _ in desk.asked][:3] == [f"gedung {n}?" for n in range(3)]
    assert len(desk.asked) == 5


async def test_who_taps_all_the_time_is_told_so_over_the_chat(
    server: TelegramServer, tmp_path: Path
) -> None:
    most = int(LIGHT_RATE.partition("/")[0])
    async with open_bot(server, tmp_path, None, limiter(tmp_path, "3/hour")):
        server.say(7, "Kapan gedung dibuka?")
        message = await server.next_message()
        for _ in range(most + 2):
            server.tap(message, "nonsense")
        notices = await server.called("answerCallbackQuery", most + 2, 30)
        server.say(7, "Kapan gedung ditutup?")
        assert (await server.next_message())["text"].startswith(ID.say("found"))
    assert [n["text"] for n in notices].count(ID.notice("busy")) == 2


async def test_a_refused_question_is_not_answered_after_a_restart(
    server: TelegramServer, tmp_path: Path
) -> None:
    counts = limiter(tmp_path, "1/hour")
    async with open_bot(server, tmp_path, None, counts):
        for number in range(3):
            server.say(7, f"gedung {number}?")
        await server.next_message()
        await server.next_message()
    async with open_bot(server, tmp_path):
        server.say(8, "Kapan gedung dibuka?")
        assert (await server.next_message())["chat"]["id"] == 8
    assert len(server.calls("sendMessage")) == 3


async def test_a_group_asks_as_often_as_telegram_lets_us_write_there(
    server: TelegramServer, tmp_path: Path
) -> None:
    desk = Desk()
    most = int(GROUP_RATE.partition("/")[0])
    async with open_bot(server, tmp_path, desk, limiter(tmp_path, "")):
        for number in range(most + 15):
            server.say(GROUP, f"/ask gedung {number}?", user=100 + number)
            server.say(GROUP, "Kita makan di mana?", user=100 + number)  # counts for nothing
        server.say(7, "Kapan gedung dibuka?")
        sent = [await server.next_message() for _ in range(most + 2)]
    assert any(message["chat"]["id"] == 7 for message in sent)
    assert len(desk.asked) == most + 1
    told = [m["text"] for m in sent if not m["text"].startswith(ID.say("found"))]
    wait = ID.duration(60)
    assert told in (
        [ID.say("slow_down_group", wait=w, bot=f"@{USERNAME}")] for w in (wait, ID.duration(59))
    )
    assert len(server.calls("sendMessage")) == most + 2


async def test_many_busy_groups_do_not_starve_private_chats(
    server: TelegramServer, tmp_path: Path
) -> None:
    desk = Desk()
    async with open_bot(server, tmp_path, desk):
        for group in range(1, 41):
            for number in range(3):
                server.say(-group, f"/ask lambat gedung {number}?", user=group)
        while not desk.asked:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        began = time.monotonic()
        for person in range(1000, 1010):
            server.say(person, "Kapan gedung dibuka?")
        for _ in range(10):
            assert (await server.next_message())["chat"]["id"] >= 1000
        waited = time.monotonic() - began
        desk.free.set()
        for _ in range(120):
            assert (await server.next_message())["chat"]["id"] < 0
    assert waited < 10
    assert len(desk.asked) == 130


async def test_a_backlog_of_groups_leaves_room_for_private_chats(
    server: TelegramServer, tmp_path: Path
) -> None:
    desk = Desk()
    with server.hold():
        for group in range(1, 401):
            server.say(-group, "/ask lambat gedung?", user=group)
    async with open_bot(server, tmp_path, desk):
        while not desk.asked:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        server.say(7, "Kapan gedung dibuka?")
        assert (await server.next_message())["chat"]["id"] == 7
        desk.free.set()


async def test_one_chats_backlog_is_bounded_without_any_limit(
    server: TelegramServer, tmp_path: Path
) -> None:
    desk = Desk()
    async with open_bot(server, tmp_path, desk):
        server.say(7, "lambat sekali")
        while not desk.asked:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        for number in range(100):
            server.say(7, f"gedung {number}?")
        server.say(8, "Kapan gedung dibuka?")
        first = [await server.next_message() for _ in range(2)]
        assert {message["chat"]["id"] for message in first} == {7, 8}
        desk.free.set()
        for _ in range(60):
            await server.next_message()
    assert len(desk.asked) == 61


async def test_a_group_that_telegram_refuses_pauses_itself_only(
    server: TelegramServer, tmp_path: Path
) -> None:
    refusal = Fault(429, "Too Many Requests: retry after 2", retry_after=2)
    async with open_bot(server, tmp_path):
        server.fail("sendMessage", refusal)
        server.say(GROUP, "/ask gedung?", user=12)
        await server.called("sendMessage")
        began = time.monotonic()
        server.say(7, "Kapan gedung dibuka?")
        assert (await server.next_message())["chat"]["id"] == 7
        assert (await server.next_message())["chat"]["id"] == GROUP
        assert time.monotonic() - began > 1.5
    assert len(server.calls("sendMessage")) == 3


async def test_where_several_chats_are_refused_all_of_them_wait() -> None:
    courtesy, sent = Courtesy(), []

    def send(chat: int, *refusals: int) -> asyncio.Task[None]:
        left = list(refusals)

        async def callback() -> None:
            if left:
                raise RetryAfter(left.pop())
            sent.append(chat)

        return asyncio.create_task(
            courtesy.process_request(callback, (), {}, "sendMessage", {"chat_id": chat}, None)
        )

    refused = [send(1, 1), send(2, 1)]
    await asyncio.sleep(0.05)
    third = send(3)
    await asyncio.sleep(0.3)
    assert sent == []
    await asyncio.gather(third, *refused)
    assert sorted(sent) == [1, 2, 3]


def test_a_wait_is_said_as_people_say_it() -> None:
    assert [ID.duration(s) for s in (0.2, 59.1, 91, 3500, 5400, 80000)] == [
        "sekitar 1 detik",
        "sekitar 60 detik",
        "sekitar 2 menit",
        "sekitar 59 menit",
        "sekitar 90 menit",
        "sekitar 23 jam",
    ]
    assert EN.duration(7200) == "about 2 hours"
