"""The bot behind a webhook: any process receives, one answers, nothing is lost or answered twice."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from api import create_app
from bot import webhook, webhook_refusal
from bot.message import Messages
from bot.poll import Patience
from bot.webhook import HEADER, PATH, webhook_secret
from index.database import Database
from index.settings import Settings
from tests.desk import Desk, open_journal, settings_for
from tests.telegram_server import USERNAME, Fault, TelegramServer
from tests.web import Standin, served

pytestmark = pytest.mark.anyio

ID = Messages.of("id", settings_for(None, Path()))
SOON = Patience(poll=2.0, first=0.05, longest=0.2, farewell=5.0, look=0.1)
URL = "https://tanya.example.org"


def settings(server: TelegramServer | None, data: Path, **changes: Any) -> Settings:
    return settings_for(server, data, **{"webhook": True, "webhook_url": URL + "/", **changes})


@contextmanager
def serving(given: Settings, desk: Desk, answers: bool = True) -> Iterator[str]:
    """A process's HTTP door; `answers`: whether the bot runs in it."""
    background, routes = webhook(desk, given, open_journal(given), None, SOON)
    app = create_app(Standin(), given, [background] if answers else [], routes=routes)
    with served(app) as address:
        yield address


async def test_updates_are_posted_with_the_secret_and_answered(
    server: TelegramServer, tmp_path: Path
) -> None:
    given, desk = settings(server, tmp_path), Desk()
    with serving(given, desk) as address:
        server.posts_to = address + PATH
        [call] = await server.called("setWebhook")
        assert (call["url"], call["secret_token"]) == (URL + PATH, webhook_secret(given))
        assert "inline_query" in call["allowed_updates"] and len(call["secret_token"]) >= 32
        await asyncio.to_thread(server.say, 7, "Kapan gedung dibuka?")
        message = await server.next_message()
        assert message["text"].startswith(ID.say("found"))
        await asyncio.to_thread(server.redeliver)
        await asyncio.to_thread(server.press, message, "🌐 In English")
        assert (await server.next_edit())["text"].startswith("Here is what I found")
        await asyncio.to_thread(server.type, 9, "Kapan gedung dibuka?")
        await server.called("answerInlineQuery")
    assert len(server.calls("sendMessage")) == 1
    assert server.calls("getUpdates") == server.calls("deleteWebhook") == []


async def test_whoever_does_not_know_the_secret_is_refused(
    server: TelegramServer, tmp_path: Path
) -> None:
    given, desk = settings(server, tmp_path), Desk()
    secret = webhook_secret(given)
    update = {"update_id": 5, "message": _message(7, "Kapan gedung dibuka?")}
    server.say(7, "halo")  # before: now Telegram knows the chat
    with serving(given, desk) as address:
        await server.called("setWebhook")
        async with httpx.AsyncClient(base_url=address, trust_env=False) as client:
            for wrong in ({}, {HEADER: ""}, {HEADER: secret[:-1]}, {HEADER: secret + "x"}):
                assert (await client.post(PATH, json=update, headers=wrong)).status_code == 403
            right = {HEADER: secret}
            assert (await client.get(PATH, headers=right)).status_code == 405
            assert (await client.post(PATH, content=b"{", headers=right)).status_code == 400
            unreadable: list[Any] = [
                [],
                {},
                {"update_id": "x"},
                {"update_id": 6, "message": {"chat": 1}},
            ]
            for odd in unreadable:
                # Once more would not help: Telegram must not send it for ever.
                assert (await client.post(PATH, json=odd, headers=right)).status_code == 200
            large = {**update, "update_id": 7, "message": _message(7, "x" * 100_000)}
            assert (await client.post(PATH, json=large, headers=right)).status_code == 200
            assert (await server_next(server, 7))["text"] == ID.say("too_long", limit=500)
            assert (await client.post(PATH, json=update, headers=right)).status_code == 200
            assert (await server_next(server, 7))["text"].startswith(ID.say("found"))
    assert len(desk.asked) == 2


async def test_another_process_receives_and_one_answers(
    server: TelegramServer, tmp_path: Path
) -> None:
    given, desk, other = settings(server, tmp_path), Desk(), Desk()
    with ExitStack() as stack:
        stack.enter_context(serving(given, desk))
        await server.called("setWebhook")
        server.posts_to = stack.enter_context(serving(given, other, answers=False)) + PATH
        await asyncio.to_thread(server.say, -5, "Kita makan di mana?")
        await asyncio.to_thread(server.say, -5, "@orang_lain gedung mana?")
        await asyncio.to_thread(server.say, -5, f"@{USERNAME} gedung mana?")
        assert (await server.next_message())["chat"]["id"] == -5
    assert (len(desk.asked), len(other.asked), len(server.calls("sendMessage"))) == (1, 0, 1)


