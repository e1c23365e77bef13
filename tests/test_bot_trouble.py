"""The bot when something goes wrong: each fault ends in an answer or in a sentence."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from telegram.error import RetryAfter

from bot import polling, run
from bot.application import House
from bot.deliver import Courtesy
from bot.discretion import keep_secret
from bot.message import Messages
from bot.poll import Exit
from tests.desk import SOON, Desk, open_bot, settings_for
from tests.telegram_server import TOKEN, Fault, TelegramServer

pytestmark = [
    pytest.mark.anyio,
    # python-telegram-bot announces a change of a type that we read either way.
    pytest.mark.filterwarnings("ignore:.*retry_after.*:DeprecationWarning"),
]

ROOT = Path(__file__).parent.parent
ID = Messages("id", "Tanya ASEAN", "")
FOUND = ID.say("found")


@pytest.fixture(autouse=True)
def discreet(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """In no test, at no level, do the logs hold the token, a question or a traceback."""
    caplog.set_level(logging.DEBUG)
    yield
    # Formatted anew: a traceback would be part of it.
    records = caplog.get_records("call")
    logged = "\n".join(logging.Formatter().format(record) + repr(record.args) for record in records)
    assert logged
    assert TOKEN not in logged
    assert TOKEN.split(":")[1] not in logged
    assert "gedung" not in logged
    assert "Traceback" not in logged


def sentences(caplog: pytest.LogCaptureFixture, level: int = logging.WARNING) -> list[str]:
    """What an operator reads."""
    return [record.getMessage() for record in caplog.records if record.levelno >= level]


async def until(happened: object, within: float = 15.0) -> None:
    """Wait for a callable to be true."""
    assert callable(happened)
    async with asyncio.timeout(within):
        while not happened():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


@pytest.mark.parametrize(
    ("method", "fault", "sent"),
    [
        ("sendMessage", Fault(429, "Too Many Requests: retry after 1", retry_after=1), 2),
        ("sendMessage", Fault(502, "Bad Gateway"), 2),
        ("sendMessage", Fault(400, "Bad Request: can't parse entities: Unsupported tag"), 2),
        ("sendMessage", Fault(400, "Bad Request: BUTTON_URL_INVALID"), 2),
        ("sendChatAction", Fault(429, "Too Many Requests: retry after 30", retry_after=30), 1),
        ("sendChatAction", Fault(reset=True), 1),
        ("getUpdates", Fault(502, "Bad Gateway"), 1),
        ("getUpdates", Fault(429, "Too Many Requests: retry after 1", retry_after=1), 1),
        ("getUpdates", Fault(reset=True), 1),
        ("getUpdates", Fault(409, "Conflict: terminated by other getUpdates request"), 1),
        ("setMyCommands", Fault(429, "Too Many Requests: retry after 600", retry_after=600), 1),
    ],
    ids=lambda value: f"{value.status or 'reset'}" if isinstance(value, Fault) else str(value),
)
async def test_a_fault_costs_no_answer_and_doubles_none(
    server: TelegramServer, tmp_path: Path, method: str, fault: Fault, sent: int
) -> None:
    server.fail(method, fault)
    async with open_bot(server, tmp_path):
        await server.called("getUpdates")
        server.say(7, "Kapan gedung dibuka?")
        assert (await server.next_message())["text"].startswith(FOUND)
        server.say(7, "Kapan gedung ditutup?")
        await server.next_message()
    assert len(server.calls("sendMessage")) == sent + 1


async def test_refused_html_is_sent_as_plain_text_with_the_links(
    server: TelegramServer, tmp_path: Path
) -> None:
    server.fail("sendMessage", Fault(400, "Bad Request: can't parse entities: whatever"))
    async with open_bot(server, tmp_path):
        server.say(7, "Kapan gedung dibuka?")
        message = await server.next_message()
    assert "entities" not in message
    assert (
        "1. Kunjungan ke <Sekretariat> 1 (https://berita1.example.org/a?b=1&c=2)" in message["text"]
    )


@pytest.mark.parametrize(
    ("fault", "performed"), [("reset", False), ("reset", True), ("late", True)]
)
async def test_where_the_connection_breaks_the_answer_is_offered_not_repeated(
    server: TelegramServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    fault: str,
    performed: bool,
) -> None:
    broken = Fault(reset=fault == "reset", delay=3.0 if fault == "late" else 0, performed=performed)
    server.fail("sendMessage", broken)

    def hurried(*means: Any) -> House:
        house = House(*means)
        if fault == "late":
            house.application.bot.request._client.timeout.read = 1.5  # type: ignore[attr-defined]
        return house

    monkeypatch.setattr("bot.poll.House", hurried)
    async with polling(Desk(), settings_for(server, tmp_path), patience=SOON):
        server.say(7, "Kapan gedung dibuka?")
        if performed:
            assert (await server.next_message())["text"].startswith(FOUND)
        offered = await server.next_message()
        assert offered["text"] == ID.say("unsure")
        assert offered["reply_to_message"]["text"] == "Kapan gedung dibuka?"
        server.press(offered, ID.button("again"))
        shown = await server.next_edit()
        assert shown["text"].startswith(FOUND) and shown["message_id"] == offered["message_id"]
        server.say(7, "Hal lain?")
        assert not (await server.next_message())["text"].startswith(FOUND)
    assert len(server.calls("sendMessage")) == 3
    [line] = sentences(caplog)
    assert line.startswith("The connection to Telegram broke while an answer was sent.")


async def test_refused_courtesies_hold_nothing_up() -> None:
    async def refuse() -> None:
        raise RetryAfter(600)

    limits = Courtesy()
    async with asyncio.timeout(1):
        for endpoint in ("sendChatAction", "setMyCommands", "answerCallbackQuery"):
            with pytest.raises(RetryAfter):
                await limits.process_request(refuse, (), {}, endpoint, {"chat_id": 1}, None)


def test_what_the_library_warns_of_is_told_without_values(
    caplog: pytest.LogCaptureFixture,
) -> None:
    keep_secret(TOKEN)
    library = logging.getLogger("telegram.ext.Application")
    try:
        raise RuntimeError(f"The token `{TOKEN}` was rejected")
    except RuntimeError:
        library.exception("Rate limit hit after %d retries by `%s`", 3, "gedung?")
    library.debug("Processing update %s", "gedung?")
    assert sentences(caplog, logging.DEBUG) == ["Rate limit hit after … retries by …"]


async def test_who_blocked_the_bot_is_a_quiet_line(
    server: TelegramServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    server.fail("sendMessage", Fault(403, "Forbidden: bot was blocked by the user"))
    async with open_bot(server, tmp_path):
        server.say(7, "Kapan gedung dibuka?")
        server.say(8, "Kapan gedung dibuka?")
        await server.next_message()
        await until(lambda: any("blocked" in line for line in sentences(caplog, logging.INFO)))
    assert sentences(caplog) == []


async def test_a_long_outage_after_the_start_is_survived(
    server: TelegramServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_bot(server, tmp_path) as watch:
        await server.called("getUpdates")
        server.fail("getUpdates", *[Fault(502, "Bad Gateway"), Fault(reset=True)] * 3)
        server.say(7, "Hal lain?")
        await server.next_message()
        await server.called("getUpdates", 8)
        server.say(7, "Kapan gedung dibuka?")
        assert (await server.next_message())["text"].startswith(FOUND)
        assert watch.last_poll is not None and watch.exit is None
    assert sentences(caplog)[0].startswith("Telegram is out of reach (")
    assert "Telegram answers again." in sentences(caplog, logging.INFO)


async def test_answers_under_way_are_sent_before_the_end(
    server: TelegramServer, tmp_path: Path
) -> None:
    desk = Desk()
    async with open_bot(server, tmp_path, desk):
        server.say(7, "lambat")
        await until(lambda: desk.asked)
        asyncio.get_running_loop().call_later(0.2, desk.free.set)
    await server.next_message()
    async with open_bot(server, tmp_path, desk):
        server.say(7, "Kapan gedung dibuka?")
        assert (await server.next_message())["text"].startswith(FOUND)


async def test_what_cannot_be_sent_before_the_end_is_answered_after_the_next_start(
    server: TelegramServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    refusal = Fault(429, "Too Many Requests: retry after 60", retry_after=60)
    server.fail("sendMessage", refusal)
    settings, hurried = settings_for(server, tmp_path), replace(SOON, farewell=0.3)
    desk = Desk()
    async with polling(desk, settings, patience=hurried):
        server.say(7, "Kapan gedung dibuka?")
        server.say(7, "Kapan gedung ditutup?")
        await server.called("sendMessage")
    assert "Some answers were not sent within 0 s." in sentences(caplog)
    async with polling(desk, settings, patience=SOON):
        for word in ("dibuka", "ditutup"):
            assert word in (await server.next_message())["reply_to_message"]["text"]
    assert len(server.calls("sendMessage")) == 3


@pytest.mark.parametrize(
    ("question", "sentence", "logged"),
    [
        ("Apakah kosong?", ID.say("no_index"), "There is no index yet. Run: tanya rebuild"),
        ("Apakah rusak gedung?", ID.say("trouble"), "stays unanswered: RuntimeError in desk.py"),
    ],
)
async def test_our_own_failures_are_sentences(
    server: TelegramServer,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    question: str,
    sentence: str,
    logged: str,
) -> None:
    async with open_bot(server, tmp_path):
        server.say(7, question)
        assert (await server.next_message())["text"] == sentence
        server.say(7, "Kapan gedung dibuka?")
        await server.next_message()
    [line] = sentences(caplog)
    assert logged in line


def test_without_a_token_run_says_so(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    for token in (None, " "):
        assert run(Desk(), settings_for(None, tmp_path, telegram_token=token)) == 2
    assert [s.split(". ")[0] for s in sentences(caplog)] == ["TANYA_TELEGRAM_TOKEN is not set"] * 2


@pytest.mark.parametrize("token", ["12345:not-the-token", "nonsense", "1:two words"])
def test_a_wrong_token_is_a_sentence(
    server: TelegramServer, tmp_path: Path, caplog: pytest.LogCaptureFixture, token: str
) -> None:
    assert run(Desk(), settings_for(server, tmp_path, telegram_token=token), SOON) == Exit.SETTING
    [line] = sentences(caplog)
    assert "TANYA_TELEGRAM_TOKEN" in line and "@BotFather" in line
    assert token not in caplog.text


def test_a_wrong_address_is_a_sentence(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    settings = settings_for(None, tmp_path, telegram_api="api.telegram.org")
    assert run(Desk(), settings) == Exit.SETTING
    assert "no web address" in sentences(caplog)[0]


async def test_a_token_revoked_while_running_ends_the_bot(
    server: TelegramServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    server.fail("getUpdates", Fault(401, "Unauthorized"))
    async with open_bot(server, tmp_path) as watch:
        await until(lambda: watch.exit is not None)
        assert watch.exit == Exit.SETTING  # and whoever holds the context goes on
    assert sentences(caplog)[0].startswith("Telegram refuses the token")


async def test_no_network_at_the_start_is_waited_for(
    server: TelegramServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    server.fail("getMe", Fault(reset=True), Fault(502, "Bad Gateway"), Fault(reset=True))
    async with open_bot(server, tmp_path):
        server.say(7, "Kapan gedung dibuka?")
        await server.next_message()
    assert len(sentences(caplog)) == 3
    assert sentences(caplog)[0].startswith(f"Cannot reach Telegram at {server.url} (")


async def test_nobody_listens(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with polling(Desk(), settings_for(None, tmp_path), patience=SOON) as watch:
        await until(lambda: len(sentences(caplog)) >= 2)
        assert watch.exit is None
    assert "(ConnectError); trying again" in sentences(caplog)[0]
    assert watch.exit == Exit.STOPPED


async def test_of_two_pollers_one_stops_with_a_sentence(
    server: TelegramServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_bot(server, tmp_path / "a") as first:
        await server.called("getUpdates")
        async with open_bot(server, tmp_path / "b") as second:
            await until(lambda: first.exit is not None or second.exit is not None)
            server.say(7, "Kapan gedung dibuka?")
            await server.next_message()
            exits = {first.exit, second.exit}
            assert exits == {Exit.OTHER_POLLER, None}
    assert any("Another program fetches the messages" in line for line in sentences(caplog))
    assert len(server.calls("sendMessage")) == 1


async def test_a_second_bot_on_the_same_data_is_refused(
    server: TelegramServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_bot(server, tmp_path):
        await server.called("getUpdates")
        async with open_bot(server, tmp_path) as second:
            await until(lambda: second.exit is not None)
            assert second.exit == Exit.OTHER_POLLER
    assert "Stop it first" in sentences(caplog)[0] and "TANYA_DATA" in sentences(caplog)[0]


def test_a_data_folder_that_cannot_be_used_is_a_sentence(
    server: TelegramServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    assert run(Desk(), settings_for(server, tmp_path / "file" / "data"), SOON) == Exit.SETTING
    [line] = sentences(caplog)
    assert line.startswith("The bot cannot use its data folder") and "Not a directory" in line


def spoil(data: Path) -> None:
    for path in data.glob("tanya.db*"):
        path.write_bytes(b"not a database" * 500)


async def test_without_its_database_the_bot_still_answers(
    server: TelegramServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_bot(server, tmp_path):
        await server.called("getUpdates")
        spoil(tmp_path)
        server.say(7, "Kapan gedung dibuka?")
        assert (await server.next_message())["text"].startswith(FOUND)
        server.say(7, "/language en")
        assert (await server.next_message())["text"] == ID.say("trouble")
        server.say(7, "/forget")
        assert (await server.next_message())["text"].startswith(ID.say("forgotten_not"))
    assert any("answered from memory" in line for line in sentences(caplog))
    assert any("stays unanswered: DatabaseError" in line for line in sentences(caplog))


async def test_a_tap_that_telegram_holds_for_too_old_is_answered_all_the_same(
    server: TelegramServer, tmp_path: Path
) -> None:
    async with open_bot(server, tmp_path):
        server.say(7, "Berapa harga cabai?")
        message = await server.next_message()
        server.fail("answerCallbackQuery", Fault(400, "Bad Request: query is too old"))
        server.press(message, "B")
        assert (await server.next_message())["text"].startswith("Pertanyaan: Di mana Gedung")


def test_a_signal_stops_it_in_good_order(server: TelegramServer, tmp_path: Path) -> None:
    program = (
        "import logging, sys; logging.basicConfig(level=logging.INFO);"
        "from pathlib import Path; from bot import run; from index.settings import Settings;"
        "from tests.desk import Desk; sys.exit(run(Desk(), Settings()))"
    )
    environment = {
        **os.environ,
        "TANYA_TELEGRAM_TOKEN": TOKEN,
        "TANYA_TELEGRAM_API": server.url,
        "TANYA_DATA": str(tmp_path),
        "PYTHONPATH": str(ROOT),
    }
    process = subprocess.Popen(
        [sys.executable, "-c", program], env=environment, stderr=subprocess.PIPE, text=True
    )
    end = time.monotonic() + 20
    while not server.calls("getUpdates") and time.monotonic() < end:
        time.sleep(0.02)
    server.say(7, "Kapan gedung dibuka?")
    asyncio.run(server.next_message())
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=20)
    assert process.returncode == 0
    assert "The bot has stopped." in errors
    assert "Traceback" not in errors and TOKEN not in errors and "gedung" not in errors