async def test_what_comes_while_no_bot_runs_is_answered_later_in_order(
    server: TelegramServer, tmp_path: Path
) -> None:
    given, desk = settings(server, tmp_path), Desk()
    server.handle(given.telegram_token.get_secret_value(), "setWebhook", {  # type: ignore[union-attr]
        "url": URL + PATH, "secret_token": webhook_secret(given)})  # fmt: skip
    with serving(given, desk, answers=False) as address:
        server.posts_to = address + PATH
        with server.hold():
            for number in range(4):
                server.say(7, f"gedung {number}?")
    with serving(given, desk):
        for _ in range(4):
            await server.next_message()
    assert [question for question, _ in desk.asked] == [f"gedung {n}?" for n in range(4)]


async def test_what_cannot_be_stored_is_sent_again_by_telegram(
    server: TelegramServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    given, desk = settings(server, tmp_path), Desk()
    with serving(given, desk) as address:
        server.posts_to = address + PATH
        await server.called("setWebhook")
        real = Database.begin

        def broken(self: Database) -> Any:
            from index.database import DatabaseError

            raise DatabaseError("No space is left.")

        Database.begin = broken  # type: ignore[method-assign]
        try:
            await asyncio.to_thread(server.say, 7, "Kapan gedung dibuka?")
        finally:
            Database.begin = real  # type: ignore[method-assign]
        assert await asyncio.to_thread(server.deliver_again) == 0
        assert (await server.next_message())["text"].startswith(ID.say("found"))
    assert "Telegram will send it again. No space is left." in caplog.text


async def test_a_changed_webhook_is_set_again_and_outages_are_survived(
    server: TelegramServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    server.fail("setWebhook", Fault(502, "Bad Gateway"), Fault(reset=True))
    given = settings(server, tmp_path)
    with serving(given, Desk()) as address:
        server.posts_to = address + PATH
        await server.called("getWebhookInfo")
        await asyncio.to_thread(server.say, 7, "Kapan gedung dibuka?")
        await server.next_message()
    assert len(server.calls("setWebhook")) == 3
    assert "Telegram is out of reach" in caplog.text and webhook_secret(given) not in caplog.text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"telegram_token": None}, "TANYA_TELEGRAM_TOKEN is not set"),
        ({"webhook_url": ""}, "TANYA_WEBHOOK_URL is ''"),
        ({"webhook_url": "http://tanya.example.org"}, "public https address"),
        ({"webhook_secret": "too short"}, "TANYA_WEBHOOK_SECRET must be 16 to 256"),
        ({"webhook_secret": "ä" * 30}, "TANYA_WEBHOOK_SECRET must be 16 to 256"),
    ],
)
def test_settings_that_cannot_work_are_a_sentence(
    tmp_path: Path, changes: dict[str, Any], words: str
) -> None:
    wrong = settings(None, tmp_path, **changes)
    assert words in (webhook_refusal(wrong) or "")
    with pytest.raises(ValueError, match=words[:20]):
        webhook(Desk(), wrong)


def test_the_secret_is_the_same_in_every_process_and_not_the_key(tmp_path: Path) -> None:
    one, two = settings(None, tmp_path), settings(None, tmp_path)
    assert webhook_secret(one) == webhook_secret(two)
    assert (tmp_path / "secret").read_text() not in webhook_secret(one)
    assert webhook_secret(settings(None, tmp_path / "other")) != webhook_secret(one)
    own = settings(None, tmp_path, webhook_secret="a-secret-of-the-operator")
    assert webhook_secret(own) == "a-secret-of-the-operator"
    assert webhook_refusal(own) is None


async def server_next(server: TelegramServer, chat: int) -> dict[str, Any]:
    message = await server.next_message()
    assert message["chat"]["id"] == chat
    return message


def _message(chat: int, text: str) -> dict[str, Any]:
    return {
        "message_id": 1,
        "date": 0,
        "chat": {"id": chat, "type": "private", "first_name": "W"},
        "from": {"id": chat, "is_bot": False, "first_name": "W", "language_code": "id"},
        "text": text,
    }
